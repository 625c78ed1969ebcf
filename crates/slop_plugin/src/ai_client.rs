//! Asks the assistant, and writes what it says into the discussions.
//!
//! The requests themselves live in [`Assistants`], which is never reloaded. The systems here copy
//! from it: an answer's entry is always made anew of all that has arrived, so running twice, a
//! reload and a rollback make no difference to it.

mod files;

use std::{borrow::Cow, time::Duration};

use bevy::{ecs::schedule::SystemConfigs, prelude::*};
use hot_reloader::prelude::*;
use serde::{Deserialize, Serialize};
use slop_engine::{
    assistants::{
        ApiKey, Ask, Assistants, ChatRole, Message, Progress, Provider, Recipient, Timing, Usage,
    },
    session::Session,
};
use slop_state::{
    Action, Discussion, Discussions, Entry, Project, ProviderKind, Server, Settings, TokenUsage,
};

pub(crate) use files::wanted;

use crate::controller::{now, AskAssistant};

/// The role of the assistant's entries.
pub(crate) const ASSISTANT: &str = "AI";
/// What the note begins with that says why there is no answer, or no more of it.
pub(crate) const NO_ANSWER: &str = "> **No answer:** ";
/// What an entry begins with that waits for a server that is busy.
const WAITING: &str = "> **Waiting:** ";
/// Why there is no more of an answer whose entry was deleted and came back.
const DELETED: &str = "The entry was deleted before the answer was complete.";
/// Why the answer to a request of an earlier start never came.
const CLOSED: &str = "The app was closed before the answer came.";

/// Owns what is asked of the assistant.
#[hot_module(
    state_keys = [PendingRequests, Orphans],
    targets = [send_request, stream_response],
    after = [controller],
)]
pub fn ai_client(app: &mut HotApp) {
    app.init_resource::<PendingRequests>()
        .init_resource::<Orphans>()
        .init_resource::<Assistants>()
        .add_event::<Action>()
        .add_event::<AskAssistant>()
        .register_type::<AskAssistant>()
        .add_systems(Update, systems());
}

fn systems() -> SystemConfigs {
    (
        read_key,
        set_key,
        list_models,
        cancel_replies,
        send_request,
        stream_response,
    )
        .chain()
}

/// The requests that are not answered in full.
#[derive(Resource, Reflect, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
pub struct PendingRequests(pub Vec<Pending>);

/// A request, and where its answer goes.
#[derive(Reflect, Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pending {
    /// Its id among the [`Assistants`].
    pub request: u64,
    /// The id of the discussion.
    pub discussion: u64,
    /// The id of the entry.
    pub entry: u64,
}

/// Requests whose entries were deleted before they were answered in full. An entry that comes back
/// says so.
#[derive(Resource, Reflect, Clone, Debug, Default, PartialEq, Eq)]
struct Orphans(Vec<Pending>);

/// The ids of the entries that are still being written by the assistant.
pub(crate) fn streaming(pending: &PendingRequests) -> Vec<u64> {
    pending.0.iter().map(|pending| pending.entry).collect()
}

/// Has the key for the server that is set read, as soon as it is set.
fn read_key(settings: Res<Settings>, mut session: ResMut<Session>) {
    if let Ok(Some(server)) = Recipient::of(&provider(&settings)) {
        session.read_key(&server);
    }
}

/// Replaces the API key for the server that is set.
fn set_key(
    mut actions: EventReader<Action>,
    settings: Res<Settings>,
    mut session: ResMut<Session>,
) {
    for action in actions.read() {
        let Action::SetKey { server, key } = action else {
            continue;
        };
        // Another may have been set meanwhile: in the same frame, or before new code reads it again.
        let is_set = |set: &Recipient| set.name() == *server;
        let set = Recipient::of(&provider(&settings)).ok().flatten();
        let Some(set) = set.filter(is_set) else {
            warn!(
                "the API key for {server} was not replaced: another server is set; enter it again"
            );
            continue;
        };
        match ApiKey::new(&key.0) {
            Ok(key) => session.set_key(&set, key),
            Err(error) => warn!("the API key for {server} was not replaced: {error}"),
        }
    }
}

/// Asks for the models of the provider. New code may ask again for what the code before asked for,
/// which does no harm.
fn list_models(
    mut actions: EventReader<Action>,
    mut assistants: ResMut<Assistants>,
    session: Res<Session>,
    settings: Res<Settings>,
) {
    if actions.read().any(|action| *action == Action::ListModels) {
        let provider = provider(&settings);
        let key = key_for(&provider, &session);
        assistants.list_models(provider, key, timing(&settings));
    }
}

/// Stops the assistant.
fn cancel_replies(mut actions: EventReader<Action>, mut assistants: ResMut<Assistants>) {
    for action in actions.read() {
        if *action == Action::CancelReplies {
            assistants.cancel_all();
        }
    }
}

/// Adds an empty entry for the answer, reads the project's files, and starts the request.
fn send_request(
    mut asks: ResMut<Events<AskAssistant>>,
    mut discussions: ResMut<Discussions>,
    mut pending: ResMut<PendingRequests>,
    mut assistants: ResMut<Assistants>,
    mut session: ResMut<Session>,
    settings: Res<Settings>,
    project: Res<Project>,
) {
    if asks.is_empty() {
        return;
    }
    // Drained rather than read: the readers of new code begin with the events of the last two
    // frames, and nothing is to be asked twice.
    for ask in asks.drain() {
        let entry = discussions.last_id + 1;
        let Some(discussion) = discussions.get_mut(ask.discussion) else {
            continue;
        };
        let answer = Entry {
            id: entry,
            role: ASSISTANT.to_owned(),
            time: now(),
            ..Entry::default()
        };
        if let Some(other) = ask.instead_of {
            if !discussion.retake(other, answer) {
                continue;
            }
        } else {
            discussion.entries.push(answer);
        }
        let files = files::read(&project);
        if !files.refused.is_empty() {
            files::tell(&files, &mut session);
        }
        let request = assistants.new_id();
        // The answer is blank, so it is not sent.
        let question = question(discussion, &pending, &settings, &session, &files.message());
        assistants.start(request, question);
        discussion.sent = files::sent(&files);
        discussions.last_id = entry;
        pending.0.push(Pending {
            request,
            discussion: ask.discussion,
            entry,
        });
    }
}

/// Whom to ask, and all that was said, after what is in the project's files.
fn question(
    discussion: &Discussion,
    pending: &PendingRequests,
    settings: &Settings,
    session: &Session,
    files: &str,
) -> Ask {
    let settings = &discussion.settings(settings);
    let provider = provider(settings);
    let told = [discussion.system.trim(), files].into_iter();
    let told = told.filter(|text| !text.is_empty());
    let told = told.map(|text| Message::new(ChatRole::System, text));
    let said = spoken(discussion, &streaming(pending))
        .map(|(_, role, text)| Message::new(role, text))
        .collect::<Vec<_>>();
    Ask {
        key: key_for(&provider, session),
        provider,
        messages: told.chain(said).collect(),
        timing: timing(settings),
    }
}

/// The entries that go out with a question, and what of each is said by whom. Not those of these
/// ids, which are being written.
pub(crate) fn spoken<'a>(
    discussion: &'a Discussion,
    unfinished: &'a [u64],
) -> impl Iterator<Item = (&'a Entry, ChatRole, Cow<'a, str>)> {
    let said = discussion.entries.iter();
    let said = said.filter(move |entry| !unfinished.contains(&entry.id));
    said.filter_map(|entry| message(entry).map(|(role, text)| (entry, role, text)))
}

/// Who answers.
pub(crate) fn provider(settings: &Settings) -> Provider {
    match settings.provider {
        ProviderKind::Echo => Provider::Echo,
        ProviderKind::OpenAi => Provider::OpenAi {
            base_url: settings.base_url.clone(),
            model: settings.model.clone(),
        },
        ProviderKind::Anthropic => {
            let Server { base_url, model } = settings.anthropic.clone();
            Provider::Anthropic { base_url, model }
        }
        ProviderKind::Gemini => {
            let Server { base_url, model } = settings.gemini.clone();
            Provider::Gemini { base_url, model }
        }
    }
}

/// The key for their server; an empty one if there is none. An address that is none has none either,
/// and the request tells what is wrong with it.
fn key_for(provider: &Provider, session: &Session) -> ApiKey {
    match Recipient::of(provider) {
        Ok(Some(server)) => session.key(&server).cloned().unwrap_or_default(),
        Ok(None) | Err(_) => ApiKey::default(),
    }
}

fn timing(settings: &Settings) -> Timing {
    let seconds = |seconds: u32| Duration::from_secs(seconds.into());
    Timing {
        connect: seconds(settings.limits.connect_s),
        first: seconds(settings.limits.first_s),
        idle: seconds(settings.limits.idle_s),
        ..Timing::default()
    }
}

/// What was said in an entry, and by whom, if anything was.
pub(crate) fn message(entry: &Entry) -> Option<(ChatRole, Cow<'_, str>)> {
    let (role, text) = match entry.role.as_str() {
        "User" => (ChatRole::User, Cow::Borrowed(&*entry.text)),
        ASSISTANT => (ChatRole::Assistant, Cow::Borrowed(said(&entry.text))),
        "System" | "Context" => (ChatRole::System, Cow::Borrowed(&*entry.text)),
        role => (
            ChatRole::User,
            Cow::Owned(format!("{role}: {}", entry.text)),
        ),
    };
    let is_blank = text.trim().is_empty() || entry.text.trim().is_empty();
    (!is_blank).then_some((role, text))
}

/// What the assistant said itself, without our note.
fn said(text: &str) -> &str {
    match text.rfind(NO_ANSWER) {
        Some(0) => "",
        Some(at) if text[..at].ends_with("\n\n") => text[..at].trim_end(),
        _ => text,
    }
}

/// Takes in what has arrived and shows it.
fn stream_response(
    mut assistants: ResMut<Assistants>,
    mut pending: ResMut<PendingRequests>,
    mut orphans: ResMut<Orphans>,
    mut discussions: ResMut<Discussions>,
) {
    assistants.poll();
    take_back(&mut orphans, &mut discussions);
    let mut unfinished = Vec::new();
    for waiting in &pending.0 {
        let Some(text) = text_of(&discussions, waiting) else {
            // Deleted meanwhile.
            orphans.0.push(*waiting);
            continue;
        };
        let progress = assistants.get(waiting.request);
        let (wanted, is_over) = match progress {
            Some(progress) => (shown(progress), progress.outcome.is_some()),
            None => (closed(text), true),
        };
        if wanted != text || progress.is_some_and(|p| has_more(&discussions, waiting, p)) {
            let discussion = discussions.get_mut(waiting.discussion);
            if let Some(entry) = discussion.and_then(|d| d.entry_mut(waiting.entry)) {
                entry.text = wanted.into_owned();
                if let Some(progress) = progress {
                    progress.thoughts.clone_into(&mut entry.thoughts);
                    entry.usage = progress.usage.map(counted);
                }
            }
        }
        if !is_over {
            unfinished.push(*waiting);
        }
    }
    // Nobody waits for the others: their entries were deleted, or a rollback took them back.
    let requests: Vec<u64> = unfinished.iter().map(|waiting| waiting.request).collect();
    assistants.keep_only(&requests);
    pending.set_if_neq(PendingRequests(unfinished));
}

/// Notes on entries that are there again why they end where they do.
fn take_back(orphans: &mut ResMut<Orphans>, discussions: &mut ResMut<Discussions>) {
    let is_back = |orphan: &&Pending| text_of(discussions, orphan).is_some();
    let back: Vec<Pending> = orphans.0.iter().filter(is_back).copied().collect();
    for orphan in back {
        orphans.0.retain(|other| *other != orphan);
        let discussion = discussions.get_mut(orphan.discussion);
        if let Some(entry) = discussion.and_then(|d| d.entry_mut(orphan.entry)) {
            entry.text = with_note(&entry.text, DELETED);
        }
    }
}

/// The entry that the answer goes to, if there is one.
fn entry_of<'a>(discussions: &'a Discussions, pending: &Pending) -> Option<&'a Entry> {
    discussions.get(pending.discussion)?.entry(pending.entry)
}

/// Its text.
fn text_of<'a>(discussions: &'a Discussions, pending: &Pending) -> Option<&'a str> {
    entry_of(discussions, pending).map(|entry| entry.text.as_str())
}

/// Whether the thoughts or the counts that have arrived are not in the entry.
fn has_more(discussions: &Discussions, pending: &Pending, progress: Progress<'_>) -> bool {
    entry_of(discussions, pending).is_some_and(|entry| {
        entry.thoughts != progress.thoughts || entry.usage != progress.usage.map(counted)
    })
}

fn counted(usage: Usage) -> TokenUsage {
    let Usage {
        input,
        output,
        cached,
    } = usage;
    TokenUsage {
        input,
        output,
        cached,
    }
}

/// What the entry of a request says.
fn shown(progress: Progress<'_>) -> Cow<'_, str> {
    match (progress.outcome, progress.note) {
        (Some(Err(error)), _) => Cow::Owned(with_note(progress.text, &error.to_string())),
        (Some(Ok(())), _) if progress.cut.is_some() => {
            let reason = progress.cut.unwrap_or_default();
            let note = format!("There was no room for more (`{reason}`); ask it to go on");
            Cow::Owned(with_note(progress.text, &note))
        }
        (None, Some(note)) if progress.text.is_empty() => Cow::Owned(quote(WAITING, note)),
        _ => Cow::Borrowed(progress.text),
    }
}

/// What the entry of a request of an earlier start says that says this now.
fn closed(text: &str) -> Cow<'static, str> {
    let text = if text.starts_with(WAITING) {
        ""
    } else {
        said(text)
    };
    Cow::Owned(with_note(text, CLOSED))
}

/// The text and why there is no more of it.
fn with_note(text: &str, reason: &str) -> String {
    let mut noted = text.trim_end().to_owned();
    if !noted.is_empty() {
        let fences = noted.lines().filter(|l| l.trim_start().starts_with("```"));
        if fences.count() % 2 == 1 {
            // The note is no part of the code.
            noted += "\n```";
        }
        noted += "\n\n";
    }
    noted + &quote(NO_ANSWER, reason)
}

/// A block quote of some lines.
fn quote(head: &str, text: &str) -> String {
    let lines: Vec<_> = text.trim().lines().collect();
    format!("{head}{}", lines.join("\n> "))
}

#[cfg(test)]
mod tests {
    use std::{
        path::Path,
        thread,
        time::{Duration, Instant},
    };

    use slop_engine::assistants::AssistantError;
    use slop_state::{Composer, TypedKey};

    use super::*;
    use crate::controller::tests::act;

    /// With the controller.
    fn app() -> App {
        let mut app = crate::controller::tests::app();
        app.init_resource::<PendingRequests>()
            .init_resource::<Orphans>()
            .init_resource::<Assistants>()
            .insert_resource(Session::new("nowhere".into()))
            .add_systems(Update, systems());
        app
    }

    /// Adds an entry that is to be answered.
    fn ask(app: &mut App, text: &str) {
        app.world_mut().resource_mut::<Composer>().text = text.to_owned();
        act(app, Action::AddEntry);
        run_until(app, "the request", |app| !pending(app).0.is_empty());
    }

    #[track_caller]
    fn run_until(app: &mut App, what: &str, is_so: impl Fn(&App) -> bool) {
        let start = Instant::now();
        while !is_so(app) {
            let waited = start.elapsed();
            assert!(waited < Duration::from_secs(20), "waited for {what}");
            app.update();
            thread::yield_now();
        }
    }

    #[track_caller]
    fn run_to_the_end(app: &mut App) {
        run_until(app, "the end", |app| pending(app).0.is_empty());
    }

    fn pending(app: &App) -> &PendingRequests {
        app.world().resource()
    }

    fn entries(app: &App) -> &[Entry] {
        let discussions = app.world().resource::<Discussions>();
        &discussions.shown().unwrap().entries
    }

    /// What the assistant has said to the first entry.
    fn reply(app: &App) -> &str {
        entries(app).get(1).map_or("", |entry| &entry.text)
    }

    /// What takes Echo a while to say.
    fn many_words() -> String {
        (0..40).map(|n| format!("word{n} ")).collect::<String>() + "end"
    }

    #[test]
    fn an_answer_is_streamed_into_an_entry() {
        let mut app = app();
        ask(&mut app, "one  two\nthree");
        let [question, answer] = entries(&app) else {
            panic!("{:?}", entries(&app));
        };
        assert_eq!(question.text, "one  two\nthree");
        assert_eq!(answer.role, "AI");
        assert_eq!(streaming(pending(&app)), [answer.id]);
        run_to_the_end(&mut app);
        assert_eq!(reply(&app), "You said: one  two\nthree");
        assert_eq!(entries(&app).len(), 2);
        let discussions = app.world().resource::<Discussions>();
        assert_eq!(discussions.last_id, entries(&app)[1].id);
    }

    #[test]
    fn nothing_is_asked_twice_by_new_code() {
        let mut app = app();
        ask(&mut app, &many_words());
        let mut reloaded = Schedule::default();
        reloaded.add_systems(systems());
        reloaded.run(app.world_mut());
        assert_eq!(pending(&app).0.len(), 1);
        assert_eq!(entries(&app).len(), 2);
    }

    #[test]
    fn a_rollback_neither_loses_nor_doubles_anything() {
        let words = many_words();
        let whole = format!("You said: {words}");
        let mut app = app();
        ask(&mut app, &words);
        run_until(&mut app, "a part", |app| reply(app).contains("word3"));
        let discussions = app.world().resource::<Discussions>().clone();
        let waiting = pending(&app).clone();
        assert_ne!(reply(&app), whole);

        // In the middle.
        run_until(&mut app, "more", |app| reply(app).contains("word8"));
        app.insert_resource(discussions.clone());
        app.insert_resource(waiting.clone());
        run_to_the_end(&mut app);
        assert_eq!(reply(&app), whole);

        // When it is over.
        app.insert_resource(discussions);
        app.insert_resource(waiting);
        assert_ne!(reply(&app), whole);
        run_to_the_end(&mut app);
        assert_eq!(reply(&app), whole);
        assert_eq!(entries(&app).len(), 2);
    }

    #[test]
    fn a_request_that_a_rollback_took_back_is_cancelled() {
        let mut app = app();
        let before = app.world().resource::<Discussions>().clone();
        ask(&mut app, &many_words());
        let request = pending(&app).0[0].request;
        app.insert_resource(before.clone());
        app.insert_resource(PendingRequests::default());
        app.update();
        app.update();
        check_cancelled(&app, request);
        assert_eq!(*app.world().resource::<Discussions>(), before);
    }

    #[track_caller]
    fn check_cancelled(app: &App, request: u64) {
        let assistants = app.world().resource::<Assistants>();
        let outcome = assistants.get(request).unwrap().outcome;
        assert_eq!(outcome, Some(&Err(AssistantError::Cancelled)));
    }

    #[test]
    fn what_was_said_before_it_was_cancelled_stays() {
        let mut app = app();
        ask(&mut app, &many_words());
        run_until(&mut app, "a part", |app| reply(app).contains("word3"));
        act(&mut app, Action::CancelReplies);
        run_to_the_end(&mut app);
        let text = reply(&app).to_owned();
        let (answer, note) = text.split_once("\n\n").unwrap();
        assert!(answer.starts_with("You said: word0 word1"), "{text}");
        assert!(note.starts_with("> **No answer:** "), "{text}");
        assert!(!answer.ends_with("end"), "{text}");
        app.update();
        assert_eq!(reply(&app), text);
    }

    #[test]
    fn a_deleted_answer_is_cancelled() {
        for is_whole in [false, true] {
            let mut app = app();
            ask(&mut app, &many_words());
            let Pending {
                request,
                discussion,
                entry,
            } = pending(&app).0[0];
            act(
                &mut app,
                if is_whole {
                    Action::DeleteDiscussion(discussion)
                } else {
                    Action::DeleteEntry(entry)
                },
            );
            app.update();
            app.update();
            assert_eq!(*pending(&app), PendingRequests::default());
            check_cancelled(&app, request);
            act(&mut app, Action::Undo);
            app.update();
            app.update();
            let text = reply(&app);
            assert_eq!(text.matches(DELETED).count(), 1, "{text}");
        }
    }

    #[test]
    fn another_take_of_an_answer_leaves_the_first_to_itself() {
        let words = many_words();
        let whole = format!("You said: {words}");
        let mut app = app();
        ask(&mut app, &words);
        run_until(&mut app, "a part", |app| reply(app).contains("word3"));
        let first = entries(&app)[1].id;
        act(&mut app, Action::Regenerate(first));
        run_until(&mut app, "both", |app| pending(app).0.len() == 2);
        let [_, second] = entries(&app) else {
            panic!("{:?}", entries(&app));
        };
        let second = second.id;
        run_to_the_end(&mut app);
        let discussion = app.world().resource::<Discussions>().shown().unwrap();
        assert_eq!(discussion.takes(&discussion.entries[1]), [first, second]);
        for id in [first, second] {
            assert_eq!(discussion.entry(id).unwrap().text, whole);
        }
    }

    #[test]
    fn another_take_of_an_answer_is_asked_for_without_it() {
        let mut app = app();
        ask(&mut app, "hello?");
        run_to_the_end(&mut app);
        let first = entries(&app)[1].id;
        app.world_mut().resource_mut::<Composer>().text = "I see".into();
        app.world_mut().resource_mut::<Composer>().ask = false;
        act(&mut app, Action::AddEntry);
        act(&mut app, Action::Regenerate(first));
        run_until(&mut app, "an answer", |app| {
            entries(app).len() == 2 && entries(app)[1].id != first
        });
        run_to_the_end(&mut app);
        assert_eq!(reply(&app), "You said: hello?");
        let mut discussions = app.world_mut().resource_mut::<Discussions>();
        assert!(discussions.list[0].show(first));
        assert_eq!(entries(&app)[2].text, "I see");
    }

    #[test]
    fn an_answer_goes_on_in_a_take_that_is_not_shown() {
        let words = many_words();
        let mut app = app();
        ask(&mut app, &words);
        run_until(&mut app, "a part", |app| reply(app).contains("word3"));
        let [question, answer] = entries(&app) else {
            panic!("{:?}", entries(&app));
        };
        let (question, answer) = (question.id, answer.id);
        act(&mut app, Action::Retake(question, "again".into()));
        run_until(&mut app, "both", |app| pending(app).0.len() == 2);
        run_to_the_end(&mut app);
        assert_eq!(reply(&app), "You said: again");
        act(&mut app, Action::ShowEntry(answer));
        assert_eq!(reply(&app), format!("You said: {words}"));
    }

    #[test]
    fn a_failure_is_noted_once() {
        let mut app = app();
        let mut settings = app.world_mut().resource_mut::<Settings>();
        settings.provider = ProviderKind::OpenAi;
        settings.base_url = "nowhere".into();
        ask_in_vain(&mut app);
        let text = reply(&app).to_owned();
        assert!(text.starts_with("> **No answer:** "), "{text}");
        assert!(text.contains("nowhere"), "{text}");
        assert_eq!(text.matches("No answer").count(), 1);
        app.update();
        assert_eq!(reply(&app), text);
    }

    /// Asks for what fails at once, so that the request may never be seen.
    fn ask_in_vain(app: &mut App) {
        app.world_mut().resource_mut::<Composer>().text = "hello?".into();
        act(app, Action::AddEntry);
        run_until(app, "the note", |app| !reply(app).is_empty());
        run_to_the_end(app);
    }

    #[test]
    fn after_a_restart_an_open_request_is_noted_once() {
        let note = format!("{NO_ANSWER}{CLOSED}");
        let noted = format!("The answer is\n\n{note}");
        for (text, expected) in [
            ("", &note),
            ("> **Waiting:** for what?", &note),
            ("The answer is ", &noted),
            // The entry was saved without the request being gone.
            (noted.as_str(), &noted),
        ] {
            let mut app = app();
            let mut discussions = app.world_mut().resource_mut::<Discussions>();
            discussions.list[0].entries = vec![
                Entry::default(),
                Entry {
                    id: 3,
                    text: text.into(),
                    ..Entry::default()
                },
            ];
            app.insert_resource(PendingRequests(vec![Pending {
                request: 77,
                discussion: 1,
                entry: 3,
            }]));
            app.update();
            assert_eq!(reply(&app), *expected);
            assert_eq!(*pending(&app), PendingRequests::default());
        }
    }

    #[test]
    fn the_note_is_no_part_of_the_code_before_it() {
        let noted = with_note("```rust\nfn main() {\n", "two\nlines");
        assert_eq!(
            noted,
            "```rust\nfn main() {\n```\n\n> **No answer:** two\n> lines"
        );
        assert_eq!(
            with_note("```\na\n```", "x"),
            "```\na\n```\n\n> **No answer:** x"
        );
    }

    #[test]
    fn entries_become_messages() {
        let entry = |id: u64, role: &str, text: &str| Entry {
            id,
            role: role.into(),
            text: text.into(),
            ..Entry::default()
        };
        let discussion = Discussion {
            entries: vec![
                entry(1, "System", "be brief"),
                entry(2, "Context", "a file"),
                entry(3, "User", "hello"),
                entry(4, "AI", "half\n\n> **No answer:** cut"),
                entry(5, "AI", "> **No answer:** nothing"),
                entry(6, "Boss", "go on"),
                entry(7, "Boss", " "),
                entry(8, "AI", "unfinis"),
            ],
            ..Discussion::default()
        };
        let pending = PendingRequests(vec![Pending {
            request: 1,
            discussion: 0,
            entry: 8,
        }]);
        let session = Session::new("nowhere".into());
        let mut settings = Settings::default();
        let ask = question(&discussion, &pending, &settings, &session, "");
        let expected = [
            (ChatRole::System, "be brief"),
            (ChatRole::System, "a file"),
            (ChatRole::User, "hello"),
            (ChatRole::Assistant, "half"),
            (ChatRole::User, "Boss: go on"),
        ];
        let expected = expected.map(|(role, text)| Message::new(role, text));
        assert_eq!(ask.messages, expected);
        assert_eq!((ask.provider, ask.key), (Provider::Echo, ApiKey::default()));

        settings.provider = ProviderKind::OpenAi;
        settings.model = "m".into();
        settings.limits.first_s = 900;
        let ask = question(&discussion, &pending, &settings, &session, "");
        let provider = Provider::OpenAi {
            base_url: settings.base_url.clone(),
            model: "m".into(),
        };
        assert_eq!((ask.provider, ask.key), (provider, ApiKey::default()));
        assert_eq!(ask.timing.first, Duration::from_secs(900));

        settings.provider = ProviderKind::Gemini;
        let ask = question(&discussion, &pending, &settings, &session, "");
        let Server { base_url, model } = Server::gemini();
        assert_eq!(ask.provider, Provider::Gemini { base_url, model });
    }

    #[test]
    fn a_discussion_is_asked_about_in_its_own_way() {
        let ask = |system: &str, model: &str| {
            let discussion = Discussion {
                system: system.into(),
                model: model.into(),
                entries: vec![Entry {
                    role: "User".into(),
                    text: "hello".into(),
                    ..Entry::default()
                }],
                ..Discussion::default()
            };
            let settings = Settings {
                provider: ProviderKind::Anthropic,
                ..Settings::default()
            };
            let pending = PendingRequests::default();
            let session = Session::new("nowhere".into());
            let ask = question(&discussion, &pending, &settings, &session, "");
            let Provider::Anthropic { model, .. } = ask.provider else {
                panic!("{:?}", ask.provider);
            };
            (ask.messages, model)
        };
        let hello = Message::new(ChatRole::User, "hello");
        let (messages, model) = ask(" \n", " ");
        assert_eq!(messages, std::slice::from_ref(&hello));
        assert_eq!(model, Server::anthropic().model);
        let (messages, model) = ask("Be brief.\n", " m ");
        let system = Message::new(ChatRole::System, "Be brief.");
        assert_eq!(messages, [system, hello]);
        assert_eq!(model, "m");
    }

    #[test]
    fn files_come_after_the_system_prompt_and_before_the_entries() {
        let discussion = Discussion {
            system: "Be brief.".into(),
            entries: vec![Entry {
                role: "User".into(),
                text: "hello".into(),
                ..Entry::default()
            }],
            ..Discussion::default()
        };
        let pending = PendingRequests::default();
        let session = Session::new("nowhere".into());
        let settings = Settings::default();
        let ask = question(&discussion, &pending, &settings, &session, "a.rs");
        let expected = [
            (ChatRole::System, "Be brief."),
            (ChatRole::System, "a.rs"),
            (ChatRole::User, "hello"),
        ];
        let expected = expected.map(|(role, text)| Message::new(role, text));
        assert_eq!(ask.messages, expected);
    }

    #[test]
    fn thoughts_are_not_sent_back() {
        let entry = Entry {
            role: ASSISTANT.into(),
            text: "42".into(),
            thoughts: "six times seven".into(),
            ..Entry::default()
        };
        let expected = (ChatRole::Assistant, Cow::Borrowed("42"));
        assert_eq!(message(&entry), Some(expected));
    }

    #[test]
    fn what_has_arrived_besides_the_text_is_noticed() {
        let mut discussions = Discussions::default();
        let entry = Entry {
            id: 3,
            ..Entry::default()
        };
        discussions.list[0].entries.push(entry);
        let pending = Pending {
            request: 1,
            discussion: discussions.active,
            entry: 3,
        };
        let none = Progress {
            text: "",
            thoughts: "",
            usage: None,
            cut: None,
            note: None,
            outcome: None,
        };
        assert!(!has_more(&discussions, &pending, none));
        let thoughts = "six";
        assert!(has_more(
            &discussions,
            &pending,
            Progress { thoughts, ..none }
        ));
        let usage = Some(Usage::default());
        assert!(has_more(&discussions, &pending, Progress { usage, ..none }));
    }

    /// An app that keeps its keys in a folder, after its start.
    fn app_in(folder: &Path, provider: ProviderKind, base_url: &str) -> App {
        let mut app = app();
        app.insert_resource(Session::new(folder.to_owned()));
        set(&mut app, provider, base_url);
        app
    }

    /// Chooses a server, and lets a frame pass.
    fn set(app: &mut App, provider: ProviderKind, base_url: &str) {
        let mut settings = app.world_mut().resource_mut::<Settings>();
        settings.provider = provider;
        if let Some((url, _)) = settings.server_mut() {
            base_url.clone_into(url);
        }
        app.update();
    }

    /// The name of the server that is set.
    fn server(app: &App) -> String {
        let provider = provider(app.world().resource());
        Recipient::of(&provider).unwrap().unwrap().name()
    }

    fn enter(app: &mut App, key: &str) {
        let server = server(app);
        let key = TypedKey(key.to_owned());
        act(app, Action::SetKey { server, key });
    }

    /// The key that the next question goes out with.
    fn key(app: &App) -> String {
        let ask = question(
            &Discussion::default(),
            &PendingRequests::default(),
            app.world().resource(),
            app.world().resource(),
            "",
        );
        ask.key.expose().to_owned()
    }

    const OPENAI: &str = "https://api.openai.com/v1";
    const OTHER: &str = "https://other.example/v1";

    #[test]
    fn a_question_goes_out_with_the_key_for_its_server() {
        let folder = tempfile::tempdir().unwrap();
        let mut app = app_in(folder.path(), ProviderKind::OpenAi, OPENAI);
        enter(&mut app, " sk-openai ");
        assert_eq!(key(&app), "sk-openai");
        let others = [
            (ProviderKind::OpenAi, OTHER),
            (ProviderKind::OpenAi, "https://api.openai.com:8443/v1"),
            // The same address, but another provider.
            (ProviderKind::Anthropic, OPENAI),
            (ProviderKind::Anthropic, OTHER),
            (ProviderKind::Gemini, OTHER),
        ];
        for (number, (provider, base_url)) in others.into_iter().enumerate() {
            set(&mut app, provider, base_url);
            assert_eq!(key(&app), "", "{base_url}");
            enter(&mut app, &format!("sk-{number}"));
        }
        set(&mut app, ProviderKind::Echo, "");
        assert_eq!(key(&app), "");
        set(&mut app, ProviderKind::OpenAi, "nowhere");
        assert_eq!(key(&app), "");

        let mut app = app_in(folder.path(), ProviderKind::OpenAi, OPENAI);
        assert_eq!(key(&app), "sk-openai");
        for (number, (provider, base_url)) in others.into_iter().enumerate() {
            set(&mut app, provider, base_url);
            assert_eq!(key(&app), format!("sk-{number}"));
        }
        // What no header can carry.
        enter(&mut app, "a b");
        assert_eq!(key(&app), "sk-4");
        enter(&mut app, "");
        assert_eq!(key(&app), "");
        set(&mut app, ProviderKind::OpenAi, OPENAI);
        assert_eq!(key(&app), "sk-openai");
    }

    #[test]
    fn a_key_that_was_entered_for_another_server_is_not_kept() {
        let folder = tempfile::tempdir().unwrap();
        let mut app = app_in(folder.path(), ProviderKind::OpenAi, OPENAI);
        let action = Action::SetKey {
            server: server(&app),
            key: TypedKey("sk-openai".to_owned()),
        };
        // In the same frame.
        app.world_mut().send_event(action);
        set(&mut app, ProviderKind::OpenAi, OTHER);
        assert_eq!(key(&app), "");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn the_only_key_that_there_was_goes_to_the_first_server() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("api_key"), "sk-old").unwrap();
        let mut app = app_in(folder.path(), ProviderKind::OpenAi, OPENAI);
        assert_eq!(key(&app), "sk-old");
        set(&mut app, ProviderKind::Anthropic, OTHER);
        assert_eq!(key(&app), "");
        let app = app_in(folder.path(), ProviderKind::OpenAi, OPENAI);
        assert_eq!(key(&app), "sk-old");
    }
}

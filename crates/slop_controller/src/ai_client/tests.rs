use std::{
    path::Path,
    thread,
    time::{Duration, Instant},
};

use slop_common::{streaming, tier_provider, NO_ANSWER};
use slop_engine::assistants::{AssistantError, ChatRole, Message, Models, Usage};
use slop_state::{Composer, Discussion, ModelId, Tier, TypedKey, Whose};

use super::{question::question, *};
use crate::controller::tests::act;

/// With the controller.
fn app() -> App {
    let mut app = crate::controller::tests::app();
    app.init_resource::<PendingRequests>()
        .init_resource::<Orphans>()
        .init_resource::<DoneStops>()
        .init_resource::<Assistants>()
        .insert_resource(Session::new("nowhere".into()))
        .add_systems(Update, systems());
    app
}

/// Adds an entry that is to be answered.
fn ask(app: &mut App, text: &str) {
    app.world_mut().resource_mut::<Composer>().text = text.to_owned();
    let before = entries(app).len();
    act(app, Action::AddEntry);
    // The request may be over by the time that it can be seen.
    run_until(app, "the answer's entry", |app| {
        entries(app).len() == before + 2
    });
}

#[track_caller]
fn run_until(app: &mut App, what: &str, is_so: impl Fn(&App) -> bool) {
    let start = Instant::now();
    while !is_so(app) {
        let waited = start.elapsed();
        assert!(waited < Duration::from_secs(120), "waited for {what}");
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

/// What takes Echo some seconds to say, which no machine is so busy as to miss.
fn many_words() -> String {
    words(200)
}

/// What takes Echo longer to say than any test lasts: it is stopped.
fn endless_words() -> String {
    words(10_000)
}

fn words(count: u32) -> String {
    (0..count).map(|n| format!("word{n} ")).collect::<String>() + "end"
}

#[test]
fn an_answer_is_streamed_into_an_entry() {
    let mut app = app();
    let text = format!("one  two\nthree {}", words(40));
    ask(&mut app, &text);
    let [question, answer] = entries(&app) else {
        panic!("{:?}", entries(&app));
    };
    assert_eq!(question.text, text);
    assert_eq!(answer.role, "AI");
    assert_eq!(streaming(pending(&app)), [answer.id]);
    run_to_the_end(&mut app);
    assert_eq!(reply(&app), format!("You said: {text}"));
    assert_eq!(entries(&app).len(), 2);
    let discussions = app.world().resource::<Discussions>();
    assert_eq!(discussions.last_id, entries(&app)[1].id);
}

#[test]
fn nothing_is_asked_twice_by_new_code() {
    let mut app = app();
    ask(&mut app, &endless_words());
    let mut reloaded = Schedule::default();
    reloaded.add_systems(systems());
    reloaded.run(app.world_mut());
    assert_eq!(pending(&app).0.len(), 1);
    assert_eq!(entries(&app).len(), 2);
}

#[test]
fn a_rollback_neither_loses_nor_doubles_anything() {
    let words = words(40);
    let whole = format!("You said: {words}");
    let mut app = app();
    ask(&mut app, &words);
    let waiting = pending(&app).clone();
    // As they were after the first word, whenever that was seen.
    let mut discussions = app.world().resource::<Discussions>().clone();
    discussions.list[0].entries[1].text = "You said: word0 ".to_owned();

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
    ask(&mut app, &endless_words());
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
    ask(&mut app, &endless_words());
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
fn new_code_stops_nothing_that_was_asked_after_the_stop() {
    let words = words(40);
    let mut app = app();
    ask(&mut app, &words);
    run_to_the_end(&mut app);
    let world = app.world_mut();
    world.send_event(Action::CancelReplies);
    world.send_event(AskAssistant {
        discussion: 1,
        instead_of: None,
    });
    app.update();
    assert_eq!(pending(&app).0.len(), 1);
    let mut reloaded = Schedule::default();
    reloaded.add_systems(systems());
    reloaded.run(app.world_mut());
    run_to_the_end(&mut app);
    assert_eq!(entries(&app)[2].text, format!("You said: {words}"));
}

#[test]
fn the_assistant_is_stopped_in_a_queue_that_counts_anew() {
    let mut app = app();
    ask(&mut app, &endless_words());
    run_until(&mut app, "a part", |app| reply(app).contains("word3"));
    app.insert_resource(DoneStops(500));
    act(&mut app, Action::CancelReplies);
    run_to_the_end(&mut app);
    assert!(reply(&app).contains("> **No answer:** "), "{}", reply(&app));
}

#[test]
fn a_deleted_answer_is_cancelled() {
    for is_whole in [false, true] {
        let mut app = app();
        ask(&mut app, &endless_words());
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
fn a_question_goes_out_as_its_tier_has_it() {
    let folder = tempfile::tempdir().unwrap();
    let mut app = app_in(folder.path(), ProviderKind::OpenAi, OPENAI);
    enter(&mut app, "sk-openai");
    let mut tiers = Tiers::default();
    tiers.qa.provider = Some(ProviderKind::OpenAi);
    tiers.qa.base_url = OTHER.to_owned();
    tiers.qa.model = "strict".to_owned();
    app.insert_resource(tiers);
    app.update();
    let ask = |app: &App, tier: Option<Tier>| {
        let discussion = Discussion {
            tier,
            ..Discussion::default()
        };
        let world = app.world();
        question(
            &discussion,
            &PendingRequests::default(),
            world.resource(),
            world.resource(),
            "",
            world.resource(),
        )
    };
    // The key of the settings' server does not go to that of the tier.
    assert_eq!(ask(&app, None).key.expose(), "sk-openai");
    assert_eq!(ask(&app, Some(Tier::Worker)).key.expose(), "sk-openai");
    let checked = ask(&app, Some(Tier::Qa));
    assert_eq!(checked.key.expose(), "");
    let provider = Provider::OpenAi {
        base_url: OTHER.to_owned(),
        model: "strict".to_owned(),
    };
    assert_eq!(checked.provider, provider);
    let told = Message::new(ChatRole::System, Tier::Qa.prompt());
    assert_eq!(checked.messages, [told]);

    let server = Recipient::of(&provider).unwrap().unwrap().name();
    let key = TypedKey("sk-other".to_owned());
    act(&mut app, Action::SetKey { server, key });
    assert_eq!(ask(&app, Some(Tier::Qa)).key.expose(), "sk-other");
    assert_eq!(ask(&app, None).key.expose(), "sk-openai");
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
    let none = Progress::default();
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

#[test]
fn an_answer_says_which_model_was_asked() {
    let mut app = app();
    let by = |app: &App| entries(app).last().unwrap().by.clone();
    ask(&mut app, "hello");
    assert_eq!(by(&app), None);
    run_to_the_end(&mut app);
    // No address, so nothing is sent anywhere.
    set(&mut app, ProviderKind::OpenAi, "nowhere");
    act(&mut app, Action::SetModel(1, " small ".into()));
    app.world_mut().resource_mut::<Composer>().text = "hello".to_owned();
    act(&mut app, Action::AddEntry);
    run_until(&mut app, "the answer", |app| entries(app).len() == 4);
    let expected = ModelId {
        server: "nowhere".to_owned(),
        model: "small".to_owned(),
    };
    assert_eq!(by(&app), Some(expected));
    run_to_the_end(&mut app);

    // That of the tier, if it was the tier that was asked.
    let mut tiers = Tiers::default();
    tiers.qa.model = "strict".to_owned();
    app.insert_resource(tiers);
    let mut discussions = app.world_mut().resource_mut::<Discussions>();
    discussions.list[0].tier = Some(Tier::Qa);
    discussions.list[0].model.clear();
    app.world_mut().resource_mut::<Composer>().text = "hello".to_owned();
    act(&mut app, Action::AddEntry);
    run_until(&mut app, "the answer", |app| entries(app).len() == 6);
    let expected = ModelId {
        server: "nowhere".to_owned(),
        model: "strict".to_owned(),
    };
    assert_eq!(by(&app), Some(expected));
}

#[test]
fn models_are_asked_for_where_the_question_would_go() {
    let mut app = app();
    // No addresses, so nothing is sent anywhere.
    set(&mut app, ProviderKind::OpenAi, "nowhere");
    let own = Some(ProviderKind::Gemini);
    act(&mut app, Action::SetProvider(1, own));
    act(&mut app, Action::SetAddress(1, "own".into()));
    act(&mut app, Action::ListModels(Whose::Discussion(7)));
    act(&mut app, Action::ListModels(Whose::Discussion(1)));
    let own = Provider::Gemini {
        base_url: "own".to_owned(),
        model: String::new(),
    };
    run_until(&mut app, "why there are none", |app| {
        let assistants = app.world().resource::<Assistants>();
        matches!(assistants.models(&own), Models::Known(Err(_)))
    });
    let of_settings = provider(app.world().resource());
    let assistants = app.world().resource::<Assistants>();
    assert!(matches!(assistants.models(&of_settings), Models::Unknown));
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
        &Tiers::default(),
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
fn which_keys_are_wanted_is_looked_up_only_when_something_was_set() {
    let folder = tempfile::tempdir().unwrap();
    let mut app = app_in(folder.path(), ProviderKind::OpenAi, OPENAI);
    app.update();
    let changed = |app: &App| app.world().resource_ref::<Session>().last_changed();
    let before = changed(&app);
    app.update();
    assert_eq!(changed(&app), before);
    set(&mut app, ProviderKind::OpenAi, OTHER);
    assert_ne!(changed(&app), before);
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

#[test]
fn the_only_key_that_there_was_goes_to_no_tier() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("api_key"), "sk-old").unwrap();
    let mut app = app();
    app.insert_resource(Session::new(folder.path().to_owned()));
    let mut tiers = Tiers::default();
    tiers.qa.provider = Some(ProviderKind::OpenAi);
    tiers.qa.base_url = OTHER.to_owned();
    let other = tier_provider(Tier::Qa, &tiers, app.world().resource());
    let other = Recipient::of(&other).unwrap().unwrap();
    app.insert_resource(tiers);
    app.update();
    let session = app.world().resource::<Session>();
    assert_eq!(session.key(&other), None);
    let base_url = app.world().resource::<Settings>().base_url.clone();
    set(&mut app, ProviderKind::OpenAi, &base_url);
    assert_eq!(key(&app), "sk-old");
}

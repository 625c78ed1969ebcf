//! Asks the assistant, and writes what it says into the discussions.
//!
//! The requests themselves live in [`Assistants`], which is never reloaded. The systems here copy
//! from it: an answer's entry is always made anew of all that has arrived, so running twice, a
//! reload and a rollback make no difference to it.

mod files;
mod question;
mod tools;

use std::borrow::Cow;

use bevy::{ecs::schedule::SystemConfigs, prelude::*};
use hot_reloader::prelude::*;
use slop_common::{provider, servers, whole, Turn, ASSISTANT};
use slop_engine::{
    assistants::{ApiKey, Assistants, Progress, Provider, Recipient},
    session::Session,
};
use slop_state::{
    Action, Discussions, Entry, Orphans, Pending, PendingRequests, Project, ProviderKind, Settings,
    Tiers,
};

use crate::{
    actions::not_done,
    ask::AskAssistant,
    clock::now,
    entry::{awaited, ended, entry_of, shown, stop_entry, used, with_note},
};
use question::{key_for, prepare, timing};
use tools::{ask_for_leave, next_round, stop_rounds};

/// Why there is no more of an answer whose entry was deleted and came back.
const DELETED: &str = "The entry was deleted before the answer was complete.";
/// Why there is no more of an answer that asks for tools again and again.
const IN_CIRCLES: &str = "It has asked for tools too often; ask it to go on.";
/// Why the answer to a request of an earlier start never came.
const CLOSED: &str = "The app was closed before the answer came.";

/// Owns what is asked of the assistant.
#[hot_module(
    state_keys = [PendingRequests, Orphans, DoneStops],
    targets = [send_request, stream_response, ask_for_leave, next_round],
    after = [controller],
)]
pub fn ai_client(app: &mut App) {
    Turn::order(app);
    app.init_resource::<PendingRequests>()
        .init_resource::<Orphans>()
        .init_resource::<DoneStops>()
        .init_resource::<Assistants>()
        .add_event::<Action>()
        .add_event::<AskAssistant>()
        .register_type::<AskAssistant>()
        .add_systems(Update, systems().in_set(Turn::Ask));
}

fn systems() -> SystemConfigs {
    (
        read_key,
        set_key,
        list_models,
        stop_replies,
        send_request,
        stream_response,
        ask_for_leave,
        next_round,
    )
        .chain()
}

/// How many actions were looked through for one that stops the assistant. New code reads those of the
/// last two frames again, and what was asked since then is not to be stopped. The controller counts for
/// itself, since it is done with them earlier in a frame.
#[derive(Resource, Reflect, Clone, Debug, Default, PartialEq, Eq)]
struct DoneStops(usize);

/// Has the key for each server that is set read, as soon as it is set. That of the settings comes
/// first, for a key from the time when there was only one was entered for no tier and no discussion.
fn read_key(
    settings: Res<Settings>,
    tiers: Res<Tiers>,
    discussions: Res<Discussions>,
    mut session: ResMut<Session>,
) {
    if !(settings.is_changed() || tiers.is_changed() || discussions.is_changed()) {
        return;
    }
    let servers = servers(&settings, &tiers, &discussions);
    if settings.provider == ProviderKind::Echo && !servers.is_empty() {
        let before = Provider::OpenAi {
            base_url: settings.base_url.clone(),
            model: settings.model.clone(),
        };
        if let Ok(Some(server)) = Recipient::of(&before) {
            session.read_key(&server);
        }
    }
    for server in servers {
        session.read_key(&server);
    }
}

/// Replaces the API key for a server that is set.
fn set_key(
    mut actions: EventReader<Action>,
    settings: Res<Settings>,
    tiers: Res<Tiers>,
    discussions: Res<Discussions>,
    mut session: ResMut<Session>,
) {
    for action in actions.read() {
        let Action::SetKey { server, key } = action else {
            continue;
        };
        // Another may have been set meanwhile: in the same frame, or before new code reads it again.
        let mut set = servers(&settings, &tiers, &discussions).into_iter();
        let Some(set) = set.find(|set| set.name() == *server) else {
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

/// Asks a server for its models. New code may ask again for what the code before asked for, which does
/// no harm.
fn list_models(
    mut actions: EventReader<Action>,
    mut assistants: ResMut<Assistants>,
    session: Res<Session>,
    settings: Res<Settings>,
    tiers: Res<Tiers>,
    discussions: Res<Discussions>,
) {
    for action in actions.read() {
        let Action::ListModels(whose) = action else {
            continue;
        };
        let Some(asked) = tiers.asked(*whose, &discussions, &settings) else {
            continue;
        };
        let provider = provider(&asked);
        let key = key_for(&provider, &session);
        assistants.list_models(provider, key, timing(&settings));
    }
}

/// Stops the assistant, wherever it answers or waits for what it asked for.
fn stop_replies(
    mut actions: EventReader<Action>,
    mut done: ResMut<DoneStops>,
    mut assistants: ResMut<Assistants>,
    mut pending: ResMut<PendingRequests>,
    mut discussions: ResMut<Discussions>,
) {
    let mut is_stopped = false;
    for (action, number) in not_done(actions.read_with_id(), done.0) {
        is_stopped |= *action == Action::CancelReplies;
        done.0 = number + 1;
    }
    if is_stopped {
        assistants.cancel_all();
        stop_rounds(&mut pending, &mut discussions);
    }
}

/// Adds an empty entry for the answer, reads the project's files, and starts the request.
fn send_request(
    mut asks: ResMut<Events<AskAssistant>>,
    mut discussions: ResMut<Discussions>,
    mut pending: ResMut<PendingRequests>,
    mut assistants: ResMut<Assistants>,
    mut session: ResMut<Session>,
    (settings, tiers): (Res<Settings>, Res<Tiers>),
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
            by: tiers.settings(discussion, &settings).model_id(),
            ..Entry::default()
        };
        if let Some(other) = ask.instead_of {
            if !discussion.retake(other, answer) {
                continue;
            }
        } else {
            discussion.entries.push(answer);
        }
        let request = assistants.new_id();
        // The answer is blank, so it is not sent.
        let question = prepare(
            discussion,
            &pending,
            &settings,
            &mut session,
            &project,
            &tiers,
        );
        assistants.start(request, question);
        discussions.last_id = entry;
        pending.0.push(Pending {
            request,
            discussion: ask.discussion,
            entry,
        });
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
        let Some(entry) = entry_of(&discussions, waiting) else {
            // Deleted meanwhile.
            orphans.0.push(*waiting);
            continue;
        };
        if awaited(entry, waiting).is_some() {
            unfinished.push(*waiting);
            continue;
        }
        let text = entry.text.as_str();
        let progress = assistants.get(waiting.request);
        let asks = progress.filter(|progress| !tools::calls_of(*progress).is_empty());
        let next = asks.filter(|_| entry.rounds.len() < tools::MOST);
        let (wanted, is_over) = match progress {
            Some(progress) => {
                let wanted = whole(&entry.rounds, shown(progress));
                let is_in_circles = asks.is_some() && next.is_none();
                let wanted = if is_in_circles {
                    Cow::Owned(with_note(&wanted, IN_CIRCLES))
                } else {
                    wanted
                };
                (wanted, progress.outcome.is_some() && next.is_none())
            }
            None => (Cow::Owned(ended(text, CLOSED)), true),
        };
        if wanted != text || progress.is_some_and(|p| has_more(&discussions, waiting, p)) {
            let discussion = discussions.get_mut(waiting.discussion);
            if let Some(entry) = discussion.and_then(|d| d.entry_mut(waiting.entry)) {
                entry.text = wanted.into_owned();
                if let Some(progress) = progress {
                    progress.thoughts.clone_into(&mut entry.thoughts);
                    entry.usage = used(entry, progress);
                }
            }
        }
        if let Some(progress) = next {
            let discussion = discussions.get_mut(waiting.discussion);
            if let Some(entry) = discussion.and_then(|d| d.entry_mut(waiting.entry)) {
                tools::begin_round(entry, waiting.request, progress);
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
    let is_back = |orphan: &&Pending| entry_of(discussions, orphan).is_some();
    let back: Vec<Pending> = orphans.0.iter().filter(is_back).copied().collect();
    for orphan in back {
        orphans.0.retain(|other| *other != orphan);
        let discussion = discussions.get_mut(orphan.discussion);
        if let Some(entry) = discussion.and_then(|d| d.entry_mut(orphan.entry)) {
            stop_entry(entry, DELETED);
        }
    }
}

/// Whether the thoughts or the counts that have arrived are not in the entry.
fn has_more(discussions: &Discussions, pending: &Pending, progress: Progress<'_>) -> bool {
    entry_of(discussions, pending).is_some_and(|entry| {
        entry.thoughts != progress.thoughts || entry.usage != used(entry, progress)
    })
}

#[cfg(test)]
mod tests;

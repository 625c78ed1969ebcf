//! What the assistant asks for while it answers.
//!
//! An answer is one entry, however often the assistant asks for something before it is complete. Each
//! time is a round in the entry, and the entry is waited for until the last. So whatever waits for an
//! answer waits for all of it.

mod shown;

use std::{
    borrow::Cow,
    hash::{DefaultHasher, Hash, Hasher},
};

use bevy::prelude::*;
use slop_common::{has_leave, whole};
use slop_engine::{
    assistants::{Assistants, Call, Progress},
    hands::{self, Job, JobId, Jobs, Wanted},
    pacing::Frames,
    session::Session,
};
use slop_state::{
    CallId, Deed, Discussion, Discussions, Entry, Leave, Pending, PendingRequests, Project,
    Settings, Stage, Ticket, Tiers, ToolCall, ToolRequest, ToolRequests, ToolRound,
};

use self::shown::is_read_in_part;
use super::question::prepare;
use crate::{
    clock::now,
    entry::{awaited, counted, entry_of, stop_entry, STOPPED},
};

/// How many rounds an answer has at most. One that goes round in circles would never end.
pub(super) const MOST: usize = 16;

/// What is told of a call in a project that has no folder.
const NO_FOLDER: &str =
    "The project has no folder. Ask the person to choose one in Project Settings.";
/// What is told of a call that nobody has given leave for.
const NO_LEAVE: &str = "The person does not allow that in this discussion.";

/// Whether it is the name of a tool that does something.
fn acts(name: &str) -> bool {
    let mut all = hands::Tool::ALL.into_iter();
    all.any(|tool| tool.name() == name && !tool.only_looks())
}

/// The calls of an answer that has ended well.
pub(super) fn calls_of(progress: Progress<'_>) -> &[Call] {
    match progress.outcome {
        Some(Ok(())) => progress.calls,
        _ => &[],
    }
}

/// Lets an entry wait for what the assistant asked for.
pub(super) fn begin_round(entry: &mut Entry, request: u64, progress: Progress<'_>) {
    let calls = progress.calls.iter().map(|call| ToolCall {
        id: call.id.clone(),
        name: call.name.clone(),
        arguments: call.arguments.clone(),
        signature: call.signature.clone(),
        result: None,
        edited: None,
        diff: None,
        undone: false,
    });
    entry.rounds.push(ToolRound {
        request,
        text: progress.text.trim().to_owned(),
        calls: calls.collect(),
        usage: progress.usage.map(counted),
    });
    entry.text = whole(&entry.rounds, Cow::Borrowed("")).into_owned();
}

/// Stops the answers that wait for what was asked for.
pub(super) fn stop_rounds(
    pending: &mut ResMut<PendingRequests>,
    discussions: &mut ResMut<Discussions>,
) {
    let mut kept = Vec::new();
    for waiting in &pending.0 {
        let entry = entry_of(discussions, waiting);
        if entry.and_then(|entry| awaited(entry, waiting)).is_none() {
            kept.push(*waiting);
            continue;
        }
        let discussion = discussions.get_mut(waiting.discussion);
        let Some(entry) = discussion.and_then(|discussion| discussion.entry_mut(waiting.entry))
        else {
            continue;
        };
        stop_entry(entry, STOPPED);
    }
    pending.set_if_neq(PendingRequests(kept));
}

/// Makes requests of the calls that are new, or answers those at once that nothing can come of.
pub(super) fn ask_for_leave(
    pending: Res<PendingRequests>,
    project: Res<Project>,
    tickets: Query<&Ticket>,
    frames: Res<Frames>,
    mut discussions: ResMut<Discussions>,
    mut requests: ResMut<ToolRequests>,
    jobs: Res<Jobs>,
) {
    for waiting in &pending.0 {
        let Some(round) = entry_of(&discussions, waiting).and_then(|e| awaited(e, waiting)) else {
            continue;
        };
        let calls = (0..).zip(&round.calls).filter_map(|(place, call)| {
            let request = waiting.request;
            let id = CallId { request, place };
            let is_new = call.result.is_none() && requests.get(id).is_none();
            is_new.then(|| (id, call.clone()))
        });
        let calls: Vec<(CallId, ToolCall)> = calls.collect();
        let leave = discussions.get(waiting.discussion).map(|d| d.leave);
        let is_about = |ticket: &&Ticket| ticket.discussion == Some(waiting.discussion);
        let ticket = tickets.iter().find(is_about).map(|ticket| ticket.number);
        for (id, call) in calls {
            frames.now();
            match deed(&call, id, leave.unwrap_or_default(), &project, &jobs) {
                Ok(deed) => {
                    // Of what only looks the log says once what came of it.
                    if deed.kind().is_some() {
                        requests.note(now(), "asked", deed.title());
                    }
                    let discussion = discussions.get(waiting.discussion);
                    let read_in_part = discussion.is_some_and(|d| is_read_in_part(d, &deed));
                    requests.push(ToolRequest {
                        id,
                        discussion: waiting.discussion,
                        entry: waiting.entry,
                        ticket,
                        folder: project.root.clone(),
                        time: now(),
                        deed,
                        read_in_part,
                        edited: false,
                        stage: Stage::Waiting,
                        attempt: 0,
                    });
                }
                Err(reason) => {
                    let what = format!("asked, and not possible: {reason}");
                    if acts(&call.name) {
                        requests.note(now(), what, call.name.as_str());
                    } else {
                        requests.note_look(now(), what, call.name.as_str());
                    }
                    answer(&mut discussions, waiting, id, reason);
                }
            }
        }
    }
}

/// What a call asks for, or why nothing can come of it.
fn deed(
    call: &ToolCall,
    id: CallId,
    leave: Leave,
    project: &Project,
    jobs: &Jobs,
) -> Result<Deed, String> {
    let wanted = Wanted::parse(&call.name, &call.arguments).map_err(|error| error.to_string())?;
    if !has_leave(leave, wanted.tool()) {
        return Err(NO_LEAVE.to_owned());
    }
    if project.root.trim().is_empty() {
        return Err(NO_FOLDER.to_owned());
    }
    match wanted {
        Wanted::Change { path, contents } => {
            if let Some(Job::Apply(begun)) = jobs.begun(first_job(id)) {
                // A rollback has forgotten it. The file is not what it was.
                return Ok(Deed::Change {
                    path: begun.path.clone(),
                    before: begun.before.clone(),
                    after: contents,
                });
            }
            let change = jobs.propose(&project.root, &path, contents);
            let change = change.map_err(|error| error.to_string())?;
            Ok(Deed::Change {
                path: change.path,
                before: change.before,
                after: change.after,
            })
        }
        Wanted::Run { command } => {
            Jobs::check(&command).map_err(|error| error.to_string())?;
            Ok(Deed::Run(command))
        }
        Wanted::Read { .. } | Wanted::List { .. } | Wanted::Search { .. } => Ok(Deed::Look {
            name: call.name.clone(),
            arguments: call.arguments.clone(),
        }),
    }
}

/// What is begun first for a call.
fn first_job(id: CallId) -> JobId {
    JobId {
        request: id.request,
        place: id.place,
        attempt: 0,
    }
}

/// Tells the model what came of a call.
fn answer(discussions: &mut Discussions, waiting: &Pending, id: CallId, result: String) {
    let discussion = discussions.get_mut(waiting.discussion);
    let entry = discussion.and_then(|discussion| discussion.entry_mut(waiting.entry));
    let round = entry.and_then(|entry| entry.rounds.last_mut());
    let place = usize::try_from(id.place).unwrap_or(usize::MAX);
    if let Some(call) = round.and_then(|round| round.calls.get_mut(place)) {
        call.result = Some(result);
    }
}

/// A digest of what came of the calls of the round that an entry waits for.
fn told(discussion: &Discussion, waiting: &Pending) -> u64 {
    let entry = discussion.entry(waiting.entry);
    let round = entry.and_then(|entry| awaited(entry, waiting));
    let mut hasher = DefaultHasher::new();
    for call in round.into_iter().flat_map(|round| &round.calls) {
        call.result.hash(&mut hasher);
    }
    hasher.finish()
}

/// Asks the assistant to go on where all that it asked for is answered. Where it was asked before a
/// rollback, that is found again.
pub(super) fn next_round(
    mut pending: ResMut<PendingRequests>,
    mut assistants: ResMut<Assistants>,
    mut discussions: ResMut<Discussions>,
    mut session: ResMut<Session>,
    (settings, tiers): (Res<Settings>, Res<Tiers>),
    project: Res<Project>,
) {
    let places: Vec<usize> = (0..pending.0.len())
        .filter(|place| {
            let waiting = &pending.0[*place];
            let entry = entry_of(&discussions, waiting);
            let round = entry.and_then(|entry| awaited(entry, waiting));
            round.is_some_and(ToolRound::is_answered)
        })
        .collect();
    for place in places {
        let waiting = pending.0[place];
        let Some(discussion) = discussions.get_mut(waiting.discussion) else {
            continue;
        };
        let by = tiers.settings(discussion, &settings).model_id();
        let told = told(discussion, &waiting);
        let known = assistants.follower(waiting.request, told);
        let request = known.unwrap_or_else(|| {
            let question = prepare(
                discussion,
                &pending,
                &settings,
                &mut session,
                &project,
                &tiers,
            );
            assistants.follow(waiting.request, told, question)
        });
        pending.0[place].request = request;
        // If several models were asked, no price is that of the answer.
        let entry = discussion.entry_mut(waiting.entry);
        if let Some(entry) = entry.filter(|entry| entry.by != by) {
            entry.by = None;
        }
    }
}

#[cfg(test)]
mod tests;

//! The assistant works on tickets: on those that a person chooses, or on what is ready.
//!
//! What was asked is in the tickets, and is answered in the discussions. Both come back together
//! after a rollback or a restart, so nothing is asked twice, and what was cut off is noticed.

use std::time::Duration;

use bevy::prelude::*;
use slop_engine::pacing::Frames;
use slop_state::{Action, Discussions, QueueMode, Run, Status, Ticket, TicketQueue};

use super::{
    ticket_discussions::{discussion_about, first_entry},
    ticket_error::TicketError,
    tickets::Tickets,
    Actions, AskAssistant,
};
use crate::ai_client::{streaming, PendingRequests, ASSISTANT, NO_ANSWER};

const CANCELLED: &str = "It was cancelled.";
const NOT_THERE: &str = "There is no answer: it was deleted, or never asked for.";

/// At most so many tickets are worked on at once.
const MOST: u32 = 16;

/// How often it is looked whether an answer is complete, if nothing else brings a frame.
const LOOK: Duration = Duration::from_millis(300);

/// Sees what became of what was asked, and asks for what is wanted.
pub(super) fn run_queue(
    mut actions: Actions,
    mut queue: ResMut<TicketQueue>,
    mut discussions: ResMut<Discussions>,
    pending: Option<ResMut<PendingRequests>>,
    mut asks: ResMut<Events<AskAssistant>>,
    frames: Res<Frames>,
    mut query: Query<(Entity, &mut Ticket)>,
    mut commands: Commands,
) {
    let Some(mut pending) = pending else {
        return;
    };
    let wanted: Vec<Action> = actions.read().filter(|a| is_ours(a)).cloned().collect();
    let is_running = query.iter().any(|(_, ticket)| is_asked(ticket));
    if wanted.is_empty() && !is_running && queue.mode != QueueMode::Auto {
        return;
    }
    let mut tickets = Tickets::read(&query);
    settle(&mut tickets, &discussions, &pending, asks.is_empty());
    for action in wanted {
        match action {
            Action::SetQueue(mut wanted) => {
                wanted.limit = wanted.limit.clamp(1, MOST);
                queue.set_if_neq(wanted);
            }
            Action::SkipTicket(number) if !queue.skipped.contains(&number) => {
                queue.skipped.push(number);
            }
            Action::CancelTicket(number) => {
                cancel(number, &mut tickets, &mut discussions, &mut pending);
            }
            Action::RunTicket(number) => {
                match start(
                    number,
                    queue.limit,
                    &mut tickets,
                    &mut discussions,
                    &pending,
                ) {
                    Ok(ask) => {
                        asks.send(ask);
                    }
                    Err(error) => warn!("the assistant was not asked: {error}"),
                }
            }
            _ => {}
        }
    }
    if queue.mode == QueueMode::Auto {
        let ready = tickets.dependencies().ready();
        let ready: Vec<u32> = ready.iter().map(|ticket| ticket.number).collect();
        for number in ready {
            if running(&tickets) >= queue.limit {
                break;
            }
            // One whose discussion is busy has its turn later.
            if let Ok(ask) = start(
                number,
                queue.limit,
                &mut tickets,
                &mut discussions,
                &pending,
            ) {
                asks.send(ask);
            }
        }
    }
    if running(&tickets) > 0 {
        frames.after(LOOK);
    }
    tickets.write(&mut query, &mut commands);
}

fn is_ours(action: &Action) -> bool {
    matches!(
        action,
        Action::SetQueue(_)
            | Action::SkipTicket(_)
            | Action::CancelTicket(_)
            | Action::RunTicket(_)
    )
}

fn is_asked(ticket: &Ticket) -> bool {
    matches!(ticket.run, Run::Asked { .. })
}

/// On how many tickets the assistant is working.
fn running(tickets: &Tickets) -> u32 {
    let running = tickets.iter().filter(|ticket| is_asked(ticket)).count();
    u32::try_from(running).unwrap_or(u32::MAX)
}

/// Takes a ticket to the review when its answer is complete, and notes why one is not.
fn settle(
    tickets: &mut Tickets,
    discussions: &Discussions,
    pending: &PendingRequests,
    all_are_sent: bool,
) {
    let outcomes = tickets.iter().filter_map(|ticket| {
        let outcome = outcome(ticket, discussions, pending, all_are_sent)?;
        Some((ticket.number, outcome))
    });
    let outcomes: Vec<_> = outcomes.collect();
    for (number, outcome) in outcomes {
        let Some(ticket) = tickets.get_mut(number) else {
            continue;
        };
        match outcome {
            Ok(()) => {
                ticket.run = Run::Idle;
                // Somebody may have moved it meanwhile.
                if ticket.status == Status::Active {
                    tickets.relocate(number, Status::Review, None);
                }
            }
            Err(reason) => ticket.run = Run::Failed(reason),
        }
    }
}

/// How it ended; `None` if nothing was asked, or the answer is still to come.
fn outcome(
    ticket: &Ticket,
    discussions: &Discussions,
    pending: &PendingRequests,
    all_are_sent: bool,
) -> Option<Result<(), String>> {
    let Run::Asked { after } = ticket.run else {
        return None;
    };
    let discussion = ticket.discussion.and_then(|id| discussions.get(id));
    let answer = discussion.and_then(|discussion| {
        let entries = discussion.all_entries();
        entries
            .filter(|entry| entry.id > after && entry.role == ASSISTANT)
            .min_by_key(|entry| entry.id)
    });
    match answer {
        Some(answer) if streaming(pending).contains(&answer.id) => None,
        Some(answer) => Some(reason(&answer.text).map_or(Ok(()), Err)),
        // It gets its entry when it is sent.
        None if discussion.is_some() && !all_are_sent => None,
        None => Some(Err(NOT_THERE.to_owned())),
    }
}

/// Why an answer is not whole.
fn reason(text: &str) -> Option<String> {
    let at = text.rfind(NO_ANSWER)?;
    // What the assistant itself quotes is within a paragraph.
    let is_note = at == 0 || text[..at].ends_with("\n\n");
    is_note.then(|| text[at + NO_ANSWER.len()..].replace("\n> ", "\n"))
}

/// Has the assistant work on a ticket. What it is to be asked.
fn start(
    number: u32,
    limit: u32,
    tickets: &mut Tickets,
    discussions: &mut Discussions,
    pending: &PendingRequests,
) -> Result<AskAssistant, TicketError> {
    let ticket = tickets.get(number).ok_or(TicketError::Missing(number))?;
    if ticket.status == Status::Done {
        return Err(TicketError::Done(number));
    }
    if let Some(why) = tickets.dependencies().blocked(ticket) {
        return Err(TicketError::Blocked { number, why });
    }
    let is_answered = |id: u64| pending.0.iter().any(|waiting| waiting.discussion == id);
    if is_asked(ticket) || ticket.discussion.is_some_and(is_answered) {
        return Err(TicketError::Busy(number));
    }
    if running(tickets) >= limit {
        return Err(TicketError::AtLimit { number, limit });
    }
    let id = discussion_about(number, tickets, discussions)?;
    let is_empty = discussions.get(id).is_some_and(|d| d.entries.is_empty());
    if let Some(ticket) = tickets.get(number).filter(|_| is_empty) {
        let entry = first_entry(discussions.next_id(), ticket, &tickets.dependencies());
        if let Some(discussion) = discussions.get_mut(id) {
            discussion.entries.push(entry);
        }
    }
    let after = discussions.last_id;
    // An answer that is there already, such as one that failed, is set aside.
    let last = discussions.get(id).and_then(|d| d.entries.last());
    let instead_of = last.filter(|entry| entry.role == ASSISTANT);
    let ask = AskAssistant {
        discussion: id,
        instead_of: instead_of.map(|entry| entry.id),
    };
    if let Some(ticket) = tickets.get_mut(number) {
        ticket.run = Run::Asked { after };
        if ticket.status != Status::Active {
            tickets.relocate(number, Status::Active, None);
        }
    }
    Ok(ask)
}

/// Stops the work on a ticket. A request that nobody waits for is cancelled by `ai_client`.
fn cancel(
    number: u32,
    tickets: &mut Tickets,
    discussions: &mut Discussions,
    pending: &mut PendingRequests,
) {
    let Some(ticket) = tickets.get_mut(number).filter(|ticket| is_asked(ticket)) else {
        return;
    };
    ticket.run = Run::Failed(CANCELLED.to_owned());
    let about = ticket.discussion;
    let waiting = std::mem::take(&mut pending.0).into_iter();
    let (stopped, kept): (Vec<_>, Vec<_>) =
        waiting.partition(|waiting| Some(waiting.discussion) == about);
    pending.0 = kept;
    for waiting in stopped {
        let discussion = discussions.get_mut(waiting.discussion);
        if let Some(entry) = discussion.and_then(|d| d.entry_mut(waiting.entry)) {
            let text = entry.text.trim_end();
            let gap = if text.is_empty() { "" } else { "\n\n" };
            entry.text = format!("{text}{gap}{NO_ANSWER}{CANCELLED}");
        }
    }
}

#[cfg(test)]
mod tests;

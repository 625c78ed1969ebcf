//! The assistant works on tickets: on those that a person chooses, or on what is ready.
//!
//! What was asked is in the tickets, and is answered in the discussions. Both come back together
//! after a rollback or a restart, so nothing is asked twice, and what was cut off is noticed.

use std::time::Duration;

use bevy::prelude::*;
use slop_common::Work;
use slop_engine::pacing::Frames;
use slop_state::{
    Action, Discussions, PendingRequests, QueueMode, Run, Status, Ticket, TicketQueue, Tiers,
};

use super::{
    answers::{stop, Answers},
    checks,
    ticket_discussions::{answer_at_end, discussion_about, first_entry, tell_results},
    ticket_error::TicketError,
    tickets::Tickets,
};
use crate::{actions::Actions, ask::AskAssistant};

/// How often it is looked whether an answer is complete, if nothing else brings a frame.
pub(super) const LOOK: Duration = Duration::from_millis(300);

/// Sees what became of what was asked, and asks for what is wanted.
pub(super) fn run_queue(
    mut actions: Actions,
    queue: ResMut<TicketQueue>,
    discussions: ResMut<Discussions>,
    pending: Option<ResMut<PendingRequests>>,
    asks: ResMut<Events<AskAssistant>>,
    (frames, tiers): (Res<Frames>, Res<Tiers>),
    mut query: Query<(Entity, &mut Ticket)>,
    mut commands: Commands,
) {
    let Some(pending) = pending else {
        return;
    };
    let wanted: Vec<Action> = actions.read().filter(|a| is_ours(a)).cloned().collect();
    let is_running = query.iter().any(|(_, ticket)| ticket.run.is_under_way());
    if wanted.is_empty() && !is_running && queue.mode != QueueMode::Auto {
        return;
    }
    let mut desk = Desk {
        queue,
        tickets: Tickets::read(&query),
        discussions,
        pending,
        asks,
        tiers,
    };
    desk.settle_what_is_answered();
    for action in wanted {
        desk.act(action);
    }
    if desk.queue.mode == QueueMode::Auto {
        desk.start_what_is_ready();
    }
    if desk.tickets.dependencies().running() > 0 {
        frames.after(LOOK);
    }
    desk.tickets.write(&mut query, &mut commands);
}

/// What the work on tickets is done with. A resource counts as changed when it is borrowed for that, so none is before.
struct Desk<'w> {
    queue: ResMut<'w, TicketQueue>,
    tickets: Tickets,
    discussions: ResMut<'w, Discussions>,
    pending: ResMut<'w, PendingRequests>,
    asks: ResMut<'w, Events<AskAssistant>>,
    tiers: Res<'w, Tiers>,
}

/// Begins the work on a ticket, or a check, within a limit. What the assistant is to be asked.
type Start = fn(
    u32,
    u32,
    &mut Tickets,
    &mut Discussions,
    &PendingRequests,
    &Tiers,
) -> Result<AskAssistant, TicketError>;

impl Desk<'_> {
    fn settle_what_is_answered(&mut self) {
        let answers = Answers {
            discussions: &self.discussions,
            pending: &self.pending,
            all_are_sent: self.asks.is_empty(),
        };
        for (number, answer) in answered(&self.tickets, &answers) {
            settle(number, answer, &mut self.tickets, &mut self.discussions);
        }
    }

    fn act(&mut self, action: Action) {
        match action {
            Action::SetQueue(mut wanted) => {
                wanted.limit = wanted.limit.clamp(1, TicketQueue::MOST);
                self.queue.set_if_neq(wanted);
            }
            Action::SkipTicket(number) if !self.queue.skipped.contains(&number) => {
                self.queue.skipped.push(number);
            }
            Action::CancelTicket(number) => {
                cancel(
                    number,
                    &mut self.tickets,
                    &mut self.discussions,
                    &mut self.pending,
                );
            }
            Action::StopDiscussion(id) => {
                stop(Some(id), &mut self.discussions, &mut self.pending);
            }
            Action::CheckTicket(number) => {
                if let Err(error) = self.ask(checks::start, number) {
                    warn!("QA was not asked: {error}");
                }
            }
            Action::RunTicket(number) => {
                if let Err(error) = self.ask(start, number) {
                    warn!("the assistant was not asked: {error}");
                }
            }
            _ => {}
        }
    }

    fn start_what_is_ready(&mut self) {
        let ready = self.tickets.dependencies().ready();
        let ready: Vec<u32> = ready.iter().map(|ticket| ticket.number).collect();
        for number in ready {
            if self.tickets.dependencies().running() >= self.queue.limit {
                break;
            }
            // One whose discussion is busy has its turn later.
            let _ = self.ask(start, number);
        }
    }

    fn ask(&mut self, start: Start, number: u32) -> Result<(), TicketError> {
        let ask = start(
            number,
            self.queue.limit,
            &mut self.tickets,
            &mut self.discussions,
            &self.pending,
            &self.tiers,
        )?;
        self.asks.send(ask);
        Ok(())
    }
}

fn is_ours(action: &Action) -> bool {
    matches!(
        action,
        Action::SetQueue(_)
            | Action::SkipTicket(_)
            | Action::CancelTicket(_)
            | Action::StopDiscussion(_)
            | Action::CheckTicket(_)
            | Action::RunTicket(_)
    )
}

/// The tickets whose answers are complete, or will never be.
fn answered(tickets: &Tickets, answers: &Answers<'_>) -> Vec<(u32, Result<String, String>)> {
    let answered = tickets.iter().filter_map(|ticket| {
        let (discussion, after) = match ticket.run {
            Run::Asked { after } => (ticket.discussion, after),
            Run::Checked { after } => (ticket.check, after),
            Run::Idle | Run::Failed(_) | Run::Unchecked(_) => return None,
        };
        Some((ticket.number, answers.get(discussion, after)?))
    });
    answered.collect()
}

/// Takes a ticket on when it is answered, and notes why it is not.
fn settle(
    number: u32,
    answer: Result<String, String>,
    tickets: &mut Tickets,
    discussions: &mut Discussions,
) {
    let Some(ticket) = tickets.get_mut(number) else {
        return;
    };
    if matches!(ticket.run, Run::Checked { .. }) {
        checks::conclude(number, answer, tickets, discussions);
        return;
    }
    match answer {
        Ok(_) => {
            ticket.run = Run::Idle;
            // Somebody may have moved it meanwhile.
            if ticket.status == Status::Active {
                tickets.relocate(number, Status::Review, None);
            }
        }
        Err(reason) => ticket.run = Run::Failed(reason),
    }
}

/// Has the assistant work on a ticket. What it is to be asked.
fn start(
    number: u32,
    limit: u32,
    tickets: &mut Tickets,
    discussions: &mut Discussions,
    pending: &PendingRequests,
    tiers: &Tiers,
) -> Result<AskAssistant, TicketError> {
    let ticket = tickets.get(number).ok_or(TicketError::Missing(number))?;
    let can_run = Work {
        needs: &tickets.dependencies(),
        limit,
        discussions: &*discussions,
        pending,
    }
    .can_run(ticket);
    can_run?;
    let id = discussion_about(number, tickets, discussions, tiers)?;
    let is_empty = discussions.get(id).is_some_and(|d| d.entries.is_empty());
    if let Some(ticket) = tickets.get(number).filter(|_| is_empty) {
        let entry = first_entry(discussions.next_id(), ticket, &tickets.dependencies());
        if let Some(discussion) = discussions.get_mut(id) {
            discussion.entries.push(entry);
        }
    }
    // What it depends on may have been done, or done anew, since the discussion was begun.
    tell_results(number, id, tickets, discussions);
    let after = discussions.last_id;
    // An answer that is there already, such as one that failed, is set aside.
    let ask = AskAssistant {
        discussion: id,
        instead_of: discussions.get(id).and_then(answer_at_end),
    };
    if let Some(ticket) = tickets.get_mut(number) {
        ticket.run = Run::Asked { after };
        ticket.verdict = None;
        if ticket.status != Status::Active {
            tickets.relocate(number, Status::Active, None);
        }
    }
    Ok(ask)
}

/// Stops the work on a ticket, or QA's check.
fn cancel(
    number: u32,
    tickets: &mut Tickets,
    discussions: &mut Discussions,
    pending: &mut PendingRequests,
) {
    let Some(ticket) = tickets.get_mut(number) else {
        return;
    };
    match ticket.run {
        Run::Asked { .. } => {
            ticket.run = Run::Failed(stop(ticket.discussion, discussions, pending));
        }
        Run::Checked { .. } => {
            ticket.run = Run::Unchecked(stop(ticket.check, discussions, pending));
        }
        Run::Idle | Run::Failed(_) | Run::Unchecked(_) => {}
    }
}

#[cfg(test)]
mod tests;

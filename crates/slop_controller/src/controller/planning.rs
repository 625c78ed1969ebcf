//! The orchestrator turns a goal into tickets, which a person accepts or refuses.
//!
//! What was asked is in [`Planning`], as what is asked about tickets is in them.

use bevy::prelude::*;
use slop_engine::pacing::Frames;
use slop_state::{
    Action, Deleted, Discussion, Discussions, PendingRequests, Planning, Proposed, Run, Ticket,
    TicketNumbers, Tier, Tiers, Undo,
};

use super::{
    answers::{is_answered, Answers},
    queue::LOOK,
    ticket_discussions::answer_at_end,
    tickets::Tickets,
};
use crate::{actions::Actions, ask::AskAssistant, entry::as_user, proposal};

/// At most so many characters of a goal are in the name of its discussion.
const NAMED: usize = 40;

/// Why the orchestrator is not asked, or its proposal not accepted.
#[derive(thiserror::Error, Clone, Debug, PartialEq, Eq)]
enum PlanError {
    /// There is nothing to plan.
    #[error("there is no goal; write one first")]
    NoGoal,
    /// An answer is still to come.
    #[error("the orchestrator is still answering; wait, or stop it")]
    Busy,
    /// The proposal cannot be accepted as it is.
    #[error(transparent)]
    Proposal(#[from] proposal::ProposalError),
}

/// Sees what the orchestrator has answered, and does what is wanted with it.
pub(super) fn plan(
    mut actions: Actions,
    mut planning: ResMut<Planning>,
    mut numbers: ResMut<TicketNumbers>,
    mut discussions: ResMut<Discussions>,
    mut undo: ResMut<Undo>,
    pending: Option<Res<PendingRequests>>,
    mut asks: ResMut<Events<AskAssistant>>,
    (frames, tiers): (Res<Frames>, Res<Tiers>),
    mut query: Query<(Entity, &mut Ticket)>,
    mut commands: Commands,
) {
    let Some(pending) = pending else {
        return;
    };
    let wanted: Vec<Action> = actions.read().filter(|a| is_ours(a)).cloned().collect();
    if wanted.is_empty() && !planning.run.is_under_way() {
        return;
    }
    let answers = Answers {
        discussions: &discussions,
        pending: &pending,
        all_are_sent: asks.is_empty(),
    };
    settle(&mut planning, &mut undo, &answers);
    for action in wanted {
        let done = match action {
            Action::Plan => begin(&mut planning, &mut undo, &mut discussions, &tiers).map(Some),
            Action::PlanAgain => {
                let discussions = &mut discussions;
                go_on(&mut planning, &mut undo, discussions, &pending, &tiers).map(Some)
            }
            Action::AcceptProposal => {
                let (tickets, commands) = (&mut query, &mut commands);
                accept(&mut planning, &discussions, &mut numbers, tickets, commands).map(|()| None)
            }
            Action::RefuseProposal => {
                keep(&mut planning, &mut undo);
                forget(&mut planning);
                Ok(None)
            }
            _ => Ok(None),
        };
        match done {
            Ok(Some(ask)) => {
                asks.send(ask);
            }
            Ok(None) => {}
            Err(error) => warn!("nothing was planned: {error}"),
        }
    }
    if planning.run.is_under_way() {
        frames.after(LOOK);
    }
}

fn is_ours(action: &Action) -> bool {
    matches!(
        action,
        Action::Plan | Action::PlanAgain | Action::AcceptProposal | Action::RefuseProposal
    )
}

/// Takes the proposal from a complete answer, and notes why there is none. A proposal that is there
/// stays until there is another.
fn settle(planning: &mut ResMut<Planning>, undo: &mut ResMut<Undo>, answers: &Answers<'_>) {
    let Run::Asked { after } = planning.run else {
        return;
    };
    let Some(answer) = answers.get(planning.discussion, after) else {
        return;
    };
    let proposal = answer.and_then(|text| proposal::read(&text).map_err(|e| e.to_string()));
    match proposal {
        Ok(proposal) => {
            keep(planning, undo);
            planning.proposal = proposal;
            planning.run = Run::Idle;
        }
        Err(reason) => planning.run = Run::Failed(reason),
    }
}

/// What the orchestrator is asked for a goal.
fn question(goal: &str) -> String {
    format!("## Goal\n\n{}\n\n{}\n", goal.trim(), proposal::FORMAT)
}

/// Begins a discussion with the orchestrator. What it is to be asked. A remark that was typed stays: it is not
/// asked with a goal.
fn begin(
    planning: &mut Planning,
    undo: &mut ResMut<Undo>,
    discussions: &mut Discussions,
    tiers: &Tiers,
) -> Result<AskAssistant, PlanError> {
    let goal = planning.goal.trim();
    if planning.run.is_under_way() {
        return Err(PlanError::Busy);
    }
    if goal.is_empty() {
        return Err(PlanError::NoGoal);
    }
    let id = discussions.next_id();
    let entry = as_user(discussions.next_id(), question(goal));
    let mut name: String = goal.chars().take(NAMED).collect();
    if name.len() < goal.len() {
        name.push('…');
    }
    discussions.list.push(Discussion {
        id,
        name: format!("Plan: {}", name.replace('\n', " ")),
        entries: vec![entry],
        tier: Some(Tier::Orchestrator),
        leave: tiers.leave(Tier::Orchestrator),
        ..Discussion::default()
    });
    keep(planning, undo);
    planning.discussion = Some(id);
    let after = discussions.last_id;
    planning.run = Run::Asked { after };
    Ok(AskAssistant {
        discussion: id,
        instead_of: None,
    })
}

/// Asks once more: with a remark after what was said, without one for another take of the answer. What
/// is to be asked.
fn go_on(
    planning: &mut Planning,
    undo: &mut ResMut<Undo>,
    discussions: &mut Discussions,
    pending: &PendingRequests,
    tiers: &Tiers,
) -> Result<AskAssistant, PlanError> {
    let known = planning.discussion;
    let Some(id) = known.filter(|id| discussions.get(*id).is_some()) else {
        return begin(planning, undo, discussions, tiers);
    };
    if planning.run.is_under_way() || is_answered(id, pending) {
        return Err(PlanError::Busy);
    }
    let remark = std::mem::take(&mut planning.remark);
    if !remark.trim().is_empty() {
        let mut text = format!("{}\n\n", remark.trim());
        if !planning.proposal.is_empty() {
            // It may have been changed by hand.
            let now = proposal::write(&planning.proposal);
            text += &format!("This is the proposal as it is now:\n\n{now}\n\n");
        }
        text += "Answer with all tickets again, in the same format.\n";
        let entry = as_user(discussions.next_id(), text);
        if let Some(discussion) = discussions.get_mut(id) {
            discussion.entries.push(entry);
        }
    }
    let ask = AskAssistant {
        discussion: id,
        instead_of: discussions.get(id).and_then(answer_at_end),
    };
    let after = discussions.last_id;
    planning.run = Run::Asked { after };
    Ok(ask)
}

/// Makes tickets of the proposal: all of them or none. The goal goes with it, unless it is the next one by now.
fn accept(
    planning: &mut Planning,
    discussions: &Discussions,
    numbers: &mut TicketNumbers,
    query: &mut Query<(Entity, &mut Ticket)>,
    commands: &mut Commands,
) -> Result<(), PlanError> {
    if planning.run.is_under_way() {
        return Err(PlanError::Busy);
    }
    let accepted = proposal::check(&planning.proposal, numbers.last + 1)?;
    let mut tickets = Tickets::read(query);
    for ticket in accepted {
        numbers.last = ticket.number;
        tickets.add(ticket);
    }
    tickets.write(query, commands);
    let asked = question(&planning.goal);
    let about = planning.discussion.and_then(|id| discussions.get(id));
    let is_reached = about.is_some_and(|about| about.all_entries().any(|one| one.text == asked));
    forget(planning);
    if is_reached {
        planning.goal.clear();
    }
    Ok(())
}

/// Takes the proposal away, if there is one, so that it can be brought back.
fn keep(planning: &mut Planning, undo: &mut ResMut<Undo>) {
    let proposal = std::mem::take(&mut planning.proposal);
    if !proposal.is_empty() {
        let discussion = planning.discussion;
        undo.push(Deleted::Proposal {
            proposal,
            discussion,
        });
    }
}

/// Puts a proposal back. One that is there is brought back after all else.
pub(super) fn bring_back(
    planning: &mut Planning,
    undo: &mut Undo,
    proposal: Vec<Proposed>,
    discussion: Option<u64>,
) {
    let now = std::mem::replace(&mut planning.proposal, proposal);
    let of_now = std::mem::replace(&mut planning.discussion, discussion);
    if !now.is_empty() {
        let now = Deleted::Proposal {
            proposal: now,
            discussion: of_now,
        };
        undo.put_behind(now);
    }
}

/// Forgets the proposal, and what was asked. The goal stays, to be said in other words.
fn forget(planning: &mut Planning) {
    let goal = std::mem::take(&mut planning.goal);
    *planning = Planning {
        goal,
        ..Planning::default()
    };
}

#[cfg(test)]
mod tests;

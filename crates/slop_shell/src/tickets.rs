//! What can be asked for of tickets and of the plan, without a look at the MMA Dashboard.

use slop_common::{proposal::check, Work};
use slop_state::{Action, Planning, QueueMode, Run, Ticket, TicketQueue};

/// What decides what can be done with them now.
#[derive(Default)]
pub(super) struct Tickets<'a> {
    /// The one that is chosen.
    pub(super) chosen: Option<&'a Ticket>,
    /// Whether the assistant can be asked about it.
    pub(super) work: Option<Work<'a>>,
    pub(super) planning: Option<&'a Planning>,
    pub(super) queue: Option<&'a TicketQueue>,
}

impl Tickets<'_> {
    /// Names, and what each asks for; `None` if it cannot be done now.
    pub(super) fn actions(&self) -> Vec<(String, Option<Action>)> {
        let mut list = self.of_plan();
        list.extend(self.of_chosen());
        for mode in QueueMode::ALL {
            let queue = self.queue.filter(|queue| queue.mode != mode);
            let wanted = queue.map(|queue| TicketQueue {
                mode,
                skipped: Vec::new(),
                ..queue.clone()
            });
            let name = format!("Queue of tickets: {}", mode.label());
            list.push((name, wanted.map(Action::SetQueue)));
        }
        list
    }

    fn of_plan(&self) -> Vec<(String, Option<Action>)> {
        let idle = |planning: &&Planning| !planning.run.is_under_way();
        let planning = self.planning.filter(idle);
        let has_goal = planning.is_some_and(|planning| !planning.goal.trim().is_empty());
        let has_failed = planning.is_some_and(|planning| matches!(planning.run, Run::Failed(_)));
        let proposal = planning.map(|planning| planning.proposal.as_slice());
        let proposal = proposal.filter(|proposal| !proposal.is_empty());
        // Numbers do not matter here.
        let is_valid = proposal.is_some_and(|proposal| check(proposal, 1).is_ok());
        let can_ask = has_failed || proposal.is_some();
        let actions = [
            ("Plan the goal", has_goal, Action::Plan),
            ("Ask the orchestrator again", can_ask, Action::PlanAgain),
            (
                "Accept all proposed tickets",
                is_valid,
                Action::AcceptProposal,
            ),
            (
                "Refuse the proposed tickets",
                proposal.is_some(),
                Action::RefuseProposal,
            ),
        ];
        let actions = actions.into_iter();
        let named =
            actions.map(|(name, can_be, action)| (name.to_owned(), can_be.then_some(action)));
        named.collect()
    }

    fn of_chosen(&self) -> Vec<(String, Option<Action>)> {
        let can = |can: fn(&Work<'_>, &Ticket) -> bool| {
            let both = self.work.as_ref().zip(self.chosen);
            both.is_some_and(|(work, ticket)| can(work, ticket))
        };
        let can_run = can(|work, ticket| work.can_run(ticket).is_ok());
        let can_check = can(|work, ticket| work.to_check(ticket).is_ok());
        let is_under_way = self.chosen.is_some_and(|ticket| ticket.run.is_under_way());
        let actions: [(&str, bool, fn(u32) -> Action); 5] = [
            ("Run", can_run, Action::RunTicket),
            ("Cancel the work on", is_under_way, Action::CancelTicket),
            ("Have QA check", can_check, Action::CheckTicket),
            ("Discuss", true, Action::DiscussTicket),
            ("Delete", true, Action::DeleteTicket),
        ];
        let which = match self.chosen {
            Some(ticket) => format!("ticket #{}", ticket.number),
            None => "the chosen ticket".to_owned(),
        };
        let actions = actions.into_iter();
        let named = actions.map(|(name, can_be, action)| {
            let chosen = self.chosen.filter(|_| can_be);
            let action = chosen.map(|ticket| action(ticket.number));
            (format!("{name} {which}"), action)
        });
        named.collect()
    }
}

#[cfg(test)]
mod tests {
    use slop_state::{Dependencies, Discussions, PendingRequests, Proposed, Status};

    use super::*;

    /// The names of what can be done.
    fn possible(tickets: &Tickets<'_>) -> Vec<String> {
        let possible = tickets.actions().into_iter();
        let possible = possible.filter(|(_, action)| action.is_some());
        possible.map(|(name, _)| name).collect()
    }

    #[test]
    fn without_any_nothing_can_be_done() {
        let tickets = Tickets::default();
        assert!(possible(&tickets).is_empty());
        let mut actions = tickets.actions().into_iter();
        assert!(actions.any(|(name, _)| name == "Run the chosen ticket"));
    }

    #[test]
    fn a_plan_is_asked_for_and_accepted() {
        let mut planning = Planning {
            goal: "A house.".to_owned(),
            ..Planning::default()
        };
        let can_be = |planning: &Planning| {
            possible(&Tickets {
                planning: Some(planning),
                ..Tickets::default()
            })
        };
        assert_eq!(can_be(&planning), ["Plan the goal"]);
        planning.proposal = vec![Proposed {
            key: "one".to_owned(),
            title: "Lay the ground".to_owned(),
            ..Proposed::default()
        }];
        let all = [
            "Plan the goal",
            "Ask the orchestrator again",
            "Accept all proposed tickets",
            "Refuse the proposed tickets",
        ];
        assert_eq!(can_be(&planning), all);
        planning.proposal[0].title.clear();
        assert_eq!(can_be(&planning), [all[0], all[1], all[3]]);
        planning.run = Run::Asked { after: 1 };
        assert!(can_be(&planning).is_empty());
    }

    #[test]
    fn what_cannot_be_done_with_the_chosen_ticket_is_not_offered() {
        let can_be = |ticket: &Ticket| {
            let needs = Dependencies::new([ticket]);
            let discussions = Discussions::default();
            let pending = PendingRequests::default();
            let work = Work {
                needs: &needs,
                limit: 1,
                discussions: &discussions,
                pending: &pending,
            };
            possible(&Tickets {
                chosen: Some(ticket),
                work: Some(work),
                ..Tickets::default()
            })
        };
        let mut ticket = Ticket {
            number: 3,
            ..Ticket::default()
        };
        let [run, discuss, delete] =
            ["Run", "Discuss", "Delete"].map(|name| format!("{name} ticket #3"));
        assert_eq!(can_be(&ticket), [&*run, &*discuss, &*delete]);
        ticket.run = Run::Asked { after: 1 };
        let cancel = "Cancel the work on ticket #3";
        assert_eq!(can_be(&ticket), [cancel, &*discuss, &*delete]);
        ticket.run = Run::Idle;
        ticket.status = Status::Done;
        assert_eq!(can_be(&ticket), [&*discuss, &*delete]);
    }

    #[test]
    fn the_queue_is_set_to_another_mode() {
        let queue = TicketQueue {
            limit: 5,
            skipped: vec![1],
            ..TicketQueue::default()
        };
        let tickets = Tickets {
            queue: Some(&queue),
            ..Tickets::default()
        };
        assert_eq!(
            possible(&tickets),
            ["Queue of tickets: Step", "Queue of tickets: Auto"]
        );
        let auto = Action::SetQueue(TicketQueue {
            mode: QueueMode::Auto,
            limit: 5,
            skipped: Vec::new(),
        });
        let mut actions = tickets.actions().into_iter();
        assert!(actions.any(|(_, action)| action.as_ref() == Some(&auto)));
    }
}

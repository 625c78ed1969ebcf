//! Whether the assistant can be asked about a ticket now: what the controller holds itself to, and what
//! the dashboard says of it.

use slop_state::{Dependencies, Discussions, Entry, PendingRequests, Status, Ticket};

use crate::{parts, ASSISTANT};

/// Why the assistant is not asked about a ticket.
#[derive(thiserror::Error, Clone, Debug, PartialEq, Eq)]
pub enum WorkError {
    /// It was to work on what cannot be begun.
    #[error("#{number} is blocked: {why}; resolve that first")]
    Blocked {
        /// The ticket.
        number: u32,
        /// Why it cannot be begun.
        why: String,
    },
    /// It was to work on what is done.
    #[error("#{0} is done; move it to another column first")]
    Done(u32),
    /// It is working on it, or answers in its discussion.
    #[error("the assistant is answering about #{0} already; wait, or stop that")]
    Busy(u32),
    /// QA was to check what is not there.
    #[error("#{0} has no whole answer that can be checked; run it first")]
    NoAnswer(u32),
    /// It is working on as many as it may.
    #[error("the assistant works on {limit} tickets already, so not on #{number}; wait, or raise the limit")]
    AtLimit {
        /// The ticket.
        number: u32,
        /// How many it may work on.
        limit: u32,
    },
}

/// What decides whether the assistant can be asked.
pub struct Work<'a> {
    /// Of all tickets.
    pub needs: &'a Dependencies<'a>,
    /// On how many tickets it may work at once.
    pub limit: u32,
    /// In which it answers.
    pub discussions: &'a Discussions,
    /// What it has not answered yet.
    pub pending: &'a PendingRequests,
}

impl<'a> Work<'a> {
    /// Whether the assistant can work on a ticket.
    ///
    /// # Errors
    ///
    /// Says why not.
    pub fn can_run(&self, ticket: &Ticket) -> Result<(), WorkError> {
        let number = ticket.number;
        if ticket.status == Status::Done {
            return Err(WorkError::Done(number));
        }
        if let Some(why) = self.needs.blocked(ticket) {
            return Err(WorkError::Blocked { number, why });
        }
        self.is_free(ticket, &[ticket.discussion])?;
        self.has_room(number)
    }

    /// The answer about a ticket, if QA can check it.
    ///
    /// # Errors
    ///
    /// Says why not.
    pub fn to_check(&self, ticket: &Ticket) -> Result<&'a Entry, WorkError> {
        self.is_free(ticket, &[ticket.discussion, ticket.check])?;
        let answer = last_answer(ticket, self.discussions);
        let answer = answer.ok_or(WorkError::NoAnswer(ticket.number))?;
        self.has_room(ticket.number)?;
        Ok(answer)
    }

    /// Whether nothing more is to come for a ticket, in these discussions.
    fn is_free(&self, ticket: &Ticket, discussions: &[Option<u64>]) -> Result<(), WorkError> {
        let mut waiting = self.pending.0.iter();
        let is_busy = waiting.any(|waiting| discussions.contains(&Some(waiting.discussion)));
        if ticket.run.is_under_way() || is_busy {
            return Err(WorkError::Busy(ticket.number));
        }
        Ok(())
    }

    /// Whether the assistant may work on one more.
    fn has_room(&self, number: u32) -> Result<(), WorkError> {
        let limit = self.limit;
        if self.needs.running() >= limit {
            return Err(WorkError::AtLimit { number, limit });
        }
        Ok(())
    }
}

/// The last answer about a ticket, if it is whole.
#[must_use]
pub fn last_answer<'a>(ticket: &Ticket, discussions: &'a Discussions) -> Option<&'a Entry> {
    let discussion = discussions.get(ticket.discussion?)?;
    let mut entries = discussion.entries.iter().rev();
    let answer = entries.find(|entry| entry.role == ASSISTANT)?;
    let is_whole = parts(&answer.text).1.is_none() && !answer.text.trim().is_empty();
    is_whole.then_some(answer)
}

#[cfg(test)]
mod tests {
    use slop_state::{Pending, Run};

    use super::*;

    /// Two tickets, of which the first has an answer, and the assistant works on the second.
    fn tickets() -> [Ticket; 2] {
        let first = Ticket {
            number: 1,
            discussion: Some(1),
            ..Ticket::default()
        };
        let second = Ticket {
            number: 2,
            run: Run::Asked { after: 9 },
            ..Ticket::default()
        };
        [first, second]
    }

    /// What can be done with the first ticket, up to a limit, while answers are to come in these
    /// discussions.
    fn can(tickets: &[Ticket], limit: u32, busy: &[u64], answer: &str) -> [String; 2] {
        let mut discussions = Discussions::default();
        discussions.list[0].entries.push(Entry {
            role: ASSISTANT.to_owned(),
            text: answer.to_owned(),
            ..Entry::default()
        });
        let pending = busy.iter().map(|discussion| Pending {
            request: 1,
            discussion: *discussion,
            entry: 1,
        });
        let work = Work {
            needs: &Dependencies::new(tickets),
            limit,
            discussions: &discussions,
            pending: &PendingRequests(pending.collect()),
        };
        let told = |result: Result<(), WorkError>| match result {
            Ok(()) => "yes".to_owned(),
            Err(error) => error.to_string(),
        };
        let checked = work.to_check(&tickets[0]);
        [
            told(work.can_run(&tickets[0])),
            told(checked.map(|entry| assert_eq!(entry.text, answer))),
        ]
    }

    #[test]
    fn the_assistant_is_asked_up_to_the_limit() {
        let tickets = tickets();
        assert_eq!(can(&tickets, 2, &[], "the work"), ["yes", "yes"]);
        let full =
            "the assistant works on 1 tickets already, so not on #1; wait, or raise the limit";
        assert_eq!(can(&tickets, 1, &[], "the work"), [full, full]);
    }

    #[test]
    fn nothing_is_asked_while_an_answer_is_to_come() {
        let mut tickets = tickets();
        let busy = "the assistant is answering about #1 already; wait, or stop that";
        assert_eq!(can(&tickets, 9, &[7], "the work"), ["yes", "yes"]);
        assert_eq!(can(&tickets, 9, &[1], "the work"), [busy, busy]);
        tickets[0].check = Some(7);
        assert_eq!(can(&tickets, 9, &[7], "the work"), ["yes", busy]);
        tickets[0].run = Run::Checked { after: 9 };
        assert_eq!(can(&tickets, 9, &[], "the work"), [busy, busy]);
    }

    #[test]
    fn what_cannot_be_begun_or_checked_says_why() {
        let mut tickets = tickets();
        let none = "#1 has no whole answer that can be checked; run it first";
        assert_eq!(can(&tickets, 9, &[], ""), ["yes", none]);
        let cut = "half\n\n> **No answer:** cut";
        assert_eq!(can(&tickets, 9, &[], cut), ["yes", none]);
        tickets[0].blocked = Some("no paint".to_owned());
        let blocked = "#1 is blocked: no paint; resolve that first";
        assert_eq!(can(&tickets, 9, &[], "the work"), [blocked, "yes"]);
        tickets[0].status = Status::Done;
        let done = "#1 is done; move it to another column first";
        assert_eq!(can(&tickets, 9, &[], "the work"), [done, "yes"]);
    }
}

//! Why something is not done with a ticket.

use slop_state::describe_circle;

/// Why a ticket is left as it is.
#[derive(thiserror::Error, Clone, Debug, PartialEq, Eq)]
pub(super) enum TicketError {
    /// It was deleted meanwhile.
    #[error("there is no ticket #{0}; if it was deleted, Edit › Bring back returns it")]
    Missing(u32),
    /// It was to depend on one that was deleted meanwhile.
    #[error("#{number} cannot depend on #{missing}, which is missing; choose another")]
    NoSuchNeed {
        /// The ticket.
        number: u32,
        /// What it was to depend on.
        missing: u32,
    },
    /// It was to depend on itself.
    #[error(
        "#{number} would wait for itself: {}; remove one of these dependencies first",
        describe_circle(.circle)
    )]
    Circle {
        /// The ticket.
        number: u32,
        /// From the ticket to itself, each before what it depends on.
        circle: Vec<u32>,
    },
    /// The assistant was to work on what cannot be begun.
    #[error("#{number} is blocked: {why}; resolve that first")]
    Blocked {
        /// The ticket.
        number: u32,
        /// Why it cannot be begun.
        why: String,
    },
    /// The assistant was to work on what is done.
    #[error("#{0} is done; move it to another column first")]
    Done(u32),
    /// The assistant is working on it, or answers in its discussion.
    #[error("the assistant is busy with #{0}; wait, or cancel it")]
    Busy(u32),
    /// QA was to check what is not there.
    #[error("#{0} has no whole answer that can be checked; run it first")]
    NoAnswer(u32),
    /// The assistant is working on as many as it may.
    #[error("the assistant works on {limit} tickets already, so not on #{number}; wait, or raise the limit")]
    AtLimit {
        /// The ticket.
        number: u32,
        /// How many it may work on.
        limit: u32,
    },
}

//! Why something is not done with a ticket.

use slop_common::WorkError;
use slop_state::describe_circle;

/// Why a ticket is not as somebody wanted it.
#[derive(thiserror::Error, Clone, Debug, PartialEq, Eq)]
pub(super) enum TicketError {
    /// It was deleted meanwhile.
    #[error("there is no ticket #{0}; if it was deleted, Edit › Bring back returns it")]
    Missing(u32),
    /// It was to depend on one that never was.
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
    /// The assistant cannot be asked about it now.
    #[error(transparent)]
    Work(#[from] WorkError),
}

//! Tickets and the board that they are on.

use bevy::prelude::*;
use serde::{Deserialize, Serialize};

use crate::Tier;

/// Something to be done. An entity for each.
#[derive(Component, Reflect, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
pub struct Ticket {
    /// Counts the tickets, from 1; never given out twice.
    pub number: u32,
    /// In a few words.
    pub title: String,
    /// All there is to say, in CommonMark.
    pub text: String,
    /// Where it stands.
    pub status: Status,
    /// Its place in its column: smaller ones are higher.
    pub rank: f64,
    /// The numbers of tickets that must be done before it.
    pub depends_on: Vec<u32>,
    /// Why nobody is to begin with it, if somebody said so. What it waits for is no part of this: it
    /// follows from the other tickets.
    #[serde(default)]
    pub blocked: Option<String>,
    /// The id of the discussion about it. That may have been deleted, and may come back.
    #[serde(default)]
    pub discussion: Option<u64>,
    /// Whether the assistant is working on it.
    #[serde(default)]
    pub run: Run,
    /// Who works on it.
    #[serde(default)]
    pub tier: Tier,
    /// The id of the discussion with QA about it. That may have been deleted, and may come back.
    #[serde(default)]
    pub check: Option<u64>,
    /// What QA said of the last answer, if it was asked.
    #[serde(default)]
    pub verdict: Option<Verdict>,
}

/// Whether the assistant is working on a ticket, or what kept it from that. It is state, so that
/// nothing is asked twice, whatever is reloaded, rolled back or started again meanwhile.
#[derive(Reflect, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
pub enum Run {
    /// It is not.
    #[default]
    Idle,
    /// It was asked.
    Asked {
        /// The last id that was given out before. The answer's entry has a greater one.
        after: u64,
    },
    /// There was no whole answer, and this is why.
    Failed(String),
    /// QA was asked about the answer.
    Checked {
        /// The last id that was given out before. The entry with the verdict has a greater one.
        after: u64,
    },
    /// QA gave no verdict, and this is why.
    Unchecked(String),
}

impl Run {
    /// Whether an answer is still to come.
    #[must_use]
    pub fn is_under_way(&self) -> bool {
        matches!(self, Self::Asked { .. } | Self::Checked { .. })
    }
}

/// What QA said of an answer.
#[derive(Reflect, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It does what the ticket asks for.
    Passed,
    /// It does not, and this is why.
    Failed(String),
}

/// Where a ticket stands.
#[derive(
    Reflect, Serialize, Deserialize, Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord,
)]
pub enum Status {
    /// Not begun.
    #[default]
    Todo,
    /// Being worked on.
    Active,
    /// To be looked at.
    Review,
    /// Over.
    Done,
}

impl Status {
    /// In the order in which a ticket goes through them.
    pub const ALL: [Self; 4] = [Self::Todo, Self::Active, Self::Review, Self::Done];

    /// For people.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Todo => "Todo",
            Self::Active => "Active",
            Self::Review => "Review",
            Self::Done => "Done",
        }
    }
}

/// The last number that a ticket was given.
#[derive(Resource, Reflect, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
pub struct TicketNumbers {
    /// 0 before the first.
    pub last: u32,
}

/// The numbers of the tickets that are being worked on, in order. Derived from the tickets.
#[derive(Resource, Reflect, Clone, Debug, Default, PartialEq, Eq)]
pub struct ActiveTickets(pub Vec<u32>);

/// How the board is looked at.
#[derive(Resource, Reflect, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
pub struct Board {
    /// Only tickets whose number, title or text contains it are shown.
    pub filter: String,
    /// The number of the ticket in the detail pane.
    pub selected: Option<u32>,
    /// The ticket in the detail pane as it is being edited, until it is saved.
    pub draft: Option<Ticket>,
    /// Whether the tickets are shown as a graph of what depends on what.
    #[serde(default)]
    pub graph: bool,
}

/// How the assistant gets its tickets. Kept with the tickets of the project.
#[derive(Resource, Reflect, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[serde(default)]
pub struct TicketQueue {
    /// Who decides that it is asked.
    pub mode: QueueMode,
    /// How many tickets it works on at once, at most.
    pub limit: u32,
    /// The numbers of tickets that are not offered again.
    pub skipped: Vec<u32>,
}

impl TicketQueue {
    /// The highest limit that can be set.
    pub const MOST: u32 = 16;
}

impl Default for TicketQueue {
    fn default() -> Self {
        Self {
            mode: QueueMode::Off,
            limit: 2,
            skipped: Vec::new(),
        }
    }
}

/// Who decides that the assistant is asked about a ticket.
#[derive(Reflect, Serialize, Deserialize, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum QueueMode {
    /// A person, who chooses the ticket.
    #[default]
    Off,
    /// A person, who is offered one after the other.
    Step,
    /// Nobody: what is ready is asked about.
    Auto,
}

impl QueueMode {
    /// In the order in which they are offered.
    pub const ALL: [Self; 3] = [Self::Off, Self::Step, Self::Auto];

    /// For people.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Off => "Off",
            Self::Step => "Step",
            Self::Auto => "Auto",
        }
    }
}

//! Tickets and the board that they are on.

use bevy::prelude::*;
use serde::{Deserialize, Serialize};

/// Something to be done. An entity for each.
#[derive(Component, Reflect, Serialize, Deserialize, Clone, Debug, PartialEq)]
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
}

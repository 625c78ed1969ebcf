//! The state of the app: resources and components. They stay in the world across reloads.

use bevy::{prelude::*, utils::HashMap};
use serde::{Deserialize, Serialize};

/// Everything a person would miss, of the discussions.
#[derive(Resource, Reflect, Serialize, Deserialize, Clone, Debug, PartialEq)]
pub struct Discussions {
    /// In the order in which they are listed.
    pub list: Vec<Discussion>,
    /// The index of the one that is shown.
    pub active: usize,
    /// The roles that an entry can have.
    pub roles: Vec<String>,
}

impl Default for Discussions {
    fn default() -> Self {
        Self {
            list: vec![Discussion::named("Main")],
            active: 0,
            roles: ["User", "AI", "Context", "System"].map(Into::into).to_vec(),
        }
    }
}

/// One thread of entries.
#[derive(Reflect, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
pub struct Discussion {
    /// Shown in the list.
    pub name: String,
    /// The oldest first.
    pub entries: Vec<Entry>,
}

impl Discussion {
    /// Without entries.
    #[must_use]
    pub fn named(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            entries: Vec::new(),
        }
    }
}

/// One contribution to a discussion.
#[derive(Reflect, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
pub struct Entry {
    /// Who speaks.
    pub role: String,
    /// What is said.
    pub text: String,
}

/// What is being written and has not been sent.
#[derive(Resource, Reflect, Serialize, Deserialize, Clone, Debug, PartialEq)]
pub struct Composer {
    /// Of the entry to be.
    pub role: String,
    /// Of the entry to be.
    pub text: String,
    /// The title of the ticket to be.
    pub ticket: String,
}

impl Default for Composer {
    fn default() -> Self {
        Self {
            role: "User".to_owned(),
            text: String::new(),
            ticket: String::new(),
        }
    }
}

/// How the windows are laid out.
#[derive(Resource, Reflect, Serialize, Deserialize, Clone, Debug, PartialEq)]
pub struct Layout {
    /// Which windows are open, by title.
    pub show_windows: HashMap<String, bool>,
    /// The share of the Discussion Hub's height above the composer, from 0 to 1.
    pub ui_discussion_split_h: f32,
}

impl Default for Layout {
    fn default() -> Self {
        Self {
            show_windows: [("Discussion Hub", true), ("MMA Dashboard", true)]
                .map(|(title, open)| (title.to_owned(), open))
                .into_iter()
                .collect(),
            ui_discussion_split_h: 0.72,
        }
    }
}

/// Something to be done. An entity for each.
#[derive(Component, Reflect, Serialize, Deserialize, Clone, Debug, PartialEq)]
pub struct Ticket {
    /// Counts the tickets, from 1; never given out twice.
    pub number: u32,
    /// In a few words.
    pub title: String,
    /// Where it stands.
    pub status: Status,
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

/// What the gui asks for and the controller does.
#[derive(Event, Reflect, Clone, Debug, PartialEq)]
pub enum Action {
    /// Starts a discussion and shows it.
    AddDiscussion,
    /// Shows the discussion of this index.
    SelectDiscussion(usize),
    /// Makes an entry of what the composer holds, in the discussion that is shown.
    AddEntry,
    /// Makes a ticket of the title that the composer holds.
    AddTicket,
    /// Moves a ticket to another status.
    MoveTicket(Entity, Status),
}

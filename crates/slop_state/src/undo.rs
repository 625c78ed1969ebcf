//! What was deleted, or overwritten.

use bevy::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{Discussion, Entry, Proposed, Take, Ticket};

/// How much of it can be brought back.
const KEPT: usize = 50;

/// What was deleted last, the oldest first.
#[derive(Resource, Reflect, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
pub struct Undo(pub Vec<Deleted>);

impl Undo {
    /// What would be brought back, in a few words.
    #[must_use]
    pub fn describe(&self) -> Option<String> {
        Some(match self.0.last()? {
            Deleted::Discussion { discussion, .. } => format!("discussion “{}”", discussion.name),
            Deleted::Entry { entry, .. } => format!("an entry of {}", entry.role),
            Deleted::Text { .. } => "a text for an entry".to_owned(),
            Deleted::Proposal { .. } => "a proposal of tickets".to_owned(),
            Deleted::Ticket { ticket, .. } => format!("ticket #{}", ticket.number),
        })
    }

    /// Remembers what was deleted just now.
    pub fn push(&mut self, deleted: Deleted) {
        if self.0.len() == KEPT {
            self.0.remove(0);
        }
        self.0.push(deleted);
    }
}

/// Something that was deleted, and its place.
#[derive(Reflect, Serialize, Deserialize, Clone, Debug, PartialEq)]
pub enum Deleted {
    /// A discussion.
    Discussion {
        /// Its place in the list.
        index: usize,
        /// It.
        discussion: Discussion,
        /// The id of the empty one that took its place, if it was the last.
        stand_in: Option<u64>,
    },
    /// An entry.
    Entry {
        /// The id of its discussion.
        discussion: u64,
        /// Its place in the discussion.
        index: usize,
        /// It.
        entry: Entry,
        /// The id of the one above it.
        #[serde(default)]
        after: Option<u64>,
        /// Its other takes, and theirs.
        #[serde(default)]
        takes: Vec<Take>,
    },
    /// A text for an entry: what it said before an edit, or an edit that was given up.
    Text {
        /// The id of the entry.
        entry: u64,
        /// It.
        text: String,
    },
    /// What the orchestrator had proposed.
    Proposal {
        /// The tickets, as a person had changed them.
        proposal: Vec<Proposed>,
        /// The id of the discussion with the orchestrator.
        discussion: Option<u64>,
    },
    /// A ticket. Its status and its rank are its place.
    Ticket {
        /// It.
        ticket: Ticket,
        /// The numbers of the tickets that depended on it.
        needed_by: Vec<u32>,
    },
}

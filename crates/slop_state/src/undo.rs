//! What was deleted, or overwritten.

use std::iter;

use bevy::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{Discussion, Entry, Proposed, Take, Ticket, ToolCall};

/// How much of it can be brought back.
const KEPT: usize = 50;

/// How long its texts may be together, in bytes, for all of it is copied and written with each change of anything. The
/// newest is kept however long it is.
const MOST: usize = 20_000_000;

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

    /// Whether this text for an entry can be brought back.
    #[must_use]
    pub fn has_text(&self, entry: u64, text: &str) -> bool {
        self.0.iter().any(|deleted| match deleted {
            Deleted::Text {
                entry: of,
                text: kept,
            } => *of == entry && kept == text,
            _ => false,
        })
    }

    /// Remembers what was deleted just now, once.
    pub fn push(&mut self, deleted: Deleted) {
        self.0.retain(|other| *other != deleted);
        self.0.push(deleted);
        while self.0.len() > KEPT || (self.0.len() > 1 && self.length() > MOST) {
            self.0.remove(0);
        }
    }

    /// The same. If it has the entry in it that somebody is `editing`, what was typed for that is remembered too, and
    /// comes back after it.
    pub fn push_with_edit(&mut self, deleted: Deleted, editing: Option<&(u64, String)>) {
        if let Some((id, text)) = editing {
            let mut entries = deleted.entries().into_iter();
            let is_typed = entries.any(|entry| entry.id == *id && entry.text != *text);
            if is_typed && !self.has_text(*id, text) {
                let (entry, text) = (*id, text.clone());
                self.push(Deleted::Text { entry, text });
            }
        }
        self.push(deleted);
    }

    /// Remembers what is to be brought back after all else.
    pub fn put_behind(&mut self, deleted: Deleted) {
        self.0.insert(0, deleted);
    }

    fn length(&self) -> usize {
        self.0.iter().map(Deleted::length).sum()
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

impl Deleted {
    /// All entries that are in it.
    fn entries(&self) -> Vec<&Entry> {
        match self {
            Self::Discussion { discussion, .. } => discussion.all_entries().collect(),
            Self::Entry { entry, takes, .. } => {
                let others = takes.iter().flat_map(|take| &take.entries);
                iter::once(entry).chain(others).collect()
            }
            Self::Text { .. } | Self::Proposal { .. } | Self::Ticket { .. } => Vec::new(),
        }
    }

    /// About how long its texts are, in bytes.
    fn length(&self) -> usize {
        match self {
            Self::Discussion { .. } | Self::Entry { .. } => {
                self.entries().into_iter().map(length).sum()
            }
            Self::Text { text, .. } => text.len(),
            Self::Proposal { proposal, .. } => proposal.iter().map(|one| one.text.len()).sum(),
            Self::Ticket { ticket, .. } => ticket.text.len(),
        }
    }
}

/// What was said in the rounds before is in the text.
fn length(entry: &Entry) -> usize {
    let of_call = |call: &ToolCall| {
        let told = [&call.result, &call.edited, &call.diff];
        let told = told.into_iter().flatten().map(String::len);
        call.arguments.len() + told.sum::<usize>()
    };
    let calls = entry.rounds.iter().flat_map(|round| &round.calls);
    entry.text.len() + entry.thoughts.len() + calls.map(of_call).sum::<usize>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_long_makes_room_for_what_is_newer() {
        let text = |entry, length| Deleted::Text {
            entry,
            text: "a".repeat(length),
        };
        let entry = Entry {
            text: "a".repeat(MOST / 2),
            ..Entry::default()
        };
        let discussion = Discussion {
            aside: vec![Take {
                entries: vec![entry],
            }],
            ..Discussion::default()
        };
        let discussion = Deleted::Discussion {
            index: 0,
            discussion,
            stand_in: None,
        };
        let mut undo = Undo::default();
        undo.push(text(1, 1));
        undo.push(discussion.clone());
        undo.push(text(2, MOST / 2));
        // Not with their values, which are long.
        assert!(undo.0 == [discussion, text(2, MOST / 2)]);
        undo.push(text(3, 2 * MOST));
        assert!(undo.0 == [text(3, 2 * MOST)]);
    }

    #[test]
    fn what_is_deleted_again_is_there_once() {
        let text = |entry| Deleted::Text {
            entry,
            text: "a".to_owned(),
        };
        let mut undo = Undo::default();
        for entry in [1, 2, 1] {
            undo.push(text(entry));
        }
        assert_eq!(undo.0, [text(2), text(1)]);
    }
}

//! What the entries of a discussion are drawn from.

use slop_state::{Discussion, Entry, Prices};
use slop_ui::Theme;

/// A discussion, and what of it is shown.
pub(super) struct Thread<'a> {
    pub(super) discussion: &'a Discussion,
    /// The indices of the entries that are shown.
    pub(super) shown: Vec<usize>,
    /// The id of the last entry of the assistant.
    pub(super) answer: Option<u64>,
    pub(super) is_searched: bool,
    /// The id of the entry that is being edited.
    pub(super) editing: Option<u64>,
    /// The name of the discussion with the entry that is being edited, if that has changed.
    pub(super) unsaved: Option<&'a str>,
    pub(super) roles: &'a [String],
    pub(super) streaming: &'a [u64],
    pub(super) prices: &'a Prices,
    pub(super) theme: &'a Theme,
}

impl<'a> Thread<'a> {
    /// The entry at a place among those that are shown.
    pub(super) fn entry(&self, place: usize) -> &'a Entry {
        &self.discussion.entries[self.shown[place]]
    }

    /// The same, with what its buttons need.
    pub(super) fn row(&self, place: usize) -> Row<'a> {
        let entry = self.entry(place);
        let index = self.shown[place] as i32;
        let way = |other: usize| other as i32 - index;
        Row {
            entry,
            up: place.checked_sub(1).map(|above| way(self.shown[above])),
            down: self.shown.get(place + 1).map(|below| way(*below)),
            is_streaming: self.streaming.contains(&entry.id),
            is_edited: self.editing == Some(entry.id),
            is_answer: self.answer == Some(entry.id),
            takes: self.discussion.takes(entry),
        }
    }
}

/// An entry that is shown.
pub(super) struct Row<'a> {
    pub(super) entry: &'a Entry,
    /// How far it is to the place of the one above it.
    pub(super) up: Option<i32>,
    /// How far it is to the place of the one below it.
    pub(super) down: Option<i32>,
    pub(super) is_streaming: bool,
    pub(super) is_edited: bool,
    /// Whether it is the last of the assistant.
    pub(super) is_answer: bool,
    /// The ids of all takes of its place, itself included, the oldest first.
    pub(super) takes: Vec<u64>,
}

//! Takes: what else was said at a place of a discussion, and how it went on from there.

use bevy::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{Discussion, Entry};

/// A take that is not shown, with all that followed it.
///
/// Whatever is shown at the place of its first entry can be exchanged for it. That place may be
/// among the entries of another take, which has to be shown first then.
#[derive(Reflect, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
pub struct Take {
    /// The take itself, and what followed it. Never empty.
    pub entries: Vec<Entry>,
}

impl Take {
    /// Whether it can be shown at this place.
    fn is_of(&self, place: u64) -> bool {
        let first = self.entries.first();
        first.is_some_and(|first| first.place() == place)
    }
}

impl Discussion {
    /// The ids of the takes of the place of an entry that is shown, its own included, the oldest
    /// first.
    #[must_use]
    pub fn takes(&self, entry: &Entry) -> Vec<u64> {
        let others = self.aside.iter().filter(|take| take.is_of(entry.place()));
        let others = others.filter_map(|take| take.entries.first());
        let mut ids: Vec<u64> = others.map(|other| other.id).chain([entry.id]).collect();
        // Ids grow.
        ids.sort_unstable();
        ids
    }

    /// Puts a new take at the place of an entry that is shown. That one is set aside with all that
    /// follows it. Whether there is such an entry.
    pub fn retake(&mut self, id: u64, mut new: Entry) -> bool {
        let Some(index) = self.entries.iter().position(|entry| entry.id == id) else {
            return false;
        };
        new.take_of = self.entries[index].place();
        let entries = self.entries.split_off(index);
        self.aside.push(Take { entries });
        self.entries.push(new);
        true
    }

    /// Exchanges takes so that an entry is shown. Whether there is one of this id.
    pub fn show(&mut self, id: u64) -> bool {
        // From the take that the entry is in back to one whose place is shown.
        let mut way = Vec::new();
        let mut sought = id;
        while self.entries.iter().all(|entry| entry.id != sought) {
            let mut takes = self.aside.iter();
            let found = takes.position(|take| take.entries.iter().any(|entry| entry.id == sought));
            // Of a damaged state nothing is changed: takes may lead nowhere there, or in a circle.
            let Some(index) = found.filter(|index| !way.contains(index)) else {
                return false;
            };
            way.push(index);
            let Some(holder) = self.holder(index) else {
                return false;
            };
            sought = holder;
        }
        for index in way.into_iter().rev() {
            self.exchange(index);
        }
        true
    }

    /// The id of the entry that is shown if the way to the place of a take is, and not that take.
    fn holder(&self, index: usize) -> Option<u64> {
        let place = self.aside[index].entries.first()?.place();
        let aside = self.aside.iter();
        let followers = aside.flat_map(|take| take.entries.iter().skip(1));
        let mut holders = self.entries.iter().chain(followers);
        holders
            .find(|entry| entry.place() == place)
            .map(|entry| entry.id)
    }

    /// Exchanges a take for the one that is shown at its place.
    fn exchange(&mut self, index: usize) {
        let take = &self.aside[index];
        if let Some(at) = self.entries.iter().position(|e| take.is_of(e.place())) {
            let shown = self.entries.split_off(at);
            let take = std::mem::replace(&mut self.aside[index].entries, shown);
            self.entries.extend(take);
        }
    }

    /// Takes out the entry at an index of those that are shown, with its other takes, and theirs.
    /// What follows it stays.
    pub fn remove(&mut self, index: usize) -> (Entry, Vec<Take>) {
        let entry = self.entries.remove(index);
        let mut removed = Vec::new();
        let mut places = vec![entry.place()];
        while let Some(place) = places.pop() {
            let aside = std::mem::take(&mut self.aside).into_iter();
            let (gone, kept): (Vec<_>, Vec<_>) = aside.partition(|take| take.is_of(place));
            self.aside = kept;
            let followers = gone.iter().flat_map(|take| take.entries.iter().skip(1));
            places.extend(followers.map(Entry::place));
            removed.extend(gone);
        }
        (entry, removed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(id: u64) -> Entry {
        Entry {
            id,
            ..Entry::default()
        }
    }

    fn discussion(ids: &[u64]) -> Discussion {
        Discussion {
            entries: ids.iter().copied().map(entry).collect(),
            ..Discussion::default()
        }
    }

    #[track_caller]
    fn check(discussion: &Discussion, expected: &[u64]) {
        let shown: Vec<_> = discussion.entries.iter().map(|entry| entry.id).collect();
        assert_eq!(shown, expected);
    }

    fn takes(discussion: &Discussion, id: u64) -> Vec<u64> {
        discussion.takes(discussion.entry(id).unwrap())
    }

    /// 1, 2 and 3, of which 2 has another take, 4, that is followed by 5. Of 5 there is 6.
    fn branched() -> Discussion {
        let mut discussion = discussion(&[1, 2, 3]);
        assert!(discussion.retake(2, entry(4)));
        discussion.entries.push(entry(5));
        assert!(discussion.retake(5, entry(6)));
        assert!(!discussion.retake(3, entry(7)));
        discussion
    }

    #[test]
    fn what_follows_belongs_to_the_take_that_it_followed() {
        let mut discussion = branched();
        check(&discussion, &[1, 4, 6]);
        assert_eq!(takes(&discussion, 1), [1]);
        assert_eq!(takes(&discussion, 4), [2, 4]);
        assert_eq!(takes(&discussion, 6), [5, 6]);
        assert!(discussion.show(2));
        check(&discussion, &[1, 2, 3]);
        assert_eq!(takes(&discussion, 2), [2, 4]);
        assert!(discussion.show(4));
        check(&discussion, &[1, 4, 6]);
    }

    #[test]
    fn a_take_within_a_take_is_found() {
        let mut discussion = branched();
        discussion.show(3);
        check(&discussion, &[1, 2, 3]);
        assert!(discussion.show(5));
        check(&discussion, &[1, 4, 5]);
        assert_eq!(takes(&discussion, 5), [5, 6]);
        let before = discussion.clone();
        assert!(discussion.show(5));
        assert!(!discussion.show(77));
        assert_eq!(discussion, before);
    }

    #[test]
    fn nothing_is_lost_in_a_long_history_of_edits() {
        let mut discussion = discussion(&[1, 2, 3, 4, 5]);
        let mut last = 5;
        // In no particular order.
        for step in 0..200_usize {
            let shown: Vec<u64> = discussion.entries.iter().map(|entry| entry.id).collect();
            last += 1;
            match step * 7 % 5 {
                0 | 3 => discussion.entries.push(entry(last)),
                1 => assert!(discussion.retake(shown[step * 13 % shown.len()], entry(last))),
                _ => {
                    last -= 1;
                    assert!(discussion.show(1 + (step as u64 * 31) % last));
                }
            }
            let mut ids: Vec<u64> = discussion.all_entries().map(|entry| entry.id).collect();
            ids.sort_unstable();
            assert_eq!(ids, (1..=last).collect::<Vec<_>>());
        }
        for id in 1..=last {
            assert!(discussion.show(id), "{id}");
            assert!(discussion.entries.iter().any(|entry| entry.id == id));
        }
    }

    #[test]
    fn an_entry_is_removed_with_its_takes_and_theirs() {
        let mut discussion = branched();
        discussion.show(2);
        let (removed, takes) = discussion.remove(1);
        assert_eq!(removed.id, 2);
        check(&discussion, &[1, 3]);
        assert_eq!(discussion.aside, []);
        let ids = takes.iter().flat_map(|take| &take.entries);
        assert_eq!(ids.map(|entry| entry.id).collect::<Vec<_>>(), [4, 6, 5]);
    }

    #[test]
    fn a_damaged_state_is_left_as_it_is() {
        let mut discussion = discussion(&[1]);
        let mut lost = entry(9);
        lost.take_of = 8;
        // Each can be reached through the other only.
        let mut circle = [(2, 4, 3), (5, 3, 4)].map(|(id, of, follower)| {
            let mut first = entry(id);
            first.take_of = of;
            let entries = vec![first, entry(follower)];
            Take { entries }
        });
        circle[0].entries.push(entry(6));
        discussion.aside = vec![Take {
            entries: vec![lost],
        }];
        discussion.aside.extend(circle);
        let before = discussion.clone();
        for id in [9, 2, 6] {
            assert!(!discussion.show(id), "{id}");
        }
        assert_eq!(discussion, before);
    }
}

//! Which files are named in what was said.

use std::{
    collections::HashSet,
    hash::{DefaultHasher, Hash, Hasher},
};

use bevy::ecs::component::Tick;
use slop_state::Entry;

use crate::ASSISTANT;

/// The names in what was said, but not by the assistant: it is not to choose what it is shown.
#[derive(Debug, Default)]
pub struct Names(HashSet<String>);

/// Names that are read anew only when something else was said, for whoever asks in each frame. A digest of
/// texts takes far less than to take them apart, and no second copy of them.
#[derive(Debug, Default)]
pub struct KnownNames {
    /// When what the entries are in had changed, as it was last looked at.
    changed: Option<Tick>,
    digest: Option<u64>,
    names: Names,
}

impl KnownNames {
    /// Those in what was said in these entries, as of [`Names::of`]. They are not even looked at unless what
    /// they are in has `changed` at another time.
    pub fn of(&mut self, entries: &[Entry], changed: Tick) -> &Names {
        if self.changed != Some(changed) {
            self.changed = Some(changed);
            let digest = Some(digest(entries));
            if self.digest != digest {
                self.digest = digest;
                self.names = Names::of(entries);
            }
        }
        &self.names
    }
}

/// Of what was said by others than the assistant.
fn digest(entries: &[Entry]) -> u64 {
    let mut hasher = DefaultHasher::new();
    said(entries).for_each(|text| text.hash(&mut hasher));
    hasher.finish()
}

/// What was said by others than the assistant.
fn said<'a>(entries: impl IntoIterator<Item = &'a Entry>) -> impl Iterator<Item = &'a String> {
    let said = entries.into_iter();
    let said = said.filter(|entry| entry.role != ASSISTANT);
    said.map(|entry| &entry.text)
}

impl Names {
    /// Those in what was said in these entries.
    pub fn of<'a>(entries: impl IntoIterator<Item = &'a Entry>) -> Self {
        let words = said(entries).flat_map(|text| words(text));
        Self(words.map(str::to_owned).collect())
    }

    /// Whether a path from the project's folder is named: in full, or by its end from some folder on.
    /// The last part alone is a name if it has an ending, so that `a test` names no file `test`.
    pub fn has(&self, path: &str) -> bool {
        if self.0.contains(path) {
            return true;
        }
        let ends = path.match_indices('/').map(|(at, _)| &path[at + 1..]);
        let mut ends = ends.filter(|end| end.contains(['/', '.']));
        ends.any(|end| self.0.contains(end))
    }
}

/// What may be paths.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '-' | '/' | '+' | '@');
    let words = text.split(move |c: char| !is_part(c));
    let words = words.map(|word| word.trim_end_matches(['.', '/', '-']));
    let words = words.map(|word| word.strip_prefix("./").unwrap_or(word));
    words.filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, path: &str, is_named: bool) {
        let entry = |role: &str, text: &str| Entry {
            role: role.to_owned(),
            text: text.to_owned(),
            ..Entry::default()
        };
        let names = Names::of(&[entry("User", text), entry("AI", "see secret.rs")]);
        assert_eq!(names.has(path), is_named, "{path} in {text}");
        assert!(!names.has("secret.rs"));
    }

    #[test]
    fn a_path_is_named_in_full_or_by_its_end() {
        check("Mend `src/a/b.rs`, please.", "src/a/b.rs", true);
        check("It is in ./src/a/b.rs:12.", "src/a/b.rs", true);
        check("Mend a/b.rs.", "src/a/b.rs", true);
        check("(b.rs)", "src/a/b.rs", true);
        check("Read the Makefile", "Makefile", true);
    }

    #[test]
    fn names_are_read_anew_only_when_something_else_was_said() {
        let entry = |role: &str, text: &str| Entry {
            role: role.to_owned(),
            text: text.to_owned(),
            ..Entry::default()
        };
        let mut entries = vec![entry("User", "a.rs")];
        let mut known = KnownNames::default();
        let place = |known: &mut KnownNames, entries: &[Entry], changed: u32| {
            let names = known.of(entries, Tick::new(changed));
            names.0.get("a.rs").map(|name| name.as_ptr())
        };
        let first = place(&mut known, &entries, 0);
        assert!(first.is_some());
        // Neither a look nor an answer that comes in is a reason.
        entries.push(entry(ASSISTANT, "b.rs"));
        assert_eq!(place(&mut known, &entries, 1), first);
        entries.push(entry("User", "c.rs"));
        assert!(known.of(&entries, Tick::new(2)).has("c.rs"));
        // As long as before, but another.
        "d.rs".clone_into(&mut entries[2].text);
        assert!(known.of(&entries, Tick::new(2)).has("c.rs"), "a look");
        let names = known.of(&entries, Tick::new(3));
        assert!(names.has("a.rs") && names.has("d.rs"));
        assert!(!names.has("b.rs") && !names.has("c.rs"));
        // It has another role now, and then it is gone.
        entries[1].role = "User".to_owned();
        assert!(known.of(&entries, Tick::new(4)).has("b.rs"));
        entries.clear();
        assert!(!known.of(&entries, Tick::new(5)).has("a.rs"));
    }

    #[test]
    fn what_only_looks_like_it_is_not_named() {
        check("Mend bb.rs", "src/b.rs", false);
        check("Mend a/b.rs", "src/aa/b.rs", false);
        check("Write a test", "crates/x/test", false);
        check("Mend src/a", "src/a/b.rs", false);
        check("", "b.rs", false);
    }
}

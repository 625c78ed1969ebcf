//! Which files are named in what was said.

use std::collections::HashSet;

use slop_state::Entry;

use crate::ASSISTANT;

/// The names in what was said, but not by the assistant: it is not to choose what it is shown.
pub struct Names(HashSet<String>);

impl Names {
    /// Those in what was said in these entries.
    pub fn of<'a>(entries: impl IntoIterator<Item = &'a Entry>) -> Self {
        let said = entries.into_iter();
        let said = said.filter(|entry| entry.role != ASSISTANT);
        let words = said.flat_map(|entry| words(&entry.text));
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
    fn what_only_looks_like_it_is_not_named() {
        check("Mend bb.rs", "src/b.rs", false);
        check("Mend a/b.rs", "src/aa/b.rs", false);
        check("Write a test", "crates/x/test", false);
        check("Mend src/a", "src/a/b.rs", false);
        check("", "b.rs", false);
    }
}

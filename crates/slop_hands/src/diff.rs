//! What becomes of a text, line by line.

use std::{fmt, ops::Range};

use crate::path::is_hidden;

/// How many lines that stay are shown around those that do not.
const AROUND: usize = 3;
/// How many pairs of lines are compared at most, between the first and the last that differ. If there
/// are more, all of those count as replaced, which is as true.
const MOST: usize = 4_000_000;

/// What becomes of a text, with some lines around each place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Diff {
    /// In order. Before each place is a line of [`Mark::Place`], and one before all if lines end in CR LF.
    pub lines: Vec<Line>,
    /// How many lines come.
    pub added: usize,
    /// How many lines go.
    pub removed: usize,
}

/// One line of a diff.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// What becomes of it.
    pub mark: Mark,
    /// As it can be shown: what cannot be seen is replaced. Without its end.
    pub text: String,
}

/// What becomes of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// It is no line of the text but says where the next ones are, or how lines end.
    Place,
    /// It stays.
    Kept,
    /// It comes.
    Added,
    /// It goes.
    Removed,
}

impl Mark {
    /// What a unified diff begins such a line with.
    #[must_use]
    pub fn sign(self) -> &'static str {
        match self {
            Self::Place => "",
            Self::Kept => " ",
            Self::Added => "+",
            Self::Removed => "-",
        }
    }
}

impl Diff {
    /// What makes `after` of `before`.
    #[must_use]
    pub fn new(before: &str, after: &str) -> Self {
        let (old, new) = (lines(before), lines(after));
        let steps = steps(&old, &new);
        let count = |mark: Mark| steps.iter().filter(|step| step.mark == mark).count();
        let mut diff = Self {
            lines: Vec::new(),
            added: count(Mark::Added),
            removed: count(Mark::Removed),
        };
        let returns = Returns {
            before: ends_in_cr_lf(before),
            after: ends_in_cr_lf(after),
        };
        let note = returns.note(before, after).filter(|_| before != after);
        diff.lines.extend(note.map(|text| Line {
            mark: Mark::Place,
            text: text.to_owned(),
        }));
        for place in places(&steps) {
            let steps = &steps[place];
            diff.lines.push(Line {
                mark: Mark::Place,
                text: head(steps),
            });
            for step in steps {
                let line = match step.mark {
                    Mark::Added => new[step.new],
                    _ => old[step.old],
                };
                diff.lines.push(Line {
                    mark: step.mark,
                    text: shown(line, returns.are_told(step.mark)),
                });
            }
        }
        diff
    }
}

/// As a unified diff without the names of the files.
impl fmt::Display for Diff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in &self.lines {
            writeln!(f, "{}{}", line.mark.sign(), line.text)?;
        }
        Ok(())
    }
}

/// With their ends, so that a missing one at the end of the file is a difference.
fn lines(text: &str) -> Vec<&str> {
    text.split_inclusive('\n').collect()
}

/// Whether all lines of a text end in CR LF, but for one without an end.
pub(crate) fn ends_in_cr_lf(text: &str) -> bool {
    let ends = text.matches('\n').count();
    ends > 0 && text.matches("\r\n").count() == ends
}

/// Whether all lines end in CR LF, before and after. Then that is told once, and not on each line.
#[derive(Clone, Copy)]
struct Returns {
    before: bool,
    after: bool,
}

impl Returns {
    /// What is told of all lines.
    fn note(self, before: &str, after: &str) -> Option<&'static str> {
        // A text without lines has none that end otherwise.
        let did = self.before || before.is_empty();
        let do_now = self.after || after.is_empty();
        match (self.before, self.after) {
            (false, false) => None,
            _ if did && do_now => Some("(lines end in CR LF)"),
            (true, _) => Some("(lines ended in CR LF, and not all do now)"),
            (false, true) => Some("(lines end in CR LF now, and not all did)"),
        }
    }

    /// Whether the note tells it of lines with such a mark.
    fn are_told(self, mark: Mark) -> bool {
        match mark {
            Mark::Added => self.after,
            Mark::Removed => self.before,
            Mark::Kept | Mark::Place => self.before && self.after,
        }
    }
}

/// A line as it can be shown. That it ends in CR LF may have been told.
fn shown(line: &str, is_told: bool) -> String {
    let Some(text) = line.strip_suffix('\n') else {
        return visible(line) + " (no end of line)";
    };
    match text.strip_suffix('\r') {
        Some(text) if is_told => visible(text),
        Some(text) => visible(text) + " (CR LF)",
        None => visible(text),
    }
}

fn visible(text: &str) -> String {
    let is_shown = |c: char| c == '\t' || !is_hidden(c);
    let seen = text
        .chars()
        .map(|c| if is_shown(c) { c } else { '\u{fffd}' });
    seen.collect()
}

/// What becomes of one line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Step {
    mark: Mark,
    /// The index of the line before, or of the one that it comes in front of.
    old: usize,
    /// The same after.
    new: usize,
}

/// What becomes of all lines.
fn steps(old: &[&str], new: &[&str]) -> Vec<Step> {
    let head = old.iter().zip(new).take_while(is_same).count();
    let (old_rest, new_rest) = (&old[head..], &new[head..]);
    let ends = old_rest.iter().rev().zip(new_rest.iter().rev());
    let tail = ends.take_while(is_same).count();
    let old_part = &old_rest[..old_rest.len() - tail];
    let new_part = &new_rest[..new_rest.len() - tail];

    let mut marks = vec![Mark::Kept; head];
    marks.extend(fewest(old_part, new_part).unwrap_or_else(|| {
        let removed = vec![Mark::Removed; old_part.len()];
        let added = vec![Mark::Added; new_part.len()];
        [removed, added].concat()
    }));
    marks.extend(vec![Mark::Kept; tail]);

    let (mut old_at, mut new_at) = (0, 0);
    let mut steps = Vec::with_capacity(marks.len());
    for mark in marks {
        steps.push(Step {
            mark,
            old: old_at,
            new: new_at,
        });
        old_at += usize::from(mark != Mark::Added);
        new_at += usize::from(mark != Mark::Removed);
    }
    steps
}

fn is_same(pair: &(&&str, &&str)) -> bool {
    pair.0 == pair.1
}

/// The fewest lines that come and go; `None` if there are too many to find that out.
fn fewest(old: &[&str], new: &[&str]) -> Option<Vec<Mark>> {
    if old.len().saturating_mul(new.len()) > MOST {
        return None;
    }
    // How many lines can stay from an old and a new line on, at `old * width + new`.
    let width = new.len() + 1;
    let mut stay = vec![0_u32; (old.len() + 1) * width];
    for (old_at, line) in old.iter().enumerate().rev() {
        for (new_at, other) in new.iter().enumerate().rev() {
            let at = old_at * width + new_at;
            stay[at] = if line == other {
                stay[at + width + 1] + 1
            } else {
                stay[at + width].max(stay[at + 1])
            };
        }
    }
    let mut marks = Vec::new();
    let (mut old_at, mut new_at) = (0, 0);
    while old_at < old.len() && new_at < new.len() {
        let at = old_at * width + new_at;
        if old[old_at] == new[new_at] {
            marks.push(Mark::Kept);
            old_at += 1;
            new_at += 1;
        } else if stay[at + width] >= stay[at + 1] {
            marks.push(Mark::Removed);
            old_at += 1;
        } else {
            marks.push(Mark::Added);
            new_at += 1;
        }
    }
    marks.extend(vec![Mark::Removed; old.len() - old_at]);
    marks.extend(vec![Mark::Added; new.len() - new_at]);
    Some(marks)
}

/// Where something comes or goes, with the lines around it. What meets is one place.
fn places(steps: &[Step]) -> Vec<Range<usize>> {
    let mut places: Vec<Range<usize>> = Vec::new();
    for (at, step) in steps.iter().enumerate() {
        if step.mark == Mark::Kept {
            continue;
        }
        let start = at.saturating_sub(AROUND);
        let end = (at + AROUND + 1).min(steps.len());
        match places.last_mut() {
            Some(last) if start <= last.end => last.end = end,
            _ => places.push(start..end),
        }
    }
    places
}

/// Where a place is, as a unified diff says it.
fn head(steps: &[Step]) -> String {
    let part = |other: Mark, at: fn(&Step) -> usize| {
        let count = steps.iter().filter(|step| step.mark != other).count();
        let first = steps.first().map_or(0, at);
        // An empty part is said to be behind the line before.
        let line = first + usize::from(count > 0);
        format!("{line},{count}")
    };
    let old = part(Mark::Added, |step| step.old);
    let new = part(Mark::Removed, |step| step.new);
    format!("@@ -{old} +{new} @@")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(before: &str, after: &str, expected: &str) {
        assert_eq!(Diff::new(before, after).to_string(), expected);
    }

    #[test]
    fn a_place_is_shown_with_what_is_around_it() {
        let before = "1\n2\n3\n4\n5\n6\n7\n8\n9\n";
        check(
            before,
            &before.replace("5\n", "five\nand more\n"),
            "@@ -2,7 +2,8 @@\n 2\n 3\n 4\n-5\n+five\n+and more\n 6\n 7\n 8\n",
        );
        check(before, before, "");
        let diff = Diff::new("a\nb\nc\n", "b\nc\nd\n");
        assert_eq!((diff.added, diff.removed), (1, 1));
    }

    #[test]
    fn a_file_comes_and_goes() {
        check("", "a\nb\n", "@@ -0,0 +1,2 @@\n+a\n+b\n");
        check("a\n", "", "@@ -1,1 +0,0 @@\n-a\n");
        check("a", "a\n", "@@ -1,1 +1,1 @@\n-a (no end of line)\n+a\n");
    }

    #[test]
    fn what_cannot_be_seen_is_shown_all_the_same() {
        check(
            "",
            "a\u{202e}b\tc\rd\n",
            "@@ -0,0 +1,1 @@\n+a\u{fffd}b\tc\u{fffd}d\n",
        );
    }

    #[test]
    fn that_all_lines_end_in_cr_lf_is_told_once() {
        let told = "(lines end in CR LF)\n";
        check(
            "a\r\nb\r\n",
            "a\r\nc\r\n",
            &format!("{told}@@ -1,2 +1,2 @@\n a\n-b\n+c\n"),
        );
        check("", "a\r\n", &format!("{told}@@ -0,0 +1,1 @@\n+a\n"));
        check("a\r\n", "", &format!("{told}@@ -1,1 +0,0 @@\n-a\n"));
        check("a\r\n", "a\r\n", "");
    }

    #[test]
    fn which_lines_end_in_cr_lf_is_told_where_not_all_do() {
        check(
            "a\r\nb\r\n",
            "a\r\nb\n",
            "(lines ended in CR LF, and not all do now)\n@@ -1,2 +1,2 @@\n a (CR LF)\n-b\n+b\n",
        );
        check(
            "a\r\nb\n",
            "a\r\nb\r\n",
            "(lines end in CR LF now, and not all did)\n@@ -1,2 +1,2 @@\n a (CR LF)\n-b\n+b\n",
        );
        check(
            "a\r\nb\n",
            "c\r\nb\n",
            "@@ -1,2 +1,2 @@\n-a (CR LF)\n+c (CR LF)\n b\n",
        );
    }

    #[test]
    fn much_is_replaced_as_a_whole() {
        let text = |word: &str| {
            (0..3000)
                .map(|n| format!("{word} {n}\n"))
                .collect::<String>()
        };
        let diff = Diff::new(&text("old"), &text("new"));
        assert_eq!((diff.added, diff.removed), (3000, 3000));
    }

    proptest! {
        /// What stays and goes is what was; what stays and comes is what will be.
        #[test]
        fn nothing_is_left_out(before in "[ab\n]{0,40}", after in "[ab\n]{0,40}") {
            let (old, new) = (lines(&before), lines(&after));
            let steps = steps(&old, &new);
            let was: String = steps.iter().filter(|step| step.mark != Mark::Added).map(|step| old[step.old]).collect();
            let will: String = steps.iter().filter(|step| step.mark != Mark::Removed).map(|step| new[step.new]).collect();
            prop_assert_eq!(was, before);
            prop_assert_eq!(will, after);
        }
    }
}

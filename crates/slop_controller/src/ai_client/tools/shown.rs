//! How much of a file the assistant was shown.

use slop_engine::hands::{Lines, Wanted};
use slop_state::{is_same_path, Deed, Discussion, ToolCall};

/// Whether a change replaces a file that was read in the discussion, but not to its end. Whoever writes all of
/// such a file may leave out what they have never seen.
pub(super) fn is_read_in_part(discussion: &Discussion, deed: &Deed) -> bool {
    let Deed::Change {
        path,
        before: Some(before),
        ..
    } = deed
    else {
        return false;
    };
    let rounds = discussion.entries.iter().flat_map(|entry| &entry.rounds);
    let calls = rounds.flat_map(|round| &round.calls);
    let shown = calls.fold(Shown::Nothing, |shown, call| shown.and(call, path, before));
    matches!(shown, Shown::Before(_))
}

/// What was shown of a file. More is greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Shown {
    /// It was not read.
    Nothing,
    /// All lines before this one, which may be the first.
    Before(usize),
    All,
}

impl Shown {
    /// The same after one more call, for a file that is `now` what it is.
    fn and(self, call: &ToolCall, path: &str, now: &str) -> Self {
        let Some(result) = call.result.as_deref() else {
            return self;
        };
        match Wanted::parse(&call.name, &call.arguments) {
            Ok(Wanted::Read { path: read, .. }) if is_same_path(&read, path) => {
                if result == now {
                    return Self::All;
                }
                let lines = Lines::at_end_of(result);
                lines.map_or(self, |lines| self.and_lines(lines))
            }
            // It has written all of it.
            Ok(Wanted::Change { path: written, .. }) if is_same_path(&written, path) => {
                let is_its_own = call.diff.is_some() && call.edited.is_none() && !call.undone;
                if is_its_own {
                    Self::All
                } else {
                    self
                }
            }
            _ => self,
        }
    }

    /// The same after some lines more.
    fn and_lines(self, lines: Lines) -> Self {
        let to = if lines.is_cut {
            Self::Before(lines.last)
        } else if lines.last >= lines.of {
            Self::All
        } else {
            Self::Before(lines.last + 1)
        };
        match self {
            // It is read anew, and may be longer by now.
            _ if lines.first == 1 => to,
            Self::Nothing => Self::Before(1),
            Self::Before(next) if lines.first <= next => self.max(to),
            known => known,
        }
    }
}

#[cfg(test)]
mod tests {
    use slop_state::{Entry, ToolRound};

    use super::*;

    const FILE: &str = "one\ntwo\nthree\n";

    fn call(name: &str, arguments: &str, result: &str) -> ToolCall {
        ToolCall {
            name: name.to_owned(),
            arguments: arguments.to_owned(),
            result: Some(result.to_owned()),
            ..ToolCall::default()
        }
    }

    fn read(result: &str) -> ToolCall {
        call("read_file", r#"{"path":"./a"}"#, result)
    }

    #[track_caller]
    fn check(calls: &[ToolCall], expected: bool) {
        let round = |call: &ToolCall| ToolRound {
            calls: vec![call.clone()],
            ..ToolRound::default()
        };
        let discussion = Discussion {
            entries: vec![Entry {
                rounds: calls.iter().map(round).collect(),
                ..Entry::default()
            }],
            ..Discussion::default()
        };
        let deed = Deed::Change {
            path: "a".to_owned(),
            before: Some(FILE.to_owned()),
            after: "one\n".to_owned(),
        };
        assert_eq!(is_read_in_part(&discussion, &deed), expected);
    }

    #[test]
    fn a_file_is_read_in_part_until_it_is_read_to_its_end() {
        let first = || read("one\n(lines 1 to 1 of 3; go on with from_line 2)");
        let second = || read("two\n(lines 2 to 2 of 3; go on with from_line 3)");
        let last = || read("three\n(lines 3 to 3 of 3)");
        check(&[], false);
        check(&[first()], true);
        check(&[last()], true);
        check(&[first(), last()], true);
        check(&[last(), first(), second()], true);
        check(&[first(), second(), last()], false);
        check(&[first(), second(), last(), second()], false);
        // It may have become longer.
        check(&[first(), second(), last(), first()], true);
    }

    #[test]
    fn a_file_that_was_shown_as_a_whole_is_not_read_in_part() {
        let last = || read("three\n(lines 3 to 3 of 3)");
        check(&[read(FILE)], false);
        check(&[last(), read(FILE)], false);
        check(&[read(FILE), last()], false);
        check(&[last(), read("It failed: a is not there")], true);
    }

    #[test]
    fn a_line_that_was_cut_was_not_shown() {
        let cut = "on\n(lines 1 to 1 of 3, the last one cut; go on with from_line 2)";
        let rest = "two\nthree\n(lines 2 to 3 of 3)";
        check(&[read(cut)], true);
        check(&[read(cut), read(rest)], true);
    }

    #[test]
    fn what_the_assistant_wrote_itself_it_knows() {
        let part = || read("one\n(lines 1 to 1 of 3; go on with from_line 2)");
        let written = |path: &str| ToolCall {
            diff: Some("+one".to_owned()),
            ..call(
                "change_file",
                &format!(r#"{{"path":"{path}","contents":""}}"#),
                "a was written.",
            )
        };
        let edited = ToolCall {
            edited: Some("two".to_owned()),
            ..written("a")
        };
        let undone = ToolCall {
            undone: true,
            ..written("a")
        };
        let refused = ToolCall {
            diff: None,
            ..written("a")
        };
        check(&[part(), written("a")], false);
        for call in [written("b"), edited, undone, refused] {
            check(&[part(), call], true);
        }
        let of_another = ToolCall {
            arguments: r#"{"path":"b"}"#.to_owned(),
            ..part()
        };
        check(&[of_another], false);
    }
}

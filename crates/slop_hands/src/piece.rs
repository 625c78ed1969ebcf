//! A file of which some lines are told, and which of how many these are.

use std::fmt;

use crate::{tool::FROM_LINE, HandsError, Root};

/// The largest file that is read in pieces, in bytes. All of it is in memory for a moment.
pub(crate) const LARGEST_READ: u64 = 16 * 1024 * 1024;

/// What a note says of a line that is too long.
const CUT: &str = ", the last one cut";

/// Some lines of a file, or all of them. It is displayed as a model is told it: with a note if there are others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// As they are in the file.
    pub text: String,
    /// Which they are.
    pub lines: Lines,
}

/// Which lines of a file a piece has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lines {
    /// From 1.
    pub first: usize,
    /// It is in the piece too.
    pub last: usize,
    /// How many the file has.
    pub of: usize,
    /// Whether of the last one there is only the beginning.
    pub is_cut: bool,
}

impl Root {
    /// The lines of a file from one on, counted from 1: as many as have room in so many bytes. Of a line that
    /// is longer there is its beginning.
    ///
    /// # Errors
    ///
    /// If there is no such line, or the file is no text, far too large, or not within the folder.
    pub fn piece(&self, path: &str, from_line: usize, most: usize) -> Result<Piece, HandsError> {
        let text = self.read_up_to(path, LARGEST_READ)?;
        Piece::of(&text, from_line, most).ok_or_else(|| HandsError::NoLine {
            path: path.to_owned(),
            lines: text.lines().count(),
        })
    }
}

impl Piece {
    /// `None` if there is no such line.
    fn of(text: &str, first: usize, most: usize) -> Option<Self> {
        let of = text.lines().count();
        if !(1..=of.max(1)).contains(&first) {
            return None;
        }
        let before = text.split_inclusive('\n').take(first - 1);
        let rest = &text[before.map(str::len).sum::<usize>()..];
        let (mut last, mut end) = (first - 1, 0);
        for line in rest.split_inclusive('\n') {
            if end + line.len() > most {
                break;
            }
            last += 1;
            end += line.len();
        }
        let is_cut = end == 0 && !rest.is_empty();
        if is_cut {
            last += 1;
            end = rest.floor_char_boundary(most);
        }
        Some(Self {
            text: rest[..end].to_owned(),
            lines: Lines {
                first,
                last,
                of,
                is_cut,
            },
        })
    }
}

impl fmt::Display for Piece {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)?;
        if self.lines.are_all() {
            return Ok(());
        }
        if !self.text.ends_with('\n') {
            writeln!(f)?;
        }
        write!(f, "({})", self.lines)
    }
}

impl Lines {
    fn are_all(self) -> bool {
        self.first == 1 && self.last == self.of && !self.is_cut
    }

    /// Which lines a text has that a model was told, by the note at its end; `None` if it has none.
    #[must_use]
    pub fn at_end_of(told: &str) -> Option<Self> {
        let note = told.lines().next_back()?;
        let note = note.strip_prefix("(lines ")?.strip_suffix(')')?;
        let lines = note.split(';').next()?;
        let (lines, is_cut) = match lines.strip_suffix(CUT) {
            Some(lines) => (lines, true),
            None => (lines, false),
        };
        let (first, rest) = lines.split_once(" to ")?;
        let (last, of) = rest.split_once(" of ")?;
        Some(Self {
            first: first.parse().ok()?,
            last: last.parse().ok()?,
            of: of.parse().ok()?,
            is_cut,
        })
    }
}

impl fmt::Display for Lines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            first,
            last,
            of,
            is_cut,
        } = self;
        write!(f, "lines {first} to {last} of {of}")?;
        if *is_cut {
            f.write_str(CUT)?;
        }
        if last < of {
            write!(f, "; go on with {FROM_LINE} {}", last + 1)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is told of a text from a line on, with room for ten bytes.
    #[track_caller]
    fn check(text: &str, from_line: usize, expected: &str) {
        let piece = Piece::of(text, from_line, 10).unwrap();
        let told = piece.to_string();
        assert_eq!(told, expected);
        let lines = (!piece.lines.are_all()).then_some(piece.lines);
        assert_eq!(Lines::at_end_of(&told), lines);
    }

    #[test]
    fn what_has_room_is_told_as_it_is() {
        check("", 1, "");
        check("one", 1, "one");
        check("one\r\ntwo\r\n", 1, "one\r\ntwo\r\n");
    }

    #[test]
    fn a_long_text_is_told_in_pieces() {
        let text = "one\ntwo\nthree\nfour\nfive";
        let first = "one\ntwo\n(lines 1 to 2 of 5; go on with from_line 3)";
        check(text, 1, first);
        check(
            text,
            3,
            "three\n(lines 3 to 3 of 5; go on with from_line 4)",
        );
        check(text, 4, "four\nfive\n(lines 4 to 5 of 5)");
        assert_eq!(Piece::of(text, 6, 10), None);
        assert_eq!(Piece::of(text, 0, 10), None);
        assert_eq!(Piece::of("", 2, 10), None);
    }

    #[test]
    fn of_a_line_that_is_too_long_the_beginning_is_told() {
        let text = "a long liné\nb\n";
        let told = "a long lin\n(lines 1 to 1 of 2, the last one cut; go on with from_line 2)";
        check(text, 1, told);
        check(text, 2, "b\n(lines 2 to 2 of 2)");
        check(
            &text[..12],
            1,
            "a long lin\n(lines 1 to 1 of 1, the last one cut)",
        );
    }

    #[test]
    fn what_is_no_note_says_nothing_of_lines() {
        for text in ["", "one\n", "(lines of code)", "(lines 1 to x of 3)"] {
            assert_eq!(Lines::at_end_of(text), None, "{text}");
        }
    }
}

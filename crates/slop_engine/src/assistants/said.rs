//! What a model has said so far, and what it thought before.

/// What ends thoughts in a text.
const END: &str = "</think>";

/// What has arrived of an answer, in full.
///
/// A template may begin the thoughts itself, and then only their end is in the text. What came before it is
/// taken for text until it comes.
#[derive(Debug, Default)]
pub(super) struct Said {
    pub(super) text: String,
    pub(super) thoughts: String,
    /// Whether what was taken for text turned out to be thoughts.
    is_folded: bool,
}

impl Said {
    /// Takes the next piece of the text in.
    pub(super) fn push(&mut self, token: &str) {
        if self.is_folded && self.text.is_empty() {
            self.text += token.trim_start();
            return;
        }
        // The mark may have begun in the piece before.
        let start = self.text.len().saturating_sub(END.len());
        let start = self.text.floor_char_boundary(start);
        self.text += token;
        let may_fold = !self.is_folded && self.thoughts.is_empty();
        if may_fold && self.text[start..].contains(END) {
            self.fold();
        }
    }

    /// Whether there were only thoughts, though they passed for text.
    pub(super) fn is_only_thoughts(&self) -> bool {
        self.is_folded && self.text.trim().is_empty()
    }

    fn fold(&mut self) {
        if let Some((thoughts, text)) = unopened(&self.text) {
            self.thoughts = thoughts.to_owned();
            self.text = text.to_owned();
            self.is_folded = true;
        }
    }
}

/// The thoughts and what follows them, if only their end is marked. A mark that stands in a line, or in code,
/// is one that is written about.
fn unopened(text: &str) -> Option<(&str, &str)> {
    let (thoughts, rest) = text.split_once(END)?;
    let begins_line = thoughts.is_empty() || thoughts.ends_with('\n');
    let lines = thoughts.lines().map(str::trim_start);
    let is_code = lines.filter(|line| line.starts_with("```")).count() % 2 == 1;
    let is_it = begins_line && !is_code && !thoughts.contains("<think>");
    is_it.then(|| (thoughts.trim(), rest.trim_start()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said<'a>(pieces: impl IntoIterator<Item = &'a str>) -> (String, String) {
        let mut said = Said::default();
        for piece in pieces {
            said.push(piece);
        }
        (said.thoughts, said.text)
    }

    /// In any pieces it is the same.
    #[track_caller]
    fn check(text: &str, thoughts: &str, rest: &str) {
        let expected = (thoughts.to_owned(), rest.to_owned());
        assert_eq!(said([text]), expected);
        assert_eq!(said(text.split_inclusive(|_: char| true)), expected);
    }

    #[test]
    fn thoughts_of_which_only_the_end_is_marked_are_told_apart() {
        check("six\n\ntimes ☃\n</think>\n\n42", "six\n\ntimes ☃", "42");
        check("</think>42", "", "42");
        check("```\ncode\n```\n</think>\n42", "```\ncode\n```", "42");
        check("six\n</think>", "six", "");
    }

    #[test]
    fn a_mark_that_is_written_about_is_text() {
        for text in [
            "The tag </think> ends it.",
            "```\n</think>\n```",
            "Between <think>\n</think>\n stands",
            "a < b\n</thin",
        ] {
            check(text, "", text);
        }
    }

    #[test]
    fn an_answer_of_nothing_but_thoughts_is_none() {
        let mut said = Said::default();
        said.push("six\n");
        assert!(!said.is_only_thoughts());
        said.push("</think>\n");
        assert!(said.is_only_thoughts());
        said.push(" \n");
        assert!(said.is_only_thoughts());
        said.push("42");
        assert!(!said.is_only_thoughts());
    }
}

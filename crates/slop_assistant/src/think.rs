//! Thoughts that a server leaves in the text: `<think>…</think>` at the beginning of an answer.

/// What thoughts begin and end with.
static TAGS: [(&str, &str); 4] = [
    ("<think>", "</think>"),
    ("<thinking>", "</thinking>"),
    ("<thought>", "</thought>"),
    ("[THINK]", "[/THINK]"),
];

/// A piece of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Piece {
    Text(String),
    Thought(String),
}

/// Tells thoughts from text. Only at the beginning: further on, a model may write about such tags.
#[derive(Debug)]
pub(crate) enum Splitter {
    /// All so far, which may be the beginning of a tag.
    Begin(String),
    /// In thoughts that end with `close`. `tail` may be the beginning of that.
    Inside { close: &'static str, tail: String },
    /// Between the thoughts and the text.
    Behind,
    /// In the text.
    Text,
}

impl Default for Splitter {
    fn default() -> Self {
        Self::Begin(String::new())
    }
}

impl Splitter {
    /// Takes the next piece of the answer in.
    pub(crate) fn push(&mut self, text: &str, pieces: &mut Vec<Piece>) {
        let mut text = text.to_owned();
        loop {
            match self {
                Self::Begin(before) => {
                    text.insert_str(0, before);
                    let begun = text.trim_start();
                    let tag = TAGS.iter().find(|(open, _)| begun.starts_with(open));
                    if let Some((open, close)) = tag {
                        text = begun[open.len()..].to_owned();
                        *self = Self::Inside {
                            close,
                            tail: String::new(),
                        };
                        continue;
                    }
                    if TAGS.iter().any(|(open, _)| open.starts_with(begun)) {
                        *self = Self::Begin(text);
                        return;
                    }
                    *self = Self::Text;
                }
                Self::Inside { close, tail } => {
                    text.insert_str(0, tail);
                    if let Some(at) = text.find(*close) {
                        thought(&text[..at], pieces);
                        text = text[at + close.len()..].to_owned();
                        *self = Self::Behind;
                        continue;
                    }
                    let kept = (1..close.len())
                        .rev()
                        .find(|length| text.ends_with(&close[..*length]));
                    *tail = text.split_off(text.len() - kept.unwrap_or(0));
                    thought(&text, pieces);
                    return;
                }
                Self::Behind => {
                    text = text.trim_start().to_owned();
                    if text.is_empty() {
                        return;
                    }
                    *self = Self::Text;
                }
                Self::Text => {
                    if !text.is_empty() {
                        pieces.push(Piece::Text(text));
                    }
                    return;
                }
            }
        }
    }

    /// Gives out what was kept back.
    pub(crate) fn finish(&mut self, pieces: &mut Vec<Piece>) {
        match std::mem::replace(self, Self::Text) {
            Self::Begin(text) if !text.is_empty() => pieces.push(Piece::Text(text)),
            Self::Inside { tail, .. } => thought(&tail, pieces),
            _ => {}
        }
    }
}

fn thought(text: &str, pieces: &mut Vec<Piece>) {
    if !text.is_empty() {
        pieces.push(Piece::Thought(text.to_owned()));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// All thoughts, and all text.
    fn split<'a>(texts: impl IntoIterator<Item = &'a str>) -> (String, String) {
        let mut splitter = Splitter::default();
        let mut pieces = Vec::new();
        for text in texts {
            splitter.push(text, &mut pieces);
        }
        splitter.finish(&mut pieces);
        let (mut thoughts, mut said) = (String::new(), String::new());
        for piece in pieces {
            match piece {
                Piece::Thought(text) => thoughts += &text,
                Piece::Text(text) => said += &text,
            }
        }
        (thoughts, said)
    }

    #[track_caller]
    fn check(text: &str, thoughts: &str, said: &str) {
        assert_eq!(split([text]), (thoughts.to_owned(), said.to_owned()));
    }

    #[test]
    fn thoughts_at_the_beginning_are_told_apart() {
        check("<think>six</think>\n\n42", "six", "42");
        check("\n<thinking>a < b</thinking> c", "a < b", "c");
        check("[THINK]a[/THINK]b", "a", "b");
        check("<think></think>a", "", "a");
        check("<think>never ends </thi", "never ends </thi", "");
    }

    #[test]
    fn other_text_stays_as_it_is() {
        check("", "", "");
        check("  a", "", "  a");
        check("<thi", "", "<thi");
        check("<b>a</b>", "", "<b>a</b>");
        check("Use <think>a</think>", "", "Use <think>a</think>");
        check(
            "<think>a</think>b <think>c</think>",
            "a",
            "b <think>c</think>",
        );
    }

    proptest! {
        #[test]
        fn any_pieces_give_the_same(
            parts in "( |\n|<think>|</think>|<th|ink>|</|[a-c☃]){0,12}",
        ) {
            let characters: Vec<_> = parts.split_inclusive(|_: char| true).collect();
            prop_assert_eq!(split(characters), split([parts.as_str()]));
        }
    }
}

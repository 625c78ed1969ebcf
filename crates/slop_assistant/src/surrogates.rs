//! Characters outside of the basic plane that a server cuts into their two UTF-16 halves.
//!
//! Such a server sends `"\ud83d"` in one event and `"\ude00"` in the next. No JSON parser takes
//! half a character, so [`mend`] puts a stand-in in its place before the JSON is parsed, and
//! [`Halves`] makes characters of the stand-ins when the texts are put together.

use std::borrow::Cow;

/// The first of the stand-ins: the last 2,048 characters of all, which are for private use and
/// which nobody was found to use.
const FIRST: u32 = 0x10_F800;
/// The first half that there is.
const FIRST_HALF: u32 = 0xD800;

/// JSON without halves of characters.
pub(crate) fn mend(json: &str) -> Cow<'_, str> {
    if !json.contains("\\u") {
        return Cow::Borrowed(json);
    }
    let mut mended = String::with_capacity(json.len());
    let mut rest = json;
    // A backslash begins an escape; outside of strings there is none.
    while let Some(at) = rest.find('\\') {
        mended.push_str(&rest[..at]);
        rest = &rest[at..];
        let length = match unit(rest) {
            Some(0xD800..=0xDBFF) if matches!(unit(&rest[6..]), Some(0xDC00..=0xDFFF)) => 12,
            Some(half @ 0xD800..=0xDFFF) => {
                mended.extend(char::from_u32(FIRST + u32::from(half) - FIRST_HALF));
                rest = &rest[6..];
                continue;
            }
            Some(_) => 6,
            None => 1 + rest[1..].chars().next().map_or(0, char::len_utf8),
        };
        mended.push_str(&rest[..length]);
        rest = &rest[length..];
    }
    mended.push_str(rest);
    Cow::Owned(mended)
}

/// The value of the escape `\uXXXX` that `text` begins with.
fn unit(text: &str) -> Option<u16> {
    let digits = text.strip_prefix("\\u")?.get(..4)?;
    let is_number = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    u16::from_str_radix(digits, 16).ok().filter(|_| is_number)
}

/// Puts halves together over the texts of an answer.
#[derive(Debug, Default)]
pub(crate) struct Halves {
    /// The first half of a character whose second half has not come.
    high: Option<u16>,
}

impl Halves {
    /// The text with whole characters. A half at its end waits for the next text.
    pub(crate) fn join(&mut self, text: &str) -> String {
        let mut joined = String::with_capacity(text.len());
        for character in text.chars() {
            let half = half(character);
            match (self.high.take(), half) {
                (Some(high), Some(low @ 0xDC00..)) => joined.push(whole(high, low)),
                (alone, half) => {
                    joined.extend(alone.map(|_| char::REPLACEMENT_CHARACTER));
                    match half {
                        None => joined.push(character),
                        Some(high @ ..=0xDBFF) => self.high = Some(high),
                        Some(_) => joined.push(char::REPLACEMENT_CHARACTER),
                    }
                }
            }
        }
        joined
    }

    /// What to put for a half whose other half never came.
    pub(crate) fn finish(&mut self) -> Option<char> {
        self.high.take().map(|_| char::REPLACEMENT_CHARACTER)
    }
}

/// A text of which there is no more, with whole characters.
pub(crate) fn joined(text: &str) -> String {
    let mut halves = Halves::default();
    let mut joined = halves.join(text);
    joined.extend(halves.finish());
    joined
}

/// The half that a stand-in stands for.
fn half(character: char) -> Option<u16> {
    let offset = u32::from(character).checked_sub(FIRST)?;
    u16::try_from(FIRST_HALF + offset).ok()
}

fn whole(high: u16, low: u16) -> char {
    let mut decoded = char::decode_utf16([high, low]);
    let first = decoded.next().and_then(Result::ok);
    first.unwrap_or(char::REPLACEMENT_CHARACTER)
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;

    /// Each text is a JSON string without its quotes.
    fn read(texts: &[&str]) -> String {
        let mut halves = Halves::default();
        let mut read = String::new();
        for text in texts {
            let json = format!("\"{text}\"");
            let text: String = serde_json::from_str(&mend(&json)).unwrap();
            read += &halves.join(&text);
        }
        read.extend(halves.finish());
        read
    }

    #[test]
    fn halves_are_put_together() {
        assert_eq!(read(&["Hi ", r"\ud83d", r"\ude00", "!"]), "Hi 😀!");
        assert_eq!(read(&[r"a\uD83D", "", r"\uDE00b"]), "a😀b");
        assert_eq!(read(&[r"\ud83d\ude00"]), "😀");
    }

    #[test]
    fn a_half_that_stays_alone_is_replaced() {
        assert_eq!(read(&[r"a\ud83d"]), "a\u{fffd}");
        assert_eq!(read(&[r"\ude00a"]), "\u{fffd}a");
        assert_eq!(read(&[r"\ud83d\ud83d", r"\ude00x"]), "\u{fffd}😀x");
        assert_eq!(read(&[r"\ud83dx"]), "\u{fffd}x");
    }

    #[test]
    fn a_text_that_is_all_there_is_joined_at_once() {
        let read = |text: &str| {
            let text: String = serde_json::from_str(&mend(text)).unwrap();
            joined(&text)
        };
        assert_eq!(read(r#""Hi \ud83d\ude00!""#), "Hi 😀!");
        assert_eq!(read(r#""Hi \ud83d""#), "Hi \u{fffd}");
    }

    #[test]
    fn what_only_looks_like_an_escape_stays() {
        assert_eq!(read(&[r"\\ud83d \u00e9 \n"]), "\\ud83d é \n");
        assert_eq!(
            mend(r#""\u00e9 \ud83d\ude00 \\ud83d""#),
            r#""\u00e9 \ud83d\ude00 \\ud83d""#
        );
        // No JSON, but it must not panic.
        for text in ["\\", "\\u", "\\u12", "\\u+123", "\\ué", "\\ud83d\\u"] {
            let _ = mend(text);
        }
    }

    proptest! {
        #[test]
        fn any_text_in_any_pieces_is_read_as_it_is(text in any::<String>(), size in 1..5_usize) {
            let has_stand_in = text.chars().any(|character| half(character).is_some());
            prop_assume!(!has_stand_in);
            let units: Vec<u16> = text.encode_utf16().collect();
            let pieces: Vec<String> = units
                .chunks(size)
                .map(|units| units.iter().map(|unit| format!("\\u{unit:04x}")).collect())
                .collect();
            let pieces: Vec<&str> = pieces.iter().map(String::as_str).collect();
            prop_assert_eq!(read(&pieces), text);
        }

        #[test]
        fn nothing_makes_it_panic(pieces in vec("(\\\\|u|[dD][89c]|0|[a-zé☃😀]){0,20}", 0..3)) {
            let _ = mend(&pieces.concat());
        }
    }
}

//! The beginning of a text that would be too long to go out.

use std::borrow::Cow;

/// At most so many bytes of a text, and a word about the rest.
pub(super) fn excerpt(text: &str, most: usize) -> Cow<'_, str> {
    if text.len() <= most {
        return Cow::Borrowed(text);
    }
    let (head, rest) = text.split_at(text.floor_char_boundary(most));
    let head = head.trim_end();
    Cow::Owned(format!("{head}\n(the rest was cut, {} bytes)", rest.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_cut_is_said() {
        assert_eq!(excerpt("three", 5), "three");
        assert_eq!(excerpt("a\n€€", 6), "a\n€\n(the rest was cut, 3 bytes)");
        assert_eq!(excerpt("abc", 0), "\n(the rest was cut, 3 bytes)");
    }
}

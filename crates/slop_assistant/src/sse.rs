//! Server-sent events from bytes that arrive in any portions.

use std::mem;

use thiserror::Error;

/// A longer line is a fault, and so are longer data of one event.
const LONGEST: usize = 1024 * 1024;

/// The server sends one event that would not end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("one event is longer than {} bytes", LONGEST)]
pub(crate) struct TooLong;

/// Collects bytes into events. Only their data are kept: names, ids and comments are not.
#[derive(Debug, Default)]
pub(crate) struct Parser {
    /// The line so far. Bytes, as a portion may end within a character.
    line: Vec<u8>,
    after_return: bool,
    data: Option<String>,
}

impl Parser {
    /// Takes the next portion and adds the data of each event that it completes to `events`.
    ///
    /// An error is final: the parser is of no use after it. The events before it have been added.
    pub(crate) fn push(&mut self, bytes: &[u8], events: &mut Vec<String>) -> Result<(), TooLong> {
        for &byte in bytes {
            let after_return = mem::replace(&mut self.after_return, byte == b'\r');
            match byte {
                // The second half of a line end.
                b'\n' if after_return => {}
                b'\n' | b'\r' => self.end_line(events)?,
                _ if self.line.len() == LONGEST => return Err(TooLong),
                _ => self.line.push(byte),
            }
        }
        Ok(())
    }

    fn end_line(&mut self, events: &mut Vec<String>) -> Result<(), TooLong> {
        let line = mem::take(&mut self.line);
        if line.is_empty() {
            events.extend(self.data.take());
            return Ok(());
        }
        let line = String::from_utf8_lossy(&line);
        let (field, value) = line.split_once(':').unwrap_or((&*line, ""));
        // A comment is a field without a name.
        if field != "data" {
            return Ok(());
        }
        let value = value.strip_prefix(' ').unwrap_or(value);
        match &mut self.data {
            None => self.data = Some(value.to_owned()),
            Some(data) if data.len() + value.len() >= LONGEST => return Err(TooLong),
            Some(data) => {
                data.push('\n');
                data.push_str(value);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*, sample::Index};

    use super::*;

    fn parse<'a>(portions: impl IntoIterator<Item = &'a [u8]>) -> (Vec<String>, bool) {
        let mut parser = Parser::default();
        let mut events = Vec::new();
        let too_long = portions
            .into_iter()
            .any(|portion| parser.push(portion, &mut events).is_err());
        (events, too_long)
    }

    #[track_caller]
    fn check(text: &str, expected: &[&str]) {
        let (events, too_long) = parse([text.as_bytes()]);
        assert_eq!(events, expected);
        assert!(!too_long);
    }

    #[test]
    fn data_are_kept_and_the_rest_is_not() {
        check("data: a\n\ndata:b\n\n", &["a", "b"]);
        check(": comment\nevent: x\nid: 1\ndata: a\nretry: 2\n\n", &["a"]);
        check("data:  two: colons\n\n", &[" two: colons"]);
        check("database: a\n\n\n", &[]);
    }

    #[test]
    fn every_line_end_counts() {
        check("data: a\r\n\r\ndata: b\r\rdata: c\n\n", &["a", "b", "c"]);
    }

    #[test]
    fn lines_of_one_event_are_joined() {
        check("data: a\ndata: b\n\n", &["a\nb"]);
        check("data\ndata\n\n", &["\n"]);
    }

    #[test]
    fn an_event_without_an_end_is_none() {
        check("data: a\n\ndata: b\n", &["a"]);
    }

    #[test]
    fn the_length_is_bounded() {
        let line = vec![b'x'; LONGEST];
        assert_eq!(parse([&*line, b"\n"]), (vec![], false));
        assert_eq!(
            parse([b"data: a\n\n".as_slice(), &line, b"x"]),
            (vec!["a".into()], true)
        );
        let half = format!("data: {}\n", "x".repeat(LONGEST / 2));
        assert_eq!(parse([half.as_bytes(), half.as_bytes()]), (vec![], true));
    }

    proptest! {
        #[test]
        fn any_split_of_the_bytes_gives_the_same_events(
            text in "(\r\n|\r|\n|\n\n|data: |data|:|event|[ a-zé☃😀]){0,40}",
            noise in vec(any::<u8>(), 0..20),
            cuts in vec(any::<Index>(), 0..10),
        ) {
            let mut bytes = text.into_bytes();
            bytes.extend(noise);
            bytes.extend(b"\n\ndata: \xe2\x98\x83\n\n");
            let mut cuts: Vec<_> = cuts.iter().map(|cut| cut.index(bytes.len())).collect();
            cuts.extend([0, bytes.len()]);
            cuts.sort_unstable();
            let portions = cuts.windows(2).map(|cut| &bytes[cut[0]..cut[1]]);
            let whole = parse([&*bytes]);
            prop_assert_eq!(whole.0.last().map(String::as_str), Some("☃"));
            prop_assert_eq!(&parse(portions), &whole);
            prop_assert_eq!(&parse(bytes.chunks(1)), &whole);
        }
    }
}

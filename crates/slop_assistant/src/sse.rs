//! Server-sent events from bytes that arrive in any portions.

use std::mem;

use serde::de::IgnoredAny;
use thiserror::Error;

/// A longer line is a fault, and so are longer data of one event, in bytes.
const LONGEST: usize = 1024 * 1024;
/// The mark that some servers put before the first event.
const BOM: &[u8] = b"\xef\xbb\xbf";

/// The server sends one event that would not end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("one event is longer than {} bytes", LONGEST)]
pub(crate) struct TooLong;

/// One event: its name, which is mostly empty, and its data. Ids and comments are not kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Event {
    pub(crate) name: String,
    pub(crate) data: String,
}

/// Collects bytes into events.
#[derive(Debug, Default)]
pub(crate) struct Parser {
    /// The line so far. Bytes, as a portion may end within a character.
    line: Vec<u8>,
    after_return: bool,
    is_past_first: bool,
    name: String,
    data: Option<String>,
}

impl Parser {
    /// Takes the next portion and adds each event that it completes to `events`.
    ///
    /// An error is final: the parser is of no use after it. The events before it have been added.
    pub(crate) fn push(&mut self, bytes: &[u8], events: &mut Vec<Event>) -> Result<(), TooLong> {
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

    /// Adds the event that has no blank line behind it, if there is one. The standard drops it, but
    /// proxies eat the last line, and whether it is whole shows when it is read.
    pub(crate) fn finish(mut self, events: &mut Vec<Event>) -> Result<(), TooLong> {
        if !self.line.is_empty() {
            self.end_line(events)?;
        }
        self.end_event(events);
        Ok(())
    }

    fn end_event(&mut self, events: &mut Vec<Event>) {
        let name = mem::take(&mut self.name);
        events.extend(self.data.take().map(|data| Event { name, data }));
    }

    fn end_line(&mut self, events: &mut Vec<Event>) -> Result<(), TooLong> {
        let line = mem::take(&mut self.line);
        let is_past_first = mem::replace(&mut self.is_past_first, true);
        let line = match line.strip_prefix(BOM) {
            Some(line) if !is_past_first => line,
            _ => &line[..],
        };
        if line.is_empty() {
            self.end_event(events);
            return Ok(());
        }
        let line = String::from_utf8_lossy(line);
        if line.starts_with('{') {
            // No field begins so. It is what a server says that has forgotten that it streams, such as why it
            // says no more.
            self.end_event(events);
            let (name, data) = (String::new(), line.into_owned());
            events.push(Event { name, data });
            return Ok(());
        }
        let (field, value) = line.split_once(':').unwrap_or((&*line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "data" => return self.add_data(value, events),
            "event" => value.clone_into(&mut self.name),
            // No field of the standard, but llama.cpp's way to report an error.
            "error" => events.push(Event {
                name: "error".to_owned(),
                data: value.to_owned(),
            }),
            // A comment is a field without a name.
            _ => {}
        }
        Ok(())
    }

    fn add_data(&mut self, value: &str, events: &mut Vec<Event>) -> Result<(), TooLong> {
        if self
            .data
            .as_deref()
            .is_some_and(|data| is_next(data, value))
        {
            self.end_event(events);
        }
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

/// Whether `value` begins another event than `data`, with no blank line between them, as some
/// servers write it. Otherwise nothing would be shown of an answer before its end.
fn is_next(data: &str, value: &str) -> bool {
    (value.starts_with('{') || value.starts_with("[DONE]"))
        && data.ends_with('}')
        && serde_json::from_str::<IgnoredAny>(data).is_ok()
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*, sample::Index};

    use super::*;

    fn parse<'a>(portions: impl IntoIterator<Item = &'a [u8]>) -> (Vec<Event>, bool) {
        let mut parser = Parser::default();
        let mut events = Vec::new();
        let too_long = portions
            .into_iter()
            .any(|portion| parser.push(portion, &mut events).is_err());
        let too_long = too_long || parser.finish(&mut events).is_err();
        (events, too_long)
    }

    fn event(name: &str, data: &str) -> Event {
        Event {
            name: name.to_owned(),
            data: data.to_owned(),
        }
    }

    #[track_caller]
    fn check(text: &str, expected: &[&str]) {
        let (events, too_long) = parse([text.as_bytes()]);
        let expected: Vec<_> = expected.iter().map(|data| event("", data)).collect();
        assert_eq!(events, expected);
        assert!(!too_long);
    }

    #[test]
    fn data_are_kept_and_ids_and_comments_are_not() {
        check("data: a\n\ndata:b\n\n", &["a", "b"]);
        check(": comment\nid: 1\ndata: a\nretry: 2\n\n", &["a"]);
        check("data:  two: colons\n\n", &[" two: colons"]);
        check("database: a\n\n\n", &[]);
    }

    #[test]
    fn an_event_has_the_name_that_stands_with_it() {
        let text = "event: x\n\nevent: y\ndata: a\n\ndata: b\n\nerror: c\n\n";
        let expected = [event("y", "a"), event("", "b"), event("error", "c")];
        assert_eq!(parse([text.as_bytes()]).0, expected);
    }

    #[test]
    fn every_line_end_counts() {
        check("data: a\r\n\r\ndata: b\r\rdata: c\n\n", &["a", "b", "c"]);
    }

    #[test]
    fn a_mark_at_the_very_beginning_is_no_part_of_the_first_line() {
        check("\u{feff}data: a\n\n", &["a"]);
        check("\u{feff}\ndata: a\n\n", &["a"]);
        check("data: a\n\n\u{feff}data: b\n\n", &["a"]);
    }

    #[test]
    fn lines_of_one_event_are_joined() {
        check("data: a\ndata: b\n\n", &["a\nb"]);
        check("data\ndata\n\n", &["\n"]);
        check(
            "data: {\ndata: \"a\": {}\ndata: }\n\n",
            &["{\n\"a\": {}\n}"],
        );
    }

    #[test]
    fn whole_values_in_lines_of_their_own_are_events_of_their_own() {
        check(
            "data: {\"a\":1}\ndata: {}\ndata: [DONE]\n",
            &["{\"a\":1}", "{}", "[DONE]"],
        );
    }

    #[test]
    fn a_value_without_a_name_is_an_event_of_its_own() {
        check(
            "data: a\n{\"error\":\"b\"}\n\ndata: c\n\n",
            &["a", "{\"error\":\"b\"}", "c"],
        );
    }

    #[test]
    fn the_last_event_needs_no_end() {
        check("data: a\n\ndata: b\n", &["a", "b"]);
        check("data: a\n\ndata: b", &["a", "b"]);
    }

    #[test]
    fn the_length_is_bounded() {
        let line = vec![b'x'; LONGEST];
        assert_eq!(parse([&*line, b"\n"]), (vec![], false));
        assert_eq!(
            parse([b"data: a\n\n".as_slice(), &line, b"x"]).0,
            [event("", "a")]
        );
        assert!(parse([line.as_slice(), b"x"]).1);
        let half = format!("data: {}\n", "x".repeat(LONGEST / 2));
        assert!(parse([half.as_bytes(), half.as_bytes()]).1);
    }

    proptest! {
        #[test]
        fn any_split_of_the_bytes_gives_the_same_events(
            text in "(\r\n|\r|\n|\n\n|data: |data|:|event|\\{\\}|\u{feff}|[ a-zé☃😀]){0,40}",
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
            prop_assert_eq!(whole.0.last().map(|event| event.data.as_str()), Some("☃"));
            prop_assert_eq!(&parse(portions), &whole);
            prop_assert_eq!(&parse(bytes.chunks(1)), &whole);
        }
    }
}

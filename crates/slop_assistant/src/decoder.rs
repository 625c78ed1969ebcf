//! The body of an answer, decoded: bytes in, updates out. Needs no network.

use std::mem;

use serde_json::{Deserializer, Value};

use crate::{
    answer::{Answer, End},
    dialect::Dialect,
    sse::{Event, Parser, TooLong},
    surrogates::mend,
    told::Told,
    words::{error_in, fault, holds_answer, plain, words},
    AssistantError,
};

/// How much of a page is read, and of a body that is no stream, in bytes.
const LONGEST_PAGE: usize = 16 * 1024;
const BOM: &[u8] = b"\xef\xbb\xbf";
const DONE: &str = "[DONE]";
/// Names and data of events that only keep a connection alive.
const KEEP_ALIVE: [&str; 5] = ["ping", "heartbeat", "keepalive", "keep-alive", "keep_alive"];

/// What a body is, which its first byte tells. What its header says about it is often wrong.
#[derive(Debug)]
enum Body {
    /// Nothing but white space has come.
    Unknown(Vec<u8>),
    Events(Parser),
    /// A whole answer, or an answer in pieces that are no events.
    Json(Vec<u8>),
    /// For a browser.
    Page(Vec<u8>),
}

impl Default for Body {
    fn default() -> Self {
        Self::Unknown(Vec::new())
    }
}

/// What to wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wait {
    /// The first piece of the answer.
    First,
    /// The next one.
    Next,
    /// Nothing, but something may come.
    Linger,
}

/// Decodes one answer.
pub(crate) struct Decoder<'a> {
    dialect: &'a dyn Dialect,
    body: Body,
    /// For an error, if it turns out to be no stream.
    beginning: Vec<u8>,
    has_events: bool,
    answer: Answer,
    /// What cannot be understood, and came before the answer, or under a name of its own. It is told if there
    /// is no answer.
    beside: Option<AssistantError>,
    /// What came behind the answer, and is told if that goes on after it.
    behind: Option<AssistantError>,
    /// The error that came in place of an answer, as the server said it.
    instead: Option<String>,
}

impl<'a> Decoder<'a> {
    pub(crate) fn new(dialect: &'a dyn Dialect) -> Self {
        Self {
            dialect,
            body: Body::default(),
            beginning: Vec::new(),
            has_events: false,
            answer: Answer::default(),
            beside: None,
            behind: None,
            instead: None,
        }
    }

    /// Lets it be an answer that tools are called. Those without an id get numbers from this one on.
    pub(crate) fn take_calls(&mut self, first: u64) {
        self.answer.take_calls(first);
    }

    /// Takes the next portion of the body in. An error is final; what came before it is still to be
    /// taken from [`take_updates`](Self::take_updates).
    ///
    /// # Errors
    ///
    /// If the server reports an error, or what it sends cannot be understood.
    pub(crate) fn push(&mut self, bytes: &[u8]) -> Result<(), AssistantError> {
        let room = LONGEST_PAGE - self.beginning.len();
        self.beginning.extend(bytes.iter().take(room));
        match &mut self.body {
            Body::Unknown(before) => {
                before.extend(bytes);
                let Some(body) = kind(before) else {
                    return Ok(());
                };
                let bytes = mem::take(before);
                self.body = body;
                self.push_known(&bytes)
            }
            _ => self.push_known(bytes),
        }
    }

    fn push_known(&mut self, bytes: &[u8]) -> Result<(), AssistantError> {
        match &mut self.body {
            Body::Unknown(all) | Body::Json(all) => all.extend(bytes),
            Body::Page(all) => {
                let room = LONGEST_PAGE - all.len();
                all.extend(bytes.iter().take(room));
                if all.len() == LONGEST_PAGE {
                    return Err(no_answer(all));
                }
            }
            Body::Events(parser) => {
                let mut events = Vec::new();
                let parsed = parser.push(bytes, &mut events);
                self.read_events(&events)?;
                parsed.map_err(too_long)?;
            }
        }
        Ok(())
    }

    /// Ends the answer. What was kept back becomes updates.
    ///
    /// # Errors
    ///
    /// If it is not a whole answer with a word in it.
    pub(crate) fn end(&mut self, end: End) -> Result<(), AssistantError> {
        match mem::take(&mut self.body) {
            Body::Unknown(_) if end != End::Cut => {
                // As empty as an answer can be.
                self.answer.done();
            }
            Body::Unknown(_) => {}
            Body::Events(parser) => self.end_events(parser, end)?,
            Body::Json(bytes) => self.read_document(&bytes, end)?,
            Body::Page(bytes) => return Err(no_answer(&bytes)),
        }
        let (has_begun, went_on) = (self.answer.has_begun(), self.answer.went_on());
        let ended = self.answer.end(end);
        let is_nothing = match &ended {
            Err(AssistantError::Empty { .. }) => !has_begun,
            Err(AssistantError::CutOff) => !has_begun && end != End::Cut,
            _ => false,
        };
        let beside = self.beside.take().filter(|_| is_nothing);
        match self.behind.take().filter(|_| went_on).or(beside) {
            Some(error) => Err(error),
            None => ended,
        }
    }

    /// What there is to tell since it was asked last.
    pub(crate) fn take_updates(&mut self) -> Vec<Told> {
        self.answer.take_updates()
    }

    /// Whether the server has said that nothing follows.
    pub(crate) fn is_done(&self) -> bool {
        self.answer.is_done()
    }

    /// The error that came in place of an answer, as the server said it. Nothing of one was told before.
    pub(crate) fn instead(&self) -> Option<&str> {
        self.instead.as_deref()
    }

    /// What the server is waited for now.
    pub(crate) fn wait(&self) -> Wait {
        if self.answer.has_text() && self.answer.has_ended() && !self.answer.is_doubtful() {
            Wait::Linger
        } else if self.answer.has_begun() {
            Wait::Next
        } else {
            Wait::First
        }
    }

    fn read_events(&mut self, events: &[Event]) -> Result<(), AssistantError> {
        for event in events {
            if self.is_done() {
                break;
            }
            self.read_event(event)?;
        }
        Ok(())
    }

    fn read_event(&mut self, event: &Event) -> Result<(), AssistantError> {
        self.has_events = true;
        let is_alive = |text: &str| {
            KEEP_ALIVE
                .iter()
                .any(|name| text.eq_ignore_ascii_case(name))
        };
        let mut data = event.data.trim();
        // A proxy that makes events of events.
        while let Some(inner) = data.strip_prefix("data:") {
            data = inner.trim_start();
        }
        if is_alive(&event.name) || is_alive(data) {
            return Ok(());
        }
        if event.name == "error" {
            return Err(self.reported(words(data), data));
        }
        // Such as how a tool gets on that a gateway has called. A protocol may name its events too.
        let is_named = !matches!(event.name.as_str(), "" | "message");
        let data = mend(data);
        let mut rest = data.trim_start();
        while !rest.is_empty() {
            let start = rest.get(..DONE.len()).unwrap_or_default();
            if start.eq_ignore_ascii_case(DONE) {
                self.answer.done();
                return Ok(());
            }
            let mut values = Deserializer::from_str(rest).into_iter::<Value>();
            match values.next() {
                Some(Ok(value)) => self.read_value(&value, is_named)?,
                Some(Err(error)) => {
                    let is_broken = rest.starts_with(['{', '[']) && !self.answer_is_over();
                    let reason = format!("{error} in `{rest}`");
                    let error = AssistantError::BadStream { reason };
                    return self.set_aside(error, is_broken, is_named);
                }
                None => return Ok(()),
            }
            rest = rest[values.byte_offset()..].trim_start();
        }
        Ok(())
    }

    /// Reads a value that may be that of an event with a name.
    fn read_value(&mut self, value: &Value, is_named: bool) -> Result<(), AssistantError> {
        // What has a name of its own is no error because of a message in it.
        let wrong = if is_named {
            error_in(value)
        } else {
            fault(value)
        };
        if let Some(text) = wrong {
            return Err(self.reported(text, &value.to_string()));
        }
        match value {
            Value::Array(values) => {
                let mut values = values.iter();
                values.try_for_each(|value| self.read_value(value, is_named))
            }
            value => match self.dialect.read(value, &mut self.answer) {
                Err(error @ AssistantError::BadStream { .. }) => {
                    self.set_aside(error, holds_answer(value), is_named)
                }
                read => read,
            },
        }
    }

    fn reported(&mut self, text: String, said: &str) -> AssistantError {
        if !self.answer.has_begun() {
            self.instead = Some(said.to_owned());
        }
        AssistantError::Reported { text }
    }

    /// Keeps what cannot be understood if it stands beside the answer and is no part of it, as what a gateway
    /// tells of its sources does. If it has a name of its own, it may stand within.
    fn set_aside(
        &mut self,
        error: AssistantError,
        is_part: bool,
        is_named: bool,
    ) -> Result<(), AssistantError> {
        let is_behind = self.answer_is_over() && !is_named;
        let is_beside = !self.answer.has_begun() || is_named;
        if is_part || !(is_behind || is_beside) {
            return Err(error);
        }
        let place = if is_behind {
            &mut self.behind
        } else {
            &mut self.beside
        };
        place.get_or_insert(error);
        Ok(())
    }

    /// Whether the server has said so, of an answer with a word in it.
    fn answer_is_over(&self) -> bool {
        self.answer.has_text() && self.answer.has_ended()
    }

    /// Reads the last event, which may be cut in the middle.
    fn end_events(&mut self, parser: Parser, end: End) -> Result<(), AssistantError> {
        let mut last = Vec::new();
        parser.finish(&mut last).map_err(too_long)?;
        match self.read_events(&last) {
            // Half an event is no fault of its form.
            Err(AssistantError::BadStream { .. }) if self.answer.has_ended() => {}
            Err(AssistantError::BadStream { .. }) if self.has_begun_events() => {
                return Err(AssistantError::CutOff);
            }
            result => result?,
        }
        let is_stream = self.has_events || self.has_begun_events();
        if end != End::Cut && !is_stream && !self.answer.has_ended() {
            return Err(no_answer(&self.beginning));
        }
        Ok(())
    }

    /// Whether the body began as a stream does, even if no event came of it.
    fn has_begun_events(&self) -> bool {
        let beginning = self.beginning.strip_prefix(BOM).unwrap_or(&self.beginning);
        let beginning = beginning.trim_ascii_start();
        let fields: [&[u8]; 5] = [b":", b"data", b"event", b"id:", b"retry"];
        fields.iter().any(|field| beginning.starts_with(field))
    }

    /// Reads JSON that is no stream of events: a whole answer, or several values.
    fn read_document(&mut self, bytes: &[u8], end: End) -> Result<(), AssistantError> {
        let text = String::from_utf8_lossy(bytes.strip_prefix(BOM).unwrap_or(bytes));
        let text = mend(&text);
        let mut count = 0;
        let mut has_piece = false;
        for value in Deserializer::from_str(&text).into_iter::<Value>() {
            let value = match value {
                Ok(value) => value,
                // Half a value behind a good end.
                Err(_) if self.answer.has_ended() => return Ok(()),
                Err(error) if error.is_eof() || end == End::Cut => {
                    return Err(AssistantError::CutOff);
                }
                Err(error) => {
                    let reason = format!("{error} in `{text}`");
                    return Err(AssistantError::BadStream { reason });
                }
            };
            count += 1;
            has_piece |= is_piece(&value);
            self.read_value(&value, false)?;
        }
        if count == 1 && !has_piece {
            // It closed all its brackets, so it is whole.
            self.answer.done();
        }
        Ok(())
    }
}

/// Whether a value is one of several that make an answer. Alone in a body it is no whole answer.
fn is_piece(value: &Value) -> bool {
    let is_chunk = value["object"] == "chat.completion.chunk";
    is_chunk
        || value["choices"][0]
            .get("delta")
            .is_some_and(|delta| !delta.is_null())
}

/// What a body is that begins with these bytes; `None` if they do not tell.
fn kind(bytes: &[u8]) -> Option<Body> {
    if BOM.starts_with(bytes) {
        return None;
    }
    let text = bytes.strip_prefix(BOM).unwrap_or(bytes);
    let first = text.iter().find(|byte| !byte.is_ascii_whitespace())?;
    Some(match first {
        b'{' | b'[' => Body::Json(Vec::new()),
        b'<' => Body::Page(Vec::new()),
        _ => Body::Events(Parser::default()),
    })
}

fn too_long(error: TooLong) -> AssistantError {
    let reason = error.to_string();
    AssistantError::BadStream { reason }
}

/// That a body is something else than an answer.
fn no_answer(bytes: &[u8]) -> AssistantError {
    let text = String::from_utf8_lossy(bytes);
    let text = text.trim();
    let reason = if text.starts_with('<') {
        format!("it is a page for a browser: {}", plain(text))
    } else {
        format!("it is no stream of events: {text}")
    };
    AssistantError::BadStream { reason }
}

#[cfg(test)]
mod tests;

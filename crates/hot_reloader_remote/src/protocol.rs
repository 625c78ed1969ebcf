//! What is said: one line of JSON each way, then the connection ends.

use std::io::{self, BufRead, BufReader, Read, Write};

use serde::{Deserialize, Serialize};

use crate::RemoteError;

/// The version of what is said.
pub const PROTOCOL: u32 = 1;

/// The most bytes that a request may have, its newline not counted.
pub const MAX_LINE: usize = 64 * 1024;

/// The most bytes that a reply may have, its newline not counted.
pub const MAX_REPLY: usize = 16 * 1024 * 1024;

/// Asks for a reload, or announces that somebody may.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// Always [`PROTOCOL`].
    pub protocol: u32,
    /// The modules to reload; all of them if it is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub modules: Option<Vec<String>>,
    /// What the modules have built is taken down and built anew.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub rebuild: bool,
    /// Nothing is reloaded: the code was edited, and the app may build and try it, so that a reload finds it
    /// done.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub announce: bool,
}

/// What an app answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "reply", rename_all = "snake_case")]
pub enum Reply {
    /// A reload was tried and has ended.
    Report {
        /// Whether the code that was asked for is the code that runs.
        success: bool,
        /// How it ended, in a few words.
        summary: String,
        /// All about it. The text at `error.text`, if there is one, and those in `warnings` are shown to people.
        report: serde_json::Value,
    },
    /// An announcement was heard.
    Heard,
    /// There was no reload.
    Error {
        /// Why.
        error: String,
    },
}

impl Request {
    /// Asks for a reload of `modules`, or of all of them.
    #[must_use]
    pub fn new(modules: Option<Vec<String>>) -> Self {
        Self {
            protocol: PROTOCOL,
            modules,
            rebuild: false,
            announce: false,
        }
    }

    /// The same, and what the modules have built is taken down and built anew.
    #[must_use]
    pub fn rebuilding(self) -> Self {
        Self {
            rebuild: true,
            ..self
        }
    }

    /// Announces an edit.
    #[must_use]
    pub fn announcement() -> Self {
        Self {
            announce: true,
            ..Self::new(None)
        }
    }

    /// Understands a line.
    ///
    /// # Errors
    ///
    /// If it is no request of this version.
    pub fn parse(line: &[u8]) -> Result<Self, RemoteError> {
        /// Looked at first: another version may have other fields.
        #[derive(Deserialize)]
        struct Version {
            protocol: u32,
        }

        let malformed = |source| RemoteError::Malformed { source };
        let line = std::str::from_utf8(line).map_err(|source| RemoteError::NotUtf8 { source })?;
        let Version { protocol } = serde_json::from_str(line).map_err(malformed)?;
        if protocol != PROTOCOL {
            return Err(RemoteError::Protocol { theirs: protocol });
        }
        serde_json::from_str(line).map_err(malformed)
    }
}

impl Reply {
    /// Says that there was no reload, and why.
    #[must_use]
    pub fn error(error: impl ToString) -> Self {
        Self::Error {
            error: error.to_string(),
        }
    }
}

/// Reads up to and with the first newline, or to the end. Never takes more than `limit` bytes and a
/// newline off the stream.
pub(crate) fn read_line(stream: impl Read, limit: usize) -> Result<Vec<u8>, RemoteError> {
    let mut line = Vec::new();
    BufReader::new(stream.take(limit as u64 + 1))
        .read_until(b'\n', &mut line)
        .map_err(|source| match source.kind() {
            io::ErrorKind::TimedOut => RemoteError::TimedOut,
            _ => RemoteError::Read { source },
        })?;
    if line.len() > limit && !line.ends_with(b"\n") {
        return Err(RemoteError::TooLong { limit });
    }
    Ok(line)
}

pub(crate) fn write_line(mut stream: impl Write, value: &impl Serialize) -> io::Result<()> {
    let mut line = serde_json::to_vec(value)?;
    line.push(b'\n');
    stream.write_all(&line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(line: &str, expected: &str) {
        let found = match Request::parse(line.as_bytes()) {
            Ok(request) => serde_json::to_string(&request).unwrap(),
            Err(error) => error.to_string(),
        };
        assert!(found.starts_with(expected), "{found}");
    }

    #[test]
    fn a_request_says_what_it_means_or_is_refused() {
        check(r#"{"protocol":1}"#, r#"{"protocol":1}"#);
        let some = r#"{"protocol":1,"modules":["a","b"]}"#;
        check(some, some);
        check(
            r#"{"protocol":2,"new":true}"#,
            "the request is of protocol 2",
        );
        for line in [
            "",
            "[]",
            "{}",
            r#"{"protocol":1,"module":"a"}"#,
            r#"{"protocol":-1}"#,
        ] {
            check(line, "cannot understand the request");
        }
        let deep = "[".repeat(MAX_LINE);
        check(&deep, "cannot understand the request");
    }

    #[test]
    fn a_line_may_have_as_many_bytes_as_the_limit() {
        let read = |text: &str| read_line(text.as_bytes(), 4);
        assert_eq!(read("1234\nmore").unwrap(), b"1234\n");
        assert_eq!(read("1234").unwrap(), b"1234");
        assert_eq!(read("").unwrap(), b"");
        for text in ["12345", "12345\n"] {
            let error = read(text).unwrap_err();
            assert!(matches!(error, RemoteError::TooLong { limit: 4 }));
        }
    }

    #[test]
    fn a_reply_is_readable_json() {
        let reply = Reply::error("no such module");
        let text = serde_json::to_string(&reply).unwrap();
        assert_eq!(text, r#"{"reply":"error","error":"no such module"}"#);
        assert_eq!(serde_json::from_str::<Reply>(&text).unwrap(), reply);
    }
}

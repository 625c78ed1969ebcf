//! What a command has said, and how it ended.

use std::{fmt, time::Duration};

/// How much of what a command says is kept, in bytes. The newest is.
pub(crate) const KEPT: usize = 64 * 1024;

/// What a command has said so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Output {
    /// Both of its streams, as they came. What is no UTF-8 is replaced.
    pub text: String,
    /// Whether what it said first is not in there any more.
    pub is_cut: bool,
}

/// How a command ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// By itself, with this code.
    Exited(i32),
    /// By a signal that nobody here has sent.
    Signal(i32),
    /// It took longer than this, and was ended with all that it had started.
    TimedOut(Duration),
    /// It wanted a terminal, such as to ask for a password, and there is none for it; the same.
    NoTerminal,
    /// Somebody cancelled it; the same.
    Cancelled,
    /// The system lost it.
    Lost(String),
}

impl Ending {
    /// Whether it is one that commands end with that did what they should.
    #[must_use]
    pub fn is_good(&self) -> bool {
        *self == Self::Exited(0)
    }
}

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exited(code) => write!(f, "it ended with code {code}"),
            Self::Signal(signal) => write!(f, "it was ended by signal {signal}"),
            Self::TimedOut(limit) => write!(f, "it took longer than {limit:?} and was ended"),
            Self::NoTerminal => f.write_str(
                "it wanted to ask somebody at a terminal, which it has not, and was ended",
            ),
            Self::Cancelled => f.write_str("it was cancelled"),
            Self::Lost(reason) => write!(f, "nobody knows how it ended: {reason}"),
        }
    }
}

/// What an app that is gone has left of a command, by the numbers of the processes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Left {
    /// Those that were ended.
    pub ended: Vec<i32>,
    /// Those that could not be.
    pub stays: Vec<i32>,
}

/// How patient to be with a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// For how long it may run.
    pub time: Duration,
    /// For how long it, and all that it has started, may tidy up once they were told to end.
    pub grace: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            time: Duration::from_secs(600),
            grace: Duration::from_secs(2),
        }
    }
}

/// Bytes as they come, of which the newest are kept.
#[derive(Debug, Default)]
pub(crate) struct Newest {
    bytes: Vec<u8>,
    is_cut: bool,
}

impl Newest {
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
        // Seldom, since it moves them all.
        if self.bytes.len() > 2 * KEPT {
            self.cut();
        }
    }

    fn cut(&mut self) {
        let excess = self.bytes.len().saturating_sub(KEPT);
        self.is_cut |= excess > 0;
        self.bytes.drain(..excess);
    }

    pub(crate) fn output(&self) -> Output {
        let excess = self.bytes.len().saturating_sub(KEPT);
        Output {
            text: String::from_utf8_lossy(&self.bytes[excess..]).into_owned(),
            is_cut: self.is_cut || excess > 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_is_kept() {
        let mut newest = Newest::default();
        assert_eq!(newest.output(), Output::default());
        newest.push(b"hello");
        assert_eq!(newest.output().text, "hello");
        assert!(!newest.output().is_cut);
        for _ in 0..100 {
            newest.push(&[b'a'; 5000]);
        }
        newest.push(b"end");
        let output = newest.output();
        assert_eq!((output.text.len(), output.is_cut), (KEPT, true));
        assert!(output.text.ends_with("aend"));
        assert!(newest.bytes.len() <= 2 * KEPT);
    }
}

//! What the thread of an answer has to tell, and where it puts that.

use std::time::Duration;

use crossbeam_channel::{unbounded, Receiver, RecvTimeoutError, Sender};

use crate::{AssistantError, Call};

/// What the thread has to tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Told {
    Token(String),
    Thought(String),
    /// The newest counts.
    Usage(Usage),
    Retrying {
        after: Duration,
        reason: String,
    },
    /// There was no room for more.
    Cut(String),
    /// All calls of the answer.
    Calls(Vec<Call>),
    Finished(Result<(), AssistantError>),
}

/// How many tokens an answer took, as the server counts them. What it does not say is `None`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Of the question with all that was said before it, those from the cache included.
    pub input: Option<u64>,
    /// Of the answer, thoughts included.
    pub output: Option<u64>,
    /// Of the input, those that the server had in its cache.
    pub cached: Option<u64>,
}

/// Where the thread puts what it has to tell.
pub(crate) struct Outlet {
    pub(crate) updates: Sender<Told>,
    pub(crate) stopped: Receiver<()>,
    pub(crate) wake: Box<dyn Fn() + Send + Sync>,
}

/// The end is something to fetch, also if the thread panicked.
impl Drop for Outlet {
    fn drop(&mut self) {
        // Whoever fetches finds the channel closed.
        self.updates = unbounded().0;
        (self.wake)();
    }
}

impl Outlet {
    /// Passes `told` on, or fails if nobody listens.
    pub(crate) fn tell(&self, told: Told) -> Result<(), AssistantError> {
        let sent = self.updates.send(told);
        (self.wake)();
        sent.map_err(|_| AssistantError::Cancelled)
    }

    /// Waits, or fails as soon as the reply is cancelled.
    pub(crate) fn pause(&self, time: Duration) -> Result<(), AssistantError> {
        match self.stopped.recv_timeout(time) {
            Err(RecvTimeoutError::Timeout) => Ok(()),
            Ok(()) | Err(RecvTimeoutError::Disconnected) => Err(AssistantError::Cancelled),
        }
    }
}

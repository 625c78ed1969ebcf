//! An answer under way: the handle, and the thread behind it.

use std::{
    fmt, mem,
    sync::{
        atomic::{AtomicBool, Ordering},
        Mutex, MutexGuard, PoisonError,
    },
    thread,
    time::Duration,
};

use crossbeam_channel::{bounded, unbounded, Receiver, Sender, TryRecvError};
use ureq::Agent;

use crate::{
    chat, echo,
    registry::dialect,
    told::{Outlet, Told, Usage},
    transport, Ask, AssistantError, Call,
};

/// What a reply has to tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Update {
    /// The next piece of the answer.
    Token(String),
    /// The server is busy, or wants to be asked in another form, and will be asked again. No token
    /// came before.
    Retrying {
        /// The pause until then.
        after: Duration,
        /// What the server said.
        reason: String,
    },
    /// How it ended; the last update. `Ok` means that the server said that the answer ends here, and
    /// that there is a word in it or a call in [`Details::calls`]; [`Details::cut`] says whether it had
    /// more to say. What came before an error is a part of the answer.
    Finished(Result<(), AssistantError>),
}

/// What goes with an answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Details {
    /// How many tokens it took so far, if the server counts them.
    pub usage: Option<Usage>,
    /// If there was no room for all of the answer: the server's name for that.
    pub cut: Option<String>,
    /// The tools that the model calls. Empty until the answer has finished well, and unless some were
    /// offered.
    pub calls: Vec<Call>,
}

/// An answer under way. Dropping it cancels it, without waiting for its thread.
pub struct Reply {
    updates: Receiver<Told>,
    details: Mutex<Details>,
    /// Those that nobody has taken yet.
    thoughts: Mutex<String>,
    stop: Sender<()>,
    agent: Agent,
    cancelled: AtomicBool,
    finished: AtomicBool,
}

impl Reply {
    /// Starts to ask, on a thread of its own.
    #[must_use]
    pub fn start(ask: Ask) -> Self {
        Self::start_with(ask, || {})
    }

    /// The same, and calls `wake`, from that thread, whenever there is something to fetch.
    #[must_use]
    pub fn start_with(ask: Ask, wake: impl Fn() + Send + Sync + 'static) -> Self {
        let (send, updates) = unbounded();
        let (stop, stopped) = bounded(1);
        let outlet = Outlet {
            updates: send,
            stopped,
            wake: Box::new(wake),
        };
        let agent = transport::agent(&ask.timing);
        let worker = agent.clone();
        let work = move || {
            let result = dialect(&ask.provider).and_then(|dialect| match dialect {
                None => echo::run(&ask.messages, &outlet),
                Some(dialect) => chat::run(&*dialect, &ask, &worker, &outlet),
            });
            let result = result.map_err(|error| error.presentable(&ask.key));
            // Nobody listens any more if the reply was dropped.
            let _ = outlet.tell(Told::Finished(result));
        };
        // Without a thread the channel is closed at once, which `try_next` reports.
        let _ = thread::Builder::new()
            .name("assistant".to_owned())
            .spawn(work);
        Self {
            updates,
            details: Mutex::default(),
            thoughts: Mutex::default(),
            stop,
            agent,
            cancelled: AtomicBool::new(false),
            finished: AtomicBool::new(false),
        }
    }

    /// The next thing that the reply has to tell, if there is one now. Nothing follows
    /// [`Update::Finished`].
    #[must_use]
    pub fn try_next(&self) -> Option<Update> {
        if self.cancelled.load(Ordering::Acquire) {
            return self.finish(Err(AssistantError::Cancelled));
        }
        loop {
            return match self.updates.try_recv() {
                Ok(Told::Token(token)) => Some(Update::Token(token)),
                Ok(Told::Retrying { after, reason }) => Some(Update::Retrying { after, reason }),
                Ok(Told::Finished(result)) => self.finish(result),
                Ok(detail) => {
                    self.note(detail);
                    continue;
                }
                Err(TryRecvError::Empty) => None,
                // The thread panicked or was never there; after `Finished` this tells nothing.
                Err(TryRecvError::Disconnected) => self.finish(Err(AssistantError::CutOff)),
            };
        }
    }

    /// What goes with the answer, as far as [`try_next`](Self::try_next) has come. It is short.
    #[must_use]
    pub fn details(&self) -> Details {
        lock(&self.details).clone()
    }

    /// What the model has thought since this was called last, as far as [`try_next`](Self::try_next) has
    /// come. No part of the answer, and not to be sent back.
    #[must_use]
    pub fn take_thoughts(&self) -> String {
        mem::take(&mut *lock(&self.thoughts))
    }

    fn note(&self, told: Told) {
        match told {
            Told::Thought(thought) => lock(&self.thoughts).push_str(&thought),
            Told::Usage(usage) => lock(&self.details).usage = Some(usage),
            Told::Cut(reason) => lock(&self.details).cut = Some(reason),
            Told::Calls(calls) => lock(&self.details).calls = calls,
            Told::Token(_) | Told::Retrying { .. } | Told::Finished(_) => {}
        }
    }

    /// Ends the reply: the next update is [`AssistantError::Cancelled`], unless the end has been
    /// told before. Tokens that have not been fetched are lost.
    ///
    /// The connection is closed, which wakes the thread from reading. The thread may outlive this
    /// only while it looks for the server or connects, for [`Timing::connect`] each.
    ///
    /// [`Timing::connect`]: crate::Timing::connect
    pub fn cancel(&self) {
        self.cancelled.store(true, Ordering::Release);
        // Full: it was asked for before. Closed: the thread has ended.
        let _ = self.stop.try_send(());
        self.agent.clone().shutdown();
    }

    fn finish(&self, result: Result<(), AssistantError>) -> Option<Update> {
        let before = self.finished.swap(true, Ordering::AcqRel);
        (!before).then_some(Update::Finished(result))
    }
}

/// Each holder leaves the value whole.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Drop for Reply {
    fn drop(&mut self) {
        self.cancel();
    }
}

impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reply")
            .field("cancelled", &self.cancelled)
            .field("finished", &self.finished)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;
    use crate::{ChatRole, Message};

    const DEADLINE: Duration = Duration::from_secs(20);

    fn echo(text: &str) -> Reply {
        Reply::start(Ask {
            messages: vec![
                Message::new(ChatRole::User, text),
                Message::new(ChatRole::Assistant, "ignored"),
            ],
            ..Ask::default()
        })
    }

    fn next(reply: &Reply) -> Update {
        let start = Instant::now();
        loop {
            if let Some(update) = reply.try_next() {
                return update;
            }
            assert!(start.elapsed() < DEADLINE, "no update came");
            thread::yield_now();
        }
    }

    #[test]
    fn the_handle_can_be_shared() {
        fn check<T: Send + Sync>() {}
        check::<Reply>();
    }

    #[test]
    fn echo_streams_the_last_message_of_the_user() {
        let reply = echo("two  words\nhere");
        let mut tokens = Vec::new();
        loop {
            match next(&reply) {
                Update::Token(token) => tokens.push(token),
                update => break assert_eq!(update, Update::Finished(Ok(()))),
            }
        }
        assert_eq!(tokens.concat(), "You said: two  words\nhere");
        assert!(tokens.len() > 3, "{tokens:?}");
        assert_eq!(reply.try_next(), None);
        reply.cancel();
        assert_eq!(reply.try_next(), None);
    }

    #[test]
    fn cancelling_ends_echo_and_its_thread() {
        let reply = echo(&"word ".repeat(100_000));
        assert_eq!(next(&reply), Update::Token("You ".to_owned()));
        reply.cancel();
        let cancelled = Update::Finished(Err(AssistantError::Cancelled));
        assert_eq!(reply.try_next(), Some(cancelled));
        assert_eq!(reply.try_next(), None);
        // The channel closes when the thread ends.
        let start = Instant::now();
        while reply.updates.recv_timeout(DEADLINE).is_ok() {
            assert!(start.elapsed() < DEADLINE, "the thread goes on");
        }
        assert_eq!(reply.updates.try_recv(), Err(TryRecvError::Disconnected));
    }
}

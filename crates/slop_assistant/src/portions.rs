//! A body that is read on a thread of its own, so that whoever waits for its next portion can stop
//! waiting at any time: a limit that changes in the middle of an answer is beyond the HTTP client.

use std::{
    io::{self, Read},
    thread,
    time::Duration,
};

use crossbeam_channel::{bounded, Receiver, RecvTimeoutError};
use ureq::Agent;

/// How many portions are read ahead of whoever takes them.
const AHEAD: usize = 64;
/// The longest portion, in bytes.
const LONGEST: usize = 8 * 1024;

/// What came of waiting.
#[derive(Debug)]
pub(crate) enum Portion {
    /// Some bytes, at least one.
    Bytes(Vec<u8>),
    /// The body has ended as it should, or the connection has, if nothing tells where the body ends.
    End,
    /// It has ended in the middle.
    Broken(io::Error),
    /// Nothing has come yet.
    Nothing,
}

/// The portions of a body. Dropping it closes all connections of its agent, which ends its thread.
pub(crate) struct Portions {
    portions: Receiver<io::Result<Vec<u8>>>,
    agent: Agent,
}

impl Portions {
    /// Starts to read.
    ///
    /// # Errors
    ///
    /// If the system starts no thread.
    pub(crate) fn start(mut body: impl Read + Send + 'static, agent: &Agent) -> io::Result<Self> {
        let (send, portions) = bounded(AHEAD);
        let work = move || loop {
            let mut bytes = vec![0; LONGEST];
            let read = body.read(&mut bytes).map(|length| {
                bytes.truncate(length);
                bytes
            });
            let is_last = !matches!(&read, Ok(bytes) if !bytes.is_empty());
            // Closed: nobody waits any more.
            if send.send(read).is_err() || is_last {
                return;
            }
        };
        thread::Builder::new()
            .name("assistant body".to_owned())
            .spawn(work)?;
        Ok(Self {
            portions,
            agent: agent.clone(),
        })
    }

    /// Waits for the next portion for at most so long.
    pub(crate) fn next(&self, limit: Duration) -> Portion {
        match self.portions.recv_timeout(limit) {
            Ok(Ok(bytes)) if bytes.is_empty() => Portion::End,
            Ok(Ok(bytes)) => Portion::Bytes(bytes),
            Ok(Err(error)) => Portion::Broken(error),
            Err(RecvTimeoutError::Timeout) => Portion::Nothing,
            // The thread has said that it ended, or it panicked.
            Err(RecvTimeoutError::Disconnected) => {
                Portion::Broken(io::ErrorKind::UnexpectedEof.into())
            }
        }
    }
}

impl Drop for Portions {
    fn drop(&mut self) {
        self.agent.clone().shutdown();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{transport::agent, Timing};

    const LIMIT: Duration = Duration::from_secs(20);

    fn start(body: impl Read + Send + 'static) -> Portions {
        Portions::start(body, &agent(&Timing::default())).unwrap()
    }

    #[test]
    fn a_body_comes_in_portions_and_then_ends() {
        let body = vec![b'x'; LONGEST + 1];
        let portions = start(io::Cursor::new(body));
        for expected in [LONGEST, 1] {
            match portions.next(LIMIT) {
                Portion::Bytes(bytes) => assert_eq!(bytes.len(), expected),
                other => panic!("{other:?}"),
            }
        }
        assert!(matches!(portions.next(LIMIT), Portion::End));
    }

    #[test]
    fn a_body_that_says_nothing_is_not_waited_for_longer_than_wanted() {
        let (keep, silent) = bounded::<u8>(0);
        let portions = start(Silent(silent));
        assert!(matches!(portions.next(Duration::ZERO), Portion::Nothing));
        drop(keep);
        assert!(matches!(portions.next(LIMIT), Portion::Broken(_)));
    }

    /// Fails when its sender is gone.
    struct Silent(Receiver<u8>);

    impl Read for Silent {
        fn read(&mut self, _buffer: &mut [u8]) -> io::Result<usize> {
            let _ = self.0.recv();
            Err(io::ErrorKind::ConnectionReset.into())
        }
    }
}

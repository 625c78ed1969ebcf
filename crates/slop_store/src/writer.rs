//! The thread that makes a text of the newest state and writes it, seldom enough and never half.

use std::{
    fmt, io,
    path::PathBuf,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use crate::{backups::Backups, disk, StoreError};

/// A write that failed is tried again after this time if there is no newer state before.
const RETRY: Duration = Duration::from_secs(1);

/// What makes a text of a state. It is code of whoever handed the state over, and lets no panic out.
pub(crate) type Write = Box<dyn FnOnce() -> Result<String, StoreError> + Send>;

/// A state that is not on disk.
pub(crate) enum Unwritten {
    /// As it was handed over.
    State(Write),
    /// As it is to be written.
    Text(String),
}

impl Unwritten {
    fn text(self) -> Result<String, StoreError> {
        match self {
            Self::State(write) => write(),
            Self::Text(text) => Ok(text),
        }
    }
}

/// Not what is in it, which may be long.
impl fmt::Debug for Unwritten {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::State(_) => "State",
            Self::Text(_) => "Text",
        })
    }
}

/// Where the text goes.
#[derive(Debug)]
pub(crate) struct Target {
    pub(crate) folder: PathBuf,
    pub(crate) name: String,
    pub(crate) backups: Backups,
    /// Whether this session has kept a copy of what it found.
    pub(crate) backed_up: bool,
}

impl Target {
    /// Writes, and returns what went wrong with the backup: a state without one is better than no
    /// state. A link stays one, and what it leads to is written.
    fn write(&mut self, text: &str) -> Result<Option<StoreError>, StoreError> {
        let file = self.folder.join(&self.name);
        let backup = if self.backed_up {
            Ok(())
        } else {
            self.backups.keep(&file)
        };
        self.backed_up |= backup.is_ok();
        let target = disk::follow(&self.folder, &self.name);
        let written =
            target.and_then(|(folder, name)| disk::write(&folder, &name, text.as_bytes()));
        match written {
            Ok(()) => Ok(backup
                .err()
                .map(|source| StoreError::Backup { file, source })),
            Err(source) => Err(StoreError::Write { file, source }),
        }
    }
}

/// The other end of the thread. Dropping it writes what is pending and waits for the thread.
#[derive(Debug)]
pub(crate) struct Writer {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

/// A slot and not a queue, so that a slow disk cannot make states pile up.
#[derive(Debug, Default)]
struct State {
    /// The newest state that is not on disk.
    pending: Option<Unwritten>,
    /// Whether it came after the last attempt to write.
    fresh: bool,
    /// How many flushes were asked for.
    asked: u64,
    /// How many of them are done.
    done: u64,
    closing: bool,
    /// Whether the thread has ended, so that nobody is to wait for it.
    is_over: bool,
    /// Whether the last attempt failed.
    failed: bool,
    /// What went wrong in the last attempt, be it only the backup.
    error: Option<Arc<StoreError>>,
}

impl Shared {
    /// No code that can panic runs under the lock, so its content is good in any case.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Writer {
    /// Starts the thread, which writes at most once in each `pause`, the first time at once.
    pub(crate) fn start(mut target: Target, pause: Duration) -> io::Result<Self> {
        let shared = Arc::new(Shared::default());
        let for_thread = Arc::clone(&shared);
        let thread = thread::Builder::new()
            .name("state writer".to_owned())
            .spawn(move || run(&for_thread, &mut target, pause))?;
        Ok(Self {
            shared,
            thread: Some(thread),
        })
    }

    /// Takes the place of what was handed over before and is not on disk yet.
    ///
    /// # Errors
    ///
    /// [`StoreError::WriterGone`].
    pub(crate) fn hand_over(&self, write: Write) -> Result<(), StoreError> {
        let mut state = self.shared.lock();
        if state.is_over {
            return Err(StoreError::WriterGone);
        }
        let before = state.pending.replace(Unwritten::State(write));
        state.fresh = true;
        drop(state);
        self.shared.changed.notify_all();
        // Foreign code, which the lock does not wait for.
        drop(before);
        Ok(())
    }

    pub(crate) fn last_error(&self) -> Option<Arc<StoreError>> {
        self.shared.lock().error.clone()
    }

    /// Waits until all that was handed over is on disk, or an attempt to write it has failed.
    pub(crate) fn flush(&self) -> Result<(), Arc<StoreError>> {
        let mut state = self.shared.lock();
        state.asked += 1;
        let mine = state.asked;
        self.shared.changed.notify_all();
        while state.done < mine && !state.is_over {
            state = self
                .shared
                .changed
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
        match &state.error {
            Some(error) if state.failed => Err(Arc::clone(error)),
            _ => Ok(()),
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.shared.lock().closing = true;
        self.shared.changed.notify_all();
        if let Some(thread) = self.thread.take() {
            // A panic in the thread was reported by the panic hook.
            let _ = thread.join();
        }
    }
}

/// Tells when the thread ends, however that comes about.
struct End<'a>(&'a Shared);

impl Drop for End<'_> {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.is_over = true;
        if thread::panicking() {
            state.failed = true;
            state.error = Some(Arc::new(StoreError::WriterGone));
        }
        drop(state);
        self.0.changed.notify_all();
    }
}

/// What went wrong with the backup, or with the state, and then the text that is to be tried again.
fn attempt_to_write(
    target: &mut Target,
    pending: Unwritten,
) -> Result<Option<StoreError>, (StoreError, Option<String>)> {
    let text = match pending.text() {
        Ok(text) => text,
        // It would have none in a second either. The next state may.
        Err(error) => return Err((error, None)),
    };
    match target.write(&text) {
        Ok(backup) => Ok(backup),
        Err(error) => Err((error, Some(text))),
    }
}

fn run(shared: &Shared, target: &mut Target, pause: Duration) {
    // Dropped last, so that the lock is free by then.
    let _end = End(shared);
    let mut last: Option<Instant> = None;
    let mut state = shared.lock();
    loop {
        let wait = if state.closing || state.asked > state.done {
            Some(Duration::ZERO)
        } else if state.pending.is_some() {
            let pause = if state.fresh { pause } else { RETRY };
            Some(last.map_or(Duration::ZERO, |last| pause.saturating_sub(last.elapsed())))
        } else {
            None
        };
        match wait {
            None => {
                let woken = shared.changed.wait(state);
                state = woken.unwrap_or_else(PoisonError::into_inner);
            }
            Some(wait) if !wait.is_zero() => {
                let woken = shared.changed.wait_timeout(state, wait);
                state = woken.unwrap_or_else(PoisonError::into_inner).0;
            }
            Some(_) => {
                // What is asked for while the lock is open waits for the next round.
                let (asked, closing) = (state.asked, state.closing);
                let pending = state.pending.take();
                state.fresh = false;
                drop(state);
                let attempt = pending.map(|pending| {
                    last = Some(Instant::now());
                    attempt_to_write(target, pending)
                });
                state = shared.lock();
                match attempt {
                    None => {}
                    Some(Ok(backup)) => {
                        state.failed = false;
                        state.error = backup.map(Arc::new);
                    }
                    Some(Err((error, text))) => {
                        state.failed = true;
                        state.error = Some(Arc::new(error));
                        if state.pending.is_none() {
                            state.pending = text.map(Unwritten::Text);
                        }
                    }
                }
                state.done = asked;
                shared.changed.notify_all();
                if closing {
                    return;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_waits_for_a_thread_that_has_panicked() {
        let folder = tempfile::tempdir().unwrap();
        let target = Target {
            folder: folder.path().to_owned(),
            name: "state.ron".to_owned(),
            backups: Backups::new(folder.path(), "state.ron"),
            backed_up: false,
        };
        let writer = Writer::start(target, Duration::ZERO).unwrap();
        let write = || -> Result<String, StoreError> { panic!("on purpose") };
        writer.hand_over(Box::new(write)).unwrap();
        let error = writer.flush().unwrap_err();
        assert!(matches!(*error, StoreError::WriterGone), "{error:?}");
        let told = writer.last_error();
        assert!(told.is_some_and(|told| matches!(*told, StoreError::WriterGone)));
        let error = writer.hand_over(Box::new(|| Ok(String::new())));
        assert!(matches!(error, Err(StoreError::WriterGone)), "{error:?}");
    }
}

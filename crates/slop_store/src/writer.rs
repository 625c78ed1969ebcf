//! The thread that writes the newest text, seldom enough and never half.

use std::{
    io,
    path::PathBuf,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use crate::{backups::Backups, disk, StoreError};

/// A write that failed is tried again after this time if there is no newer text before.
const RETRY: Duration = Duration::from_secs(1);

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
    /// state.
    fn write(&mut self, text: &str) -> Result<Option<StoreError>, StoreError> {
        let file = self.folder.join(&self.name);
        let backup = if self.backed_up {
            Ok(())
        } else {
            self.backups.keep(&file)
        };
        self.backed_up |= backup.is_ok();
        match disk::write(&self.folder, &self.name, text.as_bytes()) {
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

/// A slot and not a queue, so that a slow disk cannot make texts pile up.
#[derive(Debug, Default)]
struct State {
    /// The newest text that is not on disk.
    pending: Option<String>,
    /// Whether it came after the last attempt to write.
    fresh: bool,
    /// How many flushes were asked for.
    asked: u64,
    /// How many of them are done.
    done: u64,
    closing: bool,
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
    pub(crate) fn hand_over(&self, text: String) {
        let mut state = self.shared.lock();
        state.pending = Some(text);
        state.fresh = true;
        drop(state);
        self.shared.changed.notify_all();
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
        while state.done < mine {
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

fn run(shared: &Shared, target: &mut Target, pause: Duration) {
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
                let text = state.pending.take();
                state.fresh = false;
                drop(state);
                let attempt = text.map(|text| {
                    last = Some(Instant::now());
                    (target.write(&text), text)
                });
                state = shared.lock();
                match attempt {
                    None => {}
                    Some((Ok(backup), _)) => {
                        state.failed = false;
                        state.error = backup.map(Arc::new);
                    }
                    Some((Err(error), text)) => {
                        state.failed = true;
                        state.error = Some(Arc::new(error));
                        if state.pending.is_none() {
                            state.pending = Some(text);
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

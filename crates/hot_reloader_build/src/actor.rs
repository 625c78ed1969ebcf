//! A build on a thread of its own.

use std::{
    sync::Arc,
    thread::{self, JoinHandle},
    time::Duration,
};

use crossbeam_channel::{bounded, unbounded, Receiver, RecvError, Sender, TryRecvError};

use crate::{BuildError, Supervisor};

/// What a build has to tell.
#[derive(Debug)]
pub enum BuildUpdate<T> {
    /// What it is doing, in a few words.
    Progress(String),
    /// What came of it; the last update.
    Finished(T),
    /// Its thread is gone without having said how it ended; the last update.
    Died(BuildError),
}

/// A running build. Dropping it ends all processes that it started, and waits until they are gone.
#[derive(Debug)]
pub struct Build<T> {
    updates: Receiver<BuildUpdate<T>>,
    cancel: Sender<()>,
    thread: Option<JoinHandle<()>>,
}

impl<T: Send + 'static> Build<T> {
    /// Starts `work` on a thread of its own, with what runs its processes: for as long as `time_limit`,
    /// or without a limit if that is zero. `wake` is called now and then, and after the last update.
    #[must_use]
    pub fn start(
        time_limit: Duration,
        wake: impl Fn() + Send + Sync + 'static,
        work: impl FnOnce(&mut Supervisor) -> T + Send + 'static,
    ) -> Self {
        let (send, updates) = unbounded();
        let (cancel, cancelled) = bounded(1);
        let wake = Arc::new(wake);
        let work = move || {
            // If it panics, that is an update too.
            let end = Wake(wake.clone());
            // Gone before that, or who is woken hears nothing.
            let send = send;
            let progress = send.clone();
            let say = move |text| {
                // Nobody listens any more if the app is closing.
                let _ = progress.send(BuildUpdate::Progress(text));
            };
            let mut supervisor = Supervisor::new(time_limit, cancelled, say, move || wake());
            let result = work(&mut supervisor);
            drop(supervisor);
            let _ = send.send(BuildUpdate::Finished(result));
            drop(send);
            drop(end);
        };
        let thread = thread::Builder::new()
            .name("hot reload build".to_owned())
            .spawn(work);
        Self {
            updates,
            cancel,
            // Without a thread the channel is closed, which is then told as its death.
            thread: thread.ok(),
        }
    }

    /// The next thing that the build has to tell, if there is one now.
    pub fn try_next(&mut self) -> Option<BuildUpdate<T>> {
        match self.updates.try_recv() {
            Ok(update) => Some(update),
            Err(TryRecvError::Empty) => None,
            Err(TryRecvError::Disconnected) => Some(self.died()),
        }
    }

    /// Waits for the next thing that the build has to tell.
    pub fn wait_next(&mut self) -> BuildUpdate<T> {
        let update = self.updates.recv();
        update.unwrap_or_else(|RecvError| self.died())
    }

    fn died(&mut self) -> BuildUpdate<T> {
        let payload = self.thread.take().map(JoinHandle::join);
        let reason = match payload {
            None => "the system could not start a thread".to_owned(),
            Some(Ok(())) => "it had told all before".to_owned(),
            Some(Err(payload)) => {
                let text = payload.downcast_ref::<&str>().map(ToString::to_string);
                let text = text.or_else(|| payload.downcast_ref::<String>().cloned());
                text.unwrap_or_else(|| "its thread panicked".to_owned())
            }
        };
        BuildUpdate::Died(BuildError::Died { reason })
    }
}

/// Wakes when it goes.
struct Wake<F: Fn()>(Arc<F>);

impl<F: Fn()> Drop for Wake<F> {
    fn drop(&mut self) {
        self.0();
    }
}

impl<T> Build<T> {
    /// Asks for the end of the build, which is then reported as [`BuildError::Cancelled`] unless it
    /// had ended before.
    pub fn cancel(&self) {
        // Full: it was asked for before. Closed: the build has ended.
        let _ = self.cancel.try_send(());
    }
}

impl<T> Drop for Build<T> {
    fn drop(&mut self) {
        self.cancel();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::{
        fs,
        os::unix::fs::PermissionsExt,
        path::{Path, PathBuf},
        time::{Duration, Instant},
    };

    use super::*;
    use crate::{BuildConfig, BuildOutcome, Known, Task, Workspace};

    const DEADLINE: Duration = Duration::from_secs(30);

    /// A config whose cargo is a shell script.
    fn script(folder: &Path, text: &str) -> BuildConfig {
        let cargo = folder.join("cargo");
        fs::write(&cargo, format!("#!/bin/sh\n{text}\n")).unwrap();
        fs::set_permissions(&cargo, fs::Permissions::from_mode(0o755)).unwrap();
        BuildConfig {
            cargo,
            folder: folder.to_owned(),
            ..BuildConfig::new(folder)
        }
    }

    fn start(config: BuildConfig) -> Build<BuildOutcome> {
        let workspace = Workspace::of_one("game", "game", &config.folder);
        begin(config, Some(Known::of(workspace)))
    }

    fn begin(config: BuildConfig, mut known: Option<Known>) -> Build<BuildOutcome> {
        Build::start(
            config.time_limit,
            || {},
            move |supervisor| {
                let task = Task {
                    libraries: &["game".to_owned()],
                    wanted: None,
                    config: &config,
                    benches: &config.folder.join("benches"),
                };
                task.make(&mut known, supervisor).0
            },
        )
    }

    fn outcome(build: &Build<BuildOutcome>) -> BuildOutcome {
        loop {
            match build.updates.recv_timeout(DEADLINE).unwrap() {
                BuildUpdate::Finished(outcome) => return outcome,
                BuildUpdate::Died(error) => return Err(error),
                BuildUpdate::Progress(_) => {}
            }
        }
    }

    /// The process that the script started, once it has written its number down.
    fn grandchild(file: PathBuf) -> PathBuf {
        let start = Instant::now();
        loop {
            if let Ok(text) = fs::read_to_string(&file) {
                if let Some(pid) = text.strip_suffix('\n') {
                    return Path::new("/proc").join(pid);
                }
            }
            assert!(start.elapsed() < DEADLINE, "the script never started");
            thread::yield_now();
        }
    }

    fn is_gone(process: &Path) -> bool {
        // A process that ended but that nobody waited for is still listed, as a zombie.
        fs::read_to_string(process.join("stat")).map_or(true, |stat| stat.contains(") Z "))
    }

    fn wait_until_gone(process: &Path) {
        let start = Instant::now();
        while !is_gone(process) {
            assert!(start.elapsed() < DEADLINE, "{} lives", process.display());
            thread::yield_now();
        }
    }

    const SLEEPER: &str = "sleep 1000 & echo $! > pid; wait";

    #[test]
    fn cancelling_ends_the_whole_process_tree() {
        let folder = tempfile::tempdir().unwrap();
        let build = start(script(folder.path(), SLEEPER));
        let sleeper = grandchild(folder.path().join("pid"));
        assert!(!is_gone(&sleeper));
        build.cancel();
        assert!(matches!(outcome(&build), Err(BuildError::Cancelled)));
        wait_until_gone(&sleeper);
    }

    #[test]
    fn dropping_leaves_no_process_behind() {
        let folder = tempfile::tempdir().unwrap();
        let build = start(script(folder.path(), SLEEPER));
        let sleeper = grandchild(folder.path().join("pid"));
        drop(build);
        wait_until_gone(&sleeper);
    }

    #[test]
    fn a_build_past_its_limit_is_ended_with_what_it_said() {
        let folder = tempfile::tempdir().unwrap();
        let config = BuildConfig {
            // Enough for a shell to have said that, however busy the machine is.
            time_limit: Duration::from_secs(5),
            ..script(folder.path(), &format!("echo stuck >&2; {SLEEPER}"))
        };
        let build = start(config);
        let error = outcome(&build).unwrap_err();
        assert!(
            matches!(&error, BuildError::TimedOut { tail, .. } if tail == "stuck"),
            "{error}"
        );
        wait_until_gone(&grandchild(folder.path().join("pid")));
    }

    /// Cargo as it is asked about the workspace.
    #[test]
    fn the_question_about_the_workspace_can_be_cancelled_and_times_out() {
        let folder = tempfile::tempdir().unwrap();
        let config = script(folder.path(), SLEEPER);
        let build = begin(config, None);
        let sleeper = grandchild(folder.path().join("pid"));
        build.cancel();
        assert!(matches!(outcome(&build), Err(BuildError::Cancelled)));
        wait_until_gone(&sleeper);

        let config = BuildConfig {
            time_limit: Duration::from_millis(300),
            ..script(folder.path(), SLEEPER)
        };
        let build = begin(config, None);
        assert!(matches!(outcome(&build), Err(BuildError::TimedOut { .. })));
    }

    #[test]
    fn a_thread_that_dies_is_an_error() {
        let mut build: Build<()> = Build::start(Duration::ZERO, || {}, |_| panic!("no more disk"));
        let error = loop {
            match build.wait_next() {
                BuildUpdate::Died(error) => break error,
                BuildUpdate::Finished(()) => panic!("it said that it ended"),
                BuildUpdate::Progress(_) => {}
            }
        };
        assert!(
            matches!(&error, BuildError::Died { reason } if reason == "no more disk"),
            "{error}"
        );
    }

    #[test]
    fn a_missing_cargo_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let config = BuildConfig {
            cargo: folder.path().join("nowhere"),
            ..BuildConfig::new(folder.path())
        };
        let error = outcome(&start(config)).unwrap_err();
        assert!(error.to_string().contains("nowhere"), "{error}");
    }

    #[test]
    fn progress_is_what_cargo_says() {
        let folder = tempfile::tempdir().unwrap();
        let build = start(script(
            folder.path(),
            "echo '   Compiling game' >&2; exit 3",
        ));
        let first = build.updates.recv_timeout(DEADLINE).unwrap();
        assert!(matches!(first, BuildUpdate::Progress(text) if text == "Compiling game"));
        let error = outcome(&build).unwrap_err();
        assert!(matches!(error, BuildError::Failed { status, .. } if status.contains('3')));
    }
}

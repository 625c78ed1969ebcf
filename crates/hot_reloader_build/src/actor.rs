//! A build on a thread of its own, with cargo's whole process tree in hand.

use std::{
    io::{BufRead, BufReader},
    process::Stdio,
    thread::{self, JoinHandle},
};

use cargo_metadata::Message;
use crossbeam_channel::{after, bounded, never, select_biased, unbounded, Receiver, Sender};
use process_wrap::std::{ChildWrapper, CommandWrap};

use crate::{message::Transcript, BuildConfig, BuildError, BuildOutcome, Workspace};

/// What a build has to tell.
#[derive(Debug)]
pub enum BuildUpdate {
    /// What cargo is doing, in a few words.
    Progress(String),
    /// How it ended; the last update.
    Finished(BuildOutcome),
}

/// A running build. Dropping it ends cargo and everything cargo started, and waits until they are
/// gone.
#[derive(Debug)]
pub struct Build {
    updates: Receiver<BuildUpdate>,
    cancel: Sender<()>,
    thread: Option<JoinHandle<()>>,
}

impl Build {
    /// Starts cargo to build the crate `library`. `workspace` is what a former build found out; the
    /// first build asks cargo for it.
    #[must_use]
    pub fn start(library: &str, config: BuildConfig, workspace: Option<Workspace>) -> Self {
        let library = library.to_owned();
        let (send, updates) = unbounded();
        let (cancel, cancelled) = bounded(1);
        let thread = thread::Builder::new()
            .name("hot reload build".to_owned())
            .spawn(move || {
                let outcome = find(&library, &config, workspace)
                    .and_then(|workspace| run(config, workspace, &send, &cancelled));
                // Nobody listens any more if the app is closing.
                let _ = send.send(BuildUpdate::Finished(outcome));
            })
            .expect("the system can start a thread");
        Self {
            updates,
            cancel,
            thread: Some(thread),
        }
    }

    /// The next thing that the build has to tell, if there is one now.
    #[must_use]
    pub fn try_next(&self) -> Option<BuildUpdate> {
        self.updates.try_recv().ok()
    }

    /// Waits for the next thing that the build has to tell.
    ///
    /// # Panics
    ///
    /// If it has told all, [`BuildUpdate::Finished`] included.
    #[must_use]
    pub fn next(&self) -> BuildUpdate {
        let update = self.updates.recv();
        update.expect("a build that has ended is not asked any more")
    }

    /// Asks for the end of the build, which is then reported as [`BuildError::Cancelled`] unless it
    /// had ended before.
    pub fn cancel(&self) {
        // Full: it was asked for before. Closed: the build has ended.
        let _ = self.cancel.try_send(());
    }
}

impl Drop for Build {
    fn drop(&mut self) {
        self.cancel();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

enum Line {
    Message(Box<Message>),
    Text(String),
}

fn find(
    library: &str,
    config: &BuildConfig,
    known: Option<Workspace>,
) -> Result<Workspace, BuildError> {
    known.map_or_else(
        || Workspace::find(config, library).map_err(|source| BuildError::Workspace { source }),
        Ok,
    )
}

fn run(
    mut config: BuildConfig,
    workspace: Workspace,
    updates: &Sender<BuildUpdate>,
    cancelled: &Receiver<()>,
) -> BuildOutcome {
    config.package.clone_from(&workspace.package);
    let mut child = spawn(&config).map_err(|source| BuildError::NotStarted {
        cargo: config.cargo.clone(),
        folder: config.folder.clone(),
        source,
    })?;
    let lines = read(&mut *child);
    let out_of_time = if config.time_limit.is_zero() {
        never()
    } else {
        after(config.time_limit)
    };
    let mut transcript = Transcript::new(workspace);
    let ended = loop {
        select_biased! {
            recv(cancelled) -> _ => break Some(BuildError::Cancelled),
            recv(out_of_time) -> _ => break Some(BuildError::TimedOut {
                limit: config.time_limit,
                tail: transcript.tail(),
            }),
            recv(lines) -> line => match line {
                Ok(Line::Message(message)) => transcript.message(*message),
                Ok(Line::Text(line)) => {
                    let _ = updates.send(BuildUpdate::Progress(line.trim().to_owned()));
                    transcript.text(line);
                }
                // Both streams have ended, and so has cargo.
                Err(_) => break None,
            },
        }
    };
    let end = |mut child: Box<dyn ChildWrapper>| {
        if ended.is_some() {
            // A process that is gone already is what is wanted.
            let _ = child.start_kill();
        }
        child.wait()
    };
    let status = end(child);
    match ended {
        Some(error) => Err(error),
        None => transcript.finish(status.map_err(|error| BuildError::Failed {
            status: "unknown".to_owned(),
            tail: error.to_string(),
        })?),
    }
}

fn spawn(config: &BuildConfig) -> std::io::Result<Box<dyn ChildWrapper>> {
    let mut command = config.command();
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut command = CommandWrap::from(command);
    #[cfg(unix)]
    command.wrap(process_wrap::std::ProcessGroup::leader());
    #[cfg(windows)]
    command.wrap(process_wrap::std::JobObject);
    command.spawn()
}

/// Reads both streams on threads of their own, which end with the streams.
fn read(child: &mut dyn ChildWrapper) -> Receiver<Line> {
    let (send, lines) = unbounded();
    if let Some(stdout) = child.stdout().take() {
        let send = send.clone();
        thread::spawn(move || {
            for message in Message::parse_stream(BufReader::new(stdout)).map_while(Result::ok) {
                if send.send(Line::Message(Box::new(message))).is_err() {
                    break;
                }
            }
        });
    }
    if let Some(stderr) = child.stderr().take() {
        thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                if send.send(Line::Text(line)).is_err() {
                    break;
                }
            }
        });
    }
    lines
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

    const DEADLINE: Duration = Duration::from_secs(30);

    /// A config whose cargo is a shell script.
    fn script(folder: &Path, text: &str) -> BuildConfig {
        let cargo = folder.join("cargo");
        fs::write(&cargo, format!("#!/bin/sh\n{text}\n")).unwrap();
        fs::set_permissions(&cargo, fs::Permissions::from_mode(0o755)).unwrap();
        BuildConfig {
            cargo,
            ..BuildConfig::new(folder, "game")
        }
    }

    fn start(config: BuildConfig) -> Build {
        let workspace = Workspace {
            package: "game".into(),
            root: config.folder.clone(),
            target_folder: config.folder.join("target"),
            hot: vec!["game".into()],
        };
        Build::start("game", config, Some(workspace))
    }

    fn outcome(build: &Build) -> BuildOutcome {
        loop {
            match build.updates.recv_timeout(DEADLINE).unwrap() {
                BuildUpdate::Finished(outcome) => return outcome,
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
            time_limit: Duration::from_millis(300),
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

    #[test]
    fn a_missing_cargo_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let config = BuildConfig {
            cargo: folder.path().join("nowhere"),
            ..BuildConfig::new(folder.path(), "game")
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

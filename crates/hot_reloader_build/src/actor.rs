//! A build on a thread of its own, with cargo's whole process tree in hand.

use std::{
    io::{BufRead, BufReader, Read},
    process::{Command, ExitStatus, Stdio},
    thread::{self, JoinHandle},
    time::Instant,
};

use cargo_metadata::Message;
use crossbeam_channel::{
    at, bounded, never, select_biased, unbounded, Receiver, RecvError, Sender, TryRecvError,
};
use process_wrap::std::{ChildWrapper, CommandWrap};

use crate::{message::Transcript, BuildConfig, BuildError, BuildOutcome, Sources, Workspace};

/// What a build has to tell.
#[derive(Debug)]
pub enum BuildUpdate<T> {
    /// What cargo is doing, in a few words.
    Progress(String),
    /// How it ended, and what was made of that; the last update.
    Finished(T),
    /// Its thread is gone without having said how it ended; the last update.
    Died(BuildError),
}

/// What builds find out, for the next one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// What cargo said of the workspace.
    pub workspace: Workspace,
    /// What the library was made of.
    pub sources: Sources,
}

/// A running build. Dropping it ends cargo and everything cargo started, and waits until they are
/// gone.
#[derive(Debug)]
pub struct Build<T> {
    updates: Receiver<BuildUpdate<T>>,
    cancel: Sender<()>,
    thread: Option<JoinHandle<()>>,
}

impl<T: Send + 'static> Build<T> {
    /// Starts cargo to build the crate `library`, and then does `finish` with what came of it, all on
    /// a thread of its own. `known` is what the last build found out; the first one asks cargo for it.
    #[must_use]
    pub fn start(
        library: &str,
        config: BuildConfig,
        known: Option<Known>,
        finish: impl FnOnce(BuildOutcome) -> T + Send + 'static,
    ) -> Self {
        let library = library.to_owned();
        let (send, updates) = unbounded();
        let (cancel, cancelled) = bounded(1);
        let work = move || {
            let progress = |text| {
                // Nobody listens any more if the app is closing.
                let _ = send.send(BuildUpdate::Progress(text));
            };
            let supervisor = Supervisor::new(&config, &cancelled);
            let (workspace, sources) = match known {
                Some(known) => (Some(known.workspace), known.sources),
                None => (None, Sources::default()),
            };
            let outcome = find(&library, &config, workspace, &supervisor).and_then(|workspace| {
                sources.make_stale();
                run(&config, workspace, &supervisor, progress)
            });
            let _ = send.send(BuildUpdate::Finished(finish(outcome)));
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

/// Runs the processes of one build, until they end, somebody cancels, or the time is up.
struct Supervisor<'a> {
    config: &'a BuildConfig,
    cancelled: &'a Receiver<()>,
    deadline: Receiver<Instant>,
}

/// A line that a process printed.
enum Line {
    Out(String),
    Err(String),
}

impl<'a> Supervisor<'a> {
    fn new(config: &'a BuildConfig, cancelled: &'a Receiver<()>) -> Self {
        let deadline = if config.time_limit.is_zero() {
            never()
        } else {
            at(Instant::now() + config.time_limit)
        };
        Self {
            config,
            cancelled,
            deadline,
        }
    }

    /// Hands over each line that the process prints. `tail` is asked for what it printed last.
    fn run<S>(
        &self,
        command: Command,
        state: &mut S,
        hear: impl Fn(&mut S, Line),
        tail: impl Fn(&S) -> String,
    ) -> Result<ExitStatus, BuildError> {
        let config = self.config;
        let mut child = spawn(command).map_err(|source| BuildError::NotStarted {
            cargo: config.cargo.clone(),
            folder: config.folder.clone(),
            source,
        })?;
        let lines = read(&mut *child);
        let ended = loop {
            select_biased! {
                recv(self.cancelled) -> _ => break Some(BuildError::Cancelled),
                recv(self.deadline) -> _ => break Some(BuildError::TimedOut {
                    limit: config.time_limit,
                    tail: tail(state),
                }),
                recv(lines) -> line => match line {
                    Ok(line) => hear(state, line),
                    // Both streams have ended, and so has the process.
                    Err(_) => break None,
                },
            }
        };
        if ended.is_some() {
            // A process that is gone already is what is wanted.
            let _ = child.start_kill();
        }
        let status = child.wait();
        match ended {
            Some(error) => Err(error),
            None => status.map_err(|error| BuildError::Failed {
                status: "unknown".to_owned(),
                tail: error.to_string(),
            }),
        }
    }
}

fn find(
    library: &str,
    config: &BuildConfig,
    known: Option<Workspace>,
    supervisor: &Supervisor<'_>,
) -> Result<Workspace, BuildError> {
    if let Some(known) = known.filter(|known| known.manifests.are_unchanged()) {
        return Ok(known);
    }
    let (mut out, mut err) = (String::new(), String::new());
    let mut printed = (&mut out, &mut err);
    let status = supervisor.run(
        Workspace::question(config),
        &mut printed,
        |(out, err), line| match line {
            Line::Out(line) => out.push_str(&line),
            Line::Err(line) => {
                err.push_str(&line);
                err.push('\n');
            }
        },
        |(_, err)| (*err).clone(),
    )?;
    let answer = status.success().then_some(&*out).ok_or(&*err);
    Workspace::understand(config, library, answer)
        .map_err(|source| BuildError::Workspace { source })
}

fn run(
    config: &BuildConfig,
    workspace: Workspace,
    supervisor: &Supervisor<'_>,
    progress: impl Fn(String),
) -> BuildOutcome {
    let mut config = config.clone();
    config.package.clone_from(&workspace.package);
    let mut transcript = Transcript::new(workspace);
    let status = supervisor.run(
        config.command(),
        &mut transcript,
        |transcript, line| match line {
            Line::Out(line) => {
                let messages = Message::parse_stream(line.as_bytes()).map_while(Result::ok);
                messages.for_each(|message| transcript.message(message));
            }
            Line::Err(line) => {
                progress(line.trim().to_owned());
                transcript.text(line);
            }
        },
        Transcript::tail,
    )?;
    transcript.finish(status)
}

fn spawn(mut command: Command) -> std::io::Result<Box<dyn ChildWrapper>> {
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
        forward(stdout, send.clone(), Line::Out);
    }
    if let Some(stderr) = child.stderr().take() {
        forward(stderr, send, Line::Err);
    }
    lines
}

fn forward(stream: impl Read + Send + 'static, send: Sender<Line>, line: fn(String) -> Line) {
    thread::spawn(move || {
        let mut stream = BufReader::new(stream);
        let mut bytes = Vec::new();
        // A program may print what is no text; then it is shown as far as it is.
        while stream
            .read_until(b'\n', &mut bytes)
            .is_ok_and(|read| read > 0)
        {
            let text = String::from_utf8_lossy(&bytes);
            let text = text.trim_end_matches(['\n', '\r']);
            if send.send(line(text.to_owned())).is_err() {
                break;
            }
            bytes.clear();
        }
    });
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
            folder: folder.to_owned(),
            ..BuildConfig::new(folder, "game")
        }
    }

    fn start(config: BuildConfig) -> Build<BuildOutcome> {
        let workspace = Workspace {
            package: "game".into(),
            root: config.folder.clone(),
            target_folder: config.folder.join("target"),
            hot: vec!["game".into()],
            crates: vec!["game".into()],
            manifests: crate::workspace::Manifests::default(),
        };
        let known = Known {
            workspace,
            sources: Sources::default(),
        };
        Build::start("game", config, Some(known), |outcome| outcome)
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

    /// Cargo as it is asked about the workspace.
    #[test]
    fn the_question_about_the_workspace_can_be_cancelled_and_times_out() {
        let folder = tempfile::tempdir().unwrap();
        let config = script(folder.path(), SLEEPER);
        let build = Build::start("game", config, None, |outcome| outcome);
        let sleeper = grandchild(folder.path().join("pid"));
        build.cancel();
        assert!(matches!(outcome(&build), Err(BuildError::Cancelled)));
        wait_until_gone(&sleeper);

        let config = BuildConfig {
            time_limit: Duration::from_millis(300),
            ..script(folder.path(), SLEEPER)
        };
        let build = Build::start("game", config, None, |outcome| outcome);
        assert!(matches!(outcome(&build), Err(BuildError::TimedOut { .. })));
    }

    #[test]
    fn a_thread_that_dies_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let config = script(folder.path(), "exit 3");
        let mut build: Build<()> = Build::start("game", config, None, |_| panic!("no more disk"));
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

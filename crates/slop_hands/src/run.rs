//! A command under way.

use std::{
    env,
    ffi::{OsStr, OsString},
    fmt,
    io::{self, PipeReader, Read},
    os::unix::process::{CommandExt, ExitStatusExt},
    process::{Child, Command, ExitStatus, Stdio},
    sync::{
        atomic::{AtomicU64, Ordering},
        Arc, Mutex, MutexGuard, PoisonError,
    },
    thread,
    time::{Duration, Instant, SystemTime},
};

use crossbeam_channel::{bounded, Receiver, RecvTimeoutError, Sender};
use rustix::process::{waitid, Pid, Signal, WaitId, WaitIdOptions};

use crate::{
    output::Newest,
    path::seen,
    tree::{self, Tree, LABEL, MARK},
    Ending, HandsError, Left, Output, Patience, Root,
};

/// The longest command, in bytes. Nobody would read a longer one before it runs.
const LONGEST: usize = 16 * 1024;
/// How often it is looked whether a command has ended.
const LOOK: Duration = Duration::from_millis(10);
/// For how long output is waited for once all processes are gone.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// Parts of the names of variables that no command gets.
const SECRET: [&str; 10] = [
    "KEY",
    "TOKEN",
    "SECRET",
    "PASSWORD",
    "PASSWD",
    "PASSPHRASE",
    "CREDENTIAL",
    "AUTH",
    MARK,
    LABEL,
];

/// What cargo says to a program that it runs, as it does to this app. Where a command starts cargo, build
/// scripts that read it, such as that of `ring`, would run again with all that depends on them: now, and once
/// more in the next build that is started elsewhere.
const OF_CARGO: [&str; 6] = [
    "CARGO",
    "CARGO_CRATE_NAME",
    "CARGO_MAKEFLAGS",
    "CARGO_PRIMARY_PACKAGE",
    "CARGO_TARGET_TMPDIR",
    "OUT_DIR",
];
/// What the names of the rest of it begin with. All others with `CARGO_` are settings of the person.
const OF_CARGO_BEGIN: [&str; 5] = [
    "CARGO_BIN_",
    "CARGO_CFG_",
    "CARGO_FEATURE_",
    "CARGO_MANIFEST_",
    "CARGO_PKG_",
];

/// A command under way. Dropping it cancels it, without waiting for its end.
pub struct Running {
    shared: Arc<Shared>,
    stop: Sender<()>,
}

#[derive(Default)]
struct Shared {
    newest: Mutex<Newest>,
    ending: Mutex<Option<Ending>>,
}

/// Each holder leaves the value whole.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Running {
    /// Starts a command of the shell in the folder, with nothing to read. `wake` is called, from
    /// another thread, whenever there is something new to see. By the `label` an app that is started
    /// after this one was killed finds what is left of it.
    ///
    /// # Errors
    ///
    /// If it is blank, nobody could see what it does, or the system refuses.
    pub fn start(
        root: &Root,
        command: &str,
        label: &str,
        patience: Patience,
        wake: impl Fn() + Send + Sync + 'static,
    ) -> Result<Self, HandsError> {
        Self::check(command)?;
        let failed = |source| HandsError::Command { source };
        let value = unique();
        let (reader, writer) = io::pipe().map_err(failed)?;
        let mut shell = Command::new("/bin/sh");
        shell
            .args(["-c", "--", command])
            .current_dir(root.here())
            .env_clear()
            .envs(environment(env::vars_os()))
            .env(MARK, &value)
            .env(LABEL, label)
            .stdin(Stdio::null())
            .stdout(writer.try_clone().map_err(failed)?)
            .stderr(writer)
            .process_group(0);

        let shared = Arc::new(Shared::default());
        let (stop, stopped) = bounded(1);
        let (tell, started) = bounded(1);
        let theirs = Arc::clone(&shared);
        let wake = Arc::new(wake);
        let work = move || {
            let drained = match listen(reader, Arc::clone(&theirs), Arc::clone(&wake)) {
                Ok(drained) => drained,
                Err(error) => return drop(tell.send(Err(error))),
            };
            let child = match shell.spawn() {
                Ok(child) => child,
                Err(error) => return drop(tell.send(Err(error))),
            };
            // It holds an end of the pipe, which would never be at its end.
            drop(shell);
            let _ = tell.send(Ok(()));
            let ending = supervise(child, &value, patience, &stopped);
            // Nothing is sent; it closes when all output was read.
            let _ = drained.recv_timeout(LAST_WORDS);
            *lock(&theirs.ending) = Some(ending);
            wake();
        };
        let thread = thread::Builder::new().name("command".to_owned());
        thread.spawn(work).map_err(failed)?;
        match started.recv() {
            Ok(Ok(())) => Ok(Self { shared, stop }),
            Ok(Err(error)) => Err(failed(error)),
            // It panicked.
            Err(error) => Err(failed(io::Error::other(error))),
        }
    }

    /// Ends what is left of a command of this label, if the app that has started it is gone. It waits for
    /// that, for some seconds at most.
    #[must_use]
    pub fn end_left(label: &str) -> Left {
        tree::end_left(label, Patience::default().grace)
    }

    /// Whether anything is left of a command of this label, and the app that has started it is gone. It
    /// looks at all processes once.
    #[must_use]
    pub fn is_left(label: &str) -> bool {
        tree::is_left(label)
    }

    /// Whether a command could be started, as far as its text tells.
    ///
    /// # Errors
    ///
    /// If it is blank or too long, or somebody who reads it would not see what it does.
    pub fn check(command: &str) -> Result<(), HandsError> {
        let what = "command";
        if command.trim().is_empty() {
            return Err(HandsError::Blank { what });
        }
        if command.len() > LONGEST {
            let most = LONGEST;
            return Err(HandsError::TooLong { what, most });
        }
        seen(what, command, &['\n', '\t'])
    }

    /// What it has said so far.
    #[must_use]
    pub fn output(&self) -> Output {
        lock(&self.shared.newest).output()
    }

    /// How it ended; `None` while it runs. All that it had started and that could be ended is ended by then.
    #[must_use]
    pub fn ending(&self) -> Option<Ending> {
        lock(&self.shared.ending).clone()
    }

    /// Ends it with all that it has started: asks first, and then does not.
    pub fn cancel(&self) {
        // Full: it was asked for before. Closed: it has ended.
        let _ = self.stop.try_send(());
    }
}

impl fmt::Debug for Running {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Running")
            .field("ending", &self.ending())
            .finish_non_exhaustive()
    }
}

/// A value that no other command has, not even one of an earlier start. It begins with who starts it.
fn unique() -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let nanos = now.unwrap_or_default().as_nanos();
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    format!("{}-{count}-{nanos}", tree::owner())
}

/// What a command gets to know of ours.
fn environment(
    all: impl Iterator<Item = (OsString, OsString)>,
) -> impl Iterator<Item = (OsString, OsString)> {
    all.filter(|(name, value)| !is_secret(name, value) && !is_of_cargo(name))
}

fn is_of_cargo(name: &OsStr) -> bool {
    let name = name.to_string_lossy();
    OF_CARGO.contains(&&*name) || OF_CARGO_BEGIN.iter().any(|begin| name.starts_with(begin))
}

fn is_secret(name: &OsStr, value: &OsStr) -> bool {
    let name = name.to_string_lossy().to_ascii_uppercase();
    let value = value.to_string_lossy();
    // An address with a password in it.
    let is_address = value.split_once("://");
    let has_user = is_address.is_some_and(|(_, rest)| rest.contains('@'));
    has_user || SECRET.iter().any(|part| name.contains(part))
}

/// Reads all that a command says. The receiver is closed when there is no more.
fn listen(
    mut reader: PipeReader,
    shared: Arc<Shared>,
    wake: Arc<impl Fn() + Send + Sync + 'static>,
) -> io::Result<Receiver<()>> {
    let (end, drained) = bounded(0);
    let read = move || {
        let _end: Sender<()> = end;
        let mut buffer = vec![0; 8 * 1024];
        loop {
            match reader.read(&mut buffer) {
                Ok(0) => break,
                Ok(count) => {
                    lock(&shared.newest).push(&buffer[..count]);
                    wake();
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => break,
            }
        }
    };
    let thread = thread::Builder::new().name("command output".to_owned());
    thread.spawn(read)?;
    Ok(drained)
}

/// Waits for a command, and ends it with all that it has started.
fn supervise(mut child: Child, value: &str, patience: Patience, stopped: &Receiver<()>) -> Ending {
    let pid = Pid::from_child(&child);
    let tree = Tree::new(pid, value);
    let start = Instant::now();
    let why = loop {
        if has_ended(pid) {
            break None;
        }
        if wants_terminal(pid) {
            break Some(Ending::NoTerminal);
        }
        match stopped.recv_timeout(LOOK) {
            Err(RecvTimeoutError::Timeout) => {}
            // Nobody holds it any more, or somebody said so.
            Ok(()) | Err(RecvTimeoutError::Disconnected) => break Some(Ending::Cancelled),
        }
        if start.elapsed() >= patience.time {
            break Some(Ending::TimedOut(patience.time));
        }
    };
    // What it has left behind gets the same time to tidy up.
    tree.end(patience.grace);
    let status = child.wait();
    match (why, status) {
        (Some(why), _) => why,
        (None, Ok(status)) => ending(status),
        (None, Err(error)) => Ending::Lost(error.to_string()),
    }
}

/// Whether a child has ended. It stays to be waited for.
fn has_ended(pid: Pid) -> bool {
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    !matches!(waitid(WaitId::Pid(pid), options), Ok(None))
}

/// Whether a child is stopped since something in its group wants the terminal that the app was started from,
/// such as to ask for a password. It would wait there for ever.
fn wants_terminal(pid: Pid) -> bool {
    let options = WaitIdOptions::STOPPED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    let status = waitid(WaitId::Pid(pid), options).ok().flatten();
    let signal = status.and_then(|status| status.stopping_signal());
    let of_terminal = [Signal::TTIN, Signal::TTOU].map(Signal::as_raw);
    signal.is_some_and(|signal| of_terminal.contains(&signal))
}

fn ending(status: ExitStatus) -> Ending {
    match (status.code(), status.signal()) {
        (Some(code), _) => Ending::Exited(code),
        (None, Some(signal)) => Ending::Signal(signal),
        (None, None) => Ending::Lost(status.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_command_gets_a_secret() {
        let all = [
            ("PATH", "/bin"),
            ("OPENAI_API_KEY", "sk-1"),
            ("github_token", "t"),
            ("SSH_AUTH_SOCK", "/tmp/s"),
            ("DB", "postgres://me:pass@host/db"),
            ("PROXY", "http://host:80"),
            (MARK, "another's"),
            (LABEL, "another's"),
        ];
        let all = all.map(|(name, value)| (OsString::from(name), OsString::from(value)));
        let names: Vec<_> = environment(all.into_iter()).map(|(name, _)| name).collect();
        assert_eq!(names, ["PATH", "PROXY"]);
    }

    #[test]
    fn no_command_gets_what_cargo_said_to_the_app() {
        let names = |all: &[&str]| {
            let all = all
                .iter()
                .map(|name| (OsString::from(*name), OsString::from("x")));
            environment(all).map(|(name, _)| name).collect::<Vec<_>>()
        };
        let said = [
            "CARGO",
            "CARGO_MANIFEST_DIR",
            "CARGO_PKG_VERSION_MAJOR",
            "OUT_DIR",
        ];
        assert_eq!(names(&said), [""; 0]);
        let set = [
            "CARGO_HOME",
            "CARGO_TARGET_DIR",
            "CARGO_BUILD_JOBS",
            "RUSTFLAGS",
        ];
        assert_eq!(names(&set), set);
    }

    #[test]
    fn what_nobody_could_read_is_refused() {
        let long = "a".repeat(LONGEST + 1);
        for command in [
            "",
            " \n",
            "ls \u{202e}x",
            "ls\rrm",
            "ls \u{1b}[8m",
            long.as_str(),
        ] {
            assert!(Running::check(command).is_err(), "{command:?}");
        }
        assert!(Running::check("for a in b; do\n\techo $a\ndone").is_ok());
    }
}

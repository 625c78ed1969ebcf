//! A program beside the benchmark.

use std::{
    fs::{self, File},
    io::{BufRead, BufReader, Write},
    path::PathBuf,
    process::{Child, ChildStdin, Command, Stdio},
    sync::mpsc::{self, Receiver},
    thread,
    time::{Duration, Instant},
};

use hot_reloader_tests::lab;

/// A program that takes words and gives lines. It ends when its input does.
pub(super) struct Process {
    child: Child,
    input: Option<ChildStdin>,
    lines: Receiver<(Instant, String)>,
    errors: PathBuf,
}

impl Process {
    /// Starts it. What it says of errors goes into a file in the laboratory.
    pub(super) fn start(command: &mut Command, name: &str) -> Result<Self, String> {
        let errors = lab::lab().join(format!("{name}.errors"));
        let mut child = File::create(&errors)
            .and_then(|file| {
                command
                    .stdin(Stdio::piped())
                    .stdout(Stdio::piped())
                    .stderr(file)
                    .spawn()
            })
            .map_err(|error| format!("{name} does not start: {error}"))?;
        let output = BufReader::new(child.stdout.take().expect("it is piped"));
        let (sender, lines) = mpsc::channel();
        thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                if sender.send((Instant::now(), line)).is_err() {
                    return;
                }
            }
        });
        Ok(Self {
            input: child.stdin.take(),
            child,
            lines,
            errors,
        })
    }

    pub(super) fn tell(&mut self, word: &str) {
        let input = self.input.as_mut().expect("it is piped");
        // One that has ended is noticed by what it does not say.
        let _ = writeln!(input, "{word}").and_then(|()| input.flush());
    }

    /// When it said a line.
    pub(super) fn said(&self, wanted: &str, limit: Duration) -> Result<Instant, String> {
        let deadline = Instant::now() + limit;
        let mut complaint = None;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.lines.recv_timeout(left) {
                Ok((when, line)) if line.trim() == wanted => return Ok(when),
                Ok((_, line)) if complaint.is_none() && is_error(&line) => {
                    complaint = Some(line);
                }
                Ok(_) => {}
                Err(reason) => {
                    let errors = fs::read_to_string(&self.errors).unwrap_or_default();
                    let mut lines = errors.lines().filter(|line| !line.trim().is_empty());
                    let complaint = complaint.or_else(|| lines.next().map(str::to_owned));
                    return Err(match reason {
                        mpsc::RecvTimeoutError::Timeout => format!(
                            "the new code did not run within {} s ({})",
                            limit.as_secs(),
                            complaint.as_deref().unwrap_or("without a word"),
                        ),
                        mpsc::RecvTimeoutError::Disconnected => format!(
                            "the app died ({})",
                            complaint.as_deref().unwrap_or("without a word"),
                        ),
                    });
                }
            }
        }
    }

    /// An error among what it has said, which is then forgotten.
    pub(super) fn complaint(&self) -> Option<String> {
        let mut lines = self.lines.try_iter();
        lines.find_map(|(_, line)| is_error(&line).then_some(line))
    }

    pub(super) fn has_ended(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(Some(_)))
    }

    /// Sends a signal to it, and not to what it has started: a cargo that stands still may keep others from
    /// what it has locked.
    pub(super) fn signal(&self, name: &str) {
        let command = format!("kill -s {name} {}", self.child.id());
        let _ = Command::new("sh")
            .args(["-c", &command])
            .stderr(Stdio::null())
            .status();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.input.take());
        let deadline = Instant::now() + Duration::from_secs(2);
        while Instant::now() < deadline {
            if self.has_ended() {
                return;
            }
            thread::sleep(Duration::from_millis(20));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Whether the compiler or cargo says with a line that something is wrong.
pub(super) fn is_error(line: &str) -> bool {
    line.contains("error:") || line.contains("error[")
}

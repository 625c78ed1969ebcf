//! The processes of one build, with the whole tree of each in hand.

use std::{
    io::{self, BufRead, BufReader, Read},
    process::{Command, ExitStatus, Stdio},
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use crossbeam_channel::{
    after, never, select_biased, tick, unbounded, Receiver, Sender, TryRecvError,
};
use process_wrap::std::{ChildWrapper, CommandWrap};

use crate::BuildError;

/// Runs the processes of one build, until they end, somebody cancels, or the time is up. Dropping it
/// ends those that run and everything they started.
pub struct Supervisor {
    time_limit: Duration,
    cancelled: Receiver<()>,
    deadline: Receiver<Instant>,
    /// By number; `None` for one that has ended.
    children: Vec<Option<Box<dyn ChildWrapper>>>,
    send: Sender<(usize, Option<Line>)>,
    receive: Receiver<(usize, Option<Line>)>,
    say: Box<dyn Fn(String) + Send>,
    wake: Box<dyn Fn() + Send>,
    /// When somebody who watches wants to see how far it is.
    ticks: Receiver<Instant>,
    gives_way: bool,
}

impl std::fmt::Debug for Supervisor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Supervisor").field(&self.children).finish()
    }
}

type Stream = Box<dyn Read + Send>;

/// How often a build shows how far it is. A frame for each word of it would take the compiler's cores.
const TICK: Duration = Duration::from_millis(500);

/// A line that a process printed.
#[derive(Debug)]
pub enum Line {
    /// On its standard output.
    Out(String),
    /// On its standard error.
    Err(String),
}

/// What a process did.
#[derive(Debug)]
pub enum Event {
    /// It printed a line.
    Printed(Line),
    /// It ended.
    Ended(io::Result<ExitStatus>),
}

/// Why the processes of a build were ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interruption {
    /// Somebody cancelled it.
    Cancelled,
    /// It took too long.
    TimedOut,
}

impl Supervisor {
    /// For a build that `cancelled` cancels, and that may take `time_limit`; zero means no limit. `say` tells
    /// what it is doing, and `wake` now and then that somebody may look.
    #[must_use]
    pub fn new(
        time_limit: Duration,
        cancelled: Receiver<()>,
        say: impl Fn(String) + Send + 'static,
        wake: impl Fn() + Send + 'static,
    ) -> Self {
        let (send, receive) = unbounded();
        Self {
            time_limit,
            cancelled,
            deadline: if time_limit.is_zero() {
                never()
            } else {
                after(time_limit)
            },
            children: Vec::new(),
            send,
            receive,
            say: Box::new(say),
            wake: Box::new(wake),
            ticks: tick(TICK),
            gives_way: false,
        }
    }

    /// Lets whatever else wants to run go before the processes that are started from now on.
    pub fn give_way(&mut self) {
        self.gives_way = true;
    }

    /// Starts a process and returns its number. Numbers count from 0 and are not used twice.
    ///
    /// # Errors
    ///
    /// What the system said.
    pub fn start(&mut self, command: Command) -> io::Result<usize> {
        let mut child = spawn(command)?;
        if self.gives_way {
            lower_priority(&*child);
        }
        let number = self.children.len();
        // The last of its streams to end says that it has ended.
        let open = Arc::new(());
        let out = child.stdout().take().map(|out| Box::new(out) as Stream);
        let err = child.stderr().take().map(|err| Box::new(err) as Stream);
        let streams = [(out, Line::Out as fn(String) -> Line), (err, Line::Err)];
        for ((stream, line), open) in streams.into_iter().zip([open.clone(), open]) {
            let send = self.send.clone();
            thread::spawn(move || {
                forward(stream, |text| send.send((number, Some(line(text)))).is_ok());
                if Arc::into_inner(open).is_some() {
                    // Nobody listens any more if the build is over.
                    let _ = send.send((number, None));
                }
            });
        }
        self.children.push(Some(child));
        Ok(number)
    }

    /// Waits for what one of the processes does next. Some process must run.
    ///
    /// # Errors
    ///
    /// Why all of them were ended.
    pub fn wait_next(&mut self) -> Result<(usize, Event), Interruption> {
        loop {
            select_biased! {
                recv(self.cancelled) -> _ => return self.end(Interruption::Cancelled),
                recv(self.deadline) -> _ => return self.end(Interruption::TimedOut),
                recv(self.ticks) -> _ => (self.wake)(),
                recv(self.receive) -> heard => {
                    let (number, line) = heard.expect("the supervisor holds a sender itself");
                    if let Some(line) = line {
                        return Ok((number, Event::Printed(line)));
                    }
                    // Else it was ended here.
                    if let Some(mut child) = self.children[number].take() {
                        return Ok((number, Event::Ended(child.wait())));
                    }
                }
            }
        }
    }

    /// Whether work without a process may go on.
    ///
    /// # Errors
    ///
    /// If nobody wants it any more.
    pub fn check(&self) -> Result<(), Interruption> {
        match self.cancelled.try_recv() {
            Err(TryRecvError::Empty) => Ok(()),
            Ok(()) | Err(TryRecvError::Disconnected) => Err(Interruption::Cancelled),
        }
    }

    /// Tells what the build is doing, in a few words.
    pub fn say(&self, text: String) {
        (self.say)(text);
    }

    /// The error for an interruption, with what was printed last.
    #[must_use]
    pub fn error(&self, interruption: Interruption, tail: String) -> BuildError {
        match interruption {
            Interruption::Cancelled => BuildError::Cancelled,
            Interruption::TimedOut => BuildError::TimedOut {
                limit: self.time_limit,
                tail,
            },
        }
    }

    fn end<T>(&mut self, why: Interruption) -> Result<T, Interruption> {
        self.end_all();
        Err(why)
    }

    /// Ends all processes that run, with everything they started.
    pub fn end_all(&mut self) {
        for mut child in self.children.iter_mut().filter_map(Option::take) {
            // A process that is gone already is what is wanted.
            let _ = child.start_kill();
            let _ = child.wait();
        }
    }
}

impl Drop for Supervisor {
    fn drop(&mut self) {
        self.end_all();
    }
}

fn spawn(mut command: Command) -> io::Result<Box<dyn ChildWrapper>> {
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

/// As `nice` does. What it starts inherits that. If it cannot be done, it runs like any other.
#[cfg(unix)]
fn lower_priority(child: &dyn ChildWrapper) {
    let group = i32::try_from(child.id()).ok();
    let group = group.and_then(rustix::process::Pid::from_raw);
    let _ = rustix::process::setpriority_pgrp(group, 10);
}

#[cfg(not(unix))]
fn lower_priority(_child: &dyn ChildWrapper) {}

/// Hands over each line of a stream, until it ends or nobody wants to hear more.
fn forward(stream: Option<Stream>, mut hear: impl FnMut(String) -> bool) {
    let Some(stream) = stream else { return };
    let mut stream = BufReader::new(stream);
    let mut bytes = Vec::new();
    // A program may print what is no text; then it is shown as far as it is.
    while stream
        .read_until(b'\n', &mut bytes)
        .is_ok_and(|read| read > 0)
    {
        let text = String::from_utf8_lossy(&bytes);
        if !hear(text.trim_end_matches(['\n', '\r']).to_owned()) {
            break;
        }
        bytes.clear();
    }
}

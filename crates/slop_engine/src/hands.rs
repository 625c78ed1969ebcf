//! What is done in the project's folder, once there is leave.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    fmt::Write as _,
    path::{self, Path, PathBuf},
    sync::{mpsc, Mutex, PoisonError},
    thread,
    time::{Duration, Instant},
};

use bevy::{
    app::AppExit,
    prelude::{EventReader, Res, Resource},
};
pub use slop_hands::{Change, Diff, HandsError, Line, Lines, Mark, Output, Tool, Wanted};
use slop_hands::{Found, Left, OffLimits, Patience, Root, Running, LARGEST};

use crate::pacing::Frames;

/// How many jobs are kept that are over. As many that only looked are kept besides.
const KEPT: usize = 64;
/// How much of what was read, found or said goes to the model, in bytes.
const TOLD: usize = 64 * 1024;
/// How many files are named that a search passed over.
const NAMED: usize = 5;
/// For how long the app waits at its end for commands to end.
const LAST: Duration = Duration::from_secs(5);

/// Which job it is: of which call, and how often something was begun for that before. The same one is
/// never begun again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct JobId {
    /// The request that the call came with.
    pub request: u64,
    /// The place of the call there.
    pub place: u32,
    /// From 0.
    pub attempt: u32,
}

/// Something to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Job {
    /// Reads, lists or searches. Another call is refused.
    Look(Wanted),
    /// Writes a file.
    Apply(Change),
    /// Puts back what was in a file.
    Undo(Change),
    /// Runs a command.
    Run {
        /// Of the shell.
        command: String,
        /// When it is ended if it runs for longer.
        limit: Duration,
    },
}

/// How far a job has got.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobProgress {
    /// What a command has said.
    pub output: Output,
    /// What came of it once it is over, or why nothing did.
    pub outcome: Option<Result<String, String>>,
}

/// The jobs that are under way and those that were over last.
///
/// Code that is reloaded looks here, so a job is done once, whatever becomes of that code and its
/// state. One that is over stays until 64 newer are: a rollback may bring back a state that waits for
/// it. Those that only looked are counted apart, since what is forgotten may be done a second time.
#[derive(Resource, Debug, Default)]
pub struct Jobs {
    jobs: BTreeMap<JobId, Begun>,
    over: Over,
    /// Those of which it was looked whether an app before this one has begun them.
    sought: BTreeSet<JobId>,
    frames: Frames,
    /// Where nothing is read or changed, though it may lie in the project.
    off_limits: OffLimits,
    /// That folder.
    data: PathBuf,
}

/// Those that are over, the oldest first.
#[derive(Debug, Default)]
struct Over {
    looks: VecDeque<JobId>,
    others: VecDeque<JobId>,
}

impl Over {
    fn push(&mut self, id: JobId, job: &Job) {
        match job {
            Job::Look(_) => self.looks.push_back(id),
            Job::Apply(_) | Job::Undo(_) | Job::Run { .. } => self.others.push_back(id),
        }
    }
}

/// A job, and how far it has got.
#[derive(Debug)]
struct Begun {
    job: Job,
    work: Work,
}

/// How far a job has got.
#[derive(Debug)]
enum Work {
    /// On a thread. In a mutex because a receiver belongs to one.
    Thread(Mutex<mpsc::Receiver<Result<String, String>>>),
    Command(Running),
    Over(Output, Result<String, String>),
}

impl Jobs {
    /// Which ask for a frame whenever there is something new to see, and never look into the folder of
    /// the app's own files.
    #[must_use]
    pub fn new(frames: Frames, data: &Path) -> Self {
        Self {
            frames,
            off_limits: OffLimits::new(data),
            // The app may change its working folder later.
            data: path::absolute(data).unwrap_or_else(|_| data.to_owned()),
            ..Self::default()
        }
    }

    /// A change of a file as it is now. It waits for the disk once.
    ///
    /// # Errors
    ///
    /// If the file is no text, or not within the folder, or says that already.
    pub fn propose(&self, folder: &str, path: &str, after: String) -> Result<Change, HandsError> {
        let root = self.root(folder)?;
        Change::propose(&root, path, after)
    }

    /// Whether a command could be started, as far as its text tells.
    ///
    /// # Errors
    ///
    /// If somebody who reads it would not see what it does.
    pub fn check(command: &str) -> Result<(), HandsError> {
        Running::check(command)
    }

    /// Starts a job in the project's folder. One that is known is not started again.
    pub fn start(&mut self, id: JobId, folder: &str, job: Job) {
        if self.jobs.contains_key(&id) {
            return;
        }
        let root = self.root(folder);
        let work = root.and_then(|root| self.begin(id, root, job.clone()));
        self.insert(id, job, work);
    }

    /// Ends what is left of a command that was begun as this job by an app that was killed since. What
    /// came of it is not known, so it is over with an error, which says what was left. One that is known
    /// is no such.
    pub fn end_left(&mut self, id: JobId, job: Job) {
        if self.jobs.contains_key(&id) {
            return;
        }
        let label = self.label(id);
        let work = self.on_thread(move || Err(told_of_left(&Running::end_left(&label))));
        self.insert(id, job, work);
    }

    /// Whether something is left of a command that was begun as this job by an app that was killed since.
    /// Such an app may have been killed before it had written that it began. It looks at all processes, but
    /// once for each job; afterwards there is none.
    pub fn finds_left(&mut self, id: JobId) -> bool {
        self.sought.insert(id) && Running::is_left(&self.label(id))
    }

    /// What the command of a job is called by, after a restart too. An app with its own files elsewhere
    /// counts its requests as this one does.
    #[must_use]
    pub fn label(&self, id: JobId) -> String {
        let JobId {
            request,
            place,
            attempt,
        } = id;
        // The same by whatever path.
        let data = self.data.canonicalize();
        let data = data.unwrap_or_else(|_| self.data.clone());
        format!("{request}-{place}-{attempt} {}", data.display())
    }

    fn insert(&mut self, id: JobId, job: Job, work: Result<Work, HandsError>) {
        let work = work.unwrap_or_else(|error| {
            self.over.push(id, &job);
            Work::Over(Output::default(), Err(error.to_string()))
        });
        self.jobs.insert(id, Begun { job, work });
    }

    /// The project's folder as it is now. It may have been moved or deleted since the last job, and fetched anew,
    /// and what is told of it has to be what a person finds by its path.
    fn root(&self, folder: &str) -> Result<Root, HandsError> {
        Root::open(Path::new(folder))?.without(self.off_limits.clone())
    }

    fn begin(&self, id: JobId, root: Root, job: Job) -> Result<Work, HandsError> {
        if let Job::Run { command, limit } = &job {
            let frames = self.frames.clone();
            let wake = move || frames.now();
            let patience = Patience {
                time: *limit,
                ..Patience::default()
            };
            let running = Running::start(&root, command, &self.label(id), patience, wake)?;
            return Ok(Work::Command(running));
        }
        self.on_thread(move || act(&root, &job).map_err(|error| error.to_string()))
    }

    fn on_thread(
        &self,
        act: impl FnOnce() -> Result<String, String> + Send + 'static,
    ) -> Result<Work, HandsError> {
        let frames = self.frames.clone();
        let (sender, receiver) = mpsc::channel();
        let work = move || {
            let result = act();
            // Nobody may want it any more.
            let _ = sender.send(result);
            frames.now();
        };
        let thread = thread::Builder::new().name("hands".to_owned());
        match thread.spawn(work) {
            Ok(_) => Ok(Work::Thread(Mutex::new(receiver))),
            Err(source) => Err(HandsError::Command { source }),
        }
    }

    /// Takes in what became of them.
    pub fn poll(&mut self) {
        // Before and not after, so that everybody has seen how they ended.
        for over in [&mut self.over.looks, &mut self.over.others] {
            let excess = over.len().saturating_sub(KEPT);
            for oldest in over.drain(..excess) {
                self.jobs.remove(&oldest);
            }
        }
        for (id, begun) in &mut self.jobs {
            if let Some(over) = begun.work.poll() {
                begun.work = over;
                self.over.push(*id, &begun.job);
            }
        }
    }

    /// How far a job has got; `None` if it is not known.
    #[must_use]
    pub fn get(&self, id: JobId) -> Option<JobProgress> {
        let (output, outcome) = match &self.jobs.get(&id)?.work {
            Work::Thread(_) => (Output::default(), None),
            Work::Command(running) => (running.output(), None),
            Work::Over(output, outcome) => (output.clone(), Some(outcome.clone())),
        };
        Some(JobProgress { output, outcome })
    }

    /// What was begun as this job, if it is known, be it over.
    #[must_use]
    pub fn begun(&self, id: JobId) -> Option<&Job> {
        self.jobs.get(&id).map(|begun| &begun.job)
    }

    /// Ends a command with all that it has started. Anything else is over before long.
    pub fn cancel(&self, id: JobId) {
        let begun = self.jobs.get(&id);
        if let Some(Work::Command(running)) = begun.map(|begun| &begun.work) {
            running.cancel();
        }
    }

    /// Ends all commands, and waits until they have ended, but not for ever.
    pub fn end(&self) {
        let mut commands = Vec::new();
        for begun in self.jobs.values() {
            if let Work::Command(running) = &begun.work {
                running.cancel();
                commands.push(running);
            }
        }
        let start = Instant::now();
        while commands.iter().any(|running| running.ending().is_none()) && start.elapsed() < LAST {
            thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Work {
    /// What it is now that it is over; `None` if it was that before, or is not yet.
    fn poll(&self) -> Option<Self> {
        match self {
            Self::Over(..) => None,
            Self::Thread(receiver) => {
                let receiver = receiver.lock().unwrap_or_else(PoisonError::into_inner);
                let result = match receiver.try_recv() {
                    Ok(result) => result,
                    Err(mpsc::TryRecvError::Empty) => return None,
                    // It panicked.
                    Err(mpsc::TryRecvError::Disconnected) => Err("it broke off".to_owned()),
                };
                Some(Self::Over(Output::default(), result))
            }
            Self::Command(running) => {
                let ending = running.ending()?;
                let output = running.output();
                let told = told(&output, &ending.to_string());
                let result = if ending.is_good() {
                    Ok(told)
                } else {
                    Err(told)
                };
                Some(Self::Over(output, result))
            }
        }
    }
}

/// What became of a command that was under way when the app was killed.
fn told_of_left(left: &Left) -> String {
    let mut text = "The app was closed while it ran".to_owned();
    if left.ended.is_empty() && left.stays.is_empty() {
        text += ", and nothing of it was found";
    }
    if !left.ended.is_empty() {
        text += &format!("; what was left of it was ended: {}", numbers(&left.ended));
    }
    if !left.stays.is_empty() {
        let numbers = numbers(&left.stays);
        text += &format!("; what is left of it could not be ended, do it yourself: {numbers}");
    }
    text + ". Look at what is there now."
}

fn numbers(processes: &[i32]) -> String {
    let numbers = processes.iter().map(|number| format!("process {number}"));
    numbers.collect::<Vec<_>>().join(", ")
}

/// What a command has said and how it ended, in one text.
fn told(output: &Output, ending: &str) -> String {
    let text = output.text.trim_end();
    let cut = if output.is_cut {
        "(what it said before was cut)\n"
    } else {
        ""
    };
    if text.is_empty() {
        format!("It said nothing; {ending}.")
    } else {
        format!("{cut}{text}\n({ending})")
    }
}

/// Does what is no command.
fn act(root: &Root, job: &Job) -> Result<String, HandsError> {
    match job {
        Job::Apply(change) => {
            change.apply(root)?;
            Ok(format!("{} was written.", change.path))
        }
        Job::Undo(change) => {
            change.undo(root)?;
            Ok(format!("{} is as it was before.", change.path))
        }
        Job::Look(wanted) => look(root, wanted),
        Job::Run { command, .. } => Err(not_to_look(command)),
    }
}

fn look(root: &Root, wanted: &Wanted) -> Result<String, HandsError> {
    match wanted {
        Wanted::Read { path, from_line } => Ok(root.piece(path, *from_line, TOLD)?.to_string()),
        Wanted::List { path } => {
            let listing = root.list(path)?;
            let mut text = listing.names.join("\n");
            if text.is_empty() {
                text += "(the folder is empty)";
            }
            if listing.is_cut {
                text += "\n(there are more)";
            }
            Ok(shortened(text))
        }
        Wanted::Search { text, path } => Ok(told_of_found(&root.search(text, path)?)),
        Wanted::Change { path, .. } => Err(not_to_look(path)),
        Wanted::Run { command } => Err(not_to_look(command)),
    }
}

/// What a search has found and what it has passed over.
fn told_of_found(found: &Found) -> String {
    let mut lines = String::new();
    for hit in &found.hits {
        // Writing into a text cannot fail.
        let _ = writeln!(lines, "{}:{}: {}", hit.path, hit.line, hit.text);
    }
    if found.hits.is_empty() {
        lines += "(it was not found)\n";
    }
    let mut told = shortened(lines);
    if !told.ends_with('\n') {
        told.push('\n');
    }
    if found.is_cut {
        told += "(it was not looked for to the end; name a smaller folder)\n";
    }
    if !found.large.is_empty() {
        let most = LARGEST / 1024;
        let named = &found.large[..found.large.len().min(NAMED)];
        let mut names = named.join(", ");
        let more = found.large.len() - named.len();
        if more > 0 {
            let _ = write!(names, " and {more} more");
        }
        let _ = writeln!(
            told,
            "(files with more than {most} KiB were passed over: {names}; name one to look into it)"
        );
    }
    told
}

/// Nobody has given leave for it in this way.
fn not_to_look(what: &str) -> HandsError {
    HandsError::NoTool {
        name: what.to_owned(),
        known: "those that only look".to_owned(),
    }
}

/// The beginning of a text, with a word about the rest.
fn shortened(mut text: String) -> String {
    if text.len() > TOLD {
        text.truncate(text.floor_char_boundary(TOLD));
        text += "\n(the rest was cut)";
    }
    text
}

/// Leaves no command behind when the app ends.
pub(crate) fn end_at_exit(mut exits: EventReader<AppExit>, jobs: Res<Jobs>) {
    if exits.read().count() > 0 {
        jobs.end();
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn id(place: u32) -> JobId {
        JobId {
            request: 1,
            place,
            attempt: 0,
        }
    }

    #[track_caller]
    fn outcome(jobs: &mut Jobs, id: JobId) -> Result<String, String> {
        let start = Instant::now();
        loop {
            jobs.poll();
            if let Some(outcome) = jobs.get(id).and_then(|progress| progress.outcome) {
                return outcome;
            }
            assert!(start.elapsed() < Duration::from_secs(30), "it never ends");
            thread::yield_now();
        }
    }

    fn run(command: &str) -> Job {
        Job::Run {
            command: command.to_owned(),
            limit: Duration::from_secs(600),
        }
    }

    #[test]
    fn a_job_is_done_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().display().to_string();
        let mut jobs = Jobs::default();
        for _ in 0..3 {
            jobs.start(id(0), &path, run("echo hello >>said; cat said"));
            let expected = "hello\n(it ended with code 0)".to_owned();
            assert_eq!(outcome(&mut jobs, id(0)), Ok(expected));
        }
        jobs.start(id(1), &path, run("exit 3"));
        let expected = "It said nothing; it ended with code 3.".to_owned();
        assert_eq!(outcome(&mut jobs, id(1)), Err(expected));
    }

    #[test]
    fn what_an_app_that_was_killed_has_left_is_ended_once_and_told() {
        let folder = tempfile::tempdir().unwrap();
        // No other test may have it.
        let of_killed = JobId {
            request: u64::from(std::process::id()),
            place: 77,
            attempt: 0,
        };
        let here = fs::read_link("/proc/self/ns/pid").unwrap();
        let mark = format!("999999999.1.{}-0-0", here.display());
        let data = folder.path().join("data");
        let mut jobs = Jobs::new(Frames::default(), &data);
        // One process, which waits for what never comes.
        let mut left = std::process::Command::new("/bin/sh")
            .args(["-c", "echo >begun; read line"])
            .stdin(std::process::Stdio::piped())
            .current_dir(folder.path())
            .env("SLOP_HANDS_COMMAND", mark)
            .env("SLOP_HANDS_LABEL", jobs.label(of_killed))
            .spawn()
            .unwrap();
        let start = Instant::now();
        while !folder.path().join("begun").exists() {
            assert!(start.elapsed() < Duration::from_secs(30), "it never begins");
            thread::yield_now();
        }
        // Of another app's request that has the same number.
        let other = folder.path().join("other");
        assert!(!Jobs::new(Frames::default(), &other).finds_left(of_killed));
        assert!(jobs.finds_left(of_killed));
        assert!(!jobs.finds_left(of_killed));
        for _ in 0..2 {
            jobs.end_left(of_killed, run("sleep 1000"));
            let expected = format!(
                "The app was closed while it ran; what was left of it was ended: process {}. Look at \
                 what is there now.",
                left.id()
            );
            assert_eq!(outcome(&mut jobs, of_killed), Err(expected));
        }
        left.wait().unwrap();
        let other = JobId {
            place: 78,
            ..of_killed
        };
        jobs.end_left(other, run("sleep 1000"));
        let told = outcome(&mut jobs, other).unwrap_err();
        assert!(told.contains("nothing of it was found"), "{told}");
    }

    #[test]
    fn a_command_is_ended_at_its_own_limit() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().display().to_string();
        let mut jobs = Jobs::default();
        let limit = Duration::from_millis(100);
        let command = "sleep 1000".to_owned();
        jobs.start(id(0), &path, Job::Run { command, limit });
        let expected = "It said nothing; it took longer than 100ms and was ended.".to_owned();
        assert_eq!(outcome(&mut jobs, id(0)), Err(expected));
    }

    #[test]
    fn what_was_looked_at_displaces_no_command() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().display().to_string();
        let mut jobs = Jobs::default();
        jobs.start(id(0), &path, run("echo hello >>said"));
        assert!(outcome(&mut jobs, id(0)).is_ok());
        for place in 1..100 {
            let wanted = Wanted::List {
                path: ".".to_owned(),
            };
            jobs.start(id(place), &path, Job::Look(wanted));
            assert!(outcome(&mut jobs, id(place)).is_ok());
        }
        jobs.poll();
        assert!(jobs.begun(id(0)).is_some());
        assert_eq!(jobs.jobs.len(), 1 + KEPT);
    }

    #[test]
    fn a_change_is_written_and_put_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().display().to_string();
        let mut jobs = Jobs::default();
        let change = jobs.propose(&path, "a", "one\n".to_owned()).unwrap();
        jobs.start(id(0), &path, Job::Apply(change.clone()));
        assert_eq!(outcome(&mut jobs, id(0)), Ok("a was written.".to_owned()));
        let read = Wanted::Read {
            path: "a".to_owned(),
            from_line: 1,
        };
        jobs.start(id(1), &path, Job::Look(read));
        assert_eq!(outcome(&mut jobs, id(1)), Ok("one\n".to_owned()));
        jobs.start(id(2), &path, Job::Undo(change.clone()));
        assert!(outcome(&mut jobs, id(2)).is_ok());
        jobs.start(id(3), &path, Job::Undo(change));
        assert!(outcome(&mut jobs, id(3)).is_err());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_folder_that_was_fetched_anew_is_the_one_that_is_worked_in() {
        let folder = tempfile::tempdir().unwrap();
        let project = folder.path().join("project");
        let path = project.display().to_string();
        fs::create_dir(&project).unwrap();
        let mut jobs = Jobs::default();
        jobs.start(id(0), &path, run("echo old >said"));
        assert!(outcome(&mut jobs, id(0)).is_ok());
        let moved = folder.path().join("moved");
        fs::rename(&project, &moved).unwrap();
        jobs.start(id(1), &path, run("echo older >said"));
        let error = outcome(&mut jobs, id(1)).unwrap_err();
        assert!(
            error.contains("choose another in Project Settings"),
            "{error}"
        );
        fs::create_dir(&project).unwrap();
        let change = jobs.propose(&path, "said", "new\n".to_owned()).unwrap();
        assert_eq!(change.before, None);
        jobs.start(id(2), &path, Job::Apply(change));
        assert!(outcome(&mut jobs, id(2)).is_ok());
        jobs.start(id(3), &path, run("cat said"));
        let expected = "new\n(it ended with code 0)".to_owned();
        assert_eq!(outcome(&mut jobs, id(3)), Ok(expected));
        assert_eq!(fs::read_to_string(moved.join("said")).unwrap(), "old\n");
    }

    #[test]
    fn a_long_file_is_read_to_its_end() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().display().to_string();
        let text: String = (1..=100_000).map(|n| format!("line {n}\n")).collect();
        fs::write(folder.path().join("long"), &text).unwrap();
        let mut jobs = Jobs::default();
        let (mut read, mut from_line) = (String::new(), 1);
        for place in 0.. {
            let wanted = Wanted::Read {
                path: "long".to_owned(),
                from_line,
            };
            jobs.start(id(place), &path, Job::Look(wanted));
            let told = outcome(&mut jobs, id(place)).unwrap();
            assert!(told.len() < TOLD + 100);
            let lines = Lines::at_end_of(&told).unwrap();
            assert_eq!((lines.first, lines.of), (from_line, 100_000));
            read += &told[..told.rfind('(').unwrap()];
            if lines.last == lines.of {
                break;
            }
            from_line = lines.last + 1;
        }
        assert!(read == text);
    }

    #[test]
    fn a_search_tells_which_files_it_has_passed_over() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().display().to_string();
        let long = "line\n".repeat(100_000);
        for number in 1..=7 {
            fs::write(folder.path().join(format!("long {number}")), &long).unwrap();
        }
        fs::write(folder.path().join("short"), "a line\n").unwrap();
        let mut jobs = Jobs::default();
        let wanted = Wanted::Search {
            text: "a line".to_owned(),
            path: ".".to_owned(),
        };
        jobs.start(id(0), &path, Job::Look(wanted));
        let expected = "short:1: a line\n\
            (files with more than 256 KiB were passed over: long 1, long 2, long 3, long 4, long 5 and 2 more; \
            name one to look into it)\n";
        assert_eq!(outcome(&mut jobs, id(0)), Ok(expected.to_owned()));
    }

    #[test]
    fn the_keys_of_the_app_are_read_by_nobody() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().display().to_string();
        let data = folder.path().join("data");
        fs::create_dir(&data).unwrap();
        fs::write(data.join("api_key-a"), "sk-secret").unwrap();
        let mut jobs = Jobs::new(Frames::default(), &data);
        let key = || "data/api_key-a".to_owned();
        let wanted = [
            Wanted::Read {
                path: key(),
                from_line: 1,
            },
            Wanted::List {
                path: "data".to_owned(),
            },
            Wanted::Search {
                text: "sk".to_owned(),
                path: key(),
            },
        ];
        for (place, wanted) in (0..).zip(wanted) {
            jobs.start(id(place), &path, Job::Look(wanted));
            let error = outcome(&mut jobs, id(place)).unwrap_err();
            assert!(error.contains("keeps its keys"), "{error}");
        }
        assert!(jobs.propose(&path, &key(), "sk-mine".to_owned()).is_err());
        // Nor as a project.
        let project = data.display().to_string();
        let error = jobs.propose(&project, "new", "x".to_owned()).unwrap_err();
        assert!(matches!(error, HandsError::OffLimits { .. }), "{error}");
        assert_eq!(fs::read_dir(&data).unwrap().count(), 1);
    }

    #[test]
    fn only_what_looks_is_done_as_a_look() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().display().to_string();
        let mut jobs = Jobs::default();
        let wanted = Wanted::Run {
            command: "echo >made".to_owned(),
        };
        jobs.start(id(0), &path, Job::Look(wanted));
        assert!(outcome(&mut jobs, id(0)).is_err());
        jobs.start(id(1), "/no such folder", run("echo"));
        let error = outcome(&mut jobs, id(1)).unwrap_err();
        assert!(
            error.contains("choose another in Project Settings"),
            "{error}"
        );
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn the_end_of_the_app_is_the_end_of_commands() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().display().to_string();
        let mut jobs = Jobs::default();
        jobs.start(id(0), &path, run("sleep 1000"));
        jobs.end();
        let expected = "It said nothing; it was cancelled.".to_owned();
        assert_eq!(outcome(&mut jobs, id(0)), Err(expected));
    }
}

//! A process that is killed at any moment loses at most the last second and never the file.
#![cfg(unix)]

use std::{
    env, fs,
    io::{stdout, BufRead, BufReader, Write},
    path::Path,
    process::{Command, Stdio},
    sync::mpsc,
    thread,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use serde::{Deserialize, Serialize};
use slop_store::{Format, Store};

/// Tells the child its data folder, and that it is the child.
const FOLDER: &str = "SLOP_STORE_KILL_FOLDER";
const ROUNDS: u32 = 25;
const DEADLINE: Duration = Duration::from_secs(60);
const FORMAT: Format = Format {
    version: 1,
    migrations: &[],
};

#[derive(Serialize, Deserialize)]
struct Counted {
    number: u64,
    payload: Vec<String>,
}

impl Counted {
    /// About 100 KB that tell the number all over.
    fn new(number: u64) -> Self {
        Self {
            number,
            payload: vec![format!("{number:0>1000}"); 100],
        }
    }
}

fn milliseconds() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    now.as_millis().try_into().unwrap()
}

/// Loads and checks; returns the store and the number, 0 if there is none.
fn open(folder: &Path) -> (Store, u64) {
    let mut store = Store::open(folder, "state.ron", FORMAT).unwrap();
    let loaded = store.load::<Counted>().unwrap();
    assert!(loaded.notices.is_empty(), "{:?}", loaded.notices);
    let number = loaded.value.map_or(0, |counted| {
        let expected = Counted::new(counted.number);
        assert!(counted.payload == expected.payload, "a mixture was loaded");
        counted.number
    });
    (store, number)
}

/// The child's part; as a test of its own it has nothing to do.
#[test]
fn child_saves_until_it_is_killed() {
    let Some(folder) = env::var_os(FOLDER) else {
        return;
    };
    let (store, mut number) = open(Path::new(&folder));
    loop {
        number += 1;
        store.save(Counted::new(number)).unwrap();
        // Fails when the parent has gone.
        let line = format!("\nsaved {number} {}.\n", milliseconds());
        if stdout().write_all(line.as_bytes()).is_err() {
            return;
        }
    }
}

/// A number and when it was saved; `None` for other lines and for one that was cut off.
fn parse(line: &str) -> Option<(u64, u64)> {
    let saved = line.strip_prefix("saved ")?.strip_suffix('.')?;
    let (number, time) = saved.split_once(' ')?;
    Some((number.parse().ok()?, time.parse().ok()?))
}

/// Kills a child `delay` after its first save. Returns what it said, and when it was killed.
fn round(folder: &Path, delay: Duration) -> (Vec<(u64, u64)>, u64) {
    let mut child = Command::new(env::current_exe().unwrap())
        .args(["--exact", "child_saves_until_it_is_killed", "--nocapture"])
        .env(FOLDER, folder)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let (send, saved) = mpsc::channel();
    let reader = thread::spawn(move || {
        for saving in lines.map_while(Result::ok).filter_map(|line| parse(&line)) {
            let _ = send.send(saving);
        }
    });
    let first = saved.recv_timeout(DEADLINE);
    let start = Instant::now();
    let mut all: Vec<_> = first.iter().copied().collect();
    while let Some(left) = delay.checked_sub(start.elapsed()) {
        match saved.recv_timeout(left) {
            Ok(saving) => all.push(saving),
            Err(mpsc::RecvTimeoutError::Timeout) => {}
            Err(mpsc::RecvTimeoutError::Disconnected) => break,
        }
    }
    let killed = milliseconds();
    child.kill().unwrap();
    child.wait().unwrap();
    reader.join().unwrap();
    first.expect("the child saves");
    all.extend(saved.try_iter());
    (all, killed)
}

#[test]
fn a_process_that_is_killed_loses_at_most_a_second() {
    let folder = tempfile::tempdir().unwrap();
    let mut random: u64 = 0x2545_f491_4f6c_dd1d;
    let mut before = 0;
    for index in 0..ROUNDS {
        // Xorshift: moments that differ, and are the same in each run.
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        let delay = Duration::from_millis(random % 1800);
        let (saved, killed) = round(folder.path(), delay);
        let due = saved.iter().filter(|(_, time)| time + 1000 <= killed);
        let due = due.map(|(number, _)| *number).max().unwrap_or(before);
        let (store, number) = open(folder.path());
        assert!(number >= due, "round {index}: {number}, but {due} was due");
        assert!(number <= saved.iter().map(|(number, _)| *number).max().unwrap() + 1);
        drop(store);
        let left = fs::read_dir(folder.path()).unwrap().filter(|entry| {
            let name = entry.as_ref().unwrap().file_name();
            name.to_string_lossy().starts_with(".state.ron")
        });
        assert_eq!(left.count(), 0, "round {index}");
        before = number;
    }
    assert!(before > 0, "nothing was ever saved");
}

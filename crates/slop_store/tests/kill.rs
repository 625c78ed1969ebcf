//! A process that is killed at any moment loses nothing that was written, and never the file; and what is saved is
//! written while it saves on.
#![cfg(unix)]

use std::{
    env, fs,
    io::{stdout, BufRead, BufReader, Write},
    path::Path,
    process::{Child, Command, Stdio},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use serde::{Deserialize, Serialize};
use slop_store::{Format, Store};

/// Tells the child its data folder, and that it is the child.
const FOLDER: &str = "SLOP_STORE_KILL_FOLDER";
const ROUNDS: u32 = 15;
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
        let line = format!("\nsaved {number}.\n");
        if stdout().write_all(line.as_bytes()).is_err() {
            return;
        }
    }
}

/// A number that was saved; `None` for other lines and for one that was cut off.
fn parse(line: &str) -> Option<u64> {
    let number = line.strip_prefix("saved ")?.strip_suffix('.')?;
    number.parse().ok()
}

/// The number in the file, which is always whole; 0 if there is none.
fn on_disk(folder: &Path) -> u64 {
    let text = fs::read_to_string(folder.join("state.ron")).unwrap_or_default();
    let number = text.split_once("number: ").and_then(|(_, rest)| {
        let (number, _) = rest.split_once(',')?;
        number.parse().ok()
    });
    number.unwrap_or_default()
}

/// Waits until the file has at least this number, and returns the one that it has.
#[track_caller]
fn written(folder: &Path, least: u64) -> u64 {
    let start = Instant::now();
    loop {
        let number = on_disk(folder);
        if number >= least {
            return number;
        }
        assert!(start.elapsed() < DEADLINE, "{least} is never written");
        thread::sleep(Duration::from_millis(2));
    }
}

/// Nothing of it is left, whatever comes of the test.
struct Saving(Child);

impl Drop for Saving {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Kills a child at any moment after it has written, and has written once more of what it saved meanwhile. Returns
/// the last number that was in the file before, and the last that the child said it has saved.
fn round(folder: &Path, delay: Duration) -> (u64, u64) {
    let mut child = Command::new(env::current_exe().unwrap())
        .args(["--exact", "child_saves_until_it_is_killed", "--nocapture"])
        .env(FOLDER, folder)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let saving = Saving(child);
    let (send, saved) = mpsc::channel();
    let reader = thread::spawn(move || {
        for number in lines.map_while(Result::ok).filter_map(|line| parse(&line)) {
            let _ = send.send(number);
        }
    });
    let first = saved.recv_timeout(DEADLINE).expect("the child saves");
    let once = written(folder, first);
    written(folder, once + 1);
    thread::sleep(delay);
    let before = on_disk(folder);
    drop(saving);
    reader.join().unwrap();
    (before, saved.try_iter().max().unwrap_or(first))
}

#[test]
fn a_process_that_is_killed_loses_nothing_that_was_written() {
    let folder = tempfile::tempdir().unwrap();
    let mut random: u64 = 0x2545_f491_4f6c_dd1d;
    for index in 0..ROUNDS {
        // Xorshift: moments that differ, and are the same in each run.
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        // From one write to after the next.
        let delay = Duration::from_millis(random % 600);
        let (written, saved) = round(folder.path(), delay);
        let (store, number) = open(folder.path());
        assert!(
            number >= written,
            "round {index}: {number}, but {written} was written"
        );
        assert!(
            number <= saved + 1,
            "round {index}: {number}, but {saved} was the last"
        );
        drop(store);
        let left = fs::read_dir(folder.path()).unwrap().filter(|entry| {
            let name = entry.as_ref().unwrap().file_name();
            name.to_string_lossy().starts_with(".state.ron")
        });
        assert_eq!(left.count(), 0, "round {index}");
    }
}

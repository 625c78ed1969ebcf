//! The threads of this process, where the platform tells.

use std::{collections::HashSet, fs};

/// A thread of this process.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Thread {
    /// What the system calls it.
    id: u32,
    /// The name that it was given; Linux keeps the first 15 bytes.
    pub name: String,
    /// When it began, in clock ticks since the system did: ids are given again.
    began: u64,
}

impl Thread {
    /// Whether it goes on.
    #[must_use]
    pub fn is_alive(&self) -> bool {
        read(self.id).as_ref() == Some(self)
    }
}

/// The threads that there are; none where that cannot be told.
#[must_use]
pub fn list() -> HashSet<Thread> {
    let tasks = fs::read_dir("/proc/self/task").into_iter().flatten();
    let ids = tasks.filter_map(|task| task.ok()?.file_name().to_str()?.parse().ok());
    ids.filter_map(read).collect()
}

/// Of `/proc/self/task/*/stat`, as `proc_pid_stat(5)` describes it.
fn read(id: u32) -> Option<Thread> {
    parse(
        id,
        &fs::read_to_string(format!("/proc/self/task/{id}/stat")).ok()?,
    )
}

fn parse(id: u32, stat: &str) -> Option<Thread> {
    // A name may have parentheses and spaces.
    let (head, tail) = stat.rsplit_once(')')?;
    let (_, name) = head.split_once('(')?;
    // The 22nd field; the state behind the name is the third.
    let began = tail.split_whitespace().nth(19)?.parse().ok()?;
    Some(Thread {
        id,
        name: name.to_owned(),
        began,
    })
}

#[cfg(test)]
mod tests {
    use std::{sync::mpsc, thread};

    use super::*;

    #[test]
    fn a_name_may_be_anything() {
        let stat = "7 (a) b (c) S 1 2 3 0 -1 64 0 0 0 0 1 2 0 0 20 0 30 0 12345 99";
        let thread = parse(7, stat).unwrap();
        assert_eq!(thread.name, "a) b (c");
        assert_eq!(thread.began, 12345);
        assert_eq!(parse(7, "7 (cut) S 1"), None);
        assert_eq!(parse(7, ""), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_thread_is_there_until_it_ends() {
        let before = list();
        let (end, ended) = mpsc::channel::<()>();
        let (begin, begun) = mpsc::channel();
        let thread = thread::Builder::new().name("of the test".to_owned());
        let thread = thread.spawn(move || {
            begin.send(()).unwrap();
            let _ = ended.recv();
        });
        begun.recv().unwrap();
        let now = list();
        let mut new = now.difference(&before);
        let new = new.find(|thread| thread.name == "of the test").unwrap();
        assert!(new.is_alive());
        drop(end);
        thread.unwrap().join().unwrap();
        // The system takes it off its list some time after others may go on.
        while new.is_alive() {
            thread::yield_now();
        }
    }
}

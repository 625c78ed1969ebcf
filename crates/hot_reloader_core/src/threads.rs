//! The threads of this process, where the platform tells.

use std::{
    collections::HashSet,
    fs::{self, File},
    io::{Read, Seek, SeekFrom},
    ops::Range,
};

/// More than a stack has, as a rule: `RLIMIT_STACK` is 8 MiB, and that of a thread in Rust 2 MiB.
const STACK: usize = 8 << 20;

/// A thread of this process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Thread {
    /// What the system calls it.
    id: u32,
    /// When it began, in clock ticks since the system did: ids are given again.
    began: u64,
}

impl Thread {
    /// The name that it has, if it goes on. Linux keeps the first 15 bytes, and a thread that has just begun may
    /// still have that of the one that began it.
    #[must_use]
    pub fn name(self) -> Option<String> {
        let (now, name) = read(self.id)?;
        (now == self).then_some(name)
    }

    /// Whether it may run code at these addresses: whoever waits has on its stack where it is to return to. Where
    /// that cannot be told, as of one that does not wait, it may.
    #[must_use]
    pub fn may_run(self, code: &Range<usize>) -> bool {
        let mapped = mapped();
        let Some(stack) = stack(self.id, &mapped) else {
            return true;
        };
        // A library's tables and texts may be known to others.
        let is_code = |word| {
            mapped
                .iter()
                .any(|of| of.is_code && of.addresses.contains(word))
        };
        let mut found = stack.iter().filter(|word| code.contains(word));
        found.any(is_code)
    }
}

/// What is mapped into this process at some addresses.
struct Mapped {
    addresses: Range<usize>,
    is_code: bool,
}

/// Of `proc_pid_maps(5)`; nothing where that cannot be told.
fn mapped() -> Vec<Mapped> {
    let maps = fs::read_to_string("/proc/self/maps").unwrap_or_default();
    let mapped = maps.lines().filter_map(|line| {
        let mut words = line.split_whitespace();
        let (from, to) = words.next()?.split_once('-')?;
        Some(Mapped {
            addresses: hexadecimal(from)?..hexadecimal(to)?,
            is_code: words.next()?.contains('x'),
        })
    });
    mapped.collect()
}

/// The words on the stack of a thread that waits, from its end on; and perhaps what lies behind it.
fn stack(id: u32, mapped: &[Mapped]) -> Option<Vec<usize>> {
    // Of `proc_pid_syscall(5)`: the last but one is where the stack ends, unless the thread runs.
    let call = fs::read_to_string(format!("/proc/self/task/{id}/syscall")).ok()?;
    let end = hexadecimal(call.split_whitespace().rev().nth(1)?.strip_prefix("0x")?)?;
    let mut mapped = mapped.iter().map(|mapped| &mapped.addresses);
    let mapped = mapped.find(|mapped| mapped.contains(&end))?;
    let mut bytes = vec![0; (mapped.end - end).min(STACK)];
    let mut memory = File::open("/proc/self/mem").ok()?;
    memory.seek(SeekFrom::Start(end.try_into().ok()?)).ok()?;
    memory.read_exact(&mut bytes).ok()?;
    let words = bytes.chunks_exact(size_of::<usize>());
    let words = words.map(|word| usize::from_ne_bytes(word.try_into().expect("it has its size")));
    Some(words.collect())
}

fn hexadecimal(text: &str) -> Option<usize> {
    usize::from_str_radix(text, 16).ok()
}

/// The threads that there are; none where that cannot be told.
#[must_use]
pub fn list() -> HashSet<Thread> {
    let tasks = fs::read_dir("/proc/self/task").into_iter().flatten();
    let ids = tasks.filter_map(|task| task.ok()?.file_name().to_str()?.parse().ok());
    ids.filter_map(|id| Some(read(id)?.0)).collect()
}

fn read(id: u32) -> Option<(Thread, String)> {
    let stat = fs::read_to_string(format!("/proc/self/task/{id}/stat")).ok()?;
    let (began, name) = parse(&stat)?;
    Some((Thread { id, began }, name))
}

/// When it began, and its name: of `/proc/self/task/*/stat`, as `proc_pid_stat(5)` describes it.
fn parse(stat: &str) -> Option<(u64, String)> {
    // A name may have parentheses and spaces.
    let (head, tail) = stat.rsplit_once(')')?;
    let (_, name) = head.split_once('(')?;
    // The 22nd field; the state behind the name is the third.
    let began = tail.split_whitespace().nth(19)?.parse().ok()?;
    Some((began, name.to_owned()))
}

#[cfg(test)]
mod tests {
    use std::{
        hint::black_box,
        sync::mpsc,
        thread,
        time::{Duration, Instant},
    };

    use super::*;

    #[test]
    fn a_name_may_be_anything() {
        let stat = "7 (a) b (c) S 1 2 3 0 -1 64 0 0 0 0 1 2 0 0 20 0 30 0 12345 99";
        assert_eq!(parse(stat), Some((12345, "a) b (c".to_owned())));
        assert_eq!(parse("7 (cut) S 1"), None);
        assert_eq!(parse(""), None);
    }

    #[cfg(target_os = "linux")]
    #[track_caller]
    fn until(is_so: impl Fn() -> bool) {
        let start = Instant::now();
        while !is_so() {
            assert!(start.elapsed() < Duration::from_secs(60), "waited in vain");
            thread::yield_now();
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_thread_is_there_until_it_ends() {
        static TABLE: [u8; 16] = [7; 16];
        let before = list();
        let (end, ended) = mpsc::channel::<()>();
        let (begin, begun) = mpsc::channel();
        let thread = thread::Builder::new().name("of the test".to_owned());
        let thread = thread.spawn(move || {
            let known = black_box(&raw const TABLE as usize);
            begin.send(()).unwrap();
            let _ = ended.recv();
            black_box(&known);
        });
        begun.recv().unwrap();
        let now = list();
        let mut new = now.difference(&before);
        let is_it = |thread: &&Thread| thread.name().as_deref() == Some("of the test");
        let new = new.find(is_it).unwrap();
        // Once it waits, what it runs is known.
        until(|| !new.may_run(&(0..0)));
        let this = a_thread_is_there_until_it_ends as *const () as usize;
        assert!(new.may_run(&(this - (1 << 24)..this + (1 << 24))));
        let table = &raw const TABLE as usize;
        let knows = stack(new.id, &mapped()).is_some_and(|stack| stack.contains(&table));
        assert!(knows && !new.may_run(&(table..table + 1)), "it is no code");
        drop(end);
        thread.unwrap().join().unwrap();
        // The system takes it off its list some time after others may go on.
        until(|| new.name().is_none());
    }
}

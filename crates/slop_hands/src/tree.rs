//! All that a command has started.

use std::{
    collections::BTreeSet,
    fs, io,
    os::fd::OwnedFd,
    process,
    str::SplitWhitespace,
    thread,
    time::{Duration, Instant},
};

use rustix::process::{
    getpgrp, kill_process_group, pidfd_open, pidfd_send_signal, Pid, PidfdFlags, Signal,
};

use crate::Left;

/// A variable that is in the environment of all that a command starts. Its value is another one for each
/// command, and begins with the app that has started it, see [`owner`].
pub(crate) const MARK: &str = "SLOP_HANDS_COMMAND";
/// Another one, with what whoever starts a command calls it.
pub(crate) const LABEL: &str = "SLOP_HANDS_LABEL";
/// For how long those that are killed are waited for.
const LAST: Duration = Duration::from_secs(2);
/// Between two looks at all processes.
const PAUSE: Duration = Duration::from_millis(10);

/// A command's processes: those of its group, and those that left it but have its environment.
#[derive(Debug)]
pub(crate) struct Tree {
    group: Pid,
    /// As it stands in an environment.
    mark: Vec<u8>,
}

impl Tree {
    /// The group has the number of the process that began it.
    pub(crate) fn new(group: Pid, value: &str) -> Self {
        let mark = format!("{MARK}={value}").into_bytes();
        Self { group, mark }
    }

    /// Ends all of them: asks first, and then does not. Only while the first process was not waited for: its
    /// number may be another's afterwards.
    pub(crate) fn end(&self, grace: Duration) {
        self.ask();
        let left = || find(|number| self.has(number));
        watch(grace, left, |_| {});
        // All at once, and those too of which nothing can be read.
        let _ = kill_process_group(self.group, Signal::KILL);
        watch(LAST, left, |one| one.signal(Signal::KILL));
    }

    /// Asks each of them once: many take it for an order to stop tidying up if they are asked again.
    fn ask(&self) {
        // Looked for before, since those that tidy up may start others, which are not meant.
        let away = find(|number| group(number) != Some(self.first()) && self.has(number));
        // There may be none of them any more.
        let _ = kill_process_group(self.group, Signal::TERM);
        away.iter().for_each(|one| one.signal(Signal::TERM));
        // What is stopped hears of it only when it goes on.
        let _ = kill_process_group(self.group, Signal::CONT);
    }

    /// Whether a process is one of them, and has not ended.
    fn has(&self, number: i32) -> bool {
        let first = self.first();
        // The first may have gone to another group.
        group(number).is_some_and(|group| group == first || number == first)
            || has_environment(number, |environment| {
                variables(environment).any(|one| one == self.mark)
            })
    }

    fn first(&self) -> i32 {
        self.group.as_raw_nonzero().get()
    }
}

/// Whether anything is left of the commands of a label whose app is gone.
pub(crate) fn is_left(label: &str) -> bool {
    let is_left = of_left(label);
    !find(|number| has_environment(number, &is_left)).is_empty()
}

/// Whether a process of such an environment is left of the commands of a label, and its app is gone.
fn of_left(label: &str) -> impl Fn(&[u8]) -> bool {
    let label = format!("{LABEL}={label}").into_bytes();
    move |environment| variables(environment).any(|one| one == label) && !has_owner(environment)
}

/// Ends what is left of the commands of a label whose app is gone: asks first, and then does not. What is
/// in the process group of such a process is left of them too, even if it has wiped its environment.
pub(crate) fn end_left(label: &str, grace: Duration) -> Left {
    let is_left = of_left(label);
    let mut groups: Vec<i32> = Vec::new();
    let mut look = || {
        let found = find(|number| {
            has_environment(number, &is_left)
                || group(number).is_some_and(|group| groups.contains(&group))
        });
        // Those of this look only: a group that somebody is in all the time cannot be another one by now.
        groups = groups_of(&found);
        found
    };
    // Twice, since the first look knows of no group.
    look();
    let asked = look();
    asked.iter().for_each(|one| one.signal(Signal::TERM));
    let mut seen = numbers(&asked);
    watch(grace, &mut look, |one| {
        seen.insert(one.number);
    });
    let stays = watch(LAST, look, |one| {
        seen.insert(one.number);
        one.signal(Signal::KILL);
    });
    let stays = numbers(&stays);
    Left {
        ended: seen.difference(&stays).copied().collect(),
        stays: stays.into_iter().collect(),
    }
}

/// Looks for those that are left, again and again, and does something to each, until there are none or the
/// time is over. Those that are left then.
fn watch(
    time: Duration,
    mut look: impl FnMut() -> Vec<Found>,
    mut act: impl FnMut(&Found),
) -> Vec<Found> {
    let start = Instant::now();
    loop {
        let found = look();
        if found.is_empty() || start.elapsed() >= time {
            return found;
        }
        found.iter().for_each(&mut act);
        thread::sleep(PAUSE);
    }
}

fn numbers(found: &[Found]) -> BTreeSet<i32> {
    found.iter().map(|one| one.number).collect()
}

/// The groups of processes, without ours. Each command begins one of its own.
fn groups_of(found: &[Found]) -> Vec<i32> {
    let ours = getpgrp().as_raw_nonzero().get();
    let groups = found.iter().filter_map(|one| group(one.number));
    // One of another namespace is 0, as is that of the system's own processes.
    groups
        .filter(|group| *group > 1 && *group != ours)
        .collect()
}

/// This app, as marks have it: no other process is called so, not even one that gets its number, or has
/// it in another namespace.
pub(crate) fn owner() -> String {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let began = began(&stat).unwrap_or_default();
    format!("{}.{began}.{}", process::id(), namespace())
}

/// Where the numbers of processes mean what they mean here: the app may run in a container.
fn namespace() -> String {
    let link = fs::read_link("/proc/self/ns/pid").unwrap_or_default();
    link.to_string_lossy().into_owned()
}

/// Whether whoever has started a process may be there to end it.
fn has_owner(environment: &[u8]) -> bool {
    let name = format!("{MARK}=");
    let mark = variables(environment).find_map(|one| one.strip_prefix(name.as_bytes()));
    // Without one it is none of ours.
    mark.is_none_or(|mark| {
        let mark = String::from_utf8_lossy(mark);
        let owner = mark.split('-').next().unwrap_or_default();
        is_alive(owner)
    })
}

/// Whether an owner runs. In any doubt it does.
fn is_alive(owner: &str) -> bool {
    let mut parts = owner.splitn(3, '.');
    let (Some(number), Some(since), Some(of)) = (parts.next(), parts.next(), parts.next()) else {
        return true;
    };
    // It could not say who it is, or it cannot be looked for from here.
    if since.is_empty() || of.is_empty() || of != namespace() {
        return true;
    }
    match fs::read(format!("/proc/{number}/stat")) {
        Ok(stat) => began(&String::from_utf8_lossy(&stat)) == Some(since),
        Err(error) => error.kind() != io::ErrorKind::NotFound,
    }
}

/// When a process began, of what the system says of it; `None` if it has ended.
fn began(stat: &str) -> Option<&str> {
    fields(stat)?.nth(18)
}

/// The group of a process; `None` if it has ended.
fn group(number: i32) -> Option<i32> {
    let stat = fs::read(format!("/proc/{number}/stat")).ok()?;
    group_in(&String::from_utf8_lossy(&stat))
}

/// The same, of what the system says of it.
fn group_in(stat: &str) -> Option<i32> {
    fields(stat)?.nth(1)?.parse().ok()
}

/// What the system says of a process, behind its state; `None` if it has ended.
fn fields(stat: &str) -> Option<SplitWhitespace<'_>> {
    // Behind the name, which may have anything in it. The state comes first.
    let (_, rest) = stat.rsplit_once(") ")?;
    let mut fields = rest.split_whitespace();
    let has_ended = match fields.next()? {
        // Only its first thread may have ended.
        "Z" => threads(&fields).is_none_or(|count| count <= 1),
        "X" => true,
        _ => false,
    };
    (!has_ended).then_some(fields)
}

/// How many threads a process has, of what is behind its state.
fn threads(fields: &SplitWhitespace<'_>) -> Option<u32> {
    fields.clone().nth(16)?.parse().ok()
}

/// A process, and no other one that gets its number.
struct Found {
    number: i32,
    process: OwnedFd,
}

impl Found {
    fn signal(&self, signal: Signal) {
        // It may have ended.
        let _ = pidfd_send_signal(&self.process, signal);
    }
}

/// All processes but this one that are such.
fn find(is_it: impl Fn(i32) -> bool) -> Vec<Found> {
    let Ok(processes) = fs::read_dir("/proc") else {
        return Vec::new();
    };
    let numbers = processes.filter_map(|process| {
        let name = process.ok()?.file_name();
        name.to_str()?.parse::<i32>().ok()
    });
    let ours = i32::try_from(process::id()).ok();
    let others = numbers.filter(|number| Some(*number) != ours);
    others
        .filter_map(|number| look_at(number, &is_it))
        .collect()
}

fn look_at(number: i32, is_it: impl Fn(i32) -> bool) -> Option<Found> {
    // Opened before it is looked at, so that it is the same process that gets a signal.
    let pid = Pid::from_raw(number)?;
    let process = pidfd_open(pid, PidfdFlags::empty()).ok()?;
    is_it(number).then_some(Found { number, process })
}

/// Whether a process has such an environment. Nobody else's can be read.
fn has_environment(number: i32, is_it: impl Fn(&[u8]) -> bool) -> bool {
    let environment = fs::read(format!("/proc/{number}/environ"));
    environment.is_ok_and(|environment| is_it(&environment))
}

fn variables(environment: &[u8]) -> impl Iterator<Item = &[u8]> {
    environment.split(|byte| *byte == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_owner_is_told_from_who_gets_its_number() {
        let ours = owner();
        assert!(is_alive(&ours), "{ours}");
        let here = namespace();
        assert!(!is_alive(&format!("{}.1.{here}", process::id())));
        assert!(!is_alive(&format!("999999999.1.{here}")));
        // Nothing that this version has written.
        assert!(is_alive("999999999"));
        assert!(is_alive("999999999.1"));
    }

    #[test]
    fn an_owner_of_another_namespace_counts_as_alive() {
        assert!(is_alive("999999999.1.pid:[1]"));
    }

    #[test]
    fn an_owner_that_could_not_say_who_it_is_counts_as_alive() {
        let here = namespace();
        assert!(is_alive(&format!("{}..{here}", process::id())));
        assert!(is_alive(&format!("999999999..{here}")));
        assert!(is_alive("999999999.1."));
    }

    #[test]
    fn when_a_process_began_is_read_behind_its_name() {
        let stat = |state: &str, threads: u32| {
            let before = "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16";
            format!("7 (a) b) {state} {before} {threads} 18 19 20 21\n")
        };
        assert_eq!(began(&stat("S", 1)), Some("19"));
        assert_eq!(began(&stat("Z", 1)), None);
        assert_eq!(began(""), None);
        assert_eq!(group_in(&stat("S", 1)), Some(2));
        assert_eq!(group_in(&stat("Z", 1)), None);
        assert_eq!(group_in(&stat("X", 0)), None);
        // Its first thread has ended before another one.
        assert_eq!(group_in(&stat("Z", 2)), Some(2));
    }

    #[test]
    fn the_first_process_is_ended_wherever_it_is() {
        // In our group, and without a mark.
        let mut child = process::Command::new("sleep").arg("60").spawn().unwrap();
        let tree = Tree::new(Pid::from_child(&child), "0");
        tree.end(Duration::ZERO);
        assert!(child.try_wait().unwrap().is_some());
    }

    #[test]
    fn without_our_mark_nothing_is_ours_to_end() {
        assert!(has_owner(b"A=1\0B=2\0"));
        let gone = format!("A=1\0SLOP_HANDS_COMMAND=999999999.1.{}-0-5\0", namespace());
        assert!(!has_owner(gone.as_bytes()));
    }
}

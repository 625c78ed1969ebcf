//! Commands: where they run, what they say, and that nothing of them is left.
#![cfg(target_os = "linux")]

use std::{
    fs,
    os::unix::process::CommandExt,
    process::{self, Command},
    thread,
    time::{Duration, Instant},
};

use slop_hands::{Ending, Left, Patience, Root, Running};
use tempfile::TempDir;

const DEADLINE: Duration = Duration::from_secs(60);

/// For ever, as far as a test is concerned.
const PATIENT: Patience = Patience {
    time: Duration::from_secs(600),
    grace: Duration::from_millis(200),
};

struct Place {
    folder: TempDir,
    root: Root,
}

fn place() -> Place {
    let folder = tempfile::tempdir().unwrap();
    let root = Root::open(folder.path()).unwrap();
    Place { folder, root }
}

impl Place {
    fn start(&self, command: &str, patience: Patience) -> Running {
        Running::start(&self.root, command, "test", patience, || {}).unwrap()
    }

    /// The number that a command writes into a file.
    #[track_caller]
    fn number(&self, file: &str) -> i32 {
        let path = self.folder.path().join(file);
        let mut number = None;
        until(file, || {
            let text = fs::read_to_string(&path).unwrap_or_default();
            // Whole once its line has an end.
            number = text.strip_suffix('\n').and_then(|text| text.parse().ok());
            number.is_some()
        });
        number.unwrap()
    }
}

#[track_caller]
fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < DEADLINE, "{what} never comes");
        thread::sleep(Duration::from_millis(5));
    }
}

#[track_caller]
fn ending(running: &Running) -> Ending {
    until("the end", || running.ending().is_some());
    running.ending().unwrap()
}

/// Whether a process is there and not merely waited for.
fn is_alive(number: i32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{number}/stat")).unwrap_or_default();
    // Behind the name, which may have anything in it.
    let state = stat.rsplit_once(") ").map(|(_, rest)| rest.as_bytes()[0]);
    state.is_some_and(|state| state != b'Z' && state != b'X')
}

#[test]
fn it_runs_in_the_folder_and_says_what_it_says() {
    let place = place();
    let running = place.start(
        "pwd -P; echo error >&2; read line; echo \"[$line]\"",
        PATIENT,
    );
    assert_eq!(ending(&running), Ending::Exited(0));
    let folder = place.folder.path().canonicalize().unwrap();
    let expected = format!("{}\nerror\n[]\n", folder.display());
    assert_eq!(running.output().text, expected);
    let failed = place.start("exit 7", PATIENT);
    assert_eq!(ending(&failed), Ending::Exited(7));
    let killed = place.start("kill -9 $$", PATIENT);
    assert_eq!(ending(&killed), Ending::Signal(9));
}

#[test]
fn a_command_that_looks_like_an_option_is_none() {
    let running = place().start("-x", PATIENT);
    assert_eq!(ending(&running), Ending::Exited(127));
}

#[test]
fn what_it_says_is_seen_while_it_runs() {
    let place = place();
    let running = place.start(
        "echo one; while [ ! -e go ]; do sleep 0.01; done; echo two",
        PATIENT,
    );
    until("the first line", || running.output().text == "one\n");
    assert_eq!(running.ending(), None);
    fs::write(place.folder.path().join("go"), "").unwrap();
    assert_eq!(ending(&running), Ending::Exited(0));
    assert_eq!(running.output().text, "one\ntwo\n");
}

#[test]
fn one_that_never_stops_talking_takes_no_more_room() {
    let place = place();
    let running = place.start("yes; true", PATIENT);
    until("much", || running.output().is_cut);
    running.cancel();
    assert_eq!(ending(&running), Ending::Cancelled);
    assert!(running.output().text.len() <= 64 * 1024);
}

#[test]
fn its_whole_tree_is_ended() {
    let place = place();
    // One that does not listen, one in a session of its own, and one of that in turn.
    let command = "
        sh -c 'trap \"\" TERM; echo $$ >deaf; while :; do sleep 1; done' &
        setsid sh -c 'echo $$ >away; sleep 1000 & echo $! >below; wait' &
        echo $$ >first
        wait
    ";
    let running = place.start(command, PATIENT);
    let numbers = ["first", "deaf", "away", "below"].map(|file| place.number(file));
    assert!(numbers.iter().all(|number| is_alive(*number)));
    running.cancel();
    assert_eq!(ending(&running), Ending::Cancelled);
    for number in numbers {
        until("the end of a process", || !is_alive(number));
    }
}

#[test]
fn what_it_leaves_behind_is_ended_too() {
    let place = place();
    let running = place.start("sleep 1000 & echo $! >left", PATIENT);
    assert_eq!(ending(&running), Ending::Exited(0));
    let number = place.number("left");
    until("the end of a process", || !is_alive(number));
}

#[test]
fn dropping_it_ends_it() {
    let place = place();
    let running = place.start("echo $$ >first; sleep 1000", PATIENT);
    let number = place.number("first");
    drop(running);
    until("the end of a process", || !is_alive(number));
}

#[test]
fn what_an_app_that_is_gone_has_left_is_ended_and_nothing_else() {
    let place = place();
    let label = format!("left by {}", process::id());
    let command = "echo $$ >ours; sleep 1000";
    let _running = Running::start(&place.root, command, &label, PATIENT, || {}).unwrap();
    let ours = place.number("ours");
    // As one that was started by a process that is not there.
    let here = fs::read_link("/proc/self/ns/pid").unwrap();
    let mark = format!("999999999.1.{}-0-0", here.display());
    // One of its processes has wiped its environment, and is known by its group.
    let command = "
        sleep 1000 & echo $! >below
        env -i sleep 1000 & echo $! >wiped
        echo $$ >first
        wait
    ";
    let mut left = Command::new("/bin/sh")
        .args(["-c", command])
        .current_dir(place.folder.path())
        .env("SLOP_HANDS_COMMAND", mark)
        .env("SLOP_HANDS_LABEL", &label)
        .process_group(0)
        .spawn()
        .unwrap();
    let mut numbers = ["below", "wiped", "first"].map(|file| place.number(file));
    numbers.sort_unstable();
    let environment = format!("/proc/{}/environ", place.number("wiped"));
    until("a wiped environment", || {
        fs::read(&environment).is_ok_and(|environment| environment.is_empty())
    });
    assert_eq!(Running::end_left("another"), Left::default());
    assert!(numbers.iter().all(|number| is_alive(*number)));

    let mut ended = Running::end_left(&label);
    ended.ended.sort_unstable();
    let expected = Left {
        ended: numbers.to_vec(),
        stays: Vec::new(),
    };
    assert_eq!(ended, expected);
    for number in numbers {
        until("the end of a process", || !is_alive(number));
    }
    left.wait().unwrap();
    assert!(is_alive(ours));
}

#[test]
fn it_is_ended_when_its_time_is_over() {
    let place = place();
    let patience = Patience {
        time: Duration::from_millis(50),
        ..PATIENT
    };
    let running = place.start("sleep 1000", patience);
    assert_eq!(ending(&running), Ending::TimedOut(patience.time));
}

#[test]
fn one_that_wants_the_terminal_is_ended_and_may_tidy_up() {
    let place = place();
    let patience = Patience {
        grace: DEADLINE,
        ..PATIENT
    };
    // As the system does to all in the group of whoever reads there.
    for signal in ["TTIN", "TTOU"] {
        let command = format!("trap 'echo tidy; exit' TERM; kill -s {signal} 0; echo answered");
        let running = place.start(&command, patience);
        assert_eq!(ending(&running), Ending::NoTerminal);
        assert_eq!(running.output().text, "tidy\n");
    }
}

#[test]
fn it_may_tidy_up_when_it_is_cancelled() {
    let place = place();
    let patience = Patience {
        grace: DEADLINE,
        ..PATIENT
    };
    let command = "trap 'echo tidy >tidy; exit' TERM; echo $$ >first; while :; do sleep 0.01; done";
    let running = place.start(command, patience);
    place.number("first");
    running.cancel();
    assert_eq!(ending(&running), Ending::Cancelled);
    let tidy = fs::read_to_string(place.folder.path().join("tidy")).unwrap();
    assert_eq!(tidy, "tidy\n");
}

#[test]
fn what_is_below_a_shell_that_ends_at_once_may_tidy_up_too() {
    let patience = Patience {
        grace: DEADLINE,
        ..PATIENT
    };
    // In the group of the shell, and in one of its own.
    for how in ["", "setsid "] {
        let place = place();
        // Whoever is told once more says so once more. What it starts to tidy up is told nothing.
        let command = "sh -c 'trap \"echo told >>told; sleep 0.5 && echo tidy >tidy\" TERM
            echo $$ >below
            while [ ! -e told ]; do sleep 0.01; done'
            echo done";
        let running = place.start(&format!("{how}{command}"), patience);
        place.number("below");
        running.cancel();
        assert_eq!(ending(&running), Ending::Cancelled);
        let read =
            |file: &str| fs::read_to_string(place.folder.path().join(file)).unwrap_or_default();
        assert_eq!((&*read("told"), &*read("tidy")), ("told\n", "tidy\n"));
    }
}

#[test]
fn what_it_leaves_behind_may_tidy_up_too() {
    let place = place();
    let patience = Patience {
        grace: DEADLINE,
        ..PATIENT
    };
    let command = "
        sh -c 'trap \"sleep 0.5; echo tidy >tidy; exit\" TERM
            echo $$ >left
            while :; do sleep 0.01; done' &
        while [ ! -s left ]; do sleep 0.01; done
    ";
    let running = place.start(command, patience);
    assert_eq!(ending(&running), Ending::Exited(0));
    let tidy = fs::read_to_string(place.folder.path().join("tidy")).unwrap();
    assert_eq!(tidy, "tidy\n");
}

#[test]
fn what_does_not_listen_is_ended_all_the_same() {
    for how in ["", "setsid "] {
        let place = place();
        let command =
            "sh -c 'trap \"\" TERM; echo $$ >deaf; while :; do sleep 0.01; done'; echo done";
        let running = place.start(&format!("{how}{command}"), PATIENT);
        let number = place.number("deaf");
        running.cancel();
        assert_eq!(ending(&running), Ending::Cancelled);
        assert!(!is_alive(number));
    }
}

#[test]
fn what_is_new_is_told() {
    let place = place();
    let (send, receive) = std::sync::mpsc::channel();
    let wake = move || {
        let _ = send.send(());
    };
    let running = Running::start(&place.root, "echo hello", "test", PATIENT, wake).unwrap();
    while running.ending().is_none() {
        receive.recv_timeout(DEADLINE).unwrap();
    }
    assert_eq!(running.output().text, "hello\n");
}

//! All that a command has started.

use std::{
    fs, process, thread,
    time::{Duration, Instant},
};

use rustix::process::{kill_process_group, pidfd_open, pidfd_send_signal, Pid, PidfdFlags, Signal};

/// A variable that is in the environment of all that a command starts.
pub(crate) const MARK: &str = "SLOP_HANDS_COMMAND";
/// For how long whatever is left is looked for once more.
const LAST: Duration = Duration::from_secs(2);
const PAUSE: Duration = Duration::from_millis(5);

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

    /// Sends a signal to all. Only while the first process was not waited for: its number may be
    /// another's afterwards.
    pub(crate) fn signal(&self, signal: Signal) {
        // There may be none of them any more.
        let _ = kill_process_group(self.group, signal);
        self.signal_marked(signal);
    }

    /// Ends those that are left, which may have started others meanwhile.
    pub(crate) fn end(&self) {
        let start = Instant::now();
        while self.signal_marked(Signal::KILL) > 0 && start.elapsed() < LAST {
            thread::sleep(PAUSE);
        }
    }

    /// To how many it was sent.
    fn signal_marked(&self, signal: Signal) -> usize {
        let Ok(processes) = fs::read_dir("/proc") else {
            return 0;
        };
        let numbers = processes.filter_map(|process| {
            let name = process.ok()?.file_name();
            name.to_str()?.parse::<i32>().ok()
        });
        let ours = i32::try_from(process::id()).ok();
        let others = numbers.filter(|number| Some(*number) != ours);
        others
            .filter(|number| self.signal_one(*number, signal))
            .count()
    }

    /// Whether it was one of the command's.
    fn signal_one(&self, number: i32, signal: Signal) -> bool {
        // Opened before its environment is read, so that it is the same process that gets the
        // signal.
        let process =
            Pid::from_raw(number).and_then(|pid| pidfd_open(pid, PidfdFlags::empty()).ok());
        let Some(process) = process else {
            return false;
        };
        // Nobody else's can be read.
        let Ok(environment) = fs::read(format!("/proc/{number}/environ")) else {
            return false;
        };
        let mut variables = environment.split(|byte| *byte == 0);
        variables.any(|variable| variable == self.mark)
            && pidfd_send_signal(process, signal).is_ok()
    }
}

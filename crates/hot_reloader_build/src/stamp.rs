//! What tells a file from what was there before, without reading it.

use std::{
    fs::{self, Metadata},
    path::Path,
    time::{Duration, SystemTime},
};

use serde::{Deserialize, Serialize};

/// What the system changes whenever somebody writes a file, replaces it or sets its times. The time of that
/// change is its own, and no program can set it. Where no such time is kept, the one that programs can set
/// has to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamp {
    /// Its number. Not that of its device, which may be another after the next start of the system.
    file: u64,
    len: u64,
    changed: SystemTime,
}

/// A second write may come within the tick of a clock.
const TICK: Duration = Duration::from_secs(1);

impl Stamp {
    /// That of a file as it is now. `None` if it is missing.
    #[must_use]
    pub fn of(file: &Path) -> Option<Self> {
        let data = fs::metadata(file).ok()?;
        Some(Self {
            file: number(&data),
            len: data.len(),
            changed: changed(&data)?,
        })
    }

    /// When the file was changed.
    pub(crate) fn changed(self) -> SystemTime {
        self.changed
    }

    /// Whether the file was changed so long ago that a further change would show. Nothing else than the system's
    /// own time tells as much.
    pub(crate) fn is_settled(self) -> bool {
        let age = SystemTime::now().duration_since(self.changed);
        cfg!(unix) && age.is_ok_and(|age| age > 2 * TICK)
    }
}

#[cfg(unix)]
fn number(data: &Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::ino(data)
}

#[cfg(not(unix))]
fn number(_data: &Metadata) -> u64 {
    0
}

#[cfg(unix)]
fn changed(data: &Metadata) -> Option<SystemTime> {
    use std::os::unix::fs::MetadataExt;
    let seconds = u64::try_from(data.ctime()).ok()?;
    let nanoseconds = u32::try_from(data.ctime_nsec()).ok()?;
    SystemTime::UNIX_EPOCH.checked_add(Duration::new(seconds, nanoseconds))
}

#[cfg(not(unix))]
fn changed(data: &Metadata) -> Option<SystemTime> {
    data.modified().ok()
}

#[cfg(test)]
pub(crate) mod tests {
    use std::time::Instant;

    use super::*;

    /// A moment after all that was written so far, and not after what is written from now on.
    pub(crate) fn next_tick(folder: &Path) -> SystemTime {
        let mark = folder.join("mark");
        let written = || {
            fs::write(&mark, "x").unwrap();
            Stamp::of(&mark).unwrap().changed
        };
        let (first, start) = (written(), Instant::now());
        loop {
            let now = written();
            if now > first {
                return now;
            }
            assert!(start.elapsed() < Duration::from_secs(60));
        }
    }

    /// As a wrapper of the compiler may do, so that it makes the same of the same.
    #[test]
    #[cfg(unix)]
    fn who_sets_a_time_back_changes_the_stamp() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("libgame.so");
        let write = |text: &str| {
            fs::write(&file, text).unwrap();
            let opened = fs::File::options().append(true).open(&file).unwrap();
            opened.set_modified(SystemTime::UNIX_EPOCH).unwrap();
        };
        write("one");
        let before = Stamp::of(&file);
        assert_eq!(Stamp::of(&file), before);
        next_tick(folder.path());
        write("two");
        assert_ne!(Stamp::of(&file), before);
        fs::remove_file(&file).unwrap();
        assert_eq!(Stamp::of(&file), None);
    }
}

//! What tells a library from the one that was there before, without reading it.

use std::{
    fs::{self, Metadata},
    path::Path,
    time::SystemTime,
};

use serde::{Deserialize, Serialize};

/// What is another when a library is. Not the time at which the system saw a change: that is another too when
/// cargo gives or takes a second name, and then it would be built again for nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamp {
    /// Its number, for most that make one put a new file in the place of the old. Not that of its device, which
    /// may be another after the next start of the system.
    file: u64,
    len: u64,
    written: SystemTime,
}

impl Stamp {
    /// That of a file as it is now. `None` if it is missing.
    #[must_use]
    pub fn of(file: &Path) -> Option<Self> {
        let data = fs::metadata(file).ok()?;
        Some(Self {
            file: number(&data),
            len: data.len(),
            written: data.modified().ok()?,
        })
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

#[cfg(test)]
mod tests {
    use super::*;

    /// As a wrapper of the compiler may do, so that it makes the same of the same.
    #[test]
    #[cfg(unix)]
    fn a_library_that_is_replaced_is_another_whatever_its_time() {
        let folder = tempfile::tempdir().unwrap();
        let [library, next, link] = ["a.so", "b.so", "c.so"].map(|name| folder.path().join(name));
        for (file, text) in [(&library, "one"), (&next, "two")] {
            fs::write(file, text).unwrap();
            let opened = fs::File::options().append(true).open(file).unwrap();
            opened.set_modified(SystemTime::UNIX_EPOCH).unwrap();
        }
        let before = Stamp::of(&library);
        fs::hard_link(&library, &link).unwrap();
        assert_eq!(Stamp::of(&library), before);
        fs::rename(&next, &library).unwrap();
        assert_ne!(Stamp::of(&library), before);
        fs::remove_file(&library).unwrap();
        assert_eq!(Stamp::of(&library), None);
    }
}

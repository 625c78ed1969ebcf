//! The folder in which one process compiles.

use std::{
    fs::{self, File, TryLockError},
    io,
    path::{Path, PathBuf},
};

/// The name of the file by which a process shows that a folder is in use.
const LOCK: &str = "in-use";
/// The compiler makes the folder that it remembers in by itself, but not this one.
const OUTPUTS: &str = "outputs";
/// How many forms of a crate the compiler remembers: each change of its types makes another. With an edit that
/// is taken back an older one comes back.
const REMEMBERED: usize = 6;

/// How a process takes a file for itself without waiting for others.
type TryLock = fn(&File) -> Result<(), TryLockError>;

/// A folder for what the compiler makes and remembers, held by one process at a time.
///
/// The compiler uses what it remembers only as long as it writes to the same place, so the folders have
/// numbers and stay: the next process finds one warm. Where the file system locks nothing, nobody could tell
/// whether one is in use. There, each process has one of its own, which goes with it.
#[derive(Debug)]
pub struct Bench {
    path: PathBuf,
    // Held for its lock, which the system releases when the process ends in whatever way.
    _lock: File,
    // Held to be removed.
    _own: Option<tempfile::TempDir>,
}

impl Bench {
    /// Takes the first folder under `root` that no other process has, and makes it if need be.
    ///
    /// # Errors
    ///
    /// What the system said.
    pub fn take(root: &Path) -> io::Result<Self> {
        Self::take_by(root, File::try_lock)
    }

    fn take_by(root: &Path, try_lock: TryLock) -> io::Result<Self> {
        let mut number = 1_u32;
        loop {
            let path = root.join(number.to_string());
            let lock = furnish(&path)?;
            match try_lock(&lock) {
                Ok(()) => {
                    return Ok(Self {
                        path,
                        _lock: lock,
                        _own: None,
                    })
                }
                Err(TryLockError::WouldBlock) => number += 1,
                Err(TryLockError::Error(_)) => return Self::own(root),
            }
        }
    }

    fn own(root: &Path) -> io::Result<Self> {
        let folder = tempfile::Builder::new()
            .prefix("process-")
            .tempdir_in(root)?;
        let path = folder.path().to_owned();
        Ok(Self {
            _lock: furnish(&path)?,
            _own: Some(folder),
            path,
        })
    }

    /// Whether it is still there. Somebody may tidy up while the app runs.
    #[must_use]
    pub fn is_there(&self) -> bool {
        self.path.join(LOCK).exists() && self.outputs().exists()
    }

    /// For what the compiler makes.
    #[must_use]
    pub fn outputs(&self) -> PathBuf {
        self.path.join(OUTPUTS)
    }

    /// For what the compiler remembers.
    #[must_use]
    pub fn incremental(&self) -> PathBuf {
        self.path.join("incremental")
    }

    /// For what a plugin library is linked against.
    #[must_use]
    pub fn stand_ins(&self, crate_name: &str) -> PathBuf {
        self.path.join("stand-ins").join(crate_name)
    }

    /// Forgets the forms of a crate that were compiled longest ago, but for some. What cannot be removed
    /// stays until the next time.
    pub fn tidy(&self, crate_name: &str) {
        self.forget_all_but(REMEMBERED, crate_name);
    }

    /// Forgets all forms of a crate.
    pub fn forget(&self, crate_name: &str) {
        self.forget_all_but(0, crate_name);
    }

    fn forget_all_but(&self, remembered: usize, crate_name: &str) {
        let prefix = format!("{crate_name}-");
        let forms = fs::read_dir(self.incremental())
            .into_iter()
            .flatten()
            .flatten();
        let is_of = |entry: &fs::DirEntry| {
            let name = entry.file_name();
            let rest = name.to_str().and_then(|name| name.strip_prefix(&prefix));
            rest.is_some_and(|rest| !rest.contains('-'))
        };
        let mut forms: Vec<_> = forms
            .filter(is_of)
            .filter_map(|entry| Some((entry.metadata().ok()?.modified().ok()?, entry.path())))
            .collect();
        forms.sort();
        let excess = forms.len().saturating_sub(remembered);
        for (_, form) in &forms[..excess] {
            let _ = fs::remove_dir_all(form);
        }
    }
}

/// Makes what is in such a folder, and returns the file to be locked.
fn furnish(path: &Path) -> io::Result<File> {
    fs::create_dir_all(path.join(OUTPUTS))?;
    File::create(path.join(LOCK))
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use super::*;

    #[test]
    fn what_was_compiled_longest_ago_is_forgotten() {
        let root = tempfile::tempdir().unwrap();
        let bench = Bench::take(root.path()).unwrap();
        let form = |name: String, age: u64| {
            let folder = bench.incremental().join(name);
            fs::create_dir_all(&folder).unwrap();
            let time = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000 - age);
            File::open(&folder).unwrap().set_modified(time).unwrap();
        };
        for age in 0..9 {
            form(format!("game-{age}"), age);
            form(format!("game_rules-{age}"), 100 + age);
        }
        bench.tidy("game");
        let there = |name: &str| bench.incremental().join(name).exists();
        assert!((0..6).all(|age| there(&format!("game-{age}"))));
        assert!((6..9).all(|age| !there(&format!("game-{age}"))));
        assert!((0..9).all(|age| there(&format!("game_rules-{age}"))));
        bench.forget("game");
        assert!((0..6).all(|age| !there(&format!("game-{age}"))));
        assert!((0..9).all(|age| there(&format!("game_rules-{age}"))));
    }

    #[test]
    fn two_processes_never_share_one_and_the_next_finds_it_again() {
        let root = tempfile::tempdir().unwrap();
        let first = Bench::take(root.path()).unwrap();
        let second = Bench::take(root.path()).unwrap();
        assert_ne!(first.outputs(), second.outputs());
        let place = first.outputs();
        drop(first);
        let next = Bench::take(root.path()).unwrap();
        assert_eq!(next.outputs(), place);
        assert!(next.is_there());
        fs::remove_dir_all(root.path()).unwrap();
        assert!(!next.is_there());
    }

    /// As on some file systems of a network.
    #[test]
    fn where_nothing_can_be_locked_two_processes_share_none_either() {
        let unsupported: TryLock = |_| Err(TryLockError::Error(io::ErrorKind::Unsupported.into()));
        let root = tempfile::tempdir().unwrap();
        let [first, second] = [(); 2].map(|()| Bench::take_by(root.path(), unsupported).unwrap());
        assert_ne!(first.outputs(), second.outputs());
        assert!(first.is_there() && second.is_there());
        let place = first.outputs();
        drop(first);
        assert!(!place.exists());
    }
}

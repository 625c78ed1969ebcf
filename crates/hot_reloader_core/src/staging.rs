//! A build gets a file name that was never used before.
//!
//! The loader finds libraries that are already loaded by name before it looks at the file, so a
//! build under a used name would be the old code reported as a success. And two instances of the
//! app must never share a file. So each process has a folder of its own, and each build in it a
//! number of its own.

use std::{
    fs::{self, File, TryLockError},
    io,
    path::{Path, PathBuf},
};

use thiserror::Error;

/// The name of the file by which a process shows that its folder is in use.
const LOCK: &str = "in-use";

/// How a process takes a file for itself without waiting for others.
type TryLock = fn(&File) -> Result<(), TryLockError>;

/// A build that could not be put where it can be loaded from.
#[derive(Debug, Error)]
pub enum StageError {
    /// The folder for staged libraries cannot be made or written to.
    #[error("cannot use the folder {} for staged libraries; set another one as `staging_folder`", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The built library is gone or cannot be read.
    #[error("cannot read the built library {}; build again", path.display())]
    Artifact {
        /// The library that cargo named.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The copy could not be written.
    #[error("cannot write {}; free disk space, or set another `staging_folder`", path.display())]
    Write {
        /// The copy.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// A copy of a built library under a name of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StagedLibrary {
    /// Where the copy is.
    pub path: PathBuf,
    /// Its number in this process, from 1.
    pub serial: u32,
}

/// The folder of this process for staged libraries. Removed when it is dropped, or by a later
/// process if this one dies and the file system can lock files.
#[derive(Debug)]
pub struct Staging {
    root: PathBuf,
    folder: Folder,
    /// Of before. Code that is in memory is told by the files that it came from, as in a backtrace.
    older: Vec<Folder>,
    serial: u32,
}

#[derive(Debug)]
struct Folder {
    path: tempfile::TempDir,
    // Held for its lock, which the system releases when the process ends in whatever way.
    _lock: File,
}

impl Staging {
    /// Makes a folder for this process under `root`, and removes those of processes that ended.
    ///
    /// # Errors
    ///
    /// [`StageError::Folder`].
    pub fn new(root: &Path) -> Result<Self, StageError> {
        Ok(Self {
            root: root.to_owned(),
            folder: Folder::new(root, File::try_lock)?,
            older: Vec::new(),
            serial: 0,
        })
    }

    /// Uses a folder under `root` from now on, which is a setting that may be changed.
    ///
    /// # Errors
    ///
    /// [`StageError::Folder`]. Then the one of before stays in use.
    pub fn move_to(&mut self, root: &Path) -> Result<(), StageError> {
        if self.root != root {
            let folder = Folder::new(root, File::try_lock)?;
            self.older.push(std::mem::replace(&mut self.folder, folder));
            root.clone_into(&mut self.root);
        }
        Ok(())
    }

    /// Copies `artifact` under a name that was never used. The name appears only when the copy is
    /// complete.
    ///
    /// # Errors
    ///
    /// [`StageError::Artifact`] if it cannot be read, [`StageError::Write`] if the copy cannot be
    /// written, [`StageError::Folder`] if the folder is gone and cannot be made again.
    pub fn stage(&mut self, artifact: &Path) -> Result<StagedLibrary, StageError> {
        let artifact_error = |source| StageError::Artifact {
            path: artifact.to_owned(),
            source,
        };
        let mut source = File::open(artifact).map_err(artifact_error)?;
        // Somebody may tidy up while the app runs. The libraries that are open stay open.
        if !self.folder.path.path().is_dir() {
            self.folder = Folder::new(&self.root, File::try_lock)?;
        }
        let folder = self.folder.path.path();
        let serial = self.serial + 1;
        let stem = artifact.file_stem().unwrap_or_default().to_string_lossy();
        let extension = artifact.extension().unwrap_or_default().to_string_lossy();
        let path = folder.join(format!("{stem}-{serial}.{extension}"));
        let write_error = |source| StageError::Write {
            path: path.clone(),
            source,
        };
        let mut copy = tempfile::NamedTempFile::new_in(folder).map_err(write_error)?;
        io::copy(&mut source, copy.as_file_mut()).map_err(write_error)?;
        copy.persist_noclobber(&path)
            .map_err(|error| write_error(error.error))?;
        self.serial = serial;
        Ok(StagedLibrary { path, serial })
    }
}

impl Folder {
    fn new(root: &Path, try_lock: TryLock) -> Result<Self, StageError> {
        let folder_error = |source| StageError::Folder {
            path: root.to_owned(),
            source,
        };
        fs::create_dir_all(root).map_err(folder_error)?;
        remove_abandoned(root, try_lock);
        loop {
            let path = tempfile::Builder::new()
                .prefix(&format!("process-{}-", std::process::id()))
                .tempdir_in(root)
                .map_err(folder_error)?;
            let lock = File::create(path.path().join(LOCK)).map_err(folder_error)?;
            match try_lock(&lock) {
                // Another process was faster and takes it for abandoned.
                Err(TryLockError::WouldBlock) => {}
                // Where the file system locks nothing, no process takes any folder for abandoned.
                Ok(()) | Err(TryLockError::Error(_)) => return Ok(Self { path, _lock: lock }),
            }
        }
    }
}

/// Removes the folders whose process no longer holds the lock. What cannot be removed is left for
/// the next process.
fn remove_abandoned(root: &Path, try_lock: TryLock) {
    let Ok(entries) = fs::read_dir(root) else {
        return;
    };
    for folder in entries.flatten().map(|entry| entry.path()) {
        let is_ours = folder
            .file_name()
            .is_some_and(|name| name.to_string_lossy().starts_with("process-"));
        if !is_ours {
            continue;
        }
        // Without the file, another process may be between making its folder and locking it.
        let abandoned = File::open(folder.join(LOCK)).is_ok_and(|lock| try_lock(&lock).is_ok());
        if abandoned {
            let _ = fs::remove_dir_all(&folder);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;

    #[test]
    fn no_name_is_used_twice_and_the_copy_is_whole() {
        let root = tempfile::tempdir().unwrap();
        let artifact = root.path().join("libgame.so");
        fs::write(&artifact, b"one").unwrap();
        let staged = root.path().join("staged");
        let mut a = Staging::new(&staged).unwrap();
        let mut b = Staging::new(&staged).unwrap();
        let first = a.stage(&artifact).unwrap();
        let second = a.stage(&artifact).unwrap();
        let other = b.stage(&artifact).unwrap();
        assert_ne!(first.path, second.path);
        assert_ne!(first.path, other.path);
        assert_eq!(fs::read(&second.path).unwrap(), b"one");
        assert_eq!((first.serial, second.serial), (1, 2));
    }

    #[test]
    fn a_missing_artifact_is_named_and_uses_up_no_number() {
        let root = tempfile::tempdir().unwrap();
        let artifact = root.path().join("libgame.so");
        let mut staging = Staging::new(&root.path().join("staged")).unwrap();
        assert!(matches!(
            staging.stage(&artifact),
            Err(StageError::Artifact { path, .. }) if path == artifact
        ));
        fs::write(&artifact, b"one").unwrap();
        assert_eq!(staging.stage(&artifact).unwrap().serial, 1);
    }

    #[test]
    fn a_folder_that_was_removed_is_made_again() {
        let root = tempfile::tempdir().unwrap();
        let artifact = root.path().join("libgame.so");
        fs::write(&artifact, b"one").unwrap();
        let staged = root.path().join("staged");
        let mut staging = Staging::new(&staged).unwrap();
        let first = staging.stage(&artifact).unwrap();
        for gone in [first.path.parent().unwrap(), &staged] {
            fs::remove_dir_all(gone).unwrap();
            let next = staging.stage(&artifact).unwrap();
            assert_eq!(fs::read(&next.path).unwrap(), b"one");
            assert!(next.path.with_file_name(LOCK).exists());
        }
    }

    /// As an error says that it may be, when a disk is full.
    #[test]
    fn another_folder_may_be_set_while_the_app_runs() {
        let root = tempfile::tempdir().unwrap();
        let artifact = root.path().join("libgame.so");
        fs::write(&artifact, b"one").unwrap();
        let [one, other] = ["one", "other"].map(|name| root.path().join(name));
        let mut staging = Staging::new(&one).unwrap();
        let first = staging.stage(&artifact).unwrap();
        staging.move_to(&artifact).unwrap_err();
        staging.move_to(&other).unwrap();
        let second = staging.stage(&artifact).unwrap();
        assert!(second.path.starts_with(&other) && first.path.exists());
        assert_eq!((first.serial, second.serial), (1, 2));
        staging.move_to(&other).unwrap();
        let third = staging.stage(&artifact).unwrap();
        assert_eq!(third.path.parent(), second.path.parent());
        drop(staging);
        assert!(!first.path.exists() && !second.path.exists());
    }

    #[test]
    fn folders_of_ended_processes_are_removed_and_others_kept() {
        let root = tempfile::tempdir().unwrap();
        let dead = root.path().join("process-1-dead");
        fs::create_dir(&dead).unwrap();
        fs::write(dead.join(LOCK), b"").unwrap();
        let foreign = root.path().join("not-ours");
        fs::create_dir(&foreign).unwrap();
        let living = Staging::new(root.path()).unwrap();
        let _second = Staging::new(root.path()).unwrap();
        assert!(!dead.exists());
        assert!(foreign.exists());
        assert!(living.folder.path.path().exists());
    }

    #[test]
    fn a_folder_that_cannot_be_made_is_named_with_the_setting() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let folder = file.path().join("staged");
        let error = Staging::new(&folder).unwrap_err().to_string();
        assert!(error.contains(&*folder.to_string_lossy()), "{error}");
        assert!(error.contains("`staging_folder`"), "{error}");
    }

    /// As on some file systems of a network.
    #[test]
    fn where_nothing_can_be_locked_no_folder_is_removed() {
        let unsupported: TryLock = |_| Err(TryLockError::Error(io::ErrorKind::Unsupported.into()));
        let root = tempfile::tempdir().unwrap();
        let folders = [(); 2].map(|()| Folder::new(root.path(), unsupported).unwrap());
        let [first, second] = folders.each_ref().map(|folder| folder.path.path());
        assert_ne!(first, second);
        assert!(first.exists() && second.exists());
    }

    #[test]
    fn a_folder_that_another_process_is_about_to_remove_is_not_used() {
        static IS_FREE: AtomicBool = AtomicBool::new(false);
        let busy_once: TryLock = |lock| {
            if IS_FREE.swap(true, Ordering::Relaxed) {
                lock.try_lock()
            } else {
                Err(TryLockError::WouldBlock)
            }
        };
        let root = tempfile::tempdir().unwrap();
        let folder = Folder::new(root.path(), busy_once).unwrap();
        let found = fs::read_dir(root.path()).unwrap();
        let found: Vec<_> = found.map(|entry| entry.unwrap().path()).collect();
        assert_eq!(found, [folder.path.path()]);
    }
}

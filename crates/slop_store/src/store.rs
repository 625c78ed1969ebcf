//! A data folder in the hands of one process.

use std::{
    fs::{self, File, TryLockError},
    io, mem, panic,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use serde::{de::DeserializeOwned, Serialize};

use crate::{
    backups::Backups,
    disk,
    writer::{Target, Writer},
    Format, Loaded, Notice, Reason, StoreError,
};

/// The time in which there is at most one write. Half of the second that a sudden end may cost; the
/// other half is for the disk.
const DEBOUNCE: Duration = Duration::from_millis(500);

/// The name of the file whose lock says that the folder is in use.
const LOCK: &str = "lock";

/// The state of an app in a data folder.
///
/// Open it, load once, then save as often as something changes. Dropping it writes what is pending;
/// [`Store::flush`] does so too and tells whether it went well.
#[derive(Debug)]
pub struct Store {
    // Dropped before the lock: nothing is written once another process may write.
    writer: Writer,
    folder: PathBuf,
    name: String,
    format: Format,
    backups: Backups,
    loaded: bool,
    // The file stays when the lock goes: removing it would let two processes lock two files.
    _lock: File,
}

impl Store {
    /// Opens the folder, which is made if it is missing, for this process alone. The state is in
    /// the file `name`, such as `state.ron`. If that is a link, it stays one, and the state is in what
    /// it leads to, which need not be there.
    ///
    /// # Errors
    ///
    /// [`StoreError::InUse`] if another store has the folder open; also if the folder cannot be
    /// used.
    pub fn open(
        folder: impl Into<PathBuf>,
        name: &str,
        format: Format,
    ) -> Result<Self, StoreError> {
        Self::open_with_debounce(folder, name, format, DEBOUNCE)
    }

    /// Like [`Store::open`], with another time in which there is at most one write.
    ///
    /// # Errors
    ///
    /// As [`Store::open`].
    pub fn open_with_debounce(
        folder: impl Into<PathBuf>,
        name: &str,
        format: Format,
        debounce: Duration,
    ) -> Result<Self, StoreError> {
        let folder = folder.into();
        // The app may change its working folder later.
        let folder = std::path::absolute(&folder).unwrap_or(folder);
        disk::make_folder(&folder).map_err(|source| StoreError::Folder {
            folder: folder.clone(),
            source,
        })?;
        let lock = lock(&folder)?;
        // Nobody is writing, so these are left from a process that was ended.
        disk::sweep(&folder, name);
        if let Ok((elsewhere, name)) = disk::follow(&folder, name) {
            // With the dot, for others may have files there whose names only begin so.
            disk::sweep(&elsewhere, &format!("{name}."));
        }
        let backups = Backups::new(&folder, name);
        let target = Target {
            folder: folder.clone(),
            name: name.to_owned(),
            backups: backups.clone(),
            backed_up: false,
        };
        let writer =
            Writer::start(target, debounce).map_err(|source| StoreError::Thread { source })?;
        Ok(Self {
            writer,
            folder,
            name: name.to_owned(),
            format,
            backups,
            loaded: false,
            _lock: lock,
        })
    }

    /// Reads the state, once. A file that cannot be used is renamed and stays; then, and if there
    /// is none, the newest backup that reads well is used. The notices tell of it.
    ///
    /// # Errors
    ///
    /// If there is a file and it cannot be read or renamed. It stays as it is, and saving is
    /// refused until loading has gone well.
    pub fn load<T: DeserializeOwned>(&mut self) -> Result<Loaded<T>, StoreError> {
        if self.loaded {
            return Err(StoreError::LoadedBefore);
        }
        let mut notices = Vec::new();
        let mut read = None;
        let file = self.folder.join(&self.name);
        match fs::read(&file) {
            Ok(bytes) => match self.format.read(&bytes) {
                Ok(good) => read = Some(good),
                Err(reason) => {
                    let file = self.set_aside(&reason)?;
                    notices.push(Notice::SetAside { file, reason });
                }
            },
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(source) => return Err(StoreError::Read { file, source }),
        }
        if read.is_none() {
            read = self.newest_backup().map(|(good, backup)| {
                notices.push(Notice::RestoredFrom { backup });
                good
            });
        }
        self.loaded = true;
        let value = read.map(|(value, from)| {
            let to = self.format.version;
            if from != to {
                notices.push(Notice::Migrated { from, to });
            }
            value
        });
        Ok(Loaded { value, notices })
    }

    /// Hands the state to the thread that writes, which also makes a text of it; does not wait. A newer
    /// state takes the place of one that is not written yet.
    ///
    /// The type must be one that RON can read again: no `flatten`, no untagged enums. Its code runs on
    /// the thread, so what it is in must stay in memory.
    ///
    /// # Errors
    ///
    /// If the state was not loaded, or the thread that writes is gone. Errors in writing are in
    /// [`Store::last_error`].
    pub fn save<T: Serialize + Send + 'static>(&self, state: T) -> Result<(), StoreError> {
        if !self.loaded {
            return Err(StoreError::NotLoaded);
        }
        let format = self.format;
        // Panics are caught here, in the code that the state came from.
        let write = move || {
            let written = caught(|| format.write(&state));
            // By itself: a destructor that panics while another panic unwinds ends the process. What is
            // written already is good, and the log has the panic.
            caught(|| drop(state));
            written.unwrap_or(Err(StoreError::Panicked))
        };
        self.writer.hand_over(Box::new(write))
    }

    /// What went wrong in the last write; `None` once a write goes well. It is tried again with the
    /// next state, and after a second.
    #[must_use]
    pub fn last_error(&self) -> Option<Arc<StoreError>> {
        self.writer.last_error()
    }

    /// Writes what is pending now and waits for it.
    ///
    /// # Errors
    ///
    /// If it could not be written. It stays pending.
    pub fn flush(&self) -> Result<(), Arc<StoreError>> {
        self.writer.flush()
    }

    /// Renames the file of the state, and not a link that leads to it.
    fn set_aside(&self, reason: &Reason) -> Result<PathBuf, StoreError> {
        let target = disk::follow(&self.folder, &self.name);
        let (folder, name) = target.map_err(|source| StoreError::Read {
            file: self.folder.join(&self.name),
            source,
        })?;
        disk::set_aside(&folder, &name, reason.word())
    }

    /// The first that reads well, with its version and path.
    fn newest_backup<T: DeserializeOwned>(&self) -> Option<((T, u32), PathBuf)> {
        let backups = self.backups.newest_first();
        backups.into_iter().find_map(|backup| {
            let bytes = fs::read(&backup).ok()?;
            Some((self.format.read(&bytes).ok()?, backup))
        })
    }
}

/// What foreign code gives; `None` if it panics.
fn caught<T>(code: impl FnOnce() -> T) -> Option<T> {
    let payload = match panic::catch_unwind(panic::AssertUnwindSafe(code)) {
        Ok(value) => return Some(value),
        Err(payload) => payload,
    };
    // It is of that code too, and may panic when it is dropped. What comes of that is not dropped.
    if let Err(another) = panic::catch_unwind(panic::AssertUnwindSafe(|| drop(payload))) {
        mem::forget(another);
    }
    None
}

/// Locks the folder for as long as the file is open; the system unlocks it when a process ends,
/// however it ends.
fn lock(folder: &Path) -> Result<File, StoreError> {
    let path = folder.join(LOCK);
    let mut options = File::options();
    options.create(true).truncate(false).write(true);
    let file = match options.open(&path) {
        Ok(file) => file,
        // Such as in a folder that can only be read.
        Err(source) => return Err(StoreError::Write { file: path, source }),
    };
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StoreError::InUse {
            folder: folder.to_owned(),
        }),
        Err(TryLockError::Error(source)) => Err(StoreError::Lock { file: path, source }),
    }
}

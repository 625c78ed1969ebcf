//! What can go wrong with the data folder.

use std::{io, path::PathBuf};

use thiserror::Error;

/// The data folder or a file in it could not be used. The file of the state is as it was.
#[derive(Debug, Error)]
pub enum StoreError {
    /// The data folder is not there and could not be made.
    #[error("cannot use the folder {}; choose another data folder", folder.display())]
    Folder {
        /// The data folder.
        folder: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Another process, or another store of this one, has the data folder open.
    #[error("the data folder {} is in use; go on in the window that uses it, or close both and start again", folder.display())]
    InUse {
        /// The data folder.
        folder: PathBuf,
    },
    /// Whether the data folder is in use could not be found out.
    #[error("cannot lock {}; choose a data folder on a local disk", file.display())]
    Lock {
        /// The lock file.
        file: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The system started no thread to write on.
    #[error("cannot start the thread that saves; close other programs")]
    Thread {
        /// Why.
        source: io::Error,
    },
    /// A file is there and could not be read.
    #[error("cannot read {}; check what it is and who may read it", file.display())]
    Read {
        /// The file.
        file: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file that cannot be used could not be renamed, and stays where it is.
    #[error("cannot rename {} to {}; move it away by hand", file.display(), to.display())]
    SetAside {
        /// The file.
        file: PathBuf,
        /// The name that it should have got.
        to: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The state was loaded before; a second time could undo what was saved since.
    #[error("the state was loaded before; load it once, before the first save")]
    LoadedBefore,
    /// The state was not loaded, so that saving could overwrite a file that nobody has read.
    #[error("the state was not loaded, so it is not saved; load it first")]
    NotLoaded,
    /// The state has no form in RON; a fault of its type.
    #[error("the state cannot be written as RON; report this as a fault of the app")]
    Unwritable {
        /// Why.
        source: ron::Error,
    },
    /// The code that makes a text of the state has panicked; a fault of its type.
    #[error("the code that writes the state panicked, and the state before stays on disk; the log says where, mend that and change something")]
    Panicked,
    /// The thread that writes is gone, by a panic in the store itself.
    #[error("the thread that saves has panicked, and nothing is saved any more; the log says where, restart the app")]
    WriterGone,
    /// A file was not written; what was there before is whole.
    #[error("cannot write {}; free disk space or check who may write there", file.display())]
    Write {
        /// The file.
        file: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The state was written without keeping a backup of the one before.
    #[error("cannot keep a backup of {}; check the folder `backups` beside it", file.display())]
    Backup {
        /// The file.
        file: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file is still there.
    #[error("cannot remove {}; remove it by hand", file.display())]
    Remove {
        /// The file.
        file: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// There is no file for a secret: its name would be too long.
    #[error("the name `{whom}` is too long for a file to have it; use a shorter one")]
    LongName {
        /// Whom the secret is for.
        whom: String,
    },
    /// The secret that was once for all could not be given to one, so it is not used.
    #[error("cannot rename {} to {}, and what is in it is not used; rename it by hand", file.display(), to.display())]
    HandOver {
        /// The file of the secret for all.
        file: PathBuf,
        /// The name that it should have got.
        to: PathBuf,
        /// Why.
        source: io::Error,
    },
}

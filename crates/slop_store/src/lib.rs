//! The state of a workbench on disk, as one RON file in a data folder.
//!
//! In reading order: [`Store`] opens the folder for this process alone, loads the state and takes
//! new ones; a thread behind it writes the newest, seldom enough and never half. [`Format`] is the
//! version of the file and the way from older ones. [`Loaded`] comes with [`Notice`]s, to be shown:
//! a file that cannot be used is set aside under another name, and a backup takes its place.
//! [`SecretFile`] keeps a secret beside it, for its owner only and apart from others of its kind.
//!
//! ```
//! use slop_store::{Format, Store};
//!
//! # let folder = tempfile::tempdir()?;
//! let format = Format { version: 1, migrations: &[] };
//! let mut store = Store::open(folder.path(), "state.ron", format)?;
//! let loaded = store.load::<Vec<String>>()?;
//! let mut notes = loaded.value.unwrap_or_default();
//! notes.push("remember the milk".to_owned());
//! store.save(notes)?;
//! store.flush()?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The thread runs code of this crate, so the crate must not be in a library that is replaced while
//! the app runs. It also runs what serialises the state: if that is replaced, it has to stay mapped.

mod backups;
mod disk;
pub mod error;
pub mod format;
pub mod notice;
pub mod secret;
pub mod store;
mod writer;

pub use error::StoreError;
pub use format::{step, Format, Migration};
pub use notice::{Loaded, Notice, Reason};
pub use secret::SecretFile;
pub use store::Store;

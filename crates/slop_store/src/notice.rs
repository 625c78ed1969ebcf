//! What loading has to tell people.

use std::{fmt, path::PathBuf};

use thiserror::Error;

/// What was found, and what is to be told about it.
#[derive(Clone, Debug)]
pub struct Loaded<T> {
    /// `None` if there was nothing, or nothing that could be used.
    pub value: Option<T>,
    /// In the order in which it happened.
    pub notices: Vec<Notice>,
}

/// Something that happened while loading and that a person should know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// The file could not be used, and was renamed.
    SetAside {
        /// Where it is now.
        file: PathBuf,
        /// Why it could not be used.
        reason: Reason,
    },
    /// A backup took the place of the file.
    RestoredFrom {
        /// The backup; it stays.
        backup: PathBuf,
    },
    /// The state was in an older format.
    Migrated {
        /// The version it had.
        from: u32,
        /// The version it has now.
        to: u32,
    },
    /// Others could read the file of a secret; now they cannot.
    Tightened {
        /// The file.
        file: PathBuf,
    },
    /// The secret that was once for all is now for one only.
    HandedOver {
        /// Where it was.
        file: PathBuf,
        /// Where it is now.
        to: PathBuf,
    },
    /// Others can read the file of a secret, and it could not be changed.
    Exposed {
        /// The file.
        file: PathBuf,
    },
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SetAside { file, reason } => write!(
                f,
                "the saved state could not be used and is kept as {}: {reason}",
                file.display()
            ),
            Self::RestoredFrom { backup } => {
                write!(f, "the state was restored from {}", backup.display())
            }
            Self::Migrated { from, to } => {
                write!(f, "the state was brought from format {from} to {to}")
            }
            Self::Tightened { file } => write!(
                f,
                "others could read {}; now only you can; replace the secret if that matters",
                file.display()
            ),
            Self::HandedOver { file, to } => write!(
                f,
                "what was in {} is kept as {} now, and is for nobody else",
                file.display(),
                to.display()
            ),
            Self::Exposed { file } => write!(
                f,
                "others can read {}; make it readable for you only",
                file.display()
            ),
        }
    }
}

/// Why a file could not be used.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Reason {
    /// There is nothing in it.
    #[error("it is empty")]
    Empty,
    /// It is not UTF-8.
    #[error("it is not text")]
    NotText,
    /// It does not begin as this crate writes it.
    #[error("it does not begin with a version")]
    NoVersion,
    /// It is not RON, or not the state that was expected.
    #[error("{error}")]
    Unreadable {
        /// What the parser says, with line and column.
        error: String,
    },
    /// A newer app wrote it.
    #[error("it has format {found} and this app knows up to {known}; use the newer app")]
    Newer {
        /// The version of the file.
        found: u32,
        /// The version of this app.
        known: u32,
    },
    /// It is older than this app can go back.
    #[error("this app cannot read format {from}")]
    NoMigration {
        /// The version that no migration starts from.
        from: u32,
    },
    /// It is older, and a migration failed.
    #[error("it could not be brought from format {from} to the next: {error}")]
    NotMigrated {
        /// The version that the migration starts from.
        from: u32,
        /// What the migration says.
        error: String,
    },
}

impl Reason {
    /// The word that goes into the name of the file.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Self::Newer { .. } => "newer",
            _ => "damaged",
        }
    }
}

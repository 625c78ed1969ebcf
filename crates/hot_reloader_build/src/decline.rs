//! Why libraries are built by cargo and not by their recorded commands.

use std::path::PathBuf;

use thiserror::Error;

/// Why cargo has to be asked. Not an error: the build takes longer, and its commands are recorded anew.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Decline {
    /// Nothing was recorded yet.
    #[error("it is the first build")]
    First,
    /// What was built last could not be used.
    #[error("what was built last was of no use")]
    Useless,
    /// Cargo found this crate fresh ever since, so nobody has seen its command.
    #[error("the command for `{name}` has not been seen yet")]
    NotSeen {
        /// The crate.
        name: String,
    },
    /// The compiler was to get ready for later edits, and was kept from it. It does not remember this crate here yet, and
    /// cargo does.
    #[error("the compiler has not got ready for `{name}` yet")]
    Cold {
        /// The crate.
        name: String,
    },
    /// It was compiled twice in one build, with different features, so one command is not enough.
    #[error("`{name}` is built in two forms, with different features")]
    TwoForms {
        /// The crate.
        name: String,
    },
    /// The build was set up in another way, or for other libraries.
    #[error("the settings of the build changed")]
    Settings,
    /// A variable changed by which cargo goes, or that `env!` reads.
    #[error("the environment variable `{name}` changed")]
    Variable {
        /// The variable.
        name: String,
    },
    /// A manifest, the lock file, a configuration of cargo or rustup, a source of a crate that is not
    /// reloaded, or a file that a build script may read changed.
    #[error("{} changed", path.display())]
    Input {
        /// The file.
        path: PathBuf,
    },
    /// A configuration of cargo's may read others.
    #[error("{} includes other files", path.display())]
    Includes {
        /// The file.
        path: PathBuf,
    },
    /// A library, the compiler or cargo itself is not what it was.
    #[error("{} is another one", path.display())]
    Library {
        /// The file.
        path: PathBuf,
    },
    /// A source file is gone.
    #[error("{} is gone", path.display())]
    Gone {
        /// The file.
        path: PathBuf,
    },
    /// The crate is made of other files than before.
    #[error("`{name}` reads other files than before: {}", path.display())]
    Reads {
        /// The crate.
        name: String,
        /// One of the files that are read now and were not, or the other way round.
        path: PathBuf,
    },
    /// The compiler ended without an error in the code.
    #[error("the compiler ended with {status} for `{name}`\n{tail}")]
    Compiler {
        /// The crate.
        name: String,
        /// How it ended.
        status: String,
        /// What it printed last.
        tail: String,
    },
    /// What is needed to run it failed.
    #[error("{what}: {reason}")]
    System {
        /// What was tried.
        what: String,
        /// What the system said.
        reason: String,
    },
}

impl Decline {
    /// Whether it is about the sources of one crate and nothing else, so that what was not edited is what it was. A crate
    /// that was not seen yet may never have been built together with the others.
    pub(crate) fn is_of_sources(&self) -> bool {
        matches!(
            self,
            Self::Cold { .. } | Self::Gone { .. } | Self::Reads { .. }
        )
    }
}

/// Who built the libraries.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Builder {
    /// The compiler, by the commands that cargo had used before.
    #[error("rustc alone")]
    Replay,
    /// Cargo.
    #[error("cargo, since {0}")]
    Cargo(Decline),
}

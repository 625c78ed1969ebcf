//! How a build ended.

use std::{fmt, io, path::PathBuf, sync::Arc, time::Duration};

use thiserror::Error;

use crate::{Decline, Layout, Workspace, WorkspaceError};

/// One error of the compiler or linker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// The first line of it.
    pub message: String,
    /// Where a person wrote what caused it; `None` for the linker's and other errors without one.
    pub place: Option<Place>,
    /// The whole as the compiler shows it.
    pub rendered: String,
}

/// A place in a source file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The file, absolute.
    pub file: PathBuf,
    /// From 1.
    pub line: usize,
    /// In characters, from 1.
    pub column: usize,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file.display(), self.line, self.column)
    }
}

/// A build that made libraries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Built {
    /// The libraries that were asked for, by their names, in the order in which the host names them.
    pub libraries: Vec<(String, PathBuf)>,
    /// The folder in which the shared libraries lie that they were linked against.
    pub deps: PathBuf,
    /// The packages that were compiled besides those that may change, by name.
    pub recompiled: Vec<String>,
    /// What the types of all crates of these libraries are.
    pub layout: Arc<Layout>,
    /// The workspace that they belong to.
    pub workspace: Workspace,
}

/// How a build ended.
pub type BuildOutcome = Result<Built, BuildError>;

/// A build that did not make all that was asked for.
#[derive(Debug, Error)]
pub enum BuildError {
    /// Cargo could not be asked about the workspace.
    #[error("{source}{}", cause(source))]
    Workspace {
        /// Why.
        source: WorkspaceError,
    },
    /// Cargo could not be started.
    #[error("cannot run {} in {}; install Rust or set the path of cargo", cargo.display(), folder.display())]
    NotStarted {
        /// The program.
        cargo: PathBuf,
        /// Where it was to run.
        folder: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The code does not compile or link.
    #[error("{}", summary(.0))]
    Errors(Vec<Diagnostic>),
    /// Cargo failed for a reason of its own: a build script, a manifest, a lock.
    #[error("cargo failed ({status})\n{tail}")]
    Failed {
        /// Its exit status.
        status: String,
        /// The end of what it printed.
        tail: String,
    },
    /// Cargo succeeded but named no library.
    #[error("cargo built no library of package `{package}`; give it a `lib.rs`")]
    NoLibrary {
        /// The package.
        package: String,
    },
    /// A crate that two libraries need was built in two forms, so its types are not the same in both.
    #[error(
        "`{name}` is built with other features for the library `{library}` than for `{other}`, so they would not mean the same types; name it in the manifest of each, or, if they do, what it needs: then each is built with what either asks of it"
    )]
    Differs {
        /// The crate.
        name: String,
        /// One of the libraries.
        library: String,
        /// The other.
        other: String,
    },
    /// The thread that ran it is gone.
    #[error("the build ended without a word: {reason}; try again")]
    Died {
        /// What is known of it.
        reason: String,
    },
    /// Nobody has asked for it yet, and only cargo could build it.
    #[error("only cargo can build it, since {0}")]
    Declined(Decline),
    /// Types changed, and only cargo could build them, which gives them the identity of those before.
    #[error("types of {} changed, and values of before would be taken for new ones, since only cargo can build: {decline}; restart the app", crates.join(", "))]
    SameIdentity {
        /// The crates.
        crates: Vec<String>,
        /// Why it has to be cargo.
        decline: Decline,
    },
    /// What cargo compiled is not there any more, so nobody can tell what its types were.
    #[error("the sources were edited while they were built; ask again")]
    Edited,
    /// Somebody cancelled it.
    #[error("the build was cancelled")]
    Cancelled,
    /// It took longer than allowed.
    #[error("the build took longer than {} s and was ended; raise the limit or look for what it waits for\n{tail}", limit.as_secs())]
    TimedOut {
        /// The limit.
        limit: Duration,
        /// The end of what it printed.
        tail: String,
    },
}

impl BuildError {
    /// The compiler's errors, if that is what it was.
    #[must_use]
    pub fn diagnostics(&self) -> &[Diagnostic] {
        match self {
            Self::Errors(diagnostics) => diagnostics,
            _ => &[],
        }
    }
}

fn cause(error: &WorkspaceError) -> String {
    let source = std::error::Error::source(error);
    source.map_or_else(String::new, |source| format!(": {source}"))
}

fn summary(diagnostics: &[Diagnostic]) -> String {
    let rendered: Vec<_> = diagnostics.iter().map(|d| d.rendered.trim_end()).collect();
    rendered.join("\n\n")
}

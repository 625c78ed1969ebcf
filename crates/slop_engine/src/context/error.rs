//! Why a file does not go out.

use std::{io, path::PathBuf};

use thiserror::Error;

use super::{pattern::LOOKED_AT, LARGEST, TOTAL};

/// A file or a pattern that nothing is sent of.
#[derive(Debug, Error)]
pub enum ContextError {
    /// The project's folder cannot be used.
    #[error("cannot use the project's folder {}: {source}; choose another in Project Settings", folder.display())]
    NoFolder {
        /// The folder.
        folder: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A pattern without a name in it.
    #[error("a pattern must name a file, such as src/main.rs or src/**/*.rs")]
    Blank,
    /// It begins at the root of the disk.
    #[error("{pattern} begins outside of the project's folder; write it from that folder")]
    Absolute {
        /// The pattern.
        pattern: String,
    },
    /// It has `..` in it.
    #[error("{pattern} has .. in it, which may lead out of the project's folder; write it from that folder")]
    Parent {
        /// The pattern.
        pattern: String,
    },
    /// A link leads elsewhere.
    #[error("{path} leads out of the project's folder, to {}; copy it there, or choose a folder that has both", target.display())]
    LeadsOut {
        /// From the project's folder.
        path: String,
        /// Where it leads.
        target: PathBuf,
    },
    /// It is in the folder of the app's own files.
    #[error("{path} is in the folder where this app keeps its keys and its state, which is never sent; keep that folder out of the project")]
    OffLimits {
        /// From the project's folder, or that folder.
        path: String,
    },
    /// No file fits the pattern.
    #[error("no file fits {pattern}; hidden folders, target, node_modules and linked folders must be named")]
    Nothing {
        /// The pattern.
        pattern: String,
    },
    /// There is too much to look through.
    #[error("{pattern} was not looked for to the end, since there are over {} names to look at; name a smaller folder", LOOKED_AT)]
    TooMany {
        /// The pattern.
        pattern: String,
    },
    /// It is a folder.
    #[error("{path} is a folder; write {path}/** for what is in it")]
    Folder {
        /// From the project's folder.
        path: String,
    },
    /// It is a pipe, a socket or a device.
    #[error("{path} is no regular file; track another")]
    NoFile {
        /// From the project's folder.
        path: String,
    },
    /// It could not be read.
    #[error("cannot read {path}: {source}; check that it is there and that you may read it")]
    Read {
        /// From the project's folder.
        path: String,
        /// What the system said.
        source: io::Error,
    },
    /// It is no text.
    #[error("{path} is no text in UTF-8; take it out with the mode None")]
    Binary {
        /// From the project's folder.
        path: String,
    },
    /// It is larger than any file may be.
    #[error("{path} has more than {} KiB; take it out with the mode None", LARGEST / 1024)]
    TooLarge {
        /// From the project's folder.
        path: String,
    },
    /// The files before it have taken all room.
    #[error("{path} is beyond the {} MiB that are sent at most; track fewer files", TOTAL / 1024 / 1024)]
    NoRoom {
        /// From the project's folder.
        path: String,
    },
}

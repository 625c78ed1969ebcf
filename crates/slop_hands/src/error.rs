//! Why something was not done.

use std::{io, path::PathBuf};

use thiserror::Error;

/// Why something was not done in a project's folder. What was there before is as it was.
#[derive(Debug, Error)]
pub enum HandsError {
    /// The system cannot look a path up within a folder.
    #[error("this system cannot keep an assistant within a folder; Linux 5.6 or newer can")]
    Unsupported,
    /// The project's folder cannot be used.
    #[error("cannot use the project's folder {}: {source}; choose another in Project Settings", folder.display())]
    NoFolder {
        /// The folder.
        folder: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A path or a command without a letter in it.
    #[error("the {what} is blank; write one")]
    Blank {
        /// What is blank.
        what: &'static str,
    },
    /// It begins at the root of the disk.
    #[error("{path} begins outside of the project's folder; write it from that folder")]
    Absolute {
        /// The path.
        path: String,
    },
    /// It has `..` in it.
    #[error("{path} has .. in it, which may lead out of the project's folder; write it from that folder")]
    Parent {
        /// The path.
        path: String,
    },
    /// It has a character that cannot be seen, so nobody could tell what is allowed.
    #[error("the {what} has a character that cannot be seen, {}; write it without", hidden.escape_unicode())]
    Hidden {
        /// What has it.
        what: &'static str,
        /// The character.
        hidden: char,
    },
    /// It is longer than anybody would read.
    #[error("the {what} has more than {most} bytes; write a shorter one")]
    TooLong {
        /// What is too long.
        what: &'static str,
        /// How long it may be.
        most: usize,
    },
    /// It is in the folder that git keeps for itself, where a change may run something later.
    #[error("{path} belongs to git itself; use a git command")]
    Git {
        /// From the project's folder.
        path: String,
    },
    /// It is in the folder of the app's own files.
    #[error("{path} is in the folder where this app keeps its keys and its state, which nobody may look into; name another")]
    OffLimits {
        /// From the project's folder, or that folder.
        path: String,
    },
    /// There is a link on the way, or it leads elsewhere.
    #[error("{path} is a link or leads through one; name the file that it leads to, if that is in the project's folder")]
    Link {
        /// From the project's folder.
        path: String,
    },
    /// There is nothing of this name.
    #[error("{path} is not there; list the folder to see what is")]
    Missing {
        /// From the project's folder.
        path: String,
    },
    /// It is a folder, and a file is wanted.
    #[error("{path} is a folder; name a file in it")]
    Folder {
        /// From the project's folder.
        path: String,
    },
    /// It is none, and a folder is wanted.
    #[error("{path} is in no folder, or is none; list the folder above it")]
    NoFolderThere {
        /// From the project's folder.
        path: String,
    },
    /// It is a pipe, a socket or a device.
    #[error("{path} is no regular file; name another")]
    NoFile {
        /// From the project's folder.
        path: String,
    },
    /// It is no text.
    #[error("{path} is no text in UTF-8; name another")]
    Binary {
        /// From the project's folder.
        path: String,
    },
    /// It is larger than a file may be for what is wanted of it.
    #[error("{path} has more than {} KiB; name a smaller one", most / 1024)]
    TooLarge {
        /// From the project's folder.
        path: String,
        /// How many bytes it may have.
        most: u64,
    },
    /// It ends before the line that is to be read.
    #[error("{path} ends with line {lines}; begin with that or one before it")]
    NoLine {
        /// From the project's folder.
        path: String,
        /// The last one.
        lines: usize,
    },
    /// The new contents are the old ones.
    #[error("{path} says that already; there is nothing to change")]
    NoChange {
        /// From the project's folder.
        path: String,
    },
    /// It is not what the change was made against, or what it made.
    #[error("{path} has changed since; nothing was written, ask for the change anew")]
    Conflict {
        /// From the project's folder.
        path: String,
    },
    /// The system refused.
    #[error("cannot {what} {path}: {source}; check that it is there and that you may do that")]
    File {
        /// What was tried.
        what: &'static str,
        /// From the project's folder.
        path: String,
        /// What the system said.
        source: io::Error,
    },
    /// A command did not begin.
    #[error("cannot start the command: {source}; check that there is a /bin/sh and memory for it")]
    Command {
        /// What the system said.
        source: io::Error,
    },
    /// There is no tool of this name.
    #[error("there is no tool {name}; the tools are {known}")]
    NoTool {
        /// What was asked for.
        name: String,
        /// The names of all.
        known: String,
    },
    /// A tool was asked for in a way that it does not know.
    #[error("the arguments of {name} cannot be read: {reason}; follow its schema")]
    Arguments {
        /// Of the tool.
        name: &'static str,
        /// What is wrong.
        reason: String,
    },
}

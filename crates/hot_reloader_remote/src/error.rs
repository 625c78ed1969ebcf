//! What can go wrong between an app and who asks it.

use std::{io, path::PathBuf};

use thiserror::Error;

use crate::{folder::RunningApp, protocol::PROTOCOL, server::REQUEST_LIMIT};

/// Why nothing could be asked or answered.
#[derive(Debug, Error)]
pub enum RemoteError {
    /// The user has no data folder.
    #[error("the user has no data folder; set HOME or XDG_DATA_HOME")]
    NoDataFolder,
    /// The folder of the sockets cannot be made, read or protected.
    #[error("cannot use the socket folder {}: {source}", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Something else is where the folder of the sockets should be; a link counts as such.
    #[error("{} is not a folder; remove it", path.display())]
    NotAFolder {
        /// What is there.
        path: PathBuf,
    },
    /// The folder of the sockets belongs to somebody else.
    #[error("{} belongs to user {owner} and not to user {user}; remove it or set XDG_DATA_HOME", path.display())]
    NotOurs {
        /// The folder.
        path: PathBuf,
        /// Whose it is.
        owner: u32,
        /// Who we are.
        user: u32,
    },
    /// The system allows no socket at such a long path.
    #[error("the socket path {} has {} bytes, the system allows {limit}; set XDG_DATA_HOME to a shorter folder", path.display(), path.as_os_str().len())]
    PathTooLong {
        /// The path.
        path: PathBuf,
        /// The most bytes that it may have.
        limit: usize,
    },
    /// The socket cannot be made.
    #[error("cannot listen on {}: {source}", path.display())]
    Listen {
        /// The socket.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The thread that listens cannot be started.
    #[error("cannot start a thread to listen: {source}")]
    Thread {
        /// What the system said.
        source: io::Error,
    },
    /// No app is there to be asked.
    #[error("no app listens in {}; start one with its hot reloader", folder.display())]
    NoApp {
        /// Where its socket would be.
        folder: PathBuf,
    },
    /// The app with this number is not there.
    #[error(
        "no app with the process number {pid} listens; running: {}",
        list(running)
    )]
    NoSuchApp {
        /// The number that was asked for.
        pid: u32,
        /// The apps that are there.
        running: Vec<RunningApp>,
    },
    /// Any of several apps could be meant.
    #[error("several apps listen: {}; choose one with --pid", list(running))]
    SeveralApps {
        /// The apps that are there.
        running: Vec<RunningApp>,
    },
    /// The app's socket cannot be connected to.
    #[error("cannot connect to {app}: {source}")]
    Connect {
        /// The app.
        app: RunningApp,
        /// What the system said.
        source: io::Error,
    },
    /// The app closed the connection.
    #[error("{app} ended before it answered; start it again")]
    Ended {
        /// The app.
        app: RunningApp,
    },
    /// The app answered with something else than a reply.
    #[error(
        "cannot understand the answer of {app}: {source}; use the `hot-reload` of its version"
    )]
    Reply {
        /// The app.
        app: RunningApp,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// The line did not come.
    #[error("no request came within {} s; send one line of JSON", REQUEST_LIMIT.as_secs())]
    TimedOut,
    /// The line did not end.
    #[error("the line is longer than {limit} bytes; send less")]
    TooLong {
        /// The most bytes that it may have.
        limit: usize,
    },
    /// The line could not be read.
    #[error("cannot read from the connection: {source}")]
    Read {
        /// What the system said.
        source: io::Error,
    },
    /// The request is not text.
    #[error("the request is not UTF-8; send one line of JSON")]
    NotUtf8 {
        /// Where it is not.
        source: std::str::Utf8Error,
    },
    /// The request is not JSON, or has not the fields of a request.
    #[error("cannot understand the request: {source}")]
    Malformed {
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// The request is of another version of the protocol.
    #[error("the request is of protocol {theirs} and the app speaks {}; use the `hot-reload` of its version", PROTOCOL)]
    Protocol {
        /// The version of the request.
        theirs: u32,
    },
}

fn list(apps: &[RunningApp]) -> String {
    if apps.is_empty() {
        return "none".to_owned();
    }
    let apps: Vec<_> = apps.iter().map(ToString::to_string).collect();
    apps.join(", ")
}

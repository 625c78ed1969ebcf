//! The side of the editor or script: finds the app and asks it.

use std::path::Path;

use crate::{
    folder::running,
    protocol::{read_line, write_line, MAX_REPLY},
    socket, RemoteError, Reply, Request, RunningApp,
};

/// The app with the process number `pid`, or the only one that listens in the folder.
///
/// # Errors
///
/// If there is none, or if there are several to choose from.
pub fn find(folder: &Path, pid: Option<u32>) -> Result<RunningApp, RemoteError> {
    let mut running = running(folder)?;
    let Some(pid) = pid else {
        return match running.len() {
            1 => Ok(running.remove(0)),
            0 => Err(RemoteError::NoApp {
                folder: folder.to_owned(),
            }),
            _ => Err(RemoteError::SeveralApps { running }),
        };
    };
    match running.iter().position(|app| app.pid == pid) {
        Some(index) => Ok(running.remove(index)),
        None => Err(RemoteError::NoSuchApp { pid, running }),
    }
}

/// Asks an app, and waits for its answer without a limit: a build may take minutes.
///
/// # Errors
///
/// If the app cannot be reached or ends before it has answered. That it will not reload is a
/// [`Reply`].
pub fn ask(app: &RunningApp, request: &Request) -> Result<Reply, RemoteError> {
    let stream = socket::connect(app).map_err(|source| RemoteError::Connect {
        app: app.clone(),
        source,
    })?;
    // An app that has no time or finds the request too long closes the connection while we write.
    // What it says about that matters more than our failure.
    let _ = write_line(&stream, request);
    match read_line(&stream, MAX_REPLY) {
        Ok(line) if line.ends_with(b"\n") => {
            serde_json::from_slice(&line).map_err(|source| RemoteError::Reply {
                app: app.clone(),
                source,
            })
        }
        Err(error @ RemoteError::TooLong { .. }) => Err(error),
        Ok(_) | Err(_) => Err(RemoteError::Ended { app: app.clone() }),
    }
}

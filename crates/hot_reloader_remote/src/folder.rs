//! Where the sockets of a user's apps are, and which of them are alive.

use std::{
    fmt, fs, io,
    path::{Path, PathBuf},
};

use crate::{socket, RemoteError};

/// The most characters of an app's name that its socket bears.
const NAME_LENGTH: usize = 40;

/// What the address of a Unix domain socket has room for, its final zero not counted.
const PATH_LENGTH: usize = if cfg!(target_os = "linux") { 107 } else { 103 };

/// An app that listens.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RunningApp {
    /// Its name.
    pub app: String,
    /// The number of its process.
    pub pid: u32,
    /// Its socket.
    pub path: PathBuf,
}

/// The short form for people.
impl fmt::Display for RunningApp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.app, self.pid)
    }
}

/// The folder of the sockets of this user's apps.
///
/// Not in `XDG_RUNTIME_DIR`: an editor and an app may have been started in different sessions, in
/// which it differs or is not set. `HOME` is the same in all of them.
///
/// # Errors
///
/// If the user has no data folder.
pub fn socket_folder() -> Result<PathBuf, RemoteError> {
    let folders = directories::BaseDirs::new().ok_or(RemoteError::NoDataFolder)?;
    Ok(folders.data_local_dir().join("hot_reloader/sockets"))
}

/// Makes the folder if it is missing, and sees to it that nobody else can use it.
///
/// # Errors
///
/// If it cannot be made, is no folder, or belongs to somebody else.
pub fn prepare(folder: &Path) -> Result<(), RemoteError> {
    let failed = |source| RemoteError::Folder {
        path: folder.to_owned(),
        source,
    };
    if let Some(parent) = folder.parent() {
        fs::create_dir_all(parent).map_err(failed)?;
    }
    match create(folder) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(failed(error)),
        _ => {}
    }
    // Not `metadata`, which would follow a link to where somebody else wants the sockets.
    let metadata = fs::symlink_metadata(folder).map_err(failed)?;
    if !metadata.is_dir() {
        return Err(RemoteError::NotAFolder {
            path: folder.to_owned(),
        });
    }
    protect(folder, &metadata)
}

/// Apps that listen in the folder, sorted by name and process number. A socket that an app left
/// behind is removed. A folder that does not exist has none.
///
/// # Errors
///
/// If the folder cannot be read.
pub fn running(folder: &Path) -> Result<Vec<RunningApp>, RemoteError> {
    let failed = |source| RemoteError::Folder {
        path: folder.to_owned(),
        source,
    };
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(failed)?,
    };
    let mut apps = Vec::new();
    for entry in entries {
        let path = entry.map_err(failed)?.path();
        let Some(app) = app_of(path).filter(|app| socket::is_socket(&app.path)) else {
            continue;
        };
        match socket::connect(&app) {
            Err(error) if socket::is_abandoned(&error) => {
                // Another who looks may have been faster.
                let _ = fs::remove_file(&app.path);
            }
            // It went away while we looked.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            _ => apps.push(app),
        }
    }
    apps.sort();
    Ok(apps)
}

/// This process as an app of the given name, of which letters, digits, `_` and `-` remain.
pub(crate) fn this_app(folder: &Path, name: &str) -> Result<RunningApp, RemoteError> {
    let app: String = name
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'))
        .take(NAME_LENGTH)
        .collect();
    let app = if app.is_empty() { "app".into() } else { app };
    let pid = std::process::id();
    let path = folder.join(format!("{app}-{pid}.sock"));
    if cfg!(unix) && path.as_os_str().len() > PATH_LENGTH {
        return Err(RemoteError::PathTooLong {
            path,
            limit: PATH_LENGTH,
        });
    }
    Ok(RunningApp { app, pid, path })
}

fn app_of(path: PathBuf) -> Option<RunningApp> {
    let name = path.file_name()?.to_str()?.strip_suffix(".sock")?;
    let (app, pid) = name.rsplit_once('-')?;
    let (app, pid) = (app.to_owned(), pid.parse().ok()?);
    Some(RunningApp { app, pid, path })
}

#[cfg(unix)]
fn create(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;

    fs::DirBuilder::new().mode(0o700).create(folder)
}

#[cfg(unix)]
fn protect(folder: &Path, metadata: &fs::Metadata) -> Result<(), RemoteError> {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};

    let (owner, user) = (metadata.uid(), user());
    if owner != user {
        return Err(RemoteError::NotOurs {
            path: folder.to_owned(),
            owner,
            user,
        });
    }
    if metadata.permissions().mode() & 0o7777 == 0o700 {
        return Ok(());
    }
    fs::set_permissions(folder, fs::Permissions::from_mode(0o700)).map_err(|source| {
        RemoteError::Folder {
            path: folder.to_owned(),
            source,
        }
    })
}

#[cfg(unix)]
#[expect(
    unsafe_code,
    reason = "the standard library does not tell who the user is"
)]
fn user() -> u32 {
    // SAFETY: `geteuid` takes nothing, touches no memory of ours and cannot fail.
    unsafe { libc::geteuid() }
}

#[cfg(windows)]
fn create(folder: &Path) -> io::Result<()> {
    fs::create_dir(folder)
}

/// The folder holds empty markers only; the pipes have rules of their own.
#[cfg(windows)]
fn protect(_: &Path, _: &fs::Metadata) -> Result<(), RemoteError> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(name: &str, expected: &str) {
        let app = this_app(Path::new("/s"), name).unwrap();
        assert_eq!(app.app, expected);
        assert_eq!(app_of(app.path.clone()), Some(app));
    }

    #[test]
    fn a_socket_bears_name_and_process() {
        check("my_game-2", "my_game-2");
        check("../Mein Spiel/ü\0", "MeinSpiel");
        check("🦀", "app");
        check(&"a".repeat(99), &"a".repeat(NAME_LENGTH));
        for other in ["game.sock", "game-x.sock", "game-1.new", "game-1"] {
            assert_eq!(app_of(other.into()), None);
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_path_may_be_too_long_for_a_socket() {
        let folder = Path::new("/").join("long".repeat(30));
        let error = this_app(&folder, "game").unwrap_err().to_string();
        assert!(error.contains("longlong") && error.contains("XDG_DATA_HOME"));
    }
}

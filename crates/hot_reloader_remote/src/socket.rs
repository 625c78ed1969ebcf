//! The sockets of the platform: a Unix domain socket, or on Windows a named pipe with a file that
//! marks it.

use std::{fs, io, path::Path};

use interprocess::local_socket::{
    prelude::*, GenericFilePath, Listener, ListenerOptions, Name, Stream,
};

use crate::RunningApp;

pub(crate) fn connect(app: &RunningApp) -> io::Result<Stream> {
    Stream::connect(name(&app.path, app.pid)?)
}

/// Listens, and only then lets the file appear under its name: whoever finds it finds it alive. Has
/// the file replaced that an earlier process of the same number left behind.
#[cfg(unix)]
pub(crate) fn listen(app: &RunningApp) -> io::Result<Listener> {
    use std::os::unix::fs::PermissionsExt;

    if connect(app).is_ok() {
        return Err(io::ErrorKind::AddrInUse.into());
    }
    let early = app.path.with_extension("new");
    match fs::remove_file(&early) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let listener = ListenerOptions::new()
        .name(name(&early, app.pid)?)
        // It would remove the early name.
        .reclaim_name(false)
        .create_sync()?;
    let published = fs::set_permissions(&early, fs::Permissions::from_mode(0o600))
        .and_then(|()| fs::rename(&early, &app.path));
    if published.is_err() {
        let _ = fs::remove_file(&early);
    }
    published.map(|()| listener)
}

/// Whether nobody listens any more, as opposed to not being able to tell.
#[cfg(unix)]
pub(crate) fn is_abandoned(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::ConnectionRefused
}

/// Whether it is a socket; connecting to a plain file fails like connecting to an abandoned socket.
#[cfg(unix)]
pub(crate) fn is_socket(path: &Path) -> bool {
    use std::os::unix::fs::FileTypeExt;

    fs::symlink_metadata(path).is_ok_and(|metadata| metadata.file_type().is_socket())
}

#[cfg(unix)]
fn name(path: &Path, _: u32) -> io::Result<Name<'_>> {
    path.to_fs_name::<GenericFilePath>()
}

#[cfg(windows)]
pub(crate) fn listen(app: &RunningApp) -> io::Result<Listener> {
    let name = name(&app.path, app.pid)?;
    let listener = ListenerOptions::new().name(name).create_sync()?;
    fs::write(&app.path, "").map(|()| listener)
}

#[cfg(windows)]
pub(crate) fn is_abandoned(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::NotFound
}

#[cfg(windows)]
pub(crate) fn is_socket(path: &Path) -> bool {
    path.is_file()
}

#[cfg(windows)]
fn name(_: &Path, pid: u32) -> io::Result<Name<'static>> {
    format!(r"\\.\pipe\hot_reloader-{pid}").to_fs_name::<GenericFilePath>()
}

//! How files and folders are opened, what is read of a file, and why not.

use std::{
    fs::File,
    io::{self, Read},
    os::fd::OwnedFd,
    string::FromUtf8Error,
};

use rustix::{
    fs::{OFlags, ResolveFlags},
    io::Errno,
};

use crate::HandsError;

/// How a path is looked up: over no `..` that leads out, and through no link of any kind.
pub(crate) const BENEATH: ResolveFlags = ResolveFlags::BENEATH
    .union(ResolveFlags::NO_SYMLINKS)
    .union(ResolveFlags::NO_MAGICLINKS);
/// How a folder is opened.
pub(crate) const FOLDER: OFlags = OFlags::RDONLY
    .union(OFlags::DIRECTORY)
    .union(OFlags::CLOEXEC);
/// How a file is opened. A pipe would wait for somebody who writes into it.
pub(crate) const FILE: OFlags = OFlags::RDONLY
    .union(OFlags::NONBLOCK)
    .union(OFlags::NOCTTY)
    .union(OFlags::CLOEXEC);

/// A file, if it is one.
pub(crate) fn regular(path: &str, file: OwnedFd) -> Result<File, HandsError> {
    let file = File::from(file);
    let meta = file.metadata();
    let meta = meta.map_err(|source| file_error("open", path, source))?;
    let path = path.to_owned();
    if meta.is_dir() {
        return Err(HandsError::Folder { path });
    }
    if !meta.is_file() {
        return Err(HandsError::NoFile { path });
    }
    Ok(file)
}

/// The text of a file, which may have so many bytes.
pub(crate) fn text(path: &str, file: File, most: u64) -> Result<String, HandsError> {
    let mut bytes = Vec::new();
    // One that grows meanwhile is read no further either.
    let read = file.take(most + 1).read_to_end(&mut bytes);
    read.map_err(|source| file_error("read", path, source))?;
    let owned = path.to_owned();
    if bytes.contains(&0) {
        return Err(HandsError::Binary { path: owned });
    }
    let is_too_large = bytes.len() as u64 > most;
    let text = String::from_utf8(bytes);
    // What was read of one that is too large may end within a character.
    let is_none = |error: &FromUtf8Error| !is_too_large || error.utf8_error().error_len().is_some();
    if text.as_ref().is_err_and(is_none) {
        return Err(HandsError::Binary { path: owned });
    }
    match text {
        Ok(text) if !is_too_large => Ok(text),
        _ => Err(HandsError::TooLarge { path: owned, most }),
    }
}

/// What the system says that failed, and what it failed at.
pub(crate) fn file_error(what: &'static str, path: &str, source: io::Error) -> HandsError {
    let path = path.to_owned();
    HandsError::File { what, path, source }
}

/// What the system means that does not open a path.
pub(crate) fn refused(what: &'static str, path: &str, errno: Errno) -> HandsError {
    let owned = path.to_owned();
    match errno {
        Errno::LOOP | Errno::XDEV => HandsError::Link { path: owned },
        Errno::NOENT => HandsError::Missing { path: owned },
        Errno::NOTDIR => HandsError::NoFolderThere { path: owned },
        Errno::ISDIR => HandsError::Folder { path: owned },
        // There is nobody at a socket, or no device.
        Errno::NXIO | Errno::NODEV => HandsError::NoFile { path: owned },
        errno => file_error(what, path, errno.into()),
    }
}

//! How files and folders are opened, what is read of a file, and why not.

use std::{
    fs::File,
    io::{self, Read},
    os::fd::OwnedFd,
};

use rustix::{
    fs::{OFlags, ResolveFlags},
    io::Errno,
};

use crate::{HandsError, LARGEST};

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

/// The text of a file.
pub(crate) fn text(path: &str, file: File) -> Result<String, HandsError> {
    let mut bytes = Vec::new();
    // One that grows meanwhile is read no further either.
    let read = file.take(LARGEST + 1).read_to_end(&mut bytes);
    read.map_err(|source| file_error("read", path, source))?;
    let path = || path.to_owned();
    if bytes.len() as u64 > LARGEST {
        return Err(HandsError::TooLarge { path: path() });
    }
    match String::from_utf8(bytes) {
        Ok(text) if !text.contains('\0') => Ok(text),
        _ => Err(HandsError::Binary { path: path() }),
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

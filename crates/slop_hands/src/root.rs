//! The project's folder, opened once.

use std::{
    fs::File,
    os::fd::{AsRawFd, OwnedFd},
    path::{Path, PathBuf},
};

use rustix::{
    fs::{fstat, fsync, mkdirat, open, openat2, statat, AtFlags, Dir, FileType, Mode, OFlags},
    io::Errno,
};

use crate::{
    beside::{exchange, take_away, Beside},
    off_limits::Identity,
    open::{file_error, refused, regular, text, BENEATH, FILE, FOLDER},
    path::names,
    search::Kind,
    HandsError, OffLimits, LARGEST,
};

/// The project's folder. It stays the one that it was, whatever its path leads to by now.
#[derive(Debug)]
pub struct Root {
    folder: OwnedFd,
    path: PathBuf,
    off_limits: OffLimits,
}

impl Root {
    /// Opens a folder. Its own path may lead through links, for a person has chosen it.
    ///
    /// # Errors
    ///
    /// If it cannot be opened, or this system cannot look paths up within it.
    pub fn open(path: &Path) -> Result<Self, HandsError> {
        let no_folder = |errno: Errno| HandsError::NoFolder {
            folder: path.to_owned(),
            source: errno.into(),
        };
        let folder = open(path, FOLDER, Mode::empty()).map_err(no_folder)?;
        match openat2(&folder, ".", FOLDER, Mode::empty(), BENEATH) {
            Ok(_) => {}
            Err(Errno::NOSYS | Errno::PERM) => return Err(HandsError::Unsupported),
            Err(errno) => return Err(no_folder(errno)),
        }
        Ok(Self {
            folder,
            path: path.to_owned(),
            off_limits: OffLimits::default(),
        })
    }

    /// The same without a folder that may lie in it: nothing there is listed, read or written.
    ///
    /// # Errors
    ///
    /// If the project's folder itself is in that one.
    pub fn without(mut self, off_limits: OffLimits) -> Result<Self, HandsError> {
        match off_limits.holds(&self.here()) {
            Ok(false) => {
                self.off_limits = off_limits;
                Ok(self)
            }
            Ok(true) => Err(HandsError::OffLimits {
                path: self.path.display().to_string(),
            }),
            Err(source) => Err(HandsError::NoFolder {
                folder: self.path,
                source,
            }),
        }
    }

    /// The path that it was opened by.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The text of a file.
    ///
    /// # Errors
    ///
    /// If it is no text, too large, or not within the folder.
    pub fn read(&self, path: &str) -> Result<String, HandsError> {
        self.read_up_to(path, LARGEST)
    }

    /// The text of a file that has no more than so many bytes.
    pub(crate) fn read_up_to(&self, path: &str, most: u64) -> Result<String, HandsError> {
        text(path, self.file(path)?, most)
    }

    /// The folder as a path that leads there from this process and from one that it starts.
    pub(crate) fn here(&self) -> PathBuf {
        PathBuf::from(format!("/proc/self/fd/{}", self.folder.as_raw_fd()))
    }

    fn look_up(&self, path: &str, flags: OFlags) -> Result<OwnedFd, HandsError> {
        let mut names = names(path)?;
        let name = names.pop().unwrap_or(".");
        let folder = self.walk(path, &names, false)?;
        let opened = openat2(&folder, name, flags, Mode::empty(), BENEATH);
        let opened = opened.map_err(|errno| refused("open", path, errno))?;
        self.allow(path, &opened)?;
        Ok(opened)
    }

    /// Refuses what is off limits.
    fn allow(&self, path: &str, opened: &OwnedFd) -> Result<(), HandsError> {
        let off_limits = self.off_limits.identities();
        let off_limits = off_limits.map_err(|source| file_error("open", path, source))?;
        if off_limits.contains(&identity(path, opened)?) {
            let path = path.to_owned();
            return Err(HandsError::OffLimits { path });
        }
        Ok(())
    }

    /// Refuses the folder that is off limits. Each on the way is opened and looked at in turn, so none
    /// can be exchanged for it meanwhile.
    fn allow_through(&self, path: &str, folder: &OwnedFd) -> Result<(), HandsError> {
        let off_limits = self.off_limits.identity();
        let off_limits = off_limits.map_err(|source| file_error("open", path, source))?;
        if off_limits == Some(identity(path, folder)?) {
            let path = path.to_owned();
            return Err(HandsError::OffLimits { path });
        }
        Ok(())
    }

    fn file(&self, path: &str) -> Result<File, HandsError> {
        regular(path, self.look_up(path, FILE)?)
    }

    /// What is in a folder, in no particular order, at most so many. Whether that is all.
    pub(crate) fn entries(
        &self,
        path: &str,
        most: usize,
    ) -> Result<(Vec<(String, Kind)>, bool), HandsError> {
        let folder = self.look_up(path, FOLDER)?;
        let failed = |errno| refused("list", path, errno);
        let mut entries = Vec::new();
        for entry in Dir::read_from(&folder).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if name == "." || name == ".." {
                continue;
            }
            if entries.len() == most {
                return Ok((entries, false));
            }
            let mut is = entry.file_type();
            if is == FileType::Unknown {
                // Some file systems do not keep it with the name.
                let look = statat(&folder, entry.file_name(), AtFlags::SYMLINK_NOFOLLOW);
                is = look.map_or(is, |stat| FileType::from_raw_mode(stat.st_mode));
            }
            let kind = match is {
                FileType::RegularFile => Kind::File,
                FileType::Directory => Kind::Folder,
                FileType::Symlink => Kind::Link,
                _ => Kind::Other,
            };
            entries.push((name, kind));
        }
        Ok((entries, true))
    }

    /// What a change would replace; `None` if there is no file yet.
    pub(crate) fn current(&self, path: &str) -> Result<Option<String>, HandsError> {
        match self.read(path) {
            Ok(text) => Ok(Some(text)),
            Err(HandsError::Missing { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Replaces the whole text of a file, which is there and is `from`, or is not there. All of it
    /// is seen to be replaced, or none, also after a loss of power. What somebody else puts there
    /// meanwhile stays.
    pub(crate) fn replace(
        &self,
        path: &str,
        from: Option<&str>,
        to: Option<&str>,
    ) -> Result<(), HandsError> {
        let conflict = || HandsError::Conflict {
            path: path.to_owned(),
        };
        let failed = |errno| refused("write", path, errno);
        let (folder, name) = self.parent(path, to.is_some())?;
        let now = match openat2(&folder, name, FILE, Mode::empty(), BENEATH) {
            Ok(file) => {
                self.allow(path, &file)?;
                Some(regular(path, file)?)
            }
            Err(Errno::NOENT) => None,
            Err(errno) => return Err(failed(errno)),
        };
        let mut meta = None;
        let now = match now {
            Some(file) => {
                let known = file.metadata();
                meta = Some(known.map_err(|source| file_error("write", path, source))?);
                Some(text(path, file, LARGEST)?)
            }
            None => None,
        };
        if now.as_deref() != from {
            return Err(conflict());
        }
        let put = match (from, to) {
            (None, None) => return Ok(()),
            (Some(from), None) => take_away(&folder, name, from),
            (from, Some(to)) => {
                let mut beside = Beside::new(&folder).map_err(failed)?;
                let written = beside.write(to, meta.map(|meta| meta.permissions()));
                written.map_err(|source| file_error("write", path, source))?;
                match from {
                    Some(from) => beside.replace(name, from, exchange),
                    None => beside.place(name).map(|()| true),
                }
            }
        };
        match put {
            Ok(true) => fsync(&folder).map_err(failed),
            Ok(false) | Err(Errno::EXIST) => Err(conflict()),
            Err(errno) => Err(failed(errno)),
        }
    }

    /// The folder that a file is in, and its name there. Folders on the way that are missing are
    /// made if that is wanted.
    fn parent<'a>(&self, path: &'a str, make: bool) -> Result<(OwnedFd, &'a str), HandsError> {
        let mut names = names(path)?;
        let is_folder = path.ends_with('/') || path.ends_with("/.");
        let Some(name) = names.pop().filter(|_| !is_folder) else {
            let path = path.to_owned();
            return Err(HandsError::Folder { path });
        };
        Ok((self.walk(path, &names, make)?, name))
    }

    /// The folder that is reached by some names.
    fn walk(&self, path: &str, names: &[&str], make: bool) -> Result<OwnedFd, HandsError> {
        let failed = |errno| refused("open", path, errno);
        let here = openat2(&self.folder, ".", FOLDER, Mode::empty(), BENEATH);
        let mut folder = here.map_err(failed)?;
        for &name in names {
            let next = || openat2(&folder, name, FOLDER, Mode::empty(), BENEATH);
            let opened = match next() {
                Err(Errno::NOENT) if make => {
                    match mkdirat(&folder, name, Mode::from_raw_mode(0o777)) {
                        // Somebody else was faster; what it is shows when it is opened.
                        Ok(()) | Err(Errno::EXIST) => next(),
                        Err(errno) => Err(errno),
                    }
                }
                opened => opened,
            };
            folder = opened.map_err(failed)?;
            self.allow_through(path, &folder)?;
        }
        Ok(folder)
    }
}

/// What tells it from all others.
fn identity(path: &str, opened: &OwnedFd) -> Result<Identity, HandsError> {
    let stat = fstat(opened).map_err(|errno| refused("open", path, errno))?;
    Ok((stat.st_dev, stat.st_ino))
}

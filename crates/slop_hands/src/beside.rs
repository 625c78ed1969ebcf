//! A file that is written beside the one that it is to replace, or put aside to be taken away.

use std::{
    fs::{File, Permissions},
    io::{self, Write},
    os::{fd::OwnedFd, unix::fs::PermissionsExt},
    process,
    sync::atomic::{AtomicU64, Ordering},
};

use rustix::{
    fs::{
        fstat, openat, openat2, renameat, renameat_with, statat, unlinkat, AtFlags, Mode, OFlags,
        RenameFlags,
    },
    io::Errno,
};

use crate::{
    open::{regular, text, BENEATH, FILE},
    LARGEST,
};

/// How two files of a folder change places.
type Exchange = fn(&OwnedFd, &str, &str) -> Result<(), Errno>;

/// Has two files change places, in one step.
pub(crate) fn exchange(folder: &OwnedFd, one: &str, other: &str) -> Result<(), Errno> {
    renameat_with(folder, one, folder, other, RenameFlags::EXCHANGE)
}

/// A file beside another, under a name that nobody else has. What has that name in the end goes, unless
/// it is to stay.
pub(crate) struct Beside<'a> {
    folder: &'a OwnedFd,
    name: String,
    file: File,
    stays: bool,
}

impl<'a> Beside<'a> {
    pub(crate) fn new(folder: &'a OwnedFd) -> Result<Self, Errno> {
        let flags =
            OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        loop {
            let name = own_name();
            // As any new file is, for whom the person has said.
            match openat(folder, name.as_str(), flags, Mode::from_raw_mode(0o666)) {
                // One of a process before that was killed.
                Err(Errno::EXIST) => {}
                Ok(file) => {
                    return Ok(Self {
                        folder,
                        name,
                        file: File::from(file),
                        stays: false,
                    });
                }
                Err(errno) => return Err(errno),
            }
        }
    }

    pub(crate) fn write(&mut self, text: &str, permissions: Option<Permissions>) -> io::Result<()> {
        if let Some(permissions) = permissions {
            // Who may read, write and run it, and nothing that would run it as somebody else.
            let mode = permissions.mode() & 0o777;
            self.file.set_permissions(Permissions::from_mode(mode))?;
        }
        self.file.write_all(text.as_bytes())?;
        self.file.sync_all()
    }

    /// Gives it a name that no file has.
    pub(crate) fn place(&mut self, name: &str) -> Result<(), Errno> {
        rename_new(self.folder, &self.name, name)?;
        self.stays = true;
        Ok(())
    }

    /// Has it take the place of a file that is `from`, and of no other. Whether it was that one: what came out
    /// is looked at, and put back if not.
    pub(crate) fn replace(
        &mut self,
        name: &str,
        from: &str,
        exchange: Exchange,
    ) -> Result<bool, Errno> {
        match exchange(self.folder, &self.name, name) {
            Ok(()) => {}
            // It was taken away.
            Err(Errno::NOENT) => return Ok(false),
            Err(errno) if is_unknown(errno) => {
                renameat(self.folder, self.name.as_str(), self.folder, name)?;
                self.stays = true;
                return Ok(true);
            }
            Err(errno) => return Err(errno),
        }
        if holds(self.folder, &self.name, from) {
            return Ok(true);
        }
        // What is not ours does not go, even if it cannot be put back or comes out instead of ours.
        self.stays = true;
        exchange(self.folder, &self.name, name)?;
        self.stays = !self.is_ours();
        Ok(false)
    }

    /// Whether the file that has its name by now is the one that was made.
    fn is_ours(&self) -> bool {
        let there = statat(self.folder, self.name.as_str(), AtFlags::SYMLINK_NOFOLLOW);
        match (there, fstat(&self.file)) {
            (Ok(there), Ok(ours)) => (there.st_dev, there.st_ino) == (ours.st_dev, ours.st_ino),
            _ => false,
        }
    }
}

impl Drop for Beside<'_> {
    fn drop(&mut self) {
        if !self.stays {
            // What stays is in nobody's way.
            let _ = unlinkat(self.folder, self.name.as_str(), AtFlags::empty());
        }
    }
}

/// Takes away a file that is `from`, and no other, by way of a name that nobody else has. Whether it was that
/// one. No file is made for it, so it works on a full disk too.
pub(crate) fn take_away(folder: &OwnedFd, name: &str, from: &str) -> Result<bool, Errno> {
    let aside = loop {
        let aside = own_name();
        match rename_new(folder, name, &aside) {
            Ok(()) => break aside,
            // One of a process before that was killed.
            Err(Errno::EXIST) => {}
            // It was taken away.
            Err(Errno::NOENT) => return Ok(false),
            Err(errno) => return Err(errno),
        }
    };
    if holds(folder, &aside, from) {
        unlinkat(folder, aside.as_str(), AtFlags::empty())?;
        return Ok(true);
    }
    rename_new(folder, &aside, name)?;
    Ok(false)
}

/// A name that this process gives to no other file.
fn own_name() -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    format!(".slop-hands-{}-{count}.tmp", process::id())
}

/// Gives a file a name that no file has.
fn rename_new(folder: &OwnedFd, from: &str, to: &str) -> Result<(), Errno> {
    match renameat_with(folder, from, folder, to, RenameFlags::NOREPLACE) {
        Err(errno) if is_unknown(errno) => renameat(folder, from, folder, to),
        done => done,
    }
}

/// Whether the file that has a name by now has this text.
fn holds(folder: &OwnedFd, name: &str, expected: &str) -> bool {
    let opened = openat2(folder, name, FILE, Mode::empty(), BENEATH);
    let file = opened.ok().and_then(|file| regular(name, file).ok());
    let now = file.and_then(|file| text(name, file, LARGEST).ok());
    now.as_deref() == Some(expected)
}

/// Whether the file system knows no such way of renaming. Then the look before is all there is.
fn is_unknown(errno: Errno) -> bool {
    matches!(errno, Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP)
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::symlink};

    use rustix::fs::open;
    use tempfile::TempDir;

    use super::*;
    use crate::open::FOLDER;

    /// A folder with a file.
    fn folder() -> (TempDir, OwnedFd) {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("a"), "shown").unwrap();
        let opened = open(folder.path(), FOLDER, Mode::empty()).unwrap();
        (folder, opened)
    }

    /// All that is in a folder.
    #[track_caller]
    fn check(folder: &TempDir, expected: &[(&str, &str)]) {
        let mut files = Vec::new();
        for entry in fs::read_dir(folder.path()).unwrap() {
            let entry = entry.unwrap();
            let name = entry.file_name().into_string().unwrap();
            files.push((name, fs::read_to_string(entry.path()).unwrap()));
        }
        let files: Vec<_> = files
            .iter()
            .map(|(name, text)| (&**name, &**text))
            .collect();
        assert_eq!(files, expected);
    }

    /// Changes the file, which is `meanwhile` after it was looked at. Whether it was changed.
    fn replace(
        (folder, opened): &(TempDir, OwnedFd),
        meanwhile: &str,
        exchange: Exchange,
    ) -> Result<bool, Errno> {
        let mut beside = Beside::new(opened)?;
        beside.write("new", None).unwrap();
        fs::write(folder.path().join("a"), meanwhile).unwrap();
        beside.replace("a", "shown", exchange)
    }

    #[test]
    fn a_file_is_replaced_if_it_is_what_was_shown() {
        let place = folder();
        assert_eq!(replace(&place, "shown", exchange), Ok(true));
        check(&place.0, &[("a", "new")]);
    }

    #[test]
    fn what_somebody_writes_between_the_look_and_the_exchange_stays() {
        let place = folder();
        assert_eq!(replace(&place, "another", exchange), Ok(false));
        check(&place.0, &[("a", "another")]);
    }

    #[test]
    fn what_cannot_be_exchanged_is_replaced_after_the_look() {
        let place = folder();
        let unknown: Exchange = |_, _, _| Err(Errno::INVAL);
        assert_eq!(replace(&place, "shown", unknown), Ok(true));
        check(&place.0, &[("a", "new")]);
    }

    #[test]
    fn a_link_that_is_put_there_meanwhile_stays() {
        let (folder, opened) = folder();
        let file = folder.path().join("a");
        let mut beside = Beside::new(&opened).unwrap();
        beside.write("new", None).unwrap();
        fs::rename(&file, folder.path().join("b")).unwrap();
        assert_eq!(beside.replace("a", "shown", exchange), Ok(false));
        symlink("b", &file).unwrap();
        assert_eq!(beside.replace("a", "shown", exchange), Ok(false));
        drop(beside);
        assert!(file.is_symlink());
        fs::remove_file(&file).unwrap();
        check(&folder, &[("b", "shown")]);
    }

    #[test]
    fn only_what_was_shown_is_taken_away() {
        let (folder, opened) = folder();
        fs::write(folder.path().join("a"), "another").unwrap();
        assert_eq!(take_away(&opened, "a", "shown"), Ok(false));
        check(&folder, &[("a", "another")]);
        assert_eq!(take_away(&opened, "a", "another"), Ok(true));
        check(&folder, &[]);
        assert_eq!(take_away(&opened, "a", "another"), Ok(false));
    }
}

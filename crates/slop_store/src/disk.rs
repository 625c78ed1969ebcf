//! Files that appear whole or not at all, and names with the time in them.

use std::{
    ffi::OsStr,
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

#[cfg(unix)]
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};

use crate::StoreError;

/// In the names of files that are being written.
const TEMPORARY: &str = ".new-";
/// As many links in a row as Linux follows.
const LINKS: usize = 40;

/// Makes the folder if it is missing, for its owner only.
pub(crate) fn make_folder(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    builder.mode(0o700);
    builder.create(folder)
}

/// Writes the file `name`, for its owner only. Whatever happens, the old one is there or the new
/// one, and each is whole: the new one is complete on disk before it gets the name.
pub(crate) fn write(folder: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
    let prefix = format!(".{name}{TEMPORARY}");
    let mut builder = tempfile::Builder::new();
    builder.prefix(&prefix);
    #[cfg(unix)]
    builder.permissions(fs::Permissions::from_mode(0o600));
    let mut file = builder.tempfile_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(folder.join(name))
        .map_err(|error| error.error)?;
    sync_folder(folder)
}

/// Folder and name of what the file `name` leads to if it is a link, and of itself otherwise. What a
/// link leads to need not be there.
pub(crate) fn follow(folder: &Path, name: &str) -> io::Result<(PathBuf, String)> {
    let mut file = folder.join(name);
    for _ in 0..LINKS {
        if !file.symlink_metadata().is_ok_and(|data| data.is_symlink()) {
            let name = file.file_name().and_then(OsStr::to_str);
            return match (file.parent(), name) {
                (Some(folder), Some(name)) => Ok((folder.to_owned(), name.to_owned())),
                _ => Err(io::Error::other("the link leads to no name that is text")),
            };
        }
        let to = fs::read_link(&file)?;
        // An absolute one takes the place of all.
        file = file.parent().unwrap_or(folder).join(to);
    }
    Err(io::Error::other("the links lead in a circle"))
}

/// Removes what a process has left that was ended while it wrote a file whose name begins with
/// `start`.
pub(crate) fn sweep(folder: &Path, start: &str) {
    let start = format!(".{start}");
    // What cannot be listed or removed does no harm.
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.starts_with(&start) && name.contains(TEMPORARY) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// Renames the file `name` to one that tells `word` and the time, and returns that.
pub(crate) fn set_aside(folder: &Path, name: &str, word: &str) -> Result<PathBuf, StoreError> {
    let file = folder.join(name);
    let to = unused(|stamp| folder.join(format!("{name}.{word}-{stamp}")));
    fs::rename(&file, &to)
        .and_then(|()| sync_folder(folder))
        .map_err(|source| StoreError::SetAside {
            file,
            to: to.clone(),
            source,
        })?;
    Ok(to)
}

/// A path that does not exist, from the time now. Nobody else makes one meanwhile: the folder is
/// locked.
pub(crate) fn unused(name: impl Fn(String) -> PathBuf) -> PathBuf {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let mut moment = now.unwrap_or_default();
    loop {
        let path = name(stamp(moment));
        if path.symlink_metadata().is_err() {
            return path;
        }
        moment += Duration::from_millis(1);
    }
}

/// A moment in UTC as `20250131T235959.123Z`: in the order of time when sorted, and without what
/// file names cannot hold.
fn stamp(since_1970: Duration) -> String {
    let seconds = since_1970.as_secs();
    let (hour, minute) = (seconds / 3600 % 24, seconds / 60 % 60);
    // Days to a date as in Howard Hinnant's `civil_from_days`: in eras of 400 years, whose years
    // begin in March so that the leap day is their last.
    let days = seconds / 86_400 + 719_468;
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let from_march = (5 * day + 2) / 153;
    let day = day - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 {
        from_march + 3
    } else {
        from_march - 9
    };
    let year = era * 400 + year + u64::from(month <= 2);
    format!(
        "{year:04}{month:02}{day:02}T{hour:02}{minute:02}{:02}.{:03}Z",
        seconds % 60,
        since_1970.subsec_millis()
    )
}

/// Makes a new name last through a power cut. Elsewhere than on Unix the system has no call for it.
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) {
        match fs::File::open(folder)?.sync_all() {
            // The file system does not know of it; nothing more can be done.
            Err(error) if error.kind() == io::ErrorKind::InvalidInput => Ok(()),
            result => result,
        }
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(seconds: u64, expected: &str) {
        assert_eq!(stamp(Duration::from_millis(seconds * 1000 + 7)), expected);
    }

    #[test]
    fn moments_are_dates() {
        check(0, "19700101T000000.007Z");
        check(951_782_400, "20000229T000000.007Z");
        check(1_735_689_599, "20241231T235959.007Z");
        check(1_735_689_600, "20250101T000000.007Z");
    }

    #[test]
    fn writing_replaces_and_leaves_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(".a.new-left"), "half").unwrap();
        write(folder.path(), "a", b"one").unwrap();
        write(folder.path(), "a", b"two").unwrap();
        sweep(folder.path(), "a");
        assert_eq!(fs::read(folder.path().join("a")).unwrap(), b"two");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}

//! Secrets in files that only their owner can read.

use std::{
    fs::{self, File},
    io::{self, Read},
    path::{Path, PathBuf},
};

use crate::{disk, Loaded, Notice, StoreError};

/// The longest name of a file, in bytes. Systems take 255, and a file that is being written has a
/// longer name.
const LONGEST_NAME: usize = 200;

/// One of several secrets of a kind, such as the key to a service. Neither errors nor `Debug` of this
/// type hold it.
///
/// It needs no open store and takes no lock: it is written whole or not at all, and the last one
/// to write wins.
#[derive(Clone, Debug)]
pub struct SecretFile {
    folder: PathBuf,
    kind: String,
    name: String,
}

impl SecretFile {
    /// The secret of this kind for `whom`, in a file of the folder that has the name of both; nothing
    /// is read or made yet.
    ///
    /// No two have one file. `whom` may be any text: in the name of the file, lower-case letters,
    /// digits, `-` and `.` are as they are, and every other byte is `_` with its two digits in base 16.
    ///
    /// # Errors
    ///
    /// [`StoreError::LongName`].
    pub fn new(folder: impl Into<PathBuf>, kind: &str, whom: &str) -> Result<Self, StoreError> {
        let name = format!("{kind}-{}", file_name(whom));
        if name.len() > LONGEST_NAME {
            let whom = whom.to_owned();
            return Err(StoreError::LongName { whom });
        }
        Ok(Self {
            folder: folder.into(),
            kind: kind.to_owned(),
            name,
        })
    }

    /// The secret without white space around it; `None` if there is none. A file that others can
    /// read is changed so that they cannot, and a notice tells of it.
    ///
    /// Once there was one secret for all, in a file that has the name of the kind alone. Whoever is the
    /// first to read without a file of its own gets that one: it is renamed, and a notice tells of it.
    ///
    /// # Errors
    ///
    /// If there is a file and it cannot be read, or is not text; [`StoreError::HandOver`].
    pub fn read(&self) -> Result<Loaded<String>, StoreError> {
        let own = read(&self.file())?;
        // A link that leads nowhere is a file too. It is not to be replaced.
        if own.value.is_some() || self.file().symlink_metadata().is_ok() {
            return Ok(own);
        }
        let file = self.folder.join(&self.kind);
        let mut loaded = read(&file)?;
        if loaded.value.is_some() {
            let to = self.file();
            // Before it is used, and by its name: a copy would let the next have it too.
            let renamed = fs::rename(&file, &to).and_then(|()| disk::sync_folder(&self.folder));
            if let Err(source) = renamed {
                return Err(StoreError::HandOver { file, to, source });
            }
            loaded.notices.push(Notice::HandedOver { file, to });
        }
        Ok(loaded)
    }

    /// Replaces the secret. The file is for its owner only from the moment it is made. If it is a
    /// link, it stays one, and what it leads to is written.
    ///
    /// # Errors
    ///
    /// If it cannot be written; the one before is still there then.
    pub fn write(&self, secret: &str) -> Result<(), StoreError> {
        disk::make_folder(&self.folder).map_err(|source| StoreError::Folder {
            folder: self.folder.clone(),
            source,
        })?;
        let target = disk::follow(&self.folder, &self.name);
        let written = target.and_then(|(folder, name)| {
            sweep(&folder, &name);
            disk::write(&folder, &name, secret.as_bytes())
        });
        written.map_err(|source| StoreError::Write {
            file: self.file(),
            source,
        })
    }

    /// Removes the secret; good if there is none. Of a link, only the link goes: what it leads to is
    /// somebody else's.
    ///
    /// # Errors
    ///
    /// If it is still there.
    pub fn remove(&self) -> Result<(), StoreError> {
        if let Ok((folder, name)) = disk::follow(&self.folder, &self.name) {
            sweep(&folder, &name);
        }
        match fs::remove_file(self.file()).and_then(|()| disk::sync_folder(&self.folder)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            result => result.map_err(|source| StoreError::Remove {
                file: self.file(),
                source,
            }),
        }
    }

    fn file(&self) -> PathBuf {
        self.folder.join(&self.name)
    }
}

/// `text` without what the name of a file cannot or should not hold; two texts never become one.
fn file_name(text: &str) -> String {
    let mut name = String::new();
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' => name.push(char::from(byte)),
            _ => name += &format!("_{byte:02x}"),
        }
    }
    name
}

/// What is in a file, if it is there.
fn read(path: &Path) -> Result<Loaded<String>, StoreError> {
    let unread = |source| StoreError::Read {
        file: path.to_owned(),
        source,
    };
    let mut notices = Vec::new();
    let mut text = String::new();
    match File::open(path) {
        Ok(mut file) => {
            notices.extend(tighten(&file, path));
            file.read_to_string(&mut text).map_err(unread)?;
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(source) => return Err(unread(source)),
    }
    let secret = text.trim();
    let value = (!secret.is_empty()).then(|| secret.to_owned());
    Ok(Loaded { value, notices })
}

#[cfg(unix)]
fn tighten(file: &File, path: &Path) -> Option<Notice> {
    use std::os::unix::fs::PermissionsExt;

    let mode = |file: &File| file.metadata().map_or(0, |data| data.permissions().mode());
    if mode(file) & 0o077 == 0 {
        return None;
    }
    // Some file systems refuse, others agree and change nothing; looking again tells both.
    let _ = file.set_permissions(fs::Permissions::from_mode(0o600));
    let is_tight = mode(file) & 0o077 == 0;
    let file = path.to_owned();
    Some(if is_tight {
        Notice::Tightened { file }
    } else {
        Notice::Exposed { file }
    })
}

/// Elsewhere, files in a person's data folder are for that person by what they inherit.
#[cfg(not(unix))]
fn tighten(_file: &File, _path: &Path) -> Option<Notice> {
    None
}

/// A write that was cut short would leave the secret where nobody looks.
fn sweep(folder: &Path, name: &str) {
    // With the dot, for others may have files there whose names only begin so.
    disk::sweep(folder, &format!("{name}."));
}

#[cfg(all(test, unix))]
mod tests {
    use std::{
        error::Error,
        os::unix::fs::{symlink, PermissionsExt},
    };

    use super::*;

    fn key(folder: &Path, whom: &str) -> SecretFile {
        SecretFile::new(folder, "api_key", whom).unwrap()
    }

    fn mode(file: &Path) -> u32 {
        fs::metadata(file).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn a_secret_is_written_read_and_removed() {
        let folder = tempfile::tempdir().unwrap();
        let secret = key(&folder.path().join("new"), "a-1");
        assert_eq!(secret.read().unwrap().value, None);
        secret.write("one").unwrap();
        secret.write("two\n").unwrap();
        let loaded = secret.read().unwrap();
        assert_eq!(loaded.value.as_deref(), Some("two"));
        assert!(loaded.notices.is_empty());
        assert_eq!(mode(&secret.file()), 0o600);
        secret.remove().unwrap();
        secret.remove().unwrap();
        assert_eq!(secret.read().unwrap().value, None);
    }

    #[test]
    fn a_file_that_others_can_read_is_tightened() {
        let folder = tempfile::tempdir().unwrap();
        let secret = key(folder.path(), "a-1");
        fs::write(secret.file(), "key").unwrap();
        fs::set_permissions(secret.file(), fs::Permissions::from_mode(0o644)).unwrap();
        let loaded = secret.read().unwrap();
        assert_eq!(loaded.value.as_deref(), Some("key"));
        let file = secret.file();
        assert_eq!(loaded.notices, [Notice::Tightened { file }]);
        assert_eq!(mode(&secret.file()), 0o600);
        assert!(secret.read().unwrap().notices.is_empty());
    }

    #[test]
    fn a_link_is_followed_and_stays() {
        let folder = tempfile::tempdir().unwrap();
        let elsewhere = folder.path().join("elsewhere");
        fs::create_dir(&elsewhere).unwrap();
        let secret = key(&folder.path().join("data"), "a-1");
        fs::create_dir(&secret.folder).unwrap();
        // One relative link to another, which is absolute and leads to what is not there yet.
        symlink("../elsewhere/link", secret.file()).unwrap();
        symlink(elsewhere.join("key"), elsewhere.join("link")).unwrap();
        assert_eq!(secret.read().unwrap().value, None);
        fs::write(elsewhere.join(".key.new-left"), "half").unwrap();
        fs::write(elsewhere.join(".keys.new-others"), "").unwrap();
        secret.write("one").unwrap();
        secret.write("two").unwrap();
        assert_eq!(secret.read().unwrap().value.as_deref(), Some("two"));
        assert_eq!(fs::read(elsewhere.join("key")).unwrap(), b"two");
        assert_eq!(mode(&elsewhere.join("key")), 0o600);
        assert!(secret.file().is_symlink() && elsewhere.join("link").is_symlink());
        assert_eq!(fs::read_dir(&secret.folder).unwrap().count(), 1);
        assert_eq!(fs::read_dir(&elsewhere).unwrap().count(), 3);

        secret.remove().unwrap();
        assert!(!secret.file().is_symlink());
        assert_eq!(fs::read(elsewhere.join("key")).unwrap(), b"two");

        symlink(secret.file(), secret.file()).unwrap();
        check_silent(&secret.write("hunter2").unwrap_err());
        assert!(secret.file().is_symlink());
    }

    #[track_caller]
    fn check_name(whom: &str, expected: &str) {
        let file = key(Path::new("/data"), whom).file();
        assert_eq!(file, Path::new("/data").join(expected));
    }

    #[test]
    fn names_of_files_are_safe() {
        check_name("openai-a.example-443", "api_key-openai-a.example-443");
        check_name("a-::1-8080", "api_key-a-_3a_3a1-8080");
        check_name("[1.2.3.4]", "api_key-_5b1.2.3.4_5d");
        check_name("../A\\b_c", "api_key-.._2f_41_5cb_5fc");
        check_name("bücher\0", "api_key-b_c3_bccher_00");
        let longest = "a".repeat(LONGEST_NAME - "api_key-".len());
        check_name(&longest, &format!("api_key-{longest}"));
        let longer = format!("{longest}a");
        let error = SecretFile::new("/data", "api_key", &longer).unwrap_err();
        assert!(error.to_string().contains(&longer), "{error}");
    }

    #[test]
    fn each_has_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let [one, other] = ["a-80", "a-8080"].map(|whom| key(folder.path(), whom));
        one.write("one").unwrap();
        assert_eq!(other.read().unwrap().value, None);
        other.write("other").unwrap();
        assert_eq!(one.read().unwrap().value.as_deref(), Some("one"));
        one.remove().unwrap();
        assert_eq!(one.read().unwrap().value, None);
        assert_eq!(other.read().unwrap().value.as_deref(), Some("other"));
    }

    #[test]
    fn the_one_for_all_becomes_that_of_the_first_who_has_none() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("api_key");
        fs::write(&file, "old\n").unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
        let [own, first, second] = ["a-1", "b-1", "c-1"].map(|whom| key(folder.path(), whom));
        own.write("own").unwrap();
        assert_eq!(own.read().unwrap().value.as_deref(), Some("own"));
        let loaded = first.read().unwrap();
        assert_eq!(loaded.value.as_deref(), Some("old"));
        let expected = [
            Notice::Tightened { file: file.clone() },
            Notice::HandedOver {
                file: file.clone(),
                to: first.file(),
            },
        ];
        assert_eq!(loaded.notices, expected);
        assert!(!file.exists());
        assert_eq!(mode(&first.file()), 0o600);
        assert_eq!(second.read().unwrap().value, None);
        let loaded = first.read().unwrap();
        assert_eq!(loaded.value.as_deref(), Some("old"));
        assert!(loaded.notices.is_empty());
        first.remove().unwrap();
        assert_eq!(first.read().unwrap().value, None);
    }

    #[test]
    fn a_link_for_all_is_handed_over_as_a_link() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("elsewhere"), "old").unwrap();
        symlink("elsewhere", folder.path().join("api_key")).unwrap();
        // What leads nowhere stays as well.
        let lost = key(folder.path(), "lost-1");
        symlink("nowhere", lost.file()).unwrap();
        assert_eq!(lost.read().unwrap().value, None);
        assert!(lost.file().is_symlink());
        let first = key(folder.path(), "a-1");
        assert_eq!(first.read().unwrap().value.as_deref(), Some("old"));
        assert!(first.file().is_symlink());
        first.write("new").unwrap();
        let elsewhere = fs::read(folder.path().join("elsewhere"));
        assert_eq!(elsewhere.unwrap(), b"new");
    }

    #[track_caller]
    fn check_silent(error: &StoreError) {
        let source = error.source().map(ToString::to_string);
        let told = format!("{error} {error:?} {source:?}");
        assert!(!told.contains("hunter2"), "{told}");
    }

    #[test]
    fn errors_do_not_tell_the_secret() {
        let folder = tempfile::tempdir().unwrap();
        let secret = key(folder.path(), "a-1");
        fs::write(secret.file(), b"hunter2\xff").unwrap();
        check_silent(&secret.read().unwrap_err());
        let below_a_file = key(&secret.file(), "a-1");
        check_silent(&below_a_file.write("hunter2").unwrap_err());
        fs::remove_file(secret.file()).unwrap();
        fs::create_dir(secret.file()).unwrap();
        check_silent(&secret.write("hunter2").unwrap_err());
        check_silent(&secret.remove().unwrap_err());
    }
}

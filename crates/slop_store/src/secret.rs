//! One secret in a file that only its owner can read.

use std::{
    fs::{self, File},
    io::{self, Read},
    path::{Path, PathBuf},
};

use crate::{disk, Loaded, Notice, StoreError};

/// A secret, such as the key to a service. Neither errors nor `Debug` of this type hold it.
///
/// It needs no open store and takes no lock: it is written whole or not at all, and the last one
/// to write wins.
#[derive(Clone, Debug)]
pub struct SecretFile {
    folder: PathBuf,
    name: String,
}

impl SecretFile {
    /// The secret in the file `name` of the folder; nothing is read or made yet.
    #[must_use]
    pub fn new(folder: impl Into<PathBuf>, name: &str) -> Self {
        Self {
            folder: folder.into(),
            name: name.to_owned(),
        }
    }

    /// The secret without white space around it; `None` if there is none. A file that others can
    /// read is changed so that they cannot, and a notice tells of it.
    ///
    /// # Errors
    ///
    /// If there is a file and it cannot be read, or is not text.
    pub fn read(&self) -> Result<Loaded<String>, StoreError> {
        let mut notices = Vec::new();
        let mut text = String::new();
        match File::open(self.file()) {
            Ok(mut file) => {
                notices.extend(self.tighten(&file));
                file.read_to_string(&mut text)
                    .map_err(|source| self.unread(source))?;
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(source) => return Err(self.unread(source)),
        }
        let secret = text.trim();
        let value = (!secret.is_empty()).then(|| secret.to_owned());
        Ok(Loaded { value, notices })
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

    fn unread(&self, source: io::Error) -> StoreError {
        StoreError::Read {
            file: self.file(),
            source,
        }
    }

    #[cfg(unix)]
    fn tighten(&self, file: &File) -> Option<Notice> {
        use std::os::unix::fs::PermissionsExt;

        let mode = |file: &File| file.metadata().map_or(0, |data| data.permissions().mode());
        if mode(file) & 0o077 == 0 {
            return None;
        }
        // Some file systems refuse, others agree and change nothing; looking again tells both.
        let _ = file.set_permissions(fs::Permissions::from_mode(0o600));
        let file_name = self.file();
        Some(if mode(file) & 0o077 == 0 {
            Notice::Tightened { file: file_name }
        } else {
            Notice::Exposed { file: file_name }
        })
    }

    /// Elsewhere, files in a person's data folder are for that person by what they inherit.
    #[cfg(not(unix))]
    fn tighten(&self, _file: &File) -> Option<Notice> {
        None
    }
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

    fn mode(file: &Path) -> u32 {
        fs::metadata(file).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn a_secret_is_written_read_and_removed() {
        let folder = tempfile::tempdir().unwrap();
        let secret = SecretFile::new(folder.path().join("new"), "api_key");
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
        let secret = SecretFile::new(folder.path(), "api_key");
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
        let secret = SecretFile::new(folder.path().join("data"), "api_key");
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
    fn check_silent(error: &StoreError) {
        let source = error.source().map(ToString::to_string);
        let told = format!("{error} {error:?} {source:?}");
        assert!(!told.contains("hunter2"), "{told}");
    }

    #[test]
    fn errors_do_not_tell_the_secret() {
        let folder = tempfile::tempdir().unwrap();
        let secret = SecretFile::new(folder.path(), "api_key");
        fs::write(secret.file(), b"hunter2\xff").unwrap();
        check_silent(&secret.read().unwrap_err());
        let below_a_file = SecretFile::new(secret.file(), "api_key");
        check_silent(&below_a_file.write("hunter2").unwrap_err());
        fs::remove_file(secret.file()).unwrap();
        fs::create_dir(secret.file()).unwrap();
        check_silent(&secret.write("hunter2").unwrap_err());
        check_silent(&secret.remove().unwrap_err());
    }
}

//! A folder that nothing is read of, wherever it is.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// What tells a folder from all others, whatever name or link leads to it.
#[cfg(unix)]
pub(crate) type Identity = (u64, u64);
#[cfg(not(unix))]
pub(crate) type Identity = PathBuf;

/// A folder that nothing is read of or changed in, though it may lie in a project: that of the app's
/// own files, with the keys. By default there is none.
///
/// It is known by what it is and not by its name, so links, mounts and upper and lower case lead
/// nobody into it. It is looked at anew each time, for it may be made later.
#[derive(Clone, Debug, Default)]
pub struct OffLimits {
    folder: Option<PathBuf>,
}

impl OffLimits {
    /// It need not be there yet.
    #[must_use]
    pub fn new(folder: &Path) -> Self {
        // The app may change its working folder later.
        let folder = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
        Self {
            folder: Some(folder),
        }
    }

    /// Whether a path leads to just this folder.
    ///
    /// # Errors
    ///
    /// If that cannot be found out.
    pub fn is(&self, path: &Path) -> io::Result<bool> {
        match self.identity()? {
            Some(identity) => Ok(identify(path)? == identity),
            None => Ok(false),
        }
    }

    /// Whether a path leads to this folder or to something in it.
    ///
    /// # Errors
    ///
    /// If that cannot be found out.
    pub fn holds(&self, path: &Path) -> io::Result<bool> {
        let Some(identity) = self.identity()? else {
            return Ok(false);
        };
        for above in path.canonicalize()?.ancestors() {
            if identify(above)? == identity {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// `None` while there is no such folder.
    pub(crate) fn identity(&self) -> io::Result<Option<Identity>> {
        let Some(folder) = &self.folder else {
            return Ok(None);
        };
        match identify(folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            identity => identity.map(Some),
        }
    }
}

#[cfg(unix)]
fn identify(path: &Path) -> io::Result<Identity> {
    use std::os::unix::fs::MetadataExt;

    let meta = fs::metadata(path)?;
    Ok((meta.dev(), meta.ino()))
}

/// There is nothing better that is stable.
#[cfg(not(unix))]
fn identify(path: &Path) -> io::Result<Identity> {
    fs::canonicalize(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_in_the_folder_is_known_by_any_path() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        let off_limits = OffLimits::new(&data);
        assert!(!off_limits.holds(folder.path()).unwrap(), "it is not there");
        fs::create_dir_all(data.join("backups")).unwrap();
        fs::create_dir(folder.path().join("data2")).unwrap();
        fs::write(data.join("key"), "secret").unwrap();
        let holds = |path: &str| off_limits.holds(&folder.path().join(path)).unwrap();
        for path in ["data", "data/key", "data2/../data/backups"] {
            assert!(holds(path), "{path}");
        }
        assert!(!holds("data2") && !holds("data/.."));
        assert!(off_limits.is(&data).unwrap());
        assert!(!off_limits.is(&data.join("backups")).unwrap());
        assert!(!OffLimits::default().holds(&data).unwrap());
    }
}

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
/// own files, with the keys. So are files elsewhere that links in it lead to, or that are the same as one
/// in it. By default there is none.
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

    /// Whether a path leads to this folder, to something in it, or to a file that is off limits with it.
    ///
    /// # Errors
    ///
    /// If that cannot be found out.
    pub fn holds(&self, path: &Path) -> io::Result<bool> {
        let identities = self.identities()?;
        if identities.is_empty() {
            return Ok(false);
        }
        for above in path.canonicalize()?.ancestors() {
            if identities.contains(&identify(above)?) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Those of the folder, and of the files that names in it lead to. None while there is no such folder.
    pub(crate) fn identities(&self) -> io::Result<Vec<Identity>> {
        let (Some(own), Some(folder)) = (self.identity()?, &self.folder) else {
            return Ok(Vec::new());
        };
        let mut identities = vec![own];
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            // What leads nowhere, or is gone by now, is no file that somebody could read.
            if fs::metadata(&path).is_ok_and(|meta| meta.is_file()) {
                identities.extend(identify(&path).ok());
            }
        }
        Ok(identities)
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

    #[cfg(unix)]
    #[test]
    fn a_file_that_is_elsewhere_is_known_too() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        let keys = folder.path().join("keys");
        fs::create_dir(&data).unwrap();
        fs::create_dir(&keys).unwrap();
        for name in ["linked", "same", "other"] {
            fs::write(keys.join(name), name).unwrap();
        }
        let link = |to: &Path, name: &str| std::os::unix::fs::symlink(to, data.join(name));
        link(&keys.join("linked"), "api_key-a").unwrap();
        link(&keys.join("nowhere"), "api_key-b").unwrap();
        // A folder is a place for documents, and none of keys.
        link(&keys, "discussions").unwrap();
        fs::hard_link(keys.join("same"), data.join("api_key-c")).unwrap();
        let off_limits = OffLimits::new(&data);
        let holds = |name: &str| off_limits.holds(&keys.join(name)).unwrap();
        assert!(holds("linked") && holds("same"));
        assert!(!holds("other") && !holds("."));
    }

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

//! Which shared libraries this process has in memory, against those on disk.
//!
//! A plugin library is linked against the stable libraries on disk and runs with those in memory.
//! If the two differ it must not be loaded: its calls would land in other code than it was
//! compiled for.

use std::{
    collections::HashMap,
    fs, io,
    ops::Range,
    path::{Path, PathBuf},
    time::SystemTime,
};

#[cfg_attr(target_os = "linux", path = "mapped/linux.rs")]
#[cfg_attr(not(target_os = "linux"), path = "mapped/other.rs")]
mod platform;

pub use platform::{image_at, images};

/// One shared library in memory.
#[derive(Clone, Debug)]
pub struct Image {
    /// The file it was loaded from, as the loader names it.
    pub path: PathBuf,
    /// The addresses from its first to its last byte.
    pub addresses: Range<usize>,
    read_only: Vec<Segment>,
}

/// A part of an image that nobody writes to, so that it is in memory what it was in the file.
#[derive(Clone, Debug)]
struct Segment {
    address: usize,
    file: Range<usize>,
}

/// What tells a file from its successor without reading it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Stamp {
    length: u64,
    modified: SystemTime,
    #[cfg(unix)]
    inode: u64,
}

impl Stamp {
    fn of(path: &Path) -> io::Result<Self> {
        let data = fs::metadata(path)?;
        Ok(Self {
            length: data.len(),
            modified: data.modified()?,
            #[cfg(unix)]
            inode: std::os::unix::fs::MetadataExt::ino(&data),
        })
    }
}

/// The shared libraries that were in memory when the host started.
#[derive(Debug, Default)]
pub struct StableLibraries {
    by_name: HashMap<String, (Image, Option<Stamp>)>,
}

impl StableLibraries {
    /// Takes down what is mapped now.
    #[must_use]
    pub fn record() -> Self {
        let by_name = images()
            .into_iter()
            .filter_map(|image| {
                let name = image.path.file_name()?.to_string_lossy().into_owned();
                let stamp = Stamp::of(&image.path).ok();
                Some((name, (image, stamp)))
            })
            .collect();
        Self { by_name }
    }

    /// Those of `needed` that on disk are not what they are in memory. A library that cargo
    /// builds is looked for in `built` first, since that is where the linker found it.
    #[must_use]
    pub fn changed(&self, needed: &[String], built: &Path) -> Vec<String> {
        let mut changed = Vec::new();
        for name in needed {
            // What is not mapped yet will be loaded together with the library that needs it.
            let Some((image, stamp)) = self.by_name.get(name) else {
                continue;
            };
            let in_built = built.join(name);
            let on_disk = if in_built.exists() {
                &in_built
            } else {
                &image.path
            };
            let untouched = stamp.is_some() && Stamp::of(on_disk).ok() == *stamp;
            if !untouched && !platform::same_as_file(image, on_disk).unwrap_or(false) {
                changed.push(name.clone());
            }
        }
        changed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One that stays: those of other tests come and go.
    fn libc_in(stable: &StableLibraries) -> (&String, &Image) {
        let mut known = stable.by_name.iter();
        let found = known.find(|(name, _)| name.starts_with("libc."));
        let (name, (image, _)) = found.unwrap();
        (name, image)
    }

    #[test]
    fn the_image_at_an_address_contains_it() {
        let address = libc::strlen as *const () as usize;
        let image = image_at(address).unwrap();
        assert!(image.addresses.contains(&address));
        assert!(image.path.to_string_lossy().contains("libc"));
    }

    #[test]
    fn a_library_that_is_what_it_was_has_not_changed() {
        let nowhere = Path::new("/nonexistent");
        let stable = StableLibraries::record();
        let needed = [libc_in(&stable).0.clone()];
        assert_eq!(stable.changed(&needed, nowhere), Vec::<String>::new());
    }

    #[test]
    fn another_file_of_the_same_name_is_compared_by_its_bytes() {
        let stable = StableLibraries::record();
        let (name, image) = libc_in(&stable);
        let built = tempfile::tempdir().unwrap();
        let copy = built.path().join(name);
        fs::copy(&image.path, &copy).unwrap();
        let needed = [name.clone()];
        assert_eq!(stable.changed(&needed, built.path()), Vec::<String>::new());

        let mut bytes = fs::read(&copy).unwrap();
        let middle = image.read_only[0].file.end - 1;
        bytes[middle] ^= 1;
        fs::write(&copy, &bytes).unwrap();
        assert_eq!(stable.changed(&needed, built.path()), needed);
    }
}

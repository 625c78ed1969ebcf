//! Opening a library and keeping it.
#![expect(
    unsafe_code,
    reason = "opening a library runs its initialisers and trusts its exports"
)]

use std::{ffi::CString, path::PathBuf};

use thiserror::Error;

use crate::{
    identity::{self, ENTRY_SYMBOL},
    mapped, BuildId, IdentityError, StagedLibrary,
};

/// A library that the loader did not take, or took for another.
#[derive(Debug, Error)]
pub enum LoadError {
    /// The loader refused it; its own words are in `reason`.
    #[error("{} would not load: {reason}", path.display())]
    WouldNotLoad {
        /// The staged file.
        path: PathBuf,
        /// The loader's text.
        reason: String,
    },
    /// The loader gave back a library that was open before.
    #[error("the loader returned an old image for {}; restart the app", path.display())]
    OldImage {
        /// The staged file.
        path: PathBuf,
    },
    /// What is in memory is not what was inspected on disk.
    #[error("the build in memory is not the one that was inspected")]
    Identity(#[source] IdentityError),
}

/// An open library. It stays mapped for as long as the process lives: systems, type names, hooks
/// and boxed values of the world may point into it, and none of them can be asked whether they do.
#[derive(Debug)]
pub struct LoadedLibrary {
    staged: StagedLibrary,
    build_id: BuildId,
    entry: usize,
}

impl LoadedLibrary {
    /// Opens `staged`. `open` are those opened before, which must not come back under a new name.
    ///
    /// # Errors
    ///
    /// Every variant of [`LoadError`]; the libraries that were open stay as they are.
    pub fn open(staged: StagedLibrary, open: &[&Self]) -> Result<Self, LoadError> {
        let would_not_load = |error: libloading::Error| LoadError::WouldNotLoad {
            path: staged.path.clone(),
            reason: error.to_string(),
        };
        let library = open_now(&staged).map_err(would_not_load)?;
        let symbol = CString::new(ENTRY_SYMBOL).expect("the symbol's name has no zero");
        // SAFETY: only the address is taken here.
        let entry = unsafe { library.get::<*const ()>(symbol.as_bytes_with_nul()) }
            .map(|address| *address as usize)
            .map_err(would_not_load)?;
        // See the type's documentation.
        std::mem::forget(library);
        if open.iter().any(|other| other.entry == entry) {
            return Err(LoadError::OldImage { path: staged.path });
        }
        // The loader's own word on which file the code at this address came from.
        let path = mapped::image_at(entry).map_or_else(|| staged.path.clone(), |image| image.path);
        let build_id = identity::inspect(&path)
            .map_err(LoadError::Identity)?
            .build_id;
        Ok(Self {
            staged,
            build_id,
            entry,
        })
    }

    /// The file it was opened from.
    #[must_use]
    pub fn staged(&self) -> &StagedLibrary {
        &self.staged
    }

    /// The digest of the code in memory.
    #[must_use]
    pub fn build_id(&self) -> &BuildId {
        &self.build_id
    }

    /// The addresses that it takes up.
    #[must_use]
    pub fn addresses(&self) -> std::ops::Range<usize> {
        mapped::image_at(self.entry).map_or(0..0, |image| image.addresses)
    }

    /// The static that it exports as its entry.
    ///
    /// # Safety
    ///
    /// `T` must be the type of the static that the library exports as [`ENTRY_SYMBOL`]. That
    /// [`inspect`](identity::inspect) accepted the library vouches for the version of the layout
    /// and for the compiler; the macro that writes the static vouches for the type.
    #[must_use]
    pub unsafe fn entry<T>(&self) -> &'static T {
        // SAFETY: the caller vouches for the type, and the library stays mapped.
        unsafe { &*(self.entry as *const T) }
    }
}

/// With all symbols resolved at once, so that a missing one is an error now and not a crash later.
#[cfg(unix)]
fn open_now(staged: &StagedLibrary) -> Result<libloading::Library, libloading::Error> {
    use libloading::os::unix::{Library, RTLD_LOCAL, RTLD_NOW};
    // SAFETY: the initialisers of a Rust library run no code of ours, and the library was inspected.
    unsafe { Library::open(Some(&staged.path), RTLD_NOW | RTLD_LOCAL) }.map(Into::into)
}

#[cfg(windows)]
fn open_now(staged: &StagedLibrary) -> Result<libloading::Library, libloading::Error> {
    // SAFETY: the initialisers of a Rust library run no code of ours, and the library was inspected.
    unsafe { libloading::Library::new(&staged.path) }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::{fs, process::Command};

    use super::*;

    /// A library with our exports and nothing else.
    fn library(folder: &std::path::Path) -> StagedLibrary {
        let text = identity::identity_text();
        let source = format!(
            "#[unsafe(no_mangle)] pub static {}: [u8; {}] = {text:?};\n\
             #[unsafe(no_mangle)] pub static {ENTRY_SYMBOL}: u64 = 42;\n",
            identity::IDENTITY_SYMBOL,
            text.len(),
        );
        fs::write(folder.join("lib.rs"), source).unwrap();
        let status = Command::new("rustc")
            .args([
                "--crate-type",
                "cdylib",
                "-C",
                "link-arg=-Wl,--build-id=sha1",
                "lib.rs",
            ])
            .current_dir(folder)
            .status()
            .unwrap();
        assert!(status.success());
        StagedLibrary {
            path: folder.join("liblib.so"),
            serial: 1,
        }
    }

    #[test]
    fn a_library_is_opened_once_and_an_old_image_is_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let staged = library(folder.path());
        let first = LoadedLibrary::open(staged.clone(), &[]).unwrap();
        // SAFETY: the source above exports a `u64`.
        assert_eq!(unsafe { first.entry::<u64>() }, &42);
        let inspected = identity::inspect(&staged.path).unwrap();
        assert_eq!(*first.build_id(), inspected.build_id);
        assert!(first.addresses().contains(&first.entry));

        // A build under a name that is in use: the loader does not look at the file.
        let again = LoadedLibrary::open(staged.clone(), &[&first]);
        assert!(matches!(again, Err(LoadError::OldImage { path }) if path == staged.path));

        let other = folder.path().join("other.so");
        fs::copy(&staged.path, &other).unwrap();
        let other = StagedLibrary {
            path: other,
            serial: 2,
        };
        assert!(LoadedLibrary::open(other, &[&first]).is_ok());
    }

    #[test]
    fn the_loaders_own_words_are_kept() {
        let staged = StagedLibrary {
            path: "/nonexistent/lib.so".into(),
            serial: 1,
        };
        let error = LoadedLibrary::open(staged, &[]).unwrap_err();
        assert!(
            error.to_string().contains("cannot open shared object file"),
            "{error}"
        );
    }
}

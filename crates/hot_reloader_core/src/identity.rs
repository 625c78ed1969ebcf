//! What a library says of itself, read from the file before any of it runs.

use std::{
    fmt, fs, io,
    path::{Path, PathBuf},
};

use object::{Object, ObjectSection, ObjectSegment, ObjectSymbol, ReadCache, ReadRef};
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// The version of the entry that host and library meet at. Changes when its layout changes.
pub const ENTRY_VERSION: u32 = 3;

/// The exported static that holds the library's [`IdentityText`].
pub const IDENTITY_SYMBOL: &str = "HOT_RELOADER_IDENTITY";

/// The exported static that lists the library's modules.
pub const ENTRY_SYMBOL: &str = "HOT_RELOADER_ENTRY";

/// The compiler that built this crate, as `rustc --version` prints it.
pub const RUSTC: &str = env!("HOT_RELOADER_RUSTC");

/// The platform this crate was built for, as a target triple.
pub const TARGET: &str = env!("HOT_RELOADER_TARGET");

/// An identity as it stands in a library: lines of text, then zeros.
pub type IdentityText = [u8; 256];

/// The identity of whatever is being compiled against this crate.
#[must_use]
pub const fn identity_text() -> IdentityText {
    let version = [b'0' + ENTRY_VERSION as u8];
    let parts: [&[u8]; 7] = [
        b"hot_reloader ",
        &version,
        b"\n",
        RUSTC.as_bytes(),
        b"\n",
        TARGET.as_bytes(),
        b"\n",
    ];
    let mut text = [0; 256];
    let (mut part, mut at) = (0, 0);
    while part < parts.len() {
        let mut byte = 0;
        while byte < parts[part].len() {
            text[at] = parts[part][byte];
            at += 1;
            byte += 1;
        }
        part += 1;
    }
    text
}

/// What host and library must agree on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// See [`ENTRY_VERSION`].
    pub entry_version: u32,
    /// See [`RUSTC`].
    pub rustc: String,
    /// See [`TARGET`].
    pub target: String,
}

impl Identity {
    /// That of the running host.
    #[must_use]
    pub fn of_host() -> Self {
        Self {
            entry_version: ENTRY_VERSION,
            rustc: RUSTC.to_owned(),
            target: TARGET.to_owned(),
        }
    }

    fn parse(text: &[u8]) -> Option<Self> {
        let end = text.iter().position(|byte| *byte == 0)?;
        let mut lines = std::str::from_utf8(&text[..end]).ok()?.lines();
        let entry_version = lines.next()?.strip_prefix("hot_reloader ")?.parse().ok()?;
        let rustc = lines.next()?.to_owned();
        let target = lines.next()?.to_owned();
        Some(Self {
            entry_version,
            rustc,
            target,
        })
    }
}

/// The linker's digest of a library, in hexadecimal: the GNU build id, the Mach-O UUID or the
/// identity of the PDB. Equal code has equal ids.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct BuildId(String);

impl BuildId {
    /// From the bytes that the linker wrote.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Self {
        Self(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// The first eight digits, enough to tell builds apart by eye.
    #[must_use]
    pub fn short(&self) -> &str {
        &self.0[..self.0.len().min(8)]
    }
}

impl fmt::Display for BuildId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A file that is no plugin library of ours, or not one for this host.
#[derive(Debug, Error)]
pub enum IdentityError {
    /// The file cannot be read.
    #[error("cannot read the staged library {}", path.display())]
    Read {
        /// The staged file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file is not a shared library, or not a whole one.
    #[error("{} would not load: {reason}; build again", path.display())]
    NotALibrary {
        /// The staged file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A shared library, but without our exports.
    #[error("{} is not a plugin library: it does not export {symbol}; add `hot_library!` to its lib.rs", path.display())]
    NotAPlugin {
        /// The staged file.
        path: PathBuf,
        /// The missing export.
        symbol: &'static str,
    },
    /// The library was built against another version of `hot_reloader`.
    #[error("the library meets its host at entry version {library}, this host at version {host}; restart the app")]
    EntryVersion {
        /// The library's.
        library: u32,
        /// The host's.
        host: u32,
    },
    /// The library was built by another compiler, or for another platform.
    #[error("the library was built by another compiler: {library}, but the host by {host}; restart the app")]
    OtherCompiler {
        /// The library's compiler and target.
        library: String,
        /// The host's.
        host: String,
    },
    /// The linker wrote no digest, so two builds could not be told apart.
    #[error("{} has no build id; link it with `-C link-arg=-Wl,--build-id`", path.display())]
    NoBuildId {
        /// The staged file.
        path: PathBuf,
    },
}

/// What is known of a library before it is opened.
#[derive(Clone, Debug)]
pub struct Inspected {
    /// Whose code it is.
    pub build_id: BuildId,
    /// The file names of the shared libraries that it needs.
    pub needed: Vec<String>,
}

/// Reads the library at `path` and holds it against this host, without running any of it.
///
/// # Errors
///
/// Every variant of [`IdentityError`].
pub fn inspect(path: &Path) -> Result<Inspected, IdentityError> {
    let data = fs::read(path).map_err(|source| IdentityError::Read {
        path: path.to_owned(),
        source,
    })?;
    let not_a_library = |reason: String| IdentityError::NotALibrary {
        path: path.to_owned(),
        reason,
    };
    let broken = |error: object::Error| not_a_library(error.to_string());
    if data.is_empty() {
        return Err(not_a_library("the file is empty".to_owned()));
    }
    let file = object::File::parse(&*data).map_err(broken)?;
    if file.kind() != object::ObjectKind::Dynamic {
        return Err(not_a_library(format!(
            "it is not a shared library but {:?}",
            file.kind()
        )));
    }
    for segment in file.segments() {
        let (offset, size) = segment.file_range();
        if offset + size > data.len() as u64 {
            return Err(not_a_library("the file is cut off".to_owned()));
        }
    }
    check_identity(path, &file)?;
    Ok(Inspected {
        build_id: build_id(&file)
            .map_err(broken)?
            .ok_or_else(|| IdentityError::NoBuildId {
                path: path.to_owned(),
            })?,
        needed: needed(&file, &data).map_err(broken)?,
    })
}

/// The digest of the library at `path`; `None` if it has none. Of the file, only that is read and the tables that
/// lead there, which takes a small part of a millisecond.
#[must_use]
pub fn build_id_of(path: &Path) -> Option<BuildId> {
    let data = ReadCache::new(fs::File::open(path).ok()?);
    let file = object::File::parse(&data).ok()?;
    build_id(&file).ok().flatten()
}

fn check_identity(path: &Path, file: &object::File<'_>) -> Result<(), IdentityError> {
    let not_a_plugin = |symbol| IdentityError::NotAPlugin {
        path: path.to_owned(),
        symbol,
    };
    let text = exported_bytes(file, IDENTITY_SYMBOL, size_of::<IdentityText>())
        .ok_or_else(|| not_a_plugin(IDENTITY_SYMBOL))?;
    let library = Identity::parse(text).ok_or_else(|| not_a_plugin(IDENTITY_SYMBOL))?;
    let host = Identity::of_host();
    if library.entry_version != host.entry_version {
        return Err(IdentityError::EntryVersion {
            library: library.entry_version,
            host: host.entry_version,
        });
    }
    if library != host {
        return Err(IdentityError::OtherCompiler {
            library: format!("{} for {}", library.rustc, library.target),
            host: format!("{} for {}", host.rustc, host.target),
        });
    }
    exported_bytes(file, ENTRY_SYMBOL, 0)
        .map(drop)
        .ok_or_else(|| not_a_plugin(ENTRY_SYMBOL))
}

/// The first `size` bytes of the exported static `name`, as they stand in the file.
fn exported_bytes<'data>(
    file: &object::File<'data>,
    name: &str,
    size: usize,
) -> Option<&'data [u8]> {
    // Mach-O puts an underscore before every name.
    let is_named = |symbol: &str| symbol == name || symbol.strip_prefix('_') == Some(name);
    let address = file
        .dynamic_symbols()
        .chain(file.symbols())
        .find(|symbol| symbol.is_definition() && symbol.name().is_ok_and(is_named))
        .map(|symbol| symbol.address())
        .or_else(|| {
            // PE lists exports in a table of their own.
            let exports = file.exports().ok()?;
            let export = exports.iter().find(|e| e.name() == name.as_bytes())?;
            Some(export.address())
        })?;
    let section = file.sections().find(|section| {
        (section.address()..section.address() + section.size()).contains(&address)
    })?;
    let start = usize::try_from(address - section.address()).ok()?;
    section.data().ok()?.get(start..start + size)
}

fn build_id<'data, R: ReadRef<'data>>(
    file: &object::File<'data, R>,
) -> object::Result<Option<BuildId>> {
    if let Some(id) = file.build_id()? {
        return Ok(Some(BuildId::from_bytes(id)));
    }
    if let Some(id) = file.mach_uuid()? {
        return Ok(Some(BuildId::from_bytes(&id)));
    }
    Ok(file
        .pdb_info()?
        .map(|pdb| BuildId::from_bytes(&[&pdb.guid()[..], &pdb.age().to_le_bytes()].concat())))
}

fn needed(file: &object::File<'_>, data: &[u8]) -> object::Result<Vec<String>> {
    let mut names: Vec<String> = Vec::new();
    if let object::File::Elf64(elf) = file {
        let endian = elf.endian();
        let sections = elf.elf_section_table();
        if let Some((entries, link)) = sections.dynamic(endian, data)? {
            let strings = sections.strings(endian, data, link)?;
            for entry in entries {
                use object::read::elf::Dyn;
                if entry.tag32(endian) == Some(object::elf::DT_NEEDED) {
                    let name = entry.string(endian, strings)?;
                    names.push(String::from_utf8_lossy(name).into_owned());
                }
            }
        }
    } else {
        for import in file.imports()? {
            let library = String::from_utf8_lossy(import.library()).into_owned();
            // Mach-O names whole paths, possibly relative to @rpath.
            let name = library.rsplit('/').next().unwrap_or_default().to_owned();
            if !name.is_empty() && !names.contains(&name) {
                names.push(name);
            }
        }
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_names_the_host() {
        assert_eq!(Identity::parse(&identity_text()), Some(Identity::of_host()));
        assert!(RUSTC.starts_with("rustc "));
    }

    #[test]
    fn text_that_is_not_ours_is_not_understood() {
        assert_eq!(Identity::parse(&[0; 256]), None);
        assert_eq!(Identity::parse(b"hot_reloader x\nrustc\ntarget\n\0"), None);
        assert_eq!(Identity::parse(b"no zero"), None);
    }

    #[track_caller]
    fn check_not_a_library(contents: &[u8], reason: &str) {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), contents).unwrap();
        let error = inspect(file.path()).unwrap_err();
        assert!(
            matches!(&error, IdentityError::NotALibrary { reason: r, .. } if r.contains(reason)),
            "{error}"
        );
    }

    #[test]
    fn what_is_not_a_library_is_refused_with_the_reason() {
        check_not_a_library(b"", "empty");
        check_not_a_library(&[b'x'; 100], "Unknown file magic");
        let this = fs::read(std::env::current_exe().unwrap()).unwrap();
        check_not_a_library(&this[..this.len() / 2], "");
    }

    #[test]
    fn a_foreign_library_is_not_a_plugin() {
        let libc = mapped_libc();
        assert!(matches!(
            inspect(&libc),
            Err(IdentityError::NotAPlugin { symbol, .. }) if symbol == IDENTITY_SYMBOL
        ));
    }

    #[test]
    fn the_digest_is_found_without_reading_all_of_the_file() {
        let libc = mapped_libc();
        let data = fs::read(&libc).unwrap();
        let whole = object::File::parse(&*data).unwrap();
        let digest = build_id(&whole).unwrap();
        assert!(digest.is_some(), "the system's libraries have one");
        assert_eq!(build_id_of(&libc), digest);
        let file = tempfile::NamedTempFile::new().unwrap();
        assert_eq!(build_id_of(file.path()), None);
    }

    fn mapped_libc() -> PathBuf {
        crate::mapped::images()
            .into_iter()
            .map(|image| image.path)
            .find(|path| path.to_string_lossy().contains("libc.so"))
            .expect("a test process has libc mapped")
    }
}

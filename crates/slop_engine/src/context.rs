//! Files of a project that go out with a question: which they are, and what of them is sent.
//!
//! [`gather`] reads them from disk, within the project's folder and nowhere else. What it cannot
//! read is in its result too, so that nothing is left out without a word.

mod error;
mod outline;
mod pattern;
mod reader;

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{self, Read},
    path::{Path, PathBuf},
};

pub use error::ContextError;
pub use pattern::check;
pub use reader::ContextReader;
pub use slop_hands::OffLimits;

use pattern::Search;

/// The largest file that is sent, in bytes. A larger one is no text that somebody wrote.
pub const LARGEST: u64 = 256 * 1024;
/// All files together, in bytes. No model takes more.
pub const TOTAL: u64 = 4 * 1024 * 1024;

/// How much of a file is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// All of it.
    Whole,
    /// What it declares, or its headings.
    Outline,
    /// Nothing. It takes files out that an earlier pattern has put in.
    None,
}

impl Mode {
    /// For people, and for the assistant.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Whole => "whole",
            Self::Outline => "outline",
            Self::None => "none",
        }
    }
}

/// What somebody wants to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// A path from the project's folder, or a pattern.
    pub pattern: String,
    /// How much of each file that fits.
    pub mode: Mode,
}

/// A file as it is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    /// From the project's folder, with `/`.
    pub path: String,
    /// How much of it.
    pub mode: Mode,
    /// Of what is in the file, whichever part of that is sent.
    pub digest: u64,
    /// With a head that says which file it is.
    pub text: String,
}

/// What was found for some patterns.
#[derive(Debug, Default)]
pub struct Gathered {
    /// In the order of their paths.
    pub files: Vec<Sent>,
    /// What was not read, and why.
    pub refused: Vec<ContextError>,
}

impl Gathered {
    /// Several patterns may come by the same folder.
    fn refuse(&mut self, error: ContextError) {
        let text = error.to_string();
        if self.refused.iter().all(|other| other.to_string() != text) {
            self.refused.push(error);
        }
    }

    /// All files in one message; an empty one if there are none.
    #[must_use]
    pub fn message(&self) -> String {
        if self.files.is_empty() {
            return String::new();
        }
        let texts = self.files.iter().map(|file| file.text.as_str());
        let head = std::iter::once(HEAD).chain(texts);
        head.collect::<Vec<_>>().join("\n\n")
    }
}

/// What the message with the files begins with.
const HEAD: &str = "Files of the project, as they are on disk now:";

/// About how many tokens a text of so many bytes has. An estimate, four bytes for each: only the model's own tokenizer
/// knows. Bytes rather than characters, since those of other scripts are more tokens too; and they need
/// not be counted, however long the text is.
#[must_use]
pub fn estimate_tokens(bytes: usize) -> usize {
    bytes.div_ceil(4)
}

/// Finds and reads the files. Of the patterns that fit a file, the last counts. Without a folder
/// there are none, and none is of what is off limits.
#[must_use]
pub fn gather(root: &str, wanted: &[Wanted], off_limits: &OffLimits) -> Gathered {
    let mut gathered = Gathered::default();
    if root.trim().is_empty() || wanted.iter().all(|wanted| wanted.mode == Mode::None) {
        return gathered;
    }
    let (folder, at) = match project(root, off_limits) {
        Ok(project) => project,
        Err(error) => {
            gathered.refused.push(error);
            return gathered;
        }
    };
    let mut search = Search::new(&folder, off_limits);
    let mut chosen = BTreeMap::new();
    for wanted in wanted {
        let found = search.find(&wanted.pattern);
        // That a pattern takes out nothing is no loss.
        if wanted.mode != Mode::None {
            for error in found.refused {
                gathered.refuse(error);
            }
        }
        chosen.extend(found.paths.into_iter().map(|path| (path, wanted.mode)));
    }
    let mut room = TOTAL;
    for (path, mode) in chosen {
        if mode == Mode::None {
            continue;
        }
        match read(&folder, &at, &path, room, off_limits) {
            Ok(text) => {
                room -= (text.len() as u64).min(room);
                gathered.files.push(sent(path, mode, &text));
            }
            Err(error) => gathered.refused.push(error),
        }
    }
    gathered
}

/// The canonical path of the project's folder, and where that is when it is open.
fn project(root: &str, off_limits: &OffLimits) -> Result<(PathBuf, PathBuf), ContextError> {
    let failed = |source| ContextError::NoFolder {
        folder: root.into(),
        source,
    };
    let folder = Path::new(root).canonicalize().map_err(failed)?;
    if off_limits.holds(&folder).map_err(failed)? {
        let path = root.to_owned();
        return Err(ContextError::OffLimits { path });
    }
    let at = place_of(&folder).map_err(failed)?;
    Ok((folder, at))
}

/// Something that was opened, and where it is, whatever its path leads to by now.
fn opened(path: &Path) -> io::Result<(File, PathBuf)> {
    let file = File::open(path)?;
    let at = place(&file, path)?;
    Ok((file, at))
}

/// Where a folder is when it is open; its path is canonical.
fn place_of(folder: &Path) -> io::Result<PathBuf> {
    if cfg!(target_os = "linux") {
        opened(folder).map(|(_, at)| at)
    } else {
        Ok(folder.to_owned())
    }
}

#[cfg(target_os = "linux")]
fn place(file: &File, _path: &Path) -> io::Result<PathBuf> {
    use std::os::fd::AsRawFd;

    fs::read_link(format!("/proc/self/fd/{}", file.as_raw_fd()))
}

/// There is nothing better that every system has.
#[cfg(not(target_os = "linux"))]
fn place(_file: &File, path: &Path) -> io::Result<PathBuf> {
    path.canonicalize()
}

/// Opens a file, unless what is opened is elsewhere than in the folder: since its path was looked at, something
/// on the way may have become a link.
fn open(at: &Path, path: &str, file: &Path, off_limits: &OffLimits) -> Result<File, ContextError> {
    let failed = |source| ContextError::Read {
        path: path.to_owned(),
        source,
    };
    let (file, target) = opened(file).map_err(failed)?;
    if !target.starts_with(at) {
        let path = path.to_owned();
        return Err(ContextError::LeadsOut { path, target });
    }
    if off_limits.holds(&target).map_err(failed)? {
        let path = path.to_owned();
        return Err(ContextError::OffLimits { path });
    }
    Ok(file)
}

/// The text of a file within a folder. The folder is canonical, and `at` is where it is when it is open.
fn read(
    folder: &Path,
    at: &Path,
    path: &str,
    room: u64,
    off_limits: &OffLimits,
) -> Result<String, ContextError> {
    let failed = |source| ContextError::Read {
        path: path.to_owned(),
        source,
    };
    let path = || path.to_owned();
    let file = pattern::inside(folder, &folder.join(path()))?;
    if off_limits.holds(&file).map_err(failed)? {
        return Err(ContextError::OffLimits { path: path() });
    }
    let meta = fs::metadata(&file).map_err(failed)?;
    if meta.is_dir() {
        return Err(ContextError::Folder { path: path() });
    }
    // To open a pipe would wait for somebody who writes into it.
    if !meta.is_file() {
        return Err(ContextError::NoFile { path: path() });
    }
    let mut bytes = Vec::new();
    let file = open(at, &path(), &file, off_limits)?;
    // One that grows meanwhile is read no further either.
    let mut file = file.take(LARGEST + 1);
    file.read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > LARGEST {
        let path = path();
        return Err(ContextError::TooLarge { path });
    }
    if bytes.len() as u64 > room {
        return Err(ContextError::NoRoom { path: path() });
    }
    match String::from_utf8(bytes) {
        Ok(text) if !text.contains('\0') => Ok(text),
        _ => Err(ContextError::Binary { path: path() }),
    }
}

fn sent(path: String, mode: Mode, text: &str) -> Sent {
    let digest = digest(text);
    let outline = (mode == Mode::Outline).then(|| outline::outline(&path, text));
    let body = outline.as_deref().unwrap_or(text).trim_end();
    // Longer than any in the file, so that the file cannot end its own block.
    let fence = "`".repeat(longest_run(body).max(2) + 1);
    // A name may have line ends in it, and is no place for words to the assistant.
    let name = path.escape_debug();
    let label = mode.label();
    let text = format!("File {name} ({label}):\n\n{fence}\n{body}\n{fence}");
    Sent {
        path,
        mode,
        digest,
        text,
    }
}

/// The length of the longest run of backticks.
fn longest_run(text: &str) -> usize {
    let runs = text.split(|c| c != '`');
    runs.map(str::len).max().unwrap_or(0)
}

/// FNV-1a. It is kept on disk, so it is none that another compiler computes in another way.
fn digest(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests;

//! Copies of the state as it was when earlier sessions ended.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use crate::disk;

/// How many are kept.
const KEPT: usize = 5;

/// The folder `backups`, with `state-<time>-<number>.ron` for `state.ron`. The number tells which is newer, for a
/// clock can be set back. Those of older apps have none.
#[derive(Clone, Debug)]
pub(crate) struct Backups {
    folder: PathBuf,
    prefix: String,
    suffix: String,
}

impl Backups {
    pub(crate) fn new(folder: &Path, name: &str) -> Self {
        let (stem, suffix) = name.split_at(name.rfind('.').unwrap_or(name.len()));
        Self {
            folder: folder.join("backups"),
            prefix: format!("{stem}-"),
            suffix: suffix.to_owned(),
        }
    }

    /// None if the folder cannot be listed.
    pub(crate) fn newest_first(&self) -> Vec<PathBuf> {
        let names = self.names().into_iter();
        names.map(|name| self.folder.join(name)).collect()
    }

    /// Those of the files, the newest first.
    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.folder).into_iter().flatten().flatten();
        let mut names: Vec<_> = entries
            .filter_map(|entry| entry.file_name().into_string().ok())
            .filter(|name| name.starts_with(&self.prefix) && name.ends_with(&self.suffix))
            .collect();
        names.sort_unstable_by(|a, b| (self.number(b), b).cmp(&(self.number(a), a)));
        names
    }

    /// 0 if there is none in the name.
    fn number(&self, name: &str) -> u64 {
        let stem = name.strip_suffix(self.suffix.as_str());
        let number = stem.and_then(|stem| stem.rsplit_once('-'));
        number.map_or(0, |(_, number)| number.parse().unwrap_or(0))
    }

    /// Copies `file`, if it is there, and removes the oldest.
    pub(crate) fn keep(&self, file: &Path) -> io::Result<()> {
        let bytes = match fs::read(file) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            read => read?,
        };
        disk::make_folder(&self.folder)?;
        let newest = self.names().first().map_or(0, |name| self.number(name));
        let number = newest.saturating_add(1);
        let name = |stamp| format!("{}{stamp}-{number}{}", self.prefix, self.suffix);
        let path = disk::unused(|stamp| self.folder.join(name(stamp)));
        if let Some(name) = path.file_name().and_then(|name| name.to_str()) {
            disk::sweep(&self.folder, &self.prefix);
            disk::write(&self.folder, name, &bytes)?;
        }
        for old in self.newest_first().iter().skip(KEPT) {
            // One too many does no harm.
            let _ = fs::remove_file(old);
        }
        Ok(())
    }
}

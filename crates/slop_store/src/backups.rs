//! Copies of the state as it was when earlier sessions ended.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use crate::disk;

/// How many are kept.
const KEPT: usize = 5;

/// The folder `backups`, with `state-<time>.ron` for `state.ron`.
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
        let entries = fs::read_dir(&self.folder).into_iter().flatten().flatten();
        let mut names: Vec<_> = entries
            .filter_map(|entry| entry.file_name().into_string().ok())
            .filter(|name| name.starts_with(&self.prefix) && name.ends_with(&self.suffix))
            .collect();
        names.sort_unstable_by(|a, b| b.cmp(a));
        names.iter().map(|name| self.folder.join(name)).collect()
    }

    /// Copies `file`, if it is there, and removes the oldest.
    pub(crate) fn keep(&self, file: &Path) -> io::Result<()> {
        let bytes = match fs::read(file) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            read => read?,
        };
        disk::make_folder(&self.folder)?;
        let name = |stamp| format!("{}{stamp}{}", self.prefix, self.suffix);
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

//! What the crates that may change are made of, by content.
//!
//! Cargo takes a file for fresh by its time. One that comes back with an older time, as from `rsync -t`,
//! a backup or another machine, is an edit all the same, and cargo is told so.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    hash::{DefaultHasher, Hash, Hasher},
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use crate::Workspace;

/// The source files of some crates, with what was in them at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sources {
    /// Where cargo keeps what it built: the folder of the profile.
    folder: PathBuf,
    /// By crate: the digest of each file, `None` for one that is missing.
    crates: BTreeMap<String, BTreeMap<PathBuf, Option<u64>>>,
}

impl Sources {
    /// Reads the files that the compiler said it had read, in the dep-info files that it left in the
    /// folder of a profile. A crate without such a file has none.
    #[must_use]
    pub fn read(workspace: &Workspace, folder: &Path) -> Self {
        let deps = fs::read_dir(folder.join("deps")).into_iter().flatten();
        let infos: Vec<PathBuf> = deps
            .flatten()
            .map(|entry| entry.path())
            .filter(|path| path.extension().is_some_and(|extension| extension == "d"))
            .collect();
        let of = |name: &String| {
            let is_of = |path: &&PathBuf| {
                let stem = path.file_stem().unwrap_or_default().to_string_lossy();
                let rest = stem.strip_prefix(&**name);
                rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
            };
            let of_crate = infos.iter().filter(is_of);
            let texts = of_crate.filter_map(|path| fs::read_to_string(path).ok());
            let files = texts.flat_map(|text| files(&text, &workspace.root));
            let digests = files.map(|file| {
                let digest = digest(&file);
                (file, digest)
            });
            (name.clone(), digests.collect())
        };
        Self {
            folder: folder.to_owned(),
            crates: workspace.crates.iter().map(of).collect(),
        }
    }

    /// Makes cargo look again at the crates whose files are not what they were, whatever their times
    /// say. Returns the names of these crates.
    pub fn make_stale(&self) -> Vec<String> {
        let is_changed = |files: &BTreeMap<PathBuf, Option<u64>>| {
            let mut files = files.iter();
            files.any(|(file, was)| digest(file) != *was)
        };
        let changed = self.crates.iter().filter(|(_, files)| is_changed(files));
        let changed: Vec<String> = changed.map(|(name, _)| name.clone()).collect();
        let fingerprints = fs::read_dir(self.folder.join(".fingerprint"));
        for unit in fingerprints.into_iter().flatten().flatten() {
            for file in fs::read_dir(unit.path()).into_iter().flatten().flatten() {
                let name = file.file_name();
                let name = name.to_string_lossy();
                let is_of = |of: &String| {
                    name.strip_suffix(&**of)
                        .is_some_and(|rest| rest.starts_with("dep-") && rest.ends_with("lib-"))
                };
                if changed.iter().any(is_of) {
                    age(&file.path());
                }
            }
        }
        changed
    }
}

/// Cargo compares the times of sources with that of this file of its own. If it cannot be set, cargo goes
/// by the times there are.
fn age(file: &Path) {
    let long_ago = SystemTime::UNIX_EPOCH + Duration::from_secs(1);
    let opened = File::options().append(true).open(file);
    let _ = opened.and_then(|file| file.set_modified(long_ago));
}

/// The files in a dep-info, which is a makefile: each has a rule of its own without prerequisites. A space
/// in a name is written `\ `.
fn files(dep_info: &str, root: &Path) -> Vec<PathBuf> {
    let rules = dep_info.lines().filter(|line| !line.starts_with('#'));
    let files = rules.filter_map(|line| line.strip_suffix(':'));
    files
        .map(|file| root.join(file.replace("\\ ", " ")))
        .collect()
}

fn digest(file: &Path) -> Option<u64> {
    let text = fs::read(file).ok()?;
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    Some(hasher.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A crate as the compiler and cargo leave it.
    fn built(folder: &Path) -> (Workspace, Sources) {
        let target = folder.join("target/debug");
        let unit = target.join(".fingerprint/game-0123");
        for made in [target.join("deps"), unit.clone(), folder.join("a b")] {
            fs::create_dir_all(made).unwrap();
        }
        fs::write(folder.join("a b/lib.rs"), "one").unwrap();
        let info = "/t/libgame.so: a\\ b/lib.rs\n\na\\ b/lib.rs:\n\n# env-dep:X=a:\n";
        fs::write(target.join("deps/game.d"), info).unwrap();
        fs::write(unit.join("dep-lib-game"), "").unwrap();
        let workspace = Workspace {
            package: "game".to_owned(),
            root: folder.to_owned(),
            target_folder: folder.join("target"),
            hot: Vec::new(),
            crates: vec!["game".to_owned()],
            manifests: crate::workspace::Manifests::default(),
        };
        let sources = Sources::read(&workspace, &target);
        (workspace, sources)
    }

    #[test]
    fn a_file_with_other_text_and_an_older_time_is_an_edit() {
        let folder = tempfile::tempdir().unwrap();
        let (_, sources) = built(folder.path());
        assert_eq!(sources.make_stale(), [""; 0]);
        let fingerprint = folder
            .path()
            .join("target/debug/.fingerprint/game-0123/dep-lib-game");
        let time = || fs::metadata(&fingerprint).unwrap().modified().unwrap();
        let before = time();

        let file = folder.path().join("a b/lib.rs");
        fs::write(&file, "two").unwrap();
        age(&file);
        assert_eq!(sources.make_stale(), ["game"]);
        assert!(time() < before);
        fs::remove_file(&file).unwrap();
        assert_eq!(sources.make_stale(), ["game"]);
    }

    #[test]
    fn a_file_with_the_same_text_is_none_whatever_its_time() {
        let folder = tempfile::tempdir().unwrap();
        let (_, sources) = built(folder.path());
        fs::write(folder.path().join("a b/lib.rs"), "one").unwrap();
        assert_eq!(sources.make_stale(), [""; 0]);
    }
}

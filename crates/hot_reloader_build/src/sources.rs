//! What the crates of this machine are made of that a library needs, by content.
//!
//! Cargo takes a file for fresh by its time. One that comes back with an older time, as from `rsync -t`,
//! a backup or another machine, is an edit all the same, and cargo is told so.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    time::SystemTime,
};

use crate::{dep_info::DepInfo, recording::dep_infos, Contents, Workspace};

/// The source files of these crates, as they were when cargo compiled them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sources {
    /// Where cargo keeps what it built: the folders of the profile.
    folders: Vec<PathBuf>,
    /// By crate.
    crates: BTreeMap<String, Contents>,
}

impl Sources {
    /// Reads the files that the compiler said it had read, in the dep-info files that it left in the
    /// folders of a profile. A crate without such a file has none. For the other arguments see
    /// [`Contents::compiled`].
    #[must_use]
    pub fn compiled(
        workspace: &Workspace,
        folders: &[PathBuf],
        before: &Contents,
        start: SystemTime,
    ) -> Self {
        let of = |name: String| {
            let infos = folders
                .iter()
                .flat_map(|folder| dep_infos(&folder.join("deps"), &name));
            let infos = infos.filter_map(|info| DepInfo::read(&info, &workspace.root).ok());
            let files: Vec<PathBuf> = infos.flat_map(|info| info.files).collect();
            (name, Contents::compiled(files, before, start))
        };
        let names = workspace.hot_crates().into_iter();
        let names = names.chain(workspace.stable.iter().cloned());
        Self {
            folders: folders.to_vec(),
            crates: names.map(of).collect(),
        }
    }

    /// Those of an earlier start, of which `crates` are known.
    pub(crate) fn of_before(folder: &Path, crates: BTreeMap<String, Contents>) -> Self {
        Self {
            folders: vec![folder.to_owned()],
            crates,
        }
    }

    /// Of these crates it is what it was.
    pub(crate) fn keep(&mut self, crates: &[String], before: Self) {
        let kept = before.crates.into_iter();
        self.crates
            .extend(kept.filter(|(name, _)| crates.contains(name)));
    }

    /// All the files as they are now.
    #[must_use]
    pub fn again(&self) -> Contents {
        let files = self.crates.values().flat_map(Contents::paths);
        Contents::read(files.map(Path::to_owned))
    }

    /// The files of a crate.
    #[must_use]
    pub fn of(&self, name: &str) -> Option<&Contents> {
        self.crates.get(name)
    }

    /// Makes cargo look again at the crates whose files are not what they were, whatever their times
    /// say. Returns the names of these crates.
    pub fn make_stale(&self) -> Vec<String> {
        let changed = self
            .crates
            .iter()
            .filter(|(_, files)| files.first_change().is_some());
        let changed: Vec<String> = changed.map(|(name, _)| name.clone()).collect();
        self.forget(&changed);
        changed
    }

    /// Makes cargo build these crates again: it forgets what they were made of. If that cannot be done, it goes by
    /// the times there are.
    pub(crate) fn forget(&self, crates: &[String]) {
        let fingerprints = self.folders.iter();
        let fingerprints =
            fingerprints.filter_map(|folder| fs::read_dir(folder.join(".fingerprint")).ok());
        for unit in fingerprints.flatten().flatten() {
            for file in fs::read_dir(unit.path()).into_iter().flatten().flatten() {
                let file_name = file.file_name();
                let file_name = file_name.to_string_lossy();
                let is_of = |name: &String| {
                    file_name
                        .strip_suffix(&**name)
                        .is_some_and(|rest| rest.starts_with("dep-") && rest.ends_with("lib-"))
                };
                if crates.iter().any(is_of) {
                    // No time would do that is older than those of all sources: some come with none.
                    let _ = fs::remove_file(file.path());
                }
            }
        }
    }
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
        let workspace = Workspace::of_one("game", "game", folder);
        let start = SystemTime::now() + std::time::Duration::from_secs(60);
        let sources = Sources::compiled(&workspace, &[target], &Contents::default(), start);
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
        assert!(fingerprint.exists());

        let file = folder.path().join("a b/lib.rs");
        fs::write(&file, "two").unwrap();
        let opened = fs::File::options().append(true).open(&file).unwrap();
        opened.set_modified(SystemTime::UNIX_EPOCH).unwrap();
        assert_eq!(sources.make_stale(), ["game"]);
        assert!(!fingerprint.exists());
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

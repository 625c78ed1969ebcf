//! What the crates of this machine are made of that a library needs, by content.
//!
//! Cargo takes a file for fresh by its time. One that comes back with an older time, as from `rsync -t`,
//! a backup or another machine, is an edit all the same, and cargo is told so. It is told too to forget what
//! somebody else had it build meanwhile, of whatever text that was.

use std::{
    collections::BTreeMap,
    env::consts::{DLL_EXTENSION, DLL_PREFIX},
    fs,
    path::{Path, PathBuf},
    time::SystemTime,
};

use crate::{
    dep_info::{dep_infos, DepInfo},
    recording::{files_of_script, is_of_script},
    workspace::Scripted,
    Contents, Stamp, Workspace,
};

/// The source files of these crates, as they were when cargo compiled them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sources {
    /// Where cargo keeps what it built: the folders of the profile.
    folders: Vec<PathBuf>,
    /// By crate.
    crates: BTreeMap<String, Contents>,
    /// What build scripts are made of, and read as far as they name it; perhaps among other files.
    scripts: Contents,
    fingerprints: Fingerprints,
    /// By crate, what lies under its name alone.
    outputs: BTreeMap<String, Vec<Option<Stamp>>>,
}

/// The libraries of a crate that are called by its name alone, as they are now. Cargo calls those so that are libraries
/// of the system too, in whatever form: each form is written over the one before, and taken for the one that was made
/// first.
fn outputs(folders: &[PathBuf], name: &str) -> Vec<Option<Stamp>> {
    let file = |folder: &PathBuf, extension: &str| {
        let file = format!("{DLL_PREFIX}{name}.{extension}");
        Stamp::of(&folder.join("deps").join(file))
    };
    let files = folders
        .iter()
        .flat_map(|folder| [DLL_EXTENSION, "rlib"].map(|extension| file(folder, extension)));
    files.collect()
}

/// The files in which cargo keeps what it made libraries of, with the times at which it began.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Fingerprints(BTreeMap<PathBuf, SystemTime>);

impl Fingerprints {
    /// Those of these crates, as they are now in the folders of a profile. None of what is built for tests,
    /// which is never used here.
    fn read(folders: &[PathBuf], crates: &[String]) -> Self {
        let read = |file: PathBuf| {
            crate_of(&file)?;
            let time = modified(&file)?;
            Some((file, time))
        };
        let files = fingerprints(folders, crates).into_iter();
        Self(files.filter_map(read).collect())
    }

    /// Those that are others now.
    fn changed(&self) -> impl Iterator<Item = &Path> {
        let all = self.0.iter();
        let changed = all.filter(|(file, time)| modified(file).is_some_and(|now| now != **time));
        changed.map(|(file, _)| &**file)
    }
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
            (name, Contents::compiled(files, before, start, folders))
        };
        let names = workspace.hot_crates().into_iter();
        let names = names.chain(workspace.stable.iter().cloned());
        let names: Vec<String> = names.collect();
        let scripted = workspace.scripted.iter();
        let deps = deps(folders);
        let of_scripts =
            scripted.flat_map(|scripted| files_of_script(scripted, &deps, &workspace.root));
        Self {
            folders: folders.to_vec(),
            scripts: Contents::compiled(of_scripts, before, start, folders),
            fingerprints: Fingerprints::read(folders, &names),
            outputs: all_outputs(folders, &names),
            crates: names.into_iter().map(of).collect(),
        }
    }

    /// Those of an earlier start, of which `crates` are known, and `scripts` among other files. Whoever has built since,
    /// such as another app of the same crates, is not known.
    pub(crate) fn of_before(
        folder: &Path,
        crates: BTreeMap<String, Contents>,
        scripts: Contents,
    ) -> Self {
        Self {
            folders: vec![folder.to_owned()],
            crates,
            scripts,
            fingerprints: Fingerprints::default(),
            outputs: BTreeMap::new(),
        }
    }

    /// Cargo was run once more, and what it built before it failed is nobody else's.
    pub(crate) fn look_again(&mut self) {
        let names: Vec<String> = self.crates.keys().cloned().collect();
        self.fingerprints = Fingerprints::read(&self.folders, &names);
        self.outputs = all_outputs(&self.folders, &names);
    }

    /// Of these crates it is what it was.
    pub(crate) fn keep(&mut self, crates: &[String], before: Self) {
        let kept = before.crates.into_iter();
        self.crates
            .extend(kept.filter(|(name, _)| crates.contains(name)));
        let kept = before.outputs.into_iter();
        self.outputs
            .extend(kept.filter(|(name, _)| crates.contains(name)));
    }

    /// All the files as they are now.
    #[must_use]
    pub fn again(&self) -> Contents {
        let files = self.crates.values().chain([&self.scripts]);
        let files = files.flat_map(Contents::paths);
        Contents::read(files.map(Path::to_owned))
    }

    /// The files of a crate.
    #[must_use]
    pub fn of(&self, name: &str) -> Option<&Contents> {
        self.crates.get(name)
    }

    /// Makes cargo look again at the crates whose files are not what they were, whatever their times
    /// say, at build scripts of which that is so, and at what somebody else had it build again since: of which text
    /// that is, nobody knows. Returns the names of the crates whose files are others.
    pub fn make_stale(&self, workspace: &Workspace) -> Vec<String> {
        let changed = self
            .crates
            .iter()
            .filter(|(_, files)| files.first_change().is_some());
        let changed: Vec<String> = changed.map(|(name, _)| name.clone()).collect();
        self.forget(&changed);
        self.forget_scripts(workspace);
        self.forget_others();
        changed
    }

    /// Makes cargo build those build scripts again, and so run them, that are made of something else or read it. Of an
    /// earlier start only those of crates that may change count: the others were built with the app.
    fn forget_scripts(&self, workspace: &Workspace) {
        let knows = |name: &String| self.crates.contains_key(name);
        let knows_stable = workspace.stable.iter().all(knows);
        let deps = deps(&self.folders);
        for scripted in &workspace.scripted {
            let is_hot = workspace.hot.iter().any(|h| h.folder == scripted.folder);
            // A new one in a folder that it names cargo sees by the time of that.
            let files = files_of_script(scripted, &deps, &workspace.root).into_iter();
            let now = Contents::read(files.filter(|file| self.scripts.has(file)));
            if (is_hot || knows_stable) && !self.scripts.has_all(&now) {
                let forgotten = script_fingerprints(&self.folders, scripted);
                forgotten.iter().for_each(|file| remove(file));
            }
        }
    }

    /// Makes cargo build these crates again: it forgets what they were made of.
    pub(crate) fn forget(&self, crates: &[String]) {
        for file in fingerprints(&self.folders, crates) {
            remove(&file);
        }
    }

    /// The same of each form of these crates that is another one than cargo had left, or was written over.
    fn forget_others(&self) {
        let all = self.outputs.iter();
        let written_over = all.filter(|(name, left)| outputs(&self.folders, name) != **left);
        let written_over: Vec<String> = written_over.map(|(name, _)| name.clone()).collect();
        self.forget(&written_over);
        let is_of_these =
            |file: &&Path| crate_of(file).is_some_and(|name| self.crates.contains_key(name));
        self.fingerprints
            .changed()
            .filter(is_of_these)
            .for_each(remove);
    }
}

/// Where cargo puts libraries, in these folders of a profile.
fn deps(folders: &[PathBuf]) -> Vec<PathBuf> {
    folders.iter().map(|folder| folder.join("deps")).collect()
}

fn all_outputs(folders: &[PathBuf], crates: &[String]) -> BTreeMap<String, Vec<Option<Stamp>>> {
    let all = crates.iter();
    all.map(|name| (name.clone(), outputs(folders, name)))
        .collect()
}

/// If that cannot be done, cargo goes by the times there are.
fn remove(fingerprint: &Path) {
    // No time would do that is older than those of all sources: some come with none.
    let _ = fs::remove_file(fingerprint);
}

/// All files in the folders of a profile in which cargo keeps what it made something of.
fn all_fingerprints(folders: &[PathBuf]) -> impl Iterator<Item = PathBuf> + '_ {
    let units = folders.iter();
    let units = units.filter_map(|folder| fs::read_dir(folder.join(".fingerprint")).ok());
    let files = units.flatten().flatten();
    let files = files.filter_map(|unit| fs::read_dir(unit.path()).ok());
    files.flatten().flatten().map(|file| file.path())
}

/// Those of these crates.
fn fingerprints(folders: &[PathBuf], crates: &[String]) -> Vec<PathBuf> {
    let is_one = |file: &PathBuf| {
        let file_name = file.file_name().unwrap_or_default().to_string_lossy();
        let mut crates = crates.iter();
        crates.any(|name| {
            file_name
                .strip_suffix(&**name)
                .is_some_and(|rest| rest.starts_with("dep-") && rest.ends_with("lib-"))
        })
    };
    all_fingerprints(folders).filter(is_one).collect()
}

/// Those of the build script of a package.
fn script_fingerprints(folders: &[PathBuf], scripted: &Scripted) -> Vec<PathBuf> {
    let is_one = |file: &PathBuf| {
        let file_name = file.file_name().unwrap_or_default().to_string_lossy();
        let unit = file.parent();
        file_name.starts_with("dep-build-script-")
            && unit.is_some_and(|unit| is_of_script(unit, scripted))
    };
    all_fingerprints(folders).filter(is_one).collect()
}

/// The crate of such a file, unless it is of what is built for tests.
fn crate_of(fingerprint: &Path) -> Option<&str> {
    let file_name = fingerprint.file_name()?.to_str()?;
    file_name.strip_prefix("dep-lib-")
}

fn modified(file: &Path) -> Option<SystemTime> {
    fs::metadata(file).and_then(|data| data.modified()).ok()
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
        let (workspace, sources) = built(folder.path());
        assert_eq!(sources.make_stale(&workspace), [""; 0]);
        let fingerprint = folder
            .path()
            .join("target/debug/.fingerprint/game-0123/dep-lib-game");
        assert!(fingerprint.exists());

        let file = folder.path().join("a b/lib.rs");
        fs::write(&file, "two").unwrap();
        let opened = fs::File::options().append(true).open(&file).unwrap();
        opened.set_modified(SystemTime::UNIX_EPOCH).unwrap();
        assert_eq!(sources.make_stale(&workspace), ["game"]);
        assert!(!fingerprint.exists());
        fs::remove_file(&file).unwrap();
        assert_eq!(sources.make_stale(&workspace), ["game"]);
    }

    /// As by cargo in a terminal.
    #[test]
    fn what_somebody_else_built_again_is_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        let (workspace, mut sources) = built(folder.path());
        let target = folder.path().join("target/debug");
        let fingerprint = target.join(".fingerprint/game-0123/dep-lib-game");
        assert_eq!(sources.make_stale(&workspace), [""; 0]);
        assert!(fingerprint.exists());
        let build = || {
            fs::write(&fingerprint, "").unwrap();
            let opened = fs::File::options().append(true).open(&fingerprint);
            opened
                .unwrap()
                .set_modified(SystemTime::UNIX_EPOCH)
                .unwrap();
        };
        build();
        assert_eq!(sources.make_stale(&workspace), [""; 0]);
        assert!(!fingerprint.exists());
        // What is left now is as good as any.
        build();
        sources.look_again();
        assert_eq!(sources.make_stale(&workspace), [""; 0]);
        assert!(fingerprint.exists());
    }

    /// Of a crate that is a library of the system, cargo writes each form under the same name.
    #[test]
    fn what_another_form_was_written_over_is_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        let (workspace, mut sources) = built(folder.path());
        let target = folder.path().join("target/debug");
        let fingerprint = target.join(".fingerprint/game-0123/dep-lib-game");
        let library = target.join(format!("deps/{DLL_PREFIX}game.{DLL_EXTENSION}"));
        fs::write(&library, "one").unwrap();
        sources.look_again();
        assert_eq!(sources.make_stale(&workspace), [""; 0]);
        assert!(fingerprint.exists());
        fs::write(&library, "other").unwrap();
        assert_eq!(sources.make_stale(&workspace), [""; 0]);
        assert!(!fingerprint.exists());
    }

    #[test]
    fn a_file_with_the_same_text_is_none_whatever_its_time() {
        let folder = tempfile::tempdir().unwrap();
        let (workspace, sources) = built(folder.path());
        fs::write(folder.path().join("a b/lib.rs"), "one").unwrap();
        assert_eq!(sources.make_stale(&workspace), [""; 0]);
    }
}

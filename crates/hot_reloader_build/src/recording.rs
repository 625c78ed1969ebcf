//! The commands by which cargo built the crates that may change, and all that they depend on.

use std::{
    collections::BTreeSet,
    env,
    ffi::OsString,
    fs,
    hash::{DefaultHasher, Hash, Hasher},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use crate::{
    configuration::{configurations, home, includes_others},
    dep_info::{all_dep_infos, DepInfo},
    environment,
    stamp::Stamp,
    stand_in::StandIns,
    unit::UnitCommand,
    workspace::{HotCrate, Scripted},
    BuildConfig, Contents, Decline, Sources, Workspace,
};

mod heard;

pub(crate) use heard::Heard;

/// A revision that nothing has, so what was compiled with it is compiled again.
pub(crate) const NEVER: u32 = u32::MAX;

/// The file in which a recording is kept.
const KEPT: &str = "recording.json";

/// What a build by cargo did, so that it can be done again without cargo.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Recording {
    config: BuildConfig,
    /// The digest of each variable that decides what cargo does: they may be secrets, and this is kept in a file.
    environment: Vec<(OsString, u64)>,
    /// What may not change: manifests, configuration, sources of what is not reloaded.
    inputs: Contents,
    /// The folders in which build scripts may read any file, also a new one.
    scripted: Vec<PathBuf>,
    /// Cargo, the compiler, and the libraries that are not reloaded.
    libraries: Vec<Made>,
    /// Each after those that it needs, the plugin libraries among them.
    pub(crate) units: Vec<Unit>,
    /// Whether it was made since the app started. So what others have cargo build besides is noticed.
    #[serde(skip)]
    is_of_this_start: bool,
}

/// What stands for the layout of a crate besides cargo's own `-C metadata`. `None` if that is enough, as it
/// is for what the process began with.
pub(crate) type Identity = Option<u64>;

/// A crate that may change.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Unit {
    pub(crate) name: String,
    /// `None` as long as cargo found it fresh.
    pub(crate) command: Option<UnitCommand>,
    /// Where the command runs.
    pub(crate) folder: PathBuf,
    /// What it read when it was compiled last.
    pub(crate) reads: DepInfo,
    /// The same, with what was in it.
    pub(crate) sources: Contents,
    /// The units that it needs.
    pub(crate) needs: Vec<usize>,
    pub(crate) made: Made,
    /// Counts how often it was compiled since cargo has.
    pub(crate) revision: u32,
    /// The revisions of what it needs, as it was compiled with them.
    pub(crate) with: Vec<u32>,
    /// What told it apart when it was made.
    pub(crate) identity: Identity,
    /// What a plugin library is linked against instead, in this process.
    #[serde(skip)]
    pub(crate) stand_ins: Option<StandIns>,
}

impl Unit {
    /// One of which nothing is known yet.
    fn unseen(name: String, folder: &Path, needs: Vec<usize>) -> Self {
        Self {
            name,
            command: None,
            folder: folder.to_owned(),
            reads: DepInfo::default(),
            sources: Contents::default(),
            with: vec![NEVER; needs.len()],
            needs,
            made: Made::nothing(),
            revision: 0,
            identity: None,
            stand_ins: None,
        }
    }

    /// What cargo tells it apart by; `None` as long as its command is not known.
    pub(crate) fn metadata(&self) -> Option<&str> {
        self.command.as_ref()?.codegen("metadata")
    }

    /// What is another if the metadata is, and is known of what cargo found fresh too: the name of what cargo
    /// makes of it. A plugin library's name says nothing, so of these it is the metadata itself.
    pub(crate) fn form(&self) -> Option<String> {
        let Some(command) = &self.command else {
            return form_of(&self.made.path);
        };
        let extra = command.codegen("extra-filename");
        let extra = extra.map(|extra| extra.trim_start_matches('-'));
        let form = extra.filter(|extra| !extra.is_empty());
        form.or_else(|| self.metadata()).map(str::to_owned)
    }
}

/// A file that a build made, as it was left.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Made {
    pub(crate) path: PathBuf,
    stamp: Option<Stamp>,
    /// Whether a replay made it.
    pub(crate) is_ours: bool,
}

impl Recording {
    /// Puts together what was heard of one build, and, for what cargo found fresh or was not asked for, what
    /// `older` knows of the same.
    pub(crate) fn new(heard: Heard<'_>, older: Option<&Self>) -> Result<Self, Decline> {
        let units = heard.units(older)?;
        let Heard {
            config,
            workspace,
            deps,
            ..
        } = heard;
        let configurations = configurations(config);
        let includes = configurations.iter().find(|path| includes_others(path));
        if let Some(path) = includes {
            return Err(Decline::Includes { path: path.clone() });
        }
        let inputs = deciding(config, workspace, deps).into_iter();
        let inputs = inputs.chain(stable_sources(workspace, deps));
        Ok(Self {
            config: config.clone(),
            environment: digests(config),
            // Of the manifests, those that cargo was asked about.
            inputs: Contents::compiled(inputs, &workspace.manifests, heard.start, heard.profiles),
            scripted: workspace
                .scripted
                .iter()
                .flat_map(|scripted| read_by_script(scripted, deps, &workspace.root))
                .filter(|path| path.is_dir())
                .collect(),
            libraries: not_reloaded(&units, config),
            units,
            is_of_this_start: true,
        })
    }

    /// Whether cargo would give a crate of the same name the same command: it may have been edited since, and so may
    /// what it needs.
    fn is_decided_alike(
        &self,
        config: &BuildConfig,
        workspace: &Workspace,
        deps: &[PathBuf],
    ) -> bool {
        let deciding = deciding(config, workspace, deps);
        self.check_settings(config).is_ok() && self.inputs.has_all(&Contents::read(deciding))
    }

    fn check_settings(&self, config: &BuildConfig) -> Result<(), Decline> {
        let time_limit = self.config.time_limit;
        // Whoever set a variable, its value is the same.
        let configured = self.config.configured.clone();
        let is_so = BuildConfig {
            time_limit,
            configured,
            ..config.clone()
        };
        if self.config != is_so {
            return Err(Decline::Settings);
        }
        let environment = digests(config);
        let [now, then] = [&environment, &self.environment];
        let mut all = now.iter().chain(then);
        if let Some((name, _)) = all.find(|one| !(now.contains(one) && then.contains(one))) {
            let name = name.to_string_lossy().into_owned();
            return Err(Decline::Variable { name });
        }
        Ok(())
    }

    /// Whether the commands would still be those that cargo would use.
    pub(crate) fn check(&self, config: &BuildConfig) -> Result<(), Decline> {
        self.check_settings(config)?;
        if let Some(path) = self.inputs.first_change() {
            return Err(Decline::Input {
                path: path.to_owned(),
            });
        }
        let mut files = Vec::new();
        for folder in &self.scripted {
            files_below(folder, &mut files);
        }
        if let Some(path) = files.into_iter().find(|file| !self.inputs.has(file)) {
            return Err(Decline::Input { path });
        }
        match self.libraries.iter().find(|library| !library.is_intact()) {
            Some(library) => Err(Decline::Library {
                path: library.path.clone(),
            }),
            None => Ok(()),
        }
    }

    /// Keeps it for the next start. Without it, that one begins anew.
    pub(crate) fn keep(&self, folder: &Path) {
        let keep = || -> std::io::Result<()> {
            fs::create_dir_all(folder)?;
            let mut file = tempfile::NamedTempFile::new_in(folder)?;
            serde_json::to_writer(&mut file, self)?;
            file.persist(folder.join(KEPT))?;
            Ok(())
        };
        let _ = keep();
    }

    /// What an earlier start kept, if it can be read.
    pub(crate) fn kept(folder: &Path) -> Option<Self> {
        let text = fs::read(folder.join(KEPT)).ok()?;
        let mut kept: Self = serde_json::from_slice(&text).ok()?;
        for unit in &mut kept.units {
            // Where that start has compiled it, another may compile now.
            (unit.made.stamp, unit.made.is_ours) = (None, false);
            unit.with.fill(NEVER);
            (unit.revision, unit.identity) = (0, None);
        }
        Some(kept)
    }

    /// What cargo's libraries were made of, as far as that is known.
    pub(crate) fn sources(&self) -> Option<Sources> {
        let units = self.units.iter();
        let known = units.map(|unit| (unit.name.clone(), unit.sources.clone()));
        let folder = self.deps()?.parent()?;
        Some(Sources::of_before(
            folder,
            known.collect(),
            self.inputs.clone(),
        ))
    }

    /// What the commands see of the environment, besides what they set.
    pub(crate) fn environment(&self) -> Vec<(OsString, OsString)> {
        self.config.environment()
    }

    /// Where the commands find the shared libraries.
    pub(crate) fn deps(&self) -> Option<&Path> {
        let mut commands = self.units.iter().filter_map(|unit| unit.command.as_ref());
        commands.find_map(UnitCommand::out_dir)
    }

    /// The place of a crate among the units.
    pub(crate) fn place_of(&self, name: &str) -> Option<usize> {
        self.units.iter().position(|unit| unit.name == name)
    }
}

impl Made {
    pub(crate) fn now(path: PathBuf, is_ours: bool) -> Self {
        Self {
            stamp: Stamp::of(&path),
            path,
            is_ours,
        }
    }

    /// What nobody has made yet.
    fn nothing() -> Self {
        Self {
            path: PathBuf::new(),
            stamp: None,
            is_ours: false,
        }
    }

    /// Whether it is there, and nobody has written it since.
    pub(crate) fn is_intact(&self) -> bool {
        self.stamp.is_some() && Stamp::of(&self.path) == self.stamp
    }
}

/// What the file name of a library says besides its crate.
pub(crate) fn form_of(library: &Path) -> Option<String> {
    let (_, form) = library.file_stem()?.to_str()?.rsplit_once('-')?;
    Some(form.to_owned())
}

fn is_of(command: &UnitCommand, hot: &HotCrate) -> bool {
    // Else the line was not read as it was meant.
    in_path(command.program.clone()).is_file()
        && command.crate_name() == hot.name
        && command.package_folder() == Some(&*hot.folder)
        && command
            .value("--crate-type")
            .is_some_and(|kind| kind != "bin")
}

/// The crate that a file is the library of, as cargo names it: `libgame-0123.rlib`.
fn crate_of(path: &Path) -> &str {
    let stem = path.file_stem().and_then(|stem| stem.to_str());
    let stem = stem.unwrap_or_default();
    let name = stem.strip_prefix("lib").unwrap_or(stem);
    name.rsplit_once('-').map_or(name, |(name, _)| name)
}

/// Each crate after those that it needs. Cargo allows no circle.
pub(crate) fn ordered(hot: &[HotCrate]) -> Vec<&HotCrate> {
    let mut ordered: Vec<&HotCrate> = Vec::new();
    while ordered.len() < hot.len() {
        let is_there = |id: &String| ordered.iter().any(|hot| hot.package == *id);
        let mut rest = hot.iter().filter(|hot| !is_there(&hot.package));
        let Some(next) = rest.find(|hot| hot.needs.iter().all(is_there)) else {
            break;
        };
        ordered.push(next);
    }
    ordered
}

/// The places of those that a crate needs.
pub(crate) fn needed(hot: &HotCrate, order: &[&HotCrate]) -> Vec<usize> {
    let all = order.iter().enumerate();
    let needed = all.filter(|(_, other)| hot.needs.contains(&other.package));
    needed.map(|(index, _)| index).collect()
}

/// Cargo, the compiler, and the libraries that commands are given besides those of units.
fn not_reloaded(units: &[Unit], config: &BuildConfig) -> Vec<Made> {
    let is_hot = |path: &Path| units.iter().any(|unit| unit.name == crate_of(path));
    let commands = units.iter().filter_map(|unit| unit.command.as_ref());
    let libraries = commands.flat_map(|command| {
        let externs = command.externs().map(|(_, path)| path.to_owned());
        let compiler = compiler(command);
        externs.filter(|path| !is_hot(path)).chain(compiler)
    });
    let libraries = libraries.chain([in_path(config.cargo.clone())]);
    let libraries: BTreeSet<PathBuf> = libraries.collect();
    let made = libraries.into_iter().map(|path| Made::now(path, false));
    made.collect()
}

/// The program of a command, and what it runs if it is a wrapper.
fn compiler(command: &UnitCommand) -> Vec<PathBuf> {
    let wrapped = command.arguments.first().filter(|a| !a.starts_with('-'));
    let programs = [Some(command.program.clone()), wrapped.map(PathBuf::from)];
    programs.into_iter().flatten().map(in_path).collect()
}

/// Where a program is.
fn in_path(program: PathBuf) -> PathBuf {
    if program.components().count() > 1 {
        return program;
    }
    let path = env::var_os("PATH").unwrap_or_default();
    let mut found = env::split_paths(&path).map(|folder| folder.join(&program));
    found.find(|path| path.is_file()).unwrap_or(program)
}

/// The digest of each variable that decides what cargo does.
fn digests(config: &BuildConfig) -> Vec<(OsString, u64)> {
    let variables = config.environment().into_iter();
    let variables = variables.filter(|(name, _)| environment::decides(&name.to_string_lossy()));
    let digests = variables.map(|(name, value)| {
        let mut hasher = DefaultHasher::new();
        value.hash(&mut hasher);
        (name, hasher.finish())
    });
    digests.collect()
}

/// All files that say by which commands cargo compiles.
fn deciding(config: &BuildConfig, workspace: &Workspace, deps: &[PathBuf]) -> Vec<PathBuf> {
    let mut inputs: Vec<PathBuf> = workspace.manifests.paths().map(Path::to_owned).collect();
    inputs.extend(configurations(config));
    for folder in config.folder.ancestors() {
        inputs.extend(["rust-toolchain.toml", "rust-toolchain"].map(|file| folder.join(file)));
    }
    inputs.extend(home("RUSTUP_HOME", ".rustup").map(|rustup| rustup.join("settings.toml")));
    for scripted in &workspace.scripted {
        inputs.extend(files_in(read_by_script(scripted, deps, &workspace.root)));
    }
    inputs
}

/// These files, and all in these folders.
fn files_in(paths: Vec<PathBuf>) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for path in paths {
        if path.is_dir() {
            files_below(&path, &mut files);
        } else {
            files.push(path);
        }
    }
    files
}

/// The sources of what may not change.
fn stable_sources(workspace: &Workspace, deps: &[PathBuf]) -> BTreeSet<PathBuf> {
    let infos = workspace.stable.iter();
    let infos = infos.flat_map(|name| all_dep_infos(deps, name));
    let infos = infos.filter_map(|info| DepInfo::read(&info, &workspace.root).ok());
    infos.flat_map(|info| info.files).collect()
}

/// What a build script may read, files and folders: its own sources and what it names. If it names nothing, or what
/// is not there, so that cargo runs it each time, it is all of its package too.
fn read_by_script(scripted: &Scripted, deps: &[PathBuf], root: &Path) -> Vec<PathBuf> {
    let profiles = deps.iter().filter_map(|deps| deps.parent());
    let builds = profiles.filter_map(|profile| fs::read_dir(profile.join("build")).ok());
    let builds = builds.flatten().flatten().map(|entry| entry.path());
    let mut sources = BTreeSet::new();
    let mut named = Vec::new();
    let (mut has_run, mut has_named) = (false, true);
    for build in builds.filter(|build| is_of_script(build, scripted)) {
        // It was compiled in one folder, and run in another.
        let files = fs::read_dir(&build).into_iter().flatten().flatten();
        let files = files.map(|entry| entry.path());
        let infos = files.filter(|file| file.extension().is_some_and(|e| e == "d"));
        let infos = infos.filter_map(|info| DepInfo::read(&info, root).ok());
        sources.extend(infos.flat_map(|info| info.files));
        let Ok(said) = fs::read(build.join("output")) else {
            continue;
        };
        let said = String::from_utf8_lossy(&said);
        let inputs = named_inputs(&said);
        has_run = true;
        has_named &= !inputs.is_empty();
        let files = inputs.iter().filter_map(|i| i.strip_prefix("changed="));
        named.extend(files.map(|path| scripted.folder.join(path)));
    }
    let is_told = has_run && has_named && !sources.is_empty();
    if !is_told || !named.iter().all(|path| path.exists()) {
        named.push(scripted.folder.clone());
    }
    named.extend(sources);
    named
}

/// The files that a build script is made of, and those that it names or that are in folders that it names. What else
/// of its package counts for one that names nothing, only cargo knows.
pub(crate) fn files_of_script(scripted: &Scripted, deps: &[PathBuf], root: &Path) -> Vec<PathBuf> {
    let mut read = read_by_script(scripted, deps, root);
    read.retain(|path| *path != scripted.folder);
    files_in(read)
}

/// Whether a folder of cargo's is for the build script of a package: `game-0123`.
pub(crate) fn is_of_script(build: &Path, scripted: &Scripted) -> bool {
    let name = build.file_name().unwrap_or_default().to_string_lossy();
    let digest = name
        .strip_prefix(&*scripted.package)
        .and_then(|rest| rest.strip_prefix('-'));
    digest.is_some_and(|digest| !digest.contains('-'))
}

/// What a build script told cargo to run it again for: `changed=` a file or folder, `env-changed=` a variable.
fn named_inputs(said: &str) -> Vec<&str> {
    let said = said.lines().filter_map(|line| {
        let line = line.strip_prefix("cargo:")?;
        line.trim_start_matches(':').strip_prefix("rerun-if-")
    });
    said.collect()
}

/// All files in a folder, but those of hidden folders, of other packages, and of cargo's.
pub(crate) fn files_below(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        // Cargo follows every link, but a circle of them would have no end: so one to a file only.
        let kind = entry.file_type();
        let is_file = |kind: &fs::FileType| kind.is_file() || kind.is_symlink() && path.is_file();
        if kind.as_ref().is_ok_and(is_file) {
            files.push(path);
        } else if kind.is_ok_and(|kind| kind.is_dir()) {
            let is_hidden = entry.file_name().to_string_lossy().starts_with('.');
            let is_other = ["CACHEDIR.TAG", "Cargo.toml"].map(|file| path.join(file).exists());
            if !is_hidden && is_other == [false, false] {
                files_below(&path, files);
            }
        }
    }
}

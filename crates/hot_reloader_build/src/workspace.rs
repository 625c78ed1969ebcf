//! Which crates a reload may change.

use std::{
    collections::BTreeSet,
    path::{Component, Path, PathBuf},
    process::Command,
    time::SystemTime,
};

use cargo_metadata::{CargoOpt, Metadata, MetadataCommand};
use thiserror::Error;

use crate::{
    command::TARGET,
    configuration::configurations,
    packages::{Packages, Parts},
    BuildConfig, Contents, PluginLibrary,
};

/// What cargo knows of the workspace that plugin libraries belong to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Workspace {
    /// The plugin libraries, in the order in which the host names them.
    pub libraries: Vec<PluginLibrary>,
    /// Where the manifest of the workspace is.
    pub root: PathBuf,
    /// Where cargo puts what it builds.
    pub target_folder: PathBuf,
    /// Where cargo keeps what it takes for that: the same folder, unless a configuration names another.
    pub build_folder: PathBuf,
    /// The packages compiled only into plugin libraries: their code may change. Those from elsewhere are among
    /// them that need one from a folder of this machine, as with a `[patch]`: they are compiled with it.
    pub hot: Vec<HotCrate>,
    /// The names of the crates from folders of this machine whose sources only cargo may compile anew: all
    /// others that it takes to build those, and whatever procedural macros and build scripts consist of.
    pub stable: Vec<String>,
    /// Those of both kinds that have a build script.
    pub scripted: Vec<Scripted>,
    /// The folders of the procedural macros, and of what they need.
    pub macros: Vec<PathBuf>,
    /// What cargo read to answer, as it was: with other manifests, it may say something else.
    pub manifests: Contents,
}

/// A package whose code may change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HotCrate {
    /// Its id.
    pub package: String,
    /// The name of its crate, as types are named by it.
    pub name: String,
    /// Where its manifest is.
    pub folder: PathBuf,
    /// The file that the compiler is given.
    pub source: PathBuf,
    /// The ids of the other hot packages that it needs.
    pub needs: Vec<String>,
    /// The features that are on, as far as manifests and settings say.
    pub features: Vec<String>,
}

/// A package from a folder of this machine with a build script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scripted {
    /// Its name.
    pub package: String,
    /// Where its manifest is.
    pub folder: PathBuf,
}

/// Cargo could not describe the workspace.
#[derive(Debug, Error)]
pub enum WorkspaceError {
    /// `cargo metadata` failed.
    #[error("cannot read the workspace of {}", folder.display())]
    Metadata {
        /// Where it was run.
        folder: PathBuf,
        /// What cargo said.
        source: cargo_metadata::Error,
    },
    /// A library of the host is part of another.
    #[error(
        "the library `{inner}` is part of the library `{outer}`; put what both need into a third crate"
    )]
    Nested {
        /// What is part of the other.
        inner: String,
        /// The other.
        outer: String,
    },
    /// No package has a library of that name.
    #[error(
        "no package of the workspace {} has a library named `{library}`; give it the name of its crate, with `_` for `-`, or that by which the host depends on it",
        root.display()
    )]
    NoSuchLibrary {
        /// The name that the host gives it.
        library: String,
        /// The workspace.
        root: PathBuf,
    },
    /// Cargo turns features on in members of a workspace only.
    #[error(
        "the library `{library}` is not in the workspace of its host; {}",
        admission(root, folder)
    )]
    NotAMember {
        /// The library.
        library: String,
        /// The workspace.
        root: PathBuf,
        /// Where the manifest of the library is.
        folder: PathBuf,
    },
}

impl Workspace {
    /// Asks cargo about the workspace around the folder of `config`.
    #[must_use]
    pub fn question(config: &BuildConfig) -> Command {
        let mut question = MetadataCommand::new();
        question
            .cargo_path(&config.cargo)
            .current_dir(&config.folder)
            .manifest_path(&config.manifest)
            // With them come the shared libraries.
            .features(CargoOpt::SomeFeatures(config.features.clone()))
            // What other platforms need may never have been downloaded.
            .other_options(["--filter-platform", TARGET].map(Into::into));
        let mut command = question.cargo_command();
        command.env_clear().envs(config.environment());
        command
    }

    /// Finds the crates `libraries` in what cargo printed: its answer, or its errors.
    ///
    /// # Errors
    ///
    /// All variants of [`WorkspaceError`].
    pub fn understand(
        config: &BuildConfig,
        libraries: &[String],
        answer: Result<&str, &str>,
    ) -> Result<Self, WorkspaceError> {
        let metadata = answer
            .map_err(|stderr| cargo_metadata::Error::CargoMetadata {
                stderr: stderr.trim_end().to_owned(),
            })
            .and_then(MetadataCommand::parse)
            .map_err(|source| WorkspaceError::Metadata {
                folder: config.folder.clone(),
                source,
            })?;
        let packages = Packages::of(&metadata, &config.manifest);
        let plugins = packages.plugins(libraries)?;
        packages.check_apart(&plugins)?;
        let parts = Parts::of(&packages, &plugins);
        let folders = Folders::of(&metadata, config);
        let root: PathBuf = metadata.workspace_root.clone().into();
        let of_root = ["Cargo.toml", "Cargo.lock"].map(|file| root.join(file));
        let manifests = packages.manifests().chain(of_root);
        let manifests: BTreeSet<PathBuf> = manifests.chain(configurations(config)).collect();
        Ok(Self {
            libraries: packages.libraries(&plugins, config, folders.told.as_deref()),
            target_folder: folders.target,
            build_folder: folders.build,
            manifests: Contents::read(manifests),
            root,
            hot: parts.hot(),
            stable: parts.stable(),
            scripted: parts.scripted(),
            macros: parts.macros(),
        })
    }

    /// The same, given when cargo was asked: of a manifest that was touched since, nobody knows what cargo read. The lock
    /// file it may have written itself.
    pub(crate) fn asked_at(mut self, start: SystemTime) -> Self {
        let manifests = self.manifests.paths().map(Path::to_owned);
        let lock = self.root.join("Cargo.lock");
        self.manifests = Contents::compiled(manifests, &Contents::default(), start, &[lock]);
        self
    }

    /// The same without the crates that cargo did not make for the libraries `wanted`, given what it `made`, and
    /// for the others without those that are missing in `before`. What some package of the workspace needs with
    /// some feature, cargo names whether it builds that or not.
    #[must_use]
    pub(crate) fn with(
        &self,
        made: &[(String, PathBuf)],
        wanted: &[&String],
        before: Option<&Self>,
    ) -> Self {
        let built = self.needed_by(wanted);
        let is_plugin = |hot: &HotCrate| self.libraries.iter().any(|l| l.package == hot.package);
        let was_there = |hot: &HotCrate| {
            before.is_none_or(|before| before.hot.iter().any(|o| o.package == hot.package))
        };
        let is_there = |hot: &HotCrate| {
            is_plugin(hot)
                || made.iter().any(|(package, _)| *package == hot.package)
                || !built.contains(&hot.name) && was_there(hot)
        };
        let mut with = self.clone();
        with.hot.retain(is_there);
        let there: Vec<String> = with.hot.iter().map(|hot| hot.package.clone()).collect();
        for hot in &mut with.hot {
            hot.needs.retain(|need| there.contains(need));
        }
        with
    }

    /// Whether it was asked about for these libraries.
    #[must_use]
    pub fn is_of(&self, libraries: &[String]) -> bool {
        let own = self.libraries.iter().map(|library| &library.name);
        own.eq(libraries)
    }

    /// The crate of a plugin library, whatever the host calls it.
    pub(crate) fn plugin_crate(&self, library: &str) -> Option<&HotCrate> {
        let mut libraries = self.libraries.iter();
        let library = libraries.find(|plugin| plugin.name == library)?;
        let mut hot = self.hot.iter();
        hot.find(|hot| hot.package == library.package)
    }

    /// The names of the crates of these plugin libraries.
    pub(crate) fn plugin_crates(&self, libraries: &[&String]) -> Vec<String> {
        let crates = libraries
            .iter()
            .filter_map(|library| self.plugin_crate(library));
        crates.map(|hot| hot.name.clone()).collect()
    }

    /// The names of the crates that may change and are part of these plugin libraries.
    #[must_use]
    pub fn needed_by(&self, libraries: &[&String]) -> Vec<String> {
        let mut needed: Vec<&HotCrate> = Vec::new();
        let waiting = libraries.iter();
        let waiting = waiting.filter_map(|library| self.plugin_crate(library));
        let mut waiting: Vec<&HotCrate> = waiting.collect();
        while let Some(hot) = waiting.pop() {
            if !needed.contains(&hot) {
                needed.push(hot);
                let needs = self.hot.iter().filter(|o| hot.needs.contains(&o.package));
                waiting.extend(needs);
            }
        }
        needed.into_iter().map(|hot| hot.name.clone()).collect()
    }

    /// The folders in which cargo keeps what it took for a library that it made: that of the library's platform
    /// first, then that of macros and build scripts, which is another one if cargo was told a platform. If the
    /// library is elsewhere, nobody knows more than that.
    #[must_use]
    pub(crate) fn profiles(&self, library: &Path) -> Vec<PathBuf> {
        let folder = library.parent().unwrap_or(&self.root);
        let Ok(within) = folder.strip_prefix(&self.target_folder) else {
            return vec![folder.to_owned()];
        };
        let name = folder.file_name().unwrap_or_default();
        let mut profiles = vec![self.build_folder.join(within), self.build_folder.join(name)];
        profiles.dedup();
        profiles
    }

    /// The names of the crates whose code may change, as types are named by them.
    #[must_use]
    pub fn hot_crates(&self) -> Vec<String> {
        self.hot.iter().map(|hot| hot.name.clone()).collect()
    }
}

#[cfg(test)]
impl Workspace {
    /// A workspace in `root` with one package, a library.
    pub(crate) fn of_one(package: &str, name: &str, root: impl Into<PathBuf>) -> Self {
        let root = root.into();
        Self {
            libraries: vec![PluginLibrary {
                package: package.to_owned(),
                ..PluginLibrary::named(name)
            }],
            target_folder: root.join("target"),
            build_folder: root.join("target"),
            hot: vec![HotCrate {
                package: package.to_owned(),
                name: name.to_owned(),
                folder: root.join(name),
                source: root.join(name).join("src/lib.rs"),
                needs: Vec::new(),
                features: Vec::new(),
            }],
            root,
            stable: Vec::new(),
            scripted: Vec::new(),
            macros: Vec::new(),
            manifests: Contents::default(),
        }
    }
}

/// Where cargo puts what it builds, and what it takes for that.
struct Folders {
    target: PathBuf,
    build: PathBuf,
    /// Where cargo is told to put it, since the host stands there.
    told: Option<PathBuf>,
}

impl Folders {
    fn of(metadata: &Metadata, config: &BuildConfig) -> Self {
        let target = PathBuf::from(metadata.target_directory.clone());
        let build = metadata.build_directory.clone().map(PathBuf::from);
        let build = build.unwrap_or_else(|| target.clone());
        let told = config.target_folder.clone().filter(|host| {
            // A test stands in the build folder.
            !is_same(host, &target) && !is_same(host, &build)
        });
        let is_one = build == target;
        Self {
            build: told.clone().filter(|_| is_one).unwrap_or(build),
            target: told.clone().unwrap_or(target),
            told,
        }
    }
}

/// Whether both are one folder, by whatever path.
fn is_same(one: &Path, other: &Path) -> bool {
    let found = |folder: &Path| folder.canonicalize().ok();
    one == other || found(one).is_some_and(|one| found(other) == Some(one))
}

/// How a package becomes a member of a workspace. One that lies outside of its folder has to name it, too.
fn admission(root: &Path, folder: &Path) -> String {
    let manifest = |folder: &Path| folder.join("Cargo.toml").display().to_string();
    let member = seen_from(root, folder);
    let of_root = format!(
        "in {}, add \"{}\" to the `members` of `[workspace]`",
        manifest(root),
        member.display()
    );
    if member.starts_with("..") {
        let workspace = seen_from(folder, root);
        return format!(
            "{of_root}, and in {} add `workspace = \"{}\"` to `[package]`",
            manifest(folder),
            workspace.display()
        );
    }
    of_root
}

/// A folder by its path from another.
fn seen_from(other: &Path, folder: &Path) -> PathBuf {
    let both = other.components().zip(folder.components());
    let common = both.take_while(|(one, other)| one == other).count();
    let up = other
        .components()
        .skip(common)
        .map(|_| Component::ParentDir);
    up.chain(folder.components().skip(common)).collect()
}

//! Which crates a reload may change.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    path::{Component, Path, PathBuf},
    process::Command,
    time::SystemTime,
};

use cargo_metadata::{
    CargoOpt, CrateType, DependencyKind, MetadataCommand, Node, NodeDep, Package, PackageId,
    Target, TargetKind,
};
use thiserror::Error;

use crate::{
    command::TARGET,
    configuration::{self, configurations},
    features::{Graph, Host, United},
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
        let packages: HashMap<&PackageId, &Package> =
            metadata.packages.iter().map(|p| (&p.id, p)).collect();
        let nodes = metadata.resolve.iter().flat_map(|resolve| &resolve.nodes);
        let nodes: HashMap<&PackageId, &Node> = nodes.map(|node| (&node.id, node)).collect();
        // Several packages may have a library of that name: the host means its own, or what it calls so.
        let is_host = |package: &&Package| package.manifest_path.as_std_path() == config.manifest;
        let host = metadata.packages.iter().find(is_host).map(|host| &host.id);
        let needs = host.and_then(|host| nodes.get(host));
        let needs: Vec<&NodeDep> = needs.into_iter().flat_map(|node| &node.deps).collect();
        let find = |library: &String| {
            let is_named = |target: &Target| is_library(target) && crate_name(target) == *library;
            let local = metadata.packages.iter().filter(|p| p.source.is_none());
            let all: Vec<&Package> = local.filter(|p| p.targets.iter().any(is_library)).collect();
            let named = all.iter().filter(|p| p.targets.iter().any(is_named));
            let named: Vec<&Package> = named.copied().collect();
            let own = named.iter().find(|package| Some(&package.id) == host);
            let needed = needs.iter().filter(|need| need.name == *library);
            let mut needed = needed.filter_map(|need| all.iter().find(|p| p.id == need.pkg));
            let package = own.or_else(|| needed.next()).or(named.first()).copied();
            let root = || PathBuf::from(metadata.workspace_root.clone());
            let package = package.ok_or_else(|| WorkspaceError::NoSuchLibrary {
                library: library.clone(),
                root: root(),
            })?;
            if metadata.workspace_members.contains(&package.id) {
                return Ok(package);
            }
            Err(WorkspaceError::NotAMember {
                library: library.clone(),
                root: root(),
                folder: folder_of(package),
            })
        };
        let plugins = libraries.iter().map(|name| Ok((name, find(name)?)));
        let plugins = plugins.collect::<Result<Vec<_>, WorkspaceError>>()?;
        let below = |start: Vec<&PackageId>, follows: &dyn Fn(&NodeDep) -> bool| {
            let mut seen: HashSet<PackageId> = HashSet::new();
            let mut waiting: Vec<PackageId> = start.into_iter().cloned().collect();
            while let Some(id) = waiting.pop() {
                if seen.insert(id.clone()) {
                    let needs = nodes.get(&id).into_iter().flat_map(|node| &node.deps);
                    waiting.extend(
                        needs
                            .filter(|need| follows(need))
                            .map(|need| need.pkg.clone()),
                    );
                }
            }
            seen
        };
        // A macro runs in the compiler, and only what it makes is in the library.
        let is_macro = |id: &&PackageId| packages[id].targets.iter().any(Target::is_proc_macro);
        let is_part = |need: &NodeDep| is_code(need) && !is_macro(&&need.pkg);
        let ids = || plugins.iter().map(|(_, package)| &package.id);
        for (outer, package) in &plugins {
            let code = below(vec![&package.id], &is_part);
            let is_inner = |other: &Package| other.id != package.id && code.contains(&other.id);
            if let Some((inner, _)) = plugins.iter().find(|(_, other)| is_inner(other)) {
                return Err(WorkspaceError::Nested {
                    inner: (*inner).clone(),
                    outer: (*outer).clone(),
                });
            }
        }
        let linked = below(ids().collect(), &is_built);
        let shared = linked.iter().filter(|id| {
            !ids().any(|plugin| plugin == *id)
                && packages[id]
                    .targets
                    .iter()
                    .any(|target| target.crate_types.contains(&CrateType::DyLib))
        });
        let stable = below(shared.collect(), &is_built);
        let is_local = |id: &&PackageId| packages[id].source.is_none();
        let code = below(ids().collect(), &is_part);
        let needs_local = |id: &&PackageId| {
            let needs = below(vec![*id], &is_part);
            let mut needs = needs.iter().filter(|need| !stable.contains(*need));
            needs.any(|need| is_local(&need))
        };
        let hot = code.difference(&stable);
        let hot: Vec<&PackageId> = hot.filter(|id| is_local(id) || needs_local(id)).collect();
        let hot_crate = |id: &&PackageId| {
            let package = packages[id];
            let node = nodes.get(id).into_iter();
            let features = node.clone().flat_map(|node| &node.features);
            let needs = node.flat_map(|node| &node.deps);
            let needs = needs.filter(|need| is_part(need)).map(|need| &need.pkg);
            let needs = needs.filter(|need| hot.contains(need));
            HotCrate {
                package: id.repr.clone(),
                name: library_of(package),
                folder: folder_of(package),
                source: source_of(package),
                needs: needs.map(|need| need.repr.clone()).collect(),
                features: features.map(ToString::to_string).collect(),
            }
        };
        let of_linked = linked.iter().filter_map(|id| nodes.get(id));
        let of_scripts = of_linked
            .flat_map(|node| &node.deps)
            .filter(|need| is_for_script(need));
        let of_scripts = of_scripts.map(|need| &need.pkg);
        let tools = linked.iter().filter(|id| is_macro(id)).chain(of_scripts);
        let tools = below(tools.collect(), &is_built);
        let is_hot = |id: &&PackageId| hot.contains(id) && !tools.contains(*id);
        let others = linked.iter().filter(|id| is_local(id) && !is_hot(id));
        let mut stable: Vec<String> = others.map(|id| library_of(packages[id])).collect();
        stable.sort();
        stable.dedup();
        let has_script = |id: &&PackageId| packages[id].targets.iter().any(Target::is_custom_build);
        let scripted = linked.iter().filter(|id| is_local(id) && has_script(id));
        let scripted = scripted.map(|id| Scripted {
            package: packages[id].name.to_string(),
            folder: folder_of(packages[id]),
        });
        let mut scripted: Vec<Scripted> = scripted.collect();
        scripted.sort_by(|a, b| a.folder.cmp(&b.folder));
        let macros = linked.iter().filter(|id| is_macro(id));
        let macros = below(macros.collect(), &is_built);
        let macros = macros
            .iter()
            .filter(is_local)
            .map(|id| folder_of(packages[id]));
        let mut macros: Vec<PathBuf> = macros.collect();
        macros.sort();
        let root: PathBuf = metadata.workspace_root.clone().into();
        let of_packages = metadata.packages.iter().filter(|p| p.source.is_none());
        let of_packages = of_packages.flat_map(manifests_of);
        let of_root = ["Cargo.toml", "Cargo.lock"].map(|file| root.join(file));
        let mut hot: Vec<HotCrate> = hot.iter().map(hot_crate).collect();
        hot.sort_by(|a, b| a.package.cmp(&b.package));
        let manifests = of_packages.chain(of_root).chain(configurations(config));
        let manifests: BTreeSet<PathBuf> = manifests.collect();
        let target_folder = PathBuf::from(metadata.target_directory);
        let build_folder = metadata.build_directory.map(PathBuf::from);
        let build_folder = build_folder.unwrap_or_else(|| target_folder.clone());
        let told = config.target_folder.clone().filter(|host| {
            // A test stands in the build folder.
            !is_same(host, &target_folder) && !is_same(host, &build_folder)
        });
        let is_one = build_folder == target_folder;
        let graph = Graph {
            packages: &packages,
            nodes: &nodes,
            features: &config.features,
        };
        let host = host.map(|host| Host {
            package: packages[host],
            as_test: config.as_test,
        });
        Ok(Self {
            libraries: plugin_libraries(&plugins, host, &graph, told.as_deref()),
            build_folder: told.clone().filter(|_| is_one).unwrap_or(build_folder),
            target_folder: told.unwrap_or(target_folder),
            manifests: Contents::read(manifests),
            root,
            hot,
            stable,
            scripted,
            macros,
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

fn plugin_libraries<'a>(
    plugins: &[(&String, &'a Package)],
    host: Option<Host<'a>>,
    graph: &Graph<'a>,
    target_folder: Option<&Path>,
) -> Vec<PluginLibrary> {
    let packages: Vec<&Package> = plugins.iter().map(|(_, package)| *package).collect();
    let all = packages
        .iter()
        .copied()
        .chain(host.map(|host| host.package));
    let all: BTreeSet<&String> = all.flat_map(|package| package.features.keys()).collect();
    let library = |((name, package), united): (&(&String, &Package), United)| {
        // Without `hot` a library is none, so that is never left out.
        let foreign = all.iter().filter(|feature| {
            !package.features.contains_key(**feature) && feature.as_str() != "hot"
        });
        PluginLibrary {
            name: (*name).clone(),
            package: package.id.repr.clone(),
            foreign: foreign.map(|feature| (*feature).clone()).collect(),
            united: united.features,
            by_default: united.by_default,
            target_folder: target_folder.map(Path::to_owned),
        }
    };
    let united = graph.united(host, &packages);
    plugins.iter().zip(united).map(library).collect()
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

/// The files that decide what a package is: its manifest, and that of the workspace from which it may inherit. Cargo
/// looks for that where the package says, or in the folders around it; there it may be a new one. A build script cargo
/// finds by itself.
fn manifests_of(package: &Package) -> Vec<PathBuf> {
    let folder = folder_of(package);
    let manifest = configuration::read(package.manifest_path.as_std_path());
    let named = manifest.as_ref().and_then(|manifest| {
        let workspace = manifest.get("package")?.get("workspace")?;
        Some(folder.join(workspace.as_str()?))
    });
    let folders = folder.ancestors().map(Path::to_owned).chain(named);
    let manifests = folders.map(|folder| folder.join("Cargo.toml"));
    manifests.chain([folder.join("build.rs")]).collect()
}

fn folder_of(package: &Package) -> PathBuf {
    let manifest = package.manifest_path.as_std_path();
    manifest.parent().unwrap_or(manifest).to_owned()
}

/// The source of that.
fn source_of(package: &Package) -> PathBuf {
    let mut targets = package.targets.iter();
    let library = targets.find(|target| is_library(target) || target.is_proc_macro());
    let library = library.or(package.targets.first());
    library.map_or_else(PathBuf::new, |target| target.src_path.clone().into())
}

/// The name of the crate that others link; its package's, if it has none but is a program.
fn library_of(package: &Package) -> String {
    let mut targets = package.targets.iter();
    let library = targets.find(|target| is_library(target) || target.is_proc_macro());
    library.map_or_else(|| package.name.replace('-', "_"), crate_name)
}

/// Whether what is needed becomes part of what needs it.
fn is_code(need: &NodeDep) -> bool {
    // An old cargo names no kinds.
    let mut kinds = need.dep_kinds.iter();
    need.dep_kinds.is_empty() || kinds.any(|kind| kind.kind == DependencyKind::Normal)
}

/// Whether cargo builds what is needed: not if only tests need it.
fn is_built(need: &NodeDep) -> bool {
    let mut kinds = need.dep_kinds.iter();
    need.dep_kinds.is_empty() || kinds.any(|kind| kind.kind != DependencyKind::Development)
}

/// Whether a build script needs it.
fn is_for_script(need: &NodeDep) -> bool {
    let mut kinds = need.dep_kinds.iter();
    kinds.any(|kind| kind.kind == DependencyKind::Build)
}

/// Whether others can link it, however its manifest spells that.
fn is_library(target: &Target) -> bool {
    let of_libraries = [
        CrateType::Lib,
        CrateType::RLib,
        CrateType::DyLib,
        CrateType::CDyLib,
        CrateType::StaticLib,
    ];
    let mut types = target.crate_types.iter();
    let is_program = |kind: &TargetKind| {
        matches!(
            kind,
            TargetKind::Example | TargetKind::Bench | TargetKind::Test
        )
    };
    types.any(|kind| of_libraries.contains(kind)) && !target.kind.iter().any(is_program)
}

fn crate_name(target: &Target) -> String {
    target.name.replace('-', "_")
}

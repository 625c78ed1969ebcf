//! What cargo said of all packages, and which of them plugin libraries consist of.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    path::{Path, PathBuf},
};

use cargo_metadata::{
    CrateType, DependencyKind, Metadata, Node, NodeDep, Package, PackageId, Target, TargetKind,
};

use crate::{
    configuration,
    features::{Graph, Host, United},
    workspace::{HotCrate, Scripted},
    BuildConfig, PluginLibrary, WorkspaceError,
};

/// What cargo said of all packages.
pub(crate) struct Packages<'a> {
    metadata: &'a Metadata,
    by_id: HashMap<&'a PackageId, &'a Package>,
    nodes: HashMap<&'a PackageId, &'a Node>,
    host: Option<&'a PackageId>,
}

/// The plugin libraries, by the names that the host gives them.
type Plugins<'a> = [(&'a String, &'a Package)];

impl<'a> Packages<'a> {
    /// `manifest` is that of the host.
    pub(crate) fn of(metadata: &'a Metadata, manifest: &Path) -> Self {
        let nodes = metadata.resolve.iter().flat_map(|resolve| &resolve.nodes);
        let is_host = |package: &&Package| package.manifest_path.as_std_path() == manifest;
        Self {
            metadata,
            by_id: metadata.packages.iter().map(|p| (&p.id, p)).collect(),
            nodes: nodes.map(|node| (&node.id, node)).collect(),
            host: metadata.packages.iter().find(is_host).map(|host| &host.id),
        }
    }

    /// Finds the plugin libraries of these names.
    ///
    /// # Errors
    ///
    /// If there is none, or it is not in the workspace.
    pub(crate) fn plugins(
        &self,
        libraries: &'a [String],
    ) -> Result<Vec<(&'a String, &'a Package)>, WorkspaceError> {
        let plugins = libraries.iter().map(|name| Ok((name, self.plugin(name)?)));
        plugins.collect()
    }

    fn plugin(&self, library: &str) -> Result<&'a Package, WorkspaceError> {
        let root = || PathBuf::from(self.metadata.workspace_root.clone());
        let package = self.named(library);
        let package = package.ok_or_else(|| WorkspaceError::NoSuchLibrary {
            library: library.to_owned(),
            root: root(),
        })?;
        if self.metadata.workspace_members.contains(&package.id) {
            return Ok(package);
        }
        Err(WorkspaceError::NotAMember {
            library: library.to_owned(),
            root: root(),
            folder: folder_of(package),
        })
    }

    /// Several packages may have a library of that name: the host means its own, or what it calls so.
    fn named(&self, library: &str) -> Option<&'a Package> {
        let is_named = |target: &Target| is_library(target) && crate_name(target) == library;
        let all = self.local().filter(|p| p.targets.iter().any(is_library));
        let all: Vec<&'a Package> = all.collect();
        let named = all.iter().filter(|p| p.targets.iter().any(is_named));
        let named: Vec<&'a Package> = named.copied().collect();
        let own = named.iter().find(|package| Some(&package.id) == self.host);
        let needs = self.host.map(|host| self.needs(host)).unwrap_or_default();
        let needed = needs.iter().filter(|need| need.name == library);
        let mut needed = needed.filter_map(|need| all.iter().find(|p| p.id == need.pkg));
        let found = own.or_else(|| needed.next()).or(named.first());
        found.copied()
    }

    /// Looks whether each plugin library is one of its own.
    ///
    /// # Errors
    ///
    /// If one of them is part of another.
    pub(crate) fn check_apart(&self, plugins: &Plugins<'a>) -> Result<(), WorkspaceError> {
        for (outer, package) in plugins {
            let code = self.code_of([&package.id]);
            let is_inner = |other: &Package| other.id != package.id && code.contains(&other.id);
            if let Some((inner, _)) = plugins.iter().find(|(_, other)| is_inner(other)) {
                return Err(WorkspaceError::Nested {
                    inner: (*inner).clone(),
                    outer: (*outer).clone(),
                });
            }
        }
        Ok(())
    }

    /// With which features each plugin library is built, and where.
    pub(crate) fn libraries(
        &self,
        plugins: &Plugins<'a>,
        config: &BuildConfig,
        target_folder: Option<&Path>,
    ) -> Vec<PluginLibrary> {
        let host = self.host.map(|host| self.package(host));
        let packages: Vec<&Package> = plugins.iter().map(|(_, package)| *package).collect();
        let all = packages.iter().copied().chain(host);
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
        let graph = Graph {
            packages: &self.by_id,
            nodes: &self.nodes,
            features: &config.features,
        };
        let host = host.map(|package| Host {
            package,
            as_test: config.as_test,
        });
        let united = graph.united(host, &packages);
        plugins.iter().zip(united).map(library).collect()
    }

    /// The files that decide what the packages of this machine are.
    pub(crate) fn manifests(&self) -> impl Iterator<Item = PathBuf> + 'a {
        self.local().flat_map(manifests_of)
    }

    /// Those from folders of this machine.
    fn local(&self) -> impl Iterator<Item = &'a Package> {
        let all = self.metadata.packages.iter();
        all.filter(|package| package.source.is_none())
    }

    fn package(&self, id: &PackageId) -> &'a Package {
        self.by_id[id]
    }

    fn needs(&self, id: &PackageId) -> &'a [NodeDep] {
        let node = self.nodes.get(id);
        node.map(|node| &node.deps[..]).unwrap_or_default()
    }

    /// The features of a package that are on, as far as manifests and settings say.
    fn features(&self, id: &PackageId) -> Vec<String> {
        let node = self.nodes.get(id).into_iter();
        let features = node.flat_map(|node| &node.features);
        features.map(ToString::to_string).collect()
    }

    /// These packages, and all that they need by needs that count.
    fn below(
        &self,
        start: impl IntoIterator<Item = &'a PackageId>,
        counts: impl Fn(&NodeDep) -> bool,
    ) -> HashSet<&'a PackageId> {
        let mut seen = HashSet::new();
        let mut waiting: Vec<&'a PackageId> = start.into_iter().collect();
        while let Some(id) = waiting.pop() {
            if seen.insert(id) {
                let needs = self.needs(id).iter().filter(|need| counts(need));
                waiting.extend(needs.map(|need| &need.pkg));
            }
        }
        seen
    }

    /// All that it takes to build these.
    fn built_for(&self, start: impl IntoIterator<Item = &'a PackageId>) -> HashSet<&'a PackageId> {
        self.below(start, is_built)
    }

    /// All whose code is in these.
    fn code_of(&self, start: impl IntoIterator<Item = &'a PackageId>) -> HashSet<&'a PackageId> {
        self.below(start, |need| self.is_part(need))
    }

    fn is_part(&self, need: &NodeDep) -> bool {
        // A macro runs in the compiler, and only what it makes is in the library.
        is_code(need) && !self.is_macro(&need.pkg)
    }

    fn is_macro(&self, id: &PackageId) -> bool {
        let mut targets = self.package(id).targets.iter();
        targets.any(Target::is_proc_macro)
    }

    fn is_local(&self, id: &PackageId) -> bool {
        self.package(id).source.is_none()
    }

    fn has_script(&self, id: &PackageId) -> bool {
        let mut targets = self.package(id).targets.iter();
        targets.any(Target::is_custom_build)
    }

    fn is_shared_library(&self, id: &PackageId) -> bool {
        let mut targets = self.package(id).targets.iter();
        targets.any(|target| target.crate_types.contains(&CrateType::DyLib))
    }
}

/// What plugin libraries consist of.
pub(crate) struct Parts<'a> {
    packages: &'a Packages<'a>,
    /// All that cargo builds for them.
    linked: HashSet<&'a PackageId>,
    /// What is compiled only into them.
    hot: HashSet<&'a PackageId>,
}

impl<'a> Parts<'a> {
    pub(crate) fn of(packages: &'a Packages<'a>, plugins: &Plugins<'a>) -> Self {
        let ids: Vec<&'a PackageId> = plugins.iter().map(|(_, package)| &package.id).collect();
        let linked = packages.built_for(ids.iter().copied());
        let is_shared = |id: &&PackageId| !ids.contains(id) && packages.is_shared_library(id);
        let stable = packages.built_for(linked.iter().copied().filter(is_shared));
        let needs_local = |id: &'a PackageId| {
            let needs = packages.code_of([id]);
            let mut needs = needs.difference(&stable);
            needs.any(|need| packages.is_local(need))
        };
        let code = packages.code_of(ids.iter().copied());
        let hot = code.difference(&stable).copied();
        let hot = hot.filter(|id| packages.is_local(id) || needs_local(id));
        Self {
            packages,
            hot: hot.collect(),
            linked,
        }
    }

    /// See [`Workspace::hot`](crate::Workspace::hot).
    pub(crate) fn hot(&self) -> Vec<HotCrate> {
        let hot = self.hot.iter().map(|id| self.hot_crate(id));
        let mut hot: Vec<HotCrate> = hot.collect();
        hot.sort_by(|a, b| a.package.cmp(&b.package));
        hot
    }

    fn hot_crate(&self, id: &PackageId) -> HotCrate {
        let package = self.packages.package(id);
        let needs = self.packages.needs(id).iter();
        let needs = needs.filter(|need| self.packages.is_part(need));
        let needs = needs.map(|need| &need.pkg);
        let needs = needs.filter(|need| self.hot.contains(need));
        HotCrate {
            package: id.repr.clone(),
            name: library_of(package),
            folder: folder_of(package),
            source: source_of(package),
            needs: needs.map(|need| need.repr.clone()).collect(),
            features: self.packages.features(id),
        }
    }

    /// See [`Workspace::stable`](crate::Workspace::stable).
    pub(crate) fn stable(&self) -> Vec<String> {
        let tools = self.tools();
        let others = self
            .local()
            .filter(|id| !self.hot.contains(id) || tools.contains(id));
        let others = others.map(|id| library_of(self.packages.package(id)));
        let mut stable: Vec<String> = others.collect();
        stable.sort();
        stable.dedup();
        stable
    }

    /// What procedural macros and build scripts consist of.
    fn tools(&self) -> HashSet<&'a PackageId> {
        let needs = self.linked.iter().flat_map(|id| self.packages.needs(id));
        let of_scripts = needs.filter(|need| is_for_script(need));
        let of_scripts = of_scripts.map(|need| &need.pkg);
        self.packages
            .built_for(self.macro_crates().chain(of_scripts))
    }

    /// See [`Workspace::scripted`](crate::Workspace::scripted).
    pub(crate) fn scripted(&self) -> Vec<Scripted> {
        let scripted = self.local().filter(|id| self.packages.has_script(id));
        let scripted = scripted.map(|id| self.packages.package(id));
        let scripted = scripted.map(|package| Scripted {
            package: package.name.to_string(),
            folder: folder_of(package),
        });
        let mut scripted: Vec<Scripted> = scripted.collect();
        scripted.sort_by(|a, b| a.folder.cmp(&b.folder));
        scripted
    }

    /// See [`Workspace::macros`](crate::Workspace::macros).
    pub(crate) fn macros(&self) -> Vec<PathBuf> {
        let macros = self.packages.built_for(self.macro_crates());
        let macros = macros.iter().filter(|id| self.packages.is_local(id));
        let macros = macros.map(|id| folder_of(self.packages.package(id)));
        let mut macros: Vec<PathBuf> = macros.collect();
        macros.sort();
        macros
    }

    fn macro_crates(&self) -> impl Iterator<Item = &'a PackageId> + '_ {
        let linked = self.linked.iter().copied();
        linked.filter(move |id| self.packages.is_macro(id))
    }

    /// Those from folders of this machine.
    fn local(&self) -> impl Iterator<Item = &'a PackageId> + '_ {
        let linked = self.linked.iter().copied();
        linked.filter(move |id| self.packages.is_local(id))
    }
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

/// The file that the compiler is given.
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

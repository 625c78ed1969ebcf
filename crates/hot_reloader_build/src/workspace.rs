//! Which crates a reload may change.

use std::{
    collections::{HashMap, HashSet},
    path::PathBuf,
    process::Command,
};

use cargo_metadata::{
    CargoOpt, CrateType, MetadataCommand, Package, PackageId, Target, TargetKind,
};
use thiserror::Error;

use crate::{environment, BuildConfig};

/// The platform that this crate was built for, as a target triple.
const TARGET: &str = env!("HOT_RELOADER_TARGET");

/// What cargo knows of the workspace that a plugin library belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Workspace {
    /// The id of the library's package.
    pub package: String,
    /// Where the manifest of the workspace is.
    pub root: PathBuf,
    /// Where cargo puts what it builds.
    pub target_folder: PathBuf,
    /// The packages compiled only into the plugin library, by id: their code may change.
    pub hot: Vec<String>,
    /// The names of their crates, as types are named by them.
    pub crates: Vec<String>,
    /// What cargo read to answer, as it was: with other manifests, it may say something else.
    pub manifests: Manifests,
}

/// Files that say what a workspace is, with what is in them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Manifests(Vec<(PathBuf, Option<Vec<u8>>)>);

impl Manifests {
    /// Reads them as they are now. One that is missing counts as such.
    #[must_use]
    pub fn read(paths: impl IntoIterator<Item = PathBuf>) -> Self {
        let read = |path: PathBuf| {
            let text = std::fs::read(&path).ok();
            (path, text)
        };
        Self(paths.into_iter().map(read).collect())
    }

    /// Whether they are on disk what they were.
    #[must_use]
    pub fn are_unchanged(&self) -> bool {
        let mut files = self.0.iter();
        files.all(|(path, text)| std::fs::read(path).ok() == *text)
    }
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
    /// No package has a library of that name.
    #[error("no package of the workspace {} has a library named `{library}`", root.display())]
    NoSuchLibrary {
        /// The library's crate name.
        library: String,
        /// The workspace.
        root: PathBuf,
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
        command
            .env_clear()
            .envs(environment::clean(std::env::vars_os()));
        command
    }

    /// Finds the crate `library` in what cargo printed: its answer, or its errors.
    ///
    /// # Errors
    ///
    /// Both variants of [`WorkspaceError`].
    pub fn understand(
        config: &BuildConfig,
        library: &str,
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
        let plugin = metadata
            .packages
            .iter()
            .find(|package| {
                package.source.is_none()
                    && package
                        .targets
                        .iter()
                        .any(|target| is_library(target) && crate_name(target) == library)
            })
            .ok_or_else(|| WorkspaceError::NoSuchLibrary {
                library: library.to_owned(),
                root: metadata.workspace_root.clone().into(),
            })?;
        let dependencies: HashMap<&PackageId, &[PackageId]> = metadata
            .resolve
            .iter()
            .flat_map(|resolve| &resolve.nodes)
            .map(|node| (&node.id, &*node.dependencies))
            .collect();
        let below = |start: Vec<&PackageId>| {
            let mut seen: HashSet<PackageId> = HashSet::new();
            let mut waiting: Vec<PackageId> = start.into_iter().cloned().collect();
            while let Some(id) = waiting.pop() {
                if seen.insert(id.clone()) {
                    waiting.extend_from_slice(dependencies.get(&id).copied().unwrap_or_default());
                }
            }
            seen
        };
        let linked = below(vec![&plugin.id]);
        let shared = linked.iter().filter(|id| {
            **id != plugin.id
                && packages[id]
                    .targets
                    .iter()
                    .any(|target| target.crate_types.contains(&CrateType::DyLib))
        });
        let stable = below(shared.collect());
        let hot: Vec<&Package> = linked
            .difference(&stable)
            .map(|id| packages[id])
            .filter(|package| package.source.is_none())
            .collect();
        let crates = hot.iter().flat_map(|package| &package.targets);
        let mut crates: Vec<String> = crates
            .filter(|target| is_library(target))
            .map(crate_name)
            .collect();
        crates.sort();
        let root: PathBuf = metadata.workspace_root.clone().into();
        let of_packages = metadata.packages.iter().filter(|p| p.source.is_none());
        let of_packages = of_packages.map(|package| package.manifest_path.clone().into());
        let of_root = ["Cargo.toml", "Cargo.lock"].map(|file| root.join(file));
        let mut hot: Vec<String> = hot.iter().map(|package| package.id.repr.clone()).collect();
        hot.sort();
        Ok(Self {
            package: plugin.id.repr.clone(),
            target_folder: metadata.target_directory.into(),
            manifests: Manifests::read(of_packages.chain(of_root)),
            root,
            hot,
            crates,
        })
    }
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

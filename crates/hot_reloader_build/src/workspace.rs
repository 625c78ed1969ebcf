//! Which crates a reload may change.

use std::{
    collections::{HashMap, HashSet},
    path::PathBuf,
    process::Command,
};

use cargo_metadata::{CargoOpt, CrateType, MetadataCommand, Package, PackageId};
use thiserror::Error;

use crate::{environment, BuildConfig};

/// The platform that this crate was built for, as a target triple.
const TARGET: &str = env!("HOT_RELOADER_TARGET");

/// What cargo knows of the workspace that a plugin library belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Workspace {
    /// The name of the library's package.
    pub package: String,
    /// Where the manifest of the workspace is.
    pub root: PathBuf,
    /// Where cargo puts what it builds.
    pub target_folder: PathBuf,
    /// The crates compiled only into the plugin library, by package name: their code may change.
    pub hot: Vec<String>,
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
                        .any(|target| target.is_lib() && target.name.replace('-', "_") == library)
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
        let mut hot: Vec<String> = linked
            .difference(&stable)
            .map(|id| packages[id])
            .filter(|package| package.source.is_none())
            .map(|package| package.name.to_string())
            .collect();
        hot.sort();
        Ok(Self {
            package: plugin.name.to_string(),
            root: metadata.workspace_root.into(),
            target_folder: metadata.target_directory.into(),
            hot,
        })
    }
}

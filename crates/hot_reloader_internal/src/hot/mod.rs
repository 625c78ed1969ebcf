//! The machinery of a hot reload.

mod awake;
mod config;
mod delegate;
mod error;
mod overlay;
mod panel;
mod plugin;
pub(crate) mod recording;
mod reloader;
mod remote;
mod report;
mod runner;
mod snapshot;
mod transaction;
mod trigger;

pub use config::HotReloaderConfig;
pub use delegate::{HotSystems, ModuleTimes};
pub use error::{Phase, RehearsalFault, ReloadError};
pub use hot_reloader_build::{BuildConfig, BuildError, Diagnostic};
pub use hot_reloader_core as core;
pub use hot_reloader_core::{Generation, HotModule, PanicReport, RegistryError};
pub use overlay::ErrorTint;
pub use plugin::{HotReloadSystems, HotReloaderPlugin};
pub use reloader::{HotReloader, ModuleStatus, Progress, RegisterHotModule};
pub use report::{ModuleChange, Outcome, PhaseTime, ReloadReport};
pub use snapshot::Snapshot;
pub use trigger::{CancelReload, ReloadFinished, ReloadRequest, RequestId};

pub(crate) mod exports {
    pub use bevy_dexterous_developer::ReloadableAppContents;
    pub use hot_reloader_core::identity::{identity_text, IdentityText};

    pub use super::runner::scope;
}

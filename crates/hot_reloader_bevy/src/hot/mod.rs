//! The machinery of a hot reload: Bevy 0.14 as the engine of a transaction.
//!
//! In reading order: [`plugin`] puts it into an app; [`trigger`] and [`remote`] ask for reloads;
//! [`driver`] runs the transaction in the app's frames; [`engine`] is what that asks of Bevy. What it
//! builds on: [`library`] and [`runner`] bring code in; [`recording`] lets a plugin build and takes down what it
//! adds, while [`listen`] hears which plugins there are; [`rehearsal`] on a world of [`scratch`], which [`compare`]
//! looks at, [`set_up`] on the live one, from which [`exchange`] and [`code`] keep what must not be lost;
//! [`rebuild`] knows what was spawned; [`migration`] takes values over; [`placement`] finds a place among the
//! host's systems, where [`delegate`] runs what the [`slots`] hold; [`shared_sets`] knows what does not hold between
//! modules; [`snapshot`] copies the world.
//! [`reloader`], [`overlay`] and [`panel`] tell how it went.
//!
//! Small things beside: [`config`] is what a person sets, [`exempt`] what a rollback leaves alone; [`keys`],
//! [`definition`] and [`names`] are what is known of types, [`known_types`] what Bevy is told of them, [`resources`] what
//! is known of resources of any type, [`labels`] of schedules; [`awake`] brings frames; [`in_process`] stands in for
//! cargo and the loader in tests.

mod awake;
mod code;
mod compare;
mod config;
mod definition;
mod delegate;
mod driver;
mod engine;
mod exchange;
mod exempt;
mod in_process;
mod keys;
mod known_types;
mod labels;
mod library;
mod listen;
mod migration;
mod names;
mod overlay;
mod panel;
mod placement;
mod plugin;
mod rebuild;
mod recording;
mod rehearsal;
mod reloader;
mod remote;
mod resources;
mod runner;
mod scratch;
mod set_up;
mod shared_sets;
mod slots;
mod snapshot;
mod startup;
#[cfg(test)]
mod tests;
mod trigger;

pub use config::HotReloaderConfig;
pub use delegate::{HotSystems, ModuleTimes};
pub use driver::HotReloadSystems;
pub use hot_reloader_build::{outcome::Place, BuildConfig, BuildError, Diagnostic};
pub use hot_reloader_core as core;
pub use hot_reloader_core::{Generation, HotModule, PanicReport, RegistryError};
pub use hot_reloader_transaction::{
    ModuleChange, ModuleStatus, Outcome, Passage, Phase, PhaseTime, Progress, RehearsalFault,
    ReloadError, ReloadReport, RequestId, TypeChange,
};
pub use overlay::ErrorTint;
pub use plugin::HotReloaderPlugin;
pub use reloader::{HotReloader, RegisterHotModule};
pub use snapshot::Snapshot;
pub use trigger::{CancelReload, ReloadFinished, ReloadRequest, WorkAhead};

pub(crate) use keys::StateKey;

pub(crate) mod exports {
    pub use bevy_dexterous_developer::ReloadableAppContents;
    pub use hot_reloader_core::identity::{identity_text, IdentityText};

    pub use super::{in_process::InProcess, runner::scope};
    pub use crate::entry::engine_id;
}

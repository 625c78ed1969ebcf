//! The Bevy side of `hot_reloader`. Depend on `hot_reloader` instead: it adds the macros and, with
//! the feature `hot`, makes sure that host and library share one copy of this crate.
//!
//! In reading order: a [`LibraryEntry`] lists the modules of a library; each sets itself up through
//! a [`HotApp`]. With `hot`, what a module adds is recorded, and the transaction of
//! `hot_reloader_transaction` swaps it in through delegators; without, it goes straight into the app.

pub mod entry;
pub mod exempt;
mod hook;
pub mod hot_app;
pub mod state_key;

pub use entry::{HotModuleDef, LibraryEntry, ModuleEntry};
pub use exempt::ExemptFromRollback;
pub use hot_app::HotApp;
pub use state_key::{Abilities, Migrate, Probe, StateKeyType};

#[cfg(not(feature = "hot"))]
mod linked;
#[cfg(not(feature = "hot"))]
mod linked_plugin;
#[cfg(not(feature = "hot"))]
pub use linked_plugin::{LinkedModulesPlugin, LinkedModulesPlugin as HotReloaderPlugin};

#[cfg(feature = "hot")]
mod hot;
#[cfg(feature = "hot")]
pub use hot::*;

/// What the macros expand to.
#[doc(hidden)]
pub mod private {
    pub use bevy::{prelude::World, reflect::Reflect};

    pub use crate::state_key::{
        make_known, Defaulted, IsBoth, IsComponent, IsNeither, IsResource, Migrating, Otherwise,
        Reflected, WrittenDown,
    };

    #[cfg(feature = "hot")]
    pub use crate::hot::exports::*;
}

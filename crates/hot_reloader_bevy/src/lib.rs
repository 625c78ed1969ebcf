//! The Bevy side of `hot_reloader`. Depend on `hot_reloader` instead: it adds the macros and, with
//! the feature `hot`, makes sure that host and library share one copy of this crate.
//!
//! In reading order: a [`LibraryEntry`] lists the modules of a library, each of them a Bevy plugin. With
//! `hot`, what a plugin adds is recorded, and the transaction of `hot_reloader_transaction` swaps it in
//! through delegators; without, it goes straight into the app.

pub mod entry;
pub mod exempt;
pub mod life;
pub mod listed;
pub mod state_key;

pub use entry::{HotModuleDef, LibraryEntry, ModuleEntry};
pub use exempt::ExemptFromRollback;
pub use life::{OnLoad, OnReload, OnUnload};
pub use state_key::{Abilities, Migrate, Probe, StateKeyType, StateKeys};

#[cfg(not(feature = "hot"))]
mod linked;
#[cfg(not(feature = "hot"))]
pub use linked::add_modules;

#[cfg(feature = "hot")]
mod hot;
#[cfg(feature = "hot")]
pub use hot::*;

/// What the macros expand to.
#[doc(hidden)]
pub mod private {
    pub use bevy::{
        prelude::{App, World},
        reflect::Reflect,
    };

    pub use crate::{
        entry::{HotModuleDef, ModuleEntry},
        listed::{
            is_plugin, named, AddDefault, AddNothing, AddValue, Declared, Listed, Undeclared,
        },
        state_key::{
            make_known, Defaulted, IsBoth, IsComponent, IsNeither, IsResource, Migrating,
            Otherwise, Reflected, WrittenDown,
        },
    };

    #[cfg(feature = "hot")]
    pub use crate::hot::exports::*;
}

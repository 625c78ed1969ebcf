//! How a library says what modules it has.

#[cfg(feature = "hot")]
use std::any::TypeId;

use bevy::prelude::App;

use crate::StateKeys;

/// The modules of one library. `hot_library!` writes it.
#[derive(Debug)]
pub struct LibraryEntry {
    /// In the order in which they were listed.
    pub modules: &'static [ModuleEntry],
    /// [`engine_id`], as the library knows it.
    #[cfg(feature = "hot")]
    pub engine: fn() -> TypeId,
}

/// What the compiler takes this crate for. If it, or the engine below, is compiled in other features, it is another crate,
/// and all types of the engine are others.
#[cfg(feature = "hot")]
#[must_use]
pub fn engine_id() -> TypeId {
    TypeId::of::<LibraryEntry>()
}

/// One module of a library: a plugin, and what is said of it. `hot_library!` writes it, or
/// `#[hot_module]` if there is more to say.
#[derive(Clone, Copy, Debug)]
pub struct ModuleEntry {
    /// The name of the plugin, or of the function that is one.
    pub name: &'static str,
    /// The source file in which it was named, as the compiler was told it.
    pub file: &'static str,
    /// The types in `state_keys`, as written.
    pub state_keys: &'static [&'static str],
    /// The functions in `targets`, by the last segment of their paths.
    pub targets: &'static [&'static str],
    /// The modules in `after`.
    pub after: &'static [&'static str],
    /// Declares the state keys.
    pub declare: fn(&mut StateKeys<'_>),
    /// Adds the plugin.
    pub build: fn(&mut App),
}

/// Links the name of a function with `#[hot_module]` to its [`ModuleEntry`].
pub trait HotModuleDef {
    /// The module.
    const ENTRY: ModuleEntry;
}

impl ModuleEntry {
    /// A plugin of which nothing more is said.
    #[must_use]
    pub const fn of_plugin(name: &'static str, file: &'static str, build: fn(&mut App)) -> Self {
        Self {
            name,
            file,
            state_keys: &[],
            targets: &[],
            after: &[],
            declare: |_| {},
            build,
        }
    }
}

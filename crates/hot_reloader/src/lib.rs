//! Edit the code of a running Bevy app, press **Ctrl+Alt+R**, and go on with the state as it was.
//!
//! A hot app is a host that never changes and a plugin library that does. In the library, setup
//! functions become hot modules, and one line lists them:
//!
//! ```
//! use bevy::prelude::*;
//! use hot_reloader::prelude::*;
//!
//! #[derive(Resource, Reflect, Clone, Default)]
//! struct Score(u32);
//!
//! #[hot_module(state_keys = [Score], targets = [keep_score])]
//! fn game(app: &mut HotApp) {
//!     app.init_resource::<Score>().add_systems(Update, keep_score);
//! }
//!
//! fn keep_score(mut score: ResMut<Score>) {
//!     score.0 += 1;
//! }
//!
//! hot_library!(game);
//! # fn main() {}
//! ```
//!
//! The host names the library, here the crate `my_game`:
//!
//! ```no_run
//! # mod my_game { hot_reloader::hot_library!(); }
//! use bevy::prelude::*;
//!
//! fn main() -> AppExit {
//!     App::new()
//!         .add_plugins((DefaultPlugins, hot_reloader::hot_plugin!(my_game)))
//!         .run()
//! }
//! ```
//!
//! With the feature `hot` the host builds and loads the library when it starts, and again at each
//! `ReloadRequest`; the shortcut sends one for all modules. Without the feature the modules are linked
//! in and nothing of the reloader is left.
//!
//! The `HotReloader` resource tells what runs and how the last reloads went; `HotReloaderConfig` says
//! how the library is built and for how long new code is on probation; `ErrorTint` is the tint.

#[cfg(feature = "hot")]
use hot_reloader_dylib as _;
pub use hot_reloader_internal::*;
pub use hot_reloader_macros::hot_module;

/// What a plugin library and its host commonly use.
pub mod prelude {
    pub use crate::{hot_library, hot_module, hot_plugin, HotApp, HotReloaderPlugin};
    #[cfg(feature = "hot")]
    pub use crate::{ErrorTint, HotReloader, ReloadRequest};
}

/// Lists the hot modules of a library, once, in its `lib.rs`.
#[cfg(feature = "hot")]
#[macro_export]
macro_rules! hot_library {
    ($($module:path),* $(,)?) => {
        /// What the library says of itself before any of it runs.
        #[unsafe(no_mangle)]
        pub static HOT_RELOADER_IDENTITY: $crate::private::IdentityText =
            $crate::private::identity_text();

        /// The modules of the library.
        #[unsafe(no_mangle)]
        pub static HOT_RELOADER_ENTRY: $crate::LibraryEntry = $crate::LibraryEntry {
            modules: &[$(<$module as $crate::HotModuleDef>::ENTRY),*],
        };

        /// Sets the modules up; called by `bevy_dexterous_developer` when it swaps libraries.
        #[unsafe(no_mangle)]
        #[allow(improper_ctypes_definitions, reason = "both sides are Rust, of one compiler")]
        pub extern "C" fn hot_reloader_scope(contents: &mut $crate::private::ReloadableAppContents) {
            $crate::private::scope(&HOT_RELOADER_ENTRY, contents);
        }
    };
}

/// Lists the hot modules of a library, once, in its `lib.rs`.
#[cfg(not(feature = "hot"))]
#[macro_export]
macro_rules! hot_library {
    ($($module:path),* $(,)?) => {
        /// The modules of the library.
        pub static HOT_RELOADER_ENTRY: $crate::LibraryEntry = $crate::LibraryEntry {
            modules: &[$(<$module as $crate::HotModuleDef>::ENTRY),*],
        };
    };
}

/// The plugin that brings the modules of a library into a host: `hot_plugin!(my_game)`.
#[cfg(feature = "hot")]
#[macro_export]
macro_rules! hot_plugin {
    ($library:ident) => {
        $crate::HotReloaderPlugin::new(env!("CARGO_MANIFEST_DIR"), stringify!($library))
    };
}

/// The plugin that brings the modules of a library into a host: `hot_plugin!(my_game)`.
#[cfg(not(feature = "hot"))]
#[macro_export]
macro_rules! hot_plugin {
    ($library:ident) => {
        $crate::LinkedModulesPlugin::new(&$library::HOT_RELOADER_ENTRY)
    };
}

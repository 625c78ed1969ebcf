//! Edit the code of a running Bevy app, press **Ctrl+Alt+R**, and go on with the state as it was.
//!
//! A hot app is a host that never changes, and one or more plugin libraries that do. In a library, one line lists
//! the Bevy plugins that are to be reloaded: types, functions, or values.
//!
//! ```
//! use bevy::prelude::*;
//! use hot_reloader::prelude::*;
//!
//! #[derive(Resource, Default)]
//! struct Score(u32);
//!
//! #[derive(Default)]
//! struct GamePlugin;
//!
//! impl Plugin for GamePlugin {
//!     fn build(&self, app: &mut App) {
//!         app.init_resource::<Score>().add_systems(Update, keep_score);
//!     }
//! }
//!
//! fn keep_score(mut score: ResMut<Score>) {
//!     score.0 += 1;
//! }
//!
//! fn menu(app: &mut App) {
//!     app.add_systems(Startup, || info!("press any key"));
//! }
//!
//! hot_library!(GamePlugin, menu);
//! # fn main() {}
//! ```
//!
//! The host names its libraries, here the crate `my_game`:
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
//! With the feature `hot` the host builds and loads them when it starts, and those that were edited again at each
//! `ReloadRequest`; the shortcut sends one for all modules. Without the feature the modules are linked
//! in and nothing of the reloader is left.
//!
//! # Modules
//!
//! Each plugin of the list is a module. It builds again for each new generation, and once or twice before that in
//! a throwaway world, so it depends on nothing but the code. What is state stays; what is code or a constant is
//! replaced. `#[hot_module]` says more of a module, on a function:
//!
//! ```
//! use bevy::prelude::*;
//! use hot_reloader::prelude::*;
//!
//! const SPEED: f32 = 200.0;
//!
//! #[derive(Component, Reflect, Clone, Default)]
//! pub struct Ship {
//!     fuel: f32,
//! }
//!
//! #[derive(Component)]
//! struct Hud;
//!
//! /// The ships stay as they are, and so does the fuel in them.
//! #[hot_module(state_keys = [Ship])]
//! pub fn ships(app: &mut App) {
//!     app.insert_resource(ClearColor(Color::BLACK)) // an edit of the color counts
//!         .add_systems(Startup, |mut commands: Commands| {
//!             commands.spawn((Ship::default(), SpriteBundle::default())); // once
//!         })
//!         .add_systems(FixedUpdate, fly.run_if(any_with_component::<Ship>));
//! }
//!
//! fn fly(time: Res<Time>, mut ships: Query<(&mut Ship, &mut Transform)>) {
//!     for (mut ship, mut transform) in &mut ships {
//!         ship.fuel -= time.delta_seconds();
//!         transform.translation.x += SPEED * time.delta_seconds();
//!     }
//! }
//!
//! /// What it shows is built anew by each generation, so an edit of `build` is seen at once.
//! #[hot_module(after = [ships])]
//! pub fn hud(app: &mut App) {
//!     app.add_systems(OnLoad, build).add_systems(OnUnload, clear);
//! }
//!
//! fn build(mut commands: Commands) {
//!     commands.spawn((Hud, TextBundle::from_section("FUEL", TextStyle::default())));
//! }
//!
//! fn clear(mut commands: Commands, parts: Query<Entity, With<Hud>>) {
//!     for part in &parts {
//!         commands.entity(part).despawn_recursive();
//!     }
//! }
//!
//! hot_library!(ships, hud);
//! # fn main() {}
//! ```
//!
//! What each thing of an `App` does across a reload (resources, states, observers, nested plugins, `Local`s, event
//! readers) is in `docs/app.md`, a table with a test for each row.
//!
//! The `HotReloader` resource tells what runs and how the last reloads went; `HotReloaderConfig` says
//! how the library is built and for how long new code is on probation; `ErrorTint` is the tint.
#![cfg_attr(feature = "hot", doc = "\n")]
#![cfg_attr(feature = "hot", doc = include_str!("reloading.md"))]

pub use hot_reloader_bevy::*;
#[cfg(feature = "hot")]
use hot_reloader_dylib as _;
/// Another name of Bevy's `App`, for modules whose functions were written to take a `HotApp`.
pub type HotApp = hot_reloader_bevy::private::App;

#[doc(hidden)]
pub use hot_reloader_macros::module_entries;
pub use hot_reloader_macros::{hot_module, state};

/// What a plugin library and its host commonly use.
pub mod prelude {
    pub use crate::{
        hot_library, hot_module, hot_plugin, state, ExemptFromRollback, HotApp, OnLoad, OnReload,
        OnUnload,
    };
    #[cfg(feature = "hot")]
    pub use crate::{ErrorTint, HotReloader, HotReloaderPlugin, ReloadRequest};
}

/// Lists the plugins of a library that are reloaded, once, in its `lib.rs`: types that are plugins and have
/// a `Default`, values of plugins, and functions that take a `&mut App`. Each is a module, named after its type or
/// function.
#[cfg(feature = "hot")]
#[macro_export]
macro_rules! hot_library {
    ($($modules:tt)*) => {
        /// What the library says of itself before any of it runs.
        #[unsafe(no_mangle)]
        pub static HOT_RELOADER_IDENTITY: $crate::private::IdentityText =
            $crate::private::identity_text();

        /// The modules of the library.
        #[unsafe(no_mangle)]
        pub static HOT_RELOADER_ENTRY: $crate::LibraryEntry = $crate::LibraryEntry {
            modules: $crate::module_entries!($($modules)*),
            engine: $crate::private::engine_id,
        };

        /// Called by `bevy_dexterous_developer` when it swaps libraries.
        #[unsafe(no_mangle)]
        #[allow(improper_ctypes_definitions, reason = "both sides are Rust, of one compiler")]
        pub extern "C" fn hot_reloader_scope(contents: &mut $crate::private::ReloadableAppContents) {
            $crate::private::scope(&HOT_RELOADER_ENTRY, contents);
        }
    };
}

/// Lists the plugins of a library, once, in its `lib.rs`: types that are plugins and have a `Default`,
/// values of plugins, and functions that take a `&mut App`. Each is a module, named after its type or function.
#[cfg(not(feature = "hot"))]
#[macro_export]
macro_rules! hot_library {
    ($($modules:tt)*) => {
        /// The plugins of the library.
        pub const HOT_RELOADER_MODULES: $crate::LibraryEntry = $crate::LibraryEntry {
            modules: $crate::module_entries!($($modules)*),
        };
    };
}

/// The plugin that brings the modules of one or more libraries into a host: `hot_plugin!(my_game)`. It is a
/// [`HotReloaderPlugin`], whose `config` may be changed before it is added.
#[cfg(feature = "hot")]
#[macro_export]
macro_rules! hot_plugin {
    ($($library:ident),+ $(,)?) => {
        $crate::HotReloaderPlugin::new(env!("CARGO_MANIFEST_DIR"), &[$(stringify!($library)),+])
    };
}

/// The plugin that brings the modules of one or more libraries into a host: `hot_plugin!(my_game)`. It is a function
/// that adds them to the app, each after those that it names in `after`.
#[cfg(not(feature = "hot"))]
#[macro_export]
macro_rules! hot_plugin {
    ($($library:ident),+ $(,)?) => {
        |app: &mut $crate::private::App| {
            $crate::add_modules(app, &[$($library::HOT_RELOADER_MODULES),+]);
        }
    };
}

//! `hot_reloader_bevy` as one shared library.
//!
//! Host and plugin library must use the same copy of everything that they share, so it has to be in
//! shared libraries, and these have to form a chain: two siblings may not hold one crate. This is
//! the link below `bevy_dylib` and `bevy_dexterous_developer_dynamic`.

// Naming them makes the compiler take them from their shared libraries.
use bevy as _;
use bevy_dexterous_developer as _;
pub use hot_reloader_bevy::*;

//! `slop_engine` as one shared library, the last link of the chain below the plugin libraries.

// Naming it makes the compiler take it, and what is in it, from its shared library.
use hot_reloader as _;
pub use slop_engine::*;

//! See the manifest.
pub use slop_engine::*;

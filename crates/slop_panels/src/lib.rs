//! The smaller windows.

pub mod context;
pub mod hands;
pub mod log;
pub mod performance;

#[cfg(feature = "hot")]
use slop_engine_dylib as _;

hot_reloader::hot_library!(
    performance::performance,
    log::log,
    context::context,
    hands::hands
);

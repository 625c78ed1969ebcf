//! The reloadable part of the app: everything a person sees and does.

pub mod controller;
pub mod gui;

#[cfg(feature = "hot")]
use slop_engine_dylib as _;

hot_reloader::hot_library!(controller::controller, gui::gui);

//! The reloadable part of the app: everything a person sees and does.

pub mod ai_client;
pub mod controller;
mod date;
pub mod gui;
mod markdown;
mod proposal;
pub mod session;

#[cfg(feature = "hot")]
use slop_engine_dylib as _;

hot_reloader::hot_library!(
    controller::controller,
    ai_client::ai_client,
    gui::gui,
    session::session,
);

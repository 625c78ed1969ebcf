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

use bevy::prelude::{App, IntoSystemSetConfigs, SystemSet, Update};

/// The order of the modules in a frame.
#[derive(SystemSet, Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Turn {
    Control,
    Ask,
    Show,
}

impl Turn {
    fn order(app: &mut App) {
        app.configure_sets(Update, (Self::Control, Self::Ask, Self::Show).chain());
    }
}

hot_reloader::hot_library!(
    controller::controller,
    ai_client::ai_client,
    gui::gui,
    session::session
);

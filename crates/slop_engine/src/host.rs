//! What the host sets up: the window and when to end.

use bevy::{
    app::AppExit,
    core::FrameCount,
    prelude::{App, DefaultPlugins, EventWriter, Last, PluginGroup, Res, Resource},
    utils::default,
    window::{PresentMode, Window, WindowPlugin, WindowResolution},
};
use bevy_egui::EguiPlugin;

/// The window, egui and the end after some frames.
pub fn plugin(app: &mut App) {
    let window = Window {
        title: "Manual Slop".to_owned(),
        name: Some("manual-slop".to_owned()),
        resolution: WindowResolution::new(1280.0, 800.0),
        present_mode: PresentMode::AutoVsync,
        ..default()
    };
    let window = WindowPlugin {
        primary_window: Some(window),
        ..default()
    };
    app.add_plugins((DefaultPlugins.set(window), EguiPlugin));
}

/// Ends the app after this many frames.
#[derive(Resource, Clone, Copy, Debug)]
pub struct ExitAfterFrames(pub u32);

/// Makes the app end after `frames`.
pub fn exit_after(app: &mut App, frames: u32) {
    app.insert_resource(ExitAfterFrames(frames));
    app.add_systems(
        Last,
        |limit: Res<ExitAfterFrames>, count: Res<FrameCount>, mut exit: EventWriter<AppExit>| {
            if count.0 + 1 >= limit.0 {
                exit.send(AppExit::Success);
            }
        },
    );
}

//! The host. Its code is never reloaded, so there is little of it.

use std::time::Duration;

use bevy::{
    prelude::*,
    winit::{UpdateMode, WinitSettings},
};

fn main() -> AppExit {
    // It never draws by itself.
    let idle = UpdateMode::reactive_low_power(Duration::MAX);
    App::new()
        .insert_resource(WinitSettings {
            focused_mode: idle,
            unfocused_mode: idle,
        })
        .add_plugins((DefaultPlugins, hot_reloader::hot_plugin!(editor_key)))
        .run()
}

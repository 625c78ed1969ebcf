//! The host. Its code is never reloaded, so there is little of it.

use bevy::prelude::*;

fn main() -> AppExit {
    App::new()
        .add_plugins((DefaultPlugins, hot_reloader::hot_plugin!(plugins)))
        .run()
}

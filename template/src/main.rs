//! The host. Its code is never reloaded, so there is little of it.

fn main() -> bevy::app::AppExit {
    bevy::app::App::new()
        .add_plugins((bevy::DefaultPlugins, hot_reloader::hot_plugin!({{crate_name}})))
        .run()
}

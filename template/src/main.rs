fn main() -> bevy::app::AppExit {
    bevy::app::App::new()
        .add_plugins((bevy::DefaultPlugins, hot_reloader::hot_plugin!({{crate_name}})))
        .run()
}

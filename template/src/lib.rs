//! What can be edited while the app runs: save, and press Ctrl+Alt+R in its window.

use bevy::prelude::*;
use hot_reloader::prelude::*;

/// Behind everything.
const BACKGROUND: Color = Color::srgb(0.2, 0.2, 0.4);
/// Of the square.
const COLOR: Color = Color::srgb(1.0, 0.6, 0.2);
/// The edge of the square, in pixels.
const SIZE: f32 = 80.0;
/// In pixels per second.
const SPEED: f32 = 300.0;

/// State. It survives every reload, and since it is registered for reflection, its fields may change meanwhile.
#[derive(Component, Reflect, Default)]
struct Player {
    /// From the middle of the window.
    position: Vec2,
}

/// A plugin like any other. It builds again with each reload, and what it says anew counts.
#[derive(Default)]
pub struct GamePlugin;

impl Plugin for GamePlugin {
    fn build(&self, app: &mut App) {
        app.insert_resource(ClearColor(BACKGROUND))
            .register_type::<Player>()
            .add_systems(Startup, spawn)
            .add_systems(Update, (walk, show).chain());
    }
}

/// Runs once, when the plugin is first loaded.
fn spawn(mut commands: Commands) {
    commands.spawn(Camera2dBundle::default());
    commands.spawn((Player::default(), SpriteBundle::default()));
}

/// Moves the square by the arrow keys.
fn walk(keys: Res<ButtonInput<KeyCode>>, time: Res<Time>, mut players: Query<&mut Player>) {
    let axis = |back, forth| f32::from(keys.pressed(forth)) - f32::from(keys.pressed(back));
    let direction = Vec2::new(
        axis(KeyCode::ArrowLeft, KeyCode::ArrowRight),
        axis(KeyCode::ArrowDown, KeyCode::ArrowUp),
    );
    for mut player in &mut players {
        player.position += SPEED * time.delta_seconds() * direction.normalize_or_zero();
    }
}

/// Sets what follows from state and constants in each frame, so an edit shows at once.
fn show(mut players: Query<(&Player, &mut Transform, &mut Sprite)>) {
    for (player, mut transform, mut sprite) in &mut players {
        transform.translation = player.position.extend(0.0);
        sprite.color = COLOR;
        sprite.custom_size = Some(Vec2::splat(SIZE));
    }
}

// What is reloaded: the types of plugins, values of them, and functions that take a `&mut App`.
hot_library!(GamePlugin);

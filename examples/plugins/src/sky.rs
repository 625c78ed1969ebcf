//! What is behind the rockets: a plugin that is a function.

use bevy::prelude::*;

/// Shows with the next reload.
const BACKGROUND: Color = Color::srgb(0.02, 0.02, 0.07);
/// How many there are.
const STARS: u32 = 300;

/// A camera, a night and its stars.
pub fn sky(app: &mut App) {
    app.insert_resource(ClearColor(BACKGROUND))
        .add_systems(Startup, spawn);
}

/// Runs when the module is first loaded, and again when it is rebuilt.
fn spawn(mut commands: Commands) {
    commands.spawn(Camera2dBundle::default());
    commands.spawn_batch((0..STARS).map(|number| {
        let number = number as f32;
        let place = Vec2::new(noise(number) - 0.5, noise(number + 0.5) - 0.5);
        SpriteBundle {
            sprite: Sprite {
                color: Color::srgba(0.9, 0.9, 1.0, 0.1 + 0.5 * noise(number + 0.25)),
                custom_size: Some(Vec2::splat(1.5)),
                ..default()
            },
            transform: Transform::from_translation((place * Vec2::new(1280.0, 720.0)).extend(0.0)),
            ..default()
        }
    }));
}

/// From 0 to 1, without a visible pattern.
pub(crate) fn noise(number: f32) -> f32 {
    (437.585 * (12.9898 * number).sin()).rem_euclid(1.0)
}

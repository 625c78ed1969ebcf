//! Ten thousand stars whose motion and colours are edited live.
//!
//! Run it with `cargo xtask example orbit`. While it runs, change a constant or one of the
//! functions `speed`, `radius` and `colour`, save, and press Ctrl+Alt+R: every star goes on from
//! the angle it had, by the new rule. Things to try:
//!
//! - `TWIST` 12.0 for more windings, 0.0 for none; `FLATNESS` 0.3 for broad arms.
//! - `speed` that returns `1.0`, so that the stars turn as one.
//! - `radius` that returns `200.0 + 150.0 * distance`, for a ring.
//! - Other hues in `colour`, or another `BACKGROUND`.
//!
//! It teaches what is applied when: what systems in `Update` use shows at once, and so does a
//! resource that the module inserts. `Startup` systems run only when the module is first loaded, so
//! another number of `STARS` waits for Ctrl+Alt+Shift+R, which builds anew what `Startup` had spawned.

use std::f32::consts::TAU;

use bevy::prelude::*;
use hot_reloader::prelude::*;

/// How many there are. Spawned at startup.
const STARS: u32 = 10_000;
/// The edge of a star, in pixels.
const SIZE: f32 = 2.0;
/// How far the orbit at the rim is turned against the one at the centre, in radians.
const TWIST: f32 = 5.5;
/// The short axis of an orbit as a share of the long one.
const FLATNESS: f32 = 0.66;
/// What is behind the stars.
const BACKGROUND: Color = Color::srgb(0.01, 0.01, 0.03);

/// In radians per second, for the stars at a distance of 0 (centre) to 1 (rim).
fn speed(distance: f32) -> f32 {
    0.25 / (0.2 + distance)
}

/// The long half axis, in pixels.
fn radius(distance: f32) -> f32 {
    8.0 + 342.0 * distance
}

/// From gold through pink to blue.
fn colour(distance: f32) -> Color {
    let hue = 45.0 - 190.0 * distance;
    Color::hsla(hue.rem_euclid(360.0), 0.8, 0.85 - 0.2 * distance, 0.8)
}

/// Where a star is. Survives every reload.
#[derive(Component, Reflect, Clone)]
pub struct Orbit {
    /// From 0 at the centre to 1 at the rim.
    pub distance: f32,
    /// In radians.
    pub angle: f32,
}

/// Moves and paints the stars.
#[hot_module(state_keys = [Orbit], targets = [turn, place, paint])]
pub fn orbit(app: &mut App) {
    app.insert_resource(ClearColor(BACKGROUND))
        .add_systems(Startup, spawn)
        .add_systems(Update, (turn, place, paint).chain());
}

/// Runs once, when the module is first loaded.
fn spawn(mut commands: Commands) {
    commands.spawn(Camera2dBundle::default());
    commands.spawn_batch((0..STARS).map(|number| {
        let number = number as f32;
        let orbit = Orbit {
            // An exponent below 1 leaves fewer stars for the centre, where orbits are short.
            distance: (number / STARS as f32).powf(0.8),
            angle: TAU * noise(number),
        };
        let sprite = Sprite {
            custom_size: Some(Vec2::ONE),
            ..default()
        };
        (
            orbit,
            SpriteBundle {
                sprite,
                ..default()
            },
        )
    }));
}

/// From 0 to 1, without a visible pattern.
fn noise(number: f32) -> f32 {
    (437.585 * (12.9898 * number).sin()).rem_euclid(1.0)
}

fn turn(time: Res<Time>, mut orbits: Query<&mut Orbit>) {
    for mut orbit in &mut orbits {
        orbit.angle = (orbit.angle + speed(orbit.distance) * time.delta_seconds()) % TAU;
    }
}

/// Each orbit is an ellipse that is turned a little against the one inside it. Where they come
/// close to one another there is an arm, and it stays, although the stars pass through it.
fn place(mut stars: Query<(&Orbit, &mut Transform)>) {
    for (orbit, mut transform) in &mut stars {
        let (sin, cos) = orbit.angle.sin_cos();
        let on_ellipse = radius(orbit.distance) * Vec2::new(cos, FLATNESS * sin);
        let on_screen = Vec2::from_angle(TWIST * orbit.distance).rotate(on_ellipse);
        transform.translation = on_screen.extend(0.0);
        transform.scale = Vec2::splat(SIZE).extend(1.0);
    }
}

fn paint(mut stars: Query<(&Orbit, &mut Sprite)>) {
    for (orbit, mut sprite) in &mut stars {
        let colour = colour(orbit.distance);
        // A sprite that counts as changed is measured anew by the engine.
        if sprite.color != colour {
            sprite.color = colour;
        }
    }
}

hot_library!(orbit);

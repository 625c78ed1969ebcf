//! What a rocket becomes. `ShowPlugin` adds this plugin; the reloader need not know of it.

use bevy::prelude::*;

use crate::sky::noise;

/// From one rocket.
const SPARKS: u32 = 160;
/// How fast the outermost fly at first, in pixels per second.
const SPEED: f32 = 260.0;
/// Downwards, in pixels per second, each second.
const GRAVITY: f32 = 70.0;
/// The share of its speed that a spark loses in a second.
const DRAG: f32 = 1.4;
/// In seconds.
const LIFE: f32 = 2.4;
/// In radians. Turned by it, no spark hides another.
const GOLDEN_ANGLE: f32 = 2.399_963;

/// A rocket bursts.
#[derive(Event, Clone, Copy)]
pub(crate) struct Burst {
    /// In pixels from the middle of the window.
    pub(crate) at: Vec2,
    /// In degrees.
    pub(crate) hue: f32,
}

/// Sparks, from a burst to their end.
pub(crate) struct SparksPlugin;

impl Plugin for SparksPlugin {
    fn build(&self, app: &mut App) {
        app.register_type::<Spark>()
            .observe(burst)
            .add_systems(Update, glow);
    }
}

#[derive(Component, Reflect)]
struct Spark {
    velocity: Vec2,
    hue: f32,
    /// In seconds.
    age: f32,
}

/// Of a spark as it sets out.
fn velocity(number: u32) -> Vec2 {
    let part = number as f32 / SPARKS as f32;
    let speed = SPEED * part.sqrt() * (0.9 + 0.2 * noise(number as f32));
    speed * Vec2::from_angle(GOLDEN_ANGLE * number as f32)
}

/// New code replaces it like any system, and a panic in it takes the reload back.
fn burst(trigger: Trigger<Burst>, mut commands: Commands) {
    let Burst { at, hue } = *trigger.event();
    commands.spawn_batch((0..SPARKS).map(move |number| {
        let spark = Spark {
            velocity: velocity(number),
            hue: hue + 40.0 * noise(number as f32),
            age: 0.0,
        };
        let sprite = SpriteBundle {
            sprite: Sprite {
                custom_size: Some(Vec2::splat(3.0)),
                ..default()
            },
            transform: Transform::from_translation(at.extend(2.0)),
            ..default()
        };
        (spark, sprite)
    }));
}

fn glow(
    time: Res<Time>,
    mut sparks: Query<(Entity, &mut Spark, &mut Transform, &mut Sprite)>,
    mut commands: Commands,
) {
    let seconds = time.delta_seconds();
    for (entity, mut spark, mut transform, mut sprite) in &mut sparks {
        spark.age += seconds;
        let velocity = spark.velocity * (1.0 - DRAG * seconds).max(0.0);
        spark.velocity = velocity - GRAVITY * seconds * Vec2::Y;
        transform.translation += (seconds * spark.velocity).extend(0.0);
        let left = 1.0 - spark.age / LIFE;
        if left <= 0.0 {
            commands.entity(entity).despawn();
        } else {
            // White at first, then its own colour, then gone.
            sprite.color = Color::hsla(spark.hue % 360.0, 0.9, 0.55 + 0.4 * left.powi(4), left);
        }
    }
}

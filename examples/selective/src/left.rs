//! Counts. Key 1 reloads it.

use bevy::prelude::*;
use hot_reloader::prelude::*;

/// Change it to see which code runs.
const VERSION: u32 = 1;

/// Survives every reload.
#[derive(Resource, Reflect, Clone, Default)]
pub struct Total {
    /// Since the app was started.
    pub frames: u32,
}

/// The text of this module.
#[derive(Component)]
struct Line;

/// Counts frames and shows for how many this code has run.
#[hot_module(state_keys = [Total], targets = [count])]
pub fn left(app: &mut App) {
    app.init_resource::<Total>()
        .add_systems(Startup, set_up)
        .add_systems(Update, count);
}

fn set_up(mut commands: Commands) {
    commands.spawn(Camera2dBundle::default());
    commands.spawn((Line, crate::text_at(-320.0)));
}

fn count(
    mut total: ResMut<Total>,
    mut frames: Local<u32>,
    mut lines: Query<&mut Text, With<Line>>,
) {
    total.frames += 1;
    *frames += 1;
    for mut text in &mut lines {
        text.sections[0].value = format!("left, version {VERSION}\n{} frames", *frames);
    }
}

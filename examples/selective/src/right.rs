//! Shows what `left` counts. Key 2 reloads it.

use bevy::prelude::*;
use hot_reloader::prelude::*;

use crate::left::Total;

/// Change it to see which code runs.
const VERSION: u32 = 1;

/// The text of this module.
#[derive(Component)]
struct Line;

/// Shows the total, and for how many frames this code has run.
#[hot_module(targets = [show], after = [left])]
pub fn right(app: &mut App) {
    app.add_systems(Startup, set_up).add_systems(Update, show);
}

fn set_up(mut commands: Commands) {
    commands.spawn((Line, crate::text_at(320.0)));
}

fn show(total: Res<Total>, mut frames: Local<u32>, mut lines: Query<&mut Text, With<Line>>) {
    *frames += 1;
    for mut text in &mut lines {
        text.sections[0].value = format!(
            "right, version {VERSION}\n{} frames\n{} in total",
            *frames, total.frames
        );
    }
}

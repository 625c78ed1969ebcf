//! The smallest hot app: a plugin that is a function, and one line that lists it.
//!
//! Run it with `cargo xtask example counter`. While it runs, change `STEP` or the text in `show`,
//! save, and press Ctrl+Alt+R: the new code counts on from where the old one was. Then write
//! something that does not compile, and see that it counts on all the same.

use bevy::prelude::*;
use hot_reloader::prelude::*;

/// How far it counts in a second.
const STEP: f32 = 1.0;

/// Survives every reload, like all that is in the world.
#[derive(Resource, Default)]
pub struct Count {
    /// Since the app was started.
    pub value: f32,
}

/// The line that shows it.
#[derive(Component)]
struct Line;

/// Counts and shows the count.
pub fn counter(app: &mut App) {
    app.init_resource::<Count>()
        .add_systems(Startup, set_up)
        .add_systems(Update, (count, show).chain());
}

/// Runs once, when the module is first loaded.
fn set_up(mut commands: Commands) {
    commands.spawn(Camera2dBundle::default());
    let style = TextStyle {
        font_size: 64.0,
        ..default()
    };
    commands.spawn((
        Line,
        Text2dBundle {
            text: Text::from_section("", style),
            ..default()
        },
    ));
}

fn count(time: Res<Time>, mut count: ResMut<Count>) {
    count.value += STEP * time.delta_seconds();
}

fn show(count: Res<Count>, mut lines: Query<&mut Text, With<Line>>) {
    for mut text in &mut lines {
        text.sections[0].value = format!("{:.0} seconds", count.value);
    }
}

hot_library!(counter);

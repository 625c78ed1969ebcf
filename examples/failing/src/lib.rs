//! Four edits that break the code, and an app that goes on all the same.
//!
//! Run it with `cargo xtask example failing`. The window lists the edits: three lines below end in
//! `break 1` to `break 3` and wait to be uncommented, and the fourth edit renames a field.
//! Make one of them, save, and press Ctrl+Alt+R. The window turns red, the reason is on screen, and
//! the laps go on. Take the edit back and press the keys again: the red is gone.
//!
//! It teaches where each kind of mistake is caught:
//!
//! 1. A compile error: there is no new code, so nothing happens to the old.
//! 2. A panic while the plugin builds: noticed before the new code takes over.
//! 3. A panic in frame 30: the new code is still on probation (60 frames), so the old code comes
//!    back, with the laps of before the reload.
//! 4. A renamed field of a state key: refused, since it may as well be another one, and the laps would be
//!    lost. The reason says how to tell; most other changes of types just go on, see `docs/edits.md`.

use bevy::prelude::*;
use hot_reloader::prelude::*;

/// The edits, as the window shows them.
const MENU: &str = "\
Make one of these edits in src/lib.rs, save, press Ctrl+Alt+R:

1  uncomment the line `break 1`: it does not compile
2  uncomment the line `break 2`: the plugin panics as it builds
3  uncomment the line `break 3`: a system panics in frame 30 of the new code
4  rename `count` to `sum` in all places: is it the same field?
";

/// Survives every reload, the failed ones included.
#[derive(Resource, Reflect, Clone, Default)]
pub struct Laps {
    /// One for each frame since the app was started.
    pub count: u64,
}

/// The text that shows it all.
#[derive(Component)]
struct Lines;

/// Counts laps and shows the menu.
#[hot_module(state_keys = [Laps], targets = [run])]
pub fn failing(app: &mut App) {
    app.init_resource::<Laps>()
        .add_systems(Startup, set_up)
        .add_systems(Update, run);
    // panic!("the plugin panics as it builds"); // break 2
}

/// Runs once, when the module is first loaded.
fn set_up(mut commands: Commands) {
    commands.spawn(Camera2dBundle::default());
    let style = TextStyle {
        font_size: 28.0,
        ..default()
    };
    commands.spawn((
        Lines,
        Text2dBundle {
            text: Text::from_section("", style),
            ..default()
        },
    ));
}

/// `frames` belongs to this generation of the code and starts from zero in the next.
fn run(mut laps: ResMut<Laps>, mut frames: Local<u32>, mut texts: Query<&mut Text, With<Lines>>) {
    laps.count += 1;
    *frames += 1;
    // let broken: u32 = "text"; // break 1
    // assert!(*frames < 30, "frame 30 of the new code"); // break 3
    let line = format!("{} laps, {} of them by this code", laps.count, *frames);
    for mut text in &mut texts {
        text.sections[0].value = format!("{MENU}\n{line}");
    }
}

hot_library!(failing);

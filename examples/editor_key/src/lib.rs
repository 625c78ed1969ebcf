//! A reload that is asked for from outside the window, such as by a key of the editor.
//!
//! Run it with `cargo xtask example editor_key`. Type something in its window, change `GREETING`,
//! save, and run `cargo xtask reload` in another terminal: the window goes on with the new code
//! and what was typed, and the editor keeps the focus. `README.md` beside this package binds that
//! to a key in several editors.
//!
//! In other workspaces the same command is the program `hot-reload`, installed from this repository
//! by `cargo install --path crates/hot_reloader_remote`.
//!
//! It teaches one thing more: an app that draws only when something happens is woken by a request,
//! and kept awake until the reload is over.

use bevy::{input::keyboard::KeyboardInput, prelude::*};
use hot_reloader::prelude::*;

/// What the window says.
const GREETING: &str = "Type something, and reload from elsewhere";
/// In which colour.
const COLOR: Color = Color::srgb(0.5, 0.8, 1.0);

/// Survives every reload.
#[derive(Resource, Reflect, Clone, Default)]
pub struct Typed {
    /// Since the app was started.
    pub text: String,
}

/// The line that shows it.
#[derive(Component)]
struct Line;

/// Greets, and shows what is typed.
#[hot_module(state_keys = [Typed], targets = [listen, show])]
pub fn editor_key(app: &mut App) {
    app.init_resource::<Typed>()
        .add_systems(Startup, set_up)
        .add_systems(Update, (listen, show).chain());
}

/// Runs once, when the module is first loaded.
fn set_up(mut commands: Commands) {
    commands.spawn(Camera2dBundle::default());
    commands.spawn((Line, Text2dBundle::default()));
}

fn listen(mut keys: EventReader<KeyboardInput>, mut typed: ResMut<Typed>) {
    for key in keys.read().filter(|key| key.state.is_pressed()) {
        use bevy::input::keyboard::Key;
        match &key.logical_key {
            Key::Character(text) => typed.text.push_str(text),
            Key::Space => typed.text.push(' '),
            Key::Backspace => drop(typed.text.pop()),
            _ => {}
        }
    }
}

fn show(typed: Res<Typed>, mut lines: Query<&mut Text, With<Line>>) {
    let style = TextStyle {
        font_size: 40.0,
        color: COLOR,
        ..default()
    };
    for mut line in &mut lines {
        *line = Text::from_section(format!("{GREETING}\n\n{}_", typed.text), style.clone());
    }
}

hot_library!(editor_key);

//! Fireworks of plain Bevy plugins: one in another, with a sub state and an observer.
//!
//! Run it with `cargo xtask example plugins`. Space ends the show and begins it again, Enter brings the
//! finale on. While rockets are in the air, edit the code, save, and press Ctrl+Alt+R. Things to try:
//!
//! - In `sparks.rs`, `GRAVITY` -60.0, so that sparks rise, or another `velocity`: the observer is the new
//!   code's from the next rocket on, and the sparks that fly already follow the new rule.
//! - Here, `PERIOD_OF_FINALE` 0.05, or another `launch`: the finale goes on, and so does the count.
//! - In `sky.rs`, another `BACKGROUND` shows at once, another number of `STARS` with Ctrl+Alt+Shift+R, which
//!   builds anew what `Startup` had spawned.
//!
//! It teaches that nothing in here is made for the reloader but the last line: `ShowPlugin` is a type, `sky` a
//! function, and `SparksPlugin` is added by another plugin, as in any app.

pub mod sky;
mod sparks;

use bevy::prelude::*;
use hot_reloader::prelude::*;

use crate::sparks::{Burst, SparksPlugin};

/// In seconds, from one rocket to the next.
const PERIOD: f32 = 0.8;
/// The same in the finale.
const PERIOD_OF_FINALE: f32 = 0.15;
/// Where rockets begin, in pixels from the middle of the window.
const GROUND: f32 = -360.0;

/// Rockets that go up, and what becomes of them.
#[derive(Default)]
pub struct ShowPlugin;

impl Plugin for ShowPlugin {
    fn build(&self, app: &mut App) {
        app.add_plugins(SparksPlugin)
            .init_state::<Show>()
            .add_sub_state::<Pace>()
            .enable_state_scoped_entities::<Show>()
            .init_resource::<Launcher>()
            // So that their fields can change while rockets fly.
            .register_type::<Launcher>()
            .register_type::<Rocket>()
            .add_systems(Startup, spawn_caption)
            .add_systems(OnEnter(Show::Running), restart)
            .add_systems(
                Update,
                (choose, launch.run_if(in_state(Show::Running)), rise, tell).chain(),
            );
    }
}

#[derive(States, Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
enum Show {
    #[default]
    Running,
    Over,
}

/// There is one only while the show is running.
#[derive(SubStates, Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[source(Show = Show::Running)]
enum Pace {
    #[default]
    Calm,
    Finale,
}

/// Survives every reload, like all that is in the world.
#[derive(Resource, Reflect, Default)]
struct Launcher {
    /// Until the next rocket.
    seconds: f32,
    /// In this show.
    launched: u32,
}

#[derive(Component, Reflect)]
struct Rocket {
    /// Upwards, in pixels per second.
    speed: f32,
    /// In seconds, until it bursts.
    fuse: f32,
    /// In degrees.
    hue: f32,
}

#[derive(Component)]
struct Caption;

fn spawn_caption(mut commands: Commands) {
    commands.spawn((
        Caption,
        TextBundle::from_section("", TextStyle::default()).with_style(Style {
            margin: UiRect::all(Val::Px(16.0)),
            ..default()
        }),
    ));
}

/// A reload enters no state, so the count goes on.
fn restart(mut launcher: ResMut<Launcher>) {
    *launcher = Launcher::default();
}

fn choose(
    keys: Res<ButtonInput<KeyCode>>,
    show: Res<State<Show>>,
    pace: Option<Res<State<Pace>>>,
    mut next_show: ResMut<NextState<Show>>,
    mut next_pace: ResMut<NextState<Pace>>,
) {
    if keys.just_pressed(KeyCode::Space) {
        next_show.set(match show.get() {
            Show::Running => Show::Over,
            Show::Over => Show::Running,
        });
    }
    if pace.is_some() && keys.just_pressed(KeyCode::Enter) {
        next_pace.set(Pace::Finale);
    }
}

fn launch(
    time: Res<Time>,
    pace: Res<State<Pace>>,
    mut launcher: ResMut<Launcher>,
    mut commands: Commands,
) {
    launcher.seconds -= time.delta_seconds();
    if launcher.seconds > 0.0 {
        return;
    }
    launcher.seconds = match pace.get() {
        Pace::Calm => PERIOD,
        Pace::Finale => PERIOD_OF_FINALE,
    };
    launcher.launched += 1;
    let seed = launcher.launched as f32;
    let rocket = Rocket {
        speed: 330.0 + 90.0 * sky::noise(seed),
        fuse: 1.3,
        // So far apart that no two neighbours are alike.
        hue: (137.5 * seed) % 360.0,
    };
    let sprite = SpriteBundle {
        sprite: Sprite {
            color: Color::hsl(rocket.hue, 0.9, 0.8),
            custom_size: Some(Vec2::new(3.0, 12.0)),
            ..default()
        },
        transform: Transform::from_xyz(900.0 * (sky::noise(seed + 0.5) - 0.5), GROUND, 1.0),
        ..default()
    };
    commands.spawn((rocket, StateScoped(Show::Running), sprite));
}

fn rise(
    time: Res<Time>,
    mut rockets: Query<(Entity, &mut Rocket, &mut Transform)>,
    mut commands: Commands,
) {
    for (entity, mut rocket, mut transform) in &mut rockets {
        rocket.fuse -= time.delta_seconds();
        transform.translation.y += rocket.speed * time.delta_seconds();
        if rocket.fuse <= 0.0 {
            commands.entity(entity).despawn();
            commands.trigger(Burst {
                at: transform.translation.truncate(),
                hue: rocket.hue,
            });
        }
    }
}

fn tell(
    pace: Option<Res<State<Pace>>>,
    launcher: Res<Launcher>,
    mut captions: Query<&mut Text, With<Caption>>,
) {
    let keys = match pace.as_deref().map(State::get) {
        Some(Pace::Calm) => "Space: end    Enter: finale",
        Some(Pace::Finale) => "Space: end    the finale",
        None => "Space: begin",
    };
    for mut text in &mut captions {
        text.sections[0].value = format!("{keys}    {} rockets", launcher.launched);
    }
}

hot_library!(ShowPlugin, sky::sky);

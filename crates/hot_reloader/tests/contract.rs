//! A module does the same with and without `hot`. `cargo xtask test` runs this in both forms, against the
//! same expectation.

use bevy::{prelude::*, state::app::StatesPlugin};
use hot_reloader::prelude::*;

/// What was done, in order.
#[derive(Resource, Default)]
struct Notes(Vec<String>);

/// What the host has.
#[derive(SystemSet, Clone, Debug, PartialEq, Eq, Hash)]
enum Part {
    Early,
    Gated,
    Late,
}

#[derive(Resource, Default)]
struct Open(bool);

#[derive(States, Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
enum Room {
    #[default]
    Hall,
    Cellar,
}

#[derive(Event)]
struct Ring;

#[derive(Event)]
struct Sent(u32);

#[derive(Resource, Reflect, Clone, Default)]
struct Score(u32);

#[derive(Component, Reflect)]
struct Thing;

#[derive(Resource)]
struct Constant(u32);

fn note(text: &'static str) -> impl Fn(ResMut<Notes>) {
    move |mut notes| notes.0.push(text.to_owned())
}

#[hot_module(state_keys = [Score], targets = [score])]
fn game(app: &mut App) {
    app.init_resource::<Score>()
        .insert_resource(Constant(7))
        .register_type::<Thing>()
        .add_event::<Sent>()
        .init_state::<Room>()
        .observe(|_: Trigger<Ring>, mut notes: ResMut<Notes>| notes.0.push("heard".to_owned()))
        .add_systems(OnLoad, note("set up"))
        .add_systems(Startup, note("startup"))
        .add_systems(OnEnter(Room::Hall), note("enters the hall"))
        .add_systems(OnExit(Room::Hall), note("leaves the hall"))
        .add_systems(OnEnter(Room::Cellar), note("enters the cellar"))
        .configure_sets(Update, Own::First.before(Own::Second))
        .add_systems(
            Update,
            (
                note("gated").in_set(Part::Gated),
                score.after(Part::Early).before(Part::Late),
                note("second").in_set(Own::Second).after(Part::Late),
                note("first").in_set(Own::First).after(Part::Late),
                note("never").run_if(|| false),
            ),
        );
}

#[derive(SystemSet, Clone, Debug, PartialEq, Eq, Hash)]
enum Own {
    First,
    Second,
}

fn score(
    mut score: ResMut<Score>,
    constant: Res<Constant>,
    mut sent: EventWriter<Sent>,
    mut notes: ResMut<Notes>,
    mut commands: Commands,
) {
    score.0 += constant.0;
    sent.send(Sent(score.0));
    notes.0.push(format!("score {}", score.0));
    commands.trigger(Ring);
}

#[hot_module(after = [game])]
fn reader(app: &mut App) {
    app.add_systems(
        PostUpdate,
        |mut sent: EventReader<Sent>, mut notes: ResMut<Notes>| {
            notes
                .0
                .extend(sent.read().map(|sent| format!("read {}", sent.0)));
        },
    );
}

/// A type of which nothing is said but that it is a plugin.
#[derive(Default)]
struct Counter {
    steps: u32,
}

impl Plugin for Counter {
    fn build(&self, app: &mut App) {
        let text = format!("counted {}", self.steps);
        app.add_systems(Last, move |mut notes: ResMut<Notes>| {
            notes.0.push(text.clone());
        });
    }
}

/// Is both a type and a value.
#[derive(Default)]
struct Unit;

impl Plugin for Unit {
    fn build(&self, app: &mut App) {
        app.add_systems(Last, note("unit"));
    }
}

mod parts {
    use super::*;

    pub(crate) fn function(app: &mut App) {
        app.add_systems(Last, note("function"));
    }

    pub(crate) struct Value(pub(crate) &'static str);

    impl Plugin for Value {
        fn build(&self, app: &mut App) {
            app.add_systems(Last, note(self.0));
        }
    }
}

hot_library!(
    game,
    reader,
    Counter,
    Unit,
    parts::function,
    parts::Value("value")
);

#[cfg(feature = "hot")]
fn modules(app: &mut App) {
    let mut plugin = hot_reloader::HotReloaderPlugin::new("/", &["contract"]);
    plugin.config.remote = false;
    let source = hot_reloader::private::InProcess::default();
    source.push(&[&HOT_RELOADER_ENTRY]);
    app.add_plugins((plugin, source));
}

#[cfg(not(feature = "hot"))]
fn modules(app: &mut App) {
    hot_reloader::add_modules(app, &[HOT_RELOADER_MODULES]);
}

#[test]
fn a_module_does_the_same_with_and_without_hot() {
    let mut app = App::new();
    app.add_plugins((MinimalPlugins, StatesPlugin))
        .init_resource::<Notes>()
        .init_resource::<Open>()
        .configure_sets(Update, (Part::Early, Part::Gated, Part::Late).chain())
        .configure_sets(Update, Part::Gated.run_if(|open: Res<Open>| open.0))
        .add_systems(Update, note("early").in_set(Part::Early))
        .add_systems(Update, note("late").in_set(Part::Late));
    modules(&mut app);
    app.finish();
    app.cleanup();
    // With `hot` the library comes some frames after the start.
    for _ in 0..10 {
        app.update();
        if app.world().contains_resource::<Score>() {
            break;
        }
        app.world_mut().resource_mut::<Notes>().0.clear();
    }
    app.world_mut().resource_mut::<Open>().0 = true;
    app.world_mut()
        .resource_mut::<NextState<Room>>()
        .set(Room::Cellar);
    app.update();
    let notes = &app.world().resource::<Notes>().0;
    let at = |text: &str| {
        let found = notes.iter().position(|note| note == text);
        found.unwrap_or_else(|| panic!("{text} is not among {notes:?}"))
    };
    // What the engine leaves open is left open.
    let in_order = |texts: &[&str]| {
        let places: Vec<_> = texts.iter().map(|text| at(text)).collect();
        assert!(places.is_sorted(), "{texts:?}: {notes:?}");
    };
    in_order(&[
        "enters the hall",
        "startup",
        "early",
        "score 7",
        "late",
        "read 7",
    ]);
    in_order(&["set up", "score 7", "heard"]);
    in_order(&[
        "enters the hall",
        "score 7",
        "leaves the hall",
        "enters the cellar",
        "score 14",
    ]);
    in_order(&["score 7", "gated", "read 14"]);
    in_order(&["late", "first", "second"]);
    let count = |text: &str| notes.iter().filter(|note| *note == text).count();
    assert_eq!(
        count("startup") + count("set up") + count("enters the hall"),
        3,
        "{notes:?}"
    );
    for listed in ["counted 0", "unit", "function", "value"] {
        assert_eq!(count(listed), 2, "{notes:?}");
    }
    assert_eq!(
        (count("gated"), count("never"), count("heard")),
        (1, 0, 2),
        "{notes:?}"
    );
    let types = app.world().resource::<AppTypeRegistry>().read();
    assert!(types.contains(std::any::TypeId::of::<Thing>()));
}

//! What a rebuild builds anew.

use bevy::prelude::*;
use hot_reloader_transaction::{Outcome, ReloadReport};

use super::{
    broken, check, game, host, note, rebuild, reload, set, start,
    states::{states, Screen},
    take, Bench,
};
use crate::{
    hot::{tests::harness::module, ReloadRequest},
    OnLoad, OnUnload,
};

#[derive(Component)]
struct Level;

fn spawns(count: usize) -> impl Fn(Commands) {
    move |mut commands| {
        for _ in 0..count {
            commands.spawn(Level).with_children(|level| {
                level.spawn(Name::new("part"));
            });
        }
    }
}

#[test]
fn a_rebuild_takes_down_what_startup_setup_and_the_present_state_have_spawned() {
    #[derive(Component)]
    struct Hud;
    fn one(app: &mut App) {
        app.init_state::<Screen>()
            .add_systems(Startup, spawns(1))
            .add_systems(OnLoad, |mut commands: Commands| {
                commands.spawn(Hud);
            })
            .add_systems(OnUnload, || {})
            .add_systems(OnEnter(Screen::Menu), spawns(10))
            .add_systems(OnEnter(Screen::Game), spawns(100));
    }
    fn two(app: &mut App) {
        app.init_state::<Screen>()
            .add_systems(Startup, spawns(2))
            .add_systems(OnLoad, |mut commands: Commands| {
                commands.spawn(Hud);
            })
            .add_systems(OnEnter(Screen::Menu), spawns(20))
            .add_systems(OnEnter(Screen::Game), spawns(200));
    }
    let mut bench = start(one);
    bench.frames(2);
    assert_eq!(bench.count::<Level>(), 11);
    let stranger = bench.world().spawn(Level).id();
    reload(&mut bench, two);
    assert_eq!(bench.count::<Level>(), 12, "a reload spawns nothing");
    rebuild(&mut bench, two);
    assert_eq!(bench.count::<Level>(), 23);
    assert_eq!(bench.count::<Name>(), 22, "with all that was below them");
    assert_eq!(bench.count::<Hud>(), 1);
    assert!(bench.world().get_entity(stranger).is_some());
    bench.frames(8);
    set(&mut bench, Screen::Game);
    assert_eq!(bench.count::<Level>(), 223);
    rebuild(&mut bench, one);
    assert_eq!(
        bench.count::<Level>(),
        1 + 1 + 20 + 100,
        "the menu is not the present state"
    );
    // One that panics brings back all that was taken down, and is known to the next.
    bench.frames(8);
    bench.next(&[game(|app| {
        two(app);
        broken(app);
    })]);
    bench.world().send_event(ReloadRequest::all().rebuilding());
    check(&bench.report(), Outcome::RolledBack);
    assert_eq!(bench.count::<Level>(), 122);
    rebuild(&mut bench, two);
    assert_eq!(bench.count::<Level>(), 1 + 2 + 20 + 200);
}

#[test]
fn the_first_state_is_entered_before_the_startup() {
    let mut bench = start(|app| {
        app.init_state::<Screen>()
            .add_systems(Startup, note("startup"))
            .add_systems(OnEnter(Screen::Menu), note("menu"));
    });
    bench.frames(2);
    assert_eq!(take(&mut bench), ["menu", "startup"]);
}

/// A rebuild takes down what a reload leaves alone.
#[test]
fn what_a_rebuild_takes_down_and_could_not_bring_back_is_told() {
    #[derive(States, Clone, Debug, Default, PartialEq, Eq, Hash)]
    struct Level(String);
    fn build(app: &mut App) {
        app.add_systems(Startup, |mut commands: Commands| {
            let level = StateScoped(Level("the first".to_owned()));
            commands
                .spawn(Name::new("of the level"))
                .with_children(|children| {
                    children.spawn(level);
                });
        });
    }
    let mut bench = start(build);
    let is_told = |report: &ReloadReport| {
        let mut warnings = report.warnings.iter();
        warnings
            .any(|told| told.contains("StateScoped") && told.contains("could not be brought back"))
    };
    assert!(!is_told(&reload(&mut bench, build)));
    assert!(is_told(&rebuild(&mut bench, build)));
}

#[test]
fn a_rebuild_enters_a_state_before_those_within_it() {
    let mut bench = start(states);
    set(&mut bench, Screen::Game);
    for _ in 0..4 {
        take(&mut bench);
        rebuild(&mut bench, states);
        let entered = take(&mut bench);
        assert_eq!(entered.len(), 3, "{entered:?}");
        assert_eq!(entered[0], "game");
        bench.frames(2);
    }
}

#[test]
fn a_state_that_came_back_is_built_anew_by_a_rebuild() {
    fn menu(app: &mut App) {
        app.init_state::<Screen>()
            .add_systems(OnEnter(Screen::Menu), spawns(1));
    }
    let mut bench = start(menu);
    let report = bench.reload(&[game(|app| {
        menu(app);
        app.add_systems(Update, |mut next: ResMut<NextState<Screen>>| {
            next.set(Screen::Game);
        })
        .add_systems(OnEnter(Screen::Game), || panic!("broken"));
    })]);
    check(&report, Outcome::RolledBack);
    rebuild(&mut bench, |app| {
        app.init_state::<Screen>()
            .add_systems(OnEnter(Screen::Menu), spawns(2));
    });
    assert_eq!(bench.count::<Level>(), 2);
}

/// Code moves to another module, which gets another name then.
#[test]
fn a_state_is_built_anew_by_the_module_that_has_the_code_now() {
    fn screens(app: &mut App) {
        app.init_state::<Screen>();
    }
    fn menu(app: &mut App) {
        app.add_systems(OnEnter(Screen::Menu), spawns(1));
    }
    let level = |bench: &mut Bench| {
        let world = bench.world();
        world.query_filtered::<Entity, With<Level>>().single(world)
    };
    let mut bench = start(|app| {
        screens(app);
        menu(app);
    });
    let mut before = level(&mut bench);
    let report = bench.reload(&[game(screens), module("menu", menu)]);
    check(&report, Outcome::Committed);
    assert_eq!(level(&mut bench), before);
    for name in ["menu", "menu", "the_menu"] {
        bench.next(&[game(screens), module(name, menu)]);
        bench.world().send_event(ReloadRequest::all().rebuilding());
        check(&bench.report(), Outcome::Committed);
        let now = level(&mut bench);
        assert_ne!(now, before, "{name}");
        before = now;
    }
}

#[test]
fn a_state_that_was_left_is_not_built_anew_though_another_that_came_with_it_is_what_it_was() {
    #[derive(States, Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    enum Sound {
        #[default]
        On,
    }
    fn build(app: &mut App) {
        app.init_state::<Screen>()
            .init_state::<Sound>()
            .enable_state_scoped_entities::<Screen>()
            .add_systems(OnEnter(Screen::Menu), |mut commands: Commands| {
                commands.spawn((Level, StateScoped(Screen::Menu)));
            });
    }
    let mut bench = start(build);
    assert_eq!(bench.count::<Level>(), 1);
    set(&mut bench, Screen::Game);
    assert_eq!(bench.count::<Level>(), 0);
    rebuild(&mut bench, build);
    assert_eq!(bench.count::<Level>(), 0);
}

#[test]
fn a_rebuild_of_code_that_is_what_it_was_builds_anew() {
    let entry = [game(|app| {
        app.add_systems(Startup, spawns(1));
    })];
    let mut bench = Bench::start(&entry, host);
    let world = bench.world();
    let before = world.query_filtered::<Entity, With<Level>>().single(world);
    bench.again();
    bench.world().send_event(ReloadRequest::all().rebuilding());
    check(&bench.report(), Outcome::Committed);
    let world = bench.world();
    let after = world.query_filtered::<Entity, With<Level>>().single(world);
    assert_ne!(before, after);
}

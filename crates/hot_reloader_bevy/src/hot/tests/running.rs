//! Code that runs: guarded, replaced, put back.

use bevy::{ecs::schedule::ScheduleLabel, prelude::*};
use hot_reloader_transaction::{Outcome, ReloadError};

use super::harness::{check, host, module, note, set, take, Bench, Notes};
use crate::{
    hot::{HotReloader, ReloadRequest},
    ModuleEntry, OnLoad, OnUnload,
};

#[derive(Event)]
struct Ring;

/// Builds anew what is there.
#[track_caller]
fn rebuild(bench: &mut Bench) {
    bench.again();
    bench.world().send_event(ReloadRequest::all().rebuilding());
    check(&bench.report(), Outcome::Committed);
}

#[test]
fn any_panic_on_probation_takes_the_reload_back_and_the_other_module_goes_on() {
    #[derive(Resource, Default)]
    struct Mine(u32);
    fn steady(app: &mut App) {
        app.init_resource::<Mine>().add_systems(
            Update,
            |mine: Res<Mine>, mut notes: ResMut<Notes>| {
                assert!(mine.0 == 0, "it was mine");
                notes.0.push("steady");
            },
        );
    }
    let steady = module("steady", steady);
    let mut bench = Bench::start(&[module("game", |_| {}), steady], host);
    bench.next(&[
        module("game", |app| {
            app.add_systems(Update, |mut mine: ResMut<Mine>| mine.0 = 1);
        }),
        steady,
    ]);
    let request = ReloadRequest::modules(["game"]);
    bench.world().send_event(request);
    let report = bench.report();
    check(&report, Outcome::RolledBack);
    let text = report.error.unwrap().to_string();
    assert!(
        text.starts_with("module `steady` panicked in Update, frame 1"),
        "{text}"
    );
    take(&mut bench);
    bench.frames(2);
    assert_eq!(take(&mut bench), ["steady", "steady"]);
    assert!(bench
        .app
        .world()
        .resource::<HotReloader>()
        .modules()
        .iter()
        .all(|m| m.suspended.is_none()));
}

#[test]
fn what_new_code_does_after_a_panic_within_it_is_taken_back_too() {
    #[derive(ScheduleLabel, Clone, Debug, PartialEq, Eq, Hash)]
    struct Turn;
    #[derive(Component)]
    struct Late;
    fn late(mut commands: Commands) {
        commands.spawn(Late);
    }
    let mut bench = Bench::start(&[module("game", |_| {})], host);
    let report = bench.reload(&[module("game", |app| {
        app.add_systems(Turn, || panic!("no turn")).add_systems(
            Update,
            (|world: &mut World| world.run_schedule(Turn), late).chain(),
        );
    })]);
    check(&report, Outcome::RolledBack);
    let text = report.error.unwrap().to_string();
    assert!(text.contains("no turn"), "{text}");
    assert_eq!(bench.count::<Late>(), 0);
}

#[test]
fn what_panics_within_the_unload_of_old_code_is_told_and_no_fault_of_the_new() {
    #[derive(ScheduleLabel, Clone, Debug, PartialEq, Eq, Hash)]
    struct Farewell;
    fn old(app: &mut App) {
        app.add_systems(Farewell, || panic!("no farewell"))
            .add_systems(OnUnload, |world: &mut World| world.run_schedule(Farewell))
            .add_systems(Update, note("old"));
    }
    let mut bench = Bench::start(&[module("game", old)], host);
    let says = |text: &String| text.contains("no farewell");
    // It goes on if the new code does not take over.
    let report = bench.reload(&[module("game", |_| panic!("half way"))]);
    check(&report, Outcome::Refused);
    assert!(report.warnings.iter().any(says), "{report:#?}");
    take(&mut bench);
    bench.frames(2);
    assert_eq!(take(&mut bench), ["old", "old"]);
    let report = bench.reload(&[module("game", |app| {
        app.add_systems(Update, note("new"));
    })]);
    check(&report, Outcome::Committed);
    assert!(report.warnings.iter().any(says), "{report:#?}");
    take(&mut bench);
    bench.frames(1);
    assert_eq!(take(&mut bench), ["new"]);
}

/// Of what it does before it panics, nothing is lost either.
#[test]
fn an_unload_that_panics_is_there_again_for_the_reload_after_one_that_failed() {
    #[derive(Component)]
    struct Hud;
    fn build(app: &mut App) {
        app.add_systems(OnLoad, |mut commands: Commands| {
            commands.spawn(Hud);
        })
        .add_systems(
            OnUnload,
            |mut commands: Commands, huds: Query<Entity, With<Hud>>, mut runs: Local<u32>| {
                huds.iter().for_each(|hud| commands.entity(hud).despawn());
                *runs += 1;
                assert!(*runs > 2, "not yet");
            },
        );
    }
    let mut bench = Bench::start(&[module("game", build)], host);
    let says = |text: &String| text.contains("not yet");
    let report = bench.reload(&[module("game", |_| panic!("half way"))]);
    check(&report, Outcome::Refused);
    assert!(report.warnings.iter().any(says), "{report:#?}");
    assert_eq!(bench.count::<Hud>(), 1);
    let report = bench.reload(&[module("game", |app| {
        build(app);
        app.add_systems(Update, || panic!("broken"));
    })]);
    check(&report, Outcome::RolledBack);
    assert!(report.warnings.iter().any(says), "{report:#?}");
    assert_eq!(bench.count::<Hud>(), 1);
    let report = bench.reload(&[module("game", build)]);
    check(&report, Outcome::Committed);
    assert!(!report.warnings.iter().any(says), "{report:#?}");
    assert_eq!(bench.count::<Hud>(), 1);
    // What it had asked for is done, as far as it came.
    let report = bench.reload(&[module("game", build)]);
    check(&report, Outcome::Committed);
    assert!(report.warnings.iter().any(says), "{report:#?}");
    assert_eq!(bench.count::<Hud>(), 1);
}

#[test]
fn a_module_that_has_got_another_name_is_told() {
    fn hello(mut notes: ResMut<Notes>) {
        notes.0.push("hello");
    }
    fn walk() {}
    fn swim() {}
    fn walks(app: &mut App) {
        app.add_systems(Startup, hello).add_systems(Update, walk);
    }
    let mut bench = Bench::start(&[module("game", walks)], host);
    assert_eq!(take(&mut bench), ["hello"]);
    let report = bench.reload(&[module("the_game", walks)]);
    check(&report, Outcome::Committed);
    let says = |text: &String| text.contains("`game` is gone, and `the_game`");
    assert!(report.warnings.iter().any(says), "{report:#?}");
    let says = |text: &String| text.contains("`hello` of `game`");
    assert!(report.warnings.iter().any(says), "{report:#?}");
    assert_eq!(take(&mut bench), [""; 0], "it has run");
    // What does something else is another module.
    let report = bench.reload(&[module("pool", |app| {
        app.add_systems(Update, swim);
    })]);
    check(&report, Outcome::Committed);
    let says = |text: &String| text.contains("`pool`");
    assert!(!report.warnings.iter().any(says), "{report:#?}");
}

#[derive(Component, Default)]
struct Hero;

#[derive(Component, Default)]
struct Enemy;

fn spawn_hero(mut commands: Commands) {
    commands.spawn(Hero);
}

fn spawn_enemies(mut commands: Commands) {
    commands.spawn(Enemy);
}

#[test]
fn what_the_startup_has_run_does_not_run_again_in_a_module_that_is_new() {
    fn greet(mut notes: ResMut<Notes>) {
        notes.0.push("hello");
    }
    fn hero(app: &mut App) {
        app.add_systems(Startup, spawn_hero);
    }
    fn enemies(app: &mut App) {
        app.add_systems(Startup, (spawn_enemies, greet).chain());
    }
    let mut bench = Bench::start(
        &[module("game", |app| {
            hero(app);
            app.add_systems(Startup, spawn_enemies);
        })],
        host,
    );
    let parts = [module("game", hero), module("enemies", enemies)];
    let broken = module("enemies", |app| {
        enemies(app);
        app.add_systems(Update, || panic!("broken"));
    });
    check(&bench.reload(&[parts[0], broken]), Outcome::RolledBack);
    assert_eq!(bench.count::<Enemy>(), 1);
    take(&mut bench);
    let report = bench.reload(&parts);
    check(&report, Outcome::Committed);
    let says = |text: &String| text.contains("`spawn_enemies` of `game`");
    assert!(report.warnings.iter().any(says), "{report:#?}");
    assert_eq!(bench.count::<Enemy>(), 1);
    assert_eq!(take(&mut bench), ["hello"], "that is new");
    let report = bench.reload(&parts);
    check(&report, Outcome::Committed);
    assert!(!report.warnings.iter().any(says), "once: {report:#?}");
    rebuild(&mut bench);
    assert_eq!(take(&mut bench), ["hello"]);
    assert_eq!((bench.count::<Hero>(), bench.count::<Enemy>()), (1, 1));
}

/// It is new in a module whose startup is over, and then that of a module of its own. Many have a system `setup`.
#[test]
fn what_waits_for_a_rebuild_runs_in_a_module_that_is_new() {
    fn hero(app: &mut App) {
        fn setup(mut commands: Commands) {
            commands.spawn(Hero);
        }
        app.add_systems(Startup, setup);
    }
    fn enemies(app: &mut App) {
        fn setup(mut commands: Commands) {
            commands.spawn(Enemy);
        }
        app.add_systems(Startup, setup);
    }
    fn both(app: &mut App) {
        hero(app);
        enemies(app);
    }
    let mut bench = Bench::start(&[module("game", hero)], host);
    for is_told in [true, false] {
        let report = bench.reload(&[module("game", both)]);
        check(&report, Outcome::Committed);
        let says = |text: &String| text.contains("next rebuild: `setup`");
        assert_eq!(report.warnings.iter().any(says), is_told, "{report:#?}");
        assert_eq!(bench.count::<Enemy>(), 0);
    }
    let report = bench.reload(&[module("game", hero), module("enemies", enemies)]);
    check(&report, Outcome::Committed);
    assert_eq!((bench.count::<Hero>(), bench.count::<Enemy>()), (1, 1));
}

#[test]
fn systems_of_one_name_that_stay_and_that_move_are_told_apart() {
    fn spawn<T: Component + Default>(mut commands: Commands) {
        commands.spawn(T::default());
    }
    fn hero(app: &mut App) {
        app.add_systems(Startup, spawn::<Hero>);
    }
    fn enemies(app: &mut App) {
        app.add_systems(Startup, spawn::<Enemy>);
    }
    let mut bench = Bench::start(
        &[module("game", |app| {
            hero(app);
            enemies(app);
        })],
        host,
    );
    let report = bench.reload(&[module("game", hero), module("enemies", enemies)]);
    check(&report, Outcome::Committed);
    assert_eq!((bench.count::<Hero>(), bench.count::<Enemy>()), (1, 1));
}

#[test]
fn a_rebuild_takes_down_what_modules_have_spawned_that_are_gone() {
    fn all(app: &mut App) {
        app.add_systems(Startup, (spawn_hero, spawn_enemies));
    }
    let mut bench = Bench::start(&[module("game", all)], host);
    check(
        &bench.reload(&[module("the_game", all)]),
        Outcome::Committed,
    );
    assert_eq!((bench.count::<Hero>(), bench.count::<Enemy>()), (1, 1));
    rebuild(&mut bench);
    assert_eq!((bench.count::<Hero>(), bench.count::<Enemy>()), (1, 1));
    // One that goes at the rebuild is no different.
    bench.next(&[module("hero", |app| {
        app.add_systems(Startup, spawn_hero);
    })]);
    bench.world().send_event(ReloadRequest::all().rebuilding());
    check(&bench.report(), Outcome::Committed);
    assert_eq!((bench.count::<Hero>(), bench.count::<Enemy>()), (1, 0));
}

/// Many have a system `setup`.
#[test]
fn a_module_that_takes_the_place_of_another_runs_its_startup() {
    fn forest(app: &mut App) {
        fn setup(mut notes: ResMut<Notes>) {
            notes.0.push("forest");
        }
        fn grow() {}
        app.add_systems(Startup, setup).add_systems(Update, grow);
    }
    fn desert(app: &mut App) {
        fn setup(mut notes: ResMut<Notes>) {
            notes.0.push("desert");
        }
        app.add_systems(Startup, setup);
    }
    let mut bench = Bench::start(&[module("forest", forest)], host);
    assert_eq!(take(&mut bench), ["forest"]);
    let report = bench.reload(&[module("desert", desert)]);
    check(&report, Outcome::Committed);
    assert_eq!(take(&mut bench), ["desert"]);
    let says = |text: &String| text.contains("`desert`");
    assert!(!report.warnings.iter().any(says), "{report:#?}");
}

#[test]
fn a_suspension_does_not_skip_the_modules_after_it() {
    fn bad(app: &mut App) {
        app.add_systems(Update, |mut frames: Local<u32>| {
            *frames += 1;
            assert!(*frames < 20, "too old");
        });
    }
    let after = module("after", |app| {
        app.add_systems(Update, note("after"));
    });
    let mut bench = Bench::start(&[module("bad", bad), after], host);
    for _ in 0..30 {
        bench.frames(1);
        assert_eq!(take(&mut bench).last(), Some(&"after"));
    }
    let reloader = bench.app.world().resource::<HotReloader>();
    assert!(
        matches!(reloader.last_error(), Some(ReloadError::Suspended { module, .. }) if module == "bad")
    );
}

#[derive(States, Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
enum Room {
    #[default]
    Hall,
    Cellar,
}

#[test]
fn transitions_are_the_modules_code_like_any_other() {
    fn rooms(app: &mut App) {
        app.init_state::<Room>()
            .add_systems(OnEnter(Room::Hall), note("hall"))
            .add_systems(OnExit(Room::Hall), note("leaves"));
    }
    let mut bench = Bench::start(&[module("rooms", rooms)], host);
    bench.frames(1);
    assert_eq!(take(&mut bench), ["hall"]);
    for _ in 0..2 {
        let report = bench.reload(&[module("rooms", |app| {
            rooms(app);
            app.add_systems(OnEnter(Room::Cellar), note("cellar"));
        })]);
        check(&report, Outcome::Committed);
    }
    assert_eq!(take(&mut bench), [""; 0], "a reload enters nothing");
    set(&mut bench, Room::Cellar);
    assert_eq!(take(&mut bench), ["leaves", "cellar"], "each once");

    // A transition that panics is contained.
    let report = bench.reload(&[module("rooms", |app| {
        rooms(app);
        app.add_systems(OnEnter(Room::Hall), || panic!("no way back"));
    })]);
    check(&report, Outcome::Committed);
    set(&mut bench, Room::Hall);
    let reloader = bench.app.world().resource::<HotReloader>();
    assert!(reloader.is_error_state());
}

#[test]
fn a_state_of_the_host_is_left_to_it() {
    fn rooms(app: &mut App) {
        app.init_state::<Room>()
            .add_systems(OnEnter(Room::Cellar), note("cellar"));
    }
    let mut bench = Bench::start(&[module("rooms", rooms)], |app| {
        host(app);
        app.init_state::<Room>();
    });
    set(&mut bench, Room::Cellar);
    assert_eq!(take(&mut bench), ["cellar"], "once");
}

#[test]
fn observers_are_replaced_guarded_and_put_back() {
    fn listening(app: &mut App) {
        app.observe(|_: Trigger<Ring>, mut notes: ResMut<Notes>| notes.0.push("one"));
    }
    let mut bench = Bench::start(&[module("game", listening)], host);
    bench.world().trigger(Ring);
    assert_eq!(take(&mut bench), ["one"]);
    let report = bench.reload(&[module("game", |app| {
        app.observe(|_: Trigger<Ring>, mut notes: ResMut<Notes>| notes.0.push("two"));
    })]);
    check(&report, Outcome::Committed);
    bench.world().trigger(Ring);
    assert_eq!(take(&mut bench), ["two"]);

    // One that panics takes the reload back.
    let report = bench.reload(&[module("game", |app| {
        app.observe(|_: Trigger<Ring>| panic!("no ears"))
            .add_systems(Update, |mut commands: Commands| commands.trigger(Ring));
    })]);
    check(&report, Outcome::RolledBack);
    let text = report.error.unwrap().to_string();
    assert!(text.contains("no ears"), "{text}");
    take(&mut bench);
    bench.world().trigger(Ring);
    assert_eq!(take(&mut bench), ["two"], "the one from before, once");

    let report = bench.reload(&[module("game", |_| {})]);
    check(&report, Outcome::Committed);
    bench.world().trigger(Ring);
    assert_eq!(take(&mut bench), [""; 0]);
}

#[test]
fn an_observer_of_a_module_that_was_not_reloaded_goes_on_after_it_panicked() {
    #[derive(Resource, Default)]
    struct Mine(bool);
    let listener = module("listener", |app| {
        app.init_resource::<Mine>().observe(
            |_: Trigger<Ring>, mine: Res<Mine>, mut notes: ResMut<Notes>| {
                assert!(!mine.0, "it was mine");
                notes.0.push("heard");
            },
        );
    });
    let mut bench = Bench::start(&[module("game", |_| {}), listener], host);
    bench.next(&[
        module("game", |app| {
            app.add_systems(Update, |mut mine: ResMut<Mine>, mut commands: Commands| {
                mine.0 = true;
                commands.trigger(Ring);
            });
        }),
        listener,
    ]);
    let request = ReloadRequest::modules(["game"]);
    bench.world().send_event(request);
    let report = bench.report();
    check(&report, Outcome::RolledBack);
    take(&mut bench);
    bench.world().trigger(Ring);
    assert_eq!(take(&mut bench), ["heard"]);
}

#[test]
fn an_observer_of_accepted_code_that_panics_suspends_its_module() {
    #[derive(Resource, Default)]
    struct Rings(bool);
    let mut bench = Bench::start(
        &[module("game", |app| {
            app.init_resource::<Rings>()
                .observe(|_: Trigger<Ring>, mut notes: ResMut<Notes>| {
                    notes.0.push("heard");
                    panic!("no ears");
                })
                .add_systems(Update, |rings: Res<Rings>, mut commands: Commands| {
                    if rings.0 {
                        commands.trigger(Ring);
                    }
                });
        })],
        host,
    );
    bench.frames(10);
    bench.world().insert_resource(Rings(true));
    bench.frames(1);
    let reloader = bench.app.world().resource::<HotReloader>();
    let error = reloader.last_error().unwrap().to_string();
    assert!(error.contains("is suspended"), "{error}");
    take(&mut bench);
    bench.world().trigger(Ring);
    assert_eq!(take(&mut bench), [""; 0], "it observes no more");
    // And is replaced like any other code.
    let report = bench.reload(&[module("game", |app| {
        app.observe(|_: Trigger<Ring>, mut notes: ResMut<Notes>| notes.0.push("new"));
    })]);
    check(&report, Outcome::Committed);
    bench.world().trigger(Ring);
    assert_eq!(take(&mut bench), ["new"]);
}

#[test]
fn types_are_registered_as_without_hot() {
    #[derive(Component, Reflect)]
    struct Thing;
    let mut bench = Bench::start(
        &[module("game", |app| {
            app.register_type::<Thing>();
        })],
        host,
    );
    let registry = bench.world().resource::<AppTypeRegistry>().read();
    assert!(registry.get(std::any::TypeId::of::<Thing>()).is_some());
}

#[test]
fn a_reload_within_a_module_is_busy() {
    let mut bench = Bench::start(&[module("game", |_| {})], host);
    let report = bench.reload(&[module("game", |app| {
        app.add_systems(OnLoad, |world: &mut World| {
            let busy = HotReloader::reload_all(world).unwrap_err();
            assert_eq!(busy.kind(), "busy");
            world.resource_mut::<Notes>().0.push("busy");
        });
    })]);
    check(&report, Outcome::Committed);
    assert_eq!(take(&mut bench), ["busy"]);
}

#[test]
fn a_startup_system_that_is_new_is_told_and_runs_with_a_rebuild() {
    fn greet(mut notes: ResMut<Notes>) {
        notes.0.push("hello");
    }
    fn greets(app: &mut App) {
        app.add_systems(Startup, greet);
    }
    let mut bench = Bench::start(&[module("game", |_| {})], host);
    let report = bench.reload(&[module("game", greets)]);
    check(&report, Outcome::Committed);
    let says = |text: &String| text.contains("`greet`");
    assert!(report.warnings.iter().any(says), "{report:#?}");
    assert_eq!(take(&mut bench), [""; 0]);
    let report = bench.reload(&[module("game", greets)]);
    check(&report, Outcome::Committed);
    assert!(!report.warnings.iter().any(says), "once: {report:#?}");
    rebuild(&mut bench);
    assert_eq!(take(&mut bench), ["hello"]);
}

#[test]
fn targets_are_found_in_pipes_and_may_be_one_shot_systems() {
    fn read_input() -> u32 {
        1
    }
    fn apply_input(In(_): In<u32>) {}
    fn spawn_enclosures() {}
    fn fire() {}
    fn plays(app: &mut App) {
        app.add_systems(Update, (read_input.pipe(apply_input), spawn_enclosures));
    }
    let mut bench = Bench::start(
        &[ModuleEntry {
            targets: &["apply_input"],
            ..module("game", plays)
        }],
        host,
    );
    let reloader = bench.app.world().resource::<HotReloader>();
    assert_eq!(
        reloader.modules()[0].module.delegation_targets,
        ["apply_input", "read_input", "spawn_enclosures"]
    );
    let fires = ModuleEntry {
        targets: &["fire"],
        ..module("game", |app| {
            plays(app);
            app.register_system(fire);
        })
    };
    check(&bench.reload(&[fires]), Outcome::Committed);
    let report = bench.reload(&[ModuleEntry {
        targets: &["fire"],
        ..module("game", plays)
    }]);
    check(&report, Outcome::Refused);
    assert_eq!(report.error.unwrap().kind(), "unknown_target");
}

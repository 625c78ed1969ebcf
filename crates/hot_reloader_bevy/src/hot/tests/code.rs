//! Observers and one-shot systems that plugins add, whatever the world has been through.

use std::collections::HashMap;

use bevy::{
    ecs::{
        component::{ComponentHooks, StorageType},
        system::SystemId,
    },
    prelude::*,
};
use hot_reloader_transaction::Outcome;

use super::harness::{check, game, host, module, note, reload, take, Bench, Notes};

#[derive(Resource, Clone, Copy)]
struct Ids([SystemId; 2]);

fn run(bench: &mut Bench, ids: Ids) -> Vec<&'static str> {
    for id in ids.0 {
        bench.world().run_system(id).expect("it is there");
    }
    take(bench)
}

fn two(app: &mut App, texts: [&'static str; 2]) {
    let ids = texts.map(|text| app.register_system(note(text)));
    app.insert_resource(Ids(ids));
}

#[test]
fn systems_keep_their_ids_in_a_world_that_gives_ids_again() {
    let mut bench = Bench::start(&[game(|app| two(app, ["a", "b"]))], host);
    let ids = *bench.world().resource::<Ids>();
    assert_eq!(run(&mut bench, ids), ["a", "b"]);
    let world = bench.world();
    let free: Vec<_> = (0..4).map(|_| world.spawn_empty().id()).collect();
    for entity in free {
        world.despawn(entity);
    }
    let report = bench.reload(&[game(|app| two(app, ["c", "d"]))]);
    check(&report, Outcome::Committed);
    assert_eq!(run(&mut bench, ids), ["c", "d"]);
}

#[test]
fn systems_keep_their_ids_after_less_code_was_taken_back() {
    let mut bench = Bench::start(&[game(|app| two(app, ["a", "b"]))], host);
    let ids = *bench.world().resource::<Ids>();
    let report = bench.reload(&[game(|app| {
        app.register_system(note("x"));
        app.add_systems(Update, || panic!("broken"));
    })]);
    check(&report, Outcome::RolledBack);
    assert_eq!(run(&mut bench, ids), ["a", "b"]);
    let report = bench.reload(&[game(|app| two(app, ["c", "d"]))]);
    check(&report, Outcome::Committed);
    assert_eq!(run(&mut bench, ids), ["c", "d"]);
}

#[test]
fn systems_of_a_resource_that_is_only_made_sure_of_go_on() {
    #[derive(Resource)]
    struct Systems(SystemId);
    impl FromWorld for Systems {
        fn from_world(world: &mut World) -> Self {
            Self(world.register_system(note("made")))
        }
    }
    fn build(app: &mut App) {
        app.init_resource::<Systems>();
    }
    let mut bench = Bench::start(&[game(build)], host);
    for _ in 0..2 {
        reload(&mut bench, |app| {
            build(app);
            app.add_systems(Update, || ());
        });
        let id = bench.world().resource::<Systems>().0;
        bench.world().run_system(id).expect("it is there");
        assert_eq!(take(&mut bench), ["made"]);
    }
}

#[test]
fn ids_of_systems_are_good_in_a_module_that_cannot_be_tried_to_the_end() {
    #[derive(Resource)]
    struct OfHost;
    #[derive(Resource)]
    struct Made(SystemId);
    impl FromWorld for Made {
        fn from_world(world: &mut World) -> Self {
            Self(world.register_system(note("made")))
        }
    }
    #[derive(Resource)]
    struct Beep(SystemId);
    fn build(app: &mut App, text: &'static str) {
        app.world().resource::<OfHost>();
        app.init_resource::<Made>();
        let id = app.register_system(note(text));
        app.insert_resource(Beep(id));
    }
    let mut bench = Bench::start(&[game(|app| build(app, "old"))], |app| {
        host(app);
        app.insert_resource(OfHost);
    });
    for _ in 0..2 {
        reload(&mut bench, |app| build(app, "new"));
        let world = bench.world();
        let ids = [world.resource::<Made>().0, world.resource::<Beep>().0];
        assert_eq!(run(&mut bench, Ids(ids)), ["made", "new"]);
    }
}

/// Whether somebody wants the first of two systems to run.
#[derive(Resource, Default)]
struct Press(bool);

/// Runs it then.
fn press(mut press: ResMut<Press>, ids: Res<Ids>, mut commands: Commands) {
    if std::mem::take(&mut press.0) {
        commands.run_system(ids.0[0]);
    }
}

/// Two systems, of which the first panics.
fn broken(app: &mut App) {
    fn breaks() {
        panic!("broken");
    }
    let ids = [app.register_system(breaks), app.register_system(note("b"))];
    app.insert_resource(Ids(ids))
        .init_resource::<Press>()
        .add_systems(Update, press);
}

#[test]
fn a_system_that_panics_on_probation_gives_way_to_the_one_before_it() {
    let mut bench = Bench::start(&[game(|app| two(app, ["a", "b"]))], host);
    let ids = *bench.world().resource::<Ids>();
    for _ in 0..2 {
        let report = bench.reload(&[game(|app| {
            broken(app);
            app.insert_resource(Press(true));
        })]);
        check(&report, Outcome::RolledBack);
        assert_eq!(run(&mut bench, ids), ["a", "b"]);
    }
    let report = bench.reload(&[game(|app| two(app, ["c", "d"]))]);
    check(&report, Outcome::Committed);
    bench.frames(8);
    assert_eq!(run(&mut bench, ids), ["c", "d"]);
}

#[test]
fn a_system_that_has_panicked_keeps_its_id_and_runs_the_new_code() {
    let mut bench = Bench::start(&[game(broken)], host);
    let ids = *bench.world().resource::<Ids>();
    bench.world().resource_mut::<Press>().0 = true;
    bench.frames(1);
    assert!(bench.world().run_system(ids.0[0]).is_err(), "it is gone");
    let report = bench.reload(&[game(|app| {
        two(app, ["x", "y"]);
        app.add_systems(Update, || panic!("no better"));
    })]);
    check(&report, Outcome::RolledBack);
    assert!(bench.world().run_system(ids.0[0]).is_err(), "as before");
    for _ in 0..2 {
        let report = bench.reload(&[game(|app| two(app, ["c", "d"]))]);
        check(&report, Outcome::Committed);
        bench.frames(8);
        assert_eq!(run(&mut bench, ids), ["c", "d"]);
    }
}

#[test]
fn a_system_that_is_gone_leaves_the_others_their_ids() {
    let mut bench = Bench::start(&[game(|app| two(app, ["a", "b"]))], host);
    let ids = *bench.world().resource::<Ids>();
    bench.world().remove_system(ids.0[0]).expect("it is there");
    for _ in 0..2 {
        let report = bench.reload(&[game(|app| two(app, ["c", "d"]))]);
        check(&report, Outcome::Committed);
        bench.frames(8);
        bench.world().run_system(ids.0[1]).expect("it is there");
        assert_eq!(take(&mut bench), ["d"]);
    }
}

#[derive(Event)]
struct Ring;

#[test]
fn an_observer_whose_parameters_conflict_is_refused() {
    let mut bench = Bench::start(
        &[game(|app| {
            app.observe(|_: Trigger<Ring>, mut notes: ResMut<Notes>| notes.0.push("old"));
        })],
        host,
    );
    for _ in 0..2 {
        let report = bench.reload(&[game(|app| {
            app.observe(|_: Trigger<Ring>, _: Query<&mut Player>, _: Query<&Player>| {});
        })]);
        check(&report, Outcome::Refused);
        let text = report.error.unwrap().to_string();
        assert!(text.contains("B0001"), "{text}");
        bench.world().trigger(Ring);
        assert_eq!(take(&mut bench), ["old"]);
    }
}

#[test]
fn what_is_added_before_it_does_not_change_whose_id_a_resource_holds() {
    #[derive(Resource)]
    struct Beep(SystemId);
    fn beep(app: &mut App) {
        let id = app.register_system(note("beep"));
        app.insert_resource(Beep(id));
    }
    let mut bench = Bench::start(&[game(beep)], host);
    let id = bench.world().resource::<Beep>().0;
    reload(&mut bench, |app| {
        app.observe(|_: Trigger<Ring>| {});
        app.world_mut().spawn(Name::new("first"));
        beep(app);
    });
    assert_eq!(bench.world().resource::<Beep>().0, id);
    bench.world().run_system(id).expect("it is there");
    assert_eq!(take(&mut bench), ["beep"]);
}

#[test]
fn an_observer_of_an_entity_goes_with_it() {
    #[derive(Component)]
    struct Door;
    fn build(app: &mut App) {
        let door = app.world_mut().spawn(Door);
        let mut door = door;
        door.observe(|_: Trigger<Ring>, mut notes: ResMut<Notes>| notes.0.push("door"));
    }
    let mut bench = Bench::start(&[game(build)], host);
    let world = bench.world();
    let door = world.query_filtered::<Entity, With<Door>>().single(world);
    world.trigger_targets(Ring, door);
    assert_eq!(take(&mut bench), ["door"]);
    bench.world().despawn(door);
    for _ in 0..2 {
        reload(&mut bench, |app| {
            build(app);
            app.add_systems(Update, || ());
        });
    }
    assert_eq!(bench.count::<Door>(), 0);
}

#[test]
fn an_observer_of_an_entity_is_not_taken_for_that_of_another_which_is_gone() {
    #[derive(Component)]
    struct Door(&'static str);
    fn build(app: &mut App) {
        for name in ["left", "right"] {
            let mut door = app.world_mut().spawn(Door(name));
            door.observe(move |_: Trigger<Ring>, mut notes: ResMut<Notes>| notes.0.push(name));
        }
    }
    let mut bench = Bench::start(&[game(build)], host);
    let world = bench.world();
    let mut doors = world.query::<(Entity, &Door)>();
    let doors: Vec<(Entity, &'static str)> = doors
        .iter(world)
        .map(|(door, name)| (door, name.0))
        .collect();
    for (door, _) in doors.iter().filter(|(_, name)| *name == "left") {
        world.despawn(*door);
    }
    let report = bench.reload(&[game(|app| {
        build(app);
        app.add_systems(Update, || ());
    })]);
    check(&report, Outcome::Committed);
    bench.frames(8);
    for (door, _) in doors.iter().filter(|(_, name)| *name == "right") {
        bench.world().trigger_targets(Ring, *door);
    }
    assert_eq!(take(&mut bench), ["right"]);
}

#[test]
fn observers_on_entities_that_there_were_observe() {
    #[derive(Component)]
    struct Bell;
    let mut bench = Bench::start(
        &[game(|app| {
            let world = app.world_mut();
            let bell = world
                .query_filtered::<Entity, With<Bell>>()
                .get_single(world);
            if let Ok(bell) = bell {
                let observer = Observer::new(|_: Trigger<Ring>, mut notes: ResMut<Notes>| {
                    notes.0.push("bell");
                });
                world.entity_mut(bell).insert(observer);
            }
        })],
        |app| {
            host(app);
            app.world_mut().spawn(Bell);
        },
    );
    bench.world().trigger(Ring);
    assert_eq!(take(&mut bench), ["bell"]);
}

#[derive(Component)]
struct Player;

fn player(bench: &mut Bench) -> Entity {
    let world = bench.world();
    world.query_filtered::<Entity, With<Player>>().single(world)
}

#[test]
fn nobody_hears_of_what_a_build_spawns_again() {
    #[derive(Resource, Default, Debug, PartialEq)]
    struct Heard {
        came: u32,
        went: u32,
    }
    fn build(app: &mut App) {
        app.init_resource::<Heard>()
            .observe(|_: Trigger<OnAdd, Player>, mut heard: ResMut<Heard>| heard.came += 1)
            .observe(|_: Trigger<OnRemove, Player>, mut heard: ResMut<Heard>| heard.went += 1);
        app.world_mut().spawn(Player);
    }
    let mut bench = Bench::start(&[game(build)], |app| {
        host(app);
        app.observe(|_: Trigger<OnAdd, Player>, mut notes: ResMut<Notes>| notes.0.push("came"))
            .observe(|_: Trigger<OnRemove, Player>, mut notes: ResMut<Notes>| notes.0.push("went"));
    });
    assert_eq!(take(&mut bench), ["came"], "the first load spawns it");
    for _ in 0..2 {
        reload(&mut bench, |app| {
            build(app);
            app.add_systems(Update, || ());
        });
        assert_eq!(take(&mut bench), [""; 0]);
        assert_eq!(*bench.world().resource::<Heard>(), Heard::default());
        assert_eq!(bench.count::<Player>(), 1);
    }
    let player = player(&mut bench);
    bench.world().despawn(player);
    assert_eq!(bench.world().resource::<Heard>().went, 1);
    assert_eq!(take(&mut bench), ["went"]);
}

#[test]
fn nobody_hears_of_what_several_modules_spawn_again() {
    fn build(app: &mut App) {
        app.world_mut().spawn(Player);
    }
    let mut bench = Bench::start(&[module("one", build), module("two", build)], |app| {
        host(app);
        app.observe(|_: Trigger<OnAdd, Player>, mut notes: ResMut<Notes>| notes.0.push("player"))
            .observe(
                |of: Trigger<OnAdd>, players: Query<&Player>, mut notes: ResMut<Notes>| {
                    if players.contains(of.entity()) {
                        notes.0.push("any");
                    }
                },
            );
        // Because of it, the engine tells of players whoever else listens.
        let world = app.world_mut();
        let watched = world.spawn_empty().id();
        world.spawn(Observer::new(|_: Trigger<OnAdd, Player>| {}).with_entity(watched));
    });
    assert_eq!(take(&mut bench), ["any", "player", "any", "player"]);
    let again: fn(&mut App) = |app| {
        build(app);
        app.add_systems(Update, || ());
    };
    let report = bench.reload(&[module("one", again), module("two", again)]);
    check(&report, Outcome::Committed);
    bench.frames(8);
    assert_eq!(take(&mut bench), [""; 0]);
    assert_eq!(bench.count::<Player>(), 2);
    bench.world().spawn(Player);
    assert_eq!(take(&mut bench), ["any", "player"]);
}

#[test]
fn what_observers_send_while_the_world_comes_back_is_not_read() {
    #[derive(Event)]
    struct Left;
    fn build(app: &mut App) {
        app.add_event::<Left>()
            .observe(
                |_: Trigger<OnRemove, Player>, mut left: EventWriter<Left>| {
                    left.send(Left);
                },
            )
            .add_systems(
                Update,
                |mut left: EventReader<Left>, mut notes: ResMut<Notes>| {
                    notes.0.extend(left.read().map(|_| "left"));
                },
            );
    }
    fn spawn_and_break(world: &mut World) {
        world.spawn(Player);
        panic!("broken");
    }
    let mut bench = Bench::start(&[game(build)], host);
    let report = bench.reload(&[game(|app| {
        build(app);
        app.add_systems(Update, spawn_and_break);
    })]);
    check(&report, Outcome::RolledBack);
    assert_eq!(bench.count::<Player>(), 0);
    bench.frames(3);
    assert_eq!(take(&mut bench), [""; 0]);
    let world = bench.world();
    let player = world.spawn(Player).id();
    world.despawn(player);
    bench.frames(3);
    assert_eq!(take(&mut bench), ["left"], "later ones are read");
}

#[test]
fn an_index_that_hooks_keep_has_the_entity_that_stays() {
    #[derive(Resource, Default)]
    struct Index(HashMap<&'static str, Entity>);
    struct Indexed;
    impl Component for Indexed {
        const STORAGE_TYPE: StorageType = StorageType::Table;

        fn register_component_hooks(hooks: &mut ComponentHooks) {
            hooks.on_add(|mut world, entity, _| {
                world.resource_mut::<Index>().0.insert("player", entity);
            });
            hooks.on_remove(|mut world, _, _| {
                world.resource_mut::<Index>().0.remove("player");
            });
        }
    }
    fn build(app: &mut App) {
        app.init_resource::<Index>();
        app.world_mut().spawn((Player, Indexed));
    }
    let mut bench = Bench::start(&[game(build)], host);
    let stays = player(&mut bench);
    reload(&mut bench, |app| {
        build(app);
        app.add_systems(Update, || ());
    });
    assert_eq!(player(&mut bench), stays);
    let index = &bench.world().resource::<Index>().0;
    assert_eq!(index.get("player"), Some(&stays));
}

#[test]
fn an_observer_of_two_entities_outlives_one_of_them_and_a_reload() {
    let mut bench = Bench::start(&[game(|_| {})], host);
    let world = bench.world();
    let [one, two] = [(); 2].map(|()| world.spawn_empty().id());
    let mut observer =
        Observer::new(|_: Trigger<Ring>, mut notes: ResMut<Notes>| notes.0.push("ring"));
    observer.watch_entity(one);
    observer.watch_entity(two);
    world.spawn(observer);
    world.flush();
    world.despawn(one);
    for _ in 0..2 {
        let report = bench.reload(&[game(|app| {
            app.add_systems(Update, || ());
        })]);
        check(&report, Outcome::Committed);
        bench.world().trigger_targets(Ring, two);
        assert_eq!(take(&mut bench), ["ring"]);
    }
}

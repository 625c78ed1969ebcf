//! Observers and one-shot systems that plugins add, whatever the world has been through.

use bevy::{ecs::system::SystemId, prelude::*};
use hot_reloader_transaction::Outcome;

use super::harness::{check, host, module, note, take, Bench, Notes};
use crate::ModuleEntry;

const fn game(build: fn(&mut App)) -> ModuleEntry {
    module("game", build)
}

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
        let report = bench.reload(&[game(|app| {
            build(app);
            app.add_systems(Update, || ());
        })]);
        check(&report, Outcome::Committed);
        bench.frames(8);
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
        let report = bench.reload(&[game(|app| build(app, "new"))]);
        check(&report, Outcome::Committed);
        bench.frames(8);
        let world = bench.world();
        let ids = [world.resource::<Made>().0, world.resource::<Beep>().0];
        assert_eq!(run(&mut bench, Ids(ids)), ["made", "new"]);
    }
}

#[derive(Event)]
struct Ring;

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
    let report = bench.reload(&[game(|app| {
        app.observe(|_: Trigger<Ring>| {});
        app.world_mut().spawn(Name::new("first"));
        beep(app);
    })]);
    check(&report, Outcome::Committed);
    bench.frames(8);
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
        let report = bench.reload(&[game(|app| {
            build(app);
            app.add_systems(Update, || ());
        })]);
        check(&report, Outcome::Committed);
        bench.frames(8);
    }
    assert_eq!(bench.count::<Door>(), 0);
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

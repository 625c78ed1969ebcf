//! Observers and one-shot systems: entities that hold code.

use bevy::{ecs::system::SystemId, prelude::*};
use hot_reloader_transaction::Outcome;

use super::{broken, check, frame, game, note, reload, start, take, Bench, Notes};

#[derive(Event)]
struct Ring;

#[test]
fn observers_keep_their_entity_and_hold_the_new_code() {
    fn one(app: &mut App) {
        app.observe(
            |_: Trigger<Ring>, mut notes: ResMut<Notes>, mut count: Local<u32>| {
                *count += 1;
                notes.0.push(format!("one {}", *count));
            },
        );
    }
    let mut bench = start(one);
    let entities = bench.world().entities().len();
    bench.world().trigger(Ring);
    let report = bench.reload(&[game(|app| {
        app.observe(|_: Trigger<Ring>, mut notes: ResMut<Notes>| {
            notes.0.push("two".to_owned());
        })
        .observe(|_: Trigger<OnAdd, Name>, mut notes: ResMut<Notes>| {
            notes.0.push("named".to_owned());
        });
        broken(app);
    })]);
    check(&report, Outcome::RolledBack);
    bench.world().trigger(Ring);
    bench.world().spawn(Name::new("somebody"));
    assert_eq!(
        take(&mut bench),
        ["one 1", "one 2"],
        "not even its `Local` is lost"
    );
    reload(&mut bench, |app| {
        app.observe(|_: Trigger<Ring>, mut notes: ResMut<Notes>| {
            notes.0.push("three".to_owned());
        });
    });
    bench.world().trigger(Ring);
    assert_eq!(take(&mut bench), ["three"]);
    assert_eq!(
        bench.world().entities().len(),
        entities + 1,
        "but for the one with a name"
    );
    reload(&mut bench, |_| {});
    bench.world().trigger(Ring);
    assert_eq!(take(&mut bench), [""; 0]);
}

#[test]
fn an_observer_that_is_gone_ends_when_the_reload_is_accepted() {
    let mut bench = start(|app| {
        app.observe(|_: Trigger<Ring>, mut notes: ResMut<Notes>| {
            notes.0.push("heard".to_owned());
        });
    });
    reload(&mut bench, |app| {
        app.add_systems(Update, |mut commands: Commands| commands.trigger(Ring));
    });
    assert!(!take(&mut bench).is_empty(), "on probation it is there");
    assert_eq!(frame(&mut bench), [""; 0]);
}

#[derive(Resource)]
struct Callback(SystemId);

#[test]
fn one_shot_systems_keep_their_id_and_run_the_new_code() {
    let mut bench = start(|app| {
        let id = app.register_system(note("old"));
        app.insert_resource(Callback(id));
    });
    let run = |bench: &mut Bench| {
        let id = bench.world().resource::<Callback>().0;
        bench.world().run_system(id).expect("it is there");
        take(bench)
    };
    assert_eq!(run(&mut bench), ["old"]);
    let report = bench.reload(&[game(|app| {
        let id = app.register_system(note("new"));
        app.insert_resource(Callback(id));
        broken(app);
    })]);
    check(&report, Outcome::RolledBack);
    assert_eq!(run(&mut bench), ["old"]);
    reload(&mut bench, |app| {
        let id = app.register_system(note("new"));
        app.insert_resource(Callback(id));
    });
    assert_eq!(run(&mut bench), ["new"]);
}

#[test]
fn a_one_shot_system_that_a_system_has_registered_goes_on_with_its_code() {
    let mut bench = start(|app| {
        app.add_systems(Startup, |world: &mut World| {
            let id = world.register_system(note("old"));
            world.insert_resource(Callback(id));
        });
    });
    reload(&mut bench, |app| {
        app.add_systems(Startup, |world: &mut World| {
            let id = world.register_system(note("new"));
            world.insert_resource(Callback(id));
        });
    });
    let id = bench.world().resource::<Callback>().0;
    bench.world().run_system(id).expect("it is there");
    assert_eq!(take(&mut bench), ["old"]);
}

//! Systems, and the schedules that they are in.

use bevy::{
    ecs::{schedule::ScheduleLabel, system::RunSystemOnce},
    prelude::*,
};

use super::{frame, game, host, note, reload, start, take, Bench, Notes};

#[test]
fn systems_are_the_new_codes() {
    let mut bench = start(|app| {
        let exclusive = |world: &mut World| world.resource_mut::<Notes>().0.push("old".to_owned());
        app.add_systems(Update, (note("stays"), note("goes"), exclusive).chain());
    });
    assert_eq!(frame(&mut bench), ["stays", "goes", "old"]);
    reload(&mut bench, |app| {
        let exclusive = |world: &mut World| world.resource_mut::<Notes>().0.push("new".to_owned());
        app.add_systems(Update, (note("comes"), exclusive, note("stays")).chain());
    });
    assert_eq!(frame(&mut bench), ["comes", "new", "stays"]);
}

#[derive(ScheduleLabel, Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Turn;

#[test]
fn schedules_of_its_own_are_run_by_whoever_runs_them() {
    fn build(app: &mut App) {
        app.init_schedule(Turn)
            .add_systems(Turn, note("turn"))
            .add_systems(Update, |world: &mut World| world.run_schedule(Turn));
    }
    let mut bench = start(build);
    bench.frames(1);
    assert_eq!(frame(&mut bench), ["turn"]);
    reload(&mut bench, |app| {
        app.init_schedule(Turn)
            .add_systems(Turn, (note("turn"), note("twice")).chain())
            .add_systems(Update, |world: &mut World| world.run_schedule(Turn));
    });
    assert_eq!(frame(&mut bench), ["turn", "twice"]);
}

#[test]
fn a_build_finds_the_schedules_that_every_app_has() {
    let mut bench = start(|app| {
        let schedule = app.get_schedule_mut(Update).expect("every app has it");
        schedule.add_systems(note("update"));
    });
    assert_eq!(frame(&mut bench), ["update"]);
}

/// A plugin may run a schedule for others to add to, and nobody does.
#[test]
fn a_schedule_of_its_own_is_there_though_it_is_empty() {
    #[derive(ScheduleLabel, Clone, Debug, PartialEq, Eq, Hash)]
    struct Contacts;
    fn build(app: &mut App) {
        app.init_schedule(Contacts)
            .add_systems(Update, |world: &mut World| world.run_schedule(Contacts));
    }
    let mut bench = start(build);
    reload(&mut bench, |app| {
        build(app);
        app.add_systems(Contacts, note("contact"));
    });
    assert_eq!(frame(&mut bench), ["contact"]);
    reload(&mut bench, build);
    assert!(frame(&mut bench).is_empty());
}

#[test]
fn own_schedules_can_be_run_by_the_startup() {
    let mut bench = start(|app| {
        app.init_schedule(Turn)
            .add_systems(Turn, note("turn"))
            .add_systems(Startup, |world: &mut World| world.run_schedule(Turn));
    });
    assert_eq!(take(&mut bench), ["turn"]);
}

#[test]
fn fixed_time_and_exclusive_systems_run_as_in_any_app() {
    let mut bench = Bench::start(
        &[game(|app| {
            app.insert_resource(Time::<Fixed>::from_hz(100.0))
                .add_systems(FixedUpdate, note("step"))
                .add_systems(Update, |world: &mut World| {
                    world.run_system_once(note("exclusive"));
                });
        })],
        |app| {
            host(app);
            let step = std::time::Duration::from_millis(10);
            app.insert_resource(bevy::time::TimeUpdateStrategy::ManualDuration(step));
        },
    );
    assert_eq!(frame(&mut bench), ["step", "exclusive"]);
    // Half a step has accumulated, and counts for the new code.
    let world = bench.world();
    let before = world.resource::<Time<Fixed>>().overstep();
    let elapsed = world.resource::<Time<Fixed>>().elapsed();
    reload(&mut bench, |app| {
        app.insert_resource(Time::<Fixed>::from_hz(100.0))
            .add_systems(FixedUpdate, note("step"));
    });
    let world = bench.world();
    assert_eq!(world.resource::<Time<Fixed>>().overstep(), before);
    assert!(world.resource::<Time<Fixed>>().elapsed() > elapsed);
}

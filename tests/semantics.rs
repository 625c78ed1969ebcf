//! What Bevy keeps and what begins anew when a module's code is replaced: rows of the table in `docs/app.md`,
//! one test each.

use hot_reloader_tests::Row;

/// The number at the end of a note.
fn number(note: &str) -> u64 {
    let last = note.rsplit(' ').next().unwrap();
    last.parse().unwrap()
}

#[test]
fn a_timer_in_a_resource_goes_on() {
    let mut row = Row::start(
        "timer",
        "Clock",
        "app.init_resource::<Clock>().add_systems(Update, tick);",
        "#[derive(Resource, Reflect, Clone)]
        struct Clock(Timer, u32);
        impl Default for Clock {
            fn default() -> Self {
                Self(Timer::from_seconds(100.0 * VERSION as f32, TimerMode::Once), 0)
            }
        }
        fn tick(mut probe: ResMut<Probe>, time: Res<Time>, mut clock: ResMut<Clock>) {
            clock.0.tick(time.delta());
            clock.1 += 1;
            note(&mut probe, format!(\"{} s, ticks {}\", clock.0.duration().as_secs(), clock.1));
        }",
    );
    row.reload();
    let ticks = number(row.notes(1).last().unwrap());
    assert_eq!(row.notes(2), [format!("100 s, ticks {}", ticks + 1)]);
}

#[test]
fn a_local_begins_anew() {
    let mut row = Row::start(
        "local",
        "",
        "app.add_systems(Update, count);",
        "fn count(mut probe: ResMut<Probe>, mut count: Local<u32>) {
            *count += 1;
            note(&mut probe, *count);
        }",
    );
    row.reload();
    assert!(row.notes(1).contains(&"4".to_owned()));
    assert_eq!(row.notes(2), ["1"]);
}

#[test]
fn an_event_reader_begins_anew_with_the_events_that_are_still_there() {
    let mut row = Row::start(
        "events",
        "",
        "app.register_type::<Sent>().add_event::<Sent>().add_systems(Update, (send, read).chain());",
        "#[derive(Event, Reflect)]
        struct Sent(u32);
        fn send(mut probe: ResMut<Probe>, mut events: EventWriter<Sent>) {
            probe.frames += 1;
            events.send(Sent(probe.frames));
        }
        fn read(mut probe: ResMut<Probe>, mut events: EventReader<Sent>) {
            for event in events.read() {
                note(&mut probe, event.0);
            }
        }",
    );
    row.reload();
    let last = number(row.notes(1).last().unwrap());
    let read: Vec<_> = row.notes(2).iter().map(|note| number(note)).collect();
    assert!(read.contains(&last), "{last} is read again: {read:?}");
    let expected: Vec<_> = (read[0]..=last + 1).collect();
    assert_eq!(read, expected, "none is missing and none comes twice");
}

#[test]
fn everything_counts_as_changed_in_the_first_frame() {
    let mut row = Row::start(
        "changed",
        "Thing",
        "app.add_systems(Startup, |mut commands: Commands| { commands.spawn(Thing); })
            .add_systems(Update, look);",
        "#[derive(Component, Reflect, Clone)]
        struct Thing;
        fn look(mut probe: ResMut<Probe>, added: Query<&Thing, Added<Thing>>, changed: Query<&Thing, Changed<Thing>>) {
            note(&mut probe, format!(\"{} {}\", added.iter().count(), changed.iter().count()));
        }",
    );
    row.reload();
    let before = row.notes(1);
    assert_eq!(before[..2], ["1 1", "0 0"]);
    assert_eq!(before.last().unwrap(), "0 0");
    row.host.frames(1);
    assert_eq!(row.notes(2), ["1 1", "0 0"]);
}

/// A state that goes on by one in each frame, but only in version 1.
const STATES: &str = "
    #[derive(States, Reflect, Clone, Debug, Default, PartialEq, Eq, Hash)]
    struct Step(u32);
    fn ask(mut probe: ResMut<Probe>, mut next: ResMut<NextState<Step>>) {
        if VERSION == 1 {
            probe.frames += 1;
            next.set(Step(probe.frames));
            let frames = probe.frames;
            note(&mut probe, format!(\"asks for {frames}\"));
        }
    }
    fn tell(mut probe: ResMut<Probe>, state: Res<State<Step>>) {
        let step = state.get().0;
        note(&mut probe, format!(\"is in {step}\"));
    }";

#[test]
fn a_transition_that_was_asked_for_happens() {
    let mut row = Row::start(
        "next_state",
        "",
        "app.register_type::<Step>().init_state::<Step>().add_systems(Update, tell).add_systems(Last, ask);",
        STATES,
    );
    row.reload();
    let asked = number(row.notes(1).last().unwrap());
    assert!(asked >= 4);
    assert_eq!(row.notes(2), [format!("is in {asked}")]);
}

#[test]
fn a_reload_enters_and_leaves_no_state() {
    let mut row = Row::start(
        "transitions",
        "",
        "app.register_type::<Room>().init_state::<Room>()
            .add_systems(OnEnter(Room::Inside), |mut probe: ResMut<Probe>| note(&mut probe, \"enters\"))
            .add_systems(OnExit(Room::Inside), |mut probe: ResMut<Probe>| note(&mut probe, \"leaves\"))
            .add_systems(Update, leave.run_if(asked));",
        "#[derive(States, Reflect, Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
        enum Room { #[default] Inside, Outside }
        fn leave(mut next: ResMut<NextState<Room>>) {
            next.set(Room::Outside);
        }",
    );
    row.reload();
    assert_eq!(row.notes(1), ["enters"]);
    assert_eq!(row.notes(2), [""; 0]);
    row.host.advance();
    assert_eq!(
        row.notes(2),
        ["leaves"],
        "the next one is met by the new code"
    );
}

#[test]
fn run_conditions_are_those_of_the_new_code_and_begin_anew() {
    let mut row = Row::start(
        "conditions",
        "",
        "app.add_systems(Update, (
                (|mut probe: ResMut<Probe>| note(&mut probe, \"may\")).run_if(|| VERSION == 2),
                (|mut probe: ResMut<Probe>| note(&mut probe, \"once\")).run_if(run_once()),
            ).chain());",
        "",
    );
    row.reload();
    assert_eq!(row.notes(1), ["once"]);
    assert_eq!(row.notes(2), ["may", "once"]);
}

#[test]
fn fixed_steps_go_on_one_after_the_other() {
    let mut row = Row::start(
        "fixed",
        "",
        "app.add_systems(FixedUpdate, step);",
        "fn step(mut probe: ResMut<Probe>, time: Res<Time>) {
            let steps = (time.elapsed_seconds_f64() / time.delta_seconds_f64()).round();
            note(&mut probe, steps);
        }",
    );
    row.reload();
    while row.notes(2).len() < 3 {
        row.host.frames(10);
    }
    let mut steps = row.notes(1);
    let after = row.notes(2);
    assert!(!steps.is_empty() && !after.is_empty());
    steps.extend(after);
    let steps: Vec<_> = steps.iter().map(|step| number(step)).collect();
    let expected: Vec<_> = (steps[0]..).take(steps.len()).collect();
    assert_eq!(steps, expected, "none is missing and none comes twice");
}

#[test]
fn commands_of_the_old_code_are_applied_before_the_new_code_runs() {
    let mut row = Row::start(
        "commands",
        "",
        "app.register_type::<Thing>().add_systems(First, look).add_systems(Last, spawn);",
        "#[derive(Component, Reflect)]
        struct Thing;
        fn spawn(mut probe: ResMut<Probe>, mut commands: Commands) {
            commands.spawn(Thing);
            probe.frames += 1;
            let frames = probe.frames;
            note(&mut probe, format!(\"spawned {frames}\"));
        }
        fn look(mut probe: ResMut<Probe>, things: Query<&Thing>) {
            note(&mut probe, format!(\"sees {}\", things.iter().count()));
        }",
    );
    row.reload();
    let spawned = number(row.notes(1).last().unwrap());
    assert_eq!(row.notes(2)[0], format!("sees {spawned}"));
}

#[test]
fn startup_systems_do_not_run_again() {
    let mut row = Row::start(
        "startup",
        "",
        "app.add_systems(PreStartup, begin).add_systems(Startup, begin).add_systems(PostStartup, begin);",
        "fn begin(mut probe: ResMut<Probe>) {
            note(&mut probe, \"begins\");
        }",
    );
    row.reload();
    row.host.frames(2);
    assert_eq!(row.notes(1), ["begins"; 3]);
    assert_eq!(row.notes(2), [""; 0]);
}

#[test]
fn an_observer_goes_on_with_the_code_that_made_it() {
    let mut row = Row::start(
        "observer",
        "",
        "app.add_systems(Startup, watch).add_systems(Update, ring.run_if(asked));",
        "#[derive(Event)]
        struct Ring;
        fn watch(mut commands: Commands) {
            commands.observe(|_: Trigger<Ring>, mut probe: ResMut<Probe>| note(&mut probe, \"hears it\"));
        }
        fn ring(mut probe: ResMut<Probe>, mut commands: Commands) {
            note(&mut probe, \"rings\");
            commands.trigger(Ring);
        }",
    );
    row.reload();
    row.host.advance();
    assert_eq!(row.notes(2), ["rings"]);
    assert_eq!(row.notes(1), ["hears it"]);
}

#[test]
fn statics_begin_anew() {
    let mut row = Row::start(
        "statics",
        "",
        "app.add_systems(Update, count);",
        "static COUNT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
        fn count(mut probe: ResMut<Probe>) {
            note(&mut probe, COUNT.fetch_add(1, std::sync::atomic::Ordering::Relaxed));
        }",
    );
    row.reload();
    assert!(row.notes(1).contains(&"3".to_owned()));
    assert_eq!(row.notes(2), ["0"]);
}

#[test]
fn ordering_and_sets_within_a_module_hold() {
    let mut row = Row::start(
        "sets",
        "",
        "app.configure_sets(Update, (Part::Early, Part::Late).chain())
            .add_systems(Update, (|mut probe: ResMut<Probe>| note(&mut probe, \"late\")).in_set(Part::Late))
            .add_systems(Update, (|mut probe: ResMut<Probe>| note(&mut probe, \"early\")).in_set(Part::Early))
            .configure_sets(Update, Part::Late.run_if(|| VERSION == 1));",
        "#[derive(SystemSet, Clone, Debug, PartialEq, Eq, Hash)]
        enum Part { Early, Late }",
    );
    row.reload();
    assert_eq!(row.notes(1)[..4], ["early", "late", "early", "late"]);
    assert_eq!(row.notes(2), ["early"]);
}

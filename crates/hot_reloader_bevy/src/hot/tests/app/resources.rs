//! Resources and events.

use bevy::{ecs::system::SystemId, prelude::*};
use hot_reloader_transaction::Outcome;

use super::{broken, check, frame, game, host, note, reload, start, take, Bench, Notes};

/// What the sources say of types of which nothing else is known.
const SOURCES: &str = "mod hot { mod tests { mod app { mod resources {
    struct Words(Vec<&'static str>);
    struct Registry(Vec<&'static str>);
    struct Callbacks(Vec<SystemId>);
} } } }";

fn start_known(build: fn(&mut App)) -> Bench {
    let mut bench = Bench::new(&[game(build)], host);
    bench.types(SOURCES, 1);
    check(&bench.report(), Outcome::Committed);
    bench
}

#[derive(Resource, Reflect, Clone, Debug, PartialEq)]
struct Speed(f32);

#[derive(Resource, Debug, PartialEq)]
struct Words(Vec<&'static str>);

#[test]
fn a_resource_that_is_inserted_again_stays_unless_the_code_says_something_else() {
    fn one(app: &mut App) {
        app.insert_resource(Speed(1.0));
    }
    let mut bench = start(one);
    bench.world().resource_mut::<Speed>().0 = 5.0;
    reload(&mut bench, one);
    assert_eq!(bench.world().resource::<Speed>().0, 5.0, "it is state");
    let report = bench.reload(&[game(|app| {
        app.insert_resource(Speed(2.0));
        broken(app);
    })]);
    check(&report, Outcome::RolledBack);
    assert_eq!(bench.world().resource::<Speed>().0, 5.0);
    reload(&mut bench, |app| {
        app.insert_resource(Speed(2.0));
    });
    assert_eq!(bench.world().resource::<Speed>().0, 2.0, "it was edited");
    bench.world().resource_mut::<Speed>().0 = 6.0;
    reload(&mut bench, |app| {
        app.insert_resource(Speed(2.0));
    });
    assert_eq!(bench.world().resource::<Speed>().0, 6.0);
}

#[test]
fn a_resource_of_the_host_is_set_by_the_first_load_and_back_after_a_rollback() {
    let mut bench = Bench::new(
        &[game(|app| {
            app.insert_resource(Speed(2.0));
            broken(app);
        })],
        |app| {
            host(app);
            app.insert_resource(Speed(1.0));
        },
    );
    check(&bench.report(), Outcome::RolledBack);
    assert_eq!(bench.world().resource::<Speed>().0, 1.0);
    reload(&mut bench, |app| {
        app.insert_resource(Speed(3.0));
    });
    assert_eq!(bench.world().resource::<Speed>().0, 3.0);
}

#[test]
fn a_resource_that_cannot_be_compared_stays_if_it_was_changed_and_that_is_said() {
    fn words(app: &mut App) {
        app.insert_resource(Words(vec!["code"]));
    }
    let mut bench = start_known(words);
    // Nobody has changed it: it is a constant.
    reload(&mut bench, |app| {
        app.insert_resource(Words(vec!["new", "code"]));
    });
    assert_eq!(bench.world().resource::<Words>().0, ["new", "code"]);
    bench.world().resource_mut::<Words>().0.push("changed");
    let report = reload(&mut bench, words);
    assert_eq!(
        bench.world().resource::<Words>().0,
        ["new", "code", "changed"]
    );
    let says = |text: &String| text.contains("Words") && text.contains("its value stays");
    assert!(report.warnings.iter().any(says), "{report:#?}");
}

#[test]
fn a_resource_that_is_initialised_again_stays() {
    #[derive(Resource)]
    struct Score(u32);
    impl FromWorld for Score {
        fn from_world(_: &mut World) -> Self {
            Self(7)
        }
    }
    #[derive(Default)]
    struct Bound(Option<*const u8>);
    let build: fn(&mut App) = |app| {
        app.init_resource::<Score>()
            .init_non_send_resource::<Bound>();
    };
    let mut bench = start(build);
    bench.world().resource_mut::<Score>().0 = 8;
    bench.world().non_send_resource_mut::<Bound>().0 = Some(std::ptr::null());
    reload(&mut bench, build);
    assert_eq!(bench.world().resource::<Score>().0, 8);
    assert!(bench.world().non_send_resource::<Bound>().0.is_some());
}

#[test]
fn a_resource_that_is_no_longer_inserted_stays() {
    let mut bench = start(|app| {
        app.insert_resource(Speed(1.0));
    });
    reload(&mut bench, |_| {});
    assert_eq!(bench.world().resource::<Speed>().0, 1.0);
}

#[test]
fn a_resource_that_is_bound_to_its_thread_stays() {
    struct Handle(*const u8);
    fn build(app: &mut App) {
        app.insert_non_send_resource(Handle(std::ptr::null()));
    }
    let mut bench = start(build);
    let one = 1_u8;
    bench.world().non_send_resource_mut::<Handle>().0 = &raw const one;
    reload(&mut bench, build);
    assert_eq!(
        bench.world().non_send_resource::<Handle>().0,
        &raw const one
    );
}

/// Nothing is known of it, and there may be bytes between its fields for all one can tell.
#[derive(Resource, Debug, PartialEq)]
struct Gravity {
    down: f32,
    side: f32,
}

#[test]
fn plain_data_is_compared_by_what_it_is() {
    fn build(app: &mut App) {
        app.insert_resource(Gravity {
            down: 1.0,
            side: 0.0,
        });
    }
    let mut bench = start(build);
    bench.world().resource_mut::<Gravity>().side = 5.0;
    reload(&mut bench, build);
    assert_eq!(bench.world().resource::<Gravity>().side, 5.0);
    reload(&mut bench, |app| {
        app.insert_resource(Gravity {
            down: 2.0,
            side: 0.0,
        });
    });
    let now = bench.world().resource::<Gravity>();
    assert_eq!(
        *now,
        Gravity {
            down: 2.0,
            side: 0.0
        }
    );
}

#[derive(Resource, Default)]
struct Registry(Vec<&'static str>);

#[test]
fn a_resource_that_a_build_fills_is_filled_once() {
    fn add(app: &mut App, name: &'static str) {
        app.init_resource::<Registry>();
        app.world_mut().resource_mut::<Registry>().0.push(name);
    }
    let mut bench = start_known(|app| {
        add(app, "one");
        add(app, "two");
    });
    let report = bench.reload(&[game(|app| {
        add(app, "one");
        broken(app);
    })]);
    check(&report, Outcome::RolledBack);
    assert_eq!(bench.world().resource::<Registry>().0, ["one", "two"]);
    reload(&mut bench, |app| {
        add(app, "one");
        add(app, "two");
        add(app, "three");
    });
    assert_eq!(
        bench.world().resource::<Registry>().0,
        ["one", "two", "three"]
    );
}

#[derive(Resource)]
struct Callbacks(Vec<SystemId>);

#[test]
fn ids_in_a_resource_that_cannot_be_compared_stay_and_run_the_new_code() {
    fn build(app: &mut App, text: &'static str) {
        let id = app.register_system(note(text));
        app.insert_resource(Callbacks(vec![id]));
    }
    let mut bench = start_known(|app| build(app, "old"));
    reload(&mut bench, |app| build(app, "new"));
    let id = bench.world().resource::<Callbacks>().0[0];
    bench.world().run_system(id).expect("it is there");
    assert_eq!(take(&mut bench), ["new"]);
}

#[test]
fn what_a_build_needs_of_the_host_is_there_when_it_counts() {
    #[derive(Resource)]
    struct Width(u32);
    let mut bench = Bench::start(
        &[game(|app| {
            let width = app.world().resource::<Width>().0;
            app.insert_resource(Speed(width as f32));
        })],
        |app| {
            host(app);
            app.insert_resource(Width(3));
        },
    );
    assert_eq!(bench.world().resource::<Speed>().0, 3.0);
    reload(&mut bench, |app| {
        let width = app.world().resource::<Width>().0;
        app.insert_resource(Speed(width as f32 + 1.0))
            .add_systems(Update, note("runs"));
    });
    assert_eq!(bench.world().resource::<Speed>().0, 4.0);
    // And one that is missing there too is a fault of the code.
    #[derive(Resource)]
    struct Missing;
    let report = bench.reload(&[game(|app| {
        app.world().resource::<Missing>();
    })]);
    check(&report, Outcome::Refused);
    assert_eq!(frame(&mut bench), ["runs"]);
}

#[test]
fn what_a_module_inserts_that_cannot_be_tried_stays_if_it_was_changed() {
    #[derive(Resource)]
    struct Width;
    fn build(app: &mut App) {
        app.world().resource::<Width>();
        app.insert_resource(Speed(1.0)).insert_resource(Gravity {
            down: 1.0,
            side: 0.0,
        });
    }
    let mut bench = Bench::start(&[game(build)], |app| {
        host(app);
        app.insert_resource(Width);
    });
    bench.world().resource_mut::<Speed>().0 = 2.0;
    reload(&mut bench, build);
    assert_eq!(bench.world().resource::<Speed>().0, 2.0);
    reload(&mut bench, |app| {
        app.world().resource::<Width>();
        app.insert_resource(Speed(1.0)).insert_resource(Gravity {
            down: 3.0,
            side: 0.0,
        });
    });
    assert_eq!(bench.world().resource::<Speed>().0, 2.0);
    assert_eq!(
        bench.world().resource::<Gravity>().down,
        3.0,
        "nobody changed it"
    );
}

#[derive(Event)]
struct Hit(u32);

#[test]
fn events_are_read_by_new_code_and_those_of_code_that_was_taken_back_are_gone() {
    fn reader(app: &mut App) {
        app.add_event::<Hit>().add_systems(
            Update,
            |mut hits: EventReader<Hit>, mut notes: ResMut<Notes>| {
                notes.0.extend(hits.read().map(|hit| hit.0.to_string()));
            },
        );
    }
    let mut bench = start(reader);
    reload(&mut bench, reader);
    bench.world().send_event(Hit(1));
    bench.frames(1);
    assert_eq!(take(&mut bench), ["1"]);
    let report = bench.reload(&[game(|app| {
        app.add_event::<Hit>()
            .add_systems(Update, |mut hits: EventWriter<Hit>| {
                hits.send(Hit(2));
                panic!("broken");
            });
    })]);
    check(&report, Outcome::RolledBack);
    bench.frames(3);
    assert_eq!(take(&mut bench), [""; 0]);
}

//! Resources and states that plugins make, in reloads of every kind.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use bevy::{
    diagnostic::{
        Diagnostic, DiagnosticPath, Diagnostics, DiagnosticsStore, EntityCountDiagnosticsPlugin,
        RegisterDiagnostic,
    },
    prelude::*,
};
use hot_reloader_transaction::Outcome;

use super::harness::{check, game, host, module, note, reload, set, take, Bench, Notes};
use crate::{hot::ReloadRequest, OnUnload};

#[derive(Resource, Default, Debug, PartialEq)]
struct Speed(f32);

#[test]
fn a_module_that_is_reloaded_alone_leaves_what_another_makes() {
    fn makes(app: &mut App) {
        app.init_resource::<Speed>();
    }
    fn sets(app: &mut App) {
        app.insert_resource(Speed(1.0));
    }
    let modules = [module("makes", makes), module("sets", sets)];
    let mut bench = Bench::start(&modules, host);
    bench.world().resource_mut::<Speed>().0 = 5.0;
    for (build, speed) in [
        (sets as fn(&mut App), 5.0),
        (
            |app: &mut App| {
                app.insert_resource(Speed(2.0));
            },
            2.0,
        ),
    ] {
        bench.next(&[module("makes", makes), module("sets", build)]);
        bench.world().send_event(ReloadRequest::modules(["sets"]));
        check(&bench.report(), Outcome::Committed);
        bench.frames(8);
        assert_eq!(bench.world().resource::<Speed>().0, speed);
    }
}

#[test]
fn a_resource_that_was_taken_out_is_made_again_and_that_is_told() {
    fn build(app: &mut App) {
        app.insert_resource(Speed(1.0));
    }
    let mut bench = Bench::start(&[game(build)], host);
    let is_told = |bench: &mut Bench| {
        let report = bench.reload(&[game(|app| {
            build(app);
            app.add_systems(Update, || ());
        })]);
        check(&report, Outcome::Committed);
        let says = |text: &String| text.contains("Speed had been taken out of the world");
        report.warnings.iter().any(says)
    };
    assert!(!is_told(&mut bench));
    bench.world().remove_resource::<Speed>();
    assert!(is_told(&mut bench));
    assert_eq!(bench.world().resource::<Speed>().0, 1.0);
    assert!(!is_told(&mut bench), "once");
    // Code that takes it out as it is unloaded wants no more than that.
    let report = bench.reload(&[game(|app| {
        build(app);
        app.add_systems(OnUnload, |world: &mut World| {
            world.remove_resource::<Speed>();
        });
    })]);
    check(&report, Outcome::Committed);
    assert!(!is_told(&mut bench));
    assert_eq!(bench.world().resource::<Speed>().0, 1.0);
}

#[test]
fn fixed_time_goes_on_by_the_steps_that_the_code_says() {
    fn steps(app: &mut App, seconds: f64) {
        app.insert_resource(Time::<Fixed>::from_seconds(seconds));
    }
    let mut bench = Bench::start(&[game(|app| steps(app, 0.5))], host);
    let passed = Duration::from_secs(100);
    let mut time = bench.world().resource_mut::<Time<Fixed>>();
    time.advance_by(passed);
    let clock = |bench: &mut Bench| {
        let time = bench.world().resource::<Time<Fixed>>();
        (time.timestep().as_millis(), time.elapsed() >= passed)
    };
    let report = bench.reload(&[game(|app| {
        steps(app, 0.125);
        app.add_systems(Update, || panic!("broken"));
    })]);
    check(&report, Outcome::RolledBack);
    assert_eq!(clock(&mut bench), (500, true));
    let report = bench.reload(&[game(|app| steps(app, 0.25))]);
    check(&report, Outcome::Committed);
    assert_eq!(clock(&mut bench), (250, true));
}

#[test]
fn a_resource_of_the_host_that_cannot_be_copied_is_named_if_it_is_lost() {
    #[derive(Resource)]
    struct Settings(#[expect(dead_code, reason = "it is only there")] Vec<u8>);
    let mut bench = Bench::new(
        &[game(|app| {
            app.insert_resource(Settings(Vec::new()))
                .add_systems(Update, || panic!("broken"));
        })],
        |app| {
            host(app);
            app.insert_resource(Settings(vec![1]));
        },
    );
    let report = bench.report();
    check(&report, Outcome::RolledBackInPart);
    let names = |text: &String| text.contains("Settings");
    assert!(report.not_restored.iter().any(names), "{report:#?}");
}

#[test]
fn what_is_behind_a_shared_reference_is_not_thrown_away() {
    #[derive(Resource, Default)]
    struct Jobs(Arc<Mutex<Vec<u8>>>);
    fn build(app: &mut App) {
        app.insert_resource(Jobs::default());
    }
    let mut bench = Bench::start(&[game(build)], host);
    bench.world().resource::<Jobs>().0.lock().unwrap().push(1);
    let report = bench.reload(&[game(|app| {
        build(app);
        app.add_systems(Update, || ());
    })]);
    check(&report, Outcome::Committed);
    assert_eq!(*bench.world().resource::<Jobs>().0.lock().unwrap(), [1]);
}

#[test]
fn a_diagnostic_that_is_new_measures_beside_those_that_there_are() {
    const STEPS: DiagnosticPath = DiagnosticPath::const_new("steps");
    fn steps(app: &mut App) {
        app.register_diagnostic(Diagnostic::new(STEPS)).add_systems(
            Update,
            |mut diagnostics: Diagnostics| {
                diagnostics.add_measurement(&STEPS, || 1.0);
            },
        );
    }
    let count = |bench: &mut Bench, path: &DiagnosticPath| {
        let diagnostics = bench.world().resource::<DiagnosticsStore>();
        diagnostics.get(path).map_or(0, Diagnostic::history_len)
    };
    let mut bench = Bench::start(&[game(steps)], host);
    bench.frames(8);
    let before = count(&mut bench, &STEPS);
    let report = bench.reload(&[game(|app| {
        steps(app);
        app.add_plugins(EntityCountDiagnosticsPlugin);
    })]);
    check(&report, Outcome::Committed);
    bench.frames(2);
    assert!(count(&mut bench, &STEPS) > before);
    let entities = EntityCountDiagnosticsPlugin::ENTITY_COUNT;
    assert!(count(&mut bench, &entities) > 0);
}

#[test]
fn a_diagnostic_of_code_that_was_taken_back_is_no_loss() {
    let mut bench = Bench::start(&[game(|_| {})], |app| {
        host(app);
        app.init_resource::<DiagnosticsStore>();
    });
    let report = bench.reload(&[game(|app| {
        app.add_plugins(EntityCountDiagnosticsPlugin)
            .add_systems(Update, || panic!("broken"));
    })]);
    check(&report, Outcome::RolledBack);
}

#[derive(States, Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
enum Screen {
    #[default]
    Menu,
    Game,
}

fn screens(app: &mut App) {
    app.init_state::<Screen>()
        .add_systems(OnEnter(Screen::Menu), note("menu"))
        .add_systems(OnEnter(Screen::Game), note("game"));
}

/// What is noted on the way to a screen.
fn go(bench: &mut Bench, screen: Screen) -> Vec<&'static str> {
    take(bench);
    set(bench, screen);
    take(bench)
}

#[test]
fn a_state_goes_on_in_a_module_of_another_name_and_in_one_that_comes_back() {
    let mut bench = Bench::start(&[game(screens)], host);
    assert_eq!(go(&mut bench, Screen::Game), ["game"]);
    check(
        &bench.reload(&[module("play", screens)]),
        Outcome::Committed,
    );
    bench.frames(8);
    assert_eq!(go(&mut bench, Screen::Menu), ["menu"]);
    check(
        &bench.reload(&[module("other", |_| {})]),
        Outcome::Committed,
    );
    bench.frames(8);
    reload(&mut bench, screens);
    assert_eq!(go(&mut bench, Screen::Game), ["game"]);
}

#[test]
fn who_is_not_reloaded_hears_of_the_next_transition() {
    fn hears(app: &mut App) {
        app.add_systems(
            Update,
            |mut made: EventReader<StateTransitionEvent<Screen>>, mut notes: ResMut<Notes>| {
                if !made.is_empty() {
                    made.clear();
                    notes.0.push("heard");
                }
            },
        );
    }
    fn states(app: &mut App) {
        app.init_state::<Screen>();
    }
    let mut bench = Bench::start(&[game(states), module("hears", hears)], host);
    bench.frames(2);
    for screen in [Screen::Game, Screen::Menu] {
        assert_eq!(go(&mut bench, screen), ["heard"]);
    }
    bench.next(&[
        game(|app| {
            states(app);
            app.add_systems(Update, || ());
        }),
        module("hears", hears),
    ]);
    bench.world().send_event(ReloadRequest::modules(["game"]));
    check(&bench.report(), Outcome::Committed);
    assert_eq!(go(&mut bench, Screen::Game), ["heard"]);
}

#[test]
fn a_suspended_module_that_cannot_be_tried_is_not_left_without_its_transitions() {
    #[derive(Resource)]
    struct OfHost;
    #[derive(Resource, Default)]
    struct Bad(bool);
    fn build(app: &mut App) {
        app.world().resource::<OfHost>();
        screens(app);
        app.init_resource::<Bad>()
            .add_systems(Update, |bad: Res<Bad>| assert!(!bad.0, "bad"));
    }
    let mut bench = Bench::start(&[game(build)], |app| {
        host(app);
        app.insert_resource(OfHost);
    });
    bench.frames(8);
    bench.world().resource_mut::<Bad>().0 = true;
    bench.frames(2);
    let report = bench.reload(&[game(build)]);
    check(&report, Outcome::Refused);
}

#[test]
fn destructors_that_panic_end_nothing() {
    #[derive(Resource)]
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            if !std::thread::panicking() {
                panic!("bomb");
            }
        }
    }
    fn build(app: &mut App) {
        app.insert_resource(Bomb);
    }
    let mut bench = Bench::new(&[game(build)], host);
    let report = bench.report();
    check(&report, Outcome::Committed);
    let report = bench.reload(&[game(|app| {
        build(app);
        app.add_systems(Update, note("new"));
    })]);
    assert!(!report.is_success(), "{report:#?}");
    bench.frames(2);
    let is_named = report.not_restored.iter().any(|text| text.contains("Bomb"));
    assert!(is_named || bench.world().contains_resource::<Bomb>());
    std::mem::forget(bench);
}

#[test]
fn a_schedule_of_which_only_sets_are_configured_is_refused_as_with_a_system() {
    #[derive(SystemSet, Clone, Debug, PartialEq, Eq, Hash)]
    enum Part {
        Early,
        Late,
    }
    let mut bench = Bench::start(&[game(|_| {})], |app| {
        host(app);
        app.add_systems(
            Update,
            (
                note("early").in_set(Part::Early),
                note("late").in_set(Part::Late),
            ),
        );
    });
    let report = bench.reload(&[game(|app| {
        app.configure_sets(Update, (Part::Late, Part::Early).chain());
    })]);
    check(&report, Outcome::Refused);
}

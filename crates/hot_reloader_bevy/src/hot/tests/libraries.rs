//! Several libraries in one host.

use bevy::prelude::*;
use hot_reloader_transaction::{Outcome, ReloadReport};

use super::harness::{check, host, module, note, take, Bench};
use crate::{
    hot::{HotReloader, ReloadRequest},
    ModuleEntry,
};

#[derive(Resource, Default)]
struct Score(u32);

/// It counts for itself and for all.
fn game(app: &mut App) {
    app.init_resource::<Score>().add_systems(
        Update,
        |mut own: Local<u32>, mut score: ResMut<Score>| {
            *own += 1;
            assert_eq!(*own, score.0 + 1, "its own count began anew");
            score.0 += 1;
        },
    );
}

const GAME: ModuleEntry = module("game", game);

/// It needs what a module of the other library makes, and runs after it.
const fn hud(build: fn(&mut App)) -> ModuleEntry {
    ModuleEntry {
        after: &["game"],
        ..module("hud", build)
    }
}

/// With `game` in the first library, of generation 1, and `hud` in the second, of generation 2.
fn start(build: fn(&mut App)) -> Bench {
    let mut bench = Bench::start(&[GAME], host);
    check(&reload(&mut bench, &[hud(build)]), Outcome::Committed);
    bench
}

/// Reloads all, of which the first library is what it was.
fn reload(bench: &mut Bench, modules: &[ModuleEntry]) -> ReloadReport {
    bench.more(modules);
    bench.again();
    bench.world().send_event(ReloadRequest::all());
    bench.report()
}

/// Name, library and generation of each module.
#[track_caller]
fn runs(bench: &Bench, expected: &[&str]) {
    let reloader = bench.app.world().resource::<HotReloader>();
    let modules = reloader.modules().iter();
    let told: Vec<_> = modules
        .map(|m| format!("{} of {}: {}", m.module.name, m.library, m.generation))
        .collect();
    assert_eq!(told, expected);
}

#[test]
fn only_the_modules_of_a_library_that_changed_are_replaced() {
    let mut bench = start(|app| {
        app.add_systems(Update, note("one"));
    });
    runs(&bench, &["game of bench: 1", "hud of more: 2"]);
    let report = reload(
        &mut bench,
        &[hud(|app| {
            app.world_mut().resource_mut::<Score>();
            app.add_systems(Update, note("two"));
        })],
    );
    check(&report, Outcome::Committed);
    let names: Vec<_> = report.modules.iter().map(|m| &*m.name).collect();
    assert_eq!(names, ["hud"]);
    runs(&bench, &["game of bench: 1", "hud of more: 3"]);
    take(&mut bench);
    bench.frames(1);
    assert_eq!(take(&mut bench), ["two"]);
}

#[test]
fn a_panic_in_one_library_takes_its_reload_back_and_the_other_goes_on() {
    let mut bench = start(|app| {
        app.add_systems(Update, note("one"));
    });
    let report = reload(
        &mut bench,
        &[hud(|app| {
            app.add_systems(Update, |mut score: ResMut<Score>| {
                score.0 = 77;
                panic!("no");
            });
        })],
    );
    check(&report, Outcome::RolledBack);
    assert_ne!(bench.world().resource::<Score>().0, 77);
    take(&mut bench);
    bench.world().resource_mut::<Score>().0 = 0;
    bench.frames(2);
    assert_eq!(take(&mut bench), ["one", "one"]);
    runs(&bench, &["game of bench: 1", "hud of more: 2"]);
}

/// In other features, all types of the engine are others to it, and what the app has is nothing to it.
#[test]
fn a_library_of_another_engine_is_refused() {
    let mut bench = start(|app| {
        app.add_systems(Update, note("one"));
    });
    let other = hud(|app| {
        app.add_systems(Update, note("two"));
    });
    bench.more_with_another_engine(&[other]);
    bench.again();
    bench.world().send_event(ReloadRequest::all());
    let report = bench.report();
    check(&report, Outcome::Refused);
    assert_eq!(report.error.unwrap().kind(), "other_engine");
    take(&mut bench);
    bench.frames(1);
    assert_eq!(take(&mut bench), ["one"]);
    check(&reload(&mut bench, &[other]), Outcome::Committed);
}

/// The first library has a module that the second has too, so both together are refused.
#[test]
fn a_library_is_reloaded_beside_one_that_is_broken() {
    let mut bench = start(|app| {
        app.add_systems(Update, note("one"));
    });
    let broken = [GAME, module("hud", |_| {})];
    bench.more(&[hud(|app| {
        app.add_systems(Update, note("two"));
    })]);
    check(&bench.reload(&broken), Outcome::Refused);
    bench.next(&broken);
    let request = ReloadRequest::modules(["hud"]);
    bench.world().send_event(request);
    check(&bench.report(), Outcome::Committed);
    take(&mut bench);
    bench.frames(1);
    assert_eq!(take(&mut bench), ["two"]);
}

#[test]
fn a_module_may_move_to_another_library() {
    let mut bench = start(|_| {});
    bench.frames(3);
    let before = bench.world().resource::<Score>().0;
    let moved = module("game", |app| {
        app.init_resource::<Score>()
            .add_systems(Update, note("moved"));
    });
    bench.more(&[moved, hud(|_| {})]);
    check(&bench.reload(&[]), Outcome::Committed);
    runs(&bench, &["game of more: 3", "hud of more: 3"]);
    assert!(bench.world().resource::<Score>().0 >= before);
    take(&mut bench);
    bench.frames(1);
    assert_eq!(take(&mut bench), ["moved"]);
}

#[test]
fn a_rebuild_is_of_what_was_asked_for_and_no_other_library() {
    #[derive(Component)]
    struct Sign;
    let mut bench = start(|app| {
        app.add_systems(Startup, |mut commands: Commands| {
            commands.spawn(Sign);
        });
    });
    bench.again();
    let request = ReloadRequest::modules(["hud"]).rebuilding();
    bench.world().send_event(request);
    check(&bench.report(), Outcome::Committed);
    assert_eq!(bench.count::<Sign>(), 1);
    runs(&bench, &["game of bench: 1", "hud of more: 3"]);
    bench.again();
    bench.world().send_event(ReloadRequest::all().rebuilding());
    let report = bench.report();
    check(&report, Outcome::RolledBack);
    let text = report.error.unwrap().to_string();
    assert!(text.contains("its own count began anew"), "{text}");
}

/// A copy of it cannot be made, and only code that may change it need be told of that, whoever made it.
#[test]
fn what_modules_make_is_warned_of_by_who_writes_it() {
    #[derive(Resource, Default)]
    struct Paint(Vec<u8>);
    #[derive(Resource, Default)]
    struct Ink(Vec<u8>);
    let colours = module("colours", |app| {
        app.init_resource::<Paint>();
    });
    let mut bench = Bench::start(&[colours], host);
    let reads = module("hud", |app| {
        app.add_systems(Update, |paint: Res<Paint>| assert!(paint.0.len() < 9));
    });
    let warnings = reload(&mut bench, &[reads]).warnings;
    assert_eq!(warnings, [""; 0]);
    let makes = module("hud", |app| {
        app.init_resource::<Ink>()
            .add_systems(Update, |ink: Res<Ink>| assert!(ink.0.len() < 9));
    });
    for _ in 0..2 {
        let warnings = reload(&mut bench, &[makes]).warnings;
        assert_eq!(warnings, [""; 0]);
    }
    let writes = module("hud", |app| {
        app.add_systems(Update, |mut paint: ResMut<Paint>| paint.0.clear());
    });
    let warnings = reload(&mut bench, &[writes]).warnings;
    let is_named = |warning: &String| warning.contains("Paint could not be brought back");
    assert!(warnings.iter().any(is_named), "{warnings:?}");
}

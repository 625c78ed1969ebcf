//! Code that is made ready before anybody asks: when that begins, and that nothing of it runs.

use bevy::{
    input::{
        keyboard::{Key, KeyboardInput},
        ButtonState, InputPlugin,
    },
    prelude::*,
    window::WindowFocused,
};
use hot_reloader_transaction::Outcome;

use super::harness::{check, module, Bench};
use crate::{
    hot::{HotReloader, HotReloaderConfig, ReloadRequest, WorkAhead},
    ModuleEntry,
};

#[derive(Resource, Default)]
struct Ran(u32);

const OLD: ModuleEntry = module("game", |app| runs(app, 1));
const NEW: ModuleEntry = module("game", |app| runs(app, 2));

fn runs(app: &mut App, number: u32) {
    app.add_systems(Update, move |mut ran: ResMut<Ran>| ran.0 = number);
}

fn host(app: &mut App) {
    app.init_resource::<Ran>()
        .add_plugins(InputPlugin)
        .add_event::<WindowFocused>();
}

/// An app whose next library is ready to be made.
fn bench() -> Bench {
    let mut bench = Bench::start(&[OLD], host);
    // The compiler has its chance first.
    bench.frames(2);
    bench.next(&[NEW]);
    bench.frames(3);
    assert!(!is_ready(&mut bench), "nobody announced it");
    bench
}

fn is_ready(bench: &mut Bench) -> bool {
    bench.world().resource::<HotReloader>().is_ready()
}

fn press(bench: &mut Bench, key_code: KeyCode) {
    bench.world().send_event(KeyboardInput {
        key_code,
        logical_key: Key::Dead(None),
        state: ButtonState::Pressed,
        window: Entity::PLACEHOLDER,
    });
    bench.frames(3);
}

#[test]
fn an_announcement_makes_it_ready_and_a_request_lets_it_run() {
    let mut bench = bench();
    bench.world().send_event(WorkAhead);
    bench.frames(3);
    assert!(is_ready(&mut bench));
    let reloader = bench.world().resource::<HotReloader>();
    assert!(reloader.progress().is_none());
    assert_eq!(reloader.history().count(), 1);
    assert_eq!(bench.world().resource::<Ran>().0, 1);
    bench.world().send_event(ReloadRequest::all());
    check(&bench.report(), Outcome::Committed);
    assert_eq!(bench.world().resource::<Ran>().0, 2);
    assert!(!is_ready(&mut bench));
}

#[test]
fn who_comes_back_to_the_window_may_have_edited() {
    let mut bench = bench();
    let focus = |focused| WindowFocused {
        window: Entity::PLACEHOLDER,
        focused,
    };
    bench.world().send_event(focus(false));
    bench.frames(3);
    assert!(!is_ready(&mut bench));
    bench.world().send_event(focus(true));
    bench.frames(3);
    assert!(is_ready(&mut bench));
}

#[test]
fn the_hand_on_its_way_to_the_key_is_enough() {
    let mut bench = bench();
    press(&mut bench, KeyCode::ControlLeft);
    assert!(!is_ready(&mut bench));
    press(&mut bench, KeyCode::AltLeft);
    assert!(is_ready(&mut bench));
}

/// While a reload goes on, the announcement waits.
#[test]
fn what_is_announced_during_a_reload_is_made_ready_after_it() {
    let mut bench = bench();
    bench.world().send_event(ReloadRequest::all());
    bench.frames(3);
    bench.next(&[OLD]);
    bench.world().send_event(WorkAhead);
    bench.frames(2);
    assert!(!is_ready(&mut bench));
    check(&bench.report(), Outcome::Committed);
    bench.frames(3);
    assert!(is_ready(&mut bench));
}

/// Nothing goes on any more when that frame ends, in which it was refused at once.
#[test]
fn what_is_announced_during_a_build_that_is_refused_is_made_ready_after_it() {
    let mut bench = Bench::start(&[OLD], host);
    bench.frames(2);
    bench.slow_down();
    bench.next(&[module("game", |_| panic!("broken"))]);
    bench.next(&[NEW]);
    bench.world().send_event(ReloadRequest::all());
    bench.world().send_event(WorkAhead);
    check(&bench.report(), Outcome::Refused);
    bench.frames(4);
    assert!(is_ready(&mut bench));
}

/// A reload may have meant cargo, whose libraries the compiler does not know from before.
#[test]
fn the_compiler_may_get_ready_after_each_reload() {
    let mut bench = bench();
    assert_eq!(bench.source.warm_ups(), 1);
    bench.world().send_event(ReloadRequest::all());
    check(&bench.report(), Outcome::Committed);
    bench.frames(3);
    assert_eq!(bench.source.warm_ups(), 2);
}

#[test]
fn one_setting_turns_it_off() {
    let mut bench = bench();
    bench.world().resource_mut::<HotReloaderConfig>().work_ahead = false;
    bench.world().send_event(WorkAhead);
    bench.frames(5);
    assert!(!is_ready(&mut bench));
    bench.world().send_event(ReloadRequest::all());
    check(&bench.report(), Outcome::Committed);
    bench.frames(3);
    assert_eq!(bench.source.warm_ups(), 1);
}

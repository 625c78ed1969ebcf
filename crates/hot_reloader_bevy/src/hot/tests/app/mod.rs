//! What an `App` offers, across a reload: the rows of the table in `docs/app.md`.

mod assets;
mod entities;
mod observers;
mod plugins;
mod rebuild;
mod resources;
mod states;
mod systems;

use bevy::prelude::*;
use hot_reloader_transaction::{Outcome, ReloadReport};

use super::harness::{check, game, reload, set, Bench};
use crate::{hot::ReloadRequest, ExemptFromRollback};

#[derive(Resource, Default, Debug, PartialEq)]
struct Notes(Vec<String>);

fn host(app: &mut App) {
    app.init_resource::<Notes>().exempt_from_rollback::<Notes>();
}

fn note(text: &'static str) -> impl Fn(ResMut<Notes>) {
    move |mut notes| notes.0.push(text.to_owned())
}

fn take(bench: &mut Bench) -> Vec<String> {
    std::mem::take(&mut bench.world().resource_mut::<Notes>().0)
}

fn start(build: fn(&mut App)) -> Bench {
    Bench::start(&[game(build)], host)
}

#[track_caller]
fn rebuild(bench: &mut Bench, build: fn(&mut App)) -> ReloadReport {
    bench.next(&[game(build)]);
    bench.world().send_event(ReloadRequest::all().rebuilding());
    let report = bench.report();
    check(&report, Outcome::Committed);
    assert!(report.rebuilds);
    report
}

/// Code that panics in its first frame.
fn broken(app: &mut App) {
    app.add_systems(Update, || panic!("broken"));
}

/// What the next frame notes.
fn frame(bench: &mut Bench) -> Vec<String> {
    take(bench);
    bench.frames(1);
    take(bench)
}

//! For some frames the new code is watched, with everything kept that is needed to go back.

use std::sync::Arc;

use hot_reloader_core::PanicReport;

use crate::{
    engine::{Engine, Plan},
    phase::roll_back,
    report::Outcome,
    stage::{Stage, Trial},
    Phase, ReloadError, Transaction,
};

/// Counts the frame that ends, and accepts the new code when it has run long enough.
pub(crate) fn count_frame<E: Engine>(transaction: &mut Transaction<E>, world: &mut E::World) {
    let Stage::Probation(trial, _) = &mut transaction.stage else {
        return;
    };
    trial.frames += 1;
    if trial.frames == 1 {
        trial.attempt.latency = Some(trial.attempt.request.since.elapsed());
    }
    if trial.frames >= E::probation_frames(world) {
        if let Some(trial) = take_trial(transaction) {
            commit(transaction, world, trial);
        }
    }
}

/// Takes out what is on probation. A build that goes on meanwhile stays.
fn take_trial<E: Engine>(transaction: &mut Transaction<E>) -> Option<Trial<E>> {
    match std::mem::replace(&mut transaction.stage, Stage::Idle) {
        Stage::Probation(trial, building) => {
            if let Some(building) = building {
                transaction.stage = Stage::Building(building);
            }
            Some(trial)
        }
        other => {
            transaction.stage = other;
            None
        }
    }
}

/// Accepts the new code: what was kept to go back to is dropped.
fn commit<E: Engine>(transaction: &mut Transaction<E>, world: &mut E::World, trial: Trial<E>) {
    let mut attempt = trial.attempt;
    attempt.end(Phase::Probation);
    attempt.warn_of_drops("old", E::retire(world, trial.predecessors));
    E::forget(world, trial.snapshot);
    note_whole(transaction, world, &trial.plan);
    transaction.finish(world, attempt, Outcome::Committed, None, Vec::new());
}

/// Takes note of which of the new libraries run with all that they have, and nothing else.
fn note_whole<E: Engine>(transaction: &mut Transaction<E>, world: &E::World, plan: &Plan) {
    let running = E::modules(world);
    let is_there = |name: &String| running.iter().any(|module| module.library == *name);
    transaction.whole.retain(|name, _| is_there(name));
    for library in &plan.libraries {
        let of_it = || running.iter().filter(|m| m.library == library.name);
        let runs = |name: &String| {
            of_it().any(|m| m.module.name == *name && m.build_id == library.build_id)
        };
        let is_whole = library.modules.iter().all(runs)
            && of_it().all(|m| library.modules.contains(&m.module.name));
        if is_whole {
            let build = library.build_id.clone();
            transaction.whole.insert(library.name.clone(), build);
        } else {
            transaction.whole.remove(&library.name);
        }
    }
}

/// See [`Transaction::panicked`].
pub(crate) fn panicked<E: Engine>(
    transaction: &mut Transaction<E>,
    world: &mut E::World,
    module: &str,
    place: String,
    panic: PanicReport,
) {
    let module = module.to_owned();
    match take_trial(transaction) {
        Some(mut trial) => {
            trial.attempt.end(Phase::Probation);
            let error = ReloadError::Panicked {
                module,
                schedule: place,
                frame: trial.frames + 1,
                panic,
            };
            roll_back::roll_back(transaction, world, trial, error);
        }
        None => {
            let error = Arc::new(ReloadError::Suspended {
                module: module.clone(),
                schedule: place,
                panic,
            });
            E::suspend(world, &module, error.clone());
            transaction.error = Some(error);
        }
    }
}

/// See [`Transaction::thread_panicked`].
pub(crate) fn thread_panicked<E: Engine>(
    transaction: &mut Transaction<E>,
    world: &mut E::World,
    panic: PanicReport,
) {
    let is_on_trial = match &transaction.stage {
        Stage::Probation(trial, _) => {
            let mut libraries = trial.plan.libraries.iter();
            libraries.any(|library| panic.library == Some(library.serial))
        }
        _ => false,
    };
    let error = ReloadError::Thread {
        on_probation: is_on_trial,
        panic,
    };
    match is_on_trial.then(|| take_trial(transaction)).flatten() {
        Some(mut trial) => {
            trial.attempt.end(Phase::Probation);
            roll_back::roll_back(transaction, world, trial, error);
        }
        // What was said before says more: a thread of code that is gone may go on for a while.
        None if transaction.error.is_some() => {}
        None => transaction.error = Some(Arc::new(error)),
    }
}

//! The world is copied, and the new code takes over: at the start of a frame, all within one call.

use crate::{
    engine::{Engine, Hook, ModuleFault, Plan},
    phase::roll_back,
    report::Outcome,
    stage::{Armed, Attempt, Stage, Trial},
    Phase, ReloadError, Transaction,
};

/// Lets the libraries that are armed take over, if there are any.
pub(crate) fn swap<E: Engine>(transaction: &mut Transaction<E>, world: &mut E::World) {
    let armed = match std::mem::replace(&mut transaction.stage, Stage::Idle) {
        Stage::Armed(armed) => armed,
        other => {
            transaction.stage = other;
            return;
        }
    };
    let Armed {
        libraries,
        rehearsal,
        plan,
        mut attempt,
    } = armed;
    // The rest between two frames is no part of a phase.
    attempt.go_on();
    let snapshot = match load::<E>(world, &mut attempt, &libraries, &rehearsal) {
        Ok(snapshot) => snapshot,
        Err(error) => {
            transaction.finish(world, attempt, Outcome::Refused, Some(error), Vec::new());
            return;
        }
    };
    let modules = E::modules(world).into_iter();
    let order: Vec<String> = modules.map(|status| status.module.name).collect();
    for name in order.iter().rev().filter(|name| plan.replaces(name)) {
        if let Err(panic) = E::run(world, name, Hook::Unload) {
            // The code goes all the same: it is what the person wants to be rid of.
            let text = format!("module `{name}` panicked as it was unloaded: {panic}");
            attempt.warnings.push(text);
        }
    }
    if let Err(error) = prepare::<E>(world, &mut attempt, &libraries, &rehearsal, &plan) {
        let lost = E::restore(world, &snapshot);
        E::forget(world, snapshot);
        let (outcome, error) = match roll_back::outcome(error, &lost) {
            // It never took over.
            (Outcome::RolledBack, error) => (Outcome::Refused, error),
            in_part => in_part,
        };
        transaction.finish(world, attempt, outcome, Some(error), lost);
        return;
    }
    transaction.issued = transaction.issued.next();
    attempt.generation = Some(transaction.issued);
    let (predecessors, installed) = E::install(world, &rehearsal, &plan, transaction.issued);
    let mut started = plan.names();
    started.retain(|name| !transaction.started.contains(name));
    let trial = Trial {
        plan,
        order,
        predecessors,
        snapshot,
        started,
        frames: 0,
        attempt,
    };
    take_over(transaction, world, trial, installed);
}

/// The world is copied, and the libraries are loaded. No code of theirs is in use yet.
fn load<E: Engine>(
    world: &mut E::World,
    attempt: &mut Attempt,
    libraries: &[E::Library],
    rehearsal: &E::Rehearsal,
) -> Result<E::Snapshot, ReloadError> {
    let captured = E::capture(world, rehearsal);
    attempt.end(Phase::Capture);
    let snapshot = captured.map_err(ReloadError::Capture)?;
    let mut libraries = libraries.iter();
    if let Err(reason) = libraries.try_for_each(|library| E::swap(world, library)) {
        E::forget(world, snapshot);
        return Err(ReloadError::NotSwapped { reason });
    }
    Ok(snapshot)
}

/// The new code is in place, if that went well, and begins. Should it fail at that, all is taken back.
fn take_over<E: Engine>(
    transaction: &mut Transaction<E>,
    world: &mut E::World,
    mut trial: Trial<E>,
    installed: Result<(), ModuleFault>,
) {
    let taken_over = installed.and_then(|()| begin(world, &trial));
    trial.attempt.end(Phase::Swap);
    match taken_over {
        Ok(()) => {
            transaction.started.extend(trial.started.iter().cloned());
            // The new code runs now, so the window must not say otherwise.
            transaction.error = None;
            transaction.stage = Stage::Probation(trial, None);
        }
        Err(ModuleFault { module, panic }) => {
            let error = ReloadError::Swap { module, panic };
            roll_back::roll_back(transaction, world, trial, error);
        }
    }
}

/// All that has to be in the world before the new code takes over.
fn prepare<E: Engine>(
    world: &mut E::World,
    attempt: &mut Attempt,
    libraries: &[E::Library],
    rehearsal: &E::Rehearsal,
    plan: &Plan,
) -> Result<(), ReloadError> {
    if plan.rebuilds {
        E::take_down(world, plan)
            .map_err(|ModuleFault { module, panic }| ReloadError::Swap { module, panic })?;
    }
    let warnings = E::set_up(world, libraries, rehearsal, plan)?;
    attempt.warnings.extend(warnings);
    attempt.end(Phase::SetUp);
    attempt.types = E::migrate(world, rehearsal, plan)?;
    attempt.end(Phase::Migrate);
    Ok(())
}

/// The new code does what it does once, as it takes over.
fn begin<E: Engine>(world: &mut E::World, trial: &Trial<E>) -> Result<(), ModuleFault> {
    if trial.plan.rebuilds {
        let all = trial.plan.names();
        E::start(world, &all)?;
        E::enter(world, &all)?;
    } else {
        E::start(world, &trial.started)?;
    }
    let names = trial.plan.modules.iter().map(|module| &module.name);
    let loads = names.clone().map(|name| (name, Hook::Load));
    let reloads = names.filter(|name| trial.order.contains(name));
    for (name, hook) in loads.chain(reloads.map(|name| (name, Hook::Reload))) {
        E::run(world, name, hook).map_err(|panic| ModuleFault {
            module: name.clone(),
            panic,
        })?;
    }
    Ok(())
}

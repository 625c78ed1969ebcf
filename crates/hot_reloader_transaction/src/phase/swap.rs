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
    // What came between the two frames counts for neither.
    let captured = E::capture(world, &rehearsal);
    attempt.end(Phase::Capture);
    let snapshot = match captured {
        Ok(snapshot) => snapshot,
        Err(panic) => {
            let error = ReloadError::Capture(panic);
            transaction.finish(world, attempt, Outcome::Refused, Some(error), Vec::new());
            return;
        }
    };
    let loaded = libraries
        .iter()
        .try_for_each(|library| E::swap(world, library));
    if let Err(reason) = loaded {
        E::forget(world, snapshot);
        let error = ReloadError::NotSwapped { reason };
        transaction.finish(world, attempt, Outcome::Refused, Some(error), Vec::new());
        return;
    }
    let order: Vec<String> = E::modules(world)
        .into_iter()
        .map(|m| m.module.name)
        .collect();
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
    let is_new = |name: &String| !transaction.started.contains(name);
    let started: Vec<String> = plan
        .modules
        .iter()
        .map(|m| m.name.clone())
        .filter(is_new)
        .collect();
    let mut trial = Trial {
        plan,
        order,
        predecessors,
        snapshot,
        started,
        frames: 0,
        attempt,
    };
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
        let names: Vec<String> = plan.modules.iter().map(|m| m.name.clone()).collect();
        E::take_down(world, &names)
            .map_err(|ModuleFault { module, panic }| ReloadError::Swap { module, panic })?;
    }
    let warnings = E::set_up(world, libraries, rehearsal, plan)?;
    attempt.warnings.extend(warnings);
    attempt.end(Phase::SetUp);
    attempt.types = E::migrate(world, rehearsal, plan)?;
    attempt.end(Phase::Migrate);
    Ok(())
}

fn begin<E: Engine>(world: &mut E::World, trial: &Trial<E>) -> Result<(), ModuleFault> {
    if trial.plan.rebuilds {
        let all: Vec<String> = trial.plan.modules.iter().map(|m| m.name.clone()).collect();
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

//! Libraries are made in the background, while frames go on.

use hot_reloader_build::BuildError;
use hot_reloader_core::BuildId;

use super::{identify, rehearse};
use crate::{
    engine::{Engine, Made, Purpose, Wanted},
    report::Outcome,
    stage::{Armed, Attempt, Building, Stage},
    ReloadError, Request, Transaction,
};

/// Starts the build that was asked for, listens to the one that goes on, and takes what it made up
/// to the swap.
pub(crate) fn advance<E: Engine>(transaction: &mut Transaction<E>, world: &mut E::World) {
    start(transaction, world);
    let Some(building) = building(transaction) else {
        return;
    };
    while building.result.is_none() {
        let Some(step) = building.build.try_next() else {
            return;
        };
        building.hear(step);
    }
    take_over_from(transaction, world);
}

/// The same, but waits for the build.
pub(crate) fn run<E: Engine>(transaction: &mut Transaction<E>, world: &mut E::World) {
    start(transaction, world);
    while let Some(building) = building(transaction) {
        while building.result.is_none() {
            let step = building.build.wait_next();
            building.hear(step);
        }
        take_over_from(transaction, world);
    }
}

fn building<E: Engine>(transaction: &mut Transaction<E>) -> Option<&mut Building> {
    match &mut transaction.stage {
        Stage::Building(building) | Stage::Probation(_, Some(building)) => Some(building),
        Stage::Idle | Stage::Ahead(_) | Stage::Armed(_) | Stage::Probation(_, None) => None,
    }
}

fn start<E: Engine>(transaction: &mut Transaction<E>, world: &mut E::World) {
    if !matches!(transaction.stage, Stage::Idle | Stage::Probation(_, None)) {
        return;
    }
    let Some(request) = transaction.queue.take() else {
        return;
    };
    if let Err(error) = check::<E>(world, &request) {
        let attempt = Attempt::new(request);
        transaction.finish(world, attempt, Outcome::Refused, Some(error), Vec::new());
        return;
    }
    if request.modules.as_ref().is_some_and(Vec::is_empty) {
        let attempt = Attempt::new(request);
        // As if nobody had asked: what was wrong still is.
        transaction.finish(world, attempt, Outcome::Cancelled, None, Vec::new());
        return;
    }
    // What is on probation may be taken back before the build has ended.
    let running = match transaction.stage {
        Stage::Probation(..) => Vec::new(),
        _ => identify::going_on(transaction, &E::modules(world), &request),
    };
    let building = begin::<E>(world, Attempt::new(request), running);
    transaction.stage = match std::mem::replace(&mut transaction.stage, Stage::Idle) {
        Stage::Probation(trial, None) => Stage::Probation(trial, Some(building)),
        _ => Stage::Building(building),
    };
}

fn begin<E: Engine>(world: &mut E::World, attempt: Attempt, running: Vec<BuildId>) -> Building {
    let wanted = Wanted {
        purpose: Purpose::Reload,
        modules: attempt.request.modules.clone(),
        running,
    };
    let build = E::build(world, wanted);
    Building {
        text: build.describe(),
        build,
        result: None,
        attempt,
    }
}

/// Refuses a name that no module has before anything is built for it. As long as no code runs,
/// nobody knows the names.
fn check<E: Engine>(world: &E::World, request: &Request) -> Result<(), ReloadError> {
    let running = E::modules(world);
    let names = request.modules.iter().flatten();
    let unknown = names
        .filter(|_| !running.is_empty())
        .find(|name| running.iter().all(|m| m.module.name != **name));
    unknown.map_or(Ok(()), |name| {
        Err(ReloadError::UnknownModule {
            name: name.clone(),
            known: running.iter().map(|m| m.module.name.clone()).collect(),
        })
    })
}

/// The build has ended. If other code is on probation, it waits for that.
fn take_over_from<E: Engine>(transaction: &mut Transaction<E>, world: &mut E::World) {
    let building = match std::mem::replace(&mut transaction.stage, Stage::Idle) {
        Stage::Building(building) => building,
        other => {
            transaction.stage = other;
            return;
        }
    };
    let Building {
        result: Some(result),
        mut attempt,
        ..
    } = building
    else {
        return;
    };
    // It may have waited for the probation of other code.
    attempt.go_on();
    if let Ok(made) = &result {
        if identify::lacks_a_copy(transaction, &E::modules(world), &attempt.request, made) {
            attempt.recompiled.clone_from(&made.recompiled);
            transaction.stage = Stage::Building(begin::<E>(world, attempt, Vec::new()));
            return;
        }
    }
    let prepared = result.and_then(|made| prepare(transaction, world, &mut attempt, &made));
    // It takes over now, or has had its chance.
    transaction.ready = None;
    let (outcome, error) = match prepared {
        Ok(Some((libraries, rehearsal, plan))) => {
            transaction.stage = Stage::Armed(Armed {
                libraries,
                rehearsal,
                plan,
                attempt,
            });
            return;
        }
        Ok(None) => (Outcome::Unchanged, None),
        Err(ReloadError::Build(BuildError::Cancelled)) => (Outcome::Cancelled, None),
        Err(error) => (Outcome::Refused, Some(error)),
    };
    transaction.finish(world, attempt, outcome, error, Vec::new());
}

type Prepared<E> = (
    Vec<<E as Engine>::Library>,
    <E as Engine>::Rehearsal,
    crate::Plan,
);

/// The phases between build and swap. The world stays as it is. `None` if the code that was made is
/// what runs.
pub(super) fn prepare<E: Engine>(
    transaction: &mut Transaction<E>,
    world: &mut E::World,
    attempt: &mut Attempt,
    made: &Made,
) -> Result<Option<Prepared<E>>, ReloadError> {
    let recompiled = made.recompiled.iter();
    attempt.recompiled.extend(recompiled.cloned());
    let Some((libraries, plan)) = identify::identify(transaction, world, attempt, made)? else {
        return Ok(None);
    };
    let rehearsal = rehearse::rehearse::<E>(world, attempt, &libraries, &plan)?;
    Ok(Some((libraries, rehearsal, plan)))
}

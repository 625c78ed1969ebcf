//! Before anybody asks, libraries are built, opened and rehearsed, so that a request finds it done.
//!
//! Nothing of that is seen but that it is ready: what goes wrong is told when somebody asks. A request
//! builds all the same, which takes no time if nothing was edited since.

use super::{build, identify};
use crate::{
    engine::{BuildStep, Engine, Made, Purpose, Wanted},
    stage::{Ahead, Attempt, Ready, Stage},
    Request, Transaction,
};

/// Begins to work ahead, unless there is something else to do.
pub(crate) fn begin<E: Engine>(
    transaction: &mut Transaction<E>,
    world: &mut E::World,
    purpose: Purpose,
) {
    if !matches!(transaction.stage, Stage::Idle) || !transaction.queue.is_empty() {
        return;
    }
    let wanted = Wanted {
        purpose,
        modules: None,
        running: identify::going_on(transaction, &E::modules(world), &Request::new(None)),
    };
    let build = E::build(world, wanted);
    transaction.stage = Stage::Ahead(Ahead {
        text: build.describe(),
        build,
        is_for_reload: purpose != Purpose::WarmUp,
    });
}

/// Listens to the build, and takes what it made as far as it may without being asked.
pub(crate) fn advance<E: Engine>(transaction: &mut Transaction<E>, world: &mut E::World) {
    let Stage::Ahead(ahead) = &mut transaction.stage else {
        return;
    };
    if !ahead.is_for_reload && !transaction.queue.is_empty() {
        // A request does not wait for what it has no use for.
        transaction.stage = Stage::Idle;
        return;
    }
    let result = loop {
        match ahead.build.try_next() {
            None => return,
            Some(BuildStep::Progress(text)) => ahead.text = text,
            Some(BuildStep::MadeNothing) => break None,
            Some(BuildStep::Finished { result, .. }) => break Some(result),
        }
    };
    transaction.stage = Stage::Idle;
    match result {
        Some(Ok(made)) => try_out(transaction, world, &made),
        // What was made ready before is not what the code says now.
        Some(Err(_)) => transaction.ready = None,
        None => {}
    }
}

/// Takes it through what comes before the swap. If it fails there, it fails again when somebody asks, who
/// is told.
fn try_out<E: Engine>(transaction: &mut Transaction<E>, world: &mut E::World, made: &Made) {
    let builds = made.libraries.iter().map(|library| &library.build_id);
    let is_known = |ready: &Ready<E>| ready.builds.iter().eq(builds);
    if transaction.ready.as_ref().is_some_and(is_known) {
        return;
    }
    let mut attempt = Attempt::new(Request::new(None));
    if identify::lacks_a_copy(transaction, &E::modules(world), &attempt.request, made) {
        return;
    }
    let prepared = build::prepare(transaction, world, &mut attempt, made);
    if let Some(ready) = &mut transaction.ready {
        ready.is_good = matches!(prepared, Ok(Some(_)));
    }
}

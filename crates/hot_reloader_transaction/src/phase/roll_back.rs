//! A whole reload is taken back: code and world.

use crate::{engine::Engine, report::Outcome, stage::Trial, ReloadError, Transaction};

/// Neither is the new code told that it gives way nor the old code that it takes over: the world comes back as
/// it was before the old code gave way, with all that it had made as it took over.
pub(crate) fn roll_back<E: Engine>(
    transaction: &mut Transaction<E>,
    world: &mut E::World,
    trial: Trial<E>,
    error: ReloadError,
) {
    let code = E::reinstate(world, trial.predecessors, &trial.order);
    let lost = E::restore(world, &trial.snapshot);
    transaction
        .started
        .retain(|name| !trial.started.contains(name));
    let mut attempt = trial.attempt;
    attempt.warn_of_drops("new", E::retire(world, code));
    E::forget(world, trial.snapshot);
    // They are what they were.
    attempt.types.clear();
    let (outcome, error) = outcome(error, &lost);
    transaction.finish(world, attempt, outcome, Some(error), lost);
}

/// What comes of `error` if that much is not as it was.
pub(crate) fn outcome(error: ReloadError, lost: &[String]) -> (Outcome, ReloadError) {
    if lost.is_empty() {
        return (Outcome::RolledBack, error);
    }
    let error = ReloadError::RestoredInPart {
        cause: Box::new(error),
        lost: lost.to_vec(),
    };
    (Outcome::RolledBackInPart, error)
}

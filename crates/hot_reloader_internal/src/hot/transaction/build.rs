//! Phase 1: cargo builds the library in the background, while frames go on.

use bevy::prelude::World;
use hot_reloader_build::{Build, BuildUpdate, Built};

use super::{
    gate, identify, refuse, rehearse,
    swap::{self, Trial},
    Attempt, Machinery,
};
use crate::hot::{
    config::HotReloaderConfig, report::Outcome, trigger::ReloadRequest, Phase, ReloadError,
};

/// A build that goes on.
pub(super) struct Building {
    build: Build,
    /// Kept until the trial before it is over.
    built: Option<Result<Built, hot_reloader_build::BuildError>>,
    pub(super) text: String,
    pub(super) attempt: Attempt,
}

impl Building {
    fn hear(&mut self, update: BuildUpdate) {
        match update {
            BuildUpdate::Progress(text) => self.text = text,
            BuildUpdate::Finished(outcome) => {
                self.attempt.end(Phase::Build);
                self.built = Some(outcome);
            }
        }
    }

    /// Ends the build. What waits behind it ends with it.
    pub(super) fn cancel(&mut self, queued: Option<ReloadRequest>) {
        if let Some(queued) = queued {
            self.attempt.request.ids.extend(queued.ids);
        }
        self.build.cancel();
    }
}

/// Starts the build that was asked for, listens to the one that goes on, and takes what it built
/// up to the swap.
pub(super) fn advance(world: &mut World, machinery: &mut Machinery) {
    start(world, machinery);
    let Some(building) = &mut machinery.building else {
        return;
    };
    while let Some(update) = building.build.try_next() {
        building.hear(update);
    }
    if building.built.is_some() && machinery.trial.is_none() {
        prepare_built(world, machinery);
    }
}

/// Builds what `request` asks for while the caller waits, and takes it up to the swap.
pub(super) fn run(world: &mut World, machinery: &mut Machinery, request: ReloadRequest) {
    // Dropping a build ends it.
    let building = machinery.building.take();
    let building = building.map(|building| building.attempt.request);
    let older = [building, machinery.queued.take()].into_iter().flatten();
    machinery.queued = older.chain([request]).reduce(ReloadRequest::merge);
    start(world, machinery);
    while let Some(building) = &mut machinery.building {
        let update = building.build.next();
        building.hear(update);
        if building.built.is_some() {
            prepare_built(world, machinery);
        }
    }
}

/// Takes what was built up to the swap.
fn prepare_built(world: &mut World, machinery: &mut Machinery) {
    let Some(building) = machinery.building.take() else {
        return;
    };
    let Building {
        built: Some(outcome),
        mut attempt,
        ..
    } = building
    else {
        return;
    };
    let prepared = outcome
        .map_err(ReloadError::from)
        .and_then(|built| prepare(world, machinery, &mut attempt, built));
    match prepared {
        Ok(trial @ Some(_)) => machinery.trial = trial,
        Ok(None) => super::finish(world, machinery, attempt, Outcome::Unchanged, None),
        Err(error) => refuse(world, machinery, attempt, error),
    }
}

fn start(world: &mut World, machinery: &mut Machinery) {
    if machinery.building.is_some() {
        return;
    }
    let Some(request) = machinery.queued.take() else {
        return;
    };
    let config = world.resource::<HotReloaderConfig>();
    machinery.building = Some(Building {
        build: Build::start(
            &config.library,
            config.build.clone(),
            machinery.workspace.clone(),
        ),
        built: None,
        text: config.build.to_string(),
        attempt: Attempt::new(request),
    });
}

/// The phases between build and swap. The live world stays as it is. `None` if the code that was
/// built is what runs.
fn prepare(
    world: &mut World,
    machinery: &mut Machinery,
    attempt: &mut Attempt,
    built: Built,
) -> Result<Option<Trial>, ReloadError> {
    let workspace = machinery.workspace.insert(built.workspace.clone());
    attempt.recompiled = built
        .compiled
        .iter()
        .filter(|package| !workspace.hot.contains(package))
        .cloned()
        .collect();
    let Some(candidate) = identify::identify(world, machinery, attempt, &built)? else {
        return Ok(None);
    };
    let rehearsal = rehearse::rehearse(world, &candidate)?;
    attempt.end(Phase::Rehearse);
    attempt.warnings = gate::check(world, &candidate, &rehearsal, &built.workspace)?;
    attempt.end(Phase::Gate);
    swap::arm(world, attempt, candidate, rehearsal).map(Some)
}

//! One reload, from the request to its report.
//!
//! The phases in order, one file each: [`build`], [`identify`] (with staging), [`rehearse`],
//! [`gate`], [`swap`] (with the capture before it) and [`probation`]. Whatever fails at whichever
//! point, the code and the state from before the request go on; a phase before the swap has not
//! touched them, and a later one is undone by [`probation::roll_back`].

mod build;
mod gate;
mod identify;
mod probation;
mod rehearse;
mod swap;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use bevy::prelude::{AppExit, Events, Mut, Res, Resource, World};
use hot_reloader_build::{BuildError, Workspace};
use hot_reloader_core::{
    mapped::StableLibraries, memory, panics, Generation, LoadedLibrary, PanicReport, Staging,
};

pub(crate) use probation::on_panic;
pub(crate) use swap::install;

use self::{build::Building, swap::Trial};
use super::{
    awake,
    config::HotReloaderConfig,
    delegate::{Delegates, Slot},
    reloader::{HotReloader, ModuleStatus, Progress},
    report::{ModuleChange, Outcome, PhaseTime, ReloadReport},
    runner,
    trigger::{CancelReload, ReloadFinished, ReloadRequest},
    Phase, ReloadError,
};

/// What the transaction keeps for itself.
#[derive(Resource)]
pub(crate) struct Machinery {
    /// Made for the first build, and tried again for each if it cannot be made.
    staging: Option<Staging>,
    stable: StableLibraries,
    /// All that were opened, for they stay in memory.
    libraries: Vec<LoadedLibrary>,
    workspace: Option<Workspace>,
    /// The last generation given out; one that was rolled back is not given out again.
    issued: Generation,
    /// Modules whose startup systems have run.
    started: Vec<String>,
    reports: u32,
    queued: Option<ReloadRequest>,
    building: Option<Building>,
    trial: Option<Trial>,
    /// When the last step was, while a reload goes on.
    step: Option<Instant>,
}

impl Machinery {
    /// With a first request queued: loading the library at start is a reload like any other.
    pub(crate) fn new() -> Self {
        Self {
            staging: None,
            stable: StableLibraries::record(),
            libraries: Vec::new(),
            workspace: None,
            issued: Generation::NONE,
            started: Vec::new(),
            reports: 0,
            queued: Some(ReloadRequest::all()),
            building: None,
            trial: None,
            step: None,
        }
    }

    /// Measures the frames while a reload goes on.
    fn measure(&mut self) {
        let now = Instant::now();
        let before = self.step.replace(now);
        let Some(attempt) = self.attempt() else {
            self.step = None;
            return;
        };
        if let Some(before) = before {
            attempt.longest_frame = attempt.longest_frame.max(now - before);
        }
    }

    /// The report of a reload that has come this far.
    fn report(
        &self,
        world: &World,
        attempt: &Attempt,
        outcome: Outcome,
        error: Option<Arc<ReloadError>>,
    ) -> ReloadReport {
        let reloader = world.resource::<HotReloader>();
        ReloadReport {
            number: self.reports + 1,
            outcome,
            generation: reloader.generation,
            build_id: reloader.build_id.clone(),
            phase: error.as_ref().map(|error| error.phase()),
            error,
            phases: attempt.phases.clone(),
            latency_ms: attempt
                .latency
                .map(|latency| latency.as_secs_f64() * 1000.0),
            longest_frame_ms: attempt.longest_frame.as_secs_f64() * 1000.0,
            modules: attempt.modules.clone(),
            recompiled: attempt.recompiled.clone(),
            warnings: attempt.warnings.clone(),
            libraries_kept: self.libraries.len(),
            resident_bytes: memory::resident_bytes(),
        }
    }

    fn attempt(&mut self) -> Option<&mut Attempt> {
        let trial = self.trial.as_mut().map(|trial| &mut trial.attempt);
        trial.or(self.building.as_mut().map(|building| &mut building.attempt))
    }
}

/// One reload on its way: what was asked for, its times, and what it found.
#[derive(Clone, Debug)]
struct Attempt {
    request: ReloadRequest,
    /// When the present phase began.
    phase: Instant,
    phases: Vec<PhaseTime>,
    latency: Option<Duration>,
    longest_frame: Duration,
    modules: Vec<ModuleChange>,
    recompiled: Vec<String>,
    warnings: Vec<String>,
}

impl Attempt {
    fn new(request: ReloadRequest) -> Self {
        Self {
            phase: request.since,
            request,
            phases: Vec::new(),
            latency: None,
            longest_frame: Duration::ZERO,
            modules: Vec::new(),
            recompiled: Vec::new(),
            warnings: Vec::new(),
        }
    }

    /// A phase ends now, and the next begins.
    fn end(&mut self, phase: Phase) {
        let now = Instant::now();
        self.phases.push(PhaseTime::new(phase, now - self.phase));
        self.phase = now;
    }
}

/// Whether there is anything to do: something was asked for, goes on, or panicked by itself.
pub(crate) fn is_due(
    machinery: Res<Machinery>,
    requests: Res<Events<ReloadRequest>>,
    cancels: Res<Events<CancelReload>>,
) -> bool {
    let goes_on = machinery.building.is_some() || machinery.trial.is_some();
    goes_on
        || machinery.queued.is_some()
        || !requests.is_empty()
        || !cancels.is_empty()
        || panics::is_stray_waiting()
}

/// Takes the reload that goes on as far as it gets in this frame, and starts the next.
pub(crate) fn step(world: &mut World) {
    world.resource_scope(|world, mut machinery: Mut<Machinery>| {
        let machinery = &mut *machinery;
        machinery.measure();
        receive(world, machinery);
        probation::advance(world, machinery);
        build::advance(world, machinery);
        let progress = progress(machinery);
        let mut reloader = world.resource_mut::<HotReloader>();
        reloader.progress = progress;
    });
    awake::request_frame(world);
}

/// Does all of a reload but its probation within this call.
pub(crate) fn reload_now(
    world: &mut World,
    request: ReloadRequest,
) -> Result<ReloadReport, ReloadError> {
    // Code that a reload runs, such as a module's setup, may call this too.
    let busy = match world.get_resource::<Machinery>() {
        None => Some("being put in place"),
        Some(machinery) => machinery.trial.as_ref().map(|_| "on probation"),
    };
    if let Some(phase) = busy {
        return Err(ReloadError::Busy { phase });
    }
    let is_armed = world.resource_scope(|world, mut machinery: Mut<Machinery>| {
        build::run(world, &mut machinery, request);
        machinery.trial.as_mut().map(Trial::within_call).is_some()
    });
    if is_armed {
        runner::swap(world);
    }
    let machinery = world.resource::<Machinery>();
    let report = match &machinery.trial {
        Some(trial) => Some(trial.report(world, machinery)),
        None => world
            .resource::<HotReloader>()
            .history()
            .next_back()
            .cloned(),
    };
    Ok(report.expect("a reload that is over leaves a report"))
}

/// Takes in what was asked for since the last frame: of requests, all at once.
fn receive(world: &mut World, machinery: &mut Machinery) {
    let drain = |world: &mut World| {
        let mut requests = world.resource_mut::<Events<ReloadRequest>>();
        requests.drain().reduce(ReloadRequest::merge)
    };
    if let Some(newer) = drain(world) {
        machinery.queued = Some(match machinery.queued.take() {
            Some(older) => older.merge(newer),
            None => newer,
        });
    }
    let cancelled = world.resource_mut::<Events<CancelReload>>().drain().count() > 0;
    if cancelled {
        let queued = machinery.queued.take();
        match (&mut machinery.building, queued) {
            (Some(building), queued) => building.cancel(queued),
            (None, Some(queued)) => {
                let attempt = Attempt::new(queued);
                finish(world, machinery, attempt, Outcome::Cancelled, None);
            }
            (None, None) => {}
        }
    }
    let exiting = world
        .get_resource::<Events<AppExit>>()
        .is_some_and(|exits| !exits.is_empty());
    if exiting {
        // Dropping a build ends cargo and waits for it.
        machinery.queued = None;
        machinery.building = None;
    }
}

fn progress(machinery: &Machinery) -> Option<Progress> {
    if let Some(trial) = &machinery.trial {
        return Some(Progress {
            phase: trial.phase(),
            text: String::new(),
            since: trial.attempt.request.since,
        });
    }
    let building = machinery.building.as_ref()?;
    Some(Progress {
        phase: Phase::Build,
        text: building.text.clone(),
        since: building.attempt.request.since,
    })
}

/// Ends a reload: error state, report, event.
fn finish(
    world: &mut World,
    machinery: &mut Machinery,
    attempt: Attempt,
    outcome: Outcome,
    error: Option<ReloadError>,
) {
    let error = error.map(Arc::new);
    // A cancelled reload changes nothing, so what was wrong before it still is.
    if outcome != Outcome::Cancelled {
        set_error(world, error.clone());
    }
    publish(world);
    let report = machinery.report(world, &attempt, outcome, error);
    machinery.reports += 1;
    let number = report.number;
    bevy::log::info!("hot reload {number}: {}", report.summary());
    if let Some(file) = &world.resource::<HotReloaderConfig>().report_file {
        if let Err(error) = report.append_to(file) {
            bevy::log::error!("cannot write the report to {}: {error}", file.display());
        }
    }
    world.resource_mut::<HotReloader>().remember(report);
    world.send_event(ReloadFinished {
        number,
        requests: attempt.request.ids,
    });
}

/// Shows `error`, or if there is none that of a module that is still suspended.
fn set_error(world: &mut World, error: Option<Arc<ReloadError>>) {
    let suspended = || {
        let slots = &world.resource::<Delegates>().slots;
        slots.iter().find_map(|slot| slot.suspended.clone())
    };
    let error = error.or_else(suspended);
    if let Some(error) = &error {
        bevy::log::error!("{error}");
    }
    world.resource_mut::<HotReloader>().last_error = error;
}

/// Tells what runs now, from the code that runs.
fn publish(world: &mut World) {
    let slots = &world.resource::<Delegates>().slots;
    let newest = slots.iter().max_by_key(|slot| slot.generation);
    let generation = newest.map_or(Generation::NONE, |slot| slot.generation);
    let build_id = newest.map(|slot| slot.build_id.clone());
    let modules = slots
        .iter()
        .map(|slot| ModuleStatus {
            module: slot.module.clone(),
            generation: slot.generation,
            build_id: slot.build_id.clone(),
            suspended: slot.suspended.clone(),
        })
        .collect();
    let mut reloader = world.resource_mut::<HotReloader>();
    reloader.generation = generation;
    reloader.build_id = build_id;
    reloader.modules = modules;
}

/// Ends a reload that never touched the world.
fn refuse(world: &mut World, machinery: &mut Machinery, attempt: Attempt, error: ReloadError) {
    let (outcome, error) = match error {
        ReloadError::Build(BuildError::Cancelled) => (Outcome::Cancelled, None),
        error => (Outcome::Refused, Some(error)),
    };
    finish(world, machinery, attempt, outcome, error);
}

/// Drops code of a module. A panic in it concerns nobody any more, but somebody wrote it.
fn retire(slot: Slot) -> Option<PanicReport> {
    let name = slot.module.name.clone();
    let panic = slot.drop_guarded().err()?;
    bevy::log::warn!("dropping the old code of module `{name}` panicked: {panic}");
    Some(panic)
}

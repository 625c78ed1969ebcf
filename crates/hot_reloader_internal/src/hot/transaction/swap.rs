//! Phases 6 and 7: the state is copied at the end of one frame, and the new code takes over at the
//! beginning of the next.

use std::collections::HashMap;

use bevy::{
    app::{PostStartup, PreStartup, Startup},
    ecs::schedule::{InternedScheduleLabel, ScheduleLabel},
    prelude::{Schedule, World},
};
use hot_reloader_core::{panics, BuildId, HotModule, ModuleRegistry};

use super::{
    finish,
    identify::Candidate,
    probation::{self, roll_back},
    publish,
    rehearse::Rehearsal,
    Attempt, Machinery,
};
use crate::hot::{
    delegate::{self, Delegates, Slot},
    recording::{Recording, Undo},
    report::{ModuleChange, Outcome, ReloadReport},
    runner::{self, Handover},
    snapshot::{Snapshot, StateKey},
    Phase, ReloadError,
};
use crate::hot_app::Hook;

/// A reload whose code is about to take over, or has and can still be taken back.
pub(crate) struct Trial {
    pub(super) serial: u32,
    build_id: BuildId,
    /// With the new code, in dependency order.
    pub(super) modules: Vec<HotModule>,
    removed: Vec<String>,
    registry: ModuleRegistry,
    /// The order of the modules before.
    pub(super) order: Vec<String>,
    /// The code of before, with its systems' own state.
    pub(super) predecessors: Vec<Slot>,
    pub(super) snapshot: Snapshot,
    /// What the new modules put into the world, in that order.
    pub(super) undo: Vec<Undo>,
    /// Modules whose startup systems ran for the first time.
    pub(super) started: Vec<String>,
    /// Modules whose code of before has run its teardown.
    pub(super) taken_down: Vec<String>,
    /// Modules whose new code has begun its setup.
    pub(super) set_up: Vec<String>,
    /// Whether it happens within a call, in the middle of a frame maybe.
    within_call: bool,
    /// Frames that the new code has run; `None` until it is in place.
    pub(super) frames: Option<u32>,
    pub(super) attempt: Attempt,
}

impl Trial {
    /// What there is to tell while it can still be taken back.
    pub(super) fn report(&self, world: &World, machinery: &Machinery) -> ReloadReport {
        machinery.report(world, &self.attempt, Outcome::OnProbation, None)
    }

    /// Lets it happen now rather than at the start of the next frame.
    pub(super) fn within_call(&mut self) {
        self.within_call = true;
    }

    pub(super) fn phase(&self) -> Phase {
        match self.frames {
            None => Phase::Swap,
            Some(_) => Phase::Probation,
        }
    }
}

/// Copies the state and lets `bevy_dexterous_developer` swap at the start of the next frame.
pub(super) fn arm(
    world: &mut World,
    attempt: &mut Attempt,
    candidate: Candidate,
    rehearsal: Rehearsal,
) -> Result<Trial, ReloadError> {
    let delegates = world.resource::<Delegates>();
    let order = delegates.names();
    let names: Vec<String> = candidate
        .modules
        .iter()
        .map(|(m, _)| m.name.clone())
        .collect();
    let mut keys: Vec<StateKey> = Vec::new();
    let old = delegates
        .slots
        .iter()
        .filter(|slot| {
            names.contains(&slot.module.name) || candidate.removed.contains(&slot.module.name)
        })
        .flat_map(|slot| &slot.state_keys);
    for key in old.chain(&rehearsal.state_keys) {
        if keys.iter().all(|known| known.type_id != key.type_id) {
            keys.push(*key);
        }
    }
    let changes = candidate
        .modules
        .iter()
        .map(|(module, _)| change(delegates.get(&module.name).map(|slot| &slot.module), module))
        .collect();
    let snapshot =
        panics::guard(|| Snapshot::capture(world, &keys)).map_err(ReloadError::Capture)?;
    attempt.end(Phase::Capture);
    attempt.modules = changes;
    runner::arm(candidate.path, names);
    Ok(Trial {
        serial: candidate.serial,
        build_id: candidate.build_id,
        modules: candidate
            .modules
            .into_iter()
            .map(|(module, _)| module)
            .collect(),
        removed: candidate.removed,
        registry: candidate.registry,
        order,
        predecessors: Vec::new(),
        snapshot,
        undo: Vec::new(),
        started: Vec::new(),
        taken_down: Vec::new(),
        set_up: Vec::new(),
        within_call: false,
        frames: None,
        attempt: attempt.clone(),
    })
}

fn change(was: Option<&HotModule>, now: &HotModule) -> ModuleChange {
    let before: &[String] = was.map_or(&[], |module| &module.delegation_targets);
    let after = &now.delegation_targets;
    let missing = |from: &[String], of: &[String]| -> Vec<String> {
        let missing = of.iter().filter(|target| !from.contains(target));
        missing.cloned().collect()
    };
    ModuleChange {
        name: now.name.clone(),
        generation: None,
        targets_added: missing(before, after),
        targets_removed: missing(after, before),
        state_kept: now.state_keys.clone(),
    }
}

/// Puts the new code in place. Called by `bevy_dexterous_developer` at the start of a frame, when
/// the library is loaded and its scope has set the modules up.
pub(crate) fn install(world: &mut World) {
    // What modules run in here finds the reloader busy.
    world.resource_scope(|world, mut machinery: bevy::prelude::Mut<Machinery>| {
        let machinery = &mut *machinery;
        let (Some(handover), Some(mut trial)) = (runner::take_handover(), machinery.trial.take())
        else {
            return;
        };
        take_down(world, &mut trial);
        let result = replace(world, machinery, &mut trial, handover)
            .and_then(|starting| start(world, &mut trial, starting))
            .and_then(|()| set_up(world, &mut trial));
        trial.attempt.end(Phase::Swap);
        match result {
            Ok(()) => {
                trial.frames = Some(0);
                machinery.started.extend(trial.started.iter().cloned());
                // The new code runs now, so the window must not say otherwise.
                super::set_error(world, None);
                publish(world);
                machinery.trial = Some(trial);
            }
            Err(error) => roll_back(world, machinery, trial, error),
        }
    });
}

/// Lets the code that goes take down what it set up, the last module first.
fn take_down(world: &mut World, trial: &mut Trial) {
    let goes = |name: &&String| {
        trial.removed.contains(name) || trial.modules.iter().any(|m| m.name == **name)
    };
    trial.taken_down = trial.order.iter().rev().filter(goes).cloned().collect();
    for name in &trial.taken_down {
        if let Err(panic) = delegate::run_hook(world, name, Hook::Teardown) {
            // The code goes all the same: it is what the person wants to be rid of.
            let text = format!("the teardown of module `{name}` panicked: {panic}");
            bevy::log::warn!("{text}");
            trial.attempt.warnings.push(text);
        }
    }
}

/// Lets the new code set up what it owns, and then what is to be done after a reload.
fn set_up(world: &mut World, trial: &mut Trial) -> Result<(), ReloadError> {
    let names: Vec<String> = trial.modules.iter().map(|m| m.name.clone()).collect();
    let failed = |module: &String| {
        let module = module.clone();
        |panic| ReloadError::Swap { module, panic }
    };
    for name in &names {
        trial.set_up.push(name.clone());
        delegate::run_hook(world, name, Hook::Setup).map_err(failed(name))?;
    }
    for name in names.iter().filter(|name| trial.order.contains(name)) {
        delegate::run_hook(world, name, Hook::Reload).map_err(failed(name))?;
    }
    Ok(())
}

/// The startup schedules of one module.
type Starting = (String, HashMap<InternedScheduleLabel, Schedule>);

fn replace(
    world: &mut World,
    machinery: &mut Machinery,
    trial: &mut Trial,
    handover: Handover,
) -> Result<Vec<Starting>, ReloadError> {
    let mut recordings: HashMap<&str, Recording> = HashMap::new();
    for (entry, recording) in handover {
        let recording = recording.map_err(|panic| ReloadError::Swap {
            module: entry.name.to_owned(),
            panic,
        })?;
        recordings.insert(entry.name, recording);
    }
    machinery.issued = machinery.issued.next();
    let generation = machinery.issued;
    let known = machinery.started.clone();

    let mut starting = Vec::new();
    let mut provisions = Vec::new();
    let mut slots = Vec::new();
    for (module, change) in trial.modules.iter().zip(&mut trial.attempt.modules) {
        let Some(recording) = recordings.remove(&*module.name) else {
            return Err(ReloadError::NotSwapped {
                reason: format!("the library did not set up module `{}`", module.name),
            });
        };
        change.generation = Some(generation);
        let shapes = recording.shapes();
        let (first, schedules): (HashMap<_, _>, HashMap<_, _>) = recording
            .schedules
            .into_iter()
            .partition(|(label, _)| startup().contains(label));
        if !known.contains(&module.name) {
            starting.push((module.name.clone(), first));
        }
        provisions.push((module.name.clone(), recording.provisions));
        slots.push(Slot {
            module: module.clone(),
            generation,
            build_id: trial.build_id.clone(),
            library: trial.serial,
            schedules: schedules
                .into_iter()
                .map(|(label, schedule)| (label, Some(schedule)))
                .collect(),
            state_keys: recording.state_keys,
            shapes,
            suspended: None,
        });
    }
    let mut delegates = world.resource_mut::<Delegates>();
    let goes = |slot: &Slot| {
        let name = &slot.module.name;
        trial.removed.contains(name) || trial.modules.iter().any(|m| m.name == *name)
    };
    let (old, kept): (Vec<_>, Vec<_>) = std::mem::take(&mut delegates.slots)
        .into_iter()
        .partition(goes);
    trial.predecessors = old;
    delegates.slots = kept;
    delegates.slots.extend(slots);
    let order: Vec<String> = trial.registry.iter().map(|m| m.name.clone()).collect();
    delegates.put_in_order(&order);

    for (module, provisions) in provisions {
        for provision in provisions {
            let undo =
                panics::guard(|| provision.apply(world)).map_err(|panic| ReloadError::Swap {
                    module: module.clone(),
                    panic,
                })?;
            trial.undo.extend(undo);
        }
    }
    delegate::attach(world, !trial.within_call);
    Ok(starting)
}

fn startup() -> [InternedScheduleLabel; 3] {
    [PreStartup.intern(), Startup.intern(), PostStartup.intern()]
}

/// Runs the startup systems of modules that are new, which come too late for the app's own.
fn start(
    world: &mut World,
    trial: &mut Trial,
    mut starting: Vec<Starting>,
) -> Result<(), ReloadError> {
    trial.started = starting.iter().map(|(name, _)| name.clone()).collect();
    for label in startup() {
        for (module, schedules) in &mut starting {
            let Some(mut schedule) = schedules.remove(&label) else {
                continue;
            };
            let result = panics::guard(|| schedule.run(world));
            let dropped = panics::guard(|| drop(schedule));
            result.and(dropped).map_err(|panic| ReloadError::Swap {
                module: module.clone(),
                panic,
            })?;
        }
    }
    Ok(())
}

/// Accepts the new code: what was kept to go back to is dropped.
pub(super) fn commit(world: &mut World, machinery: &mut Machinery, mut trial: Trial) {
    trial.attempt.end(Phase::Probation);
    for slot in std::mem::take(&mut trial.predecessors) {
        let name = slot.module.name.clone();
        if let Some(panic) = super::retire(slot) {
            let text = format!("dropping the old code of module `{name}` panicked: {panic}");
            trial.attempt.warnings.push(text);
        }
    }
    probation::drop_guarded("the undo log", trial.undo);
    probation::drop_guarded("the copied state", trial.snapshot);
    finish(world, machinery, trial.attempt, Outcome::Committed, None);
}

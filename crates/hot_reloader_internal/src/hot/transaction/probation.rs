//! Phase 8: for some frames the new code is watched, with everything kept that is needed to go
//! back.

use std::{collections::HashMap, sync::Arc};

use bevy::{
    ecs::schedule::InternedScheduleLabel,
    prelude::{Mut, World},
};
use hot_reloader_core::{panics, PanicReport};

use super::{
    finish, publish, refuse, set_error,
    swap::{commit, Trial},
    Machinery,
};
use crate::{
    hot::{
        config::HotReloaderConfig,
        delegate::{self, Delegates},
        report::Outcome,
        runner, Phase, ReloadError,
    },
    hot_app::Hook,
};

/// Counts the frame that ends, and accepts the new code when it has run long enough.
pub(super) fn advance(world: &mut World, machinery: &mut Machinery) {
    for panic in panics::take_stray() {
        let is_new =
            |trial: &mut Trial| trial.frames.is_some() && panic.library == Some(trial.serial);
        match machinery.trial.take_if(is_new) {
            Some(trial) => {
                let error = ReloadError::Thread {
                    on_probation: true,
                    panic,
                };
                roll_back(world, machinery, trial, error);
            }
            None => {
                let error = ReloadError::Thread {
                    on_probation: false,
                    panic,
                };
                set_error(world, Some(Arc::new(error)));
            }
        }
    }
    let Some(mut trial) = machinery.trial.take() else {
        return;
    };
    let Some(frames) = &mut trial.frames else {
        // It was armed at the end of the frame before, so this frame should have swapped it in.
        runner::disarm();
        let error = ReloadError::NotSwapped {
            reason: "the library exports no scope, or the loader refused it".to_owned(),
        };
        refuse(world, machinery, trial.attempt, error);
        return;
    };
    // What ran when a call swapped does not run now.
    delegate::attach(world, true);
    *frames += 1;
    if *frames == 1 {
        trial.attempt.latency = Some(trial.attempt.request.since.elapsed());
    }
    if *frames >= world.resource::<HotReloaderConfig>().probation_frames {
        commit(world, machinery, trial);
    } else {
        machinery.trial = Some(trial);
    }
}

/// A module panicked in one of its schedules, which is gone with it.
///
/// On probation, code and state of the whole reload are taken back at once, so that no more of it
/// runs. After that, the module alone is suspended.
pub(crate) fn on_panic(
    world: &mut World,
    module: &str,
    schedule: InternedScheduleLabel,
    panic: PanicReport,
) {
    let schedule = format!("{schedule:?}");
    world.resource_scope(|world, mut machinery: Mut<Machinery>| {
        let is_new = |trial: &mut Trial| {
            trial.frames.is_some() && trial.modules.iter().any(|m| m.name == module)
        };
        match machinery.trial.take_if(is_new) {
            Some(trial) => {
                let error = ReloadError::Panicked {
                    module: module.to_owned(),
                    schedule,
                    frame: trial.frames.unwrap_or_default() + 1,
                    panic,
                };
                roll_back(world, &mut machinery, trial, error);
            }
            None => suspend(world, module, schedule, panic),
        }
    });
}

fn suspend(world: &mut World, module: &str, schedule: String, panic: PanicReport) {
    let error = Arc::new(ReloadError::Suspended {
        module: module.to_owned(),
        schedule,
        panic,
    });
    let mut delegates = world.resource_mut::<Delegates>();
    let slot = delegates.slots.iter_mut().find(|s| s.module.name == module);
    let schedules = slot.map(|slot| {
        slot.suspended = Some(error.clone());
        let schedules = std::mem::take(&mut slot.schedules).into_iter();
        // What it set up is still to be taken down.
        let (hooks, schedules): (HashMap<_, _>, HashMap<_, _>) =
            schedules.partition(|(label, _)| delegate::is_hook(*label));
        slot.schedules = hooks;
        schedules
    });
    drop_guarded("the systems of a suspended module", schedules);
    set_error(world, Some(error));
    publish(world);
}

/// Takes a whole reload back: code, resources that its modules brought, and state.
pub(super) fn roll_back(
    world: &mut World,
    machinery: &mut Machinery,
    mut trial: Trial,
    error: ReloadError,
) {
    if trial.frames.is_some() {
        trial.attempt.end(Phase::Probation);
    }
    for name in trial.set_up.iter().rev() {
        if let Err(panic) = delegate::run_hook(world, name, Hook::Teardown) {
            bevy::log::warn!("the teardown of module `{name}` panicked: {panic}");
        }
    }
    let mut delegates = world.resource_mut::<Delegates>();
    let is_new = |name: &String| trial.modules.iter().any(|module| module.name == *name);
    let (new, kept): (Vec<_>, Vec<_>) = std::mem::take(&mut delegates.slots)
        .into_iter()
        .partition(|slot| slot.library == trial.serial && is_new(&slot.module.name));
    delegates.slots = kept;
    delegates.slots.append(&mut trial.predecessors);
    delegates.put_in_order(&trial.order);
    machinery
        .started
        .retain(|name| !trial.started.contains(name));
    for undo in trial.undo.into_iter().rev() {
        if let Err(panic) = panics::guard(|| undo(world)) {
            bevy::log::error!("taking a resource back panicked: {panic}");
        }
    }
    for name in trial.taken_down.iter().rev() {
        if let Err(panic) = delegate::run_hook(world, name, Hook::Setup) {
            bevy::log::error!("setting module `{name}` up again panicked: {panic}");
        }
    }
    if let Err(panic) = panics::guard(|| trial.snapshot.restore(world)) {
        bevy::log::error!("restoring the state panicked: {panic}");
    }
    for slot in new {
        super::retire(slot);
    }
    drop_guarded("the copied state", trial.snapshot);
    for change in &mut trial.attempt.modules {
        let delegates = world.resource::<Delegates>();
        change.generation = delegates.get(&change.name).map(|slot| slot.generation);
    }
    finish(
        world,
        machinery,
        trial.attempt,
        Outcome::RolledBack,
        Some(error),
    );
}

/// Drops values of the plugin's types, whose destructors may panic.
pub(super) fn drop_guarded<T>(what: &str, value: T) {
    if let Err(panic) = panics::guard(|| drop(value)) {
        bevy::log::warn!("dropping {what} panicked: {panic}");
    }
}

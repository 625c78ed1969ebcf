//! The host's permanent entries in the schedules, which run whatever the current generation of
//! each module supplies.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    time::{Duration, Instant},
};

use bevy::{
    app::{First, Last},
    ecs::schedule::{InternedScheduleLabel, IntoSystemConfigs, ScheduleLabel, SystemSet},
    prelude::{App, Mut, Res, Resource, Schedule, Schedules, World},
};
use hot_reloader_core::{panics, BuildId, Generation, HotModule, PanicReport, TypeShape};

use super::{snapshot::StateKey, transaction, ReloadError};
use crate::hot_app::Hook;

/// All delegators. A host's system can be ordered before or after it, in any schedule that a
/// module has systems in.
#[derive(SystemSet, Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct HotSystems;

/// The code that one module runs now.
pub(crate) struct Slot {
    pub(crate) module: HotModule,
    pub(crate) generation: Generation,
    pub(crate) build_id: BuildId,
    /// The serial number of the library.
    pub(crate) library: u32,
    /// `None` while the schedule runs.
    pub(crate) schedules: HashMap<InternedScheduleLabel, Option<Schedule>>,
    pub(crate) state_keys: Vec<StateKey>,
    pub(crate) shapes: HashMap<std::any::TypeId, TypeShape>,
    /// Why it is out of service, if it is.
    pub(crate) suspended: Option<std::sync::Arc<ReloadError>>,
}

impl Slot {
    /// Drops the code of the module. A destructor of a system's local may panic.
    pub(crate) fn drop_guarded(self) -> Result<(), PanicReport> {
        panics::guard(|| drop(self))
    }
}

/// The code of all modules, in dependency order.
#[derive(Resource, Default)]
pub(crate) struct Delegates {
    pub(crate) slots: Vec<Slot>,
    attached: HashSet<InternedScheduleLabel>,
}

impl Delegates {
    /// In dependency order.
    pub(crate) fn names(&self) -> Vec<String> {
        self.slots
            .iter()
            .map(|slot| slot.module.name.clone())
            .collect()
    }

    /// Sorts the slots as `names` are.
    pub(crate) fn put_in_order(&mut self, names: &[String]) {
        let place = |slot: &Slot| names.iter().position(|name| *name == slot.module.name);
        self.slots.sort_by_key(place);
    }

    /// Whether a module has systems for `label`.
    fn have(&self, label: InternedScheduleLabel) -> bool {
        let mut slots = self.slots.iter();
        slots.any(|slot| slot.schedules.contains_key(&label))
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Slot> {
        self.slots.iter().find(|slot| slot.module.name == name)
    }
}

/// How long each module took in each schedule, if that is wanted.
#[derive(Resource, Clone, Debug, Default)]
pub struct ModuleTimes {
    /// Whether modules are timed. Off by default, and then it costs nothing.
    pub is_on: bool,
    last: BTreeMap<(String, String), Duration>,
}

impl ModuleTimes {
    /// Takes what has run since this was called last: module, schedule and time, sorted by the first
    /// two.
    pub fn take(&mut self) -> impl Iterator<Item = (String, String, Duration)> {
        let last = std::mem::take(&mut self.last).into_iter();
        last.map(|((module, schedule), time)| (module, schedule, time))
    }

    fn note(&mut self, module: &str, schedule: InternedScheduleLabel, time: Duration) {
        let key = (module.to_owned(), format!("{schedule:?}"));
        self.last.insert(key, time);
    }
}

/// Adds the delegators of the two schedules that a swap happens in, which cannot be added to then.
pub(super) fn plugin(app: &mut App) {
    app.init_resource::<Delegates>()
        .init_resource::<ModuleTimes>();
    for label in [First.intern(), Last.intern()] {
        app.world_mut()
            .resource_mut::<Delegates>()
            .attached
            .insert(label);
        app.add_systems(label, delegator(label));
    }
}

/// Adds a delegator to each schedule that a module has systems in and that has none yet.
///
/// A schedule that is missing may be one that is running, to which nothing can be added, or one that
/// does not exist yet. It is made only if `create` says that it is the latter.
pub(crate) fn attach(world: &mut World, create: bool) {
    world.resource_scope(|world, mut schedules: Mut<Schedules>| {
        let mut delegates = world.resource_mut::<Delegates>();
        let delegates = &mut *delegates;
        let labels = delegates
            .slots
            .iter()
            .flat_map(|slot| slot.schedules.keys());
        for label in labels {
            let can_be = !is_hook(*label) && (create || schedules.contains(*label));
            if can_be && delegates.attached.insert(*label) {
                schedules.entry(*label).add_systems(delegator(*label));
            }
        }
    });
}

/// Whether reloads run it, not frames.
pub(crate) fn is_hook(label: InternedScheduleLabel) -> bool {
    [Hook::Setup, Hook::Teardown, Hook::Reload]
        .iter()
        .any(|hook| hook.intern() == label)
}

fn delegator(label: InternedScheduleLabel) -> impl IntoSystemConfigs<()> {
    (move |world: &mut World| run(world, label))
        .run_if(move |delegates: Res<Delegates>| delegates.have(label))
        .in_set(HotSystems)
}

/// Runs a hook of one module, if it has one.
///
/// # Errors
///
/// What is known of a panic in it. The hook is gone then.
pub(crate) fn run_hook(world: &mut World, module: &str, hook: Hook) -> Result<(), PanicReport> {
    let mut slots = world.resource_mut::<Delegates>();
    let mut slots = slots.slots.iter_mut();
    let Some(slot) = slots.find(|slot| slot.module.name == module) else {
        return Ok(());
    };
    let label = hook.intern();
    let generation = slot.generation;
    let Some(mut schedule) = slot.schedules.get_mut(&label).and_then(Option::take) else {
        return Ok(());
    };
    match panics::guard(|| schedule.run(world)) {
        Ok(()) => {
            put_back(world, module, generation, label, schedule);
            Ok(())
        }
        Err(panic) => {
            drop_schedule(schedule);
            Err(panic)
        }
    }
}

/// Runs what each module has for `label`, each guarded, in dependency order.
fn run(world: &mut World, label: InternedScheduleLabel) {
    let mut index = 0;
    loop {
        let mut delegates = world.resource_mut::<Delegates>();
        let Some(slot) = delegates.slots.get_mut(index) else {
            return;
        };
        let (generation, schedule) = (
            slot.generation,
            slot.schedules.get_mut(&label).and_then(Option::take),
        );
        if let Some(mut schedule) = schedule {
            let name = slot.module.name.clone();
            let start = world.resource::<ModuleTimes>().is_on.then(Instant::now);
            let result = panics::guard(|| schedule.run(world));
            if let Some(start) = start {
                let mut times = world.resource_mut::<ModuleTimes>();
                times.note(&name, label, start.elapsed());
            }
            match result {
                Ok(()) => put_back(world, &name, generation, label, schedule),
                Err(panic) => {
                    // It may be half way through itself, so it does not run again.
                    drop_schedule(schedule);
                    transaction::on_panic(world, &name, label, panic);
                    return;
                }
            }
        }
        index += 1;
    }
}

/// Unless what the schedule did, such as running another one, has replaced the module's code.
fn put_back(
    world: &mut World,
    name: &str,
    generation: Generation,
    label: InternedScheduleLabel,
    schedule: Schedule,
) {
    let mut delegates = world.resource_mut::<Delegates>();
    let place = delegates
        .slots
        .iter_mut()
        .find(|slot| slot.module.name == name && slot.generation == generation)
        .and_then(|slot| slot.schedules.get_mut(&label));
    match place {
        Some(place) => *place = Some(schedule),
        None => drop_schedule(schedule),
    }
}

fn drop_schedule(schedule: Schedule) {
    if let Err(panic) = panics::guard(|| drop(schedule)) {
        bevy::log::warn!("dropping a schedule panicked: {panic}");
    }
}

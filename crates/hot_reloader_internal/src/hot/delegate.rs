//! The host's permanent entries in the schedules, which run whatever the current generation of
//! each module supplies.

use std::collections::{HashMap, HashSet};

use bevy::{
    app::{First, Last},
    ecs::schedule::{InternedScheduleLabel, IntoSystemConfigs, ScheduleLabel, SystemSet},
    prelude::{App, Resource, Schedule, Schedules, World},
};
use hot_reloader_core::{panics, BuildId, Generation, HotModule, PanicReport, TypeShape};

use super::{snapshot::StateKey, transaction, ReloadError};

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

    pub(crate) fn get(&self, name: &str) -> Option<&Slot> {
        self.slots.iter().find(|slot| slot.module.name == name)
    }
}

/// Adds the delegators of the two schedules that a swap happens in, which cannot be added to then.
pub(super) fn plugin(app: &mut App) {
    app.init_resource::<Delegates>();
    for label in [First.intern(), Last.intern()] {
        app.world_mut()
            .resource_mut::<Delegates>()
            .attached
            .insert(label);
        app.add_systems(label, delegator(label));
    }
}

/// Adds a delegator to each schedule that a module has systems in and that has none yet.
pub(crate) fn attach(world: &mut World) {
    let mut delegates = world.resource_mut::<Delegates>();
    let delegates = &mut *delegates;
    let labels = delegates
        .slots
        .iter()
        .flat_map(|slot| slot.schedules.keys());
    let fresh: Vec<_> = labels
        .copied()
        .filter(|label| delegates.attached.insert(*label))
        .collect();
    let mut schedules = world.resource_mut::<Schedules>();
    for label in fresh {
        schedules.entry(label).add_systems(delegator(label));
    }
}

fn delegator(label: InternedScheduleLabel) -> impl IntoSystemConfigs<()> {
    (move |world: &mut World| run(world, label)).in_set(HotSystems)
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
            let result = panics::guard(|| schedule.run(world));
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

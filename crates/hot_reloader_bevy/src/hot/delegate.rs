//! The host's permanent entries in the schedules, which run whatever the current generation of
//! each module supplies.

use std::{
    any::TypeId,
    collections::{BTreeMap, HashMap, HashSet},
    sync::Arc,
    time::{Duration, Instant},
};

use bevy::{
    app::{First, Last, PostStartup, PreStartup, Startup},
    ecs::{
        entity::Entity,
        schedule::{
            ExecutorKind, InternedScheduleLabel, IntoSystemConfigs, ScheduleLabel, SystemSet,
        },
    },
    prelude::{App, Mut, Res, Resource, Schedule, Schedules, StateTransition, World},
    reflect::TypeRegistry,
};
use hot_reloader_build::Layout;
use hot_reloader_core::{panics, BuildId, Generation, HotModule, PanicReport, TypeShape};

use super::{
    migration::LeftBehind,
    observer::Gate,
    placement::{Unit, UnitLabel},
    provision::{Transitions, Undo},
    recording::{Copying, StateKey},
    ReloadError,
};
use crate::hook::Hook;

/// All delegators. A host's system can be ordered before or after it, in any schedule that a
/// module has systems in.
#[derive(SystemSet, Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct HotSystems;

/// The code that one module runs now.
pub(crate) struct Slot {
    pub(crate) module: HotModule,
    pub(crate) generation: Generation,
    pub(crate) build_id: BuildId,
    /// `None` while the schedule runs.
    pub(crate) schedules: HashMap<InternedScheduleLabel, Option<Schedule>>,
    /// The schedules in which a panic left systems half way.
    pub(crate) interrupted: Vec<InternedScheduleLabel>,
    pub(crate) observers: Vec<Entity>,
    pub(crate) gate: Arc<Gate>,
    /// The states whose transitions its systems bring about.
    pub(crate) states: Vec<TypeId>,
    pub(crate) state_keys: Vec<StateKey>,
    pub(crate) copying: Copying,
    pub(crate) shapes: HashMap<TypeId, TypeShape>,
    /// What reflection knows of the types that it named.
    pub(crate) registry: TypeRegistry,
    /// What the types of its library are.
    pub(crate) layout: Arc<Layout>,
    /// Why it is out of service, if it is.
    pub(crate) suspended: Option<Arc<ReloadError>>,
}

impl Slot {
    /// Drops the code of the module. A destructor of a system's local may panic.
    pub(crate) fn drop_guarded(self) -> Result<(), PanicReport> {
        panics::guard(|| drop(self))
    }

    /// Makes schedules whole again in which a panic left systems half way. Commands that they have
    /// queued are applied now, to be undone with all else.
    pub(crate) fn mend(&mut self, world: &mut World) {
        for label in std::mem::take(&mut self.interrupted) {
            let Some(Some(schedule)) = self.schedules.get_mut(&label) else {
                continue;
            };
            if let Err(panic) = panics::guard(|| schedule.apply_deferred(world)) {
                bevy::log::warn!("a command panicked while its schedule was mended: {panic}");
            }
            // Another executor knows nothing of the systems that had run.
            let kind = schedule.get_executor_kind();
            let other = match kind {
                ExecutorKind::Simple => ExecutorKind::SingleThreaded,
                _ => ExecutorKind::Simple,
            };
            schedule.set_executor_kind(other).set_executor_kind(kind);
        }
    }
}

/// A module panicked in a frame.
pub(crate) struct ModulePanic {
    pub(crate) module: String,
    /// What it was doing.
    pub(crate) place: String,
    pub(crate) panic: PanicReport,
}

/// Runs as soon as modules have panicked, to decide what becomes of them.
#[derive(ScheduleLabel, Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct ModulesPanicked;

/// The code of all modules, in dependency order.
#[derive(Resource, Default)]
pub(crate) struct Delegates {
    pub(crate) slots: Vec<Slot>,
    /// What the sources said of each type when code came that used it.
    pub(crate) origins: HashMap<TypeId, Arc<Layout>>,
    /// Values of types that new code does not use, or has made anew.
    pub(crate) left: LeftBehind,
    /// Counts the changes to which slots there are.
    pub(crate) revision: u32,
    /// What setups took out of the world, until their code is accepted.
    pub(crate) undo: Vec<Undo>,
    panics: Vec<ModulePanic>,
    attached: HashSet<InternedScheduleLabel>,
    /// The delegators of units, by schedule and place. They stay, to be used again.
    arrangements: Vec<(InternedScheduleLabel, Vec<Unit>)>,
}

impl Delegates {
    /// In dependency order.
    pub(crate) fn names(&self) -> Vec<String> {
        self.slots
            .iter()
            .map(|slot| slot.module.name.clone())
            .collect()
    }

    /// Takes the slots out of which `goes` says so.
    pub(crate) fn take(&mut self, goes: impl FnMut(&Slot) -> bool) -> Vec<Slot> {
        self.revision += 1;
        let (gone, kept) = std::mem::take(&mut self.slots).into_iter().partition(goes);
        self.slots = kept;
        gone
    }

    /// Puts slots in, and all of them in the order of `names`.
    pub(crate) fn put(&mut self, slots: Vec<Slot>, names: &[String]) {
        self.revision += 1;
        self.slots.extend(slots);
        let place = |slot: &Slot| names.iter().position(|name| *name == slot.module.name);
        self.slots.sort_by_key(place);
    }

    /// The labels of all units.
    fn units(&self) -> Vec<InternedScheduleLabel> {
        let arrangements = self.arrangements.iter().enumerate();
        let units = arrangements.flat_map(|(arrangement, (host, units))| {
            (0..units.len()).map(move |unit| {
                let label = UnitLabel {
                    host: *host,
                    arrangement,
                    unit,
                };
                label.intern()
            })
        });
        units.collect()
    }

    /// Whether a module has a schedule of this label.
    fn have(&self, label: InternedScheduleLabel) -> bool {
        let mut slots = self.slots.iter();
        slots.any(|slot| slot.schedules.contains_key(&label))
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Slot> {
        self.slots.iter().find(|slot| slot.module.name == name)
    }

    /// What has panicked since the last call, in its order, observers included.
    pub(crate) fn take_panics(&mut self) -> Vec<ModulePanic> {
        let mut panics = std::mem::take(&mut self.panics);
        for slot in &self.slots {
            let noted = slot.gate.take_panics().into_iter();
            panics.extend(noted.map(|(observer, panic)| ModulePanic {
                module: slot.module.name.clone(),
                place: format!("the observer {observer}"),
                panic,
            }));
        }
        panics
    }

    /// Whether [`take_panics`](Self::take_panics) has something to give.
    pub(crate) fn have_panicked(&self) -> bool {
        !self.panics.is_empty() || self.slots.iter().any(|slot| slot.gate.has_panicked())
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
        let units: Vec<_> = delegates.units();
        for label in labels.map(|label| host_label(*label)) {
            let can_be =
                !is_own(label) && !units.contains(&label) && (create || schedules.contains(label));
            if can_be && delegates.attached.insert(label) {
                schedules.entry(label).add_systems(delegator(label));
            }
        }
    });
}

/// One of the units of an arrangement.
#[derive(SystemSet, Clone, Debug, PartialEq, Eq, Hash)]
struct UnitSet {
    arrangement: usize,
    unit: usize,
}

/// Adds a delegator for each unit to a schedule, unless such an arrangement is there from before.
/// Returns its number.
///
/// # Panics
///
/// If the schedule is missing, which the rehearsal has looked at.
pub(crate) fn arrange(world: &mut World, host: InternedScheduleLabel, units: &[Unit]) -> usize {
    world.resource_scope(|world, mut schedules: Mut<Schedules>| {
        let mut delegates = world.resource_mut::<Delegates>();
        let known = &mut delegates.arrangements;
        let is_it = |(label, known): &(_, Vec<Unit>)| *label == host && known == units;
        if let Some(arrangement) = known.iter().position(is_it) {
            return arrangement;
        }
        let arrangement = known.len();
        known.push((host, units.to_vec()));
        let schedule = schedules.get_mut(host);
        let schedule = schedule.expect("a schedule that has sets of the host is there");
        for (unit, place) in units.iter().enumerate() {
            let label = UnitLabel {
                host,
                arrangement,
                unit,
            };
            let label = label.intern();
            let mut delegator = (move |world: &mut World| run(world, label))
                .run_if(move |delegates: Res<Delegates>| delegates.have(label))
                .in_set(UnitSet { arrangement, unit });
            for set in &place.within {
                delegator = delegator.in_set(*set);
            }
            for set in &place.before {
                delegator = delegator.before(*set);
            }
            for set in &place.after {
                delegator = delegator.after(*set);
            }
            for unit in &place.follows {
                let unit = *unit;
                delegator = delegator.after(UnitSet { arrangement, unit });
            }
            schedule.add_systems(delegator);
        }
        arrangement
    })
}

/// The schedule of the host that a module's schedule runs in.
fn host_label(label: InternedScheduleLabel) -> InternedScheduleLabel {
    if label == Transitions.intern() {
        StateTransition.intern()
    } else {
        label
    }
}

/// Whether reloads run it, not frames.
pub(crate) fn is_own(label: InternedScheduleLabel) -> bool {
    let hooks = [Hook::Setup, Hook::Teardown, Hook::Reload];
    startup().contains(&label) || hooks.iter().any(|hook| hook.intern() == label)
}

/// The schedules that come too late for a module that is loaded while the app runs.
pub(crate) fn startup() -> [InternedScheduleLabel; 3] {
    [PreStartup.intern(), Startup.intern(), PostStartup.intern()]
}

fn delegator(label: InternedScheduleLabel) -> impl IntoSystemConfigs<()> {
    let is_transition = label == StateTransition.intern();
    let transitions = is_transition.then(|| Transitions.intern());
    let labels: Vec<_> = transitions.into_iter().chain([label]).collect();
    let looked_for = labels.clone();
    (move |world: &mut World| labels.iter().for_each(|label| run(world, *label)))
        .run_if(move |delegates: Res<Delegates>| {
            looked_for.iter().any(|label| delegates.have(*label))
        })
        .in_set(HotSystems)
}

/// Runs a schedule of one module that is its own, if it has one.
///
/// # Errors
///
/// What is known of a panic in it. The schedule is gone then.
pub(crate) fn run_own(
    world: &mut World,
    module: &str,
    label: InternedScheduleLabel,
) -> Result<(), PanicReport> {
    let mut slots = world.resource_mut::<Delegates>();
    let mut slots = slots.slots.iter_mut();
    let Some(slot) = slots.find(|slot| slot.module.name == module) else {
        return Ok(());
    };
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
        let revision = delegates.revision;
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
            put_back(world, &name, generation, label, schedule);
            if let Err(panic) = result {
                note_panic(world, name, generation, label, panic);
            }
        }
        if world.resource::<Delegates>().have_panicked() {
            // At once, so that no more of new code runs, nor host code on what it has done.
            let _ = world.try_run_schedule(ModulesPanicked);
        }
        if world.resource::<Delegates>().revision != revision {
            // Other code runs from the next schedule on.
            return;
        }
        index += 1;
    }
}

fn note_panic(
    world: &mut World,
    module: String,
    generation: Generation,
    label: InternedScheduleLabel,
    panic: PanicReport,
) {
    let mut delegates = world.resource_mut::<Delegates>();
    let mut slots = delegates.slots.iter_mut();
    let slot = slots.find(|slot| slot.module.name == module && slot.generation == generation);
    if let Some(slot) = slot {
        slot.interrupted.push(label);
    }
    delegates.panics.push(ModulePanic {
        module,
        place: format!("{label:?}"),
        panic,
    });
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

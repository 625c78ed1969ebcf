//! The host's permanent entries in the schedules, which run whatever the current generation of
//! each module supplies.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use bevy::{
    app::{First, Last, Main},
    ecs::schedule::{
        InternedScheduleLabel, InternedSystemSet, IntoSystemConfigs, ScheduleLabel, Stepping,
        SystemConfigs, SystemSet,
    },
    prelude::{App, Mut, Res, Resource, Schedule, Schedules, StateTransition, World},
};
use hot_reloader_core::{panics, threads, Generation, PanicReport};

use super::{
    labels,
    placement::{self, Unit},
    rebuild::{self, Alive},
    slots::{Delegates, ModulePanic, Slot},
};

/// All delegators. A host's system can be ordered before or after it, in any schedule that a
/// module has systems in.
#[derive(SystemSet, Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct HotSystems;

/// What one delegator runs of a module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    /// A schedule, unless it is run in units.
    Whole(InternedScheduleLabel),
    Unit {
        host: InternedScheduleLabel,
        arrangement: usize,
        unit: usize,
    },
}

impl Part {
    fn label(self) -> InternedScheduleLabel {
        match self {
            Self::Whole(label) => label,
            Self::Unit { host, .. } => host,
        }
    }
}

impl Slot {
    fn has(&self, part: Part) -> bool {
        let placed = self.placed.get(&part.label());
        let is_it = match part {
            Part::Whole(_) => placed.is_none(),
            Part::Unit { arrangement, .. } => {
                placed.is_some_and(|placed| placed.arrangement == arrangement)
            }
        };
        is_it && self.schedules.contains_key(&part.label())
    }
}

impl Delegates {
    /// Whether a module has something for a delegator to run.
    fn have(&self, part: Part) -> bool {
        self.slots.iter().any(|slot| slot.has(part))
    }
}

/// Runs as soon as modules have panicked, to decide what becomes of them.
#[derive(ScheduleLabel, Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct ModulesPanicked;

/// How long each module took in each schedule, if that is wanted.
#[derive(Resource, Clone, Debug, Default)]
pub struct ModuleTimes {
    /// Whether modules are timed. Off by default, and then it costs nothing.
    pub is_on: bool,
    last: BTreeMap<(String, String), Duration>,
}

impl ModuleTimes {
    /// Takes what has run since this was called last: module, schedule and the time of its last run, sorted by the
    /// first two.
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
        for slot in &delegates.slots {
            for label in slot.schedules.keys().copied() {
                let is_whole = !slot.placed.contains_key(&label);
                let is_missing = !schedules.contains(label) && (!create || label == Main.intern());
                let can_be = is_whole && !labels::is_own(label) && !is_missing;
                if can_be && delegates.attached.insert(label) {
                    let schedule = schedules.entry(label);
                    let mut delegator = delegator(label);
                    if label == StateTransition.intern() {
                        // States of a module may follow from those of the host.
                        if let Some(set) = placement::set_named(schedule, "DependentTransitions") {
                            delegator = delegator.after(set);
                        }
                    }
                    schedule.add_systems(delegator);
                }
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

/// Whether a set stands for a unit.
pub(crate) fn is_unit(set: InternedSystemSet) -> bool {
    (*set.0).as_dyn_eq().as_any().is::<UnitSet>()
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
            let part = Part::Unit {
                host,
                arrangement,
                unit,
            };
            let mut delegator = (move |world: &mut World| run(world, part))
                .run_if(move |delegates: Res<Delegates>| delegates.have(part))
                .in_set(UnitSet { arrangement, unit })
                .ambiguous_with_all();
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

fn delegator(label: InternedScheduleLabel) -> SystemConfigs {
    let part = Part::Whole(label);
    (move |world: &mut World| run(world, part))
        .run_if(move |delegates: Res<Delegates>| delegates.have(part))
        .in_set(HotSystems)
        // It is exclusive, so an app that allows no ambiguities would have one with each of its systems.
        .ambiguous_with_all()
}

/// The schedule of a module that is called like another one, if that is not its own: a state whose type changed
/// has other ones.
pub(crate) fn label_like(
    world: &World,
    module: &str,
    label: InternedScheduleLabel,
) -> InternedScheduleLabel {
    let slot = world.resource::<Delegates>().get(module);
    let labels = || slot.into_iter().flat_map(|slot| slot.schedules.keys());
    if labels().any(|own| *own == label) {
        return label;
    }
    let name = format!("{label:?}");
    let mut alike = labels().filter(|own| format!("{own:?}") == name);
    match (alike.next(), alike.next()) {
        (Some(own), None) => *own,
        _ => label,
    }
}

/// Runs a schedule of one module that is its own, if it has one.
///
/// # Errors
///
/// What is known of a panic in it. The schedule is interrupted then.
pub(crate) fn run_own(
    world: &mut World,
    module: &str,
    label: InternedScheduleLabel,
) -> Result<(), PanicReport> {
    let mut delegates = world.resource_mut::<Delegates>();
    let Some(slot) = delegates.get_mut(module) else {
        return Ok(());
    };
    let generation = slot.generation;
    let Some(mut schedule) = slot.schedules.get_mut(&label).and_then(Option::take) else {
        return Ok(());
    };
    let filter = slot.rest_of_startup.remove(&label);
    let before = threads::list();
    let ran = run_noted(world, module, label, &mut schedule, filter);
    let begun = threads::list().into_iter();
    let begun = begun.filter(|thread| !before.contains(thread));
    let mut delegates = world.resource_mut::<Delegates>();
    if let Some(slot) = delegates.get_mut(module) {
        slot.threads.extend(begun);
    }
    let part = Part::Whole(label);
    put_back(world, module, generation, part, schedule, None);
    if ran.is_err() {
        interrupt(world, module, generation, label);
    }
    ran
}

/// The same for a module whose code goes. A panic within it, in a schedule that it runs, counts as its own, and the
/// code that comes has no part in it.
///
/// # Errors
///
/// What is known of the first panic.
pub(crate) fn run_last(
    world: &mut World,
    module: &str,
    label: InternedScheduleLabel,
) -> Result<(), PanicReport> {
    let before = world.resource::<Delegates>().panics.len();
    let ran = run_own(world, module, label);
    let mut delegates = world.resource_mut::<Delegates>();
    let mut within = delegates.panics.drain(before..);
    let first = within.next();
    drop(within);
    let ran = ran.and(first.map_or(Ok(()), |ModulePanic { panic, .. }| Err(panic)));
    if ran.is_err() {
        // It goes on if the new code does not take over, and is unloaded once more.
        let order = delegates.names();
        let mut halted = delegates.take(|slot| !slot.interrupted.is_empty());
        for slot in &mut halted {
            slot.mend(world);
        }
        world.resource_mut::<Delegates>().put(halted, &order);
    }
    ran
}

/// Runs what each module has for a delegator. What has panicked is dealt with at once, but not from within code
/// of a module: what that does afterwards would not be taken back.
fn run(world: &mut World, part: Part) {
    world.resource_mut::<Delegates>().depth += 1;
    run_modules(world, part);
    world.resource_mut::<Delegates>().depth -= 1;
}

/// Each guarded, in dependency order.
fn run_modules(world: &mut World, part: Part) {
    let label = part.label();
    let mut index = 0;
    loop {
        let mut delegates = world.resource_mut::<Delegates>();
        let revision = delegates.revision;
        let Some(slot) = delegates.slots.get_mut(index) else {
            return;
        };
        let generation = slot.generation;
        let (mut schedule, mut filter) = (None, None);
        // Of a module that has panicked nothing runs until it is dealt with.
        if slot.has(part) && slot.interrupted.is_empty() {
            schedule = slot.schedules.get_mut(&label).and_then(Option::take);
            if let (Part::Unit { unit, .. }, Some(placed)) = (part, slot.placed.get_mut(&label)) {
                filter = placed.filters.get_mut(unit).and_then(Option::take);
            }
        }
        if let Some(mut schedule) = schedule {
            let name = slot.module.name.clone();
            let start = world.resource::<ModuleTimes>().is_on.then(Instant::now);
            let result = if part == Part::Whole(label) {
                run_noted(world, &name, label, &mut schedule, None)
            } else {
                let (result, used) = run_filtered(world, &mut schedule, filter);
                filter = used;
                result
            };
            if let Some(start) = start {
                let mut times = world.resource_mut::<ModuleTimes>();
                times.note(&name, label, start.elapsed());
            }
            put_back(world, &name, generation, part, schedule, filter);
            if let Err(panic) = result {
                note_panic(world, name, generation, label, panic);
            }
        }
        if label == StateTransition.intern() {
            let tick = world.increment_change_tick();
            world.resource_mut::<Delegates>().transitioned = tick;
        }
        let delegates = world.resource::<Delegates>();
        if delegates.have_panicked() && delegates.depth == 1 {
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

/// Runs a schedule, and notes what it spawns if that may have to be built anew.
fn run_noted(
    world: &mut World,
    module: &str,
    label: InternedScheduleLabel,
    schedule: &mut Schedule,
    filter: Option<Stepping>,
) -> Result<(), PanicReport> {
    let alive = rebuild::builds(label).then(|| Alive::of(world));
    let (result, _) = run_filtered(world, schedule, filter);
    if let Some(alive) = alive {
        let entities = alive.since(world);
        world.resource_scope(|world, mut delegates: Mut<Delegates>| {
            let transitioned = delegates.transitioned;
            delegates
                .spawned
                .note(world, module, label, entities, transitioned);
        });
    }
    result
}

/// Runs those systems of a schedule that a filter lets through, all if there is none, and gives the filter back.
fn run_filtered(
    world: &mut World,
    schedule: &mut Schedule,
    filter: Option<Stepping>,
) -> (Result<(), PanicReport>, Option<Stepping>) {
    let Some(filter) = filter else {
        return (panics::guard(|| schedule.run(world)), None);
    };
    // The host may step through its own systems.
    let of_host = world.remove_resource::<Stepping>();
    world.insert_resource(filter);
    let result = panics::guard(|| schedule.run(world));
    let filter = world.remove_resource::<Stepping>();
    if let Some(of_host) = of_host {
        world.insert_resource(of_host);
    }
    (result, filter)
}

fn note_panic(
    world: &mut World,
    module: String,
    generation: Generation,
    label: InternedScheduleLabel,
    panic: PanicReport,
) {
    interrupt(world, &module, generation, label);
    world.resource_mut::<Delegates>().panics.push(ModulePanic {
        module,
        place: format!("{label:?}"),
        panic,
    });
}

/// Takes note that a panic left systems of a schedule half way.
fn interrupt(
    world: &mut World,
    module: &str,
    generation: Generation,
    label: InternedScheduleLabel,
) {
    let mut delegates = world.resource_mut::<Delegates>();
    let slot = delegates.get_mut(module);
    if let Some(slot) = slot.filter(|slot| slot.generation == generation) {
        slot.interrupted.push(label);
    }
}

/// Gives a schedule back to its module, unless what it did, such as running another one, has replaced the
/// module's code.
fn put_back(
    world: &mut World,
    name: &str,
    generation: Generation,
    part: Part,
    schedule: Schedule,
    filter: Option<Stepping>,
) {
    let label = part.label();
    let mut delegates = world.resource_mut::<Delegates>();
    let has_it =
        |slot: &&mut Slot| slot.generation == generation && slot.schedules.contains_key(&label);
    let Some(slot) = delegates.get_mut(name).filter(has_it) else {
        drop_schedule(schedule);
        return;
    };
    slot.schedules.insert(label, Some(schedule));
    if let (Part::Unit { unit, .. }, Some(placed)) = (part, slot.placed.get_mut(&label)) {
        if let Some(place) = placed.filters.get_mut(unit) {
            *place = filter;
        }
    }
}

fn drop_schedule(schedule: Schedule) {
    if let Err(panic) = panics::guard(|| drop(schedule)) {
        bevy::log::warn!("dropping a schedule panicked: {panic}");
    }
}

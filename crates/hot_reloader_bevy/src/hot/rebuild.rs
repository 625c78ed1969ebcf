//! What a module's startup and the entry into its states have spawned, so that it can be built anew.

use std::collections::{BTreeSet, HashMap, HashSet};

use bevy::{
    ecs::{
        component::{ComponentId, Tick},
        entity::Entity,
        schedule::{InternedScheduleLabel, ScheduleLabel},
    },
    hierarchy::DespawnRecursiveExt,
    prelude::{Children, World},
};
use hot_reloader_transaction::Plan;

use super::{labels, names, slots::Delegates};
use crate::OnLoad;

/// By module and schedule.
type Runs = HashMap<(String, InternedScheduleLabel), Run>;

/// What the schedules of modules have spawned that build something: by module and schedule.
#[derive(Clone, Debug, Default)]
pub(crate) struct Spawned {
    runs: Runs,
    /// How many there were.
    count: u64,
}

/// By the run of which schedule a state was entered that is still the present one.
#[derive(Clone, Debug)]
pub(crate) struct Entered {
    pub(crate) module: String,
    pub(crate) label: InternedScheduleLabel,
    states: Vec<(ComponentId, Tick)>,
}

/// The last run of such a schedule.
#[derive(Clone, Debug)]
struct Run {
    /// Those of a state come before those of the states within it.
    number: u64,
    entities: Vec<Entity>,
    /// If a state was entered by it: the states that had changed, and when.
    states: Vec<(ComponentId, Tick)>,
}

impl Run {
    /// If a state was entered by it that is still the present one: those of its states that it may be.
    fn present(
        &self,
        world: &World,
        now: &HashMap<ComponentId, Tick>,
    ) -> Option<Vec<(ComponentId, Tick)>> {
        let same = self.states.iter().copied();
        let same: Vec<_> = same
            .filter(|(id, tick)| now.get(id) == Some(tick))
            .collect();
        let mut entities = self.entities.iter();
        // Of several that had changed at once, it cannot be told which was entered. If one has changed since, and
        // all that was spawned has gone, it was that.
        let is_it = same.len() == self.states.len()
            || entities.any(|entity| world.entities().contains(*entity));
        (!same.is_empty() && is_it).then_some(same)
    }
}

/// Whether a schedule builds something that may have to be built anew.
pub(crate) fn builds(label: InternedScheduleLabel) -> bool {
    label == OnLoad.intern() || labels::startup().contains(&label) || enters(label)
}

/// Whether it is run when a state is entered. Its type has the state as a parameter, so there is but its name.
fn enters(label: InternedScheduleLabel) -> bool {
    format!("{label:?}").starts_with("OnEnter(")
}

/// The modules that are taken down at a rebuild: if it is of all, also those that are gone, which nobody builds anew.
pub(crate) fn going(delegates: &Delegates, plan: &Plan) -> Vec<String> {
    let names = plan.modules.iter().map(|module| module.name.clone());
    let mut going: Vec<String> = names.collect();
    let mut slots = delegates.slots.iter();
    if slots.all(|slot| plan.replaces(&slot.module.name)) {
        let built: BTreeSet<&String> = delegates.spawned.runs.keys().map(|(of, _)| of).collect();
        let gone = built.into_iter().filter(|of| !going.contains(of));
        let gone: Vec<String> = gone.cloned().collect();
        going.extend(gone);
    }
    going
}

impl Spawned {
    /// Notes what a schedule of a module has spawned. `transitioned` is when transitions were made before.
    pub(crate) fn note(
        &mut self,
        world: &World,
        module: &str,
        label: InternedScheduleLabel,
        entities: Vec<Entity>,
        transitioned: Tick,
    ) {
        let states = if enters(label) {
            let now = world.read_change_tick();
            let changed = states(world).filter(|(_, tick)| tick.is_newer_than(transitioned, now));
            let changed = changed.collect();
            // A state is what was entered last of its type.
            let type_of = |label: InternedScheduleLabel| (*label.0).as_dyn_eq().as_any().type_id();
            self.runs.retain(|(of, other), _| {
                of != module || !enters(*other) || type_of(*other) != type_of(label)
            });
            changed
        } else {
            Vec::new()
        };
        let key = (module.to_owned(), label);
        self.count += 1;
        let mut run = Run {
            number: self.count,
            entities,
            states,
        };
        // What has not been taken down since is still to be taken down.
        let before = self
            .runs
            .remove(&key)
            .into_iter()
            .flat_map(|run| run.entities);
        let alive = before.filter(|entity| world.entities().contains(*entity));
        run.entities.extend(alive);
        self.runs.insert(key, run);
    }

    /// By what the present states of all modules were entered, in that order.
    pub(crate) fn present(&self, world: &World) -> Vec<Entered> {
        let now: HashMap<ComponentId, Tick> = states(world).collect();
        let runs = self.runs.iter().filter_map(|((module, label), run)| {
            let entered = Entered {
                module: module.clone(),
                label: *label,
                states: run.present(world, &now)?,
            };
            Some((run.number, entered))
        });
        let mut runs: Vec<_> = runs.collect();
        runs.sort_by_key(|(number, _)| *number);
        runs.into_iter().map(|(_, entered)| entered).collect()
    }

    /// A module has entered again by this schedule what is still the present state.
    pub(crate) fn enter_again(
        &mut self,
        module: &str,
        label: InternedScheduleLabel,
        entered: &Entered,
    ) {
        if let Some(run) = self.runs.get_mut(&(module.to_owned(), label)) {
            run.states.clone_from(&entered.states);
        }
    }

    /// What was entered is still what is present, though values of states were put back or `became` those of other
    /// types.
    pub(crate) fn stay_present(
        &mut self,
        world: &World,
        entered: Vec<Entered>,
        became: &HashMap<ComponentId, ComponentId>,
    ) {
        let now: HashMap<ComponentId, Tick> = states(world).collect();
        for Entered {
            module,
            label,
            states,
        } in entered
        {
            if let Some(run) = self.runs.get_mut(&(module, label)) {
                let ids = states.into_iter();
                let ids = ids.map(|(id, _)| became.get(&id).copied().unwrap_or(id));
                run.states = ids.filter_map(|id| Some((id, *now.get(&id)?))).collect();
            }
        }
    }

    /// Takes all of it down that belongs to a module as it is now, if the `present` states were entered by these.
    pub(crate) fn take_down(&mut self, world: &mut World, module: &str, present: &[Entered]) {
        let gone: Vec<_> = built(&self.runs, module, present).cloned().collect();
        for run in gone.into_iter().filter_map(|key| self.runs.remove(&key)) {
            for entity in run.entities {
                if let Some(entity) = world.get_entity_mut(entity) {
                    entity.despawn_recursive();
                }
            }
        }
    }

    /// The components of what [`take_down`](Self::take_down) would take down.
    pub(crate) fn components(&self, world: &World, module: &str) -> HashSet<ComponentId> {
        let present = self.present(world);
        let runs = built(&self.runs, module, &present).filter_map(|key| self.runs.get(key));
        let mut entities: Vec<_> = runs.flat_map(|run| run.entities.iter().copied()).collect();
        let mut components = HashSet::new();
        while let Some(entity) = entities.pop() {
            let Some(entity) = world.get_entity(entity) else {
                continue;
            };
            components.extend(entity.archetype().components());
            entities.extend(entity.get::<Children>().into_iter().flatten());
        }
        components
    }
}

/// The runs by which a module is built as it is now, if the `present` states were entered by these.
fn built<'a>(
    runs: &'a Runs,
    module: &'a str,
    present: &'a [Entered],
) -> impl Iterator<Item = &'a (String, InternedScheduleLabel)> {
    runs.keys().filter(move |(of, label)| {
        let mut entered = present.iter().filter(|entered| entered.module == *of);
        of == module && (!enters(*label) || entered.any(|entered| entered.label == *label))
    })
}

/// The states of a world, and when each has changed last.
fn states(world: &World) -> impl Iterator<Item = (ComponentId, Tick)> + '_ {
    let resources = world.storages().resources.iter();
    resources.filter_map(|(id, data)| {
        names::state_of(world.components().get_name(id)?)?;
        let ticks = data.get_ticks()?;
        Some((id, ticks.last_changed_tick()))
    })
}

/// The entities of a world at one moment.
pub(crate) struct Alive(Vec<Option<u32>>);

impl Alive {
    pub(crate) fn of(world: &World) -> Self {
        let mut alive = vec![None; world.entities().total_count()];
        for archetype in world.archetypes().iter() {
            for entity in archetype.entities() {
                let entity = entity.id();
                if let Some(place) = alive.get_mut(entity.index() as usize) {
                    *place = Some(entity.generation());
                }
            }
        }
        Self(alive)
    }

    /// Those that have been spawned since: those of the same components in the order in which they were.
    pub(crate) fn since(&self, world: &World) -> Vec<Entity> {
        let entities = world.archetypes().iter().flat_map(|of| of.entities());
        let is_new = |entity: &Entity| {
            let was = self.0.get(entity.index() as usize).copied().flatten();
            was != Some(entity.generation())
        };
        entities.map(|entity| entity.id()).filter(is_new).collect()
    }
}

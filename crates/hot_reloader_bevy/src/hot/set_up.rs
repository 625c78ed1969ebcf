//! New code sets itself up on the live world.

use std::{
    any::TypeId,
    collections::{HashMap, HashSet},
};

use bevy::{
    ecs::{
        component::ComponentId,
        entity::Entity,
        schedule::{ExecutorKind, InternedScheduleLabel, ScheduleLabel},
    },
    prelude::{Schedule, StateTransition, World},
};
use hot_reloader_core::{panics, Generation, HotModule};
use hot_reloader_transaction::{Plan, RehearsalFault, ReloadError};

use super::{
    code::{self, Code},
    config::HotReloaderConfig,
    delegate::{self, Delegates, Placed, Slot},
    exchange::Exchange,
    keys::StateKey,
    library::Library,
    migration::Incoming,
    recording::{ModuleSchedules, Recording},
    rehearsal::{self, Found, Leftover, Rehearsal},
};

/// Modules that have built, and are to be put in place.
#[derive(Default)]
pub(crate) struct SetUp {
    modules: HashMap<String, Built>,
    /// The components that their systems use, and those that the world did not know.
    pub(crate) used: HashSet<ComponentId>,
}

struct Built {
    schedules: ModuleSchedules,
    code: Code,
    targets: Vec<String>,
    state_keys: Vec<StateKey>,
}

/// Lets the modules of `plan` build on the live world. All that this does to it is undone by the copy of it,
/// and by the exchange in [`Delegates`]. Returns what is to be said in the report.
///
/// # Errors
///
/// What went wrong.
pub(crate) fn set_up(
    world: &mut World,
    library: &Library,
    rehearsal: &Rehearsal,
    plan: &Plan,
) -> Result<Vec<String>, ReloadError> {
    let known = world.components().len();
    let Leftover {
        world: scratch,
        mut transitions,
    } = rehearsal.take_leftover().unwrap_or_default();
    let before = world.resource::<Delegates>().made.clone();
    let exchange = Exchange::begin(world, scratch, &rehearsal.made, &before);
    world.resource_mut::<Delegates>().exchange = Some((exchange, before));
    code::hold_observers(world, true);
    let mut set_up = SetUp::default();
    let built = plan.modules.iter().try_for_each(|module| {
        let built = build(world, library, rehearsal, module, &mut transitions, &mut set_up);
        let built = built.map_err(|fault| ReloadError::Rehearsal {
            module: module.name.clone(),
            fault,
        })?;
        set_up.modules.insert(module.name.clone(), built);
        Ok(())
    });
    code::hold_observers(world, false);
    let delegates = &mut *world.resource_mut::<Delegates>();
    let mut made = std::mem::take(&mut delegates.made);
    let exchange = delegates.exchange.take();
    let mut unclear = Vec::new();
    let exchange = exchange.map(|(mut exchange, before)| {
        let is_hot = |name: &str| rehearsal.is_hot(name);
        unclear = exchange.end(world, &rehearsal.made, &mut made, is_hot);
        (exchange, before)
    });
    let new = world.components().iter().skip(known);
    set_up.used.extend(new.map(|info| info.id()));
    let delegates = &mut *world.resource_mut::<Delegates>();
    delegates.made = made;
    delegates.exchange = exchange;
    delegates.set_up = Some(set_up);
    built?;
    let warnings = unclear.into_iter().map(|name| {
        format!(
            "{name} is inserted by the code and has been changed since, so its value stays: whether the code \
             says something else now cannot be told. Derive `Reflect` and register it"
        )
    });
    Ok(warnings.collect())
}

fn build(
    world: &mut World,
    library: &Library,
    rehearsal: &Rehearsal,
    module: &HotModule,
    transitions: &mut HashMap<String, Schedule>,
    set_up: &mut SetUp,
) -> Result<Built, RehearsalFault> {
    let entry = library.module(&module.name);
    let entry = entry.expect("the plan is of its modules");
    let runs = world.resource::<Delegates>().get(&module.name).is_some();
    let alive = Alive::of(world);
    let Recording { mut schedules } = Recording::of(world, entry)?;
    world.flush();
    if runs {
        if let Some(fault) = rehearsal.unsure.get(&module.name) {
            // Its states are there, so they have not been added again.
            let slot = world.resource::<Delegates>();
            let slot = slot.get(&module.name);
            let label = StateTransition.intern();
            if slot.is_some_and(|slot| slot.schedules.contains_key(&label)) {
                return Err(fault.clone());
            }
        } else if let Some(transitions) = transitions.remove(&module.name) {
            schedules.insert(StateTransition.intern(), transitions);
        }
    }
    let spawned = alive.since(world);
    let code = Code::among(world, &spawned);
    if runs {
        // What the build before it spawned is there.
        let again = spawned.iter().filter(|entity| !code.contains(**entity));
        despawn(world, again.copied())?;
    }
    let state_keys = StateKey::of(entry);
    for key in &state_keys {
        (key.abilities.make_known)(world);
    }
    let Found { systems, used, .. } = rehearsal::initialise(world, &mut schedules, runs)?;
    set_up.used.extend(used);
    let found = rehearsal.targets.get(&module.name).cloned();
    let targets = found.unwrap_or_else(|| rehearsal::targets(module, systems));
    Ok(Built {
        schedules,
        code,
        targets,
        state_keys,
    })
}

/// The types that new code uses.
pub(crate) fn incoming(world: &World, rehearsal: &Rehearsal) -> HashMap<TypeId, Incoming> {
    let mut incoming = rehearsal.incoming.clone();
    if rehearsal.is_sure() {
        return incoming;
    }
    let set_up = world.resource::<Delegates>().set_up.as_ref();
    let used = set_up.into_iter().flat_map(|set_up| &set_up.used);
    let infos = used.filter_map(|id| world.components().get_info(*id));
    incoming.extend(infos.filter_map(|info| Some((info.type_id()?, Incoming::of(info)?))));
    incoming
}

fn despawn(
    world: &mut World,
    entities: impl IntoIterator<Item = Entity>,
) -> Result<(), RehearsalFault> {
    panics::guard(|| {
        for entity in entities {
            if world.entities().contains(entity) {
                world.despawn(entity);
            }
        }
        world.flush();
    })
    .map_err(RehearsalFault::Setup)
}

/// Puts one module in place that has built.
pub(crate) fn install(
    world: &mut World,
    rehearsal: &Rehearsal,
    plan: &Plan,
    module: &HotModule,
    generation: Generation,
    old: Option<&mut Slot>,
) {
    let set_up = &mut world.resource_mut::<Delegates>().set_up;
    let built = set_up.as_mut().and_then(|set_up| set_up.modules.remove(&module.name));
    let Built {
        mut schedules,
        mut code,
        targets,
        state_keys,
    } = built.expect("it was set up");
    if let Some(old) = old {
        code.take_over(world, &mut old.code);
    } else {
        code.take_over(world, &mut Code::default());
    }
    let placements = rehearsal::place(world, &schedules).unwrap_or_default();
    let executor = world.resource::<HotReloaderConfig>().module_executor;
    for schedule in schedules.values_mut() {
        schedule.set_executor_kind(executor);
    }
    let mut placed = HashMap::new();
    for (label, placement) in placements {
        let arrangement = delegate::arrange(world, label, &placement.units);
        let Some(schedule) = schedules.get_mut(&label) else {
            continue;
        };
        // The other executors ask a system for its conditions even if they skip it.
        schedule.set_executor_kind(ExecutorKind::MultiThreaded);
        let filters = placement.filters(schedule).into_iter().map(Some).collect();
        placed.insert(
            label,
            Placed {
                arrangement,
                filters,
            },
        );
    }
    let slot = Slot {
        module: HotModule {
            delegation_targets: targets,
            ..module.clone()
        },
        generation,
        build_id: plan.build_id.clone(),
        schedules: schedules
            .into_iter()
            .map(|(label, schedule): (InternedScheduleLabel, Schedule)| (label, Some(schedule)))
            .collect(),
        placed,
        interrupted: Vec::new(),
        code,
        state_keys,
        shapes: rehearsal.types.clone(),
        registry: rehearsal.registry.clone(),
        layout: plan.layout.clone(),
        suspended: None,
    };
    world
        .resource_mut::<Delegates>()
        .put(vec![slot], &plan.order);
}

/// The entities of a world at one moment.
struct Alive(Vec<Option<u32>>);

impl Alive {
    fn of(world: &World) -> Self {
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

    /// Those that have been spawned since, in the order of their ids.
    fn since(&self, world: &World) -> Vec<Entity> {
        let entities = world.archetypes().iter().flat_map(|of| of.entities());
        let is_new = |entity: &Entity| {
            let was = self.0.get(entity.index() as usize).copied().flatten();
            was != Some(entity.generation())
        };
        let mut new: Vec<_> = entities.map(|entity| entity.id()).filter(is_new).collect();
        new.sort();
        new
    }
}


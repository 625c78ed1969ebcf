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
    prelude::{Mut, Schedule, StateTransition, World},
};
use hot_reloader_core::{
    panics,
    threads::{self, Thread},
    Generation, HotModule,
};
use hot_reloader_transaction::{Plan, RehearsalFault, ReloadError};

use super::{
    code::{self, Code},
    config::HotReloaderConfig,
    delegate::{self, Delegates, Placed, Slot},
    exchange::{Exchange, MadeValues},
    keys::StateKey,
    library::Library,
    listen::Passing,
    migration::Incoming,
    placement::Placement,
    rebuild::{Alive, Build},
    recording::{ModuleSchedules, Recording},
    rehearsal::{self, Found, Leftover, Rehearsal},
    scratch,
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
    placements: Vec<(InternedScheduleLabel, Placement)>,
    plugins: Vec<String>,
    threads: Vec<Thread>,
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
        world: throwaway,
        mut transitions,
    } = rehearsal.take_leftover().unwrap_or_default();
    let before = world.resource::<Delegates>().made.clone();
    let again = |scratch: &mut World| {
        for entry in plan
            .order
            .iter()
            .filter_map(|name| library.module(name).ok())
        {
            if let Err(panic) =
                panics::guard(|| drop(Recording::of(scratch, entry, Passing::Nothing)))
            {
                bevy::log::warn!("cleaning up after a build panicked: {panic}");
            }
        }
    };
    note_states_of_host(world, rehearsal, &before);
    let exchange = Exchange::begin(
        world,
        throwaway,
        &rehearsal.made,
        &before,
        rehearsal.is_sure(),
        again,
    );
    world.resource_mut::<Delegates>().exchange = Some((exchange, before));
    code::hold_observers(world, true);
    let mut set_up = SetUp::default();
    let built: Result<(), ReloadError> = plan.modules.iter().try_for_each(|module| {
        let built = build(
            world,
            library,
            rehearsal,
            module,
            &mut transitions,
            plan.rebuilds,
            &mut set_up,
        );
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
    let mut warnings: Vec<_> = unclear
        .into_iter()
        .map(|name| {
            format!(
                "{name} is inserted by the code and has been changed since, so its value stays: whether the \
                 code says something else now cannot be told. Derive `Reflect` and register it"
            )
        })
        .collect();
    let gone = plugins_that_go(world.resource::<Delegates>(), rehearsal);
    warnings.extend(gone.into_iter().map(|name| {
        format!("the plugin {name} is gone from the code; what it keeps in the app stays until the restart")
    }));
    warnings.extend(threads_that_go_on(world.resource::<Delegates>(), plan));
    Ok(warnings)
}

/// What the code before has begun and has not ended in its `OnUnload`.
fn threads_that_go_on(delegates: &Delegates, plan: &Plan) -> Vec<String> {
    let slots = delegates.slots.iter();
    let slots = slots.filter(|slot| plan.replaces(&slot.module.name));
    let told = slots.filter_map(|slot| {
        let alive = slot.threads.iter().filter(|thread| thread.is_alive());
        let names: Vec<_> = alive.map(|thread| format!("`{}`", thread.name)).collect();
        let Slot { module, generation, .. } = slot;
        (!names.is_empty()).then(|| {
            format!(
                "threads that generation {generation} of module `{}` began go on with its code: {}; end them in \
                 `OnUnload`, or keep what they belong to in a crate that the app shares",
                module.name,
                names.join(", ")
            )
        })
    });
    told.collect()
}

/// Plugins of crates that do not change which no module adds any more.
fn plugins_that_go(delegates: &Delegates, rehearsal: &Rehearsal) -> Vec<String> {
    let Some(set_up) = &delegates.set_up else {
        return Vec::new();
    };
    let built = |name: &String| set_up.modules.get(name);
    let slots = delegates.slots.iter();
    let replaced = slots
        .clone()
        .filter(|slot| built(&slot.module.name).is_some());
    let kept = slots.filter(|slot| built(&slot.module.name).is_none());
    let new = set_up.modules.values().flat_map(|built| &built.plugins);
    let stay: HashSet<&String> = kept.flat_map(|slot| &slot.plugins).chain(new).collect();
    let gone = replaced.flat_map(|slot| &slot.plugins);
    let gone = gone.filter(|name| !stay.contains(name) && !rehearsal.is_hot(name));
    gone.cloned().collect()
}

fn build(
    world: &mut World,
    library: &Library,
    rehearsal: &Rehearsal,
    module: &HotModule,
    transitions: &mut HashMap<String, Schedule>,
    rebuilds: bool,
    set_up: &mut SetUp,
) -> Result<Built, RehearsalFault> {
    let entry = library.module(&module.name);
    let entry = entry.expect("the plan is of its modules");
    let runs = world.resource::<Delegates>().get(&module.name).is_some();
    let alive = Alive::of(world);
    let threads = threads::list();
    let log = if runs {
        Passing::AllButStates
    } else {
        Passing::All
    };
    let Recording {
        mut schedules,
        plugins,
    } = Recording::of(world, entry, log)?;
    let begun = threads::list().into_iter();
    let begun = begun.filter(move |thread| !threads.contains(thread));
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
        } else if brings_states(world, rehearsal, module)? {
            let transitions = transitions.remove(&module.name);
            let transitions = transitions.map(|of| (StateTransition.intern(), of));
            schedules.extend(transitions);
        }
    }
    let spawned = alive.since(world);
    let code = Code::among(world, &spawned);
    let more = spawned.iter().copied();
    let more: Vec<_> = more.filter(|entity| !code.contains(*entity)).collect();
    if runs && !rebuilds {
        // What the build before it spawned is there.
        despawn(world, more)?;
    } else {
        let transitioned = world.resource::<Delegates>().transitioned;
        world.resource_scope(|world, mut delegates: Mut<Delegates>| {
            let spawned = &mut delegates.spawned;
            spawned.note(world, &module.name, Build.intern(), more, transitioned);
        });
    }
    let state_keys = StateKey::of(entry);
    for key in &state_keys {
        (key.abilities.make_known)(world);
    }
    // Of an initialised schedule this cannot be told.
    let placements = rehearsal::place(world, &schedules)?;
    let Found { systems, used, .. } = rehearsal::initialise(world, &mut schedules, runs)?;
    set_up.used.extend(used);
    let found = rehearsal.targets.get(&module.name).cloned();
    let targets = found.unwrap_or_else(|| rehearsal::targets(module, systems));
    Ok(Built {
        schedules,
        code,
        targets,
        state_keys,
        placements,
        plugins,
        threads: begun.collect(),
    })
}

/// States that were there before any module made them are the host's.
fn note_states_of_host(world: &mut World, rehearsal: &Rehearsal, before: &MadeValues) {
    let states = rehearsal.states.values().flatten();
    let present = scratch::resources(world);
    let of_host = states.filter(|key| present.contains(key) && !before.contains_key(key));
    let of_host: Vec<_> = of_host.copied().collect();
    world.resource_mut::<Delegates>().of_host.extend(of_host);
}

/// Whether the transitions between states of a module are its own.
fn brings_states(
    world: &World,
    rehearsal: &Rehearsal,
    module: &HotModule,
) -> Result<bool, RehearsalFault> {
    let of_host = &world.resource::<Delegates>().of_host;
    let states = rehearsal.states.get(&module.name);
    let states = states.map_or(&[][..], Vec::as_slice);
    let count = states.iter().filter(|key| of_host.contains(key)).count();
    if count > 0 && count < states.len() {
        return Err(RehearsalFault::StatesOfApp);
    }
    Ok(count == 0)
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
    let built = set_up
        .as_mut()
        .and_then(|set_up| set_up.modules.remove(&module.name));
    let Built {
        mut schedules,
        mut code,
        targets,
        state_keys,
        placements,
        plugins,
        threads,
    } = built.expect("it was set up");
    if let Some(old) = old {
        code.take_over(world, &mut old.code);
    } else {
        code.take_over(world, &mut Code::default());
    }
    let mut placed = HashMap::new();
    for (label, placement) in placements {
        let arrangement = delegate::arrange(world, label, &placement.units);
        let filters = schedules.get(&label).map(|of| placement.filters(of));
        let filters = filters.into_iter().flatten().map(Some).collect();
        placed.insert(
            label,
            Placed {
                arrangement,
                filters,
            },
        );
    }
    let executor = world.resource::<HotReloaderConfig>().module_executor;
    for (label, schedule) in &mut schedules {
        schedule.set_executor_kind(if placed.contains_key(label) {
            // The other executors ask a system for its conditions even if they skip it.
            ExecutorKind::MultiThreaded
        } else {
            executor
        });
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
        threads,
        plugins,
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

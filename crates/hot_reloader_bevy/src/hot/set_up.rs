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
    prelude::{App, Mut, Resource, Schedule, Schedules, StateTransition, World},
};
use hot_reloader_core::{
    panics,
    threads::{self, Thread},
    Generation, HotModule, PanicReport,
};
use hot_reloader_transaction::{Plan, RehearsalFault, ReloadError};

use super::{
    code::{self, Code},
    compare,
    config::HotReloaderConfig,
    delegate,
    exchange::{Exchange, Known, MadeValues},
    keys::StateKey,
    library::{entry_of, Library},
    listen::Passing,
    migration::origins,
    names,
    placement::{self, Placement},
    rebuild::Alive,
    recording::{ModuleSchedules, Recording},
    rehearsal::{self, Found, Incoming, Rehearsal},
    resources::{self, ResourceKey},
    shared_sets::{self, Sayings, Speaker},
    slots::{Delegates, Placed, Slot},
    startup::{self, Startups},
};
use crate::ModuleEntry;

/// Modules that have built, and are to be put in place.
#[derive(Resource, Default)]
pub(crate) struct SetUp {
    modules: HashMap<String, Built>,
    startups: Startups,
    /// The components that their systems use, and those that the world did not know.
    used: HashSet<ComponentId>,
    /// Those that systems write which could not be tried.
    written: HashSet<ComponentId>,
}

struct Built {
    entry: &'static ModuleEntry,
    schedules: ModuleSchedules,
    code: Code,
    targets: Vec<String>,
    state_keys: Vec<StateKey>,
    placements: Vec<(InternedScheduleLabel, Placement)>,
    sayings: Sayings,
    plugins: Vec<String>,
    threads: Vec<Thread>,
    /// What it has spawned though it is there.
    again: Vec<Entity>,
    has_states: bool,
}

pub(super) fn plugin(app: &mut App) {
    app.init_resource::<SetUp>();
}

/// Lets the modules of `plan` build on the live world. All that this does to it is undone by the copy of it,
/// and by the exchange in [`Delegates`]. Returns what is to be said in the report.
///
/// # Errors
///
/// What went wrong.
pub(crate) fn set_up(
    world: &mut World,
    libraries: &[Library],
    rehearsal: &Rehearsal,
    plan: &Plan,
) -> Result<Vec<String>, ReloadError> {
    origins::note_running(world);
    let known = world.components().len();
    let mut leftover = rehearsal.take_leftover().unwrap_or_default();
    let throwaway = std::mem::take(&mut leftover.world);
    let mut transitions = std::mem::take(&mut leftover.transitions);
    let alive = (!rehearsal.is_sure()).then(|| compare::alive(world));
    // Its destructors and comparisons are those of the modules.
    let failed = |panic| fault_of_some(plan, RehearsalFault::Setup(panic));
    begin_exchange(world, libraries, rehearsal, plan, throwaway).map_err(failed)?;
    code::forget_all_held(world);
    let mut set_up = SetUp::default();
    let built = build_all(
        world,
        libraries,
        rehearsal,
        plan,
        &mut transitions,
        &mut set_up,
    );
    let new = world.components().iter().skip(known);
    set_up.used.extend(new.map(|info| info.id()));
    *world.resource_mut::<SetUp>() = set_up;
    origins::note(world, std::slice::from_ref(&plan.layout));
    let ended = with_exchange(world, |world, exchange, made| {
        let may_change_unseen = |name: &str| {
            let is_hot = rehearsal.is_hot(name);
            is_hot.then(|| plan.layout.may_change_unseen(name))
        };
        exchange.end(world, &rehearsal.made, made, may_change_unseen)
    });
    built?;
    let ended = ended.map_err(failed)?.unwrap_or_else(|| Ok(Vec::new()));
    let mut warnings = ended.map_err(|fault| fault_of_some(plan, fault))?;
    let (running, set_up) = (world.resource::<Delegates>(), world.resource::<SetUp>());
    if let Some(alive) = alive {
        let more = compare::not_covered_either(world, rehearsal, &set_up.written, &alive);
        warnings.extend(more);
    }
    let gone = plugins_that_go(running, set_up, rehearsal);
    warnings.extend(gone.into_iter().map(|name| {
        format!("the plugin {name} is gone from the code; what it keeps in the app stays until the restart")
    }));
    warnings.extend(modules_renamed(running, set_up, plan));
    warnings.extend(threads_that_go_on(running, plan));
    let new = set_up.modules.iter();
    let new = new.map(|(name, built)| (name.clone(), startup::systems(&built.schedules)));
    let startups = Startups::of(running, &new.collect(), plan);
    warnings.extend(startups.told(running));
    warnings.extend(sayings_not_held(running, set_up, plan));
    world.resource_mut::<SetUp>().startups = startups;
    Ok(warnings)
}

/// A fault of which nobody knows which module has it: the first is named.
fn fault_of_some(plan: &Plan, fault: RehearsalFault) -> ReloadError {
    let first = plan.modules.first();
    ReloadError::Rehearsal {
        module: first.map_or_else(String::new, |module| module.name.clone()),
        fault,
    }
}

/// What the modules have made in the throwaway world takes the place of what is there, until they have built.
fn begin_exchange(
    world: &mut World,
    libraries: &[Library],
    rehearsal: &Rehearsal,
    plan: &Plan,
    throwaway: World,
) -> Result<(), PanicReport> {
    let before = world.resource::<Delegates>().made.clone();
    note_states_of_host(world, rehearsal, &before);
    let running = world.resource::<Delegates>();
    let names = plan.order.iter();
    let all: Vec<_> = names
        .filter_map(|name| entry_of(libraries, running, name))
        .collect();
    let exchange = panics::guard(|| {
        let known = Known {
            keys: &rehearsal.made,
            before: &before,
            is_sure: rehearsal.is_sure(),
            states: states_that_go_on(world, plan),
            gone: resources_gone(world),
        };
        Exchange::prepare(world, throwaway, known, |scratch| {
            for entry in all {
                drop(Recording::of(scratch, entry, Passing::Nothing));
            }
        })
    })?;
    if let Some(before) = &mut world.resource_mut::<Delegates>().before {
        before.exchange = Some(exchange);
    }
    with_exchange(world, |world, exchange, _| exchange.begin(world))?;
    Ok(())
}

/// Lets the modules build, one after the other. Of what those spawn that build again nobody hears: it is there, and
/// goes again.
fn build_all(
    world: &mut World,
    libraries: &[Library],
    rehearsal: &Rehearsal,
    plan: &Plan,
    transitions: &mut HashMap<String, Schedule>,
    set_up: &mut SetUp,
) -> Result<(), ReloadError> {
    let before = world.resource::<Delegates>().built.clone();
    let runs = |module: &HotModule| before.contains(&module.name);
    // To let nobody hear takes as long as there are observers, so it is done once for several.
    for modules in plan.modules.chunk_by(|one, next| runs(one) == runs(next)) {
        let again = modules.iter().any(runs);
        let mut build_each = |world: &mut World| -> Result<(), ReloadError> {
            modules.iter().try_for_each(|module| {
                let entry = entry_of(libraries, world.resource::<Delegates>(), &module.name);
                let entry = entry.expect("the plan is of modules of the libraries");
                code::hold_observers(world, true);
                let built = build(world, entry, rehearsal, module, again, transitions, set_up);
                code::hold_observers(world, false);
                let built = built.map_err(|fault| ReloadError::Rehearsal {
                    module: module.name.clone(),
                    fault,
                })?;
                set_up.modules.insert(module.name.clone(), built);
                Ok(())
            })
        };
        if again {
            code::unheard(world, build_each)?;
        } else {
            build_each(world)?;
        }
    }
    Ok(())
}

/// Works on what is kept out of the builds' way, where a panic leaves it to be undone.
fn with_exchange<R>(
    world: &mut World,
    work: impl FnOnce(&mut World, &mut Exchange, &mut MadeValues) -> R,
) -> Result<Option<R>, PanicReport> {
    world
        .resource_scope(|world, mut delegates: Mut<Delegates>| {
            let delegates = &mut *delegates;
            let exchange = delegates.before.as_mut()?.exchange.as_mut()?;
            let made = &mut delegates.made;
            Some(panics::guard(|| work(world, exchange, made)))
        })
        .transpose()
}

/// The resources of builds before that were gone when the reload began.
fn resources_gone(world: &World) -> HashSet<ResourceKey> {
    let Delegates { made, before, .. } = world.resource::<Delegates>();
    let there = before.as_ref().map(|before| &before.resources);
    let is_gone = |key: &&ResourceKey| there.is_some_and(|there| !there.contains(*key));
    made.keys().filter(is_gone).copied().collect()
}

/// The states of the world, by the names that new code has for them.
fn states_that_go_on(world: &World, plan: &Plan) -> HashSet<String> {
    let resources = world.storages().resources.iter();
    let present = resources.filter(|(_, data)| data.is_present());
    let names = present.filter_map(|(id, _)| {
        let name = world.components().get_name(id)?;
        names::state_of(name)?;
        names::state_of(&plan.layout.renamed(name)).map(str::to_owned)
    });
    names.collect()
}

/// What the code before has begun and has not ended in its `OnUnload`.
fn threads_that_go_on(delegates: &Delegates, plan: &Plan) -> Vec<String> {
    let slots = delegates.slots.iter();
    let slots = slots.filter(|slot| plan.replaces(&slot.module.name));
    let told = slots.filter_map(|slot| {
        let code = panics::watched(slot.entry.build as usize);
        let threads = slot.threads.iter();
        // Those of crates that the app shares go on with code that stays.
        let threads = threads.filter(|thread| code.as_ref().is_none_or(|code| thread.may_run(code)));
        let names = threads.filter_map(|thread| thread.name());
        let names: Vec<_> = names.map(|name| format!("`{name}`")).collect();
        let Slot { module, generation, .. } = slot;
        (!names.is_empty()).then(|| {
            format!(
                "threads that began while generation {generation} of module `{}` was set up go on with its code: {}; end \
                 them in `OnUnload`, or keep what they belong to in a crate that the app shares",
                module.name,
                names.join(", ")
            )
        })
    });
    told.collect()
}

/// Conditions and orders that modules say and that do not hold for the systems of others.
fn sayings_not_held(delegates: &Delegates, set_up: &SetUp, plan: &Plan) -> Vec<String> {
    let modules = plan.order.iter().filter_map(|name| {
        let built = set_up.modules.get(name);
        let sayings = match built {
            Some(built) => &built.sayings,
            None => &delegates.get(name)?.sayings,
        };
        Some(Speaker {
            name,
            sayings,
            is_new: built.is_some(),
        })
    });
    shared_sets::not_held(&modules.collect::<Vec<_>>())
}

/// Plugins of crates that do not change which no module adds any more.
fn plugins_that_go(delegates: &Delegates, set_up: &SetUp, rehearsal: &Rehearsal) -> Vec<String> {
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

/// Modules that never built before and have the systems of one that is gone, as if it had got another name.
fn modules_renamed(delegates: &Delegates, set_up: &SetUp, plan: &Plan) -> Vec<String> {
    let slots = delegates.slots.iter();
    let gone = slots.filter(|slot| plan.removed.contains(&slot.module.name));
    let told = gone.filter_map(|slot| {
        let old = &slot.module;
        let is_it = |new: &&HotModule| {
            let built = set_up.modules.get(&new.name);
            !delegates.built.contains(&new.name)
                && built.is_some_and(|new| are_alike(&old.delegation_targets, &new.targets))
        };
        let new = plan.modules.iter().find(is_it)?;
        Some(format!(
            "the module `{}` is gone, and `{}`, which is new, has its systems. By another name it is another module: \
             what it spawns comes beside what the other has left in the app, but for systems of the startup that are known \
             to have run. Keep the name, or restart the app",
            old.name, new.name
        ))
    });
    told.collect()
}

/// Whether two modules have most of their systems in common.
fn are_alike(one: &[String], two: &[String]) -> bool {
    let common = one.iter().filter(|name| two.contains(name)).count();
    2 * common > one.len().max(two.len())
}

fn build(
    world: &mut World,
    entry: &'static ModuleEntry,
    rehearsal: &Rehearsal,
    module: &HotModule,
    runs: bool,
    transitions: &mut HashMap<String, Schedule>,
    set_up: &mut SetUp,
) -> Result<Built, RehearsalFault> {
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
    let has_states = take_transitions(world, rehearsal, module, &mut schedules, transitions)?;
    let spawned = alive.since(world);
    let code = Code::among(world, &spawned);
    // What a build before it spawned is there.
    let again = spawned
        .into_iter()
        .filter(|entity| runs && !code.contains(*entity));
    let again: Vec<Entity> = again.collect();
    empty(world, &again).map_err(RehearsalFault::Setup)?;
    let state_keys = StateKey::of(entry);
    for key in &state_keys {
        (key.abilities.make_known)(world);
    }
    // Of an initialised schedule this cannot be told.
    let placements = rehearsal::place(world, &schedules)?;
    fit_with_others(world, &placements, set_up)?;
    let sayings = shared_sets::sayings(world, &schedules, &placements);
    let is_hot = |name: &str| rehearsal.is_hot(name);
    let found = rehearsal::initialise(world, &mut schedules, runs, is_hot)?;
    let Found {
        systems,
        used,
        written,
    } = found;
    set_up.used.extend(used);
    if rehearsal.unsure.contains_key(&module.name) {
        set_up.written.extend(written);
    }
    let found = rehearsal.targets.get(&module.name).cloned();
    let targets = found.unwrap_or_else(|| rehearsal::targets(module, systems));
    Ok(Built {
        entry,
        schedules,
        code,
        targets,
        state_keys,
        placements,
        sayings,
        plugins,
        threads: begun.collect(),
        again,
        has_states,
    })
}

/// Whether a module has states. If their transitions are left of the rehearsal, they become part of its `schedules`.
fn take_transitions(
    world: &World,
    rehearsal: &Rehearsal,
    module: &HotModule,
    schedules: &mut ModuleSchedules,
    transitions: &mut HashMap<String, Schedule>,
) -> Result<bool, RehearsalFault> {
    match rehearsal.unsure.get(&module.name) {
        // Its states are there, so they have not been added again.
        Some(fault) if had_states(world, &module.name) => Err(fault.clone()),
        Some(_) => Ok(schedules.contains_key(&StateTransition.intern())),
        None => {
            // On a world that has them, not all have been added.
            let is_its = brings_states(world, rehearsal, module)?;
            let transitions = transitions.remove(&module.name).filter(|_| is_its);
            let transitions = transitions.map(|of| (StateTransition.intern(), of));
            schedules.extend(transitions);
            let states = rehearsal.states.get(&module.name);
            Ok(is_its && states.is_some_and(|states| !states.is_empty()))
        }
    }
}

/// Whether systems of a module can be placed among the host's together with those of the modules that have built
/// before it.
fn fit_with_others(
    world: &World,
    placements: &[(InternedScheduleLabel, Placement)],
    set_up: &SetUp,
) -> Result<(), RehearsalFault> {
    let schedules = world.get_resource::<Schedules>();
    for (label, placement) in placements {
        let others = set_up.modules.values().flat_map(|built| &built.placements);
        let others = others.filter(|(other, _)| other == label);
        let mut together: Vec<&Placement> = others.map(|(_, placement)| placement).collect();
        if together.is_empty() {
            // It has its place by itself.
            continue;
        }
        together.push(placement);
        if let Some(host) = schedules.and_then(|schedules| schedules.get(*label)) {
            let fit = placement::fit_together(host, &together);
            fit.map_err(|reason| RehearsalFault::Schedule {
                schedule: format!("{label:?}"),
                reason,
            })?;
        }
    }
    Ok(())
}

/// Takes their components from entities whose like is there, as long as what the hooks of these work on is out of
/// the way.
fn empty(world: &mut World, entities: &[Entity]) -> Result<(), PanicReport> {
    panics::guard(|| {
        for entity in entities {
            if let Some(mut entity) = world.get_entity_mut(*entity) {
                entity.clear();
            }
        }
        world.flush();
    })
}

/// States that were there before any module made them are the host's.
fn note_states_of_host(world: &mut World, rehearsal: &Rehearsal, before: &MadeValues) {
    let states = rehearsal.states.values().flatten();
    let present = resources::present(world);
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

/// Whether the module that runs under this name has states, suspended or not.
fn had_states(world: &World, module: &str) -> bool {
    let slot = world.resource::<Delegates>().get(module);
    slot.is_some_and(|slot| slot.has_states)
}

/// The types that new code uses.
pub(crate) fn incoming(world: &World, rehearsal: &Rehearsal) -> HashMap<TypeId, Incoming> {
    let mut incoming = rehearsal.incoming.clone();
    let used = world.resource::<SetUp>().used.iter();
    let infos = used.filter_map(|id| world.components().get_info(*id));
    incoming.extend(infos.filter_map(|info| Some((info.type_id()?, Incoming::of(info)?))));
    incoming
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
    let set_up = &mut *world.resource_mut::<SetUp>();
    let built = set_up.modules.remove(&module.name);
    let startup = set_up.startups.take(&module.name);
    let Built {
        entry,
        mut schedules,
        mut code,
        targets,
        state_keys,
        placements,
        sayings,
        plugins,
        threads,
        again,
        has_states,
    } = built.expect("it was set up");
    let is_sure = !rehearsal.unsure.contains_key(&module.name);
    if let Some(old) = old {
        code.take_over(world, &mut old.code, is_sure);
    } else {
        code.take_over(world, &mut Code::default(), is_sure);
    }
    // Observers that watch one of them go with it.
    for entity in again {
        if world.entities().contains(entity) {
            world.despawn(entity);
        }
    }
    world.flush();
    let placed = arrange(world, &schedules, placements);
    make_ready(world, &mut schedules, &placed);
    let rest_of_startup = startup.rest(&schedules);
    let library = plan.library_of(&module.name);
    let slot = Slot {
        module: HotModule {
            delegation_targets: targets,
            ..module.clone()
        },
        entry,
        library: library.name.clone(),
        generation,
        build_id: library.build_id.clone(),
        schedules: schedules
            .into_iter()
            .map(|(label, schedule): (InternedScheduleLabel, Schedule)| (label, Some(schedule)))
            .collect(),
        placed,
        rest_of_startup,
        waiting: startup.waiting(),
        sayings,
        interrupted: Vec::new(),
        code,
        has_states,
        threads,
        plugins,
        state_keys,
        shapes: rehearsal.types.clone(),
        registry: rehearsal.registry.clone(),
        is_registry_partial: rehearsal.is_registry_partial,
        layout: library.layout.clone(),
        suspended: None,
    };
    world
        .resource_mut::<Delegates>()
        .put(vec![slot], &plan.order);
}

/// Gives the systems of a module their places among the host's.
fn arrange(
    world: &mut World,
    schedules: &ModuleSchedules,
    placements: Vec<(InternedScheduleLabel, Placement)>,
) -> HashMap<InternedScheduleLabel, Placed> {
    let placed = placements.into_iter().map(|(label, placement)| {
        let arrangement = delegate::arrange(world, label, &placement.units);
        let filters = schedules.get(&label).map(|of| placement.filters(of));
        let placed = Placed {
            arrangement,
            filters: filters.into_iter().flatten().map(Some).collect(),
        };
        (label, placed)
    });
    placed.collect()
}

/// Lets the schedules of a module be run by the executors that they are to have.
fn make_ready(
    world: &mut World,
    schedules: &mut ModuleSchedules,
    placed: &HashMap<InternedScheduleLabel, Placed>,
) {
    let executor = world.resource::<HotReloaderConfig>().module_executor;
    for (label, schedule) in schedules {
        schedule.set_executor_kind(if placed.contains_key(label) {
            // The other executors ask a system for its conditions even if they skip it.
            ExecutorKind::MultiThreaded
        } else {
            executor
        });
        // Until the executor knows its systems, nobody is told of them: of a startup that does not run, never.
        let readied = schedule.initialize(world);
        readied.expect("it was initialised with another executor");
    }
}

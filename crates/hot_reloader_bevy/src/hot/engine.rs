//! Bevy 0.14 as the engine of a transaction.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use bevy::{
    ecs::schedule::ScheduleLabel,
    prelude::{Mut, StateTransition, World},
};
use hot_reloader_core::{
    panics, Generation, HotModule, ModuleRegistry, PanicReport, StagedLibrary,
};
use hot_reloader_transaction::{
    Build, Engine, Hook, Made, MadeLibrary, ModuleFault, ModuleStatus, Plan, Progress, ReloadError,
    ReloadReport, RequestId, TypeChange, Wanted,
};

use super::{
    awake::{self, News},
    code::{self, Code},
    compare,
    config::HotReloaderConfig,
    delegate, known_types, labels,
    library::{Libraries, Library, Order},
    migration::{self, origins, LeftBehind},
    rebuild,
    recording::HostPlugins,
    rehearsal::{self, Rehearsal},
    reloader, resources,
    set_up::{self, SetUp},
    slots::{Before, Delegates, Slot},
    snapshot::{Instructions, Scope, Snapshot},
    HotReloader,
};
use crate::{entry::engine_id, OnLoad, OnReload, OnUnload};

/// Bevy 0.14.
#[derive(Debug)]
pub(crate) struct Bevy;

impl Engine for Bevy {
    type World = World;
    type Library = Library;
    type Rehearsal = Rehearsal;
    type Snapshot = Snapshot;
    type Code = Vec<Slot>;

    fn build(world: &mut World, wanted: Wanted) -> Box<dyn Build> {
        let order = order(&world.resource::<Delegates>().slots, wanted);
        let news = world.get_resource_or_insert_with(News::default).clone();
        let waker = awake::waker(world);
        let wake = Box::new(move || news.tell(waker.as_ref()));
        Libraries::scope(world, |world, libraries| {
            libraries.make(world.resource::<HotReloaderConfig>(), order, wake)
        })
    }

    fn demanded(world: &World) -> &ModuleRegistry {
        &world.resource::<HotReloader>().registered
    }

    fn modules(world: &World) -> Vec<ModuleStatus> {
        let slots = &world.resource::<Delegates>().slots;
        let status = |slot: &Slot| ModuleStatus {
            module: slot.module.clone(),
            library: slot.library.clone(),
            generation: slot.generation,
            build_id: slot.build_id.clone(),
            layout: slot.layout.clone(),
            suspended: slot.suspended.clone(),
        };
        slots.iter().map(status).collect()
    }

    fn open(
        world: &mut World,
        made: &Made,
        library: &MadeLibrary,
        copy: &StagedLibrary,
    ) -> Result<(Library, Vec<HotModule>), ReloadError> {
        let entry = Libraries::scope(world, |_, libraries| libraries.open(library, copy))?;
        if (entry.engine)() != engine_id() {
            let library = library.name.clone();
            return Err(ReloadError::OtherEngine { library });
        }
        let describe = |entry: &crate::ModuleEntry| HotModule {
            name: entry.name.to_owned(),
            file_path: made.root.join(entry.file),
            state_keys: entry.state_keys.iter().map(ToString::to_string).collect(),
            delegation_targets: entry.targets.iter().map(ToString::to_string).collect(),
            after: entry.after.iter().map(ToString::to_string).collect(),
        };
        let modules = entry.modules.iter().map(describe).collect();
        let path = copy.path.clone();
        Ok((Library { entry, path }, modules))
    }

    fn rehearse(
        world: &mut World,
        libraries: &[Library],
        plan: &Plan,
    ) -> Result<Rehearsal, ReloadError> {
        rehearsal::rehearse(world, libraries, plan)
    }

    fn targets(rehearsal: &Rehearsal, module: &HotModule) -> Vec<String> {
        let found = rehearsal.targets.get(&module.name);
        found.unwrap_or(&module.delegation_targets).clone()
    }

    fn compare(
        world: &mut World,
        rehearsal: &Rehearsal,
        plan: &Plan,
    ) -> Result<Vec<String>, ReloadError> {
        compare::compare(world, rehearsal, plan)
    }

    fn capture(world: &mut World, rehearsal: &Rehearsal) -> Result<Snapshot, PanicReport> {
        let instructions = Instructions {
            rules: rehearsal.rules(world),
            suspects: compare::suspects(world, rehearsal),
            of_others: compare::written_by_others(world, rehearsal),
        };
        let present = world.resource::<Delegates>().spawned.present(world);
        let resources = resources::present(world);
        let delegates = &mut *world.resource_mut::<Delegates>();
        delegates.before = Some(Before {
            made: delegates.made.clone(),
            built: delegates.built.clone(),
            spawned: delegates.spawned.clone(),
            present,
            resources,
            exchange: None,
        });
        panics::guard(|| Snapshot::capture(world, Scope::World, &instructions))
    }

    fn set_up(
        world: &mut World,
        libraries: &[Library],
        rehearsal: &Rehearsal,
        plan: &Plan,
    ) -> Result<Vec<String>, ReloadError> {
        set_up::set_up(world, libraries, rehearsal, plan)
    }

    fn migrate(
        world: &mut World,
        rehearsal: &Rehearsal,
        plan: &Plan,
    ) -> Result<Vec<TypeChange>, ReloadError> {
        let incoming = set_up::incoming(world, rehearsal);
        let crossings = migration::decide(world, rehearsal, &incoming, plan);
        let crossings = crossings.map_err(ReloadError::TypesChanged)?;
        migration::carry(world, &incoming, crossings)
    }

    fn swap(world: &mut World, library: &Library) -> Result<(), String> {
        Libraries::scope(world, |world, libraries| libraries.swap(world, library))
    }

    fn install(
        world: &mut World,
        rehearsal: &Rehearsal,
        plan: &Plan,
        generation: Generation,
    ) -> (Vec<Slot>, Result<(), ModuleFault>) {
        let delegates = &mut *world.resource_mut::<Delegates>();
        let mut old = delegates.take(|slot| plan.replaces(&slot.module.name));
        let names = plan.modules.iter().map(|module| module.name.clone());
        delegates.built.extend(names);
        for module in &plan.modules {
            let of_before = old.iter_mut().find(|old| old.module.name == module.name);
            let installed = panics::guard(|| {
                set_up::install(world, rehearsal, plan, module, generation, of_before);
            });
            if let Err(panic) = installed {
                let module = module.name.clone();
                return (old, Err(ModuleFault { module, panic }));
            }
        }
        code::register_others(world);
        // At the start of a frame, a schedule that is missing is one that nobody has made yet.
        let is_frame_start = world.resource::<Delegates>().is_frame_start;
        delegate::attach(world, is_frame_start);
        known_types::know(world);
        (old, Ok(()))
    }

    fn take_down(world: &mut World, plan: &Plan) -> Result<(), ModuleFault> {
        let going = rebuild::going(world.resource::<Delegates>(), plan);
        let mut spawned = std::mem::take(&mut world.resource_mut::<Delegates>().spawned);
        let mut present = spawned.present(world);
        present.retain(|entered| going.contains(&entered.module));
        let taken = going.into_iter().try_for_each(|module| {
            let taken = panics::guard(|| spawned.take_down(world, &module, &present));
            taken.map_err(|panic| ModuleFault { module, panic })
        });
        let delegates = &mut *world.resource_mut::<Delegates>();
        delegates.spawned = spawned;
        delegates.to_enter = present;
        taken
    }

    fn enter(world: &mut World, modules: &[String]) -> Result<(), ModuleFault> {
        let to_enter = std::mem::take(&mut world.resource_mut::<Delegates>().to_enter);
        let mut done = HashSet::new();
        for entered in to_enter {
            // The code for it may be in other modules now.
            for module in modules {
                // What is merely called alike in another is of another state.
                let label = match *module == entered.module {
                    true => delegate::label_like(world, module, entered.label),
                    false => entered.label,
                };
                if !done.insert((module, label)) {
                    continue;
                }
                let ran = delegate::run_own(world, module, label);
                ran.map_err(|panic| ModuleFault {
                    module: module.clone(),
                    panic,
                })?;
                world
                    .resource_mut::<Delegates>()
                    .spawned
                    .enter_again(module, label, &entered);
            }
        }
        Ok(())
    }

    fn start(world: &mut World, modules: &[String]) -> Result<(), ModuleFault> {
        enter_first_states(world, modules)?;
        for label in labels::startup() {
            for module in modules {
                delegate::run_own(world, module, label).map_err(|panic| ModuleFault {
                    module: module.clone(),
                    panic,
                })?;
            }
        }
        Ok(())
    }

    fn run(world: &mut World, module: &str, hook: Hook) -> Result<(), PanicReport> {
        let label = match hook {
            Hook::Load => OnLoad.intern(),
            Hook::Unload => OnUnload.intern(),
            Hook::Reload => OnReload.intern(),
        };
        if hook == Hook::Unload {
            return delegate::run_last(world, module, label);
        }
        delegate::run_own(world, module, label)
    }

    fn reinstate(world: &mut World, code: Vec<Slot>, order: &[String]) -> Vec<Slot> {
        let mut code = code;
        origins::note_running(world);
        let mut delegates = world.resource_mut::<Delegates>();
        let gave_way = |name: &String| code.iter().any(|old| old.module.name == *name);
        let is_new = |name: &String| gave_way(name) || !order.contains(name);
        let mut new = delegates.take(|slot| is_new(&slot.module.name));
        let mut kept = delegates.take(|slot| !slot.interrupted.is_empty());
        for slot in new.iter_mut().chain(&mut kept) {
            slot.mend(world);
        }
        for slot in &mut code {
            slot.code.come_back(world);
        }
        for slot in &mut new {
            // It was held by entities that have their own code back, or that are gone when the world is what it was.
            slot.code = Code::default();
        }
        let mut delegates = world.resource_mut::<Delegates>();
        delegates.put(code, order);
        delegates.put(kept, order);
        delegates.take_panics();
        new
    }

    fn restore(world: &mut World, snapshot: &Snapshot) -> Vec<String> {
        world.resource_mut::<LeftBehind>().take_back();
        world.resource_mut::<Delegates>().to_enter.clear();
        let set_up = std::mem::take(&mut *world.resource_mut::<SetUp>());
        if let Err(panic) = panics::guard(|| drop(set_up)) {
            bevy::log::warn!("dropping new code panicked: {panic}");
        }
        let mut lost = Vec::new();
        let mut present = Vec::new();
        let mut exchange = None;
        if let Some(before) = world.resource_mut::<Delegates>().before.take() {
            present = before.present;
            let delegates = &mut *world.resource_mut::<Delegates>();
            delegates.built = before.built;
            delegates.spawned = before.spawned;
            let made = std::mem::replace(&mut delegates.made, before.made);
            exchange = before.exchange;
            let undone = panics::guard(|| {
                drop(made);
                let exchange = exchange.as_mut();
                exchange.map_or_else(Vec::new, |exchange| exchange.undo(world))
            });
            match undone {
                Ok(names) => lost.extend(names.into_iter().map(|name| {
                    format!("{name} was set by the new code, and could not be copied before")
                })),
                Err(panic) => lost.push(format!("resources that were kept aside: {panic}")),
            }
        }
        lost.extend(snapshot.restore(world));
        if let Some(exchange) = &mut exchange {
            exchange.unsend(world, snapshot.tick());
        }
        world.resource_scope(|world, mut delegates: Mut<Delegates>| {
            let spawned = &mut delegates.spawned;
            spawned.stay_present(world, present, &HashMap::new());
        });
        known_types::know(world);
        lost
    }

    fn retire(world: &mut World, code: Vec<Slot>) -> Vec<ModuleFault> {
        // Whatever runs now has been decided on: it stays, or it has been taken back.
        let before = world.resource_mut::<Delegates>().before.take();
        let set_up = std::mem::take(&mut *world.resource_mut::<SetUp>());
        let leftover = (before, set_up);
        if let Err(panic) = panics::guard(|| drop(leftover)) {
            bevy::log::warn!("dropping resources of before panicked: {panic}");
        }
        let mut faults = Vec::new();
        for mut slot in code {
            let module = slot.module.name.clone();
            let code = std::mem::take(&mut slot.code);
            let ended = panics::guard(|| code.end(world));
            for result in [ended, slot.drop_guarded()] {
                if let Err(panic) = result {
                    bevy::log::warn!("dropping code of module `{module}` panicked: {panic}");
                    let module = module.clone();
                    faults.push(ModuleFault { module, panic });
                }
            }
        }
        faults
    }

    fn forget(_world: &mut World, snapshot: Snapshot) {
        if let Err(panic) = panics::guard(|| drop(snapshot)) {
            bevy::log::warn!("dropping the copied state panicked: {panic}");
        }
    }

    fn suspend(world: &mut World, module: &str, error: Arc<ReloadError>) {
        let mut delegates = world.resource_mut::<Delegates>();
        let Some(slot) = delegates.get_mut(module) else {
            return;
        };
        slot.suspended = Some(error);
        slot.interrupted.clear();
        let code = std::mem::take(&mut slot.code);
        // What it set up is still to be taken down.
        let schedules = std::mem::take(&mut slot.schedules).into_iter();
        let (own, schedules): (HashMap<_, _>, HashMap<_, _>) =
            schedules.partition(|(label, _)| labels::is_own(*label));
        slot.schedules = own;
        if let Err(panic) = panics::guard(|| drop(schedules)) {
            bevy::log::warn!("dropping the systems of module `{module}` panicked: {panic}");
        }
        if let Err(panic) = panics::guard(|| code.silence(world)) {
            bevy::log::warn!("a hook panicked as module `{module}` was suspended: {panic}");
        }
        let mut delegates = world.resource_mut::<Delegates>();
        if let Some(slot) = delegates.get_mut(module) {
            slot.code = code;
        }
    }

    fn probation_frames(world: &World) -> u32 {
        world.resource::<HotReloaderConfig>().probation_frames
    }

    fn libraries(world: &World) -> usize {
        let libraries = world.get_resource::<Libraries>();
        libraries.map_or(0, |libraries| libraries.0.open_count())
    }

    fn show(
        world: &mut World,
        progress: Option<Progress>,
        error: Option<&Arc<ReloadError>>,
        is_ready: bool,
    ) {
        let modules = Self::modules(world);
        reloader::show(world, modules, progress, error, is_ready);
    }

    fn finished(world: &mut World, report: ReloadReport, requests: &[RequestId]) {
        reloader::finished(world, report, requests);
    }
}

/// Enters the first states of modules that have not built before: as in any app, ahead of their startup.
fn enter_first_states(world: &mut World, modules: &[String]) -> Result<(), ModuleFault> {
    let host = world.get_resource::<HostPlugins>();
    let delegates = world.resource::<Delegates>();
    // Elsewhere, the schedules by which they are entered may not be there yet.
    if !host.is_some_and(HostPlugins::have_states) || !delegates.is_frame_start {
        return Ok(());
    }
    let before = delegates.before.as_ref();
    let is_new = |name: &&String| before.is_none_or(|before| !before.built.contains(*name));
    let new: Vec<String> = modules.iter().filter(is_new).cloned().collect();
    if new.is_empty() {
        return Ok(());
    }
    for module in new {
        let entered = delegate::run_own(world, &module, StateTransition.intern());
        entered.map_err(|panic| ModuleFault { module, panic })?;
    }
    let tick = world.increment_change_tick();
    world.resource_mut::<Delegates>().transitioned = tick;
    Ok(())
}

/// Which libraries are to be made, given what runs. As long as no module runs, nobody knows which library it is
/// of, and all are.
fn order(slots: &[Slot], wanted: Wanted) -> Order {
    let Wanted {
        purpose,
        modules,
        running,
    } = wanted;
    let of = |names: Vec<String>| {
        let slots = slots.iter();
        let slots = slots.filter(|slot| names.contains(&slot.module.name));
        slots.map(|slot| slot.library.clone()).collect()
    };
    Order {
        wanted: modules.filter(|_| !slots.is_empty()).map(of),
        running,
        purpose,
    }
}

//! Bevy 0.14 as the engine of a transaction.

use std::{collections::HashMap, sync::Arc};

use bevy::{ecs::schedule::ScheduleLabel, prelude::World};
use hot_reloader_core::{panics, Generation, HotModule, PanicReport};
use hot_reloader_transaction::{
    Build, Engine, Hook, Made, ModuleFault, ModuleStatus, Plan, Progress, Purpose, ReloadError,
    ReloadReport, RequestId, TypeChange,
};

use super::{
    awake::{self, News},
    compare,
    config::HotReloaderConfig,
    delegate::{self, Delegates, Slot},
    library::{Libraries, Library},
    migration,
    observer::Gate,
    provision::{ModuleStates, Undo},
    recording::Recording,
    rehearsal::{self, Rehearsal},
    reloader,
    snapshot::{Instructions, Scope, Snapshot},
    HotReloader,
};
use crate::{hook, HotApp};

/// Bevy 0.14.
#[derive(Debug)]
pub(crate) struct Bevy;

impl Engine for Bevy {
    type World = World;
    type Library = Library;
    type Rehearsal = Rehearsal;
    type Snapshot = Snapshot;
    type Code = Vec<Slot>;

    fn build(world: &mut World, purpose: Purpose) -> Box<dyn Build> {
        let news = world.get_resource_or_insert_with(News::default).clone();
        let waker = awake::waker(world);
        let wake = Box::new(move || news.tell(waker.as_ref()));
        Libraries::scope(world, |world, libraries| {
            libraries.make(world.resource::<HotReloaderConfig>(), purpose, wake)
        })
    }

    fn modules(world: &World) -> Vec<ModuleStatus> {
        let slots = &world.resource::<Delegates>().slots;
        let status = |slot: &Slot| ModuleStatus {
            module: slot.module.clone(),
            generation: slot.generation,
            build_id: slot.build_id.clone(),
            suspended: slot.suspended.clone(),
        };
        slots.iter().map(status).collect()
    }

    fn open(world: &mut World, made: &Made) -> Result<(Library, Vec<HotModule>), ReloadError> {
        let entry = Libraries::scope(world, |_, libraries| libraries.open(made))?;
        let describe = |entry: &crate::ModuleEntry| HotModule {
            name: entry.name.to_owned(),
            file_path: made.root.join(entry.file),
            state_keys: entry.state_keys.iter().map(ToString::to_string).collect(),
            delegation_targets: entry.targets.iter().map(ToString::to_string).collect(),
            after: entry.after.iter().map(ToString::to_string).collect(),
        };
        let mut modules = entry.modules.iter().map(describe).collect::<Vec<_>>();
        world
            .resource::<HotReloader>()
            .registered
            .demand(&mut modules)?;
        let path = made.staged.path.clone();
        Ok((Library { entry, path }, modules))
    }

    fn rehearse(
        world: &mut World,
        library: &Library,
        plan: &Plan,
    ) -> Result<Rehearsal, ReloadError> {
        rehearsal::rehearse(world, library, plan)
    }

    fn compare(
        world: &mut World,
        rehearsal: &Rehearsal,
        plan: &Plan,
    ) -> Result<Vec<String>, ReloadError> {
        compare::compare(world, rehearsal, plan)
    }

    fn capture(world: &mut World, rehearsal: &Rehearsal) -> Result<Snapshot, PanicReport> {
        let slots = &world.resource::<Delegates>().slots;
        let running = slots.iter().flat_map(|slot| &slot.copying.events);
        let instructions = Instructions {
            rules: compare::rules(world, rehearsal),
            events: running.chain(&rehearsal.copying.events).copied().collect(),
            suspects: compare::suspects(world, rehearsal),
        };
        panics::guard(|| Snapshot::capture(world, Scope::World, &instructions))
    }

    fn migrate(
        world: &mut World,
        library: &Library,
        rehearsal: &Rehearsal,
        plan: &Plan,
    ) -> Result<Vec<TypeChange>, ReloadError> {
        let crossings = migration::decide(world, rehearsal, plan);
        let crossings = crossings.map_err(ReloadError::TypesChanged)?;
        if !crossings.is_empty() {
            rehearsal::make_known(world, library, plan);
        }
        migration::carry(world, rehearsal, crossings)
    }

    fn swap(world: &mut World, library: &Library) -> Result<(), String> {
        Libraries::scope(world, |world, libraries| libraries.swap(world, library))
    }

    fn install(
        world: &mut World,
        library: &Library,
        rehearsal: &Rehearsal,
        plan: &Plan,
        generation: Generation,
    ) -> (Vec<Slot>, Result<(), ModuleFault>) {
        let mut delegates = world.resource_mut::<Delegates>();
        let old = delegates.take(|slot| plan.replaces(&slot.module.name));
        for slot in &old {
            slot.gate.close();
        }
        let delegates = &mut *world.resource_mut::<Delegates>();
        for (id, incoming) in &rehearsal.incoming {
            if plan.layout.concerns(&incoming.name) {
                let layout = || plan.layout.clone();
                delegates.origins.entry(*id).or_insert_with(layout);
            }
        }
        disown(world, plan);
        for module in &plan.modules {
            let mut undo = Vec::new();
            let installed = panics::guard(|| {
                install(
                    world, library, rehearsal, plan, module, generation, &mut undo,
                );
            });
            world.resource_mut::<Delegates>().undo.extend(undo);
            if let Err(panic) = installed {
                let module = module.name.clone();
                return (old, Err(ModuleFault { module, panic }));
            }
        }
        delegate::attach(world, false);
        (old, Ok(()))
    }

    fn start(world: &mut World, modules: &[String]) -> Result<(), ModuleFault> {
        for label in delegate::startup() {
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
            Hook::Setup => hook::Hook::Setup,
            Hook::Teardown => hook::Hook::Teardown,
            Hook::Reload => hook::Hook::Reload,
        };
        delegate::run_own(world, module, label.intern())
    }

    fn reinstate(world: &mut World, code: Vec<Slot>, order: &[String]) -> Vec<Slot> {
        let mut delegates = world.resource_mut::<Delegates>();
        let gave_way = |name: &String| code.iter().any(|old| old.module.name == *name);
        let is_new = |name: &String| gave_way(name) || !order.contains(name);
        let mut new = delegates.take(|slot| is_new(&slot.module.name));
        let mut kept = delegates.take(|slot| !slot.interrupted.is_empty());
        for slot in &new {
            slot.gate.close();
        }
        for slot in new.iter_mut().chain(&mut kept) {
            slot.mend(world);
        }
        let undo = std::mem::take(&mut world.resource_mut::<Delegates>().undo);
        for undo in undo.into_iter().rev() {
            if let Err(panic) = panics::guard(|| undo(world)) {
                bevy::log::warn!("taking a resource back panicked: {panic}");
            }
        }
        if let Some(mut states) = world.get_resource_mut::<ModuleStates>() {
            states.disown(|name| new.iter().any(|slot| slot.module.name == name));
            for slot in &code {
                states.own(&slot.states, &slot.module.name);
            }
        }
        let mut delegates = world.resource_mut::<Delegates>();
        delegates.put(code, order);
        delegates.put(kept, order);
        delegates.take_panics();
        // Those of what gave way, and of a module that was not reloaded and panicked.
        for slot in delegates
            .slots
            .iter()
            .filter(|slot| slot.suspended.is_none())
        {
            slot.gate.open();
        }
        new
    }

    fn restore(world: &mut World, snapshot: &Snapshot) -> Vec<String> {
        world.resource_mut::<Delegates>().left.take_back();
        snapshot.restore(world)
    }

    fn retire(world: &mut World, code: Vec<Slot>) -> Vec<ModuleFault> {
        // Whatever runs now has been decided on: it stays, or it has been taken back.
        let undo = std::mem::take(&mut world.resource_mut::<Delegates>().undo);
        if let Err(panic) = panics::guard(|| drop(undo)) {
            bevy::log::warn!("dropping a resource of before panicked: {panic}");
        }
        let mut faults = Vec::new();
        for slot in code {
            let module = slot.module.name.clone();
            let observers = slot.observers.clone();
            let despawned = panics::guard(|| {
                for observer in observers {
                    // After a rollback they are gone with all that new code spawned.
                    if world.entities().contains(observer) {
                        world.despawn(observer);
                    }
                }
            });
            for result in [despawned, slot.drop_guarded()] {
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
        let slot = delegates.slots.iter_mut().find(|s| s.module.name == module);
        let Some(slot) = slot else { return };
        slot.suspended = Some(error);
        slot.gate.close();
        slot.interrupted.clear();
        // What it set up is still to be taken down.
        let schedules = std::mem::take(&mut slot.schedules).into_iter();
        let (own, schedules): (HashMap<_, _>, HashMap<_, _>) =
            schedules.partition(|(label, _)| delegate::is_own(*label));
        slot.schedules = own;
        if let Err(panic) = panics::guard(|| drop(schedules)) {
            bevy::log::warn!("dropping the systems of module `{module}` panicked: {panic}");
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

fn disown(world: &mut World, plan: &Plan) {
    if let Some(mut states) = world.get_resource_mut::<ModuleStates>() {
        states.disown(|name| plan.replaces(name));
    }
}

/// Puts one module in place, from its entry.
fn install(
    world: &mut World,
    library: &Library,
    rehearsal: &Rehearsal,
    plan: &Plan,
    module: &HotModule,
    generation: Generation,
    undo: &mut Vec<Undo>,
) {
    let entry = library.module(&module.name).expect("it was rehearsed");
    let placements = rehearsal.placements.get(&module.name).into_iter().flatten();
    let placements = placements.map(|(label, placement)| {
        let arrangement = delegate::arrange(world, *label, &placement.units);
        (*label, placement.clone(), arrangement)
    });
    let placements = placements.collect();
    // Its panic goes on to the guard around all of this.
    let mut recording = Recording::of(
        |recording| entry.build(&mut HotApp::new(recording)),
        placements,
    );
    recording.provide(world, &module.name, undo);
    let gate = Arc::new(Gate::default());
    let observers = std::mem::take(&mut recording.observers).into_iter();
    let observers = observers
        .map(|observer| observer.spawn(world, &gate))
        .collect();
    world.flush();
    gate.open();
    let states = world.get_resource::<ModuleStates>();
    let slot = Slot {
        module: module.clone(),
        generation,
        build_id: plan.build_id.clone(),
        shapes: recording.shapes(),
        registry: recording.take_registry(),
        layout: plan.layout.clone(),
        states: states.map_or_else(Vec::new, |states| states.of(&module.name)),
        schedules: recording.take_schedules(),
        interrupted: Vec::new(),
        observers,
        gate,
        state_keys: recording.state_keys,
        copying: recording.copying,
        suspended: None,
    };
    world
        .resource_mut::<Delegates>()
        .put(vec![slot], &plan.order);
}

//! Plugins and schedules of new code are tried in a throwaway world.
//!
//! Initialising a schedule there registers every component, resource and event that its systems
//! touch, which is what is held against the types in use ([`compare`](super::compare)).
//!
//! A throwaway world lacks what the host provides, so a plugin that fails there may be right. Then the
//! reload goes on with what was learnt until then, and the live world decides ([`set_up`](super::set_up)).
//!
//! A missing resource of a system cannot be told here: in Bevy 0.14 `Res` and `Option<Res>` register the same
//! access. It panics in the first frame, which is rolled back.

use std::{
    alloc::Layout,
    any::TypeId,
    collections::{HashMap, HashSet},
    iter,
    sync::{Arc, Mutex, PoisonError},
};

use bevy::{
    app::Main,
    ecs::{
        component::{ComponentId, ComponentInfo},
        schedule::{InternedScheduleLabel, ScheduleLabel},
    },
    prelude::{AppTypeRegistry, Schedule, Schedules, StateTransition, World},
    reflect::TypeRegistry,
};
use hot_reloader_build::layout::{self, crates_in};
use hot_reloader_core::{panics, HotModule, PanicReport, RegistryError, TypeShape};
use hot_reloader_transaction::{Plan, RehearsalFault, ReloadError};

use super::{
    definition::definition,
    exchange::MadeKeys,
    exempt::NotRolledBack,
    keys::StateKey,
    labels,
    library::{entry_of, Library},
    listen::Passing,
    names,
    placement::{self, Placement},
    recording::{ModuleSchedules, Recording},
    resources::{self, ResourceKey},
    scratch,
    slots::{Delegates, Slot},
    snapshot::{self, ignored, CopyRule},
};
use crate::ModuleEntry;

/// What the rehearsal found out.
#[derive(Default)]
pub(crate) struct Rehearsal {
    /// All types that the new code's systems use.
    pub(crate) types: HashMap<TypeId, TypeShape>,
    /// Those of them that can be in a world.
    pub(crate) incoming: HashMap<TypeId, Incoming>,
    /// What reflection knows of them.
    pub(crate) registry: Arc<TypeRegistry>,
    /// Whether a build may tell more of them that could not be tried to the end.
    pub(crate) is_registry_partial: bool,
    /// Those of them that it may change without a command.
    pub(crate) written: HashSet<TypeId>,
    pub(crate) state_keys: Vec<StateKey>,
    /// The crates whose types may change, by name.
    pub(crate) hot: Vec<String>,
    /// The resources that the plugins made or changed.
    pub(crate) made: MadeKeys,
    /// Those that modules made which are not reloaded.
    pub(crate) by_others: HashSet<ResourceKey>,
    /// By module: those of them that are states.
    pub(crate) states: HashMap<String, Vec<ResourceKey>>,
    /// By module: the functions that do its work.
    pub(crate) targets: HashMap<String, Vec<String>>,
    /// By module: why it could not be tried to the end.
    pub(crate) unsure: HashMap<String, RehearsalFault>,
    /// What is left of it for the swap.
    leftover: Mutex<Option<Leftover>>,
}

/// A type of new code, as the rehearsal met it.
#[derive(Clone, Debug)]
pub(crate) struct Incoming {
    pub(crate) id: TypeId,
    pub(crate) name: String,
    pub(crate) layout: Layout,
    pub(crate) drop: snapshot::Drop,
}

impl Incoming {
    pub(crate) fn of(info: &ComponentInfo) -> Option<Self> {
        Some(Self {
            id: info.type_id()?,
            name: info.name().to_owned(),
            layout: info.layout(),
            drop: info.drop(),
        })
    }
}

/// The throwaway world, with all that the plugins made, and what can be used of their schedules.
#[derive(Default)]
pub(crate) struct Leftover {
    pub(crate) world: World,
    /// By module: its transitions between states, complete and not initialised. On a live world, states that
    /// are there already would not be added again.
    pub(crate) transitions: HashMap<String, Schedule>,
}

impl Drop for Leftover {
    fn drop(&mut self) {
        let leftover = (
            std::mem::take(&mut self.world),
            std::mem::take(&mut self.transitions),
        );
        discard(leftover);
    }
}

impl Rehearsal {
    /// Whether the type is of a crate that a reload may change. Generic types of the engine count by
    /// their own crate.
    pub(crate) fn is_hot(&self, path: &str) -> bool {
        is_of(&self.hot, path)
    }

    /// How values are copied by the code that runs and by that which is to run. What is the reloader's own
    /// goes on whatever comes of a reload.
    pub(crate) fn rules(&self, world: &World) -> Vec<CopyRule> {
        let slots = &world.resource::<Delegates>().slots;
        let running = slots.iter().flat_map(Slot::rules);
        let new = self.state_keys.iter().map(|key| &key.rule);
        let exempt = &world.resource::<NotRolledBack>().0;
        running.chain(new).chain(exempt).copied().collect()
    }

    /// Whether all modules could be tried to the end.
    pub(crate) fn is_sure(&self) -> bool {
        self.unsure.is_empty()
    }

    /// What is left of it, once.
    pub(crate) fn take_leftover(&self) -> Option<Leftover> {
        let mut leftover = self.leftover.lock().unwrap_or_else(PoisonError::into_inner);
        leftover.take()
    }
}

/// Whether a type's path begins with one of these crates.
pub(crate) fn is_of(crates: &[String], path: &str) -> bool {
    let name = path.split("::").next().unwrap_or(path);
    crates.iter().any(|of| of == name)
}

pub(crate) fn rehearse(
    live: &World,
    libraries: &[Library],
    plan: &Plan,
) -> Result<Rehearsal, ReloadError> {
    let mut rehearsal = Rehearsal {
        hot: plan.hot.clone(),
        ..Rehearsal::default()
    };
    let mut leftover = Leftover::default();
    leftover.world = throwaway(live, plan);
    let world = &mut leftover.world;
    let seeded = resources::present(world);
    // Those that are not reloaded too: others may build on what they make.
    for name in &plan.order {
        let Some(entry) = entry_of(libraries, live.resource::<Delegates>(), name) else {
            continue;
        };
        let before = resources::present(world);
        let last = world.increment_change_tick();
        let hooks = hooks_set(world);
        let recorded = Recording::of(world, entry, Passing::Nothing);
        rehearsal.is_registry_partial |= recorded.is_err();
        let Some(module) = plan.modules.iter().find(|module| module.name == *name) else {
            discard(recorded);
            let others = resources::present(world);
            rehearsal.by_others.extend(others.difference(&before));
            continue;
        };
        let found = recorded.and_then(|recording| {
            let mut schedules = recording.schedules;
            let transitions = schedules.remove(&StateTransition.intern());
            place(live, &schedules)?;
            if hooks_set(world) != hooks {
                build_twice(live, libraries, plan, entry)?;
            }
            let runs = live.resource::<Delegates>().get(name).is_some();
            let is_hot = |name: &str| is_of(&plan.hot, name);
            let found = initialise(world, &mut schedules, runs, is_hot)?;
            discard(schedules);
            Ok((found, transitions))
        });
        let made = resources::present(world);
        let new = made.difference(&before).copied();
        let states = new.filter(|(id, _)| is_state(world, *id)).collect();
        rehearsal.states.insert(name.clone(), states);
        for key in resources::changed(world, last).difference(&seeded) {
            let is_own = !rehearsal.by_others.contains(key);
            rehearsal.made.entry(*key).or_insert(is_own);
        }
        match found {
            Ok((found, transitions)) => {
                rehearsal.note_systems(world, module, found)?;
                let transitions = transitions.map(|schedule| (name.clone(), schedule));
                leftover.transitions.extend(transitions);
            }
            // Of these the throwaway world knows as much as any other.
            Err(fault @ (RehearsalFault::Schedule { .. } | RehearsalFault::HostOnly { .. })) => {
                return Err(ReloadError::Rehearsal {
                    module: name.clone(),
                    fault,
                })
            }
            Err(fault) => drop(rehearsal.unsure.insert(name.clone(), fault)),
        }
        for key in StateKey::of(entry) {
            (key.abilities.make_known)(world);
            rehearsal.state_keys.push(key);
        }
    }
    let registry = registry(live, plan, world, &rehearsal.state_keys);
    rehearsal.note_types(world, &registry);
    rehearsal.registry = Arc::new(registry);
    rehearsal.leftover = Mutex::new(Some(leftover));
    Ok(rehearsal)
}

impl Rehearsal {
    /// Takes note of what does a module's work, and of what it may change.
    fn note_systems(
        &mut self,
        world: &World,
        module: &HotModule,
        found: Found,
    ) -> Result<(), ReloadError> {
        let mut listed = module.delegation_targets.iter();
        let is_unknown = |target: &&String| !found.systems.contains(target);
        // The functions of observers and one-shot systems are known to nobody.
        let unknown = listed.find(is_unknown).filter(|_| !has_code(world));
        if let Some(target) = unknown {
            return Err(ReloadError::Registry(RegistryError::UnknownTarget {
                module: module.name.clone(),
                target: target.clone(),
            }));
        }
        let written = found.written.iter();
        let written = written.filter_map(|id| world.components().get_info(*id)?.type_id());
        self.written.extend(written);
        let targets = targets(module, found.systems);
        self.targets.insert(module.name.clone(), targets);
        Ok(())
    }

    fn note_types(&mut self, world: &World, registry: &TypeRegistry) {
        for info in world.components().iter() {
            let (Some(id), Some(incoming)) = (info.type_id(), Incoming::of(info)) else {
                continue;
            };
            self.incoming.insert(id, incoming);
            // That reflection ignores a field, or does so no longer, makes no other type of it.
            let is_seen = self.is_hot(info.name()) && !ignored::is_in(registry, id);
            let definition = is_seen.then(|| definition(registry, id)).flatten();
            self.types.insert(
                id,
                TypeShape {
                    path: info.name().to_owned(),
                    size: info.layout().size(),
                    align: info.layout().align(),
                    definition,
                },
            );
        }
    }
}

/// What reflection knows of types of the new code, and of which it ignores fields.
fn registry(live: &World, plan: &Plan, tried: &World, keys: &[StateKey]) -> TypeRegistry {
    let mut registry = TypeRegistry::empty();
    let of_plugins = tried.get_resource::<AppTypeRegistry>().cloned();
    for registration in of_plugins.unwrap_or_default().read().iter() {
        registry.add_registration(registration.clone());
    }
    for register in keys.iter().filter_map(|key| key.abilities.register) {
        register(&mut registry);
    }
    let (layouts, crates) = layouts(live, plan);
    ignored::note(&mut registry, |path| {
        let is_known = crates_in(path).next().is_some_and(|of| crates.contains(of));
        let mut layouts = layouts.iter().filter(|_| is_known);
        layouts.find_map(|layout| layout.ignores_fields(path))
    });
    registry
}

/// What the sources say of types: of those that were made, and of those that go on.
fn layouts<'a>(live: &'a World, plan: &'a Plan) -> (Vec<&'a layout::Layout>, HashSet<&'a str>) {
    let slots = live.resource::<Delegates>().slots.iter();
    let running = slots.map(|slot| &*slot.layout);
    let layouts: Vec<_> = iter::once(&*plan.layout).chain(running).collect();
    let crates = layouts.iter().flat_map(|layout| layout.crates()).collect();
    (layouts, crates)
}

/// A world in which code is tried.
fn throwaway(live: &World, plan: &Plan) -> World {
    // Of thousands of types, so they are looked for in all layouts at once.
    let (_, crates) = layouts(live, plan);
    scratch::world(live, |path| crates_in(path).any(|of| crates.contains(of)))
}

/// How many hooks the components have, but for those of observers, which the engine sets.
fn hooks_set(world: &World) -> usize {
    let infos = world.components().iter();
    let infos = infos.filter(|info| !names::is_of_observers(info.name()));
    let hooks = infos.flat_map(|info| {
        let hooks = || info.hooks().clone();
        [
            hooks().try_on_add(|_, _, _| {}).is_none(),
            hooks().try_on_insert(|_, _, _| {}).is_none(),
            hooks().try_on_remove(|_, _, _| {}).is_none(),
        ]
    });
    hooks.filter(|is_set| *is_set).count()
}

/// Tells of a plugin that it sets the hooks of a component, and not the component's type: that can be done once, so
/// it could never build again.
fn build_twice(
    live: &World,
    libraries: &[Library],
    plan: &Plan,
    entry: &'static ModuleEntry,
) -> Result<(), RehearsalFault> {
    let mut world = throwaway(live, plan);
    let running = live.resource::<Delegates>();
    // It may need what those before it make.
    let before = plan.order.iter().take_while(|name| *name != entry.name);
    let before = before.filter_map(|name| entry_of(libraries, running, name));
    for entry in before.chain([entry]) {
        discard(Recording::of(&mut world, entry, Passing::Nothing));
    }
    match Recording::of(&mut world, entry, Passing::Nothing) {
        Err(fault @ RehearsalFault::HostOnly { .. }) => Err(fault),
        other => {
            discard(other);
            Ok(())
        }
    }
}

fn is_state(world: &World, id: TypeId) -> bool {
    let id = world.components().get_resource_id(id);
    let name = id.and_then(|id| world.components().get_name(id));
    name.is_some_and(|name| names::state_of(name).is_some())
}

/// Whether entities hold code.
fn has_code(world: &World) -> bool {
    let mut components = world.components().iter();
    components.any(|info| names::is_code(info.name()))
}

/// Finds the places of a module's systems among the host's, schedule by schedule.
pub(crate) fn place(
    live: &World,
    schedules: &ModuleSchedules,
) -> Result<Vec<(InternedScheduleLabel, Placement)>, RehearsalFault> {
    let mut placements = Vec::new();
    let Some(of_host) = live.get_resource::<Schedules>() else {
        return Ok(placements);
    };
    for (label, schedule) in schedules {
        // Its steps are the host's, and the module's states take them as one.
        if *label == StateTransition.intern() {
            continue;
        }
        // One that is missing has no sets, or runs just now and takes no delegators.
        let Some(host) = of_host.get(*label) else {
            continue;
        };
        let placement = placement::place(host, schedule);
        let placement = placement.map_err(|reason| RehearsalFault::Schedule {
            schedule: format!("{label:?}"),
            reason,
        })?;
        placements.extend(placement.map(|placement| (*label, placement)));
    }
    Ok(placements)
}

/// What the systems of a module are, and what they may change.
#[derive(Default)]
pub(crate) struct Found {
    /// By the names that a person gave them.
    pub(crate) systems: Vec<String>,
    pub(crate) written: HashSet<ComponentId>,
    pub(crate) used: HashSet<ComponentId>,
}

/// The functions that do a module's work: those that it lists, and those that were found.
pub(crate) fn targets(module: &HotModule, systems: Vec<String>) -> Vec<String> {
    let mut targets = module.delegation_targets.clone();
    targets.extend(systems.into_iter().filter(|name| is_named(name)));
    targets.sort();
    targets.dedup();
    targets
}

/// Whether a person named it.
pub(crate) fn is_named(system: &str) -> bool {
    system != "{{closure}}" && system != "apply_deferred"
}

/// Makes schedules ready to run in a world. `runs` says that the module's startup is over, and `is_hot` which
/// systems are of crates that change: what others do, they did before.
pub(crate) fn initialise(
    world: &mut World,
    schedules: &mut ModuleSchedules,
    runs: bool,
    is_hot: impl Fn(&str) -> bool,
) -> Result<Found, RehearsalFault> {
    let mut found = Found::default();
    for (label, schedule) in schedules {
        let name = format!("{label:?}");
        if *label == Main.intern() {
            return Err(RehearsalFault::Schedule {
                schedule: name,
                reason: "it runs the other schedules; add to Update or another of them".to_owned(),
            });
        }
        let broken = |panic: PanicReport| RehearsalFault::Initialise {
            schedule: name.clone(),
            panic,
        };
        panics::guard(|| schedule.initialize(world))
            .map_err(broken)?
            .map_err(|error| RehearsalFault::Schedule {
                schedule: name.clone(),
                reason: error.to_string(),
            })?;
        for (_, system) in schedule.systems().into_iter().flatten() {
            let name = system.name();
            let functions = functions(&name);
            let named = functions.iter().map(|path| last_segment(path));
            found.systems.extend(named);
            let access = system.component_access();
            found.used.extend(access.reads_and_writes());
            let is_over = runs && labels::startup().contains(label);
            if !is_over && functions.iter().any(|path| is_hot(path)) {
                found.written.extend(access.writes());
            }
        }
    }
    Ok(found)
}

/// The functions of which a system consists, by their names.
pub(crate) fn function_names(system: &str) -> Vec<String> {
    functions(system).into_iter().map(last_segment).collect()
}

/// The same by their paths: `Pipe(game::read, game::apply)` consists of two, and so does what combines conditions.
fn functions(system: &str) -> Vec<&str> {
    let pipe = system.strip_prefix("Pipe(");
    let combined = split(system, " && ").or_else(|| split(system, " || "));
    let piped = pipe.and_then(|of| split(of.strip_suffix(')')?, ", "));
    match combined.or(piped) {
        Some((one, two)) => [functions(one), functions(two)].concat(),
        None => vec![system.trim_start_matches('!')],
    }
}

/// What is before a separator, and after it: the first that is not between brackets.
fn split<'a>(text: &'a str, separator: &str) -> Option<(&'a str, &'a str)> {
    let mut depth = 0_usize;
    text.char_indices().find_map(|(at, character)| {
        let (before, rest) = text.split_at(at);
        match character {
            '(' | '<' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            '>' if !is_arrow(text, at) => depth = depth.saturating_sub(1),
            _ => {}
        }
        let after = rest.strip_prefix(separator).filter(|_| depth == 0)?;
        Some((before, after))
    })
}

/// Whether that is no bracket but says what a function returns.
fn is_arrow(text: &str, at: usize) -> bool {
    text[..at].ends_with('-')
}

/// The name that a person gave a function: `play` of `game::play<f32>`, of `game::Turn<game::Red>::play`
/// and of `<game::Red as game::Player>::play`.
fn last_segment(path: &str) -> String {
    let mut depth = 0_usize;
    let (mut start, mut end) = (0, path.len());
    for (at, character) in path.char_indices() {
        match character {
            '<' => {
                if depth == 0 {
                    end = at;
                }
                depth += 1;
            }
            '>' if !is_arrow(path, at) => depth = depth.saturating_sub(1),
            ':' if depth == 0 => (start, end) = (at + 1, path.len()),
            _ => {}
        }
    }
    path[start..end.max(start)].to_owned()
}

fn discard<T>(rehearsed: T) {
    if let Err(panic) = panics::guard(|| drop(rehearsed)) {
        bevy::log::warn!("cleaning up after the rehearsal panicked: {panic}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_are_known_by_the_name_that_a_person_gave_them() {
        for path in [
            "play",
            "game::play",
            "game::paddle::play<f32>",
            "game::play<game::Side<u8>, f32>",
            "game::play<fn(u8) -> game::Side, u8>",
            "game::Turn<game::Red>::play",
            "game::Turn<game::Red>::play<u8>",
            "<game::Red as game::Player>::play",
            "<game::Turn<game::Red> as game::Player<f32>>::play",
        ] {
            assert_eq!(last_segment(path), "play", "{path}");
        }
        assert_eq!(last_segment("game::play::{{closure}}"), "{{closure}}");
    }

    #[test]
    fn a_system_consists_of_functions() {
        let cases: [(&str, &[&str]); 5] = [
            ("game::play", &["play"]),
            ("Pipe(game::read, game::apply)", &["read", "apply"]),
            (
                "Pipe(Pipe(game::read<(u8, u8)>, game::turn), game::apply<fn(u8) -> u8, u8>)",
                &["read", "turn", "apply"],
            ),
            (
                "Pipe(!game::is_won && Pipe(game::ask, game::is_yes) || game::is_lost, game::end)",
                &["is_won", "ask", "is_yes", "is_lost", "end"],
            ),
            (
                "Pipe(game::read, game::apply::{{closure}})",
                &["read", "{{closure}}"],
            ),
        ];
        for (system, functions) in cases {
            assert_eq!(function_names(system), functions, "{system}");
        }
    }
}

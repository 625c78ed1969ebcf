//! Setup and schedules of new code are tried in a throwaway world.
//!
//! Initialising a schedule there registers every component, resource and event that its systems
//! touch, which is what is held against the types in use ([`compare`](super::compare)).
//!
//! A missing resource cannot be told here: in Bevy 0.14 `Res` and `Option<Res>` register the same
//! access. It panics in the first frame, which is rolled back.

use std::{
    any::TypeId,
    collections::{HashMap, HashSet},
    sync::Arc,
};

use bevy::{
    app::Main,
    ecs::{
        component::ComponentId,
        schedule::{InternedScheduleLabel, ScheduleLabel},
    },
    prelude::{AppTypeRegistry, AssetServer, Schedules, World},
    reflect::TypeRegistry,
};
use hot_reloader_core::{panics, PanicReport, RegistryError, TypeShape};
use hot_reloader_transaction::{Plan, RehearsalFault, ReloadError};

use super::{
    delegate::{self, Delegates},
    library::Library,
    migration::Incoming,
    placement::{self, Placement},
    recording::{Copying, Recording, StateKey},
};

use crate::HotApp;

/// What the rehearsal found out.
pub(crate) struct Rehearsal {
    /// All types that the new code's systems use.
    pub(crate) types: HashMap<TypeId, TypeShape>,
    /// Those of them that can be in a world.
    pub(crate) incoming: HashMap<TypeId, Incoming>,
    /// What reflection knows of them.
    pub(crate) registry: Arc<TypeRegistry>,
    /// Those of them that it may change without a command.
    pub(crate) written: HashSet<TypeId>,
    pub(crate) state_keys: Vec<StateKey>,
    pub(crate) copying: Copying,
    /// The crates whose types may change, by name.
    pub(crate) hot: Vec<String>,
    /// By module: the schedules that are to be taken apart.
    pub(crate) placements: HashMap<String, Vec<(InternedScheduleLabel, Placement)>>,
}

impl Rehearsal {
    /// Whether the type is of a crate that a reload may change. Generic types of the engine count by
    /// their own crate.
    pub(crate) fn is_hot(&self, path: &str) -> bool {
        let name = path.split("::").next().unwrap_or(path);
        self.hot.iter().any(|hot| hot == name)
    }
}

pub(crate) fn rehearse(
    live: &World,
    library: &Library,
    plan: &Plan,
) -> Result<Rehearsal, ReloadError> {
    let mut world = throwaway(live);
    let mut registry = TypeRegistry::new();
    let mut rehearsal = Rehearsal {
        types: HashMap::new(),
        incoming: HashMap::new(),
        registry: Arc::default(),
        written: HashSet::new(),
        state_keys: Vec::new(),
        copying: Copying::default(),
        hot: plan.hot.clone(),
        placements: HashMap::new(),
    };
    for module in &plan.modules {
        let failed = |fault| ReloadError::Rehearsal {
            module: module.name.clone(),
            fault,
        };
        let entry = library.module(&module.name)?;
        let mut recording = panics::guard(|| {
            Recording::of(
                |recording| entry.build(&mut HotApp::new(recording)),
                Vec::new(),
            )
        })
        .map_err(|panic| failed(RehearsalFault::Setup(panic)))?;
        recording.make_known(&mut world);
        let placements = place(live, &recording).map_err(failed)?;
        rehearsal.placements.insert(module.name.clone(), placements);
        let runs = live.resource::<Delegates>().get(&module.name).is_some();
        let mut found = Found {
            runs,
            ..Found::default()
        };
        initialise(&mut world, &mut recording, &mut found).map_err(failed)?;
        let mut targets = module.delegation_targets.iter();
        if let Some(target) = targets.find(|target| !found.systems.contains(target)) {
            return Err(ReloadError::Registry(RegistryError::UnknownTarget {
                module: module.name.clone(),
                target: target.clone(),
            }));
        }
        let written = found
            .written
            .iter()
            .filter_map(|id| world.components().get_info(*id)?.type_id());
        rehearsal.written.extend(written);
        rehearsal.types.extend(recording.shapes());
        for registration in recording.registry().iter() {
            registry.add_registration(registration.clone());
        }
        rehearsal.state_keys.append(&mut recording.state_keys);
        rehearsal.copying.rules.append(&mut recording.copying.rules);
        rehearsal
            .copying
            .events
            .append(&mut recording.copying.events);
        rehearsal
            .copying
            .replaced
            .append(&mut recording.copying.replaced);
        discard(recording);
    }
    for info in world.components().iter() {
        let Some(id) = info.type_id() else { continue };
        rehearsal.incoming.insert(
            id,
            Incoming {
                id,
                name: info.name().to_owned(),
                layout: info.layout(),
                drop: info.drop(),
            },
        );
        rehearsal.types.entry(id).or_insert_with(|| TypeShape {
            path: info.name().to_owned(),
            size: info.layout().size(),
            align: info.layout().align(),
            definition: None,
        });
    }
    discard(world);
    rehearsal.registry = Arc::new(registry);
    Ok(rehearsal)
}

/// Makes all types that the modules of `plan` use known to the live world. What cannot be done is left to the
/// module itself.
pub(crate) fn make_known(world: &mut World, library: &Library, plan: &Plan) {
    for module in &plan.modules {
        let known = panics::guard(|| {
            let Ok(entry) = library.module(&module.name) else {
                return;
            };
            let setup = |recording: &mut Recording| entry.build(&mut HotApp::new(recording));
            let mut recording = Recording::of(setup, Vec::new());
            recording.make_known(world);
            let _ = initialise(world, &mut recording, &mut Found::default());
            discard(recording);
        });
        if let Err(panic) = known {
            bevy::log::warn!(
                "module `{}` panicked before its values went over: {panic}",
                module.name
            );
        }
    }
}

/// An empty world, with what the parameters of systems commonly ask for when they are initialised.
fn throwaway(live: &World) -> World {
    let mut world = World::new();
    if let Some(types) = live.get_resource::<AppTypeRegistry>() {
        world.insert_resource(types.clone());
    }
    if let Some(assets) = live.get_resource::<AssetServer>() {
        world.insert_resource(assets.clone());
    }
    world
}

/// Finds the places of the module's systems among the host's.
fn place(
    live: &World,
    recording: &Recording,
) -> Result<Vec<(InternedScheduleLabel, Placement)>, RehearsalFault> {
    let mut placements = Vec::new();
    let Some(schedules) = live.get_resource::<Schedules>() else {
        return Ok(placements);
    };
    for (label, schedule) in &recording.schedules {
        // One that is missing has no sets, or runs just now and takes no delegators.
        let Some(host) = schedules.get(*label) else {
            continue;
        };
        let calls = recording.set_calls.get(label);
        let calls = calls.map_or(&[][..], Vec::as_slice);
        let placement = placement::place(host, schedule, calls);
        let placement = placement.map_err(|reason| RehearsalFault::Schedule {
            schedule: format!("{label:?}"),
            reason,
        })?;
        placements.extend(placement.map(|placement| (*label, placement)));
    }
    Ok(placements)
}

/// What the systems and observers of a module are, and what they may change.
#[derive(Default)]
struct Found {
    /// Whether its startup is over.
    runs: bool,
    systems: Vec<String>,
    written: Vec<ComponentId>,
}

fn initialise(
    world: &mut World,
    recording: &mut Recording,
    found: &mut Found,
) -> Result<(), RehearsalFault> {
    for (label, schedule) in &mut recording.schedules {
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
            found.systems.push(last_segment(&system.name()));
            if !(found.runs && delegate::startup().contains(label)) {
                found.written.extend(system.component_access().writes());
            }
        }
    }
    for observer in std::mem::take(&mut recording.observers) {
        let (name, written) = panics::guard(|| observer.rehearse(world)).map_err(|panic| {
            RehearsalFault::Initialise {
                schedule: "of observers".to_owned(),
                panic,
            }
        })?;
        found.systems.push(last_segment(&name));
        found.written.extend(written);
    }
    Ok(())
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
            '>' => depth = depth.saturating_sub(1),
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
            "game::Turn<game::Red>::play",
            "game::Turn<game::Red>::play<u8>",
            "<game::Red as game::Player>::play",
            "<game::Turn<game::Red> as game::Player<f32>>::play",
        ] {
            assert_eq!(last_segment(path), "play", "{path}");
        }
        assert_eq!(last_segment("game::play::{{closure}}"), "{{closure}}");
    }
}

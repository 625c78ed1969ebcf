//! Phase 4: setup and schedules are tried in a throwaway world.
//!
//! Initialising a schedule there registers every component, resource and event that its systems
//! touch, which is what the [gate](super::gate) looks at.
//!
//! A missing resource cannot be told here: in Bevy 0.14 `Res` and `Option<Res>` register the same
//! access. It panics in the first frame, which is rolled back.

use std::{any::TypeId, collections::HashMap};

use bevy::{
    app::Main,
    ecs::schedule::ScheduleLabel,
    prelude::{AppTypeRegistry, AssetServer, World},
};
use hot_reloader_core::{panics, RegistryError, TypeShape};

use super::identify::Candidate;
use crate::hot::{error::RehearsalFault, recording::Recording, snapshot::StateKey, ReloadError};

/// What the rehearsal found out.
pub(super) struct Rehearsal {
    /// All types that the candidate's systems use.
    pub(super) types: HashMap<TypeId, TypeShape>,
    pub(super) state_keys: Vec<StateKey>,
}

pub(super) fn rehearse(live: &World, candidate: &Candidate) -> Result<Rehearsal, ReloadError> {
    let mut world = throwaway(live);
    let mut rehearsal = Rehearsal {
        types: HashMap::new(),
        state_keys: Vec::new(),
    };
    for (module, entry) in &candidate.modules {
        let failed = |fault| ReloadError::Rehearsal {
            module: module.name.clone(),
            fault,
        };
        let mut recording =
            Recording::of(entry).map_err(|panic| failed(RehearsalFault::Setup(panic)))?;
        for provision in &recording.provisions {
            provision.rehearse(&mut world);
        }
        let mut systems = Vec::new();
        initialise(&mut world, &mut recording, &mut systems).map_err(failed)?;
        if let Some(target) = module
            .delegation_targets
            .iter()
            .find(|target| !systems.contains(target))
        {
            return Err(ReloadError::Registry(RegistryError::UnknownTarget {
                module: module.name.clone(),
                target: target.clone(),
            }));
        }
        rehearsal.types.extend(recording.shapes());
        rehearsal.state_keys.append(&mut recording.state_keys);
        discard(recording);
    }
    for info in world.components().iter() {
        let Some(id) = info.type_id() else { continue };
        rehearsal.types.entry(id).or_insert_with(|| TypeShape {
            path: info.name().to_owned(),
            size: info.layout().size(),
            align: info.layout().align(),
            definition: None,
        });
    }
    discard(world);
    Ok(rehearsal)
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

/// Initialises all schedules and collects the names of their systems.
fn initialise(
    world: &mut World,
    recording: &mut Recording,
    systems: &mut Vec<String>,
) -> Result<(), RehearsalFault> {
    for (label, schedule) in &mut recording.schedules {
        let name = format!("{label:?}");
        if *label == Main.intern() {
            return Err(RehearsalFault::Schedule {
                schedule: name,
                reason: "it runs the other schedules; add to Update or another of them".to_owned(),
            });
        }
        match panics::guard(|| schedule.initialize(world)) {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                return Err(RehearsalFault::Schedule {
                    schedule: name,
                    reason: error.to_string(),
                })
            }
            Err(panic) => {
                return Err(RehearsalFault::Initialise {
                    schedule: name,
                    panic,
                })
            }
        }
        let names = schedule.systems().into_iter().flatten();
        systems.extend(names.map(|(_, system)| last_segment(&system.name())));
    }
    Ok(())
}

/// `move_ball` of `game::paddle::move_ball<f32>`.
fn last_segment(path: &str) -> String {
    let path = path.split('<').next().unwrap_or(path);
    path.rsplit("::").next().unwrap_or(path).to_owned()
}

fn discard<T>(rehearsed: T) {
    if let Err(panic) = panics::guard(|| drop(rehearsed)) {
        bevy::log::warn!("cleaning up after the rehearsal panicked: {panic}");
    }
}

//! Phase 5: types are compared with those in use.
//!
//! A type's `TypeId` follows its crate and path, not what it consists of, so the engine would take
//! bytes of the old type for the new one. What is the same stays where it is, untouched; what is
//! not is refused.

use std::any::TypeId;

use bevy::{ecs::component::ComponentId, prelude::World};
use hot_reloader_build::Workspace;
use hot_reloader_core::{shape::ShapeChange, TypeShape};

use super::{identify::Candidate, rehearse::Rehearsal};
use crate::hot::{delegate::Delegates, ReloadError};

/// What could not be checked, as warnings.
pub(super) fn check(
    world: &World,
    candidate: &Candidate,
    rehearsal: &Rehearsal,
    workspace: &Workspace,
) -> Result<Vec<String>, ReloadError> {
    let mut changes = Vec::new();
    let mut warnings = Vec::new();
    for (id, now) in &rehearsal.types {
        if let Some(was) = in_use(world, *id) {
            if !was.same_as(now) {
                // Without a value, fields may change; but the engine has laid out its columns.
                let same_layout = was.size == now.size && was.align == now.align;
                if !same_layout || is_alive(world, *id) {
                    changes.push(ShapeChange {
                        was,
                        now: now.clone(),
                    });
                }
            } else if now.definition.is_none()
                && is_hot(workspace, &now.path)
                && is_alive(world, *id)
            {
                warnings.push(format!(
                    "{} does not derive Reflect, so only its size was compared",
                    now.path
                ));
            }
        } else if let Some(was) = moved(world, *id, now) {
            changes.push(ShapeChange {
                was,
                now: now.clone(),
            });
        }
    }
    if !changes.is_empty() {
        changes.sort_by(|a, b| a.was.path.cmp(&b.was.path));
        return Err(ReloadError::TypesChanged(changes));
    }
    for slot in &world.resource::<Delegates>().slots {
        let goes = candidate.removed.contains(&slot.module.name)
            || candidate
                .modules
                .iter()
                .any(|(m, _)| m.name == slot.module.name);
        for key in slot.state_keys.iter().filter(|_| goes) {
            let stays = rehearsal
                .state_keys
                .iter()
                .any(|k| k.type_id == key.type_id);
            if !stays && is_alive(world, key.type_id) {
                warnings.push(format!(
                    "{} is a state key no longer; its values stay in the world",
                    key.path
                ));
            }
        }
    }
    warnings.sort();
    Ok(warnings)
}

/// What the running code, or else the world, takes the type to be.
fn in_use(world: &World, id: TypeId) -> Option<TypeShape> {
    let slots = &world.resource::<Delegates>().slots;
    if let Some(shape) = slots.iter().find_map(|slot| slot.shapes.get(&id)) {
        return Some(shape.clone());
    }
    let component = component(world, id)?;
    let info = world.components().get_info(component)?;
    Some(TypeShape {
        path: info.name().to_owned(),
        size: info.layout().size(),
        align: info.layout().align(),
        definition: None,
    })
}

/// A type of the same path that has values and that the new code would not find again, because
/// its identity changed.
fn moved(world: &World, id: TypeId, now: &TypeShape) -> Option<TypeShape> {
    world
        .components()
        .iter()
        .filter(|info| info.name() == now.path)
        .filter_map(|info| info.type_id())
        .filter(|other| *other != id && is_alive(world, *other))
        .find_map(|other| in_use(world, other))
}

fn component(world: &World, id: TypeId) -> Option<ComponentId> {
    let components = world.components();
    components
        .get_id(id)
        .or_else(|| components.get_resource_id(id))
}

/// Whether there is a value of the type: a resource, or a component of an entity. Of a type that
/// is neither, such as an event, it cannot be told.
fn is_alive(world: &World, id: TypeId) -> bool {
    let Some(component) = component(world, id) else {
        return true;
    };
    let resource = world.storages().resources.get(component);
    resource.is_some_and(|data| data.is_present())
        || world
            .archetypes()
            .iter()
            .any(|archetype| !archetype.is_empty() && archetype.contains(component))
}

/// Whether the type is of a crate that a reload may change. Generic types of the engine count by
/// their own crate.
fn is_hot(workspace: &Workspace, path: &str) -> bool {
    let name = path.split("::").next().unwrap_or(path);
    workspace
        .hot
        .iter()
        .any(|hot| hot.replace('-', "_") == name)
}

//! Types of new code are held against those in use.
//!
//! Where a crate's types change, its library is built so that they are others to the engine, and
//! [`migration`] takes their values over. Of those that are the same to the engine it is made sure
//! here that they are; what is not is refused.

use std::{any::TypeId, collections::HashSet};

use bevy::{
    ecs::component::ComponentId,
    prelude::{Schedules, World},
};
use hot_reloader_core::{shape::ShapeChange, TypeFault, TypeShape};
use hot_reloader_transaction::{Plan, ReloadError};

use super::{migration, names, rebuild, rehearsal::Rehearsal, slots::Delegates, snapshot};

/// Refuses types that changed. Returns what could not be made sure of, as warnings.
pub(crate) fn compare(
    world: &World,
    rehearsal: &Rehearsal,
    plan: &Plan,
) -> Result<Vec<String>, ReloadError> {
    let mut changes = Vec::new();
    let mut warnings = Vec::new();
    for (id, now) in &rehearsal.types {
        if let Some(was) = in_use(world, *id) {
            if !was.same_as(now) {
                // Without a value, fields may change; but the engine has laid out its columns.
                let same_layout = was.size == now.size && was.align == now.align;
                if !same_layout || is_alive(world, *id) {
                    changes.push(TypeFault {
                        name: now.path.clone(),
                        reason: "the compiler takes it for what it was; restart the app".to_owned(),
                        entity: None,
                        skeleton: None,
                        change: Some(ShapeChange {
                            was,
                            now: now.clone(),
                        }),
                    });
                }
            }
        }
    }
    if !changes.is_empty() {
        changes.sort_by(|a, b| a.name.cmp(&b.name));
        return Err(ReloadError::TypesChanged(changes));
    }
    let mut crossings = Vec::new();
    // What could not be tried is known when it has built.
    if rehearsal.is_sure() {
        crossings = migration::decide(world, rehearsal, &rehearsal.incoming, plan)
            .map_err(ReloadError::TypesChanged)?;
        migration::rehearse(world, &crossings).map_err(ReloadError::TypesChanged)?;
    }
    warnings.extend(keys_that_go(world, rehearsal, plan));
    let mut suspects = suspects(world, rehearsal);
    if plan.rebuilds {
        let delegates = world.resource::<Delegates>();
        let going = rebuild::going(delegates, plan).into_iter();
        suspects.extend(going.flat_map(|module| delegates.spawned.components(world, &module)));
    }
    let unseen = migration::unseen(world, &crossings);
    let alive = suspects.into_iter().filter(|id| {
        !unseen.contains(id)
            && is_component_alive(world, *id)
            && !is_left_alone(world, rehearsal, *id)
    });
    warnings.extend(not_covered(world, rehearsal, alive));
    warnings.sort();
    Ok(warnings)
}

fn keys_that_go(world: &World, rehearsal: &Rehearsal, plan: &Plan) -> Vec<String> {
    let slots = &world.resource::<Delegates>().slots;
    let going = slots.iter().filter(|slot| plan.replaces(&slot.module.name));
    going
        .flat_map(|slot| &slot.state_keys)
        .filter(|key| {
            let mut stay = rehearsal.state_keys.iter();
            // Under the name that it has now.
            let path = plan.layout.renamed(key.path);
            !stay.any(|k| k.path == path) && is_alive(world, key.type_id)
        })
        .map(|key| {
            format!(
                "{} is a state key no longer; its values stay in the world",
                key.path
            )
        })
        .collect()
}

/// What new code may change by what it declares: types that its systems write, and all of its own.
pub(crate) fn suspects(world: &World, rehearsal: &Rehearsal) -> HashSet<ComponentId> {
    let components = world.components().iter();
    components
        .filter(|info| {
            let is_written = info
                .type_id()
                .is_some_and(|id| rehearsal.written.contains(&id));
            // Any code may ask for another state.
            let name = info.name();
            let is_state = names::state_of(name).is_some() || names::is_next_state(name);
            is_written || is_state || rehearsal.is_hot(info.name())
        })
        .map(|info| info.id())
        .collect()
}

/// Whether it is a resource that modules make and new code does not write by what it declares. What a build
/// makes anew changes places, and comes back. What code does by a command all the same is told afterwards.
fn is_left_alone(world: &World, rehearsal: &Rehearsal, id: ComponentId) -> bool {
    let of = world
        .components()
        .get_info(id)
        .and_then(|info| info.type_id());
    of.is_some_and(|of| {
        let mut keys = [true, false].into_iter().map(|send| (of, send));
        let is_made =
            keys.any(|key| rehearsal.by_others.contains(&key) || rehearsal.made.contains_key(&key));
        is_made && !rehearsal.written.contains(&of)
    })
}

/// What is to be said when it is known what systems write that could not be tried, of what was there `before`.
pub(crate) fn not_covered_either(
    world: &World,
    rehearsal: &Rehearsal,
    written: &HashSet<ComponentId>,
    before: &HashSet<ComponentId>,
) -> Vec<String> {
    let known = suspects(world, rehearsal);
    let more = written.intersection(before).copied();
    let more = more.filter(|id| !known.contains(id));
    not_covered(world, rehearsal, more)
}

/// The same of those `components` that cannot be copied.
fn not_covered(
    world: &World,
    rehearsal: &Rehearsal,
    components: impl IntoIterator<Item = ComponentId>,
) -> Vec<String> {
    let not_covered = snapshot::not_covered(world, &rehearsal.rules(world), components);
    let said = not_covered.into_iter().map(|(name, why)| {
        format!("{name} could not be brought back if this reload is taken back: {why}")
    });
    said.collect()
}

/// What the app itself and modules that go on write by what they declare.
pub(crate) fn written_by_others(world: &World, rehearsal: &Rehearsal) -> HashSet<ComponentId> {
    let host = world.get_resource::<Schedules>();
    let host = host.into_iter().flat_map(Schedules::iter);
    let host = host.map(|(_, schedule)| schedule);
    let slots = world.resource::<Delegates>().slots.iter();
    // Of each module that is reloaded it is known which states it has.
    let going_on = slots.filter(|slot| !rehearsal.states.contains_key(&slot.module.name));
    let going_on = going_on.flat_map(|slot| slot.schedules.values().flatten());
    let schedules = host.chain(going_on);
    let systems = schedules.flat_map(|schedule| schedule.systems().into_iter().flatten());
    let written = systems.flat_map(|(_, system)| {
        let writes = system.component_access().writes();
        writes.collect::<Vec<_>>()
    });
    written.collect()
}

/// The components and resources of which there are values.
pub(crate) fn alive(world: &World) -> HashSet<ComponentId> {
    let components = world.components().iter().map(|info| info.id());
    let alive = components.filter(|id| is_component_alive(world, *id));
    alive.collect()
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

fn component(world: &World, id: TypeId) -> Option<ComponentId> {
    let components = world.components();
    components
        .get_id(id)
        .or_else(|| components.get_resource_id(id))
}

/// Whether there is a value of the type: a resource, or a component of an entity. Of a type that
/// is neither, such as an event, it cannot be told.
fn is_alive(world: &World, id: TypeId) -> bool {
    component(world, id).is_none_or(|component| is_component_alive(world, component))
}

fn is_component_alive(world: &World, component: ComponentId) -> bool {
    let storages = world.storages();
    let send = storages.resources.get(component);
    let non_send = storages.non_send_resources.get(component);
    send.is_some_and(|data| data.is_present())
        || non_send.is_some_and(|data| data.is_present())
        || world
            .archetypes()
            .iter()
            .any(|archetype| !archetype.is_empty() && archetype.contains(component))
}

//! The resources of a world, of whatever types they are.

use std::{any::TypeId, collections::HashSet};

use bevy::{
    ecs::{
        change_detection::MutUntyped,
        component::{ComponentId, ComponentTicks, Tick},
    },
    prelude::World,
};

/// The resource of a world, by what it is and whether it may leave its thread.
pub(crate) type ResourceKey = (TypeId, bool);

/// The resources that are there.
pub(crate) fn present(world: &World) -> HashSet<ResourceKey> {
    let storages = world.storages();
    let mut found = HashSet::new();
    for info in world.components().iter() {
        let Some(id) = info.type_id() else { continue };
        let send = storages.resources.get(info.id());
        let non_send = storages.non_send_resources.get(info.id());
        let is_present = [
            (send.is_some_and(|data| data.is_present()), true),
            (non_send.is_some_and(|data| data.is_present()), false),
        ];
        let present = is_present.into_iter().filter(|(is_present, _)| *is_present);
        found.extend(present.map(|(_, is_send)| (id, is_send)));
    }
    found
}

/// The resources that have been changed since a tick.
pub(crate) fn changed(world: &World, since: Tick) -> HashSet<ResourceKey> {
    let now = world.read_change_tick();
    let is_changed = |(id, is_send): &ResourceKey| {
        let ticks = find(world, *id).and_then(|id| ticks(world, id, *is_send));
        ticks.is_some_and(|ticks| ticks.last_changed_tick().is_newer_than(since, now))
    };
    let mut resources = present(world);
    resources.retain(is_changed);
    resources
}

pub(crate) fn find(world: &World, id: TypeId) -> Option<ComponentId> {
    world.components().get_resource_id(id)
}

pub(crate) fn name_of(world: &World, (id, _): ResourceKey) -> Option<String> {
    let name = world.components().get_name(find(world, id)?)?;
    Some(name.to_owned())
}

/// When the value was changed last, if there is one.
pub(crate) fn ticks(world: &World, id: ComponentId, is_send: bool) -> Option<ComponentTicks> {
    let storages = world.storages();
    if is_send {
        storages.resources.get(id)?.get_ticks()
    } else {
        storages.non_send_resources.get(id)?.get_ticks()
    }
}

pub(crate) fn value(world: &mut World, id: ComponentId, is_send: bool) -> Option<MutUntyped<'_>> {
    if is_send {
        world.get_resource_mut_by_id(id)
    } else {
        world.get_non_send_mut_by_id(id)
    }
}

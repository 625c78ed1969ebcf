//! The state keys of some modules, copied.

use std::any::{Any, TypeId};

use bevy::{
    ecs::{component::ComponentId, entity::Entity},
    hierarchy::DespawnRecursiveExt,
    prelude::World,
};

use crate::StateKeyType;

type AnyCopy = Box<dyn Any + Send + Sync>;

/// A type whose values a module owns, with the code that copies them.
#[derive(Clone, Copy)]
pub(crate) struct StateKey {
    pub(crate) path: &'static str,
    pub(crate) type_id: TypeId,
    is_component: bool,
    capture: fn(&mut World) -> AnyCopy,
    restore: fn(&mut World, &AnyCopy),
}

impl StateKey {
    pub(crate) fn of<T: StateKeyType<Kind>, Kind>() -> Self {
        Self {
            path: std::any::type_name::<T>(),
            type_id: TypeId::of::<T>(),
            is_component: T::IS_COMPONENT,
            capture: |world| Box::new(T::capture(world)),
            restore: |world, copy| {
                let copy = copy.downcast_ref::<T::Copy>();
                T::restore(world, copy.expect("a key restores what it captured"));
            },
        }
    }

    fn component(&self, world: &World) -> Option<ComponentId> {
        self.is_component
            .then(|| world.components().get_id(self.type_id))
            .flatten()
    }
}

/// The values of state keys at one moment, held in memory.
pub struct Snapshot {
    values: Vec<(StateKey, AnyCopy)>,
    /// The generation of the entity at each index, for those that were alive.
    alive: Vec<Option<u32>>,
}

impl std::fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let paths = self.values.iter().map(|(key, _)| key.path);
        f.debug_list().entries(paths).finish()
    }
}

impl Snapshot {
    pub(crate) fn capture(world: &mut World, keys: &[StateKey]) -> Self {
        let values = keys
            .iter()
            .map(|key| (*key, (key.capture)(world)))
            .collect();
        let mut alive = vec![None; world.entities().total_count()];
        if keys.iter().any(|key| key.is_component) {
            for archetype in world.archetypes().iter() {
                for entity in archetype.entities() {
                    let entity = entity.id();
                    alive[entity.index() as usize] = Some(entity.generation());
                }
            }
        }
        Self { values, alive }
    }

    /// Makes the values in the world those of this moment, under the same entities, and despawns
    /// entities with such components that were spawned since. Each restored value counts as
    /// changed.
    pub(crate) fn restore(&self, world: &mut World) {
        let components: Vec<ComponentId> = self
            .values
            .iter()
            .filter_map(|(key, _)| key.component(world))
            .collect();
        let newcomers: Vec<Entity> = world
            .archetypes()
            .iter()
            .filter(|archetype| components.iter().any(|id| archetype.contains(*id)))
            .flat_map(|archetype| archetype.entities().iter().map(|entity| entity.id()))
            .filter(|entity| !self.was_alive(*entity))
            .collect();
        for entity in newcomers {
            // An earlier one of the list may have been its parent.
            if let Some(entity) = world.get_entity_mut(entity) {
                entity.despawn_recursive();
            }
        }
        for (key, copy) in &self.values {
            (key.restore)(world, copy);
        }
    }

    fn was_alive(&self, entity: Entity) -> bool {
        self.alive.get(entity.index() as usize) == Some(&Some(entity.generation()))
    }
}

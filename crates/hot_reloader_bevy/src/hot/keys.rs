//! The types whose values a module owns.

use std::any::TypeId;

use bevy::{ecs::component::ComponentId, prelude::World};

use super::snapshot::CopyRule;
use crate::{Abilities, ModuleEntry, StateKeyType, StateKeys};

/// A type whose values a module owns.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StateKey {
    pub(crate) path: &'static str,
    pub(crate) type_id: TypeId,
    pub(crate) abilities: Abilities,
    /// How its values are copied.
    pub(crate) rule: CopyRule,
}

impl StateKey {
    pub(crate) fn new<T: StateKeyType>(abilities: Abilities) -> Self {
        Self {
            path: std::any::type_name::<T>(),
            type_id: TypeId::of::<T>(),
            abilities,
            rule: CopyRule::cloned::<T>(),
        }
    }

    /// Those that a module declares.
    pub(crate) fn of(module: &ModuleEntry) -> Vec<Self> {
        let mut keys = Vec::new();
        (module.declare)(&mut StateKeys { keys: &mut keys });
        keys
    }

    /// The component and the resource that it is, as far as the world knows it.
    pub(crate) fn components(&self, world: &World) -> impl Iterator<Item = ComponentId> {
        let components = world.components();
        let component = components.get_id(self.type_id);
        component
            .into_iter()
            .chain(components.get_resource_id(self.type_id))
    }
}

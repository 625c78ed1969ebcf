//! Types whose values a module owns.

use std::marker::PhantomData;

use bevy::{
    ecs::world::World,
    prelude::{Component, Resource},
    reflect::{GetTypeRegistration, TypeRegistry},
};

/// Marks types that are state keys because they are resources.
#[derive(Debug)]
pub struct IsResource;

/// Marks types that are state keys because they are components.
#[derive(Debug)]
pub struct IsComponent;

/// A type that can be a state key: it can be copied, and it is a resource or a component.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a state key",
    label = "a state key derives `Clone` and either `Resource` or `Component`"
)]
pub trait StateKeyType<Kind>: Clone + Send + Sync + 'static {
    /// The values in a world, copied.
    #[doc(hidden)]
    type Copy: Send + Sync + 'static;
    /// Whether it is a component.
    #[doc(hidden)]
    const IS_COMPONENT: bool;
    /// Copies all values.
    #[doc(hidden)]
    fn capture(world: &mut World) -> Self::Copy;
    /// Makes the values in the world those of the copy, absent ones included.
    #[doc(hidden)]
    fn restore(world: &mut World, copy: &Self::Copy);
}

impl<T: Resource + Clone> StateKeyType<IsResource> for T {
    type Copy = Option<T>;
    const IS_COMPONENT: bool = false;

    fn capture(world: &mut World) -> Self::Copy {
        world.get_resource::<T>().cloned()
    }

    fn restore(world: &mut World, copy: &Self::Copy) {
        match copy {
            Some(value) => world.insert_resource(value.clone()),
            None => {
                world.remove_resource::<T>();
            }
        }
    }
}

impl<T: Component + Clone> StateKeyType<IsComponent> for T {
    type Copy = Vec<(bevy::ecs::entity::Entity, T)>;
    const IS_COMPONENT: bool = true;

    fn capture(world: &mut World) -> Self::Copy {
        let mut values = world.query::<(bevy::ecs::entity::Entity, &T)>();
        values
            .iter(world)
            .map(|(entity, value)| (entity, value.clone()))
            .collect()
    }

    fn restore(world: &mut World, copy: &Self::Copy) {
        use bevy::{
            ecs::{entity::EntityHashSet, query::With},
            hierarchy::DespawnRecursiveExt,
        };
        let kept: EntityHashSet = copy.iter().map(|(entity, _)| *entity).collect();
        let mut holders = world.query_filtered::<bevy::ecs::entity::Entity, With<T>>();
        let added: Vec<_> = holders
            .iter(world)
            .filter(|entity| !kept.contains(entity))
            .collect();
        for entity in added {
            world.entity_mut(entity).remove::<T>();
        }
        for (entity, value) in copy {
            // An entity that was despawned comes back under its own id. One that took its index
            // since then gives way: it is newer than the copy.
            let holder = world.entities().resolve_from_id(entity.index());
            if let Some(newer) = holder
                .filter(|holder| holder != entity)
                .and_then(|holder| world.get_entity_mut(holder))
            {
                newer.despawn_recursive();
            }
            let mut entity = world
                .get_or_spawn(*entity)
                .expect("its index was freed just now");
            match entity.get_mut::<T>() {
                Some(mut current) => *current = value.clone(),
                None => {
                    entity.insert(value.clone());
                }
            }
        }
    }
}

/// Finds out at compile time whether a type can be looked into, by the way in which the compiler
/// prefers methods that need no further reference.
#[derive(Debug, Default)]
pub struct Probe<T>(PhantomData<T>);

impl<T> Probe<T> {
    /// A probe for `T`.
    #[must_use]
    pub fn new() -> Self {
        Self(PhantomData)
    }
}

/// Registers a type for reflection.
pub type Register = fn(&mut TypeRegistry);

/// Chosen for types that derive `Reflect`.
pub trait Reflected {
    /// How to register the type.
    fn registration(&self) -> Option<Register>;
}

impl<T: GetTypeRegistration> Reflected for Probe<T> {
    fn registration(&self) -> Option<Register> {
        Some(TypeRegistry::register::<T>)
    }
}

/// Chosen for all others.
pub trait Unreflected {
    /// There is nothing to register.
    fn registration(&self) -> Option<Register>;
}

impl<T> Unreflected for &Probe<T> {
    fn registration(&self) -> Option<Register> {
        None
    }
}

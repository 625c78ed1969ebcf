//! Types whose values a module owns.

use std::marker::PhantomData;

use bevy::{
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
pub trait StateKeyType<Kind>: Clone + Send + Sync + 'static {}

impl<T: Resource + Clone> StateKeyType<IsResource> for T {}

impl<T: Component + Clone> StateKeyType<IsComponent> for T {}

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

//! Types whose values a module owns.
#![cfg_attr(
    feature = "hot",
    expect(
        unsafe_code,
        reason = "it reads values that are known by their type id only"
    )
)]

use std::{any::Any, marker::PhantomData};

use bevy::{
    ecs::system::SystemState,
    prelude::{Component, Res, Resource, World},
    ptr::Ptr,
    reflect::{GetTypeRegistration, Reflect, TypeRegistry},
};
use serde::{de::DeserializeOwned, Serialize};

/// A type that can be a state key: it can be copied.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a state key",
    label = "a state key derives `Clone` and either `Resource` or `Component`",
    note = "without `Clone`, leave it out of `state_keys`: its values stay all the same"
)]
pub trait StateKeyType: Clone + Send + Sync + 'static {}

impl<T: Clone + Send + Sync + 'static> StateKeyType for T {}

/// How values of before become values of a type, where it says so itself: `#[state(migrate = function)]`.
pub trait Migrate: Sized {
    /// Makes a value of one that was of the type before. It may look at the world, in which the values of
    /// before still are.
    ///
    /// # Errors
    ///
    /// Why that cannot be. Then the reload is refused, and nothing has changed.
    fn migrate(was: &dyn Reflect, world: &World) -> Result<Self, String>;
}

/// Registers a type for reflection.
pub type Register = fn(&mut TypeRegistry);

/// Makes a value of another, for [`Migrate`].
pub type MigrateFn = fn(&dyn Reflect, &World) -> Result<Box<dyn Reflect>, String>;

/// Writes values down, and reads what was written.
#[derive(Clone, Copy, Debug)]
pub struct Written {
    /// As text; or why that cannot be. The value has to be of the type.
    pub save: unsafe fn(Ptr<'_>) -> Result<String, String>,
    /// From text; or why that cannot be.
    pub load: fn(&str) -> Result<Box<dyn Any>, String>,
}

/// What can be done with the values of a state key, as far as its traits go.
#[derive(Clone, Copy, Debug)]
pub struct Abilities {
    /// Makes it known to a world, as the component or resource that it is.
    pub make_known: fn(&mut World),
    /// If it derives `Reflect`.
    pub register: Option<Register>,
    /// If it is `Default` besides.
    pub default: Option<fn() -> Box<dyn Reflect>>,
    /// If it is `Serialize` and `Deserialize`.
    pub written: Option<Written>,
    /// If it says so itself.
    pub migrate: Option<MigrateFn>,
}

/// What a module declares to own. `#[hot_module(state_keys = [...])]` writes what declares it.
#[derive(Debug)]
pub struct StateKeys<'a> {
    #[cfg(feature = "hot")]
    pub(crate) keys: &'a mut Vec<crate::hot::StateKey>,
    #[cfg(not(feature = "hot"))]
    nothing: PhantomData<&'a ()>,
}

impl StateKeys<'_> {
    /// Declares that the module owns all values of `T`.
    #[cfg(feature = "hot")]
    pub fn add<T: StateKeyType>(&mut self, abilities: Abilities) {
        self.keys.push(crate::hot::StateKey::new::<T>(abilities));
    }

    /// Declares that the module owns all values of `T`, which means nothing here.
    #[cfg(not(feature = "hot"))]
    #[expect(clippy::unused_self, reason = "with `hot` it is noted")]
    pub fn add<T: StateKeyType>(&mut self, _abilities: Abilities) {}
}

/// Finds out at compile time what a type can do, by the way in which the compiler prefers methods that need
/// no further reference.
#[derive(Debug, Default)]
pub struct Probe<T>(PhantomData<T>);

impl<T> Probe<T> {
    /// A probe for `T`.
    #[must_use]
    pub fn new() -> Self {
        Self(PhantomData)
    }
}

/// What a state key is to a world. Chosen is the first that holds.
pub trait IsBoth {
    /// Makes it known.
    fn make_known(&self) -> fn(&mut World);
}

impl<T: Component + Resource> IsBoth for &&&Probe<T> {
    fn make_known(&self) -> fn(&mut World) {
        |world| {
            world.init_component::<T>();
            know_resource::<T>(world);
        }
    }
}

/// See [`IsBoth`].
pub trait IsComponent {
    /// Makes it known.
    fn make_known(&self) -> fn(&mut World);
}

impl<T: Component> IsComponent for &&Probe<T> {
    fn make_known(&self) -> fn(&mut World) {
        |world| {
            world.init_component::<T>();
        }
    }
}

/// See [`IsBoth`].
pub trait IsResource {
    /// Makes it known.
    fn make_known(&self) -> fn(&mut World);
}

impl<T: Resource> IsResource for &Probe<T> {
    fn make_known(&self) -> fn(&mut World) {
        know_resource::<T>
    }
}

/// See [`IsBoth`].
pub trait IsNeither {
    /// There is no way to.
    fn make_known(&self) -> InNoWorld {
        InNoWorld
    }
}

impl<T> IsNeither for Probe<T> {}

/// What is neither a component nor a resource.
#[derive(Debug)]
pub struct InNoWorld;

/// How `T` is made known to a world.
#[diagnostic::on_unimplemented(
    message = "`{T}` cannot be a state key",
    label = "a state key derives `Clone` and either `Resource` or `Component`"
)]
pub trait MakeKnown<T> {
    /// The function that does it.
    fn function(self) -> fn(&mut World);
}

impl<T> MakeKnown<T> for fn(&mut World) {
    fn function(self) -> fn(&mut World) {
        self
    }
}

/// The function that makes `T` known to a world.
pub fn make_known<T, How: MakeKnown<T>>(how: How) -> fn(&mut World) {
    how.function()
}

/// A world has no other public way to.
fn know_resource<R: Resource>(world: &mut World) {
    SystemState::<Option<Res<R>>>::new(world);
}

/// Chosen for types that derive `Reflect`.
pub trait Reflected {
    /// How to register the type.
    fn register(&self) -> Option<Register>;
}

impl<T: GetTypeRegistration> Reflected for &Probe<T> {
    fn register(&self) -> Option<Register> {
        Some(TypeRegistry::register::<T>)
    }
}

/// Chosen for those that are `Default` besides.
pub trait Defaulted {
    /// How to make a value.
    fn default_value(&self) -> Option<fn() -> Box<dyn Reflect>>;
}

impl<T: Reflect + Default> Defaulted for &Probe<T> {
    fn default_value(&self) -> Option<fn() -> Box<dyn Reflect>> {
        Some(|| Box::new(T::default()))
    }
}

/// Chosen for types that serde writes down.
pub trait WrittenDown {
    /// How.
    fn written(&self) -> Option<Written>;
}

#[cfg(feature = "hot")]
impl<T: Serialize + DeserializeOwned + 'static> WrittenDown for &Probe<T> {
    fn written(&self) -> Option<Written> {
        Some(Written {
            save: |value| {
                // SAFETY: whoever calls it vouches for the type.
                let value = unsafe { value.deref::<T>() };
                ron::to_string(value).map_err(|error| error.to_string())
            },
            load: |text| match ron::from_str::<T>(text) {
                Ok(value) => Ok(Box::new(value)),
                Err(error) => Err(error.code.to_string()),
            },
        })
    }
}

/// Nothing is ever read back.
#[cfg(not(feature = "hot"))]
impl<T: Serialize + DeserializeOwned + 'static> WrittenDown for &Probe<T> {
    fn written(&self) -> Option<Written> {
        None
    }
}

/// Chosen for those that migrate their values themselves.
pub trait Migrating {
    /// How.
    fn migrate(&self) -> Option<MigrateFn>;
}

impl<T: Reflect + Migrate> Migrating for &Probe<T> {
    fn migrate(&self) -> Option<MigrateFn> {
        Some(|was, world| Ok(Box::new(T::migrate(was, world)?)))
    }
}

/// Chosen for all others.
pub trait Otherwise {
    /// There is nothing to register.
    fn register(&self) -> Option<Register> {
        None
    }
    /// There is no value.
    fn default_value(&self) -> Option<fn() -> Box<dyn Reflect>> {
        None
    }
    /// It is not written down.
    fn written(&self) -> Option<Written> {
        None
    }
    /// It says nothing.
    fn migrate(&self) -> Option<MigrateFn> {
        None
    }
}

impl<T> Otherwise for Probe<T> {}

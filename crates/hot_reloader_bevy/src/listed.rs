//! What `hot_library!` lists, told apart by the compiler.
//!
//! A name may be that of a type, of a function, or of both. [`named`] gives it a meaning as both, which an
//! import of what it really names takes the place of.

use std::marker::PhantomData;

use bevy::prelude::{App, Plugin};

use crate::{HotModuleDef, ModuleEntry};

/// The meaning of the name `Named` as a type and as a value where it has no other.
pub mod named {
    /// Nothing.
    #[derive(Debug)]
    pub struct Named;
}

/// The entry of a function with `#[hot_module]`, if `T` stands for one: found before that of
/// [`Undeclared`].
#[derive(Debug)]
pub struct Declared<T>(PhantomData<T>);

impl<T: HotModuleDef> Declared<T> {
    /// The entry.
    pub const ENTRY: Option<ModuleEntry> = Some(T::ENTRY);
}

/// Found if there is no [`HotModuleDef`].
pub trait Undeclared {
    /// There is none.
    const ENTRY: Option<ModuleEntry> = None;
}

impl<T> Undeclared for Declared<T> {}

/// What is listed: `T` as a type, and a value.
pub struct Listed<T, V> {
    value: std::cell::Cell<Option<V>>,
    of: PhantomData<T>,
}

impl<T, V> std::fmt::Debug for Listed<T, V> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(std::any::type_name::<(T, V)>())
    }
}

impl<T, V> Listed<T, V> {
    /// It has not been added yet.
    #[must_use]
    pub fn new(value: V) -> Self {
        Self {
            value: std::cell::Cell::new(Some(value)),
            of: PhantomData,
        }
    }
}

/// A function or a value that is a plugin. Chosen is the first that holds.
pub trait AddValue {
    /// Adds it.
    fn add(&self, app: &mut App) -> Added;
}

impl<T, V: Plugin> AddValue for &&Listed<T, V> {
    fn add(&self, app: &mut App) -> Added {
        if let Some(plugin) = self.value.take() {
            app.add_plugins(plugin);
        }
        Added
    }
}

/// See [`AddValue`].
pub trait AddDefault {
    /// Adds the default of the type.
    fn add(&self, app: &mut App) -> Added;
}

impl<T: Plugin + Default, V> AddDefault for &Listed<T, V> {
    fn add(&self, app: &mut App) -> Added {
        app.add_plugins(T::default());
        Added
    }
}

/// See [`AddValue`].
pub trait AddNothing {
    /// There is nothing to add.
    fn add(&self, app: &mut App) -> NotAdded;
}

impl<T, V> AddNothing for Listed<T, V> {
    fn add(&self, _app: &mut App) -> NotAdded {
        NotAdded
    }
}

/// It was a plugin.
#[derive(Debug)]
pub struct Added;

/// It was none.
#[derive(Debug)]
pub struct NotAdded;

/// Whether what is listed was added.
#[diagnostic::on_unimplemented(
    message = "`{T}` cannot be a module",
    label = "a module is a type that is a `Plugin` with a `Default`, a value of a `Plugin`, or a function that takes a `&mut App`"
)]
pub trait IsPlugin<T> {}

impl<T> IsPlugin<T> for Added {}

/// Refuses what is no plugin.
pub fn is_plugin<T, Found: IsPlugin<T>>(_found: Found) {}

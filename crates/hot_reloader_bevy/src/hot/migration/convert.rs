//! How a value of before becomes one of the new code.
#![expect(
    unsafe_code,
    reason = "it reads and makes values that are known by their type id only"
)]

use std::{
    any::{Any, TypeId},
    collections::HashMap,
    sync::Arc,
};

use bevy::{
    prelude::{Entity, World},
    ptr::Ptr,
    reflect::{Reflect, ReflectFromPtr, TypeRegistry},
};
use hot_reloader_core::panics;

use super::adapt::{Adapter, Notes};
use crate::{
    hot::snapshot::{move_out, whole, Column, Copier},
    state_key::MigrateFn,
};

/// Writes a value down.
pub(super) type Save = unsafe fn(Ptr<'_>) -> Result<String, String>;
/// Reads what was written.
pub(super) type Load = fn(&str) -> Result<Box<dyn Any>, String>;

/// How values of one type become those of another.
pub(super) enum Conversion {
    /// The two are the same.
    AsItIs(Copier),
    /// By a function of the new code.
    Function(ReflectFromPtr, MigrateFn),
    /// By serde; if that fails, by reflection if it can.
    Written(Save, Load, Option<Reflection>),
    Reflected(Reflection),
    /// The number of each variant of an enum without fields, before and after.
    Variants(Vec<(i64, i64)>),
}

/// What reflection knows of both types.
pub(super) struct Reflection {
    pub(super) pointer: ReflectFromPtr,
    /// Whether it ignores what may be in a value of before.
    pub(super) ignores: bool,
    pub(super) to: TypeId,
    pub(super) registry: Arc<TypeRegistry>,
    pub(super) defaults: HashMap<TypeId, fn() -> Box<dyn Reflect>>,
}

/// A value that could not be converted.
pub(super) struct Stuck {
    pub(super) entity: Option<Entity>,
    pub(super) reason: String,
}

impl Conversion {
    /// Makes a new value of each, in their order. Returns what was left out and what was added.
    ///
    /// # Safety
    ///
    /// The values are of the type of before and of `size` bytes, and `into` is of the new type and has room
    /// for them.
    pub(super) unsafe fn convert<'w>(
        &self,
        world: &World,
        values: impl IntoIterator<Item = (Option<Entity>, Ptr<'w>)>,
        size: usize,
        into: &mut Column,
    ) -> Result<Vec<String>, Stuck> {
        let mut notes = Notes::default();
        for (entity, value) in values {
            let stuck = |reason| Stuck { entity, reason };
            // SAFETY: the caller vouches for value and column.
            let work = || unsafe { self.one(world, value, size, into, &mut notes) };
            match panics::guard(work) {
                Ok(converted) => converted.map_err(stuck)?,
                Err(panic) => return Err(stuck(format!("making it a new one panicked: {panic}"))),
            }
        }
        Ok(notes.lines())
    }

    /// # Safety
    ///
    /// As for [`convert`](Self::convert).
    unsafe fn one(
        &self,
        world: &World,
        value: Ptr<'_>,
        size: usize,
        into: &mut Column,
        notes: &mut Notes,
    ) -> Result<(), String> {
        // SAFETY: in each arm the value is read as what it is, by what knows its type, and one of the new
        // type is written.
        unsafe {
            match self {
                Self::AsItIs(copier) => {
                    let copied = copier.is_whole(value) && copier.copy(value, into);
                    let why =
                        "reflection does not see all of it; list it in `state_keys` with `Clone`";
                    copied.then_some(()).ok_or_else(|| why.to_owned())
                }
                Self::Function(pointer, migrate) => {
                    let made = migrate(pointer.as_reflect(value), world)?;
                    push(made.into_any(), into)
                }
                Self::Written(save, load, reflection) => {
                    let read = save(value).and_then(|text| load(&text));
                    match (read, reflection) {
                        (Ok(made), _) => push(made, into),
                        (Err(_), Some(reflection)) => reflection.push(value, into, notes),
                        (Err(reason), None) => Err(reason),
                    }
                }
                Self::Reflected(reflection) => reflection.push(value, into, notes),
                Self::Variants(numbers) => {
                    let was = std::slice::from_raw_parts(value.as_ptr(), size);
                    let mut numbers = numbers.iter();
                    let found = numbers.find(|(number, _)| low_bytes(*number, size) == was);
                    let (_, number) = found.ok_or("its variant is gone")?;
                    let now = low_bytes(*number, into.item().size());
                    into.push_with(|place| {
                        std::ptr::copy_nonoverlapping(now.as_ptr(), place, now.len());
                        true
                    });
                    Ok(())
                }
            }
        }
    }
}

impl Reflection {
    /// # Safety
    ///
    /// As for [`Conversion::convert`].
    unsafe fn push(
        &self,
        value: Ptr<'_>,
        into: &mut Column,
        notes: &mut Notes,
    ) -> Result<(), String> {
        // SAFETY: the caller vouches for the type.
        let value = unsafe { self.pointer.as_reflect(value) };
        if self.ignores || !whole(value) {
            let why = "reflection does not see all of it; derive `Serialize` and `Deserialize`, with no field skipped, \
                       and list it in `state_keys`, or let a function migrate it";
            return Err(why.to_owned());
        }
        let mut adapter = Adapter {
            registry: &self.registry,
            defaults: &|id| self.defaults.get(&id).map(|default| default()),
            notes: std::mem::take(notes),
        };
        let made = adapter.adapt(value, self.to);
        *notes = adapter.notes;
        let made = made?;
        if made.as_any().type_id() != self.to {
            return Err("it cannot be made of its fields".to_owned());
        }
        // SAFETY: it is of the type that is wanted, or what that consists of.
        unsafe { push(made.into_any(), into) }
    }
}

/// # Safety
///
/// The value is what the column holds.
unsafe fn push(made: Box<dyn Any>, into: &mut Column) -> Result<(), String> {
    let size = size_of_val(&*made);
    if size != into.item().size() {
        return Err("the new code makes something else of it".to_owned());
    }
    // SAFETY: the caller vouches for the type, and the value is given away.
    unsafe {
        into.push_with(|place| {
            move_out(made, |value| {
                std::ptr::copy_nonoverlapping(value.as_ptr(), place, size);
            });
            true
        });
    }
    Ok(())
}

/// A number as the compiler writes it in that many bytes.
fn low_bytes(number: i64, size: usize) -> Vec<u8> {
    let bytes = number.to_ne_bytes();
    let size = size.min(bytes.len());
    if cfg!(target_endian = "big") {
        bytes[bytes.len() - size..].to_vec()
    } else {
        bytes[..size].to_vec()
    }
}

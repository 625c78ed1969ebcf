//! How a value is copied whose type is known to the engine only.
#![expect(
    unsafe_code,
    reason = "it copies values that are known by their type id only"
)]

use std::{
    any::{Any, TypeId},
    collections::HashMap,
    ptr::NonNull,
};

use bevy::{
    ecs::component::ComponentInfo,
    prelude::{AppTypeRegistry, World},
    ptr::{OwningPtr, Ptr},
    reflect::{Reflect, ReflectFromPtr, ReflectFromReflect, ReflectRef, TypeRegistry},
};

use super::{
    column::Column,
    ignored, policy,
    rule::{Clone, CopyRule, RuleCopier},
};

/// How the values of one type are copied.
#[derive(Clone)]
pub(in crate::hot) enum Copier {
    /// They mirror what is outside of the world, and stay.
    Leave,
    /// Without drop glue, a value is its bytes.
    Bytes,
    Clone(Clone),
    /// They are made anew by the engine, or mirror the outside: what is there stays, and what is gone
    /// comes back.
    IfMissing(Clone),
    Reflect(ReflectFromPtr, ReflectFromReflect),
    /// The engine works them out from the rest: what is there stays, and what is gone comes back as far as
    /// reflection sees it, or is the engine's to add again.
    Derived(Option<(ReflectFromPtr, ReflectFromReflect)>),
    /// For want of a way to; and why.
    Unable(&'static str),
}

/// All that is known about how to copy.
pub(in crate::hot) struct Copiers {
    rules: HashMap<TypeId, CopyRule>,
    registry: Option<AppTypeRegistry>,
    /// Types of the engine, which an app without their plugins does not register.
    of_engine: TypeRegistry,
}

impl Copiers {
    /// With the rules for the engine's own types, which those that are given replace.
    pub(in crate::hot) fn new(world: &World, rules: &[CopyRule]) -> Self {
        let rules = policy::rules().into_iter().chain(rules.iter().copied());
        Self {
            rules: rules.map(|rule| (rule.type_id, rule)).collect(),
            registry: world.get_resource::<AppTypeRegistry>().cloned(),
            of_engine: policy::types(),
        }
    }

    /// How reflection looks at a value of the type.
    pub(in crate::hot) fn pointer(&self, id: TypeId) -> Option<ReflectFromPtr> {
        let of_app = self.registry.as_ref()?.read();
        let of_app = of_app.get_type_data::<ReflectFromPtr>(id);
        let of_engine = self.of_engine.get_type_data::<ReflectFromPtr>(id);
        of_app.or(of_engine).cloned()
    }

    pub(in crate::hot) fn of(&self, info: &ComponentInfo) -> Copier {
        let Some(id) = info.type_id() else {
            return if info.drop().is_none() {
                Copier::Bytes
            } else {
                Copier::Unable("it is no Rust type")
            };
        };
        match self.rules.get(&id).map(|rule| rule.copier) {
            Some(RuleCopier::Leave) => return Copier::Leave,
            Some(RuleCopier::IfMissing(clone)) => return Copier::IfMissing(clone),
            // Its own `Clone` may count or share, but bytes are what it is.
            _ if info.drop().is_none() => return Copier::Bytes,
            Some(RuleCopier::Clone(clone)) => return Copier::Clone(clone),
            None if policy::is_left(info.name()) => return Copier::Leave,
            None => {}
        }
        let of_app = self.registry.as_ref().map(|registry| registry.read());
        let data = of_app
            .as_ref()
            .and_then(|registry| by_reflection(registry, id))
            .or_else(|| by_reflection(&self.of_engine, id));
        if policy::is_derived(info.name()) {
            return Copier::Derived(data);
        }
        if of_app.is_some_and(|registry| ignored::is_in(&registry, id)) {
            return Copier::Unable(
                "reflection ignores a field in it, and it is no state key with Clone",
            );
        }
        data.map_or(
            Copier::Unable("it has neither Reflect nor is it a state key with Clone"),
            |(pointer, from)| Copier::Reflect(pointer, from),
        )
    }
}

fn by_reflection(
    registry: &TypeRegistry,
    id: TypeId,
) -> Option<(ReflectFromPtr, ReflectFromReflect)> {
    let pointer = registry.get_type_data::<ReflectFromPtr>(id)?;
    let from = registry.get_type_data::<ReflectFromReflect>(id)?;
    Some((pointer.clone(), from.clone()))
}

impl Copier {
    /// Whether it copies all of a value.
    ///
    /// # Safety
    ///
    /// The value is of the type that the copier is for.
    pub(in crate::hot) unsafe fn is_whole(&self, value: Ptr<'_>) -> bool {
        match self {
            // SAFETY: the caller vouches for the type.
            Self::Reflect(pointer, _) => whole(unsafe { pointer.as_reflect(value) }),
            _ => true,
        }
    }

    /// Copies `value` behind those that are in `column`. `false` if it cannot be copied.
    ///
    /// # Safety
    ///
    /// Both are of the type that the copier is for.
    pub(in crate::hot) unsafe fn copy(&self, value: Ptr<'_>, column: &mut Column) -> bool {
        // SAFETY: the caller vouches for the types, and each arm writes a value or says no.
        unsafe {
            match self {
                Self::Leave | Self::Derived(None) | Self::Unable(_) => false,
                Self::Bytes => {
                    column.extend_from_bytes(value.as_ptr(), 1);
                    true
                }
                Self::Clone(clone) | Self::IfMissing(clone) => column.push_with(|place| {
                    clone(value, place);
                    true
                }),
                Self::Reflect(pointer, from) | Self::Derived(Some((pointer, from))) => {
                    let value = pointer.as_reflect(value);
                    let Some(copy) = from.from_reflect(value) else {
                        return false;
                    };
                    let size = size_of_val(&*copy);
                    if copy.as_any().type_id() != value.as_any().type_id() {
                        return false;
                    }
                    column.push_with(|place| {
                        move_out(copy.into_any(), |from| {
                            std::ptr::copy_nonoverlapping(from.as_ptr(), place, size);
                        });
                        true
                    })
                }
            }
        }
    }
}

/// Hands the value in a box over as bytes: whoever takes them owns it.
pub(in crate::hot) fn move_out(value: Box<dyn Any>, take: impl FnOnce(OwningPtr<'_>)) {
    let layout = std::alloc::Layout::for_value(&*value);
    let pointer = NonNull::new(Box::into_raw(value).cast::<u8>()).expect("a box is not null");
    // SAFETY: the value is there, and is not looked at again here.
    take(unsafe { OwningPtr::new(pointer) });
    if layout.size() > 0 {
        // SAFETY: a box of this layout owned the memory, and nobody owns it now.
        unsafe { std::alloc::dealloc(pointer.as_ptr(), layout) };
    }
}

/// Whether reflection sees all of a value, as far as its sizes tell: the compiler packs fields so that only the end of
/// a struct is padding. A field with `#[reflect(ignore)]` leaves no other trace, and none where it takes the place of
/// padding; of types whose sources are known, [`ignored`] knows better.
pub(in crate::hot) fn whole(value: &dyn Reflect) -> bool {
    match value.reflect_ref() {
        ReflectRef::Struct(fields) => consists_of(value, fields.iter_fields()),
        ReflectRef::TupleStruct(fields) => consists_of(value, fields.iter_fields()),
        ReflectRef::Tuple(fields) => consists_of(value, fields.iter_fields()),
        // Another variant may take more.
        ReflectRef::Enum(variant) => variant.iter_fields().all(|field| whole(field.value())),
        ReflectRef::List(items) => are_whole(items.iter()),
        ReflectRef::Array(items) => are_whole(items.iter()),
        ReflectRef::Map(items) => items.iter().all(|(key, item)| whole(key) && whole(item)),
        ReflectRef::Value(_) => true,
    }
}

/// Whether all of a list are, whose items are of one type.
fn are_whole<'a>(items: impl Iterator<Item = &'a dyn Reflect>) -> bool {
    // One that has no parts is, and so are the others: numbers, of which there may be many.
    let has_parts = |item: &&dyn Reflect| !matches!(item.reflect_ref(), ReflectRef::Value(_));
    items.take_while(has_parts).all(whole)
}

/// Whether there is room for nothing but these.
fn consists_of<'a>(value: &dyn Reflect, fields: impl Iterator<Item = &'a dyn Reflect>) -> bool {
    let mut seen = 0_usize;
    for field in fields {
        if !whole(field) {
            return false;
        }
        seen += size_of_val(field);
    }
    size_of_val(value) == seen.next_multiple_of(align_of_val(value))
}

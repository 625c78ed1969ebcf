//! Types with fields that reflection ignores, so it cannot copy their values.
//!
//! Reflection does not tell of such a field, and its bytes may be where others have none. But the sources tell, of
//! crates that may change: so that is noted in the registry, beside what reflection knows of the type.

use std::{any::TypeId, collections::HashSet};

use bevy::reflect::{TypeInfo, TypeRegistry, VariantInfo};

/// Whether reflection ignores a field of a type, as the sources said when it was registered.
#[derive(Clone, Copy)]
struct Ignores(bool);

/// Notes of each type what `ignores` says, by its path.
pub(in crate::hot) fn note(registry: &mut TypeRegistry, ignores: impl Fn(&str) -> Option<bool>) {
    for registration in registry.iter_mut() {
        if let Some(ignores) = ignores(registration.type_info().type_path()) {
            registration.insert(Ignores(ignores));
        }
    }
}

/// Notes the same of types of which nobody has: what is known of a type stays what it was at first.
pub(in crate::hot) fn take_over(registry: &mut TypeRegistry, of_code: &TypeRegistry) {
    for registration in of_code.iter() {
        let Some(ignores) = registration.data::<Ignores>() else {
            continue;
        };
        let known = registry.get_mut(registration.type_id());
        if let Some(known) = known.filter(|known| known.data::<Ignores>().is_none()) {
            known.insert(*ignores);
        }
    }
}

/// Whether a value of the type may have in it what reflection ignores.
pub(in crate::hot) fn is_in(registry: &TypeRegistry, id: TypeId) -> bool {
    let mut waiting = vec![id];
    let mut seen = HashSet::new();
    while let Some(id) = waiting.pop() {
        let registration = registry.get(id).filter(|_| seen.insert(id));
        let Some(registration) = registration else {
            continue;
        };
        if registration.data::<Ignores>().is_some_and(|of| of.0) {
            return true;
        }
        waiting.extend(parts(registration.type_info()));
    }
    false
}

/// What a value consists of.
fn parts(of: &TypeInfo) -> Vec<TypeId> {
    match of {
        TypeInfo::Struct(of) => of.iter().map(|field| field.type_id()).collect(),
        TypeInfo::TupleStruct(of) => of.iter().map(|field| field.type_id()).collect(),
        TypeInfo::Tuple(of) => of.iter().map(|field| field.type_id()).collect(),
        TypeInfo::List(of) => vec![of.item_type_id()],
        TypeInfo::Array(of) => vec![of.item_type_id()],
        TypeInfo::Map(of) => vec![of.key_type_id(), of.value_type_id()],
        TypeInfo::Enum(of) => of.iter().flat_map(parts_of_variant).collect(),
        TypeInfo::Value(_) => Vec::new(),
    }
}

fn parts_of_variant(of: &VariantInfo) -> Vec<TypeId> {
    match of {
        VariantInfo::Struct(of) => of.iter().map(|field| field.type_id()).collect(),
        VariantInfo::Tuple(of) => of.iter().map(|field| field.type_id()).collect(),
        VariantInfo::Unit(_) => Vec::new(),
    }
}

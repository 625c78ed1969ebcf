//! What a type consists of, as reflection sees it.

use std::{any::TypeId, fmt::Write};

use bevy::reflect::{NamedField, TypeInfo, TypeRegistry, UnnamedField, VariantInfo};

/// All fields and variants of a type, recursively and in order, one to a line.
pub(super) fn definition(registry: &TypeRegistry, id: TypeId) -> Option<String> {
    let mut text = String::new();
    describe(registry, id, "", &mut Vec::new(), &mut text)?;
    Some(text)
}

fn describe(
    registry: &TypeRegistry,
    id: TypeId,
    path: &str,
    within: &mut Vec<TypeId>,
    text: &mut String,
) -> Option<()> {
    let info = registry.get_type_info(id)?;
    if within.contains(&id) {
        return Some(());
    }
    within.push(id);
    for (name, type_path, id) in parts(info) {
        let path = if path.is_empty() {
            name
        } else {
            format!("{path}.{name}")
        };
        let _ = writeln!(text, "{path}: {type_path}");
        // A type that cannot be looked into is described by its name.
        let _ = describe(registry, id, &path, within, text);
    }
    within.pop();
    Some(())
}

/// A field or variant: its name, and the path and the id of its type.
type Part = (String, &'static str, TypeId);

fn parts(info: &TypeInfo) -> Vec<Part> {
    let part = |name: &str, type_path, id| (name.to_owned(), type_path, id);
    match info {
        TypeInfo::Struct(info) => info.iter().map(named).collect(),
        TypeInfo::TupleStruct(info) => info.iter().map(unnamed).collect(),
        TypeInfo::Tuple(info) => info.iter().map(unnamed).collect(),
        TypeInfo::Enum(info) => info.iter().flat_map(parts_of_variant).collect(),
        TypeInfo::List(info) => {
            let table = info.item_type_path_table();
            vec![part("[]", table.path(), info.item_type_id())]
        }
        TypeInfo::Array(info) => {
            let table = info.item_type_path_table();
            vec![part("[]", table.path(), info.item_type_id())]
        }
        TypeInfo::Map(info) => {
            let [key, value] = [info.key_type_path_table(), info.value_type_path_table()];
            vec![
                part("key", key.path(), info.key_type_id()),
                part("value", value.path(), info.value_type_id()),
            ]
        }
        TypeInfo::Value(_) => Vec::new(),
    }
}

fn parts_of_variant(variant: &VariantInfo) -> Vec<Part> {
    let name = variant.name();
    let within = |(field, type_path, id): Part| (format!("{name}.{field}"), type_path, id);
    match variant {
        VariantInfo::Unit(_) => vec![(name.to_owned(), "unit", TypeId::of::<()>())],
        VariantInfo::Struct(variant) => variant.iter().map(named).map(within).collect(),
        VariantInfo::Tuple(variant) => variant.iter().map(unnamed).map(within).collect(),
    }
}

fn named(field: &NamedField) -> Part {
    let name = field.name().to_owned();
    (name, field.type_path(), field.type_id())
}

fn unnamed(field: &UnnamedField) -> Part {
    let name = field.index().to_string();
    (name, field.type_path(), field.type_id())
}

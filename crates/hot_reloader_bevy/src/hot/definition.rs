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
    let mut field = |name: &str, type_path: &str, id: TypeId| {
        let path = if path.is_empty() {
            name.to_owned()
        } else {
            format!("{path}.{name}")
        };
        let _ = writeln!(text, "{path}: {type_path}");
        // A type that cannot be looked into is described by its name.
        let _ = describe(registry, id, &path, within, text);
    };
    let named = |f: &NamedField| (f.name().to_owned(), f.type_path(), f.type_id());
    let unnamed = |f: &UnnamedField| (f.index().to_string(), f.type_path(), f.type_id());
    match info {
        TypeInfo::Struct(info) => {
            for (name, path, id) in info.iter().map(named) {
                field(&name, path, id);
            }
        }
        TypeInfo::TupleStruct(info) => {
            for (name, path, id) in info.iter().map(unnamed) {
                field(&name, path, id);
            }
        }
        TypeInfo::Tuple(info) => {
            for (name, path, id) in info.iter().map(unnamed) {
                field(&name, path, id);
            }
        }
        TypeInfo::Enum(info) => {
            for variant in info.iter() {
                let name = variant.name();
                match variant {
                    VariantInfo::Unit(_) => field(name, "unit", TypeId::of::<()>()),
                    VariantInfo::Struct(variant) => {
                        for (f, path, id) in variant.iter().map(named) {
                            field(&format!("{name}.{f}"), path, id);
                        }
                    }
                    VariantInfo::Tuple(variant) => {
                        for (f, path, id) in variant.iter().map(unnamed) {
                            field(&format!("{name}.{f}"), path, id);
                        }
                    }
                }
            }
        }
        TypeInfo::List(info) => field(
            "[]",
            info.item_type_path_table().path(),
            info.item_type_id(),
        ),
        TypeInfo::Array(info) => field(
            "[]",
            info.item_type_path_table().path(),
            info.item_type_id(),
        ),
        TypeInfo::Map(info) => {
            field("key", info.key_type_path_table().path(), info.key_type_id());
            field(
                "value",
                info.value_type_path_table().path(),
                info.value_type_id(),
            );
        }
        TypeInfo::Value(_) => {}
    }
    within.pop();
    Some(())
}

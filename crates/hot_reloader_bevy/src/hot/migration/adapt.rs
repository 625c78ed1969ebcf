//! A value of one type made from a value of another that had its name, by the names of fields and variants.

use std::{any::TypeId, fmt};

use bevy::reflect::{
    std_traits::ReflectDefault, ArrayInfo, DynamicArray, DynamicEnum, DynamicList, DynamicMap,
    DynamicStruct, DynamicTuple, DynamicTupleStruct, DynamicVariant, Enum, Map, NamedField,
    Reflect, ReflectFromReflect, ReflectRef, StructInfo, StructVariantInfo, TypeInfo, TypeRegistry,
    VariantInfo,
};

/// What was left out and what was added on the way, by the path of the field.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Notes(Vec<(String, String)>);

impl Notes {
    /// Says something of a field, once.
    fn say(&mut self, path: Path<'_>, note: impl FnOnce() -> String) {
        if !self.0.iter().any(|(known, _)| path.is(known)) {
            self.0.push((path.to_string(), note()));
        }
    }

    /// A line for each field.
    pub(super) fn lines(self) -> Vec<String> {
        let lines = self.0.into_iter();
        lines
            .map(|(path, note)| format!("`{path}` {note}"))
            .collect()
    }
}

/// Where a value is within another. It is written down only if there is something to say of it.
#[derive(Clone, Copy)]
struct Path<'a> {
    within: Option<&'a Path<'a>>,
    name: Name<'a>,
}

#[derive(Clone, Copy)]
enum Name<'a> {
    Whole,
    Field(&'a str),
    Number(usize),
}

impl<'a> Path<'a> {
    const WHOLE: Path<'static> = Path {
        within: None,
        name: Name::Whole,
    };

    fn below(&'a self, name: &'a str) -> Self {
        Self {
            within: Some(self),
            name: Name::Field(name),
        }
    }

    fn number(&'a self, index: usize) -> Self {
        Self {
            within: Some(self),
            name: Name::Number(index),
        }
    }

    fn is(&self, written: &str) -> bool {
        let (before, last) = written.rsplit_once('.').unwrap_or(("", written));
        let is_last = match self.name {
            Name::Whole => return written.is_empty(),
            Name::Field(name) => name == last,
            Name::Number(index) => last.parse() == Ok(index),
        };
        is_last && self.within.is_none_or(|within| within.is(before))
    }
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(within) = self.within.filter(|w| !matches!(w.name, Name::Whole)) {
            write!(f, "{within}.")?;
        }
        match self.name {
            Name::Whole => Ok(()),
            Name::Field(name) => f.write_str(name),
            Name::Number(index) => write!(f, "{index}"),
        }
    }
}

/// Makes values of new types.
pub(super) struct Adapter<'a> {
    /// The new types.
    pub(super) registry: &'a TypeRegistry,
    /// How to make one of a type that registers no `Default`.
    pub(super) defaults: &'a dyn Fn(TypeId) -> Option<Box<dyn Reflect>>,
    pub(super) notes: Notes,
}

impl Adapter<'_> {
    /// A value of the type `new` that says what `old` says.
    ///
    /// # Errors
    ///
    /// What of it cannot be taken over, by the path of the field.
    pub(super) fn adapt(
        &mut self,
        old: &dyn Reflect,
        new: TypeId,
    ) -> Result<Box<dyn Reflect>, String> {
        self.value(old, new, &Path::WHOLE)
    }

    fn value(
        &mut self,
        old: &dyn Reflect,
        new: TypeId,
        path: &Path<'_>,
    ) -> Result<Box<dyn Reflect>, String> {
        if old.as_any().type_id() == new {
            return Ok(old.clone_value());
        }
        let Some(info) = self.registry.get_type_info(new) else {
            return Err(format!(
                "{}the new type cannot be looked into",
                within(path)
            ));
        };
        let made: Box<dyn Reflect> = match (old.reflect_ref(), info) {
            (ReflectRef::Struct(old), TypeInfo::Struct(info)) => {
                return self.adapt_struct(old, info, new, path);
            }
            (ReflectRef::TupleStruct(old), TypeInfo::TupleStruct(info)) => {
                let fields = info.iter().map(|field| field.type_id());
                let fields: Vec<_> = fields.collect();
                let old = (0..old.field_len()).filter_map(|index| old.field(index));
                let mut made = DynamicTupleStruct::default();
                for value in self.numbered(old.collect(), &fields, Some(new), path)? {
                    made.insert_boxed(value);
                }
                Box::new(made)
            }
            (ReflectRef::Tuple(old), TypeInfo::Tuple(info)) => {
                let fields: Vec<_> = info.iter().map(|field| field.type_id()).collect();
                let old = (0..old.field_len()).filter_map(|index| old.field(index));
                Box::new(self.tuple(old.collect(), &fields, path)?)
            }
            (ReflectRef::List(_) | ReflectRef::Array(_), TypeInfo::List(info)) => {
                let mut made = DynamicList::default();
                for value in items(old) {
                    made.push_box(self.value(value, info.item_type_id(), &path.below("[]"))?);
                }
                Box::new(made)
            }
            (ReflectRef::List(_) | ReflectRef::Array(_), TypeInfo::Array(info)) => {
                return self.array(items(old), info, new, path);
            }
            (ReflectRef::Map(old), TypeInfo::Map(info)) => {
                Box::new(self.map(old, info.key_type_id(), info.value_type_id(), path)?)
            }
            (ReflectRef::Enum(old), TypeInfo::Enum(info)) => {
                let name = old.variant_name();
                let Some(variant) = info.variant(name) else {
                    return Err(format!(
                        "{}there is no variant `{name}` any more",
                        within(path)
                    ));
                };
                Box::new(DynamicEnum::new(name, self.variant(old, variant, path)?))
            }
            _ => {
                return number(old, new).ok_or_else(|| {
                    let (was, now) = (old.reflect_type_path(), info.type_path());
                    format!("{}{was} cannot be made {now}", within(path))
                });
            }
        };
        self.concrete(made, new, path)
    }

    /// The type itself, of what merely looks like it.
    fn concrete(
        &self,
        made: Box<dyn Reflect>,
        new: TypeId,
        path: &Path<'_>,
    ) -> Result<Box<dyn Reflect>, String> {
        let Some(from) = self.registry.get_type_data::<ReflectFromReflect>(new) else {
            return Ok(made);
        };
        let made = from.from_reflect(&*made);
        made.ok_or_else(|| format!("{}it cannot be made of its fields", within(path)))
    }

    fn adapt_struct(
        &mut self,
        old: &dyn bevy::reflect::Struct,
        info: &StructInfo,
        new: TypeId,
        path: &Path<'_>,
    ) -> Result<Box<dyn Reflect>, String> {
        let mut made = DynamicStruct::default();
        let mut missing = Vec::new();
        for field in info.iter() {
            let name = field.name();
            match old.field(name) {
                Some(value) => {
                    let value = self.value(value, field.type_id(), &path.below(name))?;
                    made.insert_boxed(name, value);
                }
                None => missing.push(field),
            }
        }
        let gone = (0..old.field_len()).filter_map(|index| {
            let name = old.name_at(index);
            let name = name.filter(|name| info.field(name).is_none())?;
            Some((name.to_owned(), old.field_at(index)?))
        });
        self.gone(&gone.collect::<Vec<_>>(), &missing, path)?;
        let whole = match missing[..] {
            [] => None,
            _ => self.default_of(new),
        };
        let mut unknown = Vec::new();
        for field in missing {
            let (name, id) = (field.name(), field.type_id());
            let of_whole = whole
                .as_deref()
                .and_then(|whole| match whole.reflect_ref() {
                    ReflectRef::Struct(whole) => Some(whole.field(name)?.clone_value()),
                    _ => None,
                });
            match of_whole.or_else(|| self.default_of(id)) {
                Some(value) => {
                    self.new_field(path.below(name), &*value);
                    made.insert_boxed(name, value);
                }
                None => unknown.push(name),
            }
        }
        // The type may say itself what they are.
        let made = self.concrete(Box::new(made), new, path);
        if let (Some(first), true) = (unknown.first(), made.is_err()) {
            return Err(no_default(path.below(first)));
        }
        for name in unknown {
            let note = || "is new, with its default".to_owned();
            self.notes.say(path.below(name), note);
        }
        made
    }

    fn array(
        &mut self,
        old: Vec<&dyn Reflect>,
        info: &ArrayInfo,
        new: TypeId,
        path: &Path<'_>,
    ) -> Result<Box<dyn Reflect>, String> {
        let count = info.capacity();
        if old.len() > count {
            let was = old.len();
            return Err(format!(
                "{}there were {was} items, and there is room for {count}",
                within(path)
            ));
        }
        let items: Vec<_> = vec![info.item_type_id(); count];
        let made = self.numbered(old, &items, Some(new), path)?;
        self.concrete(Box::new(DynamicArray::new(made.into())), new, path)
    }

    /// Values that are told apart by their places.
    fn numbered(
        &mut self,
        old: Vec<&dyn Reflect>,
        new: &[TypeId],
        whole: Option<TypeId>,
        path: &Path<'_>,
    ) -> Result<Vec<Box<dyn Reflect>>, String> {
        let whole = whole.filter(|_| new.len() > old.len());
        let whole = whole.and_then(|whole| self.default_of(whole));
        let mut made = Vec::new();
        for (index, id) in new.iter().enumerate() {
            let path = path.number(index);
            let of_whole = whole
                .as_deref()
                .and_then(|whole| match whole.reflect_ref() {
                    ReflectRef::TupleStruct(whole) => Some(whole.field(index)?.clone_value()),
                    ReflectRef::Array(whole) => Some(whole.get(index)?.clone_value()),
                    _ => None,
                });
            made.push(match old.get(index) {
                Some(value) => self.value(*value, *id, &path)?,
                None => {
                    let value = of_whole.or_else(|| self.default_of(*id));
                    let value = value.ok_or_else(|| no_default(path))?;
                    self.new_field(path, &*value);
                    value
                }
            });
        }
        for index in new.len()..old.len() {
            self.dropped(path.number(index));
        }
        Ok(made)
    }

    fn tuple(
        &mut self,
        old: Vec<&dyn Reflect>,
        new: &[TypeId],
        path: &Path<'_>,
    ) -> Result<DynamicTuple, String> {
        let mut made = DynamicTuple::default();
        for value in self.numbered(old, new, None, path)? {
            made.insert_boxed(value);
        }
        Ok(made)
    }

    fn map(
        &mut self,
        old: &dyn Map,
        key: TypeId,
        value: TypeId,
        path: &Path<'_>,
    ) -> Result<DynamicMap, String> {
        let mut made = DynamicMap::default();
        for (old_key, old_value) in old.iter() {
            let key = self.value(old_key, key, &path.below("key"))?;
            if key.reflect_hash().is_none() {
                let says =
                    "its keys cannot be hashed by reflection; add `#[reflect(Hash)]` to them";
                return Err(format!("{}{says}", within(path)));
            }
            made.insert_boxed(key, self.value(old_value, value, &path.below("value"))?);
        }
        Ok(made)
    }

    fn variant(
        &mut self,
        old: &dyn Enum,
        new: &VariantInfo,
        path: &Path<'_>,
    ) -> Result<DynamicVariant, String> {
        let path = path.below(new.name());
        Ok(match new {
            VariantInfo::Unit(_) => {
                for field in old.iter_fields() {
                    let name = field.name().unwrap_or("0");
                    self.dropped(path.below(name));
                }
                DynamicVariant::Unit
            }
            VariantInfo::Tuple(info) => {
                let fields: Vec<_> = info.iter().map(|field| field.type_id()).collect();
                let old = (0..old.field_len()).filter_map(|index| old.field_at(index));
                DynamicVariant::Tuple(self.tuple(old.collect(), &fields, &path)?)
            }
            VariantInfo::Struct(info) => {
                DynamicVariant::Struct(self.struct_variant(old, info, &path)?)
            }
        })
    }

    fn struct_variant(
        &mut self,
        old: &dyn Enum,
        info: &StructVariantInfo,
        path: &Path<'_>,
    ) -> Result<DynamicStruct, String> {
        let fields = old.iter_fields().enumerate();
        let is_gone = |name: Option<&str>| name.is_none_or(|name| info.field(name).is_none());
        let gone = fields.filter(|(_, field)| is_gone(field.name()));
        let gone = gone.map(|(index, field)| {
            let name = field.name().map(str::to_owned);
            (name.unwrap_or_else(|| index.to_string()), field.value())
        });
        let missing = info.iter();
        let missing = missing.filter(|field| old.field(field.name()).is_none());
        self.gone(
            &gone.collect::<Vec<_>>(),
            &missing.collect::<Vec<_>>(),
            path,
        )?;
        let mut made = DynamicStruct::default();
        for field in info.iter() {
            let name = field.name();
            let path = path.below(name);
            let value = match old.field(name) {
                Some(value) => self.value(value, field.type_id(), &path)?,
                None => {
                    let value = self.default_of(field.type_id());
                    let value = value.ok_or_else(|| no_default(path))?;
                    self.new_field(path, &*value);
                    value
                }
            };
            made.insert_boxed(name, value);
        }
        Ok(made)
    }

    /// Fields are gone, and may be what others are that are `new`. Types of the code are others than before, so they are
    /// held against each other by their names.
    fn gone(
        &mut self,
        gone: &[(String, &dyn Reflect)],
        new: &[&NamedField],
        path: &Path<'_>,
    ) -> Result<(), String> {
        for field in new {
            let is_it = |value: &dyn Reflect| value.reflect_type_path() == field.type_path();
            if let Some((name, _)) = gone.iter().find(|(_, value)| is_it(*value)) {
                let [gone, new] = [path.below(name), path.below(field.name())];
                return Err(perhaps_renamed(&gone.to_string(), &new.to_string()));
            }
        }
        for (name, _) in gone {
            self.dropped(path.below(name));
        }
        Ok(())
    }

    fn default_of(&self, id: TypeId) -> Option<Box<dyn Reflect>> {
        let registered = self.registry.get_type_data::<ReflectDefault>(id);
        let value = registered.map(ReflectDefault::default);
        value.or_else(|| (self.defaults)(id))
    }

    fn dropped(&mut self, path: Path<'_>) {
        self.notes.say(path, || "is dropped".to_owned());
    }

    fn new_field(&mut self, path: Path<'_>, value: &dyn Reflect) {
        self.notes.say(path, || {
            let shown = format!("{value:?}");
            let is_short = shown.len() <= 40;
            let shown = if is_short { &shown } else { "its default" };
            format!("is new: {shown}")
        });
    }
}

/// What is in a list or an array.
fn items(of: &dyn Reflect) -> Vec<&dyn Reflect> {
    match of.reflect_ref() {
        ReflectRef::List(list) => list.iter().collect(),
        ReflectRef::Array(array) => array.iter().collect(),
        _ => Vec::new(),
    }
}

/// That it is not known whether a field is another one.
pub(super) fn perhaps_renamed(gone: &str, new: &str) -> String {
    format!(
        "`{gone}` is gone and `{new}`, of the same type, is new. If it is the same, say so: \
         `#[serde(alias = \"…\")]` or `#[state(migrate = …)]`; if not, take the one away first, \
         and add the other with the next reload"
    )
}

fn no_default(path: Path<'_>) -> String {
    format!("`{path}` is new and has no default; derive `Default` and add `#[reflect(Default)]`")
}

fn within(path: &Path<'_>) -> String {
    if matches!(path.name, Name::Whole) {
        String::new()
    } else {
        format!("`{path}`: ")
    }
}

/// A number as one of another type, if that can say it exactly.
fn number(old: &dyn Reflect, new: TypeId) -> Option<Box<dyn Reflect>> {
    macro_rules! read {
        ($into:ty, $($of:ty)*) => {
            None$(.or_else(|| old.downcast_ref::<$of>().map(|value| <$into>::from(*value))))*
        };
    }
    macro_rules! write {
        ($value:expr, $($of:ty)*) => {
            $(if new == TypeId::of::<$of>() {
                let value = <$of>::try_from($value).ok()?;
                return Some(Box::new(value) as Box<dyn Reflect>);
            })*
        };
    }
    let whole: Option<i128> = read!(i128, u8 u16 u32 u64 i8 i16 i32 i64 i128);
    let whole = whole.or_else(|| {
        let sizes = old
            .downcast_ref::<usize>()
            .map(|value| i128::try_from(*value));
        let signed = || {
            old.downcast_ref::<isize>()
                .map(|value| i128::try_from(*value))
        };
        sizes.or_else(signed)?.ok()
    });
    if let Some(value) = whole {
        write!(value, u8 u16 u32 u64 u128 usize i8 i16 i32 i64 i128 isize);
        // Up to these, each whole number is one of theirs.
        if let (true, Ok(value)) = (new == TypeId::of::<f64>(), i32::try_from(value)) {
            return Some(Box::new(f64::from(value)));
        }
        if let (true, Ok(value)) = (new == TypeId::of::<f32>(), i16::try_from(value)) {
            return Some(Box::new(f32::from(value)));
        }
        return None;
    }
    let wide = old.downcast_ref::<f32>().map(|value| f64::from(*value));
    let value = wide.filter(|_| new == TypeId::of::<f64>())?;
    Some(Box::new(value))
}

#[cfg(test)]
mod tests;

//! What a type looks like, and how it differs from what it was.

use std::fmt;

use serde::Serialize;

/// The recorded layout of one type of a plugin library.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TypeShape {
    /// The full path, such as `game::Score`.
    pub path: String,
    /// In bytes.
    pub size: usize,
    /// In bytes.
    pub align: usize,
    /// All fields and variants, recursively, one to a line, where the type can be looked into.
    pub definition: Option<String>,
}

impl TypeShape {
    /// Whether values of `self` may be read as values of `other`.
    ///
    /// With both definitions known they decide together with size and alignment; otherwise size
    /// and alignment are all there is.
    #[must_use]
    pub fn same_as(&self, other: &Self) -> bool {
        let definitions = match (&self.definition, &other.definition) {
            (Some(a), Some(b)) => a == b,
            _ => true,
        };
        self.size == other.size && self.align == other.align && definitions
    }
}

/// A type that is not what it was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ShapeChange {
    /// What the running code has in memory.
    pub was: TypeShape,
    /// What the new code means by it.
    pub now: TypeShape,
}

impl ShapeChange {
    /// Pairs of fields of one struct, of which the first is gone and the second, of the same type, is new: they
    /// may be the same field under another name.
    #[must_use]
    pub fn perhaps_renamed(&self) -> Vec<(&str, &str)> {
        let [was, now] = [&self.was, &self.now].map(|shape| {
            let lines = shape.definition.as_deref().unwrap_or_default().lines();
            lines
                .filter_map(|line| line.split_once(": "))
                .collect::<Vec<_>>()
        });
        // The variants of an enum hold nothing that could be lost.
        let is_only = |path: &str, of: &str, others: &[(&str, &str)]| {
            of != "unit" && others.iter().all(|(other, _)| *other != path)
        };
        let parent = |path: &str| path.rfind('.').unwrap_or(0);
        let mut pairs = Vec::new();
        for (old, of) in was.iter().filter(|(path, of)| is_only(path, of, &now)) {
            for (new, _) in now.iter().filter(|(path, type_path)| {
                type_path == of
                    && is_only(path, of, &was)
                    && path[..parent(path)] == old[..parent(old)]
            }) {
                pairs.push((*old, *new));
            }
        }
        pairs
    }

    /// The lines of its definition that were, and those that are, each with a word before it.
    #[must_use]
    pub fn differences(&self) -> Vec<String> {
        let [was, now] = [&self.was, &self.now].map(|shape| shape.definition.as_deref());
        let (Some(was), Some(now)) = (was, now) else {
            return Vec::new();
        };
        let (was, now): (Vec<_>, Vec<_>) = (was.lines().collect(), now.lines().collect());
        let gone = was.iter().filter(|line| !now.contains(line));
        let new = now.iter().filter(|line| !was.contains(line));
        let gone = gone.map(|line| format!("was {line}"));
        gone.chain(new.map(|line| format!("now {line}"))).collect()
    }
}

impl fmt::Display for ShapeChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { was, now } = self;
        write!(f, "{}", was.path)?;
        if was.path != now.path {
            write!(f, " is now {}", now.path)?;
        }
        if was.size != now.size || was.align != now.align {
            write!(
                f,
                "\n  was {} bytes (align {}), now {} bytes (align {})",
                was.size, was.align, now.size, now.align
            )?;
        }
        if let (Some(was), Some(now)) = (&was.definition, &now.definition) {
            for line in self.differences() {
                write!(f, "\n  {line}")?;
            }
            let (was, now): (Vec<_>, Vec<_>) = (was.lines().collect(), now.lines().collect());
            let moved = was.len() == now.len() && was.iter().all(|line| now.contains(line));
            if moved && was != now {
                write!(f, "\n  was in the order: {}", was.join("; "))?;
                write!(f, "\n  now in the order: {}", now.join("; "))?;
            }
        }
        Ok(())
    }
}

/// Values of a type that cannot go on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TypeFault {
    /// The type.
    pub name: String,
    /// Why its values cannot go on, and what to do about it.
    pub reason: String,
    /// Whose value it is, if it is the fault of one.
    pub entity: Option<String>,
    /// What the type was and is, as far as that is known.
    pub change: Option<ShapeChange>,
    /// Code to begin with.
    pub skeleton: Option<String>,
}

impl fmt::Display for TypeFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.change {
            Some(change) => write!(f, "{change}")?,
            None => f.write_str(&self.name)?,
        }
        if let Some(entity) = &self.entity {
            write!(f, "\n  of entity {entity}")?;
        }
        write!(f, "\n  {}", self.reason)?;
        if let Some(skeleton) = &self.skeleton {
            for line in skeleton.lines() {
                write!(f, "\n    {line}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(size: usize, definition: Option<&str>) -> TypeShape {
        TypeShape {
            path: "game::Score".into(),
            size,
            align: 8,
            definition: definition.map(Into::into),
        }
    }

    #[test]
    fn a_definition_decides_at_equal_size() {
        let was = shape(8, Some("value: u64"));
        let now = shape(8, Some("value: i64"));
        assert!(!was.same_as(&now));
        assert_eq!(
            ShapeChange { was, now }.to_string(),
            "game::Score\n  was value: u64\n  now value: i64"
        );
    }

    #[test]
    fn a_field_may_have_another_name_now() {
        let was = shape(8, Some("a: T\na.x: u32\nkind.Small: unit\nz: u8"));
        let now = shape(8, Some("b: T\nb.x: u32\nkind.Tiny: unit\nz: u8\nn: u32"));
        let change = ShapeChange { was, now };
        assert_eq!(change.perhaps_renamed(), [("a", "b")]);
        let was = shape(8, Some("a.x: u32"));
        let now = shape(8, Some("a.y: u32\nb.z: u32"));
        let change = ShapeChange { was, now };
        assert_eq!(change.perhaps_renamed(), [("a.x", "a.y")]);
    }

    #[test]
    fn size_decides_without_a_definition() {
        assert!(shape(8, None).same_as(&shape(8, Some("value: u64"))));
        assert!(!shape(8, None).same_as(&shape(16, None)));
    }

    #[test]
    fn an_order_is_shown_when_only_it_changed() {
        let was = shape(16, Some("a: u64\nb: u64"));
        let now = shape(16, Some("b: u64\na: u64"));
        assert!(!was.same_as(&now));
        assert_eq!(
            ShapeChange { was, now }.to_string(),
            "game::Score\n  was in the order: a: u64; b: u64\n  now in the order: b: u64; a: u64"
        );
    }
}

//! The text on disk: `(version: 2, state: ( … ))`.

use serde::{de::DeserializeOwned, Deserialize, Serialize};

use crate::{Reason, StoreError};

/// The version of the state, and the way to it from older ones.
#[derive(Clone, Copy, Debug)]
pub struct Format {
    /// What this app writes; from 1.
    pub version: u32,
    /// One for each older version that this app still reads.
    pub migrations: &'static [Migration],
}

/// The way from one version to the next.
///
/// From text to text, because nothing between would do: `ron::Value` 0.8 keeps no names of enum
/// variants, so an enum that went through it cannot be read again. A migration reads the text as
/// the old struct and writes the new one, mostly by [`step`].
#[derive(Clone, Copy, Debug)]
pub struct Migration {
    /// The version that it starts from.
    pub from: u32,
    /// Makes the text of the next version from that of the state; the error is for people.
    pub migrate: fn(&str) -> Result<String, String>,
}

/// A migration between two types.
///
/// # Errors
///
/// If the text is not an `Old`, or the new state has no form in RON.
pub fn step<Old, New>(text: &str, change: impl FnOnce(Old) -> New) -> Result<String, String>
where
    Old: DeserializeOwned,
    New: Serialize,
{
    let old = ron::from_str(text).map_err(|error| error.to_string())?;
    ron::to_string(&change(old)).map_err(|error| error.to_string())
}

#[derive(Serialize)]
struct ToWrite<'a, T> {
    version: u32,
    state: &'a T,
}

/// The version is ignored here; [`header`] has read it.
#[derive(Deserialize)]
struct ToRead<T> {
    state: T,
}

impl Format {
    pub(crate) fn write<T: Serialize>(&self, state: &T) -> Result<String, StoreError> {
        let whole = ToWrite {
            version: self.version,
            state,
        };
        // One kind of line ends, so that a data folder can move between systems.
        let pretty = ron::ser::PrettyConfig::new().new_line("\n".to_owned());
        let mut text = ron::ser::to_string_pretty(&whole, pretty)
            .map_err(|source| StoreError::Unwritable { source })?;
        text.push('\n');
        Ok(text)
    }

    /// The state, and the version that it had.
    pub(crate) fn read<T: DeserializeOwned>(&self, bytes: &[u8]) -> Result<(T, u32), Reason> {
        let unreadable = |error: ron::error::SpannedError| Reason::Unreadable {
            error: error.to_string(),
        };
        let text = std::str::from_utf8(bytes).map_err(|_| Reason::NotText)?;
        // Some editors put a mark before all else.
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        if text.trim().is_empty() {
            return Err(Reason::Empty);
        }
        let (found, rest) = header(text).ok_or(Reason::NoVersion)?;
        if found > self.version {
            return Err(Reason::Newer {
                found,
                known: self.version,
            });
        }
        if found == self.version {
            // The whole text, so that errors have the lines of the file.
            let whole = ron::from_str::<ToRead<T>>(text).map_err(unreadable)?;
            return Ok((whole.state, found));
        }
        let mut state = body(rest)
            .ok_or_else(|| Reason::Unreadable {
                error: "the end is missing".to_owned(),
            })?
            .to_owned();
        for from in found..self.version {
            let migration = self.migrations.iter().find(|one| one.from == from);
            let migration = migration.ok_or(Reason::NoMigration { from })?;
            state =
                (migration.migrate)(&state).map_err(|error| Reason::NotMigrated { from, error })?;
        }
        let state = ron::from_str(&state).map_err(unreadable)?;
        Ok((state, found))
    }
}

/// The version and what follows `state:`.
///
/// Not by the parser: that would read the whole state to skip it, and a newer one may hold what
/// this parser does not know.
fn header(text: &str) -> Option<(u32, &str)> {
    let rest = text.trim_start().strip_prefix('(')?;
    let (version, rest) = field(rest, "version")?.split_once(',')?;
    Some((version.trim().parse().ok()?, field(rest, "state")?))
}

/// What follows `name:`.
fn field<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let rest = text.trim_start().strip_prefix(name)?;
    rest.trim_start().strip_prefix(':')
}

/// The state alone, without the end of the outer parentheses.
fn body(rest: &str) -> Option<&str> {
    let state = rest.trim_end().strip_suffix(')')?.trim_end();
    Some(state.strip_suffix(',').unwrap_or(state).trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    enum Shape {
        Dot,
        Box { side: u8 },
    }

    #[test]
    fn a_value_of_ron_forgets_variants() {
        // Why migrations are from text to text; if this fails, they could be made simpler.
        let value: ron::Value = ron::from_str("Dot").unwrap();
        assert_eq!(value, ron::Value::Unit);
        let value: ron::Value = ron::from_str("Box(side: 3)").unwrap();
        assert!(value.into_rust::<Shape>().is_err());
    }

    #[test]
    fn the_header_is_found_in_both_layouts() {
        let (version, rest) = header("(version: 2, state: Box(side: 3))").unwrap();
        assert_eq!((version, body(rest)), (2, Some("Box(side: 3)")));
        let format = Format {
            version: 7,
            migrations: &[],
        };
        let text = format.write(&Shape::Dot).unwrap();
        let (version, rest) = header(&text).unwrap();
        assert_eq!((version, body(rest)), (7, Some("Dot")));
        assert_eq!(format.read(text.as_bytes()), Ok((Shape::Dot, 7)));
        let marked = format!("\u{feff}{text}");
        assert_eq!(format.read(marked.as_bytes()), Ok((Shape::Dot, 7)));
    }

    #[test]
    fn a_missing_migration_is_named() {
        let format = Format {
            version: 3,
            migrations: &[],
        };
        let read = format.read::<Shape>(b"(version: 1, state: Dot)");
        assert_eq!(read, Err(Reason::NoMigration { from: 1 }));
    }
}

//! How the values of the crates that may change lie in memory, and how calls find their way to what they
//! stand for, told from the sources.
//!
//! To the compiler a type is the same as long as crate, path and `-C metadata` are, whatever it consists
//! of. So each crate is given another `-C metadata` when its [`Layout`] is another: then code of before and
//! after cannot take each other's values for their own. What cannot be told counts as a change; that
//! costs time and nothing else.
//!
//! `items` reads one file, of whose `tokens` not all count, `reader` all files of a crate, and `assembly` puts
//! together what they say, by the names that they mention. A [`Layout`] is what comes of it.

mod assembly;
mod items;
mod reader;
mod tokens;

use std::{
    collections::{BTreeMap, BTreeSet},
    hash::{DefaultHasher, Hash, Hasher},
    path::PathBuf,
    sync::Arc,
};

use crate::Contents;

use assembly::Assembly;
pub(crate) use assembly::CrateSources;
use items::Pieces;
pub(crate) use reader::{Edited, Reader};

/// The variants of an enum, with their numbers.
pub type Variants = Vec<(String, i64)>;

/// The types of the crates that may change.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Layout {
    crates: BTreeMap<String, Arc<CrateLayout>>,
    /// What the compiler tells each crate apart by, where that is known.
    identities: BTreeMap<String, u64>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct CrateLayout {
    /// Of everything.
    digest: u64,
    /// By path, without the crate.
    types: BTreeMap<String, TypeLayout>,
    /// Of the types that macros make, whose names are not known. `None` if there are none.
    unnamed: Option<u64>,
    /// Whether reflection ignores a field of one of those.
    unnamed_ignores_fields: bool,
    /// Whether serde leaves out a field in one of those.
    unnamed_skips_fields: bool,
    was: BTreeMap<String, String>,
    discarded: BTreeSet<String>,
    read_as: BTreeSet<String>,
}

impl CrateLayout {
    /// Takes in another crate of the same name.
    fn join(&mut self, other: &Self) {
        self.digest = digest_of(&(other.digest, self.digest));
        self.unnamed = digest_either(other.unnamed, self.unnamed);
        self.unnamed_ignores_fields |= other.unnamed_ignores_fields;
        self.unnamed_skips_fields |= other.unnamed_skips_fields;
        for (path, layout) in &other.types {
            let Some(known) = self.types.get_mut(path) else {
                self.types.insert(path.clone(), layout.clone());
                continue;
            };
            known.digest = known.digest.wrapping_add(layout.digest);
            known.body = known.body.wrapping_add(layout.body);
            // Nobody knows which of the two is meant.
            known.variants = None;
            known.is_shared |= layout.is_shared;
            known.ignores_fields |= layout.ignores_fields;
            known.skips_fields |= layout.skips_fields;
        }
        self.was.extend(other.was.clone());
        self.discarded.extend(other.discarded.iter().cloned());
        self.read_as.extend(other.read_as.iter().cloned());
    }
}

/// `None` if there is neither.
fn digest_either(one: Option<u64>, other: Option<u64>) -> Option<u64> {
    one.or(other).map(|_| digest_of(&(one, other)))
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct TypeLayout {
    /// Of all that it depends on.
    digest: u64,
    /// Of what it is by itself, whatever its name.
    body: u64,
    variants: Option<Variants>,
    /// Whether something in it can change though nothing that contains it does.
    is_shared: bool,
    /// Whether reflection ignores a field of it.
    ignores_fields: bool,
    /// Whether serde leaves out a field of it, or of what it consists of.
    skips_fields: bool,
}

/// What is known of a type from the sources.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known {
    /// There is one of that name; with the digest of all that it depends on.
    As(u64),
    /// A macro may have made it. It is what it was as long as nothing that macros make changes.
    Unnamed(u64),
    /// There is none of that name.
    Gone,
}

impl Layout {
    /// What is known of a type that is named as `std::any::type_name` does. One with parameters is
    /// known by all types of the crates that occur in it.
    #[must_use]
    pub fn of(&self, type_name: &str) -> Known {
        let around = self.unnamed_around(type_name);
        if !around.is_empty() && around.iter().all(Option::is_none) {
            return Known::Gone;
        }
        let mut hasher = DefaultHasher::new();
        around.hash(&mut hasher);
        let mut is_unnamed = !around.is_empty();
        for (of, path) in self.paths_in(type_name) {
            let known = of.types.get(path).map(|layout| layout.digest);
            is_unnamed |= known.is_none();
            match known.or(of.unnamed) {
                Some(digest) => digest.hash(&mut hasher),
                None => return Known::Gone,
            }
        }
        let digest = hasher.finish();
        if is_unnamed {
            Known::Unnamed(digest)
        } else {
            Known::As(digest)
        }
    }

    /// The name that a type has here which is called `before` in code of before: the same, unless types in
    /// it say that they were called so.
    #[must_use]
    pub fn renamed(&self, before: &str) -> String {
        let is_path = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
        let mut name = String::new();
        let mut rest = before;
        while !rest.is_empty() {
            let start = rest.find(is_path).unwrap_or(rest.len());
            name += &rest[..start];
            rest = &rest[start..];
            let end = rest.find(|c| !is_path(c)).unwrap_or(rest.len());
            let path = &rest[..end];
            // Its crate may be gone too. What says that it was called so says more than that a macro may have made it.
            let is_there = self.concerns(path) && matches!(self.of(path), Known::As(_));
            let new = (!is_there).then(|| self.successor_by_name(path)).flatten();
            name += new.as_deref().unwrap_or(path);
            rest = &rest[end..];
        }
        name
    }

    /// The type that says it was called so.
    fn successor_by_name(&self, before: &str) -> Option<String> {
        self.crates.iter().find_map(|(of, layout)| {
            let mut was = layout.was.iter();
            let (path, _) = was.find(|(_, was)| *was == before)?;
            Some(format!("{of}::{path}"))
        })
    }

    /// Whether the compiler takes a type for another one here than there, as far as its crates go.
    #[must_use]
    pub fn tells_apart(&self, other: &Self, type_name: &str) -> bool {
        let mut crates = paths_in(type_name).map(|(of, _)| of);
        crates.any(|of| self.is_another(other, of))
    }

    /// Of these crates only.
    #[must_use]
    pub fn only(&self, crates: &[String]) -> Self {
        let is_one = |name: &String| crates.contains(name);
        let mut only = self.clone();
        only.crates.retain(|name, _| is_one(name));
        only.identities.retain(|name, _| is_one(name));
        only
    }

    /// The crates that are in both and are others to the compiler here than there: a type of theirs would be two.
    #[must_use]
    pub fn at_odds(&self, other: &Self) -> Vec<&str> {
        let crates = self.crates.keys().map(|of| &**of);
        let shared = crates.filter(|of| other.crates.contains_key(*of));
        shared.filter(|of| self.is_another(other, of)).collect()
    }

    /// Whether the compiler takes a crate for another one here than there. Where what it tells it apart by is
    /// not known, what the sources say has to do.
    fn is_another(&self, other: &Self, of: &str) -> bool {
        let [here, there] = [self, other].map(|layout| layout.identities.get(of));
        match here.zip(there) {
            Some((here, there)) => here != there,
            None => self.digest(of) != other.digest(of),
        }
    }

    /// Whether a crate in the name of a type is missing here that is there.
    #[must_use]
    pub fn lacks(&self, other: &Self, type_name: &str) -> bool {
        let mut crates = crates_in(type_name);
        crates.any(|of| other.crates.contains_key(of) && !self.crates.contains_key(of))
    }

    /// Of several that know a type the one that knows most of its crates: that of a library knows nothing of what is in
    /// another only, and a type that is in both may have something of that as a parameter.
    #[must_use]
    pub fn that_knows<'a>(
        layouts: impl IntoIterator<Item = &'a Arc<Self>>,
        type_name: &str,
    ) -> Option<&'a Arc<Self>> {
        let layouts = layouts.into_iter();
        let concerned = layouts.filter(|layout| layout.concerns(type_name));
        concerned.reduce(|one, other| match one.lacks(other, type_name) {
            true => other,
            false => one,
        })
    }

    /// The names of the crates.
    pub fn crates(&self) -> impl Iterator<Item = &str> {
        self.crates.keys().map(String::as_str)
    }

    /// Whether a type is of these crates, or has one of them as a parameter.
    #[must_use]
    pub fn concerns(&self, type_name: &str) -> bool {
        self.paths_in(type_name).next().is_some()
    }

    /// The variants of an enum that has no fields, in the order in which they are numbered.
    #[must_use]
    pub fn variants(&self, type_name: &str) -> Option<&Variants> {
        let (of, path) = split(type_name)?;
        self.crates.get(of)?.types.get(path)?.variants.as_ref()
    }

    /// Whether a value of the type may change behind a shared reference, as what is in a mutex does, or is what a
    /// world gave it, such as an entity. Also if that cannot be told.
    #[must_use]
    pub fn may_change_unseen(&self, type_name: &str) -> bool {
        let mut types = self.paths_in(type_name).peekable();
        let is_unknown = types.peek().is_none();
        is_unknown
            || is_local(type_name)
            || types.any(|(of, path)| of.types.get(path).is_none_or(|found| found.is_shared))
    }

    /// Whether reflection ignores a field of a type. `None` if it is of none of these crates, whatever its parameters
    /// are of.
    #[must_use]
    pub fn ignores_fields(&self, type_path: &str) -> Option<bool> {
        let (of, path) = split(type_path)?;
        let of = self.crates.get(of)?;
        // Reflection names modules as they are written.
        let known = of.types.get(&path.replace("r#", ""));
        Some(known.map_or(of.unnamed_ignores_fields, |known| known.ignores_fields))
    }

    /// Whether serde leaves out a field of a type, or of what it consists of.
    #[must_use]
    pub fn skips_fields(&self, type_name: &str) -> bool {
        let mut types = self.paths_in(type_name);
        types.any(|(of, path)| {
            let known = of.types.get(path).filter(|_| !is_local(type_name));
            known.map_or(of.unnamed_skips_fields, |known| known.skips_fields)
        })
    }

    /// Whether the sources say that the values of a type that is gone may go.
    #[must_use]
    pub fn discards(&self, type_name: &str) -> bool {
        let mut crates = self.crates.values();
        crates.any(|of| of.discarded.contains(type_name))
    }

    /// Whether serde reads any field under this name besides its own.
    #[must_use]
    pub fn reads_as(&self, field: &str) -> bool {
        let mut crates = self.crates.values();
        crates.any(|of| of.read_as.contains(field))
    }

    /// The type that is most likely what became of one that is gone: a new one that looks the same, or
    /// whose name is close.
    #[must_use]
    pub fn successor(&self, gone: &str, before: &Self) -> Option<String> {
        let (of, path) = split(gone)?;
        let was = before.crates.get(of)?.types.get(path)?;
        let name = |path: &str| path.rsplit("::").next().unwrap_or(path).to_owned();
        let new = self.crates.iter().flat_map(|(of, layout)| {
            let known = before.crates.get(of);
            let new = layout.types.iter().filter(move |(path, _)| {
                known.is_none_or(|known| !known.types.contains_key(*path))
            });
            new.map(move |(path, layout)| (format!("{of}::{path}"), layout))
        });
        let likeness = |candidate: &str, layout: &TypeLayout| {
            let by_name = strsim::jaro_winkler(&name(candidate), &name(path));
            by_name + f64::from(u8::from(layout.body == was.body))
        };
        let rated = new.map(|(path, layout)| (likeness(&path, layout), path));
        let best = rated.max_by(|(a, _), (b, _)| a.total_cmp(b));
        best.filter(|(likeness, _)| *likeness > 0.8)
            .map(|(_, path)| path)
    }

    /// What is to be told apart of a crate by its identity.
    pub(crate) fn digest(&self, of: &str) -> Option<u64> {
        Some(self.crates.get(of)?.digest)
    }

    /// The layout of a crate of one file, which the compiler tells apart by `identity`: for tests of what is
    /// built on it.
    #[must_use]
    pub fn of_text(name: &str, text: &str, identity: u64) -> Self {
        let files = vec![(Some(String::new()), Arc::new(Pieces::of(text)))];
        let crates = [CrateSources {
            name,
            root: PathBuf::new(),
            sources: &Contents::default(),
            is_exact: true,
            needs: &[],
            seed: 0,
            features: 0,
        }];
        let layout = Assembly::new(&crates, &[files]).layout();
        layout.told_apart([(name.to_owned(), identity)])
    }

    /// The same, with what the compiler tells its crates apart by.
    pub(crate) fn told_apart(&self, by: impl IntoIterator<Item = (String, u64)>) -> Self {
        Self {
            crates: self.crates.clone(),
            identities: by.into_iter().collect(),
        }
    }

    /// Of what has no name in the crates in the name of a type, if it is one of that.
    fn unnamed_around(&self, type_name: &str) -> Vec<Option<u64>> {
        let crates = self.paths_in(type_name).map(|(of, _)| of.unnamed);
        crates.filter(|_| is_local(type_name)).collect()
    }

    /// The paths of these crates in the name of a type.
    fn paths_in<'a>(
        &'a self,
        type_name: &'a str,
    ) -> impl Iterator<Item = (&'a CrateLayout, &'a str)> {
        let paths = paths_in(type_name);
        paths.filter_map(|(of, path)| Some((&**self.crates.get(of)?, path)))
    }
}

/// The crates in the name of a type: its own, and those of its parameters.
pub fn crates_in(type_name: &str) -> impl Iterator<Item = &str> {
    paths_in(type_name).map(|(of, _)| of)
}

/// Each path in the name of a type, as crate and rest.
fn paths_in(type_name: &str) -> impl Iterator<Item = (&str, &str)> {
    let is_path = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
    let paths = type_name.split(move |c| !is_path(c));
    paths.filter_map(split)
}

/// Whether a type is within an implementation, as in `<game::Game as Plugin>::build::Local`: what is named before it
/// says nothing of it then.
fn is_local(type_name: &str) -> bool {
    type_name.contains(">::")
}

/// Crate and path of the name of a type without parameters.
fn split(type_name: &str) -> Option<(&str, &str)> {
    let name = type_name.split('<').next().unwrap_or(type_name);
    name.split_once("::")
}

pub(crate) fn digest_of(of: &(impl Hash + ?Sized)) -> u64 {
    let mut hasher = DefaultHasher::new();
    of.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests;

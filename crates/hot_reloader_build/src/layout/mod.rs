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
mod tests {
    use std::fs;

    use super::*;

    /// The layout of `rules` and of `game`, which needs it, from the texts of their files.
    fn layout(files: &[(&str, &str)]) -> Layout {
        let folder = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let contents = |of: &str| {
            let own = files.iter().filter(|(path, _)| path.starts_with(of));
            Contents::read(own.map(|(path, _)| folder.path().join(path)))
        };
        let [rules, game] = ["rules", "game"].map(contents);
        let of = |name, sources, needs| CrateSources {
            name,
            root: folder.path().join(name).join("lib.rs"),
            sources,
            is_exact: true,
            needs,
            seed: 0,
            features: 0,
        };
        let crates = [of("rules", &rules, &[]), of("game", &game, &[0])];
        let layout = Reader::default().read(&crates).unwrap();
        (*layout).clone()
    }

    const FILES: [(&str, &str); 5] = [
        (
            "rules/lib.rs",
            "pub const N: usize = 3; pub struct Rule([u8; N]); pub trait Turn { fn take(&self); }",
        ),
        (
            "game/lib.rs",
            "mod a; mod b { pub mod c; } pub struct Free(u8);",
        ),
        (
            "game/a.rs",
            "use rules::Rule; pub struct Held { rule: Rule }",
        ),
        (
            "game/b/c.rs",
            "pub struct Player(Box<dyn Turn>); m! { struct Hidden; }",
        ),
        ("game/a/unused.rs", "struct Nothing;"),
    ];

    fn edited(file: &str, from: &str, to: &str) -> Layout {
        let mut files = FILES.map(|(path, text)| (path, text.to_owned()));
        let edited = files.iter_mut().find(|(path, _)| *path == file).unwrap();
        assert!(edited.1.contains(from));
        edited.1 = edited.1.replace(from, to);
        let files = files.each_ref().map(|(path, text)| (*path, &**text));
        layout(&files)
    }

    const TYPES: [&str; 6] = [
        "rules::Rule",
        "game::Free",
        "game::a::Held",
        "game::b::c::Player",
        "bevy_state::state::State<game::a::Held>",
        "game::b::c::Hidden",
    ];

    #[track_caller]
    fn changes(file: &str, from: &str, to: &str, crates: &[&str], types: &[&str]) {
        let [was, now] = [layout(&FILES), edited(file, from, to)];
        let crates_now = ["rules", "game"].into_iter();
        let crates_now = crates_now.filter(|name| was.digest(name) != now.digest(name));
        assert_eq!(crates_now.collect::<Vec<_>>(), crates);
        let types_now = TYPES
            .into_iter()
            .filter(|name| was.of(name) != now.of(name));
        assert_eq!(types_now.collect::<Vec<_>>(), types);
    }

    #[test]
    fn what_changes_is_what_depends_on_the_edit() {
        let both = ["rules", "game"];
        let held = [TYPES[0], TYPES[2], TYPES[4]];
        changes("rules/lib.rs", "= 3", "= 4", &both, &held);
        changes("rules/lib.rs", "[u8; N]", "[u16; N]", &both, &held);
        changes(
            "rules/lib.rs",
            "(&self)",
            "(&mut self)",
            &both,
            &TYPES[3..4],
        );
        changes(
            "game/lib.rs",
            "Free(u8)",
            "Free(u16)",
            &["game"],
            &TYPES[1..2],
        );
        changes(
            "game/b/c.rs",
            "Hidden",
            "Hidden(u8)",
            &["game"],
            &TYPES[5..],
        );
        changes(
            "game/a.rs",
            "use rules::Rule;",
            "use rules::Rule; fn f() {}",
            &[],
            &[],
        );
        changes(
            "game/a.rs",
            "use rules::Rule",
            "use rules::v2::Rule",
            &["game"],
            &[TYPES[2], TYPES[4]],
        );
    }

    /// What stands in two places may change places: the whole has the same parts then.
    #[test]
    fn what_changes_places_is_another() {
        let game = |a: &str, b: &str| {
            layout(&[
                ("rules/lib.rs", ""),
                ("game/lib.rs", "mod a; mod b; mod v1; mod v2;"),
                ("game/a.rs", a),
                ("game/b.rs", b),
                ("game/v1.rs", "pub struct Pos { x: u32, y: u32 }"),
                ("game/v2.rs", "pub struct Pos { y: u32, x: u32 }"),
            ])
        };
        for (one, other) in [
            (
                "use crate::v1::Pos; struct T(Pos);",
                "use crate::v2::Pos; struct T(Pos);",
            ),
            (
                "const N: usize = 1; struct T([u8; N]);",
                "const N: usize = 2; struct T([u8; N]);",
            ),
            ("type P = u8; struct T(P);", "type P = u16; struct T(P);"),
            ("struct P(u8); struct T(P);", "struct P(u16); struct T(P);"),
            (
                "mod m { use crate::v1::Pos; struct T(Pos); }",
                "mod m { use crate::v2::Pos; struct T(Pos); }",
            ),
            (
                "use crate::v1::Pos; mod m { use super::*; struct T(Pos); }",
                "use crate::v2::Pos; mod m { use super::*; struct T(Pos); }",
            ),
            (
                "use crate::v1::Pos; mod m { struct T(super::Pos); }",
                "use crate::v2::Pos; mod m { struct T(super::Pos); }",
            ),
            (
                "impl I for A { type O = u8; } struct T(<A as I>::O);",
                "impl I for A { type O = u16; } struct T(<A as I>::O);",
            ),
        ] {
            let [was, now] = [game(one, other), game(other, one)];
            let name = if one.contains("mod m") {
                "game::a::m::T"
            } else {
                "game::a::T"
            };
            assert!(matches!(was.of(name), Known::As(_)), "{one}");
            assert_ne!(was.of(name), now.of(name), "{one}");
            // That one becomes what the other is already is no less an edit.
            let same = game(other, other);
            assert_ne!(was.of(name), same.of(name), "{one}");
        }
        // Two implementations in one file.
        let of = |a: &str, b: &str| {
            let text = format!(
                "impl I for A {{ type O = {a}; }} impl I for B {{ type O = {b}; }} struct T(<A as I>::O);"
            );
            game(&text, "").of("game::a::T")
        };
        assert_ne!(of("u8", "u16"), of("u16", "u8"));
    }

    /// A size may be that of a file.
    #[test]
    fn what_a_type_includes_is_part_of_it_and_what_only_code_includes_is_not() {
        let game = |text: &str, data: &str| {
            let text = format!("{text} pub struct Other {{ include: bool }}");
            layout(&[
                ("rules/lib.rs", ""),
                ("game/lib.rs", &*text),
                ("game/map.txt", data),
                ("game/side.rs", data),
            ])
        };
        for part in [
            "const N: usize = include_bytes!(\"map.txt\").len(); struct Map(Box<[u8; N]>);",
            "struct Map(Box<[u8; std::include_str!(\"map.txt\").len()]>);",
            "const fn n() -> usize { include!(\"side.rs\") } struct Map(Box<[u8; n()]>);",
            "macro_rules! n { () => { include!(\"map.txt\") } } struct Map([u8; n!()]);",
        ] {
            let [was, now] = ["1", "2"].map(|data| game(part, data));
            assert_ne!(was.of("game::Map"), now.of("game::Map"), "{part}");
            assert_ne!(was.digest("game"), now.digest("game"), "{part}");
            assert_eq!(was.of("game::Other"), now.of("game::Other"), "{part}");
        }
        let part = "const SHADER: &str = include_str!(\"map.txt\"); struct Map([u8; 2]);";
        let [was, now] = ["fn a() {}", "fn b() {}"].map(|data| game(part, data));
        assert_eq!(was.digest("game"), now.digest("game"));
        // Of included items, those that are types count, as in a module.
        let part = "include!(\"side.rs\"); struct Map([u8; 2]);";
        let [was, now] = ["fn a() { 1 }", "fn a() { 2 }"].map(|data| game(part, data));
        assert_eq!(was.digest("game"), now.digest("game"));
    }

    /// Cargo allows two crates of one name, from two folders.
    #[test]
    fn of_two_crates_of_one_name_both_are_others_if_one_is() {
        let of = |first: &str, second: &str| {
            let files = [first, second].map(|text| {
                let pieces = Arc::new(Pieces::of(text));
                vec![(Some(String::new()), pieces)]
            });
            let sources = Contents::default();
            let crates = [(); 2].map(|()| CrateSources {
                name: "util",
                root: PathBuf::new(),
                sources: &sources,
                is_exact: true,
                needs: &[],
                seed: 0,
                features: 0,
            });
            Assembly::new(&crates, &files).layout()
        };
        let was = of("struct A(u8);", "struct B(u8);");
        for now in [
            of("struct A(u16);", "struct B(u8);"),
            of("struct A(u8);", "struct B(u16);"),
        ] {
            assert_ne!(was.digest("util"), now.digest("util"));
        }
        assert!(
            ["util::A", "util::B"].map(|name| matches!(was.of(name), Known::As(_))) == [true; 2]
        );
        let apart = of("enum A { One }", "enum B { Two }");
        for name in ["util::A", "util::B"] {
            assert!(apart.variants(name).is_some(), "{name}");
        }
        let alike = of("enum A { One }", "enum A { Two }");
        assert_eq!(alike.variants("util::A"), None);
    }

    /// A field more may be where nothing was before, so not even the size tells.
    #[test]
    fn a_type_with_conditions_is_another_one_with_other_features() {
        let text = "struct A { x: u32, #[cfg(feature = \"b\")] y: bool } struct Holder(A); \
                    #[cfg(unix)] use v1::P; struct Importer(P); struct Plain(u8);";
        let of = |features| {
            let crates = [CrateSources {
                name: "game",
                root: PathBuf::new(),
                sources: &Contents::default(),
                is_exact: true,
                needs: &[],
                seed: 0,
                features,
            }];
            let files = vec![(Some(String::new()), Arc::new(Pieces::of(text)))];
            Assembly::new(&crates, &[files]).layout()
        };
        let [was, now] = [1, 2].map(of);
        for name in ["game::A", "game::Holder", "game::Importer"] {
            assert_ne!(was.of(name), now.of(name), "{name}");
        }
        assert_eq!(was.of("game::Plain"), now.of("game::Plain"));
    }

    /// A line at the top of another file is no change of a type.
    #[test]
    fn names_that_others_bring_in_for_themselves_do_not_count() {
        let text = FILES[2].1;
        let more = edited(
            "game/b/c.rs",
            "pub struct Player",
            "use rules::Rule; use std::boxed::Box; pub struct Player",
        );
        let was = layout(&FILES);
        assert_eq!(was.of("game::a::Held"), more.of("game::a::Held"), "{text}");
        let public = edited(
            "game/b/c.rs",
            "pub struct Player",
            "pub use rules::Rule; pub struct Player",
        );
        assert_ne!(was.of("game::a::Held"), public.of("game::a::Held"));
    }

    #[test]
    fn types_are_found_by_their_paths() {
        let mut layout = layout(&FILES);
        for name in &TYPES[..5] {
            assert!(matches!(layout.of(name), Known::As(_)), "{name}");
        }
        assert!(matches!(layout.of(TYPES[5]), Known::Unnamed(_)));
        assert!(layout.concerns("core::option::Option<game::Free>"));
        assert!(!layout.concerns("bevy::Free"));
        let game = layout.crates.get_mut("game").unwrap();
        Arc::get_mut(game).unwrap().unnamed = None;
        assert_eq!(layout.of("game::b::Held"), Known::Gone);
    }

    /// As the compiler names them: the path of such a type is of what it is within.
    #[test]
    fn types_within_implementations_are_not_taken_for_what_these_are_of() {
        let text = |local: &str| {
            format!("struct Game; impl Plugin for Game {{ fn build(&self) {{ struct Local {local} }} }}")
        };
        let [was, now] = ["{ x: u32, y: u32 }", "{ y: u32, x: u32 }"]
            .map(|local| Layout::of_text("game", &text(local), 1));
        let name = "<game::Game as bevy_app::plugin::Plugin>::build::Local";
        assert!(matches!(was.of(name), Known::Unnamed(_)));
        assert_ne!(was.of(name), now.of(name));
        assert_eq!(was.of("game::Game"), now.of("game::Game"));
        assert!(was.may_change_unseen(name) && !was.may_change_unseen("game::Game"));
        let gone = Layout::of_text("game", "struct Game; impl Plugin for Game {}", 1);
        assert_eq!(gone.of(name), Known::Gone);
    }

    #[test]
    fn names_that_are_words_of_the_language_are_those_of_the_compiler() {
        let text = "mod r#type { #[state(was = \"game::type::Old\")] struct Kind(#[reflect(ignore)] u8); }";
        let layout = Layout::of_text("game", text, 1);
        assert!(matches!(layout.of("game::type::Kind"), Known::As(_)));
        assert_eq!(layout.renamed("game::type::Old"), "game::type::Kind");
        assert_eq!(layout.ignores_fields("game::r#type::Kind"), Some(true));
    }

    #[test]
    fn types_with_fields_that_reflection_ignores_are_known() {
        let ignored = edited("game/lib.rs", "Free(u8)", "Free(#[reflect(ignore)] u8)");
        let of = |name: &str| ignored.ignores_fields(name);
        assert_eq!(of("game::Free"), Some(true));
        assert_eq!(of("game::Free<u8>"), Some(true));
        assert_eq!([of(TYPES[2]), of(TYPES[5])], [Some(false); 2]);
        assert_eq!(
            [of("bevy::Free"), of("alloc::vec::Vec<game::Free>")],
            [None; 2]
        );
        // It is what it was to the compiler.
        let was = layout(&FILES);
        assert_eq!(was.of("game::Free"), ignored.of("game::Free"));
        let by_macro = edited("game/b/c.rs", "Hidden", "Hidden(#[reflect(ignore)] u8)");
        assert_eq!(by_macro.ignores_fields(TYPES[5]), Some(true));
    }

    #[test]
    fn types_with_fields_that_serde_leaves_out_are_known_and_those_that_have_them() {
        let skipped = edited("rules/lib.rs", "[u8; N]", "#[serde(skip)] [u8; N]");
        let of = |name: &&str| skipped.skips_fields(name);
        let found: Vec<_> = TYPES.into_iter().filter(of).collect();
        assert_eq!(found, [TYPES[0], TYPES[2], TYPES[4]]);
        assert!(!skipped.skips_fields("bevy::Free"));
    }

    /// A variant often has the name of a type, and a function that of a field.
    #[test]
    fn the_names_of_fields_and_variants_mention_nothing() {
        let game = |others: &str| {
            let text = format!("{others} enum Kind {{ Free }} struct Grid {{ size: u8 }}");
            layout(&[("rules/lib.rs", ""), ("game/lib.rs", &*text)])
        };
        let was = game("struct Free(u8); const fn size() -> u8 { 1 }");
        let now = game("struct Free(#[serde(skip)] u16); const fn size() -> u8 { 2 }");
        for name in ["game::Kind", "game::Grid"] {
            assert_eq!(was.of(name), now.of(name), "{name}");
            assert!(!now.skips_fields(name), "{name}");
        }
        assert_ne!(was.of("game::Free"), now.of("game::Free"));
        assert!(now.skips_fields("game::Free"));
    }

    #[test]
    fn a_type_is_called_what_its_parts_are_called_now() {
        let now = edited(
            "game/a.rs",
            "pub struct Held",
            "#[state(was = \"game::a::Held\")] pub struct Bearer",
        );
        // A macro may have made one of the old name.
        assert!(matches!(now.of("game::a::Held"), Known::Unnamed(_)));
        let state = now.renamed("bevy_state::state::State<game::a::Held>");
        assert_eq!(state, "bevy_state::state::State<game::a::Bearer>");
        assert_eq!(now.renamed("(game::Free, u8)"), "(game::Free, u8)");
    }

    /// A library that the host has no more, and another that takes over from it.
    #[test]
    fn a_type_may_come_from_a_crate_that_is_gone() {
        let before = Layout::of_text("menu", "pub struct Entry(u8);", 1);
        let now = "#[state(was = \"menu::Entry\")] pub struct Line(u8);";
        let now = Layout::of_text("game", now, 1);
        assert!(now.lacks(&before, "menu::Entry"));
        assert!(now.lacks(&before, "game::Cache<menu::Entry>"));
        assert!(!now.lacks(&before, "game::Line") && !now.lacks(&before, "bevy::Entry"));
        assert_eq!(now.renamed("menu::Entry"), "game::Line");
        assert_eq!(now.renamed("menu::Other"), "menu::Other");
    }

    #[test]
    fn what_became_of_a_type_is_guessed() {
        let was = layout(&FILES);
        let now = edited("game/a.rs", "struct Held", "struct Bearer");
        let guess = now.successor("game::a::Held", &was);
        assert_eq!(guess.as_deref(), Some("game::a::Bearer"));
        let now = edited("game/a.rs", "Held { rule: Rule }", "Helds { other: u8 }");
        let guess = now.successor("game::a::Held", &was);
        assert_eq!(guess.as_deref(), Some("game::a::Helds"));
        let now = edited("game/a.rs", "Held { rule: Rule }", "Zx { other: u8 }");
        assert_eq!(now.successor("game::a::Held", &was), None);
    }
}

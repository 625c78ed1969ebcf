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
    assert!(["util::A", "util::B"].map(|name| matches!(was.of(name), Known::As(_))) == [true; 2]);
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
        format!(
            "struct Game; impl Plugin for Game {{ fn build(&self) {{ struct Local {local} }} }}"
        )
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
    let text =
        "mod r#type { #[state(was = \"game::type::Old\")] struct Kind(#[reflect(ignore)] u8); }";
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
fn a_type_is_known_by_the_layout_that_has_its_crates() {
    let both = Arc::new(layout(&FILES));
    let rules = Arc::new(both.only(&["rules".to_owned()]));
    let knows = |type_name| {
        let found = Layout::that_knows([&rules, &both], type_name);
        found.map(|found| Arc::ptr_eq(found, &both))
    };
    assert_eq!(knows("rules::Shelf<game::Free>"), Some(true));
    assert_eq!(knows("rules::Rule"), Some(false), "the first will do");
    assert_eq!(knows("bevy::Entry"), None);
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

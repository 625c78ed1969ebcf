//! Which types are others to the compiler, and which are what they were.

use hot_reloader_build::{BuildError, Decline};

use super::{date, Duration, Fixture, SystemTime};

/// A type of each crate, and what the compiler tells it apart by.
const TYPES: &str = r"
pub struct Entry(pub u64);
#[unsafe(no_mangle)]
pub fn identities() -> [u64; 3] {
    use std::{any::TypeId, hash::{DefaultHasher, Hash, Hasher}};
    [TypeId::of::<words::Word>(), TypeId::of::<rules::Rule>(), TypeId::of::<Entry>()].map(|id| {
        let mut hasher = DefaultHasher::new();
        id.hash(&mut hasher);
        hasher.finish()
    })
}
";

fn fixture() -> Fixture {
    let mut fixture = unbuilt();
    fixture.answers(201, Some(Decline::First));
    fixture
}

fn unbuilt() -> Fixture {
    let fixture = Fixture::unbuilt();
    fixture.edit(
        "game/Cargo.toml",
        "rules = ",
        "words = { path = \"../words\" }\nrules = ",
    );
    fixture.edit("game/src/lib.rs", "mod menu;", &format!("mod menu;{TYPES}"));
    fixture.edit(
        "rules/src/lib.rs",
        "pub const",
        "pub struct Rule(words::Word);\npub const",
    );
    fixture.edit(
        "words/src/lib.rs",
        "pub const",
        "pub struct Word(u64);\npub const",
    );
    fixture
}

impl Fixture {
    /// Builds, and asks what the compiler tells the types of `words`, `rules` and `game` apart by.
    #[track_caller]
    #[expect(unsafe_code, reason = "it calls into a library")]
    fn identities(&mut self) -> [u64; 3] {
        let built = self.build().0.unwrap_or_else(|error| panic!("{error}"));
        // One of the same path would be the one that is open.
        let copy = self.folder.path().join(format!("{}.so", self.copies));
        self.copies += 1;
        std::fs::copy(super::library(&built), &copy).unwrap();
        // SAFETY: the library is made of the text above.
        unsafe {
            let library = libloading::Library::new(copy).unwrap();
            let ask = library.get::<fn() -> [u64; 3]>(b"identities").unwrap();
            ask()
        }
    }

    /// A type of `game` is another, and cargo has to build it, since it has a file more.
    #[track_caller]
    fn is_another_by_cargo(&mut self, first: [u64; 3]) {
        let [one, two] = ["Entry(pub u64)", "Entry(pub u64, pub u64)"];
        self.edit("game/src/lib.rs", one, two);
        self.write("game/src/extra.rs", "");
        self.edit("game/src/lib.rs", "mod menu;", "mod menu; mod extra;");
        assert_eq!(self.others(first), ["game"]);
    }

    /// The crates whose types are others than `before`.
    #[track_caller]
    fn others(&mut self, before: [u64; 3]) -> Vec<&'static str> {
        let now = self.identities().into_iter().zip(before);
        let crates = now.zip(["words", "rules", "game"]);
        let others = crates.filter(|((now, before), _)| now != before);
        others.map(|(_, name)| name).collect()
    }
}

#[test]
fn types_are_others_exactly_when_they_change_and_in_what_needs_them() {
    let mut fixture = fixture();
    let first = fixture.identities();
    fixture.edit("words/src/lib.rs", "= 2", "= 3");
    fixture.edit("game/src/menu.rs", "= 1", "= 4");
    assert_eq!(fixture.others(first), [""; 0]);
    fixture.edit(
        "rules/src/lib.rs",
        "Rule(words::Word)",
        "Rule(words::Word, u8)",
    );
    assert_eq!(fixture.others(first), ["rules", "game"]);
    let second = fixture.identities();
    // Bodies may change as before.
    fixture.edit("game/src/menu.rs", "= 4", "= 5");
    assert_eq!(fixture.others(second), [""; 0]);
    assert_eq!(fixture.compiled(), ["game"]);
    fixture.edit("words/src/lib.rs", "Word(u64)", "Word(pub [u8; 8])");
    assert_eq!(fixture.others(second), ["words", "rules", "game"]);
    fixture.edit("words/src/lib.rs", "Word(pub [u8; 8])", "Word(u64)");
    assert_eq!(fixture.others(second), [""; 0]);
    fixture.edit(
        "rules/src/lib.rs",
        "Rule(words::Word, u8)",
        "Rule(words::Word)",
    );
    assert_eq!(fixture.others(first), [""; 0]);
}

/// Behind a box, nothing else would tell that there is more or less than before.
#[test]
fn a_type_of_the_size_of_a_file_is_another_when_the_file_is() {
    let mut fixture = unbuilt();
    fixture.write("game/src/map.txt", "one");
    fixture.write("game/src/help.txt", "one");
    let map = "Entry(pub Box<[u8; SIZE]>);\npub const HELP: &str = include_str!(\"help.txt\");\n\
               const SIZE: usize = include_bytes!(\"map.txt\").len();";
    fixture.edit("game/src/lib.rs", "Entry(pub u64);", map);
    let first = fixture.identities();
    fixture.write("game/src/map.txt", "four");
    assert_eq!(fixture.others(first), ["game"]);
    assert_eq!(fixture.compiled(), ["game"]);
    fixture.write("game/src/map.txt", "one");
    assert_eq!(fixture.others(first), [""; 0]);
    fixture.edit("game/src/menu.rs", "= 1", "= 4");
    assert_eq!(fixture.others(first), [""; 0]);
}

/// As of files that were unpacked, or come from a machine whose clock is ahead.
#[test]
fn files_of_tomorrow_are_like_any_others() {
    let mut fixture = unbuilt();
    let tomorrow = SystemTime::now() + Duration::from_secs(86_400);
    for file in ["game/Cargo.toml", "engine/src/lib.rs", "game/src/menu.rs"] {
        date(&fixture.path(file), tomorrow);
    }
    let first = fixture.identities();
    fixture.edit("words/src/lib.rs", "= 2", "= 3");
    fixture.answers(301, None);
    assert_eq!(fixture.others(first), [""; 0]);
    fixture.edit(
        "game/src/lib.rs",
        "Entry(pub u64)",
        "Entry(pub u64, pub u64)",
    );
    fixture.answers(301, None);
    assert_eq!(fixture.others(first), ["game"]);
}

/// It is written while cargo builds, and no edit for that.
#[test]
fn what_a_build_script_makes_is_known_as_any_other_source() {
    let mut fixture = unbuilt();
    let script = r#"fn main() {
        println!("cargo:rerun-if-changed=number.txt");
        let number = std::fs::read_to_string("number.txt").unwrap();
        let text = format!("pub struct Made(u8); const MADE: u64 = {number};");
        let folder = std::env::var("OUT_DIR").unwrap();
        std::fs::write(folder + "/made.rs", text).unwrap();
    }"#;
    fixture.write("rules/build.rs", script);
    fixture.write("rules/number.txt", "0");
    let made = "words::WORD + MADE;\ninclude!(concat!(env!(\"OUT_DIR\"), \"/made.rs\"));";
    fixture.edit("rules/src/lib.rs", "words::WORD;", made);
    let first = fixture.identities();
    fixture.edit("words/src/lib.rs", "= 2", "= 3");
    fixture.answers(301, None);
    assert_eq!(fixture.others(first), [""; 0]);
    fixture.write("rules/number.txt", "1");
    fixture.answers_by_cargo(401, "rules/number.txt");
    fixture.edit("words/src/lib.rs", "= 3", "= 4");
    fixture.answers(501, None);
    assert_eq!(fixture.others(first), [""; 0]);
}

/// Cargo tells crates apart by their packages only.
#[test]
fn what_cargo_had_to_build_is_told_apart_too() {
    let mut fixture = fixture();
    let first = fixture.identities();
    fixture.is_another_by_cargo(first);
    let second = fixture.identities();
    // Cargo does not look at it again, so its command has to be brought about.
    fixture.edit("Cargo.toml", "[workspace]", "# Of a game.\n[workspace]");
    assert_eq!(fixture.others(second), [""; 0]);
    fixture.edit(
        "game/src/lib.rs",
        "Entry(pub u64, pub u64)",
        "Entry(pub u64)",
    );
    fixture.edit("Cargo.toml", "# Of a game.\n", "");
    assert_eq!(fixture.others(first), [""; 0]);
}

/// Cargo would be waited for in vain: what it made would be compiled once more.
#[test]
fn types_that_change_before_the_compiler_is_ready_are_not_built_by_cargo() {
    let mut fixture = fixture();
    let first = fixture.identities();
    fixture.is_kept_from_warming_up("Compiling game");
    fixture.edit("rules/src/lib.rs", "Rule(words", "Rule(u8, words");
    fixture.answers(201, None);
    assert_eq!(fixture.compiled(), ["rules", "game"]);
    assert_eq!(fixture.others(first), ["rules", "game"]);
}

/// What it was linked with is compiled once more, and so is the library, under its own name.
#[test]
fn a_library_of_other_types_stays_what_it_is_when_the_compiler_gets_ready() {
    let mut fixture = fixture();
    let first = fixture.identities();
    fixture.is_another_by_cargo(first);
    fixture.warm_up();
    assert_eq!(fixture.compiled(), ["words", "rules", "game"]);
    assert_eq!(fixture.others(first), ["game"]);
    assert_eq!(fixture.compiled(), [""; 0]);
}

/// What is not edited itself is one of cargo's in what cargo builds, whatever it is in the code that runs.
#[test]
fn what_cargo_built_with_types_of_before_is_built_with_those_of_now() {
    let mut fixture = fixture();
    fixture.edit("words/src/lib.rs", "Word(u64)", "Word(u64, u8)");
    // To cargo it is another crate, which has no types of before.
    fixture.edit("game/Cargo.toml", "0.1.0", "0.2.0");
    let second = fixture.identities();
    fixture.write("game/src/extra.rs", "");
    fixture.edit("game/src/lib.rs", "mod menu;", "mod menu; mod extra;");
    let (name, path) = ("game".to_owned(), fixture.path("game/src/extra.rs"));
    fixture.answers(201, Some(Decline::Reads { name, path }));
    assert_eq!(fixture.others(second), [""; 0]);
}

/// The app has to be started again for it, and the message says why.
#[test]
fn what_cargo_compiled_besides_is_told_where_types_changed_too() {
    let mut fixture = fixture();
    fixture.edit("engine/src/lib.rs", "= 0", "= 500");
    fixture.edit(
        "game/src/lib.rs",
        "Entry(pub u64)",
        "Entry(pub u64, pub u64)",
    );
    let (outcome, _) = fixture.build();
    let built = outcome.unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(built.recompiled, ["engine"]);
}

/// Where cargo is all there is, types that changed cannot be told from those of before.
#[test]
fn without_our_own_commands_other_types_are_refused() {
    let mut fixture = fixture();
    let first = fixture.identities();
    fixture.write(".cargo/config.toml", "include = []\n");
    assert_eq!(fixture.others(first), [""; 0]);
    fixture.edit("game/src/menu.rs", "= 1", "= 4");
    assert_eq!(fixture.others(first), [""; 0]);
    fixture.edit(
        "game/src/lib.rs",
        "Entry(pub u64)",
        "Entry(pub u64, pub u64)",
    );
    let path = fixture.path(".cargo/config.toml");
    for _ in 0..2 {
        match fixture.build().0 {
            Err(BuildError::SameIdentity { crates, decline }) => {
                assert_eq!(crates, ["game"]);
                assert_eq!(decline, Decline::Includes { path: path.clone() });
            }
            other => panic!("{other:?}"),
        }
    }
    fixture.edit(
        "game/src/lib.rs",
        "Entry(pub u64, pub u64)",
        "Entry(pub u64)",
    );
    assert_eq!(fixture.others(first), [""; 0]);
}

/// What a macro makes of a crate, nobody can tell; so every crate is another one when a macro is. Those that
/// cargo does not compile again all the same have to be seen.
#[test]
fn another_macro_makes_other_types() {
    let mut fixture = fixture();
    let types = "#[proc_macro] pub fn nothing(_: proc_macro::TokenStream) -> proc_macro::TokenStream { NOTHING }";
    fixture.write(
        "macros/src/lib.rs",
        &types.replace("NOTHING", "Default::default()"),
    );
    fixture.write(
        "macros/Cargo.toml",
        "[package]\nname = \"macros\"\nversion = \"0.1.0\"\nedition = \"2021\"\n[lib]\nproc-macro = true\n",
    );
    fixture.edit("Cargo.toml", "\"engine\"]", "\"engine\", \"macros\"]");
    fixture.edit(
        "game/Cargo.toml",
        "rules = ",
        "macros = { path = \"../macros\" }\nrules = ",
    );
    fixture.edit(
        "game/src/lib.rs",
        "mod menu;",
        "mod menu; macros::nothing! {}",
    );
    fixture.identities();
    // Another start of the app, which finds all of it fresh.
    std::fs::remove_dir_all(fixture.folder.path().join("ours")).unwrap();
    fixture.known = None;
    let first = fixture.identities();
    fixture.write(
        "macros/src/lib.rs",
        &types.replace("NOTHING", "\"const _: u8 = 0;\".parse().unwrap()"),
    );
    assert_eq!(fixture.others(first), ["words", "rules", "game"]);
}

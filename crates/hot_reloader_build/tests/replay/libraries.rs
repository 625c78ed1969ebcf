//! A host with two plugin libraries, which share crates that may change.

use super::*;
use hot_reloader_build::WorkspaceError;

impl Fixture {
    /// Besides `game`, a library `menu` that needs `rules` too.
    pub(super) fn of_two() -> Self {
        let mut fixture = Self::unbuilt();
        fixture.edit("Cargo.toml", "\"game\"", "\"game\", \"menu\"");
        fixture.write(
            "menu/Cargo.toml",
            "[package]\nname = \"menu\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\
             [features]\nhot = []\n\
             [dependencies]\nrules = { path = \"../rules\" }\nengine = { path = \"../engine\" }\n",
        );
        fixture.write(
            "menu/src/lib.rs",
            "#[unsafe(no_mangle)]\npub static ANSWER: [u64; 2] = [0x7265_7761_6e73_3a21, \
             rules::RULE * 1000 + ENTRIES + engine::ZERO];\nconst ENTRIES: u64 = 7;\n",
        );
        fixture.libraries.push("menu".to_owned());
        fixture
    }

    /// `rules` has a feature that makes its number another one.
    pub(super) fn with_odd_rules(&self) {
        self.edit(
            "rules/Cargo.toml",
            "[dependencies]",
            "[features]\nodd = []\n[dependencies]",
        );
        self.edit("rules/src/lib.rs", "words::WORD", WITH_ODD);
    }

    /// A package of its own is the host, with this after the head of its manifest.
    fn with_host(&mut self, manifest: &str) {
        self.edit("Cargo.toml", "\"game\"", "\"game\", \"host\"");
        self.with_manifest(manifest);
        self.write("host/src/main.rs", "fn main() {}\n");
        self.config.manifest = self.path("host/Cargo.toml");
    }

    /// The manifest of the host is another one.
    fn with_manifest(&self, manifest: &str) {
        let head = "[package]\nname = \"host\"\nversion = \"0.1.0\"\nedition = \"2024\"\n";
        self.write("host/Cargo.toml", &format!("{head}{manifest}"));
    }

    /// Builds, and compares the answers of the libraries that were asked for.
    #[track_caller]
    pub(super) fn answer(&mut self, answers: &[(&str, u64)], decline: Option<Decline>) -> Built {
        let (outcome, builder) = self.build();
        let built = outcome.unwrap_or_else(|error| panic!("{error}"));
        let expected = decline.map_or(Builder::Replay, Builder::Cargo);
        assert_eq!(builder, Some(expected));
        let libraries = built.libraries.iter();
        let found: Vec<_> = libraries.map(|(name, path)| (&**name, ask(path))).collect();
        assert_eq!(found, answers);
        built
    }
}

#[test]
fn an_edit_compiles_the_library_that_it_is_in_and_no_other() {
    let mut fixture = Fixture::of_two();
    fixture.answer(&[("game", 201), ("menu", 2007)], Some(Decline::First));
    fixture.edit("menu/src/lib.rs", "= 7", "= 8");
    fixture.answer(&[("game", 201), ("menu", 2008)], None);
    assert_eq!(fixture.compiled(), ["menu"]);
    fixture.edit("game/src/menu.rs", "= 1", "= 3");
    fixture.answer(&[("game", 203), ("menu", 2008)], None);
    assert_eq!(fixture.compiled(), ["game"]);
    // What both need is compiled once.
    fixture.edit("words/src/lib.rs", "= 2", "= 3");
    fixture.answer(&[("game", 303), ("menu", 3008)], None);
    let mut compiled = fixture.compiled();
    compiled[2..].sort();
    assert_eq!(compiled, ["words", "rules", "game", "menu"]);
}

#[test]
fn a_broken_library_keeps_no_other_from_being_built() {
    let mut fixture = Fixture::of_two();
    fixture.answer(&[("game", 201), ("menu", 2007)], Some(Decline::First));
    fixture.edit("game/src/menu.rs", "= 1", "= one");
    fixture.edit("menu/src/lib.rs", "= 7", "= 8");
    let (outcome, builder) = fixture.build();
    assert!(matches!(outcome, Err(BuildError::Errors(_))), "{outcome:?}");
    assert_eq!(builder, Some(Builder::Replay));
    fixture.wanted = Some(vec!["menu".to_owned()]);
    fixture.answer(&[("menu", 2008)], None);
    // By cargo too, which forgets nothing of the other.
    fixture.edit(
        "menu/src/lib.rs",
        "const ENTRIES: u64 = 8;",
        "mod more;\nuse more::ENTRIES;",
    );
    fixture.write("menu/src/more.rs", "pub(crate) const ENTRIES: u64 = 9;\n");
    let path = fixture.path("menu/src/more.rs");
    let name = "menu".to_owned();
    fixture.answer(&[("menu", 2009)], Some(Decline::Reads { name, path }));
    fixture.edit("menu/src/more.rs", "= 9", "= 6");
    fixture.answer(&[("menu", 2006)], None);
    fixture.wanted = None;
    fixture.edit("game/src/menu.rs", "= one", "= 4");
    fixture.answer(&[("game", 204), ("menu", 2006)], None);
    assert_eq!(fixture.compiled(), ["game"]);
}

/// A library for which cargo had to compile what another needs too: that one is compiled with it when its turn
/// comes.
#[test]
fn what_cargo_compiled_for_one_library_goes_into_the_other() {
    let mut fixture = Fixture::of_two();
    fixture.answer(&[("game", 201), ("menu", 2007)], Some(Decline::First));
    fixture.edit("words/src/lib.rs", "= 2", "= TWO;\nmod two;\nuse two::TWO");
    fixture.write("words/src/two.rs", "pub(crate) const TWO: u64 = 4;\n");
    fixture.wanted = Some(vec!["menu".to_owned()]);
    let path = fixture.path("words/src/two.rs");
    let name = "words".to_owned();
    fixture.answer(&[("menu", 4007)], Some(Decline::Reads { name, path }));
    fixture.wanted = None;
    fixture.answer(&[("game", 401), ("menu", 4007)], None);
    assert_eq!(fixture.compiled(), ["game"]);
}

/// What a library is made of is told for it alone, whatever the sources of others have become.
#[test]
fn the_layout_of_a_library_is_of_what_it_needs() {
    let mut fixture = Fixture::of_two();
    let both = fixture.build().0.unwrap().layout;
    assert!(both.concerns("game::Any") && both.concerns("menu::Any"));
    fixture.write("game/src/menu.rs", "struct Broken {");
    fixture.edit(
        "menu/src/lib.rs",
        "const ENTRIES",
        "pub struct Entry(pub u8);\nconst ENTRIES",
    );
    fixture.wanted = Some(vec!["menu".to_owned()]);
    let (outcome, builder) = fixture.build();
    let menu = outcome.unwrap().layout;
    assert_eq!(builder, Some(Builder::Replay));
    assert!(!menu.concerns("game::Any") && menu.concerns("rules::Any"));
    assert!(menu.tells_apart(&both, "menu::Any"));
    assert_eq!(menu.at_odds(&both.only(&["rules".to_owned()])), [""; 0]);
    // A type of a new file, of which only cargo knows.
    fixture.edit(
        "menu/src/lib.rs",
        "const ENTRIES",
        "mod more;\nconst ENTRIES",
    );
    fixture.write("menu/src/more.rs", "pub struct More(pub u16);\n");
    let (outcome, builder) = fixture.build();
    let more = outcome.unwrap().layout;
    assert!(matches!(
        builder,
        Some(Builder::Cargo(Decline::Reads { .. }))
    ));
    assert!(more.tells_apart(&menu, "menu::Any"));
}

/// Cargo builds what a library needs with features that the libraries that were not asked for do not have.
#[test]
fn another_form_of_what_others_run_is_at_odds_with_it() {
    let mut fixture = Fixture::of_two();
    fixture.edit(
        "rules/Cargo.toml",
        "[dependencies]",
        "[features]\nodd = []\n[dependencies]",
    );
    let both = fixture.build().0.unwrap().layout;
    fixture.edit(
        "menu/Cargo.toml",
        "rules = { path = \"../rules\" }",
        "rules = { path = \"../rules\", features = [\"odd\"] }",
    );
    fixture.wanted = Some(vec!["menu".to_owned()]);
    let menu = fixture.build().0.unwrap().layout;
    let game = ["game", "rules", "words"].map(str::to_owned);
    assert_eq!(menu.at_odds(&both.only(&game)), ["rules"]);
}

/// What was built turned out to be of no use: cargo is asked, for one of them, and then for the other.
#[test]
fn after_a_build_of_no_use_cargo_is_asked_for_each() {
    let mut fixture = Fixture::of_two();
    fixture.answer(&[("game", 201), ("menu", 2007)], Some(Decline::First));
    fixture.known.as_mut().unwrap().distrust();
    fixture.wanted = Some(vec!["menu".to_owned()]);
    fixture.answer(&[("menu", 2007)], Some(Decline::Useless));
    fixture.wanted = None;
    fixture.edit("game/src/menu.rs", "= 1", "= 3");
    fixture.answer(&[("game", 203), ("menu", 2007)], None);
    fixture.edit("words/src/lib.rs", "= 2", "= 3");
    fixture.answer(&[("game", 303), ("menu", 3007)], None);
}

/// The settings may be changed while the app runs.
#[test]
fn the_libraries_of_a_host_may_be_others() {
    let mut fixture = Fixture::of_two();
    fixture.answer(&[("game", 201), ("menu", 2007)], Some(Decline::First));
    fixture.libraries.pop();
    fixture.answer(&[("game", 201)], Some(Decline::Settings));
    fixture.libraries.insert(0, "menu".to_owned());
    fixture.answer(&[("menu", 2007), ("game", 201)], Some(Decline::Settings));
}

/// Types of a crate that both need would be others in each, so what one asks of it, the other is built with.
#[test]
fn what_two_libraries_need_is_built_alike_for_both() {
    let mut fixture = Fixture::of_two();
    fixture.with_odd_rules();
    fixture.edit("menu/Cargo.toml", RULES, ODD_RULES);
    fixture.answer(&[("game", 301), ("menu", 3007)], Some(Decline::First));
    fixture.edit("game/src/menu.rs", "= 1", "= 2");
    fixture.answer(&[("game", 302), ("menu", 3007)], None);
}

const RULES: &str = "rules = { path = \"../rules\" }";
const ODD_RULES: &str = "rules = { path = \"../rules\", features = [\"odd\"] }";
const WITH_ODD: &str = "words::WORD + cfg!(feature = \"odd\") as u64";

/// The library does not name that, so cargo cannot be told what to turn on in it.
#[test]
fn what_one_library_turns_on_by_a_crate_between_is_an_error() {
    let mut fixture = Fixture::of_two();
    fixture.edit(
        "words/Cargo.toml",
        "[package]",
        "[features]\nodd = []\n[package]",
    );
    fixture.edit(
        "menu/Cargo.toml",
        "[dependencies]",
        "[dependencies]\nwords = { path = \"../words\", features = [\"odd\"] }",
    );
    let (outcome, _) = fixture.build();
    let error = outcome.unwrap_err();
    let differs = matches!(
        &error,
        BuildError::Differs { name, library, other }
            if name == "rules" && library == "menu" && other == "game"
    );
    assert!(differs, "{error}");
    fixture.edit(
        "game/Cargo.toml",
        "[dependencies]",
        "[dependencies]\nwords = { path = \"../words\" }",
    );
    fixture.answer(&[("game", 201), ("menu", 2007)], Some(Decline::First));
}

/// A host with features of its own for what it shares with its library, and for the library.
#[test]
fn what_the_host_turns_on_the_library_is_built_with() {
    let mut fixture = Fixture::unbuilt();
    fixture.with_odd_rules();
    fixture.with_host(&format!("[dependencies]\n{CHEATING_GAME}\n{ODD}\n"));
    fixture.answers(10_301, Some(Decline::First));
    fixture.edit("game/src/menu.rs", "= 1", "= 2");
    fixture.answers(10_302, None);
}

const CHEATING_GAME: &str = "game = { path = \"../game\", features = [\"cheats\"] }";
/// `rules` under another name.
const PLAIN: &str = "odd_rules = { package = \"rules\", path = \"../rules\" }";
const ODD: &str = "odd_rules = { package = \"rules\", path = \"../rules\", features = [\"odd\"] }";
const OPTIONAL: &str = "odd_rules = { package = \"rules\", path = \"../rules\", optional = true }";

/// Its features count as far as they are turned on, and its dependencies as far as they are for this platform.
#[test]
fn what_the_host_turns_on_by_its_features_and_for_its_platform_counts() {
    let mut fixture = Fixture::unbuilt();
    fixture.with_odd_rules();
    fixture.with_host("");
    fixture.config.features.push("more".to_owned());
    let game = "game = { path = \"../game\" }";
    let check = |fixture: &mut Fixture, manifest: String, answer: u64| {
        fixture.with_manifest(&manifest);
        let (outcome, _) = fixture.build();
        let built = outcome.unwrap_or_else(|error| panic!("{manifest}: {error}"));
        assert_eq!(ask(library(&built)), answer, "{manifest}");
    };
    let by_feature = [
        ("default = [\"dev\"]\ndev = [\"odd_rules/odd\"]", PLAIN, 301),
        ("default = [\"game/cheats\"]", PLAIN, 10_201),
        ("dev = [\"odd_rules/odd\"]", PLAIN, 201),
        // It is turned on in the settings.
        ("more = [\"odd_rules/odd\"]", PLAIN, 301),
        ("default = [\"odd_rules/odd\"]", OPTIONAL, 301),
        ("default = [\"odd_rules?/odd\"]", OPTIONAL, 201),
        (
            "default = [\"odd_rules?/odd\", \"dev\"]\ndev = [\"dep:odd_rules\"]",
            OPTIONAL,
            301,
        ),
    ];
    for (features, rules, answer) in by_feature {
        let more = if features.contains("more") {
            ""
        } else {
            "more = []"
        };
        let manifest = format!("[features]\n{more}\n{features}\n[dependencies]\n{game}\n{rules}\n");
        check(&mut fixture, manifest, answer);
    }
    let more = "[features]\nmore = []\n[dependencies]";
    for (platform, answer) in [("cfg(all())", 301), ("cfg(any())", 201)] {
        let further = format!("[target.'{platform}'.dependencies]\n{ODD}\n");
        check(&mut fixture, format!("{more}\n{game}\n{further}"), answer);
        check(
            &mut fixture,
            format!("{more}\n{game}\n{PLAIN}\n{further}"),
            answer,
        );
    }
}

/// Whether it is optional, or only for some platforms.
#[test]
fn what_a_library_may_do_without_is_built_as_the_host_asks() {
    let mut fixture = Fixture::unbuilt();
    fixture.with_odd_rules();
    fixture.with_host(&format!(
        "[dependencies]\ngame = {{ path = \"../game\" }}\n{ODD}\n"
    ));
    let plain = format!("{RULES}\n");
    fixture.edit("game/Cargo.toml", &plain, "");
    let manifest = fs::read_to_string(fixture.path("game/Cargo.toml")).unwrap();
    let here = format!("{manifest}[target.'cfg(all())'.dependencies]\n{RULES}\n");
    fixture.write("game/Cargo.toml", &here);
    fixture.answers(301, Some(Decline::First));
    let optional = RULES.replace(" }", ", optional = true }");
    let optional = format!("{manifest}{optional}\n").replace("hot = []", "hot = [\"dep:rules\"]");
    fixture.write("game/Cargo.toml", &optional);
    fixture.answers_by_cargo(301, "game/Cargo.toml");
}

/// As with any other dependency.
#[test]
fn a_library_has_its_default_features_unless_the_host_does_without_them() {
    let mut fixture = Fixture::unbuilt();
    let default = "cheats = []\ndefault = [\"cheats\"]";
    fixture.edit("game/Cargo.toml", "cheats = []", default);
    let game = "[dependencies]\ngame = { path = \"../game\" }\n";
    fixture.with_host(game);
    fixture.answers(10_201, Some(Decline::First));
    let without = game.replace(" }", ", default-features = false }");
    fixture.with_manifest(&without);
    let path = fixture.path("host/Cargo.toml");
    fixture.answers(201, Some(Decline::Input { path }));
    fixture.edit("game/src/menu.rs", "= 1", "= 2");
    fixture.answers(202, None);
}

/// With what the host turns on in one library comes what that one asks of a crate that another needs too.
#[test]
fn what_a_feature_of_one_library_turns_on_the_other_is_built_with() {
    let mut fixture = Fixture::of_two();
    fixture.with_odd_rules();
    let by_cheats = "cheats = [\"rules/odd\"]";
    fixture.edit("game/Cargo.toml", "cheats = []", by_cheats);
    fixture.with_host(&format!(
        "[dependencies]\n{CHEATING_GAME}\nmenu = {{ path = \"../menu\" }}\n"
    ));
    fixture.answer(&[("game", 10_301), ("menu", 3007)], Some(Decline::First));
}

/// Examples and tests have more than the app itself.
#[test]
fn a_library_of_an_example_is_built_with_what_examples_need() {
    let mut fixture = Fixture::unbuilt();
    fixture.with_odd_rules();
    fixture.edit(
        "game/Cargo.toml",
        "[dependencies]",
        &format!("[dev-dependencies]\n{ODD_RULES}\n[dependencies]"),
    );
    fixture.answers(201, Some(Decline::First));
    // Another start, by `cargo run --example`.
    (fixture.config.as_test, fixture.known) = (true, None);
    fixture.answers(301, Some(Decline::First));
    // The very form that cargo builds for the example itself.
    fixture.write(
        "game/examples/demo.rs",
        "fn main() { println!(\"{}\", rules::RULE); }\n",
    );
    let said = fixture.in_terminal(&[
        "build",
        "--package",
        "game",
        "--features",
        "hot",
        "--example",
        "demo",
    ]);
    assert!(said.contains("Compiling game"), "{said}");
    assert!(!said.contains("Compiling rules"), "{said}");
}

/// Each feature is for the libraries that have it, and `hot` is for all.
#[test]
fn a_feature_of_one_library_is_not_asked_of_another() {
    let mut fixture = Fixture::of_two();
    fixture.config.features.push("cheats".to_owned());
    fixture.answer(&[("game", 10_201), ("menu", 2007)], Some(Decline::First));
    fixture.config.features.push("nowhere".to_owned());
    let (outcome, _) = fixture.build();
    let error = outcome.unwrap_err().to_string();
    assert!(error.contains("nowhere"), "{error}");
}

#[test]
fn a_library_is_no_part_of_another() {
    let mut fixture = Fixture::of_two();
    fixture.edit(
        "menu/Cargo.toml",
        "[dependencies]",
        "[dependencies]\ngame = { path = \"../game\" }",
    );
    let (outcome, _) = fixture.build();
    let error = outcome.unwrap_err();
    let nested = matches!(
        &error,
        BuildError::Workspace { source: WorkspaceError::Nested { inner, outer } }
            if inner == "game" && outer == "menu"
    );
    assert!(nested, "{error}");
}

/// Cargo turns features on in members of the workspace only, and `hot` is one.
#[test]
fn a_library_that_is_not_in_the_workspace_is_an_error_that_says_how_it_becomes_a_member() {
    let mut fixture = Fixture::of_two();
    let host = "[dependencies]\ngame = { path = \"../game\" }\nmenu = { path = \"../menu\" }\n";
    fixture.with_host(host);
    fixture.edit("Cargo.toml", "\"menu\", ", "");
    fixture.edit("Cargo.toml", "[\"extra\"]", "[\"extra\", \"menu\"]");
    let error = fixture.build().0.unwrap_err();
    let is_it = matches!(
        &error,
        BuildError::Workspace { source: WorkspaceError::NotAMember { library, folder, .. } }
            if library == "menu" && *folder == fixture.path("menu")
    );
    assert!(is_it, "{error}");
    let said = error.to_string();
    assert!(said.contains("add \"menu\" to the `members`"), "{said}");
    assert!(!said.contains("[package]"), "{said}");

    // Beside the workspace.
    let outside = fixture.folder.path().join("menu");
    fs::rename(fixture.path("menu"), &outside).unwrap();
    fixture.edit("host/Cargo.toml", "../menu", "../../menu");
    fixture.edit("../menu/Cargo.toml", "\"../", "\"../a ö/");
    let said = fixture.build().0.unwrap_err().to_string();
    assert!(said.contains("add \"../menu\" to the `members`"), "{said}");
    assert!(
        said.contains("`workspace = \"../a ö\"` to `[package]`"),
        "{said}"
    );
    fixture.edit("Cargo.toml", "\"game\", ", "\"game\", \"../menu\", ");
    fixture.edit(
        "../menu/Cargo.toml",
        "[package]",
        "[package]\nworkspace = \"../a ö\"",
    );
    fixture.answer(&[("game", 201), ("menu", 2007)], Some(Decline::First));
}

//! Which crates may change, whatever cargo needs them for, and by what names they are known.

use super::*;

/// Its source is one of what cargo looks at; what it makes of the code is the compiler's to do.
#[test]
fn a_procedural_macro_declines_when_it_changes_and_only_then() {
    let mut fixture = Fixture::unbuilt();
    fixture.write(
        "extra/Cargo.toml",
        "[package]\nname = \"extra\"\nedition = \"2021\"\n[lib]\nproc-macro = true\n",
    );
    let source = "use proc_macro::TokenStream;\n#[proc_macro]\n\
                  pub fn number(_: TokenStream) -> TokenStream { \"1\".parse().unwrap() }\n";
    fixture.write("extra/src/lib.rs", source);
    fixture.edit(
        "game/Cargo.toml",
        "engine\" }\n",
        "engine\" }\nextra = { path = \"../extra\" }\n",
    );
    fixture.edit("game/src/menu.rs", "= 1", "= extra::number!()");
    fixture.answers(201, Some(Decline::First));
    fixture.edit("game/src/menu.rs", "number!()", "number!() + 1");
    fixture.answers(202, None);
    fixture.edit("extra/src/lib.rs", "\"1\"", "\"6\"");
    fixture.answers_by_cargo(207, "extra/src/lib.rs");
    fixture.edit("game/src/menu.rs", "number!() + 1", "number!() + 2");
    fixture.answers(208, None);
}

/// It is no part of the library, though no macro itself.
#[test]
fn what_a_procedural_macro_is_made_of_declines_for_any_platform() {
    for target in [None, Some(platform())] {
        let mut fixture = Fixture::unbuilt();
        fixture.with_macro();
        fixture.config.target = target;
        fixture.answers(201, Some(Decline::First));
        fixture.edit("helper/src/lib.rs", "\"1\"", "\"6\"");
        fixture.answers_by_cargo(206, "helper/src/lib.rs");
        fixture.edit("extra/src/lib.rs", "NUMBER", "NUMBER.trim()");
        fixture.answers_by_cargo(206, "extra/src/lib.rs");
        fixture.edit("game/src/menu.rs", "number!()", "number!() + 1");
        fixture.answers(207, None);
    }
}

/// For a platform cargo builds it twice, and the one that runs in the compiler is not the one of the library.
#[test]
fn a_crate_that_the_library_needs_and_a_macro_too_is_of_both() {
    let mut fixture = Fixture::unbuilt();
    fixture.with_macro();
    fixture.edit(
        "extra/Cargo.toml",
        "[dependencies]\n",
        "[dependencies]\nwords = { path = \"../words\" }\n",
    );
    fixture.edit(
        "extra/src/lib.rs",
        "helper::NUMBER.parse()",
        "(words::WORD - 1).to_string().parse()",
    );
    fixture.config.target = Some(platform());
    fixture.answers(201, Some(Decline::First));
    fixture.edit("game/src/menu.rs", "number!()", "number!() + 1");
    fixture.answers(202, None);
    fixture.edit("words/src/lib.rs", "= 2", "= 3");
    fixture.answers_by_cargo(303, "words/src/lib.rs");
}

/// Cargo would find it fresh.
#[test]
fn a_procedural_macro_that_comes_back_with_an_older_time_is_built_anew() {
    let mut fixture = Fixture::unbuilt();
    fixture.with_macro();
    fixture.answers(201, Some(Decline::First));
    fixture.edit("helper/src/lib.rs", "\"1\"", "\"6\"");
    fixture.age("helper/src/lib.rs");
    fixture.answers_by_cargo(206, "helper/src/lib.rs");
}

/// A crate from elsewhere that is compiled with one of this machine, as a `[patch]` has it.
#[test]
fn what_lies_between_crates_that_may_change_is_compiled_too() {
    let mut fixture = Fixture::unbuilt();
    fixture.write(
        ".cargo/config.toml",
        "[source.crates-io]\nreplace-with = \"copies\"\n[source.copies]\ndirectory = \"copies\"\n",
    );
    fixture.write("copies/between/.cargo-checksum.json", "{\"files\":{}}");
    fixture.write(
        "copies/between/Cargo.toml",
        "[package]\nname = \"between\"\nversion = \"0.1.0\"\nedition = \"2021\"\n\
         [dependencies]\nwords = \"0.1.0\"\n",
    );
    let source = "pub const BETWEEN: u64 = words::WORD - 1;\n";
    fixture.write("copies/between/src/lib.rs", source);
    fixture.edit(
        "Cargo.toml",
        "[workspace]",
        "[patch.crates-io]\nwords = { path = \"words\" }\n[workspace]",
    );
    fixture.edit(
        "game/Cargo.toml",
        "engine\" }\n",
        "engine\" }\nbetween = \"0.1.0\"\n",
    );
    fixture.edit("game/src/menu.rs", "= 1", "= between::BETWEEN");
    fixture.answers(201, Some(Decline::First));
    fixture.edit("words/src/lib.rs", "= 2", "= 3");
    fixture.answers(302, None);
    let mut compiled = fixture.compiled();
    compiled.sort();
    assert_eq!(compiled, ["between", "game", "rules", "words"]);
}

/// Only its tests need it.
#[test]
fn what_the_tests_of_a_shared_crate_need_may_change() {
    let mut fixture = Fixture::unbuilt();
    fixture.edit(
        "engine/Cargo.toml",
        "[lib]",
        "[dev-dependencies]\nrules = { path = \"../rules\" }\n[lib]",
    );
    fixture.answers(201, Some(Decline::First));
    fixture.edit("words/src/lib.rs", "= 2", "= 3");
    fixture.answers(301, None);
}

/// Cargo says of the workspace what all of its packages need together.
#[test]
fn what_only_another_package_turns_on_is_not_waited_for() {
    let mut fixture = Fixture::unbuilt();
    fixture.write(
        "extra/Cargo.toml",
        "[package]\nname = \"extra\"\nedition = \"2021\"\n",
    );
    fixture.write("extra/src/lib.rs", "");
    fixture.edit(
        "rules/Cargo.toml",
        "[dependencies]",
        "[features]\nodd = [\"dep:extra\"]\n\
         [dependencies]\nextra = { path = \"../extra\", optional = true }",
    );
    fixture.write(
        "editor/Cargo.toml",
        "[package]\nname = \"editor\"\nedition = \"2021\"\n\
         [dependencies]\nrules = { path = \"../rules\", features = [\"odd\"] }\n",
    );
    fixture.write("editor/src/lib.rs", "");
    fixture.edit("Cargo.toml", "\"engine\"]", "\"engine\", \"editor\"]");
    fixture.answers(201, Some(Decline::First));
    fixture.edit("words/src/lib.rs", "= 2", "= 3");
    fixture.answers(301, None);
    // Until the library needs it too.
    fixture.edit(
        "game/Cargo.toml",
        "rules = { path = \"../rules\" }",
        "rules = { path = \"../rules\", features = [\"odd\"] }",
    );
    fixture.answers_by_cargo(301, "game/Cargo.toml");
    fixture.write("extra/src/lib.rs", "pub const NOTHING: u8 = 0;\n");
    fixture.answers(301, None);
    let mut compiled = fixture.compiled();
    compiled.sort();
    assert_eq!(compiled, ["extra", "game", "rules"]);
}

/// The host means its own, or what it needs.
#[test]
fn two_packages_may_have_libraries_of_one_name() {
    let mut fixture = Fixture::unbuilt();
    fixture.write(
        "another/Cargo.toml",
        "[package]\nname = \"another\"\nedition = \"2021\"\n[lib]\nname = \"game\"\n",
    );
    fixture.write("another/src/lib.rs", "");
    fixture.edit("Cargo.toml", "\"engine\"]", "\"engine\", \"another\"]");
    fixture.answers(201, Some(Decline::First));
}

/// As in `my_game = { package = "game" }`.
#[test]
fn a_host_may_call_its_library_otherwise() {
    let mut fixture = Fixture::unbuilt();
    fixture.write(
        "host/Cargo.toml",
        "[package]\nname = \"host\"\nedition = \"2021\"\n[features]\nhot = []\n\
         [dependencies]\nmy_game = { package = \"game\", path = \"../game\" }\n",
    );
    fixture.write("host/src/main.rs", "fn main() {}\n");
    fixture.edit("Cargo.toml", "\"engine\"]", "\"engine\", \"host\"]");
    fixture.config.manifest = fixture.path("host/Cargo.toml");
    fixture.libraries = vec!["my_game".to_owned()];
    fixture.answers(201, Some(Decline::First));
    fixture.edit("game/src/menu.rs", "= 1", "= 3");
    let (outcome, builder) = fixture.build();
    let built = outcome.unwrap();
    assert_eq!(builder, Some(Builder::Replay));
    assert_eq!(built.libraries[0].0, "my_game");
    assert_eq!(ask(library(&built)), 203);
    assert_eq!(fixture.compiled(), ["game"]);
    assert!(built.layout.concerns("game::Any"));

    fixture.libraries = vec!["your_game".to_owned()];
    let error = fixture.build().0.unwrap_err().to_string();
    assert!(error.contains("by which the host depends on it"), "{error}");
}

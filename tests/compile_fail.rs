//! Wrong use of the macros is a compile error that points at the mistake.

use std::process::Stdio;

use hot_reloader_tests::{lab, Fixture};
use serde_json::Value;

/// Compiles a library, and asserts that the first error says `says` and marks `marked`.
#[track_caller]
fn refused(name: &str, source: &str, says: &str, marked: &str) {
    let fixture = Fixture::new(&format!("refused_{name}"));
    fixture.write(&format!(
        "#![allow(unused_imports)]\nuse bevy::prelude::*;\nuse hot_reloader::prelude::*;\n{source}\n"
    ));
    let output = lab::cargo()
        .args(["build", "--offline", "--quiet", "--features", "hot"])
        .args(["--message-format", "json", "--manifest-path"])
        .arg(fixture.folder.join("Cargo.toml"))
        .stderr(Stdio::null())
        .output()
        .expect("cargo runs");
    assert!(!output.status.success(), "it compiles");
    let text = String::from_utf8(output.stdout).unwrap();
    let messages = text.lines().map(|line| serde_json::from_str(line).unwrap());
    let error: Value = messages
        .filter(|message: &Value| message["message"]["level"] == "error")
        .map(|mut message: Value| message["message"].take())
        .next()
        .expect("the compiler says why");
    let rendered = error["rendered"].as_str().unwrap();
    assert!(rendered.contains(says), "{rendered}");
    let spans = error["spans"].as_array().unwrap();
    let main = spans.iter().find(|span| span["is_primary"] == true);
    let main = &main.unwrap_or_else(|| panic!("it points nowhere: {rendered}"))["text"][0];
    let (line, start, end) = (
        main["text"].as_str().unwrap(),
        main["highlight_start"].as_u64().unwrap() as usize,
        main["highlight_end"].as_u64().unwrap() as usize,
    );
    assert_eq!(&line[start - 1..end - 1], marked, "{rendered}");
}

#[test]
fn an_unknown_argument() {
    refused(
        "argument",
        "#[hot_module(keys = [u32])] fn game(app: &mut App) {}",
        "unknown argument `keys`; there are `state_keys`, `targets` and `after`",
        "keys",
    );
}

#[test]
fn an_argument_given_twice() {
    refused(
        "twice",
        "#[hot_module(after = [a], after = [b])] fn game(app: &mut App) {}",
        "`after` is given twice",
        "after",
    );
}

#[test]
fn a_list_that_is_none() {
    refused(
        "no_list",
        "#[hot_module(targets = play)] fn game(app: &mut App) {}",
        "expected square brackets",
        "play",
    );
}

#[test]
fn something_that_is_no_function() {
    refused(
        "no_function",
        "#[hot_module] struct Game;",
        "`#[hot_module]` goes on a function that takes a `&mut App`",
        "struct",
    );
}

#[test]
fn a_function_that_cannot_be_a_module() {
    for (name, source, says, marked) in [
        (
            "async",
            "#[hot_module] async fn game(app: &mut App) {}",
            "cannot be `async`",
            "async",
        ),
        (
            "unsafe",
            "#[hot_module] unsafe fn game(app: &mut App) {}",
            "cannot be `unsafe`",
            "unsafe",
        ),
        (
            "generic",
            "#[hot_module] fn game<T>(app: &mut App) {}",
            "cannot be generic",
            "<T>",
        ),
        (
            "many",
            "#[hot_module] fn game(app: &mut App, n: u32) {}",
            "takes one argument",
            "app: &mut App, n: u32",
        ),
        (
            "none",
            "#[hot_module] fn game() {}",
            "takes one argument",
            "game",
        ),
        (
            "method",
            "#[hot_module] fn game(&self) {}",
            "takes one argument",
            "&self",
        ),
        (
            "result",
            "#[hot_module] fn game(app: &mut App) -> u32 { 1 }",
            "returns nothing",
            "u32",
        ),
        ("app", "#[hot_module] fn game(app: &mut u32) {}", "", "game"),
    ] {
        refused(name, source, says, marked);
    }
}

#[test]
fn a_target_that_does_not_exist() {
    refused(
        "target",
        "#[hot_module(targets = [paly])] fn game(app: &mut App) {} fn play() {}",
        "cannot find value `paly`",
        "paly",
    );
}

#[test]
fn a_state_key_that_cannot_be_captured() {
    for (name, source, says) in [
        ("missing", "#[hot_module(state_keys = [Score])] fn game(app: &mut App) {}", "cannot find type `Score`"),
        (
            "no_clone",
            "#[derive(Resource)] struct Score(u32);\n#[hot_module(state_keys = [Score])] fn game(app: &mut App) {}",
            "`Score` cannot be a state key",
        ),
        (
            "no_resource",
            "#[derive(Clone)] struct Score(u32);\n#[hot_module(state_keys = [Score])] fn game(app: &mut App) {}",
            "`Score` cannot be a state key",
        ),
    ] {
        refused(name, source, says, "Score");
    }
}

#[test]
fn a_direction_that_cannot_be_followed() {
    for (name, source, says, marked) in [
        (
            "state_argument",
            "#[state(gone = \"game::Old\")] struct New;",
            "unknown argument `gone`; there are `was`, `discard` and `migrate`",
            "gone",
        ),
        (
            "state_path",
            "#[state(discard = \"Old\")] fn f() {}",
            "name the type with its crate and modules",
            "\"Old\"",
        ),
        (
            "state_was",
            "#[state(was = \"game::Old\")] fn f() {}",
            "`was` goes on the struct or enum that the type has become",
            "\"game::Old\"",
        ),
        (
            "state_migrate",
            "#[state(migrate = f)] fn f() {}",
            "`migrate` goes on the struct or enum that it makes",
            "f",
        ),
        (
            "state_function",
            "#[state(migrate = f)] #[derive(Resource, Reflect, Clone)] struct New(u8);\nfn f(was: u8) -> New { New(was) }",
            "",
            "f",
        ),
    ] {
        refused(name, source, says, marked);
    }
}

#[test]
fn a_library_that_lists_what_is_no_module() {
    refused(
        "list",
        "struct Game;\nhot_library!(Game);",
        "`Game` cannot be a module",
        "Game",
    );
}

#[test]
fn a_library_that_lists_what_has_no_name() {
    refused(
        "nameless",
        "hot_library!(|app: &mut App| {});",
        "a module needs a name",
        "|app: &mut App| {}",
    );
}

#[test]
fn a_library_that_lists_a_private_module() {
    refused(
        "private",
        "mod inner { use super::*; #[hot_module] fn game(app: &mut App) {} }\nhot_library!(inner::game);",
        "`game` is private",
        "game",
    );
}

//! What may depend on what.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    process::Command,
};

use hot_reloader_tests::root;
use object::{Object, ObjectSymbol};

fn tree(arguments: &[&str]) -> String {
    let output = Command::new("cargo")
        .args(["tree", "--prefix", "none"])
        .args(if arguments.contains(&"--edges") {
            &[][..]
        } else {
            &["--edges", "normal"]
        })
        .args(arguments)
        .current_dir(root())
        .output()
        .expect("cargo runs");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).expect("cargo prints text")
}

#[test]
fn what_needs_no_bevy_has_none() {
    for package in [
        "hot_reloader_core",
        "hot_reloader_build",
        "hot_reloader_transaction",
        "hot_reloader_remote",
    ] {
        let tree = tree(&["--package", package]);
        assert!(
            !tree.lines().any(|line| line.starts_with("bevy")),
            "{package}:\n{tree}"
        );
    }
}

#[test]
fn a_hot_host_has_none_of_the_plugins_code() {
    let tree = tree(&["--package", "slop"]);
    assert!(
        tree.lines()
            .any(|line| line.starts_with("hot_reloader_dylib ")),
        "{tree}"
    );
    assert!(
        !tree.lines().any(|line| line.starts_with("slop_plugin ")),
        "{tree}"
    );
}

/// Crates that only a reload needs.
const OF_RELOADS: [&str; 9] = [
    "hot_reloader_core",
    "hot_reloader_build",
    "hot_reloader_transaction",
    "hot_reloader_remote",
    "hot_reloader_dylib",
    "bevy_dexterous_developer",
    "dexterous_developer_instance",
    "interprocess",
    "bevy_dylib",
];

#[test]
fn a_linked_app_has_nothing_of_the_reloader() {
    let tree = tree(&[
        "--package",
        "slop",
        "--no-default-features",
        "--features",
        "linked",
    ]);
    for name in OF_RELOADS {
        let is_there = tree
            .lines()
            .any(|line| line.starts_with(&format!("{name} ")));
        assert!(!is_there, "{name}:\n{tree}");
    }
    assert!(
        tree.lines().any(|line| line.starts_with("slop_plugin ")),
        "{tree}"
    );
}

#[test]
fn a_linked_game_has_three_crates_besides_bevy() {
    let names = |tree: String| -> BTreeSet<String> {
        let first_word = |line: &str| line.split(' ').next().map(str::to_owned);
        tree.lines().filter_map(first_word).collect()
    };
    let game = names(tree(&["--package", "counter", "--no-default-features"]));
    let bevy = names(tree(&["--package", "bevy"]));
    let more: Vec<_> = game.difference(&bevy).collect();
    assert_eq!(
        more,
        [
            "counter",
            "hot_reloader",
            "hot_reloader_bevy",
            "hot_reloader_macros"
        ]
    );
}

/// The features of each package in a tree, by name and version.
fn features(arguments: &[&str]) -> BTreeMap<String, BTreeSet<String>> {
    let tree = tree(&[arguments, &["--format", "{p}|{f}"]].concat());
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for line in tree.lines().filter(|line| !line.is_empty()) {
        let (package, features) = line.split_once('|').expect("the format has both");
        let name = package.split(" (").next().expect("there is a first part");
        let features = features.trim_end_matches(" (*)");
        found
            .entry(name.to_owned())
            .or_default()
            .insert(features.to_owned());
    }
    found
}

#[test]
fn one_build_of_the_engine_serves_all() {
    let app = features(&["--edges", "normal,build", "--package", "slop"]);
    let engine = features(&["--edges", "normal,build", "--package", "bevy"]);
    let tests = [
        "--edges",
        "normal,build,dev",
        "--package",
        "hot_reloader",
        "--package",
        "hot_reloader_bevy",
        "--package",
        "slop_engine",
        "--package",
        "slop_plugin",
        "--features",
        "hot_reloader/hot,slop_engine/hot",
    ];
    let mut others = vec![features(&tests)];
    for example in [
        "counter",
        "editor_key",
        "failing",
        "orbit",
        "plugins",
        "selective",
    ] {
        others.push(features(&["--edges", "normal,build", "--package", example]));
    }
    for other in others {
        for (package, features) in &app {
            // Of the app's own crates, only what the engine is built of matters.
            if let Some(found) = other.get(package).filter(|_| engine.contains_key(package)) {
                assert_eq!(
                    found, features,
                    "{package}: name the features that are missing in crates/unified_features"
                );
            }
        }
    }
}

#[test]
fn a_linked_app_has_no_symbol_of_the_reloader() {
    let status = Command::new("cargo")
        .args(["build", "--package", "slop"])
        .args(["--no-default-features", "--features", "linked"])
        .current_dir(root())
        .status();
    assert!(status.expect("cargo runs").success(), "it does not build");
    let binary = fs::read(root().join("target/debug/slop")).expect("it was built");
    let binary = object::File::parse(&*binary).expect("it is an executable");
    let symbols: Vec<_> = binary.symbols().filter_map(|s| s.name().ok()).collect();
    let has = |text: &str| symbols.iter().any(|symbol| symbol.contains(text));
    assert!(has("hot_reloader_bevy"), "the names can be read");
    for name in OF_RELOADS {
        assert!(!has(name), "{name}");
    }
    // What the crate itself has with `hot` only; and winit, not we, opens libraries.
    for name in [
        "hot_reloader_scope",
        "HOT_RELOADER_IDENTITY",
        "hot_reloader_bevy3hot",
    ] {
        assert!(!has(name), "{name}");
    }
}

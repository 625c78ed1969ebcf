//! What may depend on what.

use std::process::Command;

use hot_reloader_tests::root;

fn tree(arguments: &[&str]) -> String {
    let output = Command::new("cargo")
        .args(["tree", "--edges", "normal", "--prefix", "none"])
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
fn core_and_build_know_no_bevy() {
    for package in ["hot_reloader_core", "hot_reloader_build"] {
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

#[test]
fn a_linked_app_has_nothing_of_the_reloader() {
    let tree = tree(&[
        "--package",
        "slop",
        "--no-default-features",
        "--features",
        "linked",
    ]);
    for crate_name in [
        "hot_reloader_core",
        "hot_reloader_build",
        "bevy_dexterous_developer",
        "hot_reloader_dylib",
        "bevy_dylib",
    ] {
        let is_there = tree
            .lines()
            .any(|line| line.starts_with(&format!("{crate_name} ")));
        assert!(!is_there, "{crate_name}:\n{tree}");
    }
    assert!(
        tree.lines().any(|line| line.starts_with("slop_plugin ")),
        "{tree}"
    );
}

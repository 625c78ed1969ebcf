//! The package that `cargo generate` fills in.

use std::fs;

use hot_reloader_tests::{
    lab::{self, edit, root, write},
    window::Window,
};
use serde_json::Value;

use crate::program::{scene, sprite};

#[test]
fn the_template_is_a_hot_app() {
    let folder = lab::lab().join("from_template");
    for file in [
        "Cargo.toml",
        "rust-toolchain.toml",
        "src/lib.rs",
        "src/main.rs",
    ] {
        let text = fs::read_to_string(root().join("template").join(file)).expect("it is there");
        let text = text
            .replace("{{project-name}}", "from-template")
            .replace("{{crate_name}}", "from_template")
            .replace("{{hot_reloader_path}}", &root().display().to_string());
        assert!(!text.contains("{{"), "all placeholders of {file} are known");
        // So that it shares the build of the engine and can be watched; all else is as in a copy of it.
        let root = root();
        let root = root.display();
        let more = format!(
            "[dependencies]\nunified_features = {{ path = \"{root}/crates/unified_features\" }}\n\
             probe_api = {{ path = \"{root}/tests/fixtures/probe_api\" }}\n"
        );
        let text = text.replace("[dependencies]\n", &more);
        let text = text.replace("DefaultPlugins,", "DefaultPlugins, probe_api::Watch,");
        write(&folder.join(file), &text);
    }
    fs::copy(root().join("Cargo.lock"), folder.join("Cargo.lock")).expect("it is copied");
    lab::build(&folder);
    let window = Window::start("from-template", "App", |_, _| {});
    const SQUARE: [u8; 3] = [255, 153, 51];
    window.see("the square", |picture| picture.count(SQUARE) > 6_000);
    let place = |world: &Value| Some(sprite(world, 1.0)?.0);
    window.hold("Right", || {
        window.watch("the square moved", |world| place(world) > Some(40.0));
    });
    let source = folder.join("src/lib.rs");
    let text = fs::read_to_string(&source).unwrap();
    write(
        &source,
        &edit(
            &text,
            "Color::srgb(0.2, 0.2, 0.4)",
            "Color::srgb(0.2, 0.4, 0.6)",
        ),
    );
    let before = window.world();
    let report = window.reload(&[]);
    assert_eq!(report["outcome"], "committed", "{report:#}");
    window.see("the new background", |picture| {
        picture.count([51, 102, 153]) > 100_000
    });
    let after = window.world();
    assert_eq!(scene(&after), scene(&before), "the square is where it is");
}

//! Apps that none of us wrote, made reloadable by the steps of `docs/your-own-app.md`.

use std::{
    fs,
    path::{Path, PathBuf},
};

use hot_reloader_tests::{
    lab::{self, edit, root, write},
    recipes::{changed_lines, Recipe, BREAKOUT, STATES},
    window::{Area, Window},
};
use serde_json::Value;

/// The folder of the sources of Bevy.
fn bevy() -> PathBuf {
    let output = lab::cargo()
        .args(["metadata", "--format-version", "1"])
        .args(["--filter-platform", "x86_64-unknown-linux-gnu"])
        .current_dir(root())
        .output()
        .expect("cargo runs");
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("it is JSON");
    let packages = metadata["packages"].as_array().expect("there are packages");
    let bevy = packages.iter().find(|package| package["name"] == "bevy");
    let manifest = bevy.expect("bevy is one")["manifest_path"].as_str();
    Path::new(manifest.unwrap()).parent().unwrap().to_owned()
}

/// An example of Bevy in its window, as a hot app.
struct Assembled {
    source: PathBuf,
    window: Window,
}

impl Assembled {
    fn start(recipe: &Recipe) -> Self {
        let example = fs::read_to_string(bevy().join(recipe.example)).expect("it is there");
        let library = recipe.apply(&example);
        let changed = changed_lines(&example, &library);
        assert!(changed <= 15, "{changed} lines are changed");
        let parts = tempfile::tempdir().unwrap();
        write(&parts.path().join("lib.rs"), &library);
        write(&parts.path().join("main.rs"), recipe.main);
        let folder = lab::app(recipe.name, parts.path());
        let window = Window::start(recipe.name, "App", |_, _| {});
        Self {
            source: folder.join("src/lib.rs"),
            window,
        }
    }

    #[track_caller]
    fn edit(&self, from: &str, to: &str) {
        let source = fs::read_to_string(&self.source).unwrap();
        write(&self.source, &edit(&source, from, to));
        let report = self.window.reload(&[]);
        assert_eq!(report["outcome"], "committed", "{report:#}");
    }
}

/// Where things are and what is written: all of it.
fn scene(world: &Value) -> (&Value, &Value) {
    (&world["places"], &world["texts"])
}

/// How far right the sprite of this width is.
fn sprite(world: &Value, width: f64) -> Option<f64> {
    let places = world["places"].as_array()?;
    let is_it = |place: &&Value| place["sprite"] == true && place["width"] == width;
    places.iter().find(is_it)?["x"].as_f64()
}

#[test]
fn breakout_goes_on_with_its_score() {
    let game = Assembled::start(&BREAKOUT);
    let window = &game.window;
    let paddle = |world: &Value| sprite(world, 120.0);
    let score = |world: &Value| -> u32 {
        let texts = world["texts"].as_array().expect("a list");
        let score = texts
            .iter()
            .find_map(|text| text.as_str()?.strip_prefix("Score: "));
        score
            .and_then(|score| score.parse().ok())
            .expect("the score is shown")
    };
    window.watch("the paddle", |world| paddle(world).is_some());
    window.hold("Right", || {
        window.watch("the paddle moved", |world| paddle(world) > Some(40.0));
    });
    window.watch("a point", |world| score(world) > 0);

    // Stands still from here on, so that it can be compared.
    game.edit(
        "in &mut query {\n        transform.translation.x",
        "in query.iter_mut().take(0) {\n        transform.translation.x",
    );
    let before = window.world();
    assert!(score(&before) > 0, "the score was kept");
    assert!(paddle(&before) > Some(40.0), "and so was the paddle");

    let background = [51, 102, 153];
    game.edit("Color::srgb(0.9, 0.9, 0.9)", "Color::srgb(0.2, 0.4, 0.6)");
    window.see("the new background", |picture| {
        picture.count(background) > 10_000
    });
    let after = window.world();
    assert_eq!(scene(&after), scene(&before), "all is where it was");
}

#[test]
fn states_goes_on_in_its_state() {
    let game = Assembled::start(&STATES);
    let window = &game.window;
    const BUTTON: Area = (570, 340, 20, 40);
    window.see("the menu", |picture| picture.area(BUTTON).has([38, 38, 38]));
    game.edit(
        "Color::srgb(0.15, 0.15, 0.15)",
        "Color::srgb(0.2, 0.4, 0.6)",
    );
    window.see("the button in its new colour", |picture| {
        picture.area(BUTTON).has([51, 102, 153])
    });

    // Its picture is in the repository of Bevy only.
    game.edit(
        "texture: asset_server.load(\"branding/icon.png\"),",
        "sprite: Sprite { color: Color::srgb(1., 0., 0.), custom_size: Some(Vec2::splat(60.)), ..default() },",
    );
    window.click(640, 360);
    let place = |world: &Value| sprite(world, 1.0);
    window.watch("the game", |world| place(world).is_some());
    window.hold("Right", || {
        window.watch("the sprite moved", |world| place(world) > Some(40.0));
    });
    let before = window.world();

    game.edit("const SPEED: f32 = 100.0", "const SPEED: f32 = -100.0");
    let after = window.world();
    assert_eq!(
        scene(&after),
        scene(&before),
        "neither menu nor another sprite, and this one where it was"
    );
    let from = place(&after);
    window.hold("Right", || {
        window.watch("the sprite gone back", |world| place(world) < from);
    });
}

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
    let place = |world: &Value| sprite(world, 1.0);
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

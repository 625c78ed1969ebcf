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

#[test]
fn breakout_goes_on_with_its_score() {
    let game = Assembled::start(&BREAKOUT);
    let window = &game.window;
    const PADDLE: [u8; 3] = [77, 77, 179];
    /// Below the bricks: ball and paddle.
    const FIELD: Area = (190, 330, 900, 340);
    const SCORE: Area = (145, 5, 200, 40);
    /// Right of where the paddle begins.
    const MOVED: Area = (720, 585, 60, 30);
    window.see("the paddle", |picture| {
        picture.area((580, 585, 120, 30)).has(PADDLE)
    });
    window.hold("Right", || {
        window.see("the paddle moved", |picture| {
            picture.area(MOVED).has(PADDLE)
        });
    });
    let before = window.look().area(SCORE);
    window.see("a point", |picture| picture.area(SCORE) != before);

    // Stands still from here on, so that it can be compared.
    game.edit(
        "in &mut query {\n        transform.translation.x",
        "in query.iter_mut().take(0) {\n        transform.translation.x",
    );
    let field = window.still(FIELD);
    let score = window.still(SCORE);
    assert_ne!(score, before, "the score was kept");
    assert!(
        window.look().area(MOVED).has(PADDLE),
        "and so was the paddle"
    );

    let background = [51, 102, 153];
    game.edit("Color::srgb(0.9, 0.9, 0.9)", "Color::srgb(0.2, 0.4, 0.6)");
    let picture = window.see("the new background", |picture| {
        picture.count(background) > 10_000
    });
    assert!(
        field.of([230, 230, 230]) == picture.area(FIELD).of(background),
        "ball and paddle are where they were"
    );
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
    const SPRITE: [u8; 3] = [255, 0, 255];
    const MOVED: Area = (700, 330, 40, 60);
    window.click(640, 360);
    window.see("the game", |picture| picture.count(SPRITE) == 3600);
    window.hold("Right", || {
        window.see("the sprite moved", |picture| {
            picture.area(MOVED).has(SPRITE)
        });
    });
    let field: Area = (0, 200, 1280, 320);
    let before = window.still(field);

    game.edit("const SPEED: f32 = 100.0", "const SPEED: f32 = -100.0");
    assert!(
        window.still(field) == before,
        "neither menu nor another sprite, and this one where it was"
    );
    window.hold("Right", || {
        window.see("the sprite gone back", |picture| {
            !picture.area(MOVED).has(SPRITE)
        });
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
        // So that it shares the build of the engine; nothing else differs from a copy of it.
        let shared = format!(
            "[dependencies]\nunified_features = {{ path = \"{}/crates/unified_features\" }}\n",
            root().display()
        );
        let text = text.replace("[dependencies]\n", &shared);
        write(&folder.join(file), &text);
    }
    fs::copy(root().join("Cargo.lock"), folder.join("Cargo.lock")).expect("it is copied");
    lab::build(&folder);
    let window = Window::start("from-template", "App", |_, _| {});
    const SQUARE: [u8; 3] = [255, 153, 51];
    const MOVED: Area = (700, 330, 40, 60);
    window.see("the square", |picture| picture.count(SQUARE) > 6_000);
    window.hold("Right", || {
        window.see("the square moved", |picture| {
            picture.area(MOVED).has(SQUARE)
        });
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
    let field: Area = (0, 200, 1280, 320);
    let before = window.still(field).of(SQUARE);
    let report = window.reload(&[]);
    assert_eq!(report["outcome"], "committed", "{report:#}");
    let picture = window.see("the new background", |picture| {
        picture.count([51, 102, 153]) > 100_000
    });
    assert!(
        picture.area(field).of(SQUARE) == before,
        "the square is where it was"
    );
}

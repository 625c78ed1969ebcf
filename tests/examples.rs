//! The examples as somebody who runs them sees them: started, edited and reloaded in a window.

use std::path::PathBuf;

use hot_reloader_tests::{
    lab::{self, edit, root, write},
    window::{Picture, Window},
};

/// Colours that no example has, and the code for them.
const MARKS: [([u8; 3], &str); 2] = [
    ([51, 102, 153], "Color::srgb(0.2, 0.4, 0.6)"),
    ([153, 51, 102], "Color::srgb(0.6, 0.2, 0.4)"),
];

/// A copy of an example, in its window.
struct Example {
    folder: PathBuf,
    window: Window,
}

impl Example {
    /// Waits until its code runs.
    fn start(name: &'static str) -> Self {
        let folder = lab::app(name, &root().join("examples").join(name).join("src"));
        let window = Window::start(name, "App", |_, _| {});
        let report = window.reload(&[]);
        assert!(report["error"].is_null(), "{report:#}");
        Self { folder, window }
    }

    fn edit(&self, file: &str, from: &str, to: &str) {
        let file = self.folder.join("src").join(file);
        let source = std::fs::read_to_string(&file).expect("the source is there");
        write(&file, &edit(&source, from, to));
    }

    #[track_caller]
    fn reload(&self, outcome: &str) {
        let report = self.window.reload(&[]);
        assert_eq!(report["outcome"], outcome, "{report:#}");
    }
}

#[test]
fn counter() {
    let example = Example::start("counter");
    example.edit(
        "lib.rs",
        "count.value);\n    }",
        &format!(
            "count.value);\n        text.sections[0].style.color = {};\n    }}",
            MARKS[0].1
        ),
    );
    example.window.press("ctrl+alt+r");
    example
        .window
        .see("the new colour", |picture| picture.count(MARKS[0].0) > 200);
}

#[test]
fn orbit() {
    let example = Example::start("orbit");
    example.edit("lib.rs", "Color::srgb(0.01, 0.01, 0.03)", MARKS[0].1);
    example.window.press("ctrl+alt+r");
    example.window.see("the new background", |picture| {
        picture.count(MARKS[0].0) > 100_000
    });
}

#[test]
fn plugins() {
    let example = Example::start("plugins");
    example.edit("sky.rs", "Color::srgb(0.02, 0.02, 0.07)", MARKS[0].1);
    example.window.press("ctrl+alt+r");
    example.window.see("the new background", |picture| {
        picture.count(MARKS[0].0) > 100_000
    });
    // In a plugin that a plugin adds.
    example.edit(
        "sparks.rs",
        "Color::hsla(spark.hue % 360.0, 0.9, 0.55 + 0.4 * left.powi(4), left)",
        MARKS[1].1,
    );
    example.window.press("ctrl+alt+r");
    example.window.see("sparks of the new colour", |picture| {
        picture.count(MARKS[1].0) > 200
    });
}

#[test]
fn failing() {
    let example = Example::start("failing");
    // As an editor uncomments a line; each breaks in the way that the example says.
    for (from, to, kind) in [
        ("// let broken", "let broken", "compile_errors"),
        ("// panic!", "panic!", "setup_panicked"),
        ("// assert!", "assert!", "panicked"),
        ("count", "sum", "types_changed"),
    ] {
        let source = example.folder.join("src/lib.rs");
        let good = std::fs::read_to_string(&source).unwrap();
        example.edit("lib.rs", from, to);
        let report = example.window.reload(&[]);
        assert_eq!(report["error"]["kind"], kind, "{report:#}");
        example.window.see("red all over", Picture::is_red);
        write(&source, &good);
        example.reload("unchanged");
        example
            .window
            .see("no red", |picture| picture.red_share() < 0.01);
    }
}

#[test]
fn selective() {
    let example = Example::start("selective");
    for (file, (_, code)) in ["left.rs", "right.rs"].into_iter().zip(MARKS) {
        example.edit(file, "VERSION: u32 = 1", "VERSION: u32 = 2");
        let show = format!(
            "for mut text in &mut lines {{\n        text.sections[0].style.color = {code};"
        );
        example.edit(file, "for mut text in &mut lines {", &show);
    }
    let [(left, _), (right, _)] = MARKS;
    example.window.press("1");
    let picture = example
        .window
        .see("the left one anew", |picture| picture.count(left) > 200);
    assert_eq!(picture.count(right), 0, "the other was not asked for");
    example.window.press("2");
    example.window.see("both anew", |picture| {
        picture.count(left) > 200 && picture.count(right) > 200
    });
}

#[test]
fn editor_key() {
    let example = Example::start("editor_key");
    let text = (300, 400, 680, 100);
    let empty = example.window.still(text);
    example.window.type_text("half a thought");
    example
        .window
        .see("what was typed", |picture| picture.area(text) != empty);
    let typed = example.window.still(text);
    example.edit("lib.rs", "Type something, and", "Edit something, and");
    example.reload("committed");
    assert_eq!(example.window.still(text), typed, "it is still there");
    example.edit("lib.rs", "Color::srgb(0.5, 0.8, 1.0)", MARKS[0].1);
    example.reload("committed");
    example
        .window
        .see("the new colour", |picture| picture.count(MARKS[0].0) > 200);
}

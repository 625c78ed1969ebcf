//! Programs made of states.

use hot_reloader_tests::recipes::{COMPUTED_STATES, STATES, SUB_STATES};
use serde_json::Value;

use crate::program::{buttons, pixels, says, scene, sprite, Program};

/// How far right the only sprite is.
fn place(world: &Value) -> Option<f64> {
    Some(sprite(world, 1.0)?.0)
}

/// The picture of the sprite, as the tests have it, by its colour.
const ICON: [u8; 3] = [255, 0, 0];

/// Holds the key until the sprite is right of `beyond`.
fn go_right(program: &Program, beyond: f64) {
    program.window.hold("Right", || {
        let is_there = |world: &Value| place(world) > Some(beyond);
        program.window.watch("the sprite moved", is_there);
    });
}

/// The same key brings it back since the code was edited.
fn go_back(program: &Program) {
    let from = place(&program.window.world());
    program.window.hold("Right", || {
        let is_there = |world: &Value| place(world) < from;
        program.window.watch("the sprite gone back", is_there);
    });
}

/// Lets the system panic that moves the sprite, and then move it up all the time.
fn break_movement(program: &Program) {
    let code = "let mut direction = Vec3::ZERO;";
    let broken = format!("panic!(\"no\");\n        {code}");
    let mended = format!("{code}\n        transform.translation.y += 1.0;");
    program.break_and_mend(code, (&broken, "rolled_back"), &mended);
    let y = |world: &Value| sprite(world, 1.0).map(|(_, y)| y);
    program
        .window
        .watch("the sprite rising by itself", |world| y(world) > Some(10.0));
}

#[test]
fn states() {
    let program = Program::start(&STATES);
    let window = &program.window;
    window.see("the menu", |picture| pixels(picture, [38, 38, 38]) > 5_000);
    program.edit(
        "Color::srgb(0.15, 0.15, 0.15)",
        "Color::srgb(0.2, 0.4, 0.6)",
    );
    window.see("the button in its new colour", |picture| {
        pixels(picture, [51, 102, 153]) > 5_000
    });

    program.click("Play");
    window.watch("the game", |world| place(world).is_some());
    window.see("the sprite", |picture| pixels(picture, ICON) > 10_000);
    go_right(&program, 40.0);
    let before = window.world();

    program.edit("const SPEED: f32 = 100.0", "const SPEED: f32 = -100.0");
    let after = window.world();
    assert_eq!(
        scene(&after),
        scene(&before),
        "neither menu nor another sprite, and this one where it was"
    );
    go_back(&program);
    break_movement(&program);
}

#[test]
fn sub_states() {
    let program = Program::start(&SUB_STATES);
    let window = &program.window;
    program.click("Play");
    window.watch("the game", |world| place(world).is_some());
    go_right(&program, 40.0);
    window.press("space");
    window.watch("the pause", |world| says(world, "Paused"));
    let before = window.world();

    program.edit("const SPEED: f32 = 100.0", "const SPEED: f32 = -100.0");
    let after = window.world();
    assert_eq!(scene(&after), scene(&before), "still paused, and once");
    // What is in the scope of the state goes with it, by new code.
    window.press("space");
    window.watch("the pause over", |world| !says(world, "Paused"));
    go_back(&program);

    program.edit("\"Paused\",", "\"Halted\",");
    window.press("space");
    window.watch("the pause in other words", |world| says(world, "Halted"));
    window.press("space");
    window.watch("that over too", |world| !says(world, "Halted"));
    break_movement(&program);
}

#[test]
fn computed_states() {
    let program = Program::start(&COMPUTED_STATES);
    let window = &program.window;
    const TURBO: &str = "TURBO MODE";
    const MOVE: &str = "Move the bevy logo with the arrow keys";
    const RESUME: &str = "Press SPACE to resume";
    program.click("Play");
    window.watch("the game", |world| {
        place(world).is_some() && says(world, MOVE)
    });
    window.press("t");
    window.watch("the turbo mode", |world| says(world, TURBO));
    go_right(&program, 40.0);
    let before = window.world();

    program.edit("TURBO_SPEED: f32 = 300.0", "TURBO_SPEED: f32 = -300.0");
    let after = window.world();
    assert_eq!(
        scene(&after),
        scene(&before),
        "all states are what they were"
    );
    go_back(&program);
    window.press("space");
    window.watch("the pause", |world| {
        says(world, "Paused") && says(world, RESUME) && !says(world, MOVE)
    });

    // How a state follows from others is code like any other.
    program.edit(
        "AppState::InGame { turbo: true, .. } => Some(Self)",
        "AppState::InGame { turbo: true, paused: false } => Some(Self)",
    );
    window.press("space");
    window.watch("the game goes on", |world| {
        !says(world, "Paused") && says(world, TURBO) && says(world, MOVE)
    });
    window.press("space");
    window.watch("the pause without turbo mode", |world| {
        says(world, "Paused") && !says(world, TURBO) && says(world, RESUME)
    });

    program.break_and_mend(
        "next_state.set(AppState::Menu);",
        ("next_state.set(AppState::Oops);", "refused"),
        "info!(\"quits\");\n        next_state.set(AppState::Menu);",
    );
    window.press("Escape");
    window.watch("the menu", |world| {
        buttons(world).len() == 2 && place(world).is_none() && !says(world, RESUME)
    });
    program.printed("what the mended code says", |log| log.contains(" quits\n"));
    // The other state, of which all follows too.
    program.click("Tutorial");
    program.click("Play");
    window.watch("the game without a tutorial", |world| {
        place(world).is_some() && !says(world, MOVE)
    });
}

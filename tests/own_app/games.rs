//! Games and toys.

use hot_reloader_tests::recipes::{BREAKOUT, DESK_TOY, OBSERVERS};
use serde_json::Value;

use crate::program::{pixels, says, scene, sprite, Program};

#[test]
fn breakout() {
    let game = Program::start(&BREAKOUT);
    let window = &game.window;
    let paddle = |world: &Value| Some(sprite(world, 120.0)?.0);
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
        pixels(picture, background) > 10_000
    });
    let after = window.world();
    assert_eq!(scene(&after), scene(&before), "all is where it was");

    game.edit("Score(0)", "Score(100)");
    let after = window.watch("the new score", |world| score(world) == 100);
    assert_eq!(
        after["places"], before["places"],
        "no ball, no brick is another"
    );

    game.break_and_mend(
        "text.sections[1].value = score.to_string();",
        ("text.sections[1].value = oops;", "refused"),
        "text.sections[1].value = format!(\"{} points\", **score);",
    );
    window.watch("the score in other words", |world| {
        says(world, "Score: 100 points")
    });
    let from = paddle(&window.world());
    window.hold("Left", || {
        window.watch("the paddle moved back", |world| paddle(world) < from);
    });
}

#[test]
fn desk_toy() {
    let toy = Program::start(&DESK_TOY);
    let window = &toy.window;
    let is_at = |world: &Value, x: f64, y: f64| {
        let logo = sprite(world, 1.0);
        logo.is_some_and(|(left, up)| (left - x).abs() < 1.5 && (up - y).abs() < 1.5)
    };
    window.watch("the logo", |world| is_at(world, 0.0, 0.0));
    window.point_and_wait(640, 360);
    window.hold_button(|| {
        // When the app knows of a movement, it knows of what came before.
        window.point_and_wait(641, 360);
        window.point(740, 300);
        window.watch("the logo dragged", |world| is_at(world, 100.0, 60.0));

        let code = "let new_translation = cursor_world_pos + drag_offset.0";
        toy.edit(code, &format!("{code} + Vec2::new(0.0, 50.0)"));
        window.watch("the logo above the cursor", |world| {
            is_at(world, 100.0, 110.0)
        });
        window.point(540, 300);
        window.watch("the logo still dragged", |world| {
            is_at(world, -100.0, 110.0)
        });
    });
    // A step that is within what is told apart: one that comes in the frame of the release may still drag it.
    window.point_and_wait(541, 300);
    window.point_and_wait(640, 500);
    assert!(is_at(&window.world(), -100.0, 110.0), "it was let go");

    toy.edit(
        "WINDOW_CLEAR_COLOR: Color = Color::srgb(0.2, 0.2, 0.2)",
        "WINDOW_CLEAR_COLOR: Color = Color::srgb(0.2, 0.4, 0.6)",
    );
    let world = window.watch("the new background", |world| {
        world["background"] == serde_json::json!([51, 102, 153])
    });
    assert!(is_at(&world, -100.0, 110.0), "the logo is where it was");

    // The pupils swing for a while. They stand still from here on, so that scenes can be compared.
    toy.edit(
        "for (mut pupil, mut transform) in &mut q_pupils {",
        "for (mut pupil, mut transform) in q_pupils.iter_mut().take(0) {",
    );
    let code = "for (mut pupil, mut transform) in q_pupils.iter_mut().take(0) {";
    toy.break_and_mend(
        code,
        (&format!("panic!(\"no\");\n    {code}"), "rolled_back"),
        "for (mut pupil, mut transform) in &mut q_pupils {\n        transform.scale.x = 2.0;",
    );
    let world = window.watch("the pupils, wider", |world| {
        let places = world["places"].as_array().expect("a list");
        let is_pupil = |place: &&Value| place["width"] == 2.0 && place["sprite"] == false;
        places.iter().filter(is_pupil).count() == 3
    });
    assert!(is_at(&world, -100.0, 110.0), "the logo is where it was");
}

/// A mine: its place in the world, and its size.
type Mine = ((f64, f64), f64);

fn mines(world: &Value) -> Vec<Mine> {
    let shapes = world["shapes"].as_array().expect("a list");
    let mine = |shape: &Value| {
        let number = |name: &str| shape[name].as_f64().expect("a number");
        ((number("x"), number("y")), number("radius"))
    };
    shapes.iter().map(mine).collect()
}

/// How many mines an explosion sets off, one after the other. `reach` says how far one of some radius is felt
/// beyond the mines themselves.
fn set_off(mines: &[Mine], from: (f64, f64), reach: impl Fn(f64) -> f64) -> usize {
    let mut explosions = vec![(from, 1.0)];
    let mut left: Vec<Mine> = mines.to_vec();
    while let Some((at, radius)) = explosions.pop() {
        let (hit, others) = left.into_iter().partition(|(place, size): &Mine| {
            (place.0 - at.0).hypot(place.1 - at.1) < size + reach(radius)
        });
        left = others;
        explosions.extend(hit);
    }
    mines.len() - left.len()
}

/// A mine that sets off as many others, by a rule.
#[track_caller]
fn find(mines: &[Mine], is_it: impl Fn((f64, f64)) -> bool) -> (f64, f64) {
    let places = mines.iter().map(|((x, y), _)| (x.round(), y.round()));
    // Not under what lies over the edges of the window.
    let mut places = places.filter(|(x, y)| x.abs() < 400.0 && y.abs() < 200.0);
    places.find(|at| is_it(*at)).expect("there is one")
}

#[test]
fn observers() {
    let game = Program::start(&OBSERVERS);
    let window = &game.window;
    let all = mines(&window.watch("the mines", |world| mines(world).len() == 1001));
    let press = |(x, y): (f64, f64)| game.press_at((640.0 + x) as u32, (360.0 - y) as u32);
    let explode = |mines: &[Mine], at: (f64, f64), count: usize| {
        press(at);
        let expected = mines.len() - count;
        window.watch("the explosions", |world| {
            self::mines(world).len() == expected
        });
    };

    // Near to a border, rounding would decide.
    let of_the_example = |mines: &[Mine], at: (f64, f64)| {
        let counts = [-0.1, 0.1].map(|more| set_off(mines, at, |radius| radius + more));
        (counts[0] == counts[1]).then_some(counts[0])
    };
    let is_small = |mines: &[Mine], at: (f64, f64)| {
        of_the_example(mines, at).is_some_and(|count| (3..20).contains(&count))
    };
    let at = find(&all, |at| is_small(&all, at));
    explode(&all, at, of_the_example(&all, at).unwrap());

    let before = mines(&window.world());
    game.edit(
        "Color::hsl((mine.size - 4.0) / 16.0 * 360.0, 1.0, 0.8)",
        "Color::srgb(0.2, 0.4, 0.6)",
    );
    window.see("mines of another colour", |picture| {
        pixels(picture, [51, 102, 153]) > 50_000
    });
    let after = mines(&window.world());
    assert_eq!(after, before, "those that were left, where they were");
    let at = find(&after, |at| is_small(&after, at));
    explode(&after, at, of_the_example(&after, at).unwrap());

    // The observer of the app. Mines are no longer felt beyond their edges.
    game.edit("mine.size + event.radius", "mine.size");
    let before = mines(&window.world());
    let edited = |at: (f64, f64)| {
        let counts = [-0.1, 0.1].map(|more| set_off(&before, at, |_| more));
        (counts[0] == counts[1]).then_some(counts[0])
    };
    let at = find(&before, |at| {
        is_small(&before, at) && edited(at).is_some() && edited(at) != of_the_example(&before, at)
    });
    explode(&before, at, edited(at).unwrap());

    let before = mines(&window.world());
    game.break_and_mend(
        "            mine.size,\n",
        ("            oops,\n", "refused"),
        "            0.5 * mine.size,\n",
    );
    let after = mines(&window.world());
    assert_eq!(after.len(), before.len());
    for (after, before) in after.into_iter().zip(before) {
        assert_eq!(after.0, before.0, "where it was");
        assert!((2.0 * after.1 - before.1).abs() < 0.001, "of half the size");
    }
}

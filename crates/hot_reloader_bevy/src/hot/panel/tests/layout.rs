//! Where the host's panels are, in windows of every size.

use std::time::Instant;

use hot_reloader_build::{outcome::Place, BuildError, Diagnostic};

use super::super::*;

/// What is to be seen in a window of this size, and the area of this name.
fn look(
    [width, height]: [f32; 2],
    area: &str,
    mut draw: impl FnMut(&egui::Context),
) -> (Vec<egui::Shape>, egui::Rect) {
    let context = egui::Context::default();
    let screen = egui::Rect::from_min_size(egui::Pos2::ZERO, egui::vec2(width, height));
    let mut shapes = Vec::new();
    // An area has its place once its size is known.
    for frame in 0..6 {
        let input = egui::RawInput {
            screen_rect: Some(screen),
            time: Some(f64::from(frame)),
            ..egui::RawInput::default()
        };
        let output = context.run(input, &mut draw);
        shapes = output.shapes.into_iter().map(|one| one.shape).collect();
    }
    let rect = context.memory(|memory| memory.area_rect(egui::Id::new(area)));
    let rect = rect.expect("it is drawn");
    assert!(screen.contains_rect(rect), "{rect:?} in {screen:?}");
    (shapes, rect)
}

/// Where a text is that begins so.
#[track_caller]
fn find(shapes: &[egui::Shape], text: &str) -> egui::Rect {
    let found = shapes.iter().find_map(|shape| match shape {
        egui::Shape::Text(shape) if shape.galley.text().starts_with(text) => {
            Some(shape.visual_bounding_rect())
        }
        _ => None,
    });
    found.unwrap_or_else(|| panic!("`{text}` is not to be seen"))
}

fn mistakes(count: usize) -> ReloadError {
    let mistake = |line| Diagnostic {
        message: "many words ".repeat(30),
        place: Some(Place {
            file: "/w/crates/game/src/lib.rs".into(),
            line,
            column: 1,
        }),
        rendered: "error: many words\n".repeat(5),
    };
    let mistakes = (1..=count).map(mistake).collect();
    ReloadError::Build(BuildError::Errors(mistakes))
}

#[test]
fn a_reason_stays_in_the_window_however_long_it_is() {
    for size in [[400.0, 300.0], [800.0, 600.0], [1280.0, 800.0]] {
        for count in [1, 60] {
            let error = mistakes(count);
            look(size, "hot_reloader error", |context| {
                let folder = Path::new("/w/crates/game");
                let heading = "Reload failed";
                let clicks = &mut Vec::new();
                error_panel(context, heading, &error, &[], folder, &mut false, clicks);
            });
        }
    }
}

#[test]
fn a_window_that_is_narrower_than_any_margin_is_drawn() {
    let context = egui::Context::default();
    let size = egui::vec2(20.0, 300.0);
    let error = mistakes(1);
    let progress = Progress {
        phase: Phase::Build,
        text: String::new(),
        since: Instant::now(),
    };
    let mut shapes = Vec::new();
    // An area is to be seen once its size is known.
    for _ in 0..3 {
        let input = egui::RawInput {
            screen_rect: Some(egui::Rect::from_min_size(egui::Pos2::ZERO, size)),
            ..egui::RawInput::default()
        };
        let output = context.run(input, |context| {
            let (folder, clicks) = (Path::new("/w"), &mut Vec::new());
            error_panel(context, "Failed", &error, &[], folder, &mut false, clicks);
            progress_line(context, &progress, false, clicks);
        });
        shapes = output.shapes;
    }
    assert!(!shapes.is_empty());
}

#[test]
fn the_buttons_of_a_reason_are_beside_its_heading_or_below() {
    let heading = "Reload taken back, but not all of the state. Generation 12 goes on";
    for size in [[400.0, 300.0], [800.0, 600.0], [1280.0, 800.0]] {
        let error = mistakes(1);
        let (shapes, _) = look(size, "hot_reloader error", |context| {
            let folder = Path::new("/w");
            let clicks = &mut Vec::new();
            error_panel(context, heading, &error, &[], folder, &mut false, clicks);
        });
        let heading = find(&shapes, heading);
        let rebuild = find(&shapes, "Rebuild");
        assert!(!heading.intersects(rebuild), "{heading:?}, {rebuild:?}");
        assert!(rebuild.left() >= 0.0, "{rebuild:?}");
    }
}

#[test]
fn a_reason_has_its_room_after_it_was_hidden_or_was_a_short_one() {
    let short = ReloadError::NotSwapped {
        reason: "of a test".to_owned(),
    };
    let long = mistakes(60);
    let height = |of: &dyn Fn(u32) -> (bool, bool)| {
        let mut frame = 0;
        let (_, rect) = look([800.0, 600.0], "hot_reloader error", |context| {
            let (is_short, mut is_folded) = of(frame);
            let error = if is_short { &short } else { &long };
            let (folder, clicks) = (Path::new("/w"), &mut Vec::new());
            error_panel(
                context,
                "Failed",
                error,
                &[],
                folder,
                &mut is_folded,
                clicks,
            );
            frame += 1;
        });
        rect.height()
    };
    let expected = height(&|_| (false, false));
    assert!(expected > 300.0, "{expected}");
    assert_eq!(height(&|frame| (frame < 3, false)), expected);
    assert_eq!(height(&|frame| (false, frame < 3)), expected);
}

#[test]
fn the_button_of_the_progress_stays_where_it_is() {
    for size in [[400.0, 300.0], [1280.0, 800.0]] {
        let places = ["", "one crate", &"many crates ".repeat(30)].map(|text| {
            let progress = Progress {
                phase: Phase::Build,
                text: text.to_owned(),
                since: Instant::now(),
            };
            let (shapes, _) = look(size, "hot_reloader progress", |context| {
                progress_line(context, &progress, false, &mut Vec::new());
            });
            find(&shapes, "Hot reload, build");
            find(&shapes, "Cancel")
        });
        assert_eq!(places, [places[0]; 3]);
    }
}

#[test]
fn the_mark_can_be_read_over_whatever_is_below() {
    let (shapes, _) = look([400.0, 300.0], "hot_reloader ready", ready_mark);
    let text = find(&shapes, "new code is ready");
    let is_behind = |shape: &egui::Shape| match shape {
        egui::Shape::Rect(behind) => behind.fill.a() == 255 && behind.rect.contains_rect(text),
        _ => false,
    };
    let is_behind = |shape: &egui::Shape| match shape {
        egui::Shape::Vec(shapes) => shapes.iter().any(is_behind),
        shape => is_behind(shape),
    };
    assert!(shapes.iter().any(is_behind), "{shapes:?}");
}

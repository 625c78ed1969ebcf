use std::time::Duration;

use slop_ui::testing::{click, find, theme, Window};

use super::*;

/// What is to be seen, and what is asked for when the box is clicked.
fn look(is_on: bool, frames: &FrameTimes) -> (Vec<(String, egui::Rect)>, Option<bool>) {
    let theme = theme();
    let components = [("Discussion Hub".to_owned(), vec![1.0, 3.0, 2.0])];
    let mut wanted = None;
    let mut draw = |ui: &mut egui::Ui| {
        let view = View {
            is_on,
            frames,
            components: &components,
            memory: Some(96 << 20),
            #[cfg(feature = "hot")]
            reloads: &[],
            theme: &theme,
        };
        wanted = panel(ui, &view).or(wanted);
    };
    let mut window = Window::default();
    window.run(Vec::new(), &mut draw);
    let seen = window.run(Vec::new(), &mut draw);
    for _ in 0..40 {
        window.run(Vec::new(), &mut draw);
    }
    assert_eq!(window.rest(), Duration::MAX, "it asks for no frames");
    let at = find(&seen, "Measure").center();
    for event in click(at) {
        window.run(vec![event], &mut draw);
    }
    (seen, wanted)
}

#[test]
fn off_it_says_so_and_can_be_turned_on() {
    let (seen, wanted) = look(false, &FrameTimes::default());
    assert_eq!(wanted, Some(true));
    assert!(seen.iter().any(|(text, _)| text.contains("costs nothing")));
    assert!(seen.iter().all(|(text, _)| text != "Discussion Hub"));
}

#[test]
fn frames_lag_memory_and_components_are_told() {
    let frames = FrameTimes {
        frames: vec![4.0, 6.0, 5.0],
        lags: vec![40.0],
    };
    let (seen, wanted) = look(true, &frames);
    assert_eq!(wanted, Some(false));
    for text in [
        "  5.0 ms",
        " 40.0 ms",
        "96.0 MiB",
        "Discussion Hub",
        "   2.000",
    ] {
        find(&seen, text);
    }
}

#[test]
fn what_was_not_measured_yet_is_missing() {
    let (seen, _) = look(true, &FrameTimes::default());
    for text in ["No frame was measured yet", "No input was seen yet"] {
        assert!(
            seen.iter().any(|(seen, _)| seen.starts_with(text)),
            "{text}"
        );
    }
}

#[test]
fn times_are_summed_up() {
    assert_eq!(Summary::of([].into_iter()), None);
    let one = Summary::of([3.0].into_iter()).unwrap();
    assert_eq!((one.median, one.p95, one.worst), (3.0, 3.0, 3.0));
    let many = Summary::of((1..=101).rev().map(|n| n as f32)).unwrap();
    assert_eq!((many.median, many.p95, many.worst), (51.0, 96.0, 101.0));
}

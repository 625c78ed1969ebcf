//! What is in view, and stays there.

use std::time::Duration;

use super::*;

#[test]
fn moves_go_past_what_is_not_shown() {
    let mut bench = Bench::new(["apple", "banana", "apple"]);
    bench.hub.search = "apple".to_owned();
    let moved = bench.click_last("⬆");
    assert_eq!(moved, [Action::MoveEntry(FIRST + 2, -2)]);
}

#[test]
fn only_what_is_visible_is_laid_out() {
    let mut bench = Bench::many(10_000);
    bench.run(Vec::new());
    let mut before = bench.cache.heights.len();
    assert!(before < 100, "{before} entries were laid out");
    assert!(bench.sees("entry 9999."));
    assert!(!bench.sees("entry 0."));
    for (by, end) in [(1e7, "entry 0."), (-1e7, "entry 9999.")] {
        bench.wheel(by);
        for _ in 0..80 {
            bench.run(Vec::new());
            let now = bench.cache.heights.len();
            // `Context::run` may draw a frame twice.
            assert!(now - before < 200, "{} were laid out", now - before);
            before = now;
        }
        assert!(bench.sees(end), "{end} is not in view");
    }
}

#[test]
fn what_is_read_stays_put_while_what_is_above_it_is_measured() {
    let mut bench = Bench::many(10_000);
    for _ in 0..8 {
        bench.wheel(7.0);
    }
    for _ in 0..40 {
        let seen = bench.look();
        let (text, before) = seen
            .iter()
            .find(|(text, rect)| text.starts_with("entry ") && rect.top() > 150.0)
            .expect("an entry begins within the view");
        bench.wheel(7.0);
        let after = bench.find(text)[0];
        let moved = after.top() - before.top();
        assert!((moved - 7.0).abs() < 1.0, "moved by {moved}");
    }
}

#[test]
fn the_end_stays_in_view_while_it_grows() {
    let mut bench = Bench::many(60);
    bench.look();
    bench.say("the newest");
    let seen = texts(&bench.run(Vec::new()).1);
    let (_, rect) = seen.iter().find(|(text, _)| text == "the newest").unwrap();
    assert!(rect.bottom() < 580.0, "it ends at {}", rect.bottom());
    let entries = &mut bench.discussions.list[0].entries;
    let newest = entries.last_mut().unwrap();
    newest.text += &"\n\nanother paragraph".repeat(40);
    newest.text += "\n\nthe last line";
    let seen = texts(&bench.run(Vec::new()).1);
    let last = seen.iter().find(|(text, _)| text == "the last line");
    let (_, rect) = last.expect("the last line is to be seen");
    assert!(rect.bottom() < 580.0, "it ends at {}", rect.bottom());
}

#[test]
fn who_reads_further_up_is_not_taken_to_the_end() {
    let mut bench = Bench::many(60);
    bench.look();
    for _ in 0..40 {
        bench.wheel(7.0);
    }
    let before = bench.look();
    bench.say("the newest");
    let after = bench.look();
    let (text, rect) = before
        .iter()
        .find(|(text, rect)| text.starts_with("entry ") && rect.top() > 150.0)
        .unwrap();
    let (_, now) = after.iter().find(|(now, _)| now == text).unwrap();
    assert!((now.top() - rect.top()).abs() < 1.0);
    assert!(!bench.sees("the newest"));
}

#[test]
fn a_reload_and_a_restart_leave_the_scroll_position() {
    let mut bench = Bench::many(2_000);
    bench.look();
    for _ in 0..400 {
        bench.wheel(7.0);
    }
    let place = |bench: &mut Bench| {
        bench.look();
        let seen = bench.look().into_iter();
        let mut seen = seen.filter(|(text, rect)| text.starts_with("entry ") && rect.top() > 150.0);
        let (text, rect) = seen.next().expect("an entry is in view");
        (text, rect.top().round())
    };
    let before = place(&mut bench);
    assert!(!before.0.starts_with("entry 1999"), "it is not at the end");

    // What is only in memory of the code.
    bench.cache = Cache::default();
    assert_eq!(place(&mut bench), before);

    let memory = bench
        .context
        .memory(|memory| ron::to_string(memory).unwrap());
    bench.context = egui::Context::default();
    let memory = ron::from_str(&memory).unwrap();
    bench.context.memory_mut(|now| *now = memory);
    bench.cache = Cache::default();
    assert_eq!(place(&mut bench), before);
}

/// The cores are for others.
#[test]
fn what_is_only_read_asks_for_no_frames() {
    let mut bench = Bench::many(50);
    for _ in 0..40 {
        bench.run(Vec::new());
    }
    let (_, output) = bench.run(Vec::new());
    let rest = output.viewport_output[&egui::ViewportId::ROOT].repaint_delay;
    assert_eq!(rest, Duration::MAX);
}

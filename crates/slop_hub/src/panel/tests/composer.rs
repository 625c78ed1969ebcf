//! What is written below the entries, sent and pasted.

use slop_ui::testing::{find, key};

use super::*;

fn send(text: &str, modifiers: egui::Modifiers) -> Vec<Action> {
    let mut bench = Bench::new([""; 0]);
    bench.composer.text = text.to_owned();
    bench.key(egui::Key::Enter, modifiers)
}

#[test]
fn ctrl_enter_sends_what_is_written() {
    assert_eq!(send("hello", egui::Modifiers::CTRL), [Action::AddEntry]);
    assert_eq!(send("hello", egui::Modifiers::NONE), []);
    assert_eq!(send("  ", egui::Modifiers::CTRL), []);
}

/// Ctrl+Enter, as an event.
fn chord() -> egui::Event {
    key(egui::Key::Enter, true, egui::Modifiers::CTRL)
}

#[test]
fn what_is_struck_and_sent_within_one_frame_is_sent_whole() {
    let text = |text: &str| egui::Event::Text(text.to_owned());
    let mut bench = Bench::new([""; 0]);
    bench.focus(composer_field());
    let (out, _) = bench.run(vec![text("hel"), text("lo"), chord(), text("next")]);
    assert_eq!(out, [Action::AddEntry]);
    assert_eq!(bench.composer.text, "hello");
    // As the controller does it. What was struck afterwards belongs to the next.
    bench.composer.text.clear();
    assert_eq!(bench.run(Vec::new()).0, []);
    assert_eq!(bench.composer.text, "next");
    assert_eq!(bench.run(Vec::new()).0, []);
    assert_eq!(bench.composer.text, "next");
}

#[test]
fn what_was_struck_after_sending_does_not_turn_up_much_later() {
    let text = |text: &str| egui::Event::Text(text.to_owned());
    let mut bench = Bench::new([""; 0]);
    bench.focus(composer_field());
    bench.run(vec![text("hello"), chord(), text("next")]);
    bench.composer.text.clear();
    bench.focus(search_field());
    bench.focus(composer_field());
    bench.run(Vec::new());
    assert_eq!((&*bench.composer.text, &*bench.hub.search), ("", ""));
}

#[test]
fn two_entries_that_are_sent_within_one_frame_are_two() {
    let text = |text: &str| egui::Event::Text(text.to_owned());
    let mut bench = Bench::new([""; 0]);
    bench.focus(composer_field());
    let mut events = vec![text("one"), chord(), text("two"), chord()];
    for expected in ["one", "two"] {
        let (out, _) = bench.run(std::mem::take(&mut events));
        assert_eq!(out, [Action::AddEntry]);
        assert_eq!(bench.composer.text, expected);
        bench.composer.text.clear();
    }
    assert_eq!(bench.run(Vec::new()).0, []);
}

#[test]
fn the_assistant_can_be_stopped_while_it_writes() {
    let mut bench = Bench::new(["hello"]);
    assert!(bench.find("Stop").is_empty());
    bench.streaming = vec![FIRST];
    assert_eq!(bench.click_last("Stop"), [Action::StopDiscussion(1)]);
    // Elsewhere it goes on.
    bench.streaming = vec![99];
    assert!(bench.find("Stop").is_empty());
}

#[test]
fn the_buttons_of_a_narrow_composer_are_beside_or_below_each_other() {
    for width in [420.0, 480.0, 560.0, 640.0] {
        let mut bench = Bench::new(["hello"]);
        bench.width = width;
        bench.streaming = vec![FIRST];
        let seen = bench.look();
        let rects = ["Ask the assistant", "Send", "⏹ Stop"].map(|text| find(&seen, text));
        for (place, rect) in rects.iter().enumerate() {
            let mut others = rects[place + 1..].iter();
            let is_apart = !others.any(|other| other.intersects(*rect));
            assert!(is_apart && rect.right() < width, "{width}: {rects:?}");
        }
    }
}

/// How many glyphs were laid out for what is drawn, be they to be seen or not.
fn glyphs(output: &egui::FullOutput) -> usize {
    fn visit(shape: &egui::Shape) -> usize {
        match shape {
            egui::Shape::Vec(shapes) => shapes.iter().map(visit).sum(),
            egui::Shape::Text(shape) => {
                let rows = shape.galley.rows.iter();
                rows.map(|row| row.glyphs.len()).sum()
            }
            _ => 0,
        }
    }
    output
        .shapes
        .iter()
        .map(|clipped| visit(&clipped.shape))
        .sum()
}

#[test]
fn a_huge_paste_becomes_an_entry_and_is_never_laid_out_as_a_whole() {
    let mut bench = Bench::new(["hello"]);
    bench.composer.text = "half a thought".to_owned();
    bench.focus(composer_field());
    let text = "many words ".repeat(500_000);
    for event in [egui::Event::Text, egui::Event::Paste] {
        let (out, output) = bench.run(vec![event(text.clone())]);
        assert!(out == [Action::PasteEntry(text.clone())]);
        assert_eq!(bench.composer.text, "half a thought");
        let laid_out = glyphs(&output);
        assert!(laid_out < 10_000, "{laid_out} glyphs");
    }
    // As the controller does it.
    bench.say(text.clone());
    bench.discussions.list[0].entries[1].collapsed = true;
    assert_eq!(bench.find("5.5 MB · many words").len(), 1);
    assert_eq!(bench.click_last("✏"), []);
    assert_eq!(bench.hub.editing, None);
    let copy = *bench.find("📋").last().unwrap();
    let (_, output) = bench.click(copy.center());
    assert!(output.platform_output.copied_text == text);
    bench.discussions.list[0].entries[1].collapsed = false;
    assert_eq!(bench.find("20 kB of 5.5 MB").len(), 1);
    let laid_out = glyphs(&bench.run(Vec::new()).1);
    assert!(laid_out < 50_000, "{laid_out} glyphs");
}

#[test]
fn a_paste_of_a_usual_length_goes_into_the_field() {
    let mut bench = Bench::new(["hello"]);
    bench.focus(composer_field());
    let text = "word ".repeat(2_000);
    let (out, _) = bench.run(vec![egui::Event::Text(text.clone())]);
    assert_eq!(out, []);
    assert!(bench.composer.text == text);
    // What is typed does, however much is there.
    bench.composer.text = "word ".repeat(Entry::LONG / 5);
    let (out, _) = bench.run(vec![egui::Event::Text("!".to_owned())]);
    assert_eq!(out, []);
    assert_eq!(bench.composer.text.len(), Entry::LONG + 1);
    // What was there before there was a limit becomes an entry too.
    let old = "word ".repeat(Entry::LONG);
    bench.composer.text.clone_from(&old);
    let (out, _) = bench.run(Vec::new());
    assert!(out == [Action::PasteEntry(old)]);
    assert_eq!(bench.composer.text, "");
}

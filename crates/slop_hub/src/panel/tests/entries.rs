//! What an entry shows, and what can be done with it.

use slop_state::{ModelId, Money, Price, TokenUsage};

use super::*;

#[test]
fn thoughts_are_folded_and_tokens_are_in_sight() {
    let mut bench = Bench::new(["42"]);
    assert!(bench.find("Thoughts").is_empty());
    assert!(bench.find("Tokens").is_empty());
    let entry = &mut bench.discussions.list[0].entries[0];
    entry.thoughts = "six times seven".to_owned();
    entry.usage = Some(TokenUsage {
        input: Some(7),
        output: Some(2),
        cached: None,
    });
    assert_eq!(bench.find("Tokens: 7 in, 2 out").len(), 1);
    let all = "Tokens of all answers: 7 in, 2 out";
    assert_eq!(bench.find(all).len(), 1);
    bench.say("43");
    bench.discussions.list[0].entries[1].usage = Some(TokenUsage {
        input: Some(10),
        output: None,
        cached: Some(3),
    });
    let all = "Tokens of all answers: at least 17 in, 2 out, 3 cached";
    assert_eq!(bench.find(all).len(), 1);
    assert!(bench.find("six times seven").is_empty());
    assert_eq!(bench.click_first("Thoughts"), []);
    assert_eq!(bench.find("six times seven").len(), 1);
    // What is laid out anew, such as while it is written, stays open.
    bench.discussions.list[0].entries[0].text += "!";
    assert_eq!(bench.find("six times seven").len(), 1);
    assert_eq!(bench.click_first("Thoughts"), []);
    // It takes some frames to fold.
    for _ in 0..4 {
        bench.run(Vec::new());
    }
    assert!(bench.find("six times seven").is_empty());
}

#[test]
fn costs_are_in_sight_if_they_are_known() {
    let mut bench = Bench::new(["42", "43"]);
    let by = ModelId {
        server: "http://a".to_owned(),
        model: "m".to_owned(),
    };
    for entry in &mut bench.discussions.list[0].entries {
        entry.by = Some(by.clone());
        entry.usage = Some(TokenUsage {
            input: Some(1_000),
            output: Some(100),
            cached: None,
        });
    }
    assert!(bench.find("Cost").is_empty());
    let price = Price {
        input: Some(Money(2_000_000)),
        output: Some(Money(5_000_000)),
        cached: None,
    };
    bench.prices.set(by, price);
    assert_eq!(bench.find("100 out. Cost: 0.0025").len(), 2);
    assert_eq!(bench.find("Cost: 0.005").len(), 1);
    // Of an answer of before it is not known who gave it.
    bench.discussions.list[0].entries[1].by = None;
    assert_eq!(bench.find("Cost: at least 0.0025").len(), 1);
}

#[test]
fn an_edit_is_saved_with_ctrl_enter_and_given_up_with_escape() {
    let mut bench = Bench::new(["hello"]);
    bench.composer.text = "not sent".to_owned();
    assert_eq!(bench.click_last("✏"), []);
    assert_eq!(bench.hub.editing, Some((FIRST, "hello".to_owned())));
    bench.look();
    bench.write(" world");
    let saved = bench.key(egui::Key::Enter, egui::Modifiers::CTRL);
    let text = "hello world".to_owned();
    assert_eq!(saved, [Action::EditEntry(FIRST, text)]);
    assert_eq!(bench.hub.editing, None);

    bench.click_last("✏");
    bench.look();
    bench.write(" world");
    let given_up = bench.key(egui::Key::Escape, egui::Modifiers::NONE);
    let text = "hello world".to_owned();
    assert_eq!(given_up, [Action::GiveUpEdit(FIRST, text)]);
    assert_eq!(bench.hub.editing, None);
    // There is nothing to bring back.
    bench.click_last("✏");
    bench.look();
    assert_eq!(bench.key(egui::Key::Escape, egui::Modifiers::NONE), []);
    assert_eq!(bench.hub.editing, None);
}

#[test]
fn the_buttons_of_an_entry_ask_for_actions() {
    let mut bench = Bench::new(["first", "second"]);
    let second = FIRST + 1;
    assert_eq!(bench.click_last("🗑"), [Action::DeleteEntry(second)]);
    assert_eq!(bench.click_last("⬆"), [Action::MoveEntry(second, -1)]);
    assert_eq!(bench.click_last("⬇"), []);
    assert_eq!(bench.click_first("⬇"), [Action::MoveEntry(FIRST, 1)]);
    assert_eq!(bench.click_first("⬆"), []);
    assert_eq!(bench.click_last("Raw"), [Action::SetRaw(second, true)]);
    assert_eq!(bench.click_last("⏷"), [Action::SetCollapsed(second, true)]);
    let copy = bench.find("📋")[0];
    let (actions, output) = bench.click(copy.center());
    assert_eq!(actions, []);
    assert_eq!(output.platform_output.copied_text, "first");
}

#[test]
fn another_answer_is_asked_for_at_the_last_one() {
    let mut bench = Bench::new(["hello?", "one", "go on", "two", "I see"]);
    assert!(bench.find("🔄").is_empty());
    for index in [1, 3] {
        bench.discussions.list[0].entries[index].role = "AI".to_owned();
    }
    assert_eq!(bench.find("🔄").len(), 1);
    assert_eq!(bench.click_first("🔄"), [Action::Regenerate(FIRST + 3)]);
    bench.streaming = vec![FIRST + 3];
    assert_eq!(bench.click_first("🔄"), []);
}

#[test]
fn takes_are_counted_and_switched() {
    let mut bench = Bench::new(["first", "second"]);
    assert!(bench.find("1/").is_empty());
    let discussion = &mut bench.discussions.list[0];
    for id in [20, 21] {
        let shown = discussion.entries[0].id;
        let entry = Entry {
            id,
            text: format!("take {id}"),
            ..Entry::default()
        };
        assert!(discussion.retake(shown, entry));
    }
    discussion.show(20);
    assert_eq!(bench.find("2/3").len(), 1);
    assert_eq!(bench.find("take 20").len(), 1);
    assert!(bench.find("second").is_empty());
    assert_eq!(bench.click_first("◀"), [Action::ShowEntry(FIRST)]);
    assert_eq!(bench.click_first("▶"), [Action::ShowEntry(21)]);
    bench.discussions.list[0].show(21);
    assert_eq!(bench.click_first("▶"), []);
    bench.discussions.list[0].show(FIRST);
    assert_eq!(bench.find("1/3").len(), 1);
    assert_eq!(bench.find("second").len(), 1);
    assert_eq!(bench.click_first("◀"), []);
}

/// Whether nothing in the heads of entries lies on another thing, in a window of this width.
#[track_caller]
fn check_heads(width: f32, streaming: bool, collapsed: bool) {
    let mut bench = Bench::new(["hello?", "one"]);
    bench.width = width;
    let discussion = &mut bench.discussions.list[0];
    for id in [20, 21] {
        let shown = discussion.entries[1].id;
        let entry = Entry {
            id,
            role: "AI".to_owned(),
            text: "an answer of several words".to_owned(),
            collapsed,
            ..Entry::default()
        };
        assert!(discussion.retake(shown, entry));
    }
    if streaming {
        bench.streaming = vec![21];
    }
    let seen = bench.look();
    let (_, role) = seen.iter().find(|(text, _)| text == "AI").unwrap();
    let in_head = [
        "00:00",
        "1970-01-01 00:00",
        "3/3",
        "◀",
        "▶",
        "Raw",
        "🔄",
        "✏",
        "📋",
        "⬆",
        "⬇",
        "🗑",
    ];
    let is_in_head = |(text, rect): &&(String, egui::Rect)| {
        // Those of the list of discussions are further to the left, and those of the other entry above.
        let is_its = rect.left() > role.left() - 40.0 && rect.top() > role.top() - 8.0;
        is_its && in_head.contains(&&**text)
    };
    let mut things: Vec<_> = seen.iter().filter(is_in_head).cloned().collect();
    let count = if streaming { 10 } else { 11 };
    assert_eq!(things.len(), count, "{width}: {things:?}");
    // The frame of the choice is wider than its text.
    let size = egui::vec2(ROLE - 12.0, role.height());
    things.push(("role".to_owned(), egui::Rect::from_min_size(role.min, size)));
    for (place, (text, rect)) in things.iter().enumerate() {
        for (other, on) in &things[place + 1..] {
            let common = rect.intersect(*on);
            let is_on = common.width() > 0.5 && common.height() > 0.5;
            assert!(!is_on, "{width}: {text} at {rect:?} and {other} at {on:?}");
        }
    }
}

#[test]
fn nothing_in_the_head_of_an_entry_overlaps_however_narrow_it_is() {
    // The list and the margins take about 240.
    for width in [
        440.0, 480.0, 520.0, 560.0, 590.0, 620.0, 660.0, 700.0, 1280.0,
    ] {
        check_heads(width, false, false);
        check_heads(width, true, false);
    }
    // What is folded has its beginning in there too.
    check_heads(560.0, false, true);
    check_heads(1280.0, false, true);
}

#[test]
fn the_room_for_the_buttons_is_measured_anew_when_there_are_more() {
    let mut bench = Bench::new(["hello?", "one", "I see"]);
    bench.width = 640.0;
    let before = bench.find("I see")[0].top();
    bench.discussions.list[0].entries[1].role = "AI".to_owned();
    for id in [20, 21] {
        let last = Entry {
            id,
            role: "AI".to_owned(),
            text: "one".to_owned(),
            ..Entry::default()
        };
        let discussion = &mut bench.discussions.list[0];
        let mut see = discussion.entries[2].clone();
        see.id += 10;
        assert!(discussion.retake(discussion.entries[1].id, last));
        discussion.entries.push(see);
    }
    let after = bench.find("I see")[0].top();
    assert!(after > before + 8.0, "{before} and {after}");
}

#[test]
fn an_edit_goes_on_with_ctrl_shift_enter_but_not_that_of_an_answer() {
    let both = egui::Modifiers::CTRL | egui::Modifiers::SHIFT;
    for role in ["User", "AI"] {
        let mut bench = Bench::new(["hello"]);
        bench.discussions.list[0].entries[0].role = role.to_owned();
        bench.click_last("✏");
        bench.look();
        assert_eq!(bench.find("Ask anew").len(), usize::from(role == "User"));
        bench.write(" world");
        let text = "hello world".to_owned();
        let expected = if role == "User" {
            Action::Retake(FIRST, text)
        } else {
            Action::EditEntry(FIRST, text)
        };
        assert_eq!(bench.key(egui::Key::Enter, both), [expected]);
        assert_eq!(bench.hub.editing, None);
    }
}

#[test]
fn what_was_typed_elsewhere_is_not_dropped_for_another_edit() {
    let mut bench = Bench::new(["hello", "world"]);
    bench.discussions.list.push(Discussion {
        id: 2,
        name: "Second".to_owned(),
        entries: vec![Entry {
            id: 99,
            text: "there".to_owned(),
            ..Entry::default()
        }],
        ..Discussion::default()
    });
    let typed = Some((99, "there, half".to_owned()));
    bench.hub.editing.clone_from(&typed);
    bench.click_last("✏");
    assert_eq!(bench.hub.editing, typed);
    // Nothing was typed in this one.
    bench.hub.editing = Some((99, "there".to_owned()));
    bench.click_last("✏");
    assert_eq!(bench.hub.editing, Some((FIRST + 1, "world".to_owned())));
}

#[test]
fn nothing_is_loaded_or_opened_without_a_click() {
    let image = "![an image](file:///etc/hostname) ![another](https://example.org/a.png)";
    let mut bench = Bench::new([image, "[a link](https://example.org)"]);
    for _ in 0..3 {
        let (_, output) = bench.run(Vec::new());
        assert!(output.platform_output.open_url.is_none());
    }
    for uri in ["file:///etc/hostname", "https://example.org/a.png"] {
        assert!(bench.context.try_load_bytes(uri).is_err());
    }
}

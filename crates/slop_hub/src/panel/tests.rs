//! The Discussion Hub as a person uses it, without a display.

use std::path::PathBuf;

use slop_common::provider;
use slop_engine::assistants::{AssistantError, Models, Recipient};
use slop_state::{
    Entry, ModelId, Money, Price, ProviderKind, Settings, Tier, Tiers, TokenUsage, TypedKey, Whose,
};
use slop_ui::{
    discussion_hub::everywhere_field,
    servers::{Offer, HOLDS_A_SECRET},
    testing::{key, texts, theme},
};

use super::{everywhere::excerpt, scroll::*, *};

/// The first id of the entries in a [`Bench`].
const FIRST: u64 = 10;

/// A panel in a window of 1280 by 800.
struct Bench {
    context: egui::Context,
    discussions: Discussions,
    composer: Composer,
    hub: Hub,
    split: f32,
    reveal: Option<Window>,
    steps: Option<Steps>,
    streaming: Vec<u64>,
    prices: Prices,
    settings: Settings,
    tiers: Tiers,
    has_key: bool,
    models: Models,
    other_model: Option<String>,
    cache: Cache,
    folder: PathBuf,
    theme: Theme,
    time: f64,
    /// Of the window, in points.
    width: f32,
}

impl Bench {
    fn new<T: Into<String>>(texts: impl IntoIterator<Item = T>) -> Self {
        let mut bench = Self {
            context: egui::Context::default(),
            discussions: Discussions::default(),
            composer: Composer::default(),
            hub: Hub::default(),
            split: 0.7,
            reveal: None,
            steps: None,
            streaming: Vec::new(),
            prices: Prices::default(),
            settings: Settings::default(),
            tiers: Tiers::default(),
            has_key: false,
            models: Models::Unknown,
            other_model: None,
            cache: Cache::default(),
            folder: "/nowhere".into(),
            theme: theme(),
            time: 0.0,
            width: 1280.0,
        };
        for text in texts {
            bench.say(text);
        }
        bench
    }

    fn many(count: usize) -> Self {
        Self::new((0..count).map(|n| format!("entry {n}. {}", "word ".repeat(n % 97))))
    }

    fn say(&mut self, text: impl Into<String>) {
        let entries = &mut self.discussions.list[0].entries;
        entries.push(Entry {
            id: FIRST + entries.len() as u64,
            role: "User".to_owned(),
            text: text.into(),
            ..Entry::default()
        });
    }

    fn run(&mut self, events: Vec<egui::Event>) -> (Vec<Action>, egui::FullOutput) {
        self.time += 0.05;
        let size = egui::vec2(self.width, 800.0);
        let input = egui::RawInput {
            screen_rect: Some(egui::Rect::from_min_size(egui::Pos2::ZERO, size)),
            time: Some(self.time),
            events,
            ..egui::RawInput::default()
        };
        let Self {
            context,
            discussions,
            composer,
            hub,
            split,
            reveal,
            steps,
            streaming,
            prices,
            settings,
            tiers,
            has_key,
            models,
            other_model,
            cache,
            folder,
            theme,
            ..
        } = self;
        let discussion = &discussions.list[0];
        let provider = provider(&tiers.settings(discussion, settings));
        let server = Recipient::of(&provider);
        let known = server.clone().ok().flatten();
        let whom = Whom {
            fallback: tiers.fallback(discussion, settings),
            offer: known.map(|server| Offer {
                whose: Whose::Discussion(discussion.id),
                models: &*models,
                unkeyed: Some(server).filter(|_| !*has_key),
            }),
            server,
            has_key: *has_key,
        };
        let mut out = Vec::new();
        let output = context.run(input, |context| {
            egui::CentralPanel::default().show(context, |ui| {
                let view = View {
                    discussions: &*discussions,
                    composer: &mut *composer,
                    hub: &mut *hub,
                    split: &mut *split,
                    reveal: &mut *reveal,
                    steps: *steps,
                    streaming: streaming.as_slice(),
                    prices: &*prices,
                    whom: &whom,
                    other_model: other_model.as_deref(),
                    cache: &mut *cache,
                    folder: folder.as_path(),
                    theme: &*theme,
                };
                panel(ui, view, &mut out);
            });
        });
        (out, output)
    }

    /// What is to be seen.
    fn look(&mut self) -> Vec<(String, egui::Rect)> {
        self.run(Vec::new());
        texts(&self.run(Vec::new()).1)
    }

    /// Where a text is to be seen.
    fn find(&mut self, text: &str) -> Vec<egui::Rect> {
        let seen = self.look().into_iter();
        seen.filter(|(seen, _)| seen.contains(text))
            .map(|(_, rect)| rect)
            .collect()
    }

    fn click(&mut self, at: egui::Pos2) -> (Vec<Action>, egui::FullOutput) {
        let button = |pressed| egui::Event::PointerButton {
            pos: at,
            button: egui::PointerButton::Primary,
            pressed,
            modifiers: egui::Modifiers::NONE,
        };
        // Two clicks are not to be taken for one double click.
        self.time += 1.0;
        self.run(vec![egui::Event::PointerMoved(at)]);
        let (mut out, _) = self.run(vec![button(true)]);
        let (actions, output) = self.run(vec![button(false)]);
        out.extend(actions);
        (out, output)
    }

    #[track_caller]
    fn click_first(&mut self, text: &str) -> Vec<Action> {
        let at = *self.find(text).first().expect("the text is to be seen");
        self.click(at.center()).0
    }

    #[track_caller]
    fn click_last(&mut self, text: &str) -> Vec<Action> {
        let at = *self.find(text).last().expect("the text is to be seen");
        self.click(at.center()).0
    }

    fn key(&mut self, key: egui::Key, modifiers: egui::Modifiers) -> Vec<Action> {
        let event = egui::Event::Key {
            key,
            physical_key: None,
            pressed: true,
            repeat: false,
            modifiers,
        };
        self.run(vec![event]).0
    }

    /// As a command does.
    fn focus(&mut self, field: egui::Id) {
        self.context
            .memory_mut(|memory| memory.request_focus(field));
        self.run(Vec::new());
    }

    fn write(&mut self, text: &str) {
        self.run(vec![egui::Event::Text(text.to_owned())]);
    }

    /// Turns the wheel over the entries by so many points, up if positive.
    fn wheel(&mut self, by: f32) {
        self.run(vec![
            egui::Event::PointerMoved(egui::pos2(700.0, 300.0)),
            egui::Event::MouseWheel {
                unit: egui::MouseWheelUnit::Point,
                delta: egui::vec2(0.0, by),
                modifiers: egui::Modifiers::NONE,
            },
        ]);
    }

    /// Whether the beginning of an entry is in view, and not under the composer.
    fn sees(&mut self, text: &str) -> bool {
        let visible = self.find(text);
        visible
            .iter()
            .any(|rect| rect.top() > 8.0 && rect.bottom() < 580.0)
    }
}

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
fn the_first_steps_lead_to_where_they_are_done() {
    let mut bench = Bench::new([""; 0]);
    assert!(bench.find("Choose a provider").is_empty());
    bench.steps = Some(Steps::default());
    assert!(bench.find("Nothing has been said yet").is_empty());
    for text in ["Choose a provider", "Enter its key"] {
        assert_eq!(bench.click_first(text), []);
        assert_eq!(bench.reveal.take(), Some(Window::ProjectSettings));
    }
    bench.click_first("Write");
    bench.write("hello");
    assert_eq!(bench.composer.text, "hello");
    let sent = bench.key(egui::Key::Enter, egui::Modifiers::CTRL);
    assert_eq!(sent, [Action::AddEntry]);
    // What was done is ticked.
    assert!(bench.find("✔").is_empty());
    bench.steps = Some(Steps {
        has_provider: true,
        has_key: true,
    });
    assert_eq!(bench.find("✔").len(), 2);
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
fn discussions_are_selected_and_managed() {
    let mut bench = Bench::new([""; 0]);
    bench.discussions.list.push(Discussion {
        id: 2,
        name: "Second".to_owned(),
        ..Discussion::default()
    });
    let selected = bench.click_last("Second");
    assert_eq!(selected, [Action::SelectDiscussion(2)]);
    assert_eq!(bench.click_first("➕"), [Action::AddDiscussion]);
    assert_eq!(bench.click_first("🗐"), [Action::DuplicateDiscussion(1)]);
    assert_eq!(bench.click_first("🗑"), [Action::DeleteDiscussion(1)]);
}

#[test]
fn a_name_is_accepted_with_enter_and_given_up_with_escape() {
    let mut bench = Bench::new([""; 0]);
    assert_eq!(bench.click_first("✏"), []);
    assert_eq!(bench.hub.renaming, Some((1, "Main".to_owned())));
    bench.write(" hall");
    let renamed = bench.key(egui::Key::Enter, egui::Modifiers::NONE);
    let name = "Main hall".to_owned();
    assert_eq!(renamed, [Action::RenameDiscussion(1, name)]);
    assert_eq!(bench.hub.renaming, None);

    bench.click_first("✏");
    bench.write(" hall");
    assert_eq!(bench.key(egui::Key::Escape, egui::Modifiers::NONE), []);
    assert_eq!(bench.hub.renaming, None);
}

#[test]
fn the_search_filters_and_counts() {
    let mut bench = Bench::new(["Apple pie", "banana", "APPLE tart"]);
    bench.focus(search_field());
    bench.write("apple");
    assert_eq!(bench.hub.search, "apple");
    assert_eq!(bench.find("2 hits").len(), 1);
    assert_eq!(bench.find("pie").len(), 1);
    assert_eq!(bench.find("tart").len(), 1);
    assert!(bench.find("banana").is_empty());
    bench.hub.search = "cherry".to_owned();
    assert_eq!(bench.find("No hits").len(), 1);
    assert!(bench.find("pie").is_empty());
}

#[test]
fn an_edit_that_keeps_the_length_is_searched_too() {
    let mut bench = Bench::many(500);
    let entries = &mut bench.discussions.list[0].entries;
    let mut search = Search::default();
    assert!(search.find(entries.iter(), "WORDS").is_empty());
    let length = entries[400].text.len();
    entries[400].text = format!("{:length$}", "words");
    assert_eq!(entries[400].text.len(), length);
    assert!((0..10).any(|_| search.find(entries.iter(), "WORDS") == [400_usize]));
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
fn that_another_model_is_asked_than_was_chosen_is_told() {
    let mut bench = Bench::new(["hello"]);
    assert!(bench.find("is asked").is_empty());
    bench.other_model = Some("The model a is of b; c is asked".to_owned());
    assert_eq!(bench.find("is asked").len(), 1);
    assert!(bench.sees("hello"));
}

#[test]
fn model_and_system_prompt_are_asked_for_as_they_are_typed() {
    let mut bench = Bench::new(["hello"]);
    assert!(bench.find("System prompt").is_empty());
    assert_eq!(bench.click_first("⚙"), []);
    assert_eq!(bench.find("System prompt").len(), 1);
    bench.click_first("As in Project Settings");
    let typed = bench.run(vec![egui::Event::Text("m".to_owned())]).0;
    assert_eq!(typed, [Action::SetModel(1, "m".to_owned())]);
    bench.click_first("Told to the assistant");
    let typed = bench.run(vec![egui::Event::Text("Be brief.".to_owned())]).0;
    assert_eq!(typed, [Action::SetSystem(1, "Be brief.".to_owned())]);
    assert!(bench.sees("hello"));
    assert_eq!(bench.click_first("⚙"), []);
    assert!(bench.find("System prompt").is_empty());
}

#[test]
fn a_discussion_gets_a_provider_an_address_and_a_key() {
    let mut bench = Bench::new(["hello"]);
    bench.hub.setup = true;
    bench.discussions.list[0].tier = Some(Tier::Qa);
    assert!(bench.sees("As the tier QA: Echo (offline)"));
    bench.discussions.list[0].tier = None;
    bench.click_first("As the assistant: Echo (offline)");
    let own = Some(ProviderKind::Anthropic);
    let out = bench.click_first("Anthropic");
    assert_eq!(out, [Action::SetProvider(1, own)]);
    bench.discussions.list[0].provider = own;
    assert!(bench.sees("None is stored for api.anthropic.com"));

    bench.click_first("Empty: https://api.anthropic.com/v1");
    let typed = |text: &str| vec![egui::Event::Text(text.to_owned())];
    let leave = || vec![key(egui::Key::Enter, true, egui::Modifiers::NONE)];
    let secret = "https://me:hunter2@a.example";
    assert_eq!(bench.run(typed(secret)).0, []);
    assert_eq!(bench.run(leave()).0, []);
    assert!(bench.sees(HOLDS_A_SECRET));
    let memory = bench
        .context
        .memory(|memory| ron::to_string(memory).unwrap());
    assert!(!memory.contains("hunter2"), "{memory}");
    bench.click_first(secret);
    let all = key(egui::Key::A, true, egui::Modifiers::COMMAND);
    bench.run([vec![all], typed("https://a.example/")].concat());
    let mut out = bench.run(leave()).0;
    out.extend(bench.run(Vec::new()).0);
    let address = "https://a.example".to_owned();
    assert_eq!(out, [Action::SetAddress(1, address.clone())]);
    bench.discussions.list[0].base_url = address;

    bench.click_first("paste it here");
    bench.run(typed("sk-1"));
    let server = "anthropic-a.example-443".to_owned();
    let key = TypedKey("sk-1".to_owned());
    let set = Action::SetKey { server, key };
    assert_eq!(bench.click_first("Store"), [set]);
}

#[test]
fn models_are_offered_where_a_model_is_entered() {
    let mut bench = Bench::new(["hello"]);
    bench.hub.setup = true;
    // The echo has none.
    assert!(!bench.sees("List models"));
    bench.settings.provider = ProviderKind::OpenAi;
    let asked = Action::ListModels(Whose::Discussion(1));
    assert_eq!(bench.click_first("List models"), [asked]);
    let error = AssistantError::Reported {
        text: "no".to_owned(),
    };
    let told = error.to_string();
    bench.models = Models::Known(Err(error));
    assert!(bench.sees(&told));
    assert!(bench.sees("No API key is stored for 127.0.0.1:8080"));
    bench.has_key = true;
    assert!(!bench.sees("No API key is stored"));
    bench.models = Models::Known(Ok(vec!["small".to_owned()]));
    bench.click_first("Choose");
    let chosen = bench.click_first("small");
    assert_eq!(chosen, [Action::SetModel(1, "small".to_owned())]);
}

#[test]
fn of_a_huge_system_prompt_the_beginning_is_laid_out() {
    let mut bench = Bench::new(["hello"]);
    bench.hub.setup = true;
    bench.click_first("Told to the assistant");
    let pasted = "many words ".repeat(100_000);
    let out = bench.run(vec![egui::Event::Paste(pasted.clone())]).0;
    assert!(out == [Action::SetSystem(1, pasted.clone())]);
    bench.discussions.list[0].system = pasted;
    let seen = bench.look();
    let longest = seen.iter().map(|(text, _)| text.len()).max();
    assert!(longest.is_some_and(|longest| (10_000..50_000).contains(&longest)));
    let removed = bench.click_first("Remove");
    assert_eq!(removed, [Action::SetSystem(1, String::new())]);
}

#[test]
fn documents_are_exported_and_imported() {
    let folder = tempfile::tempdir().unwrap();
    let mut bench = Bench::new(["hello"]);
    bench.folder = folder.path().to_owned();
    assert_eq!(bench.click_first("📤"), [Action::ExportDiscussion(1)]);
    assert_eq!(bench.click_first("📥"), []);
    assert_eq!(bench.find("No document").len(), 1);
    std::fs::write(folder.path().join("a.md"), "").unwrap();
    bench.time += 2.0;
    let imported = bench.click_first("a.md");
    assert_eq!(imported, [Action::ImportDiscussion("a.md".to_owned())]);
    assert_eq!(bench.click_first("📥"), []);
    assert!(bench.find("a.md").is_empty());
}

#[test]
fn what_is_searched_for_everywhere_is_listed_and_shown() {
    let mut bench = Bench::many(300);
    let main = &mut bench.discussions.list[0];
    "the needle is here".clone_into(&mut main.entries[17].text);
    let other = Entry {
        id: 999,
        role: "AI".to_owned(),
        text: "a pin\nanother Needle".to_owned(),
        ..Entry::default()
    };
    bench.discussions.list.push(Discussion {
        id: 2,
        name: "Second".to_owned(),
        entries: vec![other],
        ..Discussion::default()
    });
    assert!(!bench.sees("entry 18."));
    bench.focus(everywhere_field());
    bench.write("needle");
    assert_eq!(bench.hub.everywhere, "needle");
    assert_eq!(bench.hub.search, "");
    assert_eq!(bench.find("2 hits").len(), 1);
    assert_eq!(bench.find("Second: AI\nanother Needle").len(), 1);

    // In the discussion that is shown.
    bench.hub.search = "something else".to_owned();
    let shown = bench.click_first("the needle is here");
    assert_eq!(shown, [Action::ShowEntry(FIRST + 17)]);
    assert_eq!(bench.hub.search, "");
    assert!(bench.sees("entry 18."));
    assert!(!bench.sees("entry 299."));

    // In another one, which is shown in the next frame.
    let shown = bench.click_first("another Needle");
    assert_eq!(shown, [Action::ShowEntry(999)]);
    assert_eq!(bench.cache.jump, Some(999));
    bench.discussions.active = 2;
    assert_eq!(bench.find("another Needle").len(), 2);
    assert_eq!(bench.cache.jump, None);

    // The hits make room for the name.
    assert_eq!(bench.click_first("✏"), []);
    assert_eq!(bench.hub.everywhere, "");
}

#[test]
fn names_of_discussions_are_found_everywhere() {
    let mut bench = Bench::new(["hello"]);
    bench.discussions.list.push(Discussion {
        id: 2,
        name: "Second".to_owned(),
        ..Discussion::default()
    });
    bench.hub.everywhere = " SECO ".to_owned();
    assert_eq!(bench.find("No entry contains it.").len(), 1);
    let shown = bench.click_first("Second");
    assert_eq!(shown, [Action::SelectDiscussion(2)]);
    bench.hub.everywhere = "third".to_owned();
    assert_eq!(bench.find("No hits").len(), 1);
    assert!(bench.find("Second").is_empty());
}

#[test]
fn takes_that_are_not_shown_are_found_everywhere() {
    let mut bench = Bench::new(["needle"]);
    let new = Entry {
        id: 20,
        ..Entry::default()
    };
    assert!(bench.discussions.list[0].retake(FIRST, new));
    bench.hub.everywhere = "NEEDLE".to_owned();
    let hit = "Main: User, another take\nneedle";
    assert_eq!(bench.click_first(hit), [Action::ShowEntry(FIRST)]);
}

#[test]
fn an_excerpt_has_the_hit_in_it() {
    assert_eq!(excerpt("one\n  Two three  \nfour", "two"), "Two three");
    assert_eq!(excerpt("one", "gone"), "one");
    assert_eq!(excerpt("", "gone"), "");
    let long = format!("{}HIT{}", "a".repeat(100), "b".repeat(100));
    let expected = format!("…{}HIT{}…", "a".repeat(24), "b".repeat(63));
    assert_eq!(excerpt(&long, "hit"), expected);
    let longer_in_lower_case = format!("{}Ärger", "İ".repeat(100));
    assert!(excerpt(&longer_in_lower_case, "ärger").ends_with("İÄrger"));
}

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

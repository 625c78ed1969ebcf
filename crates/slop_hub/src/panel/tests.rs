//! The Discussion Hub as a person uses it, without a display.

use std::path::PathBuf;

use slop_common::provider;
use slop_engine::assistants::{Models, Recipient};
use slop_state::{Entry, Settings, Tiers, Whose};
use slop_ui::{
    servers::Offer,
    testing::{texts, theme},
};

use super::*;

mod composer;
mod discussions;
mod entries;
mod scrolling;
mod search;

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

//! What the host says on screen, and what a click there asks for, without a display.

mod layout;

use std::time::Instant;

use bevy::{
    prelude::{Events, Update},
    window::{PrimaryWindow, Window},
};
use bevy_egui::{EguiContext, EguiUserTextures};
use hot_reloader_core::Generation;
use hot_reloader_transaction::Outcome;

use super::*;
use crate::hot::{BuildError, Diagnostic, Place};

/// An app with a window of 1280 by 800 that nobody sees.
struct Screen {
    app: App,
    context: egui::Context,
    frames: u32,
    /// The texts of the last frame, and where they are.
    seen: Vec<(String, egui::Rect)>,
    copied: String,
}

impl Screen {
    fn new(reloader: HotReloader) -> Self {
        let mut egui = EguiContext::default();
        let context = egui.get_mut().clone();
        let mut app = App::new();
        app.insert_resource(reloader)
            .insert_resource(HotReloaderConfig::new("/w/crates/game", &["game"]))
            .init_resource::<EguiUserTextures>()
            .add_event::<ReloadRequest>()
            .add_event::<CancelReload>()
            .add_systems(Update, draw);
        let world = app.world_mut();
        world.spawn((Window::default(), PrimaryWindow, egui));
        let mut screen = Self {
            app,
            context,
            frames: 0,
            seen: Vec::new(),
            copied: String::new(),
        };
        screen.settle();
        screen
    }

    /// Draws one frame.
    fn frame(&mut self, events: Vec<egui::Event>) {
        self.frames += 1;
        self.context.begin_pass(egui::RawInput {
            screen_rect: Some(screen_rect()),
            time: Some(f64::from(self.frames) * 0.05),
            events,
            ..egui::RawInput::default()
        });
        self.app.update();
        let output = self.context.end_pass();
        self.seen.clear();
        for clipped in &output.shapes {
            texts(&clipped.shape, &mut self.seen);
        }
        let copied = output.platform_output.copied_text;
        if !copied.is_empty() {
            self.copied = copied;
        }
    }

    /// Until all is measured, and what opens is open.
    fn settle(&mut self) {
        for _ in 0..8 {
            self.frame(Vec::new());
        }
    }

    fn sees(&self, text: &str) -> bool {
        self.seen.iter().any(|(seen, _)| seen.contains(text))
    }

    #[track_caller]
    fn click(&mut self, text: &str) {
        let found = self.seen.iter().find(|(seen, _)| seen == text);
        let found = found.unwrap_or_else(|| panic!("no `{text}`, but {:?}", self.seen));
        let pos = found.1.center();
        let button = |pressed| egui::Event::PointerButton {
            pos,
            button: egui::PointerButton::Primary,
            pressed,
            modifiers: egui::Modifiers::NONE,
        };
        for event in [egui::Event::PointerMoved(pos), button(true), button(false)] {
            self.frame(vec![event]);
        }
    }

    fn reloader(&mut self) -> &mut HotReloader {
        self.app
            .world_mut()
            .resource_mut::<HotReloader>()
            .into_inner()
    }

    /// What was asked for since this was called last: of all modules, and whether to build anew.
    fn asked(&mut self) -> Vec<(bool, bool)> {
        let world = self.app.world_mut();
        let mut requests = world.resource_mut::<Events<ReloadRequest>>();
        let asked = requests.drain();
        asked
            .map(|request| (request.modules.is_none(), request.rebuilds))
            .collect()
    }

    /// Where one of the panels is.
    #[track_caller]
    fn area(&self, name: &str) -> egui::Rect {
        let id = egui::Id::new(name);
        let rect = self.context.memory(|memory| memory.area_rect(id));
        rect.expect("it was drawn")
    }

    #[track_caller]
    fn stays_within(&self, area: &str) {
        let rect = self.area(area);
        assert!(screen_rect().contains_rect(rect), "{rect:?}");
    }
}

fn screen_rect() -> egui::Rect {
    egui::Rect::from_min_size(egui::Pos2::ZERO, egui::vec2(1280.0, 800.0))
}

fn texts(shape: &egui::Shape, found: &mut Vec<(String, egui::Rect)>) {
    match shape {
        egui::Shape::Vec(shapes) => {
            for shape in shapes {
                texts(shape, found);
            }
        }
        egui::Shape::Text(shape) => {
            found.push((shape.galley.text().to_owned(), shape.visual_bounding_rect()));
        }
        _ => {}
    }
}

/// An error of the compiler in that line.
fn mistake(line: usize, message: &str) -> Diagnostic {
    Diagnostic {
        message: message.to_owned(),
        place: Some(Place {
            file: "/w/crates/game/src/lib.rs".into(),
            line,
            column: 9,
        }),
        rendered: format!("error[E0425]: {message}\n --> in line {line}"),
    }
}

fn errors(mistakes: Vec<Diagnostic>) -> Arc<ReloadError> {
    Arc::new(ReloadError::Build(BuildError::Errors(mistakes)))
}

fn report(number: u32, warnings: &[&str], types: Vec<TypeChange>) -> ReloadReport {
    ReloadReport {
        number,
        outcome: Outcome::Committed,
        rebuilds: false,
        generation: Generation::NONE.next(),
        phase: None,
        error: None,
        phases: Vec::new(),
        latency_ms: None,
        longest_frame_ms: 0.0,
        modules: Vec::new(),
        builder: None,
        recompiled: Vec::new(),
        types,
        warnings: warnings.iter().map(ToString::to_string).collect(),
        not_restored: Vec::new(),
        libraries_kept: 1,
        resident_bytes: None,
    }
}

fn migrated() -> TypeChange {
    TypeChange {
        name: "game::Score".to_owned(),
        was: None,
        passage: Passage::Migrated,
        values: 2,
        ms: 0.5,
        notes: vec!["`best` is new: 0".to_owned()],
    }
}

#[test]
fn the_reason_is_on_screen_to_be_copied_and_the_reload_to_be_retried() {
    let mut reloader = HotReloader::default();
    reloader.remember(report(1, &["careful"], Vec::new()));
    reloader.last_error = Some(errors(vec![mistake(3, "no `oops` here")]));
    let mut screen = Screen::new(reloader);
    for text in [
        "No code that can be edited runs yet",
        "crates/game/src/lib.rs:3:9",
        "no `oops` here",
        "error[E0425]: no `oops` here\n --> in line 3",
        "Warning: careful",
    ] {
        assert!(screen.sees(text), "{text}: {:?}", screen.seen);
    }
    screen.click("Copy");
    assert!(screen.copied.contains("error[E0425]"), "{}", screen.copied);
    assert!(screen.copied.contains("careful"), "{}", screen.copied);
    screen.click("Retry");
    assert_eq!(screen.asked(), [(true, false)]);
    screen.click("Rebuild");
    assert_eq!(screen.asked(), [(true, true)]);

    screen.click("Hide");
    screen.settle();
    assert!(!screen.sees("E0425"));
    screen.reloader().last_error = Some(errors(vec![mistake(4, "another one")]));
    screen.settle();
    assert!(screen.sees("another one"), "the next one is shown again");
    screen.reloader().last_error = None;
    screen.settle();
    assert!(!screen.sees("Retry"));
}

#[test]
fn however_much_is_wrong_the_panel_stays_within_the_window() {
    let long = "is not satisfied, ".repeat(40);
    let mistakes = (1..=300).map(|line| mistake(line, &long)).collect();
    let reloader = HotReloader {
        last_error: Some(errors(mistakes)),
        ..HotReloader::default()
    };
    let mut screen = Screen::new(reloader);
    screen.stays_within("hot_reloader error");
    assert!(screen.sees("crates/game/src/lib.rs:1:9"));
    screen.click("Retry");
    assert_eq!(screen.asked().len(), 1);

    let warnings: Vec<_> = (0..300).map(|number| format!("careful {number}")).collect();
    let warnings: Vec<_> = warnings.iter().map(String::as_str).collect();
    let mut reloader = HotReloader::default();
    reloader.remember(report(1, &warnings, Vec::new()));
    let mut screen = Screen::new(reloader);
    screen.click("Show");
    screen.settle();
    assert!(screen.sees("careful 0"));
    screen.stays_within("hot_reloader warnings");
}

#[test]
fn what_became_of_values_is_told_until_it_is_read() {
    let mut reloader = HotReloader::default();
    reloader.remember(report(3, &["careful"], vec![migrated()]));
    let mut screen = Screen::new(reloader);
    assert!(screen.sees("Hot reload 3: 1 type migrated, 1 warning"));
    screen.click("Show");
    screen.settle();
    assert!(screen.sees("game::Score: 2 values migrated in 0.5 ms; `best` is new: 0"));
    assert!(screen.sees("careful"));
    screen.click("Hide");
    screen.settle();
    assert!(!screen.sees("Hot reload 3"));

    // What was warned of before is not told again.
    screen
        .reloader()
        .remember(report(4, &["careful"], Vec::new()));
    screen.settle();
    assert!(!screen.sees("Hot reload 4"));
    // That values went over is no reason to worry.
    screen.reloader().remember(report(5, &[], vec![migrated()]));
    screen.settle();
    assert!(screen.sees("Hot reload 5: 1 type migrated"));
    assert!(screen.sees("ℹ") && !screen.sees("⚠"));
    // Nor is it one to tell that they are where they were.
    let moved = TypeChange {
        passage: Passage::Moved,
        ..migrated()
    };
    screen.reloader().remember(report(6, &[], vec![moved]));
    screen.settle();
    assert!(!screen.sees("Hot reload"));
}

#[test]
fn what_goes_on_is_told_and_a_build_can_be_cancelled() {
    let progress = |phase| Progress {
        phase,
        text: "Compiling game".to_owned(),
        since: Instant::now(),
    };
    let reloader = HotReloader {
        progress: Some(progress(Phase::Build)),
        ..HotReloader::default()
    };
    let mut screen = Screen::new(reloader);
    assert!(screen.sees("Hot reload, build: Compiling game"));
    screen.click("Cancel");
    let cancels = screen.app.world().resource::<Events<CancelReload>>();
    assert!(!cancels.is_empty());
    screen.reloader().progress = Some(progress(Phase::Gate));
    screen.settle();
    assert!(screen.sees("Hot reload, gate") && !screen.sees("Cancel"));
    screen.reloader().progress = Some(progress(Phase::Probation));
    screen.settle();
    assert!(!screen.sees("Hot reload"));
    screen.reloader().progress = None;
    screen.reloader().is_ready = true;
    screen.settle();
    assert!(screen.sees("new code is ready"));
}

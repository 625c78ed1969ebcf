//! What the tests of the windows share: a headless egui context, and what it drew.

use std::time::Duration;

use slop_engine::egui;

use crate::{Theme, Themes};

/// The theme that the app begins with.
///
/// # Panics
///
/// If it cannot be read.
pub fn theme() -> Theme {
    Themes::built_in().unwrap().get("default").clone()
}

/// A window of 1280 by 800.
#[derive(Default)]
pub struct Window {
    context: egui::Context,
    time: f64,
    rest: Duration,
}

impl Window {
    /// Draws one frame. What is to be seen then.
    pub fn run(
        &mut self,
        events: Vec<egui::Event>,
        mut draw: impl FnMut(&mut egui::Ui),
    ) -> Vec<(String, egui::Rect)> {
        self.time += 0.05;
        let size = egui::vec2(1280.0, 800.0);
        let input = egui::RawInput {
            screen_rect: Some(egui::Rect::from_min_size(egui::Pos2::ZERO, size)),
            time: Some(self.time),
            events,
            ..egui::RawInput::default()
        };
        let output = self.context.run(input, |context| {
            egui::CentralPanel::default().show(context, &mut draw);
        });
        self.rest = output.viewport_output[&egui::ViewportId::ROOT].repaint_delay;
        texts(&output)
    }

    /// After what time the last frame wants another one; [`Duration::MAX`] if it wants none.
    pub fn rest(&self) -> Duration {
        self.rest
    }

    /// So that two clicks are not taken for one double click.
    pub fn wait(&mut self) {
        self.time += 1.0;
    }
}

/// All texts that were drawn, and where.
pub fn texts(output: &egui::FullOutput) -> Vec<(String, egui::Rect)> {
    fn visit(shape: &egui::Shape, found: &mut Vec<(String, egui::Rect)>) {
        match shape {
            egui::Shape::Vec(shapes) => {
                for shape in shapes {
                    visit(shape, found);
                }
            }
            egui::Shape::Text(shape) => {
                let text = shape.galley.text().to_owned();
                found.push((text, shape.visual_bounding_rect()));
            }
            _ => {}
        }
    }
    let mut found = Vec::new();
    for clipped in &output.shapes {
        visit(&clipped.shape, &mut found);
    }
    found
}

/// The primary button, pressed or let go.
pub fn button(pos: egui::Pos2, pressed: bool) -> egui::Event {
    egui::Event::PointerButton {
        pos,
        button: egui::PointerButton::Primary,
        pressed,
        modifiers: egui::Modifiers::NONE,
    }
}

/// A click of that button, of which each event is for a frame of its own.
pub fn click(pos: egui::Pos2) -> [egui::Event; 3] {
    [
        egui::Event::PointerMoved(pos),
        button(pos, true),
        button(pos, false),
    ]
}

/// A key, struck or let go.
pub fn key(key: egui::Key, pressed: bool, modifiers: egui::Modifiers) -> egui::Event {
    egui::Event::Key {
        key,
        physical_key: None,
        pressed,
        repeat: false,
        modifiers,
    }
}

/// Where exactly this text is to be seen first.
///
/// # Panics
///
/// If it is not to be seen.
#[track_caller]
pub fn find(seen: &[(String, egui::Rect)], text: &str) -> egui::Rect {
    let found = seen.iter().find(|(seen, _)| seen == text);
    found
        .unwrap_or_else(|| panic!("`{text}` is not to be seen, but {seen:?}"))
        .1
}

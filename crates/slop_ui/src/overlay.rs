//! What lies over the windows: the lines of the screen, and the alert. For the first seconds after
//! something failed, its marks pulse, and so does a frame around everything.

use std::{borrow::Cow, collections::BTreeSet, time::Duration};

use slop_engine::egui::{self, Color32};

use crate::Theme;

/// From one line of the screen to the next, in points.
const PITCH: usize = 3;

/// How long an alert lasts, in seconds. After that nothing moves.
const LASTS: f64 = 3.0;

/// How long one pulse takes, in seconds.
const PULSE: f64 = 1.0;

/// Between two frames of an alert.
const STEP: Duration = Duration::from_millis(100);

/// How thick the frame around everything is, in points.
const THICKNESS: f32 = 4.0;

/// What may be wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Wrong {
    /// The reload with this number failed, or a module is suspended since.
    Reload(u32),
    /// Work on the ticket with this number came to nothing.
    Ticket(u32),
    /// The state is not being saved.
    Saving,
}

/// When something failed last. What failed before it was first asked is no news.
#[derive(Debug, Default)]
pub struct Alert {
    known: Option<BTreeSet<Wrong>>,
    since: Option<f64>,
}

impl Alert {
    /// Takes note of all that is wrong at this time, in seconds. How far a pulse is then, from 0 to 1;
    /// `None` if nothing is wrong that is new.
    pub fn heed(&mut self, wrong: BTreeSet<Wrong>, now: f64) -> Option<f32> {
        let known = self.known.as_ref();
        if known.is_some_and(|known| !wrong.is_subset(known)) {
            self.since = Some(now);
        } else if wrong.is_empty() {
            self.since = None;
        }
        self.known = Some(wrong);
        let age = now - self.since?;
        if age >= LASTS {
            self.since = None;
            return None;
        }
        let turn = std::f64::consts::TAU * age / PULSE;
        Some((0.5 - 0.5 * turn.cos()) as f32)
    }
}

impl Theme {
    /// Lies over the windows of this frame and their popups, but not over what the reloader draws. It
    /// catches no clicks, for no area belongs to it.
    pub fn lay_over(&self, context: &egui::Context, alert: Option<f32>) {
        let layer = egui::LayerId::new(egui::Order::Foreground, egui::Id::new("over the windows"));
        let painter = context.layer_painter(layer);
        if self.scanlines > 0.0 {
            self.draw_scanlines(context, &painter);
        }
        let alert = alert.filter(|_| self.pulse > 0.0);
        if let Some(wave) = alert {
            let color = self.error.gamma_multiply(self.pulse * wave);
            let frame = context.screen_rect().shrink(0.5 * THICKNESS);
            let stroke = egui::Stroke::new(THICKNESS, color);
            painter.rect_stroke(frame, egui::Rounding::ZERO, stroke);
            context.request_repaint_after(STEP);
        }
        context.data_mut(|data| data.insert_temp(wave_id(), alert.unwrap_or(0.0)));
    }

    /// All of them in one rectangle, on which a tiny picture of one is repeated.
    fn draw_scanlines(&self, context: &egui::Context, painter: &egui::Painter) {
        let screen = context.screen_rect();
        let times = screen.height() / PITCH as f32;
        let uv = egui::Rect::from_min_max(egui::Pos2::ZERO, egui::pos2(1.0, times));
        let darkness = Color32::from_black_alpha((self.scanlines * 255.0) as u8);
        painter.image(scanline(context), screen, uv, darkness);
    }

    /// It as it is in this frame: while there is an alert, what is wrong pulses.
    pub fn now(&self, context: &egui::Context) -> Cow<'_, Self> {
        match context.data(|data| data.get_temp::<f32>(wave_id())) {
            Some(wave) if wave > 0.0 => Cow::Owned(self.flaring(wave)),
            _ => Cow::Borrowed(self),
        }
    }

    /// What is wrong becomes brighter, so that it can be read at each moment of a pulse.
    pub(crate) fn flaring(&self, wave: f32) -> Self {
        Self {
            error: self.error.lerp_to_gamma(self.text, self.pulse * wave),
            ..self.clone()
        }
    }
}

/// Under which it is kept how far a pulse is.
fn wave_id() -> egui::Id {
    egui::Id::new("alert")
}

/// A line of the screen with what is between it and the next. Made once.
fn scanline(context: &egui::Context) -> egui::TextureId {
    let id = egui::Id::new("scanline");
    let kept = context.data(|data| data.get_temp::<egui::TextureHandle>(id));
    let handle = kept.unwrap_or_else(|| {
        let mut image = egui::ColorImage::new([1, PITCH], Color32::TRANSPARENT);
        image.pixels[0] = Color32::WHITE;
        let options = egui::TextureOptions::NEAREST_REPEAT;
        let handle = context.load_texture("scanline", image, options);
        context.data_mut(|data| data.insert_temp(id, handle.clone()));
        handle
    });
    handle.id()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        testing::{click, find, texts},
        Themes,
    };

    fn theme(name: &str) -> Theme {
        Themes::built_in().unwrap().get(name).clone()
    }

    #[test]
    fn an_alert_is_for_what_is_new_and_does_not_last() {
        let set = |wrong: &[Wrong]| wrong.iter().copied().collect::<BTreeSet<_>>();
        let (ticket, reload) = (Wrong::Ticket(1), Wrong::Reload(1));
        let mut alert = Alert::default();
        assert_eq!(alert.heed(set(&[ticket]), 10.0), None, "it was so before");
        assert_eq!(alert.heed(set(&[ticket]), 11.0), None);
        assert_eq!(alert.heed(set(&[ticket, reload]), 12.0), Some(0.0));
        assert_eq!(alert.heed(set(&[ticket, reload]), 12.5), Some(1.0));
        assert_eq!(alert.heed(set(&[reload]), 13.5), Some(1.0));
        assert_eq!(alert.heed(set(&[reload]), 15.0), None, "it is over");
        assert_eq!(alert.heed(set(&[reload]), 15.5), None);
        let again = Wrong::Reload(2);
        assert_eq!(alert.heed(set(&[again]), 16.0), Some(0.0));
        assert_eq!(alert.heed(set(&[]), 16.5), None, "all is well");
        assert_eq!(alert.heed(set(&[again]), 17.0), Some(0.0));
    }

    /// A window with a button, which is clicked when the pointer is let go, and a popup.
    struct Screen {
        context: egui::Context,
        time: f64,
        clicks: usize,
    }

    impl Screen {
        fn new() -> Self {
            Self {
                context: egui::Context::default(),
                time: 0.0,
                clicks: 0,
            }
        }

        fn frame(
            &mut self,
            theme: &Theme,
            alert: Option<f32>,
            events: Vec<egui::Event>,
        ) -> egui::FullOutput {
            self.time += 0.05;
            let size = egui::vec2(1280.0, 800.0);
            let input = egui::RawInput {
                screen_rect: Some(egui::Rect::from_min_size(egui::Pos2::ZERO, size)),
                time: Some(self.time),
                events,
                ..egui::RawInput::default()
            };
            let clicks = &mut self.clicks;
            self.context.run(input, |context| {
                theme.apply(context);
                theme.lay_over(context, alert);
                egui::CentralPanel::default().show(context, |ui| {
                    *clicks += usize::from(ui.button("press").clicked());
                });
                let popup = egui::Area::new(egui::Id::new("popup"))
                    .order(egui::Order::Foreground)
                    .fixed_pos(egui::pos2(600.0, 400.0));
                popup.show(context, |ui| ui.label("popup"));
            })
        }

        /// When the next frame is wanted, once nothing else asks for one.
        fn rest(&mut self, theme: &Theme, alert: Option<f32>) -> Duration {
            for _ in 0..20 {
                self.frame(theme, alert, Vec::new());
            }
            let output = self.frame(theme, alert, Vec::new());
            output.viewport_output[&egui::ViewportId::ROOT].repaint_delay
        }
    }

    /// The pictures that cover the whole window, by their places in the order of drawing.
    fn lines(output: &egui::FullOutput) -> Vec<usize> {
        let is_line = |shape: &egui::Shape| match shape {
            egui::Shape::Mesh(mesh) => mesh.calc_bounds().height() == 800.0,
            _ => false,
        };
        let shapes = output.shapes.iter().enumerate();
        let lines = shapes.filter(|(_, clipped)| is_line(&clipped.shape));
        lines.map(|(index, _)| index).collect()
    }

    #[test]
    fn the_lines_are_one_shape_over_the_windows_and_catch_no_click() {
        let mut screen = Screen::new();
        let nerv = theme("nerv");
        screen.frame(&nerv, None, Vec::new());
        let output = screen.frame(&nerv, None, Vec::new());
        find(&texts(&output), "popup");
        let last = output.shapes.len() - 1;
        assert_eq!(lines(&output), [last], "they are over the popup too");
        let at = find(&texts(&output), "press").center();
        for event in click(at) {
            screen.frame(&nerv, None, vec![event]);
        }
        assert_eq!(screen.clicks, 1);
        let plain = theme("default");
        let output = screen.frame(&plain, None, Vec::new());
        assert_eq!(lines(&output), [0; 0]);
    }

    #[test]
    fn only_an_alert_asks_for_frames() {
        let nerv = theme("nerv");
        assert_eq!(Screen::new().rest(&nerv, None), Duration::MAX);
        let next = Screen::new().rest(&nerv, Some(0.5));
        assert!(next > Duration::ZERO && next <= STEP, "{next:?}");
        let calm = theme("default");
        assert_eq!(Screen::new().rest(&calm, Some(0.5)), Duration::MAX);
    }

    #[test]
    fn what_is_wrong_pulses_in_every_window() {
        let mut screen = Screen::new();
        let nerv = theme("nerv");
        screen.frame(&nerv, Some(0.5), Vec::new());
        let flaring = nerv.now(&screen.context).error;
        assert_ne!(flaring, nerv.error);
        screen.frame(&nerv, None, Vec::new());
        assert_eq!(*nerv.now(&screen.context), nerv);
    }
}

//! What a window says that has nothing to show.

use slop_engine::egui::{self, text::LayoutJob};

/// The greatest width of it, in points. Longer lines are hard to read.
const WIDTH: f32 = 420.0;

/// Says what is missing, and how it comes about, in the middle of what is left of a window.
pub fn empty(ui: &mut egui::Ui, text: &str) {
    let font = egui::TextStyle::Body.resolve(ui.style());
    let color = ui.visuals().weak_text_color();
    let width = ui.available_width().min(WIDTH);
    let mut job = LayoutJob::simple(text.to_owned(), font, color, width);
    job.halign = egui::Align::Center;
    let galley = ui.fonts(|fonts| fonts.layout_job(job));
    ui.centered_and_justified(|ui| ui.label(galley));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{find, Window};

    #[test]
    fn it_is_in_the_middle_and_no_wider_than_is_good_to_read() {
        let text = "Nothing is here yet, for a reason that takes some words. ".repeat(4);
        let mut window = Window::default();
        window.run(Vec::new(), |ui| empty(ui, &text));
        let seen = window.run(Vec::new(), |ui| empty(ui, &text));
        let rect = find(&seen, &text);
        assert!(rect.width() <= WIDTH, "{rect:?}");
        let middle = egui::pos2(640.0, 400.0);
        assert!(rect.center().distance(middle) < 20.0, "{rect:?}");
    }
}

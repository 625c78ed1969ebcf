//! Lists that scroll within something else.

use slop_engine::egui;

/// Has a list be as high as what is in it, and scroll from `most` points on. By itself egui gives it only the height
/// that is left: hardly any where all around it scrolls too, and in what floats that of the frame before.
pub fn up_to(area: egui::ScrollArea, most: f32) -> egui::ScrollArea {
    area.max_height(most).min_scrolled_height(most)
}

/// The height of a button with one line of text, for lists that draw only those that can be seen.
#[must_use]
pub fn height_of_button(ui: &egui::Ui) -> f32 {
    let text = ui.text_style_height(&egui::TextStyle::Button);
    let spacing = ui.spacing();
    let height = text + 2.0 * spacing.button_padding.y;
    height.max(spacing.interact_size.y)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Window;

    /// Draws a list of so many lines. Its height.
    fn list(ui: &mut egui::Ui, lines: usize) -> f32 {
        let drawn = ui.scope(|ui| {
            let area = up_to(egui::ScrollArea::vertical().id_salt("list"), 260.0);
            area.show(ui, |ui| {
                for line in 0..lines {
                    ui.label(line.to_string());
                }
            });
        });
        drawn.response.rect.height()
    }

    #[test]
    fn a_list_has_its_height_below_what_can_be_seen() {
        let mut window = Window::default();
        let mut heights = [0.0; 2];
        for _ in 0..3 {
            window.run(Vec::new(), |ui| {
                egui::ScrollArea::vertical().show(ui, |ui| {
                    ui.add_space(2_000.0);
                    heights = [100, 1].map(|lines| ui.push_id(lines, |ui| list(ui, lines)).inner);
                });
            });
        }
        assert!((heights[0] - 260.0).abs() < 1.0, "{heights:?}");
        assert!(heights[1] < 40.0, "{heights:?}");
    }

    #[test]
    fn a_list_that_floats_grows_again() {
        let mut window = Window::default();
        let mut height = 0.0;
        for lines in [1, 1, 1, 100, 100, 100] {
            window.run(Vec::new(), |ui| {
                let area = egui::Area::new(egui::Id::new("floats"));
                height = area.show(ui.ctx(), |ui| list(ui, lines)).inner;
            });
        }
        assert!((height - 260.0).abs() < 1.0, "{height}");
    }
}

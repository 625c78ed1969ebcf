//! What a discussion has of its own instead of what is set for the project.

use slop_engine::egui;
use slop_state::{Action, Discussion};

/// Model and system prompt of a discussion. Each change is asked for at once, so nothing that was
/// typed waits to be accepted.
pub(super) fn setup(ui: &mut egui::Ui, discussion: &Discussion, out: &mut Vec<Action>) {
    let id = discussion.id;
    ui.horizontal(|ui| {
        ui.label("Model");
        let mut model = discussion.model.clone();
        let field = egui::TextEdit::singleline(&mut model)
            .id_salt(("model", id))
            .hint_text("As in Project Settings")
            .desired_width(f32::INFINITY);
        if ui.add(field).changed() {
            out.push(Action::SetModel(id, model));
        }
    });
    ui.label("System prompt");
    let height = (0.3 * ui.available_height()).clamp(40.0, 160.0);
    egui::ScrollArea::vertical()
        .id_salt(("system prompt", id))
        .max_height(height)
        .min_scrolled_height(40.0)
        .show(ui, |ui| {
            let mut system = discussion.system.clone();
            let field = egui::TextEdit::multiline(&mut system)
                .id_salt(("system", id))
                .hint_text("Told to the assistant before all else")
                .desired_width(f32::INFINITY)
                .desired_rows(2);
            if ui.add(field).changed() {
                out.push(Action::SetSystem(id, system));
            }
        });
    ui.separator();
}

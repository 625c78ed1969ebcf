//! What a discussion has of its own instead of what is set for the project.

use slop_engine::egui;
use slop_state::{Action, Discussion, Leave};
use slop_ui::discussion_hub::prompt_field;

/// Model, tools and system prompt of a discussion. Each change is asked for at once, so nothing that was
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
    leave(ui, discussion, out);
    ui.label("System prompt");
    let height = (0.3 * ui.available_height()).clamp(40.0, 160.0);
    egui::ScrollArea::vertical()
        .id_salt(("system prompt", id))
        .max_height(height)
        .min_scrolled_height(40.0)
        .show(ui, |ui| {
            let field = egui::Id::new(("discussion_hub system", id));
            let hint = "Told to the assistant before all else";
            let room = (f32::INFINITY, 2);
            let typed = prompt_field(ui, field, &discussion.system, hint, room);
            out.extend(typed.map(|system| Action::SetSystem(id, system)));
        });
    ui.separator();
}

/// What the assistant may do in the project's folder: nothing unless somebody says so here.
fn leave(ui: &mut egui::Ui, discussion: &Discussion, out: &mut Vec<Action>) {
    ui.horizontal_wrapped(|ui| {
        ui.label("The assistant may");
        let mut looks = discussion.leave >= Leave::Look;
        let mut acts = discussion.leave >= Leave::Act;
        let look = ui.checkbox(&mut looks, "read the project").on_hover_text(
            "Read, list and search files in the project's folder, without being asked each time. The \
             window Hands has a log of it.",
        );
        let act = ui
            .add_enabled(looks, egui::Checkbox::new(&mut acts, "propose changes and commands"))
            .on_hover_text(
                "Each is shown in the window Hands, and nothing is done before it is allowed there.",
            );
        if look.changed() || act.changed() {
            let leave = match (looks, acts) {
                (false, _) => Leave::None,
                (true, false) => Leave::Look,
                (true, true) => Leave::Act,
            };
            out.push(Action::SetLeave(discussion.id, leave));
        }
    });
}

//! The Discussion Hub: the discussions, the entries of one of them, and the composer.

use slop_engine::egui;
use slop_state::{Action, Composer, Discussions, Entry};

pub(super) const TITLE: &str = "Discussion Hub";

/// The least height of each side of the split, in points.
const LEAST: f32 = 90.0;

pub(super) fn panel(
    ui: &mut egui::Ui,
    discussions: &Discussions,
    composer: &mut Composer,
    split: &mut f32,
    out: &mut Vec<Action>,
) {
    // Panels within a window do not tell it how much room they take.
    ui.expand_to_include_rect(ui.max_rect());
    egui::SidePanel::left("discussions")
        .default_width(150.0)
        .show_inside(ui, |ui| selector(ui, discussions, out));
    egui::CentralPanel::default().show_inside(ui, |ui| {
        let whole = ui.available_rect_before_wrap();
        let bar = 8.0;
        let room = (whole.height() - bar).max(2.0 * LEAST);
        let upper = (room * *split).clamp(LEAST, room - LEAST);
        let (top, bottom) = whole.split_top_bottom_at_y(whole.top() + upper);
        let (handle, bottom) = bottom.split_top_bottom_at_y(bottom.top() + bar);
        ui.allocate_new_ui(egui::UiBuilder::new().max_rect(top), |ui| {
            entries(ui, discussions);
        });
        drag_split(ui, handle, room, split);
        ui.allocate_new_ui(egui::UiBuilder::new().max_rect(bottom), |ui| {
            compose(ui, discussions, composer, out);
        });
    });
}

fn selector(ui: &mut egui::Ui, discussions: &Discussions, out: &mut Vec<Action>) {
    ui.horizontal(|ui| {
        ui.strong("Discussions");
        if ui
            .small_button("+")
            .on_hover_text("New discussion")
            .clicked()
        {
            out.push(Action::AddDiscussion);
        }
    });
    egui::ScrollArea::vertical()
        .auto_shrink(false)
        .show(ui, |ui| {
            for (index, discussion) in discussions.list.iter().enumerate() {
                let selected = index == discussions.active;
                if ui.selectable_label(selected, &discussion.name).clicked() {
                    out.push(Action::SelectDiscussion(index));
                }
            }
        });
}

fn entries(ui: &mut egui::Ui, discussions: &Discussions) {
    let Some(discussion) = discussions.list.get(discussions.active) else {
        return;
    };
    ui.heading(&discussion.name);
    egui::ScrollArea::vertical()
        .id_salt("entries")
        .auto_shrink(false)
        .stick_to_bottom(true)
        .show(ui, |ui| {
            if discussion.entries.is_empty() {
                ui.weak("Nothing has been said yet. Write below, and press Ctrl+Enter.");
            }
            for Entry { role, text } in &discussion.entries {
                ui.group(|ui| {
                    ui.set_width(ui.available_width());
                    ui.small(egui::RichText::new(role).strong());
                    ui.label(text);
                });
            }
        });
}

fn drag_split(ui: &mut egui::Ui, handle: egui::Rect, room: f32, split: &mut f32) {
    let response = ui
        .interact(handle, ui.id().with("split"), egui::Sense::drag())
        .on_hover_cursor(egui::CursorIcon::ResizeVertical);
    if response.dragged() {
        let wanted = *split + response.drag_delta().y / room;
        *split = wanted.clamp(LEAST / room, 1.0 - LEAST / room);
    }
    let stroke = ui.style().interact(&response).fg_stroke;
    ui.painter()
        .hline(handle.x_range(), handle.center().y, stroke);
}

fn compose(
    ui: &mut egui::Ui,
    discussions: &Discussions,
    composer: &mut Composer,
    out: &mut Vec<Action>,
) {
    let send = egui::KeyboardShortcut::new(egui::Modifiers::CTRL, egui::Key::Enter);
    let sent = ui.input_mut(|input| input.consume_shortcut(&send));
    ui.horizontal(|ui| {
        egui::ComboBox::from_id_salt("role")
            .selected_text(&composer.role)
            .show_ui(ui, |ui| {
                for role in &discussions.roles {
                    ui.selectable_value(&mut composer.role, role.clone(), role);
                }
            });
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            let filled = !composer.text.trim().is_empty();
            let button = ui.add_enabled(filled, egui::Button::new("Send"));
            if button.on_hover_text("Ctrl+Enter").clicked() || (sent && filled) {
                out.push(Action::AddEntry);
            }
        });
    });
    egui::ScrollArea::vertical()
        .id_salt("composer")
        .show(ui, |ui| {
            let text = egui::TextEdit::multiline(&mut composer.text)
                .id_salt("text")
                .hint_text("Say something")
                .desired_width(f32::INFINITY)
                .desired_rows(4);
            ui.add_sized(ui.available_size(), text);
        });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn send(text: &str, modifiers: egui::Modifiers) -> Vec<Action> {
        let mut composer = Composer {
            text: text.to_owned(),
            ..Composer::default()
        };
        let mut out = Vec::new();
        let input = egui::RawInput {
            modifiers,
            events: vec![egui::Event::Key {
                key: egui::Key::Enter,
                physical_key: None,
                pressed: true,
                repeat: false,
                modifiers,
            }],
            ..egui::RawInput::default()
        };
        let _ = egui::Context::default().run(input, |context| {
            egui::CentralPanel::default().show(context, |ui| {
                let discussions = Discussions::default();
                panel(ui, &discussions, &mut composer, &mut 0.7, &mut out);
            });
        });
        out
    }

    #[test]
    fn ctrl_enter_sends_what_is_written() {
        assert_eq!(send("hello", egui::Modifiers::CTRL), [Action::AddEntry]);
        assert_eq!(send("hello", egui::Modifiers::NONE), []);
        assert_eq!(send("  ", egui::Modifiers::CTRL), []);
    }
}

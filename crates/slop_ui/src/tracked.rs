//! The patterns of the files that go out with a question, as they are edited in Project Settings and
//! in the window Context.

use slop_engine::{context, egui};
use slop_state::{TrackMode, Tracked};

use crate::{field, Theme};

/// The width of the field for a pattern, in points.
const FIELD: f32 = 220.0;

/// The patterns, each with a choice of modes. Those in `missing` are marked.
pub fn list(ui: &mut egui::Ui, tracked: &mut Vec<Tracked>, missing: &[String], theme: &Theme) {
    if tracked.is_empty() {
        ui.weak("No file is tracked.");
        return;
    }
    let mut removed = None;
    for (index, one) in tracked.iter_mut().enumerate() {
        ui.push_id(("tracked", index), |ui| {
            ui.horizontal(|ui| {
                let remove = ui.small_button("✖").on_hover_text("Track it no more");
                if remove.clicked() {
                    removed = Some(index);
                }
                egui::ComboBox::from_id_salt("mode")
                    .width(80.0)
                    .selected_text(one.mode.label())
                    .show_ui(ui, |ui| {
                        for mode in TrackMode::ALL {
                            ui.selectable_value(&mut one.mode, mode, mode.label());
                        }
                    });
                ui.monospace(&one.pattern);
                if missing.contains(&one.pattern) {
                    ui.colored_label(theme.warning, "is not there any more");
                }
            });
        });
    }
    if let Some(index) = removed {
        tracked.remove(index);
    }
}

/// A field for another pattern. What is typed waits in egui's memory, under `salt`.
pub fn add(ui: &mut egui::Ui, salt: &str, tracked: &mut Vec<Tracked>, theme: &Theme) {
    let id = egui::Id::new(("tracked pattern", salt));
    let typed: Option<String> = ui.data_mut(|data| data.get_temp(id));
    let mut text = typed.unwrap_or_default();
    let is_blank = text.trim().is_empty();
    let refused = context::check(&text).err().filter(|_| !is_blank);
    ui.horizontal(|ui| {
        let response = field::line(ui, &mut text, |edit| {
            edit.id(id).hint_text("src/**/*.rs").desired_width(FIELD)
        });
        let response = response.on_hover_text(
            "A path from the project's folder, or a pattern: * is any part of a name, ? one \
             character of it, ** any folders. Names that are hidden, target, node_modules and \
             links to folders must be written out.",
        );
        let is_entered =
            response.lost_focus() && ui.input(|input| input.key_pressed(egui::Key::Enter));
        let is_valid = !is_blank && refused.is_none();
        let button = ui.add_enabled(is_valid, egui::Button::new("➕ Track"));
        if is_valid && (button.clicked() || is_entered) {
            put(tracked, text.trim());
            text.clear();
        }
    });
    if let Some(refused) = refused {
        ui.colored_label(theme.error, refused.to_string());
    }
    ui.weak("Of the patterns that fit a file, the last counts.");
    ui.data_mut(|data| data.insert_temp(id, text));
}

/// Tracks whole files, and lets this pattern count before the others.
pub fn put(tracked: &mut Vec<Tracked>, pattern: &str) {
    tracked.retain(|other| other.pattern != pattern);
    tracked.push(Tracked {
        pattern: pattern.to_owned(),
        mode: TrackMode::Whole,
    });
}

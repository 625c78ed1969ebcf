//! The window with the keyboard shortcuts.

use slop_engine::egui;

use super::theme::Theme;

/// What a person can press, and what it does.
const SHORTCUTS: [(&str, &str); 14] = [
    ("Ctrl+Alt+R", "Reload the code"),
    ("Ctrl+N", "New discussion"),
    ("Ctrl+F", "Search the discussion"),
    ("Ctrl+Shift+F", "Search all discussions"),
    ("Ctrl+Enter", "Send the entry, or save what is being edited"),
    (
        "Ctrl+Shift+Enter",
        "Make another take of what is being edited, and ask anew",
    ),
    ("Escape", "Give up what is being edited"),
    ("Ctrl+Z", "Bring back what was deleted"),
    ("Ctrl+1", "Project Settings"),
    ("Ctrl+2", "Discussion Hub"),
    ("Ctrl+3", "MMA Dashboard"),
    ("Ctrl+4", "Performance"),
    ("Ctrl+5", "Log"),
    ("F1", "This window"),
];

pub(super) fn window(context: &egui::Context, open: &mut bool, theme: &Theme) {
    egui::Window::new("Keyboard shortcuts")
        .open(open)
        .resizable(false)
        .collapsible(false)
        .anchor(egui::Align2::CENTER_CENTER, egui::Vec2::ZERO)
        .show(context, |ui| {
            let grid = egui::Grid::new("shortcuts").num_columns(2);
            grid.spacing([24.0, 8.0]).show(ui, |ui| {
                for (keys, what) in SHORTCUTS {
                    ui.label(egui::RichText::new(keys).monospace().color(theme.accent));
                    ui.label(what);
                    ui.end_row();
                }
            });
        });
}

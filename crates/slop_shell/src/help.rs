//! The window with the keyboard shortcuts.

use slop_engine::egui;
use slop_ui::Theme;

use super::commands::{commands, Facts};

/// What keys do besides, where something is written.
const IN_TEXT: [(&str, &str); 3] = [
    ("Ctrl+Enter", "Save what is being edited"),
    (
        "Ctrl+Shift+Enter",
        "Make another take of what is being edited, and ask anew",
    ),
    ("Escape", "Give up what is being edited"),
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
                let mut row = |keys: &str, what: &str| {
                    ui.label(egui::RichText::new(keys).monospace().color(theme.accent));
                    ui.label(what);
                    ui.end_row();
                };
                // What can be done now makes no difference to the keys.
                for command in commands(&Facts::default()) {
                    if command.keys.is_some() {
                        row(&command.keys(), &command.name);
                    }
                }
                for (keys, what) in IN_TEXT {
                    row(keys, what);
                }
            });
        });
}

#[cfg(test)]
mod tests {
    use slop_ui::testing::{find, theme, Window};

    #[test]
    fn every_command_with_keys_is_told() {
        let theme = theme();
        let mut window = Window::default();
        let mut frame = || {
            window.run(Vec::new(), |ui| {
                super::window(ui.ctx(), &mut true, &theme);
            })
        };
        for _ in 0..3 {
            frame();
        }
        let seen = frame();
        for text in [
            "Ctrl+Shift+P",
            "All commands",
            "Ctrl+N",
            "F1",
            "Ctrl+5",
            "Show or hide Log",
            "Bring back what was deleted",
            "Ctrl+Shift+Enter",
        ] {
            find(&seen, text);
        }
    }
}

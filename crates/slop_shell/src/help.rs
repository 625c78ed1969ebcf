//! The window with the keyboard shortcuts.

use slop_engine::egui;
use slop_ui::{scroll, Theme};

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
            // A low window has not room for all of them.
            let most = (context.screen_rect().height() - 120.0).max(80.0);
            scroll::up_to(egui::ScrollArea::vertical(), most).show(ui, |ui| list(ui, theme));
        });
}

fn list(ui: &mut egui::Ui, theme: &Theme) {
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
}

#[cfg(test)]
mod tests {
    use slop_engine::egui;
    use slop_ui::testing::{find, theme, Window};

    #[test]
    fn all_of_it_is_in_a_low_window() {
        let context = egui::Context::default();
        let theme = theme();
        theme.apply(&context);
        let screen = egui::Rect::from_min_size(egui::Pos2::ZERO, egui::vec2(800.0, 600.0));
        for _ in 0..4 {
            let input = egui::RawInput {
                screen_rect: Some(screen),
                ..egui::RawInput::default()
            };
            let _ = context.run(input, |context| {
                super::window(context, &mut true, &theme);
            });
        }
        let id = egui::Id::new("Keyboard shortcuts");
        let rect = context.memory(|memory| memory.area_rect(id)).unwrap();
        assert!(screen.contains_rect(rect), "{rect:?}");
    }

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

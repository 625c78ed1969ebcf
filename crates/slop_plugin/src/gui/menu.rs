//! The menu bar, the keyboard shortcuts of the whole app, and what there is to tell.

#[cfg(feature = "hot")]
use hot_reloader::HotReloader;
use slop_engine::{egui, session::Session};
use slop_state::{Action, Layout, Project, Window};

use super::theme::Theme;

/// What the bar draws.
pub(super) struct View<'a> {
    pub(super) project: &'a Project,
    pub(super) layout: &'a mut Layout,
    /// What would be brought back.
    pub(super) undo: Option<String>,
    /// What runs.
    pub(super) status: Option<Status>,
    pub(super) theme: &'a Theme,
}

/// What the bar says of the reloader.
pub(super) struct Status {
    pub(super) text: String,
    pub(super) is_error: bool,
}

/// Which code runs, or what is being done.
#[cfg(feature = "hot")]
pub(super) fn status(reloader: &HotReloader) -> Option<Status> {
    let text = match reloader.progress() {
        Some(progress) => format!("{}…", progress.phase),
        None => {
            let build = reloader.build_id().map_or("none", |id| id.short());
            format!("generation {} · {build}", reloader.generation())
        }
    };
    Some(Status {
        text,
        is_error: reloader.is_error_state(),
    })
}

pub(super) fn bar(context: &egui::Context, view: View<'_>, out: &mut Vec<Action>) {
    let View {
        project,
        layout,
        undo,
        status,
        theme,
    } = view;
    shortcuts(context, layout, undo.is_some(), out);
    egui::TopBottomPanel::top("menu").show(context, |ui| {
        egui::menu::bar(ui, |ui| {
            let name = match project.name.trim() {
                "" => "Manual Slop",
                name => name,
            };
            ui.label(egui::RichText::new(name).strong().color(theme.accent));
            ui.menu_button("Edit", |ui| {
                let text = match &undo {
                    Some(deleted) => format!("Bring back {deleted}"),
                    None => "Nothing was deleted".to_owned(),
                };
                let button = egui::Button::new(text).shortcut_text("Ctrl+Z");
                if ui.add_enabled(undo.is_some(), button).clicked() {
                    out.push(Action::Undo);
                    ui.close_menu();
                }
            });
            ui.menu_button("Windows", |ui| {
                for (index, window) in Window::ALL.into_iter().enumerate() {
                    let open = layout.show_windows.entry(window).or_insert(false);
                    ui.horizontal(|ui| {
                        ui.checkbox(open, window.title());
                        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                            ui.weak(format!("Ctrl+{}", index + 1));
                        });
                    });
                }
            });
            ui.menu_button("Help", |ui| {
                let button = egui::Button::new("Keyboard shortcuts").shortcut_text("F1");
                if ui.add(button).clicked() {
                    layout.show_help = true;
                    ui.close_menu();
                }
            });
            if let Some(status) = status {
                ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                    let color = if status.is_error {
                        theme.error
                    } else {
                        theme.good
                    };
                    ui.weak(status.text);
                    let (rect, _) =
                        ui.allocate_exact_size(egui::Vec2::splat(10.0), egui::Sense::hover());
                    ui.painter().circle_filled(rect.center(), 4.0, color);
                });
            }
        });
    });
}

/// Those that are not a window's own.
fn shortcuts(context: &egui::Context, layout: &mut Layout, undo: bool, out: &mut Vec<Action>) {
    use egui::{Key, Modifiers};
    let pressed = |modifiers, key| context.input_mut(|input| input.consume_key(modifiers, key));
    if pressed(Modifiers::NONE, Key::F1) {
        layout.show_help = !layout.show_help;
    }
    if pressed(Modifiers::CTRL, Key::N) {
        out.push(Action::AddDiscussion);
    }
    // A text field undoes typing.
    if undo && !context.wants_keyboard_input() && pressed(Modifiers::CTRL, Key::Z) {
        out.push(Action::Undo);
    }
    let keys = [Key::Num1, Key::Num2, Key::Num3, Key::Num4, Key::Num5];
    for (window, key) in Window::ALL.into_iter().zip(keys) {
        if pressed(Modifiers::CTRL, key) {
            let open = layout.show_windows.entry(window).or_insert(false);
            *open = !*open;
        }
    }
}

/// What became of the saved state. Each stays until it is dismissed, but for a failure, which stays
/// until it is over.
pub(super) fn notices(context: &egui::Context, session: &mut Session, theme: &Theme) {
    if session.notices.is_empty() && session.failure.is_none() {
        return;
    }
    let frame = egui::Frame::side_top_panel(&context.style()).fill(theme.raised);
    egui::TopBottomPanel::top("notices")
        .frame(frame)
        .show(context, |ui| {
            if let Some(failure) = &session.failure {
                ui.colored_label(theme.error, failure);
            }
            let mut dismissed = None;
            for (index, notice) in session.notices.iter().enumerate() {
                ui.horizontal(|ui| {
                    if ui.small_button("✖").on_hover_text("Dismiss").clicked() {
                        dismissed = Some(index);
                    }
                    ui.colored_label(theme.warning, notice);
                });
            }
            if let Some(index) = dismissed {
                session.notices.remove(index);
            }
        });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn press(modifiers: egui::Modifiers, key: egui::Key, undo: bool) -> (Layout, Vec<Action>) {
        let context = egui::Context::default();
        let (mut layout, mut out) = (Layout::default(), Vec::new());
        let event = egui::Event::Key {
            key,
            physical_key: None,
            pressed: true,
            repeat: false,
            modifiers,
        };
        let input = egui::RawInput {
            events: vec![event],
            modifiers,
            ..egui::RawInput::default()
        };
        let _ = context.run(input, |context| {
            shortcuts(context, &mut layout, undo, &mut out);
        });
        (layout, out)
    }

    #[test]
    fn keys_do_what_the_help_says() {
        use egui::{Key, Modifiers};
        let (layout, _) = press(Modifiers::NONE, Key::F1, false);
        assert!(layout.show_help);
        let (_, out) = press(Modifiers::CTRL, Key::N, false);
        assert_eq!(out, [Action::AddDiscussion]);
        let (_, out) = press(Modifiers::CTRL, Key::Z, true);
        assert_eq!(out, [Action::Undo]);
        let (_, out) = press(Modifiers::CTRL, Key::Z, false);
        assert_eq!(out, []);
        let (layout, _) = press(Modifiers::CTRL, Key::Num5, false);
        assert!(layout.show_windows[&Window::Log]);
        let (layout, _) = press(Modifiers::CTRL, Key::Num2, false);
        assert!(!layout.show_windows[&Window::DiscussionHub]);
    }
}

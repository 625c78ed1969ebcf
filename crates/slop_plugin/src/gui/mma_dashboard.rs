//! The MMA Dashboard: the board with the tickets, and the reloader.

pub(super) mod board;
#[cfg(feature = "hot")]
mod reloads;

#[cfg(feature = "hot")]
use hot_reloader::{HotReloader, ReloadRequest};
use slop_engine::egui;
use slop_state::Action;

/// The board or the reloader, whichever is chosen at the top. The reload that is asked for, if one
/// is.
#[cfg(feature = "hot")]
pub(super) fn panel(
    ui: &mut egui::Ui,
    view: board::View<'_>,
    reloader: &HotReloader,
    out: &mut Vec<Action>,
) -> Option<ReloadRequest> {
    let theme = view.theme;
    let id = egui::Id::new("mma_dashboard shows the reloader");
    // Plain, for it outlives a reload, and a type of ours might not.
    let before = ui.data_mut(|data| data.get_persisted::<bool>(id));
    let before = before.unwrap_or(false);
    let mut chosen = before;
    ui.horizontal(|ui| {
        ui.selectable_value(&mut chosen, false, "Tickets");
        let mut text = egui::RichText::new("Hot Reload");
        if reloader.is_error_state() {
            text = text.color(theme.error);
        }
        ui.selectable_value(&mut chosen, true, text);
    });
    if chosen != before {
        ui.data_mut(|data| data.insert_persisted(id, chosen));
    }
    ui.separator();
    if chosen {
        reloads::panel(ui, reloader, theme, out)
    } else {
        board::panel(ui, view, out);
        None
    }
}

/// The board.
#[cfg(not(feature = "hot"))]
pub(super) fn panel(ui: &mut egui::Ui, view: board::View<'_>, out: &mut Vec<Action>) {
    board::panel(ui, view, out);
}

/// What the tests of the dashboard share.
#[cfg(test)]
mod testing {
    use slop_engine::egui;

    use crate::gui::theme::{Theme, Themes};

    pub(super) fn theme() -> Theme {
        Themes::built_in().unwrap().get("default").clone()
    }

    /// A window of 1280 by 800.
    #[derive(Default)]
    pub(super) struct Window {
        context: egui::Context,
        time: f64,
    }

    impl Window {
        /// Draws one frame. What is to be seen then.
        pub(super) fn run(
            &mut self,
            events: Vec<egui::Event>,
            mut draw: impl FnMut(&mut egui::Ui),
        ) -> Vec<(String, egui::Rect)> {
            self.time += 0.05;
            let size = egui::vec2(1280.0, 800.0);
            let input = egui::RawInput {
                screen_rect: Some(egui::Rect::from_min_size(egui::Pos2::ZERO, size)),
                time: Some(self.time),
                events,
                ..egui::RawInput::default()
            };
            let output = self.context.run(input, |context| {
                egui::CentralPanel::default().show(context, &mut draw);
            });
            let mut found = Vec::new();
            for clipped in &output.shapes {
                visit(&clipped.shape, &mut found);
            }
            found
        }

        /// So that two clicks are not taken for one double click.
        pub(super) fn wait(&mut self) {
            self.time += 1.0;
        }
    }

    fn visit(shape: &egui::Shape, found: &mut Vec<(String, egui::Rect)>) {
        match shape {
            egui::Shape::Vec(shapes) => {
                for shape in shapes {
                    visit(shape, found);
                }
            }
            egui::Shape::Text(shape) => {
                let text = shape.galley.text().to_owned();
                found.push((text, shape.visual_bounding_rect()));
            }
            _ => {}
        }
    }

    pub(super) fn button(pos: egui::Pos2, pressed: bool) -> egui::Event {
        egui::Event::PointerButton {
            pos,
            button: egui::PointerButton::Primary,
            pressed,
            modifiers: egui::Modifiers::NONE,
        }
    }

    pub(super) fn key(key: egui::Key, pressed: bool, modifiers: egui::Modifiers) -> egui::Event {
        egui::Event::Key {
            key,
            physical_key: None,
            pressed,
            repeat: false,
            modifiers,
        }
    }

    /// Where exactly this text is to be seen first.
    #[track_caller]
    pub(super) fn find(seen: &[(String, egui::Rect)], text: &str) -> egui::Rect {
        let found = seen.iter().find(|(seen, _)| seen == text);
        found
            .unwrap_or_else(|| panic!("`{text}` is not to be seen, but {seen:?}"))
            .1
    }
}

#[cfg(all(test, feature = "hot"))]
mod tests {
    use slop_state::Board;

    use super::*;

    #[test]
    fn a_tab_shows_the_reloader() {
        let theme = testing::theme();
        let reloader = HotReloader::default();
        let mut board = Board::default();
        let mut window = testing::Window::default();
        let mut frame = |events| {
            window.run(events, |ui| {
                let view = board::View {
                    tickets: &[],
                    board: &mut board,
                    title: &mut String::new(),
                    theme: &theme,
                };
                panel(ui, view, &reloader, &mut Vec::new());
            })
        };
        frame(Vec::new());
        let seen = frame(Vec::new());
        assert!(seen.iter().any(|(text, _)| text.contains("Add")));
        let tab = testing::find(&seen, "Hot Reload").center();
        frame(vec![egui::Event::PointerMoved(tab)]);
        frame(vec![testing::button(tab, true)]);
        frame(vec![testing::button(tab, false)]);
        let seen = frame(Vec::new());
        testing::find(&seen, "🔄 Hot Reload");
        assert!(!seen.iter().any(|(text, _)| text.contains("Add")));
    }
}

//! The board with the tickets, and the reloader, one at a time.

#[cfg(feature = "hot")]
use hot_reloader::{HotReloader, ReloadRequest};
use slop_engine::egui;
use slop_state::Action;
#[cfg(feature = "hot")]
use slop_ui::mma_dashboard::shows_reloader;

use crate::board;
#[cfg(feature = "hot")]
use crate::reloads;

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
    let id = shows_reloader();
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

#[cfg(all(test, feature = "hot"))]
mod tests {
    use slop_state::{Board, Discussions, PendingRequests, Planning, TicketQueue};
    use slop_ui::{
        mma_dashboard::{show_tickets, title_field},
        testing,
    };

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
                    discussions: &Discussions::default(),
                    pending: &PendingRequests::default(),
                    queue: &TicketQueue::default(),
                    planning: &mut Planning::default(),
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
        for event in testing::click(tab) {
            frame(vec![event]);
        }
        let seen = frame(Vec::new());
        testing::find(&seen, "🔄 Hot Reload");
        assert!(!seen.iter().any(|(text, _)| text.contains("Add")));
        // The command to write a ticket leads back.
        let mut title = String::new();
        for round in 0..3 {
            let typed = egui::Event::Text("x".to_owned());
            window.run(vec![typed], |ui| {
                if round == 0 {
                    show_tickets(ui.ctx());
                    ui.memory_mut(|memory| memory.request_focus(title_field()));
                }
                let view = board::View {
                    tickets: &[],
                    board: &mut board,
                    discussions: &Discussions::default(),
                    pending: &PendingRequests::default(),
                    queue: &TicketQueue::default(),
                    planning: &mut Planning::default(),
                    title: &mut title,
                    theme: &theme,
                };
                panel(ui, view, &reloader, &mut Vec::new());
            });
        }
        assert!(title.starts_with('x'), "{title}");
    }
}

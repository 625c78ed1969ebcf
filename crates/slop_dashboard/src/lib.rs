//! The MMA Dashboard: the board with the tickets, and the reloader.

mod board;
mod panel;
#[cfg(feature = "hot")]
mod reloads;

use bevy::prelude::*;
use hot_reloader::prelude::*;
use slop_common::Turn;
#[cfg(feature = "hot")]
use slop_engine_dylib as _;
use slop_state::{
    Action, Board, Composer, Discussions, Layout, PendingRequests, Planning, Ticket, TicketQueue,
    Window,
};
use slop_ui::{edit, Canvas};

use self::panel::panel;

hot_library!(mma_dashboard);

/// Owns what is chosen and typed on the board.
#[hot_module(
    state_keys = [Board],
    targets = [render_mma_dashboard],
    after = [controller, ai_client, main_interface],
)]
pub fn mma_dashboard(app: &mut App) {
    Turn::order(app);
    app.init_resource::<Board>()
        .add_event::<Action>()
        .add_systems(Update, render_mma_dashboard.in_set(Turn::Show));
}

fn render_mma_dashboard(
    mut canvas: Canvas,
    tickets: Query<&Ticket>,
    (discussions, pending): (Res<Discussions>, Res<PendingRequests>),
    queue: Res<TicketQueue>,
    mut board: ResMut<Board>,
    mut composer: ResMut<Composer>,
    mut planning: ResMut<Planning>,
    mut layout: ResMut<Layout>,
    #[cfg(feature = "hot")] reloader: Res<HotReloader>,
    #[cfg(feature = "hot")] mut requests: EventWriter<ReloadRequest>,
) {
    if !canvas.places.is_seen(Window::MmaDashboard) {
        return;
    }
    let tickets: Vec<_> = tickets.iter().collect();
    let mut discusses = false;
    #[cfg(feature = "hot")]
    let mut request = None;
    edit(&mut board, |board| {
        edit(&mut composer, |composer| {
            edit(&mut planning, |planning| {
                canvas.show(Window::MmaDashboard, |ui, theme, out| {
                    let view = board::View {
                        tickets: &tickets,
                        board,
                        discussions: &discussions,
                        pending: &pending,
                        queue: &queue,
                        planning,
                        title: &mut composer.ticket,
                        theme,
                    };
                    #[cfg(feature = "hot")]
                    {
                        request = panel(ui, view, &reloader, out);
                    }
                    #[cfg(not(feature = "hot"))]
                    panel(ui, view, out);
                    discusses = out.iter().any(|action| {
                        matches!(
                            action,
                            Action::DiscussTicket(_) | Action::SelectDiscussion(_)
                        )
                    });
                });
            });
        });
    });
    if discusses {
        layout.reveal = Some(Window::DiscussionHub);
    }
    #[cfg(feature = "hot")]
    requests.send_batch(request);
}

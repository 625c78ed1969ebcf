//! Everything that is drawn. One file a window; each draws from what it is given and says what it
//! asks for.

mod discussion_hub;
mod mma_dashboard;

use bevy::prelude::*;
use hot_reloader::prelude::*;
use slop_engine::{egui, EguiContexts};
use slop_state::{Action, Composer, Discussions, Layout, Ticket};

/// Owns the layout.
#[hot_module(
    state_keys = [Layout],
    targets = [render_main_interface, render_discussion_hub, render_mma_dashboard],
    after = [controller],
)]
pub fn gui(app: &mut HotApp) {
    app.init_resource::<Layout>().add_systems(
        Update,
        (
            render_main_interface,
            render_discussion_hub,
            render_mma_dashboard,
        )
            .chain(),
    );
}

const WINDOWS: [&str; 2] = [discussion_hub::TITLE, mma_dashboard::TITLE];

/// The bar at the top, with a switch for each window.
fn render_main_interface(mut contexts: EguiContexts, mut layout: ResMut<Layout>) {
    let Some(context) = contexts.try_ctx_mut() else {
        return;
    };
    egui::TopBottomPanel::top("menu").show(context, |ui| {
        egui::menu::bar(ui, |ui| {
            ui.strong("Manual Slop");
            ui.menu_button("Windows", |ui| {
                for title in WINDOWS {
                    let open = layout.show_windows.entry(title.to_owned()).or_insert(true);
                    ui.checkbox(open, title);
                }
            });
        });
    });
    egui::CentralPanel::default().show(context, |ui| {
        let any = layout.show_windows.values().any(|open| *open);
        if !any {
            ui.centered_and_justified(|ui| ui.weak("Open a window from the Windows menu"));
        }
    });
}

fn render_discussion_hub(
    mut contexts: EguiContexts,
    mut layout: ResMut<Layout>,
    mut composer: ResMut<Composer>,
    discussions: Res<Discussions>,
    mut actions: EventWriter<Action>,
) {
    let Some(context) = contexts.try_ctx_mut() else {
        return;
    };
    let mut out = Vec::new();
    let Layout {
        show_windows,
        ui_discussion_split_h,
    } = &mut *layout;
    let open = show_windows
        .entry(discussion_hub::TITLE.to_owned())
        .or_insert(true);
    egui::Window::new(discussion_hub::TITLE)
        .open(open)
        .default_rect(egui::Rect::from_min_size(
            egui::pos2(12.0, 40.0),
            egui::vec2(640.0, 700.0),
        ))
        .show(context, |ui| {
            discussion_hub::panel(
                ui,
                &discussions,
                &mut composer,
                ui_discussion_split_h,
                &mut out,
            );
        });
    actions.send_batch(out);
}

fn render_mma_dashboard(
    mut contexts: EguiContexts,
    mut layout: ResMut<Layout>,
    mut composer: ResMut<Composer>,
    tickets: Query<(Entity, &Ticket)>,
    mut actions: EventWriter<Action>,
    #[cfg(feature = "hot")] reloader: Res<HotReloader>,
    #[cfg(feature = "hot")] mut requests: EventWriter<ReloadRequest>,
) {
    let Some(context) = contexts.try_ctx_mut() else {
        return;
    };
    let mut tickets: Vec<_> = tickets.iter().collect();
    tickets.sort_by_key(|(_, ticket)| ticket.number);
    let mut out = Vec::new();
    let open = layout
        .show_windows
        .entry(mma_dashboard::TITLE.to_owned())
        .or_insert(true);
    egui::Window::new(mma_dashboard::TITLE)
        .open(open)
        .default_rect(egui::Rect::from_min_size(
            egui::pos2(690.0, 40.0),
            egui::vec2(560.0, 700.0),
        ))
        .show(context, |ui| {
            #[cfg(feature = "hot")]
            {
                requests.send_batch(mma_dashboard::hot_reload(ui, &reloader));
                ui.separator();
            }
            mma_dashboard::tickets(ui, &tickets, &mut composer.ticket, &mut out);
        });
    actions.send_batch(out);
}

//! Where commands lead to in the MMA Dashboard.

use slop_engine::egui;

/// The field for the title of a ticket to be.
pub fn title_field() -> egui::Id {
    egui::Id::new("mma_dashboard new ticket")
}

/// The field for the goal that the orchestrator makes tickets of.
pub fn goal_field() -> egui::Id {
    egui::Id::new("mma_dashboard goal")
}

/// Shows the board, if the reloader is shown.
pub fn show_tickets(context: &egui::Context) {
    context.data_mut(|data| data.insert_persisted(shows_reloader(), false));
}

/// Under which it is kept whether the reloader is shown, and not the tickets.
pub fn shows_reloader() -> egui::Id {
    egui::Id::new("mma_dashboard shows the reloader")
}

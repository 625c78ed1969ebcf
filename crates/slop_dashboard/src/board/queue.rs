//! The row above the tickets: how they are shown, and how the assistant gets them.

use slop_engine::egui;
use slop_state::{Action, Board, QueueMode, TicketQueue};
use slop_ui::field;

use super::{ask, shortened, Scene, RUN};

/// Board or graph, and the queue.
pub(super) fn row(ui: &mut egui::Ui, scene: &Scene<'_>, board: &mut Board, out: &mut Vec<Action>) {
    let queue = scene.queue;
    let running = scene.needs.running();
    ui.horizontal_wrapped(|ui| {
        ui.selectable_value(&mut board.graph, false, "Board")
            .on_hover_text("A column for each status");
        ui.selectable_value(&mut board.graph, true, "Graph")
            .on_hover_text("What depends on what");
        ui.separator();

        ui.label("Queue");
        let mut wanted = queue.clone();
        for mode in QueueMode::ALL {
            let is_set = queue.mode == mode;
            let choice = ui.selectable_label(is_set, mode.label());
            if choice.on_hover_text(hint(mode)).clicked() && !is_set {
                wanted.mode = mode;
                wanted.skipped.clear();
            }
        }
        let limit = egui::DragValue::new(&mut wanted.limit)
            .range(1..=TicketQueue::MOST)
            .suffix(" at once");
        field::number(ui, limit)
            .on_hover_text("The assistant works on so many tickets at once, at most");
        if running > 0 {
            ui.colored_label(scene.theme.accent, format!("{running} under way"));
        }
        if wanted != *queue {
            out.push(Action::SetQueue(wanted));
        }
        if queue.mode == QueueMode::Step {
            offer(ui, scene, board, out);
        }
    });
}

fn hint(mode: QueueMode) -> &'static str {
    match mode {
        QueueMode::Off => "The assistant works on what you run yourself",
        QueueMode::Step => "You are asked about each ticket that is ready",
        QueueMode::Auto => "The assistant works on all that is ready: in Todo and not blocked",
    }
}

/// The ticket that is next.
fn offer(ui: &mut egui::Ui, scene: &Scene<'_>, board: &mut Board, out: &mut Vec<Action>) {
    let queue = scene.queue;
    ui.separator();
    let ready = scene.needs.ready();
    let mut not_skipped = ready.iter().filter(|t| !queue.skipped.contains(&t.number));
    if let Some(ticket) = not_skipped.next() {
        let next = format!("Next: #{} {}", ticket.number, shortened(&ticket.title, 40));
        if ui.link(next).on_hover_text("Show the ticket").clicked() {
            board.selected = Some(ticket.number);
        }
        if ask(ui, "Run", RUN, scene.work().can_run(ticket).err()) {
            out.push(Action::RunTicket(ticket.number));
        }
        let skip = ui.button("Skip");
        if skip.on_hover_text("Offer the one after it").clicked() {
            out.push(Action::SkipTicket(ticket.number));
        }
    } else if ready.is_empty() {
        ui.weak("Nothing is ready.");
    } else {
        ui.weak("All that is ready was skipped.");
        if ui.button("Offer again").clicked() {
            let mut wanted = queue.clone();
            wanted.skipped.clear();
            out.push(Action::SetQueue(wanted));
        }
    }
}

//! The MMA Dashboard: the tickets, and the reloader.

use bevy::prelude::Entity;
#[cfg(feature = "hot")]
use hot_reloader::{HotReloader, Outcome, ReloadReport, ReloadRequest};
use slop_engine::egui;
use slop_state::{Action, Status, Ticket};

pub(super) const TITLE: &str = "MMA Dashboard";

/// The tickets, grouped by where they stand.
pub(super) fn tickets(
    ui: &mut egui::Ui,
    tickets: &[(Entity, &Ticket)],
    title: &mut String,
    out: &mut Vec<Action>,
) {
    let open = tickets
        .iter()
        .filter(|(_, ticket)| ticket.status != Status::Done);
    ui.horizontal(|ui| {
        ui.heading("Tickets");
        ui.weak(format!("{} open", open.count()));
    });
    ui.horizontal(|ui| {
        let edit = egui::TextEdit::singleline(title).hint_text("A new ticket");
        let entered = ui.add(edit.desired_width(280.0)).lost_focus()
            && ui.input(|input| input.key_pressed(egui::Key::Enter));
        let filled = !title.trim().is_empty();
        if ui.add_enabled(filled, egui::Button::new("Add")).clicked() || (entered && filled) {
            out.push(Action::AddTicket);
        }
    });
    egui::ScrollArea::vertical()
        .id_salt("tickets")
        .auto_shrink(false)
        .show(ui, |ui| {
            if tickets.is_empty() {
                ui.weak("No tickets yet.");
            }
            for status in Status::ALL {
                let of_status: Vec<_> =
                    tickets.iter().filter(|(_, t)| t.status == status).collect();
                if of_status.is_empty() {
                    continue;
                }
                ui.add_space(6.0);
                ui.strong(format!("{} ({})", status.label(), of_status.len()));
                for (entity, ticket) in of_status {
                    row(ui, *entity, ticket, out);
                }
            }
        });
}

fn row(ui: &mut egui::Ui, entity: Entity, ticket: &Ticket, out: &mut Vec<Action>) {
    ui.horizontal(|ui| {
        ui.monospace(format!("#{:<3}", ticket.number));
        let mut status = ticket.status;
        egui::ComboBox::from_id_salt(("status", ticket.number))
            .width(80.0)
            .selected_text(status.label())
            .show_ui(ui, |ui| {
                for choice in Status::ALL {
                    ui.selectable_value(&mut status, choice, choice.label());
                }
            });
        if status != ticket.status {
            out.push(Action::MoveTicket(entity, status));
        }
        ui.label(&ticket.title);
    });
}

/// The button, the generation that runs, and how the last reload went.
#[cfg(feature = "hot")]
pub(super) fn hot_reload(ui: &mut egui::Ui, reloader: &HotReloader) -> Option<ReloadRequest> {
    let mut request = None;
    ui.horizontal(|ui| {
        let button = egui::Button::new(egui::RichText::new("🔄 Hot Reload").strong());
        if ui.add(button).on_hover_text("Ctrl+Alt+R").clicked() {
            request = Some(ReloadRequest::all());
        }
        let build = reloader.build_id().map_or("none", |id| id.short());
        ui.label(format!("generation {}", reloader.generation()));
        ui.monospace(build);
        if let Some(progress) = reloader.progress() {
            ui.weak(format!("{}…", progress.phase));
        }
    });
    if let Some(report) = reloader.history().next_back() {
        outcome(ui, report);
    }
    ui.collapsing("History", |ui| {
        for report in reloader.history().rev() {
            outcome(ui, report);
        }
    });
    ui.collapsing("Modules", |ui| {
        egui::Grid::new("modules")
            .num_columns(4)
            .striped(true)
            .show(ui, |ui| {
                for module in reloader.modules() {
                    ui.label(&module.module.name);
                    ui.label(format!("generation {}", module.generation));
                    ui.monospace(module.build_id.short());
                    if ui
                        .small_button("🔄")
                        .on_hover_text("Reload this module")
                        .clicked()
                    {
                        request = Some(ReloadRequest::modules([module.module.name.as_str()]));
                    }
                    ui.end_row();
                }
            });
    });
    request
}

/// One line about a reload, with the time of each phase behind it.
#[cfg(feature = "hot")]
fn outcome(ui: &mut egui::Ui, report: &ReloadReport) {
    let color = match report.outcome {
        Outcome::Committed | Outcome::OnProbation | Outcome::Unchanged => {
            egui::Color32::from_rgb(110, 200, 120)
        }
        Outcome::Cancelled => ui.visuals().weak_text_color(),
        Outcome::Refused | Outcome::RolledBack => ui.visuals().error_fg_color,
    };
    let line = ui.horizontal(|ui| {
        ui.colored_label(color, format!("#{}: {}", report.number, report.summary()));
        if let Some(latency) = report.latency_ms {
            ui.weak(format!("{latency:.0} ms to the first frame"));
        }
    });
    line.response.on_hover_ui(|ui| {
        for time in &report.phases {
            ui.label(format!("{} {:.2} ms", time.phase, time.ms));
        }
        for warning in &report.warnings {
            ui.label(warning);
        }
        if let Some(bytes) = report.resident_bytes {
            let kept = report.libraries_kept;
            ui.weak(format!(
                "{kept} libraries kept, {} MB resident",
                bytes / 1_000_000
            ));
        }
    });
}

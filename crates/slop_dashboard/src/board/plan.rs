//! The goal, and the tickets that the orchestrator proposes for it.

use slop_common::proposal::check;
use slop_engine::egui;
use slop_state::{Action, Planning, Proposed, Run, Tier};
use slop_ui::{field, mma_dashboard::goal_field};

use super::{icon, shortened, Scene, BAR, GAP};

fn remark_field() -> egui::Id {
    egui::Id::new("mma_dashboard remark")
}

/// The field for the goal, and what the orchestrator does with it.
pub(super) fn row(
    ui: &mut egui::Ui,
    scene: &Scene<'_>,
    planning: &mut Planning,
    out: &mut Vec<Action>,
) {
    const BUTTONS: f32 = 260.0;
    ui.horizontal(|ui| {
        let width = (ui.available_width() - BUTTONS).max(120.0);
        let response = field::line(ui, &mut planning.goal, |edit| {
            edit.id(goal_field())
                .hint_text("A goal, for the orchestrator to make tickets of")
                .desired_width(width)
        });
        let entered = response.lost_focus() && ui.input(|i| i.key_pressed(egui::Key::Enter));
        if planning.run.is_under_way() {
            let stop = ui.button("Stop");
            if stop.on_hover_text("Stop the orchestrator").clicked() {
                out.extend(planning.discussion.map(Action::StopDiscussion));
            }
            ui.colored_label(scene.theme.accent, "planning…");
        } else {
            let can_be = !planning.goal.trim().is_empty();
            let plan = ui.add_enabled(can_be, egui::Button::new("Plan"));
            let hover = "Ask the orchestrator for tickets (Enter). You decide which there will be.";
            let clicked = plan.on_hover_text(hover).clicked();
            if can_be && (entered || clicked) {
                out.push(Action::Plan);
            }
        }
        open(ui, scene, planning, out);
    });
    if let Run::Failed(reason) = &planning.run {
        ui.horizontal_wrapped(|ui| {
            ui.colored_label(scene.theme.error, format!("No proposal: {reason}"));
            let again = ui.button("Ask again");
            let hover = "Ask the orchestrator for another answer";
            if again.on_hover_text(hover).clicked() {
                out.push(Action::PlanAgain);
            }
        });
    }
}

/// Leads to the discussion with the orchestrator, where its answer can be seen as it comes.
fn open(ui: &mut egui::Ui, scene: &Scene<'_>, planning: &Planning, out: &mut Vec<Action>) {
    let known = planning.discussion;
    let Some(discussion) = known.and_then(|id| scene.discussions.get(id)) else {
        return;
    };
    let open = ui.button("Open plan");
    let hover = "Show the discussion with the orchestrator";
    if open.on_hover_text(hover).clicked() {
        out.push(Action::SelectDiscussion(discussion.id));
    }
}

/// What is proposed, to be changed, accepted or refused.
pub(super) fn proposal(
    ui: &mut egui::Ui,
    scene: &Scene<'_>,
    planning: &mut Planning,
    out: &mut Vec<Action>,
) {
    let theme = scene.theme;
    let is_busy = planning.run.is_under_way();
    // Numbers do not matter here.
    let refused = check(&planning.proposal, 1).err();
    ui.horizontal_wrapped(|ui| {
        let count = planning.proposal.len();
        let tickets = if count == 1 { "ticket" } else { "tickets" };
        let head = egui::RichText::new(format!("{count} {tickets} proposed"));
        ui.label(head.heading().color(theme.accent));
        let can_be = refused.is_none() && !is_busy;
        let accept = ui.add_enabled(can_be, egui::Button::new("Accept all"));
        if accept.on_hover_text("Put them on the board").clicked() {
            out.push(Action::AcceptProposal);
        }
        let refuse = ui.add_enabled(!is_busy, egui::Button::new("Refuse"));
        let hover = "Forget them. The goal and the discussion stay. Edit › Bring back undoes it.";
        if refuse.on_hover_text(hover).clicked() {
            out.push(Action::RefuseProposal);
        }
    });
    ui.horizontal(|ui| {
        let width = (ui.available_width() - 110.0).max(120.0);
        let response = field::line(ui, &mut planning.remark, |edit| {
            edit.id(remark_field())
                .hint_text("What is to be otherwise?")
                .desired_width(width)
        });
        let entered = response.lost_focus() && ui.input(|i| i.key_pressed(egui::Key::Enter));
        let again = ui.add_enabled(!is_busy, egui::Button::new("Ask again"));
        let hover = "Ask for another proposal, with this remark (Enter)";
        let clicked = again.on_hover_text(hover).clicked();
        let is_written = !planning.remark.trim().is_empty();
        if !is_busy && (clicked || (entered && is_written)) {
            out.push(Action::PlanAgain);
        }
    });
    if let Some(refused) = refused {
        ui.colored_label(theme.error, format!("Not yet: {refused}"));
    }
    ui.add_space(GAP);
    egui::ScrollArea::vertical()
        .id_salt("proposal")
        .auto_shrink(false)
        .drag_to_scroll(false)
        .show(ui, |ui| {
            ui.set_max_width(ui.available_width() - BAR);
            list(ui, scene, &mut planning.proposal);
        });
}

/// The tickets, each with its fields.
fn list(ui: &mut egui::Ui, scene: &Scene<'_>, proposal: &mut Vec<Proposed>) {
    let known: Vec<(String, String)> = proposal
        .iter()
        .map(|ticket| (ticket.key.clone(), ticket.title.clone()))
        .collect();
    let mut removed = None;
    for (index, ticket) in proposal.iter_mut().enumerate() {
        ui.push_id(("proposed", index), |ui| {
            let frame = egui::Frame::none()
                .fill(scene.theme.background)
                .rounding(scene.theme.rounding)
                .inner_margin(GAP);
            frame.show(ui, |ui| {
                if fields(ui, scene, ticket, &known) {
                    removed = Some(index);
                }
            });
        });
    }
    if let Some(index) = removed {
        let gone = proposal.remove(index).key;
        // Nobody is to wait for it.
        for ticket in proposal {
            ticket.depends_on.retain(|need| *need != gone);
        }
    }
}

/// What can be changed of a ticket. Whether it is to be removed.
fn fields(
    ui: &mut egui::Ui,
    scene: &Scene<'_>,
    ticket: &mut Proposed,
    known: &[(String, String)],
) -> bool {
    let mut removed = false;
    ui.horizontal(|ui| {
        ui.colored_label(scene.theme.accent, shortened(&ticket.key, 16));
        let width = (ui.available_width() - 160.0).max(100.0);
        field::line(ui, &mut ticket.title, |edit| {
            edit.hint_text("Title").desired_width(width)
        });
        egui::ComboBox::from_id_salt("tier")
            .width(90.0)
            .selected_text(ticket.tier.label())
            .show_ui(ui, |ui| {
                for tier in Tier::WORKING {
                    ui.selectable_value(&mut ticket.tier, tier, tier.label());
                }
            });
        removed = icon(ui, "🗑", "Do not propose it", true, 20.0);
    });
    field::lines(ui, &mut ticket.text, |edit| {
        edit.hint_text("All there is to say, in CommonMark")
            .desired_rows(2)
            .desired_width(f32::INFINITY)
    });
    needs(ui, scene, ticket, known);
    removed
}

/// What must be done before a ticket.
fn needs(ui: &mut egui::Ui, scene: &Scene<'_>, ticket: &mut Proposed, known: &[(String, String)]) {
    let mut removed = None;
    ui.horizontal_wrapped(|ui| {
        ui.label("After");
        if ticket.depends_on.is_empty() {
            ui.weak("no other ticket");
        }
        for (index, need) in ticket.depends_on.iter().enumerate() {
            let title = known.iter().find(|(key, _)| key == need);
            let color = match title {
                Some(_) => scene.theme.text,
                None => scene.theme.error,
            };
            let hover = title.map_or("It is not proposed", |(_, title)| title.as_str());
            let text = egui::RichText::new(format!("{} ✖", shortened(need, 16))).color(color);
            let chip = ui.add(egui::Button::new(text).small());
            let hover = format!("{hover}\nClick to remove");
            if chip.on_hover_text(hover).clicked() {
                removed = Some(index);
            }
        }
        let can_be = |key: &String| *key != ticket.key && !ticket.depends_on.contains(key);
        let offered = known.iter().filter(|(key, _)| can_be(key));
        let offered: Vec<_> = offered.collect();
        if !offered.is_empty() {
            egui::ComboBox::from_id_salt("needs")
                .width(60.0)
                .selected_text("Add…")
                .show_ui(ui, |ui| {
                    for (key, title) in offered {
                        let text = format!("{} {}", shortened(key, 16), shortened(title, 40));
                        if ui.selectable_label(false, text).clicked() {
                            ticket.depends_on.push(key.clone());
                        }
                    }
                });
        }
    });
    if let Some(index) = removed {
        ticket.depends_on.remove(index);
    }
}

#[cfg(test)]
mod tests;

//! The pane with one ticket.

use std::collections::HashSet;

use slop_engine::{egui, egui_commonmark::CommonMarkCache};
use slop_state::{beginning, describe_circle, Action, Board, Run, Status, Ticket, Tier, Verdict};
use slop_ui::{discussion_hub::SEND, field, markdown};

use super::{ask, changes, delete, icon, shortened, Scene, BAR, GAP, RUN};

/// What a click or a shortcut in the pane asks for.
pub(super) enum Wish {
    Save,
    Revert,
    Delete,
    Close,
}

pub(super) fn title_field(number: u32) -> egui::Id {
    egui::Id::new(("mma_dashboard title", number))
}

pub(super) fn text_field(number: u32) -> egui::Id {
    egui::Id::new(("mma_dashboard text", number))
}

fn reason_field(number: u32) -> egui::Id {
    egui::Id::new(("mma_dashboard blocked", number))
}

/// The pane of the chosen ticket.
pub(super) fn detail(
    ui: &mut egui::Ui,
    scene: &Scene<'_>,
    ticket: &Ticket,
    board: &mut Board,
    out: &mut Vec<Action>,
) {
    let number = ticket.number;
    let mut draft = draft_of(scene, ticket, board);
    let saved = is_save_struck(ui, number).then_some(Wish::Save);
    let closed = heading(ui, scene, number).then_some(Wish::Close);
    let buttons = ui.spacing().interact_size.y + 2.0 * GAP;
    egui::ScrollArea::vertical()
        .id_salt(("fields", number))
        .max_height((ui.available_height() - buttons).max(80.0))
        .auto_shrink(false)
        .drag_to_scroll(false)
        .show(ui, |ui| {
            ui.set_max_width(ui.available_width() - BAR);
            let other = fields(ui, scene, ticket, &mut draft, out);
            board.selected = other.or(board.selected);
        });
    let wanted = changes(&draft, ticket);
    let clicked = buttons_below(ui, wanted.is_some(), draft != *ticket);
    match (clicked.or(closed).or(saved), wanted) {
        (Some(Wish::Save), Some(wanted)) => {
            draft.clone_from(&wanted);
            out.push(Action::EditTicket(wanted));
        }
        (Some(Wish::Revert), _) => draft.clone_from(ticket),
        (Some(Wish::Delete), _) => {
            board.draft = (draft != *ticket).then(|| draft.clone());
            board.selected = None;
            delete(number, board, out);
            draft.clone_from(ticket);
        }
        (Some(Wish::Close), _) => board.selected = None,
        (Some(Wish::Save) | None, _) => {}
    }
    board.draft = (draft != *ticket).then_some(draft);
}

/// The ticket as it is written in the pane.
fn draft_of(scene: &Scene<'_>, ticket: &Ticket, board: &mut Board) -> Ticket {
    let number = ticket.number;
    // There is a draft only while it differs, so that without one the ticket is seen as it is.
    let draft = board.draft.take().filter(|draft| draft.number == number);
    let mut draft = draft.unwrap_or_else(|| ticket.clone());
    draft.status = ticket.status;
    draft.rank = ticket.rank;
    draft.discussion = ticket.discussion;
    draft.run.clone_from(&ticket.run);
    draft.check = ticket.check;
    draft.verdict.clone_from(&ticket.verdict);
    draft.depends_on.retain(|n| scene.get(*n).is_some());
    draft
}

/// Whether the keys that save are struck in a field of the ticket.
fn is_save_struck(ui: &mut egui::Ui, number: u32) -> bool {
    let focused = ui.memory(|memory| memory.focused());
    let written = [
        title_field(number),
        text_field(number),
        reason_field(number),
    ];
    focused.is_some_and(|focused| written.contains(&focused))
        && ui.input_mut(|input| input.consume_shortcut(&SEND))
}

/// The number of the ticket. Whether the pane is to be closed.
fn heading(ui: &mut egui::Ui, scene: &Scene<'_>, number: u32) -> bool {
    let mut is_closed = false;
    ui.horizontal(|ui| {
        let text = egui::RichText::new(format!("Ticket {number}"));
        ui.label(text.heading().color(scene.theme.accent));
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            is_closed = icon(ui, "✖", "Close; changes are saved", true, 20.0);
        });
    });
    is_closed
}

fn buttons_below(ui: &mut egui::Ui, can_save: bool, can_revert: bool) -> Option<Wish> {
    let mut wish = None;
    ui.horizontal(|ui| {
        let save = ui.add_enabled(can_save, egui::Button::new("Save"));
        let hover = "Ctrl+Enter. To choose another ticket saves too.";
        if save.on_hover_text(hover).clicked() {
            wish = Some(Wish::Save);
        }
        let revert = ui.add_enabled(can_revert, egui::Button::new("Revert"));
        if revert.on_hover_text("Give the changes up").clicked() {
            wish = Some(Wish::Revert);
        }
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            let button = ui.button("🗑 Delete");
            let hover = "Delete the ticket. Edit › Bring back undoes it.";
            if button.on_hover_text(hover).clicked() {
                wish = Some(Wish::Delete);
            }
        });
    });
    wish
}

/// What can be changed, and what is to be known of it. Another ticket that is to be shown instead.
fn fields(
    ui: &mut egui::Ui,
    scene: &Scene<'_>,
    ticket: &Ticket,
    draft: &mut Ticket,
    out: &mut Vec<Action>,
) -> Option<u32> {
    field::line(ui, &mut draft.title, |edit| {
        edit.id(title_field(ticket.number))
            .hint_text("Title")
            .desired_width(f32::INFINITY)
    });
    ui.horizontal(|ui| {
        ui.label("Status");
        let mut status = ticket.status;
        egui::ComboBox::from_id_salt("status")
            .width(84.0)
            .selected_text(status.label())
            .show_ui(ui, |ui| {
                for choice in Status::ALL {
                    ui.selectable_value(&mut status, choice, choice.label());
                }
            });
        if status != ticket.status {
            out.push(Action::MoveTicket(ticket.number, status, None));
        }
        egui::ComboBox::from_id_salt("tier")
            .width(84.0)
            .selected_text(draft.tier.label())
            .show_ui(ui, |ui| {
                for tier in Tier::WORKING {
                    let choice = ui.selectable_value(&mut draft.tier, tier, tier.label());
                    choice.on_hover_text(tier.hint());
                }
            })
            .response
            .on_hover_text("Who works on it");
    });
    needs(ui, scene, draft);
    let other = blocked(ui, scene, draft);
    work(ui, scene, ticket, out);

    let id = egui::Id::new("mma_dashboard preview");
    let is_preview = ui.data(|data| data.get_temp::<bool>(id));
    let mut is_preview = is_preview.unwrap_or(false);
    ui.horizontal(|ui| {
        ui.selectable_value(&mut is_preview, false, "Write");
        ui.selectable_value(&mut is_preview, true, "Preview");
    });
    ui.data_mut(|data| data.insert_temp(id, is_preview));
    if !is_preview {
        let height = (ui.available_height() - 4.0).max(120.0);
        field::lines(ui, &mut draft.text, |edit| {
            edit.id(text_field(ticket.number))
                .hint_text("All there is to say, in CommonMark")
                .desired_width(f32::INFINITY)
                .min_size(egui::vec2(0.0, height))
        });
    } else if draft.text.trim().is_empty() {
        ui.weak("Nothing is written yet.");
    } else {
        // A new cache each time costs nothing, for no image is loaded.
        let mut cache = CommonMarkCache::default();
        markdown(ui, scene.theme, &mut cache, beginning(&draft.text));
    }
    other
}

/// Why it cannot be begun. The ticket that was clicked, of those that it waits for.
fn blocked(ui: &mut egui::Ui, scene: &Scene<'_>, draft: &mut Ticket) -> Option<u32> {
    let mut clicked = None;
    if draft.status != Status::Done {
        for need in scene.needs.waits_for(draft) {
            let title = shortened(&need.title, 40);
            let status = need.status.label();
            let text = format!("Waits for #{} {title} ({status})", need.number);
            let link = ui.link(egui::RichText::new(text).color(scene.theme.warning));
            if link.on_hover_text("Show that ticket").clicked() {
                clicked = Some(need.number);
            }
        }
    }
    let mut by_hand = draft.blocked.is_some();
    ui.horizontal(|ui| {
        let check = ui.checkbox(&mut by_hand, "Blocked");
        let hover = "Nobody is to begin with it, whatever it depends on";
        if check.on_hover_text(hover).changed() {
            draft.blocked = by_hand.then(String::new);
        }
        if let Some(reason) = &mut draft.blocked {
            field::line(ui, reason, |edit| {
                edit.id(reason_field(draft.number))
                    .hint_text("Why?")
                    .desired_width(f32::INFINITY)
            });
        }
    });
    clicked
}

/// The discussion about it, and what the assistant does with it.
fn work(ui: &mut egui::Ui, scene: &Scene<'_>, ticket: &Ticket, out: &mut Vec<Action>) {
    let number = ticket.number;
    ui.horizontal_wrapped(|ui| {
        // It may have been deleted.
        let discussion = ticket.discussion.and_then(|id| scene.discussions.get(id));
        let (text, hover) = match discussion {
            Some(_) => ("Open discussion", "Show the discussion about this ticket"),
            None => ("Discuss", "Begin a discussion with what the ticket says"),
        };
        if ui.button(text).on_hover_text(hover).clicked() {
            out.push(Action::DiscussTicket(number));
        }
        if ticket.run.is_under_way() {
            let stop = ui.button("Cancel");
            let hover = "Stop the assistant's work on it";
            if stop.on_hover_text(hover).clicked() {
                out.push(Action::CancelTicket(number));
            }
            let text = match ticket.run {
                Run::Checked { .. } => "QA checks it.",
                _ => "The assistant works on it.",
            };
            ui.colored_label(scene.theme.accent, text);
            return;
        }
        let text = match ticket.run {
            Run::Failed(_) => "Retry",
            _ => "Run",
        };
        if ask(ui, text, RUN, scene.work().can_run(ticket).err()) {
            out.push(Action::RunTicket(number));
        }
        if matches!(ticket.status, Status::Todo | Status::Active) {
            let review = ui.button("To review");
            let hover = "It is to be looked at: move it to that column";
            if review.on_hover_text(hover).clicked() {
                out.push(Action::MoveTicket(number, Status::Review, None));
            }
        }
        check(ui, scene, ticket, out);
    });
    match &ticket.run {
        Run::Failed(reason) => {
            ui.colored_label(scene.theme.error, format!("Failed: {reason}"));
        }
        Run::Unchecked(reason) => {
            ui.colored_label(scene.theme.error, format!("Not checked: {reason}"));
        }
        Run::Idle | Run::Asked { .. } | Run::Checked { .. } => {}
    }
    match &ticket.verdict {
        Some(Verdict::Passed) => {
            ui.colored_label(scene.theme.good, "QA passed it.");
        }
        Some(Verdict::Failed(reason)) => {
            ui.colored_label(scene.theme.warning, format!("QA did not pass it: {reason}"));
        }
        None => {}
    }
}

/// Sends it to QA, if there is something to check.
fn check(ui: &mut egui::Ui, scene: &Scene<'_>, ticket: &Ticket, out: &mut Vec<Action>) {
    let find = |id: Option<u64>| id.and_then(|id| scene.discussions.get(id));
    let hover = "Have QA check the answer: it is done then, or to be done again";
    if ask(ui, "To QA", hover, scene.work().to_check(ticket).err()) {
        out.push(Action::CheckTicket(ticket.number));
    }
    if let Some(with_qa) = find(ticket.check) {
        let open = ui.button("Open QA");
        if open.on_hover_text("Show what QA said").clicked() {
            out.push(Action::SelectDiscussion(with_qa.id));
        }
    }
}

/// What must be done before.
fn needs(ui: &mut egui::Ui, scene: &Scene<'_>, draft: &mut Ticket) {
    let mut removed = None;
    ui.horizontal_wrapped(|ui| {
        ui.label("After");
        if draft.depends_on.is_empty() {
            ui.weak("no other ticket");
        }
        for number in &draft.depends_on {
            let text = egui::RichText::new(format!("#{number} ✖")).color(scene.color(*number));
            let other = scene.get(*number);
            let hover = other.map_or("", |other| other.title.as_str());
            let chip = ui.add(egui::Button::new(text).small());
            if chip
                .on_hover_text(format!("{hover}\nClick to remove"))
                .clicked()
            {
                removed = Some(*number);
            }
        }
    });
    draft.depends_on.retain(|number| Some(*number) != removed);
    egui::ComboBox::from_id_salt("needs")
        .width(ui.available_width())
        .truncate()
        .selected_text("Add a ticket…")
        .show_ui(ui, |ui| {
            let later = dependents(scene.tickets, draft.number);
            let mut offered: Vec<&Ticket> = scene
                .tickets
                .iter()
                .copied()
                .filter(|t| !later.contains(&t.number) && !draft.depends_on.contains(&t.number))
                .collect();
            offered.sort_by_key(|ticket| ticket.number);
            if offered.is_empty() {
                ui.weak("No other ticket can come before.");
            }
            for ticket in offered {
                let text = format!("#{} {}", ticket.number, shortened(&ticket.title, 40));
                if ui.selectable_label(false, text).clicked() {
                    draft.depends_on.push(ticket.number);
                }
            }
            let mut refused: Vec<u32> = later.into_iter().collect();
            refused.retain(|number| *number != draft.number);
            refused.sort_unstable();
            for number in refused {
                if let Some(circle) = scene.needs.circle(draft.number, &[number]) {
                    ui.weak(format!("Would be a circle: {}", describe_circle(&circle)));
                }
            }
        });
}

/// A ticket and all that depend on it, be it through others. It can depend on none of them.
pub(super) fn dependents(tickets: &[&Ticket], number: u32) -> HashSet<u32> {
    let mut found = HashSet::from([number]);
    loop {
        let before = found.len();
        for ticket in tickets {
            if ticket.depends_on.iter().any(|n| found.contains(n)) {
                found.insert(ticket.number);
            }
        }
        if found.len() == before {
            return found;
        }
    }
}

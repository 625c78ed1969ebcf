//! One entry.

use slop_common::{date, ASSISTANT};
use slop_engine::{egui, egui_commonmark::CommonMarkCache};
use slop_state::{Action, Entry, Prices, TokenUsage};
use slop_ui::{
    copy,
    discussion_hub::{editor, why_not_edited},
    markdown, Theme,
};

use super::{
    choose_role, glyph, icon,
    thread::{Row, Thread},
};

/// An entry.
pub(super) fn draw(
    ui: &mut egui::Ui,
    row: &Row<'_>,
    thread: &Thread<'_>,
    editing: &mut Option<(u64, String)>,
    commonmark: &mut CommonMarkCache,
    out: &mut Vec<Action>,
) {
    let is_edited = editing.as_ref().is_some_and(|(id, _)| *id == row.entry.id);
    let stroke = if is_edited {
        egui::Stroke::new(1.0, thread.theme.accent)
    } else {
        ui.visuals().widgets.noninteractive.bg_stroke
    };
    let frame = egui::Frame::none()
        .inner_margin(8.0)
        .rounding(thread.theme.rounding)
        .fill(ui.visuals().faint_bg_color)
        .stroke(stroke);
    frame.show(ui, |ui| {
        ui.set_width(ui.available_width());
        entry_head(ui, row, thread, editing, out);
        if is_edited {
            let can_ask = row.entry.role != ASSISTANT;
            let (field, now) = (text_field(row.entry.id), &row.entry.text);
            editor(ui, field, can_ask, now, editing, out);
        } else if !row.entry.collapsed {
            thoughts(ui, row.entry);
            text(ui, row, thread.theme, commonmark);
            usage(ui, row.entry, thread.prices);
        }
    });
}

/// Between two buttons, in points.
const BETWEEN: f32 = 4.0;

/// What the time of day and the gap before it take in the head, in points.
const CLOCK: f32 = 48.0;

/// What the date takes with the time, in points.
const DATE: f32 = 130.0;

/// Who speaks and when, and what can be done with it: in one line, or in several if it is narrow.
pub(super) fn entry_head(
    ui: &mut egui::Ui,
    row: &Row<'_>,
    thread: &Thread<'_>,
    editing: &mut Option<(u64, String)>,
    out: &mut Vec<Action>,
) {
    let entry = row.entry;
    let needed = width_of_buttons(ui, row, thread);
    let right_to_left = egui::Layout::right_to_left(egui::Align::Center);
    let line = ui.horizontal(|ui| {
        let (glyph, hover) = if entry.collapsed {
            ("⏵", "Show all of it")
        } else {
            ("⏷", "Show only this line")
        };
        if icon(ui, glyph, hover, true) {
            out.push(Action::SetCollapsed(entry.id, !entry.collapsed));
        }
        if let Some(role) = choose_role(ui, thread.roles, &entry.role) {
            out.push(Action::SetRole(entry.id, role));
        }
        let fits = needed + CLOCK <= ui.available_width();
        if fits {
            ui.with_layout(right_to_left, |ui| {
                ui.spacing_mut().item_spacing.x = BETWEEN;
                buttons(ui, row, thread, editing, out);
                // In what room they leave.
                let layout = egui::Layout::left_to_right(egui::Align::Center);
                ui.with_layout(layout, |ui| moment(ui, row, thread));
            });
        } else {
            moment(ui, row, thread);
        }
        fits
    });
    if !line.inner {
        let size = egui::vec2(ui.available_width(), ui.spacing().interact_size.y);
        ui.allocate_ui_with_layout(size, right_to_left.with_main_wrap(true), |ui| {
            ui.spacing_mut().item_spacing.x = BETWEEN;
            buttons(ui, row, thread, editing, out);
        });
    }
}

/// When it was said, and how it begins if that is all that is shown of it.
fn moment(ui: &mut egui::Ui, row: &Row<'_>, thread: &Thread<'_>) {
    let entry = row.entry;
    let has_room = ui.available_width() > DATE;
    if row.is_streaming {
        busy(ui, thread.theme.accent).on_hover_text("The assistant is writing");
    } else {
        let date = date(entry.time);
        let clock = date.rsplit(' ').next().unwrap_or_default();
        let shown = if has_room { &date } else { clock };
        let shown = egui::RichText::new(shown).weak();
        let label = ui.add(egui::Label::new(shown).truncate());
        label.on_hover_text(format!("{date} UTC"));
    }
    if entry.collapsed {
        let line = entry.shown_text().lines().next().unwrap_or_default();
        let mut line: String = line.chars().take(200).collect();
        if entry.is_long() {
            line = format!("{} · {line}", size(entry.text.len()));
        }
        let line = egui::RichText::new(line).weak();
        ui.add(egui::Label::new(line).truncate());
    }
}

/// A number of bytes, for people.
fn size(bytes: usize) -> String {
    if bytes < 1_000_000 {
        format!("{} kB", bytes / 1_000)
    } else {
        format!("{}.{} MB", bytes / 1_000_000, bytes / 100_000 % 10)
    }
}

/// How much room the buttons take in one line, which is laid out where it cannot be seen.
fn width_of_buttons(ui: &mut egui::Ui, row: &Row<'_>, thread: &Thread<'_>) -> f32 {
    // Out of sight, so that nobody points at it.
    let below = egui::pos2(ui.cursor().left(), ui.clip_rect().bottom() + 1000.0);
    let size = egui::vec2(10_000.0, ui.spacing().interact_size.y);
    let builder = egui::UiBuilder::new()
        .id_salt("width of buttons")
        .max_rect(egui::Rect::from_min_size(below, size))
        .layout(egui::Layout::left_to_right(egui::Align::Center))
        .invisible();
    let mut child = ui.new_child(builder);
    child.spacing_mut().item_spacing.x = BETWEEN;
    buttons(&mut child, row, thread, &mut None, &mut Vec::new());
    child.min_rect().width()
}

/// What can be done with an entry, from the right to the left.
pub(super) fn buttons(
    ui: &mut egui::Ui,
    row: &Row<'_>,
    thread: &Thread<'_>,
    editing: &mut Option<(u64, String)>,
    out: &mut Vec<Action>,
) {
    let entry = row.entry;
    let ids = row.takes.as_slice();
    let hover = if ids.len() > 1 {
        "Delete, with all its takes"
    } else {
        "Delete"
    };
    if icon(ui, "🗑", hover, true) {
        out.push(Action::DeleteEntry(entry.id));
    }
    if icon(ui, "⬇", "Move down", row.down.is_some()) {
        out.extend(row.down.map(|by| Action::MoveEntry(entry.id, by)));
    }
    if icon(ui, "⬆", "Move up", row.up.is_some()) {
        out.extend(row.up.map(|by| Action::MoveEntry(entry.id, by)));
    }
    copy(&glyph(ui, "📋", "Copy", true), || entry.text.clone());
    let why_not = if row.is_streaming {
        Some("The assistant is still writing it".to_owned())
    } else if row.is_edited {
        Some("It is being edited".to_owned())
    } else {
        why_not_edited(entry, thread.unsaved)
    };
    let hover = why_not.as_deref().unwrap_or("Edit");
    if icon(ui, "✏", hover, why_not.is_none()) {
        *editing = Some((entry.id, entry.text.clone()));
        ui.memory_mut(|memory| memory.request_focus(text_field(entry.id)));
    }
    if row.is_answer {
        let (hover, can_ask) = if row.is_streaming {
            ("The assistant is still writing it", false)
        } else if row.is_edited {
            ("It is being edited", false)
        } else {
            ("Ask for another answer; this one is kept", true)
        };
        if icon(ui, "🔄", hover, can_ask) {
            out.push(Action::Regenerate(entry.id));
        }
    }
    let hover = if entry.raw {
        "Show the text as CommonMark"
    } else {
        "Show the text as it is"
    };
    let raw = egui::Button::new("Raw").small().selected(entry.raw);
    if ui.add(raw).on_hover_text(hover).clicked() {
        out.push(Action::SetRaw(entry.id, !entry.raw));
    }
    takes(ui, entry, ids, out);
}

/// Which of several takes is shown, and the way to its neighbours, from the right to the left.
fn takes(ui: &mut egui::Ui, entry: &Entry, ids: &[u64], out: &mut Vec<Action>) {
    let Some(index) = ids.iter().position(|id| *id == entry.id) else {
        return;
    };
    if ids.len() == 1 {
        return;
    }
    let next = ids.get(index + 1);
    if icon(ui, "▶", "Next take, with what followed it", next.is_some()) {
        out.extend(next.map(|id| Action::ShowEntry(*id)));
    }
    ui.weak(format!("{}/{}", index + 1, ids.len()))
        .on_hover_text("Takes of this entry, the oldest first");
    let previous = index.checked_sub(1).map(|index| ids[index]);
    let hover = "Previous take, with what followed it";
    if icon(ui, "◀", hover, previous.is_some()) {
        out.extend(previous.map(Action::ShowEntry));
    }
}

/// The text of an entry. What cannot be wrapped, such as a table, scrolls sideways.
pub(super) fn text(
    ui: &mut egui::Ui,
    row: &Row<'_>,
    theme: &Theme,
    commonmark: &mut CommonMarkCache,
) {
    let entry = row.entry;
    egui::ScrollArea::horizontal()
        .id_salt("text")
        .auto_shrink([false, true])
        .drag_to_scroll(false)
        .show(ui, |ui| {
            if entry.text.is_empty() && row.is_streaming {
                ui.weak("…");
            } else if entry.raw || entry.is_long() {
                let text = egui::RichText::new(entry.shown_text()).monospace();
                ui.add(egui::Label::new(text).wrap());
            } else {
                markdown(ui, theme, commonmark, &entry.text);
            }
        });
    if entry.is_long() {
        let (shown, all) = (size(entry.shown_text().len()), size(entry.text.len()));
        ui.weak(format!(
            "The first {shown} of {all} are shown; all of it is sent, and copied."
        ));
    }
}

/// What the assistant thought, folded, for it is no part of the answer.
pub(super) fn thoughts(ui: &mut egui::Ui, entry: &Entry) {
    let thoughts = entry.thoughts.trim();
    if thoughts.is_empty() {
        return;
    }
    // An entry is laid out under other ids when it is measured, and has to be as high there.
    let key = egui::Id::new(("discussion_hub thoughts", entry.id));
    let is_open = ui.data_mut(|data| data.get_persisted::<bool>(key));
    let is_open = is_open.unwrap_or(false);
    let response = egui::CollapsingHeader::new(egui::RichText::new("Thoughts").weak())
        .id_salt("thoughts")
        .open(Some(is_open))
        .show(ui, |ui| {
            let thoughts = egui::RichText::new(thoughts).weak();
            ui.add(egui::Label::new(thoughts).wrap());
        });
    if response.header_response.clicked() {
        ui.data_mut(|data| data.insert_persisted(key, !is_open));
    }
}

/// How many tokens an answer took, and what that cost, if it is known. In one line, so that its height
/// depends on neither.
pub(super) fn usage(ui: &mut egui::Ui, entry: &Entry, prices: &Prices) {
    let Some(usage) = entry.usage else {
        return;
    };
    let counts = counts(usage);
    if !counts.is_empty() {
        let mut text = format!("Tokens: {counts}");
        if let Some(cost) = prices.cost(entry) {
            text += &format!(". Cost: {cost}");
        }
        let mut hover = "As the server counts them, at the prices in Project Settings".to_owned();
        if let Some(by) = &entry.by {
            hover = format!("{} of {}. {hover}", by.model, by.server);
        }
        let label = egui::Label::new(egui::RichText::new(text).small().weak());
        ui.add(label.truncate()).on_hover_text(hover);
    }
}

/// What is known of a number of tokens.
pub(super) fn counts(usage: TokenUsage) -> String {
    let counts = [
        (usage.input, "in"),
        (usage.output, "out"),
        (usage.cached, "cached"),
    ];
    let known = counts.into_iter();
    let known = known.filter_map(|(count, name)| Some(format!("{} {name}", count?)));
    known.collect::<Vec<_>>().join(", ")
}

pub(super) fn text_field(entry: u64) -> egui::Id {
    egui::Id::new(("discussion_hub text", entry))
}

/// A sign of life, in a few frames a second: an answer may take minutes.
fn busy(ui: &mut egui::Ui, color: egui::Color32) -> egui::Response {
    const STEP: f64 = 0.25;
    let now = ui.input(|input| input.time);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "it is one of four"
    )]
    let dots = (now / STEP).rem_euclid(4.0) as usize;
    ui.ctx().request_repaint_after_secs(STEP as f32);
    let text = format!("{:3}", ".".repeat(dots));
    ui.label(egui::RichText::new(text).monospace().color(color))
}

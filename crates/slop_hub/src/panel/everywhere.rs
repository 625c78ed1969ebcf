//! The search over all discussions.

use slop_engine::egui;
use slop_state::{Action, Discussions, Hub};
use slop_ui::{discussion_hub::everywhere_field, field::line, Theme};

use super::{icon, Cache};

/// How many hits are listed.
const MOST: usize = 100;

/// How long an excerpt is, in characters, and how much of it is before the hit.
const LONG: usize = 90;
const BEFORE: usize = 24;

/// The field for what is searched for.
pub(super) fn field(ui: &mut egui::Ui, hub: &mut Hub) {
    let layout = egui::Layout::right_to_left(egui::Align::Center);
    let size = egui::vec2(ui.available_width(), 24.0);
    ui.allocate_ui_with_layout(size, layout, |ui| {
        let is_searched = !hub.everywhere.is_empty();
        if icon(ui, "✖", "Show the discussions (Escape)", is_searched) {
            hub.everywhere.clear();
        }
        let response = line(ui, &mut hub.everywhere, |edit| {
            edit.id(everywhere_field())
                .hint_text("🔍 Search all")
                .desired_width(f32::INFINITY)
        });
        let response = response.on_hover_text("Ctrl+Shift+F");
        if response.lost_focus() && ui.input(|input| input.key_pressed(egui::Key::Escape)) {
            hub.everywhere.clear();
        }
    });
}

/// The discussions whose names contain what is searched for, and the entries that do, whether they are
/// shown or set aside. A click shows one.
pub(super) fn hits(
    ui: &mut egui::Ui,
    discussions: &Discussions,
    hub: &mut Hub,
    cache: &mut Cache,
    theme: &Theme,
    out: &mut Vec<Action>,
) {
    // Whoever types several words ends the first with a space.
    let needle = hub.everywhere.trim().to_owned();
    let lower = needle.to_lowercase();
    let named = discussions.list.iter();
    let named = named.filter(|discussion| discussion.name.to_lowercase().contains(&lower));
    let named: Vec<_> = named.take(MOST).collect();
    let mut all = Vec::new();
    for discussion in &discussions.list {
        let shown = discussion.entries.iter();
        all.extend(shown.map(|entry| (discussion, entry, "")));
        let aside = discussion.aside.iter().flat_map(|take| &take.entries);
        all.extend(aside.map(|entry| (discussion, entry, ", another take")));
    }
    let entries = all.iter().map(|(_, entry, _)| *entry);
    let found = cache.everywhere.find(entries, &needle);
    match found.len() {
        0 if !named.is_empty() => {
            ui.weak("No entry contains it.");
        }
        0 => {
            ui.colored_label(theme.warning, "No hits");
            ui.weak("No entry and no name contains it. Press ✖ to see the discussions.");
        }
        1 => {
            ui.weak("1 hit");
        }
        count if count > MOST => {
            ui.weak(format!("{count} hits, of which {MOST} are listed"));
        }
        count => {
            ui.weak(format!("{count} hits"));
        }
    }
    let scroll = egui::ScrollArea::vertical().id_salt("everywhere");
    scroll.auto_shrink(false).show(ui, |ui| {
        ui.spacing_mut().item_spacing.y = 4.0;
        for discussion in named {
            let name = egui::RichText::new(&discussion.name).strong();
            if hit(ui, ("name", discussion.id), name) {
                hub.search.clear();
                out.push(Action::SelectDiscussion(discussion.id));
            }
        }
        for index in found.into_iter().take(MOST) {
            let (discussion, entry, take) = all[index];
            let text = excerpt(&entry.text, &needle);
            let text = format!("{}: {}{take}\n{text}", discussion.name, entry.role);
            if hit(ui, ("entry", entry.id), text) {
                // It may be none of the hits in its discussion.
                hub.search.clear();
                hub.jump = Some(entry.id);
                out.push(Action::ShowEntry(entry.id));
            }
        }
    });
}

/// A button as wide as the list. Whether it was clicked.
fn hit(ui: &mut egui::Ui, id: (&str, u64), text: impl Into<egui::WidgetText>) -> bool {
    let width = ui.available_width();
    let button = egui::Button::new(text)
        .wrap()
        .min_size(egui::vec2(width, 0.0));
    ui.push_id(id, |ui| ui.add(button)).inner.clicked()
}

/// The line of the hit, or the part of it around the hit.
pub(super) fn excerpt(text: &str, needle: &str) -> String {
    let needle = needle.to_lowercase();
    let hit = text.lines().find_map(|line| {
        let lower = line.to_lowercase();
        let at = lower.find(&needle)?;
        Some((line, lower[..at].chars().count()))
    });
    let (line, at) = hit.unwrap_or_else(|| (text.lines().next().unwrap_or_default(), 0));
    // Some letters are several in lower case, so this may be a little late.
    let last = line.chars().count().saturating_sub(LONG);
    let skipped = at.saturating_sub(BEFORE).min(last);
    let rest = line.chars().skip(skipped);
    let before = if skipped > 0 { "…" } else { "" };
    let after = if rest.clone().nth(LONG).is_some() {
        "…"
    } else {
        ""
    };
    let shown: String = rest.take(LONG).collect();
    format!("{before}{}{after}", shown.trim())
}

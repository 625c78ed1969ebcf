//! The discussions, the entries of one of them, and the composer.

mod documents;
mod entry;
mod everywhere;
mod first_steps;
mod scroll;
mod setup;
mod thread;

use std::path::Path;

use bevy::utils::HashMap;
use slop_common::{is_speaking, ASSISTANT};
use slop_engine::{egui, egui_commonmark::CommonMarkCache};
use slop_state::{
    Action, Composer, Discussion, Discussions, Entry, Hub, Prices, Tokens, Total, Window,
};
use slop_ui::{
    discussion_hub::{composer_field, name_field, search_field, SEND},
    field,
    scroll::height_of_button,
    Theme,
};

use self::{
    documents::Documents,
    entry::counts,
    scroll::{scroll, Measured, Search},
    setup::setup,
    thread::Thread,
};
pub(super) use self::{first_steps::Steps, setup::Whom};

/// The least height of each side of the split, in points.
const LEAST: f32 = 90.0;

/// Between two entries, in points.
const GAP: f32 = 8.0;

/// Kept free for the scroll bar, which floats, in points.
const BAR: f32 = 12.0;

/// The least width of an entry, in points. It is cut off if there is not as much.
const NARROW: f32 = 160.0;

/// The width of a choice of roles, in points.
const ROLE: f32 = 90.0;

/// A composer that is less wide than this has its buttons where there is room for them, in points.
const WIDE: f32 = 376.0;

/// The room that an entry is offered, in points. It may take more.
const TALL: f32 = 100_000.0;

/// How often entries that came into view by the measuring of others are measured, in a frame.
const ROUNDS: usize = 8;

/// What the panel draws, and what of it a person changes directly.
pub(super) struct View<'a> {
    pub(super) discussions: &'a Discussions,
    pub(super) composer: &'a mut Composer,
    pub(super) hub: &'a mut Hub,
    /// The share of the height above the composer, from 0 to 1.
    pub(super) split: &'a mut f32,
    /// A window that is to come to the front.
    pub(super) reveal: &'a mut Option<Window>,
    /// What leads to a first answer, while there is none.
    pub(super) steps: Option<Steps>,
    /// The ids of the entries that the assistant is still writing.
    pub(super) streaming: &'a [u64],
    pub(super) prices: &'a Prices,
    pub(super) whom: &'a Whom<'a>,
    /// That another model is asked than was chosen, if it is so.
    pub(super) other_model: Option<&'a str>,
    pub(super) cache: &'a mut Cache,
    /// Where the documents are.
    pub(super) folder: &'a Path,
    pub(super) theme: &'a Theme,
}

/// What the panel remembers so as not to work it out in each frame. It can be dropped at any time.
#[derive(Debug, Default)]
pub(super) struct Cache {
    commonmark: CommonMarkCache,
    /// By the ids of the entries.
    heights: HashMap<u64, Measured>,
    search: Search,
    /// The same for all discussions.
    everywhere: Search,
    documents: Documents,
}

pub(super) fn panel(ui: &mut egui::Ui, view: View<'_>, out: &mut Vec<Action>) {
    let View {
        discussions,
        composer,
        hub,
        split,
        reveal,
        steps,
        streaming,
        prices,
        whom,
        other_model,
        cache,
        folder,
        theme,
    } = view;
    // Panels within a window do not tell it how much room they take.
    ui.expand_to_include_rect(ui.max_rect());
    egui::SidePanel::left("discussions")
        .default_width(180.0)
        .width_range(140.0..=320.0)
        .show_inside(ui, |ui| {
            selector(ui, discussions, hub, cache, folder, theme, out);
        });
    egui::CentralPanel::default().show_inside(ui, |ui| {
        let whole = ui.available_rect_before_wrap();
        let bar = 8.0;
        let room = (whole.height() - bar).max(2.0 * LEAST);
        let upper = (room * *split).clamp(LEAST, room - LEAST);
        let (top, bottom) = whole.split_top_bottom_at_y(whole.top() + upper);
        let (handle, bottom) = bottom.split_top_bottom_at_y(bottom.top() + bar);
        ui.allocate_new_ui(egui::UiBuilder::new().max_rect(top), |ui| {
            if let Some(steps) = steps {
                first_steps::panel(ui, steps, reveal, theme);
            }
            if let Some(told) = other_model {
                ui.colored_label(theme.warning, told)
                    .on_hover_text("Enter another model in the setup (⚙), or leave it empty");
            }
            let has_steps = steps.is_some();
            show(
                ui,
                discussions,
                has_steps,
                streaming,
                prices,
                whom,
                hub,
                cache,
                theme,
                out,
            );
        });
        drag_split(ui, handle, room, split);
        ui.allocate_new_ui(egui::UiBuilder::new().max_rect(bottom), |ui| {
            compose(ui, discussions, composer, streaming, theme, out);
        });
    });
}

/// The list of discussions.
fn selector(
    ui: &mut egui::Ui,
    discussions: &Discussions,
    hub: &mut Hub,
    cache: &mut Cache,
    folder: &Path,
    theme: &Theme,
    out: &mut Vec<Action>,
) {
    theme.header(ui, "Discussions");
    let start = toolbar(ui, discussions, hub, folder, out);
    if hub.importing {
        cache.documents.list(ui, folder, out);
    }
    everywhere::field(ui, hub);
    let is_listed = hub.everywhere.trim().is_empty() || start.is_some();
    if !is_listed {
        everywhere::hits(ui, discussions, hub, cache, theme, out);
        return;
    }
    let start = list(ui, discussions, hub, theme, out).or(start);
    // Only now: a field that is drawn in the frame of a press elsewhere loses its focus.
    if let Some(discussion) = start {
        hub.everywhere.clear();
        hub.renaming = Some((discussion.id, discussion.name.clone()));
        ui.memory_mut(|memory| memory.request_focus(name_field(discussion.id)));
    }
}

/// What can be done with the list and the discussion that is shown. Returns the one that is to be renamed.
fn toolbar<'a>(
    ui: &mut egui::Ui,
    discussions: &'a Discussions,
    hub: &mut Hub,
    folder: &Path,
    out: &mut Vec<Action>,
) -> Option<&'a Discussion> {
    let mut start = None;
    ui.horizontal_wrapped(|ui| {
        if icon(ui, "➕", "New discussion", true) {
            out.push(Action::AddDiscussion);
        }
        let Some(discussion) = discussions.shown() else {
            return;
        };
        if icon(ui, "✏", "Rename (or double-click it)", true) {
            start = Some(discussion);
        }
        if icon(ui, "🗐", "Duplicate", true) {
            out.push(Action::DuplicateDiscussion(discussion.id));
        }
        if icon(ui, "🗑", "Delete", true) {
            out.push(Action::DeleteDiscussion(discussion.id));
        }
        let hover = format!("Export as Markdown, to {}", folder.display());
        if icon(ui, "📤", &hover, true) {
            out.push(Action::ExportDiscussion(discussion.id));
        }
        if icon(ui, "📥", "Import from Markdown", true) {
            hub.importing = !hub.importing;
        }
    });
    start
}

/// All discussions. Returns the one that is to be renamed.
fn list<'a>(
    ui: &mut egui::Ui,
    discussions: &'a Discussions,
    hub: &mut Hub,
    theme: &Theme,
    out: &mut Vec<Action>,
) -> Option<&'a Discussion> {
    let mut start = None;
    egui::ScrollArea::vertical()
        .id_salt("discussions")
        .auto_shrink(false)
        .show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = 2.0;
            let size = egui::vec2(ui.available_width(), height_of_button(ui));
            for discussion in &discussions.list {
                let renaming = hub.renaming.as_ref().map(|(id, _)| *id);
                let is_renamed = renaming == Some(discussion.id);
                let place = egui::Rect::from_min_size(ui.cursor().min, size);
                if !is_renamed && !ui.is_rect_visible(place) {
                    // Its room is taken, and as many automatic ids as by one that is drawn.
                    ui.allocate_space(size);
                    continue;
                }
                ui.push_id(discussion.id, |ui| {
                    if is_renamed {
                        rename(ui, discussion.id, hub, out);
                    } else {
                        let is_shown = discussion.id == discussions.active;
                        if listed(ui, discussion, is_shown, theme, out) {
                            start = Some(discussion);
                        }
                    }
                });
            }
        });
    start
}

/// A discussion in the list. Whether it is to be renamed.
fn listed(
    ui: &mut egui::Ui,
    discussion: &Discussion,
    is_shown: bool,
    theme: &Theme,
    out: &mut Vec<Action>,
) -> bool {
    let count = discussion.entries.len().to_string();
    let count = egui::RichText::new(count).color(theme.weak);
    let mut button = egui::Button::new(&discussion.name)
        .shortcut_text(count)
        .truncate()
        .selected(is_shown)
        .stroke(egui::Stroke::NONE)
        .min_size(egui::vec2(ui.available_width(), 0.0));
    if !is_shown {
        button = button.fill(egui::Color32::TRANSPARENT);
    }
    let response = ui.add(button);
    let mut renames = response.double_clicked();
    if response.clicked() && !is_shown {
        out.push(Action::SelectDiscussion(discussion.id));
    }
    response.context_menu(|ui| {
        if ui.button("Rename").clicked() {
            renames = true;
            ui.close_menu();
        }
        if ui.button("Duplicate").clicked() {
            out.push(Action::DuplicateDiscussion(discussion.id));
            ui.close_menu();
        }
        if ui.button("Delete").clicked() {
            out.push(Action::DeleteDiscussion(discussion.id));
            ui.close_menu();
        }
    });
    renames
}

/// The field for the name of a discussion, in its place in the list.
fn rename(ui: &mut egui::Ui, id: u64, hub: &mut Hub, out: &mut Vec<Action>) {
    let Some((_, name)) = &mut hub.renaming else {
        return;
    };
    let response = field::line(ui, name, |edit| {
        edit.id(name_field(id)).desired_width(f32::INFINITY)
    });
    let response = response.on_hover_text("Enter accepts, Escape gives up");
    if !response.lost_focus() {
        return;
    }
    if ui.input(|input| input.key_pressed(egui::Key::Enter)) {
        let name = name.trim();
        if !name.is_empty() {
            out.push(Action::RenameDiscussion(id, name.to_owned()));
        }
        hub.renaming = None;
    } else if ui.input(|input| input.key_pressed(egui::Key::Escape)) {
        hub.renaming = None;
    }
}

/// The discussion that is shown. If it `has_steps` above it, they say what to do first.
fn show(
    ui: &mut egui::Ui,
    discussions: &Discussions,
    has_steps: bool,
    streaming: &[u64],
    prices: &Prices,
    whom: &Whom<'_>,
    hub: &mut Hub,
    cache: &mut Cache,
    theme: &Theme,
    out: &mut Vec<Action>,
) {
    let Some(discussion) = discussions.shown() else {
        return;
    };
    let entries = &discussion.entries;
    let is_searched = !hub.search.is_empty();
    let hits = is_searched.then(|| cache.search.find(entries.iter(), &hub.search));
    head(ui, discussion, hits.as_ref().map(Vec::len), hub, theme);
    if let Some(tokens) = discussion.tokens() {
        totals(ui, tokens, prices.total(discussion));
    }
    if hub.setup {
        setup(ui, discussion, whom, theme, out);
    }
    let editing = hub.editing.as_ref().map(|(id, _)| *id);
    let unsaved = hub.unsaved(discussions);
    let mut shown = hits.unwrap_or_else(|| (0..entries.len()).collect());
    // What is being edited stays in view.
    if let Some(index) = entries.iter().position(|entry| Some(entry.id) == editing) {
        if let Err(place) = shown.binary_search(&index) {
            shown.insert(place, index);
        }
    }
    let mut answers = entries.iter().rev();
    let answer = answers.find(|entry| entry.role == ASSISTANT);
    let thread = Thread {
        discussion,
        shown,
        answer: answer.map(|answer| answer.id),
        is_searched,
        editing,
        unsaved,
        roles: &discussions.roles,
        streaming,
        prices,
        theme,
    };
    if entries.is_empty() {
        if !has_steps {
            ui.weak("Nothing has been said yet. Write below, and press Ctrl+Enter.");
        }
    } else if thread.shown.is_empty() {
        ui.weak("No entry contains what you search for. Press ✖ to see all.");
    }
    scroll(ui, &thread, hub, cache, out);
}

/// The name of the discussion, and the search.
fn head(
    ui: &mut egui::Ui,
    discussion: &Discussion,
    hits: Option<usize>,
    hub: &mut Hub,
    theme: &Theme,
) {
    let size = egui::vec2(ui.available_width().max(0.0), 28.0);
    let layout = egui::Layout::right_to_left(egui::Align::Center);
    ui.allocate_ui_with_layout(size, layout, |ui| {
        if icon(ui, "✖", "Show all entries (Escape)", hits.is_some()) {
            hub.search.clear();
        }
        let width = (0.4 * size.x).min(200.0);
        let search = field::line(ui, &mut hub.search, |edit| {
            edit.id(search_field())
                .hint_text("🔍 Search (Ctrl+F)")
                .desired_width(width)
        });
        let gives_up =
            search.lost_focus() && ui.input(|input| input.key_pressed(egui::Key::Escape));
        if gives_up {
            hub.search.clear();
        }
        match hits {
            None => {}
            Some(0) => {
                ui.colored_label(theme.warning, "No hits");
            }
            Some(1) => {
                ui.weak("1 hit");
            }
            Some(hits) => {
                ui.weak(format!("{hits} hits"));
            }
        }
        ui.with_layout(egui::Layout::left_to_right(egui::Align::Center), |ui| {
            if icon(ui, "⚙", "Provider, model and system prompt", true) {
                hub.setup = !hub.setup;
            }
            let name = egui::RichText::new(&discussion.name).heading();
            ui.add(egui::Label::new(name).truncate());
        });
    });
}

/// How many tokens the answers of a discussion took, and what they cost, if that is known. In a line of
/// its own, so that the name has room in a narrow window.
fn totals(ui: &mut egui::Ui, tokens: Tokens, total: Option<Total>) {
    let least = |unknown: usize| if unknown > 0 { "at least " } else { "" };
    let of_unknown = |unknown: usize| match unknown {
        0 => String::new(),
        1 => ". Of 1 answer it is not known".to_owned(),
        more => format!(". Of {more} answers it is not known"),
    };
    let counts = counts(tokens.sum);
    let mut text = format!("Tokens of all answers: {}{counts}", least(tokens.unknown));
    let mut hover =
        "Takes that are not shown included. Tokens as the servers count them".to_owned();
    hover += &of_unknown(tokens.unknown);
    if let Some(Total { sum, unknown }) = total {
        text += &format!(". Cost: {}{sum}", least(unknown));
        hover += ". The cost at the prices in Project Settings";
        hover += &of_unknown(unknown);
    }
    let label = egui::Label::new(egui::RichText::new(text).small().weak());
    ui.add(label.truncate()).on_hover_text(hover);
}

fn drag_split(ui: &mut egui::Ui, handle: egui::Rect, room: f32, split: &mut f32) {
    let response = ui
        .interact(handle, ui.id().with("split"), egui::Sense::drag())
        .on_hover_cursor(egui::CursorIcon::ResizeVertical);
    if response.dragged() {
        let wanted = *split + response.drag_delta().y / room;
        *split = wanted.clamp(LEAST / room, 1.0 - LEAST / room);
    }
    let is_held = response.hovered() || response.dragged();
    let widgets = &ui.visuals().widgets;
    let state = if is_held {
        &widgets.active
    } else {
        &widgets.noninteractive
    };
    let stroke = state.bg_stroke;
    ui.painter()
        .hline(handle.x_range(), handle.center().y, stroke);
}

/// Where the next entry is written.
fn compose(
    ui: &mut egui::Ui,
    discussions: &Discussions,
    composer: &mut Composer,
    streaming: &[u64],
    theme: &Theme,
    out: &mut Vec<Action>,
) {
    // Whoever types elsewhere does not mean this text.
    let focused = ui.memory(|memory| memory.focused());
    if focused == Some(composer_field()) {
        hold_back(ui);
    }
    // It may be there from a time when there was no limit.
    if composer.text.len() > 2 * Entry::LONG {
        out.push(Action::PasteEntry(std::mem::take(&mut composer.text)));
    }
    let mut sends = focused.is_none_or(|focused| focused == composer_field())
        && ui.input_mut(|input| input.consume_shortcut(&SEND));
    let filled = !composer.text.trim().is_empty();
    let mut buttons = |ui: &mut egui::Ui| {
        sends |= send_or_stop(ui, filled, discussions, streaming, theme, out);
    };
    if ui.available_width() < WIDE {
        ui.horizontal_wrapped(|ui| {
            whose(ui, discussions, composer);
            buttons(ui);
        });
    } else {
        ui.horizontal(|ui| {
            whose(ui, discussions, composer);
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), buttons);
        });
    }
    egui::ScrollArea::vertical()
        .id_salt("composer")
        .min_scrolled_height(0.3 * LEAST)
        .show(ui, |ui| {
            let room = ui.available_size();
            let pasted = field::apart(ui, &mut composer.text, |edit| {
                edit.id(composer_field())
                    .hint_text("Say something, and press Ctrl+Enter")
                    .desired_width(f32::INFINITY)
                    .desired_rows(1)
                    .min_size(room)
            });
            out.extend(pasted.into_iter().map(Action::PasteEntry));
        });
    // Only now: what was struck before the keys is in the field by now.
    if sends && !composer.text.trim().is_empty() {
        out.push(Action::AddEntry);
    }
}

/// Who says the next entry, and whether it is a question.
fn whose(ui: &mut egui::Ui, discussions: &Discussions, composer: &mut Composer) {
    if let Some(role) = choose_role(ui, &discussions.roles, &composer.role) {
        composer.role = role;
    }
    ui.checkbox(&mut composer.ask, "Ask the assistant")
        .on_hover_text("Whether the assistant answers what you send");
}

/// The button that sends, and one that stops the answer. Whether the first was clicked.
fn send_or_stop(
    ui: &mut egui::Ui,
    filled: bool,
    discussions: &Discussions,
    streaming: &[u64],
    theme: &Theme,
    out: &mut Vec<Action>,
) -> bool {
    let send = ui.add_enabled(filled, egui::Button::new("Send"));
    let send = send
        .on_hover_text("Ctrl+Enter")
        .on_disabled_hover_text("Write something first");
    let shown = discussions.shown();
    if let Some(shown) = shown.filter(|shown| is_speaking(shown, streaming)) {
        let stop = egui::RichText::new("⏹ Stop").color(theme.error);
        let hover = "Stop the assistant in this discussion";
        if ui.button(stop).on_hover_text(hover).clicked() {
            out.push(Action::StopDiscussion(shown.id));
        }
    }
    send.clicked()
}

/// Lets what is struck after the keys that send come with the next frame, when the field is empty: it
/// belongs to the next entry. It waits in egui's memory, which outlives a reload. Without the field in
/// that frame it is for nobody: much later it would be for something else.
fn hold_back(ui: &egui::Ui) {
    let key = egui::Id::new("discussion_hub struck after sending");
    let frame = ui.ctx().cumulative_pass_nr();
    let held: Option<(u64, Vec<egui::Event>)> = ui.data_mut(|data| data.remove_temp(key));
    let held = held.filter(|(since, _)| since + 1 == frame);
    let later = ui.input_mut(|input| {
        let mut events = held.map(|(_, events)| events).unwrap_or_default();
        events.append(&mut input.events);
        input.events = events;
        let mut events = input.events.iter();
        let sent = events.position(is_send)?;
        let (later, now) = input
            .events
            .drain(sent + 1..)
            .partition::<Vec<_>, _>(is_written);
        input.events.extend(now);
        (!later.is_empty()).then_some(later)
    });
    if let Some(later) = later {
        ui.data_mut(|data| data.insert_temp(key, (frame, later)));
        ui.ctx().request_repaint();
    }
}

/// Whether these are the keys that send.
fn is_send(event: &egui::Event) -> bool {
    matches!(
        event,
        egui::Event::Key { key, pressed: true, modifiers, .. }
            if *key == SEND.logical_key && modifiers.matches_logically(SEND.modifiers)
    )
}

/// Whether it is for a field in which somebody writes.
fn is_written(event: &egui::Event) -> bool {
    matches!(
        event,
        egui::Event::Key { .. }
            | egui::Event::Text(_)
            | egui::Event::Copy
            | egui::Event::Cut
            | egui::Event::Paste(_)
            | egui::Event::Ime(_)
    )
}

/// A choice of roles. The one that was chosen, if it is another.
fn choose_role(ui: &mut egui::Ui, roles: &[String], role: &str) -> Option<String> {
    let mut chosen = None;
    ui.scope(|ui| {
        ui.set_max_width(ROLE);
        egui::ComboBox::from_id_salt("role")
            .width(ROLE)
            .truncate()
            .selected_text(egui::RichText::new(role).strong())
            .show_ui(ui, |ui| {
                for choice in roles {
                    if ui.selectable_label(choice == role, choice).clicked() {
                        chosen = Some(choice.clone());
                    }
                }
            });
    });
    chosen.filter(|chosen| chosen != role)
}

/// A button that is a glyph. Whether it was clicked.
fn icon(ui: &mut egui::Ui, text: &str, hover: &str, enabled: bool) -> bool {
    glyph(ui, text, hover, enabled).clicked()
}

/// A button that is a glyph.
fn glyph(ui: &mut egui::Ui, glyph: &str, hover: &str, enabled: bool) -> egui::Response {
    let button = egui::Button::new(glyph)
        .frame(false)
        .min_size(egui::vec2(20.0, 0.0));
    ui.add_enabled(enabled, button)
        .on_hover_text(hover)
        .on_disabled_hover_text(hover)
}

#[cfg(test)]
mod tests;

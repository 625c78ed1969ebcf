//! The Discussion Hub: the discussions, the entries of one of them, and the composer.

use std::ops::Range;

use bevy::utils::HashMap;
use slop_engine::{
    egui,
    egui_commonmark::{CommonMarkCache, CommonMarkViewer},
};
use slop_state::{Action, Composer, Discussion, Discussions, Entry, Hub};

use super::theme::Theme;

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

/// The room that an entry is offered, in points. It may take more.
const TALL: f32 = 100_000.0;

/// How often entries that came into view by the measuring of others are measured, in a frame.
const ROUNDS: usize = 8;

const SEND: egui::KeyboardShortcut =
    egui::KeyboardShortcut::new(egui::Modifiers::CTRL, egui::Key::Enter);
const FIND: egui::KeyboardShortcut =
    egui::KeyboardShortcut::new(egui::Modifiers::CTRL, egui::Key::F);

/// What the panel draws, and what of it a person changes directly.
pub(super) struct View<'a> {
    pub(super) discussions: &'a Discussions,
    pub(super) composer: &'a mut Composer,
    pub(super) hub: &'a mut Hub,
    /// The share of the height above the composer, from 0 to 1.
    pub(super) split: &'a mut f32,
    /// The ids of the entries that the assistant is still writing.
    pub(super) streaming: &'a [u64],
    pub(super) cache: &'a mut Cache,
    pub(super) theme: &'a Theme,
}

/// What the panel remembers so as not to work it out in each frame. It can be dropped at any time.
#[derive(Debug, Default)]
pub(super) struct Cache {
    commonmark: CommonMarkCache,
    /// By the ids of the entries.
    heights: HashMap<u64, Measured>,
    /// Whether a discussion, searched or not, is scrolled to its end and is to stay there.
    at_end: HashMap<(u64, bool), bool>,
    search: Search,
}

pub(super) fn panel(ui: &mut egui::Ui, view: View<'_>, out: &mut Vec<Action>) {
    let View {
        discussions,
        composer,
        hub,
        split,
        streaming,
        cache,
        theme,
    } = view;
    // Panels within a window do not tell it how much room they take.
    ui.expand_to_include_rect(ui.max_rect());
    egui::SidePanel::left("discussions")
        .default_width(180.0)
        .width_range(140.0..=320.0)
        .show_inside(ui, |ui| selector(ui, discussions, hub, theme, out));
    egui::CentralPanel::default().show_inside(ui, |ui| {
        let whole = ui.available_rect_before_wrap();
        let bar = 8.0;
        let room = (whole.height() - bar).max(2.0 * LEAST);
        let upper = (room * *split).clamp(LEAST, room - LEAST);
        let (top, bottom) = whole.split_top_bottom_at_y(whole.top() + upper);
        let (handle, bottom) = bottom.split_top_bottom_at_y(bottom.top() + bar);
        ui.allocate_new_ui(egui::UiBuilder::new().max_rect(top), |ui| {
            if let Some(discussion) = discussions.shown() {
                let roles = &discussions.roles;
                show(ui, discussion, roles, streaming, hub, cache, theme, out);
            }
        });
        drag_split(ui, handle, room, split);
        ui.allocate_new_ui(egui::UiBuilder::new().max_rect(bottom), |ui| {
            let writing = !streaming.is_empty();
            compose(ui, discussions, composer, writing, theme, out);
        });
    });
}

/// The list of discussions.
fn selector(
    ui: &mut egui::Ui,
    discussions: &Discussions,
    hub: &mut Hub,
    theme: &Theme,
    out: &mut Vec<Action>,
) {
    let mut start = None;
    theme.header(ui, "Discussions");
    ui.horizontal(|ui| {
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
    });
    egui::ScrollArea::vertical()
        .id_salt("discussions")
        .auto_shrink(false)
        .show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = 2.0;
            for discussion in &discussions.list {
                let renaming = hub.renaming.as_ref().map(|(id, _)| *id);
                ui.push_id(discussion.id, |ui| {
                    if renaming == Some(discussion.id) {
                        rename(ui, discussion.id, hub, out);
                    } else {
                        let is_shown = discussion.id == discussions.active;
                        if listed(ui, discussion, is_shown, out) {
                            start = Some(discussion);
                        }
                    }
                });
            }
        });
    // Only now: a field that is drawn in the frame of a press elsewhere loses its focus.
    if let Some(discussion) = start {
        hub.renaming = Some((discussion.id, discussion.name.clone()));
        ui.memory_mut(|memory| memory.request_focus(name_field(discussion.id)));
    }
}

/// A discussion in the list. Whether it is to be renamed.
fn listed(
    ui: &mut egui::Ui,
    discussion: &Discussion,
    is_shown: bool,
    out: &mut Vec<Action>,
) -> bool {
    let mut button = egui::Button::new(&discussion.name)
        .shortcut_text(discussion.entries.len().to_string())
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
    let field = egui::TextEdit::singleline(name)
        .id(name_field(id))
        .desired_width(f32::INFINITY);
    let response = ui
        .add(field)
        .on_hover_text("Enter accepts, Escape gives up");
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

/// The discussion that is shown.
fn show(
    ui: &mut egui::Ui,
    discussion: &Discussion,
    roles: &[String],
    streaming: &[u64],
    hub: &mut Hub,
    cache: &mut Cache,
    theme: &Theme,
    out: &mut Vec<Action>,
) {
    let entries = &discussion.entries;
    let is_searched = !hub.search.is_empty();
    let hits = is_searched.then(|| cache.search.find(entries, &hub.search));
    head(ui, discussion, hits.as_ref().map(Vec::len), hub, theme);
    let editing = hub.editing.as_ref().map(|(id, _)| *id);
    let is_unsaved = hub.editing.as_ref().is_some_and(|(id, text)| {
        let edited = entries.iter().find(|entry| entry.id == *id);
        edited.is_some_and(|entry| entry.text != *text)
    });
    let mut shown = hits.unwrap_or_else(|| (0..entries.len()).collect());
    // What is being edited stays in view.
    if let Some(index) = entries.iter().position(|entry| Some(entry.id) == editing) {
        if let Err(place) = shown.binary_search(&index) {
            shown.insert(place, index);
        }
    }
    let thread = Thread {
        discussion,
        shown,
        is_searched,
        editing,
        is_unsaved,
        roles,
        streaming,
        theme,
    };
    if entries.is_empty() {
        ui.weak("Nothing has been said yet. Write below, and press Ctrl+Enter.");
    } else if thread.shown.is_empty() {
        ui.weak("No entry contains what you search for.");
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
    let field = egui::Id::new("discussion_hub search");
    if ui.input_mut(|input| input.consume_shortcut(&FIND)) {
        ui.memory_mut(|memory| memory.request_focus(field));
    }
    let size = egui::vec2(ui.available_width().max(0.0), 28.0);
    let layout = egui::Layout::right_to_left(egui::Align::Center);
    ui.allocate_ui_with_layout(size, layout, |ui| {
        if icon(ui, "✖", "Show all entries (Escape)", hits.is_some()) {
            hub.search.clear();
        }
        let width = (0.4 * size.x).min(200.0);
        let search = egui::TextEdit::singleline(&mut hub.search)
            .id(field)
            .hint_text("🔍 Search (Ctrl+F)")
            .desired_width(width);
        let gives_up =
            ui.add(search).lost_focus() && ui.input(|input| input.key_pressed(egui::Key::Escape));
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
            let name = egui::RichText::new(&discussion.name).heading();
            ui.add(egui::Label::new(name).truncate());
        });
    });
}

/// Which entries contain what is searched for.
#[derive(Debug, Default)]
struct Search {
    needle: String,
    /// By the id of an entry: how long its text was, and whether it was a hit.
    known: HashMap<u64, (usize, bool)>,
    /// The entry from which on some are searched anew in the next frame.
    next: usize,
}

impl Search {
    /// Entries that are searched anew in each frame, so that an edit that keeps the length of a
    /// text is noticed too.
    const ANEW: usize = 64;

    /// The indices of the hits, in order.
    fn find(&mut self, entries: &[Entry], search: &str) -> Vec<usize> {
        let needle = search.to_lowercase();
        if self.needle != needle {
            self.needle = needle;
            self.known.clear();
        }
        let anew = self.next..self.next + Self::ANEW;
        self.next = if anew.end < entries.len() {
            anew.end
        } else {
            0
        };
        let mut hits = Vec::new();
        for (index, entry) in entries.iter().enumerate() {
            let length = entry.text.len();
            let is_hit = match self.known.get(&entry.id) {
                Some(&(known, is_hit)) if known == length && !anew.contains(&index) => is_hit,
                _ => {
                    let is_hit = entry.text.to_lowercase().contains(&self.needle);
                    self.known.insert(entry.id, (length, is_hit));
                    is_hit
                }
            };
            if is_hit {
                hits.push(index);
            }
        }
        hits
    }
}

/// What the entries of a discussion are drawn from.
struct Thread<'a> {
    discussion: &'a Discussion,
    /// The indices of the entries that are shown.
    shown: Vec<usize>,
    is_searched: bool,
    /// The id of the entry that is being edited.
    editing: Option<u64>,
    /// Whether what is being edited is an entry of this discussion, and has changed.
    is_unsaved: bool,
    roles: &'a [String],
    streaming: &'a [u64],
    theme: &'a Theme,
}

impl<'a> Thread<'a> {
    /// The entry at a place among those that are shown.
    fn entry(&self, place: usize) -> &'a Entry {
        &self.discussion.entries[self.shown[place]]
    }

    /// The same, with what its buttons need.
    fn row(&self, place: usize) -> Row<'a> {
        let entry = self.entry(place);
        let index = self.shown[place] as i32;
        let way = |other: usize| other as i32 - index;
        Row {
            entry,
            up: place.checked_sub(1).map(|above| way(self.shown[above])),
            down: self.shown.get(place + 1).map(|below| way(*below)),
            is_streaming: self.streaming.contains(&entry.id),
            is_edited: self.editing == Some(entry.id),
        }
    }
}

/// An entry that is shown.
struct Row<'a> {
    entry: &'a Entry,
    /// How far it is to the place of the one above it.
    up: Option<i32>,
    /// How far it is to the place of the one below it.
    down: Option<i32>,
    is_streaming: bool,
    is_edited: bool,
}

/// The height of an entry, with the gap below it, and what it depends on.
#[derive(Clone, Copy, Debug)]
struct Measured {
    height: f32,
    width: f32,
    /// A hash of what was laid out.
    of: egui::Id,
}

impl Measured {
    fn new(row: &Row<'_>, width: f32, height: f32) -> Self {
        Self {
            height,
            width,
            of: Self::of(row),
        }
    }

    fn of(row: &Row<'_>) -> egui::Id {
        let Entry {
            text,
            collapsed,
            raw,
            ..
        } = row.entry;
        egui::Id::new((text, collapsed, raw, row.is_edited))
    }

    fn is_fresh(&self, row: &Row<'_>, width: f32) -> bool {
        self.width == width && self.of == Self::of(row)
    }
}

/// About how high an entry is that was never laid out. It does not look at the text, since it is
/// called for each entry in each frame.
fn estimate(entry: &Entry, width: f32) -> f32 {
    let head = 36.0 + GAP;
    if entry.collapsed {
        head
    } else {
        let rows = (7.0 * entry.text.len() as f32 / width).ceil().max(1.0);
        head + 8.0 + 16.0 * rows
    }
}

/// The heights of the entries that are shown, and where they begin.
struct Column {
    heights: Vec<f32>,
    /// From the top of the first; one more than there are entries. In `f64`, since `f32` is not
    /// exact enough for thousands of long entries.
    tops: Vec<f64>,
}

impl Column {
    fn new(heights: impl Iterator<Item = f32>) -> Self {
        let mut column = Self {
            heights: heights.collect(),
            tops: Vec::new(),
        };
        column.sum();
        column
    }

    /// To be called after heights were changed.
    fn sum(&mut self) {
        self.tops.clear();
        self.tops.reserve(self.heights.len() + 1);
        let mut top = 0.0;
        self.tops.push(top);
        for height in &self.heights {
            top += f64::from(*height);
            self.tops.push(top);
        }
    }

    fn total(&self) -> f64 {
        self.tops[self.heights.len()]
    }

    /// The places of the entries of which something can be seen.
    fn visible(&self, offset: f64, height: f64) -> Range<usize> {
        let first = self.tops.partition_point(|top| *top <= offset);
        let end = self.tops.partition_point(|top| *top < offset + height);
        first.saturating_sub(1)..end.min(self.heights.len())
    }
}

/// How far the entries are scrolled at the beginning of a frame.
struct Scroll {
    /// Where the area begins on the screen.
    top: f32,
    height: f64,
    /// From the top of the first entry to the top of the area.
    offset: f64,
    /// Whether the end is to stay in view.
    at_end: bool,
}

impl Scroll {
    /// The offset at which a column is to be drawn, if this one is asked for.
    fn place(&self, column: &Column, offset: f64) -> f64 {
        let end = (column.total() - self.height).max(0.0);
        if self.at_end {
            end
        } else {
            offset.clamp(0.0, end)
        }
    }
}

/// What became of a [`Scroll`].
struct Scrolled {
    before: f64,
    after: f64,
    total: f64,
}

/// The entries, in an area that scrolls.
///
/// The area itself does not stick to its end: it learns only after it was drawn how high its
/// content is, and would lag behind by a frame.
fn scroll(
    ui: &mut egui::Ui,
    thread: &Thread<'_>,
    hub: &mut Hub,
    cache: &mut Cache,
    out: &mut Vec<Action>,
) {
    let key = (thread.discussion.id, thread.is_searched);
    let at_end = cache.at_end.get(&key).copied().unwrap_or(true);
    let top = ui.available_rect_before_wrap().top();
    let output = egui::ScrollArea::vertical()
        .id_salt(("entries", key))
        .auto_shrink(false)
        .min_scrolled_height(0.3 * LEAST)
        .show_viewport(ui, |ui, viewport| {
            let scroll = Scroll {
                top,
                height: f64::from(viewport.height()),
                offset: f64::from(viewport.top()),
                at_end,
            };
            rows(ui, thread, &scroll, hub, cache, out)
        });
    let Scrolled {
        before,
        after,
        total,
    } = output.inner;
    let end = (total - f64::from(output.inner_rect.height())).max(0.0);
    // The area computes in `f32`.
    let slack = 0.25 + 2.0 * f64::from(f32::EPSILON) * end;
    let asked = f64::from(output.state.offset.y);
    let by_person = asked - before.clamp(0.0, end);
    let offset = if by_person > 0.0 && asked >= end - slack {
        end
    } else {
        (after + by_person).clamp(0.0, end)
    };
    let is_at_end = offset >= end - slack && by_person >= -slack;
    cache.at_end.insert(key, is_at_end);
    let mut state = output.state;
    if state.offset.y != offset as f32 {
        state.offset.y = offset as f32;
        state.store(ui.ctx(), output.id);
    }
    if (offset - after).abs() > slack {
        ui.ctx().request_repaint();
    }
}

/// Lays out and draws the entries that can be seen, and no others.
fn rows(
    ui: &mut egui::Ui,
    thread: &Thread<'_>,
    scroll: &Scroll,
    hub: &mut Hub,
    cache: &mut Cache,
    out: &mut Vec<Action>,
) -> Scrolled {
    let width = (ui.available_width() - BAR).max(NARROW);
    let left = ui.max_rect().left();
    let mut ids = 0;
    let mut column = Column::new((0..thread.shown.len()).map(|place| {
        let entry = thread.entry(place);
        let measured = cache.heights.get(&entry.id);
        measured.map_or_else(|| estimate(entry, width), |measured| measured.height)
    }));
    let mut offset = scroll.offset;
    for _ in 0..ROUNDS {
        offset = scroll.place(&column, offset);
        let from = offset;
        let mut is_settled = true;
        for place in column.visible(from, scroll.height) {
            let row = thread.row(place);
            let measured = cache.heights.get(&row.entry.id);
            if measured.is_some_and(|measured| row.is_edited || measured.is_fresh(&row, width)) {
                continue;
            }
            let is_new = measured.is_none();
            let below = egui::pos2(left, ui.clip_rect().bottom() + 1000.0);
            let rect = egui::Rect::from_min_size(below, egui::vec2(width, TALL));
            let height = measure(ui, &mut ids, &row, thread, rect, &mut cache.commonmark);
            cache
                .heights
                .insert(row.entry.id, Measured::new(&row, width, height));
            // One that comes in at the top grows upwards, so that what is below it stays put.
            if is_new && column.tops[place] < from {
                offset += f64::from(height - column.heights[place]);
            }
            column.heights[place] = height;
            is_settled = false;
        }
        if is_settled {
            break;
        }
        column.sum();
    }
    let offset = scroll.place(&column, offset);
    let visible = column.visible(offset, scroll.height);
    let mut y = scroll.top + (column.tops[visible.start] - offset) as f32;
    for place in visible {
        let row = thread.row(place);
        let rect = egui::Rect::from_min_size(egui::pos2(left, y), egui::vec2(width, TALL));
        let builder = egui::UiBuilder::new().id_salt(row.entry.id).max_rect(rect);
        let mut child = child(ui, &mut ids, row.entry.id, builder);
        let editing = &mut hub.editing;
        draw(
            &mut child,
            &row,
            thread,
            editing,
            &mut cache.commonmark,
            out,
        );
        let height = child.min_rect().height() + GAP;
        y += height;
        if (height - column.heights[place]).abs() > 0.5 {
            cache
                .heights
                .insert(row.entry.id, Measured::new(&row, width, height));
            ui.ctx().request_repaint();
        }
    }
    ui.set_width(ui.available_width().max(0.0));
    ui.set_height(column.total() as f32);
    Scrolled {
        before: scroll.offset,
        after: offset,
        total: column.total(),
    }
}

/// A child whose ids, the automatic ones too, follow from the id of an entry, and not from which
/// others were drawn before it. `used` counts the automatic ids that were used up.
fn child(ui: &mut egui::Ui, used: &mut u64, id: u64, builder: egui::UiBuilder) -> egui::Ui {
    ui.skip_ahead_auto_ids(id.wrapping_sub(*used) as usize);
    *used = id.wrapping_add(1);
    ui.new_child(builder)
}

/// Lays out an entry where it cannot be seen. The height, with the gap below it.
fn measure(
    ui: &mut egui::Ui,
    ids: &mut u64,
    row: &Row<'_>,
    thread: &Thread<'_>,
    rect: egui::Rect,
    commonmark: &mut CommonMarkCache,
) -> f32 {
    let builder = egui::UiBuilder::new()
        .id_salt(("measured", row.entry.id))
        .max_rect(rect)
        .invisible();
    let mut child = child(ui, ids, row.entry.id, builder);
    let out = &mut Vec::new();
    draw(&mut child, row, thread, &mut None, commonmark, out);
    child.min_rect().height() + GAP
}

/// An entry.
fn draw(
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
        .rounding(4.0)
        .fill(ui.visuals().faint_bg_color)
        .stroke(stroke);
    frame.show(ui, |ui| {
        ui.set_width(ui.available_width());
        entry_head(ui, row, thread, editing, out);
        if is_edited {
            editor(ui, row.entry.id, editing, out);
        } else if !row.entry.collapsed {
            text(ui, row, commonmark);
        }
    });
}

fn entry_head(
    ui: &mut egui::Ui,
    row: &Row<'_>,
    thread: &Thread<'_>,
    editing: &mut Option<(u64, String)>,
    out: &mut Vec<Action>,
) {
    let entry = row.entry;
    let has_room = ui.available_width() > 420.0;
    ui.horizontal(|ui| {
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
        let date = date(entry.time);
        let clock = date.rsplit(' ').next().unwrap_or_default();
        let shown = if has_room { &date } else { clock };
        ui.weak(shown).on_hover_text(format!("{date} UTC"));
        if row.is_streaming {
            let spinner = egui::Spinner::new().size(14.0).color(thread.theme.accent);
            ui.add(spinner).on_hover_text("The assistant is writing");
        }
        let layout = egui::Layout::right_to_left(egui::Align::Center);
        ui.with_layout(layout, |ui| {
            ui.spacing_mut().item_spacing.x = 4.0;
            buttons(ui, row, thread, editing, out);
            if entry.collapsed {
                let line = entry.text.lines().next().unwrap_or_default();
                let line: String = line.chars().take(200).collect();
                ui.with_layout(egui::Layout::left_to_right(egui::Align::Center), |ui| {
                    let line = egui::RichText::new(line).weak();
                    ui.add(egui::Label::new(line).truncate());
                });
            }
        });
    });
}

/// What can be done with an entry, from the right to the left.
fn buttons(
    ui: &mut egui::Ui,
    row: &Row<'_>,
    thread: &Thread<'_>,
    editing: &mut Option<(u64, String)>,
    out: &mut Vec<Action>,
) {
    let entry = row.entry;
    if icon(ui, "🗑", "Delete", true) {
        out.push(Action::DeleteEntry(entry.id));
    }
    if icon(ui, "⬇", "Move down", row.down.is_some()) {
        out.extend(row.down.map(|by| Action::MoveEntry(entry.id, by)));
    }
    if icon(ui, "⬆", "Move up", row.up.is_some()) {
        out.extend(row.up.map(|by| Action::MoveEntry(entry.id, by)));
    }
    if icon(ui, "📋", "Copy", true) {
        ui.output_mut(|output| output.copied_text.clone_from(&entry.text));
    }
    let (hover, can_edit) = if row.is_streaming {
        ("The assistant is still writing it", false)
    } else if row.is_edited {
        ("It is being edited", false)
    } else if thread.is_unsaved {
        ("Save or cancel the other edit first", false)
    } else {
        ("Edit", true)
    };
    if icon(ui, "✏", hover, can_edit) {
        *editing = Some((entry.id, entry.text.clone()));
        ui.memory_mut(|memory| memory.request_focus(text_field(entry.id)));
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
}

/// The field for the text of an entry.
fn editor(ui: &mut egui::Ui, id: u64, editing: &mut Option<(u64, String)>, out: &mut Vec<Action>) {
    let Some((_, text)) = editing else {
        return;
    };
    let field = text_field(id);
    let mut saves = ui.memory(|memory| memory.has_focus(field))
        && ui.input_mut(|input| input.consume_shortcut(&SEND));
    // It scrolls by itself, so that the cursor stays in view in a long text.
    let response = egui::ScrollArea::vertical()
        .id_salt("edit")
        .max_height(320.0)
        .show(ui, |ui| {
            let edit = egui::TextEdit::multiline(text)
                .id(field)
                .desired_width(f32::INFINITY)
                .desired_rows(4);
            ui.add(edit)
        })
        .inner;
    let mut gives_up =
        response.lost_focus() && ui.input(|input| input.key_pressed(egui::Key::Escape));
    let is_filled = !text.trim().is_empty();
    ui.horizontal(|ui| {
        let save = ui.add_enabled(is_filled, egui::Button::new("Save"));
        saves |= save.on_hover_text("Ctrl+Enter").clicked();
        gives_up |= ui.button("Cancel").on_hover_text("Escape").clicked();
        ui.weak("Ctrl+Enter saves, Escape cancels");
    });
    if saves && is_filled {
        out.push(Action::EditEntry(id, std::mem::take(text)));
        *editing = None;
    } else if gives_up {
        *editing = None;
    }
}

/// The text of an entry. What cannot be wrapped, such as a table, scrolls sideways.
fn text(ui: &mut egui::Ui, row: &Row<'_>, commonmark: &mut CommonMarkCache) {
    let entry = row.entry;
    egui::ScrollArea::horizontal()
        .id_salt("text")
        .auto_shrink([false, true])
        .drag_to_scroll(false)
        .show(ui, |ui| {
            if entry.text.is_empty() && row.is_streaming {
                ui.weak("…");
            } else if entry.raw {
                let text = egui::RichText::new(&entry.text).monospace();
                ui.add(egui::Label::new(text).wrap());
            } else {
                // A path without a scheme is not taken for a file. Of schemes that name files or
                // sites none is loaded, since egui has no loader for them in this app.
                CommonMarkViewer::new()
                    .explicit_image_uri_scheme(true)
                    .show(ui, commonmark, &entry.text);
            }
        });
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
    writing: bool,
    theme: &Theme,
    out: &mut Vec<Action>,
) {
    let field = egui::Id::new("discussion_hub composer");
    // Whoever types elsewhere does not mean this text.
    let focused = ui.memory(|memory| memory.focused());
    let sent = focused.is_none_or(|focused| focused == field)
        && ui.input_mut(|input| input.consume_shortcut(&SEND));
    ui.horizontal(|ui| {
        if let Some(role) = choose_role(ui, &discussions.roles, &composer.role) {
            composer.role = role;
        }
        ui.checkbox(&mut composer.ask, "Ask the assistant")
            .on_hover_text("Whether the assistant answers what you send");
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            let filled = !composer.text.trim().is_empty();
            let button = ui.add_enabled(filled, egui::Button::new("Send"));
            if button.on_hover_text("Ctrl+Enter").clicked() || (sent && filled) {
                out.push(Action::AddEntry);
            }
            if writing {
                let stop = egui::RichText::new("⏹ Stop").color(theme.error);
                if ui
                    .button(stop)
                    .on_hover_text("Stop the assistant")
                    .clicked()
                {
                    out.push(Action::CancelReplies);
                }
            }
            ui.weak("Ctrl+Enter");
        });
    });
    egui::ScrollArea::vertical()
        .id_salt("composer")
        .min_scrolled_height(0.3 * LEAST)
        .show(ui, |ui| {
            let text = egui::TextEdit::multiline(&mut composer.text)
                .id(field)
                .hint_text("Say something")
                .desired_width(f32::INFINITY)
                .desired_rows(1)
                .min_size(ui.available_size());
            ui.add(text);
        });
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
fn icon(ui: &mut egui::Ui, glyph: &str, hover: &str, enabled: bool) -> bool {
    let button = egui::Button::new(glyph)
        .frame(false)
        .min_size(egui::vec2(20.0, 0.0));
    ui.add_enabled(enabled, button)
        .on_hover_text(hover)
        .on_disabled_hover_text(hover)
        .clicked()
}

fn name_field(discussion: u64) -> egui::Id {
    egui::Id::new(("discussion_hub name", discussion))
}

fn text_field(entry: u64) -> egui::Id {
    egui::Id::new(("discussion_hub text", entry))
}

/// Seconds since 1970 as `YYYY-MM-DD HH:MM`, UTC.
fn date(time: u64) -> String {
    // Days since the 1st of March of the year 0: years that begin in March end with the leap day,
    // and the calendar repeats itself after 400 of them, which are 146,097 days.
    let days = time / 86_400 + 719_468;
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let from_march = (5 * day + 2) / 153;
    let day = day - (153 * from_march + 2) / 5 + 1;
    let month = (from_march + 2) % 12 + 1;
    let year = 400 * era + year + u64::from(month <= 2);
    let (hour, minute) = (time % 86_400 / 3_600, time % 3_600 / 60);
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gui::theme::Themes;

    /// The first id of the entries in a [`Bench`].
    const FIRST: u64 = 10;

    /// A panel in a window of 1280 by 800.
    struct Bench {
        context: egui::Context,
        discussions: Discussions,
        composer: Composer,
        hub: Hub,
        split: f32,
        streaming: Vec<u64>,
        cache: Cache,
        theme: Theme,
        time: f64,
    }

    impl Bench {
        fn new<T: Into<String>>(texts: impl IntoIterator<Item = T>) -> Self {
            let mut bench = Self {
                context: egui::Context::default(),
                discussions: Discussions::default(),
                composer: Composer::default(),
                hub: Hub::default(),
                split: 0.7,
                streaming: Vec::new(),
                cache: Cache::default(),
                theme: theme(),
                time: 0.0,
            };
            for text in texts {
                bench.say(text);
            }
            bench
        }

        fn many(count: usize) -> Self {
            Self::new((0..count).map(|n| format!("entry {n}. {}", "word ".repeat(n % 97))))
        }

        fn say(&mut self, text: impl Into<String>) {
            let entries = &mut self.discussions.list[0].entries;
            entries.push(Entry {
                id: FIRST + entries.len() as u64,
                role: "User".to_owned(),
                text: text.into(),
                ..Entry::default()
            });
        }

        fn run(&mut self, events: Vec<egui::Event>) -> (Vec<Action>, egui::FullOutput) {
            self.time += 0.05;
            let size = egui::vec2(1280.0, 800.0);
            let input = egui::RawInput {
                screen_rect: Some(egui::Rect::from_min_size(egui::Pos2::ZERO, size)),
                time: Some(self.time),
                events,
                ..egui::RawInput::default()
            };
            let Self {
                context,
                discussions,
                composer,
                hub,
                split,
                streaming,
                cache,
                theme,
                ..
            } = self;
            let mut out = Vec::new();
            let output = context.run(input, |context| {
                egui::CentralPanel::default().show(context, |ui| {
                    let view = View {
                        discussions: &*discussions,
                        composer: &mut *composer,
                        hub: &mut *hub,
                        split: &mut *split,
                        streaming: streaming.as_slice(),
                        cache: &mut *cache,
                        theme: &*theme,
                    };
                    panel(ui, view, &mut out);
                });
            });
            (out, output)
        }

        /// What is to be seen.
        fn look(&mut self) -> Vec<(String, egui::Rect)> {
            self.run(Vec::new());
            texts(&self.run(Vec::new()).1)
        }

        /// Where a text is to be seen.
        fn find(&mut self, text: &str) -> Vec<egui::Rect> {
            let seen = self.look().into_iter();
            seen.filter(|(seen, _)| seen.contains(text))
                .map(|(_, rect)| rect)
                .collect()
        }

        fn click(&mut self, at: egui::Pos2) -> (Vec<Action>, egui::FullOutput) {
            let button = |pressed| egui::Event::PointerButton {
                pos: at,
                button: egui::PointerButton::Primary,
                pressed,
                modifiers: egui::Modifiers::NONE,
            };
            // Two clicks are not to be taken for one double click.
            self.time += 1.0;
            self.run(vec![egui::Event::PointerMoved(at)]);
            let (mut out, _) = self.run(vec![button(true)]);
            let (actions, output) = self.run(vec![button(false)]);
            out.extend(actions);
            (out, output)
        }

        #[track_caller]
        fn click_first(&mut self, text: &str) -> Vec<Action> {
            let at = *self.find(text).first().expect("the text is to be seen");
            self.click(at.center()).0
        }

        #[track_caller]
        fn click_last(&mut self, text: &str) -> Vec<Action> {
            let at = *self.find(text).last().expect("the text is to be seen");
            self.click(at.center()).0
        }

        fn key(&mut self, key: egui::Key, modifiers: egui::Modifiers) -> Vec<Action> {
            let event = egui::Event::Key {
                key,
                physical_key: None,
                pressed: true,
                repeat: false,
                modifiers,
            };
            self.run(vec![event]).0
        }

        fn write(&mut self, text: &str) {
            self.run(vec![egui::Event::Text(text.to_owned())]);
        }

        /// Turns the wheel over the entries by so many points, up if positive.
        fn wheel(&mut self, by: f32) {
            self.run(vec![
                egui::Event::PointerMoved(egui::pos2(700.0, 300.0)),
                egui::Event::MouseWheel {
                    unit: egui::MouseWheelUnit::Point,
                    delta: egui::vec2(0.0, by),
                    modifiers: egui::Modifiers::NONE,
                },
            ]);
        }

        /// Whether the beginning of an entry is in view, and not under the composer.
        fn sees(&mut self, text: &str) -> bool {
            let visible = self.find(text);
            visible
                .iter()
                .any(|rect| rect.top() > 8.0 && rect.bottom() < 580.0)
        }
    }

    fn theme() -> Theme {
        Themes::built_in().unwrap().get("default").clone()
    }

    fn texts(output: &egui::FullOutput) -> Vec<(String, egui::Rect)> {
        fn visit(shape: &egui::Shape, found: &mut Vec<(String, egui::Rect)>) {
            match shape {
                egui::Shape::Vec(shapes) => {
                    for shape in shapes {
                        visit(shape, found);
                    }
                }
                egui::Shape::Text(shape) => {
                    let text = shape.galley.text().to_owned();
                    found.push((text, shape.visual_bounding_rect()));
                }
                _ => {}
            }
        }
        let mut found = Vec::new();
        for clipped in &output.shapes {
            visit(&clipped.shape, &mut found);
        }
        found
    }

    fn send(text: &str, modifiers: egui::Modifiers) -> Vec<Action> {
        let mut bench = Bench::new([""; 0]);
        bench.composer.text = text.to_owned();
        bench.key(egui::Key::Enter, modifiers)
    }

    #[test]
    fn ctrl_enter_sends_what_is_written() {
        assert_eq!(send("hello", egui::Modifiers::CTRL), [Action::AddEntry]);
        assert_eq!(send("hello", egui::Modifiers::NONE), []);
        assert_eq!(send("  ", egui::Modifiers::CTRL), []);
    }

    #[test]
    fn the_assistant_can_be_stopped_while_it_writes() {
        let mut bench = Bench::new(["hello"]);
        assert!(bench.find("Stop").is_empty());
        bench.streaming = vec![FIRST];
        assert_eq!(bench.click_last("Stop"), [Action::CancelReplies]);
    }

    #[test]
    fn discussions_are_selected_and_managed() {
        let mut bench = Bench::new([""; 0]);
        bench.discussions.list.push(Discussion {
            id: 2,
            name: "Second".to_owned(),
            entries: Vec::new(),
        });
        let selected = bench.click_last("Second");
        assert_eq!(selected, [Action::SelectDiscussion(2)]);
        assert_eq!(bench.click_first("➕"), [Action::AddDiscussion]);
        assert_eq!(bench.click_first("🗐"), [Action::DuplicateDiscussion(1)]);
        assert_eq!(bench.click_first("🗑"), [Action::DeleteDiscussion(1)]);
    }

    #[test]
    fn a_name_is_accepted_with_enter_and_given_up_with_escape() {
        let mut bench = Bench::new([""; 0]);
        assert_eq!(bench.click_first("✏"), []);
        assert_eq!(bench.hub.renaming, Some((1, "Main".to_owned())));
        bench.write(" hall");
        let renamed = bench.key(egui::Key::Enter, egui::Modifiers::NONE);
        let name = "Main hall".to_owned();
        assert_eq!(renamed, [Action::RenameDiscussion(1, name)]);
        assert_eq!(bench.hub.renaming, None);

        bench.click_first("✏");
        bench.write(" hall");
        assert_eq!(bench.key(egui::Key::Escape, egui::Modifiers::NONE), []);
        assert_eq!(bench.hub.renaming, None);
    }

    #[test]
    fn the_search_filters_and_counts() {
        let mut bench = Bench::new(["Apple pie", "banana", "APPLE tart"]);
        bench.key(egui::Key::F, egui::Modifiers::CTRL);
        bench.write("apple");
        assert_eq!(bench.hub.search, "apple");
        assert_eq!(bench.find("2 hits").len(), 1);
        assert_eq!(bench.find("pie").len(), 1);
        assert_eq!(bench.find("tart").len(), 1);
        assert!(bench.find("banana").is_empty());
        bench.hub.search = "cherry".to_owned();
        assert_eq!(bench.find("No hits").len(), 1);
        assert!(bench.find("pie").is_empty());
    }

    #[test]
    fn an_edit_that_keeps_the_length_is_searched_too() {
        let mut bench = Bench::many(500);
        let entries = &mut bench.discussions.list[0].entries;
        let mut search = Search::default();
        assert!(search.find(entries, "WORDS").is_empty());
        let length = entries[400].text.len();
        entries[400].text = format!("{:length$}", "words");
        assert_eq!(entries[400].text.len(), length);
        assert!((0..10).any(|_| search.find(entries, "WORDS") == [400_usize]));
    }

    #[test]
    fn an_edit_is_saved_with_ctrl_enter_and_given_up_with_escape() {
        let mut bench = Bench::new(["hello"]);
        bench.composer.text = "not sent".to_owned();
        assert_eq!(bench.click_last("✏"), []);
        assert_eq!(bench.hub.editing, Some((FIRST, "hello".to_owned())));
        bench.look();
        bench.write(" world");
        let saved = bench.key(egui::Key::Enter, egui::Modifiers::CTRL);
        let text = "hello world".to_owned();
        assert_eq!(saved, [Action::EditEntry(FIRST, text)]);
        assert_eq!(bench.hub.editing, None);

        bench.click_last("✏");
        bench.look();
        bench.write(" world");
        assert_eq!(bench.key(egui::Key::Escape, egui::Modifiers::NONE), []);
        assert_eq!(bench.hub.editing, None);
    }

    #[test]
    fn the_buttons_of_an_entry_ask_for_actions() {
        let mut bench = Bench::new(["first", "second"]);
        let second = FIRST + 1;
        assert_eq!(bench.click_last("🗑"), [Action::DeleteEntry(second)]);
        assert_eq!(bench.click_last("⬆"), [Action::MoveEntry(second, -1)]);
        assert_eq!(bench.click_last("⬇"), []);
        assert_eq!(bench.click_first("⬇"), [Action::MoveEntry(FIRST, 1)]);
        assert_eq!(bench.click_first("⬆"), []);
        assert_eq!(bench.click_last("Raw"), [Action::SetRaw(second, true)]);
        assert_eq!(bench.click_last("⏷"), [Action::SetCollapsed(second, true)]);
        let copy = bench.find("📋")[0];
        let (actions, output) = bench.click(copy.center());
        assert_eq!(actions, []);
        assert_eq!(output.platform_output.copied_text, "first");
    }

    #[test]
    fn moves_go_past_what_is_not_shown() {
        let mut bench = Bench::new(["apple", "banana", "apple"]);
        bench.hub.search = "apple".to_owned();
        let moved = bench.click_last("⬆");
        assert_eq!(moved, [Action::MoveEntry(FIRST + 2, -2)]);
    }

    #[test]
    fn only_what_is_visible_is_laid_out() {
        let mut bench = Bench::many(10_000);
        bench.run(Vec::new());
        let mut before = bench.cache.heights.len();
        assert!(before < 100, "{before} entries were laid out");
        assert!(bench.sees("entry 9999."));
        assert!(!bench.sees("entry 0."));
        for (by, end) in [(1e7, "entry 0."), (-1e7, "entry 9999.")] {
            bench.wheel(by);
            for _ in 0..80 {
                bench.run(Vec::new());
                let now = bench.cache.heights.len();
                // `Context::run` may draw a frame twice.
                assert!(now - before < 200, "{} were laid out", now - before);
                before = now;
            }
            assert!(bench.sees(end), "{end} is not in view");
        }
    }

    #[test]
    fn what_is_read_stays_put_while_what_is_above_it_is_measured() {
        let mut bench = Bench::many(10_000);
        for _ in 0..8 {
            bench.wheel(7.0);
        }
        for _ in 0..40 {
            let seen = bench.look();
            let (text, before) = seen
                .iter()
                .find(|(text, rect)| text.starts_with("entry ") && rect.top() > 150.0)
                .expect("an entry begins within the view");
            bench.wheel(7.0);
            let after = bench.find(text)[0];
            let moved = after.top() - before.top();
            assert!((moved - 7.0).abs() < 1.0, "moved by {moved}");
        }
    }

    #[test]
    fn the_end_stays_in_view_while_it_grows() {
        let mut bench = Bench::many(60);
        bench.look();
        bench.say("the newest");
        let seen = texts(&bench.run(Vec::new()).1);
        let (_, rect) = seen.iter().find(|(text, _)| text == "the newest").unwrap();
        assert!(rect.bottom() < 580.0, "it ends at {}", rect.bottom());
        let entries = &mut bench.discussions.list[0].entries;
        let newest = entries.last_mut().unwrap();
        newest.text += &"\n\nanother paragraph".repeat(40);
        newest.text += "\n\nthe last line";
        let seen = texts(&bench.run(Vec::new()).1);
        let last = seen.iter().find(|(text, _)| text == "the last line");
        let (_, rect) = last.expect("the last line is to be seen");
        assert!(rect.bottom() < 580.0, "it ends at {}", rect.bottom());
    }

    #[test]
    fn who_reads_further_up_is_not_taken_to_the_end() {
        let mut bench = Bench::many(60);
        bench.look();
        for _ in 0..40 {
            bench.wheel(7.0);
        }
        let before = bench.look();
        bench.say("the newest");
        let after = bench.look();
        let (text, rect) = before
            .iter()
            .find(|(text, rect)| text.starts_with("entry ") && rect.top() > 150.0)
            .unwrap();
        let (_, now) = after.iter().find(|(now, _)| now == text).unwrap();
        assert!((now.top() - rect.top()).abs() < 1.0);
        assert!(!bench.sees("the newest"));
    }

    #[test]
    fn nothing_is_loaded_or_opened_without_a_click() {
        let image = "![an image](file:///etc/hostname) ![another](https://example.org/a.png)";
        let mut bench = Bench::new([image, "[a link](https://example.org)"]);
        for _ in 0..3 {
            let (_, output) = bench.run(Vec::new());
            assert!(output.platform_output.open_url.is_none());
        }
        for uri in ["file:///etc/hostname", "https://example.org/a.png"] {
            assert!(bench.context.try_load_bytes(uri).is_err());
        }
    }

    #[test]
    fn times_are_dates() {
        assert_eq!(date(0), "1970-01-01 00:00");
        assert_eq!(date(951_782_400), "2000-02-29 00:00");
        assert_eq!(date(1_709_251_199), "2024-02-29 23:59");
        assert_eq!(date(1_735_689_599), "2024-12-31 23:59");
        assert_eq!(date(4_107_542_400), "2100-03-01 00:00");
    }
}

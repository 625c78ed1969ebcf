//! The entries, of which only those in view are laid out.

use std::ops::Range;

use bevy::utils::HashMap;
use slop_engine::{egui, egui_commonmark::CommonMarkCache};
use slop_state::{Action, Entry, Hub};

use super::{
    entry::draw,
    thread::{Row, Thread},
    Cache, BAR, GAP, LEAST, NARROW, ROUNDS, TALL,
};

/// Which entries contain what is searched for.
#[derive(Debug, Default)]
pub(super) struct Search {
    pub(super) needle: String,
    /// By the id of an entry: how long its text was, and whether it was a hit.
    pub(super) known: HashMap<u64, (usize, bool)>,
    /// The entry from which on some are searched anew in the next frame.
    pub(super) next: usize,
}

impl Search {
    /// Entries that are searched anew in each frame, so that an edit that keeps the length of a
    /// text is noticed too.
    const ANEW: usize = 64;

    /// The indices of the hits, in order.
    pub(super) fn find<'a>(
        &mut self,
        entries: impl Iterator<Item = &'a Entry>,
        search: &str,
    ) -> Vec<usize> {
        let needle = search.to_lowercase();
        if self.needle != needle {
            self.needle = needle;
            self.known.clear();
        }
        let anew = self.next..self.next + Self::ANEW;
        let mut count = 0;
        let mut hits = Vec::new();
        for (index, entry) in entries.enumerate() {
            count += 1;
            let length = entry.text.len();
            let is_hit = match self.known.get(&entry.id) {
                // A long one is not edited, and takes a while.
                Some(&(known, is_hit))
                    if known == length && (entry.is_long() || !anew.contains(&index)) =>
                {
                    is_hit
                }
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
        self.next = if anew.end < count { anew.end } else { 0 };
        hits
    }
}

/// The height of an entry, with the gap below it, and what it depends on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Measured {
    pub(super) height: f32,
    pub(super) width: f32,
    /// A hash of what was laid out.
    pub(super) of: egui::Id,
}

impl Measured {
    pub(super) fn new(row: &Row<'_>, width: f32, height: f32) -> Self {
        Self {
            height,
            width,
            of: Self::of(row),
        }
    }

    pub(super) fn of(row: &Row<'_>) -> egui::Id {
        let Entry {
            collapsed,
            raw,
            thoughts,
            usage,
            ..
        } = row.entry;
        let has_usage = usage.is_some();
        let text = if *collapsed {
            ""
        } else {
            row.entry.shown_text()
        };
        // They take room in the head.
        let buttons = (row.is_answer, row.takes.len());
        egui::Id::new((
            text,
            collapsed,
            raw,
            row.is_edited,
            thoughts,
            has_usage,
            buttons,
        ))
    }

    pub(super) fn is_fresh(&self, row: &Row<'_>, width: f32) -> bool {
        self.width == width && self.of == Self::of(row)
    }
}

/// About how high an entry is that was never laid out. It does not look at the text, since it is
/// called for each entry in each frame.
pub(super) fn estimate(entry: &Entry, width: f32) -> f32 {
    let head = 36.0 + GAP;
    if entry.collapsed {
        head
    } else {
        let rows = (7.0 * entry.shown_text().len() as f32 / width)
            .ceil()
            .max(1.0);
        head + 8.0 + 16.0 * rows
    }
}

/// The heights of the entries that are shown, and where they begin.
pub(super) struct Column {
    pub(super) heights: Vec<f32>,
    /// From the top of the first; one more than there are entries. In `f64`, since `f32` is not
    /// exact enough for thousands of long entries.
    pub(super) tops: Vec<f64>,
}

impl Column {
    pub(super) fn new(heights: impl Iterator<Item = f32>) -> Self {
        let mut column = Self {
            heights: heights.collect(),
            tops: Vec::new(),
        };
        column.sum();
        column
    }

    /// To be called after heights were changed.
    pub(super) fn sum(&mut self) {
        self.tops.clear();
        self.tops.reserve(self.heights.len() + 1);
        let mut top = 0.0;
        self.tops.push(top);
        for height in &self.heights {
            top += f64::from(*height);
            self.tops.push(top);
        }
    }

    pub(super) fn total(&self) -> f64 {
        self.tops[self.heights.len()]
    }

    /// The places of the entries of which something can be seen.
    pub(super) fn visible(&self, offset: f64, height: f64) -> Range<usize> {
        let first = self.tops.partition_point(|top| *top <= offset);
        let end = self.tops.partition_point(|top| *top < offset + height);
        first.saturating_sub(1)..end.min(self.heights.len())
    }
}

/// How far the entries are scrolled at the beginning of a frame.
pub(super) struct Scroll {
    /// Where the area begins on the screen.
    pub(super) top: f32,
    pub(super) height: f64,
    /// From the top of the first entry to the top of the area.
    pub(super) offset: f64,
    /// Whether the end is to stay in view.
    pub(super) at_end: bool,
    /// Where it was before all heights were forgotten.
    pub(super) anchor: Option<Anchor>,
    /// The place of the entry that is to be at the top.
    pub(super) jump: Option<usize>,
}

/// The id of the first entry in view, and how far it reaches into the view, in points. Unlike an
/// offset it does not depend on the heights of what is above it.
pub(super) type Anchor = (u64, f32);

impl Scroll {
    /// The offset that is asked for, before anything is measured.
    fn asked(&self, column: &Column, thread: &Thread<'_>) -> f64 {
        if let Some(place) = self.jump {
            return column.tops[place];
        }
        let Some((id, reaches)) = self.anchor else {
            return self.offset;
        };
        let mut places = 0..thread.shown.len();
        let place = places.find(|place| thread.entry(*place).id == id);
        place.map_or(self.offset, |place| {
            column.tops[place + 1] - f64::from(reaches)
        })
    }

    /// The offset at which a column is to be drawn, if this one is asked for.
    pub(super) fn place(&self, column: &Column, offset: f64) -> f64 {
        let end = (column.total() - self.height).max(0.0);
        if self.at_end {
            end
        } else {
            offset.clamp(0.0, end)
        }
    }
}

/// What became of a [`Scroll`].
pub(super) struct Scrolled {
    pub(super) before: f64,
    pub(super) after: f64,
    pub(super) total: f64,
    pub(super) anchor: Option<Anchor>,
}

/// The entries, in an area that scrolls.
///
/// The area itself does not stick to its end: it learns only after it was drawn how high its
/// content is, and would lag behind by a frame.
pub(super) fn scroll(
    ui: &mut egui::Ui,
    thread: &Thread<'_>,
    hub: &mut Hub,
    cache: &mut Cache,
    out: &mut Vec<Action>,
) {
    let key = (thread.discussion.id, thread.is_searched);
    // What egui keeps outlives a reload and a restart, so it is of plain types.
    let kept = egui::Id::new(("discussion_hub scroll", key));
    let at_end = ui.data_mut(|data| data.get_persisted(kept.with("at end")));
    // Until it is among those that are shown, which may take a frame.
    let mut places = 0..thread.shown.len();
    let jump = hub.jump;
    let jump = jump.and_then(|id| places.find(|place| thread.entry(*place).id == id));
    if jump.is_some() {
        hub.jump = None;
    }
    let at_end = at_end.unwrap_or(true) && jump.is_none();
    let anchor = ui.data_mut(|data| data.get_persisted(kept));
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
                anchor: anchor.filter(|_| cache.heights.is_empty()),
                jump,
            };
            rows(ui, thread, &scroll, hub, cache, out)
        });
    let Scrolled {
        before,
        after,
        total,
        anchor,
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
    ui.data_mut(|data| {
        data.insert_persisted(kept.with("at end"), is_at_end);
        if let Some(anchor) = anchor {
            data.insert_persisted(kept, anchor);
        }
    });
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
pub(super) fn rows(
    ui: &mut egui::Ui,
    thread: &Thread<'_>,
    scroll: &Scroll,
    hub: &mut Hub,
    cache: &mut Cache,
    out: &mut Vec<Action>,
) -> Scrolled {
    let lane = Lane {
        left: ui.max_rect().left(),
        width: (ui.available_width() - BAR).max(NARROW),
    };
    let mut ids = 0;
    let mut column = Column::new((0..thread.shown.len()).map(|place| {
        let entry = thread.entry(place);
        let measured = cache.heights.get(&entry.id);
        measured.map_or_else(|| estimate(entry, lane.width), |measured| measured.height)
    }));
    let offset = measure_visible(ui, &mut ids, &lane, thread, scroll, &mut column, cache);
    let visible = column.visible(offset, scroll.height);
    let mut y = scroll.top + (column.tops[visible.start] - offset) as f32;
    let anchor = (visible.start < thread.shown.len()).then(|| {
        let reaches = column.tops[visible.start + 1] - offset;
        (thread.entry(visible.start).id, reaches as f32)
    });
    for place in visible {
        let row = thread.row(place);
        let builder = egui::UiBuilder::new()
            .id_salt(row.entry.id)
            .max_rect(lane.at(y));
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
                .insert(row.entry.id, Measured::new(&row, lane.width, height));
            ui.ctx().request_repaint();
        }
    }
    ui.set_width(ui.available_width().max(0.0));
    ui.set_height(column.total() as f32);
    Scrolled {
        before: scroll.offset,
        after: offset,
        total: column.total(),
        anchor,
    }
}

/// Where the entries are laid out, one below the other.
struct Lane {
    left: f32,
    width: f32,
}

impl Lane {
    /// The room for one that begins there.
    fn at(&self, top: f32) -> egui::Rect {
        let size = egui::vec2(self.width, TALL);
        egui::Rect::from_min_size(egui::pos2(self.left, top), size)
    }
}

/// Measures what can be seen until no more comes in by that. The offset at which it is to be drawn.
fn measure_visible(
    ui: &mut egui::Ui,
    ids: &mut u64,
    lane: &Lane,
    thread: &Thread<'_>,
    scroll: &Scroll,
    column: &mut Column,
    cache: &mut Cache,
) -> f64 {
    let mut offset = scroll.asked(column, thread);
    for _ in 0..ROUNDS {
        offset = scroll.place(column, offset);
        let from = offset;
        let mut is_settled = true;
        for place in column.visible(from, scroll.height) {
            let row = thread.row(place);
            let measured = cache.heights.get(&row.entry.id);
            let is_fresh = |measured: &Measured| measured.is_fresh(&row, lane.width);
            if measured.is_some_and(|measured| row.is_edited || is_fresh(measured)) {
                continue;
            }
            let is_new = measured.is_none();
            let rect = lane.at(ui.clip_rect().bottom() + 1000.0);
            let height = measure(ui, ids, &row, thread, rect, &mut cache.commonmark);
            cache
                .heights
                .insert(row.entry.id, Measured::new(&row, lane.width, height));
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
    scroll.place(column, offset)
}

/// A child whose ids, the automatic ones too, follow from the id of an entry, and not from which
/// others were drawn before it. `used` counts the automatic ids that were used up.
pub(super) fn child(
    ui: &mut egui::Ui,
    used: &mut u64,
    id: u64,
    builder: egui::UiBuilder,
) -> egui::Ui {
    ui.skip_ahead_auto_ids(id.wrapping_sub(*used) as usize);
    *used = id.wrapping_add(1);
    ui.new_child(builder)
}

/// Lays out an entry where it cannot be seen. The height, with the gap below it.
pub(super) fn measure(
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

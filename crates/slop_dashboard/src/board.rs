//! The board: a column for each status, a card for each ticket, and a pane for the chosen one. The
//! same tickets can be shown as a graph.

mod detail;
mod graph;
mod keys;
mod layers;
mod plan;
mod queue;

use std::sync::Arc;

use slop_common::{Work, WorkError};
use slop_engine::egui;
use slop_state::{
    Action, Board, Dependencies, Discussions, PendingRequests, Planning, Run, Status, Ticket,
    TicketQueue, Verdict,
};
use slop_ui::{empty, field, mma_dashboard, Theme};

use self::{detail::detail, keys::keys, layers::layers};

/// Between cards, columns and panes, in points.
const GAP: f32 = 8.0;

/// Between the edge of a card and its text, in points.
const INSET: f32 = 6.0;

/// Kept free for a scroll bar, which floats, in points.
const BAR: f32 = 6.0;

/// The least width of a column, in points. The board scrolls if there is not as much.
const NARROW: f32 = 110.0;

/// The height of the head of a column, in points.
const HEAD: f32 = 22.0;

/// A card that is carried this close to the end of a column scrolls it, in points.
const EDGE: f32 = 20.0;

/// What it means to run a ticket.
const RUN: &str = "Have the assistant work on it, in its discussion";

/// What the panel draws, and what of it a person changes directly.
pub(super) struct View<'a> {
    /// In any order.
    pub(super) tickets: &'a [&'a Ticket],
    pub(super) board: &'a mut Board,
    pub(super) discussions: &'a Discussions,
    pub(super) pending: &'a PendingRequests,
    pub(super) queue: &'a TicketQueue,
    pub(super) planning: &'a mut Planning,
    /// Of the ticket to be.
    pub(super) title: &'a mut String,
    pub(super) theme: &'a Theme,
}

pub(super) fn panel(ui: &mut egui::Ui, view: View<'_>, out: &mut Vec<Action>) {
    let View {
        tickets,
        board,
        discussions,
        pending,
        queue,
        planning,
        title,
        theme,
    } = view;
    // Panels within a window do not tell it how much room they take.
    ui.expand_to_include_rect(ui.max_rect());
    let scene = Scene {
        tickets,
        needs: Dependencies::new(tickets.iter().copied()),
        discussions,
        pending,
        queue,
        theme,
    };
    settle(&scene, board, out);
    let columns = top(ui, &scene, board, title, out);
    queue::row(ui, &scene, board, out);
    plan::row(ui, &scene, planning, out);
    ui.add_space(GAP);
    if !planning.proposal.is_empty() {
        plan::proposal(ui, &scene, planning, out);
        return;
    }
    if tickets.is_empty() {
        empty(ui, "No tickets yet. Name one above, and press Enter.");
        return;
    }
    let layers = board.graph.then(|| layers(tickets));
    let mut reveal = match &layers {
        Some(layers) => keys(ui, layers, board, out),
        None => keys(ui, &columns, board, out),
    };
    if let Some(ticket) = board.selected.and_then(|number| scene.get(number)) {
        let widest = (ui.available_width() - 2.0 * NARROW).clamp(220.0, 520.0);
        let margin = egui::Margin {
            left: GAP,
            ..egui::Margin::ZERO
        };
        egui::SidePanel::right("mma_dashboard ticket")
            .default_width(264.0_f32.min(widest))
            .width_range(220.0..=widest)
            .frame(egui::Frame::none().inner_margin(margin))
            .show_inside(ui, |ui| detail(ui, &scene, ticket, board, out));
        if board.selected != Some(ticket.number) {
            // One that it waits for was clicked.
            reveal = board.selected.or(reveal);
        }
    }
    egui::CentralPanel::default()
        .frame(egui::Frame::none())
        .show_inside(ui, |ui| match &layers {
            Some(layers) => graph::show(ui, &scene, layers, board, reveal),
            None => show(ui, &scene, &columns, board, reveal, out),
        });
    settle(&scene, board, out);
}

/// All there is, whatever is filtered.
struct Scene<'a> {
    tickets: &'a [&'a Ticket],
    needs: Dependencies<'a>,
    discussions: &'a Discussions,
    pending: &'a PendingRequests,
    queue: &'a TicketQueue,
    theme: &'a Theme,
}

impl<'a> Scene<'a> {
    fn get(&self, number: u32) -> Option<&'a Ticket> {
        self.needs.get(number)
    }

    /// What decides whether the assistant can be asked about a ticket.
    fn work(&self) -> Work<'_> {
        Work {
            needs: &self.needs,
            limit: self.queue.limit,
            discussions: self.discussions,
            pending: self.pending,
        }
    }

    /// The colour of a dependency.
    fn color(&self, number: u32) -> egui::Color32 {
        match self.get(number) {
            Some(ticket) if ticket.status != Status::Done => self.theme.warning,
            _ => self.theme.weak,
        }
    }
}

/// A button that has the assistant asked about a ticket, or says why not. Whether it was clicked.
fn ask(ui: &mut egui::Ui, text: &str, hover: &str, error: Option<WorkError>) -> bool {
    let button = ui.add_enabled(error.is_none(), egui::Button::new(text));
    let why_not = error.map(|error| format!("Not now: {error}"));
    button
        .on_hover_text(hover)
        .on_disabled_hover_text(why_not.unwrap_or_default())
        .clicked()
}

/// The cards of each status, from top to bottom.
type Columns<'a> = [Vec<&'a Ticket>; 4];

fn arrange<'a>(tickets: &[&'a Ticket], filter: &str) -> Columns<'a> {
    let needle = filter.trim().to_lowercase();
    Status::ALL.map(|status| {
        let of_status = tickets.iter().copied().filter(|t| t.status == status);
        let mut column: Vec<_> = of_status.filter(|t| contains(t, &needle)).collect();
        column.sort_by(|a, b| a.rank.total_cmp(&b.rank).then(a.number.cmp(&b.number)));
        column
    })
}

fn contains(ticket: &Ticket, needle: &str) -> bool {
    needle.is_empty()
        || format!("#{}", ticket.number).contains(needle)
        || ticket.title.to_lowercase().contains(needle)
        || ticket.text.to_lowercase().contains(needle)
}

/// Forgets a ticket that is gone, and saves the draft of one that is no longer chosen.
fn settle(scene: &Scene<'_>, board: &mut Board, out: &mut Vec<Action>) {
    board.selected = board.selected.filter(|n| scene.get(*n).is_some());
    let Some(draft) = board.draft.take() else {
        return;
    };
    if board.selected == Some(draft.number) {
        board.draft = Some(draft);
    } else if let Some(ticket) = scene.get(draft.number) {
        out.extend(changes(&draft, ticket).map(Action::EditTicket));
    }
}

/// The ticket as it is to be, if that is not what it is. A blank title is none.
fn changes(draft: &Ticket, ticket: &Ticket) -> Option<Ticket> {
    let mut wanted = ticket.clone();
    let title = draft.title.trim();
    if !title.is_empty() {
        title.clone_into(&mut wanted.title);
    }
    wanted.text.clone_from(&draft.text);
    wanted.depends_on.clone_from(&draft.depends_on);
    wanted.blocked.clone_from(&draft.blocked);
    wanted.tier = draft.tier;
    (wanted != *ticket).then_some(wanted)
}

/// The fields for a new ticket and for the filter. The cards that are left.
fn top<'a>(
    ui: &mut egui::Ui,
    scene: &Scene<'a>,
    board: &mut Board,
    title: &mut String,
    out: &mut Vec<Action>,
) -> Columns<'a> {
    const ADD: f32 = 64.0;
    const CLEAR: f32 = 20.0;
    const COUNT: f32 = 72.0;
    ui.horizontal(|ui| {
        let spacing = ui.spacing().item_spacing.x;
        // The fields add their margins.
        let fixed = ADD + CLEAR + COUNT + 4.0 * spacing + 16.0;
        let room = (ui.available_width() - fixed).max(120.0);
        let filter_width = (0.4 * room).min(180.0);

        let response = field::line(ui, title, |edit| {
            edit.id(mma_dashboard::title_field())
                .hint_text("A new ticket")
                .desired_width(room - filter_width)
        });
        let entered = response.lost_focus() && ui.input(|i| i.key_pressed(egui::Key::Enter));
        let filled = !title.trim().is_empty();
        let add = egui::Button::new("➕ Add").min_size(egui::vec2(ADD, 0.0));
        let clicked = ui
            .add_enabled(filled, add)
            .on_hover_text("Add a ticket to the first column (Enter)")
            .clicked();
        if filled && (entered || clicked) {
            out.push(Action::AddTicket);
        }
        if entered {
            // For the next one.
            response.request_focus();
        }

        let filter = field::line(ui, &mut board.filter, |edit| {
            edit.id(egui::Id::new("mma_dashboard filter"))
                .hint_text("🔍 Filter")
                .desired_width(filter_width)
        });
        let gives_up = filter.on_hover_text("Number, title or text").lost_focus()
            && ui.input(|i| i.key_pressed(egui::Key::Escape));
        let is_filtered = !board.filter.is_empty();
        if icon(ui, "✖", "Show all tickets (Escape)", is_filtered, CLEAR) || gives_up {
            board.filter.clear();
        }
        let columns = arrange(scene.tickets, &board.filter);
        let shown: usize = columns.iter().map(Vec::len).sum();
        let color = if shown == 0 && is_filtered {
            scene.theme.warning
        } else {
            scene.theme.weak
        };
        let count = format!("{shown} of {}", scene.tickets.len());
        let count = egui::RichText::new(count).color(color);
        let size = egui::vec2(COUNT, ui.spacing().interact_size.y);
        ui.add_sized(size, egui::Label::new(count).truncate());
        columns
    })
    .inner
}

/// A button that is a glyph. Whether it was clicked.
fn icon(ui: &mut egui::Ui, glyph: &str, hover: &str, enabled: bool, width: f32) -> bool {
    let button = egui::Button::new(glyph)
        .frame(false)
        .min_size(egui::vec2(width, 0.0));
    ui.add_enabled(enabled, button)
        .on_hover_text(hover)
        .on_disabled_hover_text(hover)
        .clicked()
}

/// A card in the air.
#[derive(Clone, Copy)]
struct Carried {
    number: u32,
    pointer: egui::Pos2,
}

/// The columns, side by side.
fn show(
    ui: &mut egui::Ui,
    scene: &Scene<'_>,
    columns: &Columns<'_>,
    board: &mut Board,
    reveal: Option<u32>,
    out: &mut Vec<Action>,
) {
    let width = ((ui.available_width() - 3.0 * GAP) / 4.0).floor();
    let width = width.max(NARROW);
    // The payload is a plain number, for it may outlive a reload.
    let carried = egui::DragAndDrop::payload::<u32>(ui.ctx())
        .filter(|number| scene.get(**number).is_some())
        .zip(ui.ctx().pointer_interact_pos())
        .map(|(number, pointer)| Carried {
            number: *number,
            pointer,
        });
    let mut lifted = None;
    egui::ScrollArea::horizontal()
        .id_salt("columns")
        .auto_shrink(false)
        .drag_to_scroll(false)
        .show(ui, |ui| {
            let size = egui::vec2(4.0 * width + 3.0 * GAP, ui.available_height());
            let (_, whole) = ui.allocate_space(size);
            let mut left = whole.left();
            for (status, cards) in Status::ALL.into_iter().zip(columns) {
                let corner = egui::pos2(left, whole.top());
                let rect = egui::Rect::from_min_size(corner, egui::vec2(width, whole.height()));
                let builder = egui::UiBuilder::new()
                    .id_salt(("column", status.label()))
                    .max_rect(rect)
                    .layout(egui::Layout::top_down(egui::Align::Min));
                let mut child = ui.new_child(builder);
                child.shrink_clip_rect(rect);
                let places = column(
                    &mut child, scene, status, cards, board, carried, reveal, out,
                );
                if let Some(carried) = carried {
                    let own = places.iter().find(|(number, _)| *number == carried.number);
                    lifted = lifted.or(own.map(|(_, rect)| *rect));
                }
                if reveal.is_some_and(|number| cards.iter().any(|t| t.number == number)) {
                    // The column only took care of the height.
                    ui.scroll_to_rect(rect, None);
                }
                left += width + GAP;
            }
        });
    if let (Some(carried), Some(rect)) = (carried, lifted) {
        ghost(ui, scene, carried, rect);
    }
}

/// The card that is carried, under the pointer.
fn ghost(ui: &egui::Ui, scene: &Scene<'_>, carried: Carried, rect: egui::Rect) {
    let Some(ticket) = scene.get(carried.number) else {
        return;
    };
    let Some(origin) = ui.input(|input| input.pointer.press_origin()) else {
        return;
    };
    let layer = egui::LayerId::new(
        egui::Order::Tooltip,
        egui::Id::new("mma_dashboard card in the air"),
    );
    let mut painter = ui.ctx().layer_painter(layer);
    painter.set_opacity(0.85);
    let stroke = egui::Stroke::new(1.5, scene.theme.accent);
    let rect = rect.translate(carried.pointer - origin);
    Face::new(ui, scene, ticket, rect.width()).paint(&painter, rect, scene.theme.raised, stroke);
}

/// A column. Where its cards are.
fn column(
    ui: &mut egui::Ui,
    scene: &Scene<'_>,
    status: Status,
    cards: &[&Ticket],
    board: &mut Board,
    carried: Option<Carried>,
    reveal: Option<u32>,
    out: &mut Vec<Action>,
) -> Vec<(u32, egui::Rect)> {
    let theme = scene.theme;
    let rect = ui.max_rect();
    let over = carried.filter(|_| ui.rect_contains_pointer(rect));
    let stroke = if over.is_some() {
        egui::Stroke::new(1.0, theme.accent)
    } else {
        egui::Stroke::NONE
    };
    ui.painter()
        .rect(rect.shrink(0.5), theme.rounding, theme.background, stroke);
    let inner = rect.shrink(GAP);
    let (head, body) = inner.split_top_bottom_at_y(inner.top() + HEAD);
    heading(ui, head, status, cards.len(), theme);

    // The scroll bar is beside the cards.
    let body = egui::Rect::from_min_max(
        body.min + egui::vec2(0.0, GAP),
        body.max + egui::vec2(BAR, 0.0),
    );
    let mut ui = ui.new_child(egui::UiBuilder::new().max_rect(body));
    let mut places = Vec::new();
    egui::ScrollArea::vertical()
        .id_salt("cards")
        .auto_shrink(false)
        .drag_to_scroll(false)
        .show(&mut ui, |ui| {
            ui.spacing_mut().item_spacing.y = GAP;
            for ticket in cards {
                let is_lifted = carried.is_some_and(|carried| carried.number == ticket.number);
                let response = card(ui, scene, ticket, board, is_lifted);
                if reveal == Some(ticket.number) {
                    response.scroll_to_me(None);
                }
                places.push((ticket.number, response.rect));
            }
            if cards.is_empty() {
                let text = if board.filter.is_empty() {
                    "Nothing here. Drop a card to change that."
                } else {
                    "No hits."
                };
                ui.weak(text);
            }
            if let Some(carried) = over {
                drop_here(ui, status, &places, carried, theme, out);
            }
        });
    places
}

fn status_color(status: Status, theme: &Theme) -> egui::Color32 {
    match status {
        Status::Todo => theme.text,
        Status::Active => theme.accent,
        Status::Review => theme.warning,
        Status::Done => theme.good,
    }
}

fn heading(ui: &egui::Ui, rect: egui::Rect, status: Status, count: usize, theme: &Theme) {
    let color = status_color(status, theme);
    let painter = ui.painter();
    let line = rect.bottom() - 1.0;
    let middle = rect.center().y - 1.0;
    painter.text(
        egui::pos2(rect.left(), middle),
        egui::Align2::LEFT_CENTER,
        status.label(),
        egui::TextStyle::Button.resolve(ui.style()),
        color,
    );
    painter.text(
        egui::pos2(rect.right(), middle),
        egui::Align2::RIGHT_CENTER,
        count,
        egui::TextStyle::Small.resolve(ui.style()),
        color,
    );
    painter.hline(rect.x_range(), line, egui::Stroke::new(2.0, color));
}

/// Shows where the card in the air would go, and lets it go there once the button is released.
fn drop_here(
    ui: &egui::Ui,
    status: Status,
    places: &[(u32, egui::Rect)],
    carried: Carried,
    theme: &Theme,
    out: &mut Vec<Action>,
) {
    let clip = ui.clip_rect();
    let y = carried.pointer.y;
    if let (Some((_, first)), Some((_, last))) = (places.first(), places.last()) {
        // Not beyond the ends, or the cards would jump back and forth.
        let hidden_above = (clip.top() - first.top()).clamp(0.0, 6.0);
        let hidden_below = (last.bottom() - clip.bottom()).clamp(0.0, 6.0);
        let at_once = egui::style::ScrollAnimation::none();
        if y < clip.top() + EDGE && hidden_above > 0.0 {
            ui.scroll_with_delta_animation(egui::vec2(0.0, hidden_above), at_once);
        } else if y > clip.bottom() - EDGE && hidden_below > 0.0 {
            ui.scroll_with_delta_animation(egui::vec2(0.0, -hidden_below), at_once);
        }
    }
    let above = card_below(places, carried.number, y);
    if stays(places, carried.number, above) {
        return;
    }
    let target = places.iter().find(|(number, _)| Some(*number) == above);
    let line = match (target, places.last()) {
        (Some((_, rect)), _) => rect.top() - 0.5 * GAP,
        (None, Some((_, rect))) => rect.bottom() + 0.5 * GAP,
        (None, None) => ui.max_rect().top(),
    };
    let line = line.max(clip.top() + 2.0).min(clip.bottom() - 2.0);
    let range = egui::Rangef::new(ui.max_rect().left(), ui.max_rect().right() - BAR);
    let stroke = egui::Stroke::new(3.0, theme.accent);
    ui.painter().hline(range, line, stroke);
    if ui.input(|input| input.pointer.any_released()) {
        out.push(Action::MoveTicket(carried.number, status, above));
    }
}

/// The card above which one goes that is let go at this height; `None` for the end.
fn card_below(places: &[(u32, egui::Rect)], carried: u32, y: f32) -> Option<u32> {
    let others = places.iter().filter(|(number, _)| *number != carried);
    let mut below = others.filter(|(_, rect)| y < rect.center().y);
    below.next().map(|(number, _)| *number)
}

/// Whether it is there already.
fn stays(places: &[(u32, egui::Rect)], carried: u32, above: Option<u32>) -> bool {
    let own = places.iter().position(|(number, _)| *number == carried);
    own.is_some_and(|own| places.get(own + 1).map(|(number, _)| *number) == above)
}

/// What a card says, laid out.
struct Face {
    number: Arc<egui::Galley>,
    title: Arc<egui::Galley>,
    needs: Option<Arc<egui::Galley>>,
    notes: Vec<Arc<egui::Galley>>,
    height: f32,
}

impl Face {
    /// Between two lines, in points.
    const LEADING: f32 = 2.0;

    fn new(ui: &egui::Ui, scene: &Scene<'_>, ticket: &Ticket, width: f32) -> Self {
        use egui::text::{LayoutJob, TextFormat};

        let theme = scene.theme;
        let small = egui::TextStyle::Small.resolve(ui.style());
        let body = egui::TextStyle::Body.resolve(ui.style());
        let width = (width - 2.0 * INSET).max(1.0);
        let painter = ui.painter();

        let number = format!("#{}", ticket.number);
        let number = painter.layout_job(LayoutJob::simple_singleline(
            number,
            small.clone(),
            theme.weak,
        ));
        let color = if ticket.status == Status::Done {
            theme.weak
        } else {
            theme.text
        };
        let mut title = LayoutJob::simple(ticket.title.clone(), body, color, width);
        title.wrap.max_rows = 3;
        let title = painter.layout_job(title);

        let needs = (!ticket.depends_on.is_empty()).then(|| {
            let mut job = LayoutJob::default();
            job.wrap.max_width = width;
            job.wrap.max_rows = 2;
            for (index, number) in ticket.depends_on.iter().enumerate() {
                let lead = if index == 0 { "after " } else { ", " };
                job.append(lead, 0.0, TextFormat::simple(small.clone(), theme.weak));
                let format = TextFormat::simple(small.clone(), scene.color(*number));
                job.append(&format!("#{number}"), 0.0, format);
            }
            painter.layout_job(job)
        });

        let notes = notes(scene, ticket).into_iter().map(|(note, color)| {
            let mut job = LayoutJob::simple(note, small.clone(), color, width);
            job.wrap.max_rows = 2;
            painter.layout_job(job)
        });
        let notes = notes.collect();

        let mut face = Self {
            number,
            title,
            needs,
            notes,
            height: 0.0,
        };
        let lines = face.lines().map(|line| line.size().y + Self::LEADING);
        face.height = lines.sum::<f32>() - Self::LEADING + 2.0 * INSET;
        face
    }

    fn lines(&self) -> impl Iterator<Item = &Arc<egui::Galley>> {
        let lines = [&self.number, &self.title].into_iter();
        lines.chain(&self.needs).chain(&self.notes)
    }

    fn paint(
        &self,
        painter: &egui::Painter,
        rect: egui::Rect,
        fill: egui::Color32,
        stroke: egui::Stroke,
    ) {
        let style = painter.ctx().style();
        let rounding = style.visuals.widgets.noninteractive.rounding;
        painter.rect(rect, rounding, fill, stroke);
        let mut at = rect.min + egui::Vec2::splat(INSET);
        for line in self.lines() {
            painter.galley(at, line.clone(), egui::Color32::WHITE);
            at.y += line.size().y + Self::LEADING;
        }
    }
}

/// What keeps a ticket, and what the assistant does with it.
fn notes(scene: &Scene<'_>, ticket: &Ticket) -> Vec<(String, egui::Color32)> {
    let theme = scene.theme;
    let blocked = scene.needs.blocked(ticket);
    let blocked = blocked.map(|why| (format!("blocked: {why}"), theme.warning));
    let run = match &ticket.run {
        Run::Idle => None,
        Run::Asked { .. } => Some(("the assistant works on it".to_owned(), theme.accent)),
        Run::Failed(reason) => Some((format!("failed: {reason}"), theme.error)),
        Run::Checked { .. } => Some(("QA checks it".to_owned(), theme.accent)),
        Run::Unchecked(reason) => Some((format!("not checked: {reason}"), theme.error)),
    };
    let verdict = ticket.verdict.as_ref().map(|verdict| match verdict {
        Verdict::Passed => ("QA passed it".to_owned(), theme.good),
        Verdict::Failed(reason) => (format!("QA: {reason}"), theme.warning),
    });
    blocked.into_iter().chain(run).chain(verdict).collect()
}

/// Lets a ticket be chosen, by a click or by the arrows, and be told to those who do not see it.
fn select(ui: &egui::Ui, response: &egui::Response, ticket: &Ticket, board: &mut Board) {
    let is_selected = board.selected == Some(ticket.number);
    let is_enabled = ui.is_enabled();
    response.widget_info(|| {
        let label = format!("Ticket {}: {}", ticket.number, ticket.title);
        egui::WidgetInfo::selected(egui::WidgetType::Button, is_enabled, is_selected, label)
    });
    if response.clicked() {
        board.selected = Some(ticket.number);
    }
    if response.has_focus() {
        // The arrows choose another ticket.
        let filter = egui::EventFilter {
            horizontal_arrows: true,
            vertical_arrows: true,
            ..egui::EventFilter::default()
        };
        ui.memory_mut(|memory| memory.set_focus_lock_filter(response.id, filter));
    }
}

fn card(
    ui: &mut egui::Ui,
    scene: &Scene<'_>,
    ticket: &Ticket,
    board: &mut Board,
    is_lifted: bool,
) -> egui::Response {
    let theme = scene.theme;
    let width = (ui.available_width() - BAR).max(24.0);
    let face = Face::new(ui, scene, ticket, width);
    let (_, rect) = ui.allocate_space(egui::vec2(width, face.height));
    let id = card_id(ticket.number);
    let response = ui.interact(rect, id, egui::Sense::click_and_drag());
    let is_selected = board.selected == Some(ticket.number);
    response.dnd_set_drag_payload(ticket.number);
    select(ui, &response, ticket, board);
    if ui.is_rect_visible(rect) {
        let mut painter = ui.painter().clone();
        if is_lifted {
            painter.multiply_opacity(0.35);
        }
        let (fill, color) = if is_selected {
            (theme.selected, theme.accent)
        } else if response.hovered() || response.has_focus() {
            (theme.raised, theme.weak)
        } else {
            (theme.raised, egui::Color32::TRANSPARENT)
        };
        let thickness = if response.has_focus() { 2.0 } else { 1.0 };
        face.paint(&painter, rect, fill, egui::Stroke::new(thickness, color));
    }
    if face.lines().any(|line| line.elided) {
        // Made only where the pointer rests: a reason may be long, and tickets many.
        response.on_hover_ui(|ui| {
            ui.set_max_width(ui.spacing().tooltip_width);
            ui.label(whole(scene, ticket));
        })
    } else {
        response
    }
}

/// What a card says, as far as it may have no room for it.
fn whole(scene: &Scene<'_>, ticket: &Ticket) -> String {
    let mut text = ticket.title.clone();
    if !ticket.depends_on.is_empty() {
        let needs = ticket.depends_on.iter().map(|number| format!("#{number}"));
        text += &format!("\nafter {}", needs.collect::<Vec<_>>().join(", "));
    }
    for (note, _) in notes(scene, ticket) {
        text.push('\n');
        text.push_str(&note);
    }
    text
}

/// The beginning of a text that is too long.
fn shortened(text: &str, most: usize) -> String {
    let mut short: String = text.chars().take(most).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

/// Deletes a ticket with what was typed in it, so that it comes back with that.
fn delete(number: u32, board: &mut Board, out: &mut Vec<Action>) {
    match board.draft.take() {
        Some(draft) if draft.number == number => out.push(Action::EditTicket(draft)),
        other => board.draft = other,
    }
    out.push(Action::DeleteTicket(number));
}

fn card_id(number: u32) -> egui::Id {
    egui::Id::new(("mma_dashboard card", number))
}

#[cfg(test)]
mod tests;

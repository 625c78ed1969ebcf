//! The board: a column for each status, a card for each ticket, and a pane for the chosen one.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use slop_engine::{
    egui,
    egui_commonmark::{CommonMarkCache, CommonMarkViewer},
};
use slop_state::{Action, Board, Status, Ticket};

use crate::gui::theme::Theme;

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

const SAVE: egui::KeyboardShortcut =
    egui::KeyboardShortcut::new(egui::Modifiers::CTRL, egui::Key::Enter);

/// What the panel draws, and what of it a person changes directly.
pub(in crate::gui) struct View<'a> {
    /// In any order.
    pub(in crate::gui) tickets: &'a [&'a Ticket],
    pub(in crate::gui) board: &'a mut Board,
    /// Of the ticket to be.
    pub(in crate::gui) title: &'a mut String,
    pub(in crate::gui) theme: &'a Theme,
}

pub(super) fn panel(ui: &mut egui::Ui, view: View<'_>, out: &mut Vec<Action>) {
    let View {
        tickets,
        board,
        title,
        theme,
    } = view;
    // Panels within a window do not tell it how much room they take.
    ui.expand_to_include_rect(ui.max_rect());
    let scene = Scene::new(tickets, theme);
    settle(&scene, board, out);
    let columns = top(ui, &scene, board, title, out);
    ui.add_space(GAP);
    if tickets.is_empty() {
        ui.centered_and_justified(|ui| {
            ui.weak("No tickets yet. Name one above, and press Enter.");
        });
        return;
    }
    let reveal = keys(ui, &columns, board, out);
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
    }
    egui::CentralPanel::default()
        .frame(egui::Frame::none())
        .show_inside(ui, |ui| show(ui, &scene, &columns, board, reveal, out));
    settle(&scene, board, out);
}

/// All there is, whatever is filtered.
struct Scene<'a> {
    tickets: &'a [&'a Ticket],
    by_number: HashMap<u32, &'a Ticket>,
    theme: &'a Theme,
}

impl<'a> Scene<'a> {
    fn new(tickets: &'a [&'a Ticket], theme: &'a Theme) -> Self {
        Self {
            tickets,
            by_number: tickets.iter().map(|t| (t.number, *t)).collect(),
            theme,
        }
    }

    fn get(&self, number: u32) -> Option<&'a Ticket> {
        self.by_number.get(&number).copied()
    }

    /// The colour of a dependency.
    fn color(&self, number: u32) -> egui::Color32 {
        match self.get(number) {
            Some(ticket) if ticket.status != Status::Done => self.theme.warning,
            _ => self.theme.weak,
        }
    }
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

        let field = egui::TextEdit::singleline(title)
            .id(egui::Id::new("mma_dashboard new ticket"))
            .hint_text("A new ticket")
            .desired_width(room - filter_width);
        let response = ui.add(field);
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

        let field = egui::TextEdit::singleline(&mut board.filter)
            .id(egui::Id::new("mma_dashboard filter"))
            .hint_text("🔍 Filter")
            .desired_width(filter_width);
        let gives_up = ui
            .add(field)
            .on_hover_text("Number, title or text")
            .lost_focus()
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

/// Where an arrow leads.
#[derive(Clone, Copy, Debug)]
enum Step {
    Up,
    Down,
    Left,
    Right,
}

/// The card beside another; the first one if there is no other.
fn neighbour(columns: &Columns<'_>, from: Option<u32>, step: Step) -> Option<u32> {
    let Some((column, row)) = from.and_then(|number| locate(columns, number)) else {
        return columns.iter().flatten().next().map(|t| t.number);
    };
    let at = |column: usize, row: usize| columns[column].get(row).map(|t| t.number);
    // At the same height, or at the end.
    let beside = |column: usize| at(column, row.min(columns[column].len().checked_sub(1)?));
    match step {
        Step::Up => at(column, row.checked_sub(1)?),
        Step::Down => at(column, row + 1),
        Step::Left => (0..column).rev().find_map(beside),
        Step::Right => (column + 1..columns.len()).find_map(beside),
    }
}

/// Column and row of a card.
fn locate(columns: &Columns<'_>, number: u32) -> Option<(usize, usize)> {
    columns.iter().enumerate().find_map(|(column, cards)| {
        let row = cards.iter().position(|t| t.number == number)?;
        Some((column, row))
    })
}

/// Arrows choose another ticket and Delete deletes the chosen one, unless the keyboard belongs to
/// something else. The card that is to be brought into view.
fn keys(
    ui: &egui::Ui,
    columns: &Columns<'_>,
    board: &mut Board,
    out: &mut Vec<Action>,
) -> Option<u32> {
    const STEPS: [(egui::Key, Step); 4] = [
        (egui::Key::ArrowUp, Step::Up),
        (egui::Key::ArrowDown, Step::Down),
        (egui::Key::ArrowLeft, Step::Left),
        (egui::Key::ArrowRight, Step::Right),
    ];
    let focused = ui.memory(|memory| memory.focused());
    let card = focused.and_then(|focused| {
        let mut cards = columns.iter().flatten().map(|t| t.number);
        cards.find(|number| card_id(*number) == focused)
    });
    let is_elsewhere = focused.is_some() && card.is_none();
    if is_elsewhere
        || ui.memory(|memory| memory.any_popup_open())
        || egui::DragAndDrop::has_any_payload(ui.ctx())
    {
        return None;
    }
    let current = card.or(board.selected);
    if let Some(number) = current.filter(|_| deletes(ui)) {
        let beside = locate(columns, number).and_then(|_| {
            neighbour(columns, current, Step::Down)
                .or_else(|| neighbour(columns, current, Step::Up))
        });
        delete(number, board, out);
        board.selected = beside;
        return beside;
    }
    let pressed = |key| ui.input_mut(|input| input.consume_key(egui::Modifiers::NONE, key));
    let (_, step) = STEPS.into_iter().find(|(key, _)| pressed(*key))?;
    let next = neighbour(columns, current, step)?;
    board.selected = Some(next);
    if card.is_some() {
        ui.memory_mut(|memory| memory.request_focus(card_id(next)));
    }
    Some(next)
}

/// Whether Delete was struck. A key that is held deletes only one.
fn deletes(ui: &egui::Ui) -> bool {
    ui.input(|input| {
        input.events.iter().any(|event| {
            matches!(
                event,
                egui::Event::Key {
                    key: egui::Key::Delete,
                    pressed: true,
                    repeat: false,
                    modifiers,
                    ..
                } if modifiers.is_none()
            )
        })
    })
}

fn delete(number: u32, board: &mut Board, out: &mut Vec<Action>) {
    board.draft = board.draft.take().filter(|draft| draft.number != number);
    out.push(Action::DeleteTicket(number));
}

fn card_id(number: u32) -> egui::Id {
    egui::Id::new(("mma_dashboard card", number))
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
        .rect(rect.shrink(0.5), 4.0, theme.background, stroke);
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

fn heading(ui: &egui::Ui, rect: egui::Rect, status: Status, count: usize, theme: &Theme) {
    let color = match status {
        Status::Todo => theme.text,
        Status::Active => theme.accent,
        Status::Review => theme.warning,
        Status::Done => theme.good,
    };
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

        let mut face = Self {
            number,
            title,
            needs,
            height: 0.0,
        };
        let lines = face.lines().map(|line| line.size().y + Self::LEADING);
        face.height = lines.sum::<f32>() - Self::LEADING + 2.0 * INSET;
        face
    }

    fn lines(&self) -> impl Iterator<Item = &Arc<egui::Galley>> {
        [&self.number, &self.title].into_iter().chain(&self.needs)
    }

    fn paint(
        &self,
        painter: &egui::Painter,
        rect: egui::Rect,
        fill: egui::Color32,
        stroke: egui::Stroke,
    ) {
        painter.rect(rect, 4.0, fill, stroke);
        let mut at = rect.min + egui::Vec2::splat(INSET);
        for line in self.lines() {
            painter.galley(at, line.clone(), egui::Color32::WHITE);
            at.y += line.size().y + Self::LEADING;
        }
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
    let is_enabled = ui.is_enabled();
    response.widget_info(|| {
        let label = format!("Ticket {}: {}", ticket.number, ticket.title);
        egui::WidgetInfo::selected(egui::WidgetType::Button, is_enabled, is_selected, label)
    });
    response.dnd_set_drag_payload(ticket.number);
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
        ui.memory_mut(|memory| memory.set_focus_lock_filter(id, filter));
    }
    if ui.is_rect_visible(rect) {
        let mut painter = ui.painter().clone();
        if is_lifted {
            painter.multiply_opacity(0.35);
        }
        let (fill, color) = if is_selected {
            (theme.raised.lerp_to_gamma(theme.accent, 0.15), theme.accent)
        } else if response.hovered() || response.has_focus() {
            (theme.raised, theme.weak)
        } else {
            (theme.raised, egui::Color32::TRANSPARENT)
        };
        let thickness = if response.has_focus() { 2.0 } else { 1.0 };
        face.paint(&painter, rect, fill, egui::Stroke::new(thickness, color));
    }
    if face.title.elided {
        response.on_hover_text(ticket.title.as_str())
    } else {
        response
    }
}

/// What a click or a shortcut in the pane asks for.
enum Wish {
    Save,
    Revert,
    Delete,
    Close,
}

fn title_field(number: u32) -> egui::Id {
    egui::Id::new(("mma_dashboard title", number))
}

fn text_field(number: u32) -> egui::Id {
    egui::Id::new(("mma_dashboard text", number))
}

/// The pane of the chosen ticket.
fn detail(
    ui: &mut egui::Ui,
    scene: &Scene<'_>,
    ticket: &Ticket,
    board: &mut Board,
    out: &mut Vec<Action>,
) {
    let number = ticket.number;
    // There is a draft only while it differs, so that without one the ticket is seen as it is.
    let draft = board.draft.take().filter(|draft| draft.number == number);
    let mut draft = draft.unwrap_or_else(|| ticket.clone());
    draft.status = ticket.status;
    draft.rank = ticket.rank;
    draft.depends_on.retain(|n| scene.get(*n).is_some());

    let mut wish = None;
    let focused = ui.memory(|memory| memory.focused());
    let is_written = focused == Some(title_field(number)) || focused == Some(text_field(number));
    if is_written && ui.input_mut(|input| input.consume_shortcut(&SAVE)) {
        wish = Some(Wish::Save);
    }
    ui.horizontal(|ui| {
        let text = egui::RichText::new(format!("Ticket {number}"));
        ui.label(text.heading().color(scene.theme.accent));
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            if icon(ui, "✖", "Close; changes are saved", true, 20.0) {
                wish = Some(Wish::Close);
            }
        });
    });
    let buttons = ui.spacing().interact_size.y + 2.0 * GAP;
    egui::ScrollArea::vertical()
        .id_salt(("fields", number))
        .max_height((ui.available_height() - buttons).max(80.0))
        .auto_shrink(false)
        .drag_to_scroll(false)
        .show(ui, |ui| {
            ui.set_max_width(ui.available_width() - BAR);
            fields(ui, scene, ticket, &mut draft, out);
        });
    let wanted = changes(&draft, ticket);
    ui.horizontal(|ui| {
        let save = ui.add_enabled(wanted.is_some(), egui::Button::new("Save"));
        let hover = "Ctrl+Enter. To choose another ticket saves too.";
        if save.on_hover_text(hover).clicked() {
            wish = Some(Wish::Save);
        }
        let revert = ui.add_enabled(draft != *ticket, egui::Button::new("Revert"));
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
    match (wish, wanted) {
        (Some(Wish::Save), Some(wanted)) => {
            draft.clone_from(&wanted);
            out.push(Action::EditTicket(wanted));
        }
        (Some(Wish::Revert), _) => draft.clone_from(ticket),
        (Some(Wish::Delete), _) => {
            draft.clone_from(ticket);
            board.selected = None;
            delete(number, board, out);
        }
        (Some(Wish::Close), _) => board.selected = None,
        (Some(Wish::Save) | None, _) => {}
    }
    board.draft = (draft != *ticket).then_some(draft);
}

fn fields(
    ui: &mut egui::Ui,
    scene: &Scene<'_>,
    ticket: &Ticket,
    draft: &mut Ticket,
    out: &mut Vec<Action>,
) {
    let title = egui::TextEdit::singleline(&mut draft.title)
        .id(title_field(ticket.number))
        .hint_text("Title")
        .desired_width(f32::INFINITY);
    ui.add(title);
    ui.horizontal(|ui| {
        ui.label("Status");
        let mut status = ticket.status;
        egui::ComboBox::from_id_salt("status")
            .width(110.0)
            .selected_text(status.label())
            .show_ui(ui, |ui| {
                for choice in Status::ALL {
                    ui.selectable_value(&mut status, choice, choice.label());
                }
            });
        if status != ticket.status {
            out.push(Action::MoveTicket(ticket.number, status, None));
        }
    });
    needs(ui, scene, draft);

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
        let text = egui::TextEdit::multiline(&mut draft.text)
            .id(text_field(ticket.number))
            .hint_text("All there is to say, in CommonMark")
            .desired_width(f32::INFINITY)
            .min_size(egui::vec2(0.0, height));
        ui.add(text);
    } else if draft.text.trim().is_empty() {
        ui.weak("Nothing is written yet.");
    } else {
        // A new cache each time costs nothing, for nothing is highlighted and no image loaded.
        CommonMarkViewer::new()
            .explicit_image_uri_scheme(true)
            .show(ui, &mut CommonMarkCache::default(), &draft.text);
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
        });
}

/// A ticket and all that depend on it, be it through others. It can depend on none of them.
fn dependents(tickets: &[&Ticket], number: u32) -> HashSet<u32> {
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

/// The beginning of a text that is too long.
fn shortened(text: &str, most: usize) -> String {
    let mut short: String = text.chars().take(most).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

#[cfg(test)]
mod tests {
    use super::{
        super::testing::{button, find, key, theme, Window},
        *,
    };

    fn ticket(number: u32, status: Status) -> Ticket {
        Ticket {
            number,
            title: format!("title {number}"),
            text: String::new(),
            status,
            rank: f64::from(number),
            depends_on: Vec::new(),
        }
    }

    struct Bench {
        window: Window,
        tickets: Vec<Ticket>,
        board: Board,
        title: String,
    }

    impl Bench {
        fn new(statuses: &[Status]) -> Self {
            let numbered = (1..).zip(statuses);
            let mut bench = Self {
                window: Window::default(),
                tickets: numbered.map(|(n, status)| ticket(n, *status)).collect(),
                board: Board::default(),
                title: String::new(),
            };
            bench.look();
            bench
        }

        fn run(&mut self, events: Vec<egui::Event>) -> (Vec<Action>, Vec<(String, egui::Rect)>) {
            let Self {
                window,
                tickets,
                board,
                title,
            } = self;
            let theme = theme();
            let tickets: Vec<_> = tickets.iter().collect();
            let mut out = Vec::new();
            let seen = window.run(events, |ui| {
                let view = View {
                    tickets: &tickets,
                    board: &mut *board,
                    title: &mut *title,
                    theme: &theme,
                };
                panel(ui, view, &mut out);
            });
            (out, seen)
        }

        fn look(&mut self) -> Vec<(String, egui::Rect)> {
            self.run(Vec::new());
            self.run(Vec::new()).1
        }

        #[track_caller]
        fn find(&mut self, text: &str) -> egui::Rect {
            find(&self.look(), text)
        }

        fn sees(&mut self, text: &str) -> bool {
            self.look().iter().any(|(seen, _)| seen == text)
        }

        fn click(&mut self, at: egui::Pos2) -> Vec<Action> {
            self.window.wait();
            let (mut out, _) = self.run(vec![egui::Event::PointerMoved(at)]);
            out.extend(self.run(vec![button(at, true)]).0);
            out.extend(self.run(vec![button(at, false)]).0);
            out
        }

        #[track_caller]
        fn click_on(&mut self, text: &str) -> Vec<Action> {
            let at = self.find(text).center();
            self.click(at)
        }

        fn drag(&mut self, from: egui::Pos2, to: egui::Pos2) -> Vec<Action> {
            self.window.wait();
            let (mut out, _) = self.run(vec![egui::Event::PointerMoved(from)]);
            out.extend(self.run(vec![button(from, true)]).0);
            for share in [0.25, 0.5, 0.75, 1.0] {
                let at = from.lerp(to, share);
                out.extend(self.run(vec![egui::Event::PointerMoved(at)]).0);
            }
            out.extend(self.run(vec![button(to, false)]).0);
            out.extend(self.run(Vec::new()).0);
            out
        }

        fn key(&mut self, struck: egui::Key, modifiers: egui::Modifiers) -> Vec<Action> {
            let (mut out, _) = self.run(vec![key(struck, true, modifiers)]);
            out.extend(self.run(vec![key(struck, false, modifiers)]).0);
            out
        }

        fn write(&mut self, text: &str) -> Vec<Action> {
            self.run(vec![egui::Event::Text(text.to_owned())]).0
        }
    }

    const HINT: &str = "All there is to say, in CommonMark";

    #[test]
    fn a_filter_shows_what_contains_it() {
        let mut bench = Bench::new(&[Status::Todo, Status::Todo, Status::Done]);
        bench.tickets[1].text = "The Parser is slow".to_owned();
        let mut check = |filter: &str, hits: [bool; 3], count: &str| {
            filter.clone_into(&mut bench.board.filter);
            let seen = ["title 1", "title 2", "title 3"].map(|title| bench.sees(title));
            assert_eq!(seen, hits, "{filter}");
            assert!(bench.sees(count), "{filter}");
        };
        check("", [true; 3], "3 of 3");
        check("parser", [false, true, false], "1 of 3");
        check("TITLE 3", [false, false, true], "1 of 3");
        check("#1", [true, false, false], "1 of 3");
        check("nothing", [false; 3], "0 of 3");
        assert!(bench.sees("No hits."));
        bench.click_on("✖");
        assert_eq!(bench.board.filter, "");
    }

    #[test]
    fn a_ticket_is_added_by_enter_and_by_the_button() {
        let mut bench = Bench::new(&[]);
        assert!(bench.sees("No tickets yet. Name one above, and press Enter."));
        assert_eq!(bench.click_on("➕ Add"), []);
        bench.click_on("A new ticket");
        bench.write("mend it");
        assert_eq!(bench.title, "mend it");
        let entered = bench.key(egui::Key::Enter, egui::Modifiers::NONE);
        assert_eq!(entered, [Action::AddTicket]);
        // The controller would have taken it.
        bench.title.clear();
        bench.write("and this");
        assert_eq!(bench.title, "and this");
        assert_eq!(bench.click_on("➕ Add"), [Action::AddTicket]);
    }

    #[test]
    fn a_click_chooses_a_ticket() {
        let mut bench = Bench::new(&[Status::Todo, Status::Review]);
        assert_eq!(bench.click_on("title 2"), []);
        assert_eq!(bench.board.selected, Some(2));
        assert!(bench.sees("Ticket 2"));
        bench.click_on("title 1");
        assert_eq!(bench.board.selected, Some(1));
        assert_eq!(bench.board.draft, None);
        bench.tickets.remove(0);
        assert!(!bench.sees("Ticket 1"));
        assert_eq!(bench.board.selected, None);
    }

    #[test]
    fn a_card_is_dragged_to_another_column() {
        let mut bench = Bench::new(&[Status::Todo, Status::Review, Status::Review]);
        let card = bench.find("title 1").center();
        let active = bench.find("Active").center();
        let dragged = bench.drag(card, active + egui::vec2(40.0, 300.0));
        assert_eq!(dragged, [Action::MoveTicket(1, Status::Active, None)]);
        let above = bench.find("title 2").center() - egui::vec2(0.0, 20.0);
        let dragged = bench.drag(card, above);
        assert_eq!(dragged, [Action::MoveTicket(1, Status::Review, Some(2))]);
        let below = bench.find("title 2").center() + egui::vec2(0.0, 20.0);
        let dragged = bench.drag(card, below);
        assert_eq!(dragged, [Action::MoveTicket(1, Status::Review, Some(3))]);
        assert_eq!(bench.board.selected, None);
        assert_eq!(bench.drag(card, egui::pos2(600.0, 2.0)), []);
    }

    #[test]
    fn a_card_is_dragged_within_its_column() {
        let mut bench = Bench::new(&[Status::Todo; 3]);
        let one = bench.find("title 1").center();
        let three = bench.find("title 3").center();
        let dragged = bench.drag(one, three - egui::vec2(0.0, 20.0));
        assert_eq!(dragged, [Action::MoveTicket(1, Status::Todo, Some(3))]);
        let dragged = bench.drag(one, three + egui::vec2(0.0, 200.0));
        assert_eq!(dragged, [Action::MoveTicket(1, Status::Todo, None)]);
        let dragged = bench.drag(three, one - egui::vec2(0.0, 20.0));
        assert_eq!(dragged, [Action::MoveTicket(3, Status::Todo, Some(1))]);
        // Back to where it was.
        assert_eq!(bench.drag(one, one + egui::vec2(30.0, 8.0)), []);
        assert_eq!(bench.drag(three, three + egui::vec2(0.0, 200.0)), []);
    }

    #[test]
    fn nothing_can_depend_on_itself() {
        let mut tickets = [1, 2, 3, 4].map(|number| ticket(number, Status::Todo));
        tickets[1].depends_on = vec![1];
        tickets[0].depends_on = vec![3];
        let tickets: Vec<_> = tickets.iter().collect();
        assert_eq!(dependents(&tickets, 3), HashSet::from([1, 2, 3]));
        assert_eq!(dependents(&tickets, 1), HashSet::from([1, 2]));
        assert_eq!(dependents(&tickets, 4), HashSet::from([4]));
    }

    #[test]
    fn only_what_can_come_before_is_offered() {
        let mut bench = Bench::new(&[Status::Todo; 3]);
        bench.tickets[1].depends_on = vec![1];
        assert!(bench.sees("after #1"));
        bench.board.selected = Some(1);
        bench.click_on("Add a ticket…");
        assert!(!bench.sees("#2 title 2"));
        bench.click_on("#3 title 3");
        let draft = bench.board.draft.clone().unwrap();
        assert_eq!(draft.depends_on, [3]);
        let saved = bench.click_on("Save");
        assert_eq!(saved, [Action::EditTicket(draft)]);
        bench.click_on("#3 ✖");
        assert_eq!(bench.board.draft, None);
    }

    #[test]
    fn arrows_choose_another_ticket() {
        let mut bench = Bench::new(&[Status::Todo, Status::Todo, Status::Review, Status::Done]);
        let mut check = |struck, chosen| {
            assert_eq!(bench.key(struck, egui::Modifiers::NONE), []);
            assert_eq!(bench.board.selected, Some(chosen), "{struck:?}");
        };
        check(egui::Key::ArrowDown, 1);
        check(egui::Key::ArrowDown, 2);
        check(egui::Key::ArrowDown, 2);
        check(egui::Key::ArrowRight, 3);
        check(egui::Key::ArrowRight, 4);
        check(egui::Key::ArrowRight, 4);
        check(egui::Key::ArrowLeft, 3);
        check(egui::Key::ArrowLeft, 1);
        check(egui::Key::ArrowUp, 1);
        bench.click_on("A new ticket");
        bench.key(egui::Key::ArrowDown, egui::Modifiers::NONE);
        assert_eq!(bench.board.selected, Some(1));
    }

    #[test]
    fn delete_deletes_the_chosen_ticket() {
        let mut bench = Bench::new(&[Status::Todo, Status::Todo]);
        let delete = |bench: &mut Bench| bench.key(egui::Key::Delete, egui::Modifiers::NONE);
        assert_eq!(delete(&mut bench), []);
        bench.click_on("title 1");
        bench.click_on(HINT);
        assert_eq!(delete(&mut bench), []);
        bench.key(egui::Key::Escape, egui::Modifiers::NONE);
        assert_eq!(delete(&mut bench), [Action::DeleteTicket(1)]);
        assert_eq!(bench.board.selected, Some(2));
        assert_eq!(bench.click_on("🗑 Delete"), [Action::DeleteTicket(2)]);
        assert_eq!(bench.board.selected, None);
    }

    #[test]
    fn a_draft_is_saved_or_reverted() {
        let mut bench = Bench::new(&[Status::Todo]);
        bench.click_on("title 1");
        assert_eq!(bench.click_on("Save"), []);
        bench.click_on(HINT);
        bench.write("more");
        let wanted = Ticket {
            text: "more".to_owned(),
            ..bench.tickets[0].clone()
        };
        assert_eq!(bench.board.draft.as_ref(), Some(&wanted));
        bench.click_on("Revert");
        assert_eq!(bench.board.draft, None);
        bench.click_on(HINT);
        bench.write("more");
        let saved = bench.key(egui::Key::Enter, egui::Modifiers::CTRL);
        assert_eq!(saved, [Action::EditTicket(wanted.clone())]);
        assert_eq!(bench.click_on("Save"), [Action::EditTicket(wanted.clone())]);
        bench.tickets[0] = wanted;
        bench.look();
        assert_eq!(bench.board.draft, None);
    }

    #[test]
    fn a_draft_is_saved_when_another_ticket_is_chosen() {
        let mut bench = Bench::new(&[Status::Todo, Status::Done]);
        bench.click_on("title 1");
        bench.click_on(HINT);
        bench.write("more");
        let wanted = bench.board.draft.clone().unwrap();
        assert_eq!(bench.click_on("title 2"), [Action::EditTicket(wanted)]);
        assert_eq!(bench.board.selected, Some(2));
        assert_eq!(bench.board.draft, None);
    }

    #[test]
    fn a_blank_title_is_not_saved() {
        let old = ticket(1, Status::Todo);
        let draft = Ticket {
            title: " ".to_owned(),
            ..old.clone()
        };
        assert_eq!(changes(&draft, &old), None);
        let draft = Ticket {
            title: " new ".to_owned(),
            ..old.clone()
        };
        assert_eq!(changes(&draft, &old).unwrap().title, "new");
    }
}

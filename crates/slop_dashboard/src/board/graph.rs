//! The graph: a box for each ticket, to the right of what it depends on.

use std::collections::HashMap;

use slop_engine::egui::{self, epaint::CubicBezierShape};
use slop_state::{Board, Ticket};

use super::{card_id, contains, select, status_color, Scene, INSET};

/// The size of a box, in points.
const SIZE: egui::Vec2 = egui::vec2(168.0, 46.0);

/// Between two columns, and between two boxes of one, in points.
const SPACE: egui::Vec2 = egui::vec2(64.0, 14.0);

/// Where the boxes are, seen from the upper left corner of the graph.
fn places(layers: &[Vec<&Ticket>]) -> HashMap<u32, egui::Rect> {
    let step = SIZE + SPACE;
    let mut places = HashMap::new();
    for (column, layer) in layers.iter().enumerate() {
        for (row, ticket) in layer.iter().enumerate() {
            let corner = egui::pos2(column as f32 * step.x, row as f32 * step.y);
            places.insert(ticket.number, egui::Rect::from_min_size(corner, SIZE));
        }
    }
    places
}

/// Draws the graph. It scrolls, and can be dragged, if it is larger than what there is room for.
pub(super) fn show(
    ui: &mut egui::Ui,
    scene: &Scene<'_>,
    layers: &[Vec<&Ticket>],
    board: &mut Board,
    reveal: Option<u32>,
) {
    let mut places = places(layers);
    let size = places.values().fold(egui::Vec2::ZERO, |size, place| {
        size.max(place.max.to_vec2())
    });
    egui::ScrollArea::both()
        .id_salt("graph")
        .auto_shrink(false)
        .show(ui, |ui| {
            // Kept free for the strokes of the outermost boxes, and the scroll bars.
            let margin = egui::Vec2::splat(INSET);
            let (_, whole) = ui.allocate_space(size + 2.0 * margin);
            for place in places.values_mut() {
                *place = place.translate(whole.min.to_vec2() + margin);
            }
            edges(ui, scene, layers, &places, board.selected);
            let needle = board.filter.trim().to_lowercase();
            for ticket in layers.iter().flatten() {
                let Some(place) = places.get(&ticket.number) else {
                    continue;
                };
                let is_found = contains(ticket, &needle);
                node(ui, scene, ticket, *place, is_found, board);
                if reveal == Some(ticket.number) {
                    ui.scroll_to_rect(place.expand(INSET), None);
                }
            }
        });
}

/// A curve from each ticket to those that depend on it. Those of the chosen one stand out.
fn edges(
    ui: &egui::Ui,
    scene: &Scene<'_>,
    layers: &[Vec<&Ticket>],
    places: &HashMap<u32, egui::Rect>,
    selected: Option<u32>,
) {
    for ticket in layers.iter().flatten() {
        for need in &ticket.depends_on {
            let (Some(from), Some(to)) = (places.get(need), places.get(&ticket.number)) else {
                continue;
            };
            let is_chosen = selected == Some(*need) || selected == Some(ticket.number);
            let stroke = if is_chosen {
                egui::Stroke::new(2.0, scene.theme.accent)
            } else {
                egui::Stroke::new(1.0, scene.color(*need))
            };
            let (start, end) = (from.right_center(), to.left_center());
            let bend = egui::vec2(0.5 * SPACE.x, 0.0);
            let curve = CubicBezierShape::from_points_stroke(
                [start, start + bend, end - bend, end],
                false,
                egui::Color32::TRANSPARENT,
                stroke,
            );
            ui.painter().add(curve);
            ui.painter().circle_filled(end, 3.0, stroke.color);
        }
    }
}

/// The box of a ticket.
fn node(
    ui: &egui::Ui,
    scene: &Scene<'_>,
    ticket: &Ticket,
    rect: egui::Rect,
    is_found: bool,
    board: &mut Board,
) {
    use egui::text::LayoutJob;

    let theme = scene.theme;
    let response = ui.interact(rect, card_id(ticket.number), egui::Sense::click());
    let is_selected = board.selected == Some(ticket.number);
    select(ui, &response, ticket, board);
    let blocked = scene.needs.blocked(ticket);
    if ui.is_rect_visible(rect) {
        let mut painter = ui.painter().clone();
        if !is_found {
            painter.multiply_opacity(0.3);
        }
        let color = status_color(ticket.status, theme);
        let (fill, stroke) = if is_selected {
            (theme.selected, egui::Stroke::new(2.0, theme.accent))
        } else if response.hovered() || response.has_focus() {
            (theme.raised, egui::Stroke::new(2.0, color))
        } else {
            (theme.raised, egui::Stroke::new(1.0, color))
        };
        painter.rect(rect, theme.rounding, fill, stroke);
        let head = format!("#{} {}", ticket.number, ticket.status.label());
        let (head, color) = if blocked.is_some() {
            (head + ", blocked", theme.warning)
        } else {
            (head, color)
        };
        let at = rect.min + egui::Vec2::splat(INSET);
        let small = egui::TextStyle::Small.resolve(ui.style());
        let head = painter.text(at, egui::Align2::LEFT_TOP, head, small, color);
        let body = egui::TextStyle::Body.resolve(ui.style());
        let width = rect.width() - 2.0 * INSET;
        let mut title = LayoutJob::simple(ticket.title.clone(), body, theme.text, width);
        title.wrap.max_rows = 1;
        title.wrap.break_anywhere = true;
        let title = painter.layout_job(title);
        let below = egui::pos2(at.x, head.bottom() + 2.0);
        painter.galley(below, title, theme.text);
    }
    response.on_hover_ui(|ui| {
        ui.label(ticket.title.as_str());
        if let Some(why) = blocked {
            ui.colored_label(theme.warning, format!("Blocked: {why}"));
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_boxes_overlap() {
        let tickets: Vec<Ticket> = (1..=20)
            .map(|number| Ticket {
                number,
                depends_on: (1..number).filter(|n| number % (n + 1) == 0).collect(),
                ..Ticket::default()
            })
            .collect();
        let tickets: Vec<_> = tickets.iter().collect();
        let places = places(&super::super::layers::layers(&tickets));
        assert_eq!(places.len(), 20);
        for (number, place) in &places {
            for (other, beside) in &places {
                assert!(number == other || !place.intersects(*beside));
            }
        }
        for ticket in &tickets {
            for need in &ticket.depends_on {
                assert!(places[need].right() < places[&ticket.number].left());
            }
        }
    }
}

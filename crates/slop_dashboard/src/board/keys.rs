//! What keys do to the board.

use slop_engine::egui;
use slop_state::{Action, Board, Ticket};

use super::{card_id, delete};

/// Where an arrow leads.
#[derive(Clone, Copy, Debug)]
pub(super) enum Step {
    Up,
    Down,
    Left,
    Right,
}

/// The card beside another; the first one if there is no other.
pub(super) fn neighbour(columns: &[Vec<&Ticket>], from: Option<u32>, step: Step) -> Option<u32> {
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
pub(super) fn locate(columns: &[Vec<&Ticket>], number: u32) -> Option<(usize, usize)> {
    columns.iter().enumerate().find_map(|(column, cards)| {
        let row = cards.iter().position(|t| t.number == number)?;
        Some((column, row))
    })
}

/// Arrows choose another ticket and Delete deletes the chosen one, unless the keyboard belongs to
/// something else. The card that is to be brought into view.
pub(super) fn keys(
    ui: &egui::Ui,
    columns: &[Vec<&Ticket>],
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
pub(super) fn deletes(ui: &egui::Ui) -> bool {
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

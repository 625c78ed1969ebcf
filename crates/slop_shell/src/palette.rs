//! The palette: a list of all commands, of which a few letters find one.

use slop_engine::egui::{self, Event, Key, Modifiers};
use slop_state::Palette;
use slop_ui::{field::line, scroll, Theme};

use super::{commands::Command, subsequence, wish::Wish};

/// Its width, and the greatest height of the list, in points.
const WIDTH: f32 = 520.0;
const TALL: f32 = 400.0;

/// Shows it, with nothing typed, and takes the keyboard.
pub(super) fn open(context: &egui::Context, palette: &mut Palette) {
    *palette = Palette {
        is_open: true,
        ..Palette::default()
    };
    let focused = context.memory(|memory| memory.focused());
    context.data_mut(|data| data.insert_temp(before(), focused));
}

/// Hides it, and gives the keyboard back to what had it before.
pub(super) fn close(context: &egui::Context, palette: &mut Palette) {
    *palette = Palette::default();
    let focused = context.data(|data| data.get_temp::<Option<egui::Id>>(before()));
    context.memory_mut(|memory| match focused.flatten() {
        Some(focused) => memory.request_focus(focused),
        None => memory.surrender_focus(field()),
    });
}

/// What is chosen, if it is shown and something is.
pub(super) fn window<'a>(
    context: &egui::Context,
    palette: &mut Palette,
    commands: impl Iterator<Item = &'a Command>,
    theme: &Theme,
) -> Option<Wish> {
    if !palette.is_open {
        return None;
    }
    // Before the field sees them, and everything that is drawn later.
    let count =
        |key| context.input_mut(|input| input.count_and_consume_key(Modifiers::NONE, key)) as isize;
    let step = count(Key::ArrowDown) - count(Key::ArrowUp);
    let (enters, escapes) = (count(Key::Enter) > 0, count(Key::Escape) > 0);
    // Nothing else has the keyboard meanwhile.
    context.memory_mut(|memory| {
        if !memory.has_focus(field()) {
            memory.request_focus(field());
        }
    });
    let mut wish = None;
    let area = egui::Area::new(egui::Id::new("palette"))
        .order(egui::Order::Foreground)
        .anchor(egui::Align2::CENTER_TOP, egui::vec2(0.0, 64.0))
        .show(context, |ui| {
            egui::Frame::popup(ui.style()).show(ui, |ui| {
                // Never below 0, at which egui panics.
                let room = context.screen_rect().width() - 48.0;
                ui.set_width(room.clamp(100.0, WIDTH));
                let typed = line(ui, &mut palette.text, |edit| {
                    edit.id(field())
                        .hint_text("🔍 What is to be done?")
                        .desired_width(f32::INFINITY)
                });
                if typed.changed() {
                    palette.chosen = 0;
                }
                let found = find(commands, &palette.text);
                let possible = found.iter().filter(|found| found.wish.is_some()).count();
                let last = possible.saturating_sub(1);
                palette.chosen = palette.chosen.saturating_add_signed(step).min(last);
                wish = list(ui, palette, &found, step != 0, theme);
                if enters && wish.is_none() {
                    wish = found.get(palette.chosen).and_then(|c| c.wish.clone());
                }
            });
        });
    let is_outside = context.input(|input| {
        let at = input.pointer.interact_pos();
        input.pointer.any_pressed() && at.is_some_and(|at| !area.response.rect.contains(at))
    });
    if wish.is_some() || escapes || is_outside {
        close(context, palette);
        // What was struck in this frame was struck here, and not in what has the keyboard from now on.
        context.input_mut(|input| input.events.retain(|event| !is_typed(event)));
    }
    wish
}

/// Whether a field that has the keyboard would take this for something that was done in it. So it does of
/// every key: by Ctrl with H, K, U or W it deletes, by Ctrl+Z it undoes, and by many it moves its cursor.
fn is_typed(event: &Event) -> bool {
    matches!(
        event,
        Event::Text(_)
            | Event::Paste(_)
            | Event::Cut
            | Event::Copy
            | Event::Ime(_)
            | Event::Key { pressed: true, .. }
    )
}

/// The commands that fit the letters: those that can be done first, and of them the best first.
fn find<'a>(commands: impl Iterator<Item = &'a Command>, text: &str) -> Vec<&'a Command> {
    let scored = commands
        // It would only close what it is chosen in.
        .filter(|command| command.wish != Some(Wish::Palette))
        .filter_map(|command| Some((subsequence::score(&command.name, text)?, command)));
    let mut found: Vec<_> = scored.collect();
    found.sort_by_key(|(score, command)| std::cmp::Reverse((command.wish.is_some(), *score)));
    found.into_iter().map(|(_, command)| command).collect()
}

/// The list. What was clicked.
fn list(
    ui: &mut egui::Ui,
    palette: &mut Palette,
    found: &[&Command],
    follows: bool,
    theme: &Theme,
) -> Option<Wish> {
    if found.is_empty() {
        ui.weak("No command has these letters in this order. Delete some, or press Escape.");
        return None;
    }
    let mut wish = None;
    // As much as a low window has below the field.
    let most = (ui.ctx().screen_rect().height() - 160.0).clamp(80.0, TALL);
    let area = scroll::up_to(egui::ScrollArea::vertical(), most);
    area.auto_shrink([false, true]).show(ui, |ui| {
        ui.spacing_mut().item_spacing.y = 2.0;
        for (place, command) in found.iter().enumerate() {
            let is_chosen = place == palette.chosen && command.wish.is_some();
            let response = row(ui, command, is_chosen, theme);
            if is_chosen && follows {
                response.scroll_to_me(None);
            }
            // A pointer that rests there by chance chooses nothing.
            let is_pointed =
                response.hovered() && ui.input(|input| input.pointer.delta() != egui::Vec2::ZERO);
            if is_pointed && command.wish.is_some() {
                palette.chosen = place;
            }
            if response.clicked() {
                wish.clone_from(&command.wish);
            }
        }
    });
    wish
}

/// A command, with its keys. One that cannot be done now says so.
fn row(ui: &mut egui::Ui, command: &Command, is_chosen: bool, theme: &Theme) -> egui::Response {
    let weak = |text: String| egui::RichText::new(text).color(theme.weak);
    let width = ui.available_width();
    let button = if command.wish.is_some() {
        egui::Button::new(&command.name)
    } else {
        let text = format!("{} (not now)", command.name);
        egui::Button::new(weak(text)).sense(egui::Sense::hover())
    };
    let mut button = button
        .shortcut_text(weak(command.keys()))
        .selected(is_chosen)
        .stroke(egui::Stroke::NONE)
        .min_size(egui::vec2(width, 0.0));
    if !is_chosen {
        button = button.fill(egui::Color32::TRANSPARENT);
    }
    ui.add(button)
}

fn field() -> egui::Id {
    egui::Id::new("palette field")
}

/// Under which it is kept what had the keyboard before.
fn before() -> egui::Id {
    egui::Id::new("palette before")
}

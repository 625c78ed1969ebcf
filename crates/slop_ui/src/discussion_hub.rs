//! Where commands lead to in the Discussion Hub, and how what is said is written there and in the window
//! Context.

use slop_engine::egui;
use slop_state::{Action, Entry};

use crate::field::{self, Shown};

/// The keys that send what is written, or save it.
pub const SEND: egui::KeyboardShortcut =
    egui::KeyboardShortcut::new(egui::Modifiers::CTRL, egui::Key::Enter);

/// The keys that ask anew with what is written.
const ASK_ANEW: egui::KeyboardShortcut = egui::KeyboardShortcut::new(
    egui::Modifiers::CTRL.plus(egui::Modifiers::SHIFT),
    egui::Key::Enter,
);

/// The field for what is searched for in the discussion.
pub fn search_field() -> egui::Id {
    egui::Id::new("discussion_hub search")
}

/// The field for what is searched for in all discussions.
pub fn everywhere_field() -> egui::Id {
    egui::Id::new("discussion_hub everywhere")
}

/// The field for the next entry.
pub fn composer_field() -> egui::Id {
    egui::Id::new("discussion_hub composer")
}

/// The field for the name of a discussion.
pub fn name_field(discussion: u64) -> egui::Id {
    egui::Id::new(("discussion_hub name", discussion))
}

/// Why nobody can begin to edit an entry that is not being written. `unsaved` is the name of the
/// discussion with another that was changed.
#[must_use]
pub fn why_not_edited(entry: &Entry, unsaved: Option<&str>) -> Option<String> {
    if entry.is_long() {
        return Some("It is too long to be edited here; copy it".to_owned());
    }
    unsaved.map(|name| format!("Save or cancel the other edit first, in “{name}”"))
}

/// The field for the text that an entry may get, and what a person does with that. `now` is what it says. With
/// `can_ask` it may become another take, which the assistant answers.
pub fn editor(
    ui: &mut egui::Ui,
    field: egui::Id,
    can_ask: bool,
    now: &str,
    editing: &mut Option<(u64, String)>,
    out: &mut Vec<Action>,
) {
    let Some((id, text)) = editing else {
        return;
    };
    let id = *id;
    let has_focus = ui.memory(|memory| memory.has_focus(field));
    let pressed = |keys| has_focus && ui.input_mut(|input| input.consume_shortcut(keys));
    // The longer one first: the other would take it too.
    let mut asks = can_ask && pressed(&ASK_ANEW);
    let mut saves = pressed(&SEND);
    // It scrolls by itself, so that the cursor stays in view in a long text.
    let response = egui::ScrollArea::vertical()
        .id_salt("edit")
        .max_height(320.0)
        // In what scrolls itself there is no room further down.
        .min_scrolled_height(320.0)
        .show(ui, |ui| {
            field::lines(ui, text, |edit| {
                edit.id(field).desired_width(f32::INFINITY).desired_rows(4)
            })
        })
        .inner;
    let mut gives_up =
        response.lost_focus() && ui.input(|input| input.key_pressed(egui::Key::Escape));
    let is_filled = !text.trim().is_empty();
    ui.horizontal(|ui| {
        let save = ui.add_enabled(is_filled, egui::Button::new("Save"));
        saves |= save.on_hover_text("Ctrl+Enter").clicked();
        if can_ask {
            let ask = ui.add_enabled(is_filled, egui::Button::new("Ask anew"));
            let hover = "Ctrl+Shift+Enter. It becomes another take, which the assistant answers; \
                         this one is kept, with what follows it";
            asks |= ask.on_hover_text(hover).clicked();
        }
        let hover = "Escape. Edit › Bring back undoes it.";
        gives_up |= ui.button("Cancel").on_hover_text(hover).clicked();
        // What is too long for a field has none in which keys are struck.
        if text.len() <= Entry::LONG {
            ui.weak("Ctrl+Enter saves, Escape cancels");
        }
    });
    if asks && is_filled {
        out.push(Action::Retake(id, std::mem::take(text)));
        *editing = None;
    } else if saves && is_filled {
        out.push(Action::EditEntry(id, std::mem::take(text)));
        *editing = None;
    } else if gives_up {
        if is_filled && *text != now {
            out.push(Action::GiveUpEdit(id, std::mem::take(text)));
        }
        *editing = None;
    }
}

/// A field for a prompt, and what it is to be if that was changed.
pub fn prompt_field(
    ui: &mut egui::Ui,
    id: egui::Id,
    now: &str,
    hint: &str,
    (width, rows): (f32, usize),
) -> Option<String> {
    // Not even copied.
    if now.len() > Entry::LONG {
        let is_removed = field::long(ui, now, Shown::Lines).changed();
        return is_removed.then(String::new);
    }
    let mut text = now.to_owned();
    let response = field::lines(ui, &mut text, |edit| {
        edit.id(id)
            .hint_text(hint)
            .desired_width(width)
            .desired_rows(rows)
    });
    response.changed().then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Window;

    #[test]
    fn keys_are_named_only_where_there_is_a_field_for_them() {
        for (length, has_field) in [(1, true), (Entry::LONG + 1, false)] {
            let mut editing = Some((1, "a".repeat(length)));
            let mut window = Window::default();
            let mut draw = |ui: &mut egui::Ui| {
                let field = egui::Id::new("a field");
                editor(ui, field, true, "", &mut editing, &mut Vec::new());
            };
            window.run(Vec::new(), &mut draw);
            let seen = window.run(Vec::new(), &mut draw);
            let sees = |wanted: &str| seen.iter().any(|(text, _)| text == wanted);
            assert!(sees("Save") && sees("Cancel"));
            assert_eq!(sees("Ctrl+Enter saves, Escape cancels"), has_field);
        }
    }
}

//! The fields for texts, of all windows.
//!
//! egui lays out all of a text, and a field of it copies all of its text several times in each frame. So no
//! field takes in what would make its text too long, wherever that comes from: [`line()`] refuses it and says
//! so, [`lines`] keeps it and shows the beginning of the text from then on, and [`apart`] gives it back.

use std::ops::Range;

use slop_engine::egui::{self, DragValue, Response, TextBuffer, TextEdit};
use slop_state::{beginning, Entry};

use crate::copy;

/// How long a text of one line may get, in bytes: as much as is shown of a text that is too long.
const LINE: usize = 20_000;

/// The least that is taken for something pasted, and not typed, in bytes.
const PASTED: usize = 1_000;

/// What a field of one line says of what it has refused.
const REFUSED: &str = "That is too long: this field takes 20 kB at most";

/// What is said of a text that no field can hold.
const TOO_LONG: &str =
    "It is too long to be edited here. Only the beginning is shown; all of it counts.";

/// A field of one line, as `set` has it. What does not fit is refused, which is told until the text
/// changes or the field is left.
pub fn line(
    ui: &mut egui::Ui,
    text: &mut String,
    set: impl FnOnce(TextEdit<'_>) -> TextEdit<'_>,
) -> Response {
    // It may be there from a time when there was no limit, or be of a model.
    if let Some(response) = removable(ui, text, Shown::Line) {
        return response;
    }
    let mut guard = Guard::new(text, LINE, 0);
    let response = ui.add(set(TextEdit::singleline(&mut guard)));
    tell(ui, &response, !guard.over.is_empty());
    response
}

/// A field of several lines, as `set` has it. Of a text that has become too long the beginning is shown, and
/// it can be copied or removed.
pub fn lines(
    ui: &mut egui::Ui,
    text: &mut String,
    set: impl FnOnce(TextEdit<'_>) -> TextEdit<'_>,
) -> Response {
    if let Some(response) = removable(ui, text, Shown::Lines) {
        return response;
    }
    let (response, over) = guarded(ui, text, set);
    for (place, over) in over.into_iter().rev() {
        text.insert_text(&over, place);
    }
    response
}

/// A field of several lines, as `set` has it, and what was pasted that would make the text too long.
pub fn apart(
    ui: &mut egui::Ui,
    text: &mut String,
    set: impl FnOnce(TextEdit<'_>) -> TextEdit<'_>,
) -> Vec<String> {
    let (_, over) = guarded(ui, text, set);
    over.into_iter().map(|(_, text)| text).collect()
}

/// A field of several lines, with what did not go in, and before which characters it was pasted.
fn guarded(
    ui: &mut egui::Ui,
    text: &mut String,
    set: impl FnOnce(TextEdit<'_>) -> TextEdit<'_>,
) -> (Response, Vec<(usize, String)>) {
    let mut guard = Guard::new(text, Entry::LONG, PASTED);
    let response = ui.add(set(TextEdit::multiline(&mut guard)));
    (response, guard.over)
}

/// Whether somebody writes in a field: it has the keyboard, and not a button or a card.
#[must_use]
pub fn is_written_in(context: &egui::Context) -> bool {
    let focused = context.memory(|memory| memory.focused());
    focused.is_some_and(|focused| TextEdit::load_state(context, focused).is_some())
}

/// A field for a number, which does not take what can be none.
pub fn number(ui: &mut egui::Ui, value: DragValue<'_>) -> Response {
    // egui writes it with a field of its own.
    let id = ui.next_auto_id();
    if ui.memory(|memory| memory.has_focus(id)) {
        ui.input_mut(|input| input.events.retain(|event| !is_pasted(event)));
    }
    ui.add(value)
}

fn is_pasted(event: &egui::Event) -> bool {
    match event {
        // The first is what comes from the clipboard by Ctrl+V.
        egui::Event::Text(text) | egui::Event::Paste(text) => text.len() > PASTED,
        _ => false,
    }
}

/// How a text is shown that no field can hold.
#[derive(Clone, Copy)]
pub(crate) enum Shown {
    Line,
    Lines,
}

/// Shows a text that no field can hold, if it is one, and empties it if it is to be removed.
fn removable(ui: &mut egui::Ui, text: &mut String, shown: Shown) -> Option<Response> {
    if text.len() <= Entry::LONG {
        return None;
    }
    let response = long(ui, text, shown);
    if response.changed() {
        text.clear();
    }
    Some(response)
}

/// A text that no field can hold: it can be copied, and changes if it is to be removed.
pub(crate) fn long(ui: &mut egui::Ui, text: &str, shown: Shown) -> Response {
    let mut is_removed = false;
    let drawn = ui.vertical(|ui| {
        ui.horizontal(|ui| {
            copy(&ui.button("Copy"), || text.to_owned());
            is_removed = ui.button("Remove").clicked();
        });
        ui.weak(TOO_LONG);
        let label = egui::Label::new(beginning(text));
        ui.add(match shown {
            Shown::Line => label.truncate(),
            Shown::Lines => label.wrap(),
        });
    });
    let mut response = drawn.response;
    if is_removed {
        response.mark_changed();
    }
    response
}

/// Says below a field that something was refused, until its text is another or it is left.
fn tell(ui: &egui::Ui, field: &Response, is_refused: bool) {
    let key = field.id.with("refused");
    let was_refused = ui.data(|data| data.get_temp(key)).unwrap_or(false);
    let is_told = is_refused || (was_refused && field.has_focus() && !field.changed());
    if is_told != was_refused {
        ui.data_mut(|data| data.insert_temp(key, is_told));
    }
    if is_told {
        field.show_tooltip_text(REFUSED);
    }
}

/// The text of a field, which takes in nothing that would make it too long.
struct Guard<'a> {
    text: &'a mut String,
    /// How long it may get.
    most: usize,
    /// What is no longer than this always goes in.
    short: usize,
    /// What was deleted last: by something pasted, just before that.
    deleted: String,
    /// What did not go in, and before which characters.
    over: Vec<(usize, String)>,
}

impl<'a> Guard<'a> {
    fn new(text: &'a mut String, most: usize, short: usize) -> Self {
        Self {
            text,
            most,
            short,
            deleted: String::new(),
            over: Vec::new(),
        }
    }
}

impl TextBuffer for Guard<'_> {
    fn is_mutable(&self) -> bool {
        true
    }

    fn as_str(&self) -> &str {
        self.text
    }

    fn insert_text(&mut self, text: &str, char_index: usize) -> usize {
        let deleted = std::mem::take(&mut self.deleted);
        if text.len() <= self.short || self.text.len() + text.len() <= self.most {
            return self.text.insert_text(text, char_index);
        }
        self.over.push((char_index, text.to_owned()));
        // It takes the place of nothing.
        self.text.insert_text(&deleted, char_index)
    }

    fn delete_char_range(&mut self, char_range: Range<usize>) {
        self.deleted = self.char_range(char_range.clone()).to_owned();
        self.text.delete_char_range(char_range);
    }

    fn clear(&mut self) {
        self.text.clear();
    }

    fn replace_with(&mut self, text: &str) {
        // What is undone was in it before.
        text.clone_into(self.text);
    }

    fn take(&mut self) -> String {
        std::mem::take(self.text)
    }
}

#[cfg(test)]
mod tests {
    use std::{
        fs,
        path::{Path, PathBuf},
    };

    use super::*;
    use crate::testing::{click, find, key, Window};

    fn id() -> egui::Id {
        egui::Id::new("a field")
    }

    /// A field that has the keyboard.
    struct Bench {
        window: Window,
        text: String,
        draw: fn(&mut egui::Ui, &mut String),
    }

    impl Bench {
        fn new(text: impl Into<String>, draw: fn(&mut egui::Ui, &mut String)) -> Self {
            let mut bench = Self {
                window: Window::default(),
                text: text.into(),
                draw,
            };
            bench.run(Vec::new());
            bench
        }

        /// The texts that are laid out in a frame.
        fn run(&mut self, events: Vec<egui::Event>) -> Vec<String> {
            let (text, draw) = (&mut self.text, self.draw);
            let seen = self.window.run(events, |ui| {
                ui.memory_mut(|memory| memory.request_focus(id()));
                draw(ui, text);
            });
            seen.into_iter().map(|(text, _)| text).collect()
        }
    }

    fn longest(seen: &[String]) -> usize {
        seen.iter().map(String::len).max().unwrap_or(0)
    }

    fn huge() -> String {
        "word ".repeat(1_000_000)
    }

    #[test]
    fn a_line_refuses_what_is_too_long_and_says_so() {
        let mut bench = Bench::new("a goal", |ui, text| {
            line(ui, text, |edit| edit.id(id()));
        });
        for paste in [egui::Event::Text, egui::Event::Paste] {
            // So that it would take the place of all.
            bench.run(vec![key(egui::Key::A, true, egui::Modifiers::COMMAND)]);
            assert!(longest(&bench.run(vec![paste(huge())])) < 100);
            assert_eq!(bench.text, "a goal");
            bench.run(Vec::new());
            let seen = bench.run(Vec::new());
            assert!(seen.iter().any(|text| text == REFUSED), "{seen:?}");
        }
        bench.run(vec![egui::Event::Text("!".to_owned())]);
        assert_eq!(bench.text, "a goal!");
        let seen = bench.run(Vec::new());
        assert!(seen.iter().all(|text| text != REFUSED), "{seen:?}");
    }

    #[test]
    fn a_line_takes_what_fits() {
        let mut bench = Bench::new("", |ui, text| {
            line(ui, text, |edit| edit.id(id()));
        });
        bench.text = "a".repeat(LINE - 1);
        bench.run(Vec::new());
        bench.run(vec![egui::Event::Text("b".to_owned())]);
        assert_eq!(bench.text.len(), LINE);
        bench.run(vec![egui::Event::Text("c".to_owned())]);
        assert_eq!(bench.text.len(), LINE);
        bench.run(vec![key(egui::Key::Backspace, true, egui::Modifiers::NONE)]);
        assert_eq!(bench.text.len(), LINE - 1);
    }

    #[test]
    fn lines_keep_what_is_too_long_and_show_its_beginning() {
        let mut bench = Bench::new("a note: ", |ui, text| {
            lines(ui, text, |edit| edit.id(id()));
        });
        let seen = bench.run(vec![egui::Event::Paste(huge())]);
        assert!(longest(&seen) < 100);
        assert!(bench.text == "a note: ".to_owned() + &huge());
        let seen = bench.run(Vec::new());
        assert!(longest(&seen) < 50_000);
        for told in ["Copy", "Remove", TOO_LONG] {
            assert!(seen.iter().any(|text| text == told), "{told}");
        }
    }

    #[test]
    fn of_a_line_that_was_too_long_before_the_beginning_is_shown() {
        let mut bench = Bench::new(huge(), |ui, text| {
            line(ui, text, |edit| edit.id(id()));
        });
        assert!(longest(&bench.run(Vec::new())) < 50_000);
        assert!(bench.text == huge());
    }

    #[test]
    fn what_is_too_long_is_removed_by_its_button() {
        let fields: [fn(&mut egui::Ui, &mut String); 2] = [
            |ui, text| {
                line(ui, text, |edit| edit);
            },
            |ui, text| {
                lines(ui, text, |edit| edit);
            },
        ];
        for field in fields {
            let mut window = Window::default();
            let mut text = huge();
            let mut draw = |ui: &mut egui::Ui| field(ui, &mut text);
            window.run(Vec::new(), &mut draw);
            let at = find(&window.run(Vec::new(), &mut draw), "Remove").center();
            for event in click(at) {
                window.run(vec![event], &mut draw);
            }
            assert!(text.is_empty());
        }
    }

    #[test]
    fn a_number_takes_no_huge_text() {
        let mut window = Window::default();
        let mut value = 3_u32;
        let pasted = egui::Event::Paste("1".repeat(1_000_000));
        for events in [vec![], vec![], vec![pasted], vec![]] {
            let seen = window.run(events, |ui| {
                let id = ui.next_auto_id();
                ui.memory_mut(|memory| memory.request_focus(id));
                number(ui, DragValue::new(&mut value));
            });
            assert!(seen.iter().all(|(text, _)| text.len() < 100));
        }
        assert_eq!(value, 3);
    }

    /// The sources below a folder, but for tests.
    fn sources(folder: &Path) -> Vec<PathBuf> {
        let mut found = Vec::new();
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                found.extend(sources(&path));
            } else if path.extension().is_some_and(|kind| kind == "rs")
                && !path.ends_with("tests.rs")
            {
                found.push(path);
            }
        }
        found
    }

    #[test]
    fn no_window_has_a_field_of_another_kind() {
        let crates = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        for entry in fs::read_dir(crates).unwrap() {
            let entry = entry.unwrap();
            if !entry.file_name().to_string_lossy().starts_with("slop") {
                continue;
            }
            for path in sources(&entry.path().join("src")) {
                let text = fs::read_to_string(&path).unwrap();
                let is_here = path.ends_with("slop_ui/src/field.rs");
                let name = path.display();
                let mut fields = ["TextEdit::", "text_edit_"].into_iter();
                let has_one = fields.any(|field| text.contains(field));
                assert!(is_here || !has_one, "{name}");
            }
        }
    }
}

//! Keys, palette and menus together, as a person uses them, without a display.

use slop_engine::egui::{Key, Modifiers};
use slop_state::Project;
use slop_ui::testing::{button, click, find, key, texts, theme};

use super::*;
use crate::{commands::commands, menu};

const BOTH: Modifiers = Modifiers::CTRL.plus(Modifiers::SHIFT);

/// A text field, the menu bar, and the palette above them.
#[derive(Default)]
struct Bench {
    context: egui::Context,
    layout: Layout,
    hub: Hub,
    palette: Palette,
    text: String,
    undo: Option<String>,
    seen: Vec<Window>,
    asking: usize,
    out: Vec<Action>,
    #[cfg(feature = "hot")]
    reload: Option<ReloadRequest>,
    time: f64,
}

fn text_field() -> egui::Id {
    egui::Id::new("a text field")
}

impl Bench {
    fn run(&mut self, events: Vec<egui::Event>) -> Vec<(String, egui::Rect)> {
        self.time += 0.05;
        let screen = egui::Rect::from_min_size(egui::Pos2::ZERO, egui::vec2(1280.0, 800.0));
        let input = egui::RawInput {
            screen_rect: Some(screen),
            time: Some(self.time),
            events,
            ..egui::RawInput::default()
        };
        let facts = Facts {
            undo: self.undo.clone(),
            seen: self.seen.clone(),
            ..Facts::default()
        };
        let list = commands(&facts);
        let context = self.context.clone();
        let theme = theme();
        let output = context.run(input, |context| {
            let hands = &mut Hands {
                context,
                layout: &mut self.layout,
                hub: &mut self.hub,
                palette: &mut self.palette,
                out: &mut self.out,
                #[cfg(feature = "hot")]
                reload: &mut self.reload,
            };
            serve(hands, &list, &facts, &theme, |context, layout| {
                let view = menu::View {
                    project: &Project::default(),
                    layout,
                    commands: &list,
                    asking: self.asking,
                    status: None,
                    theme: &theme,
                };
                menu::bar(context, view)
            });
            egui::CentralPanel::default().show(context, |ui| {
                ui.add(egui::TextEdit::singleline(&mut self.text).id(text_field()));
            });
        });
        texts(&output)
    }

    fn press(&mut self, modifiers: Modifiers, pressed: Key) {
        self.run(vec![key(pressed, true, modifiers)]);
        self.run(vec![key(pressed, false, modifiers)]);
    }

    fn write(&mut self, text: &str) {
        self.run(vec![egui::Event::Text(text.to_owned())]);
    }

    #[track_caller]
    fn click(&mut self, text: &str) {
        self.run(Vec::new());
        let at = find(&self.run(Vec::new()), text).center();
        // Two clicks are not to be taken for one double click.
        self.time += 1.0;
        for event in click(at) {
            self.run(vec![event]);
        }
    }

    fn open_palette(&mut self) {
        self.press(BOTH, Key::P);
        assert!(self.palette.is_open);
    }

    /// Gives the keyboard to the text field.
    fn focus(&self) {
        let focus = |memory: &mut egui::Memory| memory.request_focus(text_field());
        self.context.memory_mut(focus);
    }

    fn focused(&self) -> Option<egui::Id> {
        self.context.memory(|memory| memory.focused())
    }

    /// What was asked for since the last look.
    fn asked(&mut self) -> Vec<Action> {
        std::mem::take(&mut self.out)
    }
}

#[test]
fn keys_do_what_the_help_says() {
    let mut bench = Bench::default();
    bench.press(Modifiers::NONE, Key::F1);
    assert!(bench.layout.show_help);
    bench.press(Modifiers::NONE, Key::F1);
    assert!(!bench.layout.show_help);
    bench.press(Modifiers::CTRL, Key::N);
    assert_eq!(bench.asked(), [Action::AddDiscussion]);
    bench.press(Modifiers::CTRL, Key::Z);
    assert_eq!(bench.asked(), []);
    bench.undo = Some("ticket #1".to_owned());
    bench.press(Modifiers::CTRL, Key::Z);
    assert_eq!(bench.asked(), [Action::Undo]);
    let button = egui::Id::new("a button");
    bench
        .context
        .memory_mut(|memory| memory.request_focus(button));
    bench.press(Modifiers::CTRL, Key::Z);
    assert_eq!(bench.asked(), [Action::Undo]);
    // A text field undoes typing.
    bench.focus();
    bench.press(Modifiers::CTRL, Key::Z);
    assert_eq!(bench.asked(), []);
}

#[test]
fn a_window_is_closed_if_it_is_seen_and_brought_to_the_front_if_not() {
    let mut bench = Bench::default();
    bench.press(Modifiers::CTRL, Key::Num2);
    assert_eq!(bench.layout.reveal, Some(Window::DiscussionHub));
    bench.layout.reveal = None;
    bench.seen = vec![Window::DiscussionHub];
    bench.press(Modifiers::CTRL, Key::Num2);
    assert!(!bench.layout.show_windows[&Window::DiscussionHub]);
    assert_eq!(bench.layout.reveal, None);
}

#[test]
fn several_chords_may_be_struck_within_one_frame() {
    let mut bench = Bench::default();
    // The modifiers of the frame as a whole are none: all was let go before it ended.
    bench.run(vec![
        key(Key::N, true, Modifiers::CTRL),
        key(Key::N, false, Modifiers::CTRL),
        key(Key::N, true, Modifiers::CTRL),
        key(Key::N, false, Modifiers::NONE),
        key(Key::P, true, BOTH),
        key(Key::P, false, Modifiers::NONE),
    ]);
    assert_eq!(
        bench.asked(),
        [Action::AddDiscussion, Action::AddDiscussion]
    );
    assert!(bench.palette.is_open);
}

#[test]
fn keys_that_are_held_ask_once() {
    let mut bench = Bench::default();
    for _ in 0..3 {
        bench.run(vec![key(Key::N, true, Modifiers::CTRL)]);
    }
    assert_eq!(bench.asked(), [Action::AddDiscussion]);
}

#[test]
fn a_chord_with_shift_is_not_taken_for_the_one_without() {
    let mut bench = Bench::default();
    bench.run(vec![key(Key::F, true, BOTH)]);
    assert_eq!(bench.focused(), Some(discussion_hub::everywhere_field()));
    assert_eq!(bench.layout.reveal, Some(Window::DiscussionHub));
}

#[test]
fn letters_find_a_command_and_enter_chooses_it() {
    let mut bench = Bench::default();
    bench.focus();
    bench.run(Vec::new());
    bench.open_palette();
    bench.write("nd");
    assert_eq!(bench.palette.text, "nd");
    assert_eq!(bench.text, "");
    bench.press(Modifiers::NONE, Key::Enter);
    assert_eq!(bench.asked(), [Action::AddDiscussion]);
    assert!(!bench.palette.is_open);
    assert_eq!(bench.focused(), Some(text_field()));
    bench.write("x");
    assert_eq!(bench.text, "x");
}

#[test]
fn the_palette_has_more_than_the_menus() {
    let mut bench = Bench::default();
    bench.open_palette();
    bench.write("write a goal");
    bench.press(Modifiers::NONE, Key::Enter);
    assert_eq!(bench.layout.reveal, Some(Window::MmaDashboard));
}

#[test]
fn what_is_struck_in_the_frame_in_which_the_palette_closes_is_not_done_once_more() {
    const COMMAND: Modifiers = Modifiers::CTRL.plus(Modifiers::COMMAND);
    let mut bench = Bench::default();
    bench.focus();
    bench.run(Vec::new());
    bench.write("kept");
    // So that each of these would change it.
    bench.press(Modifiers::COMMAND, Key::A);
    for typed in [
        egui::Event::Text("x".to_owned()),
        egui::Event::Paste("x".to_owned()),
        egui::Event::Cut,
        egui::Event::Ime(egui::ImeEvent::Preedit("x".to_owned())),
        key(Key::Backspace, true, Modifiers::NONE),
        key(Key::Delete, true, Modifiers::NONE),
        key(Key::H, true, COMMAND),
        key(Key::K, true, COMMAND),
        key(Key::U, true, COMMAND),
        key(Key::W, true, COMMAND),
        key(Key::Z, true, COMMAND),
        key(Key::Y, true, COMMAND),
    ] {
        bench.open_palette();
        bench.run(vec![typed.clone(), key(Key::Escape, true, Modifiers::NONE)]);
        assert!(!bench.palette.is_open);
        assert_eq!(bench.focused(), Some(text_field()));
        assert_eq!(bench.text, "kept", "{typed:?}");
    }
    // All is selected still: no arrow has moved the cursor either.
    bench.open_palette();
    let keys = [Key::ArrowLeft, Key::Escape].map(|struck| key(struck, true, Modifiers::NONE));
    bench.run(keys.into());
    bench.write("x");
    assert_eq!(bench.text, "x");
}

#[test]
fn arrows_go_through_what_can_be_done() {
    let mut bench = Bench::default();
    bench.open_palette();
    bench.write("show or hide");
    for _ in 0..9 {
        bench.press(Modifiers::NONE, Key::ArrowDown);
    }
    let last = Window::ALL.len() - 1;
    assert_eq!(bench.palette.chosen, last, "the last one");
    bench.press(Modifiers::NONE, Key::ArrowUp);
    bench.press(Modifiers::NONE, Key::Enter);
    assert_eq!(bench.layout.reveal, Some(Window::ALL[last - 1]));
}

#[test]
fn what_cannot_be_done_says_so_and_is_not_chosen() {
    let mut bench = Bench::default();
    bench.open_palette();
    bench.write("bring back");
    bench.run(Vec::new());
    let seen = bench.run(Vec::new());
    find(&seen, "Bring back what was deleted (not now)");
    bench.press(Modifiers::NONE, Key::Enter);
    assert_eq!(bench.asked(), []);
    assert!(bench.palette.is_open);
    bench.undo = Some("ticket #1".to_owned());
    bench.press(Modifiers::NONE, Key::Enter);
    assert_eq!(bench.asked(), [Action::Undo]);
}

#[test]
fn escape_and_a_press_elsewhere_close_the_palette() {
    let mut bench = Bench::default();
    bench.focus();
    bench.run(Vec::new());
    bench.open_palette();
    bench.press(Modifiers::NONE, Key::Escape);
    assert!(!bench.palette.is_open);
    assert_eq!(bench.focused(), Some(text_field()));

    bench.open_palette();
    let outside = egui::pos2(1200.0, 700.0);
    bench.run(vec![egui::Event::PointerMoved(outside)]);
    assert!(bench.palette.is_open);
    bench.run(vec![button(outside, true)]);
    assert!(!bench.palette.is_open);

    bench.open_palette();
    bench.press(BOTH, Key::P);
    assert!(!bench.palette.is_open);
}

#[test]
fn the_palette_and_the_menus_are_used_with_the_mouse() {
    let mut bench = Bench::default();
    bench.open_palette();
    bench.click("Import from Markdown");
    assert!(bench.hub.importing);
    assert!(!bench.palette.is_open);

    bench.click("Help");
    bench.click("All commands");
    assert!(bench.palette.is_open);
    bench.press(Modifiers::NONE, Key::Escape);
    bench.click("Discussion");
    bench.click("New discussion");
    assert_eq!(bench.asked(), [Action::AddDiscussion]);
}

#[test]
fn what_waits_for_leave_is_told_in_the_bar_and_shown_by_a_click() {
    let mut bench = Bench {
        asking: 2,
        ..Bench::default()
    };
    bench.click("2 wait for your leave");
    assert_eq!(bench.layout.reveal, Some(Window::Hands));
}

#[cfg(feature = "hot")]
#[test]
fn new_code_is_asked_for_with_and_without_a_rebuild() {
    let mut bench = Bench::default();
    for (name, rebuilds) in [("Reload the code", false), ("Reload and rebuild", true)] {
        bench.open_palette();
        bench.write("reload");
        bench.click(name);
        let asked = bench.reload.take().expect("it was chosen");
        assert_eq!((asked.modules, asked.rebuilds), (None, rebuilds));
    }
}

#[test]
fn no_letters_find_nothing() {
    let mut bench = Bench::default();
    bench.open_palette();
    bench.write("qqq");
    bench.run(Vec::new());
    let seen = bench.run(Vec::new());
    let hint = "No command has these letters in this order. Delete some, or press Escape.";
    find(&seen, hint);
    bench.press(Modifiers::NONE, Key::Enter);
    assert!(bench.palette.is_open);
}

#[test]
fn the_list_is_as_tall_again_when_more_is_found() {
    let mut bench = Bench::default();
    let look = |bench: &mut Bench| {
        for _ in 0..4 {
            bench.run(Vec::new());
        }
        bench.run(Vec::new()).len()
    };
    bench.open_palette();
    let all = look(&mut bench);
    bench.write("qqq");
    assert!(look(&mut bench) < all);
    for _ in 0..3 {
        bench.press(Modifiers::NONE, Key::Backspace);
    }
    assert_eq!(bench.palette.text, "");
    assert_eq!(look(&mut bench), all);
    bench.write("new discussion");
    look(&mut bench);
    bench.press(Modifiers::NONE, Key::Escape);
    bench.open_palette();
    assert_eq!(look(&mut bench), all);
}

#[test]
fn the_palette_is_drawn_in_a_window_that_is_narrower_than_its_margin() {
    let context = egui::Context::default();
    let mut palette = Palette {
        is_open: true,
        ..Palette::default()
    };
    let list = commands(&Facts::default());
    let mut shapes = Vec::new();
    for _ in 0..3 {
        let size = egui::vec2(20.0, 300.0);
        let input = egui::RawInput {
            screen_rect: Some(egui::Rect::from_min_size(egui::Pos2::ZERO, size)),
            ..egui::RawInput::default()
        };
        let output = context.run(input, |context| {
            crate::palette::window(context, &mut palette, list.iter(), &theme());
        });
        shapes = output.shapes;
    }
    assert!(!shapes.is_empty());
}

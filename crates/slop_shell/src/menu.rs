//! The menu bar, and what there is to tell.

#[cfg(feature = "hot")]
use hot_reloader::{Generation, HotReloader, Phase};
use slop_engine::{egui, session::Session};
use slop_state::{Layout, Project, ToolRequests, Window};
use slop_ui::{scroll, Places, Theme};

use super::{
    commands::{Command, Menu},
    wish::Wish,
};

/// The greatest height of what there is to tell, in points. More is scrolled to.
const TOLD: f32 = 120.0;

/// What the bar draws.
pub(super) struct View<'a> {
    pub(super) project: &'a Project,
    pub(super) layout: &'a Layout,
    pub(super) commands: &'a [Command],
    /// How many requests wait for leave, if nothing else shows them.
    pub(super) asking: usize,
    /// What runs.
    pub(super) status: Option<Status>,
    pub(super) theme: &'a Theme,
}

/// What the bar says of the reloader.
pub(super) struct Status {
    pub(super) text: String,
    pub(super) is_error: bool,
}

/// Which code runs, or what is being done.
#[cfg(feature = "hot")]
pub(super) fn status(reloader: &HotReloader) -> Option<Status> {
    let phase = reloader.progress().map(|progress| progress.phase);
    let is_error = reloader.is_error_state();
    Some(Status {
        text: words(phase, reloader.generation(), is_error),
        is_error,
    })
}

/// The same in words: not everybody sees a colour.
#[cfg(feature = "hot")]
fn words(phase: Option<Phase>, generation: Generation, is_error: bool) -> String {
    match phase {
        Some(phase) => format!("{phase}…"),
        None if is_error => format!("generation {generation}, with an error"),
        None => format!("generation {generation}"),
    }
}

/// How many requests wait for leave, unless the window with them is seen or about to be. Not by where somebody writes:
/// whoever presses the button that tells it has stopped writing before the click is over.
pub(super) fn asking(requests: &ToolRequests, places: &Places, layout: &Layout) -> usize {
    let is_shown = places.is_seen(Window::Hands) || layout.reveal == Some(Window::Hands);
    if is_shown {
        0
    } else {
        requests.asking().count()
    }
}

/// What is chosen in the bar, if something is.
pub(super) fn bar(context: &egui::Context, view: View<'_>) -> Option<Wish> {
    let View {
        project,
        layout,
        commands,
        asking,
        status,
        theme,
    } = view;
    let mut wish = None;
    egui::TopBottomPanel::top("menu").show(context, |ui| {
        egui::menu::bar(ui, |ui| {
            let name = match project.name.trim() {
                "" => "Manual Slop",
                name => name,
            };
            ui.label(egui::RichText::new(name).strong().color(theme.accent));
            for menu in Menu::ALL {
                ui.menu_button(menu.title(), |ui| {
                    for command in commands.iter().filter(|command| command.menu == Some(menu)) {
                        if item(ui, command, layout, theme) {
                            wish.clone_from(&command.wish);
                        }
                    }
                });
            }
            if asking > 0 && waits(ui, asking, theme) {
                wish = Some(Wish::Toggle(Window::Hands));
            }
            if let Some(status) = status {
                ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                    // What has no room is cut off: it is not to lie over what can be clicked.
                    ui.shrink_clip_rect(egui::Rect::everything_right_of(ui.max_rect().left()));
                    show_status(ui, status, theme);
                });
            }
        });
    });
    wish
}

/// What runs, from the right to the left.
fn show_status(ui: &mut egui::Ui, status: Status, theme: &Theme) {
    let color = if status.is_error {
        theme.error
    } else {
        theme.good
    };
    let text = ui.weak(status.text);
    if status.is_error {
        text.on_hover_text("MMA Dashboard › Hot Reload says what is wrong");
    }
    let (rect, _) = ui.allocate_exact_size(egui::Vec2::splat(10.0), egui::Sense::hover());
    ui.painter().circle_filled(rect.center(), 4.0, color);
}

/// That the assistant asks for leave. Whether somebody wants to see what for.
fn waits(ui: &mut egui::Ui, asking: usize, theme: &Theme) -> bool {
    let verb = if asking == 1 { "waits" } else { "wait" };
    let text = egui::RichText::new(format!("{asking} {verb} for your leave"));
    let button = ui.button(text.color(theme.warning));
    button.on_hover_text("Show the window Hands").clicked()
}

/// A command in a menu. Whether it is chosen.
fn item(ui: &mut egui::Ui, command: &Command, layout: &Layout, theme: &Theme) -> bool {
    let keys = egui::RichText::new(command.keys()).color(theme.weak);
    // A menu with windows stays open, for several may be wanted.
    if let Some(Wish::Toggle(window)) = command.wish {
        let mut is_open = layout.show_windows.get(&window).copied().unwrap_or(false);
        let row = ui.horizontal(|ui| {
            let is_chosen = ui.checkbox(&mut is_open, window.title()).clicked();
            let layout = egui::Layout::right_to_left(egui::Align::Center);
            ui.with_layout(layout, |ui| ui.label(keys));
            is_chosen
        });
        return row.inner;
    }
    let button = egui::Button::new(&command.name)
        .wrap_mode(egui::TextWrapMode::Extend)
        .shortcut_text(keys);
    let is_chosen = ui.add_enabled(command.wish.is_some(), button).clicked();
    if is_chosen {
        ui.close_menu();
    }
    is_chosen
}

/// What became of the saved state. Each stays until it is dismissed, but for a failure, which stays
/// until it is over.
pub(super) fn notices(context: &egui::Context, session: &mut Session, theme: &Theme) {
    if session.notices.is_empty() && session.failure.is_none() {
        return;
    }
    let frame = egui::Frame::side_top_panel(&context.style()).fill(theme.raised);
    egui::TopBottomPanel::top("notices")
        .frame(frame)
        .show(context, |ui| {
            if let Some(failure) = &session.failure {
                ui.colored_label(theme.error, failure);
            }
            let area = scroll::up_to(egui::ScrollArea::vertical(), TOLD);
            // The newest is the last one.
            let area = area.auto_shrink([false, true]).stick_to_bottom(true);
            area.show(ui, |ui| list(ui, &mut session.notices, theme));
        });
}

/// Notices, each as a whole however long it is, until it is dismissed.
fn list(ui: &mut egui::Ui, notices: &mut Vec<String>, theme: &Theme) {
    let mut dismissed = None;
    for (index, notice) in notices.iter().enumerate() {
        ui.horizontal(|ui| {
            if ui.small_button("✖").on_hover_text("Dismiss").clicked() {
                dismissed = Some(index);
            }
            let notice = egui::RichText::new(notice).color(theme.warning);
            ui.add(egui::Label::new(notice).wrap());
        });
    }
    if let Some(index) = dismissed {
        notices.remove(index);
    }
}

#[cfg(test)]
mod tests {
    use slop_state::{Deed, ToolRequest};
    use slop_ui::{
        field,
        testing::{click, find, texts, theme},
        Dock,
    };

    use super::*;

    fn input(width: f32, events: Vec<egui::Event>) -> egui::RawInput {
        let size = egui::vec2(width, 400.0);
        egui::RawInput {
            screen_rect: Some(egui::Rect::from_min_size(egui::Pos2::ZERO, size)),
            events,
            ..egui::RawInput::default()
        }
    }

    /// What is seen of some notices in a small window, and where all else begins below them.
    fn look(told: Vec<String>) -> (Vec<(String, egui::Rect)>, f32) {
        let context = egui::Context::default();
        let theme = theme();
        let mut session = Session::new("nowhere".into());
        session.notices = told;
        let (mut seen, mut top) = (Vec::new(), 0.0);
        // What is scrolled to follows from what was drawn before.
        for _ in 0..3 {
            let output = context.run(input(600.0, Vec::new()), |context| {
                notices(context, &mut session, &theme);
                top = context.available_rect().top();
            });
            seen = texts(&output);
        }
        (seen, top)
    }

    #[cfg(feature = "hot")]
    #[test]
    fn an_error_of_the_reloader_is_told_in_words() {
        let generation = Generation::NONE.next();
        assert_eq!(words(None, generation, false), "generation 1");
        let told = words(None, generation, true);
        assert_eq!(told, "generation 1, with an error");
        // Which may be mended by what goes on.
        assert_eq!(words(Some(Phase::Build), generation, true), "build…");
    }

    #[test]
    fn a_long_notice_is_told_to_its_end() {
        let notice = "many words ".repeat(30);
        let (seen, _) = look(vec![notice.clone()]);
        let told = seen.iter().find(|(text, _)| *text == notice);
        let (_, rect) = told.expect("it is told");
        assert!(rect.right() <= 600.0, "it ends at {}", rect.right());
    }

    #[test]
    fn many_notices_leave_room_for_the_windows() {
        let (seen, top) = look((0..100).map(|n| format!("notice {n}")).collect());
        assert!(top < 200.0, "the windows begin at {top}");
        assert!(seen.iter().any(|(text, _)| text == "notice 99"), "{seen:?}");
    }

    const WAITS: &str = "1 waits for your leave";

    /// The bar above the dock, with a field in the dashboard.
    #[derive(Default)]
    struct Bench {
        context: egui::Context,
        requests: ToolRequests,
        layout: Layout,
        dock: Dock,
        places: Places,
        text: String,
    }

    fn text_field() -> egui::Id {
        egui::Id::new("a field of the dashboard")
    }

    impl Bench {
        /// Draws one frame. What is to be seen then, and what was chosen.
        fn run(&mut self, events: Vec<egui::Event>) -> (Vec<(String, egui::Rect)>, Option<Wish>) {
            let theme = theme();
            let mut wish = None;
            let context = self.context.clone();
            let output = context.run(input(1280.0, events), |context| {
                let view = View {
                    project: &Project::default(),
                    layout: &self.layout,
                    commands: &[],
                    asking: asking(&self.requests, &self.places, &self.layout),
                    status: None,
                    theme: &theme,
                };
                wish = bar(context, view);
                let (dock, layout, places) = (&mut self.dock, &mut self.layout, &mut self.places);
                egui::CentralPanel::default().show(context, |ui| dock.show(ui, layout, places));
                let text = &mut self.text;
                self.places.show(context, Window::MmaDashboard, |ui| {
                    field::line(ui, text, |edit| edit.id(text_field()));
                });
            });
            (texts(&output), wish)
        }
    }

    #[test]
    fn what_waits_is_shown_by_a_click_of_somebody_who_writes() {
        let mut bench = Bench::default();
        bench.requests.list.push(ToolRequest {
            deed: Deed::Run("cargo test".into()),
            ..ToolRequest::default()
        });
        let focus = |memory: &mut egui::Memory| memory.request_focus(text_field());
        bench.context.memory_mut(focus);
        bench.run(Vec::new());
        let (seen, _) = bench.run(Vec::new());
        assert!(field::is_written_in(&bench.context));
        let mut wishes = Vec::new();
        for event in click(find(&seen, WAITS).center()) {
            wishes.extend(bench.run(vec![event]).1);
            // What is told of what the pointer has come to lies over it for a frame.
            wishes.extend(bench.run(Vec::new()).1);
        }
        assert_eq!(wishes, [Wish::Toggle(Window::Hands)]);
        bench.layout.reveal = Some(Window::Hands);
        // As it comes to the front, and once it is there.
        for _ in 0..2 {
            let (seen, _) = bench.run(Vec::new());
            assert!(seen.iter().all(|(text, _)| text != WAITS), "{seen:?}");
        }
    }

    #[test]
    fn nothing_lies_over_the_menus_in_a_narrow_window() {
        let (context, theme, layout) = (egui::Context::default(), theme(), Layout::default());
        let told = "generation 12, with an error";
        let output = context.run(input(520.0, Vec::new()), |context| {
            let view = View {
                project: &Project::default(),
                layout: &layout,
                commands: &[],
                asking: 1,
                status: Some(Status {
                    text: told.to_owned(),
                    is_error: true,
                }),
                theme: &theme,
            };
            bar(context, view);
        });
        let seen = texts(&output);
        let waits = find(&seen, WAITS);
        assert!(waits.left() > find(&seen, "Help").right(), "{seen:?}");
        let is_status = |shape: &egui::Shape| match shape {
            egui::Shape::Text(shape) => shape.galley.text() == told,
            _ => false,
        };
        for drawn in output.shapes.iter().filter(|one| is_status(&one.shape)) {
            let left = drawn.clip_rect.left();
            assert!(left > waits.right(), "it begins at {left}: {seen:?}");
        }
    }
}

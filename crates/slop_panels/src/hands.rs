//! Hands: what the assistant wants to do in the project's folder, and what became of it.

mod request;

use bevy::{prelude::*, utils::HashMap};
use hot_reloader::prelude::*;
use slop_common::{date, Turn};
use slop_engine::{
    egui,
    hands::{Diff, Jobs},
};
use slop_state::{
    Action, CallId, Discussions, HandsView, Layout, Project, Stage, ToolNote, ToolRequest,
    ToolRequests, Window,
};
use slop_ui::{edit, empty, Canvas, Dock, Theme};

/// How many lines of the log are shown.
const LINES: usize = 100;

/// Owns what a person is in the middle of there.
#[hot_module(
    state_keys = [HandsView],
    targets = [render_hands],
    after = [controller, ai_client, main_interface],
)]
pub fn hands(app: &mut App) {
    Turn::order(app);
    app.init_resource::<HandsView>()
        .add_event::<Action>()
        .add_systems(Update, render_hands.in_set(Turn::Show));
}

fn render_hands(
    mut canvas: Canvas,
    requests: Res<ToolRequests>,
    discussions: Res<Discussions>,
    (jobs, project, dock): (Res<Jobs>, Res<Project>, Res<Dock>),
    mut layout: ResMut<Layout>,
    mut view: ResMut<HandsView>,
    mut cache: Local<Cache>,
) {
    if let Some(newest) = unseen(&requests, view.revealed) {
        let context = canvas.contexts.try_ctx_mut();
        // Nobody asked for the window, so it waits until what it would hide is written.
        if context.is_none_or(|context| !dock.would_hide_writing(context, Window::Hands)) {
            view.revealed = newest;
            layout.reveal = Some(Window::Hands);
        }
    }
    if !canvas.places.is_seen(Window::Hands) {
        return;
    }
    let limit_s = canvas.settings.command_limit_s;
    edit(&mut view, |view| {
        canvas.show(Window::Hands, |ui, theme, out| {
            let view = View {
                requests: &requests,
                discussions: &discussions,
                jobs: &jobs,
                folder: &project.root,
                limit_s,
                view,
                cache: &mut cache,
                theme,
            };
            panel(ui, view, out);
        });
    });
}

/// The newest request that needs somebody's word, if it came after the one that the window was opened for. Their
/// places tell, for ids begin with the time, and a clock can be set back.
fn unseen(requests: &ToolRequests, revealed: CallId) -> Option<CallId> {
    let place = |id: CallId| requests.list.iter().position(|request| request.id == id);
    let newest = requests.asking().last()?.id;
    (place(newest) > place(revealed)).then_some(newest)
}

/// What the panel draws.
struct View<'a> {
    requests: &'a ToolRequests,
    discussions: &'a Discussions,
    /// What is under way.
    jobs: &'a Jobs,
    /// The project's, as it is now.
    folder: &'a str,
    /// After how many seconds a command is ended.
    limit_s: u32,
    view: &'a mut HandsView,
    cache: &'a mut Cache,
    theme: &'a Theme,
}

/// What is the same in every frame: what becomes of files, by request.
#[derive(Default)]
struct Cache(HashMap<CallId, Shown>);

/// What becomes of a file, with what is in it and what is to be.
struct Shown {
    before: Option<String>,
    after: String,
    diff: Diff,
}

impl Cache {
    fn diff(&mut self, id: CallId, before: Option<&str>, after: &str) -> &Diff {
        let make = || Shown {
            before: before.map(str::to_owned),
            after: after.to_owned(),
            diff: Diff::new(before.unwrap_or_default(), after),
        };
        let known = self.0.entry(id).or_insert_with(make);
        if known.before.as_deref() != before || known.after != after {
            *known = make();
        }
        &known.diff
    }

    fn keep_only(&mut self, requests: &ToolRequests) {
        self.0.retain(|id, _| requests.get(*id).is_some());
    }
}

fn panel(ui: &mut egui::Ui, mut view: View<'_>, out: &mut Vec<Action>) {
    let requests = view.requests;
    view.cache.keep_only(requests);
    let waits = |id: CallId| requests.waiting().any(|request| request.id == id);
    view.view.reasons.retain(|(id, _)| waits(*id));
    if requests.list.is_empty() && requests.log.is_empty() {
        empty(
            ui,
            "The assistant has asked for nothing yet. Let it read the project, or propose changes and \
             commands, in the setup of a discussion (⚙). What it wants to do waits here until you allow it.",
        );
        return;
    }
    egui::ScrollArea::vertical()
        .auto_shrink(false)
        .show(ui, |ui| {
            request::left_over(ui, &mut view);
            view.theme.header(ui, "Waiting for your leave");
            if requests.waiting().next().is_none() {
                ui.weak("Nothing waits.");
            }
            for request in requests.waiting() {
                request::waiting(ui, request, &mut view, out);
            }
            under_way(ui, &view, out);
            remembered(ui, requests, out);
            over(ui, &mut view, out);
            ui.add_space(12.0);
            view.theme.header(ui, "Log");
            for note in requests.log.iter().rev().take(LINES) {
                line(ui, note, view.theme);
            }
        });
}

fn under_way(ui: &mut egui::Ui, view: &View<'_>, out: &mut Vec<Action>) {
    let is_under_way =
        |request: &&ToolRequest| matches!(request.stage, Stage::Running | Stage::Undoing);
    let requests = view.requests;
    let mut list = requests.list.iter().filter(is_under_way).peekable();
    if list.peek().is_none() {
        return;
    }
    ui.add_space(12.0);
    view.theme.header(ui, "Under way");
    for request in list {
        request::running(ui, request, view, out);
    }
}

/// What needs no leave any more.
fn remembered(ui: &mut egui::Ui, requests: &ToolRequests, out: &mut Vec<Action>) {
    for remembered in &requests.remembered {
        ui.horizontal(|ui| {
            let kind = remembered.kind.label();
            let number = remembered.ticket;
            ui.label(format!("All {kind} in ticket {number} are allowed."));
            ui.weak(format!("In {}", remembered.folder));
            if ui.button("Ask again").clicked() {
                out.push(Action::ForgetTool(remembered.clone()));
            }
        });
    }
}

fn over(ui: &mut egui::Ui, view: &mut View<'_>, out: &mut Vec<Action>) {
    let is_over = |request: &&ToolRequest| request.stage.is_over();
    let requests = view.requests;
    let mut list = requests.list.iter().rev().filter(is_over).peekable();
    if list.peek().is_none() {
        return;
    }
    ui.add_space(12.0);
    view.theme.header(ui, "Over");
    for request in list {
        request::over(ui, request, view, out);
    }
}

fn line(ui: &mut egui::Ui, note: &ToolNote, theme: &Theme) {
    let ToolNote {
        time, what, title, ..
    } = note;
    ui.horizontal_wrapped(|ui| {
        let time = date(*time);
        ui.label(egui::RichText::new(time).monospace().color(theme.weak));
        ui.label(egui::RichText::new(what).color(color_of(what, theme)));
        ui.label(title);
    });
}

fn color_of(what: &str, theme: &Theme) -> egui::Color32 {
    if what.starts_with("refused") || what.starts_with("not undone") {
        theme.warning
    } else if what.starts_with("failed") {
        theme.error
    } else if what.starts_with("done") {
        theme.good
    } else {
        theme.text
    }
}

#[cfg(test)]
mod tests;

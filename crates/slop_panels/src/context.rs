//! Context: what goes out with the next question, part by part, before it goes.

mod parts;

use bevy::prelude::*;
use hot_reloader::prelude::*;
use slop_common::{streaming, wanted, Turn, ASSISTANT};
use slop_engine::{
    context::{estimate_tokens, ContextReader, Gathered},
    egui,
};
use slop_state::{
    Action, Composer, Discussion, Discussions, Entry, Hub, PendingRequests, Project, Settings,
    Tiers, Window,
};
use slop_ui::{
    discussion_hub::{editor, prompt_field, why_not_edited},
    edit, field, tracked, Canvas, Theme,
};

use self::parts::{parts, Named, Origin, Part};

/// Has the project's files read while it is seen.
#[hot_module(
    targets = [render_context],
    after = [controller, ai_client, main_interface],
)]
pub fn context(app: &mut App) {
    Turn::order(app);
    app.init_resource::<ContextReader>()
        .add_event::<Action>()
        .add_systems(Update, render_context.in_set(Turn::Show));
}

fn render_context(
    mut canvas: Canvas,
    (project, tiers): (Res<Project>, Res<Tiers>),
    discussions: Res<Discussions>,
    (mut composer, mut hub): (ResMut<Composer>, ResMut<Hub>),
    pending: Res<PendingRequests>,
    mut reader: ResMut<ContextReader>,
    mut named: Local<Named>,
) {
    if !canvas.places.is_seen(Window::Context) {
        return;
    }
    let has_files = !project.root.is_empty() && !project.tracked.is_empty();
    if has_files {
        let rule = discussions.shown().map(|shown| tiers.rule(shown));
        reader.look(&project.root, wanted(&project, rule.unwrap_or_default()));
    }
    let settings = canvas.settings.clone();
    let streaming = streaming(&pending);
    named.changed = (discussions.last_changed(), composer.last_changed());
    edit(&mut composer, |composer| {
        edit(&mut hub, |hub| {
            canvas.show(Window::Context, |ui, theme, out| {
                let mut view = View {
                    project: &project,
                    settings: &settings,
                    tiers: &tiers,
                    discussion: discussions.shown(),
                    composer,
                    unsaved: hub.unsaved(&discussions),
                    editing: &mut hub.editing,
                    streaming: &streaming,
                    gathered: reader.latest().filter(|_| has_files),
                    named: &mut named,
                    theme,
                };
                panel(ui, &mut view, out);
            });
        });
    });
}

/// What the panel draws, and what of it a person changes directly.
struct View<'a> {
    project: &'a Project,
    settings: &'a Settings,
    tiers: &'a Tiers,
    /// The one that is shown.
    discussion: Option<&'a Discussion>,
    composer: &'a mut Composer,
    /// The name of the discussion with the entry that is being edited, if that was changed.
    unsaved: Option<&'a str>,
    /// An entry and the text that it may get: the same as in the Discussion Hub.
    editing: &'a mut Option<(u64, String)>,
    /// The ids of the entries that the assistant is still writing.
    streaming: &'a [u64],
    /// The project's files that may go out; `None` until they were read.
    gathered: Option<&'a Gathered>,
    /// Which of them are named in what was said.
    named: &'a mut Named,
    theme: &'a Theme,
}

fn panel(ui: &mut egui::Ui, view: &mut View<'_>, out: &mut Vec<Action>) {
    egui::ScrollArea::vertical()
        .auto_shrink(false)
        .show(ui, |ui| {
            view.theme.header(ui, "Tracked files");
            tracked_files(ui, view, out);
            ui.add_space(12.0);
            view.theme.header(ui, "The next question");
            what_goes_out(ui, view, out);
        });
}

fn tracked_files(ui: &mut egui::Ui, view: &View<'_>, out: &mut Vec<Action>) {
    let View { project, theme, .. } = view;
    if project.root.is_empty() {
        ui.weak(
            "The project has no folder. Choose one in Project Settings, and its files can go out.",
        );
        return;
    }
    ui.weak(format!("In {}", project.root));
    let mut new = project.tracked.clone();
    tracked::list(ui, &mut new, &[], theme);
    tracked::add(ui, "context", &mut new, theme);
    if new != project.tracked {
        out.push(Action::SetProject(Project {
            tracked: new,
            ..Project::clone(project)
        }));
    }
    match view.gathered {
        None if !project.tracked.is_empty() => {
            ui.weak("The files are being read…");
        }
        None => {}
        Some(gathered) => {
            for error in &gathered.refused {
                let text = format!("Does not go out: {error}");
                ui.colored_label(theme.warning, text);
            }
        }
    }
}

fn what_goes_out(ui: &mut egui::Ui, view: &mut View<'_>, out: &mut Vec<Action>) {
    let View {
        discussion: Some(discussion),
        streaming,
        gathered,
        tiers,
        theme,
        ..
    } = *view
    else {
        return;
    };
    let parts = parts(
        discussion,
        view.composer,
        streaming,
        gathered,
        tiers,
        view.named,
    );
    let tokens: Vec<usize> = parts
        .iter()
        .map(|part| estimate_tokens(part.len()))
        .collect();
    let sum: usize = tokens.iter().sum();
    let asked = tiers.settings(discussion, view.settings);
    let window = asked.context_window();
    let color = if sum > window as usize {
        theme.error
    } else {
        theme.text
    };
    let told = ui.colored_label(color, of_window(sum, window));
    if let Some(of) = asked.model_id() {
        told.on_hover_text(format!("Of {}, as set in Project Settings", of.model));
    }
    if let Some(tier) = discussion.tier {
        let rule = tiers.rule(discussion).label();
        ui.weak(format!("The tier {} answers: {rule}.", tier.label()));
    }
    ui.weak("An estimate: four bytes for each token. Files are read again when they go out.");
    ui.add_space(6.0);
    if sum == 0 {
        ui.weak("Nothing was said yet.");
    }
    for (part, tokens) in parts.iter().zip(tokens) {
        let title = format!("{} · about {} tokens", part.title(), count(tokens));
        let mut title = egui::RichText::new(title);
        if part.is_changed {
            title = title.color(theme.warning);
        }
        egui::CollapsingHeader::new(title)
            .id_salt(("part", discussion.id, part.key()))
            .show(ui, |ui| body(ui, part, discussion, view, out));
    }
}

/// The text of a part. What can be edited is: the system prompt and what is not sent yet as they are
/// typed, an entry as in the discussion, since it is more than what goes out of it.
fn body(
    ui: &mut egui::Ui,
    part: &Part<'_>,
    discussion: &Discussion,
    view: &mut View<'_>,
    out: &mut Vec<Action>,
) {
    match part.origin {
        Origin::System => {
            let id = discussion.id;
            let field = egui::Id::new(("context system", id));
            let hint = "Another prompt for this discussion";
            let room = (f32::INFINITY, 2);
            let typed = prompt_field(ui, field, &discussion.system, hint, room);
            out.extend(typed.map(|system| Action::SetSystem(id, system)));
            if !discussion.system.trim().is_empty() {
                return;
            }
            // It is that of its tier.
        }
        Origin::Composer if view.composer.text.len() <= Entry::LONG => {
            write(ui, view.composer, out);
            return;
        }
        Origin::Entry(id) => {
            if view.editing.as_ref().is_some_and(|(other, _)| *other == id) {
                let entry = discussion.entry(id);
                let can_ask = entry.is_some_and(|entry| entry.role != ASSISTANT);
                let now = entry.map_or("", |entry| entry.text.as_str());
                editor(ui, text_field(id), can_ask, now, view.editing, out);
                return;
            }
            ui.horizontal(|ui| entry_buttons(ui, id, discussion, view, out));
        }
        Origin::Tools | Origin::File | Origin::Composer => {}
    }
    let shown = part.shown();
    if shown.len() < part.len() {
        ui.weak("Only the beginning is shown; all of it goes out.");
    }
    let text = egui::RichText::new(&*shown).monospace();
    ui.add(egui::Label::new(text).wrap());
}

/// The field for what is not sent yet: the same text as in the Discussion Hub.
fn write(ui: &mut egui::Ui, composer: &mut Composer, out: &mut Vec<Action>) {
    let pasted = field::apart(ui, &mut composer.text, |edit| {
        edit.id(egui::Id::new("context composer"))
            .hint_text("Say something")
            .desired_width(f32::INFINITY)
            .desired_rows(2)
    });
    out.extend(pasted.into_iter().map(Action::PasteEntry));
}

/// What can be done with an entry.
fn entry_buttons(
    ui: &mut egui::Ui,
    id: u64,
    discussion: &Discussion,
    view: &mut View<'_>,
    out: &mut Vec<Action>,
) {
    if ui.button("Show it in the discussion").clicked() {
        out.push(Action::ShowEntry(id));
    }
    let Some(entry) = discussion.entry(id) else {
        return;
    };
    let why_not = why_not_edited(entry, view.unsaved);
    let edit = ui.add_enabled(why_not.is_none(), egui::Button::new("Edit"));
    let edit = edit.on_disabled_hover_text(why_not.unwrap_or_default());
    if edit.clicked() {
        *view.editing = Some((id, entry.text.clone()));
        ui.memory_mut(|memory| memory.request_focus(text_field(id)));
    }
}

fn text_field(entry: u64) -> egui::Id {
    egui::Id::new(("context text", entry))
}

/// How much of the model's window is taken.
fn of_window(sum: usize, window: u32) -> String {
    let (sum, window) = (sum as u64, u64::from(window));
    let percent = (sum * 100).div_ceil(window.max(1));
    let text = format!(
        "About {} of {} tokens, {percent} %",
        count(sum),
        count(window)
    );
    if sum > window {
        text + ": more than the model takes"
    } else {
        text
    }
}

/// A number with its thousands apart.
fn count(number: impl ToString) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            // A thin space, which egui draws in every font.
            text.push('\u{2009}');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests;

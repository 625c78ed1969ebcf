//! One request: what is to be done, and what can be said to that.

use slop_common::{can_begin, job_of, LeaveError};
use slop_engine::{
    egui,
    hands::{Diff, Jobs, Mark},
};
use slop_state::{Action, CallId, Deed, DeedKind, Stage, ToolRequest};
use slop_ui::{copy, field, scroll, Theme};

use super::View;

/// The height of a diff, a command or an output, in points. More is scrolled to. Less is never offered, though what
/// scrolls has no room for what is in it further down.
const HEIGHT: f32 = 260.0;
/// Why a change waits though leave for such is remembered.
const READ_IN_PART: &str =
    "The assistant has read a part of this file only. See that nothing goes which is to stay.";

/// One that waits for leave.
pub(super) fn waiting(
    ui: &mut egui::Ui,
    request: &ToolRequest,
    view: &mut View<'_>,
    out: &mut Vec<Action>,
) {
    let hindrance = can_begin(request, view.requests, view.folder).err();
    ui.push_id(request.id, |ui| {
        ui.group(|ui| {
            head(ui, request, view);
            if request.read_in_part {
                ui.colored_label(view.theme.warning, READ_IN_PART);
            }
            let edited = view.view.editing.as_ref();
            if edited.is_some_and(|(id, _)| *id == request.id) {
                editor(ui, request, hindrance.as_ref(), view, out);
            } else {
                deed(ui, request, view);
                if let Some(hindrance) = &hindrance {
                    ui.colored_label(view.theme.warning, hindrance.to_string());
                }
                answers(ui, request, hindrance.as_ref(), view, out);
            }
        });
    });
}

/// What was typed for a request that waits no more, as when its answer was stopped. Nobody can allow it, but it can
/// be copied.
pub(super) fn left_over(ui: &mut egui::Ui, view: &mut View<'_>) {
    let Some((id, text)) = view.view.editing.as_mut() else {
        return;
    };
    let request = view.requests.get(*id);
    if request.is_some_and(|request| request.stage == Stage::Waiting) {
        return;
    }
    let is_typed = request.is_none_or(|request| request.deed.text() != Some(text.as_str()));
    let mut is_over = !is_typed;
    if is_typed {
        let of = request.map_or_else(String::new, |request| format!(": {}", request.title()));
        ui.group(|ui| {
            let says = format!("You typed this for what waits no more{of}");
            ui.colored_label(view.theme.warning, says);
            typed(ui, text);
            ui.horizontal(|ui| {
                copy(&ui.button("Copy"), || text.clone());
                is_over = ui.button("Give up").clicked();
            });
        });
    }
    if is_over {
        view.view.editing = None;
    }
}

/// What it is, and where it was asked for.
fn head(ui: &mut egui::Ui, request: &ToolRequest, view: &View<'_>) {
    ui.horizontal_wrapped(|ui| {
        ui.strong(request.title());
        let discussion = view.discussions.get(request.discussion);
        if let Some(discussion) = discussion {
            ui.weak(format!("in {}", discussion.name));
        }
        if let Some(number) = request.ticket {
            ui.weak(format!("ticket {number}"));
        }
    });
}

/// What is to be done, as a whole.
fn deed(ui: &mut egui::Ui, request: &ToolRequest, view: &mut View<'_>) {
    match &request.deed {
        Deed::Look { arguments, .. } => {
            ui.monospace(arguments);
        }
        Deed::Change { before, after, .. } => {
            let diff = view.cache.diff(request.id, before.as_deref(), after);
            ui.weak(format!("In {}:", request.place()));
            lines_of(ui, diff, view.theme);
        }
        Deed::Run(command) => {
            let limit = match (&request.stage, view.limit_s) {
                (Stage::Waiting, 1) => ", for 1 second at most".to_owned(),
                (Stage::Waiting, limit) => format!(", for {limit} seconds at most"),
                // The limit may have been another one when it began.
                _ => String::new(),
            };
            ui.weak(format!("In {}{limit}:", request.place()));
            let lines: Vec<_> = command.lines().collect();
            rows(ui, "command", &lines, false, |line| {
                ((*line).to_owned(), view.theme.accent)
            });
        }
    }
}

fn lines_of(ui: &mut egui::Ui, diff: &Diff, theme: &Theme) {
    let (added, removed) = (diff.added, diff.removed);
    ui.weak(format!("+{added} -{removed} lines"));
    rows(ui, "diff", &diff.lines, false, |line| {
        let color = match line.mark {
            Mark::Place => theme.accent,
            Mark::Kept => theme.text,
            Mark::Added => theme.good,
            Mark::Removed => theme.error,
        };
        (format!("{}{}", line.mark.sign(), line.text), color)
    });
}

/// Lines of which only those are drawn that can be seen.
fn rows<T>(
    ui: &mut egui::Ui,
    salt: &str,
    lines: &[T],
    follows: bool,
    line: impl Fn(&T) -> (String, egui::Color32),
) {
    let height = ui.text_style_height(&egui::TextStyle::Monospace);
    scroll::up_to(egui::ScrollArea::both().id_salt(salt), HEIGHT)
        .auto_shrink([false, true])
        .stick_to_bottom(follows)
        .show_rows(ui, height, lines.len(), |ui, seen| {
            for one in &lines[seen] {
                let (text, color) = line(one);
                let text = egui::RichText::new(text).monospace().color(color);
                ui.add(egui::Label::new(text).extend());
            }
        });
}

/// A button that says why it is of no use, if it is.
fn button(ui: &mut egui::Ui, text: &str, why_not: Option<&str>) -> egui::Response {
    let button = ui.add_enabled(why_not.is_none(), egui::Button::new(text));
    button.on_disabled_hover_text(why_not.unwrap_or_default())
}

/// What can be said to a request, and why it cannot be allowed, if so.
fn answers(
    ui: &mut egui::Ui,
    request: &ToolRequest,
    hindrance: Option<&LeaveError>,
    view: &mut View<'_>,
    out: &mut Vec<Action>,
) {
    let id = request.id;
    let why_not = hindrance.map(ToString::to_string);
    let why_not = why_not.as_deref();
    ui.horizontal_wrapped(|ui| {
        if button(ui, "Allow", why_not).clicked() {
            out.push(Action::AllowTool(id));
        }
        if button(ui, "Edit", why_not_edited(view).as_deref()).clicked() {
            let text = request.deed.text().map(str::to_owned);
            view.view.editing = text.map(|text| (id, text));
        }
        if let (Some(number), Some(kind)) = (request.ticket, request.deed.kind()) {
            let kind = kind.label();
            // While another change of its file is under way the leave counts from afterwards on.
            let why_not = why_not.filter(|_| hindrance != Some(&LeaveError::Busy));
            let all = format!("Allow all {kind} in ticket {number}");
            let all = button(ui, &all, why_not).on_hover_text(
                "Those that come are done without asking, in this ticket and this folder only, until \
                 you have them asked for again. You still see those of a file that was read in part only.",
            );
            if all.clicked() {
                out.push(Action::RememberTool(id));
            }
        }
    });
    ui.horizontal_wrapped(|ui| refusal(ui, id, &mut view.view.reasons, out));
}

/// The button that refuses, and why, which stays with its request while something else is done.
fn refusal(
    ui: &mut egui::Ui,
    id: CallId,
    reasons: &mut Vec<(CallId, String)>,
    out: &mut Vec<Action>,
) {
    let typed = reasons.iter().find(|(of, _)| *of == id);
    let mut reason = typed.map_or_else(String::new, |(_, reason)| reason.clone());
    let is_refused = ui.button("Refuse").clicked();
    let typed = field::line(ui, &mut reason, |edit| {
        edit.id_salt("reason")
            .hint_text("Why not; the assistant is told")
            .desired_width(240.0)
    });
    if !(is_refused || typed.changed()) {
        return;
    }
    reasons.retain(|(of, _)| *of != id);
    if is_refused {
        out.push(Action::RefuseTool(id, reason));
    } else if !reason.is_empty() {
        reasons.push((id, reason));
    }
}

/// Why nobody can begin to edit a request that is not edited: something was typed for another one.
fn why_not_edited(view: &View<'_>) -> Option<String> {
    let (other, text) = view.view.editing.as_ref()?;
    let Some(other) = view.requests.waiting().find(|one| one.id == *other) else {
        return Some("Copy or give up first what you typed for what waits no more".to_owned());
    };
    let is_changed = other.deed.text() != Some(text.as_str());
    is_changed.then(|| format!("Allow or give up the other edit first: {}", other.title()))
}

/// The field for a text that is to be done instead.
fn typed(ui: &mut egui::Ui, text: &mut String) {
    let area = egui::ScrollArea::vertical().id_salt("editor");
    scroll::up_to(area, HEIGHT).show(ui, |ui| {
        field::lines(ui, text, |edit| {
            edit.id_salt("edited")
                .code_editor()
                .desired_width(f32::INFINITY)
        });
    });
}

/// Another text for what is to be done. It stays while it cannot be allowed.
fn editor(
    ui: &mut egui::Ui,
    request: &ToolRequest,
    hindrance: Option<&LeaveError>,
    view: &mut View<'_>,
    out: &mut Vec<Action>,
) {
    let Some((_, text)) = view.view.editing.as_mut() else {
        return;
    };
    typed(ui, text);
    let why_not = match (&request.deed, hindrance) {
        (_, Some(hindrance)) => Some(hindrance.to_string()),
        (Deed::Run(_), None) => Jobs::check(text).err().map(|error| error.to_string()),
        _ => None,
    };
    let why_not = why_not.as_deref();
    if let Some(why_not) = why_not {
        ui.colored_label(view.theme.warning, why_not);
    }
    let mut is_over = false;
    ui.horizontal(|ui| {
        if button(ui, "Allow as edited", why_not).clicked() {
            out.push(Action::AllowEditedTool(request.id, text.clone()));
            is_over = true;
        }
        is_over |= ui.button("Give up editing").clicked();
    });
    if is_over {
        view.view.editing = None;
    }
}

/// One that is under way, with what a command has said.
pub(super) fn running(
    ui: &mut egui::Ui,
    request: &ToolRequest,
    view: &View<'_>,
    out: &mut Vec<Action>,
) {
    ui.push_id(request.id, |ui| {
        head(ui, request, view);
        if request.deed.kind() != Some(DeedKind::Run) {
            return;
        }
        if ui.button("Cancel").clicked() {
            out.push(Action::CancelTool(request.id));
        }
        let progress = view.jobs.get(job_of(request));
        let output = progress.map(|progress| progress.output).unwrap_or_default();
        said(ui, &output.text, view.theme);
    });
}

fn said(ui: &mut egui::Ui, text: &str, theme: &Theme) {
    if text.trim().is_empty() {
        ui.weak("It has said nothing.");
        return;
    }
    let lines: Vec<_> = text.lines().collect();
    rows(ui, "output", &lines, true, |line| {
        ((*line).to_owned(), theme.text)
    });
}

/// One that is over, folded.
pub(super) fn over(
    ui: &mut egui::Ui,
    request: &ToolRequest,
    view: &mut View<'_>,
    out: &mut Vec<Action>,
) {
    let theme = view.theme;
    let (how, color) = match &request.stage {
        Stage::Done(_) => ("done", theme.good),
        Stage::Refused(_) => ("refused", theme.warning),
        Stage::Failed(_) => ("failed", theme.error),
        Stage::Undone => ("undone", theme.weak),
        Stage::Waiting | Stage::Running | Stage::Undoing => return,
    };
    let title = format!("{} · {how}", request.title());
    let title = egui::RichText::new(title).color(color);
    egui::CollapsingHeader::new(title)
        .id_salt(("over", request.id))
        .show(ui, |ui| {
            let is_change = request.deed.kind() == Some(DeedKind::Change);
            if is_change && matches!(request.stage, Stage::Done(_)) {
                let hindrance = can_begin(request, view.requests, view.folder).err();
                let why_not = hindrance.map(|hindrance| hindrance.to_string());
                let undo = button(ui, "Undo", why_not.as_deref()).on_hover_text(
                    "Puts back what was in the file, if nobody has changed it since",
                );
                if undo.clicked() {
                    out.push(Action::UndoTool(request.id));
                }
            }
            deed(ui, request, view);
            if let Stage::Done(text) | Stage::Failed(text) | Stage::Refused(text) = &request.stage {
                said(ui, text, theme);
            }
        });
}

#[cfg(test)]
mod tests {
    use slop_ui::testing::Window;

    use super::*;

    #[test]
    fn what_is_further_down_has_the_same_room() {
        let lines: Vec<u32> = (0..100).collect();
        let shown = |above: f32| {
            let mut window = Window::default();
            let mut draw = |ui: &mut egui::Ui| {
                let scroll = egui::ScrollArea::vertical().vertical_scroll_offset(above);
                scroll.show(ui, |ui| {
                    ui.add_space(above);
                    rows(ui, "lines", &lines, false, |line| {
                        (line.to_string(), egui::Color32::WHITE)
                    });
                    ui.add_space(2_000.0);
                });
            };
            window.run(Vec::new(), &mut draw);
            window.run(Vec::new(), &mut draw).len()
        };
        let at_the_top = shown(0.0);
        assert!((10..50).contains(&at_the_top), "{at_the_top}");
        assert_eq!(shown(2_000.0), at_the_top);
    }
}

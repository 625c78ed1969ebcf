//! The reason on screen, and what cargo is doing.
//!
//! Drawn by the host, above the tint, so it works whatever the plugin libraries do.

use std::{path::Path, sync::Arc};

use bevy::{
    ecs::schedule::IntoSystemConfigs,
    prelude::{App, EventWriter, Local, PostUpdate, Res},
    render::RenderPlugin,
    window::WindowPlugin,
};
use bevy_egui::{egui, systems::end_pass_system, EguiContexts};

use super::{
    CancelReload, HotReloader, HotReloaderConfig, Passage, Phase, Progress, ReloadError,
    ReloadReport, ReloadRequest, TypeChange,
};

/// The width of the line that tells of the progress, in points, if the window is as wide. It is always the same,
/// so that its button stays where it is.
const PROGRESS: f32 = 520.0;

/// A reason that is less wide than this has its buttons in a row of their own, in points.
const WIDE: f32 = 840.0;

/// A panel is at least as wide, in points.
const NARROWEST: f32 = 100.0;

/// What a click asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Click {
    Retry,
    Rebuild,
    Cancel,
}

pub(super) fn plugin(app: &mut App) {
    if app.is_plugin_added::<WindowPlugin>() && app.is_plugin_added::<RenderPlugin>() {
        let has_content = |reloader: Res<HotReloader>| {
            let is_told = worth_telling(&reloader).is_some();
            let goes_on = reloader.progress.is_some();
            goes_on || reloader.is_ready() || reloader.is_error_state() || is_told
        };
        app.add_systems(PostUpdate, draw.run_if(has_content).before(end_pass_system));
    }
}

fn draw(
    mut contexts: EguiContexts,
    reloader: Res<HotReloader>,
    config: Res<HotReloaderConfig>,
    mut folded: Local<Option<Arc<ReloadError>>>,
    mut read: Local<u32>,
    mut requests: EventWriter<ReloadRequest>,
    mut cancels: EventWriter<CancelReload>,
) {
    let Some(context) = contexts.try_ctx_mut() else {
        return;
    };
    let mut clicks = Vec::new();
    if let Some(progress) = &reloader.progress {
        // Probation is no wait for anybody.
        if progress.phase != Phase::Probation {
            let is_first = reloader.modules().is_empty();
            progress_line(context, progress, is_first, &mut clicks);
        }
    } else if reloader.is_ready() {
        ready_mark(context);
    }
    if let Some(error) = &reloader.last_error {
        let heading = heading(&reloader);
        let manifest = &config.build.manifest;
        let folder = manifest.parent().unwrap_or(manifest);
        // The next error is shown even if the last one was hidden.
        let mut is_folded = folded.as_ref().is_some_and(|f| Arc::ptr_eq(f, error));
        error_panel(
            context,
            &heading,
            error,
            reloader.warnings(),
            folder,
            &mut is_folded,
            &mut clicks,
        );
        *folded = is_folded.then(|| error.clone());
    } else if let Some(report) = worth_telling(&reloader) {
        if *read != report.number {
            note_panel(context, report, &mut read);
        }
    }
    for click in clicks {
        match click {
            Click::Retry => drop(requests.send(ReloadRequest::all())),
            Click::Rebuild => drop(requests.send(ReloadRequest::all().rebuilding())),
            Click::Cancel => drop(cancels.send(CancelReload)),
        }
    }
}

/// The last report, if it warns of anything that the one before did not, or values are not what they were.
fn worth_telling(reloader: &HotReloader) -> Option<&ReloadReport> {
    let mut reports = reloader.history().rev();
    let last = reports.next()?;
    let known = reports.next().map_or(&[][..], |report| &report.warnings);
    let is_new = |warning: &String| !known.contains(warning);
    let is_told = last.warnings.iter().any(is_new) || changed(last).next().is_some();
    is_told.then_some(last)
}

/// The types whose values are not merely where they were.
fn changed(report: &ReloadReport) -> impl Iterator<Item = &TypeChange> {
    let types = report.types.iter();
    types.filter(|change| change.passage != Passage::Moved)
}

fn heading(reloader: &HotReloader) -> String {
    let generation = reloader.generation();
    if reloader.modules().is_empty() {
        "No code that can be edited runs yet".to_owned()
    } else if let Some(ReloadError::RestoredInPart { .. }) = reloader.last_error() {
        format!("Reload taken back, but not all of the state. Generation {generation} goes on")
    } else if let Some(module) = reloader.modules().iter().find(|m| m.suspended.is_some()) {
        format!("Module {} is suspended", module.module.name)
    } else {
        format!("Reload failed. Generation {generation} goes on, with its state")
    }
}

/// A line at the lower edge, or in the middle.
fn progress_line(
    context: &egui::Context,
    progress: &Progress,
    is_first: bool,
    clicks: &mut Vec<Click>,
) {
    // As long as no code runs, there is nothing else to see.
    let place = if is_first {
        (egui::Align2::CENTER_CENTER, [0.0, 0.0])
    } else {
        (egui::Align2::CENTER_BOTTOM, [0.0, -8.0])
    };
    egui::Area::new(egui::Id::new("hot_reloader progress"))
        .anchor(place.0, place.1)
        .order(egui::Order::Debug)
        .show(context, |ui| {
            egui::Frame::popup(ui.style()).show(ui, |ui| {
                ui.set_width(width(context.screen_rect(), 32.0, PROGRESS));
                ui.horizontal(|ui| {
                    let from_right = egui::Layout::right_to_left(egui::Align::Center);
                    ui.with_layout(from_right, |ui| progress_parts(ui, progress, clicks));
                });
            });
        });
}

/// From the right on: the button and the time stay, and the text has the rest.
fn progress_parts(ui: &mut egui::Ui, progress: &Progress, clicks: &mut Vec<Click>) {
    if progress.phase == Phase::Build && ui.small_button("Cancel").clicked() {
        clicks.push(Click::Cancel);
    }
    let seconds = progress.since.elapsed().as_secs_f32();
    ui.weak(format!("{seconds:.1} s"));
    let text = if progress.text.is_empty() {
        "starting cargo"
    } else {
        &progress.text
    };
    let text = format!("Hot reload, {}: {text}", progress.phase);
    let from_left = egui::Layout::left_to_right(egui::Align::Center);
    ui.with_layout(from_left, |ui| ui.add(egui::Label::new(text).truncate()));
}

/// A mark in the corner.
fn ready_mark(context: &egui::Context) {
    egui::Area::new(egui::Id::new("hot_reloader ready"))
        .anchor(egui::Align2::RIGHT_BOTTOM, [-6.0, -4.0])
        .order(egui::Order::Debug)
        .interactable(false)
        .show(context, |ui| {
            // What the app has there does not shine through.
            let frame = egui::Frame::popup(ui.style());
            frame
                .inner_margin(egui::Margin::symmetric(6.0, 2.0))
                .show(ui, |ui| {
                    let text = egui::RichText::new("new code is ready").small();
                    ui.label(text.color(ui.visuals().weak_text_color()));
                });
        });
}

fn error_panel(
    context: &egui::Context,
    heading: &str,
    error: &ReloadError,
    warnings: &[String],
    folder: &Path,
    folded: &mut bool,
    clicks: &mut Vec<Click>,
) {
    let screen = context.screen_rect();
    let text = details(error, warnings);
    egui::Area::new(egui::Id::new("hot_reloader error"))
        .anchor(egui::Align2::CENTER_TOP, [0.0, 32.0])
        .order(egui::Order::Debug)
        .show(context, |ui| {
            let frame = egui::Frame::window(ui.style())
                .fill(egui::Color32::from_rgb(28, 14, 14))
                .stroke(egui::Stroke::new(1.0, egui::Color32::from_rgb(255, 72, 64)));
            frame.show(ui, |ui| {
                let width = width(screen, 64.0, 900.0);
                ui.set_width(width);
                let from_right = egui::Layout::right_to_left(egui::Align::Center);
                if width < WIDE {
                    ui.horizontal_wrapped(|ui| title(ui, heading));
                    ui.horizontal(|ui| {
                        ui.with_layout(from_right, |ui| buttons(ui, &text, folded, clicks));
                    });
                } else {
                    ui.horizontal(|ui| {
                        title(ui, heading);
                        ui.with_layout(from_right, |ui| buttons(ui, &text, folded, clicks));
                    });
                }
                if *folded {
                    return;
                }
                ui.separator();
                // The places scroll too: a lost import is hundreds of errors, and the types that Bevy names are wide.
                egui::ScrollArea::both()
                    .max_height(height(screen))
                    .min_scrolled_height(height(screen))
                    .auto_shrink([false, true])
                    .show(ui, |ui| {
                        places(ui, error, folder);
                        let text = egui::RichText::new(text.as_str())
                            .monospace()
                            .color(egui::Color32::from_gray(215));
                        let label = egui::Label::new(text);
                        // What the compiler marks would not stand under the code any more.
                        let is_drawing = !error.diagnostics().is_empty();
                        ui.add(if is_drawing {
                            label.extend()
                        } else {
                            label.wrap()
                        });
                    });
            });
        });
}

/// The room for what may be long, so that a panel stays within the window. An area offers no more than it had in the
/// frame before, in which something shorter may have been told, or nothing: so it is also the least before it scrolls.
fn height(screen: egui::Rect) -> f32 {
    (screen.height() * 0.5).max(120.0)
}

/// The width of a panel with a margin beside it. A window may be narrower than that, above all if it is zoomed, and a
/// debug build of egui panics at a width below 0.
fn width(screen: egui::Rect, margin: f32, most: f32) -> f32 {
    (screen.width() - margin).clamp(NARROWEST, most)
}

fn title(ui: &mut egui::Ui, heading: &str) {
    ui.colored_label(egui::Color32::from_rgb(255, 120, 110), "⚠");
    ui.strong(heading);
}

/// What can be done, from the right on.
fn buttons(ui: &mut egui::Ui, text: &str, folded: &mut bool, clicks: &mut Vec<Click>) {
    let fold = if *folded { "Show" } else { "Hide" };
    if ui.button(fold).clicked() {
        *folded = !*folded;
    }
    if ui.button("Copy").clicked() {
        ui.output_mut(|output| text.clone_into(&mut output.copied_text));
    }
    if ui.button("Retry").on_hover_text("Ctrl+Alt+R").clicked() {
        clicks.push(Click::Retry);
    }
    let rebuild = ui.button("Rebuild");
    let keys = "Ctrl+Alt+Shift+R: retry, and build anew what startup has spawned";
    if rebuild.on_hover_text(keys).clicked() {
        clicks.push(Click::Rebuild);
    }
}

/// Where to go, a line for each error of the compiler.
fn places(ui: &mut egui::Ui, error: &ReloadError, folder: &Path) {
    for diagnostic in error.diagnostics() {
        let Some(place) = &diagnostic.place else {
            continue;
        };
        ui.horizontal_wrapped(|ui| {
            // Relative to the workspace as far as it can be told, to fit the line.
            let root = folder.ancestors().take(3).last().unwrap_or(folder);
            let shown = place.file.strip_prefix(root).unwrap_or(&place.file);
            let text = format!("{}:{}:{}", shown.display(), place.line, place.column);
            ui.label(egui::RichText::new(text).monospace().strong());
            ui.label(&diagnostic.message);
        });
    }
    if !error.diagnostics().is_empty() {
        ui.add_space(8.0);
    }
}

/// What became of values, and what could not be made sure of, in a reload that came about; until it is read
/// or the next one.
fn note_panel(context: &egui::Context, report: &ReloadReport, read: &mut u32) {
    let amber = egui::Color32::from_rgb(240, 180, 80);
    egui::Area::new(egui::Id::new("hot_reloader warnings"))
        .anchor(egui::Align2::RIGHT_BOTTOM, [-8.0, -8.0])
        .order(egui::Order::Debug)
        .show(context, |ui| {
            egui::Frame::popup(ui.style()).show(ui, |ui| {
                ui.set_max_width(width(context.screen_rect(), 32.0, 700.0));
                let mut parts = Vec::new();
                for (passage, word) in [
                    (Passage::Migrated, "migrated"),
                    (Passage::Discarded, "discarded"),
                    (Passage::Waiting, "waiting"),
                ] {
                    let count = changed(report).filter(|of| of.passage == passage).count();
                    parts.extend(counted(count, "type").map(|types| format!("{types} {word}")));
                }
                parts.extend(counted(report.warnings.len(), "warning"));
                ui.horizontal(|ui| {
                    if report.warnings.is_empty() {
                        ui.weak("ℹ");
                    } else {
                        ui.colored_label(amber, "⚠");
                    }
                    ui.label(format!(
                        "Hot reload {}: {}",
                        report.number,
                        parts.join(", ")
                    ));
                    if ui.small_button("Hide").clicked() {
                        *read = report.number;
                    }
                });
                egui::CollapsingHeader::new("Show")
                    .id_salt("hot_reloader warnings")
                    .show(ui, |ui| {
                        egui::ScrollArea::vertical()
                            .max_height(height(context.screen_rect()))
                            .min_scrolled_height(height(context.screen_rect()))
                            .show(ui, |ui| {
                                for change in changed(report) {
                                    ui.label(change.to_string());
                                }
                                for warning in &report.warnings {
                                    ui.label(warning);
                                }
                            });
                    });
            });
        });
}

/// `2 types`; `None` if there are none.
fn counted(count: usize, of: &str) -> Option<String> {
    let plural = if count == 1 { "" } else { "s" };
    (count > 0).then(|| format!("{count} {of}{plural}"))
}

/// Everything that is known, for the panel and the clipboard.
fn details(error: &ReloadError, warnings: &[String]) -> String {
    let mut text = error.to_string();
    for warning in warnings {
        text.push_str("\n\nWarning: ");
        text.push_str(warning);
    }
    if let Some(panic) = error.panic().filter(|panic| !panic.backtrace.is_empty()) {
        text.push_str("\n\nBacktrace:\n");
        text.push_str(&panic.backtrace);
    }
    text
}

#[cfg(test)]
mod tests;

//! The reloader: which code runs, what is wrong with the newest, and how the last reloads went.

use std::path::{Path, PathBuf};

use hot_reloader::{
    Diagnostic, HotReloader, ModuleStatus, Outcome, Phase, PhaseTime, Progress, ReloadError,
    ReloadReport, ReloadRequest,
};
use slop_engine::{
    egui,
    egui_extras::{Column, TableBuilder, TableRow},
};
use slop_state::Action;
use slop_ui::{copy, scroll, Theme};

/// The height of a row, in points.
const ROW: f32 = 22.0;

/// The least width of a phase in a bar, in points.
const SLIVER: f32 = 3.0;

/// Errors of the compiler that are listed. All are in the whole text.
const LISTED: usize = 50;

/// In the order in which a reload goes through them.
const PHASES: [Phase; 11] = [
    Phase::Build,
    Phase::Stage,
    Phase::Inspect,
    Phase::Identify,
    Phase::Rehearse,
    Phase::Gate,
    Phase::Capture,
    Phase::SetUp,
    Phase::Migrate,
    Phase::Swap,
    Phase::Probation,
];

/// Draws it all. The reload that is asked for, if one is.
pub(super) fn panel(
    ui: &mut egui::Ui,
    reloader: &HotReloader,
    theme: &Theme,
    out: &mut Vec<Action>,
) -> Option<ReloadRequest> {
    let mut request = None;
    head(ui, reloader, theme, &mut request);
    ui.add_space(8.0);
    egui::ScrollArea::vertical()
        .id_salt("reloader")
        .auto_shrink(false)
        .show(ui, |ui| {
            modules(ui, reloader.modules(), theme, &mut request, out);
            ui.add_space(8.0);
            if let Some(error) = reloader.last_error() {
                let anchor = reloader.modules().first();
                let anchor = anchor.map(|status| status.module.file_path.as_path());
                failure(ui, error, anchor, theme, out);
                ui.add_space(8.0);
            }
            let reports: Vec<_> = reloader.history().rev().collect();
            history(ui, &reports, theme);
        });
    request
}

/// The button, and what goes on.
fn head(
    ui: &mut egui::Ui,
    reloader: &HotReloader,
    theme: &Theme,
    request: &mut Option<ReloadRequest>,
) {
    ui.horizontal(|ui| {
        let text = egui::RichText::new("🔄 Hot Reload").strong().size(16.0);
        let button = egui::Button::new(text).min_size(egui::vec2(150.0, 34.0));
        if ui.add(button).on_hover_text("Ctrl+Alt+R").clicked() {
            *request = Some(ReloadRequest::all());
        }
        let rebuild = egui::Button::new("Rebuild").min_size(egui::vec2(0.0, 34.0));
        let keys = "Ctrl+Alt+Shift+R: reload, and build anew what startup has spawned";
        if ui.add(rebuild).on_hover_text(keys).clicked() {
            *request = Some(ReloadRequest::all().rebuilding());
        }
        if reloader.modules().is_empty() {
            ui.weak("No code that can be edited runs yet");
        } else {
            ui.label(format!("Generation {}", reloader.generation()));
        }
        if let Some(progress) = reloader.progress() {
            let text = egui::RichText::new(doing(progress)).color(theme.accent);
            ui.add(egui::Label::new(text).truncate());
        } else if reloader.is_error_state() {
            ui.colored_label(theme.error, "⚠ See below");
        }
    });
}

fn doing(progress: &Progress) -> String {
    let seconds = progress.since.elapsed().as_secs_f32();
    let text = progress.text.trim();
    let colon = if text.is_empty() { "" } else { ": " };
    format!("{}{colon}{text} ({seconds:.1} s)", progress.phase)
}

/// What a row tells of a module.
const TITLES: [&str; 7] = [
    "Module",
    "Generation",
    "Build",
    "State",
    "Targets",
    "Status",
    "",
];

/// A row for each module.
fn modules(
    ui: &mut egui::Ui,
    modules: &[ModuleStatus],
    theme: &Theme,
    request: &mut Option<ReloadRequest>,
    out: &mut Vec<Action>,
) {
    theme.header(ui, "Modules");
    if modules.is_empty() {
        ui.weak(
            "None is loaded. Wait for the first build, or mend what it says and press Ctrl+Alt+R.",
        );
        return;
    }
    ui.push_id("modules", |ui| {
        TableBuilder::new(ui)
            .striped(true)
            .vscroll(false)
            .cell_layout(egui::Layout::left_to_right(egui::Align::Center))
            .column(Column::remainder().at_least(96.0).clip(true))
            .column(Column::exact(84.0))
            .column(Column::exact(76.0))
            .column(Column::exact(48.0))
            .column(Column::exact(56.0))
            .column(Column::exact(84.0))
            .column(Column::exact(28.0))
            .header(ROW, |mut row| {
                for title in TITLES {
                    row.col(|ui| {
                        ui.weak(title);
                    });
                }
            })
            .body(|mut body| {
                for status in modules {
                    body.row(ROW, |mut row| module(&mut row, status, theme, request, out));
                }
            });
    });
}

fn module(
    row: &mut TableRow<'_, '_>,
    status: &ModuleStatus,
    theme: &Theme,
    request: &mut Option<ReloadRequest>,
    out: &mut Vec<Action>,
) {
    let module = &status.module;
    row.col(|ui| {
        let file = module.file_path.display().to_string();
        let link = ui.link(&module.name).on_hover_text(&file);
        if link.clicked() {
            out.push(Action::OpenInEditor(file, 1, 1));
        }
    });
    row.col(|ui| {
        ui.label(status.generation.to_string());
    });
    row.col(|ui| {
        ui.monospace(status.build_id.short())
            .on_hover_text(format!("Build {}", status.build_id));
    });
    row.col(|ui| {
        let hover = "Types whose values it owns; reloads keep them";
        count(ui, &module.state_keys, hover);
    });
    row.col(|ui| {
        count(ui, &module.delegation_targets, "Functions that do its work");
    });
    row.col(|ui| match &status.suspended {
        Some(error) => {
            ui.colored_label(theme.error, "suspended")
                .on_hover_text(error.to_string());
        }
        None => {
            ui.colored_label(theme.good, "running");
        }
    });
    row.col(|ui| {
        let hover = format!("Reload {} only", module.name);
        if ui.small_button("🔄").on_hover_text(hover).clicked() {
            *request = Some(ReloadRequest::modules([module.name.as_str()]));
        }
    });
}

/// How many there are; which ones, if the pointer is over it.
fn count(ui: &mut egui::Ui, names: &[String], what: &str) {
    ui.label(names.len().to_string()).on_hover_ui(|ui| {
        ui.weak(what);
        for name in names {
            ui.monospace(name);
        }
    });
}

/// Why the last reload did not come about, or a module is suspended. The file of a module is the
/// `anchor` for paths from the root of the workspace.
fn failure(
    ui: &mut egui::Ui,
    error: &ReloadError,
    anchor: Option<&Path>,
    theme: &Theme,
    out: &mut Vec<Action>,
) {
    theme.header(ui, "Last error");
    let diagnostics = error.diagnostics();
    let text = whole_text(error);
    ui.horizontal(|ui| {
        ui.colored_label(theme.error, format!("⚠ {}", error.phase()));
        let button = ui.button("📋 Copy").on_hover_text("Copy the whole text");
        copy(&button, || text.clone());
        let summary = match diagnostics.len() {
            0 => text.lines().next().unwrap_or_default().to_owned(),
            1 => "1 error of the compiler".to_owned(),
            errors => format!("{errors} errors of the compiler"),
        };
        ui.add(egui::Label::new(&summary).truncate());
    });
    for diagnostic in diagnostics.iter().take(LISTED) {
        mistake(ui, diagnostic, theme, out);
    }
    if diagnostics.len() > LISTED {
        ui.weak(format!("and {} more", diagnostics.len() - LISTED));
    }
    if let Some(location) = error.panic().and_then(|panic| panic.location.as_deref()) {
        ui.horizontal_wrapped(|ui| {
            ui.label("It panicked at");
            match parse_place(location) {
                Some((file, line, column)) => {
                    link(ui, &absolute(Path::new(file), anchor), line, column, out);
                }
                None => {
                    ui.monospace(location);
                }
            }
        });
    }
    egui::CollapsingHeader::new("Whole text")
        .id_salt("whole text")
        .show(ui, |ui| {
            scroll::up_to(egui::ScrollArea::both().id_salt("whole text"), 240.0)
                .auto_shrink([false, true])
                .show(ui, |ui| {
                    let text = egui::RichText::new(&text).monospace();
                    ui.add(egui::Label::new(text).extend());
                });
        });
}

/// One error of the compiler.
fn mistake(ui: &mut egui::Ui, diagnostic: &Diagnostic, theme: &Theme, out: &mut Vec<Action>) {
    let level = level(&diagnostic.rendered);
    let color = if level.starts_with("warning") {
        theme.warning
    } else {
        theme.error
    };
    ui.horizontal_wrapped(|ui| {
        ui.label(egui::RichText::new(level).monospace().color(color));
        ui.label(&diagnostic.message);
        if let Some(place) = &diagnostic.place {
            let [line, column] = [place.line, place.column].map(|n| u32::try_from(n).unwrap_or(1));
            link(ui, &place.file, line, column, out);
        }
    });
}

/// The place in a file that a click opens.
fn link(ui: &mut egui::Ui, file: &Path, line: u32, column: u32, out: &mut Vec<Action>) {
    let text = format!("{}:{line}:{column}", short_path(file));
    let hover = format!("Open {} in the editor", file.display());
    if ui.link(text).on_hover_text(hover).clicked() {
        let file = file.display().to_string();
        out.push(Action::OpenInEditor(file, line, column));
    }
}

/// What the compiler calls it, such as `error[E0425]`.
fn level(rendered: &str) -> &str {
    let head = rendered.trim_start().split(':').next().unwrap_or_default();
    let is_level = ["error", "warning"].iter().any(|w| head.starts_with(*w));
    if is_level && !head.contains(char::is_whitespace) {
        head
    } else {
        "error"
    }
}

/// A path from the folder of its crate on, if that can be told.
fn short_path(path: &Path) -> String {
    let parts: Vec<_> = path.components().collect();
    let from = parts.iter().rposition(|part| part.as_os_str() == "src");
    let from = from.map_or(parts.len().saturating_sub(3), |at| at.saturating_sub(1));
    let short: PathBuf = parts[from..].iter().collect();
    short.display().to_string()
}

/// `file:line:column`.
fn parse_place(text: &str) -> Option<(&str, u32, u32)> {
    let mut parts = text.trim().rsplitn(3, ':');
    let column = parts.next()?.parse().ok()?;
    let line = parts.next()?.parse().ok()?;
    Some((parts.next()?, line, column))
}

/// Panics tell paths from the root of the workspace on. That is where the path of another file of
/// the workspace goes on as this one begins.
fn absolute(file: &Path, anchor: Option<&Path>) -> PathBuf {
    let Some(anchor) = anchor.filter(|_| file.is_relative()) else {
        return file.to_owned();
    };
    let shared = |root: &Path| {
        let rest = anchor.strip_prefix(root).unwrap_or(anchor);
        let pairs = rest.components().zip(file.components());
        pairs.take_while(|(a, b)| a == b).count()
    };
    let root = anchor.ancestors().max_by_key(|root| shared(root));
    root.filter(|root| shared(root) > 0)
        .map_or_else(|| file.to_owned(), |root| root.join(file))
}

/// Everything that is known.
fn whole_text(error: &ReloadError) -> String {
    let mut text = error.to_string();
    if let Some(panic) = error.panic().filter(|panic| !panic.backtrace.is_empty()) {
        text.push_str("\n\nBacktrace:\n");
        text.push_str(&panic.backtrace);
    }
    text
}

/// A row for each report, the newest first.
fn history(ui: &mut egui::Ui, reports: &[&ReloadReport], theme: &Theme) {
    theme.header(ui, "History");
    if reports.is_empty() {
        ui.weak("Nothing was reloaded yet. Change the code, and press Ctrl+Alt+R.");
        return;
    }
    legend(ui, theme);
    let least = 6.0 * ROW;
    egui::ScrollArea::vertical()
        .id_salt("history")
        .min_scrolled_height(least)
        .max_height(ui.available_height().max(least))
        .auto_shrink([false, true])
        .show_rows(ui, ROW, reports.len(), |ui, range| {
            for report in &reports[range] {
                row(ui, report, theme);
            }
        });
}

/// Which colour is which phase. A colour and its name wrap as one.
fn legend(ui: &mut egui::Ui, theme: &Theme) {
    const SQUARE: f32 = 10.0;
    const GAP: f32 = 4.0;
    let font = egui::TextStyle::Small.resolve(ui.style());
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = 3.0 * GAP;
        for phase in PHASES {
            let painter = ui.painter();
            let name = painter.layout_no_wrap(phase.to_string(), font.clone(), theme.text);
            let size = egui::vec2(SQUARE + GAP + name.size().x, name.size().y.max(SQUARE));
            let (_, rect) = ui.allocate_space(size);
            let at = rect.left_center() + egui::vec2(0.5 * SQUARE, 0.0);
            let square = egui::Rect::from_center_size(at, egui::Vec2::splat(SQUARE));
            let color = phase_color(phase, theme);
            ui.painter()
                .rect_filled(square, theme.rounding.min(2.0), color);
            let at = egui::pos2(square.right() + GAP, rect.center().y - 0.5 * name.size().y);
            ui.painter().galley(at, name, theme.text);
        }
    });
}

/// How one reload went, in columns.
fn row(ui: &mut egui::Ui, report: &ReloadReport, theme: &Theme) {
    // The scroll bar floats.
    let width = (ui.available_width() - 10.0).max(0.0);
    let (_, rect) = ui.allocate_space(egui::vec2(width, ROW));
    let (outcome, color) = outcome(report.outcome, theme);
    let total: f64 = report.phases.iter().map(|phase| phase.ms).sum();
    let font = egui::TextStyle::Body.resolve(ui.style());
    let text = |x: f32, align: egui::Align2, text: String, color: egui::Color32| {
        let at = egui::pos2(rect.left() + x, rect.center().y);
        ui.painter().text(at, align, text, font.clone(), color);
    };
    let left = egui::Align2::LEFT_CENTER;
    let right = egui::Align2::RIGHT_CENTER;
    text(0.0, left, format!("#{}", report.number), theme.weak);
    text(40.0, left, outcome.to_owned(), color);
    text(
        136.0,
        left,
        format!("gen {}", report.generation),
        theme.text,
    );
    text(268.0, right, duration(total), theme.text);

    let (facts_rect, bar_rect) = rect.split_left_right_at_x(rect.left() + 276.0);
    let id = ui.id().with(("report", report.number));
    ui.interact(facts_rect, id, egui::Sense::hover())
        .on_hover_ui(|ui| facts(ui, report, theme));
    if bar_rect.width() > 0.0 {
        let bar_rect = bar_rect.shrink2(egui::vec2(0.0, 4.0));
        bar(ui, bar_rect, id, &report.phases, theme);
    }
}

/// A segment for each phase.
fn bar(ui: &egui::Ui, rect: egui::Rect, id: egui::Id, phases: &[PhaseTime], theme: &Theme) {
    let times: Vec<f64> = phases.iter().map(|phase| phase.ms).collect();
    let mut left = rect.left();
    let widths = segments(rect.width(), &times);
    for (index, (phase, width)) in phases.iter().zip(widths).enumerate() {
        let corner = egui::pos2(left, rect.top());
        let segment = egui::Rect::from_min_size(corner, egui::vec2(width, rect.height()));
        left += width;
        if width <= 0.0 {
            continue;
        }
        let color = phase_color(phase.phase, theme);
        ui.painter().rect_filled(segment, 0.0, color);
        ui.interact(segment, id.with(index), egui::Sense::hover())
            .on_hover_text(format!("{}: {}", phase.phase, duration(phase.ms)));
    }
}

/// The widths of parts that fill `width`, in proportion, but each wide enough to be seen; 0 for a
/// part that is not positive.
fn segments(width: f32, parts: &[f64]) -> Vec<f32> {
    let mut in_proportion: Vec<bool> = parts.iter().map(|part| *part > 0.0).collect();
    let shown = in_proportion.iter().filter(|shown| **shown).count();
    if shown == 0 {
        return vec![0.0; parts.len()];
    }
    let least = SLIVER.min(width / shown as f32);
    loop {
        let wide = || parts.iter().zip(&in_proportion).filter(|(_, wide)| **wide);
        let total: f64 = wide().map(|(part, _)| part).sum();
        let room = width - least * (shown - wide().count()) as f32;
        let widths: Vec<f32> = parts
            .iter()
            .zip(&in_proportion)
            .map(|(part, wide)| match (*wide, *part > 0.0) {
                (true, _) => (part / total) as f32 * room,
                (false, true) => least,
                (false, false) => 0.0,
            })
            .collect();
        let mut is_done = true;
        for (wide, width) in in_proportion.iter_mut().zip(&widths) {
            if *wide && *width < least {
                *wide = false;
                is_done = false;
            }
        }
        if is_done {
            return widths;
        }
    }
}

/// What a report says besides.
fn facts(ui: &mut egui::Ui, report: &ReloadReport, theme: &Theme) {
    ui.strong(report.summary());
    if let Some(error) = &report.error {
        let text = error.to_string();
        ui.colored_label(theme.error, text.lines().next().unwrap_or_default());
    }
    if let Some(latency) = report.latency_ms {
        let latency = duration(latency);
        ui.label(format!("New code seen after {latency}"));
    }
    let longest = duration(report.longest_frame_ms);
    ui.label(format!("Longest frame after the build {longest}"));
    if !report.modules.is_empty() {
        let names: Vec<_> = report.modules.iter().map(|m| m.name.as_str()).collect();
        ui.label(format!("Changed: {}", names.join(", ")));
    }
    if let Some(builder) = &report.builder {
        ui.label(format!("Built by {builder}"));
    }
    if !report.recompiled.is_empty() {
        let names = report.recompiled.join(", ");
        ui.label(format!("Compiled besides: {names}"));
    }
    for change in &report.types {
        ui.label(change.to_string());
    }
    for warning in &report.warnings {
        ui.colored_label(theme.warning, warning);
    }
    for lost in &report.not_restored {
        ui.colored_label(theme.error, format!("Not as it was: {lost}"));
    }
}

fn duration(ms: f64) -> String {
    // The sum of nothing is a negative zero.
    let ms = ms + 0.0;
    if ms < 10.0 {
        format!("{ms:.1} ms")
    } else if ms < 10_000.0 {
        format!("{ms:.0} ms")
    } else {
        format!("{:.1} s", ms / 1000.0)
    }
}

fn outcome(outcome: Outcome, theme: &Theme) -> (&'static str, egui::Color32) {
    match outcome {
        Outcome::Committed => ("committed", theme.good),
        Outcome::OnProbation => ("on probation", theme.accent),
        Outcome::Unchanged => ("unchanged", theme.weak),
        Outcome::Refused => ("refused", theme.error),
        Outcome::RolledBack => ("rolled back", theme.error),
        Outcome::RolledBackInPart => ("back in part", theme.error),
        Outcome::Cancelled => ("cancelled", theme.warning),
    }
}

/// Told apart on light and dark.
fn phase_color(phase: Phase, theme: &Theme) -> egui::Color32 {
    match phase {
        Phase::Build => egui::Color32::from_rgb(88, 134, 212),
        Phase::Stage => egui::Color32::from_rgb(64, 176, 170),
        Phase::Inspect => egui::Color32::from_rgb(96, 190, 214),
        Phase::Identify => egui::Color32::from_rgb(150, 116, 214),
        Phase::Rehearse => egui::Color32::from_rgb(222, 164, 62),
        Phase::Gate => egui::Color32::from_rgb(206, 96, 160),
        Phase::Capture => egui::Color32::from_rgb(112, 182, 84),
        Phase::SetUp => egui::Color32::from_rgb(104, 160, 130),
        Phase::Migrate => egui::Color32::from_rgb(196, 196, 84),
        Phase::Swap => egui::Color32::from_rgb(226, 106, 76),
        Phase::Probation => egui::Color32::from_rgb(138, 148, 164),
        Phase::Request | Phase::Running => theme.weak,
    }
}

#[cfg(test)]
mod tests;

//! Performance: where the time of a frame goes, how late input is seen, how much memory there is, and
//! how long reloads took.

#[cfg(feature = "hot")]
mod reloads;

use bevy::prelude::*;
use hot_reloader::prelude::*;
#[cfg(feature = "hot")]
use hot_reloader::ReloadReport;
use slop_common::Turn;
use slop_engine::{
    egui,
    egui_plot::{HLine, Line, Plot, PlotPoints},
    timings::FrameTimes,
};
use slop_state::{Action, Settings, Window};
use slop_ui::{Canvas, Theme};

/// The time that a frame may take at 60 frames a second, in milliseconds.
const BUDGET: f64 = 1000.0 / 60.0;

/// The time after which a person notices that what was done is not to be seen yet, in milliseconds.
const PROMPT: f64 = 100.0;

/// Shows what was measured.
#[hot_module(
    targets = [render_performance],
    after = [controller, ai_client, main_interface],
)]
pub fn performance(app: &mut App) {
    Turn::order(app);
    app.add_event::<Action>()
        .add_systems(Update, render_performance.in_set(Turn::Show));
}

fn render_performance(mut canvas: Canvas, #[cfg(feature = "hot")] reloader: Res<HotReloader>) {
    if !canvas.places.is_seen(Window::Performance) {
        return;
    }
    #[cfg(feature = "hot")]
    let reloads: Vec<_> = reloader.history().collect();
    let timings = canvas.timings.clone();
    let frames = timings.frames();
    let components = timings.read();
    let settings = canvas.settings.clone();
    canvas.show(Window::Performance, |ui, theme, out| {
        let view = View {
            is_on: settings.perf_profiling_enabled,
            frames: &frames,
            components: &components,
            memory: timings.memory(),
            #[cfg(feature = "hot")]
            reloads: &reloads,
            theme,
        };
        let wanted = panel(ui, &view);
        if let Some(perf_profiling_enabled) = wanted {
            out.push(Action::SetSettings(Settings {
                perf_profiling_enabled,
                ..settings
            }));
        }
    });
}

/// What the panel draws.
struct View<'a> {
    /// Whether anything is measured. What is not is empty.
    is_on: bool,
    frames: &'a FrameTimes,
    /// The times of the parts of the app, in milliseconds.
    components: &'a [(String, Vec<f32>)],
    /// The memory of the process, in bytes.
    memory: Option<u64>,
    /// How the last reloads went, the newest last.
    #[cfg(feature = "hot")]
    reloads: &'a [&'a ReloadReport],
    theme: &'a Theme,
}

/// What there is to say about some times, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Summary {
    median: f32,
    p95: f32,
    worst: f32,
}

impl Summary {
    /// `None` of no times.
    fn of(times: impl Iterator<Item = f32>) -> Option<Self> {
        let mut times: Vec<f32> = times.collect();
        times.sort_by(f32::total_cmp);
        let last = times.len().checked_sub(1)?;
        Some(Self {
            median: times[last / 2],
            p95: times[last * 95 / 100],
            worst: times[last],
        })
    }
}

/// Whether profiling is to be turned on or off, if that was asked for.
fn panel(ui: &mut egui::Ui, view: &View<'_>) -> Option<bool> {
    let mut wanted = None;
    egui::ScrollArea::vertical()
        .auto_shrink(false)
        .show(ui, |ui| {
            let mut on = view.is_on;
            if ui.checkbox(&mut on, "Measure").changed() {
                wanted = Some(on);
            }
            if view.is_on {
                measured(ui, view);
            } else {
                ui.weak("Off, it costs nothing. Tick the box to see where the time goes.");
            }
            #[cfg(feature = "hot")]
            {
                ui.add_space(12.0);
                reloads::list(ui, view.reloads, view.theme);
            }
        });
    wanted
}

fn measured(ui: &mut egui::Ui, view: &View<'_>) {
    let theme = view.theme;
    ui.add_space(12.0);
    theme.header(ui, "Frames, in milliseconds");
    ui.weak("The work of the app for each. The time between two frames is in none.");
    frame_times(ui, &view.frames.frames, theme);
    ui.add_space(12.0);
    theme.header(ui, "Input lag, in milliseconds");
    ui.weak("From a key, a click or a movement to the picture that shows it, at most.");
    match Summary::of(view.frames.lags.iter().copied()) {
        Some(lag) => summed_up(ui, lag, PROMPT, theme),
        None => {
            ui.weak("No input was seen yet. Move the pointer.");
        }
    }
    ui.add_space(12.0);
    theme.header(ui, "Memory");
    match view.memory {
        Some(bytes) => ui.monospace(mebibytes(bytes)),
        None => ui.weak("The platform does not tell."),
    };
    ui.add_space(12.0);
    theme.header(ui, "Components, in milliseconds");
    table(ui, view.components, theme);
}

/// The three numbers, which stand out if they are over the budget by half.
fn summed_up(ui: &mut egui::Ui, summary: Summary, budget: f64, theme: &Theme) {
    ui.horizontal(|ui| {
        for (name, value) in [
            ("median", summary.median),
            ("95 of 100", summary.p95),
            ("worst", summary.worst),
        ] {
            let is_late = f64::from(value) > budget * 1.5;
            let color = if is_late { theme.warning } else { theme.text };
            ui.weak(name);
            let text = egui::RichText::new(format!("{value:5.1} ms"));
            ui.label(text.monospace().color(color));
            ui.add_space(8.0);
        }
    });
}

fn frame_times(ui: &mut egui::Ui, times: &[f32], theme: &Theme) {
    let Some(summary) = Summary::of(times.iter().copied()) else {
        ui.weak("No frame was measured yet. Move the pointer to have some drawn.");
        return;
    };
    summed_up(ui, summary, BUDGET, theme);
    let points: PlotPoints = (0..)
        .zip(times)
        .map(|(index, time)| [f64::from(index), f64::from(*time)])
        .collect();
    let top = f64::from(summary.worst).max(BUDGET * 2.0) * 1.1;
    still("frames")
        .height(150.0)
        .include_x(0.0)
        .include_x(times.len() as f64)
        .include_y(top)
        .show_x(false)
        .show(ui, |plot| {
            plot.hline(HLine::new(BUDGET).color(theme.weak));
            plot.line(Line::new(points).color(theme.accent).name("frame"));
        });
}

/// An amount of memory, for people.
fn mebibytes(bytes: u64) -> String {
    format!("{:.1} MiB", bytes as f64 / f64::from(1 << 20))
}

/// A graph from zero upwards that cannot be moved.
fn still(name: &str) -> Plot<'_> {
    Plot::new(name)
        .include_y(0.0)
        .show_axes([false, true])
        .allow_scroll(false)
        .allow_drag(false)
        .allow_zoom(false)
        .allow_boxed_zoom(false)
        .show_grid([false, true])
}

fn table(ui: &mut egui::Ui, components: &[(String, Vec<f32>)], theme: &Theme) {
    let summaries: Vec<_> = components
        .iter()
        .filter_map(|(name, times)| Some((name, Summary::of(times.iter().copied())?)))
        .collect();
    if summaries.is_empty() {
        ui.weak("Nothing has run yet. Move the pointer to have a frame drawn.");
        return;
    }
    let longest = summaries.iter().map(|(_, summary)| summary.median);
    let longest = longest.fold(0.001, f32::max);
    let grid = egui::Grid::new("components").num_columns(5).striped(true);
    grid.spacing([16.0, 4.0]).show(ui, |ui| {
        for head in ["component", "median", "95 of 100", "worst", ""] {
            ui.weak(head);
        }
        ui.end_row();
        for (name, summary) in summaries {
            ui.label(name);
            for time in [summary.median, summary.p95, summary.worst] {
                ui.monospace(format!("{time:8.3}"));
            }
            let (rect, _) = ui.allocate_exact_size(egui::vec2(160.0, 10.0), egui::Sense::hover());
            let share = summary.median / longest;
            let bar = rect.with_max_x(rect.left() + rect.width() * share);
            let rounding = theme.rounding.min(2.0);
            ui.painter().rect_filled(rect, rounding, theme.raised);
            ui.painter().rect_filled(bar, rounding, theme.accent);
            ui.end_row();
        }
    });
}

#[cfg(test)]
mod tests;

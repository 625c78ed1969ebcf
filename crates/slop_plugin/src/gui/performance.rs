//! Performance: where the time of a frame goes, and how long reloads took.

use std::collections::VecDeque;

use bevy::prelude::*;
use slop_engine::{
    egui,
    egui_plot::{Bar, BarChart, HLine, Line, Plot, PlotPoints},
};

use super::theme::Theme;

/// Frames kept.
const KEPT: usize = 240;

/// The time that a frame may take at 60 frames a second, in milliseconds.
const BUDGET: f64 = 1000.0 / 60.0;

/// The times of the last frames, while the window is open.
#[derive(Resource, Reflect, Clone, Debug, Default)]
pub(super) struct FrameTimes(VecDeque<f32>);

impl FrameTimes {
    /// Adds a frame, in milliseconds.
    pub(super) fn push(&mut self, time: f32) {
        if self.0.len() == KEPT {
            self.0.pop_front();
        }
        self.0.push_back(time);
    }
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

/// `components` are the times of the parts of the app, `reloads` the numbers of reports and the times
/// to the first frame; all in milliseconds. Returns whether profiling is to be turned on or off.
pub(super) fn panel(
    ui: &mut egui::Ui,
    frames: &FrameTimes,
    components: &[(String, Vec<f32>)],
    reloads: &[(u32, f64)],
    is_on: bool,
    theme: &Theme,
) -> Option<bool> {
    let mut wanted = None;
    egui::ScrollArea::vertical()
        .auto_shrink(false)
        .show(ui, |ui| {
            theme.header(ui, "Frames, in milliseconds");
            frame_times(ui, frames, theme);
            ui.add_space(12.0);
            ui.horizontal(|ui| {
                theme.header(ui, "Components");
                let mut on = is_on;
                if ui.checkbox(&mut on, "Time each of them").changed() {
                    wanted = Some(on);
                }
            });
            if is_on {
                table(ui, components, theme);
            } else {
                ui.weak("Off, it costs nothing. Tick the box to see where the time goes.");
            }
            ui.add_space(12.0);
            theme.header(ui, "Reloads, in milliseconds to the first frame");
            reload_times(ui, reloads, theme);
        });
    wanted
}

fn frame_times(ui: &mut egui::Ui, frames: &FrameTimes, theme: &Theme) {
    let Some(summary) = Summary::of(frames.0.iter().copied()) else {
        ui.weak("No frame was measured yet. Move the pointer to have some drawn.");
        return;
    };
    ui.horizontal(|ui| {
        for (name, value) in [
            ("median", summary.median),
            ("95 of 100", summary.p95),
            ("worst", summary.worst),
        ] {
            let is_late = f64::from(value) > BUDGET * 1.5;
            let color = if is_late { theme.warning } else { theme.text };
            ui.weak(name);
            let text = egui::RichText::new(format!("{value:5.1} ms"));
            ui.label(text.monospace().color(color));
            ui.add_space(8.0);
        }
    });
    let points: PlotPoints = (0..)
        .zip(&frames.0)
        .map(|(index, time)| [f64::from(index), f64::from(*time)])
        .collect();
    let top = f64::from(summary.worst).max(BUDGET * 2.0) * 1.1;
    still("frames")
        .height(150.0)
        .include_x(0.0)
        .include_x(KEPT as f64)
        .include_y(top)
        .show_x(false)
        .show(ui, |plot| {
            plot.hline(HLine::new(BUDGET).color(theme.weak));
            plot.line(Line::new(points).color(theme.accent).name("frame"));
        });
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
    let grid = egui::Grid::new("components").num_columns(4).striped(true);
    grid.spacing([16.0, 4.0]).show(ui, |ui| {
        for head in ["component", "median", "worst", ""] {
            ui.weak(head);
        }
        ui.end_row();
        for (name, summary) in summaries {
            ui.label(name);
            ui.monospace(format!("{:7.3} ms", summary.median));
            ui.monospace(format!("{:7.3} ms", summary.worst));
            let (rect, _) = ui.allocate_exact_size(egui::vec2(160.0, 10.0), egui::Sense::hover());
            let share = summary.median / longest;
            let bar = rect.with_max_x(rect.left() + rect.width() * share);
            ui.painter().rect_filled(rect, 2.0, theme.raised);
            ui.painter().rect_filled(bar, 2.0, theme.accent);
            ui.end_row();
        }
    });
}

fn reload_times(ui: &mut egui::Ui, reloads: &[(u32, f64)], theme: &Theme) {
    if reloads.is_empty() {
        ui.weak("Nothing was reloaded yet. Change the code, and press Ctrl+Alt+R.");
        return;
    }
    let bars = reloads.iter().map(|(number, time)| {
        let bar = Bar::new(f64::from(*number), *time).width(0.6);
        bar.name(format!("reload {number}: {time:.0} ms"))
    });
    let chart = BarChart::new(bars.collect()).color(theme.accent);
    still("reloads")
        .height(120.0)
        .include_y(500.0)
        .include_x(12.0)
        .show(ui, |plot| {
            // What a reload is to take at most.
            plot.hline(HLine::new(500.0).color(theme.weak));
            plot.bar_chart(chart);
        });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_summed_up() {
        assert_eq!(Summary::of([].into_iter()), None);
        let one = Summary::of([3.0].into_iter()).unwrap();
        assert_eq!((one.median, one.p95, one.worst), (3.0, 3.0, 3.0));
        let many = Summary::of((1..=101).rev().map(|n| n as f32)).unwrap();
        assert_eq!((many.median, many.p95, many.worst), (51.0, 96.0, 101.0));
    }

    #[test]
    fn the_last_frames_are_kept() {
        let mut frames = FrameTimes::default();
        for time in 0..=KEPT {
            frames.push(time as f32);
        }
        assert_eq!(frames.0.len(), KEPT);
        assert_eq!(frames.0[0], 1.0);
    }
}

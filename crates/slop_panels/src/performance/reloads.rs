//! How the last reloads went: to the first frame, in each phase, and in memory.

use hot_reloader::ReloadReport;
use slop_engine::{
    egui,
    egui_plot::{Bar, BarChart, HLine},
};
use slop_ui::Theme;

use super::{mebibytes, still};

/// What a reload is to take at most, in milliseconds.
const PROMPT: f64 = 500.0;

/// Reloads that are listed.
const LISTED: usize = 10;

/// Phases that are told in a row. All are in its tooltip.
const LONGEST: usize = 3;

/// `reports` has the newest last.
pub(super) fn list(ui: &mut egui::Ui, reports: &[&ReloadReport], theme: &Theme) {
    theme.header(ui, "Reloads, in milliseconds");
    if reports.is_empty() {
        ui.weak("Nothing was reloaded yet. Change the code, and press Ctrl+Alt+R.");
        return;
    }
    chart(ui, reports, theme);
    let grid = egui::Grid::new("reports").num_columns(6).striped(true);
    grid.spacing([16.0, 4.0]).show(ui, |ui| {
        for head in [
            "reload",
            "to the first frame",
            "longest frame",
            "longest phases",
            "memory",
            "growth",
        ] {
            ui.weak(head);
        }
        ui.end_row();
        let growths = growths(reports);
        for (report, growth) in reports.iter().zip(growths).rev().take(LISTED) {
            row(ui, report, growth);
        }
    });
}

/// The times to the first frame.
fn chart(ui: &mut egui::Ui, reports: &[&ReloadReport], theme: &Theme) {
    let bars = reports.iter().filter_map(|report| {
        let (number, time) = (report.number, report.latency_ms?);
        let bar = Bar::new(f64::from(number), time).width(0.6);
        Some(bar.name(format!("reload {number}: {time:.0} ms")))
    });
    let chart = BarChart::new(bars.collect()).color(theme.accent);
    still("reloads")
        .height(120.0)
        .include_y(PROMPT)
        .include_x(12.0)
        .show(ui, |plot| {
            plot.hline(HLine::new(PROMPT).color(theme.weak));
            plot.bar_chart(chart);
        });
}

fn row(ui: &mut egui::Ui, report: &ReloadReport, growth: Option<i64>) {
    ui.label(format!("#{}", report.number));
    let latency = report.latency_ms;
    ui.monospace(latency.map_or_else(|| "–".to_owned(), |time| format!("{time:.0}")));
    ui.monospace(format!("{:.1}", report.longest_frame_ms));
    ui.label(longest(report)).on_hover_ui(|ui| {
        for phase in &report.phases {
            ui.monospace(format!("{:9.1}  {}", phase.ms, phase.phase));
        }
    });
    let memory = report.resident_bytes;
    ui.monospace(memory.map_or_else(|| "–".to_owned(), mebibytes));
    ui.monospace(growth.map_or_else(|| "–".to_owned(), signed));
    ui.end_row();
}

/// The phases that took longest, the longest first.
fn longest(report: &ReloadReport) -> String {
    let mut phases: Vec<_> = report.phases.iter().collect();
    phases.sort_by(|a, b| b.ms.total_cmp(&a.ms));
    let told = phases.into_iter().take(LONGEST);
    let told = told.map(|phase| format!("{} {:.0}", phase.phase, phase.ms));
    told.collect::<Vec<_>>().join(", ")
}

/// By how many bytes the memory grew from one reload to the next; `None` for the first, and where it
/// is not known.
fn growths(reports: &[&ReloadReport]) -> Vec<Option<i64>> {
    let mut before = None;
    let grown = reports.iter().map(|report| {
        let now = report.resident_bytes?;
        let before = before.replace(now)?;
        i64::try_from(i128::from(now) - i128::from(before)).ok()
    });
    grown.collect()
}

/// An amount of memory with its sign.
fn signed(bytes: i64) -> String {
    let sign = if bytes < 0 { '-' } else { '+' };
    format!("{sign}{}", mebibytes(bytes.unsigned_abs()))
}

#[cfg(test)]
mod tests {
    use hot_reloader::{Generation, Outcome, Phase, PhaseTime};
    use slop_ui::testing::{find, theme, Window};

    use super::*;

    fn report(number: u32, resident_bytes: Option<u64>) -> ReloadReport {
        let phase = |phase, ms| PhaseTime { phase, ms };
        ReloadReport {
            number,
            outcome: Outcome::Committed,
            rebuilds: false,
            generation: Generation::NONE.next(),
            phase: None,
            error: None,
            phases: vec![
                phase(Phase::Build, 800.4),
                phase(Phase::Stage, 1.0),
                phase(Phase::Rehearse, 20.0),
                phase(Phase::Probation, 900.0),
            ],
            latency_ms: Some(850.0),
            longest_frame_ms: 21.5,
            modules: Vec::new(),
            builder: None,
            recompiled: Vec::new(),
            types: Vec::new(),
            warnings: Vec::new(),
            not_restored: Vec::new(),
            libraries_kept: 1,
            resident_bytes,
        }
    }

    #[test]
    fn memory_grows_from_one_reload_to_the_next() {
        let reports = [(1, Some(100)), (2, None), (3, Some(130)), (4, Some(90))];
        let reports = reports.map(|(number, bytes)| report(number, bytes));
        let reports: Vec<_> = reports.iter().collect();
        assert_eq!(growths(&reports), [None, None, Some(30), Some(-40)]);
        assert_eq!(signed(3 << 20), "+3.0 MiB");
        assert_eq!(signed(-(1 << 19)), "-0.5 MiB");
    }

    #[test]
    fn the_phases_that_took_longest_come_first() {
        let report = report(1, None);
        assert_eq!(longest(&report), "probation 900, build 800, rehearse 20");
    }

    #[test]
    fn the_newest_is_at_the_top_and_what_is_not_known_is_a_dash() {
        let mut reports = [report(1, Some(64 << 20)), report(2, Some(65 << 20))];
        reports[1].latency_ms = None;
        let reports: Vec<_> = reports.iter().collect();
        let theme = theme();
        let mut window = Window::default();
        let mut draw = |ui: &mut egui::Ui| list(ui, &reports, &theme);
        window.run(Vec::new(), &mut draw);
        let seen = window.run(Vec::new(), &mut draw);
        assert!(find(&seen, "#2").top() < find(&seen, "#1").top());
        for text in ["850", "65.0 MiB", "+1.0 MiB", "–"] {
            find(&seen, text);
        }
    }
}

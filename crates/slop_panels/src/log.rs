//! The Log: what the app said.

use bevy::prelude::*;
use hot_reloader::prelude::*;
use slop_common::Turn;
use slop_engine::{
    egui,
    log::{LogLine, LogLines},
};
use slop_state::{Action, LogView, Window};
use slop_ui::{copy, edit, empty, field, Canvas, Theme};

/// The levels, the most severe first.
const LEVELS: [&str; 5] = ["Error", "Warning", "Info", "Debug", "Trace"];

/// Owns how the log is looked at.
#[hot_module(
    state_keys = [LogView],
    targets = [render_log],
    after = [controller, ai_client, main_interface],
)]
pub fn log(app: &mut App) {
    Turn::order(app);
    app.init_resource::<LogView>()
        .add_event::<Action>()
        .add_systems(Update, render_log.in_set(Turn::Show));
}

fn render_log(mut canvas: Canvas, lines: Res<LogLines>, mut view: ResMut<LogView>) {
    edit(&mut view, |view| {
        canvas.show(Window::Log, |ui, theme, _| {
            panel(ui, &lines, view, theme);
        });
    });
}

fn panel(ui: &mut egui::Ui, lines: &LogLines, view: &mut LogView, theme: &Theme) {
    let needle = view.filter.trim().to_lowercase();
    // Places rather than copies; only what is seen is copied. No lock is held while it is drawn, for
    // drawing may log.
    let shown: Vec<usize> = lines.read(|lines| {
        let numbered = lines.iter().enumerate();
        let matching = numbered.filter(|(_, line)| matches(line, view.level, &needle));
        matching.map(|(place, _)| place).collect()
    });
    let some = |places: &[usize]| -> Vec<LogLine> {
        lines.read(|lines| {
            places
                .iter()
                .filter_map(|at| lines.get(*at))
                .cloned()
                .collect()
        })
    };
    ui.horizontal(|ui| {
        field::line(ui, &mut view.filter, |edit| {
            edit.hint_text("🔍 Filter").desired_width(200.0)
        });
        egui::ComboBox::from_id_salt("level")
            .width(90.0)
            .selected_text(LEVELS[usize::from(view.level).min(LEVELS.len() - 1)])
            .show_ui(ui, |ui| {
                for (level, name) in (0..).zip(LEVELS) {
                    ui.selectable_value(&mut view.level, level, name);
                }
            });
        ui.checkbox(&mut view.follow, "Follow");
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            if ui.button("🗑").on_hover_text("Forget all lines").clicked() {
                lines.clear();
            }
            let button = ui.button("📋").on_hover_text("Copy these lines");
            copy(&button, || text(&some(&shown)));
            ui.weak(match shown.len() {
                1 => "1 line".to_owned(),
                count => format!("{count} lines"),
            });
        });
    });
    ui.separator();
    if shown.is_empty() {
        let is_all = lines.read(|lines| lines.is_empty());
        let text = if is_all {
            "Nothing was said yet. What the app and the assistant tell appears here."
        } else {
            "No line is as severe and contains that. Choose another level, or clear the filter."
        };
        empty(ui, text);
        return;
    }
    let height = ui.text_style_height(&egui::TextStyle::Monospace);
    egui::ScrollArea::both()
        .auto_shrink(false)
        .stick_to_bottom(view.follow)
        .show_rows(ui, height, shown.len(), |ui, rows| {
            // A row is as high as it is said to be, or the lines would jump while they are scrolled.
            ui.spacing_mut().interact_size.y = height;
            for line in some(&shown[rows]) {
                row(ui, &line, theme);
            }
        });
}

/// `needle` is in lower case.
fn matches(line: &LogLine, level: u8, needle: &str) -> bool {
    let has = |text: &str| text.to_lowercase().contains(needle);
    line.level <= level && (needle.is_empty() || has(&line.text) || has(&line.target))
}

fn row(ui: &mut egui::Ui, line: &LogLine, theme: &Theme) {
    let color = match line.level {
        0 => theme.error,
        1 => theme.warning,
        2 => theme.good,
        _ => theme.weak,
    };
    let level = LEVELS[usize::from(line.level).min(LEVELS.len() - 1)];
    ui.horizontal(|ui| {
        let mono = |text: String| egui::RichText::new(text).monospace();
        ui.label(mono(clock(line.time)).color(theme.weak));
        ui.label(mono(format!("{level:<7}")).color(color));
        // A text of several lines would be higher than its row.
        let first = line.text.lines().next().unwrap_or_default().to_owned();
        let more = line.text.lines().count() > 1;
        let text = if more { first + " …" } else { first };
        let label = egui::Label::new(mono(text)).extend();
        ui.add(label)
            .on_hover_text(format!("{}\n\n{}", line.target, line.text));
    });
}

/// The time of day, UTC.
fn clock(time: u64) -> String {
    let (hours, minutes, seconds) = (time / 3600 % 24, time / 60 % 60, time % 60);
    format!("{hours:02}:{minutes:02}:{seconds:02}")
}

fn text(lines: &[LogLine]) -> String {
    let lines = lines.iter().map(|line| {
        let level = LEVELS[usize::from(line.level).min(LEVELS.len() - 1)];
        format!(
            "{} {level} {}: {}\n",
            clock(line.time),
            line.target,
            line.text
        )
    });
    lines.collect()
}

#[cfg(test)]
mod tests {
    use slop_ui::testing::{self, click, find, theme};

    use super::*;

    fn line(level: u8, text: &str) -> LogLine {
        LogLine {
            time: 3_661,
            level,
            target: "slop".to_owned(),
            text: text.to_owned(),
        }
    }

    #[test]
    fn lines_are_chosen_by_level_and_text() {
        assert!(matches(&line(2, "hello"), 2, ""));
        assert!(!matches(&line(3, "hello"), 2, ""));
        assert!(matches(&line(0, "Hello"), 0, "hell"));
        assert!(matches(&line(0, "Hello"), 0, "slop"));
        assert!(!matches(&line(0, "Hello"), 4, "bye"));
    }

    #[test]
    fn the_lines_are_where_the_scroll_bar_says() {
        let lines = LogLines::default();
        for number in 0..200 {
            lines.push(line(2, &number.to_string()));
        }
        let mut view = LogView {
            follow: false,
            ..LogView::default()
        };
        let theme = theme();
        let mut window = testing::Window::default();
        let mut pitch = 0.0;
        let mut seen = Vec::new();
        for _ in 0..3 {
            seen = window.run(Vec::new(), |ui| {
                pitch =
                    ui.text_style_height(&egui::TextStyle::Monospace) + ui.spacing().item_spacing.y;
                // As in the themes of the app.
                ui.spacing_mut().interact_size.y = 24.0;
                panel(ui, &lines, &mut view, &theme);
            });
        }
        let tops = ["3", "4"].map(|text| testing::find(&seen, text).center().y);
        assert!((tops[1] - tops[0] - pitch).abs() < 1.0, "{tops:?} {pitch}");
    }

    #[test]
    fn what_is_chosen_is_shown_and_all_can_be_forgotten() {
        let lines = LogLines::default();
        lines.push(line(0, "one"));
        lines.push(line(1, "two"));
        let theme = testing::theme();
        let mut window = testing::Window::default();
        let mut look = |view: &mut LogView, events: Vec<egui::Event>| {
            window.run(events, |ui| panel(ui, &lines, view, &theme))
        };
        let mut view = LogView::default();
        look(&mut view, Vec::new());
        let seen = look(&mut view, Vec::new());
        for text in ["one", "two", "2 lines"] {
            find(&seen, text);
        }
        view.level = 0;
        let seen = look(&mut view, Vec::new());
        find(&seen, "1 line");
        assert!(seen.iter().all(|(text, _)| text != "two"));
        for event in click(find(&seen, "🗑").center()) {
            look(&mut view, vec![event]);
        }
        assert!(lines.read(|lines| lines.is_empty()));
    }

    #[test]
    fn what_is_copied_tells_all() {
        let copied = text(&[line(0, "a\nb"), line(2, "c")]);
        assert_eq!(copied, "01:01:01 Error slop: a\nb\n01:01:01 Info slop: c\n");
    }
}

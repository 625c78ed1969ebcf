use std::{sync::Arc, time::Duration};

use hot_reloader::{
    core::BuildId, BuildError, Generation, HotModule, PanicReport, Passage, Place, TypeChange,
};
use slop_ui::{
    testing::{self, find, texts, theme, Window},
    Themes,
};

use super::*;

/// Clicks on the last place where this text is to be seen.
#[track_caller]
fn click(text: &str, mut draw: impl FnMut(&mut egui::Ui)) {
    let mut window = Window::default();
    window.run(Vec::new(), &mut draw);
    let mut seen = window.run(Vec::new(), &mut draw);
    seen.reverse();
    let at = find(&seen, text).center();
    for event in testing::click(at) {
        window.run(vec![event], &mut draw);
    }
}

fn status(name: &str) -> ModuleStatus {
    ModuleStatus {
        module: HotModule {
            name: name.to_owned(),
            file_path: "/w/crates/game/src/lib.rs".into(),
            state_keys: vec!["game::Score".to_owned()],
            ..HotModule::default()
        },
        library: "slop_dashboard".to_owned(),
        generation: Generation::NONE.next(),
        build_id: BuildId::from_bytes(&[0xab; 8]),
        layout: Arc::default(),
        suspended: None,
    }
}

fn report() -> ReloadReport {
    ReloadReport {
        number: 7,
        outcome: Outcome::RolledBack,
        rebuilds: false,
        generation: Generation::NONE.next(),
        phase: Some(Phase::Probation),
        error: Some(Arc::new(panicked("crates/game/src/lib.rs:3:9"))),
        phases: vec![
            PhaseTime {
                phase: Phase::Build,
                ms: 1500.0,
            },
            PhaseTime {
                phase: Phase::Swap,
                ms: 0.25,
            },
        ],
        latency_ms: None,
        longest_frame_ms: 20.0,
        modules: Vec::new(),
        builder: None,
        recompiled: Vec::new(),
        types: Vec::new(),
        warnings: Vec::new(),
        not_restored: Vec::new(),
        libraries_kept: 1,
        resident_bytes: None,
    }
}

fn panicked(location: &str) -> ReloadError {
    ReloadError::Panicked {
        module: "game".to_owned(),
        schedule: "Update".to_owned(),
        frame: 1,
        panic: PanicReport {
            message: "oh".to_owned(),
            location: Some(location.to_owned()),
            thread: "main".to_owned(),
            backtrace: String::new(),
            library: None,
            meanwhile: Vec::new(),
        },
    }
}

#[test]
fn the_button_asks_for_all_modules() {
    let reloader = HotReloader::default();
    let theme = theme();
    let mut request = None;
    click("🔄 Hot Reload", |ui| {
        let wanted = panel(ui, &reloader, &theme, &mut Vec::new());
        request = request.take().or(wanted);
    });
    assert_eq!(request.unwrap().modules, None);
}

#[test]
fn the_heads_of_the_columns_are_whole_in_every_theme() {
    let titles = ["Generation", "Build", "State", "Targets", "Status"];
    let themes = Themes::built_in().unwrap();
    for name in themes.names() {
        let theme = themes.get(&name);
        let mut window = Window::default();
        let (mut whole, mut seen) = ([0.0; 5], Vec::new());
        // A theme counts from the next frame on, and a table has its widths by then.
        for _ in 0..3 {
            seen = window.run(Vec::new(), |ui| {
                theme.apply(ui.ctx());
                let font = egui::TextStyle::Body.resolve(ui.style());
                whole = titles.map(|title| {
                    let color = egui::Color32::WHITE;
                    let galley = ui
                        .painter()
                        .layout_no_wrap(title.into(), font.clone(), color);
                    galley.mesh_bounds.width()
                });
                modules(ui, &[status("game")], theme, &mut None, &mut Vec::new());
            });
        }
        for (title, whole) in titles.into_iter().zip(whole) {
            let width = find(&seen, title).width();
            assert!(
                (width - whole).abs() < 0.5,
                "{title} in {name}: {width} of {whole}"
            );
        }
    }
}

#[test]
fn the_legend_names_the_phases_of_a_whole_reload() {
    let theme = theme();
    let mut window = Window::default();
    window.run(Vec::new(), |ui| legend(ui, &theme));
    let seen = window.run(Vec::new(), |ui| legend(ui, &theme));
    // What a swap consists of, as its report has it.
    for phase in ["capture", "set up", "migrate", "swap", "probation"] {
        find(&seen, phase);
    }
}

#[test]
fn a_colour_and_its_name_wrap_as_one() {
    let theme = theme();
    let context = egui::Context::default();
    for width in (9_u8..40).map(|tens| 10.0 * f32::from(tens)) {
        let output = context.run(egui::RawInput::default(), |context| {
            egui::CentralPanel::default().show(context, |ui| {
                ui.set_max_width(width);
                legend(ui, &theme);
            });
        });
        let seen = texts(&output);
        for phase in PHASES {
            let color = phase_color(phase, &theme);
            let square = output
                .shapes
                .iter()
                .find_map(|clipped| match &clipped.shape {
                    egui::Shape::Rect(square) if square.fill == color => Some(square.rect),
                    _ => None,
                });
            let square = square.unwrap();
            let name = find(&seen, &phase.to_string());
            assert!(name.y_range().contains(square.center().y), "{phase}");
            let gap = name.left() - square.right();
            assert!((0.0..10.0).contains(&gap), "{phase}: {gap}");
        }
    }
}

#[test]
fn a_module_is_reloaded_alone_and_its_file_opened() {
    let theme = theme();
    let all = [status("rules"), status("hud")];
    let mut request = None;
    let mut out = Vec::new();
    let mut draw = |ui: &mut egui::Ui| modules(ui, &all, &theme, &mut request, &mut out);
    click("🔄", &mut draw);
    click("rules", &mut draw);
    assert_eq!(request.unwrap().modules, Some(vec!["hud".to_owned()]));
    let file = "/w/crates/game/src/lib.rs".to_owned();
    assert_eq!(out, [Action::OpenInEditor(file, 1, 1)]);
}

#[test]
fn a_click_opens_the_place_of_a_panic() {
    let theme = theme();
    let error = panicked("crates/hud/src/bar.rs:3:9");
    let anchor = Path::new("/w/crates/game/src/lib.rs");
    let mut out = Vec::new();
    click("hud/src/bar.rs:3:9", |ui| {
        failure(ui, &error, Some(anchor), &theme, &mut out);
    });
    let file = "/w/crates/hud/src/bar.rs".to_owned();
    assert_eq!(out, [Action::OpenInEditor(file, 3, 9)]);
}

#[test]
fn a_report_is_a_row() {
    let theme = theme();
    let report = report();
    let mut window = Window::default();
    let mut frame = || window.run(Vec::new(), |ui| history(ui, &[&report], &theme));
    frame();
    let seen = frame();
    for text in ["#7", "rolled back", "gen 1", "1500 ms"] {
        find(&seen, text);
    }
}

#[test]
fn all_that_is_known_of_a_reload_is_told() {
    let theme = theme();
    let report = ReloadReport {
        latency_ms: Some(850.0),
        builder: Some("cargo, since it is the first build".to_owned()),
        recompiled: vec!["engine".to_owned()],
        types: vec![TypeChange {
            name: "game::Score".to_owned(),
            was: None,
            passage: Passage::Migrated,
            values: 2,
            ms: 0.5,
            notes: Vec::new(),
        }],
        warnings: vec!["careful".to_owned()],
        not_restored: vec!["game::Lives".to_owned()],
        ..report()
    };
    let mut window = Window::default();
    let seen = window.run(Vec::new(), |ui| facts(ui, &report, &theme));
    for text in [
        "rolled back at probation, generation 1 goes on",
        "New code seen after 850 ms",
        "Longest frame after the build 20 ms",
        "Built by cargo, since it is the first build",
        "Compiled besides: engine",
        "game::Score: 2 values migrated in 0.5 ms",
        "careful",
        "Not as it was: game::Lives",
    ] {
        find(&seen, text);
    }
}

#[test]
fn a_rebuild_is_asked_for_and_a_mistake_opened_where_it_is() {
    let reloader = HotReloader::default();
    let theme = theme();
    let mut request = None;
    click("Rebuild", |ui| {
        let wanted = panel(ui, &reloader, &theme, &mut Vec::new());
        request = request.take().or(wanted);
    });
    assert!(request.unwrap().rebuilds);

    let place = Place {
        file: "/w/crates/game/src/lib.rs".into(),
        line: 3,
        column: 9,
    };
    let mistake = Diagnostic {
        message: "no `oops` here".to_owned(),
        place: Some(place),
        rendered: "error[E0425]: no `oops` here".to_owned(),
    };
    let error = ReloadError::Build(BuildError::Errors(vec![mistake]));
    let mut out = Vec::new();
    click("game/src/lib.rs:3:9", |ui| {
        failure(ui, &error, None, &theme, &mut out);
    });
    let file = "/w/crates/game/src/lib.rs".to_owned();
    assert_eq!(out, [Action::OpenInEditor(file, 3, 9)]);
}

#[test]
fn segments_fill_the_bar_and_can_all_be_seen() {
    #[track_caller]
    fn check(parts: &[f64], expected: &[f32]) {
        let widths = segments(100.0, parts);
        assert_eq!(widths.len(), expected.len());
        for (width, expected) in widths.iter().zip(expected) {
            assert!((width - expected).abs() < 0.01, "{widths:?}");
        }
    }
    check(&[], &[]);
    check(&[0.0], &[0.0]);
    check(&[3.0, 1.0], &[75.0, 25.0]);
    check(&[1000.0, 0.0, 0.1], &[97.0, 0.0, 3.0]);
    check(&[900.0, 30.0, 0.1, 0.1], &[90.967, 3.033, 3.0, 3.0]);
    check(&[1.0; 50], &[2.0; 50]);
}

#[test]
fn levels_are_taken_from_the_text_of_the_compiler() {
    assert_eq!(level("error[E0425]: cannot find value"), "error[E0425]");
    assert_eq!(level("warning: unused"), "warning");
    assert_eq!(level("linking with `cc` failed: exit 1"), "error");
    assert_eq!(level(""), "error");
}

#[test]
fn places_are_read_and_shortened() {
    assert_eq!(parse_place("a/b.rs:3:9"), Some(("a/b.rs", 3, 9)));
    assert_eq!(parse_place("C:\\b.rs:3:9"), Some(("C:\\b.rs", 3, 9)));
    assert_eq!(parse_place("somewhere"), None);
    let path = Path::new("/w/crates/game/src/gui/mod.rs");
    assert_eq!(short_path(path), "game/src/gui/mod.rs");
    assert_eq!(short_path(Path::new("/a/b/c/d.rs")), "b/c/d.rs");
}

#[test]
fn paths_from_the_workspace_on_become_absolute() {
    let anchor = Some(Path::new("/home/crates/w/crates/game/src/lib.rs"));
    let check = |file: &str, expected: &str| {
        assert_eq!(absolute(Path::new(file), anchor), Path::new(expected));
    };
    check("/x/y.rs", "/x/y.rs");
    check(
        "crates/game/src/a.rs",
        "/home/crates/w/crates/game/src/a.rs",
    );
    check("elsewhere/a.rs", "elsewhere/a.rs");
    assert_eq!(absolute(Path::new("a.rs"), None), Path::new("a.rs"));
}

#[test]
fn what_is_only_read_asks_for_no_frames() {
    let theme = theme();
    let reloader = HotReloader::default();
    let (all, report) = ([status("rules")], report());
    let mut window = Window::default();
    for _ in 0..40 {
        window.run(Vec::new(), |ui| {
            let mut request = None;
            head(ui, &reloader, &theme, &mut request);
            modules(ui, &all, &theme, &mut request, &mut Vec::new());
            history(ui, &[&report], &theme);
        });
    }
    assert_eq!(window.rest(), Duration::MAX);
}

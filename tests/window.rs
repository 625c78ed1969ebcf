//! The app as a person uses it all day: a real window, real keys, real pixels.

use hot_reloader_tests::{
    window::{AppCopy, Area, Picture, Window},
    workbench::{control, COMPOSER as WITHIN, RIGHT, TABS},
};

/// A colour that nothing in the app has.
const MARK: [u8; 3] = [1, 254, 3];
/// The composer.
const COMPOSER: Area = (197, 618, 370, 160);

/// The composer's field gets the keys.
fn write(window: &Window, text: &str) {
    window.click(WITHIN.0, WITHIN.1);
    window.type_text(text);
}

/// Presses Ctrl+Enter until the composer is empty.
fn send(window: &Window) {
    control(window, "Return", "the entry sent", COMPOSER);
}

#[test]
fn a_person_edits_breaks_and_mends_the_running_app() {
    let app = AppCopy::new();
    let window = app.start();
    window.see("the app", |picture| picture.area(TABS).is_lit());
    let empty = window.still(COMPOSER);
    write(&window, "half a thought");
    // Another window is opened, so that it being open is a person's doing.
    control(&window, "5", "the log", TABS);
    let tabs = window.still(TABS);
    let typed = window.still(COMPOSER);
    assert_ne!(typed, empty, "the text is in the composer");

    // Edit.
    app.edit(
        "slop_shell/src/menu.rs",
        "for menu in Menu::ALL {",
        "let mark = egui::Color32::from_rgb(1, 254, 3);\n\
         ui.label(egui::RichText::new(\"Edited\").background_color(mark));\n\
         for menu in Menu::ALL {",
    );
    assert_eq!(window.look().count(MARK), 0);
    window.press("ctrl+alt+r");
    let report = window.report(2);
    assert_eq!(report["outcome"], "committed", "{report:#}");
    window.see("the new label", |picture| picture.count(MARK) > 100);
    assert_eq!(window.still(COMPOSER), typed, "what was typed stays");
    assert_eq!(window.still(TABS), tabs, "and so does what is open");

    // Break.
    app.edit("slop_shell/src/menu.rs", "new(\"Edited\")", "new(oops)");
    window.press("ctrl+alt+r");
    let report = window.report(3);
    assert_eq!(report["outcome"], "refused", "{report:#}");
    let place = report["error"]["places"][0].as_str().unwrap();
    assert!(place.contains("slop_shell/src/menu.rs:"), "{place}");
    window.see("red all over", Picture::is_red);
    // The background of the panel with the reason, which lies above the tint.
    window.see("the error panel", |picture| {
        picture.count([28, 14, 14]) > 20_000
    });

    // Mend.
    app.edit("slop_shell/src/menu.rs", "new(oops)", "new(\"Edited\")");
    window.press("ctrl+alt+r");
    let report = window.report(4);
    assert_eq!(
        report["outcome"], "unchanged",
        "the last good code is what runs: {report:#}"
    );
    window.see("no red", |picture| {
        picture.red_share() < 0.01 && picture.count(MARK) > 100
    });
    assert_eq!(window.still(COMPOSER), typed);

    // A theme is read by the same transaction.
    let theme = app.theme("default.ron");
    let good = std::fs::read_to_string(&theme).unwrap();
    hot_reloader_tests::lab::write(&theme, &good.replace("accent: (130,", "accent: (1300,"));
    window.press("ctrl+alt+r");
    let report = window.report(5);
    assert_eq!(report["outcome"], "refused", "{report:#}");
    let text = report["error"]["text"].as_str().unwrap();
    assert!(text.contains("assets/themes/default.ron:5:"), "{text}");
    window.see("red all over", Picture::is_red);
    let green = good.replace("accent: (130, 168, 248)", "accent: (1, 254, 3)");
    hot_reloader_tests::lab::write(&theme, &green);
    app.edit(
        "slop_shell/src/menu.rs",
        "from_rgb(1, 254, 3)",
        "from_rgb(3, 1, 254)",
    );
    window.press("ctrl+alt+r");
    let report = window.report(6);
    assert_eq!(report["outcome"], "committed", "{report:#}");
    window.see("the theme's new accent, and the next label", |picture| {
        picture.count(MARK) > 20 && picture.count([3, 1, 254]) > 100
    });
    hot_reloader_tests::lab::write(&theme, &good);

    // The button does what the keys do.
    control(&window, "5", "the log gone", TABS);
    let board = window.still(RIGHT);
    window.click_button(712, 73);
    // It is written in the theme's accent.
    window.see("the button", |picture| {
        picture.area(RIGHT) != board && picture.area((600, 105, 140, 30)).has(MARK)
    });
    window.click_button(672, 120);
    let report = window.report(7);
    assert_eq!(report["outcome"], "committed", "{report:#}");
}

/// Whether the assistant's echo of a text was saved.
fn said(text: &str) -> impl Fn(&str) -> bool {
    let answer = format!("\"You said: {text}\"");
    move |state| state.contains(&answer)
}

/// What an answer under way comes to is seen in `interrupted.rs`, where the test says when its words come.
#[test]
fn half_a_thought_is_there_again_whenever_the_app_was_killed() {
    let app = AppCopy::new();
    let mut window = app.start();
    for round in 0..3 {
        let text = format!("round {round}");
        write(&window, &text);
        window.saved("state.ron", "half a thought", |state| {
            state.contains(&format!("text: \"{text}\""))
        });
        window.kill_and_restart();
        send(&window);
        window.saved("state.ron", "the answer", said(&text));
    }
    let state = window.saved("state.ron", "all of it", said("round 2"));
    for round in 0..3 {
        let answer = format!("\"You said: round {round}\"");
        assert_eq!(state.matches(&answer).count(), 1, "{state}");
    }
    let files = std::fs::read_dir(window.data()).unwrap().flatten();
    let damaged = files.filter(|file| file.file_name().to_string_lossy().contains("damaged"));
    assert_eq!(damaged.count(), 0);
}

#[test]
fn a_damaged_file_is_set_aside_and_named() {
    let app = AppCopy::new();
    let mut window = app.start();
    let strip: Area = (30, 30, 500, 20);
    let before = window.still(strip);
    window.saved("state.ron", "the first state", |_| true);
    let state = window.data().join("state.ron");
    std::fs::write(&state, "(version: 1, state: (project: (na").unwrap();
    window.kill_and_restart();
    window.see("a notice", |picture| picture.area(strip) != before);
    let files = std::fs::read_dir(window.data()).unwrap().flatten();
    let kept = files
        .filter(|file| file.file_name().to_string_lossy().contains("damaged"))
        .map(|file| std::fs::read_to_string(file.path()).unwrap());
    assert_eq!(
        kept.collect::<Vec<_>>(),
        ["(version: 1, state: (project: (na"]
    );
}

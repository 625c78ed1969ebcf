//! A reload as an app user sees it: a real window, real keys, real pixels.

use hot_reloader_tests::window::{AppCopy, Area};

/// A colour that nothing in the app has.
const MARK: [u8; 3] = [1, 254, 3];
/// Around the composer's first line of text.
const COMPOSER: Area = (178, 596, 400, 40);
/// Where the menu of the windows opens.
const MENU: Area = (82, 26, 116, 44);
/// The head of the dashboard.
const DASHBOARD: Area = (800, 42, 300, 26);

#[test]
fn a_person_edits_breaks_and_mends_the_running_app() {
    let app = AppCopy::new();
    let window = app.start();
    window.see("the app", |picture| picture.area(DASHBOARD).is_lit());
    let empty = window.still(COMPOSER);
    window.click(400, 680);
    window.type_text("half a thought");
    // A second window is closed and opened again, so that it being open is a person's doing.
    let closed = window.still(MENU);
    window.click(110, 10);
    window.see("the menu", |picture| picture.area(MENU) != closed);
    window.still(MENU);
    window.click(140, 58);
    window.see("the dashboard gone", |picture| {
        !picture.area(DASHBOARD).is_lit()
    });
    window.click(140, 58);
    window.see("the dashboard", |picture| picture.area(DASHBOARD).is_lit());
    let opened = window.still(MENU);
    window.press("Escape");
    window.see("the menu closed", |picture| picture.area(MENU) != opened);
    let typed = window.still(COMPOSER);
    assert_ne!(typed, empty, "the text is in the composer");
    let dashboard = window.still(DASHBOARD);

    // Edit.
    app.edit(
        "gui/mod.rs",
        "ui.strong(\"Manual Slop\");",
        "let mark = egui::Color32::from_rgb(1, 254, 3);\n\
         ui.label(egui::RichText::new(\"Edited\").background_color(mark));",
    );
    assert_eq!(window.look().count(MARK), 0);
    window.press("ctrl+alt+r");
    let report = window.report(2);
    assert_eq!(report["outcome"], "committed", "{report:#}");
    window.see("the new label", |picture| picture.count(MARK) > 100);
    assert_eq!(
        window.still(COMPOSER),
        typed,
        "what was typed stays as it was"
    );
    assert_eq!(
        window.still(DASHBOARD),
        dashboard,
        "the second window is where it was"
    );

    // Break.
    app.edit("gui/mod.rs", "new(\"Edited\")", "new(oops)");
    window.press("ctrl+alt+r");
    let report = window.report(3);
    assert_eq!(report["outcome"], "refused", "{report:#}");
    let place = report["error"]["places"][0].as_str().unwrap();
    assert!(place.contains("gui/mod.rs:"), "{place}");
    window.see("red all over", |picture| picture.red_share() > 0.7);
    // The background of the panel with the reason, which lies above the tint.
    window.see("the error panel", |picture| {
        picture.count([28, 14, 14]) > 20_000
    });

    // Mend.
    app.edit("gui/mod.rs", "new(oops)", "new(\"Edited\")");
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

    // The button does what the keys do.
    app.edit("gui/mod.rs", "from_rgb(1, 254, 3)", "from_rgb(3, 1, 254)");
    window.click(740, 88);
    let report = window.report(5);
    assert_eq!(report["outcome"], "committed", "{report:#}");
    window.see("the next label", |picture| picture.count([3, 1, 254]) > 100);
}

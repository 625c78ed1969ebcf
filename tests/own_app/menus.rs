//! Menus and other interfaces.

use hot_reloader_tests::recipes::{GAME_MENU, SIZE_CONSTRAINTS};
use serde_json::{json, Value};

use crate::program::{buttons, pixels, says, scene, Program};

#[test]
fn game_menu() {
    let program = Program::start(&GAME_MENU);
    let window = &program.window;
    program.click("Settings");
    program.click("Sound");
    // Ten volumes, which have no labels, and a button that has one.
    let volume = |world: &Value, index: usize| {
        let unlabelled = buttons(world)
            .into_iter()
            .filter(|node| node["label"] == "");
        let mut volumes: Vec<Value> = unlabelled.cloned().collect();
        volumes.sort_by(|a, b| a["x"].as_f64().partial_cmp(&b["x"].as_f64()).unwrap());
        (volumes.len() == 10).then(|| volumes.swap_remove(index))
    };
    program.click_on("a volume", |world| volume(world, 2));
    window.point_and_wait(20, 600);
    let chosen = json!([89, 191, 89]);
    let tint = |world: &Value, index| volume(world, index).map(|volume| volume["tint"].clone());
    window.watch("the volume chosen", |world| {
        tint(world, 2).as_ref() == Some(&chosen)
    });
    let before = window.world();

    // For buttons that change.
    program.edit(
        "const NORMAL_BUTTON: Color = Color::srgb(0.15, 0.15, 0.15)",
        "const NORMAL_BUTTON: Color = Color::srgb(0.2, 0.4, 0.6)",
    );
    let new = json!([51, 102, 153]);
    let other = volume(&before, 3).expect("they are there");
    let at = ["x", "y"].map(|axis| other[axis].as_f64().unwrap() as u32);
    window.point_and_wait(at[0], at[1]);
    window.point_and_wait(20, 600);
    let after = window.watch("the button in its new colour", |world| {
        tint(world, 3).as_ref() == Some(&new)
    });
    assert_eq!(tint(&after, 2), Some(chosen), "it is still chosen");
    assert_eq!(scene(&after), scene(&before), "still in this menu");

    program.click("Back");
    program.click("Back");
    window.watch("the main menu", |world| says(world, "New Game"));
    program.break_and_mend(
        "\"Will be back to the menu shortly...\",",
        ("oops,", "refused"),
        "\"Will be back soon...\",",
    );
    program.click("New Game");
    window.watch("the game", |world| {
        says(world, "Will be back soon...")
            && says(world, "quality: Medium - volume: Volume(2)")
            && buttons(world).is_empty()
    });
    // It ends by itself.
    window.watch("the main menu", |world| says(world, "New Game"));

    // What `OnEnter` builds is there already.
    let title = "\"Bevy Game Menu UI\"";
    program.edit(title, "\"A Menu\"");
    assert!(says(&window.world(), "Bevy Game Menu UI"));
    program.edit_and_rebuild("\"A Menu\"", "\"Another Menu\"");
    let world = window.world();
    let texts = json!(["Another Menu", "New Game", "Quit", "Settings"]);
    assert_eq!(world["texts"], texts, "once");
    window.see("the menu in the new colour", |picture| {
        pixels(picture, [51, 102, 153]) > 20_000
    });
    // The layout of Bevy's UI must not hear that what came back was gone.
    let code = "for (interaction, menu_button_action) in &interaction_query {";
    program.break_and_rebuild(code, &format!("panic!(\"no\");\n        {code}"));
    program.click("New Game");
    window.watch("the game, with the volume as it was set", |world| {
        says(world, "quality: Medium - volume: Volume(2)")
    });
}

#[test]
fn size_constraints() {
    let program = Program::start(&SIZE_CONSTRAINTS);
    let window = &program.window;
    // The rows are those of `min_size`, `flex_basis`, `size` and `max_size`.
    let button = |world: &Value, row: usize, label: &str| {
        let labelled = buttons(world)
            .into_iter()
            .filter(|node| node["label"] == label);
        let mut column: Vec<Value> = labelled.cloned().collect();
        column.sort_by(|a, b| a["y"].as_f64().partial_cmp(&b["y"].as_f64()).unwrap());
        (column.len() == 4).then(|| column.swap_remove(row))
    };
    let nodes = |world: &Value, color: [u8; 3]| -> Vec<Value> {
        let nodes = world["nodes"].as_array().expect("a list").iter();
        let of_color = nodes.filter(|node| node["background"] == json!(color));
        of_color.cloned().collect()
    };
    const WHITE: [u8; 3] = [255, 255, 255];
    // The bar is white, and higher than what is white of an active button.
    let bar = |world: &Value| {
        let nodes = nodes(world, WHITE).into_iter();
        let mut nodes = nodes.filter(|node| node["height"].as_f64() > Some(80.0));
        nodes.find_map(|node| node["width"].as_f64())
    };
    let is_near = |a: Option<f64>, b: f64| a.is_some_and(|a| (a - b).abs() < 2.0);
    program.click_on("50% of the size", |world| button(world, 2, "50%"));
    let world = window.watch("the bar", |world| bar(world) > Some(100.0));
    let half = bar(&world).unwrap();
    assert_eq!(nodes(&world, [51, 102, 153]), Vec::<Value>::new());
    let before = window.world();

    program.edit(
        "ACTIVE_INNER_COLOR: Color = Color::WHITE",
        "ACTIVE_INNER_COLOR: Color = Color::srgb(0.2, 0.4, 0.6)",
    );
    let after = window.world();
    assert!(is_near(bar(&after), half), "the bar is as it was");
    assert_eq!(scene(&after), scene(&before), "and all the rest");
    program.click_on("25% of the size", |world| button(world, 2, "25%"));
    window.watch("half of it, and one active button", |world| {
        is_near(bar(world), half / 2.0) && nodes(world, [51, 102, 153]).len() == 1
    });
    window.see("the button in the new colour", |picture| {
        pixels(picture, [51, 102, 153]) > 1_000
    });

    let code = "let mut style = bar_query.single_mut();";
    program.break_and_mend(
        code,
        (&format!("panic!(\"no\");\n    {code}"), "rolled_back"),
        &format!("{code}\n    style.max_height = Val::Px(30.0);"),
    );
    window.watch("a thin bar", |world| {
        let mut nodes = nodes(world, WHITE).into_iter();
        nodes.any(|node| {
            is_near(node["height"].as_f64(), 30.0) && is_near(node["width"].as_f64(), half / 2.0)
        })
    });
}

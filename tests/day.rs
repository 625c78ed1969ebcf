//! The app with a server that says what a test has it say: what happens in the middle of an answer, and
//! one day's path, from an empty folder to the next morning.

use std::{fs, thread};

use hot_reloader_tests::{
    lab::{edit, root},
    server::{Answer, Server},
    window::{AppCopy, Area, Picture, Window},
};
use serde_json::json;

/// What the app saves.
const STATE: &str = "state.ron";
/// In the composer's field, wherever the split is.
const COMPOSER: (u32, u32) = (400, 700);
/// The tabs on the right.
const TABS: Area = (592, 32, 400, 18);
/// What is below them.
const RIGHT: Area = (600, 60, 670, 730);
/// The list of discussions, or of hits.
const LIST: Area = (14, 146, 168, 600);
/// Where all discussions are searched.
const EVERYWHERE: Area = (12, 120, 146, 26);
/// In the palette's field, behind what is typed.
const PALETTE: Area = (640, 77, 240, 10);
/// What is typed in the palette, and what is found.
const FOUND: Area = (380, 66, 520, 390);
/// The choice of the queue's mode that has it run by itself.
const AUTO: (u32, u32) = (911, 147);

/// A colour that nothing in the app has.
const MARK: [u8; 3] = [1, 254, 3];
/// Of buttons, in the default theme.
const BUTTON: [u8; 3] = [38, 42, 54];
/// Of fields.
const FIELD: [u8; 3] = [16, 18, 23];

/// Whether it is the theme's green, be it at the edge of a letter.
fn is_green([red, green, blue]: [u8; 3]) -> bool {
    let other = red.max(blue);
    green > 100 && green > other.saturating_add(30)
}

/// Types a question, and asks it once it is on disk.
fn ask(window: &Window, server: &Server, question: &str) -> Answer {
    window.click(COMPOSER.0, COMPOSER.1);
    window.type_text(question);
    let typed = format!("text: \"{question}\"");
    window.saved(STATE, "what is typed", |state| state.contains(&typed));
    let answer = window.hold("ctrl", || {
        window.press("Return");
        window.wait_for("the question", || server.asked())
    });
    let messages = answer.question["messages"].as_array().expect("a list");
    let last = json!({ "role": "user", "content": question });
    assert_eq!(messages.last(), Some(&last));
    answer
}

/// Asks for another answer to the last question.
fn ask_again(window: &Window, server: &Server) -> Answer {
    command(window, "another answer");
    window.wait_for("the question again", || server.asked())
}

/// Chooses a command in the palette.
fn command(window: &Window, letters: &str) {
    let is_open = |picture: &Picture| !picture.area(PALETTE).of(FIELD).contains(&false);
    window.hold("ctrl", || {
        window.hold("shift", || {
            window.press("p");
            window.see("the palette", is_open);
        });
    });
    let before = window.still(FOUND);
    window.type_text(letters);
    // What is typed in the frame in which Enter chooses is typed once more, in the field that gets the
    // keyboard then. So the letters are to be seen before.
    window.see("what is found", |picture| picture.area(FOUND) != before);
    window.still(FOUND);
    window.press("Return");
    window.see("no palette", |picture| !is_open(picture));
}

/// Presses a key while Control is down, until something is to be seen of it.
fn control(window: &Window, key: &str, what: &str, area: Area) {
    let before = window.still(area);
    window.hold("ctrl", || {
        window.press(key);
        window.see(what, |picture| picture.area(area) != before);
    });
}

/// Clicks on the first rectangle of a colour below a height on the right: a field or a button.
fn click_first(window: &Window, what: &str, size: (usize, usize), color: [u8; 3], top: usize) {
    let (left, first, width, height) = RIGHT;
    let area = (left, top, width, first + height - top);
    window.see(what, |picture| picture.find(area, size, color).is_some());
    // It may still be moving to where it stays.
    window.still(area);
    let place = window.look().find(area, size, color);
    let (x, y) = place.expect("it was there");
    window.click(x, y);
}

/// The state once it has this text, and no answer is under way.
fn settled(window: &Window, text: &str) -> String {
    window.saved(STATE, text, |state| {
        state.contains(text) && state.contains("pending: ([])")
    })
}

/// Says another word, and waits until it is on disk. No word is part of another.
fn say(window: &Window, answer: &mut Answer, letter: char, said: &mut String) {
    let word = format!("{letter}{}, ", said.matches(", ").count());
    answer.say(&word);
    *said += &word;
    let text = format!("text: \"{said}");
    window.saved(STATE, &word, |state| state.contains(&text));
}

/// Asserts that each of these is in a text once.
#[track_caller]
fn assert_once<'a>(state: &str, texts: impl IntoIterator<Item = &'a str>) {
    for text in texts {
        assert_eq!(state.matches(text).count(), 1, "`{text}` in {state}");
    }
}

/// The words that were said, each with the comma.
fn words(said: &str) -> impl Iterator<Item = &str> {
    said.split_inclusive(", ")
}

/// An entry on disk that is not whole.
fn broken_off(said: &str, reason: &str) -> String {
    let said = said.trim_end();
    format!("text: \"{said}\\n\\n> **No answer:** {reason}\"")
}

#[test]
fn an_answer_survives_a_reload_a_kill_and_a_server_that_hangs_up() {
    let app = AppCopy::new();
    let server = Server::start();
    let demo = fs::read_to_string(root().join("assets/demo/state.ron")).unwrap();
    let address = server.address();
    let edits = [
        ("provider: Echo", "provider: OpenAi"),
        ("http://127.0.0.1:8080/v1", address.as_str()),
        (
            "perf_profiling_enabled: true",
            "perf_profiling_enabled: false",
        ),
        ("Half a thought, which survives every reload", ""),
    ];
    let start = edits
        .iter()
        .fold(demo, |state, (from, to)| edit(&state, from, to));
    let mut window = app.start_from(&start);

    // Three libraries are replaced while the words come, that which writes them among them.
    let mut answer = ask(&window, &server, "How does it go on?");
    let mut whole = String::new();
    say(&window, &mut answer, 'w', &mut whole);
    say(&window, &mut answer, 'w', &mut whole);
    app.edit(
        "slop_shell/src/menu.rs",
        "for menu in Menu::ALL {",
        "let mark = egui::Color32::from_rgb(1, 254, 3);\n\
         ui.label(egui::RichText::new(\"Edited\").background_color(mark));\n\
         for menu in Menu::ALL {",
    );
    app.edit(
        "slop_controller/src/ai_client.rs",
        "too often; ask it to go on.",
        "too often. Ask it to go on.",
    );
    app.edit(
        "slop_session/src/lib.rs",
        "splits begin anew: ",
        "splits are forgotten: ",
    );
    assert_eq!(window.look().count(MARK), 0);
    let report = thread::scope(|scope| {
        let reload = scope.spawn(|| window.reload(&[]));
        while !reload.is_finished() {
            say(&window, &mut answer, 'w', &mut whole);
        }
        reload.join().expect("the report came")
    });
    assert_eq!(report["outcome"], "committed", "{report:#}");
    let modules = report["modules"].as_array().expect("a list");
    for name in ["controller", "ai_client", "main_interface", "session"] {
        let is_there = modules.iter().any(|module| module["name"] == name);
        assert!(is_there, "{name} was not replaced: {report:#}");
    }
    window.see("the new code", |picture| picture.count(MARK) > 100);
    say(&window, &mut answer, 'w', &mut whole);
    answer.say("end.");
    answer.end();
    let whole_text = format!("text: \"{whole}end.\"");
    let state = settled(&window, &whole_text);
    assert_once(&state, words(&whole).chain([whole_text.as_str()]));

    // It is killed in the middle of the next one.
    let mut answer = ask(&window, &server, "And then?");
    let asked = answer.question.to_string();
    assert_once(&asked, [format!("{whole}end.").as_str()]);
    let mut cut = String::new();
    for _ in 0..3 {
        say(&window, &mut answer, 'k', &mut cut);
    }
    window.kill_and_restart();
    answer.wait_until_left();
    let cut_text = broken_off(&cut, "The app was closed before the answer came.");
    let state = settled(&window, &cut_text);
    let questions = ["How does it go on?", "And then?"];
    let questions = questions.map(|question| format!("text: \"{question}\""));
    let kept = [&whole_text, &cut_text, &questions[0], &questions[1]];
    assert_once(&state, kept.map(String::as_str));
    assert_once(&state, words(&whole).chain(words(cut.trim_end())));
    assert!(server.asked().is_none(), "nothing is asked by itself");
    let files = fs::read_dir(window.data()).unwrap().flatten();
    let mut names = files.map(|file| file.file_name().to_string_lossy().into_owned());
    assert!(!names.any(|name| name.contains("damaged")));

    // It is asked again, and the server hangs up in the middle.
    let mut answer = ask_again(&window, &server);
    let asked = answer.question.to_string();
    assert!(asked.contains(&whole), "{asked}");
    assert!(
        !asked.contains("k0, ") && !asked.contains("No answer"),
        "{asked}"
    );
    let mut half = String::new();
    say(&window, &mut answer, 'h', &mut half);
    answer.hang_up();
    let half_text = broken_off(
        &half,
        "the connection to the server ended before the answer was complete; ask again",
    );
    settled(&window, &half_text);
    // And again, and it says why there is no more.
    let mut answer = ask_again(&window, &server);
    let mut failed = String::new();
    say(&window, &mut answer, 'f', &mut failed);
    answer.fail("the model fell over");
    let failed_text = broken_off(
        &failed,
        "the server reports: the model fell over; ask again, or check the model in Project Settings",
    );
    settled(&window, &failed_text);
    // And again, and all is well.
    let mut answer = ask_again(&window, &server);
    answer.say("All is well.");
    answer.end();
    let state = settled(&window, "text: \"All is well.\"");
    let more = [&half_text, &failed_text].map(String::as_str);
    let takes = kept.map(String::as_str).into_iter().chain(more);
    assert_once(&state, takes.chain(["text: \"All is well.\""]));
    assert!(server.asked().is_none());
}

/// What is in the project's only file before the assistant changes it, and after.
const NOTES: [&str; 2] = ["# Notes\n\nhallo\n", "# Notes\n\nhello\n"];

#[test]
fn one_day() {
    let app = AppCopy::new();
    let server = Server::start();
    let project = tempfile::tempdir().unwrap();
    let file = project.path().join("notes.md");
    fs::write(&file, NOTES[0]).unwrap();
    let notes = || fs::read_to_string(&file).unwrap();

    // The first start of all. What is set in long forms is set in the file.
    let mut window = app.start();
    window.see("the app", |picture| picture.area(TABS).is_lit());
    window.saved(STATE, "the first state", |state| state.contains("Main"));
    let status = window.close();
    assert!(status.success(), "it ended with {status}");
    let state = window.saved(STATE, "the first state", |_| true);
    let address = server.address();
    let folder = format!("root: \"{}\"", project.path().display());
    let edits = [
        ("provider: Echo", "provider: OpenAi"),
        ("http://127.0.0.1:8080/v1", address.as_str()),
        ("root: \"\"", folder.as_str()),
        ("leave: None", "leave: Act"),
    ];
    let state = edits
        .iter()
        .fold(state, |state, (from, to)| edit(&state, from, to));
    fs::write(window.data().join(STATE), state).unwrap();
    window.start_again();

    // A file is tracked,
    control(&window, "6", "the window Context", TABS);
    click_first(&window, "a field", (40, 10), FIELD, RIGHT.1);
    window.type_text("notes.md");
    window.press("Return");
    let tracked = "pattern: \"notes.md\"";
    window.saved(STATE, "what is tracked", |state| state.contains(tracked));
    // goes out with a question,
    let mut answer = ask(&window, &server, "What do the notes say?");
    assert!(answer.question.to_string().contains("hallo"));
    answer.say("They say");
    answer.say(" hallo.");
    answer.end();
    settled(&window, "text: \"They say hallo.\"");
    // and with the same question again.
    let mut answer = ask_again(&window, &server);
    assert!(answer.question.to_string().contains("hallo"));
    answer.say("A greeting.");
    answer.end();
    let state = settled(&window, "text: \"A greeting.\"");
    assert_once(
        &state,
        ["text: \"They say hallo.\"", "text: \"A greeting.\""],
    );

    // A ticket is worked on by itself.
    command(&window, "write a ticket");
    window.type_text("Tidy the notes");
    window.press("Return");
    let ticket = "title: \"Tidy the notes\"";
    window.saved(STATE, "the ticket", |state| state.contains(ticket));
    assert!(server.asked().is_none(), "nobody has said so yet");
    window.click(AUTO.0, AUTO.1);
    let mut answer = window.wait_for("the ticket", || server.asked());
    let asked = answer.question.to_string();
    assert!(asked.contains("Ticket 1: Tidy the notes"), "{asked}");
    answer.say("They are tidy.");
    answer.end();
    let state = settled(&window, "status: Review");
    assert_once(&state, [ticket, "text: \"They are tidy.\"", "mode: Auto"]);

    // A file is changed, with leave,
    let tabs = window.still(TABS);
    let mut answer = ask(&window, &server, "Mend the notes");
    answer.say("I mend them.");
    let arguments = json!({ "path": "notes.md", "contents": NOTES[1] });
    answer.call("change_file", &arguments);
    window.saved(STATE, "the request", |state| {
        state.contains("stage: Waiting")
    });
    window.see("the window Hands", |picture| picture.area(TABS) != tabs);
    assert_eq!(notes(), NOTES[0]);
    assert!(server.asked().is_none(), "it waits for leave");
    click_first(&window, "the button to allow it", (6, 12), BUTTON, RIGHT.1);
    let mut answer = window.wait_for("what came of it", || server.asked());
    assert_eq!(notes(), NOTES[1]);
    let messages = answer.question["messages"].as_array().expect("a list");
    let last = messages.last().expect("there is one");
    assert_eq!(last["role"], "tool", "{last}");
    assert_eq!(last["tool_call_id"], "call_1", "{last}");
    answer.say("They are mended.");
    answer.end();
    let mended = "text: \"I mend them.\\n\\nThey are mended.\"";
    let state = settled(&window, mended);
    assert!(state.contains("stage: Done("), "{state}");
    // and changed back. What is over is folded under a green line, the first that there is.
    window.see("what was done", |picture| {
        picture.first(RIGHT, is_green).is_some()
    });
    window.still(RIGHT);
    let (x, y) = window.look().first(RIGHT, is_green).expect("it was there");
    window.click(x, y);
    let below = usize::try_from(y).unwrap() + 12;
    click_first(&window, "the button to undo it", (6, 12), BUTTON, below);
    window.saved(STATE, "that it was undone", |state| {
        state.contains("stage: Undone")
    });
    assert_eq!(notes(), NOTES[0]);

    // Something is looked for in all discussions.
    let search = window.still(EVERYWHERE);
    let hit = |picture: &Picture| picture.find(LIST, (40, 4), BUTTON).is_some();
    assert!(!hit(&window.look()));
    window.hold("ctrl", || {
        window.hold("shift", || {
            window.press("f");
            window.see("the cursor", |picture| picture.area(EVERYWHERE) != search);
        });
    });
    window.type_text("tidy");
    let everywhere = "everywhere: \"tidy\"";
    window.saved(STATE, "the search", |state| state.contains(everywhere));
    window.see("a hit", hit);
    window.press("Escape");
    window.saved(STATE, "no search", |state| {
        state.contains("everywhere: \"\"")
    });

    // What is shown is taken out as a document.
    command(&window, "export the discussion");
    let document = window.saved("discussions/Main.md", "the document", |_| true);
    let shown = ["What do the notes say?", "A greeting.", "They are mended."];
    assert_once(&document, shown);
    assert!(!document.contains("They say hallo."), "{document}");

    // The window is closed over half a thought, and all is there the next morning.
    window.click(COMPOSER.0, COMPOSER.1);
    window.type_text("Half a thought");
    let status = window.close();
    assert!(status.success(), "it ended with {status}");
    let set = format!("base_url: \"{address}\"");
    let all = [
        folder.as_str(),
        tracked,
        "provider: OpenAi",
        set.as_str(),
        "text: \"What do the notes say?\"",
        "text: \"They say hallo.\"",
        "text: \"A greeting.\"",
        "text: \"Mend the notes\"",
        mended,
        ticket,
        "status: Review",
        "mode: Auto",
        "text: \"They are tidy.\"",
        "stage: Undone",
    ];
    let evening = fs::read_to_string(window.data().join(STATE)).unwrap();
    assert_once(
        &evening,
        all.into_iter().chain(["text: \"Half a thought\""]),
    );
    window.start_again();
    window.see("the app", |picture| picture.area(TABS).is_lit());
    window.click(COMPOSER.0, COMPOSER.1);
    window.type_text(", and the rest");
    let thought = "text: \"Half a thought, and the rest\"";
    let morning = settled(&window, thought);
    assert_once(&morning, all.into_iter().chain([thought]));
    assert!(server.asked().is_none(), "nothing is asked again");
    assert_eq!(notes(), NOTES[0]);
}

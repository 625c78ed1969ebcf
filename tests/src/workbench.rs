//! What a person does in the app's window, against a server that says what a test has it say, and what is on disk
//! then.

use std::{fs, path::Path};

use serde_json::{json, Value};

use crate::{
    lab::{edit_all, root, write},
    server::{Answer, Server},
    window::{Area, Picture, Window},
};

/// What the app saves.
pub const STATE: &str = "state.ron";
/// In the composer's field, wherever the split is.
pub const COMPOSER: (u32, u32) = (400, 700);
/// The tabs on the right.
pub const TABS: Area = (592, 32, 400, 18);
/// What is below them.
pub const RIGHT: Area = (600, 60, 670, 730);
/// In the palette's field, behind what is typed.
const PALETTE: Area = (640, 77, 240, 10);
/// What is typed in the palette, and what is found.
const FOUND: Area = (380, 66, 520, 390);
/// The pane of the ticket that is open, without the cards beside it.
const PANE: Area = (1013, 200, 256, 590);
/// What begins in the pane left of this begins at its edge, and has no name before it.
const EDGE: u32 = 1037;
/// A row of buttons and the next one, if the first has no room for all, are not as far apart.
const TWO_ROWS: u32 = 40;

/// Of buttons, in the default theme.
pub const BUTTON: [u8; 3] = [38, 42, 54];
/// Of fields.
pub const FIELD: [u8; 3] = [16, 18, 23];
/// Between them.
const PANEL: [u8; 3] = [29, 32, 41];

/// The place of what has the assistant work on the ticket that is open, or try again.
pub const RUN: usize = 1;
/// The place of what sends a ticket to QA that is to be looked at.
pub const TO_QA: usize = 2;

/// The sample state with other tickets and no half thought, as it is on disk. The server is asked, and not the echo.
///
/// # Panics
///
/// If the sample is another one by now.
#[must_use]
pub fn sample(server: &Server, tickets: &str) -> String {
    let demo = root().join("assets/demo").join(STATE);
    let demo = fs::read_to_string(demo).expect("the sample is there");
    let end = "\n        ],\n        view";
    let (before, rest) = demo.split_once("tickets: [").expect("it has tickets");
    let (_, after) = rest.split_once(end).expect("a view follows them");
    let address = server.address();
    let last = format!("(last: {})", tickets.matches("number: ").count());
    edit_all(
        &format!("{before}tickets: [{tickets}{end}{after}"),
        &[
            ("provider: Echo", "provider: OpenAi"),
            ("http://127.0.0.1:8080/v1", address.as_str()),
            (
                "perf_profiling_enabled: true",
                "perf_profiling_enabled: false",
            ),
            ("Half a thought, which survives every reload", ""),
            ("(last: 7)", last.as_str()),
        ],
    )
}

/// The sample state for a project in a folder, in which the assistant may propose changes and commands.
///
/// # Panics
///
/// As [`sample`].
#[must_use]
pub fn sample_in(server: &Server, folder: &Path) -> String {
    let folder = format!("root: \"{}\"", folder.display());
    edit_all(
        &sample(server, ""),
        &[
            ("root: \"\"", folder.as_str()),
            (
                "name: \"Main\", entries",
                "name: \"Main\", leave: Act, entries",
            ),
        ],
    )
}

/// Closes the window, changes what was saved, and starts the app again.
///
/// # Panics
///
/// If the app does not end well, or what is to be changed was not saved.
pub fn change_state(window: &mut Window, edits: &[(&str, &str)]) {
    let status = window.close();
    assert!(status.success(), "it ended with {status}");
    let state = window.saved(STATE, "the state", |_| true);
    write(&window.data().join(STATE), &edit_all(&state, edits));
    window.start_again();
}

/// Types a question, and asks it once it is on disk.
///
/// # Panics
///
/// If something else is asked.
pub fn ask(window: &Window, server: &Server, question: &str) -> Answer {
    window.click(COMPOSER.0, COMPOSER.1);
    window.type_text(question);
    let typed = format!("text: \"{question}\"");
    window.saved(STATE, "what is typed", |state| state.contains(&typed));
    let answer = window.hold("ctrl", || {
        window.press("Return");
        window.wait_for("the question", || server.asked())
    });
    let expected = json!({ "role": "user", "content": question });
    assert_eq!(*last_message(&answer), expected);
    answer
}

/// Asks for another answer to the last question.
pub fn ask_again(window: &Window, server: &Server) -> Answer {
    command(window, "another answer");
    window.wait_for("the question again", || server.asked())
}

/// Asks a question, and has the assistant propose something instead of an answer. The window Hands is in front then,
/// and is so after a kill.
///
/// # Panics
///
/// As [`ask`].
pub fn propose(
    window: &Window,
    server: &Server,
    question: &str,
    said: &str,
    (tool, arguments): (&str, &Value),
) {
    let tabs = window.still(TABS);
    let mut answer = ask(window, server, question);
    answer.say(said);
    answer.call(tool, arguments);
    window.saved(STATE, "the request and its window", |state| {
        state.contains("stage: Waiting") && state.contains("Hands,\n")
    });
    window.see("the window Hands", |picture| picture.area(TABS) != tabs);
}

/// Allows what the assistant has proposed first.
pub fn allow(window: &Window) {
    click_first(window, "the button to allow it", (6, 12), BUTTON, RIGHT.1);
}

/// What was asked last.
fn last_message(asked: &Answer) -> &Value {
    let messages = asked.question["messages"].as_array().expect("a list");
    messages.last().expect("there is one")
}

/// What came of a proposal, as the assistant is told it.
///
/// # Panics
///
/// If it is told something else.
#[track_caller]
#[must_use]
pub fn told(asked: &Answer) -> &str {
    let last = last_message(asked);
    assert_eq!(last["role"], "tool", "{last}");
    assert_eq!(last["tool_call_id"], "call_1", "{last}");
    last["content"].as_str().expect("a text")
}

/// Asserts that something was asked, or told with it.
///
/// # Panics
///
/// If it was not.
#[track_caller]
pub fn assert_asked(asked: &Answer, text: &str) {
    let question = asked.question.to_string();
    assert!(question.contains(text), "no `{text}` in {question}");
}

/// Asserts that nothing of this was asked, or told with it.
///
/// # Panics
///
/// If it was.
#[track_caller]
pub fn assert_not_asked(asked: &Answer, text: &str) {
    let question = asked.question.to_string();
    assert!(!question.contains(text), "`{text}` in {question}");
}

/// Chooses a command in the palette.
pub fn command(window: &Window, letters: &str) {
    let is_open = |picture: &Picture| !picture.area(PALETTE).of(FIELD).contains(&false);
    window.hold("ctrl", || {
        window.hold("shift", || {
            window.press("p");
            window.see("the palette", is_open);
        });
    });
    let before = window.still(FOUND);
    window.type_text(letters);
    // A person sees what the letters have found before choosing it. So the list is to be there, and to stay as it
    // is, before Enter.
    window.see("what is found", |picture| picture.area(FOUND) != before);
    window.still(FOUND);
    window.press("Return");
    window.see("no palette", |picture| !is_open(picture));
}

/// Presses a key while Control is down, until something is to be seen of it.
pub fn control(window: &Window, key: &str, what: &str, area: Area) {
    let before = window.still(area);
    window.hold("ctrl", || {
        window.press(key);
        window.see(what, |picture| picture.area(area) != before);
    });
}

/// Clicks on the first rectangle of a colour below a height on the right: a field or a button.
///
/// # Panics
///
/// If it is gone once it was there.
pub fn click_first(window: &Window, what: &str, size: (usize, usize), color: [u8; 3], top: usize) {
    let (left, first, width, height) = RIGHT;
    let area = (left, top, width, first + height - top);
    // A button under the cursor has another colour.
    window.point(COMPOSER.0, COMPOSER.1);
    window.see(what, |picture| picture.find(area, size, color).is_some());
    // It may still be moving to where it stays.
    window.still(area);
    let place = window.look().find(area, size, color);
    let (x, y) = place.expect("it was there");
    if color == BUTTON {
        window.click_button(x, y);
    } else {
        window.click(x, y);
    }
}

/// Clicks on what can be done with the ticket that is open, in the order in which that is offered. While the assistant
/// works on it there is less, so that this waits until it does not.
///
/// # Panics
///
/// If it is gone once it was there.
pub fn click_in_ticket(window: &Window, what: &str, place: usize) {
    // A button under the cursor has another colour.
    window.point(COMPOSER.0, COMPOSER.1);
    window.see(what, |picture| work(picture).len() > TO_QA);
    window.still(PANE);
    let places = work(&window.look());
    let (x, y) = *places.get(place).expect("it was there");
    window.click_button(x, y);
}

/// What can be done with the ticket that is open: the first buttons that stand beside one another without a name before
/// them, and those that had no room there.
fn work(picture: &Picture) -> Vec<(u32, u32)> {
    let rows = picture.rows(PANE, BUTTON, PANEL);
    let first = rows.iter().find_map(|row| match row[..] {
        [(x, y), _, ..] if x < EDGE => Some(y),
        _ => None,
    });
    let is_there =
        |(_, y): &(u32, u32)| first.is_some_and(|first| (first..first + TWO_ROWS).contains(y));
    rows.iter()
        .flatten()
        .filter(|place| is_there(place))
        .copied()
        .collect()
}

/// The state once it has this text, and no answer is under way.
pub fn settled(window: &Window, text: &str) -> String {
    window.saved(STATE, text, |state| {
        state.contains(text) && is_at_rest(state)
    })
}

/// Whether no answer is under way.
#[must_use]
pub fn is_at_rest(state: &str) -> bool {
    state.contains("pending: ([])")
}

/// What is on disk of the ticket with this title, behind that; nothing if there is none.
#[must_use]
pub fn ticket<'a>(state: &'a str, title: &str) -> &'a str {
    // What is proposed has titles too, and is before them.
    let tickets = state.rsplit_once("tickets: [").map(|(_, tickets)| tickets);
    let title = format!("title: \"{title}\",");
    let found = tickets.and_then(|tickets| tickets.split_once(&title));
    let (_, rest) = found.unwrap_or_default();
    let next = rest.find("title: ").or_else(|| rest.find("view: ("));
    &rest[..next.unwrap_or(rest.len())]
}

/// Says another word, and waits until it is on disk. No word is part of another.
pub fn say(window: &Window, answer: &mut Answer, letter: char, said: &mut String) {
    let word = format!("{letter}{}, ", said.matches(", ").count());
    answer.say(&word);
    *said += &word;
    let text = format!("text: \"{said}");
    window.saved(STATE, &word, |state| state.contains(&text));
}

/// The words that were said, each with the comma.
pub fn words(said: &str) -> impl Iterator<Item = &str> {
    said.trim_end().split_inclusive(", ")
}

/// An entry on disk that is not whole.
#[must_use]
pub fn broken_off(said: &str, reason: &str) -> String {
    let said = said.trim_end();
    format!("text: \"{said}\\n\\n> **No answer:** {reason}\"")
}

/// Asserts that each of these is in a text once.
///
/// # Panics
///
/// If one is not.
#[track_caller]
pub fn assert_once<'a>(text: &str, parts: impl IntoIterator<Item = &'a str>) {
    for part in parts {
        assert_eq!(text.matches(part).count(), 1, "`{part}` in {text}");
    }
}

//! Whole paths through the app, with a server that says what a test has it say: one day, from an empty folder to the
//! next morning, and one goal, from its name to what came of it.

use std::fs;

use hot_reloader_tests::{
    server::{Answer, Server},
    window::{AppCopy, Area, Picture, Window},
    workbench::{
        allow, ask, ask_again, assert_asked, assert_once, change_state, click_first,
        click_in_ticket, command, control, is_at_rest, propose, sample, settled, ticket, told,
        BUTTON, COMPOSER, FIELD, RIGHT, STATE, TABS, TO_QA,
    },
};
use serde_json::json;

/// The list of discussions, or of hits.
const LIST: Area = (14, 146, 168, 600);
/// Where all discussions are searched.
const EVERYWHERE: Area = (12, 120, 146, 26);
/// The choice of the queue's mode that has it run by itself.
const AUTO: (u32, u32) = (911, 147);
/// In the field for a goal.
const GOAL: (u32, u32) = (750, 178);
/// Below that field.
const BELOW_GOAL: usize = 195;

/// Whether it is the theme's green, be it at the edge of a letter.
fn is_green([red, green, blue]: [u8; 3]) -> bool {
    let other = red.max(blue);
    green > 100 && green > other.saturating_add(30)
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
    let address = server.address();
    let folder = format!("root: \"{}\"", project.path().display());
    let edits = [
        ("provider: Echo", "provider: OpenAi"),
        ("http://127.0.0.1:8080/v1", address.as_str()),
        ("root: \"\"", folder.as_str()),
        ("leave: None", "leave: Act"),
    ];
    change_state(&mut window, &edits);

    // A file is tracked,
    control(&window, "6", "the window Context", TABS);
    click_first(&window, "a field", (40, 10), FIELD, RIGHT.1);
    window.type_text("notes.md");
    window.press("Return");
    let tracked = "pattern: \"notes.md\"";
    window.saved(STATE, "what is tracked", |state| state.contains(tracked));
    // goes out with a question,
    let mut answer = ask(&window, &server, "What do the notes say?");
    assert_asked(&answer, "hallo");
    answer.say("They say");
    answer.say(" hallo.");
    answer.end();
    settled(&window, "text: \"They say hallo.\"");
    // and with the same question again.
    let mut answer = ask_again(&window, &server);
    assert_asked(&answer, "hallo");
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
    let titled = "title: \"Tidy the notes\"";
    window.saved(STATE, "the ticket", |state| state.contains(titled));
    assert!(server.asked().is_none(), "nobody has said so yet");
    window.click_button(AUTO.0, AUTO.1);
    let mut answer = window.wait_for("the ticket", || server.asked());
    assert_asked(&answer, "Ticket 1: Tidy the notes");
    answer.say("They are tidy.");
    answer.end();
    let state = settled(&window, "status: Review");
    assert_once(&state, [titled, "text: \"They are tidy.\"", "mode: Auto"]);

    // A file is changed, with leave,
    let arguments = json!({ "path": "notes.md", "contents": NOTES[1] });
    let call = ("change_file", &arguments);
    propose(&window, &server, "Mend the notes", "I mend them.", call);
    assert_eq!(notes(), NOTES[0]);
    assert!(server.asked().is_none(), "it waits for leave");
    allow(&window);
    let mut answer = window.wait_for("what came of it", || server.asked());
    assert_eq!(notes(), NOTES[1]);
    assert_eq!(told(&answer), "notes.md was written.");
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
    let picture = window.look();
    let (x, y) = picture.first(RIGHT, is_green).expect("it was there");
    let below = usize::try_from(y).unwrap() + 12;
    let unfolded = (RIGHT.0, below, RIGHT.2, 100);
    let folded = picture.area(unfolded);
    window.click(x, y);
    window.see("what was done, unfolded", |picture| {
        picture.area(unfolded) != folded
    });
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
        titled,
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

/// What the orchestrator proposes: of four tickets the last needs the first two.
const PROPOSAL: &str = r#"```json
[
  {"id": "boards", "title": "Cut the boards", "description": "Of oak.", "depends_on": []},
  {"id": "screws", "title": "Buy the screws", "description": "Long ones.", "depends_on": []},
  {"id": "paint", "title": "Choose a paint", "description": "A dark one.", "depends_on": []},
  {"id": "build", "title": "Build it", "description": "All of it.", "depends_on": ["boards", "screws"]}
]
```"#;
/// Their titles.
const TITLES: [&str; 4] = [
    "Cut the boards",
    "Buy the screws",
    "Choose a paint",
    "Build it",
];

/// Asserts that the last ticket has not been begun.
#[track_caller]
fn assert_waits(state: &str, server: &Server) {
    let last = ticket(state, TITLES[3]);
    let waits = last.contains("status: Todo,") && last.contains("run: Idle,");
    assert!(waits, "{last}");
    assert!(server.asked().is_none(), "what it needs is not done");
}

/// The state once these tickets are to be looked at, and no answer is under way.
fn to_be_looked_at(window: &Window, titles: &[&str]) -> String {
    let what = format!("{titles:?} in review");
    window.saved(STATE, &what, |state| {
        let mut tickets = titles.iter().map(|title| ticket(state, title));
        tickets.all(|ticket| ticket.contains("status: Review,")) && is_at_rest(state)
    })
}

/// Sends the ticket that is open to QA.
fn send_to_qa(window: &Window, server: &Server) -> Answer {
    click_in_ticket(window, "the button to have it checked", TO_QA);
    window.wait_for("QA", || server.asked())
}

#[test]
fn a_goal_becomes_tickets_that_are_worked_on_in_their_order_and_checked() {
    let app = AppCopy::new();
    let server = Server::start();
    let mut window = app.start_from(&sample(&server, ""));
    window.see("the app", |picture| picture.area(TABS).is_lit());

    // The orchestrator proposes tickets for a goal, and a person accepts them.
    window.click(GOAL.0, GOAL.1);
    window.type_text("A shelf");
    let goal = "goal: \"A shelf\"";
    window.saved(STATE, "the goal", |state| state.contains(goal));
    window.press("Return");
    let mut answer = window.wait_for("the goal", || server.asked());
    assert_asked(&answer, "A shelf");
    answer.say("Gladly.\n\n");
    answer.say(PROPOSAL);
    answer.end();
    window.saved(STATE, "the proposal", |state| {
        state.contains("key: \"build\"") && is_at_rest(state)
    });
    let what = "the button to accept them";
    click_first(&window, what, (6, 12), BUTTON, BELOW_GOAL);
    let state = window.saved(STATE, "the tickets", |state| {
        !ticket(state, TITLES[3]).is_empty()
    });
    let titles = TITLES.map(|title| format!("title: \"{title}\""));
    assert_once(&state, titles.iter().map(String::as_str));
    assert_waits(&state, &server);

    // The queue works on two at once, and on the third when there is room.
    window.click_button(AUTO.0, AUTO.1);
    let mut first = [(); 2].map(|()| window.wait_for("two tickets", || server.asked()));
    first.sort_by_key(|answer| answer.question.to_string().contains("Ticket 2: "));
    let [mut boards, mut screws] = first;
    assert_asked(&boards, "Ticket 1: Cut the boards");
    assert_asked(&screws, "Ticket 2: Buy the screws");
    let state = window.saved(STATE, "two under way", |state| {
        let mut tickets = TITLES[..2].iter().map(|title| ticket(state, title));
        tickets.all(|ticket| ticket.contains("run: Asked("))
    });
    let third = ticket(&state, TITLES[2]);
    assert!(third.contains("status: Todo,"), "{third}");
    assert_waits(&state, &server);
    screws.say("Twelve screws.");
    screws.end();
    let mut paint = window.wait_for("the third ticket", || server.asked());
    assert_asked(&paint, "Ticket 3: Choose a paint");
    boards.say("Two boards.");
    boards.end();
    paint.say("Black.");
    paint.end();
    let state = to_be_looked_at(&window, &TITLES[..3]);
    assert_waits(&state, &server);

    // QA passes the first.
    change_state(&mut window, &[("selected: None,", "selected: Some(1),")]);
    let mut qa = send_to_qa(&window, &server);
    assert_asked(&qa, "Two boards.");
    qa.say("There are two.\n\nPASS");
    qa.end();
    let state = window.saved(STATE, "that it passed", |state| {
        ticket(state, TITLES[0]).contains("verdict: Some(Passed)") && is_at_rest(state)
    });
    let first = ticket(&state, TITLES[0]);
    assert!(first.contains("status: Done,"), "{first}");
    assert_waits(&state, &server);
    // It fails the second, on which the queue works again then, and passes it after that.
    change_state(&mut window, &[("selected: Some(1),", "selected: Some(2),")]);
    let mut qa = send_to_qa(&window, &server);
    assert_asked(&qa, "Twelve screws.");
    qa.say("FAIL: There are no washers.");
    qa.end();
    let mut screws = window.wait_for("the second ticket again", || server.asked());
    assert_asked(&screws, "QA did not pass it");
    assert_asked(&screws, "There are no washers.");
    let state = window.saved(STATE, "that it is under way again", |state| {
        let second = ticket(state, TITLES[1]);
        second.contains("status: Active,") && second.contains("run: Asked(")
    });
    assert_waits(&state, &server);
    screws.say("Screws and washers.");
    screws.end();
    let state = to_be_looked_at(&window, &TITLES[1..3]);
    assert_waits(&state, &server);
    let mut qa = send_to_qa(&window, &server);
    assert_asked(&qa, "Screws and washers.");
    qa.say("PASS");
    qa.end();

    // Now the last begins, with what came of those that it needs.
    let mut build = window.wait_for("the last ticket", || server.asked());
    assert_asked(&build, "Ticket 4: Build it");
    assert_asked(&build, "What came of #1 Cut the boards");
    assert_asked(&build, "Two boards.");
    assert_asked(&build, "Screws and washers.");
    build.say("It stands.");
    build.end();
    let state = to_be_looked_at(&window, &TITLES[2..]);
    for title in &TITLES[..2] {
        let done = ticket(&state, title);
        let passed = done.contains("status: Done,") && done.contains("verdict: Some(Passed)");
        assert!(passed, "{title}: {done}");
    }
    let said = [
        "text: \"Two boards.\"",
        "text: \"Twelve screws.\"",
        "text: \"Screws and washers.\"",
        "text: \"Black.\"",
        "text: \"It stands.\"",
        "QA did not pass it",
    ];
    assert_once(&state, said);
    assert!(server.asked().is_none(), "nothing is left to be done");
}

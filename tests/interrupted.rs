//! The app, interrupted in the middle of what it does: by a reload of each library, by kill -9, and by a server that
//! breaks off. Nothing of what was said or done is lost, and nothing is said or done twice.

use std::{fs, path::Path, thread};

use hot_reloader_tests::{
    lab::edit_all,
    server::Server,
    window::{AppCopy, Window},
    workbench::{
        allow, ask, ask_again, assert_asked, assert_not_asked, assert_once, broken_off,
        change_state, click_in_ticket, is_at_rest, propose, sample, sample_in, say, settled,
        ticket, told, words, RUN, STATE, TABS,
    },
};
use serde_json::json;

/// A colour that nothing in the app has.
const MARK: [u8; 3] = [1, 254, 3];
/// Why an answer broke off when the app was killed.
const CLOSED: &str = "The app was closed before the answer came.";
/// What an answer is when it is whole.
const WHOLE: &str = "text: \"All is well.\"";

/// Something else in a plugin library, which does no harm.
struct Edit {
    /// All modules of the library.
    modules: &'static [&'static str],
    file: &'static str,
    from: &'static str,
    to: &'static str,
}

/// One in each plugin library.
const EDITS: [Edit; 7] = [
    Edit {
        modules: &["main_interface"],
        file: "slop_shell/src/menu.rs",
        from: "for menu in Menu::ALL {",
        to: "let mark = egui::Color32::from_rgb(1, 254, 3);\n\
             ui.label(egui::RichText::new(\"Edited\").background_color(mark));\n\
             for menu in Menu::ALL {",
    },
    Edit {
        modules: &["controller", "ai_client"],
        file: "slop_controller/src/ai_client.rs",
        from: "too often; ask it to go on.",
        to: "too often. Ask it to go on.",
    },
    Edit {
        modules: &["session"],
        file: "slop_session/src/lib.rs",
        from: "splits begin anew: ",
        to: "splits are forgotten: ",
    },
    Edit {
        modules: &["discussion_hub"],
        file: "slop_hub/src/panel/everywhere.rs",
        from: "\"No entry contains it.\"",
        to: "\"It is in no entry.\"",
    },
    Edit {
        modules: &["mma_dashboard"],
        file: "slop_dashboard/src/board/queue.rs",
        from: "\"Nothing is ready.\"",
        to: "\"No ticket is ready.\"",
    },
    Edit {
        modules: &["project_settings"],
        file: "slop_settings/src/panel.rs",
        from: "\"Choose a folder first.\"",
        to: "\"There is no folder yet; choose one.\"",
    },
    Edit {
        modules: &["performance", "log", "context", "hands"],
        file: "slop_panels/src/hands.rs",
        from: "\"Nothing waits.\"",
        to: "\"Nothing waits for you.\"",
    },
];

#[test]
fn an_answer_survives_a_reload_of_each_library_and_a_kill() {
    let app = AppCopy::new();
    let server = Server::start();
    let mut window = app.start_from(&sample(&server, ""));

    // All libraries are replaced while the words come, one after the other, that which writes them and that which
    // keeps them among them.
    let mut answer = ask(&window, &server, "How does it go on?");
    let mut whole = String::new();
    say(&window, &mut answer, 'w', &mut whole);
    assert_eq!(window.look().count(MARK), 0);
    for edit in &EDITS {
        app.edit(edit.file, edit.from, edit.to);
        let report = thread::scope(|scope| {
            let reload = scope.spawn(|| window.reload(edit.modules));
            while !reload.is_finished() {
                say(&window, &mut answer, 'w', &mut whole);
            }
            reload.join().expect("the report came")
        });
        assert_eq!(report["outcome"], "committed", "{}: {report:#}", edit.file);
        let replaced = report["modules"].as_array().expect("a list");
        for name in edit.modules {
            let is_there = replaced.iter().any(|module| module["name"] == *name);
            assert!(is_there, "{name} was not replaced: {report:#}");
        }
        // What runs now takes in what comes now.
        say(&window, &mut answer, 'w', &mut whole);
    }
    window.see("the new code", |picture| picture.count(MARK) > 100);
    answer.say("end.");
    answer.end();
    let whole_text = format!("text: \"{whole}end.\"");
    let state = settled(&window, &whole_text);
    assert_once(&state, words(&whole).chain([whole_text.as_str()]));
    assert!(server.asked().is_none(), "it was asked once");

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
    let cut_text = broken_off(&cut, CLOSED);
    let state = settled(&window, &cut_text);
    let questions = ["How does it go on?", "And then?"];
    let questions = questions.map(|question| format!("text: \"{question}\""));
    let kept = [&whole_text, &cut_text, &questions[0], &questions[1]];
    assert_once(&state, kept.map(String::as_str));
    assert_once(&state, words(&whole).chain(words(&cut)));
    assert!(server.asked().is_none(), "nothing is asked by itself");
    let files = fs::read_dir(window.data()).unwrap().flatten();
    let mut names = files.map(|file| file.file_name().to_string_lossy().into_owned());
    let damaged = names.find(|name| name.contains("damaged"));
    assert_eq!(damaged, None);

    // It is asked again, without what broke off.
    let mut answer = ask_again(&window, &server);
    assert_asked(&answer, &whole);
    assert_not_asked(&answer, "k0, ");
    assert_not_asked(&answer, "No answer");
    answer.say("All is well.");
    answer.end();
    let state = settled(&window, WHOLE);
    assert_once(&state, kept.map(String::as_str).into_iter().chain([WHOLE]));
    assert!(server.asked().is_none());
}

#[test]
fn what_breaks_off_says_why_and_can_be_asked_anew() {
    let app = AppCopy::new();
    let server = Server::start();
    let mut window = app.start_from(&sample(&server, ""));

    // The server hangs up in the middle.
    let question = "How long is it?";
    let mut answer = ask(&window, &server, question);
    let mut half = String::new();
    say(&window, &mut answer, 'h', &mut half);
    answer.hang_up();
    let half_text = broken_off(
        &half,
        "the connection to the server ended before the answer was complete; ask again",
    );
    settled(&window, &half_text);

    // It says why there is no more.
    let mut answer = ask_again(&window, &server);
    assert_not_asked(&answer, "h0, ");
    let mut failed = String::new();
    say(&window, &mut answer, 'f', &mut failed);
    answer.fail("the model fell over");
    let failed_text = broken_off(
        &failed,
        "the server reports: the model fell over; ask again, or check the model in Project Settings",
    );
    settled(&window, &failed_text);

    // It falls silent, and somebody is impatient.
    change_state(&mut window, &[("idle_s: 60", "idle_s: 1")]);
    let mut answer = ask_again(&window, &server);
    answer.say("s0, ");
    let silent = format!(
        "{}/chat/completions sent nothing for 1 s; check that the server works, or give it more time in \
         Project Settings",
        server.address()
    );
    let silent_text = broken_off("s0, ", &silent);
    settled(&window, &silent_text);
    drop(answer);

    // All is well, and each take is kept.
    let answer = ask_again(&window, &server);
    assert_asked(&answer, question);
    assert_not_asked(&answer, "No answer");
    answer.say_all("All is well.");
    let state = settled(&window, WHOLE);
    let question = format!("text: \"{question}\"");
    let all = [&question, &half_text, &failed_text, &silent_text];
    assert_once(&state, all.map(String::as_str).into_iter().chain([WHOLE]));
    assert!(server.asked().is_none(), "nothing is asked by itself");
}

#[test]
fn a_ticket_that_was_answered_survives_a_rebuild_and_can_be_retried_after_a_kill() {
    let title = "Sort the shelf";
    let tickets = format!(
        "(number: 1, title: \"{title}\", text: \"\", status: Todo, rank: 0.0, depends_on: [])"
    );
    let app = AppCopy::new();
    let server = Server::start();
    let state = edit_all(
        &sample(&server, &tickets),
        &[
            (
                "pending: ([]),",
                "pending: ([]), ticket_queue: (mode: Auto, limit: 1),",
            ),
            ("selected: None", "selected: Some(1)"),
        ],
    );
    let mut window = app.start_from(&state);
    let mut answer = window.wait_for("the ticket", || server.asked());
    assert_asked(&answer, "Ticket 1: Sort the shelf");
    let mut cut = String::new();
    for _ in 0..3 {
        say(&window, &mut answer, 'k', &mut cut);
    }
    // A rebuild takes down what the startup has spawned, and is neither the end of a ticket nor its second beginning.
    let report = window.rebuild();
    assert_eq!(report["outcome"], "committed", "{report:#}");
    say(&window, &mut answer, 'k', &mut cut);
    window.kill_and_restart();
    answer.wait_until_left();

    // It counts as failed, and the queue leaves it to a person.
    let cut_text = broken_off(&cut, CLOSED);
    let failed = format!("run: Failed(\"{CLOSED}\")");
    let state = window.saved(STATE, "that it has failed", |state| {
        ticket(state, title).contains(&failed) && is_at_rest(state)
    });
    let active = ticket(&state, title);
    assert!(active.contains("status: Active,"), "{active}");
    assert_once(&state, words(&cut).chain([cut_text.as_str(), "mode: Auto"]));
    let tickets = state.rsplit_once("tickets: [");
    let (_, tickets) = tickets.expect("they are in the state");
    assert_once(tickets, [format!("title: \"{title}\",").as_str()]);
    assert!(server.asked().is_none(), "nothing is asked by itself");

    // It is tried again.
    click_in_ticket(&window, "the button to retry", RUN);
    let mut answer = window.wait_for("the ticket again", || server.asked());
    let asked = answer.question.to_string();
    assert_once(&asked, ["Ticket 1: Sort the shelf"]);
    assert_not_asked(&answer, "k0, ");
    answer.say("All is well.");
    answer.end();
    let state = window.saved(STATE, "that it is answered", |state| {
        let answered = ticket(state, title);
        let is_idle = answered.contains("run: Idle,");
        is_idle && answered.contains("status: Review,") && is_at_rest(state)
    });
    assert_once(&state, words(&cut).chain([cut_text.as_str(), WHOLE]));
    assert!(server.asked().is_none(), "nothing is asked twice");
}

#[test]
fn what_waited_for_leave_when_the_app_was_killed_waits_again() {
    let app = AppCopy::new();
    let server = Server::start();
    let project = tempfile::tempdir().unwrap();
    let file = project.path().join("notes.md");
    let notes = || fs::read_to_string(&file).unwrap();
    fs::write(&file, "hallo\n").unwrap();
    let mut window = app.start_from(&sample_in(&server, project.path()));
    let arguments = json!({ "path": "notes.md", "contents": "hello\n" });
    let call = ("change_file", &arguments);
    propose(&window, &server, "Mend the notes", "I mend them.", call);
    window.kill_and_restart();
    window.see("the app", |picture| picture.area(TABS).is_lit());
    assert!(server.asked().is_none(), "it waits for leave");
    assert_eq!(notes(), "hallo\n");

    // It can be allowed, and the answer goes on.
    allow(&window);
    let mut answer = window.wait_for("what came of it", || server.asked());
    assert_eq!(told(&answer), "notes.md was written.");
    assert_eq!(notes(), "hello\n");
    answer.say("All is well.");
    answer.end();
    let whole = "text: \"I mend them.\\n\\nAll is well.\"";
    let state = settled(&window, whole);
    let all = [
        "text: \"Mend the notes\"",
        whole,
        "stage: ",
        "stage: Done(",
        "what: \"asked\"",
        "what: \"allowed\"",
        "what: \"done\"",
    ];
    assert_once(&state, all);
    assert!(server.asked().is_none(), "nothing is asked twice");
    assert_eq!(notes(), "hello\n");
}

/// Says that it has begun, and which processes it has: the shell, and a child that waits for another one.
const COMMAND: &str = "echo began >> began
sh -c 'echo $$ > child; sleep 600; :' &
echo $$ > shell
wait";

/// The number in a file, once it is written.
fn number_in(file: &Path) -> Option<u32> {
    let text = fs::read_to_string(file).ok()?;
    text.strip_suffix('\n')?.parse().ok()
}

/// Whether a process of this number runs. One that has ended may stay until somebody takes note of it.
fn is_running(number: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{number}/stat")).unwrap_or_default();
    // Behind the name, which may have anything in it.
    let state = stat.rsplit_once(") ").map(|(_, rest)| rest);
    state.is_some_and(|state| !state.starts_with(['Z', 'X']))
}

/// The processes of the command, once they are there.
fn processes(window: &Window, folder: &Path) -> [u32; 2] {
    ["shell", "child"].map(|name| window.wait_for(name, || number_in(&folder.join(name))))
}

#[test]
fn a_command_that_ran_when_the_app_was_killed_is_ended_and_says_so() {
    let app = AppCopy::new();
    let server = Server::start();
    let project = tempfile::tempdir().unwrap();
    let folder = project.path();
    let mut window = app.start_from(&sample_in(&server, folder));
    let arguments = json!({ "command": COMMAND });
    let call = ("run_command", &arguments);
    propose(&window, &server, "Tidy up", "I tidy up.", call);
    assert!(!folder.join("began").exists(), "nobody has allowed it");
    allow(&window);
    let processes = processes(&window, folder);
    window.saved(STATE, "that it runs", |state| {
        state.contains("stage: Running")
    });
    for number in processes {
        assert!(is_running(number), "process {number} has ended by itself");
    }
    window.kill_and_restart();

    // All of it is ended, and the assistant is told so.
    let mut answer = window.wait_for("what came of it", || server.asked());
    let reason = "The app was closed while it ran; what was left of it was ended: process ";
    let told = told(&answer).to_owned();
    assert!(told.contains(reason), "{told}");
    assert!(!told.contains("could not be ended"), "{told}");
    for number in processes {
        assert!(told.contains(&format!("process {number}")), "{told}");
        let what = format!("the end of process {number}");
        window.wait_for(&what, || (!is_running(number)).then_some(()));
    }
    answer.say("All is well.");
    answer.end();
    let whole = "text: \"I tidy up.\\n\\nAll is well.\"";
    let state = settled(&window, whole);
    let failed = format!("stage: Failed(\"{reason}");
    let all = [
        "text: \"Tidy up\"",
        whole,
        "stage: ",
        failed.as_str(),
        "what: \"asked\"",
        "what: \"allowed\"",
        "what: \"failed: ",
    ];
    assert_once(&state, all);
    assert!(server.asked().is_none(), "nothing is asked twice");
    let began = fs::read_to_string(folder.join("began")).unwrap();
    assert_eq!(began, "began\n", "it was begun once");
}

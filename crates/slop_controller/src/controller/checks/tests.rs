//! QA that says what the test wants.

use bevy::prelude::*;
use slop_state::{Action, Leave, TicketQueue, ToolCall, ToolRound};

use super::*;
use crate::controller::tests::{act, answer, app, send};

/// With a ticket that waits to be looked at, and the answer about it.
fn app_with(answer: &str) -> App {
    let mut app = app();
    let mut discussions = app.world_mut().resource_mut::<Discussions>();
    let entry = |id: u64, role: &str, text: &str| Entry {
        id,
        role: role.to_owned(),
        text: text.to_owned(),
        ..Entry::default()
    };
    discussions.list.push(Discussion {
        id: 2,
        entries: vec![entry(3, "User", "the ticket"), entry(4, ASSISTANT, answer)],
        ..Discussion::default()
    });
    discussions.last_id = 4;
    app.world_mut().spawn(Ticket {
        number: 1,
        title: "title".to_owned(),
        text: "All of it.".to_owned(),
        status: Status::Review,
        discussion: Some(2),
        ..Ticket::default()
    });
    app.update();
    app
}

fn ticket(app: &mut App) -> Ticket {
    let mut query = app.world_mut().query::<&Ticket>();
    query.single(app.world()).clone()
}

fn discussion(app: &App, id: u64) -> &Discussion {
    app.world().resource::<Discussions>().get(id).unwrap()
}

/// Has QA say something about the ticket.
fn check_with(app: &mut App, verdict: &str) {
    act(app, Action::CheckTicket(1));
    assert_eq!(send(app).len(), 1);
    answer(app, verdict);
}

#[test]
fn what_passes_is_done() {
    let mut app = app_with("the work");
    act(&mut app, Action::CheckTicket(1));
    let asked = ticket(&mut app);
    assert!(matches!(asked.run, Run::Checked { .. }), "{:?}", asked.run);
    assert_eq!(asked.status, Status::Review);
    let with_qa = discussion(&app, asked.check.unwrap());
    assert_eq!(with_qa.tier, Some(Tier::Qa));
    let question = &with_qa.entries[0].text;
    for part in ["All of it.", "the work", "PASS"] {
        assert!(question.contains(part), "{question}");
    }
    assert_eq!(send(&mut app).len(), 1);
    // Once is enough.
    act(&mut app, Action::CheckTicket(1));
    assert_eq!(send(&mut app).len(), 0);
    answer(&mut app, "I have read it.\n\nPASS");
    let passed = ticket(&mut app);
    assert_eq!((passed.status, passed.run), (Status::Done, Run::Idle));
    assert_eq!(passed.verdict, Some(Verdict::Passed));
}

#[test]
fn what_fails_is_to_be_done_again_and_says_why() {
    let mut app = app_with("the work");
    check_with(&mut app, "**FAIL: no test**");
    let failed = ticket(&mut app);
    assert_eq!((failed.status, failed.run), (Status::Todo, Run::Idle));
    assert_eq!(failed.verdict, Some(Verdict::Failed("no test".to_owned())));
    let last = discussion(&app, 2).entries.last().unwrap();
    assert_eq!(last.role, "User");
    assert!(last.text.contains("no test"), "{}", last.text);
    let entries = discussion(&app, 2).entries.len();
    app.update();
    assert_eq!(discussion(&app, 2).entries.len(), entries);

    // It is worked on again, and checked again in the same discussion.
    act(&mut app, Action::RunTicket(1));
    assert_eq!(ticket(&mut app).verdict, None);
    assert_eq!(send(&mut app).len(), 1);
    answer(&mut app, "the better work");
    check_with(&mut app, "PASS");
    let passed = ticket(&mut app);
    assert_eq!(passed.status, Status::Done);
    assert_eq!(passed.check, failed.check);
    assert_eq!(discussion(&app, failed.check.unwrap()).entries.len(), 4);
}

#[test]
fn without_a_verdict_it_stays_and_can_be_checked_again() {
    let mut app = app_with("the work");
    check_with(&mut app, "It looks good to me.");
    let open = ticket(&mut app);
    assert_eq!(open.status, Status::Review);
    assert_eq!(open.run, Run::Unchecked(NO_VERDICT.to_owned()));
    // In another take, for nothing else is asked.
    check_with(&mut app, "> **No answer:** cut off");
    assert_eq!(ticket(&mut app).run, Run::Unchecked("cut off".to_owned()));
    check_with(&mut app, "PASS");
    assert_eq!(ticket(&mut app).status, Status::Done);
    let with_qa = discussion(&app, open.check.unwrap());
    assert_eq!((with_qa.entries.len(), with_qa.aside.len()), (2, 2));
}

#[test]
fn a_person_has_the_last_word() {
    let mut app = app_with("the work");
    act(&mut app, Action::CheckTicket(1));
    send(&mut app);
    act(&mut app, Action::MoveTicket(1, Status::Done, None));
    answer(&mut app, "FAIL: it is ugly");
    let ticket = ticket(&mut app);
    assert_eq!((ticket.status, ticket.run), (Status::Done, Run::Idle));
    let verdict = Verdict::Failed("it is ugly".to_owned());
    assert_eq!(ticket.verdict, Some(verdict));
}

#[test]
fn a_check_is_cancelled_or_stopped() {
    let mut app = app_with("the work");
    for stops in [false, true] {
        act(&mut app, Action::CheckTicket(1));
        assert_eq!(send(&mut app).len(), 1);
        let check = ticket(&mut app).check.unwrap();
        if stops {
            act(&mut app, Action::StopDiscussion(check));
            app.update();
        } else {
            act(&mut app, Action::CancelTicket(1));
        }
        let cancelled = Run::Unchecked("It was cancelled.".to_owned());
        assert_eq!(ticket(&mut app).run, cancelled);
        assert_eq!(app.world().resource::<PendingRequests>().0, []);
    }
}

#[test]
fn only_a_whole_answer_is_checked_and_within_the_limit() {
    for answer in ["", "half\n\n> **No answer:** cut off"] {
        let mut app = app_with(answer);
        act(&mut app, Action::CheckTicket(1));
        act(&mut app, Action::CheckTicket(9));
        assert_eq!(send(&mut app).len(), 0);
        assert_eq!(ticket(&mut app).run, Run::Idle);
    }
    let mut app = app_with("the work");
    app.world_mut().resource_mut::<TicketQueue>().limit = 0;
    act(&mut app, Action::CheckTicket(1));
    assert_eq!(send(&mut app).len(), 0);
}

#[test]
fn of_an_answer_with_tools_what_was_said_last_is_checked() {
    let mut app = app_with("Let me look.\n\nIt is done.");
    let call = |name: &str, arguments: &str, result: &str| ToolCall {
        name: name.to_owned(),
        arguments: arguments.to_owned(),
        result: Some(result.to_owned()),
        ..ToolCall::default()
    };
    let write = r#"{"path":"a.md","contents":"new"}"#;
    let round = ToolRound {
        text: "Let me look.".to_owned(),
        calls: vec![
            call("read_file", r#"{"path":"a.md"}"#, "secret"),
            ToolCall {
                diff: Some("@@\n-old\n+new\n".to_owned()),
                ..call("change_file", write, "a.md was written.")
            },
            ToolCall {
                diff: Some("+oops\n".to_owned()),
                undone: true,
                ..call("change_file", write, "a.md was written.")
            },
            ToolCall {
                edited: Some("newer".to_owned()),
                ..call("change_file", write, "It was edited.\na.md was written.")
            },
            ToolCall {
                edited: Some("make check".to_owned()),
                ..call(
                    "run_command",
                    r#"{"command":"make"}"#,
                    "(it ended with code 0)",
                )
            },
        ],
        ..ToolRound::default()
    };
    let mut discussions = app.world_mut().resource_mut::<Discussions>();
    let about = discussions.get_mut(2).unwrap();
    about.entry_mut(4).unwrap().rounds = vec![round];
    act(&mut app, Action::CheckTicket(1));
    let check = ticket(&mut app).check.unwrap();
    let question = &discussion(&app, check).entries[0].text;
    for part in [
        "## The answer\n\nIt is done.\n",
        "- To write a.md: a.md was written.\n\n````diff\n@@\n-old\n+new\n````\n",
        "- To write a.md: a.md was written. A person has undone it since.\n",
        "- To write a.md, with what a person made of it: a.md was written.\n",
        "- To run `make`, of which a person made `make check`: (it ended with code 0)\n",
    ] {
        assert!(question.contains(part), "{question}");
    }
    for part in ["secret", "oops"] {
        assert!(!question.contains(part), "{question}");
    }
}

#[test]
fn qa_gets_no_more_of_the_changes_than_there_is_room_for() {
    let call = |letter: &str| ToolCall {
        name: "change_file".to_owned(),
        arguments: r#"{"path":"a.md","contents":"new"}"#.to_owned(),
        diff: Some(letter.repeat(3 * DIFFS / 4)),
        ..ToolCall::default()
    };
    let round = ToolRound {
        calls: vec![call("X"), call("Y"), call("Z")],
        ..ToolRound::default()
    };
    let answer = Entry {
        rounds: vec![round],
        ..Entry::default()
    };
    let text = deeds(&answer);
    let count = |letter: char| text.chars().filter(|c| *c == letter).count();
    assert_eq!(count('X'), 3 * DIFFS / 4);
    assert_eq!(count('Y'), DIFFS / 4);
    assert_eq!(count('Z'), 0);
    assert_eq!(text.matches("(the rest was cut, ").count(), 2);
}

#[test]
fn qa_looks_at_most() {
    for (set, expected) in [(Leave::None, Leave::None), (Leave::Act, Leave::Look)] {
        let mut app = app_with("the work");
        app.world_mut().resource_mut::<Tiers>().qa.leave = set;
        act(&mut app, Action::CheckTicket(1));
        let check = ticket(&mut app).check.unwrap();
        assert_eq!(discussion(&app, check).leave, expected);
    }
}

#[test]
fn a_rollback_neither_asks_twice_nor_forgets() {
    let mut app = app_with("the work");
    act(&mut app, Action::CheckTicket(1));
    send(&mut app);
    app.update();
    let asked = ticket(&mut app);
    let discussions = app.world().resource::<Discussions>().clone();
    let pending = app.world().resource::<PendingRequests>().clone();
    answer(&mut app, "FAIL: no test");
    let mut query = app.world_mut().query::<&mut Ticket>();
    *query.single_mut(app.world_mut()) = asked;
    app.insert_resource(discussions).insert_resource(pending);
    app.update();
    assert_eq!(send(&mut app).len(), 0);
    answer(&mut app, "FAIL: no test");
    assert_eq!(ticket(&mut app).status, Status::Todo);
    assert_eq!(discussion(&app, 2).entries.len(), 3);
}

#[test]
fn a_verdict_is_read_whatever_surrounds_it() {
    let passed = Some(Verdict::Passed);
    let failed = |reason: &str| Some(Verdict::Failed(reason.to_owned()));
    for (text, expected) in [
        ("PASS", passed.clone()),
        ("All is well.\n\n**PASS**\n", passed.clone()),
        ("`PASS`.", passed.clone()),
        ("PASS: all is well", passed.clone()),
        ("At first FAIL\nFAIL: a\n\nBut now:\nPASS", passed),
        ("FAIL: a\n- b\n- c", failed("a\n- b\n- c")),
        ("**FAIL:** a", failed("a")),
        ("FAIL", failed("it gives no reason")),
        ("Tests:\nPASS\n\nFAIL - no build", failed("no build")),
        ("PASS\n**FAILED** (no build)", failed("(no build)")),
        ("FAILURES were looked for", None),
        ("PASSED", None),
        ("It does not FAIL: it works", None),
        ("`PASS` or `FAIL`?", None),
        ("", None),
    ] {
        assert_eq!(verdict(text), expected, "{text}");
    }
}

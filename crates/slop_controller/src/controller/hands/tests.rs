use std::{
    fs,
    io::Read,
    process::{self, Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use slop_engine::hands::JobId;
use slop_state::{DeedKind, Discussion, Entry, ToolCall, ToolRound};
use tempfile::TempDir;

use super::*;
use crate::{
    actions::DoneActions,
    controller::{
        systems,
        tests::{act, app},
    },
};

/// An app with a project, and an answer that waits for requests.
struct Bench {
    app: App,
    folder: TempDir,
}

const ENTRY: u64 = 7;
const REQUEST: u64 = 100;

fn id(place: u32) -> CallId {
    CallId {
        request: REQUEST,
        place,
    }
}

fn bench(deeds: &[Deed]) -> Bench {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().display().to_string();
    let mut app = app();
    app.world_mut()
        .resource_mut::<Project>()
        .root
        .clone_from(&root);
    let calls = vec![ToolCall::default(); deeds.len()];
    let entry = Entry {
        id: ENTRY,
        rounds: vec![ToolRound {
            request: REQUEST,
            calls,
            ..ToolRound::default()
        }],
        ..Entry::default()
    };
    app.insert_resource(Discussions {
        list: vec![Discussion {
            id: 1,
            entries: vec![entry],
            ..Discussion::default()
        }],
        ..Discussions::default()
    });
    app.insert_resource(PendingRequests(vec![Pending {
        request: REQUEST,
        discussion: 1,
        entry: ENTRY,
    }]));
    let mut requests = ToolRequests::default();
    for (place, deed) in (0..).zip(deeds) {
        requests.push(ToolRequest {
            id: id(place),
            discussion: 1,
            entry: ENTRY,
            ticket: Some(3),
            folder: root.clone(),
            deed: deed.clone(),
            ..ToolRequest::default()
        });
    }
    app.insert_resource(requests);
    app.update();
    Bench { app, folder }
}

impl Bench {
    fn requests(&self) -> &ToolRequests {
        self.app.world().resource()
    }

    fn stage(&self, place: u32) -> Stage {
        self.requests().get(id(place)).unwrap().stage.clone()
    }

    fn call(&self, place: usize) -> &ToolCall {
        let discussions = self.app.world().resource::<Discussions>();
        let entry = discussions.list[0].entry(ENTRY).unwrap();
        &entry.rounds[0].calls[place]
    }

    /// What the model is told.
    fn result(&self, place: usize) -> Option<String> {
        self.call(place).result.clone()
    }

    #[track_caller]
    fn run_until(&mut self, place: u32, is_so: impl Fn(&Stage) -> bool) {
        let start = Instant::now();
        while !is_so(&self.stage(place)) {
            let waited = start.elapsed();
            assert!(waited < Duration::from_secs(30), "{:?}", self.stage(place));
            self.app.update();
            thread::yield_now();
        }
    }

    #[track_caller]
    fn run_to_the_end(&mut self, place: u32) {
        self.run_until(place, Stage::is_over);
    }

    fn said(&self) -> String {
        fs::read_to_string(self.folder.path().join("said")).unwrap_or_default()
    }
}

fn run(command: &str) -> Deed {
    Deed::Run(command.to_owned())
}

fn write(path: &str, after: &str) -> Deed {
    Deed::Change {
        path: path.to_owned(),
        before: None,
        after: after.to_owned(),
    }
}

#[test]
fn nothing_is_done_without_leave() {
    let mut bench = bench(&[run("echo a >said"), write("said", "b")]);
    for _ in 0..10 {
        bench.app.update();
    }
    assert_eq!(bench.requests().waiting().count(), 2);
    assert_eq!(bench.said(), "");
    let refused = Action::RefuseTool(id(0), "too early".to_owned());
    act(&mut bench.app, refused);
    act(&mut bench.app, Action::RefuseTool(id(1), String::new()));
    assert_eq!(bench.stage(0), Stage::Refused("too early".to_owned()));
    let told = bench.result(0).unwrap();
    assert_eq!(told, "The person does not allow it: too early");
    assert!(bench.result(1).is_some());
    // What was refused cannot be allowed any more.
    act(&mut bench.app, Action::AllowTool(id(0)));
    assert!(matches!(bench.stage(0), Stage::Refused(_)));
    assert_eq!(bench.said(), "");
    let log = bench.requests().log.iter();
    let log: Vec<_> = log.map(|note| (&*note.what, &*note.title)).collect();
    let expected = [
        ("refused: too early", "Command echo a >said"),
        ("refused", "New file said"),
    ];
    assert_eq!(log, expected);
}

#[test]
fn what_is_allowed_is_done_once() {
    let mut bench = bench(&[run("echo a >>said; echo b")]);
    let waiting = bench.requests().clone();
    act(&mut bench.app, Action::AllowTool(id(0)));
    bench.run_to_the_end(0);
    let expected = "b\n(it ended with code 0)";
    assert_eq!(bench.stage(0), Stage::Done(expected.to_owned()));
    assert_eq!(bench.result(0).as_deref(), Some(expected));
    // A rollback brings back what waited for leave.
    bench.app.insert_resource(waiting);
    bench.run_to_the_end(0);
    assert_eq!(bench.stage(0), Stage::Done(expected.to_owned()));
    assert_eq!(bench.said(), "a\n");
}

#[test]
fn a_change_is_edited_done_and_undone() {
    let mut bench = bench(&[write("said", "a")]);
    let edited = Action::AllowEditedTool(id(0), "b".to_owned());
    act(&mut bench.app, edited);
    bench.run_to_the_end(0);
    assert_eq!(bench.said(), "b");
    let call = bench.call(0);
    assert!(call.diff.as_deref().unwrap().contains("+b"), "{call:?}");
    assert!(!call.undone);
    act(&mut bench.app, Action::UndoTool(id(0)));
    bench.run_until(0, |stage| *stage == Stage::Undone);
    assert!(bench.call(0).undone);
    assert!(!bench.folder.path().join("said").exists());
    // The model was told once, and that it is not what it asked for.
    let told = bench.result(0).unwrap();
    assert!(told.starts_with("The person edited"), "{told}");
    assert!(told.ends_with("\nsaid was written."), "{told}");
    let log = bench.requests().log.iter();
    let log: Vec<_> = log.map(|note| (&*note.what, &*note.title)).collect();
    let title = "New file said (edited)";
    let expected = [
        ("edited and allowed", title),
        ("done", title),
        ("undone", title),
    ];
    assert_eq!(log, expected);
    act(&mut bench.app, Action::UndoTool(id(0)));
    assert_eq!(bench.stage(0), Stage::Undone);
}

#[test]
fn an_edited_command_is_told_and_shown_as_it_was_run() {
    let mut bench = bench(&[run("echo a >>said")]);
    let waiting = bench.requests().clone();
    let edited = "echo b >>said; echo c";
    let allowed = Action::AllowEditedTool(id(0), edited.to_owned());
    act(&mut bench.app, allowed);
    bench.run_to_the_end(0);
    let told = bench.result(0).unwrap();
    assert!(told.starts_with("The person edited"), "{told}");
    assert!(told.contains(edited) && !told.contains("echo a"), "{told}");
    assert!(told.ends_with("c\n(it ended with code 0)"), "{told}");
    assert_eq!(bench.call(0).edited.as_deref(), Some(edited));
    assert_eq!(bench.call(0).diff, None);
    let is_shown = |bench: &Bench| {
        let request = bench.requests().get(id(0)).unwrap();
        let title = "Command echo b >>said; echo c (edited)";
        let note = bench.requests().log.last().unwrap();
        assert_eq!(request.deed, run(edited));
        assert_eq!((&*request.title(), &*note.title), (title, title));
    };
    is_shown(&bench);
    // A rollback brings back what was asked for, but not what was done.
    bench.app.insert_resource(waiting);
    bench.run_to_the_end(0);
    is_shown(&bench);
    assert_eq!(bench.said(), "b\n");
}

/// What a rollback brings back: the state, and the actions that new code has done.
struct Snapshot {
    requests: ToolRequests,
    discussions: Discussions,
    pending: PendingRequests,
    done: DoneActions,
}

impl Bench {
    fn snapshot(&self) -> Snapshot {
        let world = self.app.world();
        Snapshot {
            requests: world.resource::<ToolRequests>().clone(),
            discussions: world.resource::<Discussions>().clone(),
            pending: world.resource::<PendingRequests>().clone(),
            done: world.resource::<DoneActions>().clone(),
        }
    }

    /// New code reads with readers of its own, and so does the code before.
    fn roll_back(&mut self, to: Snapshot) {
        self.app
            .insert_resource(to.requests)
            .insert_resource(to.discussions)
            .insert_resource(to.pending)
            .insert_resource(to.done);
        let mut before = Schedule::default();
        before.add_systems(systems());
        before.run(self.app.world_mut());
    }
}

#[test]
fn a_command_that_runs_goes_on_as_it_was_edited_when_new_code_is_taken_back() {
    let mut bench = bench(&[run("echo a >>said")]);
    let before = bench.snapshot();
    let edited = "echo b >>said; while [ ! -e go ]; do sleep 0.01; done";
    let allowed = Action::AllowEditedTool(id(0), edited.to_owned());
    act(&mut bench.app, allowed);
    assert_eq!(bench.stage(0), Stage::Running);
    // So that only what is under way tells that it was allowed.
    bench
        .app
        .world_mut()
        .resource_mut::<Events<Action>>()
        .clear();
    bench.roll_back(before);
    assert_eq!(bench.stage(0), Stage::Running);
    let request = bench.requests().get(id(0)).unwrap();
    assert_eq!((&request.deed, request.edited), (&run(edited), true));
    let log = bench.requests().log.iter();
    let log: Vec<_> = log.map(|note| &*note.what).collect();
    assert_eq!(log, ["was begun before"]);
    fs::write(bench.folder.path().join("go"), "").unwrap();
    bench.run_to_the_end(0);
    assert_eq!(bench.said(), "b\n");
    let told = bench.result(0).unwrap();
    assert!(told.contains(edited), "{told}");
}

#[test]
fn an_action_that_comes_back_with_the_state_begins_nothing_again() {
    let mut bench = bench(&[run("echo a >>said")]);
    let before = bench.snapshot();
    act(&mut bench.app, Action::AllowTool(id(0)));
    bench.roll_back(before);
    bench.run_to_the_end(0);
    assert_eq!(bench.said(), "a\n");
    assert_eq!(bench.requests().log.len(), 2);
}

#[test]
fn what_is_allowed_in_the_editor_as_it_was_is_not_edited() {
    let mut bench = bench(&[run("echo a")]);
    let allowed = Action::AllowEditedTool(id(0), "echo a".to_owned());
    act(&mut bench.app, allowed);
    bench.run_to_the_end(0);
    let told = "a\n(it ended with code 0)";
    assert_eq!(bench.result(0).as_deref(), Some(told));
    assert!(!bench.requests().list[0].edited);
    assert_eq!(bench.requests().log[0].what, "allowed");
}

#[test]
fn what_a_person_wrote_since_is_not_undone() {
    let mut bench = bench(&[write("said", "a")]);
    act(&mut bench.app, Action::AllowTool(id(0)));
    bench.run_to_the_end(0);
    fs::write(bench.folder.path().join("said"), "mine").unwrap();
    act(&mut bench.app, Action::UndoTool(id(0)));
    bench.run_to_the_end(0);
    let Stage::Done(text) = bench.stage(0) else {
        panic!("{:?}", bench.stage(0));
    };
    assert!(text.contains("not undone"), "{text}");
    assert_eq!(bench.said(), "mine");
}

#[test]
fn leave_is_remembered_for_its_kind_in_its_ticket() {
    let mut bench = bench(&[
        run("echo a >>said"),
        write("new", "b"),
        run("echo c >>said"),
    ]);
    act(&mut bench.app, Action::RememberTool(id(0)));
    bench.run_to_the_end(0);
    bench.run_to_the_end(2);
    assert_eq!(bench.stage(1), Stage::Waiting);
    let remembered = Remembered {
        ticket: 3,
        kind: DeedKind::Run,
        folder: bench.folder.path().display().to_string(),
    };
    assert_eq!(
        bench.requests().remembered,
        std::slice::from_ref(&remembered)
    );
    act(&mut bench.app, Action::ForgetTool(remembered));
    assert_eq!(bench.requests().remembered, []);
    // What is over gives no leave.
    act(&mut bench.app, Action::RememberTool(id(0)));
    assert_eq!(bench.requests().remembered, []);
}

#[test]
fn what_a_person_is_editing_is_not_done_as_it_was_asked_for() {
    let mut bench = bench(&[run("echo a >>said"), run("echo b >>said")]);
    bench.app.insert_resource(HandsView {
        editing: Some((id(0), "echo".to_owned())),
        ..HandsView::default()
    });
    // Of all commands in the ticket.
    act(&mut bench.app, Action::RememberTool(id(1)));
    bench.run_to_the_end(1);
    assert_eq!(bench.stage(0), Stage::Waiting);
    let edited = Action::AllowEditedTool(id(0), "echo c >>said".to_owned());
    act(&mut bench.app, edited);
    bench.run_to_the_end(0);
    assert_eq!(bench.said(), "b\nc\n");
}

#[test]
fn the_second_change_of_a_file_is_shown_against_the_first_before_it_is_done() {
    let mut bench = bench(&[write("said", "a"), write("./said", "b"), write("said", "a")]);
    let replaces = |bench: &Bench| match &bench.requests().get(id(1)).unwrap().deed {
        Deed::Change { before, .. } => before.clone(),
        other => panic!("{other:?}"),
    };
    // Whoever allows both at once has seen the second as it would replace nothing.
    bench.app.world_mut().send_event(Action::AllowTool(id(0)));
    act(&mut bench.app, Action::AllowTool(id(1)));
    bench.run_to_the_end(0);
    assert_eq!(bench.said(), "a");
    assert_eq!(bench.stage(1), Stage::Waiting);
    assert_eq!(replaces(&bench).as_deref(), Some("a"));
    let Stage::Failed(reason) = bench.stage(2) else {
        panic!("{:?}", bench.stage(2));
    };
    assert!(reason.contains("says that already"), "{reason}");

    act(&mut bench.app, Action::UndoTool(id(0)));
    bench.run_until(0, |stage| *stage == Stage::Undone);
    assert_eq!(replaces(&bench), None);
    act(&mut bench.app, Action::AllowTool(id(1)));
    bench.run_to_the_end(1);
    assert_eq!(bench.said(), "b");
}

#[test]
fn nothing_is_undone_while_another_change_of_the_file_is_under_way() {
    let mut bench = bench(&[write("said", "a"), write("./said", "b")]);
    act(&mut bench.app, Action::AllowTool(id(0)));
    bench.run_to_the_end(0);
    let done = bench.stage(0);
    // In one frame, so that the other one is under way whatever the disk does.
    bench.app.world_mut().send_event(Action::AllowTool(id(1)));
    act(&mut bench.app, Action::UndoTool(id(0)));
    assert_eq!(bench.stage(0), done);
    bench.run_to_the_end(1);
    assert_eq!((bench.stage(0), bench.said()), (done, "b".to_owned()));
}

#[test]
fn changes_of_a_file_for_which_there_is_leave_are_done_one_after_the_other() {
    let mut bench = bench(&[write("said", "a"), write("said", "b")]);
    let waiting = bench.requests().clone();
    act(&mut bench.app, Action::RememberTool(id(0)));
    bench.run_to_the_end(1);
    assert!(matches!(bench.stage(1), Stage::Done(_)));
    assert_eq!(bench.said(), "b");
    // What each replaced is known again after a rollback.
    bench.app.insert_resource(waiting);
    bench.run_to_the_end(1);
    for (place, text) in [(1, "a"), (0, "")] {
        act(&mut bench.app, Action::UndoTool(id(place)));
        bench.run_until(place, |stage| *stage == Stage::Undone);
        assert_eq!(bench.said(), text);
    }
}

#[test]
fn nothing_is_done_in_another_folder_than_it_was_asked_for_in() {
    let mut bench = bench(&[run("echo a >said"), write("said", "b"), run("echo c >said")]);
    act(&mut bench.app, Action::AllowTool(id(1)));
    bench.run_to_the_end(1);
    let other = tempfile::tempdir().unwrap();
    let root = other.path().display().to_string();
    bench.app.world_mut().resource_mut::<Project>().root = root.clone();
    act(&mut bench.app, Action::RememberTool(id(0)));
    let Stage::Failed(reason) = bench.stage(0) else {
        panic!("{:?}", bench.stage(0));
    };
    for folder in [bench.folder.path(), other.path()] {
        let folder = folder.display().to_string();
        assert!(reason.contains(&folder), "{reason}");
    }
    assert_eq!(bench.result(0), Some(format!("It failed: {reason}")));
    assert_eq!(bench.requests().remembered, []);
    let log = bench.requests().log.iter();
    let of_command = log.filter(|note| note.title.starts_with("Command"));
    let of_command: Vec<_> = of_command.map(|note| &*note.what).collect();
    assert_eq!(of_command, ["allowed", &*format!("failed: {reason}")]);
    act(&mut bench.app, Action::UndoTool(id(1)));
    let Stage::Done(text) = bench.stage(1) else {
        panic!("{:?}", bench.stage(1));
    };
    assert!(text.starts_with("It was not undone: "), "{text}");
    // Leave that was given here counts here only.
    let mut requests = bench.app.world_mut().resource_mut::<ToolRequests>();
    requests.remembered.push(Remembered {
        ticket: 3,
        kind: DeedKind::Run,
        folder: root,
    });
    for _ in 0..10 {
        bench.app.update();
    }
    assert_eq!(bench.stage(2), Stage::Waiting);
    assert_eq!(bench.said(), "b");
    assert_eq!(fs::read_dir(other.path()).unwrap().count(), 0);
}

#[test]
fn an_edited_command_that_nobody_could_read_is_not_run() {
    let mut bench = bench(&[run("echo a")]);
    let hidden = Action::AllowEditedTool(id(0), "echo \u{202e}b".to_owned());
    act(&mut bench.app, hidden);
    assert_eq!(bench.stage(0), Stage::Waiting);
}

#[test]
fn a_command_is_cancelled() {
    let mut bench = bench(&[run("sleep 1000")]);
    act(&mut bench.app, Action::AllowTool(id(0)));
    assert_eq!(bench.stage(0), Stage::Running);
    act(&mut bench.app, Action::CancelTool(id(0)));
    bench.run_to_the_end(0);
    assert!(matches!(bench.stage(0), Stage::Failed(_)));
    assert!(bench.result(0).unwrap().contains("cancelled"));
}

#[test]
fn a_command_is_ended_at_the_limit_of_the_settings() {
    let mut bench = bench(&[run("sleep 1000")]);
    bench
        .app
        .world_mut()
        .resource_mut::<Settings>()
        .command_limit_s = 1;
    act(&mut bench.app, Action::AllowTool(id(0)));
    bench.run_to_the_end(0);
    let told = bench.result(0).unwrap();
    assert!(told.contains("it took longer than 1s"), "{told}");
}

#[test]
fn what_no_answer_waits_for_is_dropped() {
    let mut bench = bench(&[run("sleep 1000"), run("echo a >said")]);
    act(&mut bench.app, Action::AllowTool(id(0)));
    bench.app.insert_resource(PendingRequests::default());
    bench.run_to_the_end(0);
    bench.run_to_the_end(1);
    assert_eq!(bench.stage(1), Stage::Refused(NOBODY.to_owned()));
    assert_eq!(bench.said(), "");
}

#[test]
fn what_only_looks_needs_no_word() {
    let look = |name: &str| Deed::Look {
        name: name.to_owned(),
        arguments: r#"{"path":"."}"#.to_owned(),
    };
    let mut bench = bench(&[look("list_files"), look("no_tool")]);
    bench.run_to_the_end(0);
    bench.run_to_the_end(1);
    assert!(matches!(bench.stage(0), Stage::Done(_)));
    assert!(matches!(bench.stage(1), Stage::Failed(_)));
    // Each takes one line, since many are looked at.
    let log = &bench.requests().log;
    assert_eq!(log.len(), 2, "{log:?}");
    assert!(log.iter().all(|note| note.looks), "{log:?}");
}

#[test]
fn a_job_of_an_earlier_start_is_lost_and_said_to_be() {
    let mut bench = bench(&[run("echo a >said"), write("said", "b")]);
    let mut requests = bench.app.world_mut().resource_mut::<ToolRequests>();
    for request in &mut requests.list {
        request.stage = Stage::Running;
    }
    bench.run_to_the_end(0);
    let Stage::Failed(reason) = bench.stage(0) else {
        panic!("{:?}", bench.stage(0));
    };
    let says = "The app was closed while it ran, and nothing of it was found";
    assert!(reason.starts_with(says), "{reason}");
    assert_eq!(bench.result(0), Some(format!("It failed: {reason}")));
    assert_eq!(bench.stage(1), Stage::Failed(LOST.to_owned()));
    assert_eq!(bench.said(), "");
}

/// What an app that is gone has left of a command with this label: one process, which waits for what never
/// comes.
fn left_of(label: &str) -> Child {
    let here = fs::read_link("/proc/self/ns/pid").unwrap();
    let mark = format!("999999999.1.{}-0-0", here.display());
    let mut left = Command::new("/bin/sh")
        .args(["-c", "echo; read line"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .env("SLOP_HANDS_COMMAND", mark)
        .env("SLOP_HANDS_LABEL", label)
        .spawn()
        .unwrap();
    // It has its environment once it says something.
    let mut said = [0];
    left.stdout.as_mut().unwrap().read_exact(&mut said).unwrap();
    left
}

#[test]
fn a_command_that_was_begun_but_not_written_is_not_begun_again() {
    let mut bench = bench(&[]);
    let folder = bench.folder.path().display().to_string();
    // No other test may have it.
    let request = u64::from(process::id());
    let ids = [77, 78].map(|place| CallId { request, place });
    let job = JobId {
        request,
        place: 77,
        attempt: 0,
    };
    let mut left = left_of(&bench.app.world().resource::<Jobs>().label(job));
    // As they come from the disk, with leave for all of their kind.
    let mut requests = ToolRequests::default();
    for id in ids {
        requests.push(ToolRequest {
            id,
            entry: ENTRY,
            ticket: Some(3),
            folder: folder.clone(),
            deed: run("echo a >>said"),
            ..ToolRequest::default()
        });
    }
    requests.remembered.push(Remembered {
        ticket: 3,
        kind: DeedKind::Run,
        folder,
    });
    bench.app.insert_resource(requests);
    let waiting = Pending {
        request,
        discussion: 1,
        entry: ENTRY,
    };
    bench.app.insert_resource(PendingRequests(vec![waiting]));
    let stage = |bench: &Bench, id| bench.requests().get(id).unwrap().stage.clone();
    let start = Instant::now();
    while ids.iter().any(|id| !stage(&bench, *id).is_over()) {
        assert!(start.elapsed() < Duration::from_secs(30), "it never ends");
        bench.app.update();
        thread::yield_now();
    }
    left.wait().unwrap();
    let Stage::Failed(reason) = stage(&bench, ids[0]) else {
        panic!("{:?}", stage(&bench, ids[0]));
    };
    let process = format!("process {}", left.id());
    assert!(reason.contains(&process), "{reason}");
    // Nothing was left of the other, which is done as it would have been.
    assert!(matches!(stage(&bench, ids[1]), Stage::Done(_)));
    assert_eq!(bench.said(), "a\n");
}

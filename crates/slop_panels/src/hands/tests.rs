use std::time::{Duration, Instant};

use bevy::window::PrimaryWindow;
use slop_common::job_of;
use slop_engine::{
    bevy_egui::{EguiContext, EguiUserTextures},
    hands::Job,
    timings::Timings,
};
use slop_state::{Deed, DeedKind, Remembered, Settings};
use slop_ui::{
    testing::{click, find, theme, Window},
    Places, Themes,
};

use super::*;

/// The window as a person uses it.
#[derive(Default)]
struct Bench {
    window: Window,
    requests: ToolRequests,
    discussions: Discussions,
    jobs: Jobs,
    folder: &'static str,
    view: HandsView,
    cache: Cache,
}

fn id(place: u32) -> CallId {
    CallId { request: 1, place }
}

fn request(place: u32, deed: Deed) -> ToolRequest {
    ToolRequest {
        id: id(place),
        discussion: 1,
        folder: "/project".into(),
        deed,
        ..ToolRequest::default()
    }
}

fn change() -> Deed {
    Deed::Change {
        path: "src/a.rs".into(),
        before: Some("one\ntwo\n".into()),
        after: "one\nthree\n".into(),
    }
}

fn run() -> Deed {
    Deed::Run("cargo test".into())
}

impl Bench {
    fn with(list: Vec<ToolRequest>) -> Self {
        let mut bench = Self {
            folder: "/project",
            ..Self::default()
        };
        bench.requests.list = list;
        bench
    }

    fn frame(&mut self, events: Vec<egui::Event>) -> (Vec<Action>, Vec<(String, egui::Rect)>) {
        let theme = theme();
        let mut out = Vec::new();
        let seen = self.window.run(events, |ui| {
            let view = View {
                requests: &self.requests,
                discussions: &self.discussions,
                jobs: &self.jobs,
                folder: self.folder,
                limit_s: 77,
                view: &mut self.view,
                cache: &mut self.cache,
                theme: &theme,
            };
            panel(ui, view, &mut out);
        });
        (out, seen)
    }

    fn seen(&mut self) -> Vec<(String, egui::Rect)> {
        self.frame(Vec::new());
        self.frame(Vec::new()).1
    }

    #[track_caller]
    fn find(&mut self, text: &str) -> egui::Rect {
        find(&self.seen(), text)
    }

    /// Clicks on a text; what is asked for.
    #[track_caller]
    fn click(&mut self, text: &str) -> Vec<Action> {
        let at = self.find(text).center();
        self.window.wait();
        let clicked = click(at).map(|event| vec![event]);
        // What is unfolded takes a while.
        let frames = clicked.into_iter().chain(vec![Vec::new(); 20]);
        frames.flat_map(|events| self.frame(events).0).collect()
    }

    fn write(&mut self, text: &str) {
        self.frame(vec![egui::Event::Text(text.to_owned())]);
    }
}

#[test]
fn an_empty_window_says_what_to_do() {
    let mut bench = Bench::default();
    let seen = bench.seen();
    let says = |(text, _): &(String, egui::Rect)| text.contains("asked for nothing yet");
    assert!(seen.iter().any(says), "{seen:?}");
}

/// A context in which somebody writes in this field, in the dashboard, and the dock there.
fn writing(field: egui::Id) -> (egui::Context, Dock) {
    let (context, mut dock) = (egui::Context::default(), Dock::default());
    let (mut layout, mut text) = (Layout::default(), String::new());
    context.memory_mut(|memory| memory.request_focus(field));
    for _ in 0..2 {
        let mut places = Places::default();
        let _ = context.run(egui::RawInput::default(), |context| {
            egui::CentralPanel::default()
                .show(context, |ui| dock.show(ui, &mut layout, &mut places));
            places.show(context, slop_state::Window::MmaDashboard, |ui| {
                ui.add(egui::TextEdit::singleline(&mut text).id(field));
            });
        });
    }
    (context, dock)
}

#[test]
fn the_window_waits_until_what_it_would_hide_is_written() {
    let field = egui::Id::new("a field of the dashboard");
    let (context, dock) = writing(field);
    let mut of_window = EguiContext::default();
    of_window.get_mut().clone_from(&context);
    let mut app = App::new();
    app.insert_resource(Themes::built_in().unwrap())
        .insert_resource(ToolRequests {
            list: vec![request(0, change())],
            ..ToolRequests::default()
        })
        .insert_resource(dock)
        .init_resource::<Settings>()
        .init_resource::<Places>()
        .init_resource::<Timings>()
        .init_resource::<EguiUserTextures>()
        .init_resource::<Discussions>()
        .init_resource::<Jobs>()
        .init_resource::<Project>()
        .init_resource::<Layout>()
        .init_resource::<HandsView>()
        .add_event::<Action>()
        .add_systems(Update, render_hands);
    let window = bevy::window::Window::default();
    app.world_mut().spawn((window, PrimaryWindow, of_window));
    app.update();
    assert_eq!(app.world().resource::<Layout>().reveal, None);
    context.memory_mut(|memory| memory.surrender_focus(field));
    app.update();
    let revealed = app.world().resource::<Layout>().reveal;
    assert_eq!(revealed, Some(slop_state::Window::Hands));
}

#[test]
fn the_window_comes_to_the_front_only_for_what_needs_a_word() {
    let look = Deed::Look {
        name: "read_file".into(),
        arguments: "{}".into(),
    };
    let of_ticket = ToolRequest {
        ticket: Some(3),
        ..request(1, run())
    };
    let mut requests = ToolRequests {
        list: vec![request(0, look), of_ticket],
        remembered: vec![Remembered {
            ticket: 3,
            kind: DeedKind::Run,
            folder: "/project".into(),
        }],
        ..ToolRequests::default()
    };
    let nothing = CallId::default();
    assert_eq!(unseen(&requests, nothing), None);
    requests.remembered.clear();
    assert_eq!(unseen(&requests, nothing), Some(id(1)));
    assert_eq!(unseen(&requests, id(1)), None);
    // Ids begin with the time, and the clock was set back.
    let newer = CallId {
        request: 0,
        place: 7,
    };
    requests.list.push(ToolRequest {
        id: newer,
        ..request(2, change())
    });
    assert_eq!(unseen(&requests, id(1)), Some(newer));
    // One that still waits is not shown once more.
    requests.list[2].stage = Stage::Undone;
    assert_eq!(unseen(&requests, newer), None);
}

#[test]
fn a_change_is_shown_as_what_comes_and_goes() {
    let mut bench = Bench::with(vec![request(0, change())]);
    for text in ["Change of src/a.rs", "in Main", " one", "-two", "+three"] {
        bench.find(text);
    }
    bench.find("+1 -1 lines");
    assert_eq!(bench.click("Allow"), [Action::AllowTool(id(0))]);
}

#[test]
fn a_change_of_a_file_that_was_read_in_part_says_so() {
    let says =
        "The assistant has read a part of this file only. See that nothing goes which is to stay.";
    let read_in_part = ToolRequest {
        read_in_part: true,
        ..request(0, change())
    };
    Bench::with(vec![read_in_part]).find(says);
    let seen = Bench::with(vec![request(0, change())]).seen();
    assert!(seen.iter().all(|(text, _)| text != says), "{seen:?}");
}

#[test]
fn what_waits_for_leave_asks_for_no_frames() {
    let mut bench = Bench::with(vec![request(0, change()), request(1, run())]);
    for _ in 0..40 {
        bench.frame(Vec::new());
    }
    assert_eq!(bench.window.rest(), Duration::MAX);
}

#[test]
fn a_command_is_shown_as_a_whole_before_it_runs() {
    let mut bench = Bench::with(vec![request(0, Deed::Run("make\nmake install".into()))]);
    bench.find("Command make …");
    bench.find("make");
    bench.find("make install");
    bench.find("In /project, for 77 seconds at most:");
    // How long it may have taken then is not known.
    bench.requests.list[0].stage = Stage::Done(String::new());
    bench.click("Command make … · done");
    bench.find("In /project:");
}

#[test]
fn what_was_typed_for_one_request_is_not_dropped_for_another() {
    let mut bench = Bench::with(vec![request(0, run()), request(1, change())]);
    let typed = Some((id(0), "cargo check".to_owned()));
    bench.view.editing.clone_from(&typed);
    bench.click("Edit");
    assert_eq!(bench.view.editing, typed);
    // Nothing was typed in this one.
    bench.view.editing = Some((id(0), "cargo test".into()));
    bench.click("Edit");
    assert_eq!(bench.view.editing, Some((id(1), "one\nthree\n".into())));
}

#[test]
fn what_was_typed_for_a_request_that_is_dropped_stays_until_it_is_given_up() {
    let mut bench = Bench::with(vec![request(0, run()), request(1, change())]);
    let typed = Some((id(0), "cargo check".to_owned()));
    bench.view.editing.clone_from(&typed);
    bench.requests.list[0].stage = Stage::Refused("The answer was stopped.".into());
    bench.find("You typed this for what waits no more: Command cargo test");
    bench.find("cargo check");
    bench.find("Copy");
    bench.click("Edit");
    assert_eq!(bench.view.editing, typed);
    // Of what is over only the newest is kept.
    bench.requests.list.remove(0);
    bench.find("You typed this for what waits no more");
    bench.click("Edit");
    assert_eq!(bench.view.editing, typed);
    bench.click("Give up");
    assert_eq!(bench.view.editing, None);
    // Nothing was typed in this one.
    bench.click("Edit");
    assert!(bench.view.editing.is_some());
    bench.requests.list[0].stage = Stage::Undone;
    bench.seen();
    assert_eq!(bench.view.editing, None);
}

#[test]
fn a_change_is_shown_anew_when_another_one_of_its_file_is_done() {
    let mut bench = Bench::with(vec![request(0, change()), request(1, change())]);
    bench.requests.list[0].stage = Stage::Running;
    let text = "Another change of this file is under way; wait for it.";
    bench.find(text);
    bench.find("-two");
    assert_eq!(bench.click("Allow"), []);
    bench.view.editing = Some((id(1), "one\nfive\n".into()));
    assert_eq!(bench.click("Allow as edited"), []);
    assert!(bench.view.editing.take().is_some());
    bench.requests.list[0].stage = Stage::Done(String::new());
    if let Deed::Change { before, .. } = &mut bench.requests.list[1].deed {
        *before = Some("one\nfour\n".into());
    }
    bench.find("-four");
    let seen = bench.seen();
    let is_gone = |gone: &str| seen.iter().all(|(shown, _)| shown != gone);
    assert!(is_gone(text) && is_gone("-two"), "{seen:?}");
}

#[test]
fn what_was_asked_for_in_another_folder_says_so() {
    let mut bench = Bench::with(vec![request(0, change())]);
    bench.find("In /project:");
    let text =
        "It was asked for in /project, and the project's folder is /other by now; ask for it anew.";
    assert!(bench.seen().iter().all(|(seen, _)| seen != text));
    bench.folder = "/other";
    bench.requests.list[0].ticket = Some(3);
    bench.find("In /project:");
    bench.find(text);
    for allow in ["Allow", "Allow all changes in ticket 3"] {
        assert_eq!(bench.click(allow), [], "{allow}");
    }
}

#[test]
fn an_edited_command_that_would_not_be_run_says_why_and_stays() {
    let mut bench = Bench::with(vec![request(0, run())]);
    bench.view.editing = Some((id(0), " ".into()));
    assert_eq!(bench.click("Allow as edited"), []);
    assert!(bench.view.editing.is_some());
    let why_not = Jobs::check(" ").unwrap_err().to_string();
    bench.find(&why_not);
}

#[test]
fn a_command_is_edited_before_it_is_allowed() {
    let mut bench = Bench::with(vec![request(0, run())]);
    assert_eq!(bench.click("Edit"), []);
    let (of, text) = bench.view.editing.clone().unwrap();
    assert_eq!((of, &*text), (id(0), "cargo test"));
    bench.view.editing = Some((id(0), "cargo check".into()));
    let allowed = Action::AllowEditedTool(id(0), "cargo check".into());
    assert_eq!(bench.click("Allow as edited"), [allowed]);
    assert_eq!(bench.view.editing, None);
}

#[test]
fn a_refusal_has_the_reason_of_its_own_request() {
    let mut bench = Bench::with(vec![request(0, run()), request(1, change())]);
    let not_now = (id(1), "not now".to_owned());
    bench.view.reasons = vec![not_now.clone()];
    bench.click("Why not; the assistant is told");
    bench.write("never");
    let never = (id(0), "never".to_owned());
    assert_eq!(bench.view.reasons, [not_now.clone(), never.clone()]);
    let refused = Action::RefuseTool(id(0), "never".into());
    assert_eq!(bench.click("Refuse"), [refused]);
    assert_eq!(bench.view.reasons, [not_now]);
    bench.requests.list.remove(0);
    let refused = Action::RefuseTool(id(1), "not now".into());
    assert_eq!(bench.click("Refuse"), [refused]);
    assert!(bench.view.reasons.is_empty());
    // What was allowed meanwhile needs none.
    bench.view.reasons = vec![never];
    bench.seen();
    assert!(bench.view.reasons.is_empty());
}

#[test]
fn leave_can_be_remembered_in_a_ticket_only() {
    let mut bench = Bench::with(vec![request(0, run())]);
    let all = "Allow all commands in ticket 3";
    assert!(bench.seen().iter().all(|(text, _)| text != all));
    bench.requests.list[0].ticket = Some(3);
    assert_eq!(bench.click(all), [Action::RememberTool(id(0))]);
    let remembered = Remembered {
        ticket: 3,
        kind: DeedKind::Run,
        folder: "/project".into(),
    };
    bench.requests.remembered.push(remembered.clone());
    bench.find("All commands in ticket 3 are allowed.");
    assert_eq!(bench.click("Ask again"), [Action::ForgetTool(remembered)]);
}

#[test]
fn a_command_that_runs_shows_what_it_says_and_can_be_cancelled() {
    let folder = tempfile::tempdir().unwrap();
    let mut bench = Bench::with(vec![request(0, run())]);
    bench.requests.list[0].stage = Stage::Running;
    let job = job_of(&bench.requests.list[0]);
    let root = folder.path().display().to_string();
    let command = Job::Run {
        command: "echo hello; sleep 1000".to_owned(),
        limit: Duration::from_secs(600),
    };
    bench.jobs.start(job, &root, command);
    let start = Instant::now();
    while bench.seen().iter().all(|(text, _)| text != "hello") {
        assert!(start.elapsed() < Duration::from_secs(30), "it says nothing");
    }
    assert_eq!(bench.click("Cancel"), [Action::CancelTool(id(0))]);
}

#[test]
fn what_a_person_edited_is_shown_as_it_was_done() {
    let mut done = request(0, Deed::Run("cargo check\nls".into()));
    done.edited = true;
    done.stage = Stage::Done("fine".into());
    let mut bench = Bench::with(vec![done]);
    bench.click("Command cargo check … (edited) · done");
    bench.find("cargo check");
    bench.find("ls");
}

#[test]
fn what_was_done_can_be_undone() {
    let mut done = request(0, change());
    done.stage = Stage::Done("src/a.rs was written.".into());
    let mut bench = Bench::with(vec![done]);
    bench.requests.note(0, "done", "Change of src/a.rs");
    bench.find("done");
    bench.click("Change of src/a.rs · done");
    bench.find("src/a.rs was written.");
    assert_eq!(bench.click("Undo"), [Action::UndoTool(id(0))]);
    // Another change of the file may be under way, or the project be elsewhere by now.
    let mut other = request(1, change());
    other.stage = Stage::Running;
    bench.requests.list.push(other);
    assert_eq!(bench.click("Undo"), []);
    bench.requests.list.pop();
    bench.folder = "/other";
    assert_eq!(bench.click("Undo"), []);
}

//! One reload in every order that matters, each as a few lines.

mod ahead;
#[path = "../fake/mod.rs"]
mod fake;
mod libraries;

use fake::{panic, Code, Fake, World};
use hot_reloader_build::BuildError;
use hot_reloader_transaction::{Outcome, Phase, Request, RequestId, Transaction};

struct App {
    transaction: Transaction<Fake>,
    world: World,
}

const A: &[&str] = &["a"];
const AB: &[&str] = &["a", "b"];

impl App {
    /// With code 1 of these modules accepted.
    fn new(modules: &[&'static str]) -> Self {
        let mut app = Self {
            transaction: Transaction::default(),
            world: World {
                probation: 2,
                ..World::default()
            },
        };
        app.request(None);
        app.frame();
        app.build(1, modules);
        app.frames(4);
        assert_eq!(app.outcomes(), [Outcome::Committed]);
        app
    }

    fn request(&mut self, modules: Option<&[&str]>) -> RequestId {
        let modules = modules.map(|names| names.iter().map(ToString::to_string).collect());
        let request = Request::new(modules);
        let id = request.ids[0];
        self.transaction.request(request);
        id
    }

    /// What the build that goes on makes.
    fn build(&mut self, number: u32, modules: &[&'static str]) {
        let modules = modules.to_vec();
        self.world.end_build(Ok(Code::new(number, &modules)));
    }

    fn frame(&mut self) {
        self.transaction.swap(&mut self.world);
        self.world.run_modules();
        self.transaction.step(&mut self.world);
    }

    fn frames(&mut self, count: usize) {
        for _ in 0..count {
            self.frame();
        }
    }

    /// A request for all, with its build ended and its code in place.
    fn reload(&mut self, number: u32, modules: &[&'static str]) {
        self.request(None);
        self.frame();
        self.build(number, modules);
        self.frame();
    }

    fn panic(&mut self, module: &str) {
        let place = "Update".to_owned();
        self.transaction
            .panicked(&mut self.world, module, place, panic("oh"));
    }

    fn outcomes(&self) -> Vec<Outcome> {
        self.world
            .reports
            .iter()
            .map(|report| report.outcome)
            .collect()
    }

    fn answer(&self, id: RequestId) -> Vec<Outcome> {
        let answers = self.world.answers.iter();
        answers
            .filter(|(of, _)| *of == id)
            .map(|(_, outcome)| *outcome)
            .collect()
    }

    fn kind(&self) -> &'static str {
        self.world.error.as_ref().map_or("", |error| error.kind())
    }
}

#[test]
fn new_code_takes_over_and_is_accepted() {
    let mut app = App::new(A);
    app.reload(2, A);
    assert_eq!(app.world.running(), [("a", 2)]);
    assert_eq!(app.world.progress, Some(Phase::Probation));
    app.frames(2);
    assert_eq!(app.outcomes(), [Outcome::Committed; 2]);
    assert_eq!(app.world.reports[1].warnings, ["a warning"]);
    assert_eq!((app.world.progress, app.world.held), (None, 0));
}

#[test]
fn startup_runs_once_and_the_hooks_each_time() {
    let mut app = App::new(A);
    app.reload(2, AB);
    app.frames(2);
    let ran = |what: &str| app.world.state.iter().filter(|line| *line == what).count();
    assert_eq!(
        (
            ran("start a"),
            ran("Load a"),
            ran("Unload a"),
            ran("Reload a")
        ),
        (1, 2, 1, 1)
    );
    assert_eq!((ran("start b"), ran("Load b"), ran("Reload b")), (1, 1, 0));
}

#[test]
fn a_panic_takes_code_and_state_back_whichever_module_it_is() {
    for module in AB {
        let mut app = App::new(AB);
        let id = app.request(Some(A));
        app.frame();
        let before = app.world.state.clone();
        app.build(2, AB);
        app.frame();
        assert_eq!(app.world.running(), [("a", 2), ("b", 1)]);
        app.panic(module);
        assert_eq!(app.answer(id), [Outcome::RolledBack]);
        assert_eq!(app.world.running(), [("a", 1), ("b", 1)]);
        assert_eq!(app.world.state, before);
        assert_eq!((app.kind(), app.world.held), ("panicked", 0));
    }
}

#[test]
fn a_restore_that_fails_in_part_is_an_outcome_of_its_own() {
    let mut app = App::new(A);
    app.reload(2, A);
    app.world.lost = vec!["the one thing".to_owned()];
    app.panic("a");
    let report = app.world.reports.last().unwrap();
    assert_eq!(report.outcome, Outcome::RolledBackInPart);
    assert_eq!(report.not_restored, ["the one thing"]);
    let error = report.error.as_ref().unwrap();
    assert!(error.to_string().contains("the one thing"), "{error}");
    assert_eq!(
        (error.kind(), error.phase()),
        ("panicked", Phase::Probation)
    );
}

#[test]
fn a_startup_that_was_taken_back_runs_again() {
    let mut app = App::new(A);
    for _ in 0..3 {
        app.reload(2, AB);
        app.panic("b");
    }
    assert!(!app.world.state.iter().any(|line| line == "start b"));
    app.reload(3, AB);
    assert_eq!(
        app.world
            .state
            .iter()
            .filter(|line| *line == "start b")
            .count(),
        1
    );
}

#[test]
fn after_probation_the_module_alone_is_suspended_until_it_is_reloaded() {
    let mut app = App::new(AB);
    app.panic("a");
    assert_eq!(app.kind(), "suspended");
    assert_eq!(app.outcomes().len(), 1, "no reload has ended");
    // The same code, but it does not run.
    app.reload(1, AB);
    app.frames(2);
    assert_eq!(app.outcomes()[1], Outcome::Committed);
    assert_eq!(app.kind(), "");
}

#[test]
fn the_same_code_is_unchanged() {
    let mut app = App::new(A);
    app.reload(1, A);
    assert_eq!(app.outcomes()[1], Outcome::Unchanged);
}

#[test]
fn requests_are_united_and_each_is_answered_once() {
    let mut app = App::new(AB);
    let first = app.request(Some(A));
    app.frame();
    let second = app.request(Some(&["b"]));
    let third = app.request(Some(A));
    app.build(2, AB);
    app.frames(2);
    assert_eq!(
        app.world.running(),
        [("a", 2), ("b", 1)],
        "what was asked for, no more"
    );
    app.build(2, AB);
    app.frames(6);
    assert_eq!(app.world.running(), [("a", 2), ("b", 2)]);
    for id in [first, second, third] {
        assert_eq!(app.answer(id), [Outcome::Committed]);
    }
}

#[test]
fn the_next_build_goes_on_during_probation_and_waits_for_its_end() {
    let mut app = App::new(A);
    app.world.probation = 4;
    app.reload(2, A);
    app.request(None);
    app.frame();
    assert_eq!(app.world.progress, Some(Phase::Build));
    app.build(3, A);
    app.frame();
    assert_eq!(app.world.running(), [("a", 2)]);
    app.frames(4);
    assert_eq!(app.world.running(), [("a", 3)]);
    // If the first is taken back, the second takes over from what was before.
    app.reload(4, A);
    app.request(None);
    app.frame();
    app.panic("a");
    app.build(5, A);
    app.frames(2);
    assert_eq!(app.world.running(), [("a", 5)]);
}

#[test]
fn a_cancel_ends_what_has_not_taken_over_each_with_its_answer() {
    // While it builds, when it has ended and waits for its turn, and when it is armed.
    for ended in [false, true] {
        for frames in 0..2 {
            let mut app = App::new(A);
            let first = app.request(None);
            app.frame();
            if ended {
                app.build(2, A);
            }
            for _ in 0..frames {
                app.transaction.step(&mut app.world);
            }
            let second = app.request(Some(A));
            app.transaction.cancel(&mut app.world);
            assert!(*app.world.builds.last().unwrap().ended.lock().unwrap());
            assert_eq!(app.answer(first), [Outcome::Cancelled]);
            assert_eq!(app.answer(second), [Outcome::Cancelled]);
            assert_eq!(app.outcomes().len(), 3, "a report for each");
            app.frames(4);
            assert_eq!(app.world.running(), [("a", 1)]);
            assert_eq!(app.world.progress, None);
        }
    }
}

#[test]
fn a_cancel_leaves_new_code_on_probation() {
    let mut app = App::new(A);
    app.world.probation = 9;
    app.reload(2, A);
    let next = app.request(None);
    app.frame();
    app.transaction.cancel(&mut app.world);
    assert_eq!(app.answer(next), [Outcome::Cancelled]);
    app.frames(9);
    assert_eq!(app.world.running(), [("a", 2)]);
    assert_eq!(app.outcomes().last(), Some(&Outcome::Committed));
}

#[test]
fn nothing_is_cancelled_when_nothing_goes_on() {
    let mut app = App::new(A);
    app.transaction.cancel(&mut app.world);
    assert_eq!(app.outcomes().len(), 1);
}

#[test]
fn at_the_end_of_the_app_everybody_is_told_once() {
    let mut app = App::new(A);
    app.world.probation = 9;
    let on_probation = {
        let id = app.request(None);
        app.frame();
        app.build(2, A);
        app.frames(2);
        id
    };
    let building = app.request(None);
    app.frame();
    let queued = app.request(None);
    app.transaction.exit(&mut app.world);
    app.transaction.exit(&mut app.world);
    app.frames(3);
    assert_eq!(app.answer(on_probation), [Outcome::OnProbation]);
    assert_eq!(app.answer(building), [Outcome::Cancelled]);
    assert_eq!(app.answer(queued), [Outcome::Cancelled]);
    assert!(app
        .world
        .builds
        .iter()
        .all(|build| *build.ended.lock().unwrap()));
}

#[test]
fn an_unknown_module_is_refused_before_anything_is_built() {
    let mut app = App::new(A);
    let builds = app.world.builds.len();
    let id = app.request(Some(&["gaem"]));
    app.frame();
    assert_eq!(app.answer(id), [Outcome::Refused]);
    assert_eq!(
        (app.kind(), app.world.builds.len()),
        ("unknown_module", builds)
    );
    assert_eq!(
        app.world.reports.last().unwrap().phase,
        Some(Phase::Request)
    );
}

#[test]
fn a_build_that_fails_or_dies_is_told() {
    let failed = || BuildError::Failed {
        status: "1".to_owned(),
        tail: String::new(),
    };
    let died = || BuildError::Died {
        reason: "it panicked".to_owned(),
    };
    for (error, kind) in [(failed(), "cargo_failed"), (died(), "build_died")] {
        let mut app = App::new(A);
        let id = app.request(None);
        app.frame();
        app.world.progress_build();
        app.world.end_build(Err(error));
        app.frame();
        assert_eq!((app.answer(id), app.kind()), (vec![Outcome::Refused], kind));
        app.reload(2, A);
        assert_eq!((app.world.running(), app.kind()), (vec![("a", 2)], ""));
    }
}

#[test]
fn whichever_call_fails_what_ran_goes_on_and_the_next_reload_works() {
    let calls = {
        let mut app = App::new(AB);
        let before = app.world.calls;
        app.reload(2, &["a", "b", "c"]);
        app.frames(2);
        app.world.calls - before
    };
    assert!(calls > 15, "{calls}");
    let mut outcomes = std::collections::BTreeMap::new();
    for call in 0..calls {
        let mut app = App::new(AB);
        app.world.fails_at = Some(app.world.calls + call);
        app.request(None);
        app.frame();
        app.build(2, &["a", "b", "c"]);
        app.transaction.step(&mut app.world);
        let before = app.world.state.clone();
        app.transaction.swap(&mut app.world);
        let took_over = app.world.reports.len() == 1;
        if !took_over {
            assert_eq!(app.world.running(), [("a", 1), ("b", 1)], "call {call}");
            assert_eq!(app.world.state, before, "call {call}");
            assert!(app.world.error.is_some(), "call {call}");
        }
        app.frames(4);
        let outcome = app.outcomes()[1];
        *outcomes.entry(format!("{outcome:?}")).or_insert(0) += 1;
        assert_eq!(
            (app.outcomes().len(), app.world.held),
            (2, 0),
            "call {call}"
        );
        app.reload(3, &["a", "b", "c"]);
        app.frames(2);
        assert_eq!(
            app.world.running(),
            [("a", 3), ("b", 3), ("c", 3)],
            "call {call}"
        );
        assert_eq!(app.kind(), "", "call {call}");
    }
    // A panic as code is unloaded or dropped is a warning.
    let names: Vec<_> = outcomes.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        ["Committed", "Refused", "RolledBack"],
        "{outcomes:?}"
    );
}

#[test]
fn a_call_does_it_at_once_and_one_at_a_time() {
    let mut app = App::new(A);
    let waiting = app.request(None);
    app.frame();
    // The build that goes on is ended, and what it was for is done by the call.
    let report = call(&mut app, 2);
    assert_eq!(report, Outcome::OnProbation);
    assert_eq!(app.world.running(), [("a", 2)], "no frame has passed");
    let busy = app
        .transaction
        .reload_now(&mut app.world, Request::new(None));
    assert_eq!(busy.unwrap_err().kind(), "busy");
    app.frames(2);
    assert_eq!(app.answer(waiting), [Outcome::Committed]);
}

/// A call waits for its build, which therefore ends at once.
fn call(app: &mut App, number: u32) -> Outcome {
    app.world.ends_at_once = Some(Code::new(number, A));
    let report = app
        .transaction
        .reload_now(&mut app.world, Request::new(None));
    app.world.ends_at_once = None;
    report.unwrap().outcome
}

#[test]
fn a_stray_panic_never_replaces_a_better_error() {
    let mut app = App::new(A);
    app.reload(2, A);
    app.panic("a");
    let mut stray = panic("late");
    stray.library = Some(2);
    app.transaction
        .thread_panicked(&mut app.world, stray.clone());
    assert_eq!(app.kind(), "panicked");
    // On probation it takes the reload back.
    app.reload(3, A);
    stray.library = Some(3);
    app.transaction
        .thread_panicked(&mut app.world, stray.clone());
    assert_eq!(
        (app.kind(), app.world.running()),
        ("thread_panicked", vec![("a", 1)])
    );
    // One of an earlier library does not.
    app.reload(4, A);
    app.transaction.thread_panicked(&mut app.world, stray);
    assert_eq!(app.world.running(), [("a", 4)]);
}

#[test]
fn a_module_that_the_library_has_no_more_goes_and_comes_back_with_a_rollback() {
    let mut app = App::new(AB);
    app.reload(2, A);
    assert_eq!(app.world.running(), [("a", 2)]);
    app.panic("a");
    assert_eq!(app.world.running(), [("a", 1), ("b", 1)]);
    app.reload(3, A);
    app.frames(2);
    assert_eq!(app.world.running(), [("a", 3)]);
}

#[test]
fn the_first_load_can_fail_and_be_mended() {
    let mut transaction = Transaction::<Fake>::default();
    let mut world = World {
        probation: 2,
        ..World::default()
    };
    let mut app = |number: u32, fails: bool| {
        transaction.request(Request::new(Some(vec!["a".to_owned()])));
        transaction.step(&mut world);
        world.end_build(Ok(Code::new(number, A)));
        transaction.step(&mut world);
        transaction.swap(&mut world);
        if fails {
            transaction.panicked(&mut world, "a", String::new(), panic("no"));
            assert_eq!((world.running(), world.state.len()), (vec![], 0));
        }
        world.running()
    };
    for number in 1..4 {
        app(number, true);
    }
    assert_eq!(app(4, false), [("a", 4)]);
}

//! Several libraries, made together or one by one.

use super::*;

impl App {
    /// With two libraries, of which code 1 and code 11 run.
    fn of_two() -> Self {
        let mut app = Self {
            transaction: Transaction::default(),
            world: World {
                probation: 2,
                ..World::default()
            },
        };
        app.request(None);
        app.frame();
        app.build_both((1, true), (11, true));
        app.frames(4);
        assert_eq!(app.outcomes(), [Outcome::Committed]);
        app
    }

    /// The build that goes on makes two libraries, each with the modules that it has, and whether it has a
    /// copy.
    fn build_both(&mut self, game: (u32, bool), more: (u32, bool)) {
        self.world.end_build_of(Ok(vec![
            (Code::new(game.0, AB), game.1),
            (Code::more(more.0, &["d"]), more.1),
        ]));
    }
}

#[test]
fn a_library_that_is_what_it_was_goes_on_as_it_is() {
    let mut app = App::of_two();
    let opened = app.world.opened;
    app.request(None);
    app.frame();
    app.build_both((1, false), (12, true));
    app.frames(4);
    assert_eq!(app.world.running(), [("a", 1), ("b", 1), ("d", 12)]);
    assert_eq!(app.world.opened, opened + 1);
    let names = app.world.reports[1].modules.iter().map(|m| &*m.name);
    assert_eq!(names.collect::<Vec<_>>(), ["d"]);
    app.request(None);
    app.frame();
    app.build_both((1, false), (12, false));
    app.frames(2);
    assert_eq!(app.outcomes()[2], Outcome::Unchanged);
    // A rebuild is of all that was asked for.
    let mut request = Request::new(None);
    request.rebuilds = true;
    app.transaction.request(request);
    app.frame();
    assert!(app.world.wanted.last().unwrap().running.is_empty());
    app.build_both((1, false), (12, false));
    app.frames(4);
    assert_eq!(app.outcomes()[3], Outcome::Committed);
    assert_eq!(app.world.opened, opened + 3);
}

#[test]
fn only_the_libraries_of_the_modules_that_were_asked_for_are_wanted() {
    let mut app = App::of_two();
    app.request(Some(&["d"]));
    app.frame();
    let wanted = app.world.wanted.last().unwrap();
    assert_eq!(wanted.modules.as_deref(), Some(&["d".to_owned()][..]));
    app.world
        .end_build_of(Ok(vec![(Code::more(12, &["d"]), true)]));
    app.frames(4);
    assert_eq!(app.world.running(), [("a", 1), ("b", 1), ("d", 12)]);
    assert_eq!(app.outcomes()[1], Outcome::Committed);
}

/// What both libraries are made of is edited, and one of them is asked for.
#[test]
fn libraries_do_not_go_on_with_two_forms_of_a_crate() {
    let mut app = App::of_two();
    app.world.shared = 1;
    app.request(Some(&["d"]));
    app.frame();
    app.world
        .end_build_of(Ok(vec![(Code::more(12, &["d"]), true)]));
    app.frames(4);
    assert_eq!(app.outcomes()[1], Outcome::Refused);
    assert_eq!(app.kind(), "at_odds");
    assert_eq!(app.world.running(), [("a", 1), ("b", 1), ("d", 11)]);
    // All together may.
    app.request(None);
    app.frame();
    app.build_both((2, true), (12, true));
    app.frames(4);
    assert_eq!(app.world.running(), [("a", 2), ("b", 2), ("d", 12)]);
}

/// Only what needs it gets a second copy: a module that is suspended begins anew.
#[test]
fn a_library_with_a_suspended_module_is_not_one_that_goes_on() {
    let mut app = App::of_two();
    app.frames(4);
    app.panic("d");
    app.request(None);
    app.frame();
    let running = app.world.wanted.last().unwrap().running.len();
    // Two modules of the other library.
    assert_eq!(running, 2);
    let builds = app.world.builds.len();
    app.build_both((1, false), (11, false));
    app.frames(4);
    assert_eq!(app.world.builds.len(), builds);
    assert_eq!(app.outcomes()[1], Outcome::Committed);
    let change = &app.world.reports[1].modules[0];
    assert_eq!(change.name, "d");
    assert_eq!(change.library.as_deref(), Some("more"));
    assert!(change.build_id.is_some());
}

/// The settings may be changed while the app runs.
#[test]
fn a_library_that_the_host_has_no_more_goes_with_the_next_reload_of_all() {
    let mut app = App::of_two();
    app.world.lacks_more = true;
    app.request(None);
    app.frame();
    app.world.end_build_of(Ok(vec![(Code::new(1, AB), false)]));
    app.frames(4);
    assert_eq!(app.outcomes()[1], Outcome::Committed);
    assert_eq!(app.world.running(), [("a", 1), ("b", 1)]);
    // And comes back when the host has it again, though its code is what it was.
    app.world.lacks_more = false;
    app.request(None);
    app.frame();
    app.build_both((1, false), (11, true));
    app.frames(4);
    assert_eq!(app.world.running(), [("a", 1), ("b", 1), ("d", 11)]);
}

#[test]
fn a_request_for_no_modules_changes_nothing() {
    let mut app = App::of_two();
    let builds = app.world.builds.len();
    app.request(Some(&[]));
    app.frames(2);
    assert_eq!(app.world.builds.len(), builds);
    assert_eq!(app.outcomes()[1], Outcome::Cancelled);
}

/// What ran when the build began was taken back before it ended.
#[test]
fn a_library_that_does_not_run_any_more_gets_a_copy() {
    let mut app = App::of_two();
    app.request(None);
    app.frame();
    let builds = app.world.builds.len();
    app.panic("d");
    app.build_both((1, false), (11, false));
    app.frame();
    assert_eq!(app.world.builds.len(), builds + 1);
    assert!(app.world.wanted.last().unwrap().running.is_empty());
    app.build_both((1, false), (11, false));
    app.frames(4);
    // Its code is the same, and begins anew.
    assert_eq!(app.outcomes()[1], Outcome::Committed);
    assert_eq!(app.world.running(), [("a", 1), ("b", 1), ("d", 11)]);
    let names = app.world.reports[1].modules.iter().map(|m| &*m.name);
    assert_eq!(names.collect::<Vec<_>>(), ["d"]);
}

/// New code with one module more, of which only the other was asked for.
#[test]
fn what_was_not_asked_for_comes_with_the_next_reload_of_all() {
    let mut app = App::new(A);
    app.request(Some(A));
    app.frame();
    app.build(2, AB);
    app.frames(4);
    assert_eq!(app.world.running(), [("a", 2)]);
    app.reload(2, AB);
    app.frames(4);
    assert_eq!(app.world.running(), [("a", 2), ("b", 2)]);
    assert_eq!(app.outcomes(), [Outcome::Committed; 3]);
}

#[test]
fn two_libraries_may_not_have_one_name_for_two_modules() {
    let mut app = App::of_two();
    app.request(None);
    app.frame();
    app.world.end_build_of(Ok(vec![
        (Code::new(2, AB), true),
        (Code::more(12, &["d", "a"]), true),
    ]));
    app.frames(4);
    assert_eq!(app.outcomes()[1], Outcome::Refused);
    assert_eq!(app.kind(), "duplicate_module");
    assert_eq!(app.world.running(), [("a", 1), ("b", 1), ("d", 11)]);
}

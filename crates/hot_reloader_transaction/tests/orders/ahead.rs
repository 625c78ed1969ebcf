//! What is done before anybody asks, and what becomes of it.

use hot_reloader_transaction::Purpose;

use super::*;

#[test]
fn what_was_made_ready_takes_over_when_somebody_asks() {
    let mut app = App::new(A);
    app.transaction.work_ahead(&mut app.world, Purpose::Ahead);
    let opened = app.world.opened;
    app.build(2, A);
    app.frame();
    assert!(app.world.is_ready);
    assert_eq!(app.world.running(), [("a", 1)]);
    assert_eq!((app.world.reports.len(), app.world.progress), (1, None));
    app.reload(2, A);
    assert_eq!(app.world.running(), [("a", 2)]);
    assert_eq!(app.world.opened, opened + 1);
    assert!(!app.world.is_ready);
}

/// An edit after it was made ready: the request builds, and what that makes counts.
#[test]
fn what_was_made_ready_gives_way_to_what_is_newer() {
    let mut app = App::new(A);
    app.transaction.work_ahead(&mut app.world, Purpose::Ahead);
    app.build(2, A);
    app.frame();
    app.reload(3, A);
    app.frames(2);
    assert_eq!(app.world.running(), [("a", 3)]);
    // What runs already is not ready.
    app.transaction.work_ahead(&mut app.world, Purpose::Ahead);
    app.build(3, A);
    app.frame();
    assert!(!app.world.is_ready);
}

#[test]
fn what_goes_wrong_ahead_is_told_when_somebody_asks() {
    let mut app = App::new(A);
    // What was made ready before it was broken is ready no more.
    for result in [Ok(Code::new(2, A)), Err(BuildError::Errors(Vec::new()))] {
        let is_good = result.is_ok();
        app.transaction.work_ahead(&mut app.world, Purpose::Ahead);
        app.world.end_build(result);
        app.frame();
        assert_eq!(app.world.is_ready, is_good);
    }
    app.transaction.work_ahead(&mut app.world, Purpose::Ahead);
    app.build(2, A);
    // After it was opened.
    app.world.fails_at = Some(app.world.calls + 1);
    app.frame();
    assert!(!app.world.is_ready && app.world.error.is_none());
    assert_eq!(app.outcomes(), [Outcome::Committed]);
    let opened = app.world.opened;
    app.world.fails_at = Some(app.world.calls);
    app.reload(2, A);
    assert_eq!(app.outcomes(), [Outcome::Committed, Outcome::Refused]);
    assert_eq!(app.world.opened, opened);
    // The next one begins with a library of its own.
    app.reload(2, A);
    assert_eq!(app.world.opened, opened + 1);
    assert_eq!(app.world.running(), [("a", 2)]);
}

#[test]
fn a_request_waits_for_what_it_can_use_and_for_nothing_else() {
    let mut app = App::new(A);
    app.transaction.work_ahead(&mut app.world, Purpose::WarmUp);
    let id = app.request(None);
    app.frame();
    assert!(*app.world.builds[1].ended.lock().unwrap());
    assert_eq!(app.world.progress, Some(Phase::Build));
    app.build(2, A);
    app.frames(4);
    assert_eq!(app.answer(id), [Outcome::Committed]);

    app.transaction.work_ahead(&mut app.world, Purpose::Ahead);
    let id = app.request(None);
    app.frame();
    assert_eq!(app.world.progress, Some(Phase::Build));
    assert!(!*app.world.builds[3].ended.lock().unwrap());
    app.build(3, A);
    app.frame();
    app.build(3, A);
    app.frames(4);
    assert_eq!(app.answer(id), [Outcome::Committed]);
    let purposes = [
        Purpose::WarmUp,
        Purpose::Reload,
        Purpose::Ahead,
        Purpose::Reload,
    ];
    assert_eq!(app.world.purposes[1..], purposes);
}

/// While a reload goes on, there is nothing to do ahead of it.
#[test]
fn nothing_is_done_ahead_while_a_reload_goes_on() {
    let mut app = App::new(A);
    app.request(None);
    app.transaction.work_ahead(&mut app.world, Purpose::Ahead);
    app.frame();
    app.transaction.work_ahead(&mut app.world, Purpose::Ahead);
    app.build(2, A);
    app.frame();
    app.transaction.work_ahead(&mut app.world, Purpose::Ahead);
    assert_eq!(app.world.purposes, [Purpose::Reload; 2]);
}

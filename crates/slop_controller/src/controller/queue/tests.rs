//! The queue with an assistant that answers when the test says so.

use slop_common::{streaming, ASSISTANT};
use slop_state::Leave;

use super::*;
use crate::controller::{
    answers::{reason, NOT_THERE},
    tests::{act, answer, app, send},
};

const CANCELLED: &str = "It was cancelled.";

fn ticket(number: u32, depends_on: &[u32]) -> Ticket {
    Ticket {
        number,
        title: format!("title {number}"),
        rank: f64::from(number),
        depends_on: depends_on.to_vec(),
        ..Ticket::default()
    }
}

/// With these tickets.
fn app_with(tickets: &[Ticket]) -> App {
    let mut app = app();
    for ticket in tickets {
        app.world_mut().spawn(ticket.clone());
    }
    app
}

fn get(app: &mut App, number: u32) -> Ticket {
    let mut query = app.world_mut().query::<&Ticket>();
    let mut tickets = query.iter(app.world());
    tickets.find(|t| t.number == number).unwrap().clone()
}

fn set_mode(app: &mut App, mode: QueueMode, limit: u32) {
    let queue = TicketQueue {
        mode,
        limit,
        ..TicketQueue::default()
    };
    act(app, Action::SetQueue(queue));
}

#[track_caller]
fn check(app: &mut App, number: u32, status: Status, run: &Run) {
    let ticket = get(app, number);
    assert_eq!((ticket.status, &ticket.run), (status, run), "#{number}");
}

#[track_caller]
fn check_asked(app: &mut App, number: u32) {
    let ticket = get(app, number);
    assert!(matches!(ticket.run, Run::Asked { .. }), "{ticket:?}");
    assert_eq!(ticket.status, Status::Active);
}

#[test]
fn what_is_ready_is_asked_about_up_to_the_limit() {
    let tickets = [
        ticket(1, &[]),
        ticket(2, &[1]),
        ticket(3, &[]),
        ticket(4, &[]),
    ];
    let mut app = app_with(&tickets);
    app.update();
    assert_eq!(send(&mut app), [0_u64; 0]);
    set_mode(&mut app, QueueMode::Auto, 2);
    let asked = send(&mut app);
    assert_eq!(asked.len(), 2);
    assert_eq!(get(&mut app, 1).discussion, Some(asked[0]));
    assert_eq!(get(&mut app, 3).discussion, Some(asked[1]));
    for _ in 0..3 {
        app.update();
        assert_eq!(send(&mut app), [0_u64; 0]);
    }
    check_asked(&mut app, 1);
    check(&mut app, 2, Status::Todo, &Run::Idle);
    check(&mut app, 4, Status::Todo, &Run::Idle);

    answer(&mut app, "done");
    check(&mut app, 1, Status::Review, &Run::Idle);
    check(&mut app, 3, Status::Review, &Run::Idle);
    // 2 waits until 1 is done, not only to be looked at.
    assert_eq!(send(&mut app).len(), 1);
    check_asked(&mut app, 4);
    act(&mut app, Action::MoveTicket(1, Status::Done, None));
    assert_eq!(send(&mut app).len(), 1);
    check_asked(&mut app, 2);
}

#[test]
fn what_is_worked_on_by_itself_has_the_leave_of_its_tier() {
    let mut app = app_with(&[ticket(1, &[])]);
    app.world_mut().resource_mut::<Tiers>().worker.leave = Leave::Act;
    set_mode(&mut app, QueueMode::Auto, 1);
    let asked = send(&mut app);
    let discussions = app.world().resource::<Discussions>();
    assert_eq!(discussions.get(asked[0]).unwrap().leave, Leave::Act);
}

#[test]
fn a_ticket_is_told_what_came_of_those_before_it() {
    let mut app = app_with(&[ticket(1, &[]), ticket(2, &[1])]);
    // Before anything came of the other.
    act(&mut app, Action::DiscussTicket(2));
    act(&mut app, Action::RunTicket(1));
    send(&mut app);
    answer(&mut app, "It is called `open`.");
    act(&mut app, Action::MoveTicket(1, Status::Done, None));
    act(&mut app, Action::RunTicket(2));
    let id = send(&mut app)[0];
    answer(&mut app, "> **No answer:** cut off");
    // Another take is asked for after the same.
    act(&mut app, Action::RunTicket(2));
    assert_eq!(send(&mut app), [id]);
    let discussions = app.world().resource::<Discussions>();
    let about = discussions.get(id).unwrap();
    assert_eq!(about.entries.len(), 3);
    let told = &about.entries[1].text;
    assert_eq!(told, "## What came of #1 title 1\n\nIt is called `open`.\n");
}

#[test]
fn an_answer_that_failed_is_set_aside_before_new_results_are_told() {
    let mut app = app_with(&[ticket(1, &[]), ticket(2, &[1])]);
    let mut about = 0;
    for result in ["one", "two"] {
        act(&mut app, Action::MoveTicket(1, Status::Todo, None));
        act(&mut app, Action::RunTicket(1));
        send(&mut app);
        answer(&mut app, result);
        act(&mut app, Action::MoveTicket(1, Status::Done, None));
        act(&mut app, Action::RunTicket(2));
        about = send(&mut app)[0];
        answer(&mut app, "half\n\n> **Cut off:** no room");
    }
    let discussions = app.world().resource::<Discussions>();
    let about = discussions.get(about).unwrap();
    let roles: Vec<_> = about.entries.iter().map(|entry| &*entry.role).collect();
    assert_eq!(roles, ["User", "User", "User", ASSISTANT]);
    let told = &about.entries[2].text;
    assert_eq!(told, "## What came of #1 title 1\n\ntwo\n");
    assert_eq!(about.aside.len(), 1);
    assert_eq!(about.aside[0].entries[0].role, ASSISTANT);
}

#[test]
fn nothing_is_asked_before_it_is_wanted() {
    let mut app = app_with(&[ticket(1, &[])]);
    set_mode(&mut app, QueueMode::Step, 2);
    app.update();
    assert_eq!(send(&mut app), [0_u64; 0]);
    act(&mut app, Action::SkipTicket(1));
    act(&mut app, Action::SkipTicket(1));
    assert_eq!(app.world().resource::<TicketQueue>().skipped, [1]);
    act(&mut app, Action::RunTicket(1));
    // Once is enough.
    act(&mut app, Action::RunTicket(1));
    assert_eq!(send(&mut app).len(), 1);
    act(&mut app, Action::RunTicket(1));
    assert_eq!(send(&mut app), [0_u64; 0]);
}

#[test]
fn a_failure_is_noted_and_tried_again_in_another_take() {
    let mut app = app_with(&[ticket(1, &[])]);
    set_mode(&mut app, QueueMode::Auto, 1);
    let discussion = send(&mut app)[0];
    answer(&mut app, "half\n\n> **No answer:** cut\n> off");
    let failed = Run::Failed("cut\noff".to_owned());
    check(&mut app, 1, Status::Active, &failed);
    app.update();
    assert_eq!(send(&mut app), [0_u64; 0]);
    act(&mut app, Action::RunTicket(1));
    assert_eq!(send(&mut app), [discussion]);
    app.update();
    check_asked(&mut app, 1);
    let discussions = app.world().resource::<Discussions>();
    let about = discussions.get(discussion).unwrap();
    assert_eq!((about.entries.len(), about.aside.len()), (2, 1));
    answer(&mut app, "whole");
    check(&mut app, 1, Status::Review, &Run::Idle);
}

#[test]
fn a_ticket_that_cannot_be_begun_is_not_asked_about() {
    let mut tickets = [ticket(1, &[]), ticket(2, &[1]), ticket(3, &[])];
    tickets[0].blocked = Some("no paint".to_owned());
    tickets[2].status = Status::Done;
    let mut app = app_with(&tickets);
    for number in [1, 2, 3, 9] {
        act(&mut app, Action::RunTicket(number));
    }
    assert_eq!(send(&mut app), [0_u64; 0]);
    assert_eq!(app.world().resource::<Discussions>().list.len(), 1);
    for (number, before) in (1..).zip(&tickets) {
        assert_eq!(get(&mut app, number), *before);
    }
}

#[test]
fn a_person_is_held_to_the_limit_too() {
    let mut app = app_with(&[ticket(1, &[]), ticket(2, &[])]);
    set_mode(&mut app, QueueMode::Off, 0);
    assert_eq!(app.world().resource::<TicketQueue>().limit, 1);
    act(&mut app, Action::RunTicket(1));
    act(&mut app, Action::RunTicket(2));
    assert_eq!(send(&mut app).len(), 1);
    check(&mut app, 2, Status::Todo, &Run::Idle);
}

#[test]
fn new_code_asks_for_nothing_again() {
    let mut app = app_with(&[ticket(1, &[])]);
    set_mode(&mut app, QueueMode::Auto, 2);
    // Neither before it was sent, nor after.
    for sent in [1, 0] {
        let mut reloaded = Schedule::default();
        reloaded.add_systems(crate::controller::systems());
        reloaded.run(app.world_mut());
        assert_eq!(send(&mut app).len(), sent);
    }
    check_asked(&mut app, 1);
}

#[test]
fn a_rollback_asks_for_nothing_again() {
    let mut app = app_with(&[ticket(1, &[])]);
    set_mode(&mut app, QueueMode::Auto, 2);
    send(&mut app);
    app.update();
    let asked = get(&mut app, 1);
    let discussions = app.world().resource::<Discussions>().clone();
    let pending = app.world().resource::<PendingRequests>().clone();
    answer(&mut app, "done");
    check(&mut app, 1, Status::Review, &Run::Idle);

    let mut query = app.world_mut().query::<&mut Ticket>();
    *query.single_mut(app.world_mut()) = asked;
    app.insert_resource(discussions).insert_resource(pending);
    app.update();
    check_asked(&mut app, 1);
    assert_eq!(send(&mut app), [0_u64; 0]);
    answer(&mut app, "done");
    check(&mut app, 1, Status::Review, &Run::Idle);
}

#[test]
fn what_was_never_sent_or_lost_its_discussion_has_failed() {
    let failed = Run::Failed(NOT_THERE.to_owned());
    let mut app = app_with(&[ticket(1, &[]), ticket(2, &[])]);
    act(&mut app, Action::RunTicket(1));
    // Nobody takes it, and it is forgotten.
    app.world_mut()
        .resource_mut::<Events<AskAssistant>>()
        .clear();
    app.update();
    check(&mut app, 1, Status::Active, &failed);

    act(&mut app, Action::RunTicket(2));
    let discussion = send(&mut app)[0];
    act(&mut app, Action::DeleteDiscussion(discussion));
    app.update();
    check(&mut app, 2, Status::Active, &failed);
}

#[test]
fn a_cancelled_ticket_stays_where_it_is() {
    let mut app = app_with(&[ticket(1, &[]), ticket(2, &[])]);
    set_mode(&mut app, QueueMode::Auto, 2);
    let discussions = send(&mut app);
    act(&mut app, Action::CancelTicket(1));
    let cancelled = Run::Failed(CANCELLED.to_owned());
    check(&mut app, 1, Status::Active, &cancelled);
    check_asked(&mut app, 2);
    let pending = app.world().resource::<PendingRequests>();
    assert_eq!(streaming(pending).len(), 1);
    let all = app.world().resource::<Discussions>();
    let last = all.get(discussions[0]).unwrap().entries.last().unwrap();
    assert_eq!(reason(&last.text).as_deref(), Some(CANCELLED));
    // What is not under way cannot be cancelled.
    answer(&mut app, "done");
    act(&mut app, Action::CancelTicket(2));
    check(&mut app, 2, Status::Review, &Run::Idle);
}

#[test]
fn a_ticket_that_somebody_moved_meanwhile_stays_there() {
    let mut app = app_with(&[ticket(1, &[])]);
    act(&mut app, Action::RunTicket(1));
    send(&mut app);
    act(&mut app, Action::MoveTicket(1, Status::Done, None));
    answer(&mut app, "done");
    check(&mut app, 1, Status::Done, &Run::Idle);
}

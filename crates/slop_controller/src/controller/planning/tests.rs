//! An orchestrator that answers when the test says so.

use slop_state::{Leave, Status};

use super::*;
use crate::controller::tests::{act, answer, app, send};

const TWO: &str = r#"Here:

```json
[{"id": "a", "title": "lay pipes"}, {"id": "b", "title": "paint", "depends_on": ["a"]}]
```"#;

/// With a goal for which the orchestrator was asked.
fn asked() -> App {
    let mut app = app();
    app.world_mut().resource_mut::<Planning>().goal = "A house.".to_owned();
    act(&mut app, Action::Plan);
    app
}

fn planning(app: &App) -> &Planning {
    app.world().resource()
}

fn about(app: &App) -> &Discussion {
    let id = planning(app).discussion.unwrap();
    app.world().resource::<Discussions>().get(id).unwrap()
}

fn tickets(app: &mut App) -> Vec<Ticket> {
    let mut query = app.world_mut().query::<&Ticket>();
    let mut tickets: Vec<_> = query.iter(app.world()).cloned().collect();
    tickets.sort_by_key(|ticket| ticket.number);
    tickets
}

fn keys(app: &App) -> Vec<&str> {
    let proposal = planning(app).proposal.iter();
    proposal.map(|ticket| ticket.key.as_str()).collect()
}

#[test]
fn a_goal_becomes_a_proposal_and_that_becomes_tickets() {
    let mut app = asked();
    assert_eq!(about(&app).tier, Some(Tier::Orchestrator));
    assert_eq!(about(&app).name, "Plan: A house.");
    let question = &about(&app).entries[0].text;
    assert!(question.contains("A house."), "{question}");
    assert!(question.contains("depends_on"), "{question}");
    assert_eq!(send(&mut app).len(), 1);
    // Neither is asked twice, nor accepted before there is something.
    act(&mut app, Action::Plan);
    act(&mut app, Action::PlanAgain);
    act(&mut app, Action::AcceptProposal);
    assert_eq!(send(&mut app).len(), 0);
    answer(&mut app, TWO);
    assert_eq!(planning(&app).run, Run::Idle);
    assert_eq!(keys(&app), ["a", "b"]);
    assert_eq!(tickets(&mut app), []);

    app.world_mut().resource_mut::<TicketNumbers>().last = 4;
    act(&mut app, Action::AcceptProposal);
    let made = tickets(&mut app);
    let [pipes, paint] = made.as_slice() else {
        panic!("{made:?}");
    };
    assert_eq!((pipes.number, pipes.title.as_str()), (5, "lay pipes"));
    assert_eq!((paint.number, paint.depends_on.as_slice()), (6, &[5][..]));
    assert_eq!(paint.status, Status::Todo);
    assert!(pipes.rank < paint.rank);
    assert_eq!(app.world().resource::<TicketNumbers>().last, 6);
    assert_eq!(*planning(&app), Planning::default());
    act(&mut app, Action::AcceptProposal);
    assert_eq!(tickets(&mut app).len(), 2);
}

#[test]
fn the_next_goal_is_not_lost_with_what_is_accepted() {
    let mut app = asked();
    send(&mut app);
    answer(&mut app, TWO);
    app.world_mut().resource_mut::<Planning>().goal = "A garden.".to_owned();
    act(&mut app, Action::AcceptProposal);
    assert_eq!(tickets(&mut app).len(), 2);
    let left = Planning {
        goal: "A garden.".to_owned(),
        ..Planning::default()
    };
    assert_eq!(*planning(&app), left);
}

#[test]
fn all_of_a_proposal_is_accepted_or_none() {
    let mut app = asked();
    send(&mut app);
    answer(&mut app, TWO);
    let mut planning = app.world_mut().resource_mut::<Planning>();
    planning.proposal[0].depends_on.push("b".to_owned());
    let before = planning.clone();
    act(&mut app, Action::AcceptProposal);
    assert_eq!(tickets(&mut app), []);
    assert_eq!(*self::planning(&app), before);
    assert_eq!(app.world().resource::<TicketNumbers>().last, 0);
}

#[test]
fn a_remark_is_asked_with_the_proposal_as_it_is() {
    let mut app = asked();
    send(&mut app);
    answer(&mut app, TWO);
    let mut planning = app.world_mut().resource_mut::<Planning>();
    planning.proposal.remove(1);
    planning.remark = "And a roof.".to_owned();
    act(&mut app, Action::PlanAgain);
    assert_eq!(self::planning(&app).remark, "");
    let last = &about(&app).entries.last().unwrap().text;
    assert!(last.contains("And a roof."), "{last}");
    assert!(
        last.contains("lay pipes") && !last.contains("paint"),
        "{last}"
    );
    assert_eq!(send(&mut app).len(), 1);
    // Until there is another, the proposal stays.
    assert_eq!(keys(&app), ["a"]);
    answer(&mut app, r#"[{"title": "roof"}]"#);
    assert_eq!(keys(&app), ["1"]);
    assert_eq!(about(&app).entries.len(), 4);
}

#[test]
fn a_remark_is_not_lost_with_the_discussion_that_it_was_for() {
    let mut app = asked();
    send(&mut app);
    answer(&mut app, TWO);
    app.world_mut().resource_mut::<Planning>().remark = "And a roof.".to_owned();
    let id = planning(&app).discussion.unwrap();
    act(&mut app, Action::DeleteDiscussion(id));
    act(&mut app, Action::PlanAgain);
    assert_eq!(send(&mut app).len(), 1);
    assert_ne!(planning(&app).discussion, Some(id));
    assert_eq!(planning(&app).remark, "And a roof.");
}

#[test]
fn an_answer_without_tickets_is_a_failure_that_can_be_retried() {
    let mut app = asked();
    send(&mut app);
    answer(&mut app, "Which house?");
    let Run::Failed(reason) = &planning(&app).run else {
        panic!("{:?}", planning(&app).run);
    };
    assert!(reason.contains("no list of tickets"), "{reason}");
    act(&mut app, Action::PlanAgain);
    assert_eq!(send(&mut app).len(), 1);
    answer(&mut app, TWO);
    assert_eq!(keys(&app), ["a", "b"]);
    // In another take.
    assert_eq!((about(&app).entries.len(), about(&app).aside.len()), (2, 1));
}

#[test]
fn a_refused_proposal_leaves_the_goal() {
    let mut app = asked();
    send(&mut app);
    answer(&mut app, TWO);
    act(&mut app, Action::RefuseProposal);
    let left = Planning {
        goal: "A house.".to_owned(),
        ..Planning::default()
    };
    assert_eq!(*planning(&app), left);
    assert_eq!(app.world().resource::<Discussions>().list.len(), 2);
}

#[test]
fn a_proposal_that_is_gone_can_be_brought_back() {
    let mut app = asked();
    send(&mut app);
    answer(&mut app, TWO);
    app.world_mut().resource_mut::<Planning>().proposal[0].title = "lay new pipes".to_owned();
    let changed = planning(&app).clone();
    act(&mut app, Action::RefuseProposal);
    act(&mut app, Action::Undo);
    assert_eq!(*planning(&app), changed);

    // As by Enter in the field for the goal.
    act(&mut app, Action::Plan);
    assert_eq!(keys(&app), [""; 0]);
    send(&mut app);
    act(&mut app, Action::Undo);
    assert_eq!(keys(&app), [""; 0], "it would take the place of the answer");
    answer(&mut app, r#"[{"title": "roof"}]"#);
    let new = planning(&app).clone();
    act(&mut app, Action::Undo);
    assert_eq!(*planning(&app), changed);
    // Neither is lost for the other.
    act(&mut app, Action::Undo);
    assert_eq!(*planning(&app), new);
}

#[test]
fn the_orchestrator_is_stopped() {
    let mut app = asked();
    send(&mut app);
    let id = planning(&app).discussion.unwrap();
    act(&mut app, Action::StopDiscussion(id));
    app.update();
    let cancelled = Run::Failed("It was cancelled.".to_owned());
    assert_eq!(planning(&app).run, cancelled);
    assert_eq!(app.world().resource::<PendingRequests>().0, []);
}

#[test]
fn without_a_goal_nobody_is_asked() {
    let mut app = app();
    act(&mut app, Action::Plan);
    act(&mut app, Action::PlanAgain);
    assert_eq!(send(&mut app).len(), 0);
    assert_eq!(*planning(&app), Planning::default());
}

#[test]
fn neither_new_code_nor_a_rollback_asks_twice() {
    let mut app = asked();
    for sent in [1, 0] {
        let mut reloaded = Schedule::default();
        reloaded.add_systems(crate::controller::systems());
        reloaded.run(app.world_mut());
        assert_eq!(send(&mut app).len(), sent);
    }
    let before = planning(&app).clone();
    let discussions = app.world().resource::<Discussions>().clone();
    let pending = app.world().resource::<PendingRequests>().clone();
    answer(&mut app, TWO);
    assert_eq!(keys(&app), ["a", "b"]);
    app.insert_resource(before)
        .insert_resource(discussions)
        .insert_resource(pending);
    app.update();
    assert_eq!(keys(&app), [""; 0]);
    assert_eq!(send(&mut app).len(), 0);
    answer(&mut app, TWO);
    let expected = Proposed {
        key: "a".to_owned(),
        title: "lay pipes".to_owned(),
        ..Proposed::default()
    };
    assert_eq!(planning(&app).proposal[0], expected);
    assert_eq!(planning(&app).proposal.len(), 2);
}

#[test]
fn the_orchestrator_looks_if_it_may() {
    let mut app = app();
    app.world_mut().resource_mut::<Planning>().goal = "A house.".to_owned();
    app.world_mut().resource_mut::<Tiers>().orchestrator.leave = Leave::Act;
    act(&mut app, Action::Plan);
    assert_eq!(about(&app).leave, Leave::Look);
}

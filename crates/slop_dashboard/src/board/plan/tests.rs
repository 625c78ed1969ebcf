use slop_state::Status;

use super::*;
use crate::board::tests::Bench;

fn proposed(key: &str, depends_on: &[&str]) -> Proposed {
    Proposed {
        key: key.to_owned(),
        title: format!("title of {key}"),
        depends_on: depends_on.iter().map(|need| (*need).to_owned()).collect(),
        ..Proposed::default()
    }
}

/// With two tickets that are proposed, the second after the first.
fn bench() -> Bench {
    let mut bench = Bench::new(&[Status::Todo]);
    bench.planning.proposal = vec![proposed("one", &[]), proposed("two", &["one"])];
    bench
}

#[test]
fn a_goal_is_planned_by_enter_and_by_the_button() {
    let mut bench = Bench::new(&[]);
    assert_eq!(bench.click_on("Plan"), []);
    bench.click_on("A goal, for the orchestrator to make tickets of");
    bench.write("A house.");
    assert_eq!(bench.planning.goal, "A house.");
    let entered = bench.key(egui::Key::Enter, egui::Modifiers::NONE);
    assert_eq!(entered, [Action::Plan]);
    assert_eq!(bench.click_on("Plan"), [Action::Plan]);
}

#[test]
fn the_orchestrator_can_be_watched_and_stopped() {
    let mut bench = Bench::new(&[]);
    let id = bench.discussions.active;
    bench.planning.discussion = Some(id);
    bench.planning.run = Run::Asked { after: 1 };
    assert_eq!(bench.click_on("Open plan"), [Action::SelectDiscussion(id)]);
    assert_eq!(bench.click_on("Stop"), [Action::StopDiscussion(id)]);
    bench.planning.run = Run::Failed("no network".to_owned());
    assert!(bench.sees("No proposal: no network"));
    assert_eq!(bench.click_on("Ask again"), [Action::PlanAgain]);
}

#[test]
fn a_proposal_is_accepted_or_refused() {
    let mut bench = bench();
    assert!(bench.sees("2 tickets proposed"));
    assert!(!bench.sees("title 1"));
    assert_eq!(bench.click_on("Accept all"), [Action::AcceptProposal]);
    assert_eq!(bench.click_on("Refuse"), [Action::RefuseProposal]);
    bench.planning.proposal.clear();
    assert!(bench.sees("title 1"));
}

#[test]
fn a_proposal_is_changed_before_it_is_accepted() {
    let mut bench = bench();
    bench.click_on("title of one");
    bench.key(egui::Key::A, egui::Modifiers::COMMAND);
    bench.write("lay pipes");
    assert_eq!(bench.planning.proposal[0].title, "lay pipes");
    bench.click_on("one ✖");
    assert_eq!(bench.planning.proposal, {
        let mut first = proposed("one", &[]);
        first.title = "lay pipes".to_owned();
        [first, proposed("two", &[])]
    });
}

#[test]
fn nothing_waits_for_what_was_removed() {
    let mut bench = bench();
    bench.click_on("🗑");
    assert_eq!(bench.planning.proposal, [proposed("two", &[])]);
}

#[test]
fn what_cannot_be_accepted_says_why() {
    let mut bench = bench();
    bench.planning.proposal[0].depends_on.push("two".to_owned());
    let why = "Not yet: ticket one waits for itself: one → two → one; \
               remove one of these dependencies";
    assert!(bench.sees(why));
    assert_eq!(bench.click_on("Accept all"), []);
}

#[test]
fn another_proposal_is_asked_for_with_a_remark() {
    let mut bench = bench();
    bench.click_on("What is to be otherwise?");
    bench.write("And a roof.");
    assert_eq!(bench.planning.remark, "And a roof.");
    let entered = bench.key(egui::Key::Enter, egui::Modifiers::NONE);
    assert_eq!(entered, [Action::PlanAgain]);
    bench.planning.run = Run::Asked { after: 1 };
    assert_eq!(bench.click_on("Ask again"), []);
    assert_eq!(bench.click_on("Accept all"), []);
}

//! The board as a person uses it, without a display.

use std::{collections::HashSet, time::Duration};

use slop_state::{Entry, Pending, QueueMode, Tier};
use slop_ui::testing::{button, click, find, key, theme, Window};

use super::{detail::*, *};

fn ticket(number: u32, status: Status) -> Ticket {
    Ticket {
        number,
        title: format!("title {number}"),
        status,
        rank: f64::from(number),
        ..Ticket::default()
    }
}

pub(super) struct Bench {
    window: Window,
    pub(super) tickets: Vec<Ticket>,
    board: Board,
    pub(super) discussions: Discussions,
    pending: PendingRequests,
    queue: TicketQueue,
    pub(super) planning: Planning,
    title: String,
}

impl Bench {
    pub(super) fn new(statuses: &[Status]) -> Self {
        let numbered = (1..).zip(statuses);
        let mut bench = Self {
            window: Window::default(),
            tickets: numbered.map(|(n, status)| ticket(n, *status)).collect(),
            board: Board::default(),
            discussions: Discussions::default(),
            pending: PendingRequests::default(),
            queue: TicketQueue::default(),
            planning: Planning::default(),
            title: String::new(),
        };
        bench.look();
        bench
    }

    fn run(&mut self, events: Vec<egui::Event>) -> (Vec<Action>, Vec<(String, egui::Rect)>) {
        let Self {
            window,
            tickets,
            board,
            discussions,
            pending,
            queue,
            planning,
            title,
        } = self;
        let theme = theme();
        let tickets: Vec<_> = tickets.iter().collect();
        let mut out = Vec::new();
        let seen = window.run(events, |ui| {
            let view = View {
                tickets: &tickets,
                board: &mut *board,
                discussions: &*discussions,
                pending: &*pending,
                queue: &*queue,
                planning: &mut *planning,
                title: &mut *title,
                theme: &theme,
            };
            panel(ui, view, &mut out);
        });
        (out, seen)
    }

    fn look(&mut self) -> Vec<(String, egui::Rect)> {
        self.run(Vec::new());
        self.run(Vec::new()).1
    }

    #[track_caller]
    pub(super) fn find(&mut self, text: &str) -> egui::Rect {
        find(&self.look(), text)
    }

    pub(super) fn sees(&mut self, text: &str) -> bool {
        self.look().iter().any(|(seen, _)| seen == text)
    }

    fn click(&mut self, at: egui::Pos2) -> Vec<Action> {
        self.window.wait();
        let events = click(at).into_iter();
        events.flat_map(|event| self.run(vec![event]).0).collect()
    }

    #[track_caller]
    pub(super) fn click_on(&mut self, text: &str) -> Vec<Action> {
        let at = self.find(text).center();
        self.click(at)
    }

    fn drag(&mut self, from: egui::Pos2, to: egui::Pos2) -> Vec<Action> {
        self.window.wait();
        let (mut out, _) = self.run(vec![egui::Event::PointerMoved(from)]);
        out.extend(self.run(vec![button(from, true)]).0);
        for share in [0.25, 0.5, 0.75, 1.0] {
            let at = from.lerp(to, share);
            out.extend(self.run(vec![egui::Event::PointerMoved(at)]).0);
        }
        out.extend(self.run(vec![button(to, false)]).0);
        out.extend(self.run(Vec::new()).0);
        out
    }

    pub(super) fn key(&mut self, struck: egui::Key, modifiers: egui::Modifiers) -> Vec<Action> {
        let (mut out, _) = self.run(vec![key(struck, true, modifiers)]);
        out.extend(self.run(vec![key(struck, false, modifiers)]).0);
        out
    }

    pub(super) fn write(&mut self, text: &str) -> Vec<Action> {
        self.run(vec![egui::Event::Text(text.to_owned())]).0
    }
}

const HINT: &str = "All there is to say, in CommonMark";

#[test]
fn a_filter_shows_what_contains_it() {
    let mut bench = Bench::new(&[Status::Todo, Status::Todo, Status::Done]);
    bench.tickets[1].text = "The Parser is slow".to_owned();
    let mut check = |filter: &str, hits: [bool; 3], count: &str| {
        filter.clone_into(&mut bench.board.filter);
        let seen = ["title 1", "title 2", "title 3"].map(|title| bench.sees(title));
        assert_eq!(seen, hits, "{filter}");
        assert!(bench.sees(count), "{filter}");
    };
    check("", [true; 3], "3 of 3");
    check("parser", [false, true, false], "1 of 3");
    check("TITLE 3", [false, false, true], "1 of 3");
    check("#1", [true, false, false], "1 of 3");
    check("nothing", [false; 3], "0 of 3");
    assert!(bench.sees("No hits."));
    bench.click_on("✖");
    assert_eq!(bench.board.filter, "");
}

#[test]
fn a_ticket_is_added_by_enter_and_by_the_button() {
    let mut bench = Bench::new(&[]);
    assert!(bench.sees("No tickets yet. Name one above, and press Enter."));
    assert_eq!(bench.click_on("➕ Add"), []);
    bench.click_on("A new ticket");
    bench.write("mend it");
    assert_eq!(bench.title, "mend it");
    let entered = bench.key(egui::Key::Enter, egui::Modifiers::NONE);
    assert_eq!(entered, [Action::AddTicket]);
    // The controller would have taken it.
    bench.title.clear();
    bench.write("and this");
    assert_eq!(bench.title, "and this");
    assert_eq!(bench.click_on("➕ Add"), [Action::AddTicket]);
}

#[test]
fn a_click_chooses_a_ticket() {
    let mut bench = Bench::new(&[Status::Todo, Status::Review]);
    assert_eq!(bench.click_on("title 2"), []);
    assert_eq!(bench.board.selected, Some(2));
    assert!(bench.sees("Ticket 2"));
    bench.click_on("title 1");
    assert_eq!(bench.board.selected, Some(1));
    assert_eq!(bench.board.draft, None);
    bench.tickets.remove(0);
    assert!(!bench.sees("Ticket 1"));
    assert_eq!(bench.board.selected, None);
}

#[test]
fn a_card_is_dragged_to_another_column() {
    let mut bench = Bench::new(&[Status::Todo, Status::Review, Status::Review]);
    let card = bench.find("title 1").center();
    let active = bench.find("Active").center();
    let dragged = bench.drag(card, active + egui::vec2(40.0, 300.0));
    assert_eq!(dragged, [Action::MoveTicket(1, Status::Active, None)]);
    let above = bench.find("title 2").center() - egui::vec2(0.0, 20.0);
    let dragged = bench.drag(card, above);
    assert_eq!(dragged, [Action::MoveTicket(1, Status::Review, Some(2))]);
    let below = bench.find("title 2").center() + egui::vec2(0.0, 20.0);
    let dragged = bench.drag(card, below);
    assert_eq!(dragged, [Action::MoveTicket(1, Status::Review, Some(3))]);
    assert_eq!(bench.board.selected, None);
    assert_eq!(bench.drag(card, egui::pos2(600.0, 2.0)), []);
}

#[test]
fn a_card_is_dragged_within_its_column() {
    let mut bench = Bench::new(&[Status::Todo; 3]);
    let one = bench.find("title 1").center();
    let three = bench.find("title 3").center();
    let dragged = bench.drag(one, three - egui::vec2(0.0, 20.0));
    assert_eq!(dragged, [Action::MoveTicket(1, Status::Todo, Some(3))]);
    let dragged = bench.drag(one, three + egui::vec2(0.0, 200.0));
    assert_eq!(dragged, [Action::MoveTicket(1, Status::Todo, None)]);
    let dragged = bench.drag(three, one - egui::vec2(0.0, 20.0));
    assert_eq!(dragged, [Action::MoveTicket(3, Status::Todo, Some(1))]);
    // Back to where it was.
    assert_eq!(bench.drag(one, one + egui::vec2(30.0, 8.0)), []);
    assert_eq!(bench.drag(three, three + egui::vec2(0.0, 200.0)), []);
}

#[test]
fn nothing_can_depend_on_itself() {
    let mut tickets = [1, 2, 3, 4].map(|number| ticket(number, Status::Todo));
    tickets[1].depends_on = vec![1];
    tickets[0].depends_on = vec![3];
    let tickets: Vec<_> = tickets.iter().collect();
    assert_eq!(dependents(&tickets, 3), HashSet::from([1, 2, 3]));
    assert_eq!(dependents(&tickets, 1), HashSet::from([1, 2]));
    assert_eq!(dependents(&tickets, 4), HashSet::from([4]));
}

#[test]
fn only_what_can_come_before_is_offered() {
    let mut bench = Bench::new(&[Status::Todo; 3]);
    bench.tickets[1].depends_on = vec![1];
    assert!(bench.sees("after #1"));
    bench.board.selected = Some(1);
    bench.click_on("Add a ticket…");
    assert!(!bench.sees("#2 title 2"));
    bench.click_on("#3 title 3");
    let draft = bench.board.draft.clone().unwrap();
    assert_eq!(draft.depends_on, [3]);
    let saved = bench.click_on("Save");
    assert_eq!(saved, [Action::EditTicket(draft)]);
    bench.click_on("#3 ✖");
    assert_eq!(bench.board.draft, None);
}

#[test]
fn arrows_choose_another_ticket() {
    let mut bench = Bench::new(&[Status::Todo, Status::Todo, Status::Review, Status::Done]);
    let mut check = |struck, chosen| {
        assert_eq!(bench.key(struck, egui::Modifiers::NONE), []);
        assert_eq!(bench.board.selected, Some(chosen), "{struck:?}");
    };
    check(egui::Key::ArrowDown, 1);
    check(egui::Key::ArrowDown, 2);
    check(egui::Key::ArrowDown, 2);
    check(egui::Key::ArrowRight, 3);
    check(egui::Key::ArrowRight, 4);
    check(egui::Key::ArrowRight, 4);
    check(egui::Key::ArrowLeft, 3);
    check(egui::Key::ArrowLeft, 1);
    check(egui::Key::ArrowUp, 1);
    bench.click_on("A new ticket");
    bench.key(egui::Key::ArrowDown, egui::Modifiers::NONE);
    assert_eq!(bench.board.selected, Some(1));
}

#[test]
fn delete_deletes_the_chosen_ticket() {
    let mut bench = Bench::new(&[Status::Todo, Status::Todo]);
    let delete = |bench: &mut Bench| bench.key(egui::Key::Delete, egui::Modifiers::NONE);
    assert_eq!(delete(&mut bench), []);
    bench.click_on("title 1");
    bench.click_on(HINT);
    assert_eq!(delete(&mut bench), []);
    bench.key(egui::Key::Escape, egui::Modifiers::NONE);
    assert_eq!(delete(&mut bench), [Action::DeleteTicket(1)]);
    assert_eq!(bench.board.selected, Some(2));
    assert_eq!(bench.click_on("🗑 Delete"), [Action::DeleteTicket(2)]);
    assert_eq!(bench.board.selected, None);
}

#[test]
fn a_draft_is_saved_or_reverted() {
    let mut bench = Bench::new(&[Status::Todo]);
    bench.click_on("title 1");
    assert_eq!(bench.click_on("Save"), []);
    bench.click_on(HINT);
    bench.write("more");
    let wanted = Ticket {
        text: "more".to_owned(),
        ..bench.tickets[0].clone()
    };
    assert_eq!(bench.board.draft.as_ref(), Some(&wanted));
    bench.click_on("Revert");
    assert_eq!(bench.board.draft, None);
    bench.click_on(HINT);
    bench.write("more");
    let saved = bench.key(egui::Key::Enter, egui::Modifiers::CTRL);
    assert_eq!(saved, [Action::EditTicket(wanted.clone())]);
    assert_eq!(bench.click_on("Save"), [Action::EditTicket(wanted.clone())]);
    bench.tickets[0] = wanted;
    bench.look();
    assert_eq!(bench.board.draft, None);
}

#[test]
fn a_draft_is_saved_when_another_ticket_is_chosen() {
    let mut bench = Bench::new(&[Status::Todo, Status::Done]);
    bench.click_on("title 1");
    bench.click_on(HINT);
    bench.write("more");
    let wanted = bench.board.draft.clone().unwrap();
    assert_eq!(bench.click_on("title 2"), [Action::EditTicket(wanted)]);
    assert_eq!(bench.board.selected, Some(2));
    assert_eq!(bench.board.draft, None);
}

#[test]
fn what_was_typed_is_deleted_with_the_ticket() {
    for with_key in [false, true] {
        let mut bench = Bench::new(&[Status::Todo]);
        bench.click_on("title 1");
        bench.click_on(HINT);
        bench.write("more");
        let typed = bench.board.draft.clone().unwrap();
        let out = if with_key {
            bench.key(egui::Key::Escape, egui::Modifiers::NONE);
            bench.key(egui::Key::Delete, egui::Modifiers::NONE)
        } else {
            bench.click_on("🗑 Delete")
        };
        assert_eq!(out, [Action::EditTicket(typed), Action::DeleteTicket(1)]);
        assert_eq!((bench.board.draft, bench.board.selected), (None, None));
    }
}

#[test]
fn a_blank_title_is_not_saved() {
    let old = ticket(1, Status::Todo);
    let draft = Ticket {
        title: " ".to_owned(),
        ..old.clone()
    };
    assert_eq!(changes(&draft, &old), None);
    let draft = Ticket {
        title: " new ".to_owned(),
        ..old.clone()
    };
    assert_eq!(changes(&draft, &old).unwrap().title, "new");
}

#[test]
fn a_blocked_ticket_says_why_and_leads_to_what_it_waits_for() {
    let mut bench = Bench::new(&[Status::Todo, Status::Todo]);
    bench.tickets[1].depends_on = vec![1];
    assert!(bench.sees("blocked: waits for #1"));
    bench.click_on("title 2");
    bench.click_on("Waits for #1 title 1 (Todo)");
    assert_eq!(bench.board.selected, Some(1));
    bench.tickets[0].status = Status::Done;
    assert!(!bench.sees("blocked: waits for #1"));
}

#[test]
fn a_ticket_is_blocked_by_hand_with_a_reason() {
    let mut bench = Bench::new(&[Status::Todo]);
    bench.click_on("title 1");
    bench.click_on("Blocked");
    bench.click_on("Why?");
    bench.write("no paint");
    let wanted = Ticket {
        blocked: Some("no paint".to_owned()),
        ..bench.tickets[0].clone()
    };
    let saved = bench.click_on("Save");
    assert_eq!(saved, [Action::EditTicket(wanted.clone())]);
    bench.tickets[0] = wanted;
    assert!(bench.sees("blocked: no paint"));
    bench.click_on("Blocked");
    let draft = bench.board.draft.as_ref().unwrap();
    assert_eq!(draft.blocked, None);
}

#[test]
fn a_circle_is_named_where_it_is_not_offered() {
    let mut bench = Bench::new(&[Status::Todo; 3]);
    bench.tickets[1].depends_on = vec![1];
    bench.tickets[2].depends_on = vec![2];
    bench.board.selected = Some(1);
    bench.click_on("Add a ticket…");
    assert!(bench.sees("Would be a circle: #1 → #2 → #1"));
    assert!(bench.sees("Would be a circle: #1 → #3 → #2 → #1"));
}

#[test]
fn a_ticket_is_discussed_and_worked_on() {
    let mut bench = Bench::new(&[Status::Todo]);
    bench.click_on("title 1");
    let discuss = [Action::DiscussTicket(1)];
    assert_eq!(bench.click_on("Discuss"), discuss);
    // A discussion that was deleted is no error.
    bench.tickets[0].discussion = Some(77);
    assert_eq!(bench.click_on("Discuss"), discuss);
    bench.tickets[0].discussion = Some(bench.discussions.active);
    assert_eq!(bench.click_on("Open discussion"), discuss);
    let review = [Action::MoveTicket(1, Status::Review, None)];
    assert_eq!(bench.click_on("To review"), review);

    assert_eq!(bench.click_on("Run"), [Action::RunTicket(1)]);
    bench.tickets[0].run = Run::Asked { after: 1 };
    assert!(bench.sees("the assistant works on it"));
    assert!(bench.sees("1 under way"));
    assert_eq!(bench.click_on("Cancel"), [Action::CancelTicket(1)]);
    bench.tickets[0].run = Run::Failed("no network".to_owned());
    assert!(bench.sees("failed: no network"));
    assert_eq!(bench.click_on("Retry"), [Action::RunTicket(1)]);
    bench.tickets[0].blocked = Some("no paint".to_owned());
    assert_eq!(bench.click_on("Retry"), []);
}

#[test]
fn nothing_can_be_asked_at_the_limit_or_while_an_answer_is_to_come() {
    let mut bench = Bench::new(&[Status::Review, Status::Active]);
    let about = bench.discussions.active;
    bench.discussions.list[0].entries.push(Entry {
        role: "AI".to_owned(),
        text: "the work".to_owned(),
        ..Entry::default()
    });
    bench.tickets[0].discussion = Some(about);
    bench.tickets[1].run = Run::Asked { after: 1 };
    bench.click_on("title 1");
    for (limit, is_busy) in [(1, false), (2, true), (2, false)] {
        bench.queue.limit = limit;
        bench.pending.0.clear();
        if is_busy {
            bench.pending.0.push(Pending {
                request: 1,
                discussion: about,
                entry: 1,
            });
        }
        let can = limit == 2 && !is_busy;
        let (run, check) = (Action::RunTicket(1), Action::CheckTicket(1));
        let expected = |action| Vec::from_iter(can.then_some(action));
        assert_eq!(bench.click_on("Run"), expected(run), "{limit}, {is_busy}");
        let check = expected(check);
        assert_eq!(bench.click_on("To QA"), check, "{limit}, {is_busy}");
    }
}

#[test]
fn a_ticket_is_sent_to_qa_when_there_is_an_answer() {
    let mut bench = Bench::new(&[Status::Review]);
    bench.click_on("title 1");
    assert_eq!(bench.click_on("To QA"), []);
    let about = bench.discussions.active;
    bench.tickets[0].discussion = Some(about);
    let answer = Entry {
        role: "AI".to_owned(),
        text: "the work".to_owned(),
        ..Entry::default()
    };
    bench.discussions.list[0].entries.push(answer);
    assert_eq!(bench.click_on("To QA"), [Action::CheckTicket(1)]);
    bench.tickets[0].check = Some(about);
    bench.tickets[0].run = Run::Checked { after: 1 };
    assert!(bench.sees("QA checks it"));
    assert!(bench.sees("1 under way"));
    assert_eq!(bench.click_on("Cancel"), [Action::CancelTicket(1)]);
    bench.tickets[0].run = Run::Unchecked("no network".to_owned());
    assert!(bench.sees("not checked: no network"));
    let open = [Action::SelectDiscussion(about)];
    assert_eq!(bench.click_on("Open QA"), open);
    bench.tickets[0].run = Run::Idle;
    bench.tickets[0].verdict = Some(Verdict::Failed("no test".to_owned()));
    assert!(bench.sees("QA: no test"));
    bench.tickets[0].verdict = Some(Verdict::Passed);
    assert!(bench.sees("QA passed it"));
}

#[test]
fn another_tier_is_given_a_ticket() {
    let mut bench = Bench::new(&[Status::Todo]);
    bench.click_on("title 1");
    bench.click_on("Worker");
    bench.click_on("Tech lead");
    let wanted = Ticket {
        tier: Tier::TechLead,
        ..bench.tickets[0].clone()
    };
    assert_eq!(bench.click_on("Save"), [Action::EditTicket(wanted)]);
}

#[test]
fn the_graph_has_a_ticket_after_what_it_depends_on() {
    let mut bench = Bench::new(&[Status::Todo, Status::Todo, Status::Done]);
    bench.tickets[1].depends_on = vec![1];
    assert_eq!(bench.click_on("Graph"), []);
    assert!(bench.board.graph);
    let (one, two) = (bench.find("title 1"), bench.find("title 2"));
    assert!(one.right() < two.left());
    assert!(bench.sees("#2 Todo, blocked"));
    assert!(bench.sees("#3 Done"));
    bench.click_on("title 2");
    assert_eq!(bench.board.selected, Some(2));
    assert!(bench.sees("Ticket 2"));
    bench.key(egui::Key::ArrowLeft, egui::Modifiers::NONE);
    assert_eq!(bench.board.selected, Some(1));
    bench.click_on("Board");
    assert!(!bench.board.graph);
}

#[test]
fn a_graph_that_is_too_large_scrolls() {
    let mut bench = Bench::new(&[Status::Todo; 30]);
    for index in 1..30 {
        bench.tickets[index].depends_on = vec![u32::try_from(index).unwrap()];
    }
    bench.board.graph = true;
    let before = bench.find("title 3");
    let at = before.center() + egui::vec2(0.0, 300.0);
    bench.drag(at, at - egui::vec2(200.0, 0.0));
    assert!(bench.find("title 3").left() < before.left() - 100.0);
}

#[test]
fn the_queue_is_set_and_offers_one_after_the_other() {
    let mut bench = Bench::new(&[Status::Todo, Status::Todo]);
    let step = TicketQueue {
        mode: QueueMode::Step,
        ..TicketQueue::default()
    };
    let set = [Action::SetQueue(step.clone())];
    assert_eq!(bench.click_on("Off"), []);
    assert_eq!(bench.click_on("Step"), set);
    bench.queue = step;
    assert!(bench.sees("Next: #1 title 1"));
    assert_eq!(bench.click_on("Run"), [Action::RunTicket(1)]);
    assert_eq!(bench.click_on("Skip"), [Action::SkipTicket(1)]);
    bench.queue.skipped = vec![1];
    assert!(bench.sees("Next: #2 title 2"));
    bench.queue.skipped = vec![1, 2];
    assert_eq!(bench.click_on("Offer again"), set);

    bench.queue.skipped.clear();
    bench.queue.limit = 1;
    bench.tickets[1].status = Status::Active;
    bench.tickets[1].run = Run::Asked { after: 1 };
    assert_eq!(bench.click_on("Run"), []);
    bench.tickets[0].status = Status::Done;
    assert!(bench.sees("Nothing is ready."));
}

#[test]
fn a_huge_paste_is_kept_by_the_text_of_a_ticket_and_refused_by_a_goal() {
    let mut bench = Bench::new(&[Status::Todo]);
    let huge = "word ".repeat(1_000_000);
    bench.click_on("title 1");
    bench.click_on(HINT);
    bench.write(&huge);
    let draft = bench.board.draft.as_ref();
    assert!(draft.is_some_and(|draft| draft.text == huge));
    bench.find("It is too long to be edited here. Only the beginning is shown; all of it counts.");
    bench.click_on("Preview");
    let seen = bench.look();
    assert!(seen.iter().all(|(text, _)| text.len() < 50_000));

    bench.click_on("A goal, for the orchestrator to make tickets of");
    bench.write(&huge);
    assert_eq!(bench.planning.goal, "");
    bench.find("That is too long: this field takes 20 kB at most");
}

#[test]
fn what_a_card_has_no_room_for_is_told_where_the_pointer_rests() {
    let mut bench = Bench::new(&[Status::Todo]);
    let reason = "the server did not answer ".repeat(20);
    bench.tickets[0].run = Run::Failed(reason.clone());
    let whole = format!("title 1\nfailed: {reason}");
    let at = bench.find("title 1").center();
    assert!(!bench.sees(&whole));
    bench.run(vec![egui::Event::PointerMoved(at)]);
    bench.window.wait();
    bench.look();
    assert!(bench.sees(&whole));
}

#[test]
fn all_that_a_card_waits_for_is_told_where_the_pointer_rests() {
    let mut statuses = [Status::Done; 60];
    statuses[0] = Status::Todo;
    let mut bench = Bench::new(&statuses);
    bench.tickets[0].depends_on = (2..=60).collect();
    let needs: Vec<_> = (2..=60).map(|number| format!("#{number}")).collect();
    let whole = format!("title 1\nafter {}", needs.join(", "));
    let at = bench.find("title 1").center();
    bench.run(vec![egui::Event::PointerMoved(at)]);
    bench.window.wait();
    bench.look();
    assert!(bench.sees(&whole));
}

#[test]
fn a_board_that_is_only_read_asks_for_no_frames() {
    let mut bench = Bench::new(&[Status::Todo, Status::Review]);
    for _ in 0..40 {
        bench.run(Vec::new());
    }
    assert_eq!(bench.window.rest(), Duration::MAX);
}

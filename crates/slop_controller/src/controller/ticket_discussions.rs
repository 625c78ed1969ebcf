//! The discussion about a ticket.

use bevy::prelude::*;
use slop_common::{last_answer, ASSISTANT};
use slop_state::{Action, Dependencies, Discussion, Discussions, Entry, Status, Ticket, Tiers};

use super::{excerpt::excerpt, ticket_error::TicketError, tickets::Tickets};
use crate::{
    actions::Actions,
    entry::{as_user, last_said, with_closed_code},
};

/// How much of what came of the tickets that one depends on goes out with it, in bytes.
const RESULTS: usize = 24 * 1024;

/// Shows the discussions about tickets.
pub(super) fn discuss_tickets(
    mut actions: Actions,
    mut discussions: ResMut<Discussions>,
    tiers: Res<Tiers>,
    mut query: Query<(Entity, &mut Ticket)>,
    mut commands: Commands,
) {
    let wanted = actions.read().filter_map(|action| match action {
        Action::DiscussTicket(number) => Some(*number),
        _ => None,
    });
    let wanted: Vec<u32> = wanted.collect();
    if wanted.is_empty() {
        return;
    }
    let mut tickets = Tickets::read(&query);
    for number in wanted {
        match discussion_about(number, &mut tickets, &mut discussions, &tiers) {
            Ok(id) => discussions.active = id,
            Err(error) => warn!("no discussion is shown: {error}"),
        }
    }
    tickets.write(&mut query, &mut commands);
}

/// The id of the discussion about a ticket. It is made if there is none, or none any more: a
/// discussion that was deleted leaves its id with the ticket, so that it is found when it comes back.
/// Who works on the ticket answers in it from now on. What its tier may do counts only when it is
/// made: afterwards it is what a person says there.
pub(super) fn discussion_about(
    number: u32,
    tickets: &mut Tickets,
    discussions: &mut Discussions,
    tiers: &Tiers,
) -> Result<u64, TicketError> {
    let ticket = tickets.get(number).ok_or(TicketError::Missing(number))?;
    let (tier, leave) = (Some(ticket.tier), tiers.leave(ticket.tier));
    let known = ticket.discussion;
    if let Some(discussion) = known.and_then(|id| discussions.get_mut(id)) {
        discussion.tier = tier;
        return Ok(discussion.id);
    }
    let id = discussions.next_id();
    let entry = first_entry(discussions.next_id(), ticket, &tickets.dependencies());
    discussions.list.push(Discussion {
        id,
        name: format!("#{number} {}", ticket.title),
        entries: vec![entry],
        tier,
        leave,
        ..Discussion::default()
    });
    if let Some(ticket) = tickets.get_mut(number) {
        ticket.discussion = Some(id);
    }
    tell_results(number, id, tickets, discussions);
    Ok(id)
}

/// Says in the discussion about a ticket what came of those that it depends on and that are done. What
/// is said there already is not said again. An answer at the end, such as one that failed, was given before
/// it was said, so it is set aside.
pub(super) fn tell_results(
    number: u32,
    discussion: u64,
    tickets: &Tickets,
    discussions: &mut Discussions,
) {
    let ticket = tickets.get(number);
    let text = ticket.and_then(|ticket| results(ticket, &tickets.dependencies(), discussions));
    let Some(text) = text else {
        return;
    };
    let id = discussions.last_id + 1;
    let Some(discussion) = discussions.get_mut(discussion) else {
        return;
    };
    if discussion.all_entries().any(|entry| entry.text == text) {
        return;
    }
    let told = as_user(id, text);
    match answer_at_end(discussion) {
        Some(answer) => {
            discussion.retake(answer, told);
        }
        None => discussion.entries.push(told),
    }
    discussions.last_id = id;
}

/// The id of the answer that a discussion ends with, if it does.
pub(super) fn answer_at_end(discussion: &Discussion) -> Option<u64> {
    let last = discussion.entries.last()?;
    (last.role == ASSISTANT).then_some(last.id)
}

/// The last answers about the tickets that one depends on, those that are done.
fn results(ticket: &Ticket, needs: &Dependencies<'_>, discussions: &Discussions) -> Option<String> {
    let needed = ticket.depends_on.iter().filter_map(|n| needs.get(*n));
    let done = needed.filter(|need| need.status == Status::Done);
    let answered = done.filter_map(|need| Some((need, last_answer(need, discussions)?)));
    let answered: Vec<(&Ticket, &Entry)> = answered.collect();
    let room = RESULTS.checked_div(answered.len())?;
    let results = answered.iter().map(|(need, answer)| {
        let said = excerpt(last_said(answer).trim(), room);
        let said = with_closed_code(&said);
        format!(
            "## What came of #{} {}\n\n{said}\n",
            need.number, need.title
        )
    });
    Some(results.collect::<Vec<_>>().join("\n"))
}

/// What the assistant is asked about a ticket.
pub(super) fn first_entry(id: u64, ticket: &Ticket, needs: &Dependencies<'_>) -> Entry {
    let mut text = format!("## Ticket {}: {}\n", ticket.number, ticket.title);
    if !ticket.text.trim().is_empty() {
        text += &format!("\n{}\n", ticket.text.trim());
    }
    let depends_on = ticket.depends_on.iter().filter_map(|n| needs.get(*n));
    for (index, need) in depends_on.enumerate() {
        if index == 0 {
            text += "\nIt depends on:\n\n";
        }
        let status = need.status.label();
        text += &format!("- #{} {} ({status})\n", need.number, need.title);
    }
    as_user(id, text)
}

#[cfg(test)]
mod tests {
    use slop_state::{Leave, Tier};

    use super::*;
    use crate::controller::tests::{act, app};

    fn app_with(tickets: &[Ticket]) -> App {
        let mut app = app();
        for ticket in tickets {
            app.world_mut().spawn(ticket.clone());
        }
        app
    }

    fn ticket(number: u32) -> Ticket {
        Ticket {
            number,
            title: format!("title {number}"),
            ..Ticket::default()
        }
    }

    fn discussions(app: &App) -> &Discussions {
        app.world().resource()
    }

    #[test]
    fn a_discussion_begins_with_what_the_ticket_says() {
        let tickets = [
            Ticket {
                status: Status::Done,
                ..ticket(1)
            },
            Ticket {
                text: "All of it.\n".to_owned(),
                depends_on: vec![1, 9],
                ..ticket(2)
            },
        ];
        let mut app = app_with(&tickets);
        act(&mut app, Action::DiscussTicket(2));
        let shown = discussions(&app).shown().unwrap();
        assert_eq!(shown.name, "#2 title 2");
        let text = "## Ticket 2: title 2\n\nAll of it.\n\nIt depends on:\n\n- #1 title 1 (Done)\n";
        assert_eq!(shown.entries[0].text, text);
        assert_eq!(shown.entries[0].role, "User");
        assert_eq!(shown.entries.len(), 1);
    }

    #[test]
    fn what_came_of_those_that_are_done_is_told_once() {
        let about = |id: u64, answer: &str| Discussion {
            id,
            entries: vec![Entry {
                id: id + 1,
                role: "AI".to_owned(),
                text: answer.to_owned(),
                ..Entry::default()
            }],
            ..Discussion::default()
        };
        let needed = |number: u32, status: Status| Ticket {
            status,
            discussion: Some(u64::from(number) * 10),
            ..ticket(number)
        };
        let tickets = [
            needed(1, Status::Done),
            needed(2, Status::Review),
            needed(3, Status::Done),
            Ticket {
                depends_on: vec![1, 2, 3],
                ..ticket(4)
            },
        ];
        let mut app = app_with(&tickets);
        let long = format!("```\n{}", "x".repeat(RESULTS));
        let mut all = app.world_mut().resource_mut::<Discussions>();
        all.list.push(about(10, "It is called `open`."));
        all.list.push(about(20, "not looked at yet"));
        all.list.push(about(30, &long));
        all.last_id = 40;
        for _ in 0..2 {
            act(&mut app, Action::DiscussTicket(4));
        }
        let shown = discussions(&app).shown().unwrap();
        assert_eq!(shown.entries.len(), 2);
        let text = &shown.entries[1].text;
        let begin =
            "## What came of #1 title 1\n\nIt is called `open`.\n\n## What came of #3 title 3\n\n";
        assert!(text.starts_with(begin), "{text}");
        assert_eq!(text.matches('x').count(), RESULTS / 2 - "```\n".len());
        assert!(text.ends_with(" bytes)\n```\n"), "{text}");
        assert!(!text.contains("not looked at yet"), "{text}");
        assert_eq!(discussions(&app).last_id, shown.entries[1].id);
    }

    #[test]
    fn it_is_made_once_and_found_again_when_it_comes_back() {
        let mut app = app_with(&[ticket(1)]);
        act(&mut app, Action::DiscussTicket(1));
        let id = discussions(&app).active;
        act(&mut app, Action::SelectDiscussion(1));
        act(&mut app, Action::DiscussTicket(1));
        assert_eq!(discussions(&app).active, id);
        assert_eq!(discussions(&app).list.len(), 2);
        act(&mut app, Action::DeleteDiscussion(id));
        act(&mut app, Action::Undo);
        act(&mut app, Action::SelectDiscussion(1));
        act(&mut app, Action::DiscussTicket(1));
        assert_eq!(discussions(&app).active, id);
    }

    #[test]
    fn who_works_on_a_ticket_answers_in_its_discussion() {
        let mut app = app_with(&[ticket(1)]);
        act(&mut app, Action::DiscussTicket(1));
        let tier = |app: &App| discussions(app).shown().unwrap().tier;
        assert_eq!(tier(&app), Some(Tier::Worker));
        let mut draft = ticket(1);
        draft.tier = Tier::TechLead;
        act(&mut app, Action::EditTicket(draft));
        act(&mut app, Action::DiscussTicket(1));
        assert_eq!(tier(&app), Some(Tier::TechLead));
        assert_eq!(discussions(&app).list.len(), 2);
    }

    #[test]
    fn it_begins_with_the_leave_of_the_tier_and_keeps_what_a_person_says() {
        let mut app = app_with(&[ticket(1), ticket(2)]);
        app.world_mut().resource_mut::<Tiers>().worker.leave = Leave::Act;
        let leave = |app: &App| discussions(app).shown().unwrap().leave;
        act(&mut app, Action::DiscussTicket(1));
        assert_eq!(leave(&app), Leave::Act);
        let id = discussions(&app).active;
        act(&mut app, Action::SetLeave(id, Leave::None));
        act(&mut app, Action::DiscussTicket(1));
        assert_eq!(leave(&app), Leave::None);
        app.insert_resource(Tiers::default());
        act(&mut app, Action::DiscussTicket(2));
        assert_eq!(leave(&app), Leave::None);
    }

    #[test]
    fn after_it_was_deleted_another_is_made() {
        let mut app = app_with(&[ticket(1)]);
        act(&mut app, Action::DiscussTicket(1));
        let id = discussions(&app).active;
        act(&mut app, Action::DeleteDiscussion(id));
        act(&mut app, Action::DiscussTicket(1));
        let new = discussions(&app).active;
        assert!(new > id);
        assert_eq!(discussions(&app).list.len(), 2);
        let before = discussions(&app).clone();
        act(&mut app, Action::DiscussTicket(9));
        assert_eq!(*discussions(&app), before);
    }
}

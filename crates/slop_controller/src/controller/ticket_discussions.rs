//! The discussion about a ticket.

use bevy::prelude::*;
use slop_state::{Action, Dependencies, Discussion, Discussions, Entry, Ticket, Tiers};

use super::{now, ticket_error::TicketError, tickets::Tickets, Actions};

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
    Ok(id)
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
    Entry {
        id,
        role: "User".to_owned(),
        time: now(),
        text,
        ..Entry::default()
    }
}

#[cfg(test)]
mod tests {
    use slop_state::{Leave, Status, Tier};

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

//! The systems that act on what the gui asks for.

use bevy::prelude::*;
use hot_reloader::prelude::*;
use slop_state::{Action, Composer, Discussion, Discussions, Entry, Status, Ticket, TicketNumbers};

/// Owns the discussions and the tickets.
#[hot_module(
    state_keys = [Discussions, Composer, Ticket, TicketNumbers],
    targets = [edit_discussions, edit_tickets],
)]
pub fn controller(app: &mut HotApp) {
    app.init_resource::<Discussions>()
        .init_resource::<Composer>()
        .init_resource::<TicketNumbers>()
        .register_type::<Action>()
        .add_event::<Action>()
        .add_systems(Update, (edit_discussions, edit_tickets));
}

/// Adds and selects discussions, and adds entries.
fn edit_discussions(
    mut actions: EventReader<Action>,
    mut discussions: ResMut<Discussions>,
    mut composer: ResMut<Composer>,
) {
    for action in actions.read() {
        match action {
            Action::AddDiscussion => {
                let name = format!("Discussion {}", discussions.list.len() + 1);
                discussions.list.push(Discussion::named(name));
                discussions.active = discussions.list.len() - 1;
            }
            Action::SelectDiscussion(index) if *index < discussions.list.len() => {
                discussions.active = *index;
            }
            Action::AddEntry if !composer.text.trim().is_empty() => {
                let active = discussions.active;
                let Some(discussion) = discussions.list.get_mut(active) else {
                    continue;
                };
                discussion.entries.push(Entry {
                    role: composer.role.clone(),
                    text: std::mem::take(&mut composer.text),
                });
            }
            _ => {}
        }
    }
}

/// Adds tickets and moves them.
fn edit_tickets(
    mut actions: EventReader<Action>,
    mut composer: ResMut<Composer>,
    mut numbers: ResMut<TicketNumbers>,
    mut tickets: Query<&mut Ticket>,
    mut commands: Commands,
) {
    for action in actions.read() {
        match action {
            Action::AddTicket if !composer.ticket.trim().is_empty() => {
                numbers.last += 1;
                commands.spawn(Ticket {
                    number: numbers.last,
                    title: std::mem::take(&mut composer.ticket).trim().to_owned(),
                    status: Status::Todo,
                });
            }
            Action::MoveTicket(entity, status) => {
                if let Ok(mut ticket) = tickets.get_mut(*entity) {
                    ticket.status = *status;
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn app() -> App {
        let mut app = App::new();
        app.init_resource::<Discussions>()
            .init_resource::<Composer>()
            .init_resource::<TicketNumbers>()
            .add_event::<Action>()
            .add_systems(Update, (edit_discussions, edit_tickets));
        app
    }

    fn act(app: &mut App, action: Action) {
        app.world_mut().send_event(action);
        app.update();
    }

    #[test]
    fn an_entry_goes_into_the_discussion_that_is_shown() {
        let mut app = app();
        act(&mut app, Action::AddDiscussion);
        app.world_mut().resource_mut::<Composer>().text = "hello".into();
        act(&mut app, Action::AddEntry);
        let discussions = app.world().resource::<Discussions>();
        assert_eq!(discussions.list[0].entries, []);
        assert_eq!(discussions.list[1].entries[0].text, "hello");
        assert_eq!(app.world().resource::<Composer>().text, "");
    }

    #[test]
    fn blank_entries_and_unknown_discussions_are_ignored() {
        let mut app = app();
        app.world_mut().resource_mut::<Composer>().text = "  \n".into();
        act(&mut app, Action::AddEntry);
        act(&mut app, Action::SelectDiscussion(7));
        assert_eq!(
            *app.world().resource::<Discussions>(),
            Discussions::default()
        );
        assert_eq!(app.world().resource::<Composer>().text, "  \n");
    }

    #[test]
    fn tickets_are_numbered_and_moved() {
        let mut app = app();
        for title in ["one", "two"] {
            app.world_mut().resource_mut::<Composer>().ticket = title.into();
            act(&mut app, Action::AddTicket);
        }
        let mut tickets = app.world_mut().query::<(Entity, &Ticket)>();
        let (entity, second) = tickets
            .iter(app.world())
            .find(|(_, t)| t.title == "two")
            .unwrap();
        assert_eq!((second.number, second.status), (2, Status::Todo));
        act(&mut app, Action::MoveTicket(entity, Status::Review));
        assert_eq!(
            app.world().get::<Ticket>(entity).unwrap().status,
            Status::Review
        );
    }
}

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

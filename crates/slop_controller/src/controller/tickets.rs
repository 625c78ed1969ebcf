//! Tickets: their order, their dependencies, and which are being worked on.

use std::collections::{HashMap, HashSet};

use bevy::prelude::*;
use slop_state::{
    Action, ActiveTickets, Composer, Deleted, Dependencies, Status, Ticket, TicketNumbers, Undo,
};

use super::ticket_error::TicketError;
use crate::actions::Actions;

/// How far apart the ranks of neighbours are at least.
const GAP: f64 = 1e-6;

/// Adds, moves, changes and deletes tickets.
pub(super) fn edit_tickets(
    mut actions: Actions,
    mut composer: ResMut<Composer>,
    mut numbers: ResMut<TicketNumbers>,
    mut undo: ResMut<Undo>,
    mut query: Query<(Entity, &mut Ticket)>,
    mut commands: Commands,
) {
    let wanted: Vec<&Action> = actions.read().filter(|action| is_ours(action)).collect();
    if wanted.is_empty() {
        return;
    }
    let mut tickets = Tickets::read(&query);
    for action in wanted {
        match action {
            Action::AddTicket if !composer.ticket.trim().is_empty() => {
                numbers.last += 1;
                let title = std::mem::take(&mut composer.ticket);
                tickets.add(Ticket {
                    number: numbers.last,
                    title: title.trim().to_owned(),
                    ..Ticket::default()
                });
            }
            Action::MoveTicket(number, status, above) => {
                tickets.relocate(*number, *status, *above);
            }
            Action::EditTicket(draft) => {
                if let Err(error) = tickets.edit(draft, numbers.last) {
                    warn!(
                        "ticket #{} is not all as it was written: {error}",
                        draft.number
                    );
                }
            }
            Action::DeleteTicket(number) => {
                if let Some(deleted) = tickets.delete(*number) {
                    undo.push(deleted);
                }
            }
            _ => {}
        }
    }
    tickets.write(&mut query, &mut commands);
}

fn is_ours(action: &Action) -> bool {
    matches!(
        action,
        Action::AddTicket
            | Action::MoveTicket(..)
            | Action::EditTicket(_)
            | Action::DeleteTicket(_)
    )
}

/// Finds out which tickets are being worked on, when a ticket has changed.
pub(super) fn derive_active_tickets(
    changed: Query<(), Changed<Ticket>>,
    mut removed: RemovedComponents<Ticket>,
    tickets: Query<&Ticket>,
    mut active: ResMut<ActiveTickets>,
) {
    let any_removed = removed.read().count() > 0;
    if changed.is_empty() && !any_removed {
        return;
    }
    let mut numbers: Vec<u32> = tickets
        .iter()
        .filter(|ticket| ticket.status == Status::Active)
        .map(|ticket| ticket.number)
        .collect();
    numbers.sort_unstable();
    active.set_if_neq(ActiveTickets(numbers));
}

/// All tickets, those that have an entity already with it. Several changes in one frame build on
/// each other here, before any of them reaches the world.
pub(super) struct Tickets(Vec<(Option<Entity>, Ticket)>);

impl Tickets {
    pub(super) fn read(query: &Query<(Entity, &mut Ticket)>) -> Self {
        let tickets = query.iter();
        Self(tickets.map(|(e, t)| (Some(e), t.clone())).collect())
    }

    /// Spawns, despawns and changes what is not as it is here.
    pub(super) fn write(self, query: &mut Query<(Entity, &mut Ticket)>, commands: &mut Commands) {
        let mut kept = HashMap::new();
        for (entity, ticket) in self.0 {
            match entity {
                Some(entity) => {
                    kept.insert(entity, ticket);
                }
                None => {
                    commands.spawn(ticket);
                }
            }
        }
        for (entity, mut current) in query.iter_mut() {
            match kept.remove(&entity) {
                Some(ticket) => {
                    current.set_if_neq(ticket);
                }
                None => commands.entity(entity).despawn(),
            }
        }
    }

    pub(super) fn get(&self, number: u32) -> Option<&Ticket> {
        self.position(number).map(|at| &self.0[at].1)
    }

    pub(super) fn get_mut(&mut self, number: u32) -> Option<&mut Ticket> {
        self.position(number).map(|at| &mut self.0[at].1)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Ticket> {
        self.0.iter().map(|(_, ticket)| ticket)
    }

    pub(super) fn dependencies(&self) -> Dependencies<'_> {
        Dependencies::new(self.iter())
    }

    fn position(&self, number: u32) -> Option<usize> {
        self.0.iter().position(|(_, t)| t.number == number)
    }

    /// Adds a ticket at the end of the first column.
    pub(super) fn add(&mut self, ticket: Ticket) {
        let number = ticket.number;
        self.0.push((None, ticket));
        self.relocate(number, Status::Todo, None);
    }

    /// Moves a ticket to a column, above another or to the end.
    pub(super) fn relocate(&mut self, number: u32, status: Status, above: Option<u32>) {
        let Some(moved) = self.position(number) else {
            return;
        };
        if above == Some(number) && self.0[moved].1.status == status {
            return;
        }
        let ticket = |index: usize| &self.0[index].1;
        let mut column: Vec<usize> = (0..self.0.len())
            .filter(|index| *index != moved && ticket(*index).status == status)
            .collect();
        column.sort_by(|a, b| {
            let (a, b) = (ticket(*a), ticket(*b));
            a.rank.total_cmp(&b.rank).then(a.number.cmp(&b.number))
        });
        let place = above
            .and_then(|above| column.iter().position(|i| ticket(*i).number == above))
            .unwrap_or(column.len());
        let higher = place.checked_sub(1).map(|i| ticket(column[i]).rank);
        let lower = column.get(place).map(|i| ticket(*i).rank);
        let rank = match (higher, lower) {
            (None, None) => 1.0,
            (Some(higher), None) => higher.floor() + 1.0,
            (None, Some(lower)) => lower.ceil() - 1.0,
            (Some(higher), Some(lower)) => higher.midpoint(lower),
        };
        let is_apart = higher.is_none_or(|higher| rank - higher >= GAP)
            && lower.is_none_or(|lower| lower - rank >= GAP);
        self.0[moved].1.status = status;
        self.0[moved].1.rank = rank;
        if !is_apart {
            column.insert(place, moved);
            for (rank, index) in (1_u32..).zip(column) {
                self.0[index].1.rank = f64::from(rank);
            }
        }
    }

    /// Takes title, text, dependencies, what blocks it by hand and who works on it from a draft. A
    /// blank title is not taken. If the dependencies cannot be, all the rest is: somebody has written it.
    fn edit(&mut self, draft: &Ticket, last: u32) -> Result<(), TicketError> {
        let number = draft.number;
        let ticket = self.get_mut(number).ok_or(TicketError::Missing(number))?;
        let title = draft.title.trim();
        if !title.is_empty() {
            title.clone_into(&mut ticket.title);
        }
        ticket.text.clone_from(&draft.text);
        ticket.blocked.clone_from(&draft.blocked);
        ticket.tier = draft.tier;
        let needs = self.needs(draft, last)?;
        if let Some(ticket) = self.get_mut(number) {
            ticket.depends_on = needs;
        }
        Ok(())
    }

    /// What a ticket is to depend on, each once and without what was deleted meanwhile. Tickets were made up to
    /// the number `last`.
    fn needs(&self, draft: &Ticket, last: u32) -> Result<Vec<u32>, TicketError> {
        let number = draft.number;
        let mut seen = HashSet::new();
        let mut needs = draft.depends_on.clone();
        needs.retain(|need| seen.insert(*need) && (*need > last || self.get(*need).is_some()));
        if let Some(missing) = needs.iter().find(|need| self.get(**need).is_none()) {
            let missing = *missing;
            return Err(TicketError::NoSuchNeed { number, missing });
        }
        match self.dependencies().circle(number, &needs) {
            Some(circle) => Err(TicketError::Circle { number, circle }),
            None => Ok(needs),
        }
    }

    fn delete(&mut self, number: u32) -> Option<Deleted> {
        let (_, ticket) = self.0.remove(self.position(number)?);
        let mut needed_by = Vec::new();
        for (_, other) in &mut self.0 {
            if other.depends_on.contains(&number) {
                other.depends_on.retain(|needed| *needed != number);
                needed_by.push(other.number);
            }
        }
        Some(Deleted::Ticket { ticket, needed_by })
    }

    /// Puts a ticket back, with what can still depend on what. Whether that was possible.
    pub(super) fn bring_back(&mut self, mut ticket: Ticket, needed_by: &[u32]) -> bool {
        let number = ticket.number;
        if self.position(number).is_some() {
            return false;
        }
        ticket.depends_on.retain(|n| self.position(*n).is_some());
        self.0.push((None, ticket));
        for other in needed_by {
            if let Some(at) = self.position(*other) {
                if self.dependencies().circle(*other, &[number]).is_none() {
                    self.0[at].1.depends_on.push(number);
                }
            }
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::controller::tests::{act, app};

    fn add(app: &mut App, title: &str) {
        app.world_mut().resource_mut::<Composer>().ticket = title.into();
        act(app, Action::AddTicket);
    }

    /// With this many tickets, all to be done.
    fn app_with(count: u32) -> App {
        let mut app = app();
        for number in 1..=count {
            add(&mut app, &format!("ticket {number}"));
        }
        app
    }

    fn tickets(app: &mut App) -> Vec<Ticket> {
        let mut query = app.world_mut().query::<&Ticket>();
        let mut tickets: Vec<_> = query.iter(app.world()).cloned().collect();
        tickets.sort_by(|a, b| a.rank.total_cmp(&b.rank).then(a.number.cmp(&b.number)));
        tickets
    }

    fn ticket(app: &mut App, number: u32) -> Ticket {
        let mut all = tickets(app).into_iter();
        all.find(|ticket| ticket.number == number).unwrap()
    }

    fn column(app: &mut App, status: Status) -> Vec<u32> {
        let all = tickets(app).into_iter();
        let column = all.filter(|ticket| ticket.status == status);
        column.map(|ticket| ticket.number).collect()
    }

    fn depend(app: &mut App, number: u32, on: &[u32]) {
        let draft = Ticket {
            depends_on: on.to_vec(),
            ..ticket(app, number)
        };
        act(app, Action::EditTicket(draft));
    }

    #[test]
    fn tickets_are_numbered_and_stand_in_order() {
        let mut app = app();
        add(&mut app, " one ");
        add(&mut app, "two");
        add(&mut app, "  ");
        assert_eq!(column(&mut app, Status::Todo), [1, 2]);
        assert_eq!(ticket(&mut app, 1).title, "one");
        assert_eq!(app.world().resource::<Composer>().ticket, "  ");
        act(&mut app, Action::DeleteTicket(2));
        add(&mut app, "three");
        assert_eq!(column(&mut app, Status::Todo), [1, 3]);
    }

    #[test]
    fn a_ticket_is_moved_above_another_or_to_the_end() {
        let mut app = app_with(4);
        act(&mut app, Action::MoveTicket(4, Status::Todo, Some(2)));
        assert_eq!(column(&mut app, Status::Todo), [1, 4, 2, 3]);
        assert_eq!(ticket(&mut app, 4).rank, 1.5);
        act(&mut app, Action::MoveTicket(1, Status::Todo, None));
        assert_eq!(column(&mut app, Status::Todo), [4, 2, 3, 1]);
        act(&mut app, Action::MoveTicket(2, Status::Todo, Some(2)));
        act(&mut app, Action::MoveTicket(9, Status::Todo, None));
        assert_eq!(column(&mut app, Status::Todo), [4, 2, 3, 1]);
        act(&mut app, Action::MoveTicket(3, Status::Review, Some(1)));
        act(&mut app, Action::MoveTicket(1, Status::Review, Some(3)));
        assert_eq!(column(&mut app, Status::Review), [1, 3]);
        assert_eq!(column(&mut app, Status::Todo), [4, 2]);
    }

    #[test]
    fn several_changes_in_one_frame_build_on_each_other() {
        let mut app = app_with(3);
        let world = app.world_mut();
        world.send_event(Action::DeleteTicket(2));
        world.send_event(Action::MoveTicket(3, Status::Active, None));
        world.send_event(Action::MoveTicket(1, Status::Active, Some(3)));
        app.update();
        assert_eq!(column(&mut app, Status::Active), [1, 3]);
        assert_eq!(app.world().resource::<ActiveTickets>().0, [1, 3]);
        assert_eq!(tickets(&mut app).len(), 2);
    }

    /// That no two ranks of a column are too close.
    #[track_caller]
    fn check_ranks(app: &mut App, status: Status) {
        let all = tickets(app).into_iter();
        let column = all.filter(|ticket| ticket.status == status);
        let ranks: Vec<f64> = column.map(|ticket| ticket.rank).collect();
        let is_apart = |pair: &[f64]| pair[1] - pair[0] >= GAP;
        assert!(ranks.windows(2).all(is_apart), "{ranks:?}");
    }

    #[test]
    fn ranks_that_come_too_close_are_made_whole_numbers() {
        let mut app = app_with(3);
        let mut renumbered = 0;
        for _ in 0..40 {
            for (number, above, order) in [(3, 2, [1, 3, 2]), (2, 3, [1, 2, 3])] {
                act(
                    &mut app,
                    Action::MoveTicket(number, Status::Todo, Some(above)),
                );
                assert_eq!(column(&mut app, Status::Todo), order);
                check_ranks(&mut app, Status::Todo);
                let ranks: Vec<_> = tickets(&mut app).iter().map(|t| t.rank).collect();
                renumbered += usize::from(ranks == [1.0, 2.0, 3.0]);
            }
        }
        assert!((2..20).contains(&renumbered), "{renumbered}");
    }

    #[test]
    fn a_damaged_rank_does_no_harm() {
        let mut app = app_with(3);
        let mut query = app.world_mut().query::<&mut Ticket>();
        for mut ticket in query.iter_mut(app.world_mut()) {
            ticket.rank = if ticket.number == 1 {
                1e300
            } else {
                f64::INFINITY
            };
        }
        act(&mut app, Action::MoveTicket(3, Status::Todo, Some(2)));
        assert_eq!(column(&mut app, Status::Todo), [1, 3, 2]);
        check_ranks(&mut app, Status::Todo);
    }

    #[test]
    fn any_moves_give_the_order_of_a_list() {
        let mut app = app_with(6);
        let mut columns = [vec![1, 2, 3, 4, 5, 6], vec![], vec![], vec![]];
        let mut state = 1_u32;
        let mut random = |below: usize| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 16) as usize % below
        };
        for _ in 0..1000 {
            let number = u32::try_from(random(6)).unwrap() + 1;
            // Mostly in one column, where it gets narrow.
            let to = random(9).saturating_sub(5);
            for column in &mut columns {
                column.retain(|other| *other != number);
            }
            let place = random(columns[to].len() + 1);
            let above = columns[to].get(place).copied();
            columns[to].insert(place, number);

            act(&mut app, Action::MoveTicket(number, Status::ALL[to], above));
            for (status, expected) in Status::ALL.into_iter().zip(&columns) {
                assert_eq!(column(&mut app, status), *expected);
                check_ranks(&mut app, status);
            }
        }
    }

    #[test]
    fn a_draft_replaces_what_a_person_writes_only() {
        let mut app = app_with(3);
        let draft = Ticket {
            number: 2,
            title: " new ".into(),
            text: "text".into(),
            status: Status::Done,
            rank: 99.0,
            depends_on: vec![3, 1, 3],
            blocked: Some("no paint".into()),
            ..Ticket::default()
        };
        act(&mut app, Action::EditTicket(draft.clone()));
        let expected = Ticket {
            title: "new".into(),
            status: Status::Todo,
            rank: 2.0,
            depends_on: vec![3, 1],
            ..draft.clone()
        };
        assert_eq!(ticket(&mut app, 2), expected);
        let blank = Ticket {
            title: " ".into(),
            ..draft
        };
        act(&mut app, Action::EditTicket(blank));
        assert_eq!(ticket(&mut app, 2), expected);
    }

    #[test]
    fn circles_and_missing_dependencies_are_refused() {
        let mut app = app_with(3);
        depend(&mut app, 1, &[2]);
        depend(&mut app, 2, &[3]);
        let before = tickets(&mut app);
        depend(&mut app, 3, &[1]);
        depend(&mut app, 2, &[2]);
        depend(&mut app, 1, &[2, 7]);
        act(
            &mut app,
            Action::EditTicket(Ticket {
                number: 9,
                ..before[0].clone()
            }),
        );
        assert_eq!(tickets(&mut app), before);
        // Two ways to the same ticket are no circle.
        depend(&mut app, 1, &[2, 3]);
        assert_eq!(ticket(&mut app, 1).depends_on, [2, 3]);
    }

    #[test]
    fn what_was_written_counts_whatever_becomes_of_the_dependencies() {
        let mut app = app_with(3);
        depend(&mut app, 1, &[2, 3]);
        let written = |app: &mut App, text: &str| Ticket {
            text: text.into(),
            ..ticket(app, 1)
        };
        // As it is when the draft of one is saved because another was deleted.
        let draft = written(&mut app, "typed");
        app.world_mut().send_event(Action::DeleteTicket(2));
        act(&mut app, Action::EditTicket(draft));
        assert_eq!(ticket(&mut app, 1).text, "typed");
        assert_eq!(ticket(&mut app, 1).depends_on, [3]);
        act(&mut app, Action::Undo);
        assert_eq!(ticket(&mut app, 1).depends_on, [3, 2]);

        let circle = Ticket {
            depends_on: vec![1],
            ..written(&mut app, "and more")
        };
        act(&mut app, Action::EditTicket(circle));
        assert_eq!(ticket(&mut app, 1).text, "and more");
        assert_eq!(ticket(&mut app, 1).depends_on, [3, 2]);
    }

    #[test]
    fn what_is_refused_is_named() {
        let ticket = |number, depends_on: &[u32]| Ticket {
            number,
            depends_on: depends_on.to_vec(),
            ..Ticket::default()
        };
        let all = [ticket(1, &[2]), ticket(2, &[3]), ticket(3, &[])];
        let mut tickets = Tickets(all.map(|ticket| (None, ticket)).to_vec());
        let circle = tickets.edit(&ticket(3, &[1]), 3).unwrap_err();
        assert_eq!(
            circle.to_string(),
            "#3 would wait for itself: #3 → #1 → #2 → #3; remove one of these dependencies first"
        );
        let missing = tickets.edit(&ticket(3, &[7]), 3).unwrap_err();
        assert_eq!(
            missing.to_string(),
            "#3 cannot depend on #7, which is missing; choose another"
        );
    }

    #[test]
    fn a_deleted_ticket_comes_back_with_its_dependencies() {
        let mut app = app_with(4);
        depend(&mut app, 1, &[2]);
        depend(&mut app, 2, &[3, 4]);
        act(&mut app, Action::MoveTicket(2, Status::Active, None));
        let before = tickets(&mut app);
        act(&mut app, Action::DeleteTicket(2));
        act(&mut app, Action::DeleteTicket(2));
        assert!(ticket(&mut app, 1).depends_on.is_empty());
        assert!(app.world().resource::<ActiveTickets>().0.is_empty());
        act(&mut app, Action::Undo);
        assert_eq!(tickets(&mut app), before);
        assert_eq!(app.world().resource::<ActiveTickets>().0, [2]);
    }

    #[test]
    fn what_comes_back_makes_no_circle() {
        let mut app = app_with(3);
        depend(&mut app, 1, &[2]);
        depend(&mut app, 2, &[3]);
        act(&mut app, Action::DeleteTicket(2));
        depend(&mut app, 3, &[1]);
        act(&mut app, Action::Undo);
        assert!(ticket(&mut app, 1).depends_on.is_empty());
        assert_eq!(ticket(&mut app, 2).depends_on, [3]);
        assert_eq!(ticket(&mut app, 3).depends_on, [1]);
    }

    #[test]
    fn active_tickets_are_derived_when_a_ticket_changes_and_only_then() {
        let mut app = app_with(3);
        act(&mut app, Action::MoveTicket(3, Status::Active, None));
        act(&mut app, Action::MoveTicket(1, Status::Active, None));
        assert_eq!(app.world().resource::<ActiveTickets>().0, [1, 3]);
        app.world_mut().resource_mut::<ActiveTickets>().0 = vec![77];
        act(&mut app, Action::AddDiscussion);
        // It is there already: nothing changes.
        let draft = ticket(&mut app, 1);
        act(&mut app, Action::EditTicket(draft));
        assert_eq!(app.world().resource::<ActiveTickets>().0, [77]);
        act(&mut app, Action::DeleteTicket(1));
        assert_eq!(app.world().resource::<ActiveTickets>().0, [3]);
    }
}

//! What a ticket waits for.

use std::collections::{HashMap, VecDeque};

use crate::{Run, Status, Ticket};

/// All tickets by their numbers. What is blocked is worked out here whenever somebody asks, and kept
/// nowhere.
pub struct Dependencies<'a>(HashMap<u32, &'a Ticket>);

impl<'a> Dependencies<'a> {
    /// Of these tickets, which have to be all there are.
    pub fn new(tickets: impl IntoIterator<Item = &'a Ticket>) -> Self {
        Self(tickets.into_iter().map(|t| (t.number, t)).collect())
    }

    /// The ticket with this number.
    #[must_use]
    pub fn get(&self, number: u32) -> Option<&'a Ticket> {
        self.0.get(&number).copied()
    }

    /// What it depends on that is not done. What is missing is not waited for, since it would be
    /// forever.
    #[must_use]
    pub fn waits_for(&self, ticket: &Ticket) -> Vec<&'a Ticket> {
        let needs = ticket.depends_on.iter().filter_map(|n| self.get(*n));
        needs.filter(|need| need.status != Status::Done).collect()
    }

    /// Why it cannot be begun, in a few words; `None` if it can be, or is done.
    #[must_use]
    pub fn blocked(&self, ticket: &Ticket) -> Option<String> {
        if ticket.status == Status::Done {
            return None;
        }
        let waits_for = self.waits_for(ticket);
        let numbers: Vec<_> = waits_for.iter().map(|t| format!("#{}", t.number)).collect();
        let waits = (!numbers.is_empty()).then(|| format!("waits for {}", numbers.join(", ")));
        let by_hand = ticket.blocked.as_deref().map(|reason| match reason.trim() {
            "" => "by hand".to_owned(),
            reason => reason.to_owned(),
        });
        let why: Vec<_> = by_hand.into_iter().chain(waits).collect();
        (!why.is_empty()).then(|| why.join("; "))
    }

    /// The tickets that the assistant can be asked about without a look at the answers to others:
    /// nothing blocks them and nobody has begun with them. The highest in the column first.
    #[must_use]
    pub fn ready(&self) -> Vec<&'a Ticket> {
        let all = self.0.values().copied();
        let mut ready: Vec<_> = all
            .filter(|t| t.status == Status::Todo)
            .filter(|t| matches!(t.run, Run::Idle | Run::Unchecked(_)))
            .filter(|t| self.blocked(t).is_none())
            .collect();
        ready.sort_by(|a, b| a.rank.total_cmp(&b.rank).then(a.number.cmp(&b.number)));
        ready
    }

    /// On how many tickets the assistant is working, QA's checks included.
    #[must_use]
    pub fn running(&self) -> u32 {
        let running = self.0.values().filter(|ticket| ticket.run.is_under_way());
        u32::try_from(running.count()).unwrap_or(u32::MAX)
    }

    /// The circle that there would be if a ticket depended on these: from it to it, each before
    /// what it depends on. A shortest one.
    #[must_use]
    pub fn circle(&self, number: u32, needs: &[u32]) -> Option<Vec<u32>> {
        // For each ticket that was come to, the one before it.
        let mut before = HashMap::new();
        let mut ahead: VecDeque<_> = needs.iter().map(|need| (*need, number)).collect();
        while let Some((at, from)) = ahead.pop_front() {
            if at == number {
                let mut circle = vec![number];
                let mut step = from;
                while step != number {
                    circle.push(step);
                    step = before.get(&step).copied().unwrap_or(number);
                }
                circle.push(number);
                circle.reverse();
                return Some(circle);
            }
            if before.contains_key(&at) {
                continue;
            }
            before.insert(at, from);
            if let Some(ticket) = self.get(at) {
                ahead.extend(ticket.depends_on.iter().map(|need| (*need, at)));
            }
        }
        None
    }
}

/// A circle for people, as in `#1 → #2 → #1`.
#[must_use]
pub fn describe_circle(circle: &[u32]) -> String {
    let numbers: Vec<_> = circle.iter().map(|n| format!("#{n}")).collect();
    numbers.join(" → ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ticket(number: u32, depends_on: &[u32]) -> Ticket {
        Ticket {
            number,
            rank: f64::from(number),
            depends_on: depends_on.to_vec(),
            ..Ticket::default()
        }
    }

    #[test]
    fn it_waits_for_what_is_there_and_not_done() {
        let mut tickets = vec![ticket(1, &[]), ticket(2, &[]), ticket(3, &[2, 1, 9])];
        tickets[0].status = Status::Done;
        let needs = Dependencies::new(&tickets);
        assert_eq!(needs.waits_for(&tickets[2]), [&tickets[1]]);
        assert_eq!(needs.blocked(&tickets[2]).as_deref(), Some("waits for #2"));
        assert_eq!(needs.blocked(&tickets[1]), None);
    }

    #[test]
    fn what_is_blocked_by_hand_says_why_until_it_is_done() {
        let mut tickets = vec![ticket(1, &[]), ticket(2, &[1])];
        tickets[0].blocked = Some(" ".to_owned());
        tickets[1].blocked = Some("no paint".to_owned());
        let why = |tickets: &[Ticket], at: usize| Dependencies::new(tickets).blocked(&tickets[at]);
        assert_eq!(why(&tickets, 0).as_deref(), Some("by hand"));
        let both = "no paint; waits for #1";
        assert_eq!(why(&tickets, 1).as_deref(), Some(both));
        tickets[1].status = Status::Done;
        assert_eq!(why(&tickets, 1), None);
    }

    #[test]
    fn a_shortest_circle_is_named_from_the_ticket_on() {
        let tickets = [
            ticket(1, &[2, 4]),
            ticket(2, &[3]),
            ticket(3, &[4]),
            ticket(4, &[]),
        ];
        let needs = Dependencies::new(&tickets);
        assert_eq!(needs.circle(4, &[1]), Some(vec![4, 1, 4]));
        assert_eq!(needs.circle(4, &[2]), Some(vec![4, 2, 3, 4]));
        assert_eq!(needs.circle(2, &[2]), Some(vec![2, 2]));
        assert_eq!(needs.circle(1, &[2, 3, 4]), None);
        assert_eq!(describe_circle(&[4, 1, 4]), "#4 → #1 → #4");
    }

    #[test]
    fn a_circle_that_is_there_already_is_no_trap() {
        let tickets = [ticket(1, &[2]), ticket(2, &[1]), ticket(3, &[])];
        assert_eq!(Dependencies::new(&tickets).circle(3, &[1]), None);
    }

    #[test]
    fn what_is_ready_comes_in_the_order_of_the_column() {
        let mut tickets: Vec<_> = (1..=6).map(|number| ticket(number, &[])).collect();
        tickets[0].rank = 9.0;
        tickets[0].run = Run::Unchecked("no network".to_owned());
        tickets[1].status = Status::Active;
        tickets[2].depends_on = vec![1];
        tickets[3].blocked = Some(String::new());
        tickets[4].run = Run::Failed("no network".to_owned());
        let ready = Dependencies::new(&tickets).ready();
        assert_eq!(ready, [&tickets[5], &tickets[0]]);
    }
}

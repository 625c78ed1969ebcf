//! Tickets in columns, each to the right of all that it depends on.

use std::collections::{HashMap, HashSet};

use slop_state::Ticket;

/// The columns from left to right, each from top to bottom. A ticket is as far to the left as it can
/// be, so its column is the length of the longest way to it. In a column it is at the height of what it
/// depends on, as far as there is room.
pub(super) fn layers<'a>(tickets: &[&'a Ticket]) -> Vec<Vec<&'a Ticket>> {
    let known: HashSet<u32> = tickets.iter().map(|ticket| ticket.number).collect();
    let mut rows: HashMap<u32, usize> = HashMap::new();
    let mut layers = Vec::new();
    let mut rest = tickets.to_vec();
    while !rest.is_empty() {
        let has_place = |number: &u32| rows.contains_key(number) || !known.contains(number);
        let (mut layer, mut later): (Vec<&Ticket>, Vec<&Ticket>) = rest
            .into_iter()
            .partition(|ticket| ticket.depends_on.iter().all(has_place));
        if layer.is_empty() {
            // They are in a circle, which only a damaged state has. They are shown all the same.
            std::mem::swap(&mut layer, &mut later);
        }
        layer.sort_by(|a, b| {
            let (higher, lower) = (height(a, &rows), height(b, &rows));
            higher.total_cmp(&lower).then(a.number.cmp(&b.number))
        });
        rows.extend(layer.iter().enumerate().map(|(row, t)| (t.number, row)));
        layers.push(layer);
        rest = later;
    }
    layers
}

/// The mean row of what a ticket depends on.
fn height(ticket: &Ticket, rows: &HashMap<u32, usize>) -> f32 {
    let needs = ticket.depends_on.iter().filter_map(|n| rows.get(n));
    let (sum, count) = needs.fold((0_usize, 0_usize), |(sum, count), row| {
        (sum + *row, count + 1)
    });
    if count == 0 {
        0.0
    } else {
        sum as f32 / count as f32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ticket(number: u32, depends_on: &[u32]) -> Ticket {
        Ticket {
            number,
            depends_on: depends_on.to_vec(),
            ..Ticket::default()
        }
    }

    fn numbers(tickets: &[Ticket]) -> Vec<Vec<u32>> {
        let tickets: Vec<_> = tickets.iter().collect();
        let layers = layers(&tickets).into_iter();
        layers
            .map(|layer| layer.iter().map(|t| t.number).collect())
            .collect()
    }

    #[test]
    fn the_longest_way_decides() {
        let tickets = [
            ticket(1, &[]),
            ticket(2, &[1]),
            ticket(3, &[1, 2]),
            ticket(4, &[9]),
        ];
        assert_eq!(numbers(&tickets), [vec![1, 4], vec![2], vec![3]]);
        assert!(numbers(&[]).is_empty());
    }

    #[test]
    fn a_ticket_is_at_the_height_of_what_it_depends_on() {
        let tickets = [
            ticket(1, &[]),
            ticket(2, &[]),
            ticket(3, &[2]),
            ticket(4, &[1]),
        ];
        assert_eq!(numbers(&tickets), [vec![1, 2], vec![4, 3]]);
    }

    #[test]
    fn a_circle_is_shown_all_the_same() {
        let tickets = [
            ticket(1, &[]),
            ticket(2, &[3]),
            ticket(3, &[2]),
            ticket(4, &[3]),
        ];
        assert_eq!(numbers(&tickets), [vec![1], vec![2, 3, 4]]);
    }

    #[test]
    fn every_edge_leads_to_a_later_column() {
        let mut state = 7_u32;
        let mut random = |below: u32| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 16) % below
        };
        for _ in 0..100 {
            let mut tickets = Vec::new();
            for number in 1..=30 {
                let needs: Vec<u32> = (1..number).filter(|_| random(6) == 0).collect();
                tickets.push(ticket(number, &needs));
            }
            let layers = numbers(&tickets);
            let column = |number: u32| {
                let mut columns = layers.iter();
                columns.position(|layer| layer.contains(&number)).unwrap()
            };
            assert_eq!(layers.iter().map(Vec::len).sum::<usize>(), 30);
            for ticket in &tickets {
                for need in &ticket.depends_on {
                    assert!(column(*need) < column(ticket.number), "{layers:?}");
                }
            }
        }
    }
}

//! What must be true of a proposal before it is accepted.

use std::collections::HashMap;

use slop_state::{Dependencies, Proposed, Ticket};

/// Why a proposal cannot be accepted as it is.
#[derive(thiserror::Error, Clone, Debug, PartialEq, Eq)]
pub enum ProposalError {
    /// Nothing is proposed.
    #[error("there is no proposal; ask the orchestrator for one")]
    Nothing,
    /// A ticket is called nothing.
    #[error("ticket {0} has no title; give it one, or remove it")]
    NoTitle(String),
    /// Two tickets have the same key, so that a dependency could be either.
    #[error("two tickets are called {0}; remove one, or ask again")]
    SameKey(String),
    /// Two tickets have the same title.
    #[error("tickets {first} and {second} have the same title; rename or remove one")]
    SameTitle {
        /// The key of the first.
        first: String,
        /// The key of the second.
        second: String,
    },
    /// A ticket depends on one that is not proposed.
    #[error("ticket {key} depends on {missing}, which is not proposed; remove that dependency")]
    NoSuchNeed {
        /// The ticket.
        key: String,
        /// What it depends on.
        missing: String,
    },
    /// A ticket depends on itself.
    #[error("{}; remove one of these dependencies", describe(.0))]
    Circle(Vec<String>),
}

/// From a ticket to itself, each before what it depends on.
fn describe(circle: &[String]) -> String {
    let first = circle.first().map_or("", String::as_str);
    format!("ticket {first} waits for itself: {}", circle.join(" → "))
}

/// Makes tickets of a proposal, with the numbers from `first` on.
///
/// # Errors
///
/// For the first of the tickets with which something is wrong.
pub fn check(proposal: &[Proposed], first: u32) -> Result<Vec<Ticket>, ProposalError> {
    if proposal.is_empty() {
        return Err(ProposalError::Nothing);
    }
    let mut numbers = HashMap::new();
    let mut titles = HashMap::new();
    for (number, proposed) in (first..).zip(proposal) {
        let key = proposed.key.as_str();
        let title = proposed.title.trim().to_lowercase();
        if title.is_empty() {
            return Err(ProposalError::NoTitle(key.to_owned()));
        }
        if numbers.insert(key, number).is_some() {
            return Err(ProposalError::SameKey(key.to_owned()));
        }
        if let Some(other) = titles.insert(title, key) {
            return Err(ProposalError::SameTitle {
                first: other.to_owned(),
                second: key.to_owned(),
            });
        }
    }
    let mut tickets = Vec::new();
    for (number, proposed) in (first..).zip(proposal) {
        let mut depends_on = Vec::new();
        for need in &proposed.depends_on {
            let known = numbers.get(need.as_str()).copied();
            let Some(known) = known else {
                return Err(ProposalError::NoSuchNeed {
                    key: proposed.key.clone(),
                    missing: need.clone(),
                });
            };
            if !depends_on.contains(&known) {
                depends_on.push(known);
            }
        }
        tickets.push(Ticket {
            number,
            title: proposed.title.trim().to_owned(),
            text: proposed.text.clone(),
            depends_on,
            tier: proposed.tier,
            ..Ticket::default()
        });
    }
    let needs = Dependencies::new(&tickets);
    for ticket in &tickets {
        if let Some(circle) = needs.circle(ticket.number, &ticket.depends_on) {
            let named = (first..).zip(proposal);
            let keys: HashMap<_, _> = named.map(|(n, ticket)| (n, &ticket.key)).collect();
            let circle = circle.iter().filter_map(|n| keys.get(n));
            let circle = circle.map(|key| key.as_str().to_owned());
            return Err(ProposalError::Circle(circle.collect()));
        }
    }
    Ok(tickets)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proposed(key: &str, title: &str, depends_on: &[&str]) -> Proposed {
        Proposed {
            key: key.to_owned(),
            title: title.to_owned(),
            depends_on: depends_on.iter().map(|key| (*key).to_owned()).collect(),
            ..Proposed::default()
        }
    }

    #[track_caller]
    fn refused(proposal: &[Proposed], says: &str) {
        let error = check(proposal, 5).unwrap_err().to_string();
        assert_eq!(error, says);
    }

    #[test]
    fn keys_become_numbers() {
        let proposal = [
            proposed("a", " one ", &["b", "b"]),
            proposed("b", "two", &[]),
        ];
        let tickets = check(&proposal, 5).unwrap();
        assert_eq!((tickets[0].number, tickets[1].number), (5, 6));
        assert_eq!(tickets[0].title, "one");
        assert_eq!(tickets[0].depends_on, [6]);
        assert_eq!(tickets[1].depends_on, [0_u32; 0]);
    }

    #[test]
    fn what_is_wrong_is_said_with_the_ticket() {
        refused(&[], "there is no proposal; ask the orchestrator for one");
        refused(
            &[proposed("a", " ", &[])],
            "ticket a has no title; give it one, or remove it",
        );
        refused(
            &[proposed("a", "one", &[]), proposed("a", "two", &[])],
            "two tickets are called a; remove one, or ask again",
        );
        refused(
            &[proposed("a", "One", &[]), proposed("b", "one ", &[])],
            "tickets a and b have the same title; rename or remove one",
        );
        refused(
            &[proposed("a", "one", &["z"])],
            "ticket a depends on z, which is not proposed; remove that dependency",
        );
        refused(
            &[proposed("a", "one", &["b"]), proposed("b", "two", &["a"])],
            "ticket a waits for itself: a → b → a; remove one of these dependencies",
        );
        refused(
            &[proposed("a", "one", &["a"])],
            "ticket a waits for itself: a → a; remove one of these dependencies",
        );
    }
}

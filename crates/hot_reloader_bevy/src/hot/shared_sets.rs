//! What one module says of a set in which another has systems.
//!
//! Without `hot`, all systems of a schedule are in one graph. Here each module has one of its own, and they run one
//! after the other. So a condition or an order that a module says does not hold for the systems of another, unless
//! that says the same, or they run in that order anyway. What does not hold is told in the report.

use std::collections::{HashMap, HashSet};

use bevy::{
    ecs::schedule::{
        InternedScheduleLabel, InternedSystemSet, NodeId, Schedule, ScheduleLabel, SystemSet,
    },
    prelude::{Schedules, StateTransition, World},
};

use super::{
    placement::{self, Graph},
    recording::ModuleSchedules,
};

/// What a module says of the sets in its schedules.
pub(crate) type Sayings = HashMap<InternedScheduleLabel, Saying>;

/// What a module says of the sets in one schedule.
#[derive(Default)]
pub(crate) struct Saying {
    /// Set and member.
    within: Vec<(Node, Node)>,
    /// Earlier and later.
    order: Vec<(Node, Node)>,
    /// Those with run conditions.
    conditions: Vec<Node>,
}

/// A system or a set.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Node {
    /// A system, or a set without a name: of one module only.
    Own(NodeId),
    Set(InternedSystemSet),
    /// A set of the host. What is in it or ordered against it has its place there ([`placement`]).
    OfHost(InternedSystemSet),
}

/// A module that says something of its sets, or has systems in them.
pub(crate) struct Speaker<'a> {
    pub(crate) name: &'a str,
    pub(crate) sayings: &'a Sayings,
    /// Whether nothing has been told of it yet.
    pub(crate) is_new: bool,
}

/// What the schedules of a module say, which are not initialised yet: of others this cannot be told.
pub(crate) fn sayings(live: &World, schedules: &ModuleSchedules) -> Sayings {
    let of_host = live.get_resource::<Schedules>();
    // The steps of transitions are in every app.
    let schedules = schedules.iter();
    let schedules = schedules.filter(|(label, _)| **label != StateTransition.intern());
    let sayings = schedules.map(|(label, schedule)| {
        let host = of_host.and_then(|schedules| schedules.get(*label));
        (*label, Saying::of(host, schedule))
    });
    sayings.collect()
}

/// What modules say that does not hold for others, in lines for the report. They are in the order in which they run.
pub(crate) fn not_held(modules: &[Speaker<'_>]) -> Vec<String> {
    let mut told = Vec::new();
    for (place, speaker) in modules.iter().enumerate() {
        for (other_place, other) in modules.iter().enumerate() {
            if place != other_place && (speaker.is_new || other.is_new) {
                told.extend(speaker.not_held_by(other, place < other_place));
            }
        }
    }
    told.sort();
    told
}

impl Speaker<'_> {
    /// What it says that does not hold for systems of another module. `runs_first` says that it runs before that.
    fn not_held_by(&self, other: &Speaker<'_>, runs_first: bool) -> Vec<String> {
        let in_both = self
            .sayings
            .iter()
            .filter_map(|(label, saying)| Some((label, saying, other.sayings.get(label)?)));
        let told = in_both.filter_map(|(label, saying, others)| {
            let sets = saying.not_held_by(others, runs_first).into_iter();
            let sets: Vec<_> = sets.map(|set| format!("`{set:?}`")).collect();
            (!sets.is_empty()).then(|| {
                format!(
                    "module `{}` has systems in {} of {label:?}, and what module `{}` says of that, a condition or an order, \
                     does not hold for them. Say it in the app, for all modules, or in both of these",
                    other.name,
                    sets.join(", "),
                    self.name
                )
            })
        });
        told.collect()
    }
}

impl Saying {
    fn of(host: Option<&Schedule>, schedule: &Schedule) -> Self {
        let of_host = host.map(placement::named_sets).unwrap_or_default();
        let graph = Graph::of(schedule.graph());
        let node = |node: NodeId| match graph.set(node) {
            Some(set) if of_host.contains(&set) => Node::OfHost(set),
            Some(set) if !set.is_anonymous() => Node::Set(set),
            _ => Node::Own(node),
        };
        let edges = |edges: &[(NodeId, NodeId)]| {
            let edges = edges.iter().map(|(one, two)| (node(*one), node(*two)));
            edges.collect()
        };
        let sets = placement::sets(graph.graph);
        let with_conditions = sets.filter(|(_, _, has_conditions)| *has_conditions);
        Self {
            within: edges(&graph.hierarchy),
            order: edges(&graph.dependencies),
            conditions: with_conditions.map(|(set, _, _)| node(set)).collect(),
        }
    }

    /// The sets in which another module has systems for which this does not hold.
    fn not_held_by(&self, other: &Self, runs_first: bool) -> Vec<InternedSystemSet> {
        // That a set is in another counts whoever says it.
        let nested = self.within.iter();
        let nested = nested.filter(|(set, member)| is_shared(*set) && is_shared(*member));
        let within: Vec<(Node, Node)> = other.within.iter().chain(nested).copied().collect();
        let is_others = |node: Node| is_shared(node) && has_systems(&within, node);
        let is_own = |node: Node| has_systems(&self.within, node);
        let conditions = self.conditions.iter();
        let conditions = conditions.filter(|set| !other.conditions.contains(set));
        let mut sets: Vec<Node> = conditions.copied().collect();
        for (earlier, later) in self.order.iter().filter(|edge| !other.order.contains(edge)) {
            let (earlier, later) = (*earlier, *later);
            let is_within = is_others(earlier) && is_others(later);
            if is_within || is_of_host(earlier) || is_own(earlier) && !runs_first {
                sets.push(later);
            }
            if is_within || is_of_host(later) || is_own(later) && runs_first {
                sets.push(earlier);
            }
        }
        // The app has a condition or an order for these, of which the other module does not know.
        let in_host = self.within.iter();
        let in_host = in_host.filter(|edge| is_of_host(edge.0) && !other.within.contains(edge));
        sets.extend(in_host.map(|(_, member)| *member));
        let mut known = HashSet::new();
        let sets = sets.into_iter();
        let sets = sets.filter(|set| is_others(*set) && known.insert(*set));
        let sets = sets.filter_map(|node| match node {
            Node::Set(set) => Some(set),
            Node::Own(_) | Node::OfHost(_) => None,
        });
        sets.collect()
    }
}

/// Whether several modules may have systems in it.
fn is_shared(node: Node) -> bool {
    matches!(node, Node::Set(_))
}

fn is_of_host(node: Node) -> bool {
    matches!(node, Node::OfHost(_))
}

/// Whether a node is a system, or one of these sets that has any.
fn has_systems(within: &[(Node, Node)], node: Node) -> bool {
    let mut seen = HashSet::new();
    let mut waiting = vec![node];
    while let Some(node) = waiting.pop() {
        if matches!(node, Node::Own(NodeId::System(_))) {
            return true;
        }
        if seen.insert(node) {
            let members = within.iter().filter(|(set, _)| *set == node);
            waiting.extend(members.map(|(_, member)| *member));
        }
    }
    false
}

//! What one module says of a set in which another has systems.
//!
//! Without `hot`, all systems of a schedule are in one graph. Here each module has one of its own, and they run one
//! after the other. So a condition or an order that a module says does not hold for the systems of another, unless
//! that says the same. And an order between systems of the one and of the other does not hold whoever says it, unless
//! the modules run in it anyway. What does not hold is told in the report.

use std::collections::{HashMap, HashSet};

use bevy::{
    ecs::schedule::{
        InternedScheduleLabel, InternedSystemSet, NodeId, Schedule, ScheduleLabel, SystemSet,
    },
    prelude::{Schedules, StateTransition, World},
};

use super::{
    placement::{self, Graph, Placement},
    recording::ModuleSchedules,
};

/// What a module says of the sets in its schedules.
pub(crate) type Sayings = HashMap<InternedScheduleLabel, Saying>;

/// What a module says of the sets in one schedule.
#[derive(Default)]
pub(crate) struct Saying {
    /// Set and member.
    within: Vec<(Node, Node)>,
    /// Earlier and later, also by sets between them.
    order: Vec<(Node, Node)>,
    /// Those with run conditions.
    conditions: Vec<Node>,
    /// Whether its systems have places among those of the host, and do not run when their module does.
    is_placed: bool,
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
pub(crate) fn sayings(
    live: &World,
    schedules: &ModuleSchedules,
    placements: &[(InternedScheduleLabel, Placement)],
) -> Sayings {
    let of_host = live.get_resource::<Schedules>();
    // The steps of transitions are in every app.
    let schedules = schedules.iter();
    let schedules = schedules.filter(|(label, _)| **label != StateTransition.intern());
    let sayings = schedules.map(|(label, schedule)| {
        let host = of_host.and_then(|schedules| schedules.get(*label));
        let is_placed = placements.iter().any(|(placed, _)| placed == label);
        (*label, Saying::of(host, schedule, is_placed))
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
                     does not hold for them. Say it in the app, for all modules, or in both of these; an order between the \
                     two also by `after`, or by the place in which they are listed",
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
    fn of(host: Option<&Schedule>, schedule: &Schedule, is_placed: bool) -> Self {
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
            order: through_sets(edges(&graph.dependencies)),
            conditions: with_conditions.map(|(set, _, _)| node(set)).collect(),
            is_placed,
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
        // Of systems that have places among those of the host, nobody knows.
        let is_known = !self.is_placed && !other.is_placed;
        let [is_before, is_after] = [runs_first, !runs_first].map(|runs| runs && is_known);
        for (earlier, later) in self.order.iter().copied() {
            let is_common = !is_of_one(earlier) && !is_of_one(later);
            let is_others_too = is_common && other.order.contains(&(earlier, later));
            let is_within = is_others(earlier) && is_others(later);
            let is_told = |node: Node| !is_others_too && (is_within || is_of_host(node));
            if is_told(earlier) || is_own(earlier) && !is_before && !is_others_too {
                sets.push(later);
            }
            // If both say it, it is told of the one that has what comes later.
            if is_told(later) || is_own(later) && !is_after {
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

/// What is before a set is before what that is before, though nothing be in it.
fn through_sets(order: Vec<(Node, Node)>) -> Vec<(Node, Node)> {
    let mut all = order;
    let mut known: HashSet<(Node, Node)> = all.iter().copied().collect();
    let mut at = 0;
    while let Some((earlier, between)) = all.get(at).copied() {
        if is_shared(between) {
            let next = all.iter().filter(|(set, _)| *set == between);
            let next: Vec<Node> = next.map(|(_, later)| *later).collect();
            let new = next.into_iter().map(|later| (earlier, later));
            all.extend(new.filter(|edge| known.insert(*edge)));
        }
        at += 1;
    }
    all
}

/// Whether several modules may have systems in it.
fn is_shared(node: Node) -> bool {
    matches!(node, Node::Set(_))
}

/// Whether it is of one module. Of another, what has the same number is something else.
fn is_of_one(node: Node) -> bool {
    matches!(node, Node::Own(_))
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

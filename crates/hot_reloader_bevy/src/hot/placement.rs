//! Where systems of a module run among those of the host.
//!
//! A module's systems of one schedule run as one, inside the delegator of that schedule. Those that are
//! in a set of the host, or ordered against one, cannot: without `hot` they would run where the host
//! has its sets. So a module's schedule with such systems is run in *units*: each has a delegator of its own,
//! placed in the host's schedule as its systems ask to be, which runs the schedule and skips all systems but
//! those of the unit. A schedule gives no system back, so these delegators stay when the module's code is
//! replaced; they are used again if the new code asks for the same arrangement, and run nothing otherwise.
#![expect(
    unsafe_code,
    reason = "a set is known by the address of its interned value"
)]

use std::collections::{HashMap, HashSet};

use bevy::{
    ecs::{
        intern::Interned,
        schedule::{InternedSystemSet, NodeId, Schedule, ScheduleGraph, Stepping, SystemSet},
        system::{BoxedSystem, RunSystemOnce},
    },
    prelude::World,
};

use super::{
    delegate,
    listen::{self, Passing},
};

/// How the systems that one module has in one schedule are run in units.
#[derive(Clone, Debug, Default)]
pub(crate) struct Placement {
    pub(crate) units: Vec<Unit>,
    /// The unit of each system, in the order in which they were added.
    pub(crate) unit_of: Vec<usize>,
}

impl Placement {
    /// What lets only the systems of each unit run, in the order of the units. The schedule is initialised.
    pub(crate) fn filters(&self, schedule: &Schedule) -> Vec<Stepping> {
        let filter = |unit: usize| {
            only(schedule, |node, _| {
                let of = match node {
                    NodeId::System(system) => self.unit_of.get(system),
                    NodeId::Set(_) => None,
                };
                // Commands are applied between the systems of each unit.
                of.is_none_or(|of| *of == unit)
            })
        };
        (0..self.units.len()).map(filter).collect()
    }
}

/// What lets those systems of a schedule run of which `runs` says so. The schedule is initialised.
pub(crate) fn only(schedule: &Schedule, runs: impl Fn(NodeId, &BoxedSystem) -> bool) -> Stepping {
    let label = schedule.label();
    let filter = || {
        let mut filter = Stepping::new();
        filter.add_schedule(label).enable();
        for (node, system) in schedule.systems().into_iter().flatten() {
            if runs(node, system) {
                filter.always_run_node(label, node);
            } else {
                filter.never_run_node(label, node);
            }
        }
        begun(filter)
    };
    // It tells in the log that it is used.
    listen::to_plugins(Passing::Nothing, filter).0
}

/// What was asked of it counts from the beginning of a frame on.
fn begun(filter: Stepping) -> Stepping {
    let mut world = World::new();
    world.insert_resource(filter);
    world.run_system_once(Stepping::begin_frame);
    world.remove_resource().unwrap_or_default()
}

/// The place of a unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unit {
    pub(crate) within: Vec<InternedSystemSet>,
    pub(crate) before: Vec<InternedSystemSet>,
    pub(crate) after: Vec<InternedSystemSet>,
    /// The units of the same module that come before it.
    pub(crate) follows: Vec<usize>,
}

/// Finds out how the systems of `module` are to be placed in the schedule of the host: `None` if they
/// can run as one.
///
/// # Errors
///
/// What cannot be done, and what to do instead.
pub(crate) fn place(host: &Schedule, module: &Schedule) -> Result<Option<Placement>, String> {
    let of_host = named_sets(host);
    let (host, module) = (host.graph(), Graph::of(module.graph()));
    let is_host = |node: &NodeId| module.set(*node).filter(|set| of_host.contains(set));
    let count = module.graph.systems().count();
    let mut keys: Vec<Unit> = Vec::with_capacity(count);
    for system in (0..count).map(NodeId::System) {
        let around = module.around(system);
        let places = |nodes: Vec<NodeId>| -> Vec<InternedSystemSet> {
            let mut places: Vec<_> = nodes.iter().filter_map(is_host).collect();
            places.sort_by_key(|set| format!("{set:?}"));
            places.dedup();
            places
        };
        let own = std::iter::once(system).chain(around.iter().copied());
        let own: Vec<NodeId> = own.collect();
        let edges = |before: bool| {
            let edges = module.dependencies.iter().filter(|(from, to)| {
                let (mine, other) = if before { (from, to) } else { (to, from) };
                own.contains(mine) && is_host(mine).is_none() && !own.contains(other)
            });
            let others = edges.map(|(from, to)| if before { *to } else { *from });
            others.collect::<Vec<_>>()
        };
        let is_plain = |node: &NodeId| {
            module
                .set(*node)
                .is_none_or(|set| set.system_type().is_none())
        };
        keys.push(Unit {
            within: places(around.iter().copied().filter(is_plain).collect()),
            before: places(edges(true)),
            after: places(edges(false)),
            follows: Vec::new(),
        });
    }
    let known = Graph::of(host);
    for key in &mut keys {
        known.leave_out_around(&mut key.within);
    }
    for (from, to) in &module.dependencies {
        if let (Some(from), Some(to)) = (is_host(from), is_host(to)) {
            if known.orders(from, to) {
                continue;
            }
            return Err(format!(
                "it orders the app's sets {from:?} and {to:?}; do that in the app"
            ));
        }
    }
    for (set, _, _) in sets(module.graph).filter(|(_, _, has_conditions)| *has_conditions) {
        if let Some(set) = is_host(&set) {
            return Err(format!(
                "it gives a run condition to the app's set {set:?}; do that in the app, or give it to the module's own systems"
            ));
        }
    }
    if keys.iter().all(|key| *key == Unit::nowhere()) {
        return Ok(None);
    }
    let unit_of = module.units(count);
    let units = module.unite(&keys, &unit_of)?;
    fits(host, &units)?;
    Ok(Some(Placement { units, unit_of }))
}

impl Unit {
    fn nowhere() -> Self {
        Self {
            within: Vec::new(),
            before: Vec::new(),
            after: Vec::new(),
            follows: Vec::new(),
        }
    }
}

/// The sets of a schedule that have names. The others have numbers, which each schedule counts anew.
pub(crate) fn named_sets(schedule: &Schedule) -> HashSet<InternedSystemSet> {
    let sets = sets(schedule.graph()).map(|(_, set, _)| set);
    sets.filter(|set| !set.is_anonymous()).collect()
}

/// The sets of a schedule, with whether each has run conditions.
pub(crate) fn sets(
    graph: &ScheduleGraph,
) -> impl Iterator<Item = (NodeId, InternedSystemSet, bool)> + '_ {
    graph
        .system_sets()
        .map(|(node, set, conditions)| (node, interned(set), !conditions.is_empty()))
}

/// The set of a schedule that shows itself under this name.
pub(crate) fn set_named(schedule: &Schedule, name: &str) -> Option<InternedSystemSet> {
    let mut sets = sets(schedule.graph()).map(|(_, set, _)| set);
    sets.find(|set| format!("{set:?}") == name)
}

fn interned(set: &dyn SystemSet) -> InternedSystemSet {
    // SAFETY: a schedule's graph holds each set interned, and hands out the reference of that: it
    // points to a value that was leaked when it was interned.
    Interned(unsafe { &*std::ptr::from_ref(set) })
}

/// What is needed of a module's schedule.
pub(crate) struct Graph<'a> {
    pub(crate) graph: &'a ScheduleGraph,
    /// Set and member.
    pub(crate) hierarchy: Vec<(NodeId, NodeId)>,
    /// Earlier and later.
    pub(crate) dependencies: Vec<(NodeId, NodeId)>,
}

impl<'a> Graph<'a> {
    pub(crate) fn of(graph: &'a ScheduleGraph) -> Self {
        let edges = |dag: &bevy::ecs::schedule::Dag| {
            let edges = dag.graph().all_edges();
            edges.map(|(from, to, ())| (from, to)).collect()
        };
        Self {
            graph,
            hierarchy: edges(graph.hierarchy()),
            dependencies: edges(graph.dependency()),
        }
    }

    pub(crate) fn set(&self, node: NodeId) -> Option<InternedSystemSet> {
        self.graph.get_set_at(node).map(interned)
    }

    /// Without what stands for systems of modules.
    fn without_units(&self) -> Self {
        let is_unit = |set: NodeId| self.set(set).is_some_and(delegate::is_unit);
        let units = self.hierarchy.iter().filter(|(set, _)| is_unit(*set));
        let units: HashSet<NodeId> = units.flat_map(|(set, system)| [*set, *system]).collect();
        let others = |edges: &[(NodeId, NodeId)]| {
            let edges = edges.iter().copied();
            let is_other =
                |(one, two): &(NodeId, NodeId)| !units.contains(one) && !units.contains(two);
            edges.filter(is_other).collect()
        };
        Self {
            graph: self.graph,
            hierarchy: others(&self.hierarchy),
            dependencies: others(&self.dependencies),
        }
    }

    /// Whether it says itself that one set comes before another.
    fn orders(&self, earlier: InternedSystemSet, later: InternedSystemSet) -> bool {
        let mut edges = self.dependencies.iter();
        edges.any(|(from, to)| self.set(*from) == Some(earlier) && self.set(*to) == Some(later))
    }

    /// All sets that a node is in.
    fn around(&self, node: NodeId) -> Vec<NodeId> {
        let mut found = Vec::new();
        let mut waiting = vec![node];
        while let Some(node) = waiting.pop() {
            let parents = self.hierarchy.iter().filter(|(_, member)| *member == node);
            for (set, _) in parents {
                if !found.contains(set) {
                    found.push(*set);
                    waiting.push(*set);
                }
            }
        }
        found
    }

    /// Leaves out sets that have another of them in them anyway. To say so twice is an error to some schedules.
    fn leave_out_around(&self, within: &mut Vec<InternedSystemSet>) {
        let nodes = sets(self.graph).filter(|(_, set, _)| within.contains(set));
        let around = nodes.flat_map(|(node, _, _)| self.around(node));
        let around: Vec<InternedSystemSet> = around.filter_map(|node| self.set(node)).collect();
        within.retain(|set| !around.contains(set));
    }

    /// All systems in a node, by number.
    fn systems_below(&self, node: NodeId) -> Vec<usize> {
        if let NodeId::System(system) = node {
            return vec![system];
        }
        let members = self.hierarchy.iter().filter(|(set, _)| *set == node);
        members
            .flat_map(|(_, member)| self.systems_below(*member))
            .collect()
    }

    /// Systems under one set with a run condition stay together: it is evaluated once for all.
    fn units(&self, count: usize) -> Vec<usize> {
        let mut unit_of: Vec<usize> = (0..count).collect();
        for (set, _, _) in sets(self.graph).filter(|(_, _, has_conditions)| *has_conditions) {
            let below = self.systems_below(set);
            if let Some(unit) = below.iter().map(|system| unit_of[*system]).min() {
                let joined: HashSet<usize> = below.iter().map(|system| unit_of[*system]).collect();
                for of in &mut unit_of {
                    if joined.contains(of) {
                        *of = unit;
                    }
                }
            }
        }
        // Numbered without gaps.
        let mut numbers: Vec<usize> = unit_of.clone();
        numbers.sort_unstable();
        numbers.dedup();
        for of in &mut unit_of {
            *of = numbers.binary_search(of).expect("it is one of them");
        }
        unit_of
    }

    fn unite(&self, keys: &[Unit], unit_of: &[usize]) -> Result<Vec<Unit>, String> {
        let count = unit_of.iter().max().map_or(0, |last| last + 1);
        let mut units: Vec<Option<Unit>> = vec![None; count];
        for (key, unit) in keys.iter().zip(unit_of) {
            match &mut units[*unit] {
                none @ None => *none = Some(key.clone()),
                Some(unit) if unit == key => {}
                Some(_) => return Err(
                    "systems that share a run condition have different places among the app's sets; give each a condition of its own".to_owned()
                ),
            }
        }
        let mut units: Vec<Unit> = units.into_iter().flatten().collect();
        for (from, to) in &self.dependencies {
            for earlier in self.systems_below(*from) {
                for later in self.systems_below(*to) {
                    let (earlier, later) = (unit_of[earlier], unit_of[later]);
                    if earlier != later && !units[later].follows.contains(&earlier) {
                        units[later].follows.push(earlier);
                    }
                }
            }
        }
        units
            .iter_mut()
            .for_each(|unit| unit.follows.sort_unstable());
        Ok(units)
    }
}

/// A point in time within a run of the host's schedule.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Point {
    Begin(NodeId),
    End(NodeId),
    Unit(usize),
}

/// Whether the systems of several modules can be placed in the schedule of the host together.
///
/// # Errors
///
/// That they cannot.
pub(crate) fn fit_together(host: &Schedule, placements: &[&Placement]) -> Result<(), String> {
    let mut units: Vec<Unit> = Vec::new();
    for placement in placements {
        let first = units.len();
        units.extend(placement.units.iter().map(|unit| Unit {
            follows: unit.follows.iter().map(|of| first + of).collect(),
            ..unit.clone()
        }));
    }
    let together = fits(host.graph(), &units);
    together.map_err(|_| {
        "its systems, those of other modules and the app's sets wait for each other".to_owned()
    })
}

/// Whether the host's schedule can still be put into order with the units in it.
fn fits(host: &ScheduleGraph, units: &[Unit]) -> Result<(), String> {
    let graph = Graph::of(host);
    let nodes: HashMap<InternedSystemSet, NodeId> =
        sets(host).map(|(node, set, _)| (set, node)).collect();
    let mut around = units
        .iter()
        .flat_map(|unit| unit.before.iter().chain(&unit.after));
    let is_several = |set: &&InternedSystemSet| {
        let node = nodes.get(*set).filter(|_| set.system_type().is_some());
        node.is_some_and(|node| graph.systems_below(*node).len() > 1)
    };
    if let Some(set) = around.find(is_several) {
        return Err(format!(
            "it orders systems against {set:?}, which the app has more than once; put those into a set in the app"
        ));
    }
    if are_in_order(&graph, &nodes, units) {
        return Ok(());
    }
    let of_host = "its systems and the app's sets wait for each other";
    let of_modules = "its systems, the app's sets and systems of modules that have been placed among them wait for each \
                      other; those of code before stay there until the restart";
    let is_of_modules = are_in_order(&graph.without_units(), &nodes, units);
    Err(if is_of_modules { of_modules } else { of_host }.to_owned())
}

/// Whether none of them waits for itself.
fn are_in_order(
    graph: &Graph<'_>,
    nodes: &HashMap<InternedSystemSet, NodeId>,
    units: &[Unit],
) -> bool {
    let later = what_comes_later(graph, nodes, units);
    let mut waits: HashMap<Point, usize> = later.keys().map(|point| (*point, 0)).collect();
    for to in later.values().flatten() {
        *waits.entry(*to).or_default() += 1;
    }
    let mut ready: Vec<Point> = waits
        .iter()
        .filter(|(_, n)| **n == 0)
        .map(|(p, _)| *p)
        .collect();
    let mut done = 0;
    while let Some(point) = ready.pop() {
        done += 1;
        for to in later.get(&point).into_iter().flatten() {
            let left = waits.get_mut(to).expect("all are counted");
            *left -= 1;
            if *left == 0 {
                ready.push(*to);
            }
        }
    }
    done == waits.len()
}

/// By point, those that it comes before.
fn what_comes_later(
    graph: &Graph<'_>,
    nodes: &HashMap<InternedSystemSet, NodeId>,
    units: &[Unit],
) -> HashMap<Point, Vec<Point>> {
    let begin = |node: NodeId| Point::Begin(node);
    // A system takes no time, so it begins and ends at once.
    let end = |node: NodeId| {
        if node.is_system() {
            Point::Begin(node)
        } else {
            Point::End(node)
        }
    };
    let mut later: HashMap<Point, Vec<Point>> = HashMap::new();
    let mut edge = |from: Point, to: Point| {
        later.entry(from).or_default().push(to);
        later.entry(to).or_default();
    };
    for node in nodes.values() {
        edge(begin(*node), end(*node));
    }
    for (set, member) in &graph.hierarchy {
        edge(begin(*set), begin(*member));
        edge(end(*member), end(*set));
    }
    for (from, to) in &graph.dependencies {
        edge(end(*from), begin(*to));
    }
    for (number, unit) in units.iter().enumerate() {
        let this = Point::Unit(number);
        for set in unit.within.iter().filter_map(|set| nodes.get(set)) {
            edge(begin(*set), this);
            edge(this, end(*set));
        }
        for set in unit.after.iter().filter_map(|set| nodes.get(set)) {
            edge(end(*set), this);
        }
        for set in unit.before.iter().filter_map(|set| nodes.get(set)) {
            edge(this, begin(*set));
        }
        for earlier in &unit.follows {
            edge(Point::Unit(*earlier), this);
        }
    }
    later
}

//! Where systems of a module run among those of the host.
//!
//! A module's systems of one schedule run as one, inside the delegator of that schedule. Those that are
//! in a set of the host, or ordered against one, cannot: without `hot` they would run where the host
//! has its sets. So a module with such systems is taken apart into *units*, and each unit gets a
//! delegator of its own, placed in the host's schedule as its systems ask to be. A schedule gives no
//! system back, so these delegators stay when the module's code is replaced; they are used again if the
//! new code asks for the same arrangement, and run nothing otherwise.
#![expect(
    unsafe_code,
    reason = "a set is known by the address of its interned value"
)]

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use bevy::ecs::{
    intern::Interned,
    schedule::{
        Chain, InternedScheduleLabel, InternedSystemSet, IntoSystemSetConfigs, NodeConfigs, NodeId,
        Schedule, ScheduleGraph, ScheduleLabel, SystemConfigs, SystemSet,
    },
};

/// How the systems that one module has in one schedule are taken apart.
#[derive(Clone, Debug, Default)]
pub(crate) struct Placement {
    pub(crate) units: Vec<Unit>,
    /// The unit of each system, in the order in which they are added.
    pub(crate) unit_of: Vec<usize>,
    /// The unit that each call of `configure_sets` goes to: that of the systems it gives a run
    /// condition.
    pub(crate) unit_of_call: Vec<Option<usize>>,
    /// The order of the module's own sets, and which is in which: needed within units.
    orders: Vec<(InternedSystemSet, InternedSystemSet)>,
    nests: Vec<(InternedSystemSet, InternedSystemSet)>,
}

impl Placement {
    /// A schedule for one unit, with the module's own sets as they are.
    pub(crate) fn schedule(&self, label: UnitLabel) -> Schedule {
        let mut schedule = Schedule::new(label);
        for (set, member) in &self.nests {
            schedule.configure_sets((*member).in_set(*set));
        }
        for (earlier, later) in &self.orders {
            schedule.configure_sets((*earlier).before(*later));
        }
        schedule
    }

    /// Sorts what one call of `add_systems` adds by unit. `next` is the number of its first system.
    pub(crate) fn split(
        &self,
        configs: SystemConfigs,
        next: &mut usize,
    ) -> BTreeMap<usize, SystemConfigs> {
        let mut unit = || {
            // There are as many as in the rehearsal, which the caller makes sure of in the end.
            let unit = self.unit_of.get(*next).copied().unwrap_or_default();
            *next += 1;
            unit
        };
        match configs {
            NodeConfigs::NodeConfig(_) => BTreeMap::from([(unit(), configs)]),
            NodeConfigs::Configs {
                configs,
                collective_conditions,
                chained,
            } if !collective_conditions.is_empty() => {
                let first = unit();
                *next += count(&configs) - 1;
                let configs = NodeConfigs::Configs {
                    configs,
                    collective_conditions,
                    chained,
                };
                BTreeMap::from([(first, configs)])
            }
            NodeConfigs::Configs {
                configs, chained, ..
            } => {
                let mut parts: BTreeMap<usize, Vec<SystemConfigs>> = BTreeMap::new();
                for config in configs {
                    for (unit, part) in self.split(config, next) {
                        parts.entry(unit).or_default().push(part);
                    }
                }
                let again = |configs| NodeConfigs::Configs {
                    configs,
                    collective_conditions: Vec::new(),
                    chained: match chained {
                        Chain::Yes => Chain::Yes,
                        Chain::YesIgnoreDeferred => Chain::YesIgnoreDeferred,
                        Chain::No => Chain::No,
                    },
                };
                let parts = parts.into_iter();
                parts
                    .map(|(unit, configs)| (unit, again(configs)))
                    .collect()
            }
        }
    }
}

fn count(configs: &[SystemConfigs]) -> usize {
    let counts = configs.iter().map(|config| match config {
        NodeConfigs::NodeConfig(_) => 1,
        NodeConfigs::Configs { configs, .. } => count(configs),
    });
    counts.sum()
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

/// The schedule of one unit.
#[derive(ScheduleLabel, Clone, PartialEq, Eq, Hash)]
pub(crate) struct UnitLabel {
    pub(crate) host: InternedScheduleLabel,
    pub(crate) arrangement: usize,
    pub(crate) unit: usize,
}

/// As the person knows it.
impl std::fmt::Debug for UnitLabel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.host.fmt(f)
    }
}

/// Finds out how the systems of `module` are to be placed in the schedule of the host: `None` if they
/// can run as one. `calls` are the sets that each call of `configure_sets` gave run conditions.
///
/// # Errors
///
/// What cannot be done, and what to do instead.
pub(crate) fn place(
    host: &Schedule,
    module: &Schedule,
    calls: &[Vec<NodeId>],
) -> Result<Option<Placement>, String> {
    let (host, module) = (host.graph(), Graph::of(module.graph()));
    let of_host: HashSet<InternedSystemSet> = sets(host).map(|(_, set, _)| set).collect();
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
    for (from, to) in &module.dependencies {
        if let (Some(from), Some(to)) = (is_host(from), is_host(to)) {
            return Err(format!(
                "it orders the app's sets {from:?} and {to:?}; do that in the app"
            ));
        }
    }
    let conditioned: BTreeSet<NodeId> = calls.iter().flatten().copied().collect();
    for set in &conditioned {
        if let Some(set) = is_host(set) {
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
    let mut unit_of_call = Vec::new();
    for sets in calls {
        let below = sets.iter().flat_map(|set| module.systems_below(*set));
        let of: BTreeSet<usize> = below.map(|system| unit_of[system]).collect();
        if of.len() > 1 {
            return Err(
                "one `configure_sets` gives run conditions to sets whose systems have different places among the app's sets; configure each set by a call of its own".to_owned()
            );
        }
        unit_of_call.push(of.first().copied());
    }
    let between_sets = |edges: &[(NodeId, NodeId)]| {
        let own = |node: NodeId| {
            let set = module.set(node).filter(|set| !of_host.contains(set));
            set.filter(|set| set.system_type().is_none() && !set.is_anonymous())
        };
        let edges = edges.iter().filter_map(|(a, b)| Some((own(*a)?, own(*b)?)));
        edges.collect::<Vec<_>>()
    };
    Ok(Some(Placement {
        orders: between_sets(&module.dependencies),
        nests: between_sets(&module.hierarchy),
        unit_of_call,
        units,
        unit_of,
    }))
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

/// The sets of a schedule, with whether each has run conditions.
fn sets(graph: &ScheduleGraph) -> impl Iterator<Item = (NodeId, InternedSystemSet, bool)> + '_ {
    graph
        .system_sets()
        .map(|(node, set, conditions)| (node, interned(set), !conditions.is_empty()))
}

/// The sets of a schedule that have run conditions, and how many each has.
pub(crate) fn conditions(schedule: &Schedule) -> HashMap<NodeId, usize> {
    let sets = schedule.graph().system_sets();
    sets.map(|(node, _, conditions)| (node, conditions.len()))
        .collect()
}

fn interned(set: &dyn SystemSet) -> InternedSystemSet {
    // SAFETY: a schedule's graph holds each set interned, and hands out the reference of that: it
    // points to a value that was leaked when it was interned.
    Interned(unsafe { &*std::ptr::from_ref(set) })
}

/// What is needed of a module's schedule.
struct Graph<'a> {
    graph: &'a ScheduleGraph,
    /// Set and member.
    hierarchy: Vec<(NodeId, NodeId)>,
    /// Earlier and later.
    dependencies: Vec<(NodeId, NodeId)>,
}

impl<'a> Graph<'a> {
    fn of(graph: &'a ScheduleGraph) -> Self {
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

    fn set(&self, node: NodeId) -> Option<InternedSystemSet> {
        self.graph.get_set_at(node).map(interned)
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

/// Whether the host's schedule can still be put into order with the units in it.
fn fits(host: &ScheduleGraph, units: &[Unit]) -> Result<(), String> {
    let graph = Graph::of(host);
    let nodes: HashMap<InternedSystemSet, NodeId> =
        sets(host).map(|(node, set, _)| (set, node)).collect();
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
    if done < waits.len() {
        return Err("its systems and the app's sets wait for each other".to_owned());
    }
    Ok(())
}

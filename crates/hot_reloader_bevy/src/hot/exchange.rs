//! Resources that a build must not lose are kept out of its way.
//!
//! Building a plugin again inserts what is there already. To the engine that is the end of the value that
//! was there, and a value whose type is not known here cannot be taken out of a world. But two values of one
//! type can change places. The same build has made one of each resource in a throwaway world: so those take
//! the place of the live ones while the plugin builds on the live world, and when that is over it is
//! decided which of the two goes on. Building once more in the throwaway world tells what the plugin sets from
//! what it only makes sure of.
#![expect(
    unsafe_code,
    reason = "values change places that are known by their type id only"
)]

use std::{
    any::TypeId,
    collections::{HashMap, HashSet},
    ptr::NonNull,
    sync::Arc,
};

use bevy::{
    diagnostic::{Diagnostic, DiagnosticsStore},
    ecs::{
        change_detection::DetectChangesMut,
        component::{ComponentId, ComponentTicks, Tick},
        entity::Entity,
    },
    prelude::{AssetServer, Fixed, Time, World},
    ptr::{OwningPtr, Ptr},
};
use hot_reloader_core::panics;
use hot_reloader_transaction::RehearsalFault;

use super::{
    exempt::NotRolledBack,
    names,
    resources::{self, find, name_of, ticks, value, ResourceKey},
    scratch,
    snapshot::{Column, Copier, Copiers},
};

/// A resource as a build made it.
pub(crate) struct MadeValue {
    /// A copy, if there can be one.
    copy: Option<Column>,
    /// When it was put into the live world.
    tick: Tick,
}

impl MadeValue {
    /// Whether a live value, which was changed last at `changed`, is still what the build made.
    pub(crate) fn is_still(
        &self,
        live: Ptr<'_>,
        changed: Tick,
        id: TypeId,
        copiers: &Copiers,
    ) -> bool {
        let was = self.copy.as_ref();
        // What is behind a shared reference may change without a tick.
        changed == self.tick
            && was.is_some_and(|was| {
                // SAFETY: the copy is of the type, and so is the value.
                unsafe { equal(was.get(0), live, was.item().size(), id, copiers) }
            })
    }
}

/// What the builds of the modules made last, by type. It says whether a value in the world is still what
/// the code before put there.
pub(crate) type MadeValues = HashMap<ResourceKey, Arc<MadeValue>>;

/// The resources that builds have made or changed in the throwaway world, and whether nobody else had made
/// them.
pub(crate) type MadeKeys = HashMap<ResourceKey, bool>;

/// What is known before modules build.
pub(crate) struct Known<'a> {
    /// What they make.
    pub(crate) keys: &'a MadeKeys,
    /// What the builds before them made.
    pub(crate) before: &'a MadeValues,
    /// Whether they could all be tried to the end.
    pub(crate) is_sure: bool,
    /// The states of the world, by the names that new code has for them.
    pub(crate) states: HashSet<String>,
    /// The resources of builds before that were gone when the reload began.
    pub(crate) gone: HashSet<ResourceKey>,
}

/// Live resources that change places with those of a throwaway world.
pub(crate) struct Exchange {
    scratch: World,
    pairs: Vec<Pair>,
    /// Copies of live resources that may be inserted though nobody has tried it.
    kept: Vec<Kept>,
    states: HashSet<String>,
    gone: HashSet<ResourceKey>,
    /// The resources that were there.
    present: HashSet<ResourceKey>,
    /// Whether all that the builds make is known beforehand.
    is_sure: bool,
    /// When the builds began.
    begin: Tick,
    /// Whether a value was moved out of the throwaway world, which must not be dropped then.
    is_leaked: bool,
    /// Entities of the throwaway world of which a component was moved out.
    spent: Vec<Entity>,
    /// The live asset server, if another one stands in for it.
    assets: Option<AssetServer>,
    /// Values that were overwritten and cannot be brought back, by name.
    overwritten: Vec<String>,
}

struct Pair {
    key: ResourceKey,
    name: String,
    live: ComponentId,
    scratch: ComponentId,
    /// Of the live value.
    ticks: ComponentTicks,
    /// What the build made of it in the throwaway world.
    copy: Option<Column>,
    /// Whether the build makes it as if for the first time.
    is_made_anew: bool,
    /// Whether the build does more than to make sure that it is there.
    is_set: bool,
    /// Which of the two is in the live world.
    live_is_aside: bool,
}

/// A live resource of which no build has made another.
struct Kept {
    key: ResourceKey,
    name: String,
    live: ComponentId,
    ticks: ComponentTicks,
    copy: Option<Column>,
}

/// Whether two builds make the same of a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Same {
    Yes,
    No,
    /// It consists of what the world gave it, such as entities, so it is another one each time.
    OfWorld,
    /// Nothing can look into it.
    Unknown,
}

impl Exchange {
    /// For resources that code before has made and the modules make again. `again` builds once more. The live world
    /// is left alone.
    pub(crate) fn prepare(
        world: &World,
        mut scratch: World,
        known: Known<'_>,
        again: impl FnOnce(&mut World),
    ) -> Self {
        let copiers = Copiers::new(world, &[]);
        let mut kept = Vec::new();
        if !known.is_sure {
            let untried = known.before.keys();
            let untried = untried.filter(|key| !known.keys.contains_key(*key));
            kept.extend(untried.filter_map(|key| Kept::of(world, *key, &copiers)));
        }
        let mut pairs: Vec<Pair> = Vec::new();
        for (key, is_own) in known.keys {
            if known.before.contains_key(key) {
                pairs.extend(Pair::of(world, &scratch, *key, *is_own, &copiers));
            }
        }
        let present = resources::present(world);
        let new = known.keys.keys().filter(|key| !present.contains(*key));
        let mut new = new.filter_map(|key| name_of(&scratch, *key));
        if new.any(|name| names::is_of_gizmos(&name)) {
            // A group that is new must be among those that there are, and nobody can move it there.
            pairs.retain(|pair| !names::knows_gizmos(&pair.name));
        }
        if pairs.iter().any(|pair| !names::goes_on(&pair.name)) {
            let last = scratch.increment_change_tick();
            again(&mut scratch);
            let now = scratch.increment_change_tick();
            for pair in &mut pairs {
                let changed = ticks(&scratch, pair.scratch, pair.key.1);
                let changed = changed.map(|ticks| ticks.last_changed_tick());
                let is_newer = changed.is_some_and(|changed| changed.is_newer_than(last, now));
                pair.is_set = is_newer && !names::goes_on(&pair.name);
            }
        }
        scratch::clear_events(&mut scratch);
        Self {
            scratch,
            pairs,
            kept,
            states: known.states,
            gone: known.gone,
            present,
            is_sure: known.is_sure,
            begin: Tick::new(0),
            is_leaked: false,
            spent: Vec::new(),
            assets: None,
            overwritten: Vec::new(),
        }
    }

    /// Lets them change places.
    pub(crate) fn begin(&mut self, world: &mut World) {
        // To register a type of assets again would make the server forget those that there are.
        if self.pairs.iter().any(|pair| names::is_assets(&pair.name)) {
            let stands_in = self.scratch.get_resource::<AssetServer>().cloned();
            let live = world.get_resource_mut::<AssetServer>();
            self.assets = live.zip(stands_in).map(|(mut server, stands_in)| {
                std::mem::replace(server.bypass_change_detection(), stands_in)
            });
        }
        self.begin = world.increment_change_tick();
        for index in 0..self.pairs.len() {
            self.turn(world, index);
            let pair = &self.pairs[index];
            // Not if the build has left none to stand in for it.
            match (pair.is_made_anew && pair.live_is_aside, pair.key.1) {
                (false, _) => {}
                (true, true) => drop(world.remove_resource_by_id(pair.live)),
                (true, false) => drop(world.remove_non_send_by_id(pair.live)),
            }
        }
    }

    /// The plugins have built: puts the live values back, but for those of which the code says something else
    /// than the code before it. Notes in `made` what it says. Returns what is to be said in the report.
    /// `may_change_unseen` says so of a type of a crate that may change, `None` of others.
    ///
    /// # Errors
    ///
    /// If what was made does not work.
    pub(crate) fn end(
        &mut self,
        world: &mut World,
        keys: &MadeKeys,
        made: &mut MadeValues,
        may_change_unseen: impl Fn(&str) -> Option<bool>,
    ) -> Result<Vec<String>, RehearsalFault> {
        let had_assets = self.assets.is_some();
        self.put_assets_back(world);
        let copiers = Copiers::new(world, &[]);
        let this_run = world.increment_change_tick();
        let mut warnings = self.made_again(world);
        for index in 0..self.pairs.len() {
            let pair = &self.pairs[index];
            let now = ticks(world, pair.live, pair.key.1).map(|now| now.last_changed_tick());
            let was = made.get(&pair.key).cloned();
            let was = was.expect("only those change places");
            let says_another = self.says_another(world, pair, &was, &copiers, &may_change_unseen);
            if says_another.is_none() {
                warnings.push(format!(
                    "{} is inserted by the code, and its value stays: whether the code says something \
                     else now cannot be told. Derive `Reflect` and register it",
                    pair.name
                ));
            }
            let counts = says_another == Some(true);
            let tick = if counts {
                now.unwrap_or(this_run)
            } else {
                was.tick
            };
            let copy = self.pairs[index].copy.take();
            let key = self.pairs[index].key;
            made.insert(key, Arc::new(MadeValue { copy, tick }));
            if counts {
                self.keep_time(world, index);
            } else {
                self.merge(world, index);
                self.turn(world, index);
            }
        }
        let begin = self.begin;
        for kept in std::mem::take(&mut self.kept) {
            warnings.extend(kept.end(world, begin, made));
        }
        self.quieten(world, keys);
        self.note_overwritten(world);
        if had_assets {
            warnings.extend(self.without_assets(world, keys, &may_change_unseen)?);
        }
        if self.is_sure {
            self.note_new(world, keys, made, &copiers);
        } else {
            self.note_untried(world, made);
        }
        Ok(warnings)
    }

    /// Whether the code says something else of a resource than the code before it; `None` if that cannot be told.
    fn says_another(
        &self,
        world: &World,
        pair: &Pair,
        was: &MadeValue,
        copiers: &Copiers,
        may_change_unseen: &impl Fn(&str) -> Option<bool>,
    ) -> Option<bool> {
        if !pair.is_set {
            return Some(false);
        }
        let is_untouched = was.tick == pair.ticks.last_changed_tick();
        match self.same(world, pair, was, copiers) {
            Same::Yes => Some(false),
            Same::No => Some(true),
            // What it was given holds the new code.
            Same::OfWorld if is_untouched => Some(false),
            same => match may_change_unseen(&pair.name) {
                None => Some(false),
                // What nobody has changed since is what the code before said.
                Some(false) if is_untouched => Some(same == Same::Unknown),
                Some(_) => None,
            },
        }
    }

    /// What is to be said of resources that a build has made for the first time while a server that loads nothing
    /// stood in for that of assets.
    fn without_assets(
        &self,
        world: &mut World,
        keys: &MadeKeys,
        may_change_unseen: &impl Fn(&str) -> Option<bool>,
    ) -> Result<Vec<String>, RehearsalFault> {
        let new = keys.keys().filter(|key| !self.present.contains(*key));
        let new = new.filter_map(|key| Some((key.0, name_of(world, *key)?)));
        let new: Vec<(TypeId, String)> = new.collect();
        let assets = new.iter().filter(|(_, name)| names::is_assets(name));
        let assets: Vec<_> = assets.collect();
        if let Some((_, name)) = assets.first() {
            let what = format!("{name} comes to a module that has assets");
            // Those that stay would be known to the next try, and to no server. Nothing was loaded into them.
            let ids = assets
                .iter()
                .filter_map(|(id, _)| world.components().get_resource_id(*id));
            for id in ids.collect::<Vec<_>>() {
                world.remove_resource_by_id(id);
            }
            return Err(RehearsalFault::NeedsRestart { what });
        }
        let of_code = new.iter();
        let of_code = of_code.filter(|(_, name)| may_change_unseen(name).is_some());
        let said = of_code.map(|(_, name)| {
            format!("{name} was made by a build that loads no assets; restart the app if it has handles")
        });
        Ok(said.collect())
    }

    /// The reload is taken back: what was live is so again. Returns the names of what is lost.
    pub(crate) fn undo(&mut self, world: &mut World) -> Vec<String> {
        self.put_assets_back(world);
        for index in 0..self.pairs.len() {
            if self.pairs[index].live_is_aside {
                self.turn(world, index);
            }
        }
        std::mem::take(&mut self.overwritten)
    }

    /// Does away with the events that have been sent since. Hooks and observers may also have sent some while the world
    /// became what it was.
    pub(crate) fn unsend(&mut self, world: &mut World, since: Tick) {
        let this_run = world.read_change_tick();
        let is_newer =
            |ticks: ComponentTicks| ticks.last_changed_tick().is_newer_than(since, this_run);
        let pairs = self.pairs.iter().enumerate();
        let sent = pairs.filter(|(_, pair)| {
            names::is_events(&pair.name)
                && !pair.live_is_aside
                && ticks(world, pair.live, pair.key.1).is_some_and(is_newer)
        });
        let sent: Vec<usize> = sent.map(|(index, _)| index).collect();
        self.empty(world, &sent);
    }

    /// Moves a component of one entity to another that lacks it. A value of its type that a build has made in the
    /// throwaway world comes in its place. Returns whether there was one.
    pub(crate) fn move_component(
        &mut self,
        world: &mut World,
        id: ComponentId,
        from: Entity,
        to: Entity,
    ) -> bool {
        let info = world.components().get_info(id);
        let known = info.and_then(|info| Some((info.type_id()?, info.layout().size())));
        let spare = known.and_then(|(of, size)| Some((self.spare(of)?, size)));
        let Some(((spare, of_scratch), size)) = spare.filter(|_| world.entities().contains(to))
        else {
            return false;
        };
        let other = self.scratch.get_mut_by_id(spare, of_scratch);
        let (Some(mut value), Some(mut other)) = (world.get_mut_by_id(from, id), other) else {
            return false;
        };
        let one = value.bypass_change_detection().as_ptr();
        let two = other.bypass_change_detection().as_ptr();
        // SAFETY: both are values of one type, in two worlds, and each world has one of them before and after.
        unsafe { std::ptr::swap_nonoverlapping(one, two, size) };
        self.spent.push(spare);
        self.is_leaked = true;
        // SAFETY: the value is of this component, and the world that has it never looks at it again.
        unsafe {
            let value = OwningPtr::new(NonNull::new_unchecked(two));
            world.entity_mut(to).insert_by_id(id, value);
        }
        true
    }

    /// An entity of the throwaway world with a component of a type, and the component there.
    fn spare(&self, of: TypeId) -> Option<(Entity, ComponentId)> {
        let id = self.scratch.components().get_id(of)?;
        let archetypes = self.scratch.archetypes().iter();
        let archetypes = archetypes.filter(|archetype| archetype.contains(id));
        let entities = archetypes.flat_map(|archetype| archetype.entities());
        let mut entities = entities.map(|entity| entity.id());
        let spare = entities.find(|entity| !self.spent.contains(entity))?;
        Some((spare, id))
    }

    fn put_assets_back(&mut self, world: &mut World) {
        if let Some(live) = self.assets.take() {
            if let Some(mut server) = world.get_resource_mut::<AssetServer>() {
                *server.bypass_change_detection() = live;
            } else {
                world.insert_resource(live);
            }
        }
    }

    /// Transitions that have been made must not be made again by new code, whose event readers begin anew; and a
    /// state of another type that goes on is not entered.
    fn quieten(&mut self, world: &mut World, keys: &MadeKeys) {
        let copiers = Copiers::new(world, &[]);
        let known: HashSet<ResourceKey> = self.pairs.iter().map(|pair| pair.key).collect();
        for key in keys.keys().filter(|key| !known.contains(*key)) {
            let name = name_of(world, *key);
            let of = name.as_deref().and_then(names::transitions_of);
            if of.is_some_and(|of| self.states.contains(of)) {
                let pair = Pair::of(world, &self.scratch, *key, false, &copiers);
                self.pairs.extend(pair);
            }
        }
        let pairs = self.pairs.iter().enumerate();
        let made = pairs.filter(|(_, pair)| names::transitions_of(&pair.name).is_some());
        let made: Vec<usize> = made.map(|(index, _)| index).collect();
        self.empty(world, &made);
    }

    /// Does away with the events in live queues. These go on counting: a reader that stays knows by their number
    /// what it has read. What empties a queue is known to the registry of the throwaway world only.
    fn empty(&mut self, world: &mut World, queues: &[usize]) {
        for index in queues {
            self.turn(world, *index);
        }
        let emptied = panics::guard(|| scratch::clear_events(&mut self.scratch));
        for index in queues {
            self.turn(world, *index);
        }
        if let Err(panic) = emptied {
            bevy::log::warn!("dropping an event panicked: {panic}");
        }
    }

    /// Values of the host that nothing stood in for, and that no copy brings back.
    fn note_overwritten(&mut self, world: &World) {
        let known: HashSet<ResourceKey> = self.pairs.iter().map(|pair| pair.key).collect();
        let exempt = world.get_resource::<NotRolledBack>();
        let copiers = Copiers::new(world, exempt.map_or(&[], |exempt| &exempt.0));
        let this_run = world.read_change_tick();
        for key in self.present.iter().filter(|key| !known.contains(*key)) {
            let Some(id) = find(world, key.0) else {
                continue;
            };
            let now = ticks(world, id, key.1).map(|now| now.last_changed_tick());
            let is_touched = now.is_none_or(|now| now.is_newer_than(self.begin, this_run));
            let info = world.components().get_info(id).filter(|_| is_touched);
            if let Some(info) = info.filter(|info| matches!(copiers.of(info), Copier::Unable(_))) {
                self.overwritten.push(info.name().to_owned());
            }
        }
    }

    /// What was put into the live world by builds that nobody has tried to the end.
    fn note_untried(&self, world: &World, made: &mut MadeValues) {
        let this_run = world.read_change_tick();
        let new = resources::present(world);
        for key @ (id, is_send) in new.difference(&self.present).copied() {
            let ticks = find(world, id).and_then(|id| ticks(world, id, is_send));
            let is_new = |ticks: &ComponentTicks| ticks.is_added(self.begin, this_run);
            if let Some(ticks) = ticks.filter(is_new) {
                let tick = ticks.last_changed_tick();
                let value = || Arc::new(MadeValue { copy: None, tick });
                made.entry(key).or_insert_with(value);
            }
        }
    }

    /// What was put into the live world for the first time.
    fn note_new(&self, world: &World, keys: &MadeKeys, made: &mut MadeValues, copiers: &Copiers) {
        for key @ (id, is_send) in keys.keys().copied() {
            let (Some(live), Some(of_scratch)) = (find(world, id), find(&self.scratch, id)) else {
                continue;
            };
            let (Some(ticks), Some(info)) = (
                ticks(world, live, is_send),
                world.components().get_info(live),
            ) else {
                continue;
            };
            made.entry(key).or_insert_with(|| {
                let copy = copy(&self.scratch, of_scratch, key, &copiers.of(info));
                let tick = ticks.last_changed_tick();
                Arc::new(MadeValue { copy, tick })
            });
        }
    }

    /// Whether the build makes what the one before it made.
    fn same(&self, world: &World, pair: &Pair, was: &MadeValue, copiers: &Copiers) -> Same {
        let (Some(was), Some(is)) = (was.copy.as_ref(), pair.copy.as_ref()) else {
            return Same::Unknown;
        };
        let size = is.item().size();
        let id = pair.key.0;
        // SAFETY: all are values of this type.
        let equal = |one, two| unsafe { equal(one, two, size, id, copiers) };
        if equal(was.get(0), is.get(0)) {
            return Same::Yes;
        }
        // The same build has made it twice, in two worlds.
        match world.get_resource_by_id(pair.live) {
            Some(live) if equal(live, is.get(0)) => Same::No,
            _ => Same::OfWorld,
        }
    }

    /// Resources that were gone, and that the builds have made again: what is to be said of them.
    fn made_again(&self, world: &World) -> Vec<String> {
        let now = resources::present(world);
        let again = self.gone.intersection(&now);
        let names = again.filter_map(|key| name_of(world, *key));
        let mut said: Vec<String> = names
            .map(|name| {
                format!("{name} had been taken out of the world, and the code has made it again")
            })
            .collect();
        said.sort();
        said
    }

    /// The clock of fixed steps goes on, by the steps that the code says now.
    fn keep_time(&mut self, world: &mut World, index: usize) {
        let pair = &self.pairs[index];
        if pair.key.0 != TypeId::of::<Time<Fixed>>() || !pair.live_is_aside {
            return;
        }
        let said = world.get_resource::<Time<Fixed>>().copied();
        self.turn(world, index);
        if let (Some(said), Some(mut live)) = (said, world.get_resource_mut::<Time<Fixed>>()) {
            live.set_timestep(said.timestep());
            live.set_wrap_period(said.wrap_period());
        }
    }

    /// Moves what the build has registered with the engine into the live registry, which is aside and lacks it.
    fn merge(&mut self, world: &mut World, index: usize) {
        let pair = &self.pairs[index];
        if pair.key.0 != TypeId::of::<DiagnosticsStore>() || !pair.live_is_aside {
            return;
        }
        let built = world.get_resource_mut::<DiagnosticsStore>();
        let live = self.scratch.get_resource_mut::<DiagnosticsStore>();
        let (Some(mut built), Some(mut live)) = (built, live) else {
            return;
        };
        for diagnostic in built.iter_mut() {
            let path = diagnostic.path().clone();
            if live.get(&path).is_none() {
                live.add(std::mem::replace(diagnostic, Diagnostic::new(path)));
            }
        }
    }

    /// Lets the two values of a pair change places.
    fn turn(&mut self, world: &mut World, index: usize) {
        let pair = &mut self.pairs[index];
        let is_send = pair.key.1;
        let size = world
            .components()
            .get_info(pair.live)
            .map_or(0, |info| info.layout().size());
        let Some(mut other) = value(&mut self.scratch, pair.scratch, is_send) else {
            return;
        };
        let Some(mut live) = value(world, pair.live, is_send) else {
            if pair.live_is_aside {
                // SAFETY: the value is of this resource, and the world that has had it never looks at it again.
                unsafe {
                    let value = NonNull::new_unchecked(other.bypass_change_detection().as_ptr());
                    let value = OwningPtr::new(value);
                    if is_send {
                        world.insert_resource_by_id(pair.live, value);
                    } else {
                        world.insert_non_send_by_id(pair.live, value);
                    }
                }
                if let Some(mut live) = value(world, pair.live, is_send) {
                    live.set_last_changed(pair.ticks.last_changed_tick());
                }
                pair.live_is_aside = false;
                self.is_leaked = true;
            }
            return;
        };
        let one = live.bypass_change_detection().as_ptr();
        let two = other.bypass_change_detection().as_ptr();
        // SAFETY: both are values of one type, in two worlds, and each world has one of them before and after.
        unsafe { std::ptr::swap_nonoverlapping(one, two, size) };
        pair.live_is_aside = !pair.live_is_aside;
        if !pair.live_is_aside {
            live.set_last_changed(pair.ticks.last_changed_tick());
        }
    }
}

impl Pair {
    fn of(
        world: &World,
        scratch: &World,
        key: ResourceKey,
        is_own: bool,
        copiers: &Copiers,
    ) -> Option<Self> {
        let (live, of_scratch) = (find(world, key.0)?, find(scratch, key.0)?);
        let info = world.components().get_info(live)?;
        let name = info.name().to_owned();
        let is_merged = !names::goes_on(&name);
        let copied = is_merged.then(|| copy(scratch, of_scratch, key, &copiers.of(info)));
        Some(Self {
            key,
            live,
            scratch: of_scratch,
            ticks: ticks(world, live, key.1)?,
            copy: copied.flatten(),
            is_made_anew: is_merged && is_own,
            is_set: false,
            live_is_aside: false,
            name,
        })
    }
}

impl Kept {
    fn of(world: &World, key: ResourceKey, copiers: &Copiers) -> Option<Self> {
        let live = find(world, key.0)?;
        let info = world.components().get_info(live)?;
        Some(Self {
            key,
            name: info.name().to_owned(),
            live,
            ticks: ticks(world, live, key.1)?,
            copy: copy(world, live, key, &copiers.of(info)),
        })
    }

    /// Puts the value back if it has been inserted anew, unless nobody had changed it. Returns what is to be said
    /// of it.
    fn end(self, world: &mut World, begin: Tick, made: &mut MadeValues) -> Option<String> {
        let now = ticks(world, self.live, self.key.1).map(|ticks| ticks.last_changed_tick());
        let this_run = world.read_change_tick();
        if now.is_some_and(|now| !now.is_newer_than(begin, this_run)) {
            return None;
        }
        let was = made.get(&self.key).map(|was| was.tick);
        let is_changed = was != Some(self.ticks.last_changed_tick());
        let mut says = None;
        match (self.copy, now) {
            (Some(mut copy), _) if is_changed => {
                copy.give(|value| {
                    // SAFETY: the copy is of this resource.
                    unsafe { world.insert_resource_by_id(self.live, value) }
                });
                if let Some(mut value) = value(world, self.live, self.key.1) {
                    value.set_last_changed(self.ticks.last_changed_tick());
                }
            }
            (_, Some(tick)) => {
                says = is_changed.then(|| {
                    format!(
                        "{} is what the code inserts: its value could not be kept. Derive `Reflect` and register it",
                        self.name
                    )
                });
                let copy = None;
                made.insert(self.key, Arc::new(MadeValue { copy, tick }));
            }
            (_, None) => {}
        }
        says
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        let scratch = std::mem::take(&mut self.scratch);
        if self.is_leaked {
            std::mem::forget(scratch);
        } else if let Err(panic) = panics::guard(|| drop(scratch)) {
            bevy::log::warn!("dropping a throwaway world panicked: {panic}");
        }
    }
}

/// A copy of a resource.
fn copy(
    world: &World,
    id: ComponentId,
    (_, is_send): ResourceKey,
    copier: &Copier,
) -> Option<Column> {
    let info = world.components().get_info(id)?;
    let value = is_send.then(|| world.get_resource_by_id(id)).flatten()?;
    let mut column = Column::new(info.layout(), info.drop(), 1);
    // SAFETY: value, copier and column are of one type.
    unsafe { copier.is_whole(value) && copier.copy(value, &mut column) }.then_some(column)
}

/// Whether two values are equal, by reflection if that can tell, else by their bytes.
///
/// # Safety
///
/// Both are of the type.
unsafe fn equal(one: Ptr<'_>, two: Ptr<'_>, size: usize, id: TypeId, copiers: &Copiers) -> bool {
    if let Some(pointer) = copiers.pointer(id) {
        // SAFETY: the caller vouches for the type.
        let (one, two) = unsafe { (pointer.as_reflect(one), pointer.as_reflect(two)) };
        if let Some(is_equal) = one.reflect_partial_eq(two) {
            return is_equal;
        }
    }
    // SAFETY: the same; see `Column::bytes` about padding.
    let [one, two] =
        [one, two].map(|value| unsafe { std::slice::from_raw_parts(value.as_ptr(), size) });
    one == two
}

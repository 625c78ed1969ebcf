//! Resources that a build must not lose are kept out of its way.
//!
//! Building a plugin again inserts what is there already. To the engine that is the end of the value that
//! was there, and a value whose type is not known here cannot be taken out of a world. But two values of one
//! type can change places. The same build has made one of each resource in a throwaway world: so those take
//! the place of the live ones while the plugin builds on the live world, and when that is over it is
//! decided which of the two goes on. Building once more in the throwaway world tells what the plugin inserts from
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
    ecs::{
        change_detection::{DetectChangesMut, MutUntyped},
        component::{ComponentId, ComponentTicks, Tick},
    },
    prelude::{AssetServer, World},
    ptr::OwningPtr,
};

use super::{
    scratch::{self, ResourceKey},
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
    /// When it was put into the live world.
    pub(crate) fn tick(&self) -> Tick {
        self.tick
    }
}

/// What the builds of the modules made last, by type. It says whether a value in the world is still what
/// the code before put there.
pub(crate) type MadeValues = HashMap<ResourceKey, Arc<MadeValue>>;

/// Live resources that have changed places with those of a throwaway world.
pub(crate) struct Exchange {
    scratch: World,
    pairs: Vec<Pair>,
    /// Copies of live resources that may be inserted though nobody has tried it.
    kept: Vec<Kept>,
    /// Whether all that the builds make is known beforehand.
    is_sure: bool,
    /// When the builds began.
    begin: Tick,
    /// Whether a value was moved out of the throwaway world, which must not be dropped then.
    is_leaked: bool,
    /// The live asset server, if another one stands in for it.
    assets: Option<AssetServer>,
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

impl Exchange {
    /// Lets the live resources that are among `made`, and that code before has made, change places with those of
    /// `scratch`, in which `again` builds once more. `is_sure` says that all builds went through there.
    pub(crate) fn begin(
        world: &mut World,
        mut scratch: World,
        made: &HashSet<ResourceKey>,
        before: &MadeValues,
        is_sure: bool,
        again: impl FnOnce(&mut World),
    ) -> Self {
        let copiers = Copiers::new(world, &[]);
        let mut pairs = Vec::new();
        let mut kept = Vec::new();
        if !is_sure {
            let untried = before.keys().filter(|key| !made.contains(*key));
            kept.extend(untried.filter_map(|key| Kept::of(world, *key, &copiers)));
        }
        let mut has_assets = false;
        for key @ (id, is_send) in made.iter().copied() {
            if !before.contains_key(&key) {
                continue;
            }
            let (Some(of_live), Some(of_scratch)) = (find(world, id), find(&scratch, id)) else {
                continue;
            };
            let Some(ticks) = ticks(world, of_live, is_send) else {
                continue;
            };
            let info = world.components().get_info(of_live);
            let info = info.expect("it was found");
            let name = info.name().to_owned();
            has_assets |= name.starts_with("bevy_asset::assets::Assets<");
            let is_merged = !goes_on(&name);
            let copy = is_merged.then(|| copy(&scratch, of_scratch, key, &copiers.of(info)));
            pairs.push(Pair {
                key,
                name,
                live: of_live,
                scratch: of_scratch,
                ticks,
                copy: copy.flatten(),
                is_set: false,
                live_is_aside: false,
            });
        }
        if pairs.iter().any(|pair| !goes_on(&pair.name)) {
            let last = scratch.increment_change_tick();
            again(&mut scratch);
            let now = scratch.increment_change_tick();
            for pair in &mut pairs {
                let changed = ticks(&scratch, pair.scratch, pair.key.1);
                let changed = changed.map(|ticks| ticks.last_changed_tick());
                let is_newer = changed.is_some_and(|changed| changed.is_newer_than(last, now));
                pair.is_set = is_newer && !goes_on(&pair.name);
            }
        }
        scratch::clear_events(&mut scratch);
        // To register a type of assets again would make the server forget those that there are.
        let of_scratch = scratch.get_resource::<AssetServer>().filter(|_| has_assets);
        let assets = of_scratch.cloned().and_then(|stands_in| {
            let mut server = world.get_resource_mut::<AssetServer>()?;
            Some(std::mem::replace(
                server.bypass_change_detection(),
                stands_in,
            ))
        });
        let mut exchange = Self {
            scratch,
            pairs,
            kept,
            is_sure,
            begin: Tick::new(0),
            is_leaked: false,
            assets,
        };
        exchange.begin = world.increment_change_tick();
        for index in 0..exchange.pairs.len() {
            exchange.turn(world, index);
            let pair = &exchange.pairs[index];
            match (pair.is_set, pair.key.1) {
                (false, _) => {}
                // The build makes it as if for the first time.
                (true, true) => drop(world.remove_resource_by_id(pair.live)),
                (true, false) => drop(world.remove_non_send_by_id(pair.live)),
            }
        }
        exchange
    }

    /// The plugins have built: puts the live values back, but for those of which the code says something else
    /// than the code before it. Notes in `made` what it says. Returns the names of types of which that could
    /// not be told, so their values stay.
    pub(crate) fn end(
        &mut self,
        world: &mut World,
        keys: &HashSet<ResourceKey>,
        made: &mut MadeValues,
        is_hot: impl Fn(&str) -> bool,
    ) -> Vec<String> {
        if let Some(live) = self.assets.take() {
            if let Some(mut server) = world.get_resource_mut::<AssetServer>() {
                *server.bypass_change_detection() = live;
            }
        }
        let copiers = Copiers::new(world, &[]);
        let this_run = world.increment_change_tick();
        let mut unclear = Vec::new();
        for index in 0..self.pairs.len() {
            let pair = &self.pairs[index];
            let now = ticks(world, pair.live, pair.key.1).map(|now| now.last_changed_tick());
            let was = made.get(&pair.key).cloned();
            let was = was.expect("only those change places");
            let counts = pair.is_set
                && match self.same(world, pair, &was, &copiers) {
                    Some(is_same) => !is_same,
                    None if !is_hot(&pair.name) => false,
                    // What nobody has changed since is what the code before said.
                    None if was.tick == pair.ticks.last_changed_tick() => true,
                    None => {
                        unclear.push(pair.name.clone());
                        false
                    }
                };
            let tick = if counts {
                now.unwrap_or(this_run)
            } else {
                was.tick
            };
            let copy = self.pairs[index].copy.take();
            let key = self.pairs[index].key;
            made.insert(key, Arc::new(MadeValue { copy, tick }));
            if !counts {
                self.turn(world, index);
            }
        }
        let begin = self.begin;
        for kept in std::mem::take(&mut self.kept) {
            kept.end(world, begin, made);
        }
        // Transitions that have been made must not be made again by new code, whose event readers begin anew.
        scratch::clear_events(&mut self.scratch);
        for index in 0..self.pairs.len() {
            if is_of_transitions(&self.pairs[index].name) {
                self.turn(world, index);
            }
        }
        if self.is_sure {
            self.note_new(world, keys, made, &copiers);
        } else {
            self.note_untried(world, made);
        }
        unclear
    }

    /// What was put into the live world by builds that nobody has tried to the end.
    fn note_untried(&self, world: &World, made: &mut MadeValues) {
        let this_run = world.read_change_tick();
        for key @ (id, is_send) in scratch::resources(world) {
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
    fn note_new(
        &self,
        world: &World,
        keys: &HashSet<ResourceKey>,
        made: &mut MadeValues,
        copiers: &Copiers,
    ) {
        for key @ (id, is_send) in keys.iter().copied() {
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

    /// The reload is taken back: what was live is so again, and events that have been sent since are gone.
    pub(crate) fn undo(mut self, world: &mut World, since: Tick) {
        if let Some(live) = self.assets.take() {
            world.insert_resource(live);
        }
        let this_run = world.read_change_tick();
        for index in 0..self.pairs.len() {
            let pair = &self.pairs[index];
            let newer =
                |ticks: ComponentTicks| ticks.last_changed_tick().is_newer_than(since, this_run);
            let sent = pair.name.starts_with(EVENTS)
                && ticks(world, pair.live, pair.key.1).is_some_and(newer);
            if pair.live_is_aside || sent {
                self.turn(world, index);
            }
        }
    }

    /// Whether the build makes what the one before it made: `None` if that cannot be told.
    fn same(&self, world: &World, pair: &Pair, was: &MadeValue, copiers: &Copiers) -> Option<bool> {
        let (was, is) = (was.copy.as_ref()?, pair.copy.as_ref()?);
        let info = world.components().get_info(pair.live)?;
        if let Some(pointer) = copiers.pointer(pair.key.0) {
            // SAFETY: both are values of this type.
            let (was, is) = unsafe {
                (
                    pointer.as_reflect(was.get(0)),
                    pointer.as_reflect(is.get(0)),
                )
            };
            if let Some(is_same) = was.reflect_partial_eq(is) {
                return Some(is_same);
            }
        }
        if info.drop().is_some() {
            return None;
        }
        if was.bytes(0, 1) == is.bytes(0, 1) {
            return Some(true);
        }
        // Between fields of several sizes there may be bytes that mean nothing. If they were by chance what they
        // are, the same build would not have left the same ones in two worlds.
        let live = world.get_resource_by_id(pair.live)?;
        // SAFETY: it is a value of this type, and so are those of the copies; see `Column::bytes`.
        let live = unsafe { std::slice::from_raw_parts(live.as_ptr(), info.layout().size()) };
        (live == is.bytes(0, 1)).then_some(false)
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

    /// Puts the value back if it has been inserted anew, unless nobody had changed it.
    fn end(self, world: &mut World, begin: Tick, made: &mut MadeValues) {
        let now = ticks(world, self.live, self.key.1).map(|ticks| ticks.last_changed_tick());
        let this_run = world.read_change_tick();
        if now.is_some_and(|now| !now.is_newer_than(begin, this_run)) {
            return;
        }
        let was = made.get(&self.key).map(|was| was.tick);
        match (self.copy, now) {
            (Some(mut copy), _) if was != Some(self.ticks.last_changed_tick()) => {
                copy.give(|value| {
                    // SAFETY: the copy is of this resource.
                    unsafe { world.insert_resource_by_id(self.live, value) }
                });
                if let Some(mut value) = value(world, self.live, self.key.1) {
                    value.set_last_changed(self.ticks.last_changed_tick());
                }
            }
            (copy, Some(tick)) => {
                if copy.is_none() {
                    bevy::log::warn!("{} was inserted anew by the code", self.name);
                }
                let copy = None;
                made.insert(self.key, Arc::new(MadeValue { copy, tick }));
            }
            (_, None) => {}
        }
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        if self.is_leaked {
            std::mem::forget(std::mem::take(&mut self.scratch));
        }
    }
}

const EVENTS: &str = "bevy_ecs::event::Events<";

/// Types of the engine whose values go on, whatever a build inserts: they are state by what they are.
fn goes_on(name: &str) -> bool {
    let starts = [
        EVENTS,
        "bevy_state::state::resources::",
        "bevy_asset::assets::Assets<",
    ];
    starts.iter().any(|start| name.starts_with(start))
}

fn is_of_transitions(name: &str) -> bool {
    name.strip_prefix(EVENTS)
        .is_some_and(|of| of.starts_with("bevy_state::state::transitions::StateTransitionEvent<"))
}

fn find(world: &World, id: TypeId) -> Option<ComponentId> {
    world.components().get_resource_id(id)
}

/// When the value was changed last, if there is one.
fn ticks(world: &World, id: ComponentId, is_send: bool) -> Option<ComponentTicks> {
    let storages = world.storages();
    if is_send {
        storages.resources.get(id)?.get_ticks()
    } else {
        storages.non_send_resources.get(id)?.get_ticks()
    }
}

fn value(world: &mut World, id: ComponentId, is_send: bool) -> Option<MutUntyped<'_>> {
    if is_send {
        world.get_resource_mut_by_id(id)
    } else {
        world.get_non_send_mut_by_id(id)
    }
}

/// A copy of a resource of the throwaway world.
fn copy(
    scratch: &World,
    id: ComponentId,
    (_, is_send): ResourceKey,
    copier: &Copier,
) -> Option<Column> {
    let info = scratch.components().get_info(id)?;
    let value = is_send.then(|| scratch.get_resource_by_id(id)).flatten()?;
    let mut column = Column::new(info.layout(), info.drop(), 1);
    // SAFETY: value, copier and column are of one type.
    unsafe { copier.is_whole(value) && copier.copy(value, &mut column) }.then_some(column)
}

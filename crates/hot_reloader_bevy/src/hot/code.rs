//! Observers and one-shot systems that a module's plugin adds: code that entities hold.
//!
//! What such an entity holds cannot be copied, and others may know the entity. So when new code takes over,
//! it changes places with the old: the entity stays, and holds the new code. If the reload is taken back, they
//! change places again.
#![expect(
    unsafe_code,
    reason = "code changes places that is known by its component only, as is who watches an entity"
)]

use std::{alloc::Layout, collections::HashSet};

use bevy::{
    ecs::{
        change_detection::DetectChangesMut,
        component::ComponentId,
        entity::Entity,
        observer::ObserverState,
        world::{ON_ADD, ON_INSERT, ON_REMOVE},
    },
    prelude::{App, Mut, Observer, OnAdd, Query, ResMut, Resource, Trigger, With, World},
};

use super::{names, slots::Delegates};

/// The code that entities of one module hold.
#[derive(Debug, Default)]
pub(crate) struct Code {
    /// In the order in which they were added.
    entities: Vec<CodeEntity>,
    /// Those of them that have given way, until it is certain that they do not come back.
    parked: Vec<Parked>,
    /// Those of them that go on beside the code that took over.
    stay: Vec<Entity>,
}

/// An entity that holds an observer or a system.
#[derive(Clone, Copy, Debug)]
struct CodeEntity {
    entity: Entity,
    /// What it is held in.
    component: ComponentId,
}

/// Code of before, in the entity in which the new code came.
#[derive(Clone, Copy, Debug)]
struct Parked {
    of: CodeEntity,
    at: Entity,
}

/// Observers that do not observe yet.
#[derive(Resource, Default)]
pub(crate) struct Held {
    /// What holds them, while a module builds.
    by: Option<Entity>,
    states: Vec<(Entity, ObserverState)>,
}

pub(super) fn plugin(app: &mut App) {
    app.init_resource::<Held>();
}

/// Takes what an observer observes away before it is registered for it, while a module builds.
fn hold(
    trigger: Trigger<OnAdd, ObserverState>,
    mut states: Query<&mut ObserverState>,
    mut held: ResMut<Held>,
) {
    if let Ok(mut state) = states.get_mut(trigger.entity()) {
        let state = std::mem::take(&mut *state);
        held.states.push((trigger.entity(), state));
    }
}

/// Lets observers that come from now on wait, or no longer.
pub(crate) fn hold_observers(world: &mut World, is_on: bool) {
    if is_on {
        let by = world.spawn(Observer::new(hold)).id();
        world.flush();
        world.resource_mut::<Held>().by = Some(by);
    } else if let Some(by) = world.resource_mut::<Held>().by.take() {
        if world.entities().contains(by) {
            world.despawn(by);
            world.flush();
        }
    }
}

/// Lets go of those of a build that was given up.
pub(crate) fn forget_all_held(world: &mut World) {
    world.resource_mut::<Held>().states.clear();
}

/// Lets no observer hear of what comes to entities and goes from them meanwhile, but for those that watch single
/// entities: one of these may be gone, and then their observer could not be registered anew.
pub(crate) fn unheard<R>(world: &mut World, work: impl FnOnce(&mut World) -> R) -> R {
    // Those that come are registered.
    world.flush();
    let watching = watching(world);
    let mut observers = world.query_filtered::<Entity, With<ObserverState>>();
    let observers = observers.iter(world);
    let observers: Vec<Entity> = observers.filter(|of| !watching.contains(of)).collect();
    let components = no_resources(world);
    for observer in &observers {
        deafen(world, *observer, &components);
    }
    let result = work(world);
    for observer in observers {
        if let Some(mut state) = world.get_mut::<ObserverState>(observer) {
            let state = std::mem::take(&mut *state);
            observe(world, observer, state);
        }
    }
    result
}

/// All that entities may have. Of resources nobody hears.
fn no_resources(world: &World) -> Vec<ComponentId> {
    let storages = world.storages();
    let is_none = |id: &ComponentId| {
        storages.resources.get(*id).is_none() && storages.non_send_resources.get(*id).is_none()
    };
    let components = world.components().iter().map(|info| info.id());
    components.filter(is_none).collect()
}

/// The observers that watch entities. The engine notes them there, in a type of its own.
fn watching(world: &World) -> HashSet<Entity> {
    let mut infos = world.components().iter();
    let info = infos.find(|info| names::is_observed_by(info.name()));
    let info = info.filter(|info| info.layout() == Layout::new::<Vec<Entity>>());
    let Some(info) = info else {
        return HashSet::new();
    };
    let id = info.id();
    let archetypes = world.archetypes().iter();
    let archetypes = archetypes.filter(|archetype| archetype.contains(id));
    let entities = archetypes.flat_map(|archetype| archetype.entities());
    let lists = entities.filter_map(|entity| world.get_by_id(entity.id(), id));
    // SAFETY: in Bevy 0.14.2 the type is a list of entities, with nothing beside it.
    let lists = lists.map(|list| unsafe { list.deref::<Vec<Entity>>() });
    lists.flatten().copied().collect()
}

/// Takes an observer out of what the engine knows of who hears that a component comes or goes. What it observes stays
/// with it.
fn deafen(world: &mut World, observer: Entity, components: &[ComponentId]) {
    let Some(mut state) = world.get_mut::<ObserverState>(observer) else {
        return;
    };
    let own = std::mem::take(&mut *state);
    // One that names no components hears whatever others are told, and is known to the engine elsewhere.
    for components in [components, &[][..]] {
        let all = ObserverState::default()
            .with_events([ON_ADD, ON_INSERT, ON_REMOVE])
            .with_components(components.iter().copied());
        if let Some(mut state) = world.get_mut::<ObserverState>(observer) {
            *state = all;
        }
        // What it is said to have observed is unregistered, whether it did or not.
        observe(world, observer, ObserverState::default());
    }
    if let Some(mut state) = world.get_mut::<ObserverState>(observer) {
        *state = own;
    }
}

/// Lets an observer observe this, and not what it observed before.
fn observe(world: &mut World, observer: Entity, state: ObserverState) {
    if let Some(mut entity) = world.get_entity_mut(observer) {
        // To put it in place of another would register nothing.
        entity.remove::<ObserverState>();
        entity.insert(state);
    }
    world.flush();
}

impl Code {
    /// The code among some entities.
    pub(crate) fn among(world: &World, entities: &[Entity]) -> Self {
        let components = world.components();
        let holds_code = |id: &ComponentId| components.get_name(*id).is_some_and(names::is_code);
        let found = entities.iter().filter_map(|entity| {
            let location = world.entities().get(*entity)?;
            let archetype = world.archetypes().get(location.archetype_id)?;
            let component = archetype.components().find(holds_code)?;
            Some(CodeEntity {
                entity: *entity,
                component,
            })
        });
        Self {
            entities: found.collect(),
            ..Self::default()
        }
    }

    pub(crate) fn contains(&self, entity: Entity) -> bool {
        self.entities.iter().any(|code| code.entity == entity)
    }

    /// Takes over from the code of before, which keeps what must be held until it is certain that it does not
    /// come back. `is_sure` says that all that it adds is known.
    pub(crate) fn take_over(&mut self, world: &mut World, old: &mut Self, is_sure: bool) {
        let mut new = std::mem::take(&mut self.entities);
        for code in old.entities.iter().copied() {
            let is_its = |new: &CodeEntity| new.component == code.component;
            let place = new.iter().position(is_its);
            if !is_sure && !is_observer(world, code) {
                // A resource that was only made sure of has its id, one that was inserted that of the new.
                old.stay.push(code.entity);
                let next = place.map_or(code, |place| new.remove(place));
                self.entities.push(next);
                continue;
            }
            // Without a place, nothing of the new code stands for it: it ends when that is accepted.
            let Some(place) = place else { continue };
            let follows = new.remove(place);
            let at = follows.entity;
            if runs(world, code) {
                swap_code(world, code, at);
                forget_held(world, at);
                old.parked.push(Parked { of: code, at });
                self.entities.push(code);
            } else if !is_observer(world, code) && move_code(world, code, at) {
                world.despawn(at);
                old.stay.push(code.entity);
                self.entities.push(code);
            } else {
                // Its place in the order is its own all the same, or all after it would be taken for one another.
                register(world, at);
                self.entities.push(follows);
            }
        }
        for code in new {
            register(world, code.entity);
            self.entities.push(code);
        }
    }

    /// Comes back, after the code that took over.
    pub(crate) fn come_back(&mut self, world: &mut World) {
        self.stay.clear();
        for Parked { of, at } in std::mem::take(&mut self.parked) {
            if has(world, of) {
                swap_code(world, of, at);
            } else {
                move_code(world, of, at);
            }
        }
    }

    /// Does away with what does not run any more.
    pub(crate) fn end(self, world: &mut World) {
        let goes = |code: &&CodeEntity| !self.stay.contains(&code.entity);
        for code in self.entities.iter().filter(goes) {
            let mut parked = self.parked.iter();
            let parked = parked.find(|parked| parked.of.entity == code.entity);
            let entity = parked.map_or(code.entity, |parked| parked.at);
            // After a rollback they are gone with all that new code spawned.
            if world.entities().contains(entity) {
                world.despawn(entity);
            }
        }
        world.flush();
    }

    /// Ends without a successor: observers observe no more.
    pub(crate) fn silence(&self, world: &mut World) {
        for code in &self.entities {
            if let Some(mut entity) = world.get_entity_mut(code.entity) {
                entity.remove::<ObserverState>();
            }
        }
        world.flush();
    }
}

fn is_observer(world: &World, code: CodeEntity) -> bool {
    let name = world.components().get_name(code.component);
    name.is_some_and(names::is_observer)
}

/// Whether it is a system that can be called, or an observer that observes.
fn runs(world: &World, code: CodeEntity) -> bool {
    let observes = || {
        let entity = world.get_entity(code.entity);
        entity.is_some_and(|entity| entity.contains::<ObserverState>())
    };
    has(world, code) && (!is_observer(world, code) || observes())
}

/// Whether the entity still holds it.
fn has(world: &World, code: CodeEntity) -> bool {
    let entity = world.get_entity(code.entity);
    entity.is_some_and(|entity| entity.contains_id(code.component))
}

/// Gives an entity that has lost its code that of another one. The engine takes a one-shot system out while it runs, so
/// one that panics is gone, and those who know its id must find what follows it. Returns whether it could be done.
fn move_code(world: &mut World, code: CodeEntity, from: Entity) -> bool {
    world.resource_scope(|world, mut delegates: Mut<Delegates>| {
        let before = delegates.before.as_mut();
        let exchange = before.and_then(|before| before.exchange.as_mut());
        exchange.is_some_and(|exchange| {
            exchange.move_component(world, code.component, from, code.entity)
        })
    })
}

/// Lets the code of two entities change places.
fn swap_code(world: &mut World, code: CodeEntity, other: Entity) {
    let info = world.components().get_info(code.component);
    let size = info.map_or(0, |info| info.layout().size());
    let mut place = |entity: Entity| {
        let mut value = world.get_mut_by_id(entity, code.component)?;
        Some(value.bypass_change_detection().as_ptr())
    };
    let (Some(one), Some(two)) = (place(code.entity), place(other)) else {
        return;
    };
    if one != two {
        // SAFETY: both are values of this component, and nothing has moved them.
        unsafe { std::ptr::swap_nonoverlapping(one, two, size) };
    }
}

/// Lets observers observe that were held and are in the code of no module: those on entities that there were.
pub(crate) fn register_others(world: &mut World) {
    let held = std::mem::take(&mut world.resource_mut::<Held>().states);
    let entities: Vec<Entity> = held.iter().map(|(entity, _)| *entity).collect();
    world.resource_mut::<Held>().states = held;
    for entity in entities {
        register(world, entity);
    }
}

/// What it was to observe is observed by another.
fn forget_held(world: &mut World, entity: Entity) {
    let states = &mut world.resource_mut::<Held>().states;
    states.retain(|(held, _)| *held != entity);
}

/// Lets an observer observe that was held.
fn register(world: &mut World, entity: Entity) {
    let states = &mut world.resource_mut::<Held>().states;
    let Some(place) = states.iter().position(|(held, _)| *held == entity) else {
        return;
    };
    let (_, state) = states.swap_remove(place);
    observe(world, entity, state);
}

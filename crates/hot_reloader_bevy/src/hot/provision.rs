//! What a module wants to be in the world besides systems.

use std::{
    any::TypeId,
    collections::{HashMap, HashSet},
    marker::PhantomData,
};

use bevy::{
    ecs::{
        event::{EventRegistry, Events},
        schedule::{InternedScheduleLabel, ScheduleLabel},
        system::SystemState,
    },
    prelude::{
        AppTypeRegistry, Event, FromWorld, NextState, Res, Resource, Schedule, Schedules, State,
        StateTransition, StateTransitionEvent, World,
    },
    state::state::{setup_state_transitions_in_world, FreelyMutableState},
};

use crate::state_key::Register;

/// The systems that bring about the transitions of a module's states. They run with
/// `StateTransition`, before what the module itself adds to it.
#[derive(ScheduleLabel, Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Transitions;

/// Shows what was hidden.
pub(super) type Shows = Box<dyn FnOnce(&mut World)>;

/// The schedules of a module.
pub(crate) type ModuleSchedules = HashMap<InternedScheduleLabel, Schedule>;

/// Something besides systems that a module wants to be in the world.
pub(crate) trait Provision: Send + Sync {
    /// Makes its types known to the throwaway world.
    fn rehearse(&self, world: &mut World, schedules: &mut ModuleSchedules);
    /// Puts it into the live world. What it did is undone with all else that happened to the world.
    fn apply(self: Box<Self>, world: &mut World, place: &mut Place<'_>);
}

/// Where provisions are applied.
pub(crate) struct Place<'a> {
    pub(super) module: &'a str,
    pub(super) schedules: &'a mut ModuleSchedules,
    /// What is done when all of them are there.
    pub(super) then: Vec<fn(&mut World)>,
    pub(super) undo: &'a mut Vec<Undo>,
}

/// Puts back what a provision took out of the world, as it was.
pub(crate) type Undo = Box<dyn FnOnce(&mut World) + Send + Sync>;

/// Hides what was asked of a state, so that nothing comes of it yet.
pub(super) fn hide<S: FreelyMutableState>(world: &mut World) -> Shows {
    let next = world.remove_resource::<NextState<S>>();
    Box::new(|world| {
        if let Some(next) = next {
            world.insert_resource(next);
        }
    })
}

pub(super) struct InitResource<R>(pub(super) PhantomData<fn() -> R>);

impl<R: Resource + FromWorld> Provision for InitResource<R> {
    fn rehearse(&self, world: &mut World, _: &mut ModuleSchedules) {
        make_known::<R>(world);
    }

    fn apply(self: Box<Self>, world: &mut World, _place: &mut Place<'_>) {
        world.init_resource::<R>();
    }
}

pub(super) struct InsertResource<R>(pub(super) R);

impl<R: Resource> Provision for InsertResource<R> {
    fn rehearse(&self, world: &mut World, _: &mut ModuleSchedules) {
        make_known::<R>(world);
    }

    fn apply(self: Box<Self>, world: &mut World, place: &mut Place<'_>) {
        let before = world.remove_resource::<R>();
        world.insert_resource(self.0);
        place.undo.push(Box::new(|world| match before {
            Some(before) => world.insert_resource(before),
            None => drop(world.remove_resource::<R>()),
        }));
    }
}

pub(super) struct RegisterType(pub(super) Register);

impl Provision for RegisterType {
    fn rehearse(&self, _world: &mut World, _: &mut ModuleSchedules) {}

    fn apply(self: Box<Self>, world: &mut World, _place: &mut Place<'_>) {
        // A registration that is there stays: types that are the same are registered alike.
        let registry = world.get_resource_or_insert_with(AppTypeRegistry::default);
        (self.0)(&mut registry.write());
    }
}

pub(super) struct AddEvent<E>(pub(super) PhantomData<fn() -> E>);

impl<E: Event> Provision for AddEvent<E> {
    fn rehearse(&self, world: &mut World, _: &mut ModuleSchedules) {
        make_known::<Events<E>>(world);
    }

    fn apply(self: Box<Self>, world: &mut World, _place: &mut Place<'_>) {
        if !world.contains_resource::<Events<E>>() {
            EventRegistry::register_event::<E>(world);
        }
    }
}

/// The states that modules made, by the types of their resources. A host's own are left to it.
#[derive(Resource, Default)]
pub(crate) struct ModuleStates {
    made: HashSet<TypeId>,
    /// Whose systems bring about the transitions of each.
    owners: HashMap<TypeId, String>,
}

impl ModuleStates {
    /// Modules give way, or come back: whoever sets itself up next may own what they owned.
    pub(crate) fn disown(&mut self, goes: impl Fn(&str) -> bool) {
        self.owners.retain(|_, owner| !goes(owner));
    }

    /// The states of a module.
    pub(crate) fn of(&self, module: &str) -> Vec<TypeId> {
        let owned = self.owners.iter().filter(|(_, owner)| *owner == module);
        owned.map(|(id, _)| *id).collect()
    }

    /// A state goes on as one of another type.
    pub(crate) fn migrated(&mut self, old: TypeId, new: TypeId) {
        if self.made.contains(&old) {
            self.made.insert(new);
        }
    }

    /// A module comes back that owned these.
    pub(crate) fn own(&mut self, states: &[TypeId], module: &str) {
        let states = states.iter().map(|id| (*id, module.to_owned()));
        self.owners.extend(states);
    }
}

pub(super) struct InitState<S>(pub(super) PhantomData<fn() -> S>);

impl<S: FreelyMutableState + FromWorld> InitState<S> {
    /// The systems that `App::init_state` would add, as systems of the module.
    fn add_transitions(schedules: &mut ModuleSchedules) {
        let schedule = schedules.entry(Transitions.intern()).or_insert_with(|| {
            // The order of its steps is known to Bevy only, which makes such a schedule in a world.
            let mut world = World::new();
            setup_state_transitions_in_world(&mut world);
            let mut schedules = world.resource_mut::<Schedules>();
            let schedule = schedules.remove(StateTransition);
            schedule.expect("that is what the function is for")
        });
        S::register_state(schedule);
    }
}

impl<S: FreelyMutableState + FromWorld> Provision for InitState<S> {
    fn rehearse(&self, world: &mut World, schedules: &mut ModuleSchedules) {
        make_known::<State<S>>(world);
        make_known::<NextState<S>>(world);
        make_known::<Events<StateTransitionEvent<S>>>(world);
        Self::add_transitions(schedules);
    }

    fn apply(self: Box<Self>, world: &mut World, place: &mut Place<'_>) {
        let id = TypeId::of::<State<S>>();
        let is_there = world.contains_resource::<State<S>>();
        let mut states = world.get_resource_or_insert_with(ModuleStates::default);
        if is_there && !states.made.contains(&id) {
            return;
        }
        states.made.insert(id);
        if *states
            .owners
            .entry(id)
            .or_insert_with(|| place.module.to_owned())
            == place.module
        {
            Self::add_transitions(place.schedules);
        }
        if !world.contains_resource::<Events<StateTransitionEvent<S>>>() {
            EventRegistry::register_event::<StateTransitionEvent<S>>(world);
        }
        // Also beside a state whose type changed.
        world.init_resource::<NextState<S>>();
        if is_there {
            return;
        }
        world.init_resource::<State<S>>();
        place.then.push(|world| {
            let entered = Some(world.resource::<State<S>>().get().clone());
            world.send_event(StateTransitionEvent {
                exited: None,
                entered,
            });
        });
    }
}

/// Registers the type as a resource without a value; a world has no other public way to.
fn make_known<R: Resource>(world: &mut World) {
    SystemState::<Option<Res<R>>>::new(world);
}

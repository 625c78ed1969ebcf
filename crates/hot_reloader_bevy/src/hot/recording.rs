//! What a module's setup adds, taken down so that it can be rehearsed and put in place.

use std::{
    any::TypeId,
    collections::{HashMap, HashSet},
    marker::PhantomData,
};

use bevy::{
    ecs::{
        component::ComponentId,
        event::{EventRegistry, Events},
        schedule::{
            ExecutorKind, InternedScheduleLabel, IntoSystemConfigs, IntoSystemSetConfigs, NodeId,
            ScheduleLabel,
        },
        system::{IntoObserverSystem, SystemState},
    },
    prelude::{
        AppTypeRegistry, Bundle, Event, FromWorld, NextState, Res, Resource, Schedule, Schedules,
        State, StateTransition, StateTransitionEvent, World,
    },
    reflect::{GetTypeRegistration, TypeRegistry},
    state::state::{setup_state_transitions_in_world, FreelyMutableState},
};
use hot_reloader_core::{panics, PanicReport, TypeShape};

use super::{
    definition::definition,
    observer::{ModuleObserver, Observe},
    placement::{self, Placement, UnitLabel},
    snapshot::{CopyRule, EventRule},
};
use crate::{hot_app::Hook, state_key::Register, HotApp, ModuleEntry, StateKeyType};

/// The systems that bring about the transitions of a module's states. They run with
/// `StateTransition`, before what the module itself adds to it.
#[derive(ScheduleLabel, Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Transitions;

/// Shows what was hidden.
type Shows = Box<dyn FnOnce(&mut World)>;

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
    module: &'a str,
    schedules: &'a mut ModuleSchedules,
    /// What is done when all of them are there.
    then: Vec<fn(&mut World)>,
    undo: Vec<Undo>,
}

/// Puts back what a provision took out of the world, as it was.
pub(crate) type Undo = Box<dyn FnOnce(&mut World) + Send + Sync>;

/// A type whose values a module owns.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StateKey {
    pub(crate) path: &'static str,
    pub(crate) type_id: TypeId,
}

impl StateKey {
    /// The component and the resource that it is, as far as the world knows it.
    pub(crate) fn components(&self, world: &World) -> impl Iterator<Item = ComponentId> {
        let components = world.components();
        let component = components.get_id(self.type_id);
        component
            .into_iter()
            .chain(components.get_resource_id(self.type_id))
    }
}

/// What one module added.
pub(crate) struct Recording {
    executor: ExecutorKind,
    pub(crate) schedules: ModuleSchedules,
    /// For each schedule, the sets that each call of `configure_sets` gave run conditions.
    pub(crate) set_calls: HashMap<InternedScheduleLabel, Vec<Vec<NodeId>>>,
    /// How schedules are to be taken apart, as the rehearsal found out.
    placed: HashMap<InternedScheduleLabel, Placed>,
    pub(crate) provisions: Vec<Box<dyn Provision>>,
    pub(crate) observers: Vec<Box<dyn Observe>>,
    pub(crate) state_keys: Vec<StateKey>,
    pub(crate) copying: Copying,
    hides: Vec<fn(&mut World) -> Shows>,
    types: HashMap<TypeId, TypeShape>,
    registry: TypeRegistry,
}

/// A schedule that is taken apart while it is recorded.
struct Placed {
    placement: Placement,
    arrangement: usize,
    systems: usize,
    calls: usize,
}

/// How what a module brings is copied.
#[derive(Clone, Default)]
pub(crate) struct Copying {
    pub(crate) rules: Vec<CopyRule>,
    pub(crate) events: Vec<EventRule>,
    /// What new code sets anew: the value of before is kept aside, and need not be copied.
    pub(crate) replaced: Vec<CopyRule>,
}

impl Copying {
    /// The queue stays, and what is in it is dealt with by number.
    fn event<E: Event>(&mut self) {
        self.rules.push(CopyRule::leave::<Events<E>>());
        self.events.push(EventRule {
            count: |world| {
                let events = world.get_resource::<Events<E>>();
                events.map_or(0, |events| events.oldest_event_count() + events.len())
            },
            clear: |world| {
                if let Some(mut events) = world.get_resource_mut::<Events<E>>() {
                    events.clear();
                }
            },
        });
    }
}

impl std::fmt::Debug for Recording {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let labels: Vec<_> = self.schedules.keys().collect();
        f.debug_tuple("Recording").field(&labels).finish()
    }
}

impl Recording {
    /// Runs the setup of `module`.
    ///
    /// # Errors
    ///
    /// What is known of a panic in it.
    pub(crate) fn of(module: &ModuleEntry) -> Result<Self, PanicReport> {
        panics::guard(|| Self::record(module, Vec::new()))
    }

    /// Runs the setup of `module`, and takes schedules apart for which there is a placement, each with
    /// the number of its arrangement in the host's schedule.
    ///
    /// # Panics
    ///
    /// If the setup does, or adds something else than in the rehearsal.
    pub(crate) fn record(
        module: &ModuleEntry,
        placements: Vec<(InternedScheduleLabel, Placement, usize)>,
    ) -> Self {
        let placed = placements
            .into_iter()
            .map(|(label, placement, arrangement)| {
                let placed = Placed {
                    placement,
                    arrangement,
                    systems: 0,
                    calls: 0,
                };
                (label, placed)
            });
        let mut recording = Self {
            executor: ExecutorKind::SingleThreaded,
            set_calls: HashMap::new(),
            placed: placed.collect(),
            schedules: HashMap::new(),
            provisions: Vec::new(),
            observers: Vec::new(),
            state_keys: Vec::new(),
            copying: Copying::default(),
            hides: Vec::new(),
            types: HashMap::new(),
            registry: TypeRegistry::new(),
        };
        module.build(&mut HotApp::new(&mut recording));
        for placed in recording.placed.values() {
            let found = (placed.systems, placed.calls);
            let rehearsed = (
                placed.placement.unit_of.len(),
                placed.placement.unit_of_call.len(),
            );
            assert_eq!(
                found, rehearsed,
                "the setup added something else than in the rehearsal; let it depend on nothing"
            );
        }
        recording
    }

    /// Puts what the module wants besides systems into the live world.
    pub(crate) fn provide(&mut self, world: &mut World, module: &str) -> Vec<Undo> {
        let mut place = Place {
            module,
            schedules: &mut self.schedules,
            then: Vec::new(),
            undo: Vec::new(),
        };
        for provision in std::mem::take(&mut self.provisions) {
            provision.apply(world, &mut place);
        }
        let Place { then, undo, .. } = place;
        self.skip_transitions(world);
        for work in then {
            work(world);
        }
        undo
    }

    /// Lets the new transitions see those that happened already, so that they do not enter and leave
    /// again what the code before them has entered and left: their event readers begin anew.
    fn skip_transitions(&mut self, world: &mut World) {
        let Some(transitions) = self.schedules.get_mut(&Transitions.intern()) else {
            return;
        };
        let shows: Vec<_> = self.hides.iter().map(|hide| hide(world)).collect();
        // Without them nothing can be entered or left.
        let schedules = world.remove_resource::<Schedules>();
        let ran = panics::guard(|| transitions.run(world));
        if let Some(schedules) = schedules {
            world.insert_resource(schedules);
        }
        for show in shows {
            show(world);
        }
        if let Err(panic) = ran {
            bevy::log::warn!("the transitions of a module panicked before their first: {panic}");
        }
    }

    /// The schedules, ready to run.
    pub(crate) fn take_schedules(&mut self) -> HashMap<InternedScheduleLabel, Option<Schedule>> {
        let mut schedules = std::mem::take(&mut self.schedules);
        for schedule in schedules.values_mut() {
            schedule.set_executor_kind(self.executor);
        }
        let schedules = schedules.into_iter();
        schedules
            .map(|(label, schedule)| (label, Some(schedule)))
            .collect()
    }

    /// The types that the module named, with all that is known of them.
    pub(crate) fn shapes(&self) -> HashMap<TypeId, TypeShape> {
        let mut shapes = self.types.clone();
        for (id, shape) in &mut shapes {
            shape.definition = definition(&self.registry, *id);
        }
        shapes
    }

    fn schedule(&mut self, label: impl ScheduleLabel) -> &mut Schedule {
        let label = label.intern();
        self.schedules
            .entry(label)
            .or_insert_with(|| Schedule::new(label))
    }

    fn note_type<T: 'static>(&mut self) {
        let shape = TypeShape {
            path: std::any::type_name::<T>().to_owned(),
            size: size_of::<T>(),
            align: align_of::<T>(),
            definition: None,
        };
        self.types.insert(TypeId::of::<T>(), shape);
    }

    pub(crate) fn add_systems<M>(
        &mut self,
        schedule: impl ScheduleLabel,
        systems: impl IntoSystemConfigs<M>,
    ) {
        let label = schedule.intern();
        let Some(placed) = self.placed.get_mut(&label) else {
            self.schedule(label).add_systems(systems);
            return;
        };
        let parts = placed
            .placement
            .split(systems.into_configs(), &mut placed.systems);
        for (unit, systems) in parts {
            self.unit(label, unit).add_systems(systems);
        }
    }

    /// The schedule of one unit of a schedule that is taken apart.
    fn unit(&mut self, host: InternedScheduleLabel, unit: usize) -> &mut Schedule {
        let placed = &self.placed[&host];
        let label = UnitLabel {
            host,
            arrangement: placed.arrangement,
            unit,
        };
        let new = || placed.placement.schedule(label.clone());
        self.schedules.entry(label.intern()).or_insert_with(new)
    }

    pub(crate) fn add_hook<M>(&mut self, hook: Hook, systems: impl IntoSystemConfigs<M>) {
        self.schedule(hook).add_systems(systems);
    }

    pub(crate) fn configure_sets(
        &mut self,
        schedule: impl ScheduleLabel,
        sets: impl IntoSystemSetConfigs,
    ) {
        let label = schedule.intern();
        if let Some(placed) = self.placed.get_mut(&label) {
            let unit = placed.placement.unit_of_call.get(placed.calls);
            placed.calls += 1;
            // Without a run condition there is nothing in it that is not known.
            if let Some(unit) = unit.copied().flatten() {
                self.unit(label, unit).configure_sets(sets);
            }
            return;
        }
        let schedule = self.schedule(label);
        let before = placement::conditions(schedule);
        schedule.configure_sets(sets);
        let conditions = placement::conditions(schedule).into_iter();
        let more = conditions.filter(|(set, count)| *count > before.get(set).copied().unwrap_or(0));
        let more = more.map(|(set, _)| set).collect();
        self.set_calls.entry(label).or_default().push(more);
    }

    pub(crate) fn init_resource<R: Resource + FromWorld>(&mut self) {
        self.note_type::<R>();
        self.provisions
            .push(Box::new(InitResource::<R>(PhantomData)));
    }

    pub(crate) fn insert_resource<R: Resource>(&mut self, value: R) {
        self.note_type::<R>();
        self.copying.replaced.push(CopyRule::leave::<R>());
        self.provisions.push(Box::new(InsertResource(value)));
    }

    pub(crate) fn add_event<E: Event>(&mut self) {
        self.note_type::<E>();
        self.copying.event::<E>();
        self.provisions.push(Box::new(AddEvent::<E>(PhantomData)));
    }

    pub(crate) fn init_state<S: FreelyMutableState + FromWorld>(&mut self) {
        self.note_type::<S>();
        let rules = [CopyRule::state::<S>(), CopyRule::cloned::<NextState<S>>()];
        self.copying.rules.extend(rules);
        self.copying.event::<StateTransitionEvent<S>>();
        self.hides.push(hide::<S>);
        self.provisions.push(Box::new(InitState::<S>(PhantomData)));
    }

    pub(crate) fn register_type<T: GetTypeRegistration>(&mut self) {
        self.note_type::<T>();
        self.registry.register::<T>();
        let register: Register = TypeRegistry::register::<T>;
        self.provisions.push(Box::new(RegisterType(register)));
    }

    pub(crate) fn observe<E: Event, B: Bundle, M>(
        &mut self,
        observer: impl IntoObserverSystem<E, B, M>,
    ) {
        self.observers.push(Box::new(ModuleObserver::new(observer)));
    }

    pub(crate) fn set_executor(&mut self, executor: ExecutorKind) {
        self.executor = executor;
    }

    pub(crate) fn state_key<T: StateKeyType<Kind>, Kind>(&mut self, register: Option<Register>) {
        self.note_type::<T>();
        if let Some(register) = register {
            register(&mut self.registry);
        }
        self.copying.rules.push(CopyRule::cloned::<T>());
        self.state_keys.push(StateKey {
            path: std::any::type_name::<T>(),
            type_id: TypeId::of::<T>(),
        });
    }
}

/// Hides what was asked of a state, so that nothing comes of it yet.
fn hide<S: FreelyMutableState>(world: &mut World) -> Shows {
    let next = world.remove_resource::<NextState<S>>();
    Box::new(|world| {
        if let Some(next) = next {
            world.insert_resource(next);
        }
    })
}

struct InitResource<R>(PhantomData<fn() -> R>);

impl<R: Resource + FromWorld> Provision for InitResource<R> {
    fn rehearse(&self, world: &mut World, _: &mut ModuleSchedules) {
        make_known::<R>(world);
    }

    fn apply(self: Box<Self>, world: &mut World, _place: &mut Place<'_>) {
        world.init_resource::<R>();
    }
}

struct InsertResource<R>(R);

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

struct RegisterType(Register);

impl Provision for RegisterType {
    fn rehearse(&self, _world: &mut World, _: &mut ModuleSchedules) {}

    fn apply(self: Box<Self>, world: &mut World, _place: &mut Place<'_>) {
        // A registration that is there stays: types that are the same are registered alike.
        let registry = world.get_resource_or_insert_with(AppTypeRegistry::default);
        (self.0)(&mut registry.write());
    }
}

struct AddEvent<E>(PhantomData<fn() -> E>);

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

/// The states that modules made. A host's own are left to it.
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

    /// A module comes back that owned these.
    pub(crate) fn own(&mut self, states: &[TypeId], module: &str) {
        let states = states.iter().map(|id| (*id, module.to_owned()));
        self.owners.extend(states);
    }
}

struct InitState<S>(PhantomData<fn() -> S>);

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
        let id = TypeId::of::<S>();
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
        if is_there {
            return;
        }
        world.init_resource::<State<S>>();
        world.init_resource::<NextState<S>>();
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

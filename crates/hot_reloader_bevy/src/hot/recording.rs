//! What a module's setup adds, taken down so that it can be rehearsed and put in place.

use std::{any::TypeId, collections::HashMap, marker::PhantomData};

use bevy::{
    ecs::{
        component::ComponentId,
        event::Events,
        schedule::{
            ExecutorKind, InternedScheduleLabel, IntoSystemConfigs, IntoSystemSetConfigs, NodeId,
            ScheduleLabel,
        },
        system::IntoObserverSystem,
    },
    prelude::{
        Bundle, Event, FromWorld, NextState, Resource, Schedule, Schedules, StateTransitionEvent,
        World,
    },
    reflect::{GetTypeRegistration, TypeRegistry},
    state::state::FreelyMutableState,
};
use hot_reloader_core::{panics, TypeShape};

use super::{
    definition::definition,
    observer::{ModuleObserver, Observe},
    placement::{self, Placement, UnitLabel},
    provision::{
        hide, AddEvent, InitResource, InitState, InsertResource, ModuleSchedules, Place, Provision,
        RegisterType, Shows, Transitions, Undo,
    },
    snapshot::{CopyRule, EventRule},
};
use crate::{hook::Hook, state_key::Register, Abilities, StateKeyType};

/// A type whose values a module owns.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StateKey {
    pub(crate) path: &'static str,
    pub(crate) type_id: TypeId,
    pub(crate) abilities: Abilities,
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
    /// The requests for states, and whether one waits.
    pub(crate) requests: Vec<(TypeId, fn(&World) -> bool)>,
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
    /// Takes down what `setup` adds, and takes schedules apart for which there is a placement, each with
    /// the number of its arrangement in the host's schedule.
    ///
    /// # Panics
    ///
    /// If the setup does, or adds something else than in the rehearsal.
    pub(crate) fn of(
        setup: impl FnOnce(&mut Self),
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
        setup(&mut recording);
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

    /// Makes the types of all that the module wants besides systems known to a world.
    pub(crate) fn make_known(&mut self, world: &mut World) {
        for provision in &self.provisions {
            provision.rehearse(world, &mut self.schedules);
        }
        for key in &self.state_keys {
            (key.abilities.make_known)(world);
        }
    }

    /// What reflection knows of the types that the module named.
    pub(crate) fn registry(&self) -> &TypeRegistry {
        &self.registry
    }

    /// The same, for keeps.
    pub(crate) fn take_registry(&mut self) -> TypeRegistry {
        std::mem::take(&mut self.registry)
    }

    /// Puts what the module wants besides systems into the live world. What it takes out of the world
    /// meanwhile is in `undo`, even if it panics.
    ///
    /// # Panics
    ///
    /// If a value's constructor does.
    pub(crate) fn provide(&mut self, world: &mut World, module: &str, undo: &mut Vec<Undo>) {
        let mut place = Place {
            module,
            schedules: &mut self.schedules,
            then: Vec::new(),
            undo,
        };
        for provision in std::mem::take(&mut self.provisions) {
            provision.apply(world, &mut place);
        }
        let then = place.then;
        self.skip_transitions(world);
        for work in then {
            work(world);
        }
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
        let waits = |world: &World| {
            let next = world.get_resource::<NextState<S>>();
            matches!(next, Some(NextState::Pending(_)))
        };
        let request = (TypeId::of::<NextState<S>>(), waits as fn(&World) -> bool);
        self.copying.requests.push(request);
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

    pub(crate) fn state_key<T: StateKeyType>(&mut self, abilities: Abilities) {
        self.note_type::<T>();
        if let Some(register) = abilities.register {
            register(&mut self.registry);
        }
        self.copying.rules.push(CopyRule::cloned::<T>());
        self.state_keys.push(StateKey {
            path: std::any::type_name::<T>(),
            type_id: TypeId::of::<T>(),
            abilities,
        });
    }
}

//! What a module's setup adds, taken down so that it can be rehearsed, swapped in and undone.

use std::{any::TypeId, collections::HashMap, fmt::Write, marker::PhantomData};

use bevy::{
    ecs::{
        event::{EventRegistry, Events},
        schedule::{
            ExecutorKind, InternedScheduleLabel, IntoSystemConfigs, IntoSystemSetConfigs,
            ScheduleLabel,
        },
        system::SystemState,
    },
    prelude::{
        Event, FromWorld, NextState, Res, Resource, Schedule, Schedules, State, StateTransition,
        StateTransitionEvent, World,
    },
    reflect::{GetTypeRegistration, NamedField, TypeInfo, TypeRegistry, UnnamedField, VariantInfo},
    state::state::FreelyMutableState,
};
use hot_reloader_core::{panics, PanicReport, TypeShape};

use super::snapshot::StateKey;
use crate::{hot_app::Hook, state_key::Register, HotApp, ModuleEntry, StateKeyType};

/// Takes back what a [`Provision`] did to the world.
pub(crate) type Undo = Box<dyn FnOnce(&mut World) + Send + Sync>;

/// Something besides systems that a module wants to be in the world.
pub(crate) trait Provision: Send + Sync {
    /// Makes its types known to the throwaway world.
    fn rehearse(&self, world: &mut World);
    /// Puts it into the live world.
    fn apply(self: Box<Self>, world: &mut World) -> Option<Undo>;
}

/// What one module added.
pub(crate) struct Recording {
    executor: ExecutorKind,
    pub(crate) schedules: HashMap<InternedScheduleLabel, Schedule>,
    pub(crate) provisions: Vec<Box<dyn Provision>>,
    pub(crate) state_keys: Vec<StateKey>,
    types: HashMap<TypeId, TypeShape>,
    registry: TypeRegistry,
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
        panics::guard(|| {
            let mut recording = Self {
                executor: ExecutorKind::SingleThreaded,
                schedules: HashMap::new(),
                provisions: Vec::new(),
                state_keys: Vec::new(),
                types: HashMap::new(),
                registry: TypeRegistry::new(),
            };
            module.build(&mut HotApp::new(&mut recording));
            for schedule in recording.schedules.values_mut() {
                schedule.set_executor_kind(recording.executor);
            }
            recording
        })
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
        self.schedule(schedule).add_systems(systems);
    }

    pub(crate) fn add_hook<M>(&mut self, hook: Hook, systems: impl IntoSystemConfigs<M>) {
        self.schedule(hook).add_systems(systems);
    }

    pub(crate) fn configure_sets(
        &mut self,
        schedule: impl ScheduleLabel,
        sets: impl IntoSystemSetConfigs,
    ) {
        self.schedule(schedule).configure_sets(sets);
    }

    pub(crate) fn init_resource<R: Resource + FromWorld>(&mut self) {
        self.note_type::<R>();
        self.provisions
            .push(Box::new(InitResource::<R>(PhantomData)));
    }

    pub(crate) fn insert_resource<R: Resource>(&mut self, value: R) {
        self.note_type::<R>();
        self.provisions.push(Box::new(InsertResource(value)));
    }

    pub(crate) fn add_event<E: Event>(&mut self) {
        self.note_type::<E>();
        self.provisions.push(Box::new(AddEvent::<E>(PhantomData)));
    }

    pub(crate) fn init_state<S: FreelyMutableState + FromWorld>(&mut self) {
        self.note_type::<S>();
        self.provisions.push(Box::new(InitState::<S>(PhantomData)));
    }

    pub(crate) fn register_type<T: GetTypeRegistration>(&mut self) {
        self.note_type::<T>();
        self.registry.register::<T>();
    }

    pub(crate) fn set_executor(&mut self, executor: ExecutorKind) {
        self.executor = executor;
    }

    pub(crate) fn state_key<T: StateKeyType<Kind>, Kind>(&mut self, register: Option<Register>) {
        self.note_type::<T>();
        if let Some(register) = register {
            register(&mut self.registry);
        }
        self.state_keys.push(StateKey::of::<T, Kind>());
    }
}

struct InitResource<R>(PhantomData<fn() -> R>);

impl<R: Resource + FromWorld> Provision for InitResource<R> {
    fn rehearse(&self, world: &mut World) {
        make_known::<R>(world);
    }

    fn apply(self: Box<Self>, world: &mut World) -> Option<Undo> {
        if world.contains_resource::<R>() {
            return None;
        }
        world.init_resource::<R>();
        Some(Box::new(|world| drop(world.remove_resource::<R>())))
    }
}

struct InsertResource<R>(R);

impl<R: Resource> Provision for InsertResource<R> {
    fn rehearse(&self, world: &mut World) {
        make_known::<R>(world);
    }

    fn apply(self: Box<Self>, world: &mut World) -> Option<Undo> {
        let before = world.remove_resource::<R>();
        world.insert_resource(self.0);
        Some(Box::new(|world| match before {
            Some(before) => world.insert_resource(before),
            None => drop(world.remove_resource::<R>()),
        }))
    }
}

struct AddEvent<E>(PhantomData<fn() -> E>);

impl<E: Event> Provision for AddEvent<E> {
    fn rehearse(&self, world: &mut World) {
        make_known::<Events<E>>(world);
    }

    fn apply(self: Box<Self>, world: &mut World) -> Option<Undo> {
        if !world.contains_resource::<Events<E>>() {
            EventRegistry::register_event::<E>(world);
        }
        // An empty queue of events disturbs nobody, so there is nothing to undo.
        None
    }
}

struct InitState<S>(PhantomData<fn() -> S>);

impl<S: FreelyMutableState + FromWorld> Provision for InitState<S> {
    fn rehearse(&self, world: &mut World) {
        make_known::<State<S>>(world);
        make_known::<NextState<S>>(world);
    }

    /// As `App::init_state`. What it adds to `StateTransition` stays: a schedule gives no system
    /// back, and without the resource it does nothing.
    fn apply(self: Box<Self>, world: &mut World) -> Option<Undo> {
        if world.contains_resource::<State<S>>() {
            return None;
        }
        world.init_resource::<State<S>>();
        world.init_resource::<NextState<S>>();
        if !world.contains_resource::<Events<StateTransitionEvent<S>>>() {
            EventRegistry::register_event::<StateTransitionEvent<S>>(world);
            let mut schedules = world.get_resource_or_insert_with(Schedules::default);
            S::register_state(schedules.entry(StateTransition));
        }
        let entered = Some(world.resource::<State<S>>().get().clone());
        world.send_event(StateTransitionEvent {
            exited: None,
            entered,
        });
        Some(Box::new(|world| {
            world.remove_resource::<State<S>>();
            world.remove_resource::<NextState<S>>();
        }))
    }
}

/// Registers the type as a resource without a value; a world has no other public way to.
fn make_known<R: Resource>(world: &mut World) {
    SystemState::<Option<Res<R>>>::new(world);
}

/// All fields and variants of a type, recursively and in order, one to a line.
fn definition(registry: &TypeRegistry, id: TypeId) -> Option<String> {
    let mut text = String::new();
    describe(registry, id, "", &mut Vec::new(), &mut text)?;
    Some(text)
}

fn describe(
    registry: &TypeRegistry,
    id: TypeId,
    path: &str,
    within: &mut Vec<TypeId>,
    text: &mut String,
) -> Option<()> {
    let info = registry.get_type_info(id)?;
    if within.contains(&id) {
        return Some(());
    }
    within.push(id);
    let mut field = |name: &str, type_path: &str, id: TypeId| {
        let path = if path.is_empty() {
            name.to_owned()
        } else {
            format!("{path}.{name}")
        };
        let _ = writeln!(text, "{path}: {type_path}");
        // A type that cannot be looked into is described by its name.
        let _ = describe(registry, id, &path, within, text);
    };
    let named = |f: &NamedField| (f.name().to_owned(), f.type_path(), f.type_id());
    let unnamed = |f: &UnnamedField| (f.index().to_string(), f.type_path(), f.type_id());
    match info {
        TypeInfo::Struct(info) => {
            for (name, path, id) in info.iter().map(named) {
                field(&name, path, id);
            }
        }
        TypeInfo::TupleStruct(info) => {
            for (name, path, id) in info.iter().map(unnamed) {
                field(&name, path, id);
            }
        }
        TypeInfo::Tuple(info) => {
            for (name, path, id) in info.iter().map(unnamed) {
                field(&name, path, id);
            }
        }
        TypeInfo::Enum(info) => {
            for variant in info.iter() {
                let name = variant.name();
                match variant {
                    VariantInfo::Unit(_) => field(name, "unit", TypeId::of::<()>()),
                    VariantInfo::Struct(variant) => {
                        for (f, path, id) in variant.iter().map(named) {
                            field(&format!("{name}.{f}"), path, id);
                        }
                    }
                    VariantInfo::Tuple(variant) => {
                        for (f, path, id) in variant.iter().map(unnamed) {
                            field(&format!("{name}.{f}"), path, id);
                        }
                    }
                }
            }
        }
        TypeInfo::List(info) => field(
            "[]",
            info.item_type_path_table().path(),
            info.item_type_id(),
        ),
        TypeInfo::Array(info) => field(
            "[]",
            info.item_type_path_table().path(),
            info.item_type_id(),
        ),
        TypeInfo::Map(info) => {
            field("key", info.key_type_path_table().path(), info.key_type_id());
            field(
                "value",
                info.value_type_path_table().path(),
                info.value_type_id(),
            );
        }
        TypeInfo::Value(_) => {}
    }
    within.pop();
    Some(())
}

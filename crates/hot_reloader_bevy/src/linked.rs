//! A module linked in: what it adds goes straight into the app.

use std::collections::HashSet;

use bevy::{
    ecs::{
        schedule::{
            ExecutorKind, InternedScheduleLabel, IntoSystemConfigs, IntoSystemSetConfigs,
            ScheduleLabel, SystemSet,
        },
        system::IntoObserverSystem,
    },
    prelude::{App, AppExtStates, Bundle, Event, FromWorld, Resource, Startup},
    reflect::GetTypeRegistration,
    state::state::FreelyMutableState,
};

use crate::{hook::Hook, Abilities, StateKeyType};

/// All systems of one module in a schedule.
#[derive(SystemSet, Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct ModuleSet(pub(crate) &'static str);

/// An app as one module reaches it.
#[derive(Debug)]
pub(crate) struct Linked<'a> {
    pub(crate) app: &'a mut App,
    pub(crate) set: ModuleSet,
    /// Those that it has systems in.
    pub(crate) schedules: &'a mut HashSet<InternedScheduleLabel>,
}

impl Linked<'_> {
    pub(crate) fn add_systems<M>(
        &mut self,
        schedule: impl ScheduleLabel,
        systems: impl IntoSystemConfigs<M>,
    ) {
        let schedule = schedule.intern();
        self.schedules.insert(schedule);
        self.app
            .add_systems(schedule, systems.in_set(self.set.clone()));
    }

    pub(crate) fn add_hook<M>(&mut self, hook: Hook, systems: impl IntoSystemConfigs<M>) {
        // Nothing ever gives way here.
        if hook == Hook::Setup {
            self.add_systems(Startup, systems);
        }
    }

    pub(crate) fn observe<E: Event, B: Bundle, M>(
        &mut self,
        observer: impl IntoObserverSystem<E, B, M>,
    ) {
        self.app.observe(observer);
    }

    pub(crate) fn configure_sets(
        &mut self,
        schedule: impl ScheduleLabel,
        sets: impl IntoSystemSetConfigs,
    ) {
        self.app.configure_sets(schedule, sets);
    }

    pub(crate) fn init_resource<R: Resource + FromWorld>(&mut self) {
        self.app.init_resource::<R>();
    }

    pub(crate) fn insert_resource<R: Resource>(&mut self, value: R) {
        self.app.insert_resource(value);
    }

    pub(crate) fn add_event<E: Event>(&mut self) {
        self.app.add_event::<E>();
    }

    pub(crate) fn init_state<S: FreelyMutableState + FromWorld>(&mut self) {
        self.app.init_state::<S>();
    }

    pub(crate) fn register_type<T: GetTypeRegistration>(&mut self) {
        self.app.register_type::<T>();
    }

    #[expect(clippy::unused_self, reason = "the recording of the hot form needs it")]
    pub(crate) fn set_executor(&mut self, _executor: ExecutorKind) {
        // The app's schedules hold systems of others too, so their executors are not ours to set.
    }

    #[expect(clippy::unused_self, reason = "the recording of the hot form needs it")]
    pub(crate) fn state_key<T: StateKeyType>(&mut self, _abilities: Abilities) {
        // Nothing is ever restored.
    }
}

//! The modules linked in: what they add goes straight into the app.

use std::collections::HashSet;

use bevy::{
    ecs::{
        schedule::{
            ExecutorKind, InternedScheduleLabel, IntoSystemConfigs, IntoSystemSetConfigs,
            ScheduleLabel, SystemSet,
        },
        system::IntoObserverSystem,
    },
    prelude::{App, AppExtStates, Bundle, Event, FromWorld, Plugin, Resource, Startup},
    reflect::GetTypeRegistration,
    state::state::FreelyMutableState,
};

use crate::{hot_app::Hook, state_key::Register, HotApp, LibraryEntry, ModuleEntry, StateKeyType};

/// Adds the modules of a library to the app.
#[derive(Debug)]
pub struct LinkedModulesPlugin {
    library: &'static LibraryEntry,
}

impl LinkedModulesPlugin {
    /// For the library whose entry this is.
    #[must_use]
    pub fn new(library: &'static LibraryEntry) -> Self {
        Self { library }
    }
}

impl Plugin for LinkedModulesPlugin {
    /// # Panics
    ///
    /// If a module names one in `after` that does not exist, or modules wait for each other.
    fn build(&self, app: &mut App) {
        let mut before: Vec<ModuleSet> = Vec::new();
        for module in in_order(self.library.modules) {
            let set = ModuleSet(module.name);
            let mut schedules = HashSet::new();
            module.build(&mut HotApp::new(Linked {
                app,
                set: set.clone(),
                schedules: &mut schedules,
            }));
            // As with `hot`, where the modules of a schedule run one after the other.
            for schedule in schedules {
                for earlier in before.iter().cloned() {
                    app.configure_sets(schedule, earlier.before(set.clone()));
                }
            }
            before.push(set);
        }
    }
}

fn in_order(modules: &[ModuleEntry]) -> Vec<&ModuleEntry> {
    let mut waiting: Vec<&ModuleEntry> = modules.iter().collect();
    let mut ordered: Vec<&ModuleEntry> = Vec::new();
    while !waiting.is_empty() {
        let ready = waiting
            .iter()
            .position(|module| {
                let is_there = |name: &&str| ordered.iter().any(|m| m.name == *name);
                module.after.iter().all(is_there)
            })
            .unwrap_or_else(|| panic!("the `after` of {waiting:?} cannot be satisfied"));
        ordered.push(waiting.remove(ready));
    }
    ordered
}

/// All systems of one module in a schedule.
#[derive(SystemSet, Clone, Debug, PartialEq, Eq, Hash)]
struct ModuleSet(&'static str);

/// An app as one module reaches it.
#[derive(Debug)]
pub(crate) struct Linked<'a> {
    app: &'a mut App,
    set: ModuleSet,
    schedules: &'a mut HashSet<InternedScheduleLabel>,
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
    pub(crate) fn state_key<T: StateKeyType<Kind>, Kind>(&mut self, _register: Option<Register>) {
        // Nothing is ever restored.
    }
}

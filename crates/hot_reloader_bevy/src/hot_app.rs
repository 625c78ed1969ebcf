//! What a module's setup function is given.

use bevy::{
    ecs::{
        schedule::{ExecutorKind, IntoSystemConfigs, IntoSystemSetConfigs, ScheduleLabel},
        system::IntoObserverSystem,
    },
    prelude::{Bundle, Event, FromWorld, Resource},
    reflect::GetTypeRegistration,
    state::state::FreelyMutableState,
};

use crate::{hook::Hook, Abilities, StateKeyType};

/// Where the things that a module adds go.
#[cfg(not(feature = "hot"))]
pub(crate) type Backend<'a> = crate::linked::Linked<'a>;
/// Where the things that a module adds go.
#[cfg(feature = "hot")]
pub(crate) type Backend<'a> = &'a mut crate::hot::recording::Recording;

/// The part of an `App` that a module adds to. Its setup function runs again for each new
/// generation, and beforehand in a throwaway world, and once more where types changed, to make them known; so
/// it adds things and does nothing else.
#[derive(Debug)]
pub struct HotApp<'a> {
    backend: Backend<'a>,
}

impl<'a> HotApp<'a> {
    pub(crate) fn new(backend: Backend<'a>) -> Self {
        Self { backend }
    }

    /// Adds systems to any schedule. They may be ordered, put into sets and given run conditions, in
    /// relation to the systems of the same module and to the sets of the app. In `First` and `Last`, a
    /// module's systems run as one, and sets of the app mean nothing to them.
    ///
    /// With `hot`, systems in `PreStartup`, `Startup` and `PostStartup` run once, when the module
    /// is loaded for the first time.
    pub fn add_systems<M>(
        &mut self,
        schedule: impl ScheduleLabel,
        systems: impl IntoSystemConfigs<M>,
    ) -> &mut Self {
        self.backend.add_systems(schedule, systems);
        self
    }

    /// Adds systems that run each time a generation of the module takes over, the first included:
    /// for entities that the module owns and wants rebuilt by new code.
    ///
    /// They run at the start of a frame, after the startup systems if those run. If the reload is
    /// taken back, what the setup of the code from before had made comes back as it was. Without `hot`
    /// they run in `Startup`.
    pub fn setup<M>(&mut self, systems: impl IntoSystemConfigs<M>) -> &mut Self {
        self.backend.add_hook(Hook::Setup, systems);
        self
    }

    /// Adds systems that run each time a generation of the module gives way to another: for the
    /// entities that [`setup`](Self::setup) made. A panic in them becomes a warning in the report. If the
    /// new code is taken back, its own teardown does not run: all that it did is undone. Without `hot`
    /// they never run.
    pub fn teardown<M>(&mut self, systems: impl IntoSystemConfigs<M>) -> &mut Self {
        self.backend.add_hook(Hook::Teardown, systems);
        self
    }

    /// Adds systems that run once when a generation has taken over from another, after the setup of
    /// all modules of the reload. Without `hot` they never run.
    pub fn on_reload<M>(&mut self, systems: impl IntoSystemConfigs<M>) -> &mut Self {
        self.backend.add_hook(Hook::Reload, systems);
        self
    }

    /// Adds an observer that runs whenever an `E` is triggered, for whatever entity. New code brings its
    /// own in place of it. One that is spawned by a system, or on an entity, is state like any other
    /// entity and goes on with the code that spawned it.
    pub fn observe<E: Event, B: Bundle, M>(
        &mut self,
        observer: impl IntoObserverSystem<E, B, M>,
    ) -> &mut Self {
        self.backend.observe(observer);
        self
    }

    /// Orders the module's sets in a schedule.
    pub fn configure_sets(
        &mut self,
        schedule: impl ScheduleLabel,
        sets: impl IntoSystemSetConfigs,
    ) -> &mut Self {
        self.backend.configure_sets(schedule, sets);
        self
    }

    /// Makes sure that the resource exists. A value that is there stays, so this is for state.
    pub fn init_resource<R: Resource + FromWorld>(&mut self) -> &mut Self {
        self.backend.init_resource::<R>();
        self
    }

    /// Sets the resource, anew for each generation; so this is for constants that are edited live.
    pub fn insert_resource<R: Resource>(&mut self, value: R) -> &mut Self {
        self.backend.insert_resource(value);
        self
    }

    /// Makes sure that the event can be sent and read.
    pub fn add_event<E: Event>(&mut self) -> &mut Self {
        self.backend.add_event::<E>();
        self
    }

    /// Makes sure that the state exists. A state that is there stays as it is.
    pub fn init_state<S: FreelyMutableState + FromWorld>(&mut self) -> &mut Self {
        self.backend.init_state::<S>();
        self
    }

    /// Registers a type in the app, as `App::register_type` does. So the reloader can look into a type
    /// that is no state key: a change of its fields is noticed, and a rollback brings its values back.
    pub fn register_type<T: GetTypeRegistration>(&mut self) -> &mut Self {
        self.backend.register_type::<T>();
        self
    }

    /// Chooses how the module's systems are run; one after the other by default.
    pub fn set_executor(&mut self, executor: ExecutorKind) -> &mut Self {
        self.backend.set_executor(executor);
        self
    }

    /// Declares that the module owns all values of `T`. `#[hot_module(state_keys = [...])]` calls
    /// it.
    #[doc(hidden)]
    pub fn state_key<T: StateKeyType>(&mut self, abilities: Abilities) {
        self.backend.state_key::<T>(abilities);
    }
}

//! Observers that a module adds: guarded, and silent while its code does not run.

use std::sync::{
    atomic::{AtomicBool, Ordering},
    Arc, Mutex, PoisonError,
};

use bevy::{
    ecs::{
        component::ComponentId,
        entity::Entity,
        system::{Adapt, AdapterSystem, IntoObserverSystem, ObserverSystem, System},
    },
    prelude::{Bundle, Event, Observer, Trigger, World},
};
use hot_reloader_core::{panics, PanicReport};

/// Whether the observers of one generation of a module may run, and what came of it.
#[derive(Debug, Default)]
pub(crate) struct Gate {
    is_open: AtomicBool,
    /// Set with each panic, so that looking is cheap.
    has_panicked: AtomicBool,
    panics: Mutex<Vec<(String, PanicReport)>>,
}

impl Gate {
    pub(crate) fn open(&self) {
        self.is_open.store(true, Ordering::Relaxed);
    }

    pub(crate) fn close(&self) {
        self.is_open.store(false, Ordering::Relaxed);
    }

    pub(crate) fn has_panicked(&self) -> bool {
        self.has_panicked.load(Ordering::Relaxed)
    }

    /// What panicked since the last call, each with the observer's name.
    pub(crate) fn take_panics(&self) -> Vec<(String, PanicReport)> {
        if !self.has_panicked.swap(false, Ordering::Relaxed) {
            return Vec::new();
        }
        std::mem::take(&mut *self.panics.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn note(&self, observer: &str, panic: PanicReport) {
        // No more of this generation runs before it is decided what becomes of it.
        self.close();
        let mut panics = self.panics.lock().unwrap_or_else(PoisonError::into_inner);
        panics.push((observer.to_owned(), panic));
        self.has_panicked.store(true, Ordering::Relaxed);
    }
}

/// An observer that is not in a world yet.
pub(crate) trait Observe: Send + Sync {
    /// Makes its types known to the throwaway world. Returns its name and what it may change.
    fn rehearse(self: Box<Self>, world: &mut World) -> (String, Vec<ComponentId>);

    /// Puts it into the live world, behind a gate.
    fn spawn(self: Box<Self>, world: &mut World, gate: &Arc<Gate>) -> Entity;
}

pub(crate) struct ModuleObserver<S, E, B> {
    system: S,
    types: std::marker::PhantomData<fn() -> (E, B)>,
}

impl<S, E, B> ModuleObserver<S, E, B>
where
    S: ObserverSystem<E, B>,
    E: Event,
    B: Bundle,
{
    pub(crate) fn new<M>(observer: impl IntoObserverSystem<E, B, M, System = S>) -> Self {
        Self {
            system: IntoObserverSystem::into_system(observer),
            types: std::marker::PhantomData,
        }
    }
}

impl<S, E, B> Observe for ModuleObserver<S, E, B>
where
    S: ObserverSystem<E, B>,
    E: Event,
    B: Bundle,
{
    fn rehearse(mut self: Box<Self>, world: &mut World) -> (String, Vec<ComponentId>) {
        world.init_component::<E>();
        self.system.initialize(world);
        let writes = self.system.component_access().writes().collect();
        (self.system.name().into_owned(), writes)
    }

    fn spawn(self: Box<Self>, world: &mut World, gate: &Arc<Gate>) -> Entity {
        let name = self.system.name();
        let guarded = Guarded {
            gate: gate.clone(),
            name: name.clone().into_owned(),
            types: std::marker::PhantomData,
        };
        let system = AdapterSystem::new(guarded, self.system, name);
        world.spawn(Observer::<E, B>::new(system)).id()
    }
}

/// Runs an observer if its gate is open, and lets no panic out of it.
struct Guarded<E, B> {
    gate: Arc<Gate>,
    name: String,
    types: std::marker::PhantomData<fn() -> (E, B)>,
}

impl<S, E, B> Adapt<S> for Guarded<E, B>
where
    S: System<In = Trigger<'static, E, B>, Out = ()>,
    E: Event,
    B: Bundle,
{
    type In = Trigger<'static, E, B>;
    type Out = ();

    fn adapt(&mut self, input: Self::In, run: impl FnOnce(S::In) -> S::Out) {
        if self.gate.is_open.load(Ordering::Relaxed) {
            if let Err(panic) = panics::guard(|| run(input)) {
                self.gate.note(&self.name, panic);
            }
        }
    }
}

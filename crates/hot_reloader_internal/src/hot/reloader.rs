//! What the reloader tells about itself.

use std::{collections::VecDeque, sync::Arc, time::Instant};

use bevy::prelude::{App, Resource, World};
use hot_reloader_core::{BuildId, Generation, HotModule, ModuleRegistry, RegistryError};

use super::{
    delegate::Delegates,
    snapshot::Snapshot,
    transaction::{self, Machinery},
    Phase, ReloadError, ReloadReport, ReloadRequest,
};

/// Reports kept in memory.
const HISTORY: usize = 50;

/// What the reloader did and what runs now. Send a [`ReloadRequest`](super::ReloadRequest) to
/// start a reload.
#[derive(Resource, Default)]
pub struct HotReloader {
    pub(crate) registered: ModuleRegistry,
    pub(crate) generation: Generation,
    pub(crate) build_id: Option<BuildId>,
    pub(crate) modules: Vec<ModuleStatus>,
    pub(crate) last_error: Option<Arc<ReloadError>>,
    pub(crate) history: VecDeque<ReloadReport>,
    pub(crate) progress: Option<Progress>,
}

/// One module as it is now.
#[derive(Clone, Debug)]
pub struct ModuleStatus {
    /// Its registry entry.
    pub module: HotModule,
    /// The generation whose code it runs.
    pub generation: Generation,
    /// The digest of that code, as it is in memory.
    pub build_id: BuildId,
    /// Why it does not run, if it was suspended.
    pub suspended: Option<Arc<ReloadError>>,
}

/// A reload that goes on.
#[derive(Clone, Debug)]
pub struct Progress {
    /// The step.
    pub phase: Phase,
    /// What it is doing, in a few words.
    pub text: String,
    /// When the reload was asked for.
    pub since: Instant,
}

impl HotReloader {
    /// The newest generation that runs; [`Generation::NONE`] before the library was loaded.
    #[must_use]
    pub fn generation(&self) -> Generation {
        self.generation
    }

    /// The digest of the code of that generation, as it is in memory.
    #[must_use]
    pub fn build_id(&self) -> Option<&BuildId> {
        self.build_id.as_ref()
    }

    /// The modules, in dependency order.
    #[must_use]
    pub fn modules(&self) -> &[ModuleStatus] {
        &self.modules
    }

    /// Why the last reload did not come about, or a module is suspended; `None` when all is well.
    #[must_use]
    pub fn last_error(&self) -> Option<&ReloadError> {
        self.last_error.as_deref()
    }

    /// Whether there is such an error.
    #[must_use]
    pub fn is_error_state(&self) -> bool {
        self.last_error.is_some()
    }

    /// The reports of the last reloads, the newest last.
    pub fn history(&self) -> impl DoubleEndedIterator<Item = &ReloadReport> {
        self.history.iter()
    }

    /// The reload that goes on, if one does.
    #[must_use]
    pub fn progress(&self) -> Option<&Progress> {
        self.progress.as_ref()
    }

    pub(crate) fn remember(&mut self, report: ReloadReport) {
        if self.history.len() == HISTORY {
            self.history.pop_front();
        }
        self.history.push_back(report);
    }

    /// Demands a module: from the next reload on, a library that lacks it, or one of its state keys
    /// or targets, is refused, and it is put in order by its `after` too. A library registers its own
    /// modules by listing them in `hot_library!`; this is for a host that relies on one.
    ///
    /// # Errors
    ///
    /// [`RegistryError::Duplicate`], [`RegistryError::UnknownPredecessor`] and
    /// [`RegistryError::Circle`], held against the modules registered before.
    pub fn register(&mut self, module: HotModule) -> Result<(), RegistryError> {
        self.registered.register(module)
    }

    /// Reloads some modules within this call: the frame waits for cargo. The new code is in place when
    /// it returns, and on probation in the frames to come. [`ReloadRequest`] does the same
    /// without waiting.
    ///
    /// Builds that go on in the background are ended, and what they were for is done here too.
    ///
    /// # Errors
    ///
    /// [`ReloadError::Busy`] if another reload is on probation or being put in place. Whatever else
    /// went wrong is in the report.
    pub fn reload(world: &mut World, modules: &[&str]) -> Result<ReloadReport, ReloadError> {
        transaction::reload_now(world, ReloadRequest::modules(modules.iter().copied()))
    }

    /// [`reload`](Self::reload) of all modules, in dependency order, all or nothing.
    ///
    /// # Errors
    ///
    /// As [`reload`](Self::reload).
    pub fn reload_all(world: &mut World) -> Result<ReloadReport, ReloadError> {
        transaction::reload_now(world, ReloadRequest::all())
    }

    /// Copies the values of all state keys of some modules.
    ///
    /// # Errors
    ///
    /// [`RegistryError::UnknownModule`].
    pub fn capture_state(world: &mut World, modules: &[&str]) -> Result<Snapshot, RegistryError> {
        let delegates = world.resource::<Delegates>();
        let mut keys = Vec::new();
        for name in modules {
            let slot = delegates
                .get(name)
                .ok_or_else(|| RegistryError::UnknownModule {
                    name: (*name).to_owned(),
                    known: delegates.names(),
                })?;
            keys.extend(slot.state_keys.iter().copied());
        }
        Ok(Snapshot::capture(world, &keys))
    }

    /// Makes the values in the world those of the snapshot: under the same entities, absent ones
    /// included. Each restored value counts as changed.
    pub fn restore_state(world: &mut World, snapshot: &Snapshot) {
        snapshot.restore(world);
    }
}

/// Registers modules on the app.
pub trait RegisterHotModule {
    /// See [`HotReloader::register`]. The [`HotReloaderPlugin`](super::HotReloaderPlugin) comes
    /// before it.
    ///
    /// # Panics
    ///
    /// If the module cannot be registered.
    fn register_hot_module(&mut self, module: HotModule) -> &mut Self;
}

impl RegisterHotModule for App {
    fn register_hot_module(&mut self, module: HotModule) -> &mut Self {
        let mut reloader = self.world_mut().resource_mut::<HotReloader>();
        if let Err(error) = reloader.register(module) {
            panic!("{error}");
        }
        self
    }
}

pub(super) fn plugin(app: &mut App) {
    app.init_resource::<HotReloader>()
        .insert_resource(Machinery::new());
}

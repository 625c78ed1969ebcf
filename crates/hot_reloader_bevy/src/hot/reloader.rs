//! What the reloader tells about itself.

use std::{
    collections::{HashSet, VecDeque},
    sync::Arc,
};

use bevy::prelude::{App, Resource, World};
use hot_reloader_core::{Generation, HotModule, ModuleRegistry, RegistryError};
use hot_reloader_transaction::{ModuleStatus, Progress, ReloadError, ReloadReport, RequestId};

use super::{
    config::HotReloaderConfig,
    exempt::NotRolledBack,
    slots::{Delegates, Slot},
    snapshot::{Instructions, Scope, Snapshot},
    trigger::ReloadFinished,
};

/// Reports kept in memory.
const HISTORY: usize = 50;

/// What the reloader did and what runs now. Send a [`ReloadRequest`](super::ReloadRequest) to
/// start a reload.
#[derive(Resource, Default)]
pub struct HotReloader {
    pub(crate) registered: ModuleRegistry,
    pub(crate) generation: Generation,
    pub(crate) modules: Vec<ModuleStatus>,
    pub(crate) last_error: Option<Arc<ReloadError>>,
    pub(crate) history: VecDeque<ReloadReport>,
    pub(crate) progress: Option<Progress>,
    pub(crate) is_ready: bool,
}

impl HotReloader {
    /// The newest generation that runs; [`Generation::NONE`] before any library was loaded. Modules may run
    /// older ones: those of libraries that nobody has edited.
    #[must_use]
    pub fn generation(&self) -> Generation {
        self.generation
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

    /// What could not be made sure of in the last reload.
    #[must_use]
    pub fn warnings(&self) -> &[String] {
        let last = self.history.back();
        last.map_or(&[], |report| &report.warnings)
    }

    /// The reports of the last 50 reloads, the newest last.
    pub fn history(&self) -> impl DoubleEndedIterator<Item = &ReloadReport> {
        self.history.iter()
    }

    /// The reload that goes on, if one does.
    #[must_use]
    pub fn progress(&self) -> Option<&Progress> {
        self.progress.as_ref()
    }

    /// Whether new code was built and tried, and takes over at once when somebody asks, unless it is edited
    /// again.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.is_ready
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

    /// Copies the values of all state keys of some modules.
    ///
    /// # Errors
    ///
    /// [`RegistryError::UnknownModule`].
    ///
    /// # Panics
    ///
    /// If the app has no [`HotReloaderPlugin`](super::HotReloaderPlugin).
    pub fn capture_state(world: &mut World, modules: &[&str]) -> Result<Snapshot, RegistryError> {
        let delegates = world.resource::<Delegates>();
        let mut scope = HashSet::new();
        let mut rules = Vec::new();
        for name in modules {
            let slot = delegates
                .get(name)
                .ok_or_else(|| RegistryError::UnknownModule {
                    name: (*name).to_owned(),
                    known: delegates.names(),
                })?;
            let keys = slot.state_keys.iter();
            scope.extend(keys.flat_map(|key| key.components(world)));
            rules.extend(slot.rules().copied());
        }
        let instructions = Instructions {
            rules,
            ..Instructions::default()
        };
        Ok(Snapshot::capture(world, Scope::Types(scope), &instructions))
    }

    /// Copies the whole world, as before a swap.
    ///
    /// # Panics
    ///
    /// If the app has no [`HotReloaderPlugin`](super::HotReloaderPlugin).
    #[must_use]
    pub fn capture_world(world: &mut World) -> Snapshot {
        let slots = &world.resource::<Delegates>().slots;
        let rules = slots.iter().flat_map(Slot::rules);
        let exempt = &world.resource::<NotRolledBack>().0;
        let instructions = Instructions {
            rules: rules.chain(exempt).copied().collect(),
            ..Instructions::default()
        };
        Snapshot::capture(world, Scope::World, &instructions)
    }

    /// Makes the values in the world those of the snapshot: under the same entities, absent ones
    /// included. Each restored value counts as changed. Returns what is not as it was, one line for
    /// each type.
    pub fn restore_state(world: &mut World, snapshot: &Snapshot) -> Vec<String> {
        snapshot.restore(world)
    }
}

/// Registers modules on the app.
pub trait RegisterHotModule {
    /// See [`HotReloader::register`]. The [`HotReloaderPlugin`](super::HotReloaderPlugin) comes
    /// before it.
    ///
    /// # Panics
    ///
    /// If the module cannot be registered, or if that plugin is missing.
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

/// Tells what runs now, from the code that runs, what goes on, and what is wrong.
pub(super) fn show(
    world: &mut World,
    modules: Vec<ModuleStatus>,
    progress: Option<Progress>,
    error: Option<&Arc<ReloadError>>,
    is_ready: bool,
) {
    let mut reloader = world.resource_mut::<HotReloader>();
    let is_new = |error: &Arc<ReloadError>| {
        let shown = reloader.last_error.as_ref();
        !shown.is_some_and(|shown| Arc::ptr_eq(shown, error))
    };
    if let Some(error) = error.filter(|error| is_new(error)) {
        bevy::log::error!("{error}");
    }
    let newest = modules.iter().max_by_key(|module| module.generation);
    reloader.generation = newest.map_or(Generation::NONE, |module| module.generation);
    reloader.modules = modules;
    reloader.progress = progress;
    reloader.is_ready = is_ready;
    reloader.last_error = error.cloned();
}

/// Keeps the report, and tells whoever asked.
pub(super) fn finished(world: &mut World, report: ReloadReport, requests: &[RequestId]) {
    let number = report.number;
    bevy::log::info!("hot reload {number}: {}", report.summary());
    if let Some(file) = &world.resource::<HotReloaderConfig>().report_file {
        if let Err(error) = report.append_to(file) {
            bevy::log::error!("cannot write the report to {}: {error}", file.display());
        }
    }
    world.resource_mut::<HotReloader>().remember(report);
    world.send_event(ReloadFinished {
        number,
        requests: requests.to_vec(),
    });
}

pub(super) fn plugin(app: &mut App) {
    app.init_resource::<HotReloader>();
}

//! Where code comes from: libraries that cargo makes, and that are opened and kept.
#![expect(
    unsafe_code,
    reason = "what a library exports as its entry is taken at its word"
)]

use bevy::prelude::{Mut, Resource, World};
use hot_reloader_core::{panics, BuildId, LoadedLibrary, StagedLibrary};
use hot_reloader_transaction::{
    cargo::{self, Workshop},
    Build, MadeLibrary, Purpose, ReloadError,
};

use super::{config::HotReloaderConfig, runner, slots::Delegates};
use crate::{LibraryEntry, ModuleEntry};

/// Where an app's libraries come from.
pub(crate) trait Source: Send + Sync {
    /// Begins to make some. `wake` is called now and then, and when that has ended.
    fn make(&self, config: &HotReloaderConfig, order: Order, wake: Wake) -> Box<dyn Build>;

    /// Opens the copy of one that was made, unless it is open.
    fn open(
        &mut self,
        made: &MadeLibrary,
        copy: &StagedLibrary,
    ) -> Result<&'static LibraryEntry, ReloadError>;

    /// How many are open.
    fn open_count(&self) -> usize;

    /// Loads an open one.
    fn swap(&self, world: &mut World, library: &Library) -> Result<(), String>;
}

/// What is to be made.
pub(crate) struct Order {
    /// The names of the libraries; `None` for all.
    pub(crate) wanted: Option<Vec<String>>,
    /// The builds that run and may go on, so no copy of them is needed.
    pub(crate) running: Vec<BuildId>,
    /// What for.
    pub(crate) purpose: Purpose,
}

/// What lets a build be seen.
pub(crate) type Wake = Box<dyn Fn() + Send + Sync>;

/// The source of the app.
#[derive(Resource)]
pub(crate) struct Libraries(pub(crate) Box<dyn Source>);

impl Libraries {
    pub(crate) fn scope<R>(
        world: &mut World,
        work: impl FnOnce(&mut World, &mut dyn Source) -> R,
    ) -> R {
        world.resource_scope(|world, mut libraries: Mut<Self>| work(world, &mut *libraries.0))
    }
}

/// An open library.
#[derive(Clone, Debug)]
pub(crate) struct Library {
    pub(crate) entry: &'static LibraryEntry,
    pub(crate) path: std::path::PathBuf,
}

/// The entry of a module, as it will be when `libraries` have taken over from what runs.
pub(crate) fn entry_of(
    libraries: &[Library],
    running: &Delegates,
    name: &str,
) -> Option<&'static ModuleEntry> {
    let mut new = libraries.iter().flat_map(|library| library.entry.modules);
    let new = new.find(|module| module.name == name);
    new.or_else(|| running.get(name).map(|slot| slot.entry))
}

/// Cargo, the loader, and `bevy_dexterous_developer`.
#[derive(Default)]
pub(crate) struct Cargo {
    workshop: Workshop,
    /// All that were opened, for they stay in memory.
    open: Vec<LoadedLibrary>,
}

impl Source for Cargo {
    fn make(&self, config: &HotReloaderConfig, order: Order, wake: Wake) -> Box<dyn Build> {
        let Order {
            wanted,
            running,
            purpose,
        } = order;
        let order = cargo::Order {
            libraries: config.libraries.clone(),
            wanted,
            running,
            config: config.build.clone(),
            folder: config.staging_folder.clone(),
            purpose,
        };
        self.workshop.start(order, wake)
    }

    fn open(
        &mut self,
        made: &MadeLibrary,
        copy: &StagedLibrary,
    ) -> Result<&'static LibraryEntry, ReloadError> {
        let is_open = |library: &&LoadedLibrary| library.staged() == copy;
        let library = match self.open.iter().position(|library| is_open(&library)) {
            Some(index) => &self.open[index],
            None => {
                let open: Vec<_> = self.open.iter().collect();
                let library = LoadedLibrary::open(copy.clone(), &open)?;
                panics::watch(copy.serial, library.addresses());
                if *library.build_id() != made.build_id {
                    return Err(ReloadError::NotSwapped {
                        reason: format!("`{}` in memory is not the one that was built", made.name),
                    });
                }
                self.open.push(library);
                self.open.last().expect("it was just put there")
            }
        };
        // SAFETY: the inspection found the version of the entry and the compiler to be the host's,
        // and `hot_library!`, the only writer of the identity, writes the entry with this type.
        Ok(unsafe { library.entry() })
    }

    fn open_count(&self) -> usize {
        self.open.len()
    }

    fn swap(&self, world: &mut World, library: &Library) -> Result<(), String> {
        runner::swap(world, &library.path, library.entry)
    }
}

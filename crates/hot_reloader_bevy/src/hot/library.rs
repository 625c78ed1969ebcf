//! Where code comes from: libraries that cargo makes, and that are opened and kept.
#![expect(
    unsafe_code,
    reason = "what a library exports as its entry is taken at its word"
)]

use bevy::prelude::{Mut, Resource, World};
use hot_reloader_core::{panics, LoadedLibrary};
use hot_reloader_transaction::{
    cargo::{self, Workshop},
    Build, Made, Purpose, ReloadError,
};

use super::{config::HotReloaderConfig, runner};
use crate::{LibraryEntry, ModuleEntry};

/// Where an app's libraries come from.
pub(crate) trait Source: Send + Sync {
    /// Begins to make one. `wake` is called whenever that has something to tell.
    fn make(&self, config: &HotReloaderConfig, purpose: Purpose, wake: Wake) -> Box<dyn Build>;

    /// Opens one that was made.
    fn open(&mut self, made: &Made) -> Result<&'static LibraryEntry, ReloadError>;

    /// How many are open.
    fn open_count(&self) -> usize;

    /// Makes an open one the one that is loaded.
    fn swap(&self, world: &mut World, library: &Library) -> Result<(), String>;
}

/// What lets a build's news be seen.
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

impl Library {
    /// The entry of one of its modules.
    pub(crate) fn module(&self, name: &str) -> Result<&'static ModuleEntry, ReloadError> {
        let mut modules = self.entry.modules.iter();
        modules
            .find(|module| module.name == name)
            .ok_or_else(|| ReloadError::NotSwapped {
                reason: format!("the library has no module `{name}`"),
            })
    }
}

/// Cargo, the loader, and `bevy_dexterous_developer`.
#[derive(Default)]
pub(crate) struct Cargo {
    workshop: Workshop,
    /// All that were opened, for they stay in memory.
    open: Vec<LoadedLibrary>,
}

impl Source for Cargo {
    fn make(&self, config: &HotReloaderConfig, purpose: Purpose, wake: Wake) -> Box<dyn Build> {
        let library = cargo::Library {
            name: config.library.clone(),
            config: config.build.clone(),
            folder: config.staging_folder.clone(),
        };
        self.workshop.start(library, purpose, wake)
    }

    fn open(&mut self, made: &Made) -> Result<&'static LibraryEntry, ReloadError> {
        let open: Vec<_> = self.open.iter().collect();
        let library = LoadedLibrary::open(made.staged.clone(), &open)?;
        panics::watch(made.staged.serial, library.addresses());
        if *library.build_id() != made.build_id {
            return Err(ReloadError::NotSwapped {
                reason: "the library in memory is not the one that was built".to_owned(),
            });
        }
        // SAFETY: the inspection found the version of the entry and the compiler to be the host's,
        // and `hot_library!`, the only writer of the identity, writes the entry with this type.
        let entry = unsafe { library.entry() };
        self.open.push(library);
        Ok(entry)
    }

    fn open_count(&self) -> usize {
        self.open.len()
    }

    fn swap(&self, world: &mut World, library: &Library) -> Result<(), String> {
        runner::swap(world, &library.path, library.entry)
    }
}

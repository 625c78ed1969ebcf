//! What a transaction asks of an engine, and what it may rely on.

use std::{path::PathBuf, sync::Arc, time::Duration};

use hot_reloader_build::Layout;
use hot_reloader_core::{
    BuildId, Generation, HotModule, ModuleRegistry, PanicReport, StagedLibrary,
};

use crate::{Phase, Progress, ReloadError, ReloadReport, TypeChange};

/// An engine whose modules can be reloaded.
///
/// Code of modules runs in [`rehearse`](Engine::rehearse), [`set_up`](Engine::set_up),
/// [`migrate`](Engine::migrate), [`start`](Engine::start), [`enter`](Engine::enter), [`run`](Engine::run) and
/// whenever a value of it is copied or dropped. The engine guards each of these calls and returns what is known of
/// a panic. It never calls the transaction: what panics between these calls is handed to
/// [`Transaction::panicked`](crate::Transaction::panicked) by whoever runs the frames.
pub trait Engine {
    /// All that there is.
    type World;
    /// An open library, or another handle to it.
    type Library: Clone;
    /// What was learnt about it before it took over.
    type Rehearsal;
    /// The world at one moment.
    type Snapshot;
    /// Code of modules that does not run: what gave way, or what was taken back.
    type Code;

    /// Begins to build libraries, in the background. Nothing of the world is touched.
    fn build(world: &mut Self::World, wanted: Wanted) -> Box<dyn Build>;

    /// The modules that there must be.
    fn demanded(world: &Self::World) -> &ModuleRegistry;

    /// The modules whose code runs, in dependency order, read from the code itself.
    fn modules(world: &Self::World) -> Vec<ModuleStatus>;

    /// Opens the copy of a library of `made` and describes its modules, in the order in which it lists them.
    /// One that is open already is what it is.
    ///
    /// # Errors
    ///
    /// Whatever keeps it from being opened. Nothing of it has run then.
    fn open(
        world: &mut Self::World,
        made: &Made,
        library: &MadeLibrary,
        copy: &StagedLibrary,
    ) -> Result<(Self::Library, Vec<HotModule>), ReloadError>;

    /// Lets the modules of `plan` set themselves up where it does not count.
    ///
    /// # Errors
    ///
    /// What went wrong. The world is as it was.
    fn rehearse(
        world: &mut Self::World,
        libraries: &[Self::Library],
        plan: &Plan,
    ) -> Result<Self::Rehearsal, ReloadError>;

    /// The functions that do a module's work: those that it lists, and those that were found.
    fn targets(rehearsal: &Self::Rehearsal, module: &HotModule) -> Vec<String>;

    /// Holds the types of new code against those in use: whether all values in the world can go on. Returns
    /// what could not be made sure of.
    ///
    /// # Errors
    ///
    /// What may not be put in place, and which values cannot go on. The world is as it was.
    fn compare(
        world: &mut Self::World,
        rehearsal: &Self::Rehearsal,
        plan: &Plan,
    ) -> Result<Vec<String>, ReloadError>;

    /// Copies the world.
    ///
    /// # Errors
    ///
    /// A panic of code that copies. The world is as it was.
    fn capture(
        world: &mut Self::World,
        rehearsal: &Self::Rehearsal,
    ) -> Result<Self::Snapshot, PanicReport>;

    /// Loads a library that is open.
    ///
    /// # Errors
    ///
    /// Why it is not loaded. No code has been replaced.
    fn swap(world: &mut Self::World, library: &Self::Library) -> Result<(), String>;

    /// Lets the modules of `plan` set themselves up in the world. The old code is still in place. Returns what
    /// could not be made sure of.
    ///
    /// # Errors
    ///
    /// What went wrong. The world has to be restored.
    fn set_up(
        world: &mut Self::World,
        libraries: &[Self::Library],
        rehearsal: &Self::Rehearsal,
        plan: &Plan,
    ) -> Result<Vec<String>, ReloadError>;

    /// Makes the values of types that changed, or whose crates did, those of the new code. The old code is
    /// still in place.
    ///
    /// # Errors
    ///
    /// Which values cannot go on. The world has to be restored.
    fn migrate(
        world: &mut Self::World,
        rehearsal: &Self::Rehearsal,
        plan: &Plan,
    ) -> Result<Vec<TypeChange>, ReloadError>;

    /// Puts the code of the modules of `plan`, which have set themselves up, in place of what runs under their
    /// names, and takes that of [`removed`](Plan::removed) out. Returns what gave way, and whether all went
    /// well: if not, what was put in place so far stays for [`reinstate`](Engine::reinstate) to take back.
    fn install(
        world: &mut Self::World,
        rehearsal: &Self::Rehearsal,
        plan: &Plan,
        generation: Generation,
    ) -> (Self::Code, Result<(), ModuleFault>);

    /// Takes down what the startup of the modules of `plan`, [`Hook::Load`] and the entry into the present states have
    /// made. If these are all that run, also what modules had made that are gone.
    ///
    /// # Errors
    ///
    /// The first panic.
    fn take_down(world: &mut Self::World, plan: &Plan) -> Result<(), ModuleFault>;

    /// Lets modules whose making was taken down enter the present states again.
    ///
    /// # Errors
    ///
    /// The first panic.
    fn enter(world: &mut Self::World, modules: &[String]) -> Result<(), ModuleFault>;

    /// Runs the startup of modules that never ran before, or whose making was taken down; of the former not what another
    /// module has run before its code moved there.
    ///
    /// # Errors
    ///
    /// The first panic.
    fn start(world: &mut Self::World, modules: &[String]) -> Result<(), ModuleFault>;

    /// Runs a hook of a module, if it has one.
    ///
    /// # Errors
    ///
    /// What is known of a panic.
    fn run(world: &mut Self::World, module: &str, hook: Hook) -> Result<(), PanicReport>;

    /// Puts back the code that gave way, in the order of `order`, and returns what ran instead.
    fn reinstate(world: &mut Self::World, code: Self::Code, order: &[String]) -> Self::Code;

    /// Makes the world what it was, before [`set_up`](Engine::set_up) too. Returns what is not as it was, one
    /// line for each.
    fn restore(world: &mut Self::World, snapshot: &Self::Snapshot) -> Vec<String>;

    /// Drops code, and returns what panicked meanwhile.
    fn retire(world: &mut Self::World, code: Self::Code) -> Vec<ModuleFault>;

    /// Drops a copy of the world.
    fn forget(world: &mut Self::World, snapshot: Self::Snapshot);

    /// Takes the systems of a module out of service.
    fn suspend(world: &mut Self::World, module: &str, error: Arc<ReloadError>);

    /// For how many frames new code can be taken back.
    fn probation_frames(world: &Self::World) -> u32;

    /// Libraries in memory, the present and all earlier ones.
    fn libraries(world: &Self::World) -> usize;

    /// What is to be seen: what goes on, what is wrong, and whether new code is ready to take over.
    fn show(
        world: &mut Self::World,
        progress: Option<Progress>,
        error: Option<&Arc<ReloadError>>,
        is_ready: bool,
    );

    /// A reload has ended, for `requests`.
    fn finished(world: &mut Self::World, report: ReloadReport, requests: &[crate::RequestId]);
}

/// What a build is to make.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// What it is for.
    pub purpose: Purpose,
    /// The modules whose libraries are to be made; `None` for all libraries.
    pub modules: Option<Vec<String>>,
    /// The builds that run and may go on, so no copy of them is needed.
    pub running: Vec<BuildId>,
}

/// What a build is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// A reload that somebody asked for.
    Reload,
    /// One that somebody may soon ask for. It gives way to all else, and if that cannot be done without
    /// being in anybody's way, it fails.
    Ahead,
    /// The next build is to be fast; this one makes nothing.
    WarmUp,
}

/// A build that goes on in the background. Dropping it ends it, with every process that it started.
pub trait Build: Send + Sync {
    /// What it has to tell, if there is anything now.
    fn try_next(&mut self) -> Option<BuildStep>;

    /// Waits for what it has to tell.
    fn wait_next(&mut self) -> BuildStep;

    /// What it does, in a few words, before it tells anything.
    fn describe(&self) -> String;
}

/// What a build has to tell.
#[derive(Debug)]
pub enum BuildStep {
    /// What it is doing, in a few words.
    Progress(String),
    /// How it ended; nothing follows. The phases are those that it went through.
    Finished {
        /// What it made, or why it made nothing.
        result: Result<Made, Box<ReloadError>>,
        /// How long each of its phases took.
        phases: Vec<(Phase, Duration)>,
        /// Who built it, if it came to that.
        builder: Option<String>,
    },
    /// It has ended, and made nothing, as it should; nothing follows.
    MadeNothing,
}

/// Libraries that were built and inspected, but are not open.
#[derive(Clone, Debug)]
pub struct Made {
    /// Those that were asked for.
    pub libraries: Vec<MadeLibrary>,
    /// The names of all libraries of the host, in its order.
    pub host: Vec<String>,
    /// The folder of their workspace.
    pub root: PathBuf,
    /// The crates that a reload may change, by name.
    pub hot: Vec<String>,
    /// What the types of all crates of these libraries are.
    pub layout: Arc<Layout>,
    /// Packages besides these that were compiled.
    pub recompiled: Vec<String>,
}

/// One of the libraries of a build.
#[derive(Clone, Debug)]
pub struct MadeLibrary {
    /// Its name.
    pub name: String,
    /// Whose code it is.
    pub build_id: BuildId,
    /// What the types of all its crates are.
    pub layout: Arc<Layout>,
    /// The copy of it, under a name of its own; `None` if it ran as it is when the build began.
    pub copy: Option<StagedLibrary>,
}

/// What is to be done with open libraries.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The libraries.
    pub libraries: Vec<NewLibrary>,
    /// The modules that are to run their code, in dependency order.
    pub modules: Vec<HotModule>,
    /// The modules that run now and are to be gone.
    pub removed: Vec<String>,
    /// Whether what the modules have built is taken down and built anew.
    pub rebuilds: bool,
    /// All modules as they will be, in dependency order.
    pub order: Vec<String>,
    /// The crates that they may change, by name.
    pub hot: Vec<String>,
    /// What the types of all crates of the libraries that were made are.
    pub layout: Arc<Layout>,
}

/// A library that is to take over.
#[derive(Clone, Debug)]
pub struct NewLibrary {
    /// Its name.
    pub name: String,
    /// Whose code it is.
    pub build_id: BuildId,
    /// Its number in this process.
    pub serial: u32,
    /// What the types of all its crates are.
    pub layout: Arc<Layout>,
    /// The names of all its modules.
    pub modules: Vec<String>,
}

impl Plan {
    /// The library of one of the modules that are to run new code.
    ///
    /// # Panics
    ///
    /// If there is no module of that name.
    #[must_use]
    pub fn library_of(&self, module: &str) -> &NewLibrary {
        let has_it = |library: &&NewLibrary| library.modules.iter().any(|name| name == module);
        let mut libraries = self.libraries.iter();
        libraries
            .find(has_it)
            .expect("each module of a plan is of one of its libraries")
    }

    /// The names of the modules that are to run new code.
    pub(crate) fn names(&self) -> Vec<String> {
        let names = self.modules.iter().map(|module| module.name.clone());
        names.collect()
    }

    /// Whether the code that runs under this name gives way.
    #[must_use]
    pub fn replaces(&self, module: &str) -> bool {
        self.removed.iter().any(|name| name == module)
            || self.modules.iter().any(|m| m.name == module)
    }
}

/// One module as it is now.
#[derive(Clone, Debug)]
pub struct ModuleStatus {
    /// Its registry entry.
    pub module: HotModule,
    /// The library that it is of.
    pub library: String,
    /// The generation whose code it runs.
    pub generation: Generation,
    /// The digest of that code, as it is in memory.
    pub build_id: BuildId,
    /// What the types of all crates of its library are.
    pub layout: Arc<Layout>,
    /// Why it does not run, if it was suspended.
    pub suspended: Option<Arc<ReloadError>>,
}

/// What a module may want to do when code changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Hook {
    /// Its generation takes over.
    Load,
    /// It gives way.
    Unload,
    /// It took over from another.
    Reload,
}

/// A panic of a module.
#[derive(Clone, Debug)]
pub struct ModuleFault {
    /// The module.
    pub module: String,
    /// The panic.
    pub panic: PanicReport,
}

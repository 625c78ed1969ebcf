//! This host as the runner of `bevy_dexterous_developer`.
//!
//! That crate's `HotReloadPlugin` asks a runner whether a library is ready, lets it load, and calls
//! the scope that the library exports. All of it is reached through
//! C functions without a context, so what passes between them and the transaction stands in a
//! static, and a process can hold one hot app at a time.
#![expect(
    unsafe_code,
    reason = "the function that loads a library is exported under its C name only"
)]

use std::{
    path::PathBuf,
    sync::{Mutex, PoisonError},
};

use bevy::{
    app::{First, Last, PreStartup, Update},
    ecs::schedule::{ExecutorKind, ScheduleLabel},
    prelude::{App, Component, Mut, Resource, Schedule, Schedules, World},
};
use bevy_dexterous_developer::{
    HotReloadPlugin, ReloadableApp, ReloadableAppContents, ReloadableElementsSetup, ReloadableSetup,
};
use dexterous_developer_instance::{internal::HOT_RELOAD_INFO, runner::HotReloadInfoBuilder};
use hot_reloader_core::{panics, PanicReport};

use super::{recording::Recording, transaction};
use crate::{LibraryEntry, ModuleEntry};

/// What the library made of the modules that it was asked for.
pub(crate) type Handover = Vec<(&'static ModuleEntry, Result<Recording, PanicReport>)>;

#[derive(Default)]
struct Exchange {
    /// The library to load at the start of the next frame.
    ready: Option<PathBuf>,
    /// The modules to set up from it.
    modules: Vec<String>,
    /// What came of it.
    handover: Option<Handover>,
}

static EXCHANGE: Mutex<Exchange> = Mutex::new(Exchange {
    ready: None,
    modules: Vec::new(),
    handover: None,
});

fn exchange<R>(work: impl FnOnce(&mut Exchange) -> R) -> R {
    // Each holder leaves it whole.
    work(&mut EXCHANGE.lock().unwrap_or_else(PoisonError::into_inner))
}

/// Makes the host a runner, once for the process, and keeps the schedule that asks it.
pub(super) fn plugin(app: &mut App) {
    exchange(|exchange| *exchange = Exchange::default());
    HOT_RELOAD_INFO.get_or_init(|| {
        HotReloadInfoBuilder {
            internal_last_update_version,
            internal_update_ready,
            internal_update,
            internal_validate_setup,
            internal_send_output,
            builder_type: Vec::new().into(),
        }
        .build()
    });
    let schedule = hot_reload_schedule(app);
    app.insert_resource(HotReload(schedule));
    app.setup_reloadable_elements::<Scope>();
}

/// What `HotReloadPlugin` does at the start of each frame.
#[derive(Resource)]
struct HotReload(Schedule);

/// Adds the plugin to the app, but not to its frames: what it would do in each frame is needed in
/// those frames only in which a library is ready, and its keys and window title not at all.
fn hot_reload_schedule(app: &mut App) -> Schedule {
    let labels = [
        PreStartup.intern(),
        First.intern(),
        Update.intern(),
        Last.intern(),
    ];
    let mut schedules = app.world_mut().resource_mut::<Schedules>();
    let of_the_app = labels.map(|label| schedules.remove(label));
    app.add_plugins(HotReloadPlugin);
    let mut schedules = app.world_mut().resource_mut::<Schedules>();
    let of_the_plugin = schedules.remove(First);
    for (label, schedule) in labels.into_iter().zip(of_the_app) {
        schedules.remove(label);
        if let Some(schedule) = schedule {
            schedules.insert(schedule);
        }
    }
    let mut schedule = of_the_plugin.expect("the version is pinned, and adds to `First`");
    schedule.set_executor_kind(ExecutorKind::SingleThreaded);
    schedule
}

/// Whether a library is ready.
pub(super) fn is_armed() -> bool {
    exchange(|exchange| exchange.ready.is_some())
}

/// Lets `HotReloadPlugin` swap.
pub(super) fn swap(world: &mut World) {
    world.resource_scope(|world, mut reload: Mut<HotReload>| reload.0.run(world));
}

/// Lets the plugin load `library` at the start of the next frame and set up `modules` from it.
pub(crate) fn arm(library: PathBuf, modules: Vec<String>) {
    exchange(|exchange| {
        *exchange = Exchange {
            ready: Some(library),
            modules,
            handover: None,
        };
    });
}

/// Takes back what [`arm`] asked for, if it has not happened yet.
pub(crate) fn disarm() {
    exchange(|exchange| exchange.ready = None);
}

/// What the scope left.
pub(crate) fn take_handover() -> Option<Handover> {
    exchange(|exchange| exchange.handover.take())
}

extern "C" fn internal_last_update_version() -> u32 {
    0
}

extern "C" fn internal_update_ready() -> bool {
    is_armed()
}

extern "C" fn internal_update() -> bool {
    extern "C" {
        /// Of `dexterous_developer_instance`: opens the library and calls scopes in it from now on.
        fn load_internal_library(path: safer_ffi::String);
    }
    let Some(library) = exchange(|exchange| exchange.ready.take()) else {
        return false;
    };
    let path = library.to_string_lossy().into_owned();
    // SAFETY: the function is defined with this signature by `ffi_export` in the crate, whose
    // version is pinned. The library is open already and was inspected.
    unsafe { load_internal_library(path.into()) };
    true
}

extern "C" fn internal_validate_setup(value: u32) -> u32 {
    value
}

extern "C" fn internal_send_output(_message: safer_ffi::Vec<u8>) {}

/// The scope that `hot_library!` exports from each plugin library.
struct Scope;

impl ReloadableSetup for Scope {
    fn setup_function_name() -> &'static str {
        "hot_reloader_scope"
    }

    /// Called if the library has no such scope. Nothing is handed over, which the transaction
    /// notices.
    fn default_function(_contents: &mut ReloadableAppContents) {}
}

/// What the exported scope does: sets up the modules that the transaction asked for, and lets the
/// plugin run the rest of the swap when it is done with its own.
///
/// It is called through a C function pointer, so nothing may unwind out of it.
pub fn scope(library: &'static LibraryEntry, contents: &mut ReloadableAppContents) {
    let result = panics::guard(|| {
        let wanted = exchange(|exchange| std::mem::take(&mut exchange.modules));
        let handover = library
            .modules
            .iter()
            .filter(|module| wanted.iter().any(|name| name == module.name))
            .map(|module| (module, Recording::of(module)))
            .collect();
        exchange(|exchange| exchange.handover = Some(handover));
        contents.reset_setup::<NeverSpawned, _>(|world: &mut World| transaction::install(world));
    });
    if let Err(panic) = result {
        bevy::log::error!("the scope of the plugin library panicked: {panic}");
    }
}

/// `reset_setup` wants to know which entities to despawn: none.
#[derive(Component)]
struct NeverSpawned;

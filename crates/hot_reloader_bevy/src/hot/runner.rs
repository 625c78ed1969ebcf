//! This host as the runner of `bevy_dexterous_developer`.
//!
//! That crate's `HotReloadPlugin` asks a runner whether a library is ready, lets it load, and calls
//! the scope that the library exports. All of it is reached through C functions without a context, so
//! what passes between them stands in a static, and a process can hold one hot app at a time. It
//! decides nothing: what it called is held against what was to be called.
#![expect(
    unsafe_code,
    reason = "the function that loads a library is exported under its C name only"
)]

use std::{
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use bevy::{
    app::{First, Last, PreStartup, Update},
    ecs::schedule::{ExecutorKind, ScheduleLabel},
    prelude::{App, Mut, Resource, Schedule, Schedules, World},
};
use bevy_dexterous_developer::{
    HotReloadPlugin, ReloadableAppContents, ReloadableElementsSetup, ReloadableSetup,
};
use dexterous_developer_instance::{internal::HOT_RELOAD_INFO, runner::HotReloadInfoBuilder};
use hot_reloader_core::panics;

use crate::LibraryEntry;

#[derive(Default)]
struct Exchange {
    /// The library to load.
    ready: Option<PathBuf>,
    /// The address of the entry of the library whose scope was called.
    entry: Option<usize>,
}

static EXCHANGE: Mutex<Exchange> = Mutex::new(Exchange {
    ready: None,
    entry: None,
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
pub(super) struct HotReload(Schedule);

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

/// Lets `HotReloadPlugin` load `library` and call its scope, and makes sure that it was the scope of
/// the library whose entry this is: the plugin may fail without a word, and call that of the library
/// from before.
pub(super) fn swap(
    world: &mut World,
    library: &Path,
    entry: &'static LibraryEntry,
) -> Result<(), String> {
    exchange(|exchange| {
        *exchange = Exchange {
            ready: Some(library.to_owned()),
            entry: None,
        };
    });
    let ran = panics::guard(|| {
        world.resource_scope(|world, mut reload: Mut<HotReload>| reload.0.run(world));
    });
    let Exchange {
        ready,
        entry: found,
    } = exchange(std::mem::take);
    ran.map_err(|panic| format!("bevy_dexterous_developer panicked: {panic}"))?;
    match found {
        Some(found) if found == std::ptr::from_ref(entry).addr() => Ok(()),
        Some(_) => Err("the loader kept the library from before".to_owned()),
        None if ready.is_some() => Err("bevy_dexterous_developer did not load it".to_owned()),
        None => Err("the library exports no scope, or the loader refused it".to_owned()),
    }
}

extern "C" fn internal_last_update_version() -> u32 {
    0
}

extern "C" fn internal_update_ready() -> bool {
    exchange(|exchange| exchange.ready.is_some())
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

    /// Called if the library has no such scope. Nothing is handed over, which [`swap`] notices.
    fn default_function(_contents: &mut ReloadableAppContents) {}
}

/// What the exported scope does: it says whose it is. The modules are put in place by the transaction,
/// from the very entry that was rehearsed.
pub fn scope(library: &'static LibraryEntry, _contents: &mut ReloadableAppContents) {
    exchange(|exchange| exchange.entry = Some(std::ptr::from_ref(library).addr()));
}

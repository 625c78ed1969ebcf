//! Phases 2 and 3: the library gets a name of its own, is held against this host before any of it
//! runs, and is opened.
#![expect(
    unsafe_code,
    reason = "what a library exports as its entry is taken at its word"
)]

use bevy::prelude::World;
use hot_reloader_build::Built;
use hot_reloader_core::{
    identity::{self, BuildId},
    panics, HotModule, LoadedLibrary, ModuleRegistry, Staging,
};

use super::{Attempt, Machinery};
use crate::{
    hot::{
        config::HotReloaderConfig, delegate::Delegates, reloader::HotReloader,
        trigger::ReloadRequest, Phase, ReloadError,
    },
    LibraryEntry, ModuleEntry,
};

/// An open library whose code does not run yet.
pub(super) struct Candidate {
    /// Its file.
    pub(super) path: std::path::PathBuf,
    pub(super) serial: u32,
    pub(super) build_id: BuildId,
    /// The modules that are to run its code, in dependency order.
    pub(super) modules: Vec<(HotModule, &'static ModuleEntry)>,
    /// The modules that run now and are to be gone.
    pub(super) removed: Vec<String>,
    /// All modules as they will be, in dependency order.
    pub(super) registry: ModuleRegistry,
}

/// `None` if all modules that were asked for run this very code.
pub(super) fn identify(
    world: &World,
    machinery: &mut Machinery,
    attempt: &mut Attempt,
    built: &Built,
) -> Result<Option<Candidate>, ReloadError> {
    let config = world.resource::<HotReloaderConfig>();
    let staging = match &mut machinery.staging {
        Some(staging) => staging,
        none => none.insert(Staging::new(&config.staging_folder)?),
    };
    let staged = staging.stage(&built.library)?;
    attempt.end(Phase::Stage);

    let inspected = identity::inspect(&staged.path)?;
    let folder = built.library.parent().unwrap_or(&built.library);
    let libraries = machinery
        .stable
        .changed(&inspected.needed, &folder.join("deps"));
    if !libraries.is_empty() {
        return Err(ReloadError::RestartRequired {
            libraries,
            crates: attempt.recompiled.clone(),
        });
    }
    let delegates = world.resource::<Delegates>();
    if is_running(delegates, &attempt.request, &inspected.build_id) {
        // Nothing was opened, so nothing needs the copy.
        let _ = std::fs::remove_file(&staged.path);
        attempt.end(Phase::Identify);
        return Ok(None);
    }

    let open: Vec<_> = machinery.libraries.iter().collect();
    let library = LoadedLibrary::open(staged, &open)?;
    let staged = library.staged().clone();
    panics::watch(staged.serial, library.addresses());
    let build_id = library.build_id().clone();
    // SAFETY: `inspect` found the version of the entry and the compiler to be the host's, and
    // `hot_library!`, the only writer of the identity, writes the entry with this type.
    let entry: &'static LibraryEntry = unsafe { library.entry() };
    machinery.libraries.push(library);

    let modules = entry.modules.iter().map(|entry| {
        let module = HotModule {
            name: entry.name.to_owned(),
            file_path: built.workspace.root.join(entry.file),
            state_keys: entry.state_keys.iter().map(ToString::to_string).collect(),
            delegation_targets: entry.targets.iter().map(ToString::to_string).collect(),
            after: entry.after.iter().map(ToString::to_string).collect(),
        };
        (module, entry)
    });
    let (mut descriptions, entries): (Vec<_>, Vec<_>) = modules.unzip();
    let registered = &world.resource::<HotReloader>().registered;
    registered.demand(&mut descriptions)?;
    let modules: Vec<_> = descriptions.into_iter().zip(entries).collect();
    let all = ModuleRegistry::new(modules.iter().map(|(module, _)| module.clone()))?;
    let (names, removed) = match &attempt.request.modules {
        Some(names) => (names.clone(), Vec::new()),
        None => {
            let gone = delegates.names().into_iter();
            let gone = gone.filter(|name| all.get(name).is_none());
            (all.iter().map(|m| m.name.clone()).collect(), gone.collect())
        }
    };
    let selected = all.select(&names)?;
    let kept = delegates
        .slots
        .iter()
        .map(|slot| &slot.module)
        .filter(|module| !names.contains(&module.name) && !removed.contains(&module.name));
    let registry = ModuleRegistry::new(kept.chain(selected.iter().copied()).cloned())?;
    let modules = registry
        .iter()
        .filter_map(|module| modules.iter().find(|(m, _)| m.name == module.name))
        .filter(|(module, _)| names.contains(&module.name))
        .cloned()
        .collect();
    attempt.end(Phase::Identify);
    Ok(Some(Candidate {
        path: staged.path,
        serial: staged.serial,
        build_id,
        modules,
        removed,
        registry,
    }))
}

/// Whether the modules that `request` names run the code with this digest, and all of them run.
fn is_running(delegates: &Delegates, request: &ReloadRequest, build_id: &BuildId) -> bool {
    let runs = |name: &String| {
        let slot = delegates.get(name);
        slot.is_some_and(|slot| slot.build_id == *build_id && slot.suspended.is_none())
    };
    match &request.modules {
        Some(names) => names.iter().all(runs),
        None => !delegates.slots.is_empty() && delegates.names().iter().all(runs),
    }
}

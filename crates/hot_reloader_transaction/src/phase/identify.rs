//! The libraries are opened, and it is decided which modules are to run their code.

use hot_reloader_core::{BuildId, HotModule, ModuleRegistry};

use crate::{
    engine::{Engine, Made, MadeLibrary, ModuleStatus, NewLibrary, Plan},
    stage::{Attempt, Opened, Ready},
    Phase, ReloadError, Request, Transaction,
};

/// `None` if all modules that were asked for run this very code. A library of which that is so is not opened, and
/// one that was opened before anybody asked is not opened again.
pub(crate) fn identify<E: Engine>(
    transaction: &mut Transaction<E>,
    world: &mut E::World,
    attempt: &mut Attempt,
    made: &Made,
) -> Result<Option<(Vec<E::Library>, Plan)>, ReloadError> {
    let running = E::modules(world);
    let ready = transaction.ready.take();
    let mut opened = ready.map_or_else(Vec::new, |ready| ready.opened);
    opened.retain(|opened| made.libraries.iter().any(|m| m.build_id == opened.build_id));
    let mut libraries = Vec::new();
    for library in &made.libraries {
        let (name, build_id) = (&library.name, &library.build_id);
        if goes_on(transaction, &running, &attempt.request, name, build_id) {
            // Nothing needs the copy.
            if let Some(copy) = &library.copy {
                let _ = std::fs::remove_file(&copy.path);
            }
            continue;
        }
        let open = opened.iter().position(|o| o.build_id == library.build_id);
        libraries.push(match open {
            Some(index) => opened.swap_remove(index),
            None => open_copy::<E>(world, made, library)?,
        });
    }
    let is_of_host = |module: &ModuleStatus| made.host.contains(&module.library);
    let is_whole = attempt.request.modules.is_some() || running.iter().all(is_of_host);
    if libraries.is_empty() && is_whole {
        attempt.end(Phase::Identify);
        return Ok(None);
    }
    stays_one(&running, &attempt.request, made)?;
    let builds = made
        .libraries
        .iter()
        .map(|library| library.build_id.clone());
    transaction.ready = Some(Ready {
        builds: builds.collect(),
        opened: libraries.clone(),
        is_good: false,
    });
    let plan = plan(
        &running,
        &attempt.request,
        made,
        &libraries,
        E::demanded(world),
    )?;
    attempt.end(Phase::Identify);
    let libraries = libraries.into_iter().map(|opened| opened.library);
    Ok(Some((libraries.collect(), plan)))
}

/// Whether a library was left as it ran when the build began, and it does not run so any more.
pub(crate) fn lacks_a_copy<E: Engine>(
    transaction: &Transaction<E>,
    running: &[ModuleStatus],
    request: &Request,
    made: &Made,
) -> bool {
    let opened = transaction.ready.as_ref().map_or(&[][..], |r| &r.opened);
    made.libraries.iter().any(|library| {
        library.copy.is_none()
            && !goes_on(
                transaction,
                running,
                request,
                &library.name,
                &library.build_id,
            )
            && opened.iter().all(|o| o.build_id != library.build_id)
    })
}

/// The builds of which a request needs no copy, if they are what the code makes.
pub(crate) fn going_on<E: Engine>(
    transaction: &Transaction<E>,
    running: &[ModuleStatus],
    request: &Request,
) -> Vec<BuildId> {
    let modules = running.iter();
    let going_on =
        modules.filter(|m| goes_on(transaction, running, request, &m.library, &m.build_id));
    going_on.map(|module| module.build_id.clone()).collect()
}

/// Whether a library goes on as it is: what was asked for of it runs the code of this build, and nothing is to
/// be built anew.
fn goes_on<E: Engine>(
    transaction: &Transaction<E>,
    running: &[ModuleStatus],
    request: &Request,
    name: &String,
    build_id: &BuildId,
) -> bool {
    let runs = |module: &ModuleStatus| module.build_id == *build_id && module.suspended.is_none();
    let modules: Vec<_> = running.iter().filter(|m| m.library == *name).collect();
    let is_whole = match &request.modules {
        // As long as none runs, nobody knows which there are.
        Some(_) => !modules.is_empty(),
        None => transaction.whole.get(name) == Some(build_id),
    };
    let is_asked_for = |m: &ModuleStatus| {
        let names = request.modules.as_ref();
        names.is_none_or(|names| names.contains(&m.module.name))
    };
    !request.rebuilds && is_whole && modules.into_iter().all(|m| !is_asked_for(m) || runs(m))
}

/// Whether each crate is one and the same for what was made and for the libraries that go on without being
/// made: else a type of it would be two, one for each.
fn stays_one(running: &[ModuleStatus], request: &Request, made: &Made) -> Result<(), ReloadError> {
    let is_made = |module: &ModuleStatus| made.libraries.iter().any(|m| m.name == module.library);
    let others = running.iter().filter(|module| !is_made(module));
    let others =
        others.filter(|module| request.modules.is_some() || made.host.contains(&module.library));
    for other in others {
        let crates = made.layout.at_odds(&other.layout);
        if !crates.is_empty() {
            return Err(ReloadError::AtOdds {
                crates: crates.into_iter().map(str::to_owned).collect(),
                module: other.module.name.clone(),
            });
        }
    }
    Ok(())
}

fn open_copy<E: Engine>(
    world: &mut E::World,
    made: &Made,
    library: &MadeLibrary,
) -> Result<Opened<E>, ReloadError> {
    let copy = library
        .copy
        .as_ref()
        .ok_or_else(|| ReloadError::NotSwapped {
            reason: format!("there is no copy of the library `{}`", library.name),
        })?;
    let (opened, modules) = E::open(world, made, library, copy)?;
    Ok(Opened {
        name: library.name.clone(),
        build_id: library.build_id.clone(),
        serial: copy.serial,
        layout: library.layout.clone(),
        library: opened,
        modules,
    })
}

/// Which modules of the new libraries take over from which that run.
fn plan<E: Engine>(
    running: &[ModuleStatus],
    request: &Request,
    made: &Made,
    libraries: &[Opened<E>],
    demanded: &ModuleRegistry,
) -> Result<Plan, ReloadError> {
    let new = |name: &String| libraries.iter().find(|opened| opened.name == *name);
    let mut all: Vec<HotModule> = Vec::new();
    for name in &made.host {
        match new(name) {
            Some(opened) => all.extend(opened.modules.iter().cloned()),
            None => {
                let modules = running.iter().filter(|m| m.library == *name);
                all.extend(modules.map(|status| status.module.clone()));
            }
        }
    }
    demanded.demand(&mut all)?;
    let all = ModuleRegistry::new(all)?;
    let is_new = |module: &&HotModule| {
        let mut modules = libraries.iter().flat_map(|opened| &opened.modules);
        modules.any(|new| new.name == module.name)
    };
    let (names, removed) = match &request.modules {
        Some(names) => (names.clone(), Vec::new()),
        None => {
            let names = running.iter().map(|module| module.module.name.clone());
            let gone = names.filter(|name| all.get(name).is_none()).collect();
            let names = all.iter().filter(is_new).map(|m| m.name.clone());
            (names.collect(), gone)
        }
    };
    let names = all.select(&names)?.into_iter().filter(is_new);
    let names: Vec<String> = names.map(|module| module.name.clone()).collect();
    // Where `after` leaves it open, the order is that of the libraries, whichever modules are reloaded.
    let gone = running.iter().map(|status| &status.module);
    let gone = gone.filter(|m| all.get(&m.name).is_none() && !removed.contains(&m.name));
    let there = all.iter().filter_map(|module| {
        if names.contains(&module.name) {
            return Some(module);
        }
        let status = running.iter().find(|m| m.module.name == module.name);
        status.map(|status| &status.module)
    });
    let order = ModuleRegistry::new(gone.chain(there).cloned())?;
    let modules = order.iter().filter(|module| names.contains(&module.name));
    let libraries = libraries.iter().map(|opened| NewLibrary {
        name: opened.name.clone(),
        build_id: opened.build_id.clone(),
        serial: opened.serial,
        layout: opened.layout.clone(),
        modules: opened.modules.iter().map(|m| m.name.clone()).collect(),
    });
    Ok(Plan {
        libraries: libraries.collect(),
        modules: modules.cloned().collect(),
        removed,
        rebuilds: request.rebuilds,
        order: order.iter().map(|module| module.name.clone()).collect(),
        hot: made.hot.clone(),
        layout: made.layout.clone(),
    })
}

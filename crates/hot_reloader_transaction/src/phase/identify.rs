//! The library is opened, and it is decided which modules are to run its code.

use hot_reloader_core::{HotModule, ModuleRegistry};

use crate::{
    engine::{Engine, Made, ModuleStatus, Plan},
    stage::{Attempt, Ready},
    Phase, ReloadError, Request, Transaction,
};

/// `None` if all modules that were asked for run this very code. Nothing is opened then, nor what was
/// opened before anybody asked.
pub(crate) fn identify<E: Engine>(
    transaction: &mut Transaction<E>,
    world: &mut E::World,
    attempt: &mut Attempt,
    made: &Made,
) -> Result<Option<(E::Library, Plan)>, ReloadError> {
    let running = E::modules(world);
    let ready = transaction.ready.take();
    if !attempt.request.rebuilds && is_running(&running, &attempt.request, made) {
        // Nothing needs the copy.
        let _ = std::fs::remove_file(&made.staged.path);
        attempt.end(Phase::Identify);
        return Ok(None);
    }
    let (library, mut modules) = match ready.filter(|ready| ready.build_id == made.build_id) {
        Some(ready) => (ready.library, ready.modules),
        None => E::open(world, made)?,
    };
    transaction.ready = Some(Ready {
        build_id: made.build_id.clone(),
        library: library.clone(),
        modules: modules.clone(),
        is_good: false,
    });
    transaction.demanded.demand(&mut modules)?;
    let plan = plan(&running, &attempt.request, made, modules)?;
    attempt.end(Phase::Identify);
    Ok(Some((library, plan)))
}

/// Whether the modules that `request` names run the code that was made, and all of them run.
fn is_running(running: &[ModuleStatus], request: &Request, made: &Made) -> bool {
    let runs =
        |module: &ModuleStatus| module.build_id == made.build_id && module.suspended.is_none();
    match &request.modules {
        Some(names) => names.iter().all(|name| {
            let module = running.iter().find(|m| m.module.name == *name);
            module.is_some_and(runs)
        }),
        None => !running.is_empty() && running.iter().all(runs),
    }
}

/// Which of the library's modules take over from which that run.
fn plan(
    running: &[ModuleStatus],
    request: &Request,
    made: &Made,
    modules: Vec<HotModule>,
) -> Result<Plan, ReloadError> {
    let all = ModuleRegistry::new(modules)?;
    let (names, removed) = match &request.modules {
        Some(names) => (names.clone(), Vec::new()),
        None => {
            let names = running.iter().map(|module| module.module.name.clone());
            let gone = names.filter(|name| all.get(name).is_none()).collect();
            (all.iter().map(|m| m.name.clone()).collect(), gone)
        }
    };
    all.select(&names)?;
    // Where `after` leaves it open, the order is that of the library, whichever modules are reloaded.
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
    Ok(Plan {
        build_id: made.build_id.clone(),
        serial: made.staged.serial,
        modules: modules.cloned().collect(),
        removed,
        rebuilds: request.rebuilds,
        order: order.iter().map(|module| module.name.clone()).collect(),
        hot: made.hot.clone(),
        layout: made.layout.clone(),
    })
}

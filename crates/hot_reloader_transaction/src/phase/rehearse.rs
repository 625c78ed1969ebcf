//! New code is tried where it does not count, and its types are held against those in use.

use hot_reloader_core::HotModule;

use crate::{
    engine::{Engine, Plan},
    report::ModuleChange,
    stage::Attempt,
    Phase, ReloadError,
};

pub(crate) fn rehearse<E: Engine>(
    world: &mut E::World,
    attempt: &mut Attempt,
    libraries: &[E::Library],
    plan: &Plan,
) -> Result<E::Rehearsal, ReloadError> {
    let rehearsal = E::rehearse(world, libraries, plan)?;
    attempt.end(Phase::Rehearse);
    attempt.warnings = E::compare(world, &rehearsal, plan)?;
    attempt.end(Phase::Gate);
    let running = E::modules(world);
    attempt.modules = plan
        .modules
        .iter()
        .map(|module| {
            let runs = running.iter().find(|m| m.module.name == module.name);
            let targets = E::targets(&rehearsal, module);
            change(runs.map(|status| &status.module), module, &targets)
        })
        .collect();
    Ok(rehearsal)
}

fn change(was: Option<&HotModule>, now: &HotModule, after: &[String]) -> ModuleChange {
    let before: &[String] = was.map_or(&[], |module| &module.delegation_targets);
    let missing = |from: &[String], of: &[String]| -> Vec<String> {
        let missing = of.iter().filter(|target| !from.contains(target));
        missing.cloned().collect()
    };
    ModuleChange {
        name: now.name.clone(),
        library: None,
        generation: None,
        build_id: None,
        targets_added: missing(before, after),
        targets_removed: missing(after, before),
        state_kept: now.state_keys.clone(),
    }
}

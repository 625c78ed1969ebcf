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
    let owned: &[String] = was.map_or(&[], |module| &module.state_keys);
    let missing = |from: &[String], of: &[String]| -> Vec<String> {
        let missing = of.iter().filter(|target| !from.contains(target));
        missing.cloned().collect()
    };
    let kept = now.state_keys.iter().filter(|key| owned.contains(key));
    ModuleChange {
        name: now.name.clone(),
        library: None,
        generation: None,
        build_id: None,
        targets_added: missing(before, after),
        targets_removed: missing(after, before),
        state_kept: kept.cloned().collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_module_has_is_held_against_what_it_had() {
        let names =
            |names: &[&str]| -> Vec<String> { names.iter().map(ToString::to_string).collect() };
        let module = |state_keys, targets| HotModule {
            state_keys: names(state_keys),
            delegation_targets: names(targets),
            ..HotModule::default()
        };
        let was = module(&["Score", "Lives"], &["run", "draw"]);
        let now = module(&["Score", "Level"], &[]);
        let change = |was| change(was, &now, &names(&["run", "jump"]));
        let found = change(Some(&was));
        assert_eq!(found.targets_added, ["jump"]);
        assert_eq!(found.targets_removed, ["draw"]);
        assert_eq!(found.state_kept, ["Score"]);
        let found = change(None);
        assert_eq!(found.targets_added, ["run", "jump"]);
        assert_eq!(found.state_kept, [""; 0], "there was none to keep");
    }
}

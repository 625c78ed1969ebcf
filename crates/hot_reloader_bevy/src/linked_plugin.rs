//! The modules of a library, linked into the app.

use std::collections::HashSet;

use bevy::{
    ecs::schedule::IntoSystemSetConfigs,
    prelude::{App, Plugin},
};

use crate::{
    linked::{Linked, ModuleSet},
    HotApp, LibraryEntry, ModuleEntry,
};

/// Adds the modules of a library to the app.
#[derive(Debug)]
pub struct LinkedModulesPlugin {
    library: &'static LibraryEntry,
}

impl LinkedModulesPlugin {
    /// For the library whose entry this is.
    #[must_use]
    pub fn new(library: &'static LibraryEntry) -> Self {
        Self { library }
    }
}

impl Plugin for LinkedModulesPlugin {
    /// # Panics
    ///
    /// If a module names one in `after` that does not exist, or modules wait for each other.
    fn build(&self, app: &mut App) {
        let mut before: Vec<ModuleSet> = Vec::new();
        for module in in_order(self.library.modules) {
            let set = ModuleSet(module.name);
            let mut schedules = HashSet::new();
            module.build(&mut HotApp::new(Linked {
                app,
                set: set.clone(),
                schedules: &mut schedules,
            }));
            // As with `hot`, where the modules of a schedule run one after the other.
            for schedule in schedules {
                for earlier in before.iter().cloned() {
                    app.configure_sets(schedule, earlier.before(set.clone()));
                }
            }
            before.push(set);
        }
    }
}

fn in_order(modules: &[ModuleEntry]) -> Vec<&ModuleEntry> {
    let mut waiting: Vec<&ModuleEntry> = modules.iter().collect();
    let mut ordered: Vec<&ModuleEntry> = Vec::new();
    while !waiting.is_empty() {
        let ready = waiting
            .iter()
            .position(|module| {
                let is_there = |name: &&str| ordered.iter().any(|m| m.name == *name);
                module.after.iter().all(is_there)
            })
            .unwrap_or_else(|| panic!("the `after` of {waiting:?} cannot be satisfied"));
        ordered.push(waiting.remove(ready));
    }
    ordered
}

//! Modules linked in: plugins of the app like any others.

use bevy::prelude::{App, PostStartup, Schedules, World};

use crate::{LibraryEntry, ModuleEntry, OnLoad};

/// Adds the modules of libraries to the app, each after those that it names in `after`. `hot_plugin!`
/// stands for it.
///
/// # Panics
///
/// If a module names one in `after` that does not exist, or modules wait for each other.
pub fn add_modules(app: &mut App, libraries: &[LibraryEntry]) {
    for module in in_order(libraries.iter().flat_map(|library| library.modules)) {
        (module.build)(app);
    }
    if app.world().resource::<Schedules>().contains(OnLoad) {
        app.add_systems(PostStartup, |world: &mut World| world.run_schedule(OnLoad));
    }
}

fn in_order<'a>(modules: impl Iterator<Item = &'a ModuleEntry>) -> Vec<&'a ModuleEntry> {
    let mut waiting: Vec<&ModuleEntry> = modules.collect();
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

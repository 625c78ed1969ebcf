//! What Bevy's registry knows of the types of the code that runs.
//!
//! It keeps each type that it was ever told of, with what it was told first: what reflection does with it, by functions
//! of the code of then. And a path, by which scenes and what was saved are loaded, leads to the type that it was told of
//! last, while code that comes back with an undone edit, or when a reload is taken back, has types that it knows already.
//! So it has to be told of the types of the code that runs once more.

use std::collections::HashSet;

use bevy::{
    prelude::{AppTypeRegistry, World},
    reflect::TypeRegistry,
};
use hot_reloader_build::layout::crates_in;

use super::{
    slots::{Delegates, Slot},
    snapshot::ignored,
};

/// Lets the registry know the types of the code that has been put in place.
pub(crate) fn know(world: &World) {
    let slots = &world.resource::<Delegates>().slots;
    // When it was tried, all modules were.
    let newest = slots.iter().max_by_key(|slot| slot.generation);
    if let (Some(newest), Some(known)) = (newest, world.get_resource::<AppTypeRegistry>()) {
        let known = &mut *known.write();
        let crates = slots.iter().flat_map(|slot| slot.layout.crates());
        let crates: HashSet<&str> = crates.collect();
        ignored::take_over(known, &newest.registry);
        // Of what is not of a crate that may change, others have decided.
        tell(known, newest, |path| {
            crates_in(path).any(|of| crates.contains(of))
        });
    }
}

/// Tells of the types that are the code's by their paths.
fn tell(known: &mut TypeRegistry, newest: &Slot, is_of_code: impl Fn(&str) -> bool) {
    for of_code in newest.registry.iter() {
        let (id, path) = (of_code.type_id(), of_code.type_info().type_path());
        let Some(own) = known.get_mut(id).filter(|_| is_of_code(path)) else {
            continue;
        };
        if !newest.is_registry_partial {
            own.clone_from(of_code);
        }
        let found = known.get_with_type_path(path);
        if found.is_none_or(|found| found.type_id() != id) {
            // With what others have added to it.
            if let Some(own) = known.get(id).cloned() {
                known.overwrite_registration(own);
            }
        }
    }
}

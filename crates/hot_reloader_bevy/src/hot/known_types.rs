//! What Bevy's registry knows of the types of the code that runs.
//!
//! It keeps each type that it was ever told of, and a path, by which scenes and what was saved are loaded, leads to the
//! one that it was told of last. Code that comes back with an undone edit, or when a reload is taken back, has types
//! that it knows already; so it has to be told of them once more.

use bevy::{
    prelude::{AppTypeRegistry, World},
    reflect::TypeRegistry,
};

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
        ignored::take_over(known, &newest.registry);
        lead(known, &newest.registry, slots);
    }
}

/// Lets paths that lead to types of other builds lead to those that run.
fn lead(known: &mut TypeRegistry, running: &TypeRegistry, slots: &[Slot]) {
    for of_code in running.iter() {
        let path = of_code.type_info().type_path();
        let found = known.get_with_type_path(path);
        if found.is_none_or(|found| found.type_id() == of_code.type_id()) {
            continue;
        }
        // Of what is not of a crate that may change, others have decided.
        let mut layouts = slots.iter().map(|slot| &slot.layout);
        if layouts.any(|layout| layout.concerns(path)) {
            // With what others have added to it.
            if let Some(own) = known.get(of_code.type_id()).cloned() {
                known.overwrite_registration(own);
            }
        }
    }
}

//! Of which code each type is that the world knows.
//!
//! An edit that is undone brings back types that the world has known since, under the names of those that have come
//! between. So it is noted of each with which code it came.

use std::{
    any::TypeId,
    collections::{HashMap, HashSet},
    sync::Arc,
};

use bevy::prelude::World;
use hot_reloader_build::{layout::crates_in, Layout};

use crate::hot::slots::Delegates;

/// What the sources said of types, when the code came that has them.
pub(crate) type Origins = HashMap<TypeId, Arc<Layout>>;

/// Takes note of the types of which nobody has: they came with the code that runs.
pub(crate) fn note_running(world: &mut World) {
    let slots = world.resource::<Delegates>().slots.iter();
    let layouts: Vec<_> = slots.map(|slot| slot.layout.clone()).collect();
    note(world, &layouts);
}

/// The same of types that came with code of which the sources say this.
pub(crate) fn note(world: &mut World, layouts: &[Arc<Layout>]) {
    let crates = layouts.iter().flat_map(|layout| layout.crates());
    let crates: HashSet<&str> = crates.collect();
    let known = &world.resource::<Delegates>().origins;
    let came = world.components().iter().filter_map(|info| {
        let id = info.type_id().filter(|id| !known.contains_key(id))?;
        // Of thousands of types, so they are looked for in all layouts at once.
        let is_of_code = crates_in(info.name()).any(|of| crates.contains(of));
        let layouts = layouts.iter().filter(|_| is_of_code);
        let layout = Layout::that_knows(layouts, info.name())?;
        Some((id, layout.clone()))
    });
    let came: Vec<_> = came.collect();
    world.resource_mut::<Delegates>().origins.extend(came);
}

//! What is left where it is, since new code does not find it there.

use std::collections::HashSet;

use bevy::{
    ecs::component::ComponentId,
    prelude::{App, Res, Resource, World},
};

use super::Crossing;

/// Values that are left where they are, since new code does not find them there.
#[derive(Resource, Default)]
pub(crate) struct LeftBehind {
    pub(super) now: Left,
    /// What was left before the last reload, should it be taken back.
    pub(super) before: Left,
    /// How many types the world knew when it was looked at last.
    pub(super) known: usize,
}

#[derive(Default)]
pub(super) struct Left {
    /// Until new code uses their types.
    pub(super) waiting: Vec<Crossing>,
    /// For good: new code has made its own.
    pub(super) abandoned: HashSet<ComponentId>,
}

impl LeftBehind {
    /// The last reload was taken back.
    pub(crate) fn take_back(&mut self) {
        self.now = std::mem::take(&mut self.before);
    }

    /// Whether nothing ever comes of its values.
    pub(super) fn is_abandoned(&self, component: ComponentId) -> bool {
        self.now.abandoned.contains(&component)
    }
}

pub(crate) fn plugin(app: &mut App) {
    app.init_resource::<LeftBehind>();
}

/// Whether values wait.
pub(crate) fn is_waiting(left: Res<LeftBehind>) -> bool {
    !left.now.waiting.is_empty()
}

/// The components and resources that new code does not find, so it cannot change them.
pub(crate) fn unseen(world: &World, crossings: &[Crossing]) -> HashSet<ComponentId> {
    let left = world.resource::<LeftBehind>();
    let crossing = crossings.iter().map(|crossing| crossing.old);
    let abandoned = left.now.abandoned.iter().copied();
    crossing.chain(abandoned).collect()
}

//! What a rollback leaves alone.

use bevy::prelude::{App, Resource};

use super::snapshot::CopyRule;

/// Types that a rollback leaves alone.
#[derive(Resource, Default)]
pub(crate) struct NotRolledBack(pub(crate) Vec<CopyRule>);

/// Says of types that they mirror what is outside of the world.
pub trait ExemptFromRollback {
    /// Leaves the resource or component `T` as it is when a reload is taken back: for what is as it is
    /// outside of the world, whatever code did, such as what has arrived over a connection. The
    /// [`HotReloaderPlugin`](super::HotReloaderPlugin) may come before or after.
    fn exempt_from_rollback<T: 'static>(&mut self) -> &mut Self;
}

impl ExemptFromRollback for App {
    fn exempt_from_rollback<T: 'static>(&mut self) -> &mut Self {
        self.init_resource::<NotRolledBack>();
        let mut exempt = self.world_mut().resource_mut::<NotRolledBack>();
        exempt.0.push(CopyRule::leave::<T>());
        self
    }
}

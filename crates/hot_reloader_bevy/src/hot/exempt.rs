//! What a rollback leaves alone.

use bevy::prelude::{App, Resource};

use super::snapshot::CopyRule;
use crate::ExemptFromRollback;

/// Types that a rollback leaves alone.
#[derive(Resource, Default)]
pub(crate) struct NotRolledBack(pub(crate) Vec<CopyRule>);

impl ExemptFromRollback for App {
    fn exempt_from_rollback<T: 'static>(&mut self) -> &mut Self {
        self.init_resource::<NotRolledBack>();
        let mut exempt = self.world_mut().resource_mut::<NotRolledBack>();
        exempt.0.push(CopyRule::leave::<T>());
        self
    }
}

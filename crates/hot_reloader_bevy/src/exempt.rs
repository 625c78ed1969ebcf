//! What a rollback leaves alone.

/// Says of types that they mirror what is outside of the world.
pub trait ExemptFromRollback {
    /// Leaves the resource or component `T` as it is when a reload is taken back: for what is as it is
    /// outside of the world, whatever code did, such as what has arrived over a connection. It
    /// may be said before or after the plugin is added, and without `hot` it means nothing.
    fn exempt_from_rollback<T: 'static>(&mut self) -> &mut Self;
}

#[cfg(not(feature = "hot"))]
impl ExemptFromRollback for bevy::prelude::App {
    fn exempt_from_rollback<T: 'static>(&mut self) -> &mut Self {
        self
    }
}

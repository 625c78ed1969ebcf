//! What a module does when code changes.

use bevy::ecs::schedule::ScheduleLabel;

/// What a module has to do when its code changes.
#[derive(ScheduleLabel, Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Hook {
    /// A generation takes over.
    Setup,
    /// It gives way.
    Teardown,
    /// It took over from another.
    Reload,
}

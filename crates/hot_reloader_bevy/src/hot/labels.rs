//! The schedules that any app has, by who runs them and when.

use bevy::{
    app::{
        First, FixedFirst, FixedLast, FixedPostUpdate, FixedPreUpdate, FixedUpdate, Last,
        PostStartup, PostUpdate, PreStartup, PreUpdate, RunFixedMainLoop, SpawnScene, Startup,
        Update,
    },
    ecs::schedule::{InternedScheduleLabel, ScheduleLabel},
};

use crate::{OnLoad, OnReload, OnUnload};

/// The schedules that come too late for a module that is loaded while the app runs.
pub(crate) fn startup() -> [InternedScheduleLabel; 3] {
    [PreStartup.intern(), Startup.intern(), PostStartup.intern()]
}

/// Those that are run in frames.
pub(crate) fn of_frames() -> [InternedScheduleLabel; 12] {
    [
        First.intern(),
        PreUpdate.intern(),
        RunFixedMainLoop.intern(),
        FixedFirst.intern(),
        FixedPreUpdate.intern(),
        FixedUpdate.intern(),
        FixedPostUpdate.intern(),
        FixedLast.intern(),
        Update.intern(),
        SpawnScene.intern(),
        PostUpdate.intern(),
        Last.intern(),
    ]
}

/// All of these.
pub(crate) fn of_every_app() -> impl Iterator<Item = InternedScheduleLabel> {
    startup().into_iter().chain(of_frames())
}

/// Whether reloads run it, not frames.
pub(crate) fn is_own(label: InternedScheduleLabel) -> bool {
    let hooks = [OnLoad.intern(), OnUnload.intern(), OnReload.intern()];
    startup().contains(&label) || hooks.contains(&label)
}

//! What a module does when its code changes, besides what every plugin does.

use bevy::ecs::schedule::ScheduleLabel;

/// Runs each time a generation of the module takes over, the first included, after its startup: for
/// entities that new code builds anew. Without `hot` it runs once, in `PostStartup`.
///
/// ```
/// # use bevy::prelude::*;
/// # use hot_reloader_bevy::{OnLoad, OnUnload};
/// fn hud(app: &mut App) {
///     app.add_systems(OnLoad, build).add_systems(OnUnload, clear);
/// }
/// # fn build() {}
/// # fn clear() {}
/// ```
#[derive(ScheduleLabel, Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct OnLoad;

/// Runs each time a generation of the module gives way to another: for what [`OnLoad`] made. A panic in
/// it becomes a warning in the report. If the new code is taken back, its own does not run: all that it
/// did is undone. Without `hot` it never runs.
#[derive(ScheduleLabel, Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct OnUnload;

/// Runs once when a generation has taken over from another, after [`OnLoad`] of all modules of the
/// reload. Without `hot` it never runs.
#[derive(ScheduleLabel, Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct OnReload;

//! Frames for an app that draws only when something happens in its window.

use bevy::{
    prelude::World,
    winit::{EventLoopProxy, WakeUp},
};

/// What wakes the app from another thread, if it has a window.
pub(super) fn waker(world: &World) -> Option<EventLoopProxy<WakeUp>> {
    world.get_non_send_resource().cloned()
}

/// Sees to it that another frame follows this one. A `RequestRedraw` that is sent in a frame may
/// go unnoticed until something else happens.
pub(super) fn request_frame(world: &World) {
    if let Some(waker) = waker(world) {
        // Fails when the event loop is over, and then no frame follows.
        let _ = waker.send_event(WakeUp);
    }
}

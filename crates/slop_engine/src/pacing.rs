//! A frame when there is something to see, and otherwise hardly one.
//!
//! Events of the window bring frames by themselves. egui says when it wants the next one: for an
//! animation, a blinking cursor, a tooltip. Whoever works on another thread, or has something to do
//! later, says so to [`Frames`].

use std::{
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};

use bevy::{
    prelude::{App, Events, First, Last, PostStartup, Res, ResMut, Resource, World},
    window::RequestRedraw,
    winit::{EventLoopProxy, UpdateMode, WakeUp, WinitSettings},
};
use bevy_egui::EguiContexts;

/// With nothing to do, there is a frame all the same, for what nobody tells: a file that could not be
/// written, a library that another program removed.
const REST: Duration = Duration::from_secs(10);

/// Asks for frames, from whichever thread.
#[derive(Resource, Clone, Default)]
pub struct Frames(Arc<Shared>);

#[derive(Default)]
struct Shared {
    next: Mutex<Next>,
    changed: Condvar,
}

#[derive(Default)]
struct Next {
    /// When the next frame is wanted. A frame that begins has what it was wanted for, and asks again for
    /// what it still wants.
    at: Option<Instant>,
    is_over: bool,
}

impl std::fmt::Debug for Frames {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Frames").field(&self.next().at).finish()
    }
}

impl Frames {
    /// As soon as possible.
    pub fn now(&self) {
        self.after(Duration::ZERO);
    }

    /// After some time, unless there is one before; that one has to ask again.
    pub fn after(&self, time: Duration) {
        let Some(at) = Instant::now().checked_add(time) else {
            return;
        };
        let mut next = self.next();
        if next.at.is_none_or(|before| at < before) {
            next.at = Some(at);
            self.0.changed.notify_all();
        }
    }

    fn next(&self) -> MutexGuard<'_, Next> {
        self.0.next.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Calls `wake` whenever a frame is due, until the app ends.
    fn watch(&self, mut wake: impl FnMut()) {
        let mut next = self.next();
        while !next.is_over {
            let now = Instant::now();
            let wait = match next.at {
                Some(at) if at <= now => {
                    next.at = None;
                    drop(next);
                    wake();
                    next = self.next();
                    continue;
                }
                Some(at) => at - now,
                None => Duration::MAX,
            };
            let changed = &self.0.changed;
            next = if wait == Duration::MAX {
                changed.wait(next).unwrap_or_else(PoisonError::into_inner)
            } else {
                let waited = changed.wait_timeout(next, wait);
                waited.unwrap_or_else(PoisonError::into_inner).0
            };
        }
    }
}

/// Ends the thread with the app.
#[derive(Resource)]
struct Watch(Frames);

impl Drop for Watch {
    fn drop(&mut self) {
        self.0.next().is_over = true;
        self.0 .0.changed.notify_all();
    }
}

/// For an app that has [`Frames`].
pub(crate) fn plugin(app: &mut App) {
    let mode = UpdateMode::reactive_low_power(REST);
    app.insert_resource(WinitSettings {
        focused_mode: mode,
        unfocused_mode: mode,
    })
    .add_systems(PostStartup, (start, listen))
    .add_systems(First, begin)
    .add_systems(Last, ignore_redraws);
}

fn start(world: &mut World) {
    let Some(waker) = world
        .get_non_send_resource::<EventLoopProxy<WakeUp>>()
        .cloned()
    else {
        return;
    };
    let frames = world.resource::<Frames>().clone();
    world.insert_resource(Watch(frames.clone()));
    let watch = move || {
        frames.watch(|| {
            // Fails when the event loop is over, and so is this soon.
            let _ = waker.send_event(WakeUp);
        });
    };
    let thread = thread::Builder::new()
        .name("frames".to_owned())
        .spawn(watch);
    if let Err(error) = thread {
        bevy::log::error!("all frames are drawn, as no thread can be started: {error}");
        world.insert_resource(WinitSettings::game());
    }
}

fn listen(frames: Res<Frames>, mut contexts: EguiContexts) {
    let frames = frames.clone();
    if let Some(context) = contexts.try_ctx_mut() {
        context.set_request_repaint_callback(move |request| frames.after(request.delay));
    }
}

fn begin(frames: Res<Frames>) {
    frames.next().at = None;
}

/// `bevy_egui` asks for a frame at once where egui wants one after some time.
fn ignore_redraws(mut redraws: ResMut<Events<RequestRedraw>>) {
    redraws.clear();
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn the_earliest_wish_counts_and_a_frame_grants_all() {
        let frames = Frames::default();
        let (send, woken) = mpsc::channel();
        let watcher = frames.clone();
        let thread = thread::spawn(move || {
            watcher.watch(|| send.send(()).unwrap());
        });
        frames.after(Duration::from_secs(1000));
        frames.now();
        woken.recv().unwrap();
        assert_eq!(frames.next().at, None);
        frames.after(Duration::from_secs(1000));
        frames.after(Duration::from_millis(5));
        frames.after(Duration::from_secs(2000));
        woken.recv().unwrap();
        frames.after(Duration::MAX);
        assert_eq!(frames.next().at, None);
        drop(Watch(frames));
        thread.join().unwrap();
    }
}

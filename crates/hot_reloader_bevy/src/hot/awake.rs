//! Frames for an app that draws only when something happens in its window, and fewer of them for one
//! that draws all the time.

use std::{
    sync::{Arc, Condvar, Mutex, PoisonError},
    time::{Duration, Instant},
};

use bevy::{
    prelude::{Resource, World},
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

/// Whether there is something to see of the build.
#[derive(Resource, Clone, Default)]
pub(super) struct News(Arc<(Mutex<bool>, Condvar)>);

impl News {
    /// There is, and a frame to look at it.
    pub(super) fn tell(&self, waker: Option<&EventLoopProxy<WakeUp>>) {
        let (is_there, arrived) = &*self.0;
        *is_there.lock().unwrap_or_else(PoisonError::into_inner) = true;
        arrived.notify_all();
        if let Some(waker) = waker {
            let _ = waker.send_event(WakeUp);
        }
    }

    /// Waits until there is, or until the time is up.
    pub(super) fn wait(&self, until: Instant) {
        let (is_there, arrived) = &*self.0;
        let is_there = is_there.lock().unwrap_or_else(PoisonError::into_inner);
        let limit = until.saturating_duration_since(Instant::now());
        let waited = arrived.wait_timeout_while(is_there, limit, |is_there| !*is_there);
        *waited.unwrap_or_else(PoisonError::into_inner).0 = false;
    }
}

/// Puts off the end of a frame, so that it takes its part of a second, unless there is news.
pub(super) fn slow_down(news: &News, rate: f32, begun: Instant) {
    if let Ok(time) = Duration::try_from_secs_f32(1.0 / rate) {
        news.wait(begun + time);
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    #[test]
    fn news_end_the_wait() {
        let news = News::default();
        let teller = news.clone();
        let thread = thread::spawn(move || teller.tell(None));
        slow_down(&news, 0.001, Instant::now());
        thread.join().unwrap();
        // No rate at all is none, and neither is one that is no number.
        slow_down(&news, 0.0, Instant::now());
        slow_down(&news, f32::NAN, Instant::now());
        // It was heard.
        slow_down(&news, 1000.0, Instant::now());
        assert!(!*news.0 .0.lock().unwrap());
    }
}

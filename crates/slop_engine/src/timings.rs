//! Where the time goes: in frames, in the parts of the app, and until input is seen. And how much
//! memory the process holds.
//!
//! While it is off, no clock is read and nothing is allocated.

mod frames;
mod memory;

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{
        atomic::{AtomicBool, Ordering},
        Arc, Mutex, MutexGuard, PoisonError,
    },
    time::{Duration, Instant},
};

use bevy::prelude::Resource;

use self::{frames::Frames, memory::resident_bytes};

pub(crate) use frames::plugin;

/// Times kept of each kind.
const KEPT: usize = 240;

/// How old what is known of the memory may be.
const STALE: Duration = Duration::from_secs(1);

/// What is measured. Its clones share it, for pictures are drawn on a thread of their own.
#[derive(Resource, Clone, Debug, Default)]
pub struct Timings(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    is_on: AtomicBool,
    components: Mutex<BTreeMap<String, Times>>,
    frames: Mutex<Frames>,
    /// When it was looked at, and what was found.
    memory: Mutex<Option<(Instant, Option<u64>)>>,
}

/// The times of the last frames in milliseconds, the oldest first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FrameTimes {
    /// From a frame's first system to its last. What passes between two frames is in none.
    pub frames: Vec<f32>,
    /// From the arrival of input to when the picture of its frame was handed to the display; at most,
    /// for nobody says when input came while the app was busy.
    pub lags: Vec<f32>,
}

impl Timings {
    /// Turns it on or off. Off, it forgets all.
    pub fn set_on(&self, is_on: bool) {
        if self.0.is_on.swap(is_on, Ordering::Relaxed) && !is_on {
            locked(&self.0.components).clear();
            *locked(&self.0.frames) = Frames::default();
            *locked(&self.0.memory) = None;
        }
    }

    /// Whether it is on.
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.0.is_on.load(Ordering::Relaxed)
    }

    /// Adds a run of a component, in milliseconds.
    pub fn add(&self, component: &str, time: f32) {
        let mut components = locked(&self.0.components);
        components
            .entry(component.to_owned())
            .or_default()
            .push(time);
    }

    /// Times a component until the value is dropped, if it is on.
    #[must_use]
    pub fn start(&self, component: &'static str) -> Option<Running<'_>> {
        self.is_on().then(|| Running {
            timings: self,
            component,
            start: Instant::now(),
        })
    }

    /// The times of the last runs of each component in milliseconds, the oldest first.
    #[must_use]
    pub fn read(&self) -> Vec<(String, Vec<f32>)> {
        let components = locked(&self.0.components);
        let times = components.iter();
        times
            .map(|(name, times)| (name.clone(), times.to_vec()))
            .collect()
    }

    /// The times of the last frames.
    #[must_use]
    pub fn frames(&self) -> FrameTimes {
        locked(&self.0.frames).read()
    }

    /// The memory of the process in bytes, looked at once a second; `None` if it is off, or where the
    /// platform does not tell.
    #[must_use]
    pub fn memory(&self) -> Option<u64> {
        if !self.is_on() {
            return None;
        }
        let mut memory = locked(&self.0.memory);
        let fresh = memory.filter(|(looked, _)| looked.elapsed() < STALE);
        let (_, bytes) =
            *memory.insert(fresh.unwrap_or_else(|| (Instant::now(), resident_bytes())));
        bytes
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The last times of one kind.
#[derive(Debug, Default)]
struct Times(VecDeque<f32>);

impl Times {
    /// Adds a time, in milliseconds.
    fn push(&mut self, time: f32) {
        if self.0.len() == KEPT {
            self.0.pop_front();
        }
        self.0.push_back(time);
    }

    /// The oldest first.
    fn to_vec(&self) -> Vec<f32> {
        self.0.iter().copied().collect()
    }
}

/// A component that runs.
#[derive(Debug)]
pub struct Running<'a> {
    timings: &'a Timings,
    component: &'static str,
    start: Instant,
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        let time = milliseconds(self.start.elapsed());
        self.timings.add(self.component, time);
    }
}

fn milliseconds(time: Duration) -> f32 {
    time.as_secs_f32() * 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn off_nothing_is_noted_and_all_is_forgotten() {
        let timings = Timings::default();
        assert!(timings.start("a").is_none());
        assert_eq!(timings.memory(), None);
        timings.set_on(true);
        drop(timings.start("a"));
        drop(timings.clone().start("b"));
        let names: Vec<_> = timings.read().into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["a", "b"]);
        assert_eq!(timings.memory().is_some(), cfg!(target_os = "linux"));
        timings.set_on(false);
        timings.set_on(true);
        assert!(timings.read().is_empty());
    }

    #[test]
    fn the_last_times_are_kept() {
        let mut times = Times::default();
        for time in 0..=KEPT {
            times.push(time as f32);
        }
        let times = times.to_vec();
        assert_eq!((times.len(), times[0]), (KEPT, 1.0));
    }
}

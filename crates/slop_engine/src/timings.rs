//! How long each part of the app takes in a frame.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{
        atomic::{AtomicBool, Ordering},
        Mutex, PoisonError,
    },
    time::Instant,
};

use bevy::prelude::Resource;

/// Frames kept of each component.
const KEPT: usize = 240;

/// The times of the components of the app. Costs nothing while it is off.
#[derive(Resource, Debug, Default)]
pub struct Timings {
    is_on: AtomicBool,
    components: Mutex<BTreeMap<String, VecDeque<f32>>>,
}

impl Timings {
    /// Turns it on or off. Off, it forgets all.
    pub fn set_on(&self, is_on: bool) {
        if self.is_on.swap(is_on, Ordering::Relaxed) && !is_on {
            self.components().clear();
        }
    }

    /// Whether it is on.
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.is_on.load(Ordering::Relaxed)
    }

    /// Adds a run of a component, in milliseconds.
    pub fn add(&self, component: &str, time: f32) {
        let mut components = self.components();
        let times = components.entry(component.to_owned()).or_default();
        if times.len() == KEPT {
            times.pop_front();
        }
        times.push_back(time);
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
        let components = self.components();
        let times = components.iter();
        times
            .map(|(name, times)| (name.clone(), times.iter().copied().collect()))
            .collect()
    }

    fn components(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, VecDeque<f32>>> {
        self.components
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
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
        let time = self.start.elapsed().as_secs_f32() * 1000.0;
        self.timings.add(self.component, time);
    }
}

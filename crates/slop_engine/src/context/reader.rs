//! The files as they are now, read on a thread, for those who show them.

use std::{
    path::Path,
    sync::{mpsc, Mutex, PoisonError},
    thread,
    time::{Duration, Instant},
};

use bevy::prelude::Resource;

use super::{gather, Gathered, OffLimits, Wanted};
use crate::pacing::Frames;

/// For how long what was read counts as how it is now.
const FRESH: Duration = Duration::from_secs(2);

/// What is asked for: the project's folder, and the patterns.
type Asked = (String, Vec<Wanted>);

/// Reads the files of a project so that no frame waits for the disk.
#[derive(Resource, Debug, Default)]
pub struct ContextReader {
    frames: Frames,
    off_limits: OffLimits,
    /// In a mutex because a receiver belongs to one thread.
    under_way: Option<(Asked, Mutex<mpsc::Receiver<Gathered>>)>,
    latest: Option<(Asked, Instant, Gathered)>,
}

impl ContextReader {
    /// Which asks for a frame when something was read, and never looks into the folder of the app's own
    /// files.
    #[must_use]
    pub fn new(frames: Frames, data: &Path) -> Self {
        Self {
            frames,
            off_limits: OffLimits::new(data),
            ..Self::default()
        }
    }

    /// Has the files read unless that was done just now or is being done, and takes in what was
    /// read. To be called in each frame that shows them.
    pub fn look(&mut self, root: &str, wanted: Vec<Wanted>) {
        if let Some((asked, receiver)) = self.under_way.take() {
            let received = receiver
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .try_recv();
            match received {
                Ok(gathered) => self.latest = Some((asked, Instant::now(), gathered)),
                Err(mpsc::TryRecvError::Empty) => {
                    self.under_way = Some((asked, receiver));
                    return;
                }
                // It panicked, and is tried again.
                Err(mpsc::TryRecvError::Disconnected) => {}
            }
        }
        let asked = (root.to_owned(), wanted);
        let is_fresh =
            |(of, at, _): &(Asked, Instant, Gathered)| *of == asked && at.elapsed() < FRESH;
        if self.latest.as_ref().is_some_and(is_fresh) {
            return;
        }
        let (sender, receiver) = mpsc::channel();
        let frames = self.frames.clone();
        let (root, wanted) = asked.clone();
        let off_limits = self.off_limits.clone();
        let read = move || {
            // Nobody may want it any more.
            let _ = sender.send(gather(&root, &wanted, &off_limits));
            frames.now();
        };
        let thread = thread::Builder::new().name("context".to_owned());
        match thread.spawn(read) {
            Ok(_) => self.under_way = Some((asked, Mutex::new(receiver))),
            Err(error) => bevy::log::warn!("the project's files were not looked at: {error}"),
        }
    }

    /// What was read last; `None` before the first time.
    #[must_use]
    pub fn latest(&self) -> Option<&Gathered> {
        self.latest.as_ref().map(|(_, _, gathered)| gathered)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::context::Mode;

    #[test]
    fn what_is_asked_for_is_read_on_another_thread() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a.md"), "hello").unwrap();
        let root = folder.path().display().to_string();
        let mut reader = ContextReader::default();
        assert!(reader.latest().is_none());
        for count in [1, 0] {
            let wanted = Wanted {
                pattern: if count == 1 { "a.md" } else { "b.md" }.to_owned(),
                mode: Mode::Whole,
            };
            let start = Instant::now();
            let files = |reader: &ContextReader| reader.latest().map(|found| found.files.len());
            while files(&reader) != Some(count) {
                assert!(
                    start.elapsed() < Duration::from_secs(20),
                    "it is never read"
                );
                reader.look(&root, vec![wanted.clone()]);
                thread::yield_now();
            }
        }
    }
}

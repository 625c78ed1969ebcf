//! Libraries that are linked in, for tests: everything but cargo and the loader is as in any hot app.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use bevy::prelude::{App, Plugin, World};
use hot_reloader_build::{BuildError, Layout};
use hot_reloader_core::{BuildId, StagedLibrary};
use hot_reloader_transaction::{Build, BuildStep, Made, Phase, Purpose, ReloadError};

use super::{
    config::HotReloaderConfig,
    library::{Libraries, Library, Source, Wake},
};
use crate::LibraryEntry;

/// Makes the app reload from libraries that are linked in, in the order in which they are pushed. Comes
/// after the [`HotReloaderPlugin`](super::HotReloaderPlugin).
#[derive(Clone, Debug, Default)]
pub struct InProcess(Arc<Mutex<Entries>>);

#[derive(Debug, Default)]
struct Entries {
    next: VecDeque<&'static LibraryEntry>,
    /// What the types of all that is made from now on are.
    layout: Arc<Layout>,
    made: Vec<&'static LibraryEntry>,
}

impl InProcess {
    /// What the build after the last one pushed makes. The same entry is the same code.
    pub fn push(&self, entry: &'static LibraryEntry) {
        self.entries().next.push_back(entry);
    }

    /// What the types of all libraries are that are made from now on.
    pub fn set_layout(&self, layout: Layout) {
        self.entries().layout = Arc::new(layout);
    }

    fn entries(&self) -> MutexGuard<'_, Entries> {
        // Each holder leaves it whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Plugin for InProcess {
    fn build(&self, app: &mut App) {
        app.insert_resource(Libraries(Box::new(self.clone())));
    }
}

impl Source for InProcess {
    fn make(&self, config: &HotReloaderConfig, purpose: Purpose, _wake: Wake) -> Box<dyn Build> {
        let mut entries = self.entries();
        let entry = match purpose {
            Purpose::Reload => entries.next.pop_front(),
            // It stays for whoever asks.
            Purpose::Ahead => entries.next.front().copied(),
            Purpose::WarmUp => return Box::new(Done(Some(BuildStep::MadeNothing))),
        };
        let Some(entry) = entry else {
            let package = config.library.clone();
            return Done::with(Err(BuildError::NoLibrary { package }.into()));
        };
        entries.made.push(entry);
        let serial = u32::try_from(entries.made.len()).unwrap_or(u32::MAX);
        let address = std::ptr::from_ref(entry).addr();
        Done::with(Ok(Made {
            staged: StagedLibrary {
                path: format!("/nonexistent/{serial}").into(),
                serial,
            },
            build_id: BuildId::from_bytes(&address.to_be_bytes()),
            root: "/".into(),
            hot: vec!["hot_reloader_bevy".to_owned()],
            layout: entries.layout.clone(),
            recompiled: Vec::new(),
        }))
    }

    fn open(&mut self, made: &Made) -> Result<&'static LibraryEntry, ReloadError> {
        let entry = self
            .entries()
            .made
            .get(made.staged.serial as usize - 1)
            .copied();
        entry.ok_or_else(|| ReloadError::NotSwapped {
            reason: "it was not made".to_owned(),
        })
    }

    fn open_count(&self) -> usize {
        self.entries().made.len()
    }

    fn swap(&self, _world: &mut World, _library: &Library) -> Result<(), String> {
        Ok(())
    }
}

/// A build that has ended when it begins.
struct Done(Option<BuildStep>);

impl Done {
    fn with(result: Result<Made, ReloadError>) -> Box<dyn Build> {
        Box::new(Self(Some(BuildStep::Finished {
            result,
            phases: vec![(Phase::Build, Duration::ZERO)],
            builder: None,
        })))
    }
}

impl Build for Done {
    fn try_next(&mut self) -> Option<BuildStep> {
        self.0.take()
    }

    fn wait_next(&mut self) -> BuildStep {
        self.try_next().expect("it is asked once")
    }

    fn describe(&self) -> String {
        "a list of functions".to_owned()
    }
}

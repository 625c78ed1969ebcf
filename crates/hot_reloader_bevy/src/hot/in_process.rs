//! Libraries that are linked in, for tests: everything but cargo and the loader is as in any hot app.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use bevy::prelude::{App, Plugin, World};
use hot_reloader_build::{BuildError, Layout};
use hot_reloader_core::{BuildId, StagedLibrary};
use hot_reloader_transaction::{Build, BuildStep, Made, MadeLibrary, Phase, Purpose, ReloadError};

use super::{
    config::HotReloaderConfig,
    library::{Libraries, Library, Order, Source, Wake},
};
use crate::LibraryEntry;

/// Makes the app reload from libraries that are linked in, in the order in which they are pushed. Comes
/// after the [`HotReloaderPlugin`](super::HotReloaderPlugin).
#[derive(Clone, Debug, Default)]
pub struct InProcess(Arc<Mutex<Entries>>);

#[derive(Debug, Default)]
struct Entries {
    /// One for each library.
    next: VecDeque<Vec<&'static LibraryEntry>>,
    /// What the types of all that is made from now on are.
    layout: Arc<Layout>,
    made: Vec<&'static LibraryEntry>,
}

impl InProcess {
    /// What the build after the last one pushed makes, for each library of the app. The same entry is the
    /// same code.
    pub fn push(&self, libraries: &[&'static LibraryEntry]) {
        self.entries().next.push_back(libraries.to_vec());
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
    fn make(&self, config: &HotReloaderConfig, order: Order, _wake: Wake) -> Box<dyn Build> {
        let mut entries = self.entries();
        let next = match order.purpose {
            Purpose::Reload => entries.next.pop_front(),
            // It stays for whoever asks.
            Purpose::Ahead => entries.next.front().cloned(),
            Purpose::WarmUp => return Box::new(Done(Some(BuildStep::MadeNothing))),
        };
        let Some(next) = next else {
            let package = config.libraries.join(", ");
            return Done::with(Err(BuildError::NoLibrary { package }.into()));
        };
        let mut libraries = Vec::new();
        for (name, entry) in config.libraries.iter().zip(next) {
            if order
                .wanted
                .as_ref()
                .is_some_and(|wanted| !wanted.contains(name))
            {
                continue;
            }
            let address = std::ptr::from_ref(entry).addr();
            let build_id = BuildId::from_bytes(&address.to_be_bytes());
            let copy = (!order.running.contains(&build_id)).then(|| {
                entries.made.push(entry);
                let serial = u32::try_from(entries.made.len()).unwrap_or(u32::MAX);
                StagedLibrary {
                    path: format!("/nonexistent/{serial}").into(),
                    serial,
                }
            });
            libraries.push(MadeLibrary {
                name: name.clone(),
                build_id,
                layout: entries.layout.clone(),
                copy,
            });
        }
        Done::with(Ok(Made {
            libraries,
            host: config.libraries.clone(),
            root: "/".into(),
            hot: vec!["hot_reloader_bevy".to_owned()],
            layout: entries.layout.clone(),
            recompiled: Vec::new(),
        }))
    }

    fn open(
        &mut self,
        _made: &MadeLibrary,
        copy: &StagedLibrary,
    ) -> Result<&'static LibraryEntry, ReloadError> {
        let entry = self.entries().made.get(copy.serial as usize - 1).copied();
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

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
    /// Whether builds go on when they are looked at first.
    are_slow: bool,
    warm_ups: usize,
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

    /// Lets each build from now on end after it was looked at once, as those of cargo do.
    pub fn slow_down(&self) {
        self.entries().are_slow = true;
    }

    /// How often a compiler would have had its chance to get ready for the next edit.
    #[must_use]
    pub fn warm_ups(&self) -> usize {
        self.entries().warm_ups
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
            Purpose::WarmUp => {
                entries.warm_ups += 1;
                return Box::new(Done::of(BuildStep::MadeNothing));
            }
        };
        let Some(next) = next else {
            let package = config.libraries.join(", ");
            let result = Err(BuildError::NoLibrary { package }.into());
            return Box::new(Done::with(result));
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
        let done = Done::with(Ok(Made {
            libraries,
            host: config.libraries.clone(),
            root: "/".into(),
            hot: vec!["hot_reloader_bevy".to_owned()],
            layout: entries.layout.clone(),
            recompiled: Vec::new(),
        }));
        Box::new(Done {
            is_slow: entries.are_slow,
            ..done
        })
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

/// A build that has ended when it begins, or when it was looked at once.
struct Done {
    step: Option<BuildStep>,
    is_slow: bool,
}

impl Done {
    fn of(step: BuildStep) -> Self {
        Self {
            step: Some(step),
            is_slow: false,
        }
    }

    fn with(result: Result<Made, ReloadError>) -> Self {
        Self::of(BuildStep::Finished {
            result: result.map_err(Box::new),
            phases: vec![(Phase::Build, Duration::ZERO)],
            builder: None,
        })
    }
}

impl Build for Done {
    fn try_next(&mut self) -> Option<BuildStep> {
        if std::mem::take(&mut self.is_slow) {
            return None;
        }
        self.step.take()
    }

    fn wait_next(&mut self) -> BuildStep {
        self.step.take().expect("it is asked once")
    }

    fn describe(&self) -> String {
        "a list of functions".to_owned()
    }
}

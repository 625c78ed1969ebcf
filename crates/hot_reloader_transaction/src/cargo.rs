//! Makes libraries with cargo: a build, a copy of it with a name of its own, and a look at the copy;
//! all on a thread.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use hot_reloader_build::{BuildConfig, BuildOutcome, BuildUpdate, Built, Known, Sources};
use hot_reloader_core::{identity, mapped::StableLibraries, Staging};

use crate::{Build, BuildStep, Made, Phase, ReloadError};

/// Where the libraries of one app are made.
#[derive(Debug)]
pub struct Workshop {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    /// What was in memory when the app started.
    stable: StableLibraries,
    /// Made for the first build, and tried again for each if it cannot be made.
    staging: Mutex<Option<Staging>>,
    /// What the last build found out.
    known: Mutex<Option<Known>>,
}

impl Default for Workshop {
    fn default() -> Self {
        Self {
            shared: Arc::new(Shared {
                stable: StableLibraries::record(),
                staging: Mutex::new(None),
                known: Mutex::new(None),
            }),
        }
    }
}

/// What a build came to, and how long its phases took.
type Finished = (Result<Made, ReloadError>, Vec<(Phase, Duration)>);

struct Job {
    build: hot_reloader_build::Build<Finished>,
    description: String,
}

impl Workshop {
    /// Begins to make the crate `library`. Copies go to `staging_folder`, which is looked at once.
    #[must_use]
    pub fn start(
        &self,
        library: &str,
        config: BuildConfig,
        staging_folder: PathBuf,
    ) -> Box<dyn Build> {
        let shared = self.shared.clone();
        let known = lock(&shared.known).clone();
        let description = config.to_string();
        let start = Instant::now();
        let finish = move |outcome| {
            let mut phases = vec![(Phase::Build, start.elapsed())];
            let result = shared.finish(outcome, staging_folder, &mut phases);
            (result, phases)
        };
        Box::new(Job {
            build: hot_reloader_build::Build::start(library, config, known, finish),
            description,
        })
    }
}

impl Shared {
    fn finish(
        &self,
        outcome: BuildOutcome,
        staging_folder: PathBuf,
        phases: &mut Vec<(Phase, Duration)>,
    ) -> Result<Made, ReloadError> {
        let Built {
            library,
            recompiled,
            workspace,
        } = outcome?;
        let folder = library.parent().unwrap_or(&library);
        *lock(&self.known) = Some(Known {
            sources: Sources::read(&workspace, folder),
            workspace: workspace.clone(),
        });

        let start = Instant::now();
        let mut staging = lock(&self.staging);
        let staging = match &mut *staging {
            Some(staging) => staging,
            none => none.insert(Staging::new(&staging_folder)?),
        };
        let staged = staging.stage(&library)?;
        phases.push((Phase::Stage, start.elapsed()));

        let start = Instant::now();
        let inspected = identity::inspect(&staged.path)?;
        let libraries = self.stable.changed(&inspected.needed, &folder.join("deps"));
        phases.push((Phase::Inspect, start.elapsed()));
        if !libraries.is_empty() {
            return Err(ReloadError::RestartRequired {
                libraries,
                crates: recompiled,
            });
        }
        Ok(Made {
            staged,
            build_id: inspected.build_id,
            root: workspace.root,
            hot: workspace.crates,
            recompiled,
        })
    }
}

impl Build for Job {
    fn try_next(&mut self) -> Option<BuildStep> {
        self.build.try_next().map(step)
    }

    fn wait_next(&mut self) -> BuildStep {
        step(self.build.wait_next())
    }

    fn describe(&self) -> String {
        self.description.clone()
    }
}

fn step(update: BuildUpdate<Finished>) -> BuildStep {
    match update {
        BuildUpdate::Progress(text) => BuildStep::Progress(text),
        BuildUpdate::Finished((result, phases)) => BuildStep::Finished { result, phases },
        BuildUpdate::Died(error) => BuildStep::Finished {
            result: Err(error.into()),
            phases: Vec::new(),
        },
    }
}

/// Each holder leaves the value whole.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

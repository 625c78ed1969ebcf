//! Makes libraries: a build, a copy of it with a name of its own, and a look at the copy; all on a
//! thread.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use hot_reloader_build::{BuildConfig, BuildUpdate, Known, Supervisor, Task};
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
    /// What builds leave for the next one.
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    /// Made for the first build, and tried again for each if it cannot be made.
    staging: Option<Staging>,
    /// What the last build found out.
    known: Option<Known>,
}

impl Default for Workshop {
    fn default() -> Self {
        Self {
            shared: Arc::new(Shared {
                stable: StableLibraries::record(),
                kept: Mutex::default(),
            }),
        }
    }
}

/// The library of an app.
#[derive(Clone, Debug)]
pub struct Library {
    /// Its crate name.
    pub name: String,
    /// How it is built.
    pub config: BuildConfig,
    /// Where copies of it go, and what the compiler makes and remembers.
    pub folder: PathBuf,
}

struct Job {
    build: hot_reloader_build::Build<Finished>,
    description: String,
}

/// What a build came to.
struct Finished {
    result: Result<Made, ReloadError>,
    phases: Vec<(Phase, Duration)>,
    builder: Option<String>,
}

impl Workshop {
    /// Begins to make `library`.
    #[must_use]
    pub fn start(&self, library: Library) -> Box<dyn Build> {
        let shared = self.shared.clone();
        Box::new(Job {
            description: library.config.to_string(),
            build: hot_reloader_build::Build::start(library.config.time_limit, move |supervisor| {
                let (mut phases, mut builder) = (Vec::new(), None);
                let result = shared.make(&library, supervisor, &mut phases, &mut builder);
                Finished {
                    result,
                    phases,
                    builder,
                }
            }),
        })
    }
}

impl Shared {
    fn make(
        &self,
        library: &Library,
        supervisor: &mut Supervisor,
        phases: &mut Vec<(Phase, Duration)>,
        builder: &mut Option<String>,
    ) -> Result<Made, ReloadError> {
        // A build that was given up is over before the next begins.
        let kept = &mut *lock(&self.kept);
        let staging = match &mut kept.staging {
            Some(staging) => staging,
            none => none.insert(Staging::new(&library.folder)?),
        };

        let start = Instant::now();
        let task = Task {
            library: &library.name,
            config: &library.config,
            benches: &library.folder.join("compiler"),
            record: false,
        };
        let (outcome, by) = task.make(&mut kept.known, supervisor);
        *builder = by.map(|by| by.to_string());
        phases.push((Phase::Build, start.elapsed()));
        let built = outcome?;

        let start = Instant::now();
        let staged = staging.stage(&built.library)?;
        phases.push((Phase::Stage, start.elapsed()));

        let start = Instant::now();
        let inspected = identity::inspect(&staged.path)?;
        let libraries = self.stable.changed(&inspected.needed, &built.deps);
        phases.push((Phase::Inspect, start.elapsed()));
        if !libraries.is_empty() {
            return Err(ReloadError::RestartRequired {
                libraries,
                crates: built.recompiled,
            });
        }
        Ok(Made {
            staged,
            build_id: inspected.build_id,
            hot: built.workspace.hot_crates(),
            root: built.workspace.root,
            recompiled: built.recompiled,
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
        BuildUpdate::Finished(finished) => BuildStep::Finished {
            result: finished.result,
            phases: finished.phases,
            builder: finished.builder,
        },
        BuildUpdate::Died(error) => BuildStep::Finished {
            result: Err(error.into()),
            phases: Vec::new(),
            builder: None,
        },
    }
}

/// Each holder leaves the value whole.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

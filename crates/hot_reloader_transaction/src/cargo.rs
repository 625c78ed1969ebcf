//! Makes libraries: a build, a copy of it with a name of its own, and a look at the copy; all on a
//! thread.

use std::{
    fs,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant, SystemTime},
};

use hot_reloader_build::{BuildConfig, BuildUpdate, Known, Supervisor, Task};
use hot_reloader_core::{identity, mapped::StableLibraries, Staging};

use crate::{Build, BuildStep, Made, Phase, Purpose, ReloadError};

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
    last: Option<Last>,
}

/// The copy that was made last.
#[derive(Debug)]
struct Last {
    /// Of which library.
    library: PathBuf,
    /// When that had been written.
    written: SystemTime,
    made: Made,
    /// Whether a reload had it. The next one gets another copy, with statics of its own.
    was_asked_for: bool,
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
    /// Without a library if none was to be made.
    result: Result<Option<Made>, ReloadError>,
    course: Course,
}

/// What a build has gone through so far.
#[derive(Default)]
struct Course {
    phases: Vec<(Phase, Duration)>,
    builder: Option<String>,
}

impl Workshop {
    /// Begins to make `library`. `wake` is called, from another thread, whenever the build has something
    /// to tell.
    #[must_use]
    pub fn start(
        &self,
        library: Library,
        purpose: Purpose,
        wake: impl Fn() + Send + Sync + 'static,
    ) -> Box<dyn Build> {
        let shared = self.shared.clone();
        let description = library.config.to_string();
        let limit = library.config.time_limit;
        let work = move |supervisor: &mut Supervisor| {
            let mut course = Course::default();
            // A build that was given up is over before the next begins.
            let kept = &mut *lock(&shared.kept);
            let result = shared.make(kept, &library, purpose, supervisor, &mut course);
            let is_useless = !matches!(result, Ok(_) | Err(ReloadError::Build(_)));
            if let (true, Some(known)) = (is_useless, &mut kept.known) {
                known.distrust();
            }
            Finished { result, course }
        };
        Box::new(Job {
            description,
            build: hot_reloader_build::Build::start(limit, wake, work),
        })
    }
}

impl Shared {
    fn make(
        &self,
        kept: &mut Kept,
        library: &Library,
        purpose: Purpose,
        supervisor: &mut Supervisor,
        Course { phases, builder }: &mut Course,
    ) -> Result<Option<Made>, ReloadError> {
        let start = Instant::now();
        let task = Task {
            library: &library.name,
            config: &library.config,
            benches: &library.folder.join("compiler"),
        };
        let outcome = match purpose {
            Purpose::Reload => {
                let (outcome, by) = task.make(&mut kept.known, supervisor);
                *builder = by.map(|by| by.to_string());
                outcome
            }
            Purpose::Ahead => {
                supervisor.give_way();
                task.make_ahead(&mut kept.known, supervisor)
            }
            Purpose::WarmUp => {
                supervisor.give_way();
                task.warm_up(&mut kept.known, supervisor)?;
                return Ok(None);
            }
        };
        phases.push((Phase::Build, start.elapsed()));
        let built = outcome?;

        let start = Instant::now();
        let written = fs::metadata(&built.library).and_then(|data| data.modified());
        let same = kept.last.as_mut().filter(|last| {
            let is_same = last.library == built.library
                && Some(last.written) == written.as_ref().ok().copied();
            is_same && last.made.staged.path.exists()
        });
        match (same, purpose) {
            // It has had its chance.
            (Some(last), Purpose::Ahead) if last.was_asked_for => return Ok(None),
            (Some(last), _) if !last.was_asked_for => {
                last.was_asked_for = purpose == Purpose::Reload;
                return Ok(Some(Made {
                    recompiled: built.recompiled,
                    ..last.made.clone()
                }));
            }
            _ => {}
        }
        let staging = match &mut kept.staging {
            Some(staging) => staging,
            none => none.insert(Staging::new(&library.folder)?),
        };
        let staged = staging.stage(&built.library)?;
        phases.push((Phase::Stage, start.elapsed()));

        let start = Instant::now();
        let inspected = identity::inspect(&staged.path)?;
        let libraries = self.stable.changed(&inspected.needed, &built.deps);
        phases.push((Phase::Inspect, start.elapsed()));
        if !libraries.is_empty() {
            // Nothing needs the copy.
            let _ = fs::remove_file(&staged.path);
            return Err(ReloadError::RestartRequired {
                libraries,
                crates: built.recompiled,
            });
        }
        let made = Made {
            staged,
            build_id: inspected.build_id,
            hot: built.workspace.hot_crates(),
            layout: built.layout,
            root: built.workspace.root,
            recompiled: built.recompiled,
        };
        kept.last = written.ok().map(|written| Last {
            library: built.library,
            written,
            made: made.clone(),
            was_asked_for: purpose == Purpose::Reload,
        });
        Ok(Some(made))
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
    let finished = match update {
        BuildUpdate::Progress(text) => return BuildStep::Progress(text),
        BuildUpdate::Finished(finished) => finished,
        BuildUpdate::Died(error) => Finished {
            result: Err(error.into()),
            course: Course::default(),
        },
    };
    match finished.result.transpose() {
        None => BuildStep::MadeNothing,
        Some(result) => BuildStep::Finished {
            result,
            phases: finished.course.phases,
            builder: finished.course.builder,
        },
    }
}

/// Each holder leaves the value whole.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

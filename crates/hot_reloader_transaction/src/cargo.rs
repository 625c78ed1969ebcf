//! Makes libraries: a build, a copy of each with a name of its own, and a look at the copy; all on a
//! thread.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use hot_reloader_build::{BuildConfig, BuildUpdate, Built, Known, Stamp, Supervisor, Task};
use hot_reloader_core::{identity, mapped::StableLibraries, BuildId, StagedLibrary, Staging};

use crate::{Build, BuildStep, Made, MadeLibrary, Phase, Purpose, ReloadError};

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
    /// The last copy of each library, by name.
    last: BTreeMap<String, Last>,
}

/// The copy of a library that was made last.
#[derive(Debug)]
struct Last {
    /// Of which file.
    library: PathBuf,
    /// That of the file when it was copied.
    stamp: Stamp,
    build_id: BuildId,
    copy: StagedLibrary,
    /// Whether a reload had it. The next one gets another copy, with statics of its own.
    was_asked_for: bool,
}

impl Last {
    /// Whether it is one of this file as it is now. The stamp alone does not do: a clock may tick slowly, and times
    /// can be set. Nor does the digest of the code: what was linked anew may need other libraries.
    fn is_of(&self, library: &Path) -> bool {
        self.library == library
            && Stamp::of(library) == Some(self.stamp)
            && identity::build_id_of(library).as_ref() == Some(&self.build_id)
    }
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

/// The libraries of an app, and what is wanted of them.
#[derive(Clone, Debug)]
pub struct Order {
    /// The crate names of all.
    pub libraries: Vec<String>,
    /// Those that are to be made; `None` for all.
    pub wanted: Option<Vec<String>>,
    /// The builds that run and may go on, so no copy of them is needed.
    pub running: Vec<BuildId>,
    /// How they are built.
    pub config: BuildConfig,
    /// Where copies of them go, and what the compiler makes and remembers.
    pub folder: PathBuf,
    /// What for.
    pub purpose: Purpose,
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
    /// Begins to make what is wanted. `wake` is called, from another thread, now and then, and when the build
    /// has ended.
    #[must_use]
    pub fn start(&self, order: Order, wake: impl Fn() + Send + Sync + 'static) -> Box<dyn Build> {
        let shared = self.shared.clone();
        let names = order.wanted.as_ref().unwrap_or(&order.libraries).join(", ");
        let description = format!("building {names} ({})", order.config.profile);
        let limit = order.config.time_limit;
        let work = move |supervisor: &mut Supervisor| {
            let mut course = Course::default();
            // A build that was given up is over before the next begins.
            let kept = &mut *lock(&shared.kept);
            let result = shared.make(kept, &order, supervisor, &mut course);
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
        order: &Order,
        supervisor: &mut Supervisor,
        course: &mut Course,
    ) -> Result<Option<Made>, ReloadError> {
        let is_of_host = |name: &&String| order.libraries.contains(name);
        if let Some(library) = order.wanted.iter().flatten().find(|name| !is_of_host(name)) {
            return Err(ReloadError::NotOfHost {
                library: library.clone(),
            });
        }
        let Some(built) = kept.build(order, supervisor, course)? else {
            return Ok(None);
        };
        let found = built.libraries.iter();
        let found = found.map(|(name, library)| kept.find(order, name, library));
        let found: Vec<_> = found.collect();
        if order.purpose == Purpose::Ahead && !found.iter().any(Found::is_new) {
            // What has had its chance is not tried again before somebody asks.
            return Ok(None);
        }
        let mut libraries = Vec::new();
        let mut spent = Spent::default();
        for ((name, library), found) in built.libraries.iter().zip(found) {
            let (build_id, copy) = match found {
                Found::Running(build_id) => (build_id, None),
                Found::Copy(build_id, copy) => (build_id, Some(copy)),
                Found::Nothing { .. } => {
                    let (build_id, copy) =
                        self.copy(kept, order, &built, name, library, &mut spent)?;
                    (build_id, Some(copy))
                }
            };
            let crates = built.workspace.needed_by(&[name]);
            libraries.push(MadeLibrary {
                name: name.clone(),
                build_id,
                layout: Arc::new(built.layout.only(&crates)),
                copy,
            });
        }
        course.phases.extend(spent.phases());
        Ok(Some(Made {
            libraries,
            host: order.libraries.clone(),
            root: built.workspace.root.clone(),
            hot: built.workspace.hot_crates(),
            layout: built.layout,
            recompiled: built.recompiled,
        }))
    }

    /// Copies a library that was built, and looks at the copy before any of it runs.
    fn copy(
        &self,
        kept: &mut Kept,
        order: &Order,
        built: &Built,
        name: &str,
        library: &Path,
        spent: &mut Spent,
    ) -> Result<(BuildId, StagedLibrary), ReloadError> {
        let start = Instant::now();
        let stamp = Stamp::of(library);
        let staging = match &mut kept.staging {
            Some(staging) => staging,
            none => none.insert(Staging::new(&order.folder)?),
        };
        staging.move_to(&order.folder)?;
        let copy = staging.stage(library)?;
        *spent.stage.get_or_insert_default() += start.elapsed();

        let start = Instant::now();
        let inspected = identity::inspect(&copy.path)?;
        let libraries = self.stable.changed(&inspected.needed, &built.deps);
        *spent.inspect.get_or_insert_default() += start.elapsed();
        if !libraries.is_empty() {
            // Nothing needs the copy.
            let _ = fs::remove_file(&copy.path);
            return Err(ReloadError::RestartRequired {
                libraries,
                crates: built.recompiled.clone(),
            });
        }
        kept.last.remove(name);
        if let Some(stamp) = stamp {
            let last = Last {
                library: library.to_owned(),
                stamp,
                build_id: inspected.build_id.clone(),
                copy: copy.clone(),
                was_asked_for: order.purpose == Purpose::Reload,
            };
            kept.last.insert(name.to_owned(), last);
        }
        Ok((inspected.build_id, copy))
    }
}

/// How long all copies of a build took, if there are any.
#[derive(Default)]
struct Spent {
    stage: Option<Duration>,
    inspect: Option<Duration>,
}

impl Spent {
    fn phases(self) -> impl Iterator<Item = (Phase, Duration)> {
        let spent = [(Phase::Stage, self.stage), (Phase::Inspect, self.inspect)];
        let spent = spent.into_iter();
        spent.filter_map(|(phase, time)| Some((phase, time?)))
    }
}

/// What is there already of a library that was built.
enum Found {
    /// It runs as it is.
    Running(BuildId),
    /// A copy that no reload has had.
    Copy(BuildId, StagedLibrary),
    Nothing {
        /// Whether a reload has had a copy of the same.
        had_its_chance: bool,
    },
}

impl Found {
    /// Whether it is something that no reload has had.
    fn is_new(&self) -> bool {
        match self {
            Self::Running(_) => false,
            Self::Copy(..) => true,
            Self::Nothing { had_its_chance } => !had_its_chance,
        }
    }
}

impl Kept {
    /// Builds what is wanted; `None` if it was for the compiler only.
    fn build(
        &mut self,
        order: &Order,
        supervisor: &mut Supervisor,
        course: &mut Course,
    ) -> Result<Option<Built>, ReloadError> {
        let start = Instant::now();
        let task = Task {
            libraries: &order.libraries,
            wanted: order.wanted.as_deref(),
            config: &order.config,
            benches: &order.folder.join("compiler"),
        };
        let outcome = match order.purpose {
            Purpose::Reload => {
                let (outcome, by) = task.make(&mut self.known, supervisor);
                course.builder = by.map(|by| by.to_string());
                outcome
            }
            Purpose::Ahead => {
                supervisor.give_way();
                task.make_ahead(&mut self.known, supervisor)
            }
            Purpose::WarmUp => {
                supervisor.give_way();
                task.warm_up(&mut self.known, supervisor)?;
                return Ok(None);
            }
        };
        course.phases.push((Phase::Build, start.elapsed()));
        Ok(Some(outcome?))
    }

    /// What there is of a library that was built.
    fn find(&mut self, order: &Order, name: &str, library: &Path) -> Found {
        let last = self.last.get_mut(name);
        let Some(last) = last.filter(|last| last.is_of(library)) else {
            return Found::Nothing {
                had_its_chance: false,
            };
        };
        if order.running.contains(&last.build_id) {
            return Found::Running(last.build_id.clone());
        }
        if last.was_asked_for || !last.copy.path.exists() {
            return Found::Nothing {
                had_its_chance: last.was_asked_for,
            };
        }
        last.was_asked_for = order.purpose == Purpose::Reload;
        Found::Copy(last.build_id.clone(), last.copy.clone())
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
            result: result.map_err(Box::new),
            phases: finished.course.phases,
            builder: finished.course.builder,
        },
    }
}

/// Each holder leaves the value whole.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;

    /// A library of the system, to be built again under a fixed time.
    fn library(folder: &Path) -> PathBuf {
        let images = hot_reloader_core::mapped::images().into_iter();
        let mut paths = images.map(|image| image.path);
        let libc = paths.find(|path| path.to_string_lossy().contains("libc.so"));
        let library = folder.join("libgame.so");
        write(&library, &fs::read(libc.unwrap()).unwrap());
        library
    }

    fn write(library: &Path, data: &[u8]) {
        fs::write(library, data).unwrap();
        let opened = fs::File::options().append(true).open(library).unwrap();
        opened.set_modified(SystemTime::UNIX_EPOCH).unwrap();
    }

    fn kept(library: &Path) -> Kept {
        let copy = StagedLibrary {
            path: library.to_owned(),
            serial: 1,
        };
        let last = Last {
            library: library.to_owned(),
            stamp: Stamp::of(library).unwrap(),
            build_id: identity::build_id_of(library).unwrap(),
            copy,
            was_asked_for: false,
        };
        Kept {
            last: BTreeMap::from([("game".to_owned(), last)]),
            ..Kept::default()
        }
    }

    fn order(running: &[BuildId]) -> Order {
        Order {
            libraries: vec!["game".to_owned()],
            wanted: None,
            running: running.to_vec(),
            config: BuildConfig::new("nowhere"),
            folder: PathBuf::new(),
            purpose: Purpose::Ahead,
        }
    }

    #[test]
    fn a_library_that_nobody_has_built_again_is_not_copied_again() {
        let folder = tempfile::tempdir().unwrap();
        let library = library(folder.path());
        let mut kept = kept(&library);
        let running = [kept.last["game"].build_id.clone()];
        let found = kept.find(&order(&[]), "game", &library);
        assert!(matches!(found, Found::Copy(..)));
        let found = kept.find(&order(&running), "game", &library);
        assert!(matches!(found, Found::Running(_)));
    }

    /// Its time and length are those of before.
    #[test]
    fn a_library_with_other_code_is_another_one_whatever_its_time() {
        let folder = tempfile::tempdir().unwrap();
        let library = library(folder.path());
        let mut kept = kept(&library);
        let running = [kept.last["game"].build_id.clone()];
        let mut data = fs::read(&library).unwrap();
        // The digest follows its kind and the name of who says which kinds there are.
        let note = b"\x03\0\0\0GNU\0";
        let at = data.windows(note.len()).position(|window| window == note);
        data[at.unwrap() + note.len()] ^= 1;
        write(&library, &data);
        for running in [running.to_vec(), Vec::new()] {
            let found = kept.find(&order(&running), "game", &library);
            assert!(matches!(found, Found::Nothing { .. }));
        }
    }

    /// What it needs may be another library.
    #[test]
    #[cfg(unix)]
    fn a_library_that_was_linked_anew_is_looked_at_again() {
        let folder = tempfile::tempdir().unwrap();
        let library = library(folder.path());
        let mut kept = kept(&library);
        let running = [kept.last["game"].build_id.clone()];
        let next = folder.path().join("next.so");
        write(&next, &fs::read(&library).unwrap());
        fs::rename(&next, &library).unwrap();
        let found = kept.find(&order(&running), "game", &library);
        assert!(matches!(found, Found::Nothing { .. }));
    }
}

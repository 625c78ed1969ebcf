//! What happens to a reload from outside: requests, frames, panics, calls.

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};

use hot_reloader_core::{memory, BuildId, Generation, PanicReport};

use crate::{
    engine::{Engine, Purpose},
    phase,
    report::{Outcome, Progress, ReloadReport},
    request::Queue,
    stage::{Attempt, Ready, Stage},
    Phase, ReloadError, Request, RequestId,
};

/// The transaction of one app: at most one reload at a time, and what waits behind it.
///
/// Whoever runs the frames calls [`swap`](Self::swap) at the start of each and
/// [`step`](Self::step) at its end, while [`is_due`](Self::is_due).
pub struct Transaction<E: Engine> {
    pub(crate) stage: Stage<E>,
    pub(crate) queue: Queue,
    /// The last generation given out; one that was taken back is not given out again.
    pub(crate) issued: Generation,
    /// Modules whose startup has run.
    pub(crate) started: Vec<String>,
    /// The libraries that run with all of their modules, by name, and which build of each.
    pub(crate) whole: BTreeMap<String, BuildId>,
    /// Why the last reload did not come about, or what panicked since.
    pub(crate) error: Option<Arc<ReloadError>>,
    /// What was opened before anybody asked.
    pub(crate) ready: Option<Ready<E>>,
    reports: u32,
    last: Option<ReloadReport>,
    /// When the frame began, while a reload goes on.
    frame: Option<Instant>,
}

impl<E: Engine> std::fmt::Debug for Transaction<E> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Transaction").field(&self.phase()).finish()
    }
}

impl<E: Engine> Default for Transaction<E> {
    fn default() -> Self {
        Self {
            stage: Stage::Idle,
            queue: Queue::default(),
            issued: Generation::NONE,
            started: Vec::new(),
            whole: BTreeMap::new(),
            error: None,
            ready: None,
            reports: 0,
            last: None,
            frame: None,
        }
    }
}

impl<E: Engine> Transaction<E> {
    /// Asks for a reload. What waits already is united with it.
    pub fn request(&mut self, request: Request) {
        self.queue.push(request);
    }

    /// Whether a frame has anything to do.
    #[must_use]
    pub fn is_due(&self) -> bool {
        !matches!(self.stage, Stage::Idle) || !self.queue.is_empty()
    }

    /// Whether nothing is to be done until a build, which tells by itself, has got further.
    #[must_use]
    pub fn waits_for_build(&self) -> bool {
        match self.stage {
            Stage::Ahead(_) | Stage::Building(_) => true,
            Stage::Idle | Stage::Armed(_) | Stage::Probation(..) => false,
        }
    }

    /// Whether somebody waits for a build.
    #[must_use]
    pub fn is_building(&self) -> bool {
        match self.stage {
            Stage::Building(_) | Stage::Probation(_, Some(_)) => true,
            Stage::Ahead(_) => !self.queue.is_empty(),
            Stage::Idle | Stage::Armed(_) | Stage::Probation(_, None) => false,
        }
    }

    /// Works ahead of a request, unless a reload goes on: with [`Purpose::Ahead`], new code is built and
    /// tried, and nothing of it runs until somebody asks; with [`Purpose::WarmUp`], only the compiler
    /// learns.
    pub fn work_ahead(&mut self, world: &mut E::World, purpose: Purpose) {
        phase::ahead::begin(self, world, purpose);
    }

    /// Whether new code may take over at the start of the next frame.
    #[must_use]
    pub fn may_take_over(&self) -> bool {
        matches!(self.stage, Stage::Building(_) | Stage::Armed(_))
    }

    /// What goes on, if anything does.
    #[must_use]
    pub fn phase(&self) -> Option<Phase> {
        Some(match self.stage {
            Stage::Idle | Stage::Ahead(_) => return None,
            Stage::Building(_) => Phase::Build,
            Stage::Armed(_) => Phase::Swap,
            Stage::Probation(..) => Phase::Probation,
        })
    }

    /// The end of a frame: the reload that goes on gets as far as it can, and the next begins.
    pub fn step(&mut self, world: &mut E::World) {
        phase::ahead::advance(self, world);
        phase::probation::count_frame(self, world);
        phase::build::advance(self, world);
        self.measure();
        self.show(world);
    }

    /// A frame begins, in which there is something to do.
    pub fn begin_frame(&mut self) {
        self.frame = Some(Instant::now());
    }

    /// The start of a frame: new code takes over if it may. If it was made since the last frame ended, it is
    /// tried first, so that nobody waits for another frame.
    pub fn swap(&mut self, world: &mut E::World) {
        phase::build::advance(self, world);
        phase::swap::swap(self, world);
        self.show(world);
    }

    /// Ends the build that goes on and what waits behind it, each with an answer of its own. New code
    /// that runs already is not touched.
    pub fn cancel(&mut self, world: &mut E::World) {
        let begun = self.withdraw();
        let queued = self.queue.take().map(Attempt::new);
        for attempt in begun.into_iter().chain(queued) {
            self.finish(world, attempt, Outcome::Cancelled, None, Vec::new());
        }
        self.show(world);
    }

    /// The app ends: so does the build, with every process that it started, and who waits is told.
    pub fn exit(&mut self, world: &mut E::World) {
        self.cancel(world);
        let Stage::Probation(trial, _) = &mut self.stage else {
            return;
        };
        // It may end before the probation does, and nobody is answered twice.
        let waiting = std::mem::take(&mut trial.attempt.request.ids);
        if waiting.is_empty() {
            return;
        }
        let attempt = trial.attempt.clone();
        let report = self.report(world, &attempt, Outcome::OnProbation, None, Vec::new());
        self.deliver(world, report, &waiting);
    }

    /// Takes out what has been begun and has not taken over. Dropping a build ends it.
    fn withdraw(&mut self) -> Option<Attempt> {
        match std::mem::replace(&mut self.stage, Stage::Idle) {
            Stage::Idle | Stage::Ahead(_) => None,
            Stage::Building(building) => Some(building.attempt),
            Stage::Armed(armed) => Some(armed.attempt),
            Stage::Probation(trial, building) => {
                self.stage = Stage::Probation(trial, None);
                building.map(|building| building.attempt)
            }
        }
    }

    /// A module panicked in a frame. On probation, whichever module it is, code and state of the
    /// whole reload are taken back at once, so that no more of it runs; after that, the module alone
    /// is suspended. `place` says what it was doing.
    pub fn panicked(
        &mut self,
        world: &mut E::World,
        module: &str,
        place: String,
        panic: PanicReport,
    ) {
        phase::probation::panicked(self, world, module, place, panic);
        self.show(world);
    }

    /// Code of a plugin library panicked on a thread of its own.
    pub fn thread_panicked(&mut self, world: &mut E::World, panic: PanicReport) {
        phase::probation::thread_panicked(self, world, panic);
        self.show(world);
    }

    /// Does all of a reload but its probation within this call, which waits for the build. A build
    /// that goes on is ended, and what it was for is done here too.
    ///
    /// # Errors
    ///
    /// [`ReloadError::Busy`] if new code is on probation. Whatever else went wrong is in the report.
    pub fn reload_now(
        &mut self,
        world: &mut E::World,
        request: Request,
    ) -> Result<ReloadReport, ReloadError> {
        if let Stage::Probation(..) = self.stage {
            return Err(ReloadError::Busy {
                phase: "on probation",
            });
        }
        let older = self.withdraw().map(|attempt| attempt.request);
        let older = older.into_iter().chain(self.queue.take());
        let request = older.chain([request]).reduce(Request::merge);
        self.queue
            .push(request.expect("there is at least the last"));
        phase::build::run(self, world);
        phase::swap::swap(self, world);
        self.show(world);
        Ok(match &self.stage {
            Stage::Probation(trial, _) => self.report(
                world,
                &trial.attempt,
                Outcome::OnProbation,
                None,
                Vec::new(),
            ),
            _ => self
                .last
                .clone()
                .expect("a reload that is over leaves a report"),
        })
    }

    /// Ends a reload: error, report, answers.
    pub(crate) fn finish(
        &mut self,
        world: &mut E::World,
        attempt: Attempt,
        outcome: Outcome,
        error: Option<ReloadError>,
        not_restored: Vec<String>,
    ) {
        let error = error.map(Arc::new);
        // A cancelled reload changes nothing, so what was wrong before it still is.
        if outcome != Outcome::Cancelled {
            self.error.clone_from(&error);
        }
        let report = self.report(world, &attempt, outcome, error, not_restored);
        self.show(world);
        self.deliver(world, report, &attempt.request.ids);
    }

    fn deliver(&mut self, world: &mut E::World, report: ReloadReport, requests: &[RequestId]) {
        self.reports += 1;
        self.last = Some(report.clone());
        E::finished(world, report, requests);
    }

    fn report(
        &self,
        world: &E::World,
        attempt: &Attempt,
        outcome: Outcome,
        error: Option<Arc<ReloadError>>,
        not_restored: Vec<String>,
    ) -> ReloadReport {
        let running = E::modules(world);
        let newest = running.iter().max_by_key(|module| module.generation);
        let mut modules = attempt.modules.clone();
        for change in &mut modules {
            let runs = running.iter().find(|m| m.module.name == change.name);
            change.library = runs.map(|module| module.library.clone());
            change.generation = runs.map(|module| module.generation);
            change.build_id = runs.map(|module| module.build_id.clone());
        }
        let milliseconds = |time: Duration| time.as_secs_f64() * 1000.0;
        ReloadReport {
            number: self.reports + 1,
            outcome,
            rebuilds: attempt.request.rebuilds,
            generation: newest.map_or(Generation::NONE, |module| module.generation),
            phase: error.as_ref().map(|error| error.phase()),
            error,
            phases: attempt.phases.clone(),
            latency_ms: attempt.latency.map(milliseconds),
            longest_frame_ms: milliseconds(attempt.longest_frame),
            modules,
            builder: attempt.builder.clone(),
            recompiled: attempt.recompiled.clone(),
            warnings: attempt.warnings.clone(),
            types: attempt.types.clone(),
            not_restored,
            libraries_kept: E::libraries(world),
            resident_bytes: memory::resident_bytes(),
        }
    }

    /// Lets the person see what goes on, and the error, or if there is none that of a module that is
    /// still suspended.
    fn show(&self, world: &mut E::World) {
        let suspended = || {
            let mut modules = E::modules(world).into_iter();
            modules.find_map(|module| module.suspended)
        };
        let error = self.error.clone().or_else(suspended);
        let is_ready = self.ready.as_ref().is_some_and(|ready| ready.is_good);
        E::show(world, self.progress(), error.as_ref(), is_ready);
    }

    fn progress(&self) -> Option<Progress> {
        let (text, since) = match &self.stage {
            Stage::Idle => return None,
            Stage::Ahead(ahead) => (ahead.text.clone(), self.queue.since()?),
            Stage::Building(building) | Stage::Probation(_, Some(building)) => {
                (building.text.clone(), building.attempt.request.since)
            }
            Stage::Armed(armed) => (String::new(), armed.attempt.request.since),
            Stage::Probation(trial, None) => (String::new(), trial.attempt.request.since),
        };
        let phase = match &self.stage {
            Stage::Ahead(_) | Stage::Probation(_, Some(_)) => Some(Phase::Build),
            _ => self.phase(),
        };
        Some(Progress {
            phase: phase?,
            text,
            since,
        })
    }

    /// Measures the frames of a reload from the end of its build on: what each takes from its start to here. Before that
    /// they are what the compiler leaves of the cores.
    fn measure(&mut self) {
        let Some(begun) = self.frame.take() else {
            return;
        };
        let attempt = match &mut self.stage {
            Stage::Idle | Stage::Ahead(_) | Stage::Building(_) => return,
            Stage::Armed(armed) => &mut armed.attempt,
            Stage::Probation(trial, _) => &mut trial.attempt,
        };
        attempt.longest_frame = attempt.longest_frame.max(begun.elapsed());
    }
}

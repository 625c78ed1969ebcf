//! Where a reload stands.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use hot_reloader_build::{BuildError, Layout};
use hot_reloader_core::{BuildId, Generation, HotModule};

use crate::{
    engine::{Build, BuildStep, Engine, Made, ModuleFault, Plan},
    report::{ModuleChange, PhaseTime, TypeChange},
    Phase, ReloadError, Request,
};

/// Where the transaction stands.
#[expect(clippy::large_enum_variant, reason = "an app has one of it")]
pub(crate) enum Stage<E: Engine> {
    /// Nothing goes on.
    Idle,
    /// Nothing was asked for, and libraries are being built in case it is.
    Ahead(Ahead),
    /// Libraries are being built.
    Building(Building),
    /// Everything that can be checked beforehand is; the code takes over at the start of the next
    /// frame.
    Armed(Armed<E>),
    /// New code runs and can still be taken back. The next build may go on already.
    Probation(Trial<E>, Option<Building>),
}

/// A build that nobody has asked for.
pub(crate) struct Ahead {
    pub(crate) build: Box<dyn Build>,
    pub(crate) text: String,
    /// Whether it makes something that a request can use.
    pub(crate) is_for_reload: bool,
}

/// Libraries that are open before anybody asked for them.
pub(crate) struct Ready<E: Engine> {
    /// Of all libraries that were made with them.
    pub(crate) builds: Vec<BuildId>,
    pub(crate) opened: Vec<Opened<E>>,
    /// Whether they may take over, as far as that can be known.
    pub(crate) is_good: bool,
}

/// A library that is open.
pub(crate) struct Opened<E: Engine> {
    pub(crate) name: String,
    pub(crate) build_id: BuildId,
    pub(crate) serial: u32,
    pub(crate) layout: Arc<Layout>,
    pub(crate) library: E::Library,
    pub(crate) modules: Vec<HotModule>,
}

impl<E: Engine> Clone for Opened<E> {
    fn clone(&self) -> Self {
        Self {
            name: self.name.clone(),
            build_id: self.build_id.clone(),
            serial: self.serial,
            layout: self.layout.clone(),
            library: self.library.clone(),
            modules: self.modules.clone(),
        }
    }
}

/// A build on its way.
pub(crate) struct Building {
    pub(crate) build: Box<dyn Build>,
    /// What it made, kept until the trial before it is over.
    pub(crate) result: Option<Result<Made, ReloadError>>,
    pub(crate) text: String,
    pub(crate) attempt: Attempt,
}

impl Building {
    pub(crate) fn hear(&mut self, step: BuildStep) {
        match step {
            BuildStep::Progress(text) => self.text = text,
            BuildStep::Finished {
                result,
                phases,
                builder,
            } => {
                self.attempt.made(phases);
                // What it takes to copy it once more is no build.
                self.attempt.builder = self.attempt.builder.take().or(builder);
                self.result = Some(result.map_err(|error| *error));
            }
            // Nobody asks for that.
            BuildStep::MadeNothing => {
                self.result = Some(Err(ReloadError::Build(BuildError::Cancelled)));
            }
        }
    }
}

/// Libraries that may take over.
pub(crate) struct Armed<E: Engine> {
    pub(crate) libraries: Vec<E::Library>,
    pub(crate) rehearsal: E::Rehearsal,
    pub(crate) plan: Plan,
    pub(crate) attempt: Attempt,
}

/// New code, and all that is needed to go back.
pub(crate) struct Trial<E: Engine> {
    pub(crate) plan: Plan,
    /// The order of the modules before.
    pub(crate) order: Vec<String>,
    /// What gave way.
    pub(crate) predecessors: E::Code,
    pub(crate) snapshot: E::Snapshot,
    /// Modules that ran for the first time.
    pub(crate) started: Vec<String>,
    /// Frames that the new code has run.
    pub(crate) frames: u32,
    pub(crate) attempt: Attempt,
}

/// One reload on its way: what was asked for, its times, and what it found.
#[derive(Clone, Debug)]
pub(crate) struct Attempt {
    pub(crate) request: Request,
    /// When the present phase began.
    phase: Instant,
    pub(crate) phases: Vec<PhaseTime>,
    pub(crate) latency: Option<Duration>,
    pub(crate) longest_frame: Duration,
    pub(crate) modules: Vec<ModuleChange>,
    /// Who built the libraries, if that is known.
    pub(crate) builder: Option<String>,
    pub(crate) recompiled: Vec<String>,
    pub(crate) warnings: Vec<String>,
    /// What became of types that changed.
    pub(crate) types: Vec<TypeChange>,
    /// The generation of the new code, once it has one.
    pub(crate) generation: Option<Generation>,
}

impl Attempt {
    pub(crate) fn new(request: Request) -> Self {
        Self {
            phase: request.since,
            request,
            phases: Vec::new(),
            latency: None,
            longest_frame: Duration::ZERO,
            modules: Vec::new(),
            builder: None,
            recompiled: Vec::new(),
            warnings: Vec::new(),
            types: Vec::new(),
            generation: None,
        }
    }

    /// A phase ends now, and the next begins.
    pub(crate) fn end(&mut self, phase: Phase) {
        let now = Instant::now();
        self.phases.push(PhaseTime::new(phase, now - self.phase));
        self.phase = now;
    }

    /// What it waited for is no phase of its own.
    pub(crate) fn go_on(&mut self) {
        self.phase = Instant::now();
    }

    /// Code that gave way, the old or the new, may panic as it is dropped, which holds nothing up.
    pub(crate) fn warn_of_drops(&mut self, which: &str, faults: Vec<ModuleFault>) {
        let told = faults.into_iter().map(|ModuleFault { module, panic }| {
            format!("dropping the {which} code of module `{module}` panicked: {panic}")
        });
        self.warnings.extend(told);
    }

    /// Takes over the times of a build, which measured itself. What it does not account for is the
    /// way to it and back.
    fn made(&mut self, phases: Vec<(Phase, Duration)>) {
        let phases = phases.into_iter();
        self.phases
            .extend(phases.map(|(phase, time)| PhaseTime::new(phase, time)));
        self.phase = Instant::now();
    }
}

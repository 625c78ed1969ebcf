//! Why a reload did not come about.

use hot_reloader_build::{BuildError, Diagnostic};
use hot_reloader_core::{
    IdentityError, LoadError, PanicReport, RegistryError, StageError, TypeFault,
};
use thiserror::Error;

use crate::Phase;

/// What went wrong in the rehearsal of a module.
#[derive(Clone, Debug, Error)]
pub enum RehearsalFault {
    /// It panicked as it set itself up.
    #[error("its setup panicked: {0}")]
    Setup(PanicReport),
    /// It adds what only the app itself can have.
    #[error("{what}; add that plugin in the app itself")]
    HostOnly {
        /// What it does.
        what: String,
    },
    /// It adds what cannot be added to a running app.
    #[error("{what}; restart the app")]
    NeedsRestart {
        /// What it adds.
        what: String,
    },
    /// It adds states of its own and states of the app, which cannot be told apart in what it adds.
    #[error("it adds the app's states too; leave those to the app")]
    StatesOfApp,
    /// Its schedule cannot be put into order.
    #[error("its schedule {schedule} cannot be built: {reason}")]
    Schedule {
        /// The label.
        schedule: String,
        /// Bevy's explanation.
        reason: String,
    },
    /// A system cannot be initialised: its parameters conflict.
    #[error("a system of its schedule {schedule} cannot be initialised: {panic}")]
    Initialise {
        /// The label.
        schedule: String,
        /// Bevy's explanation, with the system's name.
        panic: PanicReport,
    },
}

/// Why a reload was refused or rolled back, or a module suspended. The last good code and its
/// state are in place whichever it is.
#[derive(Debug, Error)]
pub enum ReloadError {
    /// A call came while another reload was not over.
    #[error(
        "a reload is {phase}; wait for its `ReloadFinished`, or send a `ReloadRequest`, which waits its turn"
    )]
    Busy {
        /// What it is doing.
        phase: &'static str,
    },
    /// A library could not be built.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// It could not be copied.
    #[error("{}", chain(.0))]
    Stage(#[from] StageError),
    /// It is not a plugin library for this host.
    #[error("{}", chain(.0))]
    Identity(#[from] IdentityError),
    /// Shared libraries on disk are not those in memory.
    #[error("restart needed: {} changed on disk while the app runs with what it was{}", libraries.join(", "), crates_clause(crates))]
    RestartRequired {
        /// The file names of the libraries.
        libraries: Vec<String>,
        /// The stable packages that this build compiled, if it was this build.
        crates: Vec<String>,
    },
    /// The loader did not take it.
    #[error("{}", chain(.0))]
    Load(#[from] LoadError),
    /// To a library all types of the engine are others than to the app.
    #[error(
        "the library `{library}` was built with another form of the engine than the app, in other features; run the app by the package of its host (`cargo run --package …`), and after a build of anything else, such as `cargo test`, `cargo clean --package hot_reloader_dylib` first"
    )]
    OtherEngine {
        /// The library.
        library: String,
    },
    /// A module was asked for that neither runs nor can be known of.
    #[error("there is no module `{name}`; there are: {}; a module that is new comes with a reload of all", known.join(", "))]
    UnknownModule {
        /// The name asked for.
        name: String,
        /// The names that exist.
        known: Vec<String>,
    },
    /// Its modules do not fit together, or a name is unknown.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// A module was asked for whose library the app does not have any more.
    #[error("the library `{library}` is none of the app's any more; reload all modules")]
    NotOfHost {
        /// The library.
        library: String,
    },
    /// A reload of some modules would leave others with another form of crates that both need.
    #[error(
        "types of {} are others now, and the library of module `{module}`, which was not asked for, would go on with those of before; reload all modules", crates.join(", ")
    )]
    AtOdds {
        /// The crates, those that need one of them included.
        crates: Vec<String>,
        /// A module that was not asked for.
        module: String,
    },
    /// A module failed its rehearsal.
    #[error("module `{module}` failed its rehearsal: {fault}")]
    Rehearsal {
        /// The module.
        module: String,
        /// What went wrong.
        fault: RehearsalFault,
    },
    /// Values of types that changed cannot go on.
    #[error("types changed, and there are values that cannot go on as they are\n{}", list(.0))]
    TypesChanged(Vec<TypeFault>),
    /// Copying the state panicked.
    #[error("copying the state panicked: {0}")]
    Capture(PanicReport),
    /// The library was not put in place.
    #[error("the swap did not take place: {reason}")]
    NotSwapped {
        /// What is known of the reason.
        reason: String,
    },
    /// A module panicked while it was put in place.
    #[error("module `{module}` panicked while it was put in place: {panic}")]
    Swap {
        /// The module.
        module: String,
        /// The panic.
        panic: PanicReport,
    },
    /// New code panicked in its first frames.
    #[error("module `{module}` panicked in {schedule}, frame {frame} of the new code: {panic}")]
    Panicked {
        /// The module.
        module: String,
        /// The schedule it was in.
        schedule: String,
        /// Counted from 1, the first frame with the new code.
        frame: u32,
        /// The panic.
        panic: PanicReport,
    },
    /// Accepted code panicked; its module is suspended.
    #[error(
        "module `{module}` panicked in {schedule} and is suspended until the next good reload: {panic}"
    )]
    Suspended {
        /// The module.
        module: String,
        /// The schedule it was in.
        schedule: String,
        /// The panic.
        panic: PanicReport,
    },
    /// New or accepted code panicked on a thread of its own.
    #[error("code of the plugin panicked on the thread `{}`: {panic}", panic.thread)]
    Thread {
        /// Whether it was on probation.
        on_probation: bool,
        /// The panic.
        panic: PanicReport,
    },
    /// A reload was taken back, and not all of the state came with it.
    #[error(
        "{cause}\nNot all of the state is as it was before the reload; save what matters and restart the app:\n{}",
        lines(lost)
    )]
    RestoredInPart {
        /// Why it was taken back.
        cause: Box<ReloadError>,
        /// What is not as it was.
        lost: Vec<String>,
    },
}

impl ReloadError {
    /// The step that caught it.
    #[must_use]
    pub fn phase(&self) -> Phase {
        match self {
            Self::Busy { .. } | Self::Build(_) => Phase::Build,
            Self::UnknownModule { .. } | Self::NotOfHost { .. } => Phase::Request,
            Self::Stage(_) => Phase::Stage,
            Self::Rehearsal { .. } | Self::Registry(RegistryError::UnknownTarget { .. }) => {
                Phase::Rehearse
            }
            Self::Identity(_) | Self::RestartRequired { .. } => Phase::Inspect,
            Self::Load(_) | Self::OtherEngine { .. } | Self::Registry(_) | Self::AtOdds { .. } => {
                Phase::Identify
            }
            Self::TypesChanged(_) => Phase::Gate,
            Self::Capture(_) => Phase::Capture,
            Self::NotSwapped { .. } | Self::Swap { .. } => Phase::Swap,
            Self::Panicked { .. }
            | Self::Thread {
                on_probation: true, ..
            } => Phase::Probation,
            Self::Suspended { .. } | Self::Thread { .. } => Phase::Running,
            Self::RestoredInPart { cause, .. } => cause.phase(),
        }
    }

    /// The name of the variant, for reports and tests.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Busy { .. } => "busy",
            Self::Build(BuildError::Workspace { .. }) => "workspace",
            Self::Build(BuildError::NotStarted { .. }) => "cargo_not_started",
            Self::Build(BuildError::Errors(_)) => "compile_errors",
            Self::Build(BuildError::Failed { .. }) => "cargo_failed",
            Self::Build(BuildError::NoLibrary { .. }) => "no_library",
            Self::Build(BuildError::Differs { .. }) => "built_in_two_forms",
            Self::Build(BuildError::Declined(_)) => "declined",
            Self::Build(BuildError::SameIdentity { .. }) => "same_identity",
            Self::Build(BuildError::Edited) => "edited_meanwhile",
            Self::Build(BuildError::Cancelled) => "cancelled",
            Self::Build(BuildError::TimedOut { .. }) => "timed_out",
            Self::Build(BuildError::Died { .. }) => "build_died",
            Self::Stage(StageError::Folder { .. }) => "staging_folder",
            Self::Stage(StageError::Artifact { .. }) => "artifact_missing",
            Self::Stage(StageError::Write { .. }) => "staging_write",
            Self::Identity(IdentityError::Read { .. }) => "staged_unreadable",
            Self::Identity(IdentityError::NotALibrary { .. })
            | Self::Load(LoadError::WouldNotLoad { .. }) => "would_not_load",
            Self::Identity(IdentityError::NotAPlugin { .. }) => "not_a_plugin",
            Self::Identity(IdentityError::EntryVersion { .. }) => "entry_version",
            Self::Identity(IdentityError::OtherCompiler { .. }) => "other_compiler",
            Self::Identity(IdentityError::NoBuildId { .. }) => "no_build_id",
            Self::RestartRequired { .. } => "restart_required",
            Self::OtherEngine { .. } => "other_engine",
            Self::Load(LoadError::OldImage { .. }) => "old_image",
            Self::Load(LoadError::Identity(_)) => "identity_changed",
            Self::Registry(RegistryError::Duplicate { .. }) => "duplicate_module",
            Self::Registry(RegistryError::UnknownPredecessor { .. }) => "unknown_predecessor",
            Self::Registry(RegistryError::Circle { .. }) => "module_circle",
            Self::Registry(RegistryError::UnknownTarget { .. }) => "unknown_target",
            Self::UnknownModule { .. } | Self::Registry(RegistryError::UnknownModule { .. }) => {
                "unknown_module"
            }
            Self::AtOdds { .. } => "at_odds",
            Self::NotOfHost { .. } => "not_of_host",
            Self::Registry(RegistryError::MissingModule { .. }) => "missing_module",
            Self::Registry(RegistryError::MissingStateKey { .. }) => "missing_state_key",
            Self::Rehearsal { fault, .. } => match fault {
                RehearsalFault::Setup(_) => "setup_panicked",
                RehearsalFault::Schedule { .. } => "schedule_broken",
                RehearsalFault::Initialise { .. } => "system_broken",
                RehearsalFault::HostOnly { .. } | RehearsalFault::StatesOfApp => "host_only",
                RehearsalFault::NeedsRestart { .. } => "needs_restart",
            },
            Self::TypesChanged(_) => "types_changed",
            Self::Capture(_) => "capture_panicked",
            Self::NotSwapped { .. } => "not_swapped",
            Self::Swap { .. } => "swap_panicked",
            Self::Panicked { .. } => "panicked",
            Self::Suspended { .. } => "suspended",
            Self::Thread { .. } => "thread_panicked",
            // What went wrong with the code; that it went wrong with the state too is the outcome.
            Self::RestoredInPart { cause, .. } => cause.kind(),
        }
    }

    /// The compiler's errors, if that is what it was.
    #[must_use]
    pub fn diagnostics(&self) -> &[Diagnostic] {
        match self {
            Self::Build(error) => error.diagnostics(),
            Self::RestoredInPart { cause, .. } => cause.diagnostics(),
            _ => &[],
        }
    }

    /// The panic, if that is what it was.
    #[must_use]
    pub fn panic(&self) -> Option<&PanicReport> {
        match self {
            Self::Rehearsal { fault, .. } => match fault {
                RehearsalFault::Setup(panic) | RehearsalFault::Initialise { panic, .. } => {
                    Some(panic)
                }
                RehearsalFault::Schedule { .. }
                | RehearsalFault::HostOnly { .. }
                | RehearsalFault::NeedsRestart { .. }
                | RehearsalFault::StatesOfApp => None,
            },
            Self::Capture(panic)
            | Self::Swap { panic, .. }
            | Self::Panicked { panic, .. }
            | Self::Suspended { panic, .. }
            | Self::Thread { panic, .. } => Some(panic),
            Self::RestoredInPart { cause, .. } => cause.panic(),
            _ => None,
        }
    }
}

/// An error together with what caused it.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text.push_str(": ");
        text.push_str(&error.to_string());
        source = error.source();
    }
    text
}

fn lines(texts: &[String]) -> String {
    let texts: Vec<_> = texts.iter().map(|text| format!("  {text}")).collect();
    texts.join("\n")
}

fn list(faults: &[TypeFault]) -> String {
    let faults: Vec<_> = faults.iter().map(ToString::to_string).collect();
    faults.join("\n")
}

fn crates_clause(crates: &[String]) -> String {
    if crates.is_empty() {
        String::new()
    } else {
        format!(
            " (this build compiled {}; if it does so after each start, run the app by the package of its host, `cargo run --package …`)",
            crates.join(", ")
        )
    }
}

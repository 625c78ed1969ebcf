//! How one reload goes, and how it went.

use std::{
    fmt,
    io::Write,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use hot_reloader_core::{BuildId, Generation};
use serde::{Serialize, Serializer};

use crate::{Phase, ReloadError};

/// A reload that goes on.
#[derive(Clone, Debug)]
pub struct Progress {
    /// The step.
    pub phase: Phase,
    /// What it is doing, in a few words.
    pub text: String,
    /// When the reload was asked for.
    pub since: Instant,
}

/// How a reload ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The new code runs and was accepted.
    Committed,
    /// The new code runs and can still be taken back: what a call returns, for which no frame
    /// passes. The report that follows in the history tells how it ended.
    OnProbation,
    /// The code was built and is what already runs.
    Unchanged,
    /// It was stopped before the new code took over.
    Refused,
    /// The new code had taken over, and was taken back together with what it did to the state.
    RolledBack,
    /// The new code was taken back, but not all that it did to the state; `not_restored` says what.
    RolledBackInPart,
    /// Somebody cancelled it.
    Cancelled,
}

/// How long one step took.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct PhaseTime {
    /// The step.
    pub phase: Phase,
    /// In milliseconds.
    pub ms: f64,
}

impl PhaseTime {
    pub(crate) fn new(phase: Phase, time: Duration) -> Self {
        let ms = time.as_secs_f64() * 1000.0;
        Self { phase, ms }
    }
}

/// What a reload did to one module.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ModuleChange {
    /// The module.
    pub name: String,
    /// The library that it is of now; `None` if it is gone, as for the next two.
    pub library: Option<String>,
    /// The generation it runs now.
    pub generation: Option<Generation>,
    /// The digest of the code that it runs now, as it is in memory.
    pub build_id: Option<BuildId>,
    /// Targets that it has now and had not before.
    pub targets_added: Vec<String>,
    /// Targets that it had before and has not now.
    pub targets_removed: Vec<String>,
    /// State keys that it had before and has now. What became of values whose types changed is in
    /// [`ReloadReport::types`].
    pub state_kept: Vec<String>,
}

/// What became of the values of a type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Passage {
    /// The type is what it was, but its crate is another one: the values went over as they were.
    Moved,
    /// The type changed, and the values were made those of the new one.
    Migrated,
    /// They are gone, as the code says they may.
    Discarded,
    /// New code has not used the type yet: the values wait until it does.
    Waiting,
}

/// What a reload did to the values of one type.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TypeChange {
    /// The type, as the new code has it.
    pub name: String,
    /// What it was called before, if that is something else.
    pub was: Option<String>,
    /// What became of its values.
    pub passage: Passage,
    /// How many there are.
    pub values: usize,
    /// How long that took, in milliseconds.
    pub ms: f64,
    /// What was left out and what was added, such as a field.
    pub notes: Vec<String>,
}

impl fmt::Display for TypeChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let values = match self.values {
            1 => "1 value".to_owned(),
            count => format!("{count} values"),
        };
        let passage = match self.passage {
            Passage::Moved => "moved",
            Passage::Migrated => "migrated",
            Passage::Discarded => "discarded",
            Passage::Waiting => "waiting until new code uses the type",
        };
        write!(f, "{}: {values} {passage}", self.name)?;
        if matches!(self.passage, Passage::Moved | Passage::Migrated) {
            write!(f, " in {:.1} ms", self.ms)?;
        }
        if let Some(was) = &self.was {
            write!(f, " from {was}")?;
        }
        if !self.notes.is_empty() {
            write!(f, "; {}", self.notes.join("; "))?;
        }
        Ok(())
    }
}

/// How one reload went.
#[derive(Clone, Debug, Serialize)]
pub struct ReloadReport {
    /// Counts the finished reloads of this process, from 1.
    pub number: u32,
    /// How it ended.
    pub outcome: Outcome,
    /// Whether what the modules had built was taken down, to be built anew.
    pub rebuilds: bool,
    /// The newest generation that runs now.
    pub generation: Generation,
    /// The step that ended it, unless it was committed.
    pub phase: Option<Phase>,
    /// Why it did not come about.
    #[serde(serialize_with = "error")]
    pub error: Option<Arc<ReloadError>>,
    /// How long each step took.
    pub phases: Vec<PhaseTime>,
    /// From the request to the end of the first frame with the new code, in milliseconds.
    pub latency_ms: Option<f64>,
    /// The longest frame from the end of the build to that of the probation, in milliseconds.
    pub longest_frame_ms: f64,
    /// The modules that changed.
    pub modules: Vec<ModuleChange>,
    /// Who built the libraries: the compiler alone, or cargo, and why; `None` if it did not come to that.
    pub builder: Option<String>,
    /// Packages outside the hot set that cargo compiled.
    pub recompiled: Vec<String>,
    /// What became of the values of types that changed, or whose crates did.
    pub types: Vec<TypeChange>,
    /// What could not be made sure of.
    pub warnings: Vec<String>,
    /// What is not as it was before a reload that was taken back.
    pub not_restored: Vec<String>,
    /// Libraries in memory, the present and all earlier ones.
    pub libraries_kept: usize,
    /// The memory of the process, in bytes, where the platform tells it.
    pub resident_bytes: Option<u64>,
}

impl ReloadReport {
    /// Whether the code that was asked for is the code that runs.
    #[must_use]
    pub fn is_success(&self) -> bool {
        match self.outcome {
            Outcome::Committed | Outcome::OnProbation | Outcome::Unchanged => true,
            Outcome::Refused
            | Outcome::RolledBack
            | Outcome::RolledBackInPart
            | Outcome::Cancelled => false,
        }
    }

    /// In a few words.
    #[must_use]
    pub fn summary(&self) -> String {
        let Self {
            generation, phase, ..
        } = self;
        let at = phase.map_or_else(String::new, |phase| format!(" at {phase}"));
        match self.outcome {
            Outcome::Committed => format!("generation {generation} runs"),
            Outcome::OnProbation => format!("generation {generation} is on probation"),
            Outcome::Unchanged => format!("unchanged, generation {generation} runs"),
            Outcome::Refused => format!("refused{at}, generation {generation} goes on"),
            Outcome::RolledBack => format!("rolled back{at}, generation {generation} goes on"),
            Outcome::RolledBackInPart => format!(
                "rolled back{at} but for {} of the state, generation {generation} goes on",
                self.not_restored.len()
            ),
            Outcome::Cancelled => format!("cancelled, generation {generation} goes on"),
        }
    }

    /// Adds the report to a file, as one line of JSON.
    ///
    /// # Errors
    ///
    /// If the file cannot be written to.
    pub fn append_to(&self, file: &Path) -> std::io::Result<()> {
        let mut line = serde_json::to_string(self)?;
        line.push('\n');
        let mut file = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(file)?;
        file.write_all(line.as_bytes())
    }
}

fn error<S: Serializer>(
    error: &Option<Arc<ReloadError>>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    #[derive(Serialize)]
    struct Written {
        kind: &'static str,
        text: String,
        places: Vec<String>,
        backtrace: Option<String>,
    }
    error
        .as_ref()
        .map(|error| Written {
            kind: error.kind(),
            text: error.to_string(),
            places: error
                .diagnostics()
                .iter()
                .filter_map(|diagnostic| diagnostic.place.as_ref())
                .map(ToString::to_string)
                .collect(),
            backtrace: error.panic().map(|panic| panic.backtrace.clone()),
        })
        .serialize(serializer)
}

//! The phases, in the order in which a reload goes through them.
//!
//! [`ahead`], if nothing was asked for yet; [`build`] (which stages and inspects too), [`identify`], [`rehearse`]
//! (and the gate, at which types are compared), [`swap`] (with the capture before it, the plugins that set themselves
//! up and the values that migrate), [`probation`]; and [`roll_back`], which undoes what came after the capture.
//! Whatever fails at whichever point, the code and the state from before the request go on: what comes before the
//! swap has not touched them.

pub(crate) mod ahead;
pub(crate) mod build;
pub(crate) mod identify;
pub(crate) mod probation;
pub(crate) mod rehearse;
pub(crate) mod roll_back;
pub(crate) mod swap;

use std::fmt;

use serde::Serialize;

/// A step of the transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// What was asked for is looked at.
    Request,
    /// The libraries are built.
    Build,
    /// A copy of each gets a name of its own.
    Stage,
    /// The copies are held against the host, before any of them runs.
    Inspect,
    /// They are opened, and say what modules they have.
    Identify,
    /// Plugins and schedules are tried in a throwaway world.
    Rehearse,
    /// Types are compared with those in use.
    Gate,
    /// The state is copied.
    Capture,
    /// The libraries are loaded, the old code is told that it gives way, and the new code's plugins build on
    /// the world.
    SetUp,
    /// Values of types that changed become those of the new code.
    Migrate,
    /// The new code takes over.
    Swap,
    /// The first frames, in which all can still be undone.
    Probation,
    /// After the reload was accepted.
    Running,
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Request => "request",
            Self::Build => "build",
            Self::Stage => "stage",
            Self::Inspect => "inspect",
            Self::Identify => "identify",
            Self::Rehearse => "rehearse",
            Self::Gate => "gate",
            Self::Capture => "capture",
            Self::SetUp => "set up",
            Self::Migrate => "migrate",
            Self::Swap => "swap",
            Self::Probation => "probation",
            Self::Running => "running",
        })
    }
}

//! Builds a plugin library in the background with cargo.
//!
//! In reading order: [`BuildConfig`] says what to build and becomes a command; [`environment`]
//! cleans what that command inherits; [`Build`] runs it on a thread and can be cancelled;
//! [`message`] understands what cargo prints; [`BuildOutcome`] is how it ended. [`workspace`] asks
//! cargo which crates a reload may change, and [`sources`] knows what they are made of.

pub mod actor;
pub mod command;
pub mod environment;
pub mod message;
pub mod outcome;
pub mod sources;
pub mod workspace;

pub use actor::{Build, BuildUpdate, Known};
pub use command::BuildConfig;
pub use outcome::{BuildError, BuildOutcome, Built, Diagnostic};
pub use sources::Sources;
pub use workspace::{Workspace, WorkspaceError};

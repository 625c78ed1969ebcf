//! Builds plugin libraries in the background: with cargo, or, when only sources changed, by the
//! commands that cargo used.
//!
//! In reading order: [`BuildConfig`] says what to build and becomes a command, whose environment
//! [`environment`] cleans; [`Build`] is a thread, and [`Supervisor`] runs its processes, which can all
//! be ended; [`Task::make`] is one build. It asks cargo about the [`workspace`], which
//! `packages` it consists of and with which `features` each library is built, and [`message`]
//! understands what cargo prints: errors, and each call of the compiler as a [`mod@unit`]. These become a
//! [`recording`], with all that they depend on, and `replay` runs them again for what changed, in a
//! folder of its own ([`Bench`]): by
//! [`Contents`], for the files that the compiler says it read ([`dep_info`]). [`Stamp`] tells libraries
//! apart, which take longer to read. [`Decline`] is why it is cargo's turn, [`BuildOutcome`] is how it ended.

pub mod actor;
mod bench;
pub mod command;
mod configuration;
mod contents;
mod decline;
pub mod dep_info;
pub mod environment;
mod features;
mod identity;
pub mod layout;
mod make;
pub mod message;
pub mod outcome;
mod packages;
pub mod process;
pub mod recording;
mod replay;
pub mod sources;
mod stamp;
mod stand_in;
pub mod unit;
pub mod workspace;

pub use actor::{Build, BuildUpdate};
pub use bench::Bench;
pub use command::{BuildConfig, PluginLibrary};
pub use contents::Contents;
pub use decline::{Builder, Decline};
pub use layout::Layout;
pub use make::{Known, Task};
pub use outcome::{BuildError, BuildOutcome, Built, Diagnostic};
pub use process::Supervisor;
pub use sources::Sources;
pub use stamp::Stamp;
pub use workspace::{Workspace, WorkspaceError};

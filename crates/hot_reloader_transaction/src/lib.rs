//! One hot reload as a transaction, without an engine: either all of it comes about, or nothing
//! has happened.
//!
//! In reading order:
//!
//! - [`engine`]: what a transaction asks of an engine, and what it may rely on.
//! - [`request`]: who asked for what, and what waits.
//! - `stage`: where a reload stands, one enum.
//! - [`transaction`]: what happens to it from outside, and which phase that leads to.
//! - `phase`: one file for each, in the order in which a reload goes through them.
//! - [`report`] and [`error`]: how it goes, and how it went.
//! - [`cargo`]: where an engine without one of its own gets its libraries from.
//!
//! Time, processes, files and the world come in through the engine, so the tests of this crate run
//! thousands of reloads in a second, against an engine of a few lines (`tests/fake`).

pub mod cargo;
pub mod engine;
pub mod error;
mod phase;
pub mod report;
pub mod request;
mod stage;
pub mod transaction;

pub use engine::{
    Build, BuildStep, Engine, Hook, Made, MadeLibrary, ModuleFault, ModuleStatus, NewLibrary, Plan,
    Purpose, Wanted,
};
pub use error::{RehearsalFault, ReloadError};
pub use phase::Phase;
pub use report::{ModuleChange, Outcome, Passage, PhaseTime, Progress, ReloadReport, TypeChange};
pub use request::{Request, RequestId};
pub use transaction::Transaction;

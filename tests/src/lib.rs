//! The harness of the tests.
//!
//! Everything that is built here is built in a laboratory of its own, `target/lab`, as a stranger
//! would outside of this repository: a workspace for the host and one for each test's copy of the
//! fixture library. So no test edits a tracked file, and none disturbs the app's own build.

pub mod host;
pub mod lab;
pub mod recipes;
pub mod row;
pub mod server;
pub mod window;
pub mod workbench;

pub use host::Host;
pub use lab::{root, Fixture};
pub use row::Row;

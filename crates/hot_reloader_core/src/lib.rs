//! What a hot reload is, without Bevy.
//!
//! The modules, in the order in which a reload meets them:
//!
//! - [`module`] and [`registry`]: what can be reloaded, and in which order.
//! - [`generation`]: the number of an accepted build.
//! - [`staging`]: a build gets a file name that was never used before.
//! - [`identity`]: what a library says of itself, read from the file before any of it runs.
//! - [`mapped`]: which shared libraries this process has in memory, against those on disk.
//! - [`library`]: opening a library and keeping it.
//! - [`shape`]: what a type looks like, and how it differs from what it was.
//! - [`panics`]: running foreign code so that its panics stay contained and are understood.
//! - [`memory`]: how much memory the process holds.
//! - [`threads`]: which threads it has.

pub mod generation;
pub mod identity;
pub mod library;
pub mod mapped;
pub mod memory;
pub mod module;
pub mod panics;
pub mod registry;
pub mod shape;
pub mod staging;
pub mod threads;

pub use generation::Generation;
pub use identity::{BuildId, Identity, IdentityError};
pub use library::{LoadError, LoadedLibrary};
pub use module::HotModule;
pub use panics::PanicReport;
pub use registry::{ModuleRegistry, RegistryError};
pub use shape::{TypeFault, TypeShape};
pub use staging::{StageError, StagedLibrary, Staging};

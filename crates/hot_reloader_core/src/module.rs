//! A named part of a plugin library that can be reloaded.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// One entry of the registry.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HotModule {
    /// The name by which it is asked for, such as `menu`.
    pub name: String,
    /// The source file in which it was named: that of its `#[hot_module]`, or else of its `hot_library!`.
    pub file_path: PathBuf,
    /// The paths of the types whose values it owns, and that are copied by `Clone`. The values of all other types
    /// come back after a rollback too, if they can be copied in another way.
    pub state_keys: Vec<String>,
    /// The functions of the library that do its work, by the last segment of their paths.
    pub delegation_targets: Vec<String>,
    /// The modules that build, and run, before it.
    pub after: Vec<String>,
}

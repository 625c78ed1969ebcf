//! What is typed in Project Settings.

use bevy::{prelude::*, utils::HashMap};
use serde::{Deserialize, Serialize};

/// What was typed and is not in force: texts by the names of their fields.
#[derive(Resource, Reflect, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
pub struct Draft {
    /// By the names of the fields.
    pub texts: HashMap<String, String>,
    /// What the files of the picker contain; `None` if it is closed.
    pub picker: Option<String>,
}

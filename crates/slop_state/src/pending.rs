//! What the assistant was asked and has not answered in full.

use bevy::prelude::*;
use serde::{Deserialize, Serialize};

/// The requests that are not answered in full.
#[derive(Resource, Reflect, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
pub struct PendingRequests(pub Vec<Pending>);

/// Requests whose entries were deleted before they were answered in full. An entry that comes back
/// says so, also after a restart.
#[derive(Resource, Reflect, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
pub struct Orphans(pub Vec<Pending>);

/// A request, and where its answer goes.
#[derive(Reflect, Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pending {
    /// Its id among the `Assistants` of the engine.
    pub request: u64,
    /// The id of the discussion.
    pub discussion: u64,
    /// The id of the entry.
    pub entry: u64,
}

//! What the controller asks of the assistant's client.

use bevy::prelude::*;

/// The assistant is to answer what was said in a discussion.
#[derive(Event, Reflect, Clone, Debug, PartialEq, Eq)]
pub(crate) struct AskAssistant {
    /// The id of the discussion.
    pub(crate) discussion: u64,
    /// The id of the entry whose other take the answer is. Without, it comes at the end.
    pub(crate) instead_of: Option<u64>,
}

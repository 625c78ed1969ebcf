//! A goal, and the tickets that the orchestrator proposes for it.

use bevy::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{Run, Tier};

/// What is planned. It is state, so that neither a question to the orchestrator nor its proposal is
/// lost or made twice, whatever is reloaded, rolled back or started again meanwhile.
#[derive(Resource, Reflect, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[serde(default)]
pub struct Planning {
    /// What is to be reached, as it is being written.
    pub goal: String,
    /// What the orchestrator is to do otherwise, as it is being written.
    pub remark: String,
    /// The id of the discussion with the orchestrator. That may have been deleted.
    pub discussion: Option<u64>,
    /// Whether the orchestrator was asked.
    pub run: Run,
    /// The tickets that wait to be accepted. A person may change them.
    pub proposal: Vec<Proposed>,
}

/// A ticket that is proposed.
#[derive(Reflect, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(default)]
pub struct Proposed {
    /// What the others of the proposal call it by.
    pub key: String,
    /// In a few words.
    pub title: String,
    /// All there is to say, in CommonMark.
    pub text: String,
    /// The keys of those that must be done before it.
    pub depends_on: Vec<String>,
    /// Who is to work on it.
    pub tier: Tier,
}

//! Whom to ask, what, and how patiently.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::ApiKey;

/// Who answers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Provider {
    /// Repeats the last message of the user; needs no network.
    #[default]
    Echo,
    /// A server that speaks `OpenAI`'s chat completions, as most do.
    OpenAi {
        /// The address up to and without `/chat/completions`, such as `https://api.openai.com/v1`.
        ///
        /// The key can be read on the way if it begins with `http://`.
        base_url: String,
        /// The name of the model.
        model: String,
    },
}

/// Who said something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ChatRole {
    /// Whoever set the assistant up.
    System,
    /// The person who asks.
    User,
    /// The model.
    Assistant,
}

/// One message of a conversation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Who said it.
    pub role: ChatRole,
    /// What was said.
    pub text: String,
}

impl Message {
    /// What `role` said.
    #[must_use]
    pub fn new(role: ChatRole, text: impl Into<String>) -> Self {
        Self {
            role,
            text: text.into(),
        }
    }
}

/// All that a request needs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ask {
    /// Who answers.
    pub provider: Provider,
    /// What lets us in; none is sent if it is empty, which servers on this machine do with.
    pub key: ApiKey,
    /// The conversation so far, oldest first.
    pub messages: Vec<Message>,
    /// How patient to be.
    pub timing: Timing,
}

/// How patient to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timing {
    /// How long finding the server may take, and how long connecting to it.
    pub connect: Duration,
    /// How long the server may send nothing at all, before its answer and within it.
    ///
    /// Comments that a server sends to keep the connection alive count as something.
    pub idle: Duration,
    /// How often to ask again if the server is busy.
    pub retries: u32,
    /// The pause before the first retry unless the server names one; it doubles with each.
    pub backoff: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            idle: Duration::from_secs(30),
            retries: 3,
            backoff: Duration::from_secs(1),
        }
    }
}

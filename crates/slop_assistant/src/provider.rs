//! Whom to ask, what, and how patiently.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{ApiKey, Message, Tool};

/// Who answers.
///
/// Addresses are taken as people have them: with or without a `/` at the end, the version, or the
/// whole path of the call. A query in them is kept. The key can be read on the way if they begin
/// with `http://`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Provider {
    /// Repeats the last message of the user; needs no network.
    #[default]
    Echo,
    /// A server that speaks `OpenAI`'s chat completions, as most do.
    OpenAi {
        /// The address, such as [`OPENAI_URL`](Self::OPENAI_URL), or that of a deployment of Azure
        /// with its `api-version`.
        base_url: String,
        /// The name of the model.
        model: String,
    },
    /// Anthropic's messages.
    Anthropic {
        /// The address, such as [`ANTHROPIC_URL`](Self::ANTHROPIC_URL).
        base_url: String,
        /// The name of the model.
        model: String,
    },
    /// Google's Gemini.
    Gemini {
        /// The address, such as [`GEMINI_URL`](Self::GEMINI_URL).
        base_url: String,
        /// The name of the model.
        model: String,
    },
}

impl Provider {
    /// Where `OpenAI` itself answers.
    pub const OPENAI_URL: &'static str = "https://api.openai.com/v1";
    /// Where Anthropic answers.
    pub const ANTHROPIC_URL: &'static str = "https://api.anthropic.com/v1";
    /// Where Gemini answers.
    pub const GEMINI_URL: &'static str = "https://generativelanguage.googleapis.com/v1beta";

    /// The name of the model, if there is one.
    pub(crate) fn model(&self) -> &str {
        match self {
            Self::Echo => "",
            Self::OpenAi { model, .. }
            | Self::Anthropic { model, .. }
            | Self::Gemini { model, .. } => model.trim(),
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
    /// What the model may call. If there is none, an answer that calls one is an error.
    pub tools: Vec<Tool>,
    /// How patient to be.
    pub timing: Timing,
}

/// How patient to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timing {
    /// How long finding the server may take, and how long connecting to it.
    pub connect: Duration,
    /// How long the server may send nothing at all before the first piece of its answer. A server
    /// that loads the model first may take minutes.
    ///
    /// Comments that a server sends to keep the connection alive count as something. A server that
    /// says that it is loading the model is asked again for as long.
    pub first: Duration,
    /// How long it may send nothing at all after that.
    pub idle: Duration,
    /// How long to wait for more once the server has said that the answer is finished: some say so
    /// too early, some count the tokens after it, and some never close the connection.
    pub linger: Duration,
    /// How often to ask again if the server is busy.
    pub retries: u32,
    /// The pause before the first retry unless the server names one; it doubles with each.
    pub backoff: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            first: Duration::from_secs(300),
            idle: Duration::from_secs(60),
            linger: Duration::from_secs(3),
            retries: 3,
            backoff: Duration::from_secs(1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_stored_before_can_be_read() {
        let stored = r#"{"OpenAi":{"base_url":"http://a/v1","model":"m"}}"#;
        let read: Provider = serde_json::from_str(stored).unwrap();
        let expected = Provider::OpenAi {
            base_url: "http://a/v1".to_owned(),
            model: "m".to_owned(),
        };
        assert_eq!(read, expected);
        let read: Provider = serde_json::from_str("\"Echo\"").unwrap();
        assert_eq!(read, Provider::Echo);
    }
}

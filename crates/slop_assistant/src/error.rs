//! Why there is no answer.

use thiserror::Error;

/// Why there is no answer, or only a part of one. What came before it is kept by whoever listened.
/// The API key is in none of them, and what a server said is shortened.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum AssistantError {
    /// The server wants a key and got none.
    #[error("{url} wants an API key and none is set: {text}; enter one in Project Settings")]
    MissingKey {
        /// The address that was asked.
        url: String,
        /// What the server said. It may refuse for another reason.
        text: String,
    },
    /// The key holds what cannot be sent.
    #[error("the API key holds a character that cannot be sent, such as a space or a line break; copy the API key into Project Settings again")]
    BadKey,
    /// The base URL is none.
    #[error(
        "`{url}` is not the address of a server: {reason}; check the address in Project Settings"
    )]
    BadUrl {
        /// The base URL.
        url: String,
        /// What is wrong with it.
        reason: String,
    },
    /// There is no connection to the server.
    #[error("cannot reach {url}: {reason}; check the network and the address in Project Settings")]
    Unreachable {
        /// The address that was asked.
        url: String,
        /// What the system said.
        reason: String,
    },
    /// The server does not know the key, or what it may do is not enough.
    #[error("{url} refuses the API key with status {status}: {text}; check the API key in Project Settings")]
    Unauthorised {
        /// The address that was asked.
        url: String,
        /// The HTTP status, 401 or 403.
        status: u16,
        /// What the server said.
        text: String,
    },
    /// The server wants fewer requests, still after all retries, or for longer than we wait.
    #[error("{url} takes no more requests now, after {retries} retries: {text}; ask again later or check the quota of the account")]
    RateLimited {
        /// The address that was asked.
        url: String,
        /// How often it was asked again.
        retries: u32,
        /// What the server said.
        text: String,
    },
    /// The server failed or did not like the request.
    #[error("{url} answered with status {status}: {text}; check the address and the model in Project Settings or ask again later")]
    Status {
        /// The address that was asked.
        url: String,
        /// The HTTP status.
        status: u16,
        /// What the server said.
        text: String,
    },
    /// The server reported an error after it had said that all is well.
    #[error("the server reports: {text}; ask again, or check the model in Project Settings")]
    Reported {
        /// What the server said.
        text: String,
    },
    /// The connection ended before the answer did.
    #[error("the connection to the server ended before the answer was complete; ask again")]
    CutOff,
    /// The model reached the number of tokens that the server allows, or it has room for, before a word of
    /// the answer came.
    #[error("the server ended the answer at its limit of tokens (`{reason}`); ask it to go on, shorten the discussion, or raise the limit of the server")]
    TooLong {
        /// The server's name for it.
        reason: String,
    },
    /// What the model was about to say, or was asked, is not allowed there.
    #[error("the content filter of the server ended the answer (`{reason}`); ask in other words")]
    Filtered {
        /// The server's name for it.
        reason: String,
    },
    /// The server ended the answer for another reason, such as a call of a tool that there is not.
    #[error("the server ended the answer with `{reason}` before it was complete; ask again, or choose another model in Project Settings")]
    Stopped {
        /// The server's name for it.
        reason: String,
    },
    /// The answer is complete and there is no word in it.
    #[error("the server ended its answer without {}; ask again, or check the model in Project Settings", lack(*only_thoughts))]
    Empty {
        /// Whether thoughts came.
        only_thoughts: bool,
    },
    /// What the server sent cannot be understood.
    #[error("the answer of the server cannot be understood: {reason}; ask again, or check the address and the model in Project Settings")]
    BadStream {
        /// What is wrong with it.
        reason: String,
    },
    /// The server sent nothing for too long.
    #[error("{url} sent nothing for {seconds} s; check that the server works, or give it more time in Project Settings")]
    Silent {
        /// The address that was asked.
        url: String,
        /// For how long, rounded up.
        seconds: u64,
    },
    /// Somebody cancelled it.
    #[error("the answer was cancelled; ask again to get one")]
    Cancelled,
}

impl AssistantError {
    /// The address in it, and what somebody else said. Every variant is named with all that it has, so
    /// that a new one does not pass as it is.
    pub(crate) fn parts(&mut self) -> (Option<&mut String>, Option<&mut String>) {
        match self {
            Self::Silent { url, seconds: _ } => (Some(url), None),
            Self::MissingKey { url, text }
            | Self::BadUrl { url, reason: text }
            | Self::Unreachable { url, reason: text }
            | Self::Unauthorised {
                url,
                status: _,
                text,
            }
            | Self::RateLimited {
                url,
                retries: _,
                text,
            }
            | Self::Status {
                url,
                status: _,
                text,
            } => (Some(url), Some(text)),
            Self::Reported { text }
            | Self::TooLong { reason: text }
            | Self::Filtered { reason: text }
            | Self::Stopped { reason: text }
            | Self::BadStream { reason: text } => (None, Some(text)),
            Self::BadKey | Self::CutOff | Self::Empty { only_thoughts: _ } | Self::Cancelled => {
                (None, None)
            }
        }
    }
}

/// What an empty answer is without.
fn lack(only_thoughts: bool) -> &'static str {
    if only_thoughts {
        "a word besides its thoughts"
    } else {
        "a word of text"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_answer_says_what_came() {
        let says = |only_thoughts| AssistantError::Empty { only_thoughts }.to_string();
        assert!(says(true).contains("besides its thoughts"));
        assert!(says(false).contains("without a word of text"));
    }
}

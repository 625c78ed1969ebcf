//! Why there is no answer.

use thiserror::Error;

/// Why there is no answer, or only a part of one. The API key is in none of them.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum AssistantError {
    /// The server wants a key and got none.
    #[error("{url} wants an API key and none is set; enter one in Project Settings")]
    MissingKey {
        /// The address that was asked.
        url: String,
    },
    /// The key holds what cannot be sent.
    #[error("the API key holds a character that cannot be sent, such as a space or a line break; copy the API key into Project Settings again")]
    BadKey,
    /// The base URL is none.
    #[error(
        "`{url}` is not the address of a server: {reason}; check the base URL in Project Settings"
    )]
    BadUrl {
        /// The base URL.
        url: String,
        /// What is wrong with it.
        reason: String,
    },
    /// There is no connection to the server.
    #[error(
        "cannot reach {url}: {reason}; check the network and the base URL in Project Settings"
    )]
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
        /// The beginning of what the server said.
        text: String,
    },
    /// The server wants fewer requests, still after all retries.
    #[error("{url} takes no more requests now, after {retries} retries: {text}; ask again later or check the quota of the account")]
    RateLimited {
        /// The address that was asked.
        url: String,
        /// How often it was asked again.
        retries: u32,
        /// The beginning of what the server said.
        text: String,
    },
    /// The server failed or did not like the request.
    #[error("{url} answered with status {status}: {text}; check the base URL and the model in Project Settings or ask again later")]
    Status {
        /// The address that was asked.
        url: String,
        /// The HTTP status.
        status: u16,
        /// The beginning of what the server said.
        text: String,
    },
    /// The connection ended before the answer did.
    #[error("the connection to the server ended before the answer was complete; ask again")]
    CutOff,
    /// What the server sent cannot be understood, or is an error of its own.
    #[error("the answer of the server broke off: {reason}; ask again, or check the base URL and the model in Project Settings")]
    BadStream {
        /// What is wrong with it.
        reason: String,
    },
    /// The server sent nothing for too long.
    #[error("{url} sent nothing for {seconds} s; check that the server works and ask again")]
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

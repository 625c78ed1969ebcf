//! Asks AI providers in the background and streams their replies.
//!
//! In reading order: [`Ask`] says whom to ask, with which [`ApiKey`] and how patiently; [`Recipient`]
//! is the one server that a key is for; [`Reply`] is the answer under way and is polled once a frame;
//! [`Update`] is what it has to tell, and [`Details`] go with it; [`AssistantError`] is why there is no
//! answer; [`ModelList`] is what a server offers.
//!
//! Inside, a question goes down and an answer comes up:
//!
//! | module | what it is |
//! |---|---|
//! | `reply`, `models` | the handles, each with a thread behind it |
//! | `registry` | which dialect a provider speaks |
//! | `chat` | one answer: asks, follows refusals, retries, passes on what comes |
//! | `dialect`; `openai`, `anthropic`, `gemini` | what differs between providers, without a network |
//! | `form`, `turns` | how a request follows what a server refuses |
//! | `transport`, `portions`, `address`, `retry` | HTTP, and when to give up waiting |
//! | `shown` | what of an address is not to be shown or kept |
//! | `decoder`; `sse`, `surrogates`, `words` | bytes to events, texts and errors, without a network |
//! | `answer`, `think` | pieces to updates, and whether the answer is whole |
//! | `told` | what the thread has to tell, and where it puts that |
//! | `message`, `tools` | what was said; what a model may call, and how it did |
//!
//! The crate belongs in a library that is never reloaded. Its threads run on while the code that
//! polls a [`Reply`] is replaced.
//!
//! ```
//! use slop_assistant::{Ask, ChatRole, Message, Reply, Update};
//!
//! let reply = Reply::start(Ask {
//!     messages: vec![Message::new(ChatRole::User, "hello")],
//!     ..Ask::default()
//! });
//! let mut text = String::new();
//! loop {
//!     match reply.try_next() {
//!         Some(Update::Token(token)) => text += &token,
//!         Some(Update::Finished(result)) => break result?,
//!         Some(Update::Retrying { .. }) => {}
//!         None => std::thread::yield_now(),
//!     }
//! }
//! assert_eq!(text, "You said: hello");
//! # Ok::<(), slop_assistant::AssistantError>(())
//! ```
//!
//! Limits: a key travels as given, so over plain `http` it can be read on the way; use `https` for
//! every server but one on this machine. An answer that calls a tool though none was offered
//! is an error; if some were, [`Details::calls`] has the calls, and whoever listens does them and asks
//! again. Of thoughts in the text, only those are told apart that begin it with a tag.

mod address;
mod answer;
mod anthropic;
mod chat;
mod decoder;
mod dialect;
mod echo;
mod error;
mod form;
mod gemini;
mod key;
mod message;
mod models;
mod openai;
mod portions;
mod provider;
mod recipient;
mod registry;
mod reply;
mod retry;
mod shown;
mod sse;
mod surrogates;
mod think;
mod told;
mod tools;
mod transport;
mod turns;
mod words;

pub use echo::is_echo;
pub use error::AssistantError;
pub use key::ApiKey;
pub use message::{ChatRole, Message};
pub use models::ModelList;
pub use provider::{Ask, Provider, Timing};
pub use recipient::Recipient;
pub use reply::{Details, Reply, Update};
pub use shown::{address_holds_a_secret, address_origin, shown_address};
pub use told::Usage;
pub use tools::{Call, CallResult, Tool, ToolUse};

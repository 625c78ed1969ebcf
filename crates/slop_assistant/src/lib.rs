//! Asks AI providers in the background and streams their replies.
//!
//! In reading order: [`Ask`] says whom to ask, with which [`ApiKey`] and how patiently; [`Reply`]
//! is the answer under way and is polled once a frame; [`Update`] is what it has to tell;
//! [`AssistantError`] is why there is no answer.
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
//! every server but one on this machine. A reply that the server ends because it grew too long
//! counts as complete.

mod echo;
mod error;
mod key;
mod openai;
mod provider;
mod reply;
mod sse;

pub use error::AssistantError;
pub use key::ApiKey;
pub use provider::{Ask, ChatRole, Message, Provider, Timing};
pub use reply::{Reply, Update};

//! Asks a running app for a hot reload over a local socket.
//!
//! In reading order: [`protocol`] is what is said, one line of JSON each way; [`folder`] is where
//! the sockets of a user's apps are and who may reach them; [`Server`] listens in the app;
//! [`ask`] is the other side. With the feature `cli`, `command` is the command `hot-reload`, to be
//! flattened into a command line of one's own.
//!
//! ```no_run
//! use hot_reloader_remote::{ask, find, socket_folder, Reply, Request, Server};
//!
//! # fn main() -> Result<(), hot_reloader_remote::RemoteError> {
//! // In the app. A real one hands the responder to its main loop.
//! let server = Server::start(&socket_folder()?, "my_game", |_request, responder| {
//!     responder.respond(Reply::error("nothing to reload yet"));
//! })?;
//!
//! // In the editor.
//! let app = find(&socket_folder()?, None)?;
//! let reply = ask(&app, &Request::new(None))?;
//! # drop((server, reply));
//! # Ok(())
//! # }
//! ```
//!
//! Whoever runs as the same user can ask, and nobody else. On Windows a process has one server, and
//! a client that sends nothing keeps its place.

pub mod client;
#[cfg(feature = "cli")]
pub mod command;
pub mod error;
pub mod folder;
pub mod protocol;
pub mod server;
mod socket;

pub use client::{ask, find};
pub use error::RemoteError;
pub use folder::{running, socket_folder, RunningApp};
pub use protocol::{Reply, Request};
pub use server::{Responder, Server};

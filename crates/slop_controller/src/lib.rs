//! What is done: what a person asks for, and what the assistant is asked and answers.

mod actions;
pub mod ai_client;
mod ask;
mod clock;
pub mod controller;
mod entry;
mod markdown;
mod proposal;

#[cfg(feature = "hot")]
use slop_engine_dylib as _;

hot_reloader::hot_library!(controller::controller, ai_client::ai_client);

//! The adapter in process: a real `World`, and modules that are plain functions of this crate.

mod ahead;
mod app;
mod asked;
mod code;
mod engine_types;
mod generated;
mod harness;
mod libraries;
mod made;
mod migration;
mod placement;
mod rollback;
mod running;
mod undone;
mod written;

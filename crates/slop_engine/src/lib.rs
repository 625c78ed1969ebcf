//! What the app needs besides its own code, and what must outlive a reload of it.
//!
//! Host and plugin library share this crate as a shared library, so heavy dependencies are linked
//! once and not again for each reload.

pub mod command_line;
pub mod host;

pub use bevy_egui;
pub use bevy_egui::{egui, EguiContexts, EguiPlugin};

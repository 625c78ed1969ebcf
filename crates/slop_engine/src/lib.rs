//! What the app needs besides its own code, and what must outlive a reload of it.
//!
//! Host and plugin libraries share this crate as a shared library, so heavy dependencies are linked
//! once and not again for each reload.

pub mod assistants;
pub mod chords;
mod closing;
pub mod command_line;
pub mod context;
pub mod documents;
pub mod editor;
pub mod fonts;
pub mod hands;
pub mod host;
pub mod log;
pub mod pacing;
pub mod reading_order;
pub mod session;
pub mod timings;

pub use bevy_egui;
pub use bevy_egui::{EguiContexts, EguiPlugin};
// Not by way of `bevy_egui`, for it is turned on here that its memory can be written to disk.
pub use egui;
pub use egui_commonmark;
pub use egui_dock;
pub use egui_extras;
pub use egui_plot;
pub use slop_assistant as assistant;
pub use slop_store as store;

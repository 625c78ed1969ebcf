//! What windows are drawn with: themes, the place of each in the dock, and what several of them show.

mod canvas;
mod clipboard;
#[cfg(test)]
mod contrast;
pub mod discussion_hub;
mod dock;
mod empty;
pub mod field;
mod markdown;
pub mod mma_dashboard;
mod overlay;
pub mod scroll;
pub mod servers;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
mod theme;
pub mod tracked;

pub use canvas::{edit, Canvas};
pub use clipboard::copy;
pub use dock::{Dock, Places};
pub use empty::empty;
pub use markdown::markdown;
pub use overlay::{Alert, Wrong};
pub use theme::{Theme, ThemeError, Themes};

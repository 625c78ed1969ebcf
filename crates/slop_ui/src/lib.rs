//! What windows are drawn with: themes, the place of each in the dock, and what several of them show.

mod canvas;
pub mod discussion_hub;
mod dock;
pub mod mma_dashboard;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
mod theme;
pub mod tracked;

pub use canvas::{edit, Canvas};
pub use dock::{Dock, Places};
pub use theme::{Theme, ThemeError, Themes};

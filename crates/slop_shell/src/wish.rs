//! What a command asks for.

use slop_engine::egui;
use slop_state::{Action, Window};

/// What is asked for.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Wish {
    /// Something that the controller does.
    Act(Box<Action>),
    /// To see a window, or to close it if it is seen.
    Toggle(Window),
    /// To write in a field of a window.
    Write(Window, egui::Id),
    /// To write another name of a discussion, with what it is now.
    Rename(u64, String),
    /// To see which documents can be imported.
    Import,
    /// To see provider, model and system prompt of the discussion, or no longer.
    Setup,
    /// To see the keyboard shortcuts, or no longer.
    Help,
    /// To see the palette, or no longer.
    Palette,
    /// New code.
    #[cfg(feature = "hot")]
    Reload,
    /// New code, and what startup has spawned built anew by it.
    #[cfg(feature = "hot")]
    Rebuild,
}

impl Wish {
    /// Something that the controller does.
    pub(super) fn act(action: Action) -> Self {
        Self::Act(Box::new(action))
    }
}

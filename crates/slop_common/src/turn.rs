//! The order of the modules in a frame.

use bevy::prelude::{App, IntoSystemSetConfigs, SystemSet, Update};

/// The order of the modules in a frame. With `hot` each of them runs as one, in the order that its
/// `after` says; linked in, in this one.
#[derive(SystemSet, Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Turn {
    /// What was asked for is done.
    Control,
    /// The assistant is asked, and answers.
    Ask,
    /// The main interface is drawn, which notes where each window is.
    LayOut,
    /// The windows are drawn.
    Show,
}

impl Turn {
    /// Lets one turn come after another. Each module that has one asks for it.
    pub fn order(app: &mut App) {
        let turns = (Self::Control, Self::Ask, Self::LayOut, Self::Show);
        app.configure_sets(Update, turns.chain());
    }
}

//! What is open, and where.

use bevy::{prelude::*, utils::HashMap};
use serde::{Deserialize, Serialize};

/// A window of the app.
#[derive(
    Reflect, Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord,
)]
pub enum Window {
    /// Name, folder and files of the project; all settings.
    ProjectSettings,
    /// The discussions.
    DiscussionHub,
    /// The board and the reloader.
    MmaDashboard,
    /// Where the time goes.
    Performance,
    /// What the app said.
    Log,
    /// What goes out with the next question.
    Context,
    /// What the assistant wants to do in the project's folder.
    Hands,
}

impl Window {
    /// In the order of the menu.
    pub const ALL: [Self; 7] = [
        Self::ProjectSettings,
        Self::DiscussionHub,
        Self::MmaDashboard,
        Self::Performance,
        Self::Log,
        Self::Context,
        Self::Hands,
    ];

    /// For people.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::ProjectSettings => "Project Settings",
            Self::DiscussionHub => "Discussion Hub",
            Self::MmaDashboard => "MMA Dashboard",
            Self::Performance => "Performance",
            Self::Log => "Log",
            Self::Context => "Context",
            Self::Hands => "Hands",
        }
    }
}

/// How the windows are laid out, besides the dock.
#[derive(Resource, Reflect, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[serde(default)]
pub struct Layout {
    /// Which windows are open.
    pub show_windows: HashMap<Window, bool>,
    /// The share of the Discussion Hub's height above the composer, from 0 to 1.
    pub ui_discussion_split_h: f32,
    /// Whether the window with the keyboard shortcuts is open.
    pub show_help: bool,
    /// A window that is to be opened, and to come to the front of its tabs.
    pub reveal: Option<Window>,
}

impl Default for Layout {
    fn default() -> Self {
        Self {
            show_windows: Window::ALL
                .map(|window| {
                    let open = matches!(window, Window::DiscussionHub | Window::MmaDashboard);
                    (window, open)
                })
                .into_iter()
                .collect(),
            ui_discussion_split_h: 0.72,
            show_help: false,
            reveal: None,
        }
    }
}

/// The list of all that can be asked for, while a person chooses from it.
#[derive(Resource, Reflect, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[serde(default)]
pub struct Palette {
    /// Whether it is shown.
    pub is_open: bool,
    /// Only what contains these letters in this order is listed.
    pub text: String,
    /// The place in the list of what Enter would choose.
    pub chosen: usize,
}

/// How the log is looked at.
#[derive(Resource, Reflect, Serialize, Deserialize, Clone, Debug, PartialEq)]
pub struct LogView {
    /// Only lines that contain it are shown.
    pub filter: String,
    /// The least severe level that is shown: 0 for errors, 1 warnings, 2 information, 3 debugging.
    pub level: u8,
    /// Whether it keeps to the newest line.
    pub follow: bool,
}

impl Default for LogView {
    fn default() -> Self {
        Self {
            filter: String::new(),
            level: 2,
            follow: true,
        }
    }
}

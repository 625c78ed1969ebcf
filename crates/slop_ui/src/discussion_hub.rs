//! Where commands lead to in the Discussion Hub.

use slop_engine::egui;

/// The field for what is searched for in the discussion.
pub fn search_field() -> egui::Id {
    egui::Id::new("discussion_hub search")
}

/// The field for what is searched for in all discussions.
pub fn everywhere_field() -> egui::Id {
    egui::Id::new("discussion_hub everywhere")
}

/// The field for the next entry.
pub fn composer_field() -> egui::Id {
    egui::Id::new("discussion_hub composer")
}

/// The field for the name of a discussion.
pub fn name_field(discussion: u64) -> egui::Id {
    egui::Id::new(("discussion_hub name", discussion))
}

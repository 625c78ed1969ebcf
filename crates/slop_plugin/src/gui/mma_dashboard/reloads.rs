//! stub
use crate::gui::theme::Theme;
use hot_reloader::{HotReloader, ReloadRequest};
use slop_engine::egui;
use slop_state::Action;
pub(super) fn panel(
    _ui: &mut egui::Ui,
    _r: &HotReloader,
    _t: &Theme,
    _o: &mut Vec<Action>,
) -> Option<ReloadRequest> {
    None
}

//! The red tint that lies over everything while there is an error.
//!
//! The host draws it, so it works whatever the plugin library does.

use bevy::{
    ecs::schedule::IntoSystemConfigs,
    prelude::{App, DetectChangesMut, Last, PostUpdate, Res, ResMut, Resource},
    render::RenderPlugin,
    window::WindowPlugin,
};
use bevy_egui::{egui, systems::end_pass_system, EguiContexts, EguiPlugin};

use super::{plugin::HotReloadSystems, HotReloader};

/// Whether, and in which colour, the window is tinted.
///
/// The reloader sets `active`; the app may choose colour and strength, from its theme for example.
#[derive(Resource, Clone, Copy, Debug, PartialEq)]
pub struct ErrorTint {
    /// Whether the last reload failed or a module is suspended.
    pub active: bool,
    /// Red, green and blue.
    pub color: [u8; 3],
    /// From 0, invisible, to 1, opaque.
    pub strength: f32,
}

impl Default for ErrorTint {
    fn default() -> Self {
        Self {
            active: false,
            color: [255, 0, 0],
            strength: 0.25,
        }
    }
}

pub(super) fn plugin(app: &mut App) {
    app.init_resource::<ErrorTint>();
    app.add_systems(Last, follow.after(HotReloadSystems::Step));
    if app.is_plugin_added::<WindowPlugin>() && app.is_plugin_added::<RenderPlugin>() {
        if !app.is_plugin_added::<EguiPlugin>() {
            app.add_plugins(EguiPlugin);
        }
        app.add_systems(PostUpdate, draw.before(end_pass_system));
    }
}

fn follow(reloader: Res<HotReloader>, mut tint: ResMut<ErrorTint>) {
    let followed = ErrorTint {
        active: reloader.is_error_state(),
        ..*tint
    };
    tint.set_if_neq(followed);
}

/// On a layer above all windows and popups of the app; layers without an area catch no clicks.
fn draw(tint: Res<ErrorTint>, mut contexts: EguiContexts) {
    let (true, Some(context)) = (tint.active, contexts.try_ctx_mut()) else {
        return;
    };
    let [red, green, blue] = tint.color;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is clamped")]
    let alpha = (tint.strength.clamp(0.0, 1.0) * 255.0) as u8;
    let layer = egui::LayerId::new(egui::Order::Tooltip, egui::Id::new("hot_reloader tint"));
    context.layer_painter(layer).rect_filled(
        context.screen_rect(),
        0.0,
        egui::Color32::from_rgba_unmultiplied(red, green, blue, alpha),
    );
}

//! The red tint that lies over everything while there is an error.
//!
//! The host draws it, so it works whatever the plugin libraries do.

use bevy::{
    ecs::schedule::{Condition, IntoSystemConfigs},
    prelude::{
        resource_changed, App, DetectChangesMut, Last, PostUpdate, PreUpdate, Query, Res, ResMut,
        Resource,
    },
    render::RenderPlugin,
    window::WindowPlugin,
};
use bevy_egui::{egui, systems::end_pass_system, EguiContexts, EguiInput, EguiPlugin, EguiSet};

use super::{
    driver::HotReloadSystems,
    trigger::{ShortcutStruck, ShortcutSystems},
    HotReloader,
};

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
            strength: 0.12,
        }
    }
}

/// Keeps [`ErrorTint`] true, whoever draws it.
pub(super) fn tell(app: &mut App) {
    app.init_resource::<ErrorTint>();
    let may_differ = || resource_changed::<HotReloader>.or_else(resource_changed::<ErrorTint>);
    // What went wrong in this frame is drawn in it.
    app.add_systems(PostUpdate, follow.run_if(may_differ()));
    app.add_systems(
        Last,
        follow.run_if(may_differ()).after(HotReloadSystems::Step),
    );
}

pub(super) fn plugin(app: &mut App) {
    if app.is_plugin_added::<WindowPlugin>() && app.is_plugin_added::<RenderPlugin>() {
        if !app.is_plugin_added::<EguiPlugin>() {
            app.add_plugins(EguiPlugin);
        }
        let is_active = |tint: Res<ErrorTint>| tint.active;
        app.add_systems(
            PostUpdate,
            draw.run_if(is_active).after(follow).before(end_pass_system),
        );
        app.add_systems(
            PreUpdate,
            swallow_shortcut
                .run_if(|struck: Res<ShortcutStruck>| struck.0)
                .after(ShortcutSystems)
                .after(EguiSet::ProcessInput)
                .before(EguiSet::BeginPass),
        );
    }
}

/// Keeps the letter of Ctrl+Alt+R out of text fields: since some keyboards type with Ctrl+Alt,
/// egui takes it for text.
fn swallow_shortcut(mut inputs: Query<&mut EguiInput>) {
    for mut input in &mut inputs {
        input.events.retain(|event| match event {
            egui::Event::Text(text) => !text.eq_ignore_ascii_case("r"),
            _ => true,
        });
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
    let Some(context) = contexts.try_ctx_mut() else {
        return;
    };
    let [red, green, blue] = tint.color;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "it is clamped"
    )]
    let alpha = (tint.strength.clamp(0.0, 1.0) * 255.0) as u8;
    let layer = egui::LayerId::new(egui::Order::Tooltip, egui::Id::new("hot_reloader tint"));
    context.layer_painter(layer).rect_filled(
        context.screen_rect(),
        0.0,
        egui::Color32::from_rgba_unmultiplied(red, green, blue, alpha),
    );
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use bevy::{app::Update, state::app::StatesPlugin, MinimalPlugins};

    use super::*;
    use crate::{HotReloaderPlugin, ReloadError};

    #[test]
    fn the_tint_is_told_also_if_nothing_is_drawn() {
        let mut plugin = HotReloaderPlugin::new("/", &["game"]);
        plugin.config.overlay = false;
        plugin.config.remote = false;
        let mut app = App::new();
        app.add_plugins((MinimalPlugins, StatesPlugin, plugin));
        assert!(app.world().contains_resource::<ErrorTint>());

        let mut app = App::new();
        app.init_resource::<HotReloader>();
        tell(&mut app);
        let error = ReloadError::NotSwapped {
            reason: "of a test".to_owned(),
        };
        app.world_mut().resource_mut::<HotReloader>().last_error = Some(Arc::new(error));
        app.update();
        assert!(app.world().resource::<ErrorTint>().active);
        app.world_mut().resource_mut::<HotReloader>().last_error = None;
        app.update();
        assert!(!app.world().resource::<ErrorTint>().active);
    }

    #[test]
    fn what_goes_wrong_in_a_frame_is_there_to_be_drawn_in_it() {
        #[derive(Resource, Default)]
        struct Drawn(Vec<bool>);
        let mut app = App::new();
        app.init_resource::<HotReloader>().init_resource::<Drawn>();
        tell(&mut app);
        app.add_systems(Update, |mut reloader: ResMut<HotReloader>| {
            let reason = "of a test".to_owned();
            reloader.last_error = Some(Arc::new(ReloadError::NotSwapped { reason }));
        })
        .add_systems(
            PostUpdate,
            (|tint: Res<ErrorTint>, mut drawn: ResMut<Drawn>| drawn.0.push(tint.active))
                .after(follow),
        );
        app.update();
        assert_eq!(app.world().resource::<Drawn>().0, [true]);
    }
}

//! How a window is drawn in its place.

use bevy::{ecs::system::SystemParam, prelude::*};
use slop_engine::{egui, timings::Timings, EguiContexts};
use slop_state::{Action, Settings, Window};

use crate::{Places, Theme, Themes};

/// What every window is drawn with.
#[derive(SystemParam)]
pub struct Canvas<'w, 's> {
    /// Where it is drawn.
    pub contexts: EguiContexts<'w, 's>,
    /// All themes.
    pub themes: Res<'w, Themes>,
    /// Which theme is chosen, and all else that is.
    pub settings: Res<'w, Settings>,
    /// Where the windows are.
    pub places: Res<'w, Places>,
    /// How long each takes.
    pub timings: Res<'w, Timings>,
    actions: EventWriter<'w, Action>,
}

impl Canvas<'_, '_> {
    /// Draws a window where it is docked, if it can be seen, and passes on what it asks for.
    pub fn show(
        &mut self,
        window: Window,
        draw: impl FnOnce(&mut egui::Ui, &Theme, &mut Vec<Action>),
    ) {
        let Some(context) = self.contexts.try_ctx_mut() else {
            return;
        };
        let _timing = self.timings.start(window.title());
        let theme = self.themes.get(&self.settings.theme).now(context);
        let mut out = Vec::new();
        self.places
            .show(context, window, |ui| draw(ui, &theme, &mut out));
        self.actions.send_batch(out);
    }
}

/// Lets `change` change a copy, so that the resource counts as changed only if it is.
pub fn edit<T: Resource + Clone + PartialEq, R>(
    resource: &mut ResMut<T>,
    change: impl FnOnce(&mut T) -> R,
) -> R {
    let mut copy = T::clone(resource);
    let result = change(&mut copy);
    resource.set_if_neq(copy);
    result
}

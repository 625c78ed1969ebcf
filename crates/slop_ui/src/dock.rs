//! Where the windows are: docked side by side, in tabs, or by themselves.
//!
//! The dock is laid out first and only notes where each window is; then each window's own system
//! draws it there, so that each is a target by itself.

use bevy::{prelude::*, utils::HashMap};
use serde::{Deserialize, Serialize};
use slop_engine::{
    egui,
    egui_dock::{self, NodeIndex, SurfaceIndex, TabIndex},
};
use slop_state::{Layout, Window};

use crate::field;

/// The windows that open on the left, and those that open on the right.
const LEFT: [Window; 2] = [Window::DiscussionHub, Window::ProjectSettings];
const RIGHT: [Window; 5] = [
    Window::MmaDashboard,
    Window::Performance,
    Window::Log,
    Window::Context,
    Window::Hands,
];

/// Which window is where.
#[derive(Resource, Serialize, Deserialize, Clone)]
pub struct Dock(egui_dock::DockState<Window>);

impl Default for Dock {
    fn default() -> Self {
        let mut dock = egui_dock::DockState::new(vec![Window::DiscussionHub]);
        let root = NodeIndex::root();
        dock.main_surface_mut()
            .split_right(root, 0.46, vec![Window::MmaDashboard]);
        Self(dock)
    }
}

/// Where a window is in this frame.
#[derive(Clone)]
struct Place {
    rect: egui::Rect,
    clip: egui::Rect,
    layer: egui::LayerId,
}

/// Where the windows are in this frame that can be seen.
#[derive(Resource, Clone, Default)]
pub struct Places(HashMap<Window, Place>);

impl Places {
    /// Whether a window can be seen.
    pub fn is_seen(&self, window: Window) -> bool {
        self.0.contains_key(&window)
    }

    /// Those that can be seen.
    pub fn seen(&self) -> Vec<Window> {
        self.0.keys().copied().collect()
    }

    /// Draws a window, if it can be seen.
    pub fn show(&self, context: &egui::Context, window: Window, draw: impl FnOnce(&mut egui::Ui)) {
        let Some(place) = self.0.get(&window) else {
            return;
        };
        let builder = egui::UiBuilder::new().max_rect(place.rect);
        let id = egui::Id::new(("window", window));
        let mut ui = egui::Ui::new(context.clone(), place.layer, id, builder);
        ui.set_clip_rect(place.clip);
        draw(&mut ui);
    }
}

impl Dock {
    /// Lays the windows out in what is left of `ui`. Windows that were closed or opened in the dock
    /// are so in the layout, and the other way round.
    pub fn show(&mut self, ui: &mut egui::Ui, layout: &mut Layout, places: &mut Places) {
        let revealed = layout.reveal.take();
        if let Some(window) = revealed {
            layout.show_windows.insert(window, true);
        }
        for window in Window::ALL {
            let wanted = layout.show_windows.get(&window).copied().unwrap_or(false);
            self.set_open(window, wanted);
        }
        if let Some(place) = revealed.and_then(|window| self.0.find_tab(&window)) {
            self.0.set_active_tab(place);
            self.0.set_focused_node_and_surface((place.0, place.1));
        }
        places.0.clear();
        let mut style = egui_dock::Style::from_egui(ui.style());
        style.tab_bar.fill_tab_bar = false;
        // It adds to that of the theme, which may want none.
        style.tab_bar.rounding = style.tab.active.rounding;
        style.tab.tab_body.inner_margin = egui::Margin::same(8.0);
        let mut viewer = Viewer { layout, places };
        egui_dock::DockArea::new(&mut self.0)
            .style(style)
            .show_inside(ui, &mut viewer);
    }

    fn set_open(&mut self, window: Window, wanted: bool) {
        match (self.0.find_tab(&window), wanted) {
            (Some(place), false) => {
                self.0.remove_tab(place);
            }
            (None, true) => self.open(window),
            _ => {}
        }
    }

    /// Beside a window of its kind if one is open.
    fn open(&mut self, window: Window) {
        match self.sibling(window) {
            Some((surface, node, _)) => {
                self.0.set_focused_node_and_surface((surface, node));
                self.0.push_to_focused_leaf(window);
            }
            None if self.0.main_surface().is_empty() => self.0.push_to_first_leaf(window),
            None => {
                let root = NodeIndex::root();
                let tree = self.0.main_surface_mut();
                if LEFT.contains(&window) {
                    tree.split_left(root, 0.46, vec![window]);
                } else {
                    tree.split_right(root, 0.46, vec![window]);
                }
            }
        }
    }

    /// Where a window of the same kind is open.
    fn sibling(&self, window: Window) -> Option<(SurfaceIndex, NodeIndex, TabIndex)> {
        let kind: &[Window] = if LEFT.contains(&window) {
            &LEFT
        } else {
            &RIGHT
        };
        kind.iter().find_map(|sibling| self.0.find_tab(sibling))
    }

    /// Whether somebody writes in a field that would be hidden if a window came to the front. What is typed then goes
    /// nowhere.
    #[must_use]
    pub fn would_hide_writing(&self, context: &egui::Context, window: Window) -> bool {
        if !field::is_written_in(context) {
            return false;
        }
        let focused = context.memory(|memory| memory.focused());
        let field = focused.and_then(|focused| context.read_response(focused));
        let place = self.0.find_tab(&window).or_else(|| self.sibling(window));
        let (Some(field), Some((surface, node, _))) = (field, place) else {
            return false;
        };
        let egui_dock::Node::Leaf {
            rect, tabs, active, ..
        } = &self.0[surface][node]
        else {
            return false;
        };
        tabs.get(active.0) != Some(&window) && rect.intersects(field.interact_rect)
    }
}

/// Notes where the tabs are.
struct Viewer<'a> {
    layout: &'a mut Layout,
    places: &'a mut Places,
}

impl egui_dock::TabViewer for Viewer<'_> {
    type Tab = Window;

    fn title(&mut self, window: &mut Window) -> egui::WidgetText {
        window.title().into()
    }

    fn id(&mut self, window: &mut Window) -> egui::Id {
        egui::Id::new(("tab", *window))
    }

    fn ui(&mut self, ui: &mut egui::Ui, window: &mut Window) {
        let place = Place {
            rect: ui.max_rect(),
            clip: ui.clip_rect(),
            layer: ui.layer_id(),
        };
        self.places.0.insert(*window, place);
    }

    fn on_close(&mut self, window: &mut Window) -> bool {
        self.layout.show_windows.insert(*window, false);
        true
    }

    /// The windows scroll by themselves.
    fn scroll_bars(&self, _: &Window) -> [bool; 2] {
        [false, false]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn input() -> egui::RawInput {
        let screen = egui::Rect::from_min_size(egui::Pos2::ZERO, egui::vec2(1280.0, 800.0));
        egui::RawInput {
            screen_rect: Some(screen),
            ..egui::RawInput::default()
        }
    }

    fn show(dock: &mut Dock, layout: &mut Layout) -> Vec<Window> {
        let mut places = Places::default();
        let context = egui::Context::default();
        let _ = context.run(input(), |context| {
            egui::CentralPanel::default().show(context, |ui| dock.show(ui, layout, &mut places));
        });
        let mut seen: Vec<_> = places.0.into_keys().collect();
        seen.sort();
        seen
    }

    fn text_field() -> egui::Id {
        egui::Id::new("a text field")
    }

    /// Somebody writes in a window.
    fn write(context: &egui::Context, dock: &mut Dock, window: Window) {
        let (mut layout, mut text) = (Layout::default(), String::new());
        context.memory_mut(|memory| memory.request_focus(text_field()));
        for _ in 0..2 {
            let mut places = Places::default();
            let _ = context.run(input(), |context| {
                egui::CentralPanel::default()
                    .show(context, |ui| dock.show(ui, &mut layout, &mut places));
                places.show(context, window, |ui| {
                    field::line(ui, &mut text, |edit| edit.id(text_field()));
                });
            });
        }
    }

    #[test]
    fn a_window_would_hide_what_is_written_where_it_is_to_come() {
        let (context, mut dock) = (egui::Context::default(), Dock::default());
        write(&context, &mut dock, Window::MmaDashboard);
        assert!(dock.would_hide_writing(&context, Window::Hands));
        assert!(!dock.would_hide_writing(&context, Window::ProjectSettings));
        assert!(
            !dock.would_hide_writing(&context, Window::MmaDashboard),
            "it is in front"
        );
        write(&context, &mut dock, Window::DiscussionHub);
        assert!(!dock.would_hide_writing(&context, Window::Hands));
        assert!(dock.would_hide_writing(&context, Window::ProjectSettings));
        context.memory_mut(|memory| memory.surrender_focus(text_field()));
        assert!(!dock.would_hide_writing(&context, Window::ProjectSettings));
    }

    #[test]
    fn windows_open_where_their_kind_is_and_close() {
        let (mut dock, mut layout) = (Dock::default(), Layout::default());
        assert_eq!(
            show(&mut dock, &mut layout),
            [Window::DiscussionHub, Window::MmaDashboard]
        );
        layout.show_windows.insert(Window::Log, true);
        assert_eq!(
            show(&mut dock, &mut layout),
            [Window::DiscussionHub, Window::Log],
            "it is in front of its sibling"
        );
        layout.reveal = Some(Window::MmaDashboard);
        assert_eq!(
            show(&mut dock, &mut layout),
            [Window::DiscussionHub, Window::MmaDashboard],
        );
        assert_eq!(layout.reveal, None);
        layout.reveal = Some(Window::ProjectSettings);
        assert_eq!(
            show(&mut dock, &mut layout),
            [Window::ProjectSettings, Window::MmaDashboard],
            "one that was closed is opened"
        );
        for window in Window::ALL {
            layout.show_windows.insert(window, false);
        }
        assert_eq!(show(&mut dock, &mut layout), []);
        for window in Window::ALL {
            layout.show_windows.insert(window, true);
        }
        assert_eq!(show(&mut dock, &mut layout).len(), 2);
        let text = ron::to_string(&dock).unwrap();
        let mut again: Dock = ron::from_str(&text).unwrap();
        assert_eq!(show(&mut again, &mut layout), show(&mut dock, &mut layout));
    }
}

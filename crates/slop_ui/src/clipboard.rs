//! What goes to the clipboard, and the word that says so.

use std::time::Duration;

use slop_engine::egui;

/// For how long it is said, in seconds.
const SAID: f64 = 1.5;

/// Copies a text if its button was clicked, and says so at the button for a moment.
pub fn copy(button: &egui::Response, text: impl FnOnce() -> String) {
    let context = &button.ctx;
    // Plain, for it may outlive a reload.
    let id = button.id.with("copied");
    let now = context.input(|input| input.time);
    if button.clicked() {
        context.copy_text(text());
        context.data_mut(|data| data.insert_temp(id, now));
    }
    let Some(since) = context.data(|data| data.get_temp::<f64>(id)) else {
        return;
    };
    let left = since + SAID - now;
    if left > 0.0 {
        button.show_tooltip_text("Copied");
        context.request_repaint_after(Duration::from_secs_f64(left));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{click, find, Window};

    fn frame(window: &mut Window, events: Vec<egui::Event>) -> Vec<(String, egui::Rect)> {
        window.run(events, |ui| copy(&ui.button("Copy"), || "text".to_owned()))
    }

    #[test]
    fn what_was_copied_is_said_for_a_moment() {
        let mut window = Window::default();
        frame(&mut window, Vec::new());
        let seen = frame(&mut window, Vec::new());
        assert!(seen.iter().all(|(text, _)| text != "Copied"));
        for event in click(find(&seen, "Copy").center()) {
            frame(&mut window, vec![event]);
        }
        // Its size is known by then.
        frame(&mut window, Vec::new());
        find(&frame(&mut window, Vec::new()), "Copied");
        window.wait();
        window.wait();
        let seen = frame(&mut window, Vec::new());
        assert!(seen.iter().all(|(text, _)| text != "Copied"));
    }
}

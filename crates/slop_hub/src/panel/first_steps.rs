//! The way to the first answer.

use slop_common::{is_note, ASSISTANT};
use slop_engine::{assistants::is_echo, egui};
use slop_state::{Discussions, ProviderKind, Settings, Window};
use slop_ui::{discussion_hub::composer_field, Theme};

/// How far somebody has come who has no answer yet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Steps {
    /// Whether another provider than the echo is set.
    pub(crate) has_provider: bool,
    /// Whether there is a key for it.
    pub(crate) has_key: bool,
}

impl Steps {
    /// `None` once there is an answer in any discussion. That there is none is no answer, and what the
    /// echo says is for trying things out.
    pub(crate) fn of(
        discussions: &Discussions,
        settings: &Settings,
        has_key: bool,
    ) -> Option<Self> {
        let mut all = discussions.list.iter().flat_map(|d| d.all_entries());
        let is_answered = all.any(|entry| {
            let text = entry.text.trim();
            // An answer of before it was noted who gave it may be of a model too.
            let is_tried = text.is_empty() || (entry.by.is_none() && is_echo(text));
            entry.role == ASSISTANT && !is_tried && !is_note(text)
        });
        (!is_answered).then_some(Self {
            has_provider: settings.provider != ProviderKind::Echo,
            has_key,
        })
    }
}

/// The steps, each with a button that leads to where it is done.
pub(super) fn panel(ui: &mut egui::Ui, steps: Steps, reveal: &mut Option<Window>, theme: &Theme) {
    theme.header(ui, "To the first answer");
    let provider = "in Project Settings; the echo only says back what you say";
    if step(
        ui,
        1,
        "Choose a provider",
        provider,
        steps.has_provider,
        theme,
    ) {
        *reveal = Some(Window::ProjectSettings);
    }
    let key = "in Project Settings; a server of your own may need none";
    if step(ui, 2, "Enter its key", key, steps.has_key, theme) {
        *reveal = Some(Window::ProjectSettings);
    }
    let text = "something below, and press Ctrl+Enter";
    if step(ui, 3, "Write", text, false, theme) {
        ui.memory_mut(|memory| memory.request_focus(composer_field()));
    }
    ui.separator();
}

/// Whether its button was clicked.
fn step(
    ui: &mut egui::Ui,
    number: u32,
    name: &str,
    text: &str,
    is_done: bool,
    theme: &Theme,
) -> bool {
    let row = ui.horizontal_wrapped(|ui| {
        ui.label(egui::RichText::new(format!("{number}.")).color(theme.accent));
        let is_clicked = ui.button(name).clicked();
        ui.label(text);
        if is_done {
            ui.colored_label(theme.good, "✔");
        }
        is_clicked
    });
    row.inner
}

#[cfg(test)]
mod tests {
    use slop_state::{Entry, ModelId};

    use super::*;

    #[test]
    fn they_are_shown_until_there_is_an_answer() {
        let mut discussions = Discussions::default();
        let mut settings = Settings::default();
        let steps = Steps::of(&discussions, &settings, false);
        assert_eq!(steps, Some(Steps::default()));
        settings.provider = ProviderKind::Gemini;
        let steps = Steps::of(&discussions, &settings, true).unwrap();
        assert!(steps.has_provider && steps.has_key);
        for (role, text, is_shown) in [
            ("User", "hello", true),
            (ASSISTANT, "> **No answer:** no key", true),
            (ASSISTANT, "", true),
            (ASSISTANT, "You ", true),
            (ASSISTANT, "You said: hello", true),
            (ASSISTANT, "> **Mind** the quotation.", false),
        ] {
            discussions.list[0].entries.push(Entry {
                role: role.to_owned(),
                text: text.to_owned(),
                ..Entry::default()
            });
            let steps = Steps::of(&discussions, &settings, true);
            assert_eq!(steps.is_some(), is_shown, "{text}");
        }
    }
    #[test]
    fn a_model_may_say_what_the_echo_says() {
        let mut discussions = Discussions::default();
        discussions.list[0].entries.push(Entry {
            role: ASSISTANT.to_owned(),
            text: "You said: hello".to_owned(),
            by: Some(ModelId::default()),
            ..Entry::default()
        });
        assert_eq!(Steps::of(&discussions, &Settings::default(), true), None);
    }
}

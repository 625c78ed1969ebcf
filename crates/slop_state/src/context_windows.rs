//! How many tokens models take, as far as a person has entered it.

use bevy::prelude::*;
use serde::{Deserialize, Serialize};

use crate::ModelId;

/// How many tokens one model takes.
#[derive(Reflect, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(default)]
pub struct ContextWindow {
    /// The model.
    pub of: ModelId,
    /// Question and answer together.
    pub tokens: u32,
}

/// The windows of models that have one of their own.
#[derive(Reflect, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(transparent)]
pub struct ContextWindows(pub Vec<ContextWindow>);

impl ContextWindows {
    /// The window of a model, if it has one of its own.
    #[must_use]
    pub fn get(&self, of: &ModelId) -> Option<u32> {
        let own = self.0.iter().find(|own| own.of == *of);
        own.map(|own| own.tokens)
    }

    /// Sets the window of a model, or forgets it.
    pub fn set(&mut self, of: ModelId, tokens: Option<u32>) {
        let at = self.0.iter().position(|own| own.of == of);
        match (at, tokens) {
            (Some(at), Some(tokens)) => self.0[at].tokens = tokens,
            (Some(at), None) => {
                self.0.remove(at);
            }
            (None, Some(tokens)) => self.0.push(ContextWindow { of, tokens }),
            (None, None) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ProviderKind, Settings};

    #[test]
    fn a_model_without_a_window_of_its_own_has_that_of_the_settings() {
        let mut settings = Settings {
            provider: ProviderKind::OpenAi,
            window_tokens: 9_000,
            ..Settings::default()
        };
        let of = settings.model_id().unwrap();
        assert_eq!(settings.context_window(), 9_000);
        settings.context_windows.set(of.clone(), Some(4_000));
        settings.context_windows.set(of.clone(), Some(5_000));
        assert_eq!(settings.context_windows.0.len(), 1);
        assert_eq!(settings.context_window(), 5_000);
        let small = settings.clone();
        settings.model = "another".to_owned();
        assert_eq!(settings.context_window(), 9_000);
        settings.provider = ProviderKind::Echo;
        assert_eq!(settings.context_window(), 9_000);
        settings = small;
        settings.context_windows.set(of, None);
        assert_eq!(settings.context_window(), 9_000);
        assert_eq!(settings.context_windows, ContextWindows::default());
    }
}

//! The project that is worked on, and the settings of the app.

use std::fmt;

use bevy::prelude::*;
use serde::{Deserialize, Serialize};
use slop_assistant::{address_origin, shown_address};

use crate::{ContextWindows, ModelId, Prices};

/// What is worked on.
#[derive(Resource, Reflect, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[serde(from = "StoredProject")]
pub struct Project {
    /// Shown in the title of the menu bar.
    pub name: String,
    /// The folder that it lives in; empty if none was chosen.
    pub root: String,
    /// Which files below the root go out with a question, and how much of each. Of those that fit
    /// a file, the last counts.
    pub tracked: Vec<Tracked>,
}

/// Files that go out with a question, or do not.
#[derive(Reflect, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(default)]
pub struct Tracked {
    /// A path from the root, or a pattern with `*`, `?` or `**` in it.
    pub pattern: String,
    /// How much of each file.
    pub mode: TrackMode,
}

/// How much of a file goes out with a question.
#[derive(Reflect, Serialize, Deserialize, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TrackMode {
    /// All of it.
    Whole,
    /// What it declares, or its headings.
    Outline,
    /// Nothing, so that nobody's files go out who has not said so.
    #[default]
    None,
}

impl TrackMode {
    /// In the order in which they are offered.
    pub const ALL: [Self; 3] = [Self::Whole, Self::Outline, Self::None];

    /// For people.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Whole => "Whole",
            Self::Outline => "Outline",
            Self::None => "None",
        }
    }
}

/// A project as it may be on disk.
#[derive(Deserialize, Default)]
#[serde(default)]
struct StoredProject {
    name: String,
    root: String,
    tracked: Vec<Tracked>,
    /// Paths from the time when no file went out with a question. They still do not.
    tracked_files: Vec<String>,
}

impl From<StoredProject> for Project {
    fn from(stored: StoredProject) -> Self {
        let old = stored.tracked_files.into_iter().map(|pattern| Tracked {
            pattern,
            mode: TrackMode::None,
        });
        Self {
            name: stored.name,
            root: stored.root,
            tracked: old.chain(stored.tracked).collect(),
        }
    }
}

/// What a person may set.
#[derive(Resource, Reflect, Serialize, Deserialize, Clone, Debug, PartialEq)]
pub struct Settings {
    /// The name of the theme, such as `default` or `nerv`.
    pub theme: String,
    /// For how many frames new code can be rolled back.
    pub probation_frames: u32,
    /// How new code is compiled.
    pub build_profile: BuildProfile,
    /// After how many seconds a build is given up.
    pub build_limit_s: u32,
    /// What opens a file at a line: a command with `{file}`, `{line}` and `{column}` in it.
    pub editor: String,
    /// Who answers.
    pub provider: ProviderKind,
    /// Where an OpenAI-compatible provider is.
    pub base_url: String,
    /// Which of its models answers.
    pub model: String,
    /// The same for Anthropic.
    #[serde(default = "Server::anthropic")]
    pub anthropic: Server,
    /// The same for Gemini.
    #[serde(default = "Server::gemini")]
    pub gemini: Server,
    /// How patient to be with a provider.
    #[serde(default)]
    pub limits: Limits,
    /// After how many seconds a command in the project's folder is ended.
    #[serde(default = "command_limit_s")]
    pub command_limit_s: u32,
    /// How many tokens a model takes that has no window of its own, for a look at what goes out.
    /// Nothing is cut off by it.
    #[serde(default = "window_tokens")]
    pub window_tokens: u32,
    /// How many tokens other models take.
    #[serde(default)]
    pub context_windows: ContextWindows,
    /// What models cost.
    #[serde(default)]
    pub prices: Prices,
    /// Whether frames, input lag, memory and each part of the app are measured.
    pub perf_profiling_enabled: bool,
}

/// Time for most builds.
fn command_limit_s() -> u32 {
    600
}

/// As many as most models take.
fn window_tokens() -> u32 {
    128_000
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            theme: "default".to_owned(),
            probation_frames: 60,
            build_profile: BuildProfile::Host,
            build_limit_s: 600,
            editor: "code --goto {file}:{line}:{column}".to_owned(),
            provider: ProviderKind::Echo,
            base_url: "http://127.0.0.1:8080/v1".to_owned(),
            model: "gpt-4o-mini".to_owned(),
            anthropic: Server::anthropic(),
            gemini: Server::gemini(),
            limits: Limits::default(),
            command_limit_s: command_limit_s(),
            window_tokens: window_tokens(),
            context_windows: ContextWindows::default(),
            prices: Prices::default(),
            perf_profiling_enabled: false,
        }
    }
}

impl Settings {
    /// The address and the model of the provider that was chosen; `None` if it has none.
    pub fn server_mut(&mut self) -> Option<(&mut String, &mut String)> {
        match self.provider {
            ProviderKind::Echo => None,
            ProviderKind::OpenAi => Some((&mut self.base_url, &mut self.model)),
            ProviderKind::Anthropic => {
                Some((&mut self.anthropic.base_url, &mut self.anthropic.model))
            }
            ProviderKind::Gemini => Some((&mut self.gemini.base_url, &mut self.gemini.model)),
        }
    }

    /// The server that is asked; `None` if the provider has none.
    #[must_use]
    pub fn server_id(&self) -> Option<ServerId> {
        let address = match self.provider {
            ProviderKind::Echo => return None,
            ProviderKind::OpenAi => &self.base_url,
            ProviderKind::Anthropic => &self.anthropic.base_url,
            ProviderKind::Gemini => &self.gemini.base_url,
        };
        Some(ServerId {
            provider: self.provider,
            origin: address_origin(address),
        })
    }

    /// Whether a model that was chosen for a server is one of that which is asked. Of one that was
    /// chosen before it was kept for which, nobody knows.
    #[must_use]
    pub fn has_models_of(&self, server: Option<&ServerId>) -> bool {
        server.is_none_or(|server| self.server_id().as_ref() == Some(server))
    }

    /// Has another model asked, unless it is blank or was chosen for another server.
    pub(crate) fn choose(&mut self, other: &str, of: Option<&ServerId>) {
        let other = other.trim();
        if other.is_empty() || !self.has_models_of(of) {
            return;
        }
        if let Some((_, model)) = self.server_mut() {
            other.clone_into(model);
        }
    }

    /// The model that answers; `None` if the provider has none.
    #[must_use]
    pub fn model_id(&self) -> Option<ModelId> {
        let (server, model) = match self.provider {
            ProviderKind::Echo => return None,
            ProviderKind::OpenAi => (&self.base_url, &self.model),
            ProviderKind::Anthropic => (&self.anthropic.base_url, &self.anthropic.model),
            ProviderKind::Gemini => (&self.gemini.base_url, &self.gemini.model),
        };
        Some(ModelId {
            server: shown_address(server),
            model: model.clone(),
        })
    }

    /// How many tokens the model takes that answers.
    #[must_use]
    pub fn context_window(&self) -> u32 {
        let own = self.model_id().and_then(|of| self.context_windows.get(&of));
        own.unwrap_or(self.window_tokens)
    }
}

/// Which server is asked. The names of its models mean nothing to others.
#[derive(Reflect, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(default)]
pub struct ServerId {
    /// What it speaks.
    pub provider: ProviderKind,
    /// Scheme, host and port of its address.
    pub origin: String,
}

impl fmt::Display for ServerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.origin)
    }
}

/// Where a provider is, and which of its models answers.
#[derive(Reflect, Serialize, Deserialize, Clone, Debug, PartialEq)]
pub struct Server {
    /// Its address.
    pub base_url: String,
    /// The name of the model.
    pub model: String,
}

impl Server {
    /// Anthropic's own.
    #[must_use]
    pub fn anthropic() -> Self {
        Self {
            base_url: "https://api.anthropic.com/v1".to_owned(),
            model: "claude-sonnet-4-5".to_owned(),
        }
    }

    /// Google's own.
    #[must_use]
    pub fn gemini() -> Self {
        Self {
            base_url: "https://generativelanguage.googleapis.com/v1beta".to_owned(),
            model: "gemini-2.5-flash".to_owned(),
        }
    }
}

/// How patient to be with a provider, in seconds.
#[derive(Reflect, Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// For how long it may be looked for, and connected to.
    pub connect_s: u32,
    /// For how long it may send nothing before its answer. It may have to load the model first.
    pub first_s: u32,
    /// For how long it may send nothing within its answer.
    pub idle_s: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect_s: 10,
            first_s: 300,
            idle_s: 60,
        }
    }
}

/// How new code is compiled.
#[derive(Reflect, Serialize, Deserialize, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BuildProfile {
    /// As the app itself was: others need another build of the engine, so they ask for a restart.
    #[default]
    Host,
    /// Fast to build.
    Dev,
    /// Fast to run.
    Release,
}

/// Who answers.
#[derive(Reflect, Serialize, Deserialize, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ProviderKind {
    /// Says back what was said, without a network.
    #[default]
    Echo,
    /// A server that speaks the protocol of OpenAI.
    OpenAi,
    /// Anthropic.
    Anthropic,
    /// Google's Gemini.
    Gemini,
}

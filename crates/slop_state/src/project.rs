//! The project that is worked on, and the settings of the app.

use bevy::prelude::*;
use serde::{Deserialize, Serialize};

/// What is worked on.
#[derive(Resource, Reflect, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
pub struct Project {
    /// Shown in the title of the menu bar.
    pub name: String,
    /// The folder that it lives in; empty if none was chosen.
    pub root: String,
    /// Files below the root that are of interest, by their paths from there.
    pub tracked_files: Vec<String>,
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
    /// Where an OpenAI-compatible provider is, without `/chat/completions`.
    pub base_url: String,
    /// Which of its models answers.
    pub model: String,
    /// Whether each part of the app is timed.
    pub perf_profiling_enabled: bool,
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
            perf_profiling_enabled: false,
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
}

//! What a person may set.

use std::path::PathBuf;

use bevy::{ecs::schedule::ExecutorKind, prelude::Resource};
use hot_reloader_build::BuildConfig;

/// Settings of the reloader. A resource, so they can be changed while the app runs.
#[derive(Resource, Clone, Debug)]
pub struct HotReloaderConfig {
    /// The crate names of the plugin libraries. Where `after` leaves it open, the modules run in this order.
    pub libraries: Vec<String>,
    /// How they are built.
    pub build: BuildConfig,
    /// Where staged libraries go, and what the compiler makes and remembers for them. Next to the
    /// executable by default, in a folder named after the first library.
    pub staging_folder: PathBuf,
    /// A file that gets one line of JSON for each finished reload.
    pub report_file: Option<PathBuf>,
    /// For how many frames a new generation can still be rolled back. 60 by default; with 0 it
    /// is accepted as soon as it is in place.
    pub probation_frames: u32,
    /// Whether the host draws its own windows: progress, tint and error panel. On by default. Without, an app can
    /// draw by [`ErrorTint`](super::ErrorTint) and [`HotReloader`](super::HotReloader), which are true all the same.
    pub overlay: bool,
    /// Whether the app listens for requests from outside of its window, such as those of
    /// `hot-reload`; read once, at start. On by default.
    pub remote: bool,
    /// Whether code is built and tried before anybody asks for a reload: after the start, when the window
    /// gets the focus, when Ctrl+Alt go down, when an edit is announced. None of it runs until somebody
    /// asks. On by default.
    pub work_ahead: bool,
    /// The most frames in a second while somebody waits for a build, for an app that draws all the time and
    /// would take the compiler's cores. `None`, the default, changes nothing.
    pub frame_rate_while_building: Option<f32>,
    /// How the systems that a module has in one schedule are run: one after the other by default, which costs
    /// least in a frame. Those with a place among the app's sets are always run in parallel, as in a plain app.
    pub module_executor: ExecutorKind,
}

impl HotReloaderConfig {
    /// For the crates `libraries`, found from the folder of a manifest.
    #[must_use]
    pub fn new(manifest_folder: impl Into<PathBuf>, libraries: &[&str]) -> Self {
        let executable = std::env::current_exe().unwrap_or_default();
        Self {
            libraries: libraries.iter().map(ToString::to_string).collect(),
            build: BuildConfig::new(manifest_folder),
            staging_folder: executable
                .with_file_name("hot_reloader")
                .join(libraries.first().unwrap_or(&"none")),
            report_file: None,
            probation_frames: 60,
            overlay: true,
            remote: true,
            work_ahead: true,
            frame_rate_while_building: None,
            module_executor: ExecutorKind::SingleThreaded,
        }
    }
}

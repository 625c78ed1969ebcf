//! The plugin that a host adds.

use bevy::prelude::{App, Events, Plugin};
use hot_reloader_core::panics;

use super::{
    awake::News,
    code::{self, Held},
    config::HotReloaderConfig,
    delegate::{self, ModuleTimes},
    driver::{self, Driver, Memory},
    exempt::NotRolledBack,
    library::{Cargo, Libraries},
    migration::{self, LeftBehind},
    overlay, panel,
    recording::HostPlugins,
    reloader::{self, HotReloader},
    remote::{self, Remote},
    runner::{self, HotReload},
    set_up::{self, SetUp},
    slots::Delegates,
    trigger::{self, CancelReload, ReloadFinished, ReloadRequest, WorkAhead},
};
use crate::ExemptFromRollback;

/// Makes the app reload its modules from libraries. `hot_plugin!` makes one.
///
/// Loads the libraries in the background as soon as the app runs, so the window opens even if they
/// cannot be built. Draws tint and error panel if the app has a window and `EguiPlugin`, which it
/// adds if it is missing: an app that adds it itself does so before this plugin.
#[derive(Clone, Debug)]
pub struct HotReloaderPlugin {
    /// How it is set up.
    pub config: HotReloaderConfig,
}

impl HotReloaderPlugin {
    /// For the crates `libraries`, found from the folder of a manifest, with default settings.
    #[must_use]
    pub fn new(manifest_folder: &str, libraries: &[&str]) -> Self {
        Self {
            config: HotReloaderConfig::new(manifest_folder, libraries),
        }
    }
}

impl Plugin for HotReloaderPlugin {
    fn build(&self, app: &mut App) {
        panics::install_hook();
        app.insert_resource(self.config.clone())
            .insert_resource(Libraries(Box::new(Cargo::default())));
        app.add_plugins((
            reloader::plugin,
            trigger::plugin,
            runner::plugin,
            delegate::plugin,
            code::plugin,
            migration::plugin,
            set_up::plugin,
            driver::plugin,
            overlay::tell,
        ));
        if self.config.overlay {
            app.add_plugins((overlay::plugin, panel::plugin));
        }
        if self.config.remote {
            app.add_plugins(remote::plugin);
        }
        exempt(app);
    }

    fn finish(&self, app: &mut App) {
        let host = HostPlugins::of(app);
        app.insert_resource(host);
    }
}

/// What is the reloader's own goes on whatever comes of a reload.
fn exempt(app: &mut App) {
    app.exempt_from_rollback::<Delegates>()
        .exempt_from_rollback::<Driver>()
        .exempt_from_rollback::<Events<CancelReload>>()
        .exempt_from_rollback::<Events<ReloadFinished>>()
        .exempt_from_rollback::<Events<ReloadRequest>>()
        .exempt_from_rollback::<Events<WorkAhead>>()
        .exempt_from_rollback::<Held>()
        .exempt_from_rollback::<HostPlugins>()
        .exempt_from_rollback::<HotReload>()
        .exempt_from_rollback::<HotReloader>()
        .exempt_from_rollback::<HotReloaderConfig>()
        .exempt_from_rollback::<LeftBehind>()
        .exempt_from_rollback::<Libraries>()
        .exempt_from_rollback::<Memory>()
        .exempt_from_rollback::<ModuleTimes>()
        .exempt_from_rollback::<News>()
        .exempt_from_rollback::<NotRolledBack>()
        .exempt_from_rollback::<Remote>()
        .exempt_from_rollback::<SetUp>();
}

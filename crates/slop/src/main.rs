//! The host: a window, and the code of `slop_plugin` in it.

use bevy::prelude::{App, AppExit};
use clap::Parser;
use slop_engine::{command_line::CommandLine, host};
#[cfg(feature = "hot")]
use slop_engine_dylib as _;

#[cfg(not(any(feature = "hot", feature = "linked")))]
compile_error!("turn on the feature `hot` (to reload the code) or `linked` (to link it in)");

fn main() -> AppExit {
    let line = CommandLine::parse();
    let mut app = App::new();
    app.add_plugins(host::plugin);
    #[allow(unused_mut, reason = "nothing is set without `hot`")]
    let mut plugin = hot_reloader::hot_plugin!(slop_plugin);
    #[cfg(feature = "hot")]
    match line.data_dir() {
        Ok(data) => {
            plugin.config.staging_folder = data.join("staged");
            plugin.config.report_file.clone_from(&line.report);
        }
        Err(error) => {
            bevy::log::error!("{error}");
            return AppExit::error();
        }
    }
    app.add_plugins(plugin);
    if let Some(frames) = line.exit_after_frames {
        host::exit_after(&mut app, frames);
    }
    app.run()
}

//! The host: a window, and the code of the plugin libraries in it.
#![expect(
    clippy::print_stderr,
    reason = "there is no log yet when the arguments are read"
)]

use bevy::prelude::{App, AppExit};
use clap::Parser;
use slop_engine::{command_line::CommandLine, host::HostPlugin};
#[cfg(feature = "hot")]
use slop_engine_dylib as _;

#[cfg(not(any(feature = "hot", feature = "linked")))]
compile_error!("turn on the feature `hot` (to reload the code) or `linked` (to link it in)");

fn main() -> AppExit {
    let line = CommandLine::parse();
    let data = match line.data_dir() {
        Ok(data) => data,
        Err(error) => {
            eprintln!("error: {error}");
            return AppExit::error();
        }
    };
    let mut app = App::new();
    app.add_plugins(HostPlugin {
        data_dir: data.clone(),
        exit_after_frames: line.exit_after_frames,
    });
    #[allow(unused_mut, reason = "nothing is set without `hot`")]
    let mut plugin = hot_reloader::hot_plugin!(
        slop_controller,
        slop_shell,
        slop_settings,
        slop_hub,
        slop_dashboard,
        slop_panels,
        slop_session
    );
    #[cfg(feature = "hot")]
    {
        plugin.config.report_file = line.report;
    }
    app.add_plugins(plugin).run()
}

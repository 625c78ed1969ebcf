//! Asks a running app for a hot reload.

use std::process::ExitCode;

use clap::Parser;
use hot_reloader_remote::command::{reload, ReloadArguments};

/// Ask a running app to build its plugin anew and to reload it
///
/// Waits until the reload has ended, and prints how. The app must run as the same user.
#[derive(Parser)]
#[command(
    name = "hot-reload",
    version,
    after_help = "Exit codes:\n  \
        0  the new code runs, or nothing had changed\n  \
        1  refused, rolled back or cancelled: the old code goes on\n  \
        2  no app was found, or several, or it gave no report"
)]
struct Arguments {
    #[command(flatten)]
    reload: ReloadArguments,
}

fn main() -> ExitCode {
    reload(&Arguments::parse().reload)
}

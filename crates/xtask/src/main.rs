//! The commands of this repository.
#![expect(clippy::print_stderr, reason = "it talks to the person who called it")]

mod display;
mod packages;
mod run;
mod screenshots;
mod test;

use std::{
    path::PathBuf,
    process::{Command, ExitCode},
};

use anyhow::{bail, Context, Result};
use clap::{Parser, Subcommand};
use display::VirtualDisplay;
use hot_reloader_build::environment;
use hot_reloader_remote::command::{reload, ReloadArguments};

/// The commands of this repository.
#[derive(Parser)]
#[command(name = "cargo xtask")]
struct CommandLine {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Builds an example and starts it, on a virtual display if there is none.
    Example {
        /// The name of its folder in `examples/`.
        name: String,
    },
    /// Asks a running app for a reload, and prints its report.
    Reload(ReloadArguments),
    /// Builds the app and starts it, on a virtual display if there is none.
    Run {
        /// Arguments to the app.
        #[arg(last = true)]
        arguments: Vec<String>,
    },
    /// Pictures every window of the app in both themes, on a virtual display, and once more at scale 2 in
    /// `target/screenshots/scale2`.
    Screenshots {
        /// Where the pictures go.
        #[arg(long, value_name = "DIR", default_value = "target/screenshots")]
        to: PathBuf,
    },
    /// Measures what a reload costs, and what the reloader costs when nothing reloads, on a virtual display.
    Bench {
        /// Only some of: edits, fields, fixture, peers, swap, idle, world, many, types.
        parts: Vec<String>,
    },
    /// Runs every test, on a virtual display.
    Test {
        /// Runs only the tests whose name contains this.
        filter: Option<String>,
    },
}

fn main() -> ExitCode {
    let result = match CommandLine::parse().task {
        Task::Example { name } => run::run(&run::example(&name), &[]),
        // Its exit code says how the reload went.
        Task::Reload(arguments) => return reload(&arguments),
        Task::Run { arguments } => run::run(&run::app(), &arguments),
        Task::Screenshots { to } => screenshots::screenshots(&root().join(to)),
        Task::Bench { parts } => bench(&parts),
        Task::Test { filter } => test::test(filter.as_deref()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Runs the benchmark, whose windows are in nobody's way.
fn bench(parts: &[String]) -> Result<()> {
    let display = VirtualDisplay::for_windows()?;
    let mut bench = cargo();
    bench.args(["run", "--package", "hot_reloader_tests", "--bin", "bench"]);
    check(display.show(bench.arg("--").args(parts)))
}

/// The folder of the workspace.
fn root() -> PathBuf {
    let here = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let root = here.ancestors().nth(2);
    root.expect("the manifest stands two folders below the root")
        .to_owned()
}

/// Cargo in the workspace, as the one that runs this program, and with the environment that builds
/// in the app have: some build scripts run again if they see another one.
fn cargo() -> Command {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(root()).env_clear();
    cargo.envs(environment::clean(std::env::vars_os()));
    cargo
}

/// Runs a command to its end.
fn check(command: &mut Command) -> Result<()> {
    let name = command.get_program().to_string_lossy().into_owned();
    let status = command
        .status()
        .with_context(|| format!("cannot run {name}"))?;
    if !status.success() {
        bail!("{name} ended with {status}");
    }
    Ok(())
}

//! The commands of this repository.
#![expect(clippy::print_stderr, reason = "it talks to the person who called it")]

mod command;
mod display;
mod packages;
mod run;
mod screenshots;
mod test;

use std::{path::PathBuf, process::ExitCode};

use anyhow::Result;
use clap::{Parser, Subcommand};
use command::{cargo, check, root};
use display::VirtualDisplay;
use hot_reloader_remote::command::{reload, ReloadArguments};

/// The parts of the benchmark.
const PARTS: [&str; 9] = [
    "edits", "fields", "fixture", "peers", "swap", "idle", "world", "many", "types",
];

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
    /// Asks a running app for a reload, and prints how it ended.
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
        /// Only these parts.
        #[arg(value_parser = PARTS)]
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_parts_that_the_benchmark_has_are_measured() {
        let bench = include_str!("../../../tests/bench/main.rs");
        let parse = |part: &str| CommandLine::try_parse_from(["xtask", "bench", part]);
        for part in PARTS {
            assert!(bench.contains(&format!("(\"{part}\", ")), "{part}");
            assert!(parse(part).is_ok(), "{part}");
        }
        assert!(parse("edit").is_err());
    }
}

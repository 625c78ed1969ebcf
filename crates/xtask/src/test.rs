//! `cargo xtask test`.

use std::{
    io::{BufRead, BufReader, Write},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{bail, Context, Result};

use crate::{command::cargo, display::VirtualDisplay, run::library_path};

/// What is tested, in the order in which it builds on one another. Cargo unites the features of
/// what is selected together, and another union builds anew what it is in: so what needs no engine is selected at
/// once, and all that needs the engine at once, with the features of the app.
const SELECTIONS: &[&[&str]] = &[
    &[
        "--package",
        "xtask",
        "--package",
        "hot_reloader_core",
        "--package",
        "hot_reloader_build",
        "--package",
        "hot_reloader_transaction",
        "--package",
        "hot_reloader_remote",
        "--package",
        "slop_store",
        "--package",
        "slop_assistant",
        "--package",
        "slop_hands",
    ],
    &[
        "--package",
        "hot_reloader",
        "--package",
        "hot_reloader_bevy",
        "--package",
        "slop_engine",
        "--package",
        "slop_state",
        "--package",
        "slop_common",
        "--package",
        "slop_ui",
        "--package",
        "slop_controller",
        "--package",
        "slop_shell",
        "--package",
        "slop_settings",
        "--package",
        "slop_hub",
        "--package",
        "slop_dashboard",
        "--package",
        "slop_panels",
        "--package",
        "slop_session",
        "--features",
        "hot_reloader/hot,slop_engine/hot",
    ],
    &["--package", "hot_reloader_tests"],
];

/// The app with its modules linked in.
const LINKED: &[&str] = &[
    "--package",
    "slop",
    "--no-default-features",
    "--features",
    "slop/linked",
];

/// What `CONTRIBUTING.md` asks for besides the tests.
const CHECKS: &[&[&str]] = &[
    &["fmt", "--all", "--check"],
    &[
        "clippy",
        "--workspace",
        "--all-targets",
        "--",
        "-D",
        "warnings",
    ],
    &["doc", "--workspace", "--no-deps"],
];

/// Runs all of it to the end, whatever fails, and says at the end what did.
pub(crate) fn test(filter: Option<&str>) -> Result<()> {
    let display = VirtualDisplay::for_windows()?;
    let mut summary = Summary::default();
    for selection in SELECTIONS {
        let mut tests = cargo();
        tests.args(["test", "--no-fail-fast"]).args(*selection);
        // For the tests in the documentation, which cargo starts without.
        let (name, value) = library_path()?;
        tests.args(filter).env(name, value);
        summary.run(
            display.show(&mut tests),
            &format!("cargo test {}", selection.join(" ")),
        )?;
    }
    if filter.is_none() {
        // What a module does is the same in both forms. The app is selected too, for its features.
        let mut contract = cargo();
        contract.args(["test", "--no-fail-fast", "--package", "hot_reloader"]);
        contract.args(LINKED).args(["--test", "contract"]);
        summary.run(display.show(&mut contract), "the contract of both forms")?;
        // Without `hot` the modules are linked in, and nothing else need be there to run them.
        // What it saves is nothing of whoever tests.
        let data = tempfile::tempdir().context("cannot make a data folder")?;
        let mut linked = cargo();
        linked.arg("run").args(LINKED);
        linked.args(["--", "--exit-after-frames", "30", "--data-dir"]);
        linked.arg(data.path());
        summary.run(display.show(&mut linked), "the linked app")?;
        for check in CHECKS {
            let mut command = cargo();
            command.args(*check).env("RUSTDOCFLAGS", "-D warnings");
            summary.run(&mut command, &format!("cargo {}", check.join(" ")))?;
        }
    }
    summary.tell()
}

/// How it went so far.
#[derive(Default)]
struct Summary {
    passed: usize,
    /// Names of tests, and of commands that failed without one.
    failed: Vec<String>,
    times: Vec<(String, Duration)>,
}

impl Summary {
    /// Runs a command to its end, shows what it prints, and keeps what the test runner says.
    fn run(&mut self, command: &mut Command, name: &str) -> Result<()> {
        let start = Instant::now();
        let mut process = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot run {name}"))?;
        let output = process.stdout.take().context("it is piped")?;
        let failed = self.failed.len();
        for line in BufReader::new(output).split(b'\n') {
            let line = line?;
            let mut out = std::io::stdout().lock();
            out.write_all(&line)?;
            out.write_all(b"\n")?;
            self.hear(&String::from_utf8_lossy(&line));
        }
        let status = process.wait()?;
        if !status.success() && self.failed.len() == failed {
            self.failed.push(format!("{name} ({status})"));
        }
        self.times.push((name.to_owned(), start.elapsed()));
        Ok(())
    }

    /// Understands a line of cargo's test runner.
    fn hear(&mut self, line: &str) {
        if let Some(name) = line
            .strip_prefix("test ")
            .and_then(|line| line.strip_suffix(" ... FAILED"))
        {
            self.failed.push(name.to_owned());
        }
        let counts = line.strip_prefix("test result: ");
        let passed = counts.and_then(|counts| {
            let (before, _) = counts.split_once(" passed")?;
            before.rsplit(' ').next()?.parse::<usize>().ok()
        });
        self.passed += passed.unwrap_or_default();
    }

    fn tell(self) -> Result<()> {
        let mut out = std::io::stdout().lock();
        writeln!(out)?;
        for (name, time) in &self.times {
            writeln!(out, "{:>6.0} s  {name}", time.as_secs_f64())?;
        }
        for name in &self.failed {
            writeln!(out, "FAILED  {name}")?;
        }
        writeln!(out, "{} passed, {} failed", self.passed, self.failed.len())?;
        drop(out);
        if !self.failed.is_empty() {
            bail!("not all is well; see the lines above");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_test_runner_says_is_understood() {
        let mut summary = Summary::default();
        for line in [
            "test one ... ok",
            "test two::three ... FAILED",
            "test result: FAILED. 1 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.1s",
            "test result: ok. 20 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.1s",
        ] {
            summary.hear(line);
        }
        assert_eq!(summary.passed, 21);
        assert_eq!(summary.failed, ["two::three"]);
    }
}

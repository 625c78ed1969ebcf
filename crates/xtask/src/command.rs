//! The folder of the workspace, and the commands that run in it.

use std::{path::PathBuf, process::Command};

use anyhow::{bail, Context, Result};
use hot_reloader_build::environment;

/// The folder of the workspace.
pub(crate) fn root() -> PathBuf {
    let here = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let root = here.ancestors().nth(2);
    root.expect("the manifest stands two folders below the root")
        .to_owned()
}

/// Cargo in the workspace, as the one that runs this program, and with the environment that builds
/// in the app have: some build scripts run again if they see another one.
pub(crate) fn cargo() -> Command {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(root()).env_clear();
    cargo.envs(environment::clean(std::env::vars_os()));
    cargo
}

/// Runs a command to its end.
pub(crate) fn check(command: &mut Command) -> Result<()> {
    let name = command.get_program().to_string_lossy().into_owned();
    let status = command
        .status()
        .with_context(|| format!("cannot run {name}"))?;
    if !status.success() {
        bail!("{name} ended with {status}");
    }
    Ok(())
}

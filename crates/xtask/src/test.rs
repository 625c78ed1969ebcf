//! `cargo xtask test`.

use anyhow::Result;

use crate::{cargo, check, display::VirtualDisplay, packages};

/// The packages, in the order in which they build on one another. Each is selected alone: cargo
/// unites the features of a selection, and other features build the engine anew.
const PACKAGES: &[&str] = &[
    "hot_reloader_core",
    "hot_reloader_build",
    "hot_reloader_macros",
    "slop_engine",
    "slop_plugin",
    "hot_reloader_tests",
];

pub(crate) fn test(filter: Option<&str>) -> Result<()> {
    packages::ensure(packages::WINDOW)?;
    packages::ensure(packages::VIRTUAL_DISPLAY)?;
    packages::ensure(packages::KEYS)?;
    let display = VirtualDisplay::start()?;
    for package in PACKAGES {
        let mut tests = cargo();
        tests.args(["test", "--package", package]).args(filter);
        check(
            tests
                .env("DISPLAY", &display.name)
                .env_remove("WAYLAND_DISPLAY"),
        )?;
    }
    Ok(())
}

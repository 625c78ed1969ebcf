//! `cargo xtask test`.

use std::process::Command;

use anyhow::Result;

use crate::{cargo, check, display::VirtualDisplay, packages, run::library_path};

/// What is tested, in the order in which it builds on one another. Cargo unites the features of
/// what is selected together, and another union builds the engine anew: so all that needs the
/// engine is selected at once, with the features of the app.
const SELECTIONS: &[&[&str]] = &[
    &["--package", "hot_reloader_core"],
    &["--package", "hot_reloader_build"],
    &["--package", "hot_reloader_remote"],
    &["--package", "slop_store", "--package", "slop_assistant"],
    &[
        "--package",
        "hot_reloader",
        "--package",
        "slop_engine",
        "--package",
        "slop_plugin",
        "--features",
        "hot_reloader/hot,slop_engine/hot",
    ],
    &["--package", "hot_reloader_tests"],
];

pub(crate) fn test(filter: Option<&str>) -> Result<()> {
    packages::ensure(packages::WINDOW)?;
    packages::ensure(packages::VIRTUAL_DISPLAY)?;
    packages::ensure(packages::KEYS)?;
    let display = VirtualDisplay::start()?;
    for selection in SELECTIONS {
        let mut tests = cargo();
        tests.arg("test").args(*selection).args(filter);
        // For the tests in the documentation, which cargo starts without.
        let (name, value) = library_path()?;
        tests.env(name, value);
        check(on(&mut tests, &display))?;
    }
    if filter.is_none() {
        // Without `hot` the modules are linked in, and nothing else need be there to run them.
        let mut linked = cargo();
        linked.args([
            "run",
            "--package",
            "slop",
            "--no-default-features",
            "--features",
            "linked",
        ]);
        check(on(
            linked.args(["--", "--exit-after-frames", "30"]),
            &display,
        ))?;
    }
    Ok(())
}

fn on<'a>(command: &'a mut Command, display: &VirtualDisplay) -> &'a mut Command {
    command
        .env("DISPLAY", &display.name)
        .env_remove("WAYLAND_DISPLAY")
}

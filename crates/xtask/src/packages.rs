//! What the system must have.

use std::process::{Command, Stdio};

use anyhow::{bail, Context, Result};

use crate::command::check;

/// To open a window and draw in it.
pub(crate) const WINDOW: &[&str] = &[
    "libx11-6",
    "libx11-xcb1",
    "libxcursor1",
    "libxi6",
    "libxkbcommon-x11-0",
    "libxrandr2",
    "mesa-vulkan-drivers",
];

/// To do so where there is no display, to look at it, and to press keys in it.
pub(crate) const VIRTUAL_DISPLAY: &[&str] = &["imagemagick", "xdotool", "xvfb"];

/// Installs what of `lists` a Debian system lacks, or names it if it may not: all at once, so nobody is asked
/// twice. Other systems are taken at their word.
pub(crate) fn ensure(lists: &[&[&str]]) -> Result<()> {
    let packages = lists.iter().copied().flatten().copied();
    let missing: Vec<_> = packages.filter(|package| is_missing(package)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    eprintln!("installing {}", missing.join(" "));
    let apt = |arguments: &[&str]| {
        let mut apt = Command::new("apt-get");
        apt.env("DEBIAN_FRONTEND", "noninteractive");
        check(apt.args(arguments).stdout(Stdio::null()))
    };
    let mut install = vec!["install", "--yes", "--no-install-recommends"];
    install.extend(&missing);
    // One source of packages that cannot be reached says nothing of the others.
    let _ = apt(&["update"]);
    apt(&install).with_context(|| {
        let list = missing.join(" ");
        format!("some packages are missing; install them with: sudo apt-get install {list}")
    })?;
    if let Some(package) = missing.iter().find(|package| is_missing(package)) {
        bail!("apt-get did not install {package}");
    }
    Ok(())
}

fn is_missing(package: &str) -> bool {
    let mut query = Command::new("dpkg-query");
    query.args(["--show", "--showformat=${db:Status-Status}\n", package]);
    match query.stderr(Stdio::null()).output() {
        Ok(output) => !says_installed(&output.stdout),
        // No Debian.
        Err(_) => false,
    }
}

/// There is a line for each architecture that a package is there for, as where games of 32 bits run too.
fn says_installed(statuses: &[u8]) -> bool {
    statuses
        .split(|byte| *byte == b'\n')
        .any(|status| status == b"installed")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_may_be_there_for_several_architectures() {
        assert!(says_installed(b"installed\n"));
        assert!(says_installed(b"installed\ninstalled\n"));
        for statuses in ["", "not-installed\n", "config-files\n", "unpacked\n"] {
            assert!(!says_installed(statuses.as_bytes()), "{statuses}");
        }
    }

    #[test]
    fn the_page_for_ones_own_app_names_what_a_window_needs() {
        let page = include_str!("../../../docs/your-own-app.md");
        for package in WINDOW {
            assert!(page.contains(package), "{package}");
        }
    }
}

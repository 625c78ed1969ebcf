//! A display where there is none.

use std::{
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use anyhow::{bail, Context, Result};

use crate::packages;

/// A virtual display, which ends with this value.
pub(crate) struct VirtualDisplay {
    server: Child,
    /// What `DISPLAY` is to be.
    pub(crate) name: String,
    /// How many pixels a point is wide.
    pub(crate) scale: u32,
}

impl VirtualDisplay {
    /// Starts one with all that it takes to use a window.
    pub(crate) fn for_windows() -> Result<Self> {
        packages::ensure(&[packages::WINDOW, packages::VIRTUAL_DISPLAY])?;
        Self::at_scale(1)
    }

    /// Has a command show its windows there.
    pub(crate) fn show<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        command
            .env("DISPLAY", &self.name)
            .env_remove("WAYLAND_DISPLAY")
    }

    /// Starts one under a free number, of 1280 by 800 points, each of which is so many pixels wide.
    pub(crate) fn at_scale(scale: u32) -> Result<Self> {
        let screen = format!("{}x{}x24", 1280 * scale, 800 * scale);
        let mut server = Command::new("Xvfb")
            .args([
                "-displayfd",
                "1",
                "-screen",
                "0",
                screen.as_str(),
                "-nolisten",
                "tcp",
                // It would turn away who comes just when the last one has gone.
                "-noreset",
            ])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .context("cannot start Xvfb; install the package xvfb")?;
        let mut number = String::new();
        let stdout = server.stdout.take().context("Xvfb has no output")?;
        // It writes the number when it is ready.
        BufReader::new(stdout).read_line(&mut number)?;
        let number = number.trim();
        if number.is_empty() {
            bail!("Xvfb ended at once; `Xvfb -displayfd 1` says why");
        }
        let name = format!(":{number}");
        Ok(Self {
            server,
            name,
            scale,
        })
    }

    /// Writes what is on it to a file.
    pub(crate) fn screenshot(&self, file: &Path) -> bool {
        // Written beside it first, so that nobody sees half a picture.
        let part: PathBuf = file.with_extension("part.png");
        let mut import = Command::new("import");
        import
            .env("DISPLAY", &self.name)
            .args(["-window", "root"])
            .arg(&part);
        import.stdout(Stdio::null()).stderr(Stdio::null());
        import.status().is_ok_and(|status| status.success()) && std::fs::rename(&part, file).is_ok()
    }
}

impl Drop for VirtualDisplay {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

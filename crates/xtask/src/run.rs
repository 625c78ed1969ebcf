//! `cargo xtask run` and `cargo xtask example`.

use std::{
    env,
    ffi::OsString,
    path::PathBuf,
    process::{Command, ExitStatus},
    thread,
    time::{Duration, Instant},
};

use anyhow::{bail, Context, Result};

use crate::{
    command::{cargo, check, root},
    display::VirtualDisplay,
    packages,
};

/// How often the picture of a virtual display is made anew.
const SCREENSHOT: Duration = Duration::from_secs(3);

/// A hot app of this repository.
pub(crate) struct App {
    /// The folder of its host, below the root.
    folder: String,
    /// The package of its host.
    host: String,
}

/// The app.
pub(crate) fn app() -> App {
    App {
        folder: "crates/slop".to_owned(),
        host: "slop".to_owned(),
    }
}

/// An example, which is host and library in one package.
pub(crate) fn example(name: &str) -> App {
    App {
        folder: format!("examples/{name}"),
        host: name.to_owned(),
    }
}

pub(crate) fn run(app: &App, arguments: &[String]) -> Result<()> {
    let folder = root().join(&app.folder);
    if !folder.is_dir() {
        bail!("there is no folder {}", folder.display());
    }
    // The app is built for X11. On Wayland it needs Xwayland, which sets the same variable.
    let has_display = env::var_os("DISPLAY").is_some_and(|name| !name.is_empty());
    // Before the build, which takes minutes: what is missing is told at once.
    let display = if has_display {
        packages::ensure(&[packages::WINDOW])?;
        None
    } else {
        Some(VirtualDisplay::for_windows()?)
    };
    build(app)?;
    let status = match display {
        Some(display) => on_virtual_display(&display, app, arguments)?,
        None => app
            .command()?
            .args(arguments)
            .status()
            .context("cannot start the app")?,
    };
    if !status.success() {
        bail!("the app ended with {status}");
    }
    Ok(())
}

/// Builds the host. It builds its plugin libraries itself, and remembers how.
pub(crate) fn build(app: &App) -> Result<()> {
    check(cargo().args(["build", "--package", &app.host]))
}

impl App {
    /// The host, with its shared libraries where the loader finds them.
    pub(crate) fn command(&self) -> Result<Command> {
        let target = target()?;
        let mut app = Command::new(
            target
                .join(&self.host)
                .with_extension(env::consts::EXE_EXTENSION),
        );
        let (name, value) = library_path()?;
        app.env(name, value);
        Ok(app)
    }
}

/// The folder of what was built.
fn target() -> Result<PathBuf> {
    let this = env::current_exe().context("cannot find the folder of what was built")?;
    let folder = this.parent().context("the executable stands in a folder")?;
    Ok(folder.to_owned())
}

/// Where the loader is to look for shared libraries, as `cargo run` sets it.
pub(crate) fn library_path() -> Result<(&'static str, OsString)> {
    let target = target()?;
    let name = if cfg!(windows) {
        "PATH"
    } else if cfg!(target_vendor = "apple") {
        "DYLD_FALLBACK_LIBRARY_PATH"
    } else {
        "LD_LIBRARY_PATH"
    };
    let output = Command::new("rustc")
        .args(["--print", "target-libdir"])
        .current_dir(root())
        .output()?;
    let std = String::from_utf8(output.stdout).context("rustc names a folder")?;
    let mut folders = vec![target.join("deps"), target, std.trim().into()];
    folders.extend(env::var_os(name).iter().flat_map(env::split_paths));
    Ok((name, env::join_paths(folders)?))
}

fn on_virtual_display(
    display: &VirtualDisplay,
    app: &App,
    arguments: &[String],
) -> Result<ExitStatus> {
    let picture = target()?.with_file_name("screenshot.png");
    eprintln!(
        "there is no X11 display, so the app runs on a virtual one, DISPLAY={}",
        display.name
    );
    eprintln!(
        "what it shows is in {}, made anew every {SCREENSHOT:?}",
        picture.display()
    );
    eprintln!(
        "keys: DISPLAY={} xdotool search --onlyvisible --name . windowfocus --sync key ctrl+alt+r",
        display.name
    );
    let mut app = app.command()?;
    let mut app = display.show(app.args(arguments)).spawn()?;
    let mut last = Instant::now();
    loop {
        if let Some(status) = app.try_wait()? {
            return Ok(status);
        }
        if last.elapsed() > SCREENSHOT {
            display.screenshot(&picture);
            last = Instant::now();
        }
        thread::sleep(Duration::from_millis(100));
    }
}

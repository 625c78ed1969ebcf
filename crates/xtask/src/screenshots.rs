//! `cargo xtask screenshots`.

use std::{
    fs,
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{bail, Context, Result};
use hot_reloader_remote::{ask, find, Reply, Request};

use crate::{display::VirtualDisplay, packages, root, run};

/// For whatever is waited for.
const DEADLINE: Duration = Duration::from_secs(120);

/// The themes of the app.
const THEMES: [&str; 2] = ["default", "nerv"];

/// The time of some frames, in which what is pressed is seen to be down.
const FRAMES: Duration = Duration::from_millis(150);

/// The windows that are pictured: a name, and the keys that bring it up and put it away.
const WINDOWS: [(&str, &[&str]); 8] = [
    ("workbench", &[]),
    ("settings", &["ctrl", "1"]),
    ("performance", &["ctrl", "4"]),
    ("log", &["ctrl", "5"]),
    ("context", &["ctrl", "6"]),
    ("hands", &["ctrl", "7"]),
    ("help", &["F1"]),
    ("palette", &["ctrl", "shift", "p"]),
];

/// The tab of the dashboard that shows the reloader.
const RELOADS: (&str, &str) = ("712", "73");

/// Pictures every window of the app, in each theme, with the sample state in `assets/demo`; then the
/// tint with the panel that says why.
pub(crate) fn screenshots(folder: &Path) -> Result<()> {
    packages::ensure(packages::WINDOW)?;
    packages::ensure(packages::VIRTUAL_DISPLAY)?;
    packages::ensure(packages::KEYS)?;
    run::build(&run::app())?;
    fs::create_dir_all(folder)?;
    for theme in THEMES {
        let display = VirtualDisplay::start()?;
        let data = tempfile::tempdir()?;
        let sample = root().join("assets/demo/state.ron");
        let state = fs::read_to_string(&sample)
            .with_context(|| format!("cannot read {}", sample.display()))?;
        let named = state.replace("theme: \"default\"", &format!("theme: \"{theme}\""));
        fs::write(data.path().join("state.ron"), named)?;
        let app = App::start(&display, data.path())?;
        for (name, keys) in WINDOWS {
            app.press(keys)?;
            app.picture(&folder.join(format!("{theme}-{name}.png")))?;
            app.press(keys)?;
        }
        app.xdotool(&["mousemove", "--sync", RELOADS.0, RELOADS.1])?;
        for half in ["mousedown", "mouseup"] {
            thread::sleep(FRAMES);
            app.xdotool(&[half, "1"])?;
        }
        thread::sleep(FRAMES);
        app.xdotool(&["mousemove", "--sync", "1279", "799"])?;
        app.picture(&folder.join(format!("{theme}-reloads.png")))?;
        // A reload that is refused, without an edit of anything.
        app.reload(Some(vec!["no_such_module".to_owned()]))?;
        app.picture(&folder.join(format!("{theme}-tint.png")))?;
    }
    Ok(())
}

/// The running app. Ended when it is dropped.
struct App<'a> {
    process: Child,
    display: &'a VirtualDisplay,
    data: &'a Path,
}

impl<'a> App<'a> {
    /// Waits until its code runs and its window has the keys.
    fn start(display: &'a VirtualDisplay, data: &'a Path) -> Result<Self> {
        let process = run::app()
            .command()?
            .arg("--data-dir")
            .arg(data)
            .env("DISPLAY", &display.name)
            .env("XDG_DATA_HOME", data)
            .env_remove("WAYLAND_DISPLAY")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("cannot start the app")?;
        let app = Self {
            process,
            display,
            data,
        };
        app.reload(None)?;
        let window = wait("the window", || {
            let output = app.xdotool(&["search", "--onlyvisible", "--name", "Manual Slop"]);
            let output = output.ok()?;
            output.lines().next_back().map(str::to_owned)
        })?;
        app.xdotool(&["windowfocus", "--sync", &window])?;
        // Over nothing that would light up.
        app.xdotool(&["mousemove", "--sync", "1279", "799"])?;
        Ok(app)
    }

    fn reload(&self, modules: Option<Vec<String>>) -> Result<()> {
        let folder = self.data.join("hot_reloader/sockets");
        let running = wait("the socket", || find(&folder, Some(self.process.id())).ok())?;
        match ask(&running, &Request::new(modules))? {
            Reply::Report { .. } | Reply::Heard => Ok(()),
            Reply::Error { error } => bail!("{error}"),
        }
    }

    /// Presses keys one after the other, and lets go of them.
    fn press(&self, keys: &[&str]) -> Result<()> {
        for key in keys {
            self.xdotool(&["keydown", key])?;
            thread::sleep(FRAMES);
        }
        for key in keys.iter().rev() {
            self.xdotool(&["keyup", key])?;
            thread::sleep(FRAMES);
        }
        Ok(())
    }

    fn xdotool(&self, arguments: &[&str]) -> Result<String> {
        let mut xdotool = Command::new("xdotool");
        let output = xdotool
            .args(arguments)
            .env("DISPLAY", &self.display.name)
            .output()
            .context("cannot run xdotool")?;
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// Writes what is on the display as soon as it stands still, which a graph never does.
    fn picture(&self, file: &Path) -> Result<()> {
        let start = Instant::now();
        let mut last = Vec::new();
        wait("a picture", || {
            if !self.display.screenshot(file) {
                return None;
            }
            let picture = fs::read(file).ok()?;
            let is_done = picture == last || start.elapsed() > Duration::from_secs(4);
            last = picture;
            is_done.then_some(())
        })
    }
}

impl Drop for App<'_> {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn wait<T>(what: &str, mut attempt: impl FnMut() -> Option<T>) -> Result<T> {
    let start = Instant::now();
    loop {
        if let Some(found) = attempt() {
            return Ok(found);
        }
        if start.elapsed() > DEADLINE {
            bail!("{what} never came about");
        }
        thread::sleep(Duration::from_millis(300));
    }
}

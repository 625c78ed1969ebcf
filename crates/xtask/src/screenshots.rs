//! `cargo xtask screenshots`.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{bail, Context, Result};
use hot_reloader_remote::{ask, find, Reply, Request};
use tempfile::TempDir;

use crate::{command::root, display::VirtualDisplay, run};

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

/// What else is pictured: a name, and what of the sample state is other then.
const SCENES: [(&str, [&str; 2]); 3] = [
    ("ticket", [BOARD, "selected: Some(5), draft: None)"]),
    (
        "graph",
        [BOARD, "selected: None, draft: None, graph: true)"],
    ),
    ("plan", ["board: (", PLAN]),
];

/// How the sample state says that no ticket is open.
const BOARD: &str = "selected: None, draft: None)";

/// What the orchestrator proposes.
const PLAN: &str = r#"planning: (
            goal: "Themes that a person can make",
            proposal: [
                (
                    key: "read",
                    title: "Read themes from the project's folder",
                    text: "Every file in `themes/`, beside those that come with the app.",
                    depends_on: [],
                ),
                (
                    key: "errors",
                    title: "Say what is wrong with one, and where",
                    text: "With file, line and column. The last good theme stays.",
                    depends_on: ["read"],
                ),
                (
                    key: "choose",
                    title: "Offer them in Project Settings",
                    text: "",
                    depends_on: ["read"],
                ),
            ],
        ),
        board: ("#;

/// Where those at scale 2 go. They are large, so they are never kept with the others.
const SHARP: &str = "target/screenshots/scale2";

/// The tab of the dashboard that shows the reloader, in points.
const RELOADS: (u32, u32) = (712, 73);

/// Pictures every window of the app, in each theme, with the sample state in `assets/demo`; then the
/// tint with the panel that says why, and what a window shows in other states; all of it at scale 2 too.
pub(crate) fn screenshots(folder: &Path) -> Result<()> {
    let display = VirtualDisplay::for_windows()?;
    let sharp_display = VirtualDisplay::at_scale(2)?;
    run::build(&run::app())?;
    pictures(&display, folder)?;
    pictures(&sharp_display, &root().join(SHARP))
}

fn pictures(display: &VirtualDisplay, folder: &Path) -> Result<()> {
    fs::create_dir_all(folder)
        .with_context(|| format!("cannot make the folder {}", folder.display()))?;
    let path = root().join("assets/demo/state.ron");
    let sample =
        fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    for theme in THEMES {
        let state = in_theme(&sample, theme)?;
        windows(display, &state, |name| {
            folder.join(format!("{theme}-{name}.png"))
        })?;
        for (name, [was, is]) in SCENES {
            let state = replaced(&state, was, is)?;
            let file = folder.join(format!("{theme}-{name}.png"));
            picture(display, Some(&state), &file)?;
        }
    }
    // With no state there is no theme but the first.
    let file = folder.join(format!("{}-first-start.png", THEMES[0]));
    picture(display, None, &file)
}

fn in_theme(state: &str, theme: &str) -> Result<String> {
    let chosen = format!("theme: \"{theme}\"");
    replaced(state, &format!("theme: \"{}\"", THEMES[0]), &chosen)
}

/// A state in which something is other.
fn replaced(state: &str, was: &str, is: &str) -> Result<String> {
    if state.matches(was).count() != 1 {
        bail!("assets/demo/state.ron has `{was}` not once; mend the scene in screenshots.rs");
    }
    Ok(state.replace(was, is))
}

/// Pictures every window, the reloader's tab and the tint, one after the other in one app.
fn windows(display: &VirtualDisplay, state: &str, file: impl Fn(&str) -> PathBuf) -> Result<()> {
    let data = data_folder(Some(state))?;
    let app = App::start(display, data.path())?;
    for (name, keys) in WINDOWS {
        app.press(keys)?;
        app.picture(&file(name))?;
        app.press(keys)?;
    }
    app.point(RELOADS)?;
    for half in ["mousedown", "mouseup"] {
        thread::sleep(FRAMES);
        app.xdotool(&[half, "1"])?;
    }
    thread::sleep(FRAMES);
    app.leave()?;
    app.picture(&file("reloads"))?;
    // A reload that is refused, without an edit of anything.
    app.reload(Some(vec!["no_such_module".to_owned()]))?;
    app.picture(&file("tint"))
}

/// Pictures what an app shows that begins with this state, or for the first time.
fn picture(display: &VirtualDisplay, state: Option<&str>, file: &Path) -> Result<()> {
    let data = data_folder(state)?;
    let app = App::start(display, data.path())?;
    app.picture(file)
}

/// A new data folder for an app, with this state in it.
fn data_folder(state: Option<&str>) -> Result<TempDir> {
    let folder = tempfile::tempdir().context("cannot make a data folder")?;
    if let Some(state) = state {
        let file = folder.path().join("state.ron");
        fs::write(&file, state).with_context(|| format!("cannot write {}", file.display()))?;
    }
    Ok(folder)
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
        let mut app = run::app().command()?;
        app.arg("--data-dir")
            .arg(data)
            .env("WINIT_X11_SCALE_FACTOR", display.scale.to_string())
            .env("XDG_DATA_HOME", data)
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let process = display.show(&mut app).spawn();
        let process = process.context("cannot start the app")?;
        let app = Self {
            process,
            display,
            data,
        };
        if !app.reload(None)? {
            bail!("the app's code does not run; see `cargo xtask run`");
        }
        let window = wait("the window", || {
            let output = app.xdotool(&["search", "--onlyvisible", "--name", "Manual Slop"]);
            let output = output.ok()?;
            output.lines().next_back().map(str::to_owned)
        })?;
        app.xdotool(&["windowfocus", "--sync", &window])?;
        app.leave()?;
        Ok(app)
    }

    /// Moves the pointer over nothing that would light up.
    fn leave(&self) -> Result<()> {
        self.point((1279, 799))
    }

    /// Moves the pointer to a place in points.
    fn point(&self, (x, y): (u32, u32)) -> Result<()> {
        let [x, y] = [x, y].map(|at| (at * self.display.scale).to_string());
        self.xdotool(&["mousemove", "--sync", &x, &y])?;
        Ok(())
    }

    /// Whether the code that was asked for runs then.
    fn reload(&self, modules: Option<Vec<String>>) -> Result<bool> {
        let folder = self.data.join("hot_reloader/sockets");
        let running = wait("the socket", || find(&folder, Some(self.process.id())).ok())?;
        match ask(&running, &Request::new(modules))? {
            Reply::Report { success, .. } => Ok(success),
            Reply::Heard => Ok(true),
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
        let output = self.display.show(xdotool.args(arguments)).output();
        let output = output.context("cannot run xdotool")?;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scene_fits_the_sample_state() {
        let sample = include_str!("../../../assets/demo/state.ron");
        for theme in THEMES {
            let state = in_theme(sample, theme).unwrap();
            assert!(state.contains(&format!("theme: \"{theme}\"")));
            for (name, [was, is]) in SCENES {
                let scene = replaced(&state, was, is);
                assert!(scene.unwrap().contains(is), "{name}");
            }
        }
        assert!(replaced(sample, "no such text", "").is_err());
    }
}

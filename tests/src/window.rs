//! The app in a real window, driven by real keys and looked at through its pixels.

use std::{
    error::Error,
    fmt, fs,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    sync::{Mutex, MutexGuard, OnceLock, PoisonError},
    thread,
    time::{Duration, Instant},
};

use hot_reloader_remote::{ask, find, Reply, Request};
use serde_json::Value;
use x11rb::protocol::xproto::{ClientMessageEvent, ConnectionExt, EventMask};

use crate::lab::{self, copy_tree, edit, lab, root, write, Profile, LIBRARIES};

/// For whatever a test waits for. The first start of the app compiles all of its libraries before anything is to be
/// seen, which takes a slow machine minutes.
pub(crate) const DEADLINE: Duration = Duration::from_secs(300);

/// The longest time between two looks at what is waited for.
const PAUSE: Duration = Duration::from_millis(100);

/// Leaves the processor to the app and to the compiler, which are what is waited for. Whoever has waited long may
/// well wait a little longer, so a short wait stays short.
fn pause(start: Instant) {
    thread::sleep((start.elapsed() / 10).min(PAUSE));
}

/// The packages of the app below its plugin libraries that a test may edit, as a copy. Host and libraries are copied
/// too.
const BELOW: [&str; 3] = ["slop_common", "slop_state", "slop_ui"];

/// One at a time, for all are the same files.
static COPY: Mutex<()> = Mutex::new(());

/// A copy of the app's own packages in the laboratory, and the app built of it. Nobody else has one until it is
/// dropped, so no test takes back what another one has edited.
#[derive(Debug)]
pub struct AppCopy {
    folder: PathBuf,
    _copy: MutexGuard<'static, ()>,
}

impl AppCopy {
    /// As it stands in the repository.
    ///
    /// # Panics
    ///
    /// If it cannot be made or built.
    #[must_use]
    pub fn new() -> Self {
        let mine = COPY.lock().unwrap_or_else(PoisonError::into_inner);
        lab::prepare();
        let folder = lab().join("app");
        let manifest =
            fs::read_to_string(root().join("Cargo.toml")).expect("the manifest is there");
        let manifest = edit(
            &manifest,
            "members = [\"crates/*\", \"examples/*\", \"tests\"]",
            "members = [\"crates/*\"]",
        );
        let mut manifest = edit(&manifest, "exclude = [\"tests/fixtures\"]\n", "");
        manifest = edit(
            &manifest,
            "path = \"crates/",
            &format!("path = \"{}/crates/", root().display()),
        );
        // Nothing depends on the host.
        for package in BELOW.into_iter().chain(LIBRARIES) {
            let original = format!("path = \"{}/crates/{package}\"", root().display());
            manifest = edit(
                &manifest,
                &original,
                &format!("path = \"crates/{package}\""),
            );
        }
        write(&folder.join("Cargo.toml"), &manifest);
        if !folder.join("Cargo.lock").exists() {
            fs::copy(root().join("Cargo.lock"), folder.join("Cargo.lock")).expect("it is copied");
        }
        let copy = Self {
            folder: folder.clone(),
            _copy: mine,
        };
        copy_tree(&root().join("assets/themes"), &folder.join("assets/themes"));
        for package in ["slop"].into_iter().chain(BELOW).chain(LIBRARIES) {
            copy_tree(
                &root().join("crates").join(package),
                &copy.folder.join("crates").join(package),
            );
        }
        static BUILT: OnceLock<()> = OnceLock::new();
        BUILT.get_or_init(|| {
            let status = lab::cargo()
                .args(["build", "--offline", "--package", "slop"])
                .current_dir(&copy.folder)
                .status()
                .expect("cargo runs");
            assert!(status.success(), "the app does not build");
        });
        copy
    }

    /// Its workspace.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// A source file of a package, such as `slop_shell/src/menu.rs`.
    #[must_use]
    pub fn source(&self, path: &str) -> PathBuf {
        self.folder.join("crates").join(path)
    }

    /// Replaces a text in a source file.
    ///
    /// # Panics
    ///
    /// If it does not occur.
    pub fn edit(&self, path: &str, from: &str, to: &str) {
        let file = self.source(path);
        let source = fs::read_to_string(&file).expect("the source is there");
        write(&file, &edit(&source, from, to));
    }

    /// Starts the app and waits until its code runs.
    #[must_use]
    pub fn start(&self) -> Window {
        self.start_in(|_| {})
    }

    /// As [`start`](Self::start), with what a start before has saved.
    ///
    /// # Panics
    ///
    /// If it cannot be written.
    #[must_use]
    pub fn start_from(&self, state: &str) -> Window {
        self.start_in(|data| write(&data.join("state.ron"), state))
    }

    fn start_in(&self, prepare: impl FnOnce(&Path)) -> Window {
        let arguments: fn(&mut Command, &Path) = |app, data| {
            app.arg("--data-dir").arg(data);
            app.arg("--report").arg(data.join("report.jsonl"));
        };
        let window = Window::start_in(prepare, "slop", "Manual Slop", arguments);
        window.report(1);
        window
    }

    /// A theme of the app.
    #[must_use]
    pub fn theme(&self, name: &str) -> PathBuf {
        self.folder.join("assets/themes").join(name)
    }
}

impl Default for AppCopy {
    fn default() -> Self {
        Self::new()
    }
}

/// What is on the display.
#[derive(Clone, PartialEq, Eq)]
pub struct Picture {
    width: usize,
    pixels: Vec<[u8; 3]>,
}

/// A part of a picture: left, top, width, height.
pub type Area = (usize, usize, usize, usize);

/// The pixels of an area, row by row.
#[derive(Clone, PartialEq, Eq)]
pub struct Pixels(Vec<[u8; 3]>);

impl Pixels {
    /// Of each pixel, whether it has this colour, give or take what rounding makes of it.
    #[must_use]
    pub fn of(&self, color: [u8; 3]) -> Vec<bool> {
        self.0.iter().map(|pixel| is_near(*pixel, color)).collect()
    }

    /// Whether any has this colour.
    #[must_use]
    pub fn has(&self, color: [u8; 3]) -> bool {
        self.of(color).contains(&true)
    }

    /// Whether any is bright.
    #[must_use]
    pub fn is_lit(&self) -> bool {
        self.0.iter().any(|pixel| pixel[0] > 100)
    }
}

fn is_near(pixel: [u8; 3], color: [u8; 3]) -> bool {
    let mut channels = pixel.iter().zip(color);
    channels.all(|(a, b)| a.abs_diff(b) <= 1)
}

/// Thousands of numbers would tell nobody anything.
impl fmt::Debug for Pixels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} pixels", self.0.len())
    }
}

impl Picture {
    /// The pixels of an area, row by row.
    #[must_use]
    pub fn area(&self, (left, top, width, height): Area) -> Pixels {
        let rows = (top..top + height).map(|y| &self.pixels[y * self.width + left..][..width]);
        Pixels(rows.flatten().copied().collect())
    }

    /// The first pixel in an area, row by row, that satisfies a condition.
    ///
    /// # Panics
    ///
    /// If the area is not within the picture.
    #[must_use]
    pub fn first(
        &self,
        (left, top, width, height): Area,
        condition: impl Fn([u8; 3]) -> bool,
    ) -> Option<(u32, u32)> {
        let mut places =
            (top..top + height).flat_map(|y| (left..left + width).map(move |x| (x, y)));
        let found = places.find(|(x, y)| condition(self.pixels[y * self.width + x]));
        found.map(|(x, y)| on_display(x, y))
    }

    /// The middle of the first rectangle of this size in an area, row by row, that has one colour
    /// throughout, give or take what rounding makes of it: a field, or a button beside its text.
    ///
    /// # Panics
    ///
    /// If the area is not within the picture.
    #[must_use]
    pub fn find(
        &self,
        (left, top, width, height): Area,
        (wide, tall): (usize, usize),
        color: [u8; 3],
    ) -> Option<(u32, u32)> {
        let is_filled = |(x, y): &(usize, usize)| {
            let mut rows = (*y..y + tall).map(|y| &self.pixels[y * self.width + x..][..wide]);
            rows.all(|row| row.iter().all(|pixel| is_near(*pixel, color)))
        };
        let tops = top..=top + height - tall;
        let mut places = tops.flat_map(|y| (left..=left + width - wide).map(move |x| (x, y)));
        let (x, y) = places.find(is_filled)?;
        Some(on_display(x + wide / 2, y + tall / 2))
    }

    /// Where pieces of this colour begin in an area, such as buttons: row by row, and in each from left to right.
    /// Between those of a row, and between rows, is the other colour.
    ///
    /// # Panics
    ///
    /// If the area is not within the picture.
    #[must_use]
    pub fn rows(
        &self,
        (left, top, width, height): Area,
        color: [u8; 3],
        between: [u8; 3],
    ) -> Vec<Vec<(u32, u32)>> {
        let mut rows = Vec::new();
        let mut is_within = false;
        for y in top..top + height {
            let line = &self.pixels[y * self.width + left..][..width];
            let pieces = pieces(line, color, between);
            let is_first = !pieces.is_empty() && !is_within;
            is_within = !pieces.is_empty();
            if is_first {
                // Within, and not on its edge.
                let places = pieces.iter().map(|x| on_display(left + x + 3, y + 6));
                rows.push(places.collect());
            }
        }
        rows
    }

    /// How many pixels have this colour, give or take what rounding makes of it.
    #[must_use]
    pub fn count(&self, color: [u8; 3]) -> usize {
        let pixels = self.pixels.iter();
        pixels.filter(|pixel| is_near(**pixel, color)).count()
    }

    /// Whether all of it is tinted red, but for the reason, which may be as high as half of it.
    #[must_use]
    pub fn is_red(&self) -> bool {
        self.red_share() > 0.3
    }

    /// The share of pixels in which red clearly outweighs the others.
    #[must_use]
    pub fn red_share(&self) -> f64 {
        let red = |p: &&[u8; 3]| u16::from(p[0]) > 40 + u16::from(p[1].max(p[2]));
        self.pixels.iter().filter(red).count() as f64 / self.pixels.len() as f64
    }
}

/// What Linux tells of a process, from its state on; `None` if it is gone.
fn stat(number: &str) -> Option<Vec<String>> {
    let stat = fs::read_to_string(format!("/proc/{number}/stat")).ok()?;
    // Its name stands before that, and may contain spaces.
    let (_, rest) = stat.rsplit_once(')')?;
    Some(rest.split_whitespace().map(str::to_owned).collect())
}

/// Where pieces of this colour begin in a line of pixels. What is written in one is part of it; it ends where the
/// other colour is.
fn pieces(line: &[[u8; 3]], color: [u8; 3], between: [u8; 3]) -> Vec<usize> {
    /// As wide as what is beside the text of a button.
    const WIDE: usize = 6;
    let mut places = Vec::new();
    let mut is_within = false;
    for (x, pixels) in line.windows(WIDE).enumerate() {
        if is_near(pixels[0], between) {
            is_within = false;
        } else if !is_within && pixels.iter().all(|pixel| is_near(*pixel, color)) {
            is_within = true;
            places.push(x);
        }
    }
    places
}

/// A place as [`Window::click`] takes it.
fn on_display(x: usize, y: usize) -> (u32, u32) {
    let of = |number: usize| u32::try_from(number).expect("no display is so large");
    (of(x), of(y))
}

/// One at a time, for they would lie over one another.
static DISPLAY: Mutex<()> = Mutex::new(());

/// A running app, which has the display for itself. Ended when it is dropped.
#[derive(Debug)]
pub struct Window {
    program: &'static str,
    title: &'static str,
    arguments: fn(&mut Command, &Path),
    process: Child,
    data: tempfile::TempDir,
    // Dropped last.
    _display: MutexGuard<'static, ()>,
}

impl Window {
    /// Starts a program of the laboratory, with a data folder of its own, and waits for its window.
    ///
    /// # Panics
    ///
    /// If it cannot be started.
    #[must_use]
    pub fn start(
        program: &'static str,
        title: &'static str,
        arguments: fn(&mut Command, &Path),
    ) -> Self {
        Self::start_in(|_| {}, program, title, arguments)
    }

    /// As [`start`](Self::start), with what `prepare` puts into the data folder.
    fn start_in(
        prepare: impl FnOnce(&Path),
        program: &'static str,
        title: &'static str,
        arguments: fn(&mut Command, &Path),
    ) -> Self {
        let display = DISPLAY.lock().unwrap_or_else(PoisonError::into_inner);
        let data = tempfile::tempdir().expect("a folder can be made");
        prepare(data.path());
        let window = Self {
            process: launch(program, arguments, data.path()),
            program,
            title,
            arguments,
            data,
            _display: display,
        };
        window.focus();
        window
    }

    /// Kills the app, as a power cut does, and starts it anew with the same data.
    ///
    /// # Panics
    ///
    /// If it cannot be started.
    pub fn kill_and_restart(&mut self) {
        self.process.kill().expect("it is ours");
        self.process.wait().expect("it is ours");
        self.start_again();
    }

    /// Closes the window, as a person does with its cross, and waits until the app has ended.
    ///
    /// # Panics
    ///
    /// If it does not end.
    pub fn close(&mut self) -> ExitStatus {
        let id = self.id().parse().expect("ids are numbers");
        ask_to_close(id).expect("the display takes messages");
        let start = Instant::now();
        loop {
            if let Some(status) = self.process.try_wait().expect("it is ours") {
                return status;
            }
            assert!(start.elapsed() < DEADLINE, "the app never ended");
            pause(start);
        }
    }

    /// Starts an app that has ended anew with the same data, and waits until its code runs: of an app
    /// that writes its reports.
    ///
    /// # Panics
    ///
    /// If it cannot be started.
    pub fn start_again(&mut self) {
        let _ = fs::remove_file(self.data.path().join("report.jsonl"));
        self.process = launch(self.program, self.arguments, self.data.path());
        self.focus();
        self.report(1);
    }

    fn focus(&self) {
        xdotool(&["windowfocus", "--sync", &self.id()]);
    }

    /// What the display calls its window.
    fn id(&self) -> String {
        self.wait_for("its window", || {
            let output = xdotool(&["search", "--onlyvisible", "--name", self.title]);
            let id = output.lines().next_back().map(str::to_owned);
            id.filter(|id| !id.is_empty())
        })
    }

    /// Where the app keeps its files.
    #[must_use]
    pub fn data(&self) -> &Path {
        self.data.path()
    }

    /// Waits until a file in the data folder satisfies a condition.
    pub fn saved(&self, file: &str, what: &str, condition: impl Fn(&str) -> bool) -> String {
        self.wait_for(what, || {
            let text = fs::read_to_string(self.data.path().join(file)).ok()?;
            condition(&text).then_some(text)
        })
    }

    /// Asks for a reload from outside of the window, and waits for its report.
    ///
    /// # Panics
    ///
    /// If there is none.
    #[must_use]
    pub fn reload(&self, modules: &[&str]) -> Value {
        let modules: Vec<_> = modules.iter().map(ToString::to_string).collect();
        let modules = Some(modules).filter(|modules| !modules.is_empty());
        self.report_of(Request::new(modules))
    }

    /// Asks for a rebuild of all modules from outside of the window, and waits for its report.
    ///
    /// # Panics
    ///
    /// If there is none.
    #[must_use]
    pub fn rebuild(&self) -> Value {
        self.report_of(Request::new(None).rebuilding())
    }

    fn report_of(&self, request: Request) -> Value {
        match self.ask(request) {
            Reply::Report { report, .. } => report,
            other => panic!("no report: {other:?}"),
        }
    }

    /// Announces an edit from outside of the window.
    ///
    /// # Panics
    ///
    /// If nobody listens.
    pub fn announce(&self) {
        let reply = self.ask(Request::announcement());
        assert_eq!(reply, Reply::Heard);
    }

    fn ask(&self, request: Request) -> Reply {
        let folder = self.data.path().join("hot_reloader/sockets");
        let app = self.wait_for("its socket", || find(&folder, Some(self.process.id())).ok());
        let asking = thread::spawn(move || ask(&app, &request));
        self.wait_for("the answer", || asking.is_finished().then_some(()));
        let answer = asking.join().expect("asking does not panic");
        answer.unwrap_or_else(|error| panic!("no answer: {error}"))
    }

    /// The time of a core that the app has taken so far. Linux counts it in hundredths of a second.
    ///
    /// # Panics
    ///
    /// If the system does not tell it.
    #[must_use]
    pub fn processor_time(&self) -> Duration {
        let stat = stat(&self.process.id().to_string());
        let stat = stat.expect("it is listed while it runs");
        // The times in user and kernel mode.
        let ticks = stat[11..13].iter();
        let ticks = ticks.map(|ticks| ticks.parse::<u64>().expect("a number"));
        Duration::from_millis(ticks.sum::<u64>() * 10)
    }

    /// Waits until the app has run no compiler for a while: what it does before anybody asks is done. It begins with what
    /// the linker is spared, which takes some seconds.
    ///
    /// # Panics
    ///
    /// If it goes on compiling.
    pub fn wait_until_ready(&self) {
        const QUIET: Duration = Duration::from_secs(8);
        let app = self.process.id().to_string();
        let mut last = Instant::now();
        self.wait_for("that nothing is compiled any more", || {
            let all = fs::read_dir("/proc").expect("it is there").flatten();
            let all = all.filter_map(|process| stat(process.file_name().to_str()?));
            if all.into_iter().any(|stat| stat[1] == app) {
                last = Instant::now();
            }
            (last.elapsed() > QUIET).then_some(())
        });
    }

    /// Waits until what is in the world satisfies a condition: of an app with `probe_api::Watch`.
    ///
    /// # Panics
    ///
    /// If that writes no JSON.
    pub fn watch(&self, what: &str, condition: impl Fn(&Value) -> bool) -> Value {
        self.wait_for(what, || {
            let text = fs::read_to_string(self.data.path().join("watch.json")).ok()?;
            let world: Value = serde_json::from_str(&text).expect("it is JSON");
            condition(&world).then_some(world)
        })
    }

    /// What is in the world after this, when two more frames have passed.
    ///
    /// # Panics
    ///
    /// As [`watch`](Self::watch).
    #[must_use]
    pub fn world(&self) -> Value {
        let frame = |world: &Value| world["frame"].as_u64().expect("frames are counted");
        let now = frame(&self.watch("the world", |_| true));
        self.watch("two more frames", |world| frame(world) > now + 1)
    }

    /// Waits for the report of this number.
    pub fn report(&self, number: usize) -> Value {
        self.wait_for(&format!("report {number}"), || {
            let text = fs::read_to_string(self.data.path().join("report.jsonl")).ok()?;
            let line = text.split_inclusive('\n').nth(number - 1)?;
            line.ends_with('\n')
                .then(|| serde_json::from_str(line).expect("reports are JSON"))
        })
    }

    /// What is on the display now.
    ///
    /// # Panics
    ///
    /// If it cannot be had.
    #[must_use]
    pub fn look(&self) -> Picture {
        let output = Command::new("import")
            .args(["-window", "root", "-depth", "8", "ppm:-"])
            .output()
            .expect("imagemagick is there");
        let header: Vec<_> = output.stdout.splitn(4, |byte| *byte == b'\n').collect();
        let [b"P6", size, b"255", pixels] = header[..] else {
            panic!("not a picture: {}", String::from_utf8_lossy(&output.stderr));
        };
        let size = String::from_utf8_lossy(size);
        let width = size
            .split(' ')
            .next()
            .and_then(|w| w.parse().ok())
            .expect("a width");
        Picture {
            width,
            pixels: pixels.chunks_exact(3).map(|p| [p[0], p[1], p[2]]).collect(),
        }
    }

    /// Waits until what is on the display satisfies a condition.
    pub fn see(&self, what: &str, condition: impl Fn(&Picture) -> bool) -> Picture {
        self.wait_for(what, || {
            let picture = self.look();
            condition(&picture).then_some(picture)
        })
    }

    /// Waits until two pictures in a row are the same in an area.
    pub fn still(&self, area: Area) -> Pixels {
        self.wait_for("a picture that stays", || {
            let (first, second) = (self.look().area(area), self.look().area(area));
            (first == second).then_some(first)
        })
    }

    /// Waits for something. If it never comes about, there is a picture of what the display shows.
    ///
    /// # Panics
    ///
    /// If it never comes about.
    pub fn wait_for<T>(&self, what: &str, mut condition: impl FnMut() -> Option<T>) -> T {
        let start = Instant::now();
        loop {
            if let Some(value) = condition() {
                return value;
            }
            if start.elapsed() > DEADLINE {
                let picture = root().join("target/lab/failed.png");
                let _ = Command::new("import")
                    .args(["-window", "root"])
                    .arg(&picture)
                    .status();
                panic!("{what} never came about; see {}", picture.display());
            }
            pause(start);
        }
    }

    /// Clicks.
    pub fn click(&self, x: u32, y: u32) {
        // A person moves to a place before pressing; egui wants a frame for each.
        self.point(x, y);
        self.hold_button(|| ());
    }

    /// Clicks on a button that the cursor is not on, as fast as the app follows: it looks otherwise under the
    /// cursor, and once more when it is held down. What comes before the app knows the cursor there may be a
    /// click on nothing, and so may be one that the cursor leaves in the frame of its end.
    pub fn click_button(&self, x: u32, y: u32) {
        let area = (x as usize - 6, y as usize - 4, 12, 8);
        let at_rest = self.look().area(area);
        self.point(x, y);
        let button = self.see("a button under the cursor", |picture| {
            picture.area(area) != at_rest
        });
        let under_cursor = button.area(area);
        let held = self.hold_button(|| {
            self.see("a button that is held down", |picture| {
                let now = picture.area(area);
                now != at_rest && now != under_cursor
            })
        });
        let held = held.area(area);
        self.see("a button that is let go of", |picture| {
            picture.area(area) != held
        });
    }

    /// Moves the cursor.
    pub fn point(&self, x: u32, y: u32) {
        xdotool(&["mousemove", "--sync", &x.to_string(), &y.to_string()]);
    }

    /// Moves the cursor, and waits until the app knows: of an app with `probe_api::Watch`.
    pub fn point_and_wait(&self, x: u32, y: u32) {
        // From next to it, so that there is a movement to know of.
        self.point(x - 1, y);
        self.point(x, y);
        let place = [f64::from(x), f64::from(y)];
        self.watch("the cursor there", |world| {
            let cursor = |axis: usize| world["cursor"][axis].as_f64();
            [cursor(0), cursor(1)] == place.map(Some)
        });
    }

    /// Holds the left button of the mouse down while something comes about.
    pub fn hold_button<T>(&self, meanwhile: impl FnOnce() -> T) -> T {
        xdotool(&["mousedown", "1"]);
        let result = meanwhile();
        xdotool(&["mouseup", "1"]);
        result
    }

    /// Types.
    pub fn type_text(&self, text: &str) {
        xdotool(&["type", "--delay", "20", text]);
    }

    /// Holds a key down while something comes about.
    pub fn hold<T>(&self, key: &str, meanwhile: impl FnOnce() -> T) -> T {
        xdotool(&["keydown", key]);
        let result = meanwhile();
        xdotool(&["keyup", key]);
        result
    }

    /// Presses a chord such as `ctrl+alt+r`.
    pub fn press(&self, chord: &str) {
        xdotool(&["key", chord]);
    }
}

fn launch(program: &str, arguments: fn(&mut Command, &Path), data: &Path) -> Child {
    let mut command = lab::launch(program, Profile::Dev);
    arguments(&mut command, data);
    command
        .env("CARGO_NET_OFFLINE", "true")
        .env("XDG_DATA_HOME", data)
        .env("WATCH", data.join("watch.json"))
        .stdout(Stdio::null())
        .spawn()
        .expect("the app starts")
}

impl Drop for Window {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Does what a window manager does when somebody closes a window. `xdotool` can only destroy it.
fn ask_to_close(window: u32) -> Result<(), Box<dyn Error>> {
    let (display, _) = x11rb::connect(None)?;
    let protocols = display.intern_atom(false, b"WM_PROTOCOLS")?.reply()?.atom;
    let delete = display.intern_atom(false, b"WM_DELETE_WINDOW")?;
    let delete = delete.reply()?.atom;
    let message = ClientMessageEvent::new(32, window, protocols, [delete, 0, 0, 0, 0]);
    let sent = display.send_event(false, window, EventMask::NO_EVENT, message)?;
    sent.check()?;
    Ok(())
}

fn xdotool(arguments: &[&str]) -> String {
    let output = Command::new("xdotool").args(arguments).output();
    String::from_utf8_lossy(&output.expect("xdotool is there").stdout).into_owned()
}

//! An example of Bevy in its window, as a hot app.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::Command,
    sync::{Mutex, MutexGuard, OnceLock, PoisonError},
    thread,
};

use hot_reloader_tests::{
    lab::{self, edit, lab, root, write},
    recipes::{Recipe, DESK_TOY, HOST, PACKAGE},
    window::{Picture, Window},
};
use serde_json::Value;

/// What two of the examples need besides the engine, with the features that the engine has it with.
const SECTIONS: &str = r#"
[features]
default = ["hot"]
hot = ["hot_reloader/hot"]

[dependencies.rand]
version = "0.8"
default-features = false

[dependencies.rand_chacha]
version = "0.3"
default-features = false
"#;

/// A file in the sources of a published crate.
pub(crate) fn source_of_bevy(package: &str, file: &str) -> PathBuf {
    static METADATA: OnceLock<Value> = OnceLock::new();
    let metadata = METADATA.get_or_init(|| {
        let output = lab::cargo()
            .args(["metadata", "--format-version", "1"])
            .args(["--filter-platform", "x86_64-unknown-linux-gnu"])
            .current_dir(root())
            .output()
            .expect("cargo runs");
        serde_json::from_slice(&output.stdout).expect("it is JSON")
    });
    let packages = metadata["packages"].as_array().expect("there are packages");
    let package = packages.iter().find(|found| found["name"] == package);
    let manifest = package.expect("it is one")["manifest_path"].as_str();
    Path::new(manifest.unwrap()).parent().unwrap().join(file)
}

/// What an app prints, in its data folder.
const LOG: &str = "log.txt";

/// An example, running. The package is its alone meanwhile.
pub(crate) struct Program {
    pub(crate) window: Window,
    source: PathBuf,
    _package: MutexGuard<'static, ()>,
}

impl Program {
    /// Starts it, and waits until its code runs.
    #[track_caller]
    pub(crate) fn start(recipe: &Recipe) -> Self {
        static TURNS: Mutex<()> = Mutex::new(());
        let package = TURNS.lock().unwrap_or_else(PoisonError::into_inner);
        let folder = lab::workspace(PACKAGE, SECTIONS);
        let source = folder.join("src/lib.rs");
        let example = fs::read_to_string(source_of_bevy("bevy", recipe.example));
        let applied = recipe.apply(&example.expect("it is there"));
        write(&source, &applied.library);
        for beside in recipe.beside {
            let from = source_of_bevy("bevy", beside);
            let text = fs::read_to_string(&from).expect("it is there");
            write(&source.with_file_name(from.file_name().unwrap()), &text);
        }
        build_hosts(&folder);
        let program = if recipe.main == HOST {
            PACKAGE
        } else {
            recipe.name
        };
        let window = Window::start(program, recipe.title, prepare);
        let program = Self {
            window,
            source,
            _package: package,
        };
        let report = program.window.reload(&[]);
        assert!(report["error"].is_null(), "{report:#}");
        program
    }

    #[track_caller]
    fn try_edit(&self, from: &str, to: &str, outcome: &str) {
        let source = fs::read_to_string(&self.source).unwrap();
        write(&self.source, &edit(&source, from, to));
        let report = self.window.reload(&[]);
        assert_eq!(report["outcome"], outcome, "{report:#}");
    }

    /// Edits it, and reloads it.
    #[track_caller]
    pub(crate) fn edit(&self, from: &str, to: &str) {
        self.try_edit(from, to, "committed");
    }

    /// Edits it, and rebuilds it.
    #[track_caller]
    pub(crate) fn edit_and_rebuild(&self, from: &str, to: &str) {
        let source = fs::read_to_string(&self.source).unwrap();
        write(&self.source, &edit(&source, from, to));
        let report = self.window.rebuild();
        assert_eq!(report["outcome"], "committed", "{report:#}");
    }

    /// Breaks it by code that does not compile or panics. The old code goes on with what there was. Then mends
    /// it by code that does something else.
    #[track_caller]
    pub(crate) fn break_and_mend(&self, good: &str, broken: (&str, &str), mended: &str) {
        let (broken, outcome) = broken;
        let before = self.window.world();
        self.try_edit(good, broken, outcome);
        let after = self.window.world();
        assert_eq!(scene(&after), scene(&before), "nothing has changed");
        assert_eq!(after["nodes"], before["nodes"], "nor among the nodes");
        self.edit(broken, mended);
    }

    /// Rebuilds it by code that panics in its first frame. The old code goes on with what there was.
    #[track_caller]
    pub(crate) fn break_and_rebuild(&self, good: &str, broken: &str) {
        let before = self.window.world();
        let source = fs::read_to_string(&self.source).unwrap();
        write(&self.source, &edit(&source, good, broken));
        let report = self.window.rebuild();
        assert_eq!(report["outcome"], "rolled_back", "{report:#}");
        let after = self.window.world();
        assert_eq!(scene(&after), scene(&before), "nothing has changed");
        assert_eq!(after["nodes"], before["nodes"], "nor among the nodes");
        write(&self.source, &source);
    }

    /// Clicks on a button.
    pub(crate) fn click(&self, label: &str) {
        self.click_on(&format!("the button {label:?}"), |world| {
            let mut buttons = buttons(world).into_iter();
            buttons.find(|button| button["label"] == label).cloned()
        });
    }

    /// Clicks on a node, as soon as it stays where it is.
    pub(crate) fn click_on(&self, what: &str, find: impl Fn(&Value) -> Option<Value>) {
        let place = || {
            // A text has a size once its font is there.
            let place = |world: &Value| {
                let node = find(world)?;
                let is_laid_out = node["height"].as_f64()? > 20.0;
                is_laid_out.then_some((node["x"].as_f64()? as u32, node["y"].as_f64()? as u32))
            };
            let world = self.window.watch(what, |world| place(world).is_some());
            place(&world).unwrap()
        };
        let mut at = place();
        loop {
            let _ = self.window.world();
            let then = std::mem::replace(&mut at, place());
            if then == at {
                break;
            }
        }
        self.press_at(at.0, at.1);
    }

    /// Presses the button of the mouse for some frames.
    pub(crate) fn press_at(&self, x: u32, y: u32) {
        self.window.point_and_wait(x, y);
        self.window.hold_button(|| self.window.world());
    }

    /// What it has printed, once that satisfies a condition.
    pub(crate) fn printed(&self, what: &str, condition: impl Fn(&str) -> bool) -> String {
        self.window.saved(LOG, what, condition)
    }
}

/// Of a test that has failed, what its app had to say.
#[expect(clippy::print_stderr, reason = "the test runner shows it")]
impl Drop for Program {
    fn drop(&mut self) {
        if thread::panicking() {
            let log = fs::read_to_string(self.window.data().join(LOG)).unwrap_or_default();
            let lines: Vec<_> = log.lines().collect();
            let last = &lines[lines.len().saturating_sub(60)..];
            eprintln!("{}", last.join("\n"));
        }
    }
}

/// What an app finds where it starts, and where what it prints goes.
fn prepare(app: &mut Command, data: &Path) {
    let log = File::create(data.join(LOG)).expect("a file can be made");
    app.env("BEVY_ASSET_ROOT", lab().join(PACKAGE))
        .env_remove("RUST_LOG")
        .stderr(log);
}

/// The hosts are the same whatever the library is, and stay what they are.
fn build_hosts(folder: &Path) {
    static BUILT: OnceLock<()> = OnceLock::new();
    BUILT.get_or_init(|| {
        write(&folder.join("src/main.rs"), HOST);
        let other = format!("src/bin/{}.rs", DESK_TOY.name);
        write(&folder.join(other), DESK_TOY.main);
        make_assets(&folder.join("assets"));
        lab::build(folder);
    });
}

/// Stand-ins for what is in the repository of Bevy only.
fn make_assets(folder: &Path) {
    let icon = folder.join("branding/icon.png");
    let font = folder.join("fonts/FiraSans-Bold.ttf");
    for file in [&icon, &font] {
        fs::create_dir_all(file.parent().unwrap()).expect("folders can be made");
    }
    let status = Command::new("convert")
        .args(["-size", "256x256", "xc:#ff0000"])
        .arg(format!("PNG24:{}", icon.display()))
        .status();
    assert!(status.expect("imagemagick is there").success());
    let of_the_engine = source_of_bevy("bevy_text", "src/FiraMono-subset.ttf");
    fs::copy(of_the_engine, font).expect("it is copied");
}

/// Where things are and what is written: all of it.
pub(crate) fn scene(world: &Value) -> (&Value, &Value) {
    (&world["places"], &world["texts"])
}

/// Where the sprite of this width is.
pub(crate) fn sprite(world: &Value, width: f64) -> Option<(f64, f64)> {
    let places = world["places"].as_array()?;
    let is_it = |place: &&Value| place["sprite"] == true && place["width"] == width;
    let place = places.iter().find(is_it)?;
    Some((place["x"].as_f64()?, place["y"].as_f64()?))
}

/// How many pixels of the window have this colour, give or take what rounding makes of it.
pub(crate) fn pixels(picture: &Picture, color: [u8; 3]) -> usize {
    let near = picture.area((0, 0, 1280, 720)).of(color);
    near.into_iter().filter(|is_near| *is_near).count()
}

/// The buttons.
pub(crate) fn buttons(world: &Value) -> Vec<&Value> {
    let nodes = world["nodes"].as_array().expect("a list");
    nodes.iter().filter(|node| node["button"] == true).collect()
}

/// Whether a text is shown.
pub(crate) fn says(world: &Value, text: &str) -> bool {
    let texts = world["texts"].as_array().expect("a list");
    texts.iter().any(|found| found == text)
}

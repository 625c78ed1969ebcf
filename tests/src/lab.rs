//! Where tests build.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
    time::SystemTime,
};

/// The dependencies of everything built in the laboratory: the same ones with the same features,
/// so that cargo builds them once.
const DEPENDENCIES: &str = r#"
bevy = { version = "=0.14.2", default-features = false, features = [
    "bevy_asset", "bevy_color", "bevy_core_pipeline", "bevy_render", "bevy_sprite", "bevy_state",
    "bevy_text", "bevy_ui", "bevy_winit", "default_font", "multi_threaded", "png", "serialize", "x11",
] }
hot_reloader = { path = "ROOT/crates/hot_reloader" }
probe_api = { path = "ROOT/tests/fixtures/probe_api" }
ron = "0.8"
serde = { version = "1", features = ["derive"] }
serde_json = "1"
unified_features = { path = "ROOT/crates/unified_features" }
"#;

/// As in the workspace, so that what it built need not be built again.
const PROFILES: &str = r#"
[patch.crates-io]
prefer-dynamic = { path = "ROOT/crates/prefer_dynamic" }

[profile.dev]
debug = "line-tables-only"

[profile.dev.package."*"]
opt-level = 1
debug = false
"#;

/// The plugin libraries of the app.
pub const LIBRARIES: [&str; 7] = [
    "slop_controller",
    "slop_dashboard",
    "slop_hub",
    "slop_panels",
    "slop_session",
    "slop_settings",
    "slop_shell",
];

/// The folder of the repository.
#[must_use]
pub fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent()
        .expect("the manifest stands in the repository")
        .to_owned()
}

/// The folder of the laboratory.
#[must_use]
pub fn lab() -> PathBuf {
    root().join("target/lab")
}

/// Where everything in the laboratory is built.
#[must_use]
pub fn target() -> PathBuf {
    lab().join("target")
}

/// Cargo, as a shell would start it. Of what cargo told this test, some build scripts would run again, and all that
/// depends on them would be built anew: now, and once more by whoever builds next.
#[must_use]
pub fn cargo_of_a_shell() -> Command {
    let mut cargo = Command::new("cargo");
    for (name, _) in std::env::vars() {
        let of_cargo = name.starts_with("CARGO_PKG") || name.starts_with("CARGO_MANIFEST");
        if of_cargo || name == "LD_LIBRARY_PATH" || name == "CARGO" {
            cargo.env_remove(name);
        }
    }
    cargo
}

/// Cargo, as it runs in the laboratory.
#[must_use]
pub fn cargo() -> Command {
    let mut cargo = cargo_of_a_shell();
    cargo.env("CARGO_TARGET_DIR", target());
    cargo
}

/// A program that was built in the laboratory, as a shell would start it: with its shared libraries
/// where the loader finds them, and without what cargo told this test.
///
/// # Panics
///
/// If there is no compiler.
#[must_use]
pub fn launch(name: &str, profile: Profile) -> Command {
    let std = Command::new("rustc")
        .args(["--print", "target-libdir"])
        .output();
    let std = String::from_utf8(std.expect("rustc runs").stdout).expect("a path");
    let deps = profile.folder().join("deps");
    let mut program = Command::new(profile.folder().join(name));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("CARGO")) {
        program.env_remove(name);
    }
    program.env("CARGO_TARGET_DIR", target()).env(
        "LD_LIBRARY_PATH",
        format!("{}:{}", deps.display(), std.trim()),
    );
    program
}

/// Makes the laboratory fit for use, once: what the workspace has built of the published crates is
/// brought over, since it would come out the same.
pub fn prepare() {
    static ONCE: OnceLock<()> = OnceLock::new();
    ONCE.get_or_init(|| {
        fs::create_dir_all(lab()).expect("the laboratory can be made");
        if !target().join("debug").exists() {
            for folder in ["deps", "build", ".fingerprint"] {
                let from = root().join("target/debug").join(folder);
                bring_over(&from, &target().join("debug").join(folder));
            }
        }
    });
}

/// Brings all files over, but for those of our own crates, whose names do not tell one build from
/// another. If it cannot be done, cargo builds anew.
fn bring_over(from: &Path, to: &Path) {
    let Ok(entries) = fs::read_dir(from) else {
        return;
    };
    let _ = fs::create_dir_all(to);
    for entry in entries.flatten() {
        let name = entry.file_name();
        let text = name.to_string_lossy();
        let ours = ["hot_reloader", "slop", "unified_features", "xtask"];
        let is_ours = ours
            .iter()
            .any(|part| text.trim_start_matches("lib").starts_with(part));
        if is_ours {
            continue;
        }
        let (from, to) = (entry.path(), to.join(&name));
        let large = from
            .extension()
            .is_some_and(|e| e == "rlib" || e == "rmeta");
        if from.is_dir() {
            bring_over(&from, &to);
        } else if large {
            // The compiler replaces these and never writes into them, so they can be shared.
            let _ = fs::hard_link(from, to);
        } else {
            let _ = copy_with_time(&from, &to);
        }
    }
}

/// Cargo tells what is fresh by the times of files.
fn copy_with_time(from: &Path, to: &Path) -> std::io::Result<()> {
    fs::copy(from, to)?;
    let modified = fs::metadata(from)?.modified()?;
    fs::File::options()
        .append(true)
        .open(to)?
        .set_modified(modified)
}

/// Writes a file unless it holds the text already, so that cargo sees a change only if there is one.
///
/// # Panics
///
/// If it cannot be written.
pub fn write(path: &Path, text: &str) {
    if fs::read_to_string(path).is_ok_and(|old| old == text) {
        return;
    }
    let folder = path.parent().expect("a file stands in a folder");
    fs::create_dir_all(folder).expect("folders can be made");
    fs::write(path, text).expect("files can be written");
}

/// How something is compiled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    /// As a developer does, whom waiting costs more than slow code.
    Dev,
    /// As what is shipped, engine included.
    Release,
}

impl Profile {
    /// As cargo is told it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Dev => "dev",
            Self::Release => "release",
        }
    }

    /// Where cargo puts what it builds.
    #[must_use]
    pub fn folder(self) -> PathBuf {
        target().join(match self {
            Self::Dev => "debug",
            Self::Release => "release",
        })
    }
}

/// A workspace of one package in the laboratory.
///
/// # Panics
///
/// If it cannot be written.
#[must_use]
pub fn workspace(name: &str, sections: &str) -> PathBuf {
    workspace_with(name, sections, DEPENDENCIES)
}

/// As [`workspace`], with other dependencies. The versions of what they have in common are the same.
///
/// # Panics
///
/// If it cannot be written.
#[must_use]
pub fn workspace_with(name: &str, sections: &str, dependencies: &str) -> PathBuf {
    prepare();
    let folder = lab().join(name);
    let manifest = package(name, sections, dependencies);
    write(
        &folder.join("Cargo.toml"),
        &format!("[workspace]\n\n{manifest}{}", in_root(PROFILES)),
    );
    if !folder.join("Cargo.lock").exists() {
        let lock = root().join("Cargo.lock");
        fs::copy(lock, folder.join("Cargo.lock")).expect("there is a lock file");
    }
    folder
}

/// The manifest of a package.
fn package(name: &str, sections: &str, dependencies: &str) -> String {
    in_root(&format!(
        "[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2021\"\n\
         {sections}\n[dependencies]{dependencies}"
    ))
}

/// `ROOT` stands for the folder of the repository.
fn in_root(text: &str) -> String {
    text.replace("ROOT", &root().display().to_string())
}

/// A package more in a workspace of the laboratory, with the same dependencies. The package of the workspace
/// must depend on it, which makes it a member.
///
/// # Panics
///
/// If it cannot be written.
pub fn member(folder: &Path, name: &str, sections: &str) {
    write(
        &folder.join("Cargo.toml"),
        &package(name, sections, DEPENDENCIES),
    );
}

/// Copies a folder of texts.
pub(crate) fn copy_tree(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).expect("the folder is there").flatten() {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_tree(&entry.path(), &target);
        } else {
            let text = fs::read_to_string(entry.path()).expect("sources are text");
            write(&target, &text);
        }
    }
}

/// A hot app in the laboratory, built: host and library in one package.
///
/// # Panics
///
/// If it does not build.
#[must_use]
pub fn app(name: &str, source: &Path) -> PathBuf {
    let folder = workspace(
        name,
        "\n[features]\ndefault = [\"hot\"]\nhot = [\"hot_reloader/hot\"]\n",
    );
    copy_tree(source, &folder.join("src"));
    build(&folder);
    folder
}

/// Builds the package in a folder of the laboratory.
///
/// # Panics
///
/// If it does not build.
pub fn build(folder: &Path) {
    let status = cargo()
        .args(["build", "--offline", "--manifest-path"])
        .arg(folder.join("Cargo.toml"))
        .status()
        .expect("cargo runs");
    assert!(status.success(), "{} does not build", folder.display());
}

/// The headless host, built in a profile.
///
/// # Panics
///
/// If it does not build.
#[must_use]
pub fn host(profile: Profile) -> Command {
    static HOSTS: [OnceLock<()>; 2] = [OnceLock::new(), OnceLock::new()];
    HOSTS[profile as usize].get_or_init(|| {
        let folder = workspace(
            "probe_host",
            "\n[features]\ndefault = [\"hot\"]\nhot = [\"hot_reloader/hot\"]\n",
        );
        let source = root().join("tests/fixtures/host/src/main.rs");
        let source = fs::read_to_string(source).expect("the host's source is there");
        write(&folder.join("src/main.rs"), &source);
        let status = cargo()
            .args([
                "build",
                "--offline",
                "--profile",
                profile.name(),
                "--manifest-path",
            ])
            .arg(folder.join("Cargo.toml"))
            .status()
            .expect("cargo runs");
        assert!(status.success(), "the host does not build");
    });
    launch("probe_host", profile)
}

/// The file with the commands of a meddling cargo.
const MEDDLE: &str = "meddle.sh";

/// One test's copy of the fixture library.
#[derive(Debug)]
pub struct Fixture {
    /// The name of its package and crate.
    pub name: String,
    /// Where it stands.
    pub folder: PathBuf,
    /// How it is compiled.
    pub profile: Profile,
}

impl Fixture {
    /// A copy at version 1, under a name of its own.
    ///
    /// # Panics
    ///
    /// If it cannot be written.
    #[must_use]
    pub fn new(test: &str) -> Self {
        Self::in_profile(test, Profile::Dev)
    }

    /// As [`Fixture::new`], to be compiled with its host in a profile.
    ///
    /// # Panics
    ///
    /// If it cannot be written.
    #[must_use]
    pub fn in_profile(test: &str, profile: Profile) -> Self {
        let name = format!("game_{test}");
        let folder = workspace(&name, "\n[features]\nhot = [\"hot_reloader/hot\"]\n");
        let fixture = Self {
            name,
            folder,
            profile,
        };
        fixture.clear();
        fixture.write(&Self::v1());
        fixture
    }

    /// Removes what a test may have put beside the source.
    pub fn clear(&self) {
        for extra in ["build.rs", MEDDLE] {
            let _ = fs::remove_file(self.folder.join(extra));
        }
    }

    /// A program that is cargo, but after each build runs the shell commands that
    /// [`meddle`](Self::meddle) left, with the library's path in `$LIB`.
    ///
    /// # Panics
    ///
    /// If it cannot be written.
    #[must_use]
    pub fn meddling_cargo(&self) -> PathBuf {
        let path = self.folder.join("cargo.sh");
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        let now = now.expect("it is after 1970").as_nanos();
        let script = format!(
            "#!/bin/sh\n# {now}\nLIB={}\nMEDDLE={}\nif [ \"$1\" != rustc ] || [ ! -e $MEDDLE ]; then exec cargo \"$@\"; fi\n. $MEDDLE\n",
            self.library().display(),
            self.folder.join(MEDDLE).display(),
        );
        write(&path, &script);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("it is ours");
        }
        path
    }

    /// What [`meddling_cargo`](Self::meddling_cargo) runs instead of cargo. It is written anew, so that the
    /// next build asks it: another cargo may do other things.
    pub fn meddle(&self, commands: &str) {
        write(&self.folder.join(MEDDLE), commands);
        let _ = self.meddling_cargo();
    }

    /// The source of version 1.
    ///
    /// # Panics
    ///
    /// If it cannot be read.
    #[must_use]
    pub fn v1() -> String {
        let source = root().join("tests/fixtures/game/src/lib.rs");
        fs::read_to_string(source).expect("the fixture's source is there")
    }

    /// The source of version 2: the same types, another step.
    #[must_use]
    pub fn v2() -> String {
        edit(
            &edit(&Self::v1(), "\"v1\"", "\"v2\""),
            "STEP: u32 = 1",
            "STEP: u32 = 100",
        )
    }

    /// Replaces the source.
    pub fn write(&self, source: &str) {
        write(&self.source(), source);
    }

    /// Where the source stands.
    #[must_use]
    pub fn source(&self) -> PathBuf {
        self.folder.join("src/lib.rs")
    }

    /// The library that cargo builds of it.
    #[must_use]
    pub fn library(&self) -> PathBuf {
        self.profile.folder().join(format!("lib{}.so", self.name))
    }
}

impl Drop for Fixture {
    /// What the compiler keeps for the next edit is of no use any more, and of all tests together it fills disks.
    fn drop(&mut self) {
        let kept = fs::read_dir(self.profile.folder().join("incremental"));
        for entry in kept.into_iter().flatten().flatten() {
            let name = entry.file_name();
            let of = name.to_str().and_then(|name| name.rsplit_once('-'));
            if of.is_some_and(|(name, _)| name == self.name) {
                let _ = fs::remove_dir_all(entry.path());
            }
        }
    }
}

/// `source` with `from` replaced by `to`.
///
/// # Panics
///
/// If `from` does not occur, since the test would then test nothing.
#[must_use]
pub fn edit(source: &str, from: &str, to: &str) -> String {
    assert!(source.contains(from), "`{from}` does not occur");
    source.replace(from, to)
}

/// `source` with several texts replaced, one after the other.
///
/// # Panics
///
/// As [`edit`].
#[must_use]
pub fn edit_all(source: &str, edits: &[(&str, &str)]) -> String {
    let edits = edits.iter();
    edits.fold(source.to_owned(), |text, (from, to)| edit(&text, from, to))
}

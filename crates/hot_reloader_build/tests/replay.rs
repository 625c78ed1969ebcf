//! When a library is built without cargo, when it is not, and that nobody can tell the difference: with
//! the real cargo, in small workspaces.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, SystemTime},
};

use crossbeam_channel::{never, unbounded, Receiver};
use hot_reloader_build::{
    BuildConfig, BuildError, BuildOutcome, Builder, Decline, Folders, Known, Supervisor, Task,
};

/// A workspace: `game`, the library, needs `rules`, which needs `words`; all three may change. `engine` is
/// shared, so it may not.
const FILES: [(&str, &str); 9] = [
    (
        "Cargo.toml",
        "[workspace]\nresolver = \"2\"\nmembers = [\"game\", \"rules\", \"words\", \"engine\"]\n\
         exclude = [\"extra\"]\n",
    ),
    (
        "game/Cargo.toml",
        "[package]\nname = \"game\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\
         description = \"It's a\\ngame of `two` lines\"\n\
         [features]\nhot = []\ncheats = []\n\
         [dependencies]\nrules = { path = \"../rules\" }\nengine = { path = \"../engine\" }\n",
    ),
    (
        "game/src/lib.rs",
        "mod menu;\n#[unsafe(no_mangle)]\npub static ANSWER: [u64; 2] = [0x7265_7761_6e73_3a21, \
         rules::RULE * 100 + menu::ENTRY + engine::ZERO + EXTRA];\n\
         const EXTRA: u64 = if cfg!(feature = \"cheats\") { 10_000 } else { 0 };\n",
    ),
    ("game/src/menu.rs", "pub(crate) const ENTRY: u64 = 1;\n"),
    (
        "rules/Cargo.toml",
        "[package]\nname = \"rules\"\nversion = \"0.1.0\"\nedition = \"2021\"\n\
         [dependencies]\nwords = { path = \"../words\" }\n",
    ),
    ("rules/src/lib.rs", "pub const RULE: u64 = words::WORD;\n"),
    (
        "words/Cargo.toml",
        "[package]\nname = \"words\"\nversion = \"0.1.0\"\nedition = \"2021\"\n",
    ),
    ("words/src/lib.rs", "pub const WORD: u64 = 2;\n"),
    (
        "engine/Cargo.toml",
        "[package]\nname = \"engine\"\nversion = \"0.1.0\"\nedition = \"2021\"\n\
         [lib]\ncrate-type = [\"dylib\", \"rlib\"]\n",
    ),
];

/// What comes before the answer in the library's data.
const MARK: u64 = 0x7265_7761_6e73_3a21;

struct Bench {
    folder: tempfile::TempDir,
    config: BuildConfig,
    known: Option<Known>,
    said: Option<Receiver<String>>,
}

impl Bench {
    /// The workspace, with the library built by cargo and all its commands seen.
    fn new() -> Self {
        let mut bench = Self::unbuilt();
        bench.answers(201, Some(Decline::First));
        bench
    }

    fn unbuilt() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("a ö");
        for (file, text) in FILES {
            write(&root.join(file), text);
        }
        write(
            &root.join("engine/src/lib.rs"),
            "pub const ZERO: u64 = 0;\n",
        );
        let config = BuildConfig {
            folder: root.clone(),
            profile: "dev".to_owned(),
            ..BuildConfig::new(root.join("game"), "game")
        };
        Self {
            folder,
            config,
            known: None,
            said: None,
        }
    }

    fn path(&self, file: &str) -> PathBuf {
        self.folder.path().join("a ö").join(file)
    }

    fn write(&self, file: &str, text: &str) {
        write(&self.path(file), text);
    }

    /// Puts `to` in the place of `from` in a file.
    fn edit(&self, file: &str, from: &str, to: &str) {
        let text = fs::read_to_string(self.path(file)).unwrap();
        assert!(text.contains(from), "{text}");
        self.write(file, &text.replace(from, to));
    }

    fn build(&mut self) -> (BuildOutcome, Option<Builder>) {
        self.make(false)
    }

    fn make(&mut self, record: bool) -> (BuildOutcome, Option<Builder>) {
        let (say, said) = unbounded();
        self.said = Some(said);
        let mut supervisor = Supervisor::new(Duration::ZERO, never(), move |text| {
            say.send(text).unwrap();
        });
        let task = Task {
            library: "game",
            config: &self.config,
            folders: Folders {
                outputs: &self.folder.path().join("ours/outputs"),
                incremental: &self.folder.path().join("ours/incremental"),
            },
            record,
        };
        task.make(&mut self.known, &mut supervisor)
    }

    /// Builds, and compares the answer of the library and why cargo was asked, if it was.
    #[track_caller]
    fn answers(&mut self, answer: u64, decline: Option<Decline>) {
        let (outcome, builder) = self.build();
        let built = outcome.unwrap_or_else(|error| panic!("{error}"));
        let expected = decline.map_or(Builder::Replay, Builder::Cargo);
        assert_eq!(builder, Some(expected));
        assert_eq!(ask(&built.library), answer);
    }

    /// The crates that the last build compiled.
    fn compiled(&self) -> Vec<String> {
        let said = self.said.iter().flat_map(Receiver::try_iter);
        let names = said.filter_map(|text| {
            let rest = text.strip_prefix("Compiling ")?;
            Some(rest.split(' ').next().unwrap_or(rest).to_owned())
        });
        names.collect()
    }

    #[track_caller]
    fn declines(&mut self, file: &str) {
        let path = self.path(file);
        self.answers(201, Some(Decline::Input { path }));
        // It has been recorded anew.
        self.edit("game/src/menu.rs", "= 1", "= 5");
        self.answers(205, None);
    }
}

fn write(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// The answer in a library: it follows a mark.
fn ask(library: &Path) -> u64 {
    let bytes = fs::read(library).unwrap();
    let mark = MARK.to_ne_bytes();
    let at = bytes.windows(8).position(|window| window == mark);
    let answer = at.expect("there is a mark") + 8;
    u64::from_ne_bytes(bytes[answer..answer + 8].try_into().unwrap())
}

/// What the compiler makes of an error must look as cargo shows it.
#[test]
fn errors_look_exactly_as_by_cargo() {
    let mut bench = Bench::new();
    bench.edit("game/src/menu.rs", "= 1", "= \"one\"");
    bench.edit("rules/src/lib.rs", "words::WORD", "words::WORD + missing");
    let (replayed, builder) = bench.build();
    assert_eq!(builder, Some(Builder::Replay));
    let mut cargo = Bench {
        known: None,
        ..bench
    };
    let (built, builder) = cargo.build();
    assert_eq!(builder, Some(Builder::Cargo(Decline::First)));
    let errors = |outcome: BuildOutcome| match outcome {
        Err(BuildError::Errors(errors)) => errors,
        other => panic!("{other:?}"),
    };
    let replayed = errors(replayed);
    assert_eq!(replayed, errors(built));
    // What needs the broken crate was not begun.
    assert_eq!(replayed.len(), 1);
    let place = replayed[0].place.as_ref().unwrap();
    assert_eq!(place.file, cargo.path("rules/src/lib.rs"));
}

#[test]
fn only_what_changed_is_compiled_and_what_needs_it() {
    let mut bench = Bench::new();
    bench.answers(201, None);
    assert_eq!(bench.compiled(), [""; 0]);
    bench.edit("game/src/menu.rs", "= 1", "= 7");
    bench.answers(207, None);
    assert_eq!(bench.compiled(), ["game"]);
    bench.edit("words/src/lib.rs", "= 2", "= 3");
    bench.answers(307, None);
    assert_eq!(bench.compiled(), ["words", "rules", "game"]);
    // The same code again, so two libraries of one digest lie in two folders.
    bench.edit("words/src/lib.rs", "= 3", "= 2");
    bench.answers(207, None);
    bench.edit(
        "rules/src/lib.rs",
        "words::WORD",
        "/* the same */ words::WORD",
    );
    bench.answers(207, None);
    assert_eq!(bench.compiled(), ["rules", "game"]);
}

/// What was compiled for a build that failed is not taken for what runs.
#[test]
fn a_build_that_fails_half_way_is_completed_by_the_next() {
    let mut bench = Bench::new();
    bench.edit("rules/src/lib.rs", "words::WORD", "words::WORD + 2");
    bench.edit("game/src/menu.rs", "= 1", "= one");
    let (outcome, _) = bench.build();
    assert!(matches!(outcome, Err(BuildError::Errors(_))), "{outcome:?}");
    bench.edit("game/src/menu.rs", "= one", "= 1");
    bench.answers(401, None);
    assert_eq!(bench.compiled(), ["game"]);
}

/// A file that comes back with an older time is an edit, as is one that cargo would not look at again.
#[test]
fn times_do_not_count() {
    let mut bench = Bench::new();
    bench.edit("game/src/menu.rs", "= 1", "= 4");
    let file = fs::File::options()
        .append(true)
        .open(bench.path("game/src/menu.rs"));
    file.unwrap().set_modified(SystemTime::UNIX_EPOCH).unwrap();
    bench.answers(204, None);
    let menu = fs::read(bench.path("game/src/menu.rs")).unwrap();
    fs::write(bench.path("game/src/menu.rs"), menu).unwrap();
    bench.answers(204, None);
    assert_eq!(bench.compiled(), [""; 0]);
}

/// Cargo's folder belongs to cargo: an editor may build in it all the time.
#[test]
fn cargos_folder_is_neither_written_nor_waited_for() {
    let mut bench = Bench::new();
    let files = files(&bench.path("target"));
    let lock = fs::File::open(bench.path("target/debug/.cargo-lock")).unwrap();
    lock.lock().unwrap();
    bench.edit("words/src/lib.rs", "= 2", "= 3");
    bench.answers(301, None);
    assert_eq!(files, self::files(&bench.path("target")));
}

fn files(folder: &Path) -> Vec<(PathBuf, SystemTime)> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            let data = entry.metadata().unwrap();
            if data.is_dir() {
                folders.push(entry.path());
            }
            files.push((entry.path(), data.modified().unwrap()));
        }
    }
    files.sort();
    files
}

/// Somebody builds in a terminal what is edited here, and takes it back.
#[test]
fn a_library_that_cargo_made_meanwhile_is_not_taken_for_the_one_before() {
    let mut bench = Bench::new();
    bench.edit("words/src/lib.rs", "= 2", "= 3");
    let status = bench.config.command().output().unwrap().status;
    assert!(status.success());
    bench.edit("words/src/lib.rs", "= 3", "= 2");
    bench.edit("game/src/menu.rs", "= 1", "= 6");
    bench.answers(206, None);
}

/// A crate that cargo finds fresh is compiled by nobody, so its command stays unknown until it changes, or
/// until cargo is to show all.
#[test]
fn a_command_that_was_not_seen_is_asked_for() {
    let mut bench = Bench::unbuilt();
    let status = bench.config.command().output().unwrap().status;
    assert!(status.success());
    bench.answers(201, Some(Decline::First));
    assert_eq!(bench.compiled(), [""; 0]);
    bench.answers(201, None);
    bench.edit("words/src/lib.rs", "= 2", "= 3");
    let name = "words".to_owned();
    bench.answers(301, Some(Decline::NotSeen { name }));
    bench.edit("words/src/lib.rs", "= 3", "= 4");
    bench.answers(401, None);

    let status = bench.config.command().output().unwrap().status;
    assert!(status.success());
    let mut bench = Bench {
        known: None,
        ..bench
    };
    bench.answers(401, Some(Decline::First));
    let name = "words".to_owned();
    let (outcome, builder) = bench.make(true);
    outcome.unwrap();
    assert_eq!(builder, Some(Builder::Cargo(Decline::NotSeen { name })));
    let (outcome, builder) = bench.make(true);
    outcome.unwrap();
    assert_eq!(builder, Some(Builder::Replay));
    bench.edit("words/src/lib.rs", "= 4", "= 5");
    bench.answers(501, None);
}

#[test]
fn a_feature_declines() {
    let mut bench = Bench::new();
    bench.config.features.push("cheats".to_owned());
    bench.answers(10_201, Some(Decline::Settings));
    bench.edit("game/src/menu.rs", "= 1", "= 2");
    bench.answers(10_202, None);
}

#[test]
fn a_feature_in_a_manifest_declines() {
    let mut bench = Bench::new();
    bench.edit("game/Cargo.toml", "hot = []", "hot = [\"cheats\"]");
    let path = bench.path("game/Cargo.toml");
    bench.answers(10_201, Some(Decline::Input { path }));
}

#[test]
fn a_version_of_a_dependency_declines() {
    let mut bench = Bench::new();
    bench.edit("words/Cargo.toml", "0.1.0", "0.2.0");
    bench.declines("words/Cargo.toml");
}

#[test]
fn a_new_dependency_declines_and_one_that_is_gone_too() {
    let mut bench = Bench::new();
    bench.write(
        "extra/Cargo.toml",
        "[package]\nname = \"extra\"\nedition = \"2021\"\n",
    );
    bench.write("extra/src/lib.rs", "pub const MORE: u64 = 50;\n");
    let [with, without] = [
        "engine\" }\nextra = { path = \"../extra\" }\n",
        "engine\" }\n",
    ];
    bench.edit("game/Cargo.toml", without, with);
    bench.edit("game/src/menu.rs", "= 1", "= 1 + extra::MORE");
    let path = bench.path("game/Cargo.toml");
    bench.answers(251, Some(Decline::Input { path: path.clone() }));
    bench.edit("extra/src/lib.rs", "= 50", "= 60");
    bench.answers(261, None);
    bench.edit("game/Cargo.toml", with, without);
    bench.edit("game/src/menu.rs", " + extra::MORE", "");
    bench.answers(201, Some(Decline::Input { path }));
}

#[test]
fn a_patch_declines() {
    let mut bench = Bench::new();
    let manifest = fs::read_to_string(bench.path("Cargo.toml")).unwrap();
    bench.write(
        "extra/Cargo.toml",
        "[package]\nname = \"extra\"\nedition = \"2021\"\n",
    );
    bench.write("extra/src/lib.rs", "");
    let patch = "[patch.crates-io]\nextra = { path = \"extra\" }\n";
    bench.write("Cargo.toml", &format!("{manifest}{patch}"));
    bench.declines("Cargo.toml");
}

#[test]
fn the_lock_file_and_configurations_decline() {
    let mut bench = Bench::new();
    let lock = fs::read_to_string(bench.path("Cargo.lock")).unwrap();
    bench.write("Cargo.lock", &format!("{lock}\n"));
    bench.declines("Cargo.lock");
    bench.edit("game/src/menu.rs", "= 5", "= 1");
    bench.write(".cargo/config.toml", "[env]\nWORD = \"7\"\n");
    bench.declines(".cargo/config.toml");
}

/// A configuration that reads others may change without being touched.
#[test]
fn a_configuration_that_includes_others_always_declines() {
    let mut bench = Bench::new();
    bench.write(
        ".cargo/config.toml",
        "include = [{ path = \"more.toml\", optional = true }]\n",
    );
    let path = bench.path(".cargo/config.toml");
    bench.answers(201, Some(Decline::Input { path: path.clone() }));
    bench.answers(201, Some(Decline::Includes { path }));
}

#[test]
fn another_toolchain_declines() {
    let mut bench = Bench::new();
    // Whether it is another one, only rustup knows.
    let toolchain = Command::new("rustc").arg("--version").output().unwrap();
    let toolchain = String::from_utf8(toolchain.stdout).unwrap();
    let version = toolchain.split(' ').nth(1).unwrap();
    let text = format!("[toolchain]\nchannel = \"{version}\"\n");
    bench.write("rust-toolchain.toml", &text);
    bench.declines("rust-toolchain.toml");
}

#[test]
fn new_and_deleted_modules_decline() {
    let mut bench = Bench::new();
    bench.write("game/src/more.rs", "pub(crate) const MORE: u64 = 30;\n");
    bench.edit("game/src/lib.rs", "mod menu;", "mod menu;\nmod more;");
    bench.edit("game/src/lib.rs", "menu::ENTRY", "menu::ENTRY + more::MORE");
    let (name, path) = ("game".to_owned(), bench.path("game/src/more.rs"));
    bench.answers(
        231,
        Some(Decline::Reads {
            name,
            path: path.clone(),
        }),
    );
    bench.edit("game/src/more.rs", "= 30", "= 40");
    bench.answers(241, None);
    fs::remove_file(&path).unwrap();
    bench.edit("game/src/lib.rs", "mod menu;\nmod more;", "mod menu;");
    bench.edit("game/src/lib.rs", "menu::ENTRY + more::MORE", "menu::ENTRY");
    bench.answers(201, Some(Decline::Gone { path }));
}

#[test]
fn a_file_that_is_included_declines_when_it_is_new_and_is_an_edit_after_that() {
    let mut bench = Bench::new();
    bench.write("game/src/number.txt", "x");
    bench.edit(
        "game/src/menu.rs",
        "= 1",
        "= include_str!(\"number.txt\").len() as u64",
    );
    let (name, path) = ("game".to_owned(), bench.path("game/src/number.txt"));
    bench.answers(201, Some(Decline::Reads { name, path }));
    bench.write("game/src/number.txt", "xxx");
    bench.answers(203, None);
}

#[test]
fn a_variable_that_the_code_reads_declines() {
    let mut bench = Bench::new();
    bench.edit(
        "game/src/menu.rs",
        "= 1",
        "= option_env!(\"MENU\").is_none() as u64",
    );
    let name = "MENU".to_owned();
    bench.answers(201, Some(Decline::Variable { name }));
    bench.edit("game/src/menu.rs", "as u64", "as u64 + 1");
    bench.answers(202, None);
}

/// The source of a crate that cannot be reloaded: cargo builds it, so that the app learns that it has to be
/// started again.
#[test]
fn a_crate_that_may_not_change_declines() {
    let mut bench = Bench::new();
    bench.edit("engine/src/lib.rs", "= 0", "= 500");
    let path = bench.path("engine/src/lib.rs");
    bench.answers(701, Some(Decline::Input { path }));
}

#[test]
fn a_build_script_always_means_cargo() {
    let mut bench = Bench::new();
    let script = "fn main() { println!(\"cargo:rerun-if-changed=number.txt\"); }\n";
    bench.write("rules/build.rs", script);
    let path = bench.path("rules/build.rs");
    bench.answers(201, Some(Decline::Input { path }));
    bench.write("rules/number.txt", "1");
    let (name, what) = ("rules".to_owned(), "build script");
    bench.answers(201, Some(Decline::OnlyCargo { name, what }));
}

/// The build script of a crate that may not change reads what it likes.
#[test]
fn what_the_build_script_of_another_crate_reads_declines() {
    let mut bench = Bench::unbuilt();
    let script = "fn main() { println!(\"cargo::rerun-if-changed=../number.txt\"); }\n";
    bench.write("engine/build.rs", script);
    bench.write("number.txt", "1");
    bench.answers(201, Some(Decline::First));
    bench.write("number.txt", "2");
    bench.declines("engine/../number.txt");
    bench.edit("game/src/menu.rs", "= 5", "= 1");
    bench.write("engine/shader.wgsl", "");
    bench.answers(201, None);
}

/// Whatever happens to the folder, nothing is lost but time.
#[test]
fn what_was_made_may_be_removed_at_any_time() {
    let mut bench = Bench::new();
    bench.edit("words/src/lib.rs", "= 2", "= 3");
    bench.answers(301, None);
    fs::remove_dir_all(bench.folder.path().join("ours")).unwrap();
    bench.answers(301, None);
    assert_eq!(bench.compiled(), ["words", "rules", "game"]);
    fs::remove_dir_all(bench.path("target")).unwrap();
    let (outcome, builder) = bench.build();
    assert_eq!(ask(&outcome.unwrap().library), 301);
    let declined = matches!(builder, Some(Builder::Cargo(Decline::Library { .. })));
    assert!(declined, "{builder:?}");
}

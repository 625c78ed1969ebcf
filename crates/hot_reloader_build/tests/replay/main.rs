//! When a library is built without cargo, when it is not, and that nobody can tell the difference: with
//! the real cargo, in small workspaces.

mod ahead;
mod asked;
mod crates;
mod declines;
mod identity;
mod libraries;
mod meanwhile;

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, SystemTime},
};

use crossbeam_channel::{never, unbounded, Receiver};
use hot_reloader_build::{
    BuildConfig, BuildError, BuildOutcome, Builder, Built, Decline, Known, PluginLibrary,
    Supervisor, Task,
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

/// For one build. Cargo, where it should not be asked, may wait for ever.
const DEADLINE: Duration = Duration::from_secs(300);

/// What comes before the answer in the library's data.
const MARK: u64 = 0x7265_7761_6e73_3a21;

struct Fixture {
    folder: tempfile::TempDir,
    config: BuildConfig,
    /// The plugin libraries of the host, and those that builds are asked for.
    libraries: Vec<String>,
    wanted: Option<Vec<String>>,
    known: Option<Known>,
    said: Option<Receiver<String>>,
    /// Of libraries, to be opened.
    copies: u32,
}

impl Fixture {
    /// The workspace, with the library built by cargo and all its commands seen.
    fn new() -> Self {
        let mut fixture = Self::unbuilt();
        fixture.answers(201, Some(Decline::First));
        fixture
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
            as_test: false,
            // Not the folder that a variable may name for these tests.
            target_folder: Some(root.join("target")),
            ..BuildConfig::new(root.join("game"))
        };
        Self {
            folder,
            config,
            libraries: vec!["game".to_owned()],
            wanted: None,
            known: None,
            said: None,
            copies: 0,
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

    /// Cargo, as it is run for the library.
    fn cargo(&self) -> Command {
        let mut cargo = self.config.command(&PluginLibrary::named("game"));
        cargo.env_remove("CARGO_TARGET_DIR");
        cargo
    }

    /// What cargo says as somebody runs it in a terminal.
    #[track_caller]
    fn in_terminal(&self, arguments: &[&str]) -> String {
        let output = Command::new("cargo")
            .args(arguments)
            .current_dir(&self.config.folder)
            .env_remove("CARGO_TARGET_DIR")
            .output()
            .unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success(), "{said}");
        said
    }

    fn build(&mut self) -> (BuildOutcome, Option<Builder>) {
        self.run(|task, known, supervisor| task.make(known, supervisor))
    }

    fn warm_up(&mut self) {
        let warmed = self.run(|task, known, supervisor| task.warm_up(known, supervisor));
        warmed.unwrap_or_else(|error| panic!("{error}"));
    }

    fn run<T>(
        &mut self,
        work: impl FnOnce(Task<'_>, &mut Option<Known>, &mut Supervisor) -> T,
    ) -> T {
        let (say, said) = unbounded();
        self.said = Some(said);
        let say = move |text| say.send(text).unwrap();
        let mut supervisor = Supervisor::new(DEADLINE, never(), say, || {});
        let task = Task {
            libraries: &self.libraries,
            wanted: self.wanted.as_deref(),
            config: &self.config,
            benches: &self.folder.path().join("ours"),
        };
        work(task, &mut self.known, &mut supervisor)
    }

    /// Builds, and compares the answer of the library and why cargo was asked, if it was.
    #[track_caller]
    fn answers(&mut self, answer: u64, decline: Option<Decline>) {
        let (outcome, builder) = self.build();
        let built = outcome.unwrap_or_else(|error| panic!("{error}"));
        let expected = decline.map_or(Builder::Replay, Builder::Cargo);
        assert_eq!(builder, Some(expected));
        assert_eq!(ask(library(&built)), answer);
    }

    /// The same of a build by cargo, because of an edit of what no replay makes anything of.
    #[track_caller]
    fn answers_by_cargo(&mut self, answer: u64, edited: &str) {
        let path = self.path(edited);
        self.answers(answer, Some(Decline::Input { path }));
    }

    /// Lets a file have been written long ago.
    fn age(&self, file: &str) {
        date(&self.path(file), SystemTime::UNIX_EPOCH);
    }

    /// A procedural macro that stands for a number, which `game` says.
    fn with_macro(&self) {
        self.write(
            "extra/Cargo.toml",
            "[package]\nname = \"extra\"\nedition = \"2021\"\n[lib]\nproc-macro = true\n\
             [dependencies]\nhelper = { path = \"../helper\" }\n",
        );
        let source = "use proc_macro::TokenStream;\n#[proc_macro]\n\
                      pub fn number(_: TokenStream) -> TokenStream { helper::NUMBER.parse().unwrap() }\n";
        self.write("extra/src/lib.rs", source);
        self.write(
            "helper/Cargo.toml",
            "[package]\nname = \"helper\"\nedition = \"2021\"\n",
        );
        self.write("helper/src/lib.rs", "pub const NUMBER: &str = \"1\";\n");
        self.edit("Cargo.toml", "[\"extra\"]", "[\"extra\", \"helper\"]");
        self.edit(
            "game/Cargo.toml",
            "engine\" }\n",
            "engine\" }\nextra = { path = \"../extra\" }\n",
        );
        self.edit("game/src/menu.rs", "= 1", "= extra::number!()");
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

    /// An edited file is one for cargo, which has it recorded anew: the next edit of a source is not.
    #[track_caller]
    fn declines(&mut self, file: &str) {
        self.answers_by_cargo(201, file);
        self.edit("game/src/menu.rs", "= 1", "= 5");
        self.answers(205, None);
    }

    /// The same where cargo finds the library fresh nonetheless: that it is by the command of before is
    /// likely, but nobody has seen it.
    #[track_caller]
    fn declines_in_doubt(&mut self, file: &str) {
        self.answers_by_cargo(201, file);
        self.edit("game/src/menu.rs", "= 1", "= 5");
        let name = "game".to_owned();
        self.answers(205, Some(Decline::NotSeen { name }));
        self.edit("game/src/menu.rs", "= 5", "= 6");
        self.answers(206, None);
    }
}

fn write(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// Writes a program.
fn write_script(path: &Path, text: &str) {
    write(path, &format!("#!/bin/sh\n{text}"));
    let status = Command::new("chmod").arg("+x").arg(path).status();
    assert!(status.unwrap().success());
}

/// Lets a file have been written at a time.
fn date(path: &Path, time: SystemTime) {
    let file = fs::File::options().append(true).open(path);
    file.unwrap().set_modified(time).unwrap();
}

/// The library, of one.
fn library(built: &Built) -> &Path {
    &built.libraries[0].1
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
    let mut fixture = Fixture::new();
    fixture.edit("game/src/menu.rs", "= 1", "= \"one\"");
    fixture.edit("rules/src/lib.rs", "words::WORD", "words::WORD + missing");
    let (replayed, builder) = fixture.build();
    assert_eq!(builder, Some(Builder::Replay));
    let mut cargo = Fixture {
        known: None,
        ..fixture
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
    let mut fixture = Fixture::new();
    fixture.answers(201, None);
    assert_eq!(fixture.compiled(), [""; 0]);
    fixture.edit("game/src/menu.rs", "= 1", "= 7");
    fixture.answers(207, None);
    assert_eq!(fixture.compiled(), ["game"]);
    fixture.edit("words/src/lib.rs", "= 2", "= 3");
    fixture.answers(307, None);
    assert_eq!(fixture.compiled(), ["words", "rules", "game"]);
    // The same code again, so two libraries of one digest lie in two folders.
    fixture.edit("words/src/lib.rs", "= 3", "= 2");
    fixture.answers(207, None);
    fixture.edit(
        "rules/src/lib.rs",
        "words::WORD",
        "/* the same */ words::WORD",
    );
    fixture.answers(207, None);
    assert_eq!(fixture.compiled(), ["rules", "game"]);
}

/// What was compiled for a build that failed is not taken for what runs.
#[test]
fn a_build_that_fails_half_way_is_completed_by_the_next() {
    let mut fixture = Fixture::new();
    fixture.edit("rules/src/lib.rs", "words::WORD", "words::WORD + 2");
    fixture.edit("game/src/menu.rs", "= 1", "= one");
    let (outcome, _) = fixture.build();
    assert!(matches!(outcome, Err(BuildError::Errors(_))), "{outcome:?}");
    fixture.edit("game/src/menu.rs", "= one", "= 1");
    fixture.answers(401, None);
    assert_eq!(fixture.compiled(), ["game"]);
}

/// A file that comes back with an older time is an edit, as is one that cargo would not look at again.
#[test]
fn times_do_not_count() {
    let mut fixture = Fixture::new();
    fixture.edit("game/src/menu.rs", "= 1", "= 4");
    fixture.age("game/src/menu.rs");
    fixture.answers(204, None);
    let menu = fs::read(fixture.path("game/src/menu.rs")).unwrap();
    fs::write(fixture.path("game/src/menu.rs"), menu).unwrap();
    fixture.answers(204, None);
    assert_eq!(fixture.compiled(), [""; 0]);
}

/// Cargo's folder belongs to cargo: an editor may build in it all the time.
#[test]
fn cargos_folder_is_neither_written_nor_waited_for() {
    let mut fixture = Fixture::new();
    let files = files(&fixture.path("target"));
    let lock = fs::File::open(fixture.path("target/debug/.cargo-lock")).unwrap();
    lock.lock().unwrap();
    fixture.edit("words/src/lib.rs", "= 2", "= 3");
    fixture.answers(301, None);
    assert_eq!(files, self::files(&fixture.path("target")));
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
    let mut fixture = Fixture::new();
    fixture.edit("words/src/lib.rs", "= 2", "= 3");
    let status = fixture.cargo().output().unwrap().status;
    assert!(status.success());
    fixture.edit("words/src/lib.rs", "= 3", "= 2");
    fixture.edit("game/src/menu.rs", "= 1", "= 6");
    fixture.answers(206, None);
}

/// Somebody built in a terminal what is gone again, and cargo would find that fresh.
#[test]
fn what_somebody_else_built_is_not_taken_for_what_came_back() {
    let mut fixture = Fixture::new();
    let build_other = |fixture: &mut Fixture| {
        fixture.edit("words/src/lib.rs", "= 2", "= 3");
        fixture.answers(301, None);
        let status = fixture.cargo().output().unwrap().status;
        assert!(status.success());
        fixture.edit("words/src/lib.rs", "= 3", "= 2");
        fixture.age("words/src/lib.rs");
    };
    build_other(&mut fixture);
    fixture.known.as_mut().unwrap().distrust();
    fixture.answers(201, Some(Decline::Useless));
    // What a build made that failed is nobody else's.
    fixture.edit("game/src/menu.rs", "= 1", "= oops");
    fixture.known.as_mut().unwrap().distrust();
    assert!(fixture.build().0.is_err());
    fixture.edit("game/src/menu.rs", "= oops", "= 1");
    fixture.known.as_mut().unwrap().distrust();
    fixture.answers(201, Some(Decline::Useless));
    let compiled = fixture.compiled();
    assert!(!compiled.contains(&"words".to_owned()), "{compiled:?}");
}

/// A crate that cargo finds fresh is compiled by nobody, so its command stays unknown until it changes, or
/// until cargo is to show all.
#[test]
fn a_command_that_was_not_seen_is_asked_for() {
    let mut fixture = Fixture::unbuilt();
    let status = fixture.cargo().output().unwrap().status;
    assert!(status.success());
    fixture.answers(201, Some(Decline::First));
    assert_eq!(fixture.compiled(), [""; 0]);
    fixture.answers(201, None);
    fixture.edit("words/src/lib.rs", "= 2", "= 3");
    let name = "words".to_owned();
    fixture.answers(301, Some(Decline::NotSeen { name }));
    fixture.edit("words/src/lib.rs", "= 3", "= 4");
    fixture.answers(401, None);

    // The next start knows what this one has seen.
    let status = fixture.cargo().output().unwrap().status;
    assert!(status.success());
    let mut fixture = Fixture {
        known: None,
        ..fixture
    };
    fixture.answers(401, Some(Decline::First));
    fixture.edit("words/src/lib.rs", "= 4", "= 5");
    fixture.answers(501, None);
}

/// What the compiler left of an older form of a crate, whose files are gone since.
#[test]
fn a_file_that_was_missing_before_is_not_missed() {
    let mut fixture = Fixture::unbuilt();
    let status = fixture.cargo().output().unwrap().status;
    assert!(status.success());
    let info = fixture.path("target/debug/deps/words-0123456789abcdef.d");
    fs::write(
        info,
        "libwords.rlib: words/src/old.rs\n\nwords/src/old.rs:\n",
    )
    .unwrap();
    fixture.answers(201, Some(Decline::First));
    fixture.edit("game/src/menu.rs", "= 1", "= 2");
    let name = "game".to_owned();
    fixture.answers(202, Some(Decline::NotSeen { name }));
    fixture.edit("game/src/menu.rs", "= 2", "= 3");
    fixture.answers(203, None);
}

/// Whatever a workspace may look like, a replay does what cargo does there.
#[test]
fn other_layouts_are_replayed_too() {
    let mut fixture = Fixture::unbuilt();
    let wrapper = fixture.path("wrap it.sh");
    let calls = fixture.path("calls");
    let script = format!("echo $* >> '{}'\nexec \"$@\"\n", calls.display());
    write_script(&wrapper, &script);
    let configuration = format!(
        "[build]\ntarget-dir = \"else where\"\nrustc-wrapper = \"{}\"\n",
        wrapper.display()
    );
    fixture.write(".cargo/config.toml", &configuration);
    fixture.edit(
        "Cargo.toml",
        "[workspace]",
        "[profile.mine]\ninherits = \"dev\"\nopt-level = 1\n[workspace]",
    );
    fixture.config.target = Some(platform());
    fixture.config.profile = "mine".to_owned();
    fixture.answers(201, Some(Decline::First));
    let wrapped = fs::read_to_string(&calls).unwrap().lines().count();
    fixture.edit("words/src/lib.rs", "= 2", "= 3");
    fixture.answers(301, None);
    assert_eq!(fixture.compiled(), ["words", "rules", "game"]);
    let now = fs::read_to_string(&calls).unwrap().lines().count();
    assert_eq!(now, wrapped + 3);
}

/// The packages have other names for cargo than by the path that the link leads to.
#[cfg(unix)]
#[test]
fn a_project_that_is_reached_through_a_link_is_replayed_too() {
    let mut fixture = Fixture::unbuilt();
    let link = fixture.folder.path().join("link");
    std::os::unix::fs::symlink(fixture.path(""), &link).unwrap();
    fixture.config.manifest = link.join("game/Cargo.toml");
    fixture.config.folder = link;
    fixture.answers(201, Some(Decline::First));
    fixture.edit("words/src/lib.rs", "= 2", "= 3");
    fixture.answers(301, None);
    assert_eq!(fixture.compiled(), ["words", "rules", "game"]);
}

fn platform() -> String {
    let version = Command::new("rustc").arg("-vV").output().unwrap();
    let version = String::from_utf8(version.stdout).unwrap();
    let mut lines = version.lines();
    let host = lines.find_map(|line| line.strip_prefix("host: "));
    host.unwrap().to_owned()
}

/// Cargo keeps what it makes on the way where it was told to.
#[test]
fn a_build_folder_of_its_own_is_looked_into() {
    let mut fixture = Fixture::unbuilt();
    fixture.write(
        ".cargo/config.toml",
        "[build]\nbuild-dir = \"else where\"\n",
    );
    fixture.answers(201, Some(Decline::First));
    fixture.edit("words/src/lib.rs", "= 2", "= 3");
    fixture.answers(301, None);
    fixture.edit("engine/src/lib.rs", "= 0", "= 500");
    fixture.answers_by_cargo(801, "engine/src/lib.rs");
}

/// The host was built with `--target-dir`: what it needs is there, whatever cargo would use otherwise.
#[test]
fn a_target_folder_that_cargo_was_told_is_used() {
    for build_folder in [None, Some("else where")] {
        let mut fixture = Fixture::unbuilt();
        if let Some(folder) = build_folder {
            let configuration = format!("[build]\nbuild-dir = \"{folder}\"\n");
            fixture.write(".cargo/config.toml", &configuration);
        }
        let told = fixture.folder.path().join("told");
        fixture.config.target_folder = Some(told.clone());
        let built = fixture.build().0.unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(library(&built).parent(), Some(&*told.join("debug")));
        assert!(!fixture.path("target").exists());
        let deps = build_folder.map_or(told, |folder| fixture.path(folder));
        assert_eq!(built.deps, deps.join("debug/deps"));
        fixture.edit("words/src/lib.rs", "= 2", "= 3");
        fixture.answers(301, None);
        fixture.edit("engine/src/lib.rs", "= 0", "= 500");
        fixture.answers_by_cargo(801, "engine/src/lib.rs");
    }
}

/// A test of the host stands there. Where libraries go is as always.
#[test]
fn the_build_folder_is_no_other_target_folder() {
    let mut fixture = Fixture::unbuilt();
    fixture.write(
        ".cargo/config.toml",
        "[build]\nbuild-dir = \"else where\"\n",
    );
    fixture.config.target_folder = Some(fixture.path("else where"));
    let built = fixture.build().0.unwrap_or_else(|error| panic!("{error}"));
    // A variable may name another one for these tests.
    let folder = std::env::var_os("CARGO_TARGET_DIR");
    let folder = folder.map_or_else(|| fixture.path("target"), PathBuf::from);
    assert_eq!(library(&built).parent(), Some(&*folder.join("debug")));
}

/// Somebody tidied up, so nobody knows what it is made of.
#[test]
fn a_crate_of_which_no_source_is_known_declines() {
    let mut fixture = Fixture::unbuilt();
    let status = fixture.cargo().output().unwrap().status;
    assert!(status.success());
    let deps = fixture.path("target/debug/deps");
    for entry in fs::read_dir(deps).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if name.starts_with("words-") && name.ends_with(".d") {
            fs::remove_file(path).unwrap();
        }
    }
    fixture.answers(201, Some(Decline::First));
    fixture.edit("words/src/lib.rs", "= 2", "= 3");
    let name = "words".to_owned();
    fixture.answers(301, Some(Decline::NotSeen { name }));
    fixture.edit("words/src/lib.rs", "= 3", "= 4");
    fixture.answers(401, None);
}

/// As with a backup that is put back: cargo goes by times and would find all of it fresh.
#[test]
fn a_file_that_came_back_while_the_app_did_not_run_is_an_edit() {
    let mut fixture = Fixture::new();
    fixture.known = None;
    fixture.edit("game/src/menu.rs", "= 1", "= 4");
    fixture.age("game/src/menu.rs");
    fixture.answers(204, Some(Decline::First));
}

/// It may hold secrets, so what is kept on disk has none of its values.
#[test]
fn the_environment_is_not_written_down() {
    let fixture = Fixture::new();
    let kept = fs::read_to_string(fixture.folder.path().join("ours/recording.json")).unwrap();
    let home = std::env::var("HOME").unwrap();
    // It may be part of a path that cargo names, but is no value by itself.
    assert!(!kept.contains(&format!("\"{home}\"")), "{kept}");
    let bytes: Vec<String> = home.bytes().map(|byte| byte.to_string()).collect();
    assert!(!kept.contains(&format!("[{}]", bytes.join(","))), "{kept}");
}

/// A crate in another form, which cargo has kept, has another command.
#[test]
fn the_command_of_another_form_of_a_crate_is_not_used() {
    let mut fixture = Fixture::new();
    fixture.edit(
        "words/Cargo.toml",
        "[package]",
        "[features]\nmore = []\n[package]",
    );
    fixture.edit(
        "words/src/lib.rs",
        "= 2",
        "= if cfg!(feature = \"more\") { 9 } else { 2 }",
    );
    fixture.answers_by_cargo(201, "words/Cargo.toml");
    let [plain, more] = [
        "path = \"../words\" }",
        "path = \"../words\", features = [\"more\"] }",
    ];
    fixture.edit("rules/Cargo.toml", plain, more);
    fixture.answers_by_cargo(901, "rules/Cargo.toml");
    fixture.edit("rules/Cargo.toml", more, plain);
    fixture.answers_by_cargo(201, "rules/Cargo.toml");
    fixture.edit("words/src/lib.rs", "{ 2 }", "{ 3 }");
    let (outcome, _) = fixture.build();
    assert_eq!(ask(library(&outcome.unwrap())), 301);
}

/// What is a library of the system too is called the same in every form.
#[test]
fn the_command_of_another_form_is_not_used_where_names_say_nothing() {
    let mut fixture = Fixture::unbuilt();
    fixture.edit(
        "words/Cargo.toml",
        "[package]",
        "[lib]\ncrate-type = [\"rlib\", \"cdylib\"]\n[features]\nmore = []\n[package]",
    );
    fixture.edit(
        "words/src/lib.rs",
        "= 2",
        "= if cfg!(feature = \"more\") { 9 } else { 2 }",
    );
    fixture.answers(201, Some(Decline::First));
    // While the app does not run.
    fixture.known = None;
    fixture.edit(
        "rules/Cargo.toml",
        "path = \"../words\" }",
        "path = \"../words\", features = [\"more\"] }",
    );
    let status = fixture.cargo().output().unwrap().status;
    assert!(status.success());
    fixture.answers(901, Some(Decline::First));
    fixture.edit("words/src/lib.rs", "{ 9 }", "{ 8 }");
    let (outcome, _) = fixture.build();
    assert_eq!(ask(library(&outcome.unwrap())), 801);
}

/// The compiler would have two of one hash to choose from, and compile anew what needs them whenever it takes another
/// one than before.
#[test]
fn what_is_compiled_here_is_not_what_cargo_makes_of_the_same_text() {
    let mut fixture = Fixture::new();
    fixture.edit("words/src/lib.rs", "= 2", "= 3");
    fixture.answers(301, None);
    assert!(fixture.cargo().output().unwrap().status.success());
    let metadata = |folder: &Path| {
        let mut files = fs::read_dir(folder).unwrap().map(|file| file.unwrap());
        let of_words = files.find(|file| {
            let name = file.file_name().into_string().unwrap();
            name.starts_with("libwords-") && name.ends_with(".rmeta")
        });
        fs::read(of_words.unwrap().path()).unwrap()
    };
    let ours = metadata(&fixture.folder.path().join("ours/1/outputs"));
    let cargos = metadata(&fixture.path("target/debug/deps"));
    assert!(ours != cargos, "they are the same");
    fixture.answers(301, None);
}

/// Whatever happens to the folder, nothing is lost but time.
#[test]
fn what_was_made_may_be_removed_at_any_time() {
    let mut fixture = Fixture::new();
    fixture.edit("words/src/lib.rs", "= 2", "= 3");
    fixture.answers(301, None);
    fs::remove_dir_all(fixture.folder.path().join("ours")).unwrap();
    fixture.answers(301, None);
    assert_eq!(fixture.compiled(), ["words", "rules", "game"]);
    fs::remove_dir_all(fixture.path("target")).unwrap();
    let (outcome, builder) = fixture.build();
    assert_eq!(ask(library(&outcome.unwrap())), 301);
    let declined = matches!(builder, Some(Builder::Cargo(Decline::Library { .. })));
    assert!(declined, "{builder:?}");
}

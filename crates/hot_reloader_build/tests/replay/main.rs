//! When a library is built without cargo, when it is not, and that nobody can tell the difference: with
//! the real cargo, in small workspaces.

mod identity;
mod libraries;

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
        self.config.command(&PluginLibrary::named("game"))
    }

    fn build(&mut self) -> (BuildOutcome, Option<Builder>) {
        self.run(|task, known, supervisor| task.make(known, supervisor))
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

    /// Lets a file have been written long ago.
    fn age(&self, file: &str) {
        let file = fs::File::options().append(true).open(self.path(file));
        file.unwrap().set_modified(SystemTime::UNIX_EPOCH).unwrap();
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

    /// The same where cargo finds the library fresh all the same: that it is by the command of before is
    /// likely, but nobody has seen it.
    #[track_caller]
    fn declines_in_doubt(&mut self, file: &str) {
        let path = self.path(file);
        self.answers(201, Some(Decline::Input { path }));
        self.edit("game/src/menu.rs", "= 1", "= 5");
        let name = "game".to_owned();
        self.answers(205, Some(Decline::NotSeen { name }));
        self.edit("game/src/menu.rs", "= 5", "= 6");
        self.answers(206, None);
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

/// The compiler remembers each crate, and what it made for that is not what runs.
#[test]
fn warming_up_compiles_everything_once_and_changes_nothing() {
    let mut fixture = Fixture::new();
    let (before, _) = fixture.build();
    fixture
        .run(|task, known, supervisor| task.warm_up(known, supervisor))
        .unwrap();
    assert_eq!(fixture.compiled(), ["words", "rules", "game"]);
    let (after, builder) = fixture.build();
    assert_eq!(after.unwrap(), before.unwrap());
    assert_eq!(builder, Some(Builder::Replay));
    assert_eq!(fixture.compiled(), [""; 0]);
    fixture.edit("game/src/menu.rs", "= 1", "= 3");
    fixture
        .run(|task, known, supervisor| task.warm_up(known, supervisor))
        .unwrap();
    assert_eq!(fixture.compiled(), [""; 0]);
    fixture.answers(203, None);
    assert_eq!(fixture.compiled(), ["game"]);
}

/// Nobody asked yet, so nobody is kept waiting by cargo.
#[test]
fn ahead_of_a_request_cargo_is_not_run() {
    let mut fixture = Fixture::new();
    fixture.edit("game/src/menu.rs", "= 1", "= 3");
    let built = fixture
        .run(|task, known, supervisor| task.make_ahead(known, supervisor))
        .unwrap();
    assert_eq!(ask(library(&built)), 203);
    fixture.answers(203, None);
    assert_eq!(fixture.compiled(), [""; 0]);
    fixture.edit("game/Cargo.toml", "cheats = []", "cheats = [\"hot\"]");
    let path = fixture.path("game/Cargo.toml");
    let error = fixture
        .run(|task, known, supervisor| task.make_ahead(known, supervisor))
        .unwrap_err();
    let declined = matches!(&error, BuildError::Declined(Decline::Input { path: p }) if *p == path);
    assert!(declined, "{error}");
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
    let script = format!("#!/bin/sh\necho $* >> '{}'\nexec \"$@\"\n", calls.display());
    write(&wrapper, &script);
    let status = Command::new("chmod").arg("+x").arg(&wrapper).status();
    assert!(status.unwrap().success());
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
    let path = fixture.path("engine/src/lib.rs");
    fixture.answers(801, Some(Decline::Input { path }));
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
    let path = fixture.path("words/Cargo.toml");
    fixture.answers(201, Some(Decline::Input { path }));
    let [plain, more] = [
        "path = \"../words\" }",
        "path = \"../words\", features = [\"more\"] }",
    ];
    fixture.edit("rules/Cargo.toml", plain, more);
    let path = fixture.path("rules/Cargo.toml");
    fixture.answers(901, Some(Decline::Input { path: path.clone() }));
    fixture.edit("rules/Cargo.toml", more, plain);
    fixture.answers(201, Some(Decline::Input { path }));
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

/// Its source is one of what cargo looks at; what it makes of the code is the compiler's to do.
#[test]
fn a_procedural_macro_declines_when_it_changes_and_only_then() {
    let mut fixture = Fixture::unbuilt();
    fixture.write(
        "extra/Cargo.toml",
        "[package]\nname = \"extra\"\nedition = \"2021\"\n[lib]\nproc-macro = true\n",
    );
    let source = "use proc_macro::TokenStream;\n#[proc_macro]\n\
                  pub fn number(_: TokenStream) -> TokenStream { \"1\".parse().unwrap() }\n";
    fixture.write("extra/src/lib.rs", source);
    fixture.edit(
        "game/Cargo.toml",
        "engine\" }\n",
        "engine\" }\nextra = { path = \"../extra\" }\n",
    );
    fixture.edit("game/src/menu.rs", "= 1", "= extra::number!()");
    fixture.answers(201, Some(Decline::First));
    fixture.edit("game/src/menu.rs", "number!()", "number!() + 1");
    fixture.answers(202, None);
    fixture.edit("extra/src/lib.rs", "\"1\"", "\"6\"");
    let path = fixture.path("extra/src/lib.rs");
    fixture.answers(207, Some(Decline::Input { path }));
    fixture.edit("game/src/menu.rs", "number!() + 1", "number!() + 2");
    fixture.answers(208, None);
}

/// It is no part of the library, though no macro itself.
#[test]
fn what_a_procedural_macro_is_made_of_declines_for_any_platform() {
    for target in [None, Some(platform())] {
        let mut fixture = Fixture::unbuilt();
        fixture.with_macro();
        fixture.config.target = target;
        fixture.answers(201, Some(Decline::First));
        fixture.edit("helper/src/lib.rs", "\"1\"", "\"6\"");
        let path = fixture.path("helper/src/lib.rs");
        fixture.answers(206, Some(Decline::Input { path }));
        fixture.edit("extra/src/lib.rs", "NUMBER", "NUMBER.trim()");
        let path = fixture.path("extra/src/lib.rs");
        fixture.answers(206, Some(Decline::Input { path }));
        fixture.edit("game/src/menu.rs", "number!()", "number!() + 1");
        fixture.answers(207, None);
    }
}

/// For a platform cargo builds it twice, and the one that runs in the compiler is not the one of the library.
#[test]
fn a_crate_that_the_library_needs_and_a_macro_too_is_of_both() {
    let mut fixture = Fixture::unbuilt();
    fixture.with_macro();
    fixture.edit(
        "extra/Cargo.toml",
        "[dependencies]\n",
        "[dependencies]\nwords = { path = \"../words\" }\n",
    );
    fixture.edit(
        "extra/src/lib.rs",
        "helper::NUMBER.parse()",
        "(words::WORD - 1).to_string().parse()",
    );
    fixture.config.target = Some(platform());
    fixture.answers(201, Some(Decline::First));
    fixture.edit("game/src/menu.rs", "number!()", "number!() + 1");
    fixture.answers(202, None);
    fixture.edit("words/src/lib.rs", "= 2", "= 3");
    let path = fixture.path("words/src/lib.rs");
    fixture.answers(303, Some(Decline::Input { path }));
}

/// Cargo would find it fresh.
#[test]
fn a_procedural_macro_that_comes_back_with_an_older_time_is_built_anew() {
    let mut fixture = Fixture::unbuilt();
    fixture.with_macro();
    fixture.answers(201, Some(Decline::First));
    fixture.edit("helper/src/lib.rs", "\"1\"", "\"6\"");
    fixture.age("helper/src/lib.rs");
    let path = fixture.path("helper/src/lib.rs");
    fixture.answers(206, Some(Decline::Input { path }));
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

/// A crate from elsewhere that is compiled with one of this machine, as a `[patch]` has it.
#[test]
fn what_lies_between_crates_that_may_change_is_compiled_too() {
    let mut fixture = Fixture::unbuilt();
    fixture.write(
        ".cargo/config.toml",
        "[source.crates-io]\nreplace-with = \"copies\"\n[source.copies]\ndirectory = \"copies\"\n",
    );
    fixture.write("copies/between/.cargo-checksum.json", "{\"files\":{}}");
    fixture.write(
        "copies/between/Cargo.toml",
        "[package]\nname = \"between\"\nversion = \"0.1.0\"\nedition = \"2021\"\n\
         [dependencies]\nwords = \"0.1.0\"\n",
    );
    let source = "pub const BETWEEN: u64 = words::WORD - 1;\n";
    fixture.write("copies/between/src/lib.rs", source);
    fixture.edit(
        "Cargo.toml",
        "[workspace]",
        "[patch.crates-io]\nwords = { path = \"words\" }\n[workspace]",
    );
    fixture.edit(
        "game/Cargo.toml",
        "engine\" }\n",
        "engine\" }\nbetween = \"0.1.0\"\n",
    );
    fixture.edit("game/src/menu.rs", "= 1", "= between::BETWEEN");
    fixture.answers(201, Some(Decline::First));
    fixture.edit("words/src/lib.rs", "= 2", "= 3");
    fixture.answers(302, None);
    let mut compiled = fixture.compiled();
    compiled.sort();
    assert_eq!(compiled, ["between", "game", "rules", "words"]);
}

/// Only its tests need it.
#[test]
fn what_the_tests_of_a_shared_crate_need_may_change() {
    let mut fixture = Fixture::unbuilt();
    fixture.edit(
        "engine/Cargo.toml",
        "[lib]",
        "[dev-dependencies]\nrules = { path = \"../rules\" }\n[lib]",
    );
    fixture.answers(201, Some(Decline::First));
    fixture.edit("words/src/lib.rs", "= 2", "= 3");
    fixture.answers(301, None);
}

/// Cargo says of the workspace what all of its packages need together.
#[test]
fn what_only_another_package_turns_on_is_not_waited_for() {
    let mut fixture = Fixture::unbuilt();
    fixture.write(
        "extra/Cargo.toml",
        "[package]\nname = \"extra\"\nedition = \"2021\"\n",
    );
    fixture.write("extra/src/lib.rs", "");
    fixture.edit(
        "rules/Cargo.toml",
        "[dependencies]",
        "[features]\nodd = [\"dep:extra\"]\n\
         [dependencies]\nextra = { path = \"../extra\", optional = true }",
    );
    fixture.write(
        "editor/Cargo.toml",
        "[package]\nname = \"editor\"\nedition = \"2021\"\n\
         [dependencies]\nrules = { path = \"../rules\", features = [\"odd\"] }\n",
    );
    fixture.write("editor/src/lib.rs", "");
    fixture.edit("Cargo.toml", "\"engine\"]", "\"engine\", \"editor\"]");
    fixture.answers(201, Some(Decline::First));
    fixture.edit("words/src/lib.rs", "= 2", "= 3");
    fixture.answers(301, None);
    // Until the library needs it too.
    fixture.edit(
        "game/Cargo.toml",
        "rules = { path = \"../rules\" }",
        "rules = { path = \"../rules\", features = [\"odd\"] }",
    );
    let path = fixture.path("game/Cargo.toml");
    fixture.answers(301, Some(Decline::Input { path }));
    fixture.write("extra/src/lib.rs", "pub const NOTHING: u8 = 0;\n");
    fixture.answers(301, None);
    let mut compiled = fixture.compiled();
    compiled.sort();
    assert_eq!(compiled, ["extra", "game", "rules"]);
}

/// The host means its own, or what it needs.
#[test]
fn two_packages_may_have_libraries_of_one_name() {
    let mut fixture = Fixture::unbuilt();
    fixture.write(
        "another/Cargo.toml",
        "[package]\nname = \"another\"\nedition = \"2021\"\n[lib]\nname = \"game\"\n",
    );
    fixture.write("another/src/lib.rs", "");
    fixture.edit("Cargo.toml", "\"engine\"]", "\"engine\", \"another\"]");
    fixture.answers(201, Some(Decline::First));
}

/// As in `my_game = { package = "game" }`.
#[test]
fn a_host_may_call_its_library_otherwise() {
    let mut fixture = Fixture::unbuilt();
    fixture.write(
        "host/Cargo.toml",
        "[package]\nname = \"host\"\nedition = \"2021\"\n[features]\nhot = []\n\
         [dependencies]\nmy_game = { package = \"game\", path = \"../game\" }\n",
    );
    fixture.write("host/src/main.rs", "fn main() {}\n");
    fixture.edit("Cargo.toml", "\"engine\"]", "\"engine\", \"host\"]");
    fixture.config.manifest = fixture.path("host/Cargo.toml");
    fixture.libraries = vec!["my_game".to_owned()];
    fixture.answers(201, Some(Decline::First));
    fixture.edit("game/src/menu.rs", "= 1", "= 3");
    let (outcome, builder) = fixture.build();
    let built = outcome.unwrap();
    assert_eq!(builder, Some(Builder::Replay));
    assert_eq!(built.libraries[0].0, "my_game");
    assert_eq!(ask(library(&built)), 203);
    assert_eq!(fixture.compiled(), ["game"]);
    assert!(built.layout.concerns("game::Any"));

    fixture.libraries = vec!["your_game".to_owned()];
    let error = fixture.build().0.unwrap_err().to_string();
    assert!(error.contains("by which the host depends on it"), "{error}");
}

#[test]
fn a_feature_declines() {
    let mut fixture = Fixture::new();
    fixture.config.features.push("cheats".to_owned());
    fixture.answers(10_201, Some(Decline::Settings));
    fixture.edit("game/src/menu.rs", "= 1", "= 2");
    fixture.answers(10_202, None);
}

#[test]
fn a_feature_in_a_manifest_declines() {
    let mut fixture = Fixture::new();
    fixture.edit("game/Cargo.toml", "hot = []", "hot = [\"cheats\"]");
    let path = fixture.path("game/Cargo.toml");
    fixture.answers(10_201, Some(Decline::Input { path }));
}

#[test]
fn a_version_of_a_dependency_declines() {
    let mut fixture = Fixture::new();
    fixture.edit("words/Cargo.toml", "0.1.0", "0.2.0");
    fixture.declines("words/Cargo.toml");
}

#[test]
fn a_new_dependency_declines_and_one_that_is_gone_too() {
    let mut fixture = Fixture::new();
    fixture.write(
        "extra/Cargo.toml",
        "[package]\nname = \"extra\"\nedition = \"2021\"\n",
    );
    fixture.write("extra/src/lib.rs", "pub const MORE: u64 = 50;\n");
    let [with, without] = [
        "engine\" }\nextra = { path = \"../extra\" }\n",
        "engine\" }\n",
    ];
    fixture.edit("game/Cargo.toml", without, with);
    fixture.edit("game/src/menu.rs", "= 1", "= 1 + extra::MORE");
    let path = fixture.path("game/Cargo.toml");
    fixture.answers(251, Some(Decline::Input { path: path.clone() }));
    fixture.edit("extra/src/lib.rs", "= 50", "= 60");
    fixture.answers(261, None);
    fixture.edit("game/Cargo.toml", with, without);
    fixture.edit("game/src/menu.rs", " + extra::MORE", "");
    fixture.answers(201, Some(Decline::Input { path }));
}

#[test]
fn a_patch_declines() {
    let mut fixture = Fixture::new();
    let manifest = fs::read_to_string(fixture.path("Cargo.toml")).unwrap();
    fixture.write(
        "extra/Cargo.toml",
        "[package]\nname = \"extra\"\nedition = \"2021\"\n",
    );
    fixture.write("extra/src/lib.rs", "");
    let patch = "[patch.crates-io]\nextra = { path = \"extra\" }\n";
    fixture.write("Cargo.toml", &format!("{manifest}{patch}"));
    fixture.declines_in_doubt("Cargo.toml");
}

#[test]
fn the_lock_file_and_configurations_decline() {
    let mut fixture = Fixture::new();
    let lock = fs::read_to_string(fixture.path("Cargo.lock")).unwrap();
    fixture.write("Cargo.lock", &format!("{lock}\n"));
    fixture.declines("Cargo.lock");
    fixture.edit("game/src/menu.rs", "= 5", "= 1");
    fixture.write(".cargo/config.toml", "[env]\nWORD = \"7\"\n");
    fixture.declines(".cargo/config.toml");
}

/// A configuration that reads others may change without being touched.
#[test]
fn a_configuration_that_includes_others_always_declines() {
    let mut fixture = Fixture::new();
    fixture.write(
        ".cargo/config.toml",
        "include = [{ path = \"more.toml\", optional = true }]\n",
    );
    let path = fixture.path(".cargo/config.toml");
    fixture.answers(201, Some(Decline::Input { path: path.clone() }));
    fixture.answers(201, Some(Decline::Includes { path }));
}

#[test]
fn another_toolchain_declines() {
    let mut fixture = Fixture::new();
    // Whether it is another one, only rustup knows.
    let toolchain = Command::new("rustc").arg("--version").output().unwrap();
    let toolchain = String::from_utf8(toolchain.stdout).unwrap();
    let version = toolchain.split(' ').nth(1).unwrap();
    let text = format!("[toolchain]\nchannel = \"{version}\"\n");
    fixture.write("rust-toolchain.toml", &text);
    fixture.declines_in_doubt("rust-toolchain.toml");
}

#[test]
fn new_and_deleted_modules_decline() {
    let mut fixture = Fixture::new();
    fixture.write("game/src/more.rs", "pub(crate) const MORE: u64 = 30;\n");
    fixture.edit("game/src/lib.rs", "mod menu;", "mod menu;\nmod more;");
    fixture.edit("game/src/lib.rs", "menu::ENTRY", "menu::ENTRY + more::MORE");
    let (name, path) = ("game".to_owned(), fixture.path("game/src/more.rs"));
    fixture.answers(
        231,
        Some(Decline::Reads {
            name,
            path: path.clone(),
        }),
    );
    fixture.edit("game/src/more.rs", "= 30", "= 40");
    fixture.answers(241, None);
    fs::remove_file(&path).unwrap();
    fixture.edit("game/src/lib.rs", "mod menu;\nmod more;", "mod menu;");
    fixture.edit("game/src/lib.rs", "menu::ENTRY + more::MORE", "menu::ENTRY");
    fixture.answers(201, Some(Decline::Gone { path }));
}

#[test]
fn a_file_that_is_included_declines_when_it_is_new_and_is_an_edit_after_that() {
    let mut fixture = Fixture::new();
    fixture.write("game/src/number.txt", "x");
    fixture.edit(
        "game/src/menu.rs",
        "= 1",
        "= include_str!(\"number.txt\").len() as u64",
    );
    let (name, path) = ("game".to_owned(), fixture.path("game/src/number.txt"));
    fixture.answers(201, Some(Decline::Reads { name, path }));
    fixture.write("game/src/number.txt", "xxx");
    fixture.answers(203, None);
}

#[test]
fn a_variable_that_the_code_reads_declines() {
    let mut fixture = Fixture::new();
    fixture.edit(
        "game/src/menu.rs",
        "= 1",
        "= option_env!(\"MENU\").is_none() as u64",
    );
    let name = "MENU".to_owned();
    fixture.answers(201, Some(Decline::Variable { name }));
    fixture.edit("game/src/menu.rs", "as u64", "as u64 + 1");
    fixture.answers(202, None);
}

/// The source of a crate that cannot be reloaded: cargo builds it, so that the app learns that it has to be
/// started again.
#[test]
fn a_crate_that_may_not_change_declines() {
    let mut fixture = Fixture::new();
    fixture.edit("engine/src/lib.rs", "= 0", "= 500");
    let path = fixture.path("engine/src/lib.rs");
    fixture.answers(701, Some(Decline::Input { path }));
}

/// What it does with what it reads, only cargo knows: an edit of its crate is one for cargo, and an edit of
/// another is not. One that names what is not there is run each time.
#[test]
fn a_crate_whose_build_script_names_nothing_is_built_by_cargo() {
    let names_nowhere = "fn main() { println!(\"cargo:rerun-if-changed=nowhere\"); }\n";
    for script in ["fn main() {}\n", names_nowhere] {
        let mut fixture = Fixture::new();
        fixture.write("rules/build.rs", script);
        let path = fixture.path("rules/build.rs");
        fixture.answers(201, Some(Decline::Input { path }));
        for file in ["rules/number.txt", "rules/src/more.txt"] {
            fixture.write(file, "1");
            let path = fixture.path(file);
            fixture.answers(201, Some(Decline::Input { path }));
        }
        fixture.edit("rules/src/lib.rs", "words::WORD", "words::WORD + 1");
        let path = fixture.path("rules/src/lib.rs");
        fixture.answers(301, Some(Decline::Input { path }));
        fixture.edit("game/src/menu.rs", "= 1", "= 4");
        fixture.answers(304, None);
    }
}

/// Whatever else the app may write beside its sources.
#[test]
fn a_build_script_that_names_what_it_reads_reads_that_and_its_own_sources() {
    let mut fixture = Fixture::unbuilt();
    let script = "mod name;\nfn main() { println!(\"cargo:rerun-if-changed={}\", name::NAME); }\n";
    fixture.write("rules/build.rs", script);
    let name = "pub const NAME: &str = \"number.txt\";\n";
    fixture.write("rules/name.rs", name);
    fixture.write("rules/number.txt", "1");
    fixture.answers(201, Some(Decline::First));
    fixture.write("rules/save.ron", "1");
    fixture.edit("rules/src/lib.rs", "words::WORD", "words::WORD + 1");
    fixture.answers(301, None);
    assert_eq!(fixture.compiled(), ["rules", "game"]);
    fixture.write("rules/number.txt", "2");
    let path = fixture.path("rules/number.txt");
    fixture.answers(301, Some(Decline::Input { path }));
    fixture.write("rules/name.rs", &format!("// It.\n{name}"));
    let path = fixture.path("rules/name.rs");
    fixture.answers(301, Some(Decline::Input { path }));
    fixture.edit("rules/src/lib.rs", "+ 1", "+ 2");
    fixture.answers(401, None);
}

/// The build script of a crate that may not change reads what it likes.
#[test]
fn what_the_build_script_of_another_crate_reads_declines() {
    let mut fixture = Fixture::unbuilt();
    let script = "fn main() { println!(\"cargo::rerun-if-changed=../number.txt\"); }\n";
    fixture.write("engine/build.rs", script);
    fixture.write("number.txt", "1");
    fixture.answers(201, Some(Decline::First));
    fixture.write("number.txt", "2");
    fixture.declines("engine/../number.txt");
    fixture.edit("game/src/menu.rs", "= 5", "= 1");
    fixture.write("engine/shader.wgsl", "");
    fixture.answers(201, None);
}

/// A folder that a build script names counts with all that will be in it.
#[test]
fn a_new_file_in_a_folder_that_a_build_script_reads_declines() {
    let mut fixture = Fixture::unbuilt();
    let script = "fn main() { println!(\"cargo::rerun-if-changed=../sounds\"); }\n";
    fixture.write("engine/build.rs", script);
    fixture.write("sounds/one.txt", "1");
    fixture.answers(201, Some(Decline::First));
    fixture.write("sounds/two.txt", "2");
    let path = fixture.path("engine/../sounds/two.txt");
    fixture.answers(201, Some(Decline::Input { path }));
}

/// An error that is in no file of the code may be a full disk as well as what the linker misses: cargo
/// decides.
#[test]
fn an_error_without_a_place_declines() {
    let mut fixture = Fixture::new();
    let in_the_way = fixture.folder.path().join("ours/1/outputs/game.d");
    fs::create_dir_all(in_the_way).unwrap();
    fixture.edit("game/src/menu.rs", "= 1", "= 8");
    let (outcome, builder) = fixture.build();
    assert_eq!(ask(library(&outcome.unwrap())), 208);
    let declined = matches!(builder, Some(Builder::Cargo(Decline::Compiler { .. })));
    assert!(declined, "{builder:?}");
}

/// A compiler that crashes may name the code at which it did.
#[test]
fn a_crash_with_a_place_declines() {
    let mut fixture = Fixture::unbuilt();
    let [wrapper, crash] = ["wrap.sh", "crash"].map(|name| fixture.folder.path().join(name));
    let said = r#"{"$message_type":"diagnostic","message":"lost","code":null,"level":"error: internal compiler error","spans":[{"file_name":"game/src/menu.rs","byte_start":0,"byte_end":1,"line_start":1,"line_end":1,"column_start":1,"column_end":2,"is_primary":true,"text":[],"label":null,"suggested_replacement":null,"suggestion_applicability":null,"expansion":null}],"children":[],"rendered":"lost"}"#;
    let script = format!(
        "#!/bin/sh\nif [ -e '{0}' ]; then rm '{0}'; echo '{said}' >&2; exit 101; fi\nexec \"$@\"\n",
        crash.display()
    );
    write(&wrapper, &script);
    let status = Command::new("chmod").arg("+x").arg(&wrapper).status();
    assert!(status.unwrap().success());
    let configuration = format!("[build]\nrustc-wrapper = \"{}\"\n", wrapper.display());
    fixture.write(".cargo/config.toml", &configuration);
    fixture.answers(201, Some(Decline::First));
    fixture.edit("game/src/menu.rs", "= 1", "= 8");
    write(&crash, "");
    let (outcome, builder) = fixture.build();
    assert_eq!(ask(library(&outcome.unwrap())), 208);
    let declined = matches!(builder, Some(Builder::Cargo(Decline::Compiler { .. })));
    assert!(declined, "{builder:?}");
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

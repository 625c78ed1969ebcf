//! What is cargo's to build: all that is more than an edit of sources.

use super::*;

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
    fixture.answers_by_cargo(10_201, "game/Cargo.toml");
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
    fixture.answers_by_cargo(251, "game/Cargo.toml");
    fixture.edit("extra/src/lib.rs", "= 50", "= 60");
    fixture.answers(261, None);
    fixture.edit("game/Cargo.toml", with, without);
    fixture.edit("game/src/menu.rs", " + extra::MORE", "");
    fixture.answers_by_cargo(201, "game/Cargo.toml");
}

/// What a crate of another workspace is, it inherits from a manifest there, which is in a folder around it or where
/// it says.
#[test]
fn the_manifest_of_another_workspace_declines() {
    for (root, says) in [
        ("libs", ""),
        ("libs/words/../root", "workspace = \"../root\"\n"),
    ] {
        let mut fixture = Fixture::unbuilt();
        fixture.edit("Cargo.toml", "\"words\", ", "");
        fixture.edit("Cargo.toml", "[\"extra\"]", "[\"extra\", \"libs\"]");
        fixture.edit("rules/Cargo.toml", "../words", "../libs/words");
        fixture.write(
            "libs/words/Cargo.toml",
            &format!(
                "[package]\nname = \"words\"\n{says}version.workspace = true\nedition = \"2021\"\n"
            ),
        );
        let source = "pub const WORD: u64 = env!(\"CARGO_PKG_VERSION_MINOR\").len() as u64;\n";
        fixture.write("libs/words/src/lib.rs", source);
        let manifest = format!("{root}/Cargo.toml");
        let member = if says.is_empty() { "words" } else { "../words" };
        fixture.write(
            &manifest,
            &format!("[workspace]\nresolver = \"2\"\nmembers = [\"{member}\"]\n[workspace.package]\nversion = \"0.22.0\"\n"),
        );
        fixture.answers(201, Some(Decline::First));
        fixture.edit(&manifest, "0.22.0", "0.333.0");
        fixture.answers_by_cargo(301, &manifest);
        fixture.edit("game/src/menu.rs", "= 1", "= 5");
        fixture.answers(305, None);
    }
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

/// Cargo has set it for the app, but leaves a variable alone that is set already: so a build does not see it.
#[test]
fn an_edit_of_a_variable_in_a_configuration_takes_effect() {
    const NAME: &str = "HOT_RELOADER_GREETING";
    let test = "declines::an_edit_of_a_variable_in_a_configuration_takes_effect";
    if std::env::var_os(NAME).is_none() {
        // The environment is that of a process of its own.
        let mut itself = Command::new(std::env::current_exe().unwrap());
        let output = itself.args(["--exact", test]).env(NAME, "one").output();
        let output = output.unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(
            output.status.success() && said.contains("1 passed"),
            "{said}"
        );
        return;
    }
    let mut fixture = Fixture::unbuilt();
    let configuration = ".cargo/config.toml";
    fixture.write(configuration, &format!("[env]\n{NAME} = \"one\"\n"));
    fixture.config.configured = vec![NAME.to_owned()];
    let length = format!("= env!(\"{NAME}\").len() as u64");
    fixture.edit("game/src/menu.rs", "= 1", &length);
    fixture.answers(203, Some(Decline::First));
    fixture.edit(configuration, "one", "three");
    fixture.answers_by_cargo(205, configuration);
    fixture.edit("game/src/menu.rs", "as u64", "as u64 + 1");
    fixture.answers(206, None);
}

/// A configuration that reads others may change without being touched.
#[test]
fn a_configuration_that_includes_others_always_declines() {
    let mut fixture = Fixture::new();
    fixture.write(
        ".cargo/config.toml",
        "include = [{ path = \"more.toml\", optional = true }]\n",
    );
    fixture.answers_by_cargo(201, ".cargo/config.toml");
    let path = fixture.path(".cargo/config.toml");
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
    fixture.answers_by_cargo(701, "engine/src/lib.rs");
}

/// What it does with what it reads, only cargo knows: an edit of its crate is one for cargo, and an edit of
/// another is not. One that names what is not there is run each time.
#[test]
fn a_crate_whose_build_script_names_nothing_is_built_by_cargo() {
    let names_nowhere = "fn main() { println!(\"cargo:rerun-if-changed=nowhere\"); }\n";
    for script in ["fn main() {}\n", names_nowhere] {
        let mut fixture = Fixture::new();
        fixture.write("rules/build.rs", script);
        fixture.answers_by_cargo(201, "rules/build.rs");
        for file in ["rules/number.txt", "rules/src/more.txt"] {
            fixture.write(file, "1");
            fixture.answers_by_cargo(201, file);
        }
        fixture.edit("rules/src/lib.rs", "words::WORD", "words::WORD + 1");
        fixture.answers_by_cargo(301, "rules/src/lib.rs");
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
    fixture.answers_by_cargo(301, "rules/number.txt");
    fixture.write("rules/name.rs", &format!("// It.\n{name}"));
    fixture.answers_by_cargo(301, "rules/name.rs");
    fixture.edit("rules/src/lib.rs", "+ 1", "+ 2");
    fixture.answers(401, None);
}

/// Cargo goes by times there too, and would neither build nor run the script again.
#[test]
fn a_build_script_and_what_it_names_may_come_back_with_an_older_time() {
    let mut fixture = Fixture::unbuilt();
    let script = "fn main() {\n println!(\"cargo::rerun-if-changed=number.txt\");\n\
                  let number = std::fs::read_to_string(\"number.txt\").unwrap();\n\
                  println!(\"cargo::rustc-env=NUMBER={number}\");\n}\n";
    fixture.write("rules/build.rs", script);
    fixture.write("rules/number.txt", "1");
    let said = "words::WORD + env!(\"NUMBER\").len() as u64";
    fixture.edit("rules/src/lib.rs", "words::WORD", said);
    fixture.answers(301, Some(Decline::First));
    fixture.write("rules/number.txt", "11");
    fixture.age("rules/number.txt");
    fixture.answers_by_cargo(401, "rules/number.txt");
    fixture.write("rules/build.rs", &script.replace("{number}", "{number}1"));
    fixture.age("rules/build.rs");
    fixture.answers_by_cargo(501, "rules/build.rs");
    fixture.edit("rules/src/lib.rs", "as u64", "as u64 + 1");
    fixture.answers(601, None);
    // While the app does not run.
    fixture.known = None;
    fixture.write("rules/number.txt", "111");
    fixture.age("rules/number.txt");
    fixture.answers(701, Some(Decline::First));
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
    fixture.answers_by_cargo(201, "engine/../sounds/two.txt");
}

/// An error that is in no file of the code may be a full disk as well as what the linker misses: cargo
/// decides.
#[test]
fn an_error_without_a_place_declines() {
    let mut fixture = Fixture::new();
    let in_the_way = fixture.folder.path().join("ours/1/outputs/game.d");
    fs::create_dir_all(in_the_way).unwrap();
    fixture.edit("game/src/menu.rs", "= 1", "= 8");
    fixture.answers_where_the_compiler_fails(208);
}

impl Fixture {
    /// Lets cargo run the compiler by a script that does something else before.
    pub(super) fn wrap(&self, before: &str) {
        let wrapper = self.folder.path().join("wrap.sh");
        write_script(&wrapper, &format!("{before}\nexec \"$@\"\n"));
        let configuration = format!("[build]\nrustc-wrapper = \"{}\"\n", wrapper.display());
        self.write(".cargo/config.toml", &configuration);
    }

    /// Builds where the compiler ends without an error in the code, so that cargo is asked.
    #[track_caller]
    pub(super) fn answers_where_the_compiler_fails(&mut self, answer: u64) {
        let (outcome, builder) = self.build();
        let built = outcome.unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(ask(library(&built)), answer);
        let declined = matches!(builder, Some(Builder::Cargo(Decline::Compiler { .. })));
        assert!(declined, "{builder:?}");
    }
}

/// A compiler that crashes may name the code at which it did.
#[test]
fn a_crash_with_a_place_declines() {
    let mut fixture = Fixture::unbuilt();
    let crash = fixture.folder.path().join("crash");
    let said = r#"{"$message_type":"diagnostic","message":"lost","code":null,"level":"error: internal compiler error","spans":[{"file_name":"game/src/menu.rs","byte_start":0,"byte_end":1,"line_start":1,"line_end":1,"column_start":1,"column_end":2,"is_primary":true,"text":[],"label":null,"suggested_replacement":null,"suggestion_applicability":null,"expansion":null}],"children":[],"rendered":"lost"}"#;
    fixture.wrap(&format!(
        "if [ -e '{0}' ]; then rm '{0}'; echo '{said}' >&2; exit 101; fi",
        crash.display()
    ));
    fixture.answers(201, Some(Decline::First));
    fixture.edit("game/src/menu.rs", "= 1", "= 8");
    write(&crash, "");
    fixture.answers_where_the_compiler_fails(208);
}

/// A compiler may crash at what it remembers, in whatever way. Cargo's remembers something else.
#[test]
fn a_compiler_begins_afresh_after_it_has_crashed() {
    let mut fixture = Fixture::unbuilt();
    let remembered = fixture.folder.path().join("ours/1/incremental");
    fixture.wrap(&format!(
        "case \"$*\" in *'{0}'*) for spoilt in '{0}'/game-*/spoilt; do\n\
         if [ -e \"$spoilt\" ]; then eval \"$(cat \"$spoilt\")\"; fi\ndone;; esac",
        remembered.display()
    ));
    fixture.answers(201, Some(Decline::First));
    fixture.edit("game/src/menu.rs", "= 1", "= 2");
    fixture.answers(202, None);
    let spoil = |crash: &str| {
        for entry in fs::read_dir(&remembered).unwrap() {
            write(&entry.unwrap().path().join("spoilt"), crash);
        }
    };
    spoil("exit 101");
    fixture.edit("game/src/menu.rs", "= 2", "= 3");
    fixture.answers_where_the_compiler_fails(203);
    fixture.edit("game/src/menu.rs", "= 3", "= 4");
    fixture.answers(204, None);
    // Types that change are compiled by the compiler alone, after cargo too.
    spoil("kill -9 $$");
    fixture.edit("game/src/menu.rs", "= 4", "= 5; struct Entry");
    fixture.answers_where_the_compiler_fails(205);
}

//! What others do while an app runs: somebody edits as the compiler reads, or builds the same in another form.

use super::*;

/// Once, the compiler reads another `menu.rs` than is there before and after.
fn lets_read(fixture: &Fixture, read: &str, after: &str) {
    let menu = fixture.path("game/src/menu.rs");
    let write = |entry: &str| {
        let text = format!("pub(crate) const ENTRY: u64 = {entry};");
        format!("echo '{text}' > '{}'", menu.display())
    };
    let script = format!(
        "{}\n\"$@\"\nstatus=$?\n{}\nexit $status\n",
        write(read),
        write(after)
    );
    super::write(&fixture.folder.path().join("meanwhile"), &script);
}

/// A save in two steps, a stash that is taken back: what counts is what is there in the end.
#[test]
fn a_text_that_is_gone_when_it_was_compiled_is_neither_run_nor_told() {
    let mut fixture = Fixture::unbuilt();
    let meanwhile = fixture.folder.path().join("meanwhile");
    fixture.wrap(&format!(
        "case \"$*\" in *'--crate-name game '*) if [ -e '{0}' ]; then\n\
         mv '{0}' '{0} now'; . '{0} now'\nfi;; esac",
        meanwhile.display()
    ));
    fixture.answers(201, Some(Decline::First));
    fixture.edit("game/src/menu.rs", "= 1", "= 3");
    lets_read(&fixture, "4", "3");
    fixture.answers(203, None);
    assert_eq!(fixture.compiled(), ["game", "game"]);
    fixture.edit("game/src/menu.rs", "= 3", "= oops");
    lets_read(&fixture, "oops", "7");
    fixture.answers(207, None);
    // An error in what is there is one.
    fixture.edit("game/src/menu.rs", "= 7", "= oops");
    let (outcome, _) = fixture.build();
    assert!(matches!(outcome, Err(BuildError::Errors(_))), "{outcome:?}");
    assert_eq!(fixture.compiled(), ["game"]);
    // What cargo has made of such a text is made anew by the next build.
    fixture.edit("game/src/menu.rs", "= oops", "= 3");
    lets_read(&fixture, "4", "3");
    fixture.known.as_mut().unwrap().distrust();
    fixture.answers(204, Some(Decline::Useless));
    fixture.answers(203, None);
    fixture.answers(203, None);
    assert_eq!(fixture.compiled(), [""; 0]);
}

/// As by a program that writes a source again and again.
#[test]
fn a_text_that_is_touched_all_the_time_is_compiled_once_more() {
    let mut fixture = Fixture::unbuilt();
    fixture.wrap(&format!(
        "case \"$*\" in *'--crate-name game '*)\n\
         \"$@\"\nstatus=$?\ntouch '{}'\nexit $status;; esac",
        fixture.path("game/src/menu.rs").display()
    ));
    fixture.answers(201, Some(Decline::First));
    fixture.edit("game/src/menu.rs", "= 1", "= 3");
    fixture.answers(203, None);
    assert_eq!(fixture.compiled(), ["game", "game"]);
}

/// As by a checkout of another branch: cargo builds what it says by then, and has told what it said before.
#[test]
fn a_manifest_that_is_edited_as_cargo_is_asked_is_asked_about_again() {
    let mut fixture = Fixture::unbuilt();
    fixture.write(
        "extra/Cargo.toml",
        "[package]\nname = \"extra\"\nedition = \"2021\"\n",
    );
    fixture.write("extra/src/lib.rs", "pub const MORE: u64 = 50;\n");
    fixture.edit("game/src/menu.rs", "= 1", "= 1 + extra::MORE");
    // The lock file has what nobody turns on too, so it is the same before and after.
    let optional = "engine\" }\nextra = { path = \"../extra\", optional = true }\n";
    fixture.edit("game/Cargo.toml", "engine\" }\n", optional);
    let path = fixture.path("game/Cargo.toml");
    let text = fs::read_to_string(&path).unwrap();
    let [next, cargo] = ["next", "cargo.sh"].map(|file| fixture.folder.path().join(file));
    let with = "[features]\ndefault = [\"extra\"]\n";
    super::write(&next, &text.replace("[features]\n", with));
    let script = format!(
        "'{}' \"$@\"\nstatus=$?\n\
         if [ \"$1\" = metadata ] && [ -e '{1}' ]; then cat '{1}' > '{2}'; rm '{1}'; fi\n\
         exit $status\n",
        fixture.config.cargo.display(),
        next.display(),
        path.display()
    );
    write_script(&cargo, &script);
    fixture.config.cargo = cargo;
    fixture.answers(251, Some(Decline::First));
    fixture.edit("extra/src/lib.rs", "= 50", "= 60");
    fixture.answers(261, Some(Decline::Input { path }));
    fixture.edit("extra/src/lib.rs", "= 60", "= 70");
    fixture.answers(271, None);
}

/// While the app does not run: the command is another one, and the name of what it makes is the same.
#[test]
fn a_command_of_before_is_not_used_where_a_manifest_says_something_else_since() {
    let mut fixture = Fixture::unbuilt();
    fixture.answers(201, Some(Decline::First));
    fixture.known = None;
    fixture.edit("rules/Cargo.toml", "2021", "2024");
    assert!(fixture.cargo().output().unwrap().status.success());
    fixture.answers(201, Some(Decline::First));
    fixture.edit("game/src/menu.rs", "= 1", "= 5");
    let name = "game".to_owned();
    fixture.answers(205, Some(Decline::NotSeen { name }));
    fixture.edit("rules/src/lib.rs", "words::WORD", "words::WORD + 1");
    let name = "rules".to_owned();
    fixture.answers(305, Some(Decline::NotSeen { name }));
    fixture.edit("rules/src/lib.rs", "+ 1", "+ 2");
    fixture.answers(405, None);
}

/// While the app does not run: the script is run again, and so all commands are seen that follow from it.
#[test]
fn what_a_build_script_says_since_counts() {
    let mut fixture = Fixture::unbuilt();
    let script = "fn main() {\n println!(\"cargo::rerun-if-changed=number.txt\");\n\
                  if std::fs::read(\"number.txt\").unwrap().len() > 1 {\n\
                  println!(\"cargo::rustc-cfg=odd\");\n }\n}\n";
    fixture.write("rules/build.rs", script);
    fixture.write("rules/number.txt", "1");
    let odd = "words::WORD + cfg!(odd) as u64";
    fixture.edit("rules/src/lib.rs", "words::WORD", odd);
    fixture.answers(201, Some(Decline::First));
    fixture.known = None;
    fixture.write("rules/number.txt", "11");
    assert!(fixture.cargo().output().unwrap().status.success());
    fixture.answers(301, Some(Decline::First));
    fixture.edit("game/src/menu.rs", "= 1", "= 5");
    fixture.answers(305, None);
    fixture.edit("rules/src/lib.rs", "words::WORD", "words::WORD + 1");
    fixture.answers(405, None);
}

/// Such as by `cargo test`, where tests turn more on. Cargo writes a library of the system under one name in all forms,
/// and takes each for the one that it had made.
#[test]
fn another_form_of_a_shared_library_is_no_error_in_the_code_and_is_not_used() {
    let mut fixture = Fixture::unbuilt();
    fixture.edit("Cargo.toml", "\"engine\"]", "\"engine\", \"base\"]");
    fixture.edit(
        "engine/Cargo.toml",
        "[lib]",
        "[dependencies]\nbase = { path = \"../base\" }\n[lib]",
    );
    fixture.write("engine/src/lib.rs", "pub const ZERO: u64 = base::ZERO;\n");
    fixture.write(
        "base/Cargo.toml",
        "[package]\nname = \"base\"\nversion = \"0.1.0\"\nedition = \"2021\"\n\
         [features]\nmore = []\n[lib]\ncrate-type = [\"dylib\", \"rlib\"]\n",
    );
    let source = "pub const ZERO: u64 = if cfg!(feature = \"more\") { 1_000 } else { 0 };\n";
    fixture.write("base/src/lib.rs", source);
    fixture.answers(201, Some(Decline::First));

    fixture.in_terminal(&["build", "--package", "base", "--features", "more"]);
    fixture.edit("game/src/menu.rs", "= 1", "= 5");
    fixture.answers_where_the_compiler_fails(205);
    fixture.edit("game/src/menu.rs", "= 5", "= 6");
    fixture.answers(206, None);
}

//! Whatever is wrong with the new code, the last good code and the state go on.
//!
//! Each row of the table is numbered in `docs/faults.md`, and a test here holds the two together.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use hot_reloader_tests::{lab, lab::edit, Fixture, Host};
use serde_json::{json, Value};

/// A fault, and what is to come of it.
struct Fault {
    /// Brings it about.
    make: fn(&Fixture),
    outcome: &'static str,
    phase: &'static str,
    kind: &'static str,
    /// What the person is told, among other things.
    says: &'static str,
}

const fn refused(
    make: fn(&Fixture),
    phase: &'static str,
    kind: &'static str,
    says: &'static str,
) -> Fault {
    Fault {
        make,
        outcome: "refused",
        phase,
        kind,
        says,
    }
}

const fn rolled_back(
    make: fn(&Fixture),
    phase: &'static str,
    kind: &'static str,
    says: &'static str,
) -> Fault {
    Fault {
        make,
        outcome: "rolled_back",
        phase,
        kind,
        says,
    }
}

/// Makes a test of each row, and a list of their names.
macro_rules! table {
    ($($name:ident: $fault:expr;)*) => {
        $(#[test] fn $name() { check(stringify!($name), &$fault); })*
        const TABLE: &[&str] = &[$(stringify!($name)),*];
    };
}

/// Version 1 with an edit.
fn edited(fixture: &Fixture, from: &str, to: &str) {
    fixture.write(&edit(&Fixture::v1(), from, to));
}

fn in_setup(fixture: &Fixture, code: &str) {
    edited(fixture, "// in setup", code);
}

fn in_play(fixture: &Fixture, code: &str) {
    edited(fixture, "// in play", code);
}

/// Version 1 with an edit, and another at the end of the file.
fn with_item(fixture: &Fixture, from: &str, to: &str, item: &str) {
    let source = edit(&Fixture::v1(), from, to);
    fixture.write(&edit(&source, "// at the end of the file", item));
}

/// Cargo builds version 2, and then something happens to what it built.
fn meddled(fixture: &Fixture, commands: &str) {
    fixture.write(&Fixture::v2());
    fixture.meddle(&format!("cargo \"$@\" || exit 1\n{commands}\n"));
}

/// Wrecks all state, so that a rollback has something to do.
const WRECK: &str = "
    score.value = 999;
    plain.number = 999;
    for (entity, mut ball) in &mut balls {
        ball.x = -1;
        if ball.x < 0 && entity.index() % 2 == 0 { commands.entity(entity).despawn(); }
        commands.spawn(Ball { x: 77, kind: Kind::Small });
    }
    commands.remove_resource::<Plain>();
";

table! {
    compile_error: refused(
        |f| in_play(f, "let broken: u32 = \"text\";"), "build", "compile_errors", "E0308");
    error_in_a_macro: refused(
        |f| {
            let source = edit(&Fixture::v1(), "// in play", "broken!();");
            let item = "macro_rules! broken { () => { let x: u32 = \"text\"; } }\ntype Number";
            f.write(&edit(&source, "type Number", item));
        },
        "build", "compile_errors", "in this macro invocation");
    build_script_fails: refused(
        |f| lab::write(&f.folder.join("build.rs"), "fn main() { panic!(\"not today\"); }"),
        "build", "cargo_failed", "not today");
    link_error: refused(
        |f| with_item(f, "// in play", "", "#[link(name = \"no_such_library\")] extern \"C\" {}"),
        "build", "compile_errors", "no_such_library");
    linker_missing: refused(
        // Only the toolchain's own programs are found.
        |f| { f.write(&Fixture::v2()); f.meddle("PATH=$(rustc --print sysroot)/bin cargo \"$@\"; exit 101\n"); },
        "build", "compile_errors", "linker `cc` not found");
    manifest_broken: refused(
        |f| { f.write(&Fixture::v2()); f.meddle("cargo rustc --no-such-flag; exit 101\n"); },
        "build", "cargo_failed", "--no-such-flag");
    target_folder_unwritable: refused(
        |f| { f.write(&Fixture::v2()); f.meddle("CARGO_TARGET_DIR=/proc/nowhere cargo \"$@\"; exit 101\n"); },
        "build", "cargo_failed", "/proc/nowhere");
    build_hangs: refused(
        |f| { f.write(&Fixture::v2()); f.meddle("echo 'waiting for nothing' >&2; sleep 1000\n"); },
        "build", "timed_out", "waiting for nothing");
    artefact_deleted: refused(
        |f| meddled(f, "rm $LIB"), "stage", "artifact_missing", "build again");
    not_a_library: refused(
        |f| meddled(f, "rm $LIB; echo 'just a text, long enough to be looked at closely' > $LIB"),
        "inspect", "would_not_load", "magic");
    truncated_library: refused(
        |f| meddled(f, "head -c 100000 $LIB > $LIB.cut; mv $LIB.cut $LIB"),
        "inspect", "would_not_load", "would not load");
    empty_file: refused(
        |f| meddled(f, "rm $LIB; : > $LIB"), "inspect", "would_not_load", "the file is empty");
    missing_entry: refused(
        |f| edited(f, "hot_library!(game, witness);", ""), "inspect", "not_a_plugin", "hot_library!");
    wrong_entry_version: refused(
        |f| meddled(f, "LC_ALL=C sed -i 's/hot_reloader 3/hot_reloader 9/' $LIB"),
        "inspect", "entry_version", "version 9");
    other_compiler: refused(
        |f| meddled(f, "LC_ALL=C sed -i 's/rustc 1\\.[0-9]*\\.0 (/rustc 1.11.0 (/' $LIB"),
        "inspect", "other_compiler", "1.11.0");
    stable_crate_changed: refused(
        |f| {
            // As if a stable crate had been built anew, without disturbing the other tests.
            let other = f.folder.join("other/debug");
            fs::create_dir_all(other.join("deps")).unwrap();
            let name = "libhot_reloader_dylib.so";
            let mut bytes = fs::read(lab::target().join("debug/deps").join(name)).unwrap();
            let middle = bytes.len() / 4;
            bytes[middle] ^= 1;
            fs::write(other.join("deps").join(name), bytes).unwrap();
            f.write(&Fixture::v2());
            f.meddle(&format!(
                "cargo \"$@\" | sed \"s|$LIB|{0}/lib.so|\"\ncp $LIB {0}/lib.so\n", other.display()));
        },
        "inspect", "restart_required", "libhot_reloader_dylib.so");
    symbol_missing: refused(
        |f| with_item(f, "// in play", "if probe.frames == u32::MAX { unsafe { no_such_symbol() } }",
            "extern \"C\" { fn no_such_symbol(); }"),
        "identify", "would_not_load", "no_such_symbol");
    duplicate_module: refused(
        |f| edited(f, "hot_library!(game, witness);", "hot_library!(game, witness, game);"),
        "identify", "duplicate_module", "`game` is registered twice");
    unknown_predecessor: refused(
        |f| edited(f, "after = [game]", "after = [nobody]"),
        "identify", "unknown_predecessor", "`nobody`");
    module_circle: refused(
        |f| edited(f, "targets = [play])]", "targets = [play], after = [witness])]"),
        "identify", "module_circle", "wait for each other");
    unknown_target: refused(
        |f| edited(f, "targets = [play])]", "targets = [play, write_down])]"),
        "rehearse", "unknown_target", "`write_down`");
    setup_panics: refused(
        |f| in_setup(f, "panic!(\"setup says no\");"), "rehearse", "setup_panicked", "setup says no");
    conflicting_parameters: refused(
        |f| with_item(f, "// in setup", "app.add_systems(Update, torn);",
            "fn torn(_: Query<&mut Ball>, _: Query<&Ball>) {}"),
        "rehearse", "system_broken", "torn");
    schedule_circle: refused(
        |f| with_item(f, "// in setup", "app.add_systems(Update, (one.after(two), two.after(one)));",
            "fn one() {} fn two() {}"),
        "rehearse", "schedule_broken", "Update");
    systems_in_main: refused(
        |f| in_setup(f, "app.add_systems(bevy::app::Main, || {});"), "rehearse", "schedule_broken", "Main");
    field_of_a_type_that_values_cannot_become: refused(
        |f| {
            let source = edit(&Fixture::v1(), "pub streak: u64", "pub streak: [u64; 1]");
            f.write(&edit(&source, "score.streak += 1", "score.streak[0] += 1"));
        },
        "gate", "types_changed", "now streak: [u64; 1]");
    type_with_values_is_gone: refused(
        |f| edited(f, "Plain", "Simple"), "gate", "types_changed", "#[state(was = ");
    resource_without_a_default: refused(
        |f| with_item(f, "// in setup", "app.init_resource::<Late>();",
            "#[derive(Resource)] struct Late; impl Default for Late { fn default() -> Self { panic!(\"never ready\") } }"),
        "rehearse", "setup_panicked", "never ready");
    panic_in_on_load: rolled_back(
        |f| in_setup(f, "app.add_systems(OnLoad, || panic!(\"not loaded\"));"), "swap", "swap_panicked", "not loaded");
    missing_resource: rolled_back(
        |f| with_item(f, "// in setup", "app.add_systems(Update, wants);",
            "#[derive(Resource)] struct Missing; fn wants(_: Res<Missing>) {}"),
        "probation", "panicked", "Missing");
    panic_in_frame_1: rolled_back(
        |f| in_play(f, &format!("{WRECK} panic!(\"at once\");")), "probation", "panicked", "frame 1 ");
    panic_in_frame_30: rolled_back(
        |f| in_play(f, &format!("if *counted == 29 {{ {} }} if *counted == 30 {{ panic!(\"later\"); }}",
            edit(WRECK, "commands.remove_resource::<Plain>();", ""))),
        "probation", "panicked", "frame 30 ");
    panic_in_a_run_condition: rolled_back(
        |f| edited(f, "(Update, play)", "(Update, play.run_if(|| -> bool { panic!(\"not now\") }))"),
        "probation", "panicked", "not now");
    panic_in_a_command: rolled_back(
        |f| in_play(f, &format!("{WRECK} commands.add(|_: &mut World| panic!(\"in a command\"));")),
        "probation", "panicked", "in a command");
    panic_on_a_task_pool: rolled_back(
        |f| in_play(f, &format!("if *counted == 3 {{ {} bevy::tasks::AsyncComputeTaskPool::get().spawn(async {{ panic!(\"far away\") }}).detach(); }}",
            edit(WRECK, "commands.remove_resource::<Plain>();", ""))),
        "probation", "thread_panicked", "far away");
    panic_in_a_scope_of_the_task_pool: rolled_back(
        |f| in_play(f, &format!("if *counted == 3 {{ {} bevy::tasks::ComputeTaskPool::get().scope(|scope| for _ in 0..8 {{ scope.spawn(async {{ panic!(\"in the pool\") }}); }}); }}",
            edit(WRECK, "commands.remove_resource::<Plain>();", ""))),
        "probation", "panicked", "in the pool\n  at src/lib.rs:");
    panic_on_a_thread: rolled_back(
        |f| in_play(f, "if *counted == 3 { let _ = std::thread::spawn(|| panic!(\"alone\")).join(); }"),
        "probation", "thread_panicked", "alone");
    panic_without_text: rolled_back(
        |f| in_play(f, &format!("{WRECK} std::panic::panic_any(7_u8);")),
        "probation", "panicked", "payload is not text");
}

/// Brings a fault about in a running host, and then mends it.
#[track_caller]
fn check(name: &str, fault: &Fault) {
    let fixture = Fixture::new(name);
    let settings = json!({ "cargo": fixture.meddling_cargo() });
    let (mut host, first) = Host::start_with(&fixture, settings);
    assert_eq!(first["outcome"], "committed", "{first:#}");
    host.advance();
    let before = host.advance();
    assert_eq!(before["version"], "v1");

    (fault.make)(&fixture);
    // Only of the build that never ends. All others may take as long as they do.
    if fault.kind == "timed_out" {
        host.ask(&json!({ "do": "limit_builds", "seconds": 20 }));
    }
    let report = host.reload();
    let told = report["error"]["text"].as_str().unwrap_or_default();
    assert_eq!(report["outcome"], fault.outcome, "{report:#}");
    assert_eq!(report["phase"], fault.phase, "{report:#}");
    assert_eq!(report["error"]["kind"], fault.kind, "{report:#}");
    assert!(
        told.contains(fault.says),
        "`{}` is not in: {told}",
        fault.says
    );
    assert_eq!(report["generation"], 1, "{report:#}");

    let status = host.frames(3);
    assert_eq!(status["state"], before["state"], "the state is as before");
    let ran = |status: &Value| {
        (
            status["frames"].as_u64().unwrap(),
            status["version"].clone(),
        )
    };
    let (frames, version) = ran(&status);
    assert_eq!(
        (version, status["generation"].clone()),
        (json!("v1"), json!(1))
    );
    let later = host.frames(2);
    assert_eq!(
        ran(&later),
        (frames + 2, json!("v1")),
        "the previous code runs"
    );
    assert_eq!(later["tint"], true);
    assert_eq!(later["error"]["kind"], fault.kind);

    fixture.clear();
    fixture.write(&Fixture::v2());
    host.ask(&json!({ "do": "limit_builds", "seconds": 600 }));
    host.commit();
    let healed = host.frames(2);
    assert_eq!(healed["version"], "v2");
    assert_eq!(healed["state"], before["state"]);
    assert_eq!(
        (&healed["tint"], &healed["error"]),
        (&json!(false), &Value::Null)
    );
    host.end();
}

/// Makes a test of its own of each special row, and adds its name to the table's.
macro_rules! special {
    ($($(#[$attribute:meta])* fn $name:ident() $body:block)*) => {
        $($(#[$attribute])* #[test] fn $name() $body)*
        const SPECIAL: &[&str] = &[$(stringify!($name)),*];
    };
}

special! {
    fn panic_after_commit_suspends_the_module_alone() {
        let fixture = Fixture::new("after_commit");
        let (mut host, _) = Host::start_with(&fixture, json!({ "probation": 5 }));
        host.advance();
        in_play(&fixture, "if *counted == 50 { score.value = 999; panic!(\"much later\"); }");
        host.commit();
        let status = host.frames(60);
        assert_eq!(status["error"]["kind"], "suspended", "{status:#}");
        assert_eq!(status["tint"], true);
        assert_eq!(status["modules"][0]["suspended"], true);
        assert_eq!(status["modules"][1]["suspended"], false);
        assert!(status["state"].as_str().unwrap().contains("999"), "the state stays as it is");
        let later = host.frames(5);
        assert_eq!(later["frames"], status["frames"], "the module does not run");
        let witnessed = status["witnessed"].as_u64().unwrap();
        assert_eq!(later["witnessed"], witnessed + 5, "the other one does");
        fixture.write(&Fixture::v2());
        assert_eq!(host.reload()["outcome"], "committed");
        let resumed = host.frames(2);
        assert_eq!((&resumed["version"], &resumed["tint"]), (&json!("v2"), &json!(false)));
        host.end();
    }

    fn a_suspended_module_is_resumed_by_the_same_code() {
        let fixture = Fixture::new("resumed");
        let (mut host, _) = Host::start_with(&fixture, json!({ "probation": 5 }));
        in_play(&fixture, "if *counted == 50 { panic!(\"much later\"); }");
        host.reload();
        assert_eq!(host.frames(60)["tint"], true);
        host.commit();
        let resumed = host.frames(2);
        assert_eq!(resumed["tint"], false);
        assert_eq!(resumed["modules"][0]["suspended"], false);
        host.end();
    }

    fn panic_in_a_drop_of_the_old_code() {
        let fixture = Fixture::new("drop");
        with_item(&fixture, "mut commands: Commands,\n) {\n    for", "mut commands: Commands,\n    _bomb: Local<Bomb>,\n) {\n    for",
            "#[derive(Default)] struct Bomb; impl Drop for Bomb { fn drop(&mut self) { panic!(\"boom\") } }");
        let (mut host, first) = Host::start(&fixture);
        assert_eq!(first["outcome"], "committed", "{first:#}");
        let before = host.advance();
        fixture.write(&Fixture::v2());
        let report = host.commit();
        assert!(report["warnings"].to_string().contains("boom"), "{report:#}");
        let after = host.frames(2);
        assert_eq!((&after["version"], &after["state"]), (&json!("v2"), &before["state"]));
        host.end();
    }

    fn the_folder_of_staged_libraries_is_removed() {
        let fixture = Fixture::new("tidied");
        let (mut host, _) = Host::start(&fixture);
        let before = host.advance();
        fs::remove_dir_all(host.staging_folder()).unwrap();
        fixture.write(&Fixture::v2());
        host.commit();
        let after = host.frames(1);
        assert_eq!((&after["version"], &after["state"]), (&json!("v2"), &before["state"]));
        host.end();
    }

    fn a_source_comes_back_with_an_older_time() {
        let fixture = Fixture::new("older");
        let (mut host, _) = Host::start(&fixture);
        let before = host.advance();
        fixture.write(&Fixture::v2());
        let long_ago = std::time::SystemTime::now() - Duration::from_secs(86_400);
        let file = fs::File::options().append(true).open(fixture.source()).unwrap();
        file.set_modified(long_ago).unwrap();
        host.commit();
        let after = host.frames(1);
        assert_eq!((&after["version"], &after["state"]), (&json!("v2"), &before["state"]));
        host.end();
    }

    fn twenty_requests_in_one_frame_are_one_reload() {
        let fixture = Fixture::new("twenty");
        let (mut host, _) = Host::start(&fixture);
        fixture.write(&Fixture::v2());
        host.ask(&json!({ "do": "reload", "times": 20 }));
        let report = host.report();
        assert_eq!((&report["number"], &report["outcome"]), (&json!(2), &json!("committed")));
        // One more, to see that none was left waiting before it.
        assert_eq!(host.reload()["number"], 3);
        host.end();
    }

    fn requests_during_a_build_are_kept_once() {
        let fixture = Fixture::new("queued");
        let settings = json!({ "cargo": fixture.meddling_cargo() });
        let (mut host, _) = Host::start_with(&fixture, settings);
        fixture.write(&Fixture::v2());
        let gate = fixture.folder.join("go");
        let _ = fs::remove_file(&gate);
        fixture.meddle(&format!("echo at the gate >&2\nwhile [ ! -e {} ]; do sleep 0.05; done\ncargo \"$@\"\n", gate.display()));
        host.ask(&json!({ "do": "reload" }));
        host.ask(&json!({ "do": "progress", "text": "at the gate" }));
        for _ in 0..5 {
            host.ask(&json!({ "do": "reload" }));
            host.frames(1);
        }
        fs::write(&gate, "").unwrap();
        let (first, second) = (host.report(), host.report());
        assert_eq!((&first["outcome"], &second["outcome"]), (&json!("committed"), &json!("unchanged")));
        assert_eq!(host.reload()["number"], 4, "no third one was waiting");
        host.end();
    }

    fn cancelled_in_the_middle() {
        let fixture = Fixture::new("cancelled");
        let settings = json!({ "cargo": fixture.meddling_cargo() });
        let (mut host, _) = Host::start_with(&fixture, settings);
        let before = host.advance();
        fixture.write(&Fixture::v2());
        let pid = hanging_build(&fixture, &mut host);
        host.ask(&json!({ "do": "cancel" }));
        let report = host.report();
        assert_eq!(report["outcome"], "cancelled", "{report:#}");
        wait_until_gone(&pid);
        let after = host.frames(2);
        assert_eq!((&after["version"], &after["state"], &after["tint"]), (&json!("v1"), &before["state"], &json!(false)));
        fixture.clear();
        assert_eq!(host.reload()["outcome"], "committed");
        host.end();
    }

    fn closing_the_app_during_a_build_leaves_no_process() {
        let fixture = Fixture::new("closing");
        let settings = json!({ "cargo": fixture.meddling_cargo() });
        let (mut host, _) = Host::start_with(&fixture, settings);
        let pid = hanging_build(&fixture, &mut host);
        host.end();
        wait_until_gone(&pid);
    }

    fn another_cargo_holds_the_build_lock() {
        let fixture = Fixture::new("locked");
        let (mut host, _) = Host::start(&fixture);
        let lock = fs::File::options().write(true).open(lab::target().join("debug/.cargo-lock")).unwrap();
        lock.lock().unwrap();
        // Nothing but a source changed, so nobody is waited for.
        fixture.write(&Fixture::v2());
        assert_eq!(host.reload()["outcome"], "committed");
        fixture.write(&Fixture::v1());
        let manifest = fixture.folder.join("Cargo.toml");
        let text = fs::read_to_string(&manifest).unwrap();
        fs::write(&manifest, format!("{text}\n# A comment.\n")).unwrap();
        host.ask(&json!({ "do": "reload" }));
        let progress = host.ask(&json!({ "do": "progress", "text": "Blocking" }));
        assert!(progress.as_str().unwrap().contains("file lock"), "{progress}");
        lock.unlock().unwrap();
        assert_eq!(host.report()["outcome"], "committed");
        host.end();
    }

    fn two_instances_reload_at_once() {
        let fixture = Fixture::new("two");
        let (mut one, _) = Host::start(&fixture);
        let (mut other, _) = Host::start(&fixture);
        fixture.write(&Fixture::v2());
        for host in [&mut one, &mut other] {
            host.ask(&json!({ "do": "reload" }));
            host.frames(1);
        }
        for host in [&mut one, &mut other] {
            assert_eq!(host.report()["outcome"], "committed");
            assert_eq!(host.frames(1)["version"], "v2");
        }
        one.end();
        other.end();
    }

    fn a_to_b_to_a_with_a_panic_between() {
        let fixture = Fixture::new("aba_panic");
        let (mut host, _) = Host::start(&fixture);
        let before = host.advance();
        in_play(&fixture, &format!("{WRECK} panic!(\"between\");"));
        assert_eq!(host.reload()["outcome"], "rolled_back");
        let counted = host.frames(1)["counted"].as_u64().unwrap();
        assert!(counted > before["counted"].as_u64().unwrap(), "the locals of the old code come back too");
        fixture.write(&Fixture::v1());
        let report = host.reload();
        assert_eq!(report["outcome"], "unchanged", "{report:#}");
        let after = host.frames(1);
        assert_eq!((&after["state"], &after["tint"]), (&before["state"], &json!(false)));
        host.end();
    }

    fn two_hundred_reloads_in_a_row() {
        let fixture = Fixture::new("many");
        let settings = json!({ "cargo": fixture.meddling_cargo(), "probation": 1 });
        let (mut host, _) = Host::start_with(&fixture, settings);
        fixture.write(&Fixture::v2());
        // Two builds are kept and named in turn, as if a person went to and fro between them.
        let kept = |version: &str| fixture.folder.join(format!("{version}.so"));
        for (source, version) in [(Fixture::v1(), "v1"), (Fixture::v2(), "v2")] {
            fixture.write(&source);
            fixture.meddle(&format!("cargo \"$@\" > {}/messages\ncp $LIB {}\ncat {0}/messages\n",
                fixture.folder.display(), kept(version).display()));
            host.reload();
        }
        let before = host.advance();
        for number in 0..200 {
            let version = ["v1", "v2"][number % 2];
            fixture.meddle(&format!("sed \"s|$LIB|{}|\" {}/messages\n", kept(version).display(), fixture.folder.display()));
            host.commit();
            let status = host.frames(1);
            assert_eq!((&status["version"], &status["state"]), (&json!(version), &before["state"]));
        }
        host.end();
    }
}

/// Starts a build that does not end, and names the process that cargo would have started.
fn hanging_build(fixture: &Fixture, host: &mut Host) -> PathBuf {
    let pid = fixture.folder.join("pid");
    let _ = fs::remove_file(&pid);
    fixture.meddle(&format!(
        "sleep 1000 &\necho $! > {}\necho hanging >&2\nwait\n",
        pid.display()
    ));
    host.ask(&json!({ "do": "reload" }));
    host.ask(&json!({ "do": "progress", "text": "hanging" }));
    let process = Path::new("/proc").join(fs::read_to_string(pid).unwrap().trim());
    assert!(process.exists());
    process
}

fn wait_until_gone(process: &Path) {
    let start = Instant::now();
    while fs::read_to_string(process.join("stat")).is_ok_and(|stat| !stat.contains(") Z ")) {
        assert!(
            start.elapsed() < Duration::from_secs(30),
            "{} lives",
            process.display()
        );
        std::thread::yield_now();
    }
}

#[test]
fn the_documented_table_names_these_tests() {
    let text = fs::read_to_string(lab::root().join("docs/faults.md")).unwrap();
    let documented: BTreeSet<&str> = text
        .lines()
        .filter(|line| {
            line.starts_with("| ") && line[2..].starts_with(|c: char| c.is_ascii_digit())
        })
        .filter_map(|line| line.split('`').nth_back(1))
        .collect();
    let tests: BTreeSet<&str> = TABLE.iter().chain(SPECIAL).copied().collect();
    assert_eq!(documented, tests);
}

//! From the request to the first frame with the new code, edit by edit.

use std::{
    fs,
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use hot_reloader_tests::{
    lab::{self, edit, LIBRARIES},
    window::{AppCopy, Window},
    Fixture, Host,
};
use serde_json::Value;

use crate::{
    floor::Floor,
    results::{number, Results},
};

/// Edits of each kind.
const ROUNDS: usize = 20;
/// Edits of types: each leaves the compiler another crate to remember.
const TYPE_ROUNDS: usize = 8;

/// An edit of the app.
struct Edit {
    name: &'static str,
    /// In the copy of the app.
    file: &'static str,
    /// The text that is there, and what is put in its place, with the number of the round for `#`.
    from: &'static str,
    to: &'static str,
    /// What the compiler has to do, step by step: the crates of a step need none of each other.
    crates: &'static [&'static [&'static str]],
}

/// The app's state, and all that is compiled after it.
const ALL: [&[&str]; 3] = [&["slop_state"], &["slop_common", "slop_ui"], &LIBRARIES];

const EDITS: [Edit; 4] = [
    Edit {
        name: "a text in a window",
        file: "crates/slop_panels/src/log.rs",
        from: "\"Copy these lines\"",
        to: "\"Copy these lines #\"",
        crates: &[&["slop_panels"]],
    },
    Edit {
        name: "a new system",
        file: "crates/slop_hub/src/lib.rs",
        from: "render_discussion_hub.in_set(Turn::Show));\n}",
        to: "render_discussion_hub.in_set(Turn::Show)).add_systems(Update, added_#);\n}\n\n\
             fn added_#(layout: Res<Layout>) {\n    drop(layout);\n}",
        crates: &[&["slop_hub"]],
    },
    Edit {
        name: "a function in slop_state",
        file: "crates/slop_state/src/layout.rs",
        from: "=> \"Performance\"",
        to: "=> \"Performance #\"",
        crates: &ALL,
    },
    Edit {
        name: "an error",
        file: "crates/slop_shell/src/help.rs",
        from: "const IN_TEXT",
        to: "const BROKEN: u32 = \"#\";\n\nconst IN_TEXT",
        crates: &[&["slop_shell"]],
    },
];

impl Edit {
    /// The plugin libraries that are others after it.
    fn libraries(&self) -> &'static [&'static str] {
        self.crates[self.crates.len() - 1]
    }
}

/// In the app of this repository, in its window.
pub(crate) fn app(results: &mut Results) {
    let app = AppCopy::new();
    let root = app.folder();
    let floor = floor_of(root);
    let mut window = app.start();
    window.wait_until_ready();
    for edit in &EDITS {
        kind(results, edit, &floor, &window, &root.join(edit.file));
    }
    prebuilt(results, &window, &root.join(EDITS[0].file));
    first_after_start(results, &mut window, &root.join(EDITS[0].file));
    at_rest(results, &window);
}

/// The compiler alone, for the app.
fn floor_of(root: &Path) -> Floor {
    let crates = ALL.into_iter().flatten();
    let crates = crates.map(|name| (*name, root.join(format!("crates/{name}/src/lib.rs"))));
    let crates: Vec<_> = crates.collect();
    Floor::new(root, &root.join("crates/slop"), &LIBRARIES, &crates)
}

/// Three in another order in each round, so that each follows each of the others as often: one that has written
/// much slows down the next.
fn in_turn(round: usize) -> [usize; 3] {
    let forth = [0, 1, 2].map(|step| (round + step) % 3);
    let [first, second, third] = forth;
    if round.is_multiple_of(2) {
        forth
    } else {
        [first, third, second]
    }
}

fn edited(source: &str, change: &Edit, round: usize) -> String {
    edit(
        source,
        change.from,
        &change.to.replace('#', &round.to_string()),
    )
}

fn kind(results: &mut Results, change: &Edit, floor: &Floor, window: &Window, file: &PathBuf) {
    let source = fs::read_to_string(file).expect("the source is there");
    let (mut alone, mut whole, mut cargo) = (Vec::new(), Vec::new(), Vec::new());
    let mut phases: Vec<(String, Vec<f64>)> = Vec::new();
    for round in 0..=ROUNDS {
        lab::write(file, &edited(&source, change, round));
        // In turn, so that whatever else the machine does falls on all.
        let mut times = [0.0; 3];
        for which in in_turn(round) {
            times[which] = match which {
                0 => floor.compile(change.crates),
                1 => floor.cargo(change.libraries()),
                _ => reload(window, &mut phases, round > 0),
            };
        }
        if round > 0 {
            alone.push(times[0]);
            cargo.push(times[1]);
            whole.push(times[2]);
        } else {
            // The first of a kind may find nothing that the compiler remembers.
            window.wait_until_ready();
        }
    }
    lab::write(file, &source);
    let _ = window.reload(&[]);
    floor.compile(change.crates);
    let part = format!("in the app: {}", change.name);
    results.add(&part, "the compiler alone", &alone);
    results.add(&part, "cargo alone", &cargo);
    results.add(&part, "request to new code, or to the tint", &whole);
    results.ratio(
        &part,
        "request to new code, or to the tint",
        "the compiler alone",
    );
    results.ratio(&part, "request to new code, or to the tint", "cargo alone");
    for (name, times) in phases {
        results.add(&part, &format!("phase {name}"), &times);
    }
}

/// A field more in a type of the app's state, which makes its crate another one, and then an edit of a text.
pub(crate) fn fields(results: &mut Results) {
    let app = AppCopy::new();
    let root = app.folder();
    let floor = floor_of(root);
    let window = app.start();
    window.wait_until_ready();
    let [state, text] = ["crates/slop_state/src/discussions.rs", EDITS[0].file];
    let [state, text] = [state, text].map(|file| root.join(file));
    let [source, text_source] =
        [&state, &text].map(|file| fs::read_to_string(file).expect("it is there"));
    let (mut alone, mut whole, mut migrate, mut next) = (vec![], vec![], vec![], vec![]);
    for round in 0..TYPE_ROUNDS {
        let field =
            format!("pub raw: bool,\n    /// Of the benchmark.\n    pub more_{round}: u32,");
        lab::write(&state, &edit(&source, "pub raw: bool,", &field));
        alone.push(floor.compile_anew(&ALL, round));
        let mut phases = Vec::new();
        whole.push(reload(&window, &mut phases, true));
        let of_values = phases.into_iter().filter(|(name, _)| name == "migrate");
        migrate.extend(of_values.flat_map(|(_, times)| times));
        lab::write(&text, &edited(&text_source, &EDITS[0], 300 + round));
        next.push(reload(&window, &mut Vec::new(), false));
    }
    lab::write(&state, &source);
    lab::write(&text, &text_source);
    let _ = window.reload(&[]);
    let part = "in the app: a field more in a type of the state";
    results.add(
        part,
        "the compiler alone, a full build of all crates",
        &alone,
    );
    results.add(part, "request to new code", &whole);
    results.ratio(
        part,
        "request to new code",
        "the compiler alone, a full build of all crates",
    );
    results.add(part, "phase migrate", &migrate);
    results.add(part, "a text in a window after that", &next);
}

/// How long a reload took; its phases are noted.
fn reload(window: &Window, phases: &mut Vec<(String, Vec<f64>)>, is_noted: bool) -> f64 {
    let start = Instant::now();
    let report = window.reload(&[]);
    let whole = match &report["latency_ms"] {
        // Refused: with the report comes the tint.
        Value::Null => start.elapsed().as_secs_f64() * 1000.0,
        latency => number(latency),
    };
    if is_noted {
        note_phases(&report, phases);
    }
    whole
}

/// Notes how long each phase of a reload took, but for the probation.
pub(crate) fn note_phases(report: &Value, phases: &mut Vec<(String, Vec<f64>)>) {
    for phase in report["phases"].as_array().into_iter().flatten() {
        let name = phase["phase"].as_str().expect("a name");
        let ms = number(&phase["ms"]);
        match phases.iter_mut().find(|(known, _)| known == name) {
            _ if name == "probation" => {}
            Some((_, times)) => times.push(ms),
            None => phases.push((name.to_owned(), vec![ms])),
        }
    }
}

/// An edit that was announced, with the request some time later.
fn prebuilt(results: &mut Results, window: &Window, file: &PathBuf) {
    let source = fs::read_to_string(file).expect("the source is there");
    let mut times = Vec::new();
    for round in 0..10 {
        lab::write(file, &edited(&source, &EDITS[0], 100 + round));
        window.announce();
        window.wait_until_ready();
        times.push(number(&window.reload(&[])["latency_ms"]));
    }
    lab::write(file, &source);
    let _ = window.reload(&[]);
    results.add("in the app: prebuilt", "request to new code", &times);
}

fn first_after_start(results: &mut Results, window: &mut Window, file: &PathBuf) {
    let source = fs::read_to_string(file).expect("the source is there");
    let (mut first, mut later) = (Vec::new(), Vec::new());
    for round in 0..3 {
        window.kill_and_restart();
        window.wait_until_ready();
        for (index, times) in [&mut first, &mut later].into_iter().enumerate() {
            lab::write(file, &edited(&source, &EDITS[0], 200 + 10 * round + index));
            times.push(number(&window.reload(&[])["latency_ms"]));
        }
        lab::write(file, &source);
        let _ = window.reload(&[]);
    }
    let part = "in the app: after a start";
    results.add(part, "the first edit", &first);
    results.add(part, "the second", &later);
    results.ratio(part, "the first edit", "the second");
}

/// What the app takes of a core when nobody touches it.
fn at_rest(results: &mut Results, window: &Window) {
    const SECONDS: u64 = 20;
    window.wait_until_ready();
    let before = window.processor_time();
    thread::sleep(Duration::from_secs(SECONDS));
    let taken = window.processor_time() - before;
    let share = taken.as_secs_f64() / SECONDS as f64 * 100.0;
    results.add_in("the app at rest", "share of a core", "%", &[share]);
}

/// In a library of one file.
pub(crate) fn fixture(results: &mut Results) {
    let fixture = Fixture::new("bench_latency");
    let (mut host, _) = Host::start(&fixture);
    let crates = [(fixture.name.as_str(), fixture.source())];
    let name = fixture.name.as_str();
    let floor = Floor::new(&fixture.folder, &fixture.folder, &[name], &crates);
    let (mut alone, mut whole, mut cargo) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..=ROUNDS {
        let version = format!("\"v{round}a\"");
        fixture.write(&edit(&Fixture::v1(), "\"v1\"", &version));
        let mut times = [0.0; 3];
        for which in in_turn(round) {
            times[which] = match which {
                0 => floor.compile(&[&[name]]),
                1 => floor.cargo(&[name]),
                _ => {
                    let report = host.commit();
                    number(&report["latency_ms"])
                }
            };
        }
        if round > 0 {
            alone.push(times[0]);
            cargo.push(times[1]);
            whole.push(times[2]);
        }
    }
    let part = "a library of one file";
    results.add(part, "the compiler alone", &alone);
    results.add(part, "cargo alone", &cargo);
    results.add(part, "request to new code", &whole);
    results.ratio(part, "request to new code", "the compiler alone");
    results.ratio(part, "request to new code", "cargo alone");
    let size = fs::metadata(fixture.library()).map_or(0, |data| data.len());
    results.add_in(part, "size of the library", "MB", &[size as f64 / 1e6]);
    host.end();
}

//! What a reload costs, and what the reloader costs when nothing reloads.
//!
//! Everything is measured in one run, on one machine, and compared within it: the numbers are no
//! test. In reading order: [`edits`], from the key to the new code, beside the compiler and cargo alone;
//! [`peers`], the same beside other reloaders; `swaps`, `worlds`, `many`, `types`: what the machinery costs; `idle`:
//! what is left when nothing reloads. [`results`] prints, and writes the files.
#![expect(clippy::print_stdout, reason = "it is what the benchmark is for")]

mod edits;
mod floor;
mod peers;
mod results;

use std::{
    io::{BufRead, BufReader, Write},
    process::{Child, ChildStdin, ChildStdout, Stdio},
};

use hot_reloader_tests::{
    lab::{self, edit, Profile},
    Fixture, Host,
};
use serde_json::json;

use results::{number, Results};

const FEATURES: &str = "\n[features]\nhot = [\"hot_reloader/hot\"]\n";

/// Measures a part.
type Part = fn(&mut Results);

const PARTS: [(&str, Part); 9] = [
    ("edits", edits::app),
    ("fields", edits::fields),
    ("fixture", edits::fixture),
    ("peers", peers::peers),
    ("swap", swaps),
    ("idle", idle),
    ("world", worlds),
    ("many", many),
    ("types", types),
];

/// Measures everything, or the parts that are named, and writes what came of it after each part.
fn main() {
    let wanted: Vec<String> = std::env::args().skip(1).collect();
    let folder = lab::root().join("target/bench");
    let mut results = Results::default();
    for (name, part) in PARTS {
        if wanted.is_empty() || wanted.iter().any(|w| w == name) {
            part(&mut results);
            // All of it takes an hour: who ends it before has what was measured until then.
            results.write(&folder);
        }
    }
    println!(
        "written: {0}/bench.json and {0}/bench.svg",
        folder.display()
    );
}

/// The whole world, copied and brought back, by its size: in the profile that a person develops in.
fn worlds(results: &mut Results) {
    let fixture = Fixture::new("bench_world");
    let (mut host, first) = Host::start(&fixture);
    assert_eq!(first["outcome"], "committed", "{first:#}");
    for (entities, rounds) in [(1_000, 20), (100_000, 10), (1_000_000, 3)] {
        let command = json!({ "do": "time_world", "entities": entities, "rounds": rounds });
        let times = host.ask(&command);
        let of = |index: usize| -> Vec<f64> {
            let times = times[index].as_array().expect("a list of times").iter();
            times.map(number).collect()
        };
        let (captures, restores) = (of(0), of(1));
        let part = format!("world of {entities} entities, ten components each");
        results.add(&part, "capture, the first", &captures[..1]);
        results.add(&part, "capture, later ones", &captures[1..]);
        results.add(&part, "restore", &restores);
    }
    host.end();
}

/// Frames with nothing reloading, in the release profile: the same systems in a plain app, as modules
/// linked in, and hot.
fn idle(results: &mut Results) {
    const FRAMES: u64 = 20_000;
    const ROUNDS: usize = 7;
    let source = only_game(&Fixture::v1());
    let plain_source = [
        (
            "#[hot_module(state_keys = [Score, Ball, Plain], targets = [play])]",
            "",
        ),
        ("#[hot_module(targets = [write_down], after = [game])]", ""),
        ("hot_library!(game);", ""),
        ("use hot_reloader::prelude::*;", ""),
        ("&mut HotApp", "&mut App"),
    ]
    .iter()
    .fold(source.clone(), |source, (from, to)| edit(&source, from, to));
    let mut plain = Runner::start("bench_plain", &plain_source, "bench_plain::game(&mut app);");
    let adds = "app.add_plugins(hot_reloader::hot_plugin!(bench_linked));";
    let mut linked = Runner::start("bench_linked", &source, adds);
    let fixture = Fixture::in_profile("bench", Profile::Release);
    fixture.write(&source);
    let (mut hot, first) = Host::start(&fixture);
    assert_eq!(first["outcome"], "committed", "{first:#}");

    let mut times = [const { Vec::new() }; 3];
    for _ in 0..ROUNDS {
        // In turn, so that whatever else the machine does falls on all.
        times[0].push(plain.frame(FRAMES));
        times[1].push(linked.frame(FRAMES));
        let command = json!({ "do": "time_frames", "count": FRAMES });
        times[2].push(number(&hot.ask(&command)));
    }
    let [plain, linked, host] = &times;
    let part = "idle frame, release profile";
    results.add(part, "plain Bevy", plain);
    results.add(part, "linked", linked);
    results.add(part, "hot", host);
    results.ratio(part, "hot", "plain Bevy");
    hot.end();
}

/// A program that runs as many frames as it is told, and tells how long one took.
struct Runner {
    process: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Runner {
    /// Builds a library and a program that adds it to its app.
    fn start(name: &str, library: &str, adds: &str) -> Self {
        let folder = lab::workspace(name, FEATURES);
        lab::write(&folder.join("src/lib.rs"), library);
        let main = "use bevy::{prelude::*, state::app::StatesPlugin};
fn main() {
    let mut app = App::new();
    app.add_plugins((MinimalPlugins, StatesPlugin));
    app.init_resource::<probe_api::Probe>();
    ADDS
    app.finish();
    app.cleanup();
    for line in std::io::stdin().lines() {
        let count: u32 = line.unwrap().parse().unwrap();
        let start = std::time::Instant::now();
        for _ in 0..count { app.update(); }
        println!(\"{}\", start.elapsed().as_secs_f64() * 1000.0 / f64::from(count));
    }
}
";
        lab::write(&folder.join("src/main.rs"), &edit(main, "ADDS", adds));
        let built = lab::cargo()
            .args(["build", "--offline", "--release"])
            .current_dir(&folder)
            .status();
        assert!(
            built.expect("cargo runs").success(),
            "{name} does not build"
        );
        let mut process = lab::launch(name, Profile::Release)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("it starts");
        Self {
            input: process.stdin.take().expect("it is piped"),
            output: BufReader::new(process.stdout.take().expect("it is piped")),
            process,
        }
    }

    /// The mean time of a frame, in milliseconds.
    fn frame(&mut self, frames: u64) -> f64 {
        writeln!(self.input, "{frames}").expect("it listens");
        let mut line = String::new();
        self.output.read_line(&mut line).expect("it answers");
        line.trim().parse().expect("a number")
    }
}

impl Drop for Runner {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The frame in which new code takes over, with 100,000 entities of state, in the release profile.
fn swaps(results: &mut Results) {
    const ENTITIES: u64 = 100_000;
    let fixture = Fixture::in_profile("bench_swap", Profile::Release);
    fixture.write(&only_game(&Fixture::v1()));
    let (mut host, _) = Host::start(&fixture);
    let captures = host.ask(&json!({ "do": "time_captures", "entities": ENTITIES }));
    let captures = captures.as_array().expect("times").iter().map(number);
    let frame = host.ask(&json!({ "do": "time_frames", "count": 200 }));
    let (mut slowest, mut phases) = (Vec::new(), Vec::new());
    for round in 0..10 {
        let version = format!("\"v{}\"", round + 2);
        fixture.write(&only_game(&edit(&Fixture::v1(), "\"v1\"", &version)));
        let report = host.commit();
        slowest.push(number(&report["longest_frame_ms"]));
        edits::note_phases(&report, &mut phases);
    }
    let part = "100,000 entities of state, release profile";
    results.add(part, "frame", &[number(&frame)]);
    results.add(part, "slowest frame of a reload", &slowest);
    results.add(part, "copy of one state key", &captures.collect::<Vec<_>>());
    for (name, times) in phases {
        results.add(part, &format!("phase {name}"), &times);
    }
    host.end();
}

/// Values of a type that changed, by their number and by what makes them new ones.
fn types(results: &mut Results) {
    const BALL: &str =
        "#[derive(Component, Reflect, Serialize, Deserialize, Clone, Debug)]\npub struct Ball {";
    for profile in [Profile::Dev, Profile::Release] {
        for (name, derives) in [
            (
                "serde",
                "#[derive(Component, Serialize, Deserialize, Clone, Debug)]\n#[serde(default)]",
            ),
            (
                "reflection",
                "#[derive(Component, Reflect, Serialize, Clone, Debug)]",
            ),
        ] {
            let fixture = Fixture::in_profile(&format!("bench_types_{name}"), profile);
            let source = only_game(&Fixture::v1());
            let default = "impl Default for Ball { fn default() -> Self { made(0) } }\n\
                           fn made(x: i64) -> Ball { Ball { x, kind: Kind::Small /* more */ } }";
            let source = edit(&source, "// at the end of the file", default);
            let source = edit(&source, BALL, &format!("{derives}\npub struct Ball {{"));
            let source = edit(&source, "Ball { x: 0, kind: Kind::Small }", "made(0)");
            let source = edit(&source, "Ball { x: 10, kind: Kind::Large }", "made(10)");
            fixture.write(&source);
            let (mut host, first) = Host::start_with(&fixture, json!({ "probation": 1 }));
            assert_eq!(first["outcome"], "committed", "{first:#}");
            host.ask(&json!({ "do": "time_captures", "entities": 100_000 }));
            let (mut migrate, mut gate) = (Vec::new(), Vec::new());
            for round in 0..5 {
                let more = edit(
                    &source,
                    "pub x: i64,",
                    &format!("pub x: i64, pub more_{round}: u32,"),
                );
                fixture.write(&edit(&more, "/* more */", &format!(", more_{round}: 0")));
                let report = host.commit();
                for phase in report["phases"].as_array().into_iter().flatten() {
                    match phase["phase"].as_str() {
                        Some("migrate") => migrate.push(number(&phase["ms"])),
                        Some("gate") => gate.push(number(&phase["ms"])),
                        _ => {}
                    }
                }
                fixture.write(&source);
                host.reload();
            }
            let part = format!(
                "100,000 values of a type that changed, {} profile",
                profile.name()
            );
            results.add(&part, &format!("by {name}, tried"), &gate);
            results.add(&part, &format!("by {name}, put in place"), &migrate);
            host.end();
        }
    }
}

/// Two hundred reloads between two builds.
fn many(results: &mut Results) {
    let fixture = Fixture::new("bench_many");
    let settings = json!({ "cargo": fixture.meddling_cargo(), "probation": 1 });
    let (mut host, _) = Host::start_with(&fixture, settings);
    let folder = fixture.folder.display().to_string();
    for (source, version) in [(Fixture::v1(), "v1"), (Fixture::v2(), "v2")] {
        fixture.write(&source);
        fixture.meddle(&format!("cargo \"$@\" > {folder}/messages\ncp $LIB {folder}/{version}.so\ncat {folder}/messages\n"));
        host.reload();
    }
    let (mut resident, mut frames) = (Vec::new(), Vec::new());
    for number_of_reload in 0..200 {
        let version = ["v1", "v2"][number_of_reload % 2];
        fixture.meddle(&format!(
            "sed \"s|$LIB|{folder}/{version}.so|\" {folder}/messages\n"
        ));
        let report = host.commit();
        resident.push(number(&report["resident_bytes"]) / 1e6);
        frames.push(number(&report["longest_frame_ms"]));
    }
    let grown: f64 = (resident[199] - resident[0]) / 199.0;
    let part = "200 reloads of two libraries";
    results.add_in(part, "memory for each", "MB", &[grown]);
    results.add(part, "slowest frame of each", &frames);
    host.end();
}

fn only_game(source: &str) -> String {
    edit(
        source,
        "hot_library!(game, witness);",
        "hot_library!(game);",
    )
}

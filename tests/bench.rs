//! What a reload costs, and what the reloader costs when nothing reloads.
//!
//! Everything is measured in one run, on one machine, and compared within it: the numbers are no
//! test.
#![expect(clippy::print_stdout, reason = "it is what the benchmark is for")]

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    process::{Child, ChildStdin, ChildStdout, Stdio},
    time::Instant,
};

use hot_reloader_tests::{
    lab::{self, edit, Profile},
    Fixture, Host,
};
use serde_json::{json, Value};

const FEATURES: &str = "\n[features]\nhot = [\"hot_reloader/hot\"]\n";

const PARTS: [(&str, fn()); 5] = [
    ("idle", idle),
    ("capture", captures),
    ("world", worlds),
    ("latency", latency),
    ("many", many),
];

/// Measures everything, or the parts that are named.
fn main() {
    let wanted: Vec<String> = std::env::args().skip(1).collect();
    for (name, part) in PARTS {
        if wanted.is_empty() || wanted.iter().any(|w| w == name) {
            part();
        }
    }
}

/// The whole world, copied and brought back, by its size: in the profile that a person develops in.
fn worlds() {
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
        println!(
            "world of {entities:>9}   capture first {:.2} ms, median {:.2} ms; restore median {:.2} ms",
            captures[0],
            median(captures.clone()),
            median(restores)
        );
    }
    host.end();
}

/// Frames with nothing reloading, in the release profile: the same systems in a plain app, as modules
/// linked in, and hot.
fn idle() {
    const FRAMES: u64 = 20_000;
    const ROUNDS: usize = 7;
    let source = only_game(&Fixture::v1());
    let plain_source = [
        (
            "#[hot_module(state_keys = [Score, Ball, Plain], targets = [play])]",
            "",
        ),
        ("#[hot_module(targets = [write_down], after = [game])]", ""),
        ("&mut HotApp", "&mut App"),
        ("hot_library!(game);", ""),
        ("use hot_reloader::prelude::*;", ""),
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
    let [plain, linked, host] = times.map(median);
    println!(
        "idle frame          plain {plain:.4} ms, linked {linked:.4} ms (ratio {:.2}), hot {host:.4} ms (ratio {:.2})",
        linked / plain,
        host / plain
    );
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

/// Copying the state of 100,000 entities.
fn captures() {
    let fixture = Fixture::in_profile("bench_capture", Profile::Release);
    fixture.write(&only_game(&Fixture::v1()));
    let (mut host, _) = Host::start(&fixture);
    let times = host.ask(&json!({ "do": "time_captures", "entities": 100_000 }));
    let times: Vec<f64> = times
        .as_array()
        .expect("times")
        .iter()
        .map(number)
        .collect();
    println!(
        "capture             {:.2} ms for 100,000 entities (the slowest of {}: {:.2} ms)",
        median(times.clone()),
        times.len(),
        slowest(&times)
    );
    host.end();
}

/// From the request to the end of the first frame with the new code, against cargo alone.
fn latency() {
    let fixture = Fixture::new("bench_latency");
    let (mut host, _) = Host::start(&fixture);
    let (mut whole, mut builds, mut alone) = (Vec::new(), Vec::new(), Vec::new());
    let mut rest: Vec<(String, f64)> = Vec::new();
    for round in 0..11 {
        let version = format!("\"v{round}\"");
        fixture.write(&edit(&Fixture::v1(), "\"v1\"", &version));
        let report = host.reload();
        assert_eq!(report["outcome"], "committed", "{report:#}");
        if round == 0 {
            // The first build has no incremental state to go on from.
            continue;
        }
        whole.push(number(&report["latency_ms"]));
        for phase in report["phases"].as_array().expect("phases") {
            let (name, ms) = (
                phase["phase"].as_str().expect("a name"),
                number(&phase["ms"]),
            );
            match name {
                "build" => builds.push(ms),
                "probation" => {}
                _ => rest.push((name.to_owned(), ms)),
            }
        }
        fixture.write(&edit(&Fixture::v1(), "\"v1\"", &format!("\"w{round}\"")));
        let start = Instant::now();
        let status = lab::cargo()
            .args([
                "rustc",
                "--lib",
                "--crate-type",
                "cdylib",
                "--profile",
                "dev",
                "--features",
                "hot",
            ])
            .args([
                "--offline",
                "--quiet",
                "--",
                "-C",
                "link-arg=-Wl,--build-id=sha1",
            ])
            .current_dir(&fixture.folder)
            .status();
        assert!(status.expect("cargo runs").success());
        alone.push(start.elapsed().as_secs_f64() * 1000.0);
    }
    let (whole, build, alone) = (median(whole), median(builds), median(alone));
    println!("reload              {whole:.0} ms from the request to the first frame; cargo alone {alone:.0} ms (ratio {:.2})", whole / alone);
    print!("  its phases        build {build:.0} ms");
    for name in ["stage", "identify", "rehearse", "gate", "capture", "swap"] {
        let times = rest
            .iter()
            .filter(|(phase, _)| phase == name)
            .map(|(_, ms)| *ms)
            .collect();
        print!(", {name} {:.2} ms", median(times));
    }
    println!();
    println!(
        "plugin library      {:.2} MB",
        fs::metadata(fixture.library()).map_or(0.0, |m| m.len() as f64 / 1e6)
    );
    host.end();
}

/// Two hundred reloads between two builds.
fn many() {
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
        let report = host.reload();
        assert_eq!(report["outcome"], "committed", "{report:#}");
        resident.push(number(&report["resident_bytes"]) / 1e6);
        frames.push(number(&report["longest_frame_ms"]));
    }
    let grown = (resident[199] - resident[0]) / 199.0;
    println!("200 reloads         {grown:.2} MB of memory each ({:.0} to {:.0} MB), slowest frame {:.1} ms, median {:.1} ms",
        resident[0], resident[199], slowest(&frames), median(frames.clone()));
    host.end();
}

fn only_game(source: &str) -> String {
    edit(
        source,
        "hot_library!(game, witness);",
        "hot_library!(game);",
    )
}

fn number(value: &Value) -> f64 {
    value.as_f64().expect("a number")
}

fn slowest(times: &[f64]) -> f64 {
    times.iter().copied().fold(0.0, f64::max)
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times.get(times.len() / 2).copied().unwrap_or_default()
}

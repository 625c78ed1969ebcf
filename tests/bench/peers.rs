//! Other reloaders beside this one, edit by edit in one run: from the save of a constant to the first output
//! of the new code.
//!
//! Each has an app of its own with the systems of the fixture library, in the form that its documentation
//! has, and with the same build of the engine where it leaves the building to others. What they need is
//! in the manifests that are written here, and nowhere in the workspace. One that does not build, or does
//! not reload, is a note of the part, and the others are measured without it.

mod apps;
mod process;

use std::{
    fs,
    path::PathBuf,
    process::Command,
    thread,
    time::{Duration, Instant},
};

use hot_reloader_tests::{
    lab::{self, edit},
    Fixture, Host,
};

use crate::results::{number, Results};

use apps::{copy_of, run_all};
use process::Process;

/// Edits of each.
const ROUNDS: usize = 15;
/// After that, new code will not run any more.
const LIMIT: Duration = Duration::from_secs(60);
/// For tools that work by themselves, before and after: they build once more after each reload, since their
/// watcher takes the compiler's reading for an edit.
const UNTIL_TOOLS_REST: Duration = Duration::from_secs(3);

const PART: &str = "beside others: a constant in a library of one file";
const OURS: &str = "hot_reloader, the request at the save";

/// Builds and starts a peer, or says why it cannot be.
type Start = fn() -> Result<Peer, String>;

/// By name, with what its numbers have in them.
const PEERS: [(&str, &str, Start); 3] = [
    (
        "hot-lib-reloader 0.8.2",
        "told by its watcher of the library (inotify, 500 ms of debounce looked at each 125 ms, its defaults); it leaves \
         the build to others, so cargo is started at the save, without the delay of a watcher of sources; its types \
         are in a crate that is not edited, as it wants for Bevy",
        apps::hot_lib,
    ),
    (
        "bevy_dexterous_developer, its cycle alone",
        "0.4.0-alpha.3 with this program for its tools: `cargo metadata` and `cargo rustc` as its builder runs them, but \
         started at the save, then its loading, its serialisation and its schedules; no watcher",
        apps::dexterous_cycle,
    ),
    (
        "bevy_dexterous_developer, its own tools",
        "0.4.0-alpha.3: watcher of sources (inotify, 1 s of debounce), builder, server and runner, with a smaller build of \
         Bevy, as they have a target folder and flags of their own",
        apps::dexterous_tools,
    ),
];

/// From the save to the first output of the new code, beside the fixture's own time.
pub(crate) fn peers(results: &mut Results) {
    let fixture = Fixture::new("bench_peers");
    let (mut host, first) = Host::start(&fixture);
    assert_eq!(first["outcome"], "committed", "{first:#}");
    let mut peers = Vec::new();
    let mut notes = Vec::new();
    for (name, about, start) in PEERS {
        println!("building {name}, which takes some minutes for the first time");
        match start() {
            Ok(peer) => peers.push((name, peer)),
            Err(reason) => notes.push(format!("{name}: not measured: {reason}")),
        }
        notes.push(format!("{name}: {about}"));
    }
    let mut ours = Vec::new();
    for round in 0..=ROUNDS {
        // In turn, so that whatever else the machine does falls on all.
        for step in 0..=peers.len() {
            match (round + step) % (peers.len() + 1) {
                0 => ours.push(reload(&fixture, &mut host, round)),
                which => peers[which - 1].1.measure(round),
            }
        }
    }
    // The first finds nothing that the compiler remembers.
    results.add(PART, OURS, &ours[1..]);
    for (name, peer) in &peers {
        peer.report(results, name);
    }
    for note in notes {
        results.note(PART, &note);
    }
    host.end();
}

/// What takes the place of the constant.
fn version(round: usize) -> String {
    format!("v{round}b")
}

/// The source of version 1 in another version.
fn edited(source: &str, round: usize) -> String {
    edit(source, "\"v1\"", &format!("\"{}\"", version(round)))
}

/// From the save to the first frame of new code, in milliseconds.
fn reload(fixture: &Fixture, host: &mut Host, round: usize) -> f64 {
    let text = edited(&Fixture::v1(), round);
    let start = Instant::now();
    fixture.write(&text);
    let saved = milliseconds(start.elapsed());
    let report = host.commit();
    saved + number(&report["latency_ms"])
}

/// What another reloader leaves to others once a file was saved.
enum Afterwards {
    /// Commands; it sees by itself what they built.
    Build(Vec<Command>),
    /// Commands, and to be told what to load: a copy of the library that they built, which is never
    /// written to again.
    BuildAndLoad(Vec<Command>, PathBuf),
    /// Nothing: it sees the save. Its tools stand still while others are measured.
    Nothing(Process),
}

impl Afterwards {
    /// Sends a signal to tools that work by themselves, if there are any.
    fn signal(&self, name: &str) -> bool {
        let Self::Nothing(tools) = self else {
            return false;
        };
        tools.signal(name);
        true
    }
}

/// Another reloader with its app.
struct Peer {
    app: Process,
    /// What is edited, and its text in version 1.
    file: PathBuf,
    source: String,
    afterwards: Afterwards,
    /// Milliseconds from the save to the first output, and those of them until the build had ended.
    wholes: Vec<f64>,
    builds: Vec<f64>,
    failure: Option<String>,
}

impl Peer {
    /// With an app that has run version 1 of the code.
    fn new(mut app: Process, file: PathBuf, afterwards: Afterwards) -> Self {
        let source = fs::read_to_string(&file).expect("the source is there");
        app.tell("rest");
        afterwards.signal("STOP");
        Self {
            app,
            file,
            source,
            afterwards,
            wholes: Vec::new(),
            builds: Vec::new(),
            failure: None,
        }
    }

    fn measure(&mut self, round: usize) {
        if self.failure.is_some() {
            return;
        }
        self.app.tell("run");
        if self.afterwards.signal("CONT") {
            thread::sleep(UNTIL_TOOLS_REST);
        }
        let times = self.reload(round);
        self.app.tell("rest");
        if self.afterwards.signal("STOP") {
            // A build that they have started goes on to its end.
            thread::sleep(UNTIL_TOOLS_REST);
        }
        match times {
            Ok(_) if round == 0 => {}
            Ok((whole, build)) => {
                self.wholes.push(whole);
                self.builds.extend(build);
            }
            Err(reason) => self.failure = Some(format!("edit {round}: {reason}")),
        }
    }

    /// Milliseconds from the save to the first output, and to the end of the build if it is known.
    fn reload(&mut self, round: usize) -> Result<(f64, Option<f64>), String> {
        let text = edited(&self.source, round);
        let start = Instant::now();
        lab::write(&self.file, &text);
        let build = match &mut self.afterwards {
            Afterwards::Build(commands) => {
                run_all(commands)?;
                Some(milliseconds(start.elapsed()))
            }
            Afterwards::BuildAndLoad(commands, library) => {
                run_all(commands)?;
                let build = milliseconds(start.elapsed());
                let copy = copy_of(library, round + 1)?;
                self.app.tell(&format!("load {}", copy.display()));
                Some(build)
            }
            Afterwards::Nothing(_) => None,
        };
        let end = self.app.said(&format!("@{}", version(round)), LIMIT)?;
        Ok((milliseconds(end - start), build))
    }

    fn report(&self, results: &mut Results, name: &str) {
        if !self.wholes.is_empty() {
            results.add(PART, name, &self.wholes);
            results.ratio(PART, name, OURS);
        }
        if !self.builds.is_empty() {
            results.add(PART, &format!("{name}: of it the build"), &self.builds);
        }
        if let Some(reason) = &self.failure {
            results.note(PART, &format!("{name}: {reason}"));
        }
    }
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

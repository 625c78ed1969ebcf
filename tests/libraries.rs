//! A host with several plugin libraries: each is compiled, refused and replaced by itself.

use std::path::PathBuf;

use hot_reloader_tests::{
    lab::{self, edit, Profile},
    Fixture, Host,
};
use serde_json::{json, Value};

/// A library of one module, which counts by its state, by a `Local`, and by a resource that both have, and says
/// so when the host wants it.
const SOURCE: &str = r#"
use bevy::prelude::*;
use hot_reloader::prelude::*;
use probe_api::Probe;
use two_common::{Total, WORD};

#[derive(Resource, Reflect, Clone, Default)]
pub struct Steps(u32);

#[derive(Component, Reflect)]
pub struct Piece(String);

/// Named after a type of the other crate too.
#[derive(Resource, Default)]
pub struct Cache<T> {
    pub of: std::marker::PhantomData<T>,
}

/// No system says that it uses this.
#[derive(Component, Reflect)]
pub struct Mark;

pub fn SIDE(app: &mut App) {
    app.init_resource::<Steps>()
        .init_resource::<Total>()
        .init_resource::<Cache<Total>>()
        .register_type::<Mark>()
        .register_type::<Piece>()
        .register_type::<Total>()
        .add_systems(Startup, spawn)
        .add_systems(Update, step);
}

fn spawn(mut commands: Commands) {
    commands.spawn(Piece("SIDE".to_owned()));
}

fn step(
    mut probe: ResMut<Probe>,
    mut steps: ResMut<Steps>,
    mut total: ResMut<Total>,
    pieces: Query<&Piece>,
    mut by_this_code: Local<u32>,
    mut commands: Commands,
) {
    // at the start
    if probe.advance {
        steps.0 += 1;
        total.steps += 1;
        *by_this_code += 1;
        let piece = &pieces.single().0;
        probe.notes.push(format!(
            "{piece} v1 {WORD}, {} of {}, {} in all", *by_this_code, steps.0, total.steps
        ));
        commands.spawn(Mark);
        commands.add(|world: &mut World| {
            let marks = world.query::<&Mark>().iter(world).count();
            world.resource_mut::<Probe>().notes.push(format!("SIDE marks: {marks}"));
        });
    }
}

hot_library!(SIDE);
"#;

const COMMON: &str = r#"
use bevy::prelude::*;

pub const WORD: &str = "one";

#[derive(Resource, Reflect, Clone, Default)]
pub struct Total {
    pub steps: u32,
}
"#;

/// A workspace with two plugin libraries, which need a third crate. Its packages are named after the test, since
/// all tests share a target folder.
struct Two {
    name: String,
    folder: PathBuf,
}

impl Two {
    fn new(test: &str) -> Self {
        let name = format!("two_{test}");
        let needs = |package: &str, path: &str| {
            format!("\n[dependencies.{name}_{package}]\npath = \"{path}\"\n")
        };
        let both = needs("left", "left") + &needs("right", "right");
        let folder = lab::workspace(&name, &both);
        let library = format!(
            "\n[features]\nhot = [\"hot_reloader/hot\"]\n{}",
            needs("common", "../common")
        );
        for (package, sections) in [("left", &*library), ("right", &*library), ("common", "")] {
            lab::member(
                &folder.join(package),
                &format!("{name}_{package}"),
                sections,
            );
        }
        lab::write(&folder.join("src/lib.rs"), "");
        let two = Self { name, folder };
        two.write("left", &two.source("left"));
        two.write("right", &two.source("right"));
        two.write("common", COMMON);
        two
    }

    fn source(&self, side: &str) -> String {
        let common = format!("{}_common", self.name);
        SOURCE.replace("SIDE", side).replace("two_common", &common)
    }

    fn write(&self, package: &str, source: &str) {
        lab::write(&self.folder.join(package).join("src/lib.rs"), source);
    }

    fn start(&self) -> (Host, Value) {
        let fixture = Fixture {
            name: format!("{}_left", self.name),
            folder: self.folder.clone(),
            profile: Profile::Dev,
        };
        let libraries = [&fixture.name, &format!("{}_right", self.name)];
        Host::start_with(&fixture, json!({ "libraries": libraries }))
    }
}

/// The generation of each module, in order.
fn generations(status: &Value) -> [u64; 2] {
    let of = |n: usize| status["modules"][n]["generation"].as_u64().unwrap();
    [of(0), of(1)]
}

/// What both modules say when they take a step.
fn step(host: &mut Host) -> Vec<String> {
    let mut notes = notes(&host.advance());
    notes.retain(|note| !note.contains("marks"));
    notes[notes.len() - 2..].to_vec()
}

/// How many marks the right one saw last.
fn marks(host: &mut Host) -> Option<String> {
    let notes = notes(&host.status()).into_iter().rev();
    notes
        .filter_map(|note| Some(note.strip_prefix("right marks: ")?.to_owned()))
        .next()
}

fn notes(status: &Value) -> Vec<String> {
    serde_json::from_value(status["notes"].clone()).unwrap()
}

#[test]
fn only_the_libraries_whose_code_changed_are_compiled_and_replaced() {
    let two = Two::new("edited");
    let (mut host, first) = two.start();
    assert_eq!(first["outcome"], "committed", "{first:#}");
    assert_eq!(generations(&host.status()), [1, 1]);
    assert_eq!(
        step(&mut host),
        [
            "left v1 one, 1 of 1, 1 in all",
            "right v1 one, 1 of 1, 2 in all"
        ]
    );

    // One of them: the other keeps even its locals.
    let left = edit(&two.source("left"), "v1", "v2");
    two.write("left", &left);
    let report = host.commit();
    assert_eq!(report["builder"], "rustc alone");
    let status = host.status();
    assert_eq!(generations(&status), [2, 1]);
    assert_ne!(
        status["modules"][0]["build_id"],
        status["modules"][1]["build_id"]
    );
    assert_eq!(
        step(&mut host),
        [
            "left v2 one, 1 of 2, 3 in all",
            "right v1 one, 2 of 2, 4 in all"
        ]
    );

    // What both need: both are compiled, and replaced together.
    two.write("common", &edit(COMMON, "\"one\"", "\"two\""));
    host.commit();
    assert_eq!(generations(&host.status()), [3, 3]);
    assert_eq!(
        step(&mut host),
        [
            "left v2 two, 1 of 3, 5 in all",
            "right v1 two, 1 of 3, 6 in all"
        ]
    );

    // Nothing: nothing.
    assert_eq!(host.reload()["outcome"], "unchanged");
    host.end();
}

#[test]
fn a_library_that_does_not_compile_holds_up_only_those_who_want_it() {
    let two = Two::new("broken");
    let (mut host, _) = two.start();
    two.write(
        "right",
        &edit(&two.source("right"), "v1", "v2\", broken, \""),
    );
    two.write("left", &edit(&two.source("left"), "v1", "v2"));
    let report = host.reload();
    assert_eq!(report["outcome"], "refused", "{report:#}");
    let status = host.frames(2);
    assert_eq!(status["error"]["kind"], "compile_errors");
    assert!(status["error"]["places"][0]
        .as_str()
        .unwrap()
        .contains("right/src/lib.rs"));
    assert_eq!(generations(&status), [1, 1], "all or nothing");

    host.ask(&json!({ "do": "reload", "modules": ["left"] }));
    let report = host.report();
    assert_eq!(report["outcome"], "committed", "{report:#}");
    assert_eq!(
        step(&mut host),
        [
            "left v2 one, 1 of 1, 1 in all",
            "right v1 one, 1 of 1, 2 in all"
        ]
    );

    // A panic of one of two that come together takes both back.
    let panics = edit(&two.source("right"), "// at the start", "panic!(\"no\");");
    two.write("right", &panics);
    two.write("left", &edit(&two.source("left"), "v1", "v3"));
    let report = host.reload();
    assert_eq!(report["outcome"], "rolled_back", "{report:#}");
    assert_eq!(
        step(&mut host),
        [
            "left v2 one, 2 of 2, 3 in all",
            "right v1 one, 2 of 2, 4 in all"
        ]
    );
    host.end();
}

/// A type that both have, of which the new form is only for the one that was asked for.
#[test]
fn a_type_of_two_libraries_changes_for_both_or_for_none() {
    let two = Two::new("types");
    let (mut host, _) = two.start();
    step(&mut host);
    let grown = edit(
        COMMON,
        "pub steps: u32,",
        "pub steps: u32,\n    pub more: u64,",
    );
    two.write("common", &grown);
    // What is broken in the one is nothing to the other, nor are its types.
    two.write("right", "struct Piece {");
    two.write("left", &edit(&two.source("left"), "v1", "v2"));
    host.ask(&json!({ "do": "reload", "modules": ["left"] }));
    let report = host.report();
    assert_eq!(report["outcome"], "refused", "{report:#}");
    assert_eq!(report["error"]["kind"], "at_odds", "{report:#}");
    let text = report["error"]["text"].as_str().unwrap();
    assert!(
        text.contains("two_types_common") && text.contains("`right`"),
        "{text}"
    );

    two.write("common", COMMON);
    host.ask(&json!({ "do": "reload", "modules": ["left"] }));
    let report = host.report();
    assert_eq!(report["outcome"], "committed", "{report:#}");
    assert_eq!(report["types"], json!([]), "{report:#}");
    assert_eq!(
        step(&mut host),
        [
            "left v2 one, 1 of 2, 3 in all",
            "right v1 one, 2 of 2, 4 in all"
        ]
    );

    two.write("common", &grown);
    two.write("right", &edit(&two.source("right"), "v1", "v3"));
    host.commit();
    // Of the new right nothing is known to use the marks, so they wait, whatever becomes of the left.
    two.write("left", &edit(&two.source("left"), "v1", "v4"));
    host.ask(&json!({ "do": "reload", "modules": ["left"] }));
    let report = host.report();
    assert_eq!(report["outcome"], "committed", "{report:#}");
    assert_eq!(
        step(&mut host),
        [
            "left v4 one, 1 of 3, 5 in all",
            "right v3 one, 1 of 3, 6 in all"
        ]
    );
    step(&mut host);
    assert_eq!(marks(&mut host).as_deref(), Some("4"));
    host.end();
}

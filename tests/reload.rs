//! A reload as a system developer sees it: new code, the same state.

use hot_reloader_tests::{lab::edit, Fixture, Host};
use serde_json::{json, Value};

#[test]
fn new_code_runs_with_the_old_state() {
    let fixture = Fixture::new("new_code");
    let (mut host, first) = Host::start(&fixture);
    assert_eq!(first["outcome"], "committed", "{first:#}");
    host.advance();
    let before = host.advance();
    assert_eq!(before["version"], "v1");
    assert!(state(&before).contains("value:2"), "{before:#}");

    fixture.write(&Fixture::v2());
    let report = host.commit();
    assert_eq!(report["generation"], 2);
    assert_eq!(
        report["recompiled"],
        json!([]),
        "only the hot crate is compiled"
    );
    let after = host.frames(1);
    assert_eq!(after["version"], "v2");
    assert_eq!(after["state"], before["state"], "the state is as it was");
    assert_eq!(after["generation"], 2);
    let build = |status: &Value| status["modules"][0]["build_id"].clone();
    assert_ne!(build(&after), build(&before));
    let next = host.advance();
    assert!(
        state(&next).contains("value:102"),
        "the new code acts on it: {next:#}"
    );
    host.end();
}

/// All but the swap is done before anybody asks, and nothing of that is to be seen in the world.
#[test]
fn an_edit_that_was_announced_is_ready_when_somebody_asks() {
    let fixture = Fixture::new("announced");
    let (mut host, _) = Host::start_with(&fixture, json!({ "ahead": true }));
    let before = host.advance();
    fixture.write(&Fixture::v2());
    host.ask(&json!({ "do": "announce" }));
    host.ask(&json!({ "do": "until_ready" }));
    let ready = host.frames(3);
    assert_eq!(
        (&ready["version"], &ready["state"], &ready["generation"]),
        (&json!("v1"), &before["state"], &json!(1))
    );
    let report = host.commit();
    assert_eq!(report["builder"], "rustc alone");
    let phases: Vec<_> = report["phases"].as_array().unwrap().iter().collect();
    assert!(
        phases.iter().all(|phase| phase["phase"] != "stage"),
        "{report:#}"
    );
    assert_eq!(host.frames(1)["version"], "v2");

    // An edit that came after it counts all the same.
    let version = |to: &str| fixture.write(&edit(&Fixture::v2(), "\"v2\"", to));
    version("\"v3\"");
    host.ask(&json!({ "do": "announce" }));
    host.ask(&json!({ "do": "until_ready" }));
    version("\"v4\"");
    host.commit();
    assert_eq!(host.frames(1)["version"], "v4");

    // So does one that breaks it and is taken back: what was ready is used after all.
    version("\"v5\"");
    host.ask(&json!({ "do": "announce" }));
    host.ask(&json!({ "do": "until_ready" }));
    fixture.write("this is no Rust");
    assert_eq!(host.reload()["outcome"], "refused");
    version("\"v5\"");
    host.commit();
    assert_eq!(host.frames(1)["version"], "v5");
    host.end();
}

/// The report says who built it: cargo first, and whenever more than sources changed.
#[test]
fn cargo_is_asked_only_when_it_has_to_be() {
    let fixture = Fixture::new("builders");
    let (mut host, first) = Host::start(&fixture);
    assert_eq!(first["builder"], "cargo, since it is the first build");
    fixture.write(&Fixture::v2());
    assert_eq!(host.reload()["builder"], "rustc alone");
    let manifest = fixture.folder.join("Cargo.toml");
    let text = std::fs::read_to_string(&manifest).unwrap();
    std::fs::write(&manifest, format!("{text}\n# A comment.\n")).unwrap();
    let report = host.reload();
    let expected = format!("cargo, since {} changed", manifest.display());
    assert_eq!(report["builder"], json!(expected), "{report:#}");
    assert_eq!(report["outcome"], "unchanged", "{report:#}");
    host.end();
}

#[test]
fn code_that_does_not_compile_is_refused_and_the_next_good_one_recovers() {
    let fixture = Fixture::new("no_compile");
    let (mut host, _) = Host::start(&fixture);
    let before = host.advance();
    let broken = edit(&Fixture::v2(), "// in play", "let broken: u32 = \"text\";");
    let line = 1 + broken
        .lines()
        .position(|line| line.contains("broken"))
        .unwrap();
    fixture.write(&broken);
    let report = host.reload();
    assert_eq!(report["outcome"], "refused", "{report:#}");
    let refused = host.frames(2);
    assert_eq!(refused["tint"], true);
    assert_eq!(refused["error"]["kind"], "compile_errors");
    let place = format!("{}:{line}:23", fixture.source().display());
    assert_eq!(refused["error"]["places"], json!([place]));
    assert!(refused["error"]["text"].as_str().unwrap().contains("E0308"));
    assert_eq!(refused["version"], "v1");
    assert_eq!(refused["state"], before["state"]);

    fixture.write(&Fixture::v2());
    host.commit();
    let after = host.frames(1);
    assert_eq!(
        (&after["tint"], &after["is_error"]),
        (&json!(false), &json!(false))
    );
    assert_eq!(after["version"], "v2");
    host.end();
}

#[test]
fn a_to_b_to_a_runs_a_again() {
    let fixture = Fixture::new("a_b_a");
    let (mut host, first) = Host::start(&fixture);
    for (source, version, generation) in [(Fixture::v2(), "v2", 2), (Fixture::v1(), "v1", 3)] {
        fixture.write(&source);
        host.commit();
        let status = host.frames(1);
        assert_eq!(status["version"], version);
        assert_eq!(status["generation"], generation);
    }
    assert_eq!(
        host.status()["modules"][0]["build_id"],
        first["modules"][0]["build_id"],
        "the same code has the same id"
    );
    host.end();
}

#[test]
fn a_reload_without_a_change_is_reported_as_unchanged() {
    let fixture = Fixture::new("unchanged");
    let (mut host, _) = Host::start(&fixture);
    let before = host.advance();
    let report = host.reload();
    assert_eq!(report["outcome"], "unchanged", "{report:#}");
    assert_eq!(report["generation"], 1);
    let after = host.frames(1);
    let counted = before["counted"].as_u64().unwrap();
    assert!(
        after["counted"].as_u64().unwrap() > counted,
        "even the locals go on"
    );
    host.end();
}

#[test]
fn a_library_that_cannot_be_built_at_start_is_recovered_from() {
    let fixture = Fixture::new("bad_start");
    fixture.write("this is no Rust");
    let (mut host, first) = Host::start(&fixture);
    assert_eq!(first["outcome"], "refused", "{first:#}");
    let status = host.frames(2);
    assert_eq!(status["tint"], true);
    assert_eq!(status["modules"], json!([]));
    fixture.write(&Fixture::v1());
    host.commit();
    let status = host.frames(1);
    assert_eq!(status["tint"], false);
    assert_eq!(status["version"], "v1");
    assert!(
        state(&status).contains("Large"),
        "startup systems have run: {status:#}"
    );
    host.end();
}

#[test]
fn a_selective_reload_leaves_the_other_modules_alone() {
    let fixture = Fixture::new("selective");
    let (mut host, _) = Host::start(&fixture);
    let before = host.advance();
    fixture.write(&Fixture::v2());
    host.ask(&json!({ "do": "reload", "modules": ["game"] }));
    let report = host.report();
    assert_eq!(report["outcome"], "committed", "{report:#}");
    let after = host.frames(1);
    assert_eq!(
        (&after["version"], &after["state"]),
        (&json!("v2"), &before["state"])
    );
    let generations = [
        &after["modules"][0]["generation"],
        &after["modules"][1]["generation"],
    ];
    assert_eq!(generations, [&json!(2), &json!(1)]);
    let counted = |status: &Value, name: &str| status[name].as_u64().unwrap();
    assert!(
        counted(&after, "counted") < counted(&after, "witnessed"),
        "only one began anew"
    );
    assert!(counted(&after, "witnessed") > counted(&before, "witnessed"));

    // All of them: the one that was left behind follows.
    host.commit();
    assert_eq!(host.frames(1)["modules"][1]["generation"], 3);

    host.ask(&json!({ "do": "reload", "modules": ["gaem"] }));
    let report = host.report();
    assert_eq!(report["error"]["kind"], "unknown_module", "{report:#}");
    assert!(report["error"]["text"]
        .as_str()
        .unwrap()
        .contains("there are: game, witness"));
    host.end();
}

/// Events of the old type would be read by nobody, and those of the new one neither.
#[test]
fn a_type_of_events_between_two_modules_changes_for_both_or_for_none() {
    let fixture = Fixture::new("selective_events");
    let source = |field: &str, value: &str| {
        let hit = format!(
            "#[derive(Event, Reflect)]
            pub struct Hit {{ pub by: u32{field} }}
            fn send(probe: Res<Probe>, mut hits: EventWriter<Hit>) {{
                if probe.advance {{ hits.send(Hit {{ by: STEP{value} }}); }}
            }}
            fn hear(mut probe: ResMut<Probe>, mut hits: EventReader<Hit>) {{
                for hit in hits.read() {{ probe.notes.push(format!(\"hit by {{}}\", hit.by)); }}
            }}"
        );
        let source = edit(&Fixture::v1(), "// at the end of the file", &hit);
        let source = edit(
            &source,
            "// in setup",
            "app.add_event::<Hit>().add_systems(Update, send);",
        );
        edit(
            &source,
            "app.add_systems(PostUpdate, write_down);",
            "app.add_systems(PostUpdate, write_down).add_event::<Hit>().add_systems(Last, hear);",
        )
    };
    fixture.write(&source("", ""));
    let (mut host, first) = Host::start(&fixture);
    assert_eq!(first["outcome"], "committed", "{first:#}");
    assert_eq!(host.advance()["notes"], json!(["hit by 1"]));
    fixture.write(&source(", pub at: u64", ", at: 7"));
    host.ask(&json!({ "do": "reload", "modules": ["game"] }));
    let report = host.report();
    assert_eq!(report["error"]["kind"], "types_changed", "{report:#}");
    let text = report["error"]["text"].as_str().unwrap();
    assert!(text.contains("module `witness` uses it too"), "{text}");
    host.commit();
    assert_eq!(host.advance()["notes"], json!(["hit by 1", "hit by 1"]));
    host.end();
}

#[test]
fn a_call_reloads_at_once_and_one_at_a_time() {
    let fixture = Fixture::new("call");
    let (mut host, _) = Host::start(&fixture);
    let before = host.advance();
    fixture.write(&Fixture::v2());
    let report = host.ask(&json!({ "do": "reload_now", "modules": ["game"] }));
    assert_eq!(report["outcome"], "on_probation", "{report:#}");
    let status = host.status();
    assert_eq!(status["generation"], 2, "no frame has passed");
    assert_eq!(host.ask(&json!({ "do": "reload_now" })), "busy");
    let after = host.frames(1);
    assert_eq!(
        (&after["version"], &after["state"]),
        (&json!("v2"), &before["state"])
    );
    let report = host.report();
    assert_eq!(report["outcome"], "committed", "{report:#}");
    let report = host.ask(&json!({ "do": "reload_now", "modules": ["game"] }));
    assert_eq!(report["outcome"], "unchanged", "{report:#}");
    host.end();
}

#[test]
fn what_a_module_owns_is_taken_down_and_set_up_by_each_generation() {
    let fixture = Fixture::new("hooks");
    // Each hook adds to another digit.
    let hooks = "app.add_systems(OnLoad, |mut score: ResMut<Score>| score.streak += 10)
        .add_systems(OnUnload, |mut score: ResMut<Score>| score.streak += 1_000)
        .add_systems(OnReload, |mut score: ResMut<Score>| score.streak += 100_000);";
    let hooked = |source: &str| edit(source, "// in setup", hooks);
    fixture.write(&hooked(&Fixture::v1()));
    let (mut host, _) = Host::start(&fixture);
    let status = host.frames(1);
    assert!(state(&status).contains("streak:10)"), "{status:#}");

    fixture.write(&hooked(&Fixture::v2()));
    host.commit();
    let before = host.frames(1);
    assert!(state(&before).contains("streak:101020)"), "{before:#}");

    let panics = edit(&hooked(&Fixture::v1()), "// in play", "panic!(\"no\");");
    fixture.write(&panics);
    let report = host.reload();
    assert_eq!(report["outcome"], "rolled_back", "{report:#}");
    let after = host.frames(1);
    assert_eq!(after["version"], "v2");
    assert_eq!(after["state"], before["state"], "the state is as it was");
    host.end();
}

#[test]
fn modules_are_timed_when_that_is_wanted() {
    let fixture = Fixture::new("times");
    let (mut host, _) = Host::start(&fixture);
    host.frames(60);
    let times = host.ask(&json!({ "do": "time_modules" }));
    assert_eq!(times, json!(["game in Update", "witness in PostUpdate"]));
    host.end();
}

/// What is added to version 2 of the library after the fact: a module of its own, which answers
/// what is asked of it.
const AI_CLIENT: &str = r#"
#[derive(Resource, Reflect, Clone, Debug, Default)]
pub struct PendingRequests(pub Vec<String>);

#[derive(Resource, Reflect, Clone, Default)]
pub struct ApiKey(pub String);

#[hot_module(
    state_keys = [PendingRequests, ApiKey],
    targets = [send_request, stream_response],
    after = [game],
)]
pub fn ai_client(app: &mut App) {
    app.init_resource::<PendingRequests>()
        .init_resource::<ApiKey>()
        .add_systems(Update, (send_request, stream_response).chain());
}

fn send_request(probe: Res<Probe>, mut pending: ResMut<PendingRequests>) {
    if probe.advance {
        pending.0.push("hello".to_owned());
    }
}

fn stream_response(mut probe: ResMut<Probe>, mut pending: ResMut<PendingRequests>) {
    let answers = pending.0.drain(..);
    probe.notes.extend(answers.map(|asked| format!("echo: {asked}")));
}
"#;

#[test]
fn a_module_comes_and_goes_with_the_library() {
    let fixture = Fixture::new("comes");
    let (mut host, _) = Host::start(&fixture);
    let before = host.advance();
    let names = |status: &Value| {
        let modules = status["modules"].as_array().unwrap().iter();
        json!(modules.map(|m| m["name"].clone()).collect::<Vec<_>>())
    };
    assert_eq!(names(&before), json!(["game", "witness"]));

    let source = edit(&Fixture::v2(), "// at the end of the file", AI_CLIENT);
    let listed = edit(
        &source,
        "hot_library!(game, witness)",
        "hot_library!(game, ai_client, witness)",
    );
    fixture.write(&listed);
    host.commit();
    let status = host.status();
    assert_eq!(names(&status), json!(["game", "ai_client", "witness"]));
    assert_eq!(status["state"], before["state"]);
    assert_eq!(host.advance()["notes"], json!(["echo: hello"]));

    // It is reloaded by its name, and the others stay as they are.
    fixture.write(&edit(&listed, "echo: ", "again: "));
    host.ask(&json!({ "do": "reload", "modules": ["ai_client"] }));
    let report = host.report();
    assert_eq!(report["outcome"], "committed", "{report:#}");
    assert_eq!(host.advance()["notes"][1], "again: hello");

    // Its state is named, and goes when that is wanted.
    fixture.write(&Fixture::v1());
    let report = host.reload();
    assert_eq!(report["error"]["kind"], "types_changed", "{report:#}");
    let gone = "#[state(discard = \"game_comes::ApiKey\", discard = \"game_comes::PendingRequests\")]\nfn gone() {}";
    fixture.write(&edit(&Fixture::v1(), "// at the end of the file", gone));
    host.commit();
    let status = host.advance();
    assert_eq!(names(&status), json!(["game", "witness"]));
    assert_eq!(status["notes"].as_array().unwrap().len(), 2, "it is gone");
    host.end();
}

#[test]
fn a_library_without_what_the_host_demands_is_refused() {
    let fixture = Fixture::new("demands");
    let demands = json!({
        "demand": "game",
        "demand_keys": ["Score"],
        "demand_targets": ["play"],
    });
    let (mut host, first) = Host::start_with(&fixture, demands);
    assert_eq!(first["outcome"], "committed", "{first:#}");
    let before = host.advance();
    let v1 = Fixture::v1();
    for (source, kind, says) in [
        (
            edit(
                &v1,
                "state_keys = [Score, Ball, Plain]",
                "state_keys = [Ball]",
            ),
            "missing_state_key",
            "the app registers the state key `Score` of module `game`",
        ),
        (
            edit(
                &edit(&v1, "targets = [play]", "targets = []"),
                "play)",
                "paly)",
            )
            .replace("fn play(", "fn paly("),
            "unknown_target",
            "`play`",
        ),
        (
            edit(
                &edit(&v1, "hot_library!(game, ", "hot_library!("),
                "after = [game]",
                "after = []",
            ),
            "missing_module",
            "the app registers module `game`, and no library has one of that name",
        ),
    ] {
        fixture.write(&source);
        let report = host.reload();
        assert_eq!(report["outcome"], "refused", "{report:#}");
        assert_eq!(report["error"]["kind"], kind, "{report:#}");
        let text = report["error"]["text"].as_str().unwrap();
        assert!(text.contains(says), "{text}");
    }
    let after = host.frames(1);
    assert_eq!(after["state"], before["state"]);
    assert_eq!(after["version"], "v1");
    host.end();
}

fn state(status: &Value) -> &str {
    status["state"].as_str().unwrap()
}

//! Reloads that are asked for from outside of the window.

use std::{
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use hot_reloader_remote::{ask, client::find, Reply, Request};
use hot_reloader_tests::{lab::edit, Fixture, Host};
use serde_json::{json, Value};

/// For whatever is waited for, builds among it.
const DEADLINE: Duration = Duration::from_secs(300);

/// Runs frames until all who ask are answered.
#[track_caller]
fn serve<T>(host: &mut Host, asking: &[JoinHandle<T>]) {
    let start = Instant::now();
    while asking.iter().any(|asking| !asking.is_finished()) {
        assert!(start.elapsed() < DEADLINE, "somebody is never answered");
        host.frames(1);
        // Leaves the processor to the compiler.
        thread::sleep(Duration::from_millis(1));
    }
}

/// Asks as an editor does while the host runs frames.
fn request(host: &mut Host, modules: Option<&[&str]>) -> (bool, String, Value) {
    let app = find(&host.socket_folder(), None).expect("it listens");
    let modules = modules.map(|names| names.iter().map(ToString::to_string).collect());
    let asking = thread::spawn(move || ask(&app, &Request::new(modules)));
    serve(host, std::slice::from_ref(&asking));
    match asking.join().unwrap().expect("it answers") {
        Reply::Report {
            success,
            summary,
            report,
        } => (success, summary, report),
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_editor_asks_and_is_told_how_it_went() {
    let fixture = Fixture::new("remote");
    let (mut host, _) = Host::start_with(&fixture, json!({ "remote": true }));
    let before = host.advance();

    fixture.write(&Fixture::v2());
    let (success, summary, report) = request(&mut host, Some(&["game"]));
    assert!(success, "{report:#}");
    assert_eq!(summary, "generation 2 runs");
    assert_eq!(report["outcome"], "committed");
    let after = host.frames(1);
    assert_eq!(
        (&after["version"], &after["state"]),
        (&json!("v2"), &before["state"])
    );
    assert_eq!(after["modules"][1]["generation"], 1, "it was not asked for");

    // The other module follows.
    let (success, _, report) = request(&mut host, None);
    assert!(success && report["outcome"] == "committed", "{report:#}");
    let (success, summary, _) = request(&mut host, None);
    assert!(success, "{summary}");
    assert!(summary.starts_with("unchanged"), "{summary}");

    fixture.write(&edit(&Fixture::v2(), "// in play", "oops"));
    let (success, _, report) = request(&mut host, None);
    assert!(!success);
    assert_eq!(report["error"]["kind"], "compile_errors");
    fixture.write(&edit(&Fixture::v1(), "// in play", "panic!(\"no\");"));
    let (success, _, report) = request(&mut host, None);
    assert!(!success);
    assert_eq!(report["outcome"], "rolled_back");
    let (success, _, report) = request(&mut host, Some(&["gaem"]));
    assert!(!success);
    assert_eq!(report["error"]["kind"], "unknown_module");
    assert_eq!(host.frames(1)["version"], "v2");
}

#[test]
fn who_asks_meanwhile_is_answered_by_the_reload_that_serves_him() {
    let fixture = Fixture::new("remote_two");
    let (mut host, _) = Host::start_with(&fixture, json!({ "remote": true }));
    fixture.write(&Fixture::v2());
    let app = find(&host.socket_folder(), None).expect("it listens");
    // The first is being built when the others come.
    let first = {
        let app = app.clone();
        thread::spawn(move || ask(&app, &Request::new(None)))
    };
    host.ask(&json!({ "do": "progress", "text": "" }));
    let others = [0, 1].map(|_| {
        let app = app.clone();
        thread::spawn(move || ask(&app, &Request::new(None)))
    });
    let mut asking = vec![first];
    asking.extend(others);
    serve(&mut host, &asking);
    let outcomes: Vec<Value> = asking
        .into_iter()
        .map(|asking| match asking.join().unwrap().unwrap() {
            Reply::Report { report, .. } => report["outcome"].clone(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(outcomes, ["committed", "unchanged", "unchanged"]);
}

/// The editor says so when a file is saved, and does not wait.
#[test]
fn an_edit_can_be_announced() {
    let fixture = Fixture::new("remote_announced");
    let settings = json!({ "remote": true, "ahead": true });
    let (mut host, _) = Host::start_with(&fixture, settings);
    fixture.write(&Fixture::v2());
    let app = find(&host.socket_folder(), None).expect("it listens");
    let heard = thread::spawn(move || ask(&app, &Request::announcement()));
    serve(&mut host, std::slice::from_ref(&heard));
    assert_eq!(heard.join().unwrap().unwrap(), Reply::Heard);
    host.ask(&json!({ "do": "until_ready" }));
    assert_eq!(host.status()["version"], "v1");
    assert_eq!(host.reload()["outcome"], "committed");
    host.end();
}

#[test]
fn who_waits_is_told_that_the_reload_was_cancelled_or_the_app_ended() {
    let fixture = Fixture::new("remote_end");
    let settings = json!({ "remote": true, "cargo": fixture.meddling_cargo() });
    let (mut host, _) = Host::start_with(&fixture, settings);
    // A build that ends only if it is ended.
    fixture.meddle("echo hanging >&2\nexec sleep 1000\n");
    let folder = host.socket_folder();
    let app = find(&folder, None).expect("it listens");
    let waits = |app: &hot_reloader_remote::RunningApp| {
        let app = app.clone();
        thread::spawn(move || ask(&app, &Request::new(None)))
    };
    let cancelled = waits(&app);
    host.ask(&json!({ "do": "progress", "text": "hanging" }));
    host.ask(&json!({ "do": "cancel" }));
    serve(&mut host, std::slice::from_ref(&cancelled));
    let Reply::Report {
        report, success, ..
    } = cancelled.join().unwrap().unwrap()
    else {
        panic!("there is a report");
    };
    assert!(!success && report["outcome"] == "cancelled", "{report:#}");

    let unanswered = waits(&app);
    host.ask(&json!({ "do": "progress", "text": "hanging" }));
    host.end();
    let ended = unanswered.join().unwrap().unwrap_err().to_string();
    assert!(ended.contains("ended before it answered"), "{ended}");
    let gone = find(&folder, None).unwrap_err().to_string();
    assert!(gone.starts_with("no app listens in "), "{gone}");
}

#[test]
fn a_call_serves_whoever_asked_before_it() {
    let fixture = Fixture::new("remote_call");
    let (mut host, _) = Host::start_with(&fixture, json!({ "remote": true }));
    let app = find(&host.socket_folder(), None).expect("it listens");
    fixture.write(&Fixture::v2());
    let waits = |module: &'static str| {
        let app = app.clone();
        let modules = Some(vec![module.to_owned()]);
        thread::spawn(move || ask(&app, &Request::new(modules)))
    };
    // One is being built, and one is queued.
    let building = waits("game");
    host.ask(&json!({ "do": "progress", "text": "" }));
    let queued = waits("witness");
    host.frames(3);
    let report = host.ask(&json!({ "do": "reload_now", "modules": ["game"] }));
    assert_eq!(report["outcome"], "on_probation", "{report:#}");
    let both = [building, queued];
    serve(&mut host, &both);
    for asked in both {
        let Reply::Report { success, .. } = asked.join().unwrap().unwrap() else {
            panic!("there is a report");
        };
        assert!(success);
    }
}

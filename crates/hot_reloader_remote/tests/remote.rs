//! An app and those who ask it, over real sockets.
#![cfg(unix)]

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    os::unix::{
        fs::{symlink, PermissionsExt},
        net::{UnixListener, UnixStream},
    },
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use crossbeam_channel::{unbounded, Receiver, Sender};
use hot_reloader_remote::{
    ask, find, folder::prepare, protocol::MAX_LINE, running, server::CONNECTIONS, RemoteError,
    Reply, Request, Responder, RunningApp, Server,
};
use proptest::prelude::*;
use serde_json::json;
use tempfile::TempDir;

const DEADLINE: Duration = Duration::from_secs(30);

/// An app that does what the first module's name says.
struct Game {
    server: Server,
    held: Receiver<Responder>,
    folder: PathBuf,
    home: TempDir,
}

impl Game {
    fn start() -> Self {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("hot_reloader/sockets");
        let (hold, held) = unbounded();
        let server = Server::start(&folder, "game", move |request, responder| {
            handle(&request, responder, &hold);
        });
        Self {
            server: server.unwrap(),
            held,
            folder,
            home,
        }
    }

    fn app(&self) -> RunningApp {
        find(&self.folder, None).unwrap()
    }

    fn ask(&self, module: &str) -> Reply {
        ask(&self.app(), &modules(module)).unwrap()
    }

    fn connect(&self) -> UnixStream {
        let stream = UnixStream::connect(self.server.path()).unwrap();
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        stream.set_write_timeout(Some(DEADLINE)).unwrap();
        stream
    }

    /// The error that answers the bytes, on a connection of their own.
    fn refusal(&self, bytes: &[u8]) -> String {
        let mut stream = self.connect();
        // The app may have had enough before all is sent.
        let _ = stream.write_all(bytes);
        error(read_reply(&stream))
    }

    #[track_caller]
    fn assert_works(&self) {
        assert_eq!(self.ask("game"), report(true));
    }
}

fn handle(request: &Request, responder: Responder, hold: &Sender<Responder>) {
    if request.announce {
        return responder.respond(Reply::Heard);
    }
    let module = request.modules.as_ref().and_then(|modules| modules.first());
    match module.map(String::as_str) {
        Some("hold") => hold.send(responder).unwrap(),
        Some("drop") => drop(responder),
        Some("panic") => panic!("on purpose"),
        Some("broken") => responder.respond(report(false)),
        Some("doubtful") => responder.respond(doubtful()),
        Some("unknown") => responder.respond(Reply::error("no such module")),
        _ => responder.respond(report(true)),
    }
}

fn report(success: bool) -> Reply {
    Reply::Report {
        success,
        summary: if success { "runs" } else { "refused" }.to_owned(),
        report: match success {
            true => json!({ "number": 1, "error": null }),
            false => json!({ "number": 1, "error": { "text": "does not\ncompile" } }),
        },
    }
}

/// The new code runs, but.
fn doubtful() -> Reply {
    Reply::Report {
        success: true,
        summary: "runs".to_owned(),
        report: json!({ "error": null, "warnings": ["one thing", "and another"] }),
    }
}

fn modules(module: &str) -> Request {
    Request::new(Some(vec![module.to_owned()]))
}

fn read_reply(stream: &UnixStream) -> Reply {
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line).unwrap();
    serde_json::from_str(&line).unwrap()
}

#[track_caller]
fn error(reply: Reply) -> String {
    match reply {
        Reply::Error { error } => error,
        Reply::Report { .. } | Reply::Heard => panic!("{reply:?}"),
    }
}

#[track_caller]
fn assert_contains(text: &str, part: &str) {
    assert!(text.contains(part), "{text:?} says nothing of {part:?}");
}

/// Tries until it gets something.
#[track_caller]
fn until<T>(what: &str, mut attempt: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(found) = attempt() {
            return found;
        }
        assert!(start.elapsed() < DEADLINE, "waited in vain for {what}");
        thread::yield_now();
    }
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

/// A socket of a process that is no more.
fn abandon(folder: &Path, name: &str) -> PathBuf {
    let path = folder.join(name);
    drop(UnixListener::bind(&path).unwrap());
    path
}

#[test]
fn a_request_is_answered() {
    let game = Game::start();
    game.assert_works();
    let all = ask(&game.app(), &Request::new(None)).unwrap();
    assert_eq!(all, report(true));
    assert_eq!(game.ask("broken"), report(false));
    assert_eq!(error(game.ask("unknown")), "no such module");
}

#[test]
fn an_answer_may_come_later_and_from_elsewhere() {
    let game = Game::start();
    let app = game.app();
    let client = thread::spawn(move || ask(&app, &modules("hold")));
    let responder = game.held.recv_timeout(DEADLINE).unwrap();
    game.assert_works();
    responder.respond(report(false));
    assert_eq!(client.join().unwrap().unwrap(), report(false));
}

#[test]
fn nobody_else_can_reach_the_socket() {
    let game = Game::start();
    assert_eq!(mode(&game.folder), 0o700);
    assert_eq!(mode(game.server.path()), 0o600);
    let files: Vec<_> = fs::read_dir(&game.folder).unwrap().collect();
    assert_eq!(files.len(), 1, "{files:?}");
}

#[test]
fn a_folder_that_others_can_use_is_tightened() {
    let home = tempfile::tempdir().unwrap();
    fs::set_permissions(home.path(), fs::Permissions::from_mode(0o777)).unwrap();
    prepare(home.path()).unwrap();
    assert_eq!(mode(home.path()), 0o700);
}

#[test]
fn what_is_no_folder_is_left_alone() {
    let home = tempfile::tempdir().unwrap();
    let (file, link) = (home.path().join("file"), home.path().join("link"));
    fs::write(&file, "mine").unwrap();
    symlink(home.path(), &link).unwrap();
    for path in [&file, &link] {
        let error = Server::start(path, "game", |_, _| {}).unwrap_err();
        assert!(matches!(error, RemoteError::NotAFolder { .. }), "{error}");
    }
    assert_eq!(fs::read_to_string(&file).unwrap(), "mine");
}

#[test]
fn one_app_does_not_take_the_place_of_another() {
    let game = Game::start();
    let error = Server::start(&game.folder, "game", |_, _| {}).unwrap_err();
    assert!(matches!(error, RemoteError::Listen { .. }), "{error}");
    game.assert_works();
}

#[test]
fn what_is_no_request_is_refused_and_harms_nobody() {
    let game = Game::start();
    let cases: [(&[u8], &str); 9] = [
        (b"reload!\n", "cannot understand the request"),
        (b"\n", "cannot understand the request"),
        (b"{\"protocol\":1,\"module\":\"a\"}\n", "unknown field"),
        (b"{\"protocol\":1,\"modules\":7}\n", "invalid type"),
        (b"{\"protocol\":99}\n", "protocol 99"),
        (b"{\"protocol\":1,\"modules\":[\"\xff\"]}\n", "UTF-8"),
        (b"\x00\x9f\x92\x96\r\x1b[\n", "UTF-8"),
        (&[b' '; MAX_LINE + 1], "longer than 65536 bytes"),
        (&[b'['; 8 * MAX_LINE], "longer than 65536 bytes"),
    ];
    for (bytes, part) in cases {
        assert_contains(&game.refusal(bytes), part);
        game.assert_works();
    }
}

#[test]
fn a_client_may_go_at_any_time() {
    let game = Game::start();
    drop(game.connect());
    game.assert_works();

    game.connect().write_all(b"{\"protocol\":").unwrap();
    game.assert_works();

    let mut stream = game.connect();
    stream
        .write_all(b"{\"protocol\":1,\"modules\":[\"hold\"]}\n")
        .unwrap();
    let responder = game.held.recv_timeout(DEADLINE).unwrap();
    drop(stream);
    responder.respond(report(true));
    game.assert_works();
}

#[test]
fn nobody_waits_for_a_request_that_the_app_drops() {
    let game = Game::start();
    let error = ask(&game.app(), &modules("drop")).unwrap_err();
    assert_contains(&error.to_string(), "ended before it answered");
    game.assert_works();
}

#[test]
fn a_panic_ends_one_connection_only() {
    let game = Game::start();
    assert_contains(&error(game.ask("panic")), "panicked");
    game.assert_works();
}

#[test]
fn there_is_room_for_so_many_connections_and_no_more() {
    let game = Game::start();
    let mut silent: Vec<_> = (0..CONNECTIONS).map(|_| game.connect()).collect();
    let refused = read_reply(&game.connect());
    assert_contains(&error(refused), "too many requests");

    let last = silent.last_mut().unwrap();
    last.write_all(b"{\"protocol\":1}\n").unwrap();
    assert_eq!(read_reply(last), report(true));

    drop(silent);
    let app = game.app();
    until("a free place", || {
        let reply = ask(&app, &modules("game")).unwrap();
        (reply == report(true)).then_some(())
    });
}

/// Whoever announces an edit does not wait for what comes of it.
#[test]
fn an_announcement_is_heard() {
    let game = Game::start();
    let reply = ask(&game.app(), &Request::announcement()).unwrap();
    assert_eq!(reply, Reply::Heard);
}

#[test]
fn the_end_of_the_server_frees_who_waits() {
    let game = Game::start();
    let app = game.app();
    let asked = app.clone();
    let client = thread::spawn(move || ask(&asked, &modules("hold")));
    let responder = game.held.recv_timeout(DEADLINE).unwrap();
    let silent = game.connect();

    drop(game.server);
    let error = client.join().unwrap().unwrap_err();
    assert_contains(&error.to_string(), "ended before it answered");
    assert!(!app.path.exists());
    assert!(running(&game.folder).unwrap().is_empty());
    // Both of no use any more, and harmless.
    responder.respond(report(true));
    drop(silent);
}

#[test]
fn a_server_without_its_socket_can_be_dropped() {
    let game = Game::start();
    fs::remove_file(game.server.path()).unwrap();
    drop(game);
}

#[test]
fn an_app_that_goes_without_a_word_is_named() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("game-4242.sock");
    let listener = UnixListener::bind(&path).unwrap();
    let app = RunningApp {
        app: "game".into(),
        pid: 4242,
        path,
    };
    let client = thread::spawn(move || ask(&app, &Request::new(None)));
    drop(listener.accept().unwrap());
    let error = client.join().unwrap().unwrap_err();
    assert_contains(&error.to_string(), "game (4242) ended before it answered");
}

#[test]
fn only_the_living_are_listed() {
    let game = Game::start();
    let stale = abandon(&game.folder, "old-1.sock");
    let other = game.folder.join("other-4242.sock");
    let _other = UnixListener::bind(&other).unwrap();
    let file = game.folder.join("notes-1.sock");
    fs::write(&file, "not a socket").unwrap();

    let apps = running(&game.folder).unwrap();
    let apps: Vec<_> = apps.iter().map(|app| (app.app.as_str(), app.pid)).collect();
    assert_eq!(apps, [("game", std::process::id()), ("other", 4242)]);
    assert!(!stale.exists());
    assert!(file.exists());

    assert!(running(Path::new("/no/such/folder")).unwrap().is_empty());
}

#[test]
fn a_socket_left_by_a_process_of_the_same_number_is_replaced() {
    let home = tempfile::tempdir().unwrap();
    abandon(home.path(), &format!("game-{}.sock", std::process::id()));
    let server = Server::start(home.path(), "game", |_, responder| {
        responder.respond(report(true));
    });
    let app = find(home.path(), None).unwrap();
    assert_eq!(app.path, server.as_ref().unwrap().path());
    assert_eq!(ask(&app, &Request::new(None)).unwrap(), report(true));
}

proptest! {
    #[test]
    fn any_bytes_are_a_request_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..512)) {
        let _ = Request::parse(&bytes);
    }

    #[test]
    fn any_json_is_a_request_or_an_error(
        protocol in any::<i64>(),
        key in ".{0,8}",
        value in r#"[\[\]{}",:0-9a-z]{0,32}"#,
    ) {
        let key = json!(key);
        let _ = Request::parse(format!("{{\"protocol\":{protocol},{key}:{value}}}").as_bytes());
    }

    #[test]
    fn a_request_survives_the_way(modules in prop::option::of(prop::collection::vec(".*", 0..4))) {
        let request = Request::new(modules);
        let line = serde_json::to_string(&request).unwrap();
        prop_assert!(!line.contains('\n'));
        prop_assert_eq!(Request::parse(line.as_bytes()).unwrap(), request);
    }
}

#[cfg(feature = "cli")]
mod command {
    use std::process::Command;

    use super::*;

    /// Runs the program for a user with that data folder: exit code, standard output and standard
    /// error.
    fn run(home: &TempDir, line: &str) -> (i32, String, String) {
        let mut program = Command::new(env!("CARGO_BIN_EXE_hot-reload"));
        program.args(line.split_whitespace());
        let output = program.env("XDG_DATA_HOME", home.path()).output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        let code = output.status.code().unwrap();
        (code, text(output.stdout), text(output.stderr))
    }

    #[track_caller]
    fn check(home: &TempDir, line: &str, expected: (i32, &str, &str)) {
        let (code, out, err) = run(home, line);
        assert_eq!((code, out.as_str(), err.as_str()), expected);
    }

    #[test]
    fn the_exit_code_tells_how_it_went() {
        let game = Game::start();
        let home = &game.home;
        check(home, "", (0, "runs\n", ""));
        check(home, "--module game --module ai", (0, "runs\n", ""));
        check(
            home,
            "--module broken",
            (1, "refused\n", "does not\ncompile\n"),
        );
        check(home, "--module unknown", (2, "", "no such module\n"));
    }

    #[test]
    fn warnings_are_told_a_line_each() {
        let game = Game::start();
        let told = "warning: one thing\nwarning: and another\n";
        check(&game.home, "--module doubtful", (0, "runs\n", told));
        let (code, _, err) = run(&game.home, "--json --module doubtful");
        assert_eq!((code, err.as_str()), (0, ""), "they are in the report");
    }

    #[test]
    fn json_is_one_line_on_standard_output() {
        let game = Game::start();
        let home = &game.home;
        let (code, out, err) = run(home, "--json --module broken");
        assert_eq!((code, err.as_str()), (1, ""));
        assert_eq!(out.lines().count(), 1);
        let report: serde_json::Value = serde_json::from_str(&out).unwrap();
        assert_eq!(report["error"]["text"], "does not\ncompile");
        let error = "{\"error\":\"no such module\"}\n";
        check(home, "--json --module unknown", (2, error, ""));
    }

    #[test]
    fn no_app_is_an_error_of_its_own() {
        let home = tempfile::tempdir().unwrap();
        let (code, out, err) = run(&home, "");
        assert_eq!((code, out.as_str()), (2, ""));
        assert_contains(&err, "no app listens");
        let (code, out, _) = run(&home, "--json");
        assert_eq!(code, 2);
        assert_contains(&out, "{\"error\":\"no app listens");
    }

    #[test]
    fn one_of_several_apps_must_be_chosen() {
        let game = Game::start();
        let pid = std::process::id();
        let other = game.folder.join("other-4294967295.sock");
        let _other = UnixListener::bind(other).unwrap();

        let (code, _, err) = run(&game.home, "");
        assert_eq!(code, 2);
        assert_contains(&err, &format!("game ({pid})"));
        assert_contains(&err, "other (4294967295)");
        assert_contains(&err, "--pid");

        check(&game.home, &format!("--pid {pid}"), (0, "runs\n", ""));
        let (code, _, err) = run(&game.home, "--pid 1");
        assert_eq!(code, 2);
        assert_contains(&err, "process number 1 ");
    }
}

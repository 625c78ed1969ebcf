use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::TcpListener,
    thread,
    time::{Duration, Instant},
};

use slop_common::{is_note, ASSISTANT};
use slop_state::{Action, DeedKind, Orphans, ProviderKind, Remembered, TrackMode, Tracked};
use tempfile::TempDir;

use super::*;
use crate::{
    ai_client::{systems, DoneStops},
    controller::tests::act,
};

const ENTRY: u64 = 3;

/// An app in which the assistant, which is Echo, has asked for something.
struct Bench {
    app: App,
    folder: TempDir,
}

fn call(name: &str, arguments: &str) -> ToolCall {
    ToolCall {
        id: "a".to_owned(),
        name: name.to_owned(),
        arguments: arguments.to_owned(),
        ..ToolCall::default()
    }
}

fn round(request: u64, calls: Vec<ToolCall>) -> ToolRound {
    ToolRound {
        request,
        text: "Let me look.".to_owned(),
        calls,
        ..ToolRound::default()
    }
}

fn bench(leave: Leave, calls: Vec<ToolCall>) -> Bench {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.md"), "hello\n").unwrap();
    let mut app = crate::controller::tests::app();
    app.init_resource::<Orphans>()
        .init_resource::<DoneStops>()
        .init_resource::<Assistants>()
        .insert_resource(Session::new("nowhere".into()))
        .add_systems(Update, systems());
    app.world_mut().resource_mut::<Project>().root = folder.path().display().to_string();
    let entry = |id: u64, role: &str, text: &str| Entry {
        id,
        role: role.into(),
        text: text.into(),
        ..Entry::default()
    };
    let answer = Entry {
        rounds: vec![round(1, calls)],
        ..entry(ENTRY, ASSISTANT, "Let me look.")
    };
    let discussion = Discussion {
        id: 1,
        entries: vec![entry(2, "User", "what is there?"), answer],
        leave,
        ..Discussion::default()
    };
    app.insert_resource(Discussions {
        list: vec![discussion],
        last_id: ENTRY,
        ..Discussions::default()
    });
    app.insert_resource(PendingRequests(vec![Pending {
        request: 1,
        discussion: 1,
        entry: ENTRY,
    }]));
    Bench { app, folder }
}

impl Bench {
    fn entry(&self) -> &Entry {
        let discussions = self.app.world().resource::<Discussions>();
        discussions.list[0].entry(ENTRY).unwrap()
    }

    fn result(&self, place: usize) -> Option<&str> {
        self.entry().rounds[0].calls[place].result.as_deref()
    }

    fn is_waited_for(&self) -> bool {
        let pending = self.app.world().resource::<PendingRequests>();
        !pending.0.is_empty()
    }

    #[track_caller]
    fn run_until(&mut self, is_so: impl Fn(&Self) -> bool) {
        let start = Instant::now();
        while !is_so(self) {
            let waited = start.elapsed();
            assert!(waited < Duration::from_secs(30), "{:?}", self.entry());
            self.app.update();
            thread::yield_now();
        }
    }
}

#[test]
fn what_only_looks_is_done_and_the_answer_goes_on_in_its_entry() {
    let read = call("read_file", r#"{"path":"a.md"}"#);
    let out = call("read_file", r#"{"path":"../b"}"#);
    let mut bench = bench(Leave::Look, vec![read, out]);
    bench.run_until(|bench| !bench.is_waited_for());
    assert_eq!(bench.result(0), Some("hello\n"));
    assert!(bench.result(1).unwrap().contains("has .. in it"));
    let said = "Let me look.\n\nYou said: what is there?";
    assert_eq!(bench.entry().text, said);
    let discussions = bench.app.world().resource::<Discussions>();
    assert_eq!(discussions.list[0].entries.len(), 2);
}

#[test]
fn what_there_is_no_leave_for_is_not_asked_for() {
    let run = || call("run_command", r#"{"command":"echo >made"}"#);
    let read = || call("read_file", r#"{"path":"a.md"}"#);
    let mut none = bench(Leave::None, vec![read(), run()]);
    none.run_until(|bench| !bench.is_waited_for());
    assert_eq!(
        (none.result(0), none.result(1)),
        (Some(NO_LEAVE), Some(NO_LEAVE))
    );
    let mut look = bench(Leave::Look, vec![run()]);
    look.run_until(|bench| !bench.is_waited_for());
    assert_eq!(look.result(0), Some(NO_LEAVE));
    assert!(!look.folder.path().join("made").exists());
}

#[test]
fn the_answer_waits_until_all_is_said() {
    let change = call("change_file", r#"{"path":"a.md","contents":"new"}"#);
    let run = call("run_command", r#"{"command":"echo hi"}"#);
    let mut bench = bench(Leave::Act, vec![change, run]);
    for _ in 0..20 {
        bench.app.update();
    }
    let id = |place| CallId { request: 1, place };
    let requests = bench.app.world().resource::<ToolRequests>();
    assert_eq!(requests.waiting().count(), 2);
    let expected = Deed::Change {
        path: "a.md".to_owned(),
        before: Some("hello\n".to_owned()),
        after: "new".to_owned(),
    };
    assert_eq!(requests.list[0].deed, expected);
    act(&mut bench.app, Action::AllowTool(id(0)));
    bench.run_until(|bench| bench.result(0).is_some());
    for _ in 0..20 {
        bench.app.update();
    }
    assert!(bench.is_waited_for());
    act(&mut bench.app, Action::RefuseTool(id(1), "no".to_owned()));
    bench.run_until(|bench| !bench.is_waited_for());
    let file = fs::read_to_string(bench.folder.path().join("a.md")).unwrap();
    assert_eq!(file, "new");
    assert!(bench.entry().text.ends_with("You said: what is there?"));
}

#[test]
fn stopping_the_assistant_refuses_what_waits() {
    for action in [Action::CancelReplies, Action::StopDiscussion(1)] {
        check_stopped_by(action);
    }
}

#[track_caller]
fn check_stopped_by(action: Action) {
    let run = call("run_command", r#"{"command":"echo >made"}"#);
    let mut bench = bench(Leave::Act, vec![run]);
    bench.app.update();
    act(&mut bench.app, action);
    assert!(!bench.is_waited_for());
    assert_eq!(bench.result(0), Some(STOPPED));
    let text = bench.entry().text.clone();
    let (_, note) = text.split_at("Let me look.\n\n".len());
    assert!(is_note(note), "{text}");
    bench.run_until(|bench| {
        let requests = bench.app.world().resource::<ToolRequests>();
        requests.waiting().next().is_none()
    });
    assert!(!bench.folder.path().join("made").exists());
}

/// Answers one request after the other with these bodies. What it was asked.
fn serve<const N: usize>(bodies: [&'static str; N]) -> (String, thread::JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/v1", listener.local_addr().unwrap());
    let answer = move |body: &str| {
        let (mut stream, _) = listener.accept().unwrap();
        let mut reader = BufReader::new(&stream);
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            assert_ne!(reader.read_line(&mut head).unwrap(), 0, "{head:?}");
        }
        let length = head.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            let is_length = name.eq_ignore_ascii_case("content-length");
            is_length.then(|| value.trim().parse::<usize>().unwrap())
        });
        let mut asked = vec![0; length.unwrap_or(0)];
        reader.read_exact(&mut asked).unwrap();
        drop(reader);
        let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close";
        write!(stream, "{head}\r\n\r\n{body}").unwrap();
        String::from_utf8(asked).unwrap()
    };
    let thread = thread::spawn(move || bodies.map(answer).to_vec());
    (url, thread)
}

#[test]
fn a_model_that_calls_a_tool_is_told_what_came_of_it() {
    let calls = "data: {\"choices\":[{\"delta\":{\"reasoning_content\":\"six\"}}]}\n\n\
         data: {\"choices\":[{\"delta\":{\"content\":\"First.\",\"tool_calls\":[{\"index\":0,\
                 \"id\":\"x\",\"function\":{\"name\":\"read_file\",\
                 \"arguments\":\"{\\\"path\\\":\\\"a.md\\\"}\"}}]},\
                 \"finish_reason\":\"tool_calls\"}]}\n\ndata: [DONE]\n\n";
    let says = "data: {\"choices\":[{\"delta\":{\"content\":\"It says hello.\"},\
                \"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n";
    let (url, server) = serve([calls, says]);
    let mut bench = bench(Leave::Look, Vec::new());
    let mut settings = bench.app.world_mut().resource_mut::<Settings>();
    settings.provider = ProviderKind::OpenAi;
    settings.base_url = url;
    settings.model = "m".to_owned();
    // The round that the bench has is answered, so the assistant is asked at once.
    bench.run_until(|bench| !bench.is_waited_for());
    assert_eq!(
        bench.entry().text,
        "Let me look.\n\nFirst.\n\nIt says hello."
    );
    assert_eq!(bench.entry().rounds.len(), 2);
    let call = &bench.entry().rounds[1].calls[0];
    assert_eq!(call.result.as_deref(), Some("hello\n"));
    let asked = server.join().unwrap();
    assert!(asked[0].contains("\"list_files\""), "{}", asked[0]);
    assert!(!asked[0].contains("\"run_command\""), "{}", asked[0]);
    assert!(asked[1].contains("\"tool_call_id\":\"x\""), "{}", asked[1]);
    assert!(asked[1].contains("hello\\n"), "{}", asked[1]);
    let thoughts = "\"reasoning_content\":\"six\"";
    assert!(asked[1].contains(thoughts), "{}", asked[1]);
}

/// What a rollback brings back.
struct Snapshot(Discussions, PendingRequests, ToolRequests);

impl Bench {
    fn snapshot(&self) -> Snapshot {
        let world = self.app.world();
        Snapshot(
            world.resource::<Discussions>().clone(),
            world.resource::<PendingRequests>().clone(),
            world.resource::<ToolRequests>().clone(),
        )
    }

    fn roll_back(&mut self, to: Snapshot) {
        let Snapshot(discussions, pending, requests) = to;
        self.app
            .insert_resource(discussions)
            .insert_resource(pending)
            .insert_resource(requests);
    }

    /// With a server that says these, one after the other.
    fn ask_server<const N: usize>(
        &mut self,
        bodies: [&'static str; N],
    ) -> thread::JoinHandle<Vec<String>> {
        let (url, server) = serve(bodies);
        let mut settings = self.app.world_mut().resource_mut::<Settings>();
        settings.provider = ProviderKind::OpenAi;
        settings.base_url = url;
        settings.model = "m".to_owned();
        server
    }

    /// Waits until somebody is to allow something.
    fn asked(&mut self) -> CallId {
        let waiting = |bench: &Self| {
            let requests = bench.app.world().resource::<ToolRequests>();
            requests.waiting().next().map(|request| request.id)
        };
        self.run_until(|bench| waiting(bench).is_some());
        waiting(self).unwrap()
    }

    fn file(&self, name: &str) -> String {
        fs::read_to_string(self.folder.path().join(name)).unwrap_or_default()
    }
}

/// Needs nothing more.
const SAYS: &str = "data: {\"choices\":[{\"delta\":{\"content\":\"It is done.\"},\
                    \"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n";

/// Runs a command.
const RUNS: &str = "data: {\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":0,\
                    \"id\":\"x\",\"function\":{\"name\":\"run_command\",\
                    \"arguments\":\"{\\\"command\\\":\\\"echo a >>said\\\"}\"}}]},\
                    \"finish_reason\":\"tool_calls\"}]}\n\ndata: [DONE]\n\n";

#[test]
fn a_round_that_a_rollback_has_forgotten_is_neither_asked_nor_done_again() {
    // The round that the bench has is answered, so the assistant is asked at once.
    let mut bench = bench(Leave::Act, Vec::new());
    let folder = bench.folder.path().display().to_string();
    bench.app.world_mut().spawn(ticket());
    let mut requests = bench.app.world_mut().resource_mut::<ToolRequests>();
    requests.remembered.push(Remembered {
        ticket: 3,
        kind: DeedKind::Run,
        folder,
    });
    let before = bench.snapshot();
    let server = bench.ask_server([RUNS, SAYS]);
    bench.run_until(|bench| !bench.is_waited_for());
    let said = "Let me look.\n\nIt is done.";
    assert_eq!(bench.entry().text, said);
    let entry = bench.entry().clone();

    // Nobody answers any more, so what would be asked again fails.
    assert_eq!(server.join().unwrap().len(), 2);
    bench.roll_back(before);
    bench.run_until(|bench| !bench.is_waited_for());
    assert_eq!(*bench.entry(), entry);
    assert_eq!(bench.file("said"), "a\n");
    let log = &bench.app.world().resource::<ToolRequests>().log;
    let what = "was begun before";
    assert!(log.iter().any(|note| note.what == what), "{log:?}");
}

/// What the discussion is about.
fn ticket() -> Ticket {
    Ticket {
        number: 3,
        discussion: Some(1),
        ..Ticket::default()
    }
}

#[test]
fn the_model_is_told_of_a_command_that_was_refused_or_edited() {
    let refused = |id| Action::RefuseTool(id, "too early".to_owned());
    let edited = |id| Action::AllowEditedTool(id, "echo b >>said".to_owned());
    let answers: [(&dyn Fn(CallId) -> Action, &str, &str); 2] = [
        (&refused, "The person does not allow it: too early", ""),
        (&edited, "This was run instead:\\necho b >>said", "b\n"),
    ];
    for (answer, told, said) in answers {
        let mut bench = bench(Leave::Act, Vec::new());
        let server = bench.ask_server([RUNS, SAYS]);
        let id = bench.asked();
        act(&mut bench.app, answer(id));
        bench.run_until(|bench| !bench.is_waited_for());
        let asked = server.join().unwrap();
        assert!(asked[1].contains(told), "{}", asked[1]);
        assert_eq!(bench.file("said"), said);
    }
}

#[test]
fn a_command_of_the_next_round_needs_no_word_if_its_kind_is_remembered() {
    let mut bench = bench(Leave::Act, Vec::new());
    bench.app.world_mut().spawn(ticket());
    let server = bench.ask_server([RUNS, RUNS, SAYS]);
    let id = bench.asked();
    act(&mut bench.app, Action::RememberTool(id));
    bench.run_until(|bench| !bench.is_waited_for());
    assert_eq!(server.join().unwrap().len(), 3);
    assert_eq!(bench.file("said"), "a\na\n");
    assert!(bench.entry().text.ends_with("It is done."));
}

/// Reads a file.
const READS: &str = "data: {\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":0,\
                     \"id\":\"x\",\"function\":{\"name\":\"read_file\",\
                     \"arguments\":\"{\\\"path\\\":\\\"a.md\\\"}\"}}]},\
                     \"finish_reason\":\"tool_calls\"}]}\n\ndata: [DONE]\n\n";

/// Writes that file.
const WRITES: &str = "data: {\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":0,\
                      \"id\":\"x\",\"function\":{\"name\":\"change_file\",\
                      \"arguments\":\"{\\\"path\\\":\\\"a.md\\\",\\\"contents\\\":\\\"new\\\"}\"}}]},\
                      \"finish_reason\":\"tool_calls\"}]}\n\ndata: [DONE]\n\n";

/// With a ticket in which all changes are allowed, and a model that reads a file and writes it.
fn writes(text: &str) -> (Bench, thread::JoinHandle<Vec<String>>) {
    let mut bench = bench(Leave::Act, Vec::new());
    fs::write(bench.folder.path().join("a.md"), text).unwrap();
    let folder = bench.folder.path().display().to_string();
    bench.app.world_mut().spawn(ticket());
    let mut requests = bench.app.world_mut().resource_mut::<ToolRequests>();
    requests.remembered.push(Remembered {
        ticket: 3,
        kind: DeedKind::Change,
        folder,
    });
    let server = bench.ask_server([READS, WRITES, SAYS]);
    (bench, server)
}

#[test]
fn a_change_of_a_file_that_was_read_as_a_whole_needs_no_word() {
    let (mut bench, server) = writes("hello\n");
    bench.run_until(|bench| !bench.is_waited_for());
    assert_eq!(server.join().unwrap().len(), 3);
    assert_eq!(bench.file("a.md"), "new");
}

#[test]
fn a_change_of_a_file_that_was_read_in_part_waits_whatever_is_remembered() {
    let text = "hello\n".repeat(20_000);
    let (mut bench, server) = writes(&text);
    let change = |bench: &Bench| {
        let requests = bench.app.world().resource::<ToolRequests>();
        let change = requests.list.iter().find(|one| one.read_in_part);
        change.map(|change| (change.id, change.stage.clone()))
    };
    bench.run_until(|bench| change(bench).is_some());
    for _ in 0..20 {
        bench.app.update();
    }
    let (id, stage) = change(&bench).unwrap();
    assert_eq!(stage, Stage::Waiting);
    assert!(bench.file("a.md") == text);
    act(&mut bench.app, Action::AllowTool(id));
    bench.run_until(|bench| !bench.is_waited_for());
    let asked = server.join().unwrap();
    let told = "(lines 1 to 10922 of 20000; go on with from_line 10923)";
    assert!(asked[1].contains(told), "{}", asked[1]);
    assert_eq!(bench.file("a.md"), "new");
}

#[test]
fn a_change_that_a_rollback_has_forgotten_is_the_same_and_can_be_undone() {
    let change = call("change_file", r#"{"path":"a.md","contents":"new"}"#);
    let mut bench = bench(Leave::Act, vec![change]);
    let before = bench.snapshot();
    let id = CallId {
        request: 1,
        place: 0,
    };
    bench.app.update();
    bench.app.update();
    let edited = Action::AllowEditedTool(id, "newer".to_owned());
    act(&mut bench.app, edited);
    bench.run_until(|bench| !bench.is_waited_for());
    let request = |bench: &Bench| {
        let requests = bench.app.world().resource::<ToolRequests>();
        let request = requests.get(id).unwrap().clone();
        (request.deed, request.edited, request.stage)
    };
    let done = request(&bench);
    assert!(matches!(done.2, Stage::Done(_)), "{done:?}");
    let result = bench.result(0).map(str::to_owned);
    bench.roll_back(before);
    bench.run_until(|bench| !bench.is_waited_for());
    assert_eq!(request(&bench), done);
    assert_eq!(bench.result(0).map(str::to_owned), result);
    assert_eq!(bench.file("a.md"), "newer");
    act(&mut bench.app, Action::UndoTool(id));
    bench.run_until(|bench| request(bench).2 == Stage::Undone);
    assert_eq!(bench.file("a.md"), "hello\n");
}

#[test]
fn what_does_not_go_out_with_a_round_is_told() {
    let mut bench = bench(Leave::Look, Vec::new());
    let mut project = bench.app.world_mut().resource_mut::<Project>();
    project.tracked.push(Tracked {
        pattern: "gone.md".to_owned(),
        mode: TrackMode::Whole,
    });
    bench.run_until(|bench| !bench.is_waited_for());
    let notices = &bench.app.world().resource::<Session>().notices;
    let says = "Not sent with the question: cannot read gone.md: ";
    assert!(notices[0].starts_with(says), "{notices:?}");
}

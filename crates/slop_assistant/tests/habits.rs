//! Habits of servers that people run: for each, the bytes that come and what is to come out.

mod common;

use std::time::Duration;

use slop_assistant::{
    ApiKey, Ask, AssistantError, Call, CallResult, ChatRole, Message, ModelList, Provider, Reply,
    Timing, Tool, Update, Usage,
};

use common::{expect_end, expect_retry, expect_token, next, token, wait, Connection, Server, KEY};

/// `data: {"choices":[{"delta":{"content":"a"},"finish_reason":"stop"}]}` and a blank line.
const GZIPPED: &[u8] = &[
    0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0x0d, 0xc8, 0xc1, 0x09, 0x80, 0x30,
    0x0c, 0x05, 0xd0, 0x7b, 0xa7, 0x90, 0x7f, 0x76, 0x82, 0xac, 0x22, 0x22, 0xa1, 0x8d, 0xb4, 0x20,
    0x89, 0x98, 0xdc, 0x4a, 0x76, 0xb7, 0xef, 0xf8, 0x1a, 0x07, 0xd3, 0x36, 0x51, 0xbb, 0x8d, 0x2a,
    0x0e, 0x3a, 0x26, 0x9a, 0x3c, 0xc1, 0xa0, 0x95, 0xa6, 0x21, 0x1a, 0x20, 0x30, 0x72, 0xc7, 0x3d,
    0x74, 0x78, 0xbf, 0x3e, 0x61, 0x37, 0x5d, 0xe9, 0x61, 0x2f, 0xf2, 0xcc, 0x52, 0x7e, 0xad, 0x87,
    0xad, 0xb3, 0x46, 0x00, 0x00, 0x00,
];

/// All that a reply told.
#[derive(Debug, PartialEq)]
struct Said {
    thoughts: String,
    text: String,
    usage: Option<Usage>,
    cut: Option<String>,
    result: Result<(), AssistantError>,
}

fn listen(reply: &Reply) -> Said {
    let mut said = Said {
        thoughts: String::new(),
        text: String::new(),
        usage: None,
        cut: None,
        result: Ok(()),
    };
    loop {
        let update = next(reply);
        said.thoughts += &reply.take_thoughts();
        match update {
            Update::Token(text) => said.text += &text,
            Update::Retrying { .. } => {}
            Update::Finished(result) => {
                let details = reply.details();
                return Said {
                    usage: details.usage,
                    cut: details.cut,
                    result,
                    ..said
                };
            }
        }
    }
}

fn text(text: &str) -> Said {
    Said {
        thoughts: String::new(),
        text: text.to_owned(),
        usage: None,
        cut: None,
        result: Ok(()),
    }
}

fn failed(so_far: &str, error: AssistantError) -> Said {
    Said {
        result: Err(error),
        ..text(so_far)
    }
}

fn reported(words: &str) -> Said {
    let text = words.to_owned();
    failed("", AssistantError::Reported { text })
}

fn thought(thoughts: &str, said: &str) -> Said {
    Said {
        thoughts: thoughts.to_owned(),
        ..text(said)
    }
}

/// A stream that ends with its connection.
fn stream(body: &str) -> Vec<u8> {
    typed("text/event-stream", body)
}

/// A body of a kind.
fn typed(kind: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!("HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n\r\n{body}")
        .into_bytes()
}

/// A stream that ends in the middle.
fn broken(body: &str) -> Vec<u8> {
    let length = body.len() + 1;
    let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream";
    format!("{head}\r\nContent-Length: {length}\r\n\r\n{body}").into_bytes()
}

/// A stream of a length that is not told, which ends with its connection.
fn closed(body: &str) -> Vec<u8> {
    let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close";
    format!("{head}\r\n\r\n{body}").into_bytes()
}

/// A stream that has said that it is finished.
fn finished(body: &str) -> Vec<u8> {
    stream(&format!("{body}{FINISH}{DONE}"))
}

const FINISH: &str = "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n";
const DONE: &str = "data: [DONE]\n\n";

/// An event with this as its choice.
fn choice(choice: &str) -> String {
    format!("data: {{\"choices\":[{choice}]}}\n\n")
}

#[test]
fn habits_of_servers_like_openai() {
    let hello = token("Hello");
    let too_long = |so_far| Said {
        cut: Some("length".to_owned()),
        ..text(so_far)
    };
    let filtered = AssistantError::Filtered {
        reason: "content_filter".to_owned(),
    };
    let stopped = AssistantError::Stopped {
        reason: "tool_calls".to_owned(),
    };
    let empty = |only_thoughts| failed("", AssistantError::Empty { only_thoughts });
    let cut = |so_far| failed(so_far, AssistantError::CutOff);
    let counted = Said {
        usage: Some(Usage {
            input: Some(7),
            output: Some(2),
            cached: Some(5),
        }),
        ..text("Hello")
    };
    let gzipped = [
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nConnection: close\r\n\r\n".as_slice(),
        GZIPPED,
    ];
    let encoded = |encoding: &str| {
        let body = format!("{hello}{FINISH}{DONE}");
        let length = body.len();
        format!(
            "HTTP/1.1 200 OK\r\nContent-Encoding: {encoding}\r\n\
             Content-Length: {length}\r\n\r\n{body}"
        )
        .into_bytes()
    };
    let rows = [
        ("comments", finished(&format!(": OPENROUTER PROCESSING\n\n{hello}: ping\r\n\r\n")), text("Hello")),
        ("a mark before the first event", finished(&format!("\u{feff}{hello}")), text("Hello")),
        ("CRLF", finished(&hello.replace('\n', "\r\n")), text("Hello")),
        ("CR", finished(&hello.replace('\n', "\r")), text("Hello")),
        ("no blank after the colon", finished(&hello.replace("data: ", "data:")), text("Hello")),
        ("one event in several lines", finished(&hello.replace("[{", "\ndata: [{")), text("Hello")),
        ("no blank lines", stream(&format!("{hello}{FINISH}{DONE}").replace("\n\n", "\n")), text("Hello")),
        ("names and ids", finished(&format!("event: message\nid: 7\nretry: 10\n{hello}")), text("Hello")),
        ("halves of a character", finished(&(token(r"Hi \ud83d") + &token(r"\ude00!"))), text("Hi 😀!")),
        ("half a character alone", finished(&token(r"Hi \ud83d")), text("Hi \u{fffd}")),
        ("no [DONE]", stream(&format!("{hello}{FINISH}")), text("Hello")),
        ("no [DONE] and no length", closed(&format!("{hello}{FINISH}")), text("Hello")),
        ("a reason with each piece", stream(&format!("{hello}{FINISH}").repeat(2)), text("HelloHello")),
        ("the same without a length", closed(&format!("{hello}{FINISH}").repeat(2)), cut("HelloHello")),
        ("[DONE] with blanks", stream(&format!("{hello}data:  [DONE]  \n\n")), text("Hello")),
        ("no blank line at the end", stream(format!("{hello}{FINISH}").trim_end()), text("Hello")),
        ("no end at all", stream(&hello), cut("Hello")),
        ("half an event at the end", stream(&format!("{hello}data: {{\"cho")), cut("Hello")),
        (
            "the type of another form",
            typed("application/json", &format!("{hello}{FINISH}{DONE}")),
            text("Hello"),
        ),
        (
            "a whole answer",
            typed("application/json", r#"{"choices":[{"message":{"content":"Hello"},"finish_reason":"stop"}]}"#),
            text("Hello"),
        ),
        (
            "a whole answer under the type of a stream",
            stream(r#"{"choices":[{"message":{"content":"Hello"}}]}"#),
            text("Hello"),
        ),
        ("lines of JSON", stream(&format!("{hello}{FINISH}").replace("data: ", "")), text("Hello")),
        ("half of a whole answer", stream(r#"{"choices":[{"message":{"conte"#), cut("")),
        ("gzip that nobody asked for", gzipped.concat(), text("a")),
        ("an encoding that is none", encoded("none"), text("Hello")),
        ("an encoding of characters", encoded("UTF-8"), text("Hello")),
        ("null", finished(&(choice(r#"{"delta":null}"#) + &choice(r#"{"delta":{"content":null}}"#) + &hello)), text("Hello")),
        ("no choices", finished(&format!("data: {{\"choices\":[]}}\n\n{hello}")), text("Hello")),
        ("no error", finished(&hello.replace("}\n\n", ",\"error\":null}\n\n")), text("Hello")),
        ("parts", finished(&choice(r#"{"delta":{"content":[{"type":"text","text":"Hello"}]}}"#)), text("Hello")),
        (
            "counts",
            stream(&format!(
                "{hello}{FINISH}data: {{\"choices\":[],\"usage\":{{\"prompt_tokens\":7,\
                 \"completion_tokens\":2,\"prompt_tokens_details\":{{\"cached_tokens\":5}}}}}}\n\n{DONE}"
            )),
            counted,
        ),
        ("reasoning_content", finished(&(choice(r#"{"delta":{"reasoning_content":"six"}}"#) + &hello)), thought("six", "Hello")),
        ("reasoning", finished(&(choice(r#"{"delta":{"reasoning":"six","content":""}}"#) + &hello)), thought("six", "Hello")),
        ("thoughts in tags", finished(&(token("<thi") + &token("nk>six</th") + &token("ink>\\n\\n") + &hello)), thought("six", "Hello")),
        (
            "an early reason to finish",
            finished(&(choice(r#"{"delta":{"reasoning":"six"},"finish_reason":"stop"}"#) + &hello)),
            thought("six", "Hello"),
        ),
        (
            "an early reason to finish, and then the connection breaks",
            broken(&(choice(r#"{"delta":{"reasoning":"six"},"finish_reason":"stop"}"#) + &hello)),
            Said { thoughts: "six".to_owned(), ..cut("Hello") },
        ),
        (
            "the same text twice in each piece",
            finished(&choice(r#"{"text":"Hello","delta":{"content":"Hello"}}"#)),
            text("Hello"),
        ),
        ("sources before the answer", finished(&format!("data: {{\"sources\":[]}}\n\n{hello}")), text("Hello")),
        ("another mark of the end", stream(&format!("{hello}{FINISH}data: [END]\n\n")), text("Hello")),
        (
            "an error without data:",
            stream(&format!("{hello}{{\"error\":{{\"message\":\"no room\"}}}}\n\n{DONE}")),
            Said { text: "Hello".to_owned(), ..reported("no room") },
        ),
        (
            "an error in a choice",
            stream(&choice(r#"{"finish_reason":"error","error":{"message":"no room"}}"#)),
            reported("no room"),
        ),
        ("an error that says nothing", finished(&hello.replace("}\n\n", ",\"error\":{\"message\":\"\"}}\n\n")), text("Hello")),
        (
            "nothing but thoughts",
            finished(&choice(r#"{"delta":{"reasoning":"six"}}"#)),
            Said { thoughts: "six".to_owned(), ..empty(true) },
        ),
        ("no text", stream(&format!("{FINISH}{DONE}")), empty(false)),
        ("no bytes", stream(""), empty(false)),
        ("length", stream(&(hello.clone() + &choice(r#"{"finish_reason":"length"}"#) + DONE)), too_long("Hello")),
        ("content_filter", stream(&(hello.clone() + &choice(r#"{"finish_reason":"content_filter"}"#))), failed("Hello", filtered)),
        ("tool_calls", stream(&choice(r#"{"delta":{"tool_calls":[{}]},"finish_reason":"tool_calls"}"#)), failed("", stopped)),
        ("an error as a field", stream("error: {\"code\":400,\"message\":\"no room\"}\n\ndata: [DONE]\n\n"), reported("no room")),
        ("an error as an event", stream("event: error\ndata: {\"message\":\"no room\"}\n\n"), reported("no room")),
        ("an error as data", stream("data: {\"error\":{\"message\":\"no room\",\"code\":400}}\n\n"), reported("no room")),
        ("an error as an object", stream("data: {\"object\":\"error\",\"message\":\"no room\"}\n\n"), reported("no room")),
        ("an error as a message", stream("data: {\"message\":\"no room\"}\n\n"), reported("no room")),
        ("an error as a detail", typed("application/json", r#"{"detail":[{"msg":"no room"}]}"#), reported("no room")),
        ("an error that repeats the key", stream(&format!("data: {{\"error\":\"bad {KEY}\"}}\n\n")), reported("bad (hidden)")),
    ];
    for (name, bytes, expected) in rows {
        let server = Server::start();
        let reply = Reply::start(server.ask());
        server.accept().send(&bytes);
        assert_eq!(listen(&reply), expected, "{name}");
    }
}

/// A question to another kind of server.
fn ask(server: &Server, provider: fn(String, String) -> Provider) -> Ask {
    Ask {
        provider: provider(server.url(""), "m".to_owned()),
        ..server.ask()
    }
}

fn anthropic(base_url: String, model: String) -> Provider {
    Provider::Anthropic { base_url, model }
}

fn openai(base_url: String, model: String) -> Provider {
    Provider::OpenAi { base_url, model }
}

fn gemini(base_url: String, model: String) -> Provider {
    Provider::Gemini { base_url, model }
}

#[test]
fn anthropic_is_asked_in_its_own_way() {
    let events = [
        r#"{"type":"message_start","message":{"usage":{"input_tokens":7,"output_tokens":1}}}"#,
        r#"{"type":"ping"}"#,
        r#"{"type":"content_block_start","content_block":{"type":"thinking","thinking":""}}"#,
        r#"{"type":"content_block_delta","delta":{"type":"thinking_delta","thinking":"six"}}"#,
        r#"{"type":"content_block_delta","delta":{"type":"text_delta","text":"Hello"}}"#,
        r#"{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":2}}"#,
        r#"{"type":"message_stop"}"#,
    ];
    let body: String = events
        .iter()
        .map(|event| format!("data: {event}\n\n"))
        .collect();
    let server = Server::start();
    let reply = Reply::start(ask(&server, anthropic));
    let connection = server.accept();
    let head = connection.head.to_lowercase();
    assert!(head.starts_with("post /v1/messages http/1.1"), "{head}");
    assert!(head.contains(&format!("x-api-key: {KEY}\r\n")), "{head}");
    assert!(head.contains("anthropic-version: 2023-06-01\r\n"), "{head}");
    assert!(!head.contains("authorization"), "{head}");
    connection.send(&stream(&body));
    let expected = Said {
        usage: Some(Usage {
            input: Some(7),
            output: Some(2),
            cached: None,
        }),
        ..thought("six", "Hello")
    };
    assert_eq!(listen(&reply), expected);
}

#[test]
fn gemini_is_asked_in_its_own_way() {
    let events = [
        r#"{"candidates":[{"content":{"parts":[{"text":"six","thought":true}]}}]}"#,
        r#"{"candidates":[{"content":{"parts":[{"text":"Hello"}]},"finishReason":"STOP"}],
            "usageMetadata":{"promptTokenCount":7,"candidatesTokenCount":1,"thoughtsTokenCount":1}}"#,
    ];
    let body: String = events
        .iter()
        .map(|event| format!("data: {}\n\n", event.replace('\n', "")))
        .collect();
    let server = Server::start();
    let reply = Reply::start(ask(&server, gemini));
    let connection = server.accept();
    let head = connection.head.to_lowercase();
    let path = "post /v1beta/models/m:streamgeneratecontent?alt=sse http/1.1";
    assert!(head.starts_with(path), "{head}");
    assert!(
        head.contains(&format!("x-goog-api-key: {KEY}\r\n")),
        "{head}"
    );
    connection.send(&stream(&body));
    let expected = Said {
        usage: Some(Usage {
            input: Some(7),
            output: Some(2),
            cached: None,
        }),
        ..thought("six", "Hello")
    };
    assert_eq!(listen(&reply), expected);
}

/// Answers in full.
fn answer(connection: Connection) {
    connection.send(&finished(&token("Hello")));
}

#[test]
fn what_a_server_refuses_is_not_asked_for_again() {
    let rows = [
        (
            "Unrecognized request argument supplied: stream_options",
            "stream_options",
        ),
        ("Streaming is not supported", "\"stream\":true"),
        ("System role not supported", "\"role\":\"system\""),
        (
            "Conversation roles must alternate user/assistant/user/assistant",
            "\"hello\"",
        ),
    ];
    for (words, refused) in rows {
        let server = Server::start();
        let mut ask = server.ask();
        ask.messages = vec![
            Message::new(ChatRole::System, "be nice"),
            Message::new(ChatRole::User, "hello"),
            Message::new(ChatRole::User, "again"),
        ];
        let reply = Reply::start(ask);
        let connection = server.accept();
        assert!(connection.body.contains(refused), "{}", connection.body);
        let body = format!("{{\"error\":{{\"message\":\"{words}\"}}}}");
        connection.refuse("400 Bad Request", "", &body);
        assert_eq!(expect_retry(&reply), Duration::ZERO);
        let connection = server.accept();
        assert!(!connection.body.contains(refused), "{}", connection.body);
        answer(connection);
        assert_eq!(listen(&reply), text("Hello"), "{words}");
    }
}

#[test]
fn an_address_without_a_version_is_tried_both_ways() {
    let server = Server::start();
    let base = server.url("/api");
    let reply = Reply::start(common::ask(&base));
    let connection = server.accept();
    let first = "POST /api/chat/completions ";
    assert!(connection.head.starts_with(first), "{}", connection.head);
    connection.refuse("404 Not Found", "", "there is no such page");
    let connection = server.accept();
    let second = "POST /api/v1/chat/completions ";
    assert!(connection.head.starts_with(second), "{}", connection.head);
    answer(connection);
    assert_eq!(listen(&reply), text("Hello"));

    let reply = Reply::start(common::ask(&base));
    let not_found = "404 Not Found";
    server
        .accept()
        .refuse(not_found, "", "model `small` not found");
    server
        .accept()
        .refuse(not_found, "", "there is no such page");
    let error = expect_end(&reply).unwrap_err();
    // The first answer is that of the address that was entered.
    assert!(
        error.to_string().contains("model `small` not found"),
        "{error}"
    );

    // Unless only the second one is about the model.
    for words in ["The model does not exist", "No endpoints found for small."] {
        let reply = Reply::start(common::ask(&base));
        server.accept().refuse(not_found, "", "unknown address");
        server.accept().refuse(not_found, "", words);
        let error = expect_end(&reply).unwrap_err();
        assert!(error.to_string().contains(words), "{error}");
    }
}

#[test]
fn azure_has_a_query_and_a_header_of_its_own() {
    let server = Server::start();
    let base = server.url("/openai/deployments/small?api-version=2024-06-01");
    let reply = Reply::start(common::ask(&base));
    let connection = server.accept();
    let line = "POST /openai/deployments/small/chat/completions?api-version=2024-06-01 ";
    assert!(connection.head.starts_with(line), "{}", connection.head);
    let head = connection.head.to_lowercase();
    assert!(head.contains(&format!("api-key: {KEY}\r\n")), "{head}");
    let filters = "data: {\"choices\":[],\"prompt_filter_results\":[]}\n\n";
    connection.send(&finished(&(filters.to_owned() + &token("Hello"))));
    assert_eq!(listen(&reply), text("Hello"));
}

#[test]
fn a_server_that_loads_its_model_is_asked_for_longer() {
    let server = Server::start();
    let mut ask = server.ask();
    ask.timing.retries = 0;
    let reply = Reply::start(ask);
    let loading = r#"{"error":{"code":503,"message":"Loading model"}}"#;
    for _ in 0..3 {
        server
            .accept()
            .refuse("503 Service Unavailable", "", loading);
        expect_retry(&reply);
    }
    answer(server.accept());
    assert_eq!(listen(&reply), text("Hello"));
}

#[test]
fn servers_that_are_busy_have_several_ways_to_say_so() {
    for status in ["502 Bad Gateway", "504 Gateway Timeout", "529 Overloaded"] {
        let server = Server::start();
        let reply = Reply::start(server.ask());
        server.accept().refuse(status, "", "<h1>busy</h1>");
        expect_retry(&reply);
        answer(server.accept());
        assert_eq!(listen(&reply), text("Hello"));
    }
    // More of the same does not help here.
    let server = Server::start();
    let reply = Reply::start(server.ask());
    let broke = r#"{"error":{"code":"insufficient_quota","message":"no credit"}}"#;
    server.accept().refuse("429 Too Many Requests", "", broke);
    let error = expect_end(&reply).unwrap_err();
    assert!(error.to_string().contains("no credit"), "{error}");
    assert!(server.try_accept().is_none());
}

#[test]
fn a_server_that_is_busy_may_say_so_in_place_of_an_answer() {
    let overloaded = "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{}}\n\n\
                      event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\
                      \"message\":\"Overloaded\"}}\n\n";
    let unavailable = "data: {\"error\":{\"code\":503,\"message\":\"Overloaded\"}}\n\n";
    let whole = "[{\"error\":{\"code\":503,\"message\":\"Overloaded\"}}]";
    let protocols: [fn(String, String) -> Provider; 3] = [anthropic, gemini, gemini];
    for (provider, busy) in protocols.into_iter().zip([overloaded, unavailable, whole]) {
        let server = Server::start();
        let reply = Reply::start(ask(&server, provider));
        for _ in 0..Timing::default().retries {
            server.accept().send(&stream(busy));
            expect_retry(&reply);
        }
        server.accept().send(&stream(busy));
        let text = "Overloaded".to_owned();
        assert_eq!(expect_end(&reply), Err(AssistantError::Reported { text }));
        assert!(server.try_accept().is_none());
    }
}

#[test]
fn nothing_is_asked_again_once_a_token_came() {
    let server = Server::start();
    let reply = Reply::start(server.ask());
    let overloaded = "data: {\"error\":{\"message\":\"Overloaded\",\"code\":529}}\n\n";
    server.accept().send(&stream(&(token("half") + overloaded)));
    expect_token(&reply, "half");
    let text = "Overloaded".to_owned();
    assert_eq!(expect_end(&reply), Err(AssistantError::Reported { text }));
    assert!(server.try_accept().is_none());
}

#[test]
fn a_connection_that_stays_open_behind_the_end_is_closed() {
    let server = Server::start();
    let mut ask = server.ask();
    ask.timing.linger = Duration::from_millis(1);
    let (reply, mut connection) = server.begin(ask);
    connection.token("Hello");
    connection.chunk(FINISH.as_bytes());
    assert_eq!(listen(&reply), text("Hello"));
    connection.wait_until_closed();
}

fn models(provider: Provider) -> ModelList {
    let key = ApiKey::new(KEY).unwrap();
    ModelList::start_with(provider, key, Timing::default(), || {})
}

#[test]
fn the_models_of_a_server_are_listed() {
    let server = Server::start();
    let model = String::new;
    let rows = [
        (
            Provider::OpenAi {
                base_url: server.url("/v1"),
                model: model(),
            },
            "GET /v1/models ",
            r#"{"data":[{"id":"b"},{"id":"a"}]}"#,
        ),
        (
            anthropic(server.url(""), model()),
            "GET /v1/models?limit=1000 ",
            r#"{"data":[{"id":"a"},{"id":"b"}],"has_more":false}"#,
        ),
        (
            gemini(server.url(""), model()),
            "GET /v1beta/models?pageSize=1000 ",
            r#"{"models":[{"name":"models/a"},{"name":"models/b"}]}"#,
        ),
    ];
    for (provider, line, body) in rows {
        let list = models(provider);
        let connection = server.accept();
        assert!(connection.head.starts_with(line), "{}", connection.head);
        connection.refuse("200 OK", "", body);
        let names = wait("the models", || list.try_next()).unwrap();
        assert_eq!(names, ["a", "b"]);
    }
    let base_url = server.url("/v1");
    let list = models(Provider::OpenAi {
        base_url,
        model: model(),
    });
    let denied = format!("wrong key {KEY}");
    server.accept().refuse("401 Unauthorized", "", &denied);
    let error = wait("the error", || list.try_next()).unwrap_err();
    let shown = format!("{error} {error:?}");
    assert!(shown.contains("wrong key (hidden)"), "{shown}");
}

fn read_tool() -> Tool {
    Tool {
        name: "read".to_owned(),
        description: "Reads.".to_owned(),
        schema: serde_json::json!({ "type": "object" }),
    }
}

#[test]
fn calls_of_tools_that_were_offered_are_details_of_an_answer() {
    let server = Server::start();
    let reply = Reply::start(Ask {
        tools: vec![read_tool()],
        ..server.ask()
    });
    let connection = server.accept();
    assert!(connection.body.contains("\"tools\""), "{}", connection.body);
    let events = [
        r#"{"choices":[{"delta":{"tool_calls":[{"index":0,"id":"1","function":{"name":"read","arguments":"{"}}]}}]}"#,
        r#"{"choices":[{"delta":{"tool_calls":[{"index":0,"function":{"arguments":"}"}}]}}]}"#,
        r#"{"choices":[{"delta":{},"finish_reason":"tool_calls"}]}"#,
    ];
    let events = events.map(|event| format!("data: {event}\n\n"));
    connection.send(&stream(&events.concat()));
    assert_eq!(next(&reply), Update::Finished(Ok(())));
    let call = Call {
        id: "1".to_owned(),
        name: "read".to_owned(),
        arguments: "{}".to_owned(),
        signature: String::new(),
    };
    assert_eq!(reply.details().calls, [call]);
}

/// Asks with a tool, after some rounds; what the server was sent, and what it called.
fn round(
    server: &Server,
    provider: fn(String, String) -> Provider,
    rounds: &[Vec<Call>],
    events: &[&str],
) -> (serde_json::Value, Vec<Call>) {
    let mut messages = vec![Message::new(ChatRole::User, "hello")];
    for calls in rounds {
        let results = calls.iter().map(|call| CallResult {
            id: call.id.clone(),
            name: call.name.clone(),
            text: format!("of {}", call.id),
        });
        let results = results.collect();
        messages.push(Message::calls("", calls.clone()));
        messages.push(Message::results(results));
    }
    let reply = Reply::start(Ask {
        tools: vec![read_tool()],
        messages,
        ..ask(server, provider)
    });
    let connection = server.accept();
    let sent = serde_json::from_str(&connection.body).unwrap();
    let events = events.iter().map(|event| format!("data: {event}\n\n"));
    connection.send(&stream(&events.collect::<String>()));
    assert_eq!(listen(&reply).result, Ok(()));
    (sent, reply.details().calls)
}

#[test]
fn tools_are_called_in_the_way_of_anthropic() {
    let server = Server::start();
    let events = [
        r#"{"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":"","signature":""}}"#,
        r#"{"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"six"}}"#,
        r#"{"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"s"}}"#,
        r#"{"type":"content_block_start","index":1,"content_block":{"type":"tool_use","id":"toolu_1","name":"read","input":{}}}"#,
        r#"{"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":"{\"x\":"}}"#,
        r#"{"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":"1}"}}"#,
        r#"{"type":"message_delta","delta":{"stop_reason":"tool_use"}}"#,
        r#"{"type":"message_stop"}"#,
    ];
    let (sent, calls) = round(&server, anthropic, &[], &events);
    assert_eq!(sent["tools"][0]["name"], "read");
    assert_eq!(calls.len(), 1);
    let call = &calls[0];
    assert_eq!((&*call.id, &*call.arguments), ("toolu_1", "{\"x\":1}"));

    let events = [
        r#"{"type":"content_block_start","index":0,"content_block":{"type":"text","text":"Hello"}}"#,
        r#"{"type":"message_delta","delta":{"stop_reason":"end_turn"}}"#,
        r#"{"type":"message_stop"}"#,
    ];
    let (sent, more) = round(&server, anthropic, &[calls], &events);
    assert_eq!(more, []);
    let expected = serde_json::json!([
        { "role": "user", "content": "hello" },
        { "role": "assistant", "content": [
            { "type": "thinking", "thinking": "six", "signature": "s" },
            { "type": "tool_use", "id": "toolu_1", "name": "read", "input": { "x": 1 } },
        ] },
        { "role": "user", "content": [
            { "type": "tool_result", "tool_use_id": "toolu_1", "content": "of toolu_1" },
        ] },
    ]);
    assert_eq!(sent["messages"], expected);
}

#[test]
fn tools_are_called_in_the_way_of_gemini() {
    let server = Server::start();
    let call = r#"{"candidates":[{"content":{"parts":[{"functionCall":{"name":"read","args":{"x":1}},"thoughtSignature":"s"}]}}]}"#;
    let end = r#"{"candidates":[{"finishReason":"STOP"}]}"#;
    let (sent, first) = round(&server, gemini, &[], &[call, call, end]);
    let offered = &sent["tools"][0]["functionDeclarations"][0];
    assert_eq!(offered["name"], "read");
    // Those of the next round have other ids, though the server gives none.
    let (sent, second) = round(&server, gemini, std::slice::from_ref(&first), &[call, end]);
    let ids = first.iter().chain(&second).map(|call| call.id.as_str());
    assert_eq!(ids.collect::<Vec<_>>(), ["call_0", "call_1", "call_2"]);
    let called = serde_json::json!({
        "functionCall": { "name": "read", "args": { "x": 1 } }, "thoughtSignature": "s",
    });
    let result = |id: &str| {
        let text = format!("of {id}");
        serde_json::json!({ "functionResponse": { "name": "read", "response": { "result": text } } })
    };
    let expected = serde_json::json!([
        { "role": "user", "parts": [{ "text": "hello" }] },
        { "role": "model", "parts": [called, called] },
        { "role": "user", "parts": [result("call_0"), result("call_1")] },
    ]);
    assert_eq!(sent["contents"], expected);
}

#[test]
fn thoughts_go_back_with_calls_unless_the_server_does_not_take_them() {
    let server = Server::start();
    let events = [
        r#"{"choices":[{"delta":{"reasoning_content":"six"}}]}"#,
        r#"{"choices":[{"delta":{"tool_calls":[{"index":0,"id":"1","function":{"name":"read","arguments":"{}"}}]}}]}"#,
        r#"{"choices":[{"delta":{},"finish_reason":"tool_calls"}]}"#,
    ];
    let (_, calls) = round(&server, openai, &[], &events);
    let hello = [r#"{"choices":[{"delta":{"content":"Hello"},"finish_reason":"stop"}]}"#];
    let (sent, _) = round(&server, openai, std::slice::from_ref(&calls), &hello);
    let called = &sent["messages"][1];
    assert_eq!(called["tool_calls"][0]["id"], "1");
    assert_eq!(called["reasoning_content"], "six");

    let reply = Reply::start(Ask {
        tools: vec![read_tool()],
        messages: vec![
            Message::new(ChatRole::User, "hello"),
            Message::calls("", calls),
        ],
        ..server.ask()
    });
    let connection = server.accept();
    assert!(connection.body.contains("six"), "{}", connection.body);
    let words = r#"{"message":"messages.1.assistant.reasoning_content: property 'messages.1.assistant.reasoning_content' is unsupported","type":"invalid_request_error","param":"validation_error","code":"wrong_api_format"}"#;
    connection.refuse("400 Bad Request", "", words);
    expect_retry(&reply);
    let connection = server.accept();
    assert!(connection.body.contains("\"tools\""), "{}", connection.body);
    assert!(!connection.body.contains("six"), "{}", connection.body);
    answer(connection);
    assert_eq!(listen(&reply), text("Hello"));
}

#[test]
fn what_is_wrong_with_a_tool_does_not_go_unnoticed() {
    let server = Server::start();
    let reply = Reply::start(Ask {
        tools: vec![read_tool()],
        ..server.ask()
    });
    let words = r#"{"error":{"type":"invalid_request_error","code":"invalid_function_parameters","param":"tools[0].function","message":"Invalid schema for function 'read'"}}"#;
    server.accept().refuse("400 Bad Request", "", words);
    let error = expect_end(&reply).unwrap_err();
    assert!(
        matches!(error, AssistantError::Status { status: 400, .. }),
        "{error}"
    );
}

#[test]
fn a_server_without_tools_is_asked_without_them() {
    let server = Server::start();
    let none_found = r#"{"error":{"message":"No endpoints found that support tool use. To learn more about provider routing, visit: https://openrouter.ai/docs/provider-routing","code":404}}"#;
    for (status, words) in [
        (
            "400 Bad Request",
            r#"{"error":{"message":"m does not support tools"}}"#,
        ),
        ("404 Not Found", none_found),
    ] {
        let reply = Reply::start(Ask {
            tools: vec![read_tool()],
            ..server.ask()
        });
        server.accept().refuse(status, "", words);
        expect_retry(&reply);
        let connection = server.accept();
        let has_tools = connection.body.contains("\"tools\"");
        assert!(!has_tools, "{}", connection.body);
        answer(connection);
        assert_eq!(listen(&reply), text("Hello"));
    }
}

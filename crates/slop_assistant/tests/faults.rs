//! What a server may do wrong, against one on this machine whose every step a test decides.

mod common;

use std::time::{Duration, Instant};

use slop_assistant::{ApiKey, Ask, AssistantError, Provider, Reply};

use common::{
    ask, expect_end, expect_error, expect_retry, expect_token, token, Connection, Server, DEADLINE,
    KEY,
};

/// What becomes of a question that is refused so, and not asked again.
#[track_caller]
fn refused(status: &str, headers: &str, body: &str) -> AssistantError {
    let server = Server::start();
    let reply = Reply::start(server.ask());
    server.accept().refuse(status, headers, body);
    let error = expect_error(&reply);
    assert!(server.try_accept().is_none());
    error
}

#[test]
fn a_stream_comes_token_by_token() {
    let server = Server::start();
    let reply = Reply::start(server.ask());
    let mut connection = server.accept();
    let head = connection.head.to_lowercase();
    assert!(
        head.starts_with("post /v1/chat/completions http/1.1"),
        "{head}"
    );
    assert!(
        head.contains(&format!("authorization: bearer {KEY}\r\n")),
        "{head}"
    );
    assert!(connection.body.contains("\"stream\":true"));
    assert!(connection.body.contains("\"hello\""));
    connection.begin();
    connection
        .chunk(b": comment\n\ndata: {\"choices\":[{\"delta\":{\"role\":\"assistant\"}}]}\r\n\r\n");
    connection.token("Hel");
    connection.token("lo");
    connection.done();
    expect_token(&reply, "Hel");
    expect_token(&reply, "lo");
    assert_eq!(expect_end(&reply), Ok(()));
}

#[test]
fn a_finish_reason_ends_the_stream_too() {
    let server = Server::start();
    let mut ask = server.ask();
    ask.timing.linger = Duration::from_millis(1);
    let (reply, mut connection) = server.begin(ask);
    connection.chunk(
        b"data: {\"choices\":[{\"delta\":{\"content\":\"a\"},\"finish_reason\":\"stop\"}]}\n\n",
    );
    expect_token(&reply, "a");
    assert_eq!(expect_end(&reply), Ok(()));
}

#[test]
fn without_a_key_none_is_sent() {
    let server = Server::start();
    let reply = Reply::start(Ask {
        key: ApiKey::default(),
        ..server.ask()
    });
    let connection = server.accept();
    assert!(!connection.head.to_lowercase().contains("authorization"));
    let words = r#"{"error":"only from within the office"}"#;
    connection.refuse("403 Forbidden", "", words);
    let error = expect_error(&reply);
    assert!(
        matches!(error, AssistantError::MissingKey { .. }),
        "{error:?}"
    );
    assert!(error.to_string().contains("the office"), "{error}");
}

#[test]
fn a_token_is_passed_on_before_the_next_one_comes() {
    let server = Server::start();
    let (reply, mut connection) = server.begin(server.ask());
    connection.token("slow");
    expect_token(&reply, "slow");
    assert_eq!(reply.try_next(), None);
    connection.token("ly");
    expect_token(&reply, "ly");
    connection.done();
    assert_eq!(expect_end(&reply), Ok(()));
}

#[test]
fn a_character_may_be_split() {
    let server = Server::start();
    let (reply, mut connection) = server.begin(server.ask());
    let text = token("first") + &token("☃");
    let (start, end) = text.as_bytes().split_at(text.find('☃').unwrap() + 1);
    connection.chunk(start);
    // The first token tells that the first byte of the character has been read.
    expect_token(&reply, "first");
    connection.chunk(end);
    expect_token(&reply, "☃");
    connection.done();
    assert_eq!(expect_end(&reply), Ok(()));
}

#[test]
fn a_stream_that_is_cut_off_is_an_error() {
    let server = Server::start();
    let (reply, mut connection) = server.begin(server.ask());
    connection.token("half");
    expect_token(&reply, "half");
    drop(connection);
    assert_eq!(expect_error(&reply), AssistantError::CutOff);
}

#[test]
fn a_stream_that_ends_in_good_order_but_too_early_is_an_error() {
    let server = Server::start();
    let (reply, mut connection) = server.begin(server.ask());
    connection.token("half");
    connection.chunk(b"");
    expect_token(&reply, "half");
    assert_eq!(expect_error(&reply), AssistantError::CutOff);
}

/// The error that such data are after a good token.
#[track_caller]
fn error_of(data: &str) -> AssistantError {
    let server = Server::start();
    let (reply, mut connection) = server.begin(server.ask());
    connection.token("good");
    connection.chunk(format!("data: {data}\n\n").as_bytes());
    expect_token(&reply, "good");
    expect_error(&reply)
}

#[test]
fn invalid_json_is_an_error() {
    for (data, quoted) in [
        ("{\"choices\":[sk-very/secret", "`{\"choices\":[(hidden)`"),
        ("\"sk-very/secret\"", "(hidden)"),
    ] {
        let error = error_of(data);
        assert!(
            matches!(error, AssistantError::BadStream { .. }),
            "{error:?}"
        );
        assert!(error.to_string().contains(quoted), "{error}");
    }
}

#[test]
fn an_error_in_the_stream_is_an_error() {
    for (data, said) in [
        (
            r#"{"error":{"message":"no credit for sk-very\/secret"}}"#,
            "no credit for (hidden)",
        ),
        (r#"{"error":"overloaded"}"#, "overloaded"),
    ] {
        let text = said.to_owned();
        assert_eq!(error_of(data), AssistantError::Reported { text });
    }
}

#[test]
fn a_page_instead_of_a_stream_is_an_error() {
    let kind = "Content-Type: text/html; charset=utf-8\r\n";
    let error = refused("200 OK", kind, "<h1>welcome</h1>");
    assert!(
        matches!(error, AssistantError::BadStream { .. }),
        "{error:?}"
    );
    assert!(error.to_string().contains("welcome"), "{error}");
}

#[test]
fn a_wrong_key_is_not_tried_again() {
    for status in ["401 Unauthorized", "403 Forbidden"] {
        let error = refused(status, "", "wrong key sk-very/secret");
        assert!(
            matches!(error, AssistantError::Unauthorised { .. }),
            "{error:?}"
        );
        assert!(error
            .to_string()
            .contains("check the API key in Project Settings"));
    }
}

#[test]
fn a_busy_server_is_asked_again() {
    let server = Server::start();
    let reply = Reply::start(server.ask());
    server.accept().refuse("429 Too Many Requests", "", KEY);
    assert_eq!(expect_retry(&reply), Duration::from_millis(1));
    server.accept().refuse("503 Service Unavailable", "", KEY);
    assert_eq!(expect_retry(&reply), Duration::from_millis(2));
    let mut connection = server.accept();
    connection.begin();
    connection.token("at last");
    connection.done();
    expect_token(&reply, "at last");
    assert_eq!(expect_end(&reply), Ok(()));
}

#[test]
fn a_server_that_stays_busy_is_an_error() {
    let server = Server::start();
    let reply = Reply::start(server.ask());
    for _ in 0..3 {
        server
            .accept()
            .refuse("429 Too Many Requests", "", "slow down");
        expect_retry(&reply);
    }
    server
        .accept()
        .refuse("429 Too Many Requests", "", "slow down");
    let error = expect_error(&reply);
    assert!(
        matches!(&error, AssistantError::RateLimited { retries: 3, text, .. } if text == "slow down"),
        "{error:?}"
    );
    assert!(server.try_accept().is_none());
}

#[test]
fn the_server_names_the_pause_within_limits() {
    let server = Server::start();
    let mut ask = server.ask();
    ask.timing.backoff = Duration::from_secs(1000);
    let reply = Reply::start(ask);
    let busy = "429 Too Many Requests";
    server.accept().refuse(busy, "Retry-After: 0\r\n", "");
    assert_eq!(expect_retry(&reply), Duration::ZERO);
    server.accept().refuse(busy, "Retry-After: 60\r\n", "");
    assert_eq!(expect_retry(&reply), Duration::from_secs(60));
    // The pause can be cancelled.
    reply.cancel();
    assert_eq!(expect_error(&reply), AssistantError::Cancelled);

    let reply = Reply::start(server.ask());
    let past = "Retry-After: Sun, 06 Nov 1994 08:49:37 GMT\r\n";
    server.accept().refuse(busy, past, "");
    assert_eq!(expect_retry(&reply), Duration::ZERO);
    // Nobody waits for hours.
    server.accept().refuse(busy, "Retry-After: 9999\r\n", "");
    let error = expect_error(&reply);
    assert!(
        matches!(error, AssistantError::RateLimited { retries: 1, .. }),
        "{error:?}"
    );
}

#[test]
fn a_failing_server_that_repeats_the_key_does_not_give_it_away() {
    // The first one stands where the text is cut.
    let body = format!(r"{} {KEY} sk-very\/secret", "x".repeat(292));
    let error = refused("500 Internal Server Error", "", &body);
    let AssistantError::Status {
        status: 500, text, ..
    } = &error
    else {
        panic!("{error:?}");
    };
    assert_eq!(text.chars().count(), 300);
    assert!(!text.contains("sk-"), "{text}");
}

#[test]
fn a_reason_that_cannot_be_read_is_not_shown_as_it_is() {
    let headers = "Content-Encoding: br\r\n";
    let error = refused("400 Bad Request", headers, "\u{1}\u{2}").to_string();
    assert!(error.contains("encoded as \"br\""), "{error}");
    assert!(!error.contains('\u{1}'), "{error:?}");
}

#[test]
fn a_redirect_is_not_followed() {
    let headers = "Location: http://127.0.0.1:1/\r\n";
    let error = refused("307 Temporary Redirect", headers, "");
    assert!(
        matches!(error, AssistantError::Status { status: 307, .. }),
        "{error:?}"
    );
}

#[test]
fn a_refused_connection_is_named() {
    // Nothing listens on the first port.
    let reply = Reply::start(ask("http://127.0.0.1:1/v1"));
    let error = expect_error(&reply);
    assert!(
        matches!(error, AssistantError::Unreachable { .. }),
        "{error:?}"
    );
    assert!(
        error.to_string().contains("http://127.0.0.1:1/v1"),
        "{error}"
    );
}

#[test]
fn a_server_that_hangs_up_is_an_error() {
    let server = Server::start();
    let reply = Reply::start(server.ask());
    drop(server.accept());
    assert_eq!(expect_error(&reply), AssistantError::CutOff);
}

#[test]
fn a_silent_server_is_given_up() {
    let server = Server::start();
    let mut ask = server.ask();
    ask.timing.first = Duration::from_millis(200);
    let reply = Reply::start(ask);
    let connection = server.accept();
    let error = expect_error(&reply);
    assert!(
        matches!(error, AssistantError::Silent { seconds: 1, .. }),
        "{error:?}"
    );
    connection.wait_until_closed();
}

#[test]
fn a_server_that_falls_silent_is_given_up() {
    let server = Server::start();
    let mut ask = server.ask();
    // Long enough for a busy machine to get the first token across.
    ask.timing.idle = Duration::from_secs(2);
    let (reply, mut connection) = server.begin(ask);
    connection.token("well");
    expect_token(&reply, "well");
    let error = expect_error(&reply);
    assert!(
        matches!(error, AssistantError::Silent { seconds: 2, .. }),
        "{error:?}"
    );
    connection.wait_until_closed();
}

/// Another protocol than that of `OpenAI`.
struct Protocol {
    provider: fn(String, String) -> Provider,
    /// An event with a piece of the text.
    piece: fn(&str) -> String,
    /// What ends an answer.
    end: &'static str,
    /// An error that repeats the key.
    error: &'static str,
}

const PROTOCOLS: [Protocol; 2] = [
    Protocol {
        provider: |base_url, model| Provider::Anthropic { base_url, model },
        piece: |text| {
            let delta = format!(r#"{{"type":"text_delta","text":"{text}"}}"#);
            format!(
                "event: content_block_delta\n\
                 data: {{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{delta}}}\n\n"
            )
        },
        end: "data: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"}}\n\n\
              data: {\"type\":\"message_stop\"}\n\n",
        error: "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\
                \"message\":\"no room for sk-very/secret\"}}\n\n",
    },
    Protocol {
        provider: |base_url, model| Provider::Gemini { base_url, model },
        piece: |text| {
            let part = format!(r#"{{"text":"{text}"}}"#);
            format!("data: {{\"candidates\":[{{\"content\":{{\"parts\":[{part}]}}}}]}}\r\n\r\n")
        },
        end: "data: {\"candidates\":[{\"finishReason\":\"STOP\"}]}\r\n\r\n",
        error: "data: {\"error\":{\"code\":503,\"message\":\"no room for sk-very/secret\",\
                \"status\":\"UNAVAILABLE\"}}\r\n\r\n",
    },
];

impl Protocol {
    /// An answer of which a piece has come.
    #[track_caller]
    fn begin(&self, server: &Server, idle: Duration) -> (Reply, Connection) {
        let mut ask = server.ask();
        ask.provider = (self.provider)(server.url(""), "m".to_owned());
        ask.timing.idle = idle;
        let (reply, mut connection) = server.begin(ask);
        connection.chunk((self.piece)("good").as_bytes());
        expect_token(&reply, "good");
        (reply, connection)
    }
}

#[test]
fn an_answer_in_another_protocol_that_is_cut_off_is_an_error() {
    for protocol in PROTOCOLS {
        let server = Server::start();
        let (reply, connection) = protocol.begin(&server, DEADLINE);
        drop(connection);
        assert_eq!(expect_error(&reply), AssistantError::CutOff);
        // Also in good order.
        let (reply, mut connection) = protocol.begin(&server, DEADLINE);
        connection.chunk(b"");
        assert_eq!(expect_error(&reply), AssistantError::CutOff);
    }
}

#[test]
fn an_error_in_another_protocol_is_told_without_the_key() {
    for protocol in PROTOCOLS {
        let server = Server::start();
        let (reply, mut connection) = protocol.begin(&server, DEADLINE);
        connection.chunk(protocol.error.as_bytes());
        let text = "no room for (hidden)".to_owned();
        assert_eq!(expect_error(&reply), AssistantError::Reported { text });
    }
}

#[test]
fn a_character_may_be_split_in_any_protocol_and_not_be_cut_off() {
    for protocol in PROTOCOLS {
        let text = (protocol.piece)("☃");
        let (start, end) = text.as_bytes().split_at(text.find('☃').unwrap() + 1);
        let server = Server::start();
        let (reply, mut connection) = protocol.begin(&server, DEADLINE);
        connection.chunk(start);
        connection.chunk(end);
        expect_token(&reply, "☃");
        let end = protocol.end;
        let last = format!("{:x}\r\n{end}\r\n0\r\n\r\n", end.len());
        connection.send(last.as_bytes());
        assert_eq!(expect_end(&reply), Ok(()));

        let (reply, mut connection) = protocol.begin(&server, DEADLINE);
        connection.chunk(start);
        connection.chunk(b"");
        assert_eq!(expect_error(&reply), AssistantError::CutOff);
    }
}

#[test]
fn a_server_that_falls_silent_in_another_protocol_is_given_up() {
    for protocol in PROTOCOLS {
        let server = Server::start();
        let (reply, connection) = protocol.begin(&server, Duration::from_secs(1));
        let error = expect_error(&reply);
        assert!(
            matches!(error, AssistantError::Silent { seconds: 1, .. }),
            "{error:?}"
        );
        connection.wait_until_closed();
    }
}

#[test]
fn cancelling_needs_no_word_from_the_server() {
    let server = Server::start();
    let reply = Reply::start(server.ask());
    let connection = server.accept();
    let start = Instant::now();
    reply.cancel();
    assert_eq!(expect_error(&reply), AssistantError::Cancelled);
    connection.wait_until_closed();
    assert!(start.elapsed() < DEADLINE, "it took {:?}", start.elapsed());
    reply.cancel();
    assert_eq!(reply.try_next(), None);
}

#[test]
fn cancelling_drops_what_was_not_fetched() {
    let server = Server::start();
    let (reply, mut connection) = server.begin(server.ask());
    connection.token("fetched");
    expect_token(&reply, "fetched");
    connection.token("not fetched");
    reply.cancel();
    assert_eq!(expect_error(&reply), AssistantError::Cancelled);
    connection.wait_until_closed();
}

#[test]
fn dropping_closes_the_connection() {
    let server = Server::start();
    let (reply, mut connection) = server.begin(server.ask());
    connection.token("first");
    expect_token(&reply, "first");
    drop(reply);
    connection.wait_until_closed();
}

#[test]
fn a_bad_address_is_an_error() {
    let reply = Reply::start(ask("localhost:8080"));
    let error = expect_error(&reply);
    assert!(matches!(error, AssistantError::BadUrl { .. }), "{error:?}");
}

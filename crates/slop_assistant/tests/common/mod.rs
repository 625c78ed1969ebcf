//! A server on this machine whose every step a test decides.

#![allow(
    dead_code,
    unreachable_pub,
    reason = "each test is a crate of its own and needs another part of it"
)]

use std::{
    io::{BufRead, BufReader, ErrorKind, Read, Write},
    net::{TcpListener, TcpStream},
    thread,
    time::{Duration, Instant},
};

use slop_assistant::{
    ApiKey, Ask, AssistantError, ChatRole, Message, Provider, Reply, Timing, Update,
};

/// Shorter than the limits of [`Timing`], which thus never end a test by luck.
pub const DEADLINE: Duration = Duration::from_secs(20);
pub const KEY: &str = "sk-very/secret";

/// Waits for what `poll` finds.
#[track_caller]
pub fn wait<T>(what: &str, mut poll: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(found) = poll() {
            return found;
        }
        assert!(start.elapsed() < DEADLINE, "waited in vain for {what}");
        thread::yield_now();
    }
}

pub struct Server(TcpListener);

impl Server {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        Self(listener)
    }

    /// Its address, with a path.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.0.local_addr().unwrap())
    }

    /// A question to this server.
    pub fn ask(&self) -> Ask {
        ask(&self.url("/v1"))
    }

    /// Begins a stream in answer to a question.
    #[track_caller]
    pub fn begin(&self, ask: Ask) -> (Reply, Connection) {
        let reply = Reply::start(ask);
        let mut connection = self.accept();
        connection.begin();
        (reply, connection)
    }

    pub fn try_accept(&self) -> Option<TcpStream> {
        match self.0.accept() {
            Ok((stream, _)) => Some(stream),
            Err(error) if error.kind() == ErrorKind::WouldBlock => None,
            Err(error) => panic!("{error}"),
        }
    }

    /// The next request, read to its end.
    #[track_caller]
    pub fn accept(&self) -> Connection {
        let stream = wait("a connection", || self.try_accept());
        stream.set_nonblocking(false).unwrap();
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        stream.set_nodelay(true).unwrap();
        let mut reader = BufReader::new(&stream);
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            let length = reader.read_line(&mut head).unwrap();
            assert_ne!(length, 0, "the request ends in {head:?}");
        }
        let length = head.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            let found = name.eq_ignore_ascii_case("content-length");
            found.then(|| value.trim().parse().unwrap())
        });
        let mut body = vec![0; length.unwrap_or(0)];
        reader.read_exact(&mut body).unwrap();
        drop(reader);
        Connection {
            stream,
            head,
            body: String::from_utf8(body).unwrap(),
        }
    }
}

pub struct Connection {
    pub stream: TcpStream,
    pub head: String,
    pub body: String,
}

impl Connection {
    /// Answers with a status, further header lines and a body, and is done.
    pub fn refuse(mut self, status: &str, headers: &str, body: &str) {
        let length = body.len();
        let answer = format!(
            "HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\
             {headers}\r\n{body}"
        );
        self.stream.write_all(answer.as_bytes()).unwrap();
    }

    /// Begins a stream.
    pub fn begin(&mut self) {
        let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\
                    Transfer-Encoding: chunked\r\n\r\n";
        self.stream.write_all(head.as_bytes()).unwrap();
    }

    pub fn chunk(&mut self, bytes: &[u8]) {
        let mut chunk = format!("{:x}\r\n", bytes.len()).into_bytes();
        chunk.extend(bytes);
        chunk.extend(b"\r\n");
        self.stream.write_all(&chunk).unwrap();
    }

    pub fn token(&mut self, text: &str) {
        self.chunk(token(text).as_bytes());
    }

    pub fn done(mut self) {
        self.chunk(b"data: [DONE]\n\n");
    }

    /// Sends bytes as they are and is done.
    pub fn send(mut self, bytes: &[u8]) {
        // Whoever has read enough may have gone.
        let _ = self.stream.write_all(bytes);
    }

    /// Waits until the other side closes the connection.
    #[track_caller]
    pub fn wait_until_closed(mut self) {
        match self.stream.read(&mut [0]) {
            Ok(0) => {}
            Err(error) if error.kind() == ErrorKind::ConnectionReset => {}
            other => panic!("the connection is open: {other:?}"),
        }
    }
}

pub fn token(text: &str) -> String {
    format!("data: {{\"choices\":[{{\"delta\":{{\"content\":\"{text}\"}}}}]}}\n\n")
}

pub fn ask(base_url: &str) -> Ask {
    Ask {
        provider: Provider::OpenAi {
            base_url: base_url.to_owned(),
            model: "small".to_owned(),
        },
        key: ApiKey::new(KEY).unwrap(),
        messages: vec![Message::new(ChatRole::User, "hello")],
        timing: Timing {
            backoff: Duration::from_millis(1),
            ..Timing::default()
        },
        ..Ask::default()
    }
}

#[track_caller]
pub fn next(reply: &Reply) -> Update {
    wait("an update", || reply.try_next())
}

#[track_caller]
pub fn expect_token(reply: &Reply, text: &str) {
    assert_eq!(next(reply), Update::Token(text.to_owned()));
}

#[track_caller]
pub fn expect_retry(reply: &Reply) -> Duration {
    match next(reply) {
        Update::Retrying { after, reason } => {
            assert!(!reason.contains(KEY), "{reason}");
            after
        }
        other => panic!("no retry but {other:?}"),
    }
}

/// The next update is the last one.
#[track_caller]
pub fn expect_end(reply: &Reply) -> Result<(), AssistantError> {
    let Update::Finished(result) = next(reply) else {
        panic!("there is more to come");
    };
    assert_eq!(reply.try_next(), None);
    result
}

/// As [`expect_end`], with an error that does not give the key away.
#[track_caller]
pub fn expect_error(reply: &Reply) -> AssistantError {
    let error = expect_end(reply).unwrap_err();
    let shown = format!("{error} {error:?}");
    assert!(!shown.contains("secret"), "{shown}");
    error
}

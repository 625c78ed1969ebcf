//! A chat server on this machine that says what a test has it say, word by word.

use std::{
    io::{BufRead, BufReader, ErrorKind, Read, Write},
    net::{TcpListener, TcpStream},
};

use serde_json::{json, Value};

use crate::window::DEADLINE;

/// A server that speaks as OpenAI's do. Each question that it is asked is answered by the test.
#[derive(Debug)]
pub struct Server(TcpListener);

impl Server {
    /// On a free port.
    ///
    /// # Panics
    ///
    /// If there is none.
    #[must_use]
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("there is a free port");
        let set = listener.set_nonblocking(true);
        set.expect("a listener can do without waiting");
        Self(listener)
    }

    /// Its address, as a person enters it.
    ///
    /// # Panics
    ///
    /// If the system does not know it.
    #[must_use]
    pub fn address(&self) -> String {
        let address = self.0.local_addr().expect("it is bound");
        format!("http://{address}/v1")
    }

    /// The next question, if it has been asked. Its answer has begun then, with nothing in it.
    ///
    /// # Panics
    ///
    /// If it is none that this server knows.
    pub fn asked(&self) -> Option<Answer> {
        match self.0.accept() {
            Ok((stream, _)) => Some(Answer::begin(stream)),
            Err(error) if error.kind() == ErrorKind::WouldBlock => None,
            Err(error) => panic!("nobody can ask: {error}"),
        }
    }
}

/// An answer under way. If it is dropped, the connection ends in the middle of it.
#[derive(Debug)]
pub struct Answer {
    stream: TcpStream,
    /// What was asked.
    pub question: Value,
}

impl Answer {
    fn begin(stream: TcpStream) -> Self {
        stream.set_nonblocking(false).expect("a stream can wait");
        let set = stream.set_read_timeout(Some(DEADLINE));
        set.expect("a stream can have a deadline");
        stream.set_nodelay(true).expect("a stream can hurry");
        let mut reader = BufReader::new(&stream);
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            let length = reader.read_line(&mut head).expect("a request is text");
            assert_ne!(length, 0, "the request ends in {head:?}");
        }
        assert!(head.starts_with("POST /v1/chat/completions "), "{head}");
        let length = head.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            let is_it = name.eq_ignore_ascii_case("content-length");
            is_it.then(|| value.trim().parse().expect("a length is a number"))
        });
        let mut body = vec![0; length.expect("a question has a length")];
        reader.read_exact(&mut body).expect("it is as long as that");
        let question = serde_json::from_slice(&body).expect("a question is JSON");
        let mut answer = Self { stream, question };
        answer.send(
            "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n",
        );
        answer
    }

    fn send(&mut self, text: &str) {
        let sent = self.stream.write_all(text.as_bytes());
        sent.expect("whoever asked listens");
    }

    fn event(&mut self, data: &str) {
        self.send(&event(data));
    }

    /// The next piece of the text.
    pub fn say(&mut self, text: &str) {
        self.event(&piece(text));
    }

    /// That is all.
    pub fn end(mut self) {
        self.event(&ending());
        self.event(DONE);
    }

    /// All of it at once, so that whoever asked has nothing to wait for in it.
    pub fn say_all(mut self, text: &str) {
        let all = [event(&piece(text)), event(&ending()), event(DONE)];
        self.send(&all.concat());
    }

    /// Ends with the call of a tool. What comes of it is in the next question.
    pub fn call(mut self, tool: &str, arguments: &Value) {
        let function = json!({ "name": tool, "arguments": arguments.to_string() });
        let call = json!({ "index": 0, "id": "call_1", "type": "function", "function": function });
        let ending = json!({
            "choices": [{ "delta": { "tool_calls": [call] }, "finish_reason": "tool_calls" }],
        });
        self.event(&ending.to_string());
        self.event(DONE);
    }

    /// Ends with an error, after it has said that all is well.
    pub fn fail(mut self, reason: &str) {
        let error = json!({ "error": { "message": reason } });
        self.event(&error.to_string());
    }

    /// Ends in the middle.
    pub fn hang_up(self) {
        drop(self);
    }

    /// Waits until whoever asked has gone.
    ///
    /// # Panics
    ///
    /// If they stay.
    pub fn wait_until_left(mut self) {
        match self.stream.read(&mut [0]) {
            Ok(0) => {}
            Err(error) if error.kind() == ErrorKind::ConnectionReset => {}
            other => panic!("somebody still listens: {other:?}"),
        }
    }
}

/// Behind the last event.
const DONE: &str = "[DONE]";

/// An event of the stream, in a chunk of its own.
fn event(data: &str) -> String {
    let event = format!("data: {data}\n\n");
    format!("{:x}\r\n{event}\r\n", event.len())
}

/// Of the text.
fn piece(text: &str) -> String {
    json!({ "choices": [{ "delta": { "content": text } }] }).to_string()
}

/// That the text is whole.
fn ending() -> String {
    json!({ "choices": [{ "delta": {}, "finish_reason": "stop" }] }).to_string()
}

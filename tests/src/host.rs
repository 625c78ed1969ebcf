//! The headless host as a test sees it.

use std::{
    io::{BufRead, BufReader, Write},
    path::PathBuf,
    process::{Child, ChildStdin, ChildStdout, Stdio},
};

use serde_json::{json, Value};

use crate::lab::{self, Fixture};

/// A running host. It ends when its input does.
#[derive(Debug)]
pub struct Host {
    process: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
    seen: u64,
    /// Of this process alone: its staged libraries, and its socket if it has one.
    data: tempfile::TempDir,
}

impl Host {
    /// Starts a host for `fixture` and waits for the report of its first load.
    #[must_use]
    pub fn start(fixture: &Fixture) -> (Self, Value) {
        Self::start_with(fixture, json!({}))
    }

    /// As [`Host::start`], with further settings.
    ///
    /// # Panics
    ///
    /// If the host cannot be started.
    #[must_use]
    pub fn start_with(fixture: &Fixture, settings: Value) -> (Self, Value) {
        let data = tempfile::tempdir().expect("a folder can be made");
        let mut arguments = json!({
            "folder": fixture.folder,
            "libraries": [fixture.name],
            "staging": data.path().join("staged"),
            "probation": 40,
        });
        let settings = settings
            .as_object()
            .expect("settings are an object")
            .clone();
        arguments
            .as_object_mut()
            .expect("it is an object")
            .extend(settings);
        let mut process = lab::host(fixture.profile)
            .arg(arguments.to_string())
            .env("RUST_BACKTRACE", "0")
            .env("XDG_DATA_HOME", data.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the host starts");
        let input = process.stdin.take();
        let output = BufReader::new(process.stdout.take().expect("it is piped"));
        let mut host = Self {
            process,
            input,
            output,
            seen: 0,
            data,
        };
        let report = host.report();
        (host, report)
    }

    /// Where its socket is, if it was started with `"remote": true`.
    #[must_use]
    pub fn socket_folder(&self) -> PathBuf {
        self.data.path().join("hot_reloader/sockets")
    }

    /// Where its copies of libraries are.
    #[must_use]
    pub fn staging_folder(&self) -> PathBuf {
        self.data.path().join("staged")
    }

    /// Sends a command and waits for the answer.
    ///
    /// # Panics
    ///
    /// If the host has died, which no test wants.
    pub fn ask(&mut self, command: &Value) -> Value {
        let input = self.input.as_mut().expect("the host was not ended");
        writeln!(input, "{command}").expect("the host listens");
        let mut line = String::new();
        loop {
            line.clear();
            let read = self.output.read_line(&mut line).expect("the host answers");
            if read == 0 {
                let status = self.process.wait();
                panic!("the host died at {command}: {status:?}");
            }
            if let Some(answer) = line.strip_prefix('@') {
                return serde_json::from_str(answer).expect("answers are JSON");
            }
        }
    }

    /// Runs frames.
    pub fn frames(&mut self, count: u32) -> Value {
        self.ask(&json!({ "do": "frames", "count": count }))
    }

    /// Lets the state go on by one step.
    pub fn advance(&mut self) -> Value {
        self.ask(&json!({ "do": "advance" }))
    }

    /// What is so now.
    pub fn status(&mut self) -> Value {
        self.ask(&json!({ "do": "status" }))
    }

    /// Runs frames until the next report.
    ///
    /// # Panics
    ///
    /// If a report carries no number.
    pub fn report(&mut self) -> Value {
        let report = self.ask(&json!({ "do": "report", "seen": self.seen }));
        self.seen = report["number"].as_u64().expect("reports are numbered");
        report
    }

    /// Asks for a reload of everything and waits for its report.
    pub fn reload(&mut self) -> Value {
        self.ask(&json!({ "do": "reload" }));
        self.report()
    }

    /// The same of a reload that is to be accepted.
    ///
    /// # Panics
    ///
    /// If it is not.
    #[track_caller]
    pub fn commit(&mut self) -> Value {
        let report = self.reload();
        assert_eq!(report["outcome"], "committed", "{report:#}");
        report
    }

    /// Ends the host and waits for it.
    ///
    /// # Panics
    ///
    /// If it does not end well.
    pub fn end(mut self) {
        drop(self.input.take());
        let status = self.process.wait().expect("it can be waited for");
        assert!(status.success(), "the host ended with {status}");
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

//! A small library, and what a reload does to it.

use serde_json::{json, Value};

use crate::{lab::edit, Fixture, Host};

/// The library of one row. `note` tells the test what happens, by which version of the code.
const LIBRARY: &str = r#"#![allow(unused_imports, dead_code)]
use bevy::prelude::*;
use hot_reloader::prelude::*;
use probe_api::Probe;
use serde::{Deserialize, Serialize};

const VERSION: u32 = 1;

#[hot_module(state_keys = [KEYS])]
fn row(app: &mut App) {
    SETUP
}

fn note(probe: &mut Probe, text: impl std::fmt::Display) {
    probe.notes.push(format!("v{VERSION} {text}"));
}

fn asked(probe: Res<Probe>) -> bool {
    probe.advance
}

ITEMS

hot_library!(row);
"#;

/// A host that runs version 1 of a row.
#[derive(Debug)]
pub struct Row {
    /// The library.
    pub fixture: Fixture,
    /// What runs it.
    pub host: Host,
}

impl Row {
    /// Starts with the state keys, what the module's setup does, and the items of the library.
    ///
    /// # Panics
    ///
    /// If it is not committed.
    #[must_use]
    pub fn start(name: &str, keys: &str, setup: &str, items: &str) -> Self {
        Self::start_with(name, keys, setup, items, 0)
    }

    /// As [`Row::start`], with so many frames in which new code can be taken back.
    ///
    /// # Panics
    ///
    /// If it is not committed.
    #[must_use]
    pub fn start_with(name: &str, keys: &str, setup: &str, items: &str, probation: u32) -> Self {
        let fixture = Fixture::new(&format!("row_{name}"));
        let source = edit(LIBRARY, "KEYS", keys);
        let source = edit(&source, "SETUP", setup);
        fixture.write(&edit(&source, "ITEMS", items));
        let (host, first) = Host::start_with(&fixture, json!({ "probation": probation }));
        assert_eq!(first["outcome"], "committed", "{first:#}");
        Self { fixture, host }
    }

    /// Runs frames of version 1, and replaces it by version 2, whose first frame is the last that
    /// was run.
    ///
    /// # Panics
    ///
    /// If it is not committed.
    pub fn reload(&mut self) {
        self.host.frames(4);
        let report = self.edited(&[("VERSION: u32 = 1", "VERSION: u32 = 2")]);
        assert_eq!(report["outcome"], "committed", "{report:#}");
    }

    /// Edits the library, reloads it, and returns the report.
    ///
    /// # Panics
    ///
    /// If there is nothing to be edited.
    pub fn edited(&mut self, edits: &[(&str, &str)]) -> Value {
        let source = std::fs::read_to_string(self.fixture.source()).unwrap();
        let edited = edits
            .iter()
            .fold(source, |source, (from, to)| edit(&source, from, to));
        self.fixture.write(&edited);
        self.host.reload()
    }

    /// What was noted so far by a version.
    ///
    /// # Panics
    ///
    /// If the host does not answer.
    pub fn notes(&mut self, version: u32) -> Vec<String> {
        let status = self.host.status();
        let notes = status["notes"].as_array().unwrap();
        let notes = notes.iter().map(|note| note.as_str().unwrap());
        let prefix = format!("v{version} ");
        notes
            .filter_map(|note| note.strip_prefix(&prefix))
            .map(str::to_owned)
            .collect()
    }
}

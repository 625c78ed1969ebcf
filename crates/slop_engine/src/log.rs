//! The last lines of the log, for the Log window.

use std::{
    collections::VecDeque,
    fmt::Write,
    sync::{Arc, Mutex, PoisonError},
    time::SystemTime,
};

use bevy::{
    log::tracing_subscriber::{layer::Context, Layer},
    prelude::Resource,
    utils::tracing::{
        field::{Field, Visit},
        Event, Level, Subscriber,
    },
};

/// Lines kept.
const KEPT: usize = 5_000;

/// One line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    /// In seconds since 1970, UTC.
    pub time: u64,
    /// 0 for errors, 1 warnings, 2 information, 3 debugging, 4 traces.
    pub level: u8,
    /// Who said it: a module's path.
    pub target: String,
    /// What was said.
    pub text: String,
}

/// The last lines, the oldest first. All clones are one log.
#[derive(Resource, Clone, Debug, Default)]
pub struct LogLines(Arc<Mutex<VecDeque<LogLine>>>);

impl LogLines {
    /// Reads the lines. No thread can log meanwhile.
    pub fn read<R>(&self, look: impl FnOnce(&VecDeque<LogLine>) -> R) -> R {
        look(&self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Adds a line.
    pub fn push(&self, line: LogLine) {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.len() == KEPT {
            lines.pop_front();
        }
        lines.push_back(line);
    }

    /// Forgets all lines.
    pub fn clear(&self) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
    }
}

impl<S: Subscriber> Layer<S> for LogLines {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let metadata = event.metadata();
        let mut text = Text::default();
        event.record(&mut text);
        let level = match *metadata.level() {
            Level::ERROR => 0,
            Level::WARN => 1,
            Level::INFO => 2,
            Level::DEBUG => 3,
            Level::TRACE => 4,
        };
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        self.push(LogLine {
            time: now.unwrap_or_default().as_secs(),
            level,
            target: metadata.target().to_owned(),
            text: text.0,
        });
    }
}

/// The message and the other fields of an event.
#[derive(Default)]
struct Text(String);

impl Visit for Text {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        // Writing to a string does not fail.
        let _ = match field.name() {
            "message" => write!(self.0, "{value:?}"),
            name => write!(self.0, " {name}={value:?}"),
        };
    }
}

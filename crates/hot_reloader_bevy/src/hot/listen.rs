//! What Bevy says in its log while plugins build: which they are, for it tells in no other way.

use std::{
    cell::RefCell,
    fmt::{Debug, Write},
    sync::OnceLock,
};

use bevy::utils::tracing::{
    dispatcher::{self, Dispatch},
    field::{Field, Visit},
    level_filters::LevelFilter,
    span,
    subscriber::{Interest, NoSubscriber},
    Event, Level, Metadata, Subscriber,
};

/// What is heard, and what goes on to the app's log.
#[derive(Default)]
struct Heard {
    plugins: Vec<String>,
    lets_pass: Passing,
}

/// What goes on to the app's log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Passing {
    /// Nothing: it is only a trial.
    Nothing,
    /// All but that a state is there already, which it is after the first time.
    AllButStates,
    /// All of it.
    #[default]
    All,
}

thread_local! {
    static HEARD: RefCell<Heard> = RefCell::default();
}

/// Runs what builds plugins, or says in the log what nobody needs. Returns the names of plugins besides, each when
/// it begins to build.
pub(crate) fn to_plugins<R>(passing: Passing, work: impl FnOnce() -> R) -> (R, Vec<String>) {
    static LISTENER: OnceLock<[Dispatch; 2]> = OnceLock::new();
    let [listener, _] = LISTENER.get_or_init(|| {
        let of_app = dispatcher::get_default(Clone::clone);
        // With only one in the process, what other threads do not want would be heard by nobody.
        [
            Dispatch::new(Listener { of_app }),
            Dispatch::new(NoSubscriber::new()),
        ]
    });
    HEARD.with_borrow_mut(|heard| {
        *heard = Heard {
            plugins: Vec::new(),
            lets_pass: passing,
        };
    });
    let result = dispatcher::with_default(listener, work);
    (result, HEARD.with_borrow_mut(std::mem::take).plugins)
}

struct Listener {
    of_app: Dispatch,
}

/// Whether it may be that a plugin begins to build.
fn is_of_plugins(metadata: &Metadata<'_>) -> bool {
    metadata.target() == "bevy_app::app" && *metadata.level() == Level::DEBUG
}

impl Subscriber for Listener {
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        if is_of_plugins(metadata) {
            return Interest::sometimes();
        }
        self.of_app.register_callsite(metadata)
    }

    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        is_of_plugins(metadata) || self.of_app.enabled(metadata)
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(LevelFilter::DEBUG)
    }

    fn event(&self, event: &Event<'_>) {
        let metadata = event.metadata();
        let mut text = Text::default();
        if is_of_plugins(metadata) {
            event.record(&mut text);
            if let Some(name) = text.0.strip_prefix("added plugin: ") {
                HEARD.with_borrow_mut(|heard| heard.plugins.push(name.to_owned()));
            }
        }
        let passes = match HEARD.with_borrow(|heard| heard.lets_pass) {
            Passing::Nothing => false,
            Passing::AllButStates if metadata.target() == "bevy_state::app" => {
                text.0.clear();
                event.record(&mut text);
                !text.0.ends_with("is already initialized.")
            }
            Passing::AllButStates | Passing::All => true,
        };
        if passes && self.of_app.enabled(metadata) {
            self.of_app.event(event);
        }
    }

    fn new_span(&self, span: &span::Attributes<'_>) -> span::Id {
        self.of_app.new_span(span)
    }

    fn record(&self, span: &span::Id, values: &span::Record<'_>) {
        self.of_app.record(span, values);
    }

    fn record_follows_from(&self, span: &span::Id, follows: &span::Id) {
        self.of_app.record_follows_from(span, follows);
    }

    fn enter(&self, span: &span::Id) {
        self.of_app.enter(span);
    }

    fn exit(&self, span: &span::Id) {
        self.of_app.exit(span);
    }

    fn clone_span(&self, span: &span::Id) -> span::Id {
        self.of_app.clone_span(span)
    }

    fn try_close(&self, span: span::Id) -> bool {
        self.of_app.try_close(span)
    }
}

/// The message of an event.
#[derive(Default)]
struct Text(String);

impl Visit for Text {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        if field.name() == "message" {
            let _ = write!(self.0, "{value:?}");
        }
    }
}

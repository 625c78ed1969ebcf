//! What starts a reload: the shortcuts, a button, any system that sends a [`ReloadRequest`].

use bevy::{
    ecs::schedule::{IntoSystemConfigs, SystemSet},
    input::{
        keyboard::{Key, KeyboardInput},
        ButtonInput, InputSystem,
    },
    prelude::{
        resource_exists, App, Event, EventReader, EventWriter, Events, KeyCode, Local, PreUpdate,
        Res, ResMut, Resource,
    },
    window::WindowFocused,
};
use hot_reloader_transaction::{Request, RequestId};

/// Asks for a reload.
#[derive(Event, Clone, Debug)]
pub struct ReloadRequest {
    /// The modules to reload; `None` for all.
    pub modules: Option<Vec<String>>,
    /// Whether what `Startup`, [`OnLoad`](crate::OnLoad) and the present state's `OnEnter` of the modules have
    /// spawned is taken down, and they run again: also if the code is what it was.
    pub rebuilds: bool,
    request: Request,
}

impl ReloadRequest {
    /// Of all modules.
    #[must_use]
    pub fn all() -> Self {
        Self {
            modules: None,
            rebuilds: false,
            request: Request::new(None),
        }
    }

    /// Of some, by name.
    #[must_use]
    pub fn modules<S: Into<String>>(names: impl IntoIterator<Item = S>) -> Self {
        Self {
            modules: Some(names.into_iter().map(Into::into).collect()),
            ..Self::all()
        }
    }

    /// The same, and what the modules have built is built anew.
    #[must_use]
    pub fn rebuilding(self) -> Self {
        Self {
            rebuilds: true,
            ..self
        }
    }

    /// Of this request, to know it again in a [`ReloadFinished`].
    #[must_use]
    pub fn id(&self) -> RequestId {
        self.request.ids[0]
    }
}

impl From<ReloadRequest> for Request {
    fn from(asked: ReloadRequest) -> Self {
        Self {
            modules: asked.modules,
            rebuilds: asked.rebuilds,
            ..asked.request
        }
    }
}

/// Asks for the end of the build that goes on, and of what waits behind it. Whoever asked for either
/// is answered that it was cancelled.
#[derive(Event, Clone, Copy, Debug, Default)]
pub struct CancelReload;

/// Says that code may have been edited, so that it can be built and tried before anybody asks for a reload.
/// Nothing of it runs until then.
#[derive(Event, Clone, Copy, Debug, Default)]
pub struct WorkAhead;

/// A reload has ended; its report is the latest in the
/// [history](super::HotReloader::history).
#[derive(Event, Clone, Debug)]
pub struct ReloadFinished {
    /// The number of the report.
    pub number: u32,
    /// The requests that it answers: several, if they came while another reload went on.
    pub requests: Vec<RequestId>,
}

pub(super) fn plugin(app: &mut App) {
    app.add_event::<ReloadRequest>()
        .add_event::<CancelReload>()
        .add_event::<WorkAhead>()
        .add_event::<ReloadFinished>()
        .init_resource::<ShortcutStruck>()
        .add_systems(
            PreUpdate,
            shortcut
                .in_set(ShortcutSystems)
                .after(InputSystem)
                .run_if(resource_exists::<ButtonInput<KeyCode>>)
                .run_if(resource_exists::<Events<KeyboardInput>>),
        )
        .add_systems(
            PreUpdate,
            focus.run_if(resource_exists::<Events<WindowFocused>>),
        );
}

/// Whoever comes from the editor may have edited.
fn focus(mut focus: EventReader<WindowFocused>, mut ahead: EventWriter<WorkAhead>) {
    if focus.read().any(|focus| focus.focused) {
        ahead.send_default();
    }
}

/// Looks for the shortcut, in `PreUpdate`.
#[derive(SystemSet, Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct ShortcutSystems;

/// Whether the shortcut was struck in this frame, so that its letter is not typed as well.
#[derive(Resource, Default)]
pub(super) struct ShortcutStruck(pub(super) bool);

/// Which of the two modifiers are down.
#[derive(Clone, Copy, Default)]
struct Modifiers {
    control: bool,
    alt: bool,
    shift: bool,
}

/// Ctrl+Alt+R, with Shift for a rebuild; by what is printed on the key, or if that cannot be told, by where the
/// key is on a US keyboard.
fn shortcut(
    keys: Res<ButtonInput<KeyCode>>,
    mut inputs: EventReader<KeyboardInput>,
    mut held: Local<Modifiers>,
    mut struck: ResMut<ShortcutStruck>,
    mut requests: EventWriter<ReloadRequest>,
    mut ahead: EventWriter<WorkAhead>,
) {
    struck.0 = false;
    let were_held = held.control && held.alt;
    // In the order of the events, for a whole chord may be struck within one frame.
    for input in inputs.read() {
        let down = input.state.is_pressed();
        match input.key_code {
            KeyCode::ControlLeft | KeyCode::ControlRight => held.control = down,
            KeyCode::AltLeft | KeyCode::AltRight => held.alt = down,
            KeyCode::ShiftLeft | KeyCode::ShiftRight => held.shift = down,
            // A key that is held sends more events, but is pressed only once.
            key if down && is_r(input) && keys.just_pressed(key) && held.control && held.alt => {
                struck.0 = true;
                let request = ReloadRequest::all();
                requests.send(if held.shift {
                    request.rebuilding()
                } else {
                    request
                });
            }
            _ => {}
        }
    }
    // A window that loses the focus is not told of keys that are let go.
    *held = Modifiers {
        control: keys.any_pressed([KeyCode::ControlLeft, KeyCode::ControlRight]),
        alt: keys.any_pressed([KeyCode::AltLeft, KeyCode::AltRight]),
        shift: keys.any_pressed([KeyCode::ShiftLeft, KeyCode::ShiftRight]),
    };
    // R may follow.
    if held.control && held.alt && !were_held {
        ahead.send_default();
    }
}

fn is_r(input: &KeyboardInput) -> bool {
    match &input.logical_key {
        Key::Character(text) if text.chars().all(|c| c.is_ascii_alphabetic()) => {
            text.eq_ignore_ascii_case("r")
        }
        _ => input.key_code == KeyCode::KeyR,
    }
}

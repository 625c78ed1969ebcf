//! Keys with the modifiers that were down when they were struck.
//!
//! `bevy_egui` gives all keys of a frame the modifiers that are down at its end. In a slow frame, or
//! from a program that types, Ctrl may be down and up again within one; then the letter would be
//! typed instead of asking for what Ctrl and the letter stand for; or the other way round, a word that
//! ends in `v` before a chord would paste.

use bevy::{
    input::keyboard::{Key, KeyboardInput},
    prelude::{App, Entity, EventReader, IntoSystemConfigs, Local, PreUpdate, Query, ResMut},
};
use bevy_egui::{systems::bevy_to_egui_key, EguiClipboard, EguiInput, EguiSet};
use egui::{Event, Modifiers};

/// To be added after [`EguiPlugin`](crate::EguiPlugin).
pub fn plugin(app: &mut App) {
    let correct = correct.after(EguiSet::ProcessInput);
    app.add_systems(PreUpdate, correct.before(EguiSet::BeginPass));
}

fn correct(
    mut inputs: EventReader<KeyboardInput>,
    mut contexts: Query<(Entity, &mut EguiInput)>,
    mut clipboard: Option<ResMut<EguiClipboard>>,
    mut held: Local<Modifiers>,
) {
    let mut paste = || clipboard.as_mut()?.get_contents();
    let inputs: Vec<_> = inputs.read().cloned().collect();
    let before = *held;
    for (window, mut egui_input) in &mut contexts {
        // Those of the end are right, and clear when the window loses the focus.
        *held = egui_input.modifiers;
        let own: Vec<_> = inputs.iter().filter(|i| i.window == window).collect();
        if !own.is_empty() {
            let events = std::mem::take(&mut egui_input.events);
            egui_input.events = corrected(before, &own, events, &mut paste);
        }
    }
}

/// What is in the clipboard, if that can be read.
type Paste<'a> = dyn FnMut() -> Option<String> + 'a;

/// The events with the modifiers of their keys. What is struck with Ctrl is no text, whatever is
/// let go before the frame ends, and what is struck without is, whatever is pressed before. The same
/// goes for what is copied, cut and pasted.
fn corrected(
    mut held: Modifiers,
    inputs: &[&KeyboardInput],
    events: Vec<Event>,
    paste: &mut Paste<'_>,
) -> Vec<Event> {
    let mut inputs = inputs.iter();
    let mut corrected: Vec<Event> = Vec::with_capacity(events.len());
    let mut events = events.into_iter().peekable();
    while let Some(mut event) = events.next() {
        // A key whose chord for the clipboard is another than `bevy_egui` took it for.
        let mut mistaken = None;
        if let Event::Key {
            key,
            pressed,
            modifiers,
            ..
        } = &mut event
        {
            // Keys that egui does not know, such as the modifiers themselves, are passed over.
            let own = inputs.by_ref().find(|input| {
                let is_pressed = input.state.is_pressed();
                hold(&mut held, &input.logical_key, is_pressed);
                is_pressed == *pressed && bevy_to_egui_key(&input.logical_key) == Some(*key)
            });
            if let Some(own) = own {
                let at_end = std::mem::replace(modifiers, held);
                if *pressed {
                    correct_text(&mut corrected, held, at_end, &own.logical_key);
                    mistaken = (held.command != at_end.command).then_some(*key);
                }
            }
        }
        corrected.push(event);
        let Some(meant) = mistaken.and_then(|key| clipping(key, paste)) else {
            continue;
        };
        // It comes right after its key.
        if held.command {
            corrected.push(meant);
        } else {
            events.next_if_eq(&meant);
        }
    }
    corrected
}

/// What `bevy_egui` makes of a key that is struck with Ctrl.
fn clipping(key: egui::Key, paste: &mut Paste<'_>) -> Option<Event> {
    match key {
        egui::Key::C => Some(Event::Copy),
        egui::Key::X => Some(Event::Cut),
        egui::Key::V => paste().map(Event::Text),
        _ => None,
    }
}

/// Keeps track of the modifiers, as `bevy_egui` does.
fn hold(held: &mut Modifiers, key: &Key, is_pressed: bool) {
    let is_mac = cfg!(target_os = "macos");
    match key {
        Key::Shift => held.shift = is_pressed,
        Key::Alt => held.alt = is_pressed,
        Key::Control => {
            held.ctrl = is_pressed;
            if !is_mac {
                held.command = is_pressed;
            }
        }
        Key::Super | Key::Meta if is_mac => {
            held.mac_cmd = is_pressed;
            held.command = is_pressed;
        }
        _ => {}
    }
}

/// The text of a key comes right before it. It is missing if Ctrl is down at the end of the frame.
fn correct_text(events: &mut Vec<Event>, held: Modifiers, at_end: Modifiers, key: &Key) {
    let text = match key {
        Key::Character(text) if !text.contains(char::is_control) => text.as_str(),
        Key::Space => " ",
        _ => return,
    };
    // Some keyboards type with Ctrl and Alt; that is left as it is.
    let is_chord = held.command && !(held.ctrl && held.alt);
    // Else the last is a text that was pasted.
    let may_be_typed = !at_end.command || (at_end.ctrl && at_end.alt);
    let is_last = matches!(events.last(), Some(Event::Text(last)) if last == text);
    if is_chord && may_be_typed && is_last {
        events.pop();
    } else if !held.command && !may_be_typed {
        events.push(Event::Text(text.to_owned()));
    }
}

#[cfg(test)]
mod tests {
    use bevy::{
        input::{keyboard::KeyCode, ButtonState},
        prelude::{Events, Update},
        utils::default,
    };

    use super::*;

    /// What is in the clipboard.
    const CLIPBOARD: &str = "pasted";

    /// What Bevy tells of keys that go down and up in a frame, and what `bevy_egui` makes of that.
    fn input(
        window: Entity,
        at_end: Modifiers,
        keys: &[(&str, bool)],
    ) -> (Vec<KeyboardInput>, Vec<Event>) {
        let mut inputs = Vec::new();
        let mut events = Vec::new();
        for (name, is_pressed) in keys {
            let logical_key = match *name {
                "Ctrl" => Key::Control,
                "Shift" => Key::Shift,
                text => Key::Character(text.into()),
            };
            if let Some(key) = bevy_to_egui_key(&logical_key) {
                if *is_pressed && !at_end.command {
                    events.push(Event::Text((*name).to_owned()));
                }
                events.push(Event::Key {
                    key,
                    physical_key: None,
                    pressed: *is_pressed,
                    repeat: false,
                    modifiers: at_end,
                });
                if *is_pressed && at_end.command {
                    events.extend(clipping(key, &mut || Some(CLIPBOARD.to_owned())));
                }
            }
            let state = if *is_pressed {
                ButtonState::Pressed
            } else {
                ButtonState::Released
            };
            inputs.push(KeyboardInput {
                key_code: KeyCode::KeyA,
                logical_key,
                state,
                window,
            });
        }
        (inputs, events)
    }

    /// A frame in which these keys go down and up.
    fn frame(
        app: &mut App,
        window: Entity,
        at_end: Modifiers,
        keys: &[(&str, bool)],
    ) -> Vec<Event> {
        let (inputs, events) = input(window, at_end, keys);
        app.world_mut().send_event_batch(inputs);
        let input = egui::RawInput {
            events,
            modifiers: at_end,
            ..default()
        };
        app.world_mut().entity_mut(window).insert(EguiInput(input));
        app.update();
        app.world().get::<EguiInput>(window).unwrap().events.clone()
    }

    fn app() -> (App, Entity) {
        let mut app = App::new();
        app.init_resource::<Events<KeyboardInput>>()
            .add_systems(Update, correct);
        let window = app.world_mut().spawn_empty().id();
        (app, window)
    }

    /// The keys that are pressed, with the modifiers, and what is typed.
    fn told(events: &[Event]) -> Vec<String> {
        let told = events.iter().filter_map(|event| match event {
            Event::Text(text) if text == CLIPBOARD => Some("Paste".to_owned()),
            Event::Text(text) => Some(format!("types {text}")),
            Event::Copy => Some("Copy".to_owned()),
            Event::Cut => Some("Cut".to_owned()),
            Event::Key {
                key,
                pressed: true,
                modifiers,
                ..
            } => {
                let ctrl = if modifiers.ctrl { "Ctrl+" } else { "" };
                let shift = if modifiers.shift { "Shift+" } else { "" };
                Some(format!("{ctrl}{shift}{}", key.name()))
            }
            _ => None,
        });
        told.collect()
    }

    const CTRL: Modifiers = Modifiers {
        ctrl: true,
        command: true,
        ..Modifiers::NONE
    };

    #[test]
    fn a_chord_within_one_frame_is_one() {
        let (mut app, window) = app();
        let keys = [
            ("Ctrl", true),
            ("Shift", true),
            ("P", true),
            ("P", false),
            ("Shift", false),
            ("Ctrl", false),
            ("x", true),
        ];
        let events = frame(&mut app, window, Modifiers::NONE, &keys);
        assert_eq!(told(&events), ["Ctrl+Shift+P", "types x", "X"]);
    }

    #[test]
    fn what_is_typed_before_a_chord_is_not_lost() {
        let (mut app, window) = app();
        let keys = [("a", true), ("a", false), ("Ctrl", true), ("f", true)];
        let events = frame(&mut app, window, CTRL, &keys);
        assert_eq!(told(&events), ["types a", "A", "Ctrl+F"]);
        // It is still down.
        let events = frame(&mut app, window, CTRL, &[("f", false), ("n", true)]);
        assert_eq!(told(&events), ["Ctrl+N"]);
    }
    /// What is told of a frame that begins without modifiers, with a clipboard.
    fn clipped(at_end: Modifiers, keys: &[(&str, bool)]) -> Vec<String> {
        let (inputs, events) = input(Entity::PLACEHOLDER, at_end, keys);
        let inputs: Vec<_> = inputs.iter().collect();
        let mut paste = || Some(CLIPBOARD.to_owned());
        told(&corrected(Modifiers::NONE, &inputs, events, &mut paste))
    }

    #[test]
    fn a_word_before_a_chord_neither_pastes_nor_copies_nor_cuts() {
        for (letter, key) in [("v", "V"), ("c", "C"), ("x", "X")] {
            let keys = [
                (letter, true),
                (letter, false),
                ("Ctrl", true),
                ("f", true),
                ("f", false),
            ];
            let typed = format!("types {letter}");
            assert_eq!(clipped(CTRL, &keys), [&*typed, key, "Ctrl+F"]);
        }
    }

    #[test]
    fn what_is_copied_cut_and_pasted_within_one_frame_is() {
        for (letter, chord, asked) in [
            ("v", "Ctrl+V", "Paste"),
            ("c", "Ctrl+C", "Copy"),
            ("x", "Ctrl+X", "Cut"),
        ] {
            let keys = [
                ("Ctrl", true),
                (letter, true),
                (letter, false),
                ("Ctrl", false),
            ];
            assert_eq!(clipped(Modifiers::NONE, &keys), [chord, asked]);
            // Once, if `bevy_egui` has seen it too.
            assert_eq!(clipped(CTRL, &keys[..3]), [chord, asked]);
        }
    }
}

//! Types of the engine that are known here by their names only: generic ones, of whatever they are.

const STATE: &str = "bevy_state::state::resources::State<";
const STATE_SCOPED: &str = "bevy_state::state_scoped::StateScoped<";
const NEXT_STATE: &str = "bevy_state::state::resources::NextState<";
const EVENTS: &str = "bevy_ecs::event::Events<";
const TRANSITION: &str = "bevy_state::state::transitions::StateTransitionEvent<";
const ASSETS: &str = "bevy_asset::assets::Assets<";
const OBSERVER: &str = "bevy_ecs::observer::runner::Observer<";
const OBSERVED_BY: &str = "bevy_ecs::observer::entity_observer::ObservedBy";
const ONE_SHOT: &str = "bevy_ecs::system::system_registry::RegisteredSystem<";
const OF_GIZMOS: &str = "bevy_gizmos::gizmos::GizmoStorage<";

/// The state that a `State` is of.
pub(crate) fn state_of(name: &str) -> Option<&str> {
    name.strip_prefix(STATE)?.strip_suffix('>')
}

/// The state that a `StateScoped` is of.
pub(crate) fn scope_of(name: &str) -> Option<&str> {
    name.strip_prefix(STATE_SCOPED)?.strip_suffix('>')
}

/// The state of which the type has a value, and nothing else.
pub(crate) fn state_in(name: &str) -> Option<&str> {
    state_of(name).or_else(|| scope_of(name))
}

pub(crate) fn is_next_state(name: &str) -> bool {
    name.starts_with(NEXT_STATE)
}

pub(crate) fn is_events(name: &str) -> bool {
    name.starts_with(EVENTS)
}

/// The state of whose transitions they are events.
pub(crate) fn transitions_of(name: &str) -> Option<&str> {
    let of = name.strip_prefix(EVENTS)?.strip_prefix(TRANSITION)?;
    of.strip_suffix(">>")
}

/// What the assets are that an `Assets` has.
pub(crate) fn asset_of(name: &str) -> Option<&str> {
    name.strip_prefix(ASSETS)?.strip_suffix('>')
}

pub(crate) fn is_assets(name: &str) -> bool {
    asset_of(name).is_some()
}

pub(crate) fn is_observer(name: &str) -> bool {
    name.starts_with(OBSERVER)
}

/// What an entity has that observers watch.
pub(crate) fn is_observed_by(name: &str) -> bool {
    name == OBSERVED_BY
}

/// What the engine keeps of observers, and of what they watch.
pub(crate) fn is_of_observers(name: &str) -> bool {
    name.starts_with("bevy_ecs::observer::")
}

/// What a group of gizmos has for itself.
pub(crate) fn is_of_gizmos(name: &str) -> bool {
    name.starts_with(OF_GIZMOS)
}

/// What is known of all groups of gizmos, which only their crate can look into. Not every app has that.
pub(crate) fn knows_gizmos(name: &str) -> bool {
    matches!(
        name,
        "bevy_gizmos::config::GizmoConfigStore" | "bevy_gizmos::LineGizmoHandles"
    )
}

/// An observer or a one-shot system.
pub(crate) fn is_code(name: &str) -> bool {
    is_observer(name) || name.starts_with(ONE_SHOT)
}

/// Whether the values go on whatever a build inserts: they are state by what they are.
pub(crate) fn goes_on(name: &str) -> bool {
    is_events(name) || is_next_state(name) || state_of(name).is_some() || is_assets(name)
}

#[cfg(test)]
mod tests {
    use std::any::type_name;

    use bevy::{
        ecs::event::Events,
        prelude::{
            Assets, Image, NextState, Observer, OnAdd, State, StateScoped, StateTransitionEvent,
            States,
        },
    };

    use super::*;

    #[derive(States, Clone, Debug, PartialEq, Eq, Hash)]
    struct Screen;

    #[test]
    fn the_engine_calls_them_so() {
        let screen = Some(type_name::<Screen>());
        assert_eq!(state_of(type_name::<State<Screen>>()), screen);
        assert_eq!(scope_of(type_name::<StateScoped<Screen>>()), screen);
        let events = type_name::<Events<StateTransitionEvent<Screen>>>();
        assert_eq!(transitions_of(events), screen);
        assert!(is_events(events) && goes_on(events));
        assert!(is_next_state(type_name::<NextState<Screen>>()));
        let images = type_name::<Assets<Image>>();
        assert_eq!(asset_of(images), Some(type_name::<Image>()));
        assert!(is_observer(type_name::<Observer<OnAdd, ()>>()));
        assert!(!goes_on(type_name::<Screen>()));
    }
}

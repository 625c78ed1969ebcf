//! The actions that are asked for, each of which is done once.

use bevy::{
    ecs::{event::EventId, system::SystemParam},
    prelude::*,
};
use slop_state::Action;

/// How many actions the controller has done since the app was started. For a state that is saved
/// it is of no use.
///
/// The event readers of new code begin with the events of the last two frames, which the code
/// before has read too; without this a reload would do those actions twice.
#[derive(Resource, Reflect, Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct DoneActions(pub(crate) usize);

/// The actions that are still to be done.
#[derive(SystemParam)]
pub(crate) struct Actions<'w, 's> {
    reader: EventReader<'w, 's, Action>,
    done: Res<'w, DoneActions>,
}

impl Actions<'_, '_> {
    pub(crate) fn read(&mut self) -> impl Iterator<Item = &Action> {
        let wanted = not_done(self.reader.read_with_id(), self.done.0);
        wanted.into_iter().map(|(action, _)| action)
    }
}

/// The actions that are still to be done of those that a reader sees, with their numbers, where so many
/// of the queue are done.
///
/// After a change of a type that actions have in them the queue is a new one and counts from 0. It is told
/// by its newest action, which every reader of a queue sees that sees any: that is never older than what is
/// done.
pub(crate) fn not_done<'a>(
    seen: impl Iterator<Item = (&'a Action, EventId<Action>)>,
    done: usize,
) -> Vec<(&'a Action, usize)> {
    let mut seen: Vec<_> = seen.map(|(action, id)| (action, id.id)).collect();
    let is_new = seen.last().is_some_and(|(_, newest)| newest + 1 < done);
    seen.retain(|(_, number)| is_new || *number >= done);
    seen
}

/// Counts what was done. Runs last.
pub(crate) fn note_done(mut actions: EventReader<Action>, mut done: ResMut<DoneActions>) {
    if let Some((_, id)) = actions.read_with_id().last() {
        done.0 = id.id + 1;
    }
}

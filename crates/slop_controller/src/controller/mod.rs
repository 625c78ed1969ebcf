//! The systems that act on what the windows ask for.

mod answers;
mod checks;
mod discussions;
mod documents;
mod editor;
mod excerpt;
mod hands;
mod planning;
mod queue;
mod settings;
mod ticket_discussions;
mod ticket_error;
mod tickets;
mod undo;

use bevy::{ecs::schedule::SystemConfigs, prelude::*};
use hot_reloader::prelude::*;
use slop_common::Turn;
use slop_engine::hands::Jobs;
use slop_state::{
    Action, ActiveTickets, Composer, Discussions, HandsView, Hub, Layout, Planning, Project,
    Settings, Ticket, TicketNumbers, TicketQueue, Tiers, ToolRequests, Undo,
};

use crate::{
    actions::{note_done, DoneActions},
    ask::AskAssistant,
};
use discussions::{edit_discussions, edit_entries};
use hands::serve_tools;
use planning::plan;
use queue::run_queue;
use settings::apply_settings;
use ticket_discussions::discuss_tickets;
use tickets::{derive_active_tickets, edit_tickets};
use undo::undo;

/// Owns the discussions, the tickets, the plan, the project and the settings.
#[hot_module(
    state_keys = [
        Discussions,
        Composer,
        Ticket,
        TicketNumbers,
        TicketQueue,
        ToolRequests,
        Planning,
        Project,
        Settings,
        Tiers,
        Undo,
        DoneActions,
    ],
    targets = [
        edit_discussions,
        edit_entries,
        edit_tickets,
        apply_settings,
        undo,
        discuss_tickets,
        plan,
        run_queue,
        serve_tools,
        derive_active_tickets,
    ],
)]
pub fn controller(app: &mut App) {
    Turn::order(app);
    own(app);
    app.register_type::<Action>()
        .register_type::<ActiveTickets>()
        .register_type::<AskAssistant>()
        .add_systems(Update, systems().in_set(Turn::Control))
        .add_systems(
            Update,
            (editor::open_in_editor, documents::exchange)
                .chain()
                .after(undo)
                .before(note_done)
                .in_set(Turn::Control),
        );
    #[cfg(feature = "hot")]
    app.add_systems(
        Update,
        settings::set_reloader
            .run_if(resource_changed::<Settings>)
            .in_set(Turn::Control),
    );
}

/// What its systems work on.
fn own(app: &mut App) {
    app.init_resource::<Discussions>()
        .init_resource::<Composer>()
        .init_resource::<TicketNumbers>()
        .init_resource::<TicketQueue>()
        .init_resource::<ToolRequests>()
        .init_resource::<Jobs>()
        .init_resource::<ActiveTickets>()
        .init_resource::<Planning>()
        .init_resource::<Project>()
        .init_resource::<Settings>()
        .init_resource::<Tiers>()
        .init_resource::<Undo>()
        .init_resource::<DoneActions>()
        // Those of the windows, which come later.
        .init_resource::<Hub>()
        .init_resource::<HandsView>()
        .init_resource::<Layout>()
        .add_event::<Action>()
        .add_event::<AskAssistant>();
}

fn systems() -> SystemConfigs {
    (
        edit_discussions,
        edit_entries,
        edit_tickets,
        apply_settings,
        undo,
        discuss_tickets,
        plan,
        run_queue,
        serve_tools,
        derive_active_tickets,
        note_done,
    )
        .chain()
}

#[cfg(test)]
pub(crate) mod tests {
    use slop_common::ASSISTANT;
    use slop_engine::pacing::Frames;
    use slop_state::{Entry, Pending, PendingRequests};

    use super::*;

    /// An app with the controller.
    pub(crate) fn app() -> App {
        let mut app = App::new();
        own(&mut app);
        app.init_resource::<PendingRequests>()
            .init_resource::<Frames>()
            .add_systems(Update, systems());
        app
    }

    /// Asks for an action and lets a frame pass.
    pub(crate) fn act(app: &mut App, action: Action) {
        app.world_mut().send_event(action);
        app.update();
    }

    /// Does what `ai_client` does with what it is asked. The ids of the discussions.
    pub(crate) fn send(app: &mut App) -> Vec<u64> {
        let world = app.world_mut();
        let mut events = world.resource_mut::<Events<AskAssistant>>();
        let asks: Vec<_> = events.drain().collect();
        for ask in &asks {
            let mut discussions = world.resource_mut::<Discussions>();
            let id = discussions.next_id();
            let answer = Entry {
                id,
                role: ASSISTANT.to_owned(),
                ..Entry::default()
            };
            let discussion = discussions.get_mut(ask.discussion).unwrap();
            match ask.instead_of {
                Some(other) => assert!(discussion.retake(other, answer)),
                None => discussion.entries.push(answer),
            }
            world.resource_mut::<PendingRequests>().0.push(Pending {
                request: id,
                discussion: ask.discussion,
                entry: id,
            });
        }
        asks.iter().map(|ask| ask.discussion).collect()
    }

    /// Answers all that was sent.
    pub(crate) fn answer(app: &mut App, text: &str) {
        let world = app.world_mut();
        let mut pending = world.resource_mut::<PendingRequests>();
        for waiting in std::mem::take(&mut pending.0) {
            let mut discussions = world.resource_mut::<Discussions>();
            let discussion = discussions.get_mut(waiting.discussion).unwrap();
            text.clone_into(&mut discussion.entry_mut(waiting.entry).unwrap().text);
        }
        app.update();
    }

    #[test]
    fn new_code_does_no_action_again() {
        let mut app = app();
        act(&mut app, Action::AddDiscussion);
        let mut reloaded = Schedule::default();
        reloaded.add_systems(systems());
        reloaded.run(app.world_mut());
        assert_eq!(app.world().resource::<Discussions>().list.len(), 2);

        app.world_mut().send_event(Action::AddDiscussion);
        reloaded.run(app.world_mut());
        assert_eq!(app.world().resource::<Discussions>().list.len(), 3);
    }

    #[test]
    fn a_queue_that_counts_anew_loses_no_action_and_does_none_twice() {
        let mut app = app();
        app.insert_resource(DoneActions(500));
        app.world_mut().send_event(Action::AddDiscussion);
        act(&mut app, Action::AddDiscussion);
        assert_eq!(app.world().resource::<Discussions>().list.len(), 3);
        let mut reloaded = Schedule::default();
        reloaded.add_systems(systems());
        reloaded.run(app.world_mut());
        assert_eq!(app.world().resource::<Discussions>().list.len(), 3);
    }

    #[test]
    fn an_action_whose_effect_was_taken_back_is_done_by_the_code_before() {
        let mut app = app();
        app.update();
        let before = app.world().resource::<Discussions>().clone();
        let done = app.world().resource::<DoneActions>().clone();
        app.world_mut().send_event(Action::AddDiscussion);
        let mut reloaded = Schedule::default();
        reloaded.add_systems(systems());
        reloaded.run(app.world_mut());
        assert_eq!(app.world().resource::<Discussions>().list.len(), 2);

        app.insert_resource(before).insert_resource(done);
        app.update();
        assert_eq!(app.world().resource::<Discussions>().list.len(), 2);
    }
}

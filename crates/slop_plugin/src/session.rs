//! What a person would miss is on disk: read when the app starts, and written soon after it has
//! changed.

use std::time::{Duration, Instant};

use bevy::{app::AppExit, ecs::system::SystemParam, prelude::*};
use hot_reloader::prelude::*;
use serde::{Deserialize, Serialize};
use slop_engine::{session::Session, store::Format, EguiContexts};
use slop_state::{
    Board, Composer, Discussions, Hub, Layout, LogView, Project, Settings, Ticket, TicketNumbers,
};

use crate::{
    ai_client::PendingRequests,
    gui::{dock::Dock, project_settings::Draft},
};

/// How the state is written. A change that old files do not fit makes a new version and a
/// migration.
const FORMAT: Format = Format {
    version: 1,
    migrations: &[],
};

/// How often the state is written at most.
const PAUSE: Duration = Duration::from_millis(400);

/// How often what cannot tell whether it has changed is looked at.
const LOOK: Duration = Duration::from_secs(2);

/// Reads and writes the state.
#[hot_module(targets = [load, save], after = [controller, ai_client, gui])]
pub fn session(app: &mut HotApp) {
    app.add_systems(Startup, load).add_systems(Last, save);
}

/// Lists once what is written.
macro_rules! parts {
    ($($name:ident: $resource:ty),* $(,)?) => {
        /// What is written.
        #[derive(Serialize, Deserialize)]
        struct Saved {
            $($name: $resource,)*
            tickets: Vec<Ticket>,
            view: View,
        }

        /// The same in the world.
        #[derive(SystemParam)]
        struct Parts<'w, 's> {
            $($name: ResMut<'w, $resource>,)*
            tickets: Query<'w, 's, Ref<'static, Ticket>>,
            removed: RemovedComponents<'w, 's, Ticket>,
            dock: ResMut<'w, Dock>,
        }

        impl Parts<'_, '_> {
            /// Since the system ran last.
            fn is_changed(&mut self) -> bool {
                let tickets = self.removed.read().count() > 0
                    || self.tickets.iter().any(|ticket| ticket.is_changed());
                tickets $(|| self.$name.is_changed())*
            }

            fn saved(&self, memory: String) -> Saved {
                Saved {
                    $($name: self.$name.clone(),)*
                    tickets: self.tickets.iter().map(|ticket| ticket.clone()).collect(),
                    view: View { dock: self.dock.clone(), memory },
                }
            }

            fn restore(&mut self, saved: Saved, commands: &mut Commands) {
                $(*self.$name = saved.$name;)*
                *self.dock = saved.view.dock;
                commands.spawn_batch(saved.tickets);
            }
        }
    };
}

parts! {
    project: Project,
    settings: Settings,
    settings_draft: Draft,
    discussions: Discussions,
    composer: Composer,
    hub: Hub,
    pending: PendingRequests,
    ticket_numbers: TicketNumbers,
    board: Board,
    layout: Layout,
    log: LogView,
}

/// What is used anew in each frame, so that only a look at it tells whether it has changed.
#[derive(Serialize, Deserialize, Clone)]
struct View {
    dock: Dock,
    /// What egui remembers: scroll positions, splits, what is folded. Empty without a window.
    memory: String,
}

/// Runs once, when the module is first loaded.
fn load(
    mut session: ResMut<Session>,
    mut parts: Parts,
    mut contexts: EguiContexts,
    mut commands: Commands,
) {
    let Some(saved) = session.load::<Saved>(FORMAT) else {
        return;
    };
    let context = contexts.try_ctx_mut();
    if let Some(context) = context.filter(|_| !saved.view.memory.is_empty()) {
        match ron::from_str(&saved.view.memory) {
            Ok(memory) => context.memory_mut(|now| *now = memory),
            Err(error) => warn!("scroll positions and splits begin anew: {error}"),
        }
    }
    parts.restore(saved, &mut commands);
}

/// When what was done last.
#[derive(Default)]
struct Pace {
    is_changed: bool,
    written: Option<Instant>,
    looked: Option<Instant>,
    /// What the look found.
    view: String,
}

fn save(
    mut session: ResMut<Session>,
    mut parts: Parts,
    mut contexts: EguiContexts,
    mut exits: EventReader<AppExit>,
    mut pace: Local<Pace>,
) {
    let exits = exits.read().count() > 0;
    let is_due = |last: Option<Instant>, pause| last.is_none_or(|last| last.elapsed() >= pause);
    pace.is_changed |= parts.is_changed();
    let wants = pace.is_changed && is_due(pace.written, PAUSE);
    if !(exits || wants || is_due(pace.looked, LOOK)) {
        return;
    }
    pace.looked = Some(Instant::now());
    let memory = contexts.try_ctx_mut().map_or_else(String::new, |context| {
        context.memory(|memory| ron::to_string(memory).unwrap_or_default())
    });
    let view = View {
        dock: parts.dock.clone(),
        memory: memory.clone(),
    };
    let view = ron::to_string(&view).unwrap_or_default();
    if wants || view != pace.view {
        session.save(&parts.saved(memory));
        pace.view = view;
        pace.is_changed = false;
        pace.written = Some(Instant::now());
    }
    if exits {
        session.flush();
    }
}

//! What a person would miss is on disk: read when the app starts, and written soon after it has
//! changed.

use std::time::{Duration, Instant};

use bevy::{app::AppExit, ecs::system::SystemParam, prelude::*, window::WindowCloseRequested};
use hot_reloader::prelude::*;
use serde::{Deserialize, Serialize};
use slop_engine::{egui, pacing::Frames, session::Session, store::Format, EguiContexts};
#[cfg(feature = "hot")]
use slop_engine_dylib as _;
use slop_state::{
    Board, Composer, Discussions, Draft, HandsView, Hub, Layout, LogView, Orphans, PendingRequests,
    Planning, Project, Settings, Ticket, TicketNumbers, TicketQueue, Tiers, ToolRequests, Undo,
};
use slop_ui::Dock;

hot_library!(session);

/// How the state is written. A change that old files do not fit makes a new version and a
/// migration.
const FORMAT: Format = Format {
    version: 1,
    migrations: &[],
};

/// How often the state is written at most.
const PAUSE: Duration = Duration::from_millis(400);

/// How often what cannot tell whether it has changed is looked at.
const LOOK: Duration = Duration::from_millis(700);

/// Reads and writes the state.
#[hot_module(
    state_keys = [Restored],
    targets = [load, spawn_tickets, save],
    after = [
        controller,
        ai_client,
        main_interface,
        project_settings,
        discussion_hub,
        mma_dashboard,
        log,
        hands,
    ],
)]
pub fn session(app: &mut App) {
    app.init_resource::<Restored>()
        .add_systems(Startup, load)
        .add_systems(First, spawn_tickets)
        .add_systems(Last, save);
}

/// Lists once what is written.
macro_rules! parts {
    ($($(#[$attribute:meta])* $name:ident: $resource:ty),* $(,)?) => {
        /// What is written.
        #[derive(Serialize, Deserialize)]
        struct Saved {
            $($(#[$attribute])* $name: $resource,)*
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

            /// The tickets have entities, which are still to be spawned.
            fn restore(&mut self, saved: Saved) -> Vec<Ticket> {
                $(*self.$name = saved.$name;)*
                *self.dock = saved.view.dock;
                saved.tickets
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
    #[serde(default)]
    ticket_queue: TicketQueue,
    #[serde(default)]
    planning: Planning,
    #[serde(default)]
    tiers: Tiers,
    board: Board,
    #[serde(default)]
    tool_requests: ToolRequests,
    #[serde(default)]
    hands: HandsView,
    #[serde(default)]
    undo: Undo,
    #[serde(default)]
    orphans: Orphans,
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

/// What was read when the app started. A first load that is taken back takes this with it.
#[derive(Resource, Reflect, Serialize, Deserialize, Clone, Debug, Default)]
struct Restored {
    /// Whether it was looked for.
    is_over: bool,
    /// Those that have no entities yet.
    tickets: Vec<Ticket>,
}

/// Reads the state when the module is first loaded. A rebuild runs the startup once more, and then what is in
/// the world is newer than what is on disk.
fn load(
    mut session: ResMut<Session>,
    mut parts: Parts,
    mut contexts: EguiContexts,
    mut restored: ResMut<Restored>,
) {
    if restored.is_over {
        return;
    }
    restored.is_over = true;
    let Some(saved) = session.load::<Saved>(FORMAT) else {
        return;
    };
    let context = contexts.try_ctx_mut();
    if let Some(context) = context.filter(|_| !saved.view.memory.is_empty()) {
        if let Err(error) = remember(context, &saved.view.memory) {
            warn!("scroll positions and splits begin anew: {error}");
        }
    }
    restored.tickets = parts.restore(saved);
}

/// Has egui remember what it did, but for how input is taken: that is for the host to say, and it has by now.
fn remember(context: &egui::Context, saved: &str) -> ron::error::SpannedResult<()> {
    let mut memory: egui::Memory = ron::from_str(saved)?;
    context.memory_mut(|now| {
        let input = &now.options.input_options;
        memory.options.input_options.clone_from(input);
        *now = memory;
    });
    Ok(())
}

/// Before anything else in the frame. Not in the startup, for what that has spawned goes with a rebuild.
fn spawn_tickets(mut restored: ResMut<Restored>, mut commands: Commands) {
    if !restored.tickets.is_empty() {
        commands.spawn_batch(std::mem::take(&mut restored.tickets));
    }
}

/// When what was done last.
#[derive(Default)]
struct Pace {
    is_changed: bool,
    written: Option<Instant>,
    looked: Option<Instant>,
    /// What the look found.
    view: String,
    /// What egui remembered while there was a window.
    memory: String,
}

fn save(
    mut session: ResMut<Session>,
    mut parts: Parts,
    mut contexts: EguiContexts,
    mut exits: EventReader<AppExit>,
    mut closes: EventReader<WindowCloseRequested>,
    mut pace: Local<Pace>,
    frames: Res<Frames>,
) {
    session.look();
    // A window that is to be closed goes only once all of this is on disk.
    let ends = exits.read().count() + closes.read().count() > 0;
    let is_due = |last: Option<Instant>, pause| last.is_none_or(|last| last.elapsed() >= pause);
    pace.is_changed |= parts.is_changed();
    let wants = pace.is_changed && is_due(pace.written, PAUSE);
    if !(ends || wants || is_due(pace.looked, LOOK)) {
        // Nothing else may bring a frame in which it is due.
        let context = contexts.try_ctx_mut();
        let is_touched = |context: &mut egui::Context| context.input(|i| !i.events.is_empty());
        if pace.is_changed {
            frames.after(PAUSE);
        } else if context.is_some_and(is_touched) {
            frames.after(LOOK);
        }
        return;
    }
    pace.looked = Some(Instant::now());
    // A window that was closed is gone before the app ends.
    if let Some(context) = contexts.try_ctx_mut() {
        pace.memory = context.memory(|memory| ron::to_string(memory).unwrap_or_default());
    }
    let memory = pace.memory.clone();
    let view = View {
        dock: parts.dock.clone(),
        memory: memory.clone(),
    };
    let view = ron::to_string(&view).unwrap_or_default();
    if wants || (ends && pace.is_changed) || view != pace.view {
        session.save(parts.saved(memory));
        pace.view = view;
        pace.is_changed = false;
        pace.written = Some(Instant::now());
    }
    if ends {
        session.flush();
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use slop_engine::bevy_egui::EguiUserTextures;
    use slop_state::{ContextRule, Deleted, Pending, Proposed, Run, Tier, Verdict, Window};

    use super::*;

    /// The app at its start, without a window.
    fn app(folder: &Path) -> App {
        let mut app = App::new();
        app.insert_resource(Session::new(folder.to_owned()))
            .init_resource::<Project>()
            .init_resource::<Settings>()
            .init_resource::<Draft>()
            .init_resource::<Discussions>()
            .init_resource::<Composer>()
            .init_resource::<Hub>()
            .init_resource::<PendingRequests>()
            .init_resource::<TicketNumbers>()
            .init_resource::<TicketQueue>()
            .init_resource::<Planning>()
            .init_resource::<Tiers>()
            .init_resource::<Board>()
            .init_resource::<ToolRequests>()
            .init_resource::<HandsView>()
            .init_resource::<Layout>()
            .init_resource::<LogView>()
            .init_resource::<Undo>()
            .init_resource::<Orphans>()
            .init_resource::<Restored>()
            .init_resource::<Dock>()
            .init_resource::<EguiUserTextures>()
            .init_resource::<Frames>()
            .add_event::<WindowCloseRequested>()
            .add_systems(Startup, load)
            .add_systems(First, spawn_tickets)
            .add_systems(Last, save);
        app.update();
        app
    }

    fn write(app: &mut App, text: &str) {
        app.world_mut().resource_mut::<Composer>().text = text.to_owned();
        app.update();
    }

    /// Draws frames until what the composer holds is on disk.
    fn update_until_saved(app: &mut App, folder: &Path, text: &str) {
        let start = Instant::now();
        let state = folder.join("state.ron");
        let wanted = format!("\"{text}\"");
        while !std::fs::read_to_string(&state).is_ok_and(|text| text.contains(&wanted)) {
            assert!(
                start.elapsed() < Duration::from_secs(30),
                "it is never saved"
            );
            app.update();
        }
    }

    #[test]
    fn what_version_1_wrote_can_be_read() {
        let folder = tempfile::tempdir().unwrap();
        let written = include_str!("../../../assets/demo/state.ron");
        std::fs::write(folder.path().join("state.ron"), written).unwrap();
        let mut app = app(folder.path());
        let session = app.world().resource::<Session>();
        assert_eq!((&session.notices, &session.failure), (&Vec::new(), &None));
        assert_eq!(app.world().resource::<Discussions>().list.len(), 3);
        let mut tickets = app.world_mut().query::<&Ticket>();
        assert_eq!(tickets.iter(app.world()).count(), 7);
    }

    #[test]
    fn the_last_change_before_the_end_is_there_again() {
        let folder = tempfile::tempdir().unwrap();
        let mut first = app(folder.path());
        write(&mut first, "one");
        first.world_mut().send_event(AppExit::Success);
        write(&mut first, "two");
        drop(first);
        let second = app(folder.path());
        assert_eq!(second.world().resource::<Composer>().text, "two");
        let session = second.world().resource::<Session>();
        assert_eq!((&session.notices, &session.failure), (&Vec::new(), &None));
    }

    #[test]
    fn the_last_change_is_written_before_a_window_is_closed() {
        let folder = tempfile::tempdir().unwrap();
        let mut app = app(folder.path());
        write(&mut app, "one");
        let window = Entity::PLACEHOLDER;
        app.world_mut().send_event(WindowCloseRequested { window });
        write(&mut app, "two");
        let state = std::fs::read_to_string(folder.path().join("state.ron")).unwrap();
        assert!(state.contains("\"two\""), "{state}");
    }

    #[test]
    fn windows_are_open_and_docked_as_they_were() {
        let written = |app: &App| ron::to_string(app.world().resource::<Dock>()).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let mut first = app(folder.path());
        // As if somebody had moved what divides them.
        let before = written(&first);
        let dock: Dock = ron::from_str(&before.replace("0.46", "0.25")).unwrap();
        first.insert_resource(dock);
        let moved = written(&first);
        assert_ne!(moved, before);
        let mut layout = first.world_mut().resource_mut::<Layout>();
        layout.show_windows.insert(Window::Log, true);
        let layout = layout.clone();
        first.world_mut().send_event(AppExit::Success);
        first.update();
        drop(first);
        let second = app(folder.path());
        assert_eq!(written(&second), moved);
        assert_eq!(*second.world().resource::<Layout>(), layout);
    }

    #[test]
    fn what_egui_remembers_says_nothing_of_how_input_is_taken() {
        let duration = |context: &egui::Context| {
            context.options(|options| options.input_options.max_click_duration)
        };
        for (before, now) in [(0.8, f64::INFINITY), (f64::INFINITY, 0.8)] {
            let [old, new] = [before, now].map(|duration| {
                let context = egui::Context::default();
                context.options_mut(|options| {
                    options.input_options.max_click_duration = duration;
                });
                context
            });
            old.data_mut(|data| data.insert_persisted(egui::Id::NULL, 7_u32));
            let saved = old.memory(|memory| ron::to_string(memory).unwrap());
            remember(&new, &saved).unwrap();
            let kept = new.data_mut(|data| data.get_persisted::<u32>(egui::Id::NULL));
            assert_eq!(kept, Some(7));
            assert_eq!(duration(&new), now);
        }
    }

    #[test]
    fn a_plan_and_the_tiers_are_there_again() {
        let folder = tempfile::tempdir().unwrap();
        let mut first = app(folder.path());
        let world = first.world_mut();
        let mut planning = world.resource_mut::<Planning>();
        planning.goal = "A house.".to_owned();
        planning.run = Run::Asked { after: 3 };
        planning.proposal = vec![Proposed::default()];
        let planning = planning.clone();
        let mut tiers = world.resource_mut::<Tiers>();
        tiers.qa.rule = Some(ContextRule::None);
        let tiers = tiers.clone();
        let ticket = Ticket {
            run: Run::Checked { after: 3 },
            verdict: Some(Verdict::Failed("why".to_owned())),
            tier: Tier::TechLead,
            ..Ticket::default()
        };
        world.spawn(ticket.clone());
        world.send_event(AppExit::Success);
        first.update();
        drop(first);
        let mut second = app(folder.path());
        assert_eq!(*second.world().resource::<Planning>(), planning);
        assert_eq!(*second.world().resource::<Tiers>(), tiers);
        let mut tickets = second.world_mut().query::<&Ticket>();
        assert_eq!(*tickets.single(second.world()), ticket);
    }

    #[test]
    fn a_first_load_that_is_done_again_finds_the_state() {
        let folder = tempfile::tempdir().unwrap();
        let mut app = app(folder.path());
        write(&mut app, "one");
        update_until_saved(&mut app, folder.path(), "one");
        // A rollback of the first load takes the resources, and its startup systems run again.
        app.world_mut().insert_resource(Composer::default());
        app.world_mut().insert_resource(Restored::default());
        app.world_mut().run_schedule(Startup);
        assert_eq!(app.world().resource::<Composer>().text, "one");
        assert_eq!(app.world().resource::<Session>().failure, None);
    }

    /// The numbers of all tickets.
    fn numbers(app: &mut App) -> Vec<u32> {
        let mut tickets = app.world_mut().query::<&Ticket>();
        let numbers = tickets.iter(app.world()).map(|ticket| ticket.number);
        let mut numbers: Vec<u32> = numbers.collect();
        numbers.sort_unstable();
        numbers
    }

    fn add_ticket(app: &mut App, number: u32) {
        app.world_mut().spawn(Ticket {
            number,
            ..Ticket::default()
        });
    }

    #[test]
    fn a_rebuild_reads_nothing_again_and_takes_no_ticket_down() {
        let folder = tempfile::tempdir().unwrap();
        let mut first = app(folder.path());
        add_ticket(&mut first, 1);
        first.world_mut().send_event(AppExit::Success);
        write(&mut first, "one");
        drop(first);

        let mut second = app(folder.path());
        assert_eq!(numbers(&mut second), [1]);
        add_ticket(&mut second, 2);
        write(&mut second, "two");
        update_until_saved(&mut second, folder.path(), "two");
        write(&mut second, "three");
        second.world_mut().run_schedule(Startup);
        second.update();
        assert_eq!(numbers(&mut second), [1, 2]);
        assert_eq!(second.world().resource::<Composer>().text, "three");

        // As at the first load: what the startup has spawned goes with a rebuild.
        let world = second.world_mut();
        world.insert_resource(Restored::default());
        let count = world.entities().len();
        world.run_schedule(Startup);
        assert_eq!(world.entities().len(), count);
        assert!(!world.resource::<Restored>().tickets.is_empty());
    }

    #[test]
    fn what_was_deleted_can_be_brought_back_after_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let mut first = app(folder.path());
        let deleted = Deleted::Ticket {
            ticket: Ticket::default(),
            needed_by: vec![7],
        };
        first.world_mut().resource_mut::<Undo>().push(deleted);
        let undo = first.world().resource::<Undo>().clone();
        // Its answer was not complete.
        let orphans = Orphans(vec![Pending {
            request: 1,
            discussion: 2,
            entry: 3,
        }]);
        first.insert_resource(orphans.clone());
        first.world_mut().send_event(AppExit::Success);
        first.update();
        drop(first);
        let second = app(folder.path());
        assert_eq!(*second.world().resource::<Undo>(), undo);
        assert_eq!(*second.world().resource::<Orphans>(), orphans);
    }
}

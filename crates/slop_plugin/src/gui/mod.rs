//! Everything that is drawn. One file a window; each draws from what it is given and says what it
//! asks for.

mod commands;
mod context;
mod discussion_hub;
pub(crate) mod dock;
mod hands;
mod help;
mod log;
mod menu;
mod mma_dashboard;
mod palette;
mod performance;
pub(crate) mod project_settings;
mod subsequence;
#[cfg(test)]
mod testing;
pub(crate) mod theme;
mod tracked;
mod wish;

use bevy::{ecs::system::SystemParam, prelude::*};
use hot_reloader::prelude::*;
#[cfg(feature = "hot")]
use hot_reloader::{ModuleTimes, ReloadRequest};
use slop_engine::{
    assistants::{Assistants, Recipient},
    context::ContextReader,
    hands::Jobs,
    log::LogLines,
    session::Session,
    timings::Timings,
    EguiContexts,
};
use slop_state::{
    Action, Board, Composer, Discussions, HandsView, Hub, Layout, LogView, Palette, Planning,
    Project, Settings, Ticket, TicketQueue, Tiers, ToolRequests, Window,
};

use self::{
    commands::{commands, Facts},
    discussion_hub::first_steps::Steps,
    dock::{Dock, Places},
    project_settings::Draft,
    theme::{Theme, Themes},
    wish::{serve, Hands},
};
use crate::{
    ai_client::{provider, servers, streaming, wanted, PendingRequests},
    controller::documents,
    Turn,
};

/// Owns the layout and what a person is in the middle of.
#[hot_module(
    state_keys = [Layout, Palette, Dock, Places, Hub, Board, LogView, HandsView, Draft],
    targets = [
        render_main_interface,
        render_project_settings,
        render_discussion_hub,
        render_mma_dashboard,
        render_performance,
        render_log,
        render_context,
        render_hands,
        render_help,
    ],
    after = [controller, ai_client],
)]
pub fn gui(app: &mut App) {
    // A theme that cannot be read refuses the reload here, in the rehearsal.
    let themes = Themes::built_in().unwrap_or_else(|error| panic!("{error}"));
    Turn::order(app);
    app.insert_resource(themes)
        .init_resource::<Layout>()
        .init_resource::<Palette>()
        .init_resource::<Dock>()
        .init_resource::<Places>()
        .init_resource::<Hub>()
        .init_resource::<Board>()
        .init_resource::<LogView>()
        .init_resource::<HandsView>()
        .init_resource::<Draft>()
        .init_resource::<ContextReader>()
        .add_systems(
            Update,
            (
                render_main_interface,
                (
                    render_project_settings,
                    render_discussion_hub,
                    render_mma_dashboard,
                    render_performance,
                    render_log,
                    render_context,
                    render_hands,
                ),
                render_help,
            )
                .chain()
                .in_set(Turn::Show),
        );
    #[cfg(feature = "hot")]
    app.add_systems(Update, (tint, time_modules).in_set(Turn::Show));
}

/// What every window is drawn with.
#[derive(SystemParam)]
struct Canvas<'w, 's> {
    contexts: EguiContexts<'w, 's>,
    themes: Res<'w, Themes>,
    settings: Res<'w, Settings>,
    places: Res<'w, Places>,
    timings: Res<'w, Timings>,
    actions: EventWriter<'w, Action>,
}

impl Canvas<'_, '_> {
    /// Draws a window where it is docked, if it can be seen, and passes on what it asks for.
    fn show(
        &mut self,
        window: Window,
        draw: impl FnOnce(&mut slop_engine::egui::Ui, &Theme, &mut Vec<Action>),
    ) {
        let Some(context) = self.contexts.try_ctx_mut() else {
            return;
        };
        let _timing = self.timings.start(window.title());
        let theme = self.themes.get(&self.settings.theme);
        let mut out = Vec::new();
        self.places
            .show(context, window, |ui| draw(ui, theme, &mut out));
        self.actions.send_batch(out);
    }
}

/// Lets `change` change a copy, so that the resource counts as changed only if it is.
fn edit<T: Resource + Clone + PartialEq, R>(
    resource: &mut ResMut<T>,
    change: impl FnOnce(&mut T) -> R,
) -> R {
    let mut copy = T::clone(resource);
    let result = change(&mut copy);
    resource.set_if_neq(copy);
    result
}

/// Whether there is an API key for the server that is set.
fn has_key(settings: &Settings, session: &Session) -> bool {
    let server = Recipient::of(&provider(settings));
    matches!(server, Ok(Some(server)) if session.key(&server).is_some())
}

/// The commands with their keys, the palette and the menu bar, what there is to tell, and the dock.
fn render_main_interface(
    mut contexts: EguiContexts,
    (themes, settings, project, timings): (Res<Themes>, Res<Settings>, Res<Project>, Res<Timings>),
    (discussions, composer, pending): (Res<Discussions>, Res<Composer>, Res<PendingRequests>),
    (mut layout, mut hub, mut palette): (ResMut<Layout>, ResMut<Hub>, ResMut<Palette>),
    mut dock: ResMut<Dock>,
    mut places: ResMut<Places>,
    mut session: ResMut<Session>,
    mut actions: EventWriter<Action>,
    undo: Res<crate::controller::Undo>,
    #[cfg(feature = "hot")] reloader: Res<HotReloader>,
    #[cfg(feature = "hot")] mut requests: EventWriter<ReloadRequest>,
) {
    let Some(context) = contexts.try_ctx_mut() else {
        return;
    };
    let context = &*context;
    timings.set_on(settings.perf_profiling_enabled);
    let _timing = timings.start("Main interface");
    let theme = themes.get(&settings.theme);
    theme.apply(context);
    let mut out = Vec::new();
    #[cfg(feature = "hot")]
    let mut reloads = false;
    #[cfg(feature = "hot")]
    let status = menu::status(&reloader);
    #[cfg(not(feature = "hot"))]
    let status = None;
    let streaming = streaming(&pending);
    let facts = Facts {
        discussion: discussions.shown(),
        editing: hub.editing.as_ref().map(|(id, _)| *id),
        streaming: &streaming,
        is_written: !composer.text.trim().is_empty(),
        undo: undo.describe(),
        seen: places.seen(),
        settings: Some(&*settings),
        themes: themes.names(),
    };
    let list = commands(&facts);
    edit(&mut layout, |layout| {
        edit(&mut hub, |hub| {
            edit(&mut palette, |palette| {
                let hands = &mut Hands {
                    context,
                    layout: &mut *layout,
                    hub,
                    palette,
                    out: &mut out,
                    #[cfg(feature = "hot")]
                    reloads: &mut reloads,
                };
                serve(hands, &list, &facts.seen, theme, |context, layout| {
                    let view = menu::View {
                        project: &project,
                        layout,
                        commands: &list,
                        status,
                        theme,
                    };
                    menu::bar(context, view)
                });
            });
        });
        menu::notices(context, &mut session, theme);
        slop_engine::egui::CentralPanel::default()
            .frame(slop_engine::egui::Frame::none().fill(theme.background))
            .show(context, |ui| dock.show(ui, layout, &mut places));
    });
    actions.send_batch(out);
    #[cfg(feature = "hot")]
    requests.send_batch(reloads.then(ReloadRequest::all));
}

fn render_project_settings(
    mut canvas: Canvas,
    (project, tiers): (Res<Project>, Res<Tiers>),
    discussions: Res<Discussions>,
    assistants: Res<Assistants>,
    session: Res<Session>,
    mut draft: ResMut<Draft>,
    mut cache: Local<project_settings::Cache>,
) {
    let settings = canvas.settings.clone();
    let themes = canvas.themes.names();
    let server = Recipient::of(&provider(&settings));
    let has_key = has_key(&settings, &session);
    let mut keyed = servers(&settings, &tiers);
    keyed.retain(|server| session.key(server).is_some());
    let is_seen = canvas.places.is_seen(Window::ProjectSettings);
    let asked = if is_seen {
        discussions.models()
    } else {
        Vec::new()
    };
    edit(&mut draft, |draft| {
        canvas.show(Window::ProjectSettings, |ui, theme, out| {
            let view = project_settings::View {
                project: &project,
                settings: &settings,
                tiers: &tiers,
                roles: &discussions.roles,
                themes: &themes,
                server: &server,
                has_key,
                keyed: &keyed,
                models: assistants.models(),
                asked: &asked,
                draft,
                cache: &mut cache,
                folder: session.folder(),
                theme,
            };
            project_settings::panel(ui, view, out);
        });
    });
}

fn render_discussion_hub(
    mut canvas: Canvas,
    discussions: Res<Discussions>,
    pending: Res<PendingRequests>,
    session: Res<Session>,
    mut layout: ResMut<Layout>,
    mut composer: ResMut<Composer>,
    mut hub: ResMut<Hub>,
    mut cache: Local<discussion_hub::Cache>,
) {
    let streaming = streaming(&pending);
    let folder = documents::folder(&session);
    let has_key = has_key(&canvas.settings, &session);
    let steps = Steps::of(&discussions, &canvas.settings, has_key);
    let prices = canvas.settings.prices.clone();
    edit(&mut layout, |layout| {
        edit(&mut composer, |composer| {
            edit(&mut hub, |hub| {
                canvas.show(Window::DiscussionHub, |ui, theme, out| {
                    let view = discussion_hub::View {
                        discussions: &discussions,
                        composer,
                        hub,
                        split: &mut layout.ui_discussion_split_h,
                        reveal: &mut layout.reveal,
                        steps,
                        streaming: &streaming,
                        prices: &prices,
                        cache: &mut cache,
                        folder: &folder,
                        theme,
                    };
                    discussion_hub::panel(ui, view, out);
                });
            });
        });
    });
}

fn render_mma_dashboard(
    mut canvas: Canvas,
    tickets: Query<&Ticket>,
    (discussions, queue): (Res<Discussions>, Res<TicketQueue>),
    mut board: ResMut<Board>,
    mut composer: ResMut<Composer>,
    mut planning: ResMut<Planning>,
    mut layout: ResMut<Layout>,
    #[cfg(feature = "hot")] reloader: Res<HotReloader>,
    #[cfg(feature = "hot")] mut requests: EventWriter<ReloadRequest>,
) {
    let tickets: Vec<_> = tickets.iter().collect();
    let mut discusses = false;
    #[cfg(feature = "hot")]
    let mut request = None;
    edit(&mut board, |board| {
        edit(&mut composer, |composer| {
            edit(&mut planning, |planning| {
                canvas.show(Window::MmaDashboard, |ui, theme, out| {
                    let view = mma_dashboard::board::View {
                        tickets: &tickets,
                        board,
                        discussions: &discussions,
                        queue: &queue,
                        planning,
                        title: &mut composer.ticket,
                        theme,
                    };
                    #[cfg(feature = "hot")]
                    {
                        request = mma_dashboard::panel(ui, view, &reloader, out);
                    }
                    #[cfg(not(feature = "hot"))]
                    mma_dashboard::panel(ui, view, out);
                    discusses = out.iter().any(|action| {
                        matches!(
                            action,
                            Action::DiscussTicket(_) | Action::SelectDiscussion(_)
                        )
                    });
                });
            });
        });
    });
    if discusses {
        layout.reveal = Some(Window::DiscussionHub);
    }
    #[cfg(feature = "hot")]
    requests.send_batch(request);
}

fn render_performance(mut canvas: Canvas, #[cfg(feature = "hot")] reloader: Res<HotReloader>) {
    if !canvas.places.is_seen(Window::Performance) {
        return;
    }
    #[cfg(feature = "hot")]
    let reloads: Vec<_> = reloader.history().collect();
    let timings = canvas.timings.clone();
    let frames = timings.frames();
    let components = timings.read();
    let settings = canvas.settings.clone();
    canvas.show(Window::Performance, |ui, theme, out| {
        let view = performance::View {
            is_on: settings.perf_profiling_enabled,
            frames: &frames,
            components: &components,
            memory: timings.memory(),
            #[cfg(feature = "hot")]
            reloads: &reloads,
            theme,
        };
        let wanted = performance::panel(ui, &view);
        if let Some(perf_profiling_enabled) = wanted {
            out.push(Action::SetSettings(Settings {
                perf_profiling_enabled,
                ..settings
            }));
        }
    });
}

fn render_log(mut canvas: Canvas, lines: Res<LogLines>, mut view: ResMut<LogView>) {
    edit(&mut view, |view| {
        canvas.show(Window::Log, |ui, theme, _| {
            log::panel(ui, &lines, view, theme);
        });
    });
}

fn render_context(
    mut canvas: Canvas,
    (project, tiers): (Res<Project>, Res<Tiers>),
    discussions: Res<Discussions>,
    composer: Res<Composer>,
    pending: Res<PendingRequests>,
    mut reader: ResMut<ContextReader>,
) {
    if !canvas.places.is_seen(Window::Context) {
        return;
    }
    let has_files = !project.root.is_empty() && !project.tracked.is_empty();
    if has_files {
        let rule = discussions.shown().map(|shown| tiers.rule(shown));
        reader.look(&project.root, wanted(&project, rule.unwrap_or_default()));
    }
    let settings = canvas.settings.clone();
    let streaming = streaming(&pending);
    canvas.show(Window::Context, |ui, theme, out| {
        let view = context::View {
            project: &project,
            settings: &settings,
            tiers: &tiers,
            discussion: discussions.shown(),
            composer: &composer,
            streaming: &streaming,
            gathered: reader.latest().filter(|_| has_files),
            theme,
        };
        context::panel(ui, &view, out);
    });
}

fn render_hands(
    mut canvas: Canvas,
    requests: Res<ToolRequests>,
    discussions: Res<Discussions>,
    jobs: Res<Jobs>,
    mut layout: ResMut<Layout>,
    mut view: ResMut<HandsView>,
    mut cache: Local<hands::Cache>,
) {
    let newest = requests.waiting().map(|request| request.id).max();
    if let Some(newest) = newest.filter(|newest| *newest > view.revealed) {
        view.revealed = newest;
        layout.reveal = Some(Window::Hands);
    }
    if !canvas.places.is_seen(Window::Hands) {
        return;
    }
    let limit_s = canvas.settings.command_limit_s;
    edit(&mut view, |view| {
        canvas.show(Window::Hands, |ui, theme, out| {
            let view = hands::View {
                requests: &requests,
                discussions: &discussions,
                jobs: &jobs,
                limit_s,
                view,
                cache: &mut cache,
                theme,
            };
            hands::panel(ui, view, out);
        });
    });
}

/// The window with the keyboard shortcuts.
fn render_help(mut canvas: Canvas, mut layout: ResMut<Layout>) {
    let Some(context) = canvas.contexts.try_ctx_mut() else {
        return;
    };
    let theme = canvas.themes.get(&canvas.settings.theme);
    edit(&mut layout, |layout| {
        help::window(context, &mut layout.show_help, theme);
    });
}

/// The modules are timed by the reloader.
#[cfg(feature = "hot")]
fn time_modules(timings: Res<Timings>, mut times: ResMut<ModuleTimes>) {
    if times.is_on != timings.is_on() {
        times.is_on = timings.is_on();
    }
    if !times.is_on {
        return;
    }
    for (module, schedule, time) in times.take() {
        let name = format!("Module {module}, {schedule}");
        timings.add(&name, time.as_secs_f32() * 1000.0);
    }
}

/// The tint has the colour of the theme.
#[cfg(feature = "hot")]
fn tint(themes: Res<Themes>, settings: Res<Settings>, mut tint: ResMut<ErrorTint>) {
    let theme = themes.get(&settings.theme);
    tint.set_if_neq(ErrorTint {
        color: theme.tint,
        strength: theme.tint_strength,
        ..*tint
    });
}

//! The main interface: the menu bar, the palette, what there is to tell, and the dock, in which the windows
//! of other libraries are.

mod alert;
mod commands;
mod grant;
mod help;
mod menu;
mod palette;
mod subsequence;
mod tickets;
mod wish;

use bevy::prelude::*;
use hot_reloader::prelude::*;
#[cfg(feature = "hot")]
use hot_reloader::{ModuleTimes, ReloadRequest};
use slop_common::{streaming, Turn, Work};
use slop_engine::{session::Session, timings::Timings, EguiContexts};
#[cfg(feature = "hot")]
use slop_engine_dylib as _;
use slop_state::{
    Action, Board, Composer, Dependencies, Discussions, Hub, Layout, Palette, PendingRequests,
    Planning, Project, Settings, Ticket, TicketQueue, ToolRequests, Undo,
};
use slop_ui::{edit, Canvas, Dock, Places, Themes};

use self::{
    commands::{commands, Facts},
    grant::{serve, Hands},
    tickets::Tickets,
};

hot_library!(main_interface);

/// Owns how the windows are laid out, and the palette.
#[hot_module(
    state_keys = [Layout, Palette, Dock, Places],
    targets = [render_main_interface, render_help],
    after = [controller, ai_client],
)]
pub fn main_interface(app: &mut App) {
    // A theme that cannot be read refuses the reload here, in the rehearsal.
    let themes = Themes::built_in().unwrap_or_else(|error| panic!("{error}"));
    Turn::order(app);
    app.insert_resource(themes)
        .init_resource::<Layout>()
        .init_resource::<Palette>()
        .init_resource::<Dock>()
        .init_resource::<Places>()
        // Those of windows, which come later.
        .init_resource::<Hub>()
        .init_resource::<Board>()
        .add_event::<Action>()
        .add_systems(
            Update,
            // What is wrong pulses in all that is drawn after. The help floats above the windows, whichever
            // is drawn first.
            (alert::lay_over, render_main_interface, render_help)
                .chain()
                .in_set(Turn::LayOut),
        );
    #[cfg(feature = "hot")]
    app.add_systems(Update, (tint, time_modules).in_set(Turn::LayOut));
}

/// The commands with their keys, the palette and the menu bar, what there is to tell, and the dock.
fn render_main_interface(
    mut contexts: EguiContexts,
    (themes, settings, project, timings): (Res<Themes>, Res<Settings>, Res<Project>, Res<Timings>),
    (discussions, composer, pending): (Res<Discussions>, Res<Composer>, Res<PendingRequests>),
    (tickets, board): (Query<&Ticket>, Res<Board>),
    (planning, queue): (Res<Planning>, Res<TicketQueue>),
    (mut layout, mut hub, mut palette): (ResMut<Layout>, ResMut<Hub>, ResMut<Palette>),
    mut dock: ResMut<Dock>,
    mut places: ResMut<Places>,
    mut session: ResMut<Session>,
    mut actions: EventWriter<Action>,
    (undo, asked): (Res<Undo>, Res<ToolRequests>),
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
    let now = theme.now(context);
    let theme = &*now;
    let mut out = Vec::new();
    #[cfg(feature = "hot")]
    let mut reload = None;
    #[cfg(feature = "hot")]
    let status = menu::status(&reloader);
    #[cfg(not(feature = "hot"))]
    let status = None;
    let streaming = streaming(&pending);
    let needs = Dependencies::new(tickets.iter());
    let tickets = Tickets {
        chosen: board.selected.and_then(|number| needs.get(number)),
        work: Some(Work {
            needs: &needs,
            limit: queue.limit,
            discussions: &discussions,
            pending: &pending,
        }),
        planning: Some(&*planning),
        queue: Some(&*queue),
    };
    let facts = Facts {
        discussion: discussions.shown(),
        editing: hub.editing.as_ref().map(|(id, _)| *id),
        streaming: &streaming,
        is_written: !composer.text.trim().is_empty(),
        undo: undo.describe(),
        seen: places.seen(),
        tickets,
        settings: Some(&*settings),
        themes: themes.names(),
    };
    let list = commands(&facts);
    let asking = menu::asking(&asked, &places, &layout);
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
                    reload: &mut reload,
                };
                serve(hands, &list, &facts, theme, |context, layout| {
                    let view = menu::View {
                        project: &project,
                        layout,
                        commands: &list,
                        asking,
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
    requests.send_batch(reload);
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

#[cfg(all(test, feature = "hot"))]
mod tests {
    use super::*;

    #[test]
    fn the_tint_has_the_colour_of_the_theme() {
        let themes = Themes::built_in().unwrap();
        let mut app = App::new();
        app.insert_resource(themes.clone())
            .init_resource::<Settings>()
            .init_resource::<ErrorTint>()
            .add_systems(Update, tint);
        for (name, active) in themes.names().into_iter().zip([false, true]) {
            let world = app.world_mut();
            world.resource_mut::<ErrorTint>().active = active;
            world.resource_mut::<Settings>().theme.clone_from(&name);
            app.update();
            let theme = themes.get(&name);
            let expected = ErrorTint {
                active,
                color: theme.tint,
                strength: theme.tint_strength,
            };
            assert_eq!(*app.world().resource::<ErrorTint>(), expected, "{name}");
        }
        let nerv = app.world().resource::<ErrorTint>().color;
        assert_eq!(nerv, [255, 72, 64], "the red of NERV");
    }
}

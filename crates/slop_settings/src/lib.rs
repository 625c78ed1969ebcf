//! Project Settings: the project, its files, and everything that a person can set.

mod panel;

use bevy::prelude::*;
use hot_reloader::prelude::*;
use slop_common::{has_key, provider, servers, Turn};
use slop_engine::{
    assistants::{Assistants, Recipient},
    session::Session,
};
#[cfg(feature = "hot")]
use slop_engine_dylib as _;
use slop_state::{Action, Discussions, Draft, Project, Tier, Tiers, Whose, Window};
use slop_ui::{edit, servers::Offer, Canvas};

use self::panel::{panel, Cache, View};

hot_library!(project_settings);

/// Owns what is typed there and not in force.
#[hot_module(
    state_keys = [Draft],
    targets = [render_project_settings],
    after = [controller, ai_client, main_interface],
)]
pub fn project_settings(app: &mut App) {
    Turn::order(app);
    app.init_resource::<Draft>()
        .add_event::<Action>()
        .add_systems(Update, render_project_settings.in_set(Turn::Show));
}

fn render_project_settings(
    mut canvas: Canvas,
    (project, tiers): (Res<Project>, Res<Tiers>),
    discussions: Res<Discussions>,
    assistants: Res<Assistants>,
    session: Res<Session>,
    mut draft: ResMut<Draft>,
    mut cache: Local<Cache>,
) {
    if !canvas.places.is_seen(Window::ProjectSettings) {
        return;
    }
    let settings = canvas.settings.clone();
    let themes = canvas.themes.names();
    let server = Recipient::of(&provider(&settings));
    let has_key = has_key(&settings, &session);
    let mut keyed = servers(&settings, &tiers, &discussions);
    keyed.retain(|server| session.key(server).is_some());
    let mut asked = discussions.models();
    asked.extend(tiers.models(discussions.shown(), &settings));
    let whose = [Whose::Settings].into_iter();
    let whose = whose.chain(Tier::ALL.map(Whose::Tier));
    let offers = whose.filter_map(|whose| {
        let asked = tiers.asked(whose, &discussions, &settings)?;
        Offer::of(whose, &provider(&asked), &assistants, &session)
    });
    let offers: Vec<Offer<'_>> = offers.collect();
    edit(&mut draft, |draft| {
        canvas.show(Window::ProjectSettings, |ui, theme, out| {
            let view = View {
                project: &project,
                settings: &settings,
                tiers: &tiers,
                roles: &discussions.roles,
                themes: &themes,
                server: &server,
                has_key,
                keyed: &keyed,
                offers: &offers,
                asked: &asked,
                draft,
                cache: &mut cache,
                folder: session.folder(),
                theme,
            };
            panel(ui, view, out);
        });
    });
}

//! The Discussion Hub: the discussions, and the entries of one of them.

mod panel;

use bevy::prelude::*;
use hot_reloader::prelude::*;
use slop_common::{documents, has_key, provider, streaming, Turn};
use slop_engine::{
    assistants::{Assistants, Recipient},
    session::Session,
};
#[cfg(feature = "hot")]
use slop_engine_dylib as _;
use slop_state::{
    Action, Composer, Discussions, Hub, Layout, PendingRequests, Tiers, Whose, Window,
};
use slop_ui::{edit, servers::Offer, Canvas};

use self::panel::{panel, Cache, Steps, View, Whom};

hot_library!(discussion_hub);

/// Owns what a person is in the middle of there.
#[hot_module(
    state_keys = [Hub],
    targets = [render_discussion_hub],
    after = [controller, ai_client, main_interface],
)]
pub fn discussion_hub(app: &mut App) {
    Turn::order(app);
    app.init_resource::<Hub>()
        .add_event::<Action>()
        .add_systems(Update, render_discussion_hub.in_set(Turn::Show));
}

fn render_discussion_hub(
    mut canvas: Canvas,
    discussions: Res<Discussions>,
    pending: Res<PendingRequests>,
    session: Res<Session>,
    (tiers, assistants): (Res<Tiers>, Res<Assistants>),
    mut layout: ResMut<Layout>,
    mut composer: ResMut<Composer>,
    mut hub: ResMut<Hub>,
    mut cache: Local<Cache>,
) {
    if !canvas.places.is_seen(Window::DiscussionHub) {
        return;
    }
    let streaming = streaming(&pending);
    let folder = documents::folder(&session);
    let is_ready = has_key(&canvas.settings, &session);
    let steps = Steps::of(&discussions, &canvas.settings, is_ready);
    let prices = canvas.settings.prices.clone();
    let shown = discussions.shown();
    let other_model = shown.and_then(|shown| tiers.other_model(shown, &canvas.settings));
    let whose = Whose::Discussion(discussions.active);
    let asked = tiers.asked(whose, &discussions, &canvas.settings);
    let asked = asked.unwrap_or_default();
    let fallback = shown.map(|shown| tiers.fallback(shown, &canvas.settings));
    let provider = provider(&asked);
    let whom = Whom {
        fallback: fallback.unwrap_or_default(),
        server: Recipient::of(&provider),
        has_key: has_key(&asked, &session),
        offer: Offer::of(whose, &provider, &assistants, &session),
    };
    edit(&mut layout, |layout| {
        edit(&mut composer, |composer| {
            edit(&mut hub, |hub| {
                canvas.show(Window::DiscussionHub, |ui, theme, out| {
                    let view = View {
                        discussions: &discussions,
                        composer,
                        hub,
                        split: &mut layout.ui_discussion_split_h,
                        reveal: &mut layout.reveal,
                        steps,
                        streaming: &streaming,
                        prices: &prices,
                        whom: &whom,
                        other_model: other_model.as_deref(),
                        cache: &mut cache,
                        folder: &folder,
                        theme,
                    };
                    panel(ui, view, out);
                });
            });
        });
    });
}

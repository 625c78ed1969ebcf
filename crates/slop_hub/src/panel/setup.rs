//! What a discussion has of its own instead of what is set for the project.

use slop_engine::{
    assistants::{shown_address, AssistantError, Recipient},
    egui,
};
use slop_state::{Action, Discussion, Leave, ProviderKind, Settings};
use slop_ui::{
    discussion_hub::prompt_field,
    field,
    servers::{address_field, key_field, provider_name, Offer, PROVIDERS},
    Theme,
};

/// The width of the field for a model, in points.
const MODEL: f32 = 240.0;

/// Whom the discussion that is shown would ask.
pub(crate) struct Whom<'a> {
    /// What counts for what it has not of its own.
    pub(crate) fallback: Settings,
    /// The server, if one is wanted.
    pub(crate) server: Result<Option<Recipient>, AssistantError>,
    /// Whether there is a key for it.
    pub(crate) has_key: bool,
    /// The models of the server.
    pub(crate) offer: Option<Offer<'a>>,
}

/// Provider, model, tools and system prompt of a discussion. Each change is asked for at once, so nothing
/// that was typed waits to be accepted, but an address, which may hold a secret.
pub(super) fn setup(
    ui: &mut egui::Ui,
    discussion: &Discussion,
    whom: &Whom<'_>,
    theme: &Theme,
    out: &mut Vec<Action>,
) {
    let id = discussion.id;
    provider(ui, discussion, whom.fallback.provider, out);
    let own = discussion.provider;
    if let Some(own) = own.filter(|own| *own != ProviderKind::Echo) {
        server(ui, discussion, own, whom, theme, out);
    }
    model(ui, discussion, whom.offer.as_ref(), theme, out);
    leave(ui, discussion, out);
    ui.label("System prompt");
    let height = (0.3 * ui.available_height()).clamp(40.0, 160.0);
    egui::ScrollArea::vertical()
        .id_salt(("system prompt", id))
        .max_height(height)
        .min_scrolled_height(40.0)
        .show(ui, |ui| {
            let field = egui::Id::new(("discussion_hub system", id));
            let hint = "Told to the assistant before all else";
            let room = (f32::INFINITY, 2);
            let typed = prompt_field(ui, field, &discussion.system, hint, room);
            out.extend(typed.map(|system| Action::SetSystem(id, system)));
        });
    ui.separator();
}

/// Who answers, if that is not whoever is set otherwise.
fn provider(
    ui: &mut egui::Ui,
    discussion: &Discussion,
    fallback: ProviderKind,
    out: &mut Vec<Action>,
) {
    let name = |provider: Option<ProviderKind>| match (provider, discussion.tier) {
        (Some(provider), _) => provider_name(provider).to_owned(),
        (None, Some(tier)) => {
            let of_tier = provider_name(fallback);
            format!("As the tier {}: {of_tier}", tier.label())
        }
        (None, None) => format!("As the assistant: {}", provider_name(fallback)),
    };
    ui.horizontal_wrapped(|ui| {
        ui.label("Provider");
        let mut chosen = discussion.provider;
        egui::ComboBox::from_id_salt(("provider", discussion.id))
            .width(MODEL)
            .selected_text(name(chosen))
            .show_ui(ui, |ui| {
                for provider in [None].into_iter().chain(PROVIDERS.map(Some)) {
                    ui.selectable_value(&mut chosen, provider, name(provider));
                }
            });
        if chosen != discussion.provider {
            // What was typed for one protocol is not offered to the next.
            ui.data_mut(|data| data.remove::<String>(address_id(discussion.id)));
            out.push(Action::SetProvider(discussion.id, chosen));
        }
    });
}

/// The field for the address of a discussion's provider.
fn address_id(discussion: u64) -> egui::Id {
    egui::Id::new(("discussion_hub address", discussion))
}

/// Where its own provider is, and the key for that server.
fn server(
    ui: &mut egui::Ui,
    discussion: &Discussion,
    provider: ProviderKind,
    whom: &Whom<'_>,
    theme: &Theme,
    out: &mut Vec<Action>,
) {
    let id = discussion.id;
    let mut fallback = whom.fallback.clone();
    fallback.provider = provider;
    let of = fallback.server_mut();
    let hint = of.map(|(base_url, _)| format!("Empty: {}", shown_address(base_url)));
    ui.label("Address");
    let field = address_id(id);
    let now = &discussion.base_url;
    let typed = address_field(ui, field, now, &hint.unwrap_or_default(), theme);
    out.extend(typed.map(|address| Action::SetAddress(id, address)));
    ui.label("API key");
    match &whom.server {
        Ok(Some(server)) => key_field(ui, server, whom.has_key, theme, out),
        // The provider was chosen in this frame, and is not set yet.
        Ok(None) => {}
        Err(error) => {
            ui.colored_label(theme.error, error.to_string());
        }
    }
}

/// The model, typed or chosen among those that the server has.
fn model(
    ui: &mut egui::Ui,
    discussion: &Discussion,
    offer: Option<&Offer<'_>>,
    theme: &Theme,
    out: &mut Vec<Action>,
) {
    let id = discussion.id;
    // What has no room beside the field comes below it.
    ui.horizontal_wrapped(|ui| {
        ui.label("Model");
        let mut model = discussion.model.clone();
        let typed = field::line(ui, &mut model, |edit| {
            edit.id_salt(("model", id))
                .hint_text("As in Project Settings")
                .desired_width(MODEL)
        });
        let is_typed = typed.changed();
        let chosen = offer.and_then(|offer| offer.choose(ui, out));
        if let Some(name) = chosen {
            out.push(Action::SetModel(id, name));
        } else if is_typed {
            out.push(Action::SetModel(id, model));
        }
    });
    if let Some(offer) = offer {
        offer.tell(ui, theme);
    }
}

/// What the assistant may do in the project's folder: nothing unless somebody says so here.
fn leave(ui: &mut egui::Ui, discussion: &Discussion, out: &mut Vec<Action>) {
    ui.horizontal_wrapped(|ui| {
        ui.label("The assistant may");
        let mut looks = discussion.leave >= Leave::Look;
        let mut acts = discussion.leave >= Leave::Act;
        let look = ui.checkbox(&mut looks, "read the project").on_hover_text(
            "Read, list and search files in the project's folder, without being asked each time. The \
             window Hands has a log of it.",
        );
        let act = ui
            .add_enabled(looks, egui::Checkbox::new(&mut acts, "propose changes and commands"))
            .on_hover_text(
                "Each is shown in the window Hands, and nothing is done before it is allowed there.",
            );
        if look.changed() || act.changed() {
            let leave = match (looks, acts) {
                (false, _) => Leave::None,
                (true, false) => Leave::Look,
                (true, true) => Leave::Act,
            };
            out.push(Action::SetLeave(discussion.id, leave));
        }
    });
}

//! How it is entered whom to ask: provider, address, key and model, wherever that is.

use slop_engine::{
    assistants::{address_holds_a_secret, ApiKey, Assistants, Models, Provider, Recipient},
    egui,
    session::Session,
};
use slop_state::{Action, ProviderKind, TypedKey, Whose};

use crate::{field, scroll, Theme};

/// In the order in which they are offered.
pub const PROVIDERS: [ProviderKind; 4] = [
    ProviderKind::Echo,
    ProviderKind::OpenAi,
    ProviderKind::Anthropic,
    ProviderKind::Gemini,
];

/// What is said of an address that would show and keep a secret.
pub const HOLDS_A_SECRET: &str =
    "It holds a secret, which would be shown and kept with it: enter that as the API key instead";

/// The width of the field for a key, in points.
const KEY: f32 = 170.0;

/// For people.
#[must_use]
pub fn provider_name(provider: ProviderKind) -> &'static str {
    match provider {
        ProviderKind::Echo => "Echo (offline)",
        ProviderKind::OpenAi => "OpenAI-compatible server",
        ProviderKind::Anthropic => "Anthropic",
        ProviderKind::Gemini => "Google Gemini",
    }
}

/// The address of a server as it is kept.
///
/// # Errors
///
/// What is wrong with it, for people.
pub fn address(text: &str) -> Result<String, String> {
    let text = text.trim().trim_end_matches('/');
    if address_holds_a_secret(text) {
        return Err(HOLDS_A_SECRET.to_owned());
    }
    let rest = text
        .strip_prefix("https://")
        .or(text.strip_prefix("http://"));
    match rest {
        Some(rest) if !rest.is_empty() => Ok(text.to_owned()),
        _ => Err("It begins with https:// or http://".to_owned()),
    }
}

/// The same, or nothing.
///
/// # Errors
///
/// What is wrong with it, for people.
pub fn address_or_none(text: &str) -> Result<String, String> {
    if text.trim().is_empty() {
        Ok(String::new())
    } else {
        address(text)
    }
}

/// A field for an address that may be left empty, and what it is to be once the field is left with another
/// one that can be. What is typed waits in egui's memory, under `id`, and never on disk: it may hold a
/// secret.
pub fn address_field(
    ui: &mut egui::Ui,
    id: egui::Id,
    now: &str,
    hint: &str,
    theme: &Theme,
) -> Option<String> {
    let typed: Option<String> = ui.data(|data| data.get_temp(id));
    let is_typed = typed.is_some();
    let mut text = typed.unwrap_or_else(|| now.to_owned());
    let response = field::line(ui, &mut text, |edit| {
        edit.id(id).hint_text(hint).desired_width(f32::INFINITY)
    });
    if response.changed() {
        ui.data_mut(|data| data.insert_temp(id, text.clone()));
    }
    let address = match address_or_none(&text) {
        Ok(address) => address,
        Err(reason) => {
            ui.colored_label(theme.error, reason);
            return None;
        }
    };
    // It is left too when the window was closed under it.
    let is_left = response.lost_focus() || (is_typed && !response.has_focus());
    if !is_left {
        return None;
    }
    ui.data_mut(|data| data.remove::<String>(id));
    (address != now).then_some(address)
}

/// A field for the API key for a server. What is typed is neither kept on disk nor shown.
pub fn key_field(
    ui: &mut egui::Ui,
    server: &Recipient,
    has_key: bool,
    theme: &Theme,
    out: &mut Vec<Action>,
) {
    ui.horizontal(|ui| {
        // What was typed for one server is not offered to the next, not even by an undo.
        let id = egui::Id::new(("API key", server.name()));
        let mut text = ui
            .data(|data| data.get_temp::<String>(id))
            .unwrap_or_default();
        let set = |key: String| Action::SetKey {
            server: server.name(),
            key: TypedKey(key),
        };
        let field = field::line(ui, &mut text, |edit| {
            let edit = edit.id_salt(id).password(true);
            edit.hint_text("paste it here").desired_width(KEY)
        });
        let is_entered =
            field.lost_focus() && ui.input(|input| input.key_pressed(egui::Key::Enter));
        let refused = ApiKey::new(&text).err();
        let can_be = refused.is_none() && !text.trim().is_empty();
        let store = ui.add_enabled(can_be, egui::Button::new("Store"));
        let is_clicked = store.on_hover_text("Enter").clicked();
        if is_clicked || (is_entered && can_be) {
            out.push(set(std::mem::take(&mut text)));
        }
        if ui
            .add_enabled(has_key, egui::Button::new("Remove"))
            .clicked()
        {
            out.push(set(String::new()));
        }
        if let Some(reason) = refused {
            ui.colored_label(theme.error, reason.to_string());
        }
        ui.data_mut(|data| data.insert_temp(id, text));
    });
    ui.weak(if has_key {
        format!("One is stored for {server}, and goes to no other server")
    } else {
        format!("None is stored for {server}")
    });
}

/// The models of the server that would be asked.
#[derive(Debug)]
pub struct Offer<'a> {
    /// Whose question it would be.
    pub whose: Whose,
    /// What is known of them.
    pub models: &'a Models,
    /// The server, if there is no key for it.
    pub unkeyed: Option<Recipient>,
}

impl<'a> Offer<'a> {
    /// Those of a provider; `None` if it needs no server.
    #[must_use]
    pub fn of(
        whose: Whose,
        provider: &Provider,
        assistants: &'a Assistants,
        session: &Session,
    ) -> Option<Self> {
        if *provider == Provider::Echo {
            return None;
        }
        let server = Recipient::of(provider).ok().flatten();
        Some(Self {
            whose,
            models: assistants.models(provider),
            unkeyed: server.filter(|server| session.key(server).is_none()),
        })
    }

    /// What is beside a field for a model: asks the server for the names, and offers them. The one that
    /// was chosen.
    pub fn choose(&self, ui: &mut egui::Ui, out: &mut Vec<Action>) -> Option<String> {
        let mut chosen = None;
        let names = match self.models {
            Models::Known(Ok(names)) => names.as_slice(),
            Models::Known(Err(_)) | Models::Asked(_) | Models::Unknown => &[],
        };
        if !names.is_empty() {
            ui.menu_button("Choose", |ui| {
                let area = scroll::up_to(egui::ScrollArea::vertical(), 320.0);
                area.show(ui, |ui| {
                    for name in names {
                        if ui.button(name.as_str()).clicked() {
                            chosen = Some(name.clone());
                            ui.close_menu();
                        }
                    }
                });
            });
        }
        let is_asked = matches!(self.models, Models::Asked(_));
        let list = ui.add_enabled(!is_asked, egui::Button::new("List models"));
        let list = list.on_hover_text("Ask the server which models it has");
        if list.clicked() {
            out.push(Action::ListModels(self.whose));
        }
        chosen
    }

    /// What is below the field: why no names are offered, if they were asked for.
    pub fn tell(&self, ui: &mut egui::Ui, theme: &Theme) {
        match self.models {
            Models::Unknown => {}
            Models::Asked(_) => {
                ui.weak("The server is asked for its models…");
            }
            Models::Known(Ok(names)) => {
                if names.is_empty() {
                    ui.weak("The server names no model");
                }
            }
            Models::Known(Err(error)) => {
                ui.colored_label(theme.error, error.to_string());
                if let Some(server) = &self.unkeyed {
                    let told = format!("No API key is stored for {server}");
                    ui.colored_label(theme.warning, told);
                }
            }
        }
    }
}

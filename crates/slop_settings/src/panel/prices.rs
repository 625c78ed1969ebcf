//! What models cost, and how many tokens they take. Nothing is known about that but what a person
//! enters.

use slop_engine::egui;
use slop_state::{ModelId, Money, Settings};

use super::{window_tokens, Form};

/// The width of a price, in points.
const PRICE: f32 = 72.0;

/// Price and window of the model that is set, if one is, and those of the others that were asked, would
/// be, or have a price or a window: discussions and tiers may ask others.
pub(super) fn rows(
    ui: &mut egui::Ui,
    form: &mut Form<'_>,
    set: Option<&ModelId>,
    asked: &[ModelId],
    new: &mut Settings,
) {
    let priced = new.prices.0.iter().map(|priced| &priced.of);
    let with_window = new.context_windows.0.iter().map(|own| &own.of);
    let mut others: Vec<ModelId> = Vec::new();
    for other in asked.iter().chain(priced).chain(with_window) {
        if Some(other) != set && !others.contains(other) {
            others.push(other.clone());
        }
    }
    if let Some(set) = set {
        row(ui, form, "Price of a million tokens", set, new);
    }
    for other in others {
        row(ui, form, &format!("… of {}", other.model), &other, new);
    }
}

/// Price and window of one model.
fn row(ui: &mut egui::Ui, form: &mut Form<'_>, label: &str, of: &ModelId, new: &mut Settings) {
    ui.label(label).on_hover_text(&of.server);
    ui.vertical(|ui| {
        price(ui, form, of, new);
        window(ui, form, of, new);
    });
    ui.end_row();
}

fn price(ui: &mut egui::Ui, form: &mut Form<'_>, of: &ModelId, new: &mut Settings) {
    let mut price = new.prices.get(of);
    ui.horizontal(|ui| {
        for (name, amount) in [
            ("in", &mut price.input),
            ("out", &mut price.output),
            ("cached", &mut price.cached),
        ] {
            ui.weak(name);
            let now = amount.map(|amount| amount.to_string()).unwrap_or_default();
            // What was typed for one model is not offered to the next.
            let key = format!("price {name} {} {}", of.server, of.model);
            if let Some(typed) = form.field(ui, &key, &now, PRICE, parse) {
                *amount = typed;
            }
        }
        ui.weak("empty if not known")
            .on_hover_text("Then no cost is shown. In whatever currency you count in");
    });
    if price != new.prices.get(of) {
        new.prices.set(of.clone(), price);
    }
}

/// How many tokens the model takes, if that is not what counts for all others.
fn window(ui: &mut egui::Ui, form: &mut Form<'_>, of: &ModelId, new: &mut Settings) {
    let now = new.context_windows.get(of);
    ui.horizontal(|ui| {
        ui.weak("window");
        let shown = now.map(|tokens| tokens.to_string()).unwrap_or_default();
        let key = format!("window {} {}", of.server, of.model);
        let typed = form.field(ui, &key, &shown, PRICE, |text| match text.trim() {
            "" => Ok(None),
            text => window_tokens(text).map(Some),
        });
        ui.weak(format!("tokens; empty: {}", new.window_tokens));
        if let Some(typed) = typed {
            new.context_windows.set(of.clone(), typed);
        }
    });
}

/// An amount, or none.
fn parse(text: &str) -> Result<Option<Money>, String> {
    if text.trim().is_empty() {
        return Ok(None);
    }
    let amount = Money::parse(text);
    amount
        .map(Some)
        .ok_or_else(|| "An amount such as 0.25, or nothing".to_owned())
}

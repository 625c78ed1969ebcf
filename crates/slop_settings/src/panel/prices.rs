//! What models cost. Nothing is known about that but what a person enters.

use slop_engine::egui;
use slop_state::{ModelId, Money, Prices};

use super::Form;

/// The width of a price, in points.
const PRICE: f32 = 72.0;

/// The price of the model that is set, if one is, and those of the others that were asked or have a
/// price: discussions and tiers may ask others.
pub(super) fn rows(
    ui: &mut egui::Ui,
    form: &mut Form<'_>,
    set: Option<&ModelId>,
    asked: &[ModelId],
    prices: &mut Prices,
) {
    let priced: Vec<ModelId> = prices.0.iter().map(|priced| priced.of.clone()).collect();
    let mut others: Vec<&ModelId> = Vec::new();
    for other in asked.iter().chain(&priced) {
        if Some(other) != set && !others.contains(&other) {
            others.push(other);
        }
    }
    if let Some(set) = set {
        row(ui, form, "Price of a million tokens", set, prices);
    }
    for other in others {
        row(ui, form, &format!("… of {}", other.model), other, prices);
    }
}

/// The price of one model.
fn row(ui: &mut egui::Ui, form: &mut Form<'_>, label: &str, of: &ModelId, prices: &mut Prices) {
    let mut price = prices.get(of);
    ui.label(label).on_hover_text(&of.server);
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
    ui.end_row();
    if price != prices.get(of) {
        prices.set(of.clone(), price);
    }
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

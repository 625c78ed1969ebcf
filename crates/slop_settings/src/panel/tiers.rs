//! Tiers: what each has of its own. What is left empty says what counts instead.

use slop_common::{provider, tier_provider};
use slop_engine::{
    assistants::{shown_address, Recipient},
    egui,
};
use slop_state::{
    Action, ContextRule, Leave, ProviderKind, Settings, Tier, TierSetup, Tiers, Whose,
};
use slop_ui::{
    discussion_hub::prompt_field,
    servers::{address_or_none, provider_name, Offer, PROVIDERS},
};

use super::{choice, grid, key, offer_for, Form, FIELD, MODEL};

/// What a field for a prompt says that is empty.
const EMPTY: &str = "Empty: the built-in prompt";

/// A fold for each tier. `keyed` are the servers for which there is a key, `offers` what they offer.
pub(super) fn of_tiers(
    ui: &mut egui::Ui,
    form: &mut Form<'_>,
    tiers: &Tiers,
    settings: &Settings,
    keyed: &[Recipient],
    offers: &[Offer<'_>],
    out: &mut Vec<Action>,
) {
    ui.weak("Who works on tickets, and with what. A discussion's own settings come first.");
    for tier in Tier::ALL {
        let now = tiers.get(tier);
        let mut new = now.clone();
        ui.push_id(("tier", tier.label()), |ui| {
            let title = egui::RichText::new(summary(tier, tiers, settings));
            egui::CollapsingHeader::new(title)
                .id_salt("fold")
                .show(ui, |ui| {
                    ui.weak(tier.hint());
                    grid(ui, "fields", |ui| {
                        let offer = offer_for(offers, Whose::Tier(tier));
                        whom(ui, form, tier, &mut new, settings, offer, out);
                        its_key(ui, form, tier, tiers, settings, keyed, out);
                        prompt(ui, tier, &mut new);
                        let rules = ContextRule::ALL.into_iter().map(Some);
                        choice(
                            ui,
                            "Files",
                            &mut new.rule,
                            [None].into_iter().chain(rules),
                            |rule| rule_name(tier, *rule),
                        );
                        let leaves = Leave::ALL.into_iter();
                        choice(
                            ui,
                            "May, in the project",
                            &mut new.leave,
                            leaves.filter(|leave| *leave <= tier.most_leave()),
                            |leave| leave.label().to_owned(),
                        );
                    });
                })
                .header_response
                .on_hover_text(tier.hint());
        });
        if new != *now {
            out.push(Action::SetTier(tier, new));
        }
    }
}

/// A tier in one line.
fn summary(tier: Tier, tiers: &Tiers, settings: &Settings) -> String {
    let mut all = tiers.of_tier(tier, settings);
    let model = all.server_mut().map(|(_, model)| model.clone());
    let model = model.unwrap_or_else(|| provider_name(all.provider).to_owned());
    let setup = tiers.get(tier);
    let prompt = if setup.prompt.trim().is_empty() {
        "built-in prompt"
    } else {
        "own prompt"
    };
    let rule = setup.rule.unwrap_or(tier.rule()).label();
    let summary = format!("{} · {model} · {prompt} · {rule}", tier.label());
    match tiers.leave(tier) {
        Leave::None => summary,
        leave => format!("{summary} · {}", leave.label()),
    }
}

fn rule_name(tier: Tier, rule: Option<ContextRule>) -> String {
    match rule {
        Some(rule) => rule.label().to_owned(),
        None => format!("As built in: {}", tier.rule().label()),
    }
}

/// Provider, address and model.
fn whom(
    ui: &mut egui::Ui,
    form: &mut Form<'_>,
    tier: Tier,
    new: &mut TierSetup,
    settings: &Settings,
    offer: Option<&Offer<'_>>,
    out: &mut Vec<Action>,
) {
    let of_settings = settings.provider;
    let before = new.provider;
    let providers = PROVIDERS.into_iter().map(Some);
    choice(
        ui,
        "Provider",
        &mut new.provider,
        [None].into_iter().chain(providers),
        |provider| match provider {
            Some(provider) => provider_name(*provider).to_owned(),
            None => format!("As the assistant: {}", provider_name(of_settings)),
        },
    );
    if new.provider != before {
        // An address is for one protocol.
        new.base_url.clear();
        form.forget(ui, &address_name(tier));
    }
    let mut fallback = settings.clone();
    fallback.provider = new.provider.unwrap_or(of_settings);
    let Some((base_url, model)) = fallback.server_mut() else {
        return;
    };
    if new.provider.is_some() {
        let fallback = shown_address(base_url);
        let typed = its_address(ui, form, tier, &new.base_url, &fallback);
        if let Some(typed) = typed {
            new.base_url = typed;
        }
    }
    its_model(ui, form, tier, new, model, offer, out);
    let mut asks = Tiers::default();
    asks.get_mut(tier).clone_from(new);
    let asks = asks.of_tier(tier, settings);
    let other = new.model_of.as_ref();
    if let Some(other) = other.filter(|of| !new.model.is_empty() && !asks.has_models_of(Some(*of)))
    {
        let model = asks.model_id().unwrap_or_default().model;
        ui.label("");
        let told = format!("{} is of {other}; {model} is asked", new.model);
        ui.colored_label(form.theme.warning, told);
        ui.end_row();
    }
}

/// The name of the field for its address.
fn address_name(tier: Tier) -> String {
    format!("{} Address", tier.label())
}

/// The address of its provider, which may be left empty.
fn its_address(
    ui: &mut egui::Ui,
    form: &mut Form<'_>,
    tier: Tier,
    now: &str,
    fallback: &str,
) -> Option<String> {
    ui.label("Address");
    let name = address_name(tier);
    let typed = ui.vertical(|ui| {
        let typed = form.field(ui, &name, now, FIELD, address_or_none);
        if now.is_empty() {
            ui.weak(format!("Empty: {fallback}"));
        }
        typed
    });
    ui.end_row();
    typed.inner
}

/// Its model, typed or chosen among those that the server has. It may be left empty.
fn its_model(
    ui: &mut egui::Ui,
    form: &mut Form<'_>,
    tier: Tier,
    new: &mut TierSetup,
    fallback: &str,
    offer: Option<&Offer<'_>>,
    out: &mut Vec<Action>,
) {
    ui.label("Model");
    let name = format!("{} Model", tier.label());
    ui.vertical(|ui| {
        ui.horizontal(|ui| {
            let trim = |text: &str| Ok(text.trim().to_owned());
            let typed = form.field(ui, &name, &new.model, MODEL, trim);
            let chosen = offer.and_then(|offer| offer.choose(ui, out));
            if chosen.is_some() {
                form.draft.texts.remove(&name);
            }
            if let Some(model) = chosen.or(typed) {
                new.model = model;
            }
        });
        if let Some(offer) = offer {
            offer.tell(ui, form.theme);
        }
        if new.model.is_empty() {
            ui.weak(format!("Empty: {fallback}"));
        }
    });
    ui.end_row();
}

/// The key for the server of a tier, if that is another than the assistant's.
fn its_key(
    ui: &mut egui::Ui,
    form: &Form<'_>,
    tier: Tier,
    tiers: &Tiers,
    settings: &Settings,
    keyed: &[Recipient],
    out: &mut Vec<Action>,
) {
    if tiers
        .get(tier)
        .provider
        .is_none_or(|of| of == ProviderKind::Echo)
    {
        return;
    }
    match Recipient::of(&tier_provider(tier, tiers, settings)) {
        Ok(Some(server)) => {
            let of_assistant = Recipient::of(&provider(settings)).ok().flatten();
            if of_assistant.as_ref() != Some(&server) {
                key(ui, &server, keyed.contains(&server), form.theme, out);
            }
        }
        Ok(None) => {}
        Err(error) => {
            ui.label("API key");
            ui.colored_label(form.theme.error, error.to_string());
            ui.end_row();
        }
    }
}

/// The system prompt. As long as it is empty, the built-in one can be read and taken over.
fn prompt(ui: &mut egui::Ui, tier: Tier, new: &mut TierSetup) {
    ui.label("System prompt");
    ui.vertical(|ui| {
        let is_blank = new.prompt.trim().is_empty();
        let field = egui::Id::new(("tier prompt", tier.label()));
        let typed = prompt_field(ui, field, &new.prompt, EMPTY, (FIELD, 3));
        if let Some(typed) = typed {
            new.prompt = typed;
        }
        if is_blank {
            let begin = ui.button("Begin with the built-in one");
            if begin.on_hover_text(tier.prompt()).clicked() {
                tier.prompt().clone_into(&mut new.prompt);
            }
        }
    });
    ui.end_row();
}

#[cfg(test)]
mod tests {
    use slop_engine::assistants::Models;

    use crate::panel::tests::Hands;

    use super::*;

    /// With a tier unfolded.
    fn unfolded(tier: Tier) -> Hands {
        let mut hands = Hands::new();
        let title = summary(tier, &hands.tiers, &hands.settings);
        let at = hands.find(&title).center();
        hands.click(at);
        hands.wait();
        hands
    }

    fn set(hands: &mut Hands, tier: Tier, setup: &TierSetup) {
        hands.tiers.get_mut(tier).clone_from(setup);
    }

    #[test]
    fn a_tier_is_told_in_one_line() {
        let mut hands = Hands::new();
        hands.find("Worker · m · built-in prompt · All tracked files");
        hands.find("QA · m · built-in prompt · Files that the ticket names");
        hands.tiers.worker.model = "small".to_owned();
        hands.tiers.worker.prompt = "Be brief.".to_owned();
        hands.tiers.worker.rule = Some(ContextRule::None);
        hands.find("Worker · small · own prompt · No files");
        hands.tiers.worker.provider = Some(ProviderKind::Echo);
        hands.find("Worker · Echo (offline) · own prompt · No files");
        hands.tiers.worker.leave = Leave::Look;
        hands.find("Worker · Echo (offline) · own prompt · No files · Read the project");
    }

    #[test]
    fn what_is_empty_says_what_counts_instead() {
        let mut hands = unfolded(Tier::Worker);
        hands.find("As the assistant: OpenAI-compatible server");
        hands.find("Empty: m");
        hands.find(EMPTY);
        hands.find("As built in: All tracked files");
    }

    #[test]
    fn a_model_of_another_server_is_told() {
        let mut hands = unfolded(Tier::Worker);
        let setup = TierSetup {
            model: "small".to_owned(),
            model_of: hands.settings.server_id(),
            ..TierSetup::default()
        };
        set(&mut hands, Tier::Worker, &setup);
        hands.find("Worker · small · built-in prompt · All tracked files");
        hands.tiers.worker.provider = Some(ProviderKind::Anthropic);
        let asked = hands.settings.anthropic.model.clone();
        let of = hands.settings.server_id().unwrap();
        hands.find(&format!("small is of {of}; {asked} is asked"));
        hands.find(&format!(
            "Worker · {asked} · built-in prompt · All tracked files"
        ));
    }

    #[test]
    fn an_address_does_not_go_over_to_another_protocol() {
        let mut hands = unfolded(Tier::Worker);
        let mut setup = TierSetup {
            provider: Some(ProviderKind::Gemini),
            base_url: "https://own.example".to_owned(),
            ..TierSetup::default()
        };
        set(&mut hands, Tier::Worker, &setup);
        // What is typed and cannot be an address waits in the draft.
        hands.fill("https://own.example", "own.example");
        hands.find("own.example");
        let at = hands.find("Google Gemini").center();
        hands.click(at);
        let at = hands.find("Anthropic").center();
        setup.provider = Some(ProviderKind::Anthropic);
        setup.base_url.clear();
        let out = hands.click(at);
        assert_eq!(out, [Action::SetTier(Tier::Worker, setup.clone())]);
        set(&mut hands, Tier::Worker, &setup);
        hands.find("Empty: https://api.anthropic.com/v1");
        let (_, seen) = hands.frame(Vec::new());
        assert!(seen.iter().all(|(text, _)| text != "own.example"));
    }

    #[test]
    fn a_model_is_chosen_among_those_of_the_server_of_the_tier() {
        let mut hands = unfolded(Tier::Worker);
        let (_, seen) = hands.frame(Vec::new());
        // The first is that of the assistant.
        let lists = seen.iter().filter(|(text, _)| text == "List models");
        let list = lists.map(|(_, rect)| rect.center()).nth(1).unwrap();
        let asked = Action::ListModels(Whose::Tier(Tier::Worker));
        assert_eq!(hands.click(list), [asked]);
        hands.models = Models::Known(Ok(vec!["small".to_owned()]));
        hands.frame(Vec::new());
        let (_, seen) = hands.frame(Vec::new());
        let menus = seen.iter().filter(|(text, _)| text == "Choose");
        let menu = menus.map(|(_, rect)| rect.center()).nth(1).unwrap();
        hands.click(menu);
        let at = hands.find("small").center();
        let setup = TierSetup {
            model: "small".to_owned(),
            ..TierSetup::default()
        };
        assert_eq!(hands.click(at), [Action::SetTier(Tier::Worker, setup)]);
    }

    #[test]
    fn prompt_and_rule_are_set() {
        let mut hands = unfolded(Tier::Worker);
        let at = hands.find("Begin with the built-in one").center();
        let built_in = TierSetup {
            prompt: Tier::Worker.prompt().to_owned(),
            ..TierSetup::default()
        };
        let set_built_in = Action::SetTier(Tier::Worker, built_in);
        assert_eq!(hands.click(at), [set_built_in]);
        let at = hands.find(EMPTY).center();
        hands.click(at);
        let typed = egui::Event::Text("Be brief.".to_owned());
        let setup = TierSetup {
            prompt: "Be brief.".to_owned(),
            ..TierSetup::default()
        };
        let (out, _) = hands.frame(vec![typed]);
        assert_eq!(out, [Action::SetTier(Tier::Worker, setup.clone())]);
        set(&mut hands, Tier::Worker, &setup);

        let at = hands.find("As built in: All tracked files").center();
        hands.click(at);
        let at = hands.find("Outlines only").center();
        let setup = TierSetup {
            rule: Some(ContextRule::Outline),
            ..setup
        };
        let out = hands.click(at);
        assert_eq!(out, [Action::SetTier(Tier::Worker, setup)]);
    }

    #[test]
    fn what_a_tier_may_do_is_set_and_those_who_check_only_look() {
        for (tier, most) in [(Tier::Worker, Leave::Act), (Tier::Qa, Leave::Look)] {
            let mut hands = unfolded(tier);
            let at = hands.find(Leave::None.label()).center();
            hands.click(at);
            hands.wait();
            let (_, seen) = hands.frame(Vec::new());
            let acts = seen.iter().any(|(text, _)| text == Leave::Act.label());
            assert_eq!(acts, most == Leave::Act, "{tier:?}");
            let at = hands.find(most.label()).center();
            let setup = TierSetup {
                leave: most,
                ..TierSetup::default()
            };
            assert_eq!(hands.click(at), [Action::SetTier(tier, setup)]);
        }
    }

    #[test]
    fn another_server_has_its_own_key() {
        let mut hands = unfolded(Tier::Qa);
        let setup = TierSetup {
            provider: Some(ProviderKind::Anthropic),
            ..TierSetup::default()
        };
        set(&mut hands, Tier::Qa, &setup);
        hands.find("None is stored for 127.0.0.1:8080");
        hands.find("None is stored for api.anthropic.com");
        hands.find("Empty: https://api.anthropic.com/v1");
        let server = tier_provider(Tier::Qa, &hands.tiers, &hands.settings);
        hands.keyed.extend(Recipient::of(&server).unwrap());
        hands.find("One is stored for api.anthropic.com, and goes to no other server");
        // That of the assistant is not asked for twice.
        hands.tiers.qa.provider = Some(ProviderKind::OpenAi);
        hands.wait();
        let (_, seen) = hands.frame(Vec::new());
        let keys = seen.iter().filter(|(text, _)| text == "API key");
        assert_eq!(keys.count(), 1);
    }
}

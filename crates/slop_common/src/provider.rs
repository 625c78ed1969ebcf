//! Who answers.

use slop_engine::{
    assistants::{Provider, Recipient},
    session::Session,
};
use slop_state::{ProviderKind, Server, Settings, Tier, Tiers};

/// Who answers.
pub fn provider(settings: &Settings) -> Provider {
    match settings.provider {
        ProviderKind::Echo => Provider::Echo,
        ProviderKind::OpenAi => Provider::OpenAi {
            base_url: settings.base_url.clone(),
            model: settings.model.clone(),
        },
        ProviderKind::Anthropic => {
            let Server { base_url, model } = settings.anthropic.clone();
            Provider::Anthropic { base_url, model }
        }
        ProviderKind::Gemini => {
            let Server { base_url, model } = settings.gemini.clone();
            Provider::Gemini { base_url, model }
        }
    }
}

/// The servers that may be asked: that of the settings, and those of the tiers.
pub fn servers(settings: &Settings, tiers: &Tiers) -> Vec<Recipient> {
    let own = Tier::ALL.map(|tier| tier_provider(tier, tiers, settings));
    let all = [provider(settings)].into_iter().chain(own);
    let servers = all.filter_map(|provider| Recipient::of(&provider).ok().flatten());
    servers.collect()
}

/// Who answers for a tier.
pub fn tier_provider(tier: Tier, tiers: &Tiers, settings: &Settings) -> Provider {
    provider(&tiers.of_tier(tier, settings))
}

/// Whether there is an API key for the server that is set.
pub fn has_key(settings: &Settings, session: &Session) -> bool {
    let server = Recipient::of(&provider(settings));
    matches!(server, Ok(Some(server)) if session.key(&server).is_some())
}

//! Who answers.

use slop_engine::{
    assistants::{Provider, Recipient},
    session::Session,
};
use slop_state::{Discussions, ProviderKind, Server, Settings, Tier, Tiers};

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

/// The servers that may be asked: that of the settings, those of the tiers, and those that discussions have
/// of their own.
pub fn servers(settings: &Settings, tiers: &Tiers, discussions: &Discussions) -> Vec<Recipient> {
    let of_tiers = Tier::ALL.map(|tier| tier_provider(tier, tiers, settings));
    let own = discussions.list.iter();
    let own = own.filter(|discussion| discussion.provider.is_some());
    let own = own.map(|discussion| provider(&tiers.settings(discussion, settings)));
    let all = [provider(settings)].into_iter().chain(of_tiers).chain(own);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_of_a_discussion_may_be_asked() {
        let settings = Settings::default();
        let mut discussions = Discussions::default();
        let of = |discussions: &Discussions| {
            let servers = servers(&settings, &Tiers::default(), discussions).into_iter();
            servers.map(|server| server.name()).collect::<Vec<_>>()
        };
        assert_eq!(of(&discussions), [""; 0]);
        let discussion = &mut discussions.list[0];
        "https://own.example".clone_into(&mut discussion.base_url);
        discussion.provider = Some(ProviderKind::Anthropic);
        assert_eq!(of(&discussions), ["anthropic-own.example-443"]);
    }
}

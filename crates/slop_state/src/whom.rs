//! Whom to ask: what a tier or a discussion has of its own, over what counts otherwise.

use bevy::prelude::*;

use crate::{Discussion, Discussions, ProviderKind, ServerId, Settings, Tier, TierSetup, Tiers};

/// Whose question it is.
#[derive(Reflect, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    /// That of the assistant as it is set for all.
    Settings,
    /// That of a tier.
    Tier(Tier),
    /// That of the discussion of this id.
    Discussion(u64),
}

/// What a tier or a discussion has of its own of whom to ask. What is blank or `None` is left to what
/// counts otherwise.
pub(crate) struct Own<'a> {
    provider: Option<ProviderKind>,
    /// Without a provider it is not looked at, for an address is for one protocol.
    base_url: &'a str,
    model: &'a str,
    model_of: Option<&'a ServerId>,
}

impl Own<'_> {
    /// The settings with it.
    pub(crate) fn over(&self, settings: &Settings) -> Settings {
        let mut settings = settings.clone();
        if let Some(provider) = self.provider {
            settings.provider = provider;
            let own = self.base_url.trim();
            if let Some((base_url, _)) = settings.server_mut().filter(|_| !own.is_empty()) {
                own.clone_into(base_url);
            }
        }
        settings.choose(self.model, self.model_of);
        settings
    }
}

impl<'a> From<&'a TierSetup> for Own<'a> {
    fn from(setup: &'a TierSetup) -> Self {
        Self {
            provider: setup.provider,
            base_url: &setup.base_url,
            model: &setup.model,
            model_of: setup.model_of.as_ref(),
        }
    }
}

impl<'a> From<&'a Discussion> for Own<'a> {
    fn from(discussion: &'a Discussion) -> Self {
        Self {
            provider: discussion.provider,
            base_url: &discussion.base_url,
            model: &discussion.model,
            model_of: discussion.model_of.as_ref(),
        }
    }
}

impl Tiers {
    /// The settings with which somebody asks; `None` if the discussion is gone.
    #[must_use]
    pub fn asked(
        &self,
        whose: Whose,
        discussions: &Discussions,
        settings: &Settings,
    ) -> Option<Settings> {
        match whose {
            Whose::Settings => Some(settings.clone()),
            Whose::Tier(tier) => Some(self.of_tier(tier, settings)),
            Whose::Discussion(id) => {
                let discussion = discussions.get(id)?;
                Some(self.settings(discussion, settings))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_discussion_may_ask_a_server_of_its_own() {
        let mut tiers = Tiers::default();
        tiers.worker.provider = Some(ProviderKind::Gemini);
        "https://tier.example".clone_into(&mut tiers.worker.base_url);
        let settings = Settings {
            provider: ProviderKind::OpenAi,
            ..Settings::default()
        };
        let mut discussions = Discussions::default();
        let asked = |discussions: &Discussions, whose: Whose| {
            let asked = tiers.asked(whose, discussions, &settings)?;
            asked.model_id().map(|of| (asked.provider, of.server))
        };
        let of_settings = Some((ProviderKind::OpenAi, settings.base_url.clone()));
        let of_tier = Some((ProviderKind::Gemini, "https://tier.example".to_owned()));
        assert_eq!(asked(&discussions, Whose::Settings), of_settings);
        assert_eq!(asked(&discussions, Whose::Tier(Tier::Worker)), of_tier);
        assert_eq!(asked(&discussions, Whose::Discussion(1)), of_settings);
        assert_eq!(asked(&discussions, Whose::Discussion(7)), None);

        // Its own comes before that of its tier, of which an address is one for another protocol.
        let discussion = &mut discussions.list[0];
        discussion.tier = Some(Tier::Worker);
        "https://own.example".clone_into(&mut discussion.base_url);
        assert_eq!(asked(&discussions, Whose::Discussion(1)), of_tier);
        discussions.list[0].provider = Some(ProviderKind::Anthropic);
        let own = Some((ProviderKind::Anthropic, "https://own.example".to_owned()));
        assert_eq!(asked(&discussions, Whose::Discussion(1)), own);
        discussions.list[0].base_url.clear();
        let usual = Some((ProviderKind::Anthropic, settings.anthropic.base_url.clone()));
        assert_eq!(asked(&discussions, Whose::Discussion(1)), usual);
    }
}

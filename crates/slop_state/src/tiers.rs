//! Tiers: the roles in which models work together, each with its own narrow context.

use bevy::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{whom::Own, Discussion, Leave, ModelId, ProviderKind, ServerId, Settings};

/// A role in which a model works.
#[derive(
    Reflect, Serialize, Deserialize, Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord,
)]
pub enum Tier {
    /// Makes tickets of a goal.
    Orchestrator,
    /// Works on tickets that decide how others are done.
    TechLead,
    /// Works on tickets.
    #[default]
    Worker,
    /// Checks what came of a ticket.
    Qa,
}

impl Tier {
    /// From the goal to the check.
    pub const ALL: [Self; 4] = [Self::Orchestrator, Self::TechLead, Self::Worker, Self::Qa];

    /// Those that a ticket can be given to.
    pub const WORKING: [Self; 2] = [Self::Worker, Self::TechLead];

    /// For people.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Orchestrator => "Orchestrator",
            Self::TechLead => "Tech lead",
            Self::Worker => "Worker",
            Self::Qa => "QA",
        }
    }

    /// What it does, in a few words.
    #[must_use]
    pub fn hint(self) -> &'static str {
        match self {
            Self::Orchestrator => "Makes tickets of a goal",
            Self::TechLead => "Works on tickets that others build on",
            Self::Worker => "Works on tickets",
            Self::Qa => "Checks what came of a ticket",
        }
    }

    /// What it is told before all else, unless it has a prompt of its own.
    #[must_use]
    pub fn prompt(self) -> &'static str {
        match self {
            Self::Orchestrator => {
                "You are the orchestrator of a software project. You break a goal down into tickets \
                 that one person can each do in one sitting, and say which must be done before which. \
                 You do not work on the tickets yourself. Each ticket is for somebody who knows \
                 nothing but its text: say what is to be done, in which files, and how to tell that it \
                 is done. Prefer a few whole tickets to many small ones."
            }
            Self::TechLead => {
                "You are the tech lead of a software project. You work on one ticket, on which others \
                 build: decide on interfaces, names and data first, give the reasons in a sentence \
                 each, and name what was rejected. Write the code that the ticket asks for, whole and \
                 with the paths of its files. Ask if the ticket leaves open what it must not."
            }
            Self::Worker => {
                "You are a worker in a software project. You work on one ticket, and on nothing \
                 beyond it. Keep to the style of the files that you are shown. Write whole functions \
                 with the paths of their files, and the tests that show that it works. If something \
                 that you need is missing, say what, rather than guess."
            }
            Self::Qa => {
                "You are quality assurance in a software project. You are given a ticket and an \
                 answer to it. Check whether the answer does what the ticket asks for, all of it and \
                 nothing else, and look for errors. Do not do the work yourself."
            }
        }
    }

    /// Which files go along, unless it has a rule of its own.
    #[must_use]
    pub fn rule(self) -> ContextRule {
        match self {
            Self::Orchestrator => ContextRule::Outline,
            Self::TechLead | Self::Worker => ContextRule::All,
            Self::Qa => ContextRule::Named,
        }
    }

    /// The most that it may be let do in the project's folder: who plans or checks does no work.
    #[must_use]
    pub fn most_leave(self) -> Leave {
        match self {
            Self::TechLead | Self::Worker => Leave::Act,
            Self::Orchestrator | Self::Qa => Leave::Look,
        }
    }
}

/// Which of the tracked files go out with a question. None goes out that is not tracked, or has the
/// mode None.
#[derive(Reflect, Serialize, Deserialize, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ContextRule {
    /// All, each in its mode.
    #[default]
    All,
    /// Those that are named in what was said, each in its mode.
    Named,
    /// All, but of each no more than the outline.
    Outline,
    /// None.
    None,
}

impl ContextRule {
    /// In the order in which they are offered.
    pub const ALL: [Self; 4] = [Self::All, Self::Named, Self::Outline, Self::None];

    /// For people.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::All => "All tracked files",
            Self::Named => "Files that the ticket names",
            Self::Outline => "Outlines only",
            Self::None => "No files",
        }
    }
}

/// What a tier has of its own. What is blank or `None` is that of the settings, or built in.
#[derive(Reflect, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[serde(default)]
pub struct TierSetup {
    /// Who answers.
    pub provider: Option<ProviderKind>,
    /// Where that provider is; where the settings have it if it is blank. Without a provider of its
    /// own it is not looked at, for an address is for one protocol.
    pub base_url: String,
    /// The model that answers.
    pub model: String,
    /// The server whose model that is, if it is known. Another is asked for its own.
    pub model_of: Option<ServerId>,
    /// What it is told before all else.
    pub prompt: String,
    /// Which files go along.
    pub rule: Option<ContextRule>,
    /// What it may do in the project's folder, in the discussions that the app begins with it.
    pub leave: Leave,
}

/// What each tier has of its own.
#[derive(Resource, Reflect, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[serde(default)]
pub struct Tiers {
    /// Of [`Tier::Orchestrator`].
    pub orchestrator: TierSetup,
    /// Of [`Tier::TechLead`].
    pub tech_lead: TierSetup,
    /// Of [`Tier::Worker`].
    pub worker: TierSetup,
    /// Of [`Tier::Qa`].
    pub qa: TierSetup,
}

impl Tiers {
    /// What a tier has of its own.
    #[must_use]
    pub fn get(&self, tier: Tier) -> &TierSetup {
        match tier {
            Tier::Orchestrator => &self.orchestrator,
            Tier::TechLead => &self.tech_lead,
            Tier::Worker => &self.worker,
            Tier::Qa => &self.qa,
        }
    }

    /// What a tier has of its own.
    pub fn get_mut(&mut self, tier: Tier) -> &mut TierSetup {
        match tier {
            Tier::Orchestrator => &mut self.orchestrator,
            Tier::TechLead => &mut self.tech_lead,
            Tier::Worker => &mut self.worker,
            Tier::Qa => &mut self.qa,
        }
    }

    /// The settings with what a tier has of its own.
    #[must_use]
    pub fn of_tier(&self, tier: Tier, settings: &Settings) -> Settings {
        Own::from(self.get(tier)).over(settings)
    }

    /// What a tier has of its own, with its model chosen for the server that it asks now.
    #[must_use]
    pub fn with_model(&self, tier: Tier, settings: &Settings) -> TierSetup {
        let setup = self.get(tier);
        let server = self.of_tier(tier, settings).server_id();
        TierSetup {
            model_of: server.filter(|_| !setup.model.trim().is_empty()),
            ..setup.clone()
        }
    }

    /// The server whose model a discussion has, if it has one. Of a model that was chosen before that was
    /// kept, it is the one that is asked now: so it is to be asked for before another is set.
    #[must_use]
    pub fn model_of(&self, discussion: &Discussion, settings: &Settings) -> Option<ServerId> {
        if discussion.model.trim().is_empty() {
            return None;
        }
        let kept = discussion.model_of.clone();
        kept.or_else(|| self.settings(discussion, settings).server_id())
    }

    /// That another model is asked about a discussion than was chosen for it, since that is of another
    /// server. Nothing is to be told if none was chosen, or nobody is asked.
    #[must_use]
    pub fn other_model(&self, discussion: &Discussion, settings: &Settings) -> Option<String> {
        let asked = self.settings(discussion, settings);
        let setup = discussion.tier.map(|tier| self.get(tier));
        let of_tier = setup.map(|setup| (setup.model.trim(), setup.model_of.as_ref()));
        let own = (discussion.model.trim(), discussion.model_of.as_ref());
        let mut chosen = [Some(own), of_tier].into_iter().flatten();
        let (chosen, of) = chosen.find(|(model, _)| !model.is_empty())?;
        let model = asked.model_id()?.model;
        let of = of.filter(|of| !asked.has_models_of(Some(*of)))?;
        Some(format!("The model {chosen} is of {of}; {model} is asked"))
    }

    /// The settings with which a discussion is asked about: its own come before those of its tier.
    #[must_use]
    pub fn settings(&self, discussion: &Discussion, settings: &Settings) -> Settings {
        Own::from(discussion).over(&self.fallback(discussion, settings))
    }

    /// What counts for what a discussion has not of its own: the settings, with those of its tier.
    #[must_use]
    pub fn fallback(&self, discussion: &Discussion, settings: &Settings) -> Settings {
        match discussion.tier {
            Some(tier) => self.of_tier(tier, settings),
            None => settings.clone(),
        }
    }

    /// The models that would be asked now: by the tiers, and about a discussion.
    #[must_use]
    pub fn models(&self, discussion: Option<&Discussion>, settings: &Settings) -> Vec<ModelId> {
        let tiers = Tier::ALL.map(|tier| self.of_tier(tier, settings));
        let shown = discussion.map(|discussion| self.settings(discussion, settings));
        let all = tiers.into_iter().chain(shown);
        all.filter_map(|settings| settings.model_id()).collect()
    }

    /// What the assistant is told before all that was said in a discussion; blank if nothing is.
    #[must_use]
    pub fn prompt<'a>(&'a self, discussion: &'a Discussion) -> &'a str {
        let own = discussion.system.trim();
        match discussion.tier {
            Some(tier) if own.is_empty() => match self.get(tier).prompt.trim() {
                "" => tier.prompt(),
                prompt => prompt,
            },
            _ => own,
        }
    }

    /// Which files go out with the questions of a discussion.
    #[must_use]
    pub fn rule(&self, discussion: &Discussion) -> ContextRule {
        let rule = |tier: Tier| self.get(tier).rule.unwrap_or(tier.rule());
        discussion.tier.map(rule).unwrap_or_default()
    }

    /// What a discussion that the app begins with a tier has leave for. What a person says there
    /// afterwards counts.
    #[must_use]
    pub fn leave(&self, tier: Tier) -> Leave {
        self.get(tier).leave.min(tier.most_leave())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_tier(tier: Tier) -> Discussion {
        Discussion {
            tier: Some(tier),
            ..Discussion::default()
        }
    }

    #[test]
    fn without_a_tier_nothing_of_a_tier_is_taken() {
        let mut tiers = Tiers::default();
        for tier in Tier::ALL {
            let setup = tiers.get_mut(tier);
            "m".clone_into(&mut setup.model);
            setup.provider = Some(ProviderKind::Gemini);
            setup.rule = Some(ContextRule::None);
        }
        let settings = Settings::default();
        let plain = Discussion::default();
        assert_eq!(tiers.settings(&plain, &settings), settings);
        assert_eq!(tiers.prompt(&plain), "");
        assert_eq!(tiers.rule(&plain), ContextRule::All);
    }

    #[test]
    fn a_discussion_comes_before_its_tier_and_a_tier_before_the_settings() {
        let mut tiers = Tiers::default();
        let mut discussion = of_tier(Tier::Worker);
        let settings = Settings {
            provider: ProviderKind::OpenAi,
            ..Settings::default()
        };
        let model = |tiers: &Tiers, discussion: &Discussion| {
            let mut settings = tiers.settings(discussion, &settings);
            settings.server_mut().unwrap().1.clone()
        };
        assert_eq!(model(&tiers, &discussion), settings.model);
        assert_eq!(tiers.prompt(&discussion), Tier::Worker.prompt());
        assert_eq!(tiers.rule(&of_tier(Tier::Qa)), ContextRule::Named);

        " small ".clone_into(&mut tiers.worker.model);
        " Be brief. ".clone_into(&mut tiers.worker.prompt);
        tiers.worker.rule = Some(ContextRule::Outline);
        assert_eq!(model(&tiers, &discussion), "small");
        assert_eq!(tiers.prompt(&discussion), "Be brief.");
        assert_eq!(tiers.rule(&discussion), ContextRule::Outline);
        assert_eq!(model(&tiers, &of_tier(Tier::Qa)), settings.model);

        "large".clone_into(&mut discussion.model);
        "Be thorough.".clone_into(&mut discussion.system);
        assert_eq!(model(&tiers, &discussion), "large");
        assert_eq!(tiers.prompt(&discussion), "Be thorough.");
    }

    #[test]
    fn a_model_is_asked_of_the_server_that_it_was_chosen_for() {
        let mut tiers = Tiers::default();
        let mut settings = Settings {
            provider: ProviderKind::OpenAi,
            ..Settings::default()
        };
        let mut discussion = of_tier(Tier::Worker);
        let asked = |tiers: &Tiers, discussion: &Discussion, settings: &Settings| {
            let settings = tiers.settings(discussion, settings);
            settings.model_id().unwrap().model
        };
        "large".clone_into(&mut discussion.model);
        discussion.model_of = settings.server_id();
        "small".clone_into(&mut tiers.worker.model);
        tiers.worker = tiers.with_model(Tier::Worker, &settings);
        assert_eq!(asked(&tiers, &discussion, &settings), "large");
        assert_eq!(tiers.other_model(&discussion, &settings), None);
        // Another path is the same server.
        settings.base_url += "/other";
        assert_eq!(asked(&tiers, &discussion, &settings), "large");

        let first = settings.server_id().unwrap();
        settings.provider = ProviderKind::Anthropic;
        let own = settings.anthropic.model.clone();
        assert_eq!(asked(&tiers, &discussion, &settings), own);
        let told = tiers.other_model(&discussion, &settings).unwrap();
        assert_eq!(
            told,
            format!("The model large is of {first}; {own} is asked")
        );
        discussion.model.clear();
        assert_eq!(asked(&tiers, &discussion, &settings), own);
        let told = tiers.other_model(&discussion, &settings).unwrap();
        assert_eq!(
            told,
            format!("The model small is of {first}; {own} is asked")
        );

        // Chosen anew, or before it was kept for whom, it is asked for.
        tiers.worker = tiers.with_model(Tier::Worker, &settings);
        assert_eq!(asked(&tiers, &discussion, &settings), "small");
        "old".clone_into(&mut discussion.model);
        discussion.model_of = None;
        assert_eq!(asked(&tiers, &discussion, &settings), "old");
        assert_eq!(tiers.other_model(&discussion, &settings), None);
        settings.provider = ProviderKind::Echo;
        assert_eq!(tiers.other_model(&discussion, &settings), None);
    }

    #[test]
    fn the_window_is_that_of_the_model_that_a_discussion_would_ask() {
        let mut tiers = Tiers::default();
        tiers.worker.provider = Some(ProviderKind::Gemini);
        "small".clone_into(&mut tiers.worker.model);
        let mut settings = Settings {
            provider: ProviderKind::OpenAi,
            ..Settings::default()
        };
        let mut discussion = of_tier(Tier::Worker);
        let models = tiers.models(Some(&discussion), &settings);
        let names: Vec<_> = models.iter().map(|of| of.model.as_str()).collect();
        let of_settings = settings.model.as_str();
        let expected = [of_settings, of_settings, "small", of_settings, "small"];
        assert_eq!(names, expected);
        settings.context_windows.set(models[4].clone(), Some(8_000));
        let window = |discussion: &Discussion, settings: &Settings| {
            tiers.settings(discussion, settings).context_window()
        };
        assert_eq!(window(&discussion, &settings), 8_000);
        let plain = Discussion::default();
        assert_eq!(window(&plain, &settings), settings.window_tokens);
        "large".clone_into(&mut discussion.model);
        assert_eq!(window(&discussion, &settings), settings.window_tokens);
    }

    #[test]
    fn a_tier_may_do_nothing_by_itself_and_only_those_who_work_act() {
        let mut tiers = Tiers::default();
        for tier in Tier::ALL {
            assert_eq!(tiers.leave(tier), Leave::None);
            tiers.get_mut(tier).leave = Leave::Act;
            let acts = Tier::WORKING.contains(&tier);
            let most = if acts { Leave::Act } else { Leave::Look };
            assert_eq!(tiers.leave(tier), most, "{tier:?}");
            tiers.get_mut(tier).leave = Leave::Look;
            assert_eq!(tiers.leave(tier), Leave::Look);
        }
    }

    #[test]
    fn an_address_counts_with_a_provider_only() {
        let mut tiers = Tiers::default();
        let settings = Settings {
            provider: ProviderKind::OpenAi,
            ..Settings::default()
        };
        let address = |tiers: &Tiers| {
            let mut settings = tiers.of_tier(Tier::Qa, &settings);
            settings.server_mut().unwrap().0.clone()
        };
        "https://own.example".clone_into(&mut tiers.qa.base_url);
        assert_eq!(address(&tiers), settings.base_url);
        tiers.qa.provider = Some(ProviderKind::Anthropic);
        assert_eq!(address(&tiers), "https://own.example");
        tiers.qa.base_url.clear();
        assert_eq!(address(&tiers), settings.anthropic.base_url);
    }
}

//! What goes out with a question, and to whom.

use std::time::Duration;

use bevy::prelude::ResMut;
use slop_common::{messages, offered, provider, spoken};
use slop_engine::{
    assistants::{ApiKey, Ask, ChatRole, Message, Provider, Recipient, Timing},
    session::Session,
};
use slop_state::{Discussion, Pending, PendingRequests, Project, Settings, Tiers, ToolRound};

use super::files;
use crate::entry::awaited;

/// Reads the project's files, tells which of them do not go out, and keeps with the discussion which do.
/// What is to be asked.
pub(super) fn prepare(
    discussion: &mut Discussion,
    pending: &PendingRequests,
    settings: &Settings,
    session: &mut ResMut<Session>,
    project: &Project,
    tiers: &Tiers,
) -> Ask {
    let rule = tiers.rule(discussion);
    let files = files::read(project, rule, discussion, &session.off_limits());
    if !files.refused.is_empty() {
        files::tell(&files, session);
    }
    discussion.sent = files::sent(&files);
    let text = files.message();
    question(discussion, pending, settings, session, &text, tiers)
}

/// Whom to ask, and all that was said, after what is in the project's files.
pub(super) fn question(
    discussion: &Discussion,
    pending: &PendingRequests,
    settings: &Settings,
    session: &Session,
    files: &str,
    tiers: &Tiers,
) -> Ask {
    let settings = &tiers.settings(discussion, settings);
    let provider = provider(settings);
    let told = [tiers.prompt(discussion), files].into_iter();
    let told = told.filter(|text| !text.is_empty());
    let told = told.map(|text| Message::new(ChatRole::System, text));
    let unfinished = unfinished(discussion, pending);
    let said = spoken(discussion, &unfinished).flat_map(|(entry, _)| messages(entry));
    Ask {
        key: key_for(&provider, session),
        provider,
        messages: told.chain(said).collect(),
        tools: offered(discussion.leave),
        timing: timing(settings),
    }
}

/// The ids of the entries that do not go out with a question, since they are being written. Those
/// that go on with it do.
fn unfinished(discussion: &Discussion, pending: &PendingRequests) -> Vec<u64> {
    let goes_on = |waiting: &&Pending| {
        let entry = discussion.entry(waiting.entry);
        let round = entry.and_then(|entry| awaited(entry, waiting));
        round.is_some_and(ToolRound::is_answered)
    };
    let others = pending.0.iter().filter(|waiting| !goes_on(waiting));
    others.map(|waiting| waiting.entry).collect()
}

/// The key for their server; an empty one if there is none. An address that is none has none either,
/// and the request tells what is wrong with it.
pub(super) fn key_for(provider: &Provider, session: &Session) -> ApiKey {
    match Recipient::of(provider) {
        Ok(Some(server)) => session.key(&server).cloned().unwrap_or_default(),
        Ok(None) | Err(_) => ApiKey::default(),
    }
}

/// How long each part of an answer is waited for.
pub(super) fn timing(settings: &Settings) -> Timing {
    let seconds = |seconds: u32| Duration::from_secs(seconds.into());
    Timing {
        connect: seconds(settings.limits.connect_s),
        first: seconds(settings.limits.first_s),
        idle: seconds(settings.limits.idle_s),
        ..Timing::default()
    }
}

#[cfg(test)]
mod tests {
    use slop_state::{Entry, ProviderKind, Server, Tier};

    use super::*;

    #[test]
    fn entries_become_messages() {
        let entry = |id: u64, role: &str, text: &str| Entry {
            id,
            role: role.into(),
            text: text.into(),
            ..Entry::default()
        };
        let discussion = Discussion {
            entries: vec![
                entry(1, "System", "be brief"),
                entry(2, "Context", "a file"),
                entry(3, "User", "hello"),
                entry(4, "AI", "half\n\n> **No answer:** cut"),
                entry(5, "AI", "> **No answer:** nothing"),
                entry(6, "Boss", "go on"),
                entry(7, "Boss", " "),
                entry(8, "AI", "unfinis"),
            ],
            ..Discussion::default()
        };
        let pending = PendingRequests(vec![Pending {
            request: 1,
            discussion: 0,
            entry: 8,
        }]);
        let session = Session::new("nowhere".into());
        let tiers = Tiers::default();
        let ask =
            |settings: &Settings| question(&discussion, &pending, settings, &session, "", &tiers);
        let mut settings = Settings::default();
        let asked = ask(&settings);
        let expected = [
            (ChatRole::System, "be brief"),
            (ChatRole::System, "a file"),
            (ChatRole::User, "hello"),
            (ChatRole::Assistant, "half"),
            (ChatRole::User, "Boss: go on"),
        ];
        let expected = expected.map(|(role, text)| Message::new(role, text));
        assert_eq!(asked.messages, expected);
        assert_eq!(
            (asked.provider, asked.key),
            (Provider::Echo, ApiKey::default())
        );

        settings.provider = ProviderKind::OpenAi;
        settings.model = "m".into();
        settings.limits.first_s = 900;
        let asked = ask(&settings);
        let provider = Provider::OpenAi {
            base_url: settings.base_url.clone(),
            model: "m".into(),
        };
        assert_eq!((asked.provider, asked.key), (provider, ApiKey::default()));
        assert_eq!(asked.timing.first, Duration::from_secs(900));

        settings.provider = ProviderKind::Gemini;
        let asked = ask(&settings);
        let Server { base_url, model } = Server::gemini();
        assert_eq!(asked.provider, Provider::Gemini { base_url, model });
    }

    #[test]
    fn the_time_limits_of_the_settings_go_with_each_question() {
        let mut settings = Settings {
            provider: ProviderKind::OpenAi,
            ..Settings::default()
        };
        settings.limits.connect_s = 11;
        settings.limits.first_s = 900;
        settings.limits.idle_s = 33;
        let mut tiers = Tiers::default();
        tiers.qa.provider = Some(ProviderKind::Anthropic);
        for tier in [None, Some(Tier::Worker), Some(Tier::Qa)] {
            let discussion = Discussion {
                tier,
                ..Discussion::default()
            };
            let pending = PendingRequests::default();
            let session = Session::new("nowhere".into());
            let ask = question(&discussion, &pending, &settings, &session, "", &tiers);
            let expected = Timing {
                connect: Duration::from_secs(11),
                first: Duration::from_secs(900),
                idle: Duration::from_secs(33),
                ..Timing::default()
            };
            assert_eq!(ask.timing, expected, "{tier:?}");
        }
    }

    #[test]
    fn a_discussion_is_asked_about_in_its_own_way() {
        let ask = |system: &str, model: &str| {
            let discussion = Discussion {
                system: system.into(),
                model: model.into(),
                entries: vec![Entry {
                    role: "User".into(),
                    text: "hello".into(),
                    ..Entry::default()
                }],
                ..Discussion::default()
            };
            let settings = Settings {
                provider: ProviderKind::Anthropic,
                ..Settings::default()
            };
            let pending = PendingRequests::default();
            let session = Session::new("nowhere".into());
            let ask = question(
                &discussion,
                &pending,
                &settings,
                &session,
                "",
                &Tiers::default(),
            );
            let Provider::Anthropic { model, .. } = ask.provider else {
                panic!("{:?}", ask.provider);
            };
            (ask.messages, model)
        };
        let hello = Message::new(ChatRole::User, "hello");
        let (messages, model) = ask(" \n", " ");
        assert_eq!(messages, std::slice::from_ref(&hello));
        assert_eq!(model, Server::anthropic().model);
        let (messages, model) = ask("Be brief.\n", " m ");
        let system = Message::new(ChatRole::System, "Be brief.");
        assert_eq!(messages, [system, hello]);
        assert_eq!(model, "m");
    }

    #[test]
    fn files_come_after_the_system_prompt_and_before_the_entries() {
        let discussion = Discussion {
            system: "Be brief.".into(),
            entries: vec![Entry {
                role: "User".into(),
                text: "hello".into(),
                ..Entry::default()
            }],
            ..Discussion::default()
        };
        let pending = PendingRequests::default();
        let session = Session::new("nowhere".into());
        let settings = Settings::default();
        let ask = question(
            &discussion,
            &pending,
            &settings,
            &session,
            "a.rs",
            &Tiers::default(),
        );
        let expected = [
            (ChatRole::System, "Be brief."),
            (ChatRole::System, "a.rs"),
            (ChatRole::User, "hello"),
        ];
        let expected = expected.map(|(role, text)| Message::new(role, text));
        assert_eq!(ask.messages, expected);
    }
}

//! Settings, roles and the project.

#[cfg(feature = "hot")]
use std::time::Duration;

use bevy::prelude::*;
#[cfg(feature = "hot")]
use hot_reloader::{BuildConfig, HotReloaderConfig};
#[cfg(feature = "hot")]
use slop_state::BuildProfile;
use slop_state::{Action, Composer, Discussions, Project, Settings, Tier, Tiers};

use crate::actions::Actions;

/// Replaces what a person has set.
pub(super) fn apply_settings(
    mut actions: Actions,
    mut settings: ResMut<Settings>,
    mut tiers: ResMut<Tiers>,
    mut project: ResMut<Project>,
    mut discussions: ResMut<Discussions>,
    mut composer: ResMut<Composer>,
) {
    for action in actions.read() {
        match action {
            Action::SetSettings(new) => {
                if settings.server_id() != new.server_id() {
                    keep_servers(&mut tiers, &mut discussions, &settings);
                }
                settings.set_if_neq(new.clone());
            }
            Action::SetTier(tier, new) if tiers.get(*tier) != new => {
                let before = tiers.get(*tier);
                let is_chosen = before.model != new.model;
                if before.provider != new.provider || before.base_url != new.base_url {
                    keep_servers(&mut tiers, &mut discussions, &settings);
                }
                let model_of = tiers.get(*tier).model_of.clone();
                tiers.get_mut(*tier).clone_from(new);
                if is_chosen {
                    let setup = tiers.with_model(*tier, &settings);
                    *tiers.get_mut(*tier) = setup;
                } else {
                    tiers.get_mut(*tier).model_of = model_of;
                }
            }
            Action::SetProject(new) => {
                project.set_if_neq(new.clone());
            }
            Action::SetRoles(roles) if *roles != discussions.roles => {
                // There is always one to choose.
                let Some(first) = roles.first() else {
                    continue;
                };
                if !roles.contains(&composer.role) {
                    composer.role.clone_from(first);
                }
                discussions.roles.clone_from(roles);
            }
            _ => {}
        }
    }
}

/// Keeps for which server a model was chosen, where that was not kept when it was: for the one that is
/// asked until now, and not for all that are set later.
fn keep_servers(
    tiers: &mut ResMut<Tiers>,
    discussions: &mut ResMut<Discussions>,
    settings: &Settings,
) {
    for index in 0..discussions.list.len() {
        let model_of = tiers.model_of(&discussions.list[index], settings);
        if discussions.list[index].model_of != model_of {
            discussions.list[index].model_of = model_of;
        }
    }
    for tier in Tier::ALL {
        let setup = tiers.with_model(tier, settings);
        if tiers.get(tier).model_of.is_none() && setup.model_of.is_some() {
            *tiers.get_mut(tier) = setup;
        }
    }
}

/// Lets the reloader follow the settings.
#[cfg(feature = "hot")]
pub(super) fn set_reloader(settings: Res<Settings>, mut config: ResMut<HotReloaderConfig>) {
    config.probation_frames = settings.probation_frames;
    config.build.time_limit = Duration::from_secs(settings.build_limit_s.into());
    config.build.profile = match settings.build_profile {
        BuildProfile::Host => BuildConfig::new(config.build.folder.clone()).profile,
        BuildProfile::Dev => "dev".to_owned(),
        BuildProfile::Release => "release".to_owned(),
    };
}

#[cfg(test)]
mod tests {
    use slop_state::{ProviderKind, TierSetup};

    use super::*;
    use crate::controller::tests::{act, app};

    #[test]
    fn settings_and_project_are_replaced() {
        let mut app = app();
        let settings = Settings {
            theme: "nerv".into(),
            ..Settings::default()
        };
        let project = Project {
            name: "slop".into(),
            ..Project::default()
        };
        act(&mut app, Action::SetSettings(settings.clone()));
        act(&mut app, Action::SetProject(project.clone()));
        let setup = TierSetup {
            model: "strict".into(),
            ..TierSetup::default()
        };
        act(&mut app, Action::SetTier(Tier::Qa, setup.clone()));
        let tiers = Tiers {
            qa: setup,
            ..Tiers::default()
        };
        assert_eq!(*app.world().resource::<Tiers>(), tiers);
        assert_eq!(*app.world().resource::<Settings>(), settings);
        assert_eq!(*app.world().resource::<Project>(), project);
    }

    #[test]
    fn a_model_of_a_tier_is_chosen_for_the_server_that_it_asks() {
        let mut app = app();
        let mut setup = TierSetup {
            provider: Some(ProviderKind::Gemini),
            model: "strict".into(),
            ..TierSetup::default()
        };
        act(&mut app, Action::SetTier(Tier::Qa, setup.clone()));
        let qa = |app: &App| app.world().resource::<Tiers>().qa.clone();
        let gemini = qa(&app).model_of;
        assert_eq!(
            gemini.as_ref().map(|server| server.provider),
            Some(ProviderKind::Gemini)
        );
        // It stays that of this server when another is set, until it is chosen anew.
        setup = qa(&app);
        setup.provider = Some(ProviderKind::Anthropic);
        act(&mut app, Action::SetTier(Tier::Qa, setup.clone()));
        assert_eq!(qa(&app).model_of, gemini);
        setup.model = "stricter".into();
        act(&mut app, Action::SetTier(Tier::Qa, setup));
        assert_ne!(qa(&app).model_of, gemini);
    }

    #[test]
    fn models_from_before_it_was_kept_for_whom_are_of_the_server_so_far() {
        let mut app = app();
        let old = |app: &mut App| {
            let world = app.world_mut();
            let mut discussions = world.resource_mut::<Discussions>();
            let discussion = &mut discussions.list[0];
            discussion.tier = Some(Tier::Qa);
            discussion.model = "large".into();
            discussion.model_of = None;
            let mut tiers = world.resource_mut::<Tiers>();
            tiers.qa.model = "strict".into();
            tiers.qa.model_of = None;
        };
        let of = |app: &App| {
            let discussions = app.world().resource::<Discussions>();
            let qa = &app.world().resource::<Tiers>().qa;
            (discussions.list[0].model_of.clone(), qa.model_of.clone())
        };
        let mut settings = Settings {
            provider: ProviderKind::OpenAi,
            ..Settings::default()
        };
        let first = settings.server_id();
        app.insert_resource(settings.clone());
        old(&mut app);
        settings.provider = ProviderKind::Anthropic;
        let second = settings.server_id();
        act(&mut app, Action::SetSettings(settings));
        assert_eq!(of(&app), (first.clone(), first));

        old(&mut app);
        let mut setup = app.world().resource::<Tiers>().qa.clone();
        setup.provider = Some(ProviderKind::Gemini);
        act(&mut app, Action::SetTier(Tier::Qa, setup));
        assert_eq!(of(&app), (second.clone(), second));
    }

    #[test]
    fn a_role_that_is_gone_stays_in_entries_but_not_in_the_composer() {
        let mut app = app();
        app.world_mut().resource_mut::<Composer>().text = "hello".into();
        act(&mut app, Action::AddEntry);
        act(&mut app, Action::SetRoles(vec!["AI".into(), "User".into()]));
        assert_eq!(app.world().resource::<Composer>().role, "User");
        act(&mut app, Action::SetRoles(vec!["Boss".into(), "AI".into()]));
        let discussions = app.world().resource::<Discussions>();
        assert_eq!(discussions.roles, ["Boss", "AI"]);
        assert_eq!(discussions.list[0].entries[0].role, "User");
        assert_eq!(app.world().resource::<Composer>().role, "Boss");
        act(&mut app, Action::SetRoles(Vec::new()));
        let discussions = app.world().resource::<Discussions>();
        assert_eq!(discussions.roles, ["Boss", "AI"]);
    }

    #[cfg(feature = "hot")]
    #[test]
    fn the_reloader_follows_the_settings() {
        let mut app = App::new();
        app.insert_resource(HotReloaderConfig::new("/nowhere", &["slop_controller"]))
            .insert_resource(Settings {
                probation_frames: 7,
                build_limit_s: 9,
                build_profile: BuildProfile::Release,
                ..Settings::default()
            })
            .add_systems(Update, set_reloader);
        let before = app
            .world()
            .resource::<HotReloaderConfig>()
            .build
            .profile
            .clone();
        app.update();
        let config = app.world().resource::<HotReloaderConfig>();
        assert_eq!(config.probation_frames, 7);
        assert_eq!(config.build.time_limit, Duration::from_secs(9));
        assert_eq!(config.build.profile, "release");
        app.insert_resource(Settings::default());
        app.update();
        assert_eq!(
            app.world().resource::<HotReloaderConfig>().build.profile,
            before
        );
    }
}

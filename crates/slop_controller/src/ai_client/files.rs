//! The project's files that go out with a question.

use bevy::log::warn;
use slop_common::{wanted, Names};
use slop_engine::{
    context::{gather, Gathered, OffLimits},
    session::Session,
};
use slop_state::{ContextRule, Discussion, Project, SentFile};

/// How many files are named in the window that were not sent. The log names all, and so does the
/// window Context.
const NAMED: usize = 3;

/// Reads the files as they are now. It waits for the disk, once for a question, so that what goes
/// out is not older than the question.
pub(super) fn read(
    project: &Project,
    rule: ContextRule,
    discussion: &Discussion,
    off_limits: &OffLimits,
) -> Gathered {
    let mut gathered = gather(&project.root, &wanted(project, rule), off_limits);
    if rule == ContextRule::Named {
        let names = Names::of(&discussion.entries);
        gathered.files.retain(|file| names.has(&file.path));
    }
    gathered
}

/// What is remembered of the files that went out.
pub(super) fn sent(gathered: &Gathered) -> Vec<SentFile> {
    let files = gathered.files.iter().map(|file| SentFile {
        path: file.path.clone(),
        digest: file.digest,
    });
    files.collect()
}

/// Tells what does not go out. What is told already is not told again.
pub(super) fn tell(gathered: &Gathered, session: &mut Session) {
    let mut notices = Vec::new();
    for error in &gathered.refused {
        warn!("not sent with the question: {error}");
        if notices.len() < NAMED {
            notices.push(format!("Not sent with the question: {error}"));
        }
    }
    let more = gathered.refused.len() - notices.len();
    if more > 0 {
        notices.push(format!(
            "Not sent with the question: {more} more files; the window Context names them"
        ));
    }
    for notice in notices {
        if !session.notices.contains(&notice) {
            session.notices.push(notice);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use bevy::prelude::*;
    use slop_engine::assistants::Assistants;
    use slop_state::{
        Action, Composer, Discussions, Entry, Orphans, PendingRequests, Tier, Tiers, TrackMode,
        Tracked,
    };

    use super::*;
    use crate::{
        ai_client::{systems, DoneStops},
        controller::tests::act,
    };

    /// With the controller and a project in a folder.
    fn app(folder: &Path, tracked: &[(&str, TrackMode)]) -> App {
        let tracked = tracked.iter().map(|(pattern, mode)| Tracked {
            pattern: (*pattern).to_owned(),
            mode: *mode,
        });
        let mut app = crate::controller::tests::app();
        app.init_resource::<PendingRequests>()
            .init_resource::<Orphans>()
            .init_resource::<DoneStops>()
            .init_resource::<Assistants>()
            .insert_resource(Session::new("nowhere".into()))
            .insert_resource(Project {
                root: folder.display().to_string(),
                tracked: tracked.collect(),
                ..Project::default()
            })
            .add_systems(Update, systems());
        app
    }

    fn ask(app: &mut App) {
        app.world_mut().resource_mut::<Composer>().text = "hello".to_owned();
        act(app, Action::AddEntry);
        app.update();
    }

    fn sent_files(app: &App) -> &[SentFile] {
        let discussions = app.world().resource::<Discussions>();
        &discussions.shown().unwrap().sent
    }

    fn notices(app: &App) -> &[String] {
        &app.world().resource::<Session>().notices
    }

    #[test]
    fn files_go_out_as_they_are_when_the_question_is_asked() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.md");
        std::fs::write(&file, "one").unwrap();
        std::fs::write(folder.path().join("b.md"), "none of this").unwrap();
        let tracked = [("*.md", TrackMode::Whole), ("b.md", TrackMode::None)];
        let mut app = app(folder.path(), &tracked);
        ask(&mut app);
        let first = sent_files(&app).to_vec();
        assert_eq!(first.len(), 1);
        assert_eq!(first[0].path, "a.md");

        std::fs::write(&file, "two").unwrap();
        ask(&mut app);
        assert_ne!(sent_files(&app)[0].digest, first[0].digest);
        let discussion = Discussion::default();
        let project = app.world().resource::<Project>();
        let files = read(
            project,
            ContextRule::All,
            &discussion,
            &OffLimits::default(),
        );
        let message = files.message();
        assert!(message.contains("two"), "{message}");
        assert!(!message.contains("none of this"), "{message}");
        assert_eq!(notices(&app), [""; 0]);
    }

    #[test]
    fn what_does_not_go_out_is_told_once() {
        let folder = tempfile::tempdir().unwrap();
        let names = ["a", "b", "c", "d", "e"];
        let tracked = names.map(|name| (name, TrackMode::Whole));
        let mut app = app(folder.path(), &tracked);
        ask(&mut app);
        ask(&mut app);
        let told = notices(&app);
        assert_eq!(told.len(), 4, "{told:?}");
        for (notice, name) in told.iter().zip(names).take(NAMED) {
            let says = format!("Not sent with the question: cannot read {name}: ");
            assert!(notice.starts_with(&says), "{notice}");
        }
        assert!(told[NAMED].contains("2 more files"), "{}", told[NAMED]);
        assert_eq!(sent_files(&app), []);
    }

    #[test]
    fn a_tier_has_its_own_rule() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["a.rs", "b.rs", "hidden.rs"] {
            let code = format!("fn of_{}() {{\n    body();\n}}\n", &name[..1]);
            std::fs::write(folder.path().join(name), code).unwrap();
        }
        let tracked = [("*.rs", TrackMode::Whole), ("hidden.rs", TrackMode::None)];
        let app = app(folder.path(), &tracked);
        let project = app.world().resource::<Project>();
        let mut discussion = Discussion {
            tier: Some(Tier::Worker),
            ..Discussion::default()
        };
        discussion.entries.push(Entry {
            role: "User".to_owned(),
            text: "Mend b.rs and hidden.rs".to_owned(),
            ..Entry::default()
        });
        let check = |rule: ContextRule, names: &[&str], has_bodies: bool| {
            let mut tiers = Tiers::default();
            tiers.worker.rule = Some(rule);
            let rule_now = tiers.rule(&discussion);
            let gathered = read(project, rule_now, &discussion, &OffLimits::default());
            let files = gathered.files.iter();
            let paths: Vec<_> = files.map(|file| file.path.as_str()).collect();
            assert_eq!(paths, names, "{rule:?}");
            let message = gathered.message();
            assert_eq!(message.contains("body();"), has_bodies, "{message}");
        };
        check(ContextRule::All, &["a.rs", "b.rs"], true);
        check(ContextRule::Named, &["b.rs"], true);
        check(ContextRule::Outline, &["a.rs", "b.rs"], false);
        check(ContextRule::None, &[], false);
    }

    #[test]
    fn without_a_folder_nothing_goes_out() {
        let mut app = app(Path::new(""), &[("**", TrackMode::Whole)]);
        ask(&mut app);
        assert_eq!(sent_files(&app), []);
        assert_eq!(notices(&app), [""; 0]);
    }
}

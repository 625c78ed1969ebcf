//! Discussions as Markdown documents, in a folder of the app's data folder.

use std::path::{Path, PathBuf};

use bevy::prelude::*;
use slop_common::documents::folder;
use slop_engine::{
    documents::{self, DocumentError},
    session::Session,
};
use slop_state::{Action, Discussion, Discussions, Leave, PendingRequests};
use thiserror::Error;

use super::answers::copy_of;
use crate::{
    actions::Actions,
    markdown::{self, MarkdownError},
};

/// A document was not imported, and no discussion was added.
#[derive(Debug, Error)]
enum ImportError {
    /// It cannot be read.
    #[error(transparent)]
    Document(DocumentError),
    /// It is no discussion.
    #[error("{} was not imported: {source}", file.display())]
    Markdown {
        /// The file.
        file: PathBuf,
        /// Why not.
        source: MarkdownError,
    },
}

/// Exports and imports. What became of it is told in the window.
pub(super) fn exchange(
    mut actions: Actions,
    mut discussions: ResMut<Discussions>,
    pending: Option<Res<PendingRequests>>,
    mut session: ResMut<Session>,
) {
    for action in actions.read() {
        let told = match action {
            Action::ExportDiscussion(id) => {
                let Some(discussion) = discussions.get(*id) else {
                    continue;
                };
                let copy = copy_of(discussion, pending.as_deref());
                let (name, document) = (&copy.name, markdown::write(&copy));
                match documents::write(&folder(&session), name, &document) {
                    Ok(file) => {
                        let told = format!("The discussion “{name}” is in {}", file.display());
                        told + &without(&copy)
                    }
                    Err(error) => error.to_string(),
                }
            }
            Action::ImportDiscussion(name) => {
                match import(&mut discussions, &folder(&session).join(name)) {
                    Ok(()) => continue,
                    Err(error) => error.to_string(),
                }
            }
            _ => continue,
        };
        session.notices.push(told);
    }
}

/// What of a discussion is in no document, to be told with that it was exported; empty if all is.
fn without(discussion: &Discussion) -> String {
    let has_tools = discussion.entries.iter().any(|e| !e.rounds.is_empty());
    let tools = has_tools.then(|| "what tools were called and what came of it".to_owned());
    let takes = match discussion.aside.len() {
        0 => None,
        1 => Some("the take that is set aside".to_owned()),
        count => Some(format!("the {count} takes that are set aside")),
    };
    let tier = discussion
        .tier
        .map(|tier| format!("that the tier {} answers", tier.label()));
    let asks = discussion.provider.is_some();
    let provider = asks.then(|| "which provider answers".to_owned());
    let may = discussion.leave != Leave::None;
    let leave = may.then(|| "what the assistant may do in the project".to_owned());
    let all = [tools, takes, tier, provider, leave];
    let mut left: Vec<String> = all.into_iter().flatten().collect();
    let Some(last) = left.pop() else {
        return String::new();
    };
    if left.is_empty() {
        format!(", without {last}")
    } else {
        format!(", without {} and {last}", left.join(", "))
    }
}

/// Adds the discussion of a document as the last one and shows it.
fn import(discussions: &mut ResMut<Discussions>, file: &Path) -> Result<(), ImportError> {
    let document = documents::read(file).map_err(ImportError::Document)?;
    let read = markdown::read(&document);
    let mut discussion = read.map_err(|source| ImportError::Markdown {
        file: file.to_owned(),
        source,
    })?;
    if discussion.name.is_empty() {
        let stem = file.file_stem().unwrap_or_default();
        discussion.name = stem.to_string_lossy().into_owned();
    }
    discussion.id = discussions.next_id();
    for entry in &mut discussion.entries {
        entry.id = discussions.next_id();
    }
    discussions.active = discussion.id;
    discussions.list.push(discussion);
    Ok(())
}

#[cfg(test)]
mod tests {
    use slop_state::{Entry, Pending, ProviderKind, Take, Tier, ToolRound};

    use super::*;
    use crate::{actions::note_done, controller::tests::act};

    fn app(folder: &Path) -> App {
        let mut app = crate::controller::tests::app();
        app.insert_resource(Session::new(folder.to_owned()))
            .add_systems(Update, exchange.before(note_done));
        app
    }

    /// The first discussion.
    fn first(app: &mut App) -> &mut Discussion {
        let discussions = app.world_mut().resource_mut::<Discussions>();
        &mut discussions.into_inner().list[0]
    }

    fn notices(app: &App) -> &[String] {
        &app.world().resource::<Session>().notices
    }

    #[test]
    fn what_was_exported_is_another_discussion_when_it_is_imported() {
        let data = tempfile::tempdir().unwrap();
        let mut app = app(data.path());
        let mut discussions = app.world_mut().resource_mut::<Discussions>();
        discussions.list[0].system = "Be brief.".into();
        for (id, role, text) in [(2, "User", "hello"), (3, "AI", "# Hi\n\n```\n```")] {
            discussions.list[0].entries.push(Entry {
                id,
                role: role.into(),
                time: 1_795_540_060,
                text: text.into(),
                thoughts: "Hm.".into(),
                collapsed: true,
                ..Entry::default()
            });
        }
        discussions.last_id = 3;
        act(&mut app, Action::ExportDiscussion(1));
        act(&mut app, Action::ExportDiscussion(77));
        let [notice] = notices(&app) else {
            panic!("{:?}", notices(&app));
        };
        let file = data.path().join("discussions/Main.md");
        assert!(notice.ends_with(&*file.to_string_lossy()), "{notice}");
        assert!(file.is_file());

        act(&mut app, Action::ImportDiscussion("Main.md".into()));
        assert_eq!(notices(&app).len(), 1);
        let discussions = app.world().resource::<Discussions>();
        let [original, imported] = &discussions.list[..] else {
            panic!("{:?}", discussions.list);
        };
        assert_eq!((discussions.active, imported.id), (4, 4));
        assert_eq!(discussions.last_id, 6);
        assert_eq!(imported.name, "Main");
        assert_eq!(imported.system, original.system);
        let entries = imported.entries.iter().zip([2, 3]);
        let entries = entries.map(|(entry, id)| Entry {
            id,
            ..entry.clone()
        });
        assert_eq!(entries.collect::<Vec<_>>(), original.entries);
        assert_eq!([5, 6], [0, 1].map(|index| imported.entries[index].id));
    }

    #[test]
    fn what_is_not_in_the_document_is_told() {
        let data = tempfile::tempdir().unwrap();
        let mut app = app(data.path());
        let told = |app: &mut App| {
            act(app, Action::ExportDiscussion(1));
            let told = notices(app).last().cloned().unwrap_or_default();
            let (_, without) = told.split_once(".md").unwrap_or_default();
            without.to_owned()
        };
        assert_eq!(told(&mut app), "");
        first(&mut app).aside = vec![Take::default()];
        assert_eq!(told(&mut app), ", without the take that is set aside");
        first(&mut app).aside.push(Take::default());
        first(&mut app).tier = Some(Tier::Qa);
        first(&mut app).provider = Some(ProviderKind::Echo);
        first(&mut app).leave = Leave::Look;
        first(&mut app).entries.push(Entry {
            id: 2,
            rounds: vec![ToolRound::default()],
            ..Entry::default()
        });
        assert_eq!(
            told(&mut app),
            ", without what tools were called and what came of it, the 2 takes that are set aside, \
             that the tier QA answers, which provider answers and what the assistant may do in the project"
        );
    }

    #[test]
    fn an_answer_that_is_still_being_written_is_not_whole_in_a_document() {
        let data = tempfile::tempdir().unwrap();
        let mut app = app(data.path());
        let mut discussions = app.world_mut().resource_mut::<Discussions>();
        discussions.list[0].entries.push(Entry {
            id: 2,
            role: "AI".into(),
            text: "half an ans".into(),
            ..Entry::default()
        });
        discussions.last_id = 2;
        let mut pending = app.world_mut().resource_mut::<PendingRequests>();
        pending.0.push(Pending {
            request: 1,
            discussion: 1,
            entry: 2,
        });
        act(&mut app, Action::ExportDiscussion(1));
        act(&mut app, Action::ImportDiscussion("Main.md".into()));
        let discussions = app.world().resource::<Discussions>();
        assert_eq!(discussions.list[0].entries[0].text, "half an ans");
        let text = &discussions.list[1].entries[0].text;
        assert!(
            text.starts_with("half an ans\n\n> **No answer:** "),
            "{text}"
        );
    }

    #[test]
    fn what_cannot_be_imported_is_told_and_nothing_is_added() {
        let data = tempfile::tempdir().unwrap();
        let mut app = app(data.path());
        let before = app.world().resource::<Discussions>().clone();
        act(&mut app, Action::ImportDiscussion("a.md".into()));
        std::fs::create_dir(data.path().join("discussions")).unwrap();
        std::fs::write(data.path().join("discussions/a.md"), "# Notes\n").unwrap();
        act(&mut app, Action::ImportDiscussion("a.md".into()));
        let notices = notices(&app);
        assert_eq!(notices.len(), 2);
        assert!(notices.iter().all(|notice| notice.contains("a.md")));
        assert!(notices[1].contains("was not imported"), "{}", notices[1]);
        assert_eq!(*app.world().resource::<Discussions>(), before);
    }

    #[test]
    fn what_cannot_be_exported_is_told() {
        let data = tempfile::tempdir().unwrap();
        std::fs::write(data.path().join("discussions"), "in the way").unwrap();
        let mut app = app(data.path());
        act(&mut app, Action::ExportDiscussion(1));
        assert!(notices(&app)[0].contains("cannot use the folder"));
    }
}

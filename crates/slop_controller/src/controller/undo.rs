//! How what was deleted comes back.

use bevy::prelude::*;
use slop_state::{
    Action, Deleted, Discussions, Entry, Hub, Layout, Planning, Take, Ticket, Undo, Window,
};

use super::{discussions, planning, tickets::Tickets};
use crate::actions::Actions;

/// Brings back what was deleted last.
pub(super) fn undo(
    mut actions: Actions,
    mut undo: ResMut<Undo>,
    mut discussions: ResMut<Discussions>,
    (mut hub, mut layout): (ResMut<Hub>, ResMut<Layout>),
    mut plan: ResMut<Planning>,
    mut query: Query<(Entity, &mut Ticket)>,
    mut commands: Commands,
) {
    let wanted = actions.read().filter(|action| **action == Action::Undo);
    let wanted = wanted.count();
    if wanted == 0 {
        return;
    }
    let mut tickets = Tickets::read(&query);
    for _ in 0..wanted {
        // What has no place any more is passed over.
        while let Some(deleted) = undo.0.pop() {
            if let Some(why_not) = hindrance(&deleted, &undo, &hub, &discussions, &plan) {
                warn!("nothing was brought back: {why_not}");
                undo.0.push(deleted);
                break;
            }
            let is_back = match deleted {
                Deleted::Discussion {
                    index,
                    discussion,
                    stand_in,
                } => discussions::bring_back(&mut discussions, index, discussion, stand_in),
                Deleted::Entry {
                    discussion,
                    index,
                    entry,
                    after,
                    takes,
                } => bring_back_entry(&mut discussions, discussion, index, entry, after, takes),
                Deleted::Text { entry, text } => {
                    let (hub, undo) = (&mut hub, &mut undo);
                    let is_back =
                        discussions::bring_back_text(&mut discussions, hub, undo, entry, text);
                    if is_back {
                        // It waits to be edited, whatever window somebody is in.
                        layout.reveal = Some(Window::DiscussionHub);
                    }
                    is_back
                }
                Deleted::Proposal {
                    proposal,
                    discussion,
                } => {
                    planning::bring_back(&mut plan, &mut undo, proposal, discussion);
                    true
                }
                Deleted::Ticket { ticket, needed_by } => tickets.bring_back(ticket, &needed_by),
            };
            if is_back {
                break;
            }
        }
    }
    tickets.write(&mut query, &mut commands);
}

/// Why something is not brought back yet: it would take the place of what is being done.
fn hindrance(
    deleted: &Deleted,
    undo: &Undo,
    hub: &Hub,
    discussions: &Discussions,
    plan: &Planning,
) -> Option<String> {
    match deleted {
        Deleted::Text { entry, text } => {
            let name = hub.unsaved(discussions)?;
            let (of, typed) = hub.editing.as_ref()?;
            let is_kept = (of, typed) == (entry, text) || undo.has_text(*of, typed);
            (!is_kept).then(|| format!("save or cancel the edit in “{name}” first"))
        }
        Deleted::Proposal { .. } if plan.run.is_under_way() => {
            Some("the orchestrator is still answering; wait, or stop it".to_owned())
        }
        _ => None,
    }
}

/// Puts an entry back with its other takes, after the one that it followed if that is still there,
/// and shows it. Whether that was possible.
fn bring_back_entry(
    discussions: &mut Discussions,
    discussion: u64,
    index: usize,
    entry: Entry,
    after: Option<u64>,
    takes: Vec<Take>,
) -> bool {
    let mut list = discussions.list.iter();
    if list.any(|other| other.entry(entry.id).is_some()) {
        return false;
    }
    let Some(found) = discussions.get_mut(discussion) else {
        return false;
    };
    // Another take may be shown by now.
    let place = after.filter(|after| found.show(*after)).and_then(|after| {
        let mut entries = found.entries.iter();
        entries.position(|other| other.id == after)
    });
    let index = place.map_or(index, |place| place + 1);
    found.entries.insert(index.min(found.entries.len()), entry);
    found.aside.extend(takes);
    discussions.active = discussion;
    true
}

#[cfg(test)]
mod tests {
    use slop_state::Discussion;

    use super::*;
    use crate::controller::tests::{act, app};

    fn entry(id: u64) -> Entry {
        Entry {
            id,
            text: format!("entry {id}"),
            ..Entry::default()
        }
    }

    fn discussion(id: u64, entries: &[u64]) -> Discussion {
        Discussion {
            id,
            name: format!("discussion {id}"),
            entries: entries.iter().copied().map(entry).collect(),
            ..Discussion::default()
        }
    }

    fn app_with(list: Vec<Discussion>) -> App {
        let mut app = app();
        app.insert_resource(Discussions {
            active: list[0].id,
            list,
            last_id: 100,
            ..Discussions::default()
        });
        app
    }

    fn list(app: &App) -> Vec<Discussion> {
        app.world().resource::<Discussions>().list.clone()
    }

    #[test]
    fn everything_comes_back_in_its_place_the_newest_first() {
        let all = vec![discussion(1, &[11, 12, 13]), discussion(2, &[21])];
        let mut app = app_with(all.clone());
        act(&mut app, Action::DeleteEntry(12));
        act(&mut app, Action::DeleteEntry(11));
        act(&mut app, Action::DeleteDiscussion(1));
        assert_eq!(list(&app), [discussion(2, &[21])]);
        act(&mut app, Action::Undo);
        assert_eq!(list(&app), [discussion(1, &[13]), discussion(2, &[21])]);
        assert_eq!(app.world().resource::<Discussions>().active, 1);
        // Two in one frame.
        app.world_mut().send_event(Action::Undo);
        act(&mut app, Action::Undo);
        assert_eq!(list(&app), all);
        act(&mut app, Action::Undo);
        assert_eq!(list(&app), all);
        assert_eq!(*app.world().resource::<Undo>(), Undo::default());
    }

    #[test]
    fn the_stand_in_for_the_last_discussion_goes_unless_it_was_used() {
        let all = vec![discussion(1, &[11])];
        let mut app = app_with(all.clone());
        act(&mut app, Action::DeleteDiscussion(1));
        assert_ne!(list(&app), all);
        act(&mut app, Action::Undo);
        assert_eq!(list(&app), all);

        act(&mut app, Action::DeleteDiscussion(1));
        let stand_in = list(&app)[0].id;
        act(&mut app, Action::RenameDiscussion(stand_in, "kept".into()));
        act(&mut app, Action::Undo);
        let ids: Vec<_> = list(&app).iter().map(|d| d.id).collect();
        assert_eq!(ids, [1, stand_in]);
    }

    #[test]
    fn an_entry_comes_back_with_its_takes_after_the_one_that_it_followed() {
        let mut branched = discussion(1, &[11, 12, 13]);
        branched.retake(12, entry(22));
        branched.entries.push(entry(23));
        branched.retake(23, entry(33));
        let mut app = app_with(vec![branched.clone()]);
        act(&mut app, Action::DeleteEntry(33));
        let now = &list(&app)[0];
        assert_eq!(now.aside.len(), 1);
        assert!(now.entry(23).is_none());
        // The other take is shown meanwhile.
        app.world_mut().resource_mut::<Discussions>().list[0].show(13);
        act(&mut app, Action::Undo);
        assert_eq!(list(&app), [branched.clone()]);

        act(&mut app, Action::DeleteEntry(22));
        assert_eq!(list(&app)[0].all_entries().count(), 3);
        act(&mut app, Action::Undo);
        let back = &list(&app)[0];
        assert_eq!(back.entries, branched.entries);
        assert_eq!(back.all_entries().count(), 6);
    }

    #[test]
    fn texts_come_back_to_be_edited() {
        let mut app = app_with(vec![discussion(1, &[11]), discussion(2, &[21])]);
        act(&mut app, Action::EditEntry(21, "entry 21".into()));
        assert_eq!(*app.world().resource::<Undo>(), Undo::default());
        act(&mut app, Action::EditEntry(21, "saved".into()));
        act(&mut app, Action::GiveUpEdit(11, "given up".into()));
        let editing = |app: &App| app.world().resource::<Hub>().editing.clone();
        assert_eq!(editing(&app), None);
        act(&mut app, Action::Undo);
        assert_eq!(editing(&app), Some((11, "given up".to_owned())));
        assert_eq!(list(&app)[0], discussion(1, &[11]));
        // So that it is seen.
        let reveal = app.world().resource::<Layout>().reveal;
        assert_eq!(reveal, Some(Window::DiscussionHub));
        assert_eq!(app.world().resource::<Hub>().jump, Some(11));

        // What is typed is not given up for another one.
        let typed = Some((11, "given up, and more".to_owned()));
        app.world_mut().resource_mut::<Hub>().editing = typed.clone();
        act(&mut app, Action::Undo);
        assert_eq!(editing(&app), typed);
        app.world_mut().resource_mut::<Hub>().editing = None;
        act(&mut app, Action::Undo);
        assert_eq!(editing(&app), Some((21, "entry 21".to_owned())));
        assert_eq!(app.world().resource::<Discussions>().active, 2);
        assert_eq!(list(&app)[1].entries[0].text, "saved");
    }

    #[test]
    fn a_text_that_is_not_wanted_hides_nothing_that_was_deleted_before_it() {
        for is_given_up in [false, true] {
            let mut app = app_with(vec![discussion(1, &[11, 12])]);
            act(&mut app, Action::DeleteEntry(12));
            act(&mut app, Action::EditEntry(11, "new".into()));
            let wanted = Some((11, "entry 11".to_owned()));
            let editing = |app: &App| app.world().resource::<Hub>().editing.clone();
            act(&mut app, Action::Undo);
            assert_eq!(editing(&app), wanted);
            if is_given_up {
                app.world_mut().resource_mut::<Hub>().editing = None;
                act(&mut app, Action::GiveUpEdit(11, "entry 11".into()));
            }
            act(&mut app, Action::Undo);
            let back: Vec<_> = list(&app)[0].entries.iter().map(|e| e.id).collect();
            assert_eq!(back, [11, 12]);
            // Nor is it lost, until the entry says it.
            app.world_mut().resource_mut::<Hub>().editing = None;
            act(&mut app, Action::Undo);
            assert_eq!(editing(&app), wanted);
            act(&mut app, Action::EditEntry(11, "entry 11".into()));
            for _ in 0..2 {
                app.world_mut().resource_mut::<Hub>().editing = None;
                act(&mut app, Action::Undo);
                assert_eq!(editing(&app), Some((11, "new".to_owned())));
            }
        }
    }

    #[test]
    fn what_was_typed_for_what_is_deleted_comes_back_after_it() {
        let all = [discussion(1, &[11, 12])];
        for action in [Action::DeleteEntry(11), Action::DeleteDiscussion(1)] {
            let mut app = app_with(all.to_vec());
            let typed = Some((11, "typed".to_owned()));
            app.world_mut().resource_mut::<Hub>().editing = typed.clone();
            act(&mut app, Action::DeleteEntry(12));
            assert_eq!(app.world().resource::<Undo>().0.len(), 1);
            act(&mut app, Action::Undo);
            act(&mut app, action);
            // Somebody edits another one meanwhile.
            app.world_mut().resource_mut::<Hub>().editing = None;
            act(&mut app, Action::Undo);
            assert_eq!(list(&app), all);
            assert_eq!(app.world().resource::<Hub>().editing, None);
            act(&mut app, Action::Undo);
            assert_eq!(app.world().resource::<Hub>().editing, typed);
        }
    }

    #[test]
    fn an_entry_without_its_discussion_is_passed_over() {
        let mut app = app_with(vec![discussion(1, &[11]), discussion(2, &[21])]);
        act(&mut app, Action::DeleteEntry(11));
        act(&mut app, Action::DeleteEntry(21));
        app.world_mut().resource_mut::<Discussions>().list.remove(1);
        act(&mut app, Action::Undo);
        assert_eq!(list(&app), [discussion(1, &[11])]);
    }

    #[test]
    fn fifty_are_kept() {
        let ids: Vec<u64> = (1000..1060).collect();
        let mut app = app_with(vec![discussion(1, &ids)]);
        for id in &ids {
            act(&mut app, Action::DeleteEntry(*id));
        }
        assert_eq!(app.world().resource::<Undo>().0.len(), 50);
        for _ in 0..ids.len() {
            act(&mut app, Action::Undo);
        }
        assert_eq!(list(&app), [discussion(1, &ids[10..])]);
    }
}

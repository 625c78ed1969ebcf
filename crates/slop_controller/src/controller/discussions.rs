//! Discussions and their entries.

use std::collections::BTreeMap;

use bevy::prelude::*;
use slop_state::{
    Action, Composer, Deleted, Discussion, Discussions, Entry, Hub, Leave, PendingRequests,
    Settings, Tiers, Undo,
};

use super::answers::copy_of;
use crate::{actions::Actions, ask::AskAssistant, clock::now};

/// The name of the discussion that takes the place of the last one.
const STAND_IN: &str = "Main";

/// Adds, shows, renames, copies and deletes discussions.
pub(super) fn edit_discussions(
    mut actions: Actions,
    mut discussions: ResMut<Discussions>,
    pending: Option<Res<PendingRequests>>,
    mut undo: ResMut<Undo>,
    hub: Res<Hub>,
    (settings, tiers): (Res<Settings>, Res<Tiers>),
) {
    for action in actions.read() {
        match action {
            Action::AddDiscussion => add(&mut discussions),
            Action::SelectDiscussion(id) if discussions.get(*id).is_some() => {
                discussions.active = *id;
            }
            Action::ShowEntry(id) => show_entry(&mut discussions, *id),
            Action::RenameDiscussion(id, name) if !name.trim().is_empty() => {
                if let Some(discussion) = discussions.get_mut(*id) {
                    name.trim().clone_into(&mut discussion.name);
                }
            }
            Action::SetSystem(id, system) => {
                if let Some(discussion) = discussions.get_mut(*id) {
                    discussion.system.clone_from(system);
                }
            }
            Action::SetProvider(id, provider) => {
                if let Some(discussion) = discussions.get_mut(*id) {
                    discussion.model_of = tiers.model_of(discussion, &settings);
                    // An address is for one protocol.
                    if discussion.provider != *provider {
                        discussion.base_url.clear();
                    }
                    discussion.provider = *provider;
                }
            }
            Action::SetAddress(id, address) => {
                if let Some(discussion) = discussions.get_mut(*id) {
                    discussion.model_of = tiers.model_of(discussion, &settings);
                    discussion.base_url.clone_from(address);
                }
            }
            Action::SetModel(id, model) => {
                if let Some(discussion) = discussions.get_mut(*id) {
                    discussion.model.clone_from(model);
                    let server = tiers.settings(discussion, &settings).server_id();
                    discussion.model_of = server.filter(|_| !model.trim().is_empty());
                }
            }
            Action::SetLeave(id, leave) => {
                if let Some(discussion) = discussions.get_mut(*id) {
                    discussion.leave = *leave;
                }
            }
            Action::DuplicateDiscussion(id) => {
                duplicate(&mut discussions, *id, pending.as_deref());
            }
            Action::DeleteDiscussion(id) => {
                if let Some(deleted) = delete(&mut discussions, *id) {
                    undo.push_with_edit(deleted, hub.editing.as_ref());
                }
            }
            _ => {}
        }
    }
}

/// Adds, changes, moves and deletes entries.
pub(super) fn edit_entries(
    mut actions: Actions,
    mut discussions: ResMut<Discussions>,
    mut composer: ResMut<Composer>,
    mut undo: ResMut<Undo>,
    hub: Res<Hub>,
    mut asks: EventWriter<AskAssistant>,
) {
    for action in actions.read() {
        match action {
            Action::AddEntry if !composer.text.trim().is_empty() => {
                let discussion = discussions.active;
                if add_entry(&mut discussions, &mut composer) && composer.ask {
                    asks.send(AskAssistant {
                        discussion,
                        instead_of: None,
                    });
                }
            }
            Action::PasteEntry(text) if !text.trim().is_empty() => {
                let entry = Entry {
                    role: composer.role.clone(),
                    text: text.clone(),
                    collapsed: true,
                    ..Entry::default()
                };
                put_entry(&mut discussions, entry);
            }
            Action::EditEntry(id, text) => {
                change(&mut discussions, *id, |entry| {
                    let before = std::mem::replace(&mut entry.text, text.clone());
                    if before != *text {
                        undo.push(deleted_text(*id, before));
                    }
                });
            }
            // One that was brought back stays where it was put.
            Action::GiveUpEdit(id, text) if !undo.has_text(*id, text) => {
                undo.push(deleted_text(*id, text.clone()));
            }
            Action::SetRole(id, role) => {
                change(&mut discussions, *id, |entry| entry.role.clone_from(role));
            }
            Action::SetCollapsed(id, collapsed) => {
                change(&mut discussions, *id, |entry| entry.collapsed = *collapsed);
            }
            Action::SetRaw(id, raw) => {
                change(&mut discussions, *id, |entry| entry.raw = *raw);
            }
            Action::MoveEntry(id, places) => {
                if let Some((at, index)) = find(&discussions, *id) {
                    move_entry(&mut discussions.list[at].entries, index, *places);
                }
            }
            Action::DeleteEntry(id) => {
                if let Some((at, index)) = find(&discussions, *id) {
                    let discussion = &mut discussions.list[at];
                    let above = index.checked_sub(1);
                    let after = above.map(|above| discussion.entries[above].id);
                    let (entry, takes) = discussion.remove(index);
                    let deleted = Deleted::Entry {
                        discussion: discussion.id,
                        index,
                        entry,
                        after,
                        takes,
                    };
                    undo.push_with_edit(deleted, hub.editing.as_ref());
                }
            }
            Action::Retake(id, text) => {
                if let Some(discussion) = retake(&mut discussions, *id, text) {
                    asks.send(AskAssistant {
                        discussion,
                        instead_of: None,
                    });
                }
            }
            Action::Regenerate(id) => {
                if let Some((at, _)) = find(&discussions, *id) {
                    asks.send(AskAssistant {
                        discussion: discussions.list[at].id,
                        instead_of: Some(*id),
                    });
                }
            }
            _ => {}
        }
    }
}

fn add(discussions: &mut Discussions) {
    let name = (discussions.list.len() + 1..)
        .map(|count| format!("Discussion {count}"))
        .find(|name| discussions.list.iter().all(|other| other.name != *name));
    let id = discussions.next_id();
    discussions.list.push(Discussion {
        id,
        name: name.unwrap_or_default(),
        ..Discussion::default()
    });
    discussions.active = id;
}

fn duplicate(discussions: &mut Discussions, id: u64, pending: Option<&PendingRequests>) {
    let Some(index) = discussions.list.iter().position(|d| d.id == id) else {
        return;
    };
    let mut copy = copy_of(&discussions.list[index], pending);
    copy.id = discussions.next_id();
    copy.name += " copy";
    // It was given for the other one.
    copy.leave = Leave::None;
    // In the order of the old ids, which is that of takes.
    let old = copy
        .all_entries()
        .flat_map(|entry| [entry.id, entry.place()]);
    let mut new: BTreeMap<u64, u64> = old.map(|id| (id, 0)).collect();
    for id in new.values_mut() {
        *id = discussions.next_id();
    }
    let aside = copy.aside.iter_mut().flat_map(|take| &mut take.entries);
    for entry in copy.entries.iter_mut().chain(aside) {
        entry.take_of = if entry.take_of == 0 {
            0
        } else {
            new[&entry.take_of]
        };
        entry.id = new[&entry.id];
    }
    discussions.active = copy.id;
    discussions.list.insert(index + 1, copy);
}

fn delete(discussions: &mut Discussions, id: u64) -> Option<Deleted> {
    let index = discussions.list.iter().position(|d| d.id == id)?;
    let discussion = discussions.list.remove(index);
    let mut stand_in = None;
    if discussions.list.is_empty() {
        let id = discussions.next_id();
        stand_in = Some(id);
        discussions.list.push(empty(id));
    }
    if discussions.shown().is_none() {
        let next = index.min(discussions.list.len() - 1);
        discussions.active = discussions.list[next].id;
    }
    Some(Deleted::Discussion {
        index,
        discussion,
        stand_in,
    })
}

/// The discussion that takes the place of the last one.
fn empty(id: u64) -> Discussion {
    Discussion {
        id,
        name: STAND_IN.to_owned(),
        ..Discussion::default()
    }
}

/// Puts a discussion back and shows it. Whether that was possible.
pub(super) fn bring_back(
    discussions: &mut Discussions,
    index: usize,
    discussion: Discussion,
    stand_in: Option<u64>,
) -> bool {
    if discussions.get(discussion.id).is_some() {
        return false;
    }
    // One that was used has become a discussion of its own.
    discussions
        .list
        .retain(|other| stand_in != Some(other.id) || *other != empty(other.id));
    discussions.active = discussion.id;
    let index = index.min(discussions.list.len());
    discussions.list.insert(index, discussion);
    true
}

fn deleted_text(entry: u64, text: String) -> Deleted {
    Deleted::Text { entry, text }
}

/// Has a text for an entry edited. It may be given up, so it is kept, but behind what was deleted before it. Whether
/// there is the entry, with another text.
pub(super) fn bring_back_text(
    discussions: &mut ResMut<Discussions>,
    hub: &mut Hub,
    undo: &mut Undo,
    entry: u64,
    text: String,
) -> bool {
    let Some(at) = at(discussions, entry) else {
        return false;
    };
    let found = discussions.list[at].entry(entry);
    if found.is_none_or(|found| found.text == text) {
        return false;
    }
    show_entry(discussions, entry);
    hub.jump = Some(entry);
    hub.editing = Some((entry, text.clone()));
    undo.put_behind(deleted_text(entry, text));
    true
}

/// Makes an entry of the composer's text. Whether there is a discussion for it.
fn add_entry(discussions: &mut Discussions, composer: &mut Composer) -> bool {
    if discussions.shown().is_none() {
        return false;
    }
    let entry = Entry {
        role: composer.role.clone(),
        text: std::mem::take(&mut composer.text),
        ..Entry::default()
    };
    put_entry(discussions, entry);
    true
}

/// Puts an entry at the end of the discussion that is shown, with an id and the time.
fn put_entry(discussions: &mut Discussions, entry: Entry) {
    let id = discussions.next_id();
    let active = discussions.active;
    if let Some(discussion) = discussions.get_mut(active) {
        let time = now();
        discussion.entries.push(Entry { id, time, ..entry });
    }
}

/// Shows an entry, wherever it is.
fn show_entry(discussions: &mut ResMut<Discussions>, id: u64) {
    let Some(at) = at(discussions, id) else {
        return;
    };
    discussions.active = discussions.list[at].id;
    discussions.list[at].show(id);
}

/// Makes another take of an entry, with this text. The id of its discussion.
fn retake(discussions: &mut ResMut<Discussions>, id: u64, text: &str) -> Option<u64> {
    let at = at(discussions, id)?;
    let new = discussions.next_id();
    let discussion = &mut discussions.list[at];
    // What was typed is not to be lost if another take is shown by now.
    discussion.show(id);
    let new = Entry {
        id: new,
        role: discussion.entry(id)?.role.clone(),
        time: now(),
        text: text.to_owned(),
        ..Entry::default()
    };
    discussion.retake(id, new).then_some(discussion.id)
}

/// The place of the discussion that an entry is in, be it set aside.
fn at(discussions: &Discussions, id: u64) -> Option<usize> {
    let mut list = discussions.list.iter();
    list.position(|discussion| discussion.entry(id).is_some())
}

/// The places of a discussion and of an entry that is shown in it.
fn find(discussions: &Discussions, id: u64) -> Option<(usize, usize)> {
    let mut list = discussions.list.iter().enumerate();
    list.find_map(|(at, discussion)| {
        let index = discussion.entries.iter().position(|entry| entry.id == id)?;
        Some((at, index))
    })
}

fn change(discussions: &mut ResMut<Discussions>, id: u64, how: impl FnOnce(&mut Entry)) {
    // Nothing counts as changed if there is no such entry.
    let Some(at) = at(discussions, id) else {
        return;
    };
    if let Some(entry) = discussions.list[at].entry_mut(id) {
        how(entry);
    }
}

fn move_entry(entries: &mut Vec<Entry>, index: usize, places: i32) {
    let entry = entries.remove(index);
    let target = index.saturating_add_signed(places as isize);
    entries.insert(target.min(entries.len()), entry);
}

#[cfg(test)]
mod tests {
    use slop_state::{Pending, ProviderKind};

    use super::*;
    use crate::controller::tests::{act, app};

    fn discussions(app: &App) -> &Discussions {
        app.world().resource::<Discussions>()
    }

    fn names(app: &App) -> Vec<&str> {
        let list = discussions(app).list.iter();
        list.map(|discussion| discussion.name.as_str()).collect()
    }

    fn texts(app: &App) -> Vec<&str> {
        let shown = discussions(app).shown().unwrap();
        shown.entries.iter().map(|e| e.text.as_str()).collect()
    }

    /// Adds an entry with this text, which nobody is to answer.
    fn write(app: &mut App, text: &str) -> u64 {
        let mut composer = app.world_mut().resource_mut::<Composer>();
        composer.text = text.to_owned();
        composer.ask = false;
        act(app, Action::AddEntry);
        discussions(app).last_id
    }

    fn asked(app: &mut App) -> Vec<AskAssistant> {
        let mut events = app.world_mut().resource_mut::<Events<AskAssistant>>();
        events.drain().collect()
    }

    #[test]
    fn discussions_are_added_under_new_names_and_shown() {
        let mut app = app();
        act(&mut app, Action::AddDiscussion);
        act(&mut app, Action::AddDiscussion);
        assert_eq!(names(&app), ["Main", "Discussion 2", "Discussion 3"]);
        act(&mut app, Action::DeleteDiscussion(2));
        act(&mut app, Action::AddDiscussion);
        assert_eq!(names(&app), ["Main", "Discussion 3", "Discussion 4"]);
        assert_eq!(discussions(&app).active, 4);
        act(&mut app, Action::SelectDiscussion(3));
        act(&mut app, Action::SelectDiscussion(7));
        assert_eq!(discussions(&app).active, 3);
    }

    #[test]
    fn a_blank_name_is_ignored() {
        let mut app = app();
        act(&mut app, Action::RenameDiscussion(1, " First ".into()));
        act(&mut app, Action::RenameDiscussion(1, " ".into()));
        act(&mut app, Action::RenameDiscussion(7, "No".into()));
        assert_eq!(names(&app), ["First"]);
    }

    #[test]
    fn a_discussion_has_a_system_prompt_and_a_model_which_its_copy_has_too() {
        let mut app = app();
        let settings = Settings {
            provider: ProviderKind::Gemini,
            ..Settings::default()
        };
        let server = settings.server_id();
        assert!(server.is_some());
        app.insert_resource(settings);
        act(&mut app, Action::SetSystem(1, "Be brief.".into()));
        act(&mut app, Action::SetModel(1, "m".into()));
        act(&mut app, Action::SetModel(7, "nobody's".into()));
        act(&mut app, Action::DuplicateDiscussion(1));
        let copy = discussions(&app).shown().unwrap();
        assert_eq!((&*copy.system, &*copy.model), ("Be brief.", "m"));
        assert_eq!(copy.model_of, server);
        act(&mut app, Action::AddDiscussion);
        let new = discussions(&app).shown().unwrap();
        assert_eq!((&*new.system, &*new.model), ("", ""));
    }

    #[test]
    fn a_discussion_has_a_provider_and_the_model_is_of_that() {
        let mut app = app();
        let own = Some(ProviderKind::Anthropic);
        act(&mut app, Action::SetProvider(1, own));
        act(&mut app, Action::SetProvider(7, None));
        act(
            &mut app,
            Action::SetAddress(1, "https://own.example".into()),
        );
        act(
            &mut app,
            Action::SetAddress(7, "https://nobody.example".into()),
        );
        act(&mut app, Action::SetModel(1, "m".into()));
        let discussion = discussions(&app).shown().unwrap();
        let of = discussion.model_of.clone().unwrap();
        assert_eq!(
            (Some(of.provider), &*of.origin),
            (own, "https://own.example")
        );
        act(&mut app, Action::SetProvider(1, None));
        assert_eq!(discussions(&app).shown().unwrap().provider, None);
    }

    #[test]
    fn an_address_does_not_go_over_to_another_protocol() {
        let mut app = app();
        let address = || Action::SetAddress(1, "https://own.example".into());
        let base_url = |app: &App| discussions(app).list[0].base_url.clone();
        let [one, other] = [ProviderKind::OpenAi, ProviderKind::Anthropic].map(Some);
        act(&mut app, Action::SetProvider(1, one));
        act(&mut app, address());
        act(&mut app, Action::SetProvider(1, one));
        assert_eq!(base_url(&app), "https://own.example");
        act(&mut app, Action::SetProvider(1, other));
        assert_eq!(base_url(&app), "");
        act(&mut app, address());
        act(&mut app, Action::SetProvider(1, None));
        assert_eq!(base_url(&app), "");
    }

    #[test]
    fn a_model_from_before_it_was_kept_for_whom_is_of_the_server_so_far() {
        let mut app = app();
        let settings = Settings {
            provider: ProviderKind::OpenAi,
            ..Settings::default()
        };
        let server = settings.server_id();
        app.insert_resource(settings);
        let old = |app: &mut App, model: &str| {
            let mut discussions = app.world_mut().resource_mut::<Discussions>();
            model.clone_into(&mut discussions.list[0].model);
            discussions.list[0].model_of = None;
        };
        let of = |app: &App| discussions(app).list[0].model_of.clone();
        old(&mut app, "m");
        act(
            &mut app,
            Action::SetProvider(1, Some(ProviderKind::Anthropic)),
        );
        assert_eq!(of(&app), server);
        old(&mut app, "m");
        let of_anthropic = Settings {
            provider: ProviderKind::Anthropic,
            ..Settings::default()
        };
        act(
            &mut app,
            Action::SetAddress(1, "https://own.example".into()),
        );
        assert_eq!(of(&app), of_anthropic.server_id());
        // Without a model there is none to be of a server.
        old(&mut app, " ");
        act(&mut app, Action::SetProvider(1, None));
        assert_eq!(of(&app), None);
    }

    #[test]
    fn a_copy_has_ids_of_its_own_and_is_shown_beside_the_original() {
        let mut app = app();
        write(&mut app, "one");
        write(&mut app, "two");
        act(&mut app, Action::AddDiscussion);
        act(&mut app, Action::DuplicateDiscussion(1));
        act(&mut app, Action::DuplicateDiscussion(77));
        assert_eq!(names(&app), ["Main", "Main copy", "Discussion 2"]);
        assert_eq!(texts(&app), ["one", "two"]);
        let list = discussions(&app).list.iter();
        let mut ids: Vec<_> = list
            .flat_map(|d| d.entries.iter().map(|e| e.id).chain([d.id]))
            .collect();
        ids.sort_unstable();
        assert_eq!(ids, [1, 2, 3, 4, 5, 6, 7]);
    }

    #[test]
    fn a_copy_may_do_nothing_until_somebody_says_so() {
        let mut app = app();
        act(&mut app, Action::SetLeave(1, Leave::Act));
        act(&mut app, Action::DuplicateDiscussion(1));
        let leaves = discussions(&app).list.iter().map(|one| one.leave);
        assert_eq!(leaves.collect::<Vec<_>>(), [Leave::Act, Leave::None]);
    }

    #[test]
    fn a_copy_has_takes_of_its_own_in_the_same_order() {
        let mut app = app();
        let first = write(&mut app, "one");
        let new = Entry {
            id: 7,
            text: "another".into(),
            ..Entry::default()
        };
        let mut all = app.world_mut().resource_mut::<Discussions>();
        all.last_id = 7;
        assert!(all.list[0].retake(first, new));
        act(&mut app, Action::DuplicateDiscussion(1));
        let copy = discussions(&app).shown().unwrap();
        assert_eq!(copy.name, "Main copy");
        let takes = copy.takes(&copy.entries[0]);
        let texts = takes
            .iter()
            .map(|id| copy.entry(*id).unwrap().text.as_str());
        assert_eq!(texts.collect::<Vec<_>>(), ["one", "another"]);
        assert!(takes.iter().all(|id| *id > 7), "{takes:?}");
        assert_eq!(copy.entries[0].place(), takes[0]);
    }

    #[test]
    fn an_answer_that_is_still_being_written_is_not_whole_in_a_copy() {
        let mut app = app();
        let entry = write(&mut app, "half an ans");
        let mut pending = app.world_mut().resource_mut::<PendingRequests>();
        pending.0.push(Pending {
            request: 1,
            discussion: 1,
            entry,
        });
        act(&mut app, Action::DuplicateDiscussion(1));
        let copied =
            "half an ans\n\n> **No answer:** It was copied before the answer was complete.";
        assert_eq!(texts(&app), [copied]);
        assert_eq!(discussions(&app).list[0].entries[0].text, "half an ans");
    }

    #[test]
    fn after_a_deletion_a_neighbour_is_shown_or_an_empty_one() {
        let mut app = app();
        act(&mut app, Action::AddDiscussion);
        act(&mut app, Action::AddDiscussion);
        act(&mut app, Action::SelectDiscussion(2));
        act(&mut app, Action::DeleteDiscussion(2));
        assert_eq!(discussions(&app).active, 3);
        act(&mut app, Action::DeleteDiscussion(1));
        assert_eq!(discussions(&app).active, 3);
        act(&mut app, Action::DeleteDiscussion(3));
        assert_eq!(names(&app), ["Main"]);
        assert_eq!(discussions(&app).shown().unwrap().id, 4);
    }

    #[test]
    fn an_entry_goes_into_the_discussion_that_is_shown() {
        let mut app = app();
        act(&mut app, Action::AddDiscussion);
        let before = now();
        write(&mut app, "hello");
        assert_eq!(discussions(&app).list[0].entries, []);
        let entry = &discussions(&app).list[1].entries[0];
        assert_eq!(
            (entry.text.as_str(), entry.role.as_str()),
            ("hello", "User")
        );
        assert!((before..=now()).contains(&entry.time));
        assert_eq!(app.world().resource::<Composer>().text, "");
        assert_eq!(asked(&mut app), []);
    }

    #[test]
    fn the_assistant_is_asked_if_the_composer_says_so() {
        let mut app = app();
        app.world_mut().resource_mut::<Composer>().text = "hello?".into();
        act(&mut app, Action::AddEntry);
        let expected = AskAssistant {
            discussion: 1,
            instead_of: None,
        };
        assert_eq!(asked(&mut app), [expected]);
        // Blank by now.
        act(&mut app, Action::AddEntry);
        assert_eq!(asked(&mut app), []);
    }

    #[test]
    fn what_is_pasted_is_kept_whole_and_goes_out_with_the_next_question() {
        let mut app = app();
        let text = "many words ".repeat(500_000);
        app.world_mut().resource_mut::<Composer>().text = "what is it?".into();
        act(&mut app, Action::PasteEntry(text.clone()));
        assert_eq!(asked(&mut app), []);
        assert_eq!(app.world().resource::<Composer>().text, "what is it?");
        act(&mut app, Action::AddEntry);
        assert_eq!(asked(&mut app).len(), 1);
        let entries = &discussions(&app).list[0].entries;
        let [pasted, question] = entries.as_slice() else {
            panic!("{} entries", entries.len());
        };
        assert_eq!((&*pasted.role, pasted.collapsed), ("User", true));
        assert_eq!(
            (&*question.text, question.collapsed),
            ("what is it?", false)
        );
        assert!(pasted.id < question.id);
        let (_, sent) = slop_common::message(pasted).unwrap();
        assert!(sent == text, "{} of {}", sent.len(), text.len());
        // What is blank is nothing.
        act(&mut app, Action::PasteEntry(" \n".repeat(200_000)));
        assert_eq!(discussions(&app).list[0].entries.len(), 2);
    }

    #[test]
    fn a_blank_entry_is_ignored() {
        let mut app = app();
        app.world_mut().resource_mut::<Composer>().text = "  \n".into();
        act(&mut app, Action::AddEntry);
        assert_eq!(*discussions(&app), Discussions::default());
        assert_eq!(app.world().resource::<Composer>().text, "  \n");
    }

    #[test]
    fn entries_are_changed_wherever_they_are() {
        let mut app = app();
        let id = write(&mut app, "one");
        act(&mut app, Action::AddDiscussion);
        act(&mut app, Action::EditEntry(id, "two".into()));
        act(&mut app, Action::SetRole(id, "Context".into()));
        act(&mut app, Action::SetCollapsed(id, true));
        act(&mut app, Action::SetRaw(id, true));
        act(&mut app, Action::EditEntry(99, "nobody".into()));
        let entry = &discussions(&app).list[0].entries[0];
        let expected = Entry {
            id,
            role: "Context".into(),
            time: entry.time,
            text: "two".into(),
            collapsed: true,
            raw: true,
            ..Entry::default()
        };
        assert_eq!(*entry, expected);
    }

    #[test]
    fn an_edit_that_goes_on_keeps_what_there_was() {
        let mut app = app();
        let ids = ["a", "b", "c"].map(|text| write(&mut app, text));
        act(&mut app, Action::SetRole(ids[1], "Boss".into()));
        act(&mut app, Action::Retake(ids[1], "B".into()));
        act(&mut app, Action::Retake(99, "nobody".into()));
        assert_eq!(texts(&app), ["a", "B"]);
        assert_eq!(discussions(&app).shown().unwrap().entries[1].role, "Boss");
        let expected = AskAssistant {
            discussion: 1,
            instead_of: None,
        };
        assert_eq!(asked(&mut app), [expected]);
        let new = discussions(&app).last_id;

        act(&mut app, Action::ShowEntry(ids[1]));
        assert_eq!(texts(&app), ["a", "b", "c"]);
        // Of one that is not shown, and from another discussion.
        act(&mut app, Action::AddDiscussion);
        act(&mut app, Action::EditEntry(new, "BB".into()));
        act(&mut app, Action::Retake(new, "BBB".into()));
        act(&mut app, Action::ShowEntry(new));
        assert_eq!(discussions(&app).active, 1);
        assert_eq!(texts(&app), ["a", "BB"]);
        let shown = discussions(&app).shown().unwrap();
        assert_eq!(shown.takes(&shown.entries[1]).len(), 3);
        act(&mut app, Action::ShowEntry(99));
        assert_eq!(texts(&app), ["a", "BB"]);
    }

    #[test]
    fn another_take_is_asked_for_if_the_answer_is_shown() {
        let mut app = app();
        let id = write(&mut app, "an answer");
        act(&mut app, Action::AddDiscussion);
        act(&mut app, Action::Regenerate(99));
        assert_eq!(asked(&mut app), []);
        act(&mut app, Action::Regenerate(id));
        let expected = AskAssistant {
            discussion: 1,
            instead_of: Some(id),
        };
        assert_eq!(asked(&mut app), [expected]);
    }

    #[test]
    fn entries_are_moved_as_far_as_there_are_places() {
        let mut app = app();
        let ids = ["a", "b", "c"].map(|text| write(&mut app, text));
        act(&mut app, Action::MoveEntry(ids[0], 1));
        assert_eq!(texts(&app), ["b", "a", "c"]);
        act(&mut app, Action::MoveEntry(ids[2], -2));
        assert_eq!(texts(&app), ["c", "b", "a"]);
        act(&mut app, Action::MoveEntry(ids[2], 7));
        assert_eq!(texts(&app), ["b", "a", "c"]);
        act(&mut app, Action::MoveEntry(ids[2], i32::MIN));
        assert_eq!(texts(&app), ["c", "b", "a"]);
        act(&mut app, Action::MoveEntry(99, 1));
        act(&mut app, Action::DeleteEntry(ids[1]));
        act(&mut app, Action::DeleteEntry(99));
        assert_eq!(texts(&app), ["c", "a"]);
    }
}

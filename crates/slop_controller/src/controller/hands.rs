//! What the assistant wants to do in the project's folder: allowed or not, done, undone.
//!
//! What is being done belongs to [`Jobs`], which is never reloaded. The system here begins a job under
//! the number of its call and copies from there what became of it, so running twice, a reload and a
//! rollback make no difference to it.

use std::time::Duration;

use bevy::prelude::*;
use slop_common::{can_begin, is_here, job_of, LeaveError};
use slop_engine::hands::{Change, HandsError, Job, Jobs, Wanted};
use slop_state::{
    Action, CallId, Deed, Discussions, HandsView, Pending, PendingRequests, Project, Remembered,
    Settings, Stage, ToolRequest, ToolRequests,
};

use super::excerpt::excerpt;
use crate::{actions::Actions, clock::now};

/// What becomes of a change or a look of an earlier start.
const LOST: &str = "The app was closed while it was being done; look at what is there now.";
/// How much of what became of a file is kept with its call, in bytes.
const DIFF: usize = 16 * 1024;
/// What becomes of a request whose answer was stopped or deleted.
const NOBODY: &str = "The answer was stopped.";

/// Does what a person says to requests, and follows those that are under way.
pub(super) fn serve_tools(
    mut actions: Actions,
    mut requests: ResMut<ToolRequests>,
    mut discussions: ResMut<Discussions>,
    mut jobs: ResMut<Jobs>,
    pending: Option<Res<PendingRequests>>,
    (project, view): (Res<Project>, Res<HandsView>),
    settings: Res<Settings>,
) {
    jobs.poll();
    let wanted: Vec<Action> = actions.read().filter(|a| is_ours(a)).cloned().collect();
    let is_open = |request: &ToolRequest| !request.stage.is_over();
    if wanted.is_empty() && !requests.list.iter().any(is_open) {
        return;
    }
    let mut hands = Hands {
        requests: &mut requests,
        discussions: &mut discussions,
        jobs: &mut jobs,
        folder: &project.root,
        editing: view.editing.as_ref().map(|(id, _)| *id),
        limit: Duration::from_secs(settings.command_limit_s.into()),
    };
    // Before anything is begun, which may run already.
    hands.end_what_was_left();
    for action in wanted {
        hands.serve(action);
    }
    if let Some(pending) = pending {
        hands.drop_those_without(&pending);
    }
    hands.begin_what_needs_no_word();
    hands.follow();
}

fn is_ours(action: &Action) -> bool {
    matches!(
        action,
        Action::AllowTool(_)
            | Action::AllowEditedTool(..)
            | Action::RememberTool(_)
            | Action::RefuseTool(..)
            | Action::CancelTool(_)
            | Action::UndoTool(_)
            | Action::ForgetTool(_)
    )
}

/// Whether its answer still waits for a request.
fn is_awaited(request: &ToolRequest, pending: &PendingRequests) -> bool {
    let is_its =
        |waiting: &Pending| (waiting.request, waiting.entry) == (request.id.request, request.entry);
    pending.0.iter().any(is_its)
}

/// What is to be done, as a job of the engine. A command is ended at the `limit`.
fn job(deed: &Deed, limit: Duration) -> Result<Job, String> {
    Ok(match deed {
        Deed::Look { name, arguments } => {
            let wanted = Wanted::parse(name, arguments).map_err(|error| error.to_string())?;
            Job::Look(wanted)
        }
        Deed::Change {
            path,
            before,
            after,
        } => Job::Apply(change(path, before.as_ref(), after)),
        Deed::Run(command) => Job::Run {
            command: command.clone(),
            limit,
        },
    })
}

/// What the model is told of a deed that a person edited, before what came of it.
fn said_of_edit(deed: &Deed) -> String {
    match deed {
        Deed::Look { .. } => String::new(),
        Deed::Change { path, .. } => format!(
            "The person edited what you asked for before it was done. What is in {path} now is not what you \
             sent: read it before you go on.\n"
        ),
        Deed::Run(command) => format!(
            "The person edited the command before it ran. This was run instead:\n{}\n\
             What came of it:\n",
            command.trim_end()
        ),
    }
}

/// Where a change stands that could not be undone.
fn not_undone(reason: &str) -> Stage {
    Stage::Done(format!("It was not undone: {reason}"))
}

/// What became of a file, for who is to check it.
fn diff(deed: &Deed) -> Option<String> {
    let Deed::Change {
        path,
        before,
        after,
    } = deed
    else {
        return None;
    };
    let diff = change(path, before.as_ref(), after).diff().to_string();
    Some(excerpt(&diff, DIFF).into_owned())
}

fn change(path: &str, before: Option<&String>, after: &str) -> Change {
    Change {
        path: path.to_owned(),
        before: before.cloned(),
        after: after.to_owned(),
    }
}

/// What is changed, and with what.
struct Hands<'a, 'r, 'd> {
    requests: &'a mut ResMut<'r, ToolRequests>,
    discussions: &'a mut ResMut<'d, Discussions>,
    jobs: &'a mut Jobs,
    /// The project's, as it is now.
    folder: &'a str,
    /// The request that a person is making something else of.
    editing: Option<CallId>,
    /// Of a command.
    limit: Duration,
}

impl Hands<'_, '_, '_> {
    fn allow_edited(&mut self, id: CallId, text: String) {
        if self.edit(id, text) {
            let is_edited = self.requests.get(id).is_some_and(|request| request.edited);
            let how = if is_edited {
                "edited and allowed"
            } else {
                "allowed"
            };
            self.allow(id, how);
        }
    }

    fn refuse(&mut self, id: CallId, reason: &str) {
        if self.stage(id) == Some(&Stage::Waiting) {
            self.settle(id, Stage::Refused(reason.trim().to_owned()));
        }
    }

    fn serve(&mut self, action: Action) {
        match action {
            Action::AllowTool(id) => self.allow(id, "allowed"),
            Action::AllowEditedTool(id, text) => self.allow_edited(id, text),
            Action::RememberTool(id) => {
                let how = if self.remember(id) {
                    "allowed, and all of its kind in this ticket"
                } else {
                    "allowed"
                };
                self.allow(id, how);
            }
            Action::RefuseTool(id, reason) => self.refuse(id, &reason),
            Action::CancelTool(id) => {
                if let Some(request) = self.requests.get(id) {
                    self.jobs.cancel(job_of(request));
                }
            }
            Action::UndoTool(id) => self.undo(id),
            Action::ForgetTool(remembered) => {
                self.requests.remembered.retain(|one| *one != remembered);
            }
            _ => {}
        }
    }

    fn stage(&self, id: CallId) -> Option<&Stage> {
        self.requests.get(id).map(|request| &request.stage)
    }

    /// Begins what waits for leave. `how` is for the log.
    fn allow(&mut self, id: CallId, how: &str) {
        let request = self.requests.get(id);
        let Some(request) = request.filter(|request| request.stage == Stage::Waiting) else {
            return;
        };
        let title = request.title();
        let job_id = job_of(request);
        // What was begun before was begun in its folder.
        let is_begun = self.jobs.begun(job_id).is_some();
        let job = match can_begin(request, self.requests, self.folder) {
            Err(LeaveError::Busy) if !is_begun => return,
            Err(error) if !is_begun => Err(error.to_string()),
            _ => job(&request.deed, self.limit),
        };
        let folder = request.folder.clone();
        // Of what only looks the log says once what came of it.
        if request.deed.kind().is_some() {
            self.requests.note(now(), how, title);
        }
        match job {
            Ok(job) => {
                self.jobs.start(job_id, &folder, job);
                if let Some(request) = self.requests.get_mut(id) {
                    request.stage = Stage::Running;
                }
            }
            Err(reason) => self.settle(id, Stage::Failed(reason)),
        }
    }

    /// Gives a request another text. Whether it has one that can be done.
    fn edit(&mut self, id: CallId, text: String) -> bool {
        let request = self.requests.get_mut(id);
        let Some(request) = request.filter(|request| request.stage == Stage::Waiting) else {
            return false;
        };
        if matches!(request.deed, Deed::Run(_)) {
            if let Err(error) = Jobs::check(&text) {
                warn!("the command was not run: {error}");
                return false;
            }
        }
        request.edited |= request.deed.text().is_some_and(|now| now != text);
        match &mut request.deed {
            Deed::Look { .. } => return false,
            Deed::Change { after, .. } => *after = text,
            Deed::Run(command) => *command = text,
        }
        true
    }

    /// Gives a request that waits the text that was begun for it, and what that replaced. A rollback has
    /// forgotten what a person made of it.
    fn edit_as_begun(&mut self, id: CallId) {
        let job = self.requests.get(id).map(job_of);
        let begun = job.and_then(|job| self.jobs.begun(job)).cloned();
        let text = match begun {
            Some(Job::Apply(change)) => {
                self.show_against(id, change.before);
                change.after
            }
            Some(Job::Run { command, .. }) => command,
            Some(Job::Look(_) | Job::Undo(_)) | None => return,
        };
        self.edit(id, text);
    }

    /// Has a change replace something else than what was in the file when it was asked for.
    fn show_against(&mut self, id: CallId, now: Option<String>) {
        let request = self.requests.get_mut(id);
        if let Some(Deed::Change { before, .. }) = request.map(|request| &mut request.deed) {
            *before = now;
        }
    }

    /// Has the changes of a file that wait shown against what is in it now that another one was written,
    /// or undone. The file was what they were shown against before, so they are no conflict.
    fn show_anew(&mut self, id: CallId) {
        let Some(done) = self.requests.get(id).cloned() else {
            return;
        };
        let Deed::Change { before, after, .. } = &done.deed else {
            return;
        };
        let (mut from, mut now) = (before.clone(), Some(after.clone()));
        if done.stage == Stage::Undone {
            std::mem::swap(&mut from, &mut now);
        }
        let of_file = self.requests.waiting().filter_map(|request| {
            let Deed::Change { before, after, .. } = &request.deed else {
                return None;
            };
            let is_shown_so = request.is_of_same_file(&done) && *before == from;
            is_shown_so.then(|| (request.id, now.as_ref() == Some(after)))
        });
        let of_file: Vec<(CallId, bool)> = of_file.collect();
        for (id, is_there) in of_file {
            self.show_against(id, now.clone());
            if is_there {
                self.say_that_it_is_there(id);
            }
        }
    }

    /// Settles a change of a file that says that already.
    fn say_that_it_is_there(&mut self, id: CallId) {
        let Some(Deed::Change { path, .. }) = self.requests.get(id).map(|one| &one.deed) else {
            return;
        };
        let path = path.clone();
        let reason = HandsError::NoChange { path }.to_string();
        self.settle(id, Stage::Failed(reason));
    }

    /// Remembers leave for all that is like a request that waits. Whether there is such leave now.
    fn remember(&mut self, id: CallId) -> bool {
        let request = self.requests.get(id);
        let request = request.filter(|request| {
            request.stage == Stage::Waiting && is_here(request, self.folder).is_ok()
        });
        let remembered = request.and_then(|request| {
            Some(Remembered {
                ticket: request.ticket?,
                kind: request.deed.kind()?,
                folder: request.folder.clone(),
            })
        });
        let Some(remembered) = remembered else {
            return false;
        };
        if !self.requests.remembered.contains(&remembered) {
            self.requests.remembered.push(remembered);
        }
        true
    }

    /// Begins to put back what was in a file, unless another change of it is under way.
    fn undo(&mut self, id: CallId) {
        let Some(request) = self.requests.get(id) else {
            return;
        };
        let hindrance = can_begin(request, self.requests, self.folder).err();
        if hindrance == Some(LeaveError::Busy) {
            return;
        }
        let Some(request) = self.requests.get_mut(id) else {
            return;
        };
        let (
            Stage::Done(_),
            Deed::Change {
                path,
                before,
                after,
            },
        ) = (&request.stage, &request.deed)
        else {
            return;
        };
        let change = change(path, before.as_ref(), after);
        request.attempt += 1;
        request.stage = Stage::Undoing;
        let job_id = job_of(request);
        let folder = request.folder.clone();
        match hindrance {
            Some(error) => self.settle(id, not_undone(&error.to_string())),
            None => self.jobs.start(job_id, &folder, Job::Undo(change)),
        }
    }

    /// Drops what no answer waits for any more.
    fn drop_those_without(&mut self, pending: &PendingRequests) {
        let list = self.requests.list.iter();
        let open = list.filter(|request| !request.stage.is_over());
        let lost = open.filter(|request| !is_awaited(request, pending));
        let lost: Vec<ToolRequest> = lost.cloned().collect();
        for request in lost {
            match request.stage {
                Stage::Waiting => self.settle(request.id, Stage::Refused(NOBODY.to_owned())),
                Stage::Running => self.jobs.cancel(job_of(&request)),
                _ => {}
            }
        }
    }

    /// Begins what there is leave for, and what a rollback, or an app that was killed, has forgotten to have
    /// begun.
    fn begin_what_needs_no_word(&mut self) {
        let waiting: Vec<_> = self
            .requests
            .waiting()
            .filter_map(|request| {
                let how = if self.jobs.begun(job_of(request)).is_some() {
                    "was begun before"
                } else if self.editing == Some(request.id) {
                    // It is not to be done as it was asked for.
                    return None;
                } else if request.deed.kind().is_none() {
                    "allowed in this discussion"
                } else if self.requests.is_remembered(request) {
                    "allowed, as all of its kind in this ticket"
                } else {
                    return None;
                };
                Some((request.id, how))
            })
            .collect();
        for (id, how) in waiting {
            self.edit_as_begun(id);
            self.allow(id, how);
        }
    }

    /// Sees what became of what was begun.
    fn follow(&mut self) {
        let list = self.requests.list.iter();
        let open = list.filter(|request| matches!(request.stage, Stage::Running | Stage::Undoing));
        let outcomes: Vec<(CallId, Result<String, String>)> = open
            .filter_map(|request| {
                let Some(progress) = self.jobs.get(job_of(request)) else {
                    return Some((request.id, Err(LOST.to_owned())));
                };
                Some((request.id, progress.outcome?))
            })
            .collect();
        for (id, outcome) in outcomes {
            let is_undone = self.stage(id) == Some(&Stage::Undoing);
            let is_good = outcome.is_ok();
            let stage = match (is_undone, outcome) {
                (false, Ok(text)) => Stage::Done(text),
                (false, Err(reason)) => Stage::Failed(reason),
                (true, Ok(_)) => Stage::Undone,
                (true, Err(reason)) => not_undone(&reason),
            };
            self.settle(id, stage);
            if is_good {
                self.show_anew(id);
            }
        }
    }

    /// Ends what an app that was killed has left of the commands that were under way. One that waits may
    /// be such: the app is killed before its state says that it was begun.
    fn end_what_was_left(&mut self) {
        for request in &self.requests.list {
            let Deed::Run(command) = &request.deed else {
                continue;
            };
            let id = job_of(request);
            if self.jobs.begun(id).is_some() {
                continue;
            }
            let is_lost = match request.stage {
                Stage::Running => true,
                Stage::Waiting => self.jobs.finds_left(id),
                _ => false,
            };
            if is_lost {
                let (command, limit) = (command.clone(), self.limit);
                self.jobs.end_left(id, Job::Run { command, limit });
            }
        }
    }

    /// Notes what became of a request, and tells the model.
    fn settle(&mut self, id: CallId, stage: Stage) {
        let Some(request) = self.requests.get_mut(id) else {
            return;
        };
        let is_first = request.attempt == 0;
        let (what, mut result) = match &stage {
            Stage::Done(text) if is_first => ("done".to_owned(), text.clone()),
            Stage::Done(reason) => ("not undone".to_owned(), reason.clone()),
            Stage::Refused(reason) if reason.is_empty() => {
                let told = "The person does not allow it.".to_owned();
                ("refused".to_owned(), told)
            }
            Stage::Refused(reason) => {
                let told = format!("The person does not allow it: {reason}");
                (format!("refused: {reason}"), told)
            }
            Stage::Failed(reason) => {
                let last = reason.lines().next_back().unwrap_or_default();
                (format!("failed: {last}"), format!("It failed: {reason}"))
            }
            Stage::Undone => ("undone".to_owned(), String::new()),
            Stage::Waiting | Stage::Running | Stage::Undoing => return,
        };
        let title = request.title();
        let edited = request.edited.then(|| request.deed.clone());
        let is_done = is_first && matches!(stage, Stage::Done(_));
        let diff = is_done.then(|| diff(&request.deed)).flatten();
        let is_undone = stage == Stage::Undone;
        let (discussion, entry) = (request.discussion, request.entry);
        request.stage = stage;
        if request.deed.kind().is_some() {
            self.requests.note(now(), what, title);
        } else {
            self.requests.note_look(now(), what, title);
        }
        let discussion = self.discussions.get_mut(discussion);
        let Some(entry) = discussion.and_then(|discussion| discussion.entry_mut(entry)) else {
            return;
        };
        let mut rounds = entry.rounds.iter_mut();
        let round = rounds.find(|round| round.request == id.request);
        let place = usize::try_from(id.place).unwrap_or(usize::MAX);
        let Some(call) = round.and_then(|round| round.calls.get_mut(place)) else {
            return;
        };
        call.undone |= is_undone;
        // What is undone was told before.
        if !is_first {
            return;
        }
        if let Some(deed) = edited {
            result.insert_str(0, &said_of_edit(&deed));
            call.edited = deed.text().map(str::to_owned);
        }
        call.diff = diff;
        // One that was stopped was told so.
        call.result.get_or_insert(result);
    }
}

#[cfg(test)]
mod tests;

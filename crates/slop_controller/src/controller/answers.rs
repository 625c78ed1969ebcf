//! How what was asked of the assistant was answered.
//!
//! Whoever asks keeps the last id that was given out before. The answer is the first entry of the
//! assistant after it, so it is found again after a reload, a rollback or a restart. If tools were
//! called, it is in that entry all the same: what was said after the last call.

use slop_common::{parts, streaming, ASSISTANT};
use slop_state::{Discussion, Discussions, PendingRequests};

use crate::entry::{last_said, stop_entry};

const CANCELLED: &str = "It was cancelled.";
const COPIED: &str = "It was copied before the answer was complete.";
pub(super) const NOT_THERE: &str = "There is no answer: it was deleted, or never asked for.";

/// What decides whether something is answered.
pub(super) struct Answers<'a> {
    pub(super) discussions: &'a Discussions,
    pub(super) pending: &'a PendingRequests,
    /// Whether nothing that is to be asked waits to be sent.
    pub(super) all_are_sent: bool,
}

impl Answers<'_> {
    /// The answer in a discussion after an id, or why there is no whole one; `None` if it is still to
    /// come.
    pub(super) fn get(
        &self,
        discussion: Option<u64>,
        after: u64,
    ) -> Option<Result<String, String>> {
        let discussion = discussion.and_then(|id| self.discussions.get(id));
        let answer = discussion.and_then(|discussion| {
            let entries = discussion.all_entries();
            entries
                .filter(|entry| entry.id > after && entry.role == ASSISTANT)
                .min_by_key(|entry| entry.id)
        });
        match answer {
            Some(answer) if streaming(self.pending).contains(&answer.id) => None,
            Some(answer) => Some(match reason(&answer.text) {
                Some(reason) => Err(reason),
                None => Ok(last_said(answer).to_owned()),
            }),
            // It gets its entry when it is sent.
            None if discussion.is_some() && !self.all_are_sent => None,
            None => Some(Err(NOT_THERE.to_owned())),
        }
    }
}

/// Why an answer is not whole.
pub(super) fn reason(text: &str) -> Option<String> {
    let (_, reason) = parts(text);
    reason.map(|reason| reason.replace("\n> ", "\n"))
}

/// Whether the assistant is answering in a discussion.
pub(super) fn is_answered(discussion: u64, pending: &PendingRequests) -> bool {
    let mut waiting = pending.0.iter();
    waiting.any(|waiting| waiting.discussion == discussion)
}

/// A copy of a discussion, under the same ids. Nothing more comes for the answers in it, so those that are
/// not complete say so.
pub(super) fn copy_of(discussion: &Discussion, pending: Option<&PendingRequests>) -> Discussion {
    let mut copy = discussion.clone();
    let waiting = pending.into_iter().flat_map(|pending| &pending.0);
    for waiting in waiting {
        if let Some(entry) = copy.entry_mut(waiting.entry) {
            stop_entry(entry, COPIED);
        }
    }
    copy
}

/// Stops what the assistant says in a discussion. A request that nobody waits for is cancelled by
/// `ai_client`. Why nothing more comes.
pub(super) fn stop(
    discussion: Option<u64>,
    discussions: &mut Discussions,
    pending: &mut PendingRequests,
) -> String {
    let waiting = std::mem::take(&mut pending.0).into_iter();
    let (stopped, kept): (Vec<_>, Vec<_>) =
        waiting.partition(|waiting| Some(waiting.discussion) == discussion);
    pending.0 = kept;
    for waiting in stopped {
        let discussion = discussions.get_mut(waiting.discussion);
        if let Some(entry) = discussion.and_then(|d| d.entry_mut(waiting.entry)) {
            stop_entry(entry, CANCELLED);
        }
    }
    CANCELLED.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_is_told_from_an_answer() {
        assert_eq!(reason("> **No answer:** cut"), Some("cut".to_owned()));
        let text = "half\n\n> **Cut off:** no\n> room";
        assert_eq!(reason(text), Some("no\nroom".to_owned()));
        assert_eq!(reason("It says > **No answer:** cut"), None);
        assert_eq!(reason("whole"), None);
    }
}

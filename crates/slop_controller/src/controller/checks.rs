//! QA checks what came of a ticket, and its verdict moves the ticket on or back.

use slop_common::{Work, WorkError, ASSISTANT};
use slop_engine::hands::Wanted;
use slop_state::{
    Discussion, Discussions, Entry, PendingRequests, Run, Status, Ticket, Tier, Tiers, Verdict,
};

use super::{
    excerpt::excerpt,
    ticket_discussions::{answer_at_end, first_entry},
    ticket_error::TicketError,
    tickets::Tickets,
};
use crate::{
    ask::AskAssistant,
    entry::{as_user, last_said},
};

/// What QA is told of how to answer. `verdict` reads it.
const FORMAT: &str =
    "Say what you have checked and found. End with a line of its own: `PASS` if the \
    answer does all that the ticket asks for, or `FAIL: ` and the reason if it does not.";

/// How much of what became of files goes to QA, in bytes.
const DIFFS: usize = 32 * 1024;

/// What QA is told of a change that was taken back.
const UNDONE: &str = " A person has undone it since.";

/// Why an answer of QA moves nothing.
const NO_VERDICT: &str = "QA's answer has no line PASS or FAIL; ask again, or decide yourself.";

/// Has QA check the last answer about a ticket. What it is to be asked.
pub(super) fn start(
    number: u32,
    limit: u32,
    tickets: &mut Tickets,
    discussions: &mut Discussions,
    pending: &PendingRequests,
    tiers: &Tiers,
) -> Result<AskAssistant, TicketError> {
    let ticket = tickets.get(number).ok_or(TicketError::Missing(number))?;
    let text = question(
        ticket,
        &Work {
            needs: &tickets.dependencies(),
            limit,
            discussions: &*discussions,
            pending,
        },
    )?;
    let id = discussion_with_qa(ticket, discussions, tiers);
    let instead_of = put_question(id, text, discussions);
    let after = discussions.last_id;
    if let Some(ticket) = tickets.get_mut(number) {
        ticket.check = Some(id);
        ticket.verdict = None;
        ticket.run = Run::Checked { after };
        if ticket.status != Status::Review {
            tickets.relocate(number, Status::Review, None);
        }
    }
    Ok(AskAssistant {
        discussion: id,
        instead_of,
    })
}

/// What QA is asked about the last answer to a ticket, if that can be checked now.
fn question(ticket: &Ticket, work: &Work<'_>) -> Result<String, WorkError> {
    let answer = work.to_check(ticket)?;
    let text = first_entry(0, ticket, work.needs).text;
    let (said, deeds) = (last_said(answer).trim(), deeds(answer));
    Ok(format!(
        "{text}\n## The answer\n\n{said}\n\n{deeds}{FORMAT}\n"
    ))
}

/// What was to be changed or run for an answer in the project's folder, or was instead, and what came of
/// it, with what became of the files; blank if nothing was.
fn deeds(answer: &Entry) -> String {
    let mut text = String::new();
    let mut room = DIFFS;
    for call in answer.rounds.iter().flat_map(|round| &round.calls) {
        let edited = call.edited.as_deref();
        let what = match Wanted::parse(&call.name, &call.arguments) {
            Ok(Wanted::Change { path, .. }) if edited.is_some() => {
                format!("To write {path}, with what a person made of it")
            }
            Ok(Wanted::Change { path, .. }) => format!("To write {path}"),
            Ok(Wanted::Run { command }) => {
                let asked = format!("To run `{}`", command.trim());
                match edited {
                    Some(edited) => {
                        format!("{asked}, of which a person made `{}`", edited.trim())
                    }
                    None => asked,
                }
            }
            // Who only looks has done nothing.
            Ok(_) | Err(_) => continue,
        };
        if text.is_empty() {
            text += "## What it asked for in the project's folder\n\n";
        }
        // The last line says how it ended.
        let result = call.result.as_deref().unwrap_or_default();
        let result = result.lines().next_back().unwrap_or_default();
        let undone = if call.undone { UNDONE } else { "" };
        text += &format!("- {what}: {result}{undone}\n");
        if let Some(diff) = call.diff.as_deref().filter(|_| !call.undone) {
            // A line of a diff may look like the end of a shorter fence.
            let diff_shown = excerpt(diff, room);
            text += &format!("\n````diff\n{}\n````\n\n", diff_shown.trim_end());
            room = room.saturating_sub(diff.len());
        }
    }
    if !text.is_empty() {
        text.push('\n');
    }
    text
}

/// The id of the discussion with QA about a ticket. It is made if there is none, or none any more.
fn discussion_with_qa(ticket: &Ticket, discussions: &mut Discussions, tiers: &Tiers) -> u64 {
    let known = ticket.check.filter(|id| discussions.get(*id).is_some());
    known.unwrap_or_else(|| {
        let id = discussions.next_id();
        discussions.list.push(Discussion {
            id,
            name: format!("QA #{} {}", ticket.number, ticket.title),
            tier: Some(Tier::Qa),
            leave: tiers.leave(Tier::Qa),
            ..Discussion::default()
        });
        id
    })
}

/// Puts a question to QA, unless it is the last there already. The id of the answer to it that is to
/// be set aside.
fn put_question(id: u64, text: String, discussions: &mut Discussions) -> Option<u64> {
    let discussion = discussions.get(id)?;
    let mut entries = discussion.entries.iter().rev();
    let last = entries.find(|entry| entry.role != ASSISTANT);
    if last.is_some_and(|last| last.text == text) {
        return answer_at_end(discussion);
    }
    let entry = as_user(discussions.next_id(), text);
    discussions.get_mut(id)?.entries.push(entry);
    None
}

/// Takes in what QA said of a ticket, or why it said nothing. Somebody may have moved it meanwhile;
/// then it stays there.
pub(super) fn conclude(
    number: u32,
    answer: Result<String, String>,
    tickets: &mut Tickets,
    discussions: &mut Discussions,
) {
    let Some(ticket) = tickets.get_mut(number) else {
        return;
    };
    let verdict = answer.and_then(|text| verdict(&text).ok_or_else(|| NO_VERDICT.to_owned()));
    let verdict = match verdict {
        Ok(verdict) => verdict,
        Err(reason) => {
            ticket.run = Run::Unchecked(reason);
            return;
        }
    };
    ticket.run = Run::Idle;
    ticket.verdict = Some(verdict.clone());
    let is_moved = ticket.status != Status::Review;
    let about = ticket.discussion;
    let status = match verdict {
        Verdict::Passed => Status::Done,
        Verdict::Failed(reason) => {
            tell(about, &reason, discussions);
            Status::Todo
        }
    };
    if !is_moved {
        tickets.relocate(number, status, None);
    }
}

/// Writes why QA did not pass it where it is worked on, for the next answer.
fn tell(about: Option<u64>, reason: &str, discussions: &mut Discussions) {
    let id = discussions.last_id + 1;
    let Some(discussion) = about.and_then(|about| discussions.get_mut(about)) else {
        return;
    };
    let text = format!("QA did not pass it:\n\n{reason}\n\nMend that, and answer anew in full.\n");
    discussion.entries.push(as_user(id, text));
    discussions.last_id = id;
}

/// What QA says in its last line of that kind; `None` if there is none.
fn verdict(text: &str) -> Option<Verdict> {
    let lines: Vec<&str> = text.lines().collect();
    let mut from_the_end = lines.iter().enumerate().rev();
    from_the_end.find_map(|(at, line)| {
        let line = plain(line);
        if passes(line) {
            return Some(Verdict::Passed);
        }
        let first = failure(line)?;
        let rest = lines[at + 1..].join("\n");
        let reason = format!("{first}\n{rest}");
        let reason = match reason.trim() {
            "" => "it gives no reason",
            reason => reason,
        };
        Some(Verdict::Failed(reason.to_owned()))
    })
}

/// A line without what makes it bold, a list or a heading.
fn plain(line: &str) -> &str {
    let is_mark = |c: char| c.is_whitespace() || matches!(c, '*' | '_' | '`' | '#' | '>' | '-');
    line.trim_matches(is_mark)
}

/// Whether a line says `PASS`. Nothing may follow it but what stands behind a colon.
fn passes(line: &str) -> bool {
    let rest = line.strip_prefix("PASS");
    let rest = rest.map(|rest| rest.trim_start_matches(['*', '_', '`']).trim());
    rest.is_some_and(|rest| rest.is_empty() || rest == "." || rest.starts_with(':'))
}

/// What follows `FAIL`, whatever stands between: an answer that ends so has not passed, though it is not in
/// the form that was asked for.
fn failure(line: &str) -> Option<&str> {
    let rest = line.strip_prefix("FAIL")?;
    let rest = rest.strip_prefix("ED").unwrap_or(rest);
    let is_longer = rest.starts_with(char::is_alphanumeric);
    let is_mark = |c: char| {
        c.is_whitespace() || matches!(c, '*' | '_' | '`' | ':' | '-' | '–' | '—' | ',' | ';' | '.')
    };
    (!is_longer).then(|| rest.trim_start_matches(is_mark))
}

#[cfg(test)]
mod tests;

//! What was said in entries, and what of it goes out with a question.

use std::borrow::Cow;

use slop_engine::assistants::{Call, CallResult, ChatRole, Message};
use slop_state::{Discussion, Entry, PendingRequests, ToolRound};

/// The role of the assistant's entries.
pub const ASSISTANT: &str = "AI";
/// What the note begins with that says why there is no answer, or no more of it.
pub const NO_ANSWER: &str = "> **No answer:** ";
/// What the note begins with that says that an answer ends because there was no room for more.
pub const CUT_OFF: &str = "> **Cut off:** ";
/// What an entry begins with that waits for a server that is busy.
pub const WAITING: &str = "> **Waiting:** ";

/// Whether an entry says no more than why there is no answer, or none yet.
pub fn is_note(text: &str) -> bool {
    let text = text.trim_start();
    [NO_ANSWER, CUT_OFF, WAITING]
        .iter()
        .any(|note| text.starts_with(note))
}

/// What is told of a call that nobody has answered.
const MISSING: &str = "It was not done.";

/// The ids of the entries that are still being written by the assistant.
pub fn streaming(pending: &PendingRequests) -> Vec<u64> {
    pending.0.iter().map(|pending| pending.entry).collect()
}

/// Whether one of these entries, which the assistant is still writing, is in a discussion.
pub fn is_speaking(discussion: &Discussion, streaming: &[u64]) -> bool {
    let mut entries = discussion.all_entries();
    entries.any(|entry| streaming.contains(&entry.id))
}

/// The entries that go out with a question, and what was said in each. Not those of these ids, which are
/// being written. An answer that called tools without a word goes out too, with what came of that.
pub fn spoken<'a>(
    discussion: &'a Discussion,
    unfinished: &'a [u64],
) -> impl Iterator<Item = (&'a Entry, Cow<'a, str>)> {
    let said = discussion.entries.iter();
    let said = said.filter(move |entry| !unfinished.contains(&entry.id));
    said.filter_map(|entry| {
        let has_called = entry.role == ASSISTANT && !entry.rounds.is_empty();
        let text = message(entry).map(|(_, text)| text);
        let text = text.or_else(|| has_called.then_some(Cow::Borrowed("")));
        Some((entry, text?))
    })
}

/// What was said in an entry, and by whom, if anything was.
pub fn message(entry: &Entry) -> Option<(ChatRole, Cow<'_, str>)> {
    let (role, text) = match entry.role.as_str() {
        "User" => (ChatRole::User, Cow::Borrowed(&*entry.text)),
        ASSISTANT => (ChatRole::Assistant, Cow::Borrowed(said(&entry.text))),
        "System" | "Context" => (ChatRole::System, Cow::Borrowed(&*entry.text)),
        role => (
            ChatRole::User,
            Cow::Owned(format!("{role}: {}", entry.text)),
        ),
    };
    let is_blank = text.trim().is_empty() || entry.text.trim().is_empty();
    (!is_blank).then_some((role, text))
}

/// What the assistant said itself, and, as our note has it, why that is not all.
pub fn parts(text: &str) -> (&str, Option<&str>) {
    let notes = [NO_ANSWER, CUT_OFF].into_iter();
    let last = notes
        .filter_map(|note| Some((text.rfind(note)?, note)))
        .max();
    match last {
        // What the assistant itself quotes is within a paragraph.
        Some((at, note)) if at == 0 || text[..at].ends_with("\n\n") => {
            (text[..at].trim_end(), Some(&text[at + note.len()..]))
        }
        _ => (text, None),
    }
}

/// What the assistant said itself, without our note.
pub fn said(text: &str) -> &str {
    parts(text).0
}

/// All that was said in some rounds, and what is said last.
pub fn whole<'a>(rounds: &[ToolRound], last: Cow<'a, str>) -> Cow<'a, str> {
    if rounds.is_empty() {
        return last;
    }
    let said = rounds.iter().map(|round| round.text.trim());
    let said = said.chain([last.trim()]).filter(|text| !text.is_empty());
    Cow::Owned(said.collect::<Vec<_>>().join("\n\n"))
}

/// An entry as it goes out: what was said, and between that what was asked for and what came of it.
pub fn messages(entry: &Entry) -> Vec<Message> {
    let said = message(entry);
    if entry.rounds.is_empty() || entry.role != ASSISTANT {
        let said = said.map(|(role, text)| Message::new(role, text));
        return said.into_iter().collect();
    }
    let text = said.map(|(_, text)| text).unwrap_or_default();
    let (is_as_it_was, last) = after_rounds(&entry.rounds, &text);
    let mut messages = Vec::new();
    for round in &entry.rounds {
        let text = if is_as_it_was {
            round.text.as_str()
        } else {
            ""
        };
        let calls = round.calls.iter().map(|call| Call {
            id: call.id.clone(),
            name: call.name.clone(),
            arguments: call.arguments.clone(),
            signature: call.signature.clone(),
        });
        let results = round.calls.iter().map(|call| CallResult {
            id: call.id.clone(),
            name: call.name.clone(),
            text: call.result.as_deref().unwrap_or(MISSING).to_owned(),
        });
        messages.push(Message::calls(text, calls.collect()));
        messages.push(Message::results(results.collect()));
    }
    if !last.is_empty() {
        messages.push(Message::new(ChatRole::Assistant, last));
    }
    messages
}

/// Whether a text still begins with what was said in some rounds, which somebody may have edited, and
/// what was said after them.
fn after_rounds<'a>(rounds: &[ToolRound], text: &'a str) -> (bool, &'a str) {
    let before = whole(rounds, Cow::Borrowed(""));
    match text.strip_prefix(&*before) {
        Some(last) => (true, last.trim()),
        None => (false, text.trim()),
    }
}

/// The same as [`messages`], in words, of an entry in which something was asked for; nothing for others.
/// In pieces of the entry that follow each other: the results may be long, and are not copied for a look.
pub fn in_words(entry: &Entry) -> Vec<&str> {
    let mut pieces = Vec::new();
    if entry.rounds.is_empty() || entry.role != ASSISTANT {
        return pieces;
    }
    let (is_as_it_was, last) = after_rounds(&entry.rounds, said(&entry.text));
    for round in &entry.rounds {
        if is_as_it_was && !round.text.is_empty() {
            add(&mut pieces, &[round.text.as_str()]);
        }
        for call in &round.calls {
            let (name, arguments) = (call.name.as_str(), call.arguments.as_str());
            add(&mut pieces, &["(Called ", name, ": ", arguments, ")"]);
        }
        for call in &round.calls {
            let result = call.result.as_deref().unwrap_or(MISSING);
            add(
                &mut pieces,
                &["(Result of ", call.name.as_str(), ": ", result, ")"],
            );
        }
    }
    if !last.is_empty() {
        add(&mut pieces, &[last]);
    }
    pieces
}

/// Adds a paragraph.
fn add<'a>(pieces: &mut Vec<&'a str>, paragraph: &[&'a str]) {
    if !pieces.is_empty() {
        pieces.push("\n\n");
    }
    pieces.extend_from_slice(paragraph);
}

#[cfg(test)]
mod tests {
    use slop_state::ToolCall;

    use super::*;

    #[test]
    fn a_note_is_told_from_what_the_assistant_quotes() {
        for (text, expected) in [
            ("", ("", None)),
            ("a", ("a", None)),
            ("> **No answer:** x\n> y", ("", Some("x\n> y"))),
            ("a\n\n> **No answer:** x", ("a", Some("x"))),
            ("a > **Cut off:** x", ("a > **Cut off:** x", None)),
            ("a\n> **Cut off:** x", ("a\n> **Cut off:** x", None)),
            (
                "> **Cut off:** a\n\n> **No answer:** x",
                ("> **Cut off:** a", Some("x")),
            ),
        ] {
            assert_eq!(parts(text), expected, "{text}");
        }
    }

    #[test]
    fn thoughts_are_not_sent_back() {
        let entry = Entry {
            role: ASSISTANT.into(),
            text: "42".into(),
            thoughts: "six times seven".into(),
            ..Entry::default()
        };
        let expected = (ChatRole::Assistant, Cow::Borrowed("42"));
        assert_eq!(message(&entry), Some(expected));
    }

    #[test]
    fn an_answer_that_failed_after_its_calls_goes_out_with_them() {
        let entry = |id: u64, rounds: Vec<ToolRound>| Entry {
            id,
            role: ASSISTANT.to_owned(),
            text: format!("{NO_ANSWER}cut"),
            rounds,
            ..Entry::default()
        };
        let round = ToolRound {
            calls: vec![ToolCall::default()],
            ..ToolRound::default()
        };
        let discussion = Discussion {
            entries: vec![
                entry(1, Vec::new()),
                entry(2, vec![round.clone()]),
                entry(3, vec![round]),
            ],
            ..Discussion::default()
        };
        let said: Vec<_> = spoken(&discussion, &[3]).collect();
        assert_eq!(said, [(&discussion.entries[1], Cow::Borrowed(""))]);
        assert_eq!(messages(&discussion.entries[1]).len(), 2);
    }

    #[test]
    fn what_was_asked_for_goes_out_between_what_was_said() {
        let call = |name: &str| ToolCall {
            id: "a".to_owned(),
            name: name.to_owned(),
            arguments: "{}".to_owned(),
            ..ToolCall::default()
        };
        let mut answered = call("read_file");
        answered.result = Some("hello".to_owned());
        let round = ToolRound {
            text: "Let me look.".to_owned(),
            calls: vec![answered, call("list_files")],
            ..ToolRound::default()
        };
        let mut entry = Entry {
            role: ASSISTANT.to_owned(),
            text: "Let me look.\n\nIt says hello.".to_owned(),
            rounds: vec![round],
            ..Entry::default()
        };
        let result = |name: &str, text: &str| CallResult {
            id: "a".to_owned(),
            name: name.to_owned(),
            text: text.to_owned(),
        };
        let results = vec![result("read_file", "hello"), result("list_files", MISSING)];
        let told = |entry: &Entry| {
            let said = messages(entry).into_iter();
            let said = said.map(|message| message.in_words().text);
            said.collect::<Vec<_>>().join("\n\n")
        };
        assert_eq!(in_words(&entry).concat(), told(&entry));
        let said = messages(&entry);
        assert_eq!(said.len(), 3);
        assert_eq!(said[0].text, "Let me look.");
        assert_eq!(said[1], Message::results(results));
        assert_eq!(said[2], Message::new(ChatRole::Assistant, "It says hello."));
        // What somebody wrote instead goes out as it is.
        entry.text = "It says so.".to_owned();
        assert_eq!(in_words(&entry).concat(), told(&entry));
        let result = entry.rounds[0].calls[0].result.as_deref().unwrap();
        let pieces = in_words(&entry);
        assert!(
            pieces.iter().any(|piece| std::ptr::eq(*piece, result)),
            "it is not copied"
        );
        let said = messages(&entry);
        assert_eq!((&*said[0].text, &*said[2].text), ("", "It says so."));
        entry.rounds.clear();
        assert_eq!(in_words(&entry), [""; 0]);
        let expected = [Message::new(ChatRole::Assistant, "It says so.")];
        assert_eq!(messages(&entry), expected);
    }
}

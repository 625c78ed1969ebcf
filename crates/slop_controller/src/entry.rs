//! The entry of an answer: what it waits for, what it says while it is written, and how it ends. And those that the
//! app writes itself.

use std::borrow::Cow;

use slop_common::{said, whole, CUT_OFF, NO_ANSWER, WAITING};
use slop_engine::assistants::{Progress, Usage};
use slop_state::{Discussions, Entry, Pending, TokenUsage, ToolRound};

use crate::clock::now;

/// What is told of a call when the answer is stopped.
pub(crate) const STOPPED: &str = "The answer was stopped; ask again to get one.";

/// What the app says now in the role of the person.
pub(crate) fn as_user(id: u64, text: String) -> Entry {
    Entry {
        id,
        role: "User".to_owned(),
        time: now(),
        text,
        ..Entry::default()
    }
}

/// The entry that the answer goes to, if there is one.
pub(crate) fn entry_of<'a>(discussions: &'a Discussions, pending: &Pending) -> Option<&'a Entry> {
    discussions.get(pending.discussion)?.entry(pending.entry)
}

/// The round that an entry waits for, if it waits for what was asked for and not for the assistant.
pub(crate) fn awaited<'a>(entry: &'a Entry, waiting: &Pending) -> Option<&'a ToolRound> {
    let last = entry.rounds.last();
    last.filter(|round| round.request == waiting.request)
}

/// How many tokens an answer took so far, those of the rounds before included.
pub(crate) fn used(entry: &Entry, progress: Progress<'_>) -> Option<TokenUsage> {
    let before = entry.rounds.iter().filter_map(|round| round.usage);
    let all = before.chain(progress.usage.map(counted));
    all.reduce(TokenUsage::plus)
}

/// A count of tokens, as it is kept.
pub(crate) fn counted(usage: Usage) -> TokenUsage {
    let Usage {
        input,
        output,
        cached,
    } = usage;
    TokenUsage {
        input,
        output,
        cached,
    }
}

/// What the entry of a request says.
pub(crate) fn shown(progress: Progress<'_>) -> Cow<'_, str> {
    match (progress.outcome, progress.note) {
        (Some(Err(error)), _) => Cow::Owned(with_note(progress.text, &error.to_string())),
        (Some(Ok(())), _) if progress.cut.is_some() => {
            let reason = progress.cut.unwrap_or_default();
            let note = format!("There was no room for more (`{reason}`); ask it to go on");
            Cow::Owned(noted(progress.text, CUT_OFF, &note))
        }
        (None, Some(note)) if progress.text.is_empty() => Cow::Owned(quote(WAITING, note)),
        _ => Cow::Borrowed(progress.text),
    }
}

/// What the assistant said last: in an answer with rounds, what it said once it asked for nothing more.
/// That is its answer. If it said nothing then, or somebody has edited the text, it is all that it said.
pub(crate) fn last_said(entry: &Entry) -> &str {
    let text = said(&entry.text);
    if entry.rounds.is_empty() {
        return text;
    }
    let before = whole(&entry.rounds, Cow::Borrowed(""));
    match text.strip_prefix(&*before).map(str::trim) {
        Some(last) if !last.is_empty() => last,
        _ => text,
    }
}

/// Ends an answer that is not whole, and notes why.
pub(crate) fn stop_entry(entry: &mut Entry, reason: &str) {
    stop_calls(entry);
    entry.text = ended(&entry.text, reason);
}

/// Answers all calls of an answer that is stopped.
fn stop_calls(entry: &mut Entry) {
    for call in entry.rounds.iter_mut().flat_map(|round| &mut round.calls) {
        call.result.get_or_insert_with(|| STOPPED.to_owned());
    }
}

/// What an entry that says this now says when no more comes, and why.
pub(crate) fn ended(text: &str, reason: &str) -> String {
    let text = match text.rfind(WAITING) {
        Some(at) if at == 0 || text[..at].ends_with("\n\n") => &text[..at],
        _ => said(text),
    };
    with_note(text, reason)
}

/// The text and why there is no more of it.
pub(crate) fn with_note(text: &str, reason: &str) -> String {
    noted(text, NO_ANSWER, reason)
}

/// The text and a note behind it, which begins with `head`.
fn noted(text: &str, head: &str, reason: &str) -> String {
    // The note is no part of the code.
    let mut noted = with_closed_code(text.trim_end()).into_owned();
    if !noted.is_empty() {
        noted += "\n\n";
    }
    noted + &quote(head, reason)
}

/// A text whose last block of code is at its end, wherever it was cut.
pub(crate) fn with_closed_code(text: &str) -> Cow<'_, str> {
    let fences = text.lines().filter(|l| l.trim_start().starts_with("```"));
    if fences.count() % 2 == 1 {
        Cow::Owned(format!("{text}\n```"))
    } else {
        Cow::Borrowed(text)
    }
}

/// A block quote of some lines.
fn quote(head: &str, text: &str) -> String {
    let lines: Vec<_> = text.trim().lines().collect();
    format!("{head}{}", lines.join("\n> "))
}

#[cfg(test)]
mod tests {
    use slop_common::{is_note, parts, ASSISTANT};

    use super::*;

    #[test]
    fn an_answer_that_is_cut_off_says_so() {
        let outcome = Ok(());
        let whole = Progress {
            text: "one, two,",
            outcome: Some(&outcome),
            ..Progress::default()
        };
        assert_eq!(shown(whole), "one, two,");
        let cut = Some("length");
        let text = shown(Progress { cut, ..whole }).into_owned();
        let note = "There was no room for more (`length`); ask it to go on";
        assert_eq!(text, format!("one, two,\n\n> **Cut off:** {note}"));
        assert_eq!(parts(&text), ("one, two,", Some(note)));
        assert!(!is_note(&text));
        // It thought until there was no room for an answer.
        let text = shown(Progress {
            cut,
            text: "",
            ..whole
        })
        .into_owned();
        assert_eq!(parts(&text), ("", Some(note)));
        assert!(is_note(&text));
    }

    #[test]
    fn an_answer_takes_the_tokens_of_all_its_rounds() {
        let round = |input: u64| ToolRound {
            usage: Some(TokenUsage {
                input: Some(input),
                output: Some(1),
                cached: None,
            }),
            ..ToolRound::default()
        };
        let entry = Entry {
            rounds: vec![round(10), round(20), ToolRound::default()],
            ..Entry::default()
        };
        let progress = Progress::default();
        let of_rounds = TokenUsage {
            input: Some(30),
            output: Some(2),
            cached: None,
        };
        assert_eq!(used(&entry, progress), Some(of_rounds));
        let usage = Some(Usage {
            input: Some(40),
            output: None,
            cached: Some(5),
        });
        let all = TokenUsage {
            input: Some(70),
            output: None,
            cached: Some(5),
        };
        assert_eq!(used(&entry, Progress { usage, ..progress }), Some(all));
    }

    #[test]
    fn the_note_is_no_part_of_the_code_before_it() {
        let noted = with_note("```rust\nfn main() {\n", "two\nlines");
        assert_eq!(
            noted,
            "```rust\nfn main() {\n```\n\n> **No answer:** two\n> lines"
        );
        assert_eq!(
            with_note("```\na\n```", "x"),
            "```\na\n```\n\n> **No answer:** x"
        );
    }

    #[test]
    fn a_note_to_wait_is_no_part_of_an_answer_that_ends() {
        for (text, expected) in [
            ("> **Waiting:** for it", "> **No answer:** x"),
            ("a\n\n> **Waiting:** for it", "a\n\n> **No answer:** x"),
            ("a\n\n> **Cut off:** b", "a\n\n> **No answer:** x"),
        ] {
            assert_eq!(ended(text, "x"), expected, "{text}");
        }
    }

    #[test]
    fn the_answer_is_what_was_said_last() {
        let round = ToolRound {
            text: "Let me look.".to_owned(),
            ..ToolRound::default()
        };
        let mut entry = Entry {
            role: ASSISTANT.to_owned(),
            rounds: vec![round],
            ..Entry::default()
        };
        for (text, expected) in [
            ("Let me look.\n\nIt says hello.", "It says hello."),
            ("Let me look.\n\nIt\n\n> **No answer:** x", "It"),
            ("Let me look.", "Let me look."),
            // As somebody has edited it.
            ("I looked. It says hello.", "I looked. It says hello."),
        ] {
            text.clone_into(&mut entry.text);
            assert_eq!(last_said(&entry), expected, "{text}");
        }
        entry.rounds.clear();
        entry.text = "It says hello.".to_owned();
        assert_eq!(last_said(&entry), "It says hello.");
    }
}

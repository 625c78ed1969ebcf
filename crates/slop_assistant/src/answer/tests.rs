//! What pieces of an answer come to.

use super::*;

#[track_caller]
fn check(reason: &str, expected: Result<(), AssistantError>) {
    let mut answer = Answer::default();
    answer.text("some");
    answer.ends(Ending::of(reason));
    answer.ends(Ending::Whole);
    assert_eq!(answer.end(End::Orderly), expected);
    assert_eq!(answer.take_updates(), [Told::Token("some".to_owned())]);
}

#[test]
fn what_there_was_no_room_for_is_said() {
    for reason in ["length", "MAX_TOKENS"] {
        let mut answer = Answer::default();
        answer.text("some");
        answer.ends(Ending::of(reason));
        answer.ends(Ending::Whole);
        assert_eq!(answer.end(End::Orderly), Ok(()));
        let some = Told::Token("some".to_owned());
        let cut = Told::Cut(reason.to_owned());
        assert_eq!(answer.take_updates(), [some, cut]);
        // Without a word it is no answer.
        let mut answer = Answer::default();
        answer.thought("six");
        answer.ends(Ending::of(reason));
        let reason = reason.to_owned();
        let too_long = Err(AssistantError::TooLong { reason });
        assert_eq!(answer.end(End::Orderly), too_long);
    }
}

#[test]
fn only_a_good_end_makes_a_whole_answer() {
    let reason = |reason: &str| reason.to_owned();
    check("stop", Ok(()));
    check("STOP", Ok(()));
    check("eos_token", Ok(()));
    let filtered = |name| {
        Err(AssistantError::Filtered {
            reason: reason(name),
        })
    };
    check("content_filter", filtered("content_filter"));
    check("SAFETY", filtered("SAFETY"));
    let stopped = |name| {
        Err(AssistantError::Stopped {
            reason: reason(name),
        })
    };
    check("something new", stopped("something new"));
}

#[test]
fn an_end_for_calls_of_which_none_came_is_that_of_the_text() {
    let said = |words: &[&str], end: End| {
        let mut answer = Answer::default();
        answer.take_calls(0);
        for word in words {
            match *word {
                "tool_calls" | "stop" => answer.ends(Ending::of(word)),
                "[DONE]" => answer.done(),
                text => answer.text(text),
            }
        }
        answer.end(end)
    };
    let cut = || Err(AssistantError::CutOff);
    assert_eq!(said(&["one", "tool_calls"], End::Orderly), Ok(()));
    assert_eq!(said(&["one", "tool_calls", "stop"], End::Orderly), Ok(()));
    assert_eq!(said(&["one", "tool_calls", "[DONE]"], End::Cut), Ok(()));
    // The server may call its own tools for a while.
    assert_eq!(said(&["one", "tool_calls"], End::Cut), cut());
    for begin in [&["tool_calls"][..], &["one", "tool_calls"]] {
        let whole = [begin, &["two", "stop"]].concat();
        assert_eq!(said(&whole, End::Orderly), Ok(()));
        let half = [begin, &["two"]].concat();
        assert_eq!(said(&half, End::Orderly), cut());
    }
    let reason = "tool_calls".to_owned();
    let stopped = Err(AssistantError::Stopped { reason });
    assert_eq!(said(&["tool_calls"], End::Orderly), stopped);
    let mut answer = Answer::default();
    answer.text("one");
    answer.call(0, piece("a", "read", "{}"));
    answer.ends(Ending::of("tool_calls"));
    answer.text("two");
    answer.ends(Ending::Whole);
    assert_eq!(answer.end(End::Orderly), stopped);
}

fn piece(id: &str, name: &str, arguments: &str) -> Call {
    Call {
        id: id.to_owned(),
        name: name.to_owned(),
        arguments: arguments.to_owned(),
        ..Call::default()
    }
}

fn calling(ending: Option<&str>) -> (Result<(), AssistantError>, Vec<Told>) {
    let mut answer = Answer::default();
    answer.take_calls(4);
    answer.call(0, piece("a", "read", "{\"x\""));
    answer.call(1, piece("", "list", ""));
    answer.call(0, piece("", "", ":1}"));
    answer.call(0, piece("b", "read", "{}"));
    match ending {
        Some(ending) => answer.ends(Ending::of(ending)),
        None => answer.done(),
    }
    let result = answer.end(End::Orderly);
    (result, answer.take_updates())
}

#[test]
fn calls_are_put_together() {
    let calls = vec![
        piece("a", "read", "{\"x\":1}"),
        piece("call_5", "list", "{}"),
        piece("b", "read", "{}"),
    ];
    for ending in [Some("tool_calls"), Some("tool_use"), Some("STOP"), None] {
        let expected = (Ok(()), vec![Told::Calls(calls.clone())]);
        assert_eq!(calling(ending), expected);
    }
    // They may be cut.
    let reason = "length".to_owned();
    let too_long = Err(AssistantError::TooLong { reason });
    assert_eq!(calling(Some("length")), (too_long, Vec::new()));
}

#[test]
fn a_call_of_a_tool_that_nobody_offered_is_an_error() {
    let mut answer = Answer::default();
    answer.call(0, piece("a", "read", "{}"));
    answer.whole_call(piece("b", "read", "{}"));
    answer.ends(Ending::of("tool_calls"));
    let reason = "tool_calls".to_owned();
    let stopped = Err(AssistantError::Stopped { reason });
    assert_eq!(answer.end(End::Orderly), stopped);
    assert_eq!(answer.take_updates(), []);
}

#[test]
fn an_answer_without_an_end_is_cut_off() {
    let mut answer = Answer::default();
    answer.text("some");
    assert_eq!(answer.end(End::Orderly), Err(AssistantError::CutOff));
}

#[test]
fn an_answer_without_a_word_is_empty() {
    let mut answer = Answer::default();
    answer.text(" \n");
    answer.done();
    let only_thoughts = false;
    let empty = Err(AssistantError::Empty { only_thoughts });
    assert_eq!(answer.end(End::Orderly), empty);

    let mut answer = Answer::default();
    answer.text("<think>six</think>");
    answer.thought(" times");
    answer.ends(Ending::Whole);
    let only_thoughts = true;
    let empty = Err(AssistantError::Empty { only_thoughts });
    assert_eq!(answer.end(End::Orderly), empty);
}

#[test]
fn an_early_good_end_is_none_if_the_connection_breaks() {
    let mut answer = Answer::default();
    answer.thought("six");
    answer.ends(Ending::Whole);
    assert_eq!(answer.end(End::Cut), Err(AssistantError::CutOff));
}

#[test]
fn an_early_good_end_is_not_that_of_what_follows() {
    for end in [End::Orderly, End::Cut] {
        let mut answer = Answer::default();
        answer.thought("six");
        answer.ends(Ending::Whole);
        answer.text("The answer");
        assert!(!answer.has_ended());
        assert_eq!(answer.end(end), Err(AssistantError::CutOff));

        let mut answer = Answer::default();
        answer.take_calls(0);
        answer.ends(Ending::Whole);
        answer.call(0, piece("a", "read", "{\"x\""));
        assert_eq!(answer.end(end), Err(AssistantError::CutOff));
    }
    // What was kept back until the end came before it.
    let mut answer = Answer::default();
    answer.text("<");
    answer.ends(Ending::Whole);
    assert_eq!(answer.end(End::Cut), Ok(()));
}

#[test]
fn pieces_of_calls_are_told_apart_without_ids() {
    let calls = |pieces: &[Call]| {
        let mut answer = Answer::default();
        answer.take_calls(0);
        for one in pieces {
            answer.call(0, one.clone());
        }
        answer.done();
        assert_eq!(answer.end(End::Orderly), Ok(()));
        let updates = answer.take_updates();
        let [Told::Calls(calls)] = &updates[..] else {
            panic!("{updates:?}");
        };
        calls.clone()
    };
    // Two whole ones.
    let whole = [piece("", "read", "{\"x\":1}"), piece("", "list", "{}")];
    let expected = [
        piece("call_0", "read", "{\"x\":1}"),
        piece("call_1", "list", "{}"),
    ];
    assert_eq!(calls(&whole), expected);
    // The same, of which the second begins without its arguments.
    let begun = [whole[0].clone(), piece("", "list", ""), piece("", "", "{}")];
    assert_eq!(calls(&begun), expected);
    // One with its name in each piece, and one with another id in each.
    let one = [piece("a", "read", "{\"x\":1}")];
    let named = [
        piece("a", "read", "{\"x\""),
        piece("a", "read", ":1}"),
        piece("a", "read", ""),
    ];
    assert_eq!(calls(&named), one);
    let renamed = [
        piece("a", "read", ""),
        piece("b", "", "{\"x\""),
        piece("c", "", ":1}"),
    ];
    assert_eq!(calls(&renamed), one);
    // One that is summed up behind its pieces, and one that begins with nothing.
    let summed_up = [&named[..], &one].concat();
    assert_eq!(calls(&summed_up), one);
    let empty_first = [
        piece("a", "read", "{}"),
        piece("", "", "{\"x\""),
        piece("", "", ":1}"),
    ];
    assert_eq!(calls(&empty_first), one);
}

#[test]
fn an_end_that_is_said_with_each_piece_is_none() {
    let said = |end| {
        let mut answer = Answer::default();
        for word in ["one", "two"] {
            answer.text(word);
            answer.ends(Ending::Whole);
        }
        assert!(answer.went_on());
        answer.end(end)
    };
    assert_eq!(said(End::Orderly), Ok(()));
    for end in [End::Closed, End::Cut] {
        assert_eq!(said(end), Err(AssistantError::CutOff));
    }
    // Said too early, but only once there was a word.
    let mut answer = Answer::default();
    answer.thought("six");
    answer.ends(Ending::Whole);
    answer.text("one");
    answer.ends(Ending::Whole);
    assert!(!answer.went_on());
    assert_eq!(answer.end(End::Cut), Ok(()));
    // Said once, at the end.
    let mut answer = Answer::default();
    answer.text("one");
    answer.text("two");
    answer.ends(Ending::Whole);
    assert_eq!(answer.end(End::Closed), Ok(()));
}

#[test]
fn thoughts_that_are_kept_go_with_the_first_call() {
    let mut answer = Answer::default();
    answer.keep(0, &serde_json::json!({"lost": true}));
    answer.take_calls(0);
    answer.keep(0, &serde_json::json!({"thinking": ""}));
    answer.keep_more(0, "thinking", "si");
    answer.keep_more(0, "thinking", "x");
    answer.keep_more(0, "signature", "s");
    answer.keep_more(1, "signature", "of nothing");
    answer.call(1, piece("a", "read", "{}"));
    answer.call(2, piece("b", "read", "{}"));
    answer.done();
    assert_eq!(answer.end(End::Orderly), Ok(()));
    let updates = answer.take_updates();
    let [Told::Calls(calls)] = &updates[..] else {
        panic!("{updates:?}");
    };
    let kept: Value = serde_json::from_str(&calls[0].signature).unwrap();
    let expected = serde_json::json!([{"thinking": "six", "signature": "s"}]);
    assert_eq!(kept, expected);
    assert_eq!(calls[1], piece("b", "read", "{}"));
}

#[test]
fn counts_are_told_when_they_change() {
    let counts = |input, output| Usage {
        input,
        output,
        cached: None,
    };
    let mut answer = Answer::default();
    answer.usage(counts(None, None));
    answer.usage(counts(Some(7), None));
    answer.usage(counts(None, Some(2)));
    answer.usage(counts(Some(7), Some(2)));
    let expected = [counts(Some(7), None), counts(Some(7), Some(2))];
    assert_eq!(answer.take_updates(), expected.map(Told::Usage));
}

#[test]
fn what_was_kept_back_is_told_at_the_end() {
    let mut answer = Answer::default();
    answer.text("<thi");
    assert_eq!(answer.take_updates(), []);
    answer.done();
    assert_eq!(answer.end(End::Orderly), Ok(()));
    assert_eq!(answer.take_updates(), [Told::Token("<thi".to_owned())]);
}

//! What comes out of bodies, whole and in any portions.

use proptest::{collection::vec, prelude::*, sample::Index};

use super::*;
use crate::{registry::dialect, Call, Provider};

/// The thoughts, the text, and how it ended.
type Read = (String, String, Result<(), AssistantError>);

fn openai() -> Box<dyn Dialect> {
    let provider = Provider::OpenAi {
        base_url: "http://a".to_owned(),
        model: "m".to_owned(),
    };
    dialect(&provider).unwrap().unwrap()
}

fn anthropic() -> Box<dyn Dialect> {
    let provider = Provider::Anthropic {
        base_url: "http://a".to_owned(),
        model: "m".to_owned(),
    };
    dialect(&provider).unwrap().unwrap()
}

/// The calls that an answer with tools ends with.
fn calls(dialect: &dyn Dialect, events: &[&str]) -> Vec<Call> {
    let mut decoder = Decoder::new(dialect);
    decoder.take_calls(0);
    for event in events {
        decoder
            .push(format!("data: {event}\n\n").as_bytes())
            .unwrap();
    }
    assert_eq!(decoder.end(End::Orderly), Ok(()));
    match decoder.take_updates().pop() {
        Some(Told::Calls(calls)) => calls,
        other => panic!("{other:?}"),
    }
}

/// All updates and how it ended.
fn decode<'a>(
    portions: impl IntoIterator<Item = &'a [u8]>,
    end: End,
) -> (Vec<Told>, Result<(), AssistantError>) {
    let dialect = openai();
    let mut decoder = Decoder::new(&*dialect);
    let pushed = portions
        .into_iter()
        .try_for_each(|portion| decoder.push(portion));
    let result = pushed.and_then(|()| decoder.end(end));
    (decoder.take_updates(), result)
}

fn read(body: &str, end: End) -> Read {
    let (updates, result) = decode([body.as_bytes()], end);
    let (mut thoughts, mut text) = (String::new(), String::new());
    for update in updates {
        match update {
            Told::Thought(thought) => thoughts += &thought,
            Told::Token(token) => text += &token,
            _ => {}
        }
    }
    (thoughts, text, result)
}

#[track_caller]
fn check(body: &str, text: &str, expected: Result<(), AssistantError>) {
    let (thoughts, said, result) = read(body, End::Orderly);
    assert_eq!((said.as_str(), result), (text, expected), "{body}");
    assert_eq!(thoughts, "", "{body}");
}

/// An event with a piece of the text, and one with a reason to finish.
fn piece(text: &str) -> String {
    format!("data: {{\"choices\":[{{\"delta\":{{\"content\":\"{text}\"}}}}]}}\n\n")
}

fn finish(reason: &str) -> String {
    format!("data: {{\"choices\":[{{\"delta\":{{}},\"finish_reason\":\"{reason}\"}}]}}\n\n")
}

#[test]
fn an_answer_that_was_said_to_be_finished_is_whole() {
    check(&(piece("a") + "data: [DONE]\n\n"), "a", Ok(()));
    check(&(piece("a") + "data: [DONE] \n"), "a", Ok(()));
    check(&(piece("a") + "data:[done]"), "a", Ok(()));
    check(&(piece("a") + &finish("stop")), "a", Ok(()));
    check(&(piece("a") + finish("stop").trim_end()), "a", Ok(()));
    check(
        &(piece("a") + &finish("stop") + "data: {\"cho"),
        "a",
        Ok(()),
    );
    check(
        &("\u{feff}".to_owned() + &piece("a") + &finish("stop")),
        "a",
        Ok(()),
    );
    check(&(piece("a") + &finish("stop") + &piece("b")), "ab", Ok(()));
    let lines = piece("a") + &finish("stop");
    check(&lines.replace("\n\n", "\r\n\r\n"), "a", Ok(()));
    check(&lines.replace("\n\n", "\r\r"), "a", Ok(()));
    check(&lines.replace("\n\n", "\n"), "a", Ok(()));
    check(&lines.replace("data: ", "data: data: "), "a", Ok(()));
}

#[test]
fn an_answer_that_was_not_said_to_be_finished_is_cut_off() {
    let cut = || Err(AssistantError::CutOff);
    check(&piece("a"), "a", cut());
    check(&(piece("a") + "data: {\"cho"), "a", cut());
    check(&(piece("a") + "data: [DO"), "a", cut());
    check(": comment\n\n", "", cut());
    check("{\"choices\":[{\"mess", "", cut());
    let chunk = piece("a").replace("data: ", "");
    check(&chunk, "a", cut());
    let (_, _, result) = read("", End::Cut);
    assert_eq!(result, cut());
}

#[test]
fn an_early_reason_to_finish_is_not_believed() {
    let thought = "data: {\"choices\":[{\"delta\":{\"reasoning_content\":\"six\"},\
                   \"finish_reason\":\"stop\"}]}\n\n";
    let body = thought.to_owned() + &piece("42") + &finish("stop");
    for end in [End::Orderly, End::Cut] {
        let whole = read(&body, end);
        assert_eq!(whole, ("six".to_owned(), "42".to_owned(), Ok(())));
        // Nor if the answer breaks off behind it.
        let half = read(&(thought.to_owned() + &piece("4")), end);
        let cut = Err(AssistantError::CutOff);
        assert_eq!(half, ("six".to_owned(), "4".to_owned(), cut));
    }
}

#[test]
fn a_whole_answer_needs_no_stream() {
    let whole = r#"{"choices":[{"message":{"content":"a"},"finish_reason":"stop"}]}"#;
    check(whole, "a", Ok(()));
    check(&format!(" \n{whole}\n"), "a", Ok(()));
    check(r#"{"choices":[{"message":{"content":"a"}}]}"#, "a", Ok(()));
    let long = r#"{"choices":[{"message":{"content":"a"},"finish_reason":"length"}]}"#;
    check(long, "a", Ok(()));
    let lines = (piece("a") + &finish("stop")).replace("data: ", "");
    check(&lines, "a", Ok(()));
}

#[test]
fn an_empty_answer_is_an_error() {
    let only_thoughts = false;
    let empty = || Err(AssistantError::Empty { only_thoughts });
    check("", "", empty());
    check("\n", "", empty());
    check("data: [DONE]\n\n", "", empty());
    check(&finish("stop"), "", empty());
    check(r#"{"choices":[{"message":{"content":""}}]}"#, "", empty());
}

#[track_caller]
fn check_reported(body: &str, expected: &str) {
    let text = expected.to_owned();
    check(body, "", Err(AssistantError::Reported { text }));
}

#[test]
fn errors_are_told_in_the_words_of_the_server() {
    check_reported("data: {\"error\":{\"message\":\"a\"}}\n\n", "a");
    check_reported("event: error\ndata: {\"message\":\"a\"}\n\n", "a");
    check_reported("event: error\ndata: a\n\n", "a");
    check_reported(
        "error: {\"code\":400,\"message\":\"a\"}\n\ndata: [DONE]\n\n",
        "a",
    );
    check_reported("data: {\"object\":\"error\",\"message\":\"a\"}\n\n", "a");
    check_reported("data: {\"detail\":\"a\"}\n\n", "a");
    check_reported("{\"error\":{\"message\":\"a\"}}", "a");
    check_reported("[{\"error\":{\"message\":\"a\"}}]", "a");
}

#[track_caller]
fn check_bad(body: &str, quoted: &str) {
    let (_, _, result) = read(body, End::Orderly);
    let error = result.unwrap_err();
    assert!(matches!(error, AssistantError::BadStream { .. }), "{error}");
    assert!(error.to_string().contains(quoted), "{error}");
}

#[test]
fn what_cannot_be_understood_is_quoted() {
    check_bad(
        "data: {\"choices\":[a\n\ndata: [DONE]\n\n",
        "`{\"choices\":[a`",
    );
    check_bad(
        "data: {\"surprise\":1}\n\ndata: [DONE]\n\n",
        "{\"surprise\":1}",
    );
    check_bad("upstream is gone\n", "upstream is gone");
    check_bad(
        "<html><title>502</title>Bad gateway</html>",
        "502 Bad gateway",
    );
    check_bad("{\"surprise\":1}", "{\"surprise\":1}");
    check_bad("{\"choices\":[]} x", "{\"choices\":[]} x");
    let page = format!("<p>{}", "a".repeat(LONGEST_PAGE));
    check_bad(&page, "a page for a browser");
}

#[test]
fn what_stands_beside_an_answer_is_no_part_of_it() {
    let sources = "data: {\"sources\":[{\"name\":\"a\"}]}\n\n";
    let done = "data: [DONE]\n\n";
    check(
        &(sources.to_owned() + &piece("a") + &finish("stop") + done),
        "a",
        Ok(()),
    );
    for behind in [sources, "data: \"[DONE]\"\n\n", "data: [END]\n\n"] {
        check(&(piece("a") + &finish("stop") + behind), "a", Ok(()));
    }
    check(
        &("data: connected\n\n".to_owned() + &piece("a") + done),
        "a",
        Ok(()),
    );
    // It is all that there is, or stands in the middle, or may have been a part of it.
    check_bad(&(sources.to_owned() + done), "sources");
    check_bad("data: out of memory\n\n", "out of memory");
    check_bad(&(piece("a") + sources + &piece("b") + done), "sources");
    check_bad(
        &(piece("a") + &finish("stop") + "data: {\"cho\n\n" + &piece("b") + done),
        "{\"cho",
    );
    let (_, _, result) = read(sources, End::Cut);
    assert_eq!(result, Err(AssistantError::CutOff));
}

#[test]
fn what_has_a_name_of_its_own_may_stand_within_an_answer() {
    let done = "data: [DONE]\n\n";
    for named in [
        "event: hermes.tool.progress\ndata: {\"tool\":\"terminal\",\"status\":\"looking\"}\n\n",
        "event: progress\ndata: {\"message\":\"looking\"}\n\n",
        "event: progress\ndata: looking\n\n",
    ] {
        let whole = piece("a") + named + &piece("b") + &finish("stop") + named + done;
        check(&whole, "ab", Ok(()));
        check(&(named.to_owned() + &whole), "ab", Ok(()));
        // Also of a server that says with each piece that it is finished.
        let each = piece("a") + &finish("stop") + named + &piece("b") + &finish("stop") + done;
        check(&each, "ab", Ok(()));
        // It makes no answer whole, and is told if there is none.
        check(&(piece("a") + named), "a", Err(AssistantError::CutOff));
        check_bad(&(named.to_owned() + done), "looking");
    }
    // What is wrong is, under any name.
    let error = "event: progress\ndata: {\"error\":{\"message\":\"no room\"}}\n\n";
    let text = "no room".to_owned();
    let reported = Err(AssistantError::Reported { text });
    check(&(piece("a") + error + &piece("b")), "a", reported);
    let half = "event: progress\ndata: {\"cho\n\n";
    check_bad(&(piece("a") + half + &piece("b") + done), "{\"cho");
    let part = "event: x\ndata: {\"choices\":1}\n\n";
    check_bad(&(piece("a") + part + &piece("b") + done), "choices");
}

#[test]
fn halves_of_characters_are_put_together_in_calls_too() {
    let openai_calls = calls(
        &*openai(),
        &[
            r#"{"choices":[{"delta":{"reasoning_content":"\ud83d"}}]}"#,
            r#"{"choices":[{"delta":{"reasoning_content":"\ude00"}}]}"#,
            r#"{"choices":[{"delta":{"tool_calls":[{"id":"1","function":{"name":"write","arguments":"{\"a\":\"\ud83d"}}]}}]}"#,
            r#"{"choices":[{"delta":{"tool_calls":[{"function":{"arguments":"\ude00 \ud83d\"}"}}]},"finish_reason":"tool_calls"}]}"#,
        ],
    );
    assert_eq!(openai_calls[0].arguments, "{\"a\":\"😀 \u{fffd}\"}");
    assert_eq!(
        openai_calls[0].signature,
        "[{\"reasoning_content\":\"😀\"}]"
    );
    let anthropic_calls = calls(
        &*anthropic(),
        &[
            r#"{"type":"content_block_start","index":0,"content_block":{"type":"tool_use","id":"1","name":"write","input":{}}}"#,
            r#"{"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":"{\"a\":\"\ud83d"}}"#,
            r#"{"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":"\ude00\"}"}}"#,
            r#"{"type":"message_delta","delta":{"stop_reason":"tool_use"}}"#,
            r#"{"type":"message_stop"}"#,
        ],
    );
    assert_eq!(anthropic_calls[0].arguments, "{\"a\":\"😀\"}");
}

#[test]
fn an_error_without_the_name_of_its_field_is_told() {
    let body = piece("a") + "{\"error\":{\"message\":\"no room\"}}\n\ndata: [DONE]\n\n";
    let text = "no room".to_owned();
    check(&body, "a", Err(AssistantError::Reported { text }));
}

#[test]
fn what_keeps_the_connection_alive_is_harmless() {
    let body = ": ping\n\nevent: ping\ndata: {\"x\":1}\n\ndata: ping\n\nevent: keepalive\n\n"
        .to_owned()
        + &piece("a")
        + ": ping\n\n"
        + &finish("stop");
    check(&body, "a", Ok(()));
}

#[test]
fn it_says_what_to_wait_for() {
    let dialect = openai();
    let mut decoder = Decoder::new(&*dialect);
    decoder.push(b": ping\n\n").unwrap();
    assert_eq!(decoder.wait(), Wait::First);
    decoder.push(piece("a").as_bytes()).unwrap();
    assert_eq!(decoder.wait(), Wait::Next);
    decoder.push(finish("stop").as_bytes()).unwrap();
    assert_eq!(decoder.wait(), Wait::Linger);
    // It says so with each piece.
    decoder.push(piece("b").as_bytes()).unwrap();
    decoder.push(finish("stop").as_bytes()).unwrap();
    assert_eq!(decoder.wait(), Wait::Next);
    assert!(!decoder.is_done());
    decoder.push(b"data: [DONE]\n\n").unwrap();
    assert!(decoder.is_done());
    // It calls a tool itself.
    let mut decoder = Decoder::new(&*dialect);
    decoder.push(piece("a").as_bytes()).unwrap();
    decoder.push(finish("tool_calls").as_bytes()).unwrap();
    assert_eq!(decoder.wait(), Wait::Next);
    decoder.push(piece("b").as_bytes()).unwrap();
    decoder.push(finish("stop").as_bytes()).unwrap();
    decoder.push(b"data: [DONE]\n\n").unwrap();
    assert_eq!(decoder.end(End::Orderly), Ok(()));
}

proptest! {
    #[test]
    fn any_split_of_the_bytes_gives_the_same_updates(
        kind in 0..3_usize,
        words in vec("[a-z ☃😀é]{0,3}|<think>|</think>|\\\\ud83d|\\\\ude00", 0..8),
        tail in "(\u{feff}|: x\n\n|data: \\[DONE\\]\n\n|data: \\{|data: x\n\n)?",
        cuts in vec(any::<Index>(), 0..10),
    ) {
        let pieces: String = words.iter().map(|word| piece(word)).collect();
        let body = match kind {
            0 => pieces + &finish("stop") + &tail,
            1 => "\u{feff}".to_owned() + &pieces + &tail,
            _ => pieces.replace("data: ", "") + &tail,
        };
        let bytes = body.as_bytes();
        let mut cuts: Vec<_> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
        cuts.extend([0, bytes.len()]);
        cuts.sort_unstable();
        let portions = cuts.windows(2).map(|cut| &bytes[cut[0]..cut[1]]);
        let whole = decode([bytes], End::Orderly);
        prop_assert_eq!(&decode(portions, End::Orderly), &whole);
        prop_assert_eq!(&decode(bytes.chunks(1), End::Orderly), &whole);
    }
}

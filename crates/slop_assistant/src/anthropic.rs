//! Anthropic's messages.

use serde_json::{json, Value};
use ureq::http::Uri;

use crate::{
    address::{has_version, Base},
    answer::Answer,
    dialect::{names, not_understood, Dialect},
    form::Form,
    message::in_words,
    told::Usage,
    tools::{arguments, sent_id, sent_name},
    turns::Turns,
    ApiKey, AssistantError, Call, ChatRole, Message, Tool, ToolUse,
};

/// The version of the interface that is spoken here.
const VERSION: &str = "2023-06-01";
const CHAT: &str = "/messages";
/// The fewest tokens that thoughts can be given.
const FEWEST: u64 = 1_024;

/// A server that speaks it.
pub(crate) struct Anthropic {
    pub(crate) base: Base,
    pub(crate) model: String,
}

impl Anthropic {
    fn url(&self, end: &str, query: &[&str]) -> Result<Vec<Uri>, AssistantError> {
        let path = self.base.path();
        let root = path.strip_suffix(CHAT).unwrap_or(path);
        let version = if has_version(root) { "" } else { "/v1" };
        let url = self.base.at(&format!("{root}{version}{end}"), query)?;
        Ok(vec![url])
    }
}

impl Dialect for Anthropic {
    fn chat_urls(&self, _form: &Form) -> Result<Vec<Uri>, AssistantError> {
        self.url(CHAT, &[])
    }

    fn model_urls(&self) -> Result<Vec<Uri>, AssistantError> {
        // The most that one page may hold; there are some dozens.
        self.url("/models", &["limit=1000"])
    }

    fn headers(&self, _url: &Uri, key: &ApiKey) -> Vec<(&'static str, String)> {
        let mut headers = vec![("anthropic-version", VERSION.to_owned())];
        if !key.is_empty() {
            headers.push(("x-api-key", key.expose().to_owned()));
        }
        headers
    }

    fn body(&self, messages: &[Message], form: &Form) -> Value {
        let Turns { system, turns } = if form.tools.is_empty() {
            Turns::new(&in_words(messages))
        } else {
            Turns::new(messages)
        };
        // A part of the longest answer, for thoughts count as answer.
        let budget = form.longest / 4;
        let under_way = under_way(&turns);
        let has_budget = budget >= FEWEST && begins_with_thoughts(&turns[under_way..]);
        let thinks = form.thoughts && (form.adaptive || has_budget);
        let turns: Vec<_> = turns
            .iter()
            .enumerate()
            .map(|(place, message)| {
                let content = content(message, thinks && place >= under_way);
                json!({ "role": message.role, "content": content })
            })
            .collect();
        let mut body = json!({
            "model": self.model,
            "stream": form.stream,
            "max_tokens": form.longest,
            "messages": turns,
        });
        if let Some(system) = system {
            body["system"] = system.into();
        }
        if thinks {
            body["thinking"] = if form.adaptive {
                // Whoever takes no budget keeps the words of the thoughts back unless they are asked for.
                json!({ "type": "adaptive", "display": "summarized" })
            } else {
                json!({ "type": "enabled", "budget_tokens": budget })
            };
        }
        if !form.tools.is_empty() {
            body["tools"] = form.tools.iter().map(offer).collect();
        }
        body
    }

    fn read(&self, event: &Value, answer: &mut Answer) -> Result<(), AssistantError> {
        let understood = match event["type"].as_str() {
            Some("message_start") => {
                answer.usage(usage(&event["message"]["usage"]));
                Some(())
            }
            Some("content_block_start") => {
                let index = event["index"].as_u64().unwrap_or_default();
                read_block(index, &event["content_block"], answer)
            }
            Some("content_block_delta") => {
                let index = event["index"].as_u64().unwrap_or_default();
                read_delta(index, &event["delta"], answer)
            }
            Some("message_delta") => {
                answer.usage(usage(&event["usage"]));
                read_ending(&event["delta"], answer)
            }
            Some("message_stop") => {
                answer.done();
                Some(())
            }
            // The whole answer at once.
            Some("message") => read_message(event, answer),
            // Those that hold nothing of the answer, and those that will be thought of: Anthropic asks
            // for not minding them.
            Some(_) => Some(()),
            None => None,
        };
        understood.ok_or_else(|| not_understood(event))
    }

    fn models(&self, list: &Value) -> Option<Vec<String>> {
        names(&list["data"], &["id"])
    }
}

fn offer(tool: &Tool) -> Value {
    let Tool {
        name,
        description,
        schema,
    } = tool;
    json!({ "name": name, "description": description, "input_schema": schema })
}

/// Where the answer begins that is under way: behind the last words of somebody else.
fn under_way(turns: &[Message]) -> usize {
    let is_said = |message: &Message| {
        message.role != ChatRole::Assistant && matches!(message.tools, ToolUse::None)
    };
    turns.iter().rposition(is_said).map_or(0, |last| last + 1)
}

/// Whether nothing in the answer that is under way keeps the model from thinking within a budget: if it has called
/// tools, that must begin with its thoughts. It may have called more of them without another thought.
fn begins_with_thoughts(answer: &[Message]) -> bool {
    let first = answer.iter().find_map(|message| match &message.tools {
        ToolUse::Calls(calls) => Some(calls),
        ToolUse::None | ToolUse::Results(_) => None,
    });
    first.is_none_or(|calls| calls.first().is_some_and(|call| !thoughts(call).is_empty()))
}

/// The blocks of thoughts that were kept with a call, if they are such that the server takes them back.
fn thoughts(call: &Call) -> Vec<Value> {
    let blocks: Vec<Value> = serde_json::from_str(&call.signature).unwrap_or_default();
    let is_signed = |block: &Value| {
        let proof = [&block["signature"], &block["data"]];
        proof
            .iter()
            .any(|proof| proof.as_str().is_some_and(|text| !text.is_empty()))
    };
    if blocks.iter().all(is_signed) {
        blocks
    } else {
        Vec::new()
    }
}

/// What is in a message: a text, or blocks if it has to do with tools.
fn content(message: &Message, with_thoughts: bool) -> Value {
    match &message.tools {
        ToolUse::None => json!(message.text),
        ToolUse::Calls(calls) => {
            // A block without a text is refused.
            let mut text = (!message.text.trim().is_empty())
                .then(|| json!({ "type": "text", "text": message.text }));
            let blocks = calls.iter().flat_map(|call| {
                // Where they were: the server knows them by their order.
                let thoughts = if with_thoughts {
                    thoughts(call)
                } else {
                    Vec::new()
                };
                let called = json!({
                    "type": "tool_use",
                    "id": sent_id(&call.id),
                    "name": sent_name(&call.name),
                    "input": arguments(call),
                });
                thoughts.into_iter().chain(text.take()).chain([called])
            });
            blocks.collect()
        }
        ToolUse::Results(results) => results
            .iter()
            .map(|result| {
                json!({
                    "type": "tool_result",
                    "tool_use_id": sent_id(&result.id),
                    "content": result.text,
                })
            })
            .collect(),
    }
}

fn read_message(message: &Value, answer: &mut Answer) -> Option<()> {
    for (index, block) in (0..).zip(message["content"].as_array()?) {
        read_block(index, block, answer)?;
    }
    answer.usage(usage(&message["usage"]));
    read_ending(message, answer)
}

/// Takes a block in, which is empty at the beginning of a stream of its pieces.
fn read_block(index: u64, block: &Value, answer: &mut Answer) -> Option<()> {
    match block["type"].as_str()? {
        // Some begin one without a text.
        "text" => answer.text(block["text"].as_str().unwrap_or_default()),
        "thinking" => {
            answer.thought(block["thinking"].as_str().unwrap_or_default());
            answer.keep(index, block);
        }
        // Thoughts that nobody can read.
        "redacted_thinking" => answer.keep(index, block),
        "tool_use" => {
            let text = |name: &str| block[name].as_str().unwrap_or_default().to_owned();
            let input = block["input"].as_object();
            let arguments = input.filter(|fields| !fields.is_empty());
            let call = Call {
                id: text("id"),
                name: text("name"),
                arguments: arguments.map_or_else(String::new, |_| block["input"].to_string()),
                signature: String::new(),
            };
            answer.call(index, call);
        }
        // Such as calls of tools that the server has itself.
        _ => {}
    }
    Some(())
}

fn read_delta(index: u64, delta: &Value, answer: &mut Answer) -> Option<()> {
    match delta["type"].as_str()? {
        "text_delta" => answer.text(delta["text"].as_str()?),
        "thinking_delta" => {
            let thought = delta["thinking"].as_str()?;
            answer.thought(thought);
            answer.keep_more(index, "thinking", thought);
        }
        "signature_delta" => {
            let signature = delta["signature"].as_str().unwrap_or_default();
            answer.keep_more(index, "signature", signature);
        }
        // Of a tool that the server has itself, it is a call that never began here.
        "input_json_delta" => answer.call_goes_on(index, delta["partial_json"].as_str()?),
        // Such as citations.
        _ => {}
    }
    Some(())
}

fn read_ending(holder: &Value, answer: &mut Answer) -> Option<()> {
    let words = holder["stop_details"]["explanation"].as_str();
    answer.ends_for(&holder["stop_reason"], words)
}

/// Anthropic counts what it reads from its cache, or writes to it, apart from the rest.
fn usage(counts: &Value) -> Usage {
    let read = counts["cache_read_input_tokens"].as_u64();
    let written = counts["cache_creation_input_tokens"].as_u64();
    let cached = read.unwrap_or(0).saturating_add(written.unwrap_or(0));
    let fresh = counts["input_tokens"].as_u64();
    Usage {
        input: fresh.map(|fresh| fresh.saturating_add(cached)),
        output: counts["output_tokens"].as_u64(),
        cached: read,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        answer::End,
        told::Told,
        tools::samples::{call, result, tool},
    };

    fn server(base_url: &str) -> Anthropic {
        Anthropic {
            base: Base::parse(base_url).unwrap(),
            model: "m".to_owned(),
        }
    }

    #[test]
    fn addresses_are_taken_as_people_have_them() {
        for base_url in ["https://a", "https://a/v1/", "https://a/v1/messages"] {
            let server = server(base_url);
            let urls = server.chat_urls(&Form::default()).unwrap();
            assert_eq!(urls, ["https://a/v1/messages"]);
            let urls = server.model_urls().unwrap();
            assert_eq!(urls, ["https://a/v1/models?limit=1000"]);
        }
    }

    #[test]
    fn a_request_has_its_system_apart() {
        let messages = [
            Message::new(ChatRole::System, "be nice"),
            Message::new(ChatRole::User, "a"),
            Message::new(ChatRole::User, "b"),
        ];
        let expected = json!({
            "model": "m",
            "stream": true,
            "max_tokens": 32_000,
            "system": "be nice",
            "thinking": { "type": "enabled", "budget_tokens": 8_000 },
            "messages": [{ "role": "user", "content": "a\n\nb" }],
        });
        let body = server("http://a").body(&messages, &Form::default());
        assert_eq!(body, expected);
        for form in [
            Form {
                thoughts: false,
                ..Form::default()
            },
            Form {
                longest: 4 * FEWEST - 1,
                ..Form::default()
            },
        ] {
            let body = server("http://a").body(&messages, &form);
            assert_eq!(body["thinking"], Value::Null);
        }
        let form = Form {
            adaptive: true,
            ..Form::default()
        };
        let body = server("http://a").body(&messages, &form);
        let adaptive = json!({ "type": "adaptive", "display": "summarized" });
        assert_eq!(body["thinking"], adaptive);
        let url: Uri = "http://a".parse().unwrap();
        let headers = server("http://a").headers(&url, &ApiKey::new("sk-1").unwrap());
        let expected = [("anthropic-version", VERSION), ("x-api-key", "sk-1")];
        assert_eq!(
            headers,
            expected.map(|(name, value)| (name, value.to_owned()))
        );
    }

    fn read(events: &[Value]) -> (Vec<Told>, Result<(), AssistantError>) {
        let mut answer = Answer::default();
        let result = events
            .iter()
            .try_for_each(|event| server("http://a").read(event, &mut answer))
            .and_then(|()| answer.end(End::Orderly));
        (answer.take_updates(), result)
    }

    fn counts(input: u64, output: u64, cached: Option<u64>) -> Told {
        Told::Usage(Usage {
            input: Some(input),
            output: Some(output),
            cached,
        })
    }

    #[test]
    fn a_stream_is_read() {
        let events = [
            json!({"type": "message_start", "message": {"content": [], "usage": {
                "input_tokens": 5, "cache_read_input_tokens": 3,
                "cache_creation_input_tokens": 2, "output_tokens": 1,
            }}}),
            json!({"type": "ping"}),
            json!({"type": "content_block_start", "index": 0,
                "content_block": {"type": "thinking", "thinking": ""}}),
            json!({"type": "content_block_delta", "delta": {"type": "thinking_delta", "thinking": "a"}}),
            json!({"type": "content_block_delta", "delta": {"type": "signature_delta", "signature": "x"}}),
            json!({"type": "content_block_stop", "index": 0}),
            json!({"type": "content_block_start", "content_block": {"type": "text", "text": ""}}),
            json!({"type": "content_block_delta", "delta": {"type": "text_delta", "text": "b"}}),
            json!({"type": "message_delta", "delta": {"stop_reason": "end_turn"},
                "usage": {"output_tokens": 7}}),
            json!({"type": "message_stop"}),
        ];
        let expected = vec![
            counts(10, 1, Some(3)),
            Told::Thought("a".to_owned()),
            Told::Token("b".to_owned()),
            counts(10, 7, Some(3)),
        ];
        assert_eq!(read(&events), (expected, Ok(())));
        // Without the last two nobody has said that it is whole.
        assert_eq!(read(&events[..8]).1, Err(AssistantError::CutOff));
    }

    #[test]
    fn tools_are_offered_and_what_came_of_them_goes_back() {
        let messages = [
            Message::new(ChatRole::User, "a"),
            Message::calls("b", vec![call("1", r#"{"x":1}"#)]),
            Message::results(vec![result("1", "hello")]),
        ];
        let form = Form {
            tools: vec![tool()],
            ..Form::default()
        };
        let body = server("http://a").body(&messages, &form);
        let offered = json!([{
            "name": "read", "description": "Reads.", "input_schema": { "type": "object" },
        }]);
        assert_eq!(body["tools"], offered);
        let expected = json!([
            { "role": "user", "content": "a" },
            { "role": "assistant", "content": [
                { "type": "text", "text": "b" },
                { "type": "tool_use", "id": "1", "name": "read", "input": { "x": 1 } },
            ] },
            { "role": "user", "content": [
                { "type": "tool_result", "tool_use_id": "1", "content": "hello" },
            ] },
        ]);
        assert_eq!(body["messages"], expected);
    }

    #[test]
    fn thoughts_go_back_with_the_calls_of_the_answer_that_is_under_way() {
        let thoughts = json!([
            { "type": "thinking", "thinking": "six", "signature": "s" },
            { "type": "redacted_thinking", "data": "d" },
        ]);
        let signed = |id: &str, signature: String| Call {
            signature,
            ..call(id, "{}")
        };
        let answered = |id: &str| Message::results(vec![result(id, "hello")]);
        let form = Form {
            tools: vec![tool()],
            ..Form::default()
        };
        let ask = |last: Call| {
            let id = last.id.clone();
            let messages = [
                Message::new(ChatRole::User, "a"),
                Message::calls("", vec![signed("1", thoughts.to_string())]),
                answered("1"),
                Message::new(ChatRole::User, "b"),
                Message::calls("", vec![last]),
                answered(&id),
            ];
            server("http://a").body(&messages, &form)
        };
        let body = ask(signed("2", thoughts.to_string()));
        let blocks = &body["messages"][4]["content"];
        assert_eq!(blocks[0], thoughts[0]);
        assert_eq!(blocks[1], thoughts[1]);
        assert_eq!(blocks[2]["type"], "tool_use");
        // What was answered before is over.
        assert_eq!(body["messages"][1]["content"][0]["type"], "tool_use");
        assert_eq!(body["thinking"]["type"], "enabled");
        // Without its thoughts it cannot go on thinking.
        for signature in [
            "",
            "of Gemini",
            r#"[{"type":"thinking","thinking":"six"}]"#,
            r#"[{"reasoning_content":"six"},{"extra_content":{}}]"#,
            r#"{"extra_content":{"google":{"thought_signature":"s"}}}"#,
        ] {
            let body = ask(signed("2", signature.to_owned()));
            assert_eq!(body["thinking"], Value::Null, "{signature}");
            assert_eq!(body["messages"][4]["content"][0]["type"], "tool_use");
        }
    }

    #[test]
    fn whoever_has_thought_at_first_goes_on_thinking() {
        let thoughts = json!([{ "type": "thinking", "thinking": "six", "signature": "s" }]);
        let rounds = |first: &str| {
            let first = Call {
                signature: first.to_owned(),
                ..call("1", "{}")
            };
            [
                Message::new(ChatRole::User, "a"),
                Message::calls("", vec![first]),
                Message::results(vec![result("1", "hello")]),
                Message::calls("", vec![call("2", "{}")]),
                Message::results(vec![result("2", "hello")]),
            ]
        };
        let mut form = Form {
            tools: vec![tool()],
            ..Form::default()
        };
        let body = server("http://a").body(&rounds(&thoughts.to_string()), &form);
        assert_eq!(body["thinking"]["type"], "enabled");
        assert_eq!(body["messages"][1]["content"][0], thoughts[0]);
        let body = server("http://a").body(&rounds(""), &form);
        assert_eq!(body["thinking"], Value::Null);
        // Without a budget it may begin as it likes.
        form.adaptive = true;
        let body = server("http://a").body(&rounds(""), &form);
        assert_eq!(body["thinking"]["type"], "adaptive");
    }

    #[test]
    fn thoughts_are_kept_with_calls() {
        let events = [
            json!({"type": "content_block_start", "index": 0,
                "content_block": {"type": "thinking", "thinking": "", "signature": ""}}),
            json!({"type": "content_block_delta", "index": 0,
                "delta": {"type": "thinking_delta", "thinking": "six"}}),
            json!({"type": "content_block_delta", "index": 0,
                "delta": {"type": "signature_delta", "signature": "s"}}),
            json!({"type": "content_block_start", "index": 1,
                "content_block": {"type": "tool_use", "id": "1", "name": "read", "input": {}}}),
            json!({"type": "message_delta", "delta": {"stop_reason": "tool_use"}}),
            json!({"type": "message_stop"}),
        ];
        let mut answer = Answer::default();
        answer.take_calls(0);
        for event in &events {
            server("http://a").read(event, &mut answer).unwrap();
        }
        assert_eq!(answer.end(End::Orderly), Ok(()));
        let updates = answer.take_updates();
        let Some(Told::Calls(calls)) = updates.last() else {
            panic!("{updates:?}");
        };
        let expected = json!({ "type": "thinking", "thinking": "six", "signature": "s" });
        assert_eq!(thoughts(&calls[0]), [expected]);
    }

    #[test]
    fn thoughts_between_calls_go_back_between_them() {
        let thought = |text: &str| json!({"type": "thinking", "thinking": text, "signature": "s"});
        let called = |id: &str| json!({"type": "tool_use", "id": id, "name": "read", "input": {}});
        let said = json!({"type": "text", "text": "a"});
        let content = json!([
            thought("one"),
            said,
            called("1"),
            called("2"),
            thought("two"),
            called("3")
        ]);
        let message = json!({"type": "message", "stop_reason": "tool_use", "content": content});
        let mut answer = Answer::default();
        answer.take_calls(0);
        server("http://a").read(&message, &mut answer).unwrap();
        assert_eq!(answer.end(End::Orderly), Ok(()));
        let updates = answer.take_updates();
        let Some(Told::Calls(calls)) = updates.last() else {
            panic!("{updates:?}");
        };
        let message = Message::calls("a", calls.clone());
        assert_eq!(super::content(&message, true), content);
    }

    #[test]
    fn calls_come_in_pieces_or_whole() {
        let delta = |text: &str| {
            json!({"type": "content_block_delta", "index": 1,
                "delta": {"type": "input_json_delta", "partial_json": text}})
        };
        let events = [
            json!({"type": "content_block_start", "index": 0,
                "content_block": {"type": "text", "text": "a"}}),
            json!({"type": "content_block_start", "index": 1,
                "content_block": {"type": "tool_use", "id": "1", "name": "read", "input": {}}}),
            delta(""),
            delta("{\"x\""),
            delta(":1}"),
            json!({"type": "message_delta", "delta": {"stop_reason": "tool_use"}}),
            json!({"type": "message_stop"}),
        ];
        let whole = json!({
            "type": "message", "stop_reason": "tool_use", "content": [
                {"type": "text", "text": "a"},
                {"type": "tool_use", "id": "1", "name": "read", "input": {"x": 1}},
            ],
        });
        let calls = vec![call("1", r#"{"x":1}"#)];
        let expected = [Told::Token("a".to_owned()), Told::Calls(calls)];
        for events in [&events[..], &[whole]] {
            let mut answer = Answer::default();
            answer.take_calls(0);
            for event in events {
                server("http://a").read(event, &mut answer).unwrap();
            }
            assert_eq!(answer.end(End::Orderly), Ok(()));
            assert_eq!(answer.take_updates(), expected);
        }
        // Where none were offered.
        let stopped = AssistantError::Stopped {
            reason: "tool_use".to_owned(),
        };
        assert_eq!(read(&events).1, Err(stopped));
    }

    #[test]
    fn a_whole_answer_is_read() {
        let message = json!({
            "type": "message", "role": "assistant", "stop_reason": "max_tokens",
            "content": [{"type": "thinking", "thinking": "a"}, {"type": "text", "text": "b"}],
            "usage": {"input_tokens": 5, "output_tokens": 2},
        });
        let expected = vec![
            Told::Thought("a".to_owned()),
            Told::Token("b".to_owned()),
            counts(5, 2, None),
            Told::Cut("max_tokens".to_owned()),
        ];
        assert_eq!(read(&[message]), (expected, Ok(())));
    }

    #[test]
    fn what_servers_leave_out_is_not_missed() {
        let events = [
            json!({"type": "content_block_start", "index": 0, "content_block": {"type": "thinking"}}),
            json!({"type": "content_block_start", "index": 1, "content_block": {"type": "text"}}),
            json!({"type": "content_block_delta", "index": 1,
                "delta": {"type": "text_delta", "text": "a"}}),
            json!({"type": "message_delta", "delta": {"stop_reason": "refusal",
                "stop_details": {"type": "refusal", "explanation": "not that"}}}),
        ];
        let reason = "refusal: not that".to_owned();
        let filtered = Err(AssistantError::Filtered { reason });
        assert_eq!(read(&events), (vec![Told::Token("a".to_owned())], filtered));
    }

    #[test]
    fn a_reason_that_is_none_ends_nothing() {
        let text = json!({"type": "content_block_delta", "index": 0,
            "delta": {"type": "text_delta", "text": "a"}});
        let end = |reason: &str| json!({"type": "message_delta", "delta": {"stop_reason": reason}});
        let stop = json!({"type": "message_stop"});
        let events = [text.clone(), end(""), end("end_turn"), stop];
        let expected = vec![Told::Token("a".to_owned())];
        assert_eq!(read(&events), (expected, Ok(())));
        assert_eq!(read(&[text, end("")]).1, Err(AssistantError::CutOff));
    }

    #[test]
    fn an_id_of_another_server_is_such_as_anthropic_takes() {
        let id = "functions.read:0";
        let called = content(&Message::calls("", vec![call(id, "{}")]), false);
        assert_eq!(called[0]["id"], "functions_read_0");
        let told = content(&Message::results(vec![result(id, "")]), false);
        assert_eq!(told[0]["tool_use_id"], "functions_read_0");
    }

    #[test]
    fn what_will_be_thought_of_is_not_minded() {
        let events = [
            json!({"type": "surprise", "index": 0}),
            json!({"type": "content_block_start", "index": 0, "content_block": {"type": "surprise"}}),
            json!({"type": "content_block_delta", "index": 0,
                "delta": {"type": "surprise_delta", "surprise": "a"}}),
            json!({"type": "content_block_delta", "index": 1,
                "delta": {"type": "text_delta", "text": "b"}}),
            json!({"type": "message_delta", "delta": {"stop_reason": "end_turn"}}),
            json!({"type": "message_stop"}),
        ];
        let expected = vec![Told::Token("b".to_owned())];
        assert_eq!(read(&events), (expected, Ok(())));
        // But nobody knows whether it is whole if it ends in a new way.
        let end = json!({"type": "message_delta", "delta": {"stop_reason": "surprise"}});
        let reason = "surprise".to_owned();
        let stopped = Err(AssistantError::Stopped { reason });
        assert_eq!(
            read(&[events[3].clone(), end, events[5].clone()]).1,
            stopped
        );
    }

    #[test]
    fn no_count_is_too_large() {
        let counts = json!({"input_tokens": 1, "cache_read_input_tokens": u64::MAX,
            "cache_creation_input_tokens": 1});
        assert_eq!(usage(&counts).input, Some(u64::MAX));
    }

    #[test]
    fn what_is_not_known_is_quoted() {
        for event in [
            json!({"surprise": 1}),
            json!({"type": "content_block_delta", "delta": {"text": "a"}}),
            json!({"type": "content_block_delta", "delta": {"type": "text_delta"}}),
            json!(1),
        ] {
            let error = read(std::slice::from_ref(&event)).1.unwrap_err();
            assert!(error.to_string().contains(&event.to_string()), "{error}");
        }
    }

    #[test]
    fn models_are_listed() {
        let list = json!({"data": [{"type": "model", "id": "a"}], "has_more": false});
        assert_eq!(server("http://a").models(&list), Some(vec!["a".to_owned()]));
    }
}

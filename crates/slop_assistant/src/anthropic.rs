//! Anthropic's messages.

use serde_json::{json, Value};
use ureq::http::Uri;

use crate::{
    address::{has_version, Base},
    answer::{Answer, Ending},
    dialect::{names, not_understood, Dialect},
    form::Form,
    reply::Usage,
    tools::{arguments, in_words},
    turns::Turns,
    ApiKey, AssistantError, Call, Message, Tool, ToolUse,
};

/// The version of the interface that is spoken here.
const VERSION: &str = "2023-06-01";
const CHAT: &str = "/messages";

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
        let turns: Vec<_> = turns
            .iter()
            .map(|message| json!({ "role": message.role, "content": content(message) }))
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
            // Known to hold nothing of the answer.
            Some("ping" | "content_block_stop") => Some(()),
            // The whole answer at once.
            Some("message") => read_message(event, answer),
            _ => None,
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

/// What is in a message: a text, or blocks if it has to do with tools.
fn content(message: &Message) -> Value {
    match &message.tools {
        ToolUse::None => json!(message.text),
        ToolUse::Calls(calls) => {
            // A block without a text is refused.
            let text = (!message.text.trim().is_empty())
                .then(|| json!({ "type": "text", "text": message.text }));
            let calls = calls.iter().map(|call| {
                json!({
                    "type": "tool_use",
                    "id": call.id,
                    "name": call.name,
                    "input": input(call),
                })
            });
            text.into_iter().chain(calls).collect()
        }
        ToolUse::Results(results) => results
            .iter()
            .map(|result| {
                json!({
                    "type": "tool_result",
                    "tool_use_id": result.id,
                    "content": result.text,
                })
            })
            .collect(),
    }
}

/// The arguments of a call, which must be an object.
fn input(call: &Call) -> Value {
    match arguments(call) {
        Value::Object(fields) => Value::Object(fields),
        other => json!({ "arguments": other }),
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
        "text" => answer.text(block["text"].as_str()?),
        "thinking" => answer.thought(block["thinking"].as_str()?),
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
        // Thoughts that nobody can read, and calls of tools that the server has itself.
        "redacted_thinking" | "server_tool_use" => {}
        _ => return None,
    }
    Some(())
}

fn read_delta(index: u64, delta: &Value, answer: &mut Answer) -> Option<()> {
    match delta["type"].as_str()? {
        "text_delta" => answer.text(delta["text"].as_str()?),
        "thinking_delta" => answer.thought(delta["thinking"].as_str()?),
        // Of a tool that the server has itself, it is a call that never began here.
        "input_json_delta" => answer.call_goes_on(index, delta["partial_json"].as_str()?),
        "signature_delta" | "citations_delta" => {}
        _ => return None,
    }
    Some(())
}

fn read_ending(holder: &Value, answer: &mut Answer) -> Option<()> {
    match &holder["stop_reason"] {
        Value::Null => Some(()),
        Value::String(reason) => {
            answer.ends(Ending::of(reason));
            Some(())
        }
        _ => None,
    }
}

/// Anthropic counts what it reads from its cache, or writes to it, apart from the rest.
fn usage(counts: &Value) -> Usage {
    let read = counts["cache_read_input_tokens"].as_u64();
    let written = counts["cache_creation_input_tokens"].as_u64();
    let cached = read.unwrap_or(0) + written.unwrap_or(0);
    Usage {
        input: counts["input_tokens"].as_u64().map(|fresh| fresh + cached),
        output: counts["output_tokens"].as_u64(),
        cached: read,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{answer::End, reply::Told, ChatRole};

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
            "messages": [{ "role": "user", "content": "a\n\nb" }],
        });
        let body = server("http://a").body(&messages, &Form::default());
        assert_eq!(body, expected);
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

    fn call(id: &str, arguments: &str) -> Call {
        Call {
            id: id.to_owned(),
            name: "read".to_owned(),
            arguments: arguments.to_owned(),
            signature: String::new(),
        }
    }

    #[test]
    fn tools_are_offered_and_what_came_of_them_goes_back() {
        let result = crate::CallResult {
            id: "1".to_owned(),
            name: "read".to_owned(),
            text: "hello".to_owned(),
        };
        let messages = [
            Message::new(ChatRole::User, "a"),
            Message::calls("b", vec![call("1", r#"{"x":1}"#)]),
            Message::results(vec![result]),
        ];
        let tool = Tool {
            name: "read".to_owned(),
            description: "Reads.".to_owned(),
            schema: json!({ "type": "object" }),
        };
        let form = Form {
            tools: vec![tool],
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
            answer.take_calls();
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
    fn what_is_not_known_is_quoted() {
        for event in [
            json!({"type": "surprise"}),
            json!({"type": "content_block_delta", "delta": {"type": "surprise_delta"}}),
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

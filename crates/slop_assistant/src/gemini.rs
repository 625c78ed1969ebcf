//! Google's Gemini.

use serde_json::{json, Value};
use ureq::http::Uri;

use crate::{
    address::{has_version, Base},
    answer::{given, Answer, Ending},
    dialect::{names, not_understood, Dialect},
    form::{Form, Roles},
    message::in_words,
    told::Usage,
    tools::{arguments, sent_name, OURS},
    turns::Turns,
    ApiKey, AssistantError, Call, ChatRole, Message, Tool, ToolUse,
};

/// The call that answers.
const GENERATE: &str = "generateContent";

/// A server that speaks it.
pub(crate) struct Gemini {
    pub(crate) base: Base,
    pub(crate) model: String,
}

impl Gemini {
    /// The path before `/models`, with a version.
    fn root(&self) -> String {
        let path = self.base.path();
        // Somebody may have entered the whole address of a call.
        let root = path.split_once("/models").map_or(path, |(root, _)| root);
        let version = if has_version(root) { "" } else { "/v1beta" };
        format!("{root}{version}")
    }
}

impl Dialect for Gemini {
    fn chat_urls(&self, form: &Form) -> Result<Vec<Uri>, AssistantError> {
        let model = self.model.trim();
        let model = model.strip_prefix("models/").unwrap_or(model);
        let root = self.root();
        let url = if form.stream {
            let path = format!("{root}/models/{model}:streamGenerateContent");
            self.base.at(&path, &["alt=sse"])
        } else {
            let path = format!("{root}/models/{model}:{GENERATE}");
            self.base.at(&path, &[])
        };
        Ok(vec![url?])
    }

    fn model_urls(&self) -> Result<Vec<Uri>, AssistantError> {
        // The most that one page may hold; there are some dozens.
        let path = format!("{}/models", self.root());
        Ok(vec![self.base.at(&path, &["pageSize=1000"])?])
    }

    fn headers(&self, _url: &Uri, key: &ApiKey) -> Vec<(&'static str, String)> {
        if key.is_empty() {
            return Vec::new();
        }
        // Not in the query, where logs would keep it.
        vec![("x-goog-api-key", key.expose().to_owned())]
    }

    fn body(&self, messages: &[Message], form: &Form) -> Value {
        let mut turns = if form.tools.is_empty() {
            Turns::new(&in_words(messages))
        } else {
            Turns::new(messages)
        };
        if form.roles == Roles::AlternatingWithoutSystem {
            turns = turns.without_system();
        }
        let contents: Vec<_> = turns
            .turns
            .iter()
            .map(|message| {
                let role = match message.role {
                    ChatRole::Assistant => "model",
                    ChatRole::System | ChatRole::User => "user",
                };
                json!({ "role": role, "parts": parts(message) })
            })
            .collect();
        let mut body = json!({ "contents": contents });
        if let Some(system) = &turns.system {
            body["systemInstruction"] = json!({ "parts": [{ "text": system }] });
        }
        if form.thoughts {
            body["generationConfig"] = json!({ "thinkingConfig": { "includeThoughts": true } });
        }
        if !form.tools.is_empty() {
            let offers: Vec<_> = form.tools.iter().map(offer).collect();
            body["tools"] = json!([{ "functionDeclarations": offers }]);
        }
        body
    }

    fn read(&self, event: &Value, answer: &mut Answer) -> Result<(), AssistantError> {
        read_event(event, answer).ok_or_else(|| not_understood(event))
    }

    fn models(&self, list: &Value) -> Option<Vec<String>> {
        let answers = |model: &&Value| {
            let calls = model["supportedGenerationMethods"].as_array();
            calls.is_none_or(|calls| calls.iter().any(|call| call == GENERATE))
        };
        let models = list["models"].as_array()?.iter().filter(answers);
        let names = names(&models.cloned().collect::<Value>(), &["name"])?;
        let bare = |name: String| match name.strip_prefix("models/") {
            Some(bare) => bare.to_owned(),
            None => name,
        };
        Some(names.into_iter().map(bare).collect())
    }
}

fn offer(tool: &Tool) -> Value {
    let Tool {
        name,
        description,
        schema,
    } = tool;
    json!({ "name": name, "description": description, "parameters": schema })
}

/// What is in a message. What came of calls is in their order, for many have no id there.
fn parts(message: &Message) -> Vec<Value> {
    let text = || json!({ "text": message.text });
    match &message.tools {
        ToolUse::None => vec![text()],
        ToolUse::Calls(calls) => {
            let said = (!message.text.trim().is_empty()).then(text);
            let calls = calls.iter().map(|call| {
                let called = json!({ "name": sent_name(&call.name), "args": arguments(call) });
                let mut part = json!({ "functionCall": with_id(called, &call.id) });
                // What begins so is what another kind of server wants back.
                if !call.signature.is_empty() && !call.signature.starts_with(['[', '{']) {
                    part["thoughtSignature"] = call.signature.as_str().into();
                }
                part
            });
            said.into_iter().chain(calls).collect()
        }
        ToolUse::Results(results) => results
            .iter()
            .map(|result| {
                let response = json!({ "result": result.text });
                let told = json!({ "name": sent_name(&result.name), "response": response });
                json!({ "functionResponse": with_id(told, &result.id) })
            })
            .collect(),
    }
}

/// Adds the id that a server has given to a call, which it wants back. One of ours it would not know.
fn with_id(mut of_call: Value, id: &str) -> Value {
    if !id.starts_with(OURS) {
        of_call["id"] = id.into();
    }
    of_call
}

fn read_event(event: &Value, answer: &mut Answer) -> Option<()> {
    let fields = event.as_object()?;
    answer.usage(usage(&event["usageMetadata"]));
    let blocked = event["promptFeedback"]["blockReason"].as_str();
    if let Some(reason) = blocked.and_then(given) {
        let words = event["promptFeedback"]["blockReasonMessage"].as_str();
        answer.ends(Ending::Filtered(reason.to_owned()).with_words(words));
    }
    let candidates = match &event["candidates"] {
        Value::Array(candidates) => candidates.as_slice(),
        Value::Null => {
            let known = [
                "usageMetadata",
                "promptFeedback",
                "modelVersion",
                "responseId",
            ];
            let is_known = known.iter().any(|name| fields.contains_key(*name));
            return (is_known || fields.is_empty()).then_some(());
        }
        _ => return None,
    };
    for candidate in candidates {
        // One answer was asked for. Others would be mixed into it.
        if candidate["index"].as_u64().unwrap_or(0) == 0 {
            read_candidate(candidate, answer)?;
        }
    }
    Some(())
}

fn read_candidate(candidate: &Value, answer: &mut Answer) -> Option<()> {
    match &candidate["content"]["parts"] {
        Value::Null => {}
        Value::Array(parts) => {
            for part in parts {
                read_part(part, answer)?;
            }
        }
        _ => return None,
    }
    let words = candidate["finishMessage"].as_str();
    answer.ends_for(&candidate["finishReason"], words)
}

fn read_part(part: &Value, answer: &mut Answer) -> Option<()> {
    if !part.is_object() {
        return None;
    }
    if part["functionCall"].is_object() {
        let text = |name: &str| part["functionCall"][name].as_str().unwrap_or_default();
        let arguments = &part["functionCall"]["args"];
        let signature = part["thoughtSignature"].as_str();
        answer.whole_call(Call {
            id: text("id").to_owned(),
            name: text("name").to_owned(),
            arguments: if arguments.is_null() {
                String::new()
            } else {
                arguments.to_string()
            },
            signature: signature.unwrap_or_default().to_owned(),
        });
    }
    match &part["text"] {
        Value::String(text) if part["thought"] == true => answer.thought(text),
        Value::String(text) => answer.text(text),
        // Such as a signature of thoughts, an image, or code that the server runs itself.
        Value::Null => {}
        _ => return None,
    }
    Some(())
}

/// Gemini counts thoughts apart from the answer.
fn usage(counts: &Value) -> Usage {
    let said = counts["candidatesTokenCount"].as_u64();
    let thought = counts["thoughtsTokenCount"].as_u64();
    let output = match (said, thought) {
        (None, None) => None,
        _ => Some(said.unwrap_or(0).saturating_add(thought.unwrap_or(0))),
    };
    Usage {
        input: counts["promptTokenCount"].as_u64(),
        output,
        cached: counts["cachedContentTokenCount"].as_u64(),
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

    fn server(base_url: &str, model: &str) -> Gemini {
        Gemini {
            base: Base::parse(base_url).unwrap(),
            model: model.to_owned(),
        }
    }

    #[test]
    fn addresses_are_taken_as_people_have_them() {
        let root = "https://a/v1beta/models";
        for base_url in [
            "https://a",
            "https://a/v1beta/",
            "https://a/v1beta/models",
            "https://a/v1beta/models/x:streamGenerateContent",
        ] {
            for model in ["m", "models/m"] {
                let server = server(base_url, model);
                let urls = server.chat_urls(&Form::default()).unwrap();
                let expected = format!("{root}/m:streamGenerateContent?alt=sse");
                assert_eq!(urls, [expected.as_str()]);
                let stream = false;
                let form = Form {
                    stream,
                    ..Form::default()
                };
                let urls = server.chat_urls(&form).unwrap();
                assert_eq!(urls, [format!("{root}/m:generateContent").as_str()]);
                let urls = server.model_urls().unwrap();
                assert_eq!(urls, [format!("{root}?pageSize=1000").as_str()]);
            }
        }
    }

    #[test]
    fn a_request_has_roles_of_its_own() {
        let messages = [
            Message::new(ChatRole::System, "be nice"),
            Message::new(ChatRole::User, "a"),
            Message::new(ChatRole::Assistant, "b"),
            Message::new(ChatRole::User, "c"),
        ];
        let expected = json!({
            "systemInstruction": { "parts": [{ "text": "be nice" }] },
            "contents": [
                { "role": "user", "parts": [{ "text": "a" }] },
                { "role": "model", "parts": [{ "text": "b" }] },
                { "role": "user", "parts": [{ "text": "c" }] },
            ],
            "generationConfig": { "thinkingConfig": { "includeThoughts": true } },
        });
        let body = server("http://a", "m").body(&messages, &Form::default());
        assert_eq!(body, expected);
    }

    fn read(events: &[Value]) -> (Vec<Told>, Result<(), AssistantError>) {
        let mut answer = Answer::default();
        let result = events
            .iter()
            .try_for_each(|event| server("http://a", "m").read(event, &mut answer))
            .and_then(|()| answer.end(End::Orderly));
        (answer.take_updates(), result)
    }

    fn piece(part: &Value) -> Value {
        json!({"candidates": [{"content": {"role": "model", "parts": [part]}, "index": 0}]})
    }

    #[test]
    fn a_stream_is_read() {
        let events = [
            piece(&json!({"text": "a", "thought": true})),
            piece(&json!({"text": "b"})),
            json!({"candidates": [{"content": {"parts": [{"text": "", "thoughtSignature": "x"}]},
                "finishReason": "STOP"}], "usageMetadata": {
                "promptTokenCount": 9, "candidatesTokenCount": 2, "thoughtsTokenCount": 3,
                "cachedContentTokenCount": 4,
            }}),
        ];
        let usage = Usage {
            input: Some(9),
            output: Some(5),
            cached: Some(4),
        };
        let expected = vec![
            Told::Thought("a".to_owned()),
            Told::Token("b".to_owned()),
            Told::Usage(usage),
        ];
        assert_eq!(read(&events), (expected, Ok(())));
        assert_eq!(read(&events[..2]).1, Err(AssistantError::CutOff));
    }

    #[test]
    fn no_count_is_too_large() {
        let counts = json!({
            "promptTokenCount": 1, "candidatesTokenCount": u64::MAX, "thoughtsTokenCount": 1,
        });
        assert_eq!(usage(&counts).output, Some(u64::MAX));
    }

    #[test]
    fn tools_are_offered_and_what_came_of_them_goes_back() {
        let signed = Call {
            signature: "s".to_owned(),
            ..call("call_0", r#"{"x":1}"#)
        };
        let messages = [
            Message::new(ChatRole::User, "a"),
            Message::calls("", vec![signed]),
            Message::results(vec![result("call_0", "hello")]),
        ];
        let form = Form {
            tools: vec![tool()],
            ..Form::default()
        };
        let body = server("http://a", "m").body(&messages, &form);
        let offered = json!([{ "functionDeclarations": [{
            "name": "read", "description": "Reads.", "parameters": { "type": "object" },
        }] }]);
        assert_eq!(body["tools"], offered);
        let expected = json!([
            { "role": "user", "parts": [{ "text": "a" }] },
            { "role": "model", "parts": [{
                "functionCall": { "name": "read", "args": { "x": 1 } }, "thoughtSignature": "s",
            }] },
            { "role": "user", "parts": [{
                "functionResponse": { "name": "read", "response": { "result": "hello" } },
            }] },
        ]);
        assert_eq!(body["contents"], expected);
    }

    #[test]
    fn an_id_that_the_server_gives_goes_back() {
        let event = piece(&json!({"functionCall": {"id": "8f2b", "name": "read"}}));
        let mut answer = Answer::default();
        answer.take_calls(0);
        server("http://a", "m").read(&event, &mut answer).unwrap();
        let end = json!({"candidates": [{"finishReason": "STOP"}]});
        server("http://a", "m").read(&end, &mut answer).unwrap();
        assert_eq!(answer.end(End::Orderly), Ok(()));
        assert_eq!(
            answer.take_updates(),
            [Told::Calls(vec![call("8f2b", "{}")])]
        );
        let called = &parts(&Message::calls("", vec![call("8f2b", "{}")]))[0];
        assert_eq!(called["functionCall"]["id"], "8f2b");
        let told = &parts(&Message::results(vec![result("8f2b", "hello")]))[0];
        assert_eq!(told["functionResponse"]["id"], "8f2b");
    }

    #[test]
    fn calls_do_not_follow_another_turn_of_the_model() {
        let messages = [
            Message::new(ChatRole::User, "a"),
            Message::new(ChatRole::Assistant, "b"),
            Message::calls("", vec![call("call_0", "{}")]),
            Message::results(vec![result("call_0", "hello")]),
        ];
        let form = Form {
            tools: vec![tool()],
            ..Form::default()
        };
        let body = server("http://a", "m").body(&messages, &form);
        let turns = body["contents"].as_array().unwrap().iter();
        let roles: Vec<_> = turns.map(|turn| &turn["role"]).collect();
        assert_eq!(roles, ["user", "model", "user", "model", "user"]);
    }

    #[test]
    fn what_another_kind_of_server_wants_back_is_not_sent() {
        for signature in [
            r#"[{"type":"thinking","thinking":"six","signature":"s"}]"#,
            r#"[{"reasoning_content":"six"}]"#,
            r#"{"extra_content":{"google":{"thought_signature":"s"}}}"#,
        ] {
            let call = Call {
                signature: signature.to_owned(),
                ..Call::default()
            };
            let part = &parts(&Message::calls("", vec![call]))[0];
            assert_eq!(part.get("thoughtSignature"), None, "{signature}");
        }
    }

    #[test]
    fn a_call_comes_whole_and_the_server_says_stop() {
        let call =
            json!({"functionCall": {"name": "read", "args": {"x": 1}}, "thoughtSignature": "s"});
        let events = [
            piece(&call),
            piece(&json!({"functionCall": {"name": "list"}})),
            json!({"candidates": [{"finishReason": "STOP"}]}),
        ];
        let mut answer = Answer::default();
        answer.take_calls(0);
        for event in &events {
            server("http://a", "m").read(event, &mut answer).unwrap();
        }
        assert_eq!(answer.end(End::Orderly), Ok(()));
        let call = |id: &str, name: &str, arguments: &str, signature: &str| Call {
            id: id.to_owned(),
            name: name.to_owned(),
            arguments: arguments.to_owned(),
            signature: signature.to_owned(),
        };
        let calls = vec![
            call("call_0", "read", r#"{"x":1}"#, "s"),
            call("call_1", "list", "{}", ""),
        ];
        assert_eq!(answer.take_updates(), [Told::Calls(calls)]);
        // Where none were offered.
        let only_thoughts = false;
        let empty = AssistantError::Empty { only_thoughts };
        assert_eq!(read(&events).1, Err(empty));
    }

    #[test]
    fn what_is_not_allowed_says_so() {
        let blocked = json!({"promptFeedback": {"blockReason": "SAFETY"}});
        let reason = "SAFETY".to_owned();
        let filtered = Err(AssistantError::Filtered { reason });
        assert_eq!(read(&[blocked]), (Vec::new(), filtered.clone()));
        let candidate = json!({"candidates": [{"finishReason": "SAFETY"}]});
        assert_eq!(read(&[candidate]), (Vec::new(), filtered));
        // In its own words, if it has some.
        let candidate = json!({"candidates": [{
            "finishReason": "MALFORMED_FUNCTION_CALL", "finishMessage": "print(read)",
        }]});
        let reason = "MALFORMED_FUNCTION_CALL: print(read)".to_owned();
        assert_eq!(
            read(&[candidate]).1,
            Err(AssistantError::Stopped { reason })
        );
    }

    #[test]
    fn a_reason_that_is_none_ends_nothing() {
        let said = |text: &str, reason: &str| {
            json!({
                "candidates": [{"content": {"parts": [{"text": text}]}, "finishReason": reason}],
                "promptFeedback": {"blockReason": "BLOCK_REASON_UNSPECIFIED"},
            })
        };
        let (first, second) = (said("a", ""), said("b", "FINISH_REASON_UNSPECIFIED"));
        let events = [first, second, said("c", "STOP")];
        let expected = ["a", "b", "c"].map(|text| Told::Token(text.to_owned()));
        assert_eq!(read(&events), (expected.to_vec(), Ok(())));
        assert_eq!(read(&events[..2]).1, Err(AssistantError::CutOff));
    }

    #[test]
    fn parts_without_a_text_say_nothing() {
        let others = [
            piece(&json!({"inlineData": {"mimeType": "image/png", "data": ""}})),
            piece(&json!({"executableCode": {"language": "PYTHON", "code": "1"}})),
        ];
        let end = json!({"candidates": [{"finishReason": "STOP"}]});
        let [image, code] = others.clone();
        let events = [image, piece(&json!({"text": "a"})), code, end.clone()];
        assert_eq!(read(&events), (vec![Told::Token("a".to_owned())], Ok(())));
        let [image, code] = others;
        let only_thoughts = false;
        let empty = Err(AssistantError::Empty { only_thoughts });
        assert_eq!(read(&[image, code, end]), (Vec::new(), empty));
    }

    #[test]
    fn what_is_not_known_is_quoted() {
        for event in [
            json!({"surprise": 1}),
            json!({"candidates": 1}),
            piece(&json!({"text": 1})),
            piece(&json!("a")),
            json!(1),
        ] {
            let error = read(std::slice::from_ref(&event)).1.unwrap_err();
            assert!(error.to_string().contains(&event.to_string()), "{error}");
        }
    }

    #[test]
    fn models_that_do_not_answer_are_left_out() {
        let list = json!({"models": [
            {"name": "models/a", "supportedGenerationMethods": ["generateContent"]},
            {"name": "models/b", "supportedGenerationMethods": ["embedContent"]},
        ]});
        let models = server("http://a", "m").models(&list);
        assert_eq!(models, Some(vec!["a".to_owned()]));
    }
}

//! What is asked, and what pieces of answers say.

use super::*;
use crate::{
    answer::End,
    told::Told::{self, Thought, Token},
    tools::samples::{call, result, tool},
};

fn server(base_url: &str) -> OpenAi {
    OpenAi {
        base: Base::parse(base_url).unwrap(),
        model: "m".to_owned(),
    }
}

#[track_caller]
fn check_urls(base_url: &str, expected: &[&str]) {
    let urls = server(base_url).chat_urls(&Form::default()).unwrap();
    let urls: Vec<_> = urls.iter().map(Uri::to_string).collect();
    assert_eq!(urls, expected);
}

#[test]
fn addresses_are_taken_as_people_have_them() {
    let full = "https://a/v1/chat/completions";
    check_urls("https://a/v1", &[full]);
    check_urls("https://a/v1/", &[full]);
    check_urls(full, &[full]);
    check_urls("https://a/v1/chat/completions/", &[full]);
    check_urls("https://a", &[full, "https://a/chat/completions"]);
    check_urls(
        "https://a/api/",
        &[
            "https://a/api/chat/completions",
            "https://a/api/v1/chat/completions",
        ],
    );
    check_urls(
        "https://a/openai/v1beta",
        &["https://a/openai/v1beta/chat/completions"],
    );
    check_urls(
        "https://a/x/chat/completions",
        &["https://a/x/chat/completions"],
    );
    let azure = "https://a/openai/deployments/m";
    let query = "?api-version=2024-06-01";
    check_urls(
        &format!("{azure}/chat/completions{query}"),
        &[&format!("{azure}/chat/completions{query}")],
    );
    check_urls(
        &format!("{azure}{query}"),
        &[
            &format!("{azure}/chat/completions{query}"),
            &format!("{azure}/v1/chat/completions{query}"),
        ],
    );
    let models = server(full).model_urls().unwrap();
    assert_eq!(models, ["https://a/v1/models"]);
}

#[test]
fn azure_has_a_header_of_its_own() {
    let key = ApiKey::new("sk-1").unwrap();
    let header = |url: &str| {
        let headers = server(url).headers(&url.parse().unwrap(), &key);
        format!("{headers:?}")
    };
    let azure = r#"[("api-key", "sk-1")]"#;
    assert_eq!(header("https://a.openai.azure.com/openai/v1"), azure);
    assert_eq!(header("http://a/openai?x=1&api-version=2"), azure);
    let others = r#"[("authorization", "Bearer sk-1")]"#;
    assert_eq!(header("https://api.openai.com/v1"), others);
    let url: Uri = "http://a".parse().unwrap();
    assert!(server("http://a")
        .headers(&url, &ApiKey::default())
        .is_empty());
}

#[test]
fn a_request_names_model_and_roles() {
    let messages = [
        Message::new(ChatRole::System, "be \"nice\""),
        Message::new(ChatRole::User, "a"),
        Message::new(ChatRole::User, "b"),
    ];
    let server = server("http://a");
    let expected = json!({
        "model": "m",
        "stream": true,
        "stream_options": { "include_usage": true },
        "messages": [
            { "role": "system", "content": "be \"nice\"" },
            { "role": "user", "content": "a" },
            { "role": "user", "content": "b" },
        ],
    });
    assert_eq!(server.body(&messages, &Form::default()), expected);
    let form = Form {
        usage: false,
        roles: Roles::Alternating,
        ..Form::default()
    };
    let expected = json!({
        "model": "m",
        "stream": true,
        "messages": [
            { "role": "system", "content": "be \"nice\"" },
            { "role": "user", "content": "a\n\nb" },
        ],
    });
    assert_eq!(server.body(&messages, &form), expected);
    let form = Form {
        stream: false,
        roles: Roles::AlternatingWithoutSystem,
        ..Form::default()
    };
    let expected = json!({
        "model": "m",
        "stream": false,
        "messages": [{ "role": "user", "content": "be \"nice\"\n\na\n\nb" }],
    });
    assert_eq!(server.body(&messages, &form), expected);
}

fn read(event: &Value) -> Result<Vec<Told>, AssistantError> {
    let mut answer = Answer::default();
    server("http://a").read(event, &mut answer)?;
    answer.done();
    // Whether it is whole is not looked at here.
    let _ = answer.end(End::Orderly);
    Ok(answer.take_updates())
}

fn token(text: &str) -> Told {
    Token(text.to_owned())
}

fn thought(text: &str) -> Told {
    Thought(text.to_owned())
}

#[track_caller]
fn check_choice(choice: Value, expected: &[Told]) {
    let event = json!({ "choices": [choice] });
    assert_eq!(read(&event).unwrap(), expected, "{event}");
}

#[test]
fn text_and_thoughts_come_in_many_forms() {
    check_choice(json!({"delta": {"content": "a"}}), &[token("a")]);
    check_choice(json!({"message": {"content": "a"}}), &[token("a")]);
    check_choice(
        json!({"delta": null, "message": {"content": "a"}}),
        &[token("a")],
    );
    check_choice(json!({"text": "a"}), &[token("a")]);
    check_choice(json!({"delta": null}), &[]);
    check_choice(
        json!({"delta": {"role": "assistant", "content": null}}),
        &[],
    );
    check_choice(json!({"delta": {"refusal": "a"}}), &[token("a")]);
    for name in THOUGHTS {
        check_choice(
            json!({"delta": {name: "a", "content": null}}),
            &[thought("a")],
        );
        check_choice(json!({"delta": {name: {"text": "a"}}}), &[thought("a")]);
    }
    let both = json!({"delta": {"content": "a"}, "text": "a", "finish_reason": "null"});
    check_choice(both, &[token("a")]);
    for delta in [json!({"role": "assistant"}), json!({"content": ""})] {
        check_choice(json!({"delta": delta, "text": "a"}), &[token("a")]);
    }
    let twice = json!({"delta": {"reasoning": "a", "reasoning_content": "a"}});
    check_choice(twice, &[thought("a")]);
    check_choice(
        json!({"delta": {"content": [
            {"type": "thinking", "thinking": [{"type": "text", "text": "a"}]},
            {"type": "text", "text": "b"},
            "c",
        ]}}),
        &[thought("a"), token("b"), token("c")],
    );
    let tagged = json!({"message": {"content": "<think>a</think>\nb"}});
    check_choice(tagged, &[thought("a"), token("b")]);
}

#[test]
fn parts_without_a_text_say_nothing() {
    check_choice(
        json!({"delta": {"content": [
            {"type": "reasoning", "summary": [{"type": "summary_text", "text": "a"}]},
            {"type": "thinking", "thinking": [{"type": "reference"}, {"type": "text", "text": "b"}]},
            {"type": "thinking"},
            {"type": "image_url", "image_url": {"url": "data:"}},
            {"type": "reference", "reference_ids": [1]},
            {"type": "text", "text": null},
            {"type": "text", "text": "c"},
        ]}}),
        &[thought("a"), thought("b"), token("c")],
    );
    let event = json!({"choices": [{"delta": {"content": [{"type": "image"}]}}]});
    let mut answer = Answer::default();
    server("http://a").read(&event, &mut answer).unwrap();
    answer.done();
    let only_thoughts = false;
    let empty = AssistantError::Empty { only_thoughts };
    assert_eq!(answer.end(End::Orderly), Err(empty));
}

#[test]
fn a_whole_answer_behind_its_pieces_is_not_read_twice() {
    let call = json!({ "index": 0, "id": "1",
        "function": { "name": "read", "arguments": "{}" } });
    let message = json!({ "role": "assistant", "reasoning": "six", "content": "Hello",
        "tool_calls": [call] });
    let whole = json!({ "object": "chat.completion", "choices": [{
        "index": 0, "message": message, "finish_reason": "stop" }] });
    let piece = |delta: Value| json!({ "choices": [{ "delta": delta }] });
    let thoughts = piece(json!({ "reasoning": "six" }));
    let text = [
        piece(json!({ "content": "Hel" })),
        piece(json!({ "content": "lo" })),
    ];
    let calls = piece(json!({ "tool_calls": [call] }));
    let [first, second] = text.clone();
    for events in [
        vec![
            thoughts.clone(),
            first,
            second,
            calls.clone(),
            whole.clone(),
        ],
        // What has not come before is in it.
        vec![thoughts, whole.clone()],
        vec![text[0].clone(), text[1].clone(), whole.clone()],
        vec![calls, whole.clone()],
        vec![whole],
    ] {
        let mut answer = Answer::default();
        answer.take_calls(0);
        for event in &events {
            server("http://a").read(event, &mut answer).unwrap();
        }
        assert_eq!(answer.end(End::Orderly), Ok(()));
        let (mut thoughts, mut text, mut arguments) = <(String, String, String)>::default();
        for told in answer.take_updates() {
            match told {
                Thought(thought) => thoughts += &thought,
                Token(token) => text += &token,
                Told::Calls(calls) => {
                    arguments.extend(calls.into_iter().map(|call| call.arguments));
                }
                other => panic!("{other:?}"),
            }
        }
        let said = (&*thoughts, &*text, &*arguments);
        assert_eq!(said, ("six", "Hello", "{}"), "{events:?}");
    }
    // Whole ones that follow each other are pieces.
    let message = |text: &str| json!({ "choices": [{ "message": { "content": text } }] });
    let mut answer = Answer::default();
    for event in [message("Hel"), message("lo")] {
        server("http://a").read(&event, &mut answer).unwrap();
    }
    assert_eq!(answer.take_updates(), [token("Hel"), token("lo")]);
    // A piece without a word is none of it.
    let mut answer = Answer::default();
    for event in [piece(json!({ "content": "\n" })), message("Hello")] {
        server("http://a").read(&event, &mut answer).unwrap();
    }
    assert_eq!(answer.take_updates(), [token("\nHello")]);
}

#[test]
fn an_error_in_a_choice_is_told() {
    let event = json!({ "choices": [{
        "delta": {"content": ""}, "finish_reason": "error",
        "error": {"code": 502, "message": "the provider is gone"},
    }]});
    let text = "the provider is gone".to_owned();
    assert_eq!(read(&event), Err(AssistantError::Reported { text }));
}

#[test]
fn only_the_first_answer_counts() {
    let event = json!({ "choices": [
        {"index": 0, "delta": {"content": "a"}},
        {"index": 1, "delta": {"content": "b"}},
    ]});
    assert_eq!(read(&event).unwrap(), [token("a")]);
}

#[test]
fn events_without_text_are_harmless_if_they_are_known() {
    for event in [
        json!({}),
        json!({"choices": []}),
        json!({"choices": null, "id": "1"}),
        json!({"choices": [], "prompt_filter_results": []}),
        json!({"object": "chat.completion.chunk"}),
        json!({"type": "ping"}),
    ] {
        assert_eq!(read(&event), Ok(Vec::new()), "{event}");
    }
    for event in [
        json!(1),
        json!("a"),
        json!({"surprise": 1}),
        json!({"choices": 1}),
        json!({"choices": [{"delta": 1}]}),
        json!({"choices": [{"delta": {"content": 1}}]}),
        json!({"choices": [{"delta": {"content": [1]}}]}),
        json!({"choices": [{"delta": {"content": [{"type": "text", "text": 1}]}}]}),
        json!({"choices": [{"delta": {"content": [{"type": "thinking", "thinking": 1}]}}]}),
        json!({"choices": [{"delta": {}, "finish_reason": 1}]}),
    ] {
        let error = read(&event).unwrap_err();
        assert!(error.to_string().contains(&event.to_string()), "{error}");
    }
}

#[test]
fn tokens_are_counted() {
    let expected = |input, output, cached| {
        Ok(vec![Told::Usage(Usage {
            input: Some(input),
            output: Some(output),
            cached,
        })])
    };
    let counts = json!({"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3});
    let event = json!({"choices": [], "usage": counts});
    assert_eq!(read(&event), expected(1, 2, None));
    let event = json!({"choices": [], "x_groq": {"usage": counts}, "usage": null});
    assert_eq!(read(&event), expected(1, 2, None));
    let counts = json!({
        "prompt_tokens": 9,
        "completion_tokens": 2,
        "prompt_tokens_details": {"cached_tokens": 8},
    });
    let event = json!({"choices": [], "usage": counts});
    assert_eq!(read(&event), expected(9, 2, Some(8)));
    // Thoughts are in the count of the answer, or beside it.
    for (total, output) in [(11, 2), (18, 9)] {
        let counts = json!({
            "prompt_tokens": 9,
            "completion_tokens": 2,
            "total_tokens": total,
            "completion_tokens_details": {"reasoning_tokens": 7},
        });
        let event = json!({"choices": [], "usage": counts});
        assert_eq!(read(&event), expected(9, output, None));
    }
}

#[test]
fn models_come_in_several_forms() {
    let server = server("http://a");
    let expected = Some(vec!["a".to_owned(), "b".to_owned()]);
    for list in [
        json!({"object": "list", "data": [{"id": "a"}, {"id": "b"}]}),
        json!({"models": [{"name": "a"}, {"model": "b"}]}),
        json!({"object": "list", "models": [{"name": "a"}, {"model": "b"}]}),
        json!([{"id": "a"}, {"id": "b"}]),
    ] {
        assert_eq!(server.models(&list), expected);
    }
    assert_eq!(server.models(&json!({"data": 1})), None);
    let none = json!({"object": "list", "data": null});
    assert_eq!(server.models(&none), Some(Vec::new()));
}

#[test]
fn tools_are_offered_and_what_came_of_them_goes_back() {
    let messages = [
        Message::new(ChatRole::User, "a"),
        Message::calls("", vec![call("1", "{}"), call("2", "{}")]),
        Message::results(vec![result("1", "text 1"), result("2", "text 2")]),
    ];
    let form = Form {
        tools: vec![tool()],
        ..Form::default()
    };
    let body = server("http://a").body(&messages, &form);
    let function = json!({
        "name": "read", "description": "Reads.", "parameters": { "type": "object" },
    });
    assert_eq!(
        body["tools"],
        json!([{ "type": "function", "function": function }])
    );
    let called = |id: &str| {
        let function = json!({ "name": "read", "arguments": "{}" });
        json!({ "id": id, "type": "function", "function": function })
    };
    let expected = json!([
        { "role": "user", "content": "a" },
        { "role": "assistant", "content": null, "tool_calls": [called("1"), called("2")] },
        { "role": "tool", "tool_call_id": "1", "content": "text 1" },
        { "role": "tool", "tool_call_id": "2", "content": "text 2" },
    ]);
    assert_eq!(body["messages"], expected);
    // A server that was told of no tools knows none.
    let body = server("http://a").body(&messages, &Form::default());
    assert_eq!(body["tools"], Value::Null);
    let words = "(Result of read: text 1)\n\n(Result of read: text 2)";
    assert_eq!(
        body["messages"][2],
        json!({ "role": "user", "content": words })
    );
}

fn with_tool() -> Form {
    Form {
        tools: vec![tool()],
        ..Form::default()
    }
}

/// The calls that an answer with tools ends with.
fn calls_in(events: &[Value]) -> Vec<Call> {
    let mut answer = Answer::default();
    answer.take_calls(0);
    for event in events {
        server("http://a").read(event, &mut answer).unwrap();
    }
    assert_eq!(answer.end(End::Orderly), Ok(()));
    match answer.take_updates().pop() {
        Some(Told::Calls(calls)) => calls,
        other => panic!("{other:?}"),
    }
}

/// How calls go out.
fn sent(calls: &[Call], form: &Form) -> Value {
    let messages = [
        Message::new(ChatRole::User, "a"),
        Message::calls("", calls.to_vec()),
    ];
    let body = server("http://a").body(&messages, form);
    body["messages"][1].clone()
}

#[test]
fn what_the_server_wants_back_goes_back_with_the_calls() {
    let piece = |delta: Value| json!({ "choices": [{ "delta": delta }] });
    let function = json!({ "name": "read", "arguments": "{}" });
    let extra = json!({ "google": { "thought_signature": "s" } });
    for name in THOUGHTS {
        let calls = calls_in(&[
            piece(json!({ name: "si" })),
            piece(json!({ name: "x", "content": null })),
            piece(json!({ "tool_calls": [
                { "index": 0, "id": "1", "function": function, "extra_content": extra },
            ] })),
            piece(json!({ "tool_calls": [{ "index": 1, "id": "2", "function": function }] })),
            json!({ "choices": [{ "delta": {}, "finish_reason": "tool_calls" }] }),
        ]);
        let mut said = sent(&calls, &with_tool());
        assert_eq!(said[name], "six");
        assert_eq!(said["tool_calls"][0]["extra_content"], extra);
        assert_eq!(said["tool_calls"][1].get("extra_content"), None);
        // Where it is refused, all else is the same.
        let form = Form {
            thoughts: false,
            ..with_tool()
        };
        let said = said.as_object_mut().unwrap();
        said.remove(name);
        let first = said["tool_calls"][0].as_object_mut().unwrap();
        first.remove("extra_content");
        assert_eq!(sent(&calls, &form).as_object().unwrap(), &*said);
    }
}

#[test]
fn parts_of_thoughts_go_back_as_the_whole_parts_that_they_are() {
    let piece = |details: Value| {
        let delta = json!({ "reasoning": null, "reasoning_details": details });
        json!({ "choices": [{ "delta": delta }] })
    };
    let text = |text: &str| json!({ "type": "reasoning.text", "text": text, "index": 0 });
    let signed =
        json!({ "type": "reasoning.text", "signature": "s", "index": 0, "format": "anthropic" });
    let encrypted = |id: &str| json!({ "type": "reasoning.encrypted", "data": "d", "id": id });
    let function = json!({ "name": "read", "arguments": "{}" });
    let calls = calls_in(&[
        piece(json!([text("si")])),
        piece(json!([text("x"), 1])),
        piece(json!([signed])),
        piece(json!([text("of another")])),
        piece(json!([encrypted("1"), encrypted("2")])),
        json!({ "choices": [{
            "delta": { "tool_calls": [{ "index": 0, "id": "1", "function": function }] },
            "finish_reason": "tool_calls",
        }] }),
    ]);
    let first = json!({
        "type": "reasoning.text", "text": "six", "index": 0, "signature": "s",
        "format": "anthropic",
    });
    let expected = json!([first, text("of another"), encrypted("1"), encrypted("2")]);
    assert_eq!(sent(&calls, &with_tool())["reasoning_details"], expected);
}

#[test]
fn short_ids_are_those_of_the_calls_and_of_what_came_of_them() {
    let messages = [
        Message::new(ChatRole::User, "a"),
        Message::calls("", vec![call("call_of_another", "{}"), call("2", "{}")]),
        Message::results(vec![result("call_of_another", "1"), result("2", "2")]),
        Message::calls("", vec![call("3", "{}")]),
        Message::results(vec![result("3", "3")]),
    ];
    let form = Form {
        short_ids: true,
        ..with_tool()
    };
    let body = server("http://a").body(&messages, &form);
    let ids = body["messages"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|said| {
            let calls = said["tool_calls"].as_array().into_iter().flatten();
            let ids = calls.map(|call| &call["id"]);
            ids.chain(said.get("tool_call_id"))
                .map(|id| id.as_str().unwrap())
        });
    let (one, two, three) = ("000000000", "000000001", "000000002");
    let expected = [one, two, one, two, three, three];
    assert_eq!(ids.collect::<Vec<_>>(), expected);
}

#[test]
fn what_another_kind_of_server_wants_back_is_not_sent() {
    let plain = [call("1", "{}")];
    for signature in [
        "of Gemini",
        "1234",
        r#"[{"type":"thinking","thinking":"six","signature":"s"}]"#,
        r#"[{"type":"redacted_thinking","data":"d"}]"#,
    ] {
        let signature = signature.to_owned();
        let signed = [Call {
            signature,
            ..call("1", "{}")
        }];
        assert_eq!(sent(&signed, &with_tool()), sent(&plain, &with_tool()));
    }
}

#[test]
fn a_server_that_wants_thoughts_with_every_call_gets_some() {
    let form = Form {
        blank_thoughts: true,
        ..with_tool()
    };
    let signature = r#"[{"reasoning_content":"six"}]"#.to_owned();
    let thought = Call {
        signature,
        ..call("1", "{}")
    };
    assert_eq!(sent(&[thought], &form)["reasoning_content"], "six");
    let said = sent(&[call("1", "{}")], &form);
    assert_eq!(said["reasoning_content"], " ");
    let messages = [
        Message::new(ChatRole::User, "a"),
        Message::new(ChatRole::Assistant, "b"),
    ];
    let body = server("http://a").body(&messages, &form);
    assert_eq!(body["messages"][0].get("reasoning_content"), None);
    assert_eq!(body["messages"][1]["reasoning_content"], " ");
}

#[test]
fn a_call_that_no_server_would_take_back_is_one_that_it_does() {
    let wrong = Call {
        name: "read file".to_owned(),
        ..call("1", "{\"path\": ")
    };
    let messages = [
        Message::new(ChatRole::User, "a"),
        Message::calls("", vec![wrong]),
    ];
    let form = Form {
        tools: vec![tool()],
        ..Form::default()
    };
    let body = server("http://a").body(&messages, &form);
    let function = &body["messages"][1]["tool_calls"][0]["function"];
    assert_eq!(function["name"], "read_file");
    let arguments = function["arguments"].as_str().unwrap();
    let arguments: Value = serde_json::from_str(arguments).unwrap();
    assert_eq!(arguments, json!({ "arguments": "{\"path\": " }));
}

#[test]
fn calls_come_in_pieces() {
    let piece = |delta: Value| json!({ "choices": [{ "delta": delta }] });
    let events = [
        piece(json!({ "content": "Let me look." })),
        piece(
            json!({ "tool_calls": [{ "index": 0, "id": "1", "type": "function",
            "function": { "name": "read", "arguments": "" } }] }),
        ),
        piece(json!({ "tool_calls": [{ "index": 0, "function": { "arguments": "{\"a\"" } }] })),
        piece(json!({ "tool_calls": [{ "index": 1, "id": "2",
            "function": { "name": "read", "arguments": { "b": 2 } } }] })),
        piece(json!({ "tool_calls": [{ "index": 0, "function": { "arguments": ":1}" } }] })),
        json!({ "choices": [{ "delta": {}, "finish_reason": "tool_calls" }] }),
    ];
    let mut answer = Answer::default();
    answer.take_calls(0);
    for event in &events {
        server("http://a").read(event, &mut answer).unwrap();
    }
    assert_eq!(answer.end(End::Orderly), Ok(()));
    let calls = vec![call("1", r#"{"a":1}"#), call("2", r#"{"b":2}"#)];
    let expected = [Token("Let me look.".to_owned()), Told::Calls(calls)];
    assert_eq!(answer.take_updates(), expected);
}

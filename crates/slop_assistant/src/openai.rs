//! Chat completions as `OpenAI` defined them and most servers speak them, each in its own way.

use std::{collections::BTreeMap, mem};

use serde_json::{json, Value};
use ureq::http::Uri;

use crate::{
    address::{has_version, Base},
    answer::{Answer, Parts},
    dialect::{names, not_understood, Dialect},
    form::{Form, Roles},
    message::in_words,
    told::Usage,
    tools::{arguments, sent_name},
    turns::Turns,
    words::error_in,
    ApiKey, AssistantError, Call, ChatRole, Message, Tool, ToolUse,
};

const CHAT: &str = "/chat/completions";
const MODELS: &str = "/models";
/// Where thoughts are. Some servers send the same under several of these names.
const THOUGHTS: [&str; 4] = ["reasoning_content", "reasoning", "thinking", "thoughts"];
/// Where `OpenRouter` has them in parts, some of which nobody can read. Models behind it that think take
/// no call back without them.
const DETAILS: &str = "reasoning_details";
/// Where a call has what the server wants back with it: Gemini behind such an address.
const EXTRA: &str = "extra_content";
/// What stands in pieces that hold nothing of the answer.
const HARMLESS: [&str; 6] = [
    "choices",
    "usage",
    "prompt_filter_results",
    "timings",
    "x_groq",
    "model",
];

/// A server that speaks it.
pub(crate) struct OpenAi {
    pub(crate) base: Base,
    pub(crate) model: String,
}

impl OpenAi {
    /// The address as it was entered and the end of the path, and the same with a version if none
    /// was entered.
    fn urls(&self, end: &str) -> Result<Vec<Uri>, AssistantError> {
        let path = self.base.path();
        let root = path.strip_suffix(CHAT);
        let is_full = root.is_some();
        let root = root.unwrap_or(path);
        let plain = format!("{root}{end}");
        let versioned = format!("{root}/v1{end}");
        let paths = if is_full || has_version(root) {
            vec![plain]
        } else if root.is_empty() {
            vec![versioned, plain]
        } else {
            vec![plain, versioned]
        };
        paths.iter().map(|path| self.base.at(path, &[])).collect()
    }
}

impl Dialect for OpenAi {
    fn chat_urls(&self, _form: &Form) -> Result<Vec<Uri>, AssistantError> {
        self.urls(CHAT)
    }

    fn model_urls(&self) -> Result<Vec<Uri>, AssistantError> {
        self.urls(MODELS)
    }

    fn headers(&self, url: &Uri, key: &ApiKey) -> Vec<(&'static str, String)> {
        if key.is_empty() {
            return Vec::new();
        }
        if is_azure(url) {
            // What Azure takes for a bearer is a token of another kind, and it refuses ours.
            return vec![("api-key", key.expose().to_owned())];
        }
        vec![("authorization", format!("Bearer {}", key.expose()))]
    }

    fn body(&self, messages: &[Message], form: &Form) -> Value {
        let mut messages = if form.tools.is_empty() {
            in_words(messages)
        } else {
            messages.to_vec()
        };
        if form.short_ids {
            shorten_ids(&mut messages);
        }
        let messages = match form.roles {
            Roles::Given => messages,
            Roles::Alternating => Turns::new(&messages).into_messages(),
            Roles::AlternatingWithoutSystem => {
                Turns::new(&messages).without_system().into_messages()
            }
        };
        let messages: Vec<_> = messages
            .iter()
            .flat_map(|message| said(message, form))
            .collect();
        let mut body = json!({
            "model": self.model,
            "stream": form.stream,
            "messages": messages,
        });
        if form.stream && form.usage {
            body["stream_options"] = json!({ "include_usage": true });
        }
        if !form.tools.is_empty() {
            body["tools"] = form.tools.iter().map(offer).collect();
        }
        body
    }

    fn read(&self, event: &Value, answer: &mut Answer) -> Result<(), AssistantError> {
        let Some(fields) = event.as_object() else {
            return Err(not_understood(event));
        };
        for counts in [&event["usage"], &event["x_groq"]["usage"]] {
            answer.usage(usage(counts));
        }
        let choices = match &event["choices"] {
            Value::Array(choices) => choices.as_slice(),
            Value::Null if is_harmless(event) || fields.is_empty() => &[],
            _ => return Err(not_understood(event)),
        };
        for choice in choices {
            // One answer was asked for. Others would be mixed into it.
            if choice["index"].as_u64().unwrap_or(0) == 0 {
                read_choice(choice, answer).ok_or_else(|| not_understood(event))?;
                // A gateway tells here what went wrong behind it.
                if let Some(text) = error_in(choice) {
                    return Err(AssistantError::Reported { text });
                }
            }
        }
        Ok(())
    }

    fn models(&self, list: &Value) -> Option<Vec<String>> {
        let keys = ["id", "name", "model"];
        let lists = [&list["data"], &list["models"], list];
        let found = lists.iter().find_map(|list| names(list, &keys));
        let is_empty = list["object"] == "list" && list["data"].is_null();
        found.or_else(|| is_empty.then(Vec::new))
    }
}

fn offer(tool: &Tool) -> Value {
    let Tool {
        name,
        description,
        schema,
    } = tool;
    json!({
        "type": "function",
        "function": { "name": name, "description": description, "parameters": schema },
    })
}

/// Gives each call an id of nine digits, and the same one to what came of it.
fn shorten_ids(messages: &mut [Message]) {
    let mut known = BTreeMap::new();
    let mut shorten = |id: &mut String| {
        let next = known.len();
        let number = known.entry(mem::take(id)).or_insert(next);
        *id = format!("{number:09}");
    };
    for message in messages {
        match &mut message.tools {
            ToolUse::None => {}
            ToolUse::Calls(calls) => calls.iter_mut().for_each(|call| shorten(&mut call.id)),
            ToolUse::Results(results) => results.iter_mut().for_each(|one| shorten(&mut one.id)),
        }
    }
}

/// A message as it goes out. What came of each call is one of its own.
fn said(message: &Message, form: &Form) -> Vec<Value> {
    match &message.tools {
        ToolUse::None => {
            let mut said = json!({ "role": message.role, "content": message.text });
            if message.role == ChatRole::Assistant {
                give_thoughts_back(&mut said, &[], form);
            }
            vec![said]
        }
        ToolUse::Calls(calls) => {
            let content = (!message.text.is_empty()).then_some(&message.text);
            let sent: Vec<_> = calls.iter().map(|call| sent_call(call, form)).collect();
            let mut said =
                json!({ "role": message.role, "content": content, "tool_calls": sent });
            give_thoughts_back(&mut said, calls, form);
            vec![said]
        }
        ToolUse::Results(results) => results
            .iter()
            .map(|result| {
                json!({ "role": "tool", "tool_call_id": result.id, "content": result.text })
            })
            .collect(),
    }
}

/// A call as it goes out.
fn sent_call(call: &Call, form: &Form) -> Value {
    let mut sent = json!({
        "id": call.id,
        "type": "function",
        "function": { "name": sent_name(&call.name), "arguments": sent_arguments(call) },
    });
    if form.thoughts {
        give_back(&mut sent, call, &[EXTRA]);
    }
    sent
}

/// Adds the thoughts that were kept with the calls of the assistant. Models that think want them with all
/// calls that there are, not only with those of the answer that is under way.
fn give_thoughts_back(said: &mut Value, calls: &[Call], form: &Form) {
    if !form.thoughts {
        return;
    }
    if let Some(first) = calls.first() {
        give_back(said, first, &THOUGHTS);
        give_back(said, first, &[DETAILS]);
    }
    if form.blank_thoughts && said[THOUGHTS[0]].is_null() {
        // Some take an empty text for none.
        said[THOUGHTS[0]] = " ".into();
    }
}

/// Adds what was kept with a call under these names.
fn give_back(sent: &mut Value, call: &Call, names: &[&str]) {
    let kept = match serde_json::from_str(&call.signature) {
        Ok(Value::Array(all)) => all,
        Ok(one) => vec![one],
        Err(_) => Vec::new(),
    };
    // What Anthropic wants back has a type.
    for one in kept.iter().filter(|one| one["type"].is_null()) {
        for name in names {
            if let Some(value) = one.get(*name) {
                sent[*name] = value.clone();
            }
        }
    }
}

/// The arguments of a call as they go out. Servers that read them refuse what is no object, and with it
/// all that was said.
fn sent_arguments(call: &Call) -> String {
    match serde_json::from_str(&call.arguments) {
        Ok(Value::Object(_)) => call.arguments.clone(),
        _ => arguments(call).to_string(),
    }
}

/// Whether a piece without choices is of a known kind.
fn is_harmless(event: &Value) -> bool {
    let is_named = HARMLESS.iter().any(|name| event.get(*name).is_some());
    let kind = event["type"].as_str().unwrap_or_default();
    is_named
        || event["object"] == "chat.completion.chunk"
        || matches!(kind, "ping" | "keepalive" | "keep-alive" | "heartbeat")
}

/// Takes one choice in; `None` if it cannot be understood.
fn read_choice(choice: &Value, answer: &mut Answer) -> Option<()> {
    let is_piece = !choice["delta"].is_null();
    let (said, known) = if is_piece {
        (&choice["delta"], Parts::default())
    } else {
        (&choice["message"], answer.in_pieces())
    };
    match said {
        Value::Object(_) => read_said(said, known, answer)?,
        Value::Null => {}
        _ => return None,
    }
    // The completions from before the chats. Beside a text it would be the same once more.
    let has_content = !said["content"].is_null() && said["content"] != "";
    if !has_content {
        read_content(&choice["text"], answer)?;
    }
    if is_piece {
        answer.came_in_pieces();
    }
    answer.ends_for(&choice["finish_reason"], None)
}

/// Takes a piece of an answer in, or a whole one, but for the parts that are known.
fn read_said(said: &Value, known: Parts, answer: &mut Answer) -> Option<()> {
    let thoughts = THOUGHTS.iter().find_map(|name| {
        let thoughts = &said[*name];
        let thoughts = thoughts.as_str().or_else(|| thoughts["text"].as_str())?;
        (!thoughts.is_empty()).then_some((*name, thoughts))
    });
    if let Some((name, thoughts)) = thoughts.filter(|_| !known.thoughts) {
        answer.thought(thoughts);
        answer.keep_text(name, thoughts);
    }
    let parts = said[DETAILS].as_array().filter(|_| !known.thoughts);
    let parts = parts.into_iter().flatten();
    for part in parts.filter(|part| part.is_object()) {
        answer.keep_part(DETAILS, part);
    }
    if !known.text {
        read_content(&said["content"], answer)?;
        // The words of a model that does not want to answer are its answer.
        read_content(&said["refusal"], answer)?;
    }
    let calls = said["tool_calls"].as_array().filter(|_| !known.calls);
    for (place, call) in (0..).zip(calls.into_iter().flatten()) {
        read_call(place, call, answer);
    }
    Some(())
}

/// Takes a piece of a call in. Its place counts if the server has no index.
fn read_call(place: u64, piece: &Value, answer: &mut Answer) {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let function = &piece["function"];
    let arguments = match &function["arguments"] {
        // Some send what they should send as a text.
        Value::Object(fields) => Value::Object(fields.clone()).to_string(),
        other => text(other),
    };
    let extra = Some(&piece[EXTRA]).filter(|extra| !extra.is_null());
    let piece_of = Call {
        id: text(&piece["id"]),
        name: text(&function["name"]),
        arguments,
        signature: extra.map_or_else(String::new, |extra| json!({ EXTRA: extra }).to_string()),
    };
    answer.call(piece["index"].as_u64().unwrap_or(place), piece_of);
}

/// Takes a text in, or an array of parts.
fn read_content(content: &Value, answer: &mut Answer) -> Option<()> {
    match content {
        Value::Null => {}
        Value::String(text) => answer.text(text),
        Value::Array(parts) => {
            for part in parts {
                read_part(part, answer)?;
            }
        }
        Value::Object(_) => read_part(content, answer)?,
        Value::Bool(_) | Value::Number(_) => return None,
    }
    Some(())
}

/// Takes a part of a content in. One without a text, such as an image or a reference, says nothing.
fn read_part(part: &Value, answer: &mut Answer) -> Option<()> {
    match part["type"].as_str() {
        Some("thinking" | "reasoning" | "thought") => {
            let inner = ["thinking", "text", "reasoning", "summary"];
            let mut thoughts = inner.iter().map(|name| &part[*name]);
            match thoughts.find(|thoughts| !thoughts.is_null()) {
                Some(Value::Array(parts)) => {
                    for part in parts {
                        answer.thought(text_of(part, "text")?);
                    }
                }
                Some(Value::String(text)) => answer.thought(text),
                Some(_) => return None,
                None => {}
            }
        }
        Some("refusal") => answer.text(text_of(part, "refusal")?),
        _ => answer.text(text_of(part, "text")?),
    }
    Some(())
}

/// The text that a part is, or has under this name, which may be none; `None` if it is no part.
fn text_of<'a>(part: &'a Value, name: &str) -> Option<&'a str> {
    match part {
        Value::String(text) => Some(text),
        Value::Object(fields) => match fields.get(name) {
            None | Some(Value::Null) => Some(""),
            Some(text) => text.as_str(),
        },
        _ => None,
    }
}

fn usage(counts: &Value) -> Usage {
    let cached = counts["prompt_tokens_details"]["cached_tokens"].as_u64();
    let input = counts["prompt_tokens"].as_u64();
    Usage {
        input,
        output: output(counts, input.unwrap_or(0)),
        cached: cached.or_else(|| counts["prompt_cache_hit_tokens"].as_u64()),
    }
}

/// How many tokens the answer has with its thoughts. Most count those as answer; xAI counts them apart,
/// which only the sum of all tells.
fn output(counts: &Value, input: u64) -> Option<u64> {
    let said = counts["completion_tokens"].as_u64()?;
    let thought = counts["completion_tokens_details"]["reasoning_tokens"].as_u64();
    let both = said.saturating_add(thought.unwrap_or(0));
    let are_apart = counts["total_tokens"].as_u64() == Some(input.saturating_add(both));
    Some(if are_apart { both } else { said })
}

/// Whether Azure answers there, which has another header for the key.
fn is_azure(url: &Uri) -> bool {
    let host = url.host().unwrap_or_default().to_ascii_lowercase();
    let hosts = [
        ".openai.azure.com",
        ".cognitiveservices.azure.com",
        ".services.ai.azure.com",
    ];
    let is_versioned = url.query().is_some_and(|query| {
        let mut pairs = query.split('&');
        pairs.any(|pair| pair.starts_with("api-version="))
    });
    is_versioned || hosts.iter().any(|end| host.ends_with(end))
}

#[cfg(test)]
mod tests;

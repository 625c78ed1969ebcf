//! Tools that a model may call, and how it did.

use serde::{Deserialize, Serialize};
use serde_json::{json, Value};

use crate::{ChatRole, Message};

/// The longest name of a tool that every server takes, in characters.
const LONGEST_NAME: usize = 64;

/// Something that a model may call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tool {
    /// What it is called by.
    pub name: String,
    /// What the model is told of it.
    pub description: String,
    /// Its arguments, an object, as a JSON schema.
    pub schema: Value,
}

/// A call of a tool.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Call {
    /// The server's name for it, or one of ours if it has none. Never empty.
    pub id: String,
    /// Of the tool. It may be one that was not offered.
    pub name: String,
    /// In JSON, as the model wrote them. They may be wrong.
    pub arguments: String,
    /// What the server wants back with the call, if it does.
    pub signature: String,
}

/// What came of a call.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CallResult {
    /// The id of the call.
    pub id: String,
    /// The name of the tool.
    pub name: String,
    /// For the model.
    pub text: String,
}

/// What a message has to do with tools.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum ToolUse {
    /// Nothing.
    #[default]
    None,
    /// The assistant called these, after what it said.
    Calls(Vec<Call>),
    /// What came of all calls of the message before. The text of this one does not go out.
    Results(Vec<CallResult>),
}

impl Message {
    /// What the assistant said before it called tools, which may be nothing.
    #[must_use]
    pub fn calls(text: impl Into<String>, calls: Vec<Call>) -> Self {
        Self {
            tools: ToolUse::Calls(calls),
            ..Self::new(ChatRole::Assistant, text)
        }
    }

    /// What came of all calls of the message before.
    #[must_use]
    pub fn results(results: Vec<CallResult>) -> Self {
        Self {
            tools: ToolUse::Results(results),
            ..Self::new(ChatRole::User, "")
        }
    }

    /// The same in words, for whoever knows no tools.
    #[must_use]
    pub fn in_words(&self) -> Self {
        let mut parts = Vec::new();
        match &self.tools {
            ToolUse::None => return self.clone(),
            ToolUse::Calls(calls) => {
                parts.extend((!self.text.is_empty()).then(|| self.text.clone()));
                let calls = calls.iter();
                parts.extend(
                    calls.map(|call| format!("(Called {}: {})", call.name, call.arguments)),
                );
            }
            ToolUse::Results(results) => {
                let results = results.iter();
                let text =
                    |result: &CallResult| format!("(Result of {}: {})", result.name, result.text);
                parts.extend(results.map(text));
            }
        }
        Self::new(self.role, parts.join("\n\n"))
    }
}

/// The arguments of a call as the object that they must be. What is no JSON is a text in it.
pub(crate) fn arguments(call: &Call) -> Value {
    match serde_json::from_str(&call.arguments) {
        Ok(Value::Object(fields)) => Value::Object(fields),
        Ok(other) => json!({ "arguments": other }),
        Err(_) => json!({ "arguments": call.arguments }),
    }
}

/// The name of a tool as it goes out. A model may have called one that there is not, by a name that servers
/// refuse, and with it all that was said.
pub(crate) fn sent_name(name: &str) -> String {
    let name: String = name.chars().take(LONGEST_NAME).collect();
    let name = sent_id(&name);
    if name.is_empty() {
        "unknown".to_owned()
    } else {
        name
    }
}

/// An id as it goes out where not every character is taken. Those of another server may have others.
pub(crate) fn sent_id(id: &str) -> String {
    let is_taken = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    id.chars()
        .map(|c| if is_taken(c) { c } else { '_' })
        .collect()
}

/// What the ids begin with that calls get here, if the server gives them none.
pub(crate) const OURS: &str = "call_";

/// The first number that no such id has in a conversation. All calls of an answer are in it again, in each
/// of its rounds, so none gets the id of another.
pub(crate) fn first_number(messages: &[Message]) -> u64 {
    let calls = messages.iter().filter_map(|message| match &message.tools {
        ToolUse::Calls(calls) => Some(calls),
        ToolUse::None | ToolUse::Results(_) => None,
    });
    let numbers = calls
        .flatten()
        .filter_map(|call| call.id.strip_prefix(OURS)?.parse::<u32>().ok());
    numbers.max().map_or(0, |last| u64::from(last) + 1)
}

/// The same conversation for a request that offers no tools: most servers know calls only of tools
/// that they were told of.
pub(crate) fn in_words(messages: &[Message]) -> Vec<Message> {
    messages.iter().map(Message::in_words).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_tools_calls_are_told_in_words() {
        let call = Call {
            id: "1".to_owned(),
            name: "read".to_owned(),
            arguments: "{}".to_owned(),
            ..Call::default()
        };
        let result = CallResult {
            id: "1".to_owned(),
            name: "read".to_owned(),
            text: "hello".to_owned(),
        };
        let said = in_words(&[
            Message::calls("Let me look.", vec![call.clone()]),
            Message::calls("", vec![call]),
            Message::results(vec![result]),
        ]);
        let expected = [
            Message::new(ChatRole::Assistant, "Let me look.\n\n(Called read: {})"),
            Message::new(ChatRole::Assistant, "(Called read: {})"),
            Message::new(ChatRole::User, "(Result of read: hello)"),
        ];
        assert_eq!(said, expected);
    }

    #[test]
    fn names_are_such_as_servers_take() {
        assert_eq!(sent_name("read_file-2"), "read_file-2");
        assert_eq!(sent_name("functions.read file"), "functions_read_file");
        assert_eq!(sent_name(""), "unknown");
        assert_eq!(sent_name(&"é".repeat(100)), "_".repeat(LONGEST_NAME));
    }

    #[test]
    fn no_call_gets_the_id_of_another() {
        let calls = |ids: &[&str]| {
            let calls = ids.iter().map(|id| Call {
                id: (*id).to_owned(),
                ..Call::default()
            });
            Message::calls("", calls.collect())
        };
        assert_eq!(first_number(&[]), 0);
        let said = Message::new(ChatRole::User, "call_9");
        let all = [
            calls(&["call_0", "call_3"]),
            said,
            calls(&["call_x", "toolu_7"]),
        ];
        assert_eq!(first_number(&all), 4);
    }

    #[test]
    fn what_was_stored_without_tools_can_be_read() {
        let read: Message = serde_json::from_str(r#"{"role":"user","text":"a"}"#).unwrap();
        assert_eq!(read, Message::new(ChatRole::User, "a"));
    }
}

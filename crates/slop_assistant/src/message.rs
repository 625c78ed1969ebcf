//! What was said: the messages of a conversation.

use serde::{Deserialize, Serialize};

use crate::{tools::OURS, Call, CallResult, ToolUse};

/// Who said something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ChatRole {
    /// Whoever set the assistant up.
    System,
    /// The person who asks.
    User,
    /// The model.
    Assistant,
}

/// One message of a conversation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Who said it.
    pub role: ChatRole,
    /// What was said.
    pub text: String,
    /// Which tools were called with it, or what came of that.
    #[serde(default)]
    pub tools: ToolUse,
}

impl Message {
    /// What `role` said.
    #[must_use]
    pub fn new(role: ChatRole, text: impl Into<String>) -> Self {
        Self {
            role,
            text: text.into(),
            tools: ToolUse::None,
        }
    }

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

/// The first number that no id in a conversation has that was given here. All calls of an answer are in it
/// again, in each of its rounds, so none gets the id of another.
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
    use crate::tools::samples::{call, result};

    #[test]
    fn without_tools_calls_are_told_in_words() {
        let said = in_words(&[
            Message::calls("Let me look.", vec![call("1", "{}")]),
            Message::calls("", vec![call("1", "{}")]),
            Message::results(vec![result("1", "hello")]),
        ]);
        let expected = [
            Message::new(ChatRole::Assistant, "Let me look.\n\n(Called read: {})"),
            Message::new(ChatRole::Assistant, "(Called read: {})"),
            Message::new(ChatRole::User, "(Result of read: hello)"),
        ];
        assert_eq!(said, expected);
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

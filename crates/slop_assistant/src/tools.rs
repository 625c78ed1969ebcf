//! Tools that a model may call, and how it did.

use serde::{Deserialize, Serialize};
use serde_json::{json, Value};

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
    /// What the server wants back with the call, if it does: of Gemini a text, of others JSON, by whose
    /// fields each knows its own. So a server gets nothing that another one wants.
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

/// What is offered, called and answered in the tests of all protocols.
#[cfg(test)]
pub(crate) mod samples {
    use super::*;

    pub(crate) fn tool() -> Tool {
        Tool {
            name: "read".to_owned(),
            description: "Reads.".to_owned(),
            schema: json!({ "type": "object" }),
        }
    }

    pub(crate) fn call(id: &str, arguments: &str) -> Call {
        Call {
            id: id.to_owned(),
            name: "read".to_owned(),
            arguments: arguments.to_owned(),
            signature: String::new(),
        }
    }

    pub(crate) fn result(id: &str, text: &str) -> CallResult {
        CallResult {
            id: id.to_owned(),
            name: "read".to_owned(),
            text: text.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_such_as_servers_take() {
        assert_eq!(sent_name("read_file-2"), "read_file-2");
        assert_eq!(sent_name("functions.read file"), "functions_read_file");
        assert_eq!(sent_name(""), "unknown");
        assert_eq!(sent_name(&"é".repeat(100)), "_".repeat(LONGEST_NAME));
    }
}

//! A provider without a network, for trying things out.

use std::time::Duration;

use crate::{
    told::{Outlet, Told},
    AssistantError, ChatRole, Message, ToolUse,
};

const PAUSE: Duration = Duration::from_millis(15);

/// What every answer begins with.
const SAID: &str = "You said";

/// Whether a text is such as an answer of the echo, or the beginning of one.
#[must_use]
pub fn is_echo(text: &str) -> bool {
    text.starts_with(SAID) || SAID.starts_with(text)
}

/// Says what the user said, word by word.
pub(crate) fn run(messages: &[Message], outlet: &Outlet) -> Result<(), AssistantError> {
    let mut said = messages.iter().rev();
    // What came of a tool was not said by anybody.
    let is_said =
        |message: &&Message| message.role == ChatRole::User && message.tools == ToolUse::None;
    let answer = match said.find(is_said) {
        Some(message) => format!("{SAID}: {}", message.text),
        None => format!("{SAID} nothing."),
    };
    for word in answer.split_inclusive(char::is_whitespace) {
        outlet.tell(Told::Token(word.to_owned()))?;
        outlet.pause(PAUSE)?;
    }
    Ok(())
}

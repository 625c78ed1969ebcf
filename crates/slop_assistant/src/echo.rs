//! A provider without a network, for trying things out.

use std::time::Duration;

use crate::{
    reply::{Outlet, Told},
    AssistantError, ChatRole, Message,
};

const PAUSE: Duration = Duration::from_millis(15);

/// Says what the user said, word by word.
pub(crate) fn run(messages: &[Message], outlet: &Outlet) -> Result<(), AssistantError> {
    let mut said = messages.iter().rev();
    let answer = match said.find(|message| message.role == ChatRole::User) {
        Some(message) => format!("You said: {}", message.text),
        None => "You said nothing.".to_owned(),
    };
    for word in answer.split_inclusive(char::is_whitespace) {
        outlet.tell(Told::Token(word.to_owned()))?;
        outlet.pause(PAUSE)?;
    }
    Ok(())
}

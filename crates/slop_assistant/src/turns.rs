//! Conversations for servers that want user and assistant to take turns.

use crate::{ChatRole, Message, ToolUse};

/// What the user is made to say before an assistant that spoke first, after one that spoke last, and between two
/// answers of which the second calls tools.
const GO_ON: &str = "Go on.";

/// A conversation that alternates, and begins and ends with the user.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Turns {
    /// What the assistant was told before anybody spoke.
    pub(crate) system: Option<String>,
    /// None of them is of the system.
    pub(crate) turns: Vec<Message>,
}

impl Turns {
    /// The same conversation. What the system says later on is said by the user, and what one of
    /// them says without a pause becomes one message.
    pub(crate) fn new(messages: &[Message]) -> Self {
        let mut system: Option<String> = None;
        let mut turns: Vec<Message> = Vec::new();
        for message in messages {
            let role = match message.role {
                ChatRole::System if turns.is_empty() => {
                    add(system.get_or_insert_with(String::new), &message.text);
                    continue;
                }
                ChatRole::System | ChatRole::User => ChatRole::User,
                ChatRole::Assistant => ChatRole::Assistant,
            };
            // Calls begin another answer, for which it was asked to go on.
            let is_next = |last: &Message| is_last_word(last) && !is_plain(message);
            if role == ChatRole::Assistant && turns.last().is_none_or(is_next) {
                turns.push(Message::new(ChatRole::User, GO_ON));
            }
            match turns.last_mut() {
                Some(last) if last.role == role && is_plain(last) && is_plain(message) => {
                    add(&mut last.text, &message.text);
                }
                _ => turns.push(Message {
                    role,
                    ..message.clone()
                }),
            }
        }
        if turns.last().is_some_and(is_last_word) {
            turns.push(Message::new(ChatRole::User, GO_ON));
        }
        if turns.is_empty() {
            // There must be a message to answer.
            turns.extend(system.take().map(|text| Message::new(ChatRole::User, text)));
        }
        Self { system, turns }
    }

    /// The same with what the system says before what the user says first.
    pub(crate) fn without_system(mut self) -> Self {
        if let (Some(system), Some(first)) = (self.system.take(), self.turns.first_mut()) {
            let said = std::mem::replace(&mut first.text, system);
            add(&mut first.text, &said);
        }
        self
    }

    /// All of it as messages.
    pub(crate) fn into_messages(self) -> Vec<Message> {
        let system = self.system.map(|text| Message::new(ChatRole::System, text));
        system.into_iter().chain(self.turns).collect()
    }
}

/// Whether it is words and nothing else. Calls and what came of them stay messages of their own.
fn is_plain(message: &Message) -> bool {
    message.tools == ToolUse::None
}

/// Whether the assistant has said it and waits for nothing. To go on with it is refused by many.
fn is_last_word(message: &Message) -> bool {
    message.role == ChatRole::Assistant && is_plain(message)
}

fn add(text: &mut String, more: &str) {
    if !text.is_empty() {
        text.push_str("\n\n");
    }
    text.push_str(more);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tools::samples::{call, result};

    fn messages(said: &[(char, &str)]) -> Vec<Message> {
        let said = said.iter().map(|(who, text)| {
            let role = match who {
                's' => ChatRole::System,
                'u' => ChatRole::User,
                _ => ChatRole::Assistant,
            };
            Message::new(role, *text)
        });
        said.collect()
    }

    #[track_caller]
    fn check(said: &[(char, &str)], expected: &[(char, &str)]) {
        let turns = Turns::new(&messages(said));
        assert_eq!(turns.into_messages(), messages(expected));
    }

    #[test]
    fn roles_alternate_and_nothing_is_lost() {
        check(&[('u', "a")], &[('u', "a")]);
        check(
            &[
                ('s', "a"),
                ('s', "b"),
                ('u', "c"),
                ('u', "d"),
                ('a', "e"),
                ('a', "f"),
                ('u', "g"),
            ],
            &[
                ('s', "a\n\nb"),
                ('u', "c\n\nd"),
                ('a', "e\n\nf"),
                ('u', "g"),
            ],
        );
        check(
            &[('u', "a"), ('s', "b"), ('a', "c"), ('s', "d")],
            &[('u', "a\n\nb"), ('a', "c"), ('u', "d")],
        );
        check(
            &[('a', "a"), ('u', "b")],
            &[('u', GO_ON), ('a', "a"), ('u', "b")],
        );
        check(
            &[('u', "a"), ('a', "b"), ('a', "c")],
            &[('u', "a"), ('a', "b\n\nc"), ('u', GO_ON)],
        );
        check(&[('s', "a")], &[('u', "a")]);
        check(&[], &[]);
    }

    #[test]
    fn each_round_goes_on_with_what_was_asked_first() {
        let mut said = messages(&[('u', "a"), ('a', "b")]);
        let mut expected = messages(&[('u', "a"), ('a', "b"), ('u', GO_ON)]);
        assert_eq!(Turns::new(&said).into_messages(), expected);
        for id in ["1", "2"] {
            let round = [
                Message::calls("", vec![call(id, "{}")]),
                Message::results(vec![result(id, "hello")]),
            ];
            said.extend(round.clone());
            expected.extend(round);
            assert_eq!(Turns::new(&said).into_messages(), expected);
        }
        // The same answer.
        said.extend(messages(&[('a', "c"), ('u', "d")]));
        expected.extend(messages(&[('a', "c"), ('u', "d")]));
        assert_eq!(Turns::new(&said).into_messages(), expected);
    }

    #[test]
    fn without_a_system_the_user_says_it() {
        let turns = Turns::new(&messages(&[('s', "a"), ('u', "b"), ('a', "c"), ('u', "d")]));
        let expected = messages(&[('u', "a\n\nb"), ('a', "c"), ('u', "d")]);
        assert_eq!(turns.without_system().into_messages(), expected);
    }
}

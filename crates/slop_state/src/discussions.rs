//! Discussions, their entries, and what is being written.

use bevy::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{Leave, ModelId, ProviderKind, ServerId, Take, Tier, ToolRound};

/// Everything a person would miss, of the discussions.
#[derive(Resource, Reflect, Serialize, Deserialize, Clone, Debug, PartialEq)]
pub struct Discussions {
    /// In the order in which they are listed. Never empty.
    pub list: Vec<Discussion>,
    /// The id of the one that is shown.
    pub active: u64,
    /// The roles that an entry can have, in the order in which they are offered. Never empty.
    pub roles: Vec<String>,
    /// The last id that a discussion or an entry was given; never given out twice.
    pub last_id: u64,
}

impl Default for Discussions {
    fn default() -> Self {
        Self {
            list: vec![Discussion {
                id: 1,
                name: "Main".to_owned(),
                ..Discussion::default()
            }],
            active: 1,
            roles: ["User", "AI", "Context", "System"].map(Into::into).to_vec(),
            last_id: 1,
        }
    }
}

impl Discussions {
    /// A new id.
    pub fn next_id(&mut self) -> u64 {
        self.last_id += 1;
        self.last_id
    }

    /// The discussion of this id.
    #[must_use]
    pub fn get(&self, id: u64) -> Option<&Discussion> {
        self.list.iter().find(|discussion| discussion.id == id)
    }

    /// The discussion of this id.
    pub fn get_mut(&mut self, id: u64) -> Option<&mut Discussion> {
        self.list.iter_mut().find(|discussion| discussion.id == id)
    }

    /// The models that were asked, each once, in the order of their first answers.
    #[must_use]
    pub fn models(&self) -> Vec<ModelId> {
        let mut models: Vec<ModelId> = Vec::new();
        let entries = self.list.iter().flat_map(Discussion::all_entries);
        for by in entries.filter_map(|entry| entry.by.as_ref()) {
            if !models.contains(by) {
                models.push(by.clone());
            }
        }
        models
    }

    /// The one that is shown.
    #[must_use]
    pub fn shown(&self) -> Option<&Discussion> {
        self.get(self.active)
    }
}

/// One thread of entries.
#[derive(Reflect, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
pub struct Discussion {
    /// Unique among discussions and entries.
    pub id: u64,
    /// Shown in the list.
    pub name: String,
    /// Those that are shown, the oldest first.
    pub entries: Vec<Entry>,
    /// The other takes. They are not within the entries whose takes they are, for what is nested
    /// deeply cannot be written to disk.
    #[serde(default)]
    pub aside: Vec<Take>,
    /// What the assistant is told before all else; nothing if it is blank.
    #[serde(default)]
    pub system: String,
    /// Who answers in it; whoever is set otherwise if it is `None`.
    #[serde(default)]
    pub provider: Option<ProviderKind>,
    /// Where that provider is; where the settings have it if it is blank. Without a provider of its
    /// own it is not looked at, for an address is for one protocol.
    #[serde(default)]
    pub base_url: String,
    /// The model that answers; that of the settings if it is blank.
    #[serde(default)]
    pub model: String,
    /// The server whose model that is, if it is known. Another is asked for its own.
    #[serde(default)]
    pub model_of: Option<ServerId>,
    /// The project's files that went out with the last question.
    #[serde(default)]
    pub sent: Vec<SentFile>,
    /// Who answers in it, if that is a tier. What the discussion has of its own comes first.
    #[serde(default)]
    pub tier: Option<Tier>,
    /// What the assistant may do in the project's folder.
    #[serde(default)]
    pub leave: Leave,
}

/// A file that went out with a question.
#[derive(Reflect, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(default)]
pub struct SentFile {
    /// From the project's folder.
    pub path: String,
    /// Of what was in it then, whichever part of that was sent.
    pub digest: u64,
}

impl Discussion {
    /// How many tokens all answers took, those that are set aside too; `None` if it is known of none.
    #[must_use]
    pub fn tokens(&self) -> Option<Tokens> {
        let add = |sum: &mut Option<u64>, count: Option<u64>| {
            if let Some(count) = count {
                *sum = Some(sum.unwrap_or(0).saturating_add(count));
            }
        };
        let mut all = Tokens::default();
        for usage in self.all_entries().filter_map(|entry| entry.usage) {
            add(&mut all.sum.input, usage.input);
            add(&mut all.sum.output, usage.output);
            add(&mut all.sum.cached, usage.cached);
            if usage.input.is_none() || usage.output.is_none() {
                all.unknown += 1;
            }
        }
        (all.sum != TokenUsage::default()).then_some(all)
    }

    /// All entries, those that are set aside too.
    pub fn all_entries(&self) -> impl Iterator<Item = &Entry> {
        let aside = self.aside.iter().flat_map(|take| &take.entries);
        self.entries.iter().chain(aside)
    }

    /// The entry of this id, be it set aside.
    #[must_use]
    pub fn entry(&self, id: u64) -> Option<&Entry> {
        self.all_entries().find(|entry| entry.id == id)
    }

    /// The entry of this id, be it set aside.
    pub fn entry_mut(&mut self, id: u64) -> Option<&mut Entry> {
        let aside = self.aside.iter_mut().flat_map(|take| &mut take.entries);
        let mut all = self.entries.iter_mut().chain(aside);
        all.find(|entry| entry.id == id)
    }
}

/// One contribution to a discussion.
#[derive(Reflect, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
pub struct Entry {
    /// Unique among discussions and entries.
    pub id: u64,
    /// Who speaks.
    pub role: String,
    /// When it was written, in seconds since 1970, UTC.
    pub time: u64,
    /// What is said, in CommonMark.
    pub text: String,
    /// Whether only its head is shown.
    pub collapsed: bool,
    /// Whether its text is shown as it is, and not as CommonMark.
    pub raw: bool,
    /// What the assistant thought before it said this. It is not sent back.
    #[serde(default)]
    pub thoughts: String,
    /// How many tokens it took in all its rounds, if the server has said so.
    #[serde(default)]
    pub usage: Option<TokenUsage>,
    /// The model that was asked for it, if one was, and it is known which.
    #[serde(default)]
    pub by: Option<ModelId>,
    /// The id of the first entry that was a take of the same place; 0 if this is that one.
    #[serde(default)]
    pub take_of: u64,
    /// What the assistant asked for while it answered, before what it said last. What it said in
    /// each round is at the beginning of the text.
    #[serde(default)]
    pub rounds: Vec<ToolRound>,
}

impl Entry {
    /// How long a text is at most that is laid out as a whole, in bytes. That costs more memory than the
    /// text by far, and time whenever the text or its width is another.
    pub const LONG: usize = 200_000;
    /// How much of a longer one is shown, in bytes.
    const BEGINNING: usize = 20_000;

    /// Whether only the beginning of its text is shown.
    #[must_use]
    pub fn is_long(&self) -> bool {
        self.text.len() > Self::LONG
    }

    /// What is shown of its text: all of it, or the beginning of a long one.
    #[must_use]
    pub fn shown_text(&self) -> &str {
        beginning(&self.text)
    }

    /// What all takes of its place have in common.
    #[must_use]
    pub fn place(&self) -> u64 {
        if self.take_of == 0 {
            self.id
        } else {
            self.take_of
        }
    }
}

/// What is shown of a text: all of it, or the beginning of one that is longer than [`Entry::LONG`].
#[must_use]
pub fn beginning(text: &str) -> &str {
    if text.len() <= Entry::LONG {
        return text;
    }
    &text[..text.floor_char_boundary(Entry::BEGINNING)]
}

/// How many tokens an answer took, as the server counts them. What it does not say is `None`.
#[derive(Reflect, Serialize, Deserialize, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TokenUsage {
    /// Of the question with all that was said before it, those from the cache included.
    pub input: Option<u64>,
    /// Of the answer, thoughts included.
    pub output: Option<u64>,
    /// Of the input, those that the server had in its cache.
    pub cached: Option<u64>,
}

impl TokenUsage {
    /// Of both together. What only one of them says is not known of both; but what nobody says to be
    /// from the cache is not from there.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        let sum = |one: Option<u64>, other: Option<u64>| one?.checked_add(other?);
        let cached = match (self.cached, other.cached) {
            (None, None) => None,
            (one, other) => sum(one.or(Some(0)), other.or(Some(0))),
        };
        Self {
            input: sum(self.input, other.input),
            output: sum(self.output, other.output),
            cached,
        }
    }
}

/// How many tokens the answers of a discussion took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tokens {
    /// Of what is known.
    pub sum: TokenUsage,
    /// Of how many answers not both, input and output, are known.
    pub unknown: usize,
}

/// What is being written and has not been sent.
#[derive(Resource, Reflect, Serialize, Deserialize, Clone, Debug, PartialEq)]
pub struct Composer {
    /// Of the entry to be.
    pub role: String,
    /// Of the entry to be.
    pub text: String,
    /// Whether the assistant is to answer it.
    pub ask: bool,
    /// The title of the ticket to be.
    pub ticket: String,
}

impl Default for Composer {
    fn default() -> Self {
        Self {
            role: "User".to_owned(),
            text: String::new(),
            ask: true,
            ticket: String::new(),
        }
    }
}

/// What a person is in the middle of, in the Discussion Hub.
#[derive(Resource, Reflect, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
pub struct Hub {
    /// Only entries that contain it are shown, upper and lower case alike.
    pub search: String,
    /// A discussion and the name that it may get.
    pub renaming: Option<(u64, String)>,
    /// An entry and the text that it may get.
    pub editing: Option<(u64, String)>,
    /// Whether provider, model and system prompt of the discussion are shown.
    #[serde(default)]
    pub setup: bool,
    /// Entries of all discussions that contain it are listed instead of the discussions, unless it
    /// is blank.
    #[serde(default)]
    pub everywhere: String,
    /// Whether the documents are listed that can be imported.
    #[serde(default)]
    pub importing: bool,
    /// The id of the entry that is to be scrolled to.
    #[serde(default)]
    pub jump: Option<u64>,
}

impl Hub {
    /// The name of the discussion with the entry that is being edited, if that was changed.
    #[must_use]
    pub fn unsaved<'a>(&self, discussions: &'a Discussions) -> Option<&'a str> {
        let (id, text) = self.editing.as_ref()?;
        let mut list = discussions.list.iter();
        let holder = list.find(|other| other.entry(*id).is_some())?;
        let is_changed = holder.entry(*id)?.text != *text;
        is_changed.then_some(holder.name.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_summed_as_far_as_they_are_known() {
        let answer = |input, output, cached| Entry {
            usage: Some(TokenUsage {
                input,
                output,
                cached,
            }),
            ..Entry::default()
        };
        let mut discussion = Discussion {
            entries: vec![Entry::default(), answer(None, None, None)],
            ..Discussion::default()
        };
        assert_eq!(discussion.tokens(), None);
        discussion.entries.push(answer(Some(7), Some(2), None));
        discussion.aside = vec![Take {
            entries: vec![answer(Some(5), None, Some(3))],
        }];
        let sum = TokenUsage {
            input: Some(12),
            output: Some(2),
            cached: Some(3),
        };
        let expected = Tokens { sum, unknown: 2 };
        assert_eq!(discussion.tokens(), Some(expected));
    }

    #[test]
    fn only_the_beginning_of_a_long_text_is_shown() {
        let entry = |text: String| Entry {
            text,
            ..Entry::default()
        };
        let short = entry("a".repeat(Entry::LONG));
        assert_eq!(short.shown_text().len(), Entry::LONG);
        let long = entry("€".repeat(Entry::LONG));
        assert!(long.is_long());
        assert_eq!(long.shown_text(), "€".repeat(Entry::BEGINNING / 3));
    }
}

//! What goes out, in the order in which it does.

use std::borrow::Cow;

use bevy::ecs::component::Tick;
use slop_common::{in_words, message, offered, spoken, KnownNames};
use slop_engine::context::{Gathered, Sent};
use slop_state::{beginning, Composer, ContextRule, Discussion, Entry, Leave, Tiers};

/// Something that goes out with a question.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Part<'a> {
    pub(super) origin: Origin,
    /// What it is, in a few words.
    name: Cow<'a, str>,
    /// What goes out of it, in pieces that follow each other.
    pieces: Vec<Cow<'a, str>>,
    /// Whether it is a file that was another when it went out last.
    pub(super) is_changed: bool,
}

/// Where a part comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Origin {
    /// The system prompt of the discussion, or of its tier.
    System,
    /// What the assistant may call.
    Tools,
    /// A file of the project.
    File,
    /// The entry of this id.
    Entry(u64),
    /// What is being written, be it blank.
    Composer,
}

impl<'a> Part<'a> {
    fn new(origin: Origin, name: impl Into<Cow<'a, str>>, text: impl Into<Cow<'a, str>>) -> Self {
        Self {
            origin,
            name: name.into(),
            pieces: vec![text.into()],
            is_changed: false,
        }
    }

    /// How long it is, in bytes.
    pub(super) fn len(&self) -> usize {
        self.pieces.iter().map(|piece| piece.len()).sum()
    }

    /// What is shown of it: all, or the beginning if it is long. No more is put together than it takes to
    /// see that.
    pub(super) fn shown(&self) -> Cow<'_, str> {
        if let [text] = self.pieces.as_slice() {
            return beginning(text).into();
        }
        let mut text = String::new();
        for piece in &self.pieces {
            text += piece;
            if text.len() > Entry::LONG {
                return beginning(&text).to_owned().into();
            }
        }
        text.into()
    }

    /// What it is told from the others by, whatever is edited.
    pub(super) fn key(&self) -> (Origin, &str) {
        match self.origin {
            Origin::File => (Origin::File, &*self.name),
            origin => (origin, ""),
        }
    }

    /// What it is, and whether it has changed.
    pub(super) fn title(&self) -> Cow<'_, str> {
        if self.is_changed {
            format!("{} (changed since it went out)", self.name).into()
        } else {
            (&*self.name).into()
        }
    }
}

/// Which files are named in a discussion, and in what is not sent yet: that is another with each letter.
#[derive(Debug, Default)]
pub(super) struct Named {
    /// When the discussions and the composer have changed last.
    pub(super) changed: (Tick, Tick),
    said: KnownNames,
    unsent: KnownNames,
}

/// All parts of the next question.
pub(super) fn parts<'a>(
    discussion: &'a Discussion,
    composer: &Composer,
    streaming: &'a [u64],
    gathered: Option<&'a Gathered>,
    tiers: &'a Tiers,
    named: &mut Named,
) -> Vec<Part<'a>> {
    let mut parts = Vec::new();
    let system = tiers.prompt(discussion);
    if !system.is_empty() {
        let name: Cow<'a, str> = match discussion.tier {
            Some(tier) if discussion.system.trim().is_empty() => {
                format!("System prompt of the tier {}", tier.label()).into()
            }
            _ => "System prompt".into(),
        };
        parts.push(Part::new(Origin::System, name, system));
    }
    let tools = tools(discussion.leave);
    if !tools.is_empty() {
        parts.push(Part::new(Origin::Tools, "Tools", tools));
    }
    let unsent = Entry {
        role: composer.role.clone(),
        text: composer.text.clone(),
        ..Entry::default()
    };
    let names = if tiers.rule(discussion) == ContextRule::Named {
        let (changed, written) = named.changed;
        let said = named.said.of(&discussion.entries, changed);
        let unsent = std::slice::from_ref(&unsent);
        Some((said, named.unsent.of(unsent, written)))
    } else {
        None
    };
    let is_wanted = |path: &str| {
        let mut names = names.iter();
        names.all(|(said, unsent)| said.has(path) || unsent.has(path))
    };
    let files = gathered.into_iter().flat_map(|gathered| &gathered.files);
    let files = files.filter(|file| is_wanted(&file.path));
    parts.extend(files.map(|file| Part {
        is_changed: is_changed(discussion, file),
        ..Part::new(
            Origin::File,
            format!("{}, {}", file.path, file.mode.label()),
            file.text.as_str(),
        )
    }));
    parts.extend(spoken(discussion, streaming).map(|(entry, text)| {
        let part = Part::new(Origin::Entry(entry.id), entry.role.as_str(), text);
        match in_words(entry) {
            // Nothing was asked for in it.
            told if told.is_empty() => part,
            told => Part {
                pieces: told.into_iter().map(Cow::Borrowed).collect(),
                ..part
            },
        }
    }));
    let name = format!("{}, not sent yet", composer.role);
    let text = message(&unsent).map(|(_, text)| text.into_owned());
    parts.push(Part::new(Origin::Composer, name, text.unwrap_or_default()));
    parts
}

/// What the assistant is told of the tools that it may call.
fn tools(leave: Leave) -> String {
    let told = offered(leave).into_iter();
    let told = told.map(|tool| format!("{}: {}\n{}", tool.name, tool.description, tool.schema));
    told.collect::<Vec<_>>().join("\n\n")
}

/// Whether a file was another when it went out last. One that never did has not changed.
fn is_changed(discussion: &Discussion, file: &Sent) -> bool {
    let before = discussion.sent.iter().find(|sent| sent.path == file.path);
    before.is_some_and(|sent| sent.digest != file.digest)
}

//! What the assistant wants to do in the project's folder, and what became of it.

use bevy::prelude::*;
use serde::{Deserialize, Serialize};

use crate::TokenUsage;

/// How many changes and commands are kept that are over. The oldest go first.
const OVER: usize = 30;
/// How many of those that only looked. They take no room of the others, which can be undone.
const LOOKS: usize = 10;
/// How many lines the log has of changes and commands.
const LINES: usize = 500;
/// How many it has of what was looked at.
const LOOK_LINES: usize = 200;

/// How many characters a title has of a command or of a tool's arguments, which are shown as a whole elsewhere.
const TITLE: usize = 100;

/// What the assistant may do in the project's folder, in one discussion.
#[derive(
    Reflect, Serialize, Deserialize, Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord,
)]
pub enum Leave {
    /// Nothing; it is told of no tool.
    #[default]
    None,
    /// Read, list and search, without being asked each time.
    Look,
    /// Propose changes and commands besides, each of which somebody allows.
    Act,
}

impl Leave {
    /// The least first.
    pub const ALL: [Self; 3] = [Self::None, Self::Look, Self::Act];

    /// For people.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::None => "Nothing",
            Self::Look => "Read the project",
            Self::Act => "Propose changes and commands",
        }
    }
}

/// A round of an answer: what was said, and what was asked for before it went on.
#[derive(Reflect, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(default)]
pub struct ToolRound {
    /// The request that it answered.
    pub request: u64,
    /// What was said before the calls.
    pub text: String,
    /// In the order in which they were asked for.
    pub calls: Vec<ToolCall>,
    /// How many tokens it took, if the server has said so.
    pub usage: Option<TokenUsage>,
}

impl ToolRound {
    /// Whether it can go on.
    #[must_use]
    pub fn is_answered(&self) -> bool {
        self.calls.iter().all(|call| call.result.is_some())
    }
}

/// A call of a tool, as the model made it.
#[derive(Reflect, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(default)]
pub struct ToolCall {
    /// The server's name for it.
    pub id: String,
    /// Of the tool.
    pub name: String,
    /// In JSON.
    pub arguments: String,
    /// What the server wants back with it, if it does.
    pub signature: String,
    /// What came of it, for the model.
    pub result: Option<String>,
    /// What was done instead, if a person edited it first: the command, or what the file was to have
    /// in it.
    pub edited: Option<String>,
    /// What became of the file, line by line, if one was changed. A long one is cut.
    pub diff: Option<String>,
    /// Whether that was taken back afterwards.
    pub undone: bool,
}

/// Which call it is: the request that it came with, and its place there. So one that is read again,
/// after a reload or a rollback, is the same.
#[derive(
    Reflect,
    Serialize,
    Deserialize,
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
)]
pub struct CallId {
    /// The id of the request among those of the assistants.
    pub request: u64,
    /// From 0.
    pub place: u32,
}

/// What was asked for, what is remembered, and what was done.
#[derive(Resource, Reflect, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(default)]
pub struct ToolRequests {
    /// The oldest first.
    pub list: Vec<ToolRequest>,
    /// What needs no leave any more.
    pub remembered: Vec<Remembered>,
    /// What was asked, allowed and done, the oldest first.
    pub log: Vec<ToolNote>,
}

/// A call that is done, or waits for leave.
#[derive(Reflect, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(default)]
pub struct ToolRequest {
    /// Which call it is.
    pub id: CallId,
    /// The id of the discussion that it was made in.
    pub discussion: u64,
    /// The id of the answer's entry.
    pub entry: u64,
    /// The number of the ticket that the discussion is about.
    pub ticket: Option<u32>,
    /// The project's folder when it was made. It is done there or nowhere. Blank if it was made before
    /// that was kept.
    pub folder: String,
    /// When it was made, in seconds since 1970, UTC.
    pub time: u64,
    /// What is to be done, as the person edited it, if somebody did.
    pub deed: Deed,
    /// Whether it replaces all of a file of which the discussion was shown a part only. Then somebody has to
    /// see it, whatever is remembered.
    pub read_in_part: bool,
    /// Whether that is something else than the assistant asked for.
    pub edited: bool,
    /// Where it stands.
    pub stage: Stage,
    /// How often something was begun for it before: it is done, and may be undone.
    pub attempt: u32,
}

/// What is to be done.
#[derive(Reflect, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
pub enum Deed {
    /// Something is looked at.
    Look {
        /// Of the tool.
        name: String,
        /// In JSON.
        arguments: String,
    },
    /// A file gets other contents.
    Change {
        /// From the project's folder.
        path: String,
        /// What was in it; `None` if it is new.
        before: Option<String>,
        /// What is to be in it.
        after: String,
    },
    /// A command of the shell runs.
    Run(String),
}

impl Default for Deed {
    fn default() -> Self {
        Self::Run(String::new())
    }
}

impl Deed {
    /// What an approval is remembered for; `None` for what needs none.
    #[must_use]
    pub fn kind(&self) -> Option<DeedKind> {
        match self {
            Self::Look { .. } => None,
            Self::Change { .. } => Some(DeedKind::Change),
            Self::Run(_) => Some(DeedKind::Run),
        }
    }

    /// What a person can edit of it.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Look { .. } => None,
            Self::Change { after, .. } => Some(after),
            Self::Run(command) => Some(command),
        }
    }

    /// For people, in one line.
    #[must_use]
    pub fn title(&self) -> String {
        match self {
            Self::Look { name, arguments } => format!("{name} {}", shortened(arguments)),
            Self::Change { path, before, .. } if before.is_none() => format!("New file {path}"),
            Self::Change { path, .. } => format!("Change of {path}"),
            Self::Run(command) => format!("Command {}", shortened(command)),
        }
    }
}

impl ToolRequest {
    /// For people, in one line: what is done, and whether that was edited.
    #[must_use]
    pub fn title(&self) -> String {
        let title = self.deed.title();
        if self.edited {
            format!("{title} (edited)")
        } else {
            title
        }
    }

    /// Whether both change the same file.
    #[must_use]
    pub fn is_of_same_file(&self, other: &Self) -> bool {
        let (Deed::Change { path, .. }, Deed::Change { path: its, .. }) = (&self.deed, &other.deed)
        else {
            return false;
        };
        self.folder == other.folder && is_same_path(path, its)
    }

    /// Where it is done, for people.
    #[must_use]
    pub fn place(&self) -> &str {
        if self.folder.is_empty() {
            "a folder that is not known"
        } else {
            &self.folder
        }
    }
}

/// A kind of what needs leave.
#[derive(Reflect, Serialize, Deserialize, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DeedKind {
    /// Changes of files.
    #[default]
    Change,
    /// Commands.
    Run,
}

impl DeedKind {
    /// For people.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Change => "changes",
            Self::Run => "commands",
        }
    }
}

/// Where a request stands.
#[derive(Reflect, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
pub enum Stage {
    /// Somebody is to allow it.
    #[default]
    Waiting,
    /// It is being done.
    Running,
    /// It was done; with what came of it.
    Done(String),
    /// Nobody did it; with the reason that somebody gave.
    Refused(String),
    /// It could not be done; with the reason.
    Failed(String),
    /// It is being undone.
    Undoing,
    /// It was undone.
    Undone,
}

impl Stage {
    /// Whether nothing is to come of it, unless somebody undoes it.
    #[must_use]
    pub fn is_over(&self) -> bool {
        !matches!(self, Self::Waiting | Self::Running | Self::Undoing)
    }
}

/// Leave for all that is of a kind, in one ticket and one folder.
#[derive(Reflect, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(default)]
pub struct Remembered {
    /// The number of the ticket.
    pub ticket: u32,
    /// What needs no leave there.
    pub kind: DeedKind,
    /// The project's folder when it was given.
    pub folder: String,
}

/// A line of the log.
#[derive(Reflect, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(default)]
pub struct ToolNote {
    /// In seconds since 1970, UTC.
    pub time: u64,
    /// What happened: asked, allowed, refused, done, failed, undone.
    pub what: String,
    /// To what.
    pub title: String,
    /// Whether that only looks.
    pub looks: bool,
}

/// What a person is in the middle of, in the window Hands.
#[derive(Resource, Reflect, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(default)]
pub struct HandsView {
    /// A request and what is to be done instead.
    pub editing: Option<(CallId, String)>,
    /// Requests and why they are to be refused, as far as that was typed.
    pub reasons: Vec<(CallId, String)>,
    /// The newest request that the window was opened for.
    pub revealed: CallId,
}

impl ToolRequests {
    /// The request of this id.
    #[must_use]
    pub fn get(&self, id: CallId) -> Option<&ToolRequest> {
        self.list.iter().find(|request| request.id == id)
    }

    /// The request of this id.
    pub fn get_mut(&mut self, id: CallId) -> Option<&mut ToolRequest> {
        self.list.iter_mut().find(|request| request.id == id)
    }

    /// Those that somebody is to allow, the oldest first.
    pub fn waiting(&self) -> impl Iterator<Item = &ToolRequest> {
        let list = self.list.iter();
        list.filter(|request| request.stage == Stage::Waiting)
    }

    /// Those that need somebody's word, the oldest first: neither what only looks nor what is remembered.
    pub fn asking(&self) -> impl Iterator<Item = &ToolRequest> {
        self.waiting()
            .filter(move |request| request.deed.kind().is_some() && !self.is_remembered(request))
    }

    /// Whether another change of the same file is under way. What the request would change is shown anew
    /// after it.
    #[must_use]
    pub fn is_busy(&self, request: &ToolRequest) -> bool {
        self.list.iter().any(|other| {
            matches!(other.stage, Stage::Running | Stage::Undoing)
                && other.id != request.id
                && other.is_of_same_file(request)
        })
    }

    /// Whether somebody has given leave for all of the kind, in the same ticket and folder, and nothing may go
    /// that the assistant has never seen.
    #[must_use]
    pub fn is_remembered(&self, request: &ToolRequest) -> bool {
        if request.read_in_part {
            return false;
        }
        let what = (request.ticket, request.deed.kind());
        let mut remembered = self.remembered.iter();
        remembered
            .any(|one| (Some(one.ticket), Some(one.kind)) == what && one.folder == request.folder)
    }

    /// Adds a line to the log, about a change or a command.
    pub fn note(&mut self, time: u64, what: impl Into<String>, title: impl Into<String>) {
        self.add_note(ToolNote {
            time,
            what: what.into(),
            title: title.into(),
            looks: false,
        });
    }

    /// Adds a line to the log, about what only looks.
    pub fn note_look(&mut self, time: u64, what: impl Into<String>, title: impl Into<String>) {
        self.add_note(ToolNote {
            time,
            what: what.into(),
            title: title.into(),
            looks: true,
        });
    }

    /// However much is looked at, the lines about what was changed and run stay.
    fn add_note(&mut self, note: ToolNote) {
        self.log.push(note);
        keep_newest(&mut self.log, LINES, |note| !note.looks);
        keep_newest(&mut self.log, LOOK_LINES, |note| note.looks);
    }

    /// Adds a request. Of those that are over only the newest are kept.
    pub fn push(&mut self, request: ToolRequest) {
        self.list.push(request);
        let looks = |request: &ToolRequest| request.deed.kind().is_none();
        keep_newest(&mut self.list, OVER, |one| {
            one.stage.is_over() && !looks(one)
        });
        keep_newest(&mut self.list, LOOKS, |one| {
            one.stage.is_over() && looks(one)
        });
    }
}

/// The first line of a text, as far as it has room in a title.
fn shortened(text: &str) -> String {
    let mut lines = text.trim().lines();
    let first = lines.next().unwrap_or_default();
    let end = first.char_indices().nth(TITLE);
    let short = &first[..end.map_or(first.len(), |(end, _)| end)];
    let more = if end.is_some() || lines.next().is_some() {
        " …"
    } else {
        ""
    };
    format!("{short}{more}")
}

/// Whether two paths from one folder lead to the same file.
#[must_use]
pub fn is_same_path(one: &str, other: &str) -> bool {
    names(one).eq(names(other))
}

/// The folders that a path leads through, and the file.
fn names(path: &str) -> impl Iterator<Item = &str> {
    path.split('/')
        .filter(|name| !name.is_empty() && *name != ".")
}

/// Drops the oldest of a kind, until there are so many.
fn keep_newest<T>(list: &mut Vec<T>, most: usize, is_of_kind: impl Fn(&T) -> bool) {
    let count = list.iter().filter(|one| is_of_kind(one)).count();
    let mut excess = count.saturating_sub(most);
    list.retain(|one| {
        let goes = excess > 0 && is_of_kind(one);
        excess -= usize::from(goes);
        !goes
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(place: u32, deed: Deed, ticket: Option<u32>) -> ToolRequest {
        ToolRequest {
            id: CallId { request: 1, place },
            ticket,
            deed,
            ..ToolRequest::default()
        }
    }

    #[test]
    fn leave_is_remembered_for_one_kind_in_one_ticket_and_folder() {
        let requests = ToolRequests {
            remembered: vec![Remembered {
                ticket: 3,
                kind: DeedKind::Run,
                folder: String::new(),
            }],
            ..ToolRequests::default()
        };
        let run = || Deed::Run("ls".to_owned());
        let change = Deed::Change {
            path: "a".to_owned(),
            before: None,
            after: "b".to_owned(),
        };
        assert!(requests.is_remembered(&request(0, run(), Some(3))));
        assert!(!requests.is_remembered(&request(0, run(), Some(4))));
        assert!(!requests.is_remembered(&request(0, run(), None)));
        assert!(!requests.is_remembered(&request(0, change, Some(3))));
        let elsewhere = ToolRequest {
            folder: "/other".to_owned(),
            ..request(0, run(), Some(3))
        };
        assert!(!requests.is_remembered(&elsewhere));
        let read_in_part = ToolRequest {
            read_in_part: true,
            ..request(0, run(), Some(3))
        };
        assert!(!requests.is_remembered(&read_in_part));
    }

    #[test]
    fn what_waits_is_never_forgotten() {
        let mut requests = ToolRequests::default();
        for place in 0..100 {
            let mut request = request(place, Deed::default(), None);
            if place % 2 == 0 {
                request.stage = Stage::Undone;
            }
            requests.push(request);
            requests.note(0, "asked", "a");
        }
        assert_eq!(requests.waiting().count(), 50);
        assert_eq!(requests.list.len(), 50 + OVER);
        let newest = CallId {
            request: 1,
            place: 98,
        };
        assert!(requests.get(newest).is_some());
        assert_eq!(requests.log.len(), 100);
    }

    #[test]
    fn a_file_is_busy_while_it_is_changed() {
        let change = |place: u32, path: &str, stage: Stage| {
            let deed = Deed::Change {
                path: path.to_owned(),
                before: None,
                after: String::new(),
            };
            ToolRequest {
                stage,
                ..request(place, deed, None)
            }
        };
        let requests = ToolRequests {
            list: vec![change(0, "src/a.rs", Stage::Running)],
            ..ToolRequests::default()
        };
        let is_busy = |place: u32, path: &str| {
            let request = change(place, path, Stage::Waiting);
            requests.is_busy(&request)
        };
        assert!(is_busy(1, "./src//a.rs"));
        assert!(!is_busy(1, "src/b.rs"));
        assert!(!is_busy(0, "src/a.rs"));
    }

    #[test]
    fn what_was_looked_at_displaces_nothing_else() {
        let mut requests = ToolRequests::default();
        let mut change = request(0, Deed::default(), None);
        change.stage = Stage::Done(String::new());
        let id = change.id;
        requests.push(change);
        requests.note(0, "done", "Change of a");
        for place in 1..1000 {
            let look = Deed::Look {
                name: "read_file".to_owned(),
                arguments: "{}".to_owned(),
            };
            let mut look = request(place, look, None);
            look.stage = Stage::Done(String::new());
            requests.push(look);
            requests.note_look(0, "done", "read_file {}");
        }
        assert!(requests.get(id).is_some());
        assert_eq!(requests.list.len(), 1 + LOOKS);
        assert_eq!(requests.log[0].title, "Change of a");
        assert_eq!(requests.log.len(), 1 + LOOK_LINES);
    }

    #[test]
    fn a_request_has_a_title_of_one_line() {
        let title = |deed: Deed| deed.title();
        assert_eq!(title(Deed::Run("ls".to_owned())), "Command ls");
        assert_eq!(title(Deed::Run("a\nb\n".to_owned())), "Command a …");
        let look = |arguments: String| Deed::Look {
            name: "look".to_owned(),
            arguments,
        };
        let fits = "é".repeat(TITLE);
        assert_eq!(title(look(fits.clone())), format!("look {fits}"));
        assert_eq!(title(look(fits.repeat(2))), format!("look {fits} …"));
        let mut request = request(0, Deed::Run("ls".to_owned()), None);
        assert_eq!(request.title(), "Command ls");
        request.edited = true;
        assert_eq!(request.title(), "Command ls (edited)");
    }
}

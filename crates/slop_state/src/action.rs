//! What windows ask for.

use std::fmt;

use bevy::prelude::*;

use crate::{
    CallId, Leave, Project, ProviderKind, Remembered, Settings, Status, Ticket, TicketQueue, Tier,
    TierSetup, Whose,
};

/// What windows ask for and the controller does.
#[derive(Event, Reflect, Clone, Debug, PartialEq)]
pub enum Action {
    /// Starts a discussion and shows it.
    AddDiscussion,
    /// Shows the discussion of this id.
    SelectDiscussion(u64),
    /// Gives a discussion another name; a blank one is ignored.
    RenameDiscussion(u64, String),
    /// Tells the assistant something else before all that is said in a discussion.
    SetSystem(u64, String),
    /// Lets another provider answer in a discussion; `None` is whoever is set otherwise.
    SetProvider(u64, Option<ProviderKind>),
    /// Has the provider of a discussion asked at another address. It was found to be valid; a blank one is
    /// that of the settings.
    SetAddress(u64, String),
    /// Lets another model answer in a discussion; a blank one is that of the settings.
    SetModel(u64, String),
    /// Lets the assistant do more, or less, in the project's folder, in a discussion.
    SetLeave(u64, Leave),
    /// Copies a discussion with all its entries, and shows the copy.
    DuplicateDiscussion(u64),
    /// Deletes a discussion. Another is shown then; the last one is replaced by an empty one.
    DeleteDiscussion(u64),
    /// Writes a discussion to a Markdown document in the app's data folder.
    ExportDiscussion(u64),
    /// Makes a discussion of the document of this name in that folder, and shows it.
    ImportDiscussion(String),
    /// Makes an entry of what the composer holds, in the discussion that is shown, and lets the
    /// assistant answer if it is to.
    AddEntry,
    /// Makes an entry of a text that was pasted, folded, in the discussion that is shown. Nobody answers
    /// it; it goes out with the next question.
    PasteEntry(String),
    /// Gives an entry another text.
    EditEntry(u64, String),
    /// Forgets this text, which was to become that of an entry. It can be brought back.
    GiveUpEdit(u64, String),
    /// Gives an entry another role.
    SetRole(u64, String),
    /// Shows only the head of an entry, or all of it.
    SetCollapsed(u64, bool),
    /// Shows the text of an entry as it is, or as CommonMark.
    SetRaw(u64, bool),
    /// Moves an entry up (negative) or down within its discussion by so many places.
    MoveEntry(u64, i32),
    /// Deletes an entry.
    DeleteEntry(u64),
    /// Makes another take of an entry, with this text, and lets the assistant answer. The one that
    /// is shown is kept, with all that follows it.
    Retake(u64, String),
    /// Shows the entry of this id, with its discussion and the takes that lead to it.
    ShowEntry(u64),
    /// Asks the assistant for another take of an answer. The one that is shown is kept, with all
    /// that follows it.
    Regenerate(u64),
    /// Stops the assistant in all discussions, those about tickets too.
    CancelReplies,
    /// Stops what the assistant says in the discussion of this id.
    StopDiscussion(u64),
    /// Makes a ticket of the title that the composer holds.
    AddTicket,
    /// Moves a ticket to a column, above the ticket of the second number, or to its end.
    MoveTicket(u32, Status, Option<u32>),
    /// Replaces title, text, dependencies and what blocks it by hand, of the ticket with this number.
    EditTicket(Ticket),
    /// Deletes the ticket with this number.
    DeleteTicket(u32),
    /// Shows the discussion about a ticket, and makes it first if there is none.
    DiscussTicket(u32),
    /// Asks the assistant about a ticket in its discussion, or once more after that failed.
    RunTicket(u32),
    /// Asks QA whether the answer about a ticket does what the ticket asks for.
    CheckTicket(u32),
    /// Stops the assistant's work on a ticket, or QA's check.
    CancelTicket(u32),
    /// Does not offer a ticket again.
    SkipTicket(u32),
    /// Replaces how the assistant gets its tickets.
    SetQueue(TicketQueue),
    /// Asks the orchestrator for tickets for the goal, in a discussion of its own.
    Plan,
    /// Asks the orchestrator once more, with the remark if there is one.
    PlanAgain,
    /// Makes tickets of what is proposed.
    AcceptProposal,
    /// Forgets what is proposed, which can be brought back. The discussion with the orchestrator stays.
    RefuseProposal,
    /// Allows what the assistant asks for.
    AllowTool(CallId),
    /// Allows it with another text: the contents of the file, or the command.
    AllowEditedTool(CallId, String),
    /// Allows it, and all of its kind in the same ticket from now on.
    RememberTool(CallId),
    /// Does not allow it, for this reason, which the assistant is told.
    RefuseTool(CallId, String),
    /// Ends a command that was allowed.
    CancelTool(CallId),
    /// Puts back what was in a file before the assistant changed it.
    UndoTool(CallId),
    /// Asks again for what was remembered.
    ForgetTool(Remembered),
    /// Brings back what was deleted last. A text for an entry is brought back to be edited.
    Undo,
    /// Replaces the settings. They were found to be valid.
    SetSettings(Settings),
    /// Replaces what a tier has of its own. It was found to be valid.
    SetTier(Tier, TierSetup),
    /// Replaces the roles. They were found to be valid.
    SetRoles(Vec<String>),
    /// Replaces the project.
    SetProject(Project),
    /// Asks the server that somebody would ask for the names of its models.
    ListModels(Whose),
    /// Replaces the API key for a server; an empty one removes it.
    SetKey {
        /// The name of the server that it was entered for. If another is set by now, nothing is done.
        server: String,
        /// The key.
        key: TypedKey,
    },
    /// Opens a file at a line and column, both from 1, in the user's editor.
    OpenInEditor(String, u32, u32),
}

/// A key as somebody typed it. It prints as `(hidden)`.
#[derive(Reflect, Clone, PartialEq, Eq)]
pub struct TypedKey(pub String);

impl fmt::Debug for TypedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(hidden)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_action_does_not_show_the_key() {
        let action = Action::SetKey {
            server: "a".to_owned(),
            key: TypedKey("sk-1".to_owned()),
        };
        let shown = r#"SetKey { server: "a", key: (hidden) }"#;
        assert_eq!(format!("{action:?}"), shown);
    }
}

//! The state of the app: resources and components. They stay in the world across reloads, and are
//! written to disk, so that they are there again at the next start.

mod action;
mod dependencies;
mod discussions;
mod hands;
mod layout;
mod project;
mod takes;
mod tickets;

pub use action::{Action, TypedKey};
pub use dependencies::{describe_circle, Dependencies};
pub use discussions::{Composer, Discussion, Discussions, Entry, Hub, SentFile, TokenUsage};
pub use hands::{
    CallId, Deed, DeedKind, HandsView, Leave, Remembered, Stage, ToolCall, ToolNote, ToolRequest,
    ToolRequests, ToolRound,
};
pub use layout::{Layout, LogView, Palette, Window};
pub use project::{
    BuildProfile, Limits, Project, ProviderKind, Server, Settings, TrackMode, Tracked,
};
pub use takes::Take;
pub use tickets::{
    ActiveTickets, Board, QueueMode, Run, Status, Ticket, TicketNumbers, TicketQueue,
};

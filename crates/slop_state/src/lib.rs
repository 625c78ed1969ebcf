//! The state of the app: resources and components. They stay in the world across reloads, and what a
//! person would miss of them is written to disk, so that it is there again at the next start.

mod action;
mod context_windows;
mod dependencies;
mod discussions;
mod draft;
mod hands;
mod layout;
mod pending;
mod planning;
mod prices;
mod project;
mod takes;
mod tickets;
mod tiers;
mod undo;
mod whom;

pub use action::{Action, TypedKey};
pub use context_windows::{ContextWindow, ContextWindows};
pub use dependencies::{describe_circle, Dependencies};
pub use discussions::{
    beginning, Composer, Discussion, Discussions, Entry, Hub, SentFile, TokenUsage, Tokens,
};
pub use draft::Draft;
pub use hands::{
    is_same_path, CallId, Deed, DeedKind, HandsView, Leave, Remembered, Stage, ToolCall, ToolNote,
    ToolRequest, ToolRequests, ToolRound,
};
pub use layout::{Layout, LogView, Palette, Window};
pub use pending::{Orphans, Pending, PendingRequests};
pub use planning::{Planning, Proposed};
pub use prices::{ModelId, Money, Price, Priced, Prices, Total};
pub use project::{
    BuildProfile, Limits, Project, ProviderKind, Server, ServerId, Settings, TrackMode, Tracked,
};
pub use takes::Take;
pub use tickets::{
    ActiveTickets, Board, QueueMode, Run, Status, Ticket, TicketNumbers, TicketQueue, Verdict,
};
pub use tiers::{ContextRule, Tier, TierSetup, Tiers};
pub use undo::{Deleted, Undo};
pub use whom::Whose;

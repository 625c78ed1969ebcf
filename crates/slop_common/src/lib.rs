//! What the plugin libraries have in common, besides the state and what windows are drawn with.
//!
//! No plugin library knows another. What two of them need is here: the order of their turns, who
//! answers, what of a discussion goes out to them, and what must be true of a proposal.

mod date;
pub mod documents;
mod files;
mod job;
mod leave;
mod named;
pub mod proposal;
mod provider;
mod said;
mod tools;
mod turn;
mod work;

pub use date::date;
pub use files::wanted;
pub use job::job_of;
pub use leave::{can_begin, is_here, LeaveError};
pub use named::{KnownNames, Names};
pub use provider::{has_key, provider, servers, tier_provider};
pub use said::{
    in_words, is_note, is_speaking, message, messages, parts, said, spoken, streaming, whole,
    ASSISTANT, CUT_OFF, NO_ANSWER, WAITING,
};
pub use tools::{has_leave, offered};
pub use turn::Turn;
pub use work::{last_answer, Work, WorkError};

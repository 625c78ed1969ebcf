//! What an assistant does in a project's folder, once somebody has given leave: reads, changes that
//! can be undone, commands that can be ended. Asking for leave is not done here.
//!
//! In reading order: [`Root`] is the folder, opened once, without what is [`OffLimits`] in it; [`Tool`]
//! is what can be asked for, and [`Wanted`] one such call; [`Piece`] is what is told of a file;
//! [`Change`] is new contents for a file, shown as a [`Diff`]; [`Running`] is a command under way;
//! [`HandsError`] is why something was not done.
//!
//! Nothing outside of the folder is ever opened. Each path is looked up by the kernel, which goes
//! through no link and over no `..` (`openat2`), and it is looked up anew when it is used: a folder
//! that became a link while somebody thought about it is refused.
//!
//! The crate belongs in a library that is never reloaded. Its threads run on while the code that
//! polls a [`Running`] is replaced.
//!
//! ```
//! # if cfg!(target_os = "linux") {
//! use slop_hands::{Change, Root};
//!
//! let folder = std::env::temp_dir().join(format!("slop_hands-{}", std::process::id()));
//! std::fs::create_dir_all(&folder).unwrap();
//! let root = Root::open(&folder).unwrap();
//! let change = Change::propose(&root, "notes.md", "hello\n".to_owned()).unwrap();
//! change.apply(&root).unwrap();
//! assert_eq!(root.read("notes.md").unwrap(), "hello\n");
//! change.undo(&root).unwrap();
//! assert!(root.read("notes.md").is_err());
//! assert!(root.read("../secret").is_err());
//! # std::fs::remove_dir(&folder).unwrap();
//! # }
//! ```
//!
//! A command ends with all that it has started, also if it ends by itself: all are told to, may tidy up for a
//! while ([`Patience::grace`]), and are killed then. It is ended with the app. If the app is killed, it runs on,
//! and the next start can find what is left of it by its label ([`Running::end_left`]): the processes that have
//! it in their environment, and those in the groups of such.
//!
//! Limits: Linux 5.6 or newer. A command may do all that the person may; only where it begins is
//! bound to the folder, which is why it is shown before. A process that has left its group, and has wiped its
//! environment or lets nobody read it, outlives its command. So does one of another user, as with `sudo`; if
//! that is the command itself, it is under way until it ends. So does, if the app was killed, one that has wiped
//! its environment and is in no group with one that has not. What an app in another pid namespace, such as a
//! container, has left is not ended, since nobody here can tell whether that app is gone. Mounts within the
//! folder belong to it. Folders that a change has made stay when it is undone. Whoever has opened a file before
//! a change replaces it, and writes into it after, writes into what is gone; and where the file system cannot
//! exchange two files (`renameat2`), what somebody writes between the last look and the change is lost.

mod change;
mod diff;
mod error;
mod off_limits;
mod output;
mod path;
mod piece;
mod search;
mod tool;

#[cfg(target_os = "linux")]
mod beside;
#[cfg(not(target_os = "linux"))]
mod elsewhere;
#[cfg(target_os = "linux")]
mod open;
#[cfg(target_os = "linux")]
mod root;
#[cfg(target_os = "linux")]
mod run;
#[cfg(target_os = "linux")]
mod tree;

pub use change::Change;
pub use diff::{Diff, Line, Mark};
#[cfg(not(target_os = "linux"))]
pub use elsewhere::{Root, Running};
pub use error::HandsError;
pub use off_limits::OffLimits;
pub use output::{Ending, Left, Output, Patience};
pub use piece::{Lines, Piece};
#[cfg(target_os = "linux")]
pub use root::Root;
#[cfg(target_os = "linux")]
pub use run::Running;
pub use search::{Found, Hit, Listing};
pub use tool::{Tool, Wanted};

/// The largest file that is written, or read as a whole, in bytes. A larger one is no text that somebody wrote.
pub const LARGEST: u64 = 256 * 1024;

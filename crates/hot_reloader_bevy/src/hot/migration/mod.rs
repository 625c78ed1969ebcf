//! Values of types that changed, or whose crates did, become values of the new code.
//!
//! A crate whose types changed is another one to the compiler (`hot_reloader_build`'s `layout`), so none of
//! its types is what it was to the engine, and new code cannot take a value of before for one of its own.
//! [`decide()`] says for each such type in the world how its values go over, by its name: as they are if the
//! sources say that it is what it was, by serde or by the names of its fields ([`adapt`]) if not.
//! [`carry()`] makes all new values first, and puts them in place only if all came about. What new code has not
//! been seen to use is [`left`] where it is; [`origins`] tells types of one name apart.

mod adapt;
mod carry;
mod convert;
mod decide;
mod left;
pub(crate) mod origins;

use bevy::ecs::component::ComponentId;
use hot_reloader_core::TypeFault;
use hot_reloader_transaction::Passage;

pub(crate) use carry::{carry, late, rehearse};
pub(crate) use decide::decide;
pub(crate) use left::{is_waiting, plugin, unseen, LeftBehind};

use super::rehearsal::Incoming;
use convert::Conversion;

/// How the values of one type in the world go over to new code.
pub(crate) struct Crossing {
    old: ComponentId,
    holder: Holder,
    /// What it is called before and after.
    names: [String; 2],
    way: Way,
    /// What is to be said if a value cannot go over, but for the reason.
    fault: TypeFault,
}

/// What holds values of a type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Holder {
    Entities,
    Resource { is_send: bool },
}

/// How values go over.
enum Way {
    /// They do not: the code says so.
    Discard,
    /// The same, but they stay behind, where nobody finds them: if the reload is taken back, they could not be
    /// made again.
    DiscardUnseen,
    /// They stay behind: new code makes its own.
    Anew,
    Over {
        passage: Passage,
        conversion: Conversion,
        /// `None` if new code has not been seen to use the type.
        to: Option<Incoming>,
    },
}

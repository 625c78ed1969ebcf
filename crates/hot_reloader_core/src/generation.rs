//! The number of an accepted build.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Counts the builds that took over, from 1.
///
/// A candidate has no generation until its code has been swapped in.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Generation(u32);

impl Generation {
    /// Before any library was accepted.
    pub const NONE: Self = Self(0);

    /// The one after this.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

impl fmt::Display for Generation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

//! New contents for a file.

use crate::{Diff, HandsError, Root, LARGEST};

/// New contents for a file, and what they replace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// From the project's folder.
    pub path: String,
    /// What was in the file when the change was thought of; `None` if there was none.
    pub before: Option<String>,
    /// What is to be in it.
    pub after: String,
}

impl Change {
    /// A change of the file as it is now. Nothing is written.
    ///
    /// # Errors
    ///
    /// If the file is no text, or not within the folder, or says that already.
    pub fn propose(root: &Root, path: &str, after: String) -> Result<Self, HandsError> {
        let path = path.to_owned();
        if after.len() as u64 > LARGEST {
            return Err(HandsError::TooLarge { path });
        }
        if after.contains('\0') {
            return Err(HandsError::Binary { path });
        }
        let before = root.current(&path)?;
        if before.as_deref() == Some(&*after) {
            return Err(HandsError::NoChange { path });
        }
        Ok(Self {
            path,
            before,
            after,
        })
    }

    /// What becomes of the file, for people.
    #[must_use]
    pub fn diff(&self) -> Diff {
        Diff::new(self.before.as_deref().unwrap_or_default(), &self.after)
    }

    /// Writes the new contents, whole or not at all. Permissions stay.
    ///
    /// # Errors
    ///
    /// [`HandsError::Conflict`] if the file is not what it was when the change was thought of.
    pub fn apply(&self, root: &Root) -> Result<(), HandsError> {
        root.replace(&self.path, self.before.as_deref(), Some(&self.after))
    }

    /// Puts the earlier contents back, or takes the file away if there was none.
    ///
    /// # Errors
    ///
    /// [`HandsError::Conflict`] if the file is not what [`apply`](Self::apply) has written.
    pub fn undo(&self, root: &Root) -> Result<(), HandsError> {
        root.replace(&self.path, Some(&self.after), self.before.as_deref())
    }
}

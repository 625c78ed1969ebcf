//! New contents for a file.

use crate::{diff::ends_in_cr_lf, Diff, HandsError, Root, LARGEST};

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
    /// A change of the file as it is now, whose lines keep the ends that they have. Nothing is written.
    ///
    /// # Errors
    ///
    /// If the file is no text, or not within the folder, or says that already.
    pub fn propose(root: &Root, path: &str, after: String) -> Result<Self, HandsError> {
        let path = path.to_owned();
        if after.contains('\0') {
            return Err(HandsError::Binary { path });
        }
        let before = root.current(&path)?;
        let after = with_ends_of(before.as_deref().unwrap_or_default(), after);
        if after.len() as u64 > LARGEST {
            let most = LARGEST;
            return Err(HandsError::TooLarge { path, most });
        }
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

/// A text with CR LF at the ends of its lines if all of those before end so and none of these has a CR. A
/// model that reads CR LF mostly writes LF, and each line would count as changed.
fn with_ends_of(before: &str, after: String) -> String {
    if ends_in_cr_lf(before) && !after.contains('\r') {
        after.replace('\n', "\r\n")
    } else {
        after
    }
}

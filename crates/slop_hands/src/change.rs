//! New contents for a file.

use crate::{diff::ends_in_cr_lf, Diff, HandsError, Root, LARGEST};

/// The byte order mark.
const MARK: char = '\u{feff}';

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
    /// A change of the file as it is now, which keeps its byte order mark and the ends of its lines. Nothing is
    /// written.
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
        let after = in_form_of(before.as_deref().unwrap_or_default(), after);
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

/// A text with CR LF at the ends of its lines if all of those before end so and none of these has a CR, and with
/// the byte order mark of the one before. A model mostly writes neither back: each line would count as changed, and
/// what needs the mark would read the file wrong.
fn in_form_of(before: &str, mut after: String) -> String {
    if ends_in_cr_lf(before) && !after.contains('\r') {
        after = after.replace('\n', "\r\n");
    }
    if before.starts_with(MARK) && !after.starts_with(MARK) {
        after.insert(0, MARK);
    }
    after
}

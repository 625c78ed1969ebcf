//! Whether what was asked for can be done now: what the controller holds itself to, and what the window
//! Hands says of it.

use slop_state::{ToolRequest, ToolRequests};

/// Why a request is not done, though somebody allows it, or not undone.
#[derive(thiserror::Error, Clone, Debug, PartialEq, Eq)]
pub enum LeaveError {
    /// It is done in the folder that it was asked for in, or nowhere.
    #[error("It was asked for in {place}, and the project's folder is {folder} by now; ask for it anew.")]
    Elsewhere {
        /// Where it was asked for.
        place: String,
        /// The project's folder.
        folder: String,
    },
    /// Nobody has seen yet what it changes once the other one is done.
    #[error("Another change of this file is under way; wait for it.")]
    Busy,
}

/// Whether a request can be begun once there is leave for it, or be undone, with the project in a folder.
///
/// # Errors
///
/// Says why not.
pub fn can_begin(
    request: &ToolRequest,
    requests: &ToolRequests,
    folder: &str,
) -> Result<(), LeaveError> {
    is_here(request, folder)?;
    if requests.is_busy(request) {
        return Err(LeaveError::Busy);
    }
    Ok(())
}

/// Whether the project is in the folder that a request was made for.
///
/// # Errors
///
/// Says where both are, if not.
pub fn is_here(request: &ToolRequest, folder: &str) -> Result<(), LeaveError> {
    if request.folder == folder {
        return Ok(());
    }
    Err(LeaveError::Elsewhere {
        place: request.place().to_owned(),
        folder: folder.to_owned(),
    })
}

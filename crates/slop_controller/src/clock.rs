//! What time it is.

use std::time::SystemTime;

/// In seconds since 1970, UTC.
pub(crate) fn now() -> u64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    now.unwrap_or_default().as_secs()
}

//! How much memory the process holds.

/// The resident set of this process in bytes; `None` where the platform does not say.
///
/// Read from `/proc/self/statm`, whose second number counts resident pages.
#[must_use]
pub fn resident_bytes() -> Option<u64> {
    let statm = std::fs::read_to_string("/proc/self/statm").ok()?;
    let pages: u64 = statm.split_whitespace().nth(1)?.parse().ok()?;
    Some(pages * page_size()?)
}

#[cfg(unix)]
#[expect(unsafe_code, reason = "the page size is only to be had from libc")]
fn page_size() -> Option<u64> {
    // SAFETY: sysconf reads a number and has no preconditions.
    u64::try_from(unsafe { libc::sysconf(libc::_SC_PAGESIZE) }).ok()
}

#[cfg(not(unix))]
fn page_size() -> Option<u64> {
    None
}

//! How much memory the process holds.

/// The resident set of this process in bytes; `None` where the platform does not say.
#[must_use]
pub fn resident_bytes() -> Option<u64> {
    // Unlike `statm` it does not count pages, whose size only libc knows.
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim_end().parse().ok()?;
    kilobytes.checked_mul(1024)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    #[test]
    fn a_process_holds_some() {
        assert!(super::resident_bytes() > Some(0));
    }
}

//! How much memory the process holds. `hot_reloader_core` knows it too, which an app with linked modules does
//! not have.

/// The resident set of this process in bytes; `None` where the platform does not say.
pub(super) fn resident_bytes() -> Option<u64> {
    resident(&std::fs::read_to_string("/proc/self/status").ok()?)
}

/// That of a file `status`.
fn resident(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes: u64 = line?.trim().strip_suffix("kB")?.trim_end().parse().ok()?;
    kilobytes.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_resident_set_is_found() {
        let status = "Name:\tslop\nVmHWM:\t    9000 kB\nVmRSS:\t    8192 kB\nRssAnon:\t 1 kB\n";
        assert_eq!(resident(status), Some(8 << 20));
        for status in ["", "VmRSS:", "VmRSS: many kB", "VmRSS: 7 pages"] {
            assert_eq!(resident(status), None, "{status}");
        }
    }
}

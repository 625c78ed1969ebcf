//! The environment of a build, cleaned of what `cargo run` added for the app.
//!
//! Build scripts and `env!` make crates depend on variables. If a build in the app saw others than
//! the build that made the app, cargo would build what did not change.

use std::{env, ffi::OsString, path::Path};

/// Set by cargo for the programs that it runs; all others that begin with `CARGO_` are settings of
/// the person and stay. From the cargo book, "Environment variables cargo sets for crates".
const ADDED: [&str; 10] = [
    "CARGO",
    "CARGO_BIN_NAME",
    "CARGO_CRATE_NAME",
    "CARGO_MAKEFLAGS",
    "CARGO_MANIFEST_DIR",
    "CARGO_MANIFEST_LINKS",
    "CARGO_MANIFEST_PATH",
    "CARGO_PRIMARY_PACKAGE",
    "CARGO_TARGET_TMPDIR",
    "OUT_DIR",
];

/// Families of such variables.
const ADDED_PREFIXES: [&str; 4] = [
    "CARGO_BIN_EXE_",
    "CARGO_CFG_",
    "CARGO_FEATURE_",
    "CARGO_PKG_",
];

/// Where the platform's loader looks for shared libraries.
const LIBRARY_PATH: &str = if cfg!(windows) {
    "PATH"
} else if cfg!(target_vendor = "apple") {
    "DYLD_FALLBACK_LIBRARY_PATH"
} else {
    "LD_LIBRARY_PATH"
};

/// What of `variables` a build is to see.
pub fn clean(
    variables: impl IntoIterator<Item = (OsString, OsString)>,
) -> Vec<(OsString, OsString)> {
    variables
        .into_iter()
        .filter_map(|(name, value)| {
            let text = name.to_string_lossy();
            let added = ADDED.contains(&&*text)
                || ADDED_PREFIXES.iter().any(|prefix| text.starts_with(prefix));
            if added {
                return None;
            }
            if text != LIBRARY_PATH {
                return Some((name, value));
            }
            let folders = env::split_paths(&value).filter(|folder| !is_cargos(folder));
            let value = env::join_paths(folders).unwrap_or(value);
            (!value.is_empty()).then_some((name, value))
        })
        .collect()
}

/// What programs say of themselves by, so that it is another one at each start.
const OF_TALK: [&str; 4] = [
    "RUST_BACKTRACE",
    "RUST_LIB_BACKTRACE",
    "RUST_LOG",
    "RUST_LOG_STYLE",
];

/// Whether cargo or rustup decides by a variable how a crate is compiled. What code and build scripts read
/// besides, cargo is told.
pub(crate) fn decides(name: &str) -> bool {
    let prefixes = ["CARGO", "__CARGO", "RUST"];
    let names = ["PATH", "HOME", "USERPROFILE", LIBRARY_PATH];
    let may_decide =
        names.contains(&name) || prefixes.iter().any(|prefix| name.starts_with(prefix));
    may_decide && !OF_TALK.contains(&name)
}

/// Whether cargo put this folder on the loader's path: it holds build products or the standard
/// library of a toolchain.
fn is_cargos(folder: &Path) -> bool {
    let toolchain = folder
        .components()
        .any(|part| part.as_os_str() == "rustlib");
    let above = |levels: usize| folder.ancestors().nth(levels);
    // What the build script of a package made lies deepest.
    let target = (0..5).filter_map(above).any(|f| {
        // Cargo marks every target folder with this file.
        f.join("CACHEDIR.TAG").exists()
    });
    toolchain || target || folder.as_os_str().is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cleaned(name: &str, value: &str) -> Option<String> {
        clean([(name.into(), value.into())])
            .pop()
            .map(|(_, value)| value.into_string().unwrap())
    }

    #[test]
    fn what_cargo_added_goes_and_settings_stay() {
        for name in [
            "CARGO_MANIFEST_DIR",
            "CARGO_PKG_NAME",
            "CARGO",
            "CARGO_BIN_EXE_slop",
            "OUT_DIR",
        ] {
            assert_eq!(cleaned(name, "x"), None, "{name}");
        }
        for name in [
            "CARGO_HOME",
            "CARGO_TARGET_DIR",
            "CARGO_PROFILE_DEV_DEBUG",
            "RUSTFLAGS",
            "PATH",
        ] {
            assert_eq!(cleaned(name, "x").as_deref(), Some("x"), "{name}");
        }
    }

    #[test]
    fn another_terminal_builds_as_the_first_one() {
        let others = ["WINDOWID", "DISPLAY", "SHLVL", "OLDPWD"];
        for name in others.into_iter().chain(["RUST_LOG", "RUST_BACKTRACE"]) {
            assert!(!decides(name), "{name}");
        }
        for name in [
            "RUSTFLAGS",
            "RUSTUP_TOOLCHAIN",
            "CARGO_PROFILE_DEV_DEBUG",
            "PATH",
        ] {
            assert!(decides(name), "{name}");
        }
    }

    #[test]
    #[cfg(all(unix, not(target_vendor = "apple")))]
    fn only_cargos_folders_leave_the_library_path() {
        let root = tempfile::tempdir().unwrap();
        std::fs::write(root.path().join("CACHEDIR.TAG"), "").unwrap();
        let deps = root.path().join("debug/deps");
        let value = format!(
            "{}:/t/lib/rustlib/x86_64-unknown-linux-gnu/lib:/opt/mine/lib",
            deps.display()
        );
        assert_eq!(
            cleaned("LD_LIBRARY_PATH", &value).as_deref(),
            Some("/opt/mine/lib")
        );
        let made = root.path().join("debug/build/sound-0123/out");
        for folder in [deps, made] {
            let value = folder.display().to_string();
            assert_eq!(cleaned("LD_LIBRARY_PATH", &value), None);
        }
    }
}

//! The configuration of cargo: in which files it may be.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use crate::BuildConfig;

/// The files in which cargo looks for its configuration, whether they are there or not.
pub(crate) fn configurations(config: &BuildConfig) -> Vec<PathBuf> {
    let folders = config
        .folder
        .ancestors()
        .map(|folder| folder.join(".cargo"));
    let folders = folders.chain(home("CARGO_HOME", ".cargo"));
    let files = folders.flat_map(|folder| ["config.toml", "config"].map(|file| folder.join(file)));
    files.collect()
}

/// Whether a configuration has a key of that name, or what looks like one.
pub(crate) fn includes_others(configuration: &Path) -> bool {
    let text = fs::read_to_string(configuration).unwrap_or_default();
    let mut lines = text
        .lines()
        .map(|line| line.trim_start_matches([' ', '\t', '"', '\'']));
    lines.any(|line| line.starts_with("include"))
}

/// A folder in the home of the user, unless a variable names another.
pub(crate) fn home(variable: &str, folder: &str) -> Option<PathBuf> {
    let named = env::var_os(variable).map(PathBuf::from);
    named.or_else(|| Some(env::home_dir()?.join(folder)))
}

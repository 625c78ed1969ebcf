//! The configuration of cargo: in which files it may be, and what is in them.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use toml_edit::{Document, Item};

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

/// Whether a configuration reads others.
pub(crate) fn includes_others(configuration: &Path) -> bool {
    read(configuration).is_some_and(|read| read.get("include").is_some())
}

/// What is in a configuration or manifest. If it cannot be read, cargo says so.
pub(crate) fn read(file: &Path) -> Option<Item> {
    let text = fs::read_to_string(file).ok()?;
    Some(Document::parse(text).ok()?.into_item())
}

/// A folder in the home of the user, unless a variable names another.
pub(crate) fn home(variable: &str, folder: &str) -> Option<PathBuf> {
    let named = env::var_os(variable).map(PathBuf::from);
    named.or_else(|| Some(env::home_dir()?.join(folder)))
}

//! The configuration of cargo: in which files it may be, and what is in them.

use std::{
    collections::BTreeMap,
    env,
    ffi::OsString,
    fs,
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

/// The variables that have the value which the first of the configurations with them gives them: cargo sets these for
/// the programs that it runs, and leaves those alone that are set already.
pub(crate) fn configured(
    configurations: &[PathBuf],
    variables: impl IntoIterator<Item = (OsString, OsString)>,
) -> Vec<String> {
    let mut values: BTreeMap<String, OsString> = BTreeMap::new();
    for file in configurations {
        let read = read(file);
        let table = read.as_ref().and_then(|read| read.get("env"));
        let table = table.and_then(Item::as_table_like);
        for (name, item) in table.iter().flat_map(|table| table.iter()) {
            if let Some(value) = value_of(item, file) {
                values.entry(name.to_owned()).or_insert(value);
            }
        }
    }
    let is_so = |(name, value): (OsString, OsString)| {
        let name = name.into_string().ok()?;
        // Without these cargo finds neither the compiler nor its own folder.
        let is_vital = ["PATH", "HOME"].contains(&&*name);
        (!is_vital && values.get(&name) == Some(&value)).then_some(name)
    };
    variables.into_iter().filter_map(is_so).collect()
}

/// The value of a variable: a text, or a table with one. A relative path counts from the folder that `.cargo` is in.
fn value_of(item: &Item, file: &Path) -> Option<OsString> {
    let text = item.as_str().or_else(|| item.get("value")?.as_str())?;
    let is_relative = item.get("relative").and_then(Item::as_bool) == Some(true);
    let folder = file.ancestors().nth(2).filter(|_| is_relative);
    Some(folder.map_or_else(|| text.into(), |folder| folder.join(text).into()))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variable_is_configured_if_it_has_the_value_of_the_configuration_that_counts() {
        let root = tempfile::tempdir().unwrap();
        let files = ["game/.cargo", ".cargo"].map(|folder| root.path().join(folder));
        let texts = [
            "[env]\nGREETING = \"one\"\nFORCED = { value = \"two\", force = true }\n\
             ASSETS = { value = \"assets\", relative = true }\nPATH = \"/bin\"\n",
            "[env]\nGREETING = \"outer\"\n[env.OUTER]\nvalue = \"three\"\n",
        ];
        for (folder, text) in files.iter().zip(texts) {
            fs::create_dir_all(folder).unwrap();
            fs::write(folder.join("config.toml"), text).unwrap();
        }
        let files = files.map(|folder| folder.join("config.toml"));
        let assets = root.path().join("game/assets").display().to_string();
        let check = |name: &str, value: &str, expected: bool| {
            let found = configured(&files, [(name.into(), value.into())]);
            assert_eq!(found == [name], expected, "{name}={value}");
        };
        check("GREETING", "one", true);
        check("GREETING", "outer", false);
        check("GREETING", "the shell's", false);
        check("FORCED", "two", true);
        check("ASSETS", &assets, true);
        check("OUTER", "three", true);
        check("OTHER", "one", false);
        check("PATH", "/bin", false);
    }
}

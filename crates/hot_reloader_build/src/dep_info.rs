//! What the compiler says it has read for a crate, in a file that it leaves beside what it made.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

/// The inputs of a crate.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DepInfo {
    /// The files, absolute.
    pub files: BTreeSet<PathBuf>,
    /// The variables that `env!` and `option_env!` read; `None` for one that was not set.
    pub variables: BTreeMap<String, Option<String>>,
}

impl DepInfo {
    /// Reads the dep-info of a compiler that ran in `folder`.
    ///
    /// # Errors
    ///
    /// What the system said.
    pub fn read(path: &Path, folder: &Path) -> std::io::Result<Self> {
        Ok(Self::parse(&fs::read_to_string(path)?, folder))
    }

    /// It is a makefile, in which each file has a rule of its own without prerequisites; a space in a name
    /// is written `\ `. Variables are comments.
    fn parse(text: &str, folder: &Path) -> Self {
        let mut info = Self::default();
        for line in text.lines() {
            if let Some(variable) = line.strip_prefix("# env-dep:") {
                let (name, value) = match variable.split_once('=') {
                    Some((name, value)) => (name, Some(value.to_owned())),
                    None => (variable, None),
                };
                info.variables.insert(name.to_owned(), value);
            } else if let Some(file) = line.strip_suffix(':').filter(|l| !l.starts_with('#')) {
                info.files.insert(folder.join(file.replace("\\ ", " ")));
            }
        }
        info
    }
}

/// What the compiler left of a crate, in all the forms that it was compiled in.
pub(crate) fn dep_infos(deps: &Path, name: &str) -> Vec<PathBuf> {
    let files = fs::read_dir(deps).into_iter().flatten().flatten();
    let files = files.map(|entry| entry.path());
    let is_of = |path: &PathBuf| {
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        let rest = stem.strip_prefix(name);
        let is_info = path.extension().is_some_and(|extension| extension == "d");
        is_info && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
    };
    files.filter(is_of).collect()
}

/// The same in each of these folders.
pub(crate) fn all_dep_infos(deps: &[PathBuf], name: &str) -> Vec<PathBuf> {
    deps.iter().flat_map(|deps| dep_infos(deps, name)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_and_variables_are_told_apart() {
        let text = "/t/libgame.so: a\\ b/lib.rs /x/y.rs\n\na\\ b/lib.rs:\n/x/y.rs:\n\n\
                    # env-dep:X=a:\n# env-dep:Y\n# checksum:blake3=1 file_len:2 src/a.rs\n";
        let info = DepInfo::parse(text, Path::new("/w"));
        let files: Vec<_> = info
            .files
            .iter()
            .map(|file| file.to_str().unwrap())
            .collect();
        assert_eq!(files, ["/w/a b/lib.rs", "/x/y.rs"]);
        let variables: Vec<_> = info.variables.into_iter().collect();
        let [x, y] = [("X", Some("a:")), ("Y", None)];
        assert_eq!(
            variables,
            [x, y].map(|(n, v)| (n.to_owned(), v.map(str::to_owned)))
        );
    }
}

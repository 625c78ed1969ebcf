//! Patterns, and the files that fit them.
//!
//! `*` stands for any part of a name, `?` for one character of it, and `**` for any folders. They
//! stand for nothing that is hidden, was built, or is reached through a link: such a name has to be
//! written out. So nobody sends a `.env` by accident, and no link leads in a circle.

use std::{
    collections::BTreeSet,
    fs,
    path::{Component, Path, PathBuf},
};

use super::{ContextError, OffLimits};

/// How many names are looked at, for all patterns together.
pub(super) const LOOKED_AT: usize = 20_000;

/// Folders of what was built, which nobody has written.
const BUILT: [&str; 2] = ["target", "node_modules"];

/// Whether it may be a pattern; no file is looked for.
///
/// # Errors
///
/// If it is blank, begins elsewhere, or has `..` in it.
pub fn check(pattern: &str) -> Result<(), ContextError> {
    for component in Path::new(pattern.trim()).components() {
        let pattern = || pattern.trim().to_owned();
        match component {
            Component::Prefix(_) | Component::RootDir => {
                return Err(ContextError::Absolute { pattern: pattern() });
            }
            Component::ParentDir => return Err(ContextError::Parent { pattern: pattern() }),
            Component::CurDir | Component::Normal(_) => {}
        }
    }
    if segments(pattern).is_empty() {
        return Err(ContextError::Blank);
    }
    Ok(())
}

/// The names in a pattern.
fn segments(pattern: &str) -> Vec<&str> {
    let names = pattern.trim().split(std::path::is_separator);
    let mut names: Vec<&str> = names.filter(|name| !matches!(*name, "" | ".")).collect();
    // One stands for as much as several, and several would be looked for in many ways.
    names.dedup_by(|one, other| one == other && *one == "**");
    if names.last() == Some(&"**") {
        names.push("*");
    }
    names
}

fn is_wild(name: &str) -> bool {
    name.contains(['*', '?'])
}

/// Where a path leads, if that is within the folder, which is canonical.
pub(super) fn inside(folder: &Path, path: &Path) -> Result<PathBuf, ContextError> {
    let name = || from(folder, path);
    let target = path.canonicalize().map_err(|source| ContextError::Read {
        path: name(),
        source,
    })?;
    if target.starts_with(folder) {
        Ok(target)
    } else {
        let path = name();
        Err(ContextError::LeadsOut { path, target })
    }
}

/// A path as it is shown: from the folder, with `/`.
fn from(folder: &Path, path: &Path) -> String {
    let below = path.strip_prefix(folder).unwrap_or(path);
    let names = below.components().map(|name| name.as_os_str());
    let names: Vec<_> = names.map(|name| name.to_string_lossy()).collect();
    if names.is_empty() {
        ".".to_owned()
    } else {
        names.join("/")
    }
}

/// What fits a pattern.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// From the folder. Whether they can be read, or lead out, is not known yet.
    pub(super) paths: BTreeSet<String>,
    /// What was not looked into.
    pub(super) refused: Vec<ContextError>,
}

/// Looks for files within a folder.
pub(super) struct Search<'a> {
    /// Canonical.
    folder: &'a Path,
    off_limits: &'a OffLimits,
    /// How many names may still be looked at.
    left: usize,
}

impl<'a> Search<'a> {
    pub(super) fn new(folder: &'a Path, off_limits: &'a OffLimits) -> Self {
        Self {
            folder,
            off_limits,
            left: LOOKED_AT,
        }
    }

    pub(super) fn find(&mut self, pattern: &str) -> Found {
        let mut found = Found::default();
        if let Err(error) = check(pattern) {
            found.refused.push(error);
            return found;
        }
        let names = segments(pattern);
        if !names.iter().any(|name| is_wild(name)) {
            found.paths.insert(names.join("/"));
            return found;
        }
        let pattern = || pattern.trim().to_owned();
        if !self.walk(self.folder, &names, &mut found) {
            let pattern = pattern();
            found.refused.push(ContextError::TooMany { pattern });
        } else if found.paths.is_empty() && found.refused.is_empty() {
            let pattern = pattern();
            found.refused.push(ContextError::Nothing { pattern });
        }
        found
    }

    /// Whether it came to the end.
    fn walk(&mut self, at: &Path, names: &[&str], found: &mut Found) -> bool {
        let Some((name, rest)) = names.split_first() else {
            return true;
        };
        if !is_wild(name) {
            return self.named(&at.join(name), rest, found);
        }
        let is_deep = *name == "**";
        // No folder at all.
        if is_deep && !self.walk(at, rest, found) {
            return false;
        }
        let entries = match self.entries(at) {
            Ok(entries) => entries,
            Err(error) => {
                found.refused.push(error);
                return true;
            }
        };
        for entry in entries {
            if self.left == 0 {
                return false;
            }
            self.left -= 1;
            // Gone meanwhile.
            let Ok((entry, kind)) = entry.and_then(|e| e.file_type().map(|kind| (e, kind))) else {
                continue;
            };
            let file_name = entry.file_name();
            let file_name = file_name.to_string_lossy();
            let is_hidden = file_name.starts_with('.') && !name.starts_with('.');
            if is_hidden || !(is_deep || fits(name, &file_name)) {
                continue;
            }
            if kind.is_dir() {
                let next = if is_deep { names } else { rest };
                let is_built = BUILT.contains(&&*file_name);
                if !is_built && !self.walk(&entry.path(), next, found) {
                    return false;
                }
            } else if rest.is_empty() {
                found.paths.insert(from(self.folder, &entry.path()));
            }
        }
        true
    }

    /// What is in a folder. What a link leads to below one that is off limits is refused when it is read.
    fn entries(&self, at: &Path) -> Result<fs::ReadDir, ContextError> {
        let path = || from(self.folder, at);
        let failed = |source| ContextError::Read {
            path: path(),
            source,
        };
        if self.off_limits.is(at).map_err(failed)? {
            return Err(ContextError::OffLimits { path: path() });
        }
        fs::read_dir(at).map_err(failed)
    }

    /// A name that is written out, with what comes after it.
    fn named(&mut self, path: &Path, rest: &[&str], found: &mut Found) -> bool {
        let Ok(meta) = fs::symlink_metadata(path) else {
            return true;
        };
        if rest.is_empty() {
            if !meta.is_dir() {
                found.paths.insert(from(self.folder, path));
            }
            return true;
        }
        if meta.is_symlink() {
            if let Err(error) = inside(self.folder, path) {
                found.refused.push(error);
                return true;
            }
        }
        if !path.is_dir() {
            return true;
        }
        self.walk(path, rest, found)
    }
}

/// Whether a name fits a pattern with `*` and `?`.
fn fits(pattern: &str, name: &str) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    let name: Vec<char> = name.chars().collect();
    let (mut p, mut n) = (0, 0);
    // Behind the last star, and how far that star has to reach.
    let mut star: Option<(usize, usize)> = None;
    while n < name.len() {
        match (pattern.get(p), star) {
            (Some('*'), _) => {
                p += 1;
                star = Some((p, n));
            }
            (Some(c), _) if *c == '?' || *c == name[n] => {
                p += 1;
                n += 1;
            }
            (_, Some((behind, reach))) => {
                star = Some((behind, reach + 1));
                p = behind;
                n = reach + 1;
            }
            (_, None) => return false,
        }
    }
    pattern[p..].iter().all(|c| *c == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_fit(pattern: &str, yes: &[&str], no: &[&str]) {
        for name in yes {
            assert!(fits(pattern, name), "{pattern} should fit {name}");
        }
        for name in no {
            assert!(!fits(pattern, name), "{pattern} should not fit {name}");
        }
    }

    #[test]
    fn names_fit() {
        check_fit("a.rs", &["a.rs"], &["a.r", "a.rss", "b.rs", ""]);
        check_fit("*.rs", &["a.rs", ".rs", "a.rs.rs"], &["rs", "a.rs.md"]);
        check_fit("a?c", &["abc", "aüc"], &["ac", "abbc"]);
        check_fit("*", &["", "a"], &[]);
        check_fit("?", &["語"], &["", "ab"]);
        check_fit("a*b*c", &["abc", "aabbcc", "axbxbc"], &["acb", "ab"]);
        check_fit("*a*a*a*b", &[], &["aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"]);
    }

    #[test]
    fn patterns_stay_in_the_folder() {
        for pattern in ["src", "./src/**", "**/*.rs", "a..b", "src//a.rs/"] {
            check(pattern).unwrap();
        }
        let refused = |pattern| check(pattern).unwrap_err();
        assert!(matches!(refused(" "), ContextError::Blank));
        assert!(matches!(refused("./"), ContextError::Blank));
        assert!(matches!(refused("/etc/x"), ContextError::Absolute { .. }));
        for pattern in ["..", "../a", "a/../../b", "**/.."] {
            let error = refused(pattern);
            assert!(matches!(error, ContextError::Parent { .. }), "{error}");
            assert!(error.to_string().contains(pattern), "{error}");
        }
    }

    #[test]
    fn many_folders_are_one() {
        assert_eq!(segments("**/**/a"), ["**", "a"]);
        assert_eq!(segments("src/**"), ["src", "**", "*"]);
        assert_eq!(segments("a/a/./b"), ["a", "a", "b"]);
    }
}

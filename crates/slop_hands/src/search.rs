//! What is in a folder, and where a text is in its files.

use crate::{piece::LARGEST_READ, HandsError, Root};

/// How many names of a folder are listed.
const NAMES: usize = 1000;
/// How many names are come by in a search.
const LOOKED_AT: usize = 50_000;
/// How many places a search finds.
const HITS: usize = 200;
/// How deep a search goes.
const DEEP: usize = 64;
/// How much of a line is shown, in characters.
const SHOWN: usize = 300;

/// What something in a folder is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    File,
    Folder,
    Link,
    Other,
}

/// What is in a folder.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    /// In order. A folder ends with `/`, and a link, which nothing goes through, with `@`.
    pub names: Vec<String>,
    /// Whether there are more.
    pub is_cut: bool,
}

/// Where a text is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// In the order of paths and lines.
    pub hits: Vec<Hit>,
    /// Whether it was not looked for to the end.
    pub is_cut: bool,
    /// The files that were passed over because they are larger than [`LARGEST`](crate::LARGEST), in order.
    pub large: Vec<String>,
}

/// A line with the text in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    /// From the project's folder.
    pub path: String,
    /// From 1.
    pub line: usize,
    /// The line, or its beginning if it is long.
    pub text: String,
}

impl Root {
    /// What is in a folder; `.` is the project's own.
    ///
    /// # Errors
    ///
    /// If it is no folder, or not within the project's.
    pub fn list(&self, path: &str) -> Result<Listing, HandsError> {
        let (entries, is_all) = self.entries(path, NAMES)?;
        let names = entries.into_iter().map(|(name, kind)| match kind {
            Kind::Folder => name + "/",
            Kind::Link => name + "@",
            Kind::File | Kind::Other => name,
        });
        let mut names: Vec<_> = names.collect();
        names.sort_unstable();
        Ok(Listing {
            names,
            is_cut: !is_all,
        })
    }

    /// Where a text is, in a file or in the files of a folder and those below it, upper and lower
    /// case as given. Passes over what is hidden, `target`, `node_modules`, links, what is no text, and
    /// large files unless they are named.
    ///
    /// # Errors
    ///
    /// If the path is not within the project's folder, or the text is blank.
    pub fn search(&self, text: &str, path: &str) -> Result<Found, HandsError> {
        if text.trim().is_empty() {
            return Err(HandsError::Blank { what: "text" });
        }
        let mut search = Search {
            root: self,
            text,
            looked_at: 0,
            found: Found::default(),
        };
        match self.read_up_to(path, LARGEST_READ) {
            Ok(body) => search.lines(path, &body),
            Err(HandsError::Folder { .. }) => search.folder(path, DEEP)?,
            Err(error) => return Err(error),
        }
        Ok(search.found)
    }
}

struct Search<'a> {
    root: &'a Root,
    text: &'a str,
    looked_at: usize,
    found: Found,
}

impl Search<'_> {
    fn folder(&mut self, path: &str, deep: usize) -> Result<(), HandsError> {
        let most = LOOKED_AT - self.looked_at;
        let (mut entries, is_all) = self.root.entries(path, most)?;
        self.looked_at += entries.len();
        self.found.is_cut |= !is_all;
        entries.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
        for (name, kind) in entries {
            if self.found.hits.len() >= HITS {
                self.found.is_cut = true;
                break;
            }
            let below = if path == "." {
                name.clone()
            } else {
                format!("{}/{name}", path.trim_end_matches('/'))
            };
            match kind {
                // Such as one with passwords. It can be named.
                Kind::File if name.starts_with('.') => {}
                Kind::File => match self.root.read(&below) {
                    Ok(body) => self.lines(&below, &body),
                    Err(HandsError::TooLarge { .. }) => self.found.large.push(below),
                    // One that cannot be read has no text that could be found.
                    Err(_) => {}
                },
                Kind::Folder if is_passed_over(&name) => {}
                Kind::Folder if deep == 0 => self.found.is_cut = true,
                // It may be gone by now.
                Kind::Folder => drop(self.folder(&below, deep - 1)),
                Kind::Link | Kind::Other => {}
            }
        }
        Ok(())
    }

    fn lines(&mut self, path: &str, body: &str) {
        for (index, line) in body.lines().enumerate() {
            if !line.contains(self.text) {
                continue;
            }
            if self.found.hits.len() >= HITS {
                self.found.is_cut = true;
                return;
            }
            self.found.hits.push(Hit {
                path: path.to_owned(),
                line: index + 1,
                text: line.chars().take(SHOWN).collect(),
            });
        }
    }
}

/// Whether a search does not go into folders of this name.
fn is_passed_over(name: &str) -> bool {
    name.starts_with('.') || matches!(name, "target" | "node_modules")
}

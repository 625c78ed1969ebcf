//! The files of crates, read once each as long as they stay what they are.

use std::{
    collections::{BTreeSet, HashMap},
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{
    assembly::Assembly,
    digest_of,
    items::{self, Pieces},
    Layout,
};
use crate::Contents;

/// A crate as it is put together.
pub(crate) struct CrateSources<'a> {
    pub(crate) name: &'a str,
    /// The file that the compiler is given.
    pub(crate) root: PathBuf,
    pub(crate) sources: &'a Contents,
    /// Whether these are just what was compiled. If not, they are all that may have been.
    pub(crate) is_exact: bool,
    /// The crates that it needs, by their places before it.
    pub(crate) needs: &'a [usize],
    /// Of what else decides what its sources mean: features, macros.
    pub(crate) seed: u64,
}

/// A file changed while it was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Edited;

/// Files that were read, by what was in them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reader {
    files: HashMap<PathBuf, (u64, Arc<Pieces>)>,
    /// What came of them last, and of which.
    last: Option<(u64, Arc<Layout>)>,
}

impl Reader {
    /// The layout of these crates, each of which comes after those that it needs.
    pub(crate) fn read(&mut self, crates: &[CrateSources<'_>]) -> Result<Arc<Layout>, Edited> {
        let contents: Vec<_> = crates
            .iter()
            .map(|of| (of.name, of.sources, of.seed, of.needs))
            .collect();
        let key = digest_of(&contents);
        if let Some((of, layout)) = &self.last {
            if *of == key {
                return Ok(layout.clone());
            }
        }
        let mut all = Vec::new();
        for of in crates {
            all.push(self.files(of)?);
        }
        let layout = Arc::new(Assembly::new(crates, &all).layout());
        self.last = Some((key, layout.clone()));
        Ok(layout)
    }

    /// The files of a crate, each with the module that it is, if that is known.
    fn files(
        &mut self,
        of: &CrateSources<'_>,
    ) -> Result<Vec<(Option<String>, Arc<Pieces>)>, Edited> {
        let mut found = Vec::new();
        let mut seen: BTreeSet<PathBuf> = BTreeSet::new();
        let mut waiting: Vec<(PathBuf, Vec<String>)> = Vec::new();
        if of.sources.has(&of.root) {
            waiting.push((of.root.clone(), Vec::new()));
        }
        while let Some((file, module)) = waiting.pop() {
            let Some(pieces) = self.file(&file, of.sources)? else {
                continue;
            };
            seen.insert(file.clone());
            for child in &pieces.children {
                let places = places(&file, child, module.is_empty());
                let place = places.into_iter().find(|place| of.sources.has(place));
                let mut module = module.clone();
                module.extend(child.within.iter().cloned());
                module.push(child.name.clone());
                waiting.extend(place.map(|place| (place, module)));
            }
            found.push((Some(module.join("::")), pieces));
        }
        // What is included by other means than modules.
        if !of.is_exact {
            return Ok(found);
        }
        let includes = found.iter().any(|(_, pieces)| pieces.includes);
        for path in of.sources.paths().filter(|path| !seen.contains(*path)) {
            if includes || path.extension().is_some_and(|extension| extension == "rs") {
                found.extend(self.file(path, of.sources)?.map(|pieces| (None, pieces)));
            }
        }
        Ok(found)
    }

    /// `None` if it is missing.
    fn file(&mut self, path: &Path, sources: &Contents) -> Result<Option<Arc<Pieces>>, Edited> {
        let Some(digest) = sources.digest(path) else {
            return Ok(None);
        };
        if let Some((of, pieces)) = self.files.get(path) {
            if *of == digest {
                return Ok(Some(pieces.clone()));
            }
        }
        let text = fs::read(path).map_err(|_| Edited)?;
        if Contents::digest_of(&text) != digest {
            return Err(Edited);
        }
        let text = String::from_utf8_lossy(&text);
        let pieces = Arc::new(Pieces::of(&text));
        self.files.insert(path.to_owned(), (digest, pieces.clone()));
        Ok(Some(pieces))
    }
}

/// Where the compiler looks for a module.
fn places(file: &Path, child: &items::Child, is_root: bool) -> Vec<PathBuf> {
    let folder = file.parent().unwrap_or(file);
    let stem = file.file_stem().unwrap_or_default();
    let own = if is_root || stem == "mod" {
        folder.to_owned()
    } else {
        folder.join(stem)
    };
    let inner = child.within.iter().fold(own, |path, name| path.join(name));
    if let Some(path) = &child.path {
        let from = if child.within.is_empty() {
            folder
        } else {
            &inner
        };
        return vec![from.join(path)];
    }
    let name = child.name.trim_start_matches("r#");
    vec![
        inner.join(format!("{name}.rs")),
        inner.join(name).join("mod.rs"),
    ]
}

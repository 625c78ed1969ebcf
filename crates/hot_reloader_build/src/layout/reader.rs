//! The files of crates, read once each as long as they stay what they are.

use std::{
    collections::{BTreeSet, HashMap},
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{
    assembly::{Assembly, CrateSources},
    digest_of,
    items::{self, Pieces},
    Layout,
};
use crate::Contents;

/// A file changed while it was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Edited;

/// Files that were read, by what was in them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reader {
    files: HashMap<PathBuf, (u64, File)>,
    /// What came of them last, and of which.
    last: Option<(u64, Arc<Layout>)>,
}

/// What a file says, with the digest of that: most edits leave it as it is.
#[derive(Clone, Debug)]
struct File {
    digest: u64,
    pieces: Arc<Pieces>,
}

impl File {
    fn of(pieces: Pieces) -> Self {
        Self {
            digest: digest_of(&pieces),
            pieces: Arc::new(pieces),
        }
    }
}

impl Reader {
    /// The layout of these crates, each of which comes after those that it needs.
    pub(crate) fn read(&mut self, crates: &[CrateSources<'_>]) -> Result<Arc<Layout>, Edited> {
        let mut all = Vec::new();
        let mut key = Vec::new();
        for of in crates {
            let files = self.files(of)?;
            let digests = files
                .iter()
                .map(|(module, file)| (module.clone(), file.digest));
            let digests: Vec<_> = digests.collect();
            key.push((of.name, [of.seed, of.features], of.needs, digests));
            let files = files.into_iter();
            let files: Vec<_> = files.map(|(module, file)| (module, file.pieces)).collect();
            all.push(files);
        }
        let key = digest_of(&key);
        if let Some((of, layout)) = &self.last {
            if *of == key {
                return Ok(layout.clone());
            }
        }
        let layout = Arc::new(Assembly::new(crates, &all).layout());
        self.last = Some((key, layout.clone()));
        Ok(layout)
    }

    /// The files of a crate, each with the module that it is, if that is known.
    fn files(&mut self, of: &CrateSources<'_>) -> Result<Vec<(Option<String>, File)>, Edited> {
        let mut found = Vec::new();
        let mut seen: BTreeSet<PathBuf> = BTreeSet::new();
        let mut waiting: Vec<(PathBuf, Vec<String>)> = Vec::new();
        if of.sources.has(&of.root) {
            waiting.push((of.root.clone(), Vec::new()));
        }
        while let Some((file, module)) = waiting.pop() {
            let Some(read) = self.file(&file, of.sources)? else {
                continue;
            };
            seen.insert(file.clone());
            for child in &read.pieces.children {
                let places = places(&file, child, module.is_empty());
                let place = places.into_iter().find(|place| of.sources.has(place));
                let mut module = module.clone();
                module.extend(child.within.iter().cloned());
                module.push(child.name.clone());
                waiting.extend(place.map(|place| (place, module)));
            }
            found.push((Some(module.join("::")), read));
        }
        // What is included by other means than modules.
        if !of.is_exact {
            return Ok(found);
        }
        let includes = found.iter().any(|(_, file)| file.pieces.includes);
        let mut digests = Vec::new();
        for path in of.sources.paths().filter(|path| !seen.contains(*path)) {
            if includes || path.extension().is_some_and(|extension| extension == "rs") {
                found.extend(self.file(path, of.sources)?.map(|file| (None, file)));
            }
            digests.extend(of.sources.digest(path));
        }
        found.push((None, File::of(Pieces::included(&digests))));
        Ok(found)
    }

    /// `None` if it is missing.
    fn file(&mut self, path: &Path, sources: &Contents) -> Result<Option<File>, Edited> {
        let Some(digest) = sources.digest(path) else {
            return Ok(None);
        };
        if let Some((of, file)) = self.files.get(path) {
            if *of == digest {
                return Ok(Some(file.clone()));
            }
        }
        let text = fs::read(path).map_err(|_| Edited)?;
        if Contents::digest_of(&text) != digest {
            return Err(Edited);
        }
        let file = File::of(Pieces::of(&String::from_utf8_lossy(&text)));
        self.files.insert(path.to_owned(), (digest, file.clone()));
        Ok(Some(file))
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
    let plain = |name: &str| name.trim_start_matches("r#").to_owned();
    let within = child.within.iter().map(|name| plain(name));
    let inner = within.fold(own, |path, name| path.join(name));
    if let Some(path) = &child.path {
        let from = if child.within.is_empty() {
            folder
        } else {
            &inner
        };
        return vec![from.join(path)];
    }
    let name = plain(&child.name);
    vec![
        inner.join(format!("{name}.rs")),
        inner.join(name).join("mod.rs"),
    ]
}

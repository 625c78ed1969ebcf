//! What all files of all crates say, put together.

use std::{
    collections::{BTreeSet, HashMap},
    path::PathBuf,
    sync::Arc,
};

use super::{
    digest_of,
    items::{self, Pieces, AROUND, CONDITION},
    CrateLayout, Layout,
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
    /// Of what else decides what its sources mean: macros.
    pub(crate) seed: u64,
    /// Of its features, by which types may differ that have conditions.
    pub(crate) features: u64,
}

/// All pieces of all crates.
pub(super) struct Assembly<'a> {
    crates: &'a [CrateSources<'a>],
    files: &'a [Vec<(Option<String>, Arc<Pieces>)>],
    pieces: Vec<Placed<'a>>,
    by_name: HashMap<&'a str, Vec<usize>>,
    /// For each crate, those whose pieces it may mention.
    visible: Vec<BTreeSet<usize>>,
}

struct Placed<'a> {
    of: usize,
    /// Its number among all files.
    file: usize,
    /// The path of the module that it is in, if that is known.
    within: Option<String>,
    /// Whether all names come in that the modules around have.
    sees_around: bool,
    piece: &'a items::Piece,
    /// Of the piece and its place: one of the same text elsewhere is another one.
    digest: u64,
}

impl Placed<'_> {
    /// Whether it may mean a name that `import` brings into another module.
    fn may_see(&self, import: &Placed<'_>) -> bool {
        let is_around = || match (&import.within, &self.within) {
            (Some(around), Some(within)) => {
                around.is_empty()
                    || within
                        .strip_prefix(&**around)
                        .is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
            }
            _ => true,
        };
        let looks_around = || {
            let mentions = &self.piece.mentions;
            self.sees_around || AROUND.iter().any(|name| mentions.contains(*name))
        };
        import.piece.import != Some(false)
            || self.file == import.file
            || (self.of == import.of && looks_around() && is_around())
    }
}

impl<'a> Assembly<'a> {
    pub(super) fn new(
        crates: &'a [CrateSources<'a>],
        files: &'a [Vec<(Option<String>, Arc<Pieces>)>],
    ) -> Self {
        let mut visible: Vec<BTreeSet<usize>> = Vec::new();
        let mut pieces = Vec::new();
        let mut number = 0;
        for (of, (sources, files)) in crates.iter().zip(files).enumerate() {
            let mut sees = BTreeSet::from([of]);
            sees.extend(sources.needs.iter().flat_map(|need| &visible[*need]));
            visible.push(sees);
            for (module, file) in files {
                number += 1;
                pieces.extend(file.pieces.iter().map(|piece| {
                    let within = module.as_deref();
                    let within = within.map(|module| joined(module, &piece.scope));
                    Placed {
                        of,
                        file: number,
                        digest: digest_of(&(&within, piece.digest)),
                        within,
                        sees_around: file.sees_around,
                        piece,
                    }
                }));
            }
        }
        let mut by_name: HashMap<&str, Vec<usize>> = HashMap::new();
        for (index, placed) in pieces.iter().enumerate() {
            by_name.entry(&placed.piece.name).or_default().push(index);
        }
        Self {
            crates,
            files,
            pieces,
            by_name,
            visible,
        }
    }

    pub(super) fn layout(&self) -> Layout {
        let mentions: Vec<Vec<usize>> = self.pieces.iter().map(|of| self.mentioned(of)).collect();
        let mut layout = Layout::default();
        let mut digests = Vec::new();
        for (index, sources) in self.crates.iter().enumerate() {
            let mut made = CrateLayout::default();
            let mut unnamed: BTreeSet<u64> = BTreeSet::new();
            let mut seen = vec![0_usize; self.pieces.len()];
            let types = self.pieces.iter().enumerate();
            for (at, placed) in types.filter(|(_, p)| p.of == index && p.piece.is_type) {
                let reach = self.reach(at, &mentions, &mut seen);
                let within = placed.within.as_ref().filter(|_| placed.piece.has_path);
                let Some(within) = within else {
                    unnamed.insert(reach.digest);
                    made.unnamed_ignores_fields |= placed.piece.ignores_fields;
                    made.unnamed_skips_fields |= reach.skips_fields;
                    continue;
                };
                let entry = made.types.entry(joined(within, &placed.piece.name));
                let layout = entry.or_default();
                // There may be several, of which conditions choose one.
                layout.digest = layout.digest.wrapping_add(reach.digest);
                layout.body = layout.body.wrapping_add(placed.piece.body);
                layout.variants.clone_from(&placed.piece.variants);
                layout.is_shared |= reach.is_shared;
                layout.ignores_fields |= placed.piece.ignores_fields;
                layout.skips_fields |= reach.skips_fields;
            }
            if !unnamed.is_empty() {
                made.unnamed = Some(digest_of(&unnamed));
            }
            for (module, file) in &self.files[index] {
                let module = module.as_deref().unwrap_or_default();
                let was = file.was.iter();
                made.was
                    .extend(was.map(|(new, old)| (joined(module, new), old.clone())));
                made.discarded.extend(file.discarded.iter().cloned());
                made.read_as.extend(file.read_as.iter().cloned());
            }
            let types: Vec<_> = made
                .types
                .iter()
                .map(|(path, layout)| (path, layout.digest))
                .collect();
            let storages = self.files[index].iter();
            let storages: BTreeSet<u64> = storages
                .flat_map(|(_, file)| file.storages.iter().copied())
                .collect();
            let needs: Vec<u64> = sources.needs.iter().map(|need| digests[*need]).collect();
            made.digest = digest_of(&(sources.seed, types, made.unnamed, storages, needs));
            digests.push(made.digest);
            let name = sources.name.to_owned();
            // Two crates may have one name. Then both are others if one of them is.
            if let Some(other) = layout.crates.remove(&name) {
                made.join(&other);
            }
            layout.crates.insert(name, Arc::new(made));
        }
        layout
    }

    /// The pieces that one mentions, by their names.
    fn mentioned(&self, by: &Placed<'_>) -> Vec<usize> {
        let visible = &self.visible[by.of];
        let named = by.piece.mentions.iter();
        let named = named.filter_map(|name| self.by_name.get(&**name));
        let all = named.flatten().copied();
        let is_meant = |index: &usize| {
            let other = &self.pieces[*index];
            visible.contains(&other.of) && by.may_see(other)
        };
        all.filter(is_meant).collect()
    }

    /// What a piece is with all that is mentioned, and mentioned by that. `seen` is by whom each was seen last.
    fn reach(&self, start: usize, mentions: &[Vec<usize>], seen: &mut [usize]) -> Reach {
        let mut waiting = vec![start];
        let mut digests = BTreeSet::new();
        let mut is_shared = false;
        let mut skips_fields = false;
        while let Some(index) = waiting.pop() {
            if seen[index] == start + 1 {
                continue;
            }
            seen[index] = start + 1;
            digests.insert(self.pieces[index].digest);
            let mentions_of = &self.pieces[index].piece.mentions;
            if mentions_of.contains(CONDITION) {
                digests.insert(self.crates[self.pieces[index].of].features);
            }
            let mut names = mentions_of.iter();
            is_shared |= names.any(|name| changes_unseen(name));
            skips_fields |= self.pieces[index].piece.skips_fields;
            waiting.extend(&mentions[index]);
        }
        // Its own comes first: that others are the same is not enough.
        let digest = digest_of(&(self.pieces[start].digest, digests));
        Reach {
            digest,
            is_shared,
            skips_fields,
        }
    }
}

/// What a piece is with all that it mentions.
struct Reach {
    digest: u64,
    /// Whether something in it can change though nothing that contains it does.
    is_shared: bool,
    /// Whether serde leaves out a field in it.
    skips_fields: bool,
}

/// Whether something of this name can change though nothing that contains it does, or says which entity it is, whose
/// code may change.
fn changes_unseen(name: &str) -> bool {
    const NAMES: [&str; 22] = [
        "Arc",
        "Barrier",
        "Cell",
        "Condvar",
        "Entity",
        "File",
        "JoinHandle",
        "LazyCell",
        "LazyLock",
        "Mutex",
        "NonNull",
        "OnceCell",
        "OnceLock",
        "Rc",
        "Receiver",
        "RefCell",
        "RwLock",
        "Sender",
        "SyncSender",
        "SystemId",
        "Task",
        "UnsafeCell",
    ];
    NAMES.contains(&name) || name.starts_with("Atomic")
}

/// As the compiler names it, without `r#`.
fn joined(module: &str, path: &str) -> String {
    let joined = if module.is_empty() || path.is_empty() {
        format!("{module}{path}")
    } else {
        format!("{module}::{path}")
    };
    joined.replace("r#", "")
}

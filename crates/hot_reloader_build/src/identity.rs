//! Crates that are told apart by what their types are.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use crate::{
    layout::{digest_of, CrateSources, Edited, Reader},
    recording::{files_below, form_of, needed, ordered, Identity, Recording, Unit},
    Contents, Layout, Sources, Workspace,
};

/// What the identities of crates stand for, in one process.
#[derive(Debug, Default)]
pub(crate) struct Identities {
    reader: Reader,
    /// By a crate and the `-C metadata` that cargo gives it: what it was when it was built so first.
    plain: BTreeMap<(String, String), Stands>,
}

/// What an identity stands for.
#[derive(Clone, Copy, Debug)]
struct Stands {
    layout: u64,
    /// Of the conditions and variables that the sources can ask for, if the command is known.
    conditions: Option<u64>,
}

impl Stands {
    fn is(self, other: Self) -> bool {
        let conditions = self.conditions.zip(other.conditions);
        self.layout == other.layout && conditions.is_none_or(|(one, other)| one == other)
    }

    /// What was edited while it was built is like nothing else.
    fn unique() -> Self {
        Self {
            layout: digest_of(&SystemTime::now().duration_since(UNIX_EPOCH).ok()),
            conditions: None,
        }
    }
}

impl Identities {
    /// The layout of what was recorded, with other `sources`, and the identity that each unit needs.
    pub(crate) fn of(
        &mut self,
        recording: &Recording,
        workspace: &Workspace,
        sources: &[Contents],
    ) -> Result<(Arc<Layout>, Vec<Identity>), Edited> {
        let layout = self.layout(workspace, sources)?;
        Ok(self.told_apart(&layout, recording))
    }

    /// A layout with what the compiler tells its crates apart by, and the identity that each unit needs for that.
    fn told_apart(&self, layout: &Layout, recording: &Recording) -> (Arc<Layout>, Vec<Identity>) {
        let identities = recording.units.iter().map(|unit| {
            let stands = stands(layout, unit);
            let is_plain = self.is_as_first(&unit.name, unit.metadata(), stands);
            (is_plain != Some(true)).then(|| digest_of(&(stands.layout, stands.conditions)))
        });
        let identities: Vec<Identity> = identities.collect();
        let units = recording.units.iter().zip(&identities);
        let told_apart = units.filter_map(|(unit, identity)| {
            Some((unit.name.clone(), apart(unit.form()?, *identity)))
        });
        (Arc::new(layout.told_apart(told_apart)), identities)
    }

    /// Takes note of what cargo built, the crates `built`: for each that it built so for the first time,
    /// cargo's own `-C metadata` is enough from now on. Returns the layout, and the crates that it is not
    /// enough for.
    pub(crate) fn cargo_built(
        &mut self,
        recording: &Recording,
        workspace: &Workspace,
        built: &[String],
    ) -> (Arc<Layout>, Vec<String>) {
        let sources: Vec<_> = recording.units.iter().map(|u| u.sources.clone()).collect();
        let layout = self.layout(workspace, &sources);
        let Ok(layout) = layout else {
            // They were edited while they were built, so nobody knows what their types are.
            return (Arc::default(), built.to_vec());
        };
        let units = recording.units.iter();
        let units = units.filter(|unit| built.contains(&unit.name));
        let others = units.filter(|unit| {
            let stands = stands(&layout, unit);
            let stands = if is_known(&unit.sources) {
                stands
            } else {
                Stands::unique()
            };
            !self.is_first(&unit.name, unit.metadata(), stands)
        });
        let others = others.map(|unit| unit.name.clone()).collect();
        (self.told_apart(&layout, recording).0, others)
    }

    /// The same if their commands are not known. `libraries` are the files that came of the crates.
    pub(crate) fn cargo_built_unseen(
        &mut self,
        workspace: &Workspace,
        sources: &Sources,
        built: &[String],
        libraries: &[(String, PathBuf)],
    ) -> Result<(Arc<Layout>, Vec<String>), Edited> {
        let hot = ordered(&workspace.hot);
        let own = hot.iter().map(|of| match sources.of(&of.name) {
            Some(known) if built.contains(&of.name) => known.clone(),
            // They are not what was built last.
            Some(known) => known.again(),
            None => Contents::default(),
        });
        let own: Vec<Contents> = own.collect();
        let layout = self.layout(workspace, &own)?;
        let mut others = Vec::new();
        let all = hot.iter().zip(&own);
        for (of, sources) in all.filter(|(of, _)| built.contains(&of.name)) {
            let stands = match layout.digest(&of.name).filter(|_| is_known(sources)) {
                Some(layout) => Stands {
                    layout,
                    conditions: None,
                },
                None => Stands::unique(),
            };
            if !self.is_first(&of.name, None, stands) {
                others.push(of.name.clone());
            }
        }
        let told_apart = libraries
            .iter()
            .filter_map(|(name, path)| Some((name.clone(), apart(form_of(path)?, None))));
        Ok((Arc::new(layout.told_apart(told_apart)), others))
    }

    /// The layout of the crates that may change, each with its sources.
    fn layout(
        &mut self,
        workspace: &Workspace,
        sources: &[Contents],
    ) -> Result<Arc<Layout>, Edited> {
        let hot = ordered(&workspace.hot);
        let needs: Vec<Vec<usize>> = hot.iter().map(|of| needed(of, &hot)).collect();
        // Where the compiler left no word of what it read, it is what there is.
        let found: Vec<Contents> = hot
            .iter()
            .zip(sources)
            .map(|(of, sources)| {
                let mut files = Vec::new();
                if sources.is_empty() {
                    files_below(&of.folder, &mut files);
                }
                Contents::read(files.into_iter().filter(|path| is_rust(path)))
            })
            .collect();
        let seed = seed(workspace);
        let all = hot.iter().zip(&needs).zip(sources.iter().zip(&found));
        let crates = all.map(|((of, needs), (sources, found))| CrateSources {
            name: &of.name,
            root: of.source.clone(),
            sources: if sources.is_empty() { found } else { sources },
            is_exact: !sources.is_empty(),
            needs,
            seed,
            features: digest_of(&of.features),
        });
        self.reader.read(&crates.collect::<Vec<_>>())
    }

    /// Whether it is what it was built as when it was built so first, which may be now.
    fn is_first(&mut self, name: &str, metadata: Option<&str>, stands: Stands) -> bool {
        if let Some(is_as_first) = self.is_as_first(name, metadata, stands) {
            return is_as_first;
        }
        // Whatever it was built as while nobody saw how.
        let unseen = self.plain.get(&key(name, None)).copied();
        let first = unseen.unwrap_or(stands);
        self.plain.insert(key(name, metadata), first);
        first.is(stands)
    }

    /// The same of one that was built so before; `None` if it was not.
    fn is_as_first(&self, name: &str, metadata: Option<&str>, stands: Stands) -> Option<bool> {
        // If nobody saw how, it may be any.
        let may_be = |so: &str| metadata.is_none_or(|metadata| so == metadata);
        let before = self.plain.iter();
        let mut before = before
            .filter(|((of, so), _)| of == name && may_be(so))
            .peekable();
        before.peek()?;
        Some(before.all(|(_, first)| first.is(stands)))
    }
}

/// What the compiler tells a crate apart by, as one number.
fn apart(form: String, identity: Identity) -> u64 {
    digest_of(&(form, identity))
}

fn key(name: &str, metadata: Option<&str>) -> (String, String) {
    (name.to_owned(), metadata.unwrap_or_default().to_owned())
}

fn stands(layout: &Layout, unit: &Unit) -> Stands {
    let conditions = unit.command.as_ref().map(|command| {
        let conditions: Vec<&str> = command.values("--cfg").collect();
        digest_of(&(conditions, &unit.reads.variables))
    });
    Stands {
        layout: layout.digest(&unit.name).unwrap_or_default(),
        conditions,
    }
}

/// What decides besides the sources of crates what they mean: macros. What manifests say is in cargo's own
/// `-C metadata`, and what build scripts say is in the commands.
fn seed(workspace: &Workspace) -> u64 {
    let mut files = Vec::new();
    for folder in &workspace.macros {
        files_below(folder, &mut files);
    }
    files.retain(|path| is_rust(path));
    digest_of(&Contents::read(files))
}

fn is_rust(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "rs")
}

/// Whether the text of each file that is there is known.
fn is_known(sources: &Contents) -> bool {
    let mut missing = sources
        .paths()
        .filter(|path| sources.digest(path).is_none());
    !missing.any(Path::exists)
}

//! What was heard of one build by cargo becomes units.

use std::{
    path::{Path, PathBuf},
    time::SystemTime,
};

use super::{is_of, needed, ordered, Made, Recording, Unit, NEVER};
use crate::{
    dep_info::{all_dep_infos, DepInfo},
    unit::UnitCommand,
    workspace::HotCrate,
    BuildConfig, Contents, Decline, PluginLibrary, Workspace,
};

/// What cargo printed and left behind.
pub(crate) struct Heard<'a> {
    pub(crate) config: &'a BuildConfig,
    pub(crate) workspace: &'a Workspace,
    /// The commands, in the order in which they began.
    pub(crate) commands: Vec<UnitCommand>,
    /// The crates that are recorded anew, by name: those that the libraries are made of which were built, or the
    /// libraries alone.
    pub(crate) built: &'a [String],
    /// The libraries of the packages that may change, by id, whether cargo made them or found them fresh.
    pub(crate) made: Vec<(String, PathBuf)>,
    /// The plugin libraries, by their names.
    pub(crate) plugins: &'a [(String, PathBuf)],
    /// The folders of the profile.
    pub(crate) profiles: &'a [PathBuf],
    /// Where cargo puts there what they are linked against, and what runs in the compiler.
    pub(crate) deps: &'a [PathBuf],
    /// What was in the files that are known, when it began.
    pub(crate) before: Contents,
    /// When it began.
    pub(crate) start: SystemTime,
}

impl Heard<'_> {
    /// The crates that may change, each after those that it needs.
    pub(super) fn units(&self, older: Option<&Recording>) -> Result<Vec<Unit>, Decline> {
        let older = Older::of(older, self);
        let order = ordered(&self.workspace.hot);
        let mut units = Vec::new();
        let mut revisions: Vec<u32> = Vec::new();
        for hot in &order {
            let needs = needed(hot, &order);
            let unit = if self.built.contains(&hot.name) {
                let with = needs.iter().map(|need| revisions[*need]).collect();
                self.built(hot, needs, with, &older)?
            } else {
                self.not_built(hot, needs, &order, &older)?
            };
            revisions.push(self.revision(&unit, &revisions));
            units.push(unit);
        }
        Ok(units)
    }

    /// The revision of a crate, as cargo has just compiled with it. Of one that is not recorded anew that is another one
    /// unless it and all that it needs are of the text that is known, and are told apart as cargo tells them apart.
    fn revision(&self, unit: &Unit, revisions: &[u32]) -> u32 {
        let is_known = self.built.contains(&unit.name)
            || unit.identity.is_none()
                && unit.sources.first_change().is_none()
                && !unit.sources.are_touched_since(self.start, self.profiles);
        let mut needs = unit.needs.iter();
        if is_known && needs.all(|need| revisions[*need] != NEVER) {
            unit.revision
        } else {
            NEVER
        }
    }

    fn not_built(
        &self,
        hot: &HotCrate,
        needs: Vec<usize>,
        order: &[&HotCrate],
        older: &Older<'_>,
    ) -> Result<Unit, Decline> {
        let unit = older.unit_as_it_is(hot, &needs);
        let unseen = || Unit::unseen(hot.name.clone(), &self.workspace.root, needs);
        let mut unit = unit.unwrap_or_else(unseen);
        for (need, with) in unit.needs.iter().zip(&mut unit.with) {
            if self.built.contains(&order[*need].name) {
                *with = NEVER;
            }
        }
        let known = unit.made.path.file_name();
        let is_other = |(package, path): &(String, PathBuf)| {
            *package == hot.package && known.is_some() && path.file_name() != known
        };
        if self.made.iter().any(is_other) {
            // Others were built with the one that is known.
            let name = hot.name.clone();
            return Err(Decline::TwoForms { name });
        }
        Ok(unit)
    }

    fn built(
        &self,
        hot: &HotCrate,
        needs: Vec<usize>,
        with: Vec<u32>,
        older: &Older<'_>,
    ) -> Result<Unit, Decline> {
        let name = hot.name.clone();
        let command = self.command_of(hot)?;
        let is_compiled = command.is_some();
        let command = command.or_else(|| older.command_of(hot, self));
        let root = &self.workspace.root;
        let folder = command.as_ref().map(|command| command.folder(root));
        let folder = folder.unwrap_or(root).to_owned();
        let reads = self.read_by(&name, command.as_ref(), &folder)?;
        let made = self.made_of(hot);
        let made = made.ok_or_else(|| Decline::NotSeen { name: name.clone() })?;
        if reads.files.is_empty() {
            // An edit of it would never be seen.
            return Err(Decline::NotSeen { name });
        }
        let files = reads.files.iter().cloned();
        let sources = Contents::compiled(files, &self.before, self.start, self.profiles);
        let mut made = Made::now(made.to_owned(), false);
        if is_compiled && sources.are_touched_since(self.start, self.profiles) {
            // Nobody knows of which text it is, so it is compiled again.
            made.stamp = None;
        }
        Ok(Unit {
            command,
            reads,
            sources,
            with,
            made,
            ..Unit::unseen(name, &folder, needs)
        })
    }

    /// By which command a crate was compiled; `None` if cargo found it fresh.
    fn command_of(&self, hot: &HotCrate) -> Result<Option<UnitCommand>, Decline> {
        let mut commands = self.commands.iter().filter(|command| is_of(command, hot));
        let command = commands.next();
        if commands.any(|other| Some(other) != command) {
            let name = hot.name.clone();
            return Err(Decline::TwoForms { name });
        }
        Ok(command.cloned())
    }

    /// What the compiler read for a crate: by one command, if that is known.
    fn read_by(
        &self,
        name: &str,
        command: Option<&UnitCommand>,
        folder: &Path,
    ) -> Result<DepInfo, Decline> {
        let infos = match command {
            Some(command) => {
                let out = command.out_dir().unwrap_or(folder);
                vec![out.join(command.stem()).with_extension("d")]
            }
            None => all_dep_infos(self.deps, name),
        };
        let mut reads = DepInfo::default();
        for info in infos {
            let read = DepInfo::read(&info, folder).map_err(|error| Decline::System {
                what: format!("reading {}", info.display()),
                reason: error.to_string(),
            })?;
            reads.files.extend(read.files);
            reads.variables.extend(read.variables);
        }
        Ok(reads)
    }

    /// The library of a crate.
    fn made_of(&self, hot: &HotCrate) -> Option<&Path> {
        let of = match self.plugin(hot) {
            Some(library) => self.plugins.iter().find(|(name, _)| *name == library.name),
            None => self
                .made
                .iter()
                .rfind(|(package, _)| *package == hot.package),
        };
        of.map(|(_, path)| &**path)
    }

    /// The plugin library that a crate is.
    fn plugin(&self, hot: &HotCrate) -> Option<&PluginLibrary> {
        let mut libraries = self.workspace.libraries.iter();
        libraries.find(|library| library.package == hot.package)
    }
}

/// What an earlier recording knows.
struct Older<'a> {
    recording: Option<&'a Recording>,
    /// Whether its commands would still be used.
    is_as_before: bool,
    /// Whether a crate of the same name would be given the same command.
    is_decided_alike: bool,
}

impl<'a> Older<'a> {
    fn of(recording: Option<&'a Recording>, heard: &Heard<'_>) -> Self {
        let Heard {
            config,
            workspace,
            deps,
            ..
        } = heard;
        Self {
            recording,
            is_as_before: recording.is_some_and(|older| older.check(config).is_ok()),
            is_decided_alike: recording.is_some_and(|older| {
                older.is_of_this_start || older.is_decided_alike(config, workspace, deps)
            }),
        }
    }

    fn unit(&self, hot: &HotCrate) -> Option<&'a Unit> {
        let mut units = self.recording?.units.iter();
        units.find(|unit| unit.name == hot.name)
    }

    /// The command by which a crate was compiled that cargo found fresh.
    fn command_of(&self, hot: &HotCrate, heard: &Heard<'_>) -> Option<UnitCommand> {
        let command = self.unit(hot)?.command.as_ref()?;
        let is_unnamed = command.codegen("extra-filename").is_none();
        let is_same = if heard.plugin(hot).is_some() || is_unnamed {
            // Its name says nothing of how it was made.
            self.is_as_before
        } else {
            // It says nothing of what manifests and build scripts turn on.
            let name = format!("lib{}", command.stem());
            self.is_decided_alike && heard.made_of(hot)?.file_stem()? == name.as_str()
        };
        (is_same && is_of(command, hot)).then(|| command.clone())
    }

    /// What is known of a crate that cargo was not asked for.
    fn unit_as_it_is(&self, hot: &HotCrate, needs: &[usize]) -> Option<Unit> {
        let unit = self.unit(hot);
        let unit = unit.filter(|unit| self.is_as_before && unit.needs == needs)?;
        let command = unit.command.as_ref();
        let is_same = command.is_none_or(|command| is_of(command, hot));
        is_same.then(|| unit.clone())
    }
}

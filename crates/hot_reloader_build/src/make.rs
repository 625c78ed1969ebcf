//! One build: by the commands that are known, or, in any doubt, by cargo.

use std::{path::Path, time::SystemTime};

use cargo_metadata::Message;

use crate::{
    identity::Identities,
    message::Transcript,
    process::{Event, Line, Supervisor},
    recording::{Heard, Recording},
    replay::{self, Place, Stopped},
    Bench, BuildConfig, BuildError, BuildOutcome, Builder, Built, Contents, Decline, Sources,
    Workspace,
};

/// What builds find out, for the next one.
#[derive(Debug)]
pub struct Known {
    /// What cargo said of the workspace.
    workspace: Workspace,
    /// What cargo's library was made of.
    sources: Sources,
    /// How to do it again without cargo, or why that cannot be.
    recording: Result<Recording, Decline>,
    /// What tells crates of one name apart.
    identities: Identities,
    /// Taken for the first replay.
    bench: Option<Bench>,
}

#[cfg(test)]
impl Known {
    /// What is known when nothing has been built yet.
    pub(crate) fn of(workspace: Workspace) -> Self {
        Self {
            workspace,
            sources: Sources::default(),
            recording: Err(Decline::First),
            identities: Identities::default(),
            bench: None,
        }
    }
}

impl Known {
    /// What was built last turned out to be of no use. Whoever spoilt it, cargo is asked next.
    pub fn distrust(&mut self) {
        self.recording = Err(Decline::Useless);
    }
}

/// What is to be built.
#[derive(Clone, Copy, Debug)]
pub struct Task<'a> {
    /// The crate name of the library.
    pub library: &'a str,
    /// How.
    pub config: &'a BuildConfig,
    /// The folder under which a process compiles when it needs no cargo.
    pub benches: &'a Path,
}

impl Task<'_> {
    /// Builds the library. `known` is what the last build found out, and is brought up to date.
    ///
    /// Returns how it ended, and who built it if it came to that.
    pub fn make(
        self,
        known: &mut Option<Known>,
        supervisor: &mut Supervisor,
    ) -> (BuildOutcome, Option<Builder>) {
        let decline = match self.replay(known.as_mut(), supervisor) {
            Ok(built) => return (Ok(built), Some(Builder::Replay)),
            Err(Stopped::Failed(error)) => return (Err(error), Some(Builder::Replay)),
            Err(Stopped::Declined(decline)) => decline,
        };
        supervisor.end_all();
        let outcome = self.ask_cargo(known, supervisor);
        (outcome, Some(Builder::Cargo(decline)))
    }

    /// Builds the library before anybody asked for it. That never means cargo, whose lock others may
    /// want.
    ///
    /// # Errors
    ///
    /// [`BuildError::Declined`] if only cargo could, and whatever else keeps it from being built.
    pub fn make_ahead(
        self,
        known: &mut Option<Known>,
        supervisor: &mut Supervisor,
    ) -> BuildOutcome {
        Ok(self.replay(known.as_mut(), supervisor)?)
    }

    /// Sees to it that the next build is as fast as later ones: each known command is run once, so that the
    /// compiler remembers. The library that this makes is not used.
    ///
    /// # Errors
    ///
    /// What keeps that from being done. Then the next build takes longer.
    pub fn warm_up(
        self,
        known: &mut Option<Known>,
        supervisor: &mut Supervisor,
    ) -> Result<(), BuildError> {
        self.with_recording(known.as_mut(), |bench, workspace| {
            replay::warm_up(bench, self.config, &workspace, supervisor)
        })?;
        Ok(())
    }

    fn ask_cargo(&self, known: &mut Option<Known>, supervisor: &mut Supervisor) -> BuildOutcome {
        let workspace = known.as_ref().map(|known| known.workspace.clone());
        let workspace = self.find(workspace, supervisor)?;
        let mut unseen = Vec::new();
        loop {
            let (built, crates) = self.cargo(workspace.clone(), known, supervisor)?;
            if crates.is_empty() {
                return Ok(built);
            }
            // Types changed, so cargo's library is not the one to be used.
            let decline = match self.replay(known.as_mut(), supervisor) {
                Ok(built) => return Ok(built),
                Err(Stopped::Failed(error)) => return Err(error),
                Err(Stopped::Declined(decline)) => decline,
            };
            match (&decline, &*known) {
                (Decline::NotSeen { name }, Some(known)) if !unseen.contains(name) => {
                    unseen.push(name.clone());
                    known.sources.age(&unseen);
                }
                _ => return Err(BuildError::SameIdentity { crates, decline }),
            }
        }
    }

    fn replay(
        &self,
        known: Option<&mut Known>,
        supervisor: &mut Supervisor,
    ) -> Result<Built, Stopped> {
        self.with_recording(known, |place, workspace| {
            let (library, layout) = replay::replay(place, self.config, &workspace, supervisor)?;
            let deps = place.recording.deps().or(library.parent());
            Ok(Built {
                deps: deps.unwrap_or(&library).to_owned(),
                library,
                recompiled: Vec::new(),
                layout,
                workspace,
            })
        })
    }

    /// Does something with the commands that are known, in a folder of this process.
    fn with_recording<T>(
        &self,
        known: Option<&mut Known>,
        work: impl FnOnce(&mut Place<'_>, Workspace) -> Result<T, Stopped>,
    ) -> Result<T, Stopped> {
        let known = known.ok_or(Decline::First)?;
        let recording = known.recording.as_mut();
        let recording = recording.map_err(|decline| decline.clone())?;
        let bench = match known.bench.take().filter(Bench::is_there) {
            Some(bench) => bench,
            None => Bench::take(self.benches).map_err(|error| Decline::System {
                what: format!("making a folder in {}", self.benches.display()),
                reason: error.to_string(),
            })?,
        };
        let mut place = Place {
            recording,
            identities: &mut known.identities,
            bench: known.bench.insert(bench),
        };
        work(&mut place, known.workspace.clone())
    }

    /// Asks cargo about the workspace, unless that is known.
    fn find(
        &self,
        known: Option<Workspace>,
        supervisor: &mut Supervisor,
    ) -> Result<Workspace, BuildError> {
        if let Some(known) = known.filter(|known| known.manifests.first_change().is_none()) {
            return Ok(known);
        }
        let (mut out, mut err) = (String::new(), String::new());
        let process = self.start(Workspace::question(self.config), supervisor)?;
        let status = loop {
            match supervisor.wait_next() {
                Err(why) => return Err(supervisor.error(why, err)),
                Ok((number, _)) if number != process => {}
                Ok((_, Event::Printed(Line::Out(line)))) => out.push_str(&line),
                Ok((_, Event::Printed(Line::Err(line)))) => {
                    err.push_str(&line);
                    err.push('\n');
                }
                Ok((_, Event::Ended(status))) => break status.map_err(lost)?,
            }
        };
        let answer = status.success().then_some(&*out).ok_or(&*err);
        Workspace::understand(self.config, self.library, answer)
            .map_err(|source| BuildError::Workspace { source })
    }

    /// Returns what cargo built, and the crates in it that it cannot tell apart from those of before.
    fn cargo(
        &self,
        workspace: Workspace,
        known: &mut Option<Known>,
        supervisor: &mut Supervisor,
    ) -> Result<(Built, Vec<String>), BuildError> {
        let mut before = Contents::default();
        let mut older = Recording::kept(self.benches);
        if let Some(known) = &*known {
            known.sources.make_stale();
            before = known.sources.again();
            older = known.recording.as_ref().ok().cloned().or(older);
        }
        let start = SystemTime::now();
        let mut transcript = Transcript::new(&workspace);
        let mut config = self.config.clone();
        config.package.clone_from(&workspace.package);
        let process = self.start(config.command(), supervisor)?;
        let status = loop {
            match supervisor.wait_next() {
                Err(why) => return Err(supervisor.error(why, transcript.tail())),
                Ok((number, _)) if number != process => {}
                Ok((_, Event::Printed(Line::Out(line)))) => {
                    let messages = Message::parse_stream(line.as_bytes()).map_while(Result::ok);
                    messages.for_each(|message| transcript.message(message));
                }
                Ok((_, Event::Printed(Line::Err(line)))) => {
                    if let Some(said) = transcript.cargo_said(line) {
                        supervisor.say(said);
                    }
                }
                Ok((_, Event::Ended(status))) => break status.map_err(lost)?,
            }
        };
        let commands = std::mem::take(&mut transcript.commands);
        let made = std::mem::take(&mut transcript.made);
        let built = transcript.finish(status, workspace)?;
        let heard = Heard {
            config: self.config,
            workspace: &built.workspace,
            commands,
            made,
            library: &built.library,
            before: before.clone(),
            start,
        };
        let recording = Recording::new(heard, older.as_ref());
        let profile = built.library.parent().unwrap_or(&built.library);
        let sources = Sources::compiled(&built.workspace, profile, &before, start);
        let (mut identities, bench) = match known.take() {
            Some(known) => (known.identities, known.bench),
            None => (Identities::default(), None),
        };
        let (layout, crates) = match &recording {
            Ok(recording) => {
                recording.keep(self.benches);
                identities.cargo_built(recording, &built.workspace)
            }
            Err(_) => identities.cargo_built_unseen(&built.workspace, &sources),
        };
        *known = Some(Known {
            sources,
            workspace: built.workspace.clone(),
            recording,
            identities,
            bench,
        });
        Ok((Built { layout, ..built }, crates))
    }

    fn start(
        &self,
        command: std::process::Command,
        supervisor: &mut Supervisor,
    ) -> Result<usize, BuildError> {
        let started = supervisor.start(command);
        started.map_err(|source| BuildError::NotStarted {
            cargo: self.config.cargo.clone(),
            folder: self.config.folder.clone(),
            source,
        })
    }
}

fn lost(error: std::io::Error) -> BuildError {
    BuildError::Failed {
        status: "unknown".to_owned(),
        tail: error.to_string(),
    }
}

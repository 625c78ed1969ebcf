//! One build: by the commands that are known, or, in any doubt, by cargo.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
    time::SystemTime,
};

use cargo_metadata::Message;

use crate::{
    identity::Identities,
    layout::Edited,
    message::{self, Transcript},
    process::{Event, Line, Supervisor},
    recording::{Heard, Recording},
    replay::{self, Place, Stopped},
    unit::UnitCommand,
    workspace::HotCrate,
    Bench, BuildConfig, BuildError, BuildOutcome, Builder, Built, Contents, Decline, Layout,
    Sources, Workspace,
};

/// What builds find out, for the next one.
#[derive(Debug)]
pub struct Known {
    /// What cargo said of the workspace.
    asked: Workspace,
    /// The same without what it did not build for the libraries: features of other packages may need that.
    workspace: Workspace,
    /// What cargo's libraries were made of.
    sources: Sources,
    /// How to do it again without cargo, or why that cannot be.
    recording: Result<Recording, Decline>,
    /// What tells crates of one name apart.
    identities: Identities,
    /// Taken for the first replay.
    bench: Option<Bench>,
    /// Whether the compiler was to get ready and did not come to the end of that.
    is_cold: bool,
}

#[cfg(test)]
impl Known {
    /// What is known when nothing has been built yet.
    pub(crate) fn of(workspace: Workspace) -> Self {
        Self {
            asked: workspace.clone(),
            workspace,
            sources: Sources::default(),
            recording: Err(Decline::First),
            identities: Identities::default(),
            bench: None,
            is_cold: false,
        }
    }
}

impl Known {
    /// What was built last turned out to be of no use. Whoever spoilt it, cargo is asked next.
    pub fn distrust(&mut self) {
        self.recording = Err(Decline::Useless);
    }

    /// Takes over what the build before this found out, except of the crates that were `built` now.
    fn go_on_from(&mut self, last: Self, built: &[String]) {
        let mut others = self.workspace.hot_crates();
        others.retain(|name| !built.contains(name) && !self.workspace.stable.contains(name));
        self.sources.keep(&others, last.sources);
        self.identities = last.identities;
        self.bench = last.bench;
        self.is_cold = last.is_cold;
    }

    /// What the types of the crates are that cargo built, and those of the crates that it cannot tell apart from
    /// those of before.
    fn read(
        &mut self,
        built: &[String],
        made: &BuiltFor,
    ) -> Result<(Arc<Layout>, Vec<String>), Edited> {
        let (identities, workspace) = (&mut self.identities, &self.workspace);
        match &self.recording {
            Ok(recording) => Ok(identities.cargo_built(recording, workspace, built)),
            Err(_) => {
                let libraries = made.by_crate(workspace);
                identities.cargo_built_unseen(workspace, &self.sources, built, &libraries)
            }
        }
    }
}

/// What is to be built.
#[derive(Clone, Copy, Debug)]
pub struct Task<'a> {
    /// The crate names of the host's plugin libraries.
    pub libraries: &'a [String],
    /// Those of them that are to be made; `None` for all.
    pub wanted: Option<&'a [String]>,
    /// How.
    pub config: &'a BuildConfig,
    /// The folder under which a process compiles when it needs no cargo.
    pub benches: &'a Path,
}

impl Task<'_> {
    /// Builds the libraries. `known` is what the last build found out, and is brought up to date.
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
        let outcome = self.ask_cargo(&decline, known, supervisor);
        (outcome, Some(Builder::Cargo(decline)))
    }

    /// Builds the libraries before anybody asked for it. That never means cargo, whose lock others may
    /// want.
    ///
    /// # Errors
    ///
    /// [`BuildError::Declined`] if only cargo could, and whatever else keeps them from being built.
    pub fn make_ahead(
        self,
        known: &mut Option<Known>,
        supervisor: &mut Supervisor,
    ) -> BuildOutcome {
        Ok(self.replay(known.as_mut(), supervisor)?)
    }

    /// Sees to it that the next build is as fast as later ones: each command is run that only cargo has run so
    /// far, so that the compiler remembers. The libraries that this makes are not used.
    ///
    /// # Errors
    ///
    /// What keeps that from being done. Then the next build takes longer.
    pub fn warm_up(
        self,
        known: &mut Option<Known>,
        supervisor: &mut Supervisor,
    ) -> Result<(), BuildError> {
        let wanted = self.wanted();
        let ended = self.with_recording(known.as_mut(), |place, workspace| {
            replay::warm_up(place, &wanted, self.config, &workspace, supervisor)
        });
        if let Some(known) = known {
            known.is_cold = matches!(ended, Err(Stopped::Failed(_)));
        }
        Ok(ended?)
    }

    /// Those that are to be made, in the order of the host.
    fn wanted(&self) -> Vec<&String> {
        let is_wanted = |name: &&String| self.wanted.is_none_or(|wanted| wanted.contains(name));
        self.libraries.iter().filter(is_wanted).collect()
    }

    /// Asks it for the libraries that were edited, if no more than sources of theirs changed, and otherwise for all.
    fn ask_cargo(
        &self,
        decline: &Decline,
        known: &mut Option<Known>,
        supervisor: &mut Supervisor,
    ) -> BuildOutcome {
        let mut edited = self.edited(decline, known.as_mut(), supervisor);
        let asked = known.as_ref().map(|known| known.asked.clone());
        let asked = self.find(asked, supervisor)?;
        let (mut unseen, mut recompiled) = (Vec::new(), Vec::new());
        loop {
            let edited = edited.take();
            let made = self.cargo(&asked, edited.as_deref(), known, supervisor);
            if let (Err(_), Some(known)) = (&made, known.as_mut()) {
                known.sources.look_again();
            }
            let (mut built, crates) = made?;
            recompiled.append(&mut built.recompiled);
            if edited.is_none() && crates.is_empty() {
                return Ok(Built {
                    recompiled,
                    ..built
                });
            }
            // The others are those that are known. Or types changed, so cargo's libraries are not those to be used.
            let decline = match self.replay(known.as_mut(), supervisor) {
                Ok(built) => {
                    return Ok(Built {
                        recompiled,
                        ..built
                    })
                }
                Err(Stopped::Failed(error)) => return Err(error),
                Err(Stopped::Declined(decline)) => decline,
            };
            if edited.is_some() {
                // They are not, so cargo is asked for all.
                supervisor.end_all();
                continue;
            }
            match (&decline, &*known) {
                (Decline::NotSeen { name }, Some(known)) if !unseen.contains(name) => {
                    unseen.push(name.clone());
                    known.sources.forget(&unseen);
                }
                _ => return Err(BuildError::SameIdentity { crates, decline }),
            }
        }
    }

    /// The libraries that cargo is to be asked for, if they are all that was edited.
    fn edited(
        &self,
        decline: &Decline,
        known: Option<&mut Known>,
        supervisor: &mut Supervisor,
    ) -> Option<Vec<String>> {
        if !decline.is_of_sources() {
            return None;
        }
        let wanted = self.wanted();
        let edited = self.with_recording(known, |place, workspace| {
            replay::edited(place, &wanted, self.config, &workspace, supervisor)
        });
        edited.ok().filter(|libraries| !libraries.is_empty())
    }

    fn replay(
        &self,
        known: Option<&mut Known>,
        supervisor: &mut Supervisor,
    ) -> Result<Built, Stopped> {
        let wanted = self.wanted();
        self.with_recording(known, |place, workspace| {
            let (libraries, layout) =
                replay::replay(place, &wanted, self.config, &workspace, supervisor)?;
            let built = workspace.needed_by(&wanted);
            Ok(Built {
                deps: place.recording.deps().unwrap_or(&workspace.root).to_owned(),
                libraries,
                recompiled: Vec::new(),
                layout: Arc::new(layout.only(&built)),
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
        if !known.workspace.is_of(self.libraries) {
            return Err(Decline::Settings.into());
        }
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
            is_cold: known.is_cold,
        };
        work(&mut place, known.workspace.clone())
    }

    /// Asks cargo about the workspace, unless that is known.
    fn find(
        &self,
        known: Option<Workspace>,
        supervisor: &mut Supervisor,
    ) -> Result<Workspace, BuildError> {
        let is_still_so = |known: &Workspace| {
            known.is_of(self.libraries) && known.manifests.first_change().is_none()
        };
        if let Some(known) = known.filter(is_still_so) {
            return Ok(known);
        }
        let (mut out, mut err) = (String::new(), String::new());
        let start = SystemTime::now();
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
        let workspace = Workspace::understand(self.config, self.libraries, answer);
        let workspace = workspace.map_err(|source| BuildError::Workspace { source })?;
        Ok(workspace.asked_at(start))
    }

    /// Returns what cargo built, and the crates in it that it cannot tell apart from those of before. If it is only asked
    /// for libraries that were `edited`, what they need besides stays recorded as it is.
    fn cargo(
        &self,
        asked: &Workspace,
        edited: Option<&[String]>,
        known: &mut Option<Known>,
        supervisor: &mut Supervisor,
    ) -> Result<(Built, Vec<String>), BuildError> {
        let (older, before) = self.left_by_earlier(asked, known.as_ref());
        let start = SystemTime::now();
        let task = Task {
            wanted: edited.or(self.wanted),
            ..*self
        };
        let calls = task.call_for_each(asked, supervisor)?;
        let wanted = task.wanted();
        let made = calls.made.all();
        let last = known.as_ref().map(|known| &known.workspace);
        let workspace = asked.with(&made, &wanted, last);
        let profiles = calls
            .libraries
            .first()
            .map_or_else(Vec::new, |(_, library)| workspace.profiles(library));
        let deps: Vec<PathBuf> = profiles.iter().map(|folder| folder.join("deps")).collect();
        let built = workspace.needed_by(&wanted);
        let recorded = match edited {
            Some(_) => workspace.plugin_crates(&wanted),
            None => built.clone(),
        };
        let sources = Sources::compiled(&workspace, &profiles, &before, start);
        let heard = Heard {
            config: self.config,
            workspace: &workspace,
            commands: calls.commands,
            built: &recorded,
            made,
            plugins: &calls.libraries,
            profiles: &profiles,
            deps: &deps,
            before,
            start,
        };
        let recording = Recording::new(heard, older.as_ref());
        if let Ok(recording) = &recording {
            recording.keep(self.benches);
        }
        let last = known.take();
        let now = known.insert(Known {
            sources,
            asked: asked.clone(),
            workspace: workspace.clone(),
            recording,
            identities: Identities::default(),
            bench: None,
            is_cold: false,
        });
        if let Some(last) = last {
            now.go_on_from(last, &built);
        }
        let read = now.read(&recorded, &calls.made);
        let (layout, crates) = read.map_err(|Edited| BuildError::Edited)?;
        let built = Built {
            libraries: calls.libraries,
            deps: deps.into_iter().next().unwrap_or_default(),
            recompiled: calls.recompiled,
            layout: Arc::new(layout.only(&built)),
            workspace,
        };
        Ok((built, crates))
    }

    /// The recording of an earlier build, and what is in the files that it knows. Cargo is made to see those that changed.
    fn left_by_earlier(
        &self,
        asked: &Workspace,
        known: Option<&Known>,
    ) -> (Option<Recording>, Contents) {
        let kept = Recording::kept(self.benches);
        let sources = match known {
            Some(known) => Some(known.sources.clone()),
            // Files may have come back with older times while the app did not run.
            None => kept.as_ref().and_then(Recording::sources),
        };
        let mut before = Contents::default();
        if let Some(sources) = sources {
            sources.make_stale(asked);
            before = sources.again();
        }
        let own = known.and_then(|known| known.recording.as_ref().ok().cloned());
        (own.or(kept), before)
    }

    /// Runs cargo for each library that is to be made, one after the other.
    fn call_for_each(
        &self,
        asked: &Workspace,
        supervisor: &mut Supervisor,
    ) -> Result<Calls, BuildError> {
        let wanted = self.wanted();
        let mut calls = Calls::default();
        for library in &asked.libraries {
            if !wanted.contains(&&library.name) {
                continue;
            }
            let transcript = Transcript::new(asked).of(library);
            let command = self.config.command(library);
            let (path, mut transcript) = self.listen(command, transcript, supervisor)?;
            if let [own, _] = &asked.profiles(&path)[..] {
                transcript.forget_all_but(&own.join("deps"));
            }
            calls.add(&library.name, path, transcript)?;
        }
        Ok(calls)
    }

    /// Runs cargo for one library, and hears what it says.
    fn listen(
        &self,
        command: std::process::Command,
        mut transcript: Transcript,
        supervisor: &mut Supervisor,
    ) -> Result<(PathBuf, Transcript), BuildError> {
        let process = self.start(command, supervisor)?;
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
        let library = transcript.finish(status)?;
        Ok((library, transcript))
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

/// What the calls of cargo came to, one for each library.
#[derive(Default)]
struct Calls {
    /// The libraries, by their names.
    libraries: Vec<(String, PathBuf)>,
    commands: Vec<UnitCommand>,
    recompiled: Vec<String>,
    made: BuiltFor,
}

impl Calls {
    fn add(
        &mut self,
        library: &str,
        path: PathBuf,
        transcript: Transcript,
    ) -> Result<(), BuildError> {
        self.libraries.push((library.to_owned(), path));
        self.commands.extend(transcript.commands);
        self.made.add(library, transcript.made)?;
        for package in transcript.compiled {
            if !self.recompiled.contains(&package) {
                self.recompiled.push(package);
            }
        }
        Ok(())
    }
}

/// What cargo used of the packages that may change for each library, by their ids.
#[derive(Default)]
struct BuiltFor(BTreeMap<String, (String, Vec<PathBuf>)>);

impl BuiltFor {
    /// Takes note of what a library was built of. It must be what the libraries before it were built of:
    /// else a type would be one in the one and another in the other.
    fn add(&mut self, library: &str, made: Vec<(String, PathBuf)>) -> Result<(), BuildError> {
        let mut of_library: BTreeMap<String, Vec<PathBuf>> = BTreeMap::new();
        for (package, path) in made {
            of_library.entry(package).or_default().push(path);
        }
        for (package, mut paths) in of_library {
            paths.sort();
            match self.0.get(&package) {
                Some((other, before)) if *before != paths => {
                    return Err(BuildError::Differs {
                        name: message::package_name(&package),
                        library: library.to_owned(),
                        other: other.clone(),
                    });
                }
                Some(_) => {}
                None => {
                    self.0.insert(package, (library.to_owned(), paths));
                }
            }
        }
        Ok(())
    }

    /// The libraries of crates that are there in one form, by the names of the crates.
    fn by_crate(&self, workspace: &Workspace) -> Vec<(String, PathBuf)> {
        let one_form = |hot: &HotCrate| match self.0.get(&hot.package) {
            Some((_, paths)) if paths.len() == 1 => Some((hot.name.clone(), paths[0].clone())),
            _ => None,
        };
        workspace.hot.iter().filter_map(one_form).collect()
    }

    fn all(&self) -> Vec<(String, PathBuf)> {
        let all = self.0.iter();
        let all =
            all.flat_map(|(id, (_, paths))| paths.iter().map(|path| (id.clone(), path.clone())));
        all.collect()
    }
}

fn lost(error: std::io::Error) -> BuildError {
    BuildError::Failed {
        status: "unknown".to_owned(),
        tail: error.to_string(),
    }
}

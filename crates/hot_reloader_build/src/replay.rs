//! Runs the recorded commands again, for the crates whose sources changed.
//!
//! What it makes goes into folders of ours ([`Bench`]): cargo's are neither written nor locked.

use std::{
    cmp::Reverse,
    collections::BTreeMap,
    path::PathBuf,
    process::{Command, ExitStatus},
    sync::Arc,
    thread,
};

use cargo_metadata::diagnostic;
use serde::Deserialize;

use crate::{
    contents::Touches,
    dep_info::DepInfo,
    identity::Identities,
    layout::Edited,
    message::Transcript,
    process::{Event, Interruption, Line, Supervisor},
    recording::{Identity, Made, Recording, Unit, NEVER},
    stand_in::{Shared, StandIns},
    unit::UnitCommand,
    Bench, BuildConfig, BuildError, Contents, Decline, Layout, Workspace,
};

/// Why a replay made nothing.
pub(crate) enum Stopped {
    /// Cargo has to be asked.
    Declined(Decline),
    /// The code has errors, or somebody ended it.
    Failed(BuildError),
}

impl From<Decline> for Stopped {
    fn from(decline: Decline) -> Self {
        Self::Declined(decline)
    }
}

/// Without the difference between the two.
impl From<Stopped> for BuildError {
    fn from(stopped: Stopped) -> Self {
        match stopped {
            Stopped::Declined(decline) => Self::Declined(decline),
            Stopped::Failed(error) => error,
        }
    }
}

/// Tells what a replay makes from what cargo makes, to the compiler.
const DISTINCTION: [&str; 2] = ["-C", "force-unwind-tables=yes"];

/// How often sources are compiled that are edited meanwhile.
const TRIES: usize = 10;

/// The exit code of a compiler that panicked.
const CRASHED: i32 = 101;

/// What a replay works with.
pub(crate) struct Place<'a> {
    pub(crate) recording: &'a mut Recording,
    pub(crate) identities: &'a mut Identities,
    pub(crate) bench: &'a Bench,
    /// Whether the compiler did not come to the end of getting ready.
    pub(crate) is_cold: bool,
}

/// Compiles what changed since the recording of the plugin libraries `wanted`, and returns these and what
/// their types are.
pub(crate) fn replay(
    place: &mut Place<'_>,
    wanted: &[&String],
    config: &BuildConfig,
    workspace: &Workspace,
    supervisor: &mut Supervisor,
) -> Result<(Vec<(String, PathBuf)>, Arc<Layout>), Stopped> {
    let is_cold = place.is_cold;
    for attempt in 0..TRIES {
        let Ok(mut run) = Run::new(place, wanted, config, workspace, supervisor)? else {
            continue;
        };
        run.check()?;
        if let Some(name) = run.first_cold().filter(|_| is_cold) {
            return Err(Decline::Cold { name }.into());
        }
        let ended = run.all();
        // Somebody may touch them all the time, and change nothing.
        let may_be_touched = attempt > 0;
        let (is_as_read, layout) = (run.is_as_read(may_be_touched), run.layout);
        let is_of_text = matches!(ended, Ok(()) | Err(Stopped::Failed(BuildError::Errors(_))));
        if is_of_text && !is_as_read {
            // That text is gone, be it that it was compiled or that it could not be.
            continue;
        }
        ended?;
        let units = &place.recording.units;
        let made = |name: &&String| {
            let of = workspace.plugin_crate(name);
            let mut units = units.iter();
            let unit = of.and_then(|of| units.find(|unit| unit.name == of.name));
            let path = unit.map(|unit| unit.made.path.clone());
            ((*name).clone(), path.unwrap_or_default())
        };
        return Ok((wanted.iter().map(made).collect(), layout));
    }
    Err(edited_all_the_time().into())
}

/// Spares the linker what it need not read, and compiles every crate whose command is known and that only cargo has
/// compiled, so that the compiler remembers them all. From then on each is compiled with what was made here of
/// those that it needs, for to the compiler cargo's are others; so what another needs whose command is not known is
/// left alone, or that would have to be compiled too. The plugin libraries stay what they were, and who asks for what
/// was edited finds it so. What has errors keeps nothing from it but what needs it. The library that was edited last is
/// ready first: whoever edits it is likely to edit it again, and may do so before all are.
pub(crate) fn warm_up(
    place: &mut Place<'_>,
    wanted: &[&String],
    config: &BuildConfig,
    workspace: &Workspace,
    supervisor: &mut Supervisor,
) -> Result<(), Stopped> {
    for _ in 0..TRIES {
        if let Ok(mut run) = Run::new(place, wanted, config, workspace, supervisor)? {
            return run.warm_up();
        }
    }
    Err(edited_all_the_time().into())
}

/// Those of the plugin libraries `wanted` that are to be compiled. None of them if something else is too: what cargo
/// makes of a crate goes together only with what it makes of all that need it.
pub(crate) fn edited(
    place: &mut Place<'_>,
    wanted: &[&String],
    config: &BuildConfig,
    workspace: &Workspace,
    supervisor: &mut Supervisor,
) -> Result<Vec<String>, Stopped> {
    let Ok(run) = Run::new(place, wanted, config, workspace, supervisor)? else {
        return Ok(Vec::new());
    };
    let (waiting, units) = (&run.waiting, &run.recording.units);
    let is_known_library =
        |unit: &usize| run.plugins.contains(unit) && units[*unit].command.is_some();
    if !waiting.iter().all(is_known_library) {
        return Ok(Vec::new());
    }
    let is_edited = |name: &&&String| {
        let unit = workspace.plugin_crate(name);
        let unit = unit.and_then(|of| run.recording.place_of(&of.name));
        unit.is_some_and(|unit| waiting.contains(&unit))
    };
    let edited = wanted.iter().filter(is_edited);
    Ok(edited.map(|name| (*name).clone()).collect())
}

fn edited_all_the_time() -> Decline {
    Decline::System {
        what: "reading the sources".to_owned(),
        reason: "they are edited all the time".to_owned(),
    }
}

/// Of the units that are needed, those to compile, in order: those whose sources changed, or what they need,
/// or what tells them apart.
fn changed(
    units: &[Unit],
    is_needed: &[bool],
    now: &[Contents],
    identities: &[Identity],
) -> Vec<usize> {
    let mut changed: Vec<usize> = Vec::new();
    let now = now.iter().zip(identities);
    let all = units.iter().zip(now).enumerate();
    for (index, (unit, (now, identity))) in all.filter(|(index, _)| is_needed[*index]) {
        let revisions = unit.needs.iter().map(|need| units[*need].revision);
        let is_changed = unit.sources != *now
            || unit.identity != *identity
            || !unit.made.is_intact()
            || !unit.with.iter().copied().eq(revisions)
            || unit.needs.iter().any(|need| changed.contains(need));
        if is_changed {
            changed.push(index);
        }
    }
    changed
}

struct Run<'a> {
    recording: &'a mut Recording,
    /// What is in the sources of each unit, read before any was compiled.
    now: Vec<Contents>,
    /// When they were touched last, as it was then.
    touched: Vec<Touches>,
    /// What tells each unit apart.
    identities: Vec<Identity>,
    layout: Arc<Layout>,
    /// For each unit, whether what is wanted needs it.
    is_needed: Vec<bool>,
    /// The units that are plugin libraries.
    plugins: Vec<usize>,
    waiting: Vec<usize>,
    /// The units whose code has errors.
    broken: Vec<usize>,
    /// Which unit is compiled by a process.
    running: BTreeMap<usize, usize>,
    bench: &'a Bench,
    transcript: Transcript,
    /// Whether the plugin libraries that are made are used.
    is_for_use: bool,
    supervisor: &'a mut Supervisor,
}

impl<'a> Run<'a> {
    /// With what changed waiting, unless sources were edited while they were read.
    fn new(
        place: &'a mut Place<'_>,
        wanted: &[&String],
        config: &BuildConfig,
        workspace: &Workspace,
        supervisor: &'a mut Supervisor,
    ) -> Result<Result<Self, Edited>, Decline> {
        let recording = &mut *place.recording;
        recording.check(config)?;
        let needed = workspace.needed_by(wanted);
        let units = recording.units.iter();
        let is_needed: Vec<bool> = units.map(|unit| needed.contains(&unit.name)).collect();
        let plugins = workspace.libraries.iter();
        let plugins = plugins.filter_map(|library| workspace.plugin_crate(&library.name));
        let plugins = plugins.filter_map(|plugin| recording.place_of(&plugin.name));
        let plugins = plugins.collect();
        let units = recording.units.iter();
        let touched = units.map(|unit| unit.sources.touches()).collect();
        let units = recording.units.iter();
        let now: Vec<Contents> = units.map(|unit| unit.sources.again()).collect();
        let (layout, identities) = match place.identities.of(recording, workspace, &now) {
            Ok(known) => known,
            Err(edited) => return Ok(Err(edited)),
        };
        Ok(Ok(Self {
            waiting: changed(&recording.units, &is_needed, &now, &identities),
            is_needed,
            plugins,
            recording,
            now,
            touched,
            identities,
            layout,
            broken: Vec::new(),
            running: BTreeMap::new(),
            bench: place.bench,
            transcript: Transcript::new(workspace),
            is_for_use: true,
            supervisor,
        }))
    }

    /// Whether what waits can be compiled without cargo.
    fn check(&self) -> Result<(), Decline> {
        for index in &self.waiting {
            let unit = &self.recording.units[*index];
            if let Some(path) = unit.sources.first_lost(&self.now[*index]) {
                let path = path.to_owned();
                return Err(Decline::Gone { path });
            }
            if unit.command.is_none() {
                let name = unit.name.clone();
                return Err(Decline::NotSeen { name });
            }
        }
        Ok(())
    }

    /// One of the crates that wait and that were never compiled here. None of those whose types changed: what cargo makes
    /// of these would be compiled here again.
    fn first_cold(&self) -> Option<String> {
        let units = &self.recording.units;
        let is_cold =
            |unit: &&usize| units[**unit].revision == 0 && self.identities[**unit].is_none();
        let cold = self.waiting.iter().find(is_cold)?;
        Some(units[*cold].name.clone())
    }

    /// As [`warm_up`] says.
    fn warm_up(&mut self) -> Result<(), Stopped> {
        self.check()?;
        self.stand_in()?;
        self.is_for_use = false;
        let edited = self.waiting.clone();
        let is_left_alone = self.left_alone();
        let is_cold = |unit: &Unit, index: usize| unit.revision == 0 && !is_left_alone[index];
        let mut units = self.recording.units.iter().enumerate();
        if units.all(|(index, unit)| !is_cold(unit, index)) {
            return Ok(());
        }
        let last_edit = |unit: &usize| self.recording.units[*unit].sources.last_touched();
        let last = self.plugins.iter().copied().max_by_key(last_edit);
        // What it needs takes longer, and may not be ready by the next edit.
        if let Some(last) = last.filter(|_| edited.is_empty()) {
            if is_cold(&self.recording.units[last], last) {
                self.waiting.push(last);
                self.all()?;
            }
        }
        let before = self.recording.units.clone();
        for (index, unit) in before.iter().enumerate() {
            let is_with_new = unit.needs.iter().any(|need| self.waiting.contains(need));
            let is_to_be_compiled = is_cold(unit, index) || is_with_new && !is_left_alone[index];
            if is_to_be_compiled && !edited.contains(&index) {
                self.waiting.push(index);
            }
        }
        let last_edit = |unit: &usize| before[*unit].sources.last_touched();
        let plugins = &self.plugins;
        self.waiting
            .sort_by_cached_key(|unit| plugins.contains(unit).then(|| Reverse(last_edit(unit))));
        let ended = self.all();
        let is_consistent = match &ended {
            Ok(()) | Err(Stopped::Failed(BuildError::Errors(_))) => true,
            // Somebody wants to build. The plugin libraries that are ready by then are.
            Err(Stopped::Failed(_)) => self.has_compiled_what_is_shared(),
            Err(Stopped::Declined(_)) => false,
        };
        if !is_consistent {
            // Part of it would make all that needs that part look edited.
            self.recording.units = before;
            return ended;
        }
        for plugin in &self.plugins {
            let Unit { needs, with, .. } = &before[*plugin];
            let with = needs.iter().zip(with).map(|(need, with)| {
                let was = before[*need].revision;
                let now = self.recording.units[*need].revision;
                // What was compiled again of the same text is what it is made of.
                let is_other = now != was && edited.contains(need);
                if *with == was && !is_other {
                    now
                } else {
                    NEVER
                }
            });
            let with = with.collect();
            self.recording.units[*plugin].with = with;
        }
        ended
    }

    /// For each unit, whether it is not made ready, as its command is not known or that of what needs it.
    fn left_alone(&self) -> Vec<bool> {
        let units = &self.recording.units;
        let mut is_left_alone: Vec<bool> =
            units.iter().map(|unit| unit.command.is_none()).collect();
        // Each comes after those that it needs.
        for (index, unit) in units.iter().enumerate().rev() {
            if is_left_alone[index] {
                let needs = unit.needs.iter();
                needs.for_each(|need| is_left_alone[*need] = true);
            }
        }
        is_left_alone
    }

    /// Whether no more than plugin libraries are still to be compiled.
    fn has_compiled_what_is_shared(&self) -> bool {
        let mut rest = self.waiting.iter().chain(self.running.values());
        rest.all(|unit| self.plugins.contains(unit))
    }

    /// Compiles all that waits, each as soon as what it needs is there.
    fn all(&mut self) -> Result<(), Stopped> {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        while !self.waiting.is_empty() || !self.running.is_empty() {
            // Who waits for it is told of the first error.
            let is_over = self.is_for_use && self.transcript.has_errors();
            while self.running.len() < cores && !is_over {
                let Some(unit) = self.next() else { break };
                self.start(unit)?;
            }
            if self.running.is_empty() {
                break;
            }
            let (process, event) = self
                .supervisor
                .wait_next()
                .map_err(|why| self.interrupted(why))?;
            match event {
                Event::Printed(line) => self.hear(line),
                Event::Ended(status) => {
                    let unit = self.running.remove(&process).expect("it was started here");
                    let status = status.map_err(|error| Decline::System {
                        what: "waiting for the compiler".to_owned(),
                        reason: error.to_string(),
                    })?;
                    self.ended(unit, status)?;
                }
            }
        }
        match self.transcript.take_errors() {
            Some(error) => Err(Stopped::Failed(error)),
            None => Ok(()),
        }
    }

    /// Whether the sources are still what was read before any was compiled. Else nobody knows which text was compiled,
    /// and of which the identities are. `may_be_touched` says that the same text, written again, is none to wait for.
    fn is_as_read(&self, may_be_touched: bool) -> bool {
        let all = self.now.iter().zip(&self.touched).zip(&self.is_needed);
        let mut needed = all.filter(|(_, is_needed)| **is_needed);
        needed.all(|((now, touched), _)| {
            (may_be_touched || now.touches() == *touched) && now.again() == *now
        })
    }

    /// Takes out a unit that needs nothing that is still to be compiled, or cannot be.
    fn next(&mut self) -> Option<usize> {
        let is_pending = |unit: &usize| {
            let mut others = self.running.values().chain(&self.waiting);
            self.broken.contains(unit) || others.any(|other| other == unit)
        };
        let units = &self.recording.units;
        let mut waiting = self.waiting.iter();
        let next = waiting.position(|unit| !units[*unit].needs.iter().any(is_pending))?;
        Some(self.waiting.remove(next))
    }

    fn start(&mut self, index: usize) -> Result<(), Stopped> {
        let unit = &self.recording.units[index];
        let command = unit.command.as_ref().expect("it was looked for");
        let command = self.redirected(unit, command, self.identities[index]);
        self.supervisor.say(format!("Compiling {}", unit.name));
        let process = self
            .supervisor
            .start(command)
            .map_err(|error| Decline::System {
                what: format!("running the compiler for `{}`", unit.name),
                reason: error.to_string(),
            })?;
        self.running.insert(process, index);
        Ok(())
    }

    /// The command as cargo ran it, but for where things are put, and what the crate is told apart by.
    fn redirected(&self, unit: &Unit, recorded: &UnitCommand, identity: Identity) -> Command {
        let [outputs, incremental] = [self.bench.outputs(), self.bench.incremental()];
        let mut redirected = recorded.clone();
        redirected.replace("--out-dir", |_| Some(outputs.display().to_string()));
        redirected.replace("-C", |option| {
            if option.starts_with("incremental=") {
                return Some(format!("incremental={}", incremental.display()));
            }
            let identity = identity.filter(|_| option.starts_with("metadata="));
            identity.map(|identity| format!("{option}-{identity:016x}"))
        });
        // Of ours, those that were compiled by a replay, whichever form of them cargo chose.
        for need in &unit.needs {
            let made = &self.recording.units[*need].made;
            if !made.is_ours {
                continue;
            }
            let stem = made.path.file_stem();
            for (argument, path) in recorded
                .externs()
                .filter(|(_, path)| path.file_stem() == stem)
            {
                if let Some(file) = path.file_name() {
                    let (name, _) = recorded.arguments[argument]
                        .split_once('=')
                        .unwrap_or_default();
                    redirected.arguments[argument] =
                        format!("{name}={}", outputs.join(file).display());
                }
            }
        }
        if self.recording.units.iter().any(|unit| unit.made.is_ours) {
            // Before cargo's, for what is needed by what is needed.
            let folder = format!("dependency={}", outputs.display());
            let at = redirected
                .arguments
                .iter()
                .position(|argument| argument == "-L");
            let at = at.unwrap_or(redirected.arguments.len());
            redirected
                .arguments
                .splice(at..at, ["-L".to_owned(), folder]);
        }
        // Cargo may have made the same crate of the same text. Then the compiler has two of one hash to choose from,
        // and if it does not take the one of before, it compiles anew all that needs them. An option is part of the
        // hash, also one that says what is so anyway: a panic could not be taken back without these tables.
        redirected.arguments.extend(DISTINCTION.map(str::to_owned));
        let stand_ins = unit.stand_ins.iter().flat_map(StandIns::arguments);
        redirected.arguments.extend(stand_ins);
        for argument in &mut redirected.arguments {
            // Cargo takes the colours out again.
            if argument.starts_with("--json=") {
                *argument = argument.replace("diagnostic-rendered-ansi,", "");
            }
        }
        let mut command = Command::new(&redirected.program);
        command
            .args(&redirected.arguments)
            .current_dir(&unit.folder)
            .env_clear()
            .envs(self.recording.environment())
            .envs(redirected.variables);
        command
    }

    fn hear(&mut self, line: Line) {
        /// What the compiler prints.
        #[derive(Deserialize)]
        #[serde(tag = "$message_type", rename_all = "lowercase")]
        enum Message {
            Diagnostic(diagnostic::Diagnostic),
            #[serde(other)]
            Other,
        }
        let (Line::Out(line) | Line::Err(line)) = line;
        match serde_json::from_str(&line) {
            Ok(Message::Diagnostic(diagnostic)) => self.transcript.diagnostic(&diagnostic),
            Ok(Message::Other) => {}
            Err(_) => self.transcript.text(line),
        }
    }

    fn ended(&mut self, index: usize, status: ExitStatus) -> Result<(), Stopped> {
        let is_library = self.plugins.contains(&index);
        let unit = &mut self.recording.units[index];
        if !status.success() {
            // An error in the code has a place in it. What has none may be a full disk as well as what the
            // linker misses. And a compiler that crashes, or misses a library, may name a place too.
            let is_whole = status.code().is_some_and(|code| code != CRASHED);
            let has_errors = self.transcript.has_errors();
            if is_whole && has_errors && self.transcript.errors_are_of_the_code() {
                self.broken.push(index);
                return Ok(());
            }
            if !is_whole {
                // It may have crashed at what it remembers, and would each time.
                self.bench.forget(&unit.name);
            }
            return Err(Stopped::Declined(Decline::Compiler {
                name: unit.name.clone(),
                status: status.to_string(),
                tail: self.transcript.tail(),
            }));
        }
        let command = unit.command.as_ref().expect("it was started");
        let info = self.bench.outputs().join(command.stem() + ".d");
        let reads = DepInfo::read(&info, &unit.folder).map_err(|error| Decline::System {
            what: format!("reading {}", info.display()),
            reason: error.to_string(),
        })?;
        if let Some(decline) = reads_other(unit, &reads) {
            return Err(Stopped::Declined(decline));
        }
        // One of ours was written over.
        if self.is_for_use || !is_library || unit.made.is_ours {
            if let Some(file) = unit.made.path.file_name() {
                unit.made = Made::now(self.bench.outputs().join(file), true);
            }
            let is_untouched = self.now[index].touches() == self.touched[index];
            unit.sources = if is_untouched {
                self.now[index].clone()
            } else {
                // It may have been another text for a moment.
                self.now[index].unknown()
            };
            if unit.identity != self.identities[index] {
                unit.identity = self.identities[index];
                self.bench.tidy(&unit.name);
            }
        }
        unit.revision += 1;
        let needs = self.recording.units[index].needs.clone();
        let with = needs
            .iter()
            .map(|need| self.recording.units[*need].revision);
        self.recording.units[index].with = with.collect();
        Ok(())
    }

    /// Makes stand-ins for what the plugin libraries are linked against, where there are none yet.
    fn stand_in(&mut self) -> Result<(), Stopped> {
        let mut shared = Shared::new();
        for plugin in &self.plugins {
            let unit = &mut self.recording.units[*plugin];
            if let (Some(command), None) = (&unit.command, &unit.stand_ins) {
                let folder = self.bench.stand_ins(&unit.name);
                unit.stand_ins = StandIns::make(&unit.made.path, command, &folder, &mut shared);
            }
            // Somebody may want to build.
            self.supervisor
                .check()
                .map_err(|why| self.interrupted(why))?;
        }
        Ok(())
    }

    fn interrupted(&self, why: Interruption) -> Stopped {
        Stopped::Failed(self.supervisor.error(why, self.transcript.tail()))
    }
}

/// What the compiler has read, or not read, that was otherwise before.
fn reads_other(unit: &Unit, reads: &DepInfo) -> Option<Decline> {
    let mut difference = unit.reads.files.symmetric_difference(&reads.files);
    if let Some(path) = difference.next() {
        return Some(Decline::Reads {
            name: unit.name.clone(),
            path: path.clone(),
        });
    }
    let [before, after] = [&unit.reads.variables, &reads.variables];
    (before != after).then(|| Decline::Variable {
        name: first_difference(before, after),
    })
}

fn first_difference(
    before: &BTreeMap<String, Option<String>>,
    after: &BTreeMap<String, Option<String>>,
) -> String {
    let mut names = before.keys().chain(after.keys());
    let differs = names.find(|name| before.get(*name) != after.get(*name));
    differs.cloned().unwrap_or_default()
}

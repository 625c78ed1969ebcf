//! An engine of a few lines: its world is a list of texts, and code is a number.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    time::Duration,
};

use hot_reloader_build::{BuildError, Layout};
use hot_reloader_core::{
    BuildId, Generation, HotModule, ModuleRegistry, PanicReport, StagedLibrary,
};
use hot_reloader_transaction::{
    Build, BuildStep, Engine, Hook, Made, MadeLibrary, ModuleFault, ModuleStatus, Outcome, Phase,
    Plan, Progress, Purpose, RehearsalFault, ReloadError, ReloadReport, RequestId, TypeChange,
    Wanted,
};

/// The modules of the tests.
const NAMES: [&str; 5] = ["a", "b", "c", "d", "e"];
/// The libraries of the host.
const LIBRARIES: [&str; 2] = ["game", "more"];

/// A library: its name, the number of its code, and its modules.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Code {
    pub(crate) library: &'static str,
    pub(crate) number: u32,
    pub(crate) modules: Vec<&'static str>,
}

impl Code {
    /// Of the first library.
    pub(crate) fn new(number: u32, modules: &[&'static str]) -> Self {
        Self {
            library: LIBRARIES[0],
            number,
            modules: modules.to_vec(),
        }
    }

    /// Of the second.
    pub(crate) fn more(number: u32, modules: &[&'static str]) -> Self {
        Self {
            library: LIBRARIES[1],
            ..Self::new(number, modules)
        }
    }

    fn build_id(&self) -> BuildId {
        BuildId::from_bytes(&self.number.to_be_bytes())
    }
}

/// What runs under a name.
#[derive(Clone, Debug)]
pub(crate) struct Slot {
    pub(crate) name: &'static str,
    library: &'static str,
    pub(crate) code: u32,
    layout: Arc<Layout>,
    generation: Generation,
    suspended: Option<Arc<ReloadError>>,
}

#[derive(Default)]
pub(crate) struct World {
    /// All state there is.
    pub(crate) state: Vec<String>,
    pub(crate) slots: Vec<Slot>,
    /// The builds that were begun, for the test to end.
    pub(crate) builds: Vec<Handle>,
    /// What they were for.
    pub(crate) purposes: Vec<Purpose>,
    /// What was wanted of them.
    pub(crate) wanted: Vec<Wanted>,
    /// The modules that the host relies on.
    pub(crate) demanded: ModuleRegistry,
    /// What the builds make, by number.
    pub(crate) made: Vec<Code>,
    /// Calls that could have failed so far.
    pub(crate) calls: usize,
    /// The number of the call that fails.
    pub(crate) fails_at: Option<usize>,
    /// The engine cannot restore this.
    pub(crate) lost: Vec<String>,
    /// The last copy of the state.
    pub(crate) copy: Vec<String>,
    pub(crate) reports: Vec<ReloadReport>,
    pub(crate) answers: Vec<(RequestId, Outcome)>,
    pub(crate) progress: Option<Phase>,
    pub(crate) is_ready: bool,
    /// Whether the second library is none of the host's any more.
    pub(crate) lacks_more: bool,
    /// What tells the crate apart that both libraries are made of, in all that is made from now on.
    pub(crate) shared: u64,
    /// How often a library was opened.
    pub(crate) opened: usize,
    pub(crate) error: Option<Arc<ReloadError>>,
    pub(crate) probation: u32,
    /// Snapshots and code that are held.
    pub(crate) held: i32,
    /// What the next build makes without being told.
    pub(crate) ends_at_once: Option<Code>,
}

/// The test's end of a build.
#[derive(Clone, Default)]
pub(crate) struct Handle {
    steps: Arc<Mutex<VecDeque<BuildStep>>>,
    pub(crate) ended: Arc<Mutex<bool>>,
}

impl Handle {
    fn push(&self, step: BuildStep) {
        self.steps.lock().unwrap().push_back(step);
    }
}

struct Job(Handle);

impl Build for Job {
    fn try_next(&mut self) -> Option<BuildStep> {
        self.0.steps.lock().unwrap().pop_front()
    }

    fn wait_next(&mut self) -> BuildStep {
        self.try_next()
            .expect("the test ends the builds that are waited for")
    }

    fn describe(&self) -> String {
        "a build".to_owned()
    }
}

impl Drop for Job {
    fn drop(&mut self) {
        *self.0.ended.lock().unwrap() = true;
    }
}

pub(crate) fn panic(message: &str) -> PanicReport {
    PanicReport {
        message: message.to_owned(),
        location: None,
        thread: "main".to_owned(),
        backtrace: String::new(),
        library: None,
        meanwhile: Vec::new(),
    }
}

impl World {
    /// Whether this call is the one that fails.
    fn fails(&mut self) -> bool {
        let number = self.calls;
        self.calls += 1;
        self.fails_at == Some(number)
    }

    fn fault(&mut self, module: &str) -> Result<(), ModuleFault> {
        if self.fails() {
            return Err(ModuleFault {
                module: module.to_owned(),
                panic: panic("as the test says"),
            });
        }
        Ok(())
    }

    /// Ends the build that was begun last, if it goes on.
    pub(crate) fn end_build(&mut self, result: Result<Code, BuildError>) {
        self.end_build_of(result.map(|code| vec![(code, true)]));
    }

    /// The same for libraries, of which some have a copy; all, if they are wanted anew.
    pub(crate) fn end_build_of(&mut self, result: Result<Vec<(Code, bool)>, BuildError>) {
        let Some(handle) = self.builds.last() else {
            return;
        };
        let result = result.map_err(ReloadError::from).map(|codes| Made {
            libraries: codes
                .into_iter()
                .map(|(code, has_copy)| {
                    let (name, build_id) = (code.library.to_owned(), code.build_id());
                    let runs = self.wanted.last().unwrap().running.contains(&build_id);
                    let has_copy = has_copy || !runs;
                    let layout = layout(self.shared);
                    self.made.push(code);
                    let copy = has_copy.then(|| StagedLibrary {
                        path: "/nonexistent".into(),
                        serial: u32::try_from(self.made.len()).unwrap(),
                    });
                    MadeLibrary {
                        name,
                        build_id,
                        layout,
                        copy,
                    }
                })
                .collect(),
            host: LIBRARIES[..LIBRARIES.len() - usize::from(self.lacks_more)]
                .iter()
                .map(ToString::to_string)
                .collect(),
            root: "/".into(),
            hot: Vec::new(),
            layout: layout(self.shared),
            recompiled: Vec::new(),
        });
        let phases = vec![(Phase::Build, Duration::ZERO)];
        handle.push(BuildStep::Finished {
            result: result.map_err(Box::new),
            phases,
            builder: None,
        });
    }

    pub(crate) fn progress_build(&self) {
        if let Some(handle) = self.builds.last() {
            handle.push(BuildStep::Progress("compiling".to_owned()));
        }
    }

    /// A frame of the modules.
    pub(crate) fn run_modules(&mut self) {
        let running = self.slots.iter().filter(|slot| slot.suspended.is_none());
        let lines: Vec<_> = running
            .map(|slot| format!("{} {}", slot.name, slot.code))
            .collect();
        self.state.extend(lines);
    }

    /// Name and code of what runs.
    pub(crate) fn running(&self) -> Vec<(&'static str, u32)> {
        self.slots
            .iter()
            .map(|slot| (slot.name, slot.code))
            .collect()
    }
}

pub(crate) struct Fake;

impl Engine for Fake {
    type World = World;
    type Library = Code;
    type Rehearsal = ();
    type Snapshot = Vec<String>;
    type Code = Vec<Slot>;

    fn demanded(world: &World) -> &ModuleRegistry {
        &world.demanded
    }

    fn build(world: &mut World, wanted: Wanted) -> Box<dyn Build> {
        world.purposes.push(wanted.purpose);
        world.wanted.push(wanted);
        let handle = Handle::default();
        world.builds.push(handle.clone());
        if let Some(code) = world.ends_at_once.clone() {
            world.end_build(Ok(code));
        }
        Box::new(Job(handle))
    }

    fn modules(world: &World) -> Vec<ModuleStatus> {
        let status = |slot: &Slot| ModuleStatus {
            module: module(slot.name),
            library: slot.library.to_owned(),
            generation: slot.generation,
            build_id: BuildId::from_bytes(&slot.code.to_be_bytes()),
            layout: slot.layout.clone(),
            suspended: slot.suspended.clone(),
        };
        world.slots.iter().map(status).collect()
    }

    fn open(
        world: &mut World,
        _: &Made,
        _: &MadeLibrary,
        copy: &StagedLibrary,
    ) -> Result<(Code, Vec<HotModule>), ReloadError> {
        if world.fails() {
            let reason = "it would not open".to_owned();
            return Err(ReloadError::NotSwapped { reason });
        }
        world.opened += 1;
        let code = world.made[copy.serial as usize - 1].clone();
        let modules = code.modules.iter().map(|name| module(name)).collect();
        Ok((code, modules))
    }

    fn rehearse(world: &mut World, _: &[Code], plan: &Plan) -> Result<(), ReloadError> {
        for module in &plan.modules {
            world
                .fault(&module.name)
                .map_err(|fault| ReloadError::Rehearsal {
                    module: fault.module,
                    fault: RehearsalFault::Setup(fault.panic),
                })?;
        }
        Ok(())
    }

    fn targets((): &(), module: &HotModule) -> Vec<String> {
        module.delegation_targets.clone()
    }

    fn compare(world: &mut World, (): &(), _: &Plan) -> Result<Vec<String>, ReloadError> {
        if world.fails() {
            return Err(ReloadError::TypesChanged(Vec::new()));
        }
        Ok(vec!["a warning".to_owned()])
    }

    fn capture(world: &mut World, (): &()) -> Result<Vec<String>, PanicReport> {
        if world.fails() {
            return Err(panic("it cannot be copied"));
        }
        world.held += 1;
        world.copy.clone_from(&world.state);
        Ok(world.state.clone())
    }

    fn swap(world: &mut World, _: &Code) -> Result<(), String> {
        if world.fails() {
            return Err("the loader refused it".to_owned());
        }
        Ok(())
    }

    fn set_up(
        world: &mut World,
        _: &[Code],
        (): &(),
        plan: &Plan,
    ) -> Result<Vec<String>, ReloadError> {
        for module in &plan.modules {
            world.state.push(format!("set up {}", module.name));
            let fault = world.fault(&module.name);
            fault.map_err(|fault| ReloadError::Rehearsal {
                module: fault.module,
                fault: RehearsalFault::Setup(fault.panic),
            })?;
        }
        Ok(Vec::new())
    }

    fn migrate(world: &mut World, (): &(), _: &Plan) -> Result<Vec<TypeChange>, ReloadError> {
        world.state.push("migrate".to_owned());
        if world.fails() {
            return Err(ReloadError::TypesChanged(Vec::new()));
        }
        Ok(Vec::new())
    }

    fn install(
        world: &mut World,
        (): &(),
        plan: &Plan,
        generation: Generation,
    ) -> (Vec<Slot>, Result<(), ModuleFault>) {
        let (old, kept) = std::mem::take(&mut world.slots)
            .into_iter()
            .partition(|slot| plan.replaces(slot.name));
        world.slots = kept;
        world.held += 1;
        for module in &plan.modules {
            world.state.push(format!("install {}", module.name));
            if let Err(fault) = world.fault(&module.name) {
                return (old, Err(fault));
            }
            let library = plan.library_of(&module.name);
            let is_its = |code: &&Code| code.build_id() == library.build_id;
            let code = world.made.iter().find(is_its).unwrap();
            let name = NAMES.iter().find(|name| **name == module.name);
            world.slots.push(Slot {
                name: name.unwrap(),
                library: code.library,
                code: code.number,
                layout: library.layout.clone(),
                generation,
                suspended: None,
            });
        }
        let place = |slot: &Slot| plan.order.iter().position(|name| name == slot.name);
        world.slots.sort_by_key(place);
        (old, Ok(()))
    }

    fn take_down(world: &mut World, plan: &Plan) -> Result<(), ModuleFault> {
        for HotModule { name, .. } in &plan.modules {
            world.state.push(format!("take down {name}"));
            world.fault(name)?;
        }
        Ok(())
    }

    fn enter(world: &mut World, modules: &[String]) -> Result<(), ModuleFault> {
        for module in modules {
            world.state.push(format!("enter {module}"));
            world.fault(module)?;
        }
        Ok(())
    }

    fn start(world: &mut World, modules: &[String]) -> Result<(), ModuleFault> {
        for module in modules {
            world.state.push(format!("start {module}"));
            world.fault(module)?;
        }
        Ok(())
    }

    fn run(world: &mut World, module: &str, hook: Hook) -> Result<(), PanicReport> {
        world.state.push(format!("{hook:?} {module}"));
        world.fault(module).map_err(|fault| fault.panic)
    }

    fn reinstate(world: &mut World, code: Vec<Slot>, order: &[String]) -> Vec<Slot> {
        let is_new = |slot: &Slot| {
            code.iter().any(|old| old.name == slot.name)
                || !order.iter().any(|name| name == slot.name)
        };
        let (new, kept) = std::mem::take(&mut world.slots)
            .into_iter()
            .partition(is_new);
        world.slots = kept;
        world.slots.extend(code);
        world
            .slots
            .sort_by_key(|slot| order.iter().position(|name| name == slot.name));
        new
    }

    fn restore(world: &mut World, snapshot: &Vec<String>) -> Vec<String> {
        world.state.clone_from(snapshot);
        world.lost.clone()
    }

    fn retire(world: &mut World, code: Vec<Slot>) -> Vec<ModuleFault> {
        world.held -= 1;
        let modules = code.iter().map(|slot| slot.name);
        let faults = modules.filter_map(|name| world.fault(name).err());
        faults.collect::<Vec<_>>()
    }

    fn forget(world: &mut World, _: Vec<String>) {
        world.held -= 1;
    }

    fn suspend(world: &mut World, module: &str, error: Arc<ReloadError>) {
        let mut slots = world.slots.iter_mut();
        if let Some(slot) = slots.find(|slot| slot.name == module) {
            slot.suspended = Some(error);
        }
    }

    fn probation_frames(world: &World) -> u32 {
        world.probation
    }

    fn libraries(world: &World) -> usize {
        world.made.len()
    }

    fn show(
        world: &mut World,
        progress: Option<Progress>,
        error: Option<&Arc<ReloadError>>,
        is_ready: bool,
    ) {
        world.is_ready = is_ready;
        world.progress = progress.map(|progress| progress.phase);
        world.error = error.cloned();
    }

    fn finished(world: &mut World, report: ReloadReport, requests: &[RequestId]) {
        if report.outcome == Outcome::RolledBack {
            assert_eq!(world.state, world.copy, "the world is what it was");
        }
        let answers = requests.iter().map(|id| (*id, report.outcome));
        world.answers.extend(answers);
        world.reports.push(report);
    }
}

/// Of a crate that all libraries are made of.
fn layout(identity: u64) -> Arc<Layout> {
    Arc::new(Layout::of_text("shared", "", identity))
}

fn module(name: &str) -> HotModule {
    HotModule {
        name: name.to_owned(),
        ..HotModule::default()
    }
}

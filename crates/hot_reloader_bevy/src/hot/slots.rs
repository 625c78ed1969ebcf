//! The code that runs, a slot for each module, and what has to be known of it until the next reload.

use std::{
    any::TypeId,
    collections::{BTreeSet, HashMap, HashSet},
    sync::Arc,
};

use bevy::{
    ecs::{
        component::Tick,
        schedule::{ExecutorKind, InternedScheduleLabel, Stepping},
    },
    prelude::{Resource, Schedule, World},
    reflect::TypeRegistry,
};
use hot_reloader_build::Layout;
use hot_reloader_core::{
    panics, threads::Thread, BuildId, Generation, HotModule, PanicReport, TypeShape,
};
use hot_reloader_transaction::ReloadError;

use super::{
    code::Code,
    exchange::{Exchange, MadeValues},
    keys::StateKey,
    migration::origins::Origins,
    placement::Unit,
    rebuild::{Entered, Spawned},
    resources::ResourceKey,
    shared_sets::Sayings,
    snapshot::CopyRule,
};
use crate::ModuleEntry;

/// The code that one module runs now.
pub(crate) struct Slot {
    pub(crate) module: HotModule,
    pub(crate) entry: &'static ModuleEntry,
    /// The library that it is of.
    pub(crate) library: String,
    pub(crate) generation: Generation,
    pub(crate) build_id: BuildId,
    /// `None` while the schedule runs.
    pub(crate) schedules: HashMap<InternedScheduleLabel, Option<Schedule>>,
    /// The schedules that are run in units.
    pub(crate) placed: HashMap<InternedScheduleLabel, Placed>,
    /// Of a startup of which another module has run a part: what lets the rest run.
    pub(crate) rest_of_startup: HashMap<InternedScheduleLabel, Stepping>,
    /// The systems in its startup, by path, that have not run: they came when that was over.
    pub(crate) waiting: BTreeSet<String>,
    /// What it says of sets in which other modules may have systems.
    pub(crate) sayings: Sayings,
    /// The schedules in which a panic left systems half way.
    pub(crate) interrupted: Vec<InternedScheduleLabel>,
    /// Whether states are among what it adds.
    pub(crate) has_states: bool,
    /// What its code has begun that goes on by itself.
    pub(crate) threads: Vec<Thread>,
    /// The names of its plugins.
    pub(crate) plugins: Vec<String>,
    /// Observers and one-shot systems.
    pub(crate) code: Code,
    pub(crate) state_keys: Vec<StateKey>,
    pub(crate) shapes: HashMap<TypeId, TypeShape>,
    /// What reflection knows of the types that it named.
    pub(crate) registry: Arc<TypeRegistry>,
    /// Whether builds could not be tried to the end, and so may have told more of these types.
    pub(crate) is_registry_partial: bool,
    /// What the types of its library are.
    pub(crate) layout: Arc<Layout>,
    /// Why it is out of service, if it is.
    pub(crate) suspended: Option<Arc<ReloadError>>,
}

/// A schedule that is run in units.
pub(crate) struct Placed {
    /// The number of the arrangement of its units.
    pub(crate) arrangement: usize,
    /// What lets the systems of each unit run, and no others. `None` while they run.
    pub(crate) filters: Vec<Option<Stepping>>,
}

impl Slot {
    /// How its state keys are copied.
    pub(crate) fn rules(&self) -> impl Iterator<Item = &CopyRule> {
        self.state_keys.iter().map(|key| &key.rule)
    }

    /// Drops the code of the module. A destructor of a system's local may panic.
    pub(crate) fn drop_guarded(self) -> Result<(), PanicReport> {
        panics::guard(|| drop(self))
    }

    /// Makes schedules whole again in which a panic left systems half way. Commands that they have
    /// queued are applied now, to be undone with all else.
    pub(crate) fn mend(&mut self, world: &mut World) {
        for label in std::mem::take(&mut self.interrupted) {
            let Some(Some(schedule)) = self.schedules.get_mut(&label) else {
                continue;
            };
            if let Err(panic) = panics::guard(|| schedule.apply_deferred(world)) {
                bevy::log::warn!("a command panicked while its schedule was mended: {panic}");
            }
            // Another executor knows nothing of the systems that had run.
            let kind = schedule.get_executor_kind();
            let other = match kind {
                ExecutorKind::Simple => ExecutorKind::SingleThreaded,
                _ => ExecutorKind::Simple,
            };
            schedule.set_executor_kind(other).set_executor_kind(kind);
        }
    }
}

/// What a reload began with.
pub(crate) struct Before {
    pub(crate) made: MadeValues,
    pub(crate) built: HashSet<String>,
    pub(crate) spawned: Spawned,
    /// By what the states were entered that were present.
    pub(crate) present: Vec<Entered>,
    /// The resources that there were, before the old code was unloaded.
    pub(crate) resources: HashSet<ResourceKey>,
    /// What its builds have kept out of the way.
    pub(crate) exchange: Option<Exchange>,
}

/// A module panicked in a frame.
pub(crate) struct ModulePanic {
    pub(crate) module: String,
    /// What it was doing.
    pub(crate) place: String,
    pub(crate) panic: PanicReport,
}

/// The code of all modules, in dependency order.
#[derive(Resource, Default)]
pub(crate) struct Delegates {
    pub(crate) slots: Vec<Slot>,
    /// What the sources said of each type when the code came that has it.
    pub(crate) origins: Origins,
    /// Counts the changes to which slots there are.
    pub(crate) revision: u32,
    /// What the builds of the modules made last.
    pub(crate) made: MadeValues,
    /// States that modules name and the host has.
    pub(crate) of_host: HashSet<ResourceKey>,
    /// The modules that have built: what their builds spawn is there.
    pub(crate) built: HashSet<String>,
    /// What the reload that may be taken back began with.
    pub(crate) before: Option<Before>,
    /// What the modules have built that can be built anew.
    pub(crate) spawned: Spawned,
    /// What is entered again when it has been taken down.
    pub(crate) to_enter: Vec<Entered>,
    /// Whether no schedule is being run but those that begin a frame.
    pub(crate) is_frame_start: bool,
    /// When the transitions of states were made last.
    pub(crate) transitioned: Tick,
    /// How many delegators run, one within the other: code of a module may run a schedule, or enter a state.
    pub(super) depth: u32,
    pub(super) panics: Vec<ModulePanic>,
    pub(super) attached: HashSet<InternedScheduleLabel>,
    /// The delegators of units, by schedule and place. They stay, to be used again.
    pub(super) arrangements: Vec<(InternedScheduleLabel, Vec<Unit>)>,
}

impl Delegates {
    /// In dependency order.
    pub(crate) fn names(&self) -> Vec<String> {
        self.slots
            .iter()
            .map(|slot| slot.module.name.clone())
            .collect()
    }

    /// Takes the slots out of which `goes` says so.
    pub(crate) fn take(&mut self, goes: impl FnMut(&Slot) -> bool) -> Vec<Slot> {
        self.revision += 1;
        let (gone, kept) = std::mem::take(&mut self.slots).into_iter().partition(goes);
        self.slots = kept;
        gone
    }

    /// Puts slots in, and all of them in the order of `names`.
    pub(crate) fn put(&mut self, slots: Vec<Slot>, names: &[String]) {
        self.revision += 1;
        self.slots.extend(slots);
        let place = |slot: &Slot| names.iter().position(|name| *name == slot.module.name);
        self.slots.sort_by_key(place);
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Slot> {
        self.slots.iter().find(|slot| slot.module.name == name)
    }

    pub(crate) fn get_mut(&mut self, name: &str) -> Option<&mut Slot> {
        self.slots.iter_mut().find(|slot| slot.module.name == name)
    }

    /// What has panicked since the last call, in its order.
    pub(crate) fn take_panics(&mut self) -> Vec<ModulePanic> {
        std::mem::take(&mut self.panics)
    }

    /// Whether [`take_panics`](Self::take_panics) has something to give.
    pub(crate) fn have_panicked(&self) -> bool {
        !self.panics.is_empty()
    }
}

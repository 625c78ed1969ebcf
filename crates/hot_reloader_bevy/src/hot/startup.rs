//! What of a startup runs when code comes.
//!
//! The startup of a module runs once, so what comes to it later waits for a rebuild. And what has moved from the startup
//! of a module to that of one that is new has run: what it has made is there.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use bevy::{
    ecs::schedule::{InternedScheduleLabel, Stepping},
    prelude::Schedule,
    utils::get_short_name,
};
use hot_reloader_transaction::Plan;

use super::{
    labels, placement,
    recording::ModuleSchedules,
    rehearsal,
    slots::{Delegates, Slot},
};

/// Systems in a startup, by path, and their names.
pub(crate) type Startup = BTreeMap<String, String>;

/// The startups of modules that come, by the names of these.
#[derive(Default)]
pub(crate) struct Startups(BTreeMap<String, Coming>);

/// The startup of a module that comes.
#[derive(Default)]
pub(crate) struct Coming {
    /// Of a module that is new, the systems that have run before it came, by path, and the module that has run them.
    moved: BTreeMap<String, String>,
    /// Of another, those that have not run.
    waiting: Startup,
}

impl Startups {
    /// Of those that come in place of the code that runs. At a rebuild all of each runs.
    pub(crate) fn of(delegates: &Delegates, new: &BTreeMap<String, Startup>, plan: &Plan) -> Self {
        if plan.rebuilds {
            return Self::default();
        }
        let coming = new.iter().map(|(name, systems)| {
            let coming = Coming {
                moved: moved(delegates, new, plan, name),
                waiting: waiting(delegates, name, systems),
            };
            (name.clone(), coming)
        });
        Self(coming.collect())
    }

    /// What is said of them in the report, of what waits once.
    pub(crate) fn told(&self, delegates: &Delegates) -> Vec<String> {
        let coming = self.0.iter();
        let told = coming.flat_map(|(name, coming)| {
            let told = delegates.get(name).map(|slot| &slot.waiting);
            [coming.not_run_yet(name, told), coming.not_run_again(name)]
        });
        told.flatten().collect()
    }

    /// That of a module, once.
    pub(crate) fn take(&mut self, module: &str) -> Coming {
        self.0.remove(module).unwrap_or_default()
    }
}

impl Coming {
    /// What lets those systems run that have not moved, if any has.
    pub(crate) fn rest(
        &self,
        schedules: &ModuleSchedules,
    ) -> HashMap<InternedScheduleLabel, Stepping> {
        if self.moved.is_empty() {
            return HashMap::new();
        }
        let has_moved = |path: &str| self.moved.contains_key(path);
        let filters = among(schedules).map(|(label, schedule)| {
            let filter = placement::only(schedule, |_, system| !has_moved(&system.name()));
            (*label, filter)
        });
        filters.collect()
    }

    /// The systems that have not run, by path.
    pub(crate) fn waiting(self) -> BTreeSet<String> {
        self.waiting.into_keys().collect()
    }

    fn not_run_yet(&self, module: &str, told: Option<&BTreeSet<String>>) -> Option<String> {
        let is_told = |path: &String| told.is_some_and(|told| told.contains(path));
        let new = self.waiting.iter().filter(|(path, _)| !is_told(path));
        let new: Vec<_> = new.map(|(_, name)| format!("`{name}`")).collect();
        (!new.is_empty()).then(|| {
            format!(
                "systems that are new in the startup of module `{module}` run with the next rebuild: {}",
                new.join(", ")
            )
        })
    }

    fn not_run_again(&self, module: &str) -> Option<String> {
        let systems = self.moved.iter();
        let systems = systems.map(|(path, old)| format!("`{}` of `{old}`", get_short_name(path)));
        let systems: Vec<_> = systems.collect();
        (!systems.is_empty()).then(|| {
            format!(
                "systems in the startup of module `{module}`, which is new, have run where their code comes from, and run \
                 again with the next rebuild: {}",
                systems.join(", ")
            )
        })
    }
}

/// What has come to the startup of a module since that is over.
fn waiting(delegates: &Delegates, module: &str, systems: &Startup) -> Startup {
    let mut new = Startup::new();
    if let Some(slot) = delegates.get(module) {
        let ran = have_run(slot);
        let gone = without(&ran, systems);
        new.clone_from(systems);
        new.retain(|path, name| !ran.contains_key(path) && !has_named(&gone, name));
    }
    new
}

/// What has run of the startup of a module that is new, and by which: those that give way now.
fn moved(
    delegates: &Delegates,
    new: &BTreeMap<String, Startup>,
    plan: &Plan,
    module: &str,
) -> BTreeMap<String, String> {
    if delegates.built.contains(module) {
        return BTreeMap::new();
    }
    let slots = delegates.slots.iter();
    let slots = slots.filter(|slot| plan.replaces(&slot.module.name));
    let moved = slots.flat_map(|slot| {
        let moved = moved_from(slot, new.get(&slot.module.name), &new[module]).into_iter();
        moved.map(move |path| (path, slot.module.name.clone()))
    });
    moved.collect()
}

/// Those of some systems that a module has run and has no more, by path. What has another path now is known by its name
/// if the module is `kept`: where one takes the place of another, both may have a `setup`.
fn moved_from(slot: &Slot, kept: Option<&Startup>, systems: &Startup) -> Vec<String> {
    let ran = have_run(slot);
    let gone = kept.map_or_else(|| ran.clone(), |kept| without(&ran, kept));
    let is_kept_no_more = |name: &str| kept.is_some_and(|kept| !has_named(kept, name));
    let moved = systems.iter().filter(|(path, name)| {
        gone.contains_key(*path) || is_kept_no_more(name) && has_named(&gone, name)
    });
    moved.map(|(path, _)| path.clone()).collect()
}

/// Those that are not among others.
fn without(systems: &Startup, others: &Startup) -> Startup {
    let mut left = systems.clone();
    left.retain(|path, _| !others.contains_key(path));
    left
}

/// Whether one of them is called so.
fn has_named(systems: &Startup, name: &str) -> bool {
    systems.values().any(|known| known == name)
}

/// The systems in the startup of a module that have run.
fn have_run(slot: &Slot) -> Startup {
    let schedules = slot.schedules.iter();
    let mut ran = systems(schedules.filter_map(|(label, of)| Some((label, of.as_ref()?))));
    ran.retain(|path, _| !slot.waiting.contains(path));
    ran
}

/// The systems in the startup among some schedules that a person has named.
pub(crate) fn systems<'a>(
    schedules: impl IntoIterator<Item = (&'a InternedScheduleLabel, &'a Schedule)>,
) -> Startup {
    let systems =
        among(schedules).flat_map(|(_, schedule)| schedule.systems().into_iter().flatten());
    let paths = systems.map(|(_, system)| system.name().into_owned());
    let is_named = |path: &String| {
        let functions = rehearsal::function_names(path);
        functions.iter().any(|name| rehearsal::is_named(name))
    };
    let named = paths.filter(is_named);
    named
        .map(|path| {
            let name = get_short_name(&path);
            (path, name)
        })
        .collect()
}

fn among<'a>(
    schedules: impl IntoIterator<Item = (&'a InternedScheduleLabel, &'a Schedule)>,
) -> impl Iterator<Item = (&'a InternedScheduleLabel, &'a Schedule)> {
    let startup = labels::startup();
    let schedules = schedules.into_iter();
    schedules.filter(move |(label, _)| startup.contains(label))
}

//! An app whose libraries are lists of functions.

use std::any::TypeId;

use bevy::{
    app::App,
    prelude::*,
    state::{app::StatesPlugin, state::FreelyMutableState},
};
use hot_reloader_build::Layout;
use hot_reloader_transaction::{Outcome, ReloadReport};

use crate::{
    entry::engine_id,
    hot::{
        in_process::InProcess, HotReloader, HotReloaderConfig, HotReloaderPlugin, ReloadRequest,
    },
    Abilities, ExemptFromRollback, LibraryEntry, ModuleEntry,
};

/// A module of one function.
pub(super) const fn module(name: &'static str, build: fn(&mut App)) -> ModuleEntry {
    ModuleEntry::of_plugin(name, "tests.rs", build)
}

/// The module of an app that has one.
pub(super) const fn game(build: fn(&mut App)) -> ModuleEntry {
    module("game", build)
}

/// What code of modules notes.
#[derive(Resource, Default, Debug, PartialEq)]
pub(super) struct Notes(pub(super) Vec<&'static str>);

/// A host in which what was noted stays noted.
pub(super) fn host(app: &mut App) {
    app.init_resource::<Notes>().exempt_from_rollback::<Notes>();
}

pub(super) fn note(text: &'static str) -> impl Fn(ResMut<Notes>) {
    move |mut notes| notes.0.push(text)
}

/// What has been noted since the last time.
pub(super) fn take(bench: &mut Bench) -> Vec<&'static str> {
    std::mem::take(&mut bench.world().resource_mut::<Notes>().0)
}

/// A component as a state key of which nothing is known but `Clone`.
pub(super) fn plain<T: Component>() -> Abilities {
    Abilities {
        make_known: |world| {
            world.init_component::<T>();
        },
        register: None,
        default: None,
        written: None,
        migrate: None,
    }
}

/// A library of such modules.
fn library(modules: &[ModuleEntry]) -> &'static LibraryEntry {
    library_of(engine_id, modules)
}

/// One that was compiled with some engine.
fn library_of(engine: fn() -> TypeId, modules: &[ModuleEntry]) -> &'static LibraryEntry {
    let modules = Box::leak(modules.to_vec().into_boxed_slice());
    Box::leak(Box::new(LibraryEntry { modules, engine }))
}

/// An app that runs such modules. It has two libraries, of which the second has none unless a test says so.
pub(super) struct Bench {
    pub(super) app: App,
    pub(super) source: InProcess,
    last: Option<&'static LibraryEntry>,
    more: &'static LibraryEntry,
}

impl Bench {
    /// With the modules that run first, and what the host adds.
    pub(super) fn new(modules: &[ModuleEntry], host: impl FnOnce(&mut App)) -> Self {
        let engine = |app: &mut App| {
            app.add_plugins((MinimalPlugins, StatesPlugin));
            host(app);
        };
        Self::new_in(engine, modules)
    }

    fn new_in(engine: impl FnOnce(&mut App), modules: &[ModuleEntry]) -> Self {
        let source = InProcess::default();
        let mut config = HotReloaderConfig::new("/", &["bench", "more"]);
        config.remote = false;
        config.probation_frames = 6;
        let mut app = App::new();
        engine(&mut app);
        app.add_plugins(HotReloaderPlugin { config })
            .add_plugins(source.clone());
        let mut bench = Self {
            app,
            source,
            last: None,
            more: library(&[]),
        };
        bench.next(modules);
        bench.app.finish();
        bench.app.cleanup();
        bench
    }

    /// Runs it until its first library is accepted.
    pub(super) fn start(modules: &[ModuleEntry], host: impl FnOnce(&mut App)) -> Self {
        Self::new(modules, host).accepted()
    }

    /// The same with another engine than the smallest.
    pub(super) fn start_in(engine: impl FnOnce(&mut App), modules: &[ModuleEntry]) -> Self {
        Self::new_in(engine, modules).accepted()
    }

    fn accepted(self) -> Self {
        let mut bench = self;
        let report = bench.report();
        assert_eq!(report.outcome, Outcome::Committed, "{report:#?}");
        bench
    }

    /// Says what the next build makes.
    pub(super) fn next(&mut self, modules: &[ModuleEntry]) {
        let entry = library(modules);
        self.last = Some(entry);
        self.source.push(&[entry, self.more]);
    }

    /// Says that the next build makes what the last one made.
    pub(super) fn again(&mut self) {
        let last = self.last.expect("there was one");
        self.source.push(&[last, self.more]);
    }

    /// Lets builds go on when the frame ends in which they begin.
    pub(super) fn slow_down(&mut self) {
        self.source.slow_down();
    }

    /// Says what the second library has from the next build on.
    pub(super) fn more(&mut self, modules: &[ModuleEntry]) {
        self.more = library(modules);
    }

    /// The same, of code that was compiled with another engine than the app.
    pub(super) fn more_with_another_engine(&mut self, modules: &[ModuleEntry]) {
        self.more = library_of(TypeId::of::<App>, modules);
    }

    /// Runs frames until the next report.
    pub(super) fn report(&mut self) -> ReloadReport {
        let seen = |app: &App| app.world().resource::<HotReloader>().history().count();
        let before = seen(&self.app);
        for _ in 0..100 {
            self.app.update();
            if seen(&self.app) > before {
                let reloader = self.app.world().resource::<HotReloader>();
                return reloader.history().next_back().unwrap().clone();
            }
        }
        panic!("no report came");
    }

    pub(super) fn reload(&mut self, modules: &[ModuleEntry]) -> ReloadReport {
        self.next(modules);
        self.app.world_mut().send_event(ReloadRequest::all());
        self.report()
    }

    /// Says what the types of the libraries to come are, by the text of their crate, and that they are others
    /// than before.
    pub(super) fn types(&mut self, text: &str, identity: u64) {
        let layout = Layout::of_text("hot_reloader_bevy", text, identity);
        self.source.set_layout(layout);
    }

    pub(super) fn frames(&mut self, count: usize) {
        for _ in 0..count {
            self.app.update();
        }
    }

    pub(super) fn world(&mut self) -> &mut World {
        self.app.world_mut()
    }

    pub(super) fn count<T: Component>(&mut self) -> usize {
        let world = self.world();
        world.query::<&T>().iter(world).count()
    }
}

#[track_caller]
pub(super) fn check(report: &ReloadReport, outcome: Outcome) {
    assert_eq!(report.outcome, outcome, "{report:#?}");
}

/// Reloads the only module, and ends the probation of its new code.
#[track_caller]
pub(super) fn reload(bench: &mut Bench, build: fn(&mut App)) -> ReloadReport {
    let report = bench.reload(&[game(build)]);
    check(&report, Outcome::Committed);
    bench.frames(8);
    report
}

/// Asks for a state, which is entered in the frames that follow.
pub(super) fn set<S: FreelyMutableState>(bench: &mut Bench, state: S) {
    bench.world().resource_mut::<NextState<S>>().set(state);
    bench.frames(2);
}

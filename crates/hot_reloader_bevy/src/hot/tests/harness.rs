//! An app whose libraries are lists of functions.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    time::Duration,
};

use bevy::{app::App, prelude::*, state::app::StatesPlugin};
use hot_reloader_core::{BuildId, StagedLibrary};
use hot_reloader_transaction::{Build, BuildStep, Made, Outcome, ReloadError, ReloadReport};

use crate::{
    hot::{
        library::{Libraries, Library, Source},
        HotReloader, HotReloaderConfig, HotReloaderPlugin, ReloadRequest,
    },
    HotApp, LibraryEntry, ModuleEntry,
};

/// A module of one function.
pub(super) const fn module(name: &'static str, setup: fn(&mut HotApp<'_>)) -> ModuleEntry {
    ModuleEntry {
        name,
        file: "tests.rs",
        state_keys: &[],
        targets: &[],
        after: &[],
        declare: |_| {},
        setup,
    }
}

/// What the next builds make.
#[derive(Clone, Default)]
struct Fake(Arc<Mutex<Made_>>);

#[derive(Default)]
struct Made_ {
    next: VecDeque<&'static LibraryEntry>,
    made: Vec<&'static LibraryEntry>,
}

impl Source for Fake {
    fn make(&self, _config: &HotReloaderConfig) -> Box<dyn Build> {
        let mut made = self.0.lock().unwrap();
        let entry = made.next.pop_front().expect("the test says what is made");
        made.made.push(entry);
        let serial = u32::try_from(made.made.len()).unwrap();
        Box::new(Done(Some(Made {
            staged: StagedLibrary {
                path: format!("/nonexistent/{serial}").into(),
                serial,
            },
            // The same list is the same code.
            build_id: BuildId::from_bytes(&(std::ptr::from_ref(entry).addr()).to_be_bytes()),
            root: "/".into(),
            hot: vec!["hot_reloader_bevy".to_owned()],
            recompiled: Vec::new(),
        })))
    }

    fn open(&mut self, made: &Made) -> Result<&'static LibraryEntry, ReloadError> {
        Ok(self.0.lock().unwrap().made[made.staged.serial as usize - 1])
    }

    fn open_count(&self) -> usize {
        self.0.lock().unwrap().made.len()
    }

    fn swap(&self, _world: &mut World, _library: &Library) -> Result<(), String> {
        Ok(())
    }
}

struct Done(Option<Made>);

impl Build for Done {
    fn try_next(&mut self) -> Option<BuildStep> {
        self.0.take().map(|made| BuildStep::Finished {
            result: Ok(made),
            phases: vec![(hot_reloader_transaction::Phase::Build, Duration::ZERO)],
        })
    }

    fn next(&mut self) -> BuildStep {
        self.try_next().expect("it is asked once")
    }

    fn describe(&self) -> String {
        "a list of functions".to_owned()
    }
}

/// An app that runs such modules.
pub(super) struct Bench {
    pub(super) app: App,
    source: Fake,
}

impl Bench {
    /// With the modules that run first, and what the host adds.
    pub(super) fn new(modules: &[ModuleEntry], host: impl FnOnce(&mut App)) -> Self {
        let engine = |app: &mut App| {
            app.add_plugins((MinimalPlugins, StatesPlugin, HierarchyPlugin));
            host(app);
        };
        Self::new_in(engine, modules)
    }

    fn new_in(engine: impl FnOnce(&mut App), modules: &[ModuleEntry]) -> Self {
        let source = Fake::default();
        let mut config = HotReloaderConfig::new("/", "bench");
        config.remote = false;
        config.probation_frames = 6;
        let mut app = App::new();
        engine(&mut app);
        app.add_plugins(HotReloaderPlugin { config })
            .insert_resource(Libraries(Box::new(source.clone())));
        let mut bench = Self { app, source };
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
        let modules = Box::leak(modules.to_vec().into_boxed_slice());
        let entry = Box::leak(Box::new(LibraryEntry { modules }));
        self.source.0.lock().unwrap().next.push_back(entry);
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

//! What an app asks of the reloader: copies of its state, and other settings than the usual ones.

use std::time::{Duration, Instant};

use bevy::{
    ecs::schedule::{ExecutorKind, ScheduleLabel},
    prelude::*,
    state::app::StatesPlugin,
};
use hot_reloader_core::{RegistryError, StagedLibrary};
use hot_reloader_transaction::{Build, BuildStep, MadeLibrary, Outcome, ReloadError};

use super::harness::{check, game, module, plain, reload, Bench};
use crate::{
    hot::{
        library::{Libraries, Library, Order, Source, Wake},
        slots::Delegates,
        HotReloader, HotReloaderConfig, HotReloaderPlugin,
    },
    state_key::{IsResource, Probe},
    Abilities, LibraryEntry, ModuleEntry,
};

#[derive(Component, Clone, Debug, PartialEq)]
struct Health(String);

#[derive(Resource, Clone, Debug, PartialEq)]
struct Score(Vec<u32>);

/// No state key.
#[derive(Component, Debug, PartialEq)]
struct Speed(u32);

/// Owns the first two.
const OWNER: ModuleEntry = ModuleEntry {
    declare: |keys| {
        keys.add::<Health>(plain::<Health>());
        keys.add::<Score>(Abilities {
            make_known: IsResource::make_known(&&Probe::<Score>::new()),
            ..plain::<Health>()
        });
    },
    ..module("game", |_| {})
};

#[test]
fn state_is_captured_and_restored_with_what_was_not_there() {
    let mut bench = Bench::start(&[OWNER], |_| {});
    let world = bench.world();
    let kept = world.spawn((Health("kept".to_owned()), Speed(1))).id();
    let gone = world.spawn(Health("gone".to_owned())).id();
    let bare = world.spawn(Speed(1)).id();
    let snapshot = HotReloader::capture_state(world, &["game"]).unwrap();

    world.get_mut::<Health>(kept).unwrap().0.push('!');
    world.get_mut::<Speed>(kept).unwrap().0 = 2;
    world.despawn(gone);
    world.entity_mut(bare).insert(Health("more".to_owned()));
    let more = world.spawn(Health("more".to_owned())).id();
    world.insert_resource(Score(vec![1]));
    assert_eq!(HotReloader::restore_state(world, &snapshot), [""; 0]);
    assert_eq!(world.get::<Health>(kept).unwrap().0, "kept");
    assert_eq!(world.get::<Speed>(kept), Some(&Speed(2)), "it is no key");
    assert_eq!(world.get::<Health>(gone).unwrap().0, "gone");
    assert_eq!(world.get::<Health>(bare), None);
    assert_eq!(world.get::<Speed>(bare), Some(&Speed(1)));
    assert!(!world.entities().contains(more));
    assert!(!world.contains_resource::<Score>());

    world.insert_resource(Score(vec![1]));
    let snapshot = HotReloader::capture_state(world, &["game"]).unwrap();
    world.remove_resource::<Score>();
    assert_eq!(HotReloader::restore_state(world, &snapshot), [""; 0]);
    assert_eq!(*world.resource::<Score>(), Score(vec![1]));

    let error = HotReloader::capture_state(world, &["oops"]).unwrap_err();
    assert!(
        matches!(error, RegistryError::UnknownModule { .. }),
        "{error}"
    );
}

#[test]
fn the_values_of_a_key_that_is_none_any_more_stay_and_that_is_told() {
    let mut bench = Bench::start(&[OWNER], |_| {});
    let kept = bench.world().spawn(Health("kept".to_owned())).id();
    let report = reload(&mut bench, |_| {});
    let told = |text: &String| text.contains("Health is a state key no longer");
    assert!(report.warnings.iter().any(told), "{report:#?}");
    let told = |text: &String| text.contains("Score is");
    assert!(!report.warnings.iter().any(told), "there is none");
    assert_eq!(bench.world().get::<Health>(kept).unwrap().0, "kept");
}

#[test]
fn the_systems_of_a_module_are_run_as_the_settings_say() {
    fn build(app: &mut App) {
        app.add_systems(Update, || {});
    }
    let executor = |bench: &mut Bench| {
        let slot = bench.world().resource::<Delegates>().get("game").unwrap();
        let schedule = slot.schedules[&Update.intern()].as_ref().unwrap();
        schedule.get_executor_kind()
    };
    let mut bench = Bench::start(&[game(build)], |_| {});
    assert_eq!(executor(&mut bench), ExecutorKind::SingleThreaded);
    let mut config = bench.world().resource_mut::<HotReloaderConfig>();
    config.module_executor = ExecutorKind::MultiThreaded;
    check(&bench.reload(&[game(build)]), Outcome::Committed);
    assert_eq!(executor(&mut bench), ExecutorKind::MultiThreaded);
}

/// A build that goes on for ever.
struct Endless;

impl Build for Endless {
    fn try_next(&mut self) -> Option<BuildStep> {
        None
    }

    fn wait_next(&mut self) -> BuildStep {
        unreachable!("nobody waits for it")
    }

    fn describe(&self) -> String {
        "for ever".to_owned()
    }
}

impl Source for Endless {
    fn make(&self, _config: &HotReloaderConfig, _order: Order, _wake: Wake) -> Box<dyn Build> {
        Box::new(Self)
    }

    fn open(
        &mut self,
        _made: &MadeLibrary,
        _copy: &StagedLibrary,
    ) -> Result<&'static LibraryEntry, ReloadError> {
        unreachable!("it makes nothing")
    }

    fn open_count(&self) -> usize {
        0
    }

    fn swap(&self, _world: &mut World, _library: &Library) -> Result<(), String> {
        unreachable!("it makes nothing")
    }
}

/// The second frame ends when its time is over, since there is nothing to see of the build before.
#[test]
fn frames_take_their_time_while_somebody_waits_for_a_build() {
    let config = HotReloaderConfig {
        remote: false,
        frame_rate_while_building: Some(20.0),
        ..HotReloaderConfig::new("/", &["bench"])
    };
    let mut app = App::new();
    app.add_plugins((MinimalPlugins, StatesPlugin, HotReloaderPlugin { config }))
        .insert_resource(Libraries(Box::new(Endless)));
    app.finish();
    app.cleanup();
    let begun = Instant::now();
    app.update();
    app.update();
    let reloader = app.world().resource::<HotReloader>();
    assert!(reloader.progress().is_some(), "it goes on");
    assert!(begun.elapsed() >= Duration::from_millis(50));
}

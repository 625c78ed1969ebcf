//! What an `App` offers, across a reload: the rows of the table in `docs/app.md`.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use bevy::{
    app::{MainScheduleOrder, PluginGroupBuilder, RunFixedMainLoop},
    asset::{
        io::{
            memory::{Dir, MemoryAssetReader},
            AssetSource, AssetSourceId, Reader,
        },
        AssetLoader, LoadContext,
    },
    ecs::{
        schedule::ScheduleLabel,
        system::{RunSystemOnce, SystemId},
    },
    prelude::*,
    render::RenderApp,
    state::app::StatesPlugin,
    window::WindowPlugin,
};
use hot_reloader_transaction::{Outcome, ReloadReport};

use super::harness::{check, module, Bench};
use crate::{hot::ReloadRequest, ExemptFromRollback, ModuleEntry, OnLoad, OnUnload};

#[derive(Resource, Default, Debug, PartialEq)]
struct Notes(Vec<String>);

fn host(app: &mut App) {
    app.init_resource::<Notes>().exempt_from_rollback::<Notes>();
}

fn note(text: &'static str) -> impl Fn(ResMut<Notes>) {
    move |mut notes| notes.0.push(text.to_owned())
}

fn take(bench: &mut Bench) -> Vec<String> {
    std::mem::take(&mut bench.world().resource_mut::<Notes>().0)
}

const fn game(build: fn(&mut App)) -> ModuleEntry {
    module("game", build)
}

fn start(build: fn(&mut App)) -> Bench {
    Bench::start(&[game(build)], host)
}

/// What the sources say of types of which nothing else is known.
const SOURCES: &str = "mod hot { mod tests { mod app {
    struct Words(Vec<&'static str>);
    struct Registry(Vec<&'static str>);
    struct Callbacks(Vec<SystemId>);
} } }";

fn start_known(build: fn(&mut App)) -> Bench {
    let mut bench = Bench::new(&[game(build)], host);
    bench.types(SOURCES, 1);
    check(&bench.report(), Outcome::Committed);
    bench
}

#[track_caller]
fn reload(bench: &mut Bench, build: fn(&mut App)) -> ReloadReport {
    let report = bench.reload(&[game(build)]);
    check(&report, Outcome::Committed);
    bench.frames(8);
    report
}

#[track_caller]
fn rebuild(bench: &mut Bench, build: fn(&mut App)) -> ReloadReport {
    bench.next(&[game(build)]);
    bench.world().send_event(ReloadRequest::all().rebuilding());
    let report = bench.report();
    check(&report, Outcome::Committed);
    assert!(report.rebuilds);
    report
}

/// Code that panics in its first frame.
fn broken(app: &mut App) {
    app.add_systems(Update, || panic!("broken"));
}

/// What the next frame notes.
fn frame(bench: &mut Bench) -> Vec<String> {
    take(bench);
    bench.frames(1);
    take(bench)
}

#[test]
fn systems_are_the_new_codes() {
    let mut bench = start(|app| {
        let exclusive = |world: &mut World| world.resource_mut::<Notes>().0.push("old".to_owned());
        app.add_systems(Update, (note("stays"), note("goes"), exclusive).chain());
    });
    assert_eq!(frame(&mut bench), ["stays", "goes", "old"]);
    reload(&mut bench, |app| {
        let exclusive = |world: &mut World| world.resource_mut::<Notes>().0.push("new".to_owned());
        app.add_systems(Update, (note("comes"), exclusive, note("stays")).chain());
    });
    assert_eq!(frame(&mut bench), ["comes", "new", "stays"]);
}

#[test]
fn components_are_as_they_were() {
    #[derive(Component)]
    struct Health(u32);
    let mut bench = start(|app| {
        app.add_systems(Startup, |mut commands: Commands| {
            commands.spawn(Health(1));
        });
    });
    let world = bench.world();
    world.query::<&mut Health>().single_mut(world).0 = 2;
    reload(&mut bench, |app| {
        app.add_systems(Startup, |mut commands: Commands| {
            commands.spawn(Health(3));
        });
    });
    let world = bench.world();
    assert_eq!(world.query::<&Health>().single(world).0, 2);
}

#[derive(Resource, Reflect, Clone, Debug, PartialEq)]
struct Speed(f32);

#[derive(Resource, Debug, PartialEq)]
struct Words(Vec<&'static str>);

#[test]
fn a_resource_that_is_inserted_again_stays_unless_the_code_says_something_else() {
    fn one(app: &mut App) {
        app.insert_resource(Speed(1.0));
    }
    let mut bench = start(one);
    bench.world().resource_mut::<Speed>().0 = 5.0;
    reload(&mut bench, one);
    assert_eq!(bench.world().resource::<Speed>().0, 5.0, "it is state");
    let report = bench.reload(&[game(|app| {
        app.insert_resource(Speed(2.0));
        broken(app);
    })]);
    check(&report, Outcome::RolledBack);
    assert_eq!(bench.world().resource::<Speed>().0, 5.0);
    reload(&mut bench, |app| {
        app.insert_resource(Speed(2.0));
    });
    assert_eq!(bench.world().resource::<Speed>().0, 2.0, "it was edited");
    bench.world().resource_mut::<Speed>().0 = 6.0;
    reload(&mut bench, |app| {
        app.insert_resource(Speed(2.0));
    });
    assert_eq!(bench.world().resource::<Speed>().0, 6.0);
}

#[test]
fn a_resource_of_the_host_is_set_by_the_first_load_and_back_after_a_rollback() {
    let mut bench = Bench::new(
        &[game(|app| {
            app.insert_resource(Speed(2.0));
            broken(app);
        })],
        |app| {
            host(app);
            app.insert_resource(Speed(1.0));
        },
    );
    check(&bench.report(), Outcome::RolledBack);
    assert_eq!(bench.world().resource::<Speed>().0, 1.0);
    reload(&mut bench, |app| {
        app.insert_resource(Speed(3.0));
    });
    assert_eq!(bench.world().resource::<Speed>().0, 3.0);
}

#[test]
fn a_resource_that_cannot_be_compared_stays_if_it_was_changed_and_that_is_said() {
    fn words(app: &mut App) {
        app.insert_resource(Words(vec!["code"]));
    }
    let mut bench = start_known(words);
    // Nobody has changed it: it is a constant.
    reload(&mut bench, |app| {
        app.insert_resource(Words(vec!["new", "code"]));
    });
    assert_eq!(bench.world().resource::<Words>().0, ["new", "code"]);
    bench.world().resource_mut::<Words>().0.push("changed");
    let report = reload(&mut bench, words);
    assert_eq!(
        bench.world().resource::<Words>().0,
        ["new", "code", "changed"]
    );
    let says = |text: &String| text.contains("Words") && text.contains("its value stays");
    assert!(report.warnings.iter().any(says), "{report:#?}");
}

#[test]
fn a_resource_that_is_initialised_again_stays() {
    #[derive(Resource)]
    struct Score(u32);
    impl FromWorld for Score {
        fn from_world(_: &mut World) -> Self {
            Self(7)
        }
    }
    #[derive(Default)]
    struct Bound(Option<*const u8>);
    let build: fn(&mut App) = |app| {
        app.init_resource::<Score>()
            .init_non_send_resource::<Bound>();
    };
    let mut bench = start(build);
    bench.world().resource_mut::<Score>().0 = 8;
    bench.world().non_send_resource_mut::<Bound>().0 = Some(std::ptr::null());
    reload(&mut bench, build);
    assert_eq!(bench.world().resource::<Score>().0, 8);
    assert!(bench.world().non_send_resource::<Bound>().0.is_some());
}

#[test]
fn a_resource_that_is_no_longer_inserted_stays() {
    let mut bench = start(|app| {
        app.insert_resource(Speed(1.0));
    });
    reload(&mut bench, |_| {});
    assert_eq!(bench.world().resource::<Speed>().0, 1.0);
}

#[test]
fn a_resource_that_is_bound_to_its_thread_stays() {
    struct Handle(*const u8);
    fn build(app: &mut App) {
        app.insert_non_send_resource(Handle(std::ptr::null()));
    }
    let mut bench = start(build);
    let one = 1_u8;
    bench.world().non_send_resource_mut::<Handle>().0 = &raw const one;
    reload(&mut bench, build);
    assert_eq!(
        bench.world().non_send_resource::<Handle>().0,
        &raw const one
    );
}

#[derive(Event)]
struct Hit(u32);

#[test]
fn events_are_read_by_new_code_and_those_of_code_that_was_taken_back_are_gone() {
    fn reader(app: &mut App) {
        app.add_event::<Hit>().add_systems(
            Update,
            |mut hits: EventReader<Hit>, mut notes: ResMut<Notes>| {
                notes.0.extend(hits.read().map(|hit| hit.0.to_string()));
            },
        );
    }
    let mut bench = start(reader);
    reload(&mut bench, reader);
    bench.world().send_event(Hit(1));
    bench.frames(1);
    assert_eq!(take(&mut bench), ["1"]);
    let report = bench.reload(&[game(|app| {
        app.add_event::<Hit>()
            .add_systems(Update, |mut hits: EventWriter<Hit>| {
                hits.send(Hit(2));
                panic!("broken");
            });
    })]);
    check(&report, Outcome::RolledBack);
    bench.frames(3);
    assert_eq!(take(&mut bench), [""; 0]);
}

#[derive(States, Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
enum Screen {
    #[default]
    Menu,
    Game,
}

#[derive(SubStates, Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[source(Screen = Screen::Game)]
enum Pause {
    #[default]
    Running,
    Paused,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct InGame;

impl ComputedStates for InGame {
    type SourceStates = Screen;

    fn compute(screen: Screen) -> Option<Self> {
        (screen == Screen::Game).then_some(Self)
    }
}

fn states(app: &mut App) {
    app.init_state::<Screen>()
        .add_sub_state::<Pause>()
        .add_computed_state::<InGame>()
        .enable_state_scoped_entities::<Screen>()
        .add_systems(OnEnter(Screen::Menu), note("menu"))
        .add_systems(OnEnter(Screen::Game), note("game"))
        .add_systems(OnExit(Screen::Game), note("no game"))
        .add_systems(OnEnter(Pause::Running), note("runs"))
        .add_systems(OnEnter(Pause::Paused), note("paused"))
        .add_systems(OnEnter(InGame), note("in game"))
        .add_systems(OnExit(InGame), note("out of game"));
}

fn set<S: bevy::state::state::FreelyMutableState>(bench: &mut Bench, state: S) {
    bench.world().resource_mut::<NextState<S>>().set(state);
    bench.frames(2);
}

#[test]
fn states_sub_states_and_computed_states_go_on() {
    let mut bench = start(states);
    bench.frames(2);
    assert_eq!(take(&mut bench), ["menu"]);
    for round in 0..3 {
        set(&mut bench, Screen::Game);
        let mut entered = take(&mut bench);
        entered.sort();
        assert_eq!(entered, ["game", "in game", "runs"], "round {round}");
        set(&mut bench, Pause::Paused);
        assert_eq!(take(&mut bench), ["paused"]);
        reload(&mut bench, states);
        assert_eq!(take(&mut bench), [""; 0], "a reload enters nothing");
        let world = bench.world();
        assert_eq!(*world.resource::<State<Pause>>().get(), Pause::Paused);
        assert!(world.contains_resource::<State<InGame>>());
        world.spawn((Name::new("scoped"), StateScoped(Screen::Game)));
        set(&mut bench, Screen::Menu);
        let mut left = take(&mut bench);
        left.sort();
        assert_eq!(left, ["menu", "no game", "out of game"], "round {round}");
        let world = bench.world();
        assert!(!world.contains_resource::<State<Pause>>());
        assert_eq!(bench.count::<Name>(), 0, "it was of that state");
    }
}

#[test]
fn what_a_computed_state_is_worked_out_by_is_the_new_codes() {
    #[derive(Resource, Default)]
    struct Old;
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    struct Loud;
    impl ComputedStates for Loud {
        type SourceStates = Option<Screen>;

        fn compute(screen: Option<Screen>) -> Option<Self> {
            (screen == Some(Screen::Game)).then_some(Self)
        }
    }
    let mut bench = start(|app| {
        app.init_state::<Screen>().init_resource::<Old>();
    });
    set(&mut bench, Screen::Game);
    // A state that comes with an edit is worked out at the next transition.
    reload(&mut bench, |app| {
        app.init_state::<Screen>().add_computed_state::<Loud>();
    });
    set(&mut bench, Screen::Menu);
    set(&mut bench, Screen::Game);
    assert!(bench.world().contains_resource::<State<Loud>>());
}

#[test]
fn a_state_that_is_inserted_goes_on_where_it_is() {
    fn build(app: &mut App) {
        app.insert_state(Screen::Game)
            .add_systems(OnEnter(Screen::Game), note("game"))
            .add_systems(OnEnter(Screen::Menu), note("menu"));
    }
    let mut bench = start(build);
    bench.frames(2);
    assert_eq!(take(&mut bench), ["game"]);
    set(&mut bench, Screen::Menu);
    take(&mut bench);
    reload(&mut bench, build);
    assert_eq!(
        *bench.world().resource::<State<Screen>>().get(),
        Screen::Menu
    );
    assert_eq!(take(&mut bench), [""; 0]);
}

#[test]
fn a_state_of_the_host_stays_the_hosts() {
    let mut bench = Bench::start(
        &[game(|app| {
            app.init_state::<Screen>()
                .add_systems(OnEnter(Screen::Game), note("game"));
        })],
        |app| {
            host(app);
            app.init_state::<Screen>();
        },
    );
    for _ in 0..2 {
        set(&mut bench, Screen::Game);
        assert_eq!(take(&mut bench), ["game"], "once");
        set(&mut bench, Screen::Menu);
        reload(&mut bench, |app| {
            app.init_state::<Screen>()
                .add_systems(OnEnter(Screen::Game), note("game"));
        });
    }
}

#[test]
fn entities_go_with_their_state_if_the_new_code_says_so() {
    fn plain(app: &mut App) {
        app.init_state::<Screen>();
    }
    fn scoped(app: &mut App) {
        app.init_state::<Screen>()
            .enable_state_scoped_entities::<Screen>();
    }
    let mut bench = start(plain);
    let versions: [(fn(&mut App), usize); 2] = [(scoped, 0), (plain, 1)];
    for (build, left) in versions {
        reload(&mut bench, build);
        set(&mut bench, Screen::Game);
        let bundle = (Name::new("scoped"), StateScoped(Screen::Game));
        bench.world().spawn(bundle);
        set(&mut bench, Screen::Menu);
        assert_eq!(bench.count::<Name>(), left);
    }
}

#[derive(Asset, TypePath)]
struct Page(&'static str);

/// Makes the same page of whatever it reads.
struct Printer(&'static str);

impl AssetLoader for Printer {
    type Asset = Page;
    type Settings = ();
    type Error = std::io::Error;

    async fn load<'a>(
        &'a self,
        _: &'a mut Reader<'_>,
        _: &'a (),
        _: &'a mut LoadContext<'_>,
    ) -> Result<Page, std::io::Error> {
        Ok(Page(self.0))
    }

    fn extensions(&self) -> &[&str] {
        &["page"]
    }
}

#[test]
fn assets_stay_and_so_do_the_loaders_of_the_first_load() {
    let engine = |app: &mut App| {
        let root = Dir::default();
        root.insert_asset_text(Path::new("a.page"), "");
        let source = AssetSource::build()
            .with_reader(move || Box::new(MemoryAssetReader { root: root.clone() }));
        app.register_asset_source(AssetSourceId::Default, source)
            .add_plugins((MinimalPlugins, AssetPlugin::default(), StatesPlugin));
    };
    let first = game(|app| {
        app.init_asset::<Page>()
            .register_asset_loader(Printer("first"));
    });
    let mut bench = Bench::start_in(engine, &[first]);
    let mut pages = bench.world().resource_mut::<Assets<Page>>();
    let added = pages.add(Page("added"));
    reload(&mut bench, |app| {
        app.init_asset::<Page>()
            .register_asset_loader(Printer("second"));
    });
    let text = |bench: &mut Bench, page: &Handle<Page>| -> Option<&'static str> {
        let pages = bench.world().resource::<Assets<Page>>();
        pages.get(page).map(|page| page.0)
    };
    assert_eq!(text(&mut bench, &added), Some("added"));
    let loaded: Handle<Page> = bench.world().resource::<AssetServer>().load("a.page");
    let start = Instant::now();
    while text(&mut bench, &loaded).is_none() {
        assert!(
            start.elapsed() < Duration::from_secs(30),
            "it is not loaded"
        );
        bench.frames(1);
    }
    assert_eq!(text(&mut bench, &loaded), Some("first"));
}

#[derive(Asset, TypePath)]
struct Leaf;

#[test]
fn a_type_of_assets_that_comes_to_others_is_refused_each_time() {
    let engine = |app: &mut App| {
        app.add_plugins((MinimalPlugins, AssetPlugin::default(), StatesPlugin));
    };
    let first = game(|app| {
        app.init_asset::<Page>();
    });
    let mut bench = Bench::start_in(engine, &[first]);
    for _ in 0..2 {
        let report = bench.reload(&[game(|app| {
            app.init_asset::<Page>().init_asset::<Leaf>();
        })]);
        check(&report, Outcome::Refused);
        let world = bench.world();
        assert!(!world.contains_resource::<Assets<Leaf>>());
    }
}

#[derive(Event)]
struct Ring;

#[test]
fn observers_keep_their_entity_and_hold_the_new_code() {
    fn one(app: &mut App) {
        app.observe(
            |_: Trigger<Ring>, mut notes: ResMut<Notes>, mut count: Local<u32>| {
                *count += 1;
                notes.0.push(format!("one {}", *count));
            },
        );
    }
    let mut bench = start(one);
    let entities = bench.world().entities().len();
    bench.world().trigger(Ring);
    let report = bench.reload(&[game(|app| {
        app.observe(|_: Trigger<Ring>, mut notes: ResMut<Notes>| {
            notes.0.push("two".to_owned());
        })
        .observe(|_: Trigger<OnAdd, Name>, mut notes: ResMut<Notes>| {
            notes.0.push("named".to_owned());
        });
        broken(app);
    })]);
    check(&report, Outcome::RolledBack);
    bench.world().trigger(Ring);
    bench.world().spawn(Name::new("somebody"));
    assert_eq!(
        take(&mut bench),
        ["one 1", "one 2"],
        "not even its `Local` is lost"
    );
    reload(&mut bench, |app| {
        app.observe(|_: Trigger<Ring>, mut notes: ResMut<Notes>| {
            notes.0.push("three".to_owned());
        });
    });
    bench.world().trigger(Ring);
    assert_eq!(take(&mut bench), ["three"]);
    assert_eq!(
        bench.world().entities().len(),
        entities + 1,
        "but for the one with a name"
    );
    reload(&mut bench, |_| {});
    bench.world().trigger(Ring);
    assert_eq!(take(&mut bench), [""; 0]);
}

#[test]
fn an_observer_that_is_gone_ends_when_the_reload_is_accepted() {
    let mut bench = start(|app| {
        app.observe(|_: Trigger<Ring>, mut notes: ResMut<Notes>| {
            notes.0.push("heard".to_owned());
        });
    });
    reload(&mut bench, |app| {
        app.add_systems(Update, |mut commands: Commands| commands.trigger(Ring));
    });
    assert!(!take(&mut bench).is_empty(), "on probation it is there");
    assert_eq!(frame(&mut bench), [""; 0]);
}

#[derive(Resource)]
struct Callback(SystemId);

#[test]
fn one_shot_systems_keep_their_id_and_run_the_new_code() {
    let mut bench = start(|app| {
        let id = app.register_system(note("old"));
        app.insert_resource(Callback(id));
    });
    let run = |bench: &mut Bench| {
        let id = bench.world().resource::<Callback>().0;
        bench.world().run_system(id).expect("it is there");
        take(bench)
    };
    assert_eq!(run(&mut bench), ["old"]);
    let report = bench.reload(&[game(|app| {
        let id = app.register_system(note("new"));
        app.insert_resource(Callback(id));
        broken(app);
    })]);
    check(&report, Outcome::RolledBack);
    assert_eq!(run(&mut bench), ["old"]);
    reload(&mut bench, |app| {
        let id = app.register_system(note("new"));
        app.insert_resource(Callback(id));
    });
    assert_eq!(run(&mut bench), ["new"]);
}

#[derive(Resource)]
struct Callbacks(Vec<SystemId>);

#[test]
fn ids_in_a_resource_that_cannot_be_compared_stay_and_run_the_new_code() {
    fn build(app: &mut App, text: &'static str) {
        let id = app.register_system(note(text));
        app.insert_resource(Callbacks(vec![id]));
    }
    let mut bench = start_known(|app| build(app, "old"));
    reload(&mut bench, |app| build(app, "new"));
    let id = bench.world().resource::<Callbacks>().0[0];
    bench.world().run_system(id).expect("it is there");
    assert_eq!(take(&mut bench), ["new"]);
}

#[test]
fn a_one_shot_system_that_a_system_has_registered_goes_on_with_its_code() {
    let mut bench = start(|app| {
        app.add_systems(Startup, |world: &mut World| {
            let id = world.register_system(note("old"));
            world.insert_resource(Callback(id));
        });
    });
    reload(&mut bench, |app| {
        app.add_systems(Startup, |world: &mut World| {
            let id = world.register_system(note("new"));
            world.insert_resource(Callback(id));
        });
    });
    let id = bench.world().resource::<Callback>().0;
    bench.world().run_system(id).expect("it is there");
    assert_eq!(take(&mut bench), ["old"]);
}

/// A plugin of a game, with plugins of its own.
#[derive(Default)]
struct Nested {
    extra: bool,
}

impl Plugin for Nested {
    fn build(&self, app: &mut App) {
        app.add_plugins((Parts, |app: &mut App| {
            app.add_systems(Update, note("function"));
        }));
        if !app.is_plugin_added::<Part>() {
            app.world_mut()
                .resource_mut::<Notes>()
                .0
                .push("no part".to_owned());
        }
        if self.extra {
            app.add_systems(Update, note("extra"));
        }
    }
}

struct Parts;

impl PluginGroup for Parts {
    fn build(self) -> PluginGroupBuilder {
        PluginGroupBuilder::start::<Self>().add(Part)
    }
}

struct Part;

#[derive(Resource, Default)]
struct Steps(Vec<&'static str>);

impl Plugin for Part {
    fn build(&self, app: &mut App) {
        app.init_resource::<Steps>();
        app.add_systems(Update, note("part"));
    }

    fn finish(&self, app: &mut App) {
        app.world_mut().resource_mut::<Steps>().0.push("finish");
    }

    fn cleanup(&self, app: &mut App) {
        app.world_mut().resource_mut::<Steps>().0.push("cleanup");
    }
}

#[test]
fn nested_plugins_and_groups_build_with_their_module() {
    let mut bench = start(|app| {
        app.add_plugins(Nested::default());
    });
    let sorted = |bench: &mut Bench| {
        let mut notes = frame(bench);
        notes.sort();
        notes
    };
    assert_eq!(sorted(&mut bench), ["function", "part"]);
    assert_eq!(bench.world().resource::<Steps>().0, ["finish", "cleanup"]);
    reload(&mut bench, |app| {
        app.add_plugins(Nested { extra: true });
    });
    assert_eq!(sorted(&mut bench), ["extra", "function", "part"]);
    assert_eq!(
        bench.world().resource::<Steps>().0,
        ["finish", "cleanup"],
        "what it keeps is left alone"
    );
}

#[test]
fn entities_that_a_build_spawns_are_there_once() {
    fn build(app: &mut App) {
        app.world_mut().spawn(Name::new("spawned"));
    }
    let mut bench = start(build);
    reload(&mut bench, build);
    assert_eq!(bench.count::<Name>(), 1);
    rebuild(&mut bench, build);
    assert_eq!(bench.count::<Name>(), 1, "a rebuild leaves them alone too");
}

#[derive(ScheduleLabel, Clone, Debug, PartialEq, Eq, Hash)]
struct Turn;

#[test]
fn schedules_of_its_own_are_run_by_whoever_runs_them() {
    fn build(app: &mut App) {
        app.init_schedule(Turn)
            .add_systems(Turn, note("turn"))
            .add_systems(Update, |world: &mut World| world.run_schedule(Turn));
    }
    let mut bench = start(build);
    bench.frames(1);
    take(&mut bench);
    bench.frames(1);
    assert_eq!(take(&mut bench), ["turn"]);
    reload(&mut bench, |app| {
        app.init_schedule(Turn)
            .add_systems(Turn, (note("turn"), note("twice")).chain())
            .add_systems(Update, |world: &mut World| world.run_schedule(Turn));
    });
    take(&mut bench);
    bench.frames(1);
    assert_eq!(take(&mut bench), ["turn", "twice"]);
}

#[test]
fn a_build_finds_the_schedules_that_every_app_has() {
    let mut bench = start(|app| {
        let schedule = app.get_schedule_mut(Update).expect("every app has it");
        schedule.add_systems(note("update"));
    });
    assert_eq!(frame(&mut bench), ["update"]);
}

#[test]
fn fixed_time_and_exclusive_systems_run_as_in_any_app() {
    let mut bench = Bench::start(
        &[game(|app| {
            app.insert_resource(Time::<Fixed>::from_hz(100.0))
                .add_systems(FixedUpdate, note("step"))
                .add_systems(Update, |world: &mut World| {
                    world.run_system_once(note("exclusive"));
                });
        })],
        |app| {
            host(app);
            let step = std::time::Duration::from_millis(10);
            app.insert_resource(bevy::time::TimeUpdateStrategy::ManualDuration(step));
        },
    );
    take(&mut bench);
    bench.frames(1);
    assert_eq!(take(&mut bench), ["step", "exclusive"]);
    // Half a step has accumulated, and counts for the new code.
    let world = bench.world();
    let before = world.resource::<Time<Fixed>>().overstep();
    let elapsed = world.resource::<Time<Fixed>>().elapsed();
    reload(&mut bench, |app| {
        app.insert_resource(Time::<Fixed>::from_hz(100.0))
            .add_systems(FixedUpdate, note("step"));
    });
    let world = bench.world();
    assert_eq!(world.resource::<Time<Fixed>>().overstep(), before);
    assert!(world.resource::<Time<Fixed>>().elapsed() > elapsed);
    let _ = RunFixedMainLoop;
}

#[test]
fn component_hooks_stay_those_of_the_first_load() {
    #[derive(Resource, Default)]
    struct Added(u32);
    struct Hooked;
    impl Component for Hooked {
        const STORAGE_TYPE: bevy::ecs::component::StorageType =
            bevy::ecs::component::StorageType::Table;

        fn register_component_hooks(hooks: &mut bevy::ecs::component::ComponentHooks) {
            hooks.on_add(|mut world, _, _| world.resource_mut::<Added>().0 += 1);
        }
    }
    fn build(app: &mut App) {
        app.init_resource::<Added>()
            .add_systems(Startup, |mut commands: Commands| {
                commands.spawn(Hooked);
            });
    }
    let mut bench = start(build);
    reload(&mut bench, build);
    bench.world().spawn(Hooked);
    assert_eq!(bench.world().resource::<Added>().0, 2);

    // Once there are values, Bevy refuses others.
    #[derive(Component)]
    struct Late;
    bench.world().spawn(Late);
    let report = bench.reload(&[game(|app| {
        build(app);
        app.world_mut().register_component_hooks::<Late>();
    })]);
    check(&report, Outcome::Refused);
    let text = report.error.unwrap().to_string();
    assert!(text.contains("hooks"), "{text}");
}

/// It could never build again, so it is not let in at all.
#[test]
fn hooks_that_a_plugin_sets_are_refused_at_the_first_load() {
    #[derive(Component)]
    struct Hooked;
    struct Physics;
    impl Plugin for Physics {
        fn build(&self, app: &mut App) {
            app.world_mut()
                .register_component_hooks::<Hooked>()
                .on_remove(|_, _, _| {});
        }
    }
    let module = game(|app| {
        app.add_plugins(Physics);
    });
    let mut bench = Bench::new(&[module], host);
    let report = bench.report();
    check(&report, Outcome::Refused);
    let text = report.error.unwrap().to_string();
    assert!(
        text.contains("Physics sets the hooks of a component"),
        "{text}"
    );
    assert!(text.contains("in the app itself"), "{text}");
    // That of a type is set whoever meets it first.
    struct Own;
    impl Component for Own {
        const STORAGE_TYPE: bevy::ecs::component::StorageType =
            bevy::ecs::component::StorageType::Table;

        fn register_component_hooks(hooks: &mut bevy::ecs::component::ComponentHooks) {
            hooks.on_add(|_, _, _| {});
        }
    }
    fn build(app: &mut App) {
        app.world_mut().init_component::<Own>();
    }
    let mut bench = start(build);
    reload(&mut bench, build);
}

/// A plugin may run a schedule for others to add to, and nobody does.
#[test]
fn a_schedule_of_its_own_is_there_though_it_is_empty() {
    #[derive(ScheduleLabel, Clone, Debug, PartialEq, Eq, Hash)]
    struct Contacts;
    fn build(app: &mut App) {
        app.init_schedule(Contacts)
            .add_systems(Update, |world: &mut World| world.run_schedule(Contacts));
    }
    let mut bench = start(build);
    reload(&mut bench, |app| {
        build(app);
        app.add_systems(Contacts, note("contact"));
    });
    assert_eq!(frame(&mut bench), ["contact"]);
    reload(&mut bench, build);
    assert!(frame(&mut bench).is_empty());
}

#[test]
fn what_only_a_host_can_have_is_refused_with_the_way_out() {
    #[derive(bevy::app::AppLabel, Clone, Copy, Debug, PartialEq, Eq, Hash)]
    struct Other;
    let mut bench = start(|_| {});
    let cases: [(fn(&mut App), &str); 3] = [
        (
            |app| {
                app.sub_app_mut(Other);
            },
            "the plugin game needs a sub-app",
        ),
        (
            |app| app.insert_sub_app(Other, SubApp::new()),
            "adds a sub-app",
        ),
        (
            |app| {
                let mut order = app.world_mut().resource_mut::<MainScheduleOrder>();
                order.insert_after(Update, Turn);
            },
            "the order in which the main or fixed schedules run",
        ),
    ];
    for (build, says) in cases {
        let report = bench.reload(&[game(build)]);
        check(&report, Outcome::Refused);
        let text = report.error.unwrap().to_string();
        assert!(text.contains(says), "{text}");
        assert!(text.contains("in the app itself"), "{text}");
    }
}

#[test]
fn a_plugin_that_makes_the_app_what_it_is_is_refused_with_its_name() {
    let mut bench = start(|_| {});
    let report = bench.reload(&[game(|app| {
        app.add_plugins(WindowPlugin::default());
    })]);
    check(&report, Outcome::Refused);
    let text = report.error.unwrap().to_string();
    assert!(
        text.contains("it adds the plugin bevy_window::WindowPlugin"),
        "{text}"
    );
}

#[test]
fn a_runner_is_not_used_and_a_sub_app_that_is_looked_for_not_found() {
    let mut bench = start(|_| {});
    reload(&mut bench, |app| {
        assert!(app.get_sub_app(RenderApp).is_none());
        app.set_runner(|_| panic!("it runs already"))
            .add_systems(Update, note("runs"));
    });
    assert_eq!(frame(&mut bench), ["runs"]);
}

#[test]
fn what_a_build_needs_of_the_host_is_there_when_it_counts() {
    #[derive(Resource)]
    struct Width(u32);
    let mut bench = Bench::start(
        &[game(|app| {
            let width = app.world().resource::<Width>().0;
            app.insert_resource(Speed(width as f32));
        })],
        |app| {
            host(app);
            app.insert_resource(Width(3));
        },
    );
    assert_eq!(bench.world().resource::<Speed>().0, 3.0);
    reload(&mut bench, |app| {
        let width = app.world().resource::<Width>().0;
        app.insert_resource(Speed(width as f32 + 1.0))
            .add_systems(Update, note("runs"));
    });
    assert_eq!(bench.world().resource::<Speed>().0, 4.0);
    // And one that is missing there too is a fault of the code.
    #[derive(Resource)]
    struct Missing;
    let report = bench.reload(&[game(|app| {
        app.world().resource::<Missing>();
    })]);
    check(&report, Outcome::Refused);
    take(&mut bench);
    bench.frames(1);
    assert_eq!(take(&mut bench), ["runs"]);
}

#[test]
fn what_a_module_inserts_that_cannot_be_tried_stays_if_it_was_changed() {
    #[derive(Resource)]
    struct Width;
    fn build(app: &mut App) {
        app.world().resource::<Width>();
        app.insert_resource(Speed(1.0)).insert_resource(Gravity {
            down: 1.0,
            side: 0.0,
        });
    }
    let mut bench = Bench::start(&[game(build)], |app| {
        host(app);
        app.insert_resource(Width);
    });
    bench.world().resource_mut::<Speed>().0 = 2.0;
    reload(&mut bench, build);
    assert_eq!(bench.world().resource::<Speed>().0, 2.0);
    reload(&mut bench, |app| {
        app.world().resource::<Width>();
        app.insert_resource(Speed(1.0)).insert_resource(Gravity {
            down: 3.0,
            side: 0.0,
        });
    });
    assert_eq!(bench.world().resource::<Speed>().0, 2.0);
    assert_eq!(
        bench.world().resource::<Gravity>().down,
        3.0,
        "nobody changed it"
    );
}

/// Nothing is known of it, and there may be bytes between its fields for all one can tell.
#[derive(Resource, Debug, PartialEq)]
struct Gravity {
    down: f32,
    side: f32,
}

#[test]
fn plain_data_is_compared_by_what_it_is() {
    fn build(app: &mut App) {
        app.insert_resource(Gravity {
            down: 1.0,
            side: 0.0,
        });
    }
    let mut bench = start(build);
    bench.world().resource_mut::<Gravity>().side = 5.0;
    reload(&mut bench, build);
    assert_eq!(bench.world().resource::<Gravity>().side, 5.0);
    reload(&mut bench, |app| {
        app.insert_resource(Gravity {
            down: 2.0,
            side: 0.0,
        });
    });
    let now = bench.world().resource::<Gravity>();
    assert_eq!(
        *now,
        Gravity {
            down: 2.0,
            side: 0.0
        }
    );
}

#[derive(Resource, Default)]
struct Registry(Vec<&'static str>);

#[test]
fn a_resource_that_a_build_fills_is_filled_once() {
    fn add(app: &mut App, name: &'static str) {
        app.init_resource::<Registry>();
        app.world_mut().resource_mut::<Registry>().0.push(name);
    }
    let mut bench = start_known(|app| {
        add(app, "one");
        add(app, "two");
    });
    let report = bench.reload(&[game(|app| {
        add(app, "one");
        broken(app);
    })]);
    check(&report, Outcome::RolledBack);
    assert_eq!(bench.world().resource::<Registry>().0, ["one", "two"]);
    reload(&mut bench, |app| {
        add(app, "one");
        add(app, "two");
        add(app, "three");
    });
    assert_eq!(
        bench.world().resource::<Registry>().0,
        ["one", "two", "three"]
    );
}

#[test]
fn own_schedules_can_be_run_by_the_startup() {
    let mut bench = start(|app| {
        app.init_schedule(Turn)
            .add_systems(Turn, note("turn"))
            .add_systems(Startup, |world: &mut World| world.run_schedule(Turn));
    });
    assert_eq!(take(&mut bench), ["turn"]);
}

#[test]
fn a_plugin_of_the_engine_that_the_app_has_is_known() {
    fn build(app: &mut App) {
        if !app.is_plugin_added::<bevy::time::TimePlugin>() {
            app.add_plugins(bevy::time::TimePlugin);
        }
        app.add_systems(Update, note("runs"));
    }
    let mut bench = start(build);
    let report = bench.reload(&[game(|app| {
        app.add_plugins(bevy::time::TimePlugin);
    })]);
    check(&report, Outcome::Refused);
    let text = report.error.unwrap().to_string();
    assert!(text.contains("TimePlugin"), "{text}");
    let report = bench.reload(&[game(|app| {
        app.add_plugins(bevy::app::ScheduleRunnerPlugin::default());
    })]);
    check(&report, Outcome::Refused);
    take(&mut bench);
    bench.frames(1);
    assert_eq!(take(&mut bench), ["runs"]);
}

#[test]
fn a_plugin_of_a_dependency_that_goes_is_told() {
    use bevy::diagnostic::FrameTimeDiagnosticsPlugin;
    let mut bench = start(|app| {
        app.add_plugins(FrameTimeDiagnosticsPlugin);
    });
    let report = reload(&mut bench, |app| {
        app.add_plugins(FrameTimeDiagnosticsPlugin);
    });
    assert_eq!(report.warnings, [""; 0]);
    let report = reload(&mut bench, |_| {});
    let says = |text: &String| text.contains("FrameTimeDiagnosticsPlugin");
    assert!(report.warnings.iter().any(says), "{report:#?}");
}

#[test]
fn threads_that_code_has_begun_and_left_are_told() {
    use std::sync::mpsc::{channel, Sender};

    #[derive(Resource)]
    struct Worker(#[expect(dead_code, reason = "it ends with it")] Sender<()>);
    fn begin(app: &mut App, name: &'static str) {
        app.add_systems(Startup, move |mut commands: Commands| {
            let (end, ended) = channel::<()>();
            let thread = std::thread::Builder::new().name(name.to_owned());
            thread.spawn(move || ended.recv()).expect("it begins");
            commands.insert_resource(Worker(end));
        });
    }
    let mut bench = start(|app| begin(app, "worker"));
    let report = reload(&mut bench, |_| {});
    let says = |text: &String| text.contains("`worker`") && text.contains("generation 1");
    assert!(report.warnings.iter().any(says), "{report:#?}");
    // As if that were all the code of the library: the thread runs other code, which stays.
    let of_shared: fn(&mut App) = |app| begin(app, "of a shared crate");
    let address = of_shared as usize;
    hot_reloader_core::panics::watch(u32::MAX, address..address + 1);
    let mut bench = start(of_shared);
    // Once it waits, what it runs is known.
    let threads = || hot_reloader_core::threads::list().into_iter();
    let is_it = |thread: &hot_reloader_core::threads::Thread| {
        thread.name().as_deref() == Some("of a shared cra")
    };
    let began = std::time::Instant::now();
    while threads().any(|thread| is_it(&thread) && thread.may_run(&(0..0))) {
        assert!(began.elapsed().as_secs() < 60, "it never waits");
        std::thread::yield_now();
    }
    let report = reload(&mut bench, |_| {});
    let says = |text: &String| text.contains("`of a shared cr");
    assert!(!report.warnings.iter().any(says), "{report:#?}");
    let mut bench = start(|app| {
        begin(app, "tidy");
        app.add_systems(OnUnload, |world: &mut World| {
            world.remove_resource::<Worker>();
            let threads = || hot_reloader_core::threads::list().into_iter();
            while threads().any(|thread| thread.name().as_deref() == Some("tidy")) {
                std::thread::yield_now();
            }
        });
    });
    let report = reload(&mut bench, |_| {});
    let says = |text: &String| text.contains("`tidy`");
    assert!(!report.warnings.iter().any(says), "{report:#?}");
}

#[derive(Component)]
struct Level;

fn spawns(count: usize) -> impl Fn(Commands) {
    move |mut commands| {
        for _ in 0..count {
            commands.spawn(Level).with_children(|level| {
                level.spawn(Name::new("part"));
            });
        }
    }
}

#[test]
fn a_rebuild_takes_down_what_startup_setup_and_the_present_state_have_spawned() {
    #[derive(Component)]
    struct Hud;
    fn one(app: &mut App) {
        app.init_state::<Screen>()
            .add_systems(Startup, spawns(1))
            .add_systems(OnLoad, |mut commands: Commands| {
                commands.spawn(Hud);
            })
            .add_systems(OnUnload, || {})
            .add_systems(OnEnter(Screen::Menu), spawns(10))
            .add_systems(OnEnter(Screen::Game), spawns(100));
    }
    fn two(app: &mut App) {
        app.init_state::<Screen>()
            .add_systems(Startup, spawns(2))
            .add_systems(OnLoad, |mut commands: Commands| {
                commands.spawn(Hud);
            })
            .add_systems(OnEnter(Screen::Menu), spawns(20))
            .add_systems(OnEnter(Screen::Game), spawns(200));
    }
    let mut bench = start(one);
    bench.frames(2);
    assert_eq!(bench.count::<Level>(), 11);
    let stranger = bench.world().spawn(Level).id();
    reload(&mut bench, two);
    assert_eq!(bench.count::<Level>(), 12, "a reload spawns nothing");
    rebuild(&mut bench, two);
    assert_eq!(bench.count::<Level>(), 23);
    assert_eq!(bench.count::<Name>(), 22, "with all that was below them");
    assert_eq!(bench.count::<Hud>(), 1);
    assert!(bench.world().get_entity(stranger).is_some());
    bench.frames(8);
    set(&mut bench, Screen::Game);
    assert_eq!(bench.count::<Level>(), 223);
    rebuild(&mut bench, one);
    assert_eq!(
        bench.count::<Level>(),
        1 + 1 + 20 + 100,
        "the menu is not the present state"
    );
    // One that panics brings back all that was taken down, and is known to the next.
    bench.frames(8);
    bench.next(&[game(|app| {
        two(app);
        broken(app);
    })]);
    bench.world().send_event(ReloadRequest::all().rebuilding());
    check(&bench.report(), Outcome::RolledBack);
    assert_eq!(bench.count::<Level>(), 122);
    rebuild(&mut bench, two);
    assert_eq!(bench.count::<Level>(), 1 + 2 + 20 + 200);
}

#[test]
fn the_first_state_is_entered_before_the_startup() {
    let mut bench = start(|app| {
        app.init_state::<Screen>()
            .add_systems(Startup, note("startup"))
            .add_systems(OnEnter(Screen::Menu), note("menu"));
    });
    bench.frames(2);
    assert_eq!(take(&mut bench), ["menu", "startup"]);
}

/// A rebuild takes down what a reload leaves alone.
#[test]
fn what_a_rebuild_takes_down_and_could_not_bring_back_is_told() {
    #[derive(States, Clone, Debug, Default, PartialEq, Eq, Hash)]
    struct Level(String);
    fn build(app: &mut App) {
        app.add_systems(Startup, |mut commands: Commands| {
            let level = StateScoped(Level("the first".to_owned()));
            commands
                .spawn(Name::new("of the level"))
                .with_children(|children| {
                    children.spawn(level);
                });
        });
    }
    let mut bench = start(build);
    let is_told = |report: &ReloadReport| {
        let mut warnings = report.warnings.iter();
        warnings
            .any(|told| told.contains("StateScoped") && told.contains("could not be brought back"))
    };
    assert!(!is_told(&reload(&mut bench, build)));
    assert!(is_told(&rebuild(&mut bench, build)));
}

#[test]
fn a_rebuild_enters_a_state_before_those_within_it() {
    let mut bench = start(states);
    set(&mut bench, Screen::Game);
    for _ in 0..4 {
        take(&mut bench);
        rebuild(&mut bench, states);
        let entered = take(&mut bench);
        assert_eq!(entered.len(), 3, "{entered:?}");
        assert_eq!(entered[0], "game");
        bench.frames(2);
    }
}

#[test]
fn a_state_that_came_back_is_built_anew_by_a_rebuild() {
    fn menu(app: &mut App) {
        app.init_state::<Screen>()
            .add_systems(OnEnter(Screen::Menu), spawns(1));
    }
    let mut bench = start(menu);
    let report = bench.reload(&[game(|app| {
        menu(app);
        app.add_systems(Update, |mut next: ResMut<NextState<Screen>>| {
            next.set(Screen::Game);
        })
        .add_systems(OnEnter(Screen::Game), || panic!("broken"));
    })]);
    check(&report, Outcome::RolledBack);
    rebuild(&mut bench, |app| {
        app.init_state::<Screen>()
            .add_systems(OnEnter(Screen::Menu), spawns(2));
    });
    assert_eq!(bench.count::<Level>(), 2);
}

#[test]
fn a_state_that_was_left_is_not_built_anew_though_another_that_came_with_it_is_what_it_was() {
    #[derive(States, Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    enum Sound {
        #[default]
        On,
    }
    fn build(app: &mut App) {
        app.init_state::<Screen>()
            .init_state::<Sound>()
            .enable_state_scoped_entities::<Screen>()
            .add_systems(OnEnter(Screen::Menu), |mut commands: Commands| {
                commands.spawn((Level, StateScoped(Screen::Menu)));
            });
    }
    let mut bench = start(build);
    assert_eq!(bench.count::<Level>(), 1);
    set(&mut bench, Screen::Game);
    assert_eq!(bench.count::<Level>(), 0);
    rebuild(&mut bench, build);
    assert_eq!(bench.count::<Level>(), 0);
}

#[test]
fn a_rebuild_of_code_that_is_what_it_was_builds_anew() {
    let entry = [game(|app| {
        app.add_systems(Startup, spawns(1));
    })];
    let mut bench = Bench::start(&entry, host);
    let world = bench.world();
    let before = world.query_filtered::<Entity, With<Level>>().single(world);
    bench.again();
    bench.world().send_event(ReloadRequest::all().rebuilding());
    check(&bench.report(), Outcome::Committed);
    let world = bench.world();
    let after = world.query_filtered::<Entity, With<Level>>().single(world);
    assert_ne!(before, after);
}

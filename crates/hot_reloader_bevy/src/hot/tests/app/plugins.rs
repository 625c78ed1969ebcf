//! Plugins within a module, what belongs to the app itself, and threads that code begins.

use bevy::{
    app::{MainScheduleOrder, PluginGroupBuilder},
    prelude::*,
    render::RenderApp,
    window::WindowPlugin,
};
use hot_reloader_transaction::Outcome;

use super::{check, frame, game, note, reload, start, systems::Turn, Bench, Notes};
use crate::OnUnload;

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
    assert_eq!(frame(&mut bench), ["runs"]);
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

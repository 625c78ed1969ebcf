//! What a module's plugin adds, taken down so that it can be tried and put in place.
//!
//! A plugin builds on an `App`. Here that is an empty one with a world put into it, and with schedules of its
//! own in place of the world's: so systems are collected, and all else happens to that world.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use bevy::{
    app::{FixedMainScheduleOrder, MainScheduleOrder, PluginsState, SubApp},
    ecs::schedule::{InternedScheduleLabel, ScheduleLabel},
    prelude::{App, Plugin, Resource, Schedule, Schedules, StateTransition, World},
    render::{RenderApp, RenderPlugin},
    state::{app::StatesPlugin, state::setup_state_transitions_in_world},
    tasks::tick_global_task_pools_on_main_thread,
};
use hot_reloader_core::{panics, PanicReport};
use hot_reloader_transaction::RehearsalFault;

use super::{
    labels,
    listen::{self, Passing},
};
use crate::ModuleEntry;

/// How long plugins may take to say that they are ready.
const PATIENCE: Duration = Duration::from_secs(5);

/// The schedules of a module.
pub(crate) type ModuleSchedules = HashMap<InternedScheduleLabel, Schedule>;

/// What one module added besides what it did to the world.
pub(crate) struct Recording {
    pub(crate) schedules: ModuleSchedules,
    /// The names of the plugins that built, nested ones included.
    pub(crate) plugins: Vec<String>,
}

impl std::fmt::Debug for Recording {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let labels: Vec<_> = self.schedules.keys().collect();
        f.debug_tuple("Recording").field(&labels).finish()
    }
}

impl Recording {
    /// Lets the plugin of a module build on `world`, up to its `cleanup`.
    ///
    /// # Errors
    ///
    /// What went wrong. What the plugin did to the world until then stays.
    pub(crate) fn of(
        world: &mut World,
        module: &ModuleEntry,
        log: Passing,
    ) -> Result<Self, RehearsalFault> {
        let of_host = world.remove_resource::<Schedules>();
        world.insert_resource(fresh_schedules());
        let orders = order_of(world);
        let host = world.get_resource::<HostPlugins>().cloned();
        let host = host.unwrap_or_default();
        let mut app = App::empty();
        std::mem::swap(app.world_mut(), world);
        let (before, _) = listen::to_plugins(Passing::Nothing, || host.add(&mut app));
        let work = || panics::guard(|| build(&mut app, module));
        let (built, plugins) = listen::to_plugins(log, work);
        let sub_apps = SubAppUse::of(&app, before);
        std::mem::swap(app.world_mut(), world);
        // As an app keeps its plugins until it ends.
        std::mem::forget(app);
        let schedules = world.remove_resource::<Schedules>();
        if let Some(of_host) = of_host {
            world.insert_resource(of_host);
        }
        let last = plugins.last().map_or(module.name, String::as_str);
        // Which of them it was is known to nobody.
        let by = match &plugins[..] {
            [] => format!("the plugin {}", module.name),
            [one] => format!("the plugin {one}"),
            several => format!("one of the plugins {}", several.join(", ")),
        };
        match sub_apps {
            SubAppUse::None => {}
            SubAppUse::Renders => return Err(host_only(format!("{by} adds to the renderer"))),
            SubAppUse::Adds => return Err(host_only(format!("{by} adds a sub-app"))),
        }
        built.map_err(|panic| setup_fault(panic, last))??;
        let of_host = plugins.iter().find(|name| host_has_it(name));
        if let Some(name) = of_host {
            return Err(host_only(format!("it adds the plugin {name}")));
        }
        // It is taken out while the schedules that it orders are run, and must not be there when it is put back.
        if orders.is_none() {
            world.remove_resource::<MainScheduleOrder>();
        }
        if order_of(world) != orders {
            let what = "adds a schedule to the order in which the main or fixed schedules run";
            return Err(host_only(format!("{by} {what}")));
        }
        Ok(Self {
            schedules: schedules.map_or_else(HashMap::new, to_be_run),
            plugins,
        })
    }
}

/// Those of the schedules of a module that are to be run.
fn to_be_run(mut schedules: Schedules) -> ModuleSchedules {
    let labels: Vec<_> = schedules
        .iter()
        .map(|(_, schedule)| schedule.label())
        .collect();
    let taken = labels.into_iter().filter_map(|label| {
        let schedule = schedules.remove(label)?;
        // What nothing was added to, such as the one for transitions, need not run. One of the plugin's own
        // must be there all the same for whoever runs it.
        let is_empty = schedule.graph().systems().next().is_none()
            && (label == StateTransition.intern()
                || labels::of_every_app().any(|of| of == label)
                    && schedule.graph().system_sets().next().is_none());
        (!is_empty).then_some((label, schedule))
    });
    taken.collect()
}

fn build(app: &mut App, module: &ModuleEntry) -> Result<(), RehearsalFault> {
    (module.build)(app);
    let start = Instant::now();
    while app.plugins_state() == PluginsState::Adding {
        if start.elapsed() > PATIENCE {
            let what = "one of its plugins does not become ready";
            return Err(host_only(what.to_owned()));
        }
        tick_global_task_pools_on_main_thread();
    }
    app.finish();
    app.cleanup();
    // The engine makes observers ready by commands. That of one whose parameters conflict panics.
    app.world_mut().flush();
    Ok(())
}

/// The schedules that every app has, in which nothing is but the steps of a state transition: states that a plugin
/// adds belong there.
fn fresh_schedules() -> Schedules {
    // The order of the steps is known to Bevy only, which makes such a schedule in a world.
    let mut world = World::new();
    setup_state_transitions_in_world(&mut world);
    let of_transitions = world.resource_mut::<Schedules>().remove(StateTransition);
    let mut schedules = Schedules::new();
    schedules.insert(of_transitions.expect("that is what the function is for"));
    for label in labels::of_every_app() {
        schedules.insert(Schedule::new(label));
    }
    schedules
}

/// The orders in which schedules run, as far as they can be looked at: not while they are run.
fn order_of(world: &World) -> Option<[Vec<InternedScheduleLabel>; 3]> {
    let main = world.get_resource::<MainScheduleOrder>()?;
    let fixed = world.get_resource::<FixedMainScheduleOrder>()?;
    let orders = [&main.labels, &main.startup_labels, &fixed.labels];
    Some(orders.map(Clone::clone))
}

/// What a build did with sub-apps, which a running app has somewhere else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum SubAppUse {
    None,
    /// It has added something to that of the renderer.
    Renders,
    /// It has brought one of its own.
    Adds,
}

impl SubAppUse {
    fn of(app: &App, components: usize) -> Self {
        // An app lists them in no other way.
        let count = format!("{app:?}").matches("SubApp").count();
        let renderer = app.get_sub_app(RenderApp);
        if count > usize::from(renderer.is_some()) {
            return Self::Adds;
        }
        let is_used = renderer.is_some_and(|renderer| {
            let world = renderer.world();
            let schedules = world.get_resource::<Schedules>();
            let has_schedules = schedules.is_some_and(|of| of.iter().next().is_some());
            has_schedules || world.components().len() > components
        });
        if is_used {
            Self::Renders
        } else {
            Self::None
        }
    }
}

/// Plugins of the engine that make the app what it is.
fn host_has_it(name: &str) -> bool {
    let names = [
        "bevy_app::schedule_runner::ScheduleRunnerPlugin",
        "bevy_core::task_pool_options::TaskPoolPlugin",
        "bevy_core::TaskPoolPlugin",
        "bevy_log::LogPlugin",
        "bevy_render::RenderPlugin",
        "bevy_render::pipelined_rendering::PipelinedRenderingPlugin",
        "bevy_window::WindowPlugin",
    ];
    names.contains(&name) || name.starts_with("bevy_winit::WinitPlugin")
}

fn host_only(what: String) -> RehearsalFault {
    RehearsalFault::HostOnly { what }
}

/// What a panic of a plugin means.
fn setup_fault(panic: PanicReport, plugin: &str) -> RehearsalFault {
    let message = &panic.message;
    if message.starts_with("No sub-app with label") {
        return host_only(format!("the plugin {plugin} needs a sub-app ({message})"));
    }
    let is_of_hooks = message.contains("already has an on_")
        || message.starts_with("Components hooks cannot be modified");
    if is_of_hooks {
        return host_only(format!(
            "the plugin {plugin} sets the hooks of a component, which can be done once ({message})"
        ));
    }
    if message.contains("plugin was already added in application") {
        return host_only(format!("it adds a plugin that is there ({message})"));
    }
    RehearsalFault::Setup(panic)
}

/// The names of the engine's plugins that the host has, so that a module's plugin that asks for one of them
/// finds it.
#[derive(Resource, Clone, Debug, Default)]
pub(crate) struct HostPlugins(Vec<&'static str>);

impl HostPlugins {
    /// Lets an app have them, and a renderer to which nothing can be added, if the host has one. Returns how
    /// many components that knows.
    fn add(self, app: &mut App) -> usize {
        let renders = self.0.contains(&std::any::type_name::<RenderPlugin>());
        for name in self.0 {
            app.add_plugins(OfHost(name));
        }
        if renders {
            app.insert_sub_app(RenderApp, SubApp::new());
        }
        let renderer = app.get_sub_app(RenderApp);
        renderer.map_or(0, |renderer| renderer.world().components().len())
    }

    /// Whether transitions between states are made in each frame.
    pub(crate) fn have_states(&self) -> bool {
        self.0.contains(&std::any::type_name::<StatesPlugin>())
    }

    pub(crate) fn of(app: &App) -> Self {
        macro_rules! names {
            ($($plugin:ty),* $(,)?) => {
                [$((app.is_plugin_added::<$plugin>(), std::any::type_name::<$plugin>())),*]
            };
        }
        let names = names![
            bevy::a11y::AccessibilityPlugin,
            bevy::app::ScheduleRunnerPlugin,
            bevy::asset::AssetPlugin,
            bevy::core::FrameCountPlugin,
            bevy::core::TaskPoolPlugin,
            bevy::core::TypeRegistrationPlugin,
            bevy::core_pipeline::CorePipelinePlugin,
            bevy::diagnostic::DiagnosticsPlugin,
            bevy::hierarchy::HierarchyPlugin,
            bevy::input::InputPlugin,
            bevy::log::LogPlugin,
            bevy::render::RenderPlugin,
            bevy::render::texture::ImagePlugin,
            bevy::sprite::SpritePlugin,
            StatesPlugin,
            bevy::text::TextPlugin,
            bevy::time::TimePlugin,
            bevy::transform::TransformPlugin,
            bevy::ui::UiPlugin,
            bevy::window::WindowPlugin,
            bevy_egui::EguiPlugin,
        ];
        let names = names.into_iter().filter(|(is_there, _)| *is_there);
        Self(names.map(|(_, name)| name).collect())
    }
}

/// Stands for a plugin of the host.
struct OfHost(&'static str);

impl Plugin for OfHost {
    fn build(&self, _app: &mut App) {}

    fn name(&self) -> &str {
        self.0
    }
}

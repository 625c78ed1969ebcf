//! What a module's plugin adds, taken down so that it can be tried and put in place.
//!
//! A plugin builds on an `App`. Here that is an empty one with a world put into it, and with schedules of its
//! own in place of the world's: so systems are collected, and all else happens to that world.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use bevy::{
    app::{MainScheduleOrder, PluginsState},
    ecs::schedule::InternedScheduleLabel,
    prelude::{App, Plugin, Resource, Schedule, Schedules, StateTransition, World},
    state::state::setup_state_transitions_in_world,
    tasks::tick_global_task_pools_on_main_thread,
};
use hot_reloader_core::{panics, PanicReport};
use hot_reloader_transaction::RehearsalFault;

use crate::ModuleEntry;

/// How long plugins may take to say that they are ready.
const PATIENCE: Duration = Duration::from_secs(5);

/// The schedules of a module.
pub(crate) type ModuleSchedules = HashMap<InternedScheduleLabel, Schedule>;

/// What one module added besides what it did to the world.
pub(crate) struct Recording {
    pub(crate) schedules: ModuleSchedules,
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
    pub(crate) fn of(world: &mut World, module: &ModuleEntry) -> Result<Self, RehearsalFault> {
        let of_host = world.remove_resource::<Schedules>();
        world.insert_resource(fresh_schedules());
        let order = world.get_resource::<MainScheduleOrder>().map(order_of);
        let host = world.get_resource::<HostPlugins>().cloned();
        let mut app = App::empty();
        std::mem::swap(app.world_mut(), world);
        let built = panics::guard(|| build(&mut app, module, host.unwrap_or_default()));
        std::mem::swap(app.world_mut(), world);
        let brings_sub_apps = has_sub_apps(&app);
        // As an app keeps its plugins until it ends.
        std::mem::forget(app);
        let schedules = world.remove_resource::<Schedules>();
        if let Some(of_host) = of_host {
            world.insert_resource(of_host);
        }
        built.map_err(setup_fault)??;
        if brings_sub_apps {
            return Err(host_only("it adds a sub-app"));
        }
        if world.get_resource::<MainScheduleOrder>().map(order_of) != order {
            return Err(host_only(
                "it adds a schedule to the order in which the main schedules run",
            ));
        }
        let schedules = schedules.map_or_else(HashMap::new, |mut schedules| {
            let labels: Vec<_> = schedules.iter().map(|(_, schedule)| schedule.label()).collect();
            let taken = labels.into_iter().filter_map(|label| {
                let schedule = schedules.remove(label)?;
                // What nothing was added to, such as the one for transitions, need not run.
                let is_empty = schedule.graph().systems().next().is_none();
                (!is_empty).then_some((label, schedule))
            });
            taken.collect()
        });
        Ok(Self { schedules })
    }
}

fn build(
    app: &mut App,
    module: &ModuleEntry,
    host: HostPlugins,
) -> Result<(), RehearsalFault> {
    for name in host.0 {
        app.add_plugins(OfHost(name));
    }
    (module.build)(app);
    let start = Instant::now();
    while app.plugins_state() == PluginsState::Adding {
        if start.elapsed() > PATIENCE {
            return Err(host_only("one of its plugins does not become ready"));
        }
        tick_global_task_pools_on_main_thread();
    }
    app.finish();
    app.cleanup();
    Ok(())
}

/// Schedules in which nothing is but the steps of a state transition: states that a plugin adds belong there.
fn fresh_schedules() -> Schedules {
    // The order of the steps is known to Bevy only, which makes such a schedule in a world.
    let mut world = World::new();
    setup_state_transitions_in_world(&mut world);
    let of_transitions = world.resource_mut::<Schedules>().remove(StateTransition);
    let mut schedules = Schedules::new();
    schedules.insert(of_transitions.expect("that is what the function is for"));
    schedules
}

fn order_of(order: &MainScheduleOrder) -> [Vec<InternedScheduleLabel>; 2] {
    [order.labels.clone(), order.startup_labels.clone()]
}

/// An app lists them in no other way.
fn has_sub_apps(app: &App) -> bool {
    format!("{app:?}").contains("SubApp")
}

fn host_only(what: &str) -> RehearsalFault {
    RehearsalFault::HostOnly {
        what: what.to_owned(),
    }
}

/// What a panic of a plugin means.
fn setup_fault(panic: PanicReport) -> RehearsalFault {
    if panic.message.starts_with("No sub-app with label") {
        return host_only(&format!("it needs one of the app's sub-apps ({})", panic.message));
    }
    RehearsalFault::Setup(panic)
}

/// The names of the engine's plugins that the host has, so that a module's plugin that asks for one of them
/// finds it.
#[derive(Resource, Clone, Debug, Default)]
pub(crate) struct HostPlugins(Vec<&'static str>);

impl HostPlugins {
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
            bevy::state::app::StatesPlugin,
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

//! What has to be known of the engine's own types.

use std::any::type_name;

use bevy::{
    a11y::AccessibilityNode,
    app::{FixedMainScheduleOrder, MainScheduleOrder},
    diagnostic::DiagnosticsStore,
    ecs::{entity::Entity, event::EventRegistry, reflect::AppTypeRegistry, schedule::Schedules},
    input::{
        gamepad::{GamepadAxis, GamepadButton, Gamepads},
        keyboard::KeyCode,
        mouse::MouseButton,
        touch::Touches,
        Axis, ButtonInput,
    },
    prelude::{
        AssetServer, Camera, Children, ColorMaterial, DetectChangesMut, Font, Handle, Image, Mesh,
        Name, Real, Style, Text, Time, UiImage, World,
    },
    reflect::TypeRegistry,
    render::view::VisibleEntities,
    text::TextLayoutInfo,
    ui::ContentSize,
    window::{RawHandleWrapper, RawHandleWrapperHolder, Window},
};
use bevy_egui::{
    egui, EguiClipboard, EguiContext, EguiFullOutput, EguiInput, EguiManagedTextures, EguiOutput,
    EguiRenderOutput, EguiUserTextures,
};

use super::CopyRule;
use crate::hot::names;

/// How types of the engine are copied that are neither bytes nor whole in reflection.
pub(super) fn rules() -> Vec<CopyRule> {
    vec![
        // What hands and clocks do, they do whatever comes of a reload: a key that was let go
        // meanwhile must not stay down.
        CopyRule::leave::<Time<Real>>(),
        CopyRule::leave::<ButtonInput<KeyCode>>(),
        CopyRule::leave::<ButtonInput<MouseButton>>(),
        CopyRule::leave::<ButtonInput<GamepadButton>>(),
        CopyRule::leave::<Axis<GamepadAxis>>(),
        CopyRule::leave::<Axis<GamepadButton>>(),
        CopyRule::leave::<Gamepads>(),
        CopyRule::leave::<Touches>(),
        // What was measured was so, and a diagnostic that nobody measures says nothing.
        CopyRule::leave::<DiagnosticsStore>(),
        // Handles to what the system and the graphics card have.
        CopyRule::leave::<RawHandleWrapper>(),
        CopyRule::leave::<RawHandleWrapperHolder>(),
        CopyRule::leave::<EguiClipboard>(),
        CopyRule::leave::<EguiManagedTextures>(),
        CopyRule::leave::<EguiUserTextures>(),
        // What code is known to the engine only grows, and stays loaded.
        CopyRule::leave::<AppTypeRegistry>(),
        CopyRule::leave::<AssetServer>(),
        CopyRule::leave::<EventRegistry>(),
        CopyRule::leave::<Schedules>(),
        // Taken out of the world while what they order runs.
        CopyRule::leave::<MainScheduleOrder>(),
        CopyRule::leave::<FixedMainScheduleOrder>(),
        // `WindowPart` and `EguiPart` restore what is code's of the first two.
        CopyRule::if_missing::<Window>(),
        CopyRule::if_missing::<EguiContext>(),
        CopyRule::if_missing::<EguiFullOutput>(),
        CopyRule::if_missing::<EguiInput>(),
        CopyRule::if_missing::<EguiOutput>(),
        CopyRule::if_missing::<EguiRenderOutput>(),
        // Worked out in each frame, or when what it follows from has changed.
        CopyRule::if_missing::<AccessibilityNode>(),
        CopyRule::if_missing::<TextLayoutInfo>(),
        CopyRule::if_missing::<VisibleEntities>(),
        CopyRule::anew_if_missing::<ContentSize>(),
        // Has fields that reflection does not see.
        CopyRule::cloned::<Camera>(),
    ]
}

/// Types of the engine that reflection copies, whichever plugins the app has.
pub(super) fn types() -> TypeRegistry {
    let mut types = TypeRegistry::empty();
    types.register::<Children>();
    types.register::<Name>();
    types.register::<Handle<ColorMaterial>>();
    types.register::<Handle<Font>>();
    types.register::<Handle<Image>>();
    types.register::<Handle<Mesh>>();
    types.register::<Style>();
    types.register::<Text>();
    types.register::<UiImage>();
    types
}

/// Further types that are left as they are: generic ones whatever they are of, and those of crates that not every app
/// has.
pub(super) fn is_left(name: &str) -> bool {
    // What is sent is gone in two frames. What new code sends is taken back by `Exchange`.
    names::is_events(name)
        // The engine writes to them in each frame, so nobody can tell whether code did. What new code adds goes with
        // its handles.
        || names::is_assets(name)
        // How gizmos are drawn, which reflection does not see.
        || names::knows_gizmos(name)
        || is_of_libraries(name)
}

/// What the libraries have registered with what swaps them.
fn is_of_libraries(name: &str) -> bool {
    name.starts_with("bevy_dexterous_developer_library::")
}

/// Whether a resource may be missing though nobody has lost it: the engine takes the order of schedules out while they
/// run, and what swaps the libraries makes its own anew.
pub(super) fn comes_and_goes(name: &str) -> bool {
    [
        type_name::<MainScheduleOrder>(),
        type_name::<FixedMainScheduleOrder>(),
    ]
    .contains(&name)
        || is_of_libraries(name)
}

/// Types of the engine that it works out in each frame from the rest, and that are neither bytes nor whole in
/// reflection: what is seen from a light or a camera, and by what it is lit. By name, since not every app has their
/// crates.
pub(super) fn is_derived(name: &str) -> bool {
    matches!(
        name,
        "bevy_pbr::bundle::CascadesVisibleEntities"
            | "bevy_pbr::bundle::CubemapVisibleEntities"
            | "bevy_pbr::cluster::Clusters"
            | "bevy_pbr::cluster::VisibleClusterableObjects"
            | "bevy_render::primitives::CascadesFrusta"
    )
}

/// Whether a type is of the engine, or of what reloads: these change what they have in each frame, by ways that no
/// system declares.
pub(super) fn is_of_engine(name: &str) -> bool {
    const CRATES: [&str; 33] = [
        "bevy_a11y",
        "bevy_animation",
        "bevy_app",
        "bevy_asset",
        "bevy_audio",
        "bevy_color",
        "bevy_core",
        "bevy_core_pipeline",
        "bevy_dev_tools",
        "bevy_diagnostic",
        "bevy_ecs",
        "bevy_gilrs",
        "bevy_gizmos",
        "bevy_gltf",
        "bevy_hierarchy",
        "bevy_input",
        "bevy_log",
        "bevy_math",
        "bevy_pbr",
        "bevy_ptr",
        "bevy_reflect",
        "bevy_render",
        "bevy_scene",
        "bevy_sprite",
        "bevy_state",
        "bevy_tasks",
        "bevy_text",
        "bevy_time",
        "bevy_transform",
        "bevy_ui",
        "bevy_window",
        "bevy_winit",
        "hot_reloader_bevy",
    ];
    let of = name.split("::").next().unwrap_or(name);
    CRATES.contains(&of)
}

/// A part of the engine that is more than the values of components.
pub(super) trait Part: Send + Sync {
    /// Makes it what it was.
    fn restore(&self, world: &mut World);
}

pub(super) fn parts(world: &mut World) -> Vec<Box<dyn Part>> {
    vec![
        Box::new(EguiPart::capture(world)),
        Box::new(WindowPart::capture(world)),
    ]
}

/// What egui remembers: focus, scroll positions, text cursors, open menus, and what code stored there.
struct EguiPart(Vec<(Entity, egui::Memory)>);

impl EguiPart {
    fn capture(world: &mut World) -> Self {
        let mut contexts = world.query::<(Entity, &mut EguiContext)>();
        let memories = contexts.iter_mut(world).map(|(entity, mut context)| {
            let context = context.bypass_change_detection().get_mut();
            (entity, context.memory(egui::Memory::clone))
        });
        Self(memories.collect())
    }
}

impl Part for EguiPart {
    fn restore(&self, world: &mut World) {
        for (entity, memory) in &self.0 {
            if let Some(mut context) = world.get_mut::<EguiContext>(*entity) {
                let memory = memory.clone();
                context.get_mut().memory_mut(|present| *present = memory);
            }
        }
    }
}

/// What code decides about windows. Where they are, how large, and what has the focus are the person's.
struct WindowPart(Vec<(Entity, Window)>);

impl WindowPart {
    fn capture(world: &mut World) -> Self {
        let mut windows = world.query::<(Entity, &Window)>();
        let windows = windows.iter(world);
        Self(
            windows
                .map(|(entity, window)| (entity, window.clone()))
                .collect(),
        )
    }
}

impl Part for WindowPart {
    fn restore(&self, world: &mut World) {
        for (entity, was) in &self.0 {
            let Some(mut window) = world.get_mut::<Window>(*entity) else {
                continue;
            };
            let mut restored = was.clone();
            restored.resolution = window.resolution.clone();
            restored.position = window.position;
            restored.focused = window.focused;
            let cursor = window.physical_cursor_position();
            restored.set_physical_cursor_position(cursor.map(|at| at.as_dvec2()));
            // It has no other way to be compared.
            if format!("{restored:?}") != format!("{:?}", *window) {
                *window = restored;
            }
        }
    }
}

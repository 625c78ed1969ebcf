//! The engine's own components and resources come back like anybody's.

use bevy::{
    prelude::*,
    render::{
        primitives::CascadesFrusta,
        settings::{RenderCreation, WgpuSettings},
        RenderApp, RenderPlugin,
    },
    window::PrimaryWindow,
    winit::WinitPlugin,
};
use bevy_egui::{egui, EguiContext};
use hot_reloader_transaction::Outcome;

use super::harness::{check, module, Bench};
use crate::hot::HotReloader;

/// All of the engine but a window and a graphics card.
fn engine(app: &mut App) {
    let render_creation = RenderCreation::Automatic(WgpuSettings {
        backends: None,
        ..default()
    });
    let plugins = DefaultPlugins
        .build()
        .disable::<WinitPlugin>()
        .disable::<bevy::log::LogPlugin>()
        .set(RenderPlugin {
            render_creation,
            ..default()
        });
    app.add_plugins(plugins);
}

fn memory_of_egui(world: &mut World) -> Option<u32> {
    let mut context = world.query::<&mut EguiContext>().single_mut(world);
    let id = egui::Id::new("a scroll position");
    context.get_mut().data(|data| data.get_temp(id))
}

fn set_memory_of_egui(world: &mut World, value: u32) {
    let mut context = world.query::<&mut EguiContext>().single_mut(world);
    let id = egui::Id::new("a scroll position");
    context
        .get_mut()
        .data_mut(|data| data.insert_temp(id, value));
}

#[test]
fn a_scene_that_new_code_took_apart_is_whole_again() {
    let mut bench = Bench::start_in(engine, &[module("game", |_| {})]);
    let world = bench.world();
    world.spawn(Camera2dBundle::default());
    world.spawn(SpriteBundle::default());
    // Of a light, of which reflection does not see all.
    world.spawn((TransformBundle::default(), CascadesFrusta::default()));
    world.spawn(Text2dBundle::default());
    world.spawn(NodeBundle::default()).with_children(|node| {
        node.spawn(TextBundle::from_section("text", TextStyle::default()));
        node.spawn(ButtonBundle::default());
        node.spawn(ImageBundle::default());
    });
    set_memory_of_egui(world, 1);
    bench.frames(3);
    let look = |world: &World| {
        let mut seen: Vec<_> = world
            .iter_entities()
            .map(|entity| {
                let names = entity.archetype().components().map(|id| {
                    world
                        .components()
                        .get_name(id)
                        .unwrap_or_default()
                        .to_owned()
                });
                let mut names: Vec<_> = names.collect();
                names.sort();
                (entity.id(), names)
            })
            .collect();
        seen.sort();
        seen
    };
    let before = look(bench.world());
    let held = bench
        .world()
        .resource::<ButtonInput<KeyCode>>()
        .get_pressed()
        .count();
    let report = bench.reload(&[module("game", |app| {
        app.add_systems(Update, |world: &mut World, mut frames: Local<u32>| {
            *frames += 1;
            if *frames == 1 {
                set_memory_of_egui(world, 2);
                let scene = world
                    .query_filtered::<Entity, With<Transform>>()
                    .iter(world)
                    .collect::<Vec<_>>();
                for entity in scene {
                    world.despawn(entity);
                }
                let mut window = world.query::<&mut Window>().single_mut(world);
                window.title = "wrecked".to_owned();
                window.set_cursor_position(Some(Vec2::new(3.0, 4.0)));
                world.insert_resource(ClearColor(Color::BLACK));
                // The person presses a key meanwhile.
                world
                    .resource_mut::<ButtonInput<KeyCode>>()
                    .press(KeyCode::KeyW);
            }
            assert!(*frames < 3, "wrecked");
        });
    })]);
    check(&report, Outcome::RolledBack);
    let world = bench.world();
    assert_eq!(look(world), before);
    assert_eq!(memory_of_egui(world), Some(1));
    assert_ne!(world.resource::<ClearColor>().0, Color::BLACK);
    let window = world
        .query_filtered::<&Window, With<PrimaryWindow>>()
        .single(world);
    assert_eq!(window.title, "App");
    assert_eq!(
        window.cursor_position(),
        Some(Vec2::new(3.0, 4.0)),
        "the hand is where it is"
    );
    let keys = world.resource::<ButtonInput<KeyCode>>();
    assert_eq!(keys.get_pressed().count(), held + 1, "and so are the keys");
    bench.frames(3);
    let after = look(bench.world());
    assert_eq!(after, before, "and the engine goes on with it");
}

#[derive(Asset, TypePath)]
struct Page;

/// As `World::resource_scope` does if what it runs panics.
#[test]
fn what_is_left_as_it_is_and_gets_lost_is_named() {
    let mut bench = Bench::start(&[module("game", |_| {})], |app| {
        // Without the engine's systems for it, which would not run without it.
        let mut pages = Assets::<Page>::default();
        pages.add(Page);
        app.insert_resource(pages);
    });
    let report = bench.reload(&[module("game", |app| {
        app.add_systems(Update, |world: &mut World| {
            world.resource_scope(|_, _: Mut<Assets<Page>>| panic!("wrecked"));
        });
    })]);
    check(&report, Outcome::RolledBackInPart);
    assert_eq!(report.not_restored.len(), 1, "{report:#?}");
    let line = &report.not_restored[0];
    assert!(
        line.starts_with("resource bevy_asset::assets::Assets<"),
        "{line}"
    );
}

/// It is out of the world while the engine runs the schedules, and so when the reload is taken back.
#[test]
fn the_order_of_the_schedules_is_no_loss() {
    let mut bench = Bench::start(&[module("game", |_| {})], |_| {});
    bench.next(&[module("game", |app| {
        app.add_systems(Update, || panic!("wrecked"));
    })]);
    let report = HotReloader::reload_all(bench.world()).unwrap();
    check(&report, Outcome::OnProbation);
    check(&bench.report(), Outcome::RolledBack);
}

#[test]
fn what_a_plugin_adds_to_the_renderer_is_refused_with_its_name() {
    #[derive(Resource, Default)]
    struct Effects;
    struct EffectsPlugin;
    impl Plugin for EffectsPlugin {
        fn build(&self, app: &mut App) {
            if let Some(renderer) = app.get_sub_app_mut(RenderApp) {
                renderer.init_resource::<Effects>();
            }
        }
    }
    let mut bench = Bench::start_in(engine, &[module("game", |_| {})]);
    let report = bench.reload(&[module("game", |app| {
        app.add_plugins(EffectsPlugin);
    })]);
    check(&report, Outcome::Refused);
    let text = report.error.unwrap().to_string();
    assert!(
        text.contains("EffectsPlugin adds to the renderer; add that plugin in the app itself"),
        "{text}"
    );
    // Of several, nobody knows which it was.
    struct Other;
    impl Plugin for Other {
        fn build(&self, _app: &mut App) {}
    }
    let report = bench.reload(&[module("game", |app| {
        app.add_plugins((EffectsPlugin, Other));
    })]);
    check(&report, Outcome::Refused);
    let text = report.error.unwrap().to_string();
    let names = text.contains("one of the plugins") && text.contains("EffectsPlugin, ");
    assert!(
        names && text.contains("Other adds to the renderer"),
        "{text}"
    );
    // To look for it is not to add to it.
    let report = bench.reload(&[module("game", |app| {
        assert!(app.get_sub_app(RenderApp).is_some());
    })]);
    check(&report, Outcome::Committed);
}

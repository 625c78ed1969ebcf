//! What there is in the world: components, their hooks, and entities that a build spawns.

use bevy::prelude::*;
use hot_reloader_transaction::Outcome;

use super::{check, game, host, rebuild, reload, start, Bench};

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

//! A throwaway world, in which new code is tried.

use std::{future::pending, path::Path};

use bevy::{
    app::{FixedMainScheduleOrder, MainScheduleOrder},
    asset::{
        io::{AssetReader, AssetReaderError, AssetSource, AssetSourceId, PathStream, Reader},
        AssetPlugin,
    },
    ecs::{
        component::Tick,
        event::{EventRegistry, ShouldUpdateEvents},
    },
    prelude::{
        App, AppTypeRegistry, AssetApp, AssetServer, ColorMaterial, Font, Image, Mesh, Schedules,
        Shader, TextureAtlasLayout, World,
    },
    reflect::TypeRegistry,
};

use super::recording::HostPlugins;

/// Where assets of a throwaway world come from: they never do. That they cannot be loaded there is nothing for the
/// log.
struct Nowhere;

impl AssetReader for Nowhere {
    async fn read<'a>(&'a self, _: &'a Path) -> Result<Box<Reader<'a>>, AssetReaderError> {
        pending().await
    }

    async fn read_meta<'a>(&'a self, _: &'a Path) -> Result<Box<Reader<'a>>, AssetReaderError> {
        pending().await
    }

    async fn read_directory<'a>(
        &'a self,
        _: &'a Path,
    ) -> Result<Box<PathStream>, AssetReaderError> {
        pending().await
    }

    async fn is_directory<'a>(&'a self, _: &'a Path) -> Result<bool, AssetReaderError> {
        pending().await
    }
}

/// An empty world, with what plugins and the parameters of systems commonly ask for: assets of its own, and
/// a copy of what reflection knows. Types of which `is_of_code` says so, by their paths, are left for the code to
/// register: the live world knows those of other builds too.
pub(crate) fn world(live: &World, is_of_code: impl Fn(&str) -> bool) -> World {
    let mut app = App::empty();
    app.init_resource::<MainScheduleOrder>()
        .init_resource::<FixedMainScheduleOrder>()
        .init_resource::<EventRegistry>()
        .insert_resource(copy_of(live.get_resource::<AppTypeRegistry>(), is_of_code));
    if live.contains_resource::<AssetServer>() {
        let assets = AssetPlugin {
            watch_for_changes_override: Some(false),
            ..AssetPlugin::default()
        };
        let source = AssetSource::build().with_reader(|| Box::new(Nowhere));
        app.register_asset_source(AssetSourceId::Default, source)
            .add_plugins(assets)
            .init_asset::<ColorMaterial>()
            .init_asset::<Font>()
            .init_asset::<Image>()
            .init_asset::<Mesh>()
            .init_asset::<Shader>()
            .init_asset::<TextureAtlasLayout>();
    }
    if let Some(host) = live.get_resource::<HostPlugins>() {
        app.insert_resource(host.clone());
    }
    let mut world = std::mem::take(app.world_mut());
    world.insert_resource(Schedules::new());
    world
}

fn copy_of(
    registry: Option<&AppTypeRegistry>,
    is_of_code: impl Fn(&str) -> bool,
) -> AppTypeRegistry {
    let copy = AppTypeRegistry::default();
    if let Some(registry) = registry {
        let mut types: TypeRegistry = TypeRegistry::empty();
        for registration in registry.read().iter() {
            if !is_of_code(registration.type_info().type_path()) {
                types.add_registration(registration.clone());
            }
        }
        *copy.write() = types;
    }
    copy
}

/// Does away with all events that wait.
pub(crate) fn clear_events(world: &mut World) {
    let Some(mut registry) = world.remove_resource::<EventRegistry>() else {
        return;
    };
    // Each time, what is older than the last goes.
    for _ in 0..3 {
        let last = Tick::new(world.read_change_tick().get().wrapping_sub(1 << 20));
        registry.run_updates(world, last);
    }
    registry.should_update = ShouldUpdateEvents::Always;
    world.insert_resource(registry);
}

#[cfg(test)]
mod tests {
    use std::task::{Context, Waker};

    use bevy::{asset::io::file::FileAssetReader, prelude::MinimalPlugins, tasks::block_on};

    use super::*;

    #[test]
    fn what_a_build_loads_does_not_fail_where_it_is_only_tried() {
        let mut app = App::new();
        app.add_plugins((MinimalPlugins, AssetPlugin::default()));
        let scratch = world(app.world(), |_| false);
        let server = scratch.resource::<AssetServer>();
        let source = server.get_source(AssetSourceId::Default).unwrap();
        let path = Path::new("nowhere.png");
        let mut reading = source.reader().read(path);
        let mut is_read = || {
            let mut context = Context::from_waker(Waker::noop());
            reading.as_mut().poll(&mut context).is_ready()
        };
        assert!(!is_read());
        // What reads files would know by now.
        assert!(block_on(FileAssetReader::new("assets").read(path)).is_err());
        assert!(!is_read());
    }
}

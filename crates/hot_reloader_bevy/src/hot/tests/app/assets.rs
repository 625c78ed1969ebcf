//! Assets and their loaders.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use bevy::{
    asset::{
        io::{
            memory::{Dir, MemoryAssetReader},
            AssetSource, AssetSourceId, Reader,
        },
        AssetLoader, LoadContext,
    },
    prelude::*,
    state::app::StatesPlugin,
};
use hot_reloader_transaction::Outcome;

use super::{check, game, reload, Bench};

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

//! Whatever new code does to whatever world, and wherever it fails: the world afterwards is the world
//! before.

use std::{collections::BTreeMap, fmt::Debug};

use bevy::{ecs::component::StorageType, prelude::*};
use hot_reloader_transaction::Outcome;
use proptest::prelude::*;

use super::harness::{module, plain, Bench};
use crate::{ModuleEntry, OnLoad, OnUnload};

/// In a table, without drop glue.
#[derive(Component, Clone, Debug)]
struct Bytes(
    #[expect(dead_code, reason = "it is looked at as text")] u32,
    u8,
);

/// Without a size.
#[derive(Component, Clone, Debug)]
struct Empty;

/// In a table, by reflection.
#[derive(Component, Reflect, Debug)]
struct Reflected(Vec<String>);

/// In a table, by `Clone`.
#[derive(Component, Clone, Debug)]
struct Keyed(String);

/// Out of tables, without drop glue.
#[derive(Clone, Debug)]
struct SparseBytes(u64);

impl Component for SparseBytes {
    const STORAGE_TYPE: StorageType = StorageType::SparseSet;
}

/// Out of tables, with drop glue.
#[derive(Component, Reflect, Debug)]
#[component(storage = "SparseSet")]
struct SparseReflected(Option<String>);

#[derive(Resource, Clone, Debug, PartialEq)]
struct ResourceBytes(u64);

#[derive(Resource, Reflect, Debug)]
struct ResourceReflected(BTreeMap<String, u32>);

#[derive(States, Clone, Debug, Default, PartialEq, Eq, Hash)]
enum Mode {
    #[default]
    First,
    Second(u8),
}

#[derive(Event)]
struct Happened(#[expect(dead_code, reason = "it is counted")] u32);

/// What is done to a world. Entities are named by their place among those alive.
#[derive(Clone, Debug)]
enum Deed {
    Spawn(u8),
    Despawn(usize),
    DespawnWithChildren(usize),
    Insert(usize, u8, u8),
    Remove(usize, u8),
    Change(usize, u8),
    Adopt(usize, usize),
    AdoptByNew(usize),
    Orphan(usize),
    Reserve,
    SetResource(u8),
    RemoveResource(bool),
    SetMode(u8),
    Send(u8),
    Observe,
}

fn deed() -> impl Strategy<Value = Deed> {
    use Deed::*;
    prop_oneof![
        4 => any::<u8>().prop_map(Spawn),
        2 => any::<usize>().prop_map(Despawn),
        1 => any::<usize>().prop_map(DespawnWithChildren),
        4 => any::<(usize, u8, u8)>().prop_map(|(at, kind, value)| Insert(at, kind, value)),
        2 => any::<(usize, u8)>().prop_map(|(at, kind)| Remove(at, kind)),
        4 => any::<(usize, u8)>().prop_map(|(at, value)| Change(at, value)),
        2 => any::<(usize, usize)>().prop_map(|(at, under)| Adopt(at, under)),
        1 => any::<usize>().prop_map(AdoptByNew),
        1 => any::<usize>().prop_map(Orphan),
        1 => Just(Reserve),
        2 => any::<u8>().prop_map(SetResource),
        1 => any::<bool>().prop_map(RemoveResource),
        1 => any::<u8>().prop_map(SetMode),
        1 => any::<u8>().prop_map(Send),
        1 => Just(Observe),
    ]
}

/// What the new code is to do, and in which frame to fail; the host's, so that each test says it.
#[derive(Resource, Clone)]
struct Script {
    deeds: Vec<Deed>,
    place: Place,
}

/// Where new code does it.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Place {
    Startup,
    Load,
    Frame(u32),
    Unload,
    Observer,
}

fn place() -> impl Strategy<Value = Place> {
    prop_oneof![
        Just(Place::Startup),
        Just(Place::Load),
        (1..4_u32).prop_map(Place::Frame),
        Just(Place::Unload),
        Just(Place::Observer),
    ]
}

fn entities(world: &World) -> Vec<Entity> {
    let ours = |entity: &EntityRef| {
        entity.archetype().components().all(|id| {
            let name = world.components().get_name(id).unwrap();
            !name.contains("Observer")
        })
    };
    let mut entities: Vec<_> = world.iter_entities().filter(ours).map(|e| e.id()).collect();
    entities.sort();
    entities
}

fn pick(world: &World, at: usize) -> Option<Entity> {
    let entities = entities(world);
    (!entities.is_empty()).then(|| entities[at % entities.len()])
}

fn insert(world: &mut World, entity: Entity, kind: u8, value: u8) {
    let text = format!("value {value}");
    let mut entity = world.entity_mut(entity);
    match kind % 7 {
        0 => entity.insert(Bytes(u32::from(value), value)),
        1 => entity.insert(Empty),
        2 => entity.insert(Reflected(vec![text; usize::from(value % 3)])),
        3 => entity.insert(Keyed(text)),
        4 => entity.insert(SparseBytes(u64::from(value))),
        5 => entity.insert(SparseReflected(value.is_multiple_of(2).then_some(text))),
        _ => entity.insert((
            Name::new(text),
            Transform::from_xyz(f32::from(value), 0.0, 0.0),
        )),
    };
}

fn remove(world: &mut World, entity: Entity, kind: u8) {
    let mut entity = world.entity_mut(entity);
    match kind % 7 {
        0 => entity.remove::<Bytes>(),
        1 => entity.remove::<Empty>(),
        2 => entity.remove::<Reflected>(),
        3 => entity.remove::<Keyed>(),
        4 => entity.remove::<SparseBytes>(),
        5 => entity.remove::<SparseReflected>(),
        _ => entity.remove::<(Name, Transform)>(),
    };
}

fn change(world: &mut World, entity: Entity, value: u8) {
    let mut entity = world.entity_mut(entity);
    if let Some(mut bytes) = entity.get_mut::<Bytes>() {
        bytes.1 = bytes.1.wrapping_add(value);
    }
    if let Some(mut reflected) = entity.get_mut::<Reflected>() {
        reflected.0.push(value.to_string());
    }
    if let Some(mut keyed) = entity.get_mut::<Keyed>() {
        keyed.0.push('!');
    }
    if let Some(mut sparse) = entity.get_mut::<SparseBytes>() {
        sparse.0 += u64::from(value);
    }
    if let Some(mut sparse) = entity.get_mut::<SparseReflected>() {
        sparse.0 = Some(value.to_string());
    }
}

fn is_above(world: &World, ancestor: Entity, mut entity: Entity) -> bool {
    loop {
        if entity == ancestor {
            return true;
        }
        match world.get::<Parent>(entity) {
            Some(parent) => entity = parent.get(),
            None => return false,
        }
    }
}

fn act(world: &mut World, deed: &Deed) {
    match *deed {
        Deed::Spawn(kinds) => {
            let entity = world.spawn_empty().id();
            for kind in (0..7).filter(|kind| kinds >> kind & 1 == 1) {
                insert(world, entity, kind, kinds);
            }
        }
        Deed::Despawn(at) => {
            if let Some(entity) = pick(world, at) {
                world.despawn(entity);
            }
        }
        Deed::DespawnWithChildren(at) => {
            if let Some(entity) = pick(world, at) {
                world.entity_mut(entity).despawn_recursive();
            }
        }
        Deed::Insert(at, kind, value) => {
            if let Some(entity) = pick(world, at) {
                insert(world, entity, kind, value);
            }
        }
        Deed::Remove(at, kind) => {
            if let Some(entity) = pick(world, at) {
                remove(world, entity, kind);
            }
        }
        Deed::Change(at, value) => {
            if let Some(entity) = pick(world, at) {
                change(world, entity, value);
            }
        }
        Deed::Adopt(at, under) => {
            let (Some(child), Some(parent)) = (pick(world, at), pick(world, under)) else {
                return;
            };
            if !is_above(world, child, parent) {
                world.entity_mut(child).set_parent(parent);
            }
        }
        Deed::AdoptByNew(at) => {
            if let Some(child) = pick(world, at) {
                let parent = world.spawn(Empty).id();
                world.entity_mut(child).set_parent(parent);
            }
        }
        Deed::Orphan(at) => {
            if let Some(child) = pick(world, at) {
                world.entity_mut(child).remove_parent();
            }
        }
        Deed::Reserve => {
            world.entities().reserve_entity();
        }
        Deed::SetResource(value) => {
            world.insert_resource(ResourceBytes(u64::from(value)));
            if let Some(mut words) = world.get_resource_mut::<ResourceReflected>() {
                words.0.insert(value.to_string(), u32::from(value));
            }
        }
        Deed::RemoveResource(which) => {
            if which {
                world.remove_resource::<ResourceBytes>();
            } else {
                world.remove_resource::<ResourceReflected>();
            }
        }
        Deed::SetMode(mode) => {
            if let Some(mut next) = world.get_resource_mut::<NextState<Mode>>() {
                next.set(Mode::Second(mode));
            }
        }
        Deed::Send(value) => {
            world.send_event(Happened(u32::from(value)));
        }
        Deed::Observe => {
            world.observe(|_: Trigger<OnAdd, Empty>, mut commands: Commands| {
                commands.spawn(SparseBytes(1));
            });
        }
    }
    world.flush();
}

/// All that can be seen of a world, as text.
fn look(world: &mut World) -> BTreeMap<String, String> {
    world.flush();
    fn of<T: Component + Debug>(entity: EntityRef) -> String {
        entity
            .get::<T>()
            .map_or_else(String::new, |value| format!("{value:?} "))
    }
    let mut seen = BTreeMap::new();
    for entity in world.iter_entities() {
        let mut names: Vec<_> = entity
            .archetype()
            .components()
            .map(|id| world.components().get_name(id).unwrap())
            .collect();
        names.sort_unstable();
        let values = [
            of::<Bytes>(entity),
            of::<Empty>(entity),
            of::<Reflected>(entity),
            of::<Keyed>(entity),
            of::<SparseBytes>(entity),
            of::<SparseReflected>(entity),
            of::<Name>(entity),
            of::<Transform>(entity),
            of::<Parent>(entity),
            of::<Children>(entity),
        ];
        seen.insert(
            format!("{}", entity.id()),
            format!("{names:?} {}", values.concat()),
        );
    }
    let resources = [
        format!("{:?}", world.get_resource::<ResourceBytes>()),
        format!("{:?}", world.get_resource::<ResourceReflected>()),
        format!("{:?}", world.get_resource::<State<Mode>>()),
        format!("{:?}", world.get_resource::<NextState<Mode>>()),
        world.resource::<Events<Happened>>().len().to_string(),
    ];
    seen.insert("resources".to_owned(), format!("{resources:?}"));
    seen
}

fn host(app: &mut App) {
    app.register_type::<Reflected>()
        .register_type::<SparseReflected>()
        .register_type::<ResourceReflected>()
        .insert_resource(ResourceReflected(BTreeMap::new()));
}

fn good(app: &mut App) {
    app.add_event::<Happened>()
        .init_state::<Mode>()
        .add_systems(OnUnload, |world: &mut World| play(world, Place::Unload));
}

/// A module that owns a state key.
fn keyed(name: &'static str, build: fn(&mut App)) -> ModuleEntry {
    ModuleEntry {
        declare: |keys| keys.add::<Keyed>(plain::<Keyed>()),
        ..module(name, build)
    }
}

fn play(world: &mut World, place: Place) {
    let script = world.get_resource::<Script>().cloned();
    if let Some(script) = script.filter(|script| script.place == place) {
        for deed in &script.deeds {
            act(world, deed);
        }
        if place != Place::Unload {
            panic!("as the script says");
        }
    }
}

#[derive(Event)]
struct Ring;

/// Does what the script says, where it says, and panics in any case.
fn bad(app: &mut App) {
    app.add_event::<Happened>()
        .init_state::<Mode>()
        .add_systems(Startup, |world: &mut World| play(world, Place::Startup))
        .add_systems(OnLoad, |world: &mut World| play(world, Place::Load))
        .observe(|_: Trigger<Ring>, mut commands: Commands| {
            commands.add(|world: &mut World| play(world, Place::Observer));
        })
        .add_systems(Update, |world: &mut World, mut frame: Local<u32>| {
            *frame += 1;
            play(world, Place::Frame(*frame));
            world.trigger(Ring);
            assert!(*frame < 4, "in any case");
        });
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_world_after_a_rollback_is_the_world_before(
        before in prop::collection::vec(deed(), 0..40),
        deeds in prop::collection::vec(deed(), 0..40),
        place in place(),
    ) {
        let mut bench = Bench::start(&[keyed("game", good)], host);
        for deed in before.iter().filter(|deed| !matches!(deed, Deed::Observe | Deed::SetMode(_) | Deed::Send(_))) {
            act(bench.world(), deed);
        }
        bench.frames(3);
        let before = look(bench.world());
        bench.world().insert_resource(Script { deeds, place });
        // `Startup` runs in modules that never ran.
        let bad = keyed(if place == Place::Startup { "other" } else { "game" }, bad);
        let report = bench.reload(&[bad]);
        prop_assert_eq!(report.outcome, Outcome::RolledBack, "{:#?}", report);
        bench.world().remove_resource::<Script>();
        prop_assert_eq!(look(bench.world()), before);
        // And it goes on.
        let report = bench.reload(&[keyed("game", good)]);
        prop_assert_eq!(report.outcome, Outcome::Committed, "{:#?}", report);
    }
}

//! Values of types that changed go on when edits are undone and made again.

use bevy::prelude::*;
use hot_reloader_transaction::{Outcome, Passage, ReloadReport};

use super::harness::{check, game, Bench};
use crate::ModuleEntry;

/// A component that no system names, as of code that only inserts it.
#[derive(Clone, Copy)]
struct Kit {
    insert: fn(&mut World),
    count: fn(&World) -> usize,
}

impl Kit {
    fn of<T: Component + Default>() -> Self {
        Self {
            insert: |world| {
                world.spawn(T::default());
            },
            count: |world| {
                let id = world.components().component_id::<T>();
                let archetypes = world.archetypes().iter();
                let archetypes = archetypes.filter(|of| id.is_some_and(|id| of.contains(id)));
                archetypes.map(|of| of.len()).sum()
            },
        }
    }
}

/// Three types of one name, as three builds of a crate have them.
fn kits() -> [Kit; 3] {
    let one = {
        #[derive(Component, Default)]
        struct Mark;
        Kit::of::<Mark>()
    };
    let two = {
        #[derive(Component, Default)]
        struct Mark;
        Kit::of::<Mark>()
    };
    let three = {
        #[derive(Component, Default)]
        struct Mark;
        Kit::of::<Mark>()
    };
    [one, two, three]
}

const GAME: [ModuleEntry; 1] = [game(|_| {})];

/// The same for each of them.
const TEXT: &str = "mod hot { mod tests { mod undone { mod kits { struct Mark; } } } }";

/// Reloads code that has the type of that number.
fn edited(bench: &mut Bench, number: u64) -> ReloadReport {
    bench.types(TEXT, number);
    let report = bench.reload(&GAME);
    check(&report, Outcome::Committed);
    bench.frames(8);
    report
}

fn counts(bench: &mut Bench, kits: &[Kit]) -> Vec<usize> {
    let world = &*bench.world();
    kits.iter().map(|kit| (kit.count)(world)).collect()
}

#[test]
fn values_of_a_type_that_code_only_inserts_come_back_with_an_edit_that_is_undone() {
    let kits = kits();
    let [one, two, three] = kits;
    let mut bench = Bench::new(&GAME, |_| {});
    bench.types(TEXT, 1);
    check(&bench.report(), Outcome::Committed);
    (one.insert)(bench.world());
    let report = edited(&mut bench, 2);
    let mark = report.types.iter().find(|of| of.name.ends_with("Mark"));
    assert_eq!(mark.unwrap().passage, Passage::Waiting);
    (two.insert)(bench.world());
    bench.frames(1);
    assert_eq!(counts(&mut bench, &kits), [0, 2, 0]);
    // The edit is undone.
    let report = edited(&mut bench, 1);
    let mark = report.types.iter().find(|of| of.name.ends_with("Mark"));
    assert_eq!(mark.unwrap().passage, Passage::Moved);
    assert_eq!(counts(&mut bench, &kits), [2, 0, 0]);
    // What waits now goes over to the type that comes, and to no other of its name.
    edited(&mut bench, 3);
    assert_eq!(counts(&mut bench, &kits), [2, 0, 0]);
    (three.insert)(bench.world());
    bench.frames(1);
    assert_eq!(counts(&mut bench, &kits), [0, 0, 3]);
    edited(&mut bench, 2);
    assert_eq!(counts(&mut bench, &kits), [0, 3, 0]);
}

#[test]
fn a_type_that_came_with_code_that_was_taken_back_is_known_when_that_comes_again() {
    #[derive(Resource)]
    struct Insert(fn(&mut World));
    fn insert_and_break(world: &mut World) {
        let insert = world.resource::<Insert>().0;
        insert(world);
        panic!("broken");
    }
    let kits = kits();
    let [one, two, _] = kits;
    let mut bench = Bench::new(&GAME, |app| {
        app.insert_resource(Insert(two.insert));
    });
    bench.types(TEXT, 1);
    check(&bench.report(), Outcome::Committed);
    (one.insert)(bench.world());
    bench.types(TEXT, 2);
    let report = bench.reload(&[game(|app| {
        app.add_systems(Update, insert_and_break);
    })]);
    check(&report, Outcome::RolledBack);
    assert_eq!(counts(&mut bench, &kits), [1, 0, 0]);
    edited(&mut bench, 2);
    assert_eq!(counts(&mut bench, &kits), [0, 1, 0]);
}

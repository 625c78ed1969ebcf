use std::collections::HashMap;

use bevy::reflect::GetTypeRegistration;

use super::*;

mod old {
    use super::*;
    #[derive(Reflect, Clone)]
    pub(super) struct Item {
        pub(super) name: String,
        pub(super) price: u8,
        pub(super) gone: bool,
    }
    #[derive(Reflect)]
    pub(super) enum Mood {
        Calm,
        Angry(u32),
        Busy { with: Item },
    }
    #[derive(Reflect)]
    #[type_path = "game::arms"]
    pub(super) struct Weapon(pub(super) u8);
    #[derive(Reflect)]
    pub(super) struct Chest {
        pub(super) items: Vec<Item>,
        pub(super) by_name: HashMap<String, Item>,
        pub(super) best: Option<Item>,
        pub(super) moods: (Mood, Mood, Mood),
        pub(super) grid: [Item; 1],
    }
}
mod new {
    use super::*;
    #[derive(Reflect, Debug, PartialEq)]
    pub(super) struct Item {
        pub(super) price: u64,
        pub(super) weight: f32,
        pub(super) name: String,
    }
    #[derive(Reflect, Debug, PartialEq)]
    pub(super) enum Mood {
        Angry(u64, bool),
        New,
        Busy { with: Item, since: u8 },
        Calm,
    }
    #[derive(Reflect, Debug, Default)]
    #[reflect(Default)]
    #[type_path = "game::arms"]
    pub(super) struct Weapon(pub(super) u8);
    #[derive(Reflect, Debug, PartialEq, Default)]
    #[reflect(Default)]
    pub(super) struct Chest {
        pub(super) moods: Option<u8>,
        pub(super) items: Vec<Item>,
        pub(super) by_name: HashMap<String, Item>,
        pub(super) best: Option<Item>,
    }
    #[derive(Reflect, Debug)]
    pub(super) struct Strict(pub(super) Bare);
    #[derive(Reflect, Debug)]
    pub(super) struct Bare {
        pub(super) name: String,
        pub(super) id: Id,
    }
    #[derive(Reflect, Debug)]
    pub(super) struct Id(pub(super) u8);
}

fn adapt<New: GetTypeRegistration + Reflect>(
    old: &dyn Reflect,
) -> Result<(New, Vec<String>), String> {
    let mut registry = TypeRegistry::new();
    registry.register::<New>();
    let mut adapter = Adapter {
        registry: &registry,
        defaults: &|_| None,
        notes: Notes::default(),
    };
    let made = adapter.adapt(old, TypeId::of::<New>())?;
    Ok((*made.downcast().unwrap(), adapter.notes.lines()))
}

fn item() -> old::Item {
    old::Item {
        name: "sword".to_owned(),
        price: 7,
        gone: true,
    }
}

fn same() -> new::Item {
    new::Item {
        price: 7,
        weight: 0.0,
        name: "sword".to_owned(),
    }
}

#[test]
fn fields_are_found_by_their_names_and_what_is_lost_or_new_is_said() {
    let (made, notes) = adapt::<new::Item>(&item()).unwrap();
    assert_eq!(made, same());
    assert_eq!(notes, ["`gone` is dropped", "`weight` is new: 0.0"]);
}

/// What was in it would be lost.
#[test]
fn a_field_that_may_have_another_name_now_is_asked_for() {
    #[derive(Reflect)]
    struct Was {
        streak: u64,
    }
    #[derive(Reflect, Debug)]
    struct Now {
        row: u64,
    }
    let error = adapt::<Now>(&Was { streak: 5 }).unwrap_err();
    assert!(
        error.starts_with("`streak` is gone and `row`, of the same type, is new"),
        "{error}"
    );
}

/// Types of the code are others after an edit, so they are the same by their names only.
#[test]
fn a_field_of_a_type_of_the_code_may_have_another_name_now() {
    #[derive(Reflect)]
    struct Was {
        weapon: old::Weapon,
    }
    #[derive(Reflect, Debug)]
    struct Now {
        arm: new::Weapon,
    }
    let weapon = old::Weapon(7);
    let error = adapt::<Now>(&Was { weapon }).unwrap_err();
    assert!(
        error.starts_with("`weapon` is gone and `arm`, of the same type, is new"),
        "{error}"
    );
}

#[test]
fn a_field_of_a_variant_may_have_another_name_now() {
    #[derive(Reflect)]
    enum Was {
        Sword { damage: f32 },
        Bow(f32),
    }
    #[derive(Reflect, Debug)]
    enum Now {
        Sword { power: f32 },
        Bow { range: f32 },
    }
    let cases = [
        (Was::Sword { damage: 0.5 }, "Sword.damage", "Sword.power"),
        (Was::Bow(0.5), "Bow.0", "Bow.range"),
    ];
    for (was, gone, new) in cases {
        let error = adapt::<Now>(&was).unwrap_err();
        let says = format!("`{gone}` is gone and `{new}`, of the same type, is new");
        assert!(error.starts_with(&says), "{error}");
    }
}

#[test]
fn variants_are_found_by_their_names() {
    let made = |mood: old::Mood| adapt::<new::Mood>(&mood);
    assert_eq!(made(old::Mood::Calm).unwrap().0, new::Mood::Calm);
    let (angry, notes) = made(old::Mood::Angry(3)).unwrap();
    assert_eq!(angry, new::Mood::Angry(3, false));
    assert_eq!(notes, ["`Angry.1` is new: false"]);
    let busy = made(old::Mood::Busy { with: item() }).unwrap().0;
    let expected = new::Mood::Busy {
        with: same(),
        since: 0,
    };
    assert_eq!(busy, expected);
    let back = adapt::<old::Mood>(&new::Mood::New).map(|_| ());
    assert_eq!(back, Err("there is no variant `New` any more".to_owned()));
}

#[test]
fn what_is_within_what_is_of_the_engine_is_adapted_too() {
    let chest = old::Chest {
        items: vec![item(), item()],
        by_name: HashMap::from([("a".to_owned(), item())]),
        best: Some(item()),
        moods: (old::Mood::Calm, old::Mood::Calm, old::Mood::Calm),
        grid: [item()],
    };
    let error = adapt::<new::Chest>(&chest).unwrap_err();
    assert!(error.starts_with("`moods`: "), "{error}");
    #[derive(Reflect, Debug, PartialEq)]
    struct Chest {
        items: Vec<new::Item>,
        by_name: HashMap<String, new::Item>,
        best: Option<new::Item>,
        grid: [new::Item; 1],
    }
    let (made, _) = adapt::<Chest>(&chest).unwrap();
    let expected = Chest {
        items: vec![same(), same()],
        by_name: HashMap::from([("a".to_owned(), same())]),
        best: Some(same()),
        grid: [same()],
    };
    assert_eq!(made, expected);
}

#[test]
fn what_cannot_be_is_told_with_its_place() {
    #[derive(Reflect)]
    struct Strict(old::Item);
    let error = adapt::<new::Strict>(&Strict(item())).unwrap_err();
    assert!(
        error.starts_with("`0.id` is new and has no default"),
        "{error}"
    );
    #[derive(Reflect, Debug)]
    struct Number {
        price: i8,
    }
    #[derive(Reflect)]
    struct Large {
        price: u64,
    }
    assert_eq!(adapt::<Number>(&Large { price: 5 }).unwrap().0.price, 5);
    let error = adapt::<Number>(&Large { price: 500 }).unwrap_err();
    assert_eq!(error, "`price`: u64 cannot be made i8");
    #[derive(Reflect)]
    struct Many([u8; 3]);
    #[derive(Reflect, Debug)]
    struct Few([u8; 2]);
    let error = adapt::<Few>(&Many([1; 3])).unwrap_err();
    assert_eq!(error, "`0`: there were 3 items, and there is room for 2");
    let (more, notes) = adapt::<Many>(&Few([1; 2])).unwrap();
    assert_eq!(more.0, [1, 1, 0]);
    assert_eq!(notes, ["`0.2` is new: 0"]);
}

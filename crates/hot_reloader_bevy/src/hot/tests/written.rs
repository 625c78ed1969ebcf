//! Values of types that changed, and that serde writes down.

use bevy::prelude::*;
use hot_reloader_transaction::Outcome;
use serde::{de::DeserializeOwned, Serialize};

use super::harness::{check, module, plain, Bench};
use crate::{
    state_key::{Probe, WrittenDown},
    Abilities,
};

mod old {
    use bevy::prelude::*;
    use serde::{Deserialize, Serialize};

    #[derive(Component, Serialize, Deserialize, Clone, Debug, PartialEq)]
    pub(super) struct Pilot {
        pub(super) name: String,
        #[serde(skip)]
        pub(super) fuel: u32,
    }

    #[derive(Component, Reflect, Serialize, Deserialize, Clone, Debug, PartialEq)]
    pub(super) struct Ship {
        pub(super) name: String,
        #[serde(skip)]
        pub(super) fuel: u32,
    }
}

mod new {
    use bevy::prelude::*;
    use serde::{Deserialize, Serialize};

    #[derive(Component, Serialize, Deserialize, Clone, Debug, PartialEq)]
    pub(super) struct Pilot {
        pub(super) name: String,
        #[serde(skip)]
        pub(super) fuel: u32,
        #[serde(default)]
        pub(super) rank: u32,
    }

    #[derive(Component, Reflect, Serialize, Deserialize, Clone, Debug, PartialEq)]
    pub(super) struct Ship {
        pub(super) name: String,
        #[serde(skip)]
        pub(super) fuel: u32,
        #[serde(default)]
        pub(super) rank: u32,
    }
}

const OLD: &str = "mod hot { mod tests { mod written { mod old {
    struct Pilot { name: String, #[serde(skip)] fuel: u32 }
    struct Ship { name: String, #[serde(skip)] fuel: u32 }
} } } }";

const NEW: &str = "mod hot { mod tests { mod written { mod new {
    #[state(was = \"hot_reloader_bevy::hot::tests::written::old::Pilot\")]
    struct Pilot { name: String, #[serde(skip)] fuel: u32, #[serde(default)] rank: u32 }
    #[state(was = \"hot_reloader_bevy::hot::tests::written::old::Ship\")]
    struct Ship { name: String, #[serde(skip)] fuel: u32, #[serde(default)] rank: u32 }
} } } }";

/// A state key that serde writes down.
fn written<T: Component + Serialize + DeserializeOwned>() -> Abilities {
    Abilities {
        written: WrittenDown::written(&&Probe::<T>::new()),
        ..plain::<T>()
    }
}

#[test]
fn what_serde_leaves_out_is_not_lost() {
    let mut before = module("game", |app| {
        app.register_type::<old::Ship>()
            .add_systems(Update, |_: Query<(&old::Pilot, &old::Ship)>| {});
    });
    before.declare = |keys| {
        keys.add::<old::Pilot>(written::<old::Pilot>());
        keys.add::<old::Ship>(written::<old::Ship>());
    };
    let mut after = module("game", |app| {
        app.register_type::<new::Ship>()
            .add_systems(Update, |_: Query<(&new::Pilot, &new::Ship)>| {});
    });
    after.declare = |keys| {
        keys.add::<new::Pilot>(written::<new::Pilot>());
        keys.add::<new::Ship>(written::<new::Ship>());
    };
    let mut bench = Bench::new(&[before], |_| {});
    bench.types(OLD, 1);
    check(&bench.report(), Outcome::Committed);
    let world = bench.world();
    let name = || "one".to_owned();
    let fuel = 7;
    let ship = world.spawn(old::Ship { name: name(), fuel }).id();
    let pilot = world.spawn(old::Pilot { name: name(), fuel }).id();
    bench.types(NEW, 2);
    let report = bench.reload(&[after]);
    check(&report, Outcome::Refused);
    let text = report.error.unwrap().to_string();
    assert!(text.contains("serde leaves out a field of it"), "{text}");
    assert!(text.contains("undo the change"), "{text}");
    assert!(!text.contains("Ship"), "reflection sees it: {text}");
    let held = bench.world().get::<old::Pilot>(pilot);
    assert_eq!(held.map(|pilot| pilot.fuel), Some(fuel));
    bench.world().despawn(pilot);
    check(&bench.reload(&[after]), Outcome::Committed);
    let expected = new::Ship {
        name: name(),
        fuel,
        rank: 0,
    };
    assert_eq!(bench.world().get::<new::Ship>(ship), Some(&expected));
}

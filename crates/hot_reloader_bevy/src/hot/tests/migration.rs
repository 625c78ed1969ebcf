//! Values of types that changed: what takes no compiler to try.

use std::any::TypeId;

use bevy::{prelude::*, reflect::GetTypeRegistration, state::app::StatesPlugin};
use hot_reloader_transaction::{Outcome, Passage, TypeChange};

use super::harness::{check, module, Bench};
use crate::{hot::ReloadRequest, ModuleEntry};

mod old {
    use super::*;
    #[derive(Component, Reflect, Clone, Debug, PartialEq)]
    pub(super) struct Health {
        pub(super) points: u32,
    }
    #[derive(Resource, Reflect, Clone, Debug, PartialEq)]
    pub(super) struct Settings {
        pub(super) name: String,
    }
    /// Can be copied in no way.
    #[derive(Resource)]
    pub(super) struct Opaque(pub(super) Box<dyn Fn() -> u32 + Send + Sync>);
}

mod new {
    use super::*;
    #[derive(Component, Reflect, Clone, Debug, PartialEq)]
    pub(super) struct Vigour {
        pub(super) points: u64,
        pub(super) shield: f32,
    }
    #[derive(Resource, Reflect, Clone, Debug, PartialEq)]
    pub(super) struct Options {
        pub(super) name: String,
    }
}

const OLD: &str = "mod hot { mod tests { mod migration { mod old {
    struct Health { points: u32 } struct Settings { name: String } struct Opaque(Box<dyn Fn()>);
} } } }";

const NEW: &str = "mod hot { mod tests { mod migration { mod new {
    #[state(was = \"hot_reloader_bevy::hot::tests::migration::old::Health\")]
    struct Vigour { points: u64, shield: f32 }
    #[state(was = \"hot_reloader_bevy::hot::tests::migration::old::Settings\")]
    struct Options { name: String }
} } } }";

fn before(app: &mut App) {
    app.register_type::<old::Health>()
        .register_type::<old::Settings>()
        .add_systems(Update, |_: Query<&old::Health>| {});
}

fn after(app: &mut App) {
    app.register_type::<new::Vigour>()
        .register_type::<new::Options>()
        .add_systems(
            Update,
            |_: Query<&new::Vigour>, _: Option<Res<new::Options>>| {},
        );
}

const BEFORE: [ModuleEntry; 1] = [module("game", before)];
const AFTER: [ModuleEntry; 1] = [module("game", after)];

/// With two entities and a resource of the types of before.
fn bench(host: impl FnOnce(&mut App)) -> (Bench, [Entity; 2]) {
    let mut bench = Bench::new(&BEFORE, host);
    bench.types(OLD, 1);
    let report = bench.report();
    check(&report, Outcome::Committed);
    let world = bench.world();
    let mut spawn = |points, name| {
        let health = old::Health { points };
        world.spawn((health, Name::new(name))).id()
    };
    let entities = [spawn(7, "seven"), spawn(8, "eight")];
    let name = "mine".to_owned();
    world.insert_resource(old::Settings { name });
    bench.types(NEW, 2);
    (bench, entities)
}

#[test]
fn values_go_over_under_the_same_entities() {
    let (mut bench, entities) = bench(|_| {});
    let report = bench.reload(&AFTER);
    check(&report, Outcome::Committed);
    for (entity, points, name) in [(entities[0], 7, "seven"), (entities[1], 8, "eight")] {
        let world = bench.world();
        let shield = 0.0;
        let expected = new::Vigour { points, shield };
        assert_eq!(world.get::<new::Vigour>(entity), Some(&expected));
        assert_eq!(world.get::<old::Health>(entity), None);
        assert_eq!(world.get::<Name>(entity).unwrap().as_str(), name);
    }
    assert_eq!(bench.world().resource::<new::Options>().name, "mine");
    assert!(!bench.world().contains_resource::<old::Settings>());
    let of = |name: &str| {
        let mut types = report.types.iter();
        types.find(|of| of.name.ends_with(name)).unwrap()
    };
    assert_eq!(
        (of("Vigour").passage, of("Vigour").values),
        (Passage::Migrated, 2)
    );
    assert_eq!(of("Vigour").notes, ["`shield` is new: 0.0"]);
    assert!(of("Options")
        .was
        .as_ref()
        .unwrap()
        .ends_with("old::Settings"));
}

#[test]
fn a_rollback_takes_it_back() {
    let (mut bench, entities) = bench(|_| {});
    for _ in 0..2 {
        let report = bench.reload(&[module("game", |app| {
            after(app);
            app.add_systems(
                Update,
                |mut all: Query<&mut new::Vigour>, mut frames: Local<u32>| {
                    *frames += 1;
                    all.iter_mut().for_each(|mut vigour| vigour.points = 99);
                    assert!(*frames < 3, "wrecked");
                },
            );
        })]);
        check(&report, Outcome::RolledBack);
        assert_eq!(report.types, []);
        let world = bench.world();
        assert_eq!(world.get::<old::Health>(entities[1]).unwrap().points, 8);
        assert_eq!(world.get::<new::Vigour>(entities[1]), None);
        assert_eq!(world.resource::<old::Settings>().name, "mine");
        assert!(!world.contains_resource::<new::Options>());
    }
    check(&bench.reload(&AFTER), Outcome::Committed);
}

#[test]
fn what_the_app_itself_uses_stays_what_it_was() {
    let (mut bench, entities) = bench(|app| {
        app.add_systems(Update, |_: Query<&mut old::Health>| {});
    });
    let report = bench.reload(&AFTER);
    check(&report, Outcome::Refused);
    let text = report.error.unwrap().to_string();
    assert!(
        text.contains("old::Health\n  the app itself uses it"),
        "{text}"
    );
    assert_eq!(
        bench
            .world()
            .get::<old::Health>(entities[0])
            .unwrap()
            .points,
        7
    );
}

#[test]
fn what_another_module_uses_goes_over_with_it_only() {
    let mut bench = Bench::new(&[BEFORE[0], module("other", before)], |_| {});
    bench.types(OLD, 1);
    check(&bench.report(), Outcome::Committed);
    let entity = bench.world().spawn(old::Health { points: 7 }).id();
    bench.types(NEW, 2);
    bench.next(&[AFTER[0], module("other", after)]);
    bench
        .world()
        .send_event(crate::hot::ReloadRequest::modules(["game"]));
    let report = bench.report();
    check(&report, Outcome::Refused);
    let text = report.error.unwrap().to_string();
    assert!(
        text.contains("module `other` uses it too and is not reloaded"),
        "{text}"
    );
    check(
        &bench.reload(&[AFTER[0], module("other", after)]),
        Outcome::Committed,
    );
    assert_eq!(bench.world().get::<new::Vigour>(entity).unwrap().points, 7);
}

mod old_ignoring {
    use bevy::prelude::*;
    /// What is ignored is where there would be nothing.
    #[derive(Component, Reflect)]
    pub(super) struct Unit {
        pub(super) name: String,
        pub(super) points: u32,
        #[reflect(ignore)]
        pub(super) is_alive: bool,
    }
    #[derive(Component, Reflect)]
    pub(super) enum Arm {
        Sword,
        Gun {
            name: String,
            #[reflect(ignore)]
            rounds: u32,
        },
    }
    #[derive(Component, Reflect)]
    pub(super) struct Bag(pub(super) Vec<Option<Unit>>);
}

mod new_ignoring {
    use bevy::prelude::*;
    #[derive(Component, Reflect)]
    pub(super) struct Unit {
        name: String,
        points: u64,
    }
    #[derive(Component, Reflect)]
    pub(super) enum Arm {
        Gun { name: String },
        Sword,
    }
    #[derive(Component, Reflect)]
    pub(super) struct Bag(Vec<Option<Unit>>);
}

const IGNORING_BEFORE: &str = "mod hot { mod tests { mod migration { mod old_ignoring {
    struct Unit { name: String, points: u32, #[reflect(ignore)] is_alive: bool }
    enum Arm { Sword, Gun { name: String, #[reflect(ignore)] rounds: u32 } }
    struct Bag(Vec<Option<Unit>>);
} } } }";

const IGNORING_AFTER: &str = "mod hot { mod tests { mod migration { mod new_ignoring {
    #[state(was = \"hot_reloader_bevy::hot::tests::migration::old_ignoring::Unit\")]
    struct Unit { name: String, points: u64 }
    #[state(was = \"hot_reloader_bevy::hot::tests::migration::old_ignoring::Arm\")]
    enum Arm { Gun { name: String }, Sword }
    #[state(was = \"hot_reloader_bevy::hot::tests::migration::old_ignoring::Bag\")]
    struct Bag(Vec<Option<Unit>>);
} } } }";

#[test]
fn what_reflection_ignores_is_not_lost_wherever_it_is() {
    use old_ignoring::{Arm, Bag, Unit};
    fn before(app: &mut App) {
        app.register_type::<Arm>()
            .register_type::<Bag>()
            .add_systems(Update, |_: Query<(&Unit, &Arm, &Bag)>| {});
    }
    fn after(app: &mut App) {
        use new_ignoring::{Arm, Bag, Unit};
        app.register_type::<Arm>()
            .register_type::<Bag>()
            .add_systems(Update, |_: Query<(&Unit, &Arm, &Bag)>| {});
    }
    let mut bench = Bench::new(&[module("game", before)], |_| {});
    bench.types(IGNORING_BEFORE, 1);
    check(&bench.report(), Outcome::Committed);
    let unit = || Unit {
        name: "one".to_owned(),
        points: 7,
        is_alive: true,
    };
    let name = "gun".to_owned();
    let gun = Arm::Gun { name, rounds: 6 };
    let world = bench.world();
    let bag = world.spawn((unit(), Bag(vec![None, Some(unit())]))).id();
    let armed = world.spawn(gun).id();
    bench.types(IGNORING_AFTER, 2);
    let report = bench.reload(&[module("game", after)]);
    check(&report, Outcome::Refused);
    let text = report.error.unwrap().to_string();
    for name in ["Unit", "Arm", "Bag"] {
        assert!(text.contains(&format!("old_ignoring::{name}")), "{text}");
    }
    let reasons = text.matches("reflection does not see all of it").count();
    assert_eq!(reasons, 3, "{text}");
    let world = bench.world();
    assert!(world.get::<Unit>(bag).unwrap().is_alive);
    let held = world.get::<Bag>(bag).unwrap().0[1].as_ref();
    assert!(held.unwrap().is_alive);
    let arm = world.get::<Arm>(armed).unwrap();
    assert!(matches!(arm, Arm::Gun { rounds: 6, .. }));
}

mod old_paths {
    use bevy::prelude::*;
    #[derive(Component, Reflect)]
    #[type_path = "hot_reloader_bevy::game"]
    pub(super) struct Unit;
}

mod new_paths {
    use bevy::prelude::*;
    #[derive(Component, Reflect)]
    #[type_path = "hot_reloader_bevy::game"]
    pub(super) struct Unit;
}

/// As those of scenes do.
#[test]
fn paths_of_types_lead_to_those_of_the_code_that_runs() {
    fn before(app: &mut App) {
        app.register_type::<Vec<old_paths::Unit>>();
    }
    fn after(app: &mut App) {
        app.register_type::<Vec<new_paths::Unit>>();
    }
    let leads_to = |bench: &mut Bench| {
        let registry = bench.world().resource::<AppTypeRegistry>().read();
        let paths = [
            "hot_reloader_bevy::game::Unit",
            "alloc::vec::Vec<hot_reloader_bevy::game::Unit>",
        ];
        paths.map(|path| registry.get_with_type_path(path).unwrap().type_id())
    };
    let [old, new] = [
        [
            TypeId::of::<old_paths::Unit>(),
            TypeId::of::<Vec<old_paths::Unit>>(),
        ],
        [
            TypeId::of::<new_paths::Unit>(),
            TypeId::of::<Vec<new_paths::Unit>>(),
        ],
    ];
    let mut bench = Bench::new(&[module("game", before)], |_| {});
    bench.types("struct Unit;", 1);
    check(&bench.report(), Outcome::Committed);
    assert_eq!(leads_to(&mut bench), old);
    for round in [2, 4] {
        bench.types("struct Unit { x: u8 }", round);
        check(&bench.reload(&[module("game", after)]), Outcome::Committed);
        assert_eq!(leads_to(&mut bench), new);
        // The edit is undone.
        bench.types("struct Unit;", round + 1);
        check(&bench.reload(&[module("game", before)]), Outcome::Committed);
        assert_eq!(leads_to(&mut bench), old);
        let report = bench.reload(&[module("game", |app| {
            after(app);
            app.add_systems(Update, || panic!("wrecked"));
        })]);
        check(&report, Outcome::RolledBack);
        assert_eq!(leads_to(&mut bench), old);
    }
}

/// As `#[reflect(…)]` and the functions say it that reflection calls.
#[test]
fn what_is_registered_of_a_type_is_what_the_code_says_that_runs() {
    #[derive(Reflect)]
    struct Sign;
    #[derive(Clone)]
    struct Says(&'static str);
    /// As `register_type` does it: not again if it is there.
    fn register(app: &mut App, text: &'static str) {
        let mut sign = Sign::get_type_registration();
        sign.insert(Says(text));
        let registry = app.world().resource::<AppTypeRegistry>();
        registry.write().add_registration(sign);
    }
    let says = |bench: &mut Bench| {
        let registry = bench.world().resource::<AppTypeRegistry>().read();
        let says = registry.get_type_data::<Says>(TypeId::of::<Sign>());
        says.map(|says| says.0)
    };
    let mut bench = Bench::new(&[module("game", |app| register(app, "old"))], |_| {});
    bench.types("struct Sign;", 1);
    check(&bench.report(), Outcome::Committed);
    assert_eq!(says(&mut bench), Some("old"));
    let report = bench.reload(&[module("game", |app| register(app, "new"))]);
    check(&report, Outcome::Committed);
    assert_eq!(says(&mut bench), Some("new"));
    let report = bench.reload(&[module("game", |app| {
        register(app, "broken");
        app.add_systems(Update, || panic!("wrecked"));
    })]);
    check(&report, Outcome::RolledBack);
    assert_eq!(says(&mut bench), Some("new"));
}

/// What could not be made again is not done away with.
#[test]
fn a_rollback_brings_back_what_was_discarded() {
    let (mut bench, _) = bench(|app| {
        app.insert_resource(old::Opaque(Box::new(|| 5)));
    });
    let report = bench.reload(&AFTER);
    check(&report, Outcome::Refused);
    let text = report.error.unwrap().to_string();
    assert!(text.contains("old::Opaque\n  it is gone"), "{text}");
    let discards =
        "#[state(discard = \"hot_reloader_bevy::hot::tests::migration::old::Opaque\")] fn f() {}";
    bench.types(&format!("{NEW}{discards}"), 2);
    let report = bench.reload(&[module("game", |app| {
        after(app);
        app.add_systems(Update, || panic!("wrecked"));
    })]);
    check(&report, Outcome::RolledBack);
    assert_eq!((bench.world().resource::<old::Opaque>().0)(), 5);
    let report = bench.reload(&AFTER);
    check(&report, Outcome::Committed);
    let is_discarded = |of: &TypeChange| of.passage == Passage::Discarded;
    assert!(report.types.iter().any(is_discarded), "{report:#?}");
    // It is not spoken of again.
    bench.types(&format!("{NEW}{discards} struct More;"), 3);
    let report = bench.reload(&AFTER);
    check(&report, Outcome::Committed);
    assert!(!report.types.iter().any(is_discarded), "{report:#?}");
}

/// What they make has names that nobody knows.
#[test]
fn a_type_that_is_gone_is_no_less_so_where_macros_make_others() {
    let (mut bench, entities) = bench(|app| {
        app.insert_resource(old::Opaque(Box::new(|| 5)));
    });
    let made = "make!(Another);";
    bench.types(&format!("{NEW}{made}"), 2);
    let report = bench.reload(&AFTER);
    check(&report, Outcome::Refused);
    let text = report.error.unwrap().to_string();
    assert!(text.contains("old::Opaque\n  it is gone"), "{text}");
    assert!(!text.contains("old::Health"), "{text}");
    let discards =
        "#[state(discard = \"hot_reloader_bevy::hot::tests::migration::old::Opaque\")] fn f() {}";
    bench.types(&format!("{NEW}{made}{discards}"), 2);
    let report = bench.reload(&AFTER);
    check(&report, Outcome::Committed);
    let is_discarded = |of: &TypeChange| of.passage == Passage::Discarded;
    assert!(report.types.iter().any(is_discarded), "{report:#?}");
    let vigour = bench.world().get::<new::Vigour>(entities[0]).unwrap();
    assert_eq!(vigour.points, 7);
}

mod old_assets {
    use bevy::prelude::*;
    #[derive(Asset, TypePath)]
    pub(super) struct Page;
}

mod new_assets {
    use bevy::prelude::*;
    #[derive(Asset, TypePath)]
    pub(super) struct Page;
}

const ASSETS_BEFORE: &str =
    "mod hot { mod tests { mod migration { mod old_assets { struct Page; } } } }";

const ASSETS_AFTER: &str = "mod hot { mod tests { mod migration { mod new_assets {
    #[state(was = \"hot_reloader_bevy::hot::tests::migration::old_assets::Page\")]
    struct Page;
} } } }";

#[test]
fn assets_of_a_crate_of_which_a_type_has_changed_need_a_restart() {
    let engine = |app: &mut App| {
        app.add_plugins((MinimalPlugins, AssetPlugin::default(), StatesPlugin));
    };
    let mut bench = Bench::start_in(engine, &[module("game", |_| {})]);
    bench.types(ASSETS_BEFORE, 1);
    let report = bench.reload(&[module("game", |app| {
        app.init_asset::<old_assets::Page>();
    })]);
    check(&report, Outcome::Committed);
    bench.types(ASSETS_AFTER, 2);
    let report = bench.reload(&[module("game", |app| {
        app.init_asset::<new_assets::Page>();
    })]);
    check(&report, Outcome::Refused);
    let text = report.error.unwrap().to_string();
    assert!(
        text.contains("stay with the code of the first load"),
        "{text}"
    );
    assert!(text.contains("old_assets::Page and its loader"), "{text}");
}

/// An index that hooks keep is right afterwards.
#[test]
fn hooks_see_the_old_go_before_the_new_comes() {
    #[derive(Resource, Default)]
    struct Seen(Vec<&'static str>);
    let (mut bench, _) = bench(|app| {
        app.init_resource::<Seen>();
        let world = app.world_mut();
        let hooks = world.register_component_hooks::<old::Health>();
        hooks.on_remove(|mut world, _, _| world.resource_mut::<Seen>().0.push("old goes"));
        let hooks = world.register_component_hooks::<new::Vigour>();
        hooks.on_add(|mut world, _, _| world.resource_mut::<Seen>().0.push("new comes"));
    });
    check(&bench.reload(&AFTER), Outcome::Committed);
    let seen = &bench.world().resource::<Seen>().0;
    assert_eq!(*seen, ["old goes", "old goes", "new comes", "new comes"]);
}

#[test]
fn hooks_find_the_resources_of_their_code() {
    // Whichever of the two the world has known first.
    for is_resource_first in [true, false] {
        let (mut bench, _) = bench(|app| {
            let world = app.world_mut();
            if is_resource_first {
                let name = String::new();
                world.insert_resource(old::Settings { name });
            }
            let hooks = world.register_component_hooks::<old::Health>();
            hooks.on_remove(|mut world, _, _| {
                world.resource_mut::<old::Settings>().name.push('-');
            });
            let hooks = world.register_component_hooks::<new::Vigour>();
            hooks.on_add(|mut world, _, _| {
                world.resource_mut::<new::Options>().name.push('+');
            });
        });
        check(&bench.reload(&AFTER), Outcome::Committed);
        assert_eq!(bench.world().resource::<new::Options>().name, "mine++");
    }
}

#[test]
fn observers_are_not_told_that_values_go_over() {
    #[derive(Component)]
    struct Grave;
    fn observed(app: &mut App) {
        before(app);
        app.observe(
            |_: Trigger<OnRemove, old::Health>,
             mut settings: ResMut<old::Settings>,
             mut commands: Commands| {
                settings.name.clear();
                commands.spawn(Grave);
            },
        );
    }
    let mut bench = Bench::new(&[module("game", observed)], |app| {
        // So it is carried over before the component.
        let name = "mine".to_owned();
        app.insert_resource(old::Settings { name });
    });
    bench.types(OLD, 1);
    check(&bench.report(), Outcome::Committed);
    let entity = bench.world().spawn(old::Health { points: 7 }).id();
    bench.types(NEW, 2);
    let report = bench.reload(&[module("game", |app| {
        after(app);
        app.add_systems(Update, || panic!("wrecked"));
    })]);
    check(&report, Outcome::RolledBack);
    assert_eq!(bench.count::<Grave>(), 0);
    check(&bench.reload(&AFTER), Outcome::Committed);
    assert_eq!(bench.count::<Grave>(), 0);
    assert_eq!(bench.world().resource::<new::Options>().name, "mine");
    assert_eq!(bench.world().get::<new::Vigour>(entity).unwrap().points, 7);
}

mod old_states {
    use bevy::prelude::*;
    #[derive(States, Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    pub(super) enum Screen {
        #[default]
        Menu,
        Game,
    }
}

mod new_states {
    use bevy::prelude::*;
    #[derive(States, Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    pub(super) enum Screen {
        #[default]
        Menu,
        Game,
        Help,
    }
}

const STATES_BEFORE: &str = "mod hot { mod tests { mod migration { mod old_states {
    enum Screen { Menu, Game }
} } } }";

const STATES_AFTER: &str = "mod hot { mod tests { mod migration { mod new_states {
    #[state(was = \"hot_reloader_bevy::hot::tests::migration::old_states::Screen\")]
    enum Screen { Menu, Game, Help }
} } } }";

#[derive(Component)]
struct Shown;

fn show(mut commands: Commands) {
    commands.spawn(Shown);
}

#[test]
fn a_state_of_another_type_goes_on_where_it_is_and_is_not_entered() {
    fn before(app: &mut App) {
        use old_states::Screen;
        app.init_state::<Screen>()
            .add_systems(OnEnter(Screen::Menu), show);
    }
    fn after(app: &mut App) {
        use new_states::Screen;
        app.init_state::<Screen>()
            .add_systems(OnEnter(Screen::Menu), show)
            .add_systems(OnEnter(Screen::Help), show);
    }
    for goes in [false, true] {
        let mut bench = Bench::new(&[module("game", before)], |_| {});
        bench.types(STATES_BEFORE, 1);
        check(&bench.report(), Outcome::Committed);
        bench.frames(2);
        assert_eq!(bench.count::<Shown>(), 1);
        if goes {
            let mut next = bench
                .world()
                .resource_mut::<NextState<old_states::Screen>>();
            next.set(old_states::Screen::Game);
            bench.frames(2);
        }
        bench.types(STATES_AFTER, 2);
        check(&bench.reload(&[module("game", after)]), Outcome::Committed);
        bench.frames(8);
        assert_eq!(bench.count::<Shown>(), 1, "nothing is entered");
        let world = bench.world();
        let screen = *world.resource::<State<new_states::Screen>>().get();
        let expected = if goes {
            new_states::Screen::Game
        } else {
            new_states::Screen::Menu
        };
        assert_eq!(screen, expected);
        let mut next = world.resource_mut::<NextState<new_states::Screen>>();
        next.set(new_states::Screen::Help);
        bench.frames(2);
        assert_eq!(bench.count::<Shown>(), 2);
    }
}

#[test]
fn what_is_scoped_to_a_state_of_another_type_goes_with_it() {
    fn before(app: &mut App) {
        use old_states::Screen;
        app.init_state::<Screen>()
            .enable_state_scoped_entities::<Screen>();
    }
    fn after(app: &mut App) {
        use new_states::Screen;
        app.init_state::<Screen>()
            .enable_state_scoped_entities::<Screen>();
    }
    let mut bench = Bench::new(&[module("game", before)], |_| {});
    bench.types(STATES_BEFORE, 1);
    check(&bench.report(), Outcome::Committed);
    let world = bench.world();
    world.spawn(StateScoped(old_states::Screen::Menu));
    world.spawn(StateScoped(old_states::Screen::Game));
    bench.types(STATES_AFTER, 2);
    let report = bench.reload(&[module("game", after)]);
    check(&report, Outcome::Committed);
    let mut types = report.types.iter();
    let scoped = types.find(|of| of.name.contains("StateScoped<")).unwrap();
    assert_eq!((scoped.passage, scoped.values), (Passage::Migrated, 2));
    bench.frames(2);
    assert_eq!(bench.count::<StateScoped<new_states::Screen>>(), 2);
    let world = bench.world();
    let mut next = world.resource_mut::<NextState<new_states::Screen>>();
    next.set(new_states::Screen::Game);
    bench.frames(2);
    let world = bench.world();
    let mut left = world.query::<&StateScoped<new_states::Screen>>();
    assert_eq!(left.single(world).0, new_states::Screen::Game);
}

#[test]
fn what_was_built_for_a_state_is_built_anew_by_a_rebuild_after_its_type_has_changed() {
    fn before(app: &mut App) {
        use old_states::Screen;
        app.init_state::<Screen>()
            .add_systems(OnEnter(Screen::Menu), show);
    }
    fn after(app: &mut App) {
        use new_states::Screen;
        app.init_state::<Screen>()
            .add_systems(OnEnter(Screen::Menu), show);
    }
    let shown = |bench: &mut Bench| {
        let world = bench.world();
        world.query_filtered::<Entity, With<Shown>>().single(world)
    };
    let mut bench = Bench::new(&[module("game", before)], |_| {});
    bench.types(STATES_BEFORE, 1);
    check(&bench.report(), Outcome::Committed);
    bench.types(STATES_AFTER, 2);
    check(&bench.reload(&[module("game", after)]), Outcome::Committed);
    let mut last = shown(&mut bench);
    for _ in 0..2 {
        bench.next(&[module("game", after)]);
        bench.world().send_event(ReloadRequest::all().rebuilding());
        check(&bench.report(), Outcome::Committed);
        let now = shown(&mut bench);
        assert_ne!(now, last);
        last = now;
    }
}

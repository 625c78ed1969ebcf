//! A module's systems run where they would run without `hot`: among the sets of the host.

use bevy::{
    ecs::schedule::{LogLevel, ScheduleBuildSettings},
    prelude::*,
};
use hot_reloader_transaction::{Outcome, ReloadReport};

use super::harness::{check, module, Bench};
use crate::{ExemptFromRollback, ModuleEntry};

#[derive(Resource, Default, Debug, PartialEq)]
struct Notes(Vec<&'static str>);

#[derive(Resource, Default)]
struct Allowed(bool);

/// The host's.
#[derive(SystemSet, Clone, Debug, PartialEq, Eq, Hash)]
enum Part {
    Early,
    Middle,
    Late,
}

/// The module's.
#[derive(SystemSet, Clone, Debug, PartialEq, Eq, Hash)]
enum Own {
    A,
    B,
}

fn note(text: &'static str) -> impl Fn(ResMut<Notes>) {
    move |mut notes| notes.0.push(text)
}

fn host(app: &mut App) {
    app.init_resource::<Notes>()
        .exempt_from_rollback::<Notes>()
        .init_resource::<Allowed>()
        .configure_sets(Update, (Part::Early, Part::Middle, Part::Late).chain())
        .configure_sets(
            Update,
            Part::Middle.run_if(|allowed: Res<Allowed>| allowed.0),
        )
        .add_systems(Update, note("early").in_set(Part::Early))
        .add_systems(Update, note("middle").in_set(Part::Middle))
        .add_systems(Update, host_system.in_set(Part::Late));
}

fn host_system(mut notes: ResMut<Notes>) {
    notes.0.push("late");
}

fn frame(bench: &mut Bench) -> Vec<&'static str> {
    bench.world().resource_mut::<Notes>().0.clear();
    bench.frames(1);
    bench.world().resource::<Notes>().0.clone()
}

#[test]
fn systems_are_ordered_against_the_sets_of_the_host_and_heed_their_conditions() {
    fn game(app: &mut App) {
        app.add_systems(
            Update,
            (
                note("after early").after(Part::Early).before(Part::Middle),
                note("in middle").in_set(Part::Middle),
                note("at last").after(host_system),
            )
                .chain(),
        )
        .add_systems(Update, note("first").before(Part::Early));
    }
    let mut bench = Bench::start(&[module("game", game)], host);
    for _ in 0..2 {
        assert_eq!(
            frame(&mut bench),
            ["first", "early", "after early", "late", "at last"]
        );
        bench.world().resource_mut::<Allowed>().0 = true;
        let seen = frame(&mut bench);
        assert_eq!(seen[..3], ["first", "early", "after early"]);
        assert!(
            seen.contains(&"middle") && seen.contains(&"in middle"),
            "{seen:?}"
        );
        assert_eq!(seen[5..], ["late", "at last"]);
        bench.world().resource_mut::<Allowed>().0 = false;
        // New code asks for other places, and then for these again.
        let report = bench.reload(&[module("game", |app| {
            app.add_systems(Update, note("elsewhere").after(Part::Late));
        })]);
        check(&report, Outcome::Committed);
        assert_eq!(frame(&mut bench), ["early", "late", "elsewhere"]);
        let report = bench.reload(&[module("game", game)]);
        check(&report, Outcome::Committed);
    }
}

#[test]
fn own_sets_keep_their_order_and_conditions_among_those_of_the_host() {
    fn game(app: &mut App) {
        app.configure_sets(Update, (Own::A, Own::B).chain())
            .configure_sets(Update, Own::A.run_if(|allowed: Res<Allowed>| !allowed.0))
            .configure_sets(Update, Own::B.after(Part::Late))
            .add_systems(
                Update,
                (note("b2").in_set(Own::B), note("a").in_set(Own::A)),
            )
            .add_systems(
                Update,
                (note("c1"), note("c2"))
                    .chain()
                    .run_if(|| true)
                    .after(Own::B),
            );
    }
    let mut bench = Bench::start(&[module("game", game)], host);
    let of = |seen: Vec<&'static str>| -> Vec<&'static str> {
        seen.into_iter()
            .filter(|note| !["early", "middle"].contains(note))
            .collect()
    };
    let seen = of(frame(&mut bench));
    let at = |note: &str| seen.iter().position(|seen| *seen == note).unwrap();
    assert!(at("a") < at("b2") && at("late") < at("b2"), "{seen:?}");
    assert!(at("b2") < at("c1") && at("c1") < at("c2"), "{seen:?}");
    bench.world().resource_mut::<Allowed>().0 = true;
    assert_eq!(of(frame(&mut bench)), ["late", "b2", "c1", "c2"]);
}

#[test]
fn what_cannot_be_placed_is_refused_with_the_way_out() {
    fn twice() {}
    let mut bench = Bench::start(&[module("game", |_| {})], |app| {
        host(app);
        app.add_systems(Update, (twice, twice));
    });
    let cases: [(fn(&mut App), &str); 5] = [
        (
            |app| {
                app.add_systems(Update, note("x").after(Part::Late).before(Part::Early));
            },
            "wait for each other",
        ),
        (
            |app| {
                app.configure_sets(Update, Part::Late.run_if(|| false))
                    .add_systems(Update, note("x").in_set(Part::Late));
            },
            "do that in the app",
        ),
        (
            |app| {
                app.configure_sets(Update, Part::Late.before(Part::Early))
                    .add_systems(Update, note("x").in_set(Part::Late));
            },
            "do that in the app",
        ),
        (
            |app| {
                let systems = (note("x").in_set(Part::Late), note("y").in_set(Part::Early));
                app.add_systems(Update, systems.run_if(|| true));
            },
            "a condition of its own",
        ),
        (
            |app| {
                app.add_systems(Update, note("x").after(twice));
            },
            "more than once",
        ),
    ];
    for (setup, says) in cases {
        let report = bench.reload(&[module("game", setup)]);
        check(&report, Outcome::Refused);
        let error = report.error.unwrap();
        assert_eq!(error.kind(), "schedule_broken");
        assert!(error.to_string().contains(says), "{error}");
        assert_eq!(frame(&mut bench), ["early", "late"]);
    }
}

#[test]
fn modules_that_cannot_be_placed_together_are_refused() {
    /// The host's, in no order.
    #[derive(SystemSet, Clone, Debug, PartialEq, Eq, Hash)]
    enum Loose {
        A,
        B,
    }
    const NOTHING: [ModuleEntry; 2] = [module("one", |_| {}), module("two", |_| {})];
    let mut bench = Bench::start(&NOTHING, |app| {
        host(app);
        app.configure_sets(Update, (Loose::A, Loose::B));
    });
    let one = module("one", |app| {
        app.add_systems(Update, note("one").after(Loose::A).before(Loose::B));
    });
    let two = module("two", |app| {
        app.add_systems(Update, note("two").after(Loose::B).before(Loose::A));
    });
    let refused = |bench: &mut Bench, modules: [ModuleEntry; 2], says: &str| {
        let report = bench.reload(&modules);
        check(&report, Outcome::Refused);
        let text = report.error.unwrap().to_string();
        assert!(text.contains(says), "{text}");
    };
    refused(&mut bench, [one, two], "those of other modules");
    assert_eq!(frame(&mut bench), ["early", "late"]);
    let report = bench.reload(&[one, NOTHING[1]]);
    check(&report, Outcome::Committed);
    assert!(frame(&mut bench).contains(&"one"));
    // What was placed stays.
    refused(&mut bench, [NOTHING[0], two], "until the restart");
    assert!(frame(&mut bench).contains(&"one"));
}

#[test]
fn a_set_within_another_may_be_so_in_the_app_and_in_the_module() {
    /// The host's.
    #[derive(SystemSet, Clone, Debug, PartialEq, Eq, Hash)]
    struct Outer;
    fn nest(app: &mut App) {
        app.configure_sets(Update, Part::Early.in_set(Outer));
    }
    let mut bench = Bench::start(&[module("game", |_| {})], |app| {
        host(app);
        nest(app);
        app.edit_schedule(Update, |schedule| {
            schedule.set_build_settings(ScheduleBuildSettings {
                hierarchy_detection: LogLevel::Error,
                ..default()
            });
        });
    });
    let report = bench.reload(&[module("game", |app| {
        nest(app);
        let system = note("nested").in_set(Part::Early).before(Part::Late);
        app.add_systems(Update, system);
    })]);
    check(&report, Outcome::Committed);
    assert!(frame(&mut bench).contains(&"nested"));
}

#[test]
fn an_app_that_allows_no_ambiguity_goes_on() {
    let mut bench = Bench::start(
        &[module("game", |app| {
            app.add_systems(Update, note("whole"));
        })],
        |app| {
            host(app);
            app.edit_schedule(Update, |schedule| {
                schedule.set_build_settings(ScheduleBuildSettings {
                    ambiguity_detection: LogLevel::Error,
                    ..default()
                });
            });
        },
    );
    let sorted = |bench: &mut Bench| {
        let mut notes = frame(bench);
        notes.sort_unstable();
        notes
    };
    assert_eq!(sorted(&mut bench), ["early", "late", "whole"]);
    let report = bench.reload(&[module("game", |app| {
        app.add_systems(Update, note("unit").after(Part::Early));
    })]);
    check(&report, Outcome::Committed);
    assert_eq!(sorted(&mut bench), ["early", "late", "unit"]);
}

#[test]
fn a_unit_that_panics_is_contained_and_taken_back() {
    let mut bench = Bench::start(
        &[module("game", |app| {
            app.add_systems(Update, note("good").after(Part::Early));
        })],
        host,
    );
    let report = bench.reload(&[module("game", |app| {
        app.add_systems(Update, (|| panic!("no place")).after(Part::Late));
    })]);
    check(&report, Outcome::RolledBack);
    let text = report.error.unwrap().to_string();
    assert!(
        text.starts_with("module `game` panicked in Update"),
        "{text}"
    );
    assert_eq!(frame(&mut bench)[..2], ["early", "good"]);
}

#[test]
fn a_condition_of_several_systems_is_the_modules_though_the_host_has_one_too() {
    let mut bench = Bench::start(
        &[module("game", |app| {
            let systems = (note("x"), note("y")).chain();
            app.add_systems(Update, systems.run_if(|allowed: Res<Allowed>| allowed.0));
        })],
        |app| {
            host(app);
            app.add_systems(Update, (note("h"), note("i")).chain().run_if(|| true));
        },
    );
    assert!(!frame(&mut bench).contains(&"x"));
    bench.world().resource_mut::<Allowed>().0 = true;
    let seen = frame(&mut bench);
    assert!(["h", "i", "x", "y"].iter().all(|of| seen.contains(of)));
}

/// The warnings that name both modules: the one that says something, and the one in which it does not hold.
fn told<'a>(report: &'a ReloadReport, says: &str, has: &str) -> Vec<&'a str> {
    let warnings = report.warnings.iter().map(String::as_str);
    let is_it = |text: &&str| {
        let [has, says] = [has, says].map(|name| format!("module `{name}`"));
        text.starts_with(&has) && text.contains(&says)
    };
    warnings.filter(is_it).collect()
}

#[test]
fn what_a_module_says_and_does_not_hold_in_another_is_told() {
    fn says(app: &mut App) {
        app.configure_sets(Update, (Own::A, Own::B).chain())
            .configure_sets(Update, Own::B.run_if(|allowed: Res<Allowed>| allowed.0));
    }
    fn has(app: &mut App) {
        let systems = (note("b").in_set(Own::B), note("a").in_set(Own::A));
        app.add_systems(Update, systems);
    }
    fn both(app: &mut App) {
        says(app);
        has(app);
    }
    const SAYS: ModuleEntry = module("says", says);
    let mut bench = Bench::new(&[SAYS, module("has", has)], host);
    let report = bench.report();
    check(&report, Outcome::Committed);
    let warnings = told(&report, "says", "has");
    assert_eq!(warnings.len(), 1, "{report:#?}");
    assert!(warnings[0].contains("`B`, `A` of Update"), "{warnings:?}");
    let report = bench.reload(&[SAYS, module("has", both)]);
    check(&report, Outcome::Committed);
    assert_eq!(told(&report, "says", "has"), [""; 0]);
    let report = bench.reload(&[SAYS, module("has", has)]);
    assert_eq!(told(&report, "says", "has").len(), 1, "{report:#?}");
}

#[test]
fn an_order_in_which_modules_run_anyway_holds() {
    fn early(app: &mut App) {
        app.add_systems(Update, note("early").in_set(Own::A));
    }
    fn late(app: &mut App) {
        app.add_systems(Update, note("late").after(Own::A));
    }
    let orders = [
        [module("early", early), module("late", late)],
        [module("late", late), module("early", early)],
    ];
    for (modules, count) in orders.into_iter().zip([0, 1]) {
        let mut bench = Bench::new(&modules, host);
        let report = bench.report();
        check(&report, Outcome::Committed);
        assert_eq!(told(&report, "late", "early").len(), count, "{report:#?}");
    }
}

/// What was said in both does not hold between them all the same.
#[test]
fn an_order_that_both_modules_say_is_told_if_they_run_in_another() {
    /// In each module, the first and the last have systems.
    #[derive(SystemSet, Clone, Debug, PartialEq, Eq, Hash)]
    enum Turn {
        First,
        Middle,
        Last,
    }
    fn order(app: &mut App) {
        app.configure_sets(Update, (Turn::First, Turn::Middle, Turn::Last).chain());
    }
    const FIRST: ModuleEntry = module("first", |app| {
        order(app);
        app.add_systems(Update, note("first").in_set(Turn::First));
    });
    const LAST: ModuleEntry = module("last", |app| {
        order(app);
        app.add_systems(Update, note("last").in_set(Turn::Last));
    });
    for (modules, count) in [([FIRST, LAST], 0), ([LAST, FIRST], 1)] {
        let mut bench = Bench::new(&modules, host);
        let report = bench.report();
        check(&report, Outcome::Committed);
        let says = |text: &&String| text.contains("does not hold");
        assert_eq!(report.warnings.iter().filter(says).count(), count);
        assert_eq!(told(&report, "last", "first").len(), count, "{report:#?}");
        let seen = frame(&mut bench);
        let at = |note: &str| seen.iter().position(|seen| *seen == note);
        assert_eq!(at("last") < at("first"), count == 1, "{seen:?}");
    }
}

#[test]
fn an_order_that_two_modules_say_of_systems_of_their_own_is_not_taken_for_the_same() {
    fn before(app: &mut App) {
        app.add_systems(Update, note("before").before(Own::A));
    }
    let mut bench = Bench::new(
        &[
            module("has", |app| {
                before(app);
                app.add_systems(Update, note("a").in_set(Own::A));
            }),
            module("says", before),
        ],
        host,
    );
    let report = bench.report();
    check(&report, Outcome::Committed);
    assert_eq!(told(&report, "says", "has").len(), 1, "{report:#?}");
}

#[test]
fn an_order_of_modules_is_none_of_systems_that_have_places_in_the_app() {
    let mut bench = Bench::new(
        &[
            module("early", |app| {
                let system = note("early").in_set(Own::A).in_set(Part::Late);
                app.add_systems(Update, system);
            }),
            module("late", |app| {
                app.add_systems(Update, note("late").after(Own::A));
            }),
        ],
        host,
    );
    let report = bench.report();
    check(&report, Outcome::Committed);
    assert_eq!(told(&report, "late", "early").len(), 1, "{report:#?}");
}

#[test]
fn a_set_that_one_module_puts_into_one_of_the_app_is_told_where_another_has_systems_in_it() {
    let mut bench = Bench::new(
        &[
            module("says", |app| {
                app.configure_sets(Update, Own::A.in_set(Part::Middle))
                    .configure_sets(Update, Own::B.after(Part::Late));
            }),
            module("has", |app| {
                let systems = (note("a").in_set(Own::A), note("b").in_set(Own::B));
                app.add_systems(Update, systems)
                    .add_systems(Update, note("c").in_set(Part::Early));
            }),
        ],
        host,
    );
    let report = bench.report();
    check(&report, Outcome::Committed);
    let warnings = told(&report, "says", "has");
    assert_eq!(warnings.len(), 1, "{report:#?}");
    assert!(warnings[0].contains("`B`, `A` of Update"), "{warnings:?}");
}

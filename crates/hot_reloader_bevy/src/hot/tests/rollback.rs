//! A rollback brings back the world.

use bevy::{ecs::system::SystemState, prelude::*, time::TimeUpdateStrategy};
use bevy_egui::EguiRenderToTextureHandle;
use hot_reloader_transaction::Outcome;

use super::harness::{check, module, plain, Bench};
use crate::{hot::ReloadRequest, ExemptFromRollback, ModuleEntry, OnLoad, OnUnload};

#[derive(Component, Clone, Debug, PartialEq)]
struct Label(String);

#[derive(Component)]
struct Mark;

#[derive(Resource, Default, Debug, PartialEq)]
struct Count(u64);

#[derive(Resource, Default, Reflect, Debug, PartialEq)]
struct Words(Vec<String>);

/// Can be copied in no way.
#[derive(Resource, Component)]
struct Opaque(Box<dyn Fn() -> u32 + Send + Sync>);

#[derive(States, Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
enum Phase {
    #[default]
    Play,
    Over,
}

/// Has drop glue, so it is more than its bytes.
#[derive(States, Reflect, Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Level(String);

#[derive(Event)]
struct Sent(#[expect(dead_code, reason = "it is looked at by its number")] Box<u32>);

const NOTHING: ModuleEntry = module("game", |_| {});

/// Panics in its third frame, after what the test lets it do in its first.
fn wreck(app: &mut App, work: fn(&mut World)) {
    app.add_systems(Update, move |world: &mut World, mut frames: Local<u32>| {
        *frames += 1;
        if *frames == 1 {
            work(world);
        }
        assert!(*frames < 3, "wrecked");
    });
}

#[test]
fn a_despawned_entity_comes_back_with_all_that_it_had() {
    let mut bench = Bench::start(&[NOTHING], |app| {
        app.register_type::<Words>();
    });
    let world = bench.world();
    let child = world.spawn((Mark, Name::new("sword"))).id();
    let hero = world
        .spawn((Name::new("hero"), Transform::from_xyz(1.0, 2.0, 3.0), Mark))
        .add_child(child)
        .id();
    let report = bench.reload(&[module("game", |app| {
        wreck(app, |world| {
            let heroes: Vec<_> = world
                .query_filtered::<Entity, With<Children>>()
                .iter(world)
                .collect();
            for hero in heroes {
                world.entity_mut(hero).despawn_recursive();
            }
        });
    })]);
    check(&report, Outcome::RolledBack);
    let world = bench.world();
    assert_eq!(world.get::<Name>(hero).unwrap().as_str(), "hero");
    assert_eq!(world.get::<Transform>(hero).unwrap().translation.z, 3.0);
    assert_eq!(&**world.get::<Children>(hero).unwrap(), [child]);
    assert_eq!(world.get::<Parent>(child).unwrap().get(), hero);
    assert_eq!(world.get::<Name>(child).unwrap().as_str(), "sword");
    assert_eq!(bench.count::<Mark>(), 2);
}

#[derive(Resource, Default)]
struct Known(Vec<Entity>);

/// As the layout of Bevy's UI does, which would have to be there for it.
fn know(
    mut known: ResMut<Known>,
    added: Query<Entity, Added<Mark>>,
    mut removed: RemovedComponents<Mark>,
) {
    known.0.extend(&added);
    for entity in removed.read() {
        known.0.retain(|of| *of != entity);
    }
}

#[test]
fn nobody_hears_that_what_came_back_at_once_was_gone() {
    let mut bench = Bench::start(&[NOTHING], |app| {
        app.init_resource::<Known>()
            .exempt_from_rollback::<Known>()
            .add_systems(PostUpdate, know);
    });
    let marked = bench.world().spawn(Mark).id();
    bench.frames(1);
    assert_eq!(bench.world().resource::<Known>().0, [marked]);
    let report = bench.reload(&[module("game", |app| {
        app.add_systems(Update, |world: &mut World| {
            let mut marked = world.query_filtered::<Entity, With<Mark>>();
            let marked: Vec<_> = marked.iter(world).collect();
            marked.into_iter().for_each(|entity| {
                world.despawn(entity);
            });
            world.spawn(Mark);
            panic!("wrecked");
        });
    })]);
    check(&report, Outcome::RolledBack);
    bench.frames(2);
    let mut known = bench.world().resource::<Known>().0.clone();
    known.dedup();
    assert_eq!(known, [marked], "and nobody else");
}

#[test]
fn resources_come_back_go_and_are_as_they_were() {
    let mut bench = Bench::start(&[NOTHING], |app| {
        app.register_type::<Words>()
            .insert_resource(Count(1))
            .insert_resource(Words(vec!["one".to_owned()]))
            .insert_non_send_resource(7_u32);
    });
    let report = bench.reload(&[module("game", |app| {
        app.insert_resource(Label2(9));
        wreck(app, |world| {
            world.resource_mut::<Count>().0 = 100;
            world.remove_resource::<Words>();
            world.insert_non_send_resource(8_u32);
            world.insert_non_send_resource("more");
        });
    })]);
    check(&report, Outcome::RolledBack);
    let world = bench.world();
    assert_eq!(*world.resource::<Count>(), Count(1));
    assert_eq!(world.resource::<Words>().0, ["one"]);
    assert_eq!(*world.non_send_resource::<u32>(), 7);
    assert!(world.get_non_send_resource::<&str>().is_none());
    assert!(!world.contains_resource::<Label2>());
}

#[test]
fn what_new_code_sets_anew_is_kept_aside() {
    fn constants(app: &mut App) {
        app.insert_resource(Opaque(Box::new(|| 1)));
    }
    let mut bench = Bench::start(&[module("game", constants)], |_| {});
    for _ in 0..2 {
        let report = bench.reload(&[module("game", |app| {
            app.insert_resource(Opaque(Box::new(|| 2)))
                .insert_resource(Label2(1));
            wreck(app, |world| {
                assert_eq!((world.resource::<Opaque>().0)(), 2);
                world.insert_resource(Opaque(Box::new(|| 3)));
            });
        })]);
        check(&report, Outcome::RolledBack);
        assert_eq!((bench.world().resource::<Opaque>().0)(), 1);
        assert!(!bench.world().contains_resource::<Label2>());
    }
}

#[test]
fn what_was_kept_aside_comes_back_if_the_setup_fails_half_way() {
    #[derive(Resource)]
    struct Never;
    impl Default for Never {
        fn default() -> Self {
            panic!("never")
        }
    }
    let mut bench = Bench::start(
        &[module("game", |app| {
            app.insert_resource(Opaque(Box::new(|| 1)));
        })],
        |_| {},
    );
    let report = bench.reload(&[module("game", |app| {
        app.insert_resource(Opaque(Box::new(|| 2)))
            .init_resource::<Never>();
    })]);
    check(&report, Outcome::Refused);
    assert_eq!((bench.world().resource::<Opaque>().0)(), 1);
}

#[test]
fn a_panic_in_a_fixed_step_is_taken_back_like_any_other() {
    let mut bench = Bench::start(&[NOTHING], |app| {
        app.insert_resource(Count(1))
            .insert_resource(TimeUpdateStrategy::ManualDuration(
                std::time::Duration::from_millis(20),
            ));
    });
    let report = bench.reload(&[module("game", |app| {
        app.add_systems(FixedUpdate, |mut count: ResMut<Count>| {
            count.0 = 2;
            panic!("in a step");
        });
    })]);
    check(&report, Outcome::RolledBack);
    assert_eq!(*bench.world().resource::<Count>(), Count(1));
    bench.frames(3);
}

#[derive(Resource)]
struct Label2(#[expect(dead_code, reason = "it is only there or not")] u32);

#[test]
fn what_was_put_under_a_new_entity_gets_its_parent_back() {
    let mut bench = Bench::start(&[NOTHING], |_| {});
    let world = bench.world();
    let child = world.spawn(Mark).id();
    let parent = world.spawn(Name::new("parent")).add_child(child).id();
    let lone = world.spawn(Name::new("lone")).id();
    let report = bench.reload(&[module("game", |app| {
        wreck(app, |world| {
            let all: Vec<_> = world
                .query_filtered::<Entity, Or<(With<Mark>, With<Name>)>>()
                .iter(world)
                .filter(|entity| world.get::<Children>(*entity).is_none())
                .collect();
            let new = world.spawn_empty().id();
            for entity in all {
                world.entity_mut(entity).set_parent(new);
            }
        });
    })]);
    check(&report, Outcome::RolledBack);
    let world = bench.world();
    assert_eq!(world.get::<Parent>(child).unwrap().get(), parent);
    assert_eq!(&**world.get::<Children>(parent).unwrap(), [child]);
    assert!(world.get::<Parent>(lone).is_none());
}

#[test]
fn states_and_what_was_asked_of_them_come_back() {
    fn states(app: &mut App) {
        app.init_state::<Phase>()
            .init_state::<Level>()
            .register_type::<State<Level>>()
            .register_type::<NextState<Level>>();
    }
    let mut bench = Bench::start(&[module("game", states)], |_| {});
    bench
        .world()
        .resource_mut::<NextState<Level>>()
        .set(Level("one".to_owned()));
    bench.frames(2);
    let report = bench.reload(&[module("game", |app| {
        states(app);
        wreck(app, |world| {
            world.resource_mut::<NextState<Phase>>().set(Phase::Over);
            world
                .resource_mut::<NextState<Level>>()
                .set(Level("two".to_owned()));
        });
    })]);
    check(&report, Outcome::RolledBack);
    bench.frames(2);
    let world = bench.world();
    assert_eq!(*world.resource::<State<Phase>>().get(), Phase::Play);
    assert_eq!(world.resource::<State<Level>>().get().0, "one");
    // And transitions happen as before, by the code that runs now.
    bench
        .world()
        .resource_mut::<NextState<Phase>>()
        .set(Phase::Over);
    bench.frames(2);
    assert_eq!(*bench.world().resource::<State<Phase>>().get(), Phase::Over);
}

#[test]
fn a_first_load_that_fails_three_times_leaves_nothing() {
    fn failing(app: &mut App) {
        app.init_resource::<Count>()
            .observe(|_: Trigger<Ring>, mut commands: Commands| {
                commands.spawn(Name::new("heard"));
            })
            .add_systems(
                Startup,
                |mut commands: Commands, mut count: ResMut<Count>| {
                    commands.spawn(Mark);
                    commands.trigger(Ring);
                    count.0 += 1;
                },
            )
            .add_systems(OnLoad, |mut commands: Commands| {
                commands.spawn(Label("set up".to_owned()));
            });
    }
    #[derive(Event)]
    struct Ring;

    let mut bench = Bench::new(
        &[module("game", |app| {
            failing(app);
            wreck(app, |_| {});
        })],
        |_| {},
    );
    let entities = bench.world().entities().len();
    check(&bench.report(), Outcome::RolledBack);
    for _ in 0..2 {
        let report = bench.reload(&[module("game", |app| {
            failing(app);
            wreck(app, |_| {});
        })]);
        check(&report, Outcome::RolledBack);
        assert_eq!(bench.world().entities().len(), entities);
        assert!(!bench.world().contains_resource::<Count>());
    }
    let report = bench.reload(&[module("game", failing)]);
    check(&report, Outcome::Committed);
    assert_eq!(bench.count::<Mark>(), 1);
    assert_eq!(bench.count::<Label>(), 1);
    assert_eq!(bench.count::<Name>(), 1, "the observer ran once");
    assert_eq!(*bench.world().resource::<Count>(), Count(1));
}

#[test]
fn what_setup_made_is_there_once_under_its_id() {
    fn hud(app: &mut App) {
        app.add_systems(OnLoad, |mut commands: Commands| {
            commands.spawn((Mark, Name::new("hud")));
        })
        .add_systems(
            OnUnload,
            |mut commands: Commands, huds: Query<Entity, With<Mark>>| {
                huds.iter().for_each(|hud| commands.entity(hud).despawn());
            },
        );
    }
    let mut bench = Bench::start(&[module("game", hud)], |_| {});
    let id = |bench: &mut Bench| {
        let world = bench.world();
        world.query_filtered::<Entity, With<Mark>>().single(world)
    };
    let before = id(&mut bench);
    let report = bench.reload(&[module("game", |app| {
        hud(app);
        wreck(app, |_| {});
    })]);
    check(&report, Outcome::RolledBack);
    assert_eq!(id(&mut bench), before);
    assert_eq!(bench.count::<Name>(), 1);
}

#[test]
fn entities_that_were_reserved_are_there() {
    let mut bench = Bench::start(&[NOTHING], |_| {});
    let reserved = bench.world().entities().reserve_entity();
    let before = bench.world().entities().len();
    let report = bench.reload(&[module("game", |app| {
        wreck(app, |world| {
            let more = world.entities().reserve_entity();
            world.flush();
            world.despawn(more);
            let mut state = SystemState::<Commands>::new(world);
            state.get_mut(world).spawn_empty();
        });
    })]);
    check(&report, Outcome::RolledBack);
    assert!(bench.world().get_entity(reserved).is_some());
    assert_eq!(bench.world().entities().len(), before + 1);
}

#[test]
fn events_that_new_code_sent_are_gone() {
    #[derive(Resource, Default)]
    struct Read(usize);
    fn reading(app: &mut App) {
        app.add_event::<Sent>().init_resource::<Read>().add_systems(
            Update,
            |mut sent: EventReader<Sent>, mut read: ResMut<Read>| {
                read.0 += sent.read().count();
            },
        );
    }
    let mut bench = Bench::start(&[module("game", reading)], |_| {});
    bench.world().send_event(Sent(Box::new(1)));
    bench.frames(3);
    assert_eq!(bench.world().resource::<Read>().0, 1);
    let report = bench.reload(&[module("game", |app| {
        app.add_event::<Sent>().add_systems(
            Update,
            |mut sent: EventWriter<Sent>, mut frames: Local<u32>| {
                sent.send(Sent(Box::new(2)));
                *frames += 1;
                assert!(*frames < 3, "wrecked");
            },
        );
    })]);
    check(&report, Outcome::RolledBack);
    bench.frames(3);
    assert_eq!(bench.world().resource::<Read>().0, 1);
    bench.world().send_event(Sent(Box::new(3)));
    bench.frames(3);
    assert_eq!(bench.world().resource::<Read>().0, 2, "later ones are read");
}

#[test]
fn who_only_asks_whether_something_was_sent_hears_of_the_next_event() {
    #[derive(Resource, Default)]
    struct Heard(u32);
    let mut bench = Bench::start(
        &[module("game", |app| {
            app.add_event::<Sent>()
                .init_resource::<Heard>()
                .add_systems(
                    Update,
                    |mut sent: EventReader<Sent>, mut heard: ResMut<Heard>| {
                        if !sent.is_empty() {
                            sent.clear();
                            heard.0 += 1;
                        }
                    },
                );
        })],
        |_| {},
    );
    let send = |bench: &mut Bench, number: u32| {
        bench.world().send_event(Sent(Box::new(number)));
        bench.frames(1);
        bench.world().resource::<Heard>().0
    };
    for number in 1..5 {
        assert_eq!(send(&mut bench, number), number);
    }
    let report = bench.reload(&[module("game", |app| {
        app.add_event::<Sent>();
        wreck(app, |world| {
            world.send_event(Sent(Box::new(0)));
        });
    })]);
    check(&report, Outcome::RolledBack);
    bench.frames(2);
    assert_eq!(bench.world().resource::<Heard>().0, 4);
    assert_eq!(send(&mut bench, 5), 5);
}

#[test]
fn what_cannot_be_copied_is_named_before_and_after() {
    let mut bench = Bench::start(&[NOTHING], |app| {
        app.insert_resource(Opaque(Box::new(|| 1)));
    });
    let lost = bench
        .world()
        .spawn((Opaque(Box::new(|| 2)), Name::new("lost")))
        .id();
    let report = bench.reload(&[module("game", |app| {
        wreck(app, |world| {
            *world.resource_mut::<Opaque>() = Opaque(Box::new(|| 3));
            let holders: Vec<_> = world
                .query_filtered::<Entity, With<Opaque>>()
                .iter(world)
                .collect();
            for holder in holders {
                world.despawn(holder);
            }
        });
    })]);
    check(&report, Outcome::RolledBackInPart);
    let warned = |text: &str| report.warnings.iter().any(|warning| warning.contains(text));
    assert!(
        warned("tests::rollback::Opaque could not be brought back"),
        "{report:#?}"
    );
    let lines = &report.not_restored;
    assert_eq!(lines.len(), 2, "{lines:#?}");
    assert!(
        lines.iter().any(|line| line.starts_with("resource ")),
        "{lines:#?}"
    );
    let of_entity = format!("Opaque of 1 entities ({lost})");
    assert!(
        lines.iter().any(|line| line.contains(&of_entity)),
        "{lines:#?}"
    );
    let error = report.error.unwrap();
    assert_eq!(error.kind(), "panicked");
    assert!(error
        .to_string()
        .contains("Not all of the state is as it was"));
    assert!(
        bench.world().get::<Name>(lost).is_some(),
        "the rest of it is there"
    );
}

/// Of no crate that may change.
type Bytes = Vec<u8>;

/// By ways of which no system declares what it writes.
fn wreck_unseen(app: &mut App) {
    wreck(app, |world| {
        world.non_send_resource_mut::<Bytes>().push(2);
        let mut held = world.query_filtered::<Entity, With<EguiRenderToTextureHandle>>();
        let held: Vec<_> = held.iter(world).collect();
        for entity in held {
            let image = EguiRenderToTextureHandle(Handle::default());
            world.entity_mut(entity).insert(image);
        }
    });
}

#[test]
fn what_new_code_changes_without_a_declaration_is_named() {
    let mut bench = Bench::start(&[NOTHING], |app| {
        app.insert_non_send_resource(Bytes::new());
    });
    let image = EguiRenderToTextureHandle(Handle::default());
    let held = bench.world().spawn(image).id();
    let report = bench.reload(&[module("game", wreck_unseen)]);
    check(&report, Outcome::RolledBackInPart);
    let names = |text: &str| report.not_restored.iter().any(|line| line.contains(text));
    assert_eq!(report.not_restored.len(), 2, "{report:#?}");
    assert!(names("resource alloc::vec::Vec<u8>"), "{report:#?}");
    let of_entity = format!("EguiRenderToTextureHandle of 1 entities ({held})");
    assert!(names(&of_entity), "{report:#?}");
}

#[test]
fn what_others_write_in_each_frame_is_no_loss() {
    fn write(mut bytes: NonSendMut<Bytes>, mut held: Query<&mut EguiRenderToTextureHandle>) {
        bytes.push(1);
        held.iter_mut().for_each(|mut held| held.set_changed());
    }
    let writing = module("writing", |app| {
        app.add_systems(Update, write);
    });
    for is_by_host in [true, false] {
        let with = |game: ModuleEntry| {
            let mut all = vec![game];
            all.extend((!is_by_host).then_some(writing));
            all
        };
        let mut bench = Bench::start(&with(NOTHING), |app| {
            app.insert_non_send_resource(Bytes::new());
            if is_by_host {
                app.add_systems(Update, write);
            }
        });
        let image = EguiRenderToTextureHandle(Handle::default());
        bench.world().spawn(image);
        bench.next(&with(module("game", wreck_unseen)));
        bench.world().send_event(ReloadRequest::modules(["game"]));
        check(&bench.report(), Outcome::RolledBack);
    }
}

#[test]
fn what_a_module_writes_that_cannot_be_tried_is_named_before_and_after() {
    #[derive(Resource)]
    struct OfHost;
    let mut bench = Bench::start(&[NOTHING], |app| {
        app.insert_resource(OfHost)
            .insert_non_send_resource(Bytes::new());
    });
    let report = bench.reload(&[module("game", |app| {
        app.world().resource::<OfHost>();
        app.add_systems(Update, |mut bytes: NonSendMut<Bytes>| bytes.push(1));
        wreck(app, |_| {});
    })]);
    check(&report, Outcome::RolledBackInPart);
    for lines in [&report.warnings, &report.not_restored] {
        let mut lines = lines.iter();
        let is_named = lines.any(|line| line.contains("alloc::vec::Vec<u8>"));
        assert!(is_named, "{report:#?}");
    }
}

#[test]
fn what_mirrors_the_outside_is_left_alone() {
    let mut bench = Bench::start(&[NOTHING], |app| {
        app.insert_resource(Count(1))
            .exempt_from_rollback::<Count>();
    });
    let report = bench.reload(&[module("game", |app| {
        wreck(app, |world| world.resource_mut::<Count>().0 = 2);
    })]);
    check(&report, Outcome::RolledBack);
    assert_eq!(*bench.world().resource::<Count>(), Count(2));
}

#[test]
fn a_field_that_reflection_does_not_see_is_not_lost() {
    #[derive(Component, Reflect)]
    struct Hidden {
        seen: String,
        #[reflect(ignore)]
        unseen: Vec<u32>,
    }
    let mut bench = Bench::start(&[NOTHING], |app| {
        app.register_type::<Hidden>();
    });
    let kept = bench
        .world()
        .spawn(Hidden {
            seen: "seen".to_owned(),
            unseen: vec![1, 2, 3],
        })
        .id();
    let report = bench.reload(&[module("game", |app| {
        wreck(app, |world| {
            for mut hidden in world.query::<&mut Hidden>().iter_mut(world) {
                hidden.seen.push('!');
            }
        });
    })]);
    check(&report, Outcome::RolledBackInPart);
    assert!(report.not_restored[0].contains("state_keys"), "{report:#?}");
    let hidden = bench.world().get::<Hidden>(kept).unwrap();
    assert_eq!(hidden.unseen, [1, 2, 3], "rather told than guessed");
}

/// What is ignored is where there would be nothing.
#[derive(Component, Reflect)]
struct Shy {
    name: String,
    points: u32,
    #[reflect(ignore)]
    is_alive: bool,
}

const SHY: &str = "mod hot { mod tests { mod rollback {
    struct Shy { name: String, points: u32, #[reflect(ignore)] is_alive: bool }
} } }";

#[test]
fn a_field_that_leaves_no_trace_is_known_from_the_sources() {
    fn build(app: &mut App) {
        app.register_type::<Shy>();
    }
    let mut bench = Bench::new(&[module("game", build)], |_| {});
    bench.types(SHY, 1);
    check(&bench.report(), Outcome::Committed);
    let shy = Shy {
        name: "shy".to_owned(),
        points: 7,
        is_alive: true,
    };
    let kept = bench.world().spawn(shy).id();
    let report = bench.reload(&[module("game", |app| {
        build(app);
        wreck(app, |world| {
            for mut shy in world.query::<&mut Shy>().iter_mut(world) {
                shy.points += 1;
            }
        });
    })]);
    check(&report, Outcome::RolledBackInPart);
    let says = |lines: &[String]| {
        let mut lines = lines.iter();
        lines.any(|line| line.contains("Shy") && line.contains("reflection ignores a field"))
    };
    assert!(says(&report.warnings), "{report:#?}");
    assert!(says(&report.not_restored), "{report:#?}");
    assert!(bench.world().get::<Shy>(kept).unwrap().is_alive);
}

#[test]
fn one_value_of_which_reflection_does_not_see_all_is_enough() {
    #[derive(Component, Reflect)]
    enum Hidden {
        Plain,
        Deep(Vec<Part>),
    }
    #[derive(Reflect)]
    struct Part {
        seen: String,
        #[reflect(ignore)]
        unseen: Vec<u32>,
    }
    let mut bench = Bench::start(&[NOTHING], |app| {
        app.register_type::<Hidden>();
    });
    let part = Part {
        seen: "seen".to_owned(),
        unseen: vec![1, 2, 3],
    };
    let world = bench.world();
    world.spawn(Hidden::Plain);
    let kept = world.spawn(Hidden::Deep(vec![part])).id();
    let report = bench.reload(&[module("game", |app| {
        wreck(app, |world| {
            for mut hidden in world.query::<&mut Hidden>().iter_mut(world) {
                hidden.set_changed();
            }
        });
    })]);
    check(&report, Outcome::RolledBackInPart);
    let Hidden::Deep(parts) = bench.world().get::<Hidden>(kept).unwrap() else {
        panic!("it was deep");
    };
    assert_eq!(parts[0].unseen, [1, 2, 3]);
}

#[test]
fn a_state_key_is_restored_even_if_it_was_changed_behind_the_engine() {
    let mut keyed = NOTHING;
    keyed.declare = |keys| keys.add::<Label>(plain::<Label>());
    let mut bench = Bench::start(&[keyed], |_| {});
    let label = bench.world().spawn(Label("before".to_owned())).id();
    let report = bench.reload(&[module("game", |app| {
        wreck(app, |world| {
            for mut label in world.query::<&mut Label>().iter_mut(world) {
                label.bypass_change_detection().0.clear();
            }
        });
    })]);
    check(&report, Outcome::RolledBack);
    assert_eq!(bench.world().get::<Label>(label).unwrap().0, "before");
}

#[test]
fn what_is_as_it_was_does_not_count_as_changed() {
    let mut bench = Bench::start(&[NOTHING], |_| {});
    let (still, moved) = {
        let world = bench.world();
        let still = world.spawn((Transform::default(), Name::new("still"))).id();
        let moved = world.spawn((Transform::default(), Name::new("moved"))).id();
        (still, moved)
    };
    bench.frames(1);
    let before = bench.world().change_tick();
    let report = bench.reload(&[module("game", |app| {
        wreck(app, |world| {
            for (name, mut transform) in world.query::<(&Name, &mut Transform)>().iter_mut(world) {
                if name.as_str() == "moved" {
                    transform.translation.x = 1.0;
                }
            }
        });
    })]);
    check(&report, Outcome::RolledBack);
    let world = bench.world();
    let now = world.change_tick();
    let changed = |entity: Entity| {
        let ticks = world
            .entity(entity)
            .get_change_ticks::<Transform>()
            .unwrap();
        ticks.last_changed_tick().is_newer_than(before, now)
    };
    assert!(changed(moved) && !changed(still));
}

#[test]
fn a_destructor_that_panics_spoils_nothing_else() {
    #[derive(Component)]
    struct Grenade;
    impl Drop for Grenade {
        fn drop(&mut self) {
            panic!("boom");
        }
    }
    let mut bench = Bench::start(&[NOTHING], |app| {
        app.insert_resource(Count(1));
    });
    let named = bench.world().spawn(Name::new("named")).id();
    let report = bench.reload(&[module("game", |app| {
        wreck(app, |world| {
            world.spawn((Grenade, Mark));
            world.resource_mut::<Count>().0 = 2;
            world.query::<&mut Name>().single_mut(world).set("other");
        });
    })]);
    check(&report, Outcome::RolledBackInPart);
    assert!(report.not_restored[0].contains("boom"), "{report:#?}");
    let world = bench.world();
    assert_eq!(*world.resource::<Count>(), Count(1));
    assert_eq!(world.get::<Name>(named).unwrap().as_str(), "named");
}

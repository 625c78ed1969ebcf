//! States of every kind, and what follows them.

use bevy::prelude::*;

use super::{game, host, note, reload, set, start, take, Bench};

#[derive(States, Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) enum Screen {
    #[default]
    Menu,
    Game,
}

#[derive(SubStates, Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[source(Screen = Screen::Game)]
enum Pause {
    #[default]
    Running,
    Paused,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct InGame;

impl ComputedStates for InGame {
    type SourceStates = Screen;

    fn compute(screen: Screen) -> Option<Self> {
        (screen == Screen::Game).then_some(Self)
    }
}

pub(super) fn states(app: &mut App) {
    app.init_state::<Screen>()
        .add_sub_state::<Pause>()
        .add_computed_state::<InGame>()
        .enable_state_scoped_entities::<Screen>()
        .add_systems(OnEnter(Screen::Menu), note("menu"))
        .add_systems(OnEnter(Screen::Game), note("game"))
        .add_systems(OnExit(Screen::Game), note("no game"))
        .add_systems(OnEnter(Pause::Running), note("runs"))
        .add_systems(OnEnter(Pause::Paused), note("paused"))
        .add_systems(OnEnter(InGame), note("in game"))
        .add_systems(OnExit(InGame), note("out of game"));
}

#[test]
fn states_sub_states_and_computed_states_go_on() {
    let mut bench = start(states);
    bench.frames(2);
    assert_eq!(take(&mut bench), ["menu"]);
    for round in 0..3 {
        set(&mut bench, Screen::Game);
        let mut entered = take(&mut bench);
        entered.sort();
        assert_eq!(entered, ["game", "in game", "runs"], "round {round}");
        set(&mut bench, Pause::Paused);
        assert_eq!(take(&mut bench), ["paused"]);
        reload(&mut bench, states);
        assert_eq!(take(&mut bench), [""; 0], "a reload enters nothing");
        let world = bench.world();
        assert_eq!(*world.resource::<State<Pause>>().get(), Pause::Paused);
        assert!(world.contains_resource::<State<InGame>>());
        world.spawn((Name::new("scoped"), StateScoped(Screen::Game)));
        set(&mut bench, Screen::Menu);
        let mut left = take(&mut bench);
        left.sort();
        assert_eq!(left, ["menu", "no game", "out of game"], "round {round}");
        let world = bench.world();
        assert!(!world.contains_resource::<State<Pause>>());
        assert_eq!(bench.count::<Name>(), 0, "it was of that state");
    }
}

#[test]
fn what_a_computed_state_is_worked_out_by_is_the_new_codes() {
    #[derive(Resource, Default)]
    struct Old;
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    struct Loud;
    impl ComputedStates for Loud {
        type SourceStates = Option<Screen>;

        fn compute(screen: Option<Screen>) -> Option<Self> {
            (screen == Some(Screen::Game)).then_some(Self)
        }
    }
    let mut bench = start(|app| {
        app.init_state::<Screen>().init_resource::<Old>();
    });
    set(&mut bench, Screen::Game);
    // A state that comes with an edit is worked out at the next transition.
    reload(&mut bench, |app| {
        app.init_state::<Screen>().add_computed_state::<Loud>();
    });
    set(&mut bench, Screen::Menu);
    set(&mut bench, Screen::Game);
    assert!(bench.world().contains_resource::<State<Loud>>());
}

#[test]
fn a_state_that_is_inserted_goes_on_where_it_is() {
    fn build(app: &mut App) {
        app.insert_state(Screen::Game)
            .add_systems(OnEnter(Screen::Game), note("game"))
            .add_systems(OnEnter(Screen::Menu), note("menu"));
    }
    let mut bench = start(build);
    bench.frames(2);
    assert_eq!(take(&mut bench), ["game"]);
    set(&mut bench, Screen::Menu);
    take(&mut bench);
    reload(&mut bench, build);
    assert_eq!(
        *bench.world().resource::<State<Screen>>().get(),
        Screen::Menu
    );
    assert_eq!(take(&mut bench), [""; 0]);
}

#[test]
fn a_state_of_the_host_stays_the_hosts() {
    let mut bench = Bench::start(
        &[game(|app| {
            app.init_state::<Screen>()
                .add_systems(OnEnter(Screen::Game), note("game"));
        })],
        |app| {
            host(app);
            app.init_state::<Screen>();
        },
    );
    for _ in 0..2 {
        set(&mut bench, Screen::Game);
        assert_eq!(take(&mut bench), ["game"], "once");
        set(&mut bench, Screen::Menu);
        reload(&mut bench, |app| {
            app.init_state::<Screen>()
                .add_systems(OnEnter(Screen::Game), note("game"));
        });
    }
}

#[test]
fn entities_go_with_their_state_if_the_new_code_says_so() {
    fn plain(app: &mut App) {
        app.init_state::<Screen>();
    }
    fn scoped(app: &mut App) {
        app.init_state::<Screen>()
            .enable_state_scoped_entities::<Screen>();
    }
    let mut bench = start(plain);
    let versions: [(fn(&mut App), usize); 2] = [(scoped, 0), (plain, 1)];
    for (build, left) in versions {
        reload(&mut bench, build);
        set(&mut bench, Screen::Game);
        let bundle = (Name::new("scoped"), StateScoped(Screen::Game));
        bench.world().spawn(bundle);
        set(&mut bench, Screen::Menu);
        assert_eq!(bench.count::<Name>(), left);
    }
}

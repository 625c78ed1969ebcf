//! What goes on before anybody asks, and what becomes of it if somebody does.

use super::*;

/// The compiler remembers each crate, and what it made for that is not what runs.
#[test]
fn warming_up_compiles_everything_and_changes_nothing() {
    let mut fixture = Fixture::new();
    let (before, _) = fixture.build();
    fixture.warm_up();
    assert_eq!(fixture.compiled(), ["game", "words", "rules", "game"]);
    fixture.warm_up();
    assert_eq!(fixture.compiled(), [""; 0]);
    let (after, builder) = fixture.build();
    assert_eq!(after.unwrap(), before.unwrap());
    assert_eq!(builder, Some(Builder::Replay));
    assert_eq!(fixture.compiled(), [""; 0]);
    fixture.edit("game/src/menu.rs", "= 1", "= 3");
    fixture.warm_up();
    assert_eq!(fixture.compiled(), [""; 0]);
    fixture.answers(203, None);
    assert_eq!(fixture.compiled(), ["game"]);
}

impl Fixture {
    /// Somebody asks while the compiler gets ready, when this is said. What nobody has edited is not compiled then.
    #[track_caller]
    pub(super) fn is_kept_from_warming_up(&mut self, at: &'static str) {
        let warmed = self.run(|task, known, _| {
            let (cancel, cancelled) = unbounded();
            let say = move |text: String| {
                if text == at {
                    cancel.send(()).unwrap();
                }
            };
            let mut supervisor = Supervisor::new(DEADLINE, cancelled, say, || {});
            task.warm_up(known, &mut supervisor)
        });
        assert!(matches!(warmed, Err(BuildError::Cancelled)), "{warmed:?}");
        let (_, builder) = self.build();
        assert_eq!(builder, Some(Builder::Replay));
        assert_eq!(self.compiled(), [""; 0]);
    }
}

/// Somebody asks meanwhile, who would have to wait for all of it: cargo remembers the crates.
#[test]
fn until_all_is_warm_cargo_builds_what_was_edited_and_nothing_else_is() {
    let mut fixture = Fixture::new();
    fixture.is_kept_from_warming_up("Compiling game");
    fixture.edit("game/src/menu.rs", "= 1", "= 3");
    let cold = Decline::Cold {
        name: "game".to_owned(),
    };
    let ahead = fixture.run(|task, known, supervisor| task.make_ahead(known, supervisor));
    let is_cold = |error: &BuildError| matches!(error, BuildError::Declined(why) if *why == cold);
    assert!(ahead.as_ref().is_err_and(is_cold), "{ahead:?}");
    fixture.answers(203, Some(cold.clone()));
    fixture.edit("game/src/menu.rs", "= 3", "= 4");
    fixture.answers(204, Some(cold));
    fixture.warm_up();
    fixture.edit("game/src/menu.rs", "= 4", "= 5");
    fixture.answers(205, None);
}

/// What it needs takes longer, and whoever asks again and again would never have it.
#[test]
fn a_library_is_ready_before_what_it_needs() {
    let mut fixture = Fixture::new();
    fixture.is_kept_from_warming_up("Compiling rules");
    fixture.edit("game/src/menu.rs", "= 1", "= 3");
    fixture.answers(203, None);
    assert_eq!(fixture.compiled(), ["game"]);
    fixture.warm_up();
    assert_eq!(fixture.compiled(), ["words", "rules", "game"]);
    fixture.edit("rules/src/lib.rs", "words::WORD", "words::WORD + 1");
    fixture.answers(303, None);
    assert_eq!(fixture.compiled(), ["rules", "game"]);
}

/// Who edits before the compiler is ready, and what nobody has asked for yet, is not lost: neither the readiness nor
/// the edit, be it of the library or of what it needs.
#[test]
fn what_was_edited_before_the_compiler_got_ready_is_ready_too() {
    let mut fixture = Fixture::new();
    let (before, _) = fixture.build();
    fixture.edit("words/src/lib.rs", "= 2", "= 4");
    fixture.warm_up();
    assert_eq!(fixture.compiled(), ["words", "rules", "game"]);
    assert_eq!(ask(library(&before.unwrap())), 201);
    let ahead = fixture.run(|task, known, supervisor| task.make_ahead(known, supervisor));
    assert_eq!(ask(library(&ahead.unwrap())), 401);
    assert_eq!(fixture.compiled(), ["game"]);

    let mut fixture = Fixture::new();
    fixture.edit("game/src/menu.rs", "= 1", "= 3");
    fixture.warm_up();
    assert_eq!(fixture.compiled(), ["words", "rules", "game"]);
    fixture.answers(203, None);
    assert_eq!(fixture.compiled(), ["game"]);
}

/// It has kept the compiler from getting ready for all that needs it, and that is all.
#[test]
fn what_was_broken_and_is_put_back_is_what_was_built() {
    let mut fixture = Fixture::new();
    fixture.edit("words/src/lib.rs", "= 2", "= two");
    let warmed = fixture.run(|task, known, supervisor| task.warm_up(known, supervisor));
    assert!(matches!(warmed, Err(BuildError::Errors(_))), "{warmed:?}");
    assert_eq!(fixture.compiled(), ["words"]);
    fixture.edit("words/src/lib.rs", "= two", "= 2");
    fixture.answers(201, None);
    assert_eq!(fixture.compiled(), [""; 0]);
}

/// To those that need it, what cargo has made of a crate is another one than what a replay makes.
#[test]
fn what_cargo_has_built_is_warmed_up_again() {
    let mut fixture = Fixture::new();
    fixture.warm_up();
    fixture.edit("rules/src/lib.rs", "pub ", "mod more;\npub ");
    fixture.write("rules/src/more.rs", "");
    let (name, path) = ("rules".to_owned(), fixture.path("rules/src/more.rs"));
    fixture.answers(201, Some(Decline::Reads { name, path }));
    fixture.warm_up();
    assert_eq!(fixture.compiled(), ["game", "words", "rules", "game"]);
    fixture.edit("game/src/menu.rs", "= 1", "= 3");
    fixture.answers(203, None);
    assert_eq!(fixture.compiled(), ["game"]);
}

/// Nobody asked yet, so nobody is kept waiting by cargo.
#[test]
fn ahead_of_a_request_cargo_is_not_run() {
    let mut fixture = Fixture::new();
    fixture.edit("game/src/menu.rs", "= 1", "= 3");
    let built = fixture
        .run(|task, known, supervisor| task.make_ahead(known, supervisor))
        .unwrap();
    assert_eq!(ask(library(&built)), 203);
    fixture.answers(203, None);
    assert_eq!(fixture.compiled(), [""; 0]);
    fixture.edit("game/Cargo.toml", "cheats = []", "cheats = [\"hot\"]");
    let path = fixture.path("game/Cargo.toml");
    let error = fixture
        .run(|task, known, supervisor| task.make_ahead(known, supervisor))
        .unwrap_err();
    let declined = matches!(&error, BuildError::Declined(Decline::Input { path: p }) if *p == path);
    assert!(declined, "{error}");
}

/// Who asks again and again would else never come to the end of it.
#[test]
fn the_compiler_goes_on_to_get_ready_where_it_was_kept_from_it() {
    let mut fixture = Fixture::of_two();
    fixture.answer(&[("game", 201), ("menu", 2007)], Some(Decline::First));
    fixture.is_kept_from_warming_up("Compiling game");
    fixture.warm_up();
    let is_library = |name: &String| ["game", "menu"].contains(&name.as_str());
    assert!(fixture.compiled().iter().all(is_library));
    fixture.edit("rules/src/lib.rs", "words::WORD", "words::WORD + 1");
    fixture.answer(&[("game", 301), ("menu", 3007)], None);
}

/// Whoever edits it is likely to edit it again, and may do so before what it needs is ready.
#[test]
fn the_library_that_was_edited_last_is_ready_first() {
    let of_game = ["game", "words", "rules", "game", "menu"];
    let of_menu = ["menu", "words", "rules", "menu", "game"];
    for (last, from, to, answers, compiled) in [
        ("game/src/menu.rs", "= 1", "= 3", [203, 2007], of_game),
        ("menu/src/lib.rs", "= 7", "= 8", [201, 2008], of_menu),
    ] {
        let mut fixture = Fixture::of_two();
        fixture.answer(&[("game", 201), ("menu", 2007)], Some(Decline::First));
        fixture.known = None;
        fixture.edit(last, from, to);
        let [game, menu] = answers;
        fixture.answer(&[("game", game), ("menu", menu)], Some(Decline::First));
        fixture.warm_up();
        assert_eq!(fixture.compiled(), compiled);
    }
}

/// Else cargo would build each edit of another for as long as the one is broken.
#[test]
fn a_broken_library_keeps_no_other_from_getting_ready() {
    let mut fixture = Fixture::of_two();
    fixture.answer(&[("game", 201), ("menu", 2007)], Some(Decline::First));
    fixture.edit("menu/src/lib.rs", "= 7", "= seven");
    let warmed = fixture.run(|task, known, supervisor| task.warm_up(known, supervisor));
    assert!(matches!(warmed, Err(BuildError::Errors(_))), "{warmed:?}");
    let mut compiled = fixture.compiled();
    compiled[2..].sort();
    assert_eq!(compiled, ["words", "rules", "game", "menu"]);
    fixture.edit("game/src/menu.rs", "= 1", "= 3");
    fixture.wanted = Some(vec!["game".to_owned()]);
    fixture.answer(&[("game", 203)], None);
    assert_eq!(fixture.compiled(), ["game"]);
    // What was put back is what was built.
    fixture.edit("menu/src/lib.rs", "= seven", "= 7");
    fixture.wanted = None;
    fixture.answer(&[("game", 203), ("menu", 2007)], None);
    assert_eq!(fixture.compiled(), [""; 0]);
}

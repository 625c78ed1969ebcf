//! Whatever happens in whichever order: everyone who asked is answered once, what is said to run is
//! what runs, and the world after a rollback is the world before (which the fake engine asserts).

mod fake;

use fake::{panic, Code, Fake, World};
use hot_reloader_build::BuildError;
use hot_reloader_transaction::{Outcome, Purpose, Request, Transaction};
use proptest::prelude::*;

#[derive(Clone, Debug)]
enum Happening {
    Request(Option<Vec<&'static str>>),
    Ahead(Purpose),
    Progress,
    Built(u32, Vec<&'static str>),
    /// Both libraries, and whether each has a copy.
    BothBuilt([(u32, Vec<&'static str>, bool); 2]),
    BuildFails,
    BuildDies,
    Cancel,
    Swap,
    Step,
    Frames,
    Panic(&'static str),
    ThreadPanic(u32),
    Call,
    FailSoon(usize),
    LoseSome(bool),
    Exit,
}

fn modules() -> impl Strategy<Value = Vec<&'static str>> {
    prop::sample::subsequence(vec!["a", "b", "c"], 1..=3)
}

fn both() -> impl Strategy<Value = [(u32, Vec<&'static str>, bool); 2]> {
    let more = prop::sample::subsequence(vec!["d", "e"], 1..=2);
    let game = (1..6_u32, modules(), any::<bool>());
    (game, (11..14_u32, more, any::<bool>())).prop_map(|(game, more)| [game, more])
}

/// Of any library.
fn names() -> impl Strategy<Value = Vec<&'static str>> {
    prop::sample::subsequence(vec!["a", "b", "c", "d", "e"], 1..=3)
}

fn happening() -> impl Strategy<Value = Happening> {
    use Happening::*;
    prop_oneof![
        4 => prop::option::of(names()).prop_map(Request),
        1 => Just(Request(Some(vec!["nobody"]))),
        2 => prop::sample::select(vec![Purpose::Ahead, Purpose::WarmUp]).prop_map(Ahead),
        1 => Just(Progress),
        5 => (1..6_u32, modules()).prop_map(|(number, modules)| Built(number, modules)),
        4 => both().prop_map(BothBuilt),
        1 => Just(BuildFails),
        1 => Just(BuildDies),
        1 => Just(Cancel),
        4 => Just(Swap),
        6 => Just(Step),
        3 => Just(Frames),
        2 => prop::sample::select(vec!["a", "b", "c", "d"]).prop_map(Panic),
        1 => (1..9_u32).prop_map(ThreadPanic),
        1 => Just(Call),
        1 => (0..25_usize).prop_map(FailSoon),
        1 => any::<bool>().prop_map(LoseSome),
        1 => Just(Exit),
    ]
}

struct App {
    transaction: Transaction<Fake>,
    world: World,
    asked: Vec<hot_reloader_transaction::RequestId>,
}

impl App {
    fn happen(&mut self, happening: Happening) {
        let Self {
            transaction, world, ..
        } = self;
        match happening {
            Happening::Request(modules) => {
                let names = modules.map(|names| names.iter().map(ToString::to_string).collect());
                let request = Request::new(names);
                self.asked.extend(&request.ids);
                transaction.request(request);
            }
            Happening::Ahead(purpose) => {
                let before = (world.state.clone(), world.reports.len());
                transaction.work_ahead(world, purpose);
                assert_eq!(before, (world.state.clone(), world.reports.len()));
            }
            Happening::Progress => world.progress_build(),
            Happening::Built(number, modules) => world.end_build(Ok(Code::new(number, &modules))),
            Happening::BothBuilt([game, more]) => world.end_build_of(Ok(vec![
                (Code::new(game.0, &game.1), game.2),
                (Code::more(more.0, &more.1), more.2),
            ])),
            Happening::BuildFails => world.end_build(Err(BuildError::Errors(Vec::new()))),
            Happening::BuildDies => world.end_build(Err(BuildError::Died {
                reason: String::new(),
            })),
            Happening::Cancel => transaction.cancel(world),
            Happening::Swap => transaction.swap(world),
            Happening::Step => transaction.step(world),
            Happening::Frames => {
                for _ in 0..4 {
                    transaction.swap(world);
                    world.run_modules();
                    transaction.step(world);
                }
            }
            Happening::Panic(module) => {
                transaction.panicked(world, module, "Update".to_owned(), panic("oh"));
            }
            Happening::ThreadPanic(library) => {
                let mut panic = panic("alone");
                panic.library = Some(library);
                transaction.thread_panicked(world, panic);
            }
            Happening::Call => {
                let request = Request::new(None);
                let ids = request.ids.clone();
                world.ends_at_once = Some(Code::new(9, &["a", "b"]));
                if transaction.reload_now(world, request).is_ok() {
                    self.asked.extend(ids);
                }
                world.ends_at_once = None;
            }
            Happening::FailSoon(calls) => world.fails_at = Some(world.calls + calls),
            Happening::LoseSome(some) => {
                world.lost = if some {
                    vec!["it".to_owned()]
                } else {
                    Vec::new()
                };
            }
            Happening::Exit => transaction.exit(world),
        }
    }

    fn check(&self) -> Result<(), TestCaseError> {
        let World {
            answers, reports, ..
        } = &self.world;
        for id in &self.asked {
            let answered = answers.iter().filter(|(of, _)| of == id).count();
            prop_assert!(answered <= 1, "answered {answered} times");
        }
        if let Some(report) = reports.last() {
            prop_assert_eq!(report.number as usize, reports.len());
        }
        for report in reports {
            let refused = matches!(
                report.outcome,
                Outcome::Refused | Outcome::RolledBack | Outcome::RolledBackInPart
            );
            prop_assert_eq!(report.error.is_some(), refused, "{:?}", report.outcome);
        }
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn everybody_is_answered_once_and_nothing_is_left(
        happenings in prop::collection::vec(happening(), 0..60),
    ) {
        let mut app = App {
            transaction: Transaction::default(),
            world: World { probation: 2, ..World::default() },
            asked: Vec::new(),
        };
        for happening in happenings {
            let before = app.world.running();
            let reports = app.world.reports.len();
            app.happen(happening);
            app.check()?;
            let ended: Vec<_> = app.world.reports[reports..].iter().map(|r| r.outcome).collect();
            // Code changes only in a swap, or by being taken back.
            let untouched = !ended.is_empty()
                && ended.iter().all(|o| matches!(o, Outcome::Refused | Outcome::Cancelled | Outcome::Unchanged));
            if untouched {
                prop_assert_eq!(app.world.running(), before);
            }
        }
        // Let all of it come to an end.
        for _ in 0..4 {
            app.world.end_build(Ok(Code::new(7, &["a", "b", "c"])));
            app.happen(Happening::Frames);
        }
        app.check()?;
        for id in &app.asked {
            let answered = app.world.answers.iter().filter(|(of, _)| of == id).count();
            prop_assert_eq!(answered, 1);
        }
        prop_assert_eq!(app.world.held, 0);
        prop_assert!(!app.transaction.is_due());
        prop_assert!(app.world.builds.iter().all(|build| *build.ended.lock().unwrap()));
    }
}

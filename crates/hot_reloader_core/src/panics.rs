//! Running foreign code so that its panics stay contained and are understood.
//!
//! A panic hook takes down message, place and frames of each panic while they are there to be had.
//! It calls the hook that was set before it, so that a user's own keeps working. A hook set later
//! replaces it; panics are contained all the same, but then carry no place.

use std::{
    any::Any,
    cell::{Cell, RefCell},
    fmt::Write,
    ops::Range,
    panic::{self, AssertUnwindSafe, PanicHookInfo},
    sync::{Mutex, Once, PoisonError},
};

use serde::Serialize;

/// Frames shown of a panic that did not pass through a watched library.
const MAX_FRAMES: usize = 40;

/// One panic.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PanicReport {
    /// What was said.
    pub message: String,
    /// `file:line:column`; `None` if another panic hook took the place of ours.
    pub location: Option<String>,
    /// The name of the thread.
    pub thread: String,
    /// The frames, innermost first, one to a line.
    pub backtrace: String,
    /// The serial number of the plugin library that the panic passed through.
    pub library: Option<u32>,
    /// Those of plugin libraries on other threads meanwhile, one for each place. What waits for a thread that has
    /// panicked panics in its turn, and mostly does not say why.
    pub meanwhile: Vec<PanicReport>,
}

impl std::fmt::Display for PanicReport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)?;
        if let Some(location) = &self.location {
            write!(f, "\n  at {location}")?;
        }
        for other in &self.meanwhile {
            write!(f, "\nmeanwhile, on the thread `{}`: {other}", other.thread)?;
        }
        Ok(())
    }
}

/// Panics remembered within one guard.
const MAX_CAUGHT: usize = 16;

/// The libraries whose code counts as the plugin's, by serial number.
static WATCHED: Mutex<Vec<(u32, Range<usize>)>> = Mutex::new(Vec::new());

/// Panics that no [`guard`] of their thread contained, numbered from the first of the process, the
/// latest last. A task pool carries the payload of such a panic to the thread that waits for the
/// task, where the guard finds here what is known of it.
static LOOSE: Mutex<(u64, Vec<(u64, PanicReport)>)> = Mutex::new((0, Vec::new()));

/// Of those, how many are remembered.
const MAX_LOOSE: usize = 64;

thread_local! {
    /// How many guards this thread is in.
    static GUARDS: Cell<u32> = const { Cell::new(0) };
    /// The panics since the innermost guard began, the latest last. More than one if the guarded
    /// code contains panics of its own.
    static CAUGHT: RefCell<Vec<PanicReport>> = const { RefCell::new(Vec::new()) };
}

/// Counts panics of the code at `addresses` as those of the library with this number.
pub fn watch(library: u32, addresses: Range<usize>) {
    lock(&WATCHED).push((library, addresses));
}

/// The addresses of the watched code that this one is among.
#[must_use]
pub fn watched(address: usize) -> Option<Range<usize>> {
    let watched = lock(&WATCHED);
    let mut ranges = watched.iter().map(|(_, addresses)| addresses);
    ranges.find(|range| range.contains(&address)).cloned()
}

/// The panics of plugin libraries on threads of their own, since the last call.
#[must_use]
pub fn take_stray() -> Vec<PanicReport> {
    let loose = &mut lock(&LOOSE).1;
    let stray = loose.extract_if(.., |(_, report)| report.library.is_some());
    stray.map(|(_, report)| report).collect()
}

/// Whether [`take_stray`] has something to give.
#[must_use]
pub fn is_stray_waiting() -> bool {
    let loose = &lock(&LOOSE).1;
    loose.iter().any(|(_, report)| report.library.is_some())
}

/// Sets the hook, once for the process.
pub fn install_hook() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let previous = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            take_down(info);
            previous(info);
        }));
    });
}

/// Runs `work`; a panic in it becomes an error instead of unwinding further.
///
/// Whatever `work` was changing may be half changed: the caller drops or restores it.
///
/// # Errors
///
/// What is known of the panic.
pub fn guard<R>(work: impl FnOnce() -> R) -> Result<R, PanicReport> {
    GUARDS.set(GUARDS.get() + 1);
    let since = lock(&LOOSE).0;
    let outer = CAUGHT.take();
    let result = panic::catch_unwind(AssertUnwindSafe(work));
    let caught = CAUGHT.take();
    let result = result.map_err(|payload| {
        let message = message(&*payload);
        // It may have a destructor that panics in its turn, and is told of no more.
        if let Err(second) = panic::catch_unwind(AssertUnwindSafe(|| drop(payload))) {
            std::mem::forget(second);
        }
        message
    });
    CAUGHT.set(outer);
    GUARDS.set(GUARDS.get() - 1);
    result.map_err(|message| {
        // The one that came through is not always the latest, since it may have been resumed.
        let known = caught.into_iter().rfind(|report| report.message == message);
        let mut report = known
            .or_else(|| take_loose(since, &message))
            .unwrap_or_else(|| PanicReport {
                message,
                location: None,
                thread: thread_name(),
                backtrace: String::new(),
                library: None,
                meanwhile: Vec::new(),
            });
        forget_loose(since, &report);
        report.meanwhile = strays_since(since);
        for other in &report.meanwhile {
            let _ = write!(
                report.backtrace,
                "meanwhile, on the thread `{}`:\n{}",
                other.thread, other.backtrace
            );
        }
        report
    })
}

fn take_down(info: &PanicHookInfo<'_>) {
    let (library, backtrace) = frames();
    let report = PanicReport {
        message: message(info.payload()),
        location: info.location().map(ToString::to_string),
        thread: thread_name(),
        backtrace,
        library,
        meanwhile: Vec::new(),
    };
    if GUARDS.get() > 0 {
        CAUGHT.with_borrow_mut(|caught| {
            if caught.len() == MAX_CAUGHT {
                caught.remove(0);
            }
            caught.push(report);
        });
    } else {
        let (next, loose) = &mut *lock(&LOOSE);
        if loose.len() == MAX_LOOSE {
            loose.remove(0);
        }
        loose.push((*next, report));
        *next += 1;
    }
}

/// The panic with this message on another thread, since there were `since`.
fn take_loose(since: u64, message: &str) -> Option<PanicReport> {
    let loose = &mut lock(&LOOSE).1;
    let is_it =
        |(number, report): &(u64, PanicReport)| *number >= since && report.message == message;
    let place = loose.iter().position(is_it)?;
    Some(loose.remove(place).1)
}

/// Several threads of a pool may have met the same mistake; one of them was told.
fn forget_loose(since: u64, told: &PanicReport) {
    let loose = &mut lock(&LOOSE).1;
    loose.retain(|(number, report)| *number < since || report.location != told.location);
}

/// The panics of plugin libraries on other threads since there were `since`, one for each place. They stay what
/// [`take_stray`] gives: whether they are why somebody else panics, nobody knows.
fn strays_since(since: u64) -> Vec<PanicReport> {
    let loose = &lock(&LOOSE).1;
    let mut strays: Vec<PanicReport> = Vec::new();
    for (number, report) in loose {
        let is_told = strays.iter().any(|told| told.location == report.location);
        if *number >= since && report.library.is_some() && !is_told {
            strays.push(report.clone());
        }
    }
    strays
}

fn message(payload: &(dyn Any + Send)) -> String {
    if let Some(text) = payload.downcast_ref::<&str>() {
        (*text).to_owned()
    } else if let Some(text) = payload.downcast_ref::<String>() {
        text.clone()
    } else {
        "a panic whose payload is not text".to_owned()
    }
}

fn thread_name() -> String {
    let thread = std::thread::current();
    thread.name().unwrap_or("unnamed").to_owned()
}

/// The stack as text, and the watched library nearest to the panic. If there is one, the text is
/// of its frames alone: the others are the engine's, and naming them takes long.
fn frames() -> (Option<u32>, String) {
    let watched = lock(&WATCHED).clone();
    let library_of = |address: usize| {
        let found = watched.iter().find(|(_, range)| range.contains(&address));
        found.map(|(library, _)| *library)
    };
    let mut addresses = Vec::new();
    backtrace::trace(|frame| {
        addresses.push(frame.ip() as usize);
        true
    });
    let library = addresses.iter().find_map(|address| library_of(*address));
    let shown = addresses
        .into_iter()
        .filter(|address| library.is_none() || library_of(*address).is_some())
        .take(MAX_FRAMES);
    let mut text = String::new();
    for address in shown {
        // A return address is the one after the call; the outermost may be null.
        backtrace::resolve(address.saturating_sub(1) as *mut _, |symbol| {
            let Some(name) = symbol.name() else { return };
            let _ = write!(text, "{name:#}");
            if let (Some(file), Some(line)) = (symbol.filename(), symbol.lineno()) {
                let _ = write!(text, "\n    at {}:{line}", file.display());
            }
            text.push('\n');
        });
    }
    (library, text)
}

/// Nothing that holds these locks can leave the value half changed.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_an_error_with_its_place() {
        install_hook();
        let report = guard(|| panic!("the number was {}", 7)).unwrap_err();
        assert_eq!(report.message, "the number was 7");
        assert!(report.location.unwrap().contains("panics.rs:"));
        assert!(report.backtrace.contains("panics::tests"));
        assert_eq!(guard(|| 3), Ok(3));
    }

    #[test]
    fn payloads_of_every_kind_are_contained() {
        struct Grenade;
        impl Drop for Grenade {
            fn drop(&mut self) {
                panic!("dropped");
            }
        }
        let _alone = lock(&ALONE);
        install_hook();
        assert_eq!(
            guard(|| panic::panic_any("text")).unwrap_err().message,
            "text"
        );
        watch_this();
        let report = guard(|| panic::panic_any(Grenade)).unwrap_err();
        assert_eq!(report.message, "a panic whose payload is not text");
        // What it says as it goes is no panic of a thread of its own.
        assert_eq!(take_stray(), []);
        watch_no_more();
    }

    #[test]
    fn a_resumed_panic_keeps_the_first_place() {
        install_hook();
        let report = guard(|| {
            let payload = panic::catch_unwind(|| panic!("first")).unwrap_err();
            panic::resume_unwind(payload);
        })
        .unwrap_err();
        assert_eq!(report.message, "first");
        assert!(report.location.is_some());
    }

    #[test]
    fn a_guard_within_a_guard_keeps_its_own_panic() {
        install_hook();
        let outer = guard(|| {
            let inner = guard(|| panic!("inner")).unwrap_err();
            assert_eq!(inner.message, "inner");
            panic!("outer");
        });
        assert_eq!(outer.unwrap_err().message, "outer");
    }

    /// Held by tests that look at what other threads left.
    static ALONE: Mutex<()> = Mutex::new(());

    /// As a task pool does: the payload is carried to the thread that waits.
    #[test]
    fn a_panic_that_another_thread_carried_here_keeps_its_place() {
        let _alone = lock(&ALONE);
        install_hook();
        let report = guard(|| {
            let threads: Vec<_> = (0..3)
                .map(|_| std::thread::spawn(|| panic!("in the pool")))
                .collect();
            let results: Vec<_> = threads.into_iter().map(|thread| thread.join()).collect();
            for result in results {
                if let Err(payload) = result {
                    panic::resume_unwind(payload);
                }
            }
        })
        .unwrap_err();
        assert!(report.location.unwrap().contains("panics.rs:"));
        assert!(report.backtrace.contains("panics::tests"));
        let loose = &lock(&LOOSE).1;
        assert!(loose
            .iter()
            .all(|(_, report)| report.message != "in the pool"));
    }

    /// Counts the code of this test as that of a plugin library.
    fn watch_this() {
        let this = watch_this as *const () as usize;
        let start = this - this % 4096;
        watch(9, start.saturating_sub(1 << 30)..start + (1 << 30));
    }

    fn watch_no_more() {
        lock(&WATCHED).retain(|(library, _)| *library != 9);
        let _ = take_stray();
    }

    /// What is said on this thread is of the standard library, and says nothing of the mistake.
    #[test]
    fn who_waits_for_threads_that_panic_tells_why() {
        let _alone = lock(&ALONE);
        install_hook();
        watch_this();
        let in_scope = guard(|| {
            std::thread::scope(|scope| {
                for _ in 0..2 {
                    scope.spawn(|| panic!("a cell went bad"));
                }
            });
        });
        let joined = guard(|| {
            let thread = std::thread::Builder::new().name("grower".to_owned());
            let thread = thread.spawn(|| panic!("another went bad")).unwrap();
            thread.join().unwrap();
        });
        let alone = guard(|| panic!("nothing else"));
        watch_no_more();

        let report = in_scope.unwrap_err();
        assert!(report.message.contains("scoped thread"), "{report}");
        let [cause] = &report.meanwhile[..] else {
            panic!("it is told once: {report}");
        };
        assert_eq!(cause.message, "a cell went bad");
        assert!(report.to_string().contains("panics.rs:"), "{report}");
        assert!(report.backtrace.contains("panics::tests"));
        let report = joined.unwrap_err().to_string();
        let told = "meanwhile, on the thread `grower`: another went bad\n  at ";
        assert!(report.contains(told), "{report}");
        assert_eq!(alone.unwrap_err().meanwhile, []);
    }

    #[test]
    fn a_panic_on_a_thread_of_watched_code_is_kept() {
        let _alone = lock(&ALONE);
        install_hook();
        watch_this();
        let _ = std::thread::spawn(|| panic!("alone")).join();
        let stray = take_stray();
        let report = stray
            .iter()
            .find(|report| report.message == "alone")
            .unwrap();
        assert_eq!(report.library, Some(9));
        watch_no_more();
    }
}

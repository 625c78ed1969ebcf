//! The panic hook, in a process of its own because there is one hook for each process.

use std::{
    panic,
    sync::atomic::{AtomicBool, Ordering},
};

use hot_reloader_core::panics;

static CALLED: AtomicBool = AtomicBool::new(false);

#[test]
fn the_users_own_hook_is_kept() {
    panic::set_hook(Box::new(|_| CALLED.store(true, Ordering::SeqCst)));
    panics::install_hook();
    let report = panics::guard(|| panic!("for both")).unwrap_err();
    assert!(CALLED.load(Ordering::SeqCst));
    assert!(report.location.is_some());

    // One that is set later takes the place of ours, and panics are contained all the same.
    panic::set_hook(Box::new(|_| {}));
    let report = panics::guard(|| panic!("unseen")).unwrap_err();
    assert_eq!((report.message.as_str(), report.location), ("unseen", None));
}

//! What a store finds, tells and keeps.

use std::{
    fs, panic,
    path::{Path, PathBuf},
    sync::mpsc,
    thread::{self, ThreadId},
    time::{Duration, Instant},
};

use proptest::prelude::*;
use serde::{ser::Error, Deserialize, Serialize, Serializer};
use slop_store::{step, Format, Loaded, Migration, Notice, Reason, Store, StoreError};
use tempfile::TempDir;

const DEADLINE: Duration = Duration::from_secs(30);
const NONE: [Notice; 0] = [];

#[derive(Serialize, Deserialize, Clone, Debug, PartialEq)]
enum Theme {
    Dark,
    Tinted(u8, u8),
    Picture { file: String },
}

#[derive(Serialize, Deserialize, Clone, Debug, PartialEq)]
struct Desk {
    name: String,
    theme: Theme,
    tabs: Vec<(i64, Option<String>)>,
}

fn desk(name: &str) -> Desk {
    Desk {
        name: name.to_owned(),
        theme: Theme::Picture {
            file: "sea ) \"and\" sky\n.png".to_owned(),
        },
        tabs: vec![(-3, None), (7, Some("é — 🦀".to_owned()))],
    }
}

#[derive(Serialize, Deserialize)]
struct Desk1 {
    title: String,
}

#[derive(Serialize, Deserialize)]
struct Desk2 {
    name: String,
    theme: Theme,
}

const FORMAT: Format = Format {
    version: 3,
    migrations: &[
        Migration {
            from: 1,
            migrate: from_1,
        },
        Migration {
            from: 2,
            migrate: from_2,
        },
    ],
};

fn from_1(text: &str) -> Result<String, String> {
    step(text, |old: Desk1| Desk2 {
        name: old.title,
        theme: Theme::Tinted(1, 2),
    })
}

fn from_2(text: &str) -> Result<String, String> {
    step(text, |old: Desk2| Desk {
        name: old.name,
        theme: old.theme,
        tabs: Vec::new(),
    })
}

fn open(folder: &Path) -> Store {
    Store::open(folder, "state.ron", FORMAT).unwrap()
}

/// A session that only loads.
fn load(folder: &Path) -> Loaded<Desk> {
    open(folder).load().unwrap()
}

/// A session that loads and saves.
fn save(folder: &Path, state: &Desk) {
    let mut store = open(folder);
    store.load::<Desk>().unwrap();
    store.save(state.clone()).unwrap();
    store.flush().unwrap();
}

fn state_file(folder: &Path) -> PathBuf {
    folder.join("state.ron")
}

fn backups(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder.join("backups")) else {
        return Vec::new();
    };
    let mut backups: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    backups.sort();
    backups
}

#[track_caller]
fn wait_until(what: &str, condition: impl Fn() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < DEADLINE, "waited in vain until {what}");
        thread::sleep(Duration::from_millis(2));
    }
}

/// The file with these bytes is set aside unchanged, and nothing is loaded.
#[track_caller]
fn check_set_aside(bytes: &[u8], word: &str, right: impl Fn(&Reason) -> bool) {
    let folder = TempDir::new().unwrap();
    fs::write(state_file(folder.path()), bytes).unwrap();
    let loaded = load(folder.path());
    assert_eq!(loaded.value, None);
    let [Notice::SetAside { file, reason }] = &loaded.notices[..] else {
        panic!("{:?}", loaded.notices);
    };
    assert!(right(reason), "{reason:?}");
    assert!(!reason.to_string().is_empty());
    let name = file.file_name().unwrap().to_str().unwrap();
    assert!(name.starts_with(&format!("state.ron.{word}-")), "{name}");
    assert!(loaded.notices[0].to_string().contains(name));
    assert_eq!(fs::read(file).unwrap(), bytes);
    assert!(!state_file(folder.path()).exists());
    // It stays when there is a new state.
    save(folder.path(), &desk("new"));
    assert_eq!(fs::read(file).unwrap(), bytes);
    assert_eq!(load(folder.path()).value, Some(desk("new")));
}

#[test]
fn what_is_saved_is_loaded() {
    let folder = TempDir::new().unwrap();
    let data = folder.path().join("a").join("b");
    let first = load(&data);
    assert_eq!((first.value, first.notices), (None, vec![]));
    let mut store = open(&data);
    store.load::<Desk>().unwrap();
    store.save(desk("mine")).unwrap();
    // Dropping is enough.
    drop(store);
    let second = load(&data);
    assert_eq!(second.value, Some(desk("mine")));
    assert_eq!(second.notices, NONE);
}

#[test]
fn damaged_files_are_set_aside() {
    check_set_aside(b"", "damaged", |reason| *reason == Reason::Empty);
    check_set_aside(b"\n \n", "damaged", |reason| *reason == Reason::Empty);
    check_set_aside(b"(version: 3, \xff", "damaged", |reason| {
        *reason == Reason::NotText
    });
    check_set_aside(b"{\"version\": 3}", "damaged", |reason| {
        *reason == Reason::NoVersion
    });
    let unreadable = |reason: &Reason| matches!(reason, Reason::Unreadable { .. });
    check_set_aside(b"(version: 3, state: [[[ what", "damaged", unreadable);
    check_set_aside(b"(version: 3, state: (size: 1))", "damaged", unreadable);
    check_set_aside(b"(version: 2, state: (name: \"a\"", "damaged", unreadable);
    check_set_aside(b"(version: 1, state: (name: \"a\"))", "damaged", |reason| {
        matches!(reason, Reason::NotMigrated { from: 1, .. })
    });
    check_set_aside(b"(version: 0, state: ())", "damaged", |reason| {
        *reason == Reason::NoMigration { from: 0 }
    });
}

#[test]
fn a_newer_file_is_set_aside() {
    check_set_aside(
        b"(version: 4, state: whatever it is then)",
        "newer",
        |reason| *reason == Reason::Newer { found: 4, known: 3 },
    );
}

#[test]
fn two_damaged_files_get_two_names() {
    let folder = TempDir::new().unwrap();
    for _ in 0..2 {
        fs::write(state_file(folder.path()), "nonsense").unwrap();
        assert_eq!(load(folder.path()).notices.len(), 1);
    }
    let entries = fs::read_dir(folder.path()).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    assert_eq!(names.filter(|name| name.contains(".damaged-")).count(), 2);
}

#[test]
fn an_old_file_takes_both_steps() {
    let folder = TempDir::new().unwrap();
    let old = "(version: 1, state: (title: \"old (1)\"))";
    fs::write(state_file(folder.path()), old).unwrap();
    let expected = Desk {
        name: "old (1)".to_owned(),
        theme: Theme::Tinted(1, 2),
        tabs: Vec::new(),
    };
    let loaded = load(folder.path());
    assert_eq!(loaded.value, Some(expected.clone()));
    assert_eq!(loaded.notices, [Notice::Migrated { from: 1, to: 3 }]);
    // Nothing was written yet; the first write keeps the old one.
    assert_eq!(fs::read_to_string(state_file(folder.path())).unwrap(), old);
    save(folder.path(), &expected);
    let kept = backups(folder.path());
    assert_eq!(kept.len(), 1);
    assert_eq!(fs::read_to_string(&kept[0]).unwrap(), old);
    assert_eq!(load(folder.path()).notices, NONE);
}

#[test]
fn each_session_that_writes_keeps_one_backup_and_five_stay() {
    let folder = TempDir::new().unwrap();
    let mut last = Vec::new();
    for session in 0..8_usize {
        let mut store = open(folder.path());
        store.load::<Desk>().unwrap();
        for change in 0..3 {
            store.save(desk(&format!("{session}.{change}"))).unwrap();
            store.flush().unwrap();
        }
        let now = backups(folder.path());
        assert_eq!(now.len(), session.min(5));
        assert!(session == 0 || now.last() != last.last());
        last = now;
    }
    assert!(fs::read_to_string(&last[4]).unwrap().contains("\"6.2\""));
}

#[test]
fn a_backup_is_the_newest_whatever_the_clock_said_before() {
    let folder = TempDir::new().unwrap();
    save(folder.path(), &desk("one"));
    let ahead = folder.path().join("backups");
    fs::create_dir(&ahead).unwrap();
    for day in 1..=5 {
        let name = format!("state-299901{day:02}T000000.000Z.ron");
        fs::copy(state_file(folder.path()), ahead.join(name)).unwrap();
    }
    for name in ["two", "three"] {
        save(folder.path(), &desk(name));
        assert_eq!(backups(folder.path()).len(), 5);
    }
    fs::remove_file(state_file(folder.path())).unwrap();
    assert_eq!(load(folder.path()).value, Some(desk("two")));
}

#[test]
fn the_newest_good_backup_takes_the_place_of_a_damaged_or_missing_file() {
    let folder = TempDir::new().unwrap();
    for name in ["one", "two", "three"] {
        save(folder.path(), &desk(name));
    }
    let kept = backups(folder.path());
    let [one, two] = &kept[..] else {
        panic!("not two backups");
    };
    fs::write(state_file(folder.path()), "nonsense").unwrap();
    let loaded = load(folder.path());
    assert_eq!(loaded.value, Some(desk("two")));
    let restored = |backup: &Path| Notice::RestoredFrom {
        backup: backup.to_owned(),
    };
    let [Notice::SetAside { .. }, last] = &loaded.notices[..] else {
        panic!("{:?}", loaded.notices);
    };
    assert_eq!(*last, restored(two));
    // The file is missing now. A damaged backup is passed over and stays.
    fs::write(two, "nonsense").unwrap();
    let loaded = load(folder.path());
    assert_eq!(loaded.value, Some(desk("one")));
    assert_eq!(loaded.notices, [restored(one)]);
    assert_eq!(fs::read_to_string(two).unwrap(), "nonsense");
}

#[test]
fn a_write_that_fails_is_told_and_tried_again() {
    let folder = TempDir::new().unwrap();
    let mut store = open(folder.path());
    store.load::<Desk>().unwrap();
    // As permissions do not hold for root, a folder stands in the way.
    fs::create_dir(state_file(folder.path())).unwrap();
    store.save(desk("late")).unwrap();
    wait_until("the error is told", || store.last_error().is_some());
    let error = store.flush().unwrap_err();
    assert!(matches!(*error, StoreError::Write { .. }), "{error:?}");
    fs::remove_dir(state_file(folder.path())).unwrap();
    // Without another save or a flush.
    wait_until("it is tried again", || store.last_error().is_none());
    drop(store);
    assert_eq!(load(folder.path()).value, Some(desk("late")));
}

#[test]
fn a_state_is_written_even_if_there_can_be_no_backup() {
    let folder = TempDir::new().unwrap();
    save(folder.path(), &desk("one"));
    fs::write(folder.path().join("backups"), "in the way").unwrap();
    let mut store = open(folder.path());
    store.load::<Desk>().unwrap();
    store.save(desk("two")).unwrap();
    store.flush().unwrap();
    let error = store.last_error().unwrap();
    assert!(matches!(*error, StoreError::Backup { .. }), "{error:?}");
    drop(store);
    assert_eq!(load(folder.path()).value, Some(desk("two")));
}

#[test]
fn what_cannot_be_read_is_not_overwritten() {
    let folder = TempDir::new().unwrap();
    fs::create_dir(state_file(folder.path())).unwrap();
    let mut store = open(folder.path());
    let error = store.load::<Desk>().unwrap_err();
    assert!(matches!(error, StoreError::Read { .. }), "{error:?}");
    let error = store.save(desk("new")).unwrap_err();
    assert!(matches!(error, StoreError::NotLoaded), "{error:?}");
    fs::remove_dir(state_file(folder.path())).unwrap();
    store.load::<Desk>().unwrap();
    store.save(desk("new")).unwrap();
    let error = store.load::<Desk>().unwrap_err();
    assert!(matches!(error, StoreError::LoadedBefore), "{error:?}");
}

#[test]
fn a_file_is_no_data_folder() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let error = Store::open(&file, "state.ron", FORMAT).unwrap_err();
    assert!(matches!(error, StoreError::Folder { .. }), "{error:?}");
}

#[test]
fn a_folder_that_cannot_be_written_to_is_told_as_such() {
    let folder = TempDir::new().unwrap();
    // As permissions do not hold for root, a folder stands in the way.
    fs::create_dir(folder.path().join("lock")).unwrap();
    let error = Store::open(folder.path(), "state.ron", FORMAT).unwrap_err();
    assert!(matches!(error, StoreError::Write { .. }), "{error:?}");
}

#[test]
fn a_folder_has_one_store() {
    let folder = TempDir::new().unwrap();
    let store = open(folder.path());
    let error = Store::open(folder.path(), "state.ron", FORMAT).unwrap_err();
    assert!(matches!(error, StoreError::InUse { .. }), "{error:?}");
    drop(store);
    open(folder.path());
}

#[test]
fn states_that_follow_fast_are_written_once() {
    let folder = TempDir::new().unwrap();
    let hour = Duration::from_secs(3600);
    let mut store = Store::open_with_debounce(folder.path(), "state.ron", FORMAT, hour).unwrap();
    store.load::<Desk>().unwrap();
    store.save(desk("first")).unwrap();
    let file = state_file(folder.path());
    wait_until("the first is written", || file.exists());
    let first = fs::read_to_string(&file).unwrap();
    for number in 0..100 {
        store.save(desk(&number.to_string())).unwrap();
    }
    assert_eq!(fs::read_to_string(&file).unwrap(), first);
    store.flush().unwrap();
    assert!(fs::read_to_string(&file).unwrap().contains("\"99\""));
}

#[test]
fn the_newest_is_written_without_a_flush() {
    let folder = TempDir::new().unwrap();
    let mut store = open(folder.path());
    store.load::<Desk>().unwrap();
    for number in 0..100 {
        store.save(desk(&number.to_string())).unwrap();
    }
    wait_until("the newest is written", || {
        fs::read_to_string(state_file(folder.path())).is_ok_and(|text| text.contains("\"99\""))
    });
}

/// Tells who asks for its text.
struct Told(mpsc::Sender<ThreadId>);

impl Serialize for Told {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.send(thread::current().id()).unwrap();
        serializer.serialize_unit()
    }
}

#[test]
fn whoever_saves_does_not_wait_for_the_text() {
    let folder = TempDir::new().unwrap();
    let mut store = open(folder.path());
    store.load::<Desk>().unwrap();
    let (sender, receiver) = mpsc::channel();
    store.save(Told(sender)).unwrap();
    store.flush().unwrap();
    assert_ne!(receiver.recv().unwrap(), thread::current().id());
}

/// Has no text.
enum Faulty {
    Refuses,
    Panics,
}

impl Serialize for Faulty {
    fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Refuses => Err(S::Error::custom("on purpose")),
            Self::Panics => panic!("on purpose"),
        }
    }
}

#[test]
fn a_state_without_a_text_is_told_of_and_the_next_is_written() {
    let folder = TempDir::new().unwrap();
    let mut store = open(folder.path());
    store.load::<Desk>().unwrap();
    store.save(desk("one")).unwrap();
    store.flush().unwrap();
    store.save(Faulty::Refuses).unwrap();
    let error = store.flush().unwrap_err();
    assert!(matches!(*error, StoreError::Unwritable { .. }), "{error:?}");
    store.save(Faulty::Panics).unwrap();
    let error = store.flush().unwrap_err();
    assert!(matches!(*error, StoreError::Panicked), "{error:?}");
    assert!(store.last_error().is_some());
    let file = state_file(folder.path());
    assert!(fs::read_to_string(&file).unwrap().contains("\"one\""));
    store.save(desk("two")).unwrap();
    store.flush().unwrap();
    assert!(store.last_error().is_none());
    assert!(fs::read_to_string(&file).unwrap().contains("\"two\""));
}

/// Panics when it is dropped.
struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        panic!("on purpose, in a destructor");
    }
}

/// Panics when it is dropped, and if so wished before that, with what panics too.
struct Explosive {
    panics: bool,
    _bomb: Bomb,
}

impl Serialize for Explosive {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.panics {
            panic::panic_any(Bomb);
        }
        serializer.serialize_unit()
    }
}

#[test]
fn destructors_that_panic_do_not_keep_the_next_state_from_disk() {
    let folder = TempDir::new().unwrap();
    let mut store = open(folder.path());
    store.load::<Desk>().unwrap();
    let explosive = |panics| Explosive {
        panics,
        _bomb: Bomb,
    };
    store.save(explosive(false)).unwrap();
    store.flush().unwrap();
    store.save(explosive(true)).unwrap();
    let error = store.flush().unwrap_err();
    assert!(matches!(*error, StoreError::Panicked), "{error:?}");
    store.save(desk("two")).unwrap();
    store.flush().unwrap();
    let text = fs::read_to_string(state_file(folder.path())).unwrap();
    assert!(text.contains("\"two\""), "{text}");
}

#[cfg(unix)]
#[test]
fn a_link_is_followed_and_stays() {
    use std::os::unix::fs::symlink;

    let folder = TempDir::new().unwrap();
    let [data, elsewhere] = ["data", "elsewhere"].map(|name| folder.path().join(name));
    for folder in [&data, &elsewhere] {
        fs::create_dir(folder).unwrap();
    }
    let target = elsewhere.join("mine.ron");
    fs::write(elsewhere.join(".mine.ron.new-left"), "half").unwrap();
    fs::write(elsewhere.join(".mine.new-others"), "").unwrap();
    symlink("../elsewhere/mine.ron", state_file(&data)).unwrap();
    let is_link = || state_file(&data).is_symlink();
    // It leads nowhere yet.
    assert_eq!(load(&data).value, None);
    save(&data, &desk("one"));
    assert!(target.exists() && is_link());
    save(&data, &desk("two"));
    assert!(is_link());
    assert_eq!(load(&data).value, Some(desk("two")));
    assert_eq!(backups(&data).len(), 1);
    assert_eq!(fs::read_dir(&elsewhere).unwrap().count(), 2);
    // A damaged file is set aside where it is.
    fs::write(&target, "nonsense").unwrap();
    let loaded = load(&data);
    assert_eq!(loaded.value, Some(desk("one")));
    let [Notice::SetAside { file, .. }, Notice::RestoredFrom { .. }] = &loaded.notices[..] else {
        panic!("{:?}", loaded.notices);
    };
    assert_eq!(fs::read_to_string(file).unwrap(), "nonsense");
    assert!(!target.exists() && is_link());
    save(&data, &desk("three"));
    assert!(target.exists() && is_link());
    // Links that lead in a circle are told of, and not replaced.
    fs::remove_file(state_file(&data)).unwrap();
    symlink("state.ron", state_file(&data)).unwrap();
    let error = open(&data).load::<Desk>().unwrap_err();
    assert!(matches!(error, StoreError::Read { .. }), "{error:?}");
    assert!(is_link());
}

fn any_desk() -> impl Strategy<Value = Desk> {
    let theme = prop_oneof![
        Just(Theme::Dark),
        any::<(u8, u8)>().prop_map(|(a, b)| Theme::Tinted(a, b)),
        any::<String>().prop_map(|file| Theme::Picture { file }),
    ];
    let tabs = prop::collection::vec(any::<(i64, Option<String>)>(), 0..4);
    (any::<String>(), theme, tabs).prop_map(|(name, theme, tabs)| Desk { name, theme, tabs })
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 64,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn a_file_cut_off_anywhere_is_never_loaded_as_something_else(
        state in any_desk(),
        cut in any::<prop::sample::Index>(),
    ) {
        let folder = TempDir::new().unwrap();
        save(folder.path(), &state);
        let file = state_file(folder.path());
        let whole = fs::read(&file).unwrap();
        let part = &whole[..cut.index(whole.len() + 1)];
        fs::write(&file, part).unwrap();
        let loaded = load(folder.path());
        // Only the end of the last line may be missing.
        if part.len() + 1 >= whole.len() {
            prop_assert_eq!(loaded.value, Some(state));
            prop_assert_eq!(loaded.notices, NONE);
        } else {
            prop_assert_eq!(loaded.value, None);
            let [Notice::SetAside { file, .. }] = &loaded.notices[..] else {
                panic!("{:?}", loaded.notices);
            };
            prop_assert_eq!(fs::read(file).unwrap(), part);
        }
    }
}

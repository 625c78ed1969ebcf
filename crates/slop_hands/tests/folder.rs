//! Nothing outside of the project's folder is read or written, whatever is tried.
#![cfg(target_os = "linux")]

use std::{
    fs,
    os::unix::{
        fs::{symlink, MetadataExt, PermissionsExt},
        net::UnixListener,
    },
    path::PathBuf,
};

use slop_hands::{Change, HandsError, OffLimits, Root, LARGEST};
use tempfile::TempDir;

/// A project beside a folder with a secret.
struct Place {
    _folder: TempDir,
    project: PathBuf,
    outside: PathBuf,
    root: Root,
}

fn place() -> Place {
    let folder = tempfile::tempdir().unwrap();
    let project = folder.path().join("project");
    let outside = folder.path().join("outside");
    for path in [&project, &outside] {
        fs::create_dir(path).unwrap();
    }
    fs::write(outside.join("secret"), "secret").unwrap();
    fs::create_dir(project.join("src")).unwrap();
    fs::write(project.join("src/a.rs"), "one\ntwo\n").unwrap();
    let root = Root::open(&project).unwrap();
    Place {
        _folder: folder,
        project,
        outside,
        root,
    }
}

impl Place {
    fn change(&self, path: &str, after: &str) -> Result<Change, HandsError> {
        Change::propose(&self.root, path, after.to_owned())
    }

    /// That nothing at all can be done with a path.
    #[track_caller]
    fn refused(&self, path: &str) {
        let change = |before: Option<&str>| Change {
            path: path.to_owned(),
            before: before.map(str::to_owned),
            after: "changed".to_owned(),
        };
        let root = &self.root;
        assert!(root.read(path).is_err(), "{path} was read");
        assert!(root.list(path).is_err(), "{path} was listed");
        assert!(root.search("s", path).is_err(), "{path} was searched");
        assert!(self.change(path, "changed").is_err(), "{path}: proposed");
        assert!(change(None).apply(root).is_err(), "{path} was made");
        let known = change(Some("secret"));
        assert!(known.apply(root).is_err(), "{path} was written");
        assert!(known.undo(root).is_err(), "{path} was undone");
        self.is_untouched();
    }

    #[track_caller]
    fn is_untouched(&self) {
        let names = fs::read_dir(&self.outside).unwrap();
        assert_eq!(names.count(), 1);
        let secret = fs::read_to_string(self.outside.join("secret")).unwrap();
        assert_eq!(secret, "secret");
    }

    /// What is in a folder of the project.
    fn names(&self, path: &str) -> Vec<String> {
        self.root.list(path).unwrap().names
    }
}

#[test]
fn what_leads_out_by_name_is_refused() {
    let place = place();
    let absolute = place.outside.join("secret").display().to_string();
    for path in [
        "../outside/secret",
        "src/../../outside/secret",
        "./..//outside/secret",
        &*absolute,
        "/proc/self/cwd/x",
        "..",
        "/",
    ] {
        place.refused(path);
    }
}

#[test]
fn links_are_not_gone_through() {
    let place = place();
    symlink(&place.outside, place.project.join("away")).unwrap();
    symlink("../outside", place.project.join("beside")).unwrap();
    symlink(place.outside.join("secret"), place.project.join("file")).unwrap();
    symlink(place.outside.join("new"), place.project.join("nowhere")).unwrap();
    symlink("/proc/self/cwd", place.project.join("magic")).unwrap();
    symlink("loop", place.project.join("loop")).unwrap();
    for path in [
        "away/secret",
        "away/new",
        "away",
        "beside/secret",
        "file",
        "nowhere",
        "magic/x",
        "loop",
        "away/sub/new",
    ] {
        place.refused(path);
    }
    let error = place.root.read("file").unwrap_err();
    assert!(matches!(error, HandsError::Link { .. }), "{error}");
    // They are seen, and looked into by nobody.
    assert!(place.names(".").contains(&"away@".to_owned()));
    assert_eq!(place.root.search("secret", ".").unwrap().hits, []);
}

#[test]
fn a_folder_that_becomes_a_link_while_it_waits_is_refused() {
    let place = place();
    fs::write(place.outside.join("secret"), "one\ntwo\n").unwrap();
    fs::rename(place.outside.join("secret"), place.outside.join("a.rs")).unwrap();
    let change = place.change("src/a.rs", "three\n").unwrap();
    let new = place.change("src/new.rs", "new\n").unwrap();
    fs::rename(place.project.join("src"), place.project.join("moved")).unwrap();
    symlink(&place.outside, place.project.join("src")).unwrap();
    for change in [&change, &new] {
        let error = change.apply(&place.root).unwrap_err();
        assert!(matches!(error, HandsError::Link { .. }), "{error}");
    }
    assert_eq!(fs::read_dir(&place.outside).unwrap().count(), 1);
    let outside = fs::read_to_string(place.outside.join("a.rs")).unwrap();
    assert_eq!(outside, "one\ntwo\n");
}

#[test]
fn the_project_itself_may_be_exchanged_for_a_link() {
    let place = place();
    let change = place.change("src/a.rs", "three\n").unwrap();
    let moved = place.project.with_file_name("moved");
    fs::rename(&place.project, &moved).unwrap();
    symlink(&place.outside, &place.project).unwrap();
    change.apply(&place.root).unwrap();
    assert_eq!(
        fs::read_to_string(moved.join("src/a.rs")).unwrap(),
        "three\n"
    );
    place.is_untouched();
}

#[test]
fn a_file_that_becomes_a_link_while_it_waits_is_refused() {
    let place = place();
    let path = place.project.join("src/a.rs");
    let change = place.change("src/a.rs", "three\n").unwrap();
    change.apply(&place.root).unwrap();
    fs::remove_file(&path).unwrap();
    fs::write(place.outside.join("secret"), "three\n").unwrap();
    symlink(place.outside.join("secret"), &path).unwrap();
    let error = change.undo(&place.root).unwrap_err();
    assert!(matches!(error, HandsError::Link { .. }), "{error}");
    let outside = fs::read_to_string(place.outside.join("secret")).unwrap();
    assert_eq!(outside, "three\n");
}

#[test]
fn what_git_keeps_is_refused_in_any_case() {
    let place = place();
    fs::create_dir(place.project.join(".git")).unwrap();
    fs::write(place.project.join(".git/config"), "secret").unwrap();
    for path in [".git/config", ".GIT/config", "src/.Git/hooks/x", ".git"] {
        place.refused(path);
    }
    assert_eq!(place.root.search("secret", ".").unwrap().hits, []);
}

#[test]
fn what_is_off_limits_is_refused_within_the_project() {
    let mut place = place();
    let data = place.project.join("data");
    fs::rename(&place.outside, &data).unwrap();
    // It is known by any path that leads there.
    let link = place.project.join("link");
    symlink("data", &link).unwrap();
    fs::create_dir(data.join("sub")).unwrap();
    place.outside = data.join("sub");
    fs::rename(data.join("secret"), place.outside.join("secret")).unwrap();
    place.root = place.root.without(OffLimits::new(&link)).unwrap();
    for path in [
        "data/sub/secret",
        "./data//sub/../sub/secret",
        "data/sub",
        "link/sub/secret",
        "data/sub/new",
        "data/new/new",
    ] {
        place.refused(path);
    }
    let error = place.root.read("data/sub/secret").unwrap_err();
    assert!(matches!(error, HandsError::OffLimits { .. }), "{error}");
    let error = place.root.list("data").unwrap_err();
    assert!(matches!(error, HandsError::OffLimits { .. }), "{error}");
    assert_eq!(place.root.search("secret", ".").unwrap().hits, []);
    assert_eq!(place.names("."), ["data/", "link@", "src/"]);
    // By another name it is the same folder.
    let moved = place.project.join("moved");
    fs::rename(&data, &moved).unwrap();
    fs::remove_file(&link).unwrap();
    symlink("moved", &link).unwrap();
    let error = place.root.read("moved/sub/secret").unwrap_err();
    assert!(matches!(error, HandsError::OffLimits { .. }), "{error}");
}

#[test]
fn a_key_that_is_kept_in_the_project_is_refused() {
    let place = place();
    let key = place.project.join("key");
    fs::write(&key, "secret").unwrap();
    symlink(&key, place.outside.join("api_key-a")).unwrap();
    let root = place.root.without(OffLimits::new(&place.outside)).unwrap();
    let change = Change {
        path: "key".to_owned(),
        before: Some("secret".to_owned()),
        after: "mine".to_owned(),
    };
    for error in [
        root.read("key").unwrap_err(),
        change.apply(&root).unwrap_err(),
    ] {
        assert!(matches!(error, HandsError::OffLimits { .. }), "{error}");
    }
    assert_eq!(root.search("secret", ".").unwrap().hits, []);
    assert_eq!(fs::read_to_string(key).unwrap(), "secret");
}

#[test]
fn what_is_off_limits_is_no_project() {
    let place = place();
    for folder in [&place.project, &place.project.join("src")] {
        let off_limits = OffLimits::new(&place.project);
        let error = Root::open(folder).unwrap().without(off_limits).unwrap_err();
        assert!(matches!(error, HandsError::OffLimits { .. }), "{error}");
    }
    // One that is not made yet is in nobody's way until it is.
    let later = place.project.join("later");
    let root = place.root.without(OffLimits::new(&later)).unwrap();
    assert_eq!(root.read("src/a.rs").unwrap(), "one\ntwo\n");
    fs::create_dir(&later).unwrap();
    fs::write(later.join("secret"), "secret").unwrap();
    let error = root.read("later/secret").unwrap_err();
    assert!(matches!(error, HandsError::OffLimits { .. }), "{error}");
}

#[test]
fn upper_and_lower_case_are_two_names() {
    let place = place();
    let error = place.root.read("SRC/A.RS").unwrap_err();
    assert!(matches!(error, HandsError::Missing { .. }), "{error}");
}

#[test]
fn a_file_that_is_elsewhere_too_is_changed_here_only() {
    let place = place();
    let here = place.project.join("linked");
    fs::hard_link(place.outside.join("secret"), &here).unwrap();
    place
        .change("linked", "changed")
        .unwrap()
        .apply(&place.root)
        .unwrap();
    assert_eq!(fs::read_to_string(here).unwrap(), "changed");
    place.is_untouched();
}

#[test]
fn what_is_no_file_is_refused_and_not_waited_for() {
    let place = place();
    let _socket = UnixListener::bind(place.project.join("socket")).unwrap();
    let made = std::process::Command::new("mkfifo")
        .arg(place.project.join("pipe"))
        .status();
    assert!(made.unwrap().success());
    for path in ["socket", "pipe"] {
        let error = place.root.read(path).unwrap_err();
        assert!(matches!(error, HandsError::NoFile { .. }), "{error}");
        assert!(place.change(path, "x").is_err());
    }
    fs::write(place.project.join("binary"), [0, 255]).unwrap();
    let error = place.root.read("binary").unwrap_err();
    assert!(matches!(error, HandsError::Binary { .. }), "{error}");
    fs::write(
        place.project.join("large"),
        vec![b'a'; LARGEST as usize + 1],
    )
    .unwrap();
    let error = place.root.read("large").unwrap_err();
    assert!(matches!(error, HandsError::TooLarge { .. }), "{error}");
    // A picture is no text, however large it is.
    for end in [0, 255] {
        let mut picture = vec![b'a'; LARGEST as usize];
        picture.extend([end; 2]);
        fs::write(place.project.join("binary"), picture).unwrap();
        let error = place.root.read("binary").unwrap_err();
        assert!(matches!(error, HandsError::Binary { .. }), "{error}");
    }
    // What is read of it ends within a character.
    let letters = "ä".repeat(LARGEST as usize);
    fs::write(place.project.join("large"), letters).unwrap();
    let error = place.root.read("large").unwrap_err();
    assert!(matches!(error, HandsError::TooLarge { .. }), "{error}");
}

#[test]
fn a_large_file_is_read_in_pieces() {
    let place = place();
    let path = place.project.join("large");
    fs::write(&path, "line\n".repeat(100_000)).unwrap();
    let piece = place.root.piece("large", 99_999, 1000).unwrap();
    let told = "line\nline\n(lines 99999 to 100000 of 100000)";
    assert_eq!(piece.to_string(), told);
    let error = place.root.piece("large", 100_001, 1000).unwrap_err();
    let says = "large ends with line 100000; begin with that or one before it";
    assert_eq!(error.to_string(), says);
    fs::write(&path, vec![b'a'; 16 * 1024 * 1024 + 1]).unwrap();
    let error = place.root.piece("large", 1, 1000).unwrap_err();
    let says = "large has more than 16384 KiB; name a smaller one";
    assert_eq!(error.to_string(), says);
    for path in ["../outside/secret", "src"] {
        assert!(place.root.piece(path, 1, 1000).is_err(), "{path}");
    }
}

#[test]
fn a_search_names_the_large_files_that_it_passes_over() {
    let place = place();
    let long = "a\n".repeat(LARGEST as usize) + "two\n";
    fs::write(place.project.join("src/long"), &long).unwrap();
    // It has no text, so nothing in it is missed.
    let picture = vec![0; LARGEST as usize * 2];
    fs::write(place.project.join("src/picture"), picture).unwrap();
    let found = place.root.search("two", ".").unwrap();
    assert_eq!(found.hits.len(), 1);
    assert!(!found.is_cut);
    assert_eq!(found.large, ["src/long"]);
    let found = place.root.search("two", "src/long").unwrap();
    assert_eq!(found.hits[0].line, LARGEST as usize + 1);
    assert_eq!(found.large, [""; 0]);
}

#[test]
fn a_change_is_applied_and_undone() {
    let place = place();
    let path = place.project.join("src/a.rs");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o750)).unwrap();
    let change = place.change("src/a.rs", "one\nthree\n").unwrap();
    let diff = change.diff().to_string();
    assert_eq!(diff, "@@ -1,2 +1,2 @@\n one\n-two\n+three\n");
    let read = || fs::read_to_string(&path).unwrap();
    assert_eq!(read(), "one\ntwo\n");
    change.apply(&place.root).unwrap();
    assert_eq!(read(), "one\nthree\n");
    assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o750);
    change.undo(&place.root).unwrap();
    assert_eq!(read(), "one\ntwo\n");
    assert_eq!(place.names("src"), ["a.rs"]);
    let error = place.change("src/a.rs", "one\ntwo\n").unwrap_err();
    assert!(matches!(error, HandsError::NoChange { .. }), "{error}");
}

#[test]
fn a_file_keeps_its_byte_order_mark() {
    let place = place();
    let path = place.project.join("src/a.rs");
    for (before, after, expected) in [
        ("\u{feff}one\n", "two\n", "\u{feff}two\n"),
        ("\u{feff}one\n", "\u{feff}two\n", "\u{feff}two\n"),
        ("\u{feff}one\r\n", "two\n", "\u{feff}two\r\n"),
        ("one\n", "two\n", "two\n"),
    ] {
        fs::write(&path, before).unwrap();
        let change = place.change("src/a.rs", after).unwrap();
        assert_eq!(change.after, expected);
    }
    fs::write(&path, "\u{feff}one\n").unwrap();
    let error = place.change("src/a.rs", "one\n").unwrap_err();
    assert!(matches!(error, HandsError::NoChange { .. }), "{error}");
}

#[test]
fn lines_keep_the_ends_that_all_of_them_have() {
    let place = place();
    let check = |before: &str, after: &str, expected: &str| {
        fs::write(place.project.join("src/a.rs"), before).unwrap();
        assert_eq!(place.change("src/a.rs", after).unwrap().after, expected);
    };
    check("one\r\ntwo\r\n", "one\nthree\n", "one\r\nthree\r\n");
    check("one\r\ntwo\r\n", "one\r\nthree\n", "one\r\nthree\n");
    check("one\r\ntwo\n", "one\nthree\n", "one\nthree\n");
    check("one", "one\nthree\n", "one\nthree\n");
    let error = place.change("src/a.rs", "one").unwrap_err();
    assert!(matches!(error, HandsError::NoChange { .. }), "{error}");
    fs::write(place.project.join("src/a.rs"), "one\r\n").unwrap();
    let error = place.change("src/a.rs", "one\n").unwrap_err();
    assert!(matches!(error, HandsError::NoChange { .. }), "{error}");
    // What could not be read again could not be undone.
    let long = "\n".repeat(LARGEST as usize / 2 + 1);
    let error = place.change("src/a.rs", &long).unwrap_err();
    assert!(matches!(error, HandsError::TooLarge { .. }), "{error}");
}

#[test]
fn a_new_file_is_made_with_its_folders_and_taken_away() {
    let place = place();
    let change = place.change("docs/more/new.md", "hello\n").unwrap();
    assert_eq!(change.before, None);
    change.apply(&place.root).unwrap();
    assert_eq!(place.root.read("docs/more/new.md").unwrap(), "hello\n");
    change.undo(&place.root).unwrap();
    assert_eq!(place.names("docs/more"), [""; 0]);
}

#[test]
fn what_changed_meanwhile_is_not_written_over() {
    let place = place();
    let path = place.project.join("src/a.rs");
    let change = place.change("src/a.rs", "assistant\n").unwrap();
    let new = place.change("src/b.rs", "assistant\n").unwrap();
    fs::write(&path, "person\n").unwrap();
    fs::write(place.project.join("src/b.rs"), "person\n").unwrap();
    let conflict = |result: Result<(), HandsError>| {
        let error = result.unwrap_err();
        assert!(matches!(error, HandsError::Conflict { .. }), "{error}");
    };
    conflict(change.apply(&place.root));
    conflict(new.apply(&place.root));
    conflict(change.undo(&place.root));
    conflict(new.undo(&place.root));
    fs::remove_file(&path).unwrap();
    conflict(change.apply(&place.root));
    assert_eq!(place.names("src"), ["b.rs"]);
    assert_eq!(place.root.read("src/b.rs").unwrap(), "person\n");
}

#[test]
fn a_search_says_where_and_whether_that_is_all() {
    let place = place();
    fs::create_dir_all(place.project.join("target/debug")).unwrap();
    fs::write(place.project.join("target/debug/two"), "two").unwrap();
    // Nobody sends that by accident.
    fs::write(place.project.join("src/.env"), "two").unwrap();
    let found = place.root.search("two", ".").unwrap();
    assert!(!found.is_cut);
    let hits: Vec<_> = found
        .hits
        .iter()
        .map(|hit| (&*hit.path, hit.line))
        .collect();
    assert_eq!(hits, [("src/a.rs", 2)]);
    assert_eq!(place.root.search("two", "src/a.rs").unwrap().hits.len(), 1);
    assert_eq!(place.root.search("Two", "src").unwrap().hits, []);
    assert_eq!(place.root.search("two", "src/.env").unwrap().hits.len(), 1);
    fs::write(place.project.join("many"), "two\n".repeat(1000)).unwrap();
    let found = place.root.search("two", ".").unwrap();
    assert!(found.is_cut);
    assert_eq!(found.hits.len(), 200);
    assert_eq!(place.names("."), ["many", "src/", "target/"]);
}

#[test]
fn a_project_without_a_folder_says_so() {
    let place = place();
    let missing = place.project.join("missing");
    for path in [missing, place.project.join("src/a.rs"), PathBuf::new()] {
        let error = Root::open(&path).unwrap_err();
        assert!(matches!(error, HandsError::NoFolder { .. }), "{error}");
    }
}

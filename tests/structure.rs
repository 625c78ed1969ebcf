//! What may depend on what, and what the pages say of the tests, of one another and of the compiler.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::PathBuf,
};

use hot_reloader_tests::{
    lab::{cargo_of_a_shell, LIBRARIES},
    root,
};
use object::{Object, ObjectSymbol};

fn tree(arguments: &[&str]) -> String {
    let output = cargo_of_a_shell()
        .args(["tree", "--prefix", "none"])
        .args(if arguments.contains(&"--edges") {
            &[][..]
        } else {
            &["--edges", "normal"]
        })
        .args(arguments)
        .current_dir(root())
        .output()
        .expect("cargo runs");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).expect("cargo prints text")
}

#[test]
fn what_needs_no_bevy_has_none() {
    for package in [
        "hot_reloader_core",
        "hot_reloader_build",
        "hot_reloader_transaction",
        "hot_reloader_remote",
    ] {
        let tree = tree(&["--package", package]);
        assert!(
            !tree.lines().any(|line| line.starts_with("bevy")),
            "{package}:\n{tree}"
        );
    }
}

#[test]
fn every_plugin_library_is_loaded_and_tested() {
    let folders = fs::read_dir(root().join("crates")).expect("there are crates");
    let folders = folders.map(|folder| folder.expect("it can be listed").path());
    let is_library = |folder: &PathBuf| {
        let source = fs::read_to_string(folder.join("src/lib.rs"));
        source.is_ok_and(|source| source.contains("hot_library!("))
    };
    let libraries = folders.filter(is_library);
    let names = libraries.filter_map(|folder| folder.file_name()?.to_str().map(str::to_owned));
    let mut names: Vec<_> = names.filter(|name| name.starts_with("slop_")).collect();
    names.sort();
    assert_eq!(names, LIBRARIES, "name them in tests/src/lab.rs");
    for file in ["crates/slop/src/main.rs", "crates/xtask/src/test.rs"] {
        let text = read(file);
        for library in LIBRARIES {
            assert!(text.contains(library), "name {library} in {file}");
        }
    }
}

/// Those of the plugin libraries that are in a tree.
fn libraries_in(tree: &str) -> Vec<&'static str> {
    let is_there = |name: &&str| tree.lines().any(|l| l.starts_with(&format!("{name} ")));
    LIBRARIES.into_iter().filter(is_there).collect()
}

#[test]
fn no_plugin_library_knows_another() {
    for library in LIBRARIES {
        let tree = tree(&["--package", library]);
        assert_eq!(libraries_in(&tree), [library], "{tree}");
    }
}

#[test]
fn a_hot_host_has_none_of_the_plugins_code() {
    let tree = tree(&["--package", "slop"]);
    assert!(
        tree.lines()
            .any(|line| line.starts_with("hot_reloader_dylib ")),
        "{tree}"
    );
    assert_eq!(libraries_in(&tree), [""; 0], "{tree}");
}

/// Crates that only a reload needs.
const OF_RELOADS: [&str; 9] = [
    "hot_reloader_core",
    "hot_reloader_build",
    "hot_reloader_transaction",
    "hot_reloader_remote",
    "hot_reloader_dylib",
    "bevy_dexterous_developer",
    "dexterous_developer_instance",
    "interprocess",
    "bevy_dylib",
];

#[test]
fn a_linked_app_has_nothing_of_the_reloader() {
    let tree = tree(&[
        "--package",
        "slop",
        "--no-default-features",
        "--features",
        "linked",
    ]);
    for name in OF_RELOADS {
        let is_there = tree
            .lines()
            .any(|line| line.starts_with(&format!("{name} ")));
        assert!(!is_there, "{name}:\n{tree}");
    }
    assert_eq!(libraries_in(&tree), LIBRARIES, "{tree}");
}

#[test]
fn a_linked_game_has_three_crates_besides_bevy() {
    let names = |tree: String| -> BTreeSet<String> {
        let first_word = |line: &str| line.split(' ').next().map(str::to_owned);
        tree.lines().filter_map(first_word).collect()
    };
    let game = names(tree(&["--package", "counter", "--no-default-features"]));
    let bevy = names(tree(&["--package", "bevy"]));
    let more: Vec<_> = game.difference(&bevy).collect();
    assert_eq!(
        more,
        [
            "counter",
            "hot_reloader",
            "hot_reloader_bevy",
            "hot_reloader_macros"
        ]
    );
}

/// The features of each package in a tree, by name and version.
fn features(arguments: &[&str]) -> BTreeMap<String, BTreeSet<String>> {
    let tree = tree(&[arguments, &["--format", "{p}|{f}"]].concat());
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for line in tree.lines().filter(|line| !line.is_empty()) {
        let (package, features) = line.split_once('|').expect("the format has both");
        let name = package.split(" (").next().expect("there is a first part");
        let features = features.trim_end_matches(" (*)");
        found
            .entry(name.to_owned())
            .or_default()
            .insert(features.to_owned());
    }
    found
}

#[test]
fn one_build_of_the_engine_serves_all() {
    let app = features(&["--edges", "normal,build", "--package", "slop"]);
    let engine = features(&["--edges", "normal,build", "--package", "bevy"]);
    let mut tests = vec!["--edges", "normal,build,dev"];
    let tested = [
        "hot_reloader",
        "hot_reloader_bevy",
        "slop_engine",
        "slop_state",
    ];
    let tested = tested.into_iter().chain(["slop_common", "slop_ui"]);
    for package in tested.chain(LIBRARIES) {
        tests.extend(["--package", package]);
    }
    tests.extend(["--features", "hot_reloader/hot,slop_engine/hot"]);
    let mut others = vec![features(&tests)];
    for example in [
        "counter",
        "editor_key",
        "failing",
        "orbit",
        "plugins",
        "selective",
    ] {
        others.push(features(&["--edges", "normal,build", "--package", example]));
    }
    for other in others {
        for (package, features) in &app {
            // Of the app's own crates, only what the engine is built of matters.
            if let Some(found) = other.get(package).filter(|_| engine.contains_key(package)) {
                assert_eq!(
                    found, features,
                    "{package}: name the features that are missing in crates/unified_features"
                );
            }
        }
    }
}

#[test]
fn the_linked_app_has_what_the_engine_is_built_of_as_the_hot_one() {
    let [app, linked] = [&[][..], &["--no-default-features", "--features", "linked"]]
        .map(|form| features(&[form, &["--edges", "normal,build", "--package", "slop"]].concat()));
    let engine = features(&["--edges", "normal,build", "--package", "bevy"]);
    // These alone are others, since the hot one has them in a shared library.
    let is_other =
        |package: &str| package.starts_with("bevy v") || package.starts_with("bevy_internal v");
    for (package, features) in linked {
        let is_of_the_engine = engine.contains_key(&package) && !is_other(&package);
        let has = app.get(&package);
        assert!(
            !is_of_the_engine || has.is_some_and(|has| features.is_subset(has)),
            "{package} has {features:?}, and not {has:?}: name the features that are missing in \
             crates/unified_features"
        );
    }
}

#[test]
fn a_linked_app_has_no_symbol_of_the_reloader() {
    let status = cargo_of_a_shell()
        .args(["build", "--package", "slop"])
        .args(["--no-default-features", "--features", "linked"])
        .current_dir(root())
        .status();
    assert!(status.expect("cargo runs").success(), "it does not build");
    let binary = fs::read(root().join("target/debug/slop")).expect("it was built");
    let binary = object::File::parse(&*binary).expect("it is an executable");
    let symbols: Vec<_> = binary.symbols().filter_map(|s| s.name().ok()).collect();
    let has = |text: &str| symbols.iter().any(|symbol| symbol.contains(text));
    assert!(has("hot_reloader_bevy"), "the names can be read");
    for name in OF_RELOADS {
        assert!(!has(name), "{name}");
    }
    // What the crate itself has with `hot` only; and winit, not we, opens libraries.
    for name in [
        "hot_reloader_scope",
        "HOT_RELOADER_IDENTITY",
        "hot_reloader_bevy3hot",
    ] {
        assert!(!has(name), "{name}");
    }
}

/// Where the tests are that `docs/app.md` names, a file or a folder of them, by the letter that follows the name.
const TESTS_OF_ROWS: [(&str, &str); 10] = [
    ("", IN_PROCESS),
    ("S", "tests/semantics.rs"),
    ("F", "tests/faults.rs"),
    ("C", "crates/hot_reloader_bevy/src/hot/tests/code.rs"),
    ("G", "crates/hot_reloader_bevy/src/hot/tests/migration.rs"),
    ("M", "crates/hot_reloader_bevy/src/hot/tests/made.rs"),
    ("R", "crates/hot_reloader_bevy/src/hot/tests/running.rs"),
    ("P", "crates/hot_reloader_bevy/src/hot/tests/placement.rs"),
    ("B", "crates/hot_reloader_bevy/src/hot/tests/rollback.rs"),
    (
        "E",
        "crates/hot_reloader_bevy/src/hot/tests/engine_types.rs",
    ),
];

const IN_PROCESS: &str = "crates/hot_reloader_bevy/src/hot/tests/app";

fn read(file: &str) -> String {
    fs::read_to_string(root().join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

/// What a file says, or all those in a folder.
fn read_all(place: &str) -> String {
    let path = root().join(place);
    if !path.is_dir() {
        return read(place);
    }
    let files = fs::read_dir(path).unwrap_or_else(|error| panic!("{place}: {error}"));
    let texts = files.map(|file| fs::read_to_string(file?.path()));
    let texts: Result<String, _> = texts.collect();
    texts.unwrap_or_else(|error| panic!("{place}: {error}"))
}

/// The tests in a file or in those of a folder, those included that a table makes.
fn tests_in(place: &str) -> BTreeSet<String> {
    let text = read_all(place);
    let mut names = BTreeSet::new();
    let mut is_test = false;
    for line in text.lines().map(str::trim) {
        let named = line.strip_prefix("fn ").and_then(|of| of.split_once('('));
        match (named, line.split_once(": ")) {
            (Some((name, _)), _) => {
                if std::mem::take(&mut is_test) {
                    names.insert(name.to_owned());
                }
            }
            (None, Some((name, what)))
                if what.ends_with("refused(") || what.ends_with("rolled_back(") =>
            {
                names.insert(name.to_owned());
            }
            _ => is_test |= line == "#[test]",
        }
    }
    names
}

/// What is between backticks in a text, each with what follows it.
fn quoted(text: &str) -> Vec<(&str, &str)> {
    let parts: Vec<_> = text.split('`').collect();
    let pairs = parts[1..].chunks_exact(2);
    pairs.map(|pair| (pair[0], pair[1])).collect()
}

/// The last column of each row of the tables in a page.
fn last_column(page: &str) -> Vec<&str> {
    let rows = page.lines().filter(|line| line.starts_with('|'));
    let last = rows.filter_map(|row| row.trim_end_matches('|').rsplit('|').next());
    last.map(str::trim).collect()
}

#[test]
fn each_row_of_what_an_app_offers_names_its_tests() {
    let page = read("docs/app.md");
    let tests: BTreeMap<_, _> = TESTS_OF_ROWS
        .iter()
        .map(|(letter, place)| (*letter, tests_in(place)))
        .collect();
    let mut named = BTreeSet::new();
    let cells = last_column(&page);
    let rows = cells.split(|cell| cell.starts_with("---")).nth(1);
    for cell in rows.expect("there is a table") {
        let names = quoted(cell);
        assert!(!names.is_empty(), "a row names no test: {cell}");
        for (name, follows) in names {
            let letter = follows.trim_start().strip_prefix('(');
            let letter = letter.and_then(|of| of.split(')').next());
            let letter = letter.unwrap_or_default();
            let of_file = tests.get(letter);
            let of_file = of_file.unwrap_or_else(|| panic!("which file is ({letter})?"));
            assert!(of_file.contains(name), "no test is named {name} ({letter})");
            if letter.is_empty() {
                named.insert(name.to_owned());
            }
        }
    }
    assert_eq!(named, tests[""], "each test of {IN_PROCESS} has a row");
}

#[test]
fn the_faults_without_cargo_name_their_tests() {
    let page = read("docs/faults.md");
    let folders = [
        "crates/hot_reloader_bevy/src/hot/tests",
        "crates/hot_reloader_transaction/tests",
        ".",
    ];
    let mut count = 0;
    for cell in last_column(&page) {
        let mut quoted = quoted(cell).into_iter();
        let names_tests = |place: &str| place.ends_with(".rs") || place.ends_with('/');
        let place = quoted.next().filter(|(place, _)| names_tests(place));
        let Some((place, _)) = place else {
            continue;
        };
        let mut paths = folders.iter().map(|folder| format!("{folder}/{place}"));
        let path = paths.find(|path| root().join(path).exists());
        let text = read_all(&path.unwrap_or_else(|| panic!("nothing is named {place}")));
        for (name, _) in quoted {
            assert!(text.contains(&format!("fn {name}()")), "{place}: {name}");
            count += 1;
        }
    }
    assert!(count > 0, "there is a table");
}

/// The pages that people read.
const PAGES: [&str; 11] = [
    "README.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "docs/ARCHITECTURE.md",
    "docs/app.md",
    "docs/edits.md",
    "docs/faults.md",
    "docs/manual-slop.md",
    "docs/your-own-app.md",
    "examples/editor_key/README.md",
    "examples/plugins/README.md",
];

/// What a link to a heading names it by.
fn anchor(heading: &str) -> String {
    let is_kept = |c: &char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_');
    let kept: String = heading.trim().chars().filter(is_kept).collect();
    kept.to_lowercase().replace(' ', "-")
}

#[test]
fn what_the_pages_link_to_is_there() {
    for page in PAGES {
        let text = read(page);
        let path = root().join(page);
        let links = text
            .split("](")
            .skip(1)
            .filter_map(|of| of.split(')').next());
        for link in links.filter(|link| !link.starts_with("http")) {
            let (file, heading) = link.split_once('#').unwrap_or((link, ""));
            let target = match file {
                "" => path.clone(),
                file => path.with_file_name("").join(file),
            };
            assert!(target.exists(), "{page}: {link}");
            if !heading.is_empty() {
                let text = fs::read_to_string(&target).expect("it is a page");
                let mut headings = text.lines().filter(|line| line.starts_with('#'));
                let is_there = headings.any(|line| anchor(line.trim_start_matches('#')) == heading);
                assert!(is_there, "{page}: {link}");
            }
        }
    }
}

/// Who follows the page does so word for word.
#[test]
fn the_edits_that_the_readme_proposes_can_be_made() {
    let text = read("README.md");
    let step = |start: &str| {
        let line = text.lines().find(|line| line.starts_with(start));
        quoted(line.unwrap_or_else(|| panic!("no step begins with {start}")))
    };
    let edit = step("2. In ");
    let (file, what) = (edit[0].0, edit[1].0);
    assert_eq!(read(file).matches(what).count(), 1, "{what} in {file}");
    let theme = read(step("6. Change a colour in ")[0].0);
    assert!(theme.contains("accent: ("), "{theme}");
}

#[test]
fn one_compiler_is_named_everywhere() {
    let line = |text: &str, key: &str| {
        let line = text.lines().find(|line| line.starts_with(key));
        line.unwrap_or_else(|| panic!("no line begins with {key}"))
            .to_owned()
    };
    let pinned = read("rust-toolchain.toml");
    assert_eq!(read("template/rust-toolchain.toml"), pinned);
    let channel = line(&pinned, "channel");
    assert!(read("docs/your-own-app.md").contains(&channel), "{channel}");
    let version = line(&read("Cargo.toml"), "rust-version");
    let template = read("template/Cargo.toml");
    assert_eq!(line(&template, "rust-version"), version);
    let number = version.split('"').nth(1).expect("it is a text");
    assert!(channel.contains(number), "{channel}");
    for page in ["README.md", "docs/your-own-app.md"] {
        assert!(read(page).contains(&format!("Rust {number}")), "{page}");
    }
}

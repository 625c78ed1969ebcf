use std::path::PathBuf;

use super::*;

/// A project in a temporary folder, with a folder beside it that is not the project's.
struct Bench {
    _folder: tempfile::TempDir,
    root: PathBuf,
    beside: PathBuf,
}

impl Bench {
    fn new(files: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("project");
        let beside = folder.path().join("beside");
        for folder in [&root, &beside] {
            fs::create_dir(folder).unwrap();
        }
        fs::write(beside.join("secret.md"), "secret").unwrap();
        let bench = Self {
            _folder: folder,
            root,
            beside,
        };
        for (path, text) in files {
            bench.write(path, text.as_bytes());
        }
        bench
    }

    fn write(&self, path: &str, bytes: &[u8]) {
        let path = self.root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    fn gather(&self, wanted: &[(&str, Mode)]) -> Gathered {
        let wanted = wanted.iter().map(|(pattern, mode)| Wanted {
            pattern: (*pattern).to_owned(),
            mode: *mode,
        });
        gather(
            &self.root.display().to_string(),
            &wanted.collect::<Vec<_>>(),
            &OffLimits::new(&self.root.join("data")),
        )
    }

    /// What is found for a pattern, and how often something is refused.
    #[track_caller]
    fn check(&self, pattern: &str, expected: &[&str], refused: usize) {
        let gathered = self.gather(&[(pattern, Mode::Whole)]);
        assert_eq!(paths(&gathered), expected, "{pattern}");
        let told = &gathered.refused;
        assert_eq!(told.len(), refused, "{pattern}: {told:?}");
    }

    /// What is told of the only thing that is refused.
    #[track_caller]
    fn refused(&self, pattern: &str) -> ContextError {
        let mut gathered = self.gather(&[(pattern, Mode::Whole)]);
        assert!(gathered.files.is_empty(), "{:?}", gathered.files);
        let error = gathered.refused.pop().unwrap();
        assert!(gathered.refused.is_empty(), "{:?}", gathered.refused);
        error
    }
}

fn paths(gathered: &Gathered) -> Vec<&str> {
    let files = gathered.files.iter();
    files.map(|file| file.path.as_str()).collect()
}

#[test]
fn patterns_find_files() {
    let files = ["a.rs", "src/b.rs", "src/c/d.rs", "src/c/e.md", "x/src/f.rs"];
    let bench = Bench::new(&files.map(|path| (path, "text")));
    bench.check("a.rs", &["a.rs"], 0);
    bench.check("./src//b.rs", &["src/b.rs"], 0);
    bench.check("*.rs", &["a.rs"], 0);
    bench.check("src/*", &["src/b.rs"], 0);
    bench.check("src/**", &["src/b.rs", "src/c/d.rs", "src/c/e.md"], 0);
    bench.check(
        "**/*.rs",
        &["a.rs", "src/b.rs", "src/c/d.rs", "x/src/f.rs"],
        0,
    );
    bench.check("**/src/?.rs", &["src/b.rs", "x/src/f.rs"], 0);
    bench.check("*/*/e.md", &["src/c/e.md"], 0);
    bench.check("**", &files, 0);
    bench.check("*.py", &[], 1);
}

#[test]
fn what_is_hidden_or_was_built_has_to_be_named() {
    let files = [
        ".env",
        ".git/config",
        "a.rs",
        "node_modules/b.js",
        "target/c.rs",
        "x/target/d.rs",
    ];
    let bench = Bench::new(&files.map(|path| (path, "text")));
    bench.check("**", &["a.rs"], 0);
    bench.check("*/*", &[], 1);
    bench.check(".env", &[".env"], 0);
    bench.check(".git/*", &[".git/config"], 0);
    bench.check("target/**", &["target/c.rs"], 0);
    bench.check("**/target/*", &["target/c.rs", "x/target/d.rs"], 0);
}

#[test]
fn of_the_patterns_that_fit_the_last_counts() {
    let bench = Bench::new(&[("a.rs", "fn a() {\n}\n"), ("b.rs", ""), ("c.md", "")]);
    let gathered = bench.gather(&[
        ("**", Mode::Whole),
        ("*.rs", Mode::Outline),
        ("b.rs", Mode::None),
        ("nowhere/*", Mode::None),
    ]);
    assert_eq!(paths(&gathered), ["a.rs", "c.md"]);
    assert!(gathered.refused.is_empty(), "{:?}", gathered.refused);
    let a = &gathered.files[0];
    assert_eq!(a.mode, Mode::Outline);
    assert_eq!(a.text, "File a.rs (outline):\n\n```\nfn a()\n```");
    let message = gathered.message();
    assert!(message.starts_with(HEAD), "{message}");
    assert!(message.contains("File c.md (whole):"), "{message}");
    assert_eq!(Gathered::default().message(), "");
}

#[test]
fn a_file_cannot_end_its_own_block() {
    let bench = Bench::new(&[("a.md", "````\nend\n````\n")]);
    let gathered = bench.gather(&[("a.md", Mode::Whole)]);
    let text = &gathered.files[0].text;
    assert!(text.contains("\n`````\n````\nend\n````\n`````"), "{text}");
}

#[test]
fn what_leads_out_is_refused() {
    let bench = Bench::new(&[]);
    let secret = bench.beside.join("secret.md");
    let error = bench.refused("../beside/secret.md");
    assert!(matches!(error, ContextError::Parent { .. }), "{error}");
    let error = bench.refused("**/../../beside/*");
    assert!(matches!(error, ContextError::Parent { .. }), "{error}");
    let error = bench.refused(&secret.display().to_string());
    assert!(matches!(error, ContextError::Absolute { .. }), "{error}");
}

#[test]
fn the_folder_of_the_keys_is_never_read() {
    let files = ["a.md", "data/api_key-a", "data/backups/state.ron"];
    let bench = Bench::new(&files.map(|path| (path, "text")));
    for pattern in [
        "data/api_key-a",
        "./data//backups/state.ron",
        "data/*",
        "data/**",
        "*/api_key-?",
    ] {
        let error = bench.refused(pattern);
        assert!(matches!(error, ContextError::OffLimits { .. }), "{error}");
        assert!(error.to_string().starts_with("data"), "{error}");
    }
    bench.check("**", &["a.md"], 1);
    bench.check("*", &["a.md"], 0);
    // Nor is it a project, nor what is in it.
    let wanted = [Wanted {
        pattern: "*".to_owned(),
        mode: Mode::Whole,
    }];
    let data = bench.root.join("data");
    for root in [&data, &data.join("backups")] {
        let root = root.display().to_string();
        let gathered = gather(&root, &wanted, &OffLimits::new(&data));
        assert!(gathered.files.is_empty(), "{:?}", gathered.files);
        let [error] = &gathered.refused[..] else {
            panic!("{:?}", gathered.refused);
        };
        assert!(matches!(error, ContextError::OffLimits { .. }), "{error}");
    }
}

#[cfg(unix)]
#[test]
fn no_link_leads_to_the_keys() {
    use std::os::unix::fs::symlink;

    let files = ["data/api_key-a", "data/backups/state.ron"];
    let bench = Bench::new(&files.map(|path| (path, "text")));
    symlink("data", bench.root.join("all")).unwrap();
    symlink("data/backups", bench.root.join("below")).unwrap();
    symlink("data/api_key-a", bench.root.join("key")).unwrap();
    for pattern in ["all/api_key-a", "all/*", "below/*", "key", "k*"] {
        let error = bench.refused(pattern);
        assert!(matches!(error, ContextError::OffLimits { .. }), "{error}");
    }
}

#[cfg(unix)]
#[test]
fn links_that_lead_out_are_refused() {
    use std::os::unix::fs::symlink;

    let bench = Bench::new(&[("real/a.md", "text")]);
    symlink(bench.beside.join("secret.md"), bench.root.join("file.md")).unwrap();
    symlink("../beside", bench.root.join("folder")).unwrap();
    for pattern in [
        "file.md",
        "*.md",
        "folder/secret.md",
        "folder/*",
        "folder/**",
    ] {
        let error = bench.refused(pattern);
        assert!(matches!(error, ContextError::LeadsOut { .. }), "{error}");
        let text = error.to_string();
        assert!(text.contains("beside"), "{text}");
    }
    // A folder that is a link is not looked into unless it is named.
    let error = bench.refused("*/secret.md");
    assert!(matches!(error, ContextError::Nothing { .. }), "{error}");
}

#[cfg(target_os = "linux")]
#[test]
fn what_becomes_a_link_before_it_is_opened_is_refused() {
    use std::os::unix::fs::symlink;

    let bench = Bench::new(&[("a/secret.md", "ours"), ("data/api_key-a", "key")]);
    let at = place_of(&bench.root).unwrap();
    let off_limits = OffLimits::new(&bench.root.join("data"));
    let open = |path: &str| open(&at, path, &bench.root.join(path), &off_limits);
    open("a/secret.md").unwrap();
    // As if that had been looked at, and then another folder put in its place.
    fs::rename(bench.root.join("a"), bench.root.join("b")).unwrap();
    symlink(&bench.beside, bench.root.join("a")).unwrap();
    let error = open("a/secret.md").unwrap_err();
    assert!(matches!(error, ContextError::LeadsOut { .. }), "{error}");
    symlink("data", bench.root.join("c")).unwrap();
    let error = open("c/api_key-a").unwrap_err();
    assert!(matches!(error, ContextError::OffLimits { .. }), "{error}");
}

#[cfg(unix)]
#[test]
fn links_within_the_folder_are_followed_if_they_are_named() {
    use std::os::unix::fs::symlink;

    let bench = Bench::new(&[("real/a.md", "text")]);
    symlink("real", bench.root.join("link")).unwrap();
    symlink("..", bench.root.join("real/up")).unwrap();
    symlink("real/a.md", bench.root.join("b.md")).unwrap();
    symlink("nowhere", bench.root.join("lost.md")).unwrap();
    bench.check("link/a.md", &["link/a.md"], 0);
    bench.check("link/*.md", &["link/a.md"], 0);
    bench.check("**/a.md", &["real/a.md"], 0);
    bench.check("b.*", &["b.md"], 0);
    let error = bench.refused("lost.*");
    assert!(matches!(error, ContextError::Read { .. }), "{error}");
    // Found by a star, they are links to folders.
    let error = bench.refused("lin*");
    assert!(matches!(error, ContextError::Folder { .. }), "{error}");
}

#[cfg(unix)]
#[test]
fn the_folder_itself_may_be_reached_by_a_link() {
    let bench = Bench::new(&[("a.md", "text")]);
    let link = bench.beside.join("link");
    std::os::unix::fs::symlink(&bench.root, &link).unwrap();
    let wanted = Wanted {
        pattern: "*".to_owned(),
        mode: Mode::Whole,
    };
    let gathered = gather(
        &link.display().to_string(),
        &[wanted],
        &OffLimits::default(),
    );
    assert_eq!(paths(&gathered), ["a.md"]);
}

#[cfg(unix)]
#[test]
fn a_socket_is_not_waited_for() {
    let bench = Bench::new(&[]);
    let _socket = std::os::unix::net::UnixListener::bind(bench.root.join("s")).unwrap();
    let error = bench.refused("s");
    assert!(matches!(error, ContextError::NoFile { .. }), "{error}");
}

#[test]
fn what_is_no_text_is_told() {
    let bench = Bench::new(&[("src/a.rs", "")]);
    bench.write("zero", b"a\0b");
    bench.write("latin", b"\xff");
    let largest = usize::try_from(LARGEST).unwrap();
    bench.write("large", &vec![b'a'; largest + 1]);
    bench.write("fits", &vec![b'a'; largest]);
    for (pattern, says) in [
        ("zero", "zero is no text"),
        ("latin", "latin is no text"),
        ("large", "large has more than 256 KiB"),
        ("src", "write src/** for what is in it"),
        ("gone.rs", "cannot read gone.rs"),
        (" ", "must name a file"),
    ] {
        let error = bench.refused(pattern).to_string();
        assert!(error.contains(says), "{error}");
    }
    bench.check("*", &["fits"], 3);
}

#[test]
fn all_files_together_have_a_limit() {
    let bench = Bench::new(&[]);
    let text = vec![b'a'; usize::try_from(LARGEST).unwrap()];
    let most = usize::try_from(TOTAL / LARGEST).unwrap();
    for number in 0..=most {
        bench.write(&format!("{number:02}"), &text);
    }
    let gathered = bench.gather(&[("*", Mode::Outline)]);
    assert_eq!(gathered.files.len(), most);
    let [error] = &gathered.refused[..] else {
        panic!("{:?}", gathered.refused);
    };
    assert!(matches!(error, ContextError::NoRoom { .. }), "{error}");
}

#[test]
fn without_a_folder_there_are_no_files() {
    let wanted = [Wanted {
        pattern: "*".to_owned(),
        mode: Mode::Whole,
    }];
    let off_limits = OffLimits::default();
    let gathered = gather(" ", &wanted, &off_limits);
    assert!(gathered.files.is_empty() && gathered.refused.is_empty());
    let gathered = gather("/no/such/folder", &wanted, &off_limits);
    let told = gathered.refused[0].to_string();
    assert!(told.contains("/no/such/folder"), "{told}");
}

#[test]
fn a_digest_tells_what_was_in_the_file() {
    let bench = Bench::new(&[("a.rs", "fn a() { 1 }")]);
    let digest = |mode| bench.gather(&[("a.rs", mode)]).files[0].digest;
    let before = digest(Mode::Whole);
    assert_eq!(digest(Mode::Outline), before);
    bench.write("a.rs", b"fn a() { 2 }");
    assert_ne!(digest(Mode::Outline), before);
}

#[test]
fn tokens_are_estimated() {
    for (text, tokens) in [
        ("", 0),
        ("a", 1),
        ("abcd", 1),
        ("abcdé", 2),
        ("слово", 3),
        ("四个字符", 3),
    ] {
        assert_eq!(estimate_tokens(text.len()), tokens);
    }
}

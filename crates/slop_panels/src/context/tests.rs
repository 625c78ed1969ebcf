use slop_engine::context::{gather, Mode, OffLimits, Wanted};
use slop_state::{Entry, SentFile, Tier, TrackMode, Tracked};
use slop_ui::testing::{button, find, key, theme, Window};

use super::*;

/// The window as a person uses it.
struct Bench {
    window: Window,
    project: Project,
    settings: Settings,
    tiers: Tiers,
    discussion: Discussion,
    composer: Composer,
    gathered: Option<Gathered>,
}

impl Bench {
    fn new() -> Self {
        let entry = |id: u64, role: &str, text: &str| Entry {
            id,
            role: role.into(),
            text: text.into(),
            ..Entry::default()
        };
        Self {
            window: Window::default(),
            project: Project::default(),
            settings: Settings::default(),
            tiers: Tiers::default(),
            discussion: Discussion {
                id: 1,
                system: "Be brief.".into(),
                entries: vec![
                    entry(2, "User", "hello"),
                    entry(3, "AI", "Hi\n\n> **No answer:** cut"),
                    entry(4, "AI", "being writ"),
                ],
                ..Discussion::default()
            },
            composer: Composer::default(),
            gathered: None,
        }
    }

    /// With a file `a.md` in the project's folder.
    fn with_file(folder: &std::path::Path, text: &str) -> Self {
        std::fs::write(folder.join("a.md"), text).unwrap();
        let mut bench = Self::new();
        bench.project.root = folder.display().to_string();
        bench.project.tracked = vec![Tracked {
            pattern: "a.md".into(),
            mode: TrackMode::Whole,
        }];
        bench.gather(&["a.md"]);
        bench
    }

    fn gather(&mut self, patterns: &[&str]) {
        let wanted = patterns.iter().map(|pattern| Wanted {
            pattern: (*pattern).to_owned(),
            mode: Mode::Whole,
        });
        let wanted: Vec<_> = wanted.collect();
        let gathered = gather(&self.project.root, &wanted, &OffLimits::default());
        self.gathered = Some(gathered);
    }

    fn frame(&mut self, events: Vec<egui::Event>) -> (Vec<Action>, Vec<(String, egui::Rect)>) {
        let theme = theme();
        let view = View {
            project: &self.project,
            settings: &self.settings,
            tiers: &self.tiers,
            discussion: Some(&self.discussion),
            composer: &self.composer,
            streaming: &[4],
            gathered: self.gathered.as_ref(),
            theme: &theme,
        };
        let mut out = Vec::new();
        let seen = self.window.run(events, |ui| panel(ui, &view, &mut out));
        (out, seen)
    }

    #[track_caller]
    fn find(&mut self, text: &str) -> egui::Rect {
        self.frame(Vec::new());
        find(&self.frame(Vec::new()).1, text)
    }

    /// Clicks on a text; what is asked for.
    #[track_caller]
    fn click(&mut self, text: &str) -> Vec<Action> {
        let at = self.find(text).center();
        self.window.wait();
        let mut out = self.frame(vec![egui::Event::PointerMoved(at)]).0;
        out.extend(self.frame(vec![button(at, true)]).0);
        out.extend(self.frame(vec![button(at, false)]).0);
        // What is unfolded takes a while.
        for _ in 0..20 {
            out.extend(self.frame(Vec::new()).0);
        }
        out
    }
}

#[test]
fn the_parts_are_what_goes_out() {
    let folder = tempfile::tempdir().unwrap();
    let mut bench = Bench::with_file(folder.path(), "text");
    bench.composer.text = "and now?".into();
    let parts = parts(
        &bench.discussion,
        &bench.composer,
        &[4],
        bench.gathered.as_ref(),
        &bench.tiers,
    );
    let shown: Vec<_> = parts
        .iter()
        .map(|part| (part.origin, part.title().into_owned(), &*part.text))
        .collect();
    let file = "File a.md (whole):\n\n```\ntext\n```";
    let expected = [
        (Origin::System, "System prompt", "Be brief."),
        (Origin::File, "a.md, whole", file),
        (Origin::Entry(2), "User", "hello"),
        (Origin::Entry(3), "AI", "Hi"),
        (Origin::Composer, "User, not sent yet", "and now?"),
    ];
    let expected = expected.map(|(origin, title, text)| (origin, title.to_owned(), text));
    assert_eq!(shown, expected);
}

#[test]
fn a_tier_adds_its_prompt_and_leaves_files_out() {
    let folder = tempfile::tempdir().unwrap();
    let mut bench = Bench::with_file(folder.path(), "text");
    bench.discussion.tier = Some(Tier::Qa);
    bench.discussion.system.clear();
    bench.tiers.qa.prompt = "Be strict.".into();
    bench.find("The tier QA answers: Files that the ticket names.");
    bench.click("System prompt of the tier QA · about 3 tokens");
    bench.find("Be strict.");
    let titles = |bench: &mut Bench| {
        let seen = bench.frame(Vec::new()).1.into_iter();
        seen.map(|(text, _)| text).collect::<Vec<_>>().join("\n")
    };
    assert!(!titles(&mut bench).contains("a.md, whole"));
    bench.discussion.entries[0].text = "Look at a.md".into();
    assert!(titles(&mut bench).contains("a.md, whole"));
}

#[test]
fn tokens_are_summed_and_held_against_the_window() {
    let mut bench = Bench::new();
    bench.find("System prompt · about 3 tokens");
    bench.find("User · about 2 tokens");
    bench.find("About 6 of 128\u{2009}000 tokens, 1 %");
    bench.settings.window_tokens = 5;
    bench.find("About 6 of 5 tokens, 120 %: more than the model takes");
}

#[test]
fn numbers_are_readable() {
    for (number, text) in [
        (0, "0"),
        (999, "999"),
        (1_000, "1\u{2009}000"),
        (1_234_567, "1\u{2009}234\u{2009}567"),
    ] {
        assert_eq!(count(number), text);
    }
}

#[test]
fn a_file_that_changed_since_it_went_out_is_marked() {
    let folder = tempfile::tempdir().unwrap();
    let mut bench = Bench::with_file(folder.path(), "one");
    bench.find("a.md, whole · about 8 tokens");
    let digest = bench.gathered.as_ref().map_or(0, |g| g.files[0].digest);
    bench.discussion.sent = vec![SentFile {
        path: "a.md".into(),
        digest,
    }];
    bench.find("a.md, whole · about 8 tokens");
    std::fs::write(folder.path().join("a.md"), "two").unwrap();
    bench.gather(&["a.md"]);
    bench.find("a.md, whole (changed since it went out) · about 8 tokens");
}

#[test]
fn what_does_not_go_out_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let mut bench = Bench::with_file(folder.path(), "one");
    bench.gather(&["../b.md"]);
    let gathered = bench.gathered.as_ref();
    let error = gathered.map_or(String::new(), |g| g.refused[0].to_string());
    bench.find(&format!("Does not go out: {error}"));
    bench.gathered = None;
    bench.find("The files are being read…");
    bench.project.root.clear();
    bench.find(
        "The project has no folder. Choose one in Project Settings, and its files can go out.",
    );
}

#[test]
fn a_part_is_shown_and_edited() {
    let mut bench = Bench::new();
    assert_eq!(bench.click("User · about 2 tokens"), []);
    bench.find("hello");
    let out = bench.click("Show it in the discussion");
    assert_eq!(out, [Action::ShowEntry(2)]);
    bench.click("System prompt · about 3 tokens");
    let at = bench.find("Be brief.").center();
    bench.frame(vec![egui::Event::PointerMoved(at)]);
    for pressed in [true, false] {
        bench.frame(vec![button(at, pressed)]);
    }
    let all = key(egui::Key::A, true, egui::Modifiers::COMMAND);
    let typed = egui::Event::Text("Be long.".to_owned());
    let (out, _) = bench.frame(vec![all, typed]);
    assert_eq!(out, [Action::SetSystem(1, "Be long.".to_owned())]);
}

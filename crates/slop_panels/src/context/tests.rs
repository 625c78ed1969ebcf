use std::time::Duration;

use bevy::ecs::component::Tick;
use slop_engine::context::{gather, Mode, OffLimits, Wanted};
use slop_state::{
    Entry, Leave, ProviderKind, SentFile, Tier, ToolCall, ToolRound, TrackMode, Tracked,
};
use slop_ui::testing::{button, click, find, key, theme, Window};

use super::*;

/// The window as a person uses it.
struct Bench {
    window: Window,
    project: Project,
    settings: Settings,
    tiers: Tiers,
    discussion: Discussion,
    composer: Composer,
    editing: Option<(u64, String)>,
    gathered: Option<Gathered>,
    named: Named,
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
            editing: None,
            gathered: None,
            named: Named::default(),
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
        let changed = Tick::new(self.named.changed.0.get() + 1);
        self.named.changed = (changed, changed);
        let mut view = View {
            project: &self.project,
            settings: &self.settings,
            tiers: &self.tiers,
            discussion: Some(&self.discussion),
            composer: &mut self.composer,
            unsaved: None,
            editing: &mut self.editing,
            streaming: &[4],
            gathered: self.gathered.as_ref(),
            named: &mut self.named,
            theme: &theme,
        };
        let mut out = Vec::new();
        let seen = self.window.run(events, |ui| panel(ui, &mut view, &mut out));
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
        let clicked = click(at).map(|event| vec![event]);
        // What is unfolded takes a while.
        let frames = clicked.into_iter().chain(vec![Vec::new(); 20]);
        frames.flat_map(|events| self.frame(events).0).collect()
    }
}

#[test]
fn what_is_only_read_asks_for_no_frames() {
    let mut bench = Bench::new();
    for _ in 0..40 {
        bench.frame(Vec::new());
    }
    assert_eq!(bench.window.rest(), Duration::MAX);
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
        &mut bench.named,
    );
    let shown: Vec<_> = parts
        .iter()
        .map(|part| {
            (
                part.origin,
                part.title().into_owned(),
                part.shown().into_owned(),
            )
        })
        .collect();
    let file = "File a.md (whole):\n\n```\ntext\n```";
    let expected = [
        (Origin::System, "System prompt", "Be brief."),
        (Origin::File, "a.md, whole", file),
        (Origin::Entry(2), "User", "hello"),
        (Origin::Entry(3), "AI", "Hi"),
        (Origin::Composer, "User, not sent yet", "and now?"),
    ];
    let expected =
        expected.map(|(origin, title, text)| (origin, title.to_owned(), text.to_owned()));
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
    // What is not sent yet goes out too, whoever said it before.
    bench.discussion.entries.clear();
    assert!(!titles(&mut bench).contains("a.md, whole"));
    bench.composer.text = "Look at a.md".into();
    assert!(titles(&mut bench).contains("a.md, whole"));
}

#[test]
fn only_the_beginning_of_a_huge_part_is_laid_out() {
    let mut bench = Bench::new();
    bench.discussion.entries[0].text = "many words ".repeat(100_000);
    bench.click("User · about 275\u{2009}000 tokens");
    bench.find("Only the beginning is shown; all of it goes out.");
    let seen = bench.frame(Vec::new()).1.into_iter();
    let longest = seen.map(|(text, _)| text.len()).max();
    assert!(longest.is_some_and(|longest| (10_000..50_000).contains(&longest)));
}

#[test]
fn what_tools_have_told_is_summed_and_shown() {
    let mut bench = Bench::new();
    let call = |result: String| ToolCall {
        name: "read_file".into(),
        arguments: "{}".into(),
        result: Some(result),
        ..ToolCall::default()
    };
    let round = |result: String| ToolRound {
        calls: vec![call(result)],
        ..ToolRound::default()
    };
    bench.discussion.entries[1].rounds = vec![round("one".into())];
    bench.click("AI · about 14 tokens");
    bench.find("(Called read_file: {})\n\n(Result of read_file: one)\n\nHi");
    // So does what was called without a word before the answer failed.
    bench.discussion.entries[1].text = "> **No answer:** cut".into();
    bench.find("(Called read_file: {})\n\n(Result of read_file: one)");
    // Of much only the beginning is put together.
    let much = "many words ".repeat(100_000);
    bench.discussion.entries[1].rounds = vec![round(much.clone()), round(much)];
    bench.find("Only the beginning is shown; all of it goes out.");
    let seen = bench.frame(Vec::new()).1.into_iter();
    let longest = seen.map(|(text, _)| text.len()).max();
    assert!(longest.is_some_and(|longest| (10_000..50_000).contains(&longest)));
}

#[test]
fn only_the_beginning_of_a_huge_system_prompt_is_laid_out() {
    let mut bench = Bench::new();
    bench.discussion.system = "many words ".repeat(100_000);
    bench.click("System prompt · about 275\u{2009}000 tokens");
    let seen = bench.frame(Vec::new()).1.into_iter();
    let longest = seen.map(|(text, _)| text.len()).max();
    assert!(longest.is_some_and(|longest| (10_000..50_000).contains(&longest)));
    let out = bench.click("Remove");
    assert_eq!(out, [Action::SetSystem(1, String::new())]);
}

#[test]
fn tools_that_may_be_called_are_a_part() {
    let mut bench = Bench::new();
    bench.discussion.leave = Leave::Look;
    let title = {
        let (discussion, composer) = (&bench.discussion, &bench.composer);
        let named = &mut Named::default();
        let parts = parts(discussion, composer, &[4], None, &bench.tiers, named);
        let mut all = parts.iter();
        let tools = all.find(|part| part.origin == Origin::Tools).unwrap();
        let text = tools.shown();
        assert!(text.contains("read_file"), "{text}");
        assert!(!text.contains("run_command"), "{text}");
        let tokens = count(estimate_tokens(tools.len()));
        format!("Tools · about {tokens} tokens")
    };
    bench.find(&title);
}

#[test]
fn tokens_are_summed_and_held_against_the_window() {
    let mut bench = Bench::new();
    bench.find("System prompt · about 3 tokens");
    bench.find("User · about 2 tokens");
    bench.find("About 6 of 128\u{2009}000 tokens, 1 %");
    bench.settings.window_tokens = 5;
    bench.find("About 6 of 5 tokens, 120 %: more than the model takes");
    // The model that is asked about this discussion may have a window of its own.
    bench.settings.provider = ProviderKind::OpenAi;
    bench.discussion.model = "large".into();
    let of = bench.tiers.settings(&bench.discussion, &bench.settings);
    let of = of.model_id().unwrap();
    bench.settings.context_windows.set(of, Some(1_000));
    bench.find("About 6 of 1\u{2009}000 tokens, 1 %");
    bench.discussion.tier = Some(Tier::Worker);
    bench.tiers.worker.provider = Some(ProviderKind::Gemini);
    let shown = bench.frame(Vec::new()).1;
    assert!(shown.iter().any(|(text, _)| text.contains("of 5 tokens")));
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

#[test]
fn what_is_not_sent_yet_is_edited_in_place() {
    let mut bench = Bench::new();
    bench.composer.text = "and now?".into();
    assert_eq!(bench.click("User, not sent yet · about 2 tokens"), []);
    let at = bench.find("and now?").center();
    for pressed in [true, false] {
        bench.frame(vec![egui::Event::PointerMoved(at), button(at, pressed)]);
    }
    let all = key(egui::Key::A, true, egui::Modifiers::COMMAND);
    let typed = egui::Event::Text("and then?".to_owned());
    assert_eq!(bench.frame(vec![all, typed]).0, []);
    assert_eq!(bench.composer.text, "and then?");
    // It stays unfolded, whatever is written; and what is too long for a field becomes an entry.
    bench.find("and then?");
    let pasted = "many words ".repeat(100_000);
    let (out, _) = bench.frame(vec![egui::Event::Paste(pasted.clone())]);
    assert!(out == [Action::PasteEntry(pasted)]);
    assert_eq!(bench.composer.text, "and then?");
}

#[test]
fn an_entry_is_edited_as_in_the_discussion() {
    let mut bench = Bench::new();
    bench.click("User · about 2 tokens");
    assert_eq!(bench.click("Edit"), []);
    assert_eq!(bench.editing, Some((2, "hello".to_owned())));
    bench.frame(vec![egui::Event::Text(" there".to_owned())]);
    assert_eq!(bench.editing, Some((2, "hello there".to_owned())));
    let out = bench.click("Save");
    assert_eq!(out, [Action::EditEntry(2, "hello there".to_owned())]);
    assert_eq!(bench.editing, None);
    // One that is begun in the Discussion Hub goes on here.
    bench.editing = Some((2, "hello again".to_owned()));
    bench.find("hello again");
    let given_up = Action::GiveUpEdit(2, "hello again".to_owned());
    assert_eq!(bench.click("Cancel"), [given_up]);
    assert_eq!(bench.editing, None);
}
